/* client: calls to other servers that are not on the proxied path: probes, sign-in, tokens, metadata, values.
 *
 * What holds always: a call blocks its thread: never on the loop (use net/work.h), freely in the command line programs. Redirects are never followed; the answer says where they lead. TLS 1.2 or
 * better with certificate and host name checked. Only http and https; the address that a name resolves to is checked against `addresses` at each connection.
 * No cookie engine: cookies are headers like others. Bodies have a limit. A GET or HEAD whose connection ended without a byte of an answer is sent once more; nothing else ever is: a write that goes on a connection that was used
 * just before and ends with it is ERROR_upstream_broken. Built on libcurl.
 *
 * Life cycle: http_client_new per server (keeps connections), calls from one thread at a time, http_client_free. */
#ifndef DRAWBRIDGE_HTTP_CLIENT_H
#define DRAWBRIDGE_HTTP_CLIENT_H

#include "base/error.h"
#include "crypt/secret.h"
#include "http/message.h"
#include <stdatomic.h>

struct http_client;

struct http_client_options {
  const char *ca_file;         /* NULL: the system's */
  const struct str *addresses; /* CIDR ranges that are private or loopback and allowed all the same */
  size_t address_count;
  int connect_timeout_ms;  /* 0: 10 s */
  int timeout_ms;          /* 0: 60 s, for the whole call */
  const char *unix_socket; /* NULL: the network; else all calls go to this path, whatever host the address names */
  size_t body_limit;       /* 0: 16 MiB; what is above ends the call with ERROR_upstream_broken */
};

struct http_call {
  struct str method;
  struct str url;                     /* absolute, without user or fragment */
  const struct http_headers *headers; /* NULL: none. Content-Length and Host are the client's */
  struct str secret_header_name;      /* e.g. "Authorization", "Cookie"; empty: none */
  struct str secret_header_prefix;    /* e.g. "ApiToken " */
  const struct secret *secret_header; /* what follows the prefix; wiped from the client's buffers after the call */
  const struct secret *cookie;        /* what follows "Cookie: "; NULL: none; wiped as the other */
  struct str body;                    /* p == NULL: no body */
  int timeout_ms;                     /* 0: that of the client */
  int (*sink)(void *payload, struct str piece,
              struct error *error); /* NULL: the body is collected; else it gets the bytes of a 2xx as they come; not 0 ends the call */
  void *payload;
  int64_t *
      certificate_ends_ms; /* NULL: not asked; else filled where the answer came by TLS: when the certificate ends; 0: not told. Only the first call of a client tells */
};

struct http_answer {
  int status;
  struct http_headers headers; /* of the last head (not of a 100) */
  struct str body;             /* collected; empty with a sink and 2xx */
};

struct http_client *http_client_new(struct http_client_options options);
void http_client_free(struct http_client *client);

/* Calls of this client end with ERROR_cancelled within about a second once *flag is set (from any thread); what the other side makes of the request is not known then. NULL: never. */
void http_client_abort_when(struct http_client *client, const atomic_bool *flag);

/* The same for a second flag, of whoever wants the client's calls for a while only; set while no call is under way. */
void http_client_abort_also(struct http_client *client, const atomic_bool *flag);

/* Something to do in the time for which the other side works at the next call: done once, by the thread that calls, as soon as the request has gone, and at the latest when the call is over, whatever came of it. It makes no calls of this client. NULL takes back what was not done. */
void http_client_meanwhile(struct http_client *client, void (*work)(void *payload), void *payload);

/* 0: an HTTP answer came, whatever its status. -1: ERROR_server_unreachable, certificate_refused, address_refused, upstream_timeout, upstream_broken, or the sink's own. */
int http_client_call(struct http_client *client, const struct http_call *call, struct arena *arena, struct http_answer *ret,
                     struct error *error);

#endif

/* upstream: the client of the proxied path: keeps connections to one server and moves calls over them on the loop, both bodies streamed.
 *
 * What holds always:
 * - All calls are made on the loop thread. No callback runs inside upstream_request, upstream_write, upstream_finish, upstream_resume or upstream_cancel: they record, the loop acts.
 * - Where the bytes go is decided by the options alone, never by the request. The name is resolved at each connect; an address that is not public must lie in a listed
 *   range (net/address.h), or the call ends with ERROR_address_refused (R-G3). TLS 1.2 or better, chain and host name checked. Redirects are not followed.
 * - An answer's head passes the strict guard (http/guard.h), as a request's does (R-G11). Interim answers (1xx) and trailers are dropped.
 * - `end` runs exactly once unless the call is cancelled, as the last callback. Its error is NULL only if the whole answer came, by its own framing; so a body that was cut never looks whole.
 * - A connection is used again only after a whole, well framed answer to a request that was sent whole. A request that is idempotent and without body is sent
 *   once more, on a fresh connection, where a kept one died before the first byte of the answer (R-G12); nothing else is repeated.
 * - Calls above the limit wait for a connection, in a line for each who asks; the lines are served in turn.
 * - A server that cannot be connected to is spared the next calls for a while: they end at once with ERROR_server_unreachable and how long that lasts (http/breaker.h).
 * - Both hold over all pools that have one share (http/upstream_share.h): the pools of several loops to the same server.
 * - Secrets are written behind the other headers into a buffer that is wiped.
 *
 * Back-pressure: while paused no `data` runs and the socket is not read; upstream_write answers false while more than 256 KiB wait.
 *
 * Life cycle: upstream_pool_new per server; upstream_request gives a call, which is dead once `end` has returned or upstream_cancel was called; upstream_pool_free. */
#ifndef DRAWBRIDGE_HTTP_UPSTREAM_H
#define DRAWBRIDGE_HTTP_UPSTREAM_H

#include "base/error.h"
#include "crypt/secret.h"
#include "http/message.h"
#include <uv.h>

struct upstream_pool;
struct upstream_call;
struct upstream_share;

struct upstream_options { /* texts and lists are copied */
  struct str host;        /* name or literal address without brackets */
  int port;
  bool tls;
  struct str ca_file;          /* empty: the system's */
  const struct str *addresses; /* ranges that are allowed although loopback or private */
  size_t address_count;
  struct upstream_share *share; /* referred to; its limits are in place of the next two. NULL: one of its own */
  size_t connections;           /* 0: 32; calls above wait for one */
  size_t waiting;               /* 0: 1024; calls above that end with ERROR_busy at once */
  size_t waiting_each;          /* 0: 256; the same for the calls of one who asks */
  int wait_timeout_ms;          /* 0: 10 s for a connection to become free: ERROR_busy */
  int connect_timeout_ms;       /* 0: 10 s for name, TCP and TLS: ERROR_server_unreachable */
  int answer_timeout_ms;        /* 0: 60 s from the last byte of the request to the answer's head: ERROR_upstream_timeout */
  int idle_timeout_ms; /* 0: 60 s without a byte where the server has to read or write (paused time does not count): ERROR_upstream_timeout */
  int keep_alive_ms;   /* 0: 15 s that an unused connection is kept (below the 20 s of Tomcat) */
};

/* NULL: ERROR_configuration (a CA file that cannot be read). */
struct upstream_pool *upstream_pool_new(uv_loop_t *loop, const struct upstream_options *options, struct error *error);

/* Calls under way end as if cancelled: without a callback. The loop must run once more for handles to close. NULL is fine. */
void upstream_pool_free(struct upstream_pool *pool);

struct upstream_secret { /* one header whose value nobody may see */
  struct str name;       /* "Authorization" */
  struct str prefix;     /* "ApiToken " */
  const struct secret *value;
};

enum { UPSTREAM_CHUNKED = -1 };

struct upstream_head { /* borrowed during upstream_request alone */
  struct str method;
  struct str target; /* origin form, sent byte for byte; starts with '/' */
  const struct http_headers
      *headers; /* NULL: none. Host (of the options), Connection, Content-Length and Transfer-Encoding are the pool's and left out here */
  const struct upstream_secret *secrets;
  size_t secret_count;
  int64_t body_length; /* 0: none; above: that many bytes will be written; UPSTREAM_CHUNKED: not known */
  const void *who;     /* asks: only compared, never followed. NULL is one of them */
};

struct upstream_answer {
  int status; /* 200 … 599 */
  struct http_headers
      headers;         /* as the guard let them pass; Connection, Transfer-Encoding, Keep-Alive and what Connection lists are taken out */
  int64_t body_length; /* -1: not told beforehand; 0: there is none. A HEAD answer's Content-Length stays in the headers alone */
};

struct upstream_callbacks {
  void (*head)(void *payload, const struct upstream_answer *answer); /* borrowed until the call is dead */
  void (*data)(void *payload, struct str piece);                     /* borrowed until it returns */
  void (*drained)(void *payload); /* after upstream_write gave false: go on writing. NULL where there is no body */
  /* NULL: the whole answer came. Else ERROR_server_unreachable, upstream_timeout, upstream_broken, certificate_refused, address_refused, busy. Whether `head` ran before tells what can still be answered. */
  void (*end)(void *payload, const struct error *error);
};

struct upstream_call *upstream_request(struct upstream_pool *pool, const struct upstream_head *head, struct upstream_callbacks callbacks,
                                       void *payload);

/* The request body. Copies or takes over before it returns; false: stop until `drained`. May be called at once, before a connection is there. Writing more than
 * body_length, or finishing below it, ends the call with ERROR_upstream_broken. Without body (body_length 0) neither is to be called. */
bool upstream_write(struct upstream_call *call, struct str piece);
void upstream_finish(struct upstream_call *call);

void upstream_pause(struct upstream_call *call);
void upstream_resume(struct upstream_call *call);
void upstream_cancel(struct upstream_call *call); /* no callback runs any more, the connection is closed, the call is dead. NULL is fine */

/* For the doctor and for tests. */
struct upstream_counts {
  size_t connections, unused, waiting; /* open or opening; of these not in use; calls that wait for one */
  bool shut;                           /* the server cannot be connected to, and is spared for now */
};
struct upstream_counts upstream_counts(const struct upstream_pool *pool);

#endif

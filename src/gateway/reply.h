/* reply: how a refusal or a failure is told: as JSON in one of two shapes, or as a page where a person opened the address. Pure.
 *
 * What holds always: one error has one code in all forms. Below /s/<id>/api the JSON is application/json with DHIS2's own members, so that existing apps show the message; elsewhere it is RFC 9457. The page holds no script and loads nothing;
 * everything that came from outside is escaped. It is in its reader's language; what has no translation stands there in English, and is marked so. */
#ifndef DRAWBRIDGE_GATEWAY_REPLY_H
#define DRAWBRIDGE_GATEWAY_REPLY_H

#include "base/arena.h"
#include "base/error.h"
#include "http/message.h"

struct reply {
  const struct error *error;
  int status;       /* 0: that of the code */
  bool by_upstream; /* the server failed or refused; also taken from the code */
  bool navigation;
  enum language language; /* of the page, for who reads it; JSON tells what its reader can put into words */
  struct str path;        /* of the request */
  struct str public_url;  /* without a final slash */
  struct str request_id;
  struct str trace_id; /* empty: none */
  struct str allow;    /* of a 405; empty: all that are forwarded */
};

/* The list of a 405 with one method more; `with_head`: a GET that takes HEAD too. */
struct str reply_allow(struct str list, struct str method, bool with_head, struct arena *arena);

/* Where https leads here, browsers are told to stay with it, for a year (RFC 6797). */
void reply_stay_with_https(bool https, struct http_headers *headers, struct arena *arena);

/* The body, with Content-Type, X-Drawbridge-Error, Retry-After and what belongs to them in `headers`. Returns the status. */
int reply_error(const struct reply *reply, struct arena *arena, struct http_headers *headers, struct str *ret_body);

/* The same as JSON, for who asks later what became of something. */
struct str reply_to_keep(const struct error *error, struct str path, struct str public_url, struct arena *arena);

/* Is that about this machine? Then the log has it for its operator. */
bool reply_is_for_operator(enum error_code code);

/* As who asks is told it: of what is about this machine what the code says, and of a store that cannot be written why that is; where it is, the log alone has. */
struct error reply_brief(const struct error *error);

/* "https://gw.example.org/sign-in/central"; without a server the page's list. */
struct str reply_login_url(struct str public_url, struct str server, struct arena *arena);

#endif

/* visit: what the gateway knows of one exchange, from its head to the line in the access log.
 *
 * What holds always: begun for every exchange before anything else, lives in its arena, and writes its line when the exchange is over: method, the route's pattern or the server (never a path or a query: they may hold
 * names and ids of people), status, times, the request's id, its trace (whose span is the request's id, written in other letters) and the first letters of the session's hash. The configuration of its begin stays that of the whole exchange. */
#ifndef DRAWBRIDGE_GATEWAY_VISIT_H
#define DRAWBRIDGE_GATEWAY_VISIT_H

#include "gateway/asking.h"
#include "gateway/gateway_internal.h"
#include "http/trace.h"

struct visit {
  struct gateway *gateway;
  struct config *config;       /* own reference */
  struct directory *directory; /* own reference; of that configuration */
  struct asking asking;
  uint64_t began_ms; /* of the loop */
  const char *route; /* for the log; NULL: not known here */
  struct str allow;  /* methods, for a 405 (`Allow`); empty: all that are forwarded */
  struct str server; /* configured id; empty: none */
  struct str key;    /* thumbprint of the key that signed this call (mode `handle`); empty: none did */
  char session[SESSION_MARK_SIZE];
  enum error_code code;
  struct trace trace;  /* without a span: traces are off */
  int64_t upstream_ms; /* -1: no server was asked */
  void *posting;       /* gateway_read_secret_body's own */
};

struct visit *visit_begin(struct gateway *gateway, struct http_exchange *exchange);
struct visit *visit_of(struct http_exchange *exchange);
void visit_session(struct visit *visit, const struct gateway_session *session);

#endif

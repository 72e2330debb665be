/* proxy: the proxied path `/s/<id>/…`: one call of a browser becomes one call of a server, under the sign-in that the gateway holds for it, and the answer goes back.
 *
 * What holds always:
 * - All calls are made on the loop thread; no event runs inside a call made here (they record, the loop acts), and any call may be made inside an event.
 * - One pool of connections per server and loop; its `concurrency` holds over all sessions and loops: what is above waits 10 s, then ERROR_busy; no session can keep another from its turn (R-G17). A server that cannot be connected to
 *   is spared for a while: ERROR_server_unreachable at once, with a pause (http/breaker.h). A pool is used only for the very address, CA and ranges that the call's config
 *   names, so that a credential never reaches the place of another configuration (R-D2).
 * - The canonical target is computed here, judged by the policy, and sent behind the server's base path: the same bytes (R-G4).
 * - Towards the server go an allow-list of the browser's headers and what is set here (proxy_request.h); towards the browser an allow-list of the server's (proxy_answer.h). No cookie, token or
 *   redirect with a session id in it passes (R-F7, R-D1).
 * - Nothing has gone out to the browser when `refused` runs; so the sign-in can be renewed and the call repeated without the browser seeing it (R-D6). A request body is kept for that up to
 *   PROXY_KEEP_MAX bytes, and PROXY_KEEP_ALL_MAX of all calls of this loop together, where the call is `renewable`.
 * - Bodies are streamed both ways with back-pressure. An answer that breaks off after its head cuts the browser's connection.
 * - `done` runs exactly once per proxy_pass, as the last event, on any way out, also where the browser has gone (its upstream call is then cancelled). The exchange is held until then.
 *
 * Waiting for the gateway's answer to `refused`, a pass stays good also where the browser goes meanwhile: proxy_repeat or proxy_fail is still due.
 *
 * Before proxy_pass the gateway has checked Host, Origin, X-Drawbridge and session, and asked proxy_check_loop (for every request, whatever its path: a server that points back here carries no session).
 *
 * Life cycle: proxy_new, proxy_pass any number of times, proxy_reload with each new config, proxy_free (calls under way end without events; the loop must run once more for handles to close). */
#ifndef DRAWBRIDGE_GATEWAY_PROXY_H
#define DRAWBRIDGE_GATEWAY_PROXY_H

#include "dhis2/server.h"
#include "gateway/config.h"
#include "http/cookie.h"
#include "http/server.h"

struct proxy;
struct proxy_pass;

enum { PROXY_KEEP_MAX = 1 << 20, PROXY_KEEP_ALL_MAX = 16 << 20 };

struct proxy_host { /* what the gateway does for every call */
  void (*headers)(
      void *payload, struct http_exchange *exchange,
      struct http_headers
          *headers); /* adds the gateway's own: CORS, security. Vary, Cache-Control and Content-Security-Policy may be there already */
  /* Answers with the error as JSON in the shape of the path, or as a page; X-Drawbridge-Error comes with it. `status` is the one to send (ERROR_upstream_error keeps the server's); error->retry_after above 0: Retry-After. */
  void (*error)(void *payload, struct http_exchange *exchange, const struct error *error, int status, bool by_upstream);
  void *payload;
};

struct proxy_places; /* proxy_pool.h; one per process */
struct proxy *proxy_new(uv_loop_t *loop, struct proxy_places *places, struct proxy_host host);
void proxy_reload(
    struct proxy *proxy,
    struct config *
        config); /* also with the first one; its own reference is taken. Pools of servers that changed or went end with their last call; the others stay */
void proxy_free(struct proxy *proxy); /* NULL is fine */

/* ERROR_loop: the request came through this gateway before (Via, R-G13). */
int proxy_check_loop(const struct config *config, const struct http_request *request, struct error *error);

enum proxy_outcome {
  PROXY_ANSWERED, /* the server's answer went out whole, whatever its status */
  PROXY_FAILED,   /* an error went out instead, or the answer was cut: `code` says why */
  PROXY_REFUSED,  /* the server refused the credential and so did the answer: mark the connection */
  PROXY_GONE,     /* the browser went first */
};

struct proxy_result {
  enum proxy_outcome outcome;
  enum error_code code;
  int status;                          /* sent to the browser; 0: none */
  int64_t request_bytes, answer_bytes; /* of the bodies, as they went */
  int64_t upstream_ms;                 /* until the server's head; -1: it never came */
};

struct proxy_events {
  /* The server does not take the credential (401, a redirect to its login, a page in place of data). `repeatable`: proxy_repeat may follow. True: the gateway renews or gives up and then calls, now or later,
   * proxy_repeat or proxy_fail, once. False, or NULL: the browser gets ERROR_reauth_required, and `done` PROXY_REFUSED. For a repeated call that is refused again it runs once more, not repeatable. */
  bool (*refused)(void *payload, struct proxy_pass *pass, bool repeatable);
  void (*cookies)(void *payload); /* the jar holds something else than before: save it. Before the answer goes on. NULL is fine */
  void (*done)(void *payload, const struct proxy_result *result);
};

struct trace;

struct proxy_call {
  struct config *config;               /* its own reference is taken */
  const struct config_server *server;  /* of that config */
  struct str target;                   /* what follows "/s/<id>" in the request's target, as received; empty counts as "/" */
  struct source_credential credential; /* its own reference of the value is taken */
  struct cookie_jar *jar;              /* of the connection, good until `done`; calls of one connection share it. NULL: none is kept */
  const void *who;                     /* the session: its calls wait in one line, and the lines are served in turn. Only compared */
  struct dpop_nonces *nonces;          /* of CREDENTIAL_DPOP, with its key; both good until `done` */
  const struct secret *proof_key;
  const struct trace *trace; /* good until `done`; without a span: none is sent */
  bool renewable;            /* a refused credential can be renewed: keep the body */
  struct proxy_events events;
  void *payload;
};

/* Answers the exchange, now or later. The pass is good until `done`. */
struct proxy_pass *proxy_pass(struct proxy *proxy, struct http_exchange *exchange, const struct proxy_call *call);

int proxy_refused_status(
    const struct proxy_pass *pass); /* inside `refused`: of the server's answer; other than 401: its login page, or the way there */
bool proxy_sent_cookie(const struct proxy_pass *pass); /* inside `refused`: a cookie of the server's went along with what it refused */

/* After `refused` answered true. */
void proxy_repeat(struct proxy_pass *pass, struct source_credential credential);
void proxy_fail(
    struct proxy_pass *pass,
    const struct error
        *error); /* ERROR_reauth_required: PROXY_REFUSED; ERROR_refresh_failed with retry_after, ERROR_store_unavailable, …: PROXY_FAILED */

/* The sign-in has ended: nothing more goes to the server; a browser that has no head yet gets the error, another is cut. Nothing where proxy_repeat or proxy_fail is due, or it is over: that ends it. */
void proxy_stop(struct proxy_pass *pass, const struct error *error);

#endif

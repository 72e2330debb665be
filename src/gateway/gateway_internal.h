/* What the rooms of the gateway share: the gateway itself, and how they answer. For src/gateway/ alone; the outside has gateway.h. */
#ifndef DRAWBRIDGE_GATEWAY_GATEWAY_INTERNAL_H
#define DRAWBRIDGE_GATEWAY_GATEWAY_INTERNAL_H

#include "base/log.h"
#include "base/map.h"
#include "gateway/asking.h"
#include "gateway/audit.h"
#include "gateway/directory.h"
#include "gateway/failure.h"
#include "gateway/gateway.h"
#include "gateway/loop_watch.h"
#include "gateway/loops.h"
#include "gateway/metrics.h"
#include "gateway/proxy.h"
#include "gateway/sessions.h"
#include "net/work.h"

struct visit;
struct long_call;

struct gateway_own_route {
  gateway_handler *handler;
  void *payload;
};

struct gateway {       /* one on each loop */
  struct loops *loops; /* what all of them have in common */
  uv_loop_t *loop;
  struct config *config;
  struct directory *directory; /* of that config; read by other threads through gateway_directory */
  uv_mutex_t directory_lock;
  struct sessions *sessions;
  struct proxy *proxy;
  struct work_pool *calls;      /* blocking calls to servers: sign-in, probes, what the API does */
  struct work_pool *renewals;   /* of tokens: never behind a slow sign-in */
  struct work_pool *background; /* what nobody's sign-in should wait behind: probes for the list, revocations; a dead server takes long */
  struct gateway_jar *jars;     /* changed and not saved yet (jar_saver.c) */
  uv_timer_t *jar_timer;
  struct long_call *long_calls; /* under way at servers (long_calls.c) */
  uv_timer_t *long_calls_timer;
  struct gateway_renewal *renewing;   /* renewals that calls on the loop wait for (renewal.c) */
  struct gateway_refresh *refresh;    /* the round of probes under way (servers_route.c); NULL: none */
  struct http_server *server, *admin; /* the second: of the first gateway alone */
  struct metrics metrics;
  atomic_bool reload_refused; /* of the first gateway alone: what was read again last was not taken over */
  uint64_t trace_numbers[2];  /* from which ids of traces are made */
  struct loop_watch *loop_watch;
  struct {
    struct gateway_own_route *p;
    size_t n, capacity;
  } routes;
};

struct directory *gateway_directory(struct gateway *gateway); /* own reference; any thread */

/* The session of the exchange's cookie or handle that fits the one who asks (a session of an app is that app's alone); in this call or later. NULL with ERROR_no_session, session_expired, bad_request (two cookies), store_unavailable, busy. */
void gateway_find_session(struct gateway *gateway, struct http_exchange *exchange, sessions_found *found, void *payload);
/* The whole body of a call, and the session where there is one (NULL: none). The body holds secrets: it is wiped when `done` has returned. Answers by itself where the session cannot be looked up. */
typedef void gateway_body(struct gateway *gateway, struct http_exchange *exchange, struct gateway_session *session, struct str body);
void gateway_read_secret_body(struct gateway *gateway, struct http_exchange *exchange, gateway_body *done);
bool gateway_is_no_session(const struct error *error); /* there is none, or it has ended: not a failure */

bool gateway_session_fits(const struct gateway_session *session, const struct visit *visit);

/* What is about this machine, into the log; nothing else. A reply with the error says it by itself. */
void gateway_tell_operator(struct gateway *gateway, struct http_exchange *exchange, const struct error *error);

/* An answer that is no error: common headers, and the body where it is not empty. `headers` may hold more already; NULL: none. */
void gateway_reply(struct gateway *gateway, struct http_exchange *exchange, int status, struct http_headers *headers,
                   struct str content_type, struct str body);
void gateway_reply_failure(struct gateway *gateway, struct http_exchange *exchange, const struct error *error, int status, bool by_upstream,
                           struct http_headers *headers);

#endif

#include "gateway/long_calls.h"

#include "base/clock.h"
#include "gateway/gateway_internal.h"
#include "gateway/session.h"

struct look { /* keeps the exchange, and so the call's memory, until the store has answered */
  struct long_call *call;
  struct http_exchange *exchange;
};

static void stop(struct long_call *call, enum error_code code) {
  struct error error = {0};
  (void)error_set(&error, code, code == ERROR_session_expired ? "the session has ended: sign in again" : "signed out meanwhile");
  call->stop(call->payload, &error);
}

static void on_looked_up(void *payload, struct gateway_session *session, const struct error *error) {
  struct look *look = payload;
  if (look->call->at && !session && gateway_is_no_session(error)) stop(look->call, error->code);
  http_exchange_release(look->exchange);
}

static void look_up(struct long_call *call, struct gateway_session *newest) {
  struct look *look = ARENA_NEW(http_exchange_arena(call->exchange), struct look);
  *look = (struct look){call, call->exchange};
  http_exchange_hold(call->exchange);
  sessions_find(call->gateway->sessions, secret_reveal(session_cookie(newest)), on_looked_up, look);
}

static void check(struct long_call *call, int64_t now_ms) {
  struct gateway_session *newest = session_newest(call->session);
  enum session_life life = newest ? session_life(newest, clock_now_ms()) : SESSION_DEAD;
  if (life != SESSION_ALIVE || (call->connection && connection_ended(call->connection))) {
    stop(call, life == SESSION_ENDED_BY_TIME ? ERROR_session_expired : ERROR_no_session);
  } else if (now_ms - call->looked_ms >= LONG_CALLS_ANEW_MS) {
    call->looked_ms = now_ms;
    look_up(call, newest);
  }
  gateway_session_unref(newest);
}

void long_calls_check(struct gateway *gateway) {
  int64_t now_ms = clock_monotonic_ms();
  for (struct long_call *call = gateway->long_calls, *next; call; call = next) {
    next = call->next; /* one that is stopped may be removed at once, and no other is */
    check(call, now_ms);
  }
}

static void on_time(uv_timer_t *timer) {
  struct gateway *gateway = timer->data;
  long_calls_check(gateway);
  if (!gateway->long_calls) (void)uv_timer_stop(timer);
}

void long_calls_add(struct long_call *call) {
  struct gateway *gateway = call->gateway;
  uv_timer_t *timer = gateway->long_calls_timer;
  call->looked_ms = clock_monotonic_ms();
  call->next = gateway->long_calls;
  call->at = &gateway->long_calls;
  if (call->next) call->next->at = &call->next;
  gateway->long_calls = call;
  if (uv_is_active((uv_handle_t *)timer)) return;
  timer->data = gateway;
  (void)uv_timer_start(timer, on_time, LONG_CALLS_TICK_MS, LONG_CALLS_TICK_MS);
  uv_unref((uv_handle_t *)timer);
}

void long_calls_remove(struct long_call *call) {
  if (!call->at) return;
  *call->at = call->next;
  if (call->next) call->next->at = call->at;
  call->at = NULL;
}

#include "gateway/visit.h"

static enum metrics_counter counter_of(int status) {
  if (status == 0) return METRIC_REQUESTS_CUT;
  return status < 300   ? METRIC_REQUESTS_1XX_2XX
         : status < 400 ? METRIC_REQUESTS_3XX
         : status < 500 ? METRIC_REQUESTS_4XX
                        : METRIC_REQUESTS_5XX;
}

static void visit_end(void *payload) {
  struct http_exchange *exchange = payload;
  struct visit *visit = visit_of(exchange);
  int status = http_exchange_status(exchange);
  int64_t took_ms = (int64_t)(uv_now(visit->gateway->loop) - visit->began_ms);
  metrics_count(&visit->gateway->metrics, counter_of(status));
  metrics_time(&visit->gateway->metrics.requests, took_ms * 1000);
  log_event(LOG_INFO, "request", LOG_STR("request_id", http_exchange_id(exchange)), LOG_STR("peer", visit->asking.peer),
            LOG_STR("method", http_exchange_request(exchange)->method), LOG_TEXT("route", visit->route ? visit->route : "other"),
            LOG_STR("server", visit->server), LOG_TEXT("session", visit->session), LOG_INT("status", status),
            LOG_TEXT("code", visit->code ? error_name(visit->code) : ""), LOG_INT("bytes", http_exchange_sent(exchange)),
            LOG_INT("ms", took_ms), LOG_INT("upstream_ms", visit->upstream_ms));
  directory_unref(visit->directory);
  config_unref(visit->config);
}

struct visit *visit_begin(struct gateway *gateway, struct http_exchange *exchange) {
  struct visit *visit = ARENA_NEW(http_exchange_arena(exchange), struct visit);
  visit->gateway = gateway;
  visit->config = config_ref(gateway->config);
  visit->directory = directory_ref(gateway->directory);
  visit->began_ms = uv_now(gateway->loop);
  visit->upstream_ms = -1;
  visit->asking.peer = http_exchange_peer(exchange);
  http_exchange_set_context(exchange, visit);
  arena_on_free(http_exchange_arena(exchange), visit_end, exchange);
  return visit;
}

struct visit *visit_of(struct http_exchange *exchange) {
  return http_exchange_context(exchange);
}

void visit_session(struct visit *visit, const struct gateway_session *session) {
  (void)session_mark(session, visit->session);
}

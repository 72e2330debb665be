#include "gateway/visit.h"

#include "crypt/random.h"

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
  if (visit->code) metrics_problem(&visit->gateway->metrics, visit->code);
  log_event(LOG_INFO, "request", LOG_STR("request_id", http_exchange_id(exchange)), LOG_STR("peer", visit->asking.peer),
            LOG_STR("method", http_exchange_request(exchange)->method), LOG_TEXT("route", visit->route ? visit->route : "other"),
            LOG_STR("server", visit->server), LOG_TEXT("session", visit->session), LOG_INT("status", status),
            LOG_TEXT("code", visit->code ? error_name(visit->code) : ""), LOG_INT("bytes", http_exchange_sent(exchange)),
            LOG_INT("ms", took_ms), LOG_INT("upstream_ms", visit->upstream_ms), LOG_TEXT("trace_id", visit->trace.id),
            LOG_TEXT("span_id", visit->trace.span), LOG_TEXT("parent_span_id", visit->trace.parent));
  directory_unref(visit->directory);
  config_unref(visit->config);
}

/* The request's id is sixteen letters from a to p: so many bits, and different for each. */
static uint64_t number_of(struct str id) {
  uint64_t number = 0;
  for (size_t i = 0; i < id.n; i++) number = number << 4 | (uint64_t)(id.p[i] - 'a');
  return number ? number : 1;
}

/* A browser's is not believed unless that is asked for: whoever chooses the id of a trace can put into it what is not of it. */
static void begin_trace(struct visit *visit, struct http_exchange *exchange) {
  struct gateway *gateway = visit->gateway;
  const struct http_headers *headers = &http_exchange_request(exchange)->headers;
  int64_t believed = visit->config->trace;
  if (believed == CONFIG_TRACE_OFF) return;
  bool sent = http_field_value(headers, FIELD_TRACEPARENT).p != NULL;
  if (!sent || (believed == CONFIG_TRACE_PROXIES && !asking_by_proxy(visit->config, http_exchange_peer(exchange))) ||
      !trace_continue(headers, http_exchange_arena(exchange), &visit->trace))
    trace_begin(&visit->trace, random_next(&gateway->trace_numbers[0]), random_next(&gateway->trace_numbers[1]));
  trace_set_span(&visit->trace, number_of(http_exchange_id(exchange)));
}

struct visit *visit_begin(struct gateway *gateway, struct http_exchange *exchange) {
  struct visit *visit = ARENA_NEW(http_exchange_arena(exchange), struct visit);
  visit->gateway = gateway;
  visit->config = config_ref(gateway->config);
  visit->directory = directory_ref(gateway->directory);
  visit->began_ms = uv_now(gateway->loop);
  visit->upstream_ms = -1;
  visit->asking.peer = http_exchange_peer(exchange);
  begin_trace(visit, exchange);
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

#include "gateway/admin.h"

#include "base/clock.h"
#include "base/mem.h"
#include "gateway/gateway_internal.h"
#include "net/tls.h"

enum { METRICS_MAX = 1 << 20 };

static void reply(struct http_exchange *exchange, int status, struct str text) {
  struct arena *arena = http_exchange_arena(exchange);
  struct http_headers headers = {0};
  http_headers_add(&headers, arena, STR("Content-Type"), STR("text/plain; charset=utf-8; version=0.0.4"));
  http_headers_add(&headers, arena, STR("Cache-Control"), STR("no-store"));
  http_exchange_reply(exchange, status, &headers, text);
}

/* Readiness. */

struct asked {
  struct http_exchange *exchange;
  struct error error;
};

static void ask_store(void *payload, const struct rows *rows) {
  struct asked *asked = payload;
  static const unsigned char nobody[STORE_HASH_SIZE];
  struct store_session ignored;
  struct arena *arena = arena_new();
  (void)store_session_get(rows->store, nobody, arena, &ignored, &asked->error);
  arena_free(arena);
}

static void reply_ready(void *payload) {
  struct asked *asked = payload;
  bool ready = !asked->error.code;
  reply(asked->exchange, ready ? 200 : 503,
        ready ? STR("ready\n") : arena_printf(http_exchange_arena(asked->exchange), "not ready: %s\n", asked->error.message));
  http_exchange_release(asked->exchange);
  free(asked);
}

static void ready(struct gateway *gateway, struct http_exchange *exchange) {
  if (gateway->draining) {
    reply(exchange, 503, STR("not ready: it drains\n"));
    return;
  }
  struct asked *asked = mem_alloc(sizeof *asked);
  asked->exchange = exchange;
  http_exchange_hold(exchange);
  if (sessions_submit(gateway->sessions, ask_store, reply_ready, asked)) return;
  (void)failure_busy(&asked->error);
  reply_ready(asked);
}

/* Metrics. */

static void add_servers(struct gateway *gateway, struct buf *out) {
  static const struct {
    const char *name, *help;
    size_t offset;
  } gauges[] = {
      {"drawbridge_upstream_calls", "Calls to a server under way", offsetof(struct proxy_counts, calls)},
      {"drawbridge_upstream_connections", "Connections to a server", offsetof(struct proxy_counts, connections)},
      {"drawbridge_upstream_waiting", "Calls that wait for a connection", offsetof(struct proxy_counts, waiting)},
      {"drawbridge_upstream_shut", "1 while a server cannot be connected to and is spared", offsetof(struct proxy_counts, shut)},
  };
  for (size_t g = 0; g < sizeof gauges / sizeof *gauges; g++)
    for (size_t i = 0; i < gateway->config->server_count; i++) {
      struct proxy_counts counts = {0};
      struct str id = gateway->config->servers[i].id;
      (void)proxy_counts(gateway->proxy, id, &counts);
      size_t value;
      memcpy(&value, (const char *)&counts + gauges[g].offset, sizeof value);
      metrics_gauge(out, gauges[g].name, i ? NULL : gauges[g].help, id, (int64_t)value);
    }
}

static void metrics(struct gateway *gateway, struct http_exchange *exchange) {
  struct buf buf = BUF_INIT(METRICS_MAX);
  metrics_write(&gateway->metrics, &buf);
  metrics_gauge(&buf, "drawbridge_sessions_in_memory", "Sessions that are kept in memory", STR_NONE,
                (int64_t)sessions_count(gateway->sessions));
  metrics_gauge(&buf, "drawbridge_time_seconds", "Time of this process", STR_NONE, clock_now_ms() / 1000);
  if (gateway->config->tls)
    metrics_gauge(&buf, "drawbridge_certificate_expires_seconds", "When the certificate of 'tls' expires, as time since 1970", STR_NONE,
                  tls_context_certificate(gateway->config->tls, STR_NONE).to_s);
  metrics_counter(&buf, "drawbridge_audit_lost_total", "Lines that the file of the audit log did not take", log_audit_lost());
  metrics_gauge(&buf, "drawbridge_browser_connections", "Connections on the public listener", STR_NONE, (int64_t)http_server_connections(gateway->server));
  add_servers(gateway, &buf);
  reply(exchange, 200, buf_str(&buf));
  buf_free(&buf);
}

void admin_handle(void *payload, struct http_exchange *exchange) {
  struct gateway *gateway = payload;
  const struct http_request *request = http_exchange_request(exchange);
  bool reads = str_eq(request->method, STR("GET")) || str_eq(request->method, STR("HEAD"));
  if (!reads)
    reply(exchange, 405, STR("only GET\n"));
  else if (str_eq(request->path, STR("/healthz")))
    reply(exchange, 200, STR("ok\n"));
  else if (str_eq(request->path, STR("/readyz")))
    ready(gateway, exchange);
  else if (str_eq(request->path, STR("/metrics")))
    metrics(gateway, exchange);
  else
    reply(exchange, 404, STR("there is /healthz, /readyz and /metrics\n"));
}

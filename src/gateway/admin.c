#include "gateway/admin.h"

#include "base/clock.h"
#include "base/mem.h"
#include "gateway/gateway_internal.h"
#include "net/tls.h"

enum { METRICS_MAX = 1 << 20, LOOPS_PATIENCE_MS = 5000 };

static void reply(struct http_exchange *exchange, int status, struct str text) {
  struct arena *arena = http_exchange_arena(exchange);
  struct http_headers headers = {0};
  http_headers_add(&headers, arena, STR("Content-Type"), STR("text/plain; charset=utf-8; version=0.0.4"));
  http_headers_add(&headers, arena, STR("Cache-Control"), STR("no-store"));
  http_exchange_reply(exchange, status, &headers, text);
}

/* Readiness: every loop answers, then the store does. */

struct asked {
  struct gateway *gateway;
  struct http_exchange *exchange;
  uv_timer_t patience;
  unsigned holders; /* the timer, and the round of the loops or the question to the store */
  bool told;
  struct error error;
};

static void let_go(struct asked *asked) {
  if (--asked->holders == 0) free(asked);
}

static void on_closed(uv_handle_t *handle) {
  let_go(handle->data);
}

/* A store that can be read alone serves those who are signed in: no reason to send them away, but one to look after it. */
static struct str ready_text(struct gateway *gateway, struct arena *arena) {
  const char *trouble = loops_trouble(gateway->loops);
  return trouble ? arena_printf(arena, "ready, but a call failed within the last minute: %s\n", trouble) : STR("ready\n");
}

static void tell(struct asked *asked, const char *trouble) {
  if (asked->told) return;
  asked->told = true;
  struct arena *arena = http_exchange_arena(asked->exchange);
  if (trouble)
    reply(asked->exchange, 503, arena_printf(arena, "not ready: %s\n", trouble));
  else
    reply(asked->exchange, 200, ready_text(asked->gateway, arena));
  http_exchange_release(asked->exchange);
  uv_close((uv_handle_t *)&asked->patience, on_closed);
}

static void on_impatient(uv_timer_t *timer) {
  tell(timer->data, "a worker does not answer");
}

static void ask_store(void *payload, const struct rows *rows) {
  struct asked *asked = payload;
  static const unsigned char nobody[STORE_HASH_SIZE];
  struct store_session ignored;
  struct arena *arena = arena_new();
  (void)store_session_get(rows->store, nobody, arena, &ignored, &asked->error);
  arena_free(arena);
}

static void on_store(void *payload) {
  struct asked *asked = payload;
  tell(asked, asked->error.code ? asked->error.message : NULL);
  let_go(asked);
}

static void on_loops(void *payload) {
  struct asked *asked = payload;
  (void)uv_timer_stop(&asked->patience); /* the store has time-outs of its own */
  if (!asked->told && sessions_submit(asked->gateway->sessions, ask_store, on_store, asked)) return;
  (void)failure_busy(&asked->error);
  on_store(asked);
}

static void ready(struct gateway *gateway, struct http_exchange *exchange) {
  if (gateway->loops->draining) {
    reply(exchange, 503, STR("not ready: it drains\n"));
    return;
  }
  struct asked *asked = mem_alloc(sizeof *asked);
  *asked = (struct asked){.gateway = gateway, .exchange = exchange, .holders = 2};
  if (uv_timer_init(gateway->loop, &asked->patience)) abort();
  asked->patience.data = asked;
  (void)uv_timer_start(&asked->patience, on_impatient, LOOPS_PATIENCE_MS, 0);
  http_exchange_hold(exchange);
  gateway_ask_loops(gateway, on_loops, asked);
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
      (void)proxy_places_look(gateway->loops->places, id, &counts);
      size_t value;
      memcpy(&value, (const char *)&counts + gauges[g].offset, sizeof value);
      metrics_gauge(out, gauges[g].name, i ? NULL : gauges[g].help, id, (int64_t)value);
    }
}

/* What waits behind the threads: each of these is bounded, and refuses when it is full. */
static void add_waiting(struct gateway *gateway, struct buf *out) {
  static const char name[] = "drawbridge_work_waiting";
  size_t store = 0;
  for (size_t i = 0; i < gateway->loops->count; i++) store += sessions_waiting(gateway->loops->gateways[i]->sessions);
  metrics_gauge_of(out, name, "Work that waits for a thread", "pool", STR("calls"), (int64_t)work_waiting(gateway->calls));
  metrics_gauge_of(out, name, NULL, "pool", STR("renewals"), (int64_t)work_waiting(gateway->renewals));
  metrics_gauge_of(out, name, NULL, "pool", STR("background"), (int64_t)work_waiting(gateway->background));
  metrics_gauge_of(out, name, NULL, "pool", STR("store"), (int64_t)store);
}

/* By the names that every program has them under. */
static void add_process(const struct gateway *gateway, struct buf *out) {
  uv_rusage_t usage;
  if (uv_getrusage(&usage)) return;
  int64_t us = (int64_t)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec),
          s = (int64_t)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) + us / 1000000;
  (void)buf_printf(
      out,
      "# HELP process_cpu_seconds_total Time of the processors that this process took\n# TYPE process_cpu_seconds_total counter\n"
      "process_cpu_seconds_total %lld.%06lld\n",
      (long long)s, (long long)(us % 1000000));
  metrics_gauge(out, "process_start_time_seconds", "When this process began, as time since 1970", STR_NONE,
                gateway->loops->began_ms / 1000);
}

static void metrics(struct gateway *gateway, struct http_exchange *exchange) {
  struct buf buf = BUF_INIT(METRICS_MAX);
  struct metrics all = {0};
  for (size_t i = 0; i < gateway->loops->count; i++) metrics_add(&all, &gateway->loops->gateways[i]->metrics);
  metrics_write(&all, &buf);
  metrics_clear(&all);
  metrics_gauge(&buf, "drawbridge_sessions_in_memory", "Sessions that are kept in memory", STR_NONE,
                (int64_t)session_board_count(gateway->loops->board));
  metrics_gauge(&buf, "drawbridge_workers", "Threads that serve connections", STR_NONE, (int64_t)gateway->loops->count);
  metrics_gauge(&buf, "drawbridge_time_seconds", "Time of this process", STR_NONE, clock_now_ms() / 1000);
  if (gateway->config->tls)
    metrics_gauge(&buf, "drawbridge_certificate_expires_seconds", "When the certificate of 'tls' expires, as time since 1970", STR_NONE,
                  tls_context_certificate(gateway->config->tls, STR_NONE).to_s);
  metrics_gauge(&buf, "drawbridge_reload_refused", "1 while the configuration in force is an older one, since the newest was refused",
                STR_NONE, gateway->loops->gateways[0]->reload_refused);
  metrics_counter(&buf, "drawbridge_audit_lost_total", "Lines that the file of the audit log did not take", log_audit_lost());
  metrics_gauge(&buf, "drawbridge_browser_connections", "Connections on the public listener", STR_NONE,
                (int64_t)http_server_connections(gateway->server));
  add_servers(gateway, &buf);
  add_waiting(gateway, &buf);
  add_process(gateway, &buf);
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

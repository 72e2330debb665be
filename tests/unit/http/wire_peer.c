/* A small server on http/server.h, and a proxy on http/upstream.h below /proxy, for tests/blackbox/test_wire.py: each path shows one thing that a handler can do.
 *
 *   wire_peer [--host H] [--port N] [--ca FILE] [--allow RANGE] [--connections N] [--patient]
 *
 * Prints its port, ends with SIGTERM. Time limits are short, or those of the product with --patient. */
#include "base/mem.h"
#include "http/server.h"
#include "http/upstream.h"
#include <getopt.h>
#include <signal.h>

struct program {
  uv_loop_t loop;
  struct http_server *server;
  struct upstream_pool *pool;
  struct upstream_options upstream;
  bool patient;
  uv_signal_t signal;
  struct held *held;
};

static uint64_t number(const struct http_request *request, const char *name, uint64_t otherwise) {
  struct str rest = request->query;
  while (rest.p) {
    struct str value = str_take(&rest, '&'), key = str_take(&value, '=');
    if (value.p && str_eq(key, str_of(name))) (void)str_to_u64(value, &otherwise);
  }
  return otherwise;
}

static void give_up(void *exchange) {
  http_exchange_abort(exchange);
}

/* /echo: the body, whole. */
static void echo(void *payload, struct http_exchange *exchange, struct str body) {
  http_exchange_reply(exchange, 200, NULL, body);
}

/* /show: what the guard made of the head. */
static void show(struct http_exchange *exchange) {
  const struct http_request *r = http_exchange_request(exchange);
  struct arena *arena = http_exchange_arena(exchange);
  struct str text =
      arena_printf(arena, "%.*s %.*s host=%.*s body=%lld id=%.*s peer=%.*s\n", STR_ARG(r->method), STR_ARG(r->target), STR_ARG(r->host),
                   (long long)r->body_length, STR_ARG(http_exchange_id(exchange)), STR_ARG(http_exchange_peer(exchange)));
  for (size_t i = 0; i < r->headers.n; i++)
    text = arena_printf(arena, "%.*s%.*s=%.*s\n", STR_ARG(text), STR_ARG(r->headers.p[i].name), STR_ARG(r->headers.p[i].value));
  http_exchange_reply(exchange, 200, NULL, text);
}

/* /stream: the body back as it comes, as fast as it is read. */
static void stream_data(void *payload, struct str piece) {
  if (!http_exchange_write(payload, piece)) http_exchange_pause(payload);
}

static void stream_end(void *payload, bool complete) {
  if (complete)
    http_exchange_end(payload);
  else
    http_exchange_abort(payload);
}

static void stream_drained(void *payload) {
  http_exchange_resume(payload);
}

static void stream(struct http_exchange *exchange) {
  http_exchange_on_gone(exchange, give_up, exchange);
  http_exchange_on_drained(exchange, stream_drained, exchange);
  http_exchange_stream(exchange, (struct http_body_reader){.data = stream_data, .end = stream_end, .payload = exchange});
  http_exchange_begin(exchange, 200, NULL, -1);
}

/* /sink: counts the body; answers 400 by itself where it is malformed. */
struct sink {
  struct http_exchange *exchange;
  uint64_t bytes;
};

static void sink_data(void *payload, struct str piece) {
  ((struct sink *)payload)->bytes += piece.n;
}

static void sink_end(void *payload, bool complete) {
  struct sink *sink = payload;
  struct str text =
      arena_printf(http_exchange_arena(sink->exchange), "%llu %s\n", (unsigned long long)sink->bytes, complete ? "whole" : "cut");
  http_exchange_reply(sink->exchange, complete ? 200 : 400, NULL, text);
}

static void sink(struct http_exchange *exchange) {
  struct sink *sink = ARENA_NEW(http_exchange_arena(exchange), struct sink);
  sink->exchange = exchange;
  http_exchange_stream(exchange, (struct http_body_reader){.data = sink_data, .end = sink_end, .payload = sink});
}

/* /big?bytes=N[&told=1][&cut=M]: N bytes, with the length told or chunked, cut after M. */
struct big {
  struct http_exchange *exchange;
  uint64_t left, until_cut;
};

static void big_more(void *payload) {
  static const char block[32768];
  struct big *big = payload;
  bool go_on = true;
  while (go_on && big->left && big->until_cut) {
    uint64_t n = big->left < sizeof block ? big->left : sizeof block;
    if (n > big->until_cut) n = big->until_cut;
    big->left -= n;
    big->until_cut -= n;
    go_on = http_exchange_write(big->exchange, (struct str){block, n});
  }
  if (!big->until_cut)
    http_exchange_abort(big->exchange);
  else if (!big->left)
    http_exchange_end(big->exchange);
}

static void big(struct http_exchange *exchange) {
  const struct http_request *request = http_exchange_request(exchange);
  struct big *big = ARENA_NEW(http_exchange_arena(exchange), struct big);
  *big = (struct big){.exchange = exchange, .left = number(request, "bytes", 0), .until_cut = number(request, "cut", UINT64_MAX)};
  http_exchange_begin(exchange, 200, NULL, number(request, "told", 0) ? (int64_t)big->left : -1);
  http_exchange_on_gone(exchange, give_up, exchange);
  http_exchange_on_drained(exchange, big_more, big);
  big_more(big);
}

/* /later?ms=N */
struct later {
  uv_timer_t timer;
  struct http_exchange *exchange;
};

static void later_closed(uv_handle_t *handle) {
  free(handle->data);
}

static void later_due(uv_timer_t *timer) {
  struct later *later = timer->data;
  http_exchange_reply(later->exchange, 200, NULL, STR("late\n"));
  http_exchange_release(later->exchange);
  uv_close((uv_handle_t *)timer, later_closed);
}

static void later(struct program *program, struct http_exchange *exchange) {
  struct later *later = mem_alloc(sizeof *later);
  later->exchange = exchange;
  later->timer.data = later;
  http_exchange_hold(exchange);
  uv_timer_init(&program->loop, &later->timer);
  uv_timer_start(&later->timer, later_due, number(http_exchange_request(exchange), "ms", 10), 0);
}

/* /held: answered by the next /release. */
struct held {
  struct http_exchange *exchange;
  struct held *next;
};

static void held(struct program *program, struct http_exchange *exchange) {
  struct held *held = mem_alloc(sizeof *held);
  *held = (struct held){exchange, program->held};
  program->held = held;
  http_exchange_hold(exchange);
}

static void release(struct program *program, struct http_exchange *exchange) {
  while (program->held) {
    struct held *one = program->held;
    program->held = one->next;
    http_exchange_reply(one->exchange, 200, NULL, STR("late\n"));
    http_exchange_release(one->exchange);
    free(one);
  }
  http_exchange_reply(exchange, 204, NULL, STR_NONE);
}

/* /memory: peak resident memory in kB. */
static void memory(struct http_exchange *exchange) {
  uv_rusage_t usage;
  uv_getrusage(&usage);
  http_exchange_reply(exchange, 200, NULL, arena_printf(http_exchange_arena(exchange), "%llu\n", (unsigned long long)usage.ru_maxrss));
}

/* /proxy/…: to the upstream. */
struct proxy {
  struct http_exchange *exchange;
  struct upstream_call *call; /* NULL: over */
};

static void proxy_head(void *payload, const struct upstream_answer *answer) {
  struct proxy *proxy = payload;
  int64_t length = answer->body_length;
  struct str told;
  if (str_eq(http_exchange_request(proxy->exchange)->method, STR("HEAD")) &&
      http_headers_get(&answer->headers, STR("Content-Length"), &told))
    (void)str_to_i64(told, &length);
  http_exchange_begin(proxy->exchange, answer->status, &answer->headers, length);
}

static void proxy_data(void *payload, struct str piece) {
  struct proxy *proxy = payload;
  if (!http_exchange_write(proxy->exchange, piece)) upstream_pause(proxy->call);
}

static void proxy_browser_drained(void *payload) {
  struct proxy *proxy = payload;
  if (proxy->call) upstream_resume(proxy->call);
}

static void proxy_end(void *payload, const struct error *error) {
  struct proxy *proxy = payload;
  proxy->call = NULL;
  if (!error)
    http_exchange_end(proxy->exchange);
  else if (http_exchange_begun(proxy->exchange))
    http_exchange_abort(proxy->exchange);
  else
    http_exchange_reply(proxy->exchange, error_http_status(error->code), NULL,
                        arena_printf(http_exchange_arena(proxy->exchange), "%s: %s\n", error_name(error->code), error->message));
}

static void proxy_body(void *payload, struct str piece) {
  struct proxy *proxy = payload;
  if (proxy->call && !upstream_write(proxy->call, piece)) http_exchange_pause(proxy->exchange);
}

static void proxy_upstream_drained(void *payload) {
  struct proxy *proxy = payload;
  http_exchange_resume(proxy->exchange);
}

static void proxy_body_end(void *payload, bool complete) {
  struct proxy *proxy = payload;
  if (proxy->call && complete) upstream_finish(proxy->call);
}

static void proxy_gone(void *payload) {
  struct proxy *proxy = payload;
  upstream_cancel(proxy->call);
  proxy->call = NULL;
  http_exchange_abort(proxy->exchange);
}

static void proxy(struct program *program, struct http_exchange *exchange) {
  const struct http_request *request = http_exchange_request(exchange);
  struct proxy *proxy = ARENA_NEW(http_exchange_arena(exchange), struct proxy);
  struct upstream_head head = {.method = request->method,
                               .target = str_from(request->target, sizeof "/proxy" - 1),
                               .headers = &request->headers,
                               .body_length = request->body_length};
  struct secret *secret = secret_new(STR("d2pat_not_seen"));
  struct upstream_secret secrets[] = {{.name = STR("Authorization"), .prefix = STR("ApiToken "), .value = secret}};
  head.secrets = secrets;
  head.secret_count = 1;
  proxy->exchange = exchange;
  http_exchange_on_gone(exchange, proxy_gone, proxy);
  http_exchange_on_drained(exchange, proxy_browser_drained, proxy);
  struct upstream_callbacks callbacks = {.head = proxy_head, .data = proxy_data, .drained = proxy_upstream_drained, .end = proxy_end};
  proxy->call = upstream_request(program->pool, &head, callbacks, proxy);
  secret_free(secret);
  if (request->has_body)
    http_exchange_stream(exchange, (struct http_body_reader){.data = proxy_body, .end = proxy_body_end, .payload = proxy});
}

static void cookie(struct http_exchange *exchange) {
  struct http_headers headers = {0};
  struct arena *arena = http_exchange_arena(exchange);
  http_headers_add(&headers, arena, STR("Set-Cookie"), STR("c=secret"));
  http_headers_add(&headers, arena, STR("X-Request-ID"), http_exchange_id(exchange));
  http_headers_add(&headers, arena, STR("X-Other"), STR("stays"));
  http_exchange_reply(exchange, 204, &headers, STR_NONE);
}

static void counts(struct program *program, struct http_exchange *exchange) {
  struct upstream_counts c = upstream_counts(program->pool);
  http_exchange_reply(exchange, 200, NULL,
                      arena_printf(http_exchange_arena(exchange), "%zu %zu %zu\n", c.connections, c.unused, c.waiting));
}

static void handle(void *payload, struct http_exchange *exchange) {
  struct str path = http_exchange_request(exchange)->path;
  if (str_eq(path, STR("/hello")))
    http_exchange_reply(exchange, 200, NULL, STR("hello\n"));
  else if (str_eq(path, STR("/echo")))
    http_exchange_read(exchange, 1024 * 1024, echo, NULL);
  else if (str_eq(path, STR("/show")))
    show(exchange);
  else if (str_eq(path, STR("/stream")))
    stream(exchange);
  else if (str_eq(path, STR("/sink")))
    sink(exchange);
  else if (str_eq(path, STR("/big")))
    big(exchange);
  else if (str_eq(path, STR("/later")))
    later(payload, exchange);
  else if (str_eq(path, STR("/held")))
    held(payload, exchange);
  else if (str_eq(path, STR("/release")))
    release(payload, exchange);
  else if (str_eq(path, STR("/nothing")))
    http_exchange_reply(exchange, 204, NULL, STR("not sent"));
  else if (str_eq(path, STR("/memory")))
    memory(exchange);
  else if (str_eq(path, STR("/cookie")))
    cookie(exchange);
  else if (str_eq(path, STR("/counts")))
    counts(payload, exchange);
  else if (str_starts(path, STR("/proxy/")))
    proxy(payload, exchange);
  else
    http_exchange_reply(exchange, 404, NULL, STR("no\n"));
}

static void drained(void *payload) {
  struct program *program = payload;
  http_server_free(program->server);
  upstream_pool_free(program->pool);
  uv_close((uv_handle_t *)&program->signal, NULL);
}

static void on_signal(uv_signal_t *signal, int number_) {
  struct program *program = signal->data;
  http_server_drain(program->server, drained, program);
}

static int read_options(struct program *program, int argc, char **argv, struct str *allow) {
  static const struct option options[] = {{"host", 1, NULL, 'h'},
                                          {"port", 1, NULL, 'p'},
                                          {"ca", 1, NULL, 'c'},
                                          {"allow", 1, NULL, 'a'},
                                          {"connections", 1, NULL, 'n'},
                                          {"patient", 0, NULL, 'P'},
                                          {0}};
  uint64_t value;
  for (int c; (c = getopt_long(argc, argv, "", options, NULL)) != -1;) {
    if (c == '?') return -1;
    if (c == 'h') program->upstream.host = str_of(optarg);
    if (c == 'a') *allow = str_of(optarg);
    if (c == 'P') program->patient = true;
    if (c == 'p' && str_to_u64(str_of(optarg), &value)) program->upstream.port = (int)value;
    if (c == 'n' && str_to_u64(str_of(optarg), &value)) program->upstream.connections = value;
    if (c != 'c') continue;
    program->upstream.tls = true;
    program->upstream.ca_file = str_of(optarg);
  }
  return 0;
}

int main(int argc, char **argv) {
  struct str allow = STR("127.0.0.0/8");
  struct program program = {.upstream = {.host = STR("127.0.0.1"), .port = 1, .addresses = &allow, .address_count = 1}};
  struct http_server_limits limits = {.head_timeout_ms = 1000, .idle_timeout_ms = 1500, .keep_alive_ms = 2000, .connections = 100};
  struct error error = {0};
  int port = 0;
  if (read_options(&program, argc, argv, &allow) < 0) return 2;
  (void)signal(SIGPIPE, SIG_IGN); /* as the programs do */
  if (program.patient) {
    limits = (struct http_server_limits){.connections = 100};
  } else {
    program.upstream.wait_timeout_ms = program.upstream.connect_timeout_ms = 2000;
    program.upstream.answer_timeout_ms = program.upstream.idle_timeout_ms = 1500;
    program.upstream.keep_alive_ms = 2000;
  }
  uv_loop_init(&program.loop);
  program.pool = upstream_pool_new(&program.loop, &program.upstream, &error);
  if (!program.pool) {
    (void)fprintf(stderr, "%s\n", error.message);
    return 2;
  }
  program.server = http_server_new(&program.loop, limits, handle, &program);
  uv_signal_init(&program.loop, &program.signal);
  program.signal.data = &program;
  uv_signal_start(&program.signal, on_signal, SIGTERM);
  if (http_server_listen(program.server, STR("127.0.0.1:0"), HTTP_PLAIN, &port, &error) < 0) {
    (void)fprintf(stderr, "%s\n", error.message);
    return 1;
  }
  (void)printf("%d\n", port);
  (void)fflush(stdout);
  uv_run(&program.loop, UV_RUN_DEFAULT);
  return uv_loop_close(&program.loop) == 0 ? 0 : 3;
}

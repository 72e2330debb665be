/* A small server on http/server.h for tests/blackbox/test_wire.py: each path shows one thing that a handler can do. Prints its port, ends with SIGTERM. */
#include "base/mem.h"
#include "http/server.h"
#include <signal.h>

struct program {
  uv_loop_t loop;
  struct http_server *server;
  uv_signal_t signal;
};

static uint64_t number(const struct http_request *request, const char *name, uint64_t otherwise) {
  struct str rest = request->query;
  while (rest.p) {
    struct str value = str_take(&rest, '&'), key = str_take(&value, '=');
    if (value.p && str_eq(key, str_of(name))) (void)str_to_u64(value, &otherwise);
  }
  return otherwise;
}

/* /echo: the body, whole. */
static void echo(void *payload, struct http_exchange *exchange, struct str body) {
  http_exchange_reply(exchange, 200, NULL, body);
}

/* /show: what the guard made of the head. */
static void show(struct http_exchange *exchange) {
  const struct http_request *r = http_exchange_request(exchange);
  struct arena *arena = http_exchange_arena(exchange);
  struct str text = arena_printf(arena, "%.*s %.*s host=%.*s body=%lld id=%.*s peer=%.*s\n", STR_ARG(r->method), STR_ARG(r->target), STR_ARG(r->host), (long long)r->body_length,
                                 STR_ARG(http_exchange_id(exchange)), STR_ARG(http_exchange_peer(exchange)));
  for (size_t i = 0; i < r->headers.n; i++)
    text = arena_printf(arena, "%.*s%.*s=%.*s\n", STR_ARG(text), STR_ARG(r->headers.p[i].name), STR_ARG(r->headers.p[i].value));
  http_exchange_reply(exchange, 200, NULL, text);
}

/* /stream: the body back as it comes, as fast as it is read. */
static void stream_data(void *payload, struct str piece) {
  if (!http_exchange_write(payload, piece)) http_exchange_pause(payload);
}

static void stream_end(void *payload, bool complete) {
  if (complete) http_exchange_end(payload);
  else http_exchange_abort(payload);
}

static void stream_drained(void *payload) {
  http_exchange_resume(payload);
}

static void stream(struct http_exchange *exchange) {
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
  struct str text = arena_printf(http_exchange_arena(sink->exchange), "%llu %s\n", (unsigned long long)sink->bytes, complete ? "whole" : "cut");
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
  if (!big->until_cut) http_exchange_abort(big->exchange);
  else if (!big->left) http_exchange_end(big->exchange);
}

static void big(struct http_exchange *exchange) {
  const struct http_request *request = http_exchange_request(exchange);
  struct big *big = ARENA_NEW(http_exchange_arena(exchange), struct big);
  *big = (struct big){.exchange = exchange, .left = number(request, "bytes", 0), .until_cut = number(request, "cut", UINT64_MAX)};
  http_exchange_begin(exchange, 200, NULL, number(request, "told", 0) ? (int64_t)big->left : -1);
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

/* /memory: peak resident memory in kB. */
static void memory(struct http_exchange *exchange) {
  uv_rusage_t usage;
  uv_getrusage(&usage);
  http_exchange_reply(exchange, 200, NULL, arena_printf(http_exchange_arena(exchange), "%llu\n", (unsigned long long)usage.ru_maxrss));
}

static void handle(void *payload, struct http_exchange *exchange) {
  struct str path = http_exchange_request(exchange)->path;
  if (str_eq(path, STR("/hello"))) http_exchange_reply(exchange, 200, NULL, STR("hello\n"));
  else if (str_eq(path, STR("/echo"))) http_exchange_read(exchange, 1024 * 1024, echo, NULL);
  else if (str_eq(path, STR("/show"))) show(exchange);
  else if (str_eq(path, STR("/stream"))) stream(exchange);
  else if (str_eq(path, STR("/sink"))) sink(exchange);
  else if (str_eq(path, STR("/big"))) big(exchange);
  else if (str_eq(path, STR("/later"))) later(payload, exchange);
  else if (str_eq(path, STR("/nothing"))) http_exchange_reply(exchange, 204, NULL, STR("not sent"));
  else if (str_eq(path, STR("/memory"))) memory(exchange);
  else http_exchange_reply(exchange, 404, NULL, STR("no\n"));
}

static void drained(void *payload) {
  struct program *program = payload;
  http_server_free(program->server);
  uv_close((uv_handle_t *)&program->signal, NULL);
}

static void on_signal(uv_signal_t *signal, int number_) {
  struct program *program = signal->data;
  http_server_drain(program->server, drained, program);
}

int main(int argc, char **argv) {
  struct program program = {0};
  struct http_server_limits limits = {.head_timeout_ms = 300, .idle_timeout_ms = 500, .keep_alive_ms = 700, .connections = 100};
  struct error error = {0};
  int port = 0;
  uv_loop_init(&program.loop);
  program.server = http_server_new(&program.loop, limits, handle, &program);
  uv_signal_init(&program.loop, &program.signal);
  program.signal.data = &program;
  uv_signal_start(&program.signal, on_signal, SIGTERM);
  if (http_server_listen(program.server, STR("127.0.0.1:0"), &port, &error) < 0) {
    (void)fprintf(stderr, "%s\n", error.message);
    return 1;
  }
  (void)printf("%d\n", port);
  (void)fflush(stdout);
  uv_run(&program.loop, UV_RUN_DEFAULT);
  return uv_loop_close(&program.loop) == 0 ? 0 : 3;
}

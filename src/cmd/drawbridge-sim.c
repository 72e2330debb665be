/* drawbridge-sim: the stand-in DHIS2 server of src/sim on a socket. */
#include "base/error.h"
#include "base/mem.h"
#include "http/server.h"
#include "net/tls.h"
#include "sim/auth.h"
#include "sim/demo.h"
#include "sim/faults.h"
#include <signal.h>

enum { BODY_LIMIT = 256 << 20, SETTINGS_MAX = 32, REDIRECTS_MAX = 16 };

static const char usage[] =
    "usage: drawbridge-sim --version 2.37|2.37.9|2.40|2.41|2.42|2.43 --listen ADDR:PORT [--metadata FILE | --demo FILE] [--faults FILE] "
    "[--clock OFFSET] [--context PATH] [--base-url URL]\n"
    "                      [--tls-certificate FILE --tls-key FILE]   HTTPS instead of HTTP\n"
    "                      [--client ID:SECRET --redirect-uri URI …]\n"
    "                      [--set pat|uaa|oauth|jwt|csrf|totp|email-2fa|mail|saved-requests|login-app|rotate|control=on|off] [--set "
    "calendar=NAME] [--set timeout=SECONDS] [--set max-sessions=N] [--set import-ms=MILLISECONDS]\n";

struct options {
  enum sim_release release;
  const char *listen, *metadata, *demo, *faults, *context, *base_url, *client, *tls_certificate, *tls_key;
  const char *redirects[REDIRECTS_MAX];
  size_t redirect_count;
  int64_t clock_s;
  const char *settings[SETTINGS_MAX];
  size_t setting_count;
};

struct late;

struct program {
  uv_loop_t loop;
  uv_signal_t signals[3];
  struct http_server *server;
  struct sim *sim;
  struct sim_faults *faults;
  struct str context;
  struct late *late;
  struct str base_url; /* what the server says it is called, where a proxy stands before it; empty: where it listens */
};

/* An answer that waits for its time. */
struct late {
  struct late **at, *next; /* in the program's list */
  uv_timer_t timer;
  struct http_exchange *exchange;
  struct sim_reply reply;
};

static int bad_usage(const char *what, const char *which) {
  (void)fprintf(stderr, "drawbridge-sim: %s%s%s\n", what, which ? " " : "", which ? which : "");
  return error_exit_code(ERROR_usage);
}

/* Seconds, or a whole number of s, m, h or d, with a sign or without; up to a thousand years. */
static bool offset_of(struct str text, int64_t *ret_s) {
  static const int64_t longest = (int64_t)1000 * 366 * 86400;
  static const char units[] = "smhd";
  static const int64_t seconds[] = {1, 60, 3600, 86400};
  const char *unit = text.n ? strchr(units, text.p[text.n - 1]) : NULL;
  int64_t number, in_unit = unit && *unit ? seconds[unit - units] : 1;
  if (unit && *unit) text = str_slice(text, 0, text.n - 1);
  if (text.n > 1 && text.p[0] == '+' && text.p[1] != '-') text = str_from(text, 1);
  if (!str_to_i64(text, &number) || number > longest / in_unit || number < -longest / in_unit) return false;
  *ret_s = number * in_unit;
  return true;
}

static int read_options(int argc, char **argv, struct options *options) {
  bool has_version = false;
  for (int i = 1; i < argc; i++) {
    struct str name = str_of(argv[i]);
    if (i + 1 == argc) return bad_usage("this option is unknown or wants a value:", argv[i]);
    const char *value = argv[++i];
    if (str_eq(name, STR("--version"))) {
      if (!sim_release_of(str_of(value), &options->release))
        return bad_usage("this release is not played (2.37, 2.37.9, 2.40, 2.41, 2.42 and 2.43 are):", value);
      has_version = true;
    } else if (str_eq(name, STR("--listen")))
      options->listen = value;
    else if (str_eq(name, STR("--metadata")))
      options->metadata = value;
    else if (str_eq(name, STR("--demo")))
      options->demo = value;
    else if (str_eq(name, STR("--faults")))
      options->faults = value;
    else if (str_eq(name, STR("--context")))
      options->context = value;
    else if (str_eq(name, STR("--base-url")))
      options->base_url = value;
    else if (str_eq(name, STR("--tls-certificate")))
      options->tls_certificate = value;
    else if (str_eq(name, STR("--tls-key")))
      options->tls_key = value;
    else if (str_eq(name, STR("--client"))) {
      if (str_find_char(str_of(value), ':') == SIZE_MAX) return bad_usage("--client wants ID:SECRET, not", value);
      options->client = value;
    } else if (str_eq(name, STR("--redirect-uri"))) {
      if (options->redirect_count == REDIRECTS_MAX) return bad_usage("too many --redirect-uri", NULL);
      options->redirects[options->redirect_count++] = value;
    } else if (str_eq(name, STR("--clock"))) {
      if (!offset_of(str_of(value), &options->clock_s))
        return bad_usage("--clock wants seconds, or a time like -90s, +10m or 2h, not", value);
    } else if (str_eq(name, STR("--set"))) {
      if (options->setting_count == SETTINGS_MAX) return bad_usage("too many --set", NULL);
      options->settings[options->setting_count++] = value;
    } else
      return bad_usage("unknown option", argv[i - 1]);
  }
  if (!options->client != !options->redirect_count) return bad_usage("--client and --redirect-uri go together", NULL);
  if (!options->tls_certificate != !options->tls_key) return bad_usage("--tls-certificate and --tls-key go together", NULL);
  if (!has_version || !options->listen) return bad_usage("--version and --listen are needed; see --help", NULL);
  return 0;
}

/* Answers. */

static void cut_half(struct http_exchange *exchange, const struct sim_reply *reply) {
  http_exchange_begin(exchange, reply->status, &reply->headers, (int64_t)reply->body.n + (reply->body.n == 0));
  http_exchange_write(exchange, str_slice(reply->body, 0, reply->body.n / 2));
  http_exchange_abort(exchange);
}

static void late_closed(uv_handle_t *handle) {
  free(handle->data);
}

static void late_due(uv_timer_t *timer) {
  struct late *late = timer->data;
  *late->at = late->next;
  if (late->next) late->next->at = late->at;
  http_exchange_reply(late->exchange, late->reply.status, &late->reply.headers, late->reply.body);
  http_exchange_release(late->exchange);
  uv_close((uv_handle_t *)timer, late_closed);
}

static void reply_late(struct program *program, struct http_exchange *exchange, struct sim_reply reply, uint64_t ms) {
  struct late *late = mem_alloc(sizeof *late);
  late->exchange = exchange;
  late->reply = reply;
  late->timer.data = late;
  late->at = &program->late;
  late->next = program->late;
  if (late->next) late->next->at = &late->next;
  program->late = late;
  http_exchange_hold(exchange);
  uv_timer_init(&program->loop, &late->timer);
  uv_timer_start(&late->timer, late_due, ms, 0);
}

static void let_go(void *exchange) {
  http_exchange_abort(exchange);
  http_exchange_release(exchange);
}

static void send_reply(struct program *program, struct http_exchange *exchange, struct sim_reply *reply, struct sim_fault fault) {
  switch (fault.kind) {
  case SIM_FAULT_HANG:
    http_exchange_hold(exchange);
    http_exchange_on_gone(exchange, let_go, exchange);
    return;
  case SIM_FAULT_CUT: cut_half(exchange, reply); return;
  case SIM_FAULT_SLOW: reply_late(program, exchange, *reply, fault.ms + reply->late_ms); return;
  case SIM_FAULT_TRUNCATE: reply->body = str_slice(reply->body, 0, reply->body.n / 2); break;
  case SIM_FAULT_SHORTEN: reply->body = sim_fault_shorten(reply->arena, reply->body); break;
  case SIM_FAULT_EMPTY: reply->body = STR(""); break;
  case SIM_FAULT_HTML:
    reply->headers.n = 0;
    sim_reply_text(
        reply, fault.status, "text/html; charset=utf-8",
        STR("<!DOCTYPE html><html><head><title>Network access</title></head><body><p>Please sign in to this network.</p></body></html>"));
    break;
  case SIM_FAULT_STATUS:
    reply->headers.n = 0;
    sim_reply_message(reply, fault.status, "ERROR", NULL, "A fault was asked for");
    if (fault.retry_after_s > 0) sim_reply_header(reply, "Retry-After", arena_printf(reply->arena, "%lld", (long long)fault.retry_after_s));
    break;
  case SIM_FAULT_NONE:
  case SIM_FAULT_STRIP:
  case SIM_FAULT_EXPIRE: break;
  }
  if (reply->late_ms)
    reply_late(program, exchange, *reply, reply->late_ms);
  else
    http_exchange_reply(exchange, reply->status, &reply->headers, reply->body);
}

/* What is below the context path; NULL p: nothing of this server. */
static struct str below_context(const struct program *program, struct str path) {
  if (!str_starts(path, program->context)) return STR_NONE;
  struct str rest = str_from(path, program->context.n);
  return rest.n == 0 || rest.p[0] != '/' ? (rest.n == 0 ? STR("/") : STR_NONE) : rest;
}

static void answer(void *payload, struct http_exchange *exchange, struct str body) {
  struct program *program = payload;
  const struct http_request *request = http_exchange_request(exchange);
  struct arena *arena = http_exchange_arena(exchange);
  struct sim_reply reply = {.arena = arena};
  struct sim_request question = {.arena = arena,
                                 .method = request->method,
                                 .target = request->target,
                                 .path = below_context(program, request->path),
                                 .query = request->query,
                                 .host = request->host,
                                 .peer = http_exchange_peer(exchange),
                                 .body = body,
                                 .headers = request->headers};
  struct sim_fault fault = sim_faults_next(program->faults, question.method, question.path);
  if (fault.kind == SIM_FAULT_STRIP) http_headers_remove(&question.headers, fault.header);
  if (fault.kind == SIM_FAULT_EXPIRE) sim_auth_expire_all(program->sim);
  if (!question.path.p)
    sim_reply_tomcat(&reply, 404, NULL);
  else if (fault.kind == SIM_FAULT_NONE || fault.execute)
    sim_handle(program->sim, &question, &reply);
  else
    sim_reply_empty(&reply, 200);
  send_reply(program, exchange, &reply, fault);
}

static void handle(void *payload, struct http_exchange *exchange) {
  http_exchange_read(exchange, BODY_LIMIT, answer, payload);
}

/* Life. */

static void stop(uv_signal_t *handle, int number) {
  uv_stop(handle->loop);
}

/* SIGUSR1: what is late comes now. */
static void hurry(uv_signal_t *handle, int number) {
  struct program *program = handle->data;
  while (program->late) late_due(&program->late->timer);
}

static void watch_signals(struct program *program) {
  const int numbers[] = {SIGTERM, SIGINT, SIGUSR1};
  for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
    uv_signal_init(&program->loop, &program->signals[i]);
    program->signals[i].data = program;
    uv_signal_start(&program->signals[i], numbers[i] == SIGUSR1 ? hurry : stop, numbers[i]);
  }
}

static void close_handle(uv_handle_t *handle, void *payload) {
  if (uv_is_closing(handle)) return;
  uv_close(handle, handle->type == UV_TIMER && handle->data ? late_closed : NULL);
}

static int apply_settings(struct sim *sim, const struct options *options) {
  for (size_t i = 0; i < options->setting_count; i++) {
    struct str value = str_of(options->settings[i]);
    struct str name = str_take(&value, '=');
    if (!value.p || !sim_set(sim, name, value)) return bad_usage("--set does not know", options->settings[i]);
  }
  return 0;
}

/* After the metadata, so that its users can sign in, and are those who registered the client. */
static void take_accounts(struct sim *sim, const struct options *options) {
  sim_auth_absorb(sim);
  struct str secret = str_of(options->client), id = str_take(&secret, ':');
  if (options->client) sim_auth_put_client(sim, id, secret, options->redirects, options->redirect_count);
}

static int serve(struct program *program, const struct options *options, struct arena *arena, struct error *error) {
  int port = 0;
  struct str address = str_of(options->listen);
  bool tls = options->tls_certificate != NULL;
  struct tls_context *context = tls ? tls_context_server(str_of(options->tls_certificate), str_of(options->tls_key), error) : NULL;
  if (tls && !context) return -1;
  http_server_set_tls(program->server, context);
  tls_context_free(context);
  if (http_server_listen(program->server, address, tls ? HTTP_TLS : HTTP_PLAIN, &port, error) < 0) return -1;
  size_t colon = str_find_last_char(address, ':');
  struct str base = arena_printf(arena, "%s://%.*s:%d%.*s", tls ? "https" : "http", STR_ARG(str_slice(address, 0, colon)), port,
                                 STR_ARG(program->context));
  program->sim->base_url = program->base_url.n ? program->base_url : base;
  (void)printf("%.*s\n", STR_ARG(base));
  (void)fflush(stdout);
  uv_run(&program->loop, UV_RUN_DEFAULT);
  return 0;
}

static int start(struct program *program, const struct options *options, struct arena *arena) {
  struct error error = {0};
  program->base_url = options->base_url ? str_of(options->base_url) : STR_NONE;
  program->context = options->context ? str_of(options->context) : STR("");
  program->sim = sim_new(options->release, STR("http://127.0.0.1"), program->context);
  program->sim->clock_offset_ms = options->clock_s * 1000;
  int status = apply_settings(program->sim, options);
  if (status != 0) return status;
  if (options->metadata && sim_objects_load(program->sim->objects, options->metadata, &error) < 0) return bad_usage(error.message, NULL);
  if (options->demo && sim_demo_load(program->sim, options->demo, &error) < 0) return bad_usage(error.message, NULL);
  take_accounts(program->sim, options);
  if (options->faults && !(program->faults = sim_faults_load(options->faults, &error))) return bad_usage(error.message, NULL);
  program->server = http_server_new(&program->loop, (struct http_server_limits){0}, handle, program);
  watch_signals(program);
  if (serve(program, options, arena, &error) < 0) {
    (void)fprintf(stderr, "drawbridge-sim: %s\n", error.message);
    status = error_exit_code(error.code);
  }
  http_server_free(program->server);
  return status;
}

int main(int argc, char **argv) {
  struct options options = {0};
  if (argc == 2 && str_eq(str_of(argv[1]), STR("--help"))) return fputs(usage, stdout) < 0;
  int status = read_options(argc, argv, &options);
  if (status != 0) return status;
  struct program program = {0};
  struct arena *arena = arena_new();
  (void)signal(SIGPIPE, SIG_IGN); /* a client that is gone ends its connection alone */
  uv_loop_init(&program.loop);
  status = start(&program, &options, arena);
  uv_walk(&program.loop, close_handle, NULL);
  uv_run(&program.loop, UV_RUN_DEFAULT);
  uv_loop_close(&program.loop);
  sim_free(program.sim);
  sim_faults_free(program.faults);
  arena_free(arena);
  return status;
}

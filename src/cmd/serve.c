#include "api/api.h"
#include "api/console.h"
#include "base/mem.h"
#include "cmd/commands.h"
#include "cmd/confine.h"
#include "cmd/line.h"
#include "gateway/audit.h"
#include "gateway/gateway.h"
#include "net/local.h"
#include "net/service.h"
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

enum { DRAIN_MS = 30000 };

struct worker { /* the first one's thread is the program's own */
  uv_loop_t loop;
  uv_thread_t thread;
  uv_prepare_t before_wait;
  struct gateway *gateway;
};

struct serving {
  const char *path;
  struct worker *workers;
  size_t count;
  uv_signal_t signals[3];
  uv_timer_t patience; /* of the drain */
  uv_timer_t watchdog; /* signs of life from the loops themselves: where one hangs, systemd ends the program */
  bool asking;         /* for signs of life */
  struct service *service;
  struct api *api;
  struct console *console;  /* NULL: none is configured */
  struct local_file socket; /* of it */
  bool draining;
};

static struct gateway *first_gateway(const struct serving *serving) {
  return serving->workers[0].gateway;
}

/* Secrets are in memory: no dump of it is ever written, and no other process of the same user may read it. */
static void keep_memory_private(void) {
  const struct rlimit none = {0, 0};
  if (setrlimit(RLIMIT_CORE, &none) || prctl(PR_SET_DUMPABLE, 0, 0, 0, 0))
    log_event(LOG_WARNING, "core_dumps_not_off", LOG_TEXT("message", strerror(errno)));
}

/* Nothing of a configuration is taken over unless its audit log can be written, too. Says in the log what is odd, in the form that the configuration asks for. */
static int load(const char *path, struct config **ret, struct error *error) {
  struct arena *arena = arena_new();
  struct config_problems problems = {.arena = arena};
  int failed = config_load(path, ret, &problems, error);
  for (size_t i = 0; i < problems.n; i++) (void)fprintf(stderr, "drawbridge serve: %.*s\n", STR_ARG(problems.lines[i]));
  if (!failed && log_audit_open((*ret)->log_audit, error)) {
    (void)fprintf(stderr, "drawbridge serve: %s\n", error->message);
    config_unref(*ret);
    failed = -1;
  }
  if (!failed) log_setup((enum log_level)(*ret)->log_level, (*ret)->log_json);
  for (size_t i = 0; !failed && i < problems.warnings.n; i++)
    log_event(LOG_WARNING, "configuration_is_odd", LOG_STR("message", problems.warnings.p[i]));
  arena_free(arena);
  return failed;
}

static void close_handles(struct serving *serving) {
  for (size_t i = 0; i < sizeof serving->signals / sizeof *serving->signals; i++) uv_close((uv_handle_t *)&serving->signals[i], NULL);
  uv_close((uv_handle_t *)&serving->patience, NULL);
  uv_close((uv_handle_t *)&serving->watchdog, NULL);
}

/* The access log of a turn goes out in one piece, before the loop waits. */
static void on_before_wait(uv_prepare_t *handle) {
  (void)handle;
  log_flush();
}

static void on_all_alive(void *payload) {
  struct serving *serving = payload;
  serving->asking = false;
  service_tell(serving->service, "WATCHDOG=1");
}

static void on_watchdog(uv_timer_t *timer) {
  struct serving *serving = timer->data;
  if (serving->asking) return; /* one has not answered yet */
  serving->asking = true;
  gateway_ask_loops(first_gateway(serving), on_all_alive, serving);
}

static void stop_one(struct gateway *gateway, void *payload) {
  (void)payload;
  uv_stop(gateway_loop(gateway));
}

static void on_drained(void *payload) {
  struct serving *serving = payload;
  gateway_everywhere(first_gateway(serving), stop_one, NULL);
}

/* What is under way does not end: nothing acknowledged is lost, the store and the journals were written first. */
static void on_impatient(uv_timer_t *timer) {
  struct serving *serving = timer->data;
  log_event(LOG_WARNING, "stopped_before_drained");
  local_remove(&serving->socket);
  _exit(0);
}

static void on_stop(uv_signal_t *handle, int number) {
  struct serving *serving = handle->data;
  if (serving->draining) on_impatient(&serving->patience);
  serving->draining = true;
  log_event(LOG_INFO, "draining", LOG_INT("signal", number));
  audit_process(AUDIT_stopping, STR_NONE, NULL);
  service_tell(serving->service, "STOPPING=1\nSTATUS=ends the calls that are under way");
  (void)uv_timer_start(&serving->patience, on_impatient, DRAIN_MS, 0);
  if (serving->api) api_stop(serving->api);
  gateway_drain(first_gateway(serving), on_drained, serving);
}

static void tell_ready(struct serving *serving, const char *trouble) {
  const struct config *config = gateway_config(first_gateway(serving));
  service_tell(serving->service, "READY=1\nSTATUS=%zu servers for %zu apps at %.*s%s%s", config->server_count, config->app_count,
               STR_ARG(config->public_url), trouble ? "; not reloaded: " : "", trouble ? trouble : "");
}

static void on_reloaded(void *payload) {
  tell_ready(payload, NULL);
}

static void on_reload(uv_signal_t *handle, int number) {
  (void)number;
  struct serving *serving = handle->data;
  struct config *config = NULL;
  struct error error = {0};
  service_tell(serving->service, "RELOADING=1\nMONOTONIC_USEC=%llu", (unsigned long long)(uv_hrtime() / 1000));
  if (load(serving->path, &config, &error)) {
    gateway_reload_refused(first_gateway(serving), &error);
    tell_ready(serving, error.message);
    return;
  }
  gateway_reload(first_gateway(serving), config, on_reloaded, serving);
}

static void prepare_worker(struct worker *worker) {
  if (uv_loop_init(&worker->loop) || uv_prepare_init(&worker->loop, &worker->before_wait)) abort();
  (void)uv_prepare_start(&worker->before_wait, on_before_wait);
  uv_unref((uv_handle_t *)&worker->before_wait);
}

static void prepare(struct serving *serving, size_t workers) {
  static const int numbers[] = {SIGTERM, SIGINT, SIGHUP};
  serving->count = workers;
  serving->workers = mem_alloc_array(workers, sizeof *serving->workers);
  for (size_t i = 0; i < workers; i++) prepare_worker(&serving->workers[i]);
  uv_loop_t *loop = &serving->workers[0].loop;
  for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
    if (uv_signal_init(loop, &serving->signals[i])) abort();
    serving->signals[i].data = serving;
    if (uv_signal_start(&serving->signals[i], numbers[i] == SIGHUP ? on_reload : on_stop, numbers[i])) abort();
  }
  if (uv_timer_init(loop, &serving->patience) || uv_timer_init(loop, &serving->watchdog)) abort();
  uint64_t every_ms = service_watchdog_ms(serving->service);
  serving->watchdog.data = serving->patience.data = serving;
  if (every_ms) (void)uv_timer_start(&serving->watchdog, on_watchdog, every_ms, every_ms);
  uv_unref((uv_handle_t *)&serving->watchdog);
  log_gather(true);
}

static void run_worker(void *payload) {
  struct worker *worker = payload;
  uv_async_t stay;                                    /* it has no signals, and perhaps nothing else that would keep it */
  (void)pthread_setname_np(pthread_self(), "worker"); /* for top -H; the program's own thread has its name */
  (void)uv_async_init(&worker->loop, &stay, NULL);
  log_gather(true);
  (void)uv_run(&worker->loop, UV_RUN_DEFAULT); /* until it is told to stop */
  log_gather(false);
  uv_close((uv_handle_t *)&stay, NULL);
  (void)uv_run(&worker->loop, UV_RUN_NOWAIT);
}

/* All that can fail has been done by then. */
static void run(struct serving *serving) {
  for (size_t i = 1; i < serving->count; i++) {
    if (uv_thread_create(&serving->workers[i].thread, run_worker, &serving->workers[i])) abort();
  }
  (void)uv_run(&serving->workers[0].loop, UV_RUN_DEFAULT);
  for (size_t i = 1; i < serving->count; i++) (void)uv_thread_join(&serving->workers[i].thread);
}

/* The socket's file is made before the sandbox is entered, which lets no file be made there. */
static int enter_sandbox(struct serving *serving, const struct config *config, int *ret_socket, struct error *error) {
  *ret_socket = -1;
  if (config->admin_socket.n && (*ret_socket = local_listen(config->admin_socket, &serving->socket, error)) < 0) return -1;
  if (confine(serving->path, config, error) == 0) return 0;
  if (*ret_socket >= 0) (void)close(*ret_socket);
  return -1;
}

static int start(struct serving *serving, struct config *config, struct error *error) {
  int socket;
  if (enter_sandbox(serving, config, &socket, error)) {
    config_unref(config);
    return -1;
  }
  struct worker *first = &serving->workers[0];
  first->gateway = gateway_new(&first->loop, config, error);
  if (!first->gateway) return -1;
  serving->api = api_new(first->gateway, error);
  if (!serving->api) return -1;
  if (socket >= 0 && !(serving->console = console_new(serving->api, first->gateway, socket, error))) return -1;
  for (size_t i = 1; i < serving->count; i++) {
    struct worker *worker = &serving->workers[i];
    worker->gateway = gateway_beside(first->gateway, &worker->loop, error);
    if (!worker->gateway) return -1;
    api_beside(serving->api, worker->gateway);
  }
  if (gateway_listen(first->gateway, serving->service, error)) return -1;
  log_event(LOG_INFO, "listening", LOG_STR("public_url", config->public_url),
            LOG_STR("address", config->listen.n ? config->listen.p[0] : config->tls_listen.p[0]), LOG_INT("servers", config->server_count),
            LOG_INT("workers", serving->count));
  audit_process(AUDIT_started, config->public_url, NULL);
  tell_ready(serving, NULL);
  return 0;
}

/* No loop runs any more; the first gateway goes last. */
static void end(struct serving *serving) {
  console_free(serving->console);
  local_remove(&serving->socket);
  api_free(serving->api);
  for (size_t i = serving->count; i-- > 0;) gateway_free(serving->workers[i].gateway);
  log_gather(false);
  close_handles(serving);
  for (size_t i = 0; i < serving->count; i++) {
    uv_close((uv_handle_t *)&serving->workers[i].before_wait, NULL);
    (void)uv_run(&serving->workers[i].loop, UV_RUN_DEFAULT); /* handles close */
    (void)uv_loop_close(&serving->workers[i].loop);
  }
  free(serving->workers);
}

static int serve(const char *path) {
  struct error error = {0};
  struct config *config = NULL;
  struct serving serving = {.path = path, .service = service_open(&error)};
  if (!serving.service) return command_fail("serve", &error);
  if (load(path, &config, &error)) {
    service_close(serving.service);
    return error_exit_code(error.code);
  }
  keep_memory_private();
  prepare(&serving, (size_t)config->workers);
  int failed = start(&serving, config, &error);
  if (!failed) run(&serving);
  end(&serving);
  service_close(serving.service);
  return failed ? command_fail("serve", &error) : 0;
}

int command_serve(int argc, char **argv) {
  static const char usage[] = "usage: drawbridge serve [--config FILE]\n"
                              "  SIGHUP reads the configuration again, SIGTERM ends calls under way and stops\n";
  const char *path = COMMAND_CONFIG_DEFAULT;
  const struct line_option options[] = {{"config", .text = &path}, {0}};
  char **words;
  int count, code = line_read(&(struct line){.command = "serve", .usage = usage, .options = options}, argc, argv, &words, &count);
  return code == LINE_READ ? serve(path) : code;
}

/* A gateway of one signed-in person around gateway/proxy.h, for tests/blackbox/test_proxy.py: the configuration is a file as always, the credential is told on the command line.
 *
 *   proxy_peer CONFIG KIND VALUE     prints its port; then a line of JSON for each call that ended
 *   /s/<id>/…        the proxied path. X-Test-Refused says what the gateway does when the credential is refused: `renew`, `later` (the same from another turn), `fail`, `ignore`
 *                    X-Test-Who: the number of the session that asks
 *   /counts/<id>     connections and calls of a server
 *   /jar             what the connection's cookie jar would send
 *   /memory          kB of this process
 * SIGHUP reads the configuration again. SIGTERM ends. */
#include "base/clock.h"
#include "base/json_out.h"
#include "base/mem.h"
#include "gateway/proxy.h"
#include "gateway/proxy_pool.h"
#include "gateway/rewrite.h"
#include <signal.h>
#include <unistd.h>

enum { SESSIONS = 16 };

struct peer {
  uv_loop_t *loop;
  const char *config_path;
  struct config *config;
  struct proxy *proxy;
  struct proxy_places *places;
  struct http_server *server;
  struct source_credential credential;
  struct cookie_jar *jar;
  char sessions[SESSIONS]; /* only their addresses count */
  unsigned saves;
  uv_signal_t hangup, terminate;
};

struct asked { /* one proxied call */
  struct peer *peer;
  struct proxy_pass *pass;
  uv_timer_t later;
  char how[16];
  unsigned refusals;
  bool repeatable, done;
};

static void reply_text(struct http_exchange *exchange, struct str text) {
  http_exchange_reply(exchange, 200, NULL, text);
}

/* --- the host --- */

static void add_headers(void *payload, struct http_exchange *exchange, struct http_headers *headers) {
  http_headers_add(headers, http_exchange_arena(exchange), STR("X-Gateway-Headers"), STR("here"));
}

static void answer_error(void *payload, struct http_exchange *exchange, const struct error *error, int status, bool by_upstream) {
  struct arena *arena = http_exchange_arena(exchange);
  struct buf body = BUF_INIT(8192);
  struct json_out out = JSON_OUT_INIT(&body);
  json_out_object(&out);
  json_out_member_str(&out, "code", str_of(error_name(error->code)));
  json_out_member_str(&out, "detail", str_of(error->message));
  json_out_member_str(&out, "server", str_of(error->server));
  json_out_member_bool(&out, "by_upstream", by_upstream);
  json_out_end(&out);
  struct http_headers headers = {0};
  add_headers(payload, exchange, &headers);
  http_headers_add(&headers, arena, STR("Content-Type"), STR("application/json"));
  http_headers_add(&headers, arena, STR("X-Drawbridge-Error"), str_of(error_name(error->code)));
  if (error->retry_after) http_headers_add(&headers, arena, STR("Retry-After"), arena_printf(arena, "%d", error->retry_after));
  http_exchange_reply(exchange, status, &headers, buf_str(&body));
  buf_free(&body);
}

/* --- events --- */

static void free_asked(uv_handle_t *handle) {
  free(handle->data);
}

static void on_done(void *payload, const struct proxy_result *result) {
  static const char *const outcomes[] = {"answered", "failed", "refused", "gone"};
  struct asked *asked = payload;
  printf("{\"outcome\":\"%s\",\"code\":\"%s\",\"status\":%d,\"up\":%lld,\"down\":%lld,\"refusals\":%u,\"saves\":%u,\"head\":%s}\n",
         outcomes[result->outcome], error_name(result->code), result->status, (long long)result->request_bytes,
         (long long)result->answer_bytes, asked->refusals, asked->peer->saves, result->upstream_ms >= 0 ? "true" : "false");
  (void)fflush(stdout);
  asked->done = true;
  uv_close((uv_handle_t *)&asked->later, free_asked);
}

static void renew(struct asked *asked) {
  struct secret *fresh = secret_new(STR("fresh-credential"));
  proxy_repeat(asked->pass, (struct source_credential){.kind = asked->peer->credential.kind, .value = fresh});
  secret_free(fresh);
}

static void on_later(uv_timer_t *timer) {
  renew(timer->data);
}

static bool on_refused(void *payload, struct proxy_pass *pass, bool repeatable) {
  struct asked *asked = payload;
  asked->refusals++;
  asked->pass = pass;
  asked->repeatable = repeatable;
  struct error error = {0};
  if (asked->refusals > 1) return false;
  switch (asked->how[0]) {
  case 'r': renew(asked); return true;
  case 'l': (void)uv_timer_start(&asked->later, on_later, 300, 0); return true;
  case 'f':
    (void)error_set(&error, ERROR_refresh_failed, "for now");
    error.retry_after = 7;
    proxy_fail(pass, &error);
    return true;
  default: return false;
  }
}

static void on_cookies(void *payload) {
  ((struct asked *)payload)->peer->saves++;
}

/* --- routes --- */

static void proxied(struct peer *peer, struct http_exchange *exchange) {
  const struct http_request *request = http_exchange_request(exchange);
  struct str rest = str_from(request->target, 3), how = STR_NONE, text;
  uint64_t who = 0;
  size_t end = 0;
  while (end < rest.n && rest.p[end] != '/' && rest.p[end] != '?') end++;
  const struct config_server *server = config_server(peer->config, str_slice(rest, 0, end));
  struct error error = {0};
  if (!server || proxy_check_loop(peer->config, request, &error) < 0) {
    if (!server) (void)error_set(&error, ERROR_unknown_server, "no such server");
    answer_error(NULL, exchange, &error, error_http_status(error.code), false);
    return;
  }
  struct asked *asked = mem_alloc(sizeof *asked);
  asked->peer = peer;
  (void)uv_timer_init(peer->loop, &asked->later);
  asked->later.data = asked;
  if (http_headers_get(&request->headers, STR("X-Test-Refused"), &how)) (void)snprintf(asked->how, sizeof asked->how, "%.*s", STR_ARG(how));
  if (http_headers_get(&request->headers, STR("X-Test-Who"), &text)) (void)str_to_u64(text, &who);
  struct proxy_call call = {
      .config = peer->config,
      .server = server,
      .target = str_from(rest, end),
      .credential = peer->credential,
      .jar = peer->jar,
      .who = peer->sessions + who % SESSIONS,
      .renewable = how.n > 0,
      .events = {.refused = how.n ? on_refused : NULL, .cookies = on_cookies, .done = on_done},
      .payload = asked,
  };
  asked->pass = proxy_pass(peer->proxy, exchange, &call);
}

static void counts(struct peer *peer, struct http_exchange *exchange, struct str id) {
  struct proxy_counts found = {0};
  bool open = proxy_places_look(peer->places, id, &found);
  reply_text(exchange,
             arena_printf(http_exchange_arena(exchange), "{\"open\":%s,\"calls\":%zu,\"connections\":%zu,\"unused\":%zu,\"waiting\":%zu}",
                          open ? "true" : "false", found.calls, found.connections, found.unused, found.waiting));
}

static void jar(struct peer *peer, struct http_exchange *exchange) {
  struct secret *header = cookie_jar_header(peer->jar, STR("/api/me"), clock_now_ms());
  reply_text(exchange, secret_reveal(header));
  secret_free(header);
}

static void memory(struct http_exchange *exchange) {
  char text[64] = "";
  FILE *file = fopen("/proc/self/statm", "r");
  long pages = 0;
  if (file && fscanf(file, "%*d %ld", &pages) == 1) (void)snprintf(text, sizeof text, "%ld", pages * (sysconf(_SC_PAGESIZE) / 1024));
  if (file) (void)fclose(file);
  reply_text(exchange, str_of(text));
}

static void handle(void *payload, struct http_exchange *exchange) {
  struct peer *peer = payload;
  struct str target = http_exchange_request(exchange)->target;
  if (str_starts(target, STR("/s/")))
    proxied(peer, exchange);
  else if (str_starts(target, STR("/counts/")))
    counts(peer, exchange, str_from(target, 8));
  else if (str_eq(target, STR("/jar")))
    jar(peer, exchange);
  else
    memory(exchange);
}

/* --- life --- */

static struct config *load(const char *path) {
  struct arena *arena = arena_new();
  struct config_problems problems = {.arena = arena};
  struct config *config = NULL;
  struct error error = {0};
  if (config_load(path, &config, &problems, &error) < 0) {
    (void)fprintf(stderr, "%s\n", error.message);
    exit(2);
  }
  arena_free(arena);
  return config;
}

static void on_hangup(uv_signal_t *handle, int number) {
  struct peer *peer = handle->data;
  config_unref(peer->config);
  peer->config = load(peer->config_path);
  proxy_reload(peer->proxy, peer->config);
  printf("{\"outcome\":\"reloaded\"}\n");
  (void)fflush(stdout);
}

static void on_terminate(uv_signal_t *handle, int number) {
  struct peer *peer = handle->data;
  proxy_free(peer->proxy);
  http_server_free(peer->server);
  uv_close((uv_handle_t *)&peer->hangup, NULL);
  uv_close((uv_handle_t *)&peer->terminate, NULL);
}

static void watch(struct peer *peer, uv_signal_t *handle, uv_signal_cb act, int number) {
  (void)uv_signal_init(peer->loop, handle);
  handle->data = peer;
  (void)uv_signal_start(handle, act, number);
}

static enum source_credential_kind kind_of(const char *word) {
  switch (word[1]) {
  case 'a': return word[0] == 'p' ? CREDENTIAL_PAT : CREDENTIAL_BASIC;
  case 'e': return CREDENTIAL_BEARER;
  case 'o': return CREDENTIAL_COOKIE;
  default: return CREDENTIAL_NONE;
  }
}

int main(int argc, char **argv) {
  if (argc != 4) return 2;
  (void)signal(SIGPIPE, SIG_IGN);
  struct peer peer = {.loop = uv_default_loop(), .config_path = argv[1], .config = load(argv[1]), .jar = cookie_jar_new()};
  struct error error = {0};
  int port = 0;
  peer.credential = (struct source_credential){.kind = kind_of(argv[2]), .value = secret_new(str_of(argv[3]))};
  peer.places = proxy_places_new();
  peer.proxy = proxy_new(peer.loop, peer.places, (struct proxy_host){.headers = add_headers, .error = answer_error});
  proxy_reload(peer.proxy, peer.config);
  peer.server = http_server_new(peer.loop, (struct http_server_limits){0}, handle, &peer);
  if (http_server_listen(peer.server, STR("127.0.0.1:0"), HTTP_PLAIN, &port, &error) < 0) return 4;
  watch(&peer, &peer.hangup, on_hangup, SIGHUP);
  watch(&peer, &peer.terminate, on_terminate, SIGTERM);
  printf("%d\n", port);
  (void)fflush(stdout);
  (void)uv_run(peer.loop, UV_RUN_DEFAULT);
  (void)uv_loop_close(peer.loop);
  cookie_jar_free(peer.jar);
  proxy_places_free(peer.places);
  secret_free(peer.credential.value);
  config_unref(peer.config);
  return 0;
}

/* GET /v1/servers: the configuration, and what each server's last probe told. */
#include "base/json_out.h"
#include "base/mem.h"
#include "gateway/routes.h"
#include "gateway/session_view.h"
#include "gateway/visit.h"

enum { LIST_MAX = 1 << 20, PATIENCE_MS = 8000 };

/* In the order in which they should be offered. */
static const enum sign_in_kind order[] = {SIGN_IN_OAUTH,  SIGN_IN_PAT,     SIGN_IN_PASSWORD, SIGN_IN_LEGACY_OAUTH,
                                          SIGN_IN_BEARER, SIGN_IN_API_KEY, SIGN_IN_BASIC};

static const char *label_of(enum sign_in_kind kind) {
  switch (kind) {
  case SIGN_IN_OAUTH:
  case SIGN_IN_LEGACY_OAUTH: return "At the server (OAuth)";
  case SIGN_IN_PAT: return "Personal access token";
  case SIGN_IN_PASSWORD: return "User name and password";
  case SIGN_IN_BEARER: return "Access token";
  case SIGN_IN_API_KEY: return "API key";
  default: return "User name and password with every call (Basic)";
  }
}

static void add_kinds(struct json_out *out, const struct config *config, const struct directory_server *server,
                      const struct directory_answer *answer, struct arena *arena) {
  struct str id = directory_about(server)->id;
  for (size_t i = 0; i < sizeof order / sizeof *order; i++) {
    struct error error = {0};
    if (directory_offers(server, order[i], answer, &error)) continue;
    json_out_object(out);
    json_out_member_str(out, "kind", str_of(sign_in_kind_name(order[i])));
    json_out_member_str(out, "label", str_of(label_of(order[i])));
    if (order[i] == SIGN_IN_OAUTH || order[i] == SIGN_IN_LEGACY_OAUTH)
      json_out_member_str(out, "authorize_url",
                          arena_printf(arena, "%.*s/v1/servers/%.*s/authorize", STR_ARG(config->public_url), STR_ARG(id)));
    json_out_end(out);
  }
}

/* It matters where codes are redeemed for tokens that are signed for a time. */
static bool is_clock_wrong(const struct source_probe *source, struct error *error) {
  struct error wrong = {0};
  (void)error_set(&wrong, ERROR_clock_skew, "signing in by OAuth fails until both keep time by NTP");
  if (source->kinds[SIGN_IN_OAUTH].state == SIGN_IN_OFF || !source_blame_clock(source, &wrong)) return false;
  *error = wrong;
  return true;
}

/* Without an answer, or with a failed one, nothing is known of what the server offers. */
static void add_server(struct json_out *out, struct directory *directory, struct directory_server *server, struct arena *arena) {
  const struct config_server *about = directory_about(server);
  bool fresh;
  const struct directory_answer *answer = directory_last(server, &fresh);
  bool good = answer && !answer->error.code;
  json_out_object(out);
  json_out_member_str(out, "id", about->id);
  json_out_member_str(out, "name", about->name);
  json_out_member_str(out, "url", about->url);
  json_out_member_str(out, "type", about->type == CONFIG_DHIS2 ? STR("dhis2") : STR("http"));
  if (about->home) json_out_member_bool(out, "home", true);
  if (good && answer->source->version_text.n) {
    json_out_member_str(out, "version", answer->source->version_text);
    session_view_untried(out, answer->source->version_text);
  }
  struct error error = answer ? answer->error : (struct error){0};
  bool wrong_clock = good && is_clock_wrong(answer->source, &error);
  json_out_member_str(out, "state",
                      str_of(connection_state_name(wrong_clock ? CONNECTION_CLOCK_SKEW
                                                   : good      ? CONNECTION_OK
                                                               : CONNECTION_UNREACHABLE)));
  if (error.code) {
    json_out_member_object(out, "problem");
    json_out_member_str(out, "code", str_of(error_name(error.code)));
    json_out_member_str(out, "detail", str_of(error.message));
    error_said_write(&error, out);
    if (error.reason[0]) json_out_member_str(out, "reason", str_of(error.reason));
    json_out_end(out);
  }
  json_out_member_array(out, "sign_in");
  if (good) add_kinds(out, directory_config(directory), server, answer, arena);
  json_out_end(out);
  json_out_end(out);
  directory_answer_unref(answer);
}

/* One round of probes, and all who wait for it: however many ask, each server is asked once. */

struct waiter {
  struct waiter *next;
  struct http_exchange *exchange;
};

struct gateway_refresh {
  struct gateway *gateway;
  struct directory *directory;
  struct waiter *waiters;
  size_t pending; /* probes under way, and the timer */
  size_t probes;
  uv_timer_t timer;
};

struct probing {
  struct gateway_refresh *refresh;
  struct directory_server *server;
};

static void reply(struct gateway *gateway, struct directory *directory, struct http_exchange *exchange) {
  struct arena *arena = http_exchange_arena(exchange);
  const struct config *config = directory_config(directory);
  struct buf buf = BUF_INIT(LIST_MAX);
  struct json_out out = JSON_OUT_INIT(&buf);
  json_out_array(&out);
  for (size_t i = 0; i < config->server_count; i++) add_server(&out, directory, directory_find(directory, config->servers[i].id), arena);
  json_out_end(&out);
  gateway_reply_json(gateway, exchange, 200, buf_str(&buf));
  buf_free(&buf);
}

static void free_when_over(struct gateway_refresh *refresh) {
  if (--refresh->pending) return;
  directory_unref(refresh->directory);
  free(refresh);
}

static void on_closed(uv_handle_t *handle) {
  free_when_over(handle->data);
}

static void finish(struct gateway_refresh *refresh) {
  if (uv_is_closing((uv_handle_t *)&refresh->timer)) return;
  if (refresh->gateway->refresh == refresh) refresh->gateway->refresh = NULL;
  while (refresh->waiters) {
    struct waiter *waiter = refresh->waiters;
    refresh->waiters = waiter->next;
    reply(refresh->gateway, refresh->directory, waiter->exchange);
    http_exchange_release(waiter->exchange);
    free(waiter);
  }
  uv_close((uv_handle_t *)&refresh->timer, on_closed);
}

static void on_time(uv_timer_t *timer) {
  finish(timer->data);
}

static void probe_run(void *payload) {
  struct probing *probing = payload;
  directory_answer_unref(directory_probe(probing->server));
}

static void probe_done(void *payload) {
  struct probing *probing = payload;
  struct gateway_refresh *refresh = probing->refresh;
  free(probing);
  if (--refresh->probes == 0) finish(refresh);
  free_when_over(refresh);
}

static bool is_fresh(struct directory_server *server) {
  bool fresh;
  directory_answer_unref(directory_last(server, &fresh));
  return fresh;
}

static void probe(struct gateway_refresh *refresh, struct directory_server *server) {
  if (is_fresh(server)) return;
  struct probing *probing = mem_alloc(sizeof *probing);
  *probing = (struct probing){refresh, server};
  if (!work_submit(refresh->gateway->background, probe_run, probe_done, probing)) {
    free(probing);
    return;
  }
  refresh->pending++;
  refresh->probes++;
}

static struct gateway_refresh *start(struct gateway *gateway, struct directory *directory) {
  const struct config *config = directory_config(directory);
  struct gateway_refresh *refresh = mem_alloc(sizeof *refresh);
  *refresh = (struct gateway_refresh){.gateway = gateway, .directory = directory_ref(directory), .pending = 1};
  if (uv_timer_init(gateway->loop, &refresh->timer)) abort();
  refresh->timer.data = refresh;
  (void)uv_timer_start(&refresh->timer, on_time, PATIENCE_MS, 0);
  gateway->refresh = refresh;
  for (size_t i = 0; i < config->server_count; i++) probe(refresh, directory_find(directory, config->servers[i].id));
  if (refresh->probes) return refresh;
  finish(refresh);
  return NULL;
}

void servers_list(struct gateway *gateway, struct http_exchange *exchange, struct str id) {
  (void)id;
  struct directory *directory = visit_of(exchange)->directory;
  const struct config *config = directory_config(directory);
  bool fresh = true;
  for (size_t i = 0; i < config->server_count && fresh; i++) fresh = is_fresh(directory_find(directory, config->servers[i].id));
  struct gateway_refresh *refresh = NULL;
  if (!fresh) refresh = gateway->refresh && gateway->refresh->directory == directory ? gateway->refresh : start(gateway, directory);
  if (!refresh) {
    reply(gateway, directory, exchange);
    return;
  }
  struct waiter *waiter = mem_alloc(sizeof *waiter);
  *waiter = (struct waiter){refresh->waiters, exchange};
  refresh->waiters = waiter;
  http_exchange_hold(exchange);
}

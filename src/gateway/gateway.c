#include "gateway/gateway.h"

#include "base/clock.h"
#include "base/mem.h"
#include "base/vec.h"
#include "crypt/random.h"
#include "gateway/admin.h"
#include "gateway/gateway_internal.h"
#include "gateway/hosted.h"
#include "gateway/jar_saver.h"
#include "gateway/reply.h"
#include "gateway/routes.h"
#include "gateway/secret_body.h"
#include "gateway/signed_call.h"
#include "gateway/site.h"
#include "gateway/visit.h"
#include "http/accept_language.h"
#include "store/trouble.h"

enum { CALL_THREADS = 32, CALL_QUEUE = 256, RENEWAL_THREADS = 4, RENEWAL_QUEUE = 1024, BACKGROUND_THREADS = 4, BACKGROUND_QUEUE = 512 };

struct metrics *gateway_metrics(struct gateway *gateway) {
  return &gateway->metrics;
}

uv_loop_t *gateway_loop(struct gateway *gateway) {
  return gateway->loop;
}

struct config *gateway_config(struct gateway *gateway) {
  return gateway->config;
}

struct directory *gateway_directory(struct gateway *gateway) {
  uv_mutex_lock(&gateway->directory_lock);
  struct directory *directory = directory_ref(gateway->directory);
  uv_mutex_unlock(&gateway->directory_lock);
  return directory;
}

struct config *gateway_config_now(struct gateway *gateway) {
  struct directory *directory = gateway_directory(gateway);
  struct config *config = config_ref(directory_config(directory));
  directory_unref(directory);
  return config;
}

void gateway_route(struct gateway *gateway, gateway_handler *handler, void *payload) {
  VEC_PUSH(&gateway->routes, (struct gateway_own_route){handler, payload});
}

/* Answers. */

void gateway_common_headers(struct gateway *gateway, struct http_exchange *exchange, struct http_headers *headers) {
  struct visit *visit = visit_of(exchange);
  struct arena *arena = http_exchange_arena(exchange);
  asking_headers(visit->config, &visit->asking, arena, headers);
  http_field_set(headers, arena, FIELD_X_REQUEST_ID, http_exchange_id(exchange));
  signed_call_headers(gateway, exchange, headers);
}

void gateway_reply(struct gateway *gateway, struct http_exchange *exchange, int status, struct http_headers *headers,
                   struct str content_type, struct str body) {
  struct http_headers own = {0};
  if (!headers) headers = &own;
  gateway_common_headers(gateway, exchange, headers);
  if (body.n) http_field_set(headers, http_exchange_arena(exchange), FIELD_CONTENT_TYPE, content_type);
  http_exchange_reply(exchange, status, headers, body);
}

void gateway_reply_json(struct gateway *gateway, struct http_exchange *exchange, int status, struct str json) {
  gateway_reply(gateway, exchange, status, NULL, STR("application/json"), json);
}

void gateway_tell_operator(struct gateway *gateway, struct http_exchange *exchange, const struct error *error) {
  if (!reply_is_for_operator(error->code)) return;
  log_event(LOG_ERROR, "request_failed", LOG_STR("request_id", http_exchange_id(exchange)), LOG_FAILURE(error));
  loops_note_trouble(gateway->loops, store_trouble_words(error->reason));
}

static const struct error *told(struct gateway *gateway, struct http_exchange *exchange, const struct error *error) {
  gateway_tell_operator(gateway, exchange, error);
  struct error *brief = ARENA_NEW(http_exchange_arena(exchange), struct error);
  *brief = reply_brief(error);
  return brief;
}

/* Those of the address, or that the server's policy names. */
static struct str methods_of(const struct visit *visit, struct arena *arena) {
  const struct config_server *server = visit->server.n ? config_server(visit->config, visit->server) : NULL;
  struct str list = visit->allow;
  for (size_t i = 0; !visit->allow.n && server && i < server->policy.methods.n; i++) {
    struct str method = server->policy.methods.p[i];
    list = reply_allow(list, method, str_eq(method, STR("GET")), arena);
  }
  return list;
}

void gateway_reply_failure(struct gateway *gateway, struct http_exchange *exchange, const struct error *error, int status, bool by_upstream,
                           struct http_headers *headers) {
  struct visit *visit = visit_of(exchange);
  struct http_headers own = {0};
  struct str body;
  struct arena *arena = http_exchange_arena(exchange);
  struct reply reply = {.error = told(gateway, exchange, error),
                        .status = status,
                        .by_upstream = by_upstream,
                        .navigation = visit->asking.navigation,
                        .language = accept_language(http_field_value(&http_exchange_request(exchange)->headers, FIELD_ACCEPT_LANGUAGE)),
                        .path = http_exchange_request(exchange)->path,
                        .public_url = visit->config->public_url,
                        .request_id = http_exchange_id(exchange),
                        .trace_id = str_of(visit->trace.id),
                        .allow = error->code == ERROR_method_refused ? methods_of(visit, arena) : STR_NONE};
  if (!headers) headers = &own;
  visit->code = error->code;
  status = reply_error(&reply, arena, headers, &body);
  gateway_common_headers(gateway, exchange, headers);
  http_exchange_reply(exchange, status, headers, body);
}

void gateway_reply_error(struct gateway *gateway, struct http_exchange *exchange, const struct error *error) {
  gateway_reply_failure(gateway, exchange, error, 0, false, NULL);
}

void gateway_refuse_method(struct gateway *gateway, struct http_exchange *exchange, struct str allow) {
  struct error error = {0};
  (void)error_set(&error, ERROR_method_refused, "%.*s is not offered for this address", STR_ARG(http_exchange_request(exchange)->method));
  visit_of(exchange)->allow = allow;
  gateway_reply_error(gateway, exchange, &error);
}

/* The session. */

bool gateway_session_fits(const struct gateway_session *session, const struct visit *visit) {
  const struct session_terms *terms = session_terms(session);
  if (!str_eq(terms->key, visit->key)) return false;
  if (terms->app.n) return str_eq(terms->app, visit->asking.origin);
  return !site_is_apart(visit->asking.mode);
}

struct finding {
  struct gateway *gateway;
  struct http_exchange *exchange;
  sessions_found *found;
  void *payload;
};

static void on_found(void *payload, struct gateway_session *session, const struct error *error) {
  struct finding *finding = payload;
  struct visit *visit = visit_of(finding->exchange);
  struct error none;
  error_clear(&none);
  if (session && !gateway_session_fits(session, visit)) {
    (void)error_set(&none, ERROR_no_session, "sign in first");
    session = NULL;
    error = &none;
  }
  if (session) visit_session(visit, session);
  http_exchange_hold(finding->exchange); /* what is called may answer it */
  finding->found(finding->payload, session, error);
  http_exchange_release(finding->exchange);
  http_exchange_release(finding->exchange);
}

void gateway_find_session(struct gateway *gateway, struct http_exchange *exchange, sessions_found *found, void *payload) {
  struct arena *arena = http_exchange_arena(exchange);
  struct str value;
  struct error error;
  error_clear(&error);
  const struct visit *visit = visit_of(exchange);
  if (visit->asking.mode == CONFIG_MODE_HANDLE)
    value = visit->asking.handle;
  else
    (void)browser_cookie_find(visit->config, &http_exchange_request(exchange)->headers, arena, &value, &error);
  if (!value.n && !error.code) (void)error_set(&error, ERROR_no_session, "sign in first");
  if (error.code) {
    found(payload, NULL, &error);
    return;
  }
  struct finding *finding = ARENA_NEW(arena, struct finding);
  *finding = (struct finding){gateway, exchange, found, payload};
  http_exchange_hold(exchange);
  sessions_find(gateway->sessions, value, on_found, finding);
}

struct with_session {
  struct gateway *gateway;
  struct http_exchange *exchange;
  void (*done)(void *payload, struct http_exchange *exchange, struct gateway_session *session);
  void *payload;
};

static void use_session(void *payload, struct gateway_session *session, const struct error *error) {
  struct with_session *with = payload;
  if (session) {
    sessions_use(with->gateway->sessions, session);
    with->done(with->payload, with->exchange, session);
  } else {
    gateway_reply_error(with->gateway, with->exchange, error);
  }
}

void gateway_with_session(struct gateway *gateway, struct http_exchange *exchange,
                          void (*done)(void *payload, struct http_exchange *exchange, struct gateway_session *session), void *payload) {
  struct with_session *with = ARENA_NEW(http_exchange_arena(exchange), struct with_session);
  *with = (struct with_session){gateway, exchange, done, payload};
  gateway_find_session(gateway, exchange, use_session, with);
}

bool gateway_is_no_session(const struct error *error) {
  return error->code == ERROR_no_session || error->code == ERROR_session_expired;
}

struct posting {
  struct gateway *gateway;
  struct gateway_session *session; /* own reference; NULL: none */
  gateway_body *done;
};

static void drop_session(void *session) {
  gateway_session_unref(session);
}

static void on_body(void *payload, struct http_exchange *exchange, struct str body) {
  struct posting *posting = payload;
  posting->done(posting->gateway, exchange, posting->session, body);
  http_exchange_forget_body(exchange);
}

static void on_posting_session(void *payload, struct gateway_session *session, const struct error *error) {
  struct http_exchange *exchange = payload;
  struct visit *visit = visit_of(exchange);
  struct posting *posting = visit->posting;
  if (!session && !gateway_is_no_session(error)) {
    gateway_reply_error(visit->gateway, exchange, error);
    return;
  }
  if (session) {
    posting->session = gateway_session_ref(session);
    arena_on_free(http_exchange_arena(exchange), drop_session, posting->session);
  }
  http_exchange_read(exchange, SECRET_BODY_MAX, on_body, posting);
}

void gateway_read_secret_body(struct gateway *gateway, struct http_exchange *exchange, gateway_body *done) {
  struct posting *posting = ARENA_NEW(http_exchange_arena(exchange), struct posting);
  *posting = (struct posting){.gateway = gateway, .done = done};
  visit_of(exchange)->posting = posting;
  gateway_find_session(gateway, exchange, on_posting_session, exchange);
}

/* Requests. */

static void answer_preflight(struct http_exchange *exchange, const struct asking *asking) {
  struct http_headers headers = {0};
  asking_preflight(asking, http_exchange_arena(exchange), &headers);
  http_exchange_reply(exchange, 204, &headers, STR(""));
}

static void answer_hosted(struct http_exchange *exchange, struct visit *visit) {
  struct static_reply reply;
  visit->route = "hosted";
  hosted_reply(visit->asking.app->hosted, http_exchange_request(exchange), http_exchange_arena(exchange), &reply);
  http_exchange_reply(exchange, reply.status, &reply.headers, reply.body);
}

static bool answer_by_others(struct gateway *gateway, struct http_exchange *exchange) {
  for (size_t i = 0; i < gateway->routes.n; i++)
    if (gateway->routes.p[i].handler(gateway->routes.p[i].payload, gateway, exchange)) return true;
  return false;
}

static void answer_call(struct gateway *gateway, struct http_exchange *exchange) {
  struct visit *visit = visit_of(exchange);
  struct error error;
  if (visit->asking.place == ASKING_HOSTED) {
    answer_hosted(exchange, visit);
  } else if (visit->asking.preflight) {
    visit->route = "preflight";
    answer_preflight(exchange, &visit->asking);
  } else if (!routes_answer(gateway, exchange) && !answer_by_others(gateway, exchange)) {
    error_clear(&error);
    (void)error_set(&error, ERROR_not_found, "there is nothing at this address");
    gateway_reply_error(gateway, exchange, &error);
  }
}

static void handle(void *payload, struct http_exchange *exchange) {
  struct gateway *gateway = payload;
  struct visit *visit = visit_begin(gateway, exchange);
  const struct http_request *request = http_exchange_request(exchange);
  struct error error;
  error_clear(&error);
  if (proxy_check_loop(visit->config, request, &error) ||
      asking_read(visit->config, request, http_exchange_peer(exchange), http_exchange_arena(exchange), &visit->asking, &error))
    gateway_reply_error(gateway, exchange, &error);
  else
    signed_call_read(gateway, exchange, answer_call);
}

/* The proxied path answers through these. */

static void add_headers(void *payload, struct http_exchange *exchange, struct http_headers *headers) {
  gateway_common_headers(payload, exchange, headers);
}

static void add_error(void *payload, struct http_exchange *exchange, const struct error *error, int status, bool by_upstream) {
  struct error named = *error;
  (void)error_name_server(&named, visit_of(exchange)->server);
  gateway_reply_failure(payload, exchange, &named, status, by_upstream, NULL);
}

/* Life. */

static void know_servers(struct gateway *gateway) {
  for (size_t i = 0; i < gateway->config->server_count; i++) metrics_know(&gateway->metrics, gateway->config->servers[i].id);
}

static struct http_server_limits limits_of(const struct config *config) {
  return (struct http_server_limits){.head_bytes = (size_t)config->limit_head_bytes,
                                     .head_fields = (size_t)config->limit_head_fields,
                                     .target_bytes = (size_t)config->limit_target_bytes,
                                     .head_timeout_ms = (int)config->limit_head_ms,
                                     .idle_timeout_ms = (int)config->limit_idle_ms};
}

/* Takes over the sessions, and the reference of the directory. */
static struct gateway *gateway_make(uv_loop_t *loop, struct loops *loops, struct config *config, struct directory *directory,
                                    struct sessions *sessions) {
  struct gateway *gateway = mem_alloc(sizeof *gateway);
  gateway->loops = loops;
  loops_add(loops, gateway, loop);
  gateway->loop = loop;
  gateway->config = config_ref(config);
  know_servers(gateway);
  random_bytes(gateway->trace_numbers, sizeof gateway->trace_numbers);
  gateway->loop_watch = loop_watch_new(loop, &gateway->metrics.turns);
  gateway->directory = directory;
  gateway->jar_timer = mem_alloc(sizeof *gateway->jar_timer);
  gateway->long_calls_timer = mem_alloc(sizeof *gateway->long_calls_timer);
  if (uv_mutex_init(&gateway->directory_lock) || uv_timer_init(loop, gateway->jar_timer) || uv_timer_init(loop, gateway->long_calls_timer))
    abort();
  gateway->sessions = sessions;
  sessions_measure(sessions, &gateway->metrics.store);
  gateway->proxy = proxy_new(loop, loops->places, (struct proxy_host){add_headers, add_error, gateway});
  proxy_reload(gateway->proxy, config);
  gateway->server = http_server_new(loop, limits_of(config), handle, gateway);
  http_server_set_tls(gateway->server, config->tls);
  return gateway;
}

struct gateway *gateway_new(uv_loop_t *loop, struct config *config, struct error *error) {
  struct arena *arena = arena_new();
  struct keyring *ring = keyring_open(arena_cstr(arena, config->keys), error);
  struct loops *loops = ring ? loops_new(!store_is_shared(config->store)) : NULL;
  struct sessions *sessions = ring ? sessions_new(loop, config->store, ring, loops->board, error) : NULL;
  struct gateway *gateway = sessions ? gateway_make(loop, loops, config, directory_new(config), sessions) : NULL;
  arena_free(arena);
  config_unref(config);
  if (!gateway) {
    loops_free(loops);
    return NULL;
  }
  gateway->calls = work_new(loop, CALL_THREADS, CALL_QUEUE);
  gateway->renewals = work_new(loop, RENEWAL_THREADS, RENEWAL_QUEUE);
  gateway->background = work_new(loop, BACKGROUND_THREADS, BACKGROUND_QUEUE);
  return gateway;
}

struct gateway *gateway_beside(struct gateway *first, uv_loop_t *loop, struct error *error) {
  struct sessions *sessions = sessions_new(loop, first->config->store, sessions_ring(first->sessions), first->loops->board, error);
  if (!sessions) return NULL;
  struct gateway *gateway = gateway_make(loop, first->loops, first->config, directory_ref(first->directory), sessions);
  gateway->calls = work_beside(first->calls, loop);
  gateway->renewals = work_beside(first->renewals, loop);
  gateway->background = work_beside(first->background, loop);
  http_server_share(first->server, gateway->server);
  return gateway;
}

/* The sockets that systemd opened for this use; where there is none, at the addresses. */
static int listen_at(struct http_server *server, struct service *service, enum service_use use, const struct str *addresses, size_t count,
                     struct error *error) {
  enum http_listen kind = use == SERVICE_HTTPS ? HTTP_TLS : HTTP_PLAIN;
  bool given = false;
  for (int fd; (fd = service_take(service, use)) >= 0; given = true)
    if (http_server_listen_on(server, fd, kind, error)) return -1;
  for (size_t i = 0; i < count && !given; i++)
    if (http_server_listen(server, addresses[i], kind, NULL, error)) return -1;
  return 0;
}

int gateway_listen(struct gateway *gateway, struct service *service, struct error *error) {
  const struct config *config = gateway->config;
  if (listen_at(gateway->server, service, SERVICE_HTTP, config->listen.p, config->listen.n, error)) return -1;
  if (service_has(service, SERVICE_HTTPS) && !config->tls)
    return error_set(error, ERROR_configuration, "systemd hands over a socket named 'https', and the configuration has no 'tls'");
  if (listen_at(gateway->server, service, SERVICE_HTTPS, config->tls_listen.p, config->tls_listen.n, error)) return -1;
  gateway->admin = http_server_new(gateway->loop, (struct http_server_limits){.connections = 64}, admin_handle, gateway);
  return listen_at(gateway->admin, service, SERVICE_ADMIN, &config->admin_listen, config->admin_listen.n ? 1 : 0, error);
}

void gateway_reload_refused(struct gateway *gateway, const struct error *error) {
  gateway->reload_refused = true;
  metrics_count(&gateway->metrics, METRIC_RELOADS_REFUSED);
  log_event(LOG_ERROR, "configuration_not_reloaded", LOG_TEXT("message", error->message));
  audit_process(AUDIT_configuration_refused, str_of(error->message), error);
}

struct reload { /* what every loop takes its own reference of */
  struct gateway *first;
  struct config *config;
  struct directory *directory;
  struct keyring *ring; /* NULL: it could not be read, the one before stays */
  atomic_bool other_key;
  void (*done)(void *payload);
  void *payload;
};

static void take_over(struct gateway *gateway, void *payload) {
  struct reload *reload = payload;
  struct config *config_before = gateway->config;
  struct directory *directory_before = gateway->directory;
  gateway->config = config_ref(reload->config);
  uv_mutex_lock(&gateway->directory_lock);
  gateway->directory = directory_ref(reload->directory);
  uv_mutex_unlock(&gateway->directory_lock);
  directory_unref(directory_before);
  proxy_reload(gateway->proxy, reload->config);
  if (reload->config->tls) http_server_set_tls(gateway->server, reload->config->tls);
  if (reload->ring && sessions_set_ring(gateway->sessions, keyring_ref(reload->ring))) reload->other_key = true;
  config_unref(config_before);
  know_servers(gateway);
}

static void on_taken_over(void *payload) {
  struct reload *reload = payload;
  if (reload->other_key) audit_process(AUDIT_key_changed, reload->config->keys, NULL);
  reload->first->reload_refused = false;
  metrics_count(&reload->first->metrics, METRIC_RELOADS);
  audit_process(AUDIT_configuration_reloaded, reload->config->public_url, NULL);
  reload->done(reload->payload);
  directory_unref(reload->directory);
  config_unref(reload->config);
  keyring_free(reload->ring);
  free(reload);
}

static struct keyring *read_ring(const struct config *config) {
  struct arena *arena = arena_new();
  struct error error = {0};
  struct keyring *ring = keyring_open(arena_cstr(arena, config->keys), &error);
  arena_free(arena);
  if (!ring) log_event(LOG_ERROR, "keys_not_reloaded", LOG_TEXT("message", error.message));
  return ring;
}

void gateway_reload(struct gateway *gateway, struct config *config, void (*done)(void *payload), void *payload) {
  struct arena *arena = arena_new();
  struct str kept = config_restart(gateway->config, config, arena);
  if (kept.n) log_event(LOG_WARNING, "restart_needed", LOG_STR("keys", kept), LOG_TEXT("message", "these are taken over at a start alone"));
  arena_free(arena);
  struct reload *reload = mem_alloc(sizeof *reload);
  *reload = (struct reload){
      .first = gateway, .config = config, .directory = directory_new(config), .ring = read_ring(config), .done = done, .payload = payload};
  loops_everywhere(gateway, take_over, on_taken_over, reload);
}

static void answer(struct gateway *gateway, void *payload) {}

void gateway_ask_loops(struct gateway *gateway, void (*done)(void *payload), void *payload) {
  loops_everywhere(gateway, answer, done, payload);
}

void gateway_everywhere(struct gateway *gateway, void (*act)(struct gateway *gateway, void *payload), void *payload) {
  loops_everywhere(gateway, act, NULL, payload);
}

/* Draining. */

struct drain {
  struct gateway *first;
  void (*drained)(void *payload);
  void *payload;
  _Atomic size_t left; /* loops that are not drained */
};

static void drained_everywhere(void *payload) {
  struct drain *drain = payload;
  drain->drained(drain->payload);
  free(drain);
}

static void on_drained(void *payload) {
  struct drain *drain = payload;
  if (atomic_fetch_sub(&drain->left, 1) == 1) post_send(drain->first->loops->posts[0], drained_everywhere, drain);
}

static void drain_one(struct gateway *gateway, void *payload) {
  http_server_drain(gateway->server, on_drained, payload);
}

/* The first is the one that listens: what it has handed over by then is on its way before the others hear of this. The admin listener goes on telling that it drains. */
void gateway_drain(struct gateway *gateway, void (*drained)(void *payload), void *payload) {
  struct drain *drain = mem_alloc(sizeof *drain);
  *drain = (struct drain){.first = gateway, .drained = drained, .payload = payload, .left = gateway->loops->count};
  gateway->loops->draining = true;
  loops_everywhere(gateway, drain_one, NULL, drain);
}

static void on_closed(uv_handle_t *handle) {
  free(handle);
}

void gateway_free(struct gateway *gateway) {
  if (!gateway) return;
  bool last = loops_remove(gateway->loops, gateway);
  http_server_free(gateway->server);
  if (gateway->admin) http_server_free(gateway->admin);
  work_free(gateway->calls);
  work_free(gateway->renewals);
  work_free(gateway->background);
  proxy_free(gateway->proxy);
  jar_saver_flush(gateway);
  uv_close((uv_handle_t *)gateway->jar_timer, on_closed);
  uv_close((uv_handle_t *)gateway->long_calls_timer, on_closed);
  sessions_free(gateway->sessions);
  directory_unref(gateway->directory);
  config_unref(gateway->config);
  VEC_FREE(&gateway->routes);
  uv_mutex_destroy(&gateway->directory_lock);
  loop_watch_free(gateway->loop_watch);
  metrics_clear(&gateway->metrics);
  if (last) loops_free(gateway->loops);
  free(gateway);
}

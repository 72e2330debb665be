#include "api/api.h"

#include "api/assets.h"
#include "api/events.h"
#include "api/keeper.h"
#include "api/runner.h"
#include "base/gzip.h"
#include "base/mem.h"
#include "gateway/failure.h"
#include "gateway/reply.h"
#include "http/accept_language.h"
#include "http/url.h"
#include "net/work.h"

enum { TRANSFERS = 2, TRANSFERS_WAITING = 64, WAITERS = 2, MAKINGS = 4, MAKINGS_WAITING = 16 }; /* of the runner: at once, and waiting */
enum { THREADS = 4, QUEUE = 256, BODY_MAX = 16 << 20, ANSWER_MAX = 80 << 20, EMPTY_MAX = 1024, PACKED_FROM = 2048 };

struct door { /* on each loop one */
  struct door *next;
  struct api *api;
  struct gateway *gateway;
  struct work_pool *pool;
  struct events_here *events;
};

struct api {
  struct store *store;
  uv_mutex_t store_lock;
  bool shared;
  struct door *doors;
  struct runner *runner;
  struct keeper *keeper;
  struct events *events;
};

/* `{}` stands for one segment that is not empty. */
static const struct route {
  const char *method, *pattern;
  int (*run)(struct api_job *job, struct error *error);
  size_t body_max; /* 0: takes none */
  bool goes_on;    /* the answer is a stream of events (events.h), each as `run` answers */
} routes[] = {
    {"GET", "/v1/servers/{}/data-sets", api_data_sets, 0},
    {"GET", "/v1/servers/{}/data-sets/{}/org-units", api_org_units, 0},
    {"POST", "/v1/alignments", api_alignments_create, 65536},
    {"GET", "/v1/alignments", api_alignments_list, 0},
    {"GET", "/v1/alignments/{}", api_alignment_get, 0},
    {"PATCH", "/v1/alignments/{}", api_alignment_patch, BODY_MAX},
    {"GET", "/v1/alignments/{}/features", api_alignment_features, 0},
    {"GET", "/v1/alignments/{}/progress", api_alignment_progress, 0},
    {"GET", "/v1/alignments/{}/events", api_alignment_progress, 0, true},
    {"GET", "/v1/makings", api_makings_list, 0},
    {"DELETE", "/v1/alignments/{}", api_alignment_delete, 0},
    {"GET", "/v1/alignments/{}/history", api_alignment_history, 0},
    {"GET", "/v1/alignments/{}/people", api_alignment_people, 0},
    {"PUT", "/v1/alignments/{}/people", api_alignment_share, 65536},
    {"GET", "/v1/alignments/{}/mapping", api_alignment_mapping, 0},
    {"PUT", "/v1/alignments/{}/mapping", api_alignment_import, BODY_MAX},
    {"GET", "/v1/formats", api_formats_list, 0},
    {"GET", "/v1/alignments/{}/combos", api_alignment_combos, 0},
    {"GET", "/v1/alignments/{}/places", api_alignment_places, 0},
    {"GET", "/v1/alignments/{}/places/targets", api_alignment_place_targets, 0},
    {"GET", "/v1/alignments/{}/drift", api_alignment_drift, 0},
    {"POST", "/v1/alignments/{}/drift", api_alignment_carry, EMPTY_MAX},
    {"PUT", "/v1/alignments/{}/drift", api_alignment_on_change, EMPTY_MAX},
    {"POST", "/v1/runs", api_runs_create, BODY_MAX},
    {"GET", "/v1/runs", api_runs_list, 0},
    {"GET", "/v1/runs/{}", api_run_get, 0},
    {"GET", "/v1/runs/{}/events", api_run_get, 0, true},
    {"POST", "/v1/runs/{}/cancel", api_run_cancel, EMPTY_MAX},
    {"POST", "/v1/runs/{}/pause", api_run_pause, EMPTY_MAX},
    {"POST", "/v1/runs/{}/resume", api_run_resume, EMPTY_MAX},
    {"POST", "/v1/runs/{}/undo", api_run_undo, EMPTY_MAX},
    {"GET", "/v1/runs/{}/order", api_run_order, 0},
    {"GET", "/v1/runs/{}/report", api_run_report, 0},
    {"GET", "/v1/runs/{}/refused", api_run_refused, 0},
    {"POST", "/v1/schedules", api_schedules_create, BODY_MAX},
    {"GET", "/v1/schedules", api_schedules_list, 0},
    {"GET", "/v1/schedules/{}", api_schedule_get, 0},
    {"DELETE", "/v1/schedules/{}", api_schedule_delete, 0},
    {"POST", "/v1/schedules/{}/again", api_schedule_again, EMPTY_MAX},
    {"GET", "/v1/webhooks", api_webhooks_list, 0},
};

struct store *api_store(struct api *api) {
  uv_mutex_lock(&api->store_lock);
  return api->store;
}

void api_store_done(struct api *api) {
  uv_mutex_unlock(&api->store_lock);
}

bool api_is_shared(const struct api *api) {
  return api->shared;
}

struct runner *api_runner(struct api *api) {
  return api->runner;
}

int api_owner(struct api_job *job, struct str server_id, struct str *ret, struct error *error) {
  struct gateway_person person;
  if (!config_server(job->config, server_id)) return failure_unknown_server(error, server_id);
  if (!gateway_session_person(job->session, server_id, job->arena, &person))
    return failure_at(error, ERROR_not_connected, server_id, "sign in to the server %.*s first", STR_ARG(server_id));
  *ret = arena_printf(job->arena, "%.*s:%.*s", STR_ARG(server_id), STR_ARG(person.id));
  return 0;
}

bool api_is_owner(struct api_job *job, struct str owner) {
  struct gateway_person person;
  struct str user = owner, server = str_take(&user, ':');
  return user.p && gateway_session_person(job->session, server, job->arena, &person) && str_eq(person.id, user);
}

struct str api_user_name(struct api_job *job, struct str server_id) {
  struct gateway_person person;
  if (!gateway_session_person(job->session, server_id, job->arena, &person)) return STR("");
  return person.username.n ? person.username : person.id;
}

int api_each_own(struct api_job *job, struct str kind, size_t most, api_each_one *one, struct json_out *out, struct error *error) {
  for (size_t i = 0; i < job->config->server_count; i++) {
    struct store_document *documents;
    struct error not_there = {0};
    struct str owner;
    size_t count;
    if (api_owner(job, job->config->servers[i].id, &owner, &not_there)) continue;
    struct store *store = api_store(job->api);
    int failed = store_document_list(store, kind, owner, most, job->arena, &documents, &count, error);
    api_store_done(job->api);
    if (failed) return -1;
    for (size_t k = 0; k < count; k++) one(job, out, &documents[k]);
  }
  return 0;
}

void api_job_free(struct api_job *job) {
  http_exchange_release(job->exchange);
  gateway_session_unref(job->session);
  config_unref(job->config);
  buf_free(&job->answer);
  free(job);
}

static void pack(struct api_job *job) {
  struct buf packed = BUF_INIT(ANSWER_MAX);
  if (!job->packs || job->answer.n < PACKED_FROM || !gzip_pack(buf_str(&job->answer), &packed)) {
    buf_free(&packed);
    return;
  }
  buf_free(&job->answer);
  job->answer = packed;
  job->packed = true;
}

static void run_job(void *payload) {
  struct api_job *job = payload;
  if (job->run(job, &job->error)) {
    if (job->error.code == ERROR_NONE) (void)error_set(&job->error, ERROR_inside, "the call ended without a reason");
  } else if (job->answer.full) {
    (void)error_set(&job->error, ERROR_too_large, "the answer is larger than %d bytes", ANSWER_MAX);
  } else {
    pack(job);
  }
}

static void answer_job(void *payload) {
  struct api_job *job = payload;
  if (job->error.code) {
    gateway_reply_error(job->gateway, job->exchange, &job->error);
  } else {
    struct http_headers headers = {0};
    gateway_common_headers(job->gateway, job->exchange, &headers);
    if (job->answer.n) http_headers_add(&headers, job->arena, STR("Content-Type"), job->type ? str_of(job->type) : STR("application/json"));
    if (job->packed) http_field_set(&headers, job->arena, FIELD_CONTENT_ENCODING, STR("gzip"));
    http_field_set(&headers, job->arena, FIELD_VARY,
                   arena_concat(job->arena, http_field_value(&headers, FIELD_VARY), STR(", Accept-Encoding, Accept-Language")));
    if (job->type) http_headers_add(&headers, job->arena, STR("Content-Security-Policy"), STR("sandbox"));
    if (job->etag > 0) http_headers_add(&headers, job->arena, STR("ETag"), arena_printf(job->arena, "\"%lld\"", (long long)job->etag));
    if (job->warnings.n) http_headers_add(&headers, job->arena, STR("Drawbridge-Warnings"), job->warnings);
    if (job->attachment)
      http_headers_add(&headers, job->arena, STR("Content-Disposition"),
                       arena_printf(job->arena, "attachment; filename=\"%s\"", job->attachment));
    http_exchange_reply(job->exchange, job->status ? job->status : 200, &headers, buf_str(&job->answer));
  }
  api_job_free(job);
}

static void start_job(struct api_job *job, struct work_pool *pool) {
  struct error busy = {0};
  if (work_submit(pool, run_job, answer_job, job)) return;
  (void)error_set(&busy, ERROR_busy, "too much is under way: try again soon");
  busy.retry_after = 5;
  gateway_reply_error(job->gateway, job->exchange, &busy);
  api_job_free(job);
}

/* NULL: none takes the method; *ret_allow tells those that the address takes, empty: it is not known. A HEAD is a GET without its body, but for what never ends. */
static const struct route *route_of(const struct http_request *request, struct str words[4], struct arena *arena, struct str *ret_allow) {
  for (size_t i = 0; i < sizeof routes / sizeof *routes; i++) {
    if (!url_path_matches(routes[i].pattern, request->path, words, 4)) continue;
    bool with_head = strcmp(routes[i].method, "GET") == 0 && !routes[i].goes_on;
    *ret_allow = reply_allow(*ret_allow, str_of(routes[i].method), with_head, arena);
    if (str_eq(request->method, str_of(routes[i].method)) || (with_head && str_eq(request->method, STR("HEAD")))) return &routes[i];
  }
  return NULL;
}

/* What waits for the session and then for the body; in the arena of the exchange, since neither may ever come. */
struct waiting {
  struct door *door;
  const struct route *route;
  struct str words[4];
  struct gateway_session *session;
};

/* RFC 7240 */
static bool wants_async(const struct http_headers *headers) {
  bool wants = false;
  for (struct str rest = http_field_value(headers, FIELD_PREFER); rest.p;) {
    struct str preference = str_take(&rest, ',');
    wants |= str_eq_nocase(str_trim(str_take(&preference, ';')), STR("respond-async"));
  }
  return wants;
}

static void drop_session(void *payload) {
  gateway_session_unref(payload);
}

static void on_body(void *payload, struct http_exchange *exchange, struct str body) {
  struct waiting *waiting = payload;
  const struct http_request *request = http_exchange_request(exchange);
  struct str match = http_headers_value(&request->headers, STR("If-Match"));
  if (match.n >= 2 && match.p[0] == '"' && match.p[match.n - 1] == '"') match = str_slice(match, 1, match.n - 1);
  struct api_job *job = mem_alloc(sizeof *job);
  *job = (struct api_job){
      .api = waiting->door->api,
      .gateway = waiting->door->gateway,
      .config = config_ref(gateway_config(waiting->door->gateway)),
      .session = gateway_session_ref(waiting->session),
      .exchange = exchange,
      .arena = http_exchange_arena(exchange),
      .method = request->method,
      .path = request->path,
      .query = request->query,
      .if_match = match,
      .respond_async = wants_async(&request->headers),
      .language = accept_language(http_field_value(&request->headers, FIELD_ACCEPT_LANGUAGE)),
      .idempotency_key = http_headers_value(&request->headers, STR("Idempotency-Key")),
      .body = body,
      .packs = static_file_accepts(&request->headers, STR("gzip")),
      .run = waiting->route->run,
      .answer = BUF_INIT(ANSWER_MAX),
  };
  memcpy(job->words, waiting->words, sizeof job->words);
  http_exchange_hold(exchange);
  if (waiting->route->goes_on)
    events_begin(waiting->door->events, job);
  else
    start_job(job, waiting->door->pool);
}

static void on_session(void *payload, struct http_exchange *exchange, struct gateway_session *session) {
  struct waiting *waiting = payload;
  waiting->session = gateway_session_ref(session);
  arena_on_free(http_exchange_arena(exchange), drop_session, waiting->session);
  http_exchange_read(exchange, waiting->route->body_max, on_body, waiting);
}

static bool handle(void *payload, struct gateway *gateway, struct http_exchange *exchange) {
  struct door *door = payload;
  const struct http_request *request = http_exchange_request(exchange);
  struct waiting *waiting = ARENA_NEW(http_exchange_arena(exchange), struct waiting);
  struct str allow = STR_NONE;
  waiting->door = door;
  waiting->route = route_of(request, waiting->words, http_exchange_arena(exchange), &allow);
  if (waiting->route) {
    gateway_with_session(gateway, exchange, on_session, waiting);
  } else if (allow.n) {
    gateway_refuse_method(gateway, exchange, allow);
  }
  return allow.n || assets_serve(exchange, gateway_config(gateway)->https);
}

static void add_door(struct api *api, struct gateway *gateway, struct work_pool *pool) {
  struct door *door = mem_alloc(sizeof *door);
  *door = (struct door){api->doors, api, gateway, pool, events_here_new(api->events, gateway, pool)};
  api->doors = door;
  gateway_route(gateway, handle, door);
}

struct api *api_new(struct gateway *gateway, struct error *error) {
  struct store *store = store_open(gateway_config(gateway)->store, error);
  if (!store) return NULL;
  struct api *api = mem_alloc(sizeof *api);
  api->store = store;
  api->shared = store_is_shared(gateway_config(gateway)->store);
  if (uv_mutex_init(&api->store_lock)) abort();
  api->runner = runner_new((struct runner_hands[RUNNER_CREWS]){[RUNNER_TRANSFERS] = {api_run_work, TRANSFERS, TRANSFERS_WAITING},
                                                               [RUNNER_WAITERS] = {api_run_work, WAITERS, TRANSFERS_WAITING},
                                                               [RUNNER_MAKINGS] = {api_making_work, MAKINGS, MAKINGS_WAITING}},
                           api);
  api->events = events_new(api->shared);
  add_door(api, gateway, work_new(gateway_loop(gateway), THREADS, QUEUE));
  api->keeper = keeper_new(api, gateway);
  return api;
}

void api_beside(struct api *api, struct gateway *gateway) {
  add_door(api, gateway, work_beside(api->doors->pool, gateway_loop(gateway)));
}

void api_stop(struct api *api) {
  events_stop(api->events);
  keeper_stop(api->keeper);
  runner_stop(api->runner);
}

void api_free(struct api *api) {
  if (!api) return;
  keeper_free(api->keeper);
  runner_free(api->runner);
  while (api->doors) {
    struct door *door = api->doors;
    api->doors = door->next;
    work_free(door->pool);
    events_here_free(door->events);
    free(door);
  }
  events_free(api->events);
  store_close(api->store);
  uv_mutex_destroy(&api->store_lock);
  free(api);
}

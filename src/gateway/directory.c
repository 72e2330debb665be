#include "gateway/directory.h"

#include "base/clock.h"
#include "base/mem.h"
#include "gateway/audit.h"
#include "gateway/configured.h"
#include "gateway/failure.h"
#include <stdatomic.h>
#include <uv.h>

enum { GOOD_MS = 5 * 60 * 1000, FAILED_MS = 10 * 1000, DIAGNOSIS_MS = 10 * 1000, CALL_TIMEOUT_MS = 30 * 1000 };

struct answer {
  struct directory_answer answer; /* first: a struct directory_answer * is the answer */
  atomic_uint references;
  struct arena *arena;
  struct dhis2_probe probe;
  bool lacks_oauth; /* of type http: the configuration names a client, and its authorization server cannot be had */
  int64_t at_ms;
  bool doubted;
};

struct directory_server {
  const struct config_server *about;
  struct source_place place;
  struct oauth_keys *keys;
  struct dpop_nonces *nonces;
  uv_mutex_t lock; /* of what follows */
  uv_cond_t probed;
  bool probing;
  struct answer *last;
  uv_mutex_t examining; /* of what follows */
  struct arena *diagnosis_arena;
  struct str diagnosis;
  int64_t diagnosed_ms;
};

struct directory {
  atomic_uint references;
  struct arena *arena;
  struct config *config;
  struct directory_server *servers;
};

struct directory *directory_new(struct config *config) {
  struct directory *directory = mem_alloc(sizeof *directory);
  atomic_init(&directory->references, 1);
  directory->arena = arena_new();
  directory->config = config_ref(config);
  directory->servers = mem_alloc_array(config->server_count + 1, sizeof *directory->servers);
  for (size_t i = 0; i < config->server_count; i++) {
    const struct config_server *about = &config->servers[i];
    struct directory_server *server = &directory->servers[i];
    server->about = about;
    server->place = configured_place(about, directory->arena);
    server->place.options.timeout_ms = CALL_TIMEOUT_MS;
    server->keys = oauth_keys_new();
    server->nonces = dpop_nonces_new();
    server->diagnosis_arena = arena_new();
    if (uv_mutex_init(&server->lock) || uv_mutex_init(&server->examining) || uv_cond_init(&server->probed)) abort();
  }
  return directory;
}

struct directory *directory_ref(struct directory *directory) {
  atomic_fetch_add_explicit(&directory->references, 1, memory_order_relaxed);
  return directory;
}

void directory_unref(struct directory *directory) {
  if (!directory || atomic_fetch_sub_explicit(&directory->references, 1, memory_order_acq_rel) > 1) return;
  for (size_t i = 0; i < directory->config->server_count; i++) {
    struct directory_server *server = &directory->servers[i];
    if (server->last) directory_answer_unref(&server->last->answer);
    arena_free(server->diagnosis_arena);
    oauth_keys_free(server->keys);
    dpop_nonces_free(server->nonces);
    uv_mutex_destroy(&server->lock);
    uv_mutex_destroy(&server->examining);
    uv_cond_destroy(&server->probed);
  }
  free(directory->servers);
  config_unref(directory->config);
  arena_free(directory->arena);
  free(directory);
}

struct config *directory_config(const struct directory *directory) {
  return directory->config;
}

struct directory_server *directory_find(struct directory *directory, struct str id) {
  for (size_t i = 0; i < directory->config->server_count; i++)
    if (str_eq(directory->servers[i].about->id, id)) return &directory->servers[i];
  return NULL;
}

const struct config_server *directory_about(const struct directory_server *server) {
  return server->about;
}

const struct source_place *directory_place(const struct directory_server *server) {
  return &server->place;
}

struct dpop_nonces *directory_nonces(const struct directory_server *server) {
  return server->nonces;
}

struct http_source directory_http(const struct directory_server *server) {
  const struct config_server *about = server->about;
  return (struct http_source){.place = &server->place,
                              .check = about->check,
                              .key_header = about->api_key.header,
                              .has_client = about->oauth.client_id.n,
                              .issuer = about->oauth.issuer,
                              .origins = about->oauth.origins.p,
                              .origin_count = about->oauth.origins.n};
}

struct oauth_party directory_party(struct directory *directory, const struct directory_server *server,
                                   const struct oauth_provider *provider, struct arena *arena) {
  return (struct oauth_party){.server = server->about->id,
                              .options = server->place.options,
                              .provider = provider,
                              .client = configured_client(directory->config, server->about, arena),
                              .keys = server->keys,
                              .nonces = server->nonces};
}

static struct answer *answer_ref(struct answer *answer) {
  atomic_fetch_add_explicit(&answer->references, 1, memory_order_relaxed);
  return answer;
}

void directory_answer_unref(const struct directory_answer *given) {
  struct answer *answer = (struct answer *)(uintptr_t)given;
  if (!answer || atomic_fetch_sub_explicit(&answer->references, 1, memory_order_acq_rel) > 1) return;
  arena_free(answer->arena);
  free(answer);
}

static bool is_fresh(const struct answer *answer) {
  return answer && !answer->doubted &&
         clock_monotonic_ms() - answer->at_ms < (answer->answer.error.code || answer->lacks_oauth ? FAILED_MS : GOOD_MS);
}

static struct answer *ask(const struct directory_server *server) {
  struct answer *answer = mem_alloc(sizeof *answer);
  atomic_init(&answer->references, 1);
  answer->arena = arena_new();
  bool http = server->about->type == CONFIG_HTTP;
  struct http_source source = directory_http(server);
  answer->answer.dhis2 = http ? NULL : &answer->probe;
  answer->answer.source = &answer->probe.source;
  if (http ? http_source_probe(&source, answer->arena, &answer->probe.source, &answer->answer.error)
           : dhis2_probe(&server->place, answer->arena, &answer->probe, &answer->answer.error))
    (void)error_name_server(&answer->answer.error, server->about->id);
  if (answer->answer.error.code == ERROR_address_refused) audit_server(AUDIT_address_refused, server->about->id, &answer->answer.error);
  answer->lacks_oauth = http && source.has_client && answer->probe.source.kinds[SIGN_IN_OAUTH].state == SIGN_IN_OFF;
  answer->at_ms = clock_monotonic_ms();
  return answer;
}

const struct directory_answer *directory_probe(struct directory_server *server) {
  uv_mutex_lock(&server->lock);
  while (server->probing) uv_cond_wait(&server->probed, &server->lock);
  if (!is_fresh(server->last)) {
    server->probing = true;
    uv_mutex_unlock(&server->lock);
    struct answer *answer = ask(server);
    uv_mutex_lock(&server->lock);
    if (server->last) directory_answer_unref(&server->last->answer);
    server->last = answer;
    server->probing = false;
    uv_cond_broadcast(&server->probed);
  }
  struct answer *answer = answer_ref(server->last);
  uv_mutex_unlock(&server->lock);
  return &answer->answer;
}

void directory_doubt(struct directory_server *server) {
  uv_mutex_lock(&server->lock);
  if (server->last && clock_monotonic_ms() - server->last->at_ms >= FAILED_MS) server->last->doubted = true;
  uv_mutex_unlock(&server->lock);
}

const struct directory_answer *directory_last(struct directory_server *server, bool *ret_fresh) {
  uv_mutex_lock(&server->lock);
  struct answer *answer = server->last ? answer_ref(server->last) : NULL;
  *ret_fresh = is_fresh(server->last);
  uv_mutex_unlock(&server->lock);
  return answer ? &answer->answer : NULL;
}

int directory_offers(const struct directory_server *server, enum sign_in_kind kind, const struct directory_answer *answer,
                     struct error *error) {
  bool oauth = kind == SIGN_IN_OAUTH || kind == SIGN_IN_LEGACY_OAUTH;
  if (!(server->about->sign_in & 1 << kind))
    return failure_at(error, ERROR_kind_not_offered, server->about->id, "sign-in by %s is not offered for %.*s: choose another kind",
                      sign_in_kind_name(kind), STR_ARG(server->about->name));
  if (oauth && !server->about->oauth.client_id.n)
    return failure_at(error, ERROR_kind_not_offered, server->about->id,
                      "drawbridge is not registered at %.*s: an 'oauth' block is missing in its configuration",
                      STR_ARG(server->about->name));
  if (!answer || answer->error.code || answer->source->kinds[kind].state != SIGN_IN_OFF) return 0;
  struct str why = answer->source->kinds[kind].why;
  enum error_code failed = answer->source->kinds[kind].failed;
  return failure_at(error, failed ? failed : ERROR_kind_not_offered, server->about->id, "%.*s",
                    STR_ARG(why.n ? why : STR("the server does not offer this kind of sign-in: choose another one")));
}

static void examine(struct directory *directory, struct directory_server *server) {
  struct dhis2_diagnosis diagnosis;
  arena_free(server->diagnosis_arena);
  server->diagnosis_arena = arena_new();
  struct dhis2_question question = configured_question(directory->config, server->about, &server->place, server->diagnosis_arena);
  dhis2_doctor(&question, server->diagnosis_arena, &diagnosis);
  server->diagnosis = dhis2_diagnosis_json(server->diagnosis_arena, &diagnosis);
  server->diagnosed_ms = clock_monotonic_ms();
}

int directory_diagnosis(struct directory *directory, struct directory_server *server, struct arena *arena, struct str *ret,
                        struct error *error) {
  if (uv_mutex_trylock(&server->examining)) {
    (void)failure_at(error, ERROR_busy, server->about->id, "%.*s is being examined: ask again in a few seconds",
                     STR_ARG(server->about->name));
    error->retry_after = 3;
    return -1;
  }
  if (!server->diagnosis.n || clock_monotonic_ms() - server->diagnosed_ms >= DIAGNOSIS_MS) examine(directory, server);
  *ret = arena_str(arena, server->diagnosis);
  uv_mutex_unlock(&server->examining);
  return 0;
}

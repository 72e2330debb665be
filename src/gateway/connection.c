#include "gateway/connection.h"

#include "base/clock.h"
#include "base/mem.h"
#include "gateway/packed.h"
#include <uv.h>

enum { TEXT_MAX = 4096 };

struct connection {
  atomic_uint references;
  struct arena *arena; /* of the texts */
  struct connection_about about;
  uv_mutex_t lock; /* of what follows */
  struct source_credential credential;
  struct secret *refresh_token, *cookies, *vault;
  struct secret *proof_key; /* fixed */
  int64_t expires_ms, refresh_ends_ms;
  uint64_t turn;
  struct oauth_tokens unsaved;
  uv_cond_t renewed;
  bool renewing;
  struct error *renewal_error;   /* of the last one; NULL: it went well */
  int64_t renewed_ms, failed_ms; /* connection_history */
  struct error *failure;         /* NULL: none yet */
  struct cookie_jar *jar;        /* made at its first use, then fixed */
  _Atomic int state;
  _Atomic int64_t generation;
  atomic_bool ended;
};

static const struct {
  enum connection_state state;
  const char *name;
} states[] = {{CONNECTION_OK, "ok"},
              {CONNECTION_REAUTH_REQUIRED, "reauth_required"},
              {CONNECTION_UNREACHABLE, "unreachable"},
              {CONNECTION_FORBIDDEN, "forbidden"},
              {CONNECTION_CLOCK_SKEW, "clock_skew"}};

const char *connection_state_name(enum connection_state state) {
  return states[state].name;
}

enum connection_state connection_state_of(struct str name) {
  for (size_t i = 0; i < sizeof states / sizeof *states; i++)
    if (str_eq(name, str_of(states[i].name))) return states[i].state;
  return CONNECTION_REAUTH_REQUIRED;
}

static struct connection *make(void) {
  struct connection *connection = mem_alloc(sizeof *connection);
  atomic_init(&connection->references, 1);
  connection->arena = arena_new_small();
  if (uv_mutex_init(&connection->lock) || uv_cond_init(&connection->renewed)) abort();
  return connection;
}

/* A text of a server is cut where it is beyond all reason. */
static struct str keep(struct connection *connection, struct str text) {
  return arena_str(connection->arena, str_slice(text, 0, TEXT_MAX));
}

struct connection *connection_of_sign_in(struct str server, struct str url, const struct signed_in *signed_in, int64_t now_ms) {
  struct connection *c = make();
  c->about = (struct connection_about){.server = keep(c, server),
                                       .url = arena_str(c->arena, url),
                                       .kind = (enum config_kind)(1 << signed_in->kind),
                                       .user_id = keep(c, signed_in->user.id),
                                       .username = keep(c, signed_in->user.username),
                                       .name = keep(c, signed_in->user.name),
                                       .version = keep(c, signed_in->version_text),
                                       .subject = keep(c, signed_in->subject),
                                       .minted = keep(c, signed_in->minted),
                                       .sid = keep(c, signed_in->sid),
                                       .since_ms = now_ms};
  c->credential = (struct source_credential){signed_in->credential.kind, secret_ref(signed_in->credential.value)};
  c->refresh_token = secret_ref(signed_in->refresh_token);
  c->cookies = secret_ref(signed_in->cookies);
  c->proof_key = secret_ref(signed_in->proof_key);
  c->expires_ms = signed_in->expires_ms;
  c->refresh_ends_ms = signed_in->refresh_ends_ms;
  return c;
}

struct connection *connection_lost(struct str server, enum config_kind kind, int64_t since_ms) {
  struct connection *c = make();
  c->about = (struct connection_about){.server = keep(c, server), .kind = kind, .since_ms = since_ms};
  c->state = CONNECTION_REAUTH_REQUIRED;
  return c;
}

struct connection *connection_ref(struct connection *connection) {
  atomic_fetch_add_explicit(&connection->references, 1, memory_order_relaxed);
  return connection;
}

void connection_unref(struct connection *connection) {
  if (!connection || atomic_fetch_sub_explicit(&connection->references, 1, memory_order_acq_rel) > 1) return;
  secret_free(connection->credential.value);
  secret_free(connection->refresh_token);
  secret_free(connection->proof_key);
  secret_free(connection->cookies);
  secret_free(connection->vault);
  secret_free(connection->unsaved.access_token);
  secret_free(connection->unsaved.refresh_token);
  cookie_jar_free(connection->jar);
  uv_cond_destroy(&connection->renewed);
  uv_mutex_destroy(&connection->lock);
  arena_free(connection->arena);
  free(connection->renewal_error);
  free(connection->failure);
  free(connection);
}

const struct connection_about *connection_about(const struct connection *connection) {
  return &connection->about;
}

bool connection_is_at(const struct connection *connection, struct str url) {
  return str_eq(connection->about.url, url);
}

/* The blob. Tags are what is stored: never used again for something else. */

enum {
  TAG_SERVER = 1,
  TAG_KIND,
  TAG_USER_ID,
  TAG_USERNAME,
  TAG_NAME,
  TAG_VERSION,
  TAG_SUBJECT,
  TAG_SINCE,
  TAG_CREDENTIAL_KIND,
  TAG_CREDENTIAL,
  TAG_REFRESH_TOKEN,
  TAG_COOKIES,
  TAG_EXPIRES,
  TAG_URL,
  TAG_MINTED,
  TAG_VAULT,
  TAG_SID,
  TAG_PROOF_KEY,
  TAG_REFRESH_ENDS,
  TAG_COUNT = TAG_REFRESH_ENDS,
};

static struct str text_or_empty(struct str text) {
  return text.p ? text : STR("");
}

struct secret *connection_pack(struct connection *connection) {
  const struct connection_about *about = &connection->about;
  char since[8], expires[8], refresh_ends[8];
  uv_mutex_lock(&connection->lock);
  char credential_kind = (char)connection->credential.kind;
  const struct packed_field fields[] = {
      {TAG_SERVER, text_or_empty(about->server)},
      {TAG_KIND, str_of(config_kind_name(about->kind))},
      {TAG_USER_ID, text_or_empty(about->user_id)},
      {TAG_USERNAME, text_or_empty(about->username)},
      {TAG_NAME, text_or_empty(about->name)},
      {TAG_VERSION, text_or_empty(about->version)},
      {TAG_SUBJECT, text_or_empty(about->subject)},
      {TAG_SINCE, packed_number(about->since_ms, since)},
      {TAG_CREDENTIAL_KIND, {&credential_kind, 1}},
      {TAG_CREDENTIAL, secret_reveal(connection->credential.value)},
      {TAG_REFRESH_TOKEN, secret_reveal(connection->refresh_token)},
      {TAG_COOKIES, secret_reveal(connection->cookies)},
      {TAG_EXPIRES, packed_number(connection->expires_ms, expires)},
      {TAG_URL, text_or_empty(about->url)},
      {TAG_MINTED, text_or_empty(about->minted)},
      {TAG_VAULT, secret_reveal(connection->vault)},
      {TAG_SID, text_or_empty(about->sid)},
      {TAG_PROOF_KEY, secret_reveal(connection->proof_key)},
      {TAG_REFRESH_ENDS, packed_number(connection->refresh_ends_ms, refresh_ends)},
  };
  struct secret *packed = packed_close(fields, sizeof fields / sizeof *fields);
  uv_mutex_unlock(&connection->lock);
  return packed;
}

static struct secret *secret_or_none(struct str bytes) {
  return bytes.p ? secret_new(bytes) : NULL;
}

struct connection *connection_unpack(struct str packed) {
  struct packed_field f[TAG_COUNT];
  enum config_kind kind;
  int64_t since, expires;
  for (size_t i = 0; i < TAG_COUNT; i++) f[i].tag = (unsigned char)(i + 1);
#define FIELD(tag) (f[(tag)-1].bytes)
  if (!packed_open(packed, f, TAG_COUNT) || !config_kind_of(FIELD(TAG_KIND), &kind) || !packed_get_number(FIELD(TAG_SINCE), &since))
    return NULL;
  if (!packed_get_number(FIELD(TAG_EXPIRES), &expires) || FIELD(TAG_CREDENTIAL_KIND).n != 1 ||
      (unsigned char)FIELD(TAG_CREDENTIAL_KIND).p[0] >= CREDENTIAL_KINDS)
    return NULL;
  struct connection *c = make();
  c->about = (struct connection_about){.server = keep(c, FIELD(TAG_SERVER)),
                                       .url = arena_str(c->arena, FIELD(TAG_URL)),
                                       .kind = kind,
                                       .user_id = keep(c, FIELD(TAG_USER_ID)),
                                       .username = keep(c, FIELD(TAG_USERNAME)),
                                       .name = keep(c, FIELD(TAG_NAME)),
                                       .version = keep(c, FIELD(TAG_VERSION)),
                                       .subject = keep(c, FIELD(TAG_SUBJECT)),
                                       .minted = keep(c, FIELD(TAG_MINTED)),
                                       .sid = keep(c, FIELD(TAG_SID)),
                                       .since_ms = since};
  c->credential =
      (struct source_credential){(enum source_credential_kind)FIELD(TAG_CREDENTIAL_KIND).p[0], secret_or_none(FIELD(TAG_CREDENTIAL))};
  c->refresh_token = secret_or_none(FIELD(TAG_REFRESH_TOKEN));
  c->cookies = secret_or_none(FIELD(TAG_COOKIES));
  c->vault = secret_or_none(FIELD(TAG_VAULT));
  c->proof_key = secret_or_none(FIELD(TAG_PROOF_KEY));
  c->expires_ms = expires;
  (void)packed_get_number(FIELD(TAG_REFRESH_ENDS), &c->refresh_ends_ms);
#undef FIELD
  return c;
}

/* What changes. */

struct connection_credential connection_credential(struct connection *connection) {
  uv_mutex_lock(&connection->lock);
  struct connection_credential now = {.credential = {connection->credential.kind, secret_ref(connection->credential.value)},
                                      .expires_ms = connection->expires_ms,
                                      .renewable = connection->refresh_token,
                                      .refresh_ends_ms = connection->refresh_ends_ms,
                                      .turn = connection->turn};
  uv_mutex_unlock(&connection->lock);
  return now;
}

const struct secret *connection_proof_key(const struct connection *connection) {
  return connection->proof_key;
}

static struct secret *ref_under_lock(struct connection *connection, struct secret *const *which) {
  uv_mutex_lock(&connection->lock);
  struct secret *secret = secret_ref(*which);
  uv_mutex_unlock(&connection->lock);
  return secret;
}

struct secret *connection_refresh_token(struct connection *connection) {
  return ref_under_lock(connection, &connection->refresh_token);
}

struct secret *connection_cookies(struct connection *connection) {
  return ref_under_lock(connection, &connection->cookies);
}

struct secret *connection_vault(struct connection *connection) {
  return ref_under_lock(connection, &connection->vault);
}

static void put(struct secret **where, struct secret *what) {
  secret_free(*where);
  *where = what;
}

void connection_set_vault(struct connection *connection, struct secret *vault) {
  uv_mutex_lock(&connection->lock);
  put(&connection->vault, secret_ref(vault));
  uv_mutex_unlock(&connection->lock);
}

void connection_renewed(struct connection *connection, const struct oauth_tokens *tokens) {
  uv_mutex_lock(&connection->lock);
  put(&connection->credential.value, secret_ref(tokens->access_token));
  if (tokens->refresh_token) put(&connection->refresh_token, secret_ref(tokens->refresh_token));
  connection->expires_ms = tokens->expires_ms;
  connection->refresh_ends_ms = tokens->refresh_ends_ms;
  connection->turn++;
  connection->renewed_ms = clock_now_ms();
  uv_mutex_unlock(&connection->lock);
  connection->state = CONNECTION_OK;
}

bool connection_begin_renewal(struct connection *connection, uint64_t seen_turn, struct error *error) {
  bool waited = false, mine = false;
  uv_mutex_lock(&connection->lock);
  for (; connection->renewing; waited = true) uv_cond_wait(&connection->renewed, &connection->lock);
  if (connection->turn == seen_turn) {
    if (waited) error_clear(error);
    if (waited && connection->renewal_error) *error = *connection->renewal_error;
    mine = connection->renewing = !waited || !connection->renewal_error;
  }
  uv_mutex_unlock(&connection->lock);
  return mine;
}

/* Under the lock. */
static void note(struct connection *connection, const struct error *error) {
  if (!connection->failure) connection->failure = mem_alloc(sizeof *error);
  *connection->failure = *error;
  connection->failed_ms = clock_now_ms();
}

void connection_note_failure(struct connection *connection, const struct error *error) {
  uv_mutex_lock(&connection->lock);
  note(connection, error);
  uv_mutex_unlock(&connection->lock);
}

struct connection_history connection_history(struct connection *connection) {
  struct connection_history history = {0};
  uv_mutex_lock(&connection->lock);
  history.renewed_ms = connection->renewed_ms;
  history.failed_ms = connection->failed_ms;
  if (connection->failure) history.failure = *connection->failure;
  uv_mutex_unlock(&connection->lock);
  return history;
}

void connection_end_renewal(struct connection *connection, const struct error *error) {
  uv_mutex_lock(&connection->lock);
  connection->renewing = false;
  free(connection->renewal_error);
  connection->renewal_error = NULL;
  if (error && error->code) {
    connection->renewal_error = mem_alloc(sizeof *error);
    *connection->renewal_error = *error;
    note(connection, error);
  }
  uv_cond_broadcast(&connection->renewed);
  uv_mutex_unlock(&connection->lock);
}

void connection_keep_unsaved(struct connection *connection, const struct oauth_tokens *tokens) {
  uv_mutex_lock(&connection->lock);
  put(&connection->unsaved.access_token, secret_ref(tokens->access_token));
  put(&connection->unsaved.refresh_token, secret_ref(tokens->refresh_token));
  connection->unsaved.expires_ms = tokens->expires_ms;
  connection->unsaved.refresh_ends_ms = tokens->refresh_ends_ms;
  uv_mutex_unlock(&connection->lock);
}

bool connection_take_unsaved(struct connection *connection, struct oauth_tokens *ret) {
  uv_mutex_lock(&connection->lock);
  *ret = connection->unsaved;
  connection->unsaved = (struct oauth_tokens){0};
  uv_mutex_unlock(&connection->lock);
  return ret->access_token;
}

struct oauth_tokens connection_tokens(struct connection *connection) {
  struct connection_credential now = connection_credential(connection);
  return (struct oauth_tokens){now.credential.value, connection_refresh_token(connection), now.expires_ms, now.refresh_ends_ms};
}

void connection_adopt(struct connection *connection, struct connection *fresh) {
  struct oauth_tokens tokens = connection_tokens(fresh);
  enum connection_state state = connection_state(fresh);
  connection_renewed(connection, &tokens);
  connection->state = state;
  connection_set_generation(connection, connection_generation(fresh));
  secret_free(tokens.access_token);
  secret_free(tokens.refresh_token);
}

struct cookie_jar *connection_jar(struct connection *connection) {
  uv_mutex_lock(&connection->lock);
  if (!connection->jar && (!connection->cookies || !cookie_jar_load(secret_reveal(connection->cookies), &connection->jar)))
    connection->jar = cookie_jar_new();
  struct cookie_jar *jar = connection->jar;
  uv_mutex_unlock(&connection->lock);
  return jar;
}

void connection_save_jar(struct connection *connection) {
  uv_mutex_lock(&connection->lock);
  if (connection->jar) {
    cookie_jar_lock(connection->jar);
    put(&connection->cookies, cookie_jar_save(connection->jar));
    cookie_jar_unlock(connection->jar);
  }
  uv_mutex_unlock(&connection->lock);
}

enum connection_state connection_state(const struct connection *connection) {
  return (enum connection_state)connection->state;
}

bool connection_set_state(struct connection *connection, enum connection_state state) {
  int before = connection->state;
  while (before != (int)state && before != CONNECTION_REAUTH_REQUIRED)
    if (atomic_compare_exchange_weak(&connection->state, &before, (int)state)) return true;
  return false;
}

int64_t connection_generation(const struct connection *connection) {
  return connection->generation;
}

void connection_set_generation(struct connection *connection, int64_t generation) {
  connection->generation = generation;
}

void connection_end(struct connection *connection) {
  connection->ended = true;
}

bool connection_ended(const struct connection *connection) {
  return connection->ended;
}

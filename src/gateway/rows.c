#include "gateway/rows.h"

#include "base/json_out.h"
#include "base/mem.h"
#include "gateway/packed.h"
#include "gateway/site.h"
#include "http/base64.h"

enum { JSON_MAX = 64 * 1024, CONNECTIONS_MAX = 1000 };

static struct str id_of(const struct gateway_session *session) {
  return (struct str){(const char *)session_id(session), HASH_SIZE};
}

/* The session itself. */

enum { TAG_OWNER = 1, TAG_APP, TAG_MODE, TAG_CREATED, TAG_EXPIRES, TAG_IDLE, TAG_KEY, SESSION_TAGS = TAG_KEY };
#define FIELD(tag) (f[(tag)-1].bytes)

static struct str seal_session(const struct rows *rows, const struct gateway_session *session, struct arena *arena) {
  const struct session_terms *terms = session_terms(session);
  char created[8], expires[8], idle[8], mode = (char)terms->mode;
  const struct packed_field f[] = {
      {TAG_OWNER, terms->owner},
      {TAG_APP, terms->app.p ? terms->app : STR("")},
      {TAG_MODE, {&mode, 1}},
      {TAG_CREATED, packed_number(terms->created_ms, created)},
      {TAG_EXPIRES, packed_number(terms->expires_ms, expires)},
      {TAG_IDLE, packed_number(terms->idle_ms, idle)},
      {TAG_KEY, terms->key.p ? terms->key : STR("")},
  };
  struct secret *packed = packed_close(f, sizeof f / sizeof *f);
  struct str fields[] = {STR("session"), id_of(session)};
  struct str sealed = seal_close(arena, (struct seal_place){rows->ring, session_holder(session), fields, 2}, secret_reveal(packed));
  secret_free(packed);
  return arena_printf(arena, "{\"sealed\":\"%.*s\"}", STR_ARG(base64url_encode(arena, sealed)));
}

static bool sealed_of(struct str data, struct arena *arena, struct str *ret) {
  static const struct str before = STR("{\"sealed\":\""), after = STR("\"}");
  if (!str_starts(data, before) || !str_ends(data, after) || data.n < before.n + after.n) return false;
  return base64url_decode(arena, str_slice(data, before.n, data.n - after.n), ret);
}

static bool open_terms(const struct rows *rows, const struct browser_cookie *cookie, struct str data, struct arena *arena,
                       struct session_terms *ret) {
  struct str sealed, fields[] = {STR("session"), {(const char *)cookie->id, HASH_SIZE}};
  struct packed_field f[SESSION_TAGS];
  struct error error = {0};
  if (!sealed_of(data, arena, &sealed)) return false;
  struct secret *packed = seal_open((struct seal_place){rows->ring, cookie->holder, fields, 2}, sealed, &error);
  if (!packed) return false;
  for (size_t i = 0; i < SESSION_TAGS; i++) f[i].tag = (unsigned char)(i + 1);
  bool good = packed_open(secret_reveal(packed), f, SESSION_TAGS) && FIELD(TAG_OWNER).n == SESSION_OWNER_LETTERS &&
              FIELD(TAG_MODE).n == 1 && packed_get_number(FIELD(TAG_CREATED), &ret->created_ms) &&
              packed_get_number(FIELD(TAG_EXPIRES), &ret->expires_ms) && packed_get_number(FIELD(TAG_IDLE), &ret->idle_ms);
  if (good) {
    ret->owner = arena_str(arena, FIELD(TAG_OWNER));
    ret->app = arena_str(arena, FIELD(TAG_APP));
    ret->mode = (enum config_mode)FIELD(TAG_MODE).p[0];
    ret->key = arena_str(arena, FIELD(TAG_KEY)); /* rows of before there were such sessions have none */
  }
  secret_free(packed);
  return good;
}

static struct store_session session_row(const struct rows *rows, const struct gateway_session *session, struct arena *arena) {
  const struct session_terms *terms = session_terms(session);
  struct store_session row = {.created_ms = terms->created_ms,
                              .seen_ms = session_seen(session),
                              .idle_ms = terms->idle_ms,
                              .expires_ms = terms->expires_ms,
                              .app = terms->app,
                              .mode = str_of(site_mode_name(terms->mode)),
                              .data = seal_session(rows, session, arena)};
  memcpy(row.id, session_id(session), sizeof row.id);
  return row;
}

/* Connections. */

static struct str user_json(const struct connection_about *about, struct arena *arena) {
  struct buf buf = BUF_INIT(JSON_MAX);
  struct json_out out = JSON_OUT_INIT(&buf);
  json_out_object(&out);
  json_out_member_str(&out, "id", about->user_id);
  json_out_member_str(&out, "username", about->username);
  json_out_member_str(&out, "name", about->name);
  json_out_end(&out);
  struct str json = arena_str(arena, buf_str(&buf));
  buf_free(&buf);
  return json;
}

/* What finds the connections of one session at an authorization server; its id itself stays sealed. */
static struct str sid_mark(struct str server, struct str sid, struct arena *arena) {
  unsigned char hash[HASH_SIZE];
  if (!sid.n) return STR("");
  hash_sha256(arena_printf(arena, "sid %.*s %.*s", STR_ARG(server), STR_ARG(sid)), hash);
  return base64url_encode(arena, (struct str){(const char *)hash, sizeof hash});
}

int rows_end_person(const struct rows *rows, struct str server, struct str subject, struct str sid, size_t *ret_count,
                    struct error *error) {
  struct arena *arena = arena_new();
  int result = store_connection_end(rows->store, server, subject, sid_mark(server, sid, arena), ret_count, error);
  arena_free(arena);
  return result;
}

static struct seal_place connection_place(const struct rows *rows, const unsigned char *session, const struct secret *holder,
                                          struct str server, struct str fields[3]) {
  fields[0] = STR("connection");
  fields[1] = (struct str){(const char *)session, HASH_SIZE};
  fields[2] = server;
  return (struct seal_place){rows->ring, holder, fields, 3};
}

static int connection_row(const struct rows *rows, const struct gateway_session *session, struct connection *connection,
                          struct arena *arena, struct store_connection *ret, struct error *error) {
  const struct connection_about *about = connection_about(connection);
  enum connection_state state = connection_state(connection);
  int64_t generation = connection_generation(connection);
  struct connection_credential credential = connection_credential(connection);
  struct secret *packed = connection_pack(connection);
  struct str fields[3];
  *ret = (struct store_connection){.server = about->server,
                                   .kind = str_of(config_kind_name(about->kind)),
                                   .state = str_of(connection_state_name(state == CONNECTION_REAUTH_REQUIRED ? state : CONNECTION_OK)),
                                   .user = user_json(about, arena),
                                   .data = sid_mark(about->server, about->sid, arena),
                                   .generation = generation > 0 ? generation : 1,
                                   .since_ms = about->since_ms,
                                   .expires_ms = credential.expires_ms};
  memcpy(ret->session, session_id(session), sizeof ret->session);
  secret_free(credential.credential.value);
  if (!packed) return error_set(error, ERROR_too_large, "what the server gave at the sign-in is too large to be kept");
  ret->sealed =
      seal_close(arena, connection_place(rows, session_id(session), session_holder(session), about->server, fields), secret_reveal(packed));
  secret_free(packed);
  return 0;
}

/* Never fails: what cannot be read asks for a new sign-in. */
static struct connection *read_row(const struct rows *rows, const unsigned char *session, const struct secret *holder,
                                   const struct store_connection *row) {
  struct error error = {0};
  struct str fields[3];
  enum config_kind kind = CONFIG_PASSWORD;
  (void)config_kind_of(row->kind, &kind);
  struct secret *packed = seal_open(connection_place(rows, session, holder, row->server, fields), row->sealed, &error);
  struct connection *connection = packed ? connection_unpack(secret_reveal(packed)) : NULL;
  secret_free(packed);
  if (connection && !str_eq(connection_about(connection)->server, row->server)) {
    connection_unref(connection);
    connection = NULL;
  }
  if (!connection) connection = connection_lost(row->server, kind, row->since_ms);
  (void)connection_set_state(connection, connection_state_of(row->state));
  connection_set_generation(connection, row->generation);
  return connection;
}

static int load_connections(const struct rows *rows, struct gateway_session *session, struct arena *arena, struct error *error) {
  struct store_connection *list;
  size_t count;
  if (store_connection_list(rows->store, session_id(session), arena, &list, &count, error)) return -1;
  for (size_t i = 0; i < count; i++) {
    struct connection *connection = read_row(rows, session_id(session), session_holder(session), &list[i]);
    session_put_connection(session, connection);
    connection_unref(connection);
  }
  return 0;
}

static int load(const struct rows *rows, struct browser_cookie *cookie, struct arena *arena, struct gateway_session **ret,
                struct error *error) {
  struct store_session row;
  struct session_terms terms = {0};
  int found = store_session_get(rows->store, cookie->id, arena, &row, error);
  if (found <= 0 || !open_terms(rows, cookie, row.data, arena, &terms)) return found < 0 ? -1 : 0;
  struct gateway_session *session = session_new(cookie, &terms, NULL);
  session_set_seen(session, row.seen_ms);
  if (load_connections(rows, session, arena, error)) {
    gateway_session_unref(session);
    return -1;
  }
  *ret = session;
  if (row.expires_ms < terms.expires_ms) {
    *ret = session_freeze(session, row.expires_ms);
    gateway_session_unref(session);
  }
  return 1;
}

int rows_load(const struct rows *rows, struct browser_cookie *cookie, struct gateway_session **ret, struct error *error) {
  struct arena *arena = arena_new();
  int found = load(rows, cookie, arena, ret, error);
  arena_free(arena);
  return found;
}

/* Writing. */

static int all_rows(const struct rows *rows, struct gateway_session *session, struct arena *arena, struct store_connection **ret,
                    size_t *ret_count, struct error *error) {
  struct connection **list = ARENA_ARRAY(arena, CONNECTIONS_MAX, struct connection *);
  int failed = 0;
  *ret_count = session_connections(session, list, CONNECTIONS_MAX);
  *ret = ARENA_ARRAY(arena, *ret_count + 1, struct store_connection);
  for (size_t i = 0; i < *ret_count; i++) {
    if (!failed) failed = connection_row(rows, session, list[i], arena, &(*ret)[i], error);
    if (!connection_generation(list[i])) connection_set_generation(list[i], 1);
    connection_unref(list[i]); /* the session holds it */
  }
  return failed;
}

int rows_create(const struct rows *rows, struct gateway_session *session, struct error *error) {
  struct arena *arena = arena_new();
  struct store_session row = session_row(rows, session, arena);
  struct store_connection *list;
  size_t count;
  struct error ignored = {0};
  int failed = all_rows(rows, session, arena, &list, &count, error) || store_session_put(rows->store, &row, error) ? -1 : 0;
  for (size_t i = 0; i < count && !failed; i++) failed = store_connection_put(rows->store, &list[i], CONNECTIONS_MAX, error);
  if (failed) (void)store_session_delete(rows->store, row.id, &ignored);
  arena_free(arena);
  return failed;
}

int rows_rotate(const struct rows *rows, struct gateway_session *old, int64_t old_until_ms, struct gateway_session *fresh,
                struct error *error) {
  struct arena *arena = arena_new();
  struct store_session row = session_row(rows, fresh, arena);
  struct store_connection *list;
  size_t count;
  int failed = all_rows(rows, fresh, arena, &list, &count, error);
  if (!failed) failed = store_session_rotate(rows->store, session_id(old), old_until_ms, &row, list, count, error);
  arena_free(arena);
  return failed;
}

int rows_touch(const struct rows *rows, const struct gateway_session *session, struct error *error) {
  return store_session_touch(rows->store, session_id(session), session_seen(session), error);
}

static int reseal_connections(const struct rows *rows, struct gateway_session *session, struct arena *arena, struct error *error) {
  struct store_connection *list;
  size_t count;
  int failed = store_connection_list(rows->store, session_id(session), arena, &list, &count, error);
  for (size_t i = 0; i < count && !failed; i++) {
    if (seal_is_newest(rows->ring, list[i].sealed)) continue;
    struct connection *connection = session_connection(session, list[i].server);
    if (connection && connection_generation(connection) == list[i].generation)
      failed = rows_renew_connection(rows, session, connection, error);
    connection_unref(connection);
    if (failed && error->code == ERROR_changed_meanwhile) { /* whoever was first has the newest key, too */
      *error = (struct error){0};
      failed = 0;
    }
  }
  return failed;
}

int rows_reseal(const struct rows *rows, struct gateway_session *session, struct error *error) {
  struct arena *arena = arena_new();
  struct store_session row;
  struct str sealed;
  int found = store_session_get(rows->store, session_id(session), arena, &row, error), failed = found < 0 ? -1 : 0;
  if (found == 1 && sealed_of(row.data, arena, &sealed) && !seal_is_newest(rows->ring, sealed)) {
    failed = reseal_connections(rows, session, arena, error); /* the session last: it tells whether all is done */
    if (!failed) failed = store_session_data(rows->store, session_id(session), seal_session(rows, session, arena), error);
  }
  arena_free(arena);
  return failed;
}

int rows_delete(const struct rows *rows, const struct gateway_session *session, struct error *error) {
  return store_session_delete(rows->store, session_id(session), error);
}

int rows_put_connection(const struct rows *rows, struct gateway_session *session, struct connection *connection, struct error *error) {
  struct arena *arena = arena_new();
  struct store_connection row;
  int failed = connection_row(rows, session, connection, arena, &row, error);
  if (!failed) failed = store_connection_put(rows->store, &row, CONNECTIONS_MAX, error);
  int found = failed ? 0 : store_connection_get(rows->store, session_id(session), row.server, arena, &row, error);
  if (found == 1) connection_set_generation(connection, row.generation);
  arena_free(arena);
  return failed || found < 0 ? -1 : 0;
}

int rows_delete_connection(const struct rows *rows, const struct gateway_session *session, struct str server, struct error *error) {
  return store_connection_delete(rows->store, session_id(session), server, error);
}

int rows_set_state(const struct rows *rows, const struct gateway_session *session, const struct connection *connection,
                   struct error *error) {
  struct str state = str_of(connection_state_name(connection_state(connection)));
  return store_connection_state(rows->store, session_id(session), connection_about(connection)->server, connection_generation(connection),
                                state, error);
}

int rows_renew_connection(const struct rows *rows, const struct gateway_session *session, struct connection *connection,
                          struct error *error) {
  struct arena *arena = arena_new();
  struct store_connection row;
  int failed = connection_row(rows, session, connection, arena, &row, error);
  if (!failed) failed = store_connection_renew(rows->store, &row, error);
  if (!failed) connection_set_generation(connection, row.generation + 1);
  arena_free(arena);
  return failed;
}

int rows_read_connection(const struct rows *rows, const struct gateway_session *session, struct str server, struct connection **ret,
                         struct error *error) {
  struct arena *arena = arena_new();
  struct store_connection row;
  int found = store_connection_get(rows->store, session_id(session), server, arena, &row, error);
  if (found == 1) *ret = read_row(rows, session_id(session), session_holder(session), &row);
  arena_free(arena);
  return found;
}

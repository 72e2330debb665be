#include "gateway/vault.h"

#include "base/clock.h"
#include "base/json_out.h"
#include "base/mem.h"
#include "gateway/audit.h"
#include "gateway/packed.h"
#include "http/base64.h"

enum { ID_LETTERS = 22, ENTRIES_MAX = 256, ABOUT_MAX = 1024 };

static const struct str kind = {"vault", 5};

/* Where an entry is, as the connection keeps it. */
enum { TAG_ID = 1, TAG_SECRET, TAG_HOME, TAG_URL, TAG_USER, TAG_UNTIL, TAGS = TAG_UNTIL };
#define FIELD(tag) (f[(tag)-1].bytes)

struct entry {
  struct str id, secret;
  struct vault_person person;
  int64_t until_ms;
};

static struct secret *pack(const struct entry *entry) {
  char until[8];
  const struct packed_field f[] = {
      {TAG_ID, entry->id},          {TAG_SECRET, entry->secret},       {TAG_HOME, entry->person.home},
      {TAG_URL, entry->person.url}, {TAG_USER, entry->person.user_id}, {TAG_UNTIL, packed_number(entry->until_ms, until)}};
  return packed_close(f, sizeof f / sizeof *f);
}

/* Borrowed from `packed`. */
static bool unpack(const struct secret *packed, struct entry *ret) {
  struct packed_field f[TAGS];
  for (size_t i = 0; i < TAGS; i++) f[i].tag = (unsigned char)(i + 1);
  if (!packed || !packed_open(secret_reveal(packed), f, TAGS) || !packed_get_number(FIELD(TAG_UNTIL), &ret->until_ms)) return false;
  ret->id = FIELD(TAG_ID);
  ret->secret = FIELD(TAG_SECRET);
  ret->person = (struct vault_person){FIELD(TAG_HOME), FIELD(TAG_URL), FIELD(TAG_USER)};
  return ret->id.n && ret->secret.n && ret->person.home.n;
}

/* By whom entries are found: without the browser's secret it says nothing. */
static struct str owner_of(const struct secret *secret, const struct vault_person *person, struct arena *arena) {
  unsigned char hash[HASH_SIZE];
  const struct packed_field f[] = {
      {TAG_SECRET, secret_reveal(secret)}, {TAG_HOME, person->home}, {TAG_URL, person->url}, {TAG_USER, person->user_id}};
  struct secret *all = packed_close(f, sizeof f / sizeof *f);
  hash_sha256(secret_reveal(all), hash);
  secret_free(all);
  return base64url_encode(arena, (struct str){(const char *)hash, sizeof hash});
}

/* `fields`: room for six. */
static struct seal_place place_of(const struct rows *rows, const struct secret *holder, const struct entry *entry, struct str server,
                                  struct str fields[6]) {
  fields[0] = kind;
  fields[1] = entry->id;
  fields[2] = entry->person.home;
  fields[3] = entry->person.url;
  fields[4] = entry->person.user_id;
  fields[5] = server;
  return (struct seal_place){rows->ring, holder, fields, 6};
}

static struct str about_json(const struct connection *connection, struct arena *arena) {
  struct buf buf = BUF_INIT(ABOUT_MAX);
  struct json_out out = JSON_OUT_INIT(&buf);
  json_out_object(&out);
  json_out_member_str(&out, "kind", str_of(config_kind_name(connection_about(connection)->kind)));
  json_out_end(&out);
  struct str json = arena_str(arena, buf_str(&buf));
  buf_free(&buf);
  return json;
}

static int seal(const struct rows *rows, const struct entry *entry, struct connection *connection, struct arena *arena, struct str *ret,
                struct error *error) {
  struct str fields[6];
  struct secret *holder = secret_new(entry->secret), *packed = connection_pack(connection);
  int failed = packed ? 0 : error_set(error, ERROR_too_large, "what the server gave at the sign-in is too large to be kept");
  if (!failed) *ret = seal_close(arena, place_of(rows, holder, entry, connection_about(connection)->server, fields), secret_reveal(packed));
  secret_free(packed);
  secret_free(holder);
  return failed;
}

static struct connection *open_entry(const struct rows *rows, const struct entry *entry, struct str server, struct str sealed) {
  struct str fields[6];
  struct error ignored = {0};
  struct secret *holder = secret_new(entry->secret);
  struct secret *packed = seal_open(place_of(rows, holder, entry, server, fields), sealed, &ignored);
  struct connection *connection = packed ? connection_unpack(secret_reveal(packed)) : NULL;
  secret_free(packed);
  secret_free(holder);
  return connection;
}

/* --- who --- */

struct vault_person vault_person_of(const struct config *config, struct gateway_session *session, struct arena *arena) {
  struct vault_person person = {STR_NONE, STR_NONE, STR_NONE};
  struct gateway_session *usable = session ? session_usable(session) : NULL;
  for (size_t i = 0; usable && i < config->server_count && !person.home.p; i++) {
    const struct config_server *server = &config->servers[i];
    struct connection *connection = server->home ? session_connection(usable, server->id) : NULL;
    if (connection && connection_state(connection) != CONNECTION_REAUTH_REQUIRED && connection_is_at(connection, server->url))
      person = (struct vault_person){arena_str(arena, server->id), arena_str(arena, server->url),
                                     arena_str(arena, connection_about(connection)->user_id)};
    connection_unref(connection);
  }
  gateway_session_unref(usable);
  return person;
}

struct secret *vault_secret_of(struct gateway_session *session) {
  struct connection **list = mem_alloc_array(SESSION_CONNECTIONS_MAX, sizeof *list);
  size_t n = session_connections(session, list, SESSION_CONNECTIONS_MAX);
  struct secret *found = NULL;
  for (size_t i = 0; i < n; i++) {
    struct entry entry;
    struct secret *packed = connection_vault(list[i]);
    if (!found && unpack(packed, &entry)) found = secret_new(entry.secret);
    secret_free(packed);
    connection_unref(list[i]);
  }
  free(list);
  return found;
}

/* --- one entry --- */

int64_t vault_until(struct connection *connection) {
  struct entry entry;
  struct secret *packed = connection_vault(connection);
  int64_t until = unpack(packed, &entry) ? entry.until_ms : 0;
  secret_free(packed);
  return until;
}

struct str vault_lease(struct connection *connection, struct arena *arena) {
  struct entry entry;
  struct secret *packed = connection_vault(connection);
  struct str name = unpack(packed, &entry) ? arena_printf(arena, "renew:vault:%.*s", STR_ARG(entry.id)) : STR_NONE;
  secret_free(packed);
  return name;
}

int vault_remember(const struct rows *rows, const struct secret *secret, const struct vault_person *person, struct connection *connection,
                   int64_t now_ms, int64_t until_ms, struct error *error) {
  struct arena *arena = arena_new();
  struct entry entry = {random_id(arena, ID_LETTERS), secret_reveal(secret), *person, until_ms};
  struct secret *packed = pack(&entry);
  connection_set_vault(connection, packed);
  struct store_document before, document = {.kind = kind,
                                            .id = entry.id,
                                            .owner = owner_of(secret, person, arena),
                                            .key = connection_about(connection)->server,
                                            .about = about_json(connection, arena),
                                            .created_ms = now_ms,
                                            .updated_ms = now_ms,
                                            .expires_ms = until_ms};
  int failed = seal(rows, &entry, connection, arena, &document.sealed, error);
  int found = failed ? -1 : store_document_by_key(rows->store, kind, document.owner, document.key, arena, &before, error);
  if (found == 1 && store_document_delete(rows->store, kind, before.id, error)) found = -1;
  if (found < 0 || store_document_create(rows->store, &document, error)) failed = -1;
  if (failed) connection_set_vault(connection, NULL);
  secret_free(packed);
  arena_free(arena);
  return failed;
}

int vault_read(const struct rows *rows, struct connection *connection, struct connection **ret, int64_t *ret_version, struct error *error) {
  struct arena *arena = arena_new();
  struct entry entry;
  struct store_document document;
  struct secret *packed = connection_vault(connection);
  int found = unpack(packed, &entry) ? store_document_get(rows->store, kind, entry.id, arena, &document, error) : 0;
  if (found == 1) {
    *ret = open_entry(rows, &entry, connection_about(connection)->server, document.sealed);
    *ret_version = document.version;
    if (!*ret) found = 0; /* its key is gone */
  }
  secret_free(packed);
  arena_free(arena);
  return found;
}

int vault_save(const struct rows *rows, struct connection *connection, int64_t version, struct error *error) {
  struct arena *arena = arena_new();
  struct entry entry;
  struct secret *packed = connection_vault(connection);
  int failed = 0;
  if (unpack(packed, &entry)) {
    struct store_document document = {.kind = kind,
                                      .id = entry.id,
                                      .about = about_json(connection, arena),
                                      .version = version,
                                      .updated_ms = clock_now_ms(),
                                      .expires_ms = entry.until_ms};
    int64_t ignored;
    failed = seal(rows, &entry, connection, arena, &document.sealed, error);
    if (!failed) failed = store_document_update(rows->store, &document, &ignored, error);
  }
  secret_free(packed);
  arena_free(arena);
  return failed;
}

int vault_forget(const struct rows *rows, struct connection *connection, struct error *error) {
  struct entry entry;
  struct secret *packed = connection_vault(connection);
  int failed = unpack(packed, &entry) ? store_document_delete(rows->store, kind, entry.id, error) : 0;
  secret_free(packed);
  return failed;
}

/* --- all of a person --- */

static int list(const struct rows *rows, const struct secret *secret, const struct vault_person *person, struct arena *arena,
                struct store_document **ret, size_t *ret_count, struct error *error) {
  return store_document_list(rows->store, kind, owner_of(secret, person, arena), ENTRIES_MAX, arena, ret, ret_count, error);
}

int vault_forget_all(const struct rows *rows, const struct secret *secret, const struct vault_person *person, struct error *error) {
  struct arena *arena = arena_new();
  struct store_document *documents;
  size_t count = 0;
  int failed = list(rows, secret, person, arena, &documents, &count, error);
  for (size_t i = 0; i < count && !failed; i++) failed = store_document_delete(rows->store, kind, documents[i].id, error);
  arena_free(arena);
  return failed;
}

static bool has_place(const struct config *config, struct gateway_session *session, struct str server, size_t most) {
  struct connection *there = session_connection(session, server);
  bool room = !there && config_server(config, server) && session_connection_count(session) < most;
  connection_unref(there);
  return room;
}

/* 1: it is in the session. 0: it cannot be. Sealed anew where an older key did it. When it ends is what was sealed, not what the row says. */
static int restore_one(const struct rows *rows, const struct secret *secret, const struct vault_person *person, const struct config *config,
                       struct gateway_session *session, const struct store_document *listed, int64_t now_ms, struct arena *arena,
                       struct error *error) {
  struct store_document document;
  int found = store_document_get(rows->store, kind, listed->id, arena, &document, error);
  if (found <= 0) return found;
  struct entry entry = {.id = document.id, .secret = secret_reveal(secret), .person = *person};
  struct connection *connection = open_entry(rows, &entry, document.key, document.sealed);
  if (!connection || vault_until(connection) <= now_ms || !connection_is_at(connection, config_server(config, document.key)->url)) {
    connection_unref(connection);
    return 0;
  }
  if (!seal_is_newest(rows->ring, document.sealed) && vault_save(rows, connection, document.version, error)) found = -1;
  if (found == 1 && rows_put_connection(rows, session, connection, error)) found = -1;
  if (found == 1) {
    session_put_connection(session, connection);
    audit_connection(AUDIT_restored, session, connection_about(connection), NULL);
  }
  connection_unref(connection);
  return found;
}

int vault_restore(const struct rows *rows, const struct secret *secret, const struct vault_person *person, const struct config *config,
                  struct gateway_session *session, size_t most, int64_t now_ms, size_t *ret_count, struct error *error) {
  struct arena *arena = arena_new();
  struct store_document *documents;
  size_t count = 0;
  int failed = list(rows, secret, person, arena, &documents, &count, error);
  *ret_count = 0;
  for (size_t i = 0; i < count && !failed; i++) {
    if (!has_place(config, session, documents[i].key, most)) continue;
    int done = restore_one(rows, secret, person, config, session, &documents[i], now_ms, arena, error);
    if (done < 0) failed = -1;
    if (done > 0) ++*ret_count;
  }
  arena_free(arena);
  return failed;
}

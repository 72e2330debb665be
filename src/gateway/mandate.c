#include "gateway/mandate.h"

#include "base/clock.h"
#include "crypt/seal.h"
#include "dhis2/mint.h"
#include "gateway/gateway_internal.h"
#include "gateway/packed.h"

enum { TAG_UNTIL = 1, TAG_FIRST, FIELDS = 1 + MANDATE_SERVERS_MAX, REVOKE_TIMEOUT_MS = 10000 };

struct mandate {
  int64_t until_ms;
  struct connection *at[MANDATE_SERVERS_MAX]; /* own references */
  size_t count;
};

static void clear(struct mandate *mandate) {
  for (size_t i = 0; i < mandate->count; i++) connection_unref(mandate->at[i]);
  *mandate = (struct mandate){0};
}

/* --- sealed, and open again --- */

static struct seal_place place_of(const struct keyring *ring, struct str work, struct str fields[2]) {
  fields[0] = STR("mandate");
  fields[1] = work;
  return (struct seal_place){ring, NULL, fields, 2};
}

static int seal(struct gateway *gateway, struct str work, const struct mandate *mandate, struct arena *arena, struct str *ret,
                struct error *error) {
  struct packed_field f[FIELDS];
  struct secret *parts[MANDATE_SERVERS_MAX] = {NULL};
  struct str fields[2];
  char until[8];
  bool whole = true;
  f[0] = (struct packed_field){TAG_UNTIL, packed_number(mandate->until_ms, until)};
  for (size_t i = 0; i < mandate->count; i++) {
    parts[i] = connection_pack(mandate->at[i]);
    whole = whole && parts[i];
    f[1 + i] = (struct packed_field){(unsigned char)(TAG_FIRST + i), secret_reveal(parts[i])};
  }
  struct secret *packed = whole ? packed_close(f, 1 + mandate->count) : NULL;
  struct keyring *ring = sessions_ring(gateway->sessions);
  if (packed) *ret = seal_close(arena, place_of(ring, work, fields), secret_reveal(packed));
  keyring_free(ring);
  for (size_t i = 0; i < mandate->count; i++) secret_free(parts[i]);
  bool sealed = packed != NULL;
  secret_free(packed);
  return sealed ? 0 : error_set(error, ERROR_too_large, "what the servers gave at the sign-in is too large to be kept");
}

static int over(struct error *error) {
  return error_set(error, ERROR_reauth_required, "what was allowed beyond the session has ended: sign in, and go on with it from there");
}

/* Also what is past its time, so that it can be ended. */
static int open_any(struct gateway *gateway, struct str work, struct str sealed, struct mandate *ret, struct error *error) {
  struct packed_field f[FIELDS];
  struct str fields[2];
  struct error unused = {0};
  *ret = (struct mandate){0};
  for (size_t i = 0; i < FIELDS; i++) f[i].tag = (unsigned char)(TAG_UNTIL + i);
  struct keyring *ring = sessions_ring(gateway->sessions);
  struct secret *packed = seal_open(place_of(ring, work, fields), sealed, &unused);
  keyring_free(ring);
  bool good = packed && packed_open(secret_reveal(packed), f, FIELDS) && packed_get_number(f[0].bytes, &ret->until_ms);
  for (size_t i = 1; good && i < FIELDS && f[i].bytes.p; i++) {
    ret->at[ret->count] = connection_unpack(f[i].bytes);
    good = ret->at[ret->count] != NULL;
    ret->count += good;
  }
  secret_free(packed);
  if (good) return 0;
  clear(ret);
  return over(error);
}

/* --- giving --- */

static struct connection *copy_of(const struct connection_about *about, struct connection *connection) {
  struct connection_credential now = connection_credential(connection);
  struct signed_in own = {.kind = SIGN_IN_PAT,
                          .credential = now.credential,
                          .user = {about->user_id, about->username, about->name},
                          .version_text = about->version};
  struct connection *made = connection_of_sign_in(about->server, about->url, &own, clock_now_ms());
  secret_free(now.credential.value);
  return made;
}

static struct connection *mint_for(struct gateway *gateway, struct gateway_session *session, struct directory_server *server,
                                   const struct connection_about *about, int64_t until_ms, struct error *error) {
  static const struct str methods[] = {{"GET", 3}, {"POST", 4}};
  struct dhis2_mint mint = {.methods = methods, .method_count = 2, .expires_ms = until_ms};
  struct connection *made = NULL;
  struct signed_in own = {0};
  struct error why = {0};
  struct arena *arena = arena_new();
  struct dhis2_server *by = gateway_connection_server(gateway, session, about->server, error);
  const struct config_server *config = directory_about(server);
  int failed = by ? 0 : -1;
  if (by && (config->mint != CONFIG_MINT_AUTO || !(config->sign_in & CONFIG_PAT)))
    failed = error_set(&why, ERROR_kind_not_offered, "the administrator does not let tokens be made there");
  if (by && !failed) failed = dhis2_mint_beside(directory_place(server), by, &mint, about->user_id, about->version, arena, &own, &why);
  if (by && failed)
    (void)failure_at(error, ERROR_kind_not_offered, about->server,
                     "the server %.*s gives nothing that may outlive your session: sign in there with a personal access token, then ask "
                     "for it again (%s)",
                     STR_ARG(about->server), why.message);
  if (!failed) made = connection_of_sign_in(about->server, about->url, &own, clock_now_ms());
  signed_in_clear(&own);
  dhis2_server_free(by);
  arena_free(arena);
  return made;
}

static struct connection *give_one(struct gateway *gateway, struct directory *directory, struct gateway_session *session, struct str id,
                                   int64_t until_ms, struct error *error) {
  struct dhis2_server *checked = gateway_connection_server(gateway, session, id, error);
  if (!checked) return NULL;
  dhis2_server_free(checked);
  struct gateway_session *usable = session_usable(session);
  struct connection *connection = usable ? session_connection(usable, id) : NULL, *made = NULL;
  struct directory_server *server = directory_find(directory, id);
  if (!connection || !server) {
    (void)failure_at(error, ERROR_not_connected, id, "not signed in to the server %.*s: sign in there first", STR_ARG(id));
  } else {
    const struct connection_about *about = connection_about(connection);
    made = about->kind == CONFIG_PAT ? copy_of(about, connection) : mint_for(gateway, session, server, about, until_ms, error);
    if (made) audit_connection(AUDIT_mandate_given, usable, connection_about(made), NULL);
  }
  connection_unref(connection);
  gateway_session_unref(usable);
  return made;
}

static void revoke_all(struct gateway *gateway, const struct mandate *mandate);

int mandate_give(struct gateway *gateway, struct gateway_session *session, const struct mandate_wish *wish, struct arena *arena,
                 struct str *ret_sealed, struct error *error) {
  struct directory *directory = gateway_directory(gateway);
  struct mandate mandate = {.until_ms = wish->until_ms};
  int64_t most = directory_config(directory)->session_unattended_ms, now = clock_now_ms();
  int failed = 0;
  if (wish->until_ms <= now || wish->until_ms - now > most)
    failed = error_set(error, ERROR_bad_request, "what goes on without you ends in the future, and within %lld hours (session.unattended)",
                       (long long)(most / 3600000));
  for (size_t i = 0; !failed && i < wish->server_count && i < MANDATE_SERVERS_MAX; i++) {
    mandate.at[i] = give_one(gateway, directory, session, wish->servers[i], wish->until_ms, error);
    failed = mandate.at[i] ? 0 : -1;
    mandate.count += !failed;
  }
  if (!failed) failed = seal(gateway, wish->work, &mandate, arena, ret_sealed, error);
  if (failed) revoke_all(gateway, &mandate);
  clear(&mandate);
  directory_unref(directory);
  return failed;
}

/* --- using --- */

struct dhis2_server *mandate_server(struct gateway *gateway, struct str work, struct str sealed, struct str server_id,
                                    struct error *error) {
  struct mandate mandate;
  struct dhis2_server *made = NULL;
  if (open_any(gateway, work, sealed, &mandate, error)) return NULL;
  struct directory *directory = gateway_directory(gateway);
  struct directory_server *server = directory_find(directory, server_id);
  for (size_t i = 0; server && !made && clock_now_ms() < mandate.until_ms && i < mandate.count; i++) {
    const struct source_place *place = directory_place(server);
    if (!str_eq(connection_about(mandate.at[i])->server, server_id) || !connection_is_at(mandate.at[i], place->base_url)) continue;
    struct connection_credential now = connection_credential(mandate.at[i]);
    struct secret *cookies = connection_cookies(mandate.at[i]);
    made = dhis2_server_new(
        place->id, place->base_url, place->options,
        now.credential); /* nobody hears of its end: it is no connection of a session, nor need its person have one by then; the run tells that it was refused */
    if (cookies) dhis2_server_load_cookies(made, cookies);
    secret_free(cookies);
    secret_free(now.credential.value);
  }
  directory_unref(directory);
  clear(&mandate);
  if (!made) (void)over(error);
  return made;
}

/* --- ending --- */

static void revoke_one(struct directory *directory, struct connection *connection) {
  const struct connection_about *about = connection_about(connection);
  struct directory_server *server = directory_find(directory, about->server);
  struct error error = {0};
  if (!about->minted.n || !server || !connection_is_at(connection, directory_place(server)->base_url)) return;
  struct source_place place = *directory_place(server);
  struct connection_credential now = connection_credential(connection);
  struct secret *cookies = connection_cookies(connection);
  place.options.timeout_ms = REVOKE_TIMEOUT_MS;
  if (dhis2_mint_revoke(&place, about->minted, now.credential, cookies, &error))
    log_event(LOG_WARNING, "not_revoked", LOG_STR("server", about->server), LOG_TEXT("what", "token of a mandate"), LOG_FAILURE(&error));
  secret_free(cookies);
  secret_free(now.credential.value);
}

static void revoke_all(struct gateway *gateway, const struct mandate *mandate) {
  struct directory *directory = gateway_directory(gateway);
  for (size_t i = 0; i < mandate->count; i++) {
    revoke_one(directory, mandate->at[i]);
    audit_connection(AUDIT_mandate_ended, NULL, connection_about(mandate->at[i]), NULL);
  }
  directory_unref(directory);
}

void mandate_end(struct gateway *gateway, struct str work, struct str sealed) {
  struct mandate mandate;
  struct error unused = {0};
  if (open_any(gateway, work, sealed, &mandate, &unused)) return;
  revoke_all(gateway, &mandate);
  clear(&mandate);
}

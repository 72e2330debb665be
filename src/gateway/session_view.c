#include "gateway/session_view.h"

#include "base/clock.h"
#include "dhis2/server.h"
#include "gateway/site.h"
#include "gateway/vault.h"

enum { VIEW_MAX = 4 << 20 };

/* An access token's end means nothing to anybody where it is renewed: then it is the refresh token's that counts (R-D8). */
static int64_t end_of(struct connection *connection) {
  struct connection_credential credential = connection_credential(connection);
  secret_free(credential.credential.value);
  return credential.renewable ? credential.refresh_ends_ms : credential.expires_ms;
}

void session_view_untried(struct json_out *out, struct str version_text) {
  enum dhis2_standing standing = dhis2_standing(version_text);
  if (standing == DHIS2_TRIED) return;
  json_out_member_object(out, "untried");
  json_out_member_str(out, "release", standing == DHIS2_OLDER ? STR("older") : STR("newer"));
  json_out_member_str(out, "oldest", STR(DHIS2_OLDEST));
  json_out_member_str(out, "newest", STR(DHIS2_NEWEST));
  json_out_end(out);
}

static void add_connection(struct json_out *out, struct connection *connection, const char *not_remembered) {
  const struct connection_about *about = connection_about(connection);
  int64_t end = end_of(connection), remembered = vault_until(connection);
  json_out_object(out);
  json_out_member_str(out, "server", about->server);
  json_out_member_str(out, "kind", str_of(config_kind_name(about->kind)));
  json_out_member_str(out, "state", str_of(connection_state_name(connection_state(connection))));
  json_out_member_object(out, "user");
  json_out_member_str(out, "id", about->user_id.p ? about->user_id : STR(""));
  json_out_member_str(out, "username", about->username.p ? about->username : STR(""));
  json_out_member_str(out, "name", about->name.p ? about->name : STR(""));
  json_out_end(out);
  json_out_member_str(out, "version", about->version.p ? about->version : STR(""));
  session_view_untried(out, about->version);
  json_out_member_time(out, "since", about->since_ms);
  if (end) json_out_member_time(out, "expires_at", end);
  if (remembered) json_out_member_time(out, "remembered_until", remembered);
  if (not_remembered) json_out_member_str(out, "not_remembered", str_of(not_remembered));
  json_out_end(out);
}

static struct str finish(struct buf *buf, struct arena *arena) {
  struct str json = arena_str(arena, buf_str(buf));
  buf_free(buf);
  return json;
}

/* Of no session: null. */
static void add_end(struct json_out *out, const char *name, int64_t at_ms) {
  if (at_ms) {
    json_out_member_time(out, name, at_ms);
    return;
  }
  json_out_key(out, str_of(name));
  json_out_null(out);
}

struct str session_view(const struct config *config, struct gateway_session *session, enum config_mode mode, struct arena *arena) {
  struct buf buf = BUF_INIT(VIEW_MAX);
  struct json_out out = JSON_OUT_INIT(&buf);
  struct connection **list = ARENA_ARRAY(arena, SESSION_CONNECTIONS_MAX, struct connection *);
  size_t n = session ? session_connections(session, list, SESSION_CONNECTIONS_MAX) : 0;
  json_out_object(&out);
  json_out_member_str(&out, "mode", str_of(site_mode_name(mode)));
  add_end(&out, "expires_at", session ? session_terms(session)->expires_ms : 0);
  add_end(&out, "idle_expires_at", session ? session_idle_end(session) : 0);
  struct vault_person person = site_is_apart(mode) ? (struct vault_person){0} : vault_person_of(config, session, arena);
  if (person.home.p) json_out_member_str(&out, "home", person.home);
  json_out_member_array(&out, "connections");
  for (size_t i = 0; i < n; i++) {
    add_connection(&out, list[i], NULL);
    connection_unref(list[i]);
  }
  json_out_end(&out);
  json_out_end(&out);
  return finish(&buf, arena);
}

struct str session_view_connection(struct connection *connection, const char *not_remembered, struct arena *arena) {
  struct buf buf = BUF_INIT(VIEW_MAX);
  struct json_out out = JSON_OUT_INIT(&buf);
  add_connection(&out, connection, not_remembered);
  return finish(&buf, arena);
}

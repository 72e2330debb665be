#include "gateway/roster.h"

#include "base/clock.h"
#include "base/json_doc.h"
#include "crypt/random.h"
#include "gateway/audit.h"

enum { LISTED_MAX = 100000 };

struct str roster_user(struct arena *arena, const struct store_connection *connection, const char *member) {
  json_t *user = json_doc_read(connection->user);
  struct str text = json_text_copy(arena, user, member);
  json_decref(user);
  return text.p ? text : STR("");
}

bool roster_matches(const struct roster_asked *asked, const struct store_connection *connection, struct arena *arena) {
  if (asked->server.n && !str_eq(connection->server, asked->server)) return false;
  return !asked->user.n || str_eq(roster_user(arena, connection, "username"), asked->user);
}

static bool is_asked_for(const struct roster_asked *asked, const struct roster_row *row, struct arena *arena) {
  bool matches = !asked->user.n && !asked->server.n;
  for (size_t i = 0; i < row->count && !matches; i++) matches = roster_matches(asked, &row->connections[i], arena);
  return matches;
}

int roster_each(struct store *store, const struct roster_asked *asked, struct arena *arena, roster_one *one, void *payload,
                struct error *error) {
  struct store_session *list = NULL;
  size_t count = 0;
  if (store_session_list(store, clock_now_ms(), LISTED_MAX, arena, &list, &count, error)) return -1;
  for (size_t i = 0; i < count; i++) {
    struct roster_row row = {.session = &list[i]};
    (void)hash_hex(list[i].id, ROSTER_MARK_LETTERS / 2, row.mark);
    if (asked->mark.n && !str_eq(asked->mark, str_of(row.mark))) continue;
    if (store_connection_list(store, list[i].id, arena, &row.connections, &row.count, error)) return -1;
    if (is_asked_for(asked, &row, arena) && one(payload, &row, error)) return -1;
  }
  return 0;
}

void roster_connection_members(struct json_out *out, const struct store_connection *connection, struct str state, struct arena *arena) {
  json_out_member_str(out, "server", connection->server);
  json_out_member_str(out, "kind", connection->kind);
  json_out_member_str(out, "state", state);
  json_out_member_str(out, "user", roster_user(arena, connection, "username"));
  json_out_member_time(out, "since", connection->since_ms);
}

void roster_session_members(struct json_out *out, const struct roster_row *row, struct arena *arena) {
  json_out_member_str(out, "session", str_of(row->mark));
  json_out_member_time(out, "since", row->session->created_ms);
  json_out_member_time(out, "used", row->session->seen_ms);
  json_out_member_time(out, "expires_at", row->session->expires_ms);
  json_out_member_str(out, "app", row->session->app);
  json_out_member_str(out, "mode", row->session->mode);
  json_out_member_array(out, "connections");
  for (size_t i = 0; i < row->count; i++) {
    json_out_object(out);
    roster_connection_members(out, &row->connections[i], row->connections[i].state, arena);
    json_out_end(out);
  }
  json_out_end(out);
}

void roster_audit_end(const struct roster_row *row, struct arena *arena) {
  for (size_t i = 0; i < row->count; i++)
    audit_ended(AUDIT_session_ended, row->mark, row->connections[i].server, roster_user(arena, &row->connections[i], "username"));
  if (!row->count) audit_ended(AUDIT_session_ended, row->mark, STR_NONE, STR_NONE);
}

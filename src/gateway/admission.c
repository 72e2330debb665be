#include "gateway/admission.h"

#include "gateway/failure.h"

enum { CONNECTIONS_MAX = 1000 };

static int refuse_count(size_t most, struct error *error) {
  return error_set(error, ERROR_too_many, "the session is signed in to %zu servers already: sign out of one first", most);
}

static bool has_room(struct gateway_session *session, const struct admission *admission) {
  struct connection *same = session_connection(session, connection_about(admission->connection)->server);
  bool room = same || session_connection_count(session) < admission->most;
  connection_unref(same);
  return room;
}

static int create(struct sessions *sessions, const struct admission *admission, struct admitted *ret, struct error *error) {
  struct browser_cookie cookie = browser_cookie_new();
  struct gateway_session *fresh = session_new(&cookie, &admission->terms, NULL);
  session_put_connection(fresh, admission->connection);
  struct rows rows = sessions_rows(sessions);
  int failed = rows_create(&rows, fresh, error);
  sessions_rows_done(sessions);
  if (failed)
    gateway_session_unref(fresh);
  else
    ret->session = fresh;
  return failed;
}

/* The id changed while this sign-in was under way. */
static int join(struct sessions *sessions, struct gateway_session *newest, const struct admission *admission, struct admitted *ret,
                struct error *error) {
  struct str server = connection_about(admission->connection)->server;
  ret->replaced = session_connection(newest, server);
  struct rows rows = sessions_rows(sessions);
  int failed = rows_put_connection(&rows, newest, admission->connection, error);
  sessions_rows_done(sessions);
  if (failed) return -1;
  session_put_connection(newest, admission->connection);
  ret->session = gateway_session_ref(newest);
  return 0;
}

static void copy_connections(struct gateway_session *from, struct gateway_session *to) {
  struct connection *list[CONNECTIONS_MAX];
  size_t n = session_connections(from, list, CONNECTIONS_MAX);
  for (size_t i = 0; i < n; i++) {
    session_put_connection(to, list[i]);
    connection_unref(list[i]);
  }
}

static bool is_other_person(const struct connection *before, const struct connection *now) {
  struct str user = connection_about(now)->user_id;
  if (before && !user.n) return true; /* whose token was pasted is not known */
  return before && connection_about(before)->user_id.n && !str_eq(connection_about(before)->user_id, user);
}

static int rotate(struct sessions *sessions, struct gateway_session *base, const struct admission *admission, struct admitted *ret,
                  struct error *error) {
  struct browser_cookie cookie = browser_cookie_new();
  struct gateway_session *fresh = session_new(&cookie, session_terms(base), base);
  session_set_seen(fresh, admission->terms.created_ms);
  copy_connections(base, fresh);
  ret->replaced = session_connection(base, connection_about(admission->connection)->server);
  session_put_connection(fresh, admission->connection);
  int64_t until = is_other_person(ret->replaced, admission->connection) ? 0 : admission->terms.created_ms + SESSION_GRACE_MS;
  struct rows rows = sessions_rows(sessions);
  int failed = rows_rotate(&rows, base, until, fresh, error);
  sessions_rows_done(sessions);
  if (failed) {
    gateway_session_unref(fresh);
    return -1;
  }
  session_supersede(base, fresh, until);
  ret->session = fresh;
  return 0;
}

static int add(struct sessions *sessions, const struct admission *admission, struct admitted *ret, struct error *error) {
  struct gateway_session *base = admission->base, *newest = session_newest(base);
  int failed;
  bool gone = !newest || (newest != base && !session_late_until(base)); /* signed out, or another person has signed in */
  if (gone)
    failed = create(sessions, admission, ret, error);
  else if (!has_room(newest, admission))
    failed = refuse_count(admission->most, error);
  else if (newest != base)
    failed = join(sessions, newest, admission, ret, error);
  else
    failed = rotate(sessions, base, admission, ret, error);
  gateway_session_unref(newest);
  return failed;
}

int admission_run(struct sessions *sessions, const struct admission *admission, struct admitted *ret, struct error *error) {
  *ret = (struct admitted){0};
  if (!admission->base || session_life(admission->base, admission->terms.created_ms) == SESSION_ENDED_BY_TIME)
    return create(sessions, admission, ret, error);
  if (session_frozen(admission->base)) {
    return failure_later(error, ERROR_conflict, 1, "another sign-in of this browser has just ended: try again");
  }
  session_begin_rotation(admission->base);
  int failed = add(sessions, admission, ret, error);
  session_end_rotation(admission->base);
  if (failed) {
    connection_unref(ret->replaced);
    *ret = (struct admitted){0};
  }
  return failed;
}

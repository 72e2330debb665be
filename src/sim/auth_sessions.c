#include "sim/auth_internal.h"

#include "base/mem.h"

enum { SESSIONS_MAX = 100000 };

static void session_free(struct sim_session *session) {
  free(session->saved);
  json_decref(session->oauth);
  free(session);
}

void sim_sessions_drop_all(struct sim_auth *auth) {
  for (size_t i = 0; i < auth->sessions.n; i++) session_free(auth->sessions.p[i]);
  VEC_FREE(&auth->sessions);
}

static void remove_at(struct sim_auth *auth, size_t index) {
  session_free(auth->sessions.p[index]);
  memmove(auth->sessions.p + index, auth->sessions.p + index + 1, (auth->sessions.n - index - 1) * sizeof *auth->sessions.p);
  auth->sessions.n--;
}

void sim_session_end(struct sim *sim, struct sim_session *session) {
  for (size_t i = 0; i < sim->auth->sessions.n; i++) {
    if (sim->auth->sessions.p[i] != session) continue;
    remove_at(sim->auth, i);
    return;
  }
}

static void use(struct sim *sim, struct sim_session *session) {
  session->used_ms = sim_now_ms(sim);
  session->order = ++sim->auth->uses;
}

struct sim_session *sim_session_find(struct sim *sim, const struct sim_request *request) {
  struct str id = sim_cookie(request, "JSESSIONID");
  struct sim_auth *auth = sim->auth;
  for (size_t i = auth->sessions.n; id.n > 0 && i-- > 0;) {
    struct sim_session *session = auth->sessions.p[i];
    if (!str_eq(str_of(session->id), id)) continue;
    if (sim_now_ms(sim) - session->used_ms > sim->conf.session_timeout_s * 1000) {
      remove_at(auth, i);
      return NULL;
    }
    use(sim, session);
    return session;
  }
  return NULL;
}

/* One sign-in more than max.sessions.per_user marks the least recently used one; what the mark does is the release's (see auth.c). */
static void evict(struct sim *sim, const char *uid) {
  for (;;) {
    struct sim_session *oldest = NULL;
    int64_t n = 0;
    for (size_t i = 0; i < sim->auth->sessions.n; i++) {
      struct sim_session *session = sim->auth->sessions.p[i];
      if (!session->counted || session->evicted || !str_eq(str_of(session->uid), str_of(uid))) continue;
      n++;
      if (!oldest || session->order < oldest->order) oldest = session;
    }
    if (n < sim->conf.max_sessions || !oldest) return;
    oldest->evicted = true;
  }
}

struct sim_session *sim_session_new(struct sim *sim, const json_t *user, bool counted) {
  struct sim_session *session = mem_alloc(sizeof *session);
  const char *uid = json_string_value(json_object_get(user, "id"));
  sim_random_text(session->id, 32, "0123456789ABCDEF");
  if (uid) (void)snprintf(session->uid, sizeof session->uid, "%s", uid);
  if (uid && counted) evict(sim, uid);
  session->counted = counted;
  session->created_ms = sim_now_ms(sim);
  use(sim, session);
  if (sim->auth->sessions.n == SESSIONS_MAX) remove_at(sim->auth, 0);
  VEC_PUSH(&sim->auth->sessions, session);
  return session;
}

void sim_session_save(struct sim_session *session, struct str target) {
  free(session->saved);
  session->saved = mem_printf("%.*s", STR_ARG(target));
}

static const char *root_of(const struct sim *sim) {
  return sim->context.n > 0 ? sim->context.p : "/";
}

/* An answer has one cookie of a name: the last one set. */
static void drop_cookie(struct sim_reply *reply, const char *start) {
  struct http_headers kept = {0};
  for (size_t i = 0; i < reply->headers.n; i++) {
    const struct http_header *header = &reply->headers.p[i];
    bool dropped = str_eq_nocase(header->name, STR("Set-Cookie")) && str_starts(header->value, str_of(start));
    if (!dropped) http_headers_add(&kept, reply->arena, header->name, header->value);
  }
  reply->headers = kept;
}

void sim_session_cookie(struct sim *sim, struct sim_reply *reply, const struct sim_session *session) {
  drop_cookie(reply, "JSESSIONID=");
  sim_reply_header(reply, "Set-Cookie",
                   arena_printf(reply->arena, "JSESSIONID=%s; Path=%s; HttpOnly%s", session->id, root_of(sim),
                                sim->release >= SIM_2_42 ? "; SameSite=Lax" : ""));
}

void sim_session_clear_cookies(struct sim *sim, struct sim_reply *reply) {
  drop_cookie(reply, "SESSION_EXPIRE=");
  const char *age = sim->release >= SIM_2_42 ? "" : " Max-Age=0;";
  sim_reply_header(reply, "Set-Cookie",
                   arena_printf(reply->arena, "JSESSIONID=;%s Expires=Thu, 01 Jan 1970 00:00:10 GMT; Path=%s", age, root_of(sim)));
  if (sim->release >= SIM_2_43)
    sim_reply_header(reply, "Set-Cookie",
                     arena_printf(reply->arena, "SESSION_EXPIRE=; Expires=Thu, 01 Jan 1970 00:00:10 GMT; Path=%s", root_of(sim)));
  if (sim->conf.csrf) sim_csrf_clear(sim, reply);
}

void sim_csrf_clear(const struct sim *sim, struct sim_reply *reply) {
  drop_cookie(reply, "XSRF-TOKEN=");
  sim_reply_header(reply, "Set-Cookie",
                   arena_printf(reply->arena, "XSRF-TOKEN=; Expires=Thu, 01 Jan 1970 00:00:10 GMT; Path=%s", root_of(sim)));
}

struct str sim_session_sign_in(struct sim *sim, const struct sim_request *request, struct sim_reply *reply, const json_t *user) {
  struct sim_session *old = sim_session_find(sim, request);
  struct str saved = STR_NONE;
  if (old) {
    if (old->saved) saved = arena_str(request->arena, str_of(old->saved));
    sim_session_end(sim, old);
  }
  sim_session_cookie(sim, reply, sim_session_new(sim, user, true));
  return saved;
}

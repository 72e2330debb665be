#include "gateway/audit.h"

#include "base/log.h"
#include "gateway/visit.h"

struct entry { /* empty: not known, or none */
  struct str request_id, peer, app, server, user, what;
  const char *kind, *session;
};

static void write_entry(enum audit_action action, const struct entry *entry, const struct error *error) {
  static const char *const names[] = {
#define X(name, meaning) #name,
      AUDIT_TABLE(X)
#undef X
  };
  log_event(LOG_AUDIT, names[action], LOG_TEXT("outcome", error ? "failed" : "ok"), LOG_TEXT("code", error ? error_name(error->code) : ""),
            LOG_TEXT("reason", error ? error->reason : ""), LOG_STR("request_id", entry->request_id), LOG_STR("peer", entry->peer),
            LOG_STR("app", entry->app), LOG_STR("server", entry->server), LOG_TEXT("kind", entry->kind ? entry->kind : ""),
            LOG_STR("user", entry->user), LOG_TEXT("session", entry->session ? entry->session : ""), LOG_STR("what", entry->what));
}

void audit_exchange(enum audit_action action, struct http_exchange *exchange, struct str server, const char *kind, struct str user,
                    const struct error *error) {
  const struct visit *visit = visit_of(exchange);
  struct entry entry = {.request_id = http_exchange_id(exchange),
                        .peer = visit->asking.peer,
                        .app = visit->asking.origin,
                        .server = server,
                        .user = user,
                        .kind = kind,
                        .session = visit->session};
  write_entry(action, &entry, error);
}

void audit_connection(enum audit_action action, const struct gateway_session *session, const struct connection_about *about,
                      const struct error *error) {
  char mark[SESSION_MARK_SIZE];
  struct entry entry = {.server = about->server,
                        .user = about->username,
                        .kind = config_kind_name(about->kind),
                        .session = session ? session_mark(session, mark) : NULL};
  write_entry(action, &entry, error);
}

void audit_server(enum audit_action action, struct str server, const struct error *error) {
  write_entry(action, &(struct entry){.server = server}, error);
}

void audit_ended(enum audit_action action, const char *session, struct str server, struct str user) {
  write_entry(action, &(struct entry){.session = session, .server = server, .user = user, .what = STR("by an administrator")}, NULL);
}

void audit_process(enum audit_action action, struct str what, const struct error *error) {
  write_entry(action, &(struct entry){.what = what}, error);
}

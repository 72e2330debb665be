/* POST and DELETE /v1/servers/{id}/connection: signing in with what a person typed, and out of one server. */
#include "base/clock.h"
#include "base/mem.h"
#include "gateway/arrival.h"
#include "gateway/ending.h"
#include "gateway/failure.h"
#include "gateway/password_sign_in.h"
#include "gateway/revoke.h"
#include "gateway/routes.h"
#include "gateway/secret_body.h"
#include "gateway/session_view.h"
#include "gateway/sign_in_limit.h"
#include "gateway/vault.h"
#include "gateway/visit.h"

enum { FIELD_KIND, FIELD_TOKEN, FIELD_KEY, FIELD_USERNAME, FIELD_PASSWORD, FIELD_CODE, FIELD_REMEMBER, FIELDS };

/* Where the one thing lies that a person pastes. FIELDS: this kind takes a user name and a password. */
static int pasted_field(enum sign_in_kind kind) {
  if (kind == SIGN_IN_PAT || kind == SIGN_IN_BEARER) return FIELD_TOKEN;
  return kind == SIGN_IN_API_KEY ? FIELD_KEY : FIELDS;
}

/* What was sent, as what is to be done. */
static int read_kind(const struct secret_field fields[FIELDS], enum sign_in_kind *ret, struct error *error) {
  struct str kind = secret_reveal(fields[FIELD_KIND].value);
  *ret = SIGN_IN_OAUTH;
  while (*ret < SIGN_IN_KINDS && !str_eq(kind, str_of(sign_in_kind_name(*ret)))) (*ret)++;
  if (*ret == SIGN_IN_OAUTH || *ret == SIGN_IN_LEGACY_OAUTH)
    return error_set(error, ERROR_bad_request, "sign-in by OAuth begins at the address 'authorize_url' of GET /v1/servers");
  if (*ret == SIGN_IN_KINDS) return error_set(error, ERROR_bad_request, "'kind' is to be pat, password, basic, bearer or api-key");
  int pasted = pasted_field(*ret);
  if (pasted != FIELDS)
    return secret_reveal(fields[pasted].value).n ? 0 : error_set(error, ERROR_bad_request, "'%s' is missing", fields[pasted].name.p);
  if (!secret_reveal(fields[FIELD_USERNAME].value).n || !secret_reveal(fields[FIELD_PASSWORD].value).n)
    return error_set(error, ERROR_bad_request, "'username' or 'password' is missing");
  return 0;
}

static void reply_created(struct password_sign_in *sign_in, struct http_exchange *exchange, const struct error *error) {
  if (error) {
    gateway_reply_error(sign_in->gateway, exchange, error);
    return;
  }
  struct http_headers headers = {0};
  arrival_settle(&sign_in->arrival, exchange, &headers);
  gateway_reply(sign_in->gateway, exchange, 201, &headers, STR("application/json"),
                session_view_connection(sign_in->arrival.connection, sign_in->not_remembered, http_exchange_arena(exchange)));
}

static int start(struct password_sign_in *sign_in, struct http_exchange *exchange, struct str body, struct gateway_session *session,
                 struct error *error) {
  struct secret_field fields[FIELDS] = {{.name = STR("kind")},
                                        {.name = STR("token")},
                                        {.name = STR("key")},
                                        {.name = STR("username")},
                                        {.name = STR("password")},
                                        {.name = STR("code")},
                                        {.name = STR("remember"), .truth = &sign_in->remember}};
  enum sign_in_kind kind = SIGN_IN_PAT;
  int failed = secret_body_read(body, fields, FIELDS, error) || read_kind(fields, &kind, error) ? -1 : 0;
  if (!failed) {
    struct secret *code = fields[FIELD_CODE].value;
    sign_in->kind = kind;
    int pasted = pasted_field(kind);
    sign_in->secret = secret_ref(fields[pasted == FIELDS ? FIELD_PASSWORD : pasted].value);
    sign_in->username = arena_str(http_exchange_arena(exchange), secret_reveal(fields[FIELD_USERNAME].value));
    sign_in->code = kind == SIGN_IN_PASSWORD && secret_reveal(code).n ? secret_ref(code) : NULL;
    failed = password_sign_in_start(sign_in, exchange, session, error);
  }
  secret_body_clear(fields, FIELDS);
  return failed;
}

static void on_body(struct gateway *gateway, struct http_exchange *exchange, struct gateway_session *session, struct str body) {
  password_sign_in_of_body(gateway, exchange, session, body, start, reply_created);
}

void connection_create(struct gateway *gateway, struct http_exchange *exchange, struct str id) {
  struct visit *visit = visit_of(exchange);
  const struct config_server *server = config_server(visit->config, id);
  struct error error = {0};
  if (server) {
    visit->server = server->id;
    gateway_read_secret_body(gateway, exchange, on_body);
    return;
  }
  (void)failure_unknown_server(&error, id);
  gateway_reply_error(gateway, exchange, &error);
}

/* Out of one server. */

struct leaving {
  struct gateway *gateway;
  struct http_exchange *exchange;
  struct gateway_session *session;
  struct connection *connection;
  struct str server;
  struct error error;
};

static void end_leaving(struct leaving *leaving) {
  if (leaving->error.code)
    gateway_reply_error(leaving->gateway, leaving->exchange, &leaving->error);
  else
    gateway_reply(leaving->gateway, leaving->exchange, 204, NULL, STR_NONE, STR(""));
  gateway_session_unref(leaving->session);
  connection_unref(leaving->connection);
  http_exchange_release(leaving->exchange);
  free(leaving);
}

static void delete_row(void *payload) {
  struct leaving *leaving = payload;
  (void)ending_connection(leaving->gateway, leaving->session, leaving->server, &leaving->connection, &leaving->error);
}

static void on_revoked(void *payload) {
  end_leaving(payload);
}

static void on_deleted(void *payload) {
  struct leaving *leaving = payload;
  struct connection *connection = leaving->connection;
  leaving->connection = NULL;
  if (!connection) {
    end_leaving(leaving);
    return;
  }
  audit_exchange(AUDIT_signed_out, leaving->exchange, leaving->server, config_kind_name(connection_about(connection)->kind),
                 connection_about(connection)->username, NULL);
  metrics_count_at(&leaving->gateway->metrics, leaving->server, METRIC_SIGN_OUTS);
  revoke_start(leaving->gateway, visit_of(leaving->exchange)->directory, &connection, 1, on_revoked, leaving);
}

static void leave(void *payload, struct http_exchange *exchange, struct gateway_session *session) {
  struct gateway *gateway = payload;
  struct leaving *leaving = mem_alloc(sizeof *leaving);
  *leaving = (struct leaving){
      .gateway = gateway, .exchange = exchange, .session = gateway_session_ref(session), .server = visit_of(exchange)->server};
  http_exchange_hold(exchange);
  if (work_submit(gateway->calls, delete_row, on_deleted, leaving)) return;
  (void)failure_busy(&leaving->error);
  end_leaving(leaving);
}

void connection_delete(struct gateway *gateway, struct http_exchange *exchange, struct str id) {
  struct visit *visit = visit_of(exchange);
  const struct config_server *server = config_server(visit->config, id);
  struct error error = {0};
  if (server) {
    visit->server = server->id;
    gateway_with_session(gateway, exchange, leave, gateway);
    return;
  }
  (void)failure_unknown_server(&error, id);
  gateway_reply_error(gateway, exchange, &error);
}

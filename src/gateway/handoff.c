/* POST /v1/handoff: an app on another site fetches the session of a sign-in that the browser has just come back from. Only now is the server's code redeemed: for the tab that began. */
#include "base/clock.h"
#include "base/mem.h"
#include "gateway/oauth_sign_in.h"
#include "gateway/routes.h"
#include "gateway/secret_body.h"
#include "gateway/session_view.h"
#include "gateway/site.h"
#include "gateway/visit.h"
#include "http/base64.h"

enum { FIELD_CODE, FIELD_VERIFIER, FIELDS, VERIFIER_MIN = 43, VERIFIER_MAX = 128 };

struct handing {
  struct gateway *gateway;
  struct http_exchange *exchange;
  struct gateway_session *session; /* own reference; the app's own, to be added to. NULL: none */
  struct directory_server *server;
  struct secret *code, *verifier;
  struct transaction transaction;
  struct oauth_sign_in sign_in;
  struct error error;
};

static void free_handing(struct handing *handing) {
  transaction_clear(&handing->transaction);
  secret_free(handing->code);
  secret_free(handing->verifier);
  oauth_sign_in_clear(&handing->sign_in);
  gateway_session_unref(handing->session);
  http_exchange_release(handing->exchange);
  free(handing);
}

static void reply(void *payload) {
  struct handing *handing = payload;
  struct visit *visit = visit_of(handing->exchange);
  struct arena *arena = http_exchange_arena(handing->exchange);
  if (handing->error.code) {
    (void)error_name_server(&handing->error, visit->server);
    audit_exchange(AUDIT_handoff_failed, handing->exchange, visit->server, "oauth", STR_NONE, &handing->error);
    gateway_reply_error(handing->gateway, handing->exchange, &handing->error);
  } else {
    struct http_headers headers = {0};
    arrival_settle(&handing->sign_in.arrival, handing->exchange, &headers);
    metrics_count(&handing->gateway->metrics, METRIC_HANDOFFS);
    gateway_reply(handing->gateway, handing->exchange, 200, &headers, STR("application/json"),
                  session_view(visit->config, handing->sign_in.arrival.admitted.session, visit->asking.mode, arena));
  }
  free_handing(handing);
}

static bool proves(const struct secret *verifier, struct str challenge, struct arena *arena) {
  unsigned char hash[HASH_SIZE];
  struct str text = secret_reveal(verifier);
  if (text.n < VERIFIER_MIN || text.n > VERIFIER_MAX) return false;
  hash_sha256(text, hash);
  return hash_eq(base64url_encode(arena, (struct str){(const char *)hash, sizeof hash}), challenge);
}

/* It is gone with the first look, right or wrong, whoever looks. */
static void take_run(void *payload) {
  struct handing *handing = payload;
  struct visit *visit = visit_of(handing->exchange);
  struct arena *arena = http_exchange_arena(handing->exchange);
  struct rows rows = sessions_rows(handing->gateway->sessions);
  int found = transaction_take_hand_off(&rows, secret_reveal(handing->code), clock_now_ms(), arena, &handing->transaction, &handing->error);
  sessions_rows_done(handing->gateway->sessions);
  if (found < 0) return;
  const struct transaction *t = &handing->transaction;
  if (!site_is_apart(visit->asking.mode))
    (void)error_set(&handing->error, ERROR_cross_site, "only an app on another site fetches its session here, with its own Origin");
  else if (!found)
    (void)error_set(&handing->error, ERROR_bad_request,
                    "this code is not known, used already, or older than 60 s: begin the sign-in again");
  else if (!str_eq(t->app, visit->asking.origin))
    (void)error_set(&handing->error, ERROR_cross_site, "this code is another app's");
  else if (!handing->verifier)
    (void)error_set(&handing->error, ERROR_bad_request, "'code' or 'verifier' is missing");
  else if (!proves(handing->verifier, t->challenge, arena))
    (void)error_set(&handing->error, ERROR_bad_request, "the verifier is not the one the challenge was made from: begin the sign-in again");
}

static void redeem_run(void *payload) {
  struct handing *handing = payload;
  oauth_sign_in_run(&handing->sign_in, handing->server, &handing->transaction, handing->transaction.code, &handing->error);
}

static void take_done(void *payload) {
  struct handing *handing = payload;
  struct visit *visit = visit_of(handing->exchange);
  if (!handing->error.code) {
    const struct config_server *server = config_server(visit->config, handing->transaction.server);
    if (server) visit->server = server->id;
    handing->server = directory_find(visit->directory, handing->transaction.server);
    if (!handing->server)
      (void)error_set(&handing->error, ERROR_unknown_server, "the server is not configured any more");
    else
      (void)oauth_sign_in_begin(&handing->sign_in, handing->gateway, handing->exchange, visit->asking.origin, visit->asking.mode,
                                handing->session, &handing->error);
  }
  if (!handing->error.code && work_submit(handing->gateway->calls, redeem_run, reply, handing)) return;
  if (!handing->error.code) (void)failure_busy(&handing->error);
  reply(handing);
}

static void on_body(struct gateway *gateway, struct http_exchange *exchange, struct gateway_session *session, struct str body) {
  struct secret_field fields[FIELDS] = {{.name = STR("code")}, {.name = STR("verifier")}};
  struct handing *handing = mem_alloc(sizeof *handing);
  *handing = (struct handing){
      .gateway = gateway, .exchange = exchange, .session = session && !session_frozen(session) ? gateway_session_ref(session) : NULL};
  http_exchange_hold(exchange);
  if (secret_body_read(body, fields, FIELDS, &handing->error) == 0 && !fields[FIELD_CODE].value)
    (void)error_set(&handing->error, ERROR_bad_request, "'code' or 'verifier' is missing");
  handing->code = fields[FIELD_CODE].value;
  handing->verifier = fields[FIELD_VERIFIER].value;
  if (!handing->error.code && work_submit(gateway->calls, take_run, take_done, handing)) return;
  if (!handing->error.code) (void)failure_busy(&handing->error);
  reply(handing);
}

void handoff(struct gateway *gateway, struct http_exchange *exchange, struct str id) {
  (void)id;
  gateway_read_secret_body(gateway, exchange, on_body);
}

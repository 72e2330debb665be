#include "gateway/password_sign_in.h"

#include "base/clock.h"
#include "base/mem.h"
#include "dhis2/mint.h"
#include "gateway/site.h"
#include "gateway/visit.h"

static void free_sign_in(struct password_sign_in *sign_in) {
  arrival_clear(&sign_in->arrival);
  sign_in_limit_give_back(sign_in->gateway, sign_in->slot);
  secret_free(sign_in->secret);
  secret_free(sign_in->code);
  free(sign_in);
}

static int call_http(struct password_sign_in *sign_in, struct arena *arena, struct signed_in *ret) {
  struct http_source source = directory_http(sign_in->server);
  return http_source_sign_in(&source, sign_in->kind, sign_in->username, sign_in->secret, arena, ret, &sign_in->error);
}

static int call_server(struct password_sign_in *sign_in, const struct dhis2_probe *probe, struct arena *arena, struct signed_in *ret) {
  const struct source_place *place = directory_place(sign_in->server);
  if (!probe) return call_http(sign_in, arena, ret);
  switch (sign_in->kind) {
  case SIGN_IN_PAT: return dhis2_sign_in_pat(place, probe, sign_in->secret, arena, ret, &sign_in->error);
  case SIGN_IN_BASIC: return dhis2_sign_in_basic(place, probe, sign_in->username, sign_in->secret, arena, ret, &sign_in->error);
  default: return dhis2_sign_in_password(place, probe, sign_in->username, sign_in->secret, sign_in->code, arena, ret, &sign_in->error);
  }
}

/* A second factor means that tokens do not work for this person. */
static bool may_mint(const struct password_sign_in *sign_in, const struct source_probe *probe) {
  const struct config_server *about = directory_about(sign_in->server);
  return sign_in->kind == SIGN_IN_PASSWORD && !sign_in->code && about->mint == CONFIG_MINT_AUTO && (about->sign_in & CONFIG_PAT) &&
         probe->kinds[SIGN_IN_PAT].state != SIGN_IN_OFF;
}

/* For as long as the session lives, or the sign-in is remembered. */
static int64_t end_of(const struct arrival *arrival) {
  if (arrival->remember_until_ms) return arrival->remember_until_ms;
  return arrival->base ? session_terms(arrival->base)->expires_ms : clock_now_ms() + arrival->absolute_ms;
}

static void mint(const struct password_sign_in *sign_in, struct arena *arena, struct signed_in *signed_in) {
  const struct config_server *about = directory_about(sign_in->server);
  struct error error = {0};
  struct dhis2_mint mint = {
      .methods = about->policy.methods.p,
      .method_count = about->policy.methods.n,
      .expires_ms = end_of(&sign_in->arrival),
  };
  if (!dhis2_mint(directory_place(sign_in->server), &mint, arena, signed_in, &error) && error.code)
    log_event(LOG_INFO, "not_minted", LOG_STR("server", about->id), LOG_FAILURE(&error));
}

static void run(void *payload) {
  struct password_sign_in *sign_in = payload;
  struct signed_in signed_in = {0};
  struct arena *arena = arena_new();
  const struct directory_answer *answer = directory_probe(sign_in->server);
  struct error *error = &sign_in->error;
  if (answer->error.code)
    *error = answer->error;
  else if (directory_offers(sign_in->server, sign_in->kind, answer, error) == 0 &&
           call_server(sign_in, answer->dhis2, arena, &signed_in) == 0) {
    if (may_mint(sign_in, answer->source)) mint(sign_in, arena, &signed_in);
    (void)arrival_run(&sign_in->arrival, directory_about(sign_in->server)->id, &signed_in, error);
  }
  signed_in_clear(&signed_in);
  directory_answer_unref(answer);
  arena_free(arena);
}

static void end(void *payload) {
  struct password_sign_in *sign_in = payload;
  struct http_exchange *exchange = sign_in->exchange;
  struct error *error = &sign_in->error;
  struct str server = directory_about(sign_in->server)->id;
  if (error->code) {
    (void)error_name_server(error, server);
    audit_exchange(AUDIT_sign_in_failed, exchange, server, sign_in_kind_name(sign_in->kind), sign_in->username, error);
    metrics_count_at(&sign_in->gateway->metrics, server, METRIC_SIGN_INS_FAILED);
  }
  sign_in->reply(sign_in, exchange, error->code ? error : NULL);
  free_sign_in(sign_in);
  http_exchange_release(exchange);
}

int password_sign_in_start(struct password_sign_in *sign_in, struct http_exchange *exchange, struct gateway_session *session,
                           struct error *error) {
  const struct visit *visit = visit_of(exchange);
  struct str app = site_is_apart(visit->asking.mode) ? visit->asking.origin : STR("");
  if (directory_offers(sign_in->server, sign_in->kind, NULL, error)) return -1;
  if (session && session_frozen(session)) {
    return failure_later(error, ERROR_conflict, 1, "another sign-in of this browser has just ended: try again");
  }
  sign_in->slot = sign_in_limit_take(sign_in->gateway, exchange, session, error);
  if (!sign_in->slot || arrival_begin(&sign_in->arrival, sign_in->gateway, exchange, app, visit->asking.mode, session, error)) return -1;
  if (sign_in->remember) sign_in->not_remembered = arrival_remember(&sign_in->arrival, directory_about(sign_in->server)->id);
  sign_in->exchange = exchange;
  http_exchange_hold(exchange);
  if (work_submit(sign_in->gateway->calls, run, end, sign_in)) return 0;
  http_exchange_release(exchange);
  return failure_busy(error);
}

void password_sign_in_of_body(struct gateway *gateway, struct http_exchange *exchange, struct gateway_session *session, struct str body,
                              password_sign_in_fill *fill, password_sign_in_reply *reply) {
  const struct visit *visit = visit_of(exchange);
  struct error error = {0};
  struct password_sign_in *sign_in = mem_alloc(sizeof *sign_in);
  *sign_in = (struct password_sign_in){.gateway = gateway, .server = directory_find(visit->directory, visit->server), .reply = reply};
  if (!fill(sign_in, exchange, body, session, &error)) return;
  gateway_reply_error(gateway, exchange, &error);
  free_sign_in(sign_in);
}

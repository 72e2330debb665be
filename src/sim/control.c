#include "sim/control.h"

#include "sim/auth.h"

static const struct str prefix = {"/__control/", 11};

bool sim_control_is(const struct sim_request *request) {
  return str_starts(request->path, prefix);
}

static struct str text_of(const json_t *body, const char *key) {
  return str_of(json_string_value(json_object_get(body, key)));
}

static bool carry_out(struct sim *sim, struct str what, const json_t *body, json_t *answer) {
  if (str_eq(what, STR("clock"))) {
    const json_t *seconds = json_object_get(body, "advance_s");
    sim->clock_offset_ms += json_integer_value(seconds) * 1000;
    return json_is_integer(seconds);
  }
  if (str_eq(what, STR("stop"))) {
    sim->stopped_ms = json_integer_value(json_object_get(body, "at_s")) * 1000;
    sim->clock_offset_ms = 0;
    return sim->stopped_ms > 0;
  }
  if (str_eq(what, STR("expire"))) return sim_auth_expire_all(sim), true;
  if (str_eq(what, STR("restart"))) return sim_auth_restart(sim), true;
  if (str_eq(what, STR("set"))) return sim_set(sim, text_of(body, "name"), text_of(body, "value"));
  if (str_eq(what, STR("password-age")))
    return sim_auth_age_password(sim, text_of(body, "username"), json_integer_value(json_object_get(body, "days")));
  if (str_eq(what, STR("token"))) return sim_auth_put_token(sim, text_of(body, "username"), text_of(body, "token"));
  if (str_eq(what, STR("verify-email"))) return sim_auth_verify_email(sim, text_of(body, "username"));
  if (str_eq(what, STR("tokens"))) return json_object_set_new(answer, "tokens", sim_auth_tokens(sim)) == 0;
  if (str_eq(what, STR("mail"))) {
    const char *code = sim_auth_mailed_code(sim, text_of(body, "username"));
    if (code) json_object_set_new(answer, "code", json_string(code));
    return code != NULL;
  }
  if (!str_eq(what, STR("secret"))) return false;
  const char *secret = sim_auth_totp_secret(sim, text_of(body, "username"));
  if (secret) json_object_set_new(answer, "secret", json_string(secret));
  return secret != NULL;
}

void sim_control_handle(struct sim *sim, const struct sim_request *request, struct sim_reply *reply) {
  json_t *body = request->body.n > 0 ? json_loadb(request->body.p, request->body.n, 0, NULL) : NULL;
  json_t *answer = json_object();
  bool done = carry_out(sim, str_from(request->path, prefix.n), body, answer);
  json_decref(body);
  sim_reply_json(reply, done ? 200 : 400, answer);
}

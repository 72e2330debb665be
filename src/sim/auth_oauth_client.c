/* auth_oauth_client: what the authorization server makes of a client's row, and how a client proves who it is. */
#include "sim/auth_oauth.h"

#include "base/mem.h"
#include "http/base64.h"
#include <crypt.h>

enum { SETTINGS_MAX = 65536 };

static bool listed(struct str list, struct str word) {
  struct str rest = list;
  while (rest.p)
    if (str_eq(str_trim(str_take(&rest, ',')), word)) return true;
  return false;
}

bool sim_client_lists(const struct sim_client *client, const char *property, struct str word) {
  struct str list = sim_text(client->row, property);
  return word.n > 0 && list.n > 0 && listed(list, word);
}

/* Settings are JSON in a text, with Java's type names: NULL with *ret_broken set where they cannot be read. */
static json_t *settings(struct str text, struct arena *arena, const char **ret_broken) {
  if (!text.p) {
    *ret_broken = "settings cannot be empty";
    return NULL;
  }
  json_t *parsed = text.n <= SETTINGS_MAX ? json_loadb(text.p, text.n, 0, NULL) : NULL;
  if (json_is_object(parsed) && json_object_get(parsed, "@class")) return parsed;
  *ret_broken = parsed ? "Failed to parse JSON data: missing type id property '@class'" : "Failed to parse JSON data: Unrecognized token";
  json_decref(parsed);
  return NULL;
}

/* A switch or length that is not there is null to the server, and the first use of it ends in a 500. */
static bool read_flag(const json_t *object, const char *name, const char **ret_broken) {
  const json_t *value = json_object_get(object, name);
  if (!json_is_boolean(value)) *ret_broken = "Cannot invoke \"java.lang.Boolean.booleanValue()\"";
  return json_is_true(value);
}

static int64_t read_ms(const json_t *object, const char *name, const char **ret_broken) {
  const json_t *value = json_array_get(json_object_get(object, name), 1);
  if (!json_is_number(value)) *ret_broken = "Cannot invoke \"java.time.Duration.toNanos()\"";
  return (int64_t)(json_number_value(value) * 1000);
}

static void read_settings(struct sim_client *client, struct arena *arena, const char **ret_broken) {
  json_t *about = settings(sim_text(client->row, "clientSettings"), arena, ret_broken);
  json_t *tokens = about ? settings(sim_text(client->row, "tokenSettings"), arena, ret_broken) : NULL;
  if (tokens) {
    client->needs_proof_key = read_flag(about, "settings.client.require-proof-key", ret_broken);
    client->needs_consent = read_flag(about, "settings.client.require-authorization-consent", ret_broken);
    client->reuses_refresh = read_flag(tokens, "settings.token.reuse-refresh-tokens", ret_broken);
    client->code_ms = read_ms(tokens, "settings.token.authorization-code-time-to-live", ret_broken);
    client->access_ms = read_ms(tokens, "settings.token.access-token-time-to-live", ret_broken);
    client->refresh_ms = read_ms(tokens, "settings.token.refresh-token-time-to-live", ret_broken);
    struct str keys = sim_text(about, "client.inline.jwks");
    if (keys.p) client->key_set = arena_str(arena, keys);
  }
  json_decref(about);
  json_decref(tokens);
}

bool sim_client_read(const struct sim *sim, struct arena *arena, struct str client_id, struct sim_client *ret, const char **ret_broken) {
  *ret = (struct sim_client){0};
  *ret_broken = NULL;
  ret->row = client_id.n > 0 ? sim_objects_find(sim->objects, "oAuth2Clients", "clientId", arena_cstr(arena, client_id)) : NULL;
  if (!ret->row) return false;
  if (sim_text(ret->row, "authorizationGrantTypes").n == 0)
    *ret_broken = "authorizationGrantTypes cannot be empty";
  else
    read_settings(ret, arena, ret_broken);
  return true;
}

/* Secrets. */

static struct str bcrypt(struct arena *arena, struct str secret, const char *setting) {
  struct crypt_data *room = mem_alloc(sizeof *room); /* 32 KiB: not for the stack */
  const char *hash = crypt_r(arena_cstr(arena, secret), setting, room);
  struct str result = hash && hash[0] == '$' ? arena_str(arena, str_of(hash)) : STR_NONE;
  free(room);
  return result;
}

struct str sim_client_hash(struct arena *arena, struct str secret) {
  char setting[CRYPT_GENSALT_OUTPUT_SIZE];
  if (!crypt_gensalt_rn("$2a$", 4, NULL, 0, setting, sizeof setting)) return STR_NONE;
  return bcrypt(arena, secret, setting);
}

static bool secret_holds(const struct sim_client *client, struct arena *arena, struct str secret) {
  struct str hash = sim_text(client->row, "clientSecret");
  if (!str_starts(hash, STR("$2"))) return false; /* written in clear text: never right */
  struct str again = bcrypt(arena, secret, hash.p);
  return again.n > 0 && str_eq(again, hash);
}

/* What is sent. */

struct proof {
  const char *method; /* NULL: nothing was sent */
  struct str client_id, secret;
};

static bool by_basic(const struct sim_request *request, struct proof *proof) {
  struct str authorization = sim_header(request, "Authorization"), clear;
  if (!str_starts_nocase(authorization, STR("Basic "))) return false;
  proof->method = "client_secret_basic";
  if (!base64_decode(request->arena, str_trim(str_from(authorization, 6)), &clear)) return true;
  proof->client_id = sim_url_decode(request->arena, str_take(&clear, ':'), true);
  proof->secret = clear.p ? sim_url_decode(request->arena, clear, true) : STR("");
  return true;
}

static struct proof read_proof(const struct sim_request *request) {
  struct proof proof = {0};
  struct str assertion = sim_form(request, "client_assertion", 0), id = sim_form(request, "client_id", 0),
             secret = sim_form(request, "client_secret", 0);
  if (assertion.n > 0) {
    json_t *claims = sim_jwt_part(request->arena, assertion, 1);
    proof = (struct proof){"private_key_jwt", id.n > 0 ? id : arena_str(request->arena, sim_text(claims, "sub")), assertion};
    json_decref(claims);
  } else if (by_basic(request, &proof)) {
  } else if (id.n > 0 && secret.p) {
    proof = (struct proof){"client_secret_post", id, secret};
  } else if (str_eq(sim_form(request, "grant_type", 0), STR("authorization_code")) && sim_form(request, "code", 0).p &&
             sim_form(request, "code_verifier", 0).p) {
    proof = (struct proof){"none", id, STR_NONE};
  }
  return proof;
}

static bool assertion_holds(const struct sim *sim, const struct sim_client *client, struct arena *arena, const struct proof *proof) {
  json_t *claims = sim_jwt_part(arena, proof->secret, 1);
  const json_t *audience = json_object_get(claims, "aud");
  struct str issuer = sim_issuer(sim, arena), endpoint = arena_printf(arena, "%.*soauth2/token", STR_ARG(issuer));
  struct str first = str_of(json_string_value(json_is_array(audience) ? json_array_get(audience, 0) : audience));
  bool good = claims && client->key_set.n > 0 && str_eq(sim_text(claims, "iss"), proof->client_id) &&
              str_eq(sim_text(claims, "sub"), proof->client_id) &&
              (str_eq(first, issuer) || str_eq(first, endpoint) || str_eq(first, sim->base_url)) &&
              json_integer_value(json_object_get(claims, "exp")) * 1000 > sim_now_ms(sim) &&
              sim_jwt_verify_with(arena, proof->secret, client->key_set);
  json_decref(claims);
  return good;
}

bool sim_client_authenticate(struct sim_call *call, struct sim_client *ret) {
  const struct sim_request *request = call->request;
  struct proof proof = read_proof(request);
  const char *broken;
  if (!proof.method) {
    sim_oauth_nobody(call, false);
    return false;
  }
  if (str_eq(str_of(proof.method), STR("none")) && proof.client_id.n == 0) {
    sim_oauth_error(call->reply, 400, "invalid_request");
    return false;
  }
  bool known = sim_client_read(call->sim, request->arena, proof.client_id, ret, &broken);
  if (known && broken) {
    sim_reply_tomcat(call->reply, 500, broken);
    return false;
  }
  bool good = known && sim_client_lists(ret, "clientAuthenticationMethods", str_of(proof.method));
  if (good && str_eq(str_of(proof.method), STR("private_key_jwt")))
    good = assertion_holds(call->sim, ret, request->arena, &proof);
  else if (good && proof.secret.p)
    good = secret_holds(ret, request->arena, proof.secret);
  if (!good) sim_oauth_error(call->reply, 401, "invalid_client");
  return good;
}

#include "dhis2/oauth.h"

#include "base/json_out.h"
#include "dhis2/judge.h"
#include "dhis2/refusal.h"
#include "dhis2/who.h"

enum { DEFINITION_MAX = 16384 };

/* --- manners --- */

static struct str refusal_of(const struct http_answer *answer) {
  return dhis2_login_redirect(answer->status, &answer->headers) ? STR("invalid_client") : STR_NONE;
}

static struct str legacy_refusal_of(const struct http_answer *answer) {
  return answer->status == 500 && str_has(answer->body, STR("Invalid client_id")) ? STR("invalid_client") : refusal_of(answer);
}

static int front(struct arena *arena, const struct http_answer *answer, struct error *error) {
  return dhis2_front_verdict(arena, answer, true, error);
}

static const struct {
  const char *word, *advice;
} advices[] = {
    {"invalid_client", "the server does not take drawbridge's client id, its secret, or the way it is sent: compare with the client's "
                       "definition at the server (from 2.42 on the server must hold the bcrypt hash of the secret, before that the "
                       "secret itself, of 36 characters)"},
    {"invalid_scope", "the client's definition at the server lacks a scope that is asked for: it must have openid and username"},
};

static const char *advice(struct str refusal) {
  for (size_t i = 0; i < sizeof advices / sizeof *advices; i++)
    if (str_eq(refusal, str_of(advices[i].word))) return advices[i].advice;
  return NULL;
}

const struct oauth_manners dhis2_manners = {.refusal = refusal_of, .front = front, .advice = advice};

/* Its secrets need no encoding, and it decodes none; it says invalid_token of a refresh token that has expired. */
const struct oauth_manners dhis2_legacy_manners = {
    .plain_basic = true, .dead = "invalid_token", .refusal = legacy_refusal_of, .front = front, .advice = advice};

struct oauth_party dhis2_party(const struct source_place *place, const struct oauth_provider *provider, const struct oauth_client *client) {
  return (struct oauth_party){.server = place->id, .options = place->options, .provider = provider, .client = client};
}

/* --- redeem --- */

static int check_scope(const struct oauth_party *party, const struct oauth_grant *grant, struct arena *arena, struct error *error) {
  bool asked = oauth_scope_has(oauth_scope(party, arena), STR("username"));
  if (!asked || !grant->scope.p || oauth_scope_has(grant->scope, STR("username"))) return 0;
  (void)error_set(error, ERROR_upstream_error,
                  "'username' was not ticked on the server's page: start again and tick it; without it the server's API takes nobody");
  return error_because(error, "scope");
}

/* From tokens to a person. */
static int complete(const struct source_place *place, const struct oauth_party *party, const struct oauth_grant *grant, struct arena *arena,
                    struct signed_in *ret, struct error *error) {
  if (check_scope(party, grant, arena, error) < 0) return -1;
  struct source_credential credential = {CREDENTIAL_BEARER, grant->tokens.access_token};
  struct dhis2_server *server = dhis2_who_server(place, credential);
  int result = dhis2_who(server, dhis2_bearer_verdict, STR_NONE, arena, ret, error);
  dhis2_server_free(server);
  if (result < 0) return -1;
  if (grant->person.subject.n && !str_eq(grant->person.subject, ret->user.username)) {
    (void)error_set(error, ERROR_upstream_error, "the server's ID token names another user than its API");
    return error_because(error, "id_token");
  }
  ret->subject = grant->person.subject;
  ret->credential = (struct source_credential){CREDENTIAL_BEARER, secret_ref(grant->tokens.access_token)};
  ret->refresh_token = secret_ref(grant->tokens.refresh_token);
  ret->expires_ms = grant->tokens.expires_ms;
  ret->refresh_ends_ms = grant->tokens.refresh_ends_ms;
  return 0;
}

int dhis2_oauth_redeem(const struct source_place *place, const struct oauth_party *party, const struct secret *code,
                       const struct secret *verifier, struct str nonce, struct arena *arena, struct signed_in *ret, struct error *error) {
  struct oauth_grant grant;
  *ret = (struct signed_in){.kind = dhis2_is_legacy(party->provider) ? SIGN_IN_LEGACY_OAUTH : SIGN_IN_OAUTH};
  int result = oauth_redeem(party, code, verifier, nonce, arena, &grant, error);
  if (result < 0) return -1;
  result = complete(place, party, &grant, arena, ret, error);
  struct error unused = {0};
  if (result < 0) (void)oauth_revoke(party, grant.tokens.refresh_token, grant.tokens.access_token, &unused); /* nobody will use them */
  oauth_grant_clear(&grant);
  if (result == 0) return 0;
  signed_in_clear(ret);
  return error_name_server(error, place->id);
}

bool dhis2_is_legacy(const struct oauth_provider *provider) {
  return provider->manners == &dhis2_legacy_manners;
}

/* --- what an administrator pastes --- */

/* Jackson's own words for types: DHIS2 keeps these as they are and reads them back with type information (2.42+); all eight settings must be there. Five minutes of access, thirty days of a refresh token that changes with each use. */
static const char client_settings[] = "{\"@class\":\"java.util.Collections$UnmodifiableMap\",\"settings.client.require-proof-key\":true,"
                                      "\"settings.client.require-authorization-consent\":true}";
static const char token_settings[] =
    "{\"@class\":\"java.util.Collections$UnmodifiableMap\","
    "\"settings.token.authorization-code-time-to-live\":[\"java.time.Duration\",300.0],"
    "\"settings.token.access-token-time-to-live\":[\"java.time.Duration\",300.0],"
    "\"settings.token.access-token-format\":{\"@class\":\"org.springframework.security.oauth2.server.authorization.settings."
    "OAuth2TokenFormat\",\"value\":\"self-contained\"},"
    "\"settings.token.device-code-time-to-live\":[\"java.time.Duration\",300.0],"
    "\"settings.token.reuse-refresh-tokens\":false,"
    "\"settings.token.refresh-token-time-to-live\":[\"java.time.Duration\",2592000.0],"
    "\"settings.token.id-token-signature-algorithm\":[\"org.springframework.security.oauth2.jose.jws.SignatureAlgorithm\",\"RS256\"],"
    "\"settings.token.x509-certificate-bound-access-tokens\":false}";

static void legacy_definition(struct json_out *out, struct str client_id, struct str redirect_uri) {
  json_out_member_str(out, "name", STR("drawbridge"));
  json_out_member_str(out, "cid", client_id);
  json_out_member_str(out, "secret", STR("PUT THE SECRET HERE: EXACTLY 36 CHARACTERS"));
  json_out_member_array(out, "redirectUris");
  json_out_str(out, redirect_uri);
  json_out_end(out);
  json_out_member_array(out, "grantTypes");
  json_out_str(out, STR("authorization_code"));
  json_out_str(out, STR("refresh_token"));
  json_out_end(out);
}

struct str dhis2_client_definition(struct arena *arena, bool legacy, struct str client_id, struct str redirect_uri) {
  struct buf buf = BUF_INIT(DEFINITION_MAX);
  struct json_out out = JSON_OUT_INIT(&buf);
  json_out_object(&out);
  if (legacy) {
    legacy_definition(&out, client_id, redirect_uri);
  } else {
    json_out_member_str(&out, "clientId", client_id);
    json_out_member_str(&out, "name", STR("drawbridge"));
    json_out_member_str(&out, "clientSecret", STR("PUT THE BCRYPT HASH OF THE SECRET HERE"));
    json_out_member_str(&out, "clientAuthenticationMethods", STR("client_secret_basic"));
    json_out_member_str(&out, "authorizationGrantTypes", STR("authorization_code,refresh_token"));
    json_out_member_str(&out, "redirectUris", redirect_uri);
    json_out_member_str(&out, "scopes", STR("openid,profile,username"));
    json_out_member_str(&out, "clientSettings", str_of(client_settings));
    json_out_member_str(&out, "tokenSettings", str_of(token_settings));
  }
  json_out_end(&out);
  struct str text = buf.full ? STR_NONE : arena_str(arena, buf_str(&buf));
  buf_free(&buf);
  return text;
}

#include "dhis2/oauth.h"

#include "base/clock.h"
#include "base/json_out.h"
#include "crypt/random.h"
#include "dhis2/id_token.h"
#include "dhis2/refusal.h"
#include "dhis2/token_endpoint.h"
#include "dhis2/who.h"
#include "http/base64.h"

enum { LETTERS = 43 /* 256 bits */, QUERY_MAX = 16384, CODE_MAX = 2048, STATE_MAX = 512, AGAIN_S = 10 };

static int reason(struct error *error, struct str word) {
  (void)snprintf(error->reason, sizeof error->reason, "%.*s", STR_ARG(word));
  return -1;
}

/* --- start --- */

static struct secret *new_verifier(struct arena *arena, struct str *ret_challenge) {
  char letters[LETTERS];
  unsigned char hash[HASH_SIZE];
  random_letters(letters, sizeof letters);
  hash_sha256((struct str){letters, sizeof letters}, hash);
  struct secret *verifier = secret_new((struct str){letters, sizeof letters});
  secret_wipe(letters, sizeof letters);
  *ret_challenge = base64url_encode(arena, (struct str){(const char *)hash, sizeof hash});
  return verifier;
}

static struct str scope_of(const struct dhis2_oauth *oauth, const struct dhis2_client *client, struct arena *arena) {
  if (!client->scopes || !client->scope_count) return oauth->legacy ? STR_NONE : STR("openid username");
  struct str text = client->scopes[0];
  for (size_t i = 1; i < client->scope_count; i++) text = arena_printf(arena, "%.*s %.*s", STR_ARG(text), STR_ARG(client->scopes[i]));
  return text;
}

int dhis2_oauth_start(const struct dhis2_oauth *oauth, const struct dhis2_client *client, struct arena *arena, struct dhis2_start *ret,
                      struct error *error) {
  if (!client->client_id.n || !client->redirect_uri.n || !oauth->authorization_endpoint.n)
    return error_set(error, ERROR_configuration, "the server has no client id or no authorization endpoint");
  struct buf query = BUF_INIT(QUERY_MAX);
  struct str scope = scope_of(oauth, client, arena), challenge;
  struct dhis2_start start = {.state = random_id(arena, LETTERS)};
  (void)form_add(&query, STR("response_type"), STR("code"));
  (void)form_add(&query, STR("client_id"), client->client_id);
  (void)form_add(&query, STR("redirect_uri"), client->redirect_uri);
  if (scope.n) (void)form_add(&query, STR("scope"), scope);
  (void)form_add(&query, STR("state"), start.state);
  if (!oauth->legacy) {
    start.nonce = random_id(arena, LETTERS);
    start.verifier = new_verifier(arena, &challenge);
    (void)form_add(&query, STR("nonce"), start.nonce);
    (void)form_add(&query, STR("code_challenge"), challenge);
    (void)form_add(&query, STR("code_challenge_method"), STR("S256"));
  }
  const char *joint = str_find_char(oauth->authorization_endpoint, '?') == SIZE_MAX ? "?" : "&";
  start.url = arena_printf(arena, "%.*s%s%.*s", STR_ARG(oauth->authorization_endpoint), joint, STR_ARG(buf_str(&query)));
  bool fits = !query.full;
  buf_free(&query);
  if (fits) {
    *ret = start;
    return 0;
  }
  secret_free(start.verifier);
  return error_set(error, ERROR_configuration, "the client id, redirect address and scopes are too long together");
}

/* --- come back --- */

int dhis2_callback_read(struct arena *arena, struct str query, struct dhis2_callback *ret, struct error *error) {
  static const char *const once[] = {"state", "code", "iss", "error", "error_description"};
  struct form form;
  struct str code = STR_NONE;
  *ret = (struct dhis2_callback){0};
  if (query.n > QUERY_MAX) return error_set(error, ERROR_bad_request, "the answer of the server is too long");
  if (form_parse(arena, query, &form, error) < 0) return -1;
  for (size_t i = 0; i < sizeof once / sizeof *once; i++)
    if (form_count(&form, str_of(once[i])) > 1)
      return error_set(error, ERROR_bad_request, "the answer of the server has '%s' twice", once[i]);
  (void)form_get(&form, STR("state"), &ret->state);
  (void)form_get(&form, STR("iss"), &ret->iss);
  (void)form_get(&form, STR("error"), &ret->refusal);
  (void)form_get(&form, STR("error_description"), &ret->description);
  bool has_code = form_get(&form, STR("code"), &code) && code.n && code.n <= CODE_MAX;
  if (!ret->state.n || ret->state.n > STATE_MAX)
    return error_set(error, ERROR_bad_request, "the answer of the server has no state: start the sign-in again");
  if (has_code == (ret->refusal.n > 0))
    return error_set(error, ERROR_bad_request, "the answer of the server has neither a code nor a refusal, or both");
  if (has_code) ret->code = secret_new(code);
  return 0;
}

static const struct {
  const char *word;
  enum error_code code;
  const char *message;
} refusals[] = {
    {"access_denied", ERROR_cancelled,
     "the sign-in was declined at the server, or none of the boxes on its page was ticked: tick 'username' and agree"},
    {"login_required", ERROR_reauth_required, "the server wants you to sign in there first: start again"},
    {"interaction_required", ERROR_reauth_required, "the server wants you to sign in there first: start again"},
    {"consent_required", ERROR_reauth_required, "the server wants you to agree first: start again"},
    {"invalid_request", ERROR_upstream_error,
     "the server finds the sign-in request malformed: does the client's definition there demand what drawbridge does not send?"},
};

int dhis2_callback_check(const struct dhis2_callback *callback, const struct dhis2_oauth *oauth, struct error *error) {
  if (callback->iss.p ? !str_eq(callback->iss, oauth->issuer) : oauth->iss_parameter) {
    (void)error_set(error, ERROR_bad_request, "the answer does not come from the server that the sign-in was started at: start again");
    return reason(error, STR("iss"));
  }
  if (!callback->refusal.n) return 0;
  for (size_t i = 0; i < sizeof refusals / sizeof *refusals; i++) {
    if (!str_eq(callback->refusal, str_of(refusals[i].word))) continue;
    (void)error_set(error, refusals[i].code, "%s", refusals[i].message);
    return reason(error, callback->refusal);
  }
  const char *advice = token_refusal_advice(callback->refusal);
  (void)error_set(error, ERROR_upstream_error, "%s", advice ? advice : "the server refused the sign-in");
  return reason(error, advice ? callback->refusal : STR("not_told"));
}

/* --- redeem --- */

/* What a refused redemption means. */
static int redeem_refused(struct arena *arena, const struct http_answer *answer, struct str refusal, struct error *error) {
  if (str_eq(refusal, STR("invalid_grant")))
    (void)error_set(error, ERROR_reauth_required,
                    "the server does not take the code any more (used, too old, or for another address): start the sign-in again");
  else if (token_refusal_advice(refusal))
    (void)error_set(error, ERROR_upstream_error, "%s", token_refusal_advice(refusal));
  else if (refusal.n)
    (void)error_set(error, ERROR_upstream_error, "the server refused the code");
  else if (dhis2_front_verdict(arena, answer, true, error) < 0)
    return -1;
  else
    (void)error_set(error, ERROR_upstream_error, "the server's token endpoint gave no token (status %d)", answer->status);
  error->upstream_status = answer->status;
  return reason(error, refusal);
}

static int fetch_keys(const struct token_call *call, struct arena *arena, struct str *ret, struct error *error) {
  struct http_headers headers = {0};
  struct http_answer answer;
  http_headers_add(&headers, arena, STR("Accept"), STR("application/json"));
  struct http_call http = {.method = STR("GET"), .url = call->oauth->jwks_uri, .headers = &headers};
  if (http_client_call(call->http, &http, arena, &answer, error) < 0) return -1;
  if (answer.status == 200) {
    *ret = answer.body;
    return 0;
  }
  (void)error_set(error, ERROR_upstream_error, "the server's keys cannot be fetched (status %d): its sign-in cannot be checked",
                  answer.status);
  error->upstream_status = answer.status;
  return reason(error, STR("id_token"));
}

/* A server that makes its keys at each start, or several of them behind one address: the key may be missing once. */
static int check_id_token(const struct token_call *call, const struct token_answer *answer, struct str nonce, struct arena *arena,
                          struct str *ret_subject, struct error *error) {
  struct id_token_expected expected = {
      .issuer = call->oauth->issuer, .client_id = call->client->client_id, .nonce = nonce, .now_ms = clock_now_ms()};
  struct str keys;
  int result = 1;
  for (int round = 0; round < 2 && result == 1; round++) {
    if (fetch_keys(call, arena, &keys, error) < 0) return -1;
    result = id_token_check(secret_reveal(answer->id), keys, &expected, arena, ret_subject, error);
  }
  if (result <= 0) return result;
  (void)error_set(error, ERROR_upstream_error, "the server's ID token is signed by a key that the server does not publish");
  return reason(error, STR("id_token"));
}

/* One word of a list parted by blanks. */
static bool has_word(struct str list, struct str word) {
  while (list.p)
    if (str_eq(str_take(&list, ' '), word)) return true;
  return false;
}

static int check_scope(const struct token_call *call, const struct token_answer *answer, struct arena *arena, struct error *error) {
  bool asked = has_word(scope_of(call->oauth, call->client, arena), STR("username"));
  if (call->oauth->legacy || !asked || !answer->scope.p || has_word(answer->scope, STR("username"))) return 0;
  (void)error_set(error, ERROR_upstream_error,
                  "'username' was not ticked on the server's page: start again and tick it; without it the server's API takes nobody");
  return reason(error, STR("scope"));
}

/* From tokens to a person. */
static int complete(const struct token_call *call, struct token_answer *answer, struct str nonce, struct arena *arena,
                    struct dhis2_signed_in *ret, struct error *error) {
  bool legacy = call->oauth->legacy;
  if (check_scope(call, answer, arena, error) < 0) return -1;
  if (!legacy && check_id_token(call, answer, nonce, arena, &ret->subject, error) < 0) return -1;
  struct dhis2_credential credential = {DHIS2_BEARER, answer->access};
  struct dhis2_server *server = dhis2_who_server(call->place, credential);
  int result = dhis2_who(server, dhis2_bearer_verdict, STR_NONE, arena, ret, error);
  dhis2_server_free(server);
  if (result < 0) return -1;
  if (!legacy && !str_eq(ret->subject, ret->user.username)) {
    (void)error_set(error, ERROR_upstream_error, "the server's ID token names another user than its API");
    return reason(error, STR("id_token"));
  }
  ret->credential = (struct dhis2_credential){DHIS2_BEARER, secret_ref(answer->access)};
  ret->refresh_token = secret_ref(answer->refresh);
  ret->expires_ms = answer->expires_s ? clock_now_ms() + answer->expires_s * 1000 : 0;
  return 0;
}

int dhis2_oauth_redeem(const struct dhis2_place *place, const struct dhis2_oauth *oauth, const struct dhis2_client *client,
                       const struct secret *code, const struct secret *verifier, struct str nonce, struct arena *arena,
                       struct dhis2_signed_in *ret, struct error *error) {
  struct token_call call = {place, oauth, client, token_http_new(place)};
  struct form_field fields[] = {{STR("grant_type"), STR("authorization_code")},
                                {STR("code"), secret_reveal(code)},
                                {STR("redirect_uri"), client->redirect_uri},
                                {STR("code_verifier"), secret_reveal(verifier)}};
  struct http_answer answer;
  struct token_answer tokens = {0};
  *ret = (struct dhis2_signed_in){.kind = oauth->legacy ? DHIS2_KIND_LEGACY_OAUTH : DHIS2_KIND_OAUTH};
  int result = token_call(&call, oauth->token_endpoint, fields, verifier ? 4 : 3, arena, &answer, error);
  if (result == 0 && !token_answer_read(arena, oauth->legacy, &answer, &tokens))
    result = redeem_refused(arena, &answer, tokens.refusal, error);
  else if (result == 0) {
    result = complete(&call, &tokens, nonce, arena, ret, error);
    struct error unused = {0};
    if (result < 0) (void)dhis2_oauth_revoke(place, oauth, client, tokens.refresh, tokens.access, &unused); /* nobody will use them */
  }
  token_answer_clear(&tokens);
  http_client_free(call.http);
  if (result == 0) return 0;
  dhis2_signed_in_clear(ret);
  return error_name_server(error, place->id);
}

/* --- go on --- */

/* The old server says invalid_token of a refresh token that has expired. */
static bool is_dead(bool legacy, struct str refusal) {
  return str_eq(refusal, STR("invalid_grant")) || (legacy && str_eq(refusal, STR("invalid_token")));
}

static int refresh_refused(const struct token_call *call, const struct http_answer *answer, struct str refusal, struct error *error) {
  if (is_dead(call->oauth->legacy, refusal)) {
    (void)error_set(error, ERROR_reauth_required, "the sign-in at the server has ended: sign in again");
  } else {
    const char *advice = token_refusal_advice(refusal);
    (void)error_set(error, ERROR_refresh_failed, "the sign-in could not be renewed for now: %s",
                    advice ? advice : "the server's token endpoint gave no token");
    error->retry_after = dhis2_retry_after(&answer->headers, AGAIN_S, clock_now_ms());
  }
  error->upstream_status = answer->status;
  return reason(error, refusal);
}

static int refreshed(const struct token_call *call, struct token_answer *answer, struct secret *used, struct str subject,
                     struct dhis2_tokens *ret, struct error *error) {
  struct id_token_expected expected = {.issuer = call->oauth->issuer, .client_id = call->client->client_id, .subject = subject};
  if (answer->id && subject.n && id_token_same_person(secret_reveal(answer->id), &expected, error) < 0) {
    error->code = ERROR_reauth_required;
    return -1;
  }
  *ret = (struct dhis2_tokens){.access_token = secret_ref(answer->access),
                               .refresh_token = secret_ref(answer->refresh ? answer->refresh : used),
                               .expires_ms = answer->expires_s ? clock_now_ms() + answer->expires_s * 1000 : 0};
  return 0;
}

int dhis2_oauth_refresh(const struct dhis2_place *place, const struct dhis2_oauth *oauth, const struct dhis2_client *client,
                        struct secret *refresh_token, struct str subject, struct arena *arena, struct dhis2_tokens *ret,
                        struct error *error) {
  struct token_call call = {place, oauth, client, token_http_new(place)};
  struct form_field fields[] = {{STR("grant_type"), STR("refresh_token")}, {STR("refresh_token"), secret_reveal(refresh_token)}};
  struct http_answer answer;
  struct token_answer tokens = {0};
  *ret = (struct dhis2_tokens){0};
  int result = token_call(&call, oauth->token_endpoint, fields, 2, arena, &answer, error);
  if (result < 0) {
    error->code = ERROR_refresh_failed;
    error->retry_after = AGAIN_S;
  } else if (token_answer_read(arena, oauth->legacy, &answer, &tokens)) {
    result = refreshed(&call, &tokens, refresh_token, subject, ret, error);
  } else {
    result = refresh_refused(&call, &answer, tokens.refusal, error);
  }
  token_answer_clear(&tokens);
  http_client_free(call.http);
  return result == 0 ? 0 : error_name_server(error, place->id);
}

/* --- end --- */

static int revoke_one(const struct token_call *call, const struct secret *token, const char *kind, struct arena *arena,
                      struct error *error) {
  struct form_field fields[] = {{STR("token"), secret_reveal(token)}, {STR("token_type_hint"), str_of(kind)}};
  struct http_answer answer;
  if (!token) return 0;
  if (token_call(call, call->oauth->revocation_endpoint, fields, 2, arena, &answer, error) < 0) return -1;
  if (answer.status == 200) return 0;
  (void)error_set(error, ERROR_upstream_error, "the server did not revoke the token (status %d): it ends by itself", answer.status);
  error->upstream_status = answer.status;
  return -1;
}

int dhis2_oauth_revoke(const struct dhis2_place *place, const struct dhis2_oauth *oauth, const struct dhis2_client *client,
                       const struct secret *refresh_token, const struct secret *access_token, struct error *error) {
  if (oauth->legacy || !oauth->revocation_endpoint.n) return 0;
  struct arena *arena = arena_new();
  struct token_call call = {place, oauth, client, token_http_new(place)};
  int first = revoke_one(&call, refresh_token, "refresh_token", arena, error);
  struct error second = {0};
  if (revoke_one(&call, access_token, "access_token", arena, &second) < 0 && first == 0) {
    *error = second;
    first = -1;
  }
  http_client_free(call.http);
  arena_free(arena);
  return first == 0 ? 0 : error_name_server(error, place->id);
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
  struct buf buf = BUF_INIT(QUERY_MAX);
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

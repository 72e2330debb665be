#include "oauth/oauth.h"

#include "base/clock.h"
#include "crypt/random.h"
#include "http/base64.h"
#include "oauth/id_token.h"
#include "oauth/jws.h"
#include "oauth/token_endpoint.h"
#include <jansson.h>

enum { LETTERS = 43 /* 256 bits */, QUERY_MAX = 16384, CODE_MAX = 2048, STATE_MAX = 512, AGAIN_S = 10, NAME_MAX = 200 };

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

struct str oauth_scope(const struct oauth_party *party, struct arena *arena) {
  const struct oauth_client *client = party->client;
  if (!client->scopes || !client->scope_count) return party->provider->scope;
  struct str text = client->scopes[0];
  for (size_t i = 1; i < client->scope_count; i++) text = arena_printf(arena, "%.*s %.*s", STR_ARG(text), STR_ARG(client->scopes[i]));
  return text;
}

bool oauth_scope_has(struct str scope, struct str word) {
  while (scope.p)
    if (str_eq(str_take(&scope, ' '), word)) return true;
  return false;
}

enum { REQUEST_FIELDS = 11 };

struct request {
  struct form_field fields[REQUEST_FIELDS];
  size_t n;
};

static void ask_for(struct request *request, struct str name, struct str value) {
  if (value.n) request->fields[request->n++] = (struct form_field){name, value};
}

/* Fills state, nonce and verifier of *start as well. */
static void make_request(const struct oauth_party *party, struct arena *arena, struct request *request, struct oauth_start *start) {
  const struct oauth_client *client = party->client;
  struct str scope = oauth_scope(party, arena), challenge;
  *start = (struct oauth_start){.state = random_id(arena, LETTERS)};
  ask_for(request, STR("response_type"), STR("code"));
  ask_for(request, STR("redirect_uri"), client->redirect_uri);
  ask_for(request, STR("scope"), scope);
  ask_for(request, STR("state"), start->state);
  ask_for(request, STR("resource"), client->resource);
  ask_for(request, STR("aud"), party->provider->audience);
  if (oauth_scope_has(scope, STR("openid"))) {
    start->nonce = random_id(arena, LETTERS);
    ask_for(request, STR("nonce"), start->nonce);
  }
  if (!party->provider->pkce) return;
  start->verifier = new_verifier(arena, &challenge);
  ask_for(request, STR("code_challenge"), challenge);
  ask_for(request, STR("code_challenge_method"), STR("S256"));
}

/* RFC 9126: the request goes to the server, and a name for it into the address bar. */
static int push(const struct oauth_party *party, struct arena *arena, struct request *request, struct error *error) {
  struct token_call call = {party, token_http_new(party), .names_client = true};
  struct http_answer answer;
  int result = token_call(&call, party->provider->par_endpoint, request->fields, request->n, arena, &answer, error);
  http_client_free(call.http);
  if (result < 0) return -1;
  json_t *root = answer.status == 201 ? json_loadb(answer.body.p, answer.body.n, JSON_REJECT_DUPLICATES, NULL) : NULL;
  struct str name = arena_str(arena, str_of(json_string_value(json_object_get(root, "request_uri"))));
  json_decref(root);
  if (name.n && name.n <= STATE_MAX) {
    *request = (struct request){.fields = {{STR("request_uri"), name}}, .n = 1};
    return 0;
  }
  struct token_answer refused;
  (void)token_answer_read(arena, party->provider->manners, false, &answer, &refused);
  const char *advice = token_refusal_advice(party->provider->manners, refused.refusal);
  (void)error_set(error, ERROR_upstream_error, "%s", advice ? advice : "the server did not take the request to sign in");
  error->upstream_status = answer.status;
  (void)reason(error, refused.refusal);
  token_answer_clear(&refused);
  return error_name_server(error, party->server);
}

static int address_of(const struct oauth_party *party, const struct request *request, struct arena *arena, struct str *ret,
                      struct error *error) {
  struct str endpoint = party->provider->authorization_endpoint;
  struct buf query = BUF_INIT(QUERY_MAX);
  (void)form_add(&query, STR("client_id"), party->client->client_id);
  for (size_t i = 0; i < request->n; i++) (void)form_add(&query, request->fields[i].name, request->fields[i].value);
  const char *joint = str_find_char(endpoint, '?') == SIZE_MAX ? "?" : "&";
  *ret = arena_printf(arena, "%.*s%s%.*s", STR_ARG(endpoint), joint, STR_ARG(buf_str(&query)));
  bool fits = !query.full;
  buf_free(&query);
  return fits ? 0 : error_set(error, ERROR_configuration, "the client id, redirect address and scopes are too long together");
}

int oauth_start(const struct oauth_party *party, struct arena *arena, struct oauth_start *ret, struct error *error) {
  if (!party->client->client_id.n || !party->client->redirect_uri.n || !party->provider->authorization_endpoint.n)
    return error_set(error, ERROR_configuration, "the server has no client id or no authorization endpoint");
  struct request request = {0};
  struct oauth_start start;
  make_request(party, arena, &request, &start);
  int result = party->provider->par_endpoint.n ? push(party, arena, &request, error) : 0;
  if (result == 0) result = address_of(party, &request, arena, &start.url, error);
  if (result == 0)
    *ret = start;
  else
    secret_free(start.verifier);
  return result;
}

/* --- come back --- */

int oauth_callback_read(struct arena *arena, struct str query, struct oauth_callback *ret, struct error *error) {
  static const char *const once[] = {"state", "code", "iss", "error", "error_description"};
  struct form form;
  struct str code = STR_NONE;
  *ret = (struct oauth_callback){0};
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

int oauth_callback_check(const struct oauth_callback *callback, const struct oauth_provider *provider, struct error *error) {
  if (callback->iss.p ? !str_eq(callback->iss, provider->issuer) : provider->iss_parameter) {
    (void)error_set(error, ERROR_bad_request, "the answer does not come from the server that the sign-in was started at: start again");
    return reason(error, STR("iss"));
  }
  if (!callback->refusal.n) return 0;
  for (size_t i = 0; i < sizeof refusals / sizeof *refusals; i++) {
    if (!str_eq(callback->refusal, str_of(refusals[i].word))) continue;
    (void)error_set(error, refusals[i].code, "%s", refusals[i].message);
    return reason(error, callback->refusal);
  }
  const char *advice = token_refusal_advice(provider->manners, callback->refusal);
  (void)error_set(error, ERROR_upstream_error, "%s", advice ? advice : "the server refused the sign-in");
  return reason(error, advice ? callback->refusal : STR("not_told"));
}

/* --- redeem --- */

/* What a refused redemption means. */
static int redeem_refused(const struct oauth_party *party, struct arena *arena, const struct http_answer *answer, struct str refusal,
                          struct error *error) {
  const struct oauth_manners *manners = party->provider->manners;
  const char *advice = token_refusal_advice(manners, refusal);
  if (str_eq(refusal, STR("invalid_grant")))
    (void)error_set(error, ERROR_reauth_required,
                    "the server does not take the code any more (used, too old, or for another address): start the sign-in again");
  else if (refusal.n)
    (void)error_set(error, ERROR_upstream_error, "%s", advice ? advice : "the server refused the code");
  else if (manners && manners->front && manners->front(arena, answer, error) < 0)
    return -1;
  else
    (void)error_set(error, ERROR_upstream_error, "the server's token endpoint gave no token (status %d)", answer->status);
  error->upstream_status = answer->status;
  return reason(error, refusal);
}

/* The keys that are known first; where the token's is not among them, the server's set anew (R-B3). */
static int check_with_keys(const struct token_call *call, struct oauth_keys *keys, struct str token,
                           const struct id_token_expected *expected, struct arena *arena, struct oauth_person *ret, struct error *error) {
  uint64_t seen = 0;
  for (;;) {
    struct str set;
    int got = oauth_keys_get(keys, call->http, call->party->provider->jwks_uri, seen, arena, &set, &seen, error);
    if (got && expected->subject.n) { /* of a refresh: id_token.h */
      *error = (struct error){0};
      return id_token_check(token, STR_NONE, expected, arena, ret, error);
    }
    int result = got ? got : id_token_check(token, set, expected, arena, ret, error);
    if (result < 0 || (result == 0 && got == 0)) return result;
    if (got == 0) continue;
    (void)error_set(error, ERROR_upstream_error, "the server's ID token is signed by a key that the server does not publish");
    return reason(error, STR("id_token"));
  }
}

static int check_id_token(const struct token_call *call, const struct secret *token, struct str nonce, struct str subject,
                          struct arena *arena, struct oauth_person *ret, struct error *error) {
  struct id_token_expected expected = {.issuer = call->party->provider->issuer,
                                       .client_id = call->party->client->client_id,
                                       .nonce = nonce,
                                       .subject = subject,
                                       .now_ms = clock_now_ms()};
  struct oauth_keys *own = call->party->keys ? NULL : oauth_keys_new();
  int result = check_with_keys(call, own ? own : call->party->keys, secret_reveal(token), &expected, arena, ret, error);
  oauth_keys_free(own);
  return result;
}

static int64_t end_of(int64_t seconds) {
  return seconds ? clock_now_ms() + seconds * 1000 : 0;
}

void oauth_tokens_clear(struct oauth_tokens *tokens) {
  secret_free(tokens->access_token);
  secret_free(tokens->refresh_token);
  *tokens = (struct oauth_tokens){0};
}

void oauth_grant_clear(struct oauth_grant *grant) {
  oauth_tokens_clear(&grant->tokens);
  secret_free(grant->proof_key);
  *grant = (struct oauth_grant){0};
}

static int redeem(const struct token_call *call, struct token_answer *tokens, struct str nonce, struct arena *arena,
                  struct oauth_grant *ret, struct error *error) {
  struct error unused = {0};
  if (nonce.n && check_id_token(call, tokens->id, nonce, STR_NONE, arena, &ret->person, error) < 0) {
    (void)oauth_revoke(call->party, tokens->refresh, tokens->access, &unused); /* nobody will use them */
    return -1;
  }
  ret->scope = tokens->scope;
  ret->tokens =
      (struct oauth_tokens){secret_ref(tokens->access), secret_ref(tokens->refresh), end_of(tokens->expires_s), end_of(tokens->refresh_s)};
  return 0;
}

int oauth_redeem(const struct oauth_party *party, const struct secret *code, const struct secret *verifier, struct str nonce,
                 struct arena *arena, struct oauth_grant *ret, struct error *error) {
  struct oauth_party own = *party;
  struct token_call call = {&own, token_http_new(party)};
  struct request fields = {0};
  struct http_answer answer;
  struct token_answer tokens = {0};
  *ret = (struct oauth_grant){.proof_key = party->client->dpop ? jws_new_key() : NULL};
  own.proof_key = ret->proof_key;
  ask_for(&fields, STR("grant_type"), STR("authorization_code"));
  ask_for(&fields, STR("code"), secret_reveal(code));
  ask_for(&fields, STR("redirect_uri"), party->client->redirect_uri);
  ask_for(&fields, STR("code_verifier"), secret_reveal(verifier));
  ask_for(&fields, STR("resource"), party->client->resource);
  int result = token_call(&call, party->provider->token_endpoint, fields.fields, fields.n, arena, &answer, error);
  if (result == 0)
    result = token_answer_read(arena, party->provider->manners, ret->proof_key, &answer, &tokens)
                 ? redeem(&call, &tokens, nonce, arena, ret, error)
                 : redeem_refused(party, arena, &answer, tokens.refusal, error);
  token_answer_clear(&tokens);
  http_client_free(call.http);
  if (result == 0) return 0;
  oauth_grant_clear(ret);
  return error_name_server(error, party->server);
}

/* --- who --- */

static int read_person(struct str json, struct arena *arena, struct oauth_person *person, struct error *error) {
  json_t *root = json_loadb(json.p, json.n, JSON_REJECT_DUPLICATES, NULL);
  struct str subject = str_of(json_string_value(json_object_get(root, "sub")));
  struct str username = str_of(json_string_value(json_object_get(root, "preferred_username")));
  struct str name = str_of(json_string_value(json_object_get(root, "name")));
  bool same = str_eq(subject, person->subject);
  if (same && !person->username.n) person->username = arena_str(arena, str_slice(username, 0, NAME_MAX));
  if (same && !person->name.n) person->name = arena_str(arena, str_slice(name, 0, NAME_MAX));
  json_decref(root);
  if (same) return 0;
  (void)error_set(error, ERROR_upstream_error, "the server's userinfo names another user than its ID token");
  return reason(error, STR("id_token"));
}

int oauth_ask_person(const struct oauth_party *party, const struct oauth_grant *grant, struct arena *arena, struct oauth_person *person,
                     struct error *error) {
  struct str url = party->provider->userinfo_endpoint;
  if (!url.n || !person->subject.n || (person->username.n && person->name.n)) return 0;
  struct http_client *http = token_http_new(party);
  struct error unused = {0};
  int result = 0;
  for (int tries = 0; tries < 2; tries++) {
    struct http_headers headers = {0};
    struct http_answer answer;
    struct http_call call = {.method = STR("GET"),
                             .url = url,
                             .headers = &headers,
                             .secret_header_name = STR("Authorization"),
                             .secret_header_prefix = grant->proof_key ? STR("DPoP ") : STR("Bearer "),
                             .secret_header = grant->tokens.access_token};
    http_headers_add(&headers, arena, STR("Accept"), STR("application/json"));
    if (grant->proof_key)
      http_headers_add(&headers, arena, STR("DPoP"),
                       dpop_proof(party->nonces, grant->proof_key, call.method, url, grant->tokens.access_token, arena));
    if (http_client_call(http, &call, arena, &answer, &unused) < 0) break; /* names are for reading: nothing hangs on them */
    if (grant->proof_key) dpop_nonces_keep(party->nonces, url, &answer.headers);
    if (answer.status == 200 && http_headers_are_json(&answer.headers)) result = read_person(answer.body, arena, person, error);
    if (!grant->proof_key || !dpop_wants_nonce(answer.status, &answer.headers)) break;
  }
  http_client_free(http);
  return result;
}

/* --- go on --- */

static int refresh_refused(const struct oauth_party *party, const struct http_answer *answer, struct str refusal, struct error *error) {
  const struct oauth_manners *manners = party->provider->manners;
  if (str_eq(refusal, STR("invalid_grant")) || (refusal.n && manners && manners->dead && str_eq(refusal, str_of(manners->dead)))) {
    (void)error_set(error, ERROR_reauth_required, "the sign-in at the server has ended: sign in again");
  } else {
    const char *advice = token_refusal_advice(manners, refusal);
    (void)error_set(error, ERROR_refresh_failed, "the sign-in could not be renewed for now: %s",
                    advice ? advice : "the server's token endpoint gave no token");
    error->retry_after = http_retry_after(&answer->headers, AGAIN_S, clock_now_ms());
  }
  error->upstream_status = answer->status;
  return reason(error, refusal);
}

static int refreshed(const struct token_call *call, struct token_answer *answer, struct secret *used, struct str subject,
                     struct arena *arena, struct oauth_tokens *ret, struct error *error) {
  struct oauth_person ignored;
  if (answer->id && subject.n && check_id_token(call, answer->id, STR_NONE, subject, arena, &ignored, error) < 0) {
    error->code = ERROR_reauth_required;
    return -1;
  }
  *ret = (struct oauth_tokens){secret_ref(answer->access), secret_ref(answer->refresh ? answer->refresh : used), end_of(answer->expires_s),
                               end_of(answer->refresh_s)};
  return 0;
}

int oauth_refresh(const struct oauth_party *party, struct secret *refresh_token, struct str subject, struct arena *arena,
                  struct oauth_tokens *ret, struct error *error) {
  struct token_call call = {party, token_http_new(party)};
  struct request fields = {0};
  struct http_answer answer;
  struct token_answer tokens = {0};
  *ret = (struct oauth_tokens){0};
  ask_for(&fields, STR("grant_type"), STR("refresh_token"));
  ask_for(&fields, STR("refresh_token"), secret_reveal(refresh_token));
  ask_for(&fields, STR("resource"), party->client->resource);
  int result = token_call(&call, party->provider->token_endpoint, fields.fields, fields.n, arena, &answer, error);
  if (result < 0) {
    error->code = ERROR_refresh_failed;
    error->retry_after = AGAIN_S;
  } else if (token_answer_read(arena, party->provider->manners, party->proof_key, &answer, &tokens)) {
    result = refreshed(&call, &tokens, refresh_token, subject, arena, ret, error);
  } else {
    result = refresh_refused(party, &answer, tokens.refusal, error);
  }
  token_answer_clear(&tokens);
  http_client_free(call.http);
  return result == 0 ? 0 : error_name_server(error, party->server);
}

/* --- end --- */

static int revoke_one(const struct token_call *call, const struct secret *token, const char *kind, struct arena *arena,
                      struct error *error) {
  struct form_field fields[] = {{STR("token"), secret_reveal(token)}, {STR("token_type_hint"), str_of(kind)}};
  struct http_answer answer;
  if (!token) return 0;
  if (token_call(call, call->party->provider->revocation_endpoint, fields, 2, arena, &answer, error) < 0) return -1;
  if (answer.status == 200) return 0;
  (void)error_set(error, ERROR_upstream_error, "the server did not revoke the token (status %d): it ends by itself", answer.status);
  error->upstream_status = answer.status;
  return -1;
}

int oauth_revoke(const struct oauth_party *party, const struct secret *refresh_token, const struct secret *access_token,
                 struct error *error) {
  if (!party->provider->revocation_endpoint.n) return 0;
  struct arena *arena = arena_new();
  struct token_call call = {party, token_http_new(party)};
  int first = revoke_one(&call, refresh_token, "refresh_token", arena, error);
  struct error second = {0};
  if (revoke_one(&call, access_token, "access_token", arena, &second) < 0 && first == 0) {
    *error = second;
    first = -1;
  }
  http_client_free(call.http);
  arena_free(arena);
  return first == 0 ? 0 : error_name_server(error, party->server);
}

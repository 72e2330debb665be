#include "oauth/oauth.h"

#include "base/clock.h"
#include "crypt/random.h"
#include "http/base64.h"
#include "oauth/id_token.h"
#include "oauth/token_endpoint.h"

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

int oauth_start(const struct oauth_party *party, struct arena *arena, struct oauth_start *ret, struct error *error) {
  const struct oauth_provider *provider = party->provider;
  const struct oauth_client *client = party->client;
  if (!client->client_id.n || !client->redirect_uri.n || !provider->authorization_endpoint.n)
    return error_set(error, ERROR_configuration, "the server has no client id or no authorization endpoint");
  struct buf query = BUF_INIT(QUERY_MAX);
  struct str scope = oauth_scope(party, arena), challenge;
  struct oauth_start start = {.state = random_id(arena, LETTERS)};
  (void)form_add(&query, STR("response_type"), STR("code"));
  (void)form_add(&query, STR("client_id"), client->client_id);
  (void)form_add(&query, STR("redirect_uri"), client->redirect_uri);
  if (scope.n) (void)form_add(&query, STR("scope"), scope);
  (void)form_add(&query, STR("state"), start.state);
  if (oauth_scope_has(scope, STR("openid"))) {
    start.nonce = random_id(arena, LETTERS);
    (void)form_add(&query, STR("nonce"), start.nonce);
  }
  if (provider->pkce) {
    start.verifier = new_verifier(arena, &challenge);
    (void)form_add(&query, STR("code_challenge"), challenge);
    (void)form_add(&query, STR("code_challenge_method"), STR("S256"));
  }
  const char *joint = str_find_char(provider->authorization_endpoint, '?') == SIZE_MAX ? "?" : "&";
  start.url = arena_printf(arena, "%.*s%s%.*s", STR_ARG(provider->authorization_endpoint), joint, STR_ARG(buf_str(&query)));
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

static int fetch_keys(const struct token_call *call, struct arena *arena, struct str *ret, struct error *error) {
  struct http_headers headers = {0};
  struct http_answer answer;
  http_headers_add(&headers, arena, STR("Accept"), STR("application/json"));
  struct http_call http = {.method = STR("GET"), .url = call->party->provider->jwks_uri, .headers = &headers};
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
      .issuer = call->party->provider->issuer, .client_id = call->party->client->client_id, .nonce = nonce, .now_ms = clock_now_ms()};
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

static int64_t end_of(const struct token_answer *answer) {
  return answer->expires_s ? clock_now_ms() + answer->expires_s * 1000 : 0;
}

void oauth_tokens_clear(struct oauth_tokens *tokens) {
  secret_free(tokens->access_token);
  secret_free(tokens->refresh_token);
  *tokens = (struct oauth_tokens){0};
}

int oauth_redeem(const struct oauth_party *party, const struct secret *code, const struct secret *verifier, struct str nonce,
                 struct arena *arena, struct oauth_grant *ret, struct error *error) {
  struct token_call call = {party, token_http_new(party)};
  struct form_field fields[] = {{STR("grant_type"), STR("authorization_code")},
                                {STR("code"), secret_reveal(code)},
                                {STR("redirect_uri"), party->client->redirect_uri},
                                {STR("code_verifier"), secret_reveal(verifier)}};
  struct http_answer answer;
  struct token_answer tokens = {0};
  *ret = (struct oauth_grant){0};
  int result = token_call(&call, party->provider->token_endpoint, fields, verifier ? 4 : 3, arena, &answer, error);
  if (result == 0 && !token_answer_read(arena, party->provider->manners, &answer, &tokens))
    result = redeem_refused(party, arena, &answer, tokens.refusal, error);
  else if (result == 0) {
    struct error unused = {0};
    if (nonce.n) result = check_id_token(&call, &tokens, nonce, arena, &ret->subject, error);
    if (result < 0) (void)oauth_revoke(party, tokens.refresh, tokens.access, &unused); /* nobody will use them */
  }
  if (result == 0) {
    ret->scope = tokens.scope;
    ret->tokens = (struct oauth_tokens){secret_ref(tokens.access), secret_ref(tokens.refresh), end_of(&tokens)};
  }
  token_answer_clear(&tokens);
  http_client_free(call.http);
  return result == 0 ? 0 : error_name_server(error, party->server);
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

static int refreshed(const struct oauth_party *party, struct token_answer *answer, struct secret *used, struct str subject,
                     struct oauth_tokens *ret, struct error *error) {
  struct id_token_expected expected = {.issuer = party->provider->issuer, .client_id = party->client->client_id, .subject = subject};
  if (answer->id && subject.n && id_token_same_person(secret_reveal(answer->id), &expected, error) < 0) {
    error->code = ERROR_reauth_required;
    return -1;
  }
  *ret = (struct oauth_tokens){secret_ref(answer->access), secret_ref(answer->refresh ? answer->refresh : used), end_of(answer)};
  return 0;
}

int oauth_refresh(const struct oauth_party *party, struct secret *refresh_token, struct str subject, struct arena *arena,
                  struct oauth_tokens *ret, struct error *error) {
  struct token_call call = {party, token_http_new(party)};
  struct form_field fields[] = {{STR("grant_type"), STR("refresh_token")}, {STR("refresh_token"), secret_reveal(refresh_token)}};
  struct http_answer answer;
  struct token_answer tokens = {0};
  *ret = (struct oauth_tokens){0};
  int result = token_call(&call, party->provider->token_endpoint, fields, 2, arena, &answer, error);
  if (result < 0) {
    error->code = ERROR_refresh_failed;
    error->retry_after = AGAIN_S;
  } else if (token_answer_read(arena, party->provider->manners, &answer, &tokens)) {
    result = refreshed(party, &tokens, refresh_token, subject, ret, error);
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

#include "source/http_source.h"

#include "http/base64.h"
#include "oauth/discovery.h"

enum { CALL_MS = 30000, NAME_MAX = 255, WORD_MAX = 1024, TOKEN_MAX = 8192 };

/* --- what is offered --- */

static void offer(struct source_probe *probe, enum sign_in_kind kind, bool on, const char *why) {
  probe->kinds[kind] = on ? (struct sign_in_offer){.state = SIGN_IN_ON} : (struct sign_in_offer){.why = str_of(why)};
}

int http_source_probe(const struct http_source *source, struct arena *arena, struct source_probe *ret, struct error *error) {
  (void)error;
  *ret = (struct source_probe){0};
  static const char dhis2_alone[] = "only DHIS2 servers have this kind of sign-in";
  offer(ret, SIGN_IN_LEGACY_OAUTH, false, dhis2_alone);
  offer(ret, SIGN_IN_PAT, false, dhis2_alone);
  offer(ret, SIGN_IN_PASSWORD, false, dhis2_alone);
  offer(ret, SIGN_IN_BASIC, true, "");
  offer(ret, SIGN_IN_BEARER, true, "");
  offer(ret, SIGN_IN_API_KEY, source->key_header.n, "the configuration names no header for keys ('api_key')");
  offer(ret, SIGN_IN_OAUTH, false, "drawbridge is not registered at an authorization server of it");
  if (!source->has_client) return 0;
  struct oauth_discovery about = {.options = source->place->options,
                                  .issuer = source->issuer.n ? source->issuer : source->place->base_url,
                                  .slash_is_the_same = !source->issuer.n,
                                  .origins = source->origins,
                                  .origin_count = source->origin_count};
  struct error why = {0};
  if (oauth_discover(&about, arena, &ret->oauth, &why) == 0)
    offer(ret, SIGN_IN_OAUTH, true, "");
  else
    ret->kinds[SIGN_IN_OAUTH] = (struct sign_in_offer){.why = arena_printf(arena, "%s", why.message),
                                                       .failed = why.code == ERROR_upstream_error ? ERROR_NONE : why.code};
  return 0;
}

/* --- what a person pastes --- */

/* What may stand in a header: visible ASCII. */
static bool is_token(struct str text) {
  bool good = text.n > 0 && text.n <= TOKEN_MAX;
  for (size_t i = 0; i < text.n && good; i++) good = text.p[i] > ' ' && text.p[i] < 127;
  return good;
}

static int make_basic(struct str name, const struct secret *password, struct secret **ret, struct error *error) {
  struct str word = secret_reveal(password);
  if (!name.n || !word.n || name.n > NAME_MAX || word.n > WORD_MAX)
    return error_set(error, ERROR_wrong_credentials, "user name or password is missing or too long");
  if (str_find_char(name, ':') != SIZE_MAX || str_find_char(name, 0) != SIZE_MAX || str_find_char(word, 0) != SIZE_MAX)
    return error_set(error, ERROR_wrong_credentials, "a user name with a colon, or a control character, cannot be sent this way");
  *ret = base64_basic(name, password);
  return 0;
}

static int make_credential(enum sign_in_kind kind, struct str name, const struct secret *secret, struct source_credential *ret,
                           struct error *error) {
  ret->kind = kind == SIGN_IN_BASIC ? CREDENTIAL_BASIC : kind == SIGN_IN_API_KEY ? CREDENTIAL_API_KEY : CREDENTIAL_BEARER;
  if (kind == SIGN_IN_BASIC) return make_basic(name, secret, &ret->value, error);
  if (is_token(secret_reveal(secret))) {
    ret->value = secret_new(secret_reveal(secret));
    return 0;
  }
  (void)error_set(error, ERROR_token_refused,
                  "this is no token: it has letters that none has, or is empty or too long; copy it again, without blanks");
  return error_because(error, "malformed");
}

/* What the answer to the check says of the credential. */
static int judge(enum sign_in_kind kind, const struct http_answer *answer, struct error *error) {
  int status = answer->status;
  if (status >= 200 && status <= 299) return 0;
  error->upstream_status = status;
  if (status == 401 && kind == SIGN_IN_BASIC)
    return error_set(error, ERROR_wrong_credentials, "the server does not take this user name and password");
  if (status == 401) {
    (void)error_set(error, ERROR_token_refused, "the server does not take it: it may be mistyped, expired or revoked");
    return error_because(error, "not_told");
  }
  if (status == 403) return error_set(error, ERROR_forbidden, "the server knows who it is, and lets this user do nothing there");
  return error_set(error, ERROR_upstream_error, "the server's answer to the check is %d: is 'check' in its configuration right?", status);
}

static int ask(const struct http_source *source, enum sign_in_kind kind, struct source_credential credential, struct arena *arena,
               struct error *error) {
  struct http_client_options options = source->place->options;
  if (options.timeout_ms == 0 || options.timeout_ms > CALL_MS) options.timeout_ms = CALL_MS;
  struct http_client *http = http_client_new(options);
  struct http_headers headers = {0};
  struct http_answer answer;
  struct http_call call = {.method = STR("GET"),
                           .url = arena_printf(arena, "%.*s%.*s", STR_ARG(source->place->base_url), STR_ARG(source->check)),
                           .headers = &headers,
                           .secret_header_name = source->key_header,
                           .secret_header = credential.value};
  http_headers_add(&headers, arena, STR("Accept"), STR("application/json, */*"));
  if (kind != SIGN_IN_API_KEY) (void)source_authorization(credential.kind, &call.secret_header_name, &call.secret_header_prefix);
  int result = http_client_call(http, &call, arena, &answer, error);
  http_client_free(http);
  return result < 0 ? -1 : judge(kind, &answer, error);
}

int http_source_sign_in(const struct http_source *source, enum sign_in_kind kind, struct str name, const struct secret *secret,
                        struct arena *arena, struct signed_in *ret, struct error *error) {
  *ret = (struct signed_in){.kind = kind};
  int result = make_credential(kind, name, secret, &ret->credential, error);
  if (result == 0 && source->check.n) result = ask(source, kind, ret->credential, arena, error);
  struct str shown = arena_str(arena, str_slice(name, 0, NAME_MAX));
  ret->user = (struct signed_in_user){.id = kind == SIGN_IN_BASIC ? shown : STR_NONE, .username = shown, .name = shown};
  if (result == 0) return 0;
  signed_in_clear(ret);
  return error_name_server(error, source->place->id);
}

/* --- codes --- */

int http_source_redeem(const struct oauth_party *party, const struct secret *code, const struct secret *verifier, struct str nonce,
                       struct arena *arena, struct signed_in *ret, struct error *error) {
  struct oauth_grant grant;
  *ret = (struct signed_in){.kind = SIGN_IN_OAUTH};
  if (oauth_redeem(party, code, verifier, nonce, arena, &grant, error) < 0) return -1;
  struct oauth_person person = grant.person;
  int result = oauth_ask_person(party, &grant, arena, &person, error);
  if (result == 0) {
    ret->credential =
        (struct source_credential){grant.proof_key ? CREDENTIAL_DPOP : CREDENTIAL_BEARER, secret_ref(grant.tokens.access_token)};
    ret->refresh_token = secret_ref(grant.tokens.refresh_token);
    ret->proof_key = secret_ref(grant.proof_key);
    ret->expires_ms = grant.tokens.expires_ms;
    ret->refresh_ends_ms = grant.tokens.refresh_ends_ms;
    ret->subject = person.subject;
    ret->sid = person.sid;
    ret->user = (struct signed_in_user){.id = person.subject,
                                        .username = person.username.n ? person.username : person.subject,
                                        .name = person.name.n ? person.name : person.username};
  } else {
    struct error unused = {0};
    (void)oauth_revoke(party, grant.tokens.refresh_token, grant.tokens.access_token, &unused); /* nobody will use them */
  }
  oauth_grant_clear(&grant);
  return result == 0 ? 0 : error_name_server(error, party->server);
}

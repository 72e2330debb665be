/* Any answer of a server to a sign-in, any ID token, any query of a redirect address: nobody is taken for signed in who is not, and each refusal says what it is. The first three bytes choose status, type and question; a first line
 * that starts with '@' is the Location. */
#include "dhis2/judge.h"
#include "dhis2/oauth.h"
#include "dhis2/refusal.h"
#include "dhis2/token_look.h"
#include "dhis2/who.h"
#include "oauth/id_token.h"
#include "oauth/token_endpoint.h"

static const int statuses[] = {200, 204, 301, 302, 303, 400, 401, 403, 404, 409, 429, 500, 502, 503};
static const char *const types[] = {"", "application/json;charset=UTF-8", "text/html;charset=utf-8"};
static const char *const challenges[] = {"", "ApiToken", "Bearer error=\"invalid_token\""};

static const char keys[] =
    "{\"keys\":[{\"kty\":\"RSA\",\"kid\":\"k1\",\"e\":\"AQAB\",\"n\":"
    "\"sXchDaQebHnPiGvyDOAT4saGEUetSyo9MKLOoWFsueri23bOdgWp4Dy1WlUzewbgBHod5pcM9H95GQRV3JDXboIRROSBigeC5yjU1hGzHHyXss8UDprecbAYxknTcQ"
    "kmslANGRUZmdTOQ5qTRsLAt6BTYuyvVRdhS8exSZEy_c4gs_7svlJJQ4H9_NxsiIoLwAEk7-Q3UXERGYw_75IDrGA84-lA_-"
    "Ct4eTlXHBIY2EaV7t7LjJaynVJCpkv4LKjTTAumiGUIuQhrNhZLuF_RJLqHpM2kgWFLU7-VTdL1VbC2tejvcI2BlMkEpk1BzBZI"
    "0KQB0GaDWFLN-aEAw3vRw\"}]}";

static void expect(int result, const struct error *error) {
  if (result == 0 && error->code) abort();
  if (result < 0 && (!error->code || !*error->message || strchr(error->message, '\n'))) abort();
}

/* `good`: what may pass at all. */
static void verdicts(struct arena *arena, const struct http_answer *answer, bool flag) {
  bool data = answer->status >= 200 && answer->status < 300 && answer->body.n && !dhis2_is_html(&answer->headers);
  bool away = answer->status >= 300 && answer->status < 400 && !dhis2_login_redirect(answer->status, &answer->headers);
  dhis2_verdict *const all[] = {dhis2_token_verdict, dhis2_basic_verdict, dhis2_bearer_verdict};
  for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
    struct error error = {0};
    int result = all[i](arena, answer, &error);
    expect(result, &error);
    if (result == 0 && !data) abort();
  }
  struct error json = {0}, form = {0};
  int result = dhis2_json_login_verdict(arena, answer, flag, &json);
  expect(result, &json);
  if (result == 0 && (!data || !str_has(answer->body, STR("SUCCESS")))) abort();
  result = dhis2_form_login_verdict(arena, answer, flag, STR("https://a.example/login"), &form);
  expect(result, &form);
  if (result == 0 && !away) abort();
}

static void tokens(struct arena *arena, const struct http_answer *answer, bool legacy) {
  const struct oauth_manners *manners = legacy ? &dhis2_legacy_manners : &dhis2_manners;
  struct token_answer got;
  if (token_answer_read(arena, manners, false, answer, &got) ? !got.access || answer->status != 200 || got.refusal.n
                                                             : got.access || got.refresh || got.id)
    abort();
  (void)token_refusal_advice(manners, got.refusal);
  token_answer_clear(&got);
}

static void texts(struct arena *arena, struct str text) {
  struct id_token_expected expected = {
      .issuer = STR("https://a.example/"), .client_id = STR("gw"), .nonce = STR("n1"), .now_ms = 1795512600000};
  struct oauth_callback callback;
  struct signed_in_user user;
  struct oauth_person person;
  struct error error = {0};
  int result = id_token_check(text, str_of(keys), &expected, arena, &person, &error);
  if (result == 0) abort(); /* nobody has the key */
  expect(result > 0 ? 0 : result, &error);
  (void)id_token_check(STR("eyJhbGciOiJSUzI1NiIsImtpZCI6ImsxIn0.e30.AAAA"), text, &expected, arena, &person, &error);
  error = (struct error){0};
  struct id_token_expected refreshed = {
      .issuer = expected.issuer, .client_id = expected.client_id, .subject = STR("ada"), .now_ms = expected.now_ms};
  result = id_token_check(text, STR_NONE, &refreshed, arena, &person, &error);
  expect(result, &error);
  if (result == 0 && !str_eq(person.subject, STR("ada"))) abort();
  error = (struct error){0};
  result = oauth_callback_read(arena, text, &callback, &error);
  expect(result, &error);
  if (result == 0 && (!callback.state.n || !callback.code == !callback.refusal.n)) abort();
  if (result == 0)
    secret_free(callback.code);
  else if (callback.code)
    abort();
  if (dhis2_user_read(arena, text, &user) && (user.id.n != 11 || !user.username.n || !user.name.n)) abort();
  (void)dhis2_token_look(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  if (size < 3) return 0;
  struct arena *arena = arena_new();
  struct str text = {(const char *)data + 3, size - 3};
  struct http_answer answer = {.status = statuses[data[0] % (sizeof statuses / sizeof *statuses)]};
  const char *type = types[data[1] % 3], *challenge = challenges[data[1] / 3 % 3];
  if (*type) http_headers_add(&answer.headers, arena, STR("Content-Type"), str_of(type));
  if (*challenge) http_headers_add(&answer.headers, arena, STR("WWW-Authenticate"), str_of(challenge));
  answer.body = text;
  if (str_starts(text, STR("@"))) http_headers_add(&answer.headers, arena, STR("Location"), str_from(str_take(&answer.body, '\n'), 1));
  verdicts(arena, &answer, data[2] & 1);
  tokens(arena, &answer, data[2] & 1);
  texts(arena, text);
  arena_free(arena);
  return 0;
}

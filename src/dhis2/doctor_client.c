/* How the server knows drawbridge: its issuer, and the registration of the client. Asked without anybody signing in: the authorization endpoint looks at client and address before it asks who it is, and the token endpoint at
 * the client before it looks at a code. */
#include "dhis2/doctor_internal.h"

#include "dhis2/judge.h"
#include "oauth/token_endpoint.h"

/* No code, refresh token or verifier that ever was. */
#define MADE_UP "drawbridge-doctor-0123456789-0123456789-0123"

void doctor_check_issuer(struct doctor *d) {
  const struct sign_in_offer *offer = &d->probe.source.kinds[SIGN_IN_OAUTH];
  struct str issuer = d->probe.source.oauth.issuer;
  if (!issuer.n) return;
  if (offer->state != SIGN_IN_OFF)
    doctor_say(d, "issuer", DHIS2_CHECK_OK, issuer, STR("the server calls itself by the address that drawbridge knows it by"), STR_NONE);
  else
    doctor_say(d, "issuer", DHIS2_CHECK_FAILED, issuer, offer->why, offer->remedy);
}

/* --- the registration --- */

struct client_check {
  struct doctor *doctor;
  const struct oauth_provider *oauth;
  struct oauth_client client;
};

static struct str how_to_register(struct client_check *c) {
  struct str definition = dhis2_client_definition(c->doctor->arena, dhis2_is_legacy(c->oauth), c->client.client_id, c->client.redirect_uri);
  return arena_printf(c->doctor->arena, "as an administrator, POST this to %.*s/api/oAuth2Clients: %.*s",
                      STR_ARG(c->doctor->place.base_url), STR_ARG(definition));
}

static void say(struct client_check *c, enum dhis2_outcome outcome, const char *found, const char *meaning, struct str remedy) {
  struct str whole = arena_printf(c->doctor->arena, "%.*s, redirect address %.*s: %s", STR_ARG(c->client.client_id),
                                  STR_ARG(c->client.redirect_uri), found);
  doctor_say(c->doctor, "client", outcome, whole, str_of(meaning), remedy);
}

/* "error" in the query of the redirect address; empty: it does not lead there, or has none. */
static struct str redirected_error(struct client_check *c, struct str location) {
  struct str rest = location;
  struct form form;
  struct error unused = {0};
  struct str value = STR_NONE;
  if (!str_starts(location, c->client.redirect_uri)) return STR_NONE;
  (void)str_take(&rest, '?');
  if (form_parse(c->doctor->arena, rest, &form, &unused) == 0) (void)form_get(&form, STR("error"), &value);
  return value;
}

/* Where the authorization endpoint sends nobody. True: to the login page, so it has nothing against client and address. */
static bool authorization_good(struct client_check *c) {
  struct arena *arena = c->doctor->arena;
  struct oauth_start start;
  struct http_headers headers = {0};
  struct http_answer answer;
  struct error error = {0};
  struct oauth_party party = dhis2_party(&c->doctor->place, c->oauth, &c->client);
  if (oauth_start(&party, arena, &start, &error) < 0) return true;
  secret_free(start.verifier);
  http_headers_add(&headers, arena, STR("Accept"), STR("text/html"));
  struct http_call call = {.method = STR("GET"), .url = start.url, .headers = &headers};
  if (http_client_call(c->doctor->http, &call, arena, &answer, &error) < 0) return true;
  struct str location = STR_NONE;
  (void)http_headers_get(&answer.headers, STR("Location"), &location);
  struct str word = answer.status >= 300 && answer.status < 400 ? redirected_error(c, location) : STR_NONE;
  if (word.n) {
    const char *advice = token_refusal_advice(c->oauth->manners, word);
    say(c, DHIS2_CHECK_FAILED, "the server refuses what drawbridge asks for", advice ? advice : "the server finds the request malformed",
        how_to_register(c));
    return false;
  }
  if (answer.status == 400 || answer.status == 401) {
    say(c, DHIS2_CHECK_FAILED, "the server does not know it so",
        "the server knows no such client, or the client with another redirect address: it must be the same letter by letter",
        how_to_register(c));
    return false;
  }
  return true;
}

/* What the token endpoint says to these fields. */
static struct str word_of(struct client_check *c, const struct form_field *fields, size_t count, struct http_answer *ret) {
  struct oauth_party party = dhis2_party(&c->doctor->place, c->oauth, &c->client);
  struct token_call call = {&party, c->doctor->http};
  struct error unused = {0};
  struct token_answer answer;
  if (token_call(&call, c->oauth->token_endpoint, fields, count, c->doctor->arena, ret, &unused) < 0) return STR("not_told");
  (void)token_answer_read(c->doctor->arena, c->oauth->manners, false, ret, &answer);
  struct str word = answer.refusal;
  token_answer_clear(&answer);
  return word;
}

/* What it says to a code, or a token, that never was: that it is wrong, if it has nothing against the client. */
static struct str token_word(struct client_check *c, const char *grant, struct http_answer *ret) {
  bool codes = strcmp(grant, "authorization_code") == 0;
  struct form_field fields[] = {{STR("grant_type"), str_of(grant)},
                                {codes ? STR("code") : STR("refresh_token"), STR(MADE_UP)},
                                {STR("redirect_uri"), c->client.redirect_uri},
                                {STR("code_verifier"), STR(MADE_UP)}};
  return word_of(c, fields, codes ? (dhis2_is_legacy(c->oauth) ? 3 : 4) : 2, ret);
}

static bool grant_missing(struct client_check *c, struct str word, const struct http_answer *answer) {
  return str_eq(word, STR("unauthorized_client")) ||
         (dhis2_is_legacy(c->oauth) && str_eq(word, STR("invalid_client")) && http_headers_are_json(&answer->headers));
}

static void check_registration(struct client_check *c) {
  struct http_answer answer = {0};
  if (!authorization_good(c)) return;
  struct str word = token_word(c, "authorization_code", &answer);
  if (grant_missing(c, word, &answer)) {
    say(c, DHIS2_CHECK_FAILED, "it may not use authorization codes",
        "the client's grants at the server must be authorization_code and refresh_token", how_to_register(c));
  } else if (str_eq(word, STR("invalid_client"))) {
    say(c, DHIS2_CHECK_FAILED, "the server does not take id and secret", token_refusal_advice(c->oauth->manners, word), how_to_register(c));
  } else if (!str_eq(word, STR("invalid_grant"))) {
    say(c, DHIS2_CHECK_WARNING, "it cannot be told whether the secret is right", "the token endpoint gives an answer that does not show it",
        STR_NONE);
  } else {
    word = token_word(c, "refresh_token", &answer);
    if (grant_missing(c, word, &answer))
      say(c, DHIS2_CHECK_WARNING, "it may not renew sign-ins", "people are signed out when their first token ends", how_to_register(c));
    else
      say(c, DHIS2_CHECK_OK, "known, and the secret is right", "people can sign in by it", STR_NONE);
  }
}

/* Nothing is configured here: what to do, for who wants this kind. */
static void say_unconfigured(struct doctor *d, const struct oauth_provider *oauth) {
  bool wanted = d->question->wanted & (1u << (dhis2_is_legacy(oauth) ? SIGN_IN_LEGACY_OAUTH : SIGN_IN_OAUTH));
  struct client_check c = {
      .doctor = d, .oauth = oauth, .client = {.client_id = STR("drawbridge"), .redirect_uri = d->question->redirect_uri}};
  if (!c.client.redirect_uri.n) c.client.redirect_uri = STR("https://DRAWBRIDGE/v1/callback/SERVER-ID");
  doctor_say(d, "client", wanted ? DHIS2_CHECK_FAILED : DHIS2_CHECK_OK, STR("drawbridge has no client id for this server"),
             STR("people cannot sign in at the server itself until drawbridge is registered there"),
             arena_printf(d->arena, "%.*s; then name client_id and client_secret in \"oauth\" of the server's configuration",
                          STR_ARG(how_to_register(&c))));
}

const struct oauth_provider *doctor_provider(const struct doctor *d) {
  if (d->probe.source.kinds[SIGN_IN_OAUTH].state != SIGN_IN_OFF) return &d->probe.source.oauth;
  return d->probe.source.kinds[SIGN_IN_LEGACY_OAUTH].state != SIGN_IN_OFF ? &d->probe.source.legacy_oauth : NULL;
}

/* By a name that nobody has: what counts is whether the client may ask so at all. */
static void check_password_grant(struct client_check *c) {
  struct http_answer answer = {0};
  struct form_field fields[] = {{STR("grant_type"), STR("password")}, {STR("username"), STR(MADE_UP)}, {STR("password"), STR(MADE_UP)}};
  struct str word = word_of(c, fields, sizeof fields / sizeof *fields, &answer);
  if (grant_missing(c, word, &answer))
    doctor_say(c->doctor, "password grant", DHIS2_CHECK_OK, STR("the client may not use it"),
               STR("as it should be: a program that asks for a token with user name and password is told invalid_client, \"Unauthorized "
                   "grant type\". "
                   "drawbridge sends people to the server instead, where a second factor works, too"),
               STR_NONE);
  else if (str_eq(word, STR("unsupported_grant_type")))
    doctor_say(c->doctor, "password grant", DHIS2_CHECK_OK, STR("the server has no password grant"),
               STR("releases from 2.42 on give no token for a user name and password; drawbridge sends people to the server instead"),
               STR_NONE);
  else if (str_eq(word, STR("invalid_grant")))
    doctor_say(c->doctor, "password grant", DHIS2_CHECK_WARNING, STR("the client may use it"),
               STR("whoever has the client's secret can try passwords, without a second factor; drawbridge does not need it"),
               how_to_register(c));
}

void doctor_check_client(struct doctor *d) {
  const struct oauth_provider *oauth = doctor_provider(d);
  const struct oauth_client *client = d->question->client;
  if (!oauth) return;
  if (!client || !client->client_id.n) {
    say_unconfigured(d, oauth);
    return;
  }
  struct client_check c = {.doctor = d, .oauth = oauth, .client = *client};
  if (!c.client.redirect_uri.n) c.client.redirect_uri = d->question->redirect_uri;
  check_registration(&c);
  check_password_grant(&c);
}

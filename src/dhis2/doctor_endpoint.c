/* What a program meets that asks the token endpoint for tokens by itself: from a browser, with JSON, with a password. None of it concerns drawbridge; it is what people try before, and what their error messages mean. */
#include "dhis2/doctor_internal.h"

#include "http/base64.h"
#include "oauth/token_endpoint.h"

#define FOREIGN "https://drawbridge-doctor.invalid"

struct asked {
  const char *method;
  struct str content_type, body;
  const struct secret *basic; /* NULL: nobody */
  bool from_browser;
};

static bool ask(struct doctor *d, struct str endpoint, const struct asked *asked, struct http_answer *ret) {
  struct http_headers headers = {0};
  struct error unused = {0};
  bool preflight = strcmp(asked->method, "OPTIONS") == 0;
  http_headers_add(&headers, d->arena, STR("Accept"), STR("application/json"));
  if (asked->content_type.n) http_headers_add(&headers, d->arena, STR("Content-Type"), asked->content_type);
  if (asked->from_browser) http_headers_add(&headers, d->arena, STR("Origin"), STR(FOREIGN));
  if (preflight) http_headers_add(&headers, d->arena, STR("Access-Control-Request-Method"), STR("POST"));
  if (preflight) http_headers_add(&headers, d->arena, STR("Access-Control-Request-Headers"), STR("authorization,content-type"));
  struct http_call call = {.method = str_of(asked->method), .url = endpoint, .headers = &headers, .body = asked->body};
  if (asked->basic) {
    call.secret_header_name = STR("Authorization");
    call.secret_header_prefix = STR("Basic ");
    call.secret_header = asked->basic;
  }
  return http_client_call(d->http, &call, d->arena, ret, &unused) == 0;
}

static bool lets_in(const struct http_answer *answer) {
  struct str allowed = STR_NONE;
  (void)http_headers_get(&answer->headers, STR("Access-Control-Allow-Origin"), &allowed);
  return str_eq(allowed, STR(FOREIGN)) || str_eq(allowed, STR("*"));
}

static void check_browser(struct doctor *d, struct str endpoint) {
  struct http_answer preflight, answer;
  struct asked before = {.method = "OPTIONS", .from_browser = true};
  struct asked form = {.method = "POST",
                       .content_type = STR("application/x-www-form-urlencoded"),
                       .body = STR("grant_type=authorization_code&code=drawbridge-doctor"),
                       .from_browser = true};
  if (!ask(d, endpoint, &before, &preflight) || !ask(d, endpoint, &form, &answer)) return;
  struct str found = arena_printf(d->arena, "the preflight is answered with %d, the call with %d, %s Access-Control-Allow-Origin",
                                  preflight.status, answer.status, lets_in(&answer) ? "and with" : "without");
  if (lets_in(&answer))
    doctor_say(d, "token from browser", DHIS2_CHECK_WARNING, found,
               STR("pages of any web site may ask this server for tokens, and read them; drawbridge does not need it"),
               STR("take these headers away where they are added, in the reverse proxy or by the CORS allowlist"));
  else
    doctor_say(d, "token from browser", DHIS2_CHECK_OK, found,
               STR("an app that asks for tokens from the browser gets \"CORS error\" or \"Failed to fetch\", whatever it sends and "
                   "whatever the CORS "
                   "allowlist says: a token is asked for by a server. drawbridge does that"),
               STR_NONE);
}

static void check_json(struct doctor *d, const struct oauth_provider *oauth, const struct secret *basic) {
  struct http_answer answer;
  struct token_answer read;
  struct asked json = {.method = "POST",
                       .content_type = STR("application/json"),
                       .body = STR("{\"grant_type\":\"authorization_code\",\"code\":\"drawbridge-doctor\"}"),
                       .basic = basic};
  if (!ask(d, oauth->token_endpoint, &json, &answer)) return;
  (void)token_answer_read(d->arena, oauth->manners, false, &answer, &read);
  bool understood = str_eq(read.refusal, STR("invalid_grant"));
  struct str found = arena_printf(d->arena, "answered with %d%s%.*s", answer.status, read.refusal.n ? " " : "", STR_ARG(read.refusal));
  token_answer_clear(&read);
  doctor_say(d, "token as json", DHIS2_CHECK_OK, found,
             understood
                 ? STR("the token endpoint reads JSON, too")
                 : STR("the token endpoint reads a form (application/x-www-form-urlencoded) and nothing else: in a JSON body it finds no "
                       "grant_type, whatever stands there (\"Missing grant type\"). drawbridge sends a form"),
             STR_NONE);
}

void doctor_check_endpoint(struct doctor *d) {
  const struct oauth_provider *oauth = doctor_provider(d);
  const struct oauth_client *client = d->question->client;
  if (!oauth) return;
  check_browser(d, oauth->token_endpoint);
  if (!client || !client->client_secret || !client->client_id.n) return;
  struct secret *basic = base64_basic(client->client_id, client->client_secret);
  check_json(d, oauth, basic);
  secret_free(basic);
}

#include "dhis2/doctor.h"

#include "base/clock.h"
#include "base/json_out.h"
#include "dhis2/doctor_internal.h"
#include "dhis2/judge.h"
#include "dhis2/who.h"
#include "http/url.h"
#include "net/address.h"
#include "oauth/token_endpoint.h"

enum {
  FOUND_MAX = 400,
  JSON_MAX = 1 << 20,
  DAY_MS = 24 * 3600 * 1000,
  DAYS_WARNED = 21,
  SKEW_WARNED_S = 30,
  SKEW_FAILED_S = 60,
  SLOW_MS = 3000
};

const char *dhis2_outcome_name(enum dhis2_outcome outcome) {
  static const char *const names[] = {"ok", "warning", "failed"};
  return names[outcome];
}

enum dhis2_outcome dhis2_diagnosis_worst(const struct dhis2_diagnosis *diagnosis) {
  enum dhis2_outcome worst = DHIS2_CHECK_OK;
  for (size_t i = 0; i < diagnosis->n; i++)
    if (diagnosis->p[i].outcome > worst) worst = diagnosis->p[i].outcome;
  return worst;
}

const struct dhis2_check *dhis2_diagnosis_refused(const struct dhis2_diagnosis *diagnosis) {
  const struct dhis2_check *first = diagnosis->p;
  return diagnosis->n && str_eq(first->check, STR("address")) && first->outcome == DHIS2_CHECK_FAILED ? first : NULL;
}

bool dhis2_diagnosis_reached(const struct dhis2_diagnosis *diagnosis) {
  for (size_t i = 0; i < diagnosis->n; i++)
    if ((str_eq(diagnosis->p[i].check, STR("version")) || str_eq(diagnosis->p[i].check, STR("answers"))) &&
        diagnosis->p[i].outcome != DHIS2_CHECK_FAILED)
      return true;
  return false;
}

struct str dhis2_diagnosis_json(struct arena *arena, const struct dhis2_diagnosis *diagnosis) {
  struct buf buf = BUF_INIT(JSON_MAX);
  struct json_out out = JSON_OUT_INIT(&buf);
  json_out_array(&out);
  for (size_t i = 0; i < diagnosis->n; i++) {
    const struct dhis2_check *check = &diagnosis->p[i];
    json_out_object(&out);
    json_out_member_str(&out, "check", check->check);
    json_out_member_str(&out, "outcome", str_of(dhis2_outcome_name(check->outcome)));
    json_out_member_str(&out, "found", check->found);
    json_out_member_str(&out, "meaning", check->meaning);
    json_out_member_str(&out, "remedy", check->remedy);
    json_out_end(&out);
  }
  json_out_end(&out);
  struct str text = arena_str(arena, buf_str(&buf));
  buf_free(&buf);
  return text;
}

static struct str filled(struct str text) {
  return text.p ? text : STR("");
}

void doctor_say(struct doctor *doctor, const char *check, enum dhis2_outcome outcome, struct str found, struct str meaning,
                struct str remedy) {
  struct dhis2_diagnosis *d = doctor->diagnosis;
  if (d->n == d->capacity) {
    struct dhis2_check *more = ARENA_ARRAY(doctor->arena, d->capacity + 24, struct dhis2_check);
    if (d->n) memcpy(more, d->p, d->n * sizeof *more);
    d->p = more;
    d->capacity += 24;
  }
  d->p[d->n++] = (struct dhis2_check){.check = str_of(check),
                                      .outcome = outcome,
                                      .found = filled(str_slice(found, 0, FOUND_MAX)),
                                      .meaning = filled(meaning),
                                      .remedy = filled(remedy)};
}

/* --- the way there --- */

static bool is_loopback(struct str host) {
  struct sockaddr_storage address;
  return str_eq(host, STR("localhost")) || (address_parse(host, &address) && address_loopback((struct sockaddr *)&address));
}

/* What people paste from the address bar instead of the base address; the length of what is too much, 0: nothing. */
static size_t too_much(struct str path) {
  static const char *const parts[] = {"/api", "/dhis-web-", "/login", "/apps/", "/index.html"};
  for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
    size_t at = str_find(path, str_of(parts[i]));
    if (at != SIZE_MAX) return path.n - at;
  }
  return 0;
}

static bool check_address(struct doctor *d) {
  struct str base = d->place.base_url;
  struct error error = {0};
  struct url url;
  if (url_parse(d->arena, base, &url, &error) < 0) {
    doctor_say(d, "address", DHIS2_CHECK_FAILED, base, arena_str(d->arena, str_of(error.message)),
               STR("write it as https://host/path, without anything behind DHIS2's own path"));
    return false;
  }
  size_t extra = d->question->plain_path.n ? 0 : too_much(url.path);
  if (extra || url.query.p || url.fragment.p) {
    struct str root =
        arena_printf(d->arena, "%.*s%.*s", STR_ARG(url_origin(d->arena, &url)), STR_ARG(str_slice(url.path, 0, url.path.n - extra)));
    doctor_say(d, "address", DHIS2_CHECK_FAILED, base, STR("this is an address inside DHIS2, not the one that all of it lies below"),
               arena_printf(d->arena, "use %.*s", STR_ARG(root)));
    return false;
  }
  if (str_eq(url.scheme, STR("http")) && !is_loopback(url.host))
    doctor_say(d, "address", DHIS2_CHECK_WARNING, base,
               STR("passwords and tokens go over the network in clear: everybody on the way can read them"),
               STR("give the server a certificate and use https"));
  else
    doctor_say(d, "address", DHIS2_CHECK_OK, base, STR("well formed"), STR_NONE);
  return true;
}

static const struct {
  enum error_code code;
  const char *check, *meaning, *remedy;
} ways_to_fail[] = {
    {ERROR_certificate_refused, "certificate", "the server cannot prove that it is the one meant; drawbridge sends it nothing",
     "let the server send its whole chain for exactly this host name; a certificate of your own authority is named with \"ca\" in the "
     "server's configuration"},
    {ERROR_address_refused, "network",
     "the name leads to a loopback or private address, which is refused unless it is listed, so that nobody can use drawbridge to reach "
     "inside your network",
     "if it is meant, list the range in \"addresses\" of the server's configuration"},
    {ERROR_server_unreachable, "network", "no connection comes about from the machine that drawbridge runs on",
     "check name, port and firewall from that machine, for example with curl"},
    {ERROR_upstream_timeout, "network", "the connection stands, but no answer comes",
     "see whether DHIS2 is starting or overloaded, and what the reverse proxy's log says"},
    {ERROR_upstream_broken, "network", "what answers there does not speak HTTP as it should, or cuts its answers",
     "check the port, and the reverse proxy's log"},
};

/* By what OpenSSL says of it. */
static const struct {
  const char *part, *meaning, *remedy;
} bad_chains[] = {
    {"unable to get local issuer",
     "the chain ends before an authority that is trusted here: the server does not send the intermediate certificate, or the authority is "
     "your own",
     "let the server send its whole chain, the intermediate certificate included (fullchain.pem, SSLCertificateChainFile); a certificate "
     "of your own authority is named with \"ca\" in the "
     "server's configuration"},
    {"self-signed", "it vouches for itself, or its authority is not trusted here: anybody can make one like it",
     "get one from an authority (Let's Encrypt gives them), or name the file of your own authority with \"ca\" in the server's "
     "configuration"},
    {"self signed", "it vouches for itself, or its authority is not trusted here: anybody can make one like it",
     "get one from an authority (Let's Encrypt gives them), or name the file of your own authority with \"ca\" in the server's "
     "configuration"},
    {"subject name", "it was issued for another name",
     "use the name that the certificate has in the server's url, or get one for this name"},
    {"expired", "it has ended", "renew it, and see why that does not happen by itself; and see that the clock of this machine is right"},
    {"not yet valid", "it begins later", "see that the clocks of both machines are right"},
};

static void say_unreached(struct doctor *d, const struct error *error) {
  struct str found = arena_str(d->arena, str_of(error->message));
  for (size_t i = 0; error->code == ERROR_certificate_refused && i < sizeof bad_chains / sizeof *bad_chains; i++)
    if (str_has(found, str_of(bad_chains[i].part))) {
      doctor_say(d, "certificate", DHIS2_CHECK_FAILED, found, str_of(bad_chains[i].meaning), str_of(bad_chains[i].remedy));
      return;
    }
  for (size_t i = 0; i < sizeof ways_to_fail / sizeof *ways_to_fail; i++)
    if (ways_to_fail[i].code == error->code) {
      doctor_say(d, ways_to_fail[i].check, DHIS2_CHECK_FAILED, found, str_of(ways_to_fail[i].meaning), str_of(ways_to_fail[i].remedy));
      return;
    }
  doctor_say(d, "network", DHIS2_CHECK_FAILED, found, STR("the call could not be made"), STR_NONE);
}

static int call_raw(struct doctor *d, struct str path, struct str name, struct str value, struct http_answer *ret,
                    int64_t *certificate_ends_ms, struct error *error) {
  struct http_headers headers = {0};
  http_headers_add(&headers, d->arena, STR("X-Requested-With"), STR("XMLHttpRequest"));
  http_headers_add(&headers, d->arena, STR("Accept"), STR("application/json"));
  if (name.n) http_headers_add(&headers, d->arena, name, value);
  struct http_call call = {.method = STR("GET"),
                           .url = arena_printf(d->arena, "%.*s%.*s", STR_ARG(d->place.base_url), STR_ARG(path)),
                           .headers = &headers,
                           .certificate_ends_ms = certificate_ends_ms};
  return http_client_call(d->http, &call, d->arena, ret, error);
}

static void open_ways(struct doctor *d) {
  d->anonymous = dhis2_who_server(&d->place, (struct source_credential){0});
  struct oauth_party party = dhis2_party(&d->place, NULL, NULL);
  d->http = token_http_new(&party);
}

static void close_ways(struct doctor *d) {
  dhis2_server_free(d->anonymous);
  http_client_free(d->http);
}

static int first_call(struct doctor *d, struct error *error) {
  d->asked_ms = clock_now_ms();
  struct str path = d->question->plain_path.n ? d->question->plain_path : STR("/api/loginConfig");
  int result = call_raw(d, path, STR_NONE, STR_NONE, &d->first, &d->certificate_ends_ms, error);
  d->answered_ms = clock_now_ms();
  return result;
}

/* A person at the command line may look inside; what the gateway would say is told all the same. */
static int first_call_inside(struct doctor *d, struct error *error) {
  static const struct str everywhere[] = {{"0.0.0.0/0", 9}, {"::/0", 4}};
  close_ways(d);
  d->place.options.addresses = everywhere;
  d->place.options.address_count = 2;
  open_ways(d);
  return first_call(d, error);
}

static bool check_network(struct doctor *d) {
  struct error error = {0};
  int result = first_call(d, &error);
  if (result < 0 && error.code == ERROR_address_refused && d->question->look_inside) {
    result = first_call_inside(d, &error);
    if (result == 0) {
      doctor_say(d, "network", DHIS2_CHECK_WARNING, STR("reachable, on a loopback or private address"),
                 STR("drawbridge refuses such addresses unless they are listed, so that nobody can use it to reach inside your network"),
                 STR("if it is meant, list the range in \"addresses\" of the server's configuration"));
      return true;
    }
  }
  if (result < 0) {
    say_unreached(d, &error);
    return false;
  }
  int took = (int)(d->answered_ms - d->asked_ms);
  struct str found = arena_printf(d->arena, "answered in %d ms", took);
  if (took > SLOW_MS)
    doctor_say(d, "network", DHIS2_CHECK_WARNING, found, STR("reachable, but slow for a call that costs the server nothing"),
               STR("look at the line, and at the load of the server"));
  else
    doctor_say(d, "network", DHIS2_CHECK_OK, found, STR("reachable from here"), STR_NONE);
  return true;
}

static void check_certificate(struct doctor *d) {
  if (!str_starts(d->place.base_url, STR("https:"))) return;
  char text[CLOCK_TEXT_SIZE];
  int64_t left_days = (d->certificate_ends_ms - clock_now_ms()) / DAY_MS;
  if (!d->certificate_ends_ms) {
    doctor_say(d, "certificate", DHIS2_CHECK_OK, STR("trusted"), STR("it was issued for this host by an authority that is trusted here"),
               STR_NONE);
    return;
  }
  struct str found = arena_printf(d->arena, "trusted, until %s (%d days)", clock_format(d->certificate_ends_ms, text), (int)left_days);
  if (left_days < DAYS_WARNED)
    doctor_say(d, "certificate", DHIS2_CHECK_WARNING, found, STR("it ends soon; afterwards nobody can sign in"),
               STR("renew it, and see why that does not happen by itself"));
  else
    doctor_say(d, "certificate", DHIS2_CHECK_OK, found, STR("it was issued for this host by an authority that is trusted here"), STR_NONE);
}

/* Where a redirect of /api/loginConfig leads, as a base address. */
static struct str base_of(struct doctor *d, struct str location) {
  struct error unused = {0};
  struct url from, to;
  struct str url = arena_printf(d->arena, "%.*s/api/loginConfig", STR_ARG(d->place.base_url));
  if (url_parse(d->arena, url, &from, &unused) < 0 || url_resolve(d->arena, &from, location, &to, &unused) < 0) return STR_NONE;
  struct str text = arena_printf(d->arena, "%.*s%.*s", STR_ARG(url_origin(d->arena, &to)), STR_ARG(to.path));
  return str_ends(text, STR("/api/loginConfig")) ? str_slice(text, 0, text.n - STR("/api/loginConfig").n) : STR_NONE;
}

static bool check_redirect(struct doctor *d) {
  struct str location = STR_NONE;
  if (d->first.status < 300 || d->first.status > 399 || dhis2_login_redirect(d->first.status, &d->first.headers)) {
    doctor_say(d, "redirect", DHIS2_CHECK_OK, STR("none"), STR("the address itself answers"), STR_NONE);
    return true;
  }
  (void)http_headers_get(&d->first.headers, STR("Location"), &location);
  struct str base = base_of(d, location);
  doctor_say(d, "redirect", DHIS2_CHECK_FAILED, arena_printf(d->arena, "sends to %.*s (status %d)", STR_ARG(location), d->first.status),
             STR("drawbridge follows no redirects: a credential goes to the address that was configured and nowhere else"),
             base.n ? arena_printf(d->arena, "use %.*s", STR_ARG(base))
                    : STR("use the address that the redirect leads to, cut behind DHIS2's own path"));
  return false;
}

/* --- what answers --- */

static void say_no_dhis2(struct doctor *d, const struct error *error) {
  struct str found = arena_str(d->arena, str_of(error->message));
  if (error->code == ERROR_empty_answer)
    doctor_say(d, "answers", DHIS2_CHECK_FAILED, found,
               STR("DHIS2 from 2.42 on answers every call that carries a foreign Origin with an empty 200, and drawbridge sends none: the "
                   "reverse proxy adds one, or answers by itself"),
               STR("take Origin out of what the reverse proxy adds, and let it pass /api on unchanged"));
  else if (str_eq(str_of(error->reason), STR("page")))
    doctor_say(d, "answers", DHIS2_CHECK_FAILED, found, STR("a portal, a maintenance page or another program answers on /api"),
               STR("let the reverse proxy pass /api on to DHIS2; check the context path in the address"));
  else if (error->code == ERROR_server_unreachable || error->code == ERROR_too_many || error->code == ERROR_upstream_error)
    doctor_say(d, "answers", DHIS2_CHECK_FAILED, found, STR("something answers, but DHIS2 behind it does not"),
               STR("see whether DHIS2 runs, and what its log and the reverse proxy's say"));
  else
    doctor_say(d, "version", DHIS2_CHECK_FAILED, found, STR("without DHIS2 there is nothing to sign in to"),
               STR("check the address: host, port and context path (…/dhis)"));
}

static void say_version(struct doctor *d) {
  if (!d->probe.source.version_text.n) {
    doctor_say(d, "version", DHIS2_CHECK_OK, STR("not told before signing in"),
               STR("a release up to 2.40, or the way to /api/loginConfig is closed"), STR_NONE);
    return;
  }
  struct str found = d->probe.source.version_text;
  switch (dhis2_standing(found)) {
  case DHIS2_OLDER:
    doctor_say(d, "version", DHIS2_CHECK_WARNING, found, STR("older than what drawbridge was tried with"),
               STR("upgrade to a release that is still maintained"));
    break;
  case DHIS2_NEWER:
    doctor_say(d, "version", DHIS2_CHECK_WARNING, found, STR("newer than what drawbridge was tried with"),
               STR("see whether there is a newer drawbridge; until then check before sending, and compare the totals"));
    break;
  case DHIS2_TRIED: doctor_say(d, "version", DHIS2_CHECK_OK, found, STR("a release that drawbridge knows"), STR_NONE); break;
  }
}

static bool check_version(struct doctor *d) {
  struct error error = {0};
  if (dhis2_probe(&d->place, d->arena, &d->probe, &error) < 0) {
    say_no_dhis2(d, &error);
    return false;
  }
  say_version(d);
  doctor_say(d, "answers", DHIS2_CHECK_OK, STR("data where data belong"),
             STR("no page, no portal and no empty answer stands in for DHIS2 on /api"), STR_NONE);
  return true;
}

/* Whether Authorization arrives: some filter of DHIS2's must have answered to it. -1: cannot be told. */
static int authorization_arrives(struct doctor *d) {
  struct http_answer answer;
  struct error unused = {0};
  struct str challenge;
  if (d->probe.source.kinds[SIGN_IN_PAT].state == SIGN_IN_ON) return 1;
  if (call_raw(d, STR("/api/me?fields=id"), STR("Authorization"), STR("Bearer drawbridge-doctor"), &answer, NULL, &unused) < 0) return -1;
  return http_headers_get(&answer.headers, STR("WWW-Authenticate"), &challenge) && str_starts_nocase(challenge, STR("Bearer")) ? 1 : -1;
}

static void check_headers(struct doctor *d) {
  struct http_answer answer;
  struct error error = {0};
  if (call_raw(d, STR("/api/me?fields=id"), STR_NONE, STR_NONE, &answer, NULL, &error) == 0 &&
      dhis2_login_redirect(answer.status, &answer.headers)) {
    doctor_say(d, "headers", DHIS2_CHECK_WARNING, STR("X-Requested-With does not arrive"),
               STR("something before the server takes it away: refusals come as redirects to the login page, with their reasons lost"),
               STR("let the reverse proxy pass X-Requested-With on"));
    return;
  }
  if (authorization_arrives(d) > 0)
    doctor_say(d, "headers", DHIS2_CHECK_OK, STR("Authorization and X-Requested-With arrive"), STR("nothing on the way takes them away"),
               STR_NONE);
  else
    doctor_say(d, "headers", DHIS2_CHECK_WARNING, STR("it cannot be told whether Authorization arrives"),
               STR("nothing at the server answers to a token: either tokens of all kinds are switched off there, or something before it "
                   "takes the header away"),
               STR("let the reverse proxy pass Authorization on"));
}

/* DHIS2 refuses them all, since nobody is signed in; what something else refuses, or answers, does not come from it. */
static void check_methods(struct doctor *d) {
  static const char *const methods[] = {"PUT", "PATCH", "DELETE"};
  struct str blocked = STR_NONE;
  for (size_t i = 0; i < sizeof methods / sizeof *methods; i++) {
    struct http_answer answer;
    struct error unused = {0};
    bool body = strcmp(methods[i], "DELETE") != 0;
    int result = dhis2_call(d->anonymous, methods[i], STR("/api/userDataStore/drawbridge-doctor/none"),
                            body ? STR("application/json") : STR_NONE, body ? STR("1") : STR_NONE, d->arena, &answer, &unused);
    if (result == 0 && (answer.status == 401 || dhis2_login_redirect(answer.status, &answer.headers))) continue;
    blocked = blocked.n ? arena_printf(d->arena, "%.*s, %s", STR_ARG(blocked), methods[i]) : str_of(methods[i]);
  }
  if (!blocked.n)
    doctor_say(d, "methods", DHIS2_CHECK_OK, STR("PUT, PATCH and DELETE arrive"), STR("apps can change and delete"), STR_NONE);
  else
    doctor_say(d, "methods", DHIS2_CHECK_WARNING, arena_printf(d->arena, "%.*s do not arrive", STR_ARG(blocked)),
               STR("something before the server blocks them: apps that change or delete will fail"),
               STR("let the reverse proxy, or the firewall in it, pass these methods on for /api"));
}

/* --- ways to sign in --- */

static const struct {
  const char *check, *on;
} kind_texts[] = {
    {"sign-in oauth", "people sign in at the server itself, second factor included; drawbridge never sees a password"},
    {"sign-in legacy-oauth",
     "people sign in at the server itself; its codes are less protected (no PKCE), so the client's secret must stay secret"},
    {"sign-in pat", "people paste a personal access token; not for users with a second factor"},
    {"sign-in password", "drawbridge signs in with user name, password and, where the user has one, the code of the second factor, and "
                         "keeps the server's session"},
    {"sign-in basic",
     "works, but keeps the password, and never for users with a second factor; not offered unless the configuration says so"},
};

static void check_kinds(struct doctor *d) {
  for (int i = 0; i <= SIGN_IN_BASIC; i++) { /* what lies behind is not for DHIS2 */
    const struct sign_in_offer *offer = &d->probe.source.kinds[i];
    bool wanted = d->question->wanted & (1u << i);
    bool common = i == SIGN_IN_PAT ||
                  (i == SIGN_IN_OAUTH && dhis2_can(d->probe.version, DHIS2_OAUTH)); /* what a server of this release usually should have */
    if (offer->state == SIGN_IN_ON)
      doctor_say(d, kind_texts[i].check, DHIS2_CHECK_OK, STR("on"), str_of(kind_texts[i].on), STR_NONE);
    else if (offer->state == SIGN_IN_UNSURE)
      doctor_say(d, kind_texts[i].check, DHIS2_CHECK_WARNING, STR("cannot be told"), offer->why, offer->remedy);
    else
      doctor_say(d, kind_texts[i].check,
                 wanted   ? DHIS2_CHECK_FAILED
                 : common ? DHIS2_CHECK_WARNING
                          : DHIS2_CHECK_OK,
                 wanted ? STR("off, though the configuration names it") : STR("off"), offer->why,
                 wanted || common ? offer->remedy : STR_NONE);
  }
}

/* --- the rest --- */

static void check_clock(struct doctor *d) {
  struct str date;
  int64_t theirs;
  if (!http_headers_get(&d->first.headers, STR("Date"), &date) || !clock_parse_http(date, &theirs)) {
    doctor_say(d, "clock", DHIS2_CHECK_OK, STR("not told"), STR("the server's answers have no Date"), STR_NONE);
    return;
  }
  int64_t skew_s = (theirs - (d->asked_ms + d->answered_ms) / 2) / 1000; /* whole seconds: Date has no more */
  int64_t size = skew_s < 0 ? -skew_s : skew_s;
  bool codes = d->probe.source.kinds[SIGN_IN_OAUTH].state == SIGN_IN_ON;
  struct str found = arena_printf(d->arena, "%lld seconds %s", (long long)size, skew_s < 0 ? "behind ours" : "ahead of ours");
  if (size <= SKEW_WARNED_S)
    doctor_say(d, "clock", DHIS2_CHECK_OK, found, STR("close enough"), STR_NONE);
  else
    doctor_say(d, "clock", codes && size > SKEW_FAILED_S ? DHIS2_CHECK_FAILED : DHIS2_CHECK_WARNING, found,
               STR("ID tokens of the server look expired or not valid yet (a minute is allowed), and codes of a second factor are taken "
                   "for half a minute only"),
               STR("let both machines keep time by NTP"));
}

static void check_cors(struct doctor *d) {
  static const struct str foreign = {"https://drawbridge-doctor.invalid", 33};
  struct http_answer answer;
  struct error unused = {0};
  struct str allowed = STR_NONE;
  if (call_raw(d, STR("/api/loginConfig"), STR("Origin"), foreign, &answer, NULL, &unused) == 0)
    (void)http_headers_get(&answer.headers, STR("Access-Control-Allow-Origin"), &allowed);
  if (str_eq(allowed, foreign))
    doctor_say(d, "cors", DHIS2_CHECK_WARNING, STR("the server's CORS list lets every web site in"),
               STR("any page that a signed-in user opens can read his data; drawbridge needs no entry there"),
               STR("take the * out of the CORS allowlist in the system settings"));
  else
    doctor_say(d, "cors", DHIS2_CHECK_OK, STR("not used"),
               STR("drawbridge calls the server from its own machine, without an Origin: the server's CORS list needs no entry for it, and "
                   "none would help. Which apps may call is decided by \"apps\" here"),
               STR_NONE);
}

/* What any API may answer to somebody who is not signed in. */
static void check_plain(struct doctor *d) {
  int status = d->first.status;
  struct str location = STR_NONE;
  struct str found = arena_printf(d->arena, "status %d at %.*s", status, STR_ARG(d->question->plain_path));
  (void)http_headers_get(&d->first.headers, STR("Location"), &location);
  if (status >= 500)
    doctor_say(d, "answers", DHIS2_CHECK_FAILED, found, STR("something answers, but what is behind it does not"),
               STR("see whether the server runs, and what its log and the reverse proxy's say"));
  else if (status >= 300 && status < 400)
    doctor_say(d, "answers", DHIS2_CHECK_WARNING, arena_printf(d->arena, "%.*s, to %.*s", STR_ARG(found), STR_ARG(location)),
               STR("drawbridge follows no redirects: a credential goes to the address that was configured and nowhere else"),
               STR("configure the address that answers itself"));
  else if (status == 404)
    doctor_say(d, "answers", DHIS2_CHECK_WARNING, found,
               STR("there is nothing at this path: the address may lack a part of its own, or there is just no page there"),
               STR("name a path that answers with \"check\" in the server's configuration"));
  else
    doctor_say(d, "answers", DHIS2_CHECK_OK, found,
               status == 401 || status == 403 ? STR("it asks for a sign-in, as it should") : STR("it answers without a sign-in"), STR_NONE);
}

static void examine(struct doctor *d) {
  bool plain = d->question->plain_path.n > 0;
  if (!check_address(d) || !check_network(d)) return;
  check_certificate(d);
  if (plain) {
    check_plain(d);
  } else if (check_redirect(d) && check_version(d)) {
    check_headers(d);
    check_methods(d);
    check_kinds(d);
    doctor_check_token(d);
    doctor_check_issuer(d);
    doctor_check_client(d);
    doctor_check_endpoint(d);
  }
  check_clock(d);
  if (!plain && dhis2_diagnosis_reached(d->diagnosis)) check_cors(d);
}

void dhis2_doctor(const struct dhis2_question *question, struct arena *arena, struct dhis2_diagnosis *ret) {
  *ret = (struct dhis2_diagnosis){0};
  struct doctor doctor = {.question = question, .place = *question->place, .arena = arena, .diagnosis = ret};
  open_ways(&doctor);
  examine(&doctor);
  close_ways(&doctor);
}

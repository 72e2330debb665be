/* Whether a personal access token works from here: by a call that says whose it is, and by calls to a place that is nowhere, which show the methods that it may be used for. */
#include "dhis2/doctor_internal.h"

#include "dhis2/refusal.h"
#include "dhis2/who.h"

/* Methods that are refused because of the token's own list; empty: none. */
static struct str refused_methods(struct doctor *d, struct dhis2_server *server) {
  static const char *const methods[] = {"POST", "PUT", "PATCH", "DELETE"};
  struct str refused = STR_NONE;
  for (size_t i = 0; i < sizeof methods / sizeof *methods; i++) {
    struct http_answer answer;
    struct error error = {0};
    if (dhis2_call(server, methods[i], STR("/api/drawbridge-doctor/none"), STR("application/json"), STR("{}"), d->arena, &answer, &error) <
        0)
      continue;
    if (dhis2_token_verdict(d->arena, &answer, &error) == 0 || error.code != ERROR_token_refused) continue;
    refused = refused.n ? arena_printf(d->arena, "%.*s, %s", STR_ARG(refused), methods[i]) : str_of(methods[i]);
  }
  return refused;
}

static void say_works(struct doctor *d, struct dhis2_server *server, struct str username) {
  struct str refused = refused_methods(d, server);
  if (!refused.n)
    doctor_say(d, "token", DHIS2_CHECK_OK, arena_printf(d->arena, "works, for %.*s", STR_ARG(username)),
               STR("neither an address, nor a method, nor a referer that it is limited to stands in the way"), STR_NONE);
  else
    doctor_say(d, "token", DHIS2_CHECK_WARNING,
               arena_printf(d->arena, "works, for %.*s, but not for %.*s (method)", STR_ARG(username), STR_ARG(refused)),
               STR("the token has a list of methods: apps that write will be refused"),
               STR("make a token whose list has them, or one without a list"));
}

static void say_refused(struct doctor *d, const struct error *error) {
  struct str message = arena_str(d->arena, str_of(error->message));
  if (error->code != ERROR_token_refused) {
    doctor_say(d, "token", DHIS2_CHECK_FAILED, STR("not looked at"), message, STR("see \"sign-in pat\" here"));
    return;
  }
  struct str why = str_of(error->reason);
  struct str found = arena_printf(d->arena, "refused (%.*s)", STR_ARG(why));
  if (str_eq(why, STR("address")))
    doctor_say(d, "token", DHIS2_CHECK_FAILED, found, message,
               STR("the server sees the address that this machine, or the reverse proxy before it, calls from: its access log tells which "
                   "one to add to the token's list"));
  else if (str_eq(why, STR("method")))
    doctor_say(d, "token", DHIS2_CHECK_FAILED, found, message, STR("make a token whose list of methods has GET, or one without a list"));
  else if (str_eq(why, STR("referer")))
    doctor_say(d, "token", DHIS2_CHECK_FAILED, found, message,
               STR("make a token without allowed referrers: drawbridge sends no Referer, since no page calls the server"));
  else
    doctor_say(d, "token", DHIS2_CHECK_FAILED, found, message,
               STR("the token's page in the user profile at the server, and the server's log, tell more"));
}

void doctor_check_token(struct doctor *d) {
  struct error error = {0};
  struct signed_in me = {0};
  if (!d->question->token) return;
  struct source_credential credential = {CREDENTIAL_PAT, secret_ref(d->question->token)};
  struct dhis2_server *server = dhis2_who_server(&d->place, credential);
  if (dhis2_who(server, dhis2_token_verdict, d->probe.source.version_text, d->arena, &me, &error) < 0)
    say_refused(d, &error);
  else
    say_works(d, server, me.user.username);
  signed_in_clear(&me);
  dhis2_server_free(server);
  secret_free(credential.value);
}

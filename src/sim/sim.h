/* sim: a stand-in DHIS2 server of a chosen release: for the demo and the tests. It reproduces recorded answers of real servers (tests/replay), their mistakes included.
 *
 * What differs between releases is in tables and small functions named after what differs ("form_login", "counts_new_as_updated"), each with the releases it holds for;
 * a further release is a further column, not a further file.
 *
 * Rooms: sim.c (dispatch), auth_*.c (who is asking: accounts, sessions, tokens, OAuth, CORS, redirects), data_*.c (metadata, values, org units, data store), demo.c (demo data). */
#ifndef DRAWBRIDGE_SIM_SIM_H
#define DRAWBRIDGE_SIM_SIM_H

#include "sim/objects.h"
#include "sim/request.h"

/* 2.37.9 answers nearly every refusal otherwise than 2.37.10, and much like 2.40: a release of its own. */
enum sim_release { SIM_2_37_9 = 36, SIM_2_37 = 37, SIM_2_40 = 40, SIM_2_41 = 41, SIM_2_42 = 42, SIM_2_43 = 43 };

struct sim_auth;   /* auth.h */
struct sim_data;   /* data.h */
struct sim_values; /* values.h */

/* What an administrator of the real server writes into dhis.conf. Set by name with sim_set. */
struct sim_conf {
  bool pat;          /* "pat": enable.api_token.authentication */
  bool legacy_oauth; /* "uaa": oauth2.authorization.server.enabled, up to 2.41 */
  bool oauth_server; /* "oauth": oauth2.server.enabled, from 2.42 on */
  bool jwt;          /* "jwt": oidc.jwt.token.authentication.enabled */
  bool csrf;         /* "csrf": http.security.csrf.enabled, from 2.42 on */
  bool totp;         /* "totp": login.security.totp_2fa.enabled */
  bool
      email_2fa; /* "email-2fa": login.security.email_2fa.enabled, from 2.42 on (off in a fresh dhis.conf; on here, as in the servers that were recorded) */
  bool mail; /* "mail": does the mail server take what is sent? */
  bool
      saved_requests; /* "saved-requests": login.saved.requests.enable, from 2.42 on: after a sign-in back to the page that was asked for */
  bool login_app;     /* "login-app": are the login page and a home page there? (Servers built without bundled apps answer 404.) */
  bool rotate;        /* "rotate": refresh tokens change at each use, whatever the client says; not a thing of dhis.conf either */
  bool control;       /* "control": see control.h; not a thing of dhis.conf */
  const char *
      calendar; /* "calendar": keyCalendar, as the server tells it; NULL: iso8601. Its days are judged by it; longer periods stay those of ISO 8601 */
  int64_t session_timeout_s; /* "timeout": system.session.timeout */
  int64_t max_sessions;      /* "max-sessions": max.sessions.per_user */
  int64_t
      import_ms; /* "import-ms": from 2.43 on, what a POST of a thousand values takes (measured: 900); one of twice as many takes four times as long. 0: no time at all */
};

struct sim {
  enum sim_release release;
  int64_t clock_offset_ms;
  int64_t stopped_ms;  /* a clock that stands (see control.h); 0: it runs */
  struct str base_url; /* "http://127.0.0.1:9041", as the issuer has it; with the context path; both owned by the caller of sim_new */
  struct str context;  /* "" or "/central": what stands before every path */
  struct sim_conf conf;
  struct sim_objects *objects;
  struct sim_auth *auth;
  struct sim_data *data;
  struct sim_values *values;
  int64_t analytics_ms; /* when the analytics tables were made; 0: never */
};

bool sim_release_of(struct str text, enum sim_release *ret); /* "2.43"; false: not one that is played */
const char *sim_version(const struct sim *sim);              /* "2.43.1" */
const char *sim_revision(const struct sim *sim);             /* "9cbfbf3": of that build */

struct sim *sim_new(enum sim_release release, struct str base_url, struct str context);
void sim_free(struct sim *sim);
bool sim_set(struct sim *sim, struct str name, struct str value); /* "on", "off" or a number; false: no such name or value */
int64_t sim_now_ms(const struct sim *sim);
/* As DHIS2 writes links: from the request's Host, not from base_url. `path` begins with a slash. */
struct str sim_link(const struct sim *sim, const struct sim_request *request, struct str path);
void sim_handle(struct sim *sim, const struct sim_request *request, struct sim_reply *reply);

#endif

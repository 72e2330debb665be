/* server: one DHIS2 server as one signed-in user sees it, for all calls that drawbridge makes on its own account (sign-in, metadata, values).
 *
 * What holds always: every call sends `X-Requested-With: XMLHttpRequest` and `Accept: application/json` (else a failed login is a redirect or XML), never `Origin` (2.42+ answers
 * an empty 200). The credential goes to this base URL and nowhere else. What each release does differently is asked through dhis2_can, never by number outside this folder.
 *
 * A call blocks (see http/client.h). Life cycle: dhis2_server_new, calls from one thread at a time, dhis2_server_free. */
#ifndef DRAWBRIDGE_DHIS2_SERVER_H
#define DRAWBRIDGE_DHIS2_SERVER_H

#include "source/sign_in.h"

struct dhis2_server;

/* Takes its own reference of the credential's value and its own client. Cookies that the server sets are kept and sent back to it with this credential alone: a token's
 * own session, so that each call does not count as one more of the user's (2.43 evicts the eleventh). */
struct dhis2_server *dhis2_server_new(struct str id, struct str base_url, struct http_client_options options,
                                      struct source_credential credential);
void dhis2_server_free(struct dhis2_server *server);
struct str dhis2_server_id(const struct dhis2_server *server);
struct str dhis2_server_url(const struct dhis2_server *server);

/* Every call from now on is a span of its own in this trace (http/trace.h): TRACE_ID_LETTERS. */
void dhis2_server_trace(struct dhis2_server *server, struct str trace_id);

struct cookie_jar *dhis2_server_cookies(struct dhis2_server *server); /* borrowed */

/* Cookies of an earlier time (cookie_jar_save); what is not a saved jar is passed over. */
void dhis2_server_load_cookies(struct dhis2_server *server, const struct secret *saved);

/* What goes behind "Cookie: " for a call to `path` (as sent, the path of the base address included, without query); NULL: nothing. A write gets an anti-forgery pair too, from the jar or made up: 2.42+ with http.security.csrf.enabled refuses every write without one, also
 * with a token, and takes any that agree; other servers do not look. *ret_csrf: what goes into X-XSRF-TOKEN; empty for GET and HEAD. The caller frees the secret. */
struct secret *dhis2_cookie_header(struct cookie_jar *jar, struct str method, struct str path, int64_t now_ms, struct arena *arena,
                                   struct str *ret_csrf);

/* Asked once where a call was refused for its credential: fills *ret with a fresh one (the server takes over that reference) and the call is made again; false: it stays refused. `over` hears of dhis2_server_sign_in_over. `release` runs in dhis2_server_free. */
struct dhis2_renewal {
  bool (*renew)(void *payload, struct source_credential *ret);
  void (*over)(void *payload);
  void (*release)(void *payload);
  void *payload;
};
void dhis2_server_on_refused(struct dhis2_server *server, struct dhis2_renewal renewal);

/* By who has used it and gives up with ERROR_reauth_required: whose credential it is may tell that to its owner. A single call that is refused says less: it may be made again, and well. */
void dhis2_server_sign_in_over(struct dhis2_server *server);

/* 2.41.9 is {41, 9}; {0, 0}: not known. */
struct dhis2_version {
  int minor, patch;
};
bool dhis2_version_parse(struct str text, struct dhis2_version *ret); /* "2.41.9", "2.43.1-SNAPSHOT", "2.42.5.2" */

/* The releases that drawbridge was tried with, and where one stands to them. One that is not known is DHIS2_TRIED: there is nothing to say against it. */
#define DHIS2_OLDEST "2.37"
#define DHIS2_NEWEST "2.43"
enum dhis2_standing { DHIS2_TRIED, DHIS2_OLDER, DHIS2_NEWER };
enum dhis2_standing dhis2_standing(struct str version_text);

/* What a release can do; the one place where release numbers are compared. */
enum dhis2_ability {
  DHIS2_JSON_LOGIN,   /* 2.41+: POST /api/auth/login */
  DHIS2_FORM_LOGIN,   /* to 2.41: /dhis-web-commons-security/login.action */
  DHIS2_LEGACY_OAUTH, /* to 2.41: /uaa/oauth */
  DHIS2_OAUTH,        /* 2.42+: /oauth2 with PKCE, if switched on */
  DHIS2_OAUTH_AT_API, /* 2.42.5+, 2.43+: the API takes tokens of that server without more ado */
  DHIS2_MINT, /* 2.38+: makes personal access tokens for whoever is signed in, and takes them unless they are switched off (2.37 makes them and takes none by default) */
  DHIS2_TOKEN_HEAD,       /* 2.41+: HEAD may stand in the list of methods of a token */
  DHIS2_TOKEN_REASONS,    /* says why a personal access token is refused (2.40 answers with an empty body) */
  DHIS2_NO_LIST_IS_NONE,  /* to 2.37: no values are {} without dataValues */
  DHIS2_NEW_VALUE_ENGINE, /* 2.43+: one bad cell refuses the whole POST, zeros are kept, time grows with the square of the POST */
  DHIS2_EXPIRY_IN_HOURS,  /* 2.42: half an expiry day counts, from midnight on */
  DHIS2_WANTS_COMMENTS, /* 2.43+ (measured on 2.43.1): fails on a value without a comment, and loses the whole POST, where comments are options */
  DHIS2_TAKES_ANY_SHAPE, /* to 2.38: times, ages, e-mail addresses, telephone numbers, user names and org units among values are any text; later ones ask for a form (ValidationUtils) */
  DHIS2_READS_URIS,      /* 2.40+: an address on the web must be a URI (commons-validator 1.8 and later) */
  DHIS2_TRIMS_VALUES,    /* to 2.42: blanks at both ends of a value are cut off (trimToNull) */
  DHIS2_TURNS_INPUT_PERIODS_ROUND, /* 2.43.0, 2.43.1: what is open by the data input periods is refused, what is over is taken */
};
bool dhis2_can(struct dhis2_version version, enum dhis2_ability ability); /* an unknown version can nothing for sure: false */

/* How long a call may take from now on; 0: as the options said. Writes and large reads take minutes. */
void dhis2_server_patience(struct dhis2_server *server, int timeout_ms);

/* What it was asked so far, tries that failed too. */
struct dhis2_asked {
  uint64_t requests, bytes; /* of the bodies sent */
};
struct dhis2_asked dhis2_server_asked(const struct dhis2_server *server);

/* As http_client_abort_when and _also. */
void dhis2_server_abort_when(struct dhis2_server *server, const atomic_bool *flag);
void dhis2_server_abort_also(struct dhis2_server *server, const atomic_bool *flag);

/* As http_client_meanwhile. */
void dhis2_server_meanwhile(struct dhis2_server *server, void (*work)(void *payload), void *payload);

/* Asks /api/system/info at first need, then remembers. */
int dhis2_server_version(struct dhis2_server *server, struct dhis2_version *ret, struct error *error);

/* The calendar that its periods are of ("iso8601", "ethiopian"); empty: it does not tell. -1: as dhis2_get. */
int dhis2_server_calendar(struct dhis2_server *server, struct arena *arena, struct str *ret, struct error *error);

/* What day it is there, on its own wall: "2024-01-31"; empty: it does not tell. -1: as dhis2_get. */
int dhis2_server_today(struct dhis2_server *server, struct arena *arena, struct str *ret, struct error *error);

/* In which it shows this user the names of metadata ("fr", "pt_BR"); empty: it does not tell. */
struct str dhis2_server_locale(struct dhis2_server *server, struct arena *arena);

/* `path` starts with a slash behind the base URL ("/api/me?fields=id"). The answer as it is; -1 only where no HTTP answer came. */
int dhis2_call(struct dhis2_server *server, const char *method, struct str path, struct str content_type, struct str body,
               struct arena *arena, struct http_answer *ret, struct error *error);

/* The same, and what is not the asked-for thing is an error: 401, a redirect to a login page, HTML on /api: ERROR_reauth_required; 403: ERROR_forbidden; an empty 2xx of a GET: ERROR_empty_answer; 404: ERROR_not_found;
 * 409 and other 4xx, 5xx: ERROR_upstream_error with the server's own message and error.upstream_status. */
int dhis2_get(struct dhis2_server *server, struct str path, struct arena *arena, struct str *ret_json, struct error *error);

/* As dhis2_get, the body handed on as it comes; what the sink returns other than 0 ends the call. */
int dhis2_get_stream(struct dhis2_server *server, struct str path, int (*sink)(void *payload, struct str piece, struct error *error),
                     void *payload, struct error *error);

#endif

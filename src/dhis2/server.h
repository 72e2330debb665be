/* server: one DHIS2 server as one signed-in user sees it, for all calls that drawbridge makes on its own account (sign-in, metadata, values).
 *
 * What holds always: every call sends `X-Requested-With: XMLHttpRequest` and `Accept: application/json` (else a failed login is a redirect or XML), never `Origin` (2.42+ answers
 * an empty 200). The credential goes to this base URL and nowhere else. What each release does differently is asked through dhis2_can, never by number outside this folder.
 *
 * A call blocks (see http/client.h). Life cycle: dhis2_server_new, calls from one thread at a time, dhis2_server_free. */
#ifndef DRAWBRIDGE_DHIS2_SERVER_H
#define DRAWBRIDGE_DHIS2_SERVER_H

#include "http/client.h"

enum dhis2_credential_kind {
  DHIS2_ANONYMOUS,
  DHIS2_PAT,    /* value: the token; sent as Authorization: ApiToken … */
  DHIS2_BEARER, /* value: the access token; Authorization: Bearer … */
  DHIS2_BASIC,  /* value: base64(user:password); Authorization: Basic … */
  DHIS2_COOKIE, /* value: what goes behind "Cookie: ", e.g. JSESSIONID=… */
};

struct dhis2_credential {
  enum dhis2_credential_kind kind;
  struct secret *value; /* owned; NULL for anonymous */
};

struct dhis2_server;

/* `base_url` without a final slash. `id` is the configured id, for messages. Takes its own reference of the credential and its own client. */
struct dhis2_server *dhis2_server_new(struct str id, struct str base_url, struct http_client_options options, struct dhis2_credential credential);
void dhis2_server_free(struct dhis2_server *server);
struct str dhis2_server_id(const struct dhis2_server *server);
struct str dhis2_server_url(const struct dhis2_server *server);

/* 2.41.9 is {41, 9}; {0, 0} until learned by dhis2_probe or from /api/system/info at first need. */
struct dhis2_version {
  int minor, patch;
};

/* `path` starts with a slash behind the base URL ("/api/me?fields=id"). The answer as it is; -1 only where no HTTP answer came. */
int dhis2_call(struct dhis2_server *server, const char *method, struct str path, struct str content_type, struct str body, struct arena *arena,
               struct http_answer *ret, struct error *error);

/* The same, and what is not the asked-for thing is an error: 401, a redirect to a login page, HTML on /api: ERROR_reauth_required; 403: ERROR_forbidden; an empty 2xx of a GET: ERROR_empty_answer; 404: ERROR_not_found;
 * 409 and other 4xx, 5xx: ERROR_upstream_error with the server's own message and error.upstream_status. */
int dhis2_get(struct dhis2_server *server, struct str path, struct arena *arena, struct str *ret_json, struct error *error);

/* As dhis2_get, the body handed on as it comes; what the sink returns other than 0 ends the call. */
int dhis2_get_stream(struct dhis2_server *server, struct str path, int (*sink)(void *payload, struct str piece, struct error *error), void *payload,
                     struct error *error);

#endif

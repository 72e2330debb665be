/* refusal: what the answer to a sign-in means, from its bytes alone. Pure. The one place that knows how each release refuses.
 *
 * What holds always: 0 means "not refused so far": who it is must still be asked (/api/me). -1 with the codes and reasons of sign_in.h; error.upstream_status is the answer's. A refusal that the server does not explain has reason
 * "not_told"; nothing is guessed. An answer that no release gives is never a success. */
#ifndef DRAWBRIDGE_DHIS2_REFUSAL_H
#define DRAWBRIDGE_DHIS2_REFUSAL_H

#include "http/client.h"

/* What stands before the server, or is no DHIS2 at all: 429: ERROR_too_many; 502, 503, 504: ERROR_server_unreachable (a front without its server); a page, nothing, or a way elsewhere with a 2xx or 3xx where data belong: ERROR_not_dhis2,
 * ERROR_empty_answer; 5xx: ERROR_upstream_error. Else 0. `wants_json`: whether a 2xx must be JSON. A redirect to a login page is left to the caller (0). */
int dhis2_front_verdict(struct arena *arena, const struct http_answer *answer, bool wants_json, struct error *error);

/* POST /api/auth/login, 2.41+. `code_sent`: one was sent along. */
int dhis2_json_login_verdict(struct arena *arena, const struct http_answer *answer, bool code_sent, struct error *error);

/* POST /dhis-web-commons-security/login.action, to 2.41. `login_page`: its address, for the message. */
int dhis2_form_login_verdict(struct arena *arena, const struct http_answer *answer, bool code_sent, struct str login_page,
                             struct error *error);

/* GET /api/me with a personal access token; with Basic; with a bearer token. */
int dhis2_token_verdict(struct arena *arena, const struct http_answer *answer, struct error *error);
int dhis2_basic_verdict(struct arena *arena, const struct http_answer *answer, struct error *error);
int dhis2_bearer_verdict(struct arena *arena, const struct http_answer *answer, struct error *error);

#endif

/* judge: what an answer of a DHIS2 server really means. Pure.
 *
 * A refused login comes as 401 JSON, as a redirect to one of three login pages, as a redirect to logout (evicted session), as a 200 of HTML, or as an empty 200: by release, by the
 * headers of the request, and by what stands before the server. This is the one place that knows all of them. */
#ifndef DRAWBRIDGE_DHIS2_JUDGE_H
#define DRAWBRIDGE_DHIS2_JUDGE_H

#include "base/error.h"
#include "http/message.h"

/* 3xx whose Location leads to a login or logout page. */
bool dhis2_login_redirect(int status, const struct http_headers *headers);

/* What a path means for its answer. `path`: the decoded path below the base ("/api/41/me.json"); a version behind /api is passed over. */
bool dhis2_is_api(struct str path);
bool dhis2_gives_pages(struct str path);  /* a page (HTML) is what is asked for there: apps, files, forms and reports */
bool dhis2_may_be_empty(struct str path); /* a GET that is rightly answered with nothing */

bool dhis2_is_me(struct str path); /* who one is: everybody may ask that */

/* The server does not take the sign-in: 401 (but where that answers the question itself: a code that is checked), a token whose form it refuses (after an upgrade to 2.41), a redirect to a login page, or such a page in place of what was asked for. */
bool dhis2_refuses_sign_in(struct str path, int status, const struct http_headers *headers);

bool dhis2_is_html(const struct http_headers *headers);

/* The server's own words out of an error body ("message", and the first conflict or error report behind it), cut to one line; empty where there is none. */
struct str dhis2_message(struct arena *arena, struct str body);

/* What the caller of an /api path got, where it is not the asked-for thing: 401, a login redirect, a 2xx of HTML: ERROR_reauth_required; 403: ERROR_forbidden; 404: ERROR_not_found; other
 * 3xx, 4xx and 5xx: ERROR_upstream_error, with retry_after where the server says it in seconds; `wants_body` and a 2xx without one: ERROR_empty_answer. `body` may be empty where it is streamed: then `wants_body` is false. 0: it is. */
int dhis2_judge(struct arena *arena, int status, const struct http_headers *headers, struct str body, bool wants_body, struct error *error);

#endif

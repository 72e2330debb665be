/* who: whom a server takes its caller for. Inner part of signing in.
 *
 * Blocks (see http/client.h). */
#ifndef DRAWBRIDGE_DHIS2_WHO_H
#define DRAWBRIDGE_DHIS2_WHO_H

#include "dhis2/sign_in.h"

/* One of refusal.h's: judges the answer of /api/me. */
typedef int dhis2_verdict(struct arena *arena, const struct http_answer *answer, struct error *error);

/* A server for a sign-in: short time-outs, no cookies yet. The caller frees it. */
struct dhis2_server *dhis2_who_server(const struct source_place *place, struct source_credential credential);

/* Asks /api/me, and /api/system/info where `version_text` is empty, and fills user, version and cookies of *ret (nothing else). -1: what `verdict` says, or ERROR_not_dhis2. */
int dhis2_who(struct dhis2_server *server, dhis2_verdict *verdict, struct str version_text, struct arena *arena, struct signed_in *ret,
              struct error *error);

/* The user out of /api/me, of any release (2.37 keeps the name of the account elsewhere). False: it is none. */
bool dhis2_user_read(struct arena *arena, struct str json, struct signed_in_user *ret);

#endif

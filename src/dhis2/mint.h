/* mint: a session that a password has just opened, exchanged for a personal access token of drawbridge's own: narrower, shorter, and the password's session ends. And the end of such a token.
 *
 * What holds always:
 * - The token is used once before the session is given up: servers issue tokens that they do not take (a user with a second factor; tokens switched off). What does not work is deleted again.
 * - It lives until a minute after `expires_ms` and takes no other methods than those asked for, and DELETE, by which it is revoked.
 * - Where it cannot be had, what was signed in with stays as it was.
 *
 * Blocks (see http/client.h). */
#ifndef DRAWBRIDGE_DHIS2_MINT_H
#define DRAWBRIDGE_DHIS2_MINT_H

#include "dhis2/sign_in.h"

struct dhis2_mint {
  const struct str *methods; /* none: any */
  size_t method_count;
  int64_t expires_ms;
};

/* `session`: by dhis2_sign_in_password. True: it holds the token now, its id in `minted`, the cookies of the token's own, and the old session is over. False: it is as before; error->code says why, ERROR_NONE: this release is not asked (up to 2.37 tokens are
 * issued that work nowhere). */
bool dhis2_mint(const struct source_place *place, const struct dhis2_mint *mint, struct arena *arena, struct signed_in *session,
                struct error *error);

/* The same beside a session that goes on: `by` is a server that the person is signed in to, `user_id` who that is there. *ret: signed in with the token alone. -1: as above; ERROR_upstream_error also where this release makes none. */
int dhis2_mint_beside(const struct source_place *place, struct dhis2_server *by, const struct dhis2_mint *mint, struct str user_id,
                      struct str version_text, struct arena *arena, struct signed_in *ret, struct error *error);

/* Deletes a minted token by a call with itself, or, where it is refused, by the session that the server gave it; and ends that session. 0: it is gone, or was. */
int dhis2_mint_revoke(const struct source_place *place, struct str minted, struct source_credential token, const struct secret *cookies,
                      struct error *error);

#endif

/* sign_in: one person signs in to one server with a token, a password or Basic; and out again. (Authorization codes: oauth.h.)
 *
 * What holds always:
 * - A refused credential is never sent a second time (four wrong passwords lock an account on servers that count them).
 * - Success is said only after the server has told who it is (/api/me), with this credential and these cookies alone: DHIS2 answers many failed sign-ins with 200.
 * - Refusals that a server does not tell apart are not guessed: the code is wrong_credentials or token_refused with reason "not_told", and the message says what it may be and how to find out.
 * - Passwords, codes and tokens are in secrets; bodies that hold them are wiped.
 *
 * Errors of all calls here, besides those of http_client_call: ERROR_not_dhis2 (a page or nothing where JSON belongs), upstream_error (the server failed, with its own message); and
 *   wrong_credentials        reason "not_told": to 2.40 this may also be a disabled, locked or expired account, and to 2.39 a missing second factor
 *   second_factor_required   reason "totp", "email" (a code was mailed now) or "" (not told which): ask for it, call again with it
 *   second_factor_wrong      reason as above
 *   enrolment_required, account_locked, account_disabled, account_expired, password_expired
 *   token_refused            reason: expired, address, method, referer, disabled, malformed, unknown (or revoked), not_told
 *   kind_not_offered         the server did not look at what was sent: this kind is off there
 *   too_many                 the server, or what stands before it, asks to wait; error.retry_after
 * upstream_status is the server's own status.
 *
 * Blocks (see http/client.h). Life cycle: a call fills struct signed_in, the caller moves out what it keeps and calls signed_in_clear. Texts are in the arena given. */
#ifndef DRAWBRIDGE_DHIS2_SIGN_IN_H
#define DRAWBRIDGE_DHIS2_SIGN_IN_H

#include "dhis2/probe.h"

/* `probe` is that of the place, NULL: it is asked now. On -1 *ret is cleared. */
int dhis2_sign_in_pat(const struct source_place *place, const struct dhis2_probe *probe, const struct secret *token, struct arena *arena,
                      struct signed_in *ret, struct error *error);

/* `code`: the second factor; NULL: none is sent. The credential is the server's session (CREDENTIAL_COOKIE). */
int dhis2_sign_in_password(const struct source_place *place, const struct dhis2_probe *probe, struct str username,
                           const struct secret *password, const struct secret *code, struct arena *arena, struct signed_in *ret,
                           struct error *error);

int dhis2_sign_in_basic(const struct source_place *place, const struct dhis2_probe *probe, struct str username,
                        const struct secret *password, struct arena *arena, struct signed_in *ret, struct error *error);

/* Ends the server's session that `cookies` (cookie_jar_save; NULL: nothing to do) stands for, also one that came with a token or with Basic. A pasted token itself is left alone. 0: ended, or there was none; -1: not
 * reached, or still alive afterwards. */
int dhis2_sign_out(const struct source_place *place, const struct secret *cookies, struct error *error);

/* Is a token that a call was refused with still good? 0: it is. -1: ERROR_reauth_required: it is dead, reason as above; ERROR_forbidden: it is good, but not from here (reason "address") or not for reading (method, referer); what stands before the
 * server refuses (403); or it could not be asked. `cookies`: of the token's own; NULL: none. */
int dhis2_token_alive(const struct source_place *place, struct source_credential token, const struct secret *cookies, struct error *error);

/* How a token looks, before it is sent anywhere: the length, letters and checksum that DHIS2 issues (2.37 to 2.40: d2pat_…, 2.41+: d2p_…). A mismatch is a likely slip of the pen, not a proof: warn, then send. */
enum dhis2_token_look {
  DHIS2_TOKEN_GOOD,
  DHIS2_TOKEN_OLD /* of 2.40 or before: refused by 2.41+ */,
  DHIS2_TOKEN_MISTYPED,
  DHIS2_TOKEN_FOREIGN /* no personal access token at all */
};
enum dhis2_token_look dhis2_token_look(struct str token);

#endif

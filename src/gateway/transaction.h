/* transaction: a sign-in at a server's own page, from the moment the browser leaves until it comes back; and a hand-off, until the app fetches it. As tickets of the store: taken once.
 *
 * What holds always:
 * - Found by the hash of its state; opened by the secret of the browser's own cookie for it: whoever got hold of a state alone destroys it at most (R-A4, R-A6, R-A12).
 * - Beside it lies, under the same cookie secret, the cookie of the session that the browser had (a Strict cookie does not reach the callback). When another sign-in of this browser gives that session another id meanwhile, that request
 *   carries the cookies of all sign-ins under way, and what lies beside each is replaced.
 * - A hand-off holds the server's code, not yet redeemed, and opens with the hand-off code alone.
 *
 * Calls block (store). Texts of what is read are in the arena; secrets are owned by the caller: transaction_clear. */
#ifndef DRAWBRIDGE_GATEWAY_TRANSACTION_H
#define DRAWBRIDGE_GATEWAY_TRANSACTION_H

#include "gateway/rows.h"

enum { TRANSACTION_MS = BROWSER_SIGN_IN_S * 1000, HANDOFF_MS = 60 * 1000, TRANSACTION_CODE_LETTERS = 43 };

struct transaction {
  struct str server, return_to;
  struct str app; /* origin; empty: drawbridge's own page */
  enum config_mode mode;
  struct str challenge;                     /* of a cross-site app */
  struct str nonce, issuer, token_endpoint; /* what the server was when it began: it must be the same when it ends (R-A7) */
  bool legacy;
  struct secret *verifier; /* NULL: none (legacy) */
  struct secret *code;     /* of a hand-off: the server's */
  struct secret *vault;    /* of the browser's vault, whose Strict cookie does not reach the callback; NULL: none */
  bool remember;           /* asked for */
};
void transaction_clear(struct transaction *transaction);

int transaction_put(const struct rows *rows, struct str state, const struct secret *cookie, const struct transaction *transaction,
                    int64_t now_ms, struct error *error);
int transaction_take(const struct rows *rows, struct str state, const struct secret *cookie, int64_t now_ms, struct arena *arena,
                     struct transaction *ret, struct error *error); /* 1; 0: none, too late, or another browser's; -1 */

/* The session beside it. `session`: the cookie's text. */
int transaction_carry(const struct rows *rows, const struct secret *cookie, const struct secret *session, int64_t now_ms,
                      struct error *error);
int transaction_take_carried(const struct rows *rows, const struct secret *cookie, int64_t now_ms, struct secret **ret,
                             struct error *error); /* 1, 0, -1 */

/* `code`: TRANSACTION_CODE_LETTERS letters, for the fragment of the app's address. */
int transaction_hand_off(const struct rows *rows, const struct transaction *transaction, int64_t now_ms, struct arena *arena,
                         struct str *ret_code, struct error *error);
int transaction_take_hand_off(const struct rows *rows, struct str code, int64_t now_ms, struct arena *arena, struct transaction *ret,
                              struct error *error); /* 1, 0, -1 */

#endif

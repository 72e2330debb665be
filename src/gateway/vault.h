/* vault: sign-ins that outlive the session: a person who signs in at the home server again, in the same browser, has them back without a new sign-in.
 *
 * What holds always:
 * - An entry is sealed with the key ring and a secret that only the browser has (its vault cookie), and bound to the person (home server, its address, id there) and to the server it is for. So it opens to who has
 *   the cookie and has signed in at home as that person; the store with the key file opens nothing (R-D10). The entry is found by a hash of the same things: the store does not tell whose it is.
 * - A connection that is remembered knows its entry, and the secret with it, sealed in the session's row by the session's own cookie. What renews it saves there first: the entry is never older than a session's row, and who finds it
 *   newer takes what is there (renewal.c). One renewal at a time per entry, over all sessions.
 * - It ends with `until_ms`, when it is forgotten, when its server is signed out of, or when the server refuses the credential for good. The end of a session does not end it.
 *
 * All but vault_person_of, vault_until and vault_lease block (store). Errors: those of store/store.h. */
#ifndef DRAWBRIDGE_GATEWAY_VAULT_H
#define DRAWBRIDGE_GATEWAY_VAULT_H

#include "gateway/rows.h"

struct vault_person {
  struct str home; /* configured id; p == NULL: nobody is known */
  struct str url;  /* its base address */
  struct str user_id;
};

/* Who the session's user is at the first home server that it is signed in to. Texts in the arena. */
struct vault_person vault_person_of(const struct config *config, struct gateway_session *session, struct arena *arena);

/* The secret of the vault that the session uses already; own reference. NULL: none of its connections is remembered. */
struct secret *vault_secret_of(struct gateway_session *session);

/* In place of an earlier entry for the same server. The connection knows its entry from then on; it is to be stored afterwards. */
int vault_remember(const struct rows *rows, const struct secret *secret, const struct vault_person *person, struct connection *connection,
                   int64_t now_ms, int64_t until_ms, struct error *error);

/* What is remembered comes into the session, but for servers that are signed in to already, or are configured no more, or at another address. -1: what came until then is there. */
int vault_restore(const struct rows *rows, const struct secret *secret, const struct vault_person *person, const struct config *config,
                  struct gateway_session *session, size_t most, int64_t now_ms, size_t *ret_count, struct error *error);

int64_t vault_until(struct connection *connection); /* 0: it is not remembered */
struct str vault_lease(struct connection *connection,
                       struct arena *arena); /* name of the lease for its renewal; p == NULL: not remembered */

/* 1: *ret is what the entry holds now, a new connection; `ret_version` for vault_save. 0: not remembered, or not any more. */
int vault_read(const struct rows *rows, struct connection *connection, struct connection **ret, int64_t *ret_version, struct error *error);
int vault_save(const struct rows *rows, struct connection *connection, int64_t version,
               struct error *error); /* ERROR_changed_meanwhile, ERROR_not_found */

int vault_forget(const struct rows *rows, struct connection *connection, struct error *error); /* the entry alone; not remembered is fine */
int vault_forget_all(const struct rows *rows, const struct secret *secret, const struct vault_person *person, struct error *error);

#endif

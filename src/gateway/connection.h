/* connection: a session's sign-in at one server, in memory: who it is there, and the credential with what renews it.
 *
 * What holds always:
 * - Shared by reference; what a sign-in fixes never changes. What a renewal changes is read and written through the calls here, from any thread.
 * - A renewal replaces access token, refresh token and end in one step; each one raises `turn`, so that whoever saw a refused credential can tell whether it was renewed since.
 * - `jar` is for the loops (the proxied path), between cookie_jar_lock and cookie_jar_unlock; others get the copy of the time it was saved last.
 * - Stored as one sealed blob of all that is here (crypt/seal.h; place: session, "connection", server). `generation` is that of the stored row (store/store.h). */
#ifndef DRAWBRIDGE_GATEWAY_CONNECTION_H
#define DRAWBRIDGE_GATEWAY_CONNECTION_H

#include "dhis2/oauth.h"
#include "gateway/config.h"
#include "http/cookie.h"
#include <stdatomic.h>

enum connection_state { CONNECTION_OK, CONNECTION_REAUTH_REQUIRED, CONNECTION_UNREACHABLE, CONNECTION_FORBIDDEN, CONNECTION_CLOCK_SKEW };
const char *connection_state_name(enum connection_state state);
enum connection_state connection_state_of(struct str name); /* an unknown one: reauth_required */

struct connection; /* its memory is its own */

struct connection_about { /* borrowed; lives as long as the connection */
  struct str server;      /* configured id */
  struct str url;         /* base address of the server that was signed in to */
  enum config_kind kind;
  struct str user_id, username, name, version;
  struct str subject, sid; /* oauth: of the ID token: the user, and the session at the authorization server */
  struct str minted;       /* id of the token that drawbridge made in exchange for a password; empty: none */
  int64_t since_ms;
};

/* Takes copies and references of what it keeps. `server`: configured id; `url`: its base address. */
struct connection *connection_of_sign_in(struct str server, struct str url, const struct signed_in *signed_in, int64_t now_ms);
struct connection *connection_ref(struct connection *connection);
void connection_unref(struct connection *connection); /* NULL is fine */

const struct connection_about *connection_about(const struct connection *connection);

/* Was it made at this base address? An id may be given to another address in the configuration: a credential is never sent to another server than the one it was given for. */
bool connection_is_at(const struct connection *connection, struct str url);

/* Everything, to be sealed, and back. NULL: too large; not what connection_pack wrote. */
struct secret *connection_pack(struct connection *connection);
struct connection *connection_unpack(struct str packed);

/* One whose credential is lost (another key, a changed row): it only says that a new sign-in is needed. */
struct connection *connection_lost(struct str server, enum config_kind kind, int64_t since_ms);

/* The credential as it is now: its own reference, to be freed with secret_free. */
struct connection_credential {
  struct source_credential credential;
  int64_t expires_ms;      /* of the credential itself; 0: not told */
  bool renewable;          /* has a refresh token */
  int64_t refresh_ends_ms; /* of that one; 0: not told */
  uint64_t turn;
};
struct connection_credential connection_credential(struct connection *connection);

/* What its tokens are bound to (CREDENTIAL_DPOP); borrowed, lives as long as the connection. NULL: to nothing. */
const struct secret *connection_proof_key(const struct connection *connection);

/* What became of it, as far as this process knows: since it read it. */
struct connection_history {
  int64_t renewed_ms, failed_ms; /* 0: never */
  struct error failure;          /* at failed_ms */
};
struct connection_history connection_history(struct connection *connection);
void connection_note_failure(struct connection *connection, const struct error *error);

struct secret *connection_refresh_token(struct connection *connection);                    /* own reference; NULL: none */
struct oauth_tokens connection_tokens(struct connection *connection);                      /* own references */
void connection_renewed(struct connection *connection, const struct oauth_tokens *tokens); /* takes references */

/* One renewal at a time in this process. True: the caller renews and then calls connection_end_renewal. False: it was renewed since `seen_turn` (error->code is 0), or the renewal that was waited for failed as *error says. Blocks. */
bool connection_begin_renewal(struct connection *connection, uint64_t seen_turn, struct error *error);
void connection_end_renewal(struct connection *connection, const struct error *error); /* NULL: it went well */

/* Tokens that a server has given and the store has not taken yet: used by nobody until it has. Both take or give references; the second: false, there are none. */
void connection_keep_unsaved(struct connection *connection, const struct oauth_tokens *tokens);
bool connection_take_unsaved(struct connection *connection, struct oauth_tokens *ret);

/* Adopts the credential of another reading of the same connection (renewed by another process). */
void connection_adopt(struct connection *connection, struct connection *fresh);

struct cookie_jar *connection_jar(struct connection *connection); /* borrowed, lives as long as the connection; to be locked */
void connection_save_jar(struct connection *connection);          /* so that others, and the store, see what it holds */

struct secret *connection_cookies(struct connection *connection); /* cookie_jar_save of the last time; own reference; NULL: none */

/* Where it is remembered (vault.h); NULL: it is not. The first: own reference; the second takes its own. */
struct secret *connection_vault(struct connection *connection);
void connection_set_vault(struct connection *connection, struct secret *vault);

enum connection_state connection_state(const struct connection *connection);
/* False: it was so before. `reauth_required` is left by a renewal alone. */
bool connection_set_state(struct connection *connection, enum connection_state state);

int64_t connection_generation(const struct connection *connection); /* of its row; 0: not stored */
void connection_set_generation(struct connection *connection, int64_t generation);

/* Signed out: whoever still holds it may not use it any more. */
void connection_end(struct connection *connection);
bool connection_ended(const struct connection *connection);

#endif

/* session: one browser's relation to drawbridge, in memory: its id's hash, the secret that seals, and its connections.
 *
 * What holds always:
 * - Shared by reference, from any thread; there is one object per id in a process, whichever loop finds it (sessions.h, session_board.h).
 * - The id changes at each sign-in. The object of the old id then has a successor: whoever began with it (a run, a call under way) goes on with what the new one holds. Calls that come with the old id afterwards
 *   get a frozen copy, which has the connections of before and ends 10 s later: somebody else who knows the old id gains nothing by the sign-in.
 * - All objects of one browser share one lineage: renewals of tokens and a change of the id exclude each other there, so that no token is lost between two rows of the store.
 *
 * Blocks: session_begin_rotation, session_begin_renewal (each up to as long as the other takes): never on the loop. */
#ifndef DRAWBRIDGE_GATEWAY_SESSION_H
#define DRAWBRIDGE_GATEWAY_SESSION_H

#include "gateway/browser_cookie.h"
#include "gateway/connection.h"
#include "gateway/gateway.h"

enum { SESSION_OWNER_LETTERS = 22, SESSION_GRACE_MS = 10000, SESSION_CONNECTIONS_MAX = 1000 /* as the configuration's largest limit */ };

struct session_terms { /* fixed when the session is made; kept over rotations */
  struct str owner;    /* SESSION_OWNER_LETTERS; empty: made here */
  struct str app;      /* origin it belongs to alone; empty: drawbridge's own and the apps of its site */
  struct str key;      /* thumbprint of the key that signs each call (mode `handle`), HASH_SIZE bytes; empty: a cookie's */
  enum config_mode mode;
  int64_t created_ms, expires_ms, idle_ms;
};

struct session_lineage; /* its memory is its own */

/* Takes over what is in `cookie`. `before`: the object that it follows (its lineage is shared); NULL: none. */
struct gateway_session *session_new(struct browser_cookie *cookie, const struct session_terms *terms, struct gateway_session *before);

bool session_held(const struct gateway_session *session, unsigned by); /* by more than so many */

/* What is fixed: borrowed, lives as long as the session. */
const unsigned char *session_id(const struct gateway_session *session);
const struct secret *session_holder(const struct gateway_session *session);
const struct secret *session_cookie(const struct gateway_session *session);
const struct session_terms *session_terms(const struct gateway_session *session);

/* The first letters of the id's hash, for logs: tells sessions apart and opens nothing. Returns `ret`. */
enum { SESSION_MARK_SIZE = 13 };
const char *session_mark(const struct gateway_session *session, char ret[SESSION_MARK_SIZE]);

/* Times. */
enum session_life { SESSION_ALIVE, SESSION_ENDED_BY_TIME, SESSION_DEAD };
enum session_life session_life(const struct gateway_session *session, int64_t now_ms);
int64_t session_seen(const struct gateway_session *session);
void session_set_seen(struct gateway_session *session, int64_t now_ms); /* never back */
int64_t session_idle_end(const struct gateway_session *session);
void session_end(struct gateway_session *session); /* dead at once, with all of its lineage */
void session_supersede(struct gateway_session *session, struct gateway_session *by,
                       int64_t until_ms); /* late calls with the old id may come until then; 0: none */
bool session_superseded(const struct gateway_session *session);

/* What late calls with the old id get: dead after `until_ms`. Made from a superseded one, or from rows that say so. */
struct gateway_session *session_freeze(struct gateway_session *session, int64_t until_ms);
int64_t session_late_until(const struct gateway_session *session); /* of a superseded one */
bool session_frozen(const struct gateway_session *session);

/* The one whose row is current: itself or the last successor, own reference. NULL: signed out. */
struct gateway_session *session_newest(struct gateway_session *session);

/* The one whose connections the holder may use: the newest; of a frozen one, itself. Own reference. NULL: signed out. */
struct gateway_session *session_usable(struct gateway_session *session);

/* Connections. What is returned is an own reference; NULL: none. An ended one is none. */
struct connection *session_connection(struct gateway_session *session, struct str server);
size_t session_connections(struct gateway_session *session, struct connection **ret, size_t most); /* own references, by server */
size_t session_connection_count(struct gateway_session *session);
void session_put_connection(struct gateway_session *session,
                            struct connection *connection); /* takes its own reference; in place of the same server's */
void session_drop_connection(struct gateway_session *session, struct str server);
uint64_t session_changes(const struct gateway_session *session); /* counts the two above */

/* Exclusion, see above. Each begin has its end. */
void session_begin_rotation(struct gateway_session *session);
void session_end_rotation(struct gateway_session *session);
bool session_rotates(const struct gateway_session *session); /* its row may be gone already, and its successor not told yet */
void session_begin_renewal(struct gateway_session *session);
void session_end_renewal(struct gateway_session *session);

#endif

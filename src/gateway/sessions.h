/* sessions: the sessions that one loop has in memory: found by cookie without a lock or a thread's hop, loaded from the store where no loop has them, and kept in step with it.
 *
 * What holds always:
 * - One object per id in this process, whichever loop finds it (session_board.h); what this process changes is seen at once. What another process on the same store changes (a sign-out, another id) is seen SESSIONS_FRESH_MS later at the latest: an entry
 *   older than that is read anew before it is used (R-E13).
 * - An id with another secret than the one that was sealed with is no session. A store that is gone is ERROR_store_unavailable, never "no session" (R-H9).
 * - A use moves the idle end in memory at once and in the store after a tenth of the idle time, 60 s at the latest: after a crash a session may end that much earlier, never later.
 * - The first use after the keys have changed seals the session and its connections anew (R-H2): what is in use outlives any number of rotations.
 * - Unused entries leave after five minutes, and after a second where there are more than SESSIONS_MOST: those who come back are read from the store.
 *
 * Calls are of the loop thread, but for sessions_rows. Life cycle: sessions_new, calls, sessions_free (saves what is not saved; the loop must run once more). */
#ifndef DRAWBRIDGE_GATEWAY_SESSIONS_H
#define DRAWBRIDGE_GATEWAY_SESSIONS_H

#include "gateway/metrics.h"
#include "gateway/rows.h"
#include "gateway/session_board.h"

struct sessions;

enum { SESSIONS_FRESH_MS = 10000, SESSIONS_MOST = 2048 };

/* One for each loop; `board` is that of the process. Opens the store twice: for the thread behind the loop, and for workers. ERROR_configuration, ERROR_store_unavailable. Takes over the ring, also where it fails. */
struct sessions *sessions_new(uv_loop_t *loop, struct str store, struct keyring *ring, struct session_board *board, struct error *error);
struct keyring *sessions_ring(struct sessions *sessions); /* own reference; any thread */
void sessions_free(struct sessions *sessions);
void sessions_measure(struct sessions *sessions, struct metrics_times *times); /* of what is asked of the store from now on; borrowed */
size_t sessions_waiting(struct sessions *sessions); /* questions to the store that wait for their turn; any thread */
bool sessions_set_ring(struct sessions *sessions,
                       struct keyring *ring); /* from now on; takes it over. False: it seals with the same key as before */

/* `found` gets the session, or NULL with ERROR_no_session, session_expired, store_unavailable or busy; in this call or later. The session is borrowed: keep it with gateway_session_ref. */
typedef void sessions_found(void *payload, struct gateway_session *session, const struct error *error);
void sessions_find(struct sessions *sessions, struct str cookie, sessions_found *found, void *payload);
void sessions_use(struct sessions *sessions, struct gateway_session *session); /* moves the idle end */
void sessions_add(struct sessions *sessions, struct gateway_session *session); /* one that was just made and stored */
void sessions_look_again(struct sessions *sessions); /* at the store, before the next use of each, by every loop: another has changed it */
void sessions_forget(struct sessions *sessions, struct gateway_session *session); /* NULL: those alone that are dead */

/* Work on the thread of the store. False: too much waits; nothing is called. `done` may be NULL. */
bool sessions_submit(struct sessions *sessions, void (*run)(void *payload, const struct rows *rows), void (*done)(void *payload),
                     void *payload);

/* The store for blocking code on any thread but the loop's: one at a time, between the two nothing slow. */
struct rows sessions_rows(struct sessions *sessions);
void sessions_rows_done(struct sessions *sessions);

#endif

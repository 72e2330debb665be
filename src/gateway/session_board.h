/* session_board: the sessions that the loops of this process have in memory. Each loop finds its own by cookie without a lock (sessions.h); the board sees to it that all of them find the same objects.
 *
 * What holds always: one object per id in this process, as long as a loop has a seat for the id: what anybody changes of it (signed out, another id, a connection more or less) every loop sees at once. A seat is taken before the store is
 * asked, so an answer that is older than such a change comes too late to bring another object in.
 *
 * Any thread. Life cycle: session_board_new, calls, session_board_free when all seats were left. */
#ifndef DRAWBRIDGE_GATEWAY_SESSION_BOARD_H
#define DRAWBRIDGE_GATEWAY_SESSION_BOARD_H

#include "gateway/session.h"
#include <stdatomic.h>

struct session_board;

struct session_seat { /* one per id, for all loops */
  unsigned char id[HASH_SIZE];
  struct gateway_session *session; /* under the board's lock, as what follows; NULL: the store is being asked */
  unsigned loops;                  /* that have it */
  unsigned sharers;                /* of these, which use `session` itself */
  _Atomic int64_t loaded_ms;       /* monotonic: when the last reading of the store began that `session` is in step with */
  _Atomic int64_t touched_ms;      /* what the store knows of its last use */
  _Atomic uint32_t touched_with;   /* key id with which that was told */
};

struct session_board *session_board_new(void);
void session_board_free(struct session_board *board); /* NULL is fine */

struct session_seat *session_board_take(struct session_board *board, const unsigned char id[HASH_SIZE]); /* for this loop, once per id */
void session_board_leave(struct session_board *board, struct session_seat *seat,
                         bool shares); /* shares: this loop uses the seat's session itself */

/* The object of all loops, own reference, which this loop uses from now on. The second puts `session` there where there is none. */
struct gateway_session *session_board_share(struct session_board *board, struct session_seat *seat); /* NULL: there is none */
struct gateway_session *session_board_put(struct session_board *board, struct session_seat *seat, struct gateway_session *session);
void session_board_part(struct session_board *board, struct session_seat *seat); /* this loop has another object for that id from now on */

struct gateway_session *session_board_find(struct session_board *board,
                                           const unsigned char id[HASH_SIZE]); /* own reference; NULL: no loop has it */

/* Does nobody but the loops hold it? Where only one has the seat, that stays so until it gives the session to somebody. */
bool session_board_is_idle(struct session_board *board, const struct session_seat *seat);

/* For readings of the store that are put into an object which several loops have: one at a time. */
void session_board_begin_merge(struct session_board *board);
void session_board_end_merge(struct session_board *board);

/* What was read before now is to be read anew, by every loop. */
void session_board_look_again(struct session_board *board, int64_t now_ms);
int64_t session_board_changed_ms(const struct session_board *board); /* of the last time */

size_t session_board_count(struct session_board *board); /* seats */

#endif

/* loops: what the gateways of one process have in common, one on each loop (configuration: workers), and how one of them reaches the others. For src/gateway/ alone.
 *
 * What holds always: limits, nonces of proofs and the objects of sessions are the process's, not a loop's. What has no lock of its own below belongs to one loop, or is fixed once the loops run.
 *
 * Life cycle: loops_new, loops_add for each gateway before any loop runs, loops_remove first thing at its end (no loop runs any more), loops_free after the last. */
#ifndef DRAWBRIDGE_GATEWAY_LOOPS_H
#define DRAWBRIDGE_GATEWAY_LOOPS_H

#include "base/map.h"
#include "gateway/proof_nonces.h"
#include "gateway/proxy_pool.h"
#include "gateway/session_board.h"
#include "net/post.h"

struct gateway;

struct loops {
  struct gateway **gateways; /* the first: that listens, and serves the administrator */
  struct post **posts;       /* one each; NULL: it has gone */
  size_t count, left;
  int64_t began_ms; /* the process */
  struct session_board *board;
  struct proof_nonces *nonces; /* of calls in mode `handle`; NULL: they are those of all processes on the store (proof_shared.h) */
  _Atomic int64_t proofs_turn; /* of which `proofs` were used by this process, then */
  _Atomic size_t proofs;
  struct proxy_places *places;
  uv_mutex_t under_way_lock;
  struct map under_way;   /* sign-ins per browser (sign_in_limit.h) */
  _Atomic size_t logouts; /* tokens of sign-outs elsewhere being looked at (backchannel.c) */
  atomic_bool draining;
  _Atomic(const char *) trouble; /* why the store could not be written, when it was told last (store/trouble.h); NULL: it always could */
  _Atomic int64_t trouble_ms;
};

struct loops *loops_new(bool own_nonces);
void loops_free(struct loops *loops); /* NULL is fine */
void loops_add(struct loops *loops, struct gateway *gateway, uv_loop_t *loop);
bool loops_remove(struct loops *loops, struct gateway *gateway); /* true: it was the last */

/* What a call failed for; NULL is fine. */
void loops_note_trouble(struct loops *loops, const char *words);
const char *loops_trouble(const struct loops *loops); /* of the last minute; NULL: none */

/* Calls `act` on each gateway's loop, first on this one's, at once; then `done` (may be NULL) on this one's loop: at once where there are no others. A loop that hangs lets `done` wait. */
void loops_everywhere(struct gateway *from, void (*act)(struct gateway *gateway, void *payload), void (*done)(void *payload),
                      void *payload);

#endif

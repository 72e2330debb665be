/* upstream_share: what the pools to one server have in common where several loops call it: how many connections there may be, how many calls may wait for one, and whether the server is spared (http/breaker.h).
 *
 * What holds always:
 * - There are never more connections than `connections`, and never more calls that wait than `waiting`, over all members together.
 * - A connection that its member has no call for goes to a member whose calls wait. Where calls of several members wait, none keeps more than its part (connections by members that wait) as long as another has less, and
 *   whoever gave one up takes none before another has: so calls of all loops go on, and connections are not closed and opened without need.
 *
 * Each member belongs to one loop, and its calls are made there; `wake` comes there too: some of what others had may be free, or others may want what this one has. One member alone has all of it, and is never woken.
 *
 * Life cycle: upstream_share_new, share_join for each pool, share_leave once it holds nothing, upstream_share_free for each reference. */
#ifndef DRAWBRIDGE_HTTP_UPSTREAM_SHARE_H
#define DRAWBRIDGE_HTTP_UPSTREAM_SHARE_H

#include "http/breaker.h"
#include <stdatomic.h>
#include <stddef.h>
#include <uv.h>

struct upstream_share;

struct upstream_share *upstream_share_new(size_t connections, size_t waiting);
struct upstream_share *upstream_share_ref(struct upstream_share *share);
void upstream_share_free(struct upstream_share *share); /* gives back one reference; NULL is fine */

struct share_counts {
  size_t open, idle, waiting; /* of all members */
  bool shut;
};
struct share_counts upstream_share_counts(struct upstream_share *share); /* any thread */

struct share_member { /* lies in its pool; all zero before share_join */
  struct upstream_share *share;
  struct share_member *next;
  uv_async_t *async;
  void (*wake)(void *payload);
  void *payload;
  size_t open, waiting;
  bool yields;         /* gave one up for another, who has not taken it yet */
  _Atomic size_t idle; /* connections without a call */
};

void share_join(struct share_member *member, struct upstream_share *share, uv_loop_t *loop, void (*wake)(void *payload),
                void *payload); /* refers to the share */
void share_leave(struct share_member *member);

bool share_take(struct share_member *member);      /* room for one connection; false: there is none now */
void share_give(struct share_member *member);      /* it is closed */
bool share_wait(struct share_member *member);      /* one call more waits; false: too many do */
void share_wait_over(struct share_member *member); /* one less */

/* How many connections have no call: after each change. */
void share_set_idle(struct share_member *member, size_t idle);
/* Is an idle connection of this member's to be closed, so that another may open one? */
bool share_is_wanted(struct share_member *member);

/* The breaker, of all. *ret_try: it is the one try that was let through. */
int64_t share_lets(struct share_member *member, int64_t now_ms, bool *ret_try);
void share_dial_worked(struct share_member *member);
void share_dial_failed(struct share_member *member, int64_t now_ms);
void share_gave_up(struct share_member *member);

#endif

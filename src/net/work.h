/* work: takes slow, blocking work off the loop: a bounded set of threads and a bounded queue.
 *
 * What holds always: `run` is called on a worker thread, `done` on the loop thread, in that order, exactly once each when work_submit returned true; what they share is only `payload`. Work of one pool starts in the order
 * it was submitted.
 *
 * All calls are made on the loop thread. Work under way keeps the loop alive, an idle pool does not. `queue_limit` counts work that waits, not what runs.
 * Several loops may each have a pool with the same threads and the same queue (work_beside): what one of them submits comes back to that one.
 *
 * Life cycle: work_new, work_submit, work_free (waits for what runs; queued work still runs; done calls are made before it returns, and what they submit is refused; the loop must run once more
 * for the handle to close). */
#ifndef DRAWBRIDGE_NET_WORK_H
#define DRAWBRIDGE_NET_WORK_H

#include <stdbool.h>
#include <stddef.h>
#include <uv.h>

struct work_pool;

struct work_pool *work_new(uv_loop_t *loop, unsigned threads, size_t queue_limit);
struct work_pool *work_beside(struct work_pool *pool,
                              uv_loop_t *loop); /* no loop of theirs runs yet. The threads end with the last pool of theirs */
void work_free(struct work_pool *pool);
bool work_submit(struct work_pool *pool, void (*run)(void *payload), void (*done)(void *payload),
                 void *payload);             /* false: the queue is full, nothing is called */
size_t work_waiting(struct work_pool *pool); /* what waits for a thread, of all that share them; any thread */

#endif

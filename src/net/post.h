/* post: brings what other threads have to say onto a loop.
 *
 * What holds always: `act` is called on the loop's thread, outside of every other callback, exactly once for each post_send, in the order in which they were sent. What a sender did before is seen by `act`. A post keeps no loop alive.
 *
 * Life cycle: post_new, post_send from any thread, post_free (acts on what is still there; nobody may send any more; the loop must run once more for the handle to close). */
#ifndef DRAWBRIDGE_NET_POST_H
#define DRAWBRIDGE_NET_POST_H

#include <uv.h>

struct post;

struct post *post_new(uv_loop_t *loop);
void post_free(struct post *post); /* NULL is fine */
void post_send(struct post *post, void (*act)(void *payload), void *payload);

#endif

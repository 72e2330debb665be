/* turn: puts work off to the end of the loop's turn, so that callbacks only record and nothing is freed under a caller's feet.
 *
 * What holds always: an item is queued at most once; its `act` runs once per queueing, on the loop thread, outside of every other callback, in the same turn if it was queued
 * before the turn's end and else in the next one, which then does not wait for sockets. An act may queue items, itself too: they run in the next turn.
 *
 * Life cycle: turn_new per loop or per owner, items live in their owners (all-zero but `act`), turn_remove before an owner dies, turn_free (what is queued is forgotten; the loop must run once more for handles to close). */
#ifndef DRAWBRIDGE_NET_TURN_H
#define DRAWBRIDGE_NET_TURN_H

#include <stdbool.h>
#include <uv.h>

struct turn;

struct turn_item {
  struct turn_item *next, *previous;
  void (*act)(void *payload);
  void *payload;
  bool queued;
};

struct turn *turn_new(uv_loop_t *loop);
void turn_free(struct turn *turn);
void turn_add(struct turn *turn, struct turn_item *item);
void turn_remove(struct turn *turn, struct turn_item *item);
void turn_run(
    struct turn *
        turn); /* acts now on what is queued: for an owner that ends and must not forget anything. From inside an act only if turn_free follows */

#endif

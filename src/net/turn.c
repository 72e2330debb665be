#include "net/turn.h"

#include "base/mem.h"

struct turn {
  uv_check_t check;       /* runs behind the sockets */
  uv_idle_t idle;         /* keeps the loop from waiting while something is queued */
  struct turn_item queue; /* ring; its own act is not used */
  struct turn_item mark;  /* behind what a run acts on */
  unsigned open_handles;
  bool freed; /* perhaps by one of its own acts */
};

static void unlink_item(struct turn_item *item) {
  item->next->previous = item->previous;
  item->previous->next = item->next;
  item->next = item->previous = NULL;
  item->queued = false;
}

/* What is queued by these acts stands behind the mark and waits for the next turn. A run inside of a run (by an owner that ends) moves the mark; the outer one is over then. */
void turn_run(struct turn *turn) {
  struct turn_item *mark = &turn->mark;
  if (mark->queued) unlink_item(mark);
  *mark = (struct turn_item){.next = &turn->queue, .previous = turn->queue.previous, .queued = true};
  turn->queue.previous->next = mark;
  turn->queue.previous = mark;
  while (!turn->freed && mark->queued && turn->queue.next != mark) {
    struct turn_item *item = turn->queue.next;
    unlink_item(item);
    item->act(item->payload);
  }
  if (!turn->freed && mark->queued) unlink_item(mark);
}

static void on_check(uv_check_t *check) {
  struct turn *turn = check->data;
  turn_run(turn);
  if (turn->freed) return;
  if (turn->queue.next != &turn->queue) return;
  (void)uv_check_stop(&turn->check);
  (void)uv_idle_stop(&turn->idle);
}

static void on_idle(uv_idle_t *idle) {}

struct turn *turn_new(uv_loop_t *loop) {
  struct turn *turn = mem_alloc(sizeof *turn);
  turn->queue.next = turn->queue.previous = &turn->queue;
  (void)uv_check_init(loop, &turn->check); /* these two cannot fail */
  (void)uv_idle_init(loop, &turn->idle);
  turn->check.data = turn->idle.data = turn;
  turn->open_handles = 2;
  return turn;
}

void turn_add(struct turn *turn, struct turn_item *item) {
  if (item->queued) return;
  bool was_empty = turn->queue.next == &turn->queue;
  *item = (struct turn_item){
      .next = &turn->queue, .previous = turn->queue.previous, .act = item->act, .payload = item->payload, .queued = true};
  turn->queue.previous->next = item;
  turn->queue.previous = item;
  if (!was_empty) return;
  (void)uv_check_start(&turn->check, on_check);
  (void)uv_idle_start(&turn->idle, on_idle);
}

void turn_remove(struct turn *turn, struct turn_item *item) {
  if (item->queued) unlink_item(item);
}

static void on_closed(uv_handle_t *handle) {
  struct turn *turn = handle->data;
  if (--turn->open_handles == 0) free(turn);
}

void turn_free(struct turn *turn) {
  if (!turn) return;
  turn->freed = true;
  while (turn->queue.next != &turn->queue) unlink_item(turn->queue.next);
  uv_close((uv_handle_t *)&turn->check, on_closed);
  uv_close((uv_handle_t *)&turn->idle, on_closed);
}

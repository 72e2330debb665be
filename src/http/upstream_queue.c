/* The calls that wait for a connection: a line for each who asks, and the lines are served in turn. So whoever sends two hundred calls at once makes his own last one late and nobody else's (R-G14, R-G17). */
#include "base/mem.h"
#include "http/upstream_internal.h"

struct line {                   /* of one who asks; there as long as one of his calls waits */
  struct line *next, *previous; /* a ring */
  const void *who;
  struct upstream_call *first, *last;
  size_t n;
};

static struct line *find(const struct upstream_pool *pool, const void *who) {
  struct line *line = pool->lines;
  if (!line) return NULL;
  do {
    if (line->who == who) return line;
    line = line->next;
  } while (line != pool->lines);
  return NULL;
}

/* Behind all others: before the one that is served next. */
static struct line *add_line(struct upstream_pool *pool, const void *who) {
  struct line *line = mem_alloc(sizeof *line);
  *line = (struct line){.next = line, .previous = line, .who = who};
  if (pool->lines) {
    line->next = pool->lines;
    line->previous = pool->lines->previous;
    line->next->previous = line->previous->next = line;
  } else {
    pool->lines = line;
  }
  return line;
}

static void remove_line(struct upstream_pool *pool, struct line *line) {
  if (pool->lines == line) pool->lines = line->next == line ? NULL : line->next;
  line->next->previous = line->previous;
  line->previous->next = line->next;
  free(line);
}

bool queue_add(struct upstream_call *call) {
  struct upstream_pool *pool = call->pool;
  struct line *line = find(pool, call->who);
  if ((line && line->n >= pool->options.waiting_each) || !share_wait(&pool->member)) return false;
  if (!line) line = add_line(pool, call->who);
  call->line = line;
  call->queue_previous = line->last;
  call->queue_next = NULL;
  if (line->last)
    line->last->queue_next = call;
  else
    line->first = call;
  line->last = call;
  line->n++;
  pool->waiting++;
  return true;
}

void queue_remove(struct upstream_call *call) {
  struct line *line = call->line;
  if (!line) return;
  if (call->queue_previous)
    call->queue_previous->queue_next = call->queue_next;
  else
    line->first = call->queue_next;
  if (call->queue_next)
    call->queue_next->queue_previous = call->queue_previous;
  else
    line->last = call->queue_previous;
  call->line = NULL;
  call->pool->waiting--;
  share_wait_over(&call->pool->member);
  if (--line->n == 0) remove_line(call->pool, line);
}

struct upstream_call *queue_take(struct upstream_pool *pool) {
  struct line *line = pool->lines;
  if (!line) return NULL;
  struct upstream_call *call = line->first;
  pool->lines = line->next;
  queue_remove(call);
  return call;
}

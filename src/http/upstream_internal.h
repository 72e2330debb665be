/* What upstream.c (the pool and its connections), upstream_queue.c (the calls that wait for one) and upstream_call.c (one call over one of them) share. For these alone. */
#ifndef DRAWBRIDGE_HTTP_UPSTREAM_INTERNAL_H
#define DRAWBRIDGE_HTTP_UPSTREAM_INTERNAL_H

#include "base/buf.h"
#include "http/h1.h"
#include "http/upstream.h"
#include "http/upstream_share.h"
#include "net/stream.h"

enum {
  UPSTREAM_TICK_MS = 50,
  UPSTREAM_ARENA_FIRST = 4096,
  UPSTREAM_ARENAS_KEPT = 256,
  UPSTREAM_HEADS_KEPT = 64,
  UPSTREAM_HEAD_KEPT_MAX = 4096,
  UPSTREAM_HEAD_MAX = 256 * 1024,        /* of a request: what the server let in, and what the gateway adds */
  UPSTREAM_EARLY_MAX = 64 * 1024 * 1024, /* body written before there is a connection; writers stop at STREAM_HIGH */
};

struct upstream_pool {
  uv_loop_t *loop;
  struct stream_room *room;
  struct arena *arena; /* of the options */
  struct upstream_options options;
  struct str host_field;
  struct tls_context *tls;
  struct arena_pool *arenas;             /* of calls */
  struct buf heads[UPSTREAM_HEADS_KEPT]; /* memory for heads of requests, wiped, for those that come next */
  size_t head_count;
  struct link *links;          /* closed ones too, until their turn is over */
  struct link *unused;         /* open, without a call; the one used last first */
  struct upstream_call *calls; /* dead ones too */
  struct line *lines;          /* of those that wait for a connection: the one to be served next; NULL: nobody waits */
  size_t open_links, unused_links, waiting;
  struct share_member member; /* of the share with other loops' pools to the same server */
  uv_timer_t *tick;
};

struct link { /* one connection to the server */
  struct upstream_pool *pool;
  struct link *next, *previous, *next_unused, *previous_unused;
  struct stream *stream;
  struct turn_item turn;      /* frees it once it is closed */
  struct upstream_call *call; /* NULL: unused */
  struct buf in;              /* read and not yet used */
  size_t scanned;
  int64_t since_ms;                             /* when it was begun, or became unused */
  bool opened, used, closed, in_unused, is_try; /* is_try: the one that the breaker let through */
};

enum call_state { CALL_QUEUED, CALL_CONNECTING, CALL_SENT, CALL_ANSWERING, CALL_DEAD };

struct upstream_call {
  struct upstream_pool *pool;
  struct upstream_call *next, *previous;
  const void *who;
  struct line *line; /* NULL: it does not wait */
  struct upstream_call *queue_next, *queue_previous;
  struct link *link;
  struct upstream_callbacks callbacks;
  void *payload;
  struct arena *arena; /* the call itself lies in it */
  struct turn_item turn;
  enum call_state state;
  struct error failure; /* code set: told at the turn's end */
  int64_t moved_ms;
  size_t last_waiting;
  /* the request */
  struct buf head, early; /* both wiped */
  int64_t left;           /* of a told length */
  bool chunked, finished, blocked, early_stopped, idempotent, to_head, retried;
  /* the answer */
  struct upstream_answer answer;
  struct guard_framing framing;
  struct h1 h1;
  unsigned interim;
  bool got_byte, paused;
};

/* upstream.c */
void upstream_assign(struct upstream_call *call, bool fresh); /* a connection, now or later */
void upstream_serve_queue(struct upstream_pool *pool);
void upstream_dial_ended(struct upstream_pool *pool, enum error_code code); /* ERROR_NONE: it is connected */
void link_close(struct link *link);
void link_keep(struct link *link); /* unused from now on */

/* upstream_queue.c */
bool queue_add(struct upstream_call *call); /* false: too many wait */
void queue_remove(struct upstream_call *call);
struct upstream_call *queue_take(struct upstream_pool *pool); /* NULL: nobody waits */

/* upstream_call.c */
extern const struct stream_events link_events;
void call_send(struct upstream_call *call);
void call_end(struct upstream_call *call, const struct error *error);
void call_free(struct upstream_call *call);
void call_check_time(struct upstream_call *call, int64_t now_ms);

#endif

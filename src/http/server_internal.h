/* What server.c (listening, accepting, time), connection.c (reading, and what follows what) and exchange.c (one request and its answer) share. For these three alone. */
#ifndef DRAWBRIDGE_HTTP_SERVER_INTERNAL_H
#define DRAWBRIDGE_HTTP_SERVER_INTERNAL_H

#include "base/buf.h"
#include "http/h1.h"
#include "http/h2.h"
#include "http/server.h"
#include "net/post.h"
#include "net/stream.h"
#include <stdatomic.h>

enum {
  FRAMES_MAX = 64 * 1024,
  ARENA_FIRST = 8192,
  ARENAS_KEPT = 256,       /* what an ordinary exchange needs, and how many are under way at once on a busy day */
  DRAIN_MAX = 64 * 1024,   /* of a request body that nobody read, so that the connection can be kept */
  LINGER_MAX = 256 * 1024, /* read and thrown away behind the last answer, so that a reset does not overtake it */
  LINGER_MS = 2000,
  DRAIN_FIRST_MS = 1000, /* while draining, for the first request of a connection that was just accepted */
  TICK_MS = 50,
};

struct http_share {             /* of the servers that serve what one of them accepts; that one's */
  struct http_server **servers; /* the one that accepts first; fixed once it listens */
  size_t count, next;           /* where the look for the next one begins */
  _Atomic size_t connections;   /* of all */
  atomic_bool full;             /* one waits to be accepted */
};

struct http_server {
  uv_loop_t *loop;
  struct stream_room *room;
  struct http_server_limits limits;
  struct guard_limits guard;
  http_handler *handler;
  void *payload;
  struct listener *listeners;
  struct tls_context *tls; /* NULL: none yet */
  struct connection *connections;
  struct arena_pool *arenas;           /* of exchanges */
  struct http_share own_share, *share; /* the second: its own, or that of another server */
  struct post *post;                   /* what that one hands over; NULL: nobody shares */
  _Atomic size_t connection_count;     /* also those on their way here */
  size_t exchange_count;               /* exchanges also count while their browser has gone */
  uv_timer_t *tick;
  unsigned open_handles;
  bool draining, freed;
  void (*drained)(void *payload);
  void *drained_payload;
  struct turn_item turn;
  struct buf head;   /* the head being written: used again and again */
  struct buf frames; /* of HTTP/2, as well */
  uint64_t next_id;
  int64_t date_s;
  char date[32];
};

struct connection {
  struct http_server *server;
  struct connection *next, *previous;
  struct stream *stream;
  struct turn_item turn;
  struct h2 *h2;                  /* NULL: HTTP/1.1 is spoken, and what follows is about that, but for the times and `blocked` */
  struct http_exchange *exchange; /* the one under way; further requests wait in `in` */
  struct buf in;                  /* read and not yet used */
  size_t scanned;                 /* of a head that is not whole yet */
  size_t lingered, last_waiting;
  int64_t moved_ms; /* when a byte moved last, or the state changed; the head's first byte while a head is awaited */
  bool in_tls, head_begun, served, blocked, last, lingering, input_ended, broken;
};

enum reading { UNCLAIMED, READ_WHOLE, READ_STREAM, DRAINED };
enum answering { NOT_BEGUN, BEGUN, ENDED };

struct http_exchange {
  struct http_server *server;
  struct connection *connection; /* NULL: no longer on one, or HTTP/2 */
  struct h2_stream *stream;      /* NULL: no longer on one, or HTTP/1.1 */
  struct arena *arena;           /* the exchange itself lies in it */
  struct http_request request;
  struct guard_framing framing;
  struct h1 h1;
  struct turn_item turn; /* frees it */
  unsigned holds;
  bool gone, aborted;
  char id[17], peer[48];
  void *context; /* of the handler */
  void (*on_gone)(void *payload);
  void *gone_payload;
  /* the body */
  enum reading reading;
  bool body_done, paused, end_told, continue_sent;
  size_t drained_bytes;
  struct buf whole;
  void (*done)(void *payload, struct http_exchange *exchange, struct str body);
  void *done_payload;
  struct http_body_reader reader;
  /* the answer */
  enum answering answering;
  bool chunked, bodiless;
  int status;   /* that was sent; 0: none yet */
  int64_t sent; /* bytes of the body */
  int64_t left; /* of a told length; -1: not told */
  void (*on_drained)(void *payload);
  void *drained_payload;
};

/* connection.c */
void connection_new(struct http_server *server, uv_stream_t *listener, int fd,
                    struct tls_context *tls); /* from `listener`, or `fd` where that is NULL. `tls` NULL: plain. Has been counted by then */
void connection_wake(struct connection *connection); /* acts at the turn's end */
void connection_cut(struct connection *connection);  /* closes it and frees it; not from inside a handler's call */
void connection_check_time(struct connection *connection, int64_t now_ms);
void connection_drain(struct connection *connection); /* nothing more is asked for on it */

/* exchange.c */
/* `stream` and `arena` (taken over): of HTTP/2, else NULL. */
struct http_exchange *exchange_new(struct connection *connection, struct h2_stream *stream, struct arena *arena);
void exchange_body(struct http_exchange *exchange, struct str piece);
void exchange_body_end(struct http_exchange *exchange);
void exchange_body_broken(struct http_exchange *exchange, const struct error *error);
void exchange_detach(struct http_exchange *exchange); /* its answer is out */
void exchange_leave(struct http_exchange *exchange);  /* the browser went */
void exchange_refuse(struct http_exchange *exchange, const struct error *error);
bool exchange_wants_body(const struct http_exchange *exchange);
bool exchange_status_is_empty(int status); /* its answer has no body, and tells no length */

/* server.c */
struct str server_date(struct http_server *server);
void server_next_id(struct http_server *server, char ret[17]);
void server_connection_gone(struct http_server *server); /* counts it */
void server_exchange_gone(struct http_server *server);

#endif

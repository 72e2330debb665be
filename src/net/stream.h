/* stream: bytes both ways over a TCP connection, plain or inside TLS, with back-pressure.
 *
 * What holds always:
 * - All calls are made on the loop thread. No event runs inside a call; events may make any call, stream_close too.
 * - Reading stops while paused: no `data`, and the socket is not read, so that the other end feels it.
 * - What is written is sent or copied before the call returns. Small writes of one turn go out together at its end; a large one goes out at once, without a copy as far as the socket takes it.
 * - stream_write answers false when more than STREAM_HIGH bytes wait; `drained` runs once they have fallen to STREAM_LOW.
 * - `ended` runs at most once: nothing comes any more. Its error is NULL where the other end closed in order (with TLS: said so, else the end could be forged).
 *
 * Life cycle: a room per owner (server, pool), stream_accept or stream_dial, events, stream_close (or stream_reset); after it no event runs, and the memory goes by itself. A room is freed after its streams were closed. */
#ifndef DRAWBRIDGE_NET_STREAM_H
#define DRAWBRIDGE_NET_STREAM_H

#include "base/error.h"
#include "net/turn.h"
#include <uv.h>

enum { STREAM_HIGH = 256 * 1024, STREAM_LOW = 64 * 1024, STREAM_READ = 64 * 1024 };

struct stream;
struct tls_context; /* net/tls.h */

struct stream_room { /* what the streams of one owner share */
  uv_loop_t *loop;
  struct turn *turn;
  char bytes[STREAM_READ]; /* what is being read: good only inside `data` */
};

struct stream_room *stream_room_new(uv_loop_t *loop);
void stream_room_free(struct stream_room *room); /* NULL is fine */

struct stream_events {
  void (*opened)(void *payload); /* dialled: connected, and the certificate is good; accepted with TLS: the handshake is done */
  void (*data)(void *payload, struct str piece);
  void (*drained)(void *payload);
  void (*ended)(void *payload, const struct error *error);
};

/* Takes the connection that waits at `listener`. NULL: it went away. Starts paused. `tls`: speaks TLS as a server (referred to from here on; costs memory only once the other end has begun to speak);
 * `ended` before `opened` with ERROR_bad_request: the handshake failed. NULL: plain. */
struct stream *stream_accept(struct stream_room *room, uv_stream_t *listener, struct tls_context *tls, const struct stream_events *events,
                             void *payload);

/* The same in two steps, for a connection that another loop is to serve: takes what waits at `listener` as a descriptor of its own, on that listener's loop (-1: it went away), and makes a stream of it, on the other one (NULL: it went
 * away; the descriptor is taken over). */
int stream_take(uv_stream_t *listener);
struct stream *stream_adopt(struct stream_room *room, int fd, struct tls_context *tls, const struct stream_events *events, void *payload);

struct stream_target {
  struct str host; /* name or literal address */
  int port;
  struct tls_context *tls;     /* NULL: plain */
  const struct str *addresses; /* ranges of net/address.h that are allowed although not public; must live until opened or ended */
  size_t address_count;
};

/* Resolves, connects to the first allowed address that answers, shakes hands. `ended` before `opened`: ERROR_server_unreachable, ERROR_address_refused, ERROR_certificate_refused. Nothing is to be written before
 * `opened`. Starts unpaused. No time-outs: the owner closes. */
struct stream *stream_dial(struct stream_room *room, const struct stream_target *target, const struct stream_events *events, void *payload);

bool stream_write(struct stream *stream, const struct str *pieces, size_t count);
/* The same, at once and without a copy, for what holds secrets; should the socket not take it all, the copy of the rest is wiped once it has gone. */
bool stream_write_secret(struct stream *stream, const struct str *pieces, size_t count);
size_t stream_waiting(const struct stream *stream); /* bytes written that the socket has not taken yet */
void stream_finish(struct stream *stream);          /* once all has gone out, tells the other end that nothing follows; reading goes on */
void stream_flush(
    struct stream *stream); /* sends now what the socket takes of what waits for the turn's end: before a close that cuts on purpose */
void stream_pause(struct stream *stream);
void stream_resume(struct stream *stream);
void stream_close(struct stream *stream);                /* what waits is thrown away */
void stream_reset(struct stream *stream);                /* as close, so that the other end sees an error and no orderly end */
struct str stream_protocol(const struct stream *stream); /* what TLS agreed on (ALPN), good from `opened` on; empty: nothing, or plain */
struct str stream_peer(
    const struct stream *
        stream); /* address of the other end without port; of a UNIX socket "uid:1000", by the kernel's word; lives as long as the stream */

#endif

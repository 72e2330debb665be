/* What h2.c (the session, and what its streams ask for) and h2_answer.c (what goes out on them) share. For these two alone. */
#ifndef DRAWBRIDGE_HTTP_H2_INTERNAL_H
#define DRAWBRIDGE_HTTP_H2_INTERNAL_H

#include "http/h2.h"
#include "http/h2_head.h"
#include "http/server_internal.h"
#include <nghttp2/nghttp2.h>

enum {
  H2_STREAMS = 128,                   /* under way at once on one connection */
  H2_WINDOW = 256 * 1024,             /* of a request's body that its handler has not taken yet */
  H2_CONNECTION_WINDOW = 1024 * 1024, /* of all of them together */
  H2_HIGH = 128 * 1024,
  H2_LOW = 32 * 1024,              /* of one answer that waits: as STREAM_HIGH and STREAM_LOW */
  H2_OUT_MAX = 1024 * 1024 * 1024, /* a whole answer may be large; streamed ones stop at H2_HIGH */
  H2_FRAME = 16 * 1024,            /* with its head: one TLS record */
};

enum h2_drain { H2_SERVES, H2_NOTICED, H2_LAST }; /* noticed: the browser was told, and may have requests on their way */

struct h2 {
  struct connection *connection;
  nghttp2_session *session;
  struct h2_stream *streams;
  size_t unanswered; /* streams whose answer has not ended */
  int64_t credit, credit_ms;
  int32_t last_id, skipped_from,
      skipped_to; /* stream ids: the highest seen, and those that the last step left out: they are closed without having been open */
  enum h2_drain drain;
  int64_t drain_ms;
  uint32_t failure;  /* nghttp2_error_code with which it ends */
  bool doomed, over; /* doomed: it ends at the turn's end */
};

struct h2_stream {
  struct h2 *h2;
  struct h2_stream *next, *previous;
  int32_t id;
  int64_t moved_ms;
  struct h2_head head;
  struct http_exchange *exchange; /* NULL: not begun, or over */
  /* what comes */
  struct buf in; /* of the body, not taken yet behind `taken` */
  size_t taken;
  int64_t received;
  bool head_done, input_ended, stopped; /* stopped: the rest is not wanted */
  bool closed;                          /* nghttp2 knows it no more */
  bool broken, reset;                   /* to be reset; it was, from here */
  /* what goes */
  struct buf out; /* not sent yet behind `sent` */
  size_t sent;
  bool out_ended, answered, deferred, above_high; /* answered: the end is on its way */
};

void h2_earn(struct h2 *h2, int64_t credit);
void h2_doom(struct h2 *h2, uint32_t failure);
int64_t h2_now(const struct h2 *h2);
void h2_send(struct h2 *h2); /* as much as the socket takes */
int h2_on_send_data(nghttp2_session *session, nghttp2_frame *frame, const uint8_t *head, size_t length, nghttp2_data_source *source,
                    void *payload);
int h2_on_frame_send(nghttp2_session *session, const nghttp2_frame *frame, void *payload);
static inline size_t h2_out_waiting(const struct h2_stream *stream) {
  return stream->out.n - stream->sent;
}

#endif

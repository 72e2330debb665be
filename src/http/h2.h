/* h2: HTTP/2 on one connection of the server (RFC 9113), with nghttp2 for frames, compression and windows. For server.c, connection.c and exchange.c alone: handlers see the exchanges of http/server.h.
 *
 * What holds always:
 * - nghttp2's callbacks only record; requests start, bodies move and streams end behind them. Frames go out at the turn's end, or with the end of the last answer that is under way.
 * - A stream's window is given back as its handler takes the body, not before: that is the back-pressure. What waits of an answer is limited for each stream, and streams take turns frame by frame.
 * - An outsider who makes work without asking for something is cut off (GOAWAY, ENHANCE_YOUR_CALM): each frame costs, resets of what was not answered cost more, requests and bytes that move earn (h2.c, `credit`).
 * - A stream ends clean or is reset: no half answer looks whole. What a request did not send when its answer is out is not waited for beyond 64 KiB: RST_STREAM with NO_ERROR (section 8.1).
 * - Extended CONNECT, server push and priorities of section 5.3 beyond turns are not offered. Trailers are dropped.
 *
 * Life cycle: h2_new when TLS has agreed on h2 or the connection preface came in clear; h2_free with the connection. */
#ifndef DRAWBRIDGE_HTTP_H2_H
#define DRAWBRIDGE_HTTP_H2_H

#include "http/server.h"

struct connection;
struct h2;        /* a session: one connection */
struct h2_stream; /* one request and its answer */

#define H2_PREFACE STR("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")

/* connection.c */
struct h2 *h2_new(struct connection *connection);
void h2_free(struct h2 *h2); /* what is under way loses its browser */
void h2_data(struct h2 *h2, struct str piece);
void h2_act(struct h2 *h2);        /* at the turn's end */
bool h2_over(const struct h2 *h2); /* nothing comes or goes any more: the connection is to be ended */
void h2_check_time(struct h2 *h2, int64_t now_ms);
void h2_drain(struct h2 *h2); /* no new requests; those that are on their way by now are still answered */

/* exchange.c */
void h2_wake(struct h2_stream *stream);
void h2_continue(struct h2_stream *stream);         /* 100 */
bool h2_body_begun(const struct h2_stream *stream); /* some of the request's body came already */
void h2_stop_reading(struct h2_stream *stream);     /* the rest of the request is not wanted */
void h2_break(struct h2_stream *stream);            /* the stream is reset at the turn's end */
void h2_begin(struct h2_stream *stream, int status, const struct http_headers *headers, int64_t length,
              bool bodiless);                              /* length -1: not told */
bool h2_write(struct h2_stream *stream, struct str piece); /* as http_exchange_write */
void h2_end(struct h2_stream *stream);
bool h2_waits(const struct h2_stream *stream); /* something that was written has not gone out */

#endif

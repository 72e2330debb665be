/* server: accepts connections on the loop and hands each request to one handler, whether it came by HTTP/1.1 or by HTTP/2.
 *
 * What holds always:
 * - A request reaches the handler only after the strict head guard (http/guard.h) let it pass; what the guard refuses is answered here with problem+json and the
 *   connection closes (with HTTP/2: the stream; what cannot even be a request is reset, and who floods is cut off: http/h2.h).
 * - All calls are made on the loop thread; the handler never blocks: slow work goes to net/work.h and answers from its `done`.
 * - One exchange is one request and its answer. It is owned by the server and lives until the answer is out and every http_exchange_hold is released, also when the browser has gone
 *   meanwhile; then answer calls are quietly without effect and http_exchange_gone is true, but one of them must still be made (http_exchange_abort will do). Its arena dies with it.
 * - A browser that ends its side of the connection before it was answered counts as gone (as in nginx).
 * - Callbacks record, the loop acts: an answer call made inside any callback is safe; nothing is freed before the end of the loop turn.
 * - Answers on one HTTP/1.1 connection keep the order of the requests; those of HTTP/2 take turns. HEAD answers carry no body whatever is written.
 *
 * - Several servers, each on a loop of its own, may serve what one of them accepts (http_server_share): a connection goes to the one that has the fewest, and stays there. `connections` is then the limit of all together.
 *
 * Life cycle: http_server_new, http_server_share before anything is listened for, http_server_listen (any number of addresses), …, http_server_drain (no new connections, exchanges under way finish,
 * keep-alive connections close, those of HTTP/2 get GOAWAY in two steps; one that was just accepted still has a second for its first request), http_server_free. */
#ifndef DRAWBRIDGE_HTTP_SERVER_H
#define DRAWBRIDGE_HTTP_SERVER_H

#include "base/error.h"
#include "http/message.h"
#include <uv.h>

struct http_server;
struct http_exchange;
struct tls_context;

struct http_server_limits { /* 0: the default in brackets */
  size_t head_bytes;        /* [64 KiB] 431 */
  size_t head_fields;       /* [128] 431 */
  size_t target_bytes;      /* [64 KiB] 414 */
  size_t connections;       /* [4096] accepted at once, by all that share; further ones wait in the backlog */
  int head_timeout_ms; /* [15000] from the first byte of a head to its end: 408 and close; a connection without any byte is just closed after as long, and so is one whose TLS handshake and first byte take longer together */
  int idle_timeout_ms; /* [60000] no byte moved although it is the browser that has to read or write: cut. Does not run while the handler is waited for or has paused the body */
  int keep_alive_ms;   /* [75000] between requests */
};

/* Called once per request, when its head is complete. The handler answers now or later; it must call exactly one of
 * http_exchange_reply, http_exchange_begin … end, or http_exchange_abort. */
typedef void http_handler(void *payload, struct http_exchange *exchange);

struct http_server *http_server_new(uv_loop_t *loop, struct http_server_limits limits, http_handler *handler, void *payload);

enum http_listen { HTTP_PLAIN, HTTP_TLS };

/* "127.0.0.1:8080", "[::1]:8080"; port 0 takes a free one, told in *ret_port (may be NULL). ERROR_inside: in use or not allowed, with the address in the message. */
int http_server_listen(struct http_server *server, struct str address, enum http_listen kind, int *ret_port, struct error *error);
int http_server_listen_on(struct http_server *server, int fd, enum http_listen kind,
                          struct error *error); /* a socket that listens already; taken over, also where it fails */
/* Before HTTP_TLS is listened for, and again for another certificate: it is for connections that come from then on, those that are open keep theirs. `context` (net/tls.h) is referred to. */
void http_server_set_tls(struct http_server *server, struct tls_context *context);
size_t http_server_connections(const struct http_server *server); /* open now, of all that share; any thread */
void http_server_share(
    struct http_server *front,
    struct http_server *
        other); /* `other`, which listens for nothing itself, serves some of what `front` accepts. No loop runs yet. `front` is drained first, and freed last */
void http_server_drain(struct http_server *server, void (*drained)(void *payload), void *payload);
void http_server_free(struct http_server *server); /* cuts what is still open; the loop must run once more for handles to close */

/* The request. */
const struct http_request *http_exchange_request(const struct http_exchange *exchange);
struct arena *http_exchange_arena(struct http_exchange *exchange);
struct str http_exchange_peer(const struct http_exchange *exchange); /* as stream_peer (net/stream.h) */
struct str http_exchange_id(const struct http_exchange *exchange);   /* request id, 16 letters, made here */
bool http_exchange_gone(const struct http_exchange *exchange);
void http_exchange_hold(struct http_exchange *exchange);
void http_exchange_release(struct http_exchange *exchange);

/* Something of the handler's own that lives with the exchange (in its arena). */
void http_exchange_set_context(struct http_exchange *exchange, void *context);
void *http_exchange_context(const struct http_exchange *exchange);

/* What has gone out, for a log; still good in what arena_on_free runs. */
int http_exchange_status(const struct http_exchange *exchange);   /* 0: no head has */
int64_t http_exchange_sent(const struct http_exchange *exchange); /* bytes of the body */

/* `gone` runs once if the browser goes before the answer is complete: stop what is done for it. NULL takes it back. */
void http_exchange_on_gone(struct http_exchange *exchange, void (*gone)(void *payload), void *payload);

/* The body, whole: `done` gets it (borrowed from the arena). Above `limit` bytes the server answers 413 itself, cut bodies end the exchange; `done` is then not called.
 * Also to be called where there is no body: done gets the empty str, at once. Answers 100-continue where asked. */
void http_exchange_read(struct http_exchange *exchange, size_t limit,
                        void (*done)(void *payload, struct http_exchange *exchange, struct str body), void *payload);

/* Inside `done`, last: wipes the body that was read whole, because it held a secret. */
void http_exchange_forget_body(struct http_exchange *exchange);

/* The body as it comes: `data` for each piece (borrowed), then `end` (complete true: all of it came; false: the browser cut it). Reading stops while
 * paused: that is the back-pressure. */
struct http_body_reader {
  void (*data)(void *payload, struct str piece);
  void (*end)(
      void *payload,
      bool
          complete); /* not behind an answer that is complete. Where a malformed body ends it, an answer given inside this call still goes out, else the browser is cut off */
  void *payload;
};
void http_exchange_stream(struct http_exchange *exchange, struct http_body_reader reader);
void http_exchange_pause(struct http_exchange *exchange);
void http_exchange_resume(struct http_exchange *exchange);

/* The answer, whole. Headers and body are copied. Content-Length, Date and Connection are the server's. A request body that was not read is drained up to 64 KiB or the connection closes. */
void http_exchange_reply(struct http_exchange *exchange, int status, const struct http_headers *headers, struct str body);

/* The answer, streamed: length -1 is chunked (or until close for HTTP/1.0). http_exchange_write copies or takes over before it returns; true: go on; false: more than the high-water mark (256 KiB) waits,
 * stop until `drained` runs. http_exchange_end completes; http_exchange_abort cuts the connection (resets the stream) so that no half body looks whole. */
void http_exchange_begin(struct http_exchange *exchange, int status, const struct http_headers *headers, int64_t length);
bool http_exchange_write(struct http_exchange *exchange, struct str piece);
void http_exchange_on_drained(struct http_exchange *exchange, void (*drained)(void *payload), void *payload);
void http_exchange_end(struct http_exchange *exchange);
void http_exchange_abort(struct http_exchange *exchange);
bool http_exchange_begun(const struct http_exchange *exchange);
bool http_exchange_waits(const struct http_exchange *exchange); /* the browser has not taken all that was written */

#endif

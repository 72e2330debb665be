#include "http/server.h"
#include "http/server_internal.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "crypt/random.h"
#include "net/address.h"
#include "net/tls.h"
#include <netinet/in.h>
#include <unistd.h>

enum { BACKLOG = 1024, HEAD_MAX = 1024 * 1024, HEAD_ROOM = 8 * 1024 };

struct listener {
  uv_tcp_t tcp;
  struct http_server *server;
  struct listener *next;
  enum http_listen kind;
  bool full; /* a connection waits to be accepted */
};

static void on_turn(void *payload);

static void set_defaults(struct http_server_limits *limits) {
  if (!limits->head_bytes) limits->head_bytes = (size_t)64 * 1024;
  if (!limits->head_fields) limits->head_fields = 128;
  if (!limits->target_bytes) limits->target_bytes = (size_t)64 * 1024;
  if (!limits->connections) limits->connections = 4096;
  if (!limits->head_timeout_ms) limits->head_timeout_ms = 15000;
  if (!limits->idle_timeout_ms) limits->idle_timeout_ms = 60000;
  if (!limits->keep_alive_ms) limits->keep_alive_ms = 75000;
}

struct http_server *http_server_new(uv_loop_t *loop, struct http_server_limits limits, http_handler *handler, void *payload) {
  struct http_server *server = mem_alloc(sizeof *server);
  set_defaults(&limits);
  server->loop = loop;
  server->room = stream_room_new(loop);
  server->limits = limits;
  server->guard =
      (struct guard_limits){.head_bytes = limits.head_bytes, .head_fields = limits.head_fields, .target_bytes = limits.target_bytes};
  server->handler = handler;
  server->payload = payload;
  server->turn = (struct turn_item){.act = on_turn, .payload = server};
  server->arenas = arena_pool_new(ARENA_FIRST, ARENAS_KEPT);
  server->head = BUF_INIT(HEAD_MAX);
  (void)buf_reserve(&server->head, HEAD_ROOM); /* one that grows under a cookie leaves a copy of it behind */
  server->frames = BUF_INIT(FRAMES_MAX);
  server->share = &server->own_share;
  server->tick = mem_alloc(sizeof *server->tick);
  (void)uv_timer_init(loop, server->tick);
  server->tick->data = server;
  server->open_handles = 1;
  random_bytes(&server->next_id, sizeof server->next_id);
  return server;
}

/* What is left of a server that was freed goes when the last handle is closed and the last exchange is over. */
static void free_if_over(struct http_server *server) {
  if (!server->freed || server->open_handles || server->exchange_count) return;
  buf_free(&server->head);
  buf_free(&server->frames);
  free(server->own_share.servers);
  arena_pool_free(server->arenas);
  free(server);
}

/* Time. */

static void on_tick(uv_timer_t *tick) {
  struct http_server *server = tick->data;
  int64_t now_ms = (int64_t)uv_now(server->loop);
  for (struct connection *c = server->connections, *next; c; c = next) {
    next = c->next;
    connection_check_time(c, now_ms);
  }
  if (!server->connections) (void)uv_timer_stop(tick);
}

struct str server_date(struct http_server *server) {
  int64_t now_s = clock_now_ms() / 1000;
  if (now_s != server->date_s) {
    time_t time = (time_t)now_s;
    struct tm tm;
    if (!gmtime_r(&time, &tm)) return STR("Thu, 01 Jan 1970 00:00:00 GMT");
    static const char days[7][4] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    static const char months[12][4] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    (void)snprintf(server->date, sizeof server->date, "%s, %02u %s %04u %02u:%02u:%02u GMT", days[tm.tm_wday], (unsigned)tm.tm_mday % 100,
                   months[tm.tm_mon], (unsigned)(tm.tm_year + 1900) % 10000, (unsigned)tm.tm_hour % 100, (unsigned)tm.tm_min % 100,
                   (unsigned)tm.tm_sec % 100);
    server->date_s = now_s;
  }
  return str_of(server->date);
}

/* Different for every request of every start. */
void server_next_id(struct http_server *server, char ret[17]) {
  uint64_t x = random_next(&server->next_id);
  for (unsigned i = 0; i < 16; i++) ret[i] = (char)('a' + (x >> (4 * i) & 15));
  ret[16] = '\0';
}

/* Accepting. */

static void begin(struct http_server *server, uv_stream_t *listener, int fd, enum http_listen kind) {
  connection_new(server, listener, fd, kind == HTTP_TLS ? server->tls : NULL);
  if (server->connections && !uv_is_active((const uv_handle_t *)server->tick))
    (void)uv_timer_start(server->tick, on_tick, TICK_MS, TICK_MS);
}

struct handed { /* from one loop to another */
  struct http_server *server;
  int fd;
  enum http_listen kind;
};

static void on_handed(void *payload) {
  struct handed *handed = payload;
  begin(handed->server, NULL, handed->fd, handed->kind);
  free(handed);
}

/* The one with the fewest; among those that have as many, each in turn. */
static struct http_server *next_server(struct http_server *front) {
  struct http_share *share = front->share;
  if (share->count < 2) return front;
  struct http_server *best = NULL;
  size_t at = 0;
  for (size_t i = 0; i < share->count; i++) {
    size_t here = (share->next + i) % share->count;
    if (best && share->servers[here]->connection_count >= best->connection_count) continue;
    best = share->servers[here];
    at = here;
  }
  share->next = at + 1;
  return best;
}

static void hand_over(struct listener *listener, struct http_server *to) {
  int fd = stream_take((uv_stream_t *)&listener->tcp);
  if (fd < 0) { /* it went away: `to`, on another loop, never hears of it */
    to->connection_count--;
    to->share->connections--;
    return;
  }
  struct handed *handed = mem_alloc(sizeof *handed);
  *handed = (struct handed){to, fd, listener->kind};
  post_send(to->post, on_handed, handed);
}

static void accept_one(struct listener *listener) {
  struct http_server *server = listener->server;
  struct http_share *share = server->share;
  listener->full = share->connections >= server->limits.connections;
  if (listener->full) share->full = true; /* libuv holds this one and does not look for further ones until it is taken */
  if (listener->full && share->connections >= server->limits.connections) return;
  listener->full = false;
  struct http_server *to = next_server(server);
  to->connection_count++;
  share->connections++;
  if (to == server)
    begin(server, (uv_stream_t *)&listener->tcp, -1, listener->kind);
  else
    hand_over(listener, to);
}

static void on_connection(uv_stream_t *stream, int status) {
  struct listener *listener = stream->data;
  if (status < 0)
    log_event(LOG_WARNING, "accept_failed", LOG_TEXT("message", uv_strerror(status)));
  else
    accept_one(listener);
}

static void on_room(void *payload) {
  struct http_server *front = payload;
  turn_add(front->room->turn, &front->turn);
}

void server_connection_gone(struct http_server *server) {
  struct http_share *share = server->share;
  server->connection_count--;
  share->connections--;
  bool first = share->count == 0 || share->servers[0] == server;
  if (!first && atomic_exchange(&share->full, false)) post_send(share->servers[0]->post, on_room, share->servers[0]);
  if (first || server->draining) turn_add(server->room->turn, &server->turn);
}

void server_exchange_gone(struct http_server *server) {
  server->exchange_count--;
  if (server->freed)
    free_if_over(server);
  else if (server->draining)
    turn_add(server->room->turn, &server->turn);
}

static void on_turn(void *payload) {
  struct http_server *server = payload;
  for (struct listener *l = server->listeners; l; l = l->next)
    if (l->full) accept_one(l);
  if (!server->draining || server->connection_count || server->exchange_count || !server->drained) return;
  void (*drained)(void *) = server->drained;
  server->drained = NULL;
  drained(server->drained_payload);
}

/* Sharing. */

static void share_add(struct http_share *share, struct http_server *server) {
  share->servers = mem_resize_array(share->servers, share->count + 1, sizeof *share->servers);
  share->servers[share->count++] = server;
  server->share = share;
  server->post = post_new(server->loop);
}

void http_server_share(struct http_server *front, struct http_server *other) {
  if (!front->own_share.count) share_add(&front->own_share, front);
  share_add(&front->own_share, other);
}

/* Listening. */

static void on_listener_closed(uv_handle_t *handle) {
  struct listener *listener = handle->data;
  struct http_server *server = listener->server;
  free(listener);
  server->open_handles--;
  free_if_over(server);
}

static void close_listeners(struct http_server *server) {
  struct listener *listener;
  while ((listener = server->listeners)) {
    server->listeners = listener->next;
    uv_close((uv_handle_t *)&listener->tcp, on_listener_closed);
  }
}

static int parse_address(struct str text, struct sockaddr_storage *ret) {
  size_t colon = str_find_last_char(text, ':');
  uint64_t port = 0;
  if (colon == SIZE_MAX || !str_to_u64(str_from(text, colon + 1), &port) || port > 65535) return -1;
  struct str host = str_slice(text, 0, colon);
  bool bare_colons = str_find_char(host, ':') != SIZE_MAX && !str_starts(host, STR("["));
  if (bare_colons || !address_parse(host, ret)) return -1;
  if (ret->ss_family == AF_INET)
    ((struct sockaddr_in *)ret)->sin_port = htons((uint16_t)port);
  else
    ((struct sockaddr_in6 *)ret)->sin6_port = htons((uint16_t)port);
  return 0;
}

static int port_of(const uv_tcp_t *tcp) {
  struct sockaddr_storage address;
  int n = sizeof address;
  if (uv_tcp_getsockname(tcp, (struct sockaddr *)&address, &n) < 0) return 0;
  return ntohs(address.ss_family == AF_INET ? ((struct sockaddr_in *)&address)->sin_port : ((struct sockaddr_in6 *)&address)->sin6_port);
}

static struct listener *listener_new(struct http_server *server, enum http_listen kind) {
  struct listener *listener = mem_alloc(sizeof *listener);
  listener->server = server;
  listener->kind = kind;
  listener->tcp.data = listener;
  (void)uv_tcp_init(server->loop, &listener->tcp);
  server->open_handles++;
  return listener;
}

/* `result`: of what was done to it before. */
static int listen_with(struct listener *listener, int result) {
  if (result == 0) result = uv_listen((uv_stream_t *)&listener->tcp, BACKLOG, on_connection);
  if (result < 0) {
    uv_close((uv_handle_t *)&listener->tcp, on_listener_closed);
    return result;
  }
  listener->next = listener->server->listeners;
  listener->server->listeners = listener;
  return 0;
}

int http_server_listen(struct http_server *server, struct str address, enum http_listen kind, int *ret_port, struct error *error) {
  struct sockaddr_storage where;
  if (parse_address(address, &where) < 0)
    return error_set(error, ERROR_usage, "%.*s is not an address to listen on: write 127.0.0.1:8080 or [::1]:8080", STR_ARG(address));
  struct listener *listener = listener_new(server, kind);
  unsigned flags = where.ss_family == AF_INET6 ? UV_TCP_IPV6ONLY : 0; /* [::] beside 0.0.0.0 */
  int result = uv_tcp_bind(&listener->tcp, (const struct sockaddr *)&where, flags);
  result = listen_with(listener, result);
  if (result < 0) return error_set(error, ERROR_inside, "cannot listen on %.*s: %s", STR_ARG(address), uv_strerror(result));
  if (ret_port) *ret_port = port_of(&listener->tcp);
  return 0;
}

int http_server_listen_on(struct http_server *server, int fd, enum http_listen kind, struct error *error) {
  struct listener *listener = listener_new(server, kind);
  int result = uv_tcp_open(&listener->tcp, fd);
  if (result < 0) (void)close(fd);
  result = listen_with(listener, result);
  return result < 0 ? error_set(error, ERROR_inside, "cannot listen on the socket that was handed over: %s", uv_strerror(result)) : 0;
}

void http_server_set_tls(struct http_server *server, struct tls_context *context) {
  tls_context_free(server->tls);
  server->tls = tls_context_ref(context);
}

size_t http_server_connections(const struct http_server *server) {
  return server->share->connections;
}

/* The end. */

void http_server_drain(struct http_server *server, void (*drained)(void *payload), void *payload) {
  server->draining = true;
  server->drained = drained;
  server->drained_payload = payload;
  close_listeners(server);
  for (struct connection *c = server->connections, *next; c; c = next) {
    next = c->next;
    connection_drain(c);
  }
  turn_add(server->room->turn, &server->turn);
}

static void on_tick_closed(uv_handle_t *handle) {
  struct http_server *server = handle->data;
  free(handle);
  server->open_handles--;
  free_if_over(server);
}

void http_server_free(struct http_server *server) {
  if (!server) return;
  close_listeners(server);
  post_free(server->post);
  while (server->connections) connection_cut(server->connections);
  turn_remove(server->room->turn, &server->turn);
  turn_run(server->room->turn); /* exchanges that are over, and wait for the turn's end to go */
  server->freed = true;
  uv_close((uv_handle_t *)server->tick, on_tick_closed);
  stream_room_free(server->room);
  server->room = NULL;
  tls_context_free(server->tls);
}

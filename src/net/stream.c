#include "net/stream.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/mem.h"
#include "crypt/secret.h"
#include "net/address.h"
#include "net/tls.h"
#include <fcntl.h>
#include <netinet/in.h>
#include <unistd.h>

enum {
  DIRECT = 16 * 1024,               /* from here on a write goes out at once instead of being copied */
  WAITING_MAX = 1024 * 1024 * 1024, /* a whole answer may be large; streamed ones stop at STREAM_HIGH */
  PIECES_MAX = 8,
  RECORD_MAX = 16 * 1024, /* plain bytes of a TLS record */
  HEADS = 16 * 1024,      /* of what was read is wiped so much */
};

struct socket { /* of its own, since each address that is tried needs a fresh one */
  uv_tcp_t tcp;
  uv_connect_t connect;
  struct stream *stream;
};

struct write {
  uv_write_t request;
  struct stream *stream;
  struct buf bytes;
  size_t sent;
};

struct stream {
  struct stream_room *room;
  const struct stream_events *events;
  void *payload;
  struct socket *socket; /* NULL: none at present */
  struct turn_item turn;
  struct buf out;             /* goes out behind `under_way` */
  struct buf spare;           /* the memory of what went last, while more waits: two buffers take turns */
  struct write *under_way;    /* what libuv has; NULL: nothing */
  struct tls *tls;            /* NULL: plain, or nothing came yet */
  struct tls_context *served; /* accepted: what `tls` will be made of; NULL: plain, or dialled */
  struct error failure;       /* code set: told as `ended` at the turn's end */
  uv_getaddrinfo_t lookup;
  struct addrinfo *found, *next_address;
  const struct str *addresses;
  size_t address_count;
  int port;
  unsigned holders; /* sockets not yet closed, the lookup under way, and the owner */
  bool looking_up, opened, paused, eof, ended, closed, above_high, finishing, finished, refused_some, reading, wipes;
  char peer[INET6_ADDRSTRLEN];
};

static void flush(struct stream *stream);
static void try_next(struct stream *stream);

/* Life. */

struct stream_room *stream_room_new(uv_loop_t *loop) {
  struct stream_room *room = mem_alloc(sizeof *room);
  room->loop = loop;
  room->turn = turn_new(loop);
  return room;
}

void stream_room_free(struct stream_room *room) {
  if (!room) return;
  turn_free(room->turn);
  free(room);
}

static void free_bytes(struct stream *stream, struct buf *bytes) {
  if (stream->wipes && bytes->p) secret_wipe(bytes->p, bytes->capacity);
  buf_free(bytes);
}

static void let_go(struct stream *stream) {
  if (--stream->holders > 0) return;
  free_bytes(stream, &stream->out);
  free_bytes(stream, &stream->spare);
  tls_free(stream->tls);
  tls_context_free(stream->served);
  if (stream->found) uv_freeaddrinfo(stream->found);
  free(stream);
}

static void on_socket_closed(uv_handle_t *handle) {
  struct socket *socket = handle->data;
  let_go(socket->stream);
  free(socket);
}

static void drop_socket(struct stream *stream, bool reset) {
  struct socket *socket = stream->socket;
  if (!socket) return;
  stream->socket = NULL;
  if (!reset || uv_tcp_close_reset(&socket->tcp, on_socket_closed) != 0) uv_close((uv_handle_t *)&socket->tcp, on_socket_closed);
}

static struct socket *add_socket(struct stream *stream) {
  struct socket *socket = mem_alloc(sizeof *socket);
  (void)uv_tcp_init(stream->room->loop, &socket->tcp); /* makes no system call yet: cannot fail */
  socket->tcp.data = socket;
  socket->stream = stream;
  stream->socket = socket;
  stream->holders++;
  return socket;
}

static void shut(struct stream *stream, bool reset) {
  if (stream->closed) return;
  stream->closed = true;
  turn_remove(stream->room->turn, &stream->turn);
  if (stream->looking_up) (void)uv_cancel((uv_req_t *)&stream->lookup);
  drop_socket(stream, reset);
  let_go(stream);
}

void stream_close(struct stream *stream) {
  shut(stream, false);
}

void stream_reset(struct stream *stream) {
  shut(stream, true);
}

static void end(struct stream *stream, const struct error *error) {
  if (stream->ended || stream->closed) return;
  stream->ended = true;
  if (stream->socket) (void)uv_read_stop((uv_stream_t *)&stream->socket->tcp);
  stream->events->ended(stream->payload, error);
}

/* Records; told at the turn's end. */
static void fail(struct stream *stream, const struct error *error) {
  if (stream->failure.code != ERROR_NONE) return;
  stream->failure = *error;
  turn_add(stream->room->turn, &stream->turn);
}

static void fail_uv(struct stream *stream, int result) {
  struct error error = {0};
  (void)error_set(&error, ERROR_upstream_broken, "the connection broke: %s", uv_strerror(result));
  fail(stream, &error);
}

static bool is_up(const struct stream *stream) {
  return !stream->closed && stream->socket && stream->failure.code == ERROR_NONE;
}

/* Writing. */

static void on_written(uv_write_t *request, int status) {
  struct write *write = request->data;
  struct stream *stream = write->stream;
  stream->under_way = NULL;
  stream->spare = write->bytes;
  if (stream->wipes) secret_wipe(stream->spare.p, stream->spare.capacity);
  buf_clear(&stream->spare);
  free(write);
  if (stream->closed) return;
  if (status < 0)
    fail_uv(stream, status);
  else
    flush(stream);
  if (!stream->under_way) free_bytes(stream, &stream->spare);
}

/* Hands what the socket did not take to libuv; the buffer moves over. */
static void hand_over(struct stream *stream, struct buf *bytes, size_t sent) {
  struct write *write = mem_alloc(sizeof *write);
  *write = (struct write){.stream = stream, .bytes = *bytes, .sent = sent};
  *bytes = stream->spare;
  stream->spare = BUF_INIT(WAITING_MAX);
  write->request.data = write;
  uv_buf_t buf = uv_buf_init(write->bytes.p + sent, (unsigned)(write->bytes.n - sent));
  int result = uv_write(&write->request, (uv_stream_t *)&stream->socket->tcp, &buf, 1, on_written);
  if (result == 0) {
    stream->under_way = write;
    return;
  }
  buf_free(&write->bytes);
  free(write);
  fail_uv(stream, result);
}

/* How much of these the socket takes at once; -1: it broke. */
static ssize_t try_write(struct stream *stream, const uv_buf_t *bufs, unsigned count) {
  int result = uv_try_write((uv_stream_t *)&stream->socket->tcp, bufs, count);
  if (result >= 0) return result;
  if (result == UV_EAGAIN) return 0;
  fail_uv(stream, result);
  return -1;
}

static void on_shut(uv_shutdown_t *request, int status) {
  free(request);
}

static void finish_if_out(struct stream *stream) {
  if (!stream->finishing || stream->finished || stream->under_way || stream->out.n || !is_up(stream)) return;
  stream->finished = true;
  uv_shutdown_t *request = mem_alloc(sizeof *request);
  if (uv_shutdown(request, (uv_stream_t *)&stream->socket->tcp, on_shut) != 0) free(request);
}

void stream_flush(struct stream *stream) {
  if (!is_up(stream) || stream->out.n == 0 || stream->under_way) return;
  uv_buf_t buf = uv_buf_init(stream->out.p, (unsigned)stream->out.n);
  ssize_t sent = try_write(stream, &buf, 1);
  if (sent < 0) return;
  if ((size_t)sent == stream->out.n)
    buf_clear(&stream->out);
  else
    hand_over(stream, &stream->out, (size_t)sent);
}

static void flush(struct stream *stream) {
  stream_flush(stream);
  if (!is_up(stream)) return;
  finish_if_out(stream);
  if (!stream->above_high || stream_waiting(stream) > STREAM_LOW) return;
  stream->above_high = false;
  stream->events->drained(stream->payload);
}

static void add_rest(struct stream *stream, const struct str *pieces, size_t count, size_t sent) {
  for (size_t i = 0; i < count; i++) {
    size_t skip = sent < pieces[i].n ? sent : pieces[i].n;
    sent -= skip;
    if (!buf_add(&stream->out, str_from(pieces[i], skip))) fail_uv(stream, UV_ENOBUFS);
  }
}

/* What waits and these pieces, in one system call. */
static void write_at_once(struct stream *stream, const struct str *pieces, size_t count) {
  uv_buf_t bufs[PIECES_MAX + 1];
  unsigned n = 0;
  if (stream->out.n) bufs[n++] = uv_buf_init(stream->out.p, (unsigned)stream->out.n);
  for (size_t i = 0; i < count; i++)
    if (pieces[i].n) bufs[n++] = (uv_buf_t){.base = (char *)(uintptr_t)pieces[i].p, .len = pieces[i].n};
  ssize_t sent = try_write(stream, bufs, n);
  if (sent < 0) return;
  size_t from_out = (size_t)sent < stream->out.n ? (size_t)sent : stream->out.n;
  if (from_out == stream->out.n)
    buf_clear(&stream->out);
  else
    buf_drop(&stream->out, from_out);
  add_rest(stream, pieces, count, (size_t)sent - from_out);
  if (stream->out.n) hand_over(stream, &stream->out, 0);
}

static void write_raw(struct stream *stream, const struct str *pieces, size_t count) {
  size_t total = stream->out.n;
  for (size_t i = 0; i < count; i++) total += pieces[i].n;
  if (total >= DIRECT && !stream->under_way && count <= PIECES_MAX) {
    write_at_once(stream, pieces, count);
    return;
  }
  add_rest(stream, pieces, count, 0);
  if (!stream->under_way) turn_add(stream->room->turn, &stream->turn);
}

static void send_tls(struct stream *stream) {
  struct str out = tls_out(stream->tls);
  if (out.n == 0) return;
  write_raw(stream, &out, 1);
  tls_out_sent(stream->tls);
}

bool stream_write_secret(struct stream *stream, const struct str *pieces, size_t count) {
  if (stream->tls || stream->under_way || count > PIECES_MAX || !is_up(stream) || stream->finishing) {
    stream->wipes = true;
    return stream_write(stream, pieces, count);
  }
  write_at_once(stream, pieces, count);
  stream->wipes |= stream->under_way != NULL;
  if (stream_waiting(stream) > STREAM_HIGH) stream->above_high = true;
  return !stream->above_high;
}

/* Small pieces share a record: each costs a seal, and 22 bytes. */
static void write_tls(struct stream *stream, const struct str *pieces, size_t count) {
  struct error error = {0};
  char record[RECORD_MAX];
  size_t n = 0;
  if (count == 1) {
    if (tls_write(stream->tls, pieces[0], &error) < 0) fail(stream, &error);
    return;
  }
  for (size_t i = 0; i < count; i++) {
    bool fits = pieces[i].n <= sizeof record - n;
    if (fits) {
      if (pieces[i].n) memcpy(record + n, pieces[i].p, pieces[i].n);
      n += pieces[i].n;
    }
    if (n && (!fits || i + 1 == count)) {
      if (tls_write(stream->tls, (struct str){record, n}, &error) < 0) fail(stream, &error);
      n = 0;
    }
    if (!fits && tls_write(stream->tls, pieces[i], &error) < 0) fail(stream, &error);
  }
  if (stream->wipes) secret_wipe(record, sizeof record);
}

bool stream_write(struct stream *stream, const struct str *pieces, size_t count) {
  bool shaking = stream->served && !stream->opened;
  if (!is_up(stream) || stream->finishing || shaking) return true;
  if (stream->tls) {
    write_tls(stream, pieces, count);
    send_tls(stream);
  } else
    write_raw(stream, pieces, count);
  if (stream_waiting(stream) > STREAM_HIGH) stream->above_high = true;
  return !stream->above_high;
}

size_t stream_waiting(const struct stream *stream) {
  size_t queued = stream->under_way && stream->socket ? uv_stream_get_write_queue_size((const uv_stream_t *)&stream->socket->tcp) : 0;
  return queued + stream->out.n;
}

void stream_finish(struct stream *stream) {
  if (!is_up(stream) || stream->finishing) return;
  if (stream->tls) {
    tls_close(stream->tls);
    send_tls(stream);
  }
  stream->finishing = true;
  turn_add(stream->room->turn, &stream->turn);
}

/* Reading. */

static void pump_tls(struct stream *stream) {
  struct error error = {0};
  if (!stream->opened) {
    enum tls_state state = tls_shake(stream->tls, &error);
    send_tls(stream);
    if (state == TLS_BROKEN) {
      stream_flush(stream); /* the alert */
      end(stream, &error);
      return;
    }
    if (state != TLS_DONE) return;
    stream->opened = true;
    stream->events->opened(stream->payload);
  }
  while (!stream->paused && !stream->ended && !stream->closed && tls_waits(stream->tls)) {
    char plain[16 * 1024];
    size_t n = 0;
    enum tls_state state = tls_read(stream->tls, plain, sizeof plain, &n, &error);
    if (state == TLS_DONE)
      stream->events->data(stream->payload, (struct str){plain, n});
    else if (state == TLS_MORE)
      break;
    else
      end(stream, state == TLS_BROKEN ? &error : NULL);
    secret_wipe(plain, n);
  }
  if (!stream->closed) send_tls(stream);
}

static void on_alloc(uv_handle_t *handle, size_t wanted, uv_buf_t *ret) {
  struct socket *socket = handle->data;
  struct stream_room *room = socket->stream->room;
  *ret = uv_buf_init(room->bytes, sizeof room->bytes);
}

static void on_eof(struct stream *stream) {
  struct error error = {0};
  if (!stream->tls && !stream->served) {
    end(stream, NULL);
    return;
  }
  if (stream->opened)
    (void)error_set(&error, ERROR_upstream_broken, "the connection was cut without the end that TLS asks for");
  else
    (void)error_set(&error, ERROR_server_unreachable, "the connection was closed before TLS was set up");
  end(stream, &error);
}

static void on_read(uv_stream_t *handle, ssize_t n, const uv_buf_t *buf) {
  struct socket *socket = handle->data;
  struct stream *stream = socket->stream;
  if (stream->closed || n == 0) return;
  if (n == UV_EOF) {
    on_eof(stream);
  } else if (n < 0) {
    struct error error = {0};
    (void)error_set(&error, stream->opened ? ERROR_upstream_broken : ERROR_server_unreachable, "the connection broke: %s",
                    uv_strerror((int)n));
    end(stream, &error);
  } else if (stream->tls || stream->served) {
    if (!stream->tls) stream->tls = tls_server(stream->served);
    tls_feed(stream->tls, (struct str){buf->base, (size_t)n});
    pump_tls(stream);
  } else {
    stream->events->data(stream->payload, (struct str){buf->base, (size_t)n});
  }
  if (n > 0)
    secret_wipe(buf->base,
                (size_t)n < HEADS ? (size_t)n : HEADS); /* cookies, passwords: they come with a head, at the front of what is read */
}

void stream_pause(struct stream *stream) {
  stream->paused = true;
  if (!is_up(stream) || !stream->reading) return;
  stream->reading = false;
  (void)uv_read_stop((uv_stream_t *)&stream->socket->tcp);
}

static void start_reading(struct stream *stream) {
  if (stream->reading || stream->ended || !is_up(stream)) return;
  int result = uv_read_start((uv_stream_t *)&stream->socket->tcp, on_alloc, on_read);
  if (result < 0)
    fail_uv(stream, result);
  else
    stream->reading = true;
}

void stream_resume(struct stream *stream) {
  if (!stream->paused) return;
  stream->paused = false;
  if (!is_up(stream)) return;
  if (stream->tls) turn_add(stream->room->turn, &stream->turn); /* there may be bytes inside */
  start_reading(stream);
}

static void on_turn(void *payload) {
  struct stream *stream = payload;
  if (stream->failure.code != ERROR_NONE) {
    end(stream, &stream->failure);
    return;
  }
  if (stream->tls && stream->opened && !stream->paused) pump_tls(stream);
  if (!stream->closed) flush(stream);
}

/* Accepting. */

static struct stream *stream_new(struct stream_room *room, const struct stream_events *events, void *payload) {
  struct stream *stream = mem_alloc(sizeof *stream);
  stream->room = room;
  stream->events = events;
  stream->payload = payload;
  stream->turn = (struct turn_item){.act = on_turn, .payload = stream};
  stream->out = stream->spare = BUF_INIT(WAITING_MAX);
  stream->holders = 1;
  return stream;
}

/* Who is at the other end of a UNIX socket, as the kernel says. */
static void note_user(struct stream *stream) {
  struct ucred who;
  socklen_t n = sizeof who;
  int fd;
  if (uv_fileno((const uv_handle_t *)&stream->socket->tcp, &fd) == 0 && getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &who, &n) == 0)
    (void)snprintf(stream->peer, sizeof stream->peer, "uid:%u", (unsigned)who.uid);
}

static void note_peer(struct stream *stream) {
  struct sockaddr_storage address;
  int n = sizeof address;
  if (uv_tcp_getpeername(&stream->socket->tcp, (struct sockaddr *)&address, &n) < 0) return;
  if (address.ss_family == AF_INET)
    (void)uv_ip4_name((const struct sockaddr_in *)&address, stream->peer, sizeof stream->peer);
  else if (address.ss_family == AF_INET6)
    (void)uv_ip6_name((const struct sockaddr_in6 *)&address, stream->peer, sizeof stream->peer);
  else if (address.ss_family == AF_UNIX)
    note_user(stream);
}

struct str stream_peer(const struct stream *stream) {
  return str_of(stream->peer);
}

struct str stream_protocol(const struct stream *stream) {
  return stream->tls ? tls_protocol(stream->tls) : STR_NONE;
}

static struct stream *stream_served(struct stream_room *room, struct tls_context *tls, const struct stream_events *events, void *payload) {
  struct stream *stream = stream_new(room, events, payload);
  (void)add_socket(stream);
  stream->served = tls_context_ref(tls);
  stream->paused = true;
  stream->opened = !tls;
  return stream;
}

/* `result`: of how its socket was come by. */
static struct stream *begin(struct stream *stream, int result) {
  if (result != 0) {
    stream_close(stream);
    return NULL;
  }
  (void)uv_tcp_nodelay(&stream->socket->tcp, 1);
  note_peer(stream);
  return stream;
}

struct stream *stream_accept(struct stream_room *room, uv_stream_t *listener, struct tls_context *tls, const struct stream_events *events,
                             void *payload) {
  struct stream *stream = stream_served(room, tls, events, payload);
  return begin(stream, uv_accept(listener, (uv_stream_t *)&stream->socket->tcp));
}

struct stream *stream_adopt(struct stream_room *room, int fd, struct tls_context *tls, const struct stream_events *events, void *payload) {
  struct stream *stream = stream_served(room, tls, events, payload);
  int result = uv_tcp_open(&stream->socket->tcp, fd);
  if (result != 0) (void)close(fd);
  return begin(stream, result);
}

static void on_taken(uv_handle_t *handle) {
  free(handle);
}

/* The descriptor is copied, since libuv closes the one of a handle with it. */
int stream_take(uv_stream_t *listener) {
  uv_tcp_t *tcp = mem_alloc(sizeof *tcp);
  int fd = -1, own;
  (void)uv_tcp_init(listener->loop, tcp);
  if (uv_accept(listener, (uv_stream_t *)tcp) == 0 && uv_fileno((const uv_handle_t *)tcp, &own) == 0) fd = fcntl(own, F_DUPFD_CLOEXEC, 0);
  uv_close((uv_handle_t *)tcp, on_taken);
  return fd;
}

/* Dialling. */

static void on_connected(uv_connect_t *request, int status) {
  struct socket *socket = request->data;
  struct stream *stream = socket->stream;
  if (stream->closed) return;
  if (status < 0) {
    drop_socket(stream, false);
    (void)error_set(&stream->failure, ERROR_server_unreachable, "the server does not answer: %s", uv_strerror(status));
    try_next(stream);
    return;
  }
  stream->failure = (struct error){0};
  (void)uv_tcp_nodelay(&socket->tcp, 1);
  note_peer(stream);
  start_reading(stream);
  if (stream->tls) {
    pump_tls(stream);
    return;
  }
  stream->opened = true;
  stream->events->opened(stream->payload);
}

/* -1: not this one. */
static int connect_to(struct stream *stream, const struct sockaddr *address) {
  if (!address_allowed(address, stream->addresses, stream->address_count)) {
    stream->refused_some = true;
    return -1;
  }
  struct sockaddr_storage with_port = {0};
  memcpy(&with_port, address, address->sa_family == AF_INET ? sizeof(struct sockaddr_in) : sizeof(struct sockaddr_in6));
  if (address->sa_family == AF_INET)
    ((struct sockaddr_in *)&with_port)->sin_port = htons((uint16_t)stream->port);
  else
    ((struct sockaddr_in6 *)&with_port)->sin6_port = htons((uint16_t)stream->port);
  struct socket *socket = add_socket(stream);
  socket->connect.data = socket;
  int result = uv_tcp_connect(&socket->connect, &socket->tcp, (const struct sockaddr *)&with_port, on_connected);
  if (result == 0) return 0;
  drop_socket(stream, false);
  (void)error_set(&stream->failure, ERROR_server_unreachable, "the server does not answer: %s", uv_strerror(result));
  return -1;
}

static void try_next(struct stream *stream) {
  for (struct addrinfo *at = stream->next_address; at; at = at->ai_next) {
    if (at->ai_family != AF_INET && at->ai_family != AF_INET6) continue;
    stream->next_address = at->ai_next;
    if (connect_to(stream, at->ai_addr) == 0) return;
  }
  stream->next_address = NULL;
  if (stream->failure.code == ERROR_NONE && stream->refused_some)
    (void)error_set(&stream->failure, ERROR_address_refused,
                    "the server's name leads to an address that is private or local and not listed for it");
  if (stream->failure.code == ERROR_NONE) (void)error_set(&stream->failure, ERROR_server_unreachable, "the server's name has no address");
  turn_add(stream->room->turn, &stream->turn);
}

static void on_found(uv_getaddrinfo_t *request, int status, struct addrinfo *found) {
  struct stream *stream = request->data;
  stream->found = found;
  stream->looking_up = false;
  if (!stream->closed) {
    if (status < 0)
      (void)error_set(&stream->failure, ERROR_server_unreachable, "the server's name cannot be resolved: %s", uv_strerror(status));
    stream->next_address = status < 0 ? NULL : found;
    try_next(stream);
  }
  let_go(stream);
}

static void look_up(struct stream *stream, struct str host) {
  const struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_ADDRCONFIG};
  struct arena *arena = arena_new();
  stream->lookup.data = stream;
  stream->looking_up = true;
  stream->holders++;
  int result = uv_getaddrinfo(stream->room->loop, &stream->lookup, on_found, arena_cstr(arena, host), NULL, &hints);
  arena_free(arena);
  if (result == 0) return;
  stream->holders--;
  stream->looking_up = false;
  (void)error_set(&stream->failure, ERROR_server_unreachable, "the server's name cannot be resolved: %s", uv_strerror(result));
  turn_add(stream->room->turn, &stream->turn);
}

struct stream *stream_dial(struct stream_room *room, const struct stream_target *target, const struct stream_events *events,
                           void *payload) {
  struct stream *stream = stream_new(room, events, payload);
  stream->addresses = target->addresses;
  stream->address_count = target->address_count;
  stream->port = target->port;
  if (target->tls) stream->tls = tls_client(target->tls, target->host);
  struct sockaddr_storage literal;
  if (!address_parse(target->host, &literal))
    look_up(stream, target->host);
  else if (connect_to(stream, (const struct sockaddr *)&literal) < 0)
    try_next(stream);
  return stream;
}

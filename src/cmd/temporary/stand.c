/* Stands in for the parts that src/http and src/sim do not have yet, so that the replay can run; every name is weak and gives way to the real one. */
#include "base/mem.h"
#include "base/buf.h"
#include "http/server.h"
#include "sim/data.h"
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#define WEAK __attribute__((weak))

WEAK void http_headers_add(struct http_headers *h, struct arena *arena, struct str name, struct str value) {
  if (h->n == h->capacity) {
    size_t capacity = h->capacity ? h->capacity * 2 : 16;
    struct http_header *p = ARENA_ARRAY(arena, capacity, struct http_header);
    if (h->n) memcpy(p, h->p, h->n * sizeof *p);
    h->p = p;
    h->capacity = capacity;
  }
  h->p[h->n++] = (struct http_header){name, value};
}
WEAK void http_headers_remove(struct http_headers *h, struct str name) {
  size_t n = 0;
  for (size_t i = 0; i < h->n; i++)
    if (!str_eq_nocase(h->p[i].name, name)) h->p[n++] = h->p[i];
  h->n = n;
}
WEAK void http_headers_set(struct http_headers *h, struct arena *arena, struct str name, struct str value) {
  http_headers_remove(h, name);
  http_headers_add(h, arena, name, value);
}
WEAK bool http_headers_get(const struct http_headers *h, struct str name, struct str *ret) {
  for (size_t i = 0; i < h->n; i++)
    if (str_eq_nocase(h->p[i].name, name)) return *ret = h->p[i].value, true;
  return false;
}
WEAK size_t http_headers_count(const struct http_headers *h, struct str name) {
  size_t n = 0;
  for (size_t i = 0; i < h->n; i++) n += str_eq_nocase(h->p[i].name, name);
  return n;
}

struct http_server {
  uv_poll_t poll;
  http_handler *handler;
  void *payload;
  int fd;
};
struct http_exchange {
  struct arena *arena;
  struct http_request request;
  struct str body;
  int fd;
  bool begun;
};

WEAK struct http_server *http_server_new(uv_loop_t *loop, struct http_server_limits limits, http_handler *handler, void *payload) {
  struct http_server *s = mem_alloc(sizeof *s);
  s->handler = handler;
  s->payload = payload;
  s->poll.data = loop;
  s->fd = -1;
  return s;
}

static void serve_one(struct http_server *s, int fd) {
  struct http_exchange *x = mem_alloc(sizeof *x);
  x->arena = arena_new();
  x->fd = fd;
  struct buf in = BUF_INIT(300 << 20);
  size_t head = SIZE_MAX, want = 0;
  for (;;) {
    char piece[65536];
    ssize_t n = read(fd, piece, sizeof piece);
    if (n <= 0) break;
    buf_add(&in, (struct str){piece, (size_t)n});
    if (head == SIZE_MAX) {
      head = str_find(buf_str(&in), STR("\r\n\r\n"));
      if (head == SIZE_MAX) continue;
      struct str text = arena_str(x->arena, str_slice(buf_str(&in), 0, head));
      struct str line = str_take(&text, '\n');
      line = str_trim(line);
      x->request.method = str_take(&line, ' ');
      x->request.target = str_take(&line, ' ');
      struct str query = x->request.target;
      x->request.path = str_take(&query, '?');
      x->request.query = query;
      while (text.p) {
        struct str value = str_trim(str_take(&text, '\n'));
        struct str name = str_take(&value, ':');
        http_headers_add(&x->request.headers, x->arena, name, str_trim(value));
      }
      struct str length;
      uint64_t k = 0;
      if (http_headers_get(&x->request.headers, STR("Content-Length"), &length)) (void)str_to_u64(length, &k);
      want = head + 4 + k;
      (void)http_headers_get(&x->request.headers, STR("Host"), &x->request.host);
    }
    if (in.n >= want) break;
  }
  if (head != SIZE_MAX) {
    x->body = arena_str(x->arena, str_from(buf_str(&in), head + 4));
    s->handler(s->payload, x);
  }
  buf_free(&in);
  close(fd);
  arena_free(x->arena);
  free(x);
}

static void on_accept(uv_poll_t *poll, int status, int events) {
  struct http_server *s = (struct http_server *)(void *)poll;
  int fd = accept(s->fd, NULL, NULL);
  if (fd >= 0) serve_one(s, fd);
}

WEAK int http_server_listen(struct http_server *s, struct str address, int *ret_port, struct error *error) {
  size_t colon = str_find_last_char(address, ':');
  uint64_t port = 0;
  (void)str_to_u64(str_from(address, colon + 1), &port);
  s->fd = socket(AF_INET, SOCK_STREAM, 0);
  int one = 1;
  setsockopt(s->fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
  struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  if (bind(s->fd, (struct sockaddr *)&a, sizeof a) != 0 || listen(s->fd, 64) != 0) return error_set(error, ERROR_inside, "in use");
  socklen_t n = sizeof a;
  getsockname(s->fd, (struct sockaddr *)&a, &n);
  *ret_port = ntohs(a.sin_port);
  uv_poll_init(s->poll.data, &s->poll, s->fd);
  uv_poll_start(&s->poll, UV_READABLE, on_accept);
  return 0;
}
static void closed(uv_handle_t *h) { free(h); }
WEAK void http_server_free(struct http_server *s) {
  close(s->fd);
  uv_close((uv_handle_t *)&s->poll, closed);
}
WEAK const struct http_request *http_exchange_request(const struct http_exchange *x) { return &x->request; }
WEAK struct arena *http_exchange_arena(struct http_exchange *x) { return x->arena; }
WEAK struct str http_exchange_peer(const struct http_exchange *x) { return STR("127.0.0.1"); }
WEAK void http_exchange_hold(struct http_exchange *x) {}
WEAK void http_exchange_release(struct http_exchange *x) {}
WEAK void http_exchange_on_gone(struct http_exchange *x, void (*gone)(void *), void *payload) {}
WEAK void http_exchange_abort(struct http_exchange *x) {}
WEAK void http_exchange_read(struct http_exchange *x, size_t limit, void (*done)(void *payload, struct http_exchange *x, struct str body), void *payload) {
  done(payload, x, x->body);
}
static void put(int fd, struct str s) {
  while (s.n) {
    ssize_t n = write(fd, s.p, s.n);
    if (n <= 0) return;
    s = str_from(s, (size_t)n);
  }
}
WEAK void http_exchange_begin(struct http_exchange *x, int status, const struct http_headers *headers, int64_t length) {
  struct str t = arena_printf(x->arena, "HTTP/1.1 %d x\r\nConnection: close\r\nContent-Length: %lld\r\n", status, (long long)length);
  put(x->fd, t);
  for (size_t i = 0; i < headers->n; i++) put(x->fd, arena_printf(x->arena, "%.*s: %.*s\r\n", STR_ARG(headers->p[i].name), STR_ARG(headers->p[i].value)));
  put(x->fd, STR("\r\n"));
}
WEAK bool http_exchange_write(struct http_exchange *x, struct str piece) {
  put(x->fd, piece);
  return true;
}
WEAK void http_exchange_reply(struct http_exchange *x, int status, const struct http_headers *headers, struct str body) {
  http_exchange_begin(x, status, headers, (int64_t)body.n);
  if (!str_eq(x->request.method, STR("HEAD"))) put(x->fd, body);
}

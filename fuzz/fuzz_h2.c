/* Any bytes behind the preface of an HTTP/2 connection, over a real socket to a real server: whatever reaches the handler is a request as HTTP/1.1 could have brought it, every exchange comes to an end, and nothing
 * is left behind. The first byte says how the bytes are cut; the handler does what the path says. */
#include "http/h2.h"
#include <errno.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

enum { TURNS = 6, DRAIN_TURNS = 200 };

static uv_loop_t loop;
static struct http_server *server;
static int port;
static size_t under_way;

static void over(void *payload) {
  under_way--;
}

static void echo(void *payload, struct http_exchange *exchange, struct str body) {
  http_exchange_reply(exchange, 200, NULL, body);
}

static void give_up(void *exchange) {
  http_exchange_abort(exchange);
}

static void stream_data(void *payload, struct str piece) {
  if (!http_exchange_write(payload, piece)) http_exchange_pause(payload);
}

static void stream_end(void *payload, bool complete) {
  if (complete)
    http_exchange_end(payload);
  else
    http_exchange_abort(payload);
}

static void stream_drained(void *payload) {
  http_exchange_resume(payload);
}

static void stream(struct http_exchange *exchange) {
  http_exchange_on_gone(exchange, give_up, exchange);
  http_exchange_on_drained(exchange, stream_drained, exchange);
  http_exchange_stream(exchange, (struct http_body_reader){.data = stream_data, .end = stream_end, .payload = exchange});
  http_exchange_begin(exchange, 200, NULL, -1);
}

static void check(const struct http_request *request) {
  if (request->target.n == 0 || request->target.p[0] != '/' || request->host.n == 0) abort();
  if (http_headers_count(&request->headers, STR("host")) > 1 || http_headers_count(&request->headers, STR("content-length")) > 1) abort();
  for (size_t i = 0; i < request->headers.n; i++) {
    struct http_header h = request->headers.p[i];
    if (!h.name.n || h.name.p[0] == ':' || str_find_char(h.name, '_') != SIZE_MAX || !http_one_line(h.name) || !http_one_line(h.value))
      abort();
    for (size_t k = 0; k < h.name.n; k++)
      if (h.name.p[k] >= 'A' && h.name.p[k] <= 'Z') abort();
  }
}

static void handle(void *payload, struct http_exchange *exchange) {
  const struct http_request *request = http_exchange_request(exchange);
  check(request);
  under_way++;
  arena_on_free(http_exchange_arena(exchange), over, NULL);
  if (str_starts(request->path, STR("/s")))
    stream(exchange);
  else if (str_starts(request->path, STR("/e")))
    http_exchange_read(exchange, 100000, echo, NULL);
  else if (str_starts(request->path, STR("/a")))
    http_exchange_abort(exchange);
  else
    http_exchange_reply(exchange, 200, NULL, STR("hello\n"));
}

static void start(void) {
  struct error error = {0};
  uv_loop_init(&loop);
  server = http_server_new(&loop, (struct http_server_limits){0}, handle, NULL);
  if (http_server_listen(server, STR("127.0.0.1:0"), HTTP_PLAIN, &port, &error) < 0) abort();
}

static int dial(void) {
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr = {htonl(INADDR_LOOPBACK)}};
  struct linger at_once = {1, 0}; /* no port is left waiting */
  int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd >= 0 && connect(fd, (struct sockaddr *)&address, sizeof address) != 0) {
    bool interrupted = errno == EINTR; /* by libFuzzer's own clock */
    close(fd);
    return interrupted ? dial() : -1;
  }
  if (fd < 0) return -1;
  (void)setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
  return fd;
}

static void turn(int fd) {
  char sink[65536];
  (void)uv_run(&loop, UV_RUN_NOWAIT);
  while (recv(fd, sink, sizeof sink, MSG_DONTWAIT) > 0) {
  }
}

static void say(int fd, struct str bytes) {
  while (bytes.n) {
    ssize_t n = send(fd, bytes.p, bytes.n, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (n < 0) return;
    bytes = str_from(bytes, (size_t)n);
    turn(fd);
  }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  if (size < 1) return 0;
  if (!server) start();
  struct str bytes = {(const char *)data + 1, size - 1};
  size_t step = data[0] ? (size_t)data[0] * 16 : bytes.n + 1;
  int fd = dial();
  if (fd < 0) abort();
  say(fd, H2_PREFACE);
  for (; bytes.n; bytes = str_from(bytes, step)) say(fd, str_slice(bytes, 0, step));
  for (int i = 0; i < TURNS; i++) turn(fd);
  close(fd);
  for (int i = 0; i < DRAIN_TURNS && under_way; i++) (void)uv_run(&loop, UV_RUN_NOWAIT);
  if (under_way) abort();
  return 0;
}

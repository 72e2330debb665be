#include "http/client.h"

#include "base/clock.h"

#include <arpa/inet.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <poll.h>
#include <pthread.h>
#include <semaphore.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

/* A server of one answer: takes connections one after the other, reads a head (and what came with it), answers, closes. */
struct peer {
  int fd, port;
  pthread_t thread;
  const char *answer;
  size_t answer_length;
  SSL_CTX *tls;       /* NULL: plain */
  char seen[1 << 20]; /* what the last connection sent */
  bool silent;        /* never answers */
  atomic_int drops;   /* so many connections end without an answer */
  atomic_int connections;
  int keeps; /* so many answers on each connection, which stays open behind the last one and ends where it is used again; 0: one, and it is closed */
  bool ends; /* nobody listens any more when a connection ends where it is used again */
  atomic_int posts;
  sem_t *answers_after; /* NULL: at once */
};

static size_t peer_read(SSL *ssl, int fd, char *p, size_t n) {
  ssize_t got = ssl ? SSL_read(ssl, p, (int)n) : read(fd, p, n);
  return got > 0 ? (size_t)got : 0;
}

static void peer_take(struct peer *peer, SSL *ssl, int fd) {
  size_t n = 0, got;
  while (n < sizeof peer->seen - 1 && (got = peer_read(ssl, fd, peer->seen + n, sizeof peer->seen - 1 - n)) > 0) {
    n += got;
    peer->seen[n] = 0;
    const char *end = strstr(peer->seen, "\r\n\r\n");
    const char *length = strstr(peer->seen, "Content-Length: ");
    size_t body = length && length < end ? (size_t)strtoul(length + 16, NULL, 10) : 0;
    if (end && n >= (size_t)(end - peer->seen) + 4 + body) break;
  }
  peer->posts += n >= 5 && strncmp(peer->seen, "POST ", 5) == 0; /* a connection that ended without a word leaves what was seen before */
}

static bool peer_answer(const struct peer *peer, SSL *ssl, int fd) {
  if (peer->answers_after) (void)sem_wait(peer->answers_after);
  for (size_t sent = 0; sent < peer->answer_length;) {
    ssize_t wrote = ssl ? SSL_write(ssl, peer->answer + sent, (int)(peer->answer_length - sent))
                        : write(fd, peer->answer + sent, peer->answer_length - sent);
    if (wrote <= 0) return false;
    sent += (size_t)wrote;
  }
  return true;
}

/* False: it is to end where it is used again, or the test is over. */
static bool peer_waits(const struct peer *peer, int fd) {
  struct pollfd either[] = {{.fd = fd, .events = POLLIN}, {.fd = peer->fd, .events = POLLIN}};
  return poll(either, 2, -1) > 0 && either[0].revents;
}

static void peer_talk(struct peer *peer, SSL *ssl, int fd) {
  peer_take(peer, ssl, fd);
  if (peer->connections <= peer->drops) return;
  if (peer->silent) {
    while (peer_read(ssl, fd, peer->seen, 1) > 0) {
    }
    return;
  }
  bool good = peer_answer(peer, ssl, fd);
  for (int i = 1; good && i < peer->keeps && peer_waits(peer, fd); i++) {
    peer_take(peer, ssl, fd);
    good = peer_answer(peer, ssl, fd);
  }
  if (ssl) SSL_shutdown(ssl);
  if (good && peer->keeps && peer_waits(peer, fd)) peer_take(peer, ssl, fd);
  if (peer->ends) (void)shutdown(peer->fd, SHUT_RDWR);
}

static void *peer_run(void *payload) {
  struct peer *peer = payload;
  for (int fd; (fd = accept(peer->fd, NULL, NULL)) >= 0; close(fd)) {
    peer->connections++;
    SSL *ssl = peer->tls ? SSL_new(peer->tls) : NULL;
    if (!ssl || (SSL_set_fd(ssl, fd) == 1 && SSL_accept(ssl) == 1)) peer_talk(peer, ssl, fd);
    SSL_free(ssl);
  }
  return NULL;
}

static struct peer *peer_start(const char *answer, size_t length, SSL_CTX *tls, bool silent) {
  struct peer *peer = calloc(1, sizeof *peer);
  *peer = (struct peer){.answer = answer, .answer_length = length, .tls = tls, .silent = silent};
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  socklen_t size = sizeof address;
  peer->fd = socket(AF_INET, SOCK_STREAM, 0);
  assert_int_equal(bind(peer->fd, (struct sockaddr *)&address, size), 0);
  assert_int_equal(listen(peer->fd, 8), 0);
  assert_int_equal(getsockname(peer->fd, (struct sockaddr *)&address, &size), 0);
  peer->port = ntohs(address.sin_port);
  assert_int_equal(pthread_create(&peer->thread, NULL, peer_run, peer), 0);
  return peer;
}

static void peer_stop(struct peer *peer) {
  (void)shutdown(peer->fd, SHUT_RDWR);
  (void)pthread_join(peer->thread, NULL);
  close(peer->fd);
  free(peer);
}

#define ANSWER(text) (text), sizeof(text) - 1

static struct arena *arena;
static struct str loopback[] = {{"127.0.0.0/8", 11}, {"::1", 3}};

static int start(void **state) {
  (void)signal(SIGPIPE, SIG_IGN);
  arena = arena_new();
  return 0;
}

static int stop(void **state) {
  arena_free(arena);
  return 0;
}

static struct http_client *local_client(void) {
  return http_client_new((struct http_client_options){.addresses = loopback, .address_count = 2, .timeout_ms = 20000});
}

static struct str url_at(const struct peer *peer, const char *scheme, const char *rest) {
  return arena_printf(arena, "%s://127.0.0.1:%d%s", scheme, peer->port, rest);
}

static void sends_and_reads(void **state) {
  struct peer *peer = peer_start(ANSWER("HTTP/1.1 100 Continue\r\nX-Early: 1\r\n\r\nHTTP/1.1 302 Found\r\nLocation: /login\r\nSet-Cookie: "
                                        "a=1\r\nset-cookie: b=2\r\nContent-Length: 3\r\nConnection: close\r\n\r\nabc"),
                                 NULL, false);
  struct http_client *client = local_client();
  struct http_headers headers = {0};
  http_headers_add(&headers, arena, STR("X-Requested-With"), STR("XMLHttpRequest"));
  http_headers_add(&headers, arena, STR("Host"), STR("evil.example"));
  http_headers_add(&headers, arena, STR("X-Empty"), STR(""));
  struct secret *token = secret_new(STR("d2pat_x"));
  struct http_call call = {.method = STR("POST"),
                           .url = url_at(peer, "http", "/api/../x?a=b"),
                           .headers = &headers,
                           .secret_header_name = STR("Authorization"),
                           .secret_header_prefix = STR("ApiToken "),
                           .secret_header = token,
                           .body = STR("{\"a\":1}")};
  struct http_answer answer;
  struct error error = {0};
  assert_int_equal(http_client_call(client, &call, arena, &answer, &error), 0);
  assert_int_equal(answer.status, 302);
  assert_true(str_eq(answer.body, STR("abc")));
  struct str value;
  assert_true(http_headers_get(&answer.headers, STR("location"), &value));
  assert_true(str_eq(value, STR("/login")));
  assert_int_equal(http_headers_count(&answer.headers, STR("Set-Cookie")), 2);
  assert_int_equal(http_headers_count(&answer.headers, STR("X-Early")), 0);
  http_client_free(client);
  assert_int_equal(peer->connections, 1);
  assert_non_null(strstr(peer->seen, "POST /api/../x?a=b HTTP/1.1\r\n"));
  assert_non_null(strstr(peer->seen, "\r\nAuthorization: ApiToken d2pat_x\r\n"));
  assert_non_null(strstr(peer->seen, "\r\nX-Requested-With: XMLHttpRequest\r\n"));
  assert_non_null(strstr(peer->seen, "\r\nX-Empty:"));
  assert_non_null(strstr(peer->seen, "\r\nContent-Length: 7\r\n"));
  assert_null(strstr(peer->seen, "evil.example"));
  assert_null(strstr(peer->seen, "Expect"));
  assert_null(strstr(peer->seen, "Content-Type"));
  assert_non_null(strstr(peer->seen, "\r\n\r\n{\"a\":1}"));
  secret_free(token);
  peer_stop(peer);
}

static enum error_code code_of(const char *answer, size_t length, struct http_client_options options, const char *method) {
  struct peer *peer = peer_start(answer, length, NULL, answer == NULL);
  options.addresses = loopback;
  options.address_count = 2;
  struct http_client *client = http_client_new(options);
  struct http_call call = {.method = str_of(method), .url = url_at(peer, "http", "/")};
  struct http_answer got;
  struct error error = {0};
  (void)http_client_call(client, &call, arena, &got, &error);
  http_client_free(client);
  peer_stop(peer);
  return error.code;
}

static void tells_broken_answers(void **state) {
  struct http_client_options plain = {0}, small = {.body_limit = 4}, hurried = {.timeout_ms = 300};
  assert_int_equal(code_of(ANSWER("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nabcd"), small, "GET"), ERROR_NONE);
  assert_int_equal(code_of(ANSWER("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nabcde"), small, "GET"), ERROR_upstream_broken);
  assert_int_equal(code_of(ANSWER("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc"), plain, "GET"), ERROR_upstream_broken);
  assert_int_equal(code_of(ANSWER("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab"), plain, "GET"), ERROR_upstream_broken);
  assert_int_equal(code_of(ANSWER(""), plain, "GET"), ERROR_upstream_broken);
  assert_int_equal(code_of(ANSWER("hello"), plain, "GET"), ERROR_upstream_broken);
  assert_int_equal(code_of(ANSWER("HTTP/1.1 204 No Content\r\n\r\n"), plain, "DELETE"), ERROR_NONE);
  assert_int_equal(code_of(ANSWER("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n"), plain, "HEAD"), ERROR_NONE);
  assert_int_equal(code_of(NULL, 0, hurried, "GET"), ERROR_upstream_timeout);
}

static void asks_once_more_what_only_reads(void **state) {
  static const struct {
    const char *method;
    int drops, code, connections;
  } cases[] = {{"GET", 1, ERROR_NONE, 2},
               {"HEAD", 1, ERROR_NONE, 2},
               {"GET", 2, ERROR_upstream_broken, 2},
               {"POST", 1, ERROR_upstream_broken, 1},
               {"DELETE", 1, ERROR_upstream_broken, 1}};
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    struct peer *peer = peer_start(ANSWER("HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n"), NULL, false);
    peer->drops = cases[i].drops;
    struct http_client *client = local_client();
    struct http_call call = {.method = str_of(cases[i].method), .url = url_at(peer, "http", "/")};
    struct http_answer answer;
    struct error error = {0};
    (void)http_client_call(client, &call, arena, &answer, &error);
    assert_int_equal(error.code, cases[i].code);
    http_client_free(client);
    assert_int_equal(peer->connections, cases[i].connections);
    peer_stop(peer);
  }
}

static enum error_code call_with(struct http_client *client, const struct peer *peer, const char *method, struct str body) {
  struct http_call call = {.method = str_of(method), .url = url_at(peer, "http", "/a?b=c"), .body = body};
  struct http_answer answer;
  struct error error = {0};
  (void)http_client_call(client, &call, arena, &answer, &error);
  return error.code;
}

static enum error_code call_at(struct http_client *client, const struct peer *peer, const char *method) {
  return call_with(client, peer, method, strcmp(method, "POST") == 0 ? STR("{}") : STR_NONE);
}

/* A connection that was used before may end under a write, which was done all the same: libcurl by itself would send it again. */
static void sends_a_write_once(void **state) {
  struct peer *peer = peer_start(ANSWER("HTTP/1.1 204 No Content\r\n\r\n"), NULL, false);
  peer->keeps = 1;
  struct http_client *client = local_client();
  assert_int_equal(call_at(client, peer, "GET"), ERROR_NONE);
  assert_int_equal(call_at(client, peer, "POST"), ERROR_upstream_broken);
  assert_int_equal(peer->posts, 1);
  assert_int_equal(peer->connections, 1);
  assert_int_equal(call_at(client, peer, "POST"), ERROR_NONE); /* the next one is not held for the same */
  http_client_free(client);
  assert_int_equal(peer->posts, 2);
  peer_stop(peer);
}

/* What was sent and has no answer is not told as what could not be sent. */
static void a_lost_write_is_told_as_that(void **state) {
  struct peer *peer = peer_start(ANSWER("HTTP/1.1 204 No Content\r\n\r\n"), NULL, false);
  peer->keeps = 1;
  peer->ends = true;
  struct http_client *client = local_client();
  assert_int_equal(call_at(client, peer, "GET"), ERROR_NONE);
  assert_int_equal(call_at(client, peer, "POST"), ERROR_upstream_broken);
  http_client_free(client);
  assert_int_equal(peer->posts, 1);
  peer_stop(peer);
}

/* A handshake for each write is what most of a small one takes. */
static void writes_where_it_read(void **state) {
  struct peer *peer = peer_start(ANSWER("HTTP/1.1 204 No Content\r\n\r\n"), NULL, false);
  peer->keeps = 4;
  struct http_client *client = local_client();
  const char *const methods[] = {"GET", "POST", "POST", "GET"};
  for (unsigned i = 0; i < 4; i++) assert_int_equal(call_at(client, peer, methods[i]), ERROR_NONE);
  assert_non_null(strstr(peer->seen, "GET /a?b=c HTTP/1.1\r\n"));
  http_client_free(client);
  assert_int_equal(peer->posts, 2);
  assert_int_equal(peer->connections, 1);
  peer_stop(peer);
}

static sem_t meanwhile_done;
static int meanwhile_count;

static void work_meanwhile(void *payload) {
  assert_ptr_equal(payload, &meanwhile_count);
  meanwhile_count++;
  (void)sem_post(&meanwhile_done);
}

/* The other side answers no sooner than that the work is done: were it done behind the answer, there would be none. */
static void works_while_it_waits(void **state) {
  enum { LARGE = 900 << 10, CALLS = 3 };
  struct peer *peer = peer_start(ANSWER("HTTP/1.1 204 No Content\r\n\r\n"), NULL, false);
  const struct str bodies[] = {STR_NONE, STR("{}"), {memset(arena_alloc(arena, LARGE), ' ', LARGE), LARGE}}; /* the last goes in pieces */
  (void)state;
  peer->answers_after = &meanwhile_done;
  assert_int_equal(sem_init(&meanwhile_done, 0, 0), 0);
  struct http_client *client = local_client();
  for (int i = 0; i < CALLS; i++) {
    http_client_meanwhile(client, work_meanwhile, &meanwhile_count);
    assert_int_equal(call_with(client, peer, bodies[i].p ? "POST" : "GET", bodies[i]), ERROR_NONE);
    assert_int_equal(meanwhile_count, i + 1);
  }
  (void)sem_post(&meanwhile_done); /* done once: the next call has nothing to do */
  assert_int_equal(call_at(client, peer, "GET"), ERROR_NONE);
  assert_int_equal(meanwhile_count, CALLS);
  http_client_meanwhile(client, work_meanwhile, &meanwhile_count);
  http_client_meanwhile(client, NULL, NULL);
  (void)sem_post(&meanwhile_done);
  assert_int_equal(call_at(client, peer, "GET"), ERROR_NONE);
  assert_int_equal(meanwhile_count, CALLS);
  struct peer gone = *peer;
  peer_stop(peer);
  http_client_meanwhile(client, work_meanwhile, &meanwhile_count);
  assert_int_equal(call_at(client, &gone, "GET"), ERROR_server_unreachable);
  assert_int_equal(meanwhile_count, CALLS + 1); /* also where no call came about */
  http_client_free(client);
  (void)sem_destroy(&meanwhile_done);
}

/* [R-G3, A23] */
static void checks_the_address(void **state) {
  struct peer *peer = peer_start(ANSWER("HTTP/1.1 204 No Content\r\n\r\n"), NULL, false);
  struct http_client *strict = http_client_new((struct http_client_options){0});
  struct http_answer answer;
  struct error error = {0};
  struct http_call literal = {.method = STR("GET"), .url = url_at(peer, "http", "/")};
  assert_int_equal(http_client_call(strict, &literal, arena, &answer, &error), -1);
  assert_int_equal(error.code, ERROR_address_refused);
  struct http_call named = {.method = STR("GET"), .url = arena_printf(arena, "http://localhost:%d/", peer->port)};
  error = (struct error){0};
  assert_int_equal(http_client_call(strict, &named, arena, &answer, &error), -1);
  assert_int_equal(error.code, ERROR_address_refused);
  http_client_free(strict);
  assert_int_equal(peer->connections, 0);
  struct http_client *client = local_client();
  assert_int_equal(http_client_call(client, &named, arena, &answer, &error), 0);
  struct http_call closed = {.method = STR("GET"), .url = STR("http://127.0.0.1:1/")};
  assert_int_equal(http_client_call(client, &closed, arena, &answer, &error), -1);
  assert_int_equal(error.code, ERROR_server_unreachable);
  struct http_call unknown = {.method = STR("GET"), .url = STR("http://nowhere.invalid/")};
  assert_int_equal(http_client_call(client, &unknown, arena, &answer, &error), -1);
  assert_int_equal(error.code, ERROR_server_unreachable);
  http_client_free(client);
  peer_stop(peer);
}

struct taken {
  size_t n;
  bool refuse;
};

static int take(void *payload, struct str piece, struct error *error) {
  struct taken *taken = payload;
  taken->n += piece.n;
  return taken->refuse ? error_set(error, ERROR_cancelled, "enough") : 0;
}

static void hands_the_body_on(void **state) {
  struct peer *peer = peer_start(ANSWER("HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: close\r\n\r\nabcde"), NULL, false);
  struct http_client *client = local_client();
  struct taken taken = {0};
  struct http_call call = {.method = STR("GET"), .url = url_at(peer, "http", "/"), .sink = take, .payload = &taken};
  struct http_answer answer;
  struct error error = {0};
  assert_int_equal(http_client_call(client, &call, arena, &answer, &error), 0);
  assert_int_equal(taken.n, 5);
  assert_int_equal(answer.body.n, 0);
  taken.refuse = true;
  assert_int_equal(http_client_call(client, &call, arena, &answer, &error), -1);
  assert_int_equal(error.code, ERROR_cancelled);
  call.secret_header_name = STR("X-A\r\nX-B");
  assert_int_equal(http_client_call(client, &call, arena, &answer, &error), -1);
  assert_int_equal(error.code, ERROR_bad_request);
  http_client_free(client);
  peer_stop(peer);
}

/* A key and a certificate for "localhost" alone, signed by itself, the certificate also in a file. */
static SSL_CTX *self_signed(char *file) {
  EVP_PKEY *key = EVP_EC_gen("P-256");
  X509 *cert = X509_new();
  X509_set_version(cert, 2);
  ASN1_INTEGER_set(X509_get_serialNumber(cert), 1);
  X509_gmtime_adj(X509_getm_notBefore(cert), -60);
  X509_gmtime_adj(X509_getm_notAfter(cert), 3600);
  X509_set_pubkey(cert, key);
  X509_NAME_add_entry_by_txt(X509_get_subject_name(cert), "CN", MBSTRING_ASC, (const unsigned char *)"localhost", -1, -1, 0);
  X509_set_issuer_name(cert, X509_get_subject_name(cert));
  X509_EXTENSION *names = X509V3_EXT_conf_nid(NULL, NULL, NID_subject_alt_name, "DNS:localhost");
  X509_add_ext(cert, names, -1);
  X509_EXTENSION_free(names);
  assert_true(X509_sign(cert, key, EVP_sha256()) > 0);
  int fd = mkstemp(file);
  FILE *out = fdopen(fd, "w");
  PEM_write_X509(out, cert);
  (void)fclose(out);
  SSL_CTX *tls = SSL_CTX_new(TLS_server_method());
  SSL_CTX_use_certificate(tls, cert);
  SSL_CTX_use_PrivateKey(tls, key);
  X509_free(cert);
  EVP_PKEY_free(key);
  return tls;
}

static enum error_code tls_code(const struct peer *peer, const char *ca_file, const char *host) {
  struct http_client *client = http_client_new((struct http_client_options){.ca_file = ca_file, .addresses = loopback, .address_count = 2});
  struct http_call call = {.method = STR("GET"), .url = arena_printf(arena, "https://%s:%d/", host, peer->port)};
  int64_t ends_ms = -1, now_ms = clock_now_ms();
  call.certificate_ends_ms = &ends_ms;
  struct http_answer answer;
  struct error error = {0};
  (void)http_client_call(client, &call, arena, &answer, &error);
  http_client_free(client);
  if (error.code)
    assert_int_equal(ends_ms, 0);
  else
    assert_in_range(ends_ms, now_ms + 3400 * 1000, now_ms + 3700 * 1000); /* an hour from when it was made */
  return error.code;
}

/* [R-H4] */
static void checks_certificates(void **state) {
  char file[] = "/tmp/drawbridge-test-XXXXXX";
  SSL_CTX *tls = self_signed(file);
  struct peer *peer = peer_start(ANSWER("HTTP/1.1 204 No Content\r\n\r\n"), tls, false);
  assert_int_equal(tls_code(peer, file, "localhost"), ERROR_NONE);
  assert_int_equal(tls_code(peer, NULL, "localhost"), ERROR_certificate_refused);
  assert_int_equal(tls_code(peer, file, "127.0.0.1"), ERROR_certificate_refused);
  SSL_CTX_set_max_proto_version(tls, TLS1_1_VERSION);
  SSL_CTX_set_min_proto_version(tls, TLS1_VERSION);
  assert_int_equal(tls_code(peer, file, "localhost"), ERROR_server_unreachable);
  peer_stop(peer);
  SSL_CTX_free(tls);
  (void)unlink(file);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(sends_and_reads),
                                     cmocka_unit_test(tells_broken_answers),
                                     cmocka_unit_test(asks_once_more_what_only_reads),
                                     cmocka_unit_test(sends_a_write_once),
                                     cmocka_unit_test(a_lost_write_is_told_as_that),
                                     cmocka_unit_test(writes_where_it_read),
                                     cmocka_unit_test(works_while_it_waits),
                                     cmocka_unit_test(checks_the_address),
                                     cmocka_unit_test(hands_the_body_on),
                                     cmocka_unit_test(checks_certificates)};
  return cmocka_run_group_tests(tests, start, stop);
}

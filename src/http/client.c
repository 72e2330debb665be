#include "http/client.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/mem.h"
#include "http/url.h"
#include "net/address.h"
#include <curl/curl.h>
#include <malloc.h>
#include <pthread.h>

enum {
  BUFFER_BYTES = 128 << 10, /* of an answer at once: by the 16 KiB that are usual, one of half a megabyte takes sixty system calls */
  HEADERS_MAX = 256,
  HEAD_BYTES_MAX = 256 * 1024,
  FIRST_BODY = 64 * 1024, /* a token answer fits, so that no copy of it is left behind by growing */
  WRITE_AFTER_S =
      1, /* a write goes on a connection that was idle for no longer than that (libcurl counts whole seconds): the server may be about to close it */
};

struct http_client {
  CURL *easy;
  char *ca_file, *unix_socket;
  struct str *addresses;
  size_t address_count;
  int connect_timeout_ms, timeout_ms;
  size_t body_limit;
  const atomic_bool *abort_when, *abort_also;
  void (*meanwhile)(void *payload); /* NULL: there is nothing to do, or it is done */
  void *meanwhile_payload;
};

struct state {
  struct http_client *client;
  const struct http_call *call;
  struct arena *arena;
  struct http_answer *answer;
  struct error *error;
  struct buf *body;
  size_t head_bytes;
  bool head_done, failed, address_refused;
  bool asked, lost; /* of a write: it was sent; and is not sent again, though nothing is known of it */
};

/* --- libcurl's memory is wiped when freed: it copies headers and bodies to places that cannot be reached otherwise --- */

static void wiping_free(void *p) {
  if (p) secret_wipe(p, malloc_usable_size(p));
  free(p);
}

static void *wiping_realloc(void *old, size_t size) {
  void *p = malloc(size ? size : 1);
  if (!p || !old) return p;
  size_t had = malloc_usable_size(old);
  memcpy(p, old, had < size ? had : size);
  wiping_free(old);
  return p;
}

static void curl_start(void) {
  if (curl_global_init_mem(CURL_GLOBAL_DEFAULT, malloc, wiping_free, wiping_realloc, strdup, calloc) != CURLE_OK) {
    (void)fputs("drawbridge: libcurl does not start\n", stderr);
    abort();
  }
}

struct http_client *http_client_new(struct http_client_options options) {
  static pthread_once_t once = PTHREAD_ONCE_INIT;
  (void)pthread_once(&once, curl_start);
  struct http_client *client = mem_alloc(sizeof *client);
  client->easy = curl_easy_init();
  if (!client->easy) mem_exhausted(0);
  if (options.ca_file) client->ca_file = mem_printf("%s", options.ca_file);
  if (options.unix_socket) client->unix_socket = mem_printf("%s", options.unix_socket);
  client->addresses = mem_alloc_array(options.address_count, sizeof *client->addresses);
  client->address_count = options.address_count;
  for (size_t i = 0; i < options.address_count; i++) client->addresses[i] = str_of(mem_printf("%.*s", STR_ARG(options.addresses[i])));
  client->connect_timeout_ms = options.connect_timeout_ms ? options.connect_timeout_ms : 10000;
  client->timeout_ms = options.timeout_ms ? options.timeout_ms : 60000;
  client->body_limit = options.body_limit ? options.body_limit : (size_t)16 << 20;
  return client;
}

void http_client_free(struct http_client *client) {
  if (!client) return;
  curl_easy_cleanup(client->easy);
  for (size_t i = 0; i < client->address_count; i++) free((char *)(uintptr_t)client->addresses[i].p);
  free(client->addresses);
  free(client->ca_file);
  free(client->unix_socket);
  free(client);
}

/* --- what libcurl calls --- */

/* The one place where a connection begins: each address that a name resolved to passes here, at every connection (R-G3). */
static curl_socket_t open_socket(void *payload, curlsocktype purpose, struct curl_sockaddr *address) {
  struct state *state = payload;
  state->lost = state->asked;
  if (state->lost) return CURL_SOCKET_BAD;
  bool local = state->client->unix_socket && address->family == AF_UNIX;
  if (!local && !address_allowed(&address->addr, state->client->addresses, state->client->address_count)) {
    state->address_refused = true;
    return CURL_SOCKET_BAD;
  }
  return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

static size_t fail(struct state *state, const char *what) {
  state->failed = true;
  (void)error_set(state->error, ERROR_upstream_broken, "%s", what);
  return 0;
}

static void begin_head(struct state *state, struct str line) {
  uint64_t status = 0;
  struct str rest = line;
  (void)str_take(&rest, ' ');
  (void)str_to_u64(str_slice(rest, 0, 3), &status);
  state->answer->status = (int)status;
  state->answer->headers = (struct http_headers){0};
  state->head_done = false;
}

static void wipe_value(void *payload) {
  const struct str *value = payload;
  secret_wipe((char *)(uintptr_t)value->p, value->n);
}

/* A session of the server's is a secret. */
static void wipe_with(struct arena *arena, struct str value) {
  struct str *kept = ARENA_NEW(arena, struct str);
  *kept = value;
  arena_on_free(arena, wipe_value, kept);
}

/* One line of a head, or of a trailer: those are not looked at. */
static size_t take_header(char *p, size_t size, size_t count, void *payload) {
  struct state *state = payload;
  struct str line = {p, size * count}, text = str_trim(line);
  state->head_bytes += line.n;
  if (state->head_bytes > HEAD_BYTES_MAX) return fail(state, "the server's answer has a head that is too large");
  if (str_starts(line, STR("HTTP/"))) {
    begin_head(state, text);
  } else if (text.n == 0) {
    state->head_done = true;
  } else if (!state->head_done) {
    struct str value = text, name = str_take(&value, ':');
    if (!value.p || line.p[0] == ' ' || line.p[0] == '\t') return fail(state, "the server's answer has a malformed head");
    if (state->answer->headers.n >= HEADERS_MAX) return fail(state, "the server's answer has too many header fields");
    value = str_trim(value);
    value = arena_str(state->arena, value);
    if (str_eq_nocase(name, STR("set-cookie"))) wipe_with(state->arena, value);
    http_headers_add(&state->answer->headers, state->arena, arena_str(state->arena, name), value);
  }
  return line.n;
}

static size_t take_body(char *p, size_t size, size_t count, void *payload) {
  struct state *state = payload;
  struct str piece = {p, size * count};
  int status = state->answer->status;
  if (state->call->sink && status >= 200 && status < 300) {
    if (state->call->sink(state->call->payload, piece, state->error) == 0) return piece.n;
    state->failed = true;
    return 0;
  }
  if (piece.n > state->client->body_limit - state->body->n || !buf_add(state->body, piece))
    return fail(state, "the server's answer is larger than allowed");
  return piece.n;
}

static void body_free(void *payload) {
  struct buf *buf = payload;
  secret_wipe(buf->p, buf->n);
  buf_free(buf);
}

static void do_meanwhile(struct http_client *client) {
  void (*work)(void *payload) = client->meanwhile;
  client->meanwhile = NULL;
  if (work) work(client->meanwhile_payload);
}

/* The head of the request, and all of its body. */
static bool has_gone(const struct state *state, curl_off_t body_sent) {
  long head = 0;
  (void)curl_easy_getinfo(state->client->easy, CURLINFO_REQUEST_SIZE, &head);
  return head > 0 && body_sent == (curl_off_t)state->call->body.n;
}

/* libcurl tells how far it is whenever it has done something. */
static int on_progress(void *payload, curl_off_t to_come, curl_off_t came, curl_off_t to_send, curl_off_t sent) {
  const struct state *state = payload;
  (void)to_come, (void)came, (void)to_send;
  struct http_client *client = state->client;
  if (client->meanwhile && has_gone(state, sent)) do_meanwhile(client);
  return (client->abort_when && atomic_load(client->abort_when)) || (client->abort_also && atomic_load(client->abort_also));
}

void http_client_meanwhile(struct http_client *client, void (*work)(void *payload), void *payload) {
  client->meanwhile = work;
  client->meanwhile_payload = payload;
}

void http_client_abort_when(struct http_client *client, const atomic_bool *flag) {
  client->abort_when = flag;
}

void http_client_abort_also(struct http_client *client, const atomic_bool *flag) {
  client->abort_also = flag;
}

/* --- one call --- */

static bool line_ok(struct str s) {
  return !memchr(s.n ? s.p : "", '\r', s.n) && !memchr(s.n ? s.p : "", '\n', s.n) && !memchr(s.n ? s.p : "", 0, s.n);
}

/* Appends "name: prefix value" without a copy outside of libcurl's wiped memory. */
static int add_header(struct curl_slist **list, struct str name, struct str prefix, struct str value, struct error *error) {
  if (name.n == 0 || !line_ok(name) || !line_ok(prefix) || !line_ok(value))
    return error_set(error, ERROR_bad_request, "a header field has a line break in it");
  char *line = prefix.n || value.n ? mem_printf("%.*s: %.*s%.*s", STR_ARG(name), STR_ARG(prefix), STR_ARG(value))
                                   : mem_printf("%.*s;", STR_ARG(name));
  struct curl_slist *longer = curl_slist_append(*list, line);
  secret_wipe(line, strlen(line));
  free(line);
  if (!longer) mem_exhausted(0);
  *list = longer;
  return 0;
}

static int build_headers(const struct http_call *call, struct curl_slist **list, struct error *error) {
  bool typed = false;
  for (size_t i = 0; call->headers && i < call->headers->n; i++) {
    struct http_header header = call->headers->p[i];
    if (str_eq_nocase(header.name, STR("host")) || str_eq_nocase(header.name, STR("content-length"))) continue;
    typed = typed || str_eq_nocase(header.name, STR("content-type"));
    if (add_header(list, header.name, STR_NONE, header.value, error) < 0) return -1;
  }
  if (call->secret_header_name.n &&
      add_header(list, call->secret_header_name, call->secret_header_prefix, secret_reveal(call->secret_header), error) < 0)
    return -1;
  if (call->cookie && add_header(list, STR("Cookie"), STR_NONE, secret_reveal(call->cookie), error) < 0) return -1;
  struct curl_slist *longer = curl_slist_append(*list, "Expect:"); /* no waiting for a 100 that many proxies never send */
  if (longer && !typed) longer = curl_slist_append(longer, "Content-Type:");
  if (!longer) mem_exhausted(0);
  *list = longer;
  return 0;
}

static bool only_reads(const struct http_call *call) {
  return !call->body.p && (str_eq(call->method, STR("GET")) || str_eq(call->method, STR("HEAD")));
}

/* On a connection that was used before, libcurl sends anything once more where that ends without a byte of an answer, also a write that was done: on a new connection, or on another one that was used before. */
static int ask_once(void *payload, char *there, char *here, int there_port, int here_port) {
  struct state *state = payload;
  (void)there, (void)here, (void)there_port, (void)here_port;
  state->lost = state->asked;
  state->asked = true;
  return state->lost ? CURL_PREREQFUNC_ABORT : CURL_PREREQFUNC_OK;
}

static void set_method(CURL *easy, struct state *state, const char *method) {
  const struct http_call *call = state->call;
  bool writes = str_eq(call->method, STR("POST")) || str_eq(call->method, STR("PUT")) || str_eq(call->method, STR("PATCH"));
  if (str_eq(call->method, STR("HEAD"))) {
    (void)curl_easy_setopt(easy, CURLOPT_NOBODY, 1L);
  } else if (call->body.p || writes) {
    (void)curl_easy_setopt(easy, CURLOPT_POST, 1L);
    (void)curl_easy_setopt(easy, CURLOPT_POSTFIELDS, call->body.n ? call->body.p : "");
    (void)curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)call->body.n);
  } else {
    (void)curl_easy_setopt(easy, CURLOPT_HTTPGET, 1L);
  }
  (void)curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, method);
  if (only_reads(call)) return;
  (void)curl_easy_setopt(easy, CURLOPT_PREREQFUNCTION, ask_once);
  (void)curl_easy_setopt(easy, CURLOPT_PREREQDATA, state);
  (void)curl_easy_setopt(easy, CURLOPT_MAXAGE_CONN, (long)WRITE_AFTER_S);
}

/* What is asked for is given apart from where: libcurl goes over an address letter by letter, four times, and that of values of a hundred org units has 1,500. */
static void set_address(CURL *easy, struct arena *arena, const struct url *url) {
  struct str target = url->query.p ? arena_printf(arena, "%.*s?%.*s", STR_ARG(url->path), STR_ARG(url->query)) : url->path;
  (void)curl_easy_setopt(easy, CURLOPT_URL, arena_cstr(arena, url_origin(arena, url)));
  (void)curl_easy_setopt(easy, CURLOPT_REQUEST_TARGET, arena_cstr(arena, target));
}

static void set_options(CURL *easy, struct state *state) {
  const struct http_client *client = state->client;
  const struct http_call *call = state->call;
  (void)curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
  (void)curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
  (void)curl_easy_setopt(easy, CURLOPT_HTTP09_ALLOWED, 0L);
  (void)curl_easy_setopt(easy, CURLOPT_BUFFERSIZE, (long)BUFFER_BYTES);
  (void)curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
  (void)curl_easy_setopt(easy, CURLOPT_PROXY,
                         ""); /* else http_proxy of the environment would see the calls, and the address check would see the proxy */
  (void)curl_easy_setopt(easy, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
  (void)curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
  (void)curl_easy_setopt(easy, CURLOPT_USERAGENT, "drawbridge");
  (void)curl_easy_setopt(easy, CURLOPT_ACCEPT_ENCODING, "gzip");
  (void)curl_easy_setopt(easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
  (void)curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 1L);
  (void)curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 2L);
  if (client->unix_socket) (void)curl_easy_setopt(easy, CURLOPT_UNIX_SOCKET_PATH, client->unix_socket);
  if (client->ca_file) (void)curl_easy_setopt(easy, CURLOPT_CAINFO, client->ca_file);
  if (call->certificate_ends_ms) (void)curl_easy_setopt(easy, CURLOPT_CERTINFO, 1L);
  (void)curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, (long)client->connect_timeout_ms);
  (void)curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, (long)(call->timeout_ms ? call->timeout_ms : client->timeout_ms));
  if (client->abort_when || client->abort_also || client->meanwhile) {
    (void)curl_easy_setopt(easy, CURLOPT_NOPROGRESS, 0L);
    (void)curl_easy_setopt(easy, CURLOPT_XFERINFOFUNCTION, on_progress);
    (void)curl_easy_setopt(easy, CURLOPT_XFERINFODATA, state);
  }
  (void)curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, open_socket);
  (void)curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, state);
  (void)curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, take_header);
  (void)curl_easy_setopt(easy, CURLOPT_HEADERDATA, state);
  (void)curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, take_body);
  (void)curl_easy_setopt(easy, CURLOPT_WRITEDATA, state);
}

/* "Expire date:Nov 25 09:30:00 2026 GMT" of the first certificate, the server's own. */
static int64_t certificate_end(CURL *easy) {
  static const char name[] = "Expire date:";
  struct curl_certinfo *chain = NULL;
  char month[4], text[40];
  int day, hour, minute, second, year;
  int64_t ms = 0;
  if (curl_easy_getinfo(easy, CURLINFO_CERTINFO, &chain) != CURLE_OK || !chain || chain->num_of_certs < 1) return 0;
  for (const struct curl_slist *line = chain->certinfo[0]; line; line = line->next) {
    if (strncmp(line->data, name, sizeof name - 1) != 0) continue;
    if (sscanf(line->data + sizeof name - 1, "%3s %2d %2d:%2d:%2d %4d", month, &day, &hour, &minute, &second, &year) != 6) return 0;
    (void)snprintf(text, sizeof text, ", %02d %s %04d %02d:%02d:%02d GMT", day, month, year, hour, minute, second);
    return clock_parse_http(str_of(text), &ms) ? ms : 0;
  }
  return 0;
}

static int refused_address(struct error *error, struct str host) {
  return error_set(
      error, ERROR_address_refused,
      "%.*s is on a loopback or private network: list its range in \"addresses\" of the server's configuration if that is meant",
      STR_ARG(host));
}

static int explain(struct state *state, CURLcode code, const char *detail, const struct url *url) {
  struct error *error = state->error;
  if (state->failed) return -1;
  if (state->address_refused) return refused_address(error, url->host);
  if (state->lost || (state->asked && code == CURLE_COULDNT_RESOLVE_HOST))
    return error_set(error, ERROR_upstream_broken, "%.*s ended the connection before it answered", STR_ARG(url->host));
  switch (code) {
  case CURLE_COULDNT_RESOLVE_HOST:
    return error_set(error, ERROR_server_unreachable, "the name %.*s is not known: check the address", STR_ARG(url->host));
  case CURLE_COULDNT_CONNECT:
    return error_set(error, ERROR_server_unreachable, "%.*s does not take connections at port %d", STR_ARG(url->host), url->port);
  case CURLE_PEER_FAILED_VERIFICATION:
  case CURLE_SSL_CACERT_BADFILE:
  case CURLE_SSL_ISSUER_ERROR:
    return error_set(error, ERROR_certificate_refused, "the certificate of %.*s: %s", STR_ARG(url->host), detail);
  case CURLE_SSL_CONNECT_ERROR:
    return error_set(error, ERROR_server_unreachable, "no TLS connection to %.*s: %s", STR_ARG(url->host), detail);
  case CURLE_OPERATION_TIMEDOUT: {
    curl_off_t ready = 0;
    (void)curl_easy_getinfo(state->client->easy, CURLINFO_PRETRANSFER_TIME_T, &ready);
    if (ready == 0) return error_set(error, ERROR_server_unreachable, "%.*s did not answer the connection in time", STR_ARG(url->host));
    return error_set(error, ERROR_upstream_timeout, "%.*s did not answer in time", STR_ARG(url->host));
  }
  case CURLE_ABORTED_BY_CALLBACK:
    return error_set(error, ERROR_cancelled, "the call to %.*s was ended before its answer came", STR_ARG(url->host));
  case CURLE_OUT_OF_MEMORY: mem_exhausted(0);
  default: return error_set(error, ERROR_upstream_broken, "the answer of %.*s was cut or malformed: %s", STR_ARG(url->host), detail);
  }
}

/* An address that is a literal is judged before libcurl sees it: some resolvers would read a literal differently. */
static int check_url(struct http_client *client, struct arena *arena, struct str text, struct url *url, struct error *error) {
  if (url_parse(arena, text, url, error) < 0) return -1;
  if (url->fragment.p) return error_set(error, ERROR_input, "the address of a call has a fragment");
  struct sockaddr_storage address;
  if (!address_parse(url->host, &address) || address_allowed((struct sockaddr *)&address, client->addresses, client->address_count))
    return 0;
  return refused_address(error, url->host);
}

/* The connection ended before the first byte of an answer, as an idle one does that the other side closes just then, or those of a server that starts again. What only reads is asked once more (RFC 9110 section 9.2.2). */
static bool may_be_asked_again(const struct state *state, CURLcode code) {
  return only_reads(state->call) && !state->failed && state->head_bytes == 0 &&
         (code == CURLE_GOT_NOTHING || code == CURLE_RECV_ERROR || code == CURLE_SEND_ERROR);
}

static int make_call(struct http_client *client, const struct http_call *call, struct arena *arena, struct http_answer *ret,
                     struct error *error) {
  struct url url;
  if (check_url(client, arena, call->url, &url, error) < 0) return -1;
  struct http_answer answer = {0};
  struct buf *body = ARENA_NEW(arena, struct buf);
  *body = BUF_INIT(client->body_limit);
  arena_on_free(arena, body_free, body);
  (void)buf_reserve(body, FIRST_BODY < client->body_limit ? FIRST_BODY : client->body_limit - 1);
  struct state state = {.client = client, .call = call, .arena = arena, .answer = &answer, .error = error, .body = body};
  struct curl_slist *headers = NULL;
  if (build_headers(call, &headers, error) < 0) {
    curl_slist_free_all(headers);
    return -1;
  }
  char detail[CURL_ERROR_SIZE] = "";
  curl_easy_reset(client->easy); /* options only: connections stay */
  set_address(client->easy, arena, &url);
  set_options(client->easy, &state);
  set_method(client->easy, &state, arena_cstr(arena, call->method));
  (void)curl_easy_setopt(client->easy, CURLOPT_HTTPHEADER, headers);
  (void)curl_easy_setopt(client->easy, CURLOPT_ERRORBUFFER, detail);
  CURLcode code = curl_easy_perform(client->easy);
  if (may_be_asked_again(&state, code)) code = curl_easy_perform(client->easy);
  int failed = code == CURLE_OK && answer.status >= 200 ? 0 : explain(&state, code, *detail ? detail : curl_easy_strerror(code), &url);
  if (call->certificate_ends_ms) *call->certificate_ends_ms = failed ? 0 : certificate_end(client->easy);
  curl_easy_reset(client->easy);
  curl_slist_free_all(headers);
  if (failed) return -1;
  answer.body = buf_str(body);
  *ret = answer;
  return 0;
}

int http_client_call(struct http_client *client, const struct http_call *call, struct arena *arena, struct http_answer *ret,
                     struct error *error) {
  int result = make_call(client, call, arena, ret, error);
  do_meanwhile(client);
  return result;
}

#include "http/guard.h"

#include "base/buf.h"
#include "http/h1.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static const struct guard_limits limits = {.head_bytes = 4096, .head_fields = 20, .target_bytes = 200};
static struct arena *arena;

static int start(void **state) {
  arena = arena_new();
  return 0;
}

static int stop(void **state) {
  arena_free(arena);
  return 0;
}

/* As the server does it: find the end, then judge. */
static enum error_code judge(struct str bytes, struct http_request *request, struct guard_framing *framing) {
  struct error error = {0};
  size_t scanned = 0, n = 0;
  int found = guard_head_end(bytes, &limits, &scanned, &n, &error);
  if (found < 0) return error.code;
  assert_int_equal(found, 1);
  return guard_request(arena, str_slice(bytes, 0, n), &limits, request, framing, &error) < 0 ? error.code : ERROR_NONE;
}

static enum error_code judge_answer(struct str bytes, bool to_head, struct guard_answer *answer, struct guard_framing *framing) {
  struct error error = {0};
  size_t scanned = 0, n = 0;
  int found = guard_head_end(bytes, &limits, &scanned, &n, &error);
  if (found < 0) return ERROR_upstream_broken;
  assert_int_equal(found, 1);
  return guard_answer(arena, str_slice(bytes, 0, n), &limits, to_head, answer, framing, &error) < 0 ? error.code : ERROR_NONE;
}

struct row {
  const char *what;
  struct str bytes;
  enum error_code wanted;
};

#define REQUEST(fields) STR("POST /x HTTP/1.1\r\nHost: a\r\n" fields "\r\n")
#define LINE(line) STR(line "\r\nHost: a\r\n\r\n")

static const struct row refused[] = {
    /* framing: reference c-stack 1.6 and R-G8 */
    {"length and encoding", REQUEST("Content-Length: 4\r\nTransfer-Encoding: chunked\r\n"), ERROR_bad_request},
    {"encoding and length", REQUEST("Transfer-Encoding: chunked\r\nContent-Length: 4\r\n"), ERROR_bad_request},
    {"two different lengths", REQUEST("Content-Length: 4\r\nContent-Length: 5\r\n"), ERROR_bad_request},
    {"two equal lengths", REQUEST("Content-Length: 4\r\nContent-Length: 4\r\n"), ERROR_bad_request},
    {"a list of lengths", REQUEST("Content-Length: 4, 4\r\n"), ERROR_bad_request},
    {"an empty length", REQUEST("Content-Length:\r\n"), ERROR_bad_request},
    {"a signed length", REQUEST("Content-Length: +4\r\n"), ERROR_bad_request},
    {"a negative length", REQUEST("Content-Length: -4\r\n"), ERROR_bad_request},
    {"a hexadecimal length", REQUEST("Content-Length: 0x4\r\n"), ERROR_bad_request},
    {"a length with leading zero", REQUEST("Content-Length: 04\r\n"), ERROR_bad_request},
    {"a length of 19 digits", REQUEST("Content-Length: 1000000000000000000\r\n"), ERROR_bad_request},
    {"a length and a blank inside", REQUEST("Content-Length: 4 4\r\n"), ERROR_bad_request},
    {"a blank before the colon", REQUEST("Content-Length : 4\r\n"), ERROR_bad_request},
    {"a tab before the colon", REQUEST("Content-Length\t: 4\r\n"), ERROR_bad_request},
    {"two encodings", REQUEST("Transfer-Encoding: chunked\r\nTransfer-Encoding: cow\r\n"), ERROR_bad_request},
    {"chunked twice", REQUEST("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n"), ERROR_bad_request},
    {"chunked not last", REQUEST("Transfer-Encoding: chunked, identity\r\n"), ERROR_bad_request},
    {"another encoding first", REQUEST("Transfer-Encoding: gzip, chunked\r\n"), ERROR_bad_request},
    {"identity", REQUEST("Transfer-Encoding: identity\r\n"), ERROR_bad_request},
    {"an empty encoding", REQUEST("Transfer-Encoding:\r\n"), ERROR_bad_request},
    {"chunked with a vertical tab", REQUEST("Transfer-Encoding: \vchunked\r\n"), ERROR_bad_request},
    {"xchunked", REQUEST("Transfer-Encoding: xchunked\r\n"), ERROR_bad_request},
    {"encoding in 1.0", STR("POST /x HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"), ERROR_bad_request},
    {"a folded encoding", REQUEST("Transfer-Encoding:\r\n chunked\r\n"), ERROR_bad_request},
    {"a folded value", REQUEST("X-A: b\r\n c\r\n"), ERROR_bad_request},
    {"a value folded by tab", REQUEST("X-A: b\r\n\tc\r\n"), ERROR_bad_request},
    {"a blank before the first field", STR("GET /x HTTP/1.1\r\n Host: a\r\n\r\n"), ERROR_bad_request},
    {"a bare CR in a value", REQUEST("X-A: b\rX-Smug: y\r\n"), ERROR_bad_request},
    {"a bare CR behind the colon", REQUEST("X-Abc:\rX-Smug: y\r\n"), ERROR_bad_request},
    {"a bare CR before CR LF", REQUEST("X-A: b\r\r\n"), ERROR_bad_request},
    {"a bare LF in a value", REQUEST("X-A: b\nX-Smug: y\r\n"), ERROR_bad_request},
    {"bare LF everywhere", STR("GET /x HTTP/1.1\nHost: a\n\n"), ERROR_bad_request},
    {"a bare LF at the end", STR("GET /x HTTP/1.1\r\nHost: a\r\n\n"), ERROR_bad_request},
    {"no version", STR("GET /x\nHost: a\r\n\r\n"), ERROR_bad_request},
    {"no version, CR LF", LINE("GET /x"), ERROR_bad_request},
    {"NUL in a value", REQUEST("X-A: b\0c\r\n"), ERROR_bad_request},
    {"SOH in a value", REQUEST("X-A: b\001c\r\n"), ERROR_bad_request},
    {"DEL in a value", REQUEST("X-A: b\177c\r\n"), ERROR_bad_request},
    {"NUL in a name", REQUEST("X\0A: b\r\n"), ERROR_bad_request},
    {"an empty name", REQUEST(": b\r\n"), ERROR_bad_request},
    {"no colon", REQUEST("X-A\r\n"), ERROR_bad_request},
    {"a name with a slash", REQUEST("X/A: b\r\n"), ERROR_bad_request},
    {"a name with letters above ASCII", REQUEST("X\xc3\xa4: b\r\n"), ERROR_bad_request},
    {"a quoted name", REQUEST("\"X\": b\r\n"), ERROR_bad_request},
    /* Host: R-G9 */
    {"no Host", STR("GET /x HTTP/1.1\r\n\r\n"), ERROR_bad_request},
    {"two Hosts", REQUEST("Host: b\r\n"), ERROR_bad_request},
    {"two equal Hosts", REQUEST("Host: a\r\n"), ERROR_bad_request},
    {"an empty Host", STR("GET /x HTTP/1.1\r\nHost:\r\n\r\n"), ERROR_bad_request},
    {"a Host with a path", STR("GET /x HTTP/1.1\r\nHost: a/b\r\n\r\n"), ERROR_bad_request},
    {"a Host with a user", STR("GET /x HTTP/1.1\r\nHost: u@a\r\n\r\n"), ERROR_bad_request},
    {"a list of Hosts", STR("GET /x HTTP/1.1\r\nHost: a, b\r\n\r\n"), ERROR_bad_request},
    {"a Host with a bad port", STR("GET /x HTTP/1.1\r\nHost: a:b\r\n\r\n"), ERROR_bad_request},
    {"a Host with a large port", STR("GET /x HTTP/1.1\r\nHost: a:65536\r\n\r\n"), ERROR_bad_request},
    {"a Host with an open bracket", STR("GET /x HTTP/1.1\r\nHost: [::1\r\n\r\n"), ERROR_bad_request},
    /* the first line */
    {"HTTP/2.0", LINE("GET /x HTTP/2.0"), ERROR_bad_request},
    {"HTTP/1.2", LINE("GET /x HTTP/1.2"), ERROR_bad_request},
    {"HTTP/0.9", LINE("GET /x HTTP/0.9"), ERROR_bad_request},
    {"HTTP/1.10", LINE("GET /x HTTP/1.10"), ERROR_bad_request},
    {"http/1.1", LINE("GET /x http/1.1"), ERROR_bad_request},
    {"a blank behind the version", LINE("GET /x HTTP/1.1 "), ERROR_bad_request},
    {"a tab instead of a blank", LINE("GET\t/x HTTP/1.1"), ERROR_bad_request},
    {"two blanks", LINE("GET  /x HTTP/1.1"), ERROR_bad_target},
    {"a blank in the target", LINE("GET /x y HTTP/1.1"), ERROR_bad_target},
    {"a blank before the method", LINE(" GET /x HTTP/1.1"), ERROR_bad_request},
    {"no target", LINE("GET HTTP/1.1"), ERROR_bad_request},
    {"a fragment", LINE("GET /x#y HTTP/1.1"), ERROR_bad_target},
    {"a backslash", LINE("GET /x\\y HTTP/1.1"), ERROR_bad_target},
    {"a control in the target", LINE("GET /x\001y HTTP/1.1"), ERROR_bad_target},
    {"a NUL in the target", LINE("GET /x\0y HTTP/1.1"), ERROR_bad_target},
    {"a CR in the target", LINE("GET /x\ry HTTP/1.1"), ERROR_bad_target},
    {"raw UTF-8 in the target", LINE("GET /x\xc3\xa4 HTTP/1.1"), ERROR_bad_target},
    {"a relative target", LINE("GET x HTTP/1.1"), ERROR_bad_target},
    {"an asterisk", LINE("OPTIONS * HTTP/1.1"), ERROR_bad_target},
    {"another scheme", LINE("GET ftp://a/x HTTP/1.1"), ERROR_bad_target},
    {"an absolute target with a user", LINE("GET http://u@a/x HTTP/1.1"), ERROR_bad_target},
    {"an absolute target without host", LINE("GET http:///x HTTP/1.1"), ERROR_bad_target},
    {"CONNECT", LINE("CONNECT a:443 HTTP/1.1"), ERROR_method_refused},
    {"TRACE", LINE("TRACE /x HTTP/1.1"), ERROR_method_refused},
    {"a method in small letters", LINE("get /x HTTP/1.1"), ERROR_method_refused},
    {"an unknown method", LINE("BREW /x HTTP/1.1"), ERROR_method_refused},
    {"a method with a control", LINE("G\001T /x HTTP/1.1"), ERROR_bad_request},
    /* limits */
    {"too many fields",
     REQUEST("a: 1\r\na: 1\r\na: 1\r\na: 1\r\na: 1\r\na: 1\r\na: 1\r\na: 1\r\na: 1\r\na: 1\r\na: 1\r\na: 1\r\na: 1\r\na: 1\r\na: 1\r\na: "
             "1\r\na: 1\r\na: 1\r\na: 1\r\na: 1\r\n"),
     ERROR_head_too_large},
};

/* [R-G8, R-G9, A22] */
static void refuses(void **state) {
  for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
    struct http_request request;
    struct guard_framing framing;
    enum error_code found = judge(refused[i].bytes, &request, &framing);
    if (found != refused[i].wanted) fail_msg("%s: %s instead of %s", refused[i].what, error_name(found), error_name(refused[i].wanted));
  }
}

/* The same heads, cut at every byte, never read beyond what is there and never end early. */
static void waits_for_the_end(void **state) {
  struct str whole = STR("GET /x HTTP/1.1\r\nHost: a\r\nX: \r\n\r\nnext");
  size_t scanned = 0, n = 0;
  struct error error = {0};
  for (size_t i = 0; i < whole.n - 4; i++) assert_int_equal(guard_head_end(str_slice(whole, 0, i), &limits, &scanned, &n, &error), 0);
  assert_int_equal(guard_head_end(whole, &limits, &scanned, &n, &error), 1);
  assert_int_equal(n, whole.n - 4);
}

static void limits_bytes(void **state) {
  struct error error = {0};
  size_t scanned = 0, n = 0;
  struct buf b = BUF_INIT(10000);
  (void)buf_add(&b, STR("GET /"));
  while (b.n <= limits.head_bytes) (void)buf_add_char(&b, 'a');
  assert_int_equal(guard_head_end(buf_str(&b), &limits, &scanned, &n, &error), -1);
  assert_int_equal(error.code, ERROR_target_too_long);
  buf_clear(&b);
  (void)buf_add(&b, STR("GET / HTTP/1.1\r\nA: "));
  while (b.n <= limits.head_bytes) (void)buf_add_char(&b, 'a');
  (void)buf_add(&b, STR("\r\n\r\n"));
  scanned = 0;
  assert_int_equal(guard_head_end(buf_str(&b), &limits, &scanned, &n, &error), -1);
  assert_int_equal(error.code, ERROR_head_too_large);
  buf_clear(&b);
  (void)buf_add(&b, STR("GET /"));
  while (b.n < 210) (void)buf_add_char(&b, 'a');
  (void)buf_add(&b, STR(" HTTP/1.1\r\nHost: a\r\n\r\n"));
  struct http_request request;
  struct guard_framing framing;
  assert_int_equal(judge(buf_str(&b), &request, &framing), ERROR_target_too_long);
  buf_free(&b);
}

static void passes(void **state) {
  struct http_request r;
  struct guard_framing f;
  assert_int_equal(
      judge(
          STR("GET /api/me?fields=id&x={} HTTP/1.1\r\nHost: a.example:8080\r\nX-A: \t b  c \t\r\nX_B: d\r\nEmpty:\r\nLatin: \xe4\r\n\r\n"),
          &r, &f),
      ERROR_NONE);
  assert_true(str_eq(r.method, STR("GET")));
  assert_true(str_eq(r.target, STR("/api/me?fields=id&x={}")));
  assert_true(str_eq(r.path, STR("/api/me")));
  assert_true(str_eq(r.query, STR("fields=id&x={}")));
  assert_true(str_eq(r.host, STR("a.example:8080")));
  assert_int_equal(r.headers.n, 4); /* X_B is dropped */
  assert_true(str_eq(r.headers.p[1].value, STR("b  c")));
  assert_true(str_eq(r.headers.p[2].value, STR("")));
  assert_false(r.has_body);
  assert_int_equal(f.body, GUARD_NO_BODY);
  assert_true(f.keep_alive);

  assert_int_equal(judge(REQUEST("Content-Length: 12\r\nExpect: 100-Continue\r\nConnection: x, Close\r\n"), &r, &f), ERROR_NONE);
  assert_int_equal(f.body, GUARD_LENGTH);
  assert_int_equal(r.body_length, 12);
  assert_true(f.expects_continue);
  assert_false(f.keep_alive);
  assert_null(r.query.p);

  assert_int_equal(judge(REQUEST("Transfer-Encoding: Chunked\r\n"), &r, &f), ERROR_NONE);
  assert_int_equal(f.body, GUARD_CHUNKED);
  assert_int_equal(r.body_length, -1);
  assert_true(r.has_body);

  assert_int_equal(judge(REQUEST("Content-Length: 0\r\n"), &r, &f), ERROR_NONE);
  assert_false(r.has_body);

  assert_int_equal(judge(STR("GET /x? HTTP/1.0\r\n\r\n"), &r, &f), ERROR_NONE);
  assert_false(f.keep_alive);
  assert_non_null(r.query.p);
  assert_int_equal(r.query.n, 0);
  assert_int_equal(judge(STR("GET /x HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n"), &r, &f), ERROR_NONE);
  assert_true(f.keep_alive);
  assert_int_equal(judge(STR("GET /x HTTP/1.1\r\nHost: [::1]:80\r\n\r\n"), &r, &f), ERROR_NONE);
}

/* RFC 9112 section 3.2.2: the authority of the target counts, Host does not. */
static void absolute_targets(void **state) {
  struct http_request r;
  struct guard_framing f;
  assert_int_equal(judge(LINE("GET http://b:81/x?y HTTP/1.1"), &r, &f), ERROR_NONE);
  assert_true(str_eq(r.host, STR("b:81")));
  assert_true(str_eq(r.target, STR("/x?y")));
  assert_true(str_eq(r.path, STR("/x")));
  assert_int_equal(judge(LINE("GET HTTPS://b HTTP/1.1"), &r, &f), ERROR_NONE);
  assert_true(str_eq(r.target, STR("/")));
  assert_int_equal(judge(LINE("GET http://b?q=http://c/ HTTP/1.1"), &r, &f), ERROR_NONE);
  assert_true(str_eq(r.host, STR("b")));
  assert_true(str_eq(r.target, STR("/?q=http://c/")));
}

static const struct row answers_refused[] = {
    {"length and encoding", STR("HTTP/1.1 200 OK\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n"), ERROR_upstream_broken},
    {"two lengths", STR("HTTP/1.1 200 OK\r\nContent-Length: 4\r\nContent-Length: 5\r\n\r\n"), ERROR_upstream_broken},
    {"encoding in 1.0", STR("HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"), ERROR_upstream_broken},
    {"another encoding", STR("HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n"), ERROR_upstream_broken},
    {"a folded line", STR("HTTP/1.1 200 OK\r\nX: a\r\n b\r\n\r\n"), ERROR_upstream_broken},
    {"a blank before the colon", STR("HTTP/1.1 200 OK\r\nX : a\r\n\r\n"), ERROR_upstream_broken},
    {"a bare LF", STR("HTTP/1.1 200 OK\nX: a\r\n\r\n"), ERROR_upstream_broken},
    {"a bare CR", STR("HTTP/1.1 200 OK\r\nX: a\rSet-Cookie: b\r\n\r\n"), ERROR_upstream_broken},
    {"NUL", STR("HTTP/1.1 200 OK\r\nX: a\0\r\n\r\n"), ERROR_upstream_broken},
    {"a status of two digits", STR("HTTP/1.1 20 OK\r\n\r\n"), ERROR_upstream_broken},
    {"a status of four digits", STR("HTTP/1.1 2000 OK\r\n\r\n"), ERROR_upstream_broken},
    {"a status of 600", STR("HTTP/1.1 600 No\r\n\r\n"), ERROR_upstream_broken},
    {"no status", STR("HTTP/1.1\r\n\r\n"), ERROR_upstream_broken},
    {"another protocol", STR("ICY 200 OK\r\n\r\n"), ERROR_upstream_broken},
    {"a length with 204", STR("HTTP/1.1 204 No Content\r\nContent-Length: 4\r\n\r\n"), ERROR_upstream_broken},
    {"chunks with 204", STR("HTTP/1.1 204 No Content\r\nTransfer-Encoding: chunked\r\n\r\n"), ERROR_upstream_broken},
    {"a control in the reason", STR("HTTP/1.1 200 O\001K\r\n\r\n"), ERROR_upstream_broken},
};

/* [R-G11] */
static void answers(void **state) {
  struct guard_answer a;
  struct guard_framing f;
  for (size_t i = 0; i < sizeof answers_refused / sizeof answers_refused[0]; i++)
    if (judge_answer(answers_refused[i].bytes, false, &a, &f) != answers_refused[i].wanted) fail_msg("%s: passed", answers_refused[i].what);
  assert_int_equal(judge_answer(STR("HTTP/1.1 200 \r\nContent-Length: 5\r\nX_Y: 1\r\n\r\n"), false, &a, &f), ERROR_NONE);
  assert_int_equal(a.status, 200);
  assert_int_equal(a.headers.n, 1);
  assert_int_equal(f.body, GUARD_LENGTH);
  assert_int_equal(judge_answer(STR("HTTP/1.1 404\r\n\r\n"), false, &a, &f), ERROR_NONE);
  assert_int_equal(f.body, GUARD_UNTIL_CLOSE);
  assert_false(f.keep_alive);
  assert_int_equal(judge_answer(STR("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n"), true, &a, &f), ERROR_NONE);
  assert_int_equal(f.body, GUARD_NO_BODY);
  assert_int_equal(f.told_length, 5);
  assert_int_equal(judge_answer(STR("HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n"), false, &a, &f), ERROR_NONE);
  assert_int_equal(f.body, GUARD_NO_BODY);
  assert_int_equal(judge_answer(STR("HTTP/1.1 204 No Content\r\nContent-Length: 0\r\n\r\n"), false, &a, &f), ERROR_NONE);
  assert_true(f.keep_alive);
}

/* An answer of a stated length: whole, and cut anywhere, it ends there, and what is behind it stays; cut short it is broken. */
static void counts_answers(void **state) {
  struct str head = STR("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n"), all = STR("abcdeHTTP/1.1");
  struct guard_answer answer;
  struct guard_framing framing;
  struct error error = {0};
  assert_int_equal(judge_answer(head, false, &answer, &framing), ERROR_NONE);
  for (size_t cut = 0; cut < all.n; cut++) {
    struct h1 h1;
    assert_int_equal(h1_start(&h1, H1_ANSWER, head, &framing, &error), 0);
    struct str part = str_slice(all, 0, cut), piece;
    size_t seen = 0;
    while (h1_next(&h1, &part, &piece, &error) == H1_DATA) seen += piece.n;
    assert_int_equal(seen, cut < 5 ? cut : 5);
    assert_int_equal(part.n, cut - seen);
    assert_int_equal(h1_eof(&h1, &error), cut < 5 ? H1_BROKEN : H1_END);
    assert_int_equal(error.code, cut < 5 ? ERROR_upstream_broken : ERROR_NONE);
    error_clear(&error);
    part = str_from(all, cut);
    while (cut < 5 && h1_next(&h1, &part, &piece, &error) == H1_DATA) seen += piece.n;
    assert_int_equal(seen, 5);
    if (cut < 5) assert_true(str_eq(part, STR("HTTP/1.1")));
  }
}

/* Chunks: whole, and cut at every byte, give the same. */

static enum h1_found read_chunks(struct str bytes, size_t step, struct buf *ret_body, size_t *ret_rest) {
  struct http_request request;
  struct guard_framing framing;
  struct error error = {0};
  struct str head = REQUEST("Transfer-Encoding: chunked\r\n");
  assert_int_equal(judge(head, &request, &framing), ERROR_NONE);
  struct h1 h1;
  assert_int_equal(h1_start(&h1, H1_REQUEST, head, &framing, &error), 0);
  buf_clear(ret_body);
  enum h1_found found = H1_MORE;
  for (size_t at = 0; at < bytes.n;) {
    size_t n = bytes.n - at < step ? bytes.n - at : step;
    struct str part = str_slice(bytes, at, at + n), piece;
    while ((found = h1_next(&h1, &part, &piece, &error)) == H1_DATA) (void)buf_add(ret_body, piece);
    at += n - part.n;
    *ret_rest = bytes.n - at;
    if (found != H1_MORE) return found;
    assert_int_equal(part.n, 0);
  }
  return h1_eof(&h1, &error);
}

static const struct {
  const char *what;
  struct str bytes;
  struct str body; /* p == NULL: refused */
} chunks[] = {
    {"two chunks", STR("4\r\nabcd\r\n3\r\nefg\r\n0\r\n\r\n"), STR("abcdefg")},
    {"leading zeros", STR("0004\r\nabcd\r\n0000\r\n\r\n"), STR("abcd")},
    {"large and small letters", STR("a\r\n0123456789\r\nB\r\n0123456789a\r\n0\r\n\r\n"), STR("01234567890123456789a")},
    {"an extension", STR("4;a=b\r\nabcd\r\n0;c=\"d\"\r\n\r\n"), STR("abcd")},
    {"trailers", STR("4\r\nabcd\r\n0\r\nX-A: b\r\nX-B: \r\n\r\n"), STR("abcd")},
    {"nothing", STR("0\r\n\r\n"), STR("")},
    {"0x4", STR("0x4\r\nabcd\r\n0\r\n\r\n"), STR_NONE},
    {"17 digits", STR("00000000000000004\r\nabcd\r\n0\r\n\r\n"), STR_NONE},
    {"above 2^63", STR("8000000000000000\r\nabcd\r\n0\r\n\r\n"), STR_NONE},
    {"no digit", STR("\r\nabcd\r\n0\r\n\r\n"), STR_NONE},
    {"an extension without size", STR(";a\r\nabcd\r\n0\r\n\r\n"), STR_NONE},
    {"a negative size", STR("-4\r\nabcd\r\n0\r\n\r\n"), STR_NONE},
    {"a signed size", STR("+4\r\nabcd\r\n0\r\n\r\n"), STR_NONE},
    {"a blank before the size", STR(" 4\r\nabcd\r\n0\r\n\r\n"), STR_NONE},
    {"a blank behind the size", STR("4 \r\nabcd\r\n0\r\n\r\n"), STR_NONE},
    {"a bare LF behind the size", STR("4\nabcd\r\n0\r\n\r\n"), STR_NONE},
    {"a bare LF in an extension", STR("4;a\nabcd\r\n0\r\n\r\n"), STR_NONE},
    {"a bare CR in an extension", STR("4;a\rb\r\nabcd\r\n0\r\n\r\n"), STR_NONE},
    {"a NUL in an extension", STR("4;a\0b\r\nabcd\r\n0\r\n\r\n"), STR_NONE},
    {"a bare LF behind the data", STR("4\r\nabcd\n0\r\n\r\n"), STR_NONE},
    {"nothing behind the data", STR("4\r\nabcd0\r\n\r\n"), STR_NONE},
    {"more data than said", STR("4\r\nabcde\r\n0\r\n\r\n"), STR_NONE},
    {"a bare LF at the end", STR("4\r\nabcd\r\n0\r\n\n"), STR_NONE},
    {"a bare LF in the trailers", STR("0\r\nX: a\n\r\n"), STR_NONE},
    {"a folded trailer", STR("0\r\nX: a\r\n b\r\n\r\n"), STR_NONE},
    {"a trailer without colon", STR("0\r\nX\r\n\r\n"), STR_NONE},
    {"a blank before a trailer's colon", STR("0\r\nX : a\r\n\r\n"), STR_NONE},
    {"cut in the size", STR("4"), STR_NONE},
    {"cut in the data", STR("4\r\nab"), STR_NONE},
    {"cut before the end", STR("4\r\nabcd\r\n0\r\n"), STR_NONE},
};

/* [R-G8, A22] */
static void judges_chunks(void **state) {
  struct buf body = BUF_INIT(1000);
  for (size_t i = 0; i < sizeof chunks / sizeof chunks[0]; i++) {
    const size_t steps[] = {1, 3, 1000};
    for (size_t j = 0; j < 3; j++) {
      size_t rest = 0;
      enum h1_found found = read_chunks(chunks[i].bytes, steps[j], &body, &rest);
      if (!chunks[i].body.p && found != H1_BROKEN) fail_msg("%s: passed by steps of %zu", chunks[i].what, steps[j]);
      if (chunks[i].body.p && (found != H1_END || !str_eq(buf_str(&body), chunks[i].body)))
        fail_msg("%s: refused, or another body, by steps of %zu", chunks[i].what, steps[j]);
    }
  }
  size_t rest = 0;
  assert_int_equal(read_chunks(STR("1\r\na\r\n0\r\n\r\nGET /next"), 1000, &body, &rest), H1_END);
  assert_int_equal(rest, 9); /* what follows is left alone */
  buf_free(&body);
}

static void limits_chunk_extras(void **state) {
  struct buf bytes = BUF_INIT(20000), body = BUF_INIT(1000);
  size_t rest;
  (void)buf_add(&bytes, STR("1;"));
  for (int i = 0; i < 2000; i++) (void)buf_add_char(&bytes, 'a');
  (void)buf_add(&bytes, STR("\r\na\r\n0\r\n\r\n"));
  assert_int_equal(read_chunks(buf_str(&bytes), 100000, &body, &rest), H1_BROKEN);
  buf_clear(&bytes);
  (void)buf_add(&bytes, STR("0\r\n"));
  for (int i = 0; i < 1000; i++) (void)buf_add(&bytes, STR("X: 34567890\r\n"));
  (void)buf_add(&bytes, STR("\r\n"));
  assert_int_equal(read_chunks(buf_str(&bytes), 100000, &body, &rest), H1_BROKEN);
  buf_free(&bytes);
  buf_free(&body);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(refuses),        cmocka_unit_test(waits_for_the_end), cmocka_unit_test(limits_bytes),
      cmocka_unit_test(passes),         cmocka_unit_test(absolute_targets),  cmocka_unit_test(answers),
      cmocka_unit_test(counts_answers), cmocka_unit_test(judges_chunks),     cmocka_unit_test(limits_chunk_extras),
  };
  return cmocka_run_group_tests(tests, start, stop);
}

/* Links of the upstream become ours; everything else stays as it is, byte for byte, wherever the chunks are cut. */
#include "base/buf.h"
#include "gateway/rewrite.h"
#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#define FROM STR("https://up.example.org/central")
#define TO STR("https://gw.example.org/s/central")

static void collect(void *payload, struct str piece) {
  (void)buf_add(payload, piece);
}

static void rewritten(const char *text, size_t chunk, struct buf *out) {
  struct rewrite *r = rewrite_new(FROM, TO);
  struct str rest = str_of(text);
  buf_clear(out);
  for (size_t at = 0; at < rest.n; at += chunk) rewrite_feed(r, str_slice(rest, at, at + chunk), collect, out);
  rewrite_finish(r, collect, out);
  if (rewrite_count(r)) assert_true(rewrite_may_change(FROM, rest));
  rewrite_free(r);
}

static void values_and_only_they(void **state) {
  static const struct {
    const char *in, *out; /* NULL: unchanged */
  } rows[] = {
      {"{\"href\":\"https://up.example.org/central/api/me\"}", "{\"href\":\"https://gw.example.org/s/central/api/me\"}"},
      {"{\"a\":\"https:\\/\\/up.example.org\\/central\\/api\"}", "{\"a\":\"https://gw.example.org/s/central\\/api\"}"},
      {"\"https://up.example.org/central\"", "\"https://gw.example.org/s/central\""},
      {"[\"https://up.example.org/central?x\", \"https://up.example.org/central#x\"]",
       "[\"https://gw.example.org/s/central?x\", \"https://gw.example.org/s/central#x\"]"},
      {"{\"pager\":{\"nextPage\":\"https://up.example.org/central/api/x?page=2\"},\"l\":[{\"h\":\"https://up.example.org/central/\"}]}",
       "{\"pager\":{\"nextPage\":\"https://gw.example.org/s/central/api/x?page=2\"},\"l\":[{\"h\":\"https://gw.example.org/s/central/"
       "\"}]}"},
      {"{\"https://up.example.org/central/x\":1}", NULL},
      {"{\"a\":\"see https://up.example.org/central/x\"}", NULL},
      {"{\"a\":\"https://up.example.org/centralx\"}", NULL},
      {"{\"a\":\"https://up.example.org/central\\u0022\"}", NULL},
      {"{\"a\":\"https://up.example.org/central\\\\x\"}", NULL},
      {"{\"a\":\"https://up.example.org/cent\"}", NULL},
      {"{\"a\":\"https://up.example.org.evil/central/x\"}", NULL},
      {"{\"a\":\"h\\ttps://up.example.org/central/x\"}", NULL},
      {"{\"a\":\"\\\"https://up.example.org/central/x\"}", NULL},
      {"{\"a\":[\"x\",{\"https://up.example.org/central/k\":\"v\"}]}", NULL},
      {"{\"a\":\"https://up.example.org/central", NULL},
      {"{\"a\":\"https:\\/\\/up.exam", NULL},
      {"not json \"https://up.exam", NULL},
      {"", NULL},
      {"]]]}}}\"", NULL},
  };
  (void)state;
  struct buf out = BUF_INIT(4096);
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
    for (size_t chunk = 1; chunk < 80; chunk++) {
      rewritten(rows[i].in, chunk, &out);
      const char *want = rows[i].out ? rows[i].out : rows[i].in;
      if (!str_eq(buf_str(&out), str_of(want))) fail_msg("chunk %zu: '%s' became '%.*s'", chunk, rows[i].in, STR_ARG(buf_str(&out)));
    }
  buf_free(&out);
}

static void a_body_without_a_start_is_known(void **state) {
  char text[100];
  (void)state;
  for (size_t n = 0; n <= sizeof text; n++)
    for (size_t at = 0; at < n; at++) {
      memset(text, '"', n);
      assert_false(rewrite_may_change(FROM, (struct str){text, n}));
      static const char start[] = {'h', 't', 't', 'p', 's', ':'};
      memcpy(text + at, start, n - at < sizeof start ? n - at : sizeof start);
      assert_int_equal(rewrite_may_change(FROM, (struct str){text, n}), at > 0 && n - at >= sizeof start);
    }
  assert_false(rewrite_may_change(FROM, STR("{\"a\":\"http://up.example.org/central\",\"href\":\"h\"}")));
}

/* Any bytes without the base stay as they are. */
static void other_bytes_are_untouched(void **state) {
  static const char alphabet[] = "{}[]:,\"\\/https:up.example.org central\n\x01\xff";
  (void)state;
  struct buf out = BUF_INIT(4096);
  uint32_t seed = 7;
  for (int round = 0; round < 20000; round++) {
    char text[64];
    seed = seed * 1664525 + 1013904223;
    size_t n = (seed >> 20) % 63;
    for (size_t i = 0; i < n; i++) {
      seed = seed * 1664525 + 1013904223;
      text[i] = alphabet[(seed >> 16) % (sizeof alphabet - 1)];
    }
    text[n] = '\0';
    rewritten(text, 1 + seed % 9, &out);
    if (!str_eq(buf_str(&out), str_of(text))) fail_msg("changed: %s", text);
  }
  buf_free(&out);
}

/* Many bytes looked at at once and one by one: the same comes out, also of what is no JSON. */
static void chunks_make_no_difference(void **state) {
  static const char *const parts[] = {
      "\"https://up.example.org/central/x\"",
      "\"https:\\/\\/up.example.org\\/central\"",
      "\"https://up.example.org/centralx\"",
      "\"h",
      "\"name\":",
      "\"",
      "\\",
      "\\\"",
      ",",
      ":",
      "{",
      "}",
      "[",
      "]",
      " ",
      "\n  ",
      "null",
      "12.5",
      "\"a text that is longer than one block of bytes, or two of them, so that none of it is looked at singly, ever\"",
      "\"\\\\\"",
      "\"\\u0022\""};
  (void)state;
  struct buf text = BUF_INIT(8192), whole = BUF_INIT(16384), cut = BUF_INIT(16384);
  uint32_t seed = 11;
  for (int round = 0; round < 3000; round++) {
    buf_clear(&text);
    for (int i = 0; i < 30; i++) {
      seed = seed * 1664525 + 1013904223;
      (void)buf_add(&text, str_of(parts[(seed >> 16) % (sizeof parts / sizeof *parts)]));
    }
    rewritten(text.p, text.n, &whole);
    for (size_t chunk = 1; chunk < 200; chunk += chunk < 3 ? 1 : 61) {
      rewritten(text.p, chunk, &cut);
      if (!str_eq(buf_str(&whole), buf_str(&cut))) fail_msg("chunks of %zu: %s\n became %s\n and not %s", chunk, text.p, cut.p, whole.p);
    }
  }
  buf_free(&text);
  buf_free(&whole);
  buf_free(&cut);
}

static void count(void *payload, struct str piece) {
  ++*(size_t *)payload;
}

/* Who sends it on need not put it together again. */
static void without_links_a_piece_stays_whole(void **state) {
  (void)state;
  struct buf text = BUF_INIT(65536);
  (void)buf_add(&text, STR("{\"dataValues\":["));
  for (int i = 0; i < 100; i++) (void)buf_add(&text, STR("{\"id\":\"x\",\"values\":[\"a\",\"\",\"b\\\"c\"],\"by\":null},"));
  for (size_t chunk = 1; chunk < text.n; chunk += 7) {
    struct rewrite *r = rewrite_new(FROM, TO);
    size_t fed = 0, pieces = 0;
    for (size_t at = 0; at < text.n; at += chunk, fed++) rewrite_feed(r, str_slice(buf_str(&text), at, at + chunk), count, &pieces);
    rewrite_finish(r, count, &pieces);
    assert_int_equal(pieces, fed);
    rewrite_free(r);
  }
  buf_free(&text);
}

static void very_deep_is_left_alone(void **state) {
  (void)state;
  struct buf text = BUF_INIT(65536), out = BUF_INIT(65536);
  for (int i = 0; i < 2000; i++) (void)buf_add_char(&text, '[');
  (void)buf_add(&text, STR("\"https://up.example.org/central/x\""));
  rewritten(text.p, 100, &out);
  assert_true(str_eq(buf_str(&out), buf_str(&text)));
  buf_free(&text);
  buf_free(&out);
}

static void locations(void **state) {
  static const struct {
    const char *in, *rest; /* NULL: outside */
  } rows[] = {
      {"https://up.example.org/central/api/x?y=1#z", "/api/x?y=1#z"},
      {"HTTPS://UP.example.org:443/central/api", "/api"},
      {"//up.example.org/central", ""},
      {"/central/login/", "/login/"},
      {"/central?x", "?x"},
      {"/centralx", NULL},
      {"/other", NULL},
      {"http://up.example.org/central/x", NULL},
      {"https://up.example.org:8443/central/x", NULL},
      {"https://up.example.org@evil/central/x", NULL},
      {"https://evil/central", NULL},
      {"login", NULL},
      {"", NULL},
      {"//evil/central", NULL},
      {"/central/../admin", NULL},
      {"/central\\x", NULL},
      {"https://up.example.org/central/..", NULL},
  };
  (void)state;
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    struct str rest = STR_NONE;
    enum rewrite_place place = rewrite_location(FROM, str_of(rows[i].in), &rest);
    if ((place == REWRITE_INSIDE) != (rows[i].rest != NULL)) fail_msg("%s", rows[i].in);
    if (rows[i].rest && !str_eq(rest, str_of(rows[i].rest))) fail_msg("%s: %.*s", rows[i].in, STR_ARG(rest));
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(values_and_only_they),
      cmocka_unit_test(a_body_without_a_start_is_known),
      cmocka_unit_test(other_bytes_are_untouched),
      cmocka_unit_test(chunks_make_no_difference),
      cmocka_unit_test(without_links_a_piece_stays_whole),
      cmocka_unit_test(very_deep_is_left_alone),
      cmocka_unit_test(locations),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Strings, arenas, buffers, maps, times, errors, written JSON. */
#include "base/arena.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/json_out.h"
#include "base/map.h"
#include "base/markup.h"
#include "base/utf8.h"
#include "base/vec.h"
#include <jansson.h>
#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

static void assert_text(struct str got, const char *want) {
  if (!str_eq(got, str_of(want))) fail_msg("got '%.*s', want '%s'", STR_ARG(got), want);
}

/* Looked at many bytes at once: as if one by one. */
static void strings_of_all_lengths(void **state) {
  (void)state;
  static const char bytes[] = "aAzZ@[`{}\x1f\x7f \xe4\xc4-_";
  uint32_t seed = 5;
  for (int round = 0; round < 200000; round++) {
    char a[40], b[40];
    size_t n = (size_t)round % sizeof a, first = SIZE_MAX, from = seed % 5;
    bool alike = true;
    for (size_t i = 0; i < n; i++) {
      seed = seed * 1664525 + 1013904223;
      unsigned number = seed >> 16;
      a[i] = number % 8 ? 'x' : bytes[number / 8 % (sizeof bytes - 1)];
      b[i] = (char)(number % 7 ? a[i] : a[i] ^ 0x20);
      bool letter = (a[i] | 0x20) >= 'a' && (a[i] | 0x20) <= 'z';
      alike = alike && (a[i] == b[i] || letter);
      if (first == SIZE_MAX && i >= from && ((unsigned char)a[i] < 0x20 || a[i] == 0x7f)) first = i;
    }
    if (str_same_nocase(a, b, n) != alike) fail_msg("%.*s and %.*s", (int)n, a, (int)n, b);
    assert_int_equal(str_find_control((struct str){a, n}, from), first);
  }
}

static void strings(void **state) {
  (void)state;
  struct str rest = STR("a,,b");
  assert_text(str_take(&rest, ','), "a");
  assert_text(str_take(&rest, ','), "");
  assert_text(str_take(&rest, ','), "b");
  assert_null(rest.p);
  assert_true(str_eq_nocase(STR("Content-TYPE"), STR("content-type")));
  assert_false(str_eq_nocase(STR("a_b"), STR("a-b")));
  assert_text(str_trim(STR(" \t x y\r\n")), "x y");
  assert_int_equal(str_find(STR("abcabd"), STR("abd")), 3);
  assert_true(str_find(STR("ab"), STR("abc")) == SIZE_MAX);
  assert_true(str_ends(STR_NONE, STR("")) && str_ends(STR("abc"), STR("bc")) && !str_ends(STR("c"), STR("bc")));
  assert_int_equal(str_cmp(STR("a"), STR("ab")), -1);
  assert_text(str_slice(STR("abc"), 2, 9), "c");
  struct str list[] = {STR("b"), STR("a"), STR("b"), STR("ab"), STR("a")};
  assert_int_equal(str_sorted_set(list, 5), 3);
  assert_text(list[0], "a");
  assert_text(list[1], "ab");
  assert_text(list[2], "b");
  assert_int_equal(str_sorted_set(NULL, 0), 0);
  assert_true(str_sorted_has(list, 3, STR("a")) && str_sorted_has(list, 3, STR("b")) && !str_sorted_has(list, 3, STR("c")));
  assert_false(str_sorted_has(NULL, 0, STR("a")));
}

static void numbers(void **state) {
  (void)state;
  static const char *const bad[] = {"", "-", "+1", "1a", " 1", "18446744073709551616", "--1"};
  uint64_t u = 7;
  int64_t i = 7;
  for (size_t k = 0; k < sizeof bad / sizeof *bad; k++) {
    assert_false(str_to_u64(str_of(bad[k]), &u));
    assert_false(str_to_i64(str_of(bad[k]), &i));
  }
  assert_int_equal(u, 7);
  assert_true(str_to_u64(STR("18446744073709551615"), &u) && u == UINT64_MAX);
  assert_true(str_to_i64(STR("-9223372036854775808"), &i) && i == INT64_MIN);
  assert_false(str_to_i64(STR("9223372036854775808"), &i));
}

static void count_up(void *payload) {
  ++*(int *)payload;
}

static void arenas(void **state) {
  (void)state;
  int freed = 0;
  struct arena *arena = arena_new();
  arena_on_free(arena, count_up, &freed);
  char *last = NULL;
  for (size_t n = 0; n < 3000; n++) {
    char *p = arena_alloc(arena, n % 97 ? n % 97 : 200000);
    assert_int_equal((uintptr_t)p % 16, 0);
    assert_int_equal(p[0], 0);
    p[0] = 1;
    assert_ptr_not_equal(p, last);
    last = p;
  }
  assert_text(arena_printf(arena, "%d-%s", 5, "x"), "5-x");
  assert_text(arena_lower(arena, STR("AbC")), "abc");
  assert_string_equal(arena_cstr(arena, str_slice(STR("abcdef"), 0, 3)), "abc");
  arena_free(arena);
  assert_int_equal(freed, 1);
}

static void texts_in_one_piece(void **state) {
  (void)state;
  struct arena *arena = arena_new();
  assert_text(arena_concat(arena, STR("a"), STR_NONE, STR(""), STR("bc")), "abc");
  assert_string_equal(arena_concat(arena, STR("x"), STR("y")).p, "xy");
  arena_free(arena);
}

/* An arena of a pool starts as a new one does, whatever the one before it held. */
static void arenas_of_a_pool(void **state) {
  (void)state;
  enum { KEPT = 3, FIRST = 512 };
  struct arena_pool *pool = arena_pool_new(FIRST, KEPT);
  int freed = 0;
  for (int round = 0; round < 50; round++) {
    struct arena *arenas[KEPT + 2];
    for (size_t i = 0; i < KEPT + 2; i++) {
      arenas[i] = arena_new_of(pool);
      arena_on_free(arenas[i], count_up, &freed);
      for (int k = 0; k < round; k++) {
        unsigned char *p = arena_alloc(arenas[i], 100);
        for (size_t n = 0; n < 100; n++) assert_int_equal(p[n], 0);
        memset(p, 0xab, 100);
      }
      memset(arena_alloc(arenas[i], 5000), 0xab, 5000);
    }
    for (size_t i = 0; i < KEPT + 2; i++) arena_free(arenas[i]);
  }
  assert_int_equal(freed, 50 * (KEPT + 2));
  arena_pool_free(pool);
}

static void buffers_have_a_maximum(void **state) {
  (void)state;
  struct buf buf = BUF_INIT(5);
  assert_true(buf_add(&buf, STR("abc")));
  assert_false(buf_add(&buf, STR("def")));
  assert_true(buf.full);
  assert_text(buf_str(&buf), "abc");
  assert_false(buf_add(&buf, STR("d")));
  buf_clear(&buf);
  assert_true(buf_printf(&buf, "%05d", 42));
  buf_drop(&buf, 3);
  assert_text(buf_str(&buf), "42");
  buf_free(&buf);
}

static void buffers_grow_up_to_it_byte_by_byte(void **state) {
  (void)state;
  for (size_t max = 0; max < 200; max++) {
    struct buf buf = BUF_INIT(max);
    for (size_t n = 0; n < max; n++) assert_true(buf_add_char(&buf, 'x'));
    assert_true(buf_add(&buf, STR_NONE));
    assert_false(buf_add_char(&buf, 'x'));
    assert_int_equal(buf.n, max);
    assert_false(buf_add(&buf, STR_NONE)); /* full stays */
    buf_free(&buf);
  }
}

static void buffers_take_numbers(void **state) {
  (void)state;
  static const int64_t numbers[] = {0, 7, -1, 10, -1000, INT64_MAX, INT64_MIN};
  for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
    struct buf buf = BUF_INIT(64);
    char want[32];
    (void)snprintf(want, sizeof want, "%lld", (long long)numbers[i]);
    assert_true(buf_add_int(&buf, numbers[i]));
    assert_text(buf_str(&buf), want);
    buf_free(&buf);
  }
}

static void maps_against_a_list(void **state) {
  (void)state;
  enum { KEYS = 300, ROUNDS = 20000 };
  char keys[KEYS][8];
  int values[KEYS] = {0}, there[KEYS] = {0};
  size_t count = 0;
  struct map map = {0};
  uint32_t seed = 99;
  for (int k = 0; k < KEYS; k++) (void)snprintf(keys[k], sizeof keys[k], "k%d", k);
  for (int round = 0; round < ROUNDS; round++) {
    seed = seed * 1664525 + 1013904223;
    int k = (int)((seed >> 16) % KEYS);
    if (seed >> 31) {
      void *old = map_put(&map, str_of(keys[k]), &values[k]);
      assert_int_equal(old != NULL, there[k]);
      count += !there[k];
      there[k] = 1;
    } else {
      void *old = map_delete(&map, str_of(keys[k]));
      assert_int_equal(old != NULL, there[k]);
      count -= (size_t)there[k];
      there[k] = 0;
    }
    assert_int_equal(map.count, count);
  }
  size_t seen = 0;
  for (struct map_entry *e = map_first(&map); e; e = map_next(&map, e)) seen++;
  assert_int_equal(seen, count);
  for (int k = 0; k < KEYS; k++) assert_int_equal(map_get(&map, str_of(keys[k])) != NULL, there[k]);
  map_free(&map);
}

static void a_deleted_key_may_be_freed(void **state) {
  (void)state;
  struct map map = {0};
  int value;
  char *key = mem_printf("short-lived");
  assert_null(map_put(&map, str_of(key), &value));
  assert_ptr_equal(map_delete(&map, str_of(key)), &value);
  free(key);
  for (int i = 0; i < 100; i++) assert_null(map_get(&map, STR("short-lived")));
  map_free(&map);
}

static size_t compared;

static int cmp_numbers(const void *a, const void *b) {
  compared++;
  return *(const int *)a - *(const int *)b;
}

/* In the worst order, and the work grows with n log n: thousands of decisions are undone at once. */
static void first_missing(void **state) {
  enum { COUNT = 5000, LOG = 13 };
  static int list[COUNT], from[COUNT];
  (void)state;
  for (int i = 0; i < COUNT; i++) list[i] = from[COUNT - 1 - i] = i;
  assert_null(vec_first_missing(list, COUNT, from, COUNT, sizeof *list, cmp_numbers));
  assert_in_range(compared, COUNT, 2 * COUNT * LOG);
  from[7] = -1;
  assert_ptr_equal(vec_first_missing(list, COUNT, from, COUNT, sizeof *list, cmp_numbers), &list[COUNT - 1 - 7]);
  assert_ptr_equal(vec_first_missing(list, COUNT, NULL, 0, sizeof *list, cmp_numbers), list);
  assert_null(vec_first_missing(NULL, 0, from, COUNT, sizeof *list, cmp_numbers));
}

static void vectors(void **state) {
  (void)state;
  VEC(int) v = {0};
  for (int i = 0; i < 1000; i++) VEC_PUSH(&v, i);
  assert_int_equal(v.n, 1000);
  assert_int_equal(v.p[999], 999);
  VEC_FREE(&v);
  assert_null(v.p);
}

static void times(void **state) {
  (void)state;
  static const struct {
    const char *text;
    int64_t ms;
    const char *back;
  } rows[] = {
      {"1970-01-01T00:00:00Z", 0, "1970-01-01T00:00:00Z"},
      {"2026-11-24T09:30:00.250Z", 1795512600250, "2026-11-24T09:30:00.250Z"},
      {"2024-02-29T23:59:59+02:00", 1709243999000, "2024-02-29T21:59:59Z"},
      {"2021-06-01T10:00:00.000+0000", 1622541600000, "2021-06-01T10:00:00Z"},
      {"1969-12-31T23:59:59.500Z", -500, "1969-12-31T23:59:59.500Z"},
      {"2021-06-01T10:00:00", 1622541600000, "2021-06-01T10:00:00Z"},
  };
  static const char *const bad[] = {"",
                                    "2021-13-01T00:00:00Z",
                                    "2021-06-01",
                                    "2021-06-01T24:00:00Z",
                                    "2021-06-01T10:00:00.Z",
                                    "2021-06-01T10:00:00Zx",
                                    "2021-6-1T10:00:00Z"};
  char text[CLOCK_TEXT_SIZE];
  int64_t ms = 3;
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    assert_true(clock_parse(str_of(rows[i].text), &ms));
    assert_int_equal(ms, rows[i].ms);
    assert_string_equal(clock_format(ms, text), rows[i].back);
  }
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) assert_false(clock_parse(str_of(bad[i]), &ms));
  for (int64_t at = -62167219200000; at <= 253402300799999; at += 86399993501) { /* years 0 to 9999, some 3,650 times of day */
    assert_true(clock_parse(str_of(clock_format(at, text)), &ms));
    assert_true(ms == at);
  }
}

static void http_times(void **state) {
  (void)state;
  static const char *const same[] = {"Tue, 24 Nov 2026 09:30:00 GMT", "Tue, 24-Nov-2026 09:30:00 GMT", "Tuesday, 24-Nov-26 09:30:00 GMT"};
  static const char *const bad[] = {"",
                                    "24 Nov 2026 09:30:00",
                                    "Tue, 24 Foo 2026 09:30:00 GMT",
                                    "Tue, 24 Nov 2026 25:30:00 GMT",
                                    "3600",
                                    "Tue, 24 Nov 2026 09:30:00 GMT and far too much behind it"};
  int64_t ms;
  for (size_t i = 0; i < sizeof same / sizeof *same; i++) {
    assert_true(clock_parse_http(str_of(same[i]), &ms));
    assert_int_equal(ms, 1795512600000);
  }
  assert_true(clock_parse_http(STR("Thu, 01 Jan 1970 00:00:10 GMT"), &ms));
  assert_int_equal(ms, 10000);
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) assert_false(clock_parse_http(str_of(bad[i]), &ms));
}

static void errors(void **state) {
  (void)state;
  struct error error = {0};
  char many[2000];
  memset(many, 'x', sizeof many - 1);
  many[sizeof many - 1] = '\0';
  memcpy(many + 509, "\xe2\x82\xac", 3);
  assert_int_equal(error_set(&error, ERROR_policy, "%s", many), -1);
  assert_true(utf8_valid(str_of(error.message)));
  assert_string_equal(error_name(error.code), "policy");
  assert_int_equal(error_http_status(ERROR_loop), 508);
  assert_int_equal(error_exit_code(ERROR_server_unreachable), 3);
  assert_int_equal(error_name_server(&error, STR("target")), -1);
  (void)error_name_server(&error, STR("source")); /* by who asked it when it failed: it is nearer to the first */
  assert_string_equal(error.server, "target");
  (void)error_set(&error, ERROR_input, "bad value");
  (void)error_context(&error, "file %s", "a.json");
  assert_string_equal(error.message, "file a.json: bad value");
  assert_int_equal(error.code, ERROR_input);
  (void)error_set(&error, ERROR_upstream_error, "two\r\nlines\x7f");
  assert_string_equal(error.message, "two  lines ");
}

static void json_reads_back(void **state) {
  (void)state;
  struct buf buf = BUF_INIT(4096);
  struct json_out out = JSON_OUT_INIT(&buf);
  json_out_object(&out);
  json_out_member_str(&out, "text", STR("a\"b\\\n\x01</script>\xc3\xa9\xff"));
  json_out_member_int(&out, "int", INT64_MIN + 1);
  json_out_member_number(&out, "third", 1.0 / 3);
  json_out_member_array(&out, "list");
  json_out_bool(&out, true);
  json_out_null(&out);
  json_out_object(&out);
  json_out_end(&out);
  json_out_end(&out);
  json_out_member_str(&out, "none", STR_NONE);
  json_out_end(&out);
  assert_false(buf.full);
  assert_null(strstr(buf.p, "</"));
  json_error_t why;
  json_t *back = json_loadb(buf.p, buf.n, 0, &why);
  assert_non_null(back);
  assert_string_equal(json_string_value(json_object_get(back, "text")), "a\"b\\\n\x01</script>\xc3\xa9\xef\xbf\xbd");
  assert_true(json_integer_value(json_object_get(back, "int")) == INT64_MIN + 1);
  assert_true(json_real_value(json_object_get(back, "third")) == 1.0 / 3);
  assert_int_equal(json_array_size(json_object_get(back, "list")), 3);
  assert_true(json_is_null(json_object_get(back, "none")));
  json_decref(back);
  buf_free(&buf);
}

static void text_of_all_scripts(void **state) {
  (void)state;
  struct arena *arena = arena_new();
  assert_true(utf8_valid(STR("a\xc3\xa9\xef\xbf\xbd\xf0\x9f\x98\x80")));
  assert_false(utf8_valid(STR("\xed\xa0\x80")));
  assert_false(utf8_valid(STR("\xc3")));
  assert_false(utf8_valid(STR("\xf5\x80\x80\x80")));
  assert_text(utf8_fold(arena, STR("\xc3\x89"
                                   "COLE \xef\xac\x81n")),
              "\xc3\xa9"
              "cole fin");
  assert_text(utf8_fold(arena, STR("a\xff")), "a\xef\xbf\xbd");
  assert_int_equal(utf8_boundary(STR("a\xc3\xa9"), 2), 1);
  arena_free(arena);
}

/* C1 too: U+009B alone is what ESC [ is, to a terminal. */
static void nothing_moves_the_cursor(void **state) {
  (void)state;
  struct buf plain = BUF_INIT(100);
  struct error error = {0};
  utf8_add_plain(&plain, STR("a\x1b[2J\n\xc2\x9b"
                             "2J\x7f\x9b\xc3\xa9\xef\xbf\xbd"));
  assert_text(buf_str(&plain), "a?[2J??2J??\xc3\xa9\xef\xbf\xbd");
  buf_free(&plain);
  (void)error_set(&error, ERROR_input, "the server says %s",
                  "a\r\n\xc2\x9b"
                  "2J\xc3\xa9");
  assert_string_equal(error.message, "the server says a    2J\xc3\xa9");
}

static void markup_is_four_letters(void **state) {
  (void)state;
  static const char letters[] = "&<>\"", *const wanted[] = {"&amp;", "&lt;", "&gt;", "&quot;"};
  for (int c = 0; c < 256; c++) {
    const char *at = c ? strchr(letters, c) : NULL;
    assert_true(str_eq(markup_of((char)c), at ? str_of(wanted[at - letters]) : STR("")));
  }
}

static void said_is(const struct error *error, const char *wanted) {
  struct buf buf = BUF_INIT(4096);
  struct json_out out = JSON_OUT_INIT(&buf);
  json_out_object(&out);
  error_said_write(error, &out);
  json_out_end(&out);
  assert_true(str_eq(buf_str(&buf), str_of(wanted)));
  buf_free(&buf);
}

/* What is a value in a message and what is not, so that it can be said in another language. */
static void errors_in_parts(void **state) {
  (void)state;
  struct error error = {0};
  said_is(&error, "{}");
  (void)error_set(&error, ERROR_input, "the sign is + or -, not 7%%");
  said_is(&error, "{\"said\":[{\"text\":\"the sign is + or -, not 7%\",\"values\":[]}]}");
  (void)error_set(&error, ERROR_input, "%zu of %-3s%.*s", (size_t)3, "a", STR_ARG(STR("bcd")));
  assert_string_equal(error.message, "3 of a  bcd");
  said_is(&error, "{\"said\":[{\"text\":\"{1} of {2}{3}\",\"values\":[\"3\",\"a  \",\"bcd\"]}]}");
  (void)error_context(&error, "line %d", 12);
  (void)error_context(&error, "a.csv");
  assert_string_equal(error.message, "a.csv: line 12: 3 of a  bcd");
  said_is(&error, "{\"said\":[{\"text\":\"a.csv\",\"values\":[]},{\"text\":\"line {1}\",\"values\":[\"12\"]},{\"text\":\"{1} of {2}{3}\","
                  "\"values\":[\"3\",\"a  \",\"bcd\"]}]}");
  (void)error_set(&error, ERROR_input, "%s", "as it is"); /* a lone conversion is the text itself */
  said_is(&error, "{\"said\":[{\"text\":\"as it is\",\"values\":[]}]}");
  (void)error_set(&error, ERROR_input, "name '%s'", "a\x02z\x01"); /* the signs that are used inside */
  assert_string_equal(error.message, "name 'a z '");
  said_is(&error, "{\"said\":[{\"text\":\"name 'a z '\",\"values\":[]}]}");
  char long_text[600];
  memset(long_text, 'x', sizeof long_text - 1);
  long_text[sizeof long_text - 1] = '\0';
  (void)error_set(&error, ERROR_input, "name '%s' %d", long_text, 1); /* cut: the last value is lost */
  assert_int_equal(error.hole_count, 0);
  (void)error_context(&error, "line %d", 1);
  assert_int_equal(error.hole_count, 0);
  (void)error_set(&error, ERROR_input, "%d%d%d%d%d%d%d%d%d", 1, 2, 3, 4, 5, 6, 7, 8, 9);
  assert_string_equal(error.message, "123456789");
  assert_int_equal(error.hole_count, 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(markup_is_four_letters),
      cmocka_unit_test(strings_of_all_lengths),
      cmocka_unit_test(strings),
      cmocka_unit_test(numbers),
      cmocka_unit_test(arenas),
      cmocka_unit_test(texts_in_one_piece),
      cmocka_unit_test(arenas_of_a_pool),
      cmocka_unit_test(buffers_have_a_maximum),
      cmocka_unit_test(buffers_grow_up_to_it_byte_by_byte),
      cmocka_unit_test(buffers_take_numbers),
      cmocka_unit_test(maps_against_a_list),
      cmocka_unit_test(a_deleted_key_may_be_freed),
      cmocka_unit_test(vectors),
      cmocka_unit_test(first_missing),
      cmocka_unit_test(times),
      cmocka_unit_test(http_times),
      cmocka_unit_test(errors),
      cmocka_unit_test(errors_in_parts),
      cmocka_unit_test(json_reads_back),
      cmocka_unit_test(text_of_all_scripts),
      cmocka_unit_test(nothing_moves_the_cursor),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}

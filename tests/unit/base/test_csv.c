/* Comma-separated text: the same rows however the bytes are cut, refusals with their line, and a round trip. */
#include "base/csv.h"
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static int note_row(void *payload, const struct str *fields, size_t count, uint64_t line, struct error *error) {
  struct buf *out = payload;
  (void)error;
  buf_printf(out, "%llu:", (unsigned long long)line);
  for (size_t i = 0; i < count; i++) buf_printf(out, "[%.*s]", STR_ARG(fields[i]));
  buf_add_char(out, ';');
  return 0;
}

/* Reads in pieces of `piece` bytes; `out` gets the rows, or the error. */
static void read_in(struct str text, size_t piece, struct buf *out) {
  struct error error = {0};
  struct csv_reader *reader = csv_reader_new(64, note_row, out);
  int result = 0;
  for (size_t at = 0; at < text.n && result == 0; at += piece) result = csv_reader_feed(reader, str_slice(text, at, at + piece), &error);
  if (result == 0) result = csv_reader_finish(reader, &error);
  if (result) buf_printf(out, "!%s", error.message);
  csv_reader_free(reader);
}

static void rows(void **state) {
  (void)state;
  static const struct {
    const char *text, *want;
  } cases[] = {
      {"a,b\r\nc,d\r\n", "1:[a][b];2:[c][d];"},
      {"a,b\nc,d", "1:[a][b];2:[c][d];"},
      {"\xEF\xBB\xBF"
       "a\n",
       "1:[a];"},
      {"a,\n,\n", "1:[a][];2:[][];"},
      {"\n\na\n\r\nb\n", "3:[a];5:[b];"},
      {"\"a,\"\"b\"\"\",c\n", "1:[a,\"b\"][c];"},
      {"\"two\nlines\",x\ny\n", "1:[two\nlines][x];3:[y];"},
      {"\"\"\n", "1:[];"},
      {"", ""},
      {"a\"b\n", "!line 1: a quote inside a field that has no quotes around it"},
      {"\"a\"b\n", "!line 1: text behind a closing quote"},
      {"x\n\"a", "1:[x];!line 2: the text ends inside quotes"},
      {"a\rb", "1:[a];!line 1: a carriage return without a line feed"},
      {"a\xff\n", "!line 1: the text is not UTF-8"},
      {"a,\xDE,\x9C\n", "!line 1: the text is not UTF-8"}, /* a character with a comma in it */
      {"\xEF\xBB", "!line 1: the text is not UTF-8"},
      {"0123456789012345678901234567890123456789012345678901234567890123456789\n", "!line 1: the row is too long"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
    for (size_t piece = 1; piece < 80; piece++) {
      struct buf out = BUF_INIT(4096);
      read_in(str_of(cases[i].text), piece, &out);
      assert_string_equal(out.p ? out.p : "", cases[i].want);
      buf_free(&out);
    }
}

static int same_row(void *payload, const struct str *fields, size_t count, uint64_t line, struct error *error) {
  const struct str *want = payload;
  (void)line, (void)error;
  assert_int_equal(count, 4);
  for (size_t i = 0; i < count; i++) assert_true(str_eq(fields[i], want[i]));
  return 0;
}

static void round_trip(void **state) {
  (void)state;
  const struct str row[] = {STR(" a"), STR("b\"\r\nc"), STR(""), STR("d,e")};
  struct buf out = BUF_INIT(4096);
  struct error error = {0};
  csv_add_row(&out, row, 4);
  assert_string_equal(out.p, "\" a\",\"b\"\"\r\nc\",,\"d,e\"\r\n");
  struct csv_reader *reader = csv_reader_new(0, same_row, (void *)(uintptr_t)row);
  assert_int_equal(csv_reader_feed(reader, buf_str(&out), &error), 0);
  assert_int_equal(csv_reader_finish(reader, &error), 0);
  csv_reader_free(reader);
  buf_free(&out);
}

static void columns(void **state) {
  (void)state;
  const struct str header[] = {STR("DataElement"), STR(" value "), STR("x")}, wanted[] = {STR("value"), STR("dataelement"), STR("none")};
  size_t at[3];
  csv_columns(header, 3, wanted, 3, at);
  assert_true(at[0] == 1 && at[1] == 0 && at[2] == SIZE_MAX);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(rows), cmocka_unit_test(round_trip), cmocka_unit_test(columns)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Events do not depend on where chunks are cut; what RFC 8259 does not allow is refused; jansson is the second opinion. */
#include "base/buf.h"
#include "base/json_stream.h"
#include "base/utf8.h"
#include <jansson.h>
#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

static int note(void *payload, enum json_event event, struct str text, struct error *error) {
  static const char letters[] = "{}[]ksn+-0";
  (void)error;
  (void)buf_printf(payload, "%c%.*s|", letters[event], STR_ARG(text));
  return 0;
}

static unsigned objects;                  /* that came in one piece */
static struct str names_of[JSON_MEMBERS]; /* what a number stands for at its place */
static uint64_t numbers_of[JSON_MEMBERS];

/* What its events would have been; some are let pass, and come by their events. */
static int note_object(void *payload, const struct json_member *members, size_t count, struct error *error) {
  static unsigned offered;
  if (++offered % 5 == 0) return 0;
  objects++;
  (void)note(payload, JSON_EVENT_OBJECT, STR_NONE, error);
  for (size_t i = 0; i < count; i++) {
    if (members[i].name_number == numbers_of[i]) assert_true(str_eq(members[i].name, names_of[i]));
    numbers_of[i] = members[i].name_number;
    names_of[i] = members[i].name;
    assert_int_equal(members[i].text.p != NULL, members[i].event == JSON_EVENT_STRING);
    (void)note(payload, JSON_EVENT_KEY, members[i].name, error);
    (void)note(payload, members[i].event, members[i].text, error);
  }
  (void)note(payload, JSON_EVENT_OBJECT_END, STR_NONE, error);
  return 1;
}

static int read_in(struct str text, size_t chunk, struct buf *events, struct error *error) {
  struct json_stream *stream = json_stream_new((struct json_limits){0}, note, events);
  memset(numbers_of, 0, sizeof numbers_of);
  json_stream_objects(stream, note_object);
  int result = 0;
  for (size_t at = 0; at < text.n && result == 0; at += chunk) result = json_stream_feed(stream, str_slice(text, at, at + chunk), error);
  if (result == 0) result = json_stream_finish(stream, error);
  json_stream_free(stream);
  return result;
}

static const char *const good[] = {
    "{}",
    "[]",
    " [ ] ",
    "0",
    "-0",
    "1e5",
    "-12.50E+10",
    "\"\"",
    "true",
    "null",
    "\"\\u0041\\n\\/\"",
    "\"\\ud83d\\ude00\"",
    "{\"a\":[1,2,{\"b\":null}],\"\xc3\xa9\":\"\xe2\x82\xac\"}",
    "[false,\"x\\\\y\",0.1]",
    "[[[[]]]]",
    "[{\"a\":\"1\",\"b\":null},{\"a\":\"2\",\"b\":true},{\"a\":\"\",\"c\":false},{\"a\":\"3\",\"b\":\"\"},{\"b\":\"4\",\"a\":\"5\"},{}]",
    "[{\"name\":\"x\"},{\"name\" :\"x\"},{\"name\": \"x\"},{\"name\":\"x\" "
    "},{\"nam\\u0065\":\"x\"},{\"name\":1},{\"name\":[]},{\"name\":{\"name\":\"x\"}},{\"name\":\"\\\"\"}"
    ",{\"name\":\"x\",\"name\":\"x\"},{\"names\":\"x\"},{\"\":\"x\"},{\"\xc3\xa9\":\"\xe2\x82\xac\"},{\"\xc3\xa9\":\"\xe2\x82\xac\"}]",
    "[{\"a name that is longer than those that are known again\":\"x\"},{\"a name that is longer than those that are known again\":\"x\"},"
    "{\"1\":\"\",\"2\":\"\",\"3\":\"\",\"4\":\"\",\"5\":\"\",\"6\":\"\",\"7\":\"\",\"8\":\"\",\"9\":\"\",\"10\":\"\",\"11\":\"\",\"12\":"
    "\"\",\"13\":\"\",\"14\":\"\",\"15\":\"\",\"16\":\"\"},"
    "{\"1\":\"\",\"2\":\"\",\"3\":\"\",\"4\":\"\",\"5\":\"\",\"6\":\"\",\"7\":\"\",\"8\":\"\",\"9\":\"\",\"10\":\"\",\"11\":\"\",\"12\":"
    "\"\",\"13\":\"\",\"14\":\"\",\"15\":\"\",\"16\":\"\",\"17\":\"\"}]",
    "{\"a\":{\"b\":\"c\"},\"d\":[{\"b\":\"c\"},{\"b\":\"c\"}]}",
    "{\"dataElement\":\"fbfJHSPpUQD\",\"comment\":null,\"followup\":false , \"a longer text, not ASCII: \xe2\x82\xac\": "
    "[\"\xc3\xa9t\xc3\xa9 \\\" quoted\", true,false,null,1.5,\"\"],\n \"n\":0}",
};

static const char *const bad[] = {
    "",
    " ",
    "{",
    "[1,]",
    "{\"a\":1,}",
    "{,}",
    "01",
    "1.",
    ".5",
    "+1",
    "-",
    "1e",
    "nul",
    "truex",
    "\"a",
    "\"\\x\"",
    "\"\\u12g4\"",
    "\"\\ud83d\"",
    "\"\\ude00\"",
    "\"\\ud83dx\"",
    "\"\x01\"",
    "\"\xff\"",
    "\"\xc0\xaf\"",
    "\"\xed\xa0\x80\"",
    "[1 2]",
    "{\"a\" 1}",
    "{1:2}",
    "1 2",
    "\xef\xbb\xbf{}",
    "[1]x",
    "'a'",
    "NaN",
    "--1",
    "1.e5",
    "-\n",
    "[-]",
    "[1.]",
    "[1e]",
    "[1e+]",
    "[{\"a\":\"b\"}{\"a\":\"b\"}]",
    "[{\"a\":\"b\"},{\"a\":\"b\",}]",
    "[{\"a\":\"b\"},{\"a\":truex}]",
    "[{\"a\":\"b\"},{\"a\":\"b\",\"c\"}]",
    "[{\"a\":\"b\"},{\"a\":\"\xff\"}]",
    "[{\"a\":\"b\"},{\"a\":\"b\"]",
    "[{\"a\\\":\\\"b\":\"c\"},{\"a\":\"b\":\"c\"}]",
    "1. ",
    "1e+ ",
    "1-",
    "1+2",
};

static void cuts_change_nothing(void **state) {
  (void)state;
  objects = 0;
  for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
    struct buf whole = BUF_INIT(4096), parts = BUF_INIT(4096);
    struct error error = {0};
    assert_int_equal(read_in(str_of(good[i]), 4096, &whole, &error), 0);
    for (size_t chunk = 1; chunk < 120; chunk += 1 + chunk / 8) {
      buf_clear(&parts);
      assert_int_equal(read_in(str_of(good[i]), chunk, &parts, &error), 0);
      assert_true(str_eq(buf_str(&whole), buf_str(&parts)));
    }
    buf_free(&whole);
    buf_free(&parts);
  }
  assert_true(objects >= 25);
}

static void what_is_not_json_is_refused(void **state) {
  (void)state;
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
    for (size_t chunk = 1; chunk < 12; chunk += 5) {
      struct buf events = BUF_INIT(4096);
      struct error error = {0};
      if (read_in(str_of(bad[i]), chunk, &events, &error) != -1) fail_msg("accepted: %s", bad[i]);
      assert_int_equal(error.code, ERROR_input);
      buf_free(&events);
    }
}

/* Texts are read eight bytes at a time where nothing ends them: what ends them counts at every place, and every byte is judged as jansson judges it. */
static void every_byte_at_every_place(void **state) {
  (void)state;
  for (size_t n = 1; n <= 20; n++)
    for (size_t at = 0; at < n; at++)
      for (unsigned byte = 1; byte < 256; byte++) {
        char text[24], inside[64];
        struct buf events = BUF_INIT(4096);
        struct error error = {0};
        memset(text, 'a' + (int)(at % 3), sizeof text);
        text[0] = text[n + 1] = '"';
        text[at + 1] = (char)byte;
        json_t *said = json_loadb(text, n + 2, JSON_DECODE_ANY, NULL);
        assert_int_equal(read_in((struct str){text, n + 2}, n + 2, &events, &error), said ? 0 : -1);
        if (said) assert_int_equal(events.n, json_string_length(said) + 2);
        int m = snprintf(inside, sizeof inside, "[%.*s,\n%.*s]", (int)n + 2, text, (int)n + 2,
                         text); /* a shorter way is gone inside of something */
        buf_clear(&events);
        struct error elsewhere = {0};
        assert_int_equal(read_in((struct str){inside, (size_t)m}, (size_t)m, &events, &error), said ? 0 : -1);
        if (said) assert_int_equal(events.n, 2 * (json_string_length(said) + 2) + 4);
        if (!said && read_in((struct str){inside, (size_t)m}, 1, &events, &elsewhere))
          assert_string_equal(error.message, elsewhere.message);
        json_decref(said);
        buf_free(&events);
      }
}

/* Random small documents, right and wrong: both readers agree whether it is JSON. */
static void agrees_with_jansson(void **state) {
  (void)state;
  static const char *const pieces[] = {"{", "}",    "[",    "]",    ",", ":",           "\"a\"", "\"b\\n\"",
                                       "1", "-2.5", "true", "null", " ", "\"\\u00e9\"", "0",     "x"};
  uint32_t seed = 12345;
  size_t accepted = 0;
  for (int round = 0; round < 60000; round++) {
    struct buf text = BUF_INIT(512), events = BUF_INIT(4096);
    struct error error = {0};
    seed = seed * 1664525 + 1013904223;
    unsigned count = 1 + (seed >> 24) % 7;
    for (unsigned i = 0; i < count; i++) {
      seed = seed * 1664525 + 1013904223;
      (void)buf_add(&text, str_of(pieces[(seed >> 20) % (sizeof pieces / sizeof *pieces)]));
    }
    json_error_t why;
    json_t *other = json_loadb(text.p, text.n, JSON_DECODE_ANY | JSON_ALLOW_NUL, &why);
    bool ours = read_in(buf_str(&text), 1 + seed % 40, &events, &error) == 0;
    if (ours != (other != NULL)) fail_msg("%s: ours %d, jansson %s", text.p, ours, other ? "accepts" : why.text);
    accepted += ours;
    json_decref(other);
    buf_free(&text);
    buf_free(&events);
  }
  assert_true(accepted > 1000);
}

static void limits_hold(void **state) {
  (void)state;
  struct error error = {0};
  struct buf deep = BUF_INIT(4096), events = BUF_INIT(65536);
  for (int i = 0; i < 65; i++) (void)buf_add_char(&deep, '[');
  assert_int_equal(read_in(buf_str(&deep), 10, &events, &error), -1);
  assert_non_null(strstr(error.message, "nested too deeply"));
  struct json_stream *stream = json_stream_new((struct json_limits){.text = 8}, note, &events);
  assert_int_equal(json_stream_feed(stream, STR("[\"12345678\""), &error), 0);
  assert_int_equal(json_stream_feed(stream, STR(",\"123456789\"]"), &error), -1);
  assert_non_null(strstr(error.message, "line 1, byte"));
  json_stream_free(stream);
  buf_free(&deep);
  buf_free(&events);
}

static int stop_at_key(void *payload, enum json_event event, struct str text, struct error *error) {
  (void)payload;
  return event == JSON_EVENT_KEY && str_eq(text, STR("stop")) ? error_set(error, ERROR_cancelled, "enough") : 0;
}

static void a_handler_can_stop(void **state) {
  (void)state;
  struct error error = {0};
  struct json_stream *stream = json_stream_new((struct json_limits){0}, stop_at_key, NULL);
  assert_int_equal(json_stream_feed(stream, STR("{\"a\":1,\"stop\":2"), &error), -1);
  assert_int_equal(error.code, ERROR_cancelled);
  assert_int_equal(json_stream_feed(stream, STR("}"), &error), -1);
  assert_int_equal(json_stream_finish(stream, &error), -1);
  json_stream_free(stream);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(cuts_change_nothing), cmocka_unit_test(what_is_not_json_is_refused), cmocka_unit_test(agrees_with_jansson),
      cmocka_unit_test(limits_hold),         cmocka_unit_test(a_handler_can_stop),          cmocka_unit_test(every_byte_at_every_place),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}

/* What the program says in other languages: tags, look-ups, values, sentences in parts. */
#include "base/error.h"
#include "base/json_out.h"
#include "base/texts.h"
#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#include "../with_arena.h"

static void tags(void **state) {
  static const struct {
    const char *tag;
    int language; /* -1: none */
  } each[] = {{"fr", LANGUAGE_FRENCH},
              {"FR-ca", LANGUAGE_FRENCH},
              {"pt_BR.UTF-8", LANGUAGE_PORTUGUESE},
              {"es", LANGUAGE_SPANISH},
              {"ar_EG@euro", LANGUAGE_ARABIC},
              {"en.UTF-8", LANGUAGE_ENGLISH},
              {"C", -1},
              {"POSIX", -1},
              {"", -1},
              {"fra", -1},
              {"f", -1},
              {"-fr", -1}};
  (void)state;
  for (size_t i = 0; i < sizeof each / sizeof *each; i++) {
    enum language language = LANGUAGES;
    assert_int_equal(language_of(str_of(each[i].tag), &language), each[i].language >= 0);
    assert_int_equal(language, each[i].language >= 0 ? each[i].language : LANGUAGES);
  }
  assert_string_equal(language_tag(LANGUAGE_SPANISH), "es");
  assert_string_equal(language_direction(LANGUAGE_SPANISH), "ltr");
  assert_string_equal(language_direction(LANGUAGE_ARABIC), "rtl");
}

/* Every code has words in every language, and all of them are others than the English ones. */
static void titles_of_all_codes(void **state) {
  (void)state;
  for (unsigned code = ERROR_NONE + 1; code <= ERROR_cancelled; code++)
    for (unsigned language = LANGUAGE_ENGLISH; language < LANGUAGES; language++) {
      struct str english = str_of(error_title((enum error_code)code));
      assert_true(text_is_in((enum language)language, english));
      assert_true(str_eq(text_in((enum language)language, english), english) == (language == LANGUAGE_ENGLISH));
    }
}

static void what_is_not_there_stays(void **state) {
  (void)state;
  assert_false(text_is_in(LANGUAGE_FRENCH, STR("quite new")));
  assert_true(text_is_in(LANGUAGE_ENGLISH, STR("quite new")));
  assert_true(str_eq(text_in(LANGUAGE_FRENCH, STR("quite new")), STR("quite new")));
  assert_true(str_eq(text_in(LANGUAGE_FRENCH, STR_NONE), STR_NONE));
}

static void values_stand_in_their_places(void **state) {
  struct str values[] = {STR("policy"), STR("{1}"), STR("c")};
  (void)state;
  assert_true(str_eq(text_with(LANGUAGE_SPANISH, arena, STR("code {1}, request {2}"), values, 2), STR("código policy, solicitud {1}")));
  assert_true(str_eq(text_with(LANGUAGE_ENGLISH, arena, STR("{3} {4} {0} {x} {1"), values, 3), STR("c {4} {0} {x} {1")));
}

static struct str said(struct error *error) {
  struct buf text = BUF_INIT(4096);
  struct json_out out = JSON_OUT_INIT(&text);
  json_out_object(&out);
  error_said_write(error, &out);
  json_out_end(&out);
  struct str kept = arena_str(arena, buf_str(&text));
  buf_free(&text);
  return kept;
}

static void sentences(void **state) {
  struct error error = {0};
  struct str words = STR("untouched");
  (void)state;
  (void)error_set(&error, ERROR_input, "the mapping is larger than %d bytes", 7);
  assert_true(text_said(LANGUAGE_FRENCH, arena, said(&error), &words));
  assert_true(str_eq(words, STR("la correspondance dépasse 7 octets")));
  (void)error_context(&error, "%s", "a.json"); /* where it is */
  assert_true(text_said(LANGUAGE_FRENCH, arena, said(&error), &words));
  assert_true(str_eq(words, STR("a.json: la correspondance dépasse 7 octets")));
  (void)error_set(&error, ERROR_not_connected, "sign in to the server %s first", "ملاريا");
  assert_true(text_said(LANGUAGE_FRENCH, arena, said(&error), &words));
  assert_true(str_eq(words, STR("connectez-vous d’abord au serveur \u2068ملاريا\u2069"))); /* kept apart */
  words = STR("untouched");
  (void)error_set(&error, ERROR_input, "quite new %d", 7);
  assert_false(text_said(LANGUAGE_FRENCH, arena, said(&error), &words));
  static const char *const broken[] = {
      "", "{", "[]", "{\"said\":1}", "{\"said\":[]}", "{\"said\":[1,{}]}", "{\"said\":[{\"text\":7,\"values\":{}}]}"};
  for (size_t i = 0; i < sizeof broken / sizeof *broken; i++) assert_false(text_said(LANGUAGE_FRENCH, arena, str_of(broken[i]), &words));
  assert_true(str_eq(words, STR("untouched")));
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(tags), cmocka_unit_test(titles_of_all_codes),
                                     cmocka_unit_test(what_is_not_there_stays), cmocka_unit_test(values_stand_in_their_places),
                                     cmocka_unit_test(sentences)};
  return cmocka_run_group_tests(tests, setup, teardown);
}

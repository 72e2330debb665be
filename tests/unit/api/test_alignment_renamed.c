/* Names in another language, each out of its own side; all else as it was written. */
#include "api/alignment.h"
#include <jansson.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../metadata_of.h"
#include "../with_arena.h"

/* Both servers took the same shared metadata, and translated them each in their own way. */
#define SIDE(mark) \
  "{\"dataSets\":[{\"id\":\"dsMonthly00\",\"name\":\"Set\",\"periodType\":\"Monthly\",\"dataSetElements\":[{\"dataElement\":{\"id\":" \
  "\"deMalaria00\"}}]," \
  "\"translations\":[{\"locale\":\"fr\",\"property\":\"NAME\",\"value\":\"Ensemble " mark "\"}]}]," \
  "\"dataElements\":[{\"id\":\"deMalaria00\",\"name\":\"Malaria\",\"categoryCombo\":{\"id\":\"ccDefault00\"}," \
  "\"translations\":[{\"locale\":\"fr\",\"property\":\"NAME\",\"value\":\"Paludisme " mark "\"}," \
  "{\"locale\":\"pt_BR\",\"property\":\"NAME\",\"value\":\"Mal\\u00e1ria " mark "\"}]}]," \
  "\"categoryCombos\":[{\"id\":\"ccDefault00\",\"name\":\"default\",\"categoryOptionCombos\":[{\"id\":\"cocDefault0\",\"name\":" \
  "\"default\"}]}]}"

static struct alignment alignment(const char *locale) {
  return (struct alignment){.id = STR("a"),
                            .source = {.server = STR("s"), .metadata = metadata_of(arena, STR(SIDE("1"))), .locale = str_of(locale)},
                            .target = {.server = STR("t"), .metadata = metadata_of(arena, STR(SIDE("2"))), .locale = str_of(locale)}};
}

static void check(const char *locale, const char *before, const char *after) {
  struct buf out = BUF_INIT(65536);
  struct alignment one = alignment(locale);
  assert_true(alignment_renamed(&one, str_of(before), &out));
  assert_string_equal(out.p, after);
  buf_free(&out);
}

static void each_side_in_its_own_words(void **state) {
  (void)state;
  check("fr",
        "{\"source\":{\"id\":\"deMalaria00\",\"name\":\"Malaria\"},\"target\":{\"id\":\"deMalaria00\",\"name\":\"x\",\"lang\":\"ar\","
        "\"code\":\"M\"}}",
        "{\"source\":{\"id\":\"deMalaria00\",\"name\":\"Paludisme "
        "1\",\"lang\":\"fr\"},\"target\":{\"id\":\"deMalaria00\",\"name\":\"Paludisme 2\",\"lang\":"
        "\"fr\",\"code\":\"M\"}}");
  check("pt",
        "[{\"proposals\":[{\"target\":{\"id\":\"deMalaria00\",\"name\":\"x\",\"combo\":{\"id\":\"ccDefault00\",\"name\":\"y\",\"lang\":"
        "\"fr\"}},\"confidence\":0.934}],"
        "\"decision\":{\"targets\":[{\"id\":\"deMalaria00\",\"name\":\"x\"}],\"rejected\":[{\"id\":\"deMalaria00\",\"name\":\"x\"}]}}]",
        "[{\"proposals\":[{\"target\":{\"id\":\"deMalaria00\",\"name\":\"Mal\u00e1ria "
        "2\",\"lang\":\"pt-BR\",\"combo\":{\"id\":\"ccDefault00\",\"name\":\"default\"}},"
        "\"confidence\":0.934}],\"decision\":{\"targets\":[{\"id\":\"deMalaria00\",\"name\":\"Mal\u00e1ria "
        "2\",\"lang\":\"pt-BR\"}],\"rejected\":[{\"id\":"
        "\"deMalaria00\",\"name\":\"Mal\u00e1ria 2\",\"lang\":\"pt-BR\"}]}}]");
  check("en",
        "{\"target_elements\":[{\"id\":\"deMalaria00\",\"name\":\"Paludisme "
        "2\",\"lang\":\"fr\",\"code\":null}],\"source\":{\"data_set\":{\"id\":\"dsMonthly00\",\"name\":"
        "\"Ensemble 1\",\"lang\":\"fr\"}}}",
        "{\"target_elements\":[{\"id\":\"deMalaria00\",\"name\":\"Malaria\",\"code\":null}],\"source\":{\"data_set\":{\"id\":"
        "\"dsMonthly00\",\"name\":\"Set\"}}}");
}

/* Of what the sides do not hold any more, of what has no id, and whatever else is called so. */
static void what_is_no_name_stays(void **state) {
  (void)state;
  static const char *const each[] = {"{\"id\":\"deGone00000\",\"name\":\"x\",\"lang\":\"ar\"}",
                                     "{\"features\":[{\"name\":\"text\",\"contribution\":3.21}],\"name\":\"deMalaria00\",\"lang\":\"x\"}",
                                     "{\"id\":\"deMalaria00\",\"code\":\"M\",\"name\":\"x\"}",
                                     "{\"a\":[true,false,null,-1.50e3,\"\\u0001 \\\"\\\\\"],\"b\":{}}"};
  for (size_t i = 0; i < sizeof each / sizeof *each; i++) check("fr", each[i], each[i]);
}

static void what_is_no_state(void **state) {
  static const char *const broken[] = {"", "{", "{\"id\":\"deMalaria00\",\"name\"", "[}", "{} {}"};
  (void)state;
  struct alignment one = alignment("fr");
  for (size_t i = 0; i < sizeof broken / sizeof *broken; i++) {
    struct buf out = BUF_INIT(65536), small = BUF_INIT(8);
    assert_false(alignment_renamed(&one, str_of(broken[i]), &out));
    assert_false(alignment_renamed(&one, STR("{\"id\":\"deMalaria00\",\"name\":\"x\"}"), &small));
    buf_free(&out);
    buf_free(&small);
  }
}

static void names_that_are_picked_later(void **state) {
  static const struct {
    const char *locale, *name, *lang;
  } each[] = {{"fr", "Paludisme 1", "fr"}, {"pt", "Mal\u00e1ria 1", "pt-BR"}, {"en", "Malaria", NULL}, {"", "Malaria", NULL}};
  struct alignment one = alignment("fr");
  (void)state;
  for (size_t i = 0; i < sizeof each / sizeof *each; i++) {
    struct buf text = BUF_INIT(65536);
    struct json_out out = JSON_OUT_INIT(&text);
    json_out_object(&out);
    alignment_write_names(&out, &one.source.metadata->elements[0]->o);
    json_out_end(&out);
    json_t *root = json_loadb(text.p, text.n, JSON_REJECT_DUPLICATES, NULL), *object = json_pack("{s:s, s:s}", "name", "x", "lang", "ar");
    assert_non_null(root);
    alignment_pick_name(object, json_object_get(root, "names"), str_of(each[i].locale));
    assert_string_equal(json_string_value(json_object_get(object, "name")), each[i].name);
    assert_true(str_eq(str_of(json_string_value(json_object_get(object, "lang"))), str_of(each[i].lang)));
    json_decref(object);
    json_decref(root);
    buf_free(&text);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(each_side_in_its_own_words), cmocka_unit_test(what_is_no_name_stays),
                                     cmocka_unit_test(what_is_no_state), cmocka_unit_test(names_that_are_picked_later)};
  return cmocka_run_group_tests(tests, setup, teardown);
}

/* The state as the page reads it: what it tells of a cell that the target divides, and of periods of another type. */
#include "api/alignment.h"
#include <jansson.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../metadata_of.h"
#include "../with_arena.h"

#define ELEMENT(id, name, combo) "{\"id\":\"" id "\",\"name\":\"" name "\",\"categoryCombo\":{\"id\":\"" combo "\"}}"
#define SET(id, type, element) \
  "{\"id\":\"" id "\",\"name\":\"" id "\",\"periodType\":\"" type "\",\"dataSetElements\":[{\"dataElement\":{\"id\":\"" element "\"}}]}"
#define COC(id, name) "{\"id\":\"" id "\",\"name\":\"" name "\"}"
#define COMBO(id, cocs) "{\"id\":\"" id "\",\"name\":\"" id "\",\"categoryOptionCombos\":[" cocs "]}"

#define SOURCE \
  "{\"dataSets\":[" SET("dsMonthly00", "Monthly", "deMalaria00") "," SET( \
      "dsQuarter00", "Quarterly", \
      "deCholera00") "]," \
                     "\"dataElements\":[" ELEMENT("deMalaria00", "Malaria cases", "ccAge000000") "," ELEMENT( \
                         "deCholera00", "Cholera deaths", \
                         "ccAge000000") "]," \
                                        "\"categoryCombos\":[" COMBO("ccAge000000", \
                                                                     COC("cocUnder000", "0-4") "," COC("cocFive0000", "5-14")) "]}"
#define TARGET \
  "{\"dataSets\":[" SET("dsNational0", "Monthly", \
                        "deNational0") "]," \
                                       "\"dataElements\":[" ELEMENT( \
                                           "deNational0", "Malaria cases", \
                                           "ccFine00000") "]," \
                                                          "\"categoryCombos\":[" COMBO( \
                                                              "ccFine00000", \
                                                              COC("cocYoung000", "0-4") "," COC("cocNine0000", "5-9") "," COC( \
                                                                  "cocTen00000", "10-14") "," COC("cocAll00000", "All ages")) "]}"

static json_t *state(void) {
  struct alignment alignment = {.id = STR("a"),
                                .source = {.server = STR("s"), .metadata = metadata_of(arena, STR(SOURCE))},
                                .target = {.server = STR("t"), .metadata = metadata_of(arena, STR(TARGET))}};
  struct buf out = BUF_INIT(1 << 20);
  struct error error = {0};
  if (alignment_state(&alignment, NULL, &out, &error) < 0) fail_msg("%s", error.message);
  json_t *root = json_loadb(out.p, out.n, JSON_REJECT_DUPLICATES, NULL);
  assert_non_null(root);
  buf_free(&out);
  return root;
}

static const json_t *one_of(const json_t *list, const char *key, const char *id) {
  size_t i;
  json_t *one;
  json_array_foreach(list, i, one) {
    if (strcmp(json_string_value(json_object_get(json_object_get(one, key), "id")), id) == 0) return one;
  }
  fail_msg("no %s %s", key, id);
  return NULL;
}

static void what_the_target_divides(void **unused) {
  (void)unused;
  json_t *root = state();
  const json_t *cells = json_object_get(root, "cells"), *divided = one_of(cells, "source", "cocFive0000");
  char *parts = json_dumps(json_object_get(divided, "divided"), JSON_COMPACT);
  assert_string_equal(parts, "[\"cocNine0000\",\"cocTen00000\"]");
  assert_string_equal(json_string_value(json_object_get(divided, "whole")), "cocAll00000");
  assert_int_equal(json_array_size(json_object_get(divided, "terms")), 0);
  const json_t *other = one_of(cells, "source", "cocUnder000");
  assert_null(json_object_get(other, "divided"));
  assert_null(json_object_get(other, "whole"));
  free(parts);
  json_decref(root);
}

/* Those of the side's first data set are told with the side. */
static void periods_of_another_data_set(void **unused) {
  (void)unused;
  json_t *root = state();
  const json_t *elements = json_object_get(root, "elements");
  const json_t *monthly = json_object_get(one_of(elements, "source", "deMalaria00"), "source"),
               *quarterly = json_object_get(one_of(elements, "source", "deCholera00"), "source");
  assert_null(json_object_get(monthly, "period_type"));
  assert_string_equal(json_string_value(json_object_get(quarterly, "period_type")), "Quarterly");
  json_decref(root);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(what_the_target_divides),
      cmocka_unit_test(periods_of_another_data_set),
  };
  return cmocka_run_group_tests(tests, setup, teardown);
}

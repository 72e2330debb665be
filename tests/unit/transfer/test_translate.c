#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "transfer/gather.h"
#include "transfer/plan.h"

#include "base/vec.h"

#define HEAD \
  "{\"format\":\"drawbridge-mapping\",\"version\":1,\"source\":{\"data_sets\":[\"DsSource001\"]},\"target\":{\"data_sets\":[" \
  "\"DsTarget001\"]},"
#define TERM(sign, element, combo) "{\"sign\":\"" sign "\",\"data_element\":\"" element "\",\"category_option_combo\":\"" combo "\"}"
#define RULE(element, terms, more) \
  "{\"target\":{\"data_element\":\"" element "\",\"category_option_combo\":\"TcAll\"},\"terms\":[" terms \
  "],\"decision\":\"accepted\"" more "}"

static struct arena *arena;

static int setup(void **state) {
  (void)state;
  arena = arena_new();
  return 0;
}

static int teardown(void **state) {
  (void)state;
  arena_free(arena);
  return 0;
}

static const struct mapping *mapping_of(const char *json) {
  struct error error = {0};
  const struct mapping *mapping = mapping_read(arena, str_of(json), &error);
  if (!mapping) fail_msg("%s", error.message);
  return mapping;
}

static struct translation *translation_for(const struct mapping *mapping) {
  struct error error = {0};
  struct translation *translation = translation_new(arena, mapping, (struct translation_options){.accept = {true, true}}, &error);
  assert_non_null(translation);
  return translation;
}

struct said {
  const char *element, *combo, *unit, *value;
};

struct collected {
  const struct translation *translation;
  const struct mapping *mapping;
  struct cell cell;
  bool open;
  char text[4096]; /* "element unit=value|reason …" */
};

static void close_cell(struct collected *c) {
  char part[200];
  if (!c->open) return;
  c->open = false;
  cell_end(&c->cell, c->translation, c->mapping->missing);
  (void)snprintf(part, sizeof part, "%.*s %.*s=%.*s%s%s; ",
                 STR_ARG(translation_operand(c->translation, c->cell.key.operand)->id.data_element),
                 STR_ARG(translation_id(c->translation, c->cell.key.org_unit)), STR_ARG(c->cell.value),
                 c->cell.reason ? transfer_reason_name(c->cell.reason) : "", c->cell.partial ? " partial" : "");
  size_t have = strlen(c->text);
  (void)snprintf(c->text + have, sizeof c->text - have, "%s", part);
}

static int on_contribution(void *payload, const struct contribution *contribution, struct str value, struct error *error) {
  struct collected *c = payload;
  (void)error;
  if (!c->open || !contribution_same_cell(&c->cell.key, contribution)) {
    close_cell(c);
    cell_begin(&c->cell, c->translation, contribution);
    c->open = true;
  }
  cell_add(&c->cell, c->translation, contribution, value);
  return 0;
}

static const char *result_of(const char *json, const struct said *said, size_t count, size_t memory) {
  static struct collected c;
  struct error error = {0};
  cell_free(&c.cell);
  c = (struct collected){.cell = CELL_INIT, .mapping = mapping_of(json)};
  struct translation *translation = translation_for(c.mapping);
  c.translation = translation;
  struct gather *gather = gather_new(memory);
  for (size_t i = 0; i < count; i++) {
    struct dhis2_value value = {.data_element = str_of(said[i].element),
                                .category_option_combo = str_of(said[i].combo),
                                .org_unit = str_of(said[i].unit),
                                .period = STR("202401"),
                                .value = str_of(said[i].value)};
    struct translated translated = translation_of(translation, &value);
    for (size_t k = 0; k < translated.count; k++) assert_int_equal(gather_add(gather, &translated.to[k], value.value, &error), 0);
    if (translated.reason) (void)snprintf(c.text + strlen(c.text), 64, "(%s) ", transfer_reason_name(translated.reason));
  }
  assert_int_equal(gather_sorted(gather, on_contribution, &c, &error), 0);
  close_cell(&c);
  gather_free(gather);
  cell_free(&c.cell);
  return c.text;
}

#define SUM \
  HEAD "\"rules\":[" RULE("TeSum", TERM("+", "SeA", "ScX") "," TERM("+", "SeA", "ScY") "," TERM("-", "SeB", "ScX"), \
                          ",\"value_type\":\"INTEGER\"") "]"

static void signed_sums(void **state) {
  static const struct said all[] = {{"SeA", "ScX", "OuOne", "5"}, {"SeB", "ScX", "OuOne", "100"}, {"SeA", "ScY", "OuOne", "7.0"}};
  (void)state;
  assert_string_equal(result_of(SUM "}", all, 3, 0), "TeSum OuOne=-88; ");
  assert_string_equal(result_of(SUM "}", all, 2, 0), "TeSum OuOne=-95 partial; ");
  assert_string_equal(result_of(SUM ",\"missing\":\"require-all\"}", all, 2, 0), "TeSum OuOne=missing_source partial; ");
  assert_string_equal(result_of(SUM ",\"missing\":\"skip\"}", all, 2, 0), "TeSum OuOne=skipped partial; ");
}

static void reasons(void **state) {
  static const struct said odd[] = {{"SeNever", "ScX", "OuOne", "5"}, {"SeA", "ScNever", "OuOne", "5"}, {"SeA", "ScX", "OuOne", ""}};
  static const struct said words[] = {{"SeA", "ScX", "OuOne", "5"}, {"SeA", "ScY", "OuOne", "five"}};
  static const struct said twice[] = {
      {"SeA", "ScX", "OuOne", "5"}, {"SeA", "ScX", "OuOne", "5.0"}, {"SeA", "ScX", "OuTwo", "5"}, {"SeA", "ScX", "OuTwo", "6"}};
  static const struct said fraction[] = {{"SeA", "ScX", "OuOne", "5"}, {"SeA", "ScY", "OuOne", "0.5"}};
  (void)state;
  assert_string_equal(result_of(SUM "}", odd, 3, 0), "(no_rule) (no_rule) (no_value) ");
  assert_string_equal(result_of(SUM "}", words, 2, 0), "TeSum OuOne=not_a_number partial; ");
  assert_string_equal(result_of(SUM "}", twice, 4, 0), "TeSum OuOne=5 partial; TeSum OuTwo=contradiction partial; ");
  assert_string_equal(result_of(SUM "}", fraction, 2, 0), "TeSum OuOne=value_type partial; ");
}

static void one_value_is_copied_and_may_go_to_several_cells(void **state) {
  static const char json[] =
      HEAD "\"rules\":[" RULE("TeCopy", TERM("+", "SeA", "ScX"), "") "," RULE("TeNegative", TERM("-", "SeA", "ScX"), "") "]}";
  static const struct said number[] = {{"SeA", "ScX", "OuOne", "1.50"}}, text[] = {{"SeA", "ScX", "OuOne", "some words"}};
  (void)state;
  assert_string_equal(result_of(json, number, 1, 0), "TeCopy OuOne=1.50; TeNegative OuOne=-1.5; ");
  assert_string_equal(result_of(json, text, 1, 0), "TeCopy OuOne=some words; TeNegative OuOne=not_a_number; ");
}

static void org_units_are_joined(void **state) {
  static const char json[] = HEAD
      "\"rules\":[" RULE("TeSum", TERM("+", "SeA", "ScX"),
                         "") "],\"org_units\":[{\"source\":\"OuOne\",\"target\":\"OuBoth\"},{\"source\":\"OuTwo\",\"target\":\"OuBoth\"}]}";
  static const struct said said[] = {{"SeA", "ScX", "OuOne", "1"}, {"SeA", "ScX", "OuOther", "10"}, {"SeA", "ScX", "OuTwo", "100"}};
  struct str *closed;
  size_t count;
  (void)state;
  assert_string_equal(result_of(json, said, 3, 0), "(org_unit) TeSum OuBoth=101; ");
  translation_units_closed(translation_for(mapping_of(json)), arena, &STR("OuTwo"), 1, &closed, &count);
  assert_int_equal(count, 2); /* one alone would be half a sum */
}

/* The same through many small temporary runs as in memory, whatever the order. */
static void sorting_aside_changes_nothing(void **state) {
  enum { UNITS = 3000 };
  static char units[UNITS][12], values[UNITS][12];
  static struct said said[UNITS * 2];
  char *in_memory;
  (void)state;
  for (unsigned i = 0; i < UNITS; i++) {
    unsigned at = (i * 1237) % UNITS; /* a permutation */
    (void)snprintf(units[i], sizeof units[i], "Ou%u", at % 1500);
    (void)snprintf(values[i], sizeof values[i], "%u", at);
    said[i] = (struct said){"SeA", at < 1500 ? "ScX" : "ScY", units[i], values[i]};
  }
  in_memory = strdup(result_of(SUM "}", said, UNITS, 0));
  assert_string_equal(result_of(SUM "}", said, UNITS, 1), in_memory);
  free(in_memory);
}

static void undo_rows_are_read_as_written(void **state) {
  struct plan_row written[] = {{.data_set = STR("DsTarget001"),
                           .data_element = STR("TeA"),
                           .period = STR("202401"),
                           .org_unit = STR("OuOne"),
                           .category_option_combo = STR("TcAll"),
                           .attribute_option_combo = STR("AoOne"),
                           .before = STR("a \"b\",\nc"),
                           .before_comment = STR(" é "),
                           .before_follow_up = true,
                           .after = STR("7")},
                          {.data_set = STR("DsTarget001"),
                           .data_element = STR("TeB"),
                           .period = STR("202401"),
                           .org_unit = STR("OuOne"),
                           .category_option_combo = STR("TcAll"),
                           .attribute_option_combo = STR("AoOne"),
                           .after = STR("0"),
                           .zero_vanishes = true},
                          {.data_set = STR("DsTarget001"),
                           .data_element = STR("TeC"),
                           .period = STR("202401"),
                           .org_unit = STR("OuOne"),
                           .category_option_combo = STR("TcAll"),
                           .attribute_option_combo = STR("AoOne"),
                           .before = STR("12.0"),
                           .after = STR("12")}};
  struct buf buf = BUF_INIT(1 << 20);
  struct plan rows = {0};
  struct error error = {0};
  (void)state;
  assert_true(plan_write(written, 3, true, &buf));
  assert_int_equal(plan_read(arena, buf_str(&buf), &rows, &error), 0);
  assert_int_equal(rows.n, 3);
  assert_true(str_eq(rows.p[0].before, written[0].before) && str_eq(rows.p[0].before_comment, written[0].before_comment) &&
              rows.p[0].before_follow_up && rows.p[0].planned);
  assert_true(!rows.p[1].before.p && !rows.p[1].planned); /* a zero that is not kept, where there is none */
  assert_false(rows.p[2].planned);                        /* the same number */
  VEC_FREE(&rows);
  buf_free(&buf);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(signed_sums),
                                     cmocka_unit_test(reasons),
                                     cmocka_unit_test(one_value_is_copied_and_may_go_to_several_cells),
                                     cmocka_unit_test(org_units_are_joined),
                                     cmocka_unit_test(sorting_aside_changes_nothing),
                                     cmocka_unit_test(undo_rows_are_read_as_written)};
  return cmocka_run_group_tests(tests, setup, teardown);
}

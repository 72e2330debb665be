/* What a person sends is applied whole or not at all, and says one thing per source item. */
#include "api/alignment.h"
#include "mapping/formats.h"
#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

static const char side_text[] =
    "{\"dataElements\":[{\"id\":\"DeFever0001\",\"name\":\"Fever\",\"categoryCombo\":{\"id\":\"CcSex000001\"}},{\"id\":\"DeCough0001\","
    "\"name\":\"Cough\",\"categoryCombo\":{\"id\":\"CcSex000001\"}}],"
    "\"categoryCombos\":[{\"id\":\"CcSex000001\",\"name\":\"Sex\",\"categories\":[{\"id\":\"CaSex000001\"}]}],\"categories\":[{\"id\":"
    "\"CaSex000001\",\"name\":\"Sex\",\"categoryOptions\":[{\"id\":\"OpF\"},{\"id\":\"OpM\"}]}],"
    "\"categoryOptions\":[{\"id\":\"OpF\",\"name\":\"Female\"},{\"id\":\"OpM\",\"name\":\"Male\"}],\"categoryOptionCombos\":[{\"id\":"
    "\"CoF00000001\",\"name\":\"Female\",\"categoryCombo\":{\"id\":\"CcSex000001\"},"
    "\"categoryOptions\":[{\"id\":\"OpF\"}]},{\"id\":\"CoM00000001\",\"name\":\"Male\",\"categoryCombo\":{\"id\":\"CcSex000001\"},"
    "\"categoryOptions\":[{\"id\":\"OpM\"}]}]}";

static struct arena *arena;
static struct alignment alignment;

static int setup(void **state) {
  struct error error = {0};
  (void)state;
  arena = arena_new();
  struct dhis2_metadata_reader *reader = dhis2_metadata_reader_new(arena);
  if (dhis2_metadata_reader_feed(reader, str_of(side_text), &error)) return -1;
  const struct dhis2_metadata *side = dhis2_metadata_reader_finish(reader, &error);
  alignment = (struct alignment){.id = STR("a"), .version = 1, .source = {STR("s"), side}, .target = {STR("t"), side}};
  return side ? 0 : -1;
}

static int teardown(void **state) {
  (void)state;
  arena_free(arena);
  return 0;
}

/* Applies it to `alignment`, which keeps the result. */
static int decide(const char *json, struct error *error) {
  const struct alignment_decision *list;
  size_t count;
  int result = alignment_decide(&alignment, str_of(json), STR("maria"), STR("2026-11-24T09:30:00Z"), arena, &list, &count, error);
  if (result == 0) {
    alignment.decisions = list;
    alignment.decision_count = count;
  }
  return result;
}

#define ELEMENT(verdict, targets) \
  "{\"kind\":\"data_element\",\"source_data_element\":\"DeFever0001\",\"decision\":\"" verdict "\",\"targets\":[" targets "]}"
#define TO(id) "{\"data_element\":\"" id "\"}"
#define LIST(entries) "{\"decisions\":[" entries "]}"

static void one_word_per_item(void **state) {
  struct error error = {0};
  (void)state;
  assert_int_equal(decide(LIST(ELEMENT("rejected", TO("DeCough0001"))), &error), 0);
  assert_int_equal(decide(LIST(ELEMENT("accepted", TO("DeFever0001"))), &error), 0);
  assert_int_equal(alignment.decision_count, 2); /* what was rejected stays known */
  assert_int_equal(decide(LIST(ELEMENT("accepted", TO("DeCough0001"))), &error), 0);
  assert_int_equal(alignment.decision_count, 1); /* replaces both: the same pair cannot be rejected and accepted */
  assert_int_equal(alignment.decisions[0].what.verdict, DECISION_ACCEPTED);
  assert_true(str_eq(alignment.decisions[0].what.target_data_element, STR("DeCough0001")));
  assert_true(str_eq(alignment.decisions[0].by, STR("maria")));
  assert_int_equal(decide(LIST(ELEMENT("accepted", TO("DeFever0001") "," TO("DeCough0001"))), &error), 0);
  assert_int_equal(alignment.decision_count, 2);
  assert_int_equal(
      decide(LIST("{\"kind\":\"data_element\",\"source_data_element\":\"DeFever0001\",\"decision\":\"none\",\"note\":\"not collected\"}"),
             &error),
      0);
  assert_int_equal(alignment.decision_count, 1);
  assert_int_equal(alignment.decisions[0].what.verdict, DECISION_NONE);
  assert_int_equal(decide(LIST(ELEMENT("rejected", TO("DeCough0001"))), &error), 0);
  assert_int_equal(alignment.decision_count, 1); /* a rejection after "none" takes "none" back */
  assert_int_equal(alignment.decisions[0].what.verdict, DECISION_REJECTED);
  assert_int_equal(decide(LIST("{\"kind\":\"data_element\",\"source_data_element\":\"DeFever0001\",\"decision\":\"undecided\"}"), &error),
                   0);
  assert_int_equal(alignment.decision_count, 0);
}

static void cells(void **state) {
  struct error error = {0};
  (void)state;
  static const char good[] =
      LIST("{\"kind\":\"operand\",\"source_data_element\":\"DeFever0001\",\"source_category_option_combo\":\"CoF00000001\",\"decision\":"
           "\"accepted\","
           "\"targets\":[{\"data_element\":\"DeFever0001\",\"category_option_combo\":\"CoM00000001\",\"sign\":\"-\"}]}");
  assert_int_equal(decide(good, &error), 0);
  assert_int_equal(alignment.decisions[0].what.sign, '-');
  assert_int_equal(decide(LIST(ELEMENT("accepted", TO("DeFever0001"))), &error), 0);
  assert_int_equal(alignment.decision_count, 2); /* an element and its cell are two items */
}

static void all_or_nothing(void **state) {
  static const char *const bad[] = {
      "",
      "[]",
      "{}",
      "{\"decisions\":1}",
      LIST("1"),
      LIST(ELEMENT("maybe", "")),
      LIST(ELEMENT("accepted", "")),
      LIST(ELEMENT("accepted", TO("DeNothing01"))),
      LIST(ELEMENT("accepted", TO("DeFever0001")) "," ELEMENT("accepted", TO("DeNothing01"))),
      LIST("{\"kind\":\"data_element\",\"source_data_element\":\"DeNothing01\",\"decision\":\"none\"}"),
      LIST("{\"kind\":\"operand\",\"source_data_element\":\"DeFever0001\",\"source_category_option_combo\":\"CoNothing01\",\"decision\":"
           "\"none\"}"),
      LIST("{\"kind\":\"operand\",\"source_data_element\":\"DeFever0001\",\"source_category_option_combo\":\"CoF00000001\",\"decision\":"
           "\"accepted\",\"targets\":[{\"data_element\":\"DeFever0001\"}]}"),
      LIST("{\"kind\":\"element\",\"source_data_element\":\"DeFever0001\",\"decision\":\"none\"}"),
      "{\"decisions\":[],\"decisions\":[]}",
  };
  (void)state;
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
    struct error error = {0};
    if (decide(bad[i], &error) == 0) fail_msg("accepted: %s", bad[i]);
    assert_int_equal(error.code, ERROR_bad_request);
    assert_int_equal(alignment.decision_count, 0);
  }
}

static void kept_and_read_back(void **state) {
  struct error error = {0};
  struct buf text = BUF_INIT(1 << 20);
  const struct alignment_decision *back;
  size_t count;
  (void)state;
  assert_int_equal(
      decide(LIST(ELEMENT("accepted", TO("DeCough0001")) ","
                                                         "{\"kind\":\"operand\",\"source_data_element\":\"DeCough0001\",\"source_category_"
                                                         "option_combo\":\"CoF00000001\",\"decision\":\"none\",\"note\":\"\\\"x\\\"\"}"),
             &error),
      0);
  assert_true(alignment_write_decisions(&alignment, &text));
  assert_int_equal(alignment_read_decisions(arena, buf_str(&text), &back, &count, &error), 0);
  assert_int_equal(count, 2);
  assert_true(back[1].what.operand && back[1].what.verdict == DECISION_NONE && str_eq(back[1].note, STR("\"x\"")) &&
              str_eq(back[0].by, STR("maria")));
  assert_int_equal(alignment_read_decisions(arena, STR("{}"), &back, &count, &error), -1);
  buf_free(&text);
}

#define ROW(rest) "operand," rest "\n"

/* What a mapping says of cells is what a person would have sent: words of people alone, cells of the two sides alone, and twice the same is the same. */
static void a_mapping(void **state) {
  static const char list[] =
      "kind,source_data_element,source_category_option_combo,target_data_element,target_category_option_combo,sign,decision,note\n" ROW(
          "DeFever0001,CoF00000001,DeFever0001,CoF00000001,+,accepted,mine")
          ROW("DeFever0001,CoF00000001,DeCough0001,CoF00000001,-,accepted,mine")
              ROW("DeFever0001,CoM00000001,DeFever0001,CoM00000001,+,rejected,") ROW("DeCough0001,CoF00000001,,,+,none,")
                  ROW("DeCough0001,CoM00000001,DeCough0001,CoM00000001,+,auto,")
                      ROW("DeElsewhere,CoM00000001,DeFever0001,CoM00000001,+,accepted,");
  struct error error = {0};
  struct format_job job = {.arena = arena};
  struct str json;
  size_t unknown;
  (void)state;
  const struct mapping *mapping = format_read(format_named(STR("csv")), &job, str_of(list), &error);
  assert_non_null(mapping);
  for (int twice = 0; twice < 2; twice++) {
    assert_int_equal(alignment_entries(&alignment, mapping, arena, &json, &unknown, &error), 0);
    assert_int_equal(unknown, 1);
    assert_int_equal(decide(arena_cstr(arena, json), &error), 0);
    assert_int_equal(alignment.decision_count, 4);
    assert_int_equal(alignment.decisions[0].what.verdict, DECISION_ACCEPTED);
    assert_int_equal(alignment.decisions[1].what.sign, '-');
    assert_true(str_eq(alignment.decisions[1].note, STR("mine")));
    assert_int_equal(alignment.decisions[2].what.verdict, DECISION_REJECTED);
    assert_int_equal(alignment.decisions[3].what.verdict, DECISION_NONE);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(one_word_per_item, setup, teardown),
      cmocka_unit_test_setup_teardown(cells, setup, teardown),
      cmocka_unit_test_setup_teardown(all_or_nothing, setup, teardown),
      cmocka_unit_test_setup_teardown(kept_and_read_back, setup, teardown),
      cmocka_unit_test_setup_teardown(a_mapping, setup, teardown),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}

/* What a person sends is applied whole or not at all, and says one thing per source item. */
#include "../metadata_of.h"
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
    "\"categoryOptions\":[{\"id\":\"OpM\"}]}],"
    "\"organisationUnits\":[{\"id\":\"OuNorth0001\",\"name\":\"North\"},{\"id\":\"OuSouth0001\",\"name\":\"South\"}]}";

static struct arena *arena;
static struct alignment alignment;
static const char *shown; /* the state as people saw it; NULL: none */

static int setup(void **state) {
  (void)state;
  arena = arena_new();
  const struct dhis2_metadata *side = metadata_of(arena, str_of(side_text));
  shown = NULL;
  alignment = (struct alignment){.id = STR("a"), .version = 1, .source = {STR("s"), side}, .target = {STR("t"), side}};
  return 0;
}

static int teardown(void **state) {
  (void)state;
  arena_free(arena);
  return 0;
}

/* Applies it to `alignment`, which keeps the result. */
static int decide_as(const char *who, const char *json, struct error *error) {
  struct alignment now;
  struct alignment_actor actor = {str_of(who), arena_printf(arena, "s:id-of-%s", who), STR("2026-11-24T09:30:00Z")};
  int result = alignment_decide(&alignment, str_of(json), actor, str_of(shown), arena, &now, error);
  if (result == 0) alignment = now;
  return result;
}

static int decide(const char *json, struct error *error) {
  return decide_as("maria", json, error);
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
  struct alignment back = {0};
  (void)state;
  assert_int_equal(
      decide(LIST(ELEMENT("accepted", TO("DeCough0001")) ","
                                                         "{\"kind\":\"operand\",\"source_data_element\":\"DeCough0001\",\"source_category_"
                                                         "option_combo\":\"CoF00000001\",\"decision\":\"none\",\"note\":\"\\\"x\\\"\"}"),
             &error),
      0);
  assert_true(alignment_keep(&alignment, &text));
  assert_int_equal(alignment_read(arena, buf_str(&text), &back, &error), 0);
  assert_int_equal(back.decision_count, 2);
  assert_true(back.decisions[1].what.operand && back.decisions[1].what.verdict == DECISION_NONE &&
              str_eq(back.decisions[1].note, STR("\"x\"")) && str_eq(back.decisions[0].by, STR("maria")));
  assert_int_equal(alignment_read(arena, STR("1"), &back, &error), -1);
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
  struct alignment_entry_counts counts;
  (void)state;
  const struct mapping *mapping = format_read(format_named(STR("csv")), &job, str_of(list), &error);
  assert_non_null(mapping);
  for (int twice = 0; twice < 2; twice++) {
    assert_int_equal(alignment_entries(&alignment, mapping, true, arena, &json, &counts, &error), 0);
    assert_int_equal(counts.unknown, 1);
    assert_int_equal(decide(arena_cstr(arena, json), &error), 0);
    assert_int_equal(alignment.decision_count, 4);
    assert_int_equal(alignment.decisions[0].what.verdict, DECISION_ACCEPTED);
    assert_int_equal(alignment.decisions[1].what.sign, '-');
    assert_true(str_eq(alignment.decisions[1].note, STR("mine")));
    assert_int_equal(alignment.decisions[2].what.verdict, DECISION_REJECTED);
    assert_int_equal(alignment.decisions[3].what.verdict, DECISION_NONE);
  }
}

static struct alignment_entry_counts imported(const char *format, const char *text, bool edited) {
  struct error error = {0};
  struct format_job job = {.arena = arena};
  struct alignment_entry_counts counts = {0};
  struct str json;
  const struct mapping *mapping = format_read(format_named(str_of(format)), &job, str_of(text), &error);
  if (!mapping || alignment_entries(&alignment, mapping, edited, arena, &json, &counts, &error) || decide(arena_cstr(arena, json), &error))
    fail_msg("%s", error.message);
  return counts;
}

static const struct alignment_decision *of_element(const char *id) {
  for (size_t i = 0; i < alignment.decision_count; i++)
    if (!alignment.decisions[i].what.operand && str_eq(alignment.decisions[i].what.source_data_element, str_of(id)))
      return &alignment.decisions[i];
  return NULL;
}

#define LINES(rows) "kind,source_data_element,source_category_option_combo,target_data_element,target_category_option_combo,decision\n" rows

/* An element is decided with its cells, where none of them is open. */
static void whole_elements(void **state) {
  (void)state;
  struct alignment_entry_counts counts = imported("csv",
                                                  LINES(ROW("DeFever0001,CoF00000001,DeFever0001,CoF00000001,accepted")
                                                            ROW("DeFever0001,CoM00000001,,,none") ROW("DeCough0001,CoF00000001,,,none")),
                                                  true);
  assert_int_equal(counts.elements, 1);
  assert_int_equal(counts.cells, 3);
  assert_true(of_element("DeFever0001")->what.verdict == DECISION_ACCEPTED &&
              str_eq(of_element("DeFever0001")->what.target_data_element, STR("DeFever0001")));
  assert_null(of_element("DeCough0001"));
  counts = imported("csv", LINES(ROW("DeCough0001,CoF00000001,,,none") ROW("DeCough0001,CoM00000001,,,none")), true);
  assert_int_equal(counts.elements, 1);
  assert_int_equal(of_element("DeCough0001")->what.verdict, DECISION_NONE);
  decide(LIST(ELEMENT("undecided", "")), &(struct error){0});
  counts = imported("csv",
                    LINES(ROW("DeFever0001,CoF00000001,DeFever0001,CoF00000001,accepted")
                              ROW("DeFever0001,CoM00000001,DeFever0001,CoM00000001,rejected")),
                    true);
  assert_int_equal(counts.elements, 0);
}

#define RULE(cell, rest) "{\"terms\":[{\"sign\":\"+\",\"data_element\":\"DeFever0001\",\"category_option_combo\":\"" cell "\"}]," rest "}"
#define MAPPING_OF(rules) "{\"format\":\"drawbridge-mapping\",\"version\":1,\"rules\":[" rules "]}"
#define UNFOUND(cell) RULE(cell, "\"target\":null,\"decision\":\"none\",\"confidence\":0.9")

/* That the engine found nothing is nobody's decision; where the rest of the element was accepted, somebody has seen it. */
static void what_the_engine_did_not_find(void **state) {
  (void)state;
  struct alignment_entry_counts counts = imported("json", MAPPING_OF(UNFOUND("CoF00000001") "," UNFOUND("CoM00000001")), false);
  assert_int_equal(counts.elements + counts.cells, 0);
  assert_int_equal(alignment.decision_count, 0);
  counts = imported("json",
                    MAPPING_OF(UNFOUND("CoF00000001") "," RULE(
                        "CoM00000001", "\"target\":{\"data_element\":\"DeCough0001\",\"category_option_combo\":\"CoM00000001\"},"
                                       "\"decision\":\"accepted\",\"confidence\":0.9")),
                    false);
  assert_int_equal(counts.elements, 1);
  assert_int_equal(counts.cells, 1);
  assert_true(str_eq(of_element("DeFever0001")->what.target_data_element, STR("DeCough0001")));
  counts = imported("json", MAPPING_OF(UNFOUND("CoF00000001")), true); /* as a list has it that somebody edited */
  assert_int_equal(counts.cells, 1);
}

#define CELL_OF(element, coc, verdict) \
  "{\"kind\":\"operand\",\"source_data_element\":\"" element "\",\"source_category_option_combo\":\"" coc "\",\"decision\":\"" verdict "\"}"
#define STEP(label, entries) "{\"label\":\"" label "\",\"decisions\":[" entries "]}"
#define STEPS(list) "{\"steps\":[" list "]}"
#define UNDO "{\"undo\":true}"
#define REDO "{\"redo\":true}"

static void refused(const char *who, const char *json, enum error_code code) {
  struct error error = {0};
  if (decide_as(who, json, &error) == 0) fail_msg("accepted: %s", json);
  assert_int_equal(error.code, code);
}

static void fine(const char *who, const char *json) {
  struct error error = {0};
  if (decide_as(who, json, &error)) fail_msg("%s: %s", json, error.message);
}

/* What is taken back comes back as it was: whose it was, when, why, how sure the engine was, and who had approved it. */
static void undo_and_redo(void **state) {
  (void)state;
  fine("john", STEP("John's", ELEMENT("accepted", TO("DeFever0001"))));
  fine("ada", LIST(ELEMENT("approved", "")));
  fine("maria", STEPS(STEP("Mine", ELEMENT("accepted", TO("DeCough0001"))) "," STEP("Another", ELEMENT("none", ""))));
  assert_int_equal(alignment.step_count, 4);
  assert_int_equal(alignment.steps[3].number, 4);
  fine("maria", STEPS(UNDO "," UNDO));
  assert_int_equal(alignment.decision_count, 1);
  assert_true(str_eq(alignment.decisions[0].by, STR("john")) && str_eq(alignment.decisions[0].approved_by, STR("ada")));
  assert_true(str_eq(alignment.steps[5].label, STR("Mine")) && alignment.steps[5].undoes == 3);
  refused("maria", UNDO, ERROR_conflict); /* the rest is others' */
  fine("maria", REDO);
  assert_true(str_eq(alignment.decisions[0].what.target_data_element, STR("DeCough0001")));
  fine("maria", STEP("New", ELEMENT("excluded", "")));
  assert_true(alignment.decisions[0].excluded && alignment.decisions[0].what.verdict == DECISION_NONE);
  refused("maria", REDO, ERROR_conflict); /* something new was done since */
  fine("maria", STEPS(UNDO "," UNDO "," REDO "," REDO));
  assert_true(alignment.decisions[0].excluded);
}

/* Nobody's work is lost by somebody else's undo. */
static void undo_after_others(void **state) {
  (void)state;
  fine("maria", STEP("Two", ELEMENT("accepted", TO("DeFever0001")) "," CELL_OF("DeCough0001", "CoF00000001", "none")));
  fine("john", STEP("One of them", CELL_OF("DeCough0001", "CoF00000001", "excluded")));
  refused("maria", UNDO, ERROR_conflict);
  assert_int_equal(alignment.decision_count, 2);
  fine("john", UNDO);
  fine("maria", UNDO);
  assert_int_equal(alignment.decision_count, 0);
  fine("maria", REDO);
  assert_int_equal(alignment.decision_count, 2);
}

#define UNIT(verdict, targets) "{\"kind\":\"org_unit\",\"source\":\"OuNorth0001\",\"decision\":\"" verdict "\",\"targets\":[" targets "]}"
#define UNDO_OF(what) "{\"undo\":true,\"of\":\"" what "\"}"
#define REDO_OF(what) "{\"redo\":true,\"of\":\"" what "\"}"

/* Who is at the org units takes back what was done there, whatever was done elsewhere since; and the other way about. */
static void undo_of_one_kind(void **state) {
  (void)state;
  fine("maria", STEP("Unit", UNIT("accepted", "{\"id\":\"OuSouth0001\"}")));
  fine("maria", STEP("Element", ELEMENT("accepted", TO("DeFever0001"))));
  fine("maria", UNDO_OF("places"));
  assert_true(alignment.decision_count == 1 && !alignment.decisions[0].what.of);
  fine("maria", STEP("Another", ELEMENT("accepted", TO("DeCough0001"))));
  fine("maria", REDO_OF("places")); /* what is new is about something else */
  assert_int_equal(alignment.decision_count, 2);
  fine("maria", UNDO_OF("data_elements"));
  assert_int_equal(alignment.decision_count, 2);
  fine("maria", UNDO_OF("data_elements"));
  assert_true(alignment.decision_count == 1 && alignment.decisions[0].what.of == DECISION_OF_ORG_UNIT);
  refused("maria", UNDO_OF("data_elements"), ERROR_conflict);
  refused("maria", UNDO_OF("villages"), ERROR_bad_request);
  fine("maria", UNDO);
  assert_int_equal(alignment.decision_count, 0);
  fine("maria", STEP("New", UNIT("none", "")));
  refused("maria", REDO_OF("places"), ERROR_conflict);
}

/* Steps that are kept, and read back, can be undone as before. */
static void steps_kept_and_read_back(void **state) {
  struct error error = {0};
  struct buf text = BUF_INIT(1 << 20);
  struct alignment back = alignment;
  (void)state;
  fine("maria", STEP("A name", ELEMENT("accepted", TO("DeFever0001"))));
  fine("maria", "{\"comments\":[{\"source_data_element\":\"DeFever0001\",\"text\":\"of 2025?\"}],\"flags\":[{\"source_data_element\":"
                "\"DeFever0001\",\"flagged\":true,\"to\":\"john\"}]}");
  assert_true(alignment_keep(&alignment, &text));
  back.decisions = NULL;
  back.steps = NULL;
  assert_int_equal(alignment_read(arena, buf_str(&text), &back, &error), 0);
  alignment = back;
  assert_int_equal(alignment.remark_count, 2);
  fine("maria", UNDO);
  assert_int_equal(alignment.decision_count, 1);
  assert_int_equal(alignment.remark_count, 0);
  fine("maria", UNDO);
  assert_int_equal(alignment.decision_count, 0);
  assert_int_equal(alignment.steps[0].undone, true);
  buf_free(&text);
}

static void second_person(void **state) {
  (void)state;
  refused("john", LIST(ELEMENT("approved", "")), ERROR_bad_request); /* nothing to approve */
  fine("maria", LIST(ELEMENT("accepted", TO("DeFever0001"))));
  refused("maria", LIST(ELEMENT("approved", "")), ERROR_own_decision);
  fine("ada", LIST(CELL_OF("DeFever0001", "CoF00000001", "none")));
  refused("ada", LIST(ELEMENT("approved", "")), ERROR_own_decision); /* a part of it is hers */
  fine("john", LIST(ELEMENT("approved", "")));
  for (size_t i = 0; i < 2; i++) assert_true(str_eq(alignment.decisions[i].approved_by, STR("john")));
  fine("maria", LIST(ELEMENT("accepted", TO("DeCough0001")))); /* decided anew: to be approved anew */
  for (size_t i = 0; i < 2; i++) assert_int_equal(alignment.decisions[i].approved_by.n, alignment.decisions[i].what.operand ? 4 : 0);
  refused("maria", LIST(ELEMENT("approved", "")), ERROR_own_decision);
  refused("john", LIST(CELL_OF("DeFever0001", "CoF00000001", "approved")), ERROR_bad_request);
}

/* A pair is approved as an element is; an undo brings back what was approved, and of two people the later word stands. */
static void second_person_of_a_pair(void **state) {
  (void)state;
  refused("john", LIST(UNIT("approved", "")), ERROR_bad_request); /* nothing to approve */
  fine("maria", STEP("Bulk", UNIT("accepted", "{\"id\":\"OuSouth0001\"}")));
  fine("maria", LIST(ELEMENT("accepted", TO("DeFever0001"))));
  refused("maria", LIST(UNIT("approved", "")), ERROR_own_decision);
  fine("john", STEP("Approved", UNIT("approved", "")));
  assert_true(str_eq(alignment.decisions[0].approved_by, STR("john")) && alignment.decisions[0].approved_at.n);
  assert_int_equal(alignment.decisions[1].approved_by.n, 0); /* the unit alone */
  fine("john", UNDO_OF("places"));
  assert_int_equal(alignment.decisions[0].approved_by.n + alignment.decisions[1].approved_by.n, 0);
  fine("john", REDO_OF("places"));
  fine("maria", STEP("Anew", UNIT("accepted", "{\"id\":\"OuNorth0001\"}"))); /* decided anew: to be approved anew */
  for (size_t i = 0; i < alignment.decision_count; i++) assert_int_equal(alignment.decisions[i].approved_by.n, 0);
  refused("john", UNDO_OF("places"), ERROR_conflict);
  fine("maria", UNDO_OF("places"));
  for (size_t i = 0; i < alignment.decision_count; i++)
    assert_int_equal(alignment.decisions[i].approved_by.n, alignment.decisions[i].what.of ? 4 : 0);
  fine("ada", LIST(UNIT("rejected", "{\"id\":\"OuNorth0001\"}")));
  refused("ada", LIST(UNIT("approved", "")), ERROR_own_decision); /* a part of it is hers */
  refused("john", LIST(UNIT("noted", "")), ERROR_bad_request);
}

/* The same person by another name or with one more sign-in; and the other way about: another person of the same name. */
static void who_is_who(void **state) {
  (void)state;
  assert_true(alignment_same_person(STR("a:1 b:2"), STR("maria"), STR("b:2"), STR("m.diallo")));
  assert_false(alignment_same_person(STR("a:1"), STR("maria"), STR("b:1"), STR("maria")));
  assert_true(alignment_same_person(STR(""), STR("maria"), STR("b:1"), STR("maria"))); /* not kept then: names */
  assert_false(alignment_same_person(STR(""), STR(""), STR("b:1"), STR("")));
}

static void flags_and_comments(void **state) {
  static const char *const bad[] = {
      "{\"flags\":1}",
      "{\"flags\":[{\"source_data_element\":\"DeFever0001\"}]}",
      "{\"flags\":[{\"source_data_element\":\"DeNothing01\",\"flagged\":true}]}",
      "{\"comments\":[{\"source_data_element\":\"DeFever0001\"}]}",
      "{\"comments\":[{\"source_data_element\":\"DeFever0001\",\"text\":\"\"}]}",
      "{\"label\":\"nothing else\"}",
      "{\"steps\":{}}",
      "{\"steps\":[{\"undo\":false}]}",
      STEPS("{\"comments\":[{\"source_data_element\":\"DeFever0001\",\"text\":\"x\"}]}," STEP("", ELEMENT("accepted", ""))),
  };
  (void)state;
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) refused("maria", bad[i], ERROR_bad_request);
  assert_int_equal(alignment.remark_count, 0);
  for (int twice = 0; twice < 2; twice++)
    fine("maria", "{\"flags\":[{\"source_data_element\":\"DeFever0001\",\"flagged\":true,\"note\":\"?\"}]}");
  assert_int_equal(alignment.remark_count, 1);
  fine("john", "{\"flags\":[{\"source_data_element\":\"DeFever0001\",\"flagged\":false}]}");
  assert_int_equal(alignment.remark_count, 0);
  assert_int_equal(alignment.steps[2].remarks[0].kind, REMARK_UNFLAG);
}

#define FLAG(more) "{\"label\":\"Flag\",\"flags\":[{\"source_data_element\":\"DeFever0001\",\"flagged\":" more "}]}"
#define COMMENT(text) "{\"label\":\"Comment\",\"comments\":[{\"source_data_element\":\"DeFever0001\",\"text\":\"" text "\"}]}"

/* A flag and a comment are steps like any other: an undo takes them back, and nothing else. */
static void undo_of_flags_and_comments(void **state) {
  struct error error = {0};
  struct buf text = BUF_INIT(1 << 20);
  (void)state;
  fine("maria", STEPS(STEP("Mine", ELEMENT("none", "")) "," FLAG("true") "," FLAG("true,\"to\":\"john\"") "," COMMENT("why?")));
  assert_true(alignment_keep(&alignment, &text));
  struct alignment back = {.id = alignment.id, .version = alignment.version, .source = alignment.source, .target = alignment.target};
  assert_int_equal(alignment_read(arena, buf_str(&text), &back, &error), 0);
  alignment = back;
  fine("maria", UNDO);
  assert_int_equal(alignment.remark_count, 1);
  assert_int_equal(alignment.remarks[0].kind, REMARK_FLAG);
  fine("maria", UNDO);
  assert_int_equal(alignment.remark_count, 1);
  assert_int_equal(alignment.remarks[0].to.n, 0); /* the flag that stood there before */
  fine("maria", UNDO);
  assert_int_equal(alignment.remark_count, 0);
  assert_int_equal(alignment.decision_count, 1);
  assert_true(str_eq(alignment.steps[6].label, STR("Flag")) && alignment.steps[6].undoes == 2);
  fine("maria", STEPS(REDO "," REDO "," REDO));
  assert_int_equal(alignment.remark_count, 2);
  assert_true(str_eq(alignment.remarks[0].to, STR("john")) && str_eq(alignment.remarks[1].text, STR("why?")));
  fine("john", FLAG("false"));
  fine("maria", UNDO);
  refused("maria", UNDO, ERROR_conflict); /* somebody else took the flag off since */
  assert_int_equal(alignment.decision_count, 1);
  fine("john", UNDO);
  fine("maria", STEPS(UNDO "," UNDO "," UNDO));
  assert_int_equal(alignment.remark_count + alignment.decision_count, 0);
  buf_free(&text);
}

/* Another note changes nothing else of one's own decision, nor who approved it; an undo brings the one before. */
static void notes(void **state) {
  (void)state;
  refused("maria", LIST("{\"kind\":\"data_element\",\"source_data_element\":\"DeFever0001\",\"decision\":\"noted\",\"note\":\"x\"}"),
          ERROR_bad_request); /* nothing is decided */
  fine("maria", LIST(ELEMENT("accepted", TO("DeFever0001"))));
  fine("john", LIST(ELEMENT("approved", "")));
  struct alignment_decision before = alignment.decisions[0];
  refused("john", LIST("{\"kind\":\"data_element\",\"source_data_element\":\"DeFever0001\",\"decision\":\"noted\",\"note\":\"x\"}"),
          ERROR_bad_request); /* another's */
  refused("maria", LIST(CELL_OF("DeFever0001", "CoF00000001", "noted")), ERROR_bad_request);
  fine("maria",
       LIST("{\"kind\":\"data_element\",\"source_data_element\":\"DeFever0001\",\"decision\":\"noted\",\"note\":\"from 2027 on\"}"));
  assert_int_equal(alignment.decision_count, 1);
  assert_true(str_eq(alignment.decisions[0].note, STR("from 2027 on")));
  before.note = alignment.decisions[0].note;
  assert_memory_equal(&alignment.decisions[0], &before, sizeof before);
  fine("maria", UNDO);
  assert_int_equal(alignment.decisions[0].note.n, 0);
  assert_true(str_eq(alignment.decisions[0].approved_by, STR("john")));
}

/* In one step: each flag comes back once, whatever the step said of it and how often. */
static void undo_of_a_flag_set_twice(void **state) {
  (void)state;
  fine("john", FLAG("true,\"note\":\"first\""));
  fine("maria",
       "{\"flags\":[{\"source_data_element\":\"DeFever0001\",\"flagged\":false},{\"source_data_element\":\"DeFever0001\",\"flagged\":true},"
       "{\"source_data_element\":\"DeCough0001\",\"flagged\":true}]}");
  assert_int_equal(alignment.remark_count, 2);
  fine("maria", UNDO);
  assert_int_equal(alignment.remark_count, 1);
  assert_true(str_eq(alignment.remarks[0].text, STR("first")) && str_eq(alignment.remarks[0].by, STR("john")));
  fine("maria", REDO);
  assert_int_equal(alignment.remark_count, 2);
}

/* Out of the state that people saw: of a proposal its confidence, of what they chose themselves none; and an undo keeps it. */
static void confidence_at_the_time(void **state) {
  (void)state;
  shown =
      "{\"id\":\"a\",\"elements\":[\n{\"source\":{\"id\":\"DeFever0001\"},\"proposals\":[{\"target\":{\"id\":\"DeFever0001\"},"
      "\"confidence\":0.96}]}\n"
      ",{\"source\":{\"id\":\"DeCough0001\"},\"proposals\":[]}\n],\"cells\":[\n{\"source_data_element\":\"DeFever0001\",\"source\":{\"id\":"
      "\"CoF00000001\"},\"terms\":[{\"target_data_element\":\"DeFever0001\",\"target\":{\"id\":\"CoF00000001\"},\"confidence\":0.5}]}\n]}";
  fine("maria", LIST(ELEMENT("accepted", TO("DeFever0001")) "," CELL_OF("DeFever0001", "CoM00000001", "none")));
  assert_true(alignment.decisions[0].confidence > 0.959 && alignment.decisions[0].confidence < 0.961);
  assert_true(alignment.decisions[1].confidence == 0);
  fine("maria",
       LIST("{\"kind\":\"operand\",\"source_data_element\":\"DeFever0001\",\"source_category_option_combo\":\"CoF00000001\",\"decision\":"
            "\"accepted\",\"targets\":[{\"data_element\":\"DeFever0001\",\"category_option_combo\":\"CoF00000001\"}]}"));
  assert_true(alignment.decisions[2].confidence == 0.5);
  fine("maria", LIST(ELEMENT("accepted", TO("DeCough0001"))));
  shown = NULL;
  fine("maria", UNDO);
  for (size_t i = 0; i < alignment.decision_count; i++)
    if (!alignment.decisions[i].what.operand) assert_true(alignment.decisions[i].confidence > 0.95);
}

#define PROPOSED(id, confidence, decision) "{\"target\":{\"id\":\"" id "\"},\"confidence\":" confidence ",\"decision\":\"" decision "\"}"
#define OPEN(id, proposals) "{\"source\":{\"id\":\"" id "\"},\"proposals\":[" proposals "],\"decision\":{\"state\":\"proposed\"}}\n"
#define COUGH(verdict, targets) \
  "{\"kind\":\"data_element\",\"source_data_element\":\"DeCough0001\",\"decision\":\"" verdict "\",\"targets\":[" targets "]}"

static const char two_open[] = "{\"id\":\"a\",\"elements\":[\n" OPEN(
    "DeFever0001", PROPOSED("DeFever0001", "0.96", "auto") "," PROPOSED(
                       "DeCough0001", "0.2", "candidate")) "," OPEN("DeCough0001",
                                                                    PROPOSED("DeCough0001", "0.93",
                                                                             "auto") "," PROPOSED("DeFever0001", "0.71", "proposed")) "]}";

/* "decided agreed" of the bands, the surest first. */
static void judged_as(const char *wanted) {
  struct alignment_band bands[ALIGNMENT_BANDS];
  alignment_judge(&alignment, bands);
  struct str is = arena_printf(arena, "%zu %zu, %zu %zu, %zu %zu", bands[0].decided, bands[0].agreed, bands[1].decided, bands[1].agreed,
                               bands[2].decided, bands[2].agreed);
  if (!str_eq(is, str_of(wanted))) fail_msg("%.*s, not %s", STR_ARG(is), wanted);
}

/* Each element once: what was proposed when somebody first spoke about it, and what stands now. */
static void how_proposals_fared(void **state) {
  (void)state;
  shown = two_open;
  judged_as("0 0, 0 0, 0 0");
  fine("maria", LIST(ELEMENT("accepted", TO("DeFever0001"))));
  judged_as("1 1, 0 0, 0 0");
  fine("maria", LIST(COUGH("accepted", TO("DeCough0001")))); /* one of two, and the less sure one tells how sure both are */
  judged_as("1 1, 1 0, 0 0");
  fine("maria", LIST(COUGH("accepted", TO("DeFever0001") "," TO("DeCough0001"))));
  judged_as("1 1, 1 1, 0 0");
  fine("john", LIST(ELEMENT("none", ""))); /* a mind that is changed */
  judged_as("1 0, 1 1, 0 0");
  fine("john", UNDO);
  judged_as("1 1, 1 1, 0 0");
  fine("john", REDO);
  judged_as("1 0, 1 1, 0 0");
  static const char *const no_agreement[] = {ELEMENT("excluded", ""), ELEMENT("rejected", TO("DeFever0001")),
                                             ELEMENT("accepted", TO("DeCough0001")),
                                             ELEMENT("accepted", TO("DeFever0001") "," TO("DeCough0001"))};
  for (size_t i = 0; i < sizeof no_agreement / sizeof *no_agreement; i++) {
    fine("maria", arena_cstr(arena, arena_printf(arena, LIST("%s"), no_agreement[i])));
    judged_as("1 0, 1 1, 0 0");
  }
  fine("maria", LIST(ELEMENT("accepted", TO("DeFever0001"))));
  judged_as("1 1, 1 1, 0 0");
  fine("john", LIST(ELEMENT("approved", "")));
  judged_as("1 1, 1 1, 0 0");
  fine("maria", LIST(ELEMENT("undecided", "")));
  judged_as("0 0, 1 1, 0 0");
  fine("maria", LIST(CELL_OF("DeFever0001", "CoF00000001", "none")));
  judged_as("0 0, 1 1, 0 0");
  fine("maria", LIST(ELEMENT("rejected", TO("DeFever0001"))));
  judged_as("1 0, 1 1, 0 0");
}

/* Nobody looked, nothing was proposed, or nobody knows: nothing is judged, also by what is decided later. */
static void what_judges_nothing(void **state) {
  struct buf many = BUF_INIT(1 << 16);
  (void)state;
  shown = two_open;
  refused("maria", "{\"bulk\":1,\"decisions\":[]}", ERROR_bad_request);
  fine("maria", "{\"bulk\":true,\"decisions\":[" ELEMENT("accepted", TO("DeFever0001")) "]}");
  assert_true(alignment.decisions[0].confidence > 0.95); /* how sure it was is told all the same */
  fine("maria", LIST(ELEMENT("none", "")));
  judged_as("0 0, 0 0, 0 0");
  fine("maria", STEPS(UNDO "," UNDO));
  fine("maria", LIST(ELEMENT("none", "")));
  judged_as("1 0, 0 0, 0 0");
  shown = NULL;
  fine("maria", LIST(COUGH("none", "")));
  judged_as("1 0, 0 0, 0 0");
  shown = "{\"id\":\"a\",\"elements\":[\n" OPEN("DeFever0001", PROPOSED("DeCough0001", "0.4", "candidate")) "]}";
  fine("maria", STEPS(UNDO "," UNDO));
  fine("maria", LIST(ELEMENT("accepted", TO("DeCough0001"))));
  judged_as("0 0, 0 0, 0 0");
  fine("maria", UNDO);
  for (size_t count = ALIGNMENT_PROPOSED_MAX; count <= ALIGNMENT_PROPOSED_MAX + 1; count++) { /* one more than is kept */
    many.n = 0;
    (void)buf_add(&many, STR("{\"id\":\"a\",\"elements\":[\n{\"source\":{\"id\":\"DeFever0001\"},\"proposals\":["));
    for (size_t i = 0; i < count; i++) (void)buf_printf(&many, "%s{\"target\":{\"id\":\"T%zu\"},\"confidence\":0.5}", i ? "," : "", i);
    (void)buf_add(&many, STR("],\"decision\":{\"state\":\"proposed\"}}\n]}"));
    shown = arena_cstr(arena, buf_str(&many));
    fine("maria", LIST(ELEMENT("none", "")));
    judged_as(count == ALIGNMENT_PROPOSED_MAX ? "0 0, 0 0, 1 0" : "0 0, 0 0, 0 0");
    fine("maria", UNDO);
  }
  buf_free(&many);
}

static void what_was_proposed_is_kept(void **state) {
  struct error error = {0};
  struct buf text = BUF_INIT(1 << 20);
  struct alignment back = alignment;
  (void)state;
  shown = two_open;
  fine("maria", LIST(COUGH("accepted", TO("DeFever0001") "," TO("DeCough0001"))));
  fine("maria", LIST(ELEMENT("none", "")));
  assert_true(alignment_keep(&alignment, &text));
  assert_true(str_has(buf_str(&text), STR("\"proposed\":{\"confidence\":0.71,\"targets\":[\"DeCough0001\",\"DeFever0001\"]}")));
  assert_int_equal(alignment_read(arena, buf_str(&text), &back, &error), 0);
  alignment = back;
  judged_as("1 0, 1 1, 0 0");
  fine("maria", UNDO); /* out of the steps, too */
  fine("maria", UNDO);
  fine("maria", REDO);
  judged_as("0 0, 1 1, 0 0");
  static const char too_many[] = "{\"decisions\":[{\"kind\":\"data_element\",\"source_data_element\":\"DeFever0001\",\"decision\":\"none\","
                                 "\"proposed\":{\"confidence\":1,\"targets\":[1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17]}}]}";
  assert_int_equal(alignment_read(arena, str_of(too_many), &back, &error), -1);
  buf_free(&text);
}

/* There is an end to what is kept for undoing; the newest are. */
static void many_steps(void **state) {
  (void)state;
  for (int i = 0; i < ALIGNMENT_STEPS_MAX + 20; i++) fine("maria", LIST(ELEMENT("none", "")));
  assert_int_equal(alignment.step_count, ALIGNMENT_STEPS_MAX);
  assert_int_equal(alignment.steps[ALIGNMENT_STEPS_MAX - 1].number, ALIGNMENT_STEPS_MAX + 20);
  alignment_add_step(&alignment, (struct alignment_step){.label = STR("more")}, false, arena);
  assert_int_equal(alignment.step_count, ALIGNMENT_STEPS_MAX);
  alignment_add_step(&alignment, (struct alignment_step){.label = STR("the end")}, true, arena);
  assert_int_equal(alignment.step_count, 1);
  assert_int_equal(alignment.steps[0].number, ALIGNMENT_STEPS_MAX + 22);
  refused("maria", UNDO, ERROR_conflict);
  struct alignment_decision *list = ARENA_ARRAY(arena, ALIGNMENT_STEP_ENTRIES_MAX + 1, struct alignment_decision);
  for (size_t more = 0; more < 2; more++) { /* one more than is kept */
    alignment_add_step(&alignment,
                       (struct alignment_step){.label = STR("large"), .before = list, .before_count = ALIGNMENT_STEP_ENTRIES_MAX + more},
                       true, arena);
    assert_int_equal(alignment.steps[0].before_count, more ? 0 : ALIGNMENT_STEP_ENTRIES_MAX);
  }
}

static const char kept_before[] = "[{\"operand\":false,\"source_data_element\":\"DeFever0001\",\"source_category_option_combo\":null,"
                                  "\"target_data_element\":\"DeCough0001\","
                                  "\"target_category_option_combo\":null,\"sign\":\"+\",\"decision\":\"accepted\",\"by\":\"maria\",\"at\":"
                                  "\"2026-01-01T00:00:00Z\",\"note\":null}]";

/* A store of an earlier version. */
static void kept_as_a_list(void **state) {
  struct error error = {0};
  (void)state;
  assert_int_equal(alignment_read(arena, str_of(kept_before), &alignment, &error), 0);
  assert_int_equal(alignment.decision_count, 1);
  assert_true(str_eq(alignment.decisions[0].what.target_data_element, STR("DeCough0001")));
  refused("maria", LIST(ELEMENT("approved", "")), ERROR_own_decision);
  fine("john", LIST(ELEMENT("approved", "")));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(one_word_per_item, setup, teardown),
      cmocka_unit_test_setup_teardown(cells, setup, teardown),
      cmocka_unit_test_setup_teardown(all_or_nothing, setup, teardown),
      cmocka_unit_test_setup_teardown(kept_and_read_back, setup, teardown),
      cmocka_unit_test_setup_teardown(a_mapping, setup, teardown),
      cmocka_unit_test_setup_teardown(whole_elements, setup, teardown),
      cmocka_unit_test_setup_teardown(what_the_engine_did_not_find, setup, teardown),
      cmocka_unit_test_setup_teardown(undo_and_redo, setup, teardown),
      cmocka_unit_test_setup_teardown(undo_after_others, setup, teardown),
      cmocka_unit_test_setup_teardown(undo_of_one_kind, setup, teardown),
      cmocka_unit_test_setup_teardown(steps_kept_and_read_back, setup, teardown),
      cmocka_unit_test_setup_teardown(second_person, setup, teardown),
      cmocka_unit_test_setup_teardown(second_person_of_a_pair, setup, teardown),
      cmocka_unit_test(who_is_who),
      cmocka_unit_test_setup_teardown(flags_and_comments, setup, teardown),
      cmocka_unit_test_setup_teardown(undo_of_flags_and_comments, setup, teardown),
      cmocka_unit_test_setup_teardown(notes, setup, teardown),
      cmocka_unit_test_setup_teardown(undo_of_a_flag_set_twice, setup, teardown),
      cmocka_unit_test_setup_teardown(confidence_at_the_time, setup, teardown),
      cmocka_unit_test_setup_teardown(how_proposals_fared, setup, teardown),
      cmocka_unit_test_setup_teardown(what_judges_nothing, setup, teardown),
      cmocka_unit_test_setup_teardown(what_was_proposed_is_kept, setup, teardown),
      cmocka_unit_test_setup_teardown(many_steps, setup, teardown),
      cmocka_unit_test_setup_teardown(kept_as_a_list, setup, teardown),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}

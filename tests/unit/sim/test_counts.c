/* Values counted and added up by analytics: which of them the tables hold, in which periods and units they are found, and what is refused as a whole. */
#include "sim/values_internal.h"
#include <setjmp.h>
#include <stdarg.h>

#include "ask.h"
#include <cmocka.h>

#define UNIT(id, parent) "{\"id\":\"" id "\",\"name\":\"" id "\",\"shortName\":\"" id "\",\"openingDate\":\"2000-01-01\"" parent "}"
#define BELOW(id) ",\"parent\":{\"id\":\"" id "\"}"
#define ELEMENT(id, type, aggregation, combo) \
  "{\"id\":\"" id "\",\"name\":\"" id "\",\"shortName\":\"" id "\",\"valueType\":\"" type \
  "\",\"domainType\":\"AGGREGATE\",\"aggregationType\":\"" aggregation "\",\"categoryCombo\":{\"id\":\"" combo "\"}}"
#define PLAIN "bjDvmb4bfuf"

static const char *const model = "{" ASK_COMBO ",\"organisationUnits\":[" UNIT("TstOu000000", "") "," UNIT(
    "TstOu000001",
    BELOW(
        "TstOu00000"
        "0")) "," UNIT("TstOu000002",
                       BELOW(
                           "TstOu00"
                           "0000")) "],\"dataElements\":[" ELEMENT("TstDe000001", "INTEGER", "SUM",
                                                                   "TstCc000001") "," ELEMENT("TstDe000002", "NUMBER", "AVERAGE",
                                                                                              PLAIN) "," ELEMENT("TstDe000003", "BOOLEAN",
                                                                                                                 "SUM",
                                                                                                                 PLAIN) "," ELEMENT("TstDe0"
                                                                                                                                    "00004",
                                                                                                                                    "LONG_"
                                                                                                                                    "TEXT",
                                                                                                                                    "SUM",
                                                                                                                                    PLAIN) "," ELEMENT("TstDe0"
                                                                                                                                                       "00005",
                                                                                                                                                       "INTEGE"
                                                                                                                                                       "R",
                                                                                                                                                       "NONE",
                                                                                                                                                       PLAIN) "]}";

static void put(struct ask *ask, const char *element, const char *period, const char *unit, const char *coc, const char *value) {
  struct sim_value *v =
      values_put(ask->sim->values, str_of(element), str_of(period), str_of(unit), str_of(coc), STR("HllvX50cXC0"), ask_now_ms);
  values_text(&v->value, str_of(value));
  v->updated_ms = ask_now_ms;
}

/* Today is 28 May 2026. */
static struct ask filled(enum sim_release release) {
  struct ask ask = ask_new(release);
  assert_int_equal(ask_post(&ask, "/api/metadata", model).status, 200);
  put(&ask, "TstDe000001", "202604", "TstOu000001", "TstCx000001", "5");
  put(&ask, "TstDe000001", "202604", "TstOu000001", "TstCx000002", "6");
  put(&ask, "TstDe000001", "202604", "TstOu000002", "TstCx000001", "0"); /* not in the tables */
  put(&ask, "TstDe000001", "202605", "TstOu000002", "TstCx000001", "7");
  put(&ask, "TstDe000001", "202505", "TstOu000000", "TstCx000001", "7");  /* twelve months ago */
  put(&ask, "TstDe000001", "202504", "TstOu000000", "TstCx000001", "7");  /* thirteen */
  put(&ask, "TstDe000001", "2026Q1", "TstOu000001", "TstCx000001", "7");  /* of no month */
  put(&ask, "TstDe000002", "2026W18", "TstOu000001", "HllvX50cXC0", "0"); /* from 27 April: its fourth day is in April; averaged */
  put(&ask, "TstDe000003", "202604", "TstOu000002", "HllvX50cXC0", "false");
  ask.sim->analytics_ms = ask_now_ms;
  return ask;
}

/* The rows of an answer, "a b 1.0" with ";" between; else the code that it is refused by. */
static const char *answered(struct ask *ask, const char *query, const char *more) {
  struct sim_reply reply = ask_get(ask, arena_printf(ask->arena, "/api/analytics.json?%s%s&skipMeta=true", query, more).p);
  json_t *root = json_loadb(reply.body.p, reply.body.n, 0, NULL), *list = json_object_get(root, "rows");
  struct str text = STR("");
  assert_int_equal(reply.status, list ? 200 : 409);
  if (!list) text = str_of(model_text(root, "errorCode"));
  for (size_t i = 0; i < json_array_size(list); i++)
    for (size_t k = 0; k < json_array_size(json_array_get(list, i)); k++)
      text = arena_printf(ask->arena, "%.*s%s%s", STR_ARG(text),
                          k   ? " "
                          : i ? ";"
                              : "",
                          json_string_value(json_array_get(json_array_get(list, i), k)));
  if (list)
    assert_string_equal(
        model_text(json_array_get(json_object_get(root, "headers"), json_array_size(json_object_get(root, "headers")) - 1), "name"),
        "value");
  const char *ret = arena_cstr(ask->arena, text);
  json_decref(root);
  return ret;
}

static const char *rows(struct ask *ask, const char *query) {
  return answered(ask, query, "&aggregationType=COUNT");
}

#define COUNTED "TstDe000001;TstDe000002;TstDe000003"
#define RECENT "pe:LAST_12_MONTHS;THIS_MONTH"

static void counting(void **state) {
  (void)state;
  struct ask ask = filled(SIM_2_41);
  const struct {
    const char *query, *rows;
  } cases[] = {
      {"dimension=dx:" COUNTED "&filter=" RECENT "&filter=ou:TstOu000000", "TstDe000001 4.0;TstDe000002 1.0;TstDe000003 1.0"},
      {"dimension=dx:" COUNTED "&filter=" RECENT "&filter=ou:LEVEL-1", "TstDe000001 4.0;TstDe000002 1.0;TstDe000003 1.0"},
      {"dimension=dx:TstDe000001%3BTstDe000009&filter=pe:LAST_12_MONTHS", "TstDe000001 3.0"}, /* who is not there is passed over */
      {"dimension=dx:TstDe000001&filter=pe:LAST_4_QUARTERS", "TstDe000001 3.0"},              /* months, and a quarter */
      {"dimension=dx:TstDe000001&filter=pe:THIS_YEAR;LAST_YEAR", "TstDe000001 6.0"},
      {"dimension=pe:LAST_12_MONTHS;THIS_MONTH&filter=dx:" COUNTED, "202505 1.0;202604 4.0;202605 1.0"},
      {"dimension=ou:TstOu000001;TstOu000002;TstOu000000&filter=dx:" COUNTED "&filter=" RECENT,
       "TstOu000001 3.0;TstOu000002 2.0;TstOu000000 6.0"},
      {"dimension=pe:202604&dimension=ou:TstOu000001&filter=dx:TstDe000001", "202604 TstOu000001 2.0"},
      {"dimension=dx:TstDe000001&filter=pe:202401&filter=ou:TstOu000000", ""},
      {"dimension=dx:TstDe000001;TstDe000004&filter=" RECENT, "E7115"},
      {"dimension=dx:TstDe000005&filter=" RECENT, "E7115"},
      {"filter=dx:TstDe000001&filter=" RECENT, "E7101"},
      {"dimension=ou:TstOu000000&filter=" RECENT, "E7102"},
      {"dimension=dx:TstDe000001", "E7104"},
      {"dimension=dx:TstDe000009&filter=" RECENT, "E7124"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) assert_string_equal(rows(&ask, cases[i].query), cases[i].rows);
  ask.sim->analytics_ms = ask_now_ms - 1; /* written since */
  assert_string_equal(rows(&ask, cases[0].query), "");
  ask_free(&ask);
}

/* Without a way of their own to be made one, values are added up, or averaged where their element is. */
static void totals(void **state) {
  (void)state;
  struct ask ask = filled(SIM_2_41);
  put(&ask, "TstDe000002", "202604", "TstOu000002", "HllvX50cXC0", "2.5");
  put(&ask, "TstDe000003", "202604", "TstOu000001", "HllvX50cXC0", "true");
  assert_string_equal(answered(&ask, "dimension=dx:" COUNTED "&dimension=pe:202604;202605&filter=ou:TstOu000000", ""),
                      "TstDe000001 202604 11.0;TstDe000001 202605 7.0;TstDe000002 202604 1.25;TstDe000003 202604 1.0");
  assert_string_equal(answered(&ask, "dimension=dx:TstDe000001&dimension=pe:2026Q2&filter=ou:TstOu000001", ""), "TstDe000001 2026Q2 11.0");
  assert_string_equal(answered(&ask, "dimension=dx:TstDe000001,pe:202604&filter=ou:TstOu000001", ""), "TstDe000001 202604 11.0");
  assert_string_equal(answered(&ask, "dimension=dx:TstDe000001;TstDe000004&filter=" RECENT, ""), "E7115");
  assert_int_equal(ask_get(&ask, "/api/analytics?dimension=dx:TstDe000001&dimension=pe:202604&aggregationType=MAX").status, 501);
  assert_int_equal(ask_get(&ask, "/api/analytics?dimension=pe:202604&filter=dx:TstDe000001").status, 501);
  ask_free(&ask);
}

/* Who has units to look at sees those; who has none sees all to 2.42, and later what is entered. */
static void by_release(void **state) {
  (void)state;
  static const enum sim_release releases[] = {SIM_2_37, SIM_2_40, SIM_2_41, SIM_2_42, SIM_2_43};
  for (size_t i = 0; i < sizeof releases / sizeof *releases; i++) {
    struct ask ask = filled(releases[i]);
    json_t *admin = sim_objects_at(ask.sim->objects, "users", 0);
    json_object_set_new(admin, "dataViewOrganisationUnits", json_pack("[{s:s}]", "id", "TstOu000001"));
    assert_string_equal(rows(&ask, "dimension=dx:TstDe000001&filter=ou:TstOu000002&filter=" RECENT), "E7120");
    json_object_set_new(admin, "dataViewOrganisationUnits", json_array());
    json_object_set_new(admin, "organisationUnits", json_pack("[{s:s}]", "id", "TstOu000001"));
    assert_string_equal(rows(&ask, "dimension=dx:TstDe000001&filter=ou:TstOu000002&filter=" RECENT),
                        releases[i] < SIM_2_43 ? "TstDe000001 1.0" : "E7120");
    assert_string_equal(rows(&ask, "dimension=dx:TstDe000001&filter=ou:USER_ORGUNIT&filter=" RECENT), "TstDe000001 2.0");
    json_object_set_new(sim_objects_get(ask.sim->objects, "categoryCombos", "TstCc000001"), "skipTotal", json_true());
    assert_string_equal(rows(&ask, "dimension=dx:TstDe000001&filter=" RECENT), releases[i] > SIM_2_37 ? "E7134" : "TstDe000001 4.0");
    ask.sim->analytics_ms = 0;
    assert_string_equal(rows(&ask, "dimension=dx:TstDe000002&filter=" RECENT),
                        releases[i] > SIM_2_37 ? "E7144" : ""); /* a good answer that is wrong */
    ask_free(&ask);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(counting), cmocka_unit_test(totals), cmocka_unit_test(by_release)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}

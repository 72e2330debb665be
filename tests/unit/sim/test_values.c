/* Imports of data values on both engines: formats, id schemes, conflicts, and what is lost without a word. */
#include "sim/values_import.h"
#include "sim/xml.h"
#include <setjmp.h>
#include <stdarg.h>

#include "ask.h"
#include <cmocka.h>

static const char *const model =
    "{" ASK_COMBO ",\"organisationUnits\":[{\"id\":\"TstOu000000\",\"name\":\"country\",\"shortName\":\"country\",\"openingDate\":\"2000-"
    "01-01\",\"code\":"
    "\"C\"},"
    "{\"id\":\"TstOu000001\",\"name\":\"one\",\"shortName\":\"one\",\"openingDate\":\"2000-01-01\",\"code\":\"F1\",\"parent\":{\"id\":"
    "\"TstOu000000\"}},"
    "{\"id\":\"TstOu000002\",\"name\":\"two\",\"shortName\":\"two\",\"openingDate\":\"2000-01-01\",\"code\":\"F2\",\"parent\":{\"id\":"
    "\"TstOu000000\"}}],"
    "\"dataElements\":["
    "{\"id\":\"TstDe000001\",\"name\":\"cases\",\"shortName\":\"cases\",\"code\":\"T_1\",\"valueType\":\"INTEGER\",\"domainType\":"
    "\"AGGREGATE\",\"aggregationType\":\"SUM\",\"categoryCombo\":{\"id\":\"TstCc000001\"}},"
    "{\"id\":\"TstDe000002\",\"name\":\"deaths\",\"shortName\":\"deaths\",\"code\":\"T_2\",\"valueType\":\"NUMBER\",\"domainType\":"
    "\"AGGREGATE\",\"aggregationType\":\"SUM\",\"categoryCombo\":{\"id\":\"bjDvmb4bfuf\"}},"
    "{\"id\":\"TstDe000003\",\"name\":\"notes\",\"shortName\":\"notes\",\"code\":\"T_3\",\"valueType\":\"TEXT\",\"domainType\":"
    "\"AGGREGATE\",\"aggregationType\":\"NONE\",\"categoryCombo\":{\"id\":\"bjDvmb4bfuf\"}}],"
    "\"dataSets\":[{\"id\":\"TstDs000001\",\"name\":\"monthly\",\"shortName\":\"monthly\",\"code\":\"T_S\",\"periodType\":\"Monthly\","
    "\"openFuturePeriods\":0,\"dataSetElements\":[{\"dataElement\":{\"id\":\"TstDe000001\"}},{\"dataElement\":{\"id\":\"TstDe000002\"}},"
    "{\"dataElement\":{\"id\":\"TstDe000003\"}}],\"organisationUnits\":[{\"id\":\"TstOu000001\"}]}]}";

static struct ask server(enum sim_release release) {
  struct ask ask = ask_new(release);
  assert_int_equal(ask_post(&ask, "/api/metadata", model).status, 200);
  sim_objects_put(ask.sim->objects, "users",
                  json_pack("{s:s, s:s}", "id", "TstUs000009", "username", "nobody")); /* one without any right */
  json_t *admin = NULL;
  for (size_t i = 0; i < sim_objects_count(ask.sim->objects, "users"); i++)
    if (strcmp(model_text(sim_objects_at(ask.sim->objects, "users", i), "username"), "admin") == 0)
      admin = sim_objects_at(ask.sim->objects, "users", i);
  assert_non_null(admin);
  json_object_set_new(admin, "organisationUnits", json_pack("[{s:s}]", "id", "TstOu000000"));
  return ask;
}

struct result {
  int status;
  int imported, updated, ignored, deleted;
  const char *code; /* of the first conflict; "" */
};

static struct result import(struct ask *ask, const char *target, const char *type, struct str body) {
  struct sim_reply reply = ask_raw(ask, "POST", str_of(target), type, body);
  json_t *root = json_loadb(reply.body.p, reply.body.n, 0, NULL), *response = json_object_get(root, "response"),
         *counts = json_object_get(response, "importCount");
  struct result result = {.status = reply.status,
                          .imported = (int)json_integer_value(json_object_get(counts, "imported")),
                          .updated = (int)json_integer_value(json_object_get(counts, "updated")),
                          .ignored = (int)json_integer_value(json_object_get(counts, "ignored")),
                          .deleted = (int)json_integer_value(json_object_get(counts, "deleted"))};
  const char *code = json_string_value(json_object_get(json_array_get(json_object_get(response, "conflicts"), 0), "errorCode"));
  result.code = arena_cstr(ask->arena, str_of(code ? code : ""));
  json_decref(root);
  return result;
}

/* `values`: "element value[ coc]" parts with ";" between, for unit one. */
static struct result post(struct ask *ask, const char *query, const char *period, const char *values) {
  json_t *list = json_array(), *body;
  struct str rest = str_of(values);
  while (rest.p) {
    struct str part = str_take(&rest, ';'), element = str_take(&part, ' '), value = str_take(&part, ' '), coc = part;
    json_t *row = json_pack("{s:s%, s:s, s:s, s:s%}", "dataElement", element.p, element.n, "period", period, "orgUnit", "TstOu000001",
                            "value", value.p ? value.p : "", value.n);
    if (coc.p) json_object_set_new(row, "categoryOptionCombo", json_stringn(coc.p, coc.n));
    json_array_append_new(list, row);
  }
  body = json_pack("{s:s, s:o}", "dataSet", "TstDs000001", "dataValues", list);
  char *text = json_dumps(body, 0);
  struct result result =
      import(ask, arena_printf(ask->arena, "/api/dataValueSets%s", query).p, "application/json", arena_str(ask->arena, str_of(text)));
  free(text);
  json_decref(body);
  return result;
}

static void counts_are(struct result got, int imported, int updated, int ignored, int deleted) {
  if (got.imported != imported || got.updated != updated || got.ignored != ignored || got.deleted != deleted)
    fail_msg("imported %d updated %d ignored %d deleted %d (%d %s), not %d %d %d %d", got.imported, got.updated, got.ignored, got.deleted,
             got.status, got.code, imported, updated, ignored, deleted);
}

static size_t stored(struct ask *ask, const char *period, const char *rest) {
  struct str target = arena_printf(ask->arena, "/api/dataValueSets?dataSet=TstDs000001&orgUnit=TstOu000001&period=%s%s", period, rest);
  struct sim_reply reply = ask_raw(ask, "GET", target, NULL, STR(""));
  json_t *root = json_loadb(reply.body.p, reply.body.n, 0, NULL);
  size_t n = json_array_size(json_object_get(root, "dataValues"));
  json_decref(root);
  return n;
}

static void counting(void **state) {
  (void)state;
  struct ask old = server(SIM_2_41), new = server(SIM_2_43);
  counts_are(post(&old, "", "202601", "TstDe000002 5;TstDe000003 x"), 2, 0, 0, 0);
  counts_are(post(&old, "", "202601", "TstDe000002 6;TstDe000003 x"), 0, 1, 1, 0);
  counts_are(post(&old, "?importStrategy=CREATE", "202601", "TstDe000002 7"), 0, 0, 1, 0);
  counts_are(post(&old, "?importStrategy=UPDATE", "202602", "TstDe000002 7"), 0, 0, 1, 0);
  counts_are(post(&old, "?importStrategy=DELETE", "202601", "TstDe000002 6"), 0, 0, 0, 1);
  counts_are(post(&old, "", "202601", "TstDe000002 6"), 1, 0, 0, 0);
  counts_are(post(&new, "", "202601", "TstDe000002 5;TstDe000003 x"), 0, 2, 0, 0);
  counts_are(post(&new, "", "202601", "TstDe000002 5;TstDe000003 x"), 0, 2, 0, 0);
  counts_are(post(&new, "?importStrategy=CREATE", "202601", "TstDe000002 7"), 0, 1, 0, 0);
  ask_free(&old);
  ask_free(&new);
}

/* What neither a status nor a conflict tells. */
static void silent_losses(void **state) {
  (void)state;
  struct ask old = server(SIM_2_41), new = server(SIM_2_43);
  counts_are(post(&old, "", "202601", "TstDe000002 0"), 0, 0, 0, 0); /* a new zero is dropped, and in no counter */
  assert_int_equal(stored(&old, "202601", ""), 0);
  counts_are(post(&old, "", "202601", "TstDe000002 5"), 1, 0, 0, 0);
  counts_are(post(&old, "", "202601", "TstDe000002 0"), 0, 0, 0, 1); /* a zero over a value deletes it */
  assert_int_equal(stored(&old, "202601", ""), 0);
  assert_int_equal(stored(&old, "202601", "&includeDeleted=true"), 1);
  counts_are(post(&new, "", "202601", "TstDe000002 0"), 0, 1, 0, 0);
  assert_int_equal(stored(&new, "202601", ""), 1);
  counts_are(post(&old, "", "202602", "TstDe000002 1;TstDe000002 2 HllvX50cXC0"), 1, 0, 0, 0); /* one of two for a new cell */
  counts_are(post(&new, "", "202602", "TstDe000002 1;TstDe000002 2 HllvX50cXC0"), 0, 0, 2, 0); /* all of them */
  assert_int_equal(stored(&new, "202602", ""), 0);
  counts_are(post(&old, "", "202603", "TstDe000001 4"), 1, 0, 0, 0); /* the default option combo of an element that has others */
  assert_int_equal(stored(&old, "202603", ""), 1);
  ask_free(&old);
  ask_free(&new);
}

static void conflicts(void **state) {
  (void)state;
  static const struct {
    const char *period, *values, *old, *new;
  } cases[] = {
      {"202601", "TstDe999999 1", "E7610", "E8020"},
      {"2025", "TstDe000002 1", "", "E8021"},
      {"202601", "TstDe000002 x", "E7619", "E8122"},
      {"202601", "TstDe000002 ", "E7618", "E8120"},
      {"202601", "TstDe000002 1 TstCx999999", "E7613", "E8024"},
      {"202601", "TstDe000002 1 TstCx000001", "", "E8024"},
      {"202701", "TstDe000002 1", "E7641", ""}, /* superusers are not held up on the new engine */
      {"202601", "bad 1", "E7610", "E8104"},
      {"202601", "TstDe000002 1;TstDe000002 2", "", "E8128"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    struct ask old = server(SIM_2_41), new = server(SIM_2_43);
    struct result a = post(&old, "", cases[i].period, cases[i].values), b = post(&new, "", cases[i].period, cases[i].values);
    if (strcmp(a.code, cases[i].old) != 0 || strcmp(b.code, cases[i].new) != 0)
      fail_msg("%s %s: %s and %s, not %s and %s", cases[i].period, cases[i].values, a.code, b.code, cases[i].old, cases[i].new);
    ask_free(&old);
    ask_free(&new);
  }
}

/* One bad unit keeps out the whole group on the new engine, one row on the old. */
static void one_bad_unit(void **state) {
  (void)state;
  struct ask old = server(SIM_2_41), new = server(SIM_2_43);
  struct str body = STR("{\"dataSet\":\"TstDs000001\",\"dataValues\":[{\"dataElement\":\"TstDe000002\",\"period\":\"202601\",\"orgUnit\":"
                        "\"TstOu000001\",\"value\":\"1\"},"
                        "{\"dataElement\":\"TstDe000002\",\"period\":\"202601\",\"orgUnit\":\"TstOu999999\",\"value\":\"1\"}]}");
  struct result a = import(&old, "/api/dataValueSets", "application/json", body),
                b = import(&new, "/api/dataValueSets", "application/json", body);
  counts_are(a, 1, 0, 1, 0);
  assert_string_equal(a.code, "E7612");
  counts_are(b, 0, 0, 0, 0);
  assert_string_equal(b.code, "E8022");
  assert_int_equal(b.status, 409);
  ask_free(&old);
  ask_free(&new);
}

static void formats(void **state) {
  (void)state;
  struct ask old = server(SIM_2_41), new = server(SIM_2_43);
  struct str csv = STR("dataelement,period,orgunit,categoryoptioncombo,attributeoptioncombo,value,storedby,lastupdated,comment,followup,"
                       "deleted\n\"TstDe000003\",202601,TstOu000001,,,\"a, b\",,,,,\n");
  struct str other_order = STR("value,orgunit,period,dataelement\n7,TstOu000001,202602,TstDe000002\n");
  struct str xml = STR("<?xml version=\"1.0\"?><!-- c --><dataValueSet dataSet=\"TstDs000001\" period=\"202603\" "
                       "orgUnit=\"TstOu000001\"><dataValue dataElement=\"TstDe000003\" value=\"a &lt; &#233;\"/></dataValueSet>");
  struct str adx = STR("<adx xmlns=\"urn:ihe:qrph:adx:2015\"><group dataSet=\"T_S\" orgUnit=\"F1\" period=\"2026-04-01/P1M\"><dataValue "
                       "dataElement=\"T_1\" SEX=\"MEN\" value=\"4\"/></group></adx>");
  counts_are(import(&old, "/api/dataValueSets?dataSet=TstDs000001", "application/csv", csv), 1, 0, 0, 0);
  counts_are(import(&new, "/api/dataValueSets?dataSet=TstDs000001", "application/csv", csv), 0, 1, 0, 0);
  assert_string_equal(import(&old, "/api/dataValueSets?dataSet=TstDs000001", "application/csv", other_order).code, "E7610");
  counts_are(import(&new, "/api/dataValueSets?dataSet=TstDs000001", "application/csv", other_order), 0, 1, 0, 0);
  counts_are(import(&old, "/api/dataValueSets", "application/xml", xml), 1, 0, 0, 0);
  counts_are(import(&new, "/api/dataValueSets", "application/xml", xml), 0, 1, 0, 0);
  counts_are(import(&old, "/api/dataValueSets", "application/adx+xml", adx), 1, 0, 0, 0);
  assert_string_equal(import(&new, "/api/dataValueSets", "application/adx+xml", adx).code, "E8004");
  counts_are(import(&new, "/api/dataValueSets?idScheme=CODE", "application/adx+xml", adx), 0, 1, 0, 0);
  assert_int_equal(import(&old, "/api/dataValueSets", "text/plain", STR("x")).status, 415);
  struct sim_reply back = ask_get(&old, "/api/dataValueSets?dataSet=TstDs000001&orgUnit=TstOu000001&period=202603");
  assert_true(str_has(back.body, STR("a < \xc3\xa9")));
  ask_free(&old);
  ask_free(&new);
}

/* The new engine reads texts alone, and leniently; the old one anything that Jackson takes. */
static void json_kinds(void **state) {
  (void)state;
  struct ask old = server(SIM_2_41), new = server(SIM_2_43);
  struct str number = STR("{\"dataSet\":\"TstDs000001\",\"dataValues\":[{\"dataElement\":\"TstDe000002\",\"period\":202601,\"orgUnit\":"
                          "\"TstOu000001\",\"value\":5.50}]}");
  struct str comma = STR("{\"dataSet\":\"TstDs000001\",\"dataValues\":[],}");
  counts_are(import(&old, "/api/dataValueSets", "application/json", number), 1, 0, 0, 0);
  assert_true(str_has(ask_get(&old, "/api/dataValueSets?dataSet=TstDs000001&orgUnit=TstOu000001&period=202601").body, STR("\"5.50\"")));
  assert_int_equal(import(&new, "/api/dataValueSets", "application/json", number).status, 500);
  assert_int_equal(import(&old, "/api/dataValueSets", "application/json", comma).status, 409);
  assert_int_equal(import(&new, "/api/dataValueSets", "application/json", comma).status, 200);
  assert_int_equal(import(&new, "/api/dataValueSets", "application/json", STR("hello")).status, 400);
  assert_int_equal(import(&new, "/api/dataValueSets", "application/json", STR("")).status, 400);
  ask_free(&old);
  ask_free(&new);
}

static void atomic_and_dry(void **state) {
  (void)state;
  struct ask new = server(SIM_2_43), old = server(SIM_2_41);
  assert_string_equal(post(&new, "?atomic=true", "202601", "TstDe000002 1;TstDe000001 x TstCx000001").code, "E8000");
  assert_int_equal(stored(&new, "202601", ""), 0);
  counts_are(post(&old, "?dryRun=true", "202601", "TstDe000002 1"), 1, 0, 0, 0);
  assert_int_equal(stored(&old, "202601", ""), 0);
  ask_free(&new);
  ask_free(&old);
}

/* A job runs when the server's clock has gone on, not before. */
static void jobs(void **state) {
  (void)state;
  struct ask ask = server(SIM_2_41);
  struct str body = STR("{\"dataSet\":\"TstDs000001\",\"dataValues\":[{\"dataElement\":\"TstDe000002\",\"period\":\"202601\",\"orgUnit\":"
                        "\"TstOu000001\",\"value\":\"1\"}]}");
  struct sim_reply started = ask_raw(&ask, "POST", STR("/api/dataValueSets?async=true"), "application/json", body);
  json_t *root = json_loadb(started.body.p, started.body.n, 0, NULL);
  const char *id = json_string_value(json_object_get(json_object_get(root, "response"), "id"));
  assert_non_null(id);
  const char *task = arena_printf(ask.arena, "/api/system/tasks/DATAVALUE_IMPORT/%s", id).p,
             *summary = arena_printf(ask.arena, "/api/system/taskSummaries/DATAVALUE_IMPORT/%s", id).p;
  assert_true(str_eq(ask_get(&ask, task).body, STR("[]")));
  assert_int_equal(ask_get(&ask, summary).body.n, 0);
  assert_int_equal(stored(&ask, "202601", ""), 0);
  ask.sim->clock_offset_ms += 10000;
  assert_int_equal(stored(&ask, "202601", ""), 1);
  assert_true(str_has(ask_get(&ask, task).body, STR("Import complete with status SUCCESS, 1 created")));
  assert_true(str_has(ask_get(&ask, summary).body, STR("\"imported\":1")));
  json_decref(root);
  ask_free(&ask);
}

static void types(void **state) {
  const struct sim sim = {.release = SIM_2_41};
  (void)state;
  static const struct {
    const char *type, *good, *bad; /* with blanks between */
  } cases[] = {
      {"INTEGER", "1 -1 0 2147483647", "1.0 01 -0 +1 2147483648 1e3 x"},
      {"INTEGER_POSITIVE", "1 7", "0 -1"},
      {"INTEGER_ZERO_OR_POSITIVE", "0 1", "-1 00"},
      {"INTEGER_NEGATIVE", "-1", "0 1"},
      {"NUMBER", "1 1.5 -1.5 0.0", ".5 1. 01 +1 1e3 1,000 NaN"},
      {"PERCENTAGE", "0 100 99.9", "100.1 -1"},
      {"UNIT_INTERVAL", "0 1 0.5", "1.01 -0.1"},
      {"BOOLEAN", "true false 1 0 T", "yes x"},
      {"TRUE_ONLY", "true 1", "false 0"},
      {"DATE", "2024-01-31 2024-02-29", "20240131 2024-1-31 31/01/2024 2023-02-29"},
      {"DATETIME", "2024-01-31T10:11", "2024-01-31"},
      {"TIME", "10:11 9:05", "24:00 10:11:12 1011"},
      {"LETTER", "A \xc3\xa9", "AB 1"},
      {"EMAIL", "a@example.org", "a@b nope"},
      {"URL", "https://example.org", "example.org"},
      {"PHONE_NUMBER", "+250788123456", "0788 abc"},
      {"USERNAME", "admin", "a"},
      {"COORDINATE", "[30.1,-1.2]", "30.1,-1.2 [200,100]"},
      {"ORGANISATION_UNIT", "TstOu000001", "nope"},
      {"TEXT", "anything", ""},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
    for (int good = 0; good < 2; good++) {
      struct str rest = str_of(good ? cases[i].good : cases[i].bad);
      while (rest.p && rest.n) {
        struct str value = str_take(&rest, ' ');
        if ((values_type_problem(&sim, cases[i].type, value) == NULL) != good) fail_msg("%s: %.*s", cases[i].type, STR_ARG(value));
      }
    }
}

/* XML that is cut or spoilt anywhere ends, and says so. */
static void xml_cut(void **state) {
  (void)state;
  struct str whole = STR("<?xml version=\"1.0\"?><a:set x='1' y=\"&amp;&#x41;\"><v n=\"1\"/><!-- c --><v n=\"2\"></v></a:set>");
  unsigned seed = 3;
  for (size_t cut = 0; cut <= whole.n; cut++)
    for (int spoil = 0; spoil < 4; spoil++) {
      struct arena *arena = arena_new();
      char *text = arena_alloc(arena, cut + 1);
      if (cut) memcpy(text, whole.p, cut);
      seed = seed * 1103515245 + 12345;
      if (spoil && cut) text[(seed >> 8) % cut] = "<>\"&/="[spoil];
      struct xml xml = {.arena = arena, .text = {text, cut}};
      struct xml_tag tag;
      size_t tags = 0;
      while (xml_next(&xml, &tag) && tags < 1000) tags++;
      assert_true(tags < 1000);
      if (!spoil && cut == whole.n) assert_true(!xml.error.p && tags == 6);
      if (!spoil && cut < whole.n && cut > strlen("<?xml version=\"1.0\"?>")) assert_non_null(xml.error.p);
      arena_free(arena);
    }
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(counting),       cmocka_unit_test(silent_losses), cmocka_unit_test(conflicts),
                                     cmocka_unit_test(one_bad_unit),   cmocka_unit_test(formats),       cmocka_unit_test(json_kinds),
                                     cmocka_unit_test(atomic_and_dry), cmocka_unit_test(jobs),          cmocka_unit_test(types),
                                     cmocka_unit_test(xml_cut)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}

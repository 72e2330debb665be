#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../metadata_of.h"
#include "base/buf.h"
#include "dhis2/adx.h"
#include "dhis2/adx_inner.h"

#define OPEN "<adx xmlns=\"urn:ihe:qrph:adx:2015\">"
#define GROUP "<group dataSet=\"DS\" orgUnit=\"OU\" period=\"2024-01-01/P1M\">"

static const char metadata_json[] =
    "{\"dataSets\":[{\"id\":\"DsOne000001\",\"code\":\"DS\",\"name\":\"d\",\"periodType\":\"Monthly\",\"categoryCombo\":{\"id\":"
    "\"CcTwo000001\"},\"dataSetElements\":[{\"dataElement\":{\"id\":\"DeOne000001\"},\"categoryCombo\":{\"id\":\"CcOne000001\"}},{"
    "\"dataElement\":{\"id\":\"DeTwo000001\"}}]},"
    "{\"id\":\"DsNov000001\",\"code\":\"NOV\",\"name\":\"n\",\"periodType\":\"QuarterlyNov\",\"categoryCombo\":{\"id\":\"CcDef000001\"},"
    "\"dataSetElements\":[]}],"
    "\"dataElements\":[{\"id\":\"DeOne000001\",\"code\":\"DE1\",\"name\":\"e\",\"valueType\":\"INTEGER\",\"categoryCombo\":{\"id\":"
    "\"CcDef000001\"}},{\"id\":\"DeTwo000001\",\"code\":\"DE2\",\"name\":\"t\",\"valueType\":\"TEXT\",\"categoryCombo\":{\"id\":"
    "\"CcDef000001\"}},{\"id\":\"DeBare00001\",\"name\":\"b\",\"valueType\":\"INTEGER\",\"categoryCombo\":{\"id\":\"CcDef000001\"}}],"
    "\"organisationUnits\":[{\"id\":\"OuOne000001\",\"code\":\"OU\",\"name\":\"u\"}],"
    "\"categoryCombos\":[{\"id\":\"CcDef000001\",\"name\":\"default\",\"categories\":[{\"id\":\"CaDef000001\"}],\"categoryOptionCombos\":[{"
    "\"id\":\"HllvX50cXC0\"}]},"
    "{\"id\":\"CcOne000001\",\"name\":\"age "
    "sex\",\"categories\":[{\"id\":\"CaSex000001\"},{\"id\":\"CaAge000001\"}],\"categoryOptionCombos\":[{\"id\":\"CxFY0000001\"},{\"id\":"
    "\"CxFO0000001\"},{\"id\":\"CxMY0000001\"},{\"id\":\"CxMO0000001\"}]},"
    "{\"id\":\"CcTwo000001\",\"name\":\"donor\",\"categories\":[{\"id\":\"CaDon000001\"}],\"categoryOptionCombos\":[{\"id\":"
    "\"CxDonA00001\"},{\"id\":\"CxDonB00001\"}]}],"
    "\"categories\":[{\"id\":\"CaDef000001\",\"code\":\"default\",\"name\":\"default\",\"categoryOptions\":[{\"id\":\"OpDef000001\"}]},{"
    "\"id\":\"CaSex000001\",\"code\":\"SEX\",\"name\":\"s\",\"categoryOptions\":[{\"id\":\"OpF00000001\"},{\"id\":\"OpM00000001\"}]},"
    "{\"id\":\"CaAge000001\",\"code\":\"AGE\",\"name\":\"a\",\"categoryOptions\":[{\"id\":\"OpY00000001\"},{\"id\":\"OpO00000001\"}]},{"
    "\"id\":\"CaDon000001\",\"code\":\"DONOR\",\"name\":\"d\",\"categoryOptions\":[{\"id\":\"OpA00000001\"},{\"id\":\"OpB00000001\"}]}],"
    "\"categoryOptions\":[{\"id\":\"OpDef000001\",\"code\":\"default\",\"name\":\"default\"},{\"id\":\"OpF00000001\",\"code\":\"F\","
    "\"name\":\"f\"},{\"id\":\"OpM00000001\",\"code\":\"M\",\"name\":\"m\"},{\"id\":\"OpY00000001\",\"code\":\"<5\",\"name\":\"y\"},{"
    "\"id\":\"OpO00000001\",\"code\":\"5+\",\"name\":\"o\"},"
    "{\"id\":\"OpA00000001\",\"code\":\"A\",\"name\":\"a\"},{\"id\":\"OpB00000001\",\"code\":\"B\",\"name\":\"b\"}],"
    "\"categoryOptionCombos\":[{\"id\":\"HllvX50cXC0\",\"name\":\"default\",\"categoryOptions\":[{\"id\":\"OpDef000001\"}]},{\"id\":"
    "\"CxFY0000001\",\"name\":\"1\",\"categoryOptions\":[{\"id\":\"OpY00000001\"},{\"id\":\"OpF00000001\"}]},{\"id\":\"CxFO0000001\","
    "\"name\":\"2\",\"categoryOptions\":[{\"id\":\"OpF00000001\"},{\"id\":\"OpO00000001\"}]},"
    "{\"id\":\"CxMY0000001\",\"name\":\"3\",\"categoryOptions\":[{\"id\":\"OpM00000001\"},{\"id\":\"OpY00000001\"}]},{\"id\":"
    "\"CxMO0000001\",\"name\":\"4\",\"categoryOptions\":[{\"id\":\"OpM00000001\"},{\"id\":\"OpO00000001\"}]},{\"id\":\"CxDonA00001\","
    "\"name\":\"5\",\"categoryOptions\":[{\"id\":\"OpA00000001\"}]},{\"id\":\"CxDonB00001\",\"name\":\"6\",\"categoryOptions\":[{\"id\":"
    "\"OpB00000001\"}]}]}";

static struct arena *arena;
static const struct dhis2_metadata *metadata;

static int note(void *payload, const struct dhis2_value *v, struct error *error) {
  (void)error;
  (void)buf_printf(payload, "%.*s/%.*s/%.*s/%.*s/%.*s=%.*s%s%.*s;", STR_ARG(v->data_element), STR_ARG(v->category_option_combo),
                   STR_ARG(v->period), STR_ARG(v->org_unit), STR_ARG(v->attribute_option_combo), STR_ARG(v->value), v->comment.p ? "#" : "",
                   STR_ARG(v->comment));
  return 0;
}

static int read_in(const struct dhis2_metadata *known, struct str text, size_t cut, struct buf *said, struct error *error) {
  struct dhis2_adx_reader *reader = dhis2_adx_reader_new(known, note, said);
  int result = 0;
  for (size_t at = 0; result == 0 && at < text.n; at += cut) result = dhis2_adx_reader_feed(reader, str_slice(text, at, at + cut), error);
  if (result == 0) result = dhis2_adx_reader_finish(reader, error);
  dhis2_adx_reader_free(reader);
  return result;
}

static void reads(const struct dhis2_metadata *known, const char *text, const char *wanted) {
  for (size_t cut = 1; cut < 200; cut += 7) {
    struct buf said = BUF_INIT(1 << 20);
    struct error error = {0};
    if (read_in(known, str_of(text), cut, &said, &error)) fail_msg("%s: %s", text, error.message);
    assert_string_equal(said.p ? said.p : "", wanted);
    buf_free(&said);
  }
}

static void refuses(const struct dhis2_metadata *known, const char *text, const char *word) {
  struct buf said = BUF_INIT(1 << 20);
  struct error error = {0};
  if (read_in(known, str_of(text), 1000, &said, &error) != -1) fail_msg("taken: %s", text);
  assert_int_equal(error.code, ERROR_input);
  if (!strstr(error.message, word)) fail_msg("%s: '%s' is not in: %s", text, word, error.message);
  buf_free(&said);
}

static void test_codes(void **state) {
  (void)state;
  reads(metadata,
        OPEN "<group dataSet=\"DS\" orgUnit=\"OU\" period=\"2024-01-01/P1M\" DONOR=\"B\"><dataValue dataElement=\"DE1\" AGE=\"&lt;5\" "
             "SEX=\"F\" value=\"7\"/><dataValue dataElement=\"DE1\" SEX=\"M\" AGE=\"5+\" value=\"-1\" comment=\"c\"/></group></adx>",
        "DeOne000001/CxFY0000001/202401/OuOne000001/CxDonB00001=7;DeOne000001/CxMO0000001/202401/OuOne000001/CxDonB00001=-1#c;");
  reads(metadata,
        "<a:adx xmlns:a=\"urn:ihe:qrph:adx:2015\" xmlns:o=\"urn:o\"><a:group dataSet=\"DsOne000001\" orgUnit=\"OuOne000001\" "
        "period=\"202402\" attributeOptionCombo=\"CxDonA00001\" o:x=\"y\"><a:dataValue dataElement=\"DeTwo000001\" default=\"default\" "
        "value=\"0\"><a:annotation>a &lt; b\n</a:annotation></a:dataValue></a:group></a:adx>",
        "DeTwo000001//202402/OuOne000001/CxDonA00001=a < b\n;");
  reads(metadata,
        OPEN "<group dataSet=\"DS\" orgUnit=\"OU\" period=\"2024-01-01/P1M\" DONOR=\"A\"><dataValue dataElement=\"DE1\" SEX=\"M\" "
             "AGE=\"5+\" value=\"0\"><annotation>none seen</annotation></dataValue><dataValue dataElement=\"NEW\" X=\"y\" "
             "value=\"3\"/><other><dataValue dataElement=\"DE1\"/></other></group></adx>",
        "DeOne000001/CxMO0000001/202401/OuOne000001/CxDonA00001=0#none seen;NEW//202401/OuOne000001/CxDonA00001=3;");
  reads(metadata, OPEN "</adx>", "");
}

static void test_uids_alone(void **state) {
  (void)state;
  reads(NULL,
        OPEN "<group orgUnit=\"OuOne000001\" period=\"2024-02-01/P3M\"><dataValue dataElement=\"DeOne000001\" "
             "categoryOptionCombo=\"CxMO0000001\" value=\"3\"/></group></adx>",
        "DeOne000001/CxMO0000001/2024NovQ2/OuOne000001/=3;");
  refuses(NULL,
          OPEN "<group orgUnit=\"OuOne000001\" period=\"2024-01-01/P1M\"><dataValue dataElement=\"DeOne000001\" SEX=\"M\" "
               "value=\"3\"/></group></adx>",
          "metadata");
  refuses(NULL, OPEN "<group orgUnit=\"OU\" period=\"2024-01-01/P1M\"/></adx>", "OU");
  refuses(NULL,
          OPEN "<group orgUnit=\"OuOne000001\" period=\"2024-01-01/P1M\"><dataValue dataElement=\"DeOne000001\" "
               "value=\"0\"><annotation>x</annotation></dataValue></group></adx>",
          "annotation");
}

static void test_what_cannot_be_told_is_refused(void **state) {
  (void)state;
  static const struct {
    const char *text, *word;
  } list[] = {
      {OPEN "<group dataSet=\"XX\" orgUnit=\"OU\" period=\"2024-01-01/P1M\"/></adx>", "XX"},
      {OPEN "<group dataSet=\"DS\" orgUnit=\"XX\" period=\"2024-01-01/P1M\"/></adx>", "XX"},
      {OPEN "<group dataSet=\"DS\" orgUnit=\"OU\" period=\"2024-01-01/P3M\"/></adx>", "Monthly"},
      {OPEN "<group dataSet=\"DS\" orgUnit=\"OU\" period=\"2024-01-02/P1M\"/></adx>", "2024-01-02"},
      {OPEN "<group dataSet=\"NOV\" orgUnit=\"OU\" period=\"2024-01-01/P3M\"/></adx>", "QuarterlyNov"},
      {OPEN "<group dataSet=\"DS\" orgUnit=\"OU\" period=\"2024-01-01/P1M\" DONOR=\"C\"/></adx>", "'C'"},
      {OPEN "<group dataSet=\"DS\" orgUnit=\"OU\" period=\"2024-01-01/P1M\"/></adx>", "option combo"},
      {OPEN "<group dataSet=\"DS\" orgUnit=\"OU\" period=\"2024-01-01/P1M\" DONOR=\"A\"><dataValue dataElement=\"DE1\" SEX=\"F\" "
            "value=\"1\"/></group></adx>",
       "option combo"},
      {OPEN "<group dataSet=\"DS\" orgUnit=\"OU\" period=\"2024-01-01/P1M\" DONOR=\"A\"><dataValue dataElement=\"DE1\" SEX=\"F\" "
            "COLOUR=\"x\" value=\"1\"/></group></adx>",
       "COLOUR"},
      {OPEN "<group dataSet=\"DS\" orgUnit=\"OU\" period=\"2024-01-01/P1M\" DONOR=\"A\"><dataValue SEX=\"F\" value=\"1\"/></group></adx>",
       "dataElement"},
      {"<adx/>", "not ADX"},
      {"<dataValueSet xmlns=\"http://dhis2.org/schema/dxf/2.0\"/>", "not ADX"},
      {OPEN "<group dataSet=\"DS\"", "broken"},
      {OPEN "</adx><adx/>", "broken"},
      {"<!DOCTYPE adx [<!ENTITY a \"b\">]>" OPEN "</adx>", "document type"},
      {"<!DOCTYPE adx SYSTEM \"file:///etc/passwd\">" OPEN "</adx>", "document type"},
      {OPEN "<a><a><a><a><a><a><a><a/></a></a></a></a></a></a></a></adx>", "beyond"},
  };
  for (size_t i = 0; i < sizeof list / sizeof *list; i++) refuses(metadata, list[i].text, list[i].word);
}

/* A tag that never ends takes no more memory than a tag may. */
static void test_a_tag_without_end(void **state) {
  (void)state;
  struct buf said = BUF_INIT(1 << 20);
  struct error error = {0};
  struct dhis2_adx_reader *reader = dhis2_adx_reader_new(metadata, note, &said);
  static char piece[64 << 10];
  memset(piece, 'a', sizeof piece);
  int result = dhis2_adx_reader_feed(reader, STR(OPEN "<group dataSet=\""), &error);
  unsigned n = 0;
  for (; result == 0 && n < 200; n++) result = dhis2_adx_reader_feed(reader, (struct str){piece, sizeof piece}, &error);
  assert_int_equal(result, -1);
  assert_true(n < 80);
  dhis2_adx_reader_free(reader);
  buf_free(&said);
}

static const char *const texts[] = {"7", "-12.5", "0", "<>&\"'", "a\nb\tc\r", "\xD7\x97\xF0\x9F\x92\x8A", " blanks ", "]]>", "&amp;"};

/* Whatever the value: what is written is read as the same, text or number, and neighbours share a group. */
static void test_round_trip(void **state) {
  (void)state;
  static const char *const combos[] = {"CxFY0000001", "CxFO0000001", "CxMY0000001", "CxMO0000001"};
  struct buf out = BUF_INIT(1 << 20), wanted = BUF_INIT(1 << 20), said = BUF_INIT(1 << 20);
  struct dhis2_adx_writer *writer = dhis2_adx_writer_new(metadata);
  struct error error = {0};
  size_t groups = 0;
  dhis2_adx_begin(&out);
  for (unsigned month = 1; month <= 3; month++)
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
      char period[8];
      (void)snprintf(period, sizeof period, "20240%u", month);
      struct dhis2_value v = {.data_element = i < 3 ? STR("DeOne000001") : STR("DeTwo000001"),
                              .category_option_combo = i < 3 ? str_of(combos[i]) : STR_NONE,
                              .period = str_of(period),
                              .org_unit = STR("OuOne000001"),
                              .attribute_option_combo = STR("CxDonA00001"),
                              .value = str_of(texts[i])};
      if (dhis2_adx_add(writer, STR("DsOne000001"), &v, &out, &error)) fail_msg("%s", error.message);
      (void)note(&wanted, &v, &error);
    }
  dhis2_adx_end(writer, &out);
  if (read_in(metadata, buf_str(&out), 100, &said, &error)) fail_msg("%s\n%s", error.message, out.p);
  assert_string_equal(said.p, wanted.p);
  for (struct str rest = buf_str(&out); rest.n; rest = str_from(rest, 1)) groups += str_starts(rest, STR("<group"));
  assert_int_equal(groups, 3);
  dhis2_adx_writer_free(writer);
  buf_free(&out);
  buf_free(&wanted);
  buf_free(&said);
}

static void test_what_has_no_code_is_not_written(void **state) {
  (void)state;
  struct dhis2_value good = {.data_element = STR("DeTwo000001"),
                             .period = STR("202401"),
                             .org_unit = STR("OuOne000001"),
                             .attribute_option_combo = STR("CxDonA00001"),
                             .value = STR("1")};
  struct dhis2_value list[] = {good, good, good, good, good, good, good, good};
  list[0].data_element = STR("DeBare00001");
  list[1].org_unit = STR("OuTwo000001");
  list[2].attribute_option_combo = STR("CxNone00001");
  list[3].period = STR("soon");
  list[4].value = STR("a\x01");
  list[5].period = STR("2024Q1");                     /* of a data set of months */
  list[6].category_option_combo = STR("CxFY0000001"); /* of another combo */
  list[7].attribute_option_combo = STR_NONE;          /* the data set has donors */
  for (size_t i = 0; i < 8; i++) {
    struct buf out = BUF_INIT(1 << 20);
    struct error error = {0};
    struct dhis2_adx_writer *writer = dhis2_adx_writer_new(metadata);
    assert_int_equal(dhis2_adx_add(writer, STR("DsOne000001"), &list[i], &out, &error), -1);
    assert_int_equal(error.code, ERROR_input);
    assert_int_equal(out.n, 0);
    dhis2_adx_writer_free(writer);
    buf_free(&out);
  }
}

/* Every period of every kind, over years: written and read it is the same. */
static void test_periods(void **state) {
  (void)state;
  unsigned kinds = 0;
  for (unsigned type = 0; type < DHIS2_PERIOD_TYPES; type++) {
    struct dhis2_period first, period, again;
    unsigned seen = 0;
    assert_true(dhis2_period_parse(STR("20230101"), &first));
    for (int32_t day = first.first_day; day < first.first_day + 3 * 366; day++) {
      char text[32], name[16];
      bool two_weeks = type == DHIS2_BI_WEEKLY; /* no period of a day */
      (void)snprintf(name, sizeof name, "202%dBiW%d", 3 + (day - first.first_day) % 3, (day - first.first_day) / 3 % 26 + 1);
      bool there = two_weeks ? dhis2_period_parse(str_of(name), &period)
                             : dhis2_period_of_day(day, (enum dhis2_period_type)type, &period) && period.first_day == day;
      if (!there) continue;
      assert_true(adx_period_write(str_of(period.text), text));
      assert_true(adx_period_read(str_of(text), str_of(dhis2_period_type_name((enum dhis2_period_type)type)), &again));
      assert_string_equal(again.text, period.text);
      seen++;
    }
    assert_true(seen >= 2);
    kinds++;
  }
  assert_int_equal(kinds, DHIS2_PERIOD_TYPES);
}

static int set_up(void **state) {
  (void)state;
  arena = arena_new();
  metadata = metadata_of(arena, str_of(metadata_json));
  return 0;
}

static int tear_down(void **state) {
  (void)state;
  arena_free(arena);
  return 0;
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_codes),
                                     cmocka_unit_test(test_uids_alone),
                                     cmocka_unit_test(test_what_cannot_be_told_is_refused),
                                     cmocka_unit_test(test_a_tag_without_end),
                                     cmocka_unit_test(test_round_trip),
                                     cmocka_unit_test(test_what_has_no_code_is_not_written),
                                     cmocka_unit_test(test_periods)};
  return cmocka_run_group_tests(tests, set_up, tear_down);
}

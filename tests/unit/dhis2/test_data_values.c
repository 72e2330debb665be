#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <pthread.h>
#include <time.h>
#include <cmocka.h>

#include "../with_arena.h"
#include "dhis2/data_values.h"
#include "dhis2/data_values_write.h"
#include "dhis2/periods.h"

/* --- periods --- */

static void periods_and_their_days(void **state) {
  static const struct {
    const char *text, *type, *first, *last, *canonical;
  } cases[] = {
      {"20240131", "Daily", "2024-01-31", "2024-01-31", "20240131"},
      {"2024-02-29", "Daily", "2024-02-29", "2024-02-29", "20240229"},
      {"2024W5", "Weekly", "2024-01-29", "2024-02-04", "2024W5"},
      {"2024W05", "Weekly", "2024-01-29", "2024-02-04", "2024W5"},
      {"2020W53", "Weekly", "2020-12-28", "2021-01-03", "2020W53"},
      {"2024WedW1", "WeeklyWednesday", "2024-01-03", "2024-01-09", "2024WedW1"},
      {"2024ThuW1", "WeeklyThursday", "2024-01-04", "2024-01-10", "2024ThuW1"},
      {"2024SatW1", "WeeklySaturday", "2023-12-30", "2024-01-05", "2024SatW1"},
      {"2024SunW1", "WeeklySunday", "2023-12-31", "2024-01-06", "2024SunW1"},
      {"2024BiW1", "BiWeekly", "2024-01-01", "2024-01-14", "2024BiW1"},
      {"202401", "Monthly", "2024-01-01", "2024-01-31", "202401"},
      {"2024-02", "Monthly", "2024-02-01", "2024-02-29", "202402"},
      {"202403B", "BiMonthly", "2024-05-01", "2024-06-30", "202403B"},
      {"2024Q1", "Quarterly", "2024-01-01", "2024-03-31", "2024Q1"},
      {"2024NovQ1", "QuarterlyNov", "2023-11-01", "2024-01-31", "2024NovQ1"},
      {"2024S2", "SixMonthly", "2024-07-01", "2024-12-31", "2024S2"},
      {"2024AprilS2", "SixMonthlyApril", "2024-10-01", "2025-03-31", "2024AprilS2"},
      {"2024NovS1", "SixMonthlyNov", "2023-11-01", "2024-04-30", "2024NovS1"},
      {"2024", "Yearly", "2024-01-01", "2024-12-31", "2024"},
      {"2024April", "FinancialApril", "2024-04-01", "2025-03-31", "2024April"},
      {"2024July", "FinancialJuly", "2024-07-01", "2025-06-30", "2024July"},
      {"2024Oct", "FinancialOct", "2024-10-01", "2025-09-30", "2024Oct"},
      {"2024Nov", "FinancialNov", "2023-11-01", "2024-10-31", "2024Nov"},
      {"2024Feb", "FinancialFeb", "2024-02-01", "2025-01-31", "2024Feb"},
  };
  static const char *const bad[] = {"",        "hello", "2024-13", "202413", "202400",    "20230229", "2024W53",
                                    "2024W0",  "2024W", "2024Q5",  "2024Q0", "2024S3",    "202407B",  "2024BiW27",
                                    "2024Q12", "24",    "2024X",   "2024-1", "2024-01-1", "99991"};
  struct dhis2_period period;
  char day[11];
  (void)state;
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    assert_true(dhis2_period_parse(str_of(cases[i].text), &period));
    assert_string_equal(dhis2_period_type_name(period.type), cases[i].type);
    dhis2_day_text(period.first_day, day);
    assert_string_equal(day, cases[i].first);
    dhis2_day_text(period.last_day, day);
    assert_string_equal(day, cases[i].last);
    assert_string_equal(period.text, cases[i].canonical);
  }
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) assert_false(dhis2_period_parse(str_of(bad[i]), &period));
}

/* --- reading --- */

static int note(void *payload, const struct dhis2_value *v, struct error *error) {
  struct buf *said = payload;
  (void)error;
  (void)buf_printf(said, "%.*s/%.*s/%.*s/%.*s/%.*s=%s%.*s%s%.*s%s%s;", STR_ARG(v->data_element), STR_ARG(v->category_option_combo),
                   STR_ARG(v->period), STR_ARG(v->org_unit), STR_ARG(v->attribute_option_combo), v->value.p ? "" : "none",
                   STR_ARG(v->value), v->comment.p ? "#" : "", STR_ARG(v->comment), v->follow_up ? "!" : "", v->deleted ? "x" : "");
  return 0;
}

/* What a document says, fed in pieces of one size; or the error. */
static struct str read_in(struct str text, size_t piece, struct error *error) {
  struct buf said = BUF_INIT(1 << 20);
  struct dhis2_values_reader *reader = dhis2_values_reader_new(note, &said);
  int result = 0;
  for (size_t at = 0; result == 0 && at < text.n; at += piece)
    result = dhis2_values_reader_feed(reader, str_slice(text, at, at + piece), error);
  if (result == 0) result = dhis2_values_reader_finish(reader, error);
  dhis2_values_reader_free(reader);
  struct str out = result == 0 ? arena_str(arena, buf_str(&said)) : STR_NONE;
  buf_free(&said);
  return out;
}

static const char old_engine[] =
    "{\"dataSet\":\"DsOne\",\"completeDate\":null,\"period\":\"202401\",\"orgUnit\":\"OuOne\",\"dataValues\":[{\"dataElement\":\"DeA\","
    "\"period\":\"202401\",\"orgUnit\":\"OuOne\",\"categoryOptionCombo\":\"CoA\","
    "\"attributeOptionCombo\":\"AoA\",\"value\":\"12\",\"storedBy\":\"x\",\"created\":\"2024\",\"comment\":null,\"followup\":false},"
    "{\"dataElement\":\"DeB\",\"period\":\"202401\",\"orgUnit\":\"OuOne\",\"categoryOptionCombo\":\"CoA\",\"attributeOptionCombo\":\"AoA\","
    "\"value\":null,\"comment\":\"no \\u00e9\",\"followup\":true,\"deleted\":true}]}";
static const char new_engine[] =
    "{\"dataSet\":\"DsOne\",\"period\":\"202401\",\"orgUnit\":\"OuOne\",\"attributeOptionCombo\":\"AoA\",\"dataValues\":[{\"dataElement\":"
    "\"DeA\",\"categoryOptionCombo\":\"CoA\",\"value\":\"12\",\"extra\":{\"deep\":[1,{\"value\":\"no\"}]}},"
    "{\"dataElement\":\"DeB\",\"categoryOptionCombo\":\"CoA\",\"comment\":\"no é\",\"followup\":true,\"deleted\":true}]}";
static const char csv[] = "\"dataelement\",\"period\",\"orgunit\",\"categoryoptioncombo\",\"attributeoptioncombo\",\"value\",\"storedby\","
                          "\"lastupdated\",\"comment\",\"followup\",\"deleted\"\r\n"
                          "\"DeA\",\"202401\",\"OuOne\",\"CoA\",\"AoA\",\"12\",\"x\",\"2024\",,\"false\"\n\"DeB\",\"202401\",\"OuOne\","
                          "\"CoA\",\"AoA\",,\"x\",\"2024\",\"no é\",\"true\",\"true\"\n";
static const char wanted[] = "DeA/CoA/202401/OuOne/AoA=12;DeB/CoA/202401/OuOne/AoA=none#no é!x;";

static void every_form_says_the_same_however_it_is_cut(void **state) {
  const char *const forms[] = {old_engine,
                               new_engine,
                               csv,
                               arena_printf(arena, "\t \n\xEF\xBB\xBF%s", csv).p,
                               arena_printf(arena, " \n%s", new_engine).p,
                               arena_printf(arena, "\xEF\xBB\xBF%s", old_engine).p,
                               arena_printf(arena, "\xEF\xBB\xBF%s", csv).p};
  struct error error = {0};
  (void)state;
  for (size_t i = 0; i < sizeof forms / sizeof *forms; i++)
    for (size_t piece = 1; piece <= strlen(forms[i]); piece++) {
      struct str said = read_in(str_of(forms[i]), piece, &error);
      if (!said.p) fail_msg("%s", error.message);
      assert_true(str_eq(said, str_of(wanted)));
    }
}

static void what_is_cut_or_odd_is_refused(void **state) {
  static const char *const bad[] = {
      "",
      "  ",
      "[]",
      "[{\"dataElement\":\"DeA\"}]",
      "{\"dataValues\":{}}",
      "{\"dataValues\":[1]}",
      "{\"dataValues\":\"no\"}",
      "{\"dataValues\":[{\"period\":\"202401\",\"orgUnit\":\"OuOne\",\"value\":\"1\"}]}",
      "{\"dataValues\":[{\"dataElement\":\"DeA\",\"period\":\"202401\",\"orgUnit\":\"OuOne\",\"value\":{\"a\":1}}]}",
      "{\"dataValues\":[{\"dataElement\":\"DeA\",\"period\":\"202401\",\"orgUnit\":\"OuOne\",\"value\":\"1\",\"value\":\"2\"}]}",
      "{\"dataElementIdScheme\":\"CODE\",\"dataValues\":[]}",
      "{\"dataValues\":[]}{}",
      "{\"dataValues\":[{\"dataElement\":\"DeA\",\"period\":\"1\",\"orgUnit\":\"OuOne\",\"value\":\"1\"}],\"attributeOptionCombo\":"
      "\"AoA\"}",
      "one,two\n1,2\n",
      "dataelement;period;orgunit;value\nDeA;1;2;3\n"};
  struct error error = {0};
  (void)state;
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) assert_null(read_in(str_of(bad[i]), 4096, &error).p);
  for (size_t at = 1; at < strlen(old_engine); at++) assert_null(read_in((struct str){old_engine, at}, 4096, &error).p);
  assert_non_null(read_in(STR("{}"), 1, &error).p);
}

/* Rows that are wider than the first line, end before their value, or are cut off in the last line; narrow ones are as releases to 2.37 write them. */
static void rows_are_as_wide_as_the_first_line(void **state) {
  static const struct {
    const char *rows, *said; /* NULL: taken */
  } rows[] = {
      {"DeA,202401,OuOne,12,false\n", NULL},
      {"DeA,202401,OuOne,12\n", NULL},
      {"DeA,202401,OuOne,12,false", NULL},
      {"DeA,202401,OuOne,12", "line 2: the line has 4 columns, and the first one of the file 5: it has no end: the file was cut off"},
      {"DeA,202401,OuOne,1,5,false\n",
       "line 2: the line has 6 columns, and the first one of the file 5: what has a comma in it stands in quotes, and decimals are "
       "written with a point"},
      {"DeA,202401,OuOne,1\nDeA,202401\n", "line 3: the line has 2 columns, and the first one of the file 5: it ends before its value"}};
  struct error error = {0};
  (void)state;
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    struct str said = read_in(arena_printf(arena, "dataelement,period,orgunit,value,deleted\n%s", rows[i].rows), 7, &error);
    assert_int_equal(said.p == NULL, rows[i].said != NULL);
    if (rows[i].said) assert_string_equal(error.message, rows[i].said);
    error = (struct error){0};
  }
}

/* True and false in any case; what DHIS2 would take for "no" without a word is refused with where it stands. */
static void marks_are_true_or_false(void **state) {
  static const struct {
    const char *mark, *said; /* said: as read_in writes the value; NULL: refused */
  } marks[] = {{"true", "x"}, {"TRUE", "x"}, {"True", "x"}, {"false", ""}, {"FALSE", ""}, {"", ""},
               {"null", ""},  {"1", NULL},   {"yes", NULL}, {"0", NULL},   {"x", NULL}};
  struct error error = {0};
  (void)state;
  for (size_t i = 0; i < sizeof marks / sizeof *marks; i++) {
    struct str want = arena_printf(arena, "DeA//202401/OuOne/=12%s;", marks[i].said ? marks[i].said : "");
    struct str in_csv = arena_printf(arena, "dataelement,period,orgunit,value,deleted\nDeA,202401,OuOne,12,%s\n", marks[i].mark);
    struct str in_json = arena_printf(
        arena,
        "{\"dataValues\":[{\"dataElement\":\"DeA\",\"period\":\"202401\",\"orgUnit\":\"OuOne\",\"value\":\"12\",\"deleted\":\"%s\"}]}",
        marks[i].mark);
    for (unsigned form = 0; form < 2; form++)
      for (size_t piece = 1; piece < 4096; piece += 4094) { /* in pieces, and in one */
        error = (struct error){0};
        struct str got = read_in(form ? in_json : in_csv, piece, &error);
        assert_int_equal(got.p == NULL, marks[i].said == NULL);
        if (got.p) assert_true(str_eq(got, want));
        if (!got.p) assert_non_null(strstr(error.message, "\"deleted\" is true or false, and here it is '"));
        if (!got.p && !form) assert_true(str_starts(str_of(error.message), STR("line 2: ")));
      }
  }
}

/* --- summaries --- */

static struct dhis2_import import_of(const char *body, size_t count) {
  struct dhis2_import import;
  if (!dhis2_import_parse(arena, str_of(body), count, &import)) fail_msg("not a summary: %s", body);
  return import;
}

static void summaries_of_all_releases(void **state) {
  (void)state;
  struct dhis2_import import =
      import_of("{\"responseType\":\"ImportSummary\",\"status\":\"WARNING\",\"importCount\":{\"imported\":1,\"updated\":0,\"ignored\":2,"
                "\"deleted\":0},\"conflicts\":[{\"object\":\"DeXxxxxxxxx\",\"value\":\"Data element not found\","
                "\"errorCode\":\"E7610\",\"property\":\"dataElement\",\"objects\":{\"dataElement\":\"DeXxxxxxxxx\"},\"indexes\":[0,2]}],"
                "\"dataSetComplete\":\"false\"}",
                3);
  assert_int_equal(import.status, DHIS2_IMPORT_WARNING);
  assert_int_equal(import.rejected_count, 2);
  assert_true(import.rejected[0] && !import.rejected[1] && import.rejected[2] && !import.nothing_taken);

  import = import_of("{\"httpStatus\":\"Conflict\",\"httpStatusCode\":409,\"status\":\"ERROR\",\"message\":\"An error "
                     "occurred\",\"response\":{\"responseType\":\"ImportSummary\",\"status\":\"ERROR\",\"description\":\"The import "
                     "process failed: null\",\"importCount\":"
                     "{\"imported\":0,\"updated\":0,\"ignored\":0,\"deleted\":0},\"conflicts\":[],\"rejectedIndexes\":[]}}",
                     2);
  assert_true(import.nothing_taken && import.conflict_count == 0 && str_eq(import.description, STR("The import process failed: null")));

  import = import_of("{\"status\":\"OK\",\"response\":{\"status\":\"SUCCESS\",\"importCount\":{\"imported\":3,\"updated\":1,\"ignored\":4,"
                     "\"deleted\":2}}}",
                     10);
  assert_true(import.status == DHIS2_IMPORT_SUCCESS && import.imported == 3 && import.updated == 1 && import.ignored == 4 &&
              import.deleted == 2 && import.rejected_count == 0);

  import = import_of("{\"status\":\"OK\",\"response\":{\"responseType\":\"JobConfigurationWebMessageResponse\",\"name\":"
                     "\"dataValueImport\",\"id\":\"JobXxxxxx01\",\"jobType\":\"DATAVALUE_IMPORT\"}}",
                     10);
  assert_true(str_eq(import.job, STR("JobXxxxxx01")));

  struct dhis2_import none;
  static const char *const not_one[] = {"",
                                        "{}",
                                        "[]",
                                        "<html>",
                                        "{\"status\":\"ERROR\",\"message\":\"no\"}",
                                        "{\"response\":{\"status\":\"SUCCESS\"}}",
                                        "{\"response\":{\"status\":\"SUCC"};
  for (size_t i = 0; i < sizeof not_one / sizeof *not_one; i++) assert_false(dhis2_import_parse(arena, str_of(not_one[i]), 1, &none));
}

/* The new engine refuses the whole and names what is to blame in its text. */
static void blame(void **state) {
  static const struct dhis2_write good = {.data_element = STR("DeGood00001"),
                                          .period = STR("202401"),
                                          .org_unit = STR("OuGood00001"),
                                          .category_option_combo = STR("CoGood00001"),
                                          .attribute_option_combo = STR("AoGood00001")};
  struct dhis2_write unit = good, combo = good, other_combo = good, month = good;
  struct str set = STR("DsTarget001");
  (void)state;
  unit.org_unit = STR("OuBad000001");
  combo.data_element = STR("DeBad000001");
  combo.category_option_combo = STR("CoBad000001");
  other_combo.category_option_combo = STR("CoBad000001"); /* the same combo with another element is not blamed */
  month.period = STR("202402");
  month.org_unit = STR("OuBad000001");
#define REFUSED(code, args) \
  "{\"status\":\"ERROR\",\"response\":{\"status\":\"ERROR\",\"importCount\":{\"imported\":0,\"updated\":0,\"ignored\":0,\"deleted\":0}," \
  "\"conflicts\":[{\"errorCode\":\"" code "\",\"value\":\"words\",\"objects\":{\"args\":\"" args "\"},\"indexes\":[0,1,2,-1]}]," \
  "\"rejectedIndexes\":[0,1,2]}}"
  struct dhis2_import import = import_of(REFUSED("E8022", "DsTarget001-[OuBad000001, OuBad000002]"), 3);
  assert_true(import.nothing_taken && import.conflicts[0].index_count == 3);
  assert_true(dhis2_conflict_blames(&import.conflicts[0], set, &unit) && !dhis2_conflict_blames(&import.conflicts[0], set, &good));
  import = import_of(REFUSED("E8024", "DsTarget001-DeBad000001-[CoBad000001]"), 3);
  assert_true(dhis2_conflict_blames(&import.conflicts[0], set, &combo) && !dhis2_conflict_blames(&import.conflicts[0], set, &other_combo));
  import = import_of(REFUSED("E8031", "OuBad000001-[202402]"), 3);
  assert_true(dhis2_conflict_blames(&import.conflicts[0], set, &month) && !dhis2_conflict_blames(&import.conflicts[0], set, &unit));
  import = import_of(REFUSED("E8010", "DsTarget001"), 3);
  assert_true(!dhis2_conflict_blames(&import.conflicts[0], set, &good) && dhis2_conflict_is_of_data_set(&import.conflicts[0], set));
  import = import_of(REFUSED("E8012", "[OpHidden001]"), 3);
  assert_true(!dhis2_conflict_blames(&import.conflicts[0], set, &good) && !dhis2_conflict_is_of_data_set(&import.conflicts[0], set));
}

/* A conflict echoes the value: what is kept is one short line. */
static void long_texts_are_cut(void **state) {
  struct buf body = BUF_INIT(1 << 20);
  (void)state;
  (void)buf_add(&body, STR("{\"status\":\"WARNING\",\"importCount\":{\"imported\":0},\"conflicts\":[{\"value\":\""));
  for (unsigned i = 0; i < 60000; i++) (void)buf_add(&body, STR("é\\n"));
  (void)buf_add(&body, STR("\",\"indexes\":[0]}]}"));
  struct dhis2_import import = import_of(body.p, 1);
  assert_true(import.conflicts[0].text.n <= 500 && str_find_char(import.conflicts[0].text, '\n') == SIZE_MAX);
  buf_free(&body);
}

static void batches_are_found_by_measuring(void **state) {
  struct dhis2_batch new_one = dhis2_batch_start((struct dhis2_version){43, 1}), old = dhis2_batch_start((struct dhis2_version){41, 9});
  (void)state;
  for (unsigned i = 0; i < 20; i++) {
    dhis2_batch_learn(&new_one, new_one.size, 100);
    dhis2_batch_learn(&old, old.size, 100);
  }
  assert_int_equal(new_one.size, 1000);
  assert_int_equal(old.size, DHIS2_WRITE_MAX);
  dhis2_batch_learn(&new_one, 1000, 9000);
  assert_int_equal(new_one.size, 500);
  assert_true(dhis2_batch_too_large(&old, old.size));
  assert_int_equal(old.size, DHIS2_WRITE_MAX / 2);
  dhis2_batch_learn(&old, old.size, 100);
  assert_int_equal(old.size, DHIS2_WRITE_MAX / 2); /* and never again more than that */
  assert_false(dhis2_batch_too_large(&old, 1));
}

/* 2.43's time grows with the square of the POST: from what the largest it is sent takes follows what is sent next. */
static void batches_follow_a_time_that_grows_with_the_square(void **state) {
  static const struct {
    int64_t thousand_ms; /* what 1,000 values take */
    size_t settles;
  } servers[] = {{100, 1000}, {900, 1000}, {3900, 1000}, {8000, 500}, {40000, 250}, {80000, 125}, {4000000, 31}};
  (void)state;
  for (size_t i = 0; i < sizeof servers / sizeof *servers; i++) {
    struct dhis2_batch batch = dhis2_batch_start((struct dhis2_version){43, 1});
    for (unsigned k = 0; k < 30; k++)
      dhis2_batch_learn(&batch, batch.size, servers[i].thousand_ms * (int64_t)(batch.size * batch.size) / 1000000);
    assert_int_equal(batch.size, servers[i].settles);
  }
}

/* 2.43 stores nothing of a POST with a cell in it twice: such a one is never made, in whatever order its cells come. */
static void no_cell_twice_in_a_post(void **state) {
  static const struct {
    const char *cells; /* element, option combo, attribute option combo and org unit of each, a letter each */
    enum error_code code;
  } posts[] = {{"aaaa", ERROR_server_unreachable},
               {"aaaa baaa", ERROR_server_unreachable},
               {"baaa aaaa abaa", ERROR_server_unreachable},
               {"aaab aaaa aaac baac", ERROR_server_unreachable},
               {"aaaa aaab aaba abaa", ERROR_server_unreachable},
               {"aaaa aaaa", ERROR_inside},
               {"aaaa baaa aaaa", ERROR_inside},
               {"aaaa aaab aaaa", ERROR_inside},
               {"aaaa baaa caaa caaa", ERROR_inside},
               {"cbaa bbaa bcaa aaaa cbaa", ERROR_inside},
               {"", ERROR_inside}};
  (void)state;
  struct dhis2_server *server = dhis2_server_new(
      STR("x"), STR("http://localhost"), (struct http_client_options){.unix_socket = "/nowhere/at/all"}, (struct source_credential){0});
  for (size_t i = 0; i < sizeof posts / sizeof *posts; i++) {
    struct dhis2_write values[8];
    struct dhis2_import import;
    struct error error = {0};
    size_t n = 0;
    for (struct str rest = str_of(posts[i].cells); rest.n; n++) {
      struct str cell = str_take(&rest, ' ');
      values[n] = (struct dhis2_write){.data_element = str_slice(cell, 0, 1),
                                       .category_option_combo = str_slice(cell, 1, 2),
                                       .attribute_option_combo = str_slice(cell, 2, 3),
                                       .org_unit = str_slice(cell, 3, 4),
                                       .period = STR("202401"),
                                       .value = STR("1")};
    }
    struct dhis2_post post = {.data_set = STR("DsMonthly01"), .values = values, .count = n};
    assert_int_equal(dhis2_values_post(server, &post, arena, &import, &error), -1);
    assert_int_equal(error.code, posts[i].code);
  }
  dhis2_server_free(server);
}

/* --- how long a server is left alone --- */

static int64_t now_ns(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

/* Returns NULL where it was left alone for the whole second. */
static void *leave_alone_for_a_second(void *part) {
  (void)nanosleep(&(struct timespec){.tv_nsec = *(long *)part}, NULL);
  struct error asked = {.code = ERROR_upstream_error, .upstream_status = 429, .retry_after = 1};
  int64_t began = now_ns();
  bool waited = dhis2_wait_before(1, &asked, NULL);
  return waited && now_ns() - began >= 1000000000 ? NULL : part;
}

/* From whatever moment between two ticks of the clock. */
static void never_shorter_than_it_asks(void **state) {
  enum { STARTS = 40 };
  pthread_t threads[STARTS];
  long after_ns[STARTS];
  (void)state;
  for (int i = 0; i < STARTS; i++) {
    after_ns[i] = i * 250000L;
    assert_int_equal(pthread_create(&threads[i], NULL, leave_alone_for_a_second, &after_ns[i]), 0);
  }
  for (int i = 0; i < STARTS; i++) {
    void *too_soon;
    assert_int_equal(pthread_join(threads[i], &too_soon), 0);
    assert_null(too_soon);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(periods_and_their_days),
                                     cmocka_unit_test(every_form_says_the_same_however_it_is_cut),
                                     cmocka_unit_test(what_is_cut_or_odd_is_refused),
                                     cmocka_unit_test(rows_are_as_wide_as_the_first_line),
                                     cmocka_unit_test(marks_are_true_or_false),
                                     cmocka_unit_test(summaries_of_all_releases),
                                     cmocka_unit_test(blame),
                                     cmocka_unit_test(long_texts_are_cut),
                                     cmocka_unit_test(batches_are_found_by_measuring),
                                     cmocka_unit_test(batches_follow_a_time_that_grows_with_the_square),
                                     cmocka_unit_test(no_cell_twice_in_a_post),
                                     cmocka_unit_test(never_shorter_than_it_asks)};
  return cmocka_run_group_tests(tests, setup, teardown);
}

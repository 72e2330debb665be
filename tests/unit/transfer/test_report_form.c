#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/csv.h"
#include "base/json_out.h"
#include "transfer/decimal.h"
#include "transfer/remedy.h"
#include "transfer/report.h"
#include "transfer/report_form.h"

/* A report whose texts are all `text`. */
static struct str report_of(struct str text, struct buf *json) {
  struct report *report = report_new();
  struct report_cell cell = {{text, text}, text, text, text, text};
  struct decimal number;
  assert_true(decimal_parse(STR("-12.5"), &number));
  report_counts(report)->read = 7;
  report_total(report, text, STR("202401"), REPORT_SOURCE, &number, 1);
  report_total_name(report, text, STR("202401"), text);
  report_unmapped(report, TRANSFER_no_rule, cell.operand, text);
  report_conflict(report, &(struct report_words){true, text, text, text}, &cell, &cell, 1);
  report_differing(report, &cell, text, false);
  report_replaced(report, &cell, text);
  report_name(report, REPORT_SOURCE, text, text);
  report_name(report, REPORT_TARGET, text, text);
  struct json_out out = JSON_OUT_INIT(json);
  json_out_object(&out);
  json_out_member_str(&out, "format", STR("drawbridge-report"));
  json_out_member_str(&out, "outcome", STR("refused"));
  json_out_member_str(&out, "from", text);
  report_write(report, &out);
  json_out_end(&out);
  report_free(report);
  return buf_str(json);
}

static struct str in_language(enum report_form form, enum language language, struct str text, struct buf *ret) {
  struct error error = {0};
  struct buf json = BUF_INIT(1 << 20);
  assert_int_equal(report_form_write(form, language, report_of(text, &json), ret, &error), 0);
  buf_free(&json);
  return buf_str(ret);
}

static struct str in_form(enum report_form form, struct str text, struct buf *ret) {
  return in_language(form, LANGUAGE_ENGLISH, text, ret);
}

static const char *const attacks[] = {"=1+1",
                                      "+1",
                                      "-cmd|' /C calc'!A0",
                                      "@SUM(A1)",
                                      "\t=1",
                                      "\r=1",
                                      "\n=1",
                                      "\xEF\xBC\x9D"
                                      "1",
                                      "<script>alert(1)</script>",
                                      "\"><img src=x onerror=y>",
                                      "' onclick='",
                                      "&lt;",
                                      "\xE2\x80\xAE"
                                      "abc",
                                      "\x01\x1B[31m",
                                      "a,b\"c\r\nd"};

struct seen {
  size_t width, rows, numbers;
};

static int on_row(void *payload, const struct str *fields, size_t count, uint64_t line, struct error *error) {
  struct seen *seen = payload;
  struct decimal number;
  (void)line;
  (void)error;
  if (seen->rows++ == 0) seen->width = count;
  assert_int_equal(count, seen->width);
  for (size_t i = 0; i < count; i++) {
    bool is_number = decimal_parse(fields[i], &number);
    seen->numbers += is_number && fields[i].p[0] == '-';
    if (!is_number && fields[i].n) assert_null(memchr("=+-@\t\r\n", fields[i].p[0], 7));
  }
  return 0;
}

/* Whatever the texts are: rows of one width, no formula, and numbers below zero bare. */
static void test_csv_is_harmless(void **state) {
  (void)state;
  for (size_t i = 0; i < sizeof attacks / sizeof *attacks; i++) {
    struct buf text = BUF_INIT(1 << 20);
    struct seen seen = {0};
    struct error error = {0};
    struct csv_reader *reader = csv_reader_new(0, on_row, &seen);
    assert_int_equal(csv_reader_feed(reader, in_form(REPORT_CSV, str_of(attacks[i]), &text), &error), 0);
    assert_int_equal(csv_reader_finish(reader, &error), 0);
    assert_true(seen.rows > 10 && seen.numbers > 0);
    csv_reader_free(reader);
    buf_free(&text);
  }
}

static size_t count_of(struct str text, struct str needle) {
  size_t n = 0;
  for (size_t at; (at = str_find(text, needle)) != SIZE_MAX; n++) text = str_from(text, at + needle.n);
  return n;
}

/* The same tags whatever the texts are, each text isolated, and no byte of control. */
static void test_html_is_harmless(void **state) {
  (void)state;
  struct buf plain = BUF_INIT(1 << 20);
  size_t tags = count_of(in_form(REPORT_HTML, STR("plain"), &plain), STR("<"));
  for (size_t i = 0; i < sizeof attacks / sizeof *attacks; i++) {
    struct buf text = BUF_INIT(1 << 20);
    struct str page = in_form(REPORT_HTML, str_of(attacks[i]), &text);
    assert_int_equal(count_of(page, STR("<")), tags);
    assert_int_equal(count_of(page, STR("<bdi>")), count_of(page, STR("</bdi>")));
    assert_int_equal(count_of(page, STR("<script")), 0);
    for (size_t k = 0; k < page.n; k++) assert_true((unsigned char)page.p[k] >= ' ' || page.p[k] == '\n' || page.p[k] == '\t');
    buf_free(&text);
  }
  buf_free(&plain);
}

/* The words are others, what is told is the same; JSON stays as it is, and so do the names of English columns, which programs read. */
static void test_in_the_readers_language(void **state) {
  static const struct {
    enum language language;
    const char *head, *title, *column, *first;
  } each[] = {
      {LANGUAGE_ENGLISH, "<html lang=\"en\" dir=\"ltr\">", "<h1>Transfer report</h1>", "control_totals,name,", "section,what,value,"},
      {LANGUAGE_FRENCH, "<html lang=\"fr\" dir=\"ltr\">", "<h1>Rapport de transfert</h1>", "Élément de données,Identifiant",
       "Section,Quoi,Valeur,"},
      {LANGUAGE_ARABIC, "<html lang=\"ar\" dir=\"rtl\">", "<h1>تقرير النقل</h1>", "عنصر البيانات,", "القسم,"}};
  struct buf plain = BUF_INIT(1 << 20), json = BUF_INIT(1 << 20), as_json = BUF_INIT(1 << 20);
  struct error error = {0};
  (void)state;
  size_t tags = count_of(in_form(REPORT_HTML, STR("plain"), &plain), STR("<"));
  for (size_t i = 0; i < sizeof each / sizeof *each; i++) {
    struct buf page = BUF_INIT(1 << 20), table = BUF_INIT(1 << 20);
    struct str text = in_language(REPORT_HTML, each[i].language, STR("plain"), &page);
    assert_true(str_has(text, str_of(each[i].head)) && str_has(text, str_of(each[i].title)));
    assert_int_equal(count_of(text, STR("<")), tags);
    assert_int_equal(str_has(text, STR("What to do")), each[i].language == LANGUAGE_ENGLISH);
    text = in_language(REPORT_CSV, each[i].language, STR("plain"), &table);
    assert_true(str_starts(text, str_of(each[i].first)));
    if (i) assert_true(str_has(text, str_of(each[i].column)) && !str_has(text, STR("control_totals")));
    buf_free(&page);
    buf_free(&table);
  }
  struct str made = report_of(STR("plain"), &json);
  assert_int_equal(report_form_write(REPORT_JSON, LANGUAGE_FRENCH, made, &as_json, &error), 0);
  assert_true(str_eq(buf_str(&as_json), made));
  buf_free(&plain);
  buf_free(&json);
  buf_free(&as_json);
}

static struct str refused_in(enum language language, bool by_target, const char *code, const char *remedy, struct buf *ret) {
  struct error error = {0};
  struct buf json = BUF_INIT(1 << 20);
  struct report *report = report_new();
  struct json_out out = JSON_OUT_INIT(&json);
  report_conflict(report, &(struct report_words){by_target, str_of(code), STR("as it was said"), str_of(remedy)}, &(struct report_cell){0},
                  NULL, 0);
  json_out_object(&out);
  json_out_member_str(&out, "format", STR("drawbridge-report"));
  report_write(report, &out);
  json_out_end(&out);
  assert_int_equal(report_form_write(REPORT_CSV, language, buf_str(&json), ret, &error), 0);
  report_free(report);
  buf_free(&json);
  return buf_str(ret);
}

/* In English the sentence about this very case, in other languages what the code says; what a server said stays. */
static void test_refusals_by_their_code(void **state) {
  static const struct {
    enum language language;
    bool by_target;
    const char *code, *remedy, *words, *way;
  } each[] = {{LANGUAGE_ENGLISH, false, "period_expired", "do this", "as it was said", "do this"},
              {LANGUAGE_SPANISH, false, "period_expired", "do this", "El plazo para introducir datos", "Administración de datos"},
              {LANGUAGE_SPANISH, false, "org_unit_closed", "do this", "está cerrada", "En la aplicación Mantenimiento"},
              {LANGUAGE_SPANISH, false, "missing_source", "", "no todas las fuentes", "Introduzca en el origen"},
              {LANGUAGE_SPANISH, true, "E7641", "", "as it was said", "Pida al administrador del destino que abra"},
              {LANGUAGE_SPANISH, true, "E8030", "do this", "esta versión de DHIS2 lo rechaza", "2.43.2"},
              {LANGUAGE_SPANISH, false, "quite_new", "", "as it was said", "Muestre este informe"}};
  (void)state;
  for (size_t i = 0; i < sizeof each / sizeof *each; i++) {
    struct buf table = BUF_INIT(1 << 20);
    struct str text = refused_in(each[i].language, each[i].by_target, each[i].code, each[i].remedy, &table);
    assert_true(str_has(text, str_of(each[i].words)) && str_has(text, str_of(each[i].way)));
    buf_free(&table);
  }
}

static void test_what_is_no_report(void **state) {
  (void)state;
  static const char *const others[] = {"", "{}", "[]", "{\"format\":\"drawbridge-mapping\"}", "{\"format\":\"drawbridge-report\""};
  for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
    struct buf text = BUF_INIT(1 << 20);
    struct error error = {0};
    assert_int_equal(report_form_write(REPORT_HTML, LANGUAGE_ENGLISH, str_of(others[i]), &text, &error), -1);
    assert_int_equal(error.code, ERROR_input);
    buf_free(&text);
  }
}

static void test_forms_by_name(void **state) {
  (void)state;
  enum report_form form;
  assert_true(report_form_of_file(STR("a.b/report.html"), &form) && form == REPORT_HTML);
  assert_true(report_form_of_file(STR("x.csv"), &form) && form == REPORT_CSV);
  assert_true(report_form_of_file(STR("x.json"), &form) && form == REPORT_JSON);
  assert_false(report_form_of_file(STR("report"), &form));
  assert_false(report_form_of_file(STR("x.html.gz"), &form));
  assert_false(report_form_of(STR("HTML"), &form));
}

/* Every reason has one, and a code that nobody knows too. */
static void test_remedies(void **state) {
  (void)state;
  for (unsigned reason = 1; reason < TRANSFER_REASON_COUNT; reason++)
    assert_true(strlen(transfer_remedy(false, str_of(transfer_reason_name((enum transfer_reason)reason)))) > 10);
  assert_non_null(strstr(transfer_remedy(true, STR("E8030")), "open the period"));
  assert_non_null(strstr(transfer_remedy(true, STR("E9999")), "administrator"));
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_csv_is_harmless),
                                     cmocka_unit_test(test_html_is_harmless),
                                     cmocka_unit_test(test_in_the_readers_language),
                                     cmocka_unit_test(test_refusals_by_their_code),
                                     cmocka_unit_test(test_what_is_no_report),
                                     cmocka_unit_test(test_forms_by_name),
                                     cmocka_unit_test(test_remedies)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}

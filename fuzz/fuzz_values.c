/* Any bytes as data values (whole and cut in two: the same values, or both refused), as a summary of an import, as a period, as a number, and as an undo file. */
#include "base/vec.h"
#include "dhis2/data_values.h"
#include "dhis2/import_summary.h"
#include "dhis2/periods.h"
#include "transfer/decimal.h"
#include "transfer/plan.h"

static int note(void *payload, const struct dhis2_value *v, struct error *error) {
  struct buf *said = payload;
  (void)error;
  (void)buf_printf(said, "%.*s/%.*s/%.*s/%.*s/%.*s=%.*s;", STR_ARG(v->data_element), STR_ARG(v->period), STR_ARG(v->org_unit),
                   STR_ARG(v->category_option_combo), STR_ARG(v->attribute_option_combo), STR_ARG(v->value));
  return 0;
}

static int read_cut(struct str text, size_t cut, struct buf *said) {
  struct error error = {0};
  struct dhis2_values_reader *reader = dhis2_values_reader_new(note, said);
  int result = dhis2_values_reader_feed(reader, str_slice(text, 0, cut), &error) ||
                       dhis2_values_reader_feed(reader, str_from(text, cut), &error) || dhis2_values_reader_finish(reader, &error)
                   ? -1
                   : 0;
  dhis2_values_reader_free(reader);
  return result;
}

static void as_values(struct str text) {
  struct buf whole = BUF_INIT(64 << 20), cut = BUF_INIT(64 << 20);
  if (read_cut(text, text.n, &whole) != read_cut(text, text.n / 2, &cut)) abort();
  if (!str_eq(buf_str(&whole), buf_str(&cut)) && read_cut(text, 0, &whole) == 0) abort();
  buf_free(&whole);
  buf_free(&cut);
}

static void as_summary(struct str text) {
  struct arena *arena = arena_new();
  struct dhis2_import import;
  if (dhis2_import_parse(arena, text, 7, &import) && !import.job.n) {
    struct dhis2_write value = {.data_element = STR("DeOne000001"), .period = STR("202401")};
    for (size_t i = 0; i < import.conflict_count; i++) {
      for (size_t k = 0; k < import.conflicts[i].index_count; k++)
        if (import.conflicts[i].indexes[k] >= 7) abort();
      (void)dhis2_conflict_blames(&import.conflicts[i], STR("DsOne000001"), &value);
    }
    if (import.rejected_count > 7) abort();
  }
  arena_free(arena);
}

static void as_texts(struct str text) {
  struct dhis2_period period, again;
  struct decimal number, back;
  char out[DECIMAL_OUT_SIZE];
  if (dhis2_period_parse(text, &period) &&
      (!dhis2_period_parse(str_of(period.text), &again) || dhis2_period_cmp(&period, &again) || period.first_day > period.last_day))
    abort();
  if (decimal_parse(text, &number) && (!decimal_parse(decimal_text(&number, out), &back) || decimal_cmp(&number, &back))) abort();
}

static void as_plan(struct str text) {
  struct arena *arena = arena_new();
  struct error error = {0};
  struct plan plan = {0};
  if (plan_read(arena, text, &plan, &error) == 0) {
    struct buf out = BUF_INIT(64 << 20);
    struct plan again = {0};
    if (!plan_write(plan.p, plan.n, false, &out)) abort();
    bool taken_for_header = plan.n && str_eq(plan.p[0].data_set, STR("data_set"));
    if (!taken_for_header && (plan_read(arena, buf_str(&out), &again, &error) || again.n != plan.n)) abort();
    VEC_FREE(&again);
    buf_free(&out);
  }
  VEC_FREE(&plan);
  arena_free(arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  struct str text = {(const char *)data, size};
  as_values(text);
  as_summary(text);
  as_texts(text);
  as_plan(text);
  return 0;
}

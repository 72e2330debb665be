/* Any bytes as data values (whole and cut in two: the same values, or both refused), as a summary of an import, as a period, as a number, as an undo file, and as ADX. */
#include "base/vec.h"
#include "dhis2/adx.h"
#include "dhis2/analytics.h"
#include "dhis2/data_values.h"
#include "dhis2/import_summary.h"
#include "dhis2/metadata.h"
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
  char out[DECIMAL_OUT_SIZE], plain[DHIS2_ANALYTICS_NUMBER_MAX + 1];
  if (dhis2_analytics_number(text, plain) && !decimal_parse(str_of(plain), &number)) abort();
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

/* ADX by codes, whole and cut in two; and written again it says the same, where it can be written. */
static const char codes[] =
    "{\"dataSets\":[{\"id\":\"DsOne000001\",\"code\":\"DS\",\"name\":\"d\",\"periodType\":\"Monthly\",\"dataSetElements\":[{"
    "\"dataElement\":{\"id\":\"DeOne000001\"}},{\"dataElement\":{\"id\":\"DeTwo000001\"}}]}],"
    "\"dataElements\":[{\"id\":\"DeOne000001\",\"code\":\"DE1\",\"name\":\"e\",\"valueType\":\"INTEGER\",\"categoryCombo\":{\"id\":"
    "\"CcOne000001\"}},{\"id\":\"DeTwo000001\",\"code\":\"DE2\",\"name\":\"t\",\"valueType\":\"TEXT\"}],"
    "\"organisationUnits\":[{\"id\":\"OuOne000001\",\"code\":\"OU\",\"name\":\"u\"}],"
    "\"categoryCombos\":[{\"id\":\"CcOne000001\",\"name\":\"sex\",\"categories\":[{\"id\":\"CaOne000001\"}],\"categoryOptionCombos\":[{"
    "\"id\":\"CxOne000001\"},{\"id\":\"CxTwo000001\"}]}],"
    "\"categories\":[{\"id\":\"CaOne000001\",\"code\":\"SEX\",\"name\":\"s\",\"categoryOptions\":[{\"id\":\"OpOne000001\"},{\"id\":"
    "\"OpTwo000001\"}]}],"
    "\"categoryOptions\":[{\"id\":\"OpOne000001\",\"code\":\"F\",\"name\":\"f\"},{\"id\":\"OpTwo000001\",\"code\":\"M\",\"name\":\"m\"}],"
    "\"categoryOptionCombos\":[{\"id\":\"CxOne000001\",\"name\":\"f\",\"categoryOptions\":[{\"id\":\"OpOne000001\"}]},{\"id\":"
    "\"CxTwo000001\",\"name\":\"m\",\"categoryOptions\":[{\"id\":\"OpTwo000001\"}]}]}";

struct adx {
  struct buf said, written;
  struct dhis2_adx_writer *writer;
  bool unwritable;
};

static int on_adx(void *payload, const struct dhis2_value *v, struct error *error) {
  struct adx *adx = payload;
  struct error ignored = {0};
  if (adx->writer && dhis2_adx_add(adx->writer, STR("DsOne000001"), v, &adx->written, &ignored)) adx->unwritable = true;
  return note(&adx->said, v, error);
}

static int read_adx(const struct dhis2_metadata *metadata, struct str text, size_t cut, struct adx *adx) {
  struct error error = {0};
  struct dhis2_adx_reader *reader = dhis2_adx_reader_new(metadata, on_adx, adx);
  int result = dhis2_adx_reader_feed(reader, str_slice(text, 0, cut), &error) ||
                       dhis2_adx_reader_feed(reader, str_from(text, cut), &error) || dhis2_adx_reader_finish(reader, &error)
                   ? -1
                   : 0;
  dhis2_adx_reader_free(reader);
  return result;
}

static void as_adx(struct str text) {
  static const struct dhis2_metadata *metadata;
  static struct arena *kept;
  struct error error = {0};
  if (!metadata) {
    struct dhis2_metadata_reader *reader = dhis2_metadata_reader_new(kept = arena_new());
    if (dhis2_metadata_reader_feed(reader, str_of(codes), &error) || !(metadata = dhis2_metadata_reader_finish(reader, &error))) abort();
  }
  struct adx whole = {.said = BUF_INIT(64 << 20), .written = BUF_INIT(64 << 20), .writer = dhis2_adx_writer_new(metadata)},
             cut = {.said = BUF_INIT(64 << 20)}, again = {.said = BUF_INIT(64 << 20)};
  dhis2_adx_begin(&whole.written);
  int result = read_adx(metadata, text, text.n, &whole);
  dhis2_adx_end(whole.writer, &whole.written);
  if (read_adx(metadata, text, text.n / 2, &cut) != result) abort();
  if (result == 0 && !str_eq(buf_str(&whole.said), buf_str(&cut.said))) abort();
  if (result == 0 && !whole.unwritable &&
      (read_adx(metadata, buf_str(&whole.written), 0, &again) || !str_eq(buf_str(&whole.said), buf_str(&again.said))))
    abort();
  (void)read_adx(NULL, text, text.n, &cut);
  dhis2_adx_writer_free(whole.writer);
  buf_free(&whole.said);
  buf_free(&whole.written);
  buf_free(&cut.said);
  buf_free(&again.said);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  struct str text = {(const char *)data, size};
  as_values(text);
  as_summary(text);
  as_texts(text);
  as_plan(text);
  as_adx(text);
  return 0;
}

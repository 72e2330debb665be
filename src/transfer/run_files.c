/* From a file of values to a file of values: one pass in, sorting in bounded memory, one pass out, one pass to read back. */
#include "base/csv.h"
#include "base/file.h"
#include "base/json_out.h"
#include "base/mem.h"
#include "dhis2/adx.h"
#include "dhis2/periods.h"
#include "transfer/run_internal.h"
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PIECE = 64 << 10, LINE_MAX_BYTES = 4 << 20, TELL_EVERY = 100000, COLUMNS_OF_VALUE = 6 };

enum form { AS_JSON, AS_CSV, AS_ADX };

struct files {
  struct translation *translation;
  const struct run_order *order;
  struct map periods, units; /* of the source: those that were asked for, where any were */
  const struct mapping *mapping;
  const struct run_watch *watch;
  struct intake intake;
  struct report *report;
  struct cell cell;
  bool cell_open;
  bool comments;    /* go along */
  struct note note; /* of the cell, then */
  struct buf packed;
  /* the file out */
  const char *path;
  char *beside; /* NULL: written where it is meant to go (standard output, a device) */
  int fd;
  enum form form;
  bool any; /* value is written */
  struct dhis2_adx_writer *adx;
  const struct dhis2_metadata *source, *target; /* each may be NULL */
  bool readable;                                /* it can be read back when written */
  struct buf out;
  uint64_t values;
  uint32_t last; /* operand that was read back */
};

static bool is_dash(const char *path) {
  return str_eq(str_of(path), STR("-"));
}

static int tell(struct files *f, enum run_phase phase, struct error *error) {
  struct run_progress progress = {.phase = phase, .done = f->values, .counts = report_counts(f->report)};
  if (f->watch->cancel && atomic_load(f->watch->cancel)) return error_set(error, ERROR_cancelled, "cancelled; nothing was written");
  if (f->watch->progress) f->watch->progress(f->watch->payload, &progress);
  return 0;
}

/* --- in --- */

static int ask_periods(struct files *f, struct arena *arena, struct error *error) {
  const struct str *parts;
  size_t count;
  for (size_t i = 0; i < f->order->period_count; i++) {
    if (translation_periods(f->translation, arena, f->order->periods[i], &parts, &count, error)) return -1;
    for (size_t k = 0; k < count; k++) (void)map_put(&f->periods, parts[k], f);
  }
  return 0;
}

static bool is_below_asked(const struct files *f, const struct dhis2_org_unit *unit) {
  while (unit && !map_get(&f->units, unit->o.id)) unit = unit->parent;
  return unit != NULL;
}

static int ask_units(struct files *f, struct error *error) {
  const struct dhis2_metadata *source = f->source;
  for (size_t i = 0; i < f->order->org_unit_count; i++) (void)map_put(&f->units, f->order->org_units[i], f);
  if (!f->order->descendants) return 0;
  if (!source || !source->org_unit_count)
    return error_set(error, ERROR_usage,
                     "which org units lie below another one, a file of values does not tell: name the metadata of the source, with its org "
                     "units, with --from");
  for (size_t i = 0; i < source->org_unit_count; i++)
    if (is_below_asked(f, source->org_units[i])) (void)map_put(&f->units, source->org_units[i]->o.id, f);
  return 0;
}

static bool is_asked(const struct files *f, const struct dhis2_value *value) {
  struct dhis2_period period;
  if (f->units.count && !map_get(&f->units, value->org_unit)) return false;
  return !f->periods.count || map_get(&f->periods, value->period) ||
         (dhis2_period_parse_any(value->period, &period) && map_get(&f->periods, str_of(period.text)));
}

static int on_value(void *payload, const struct dhis2_value *value, struct error *error) {
  struct files *f = payload;
  if (f->values++ % TELL_EVERY == 0 && tell(f, RUN_READING, error)) return -1;
  if (!is_asked(f, value)) {
    report_counts(f->report)->not_asked++;
    return 0;
  }
  return intake_value(&f->intake, value, error);
}

/* --- out --- */

static int open_out(struct files *f, struct error *error) {
  struct stat status;
  if (f->order->dry_run) f->path = "/dev/null";
  if (is_dash(f->path)) {
    f->fd = STDOUT_FILENO;
    return 0;
  }
  bool special = stat(f->path, &status) == 0 && !S_ISREG(status.st_mode);
  f->readable = !special;
  if (!special) f->beside = mem_printf("%s.%ld.new", f->path, (long)getpid());
  f->fd = special ? open(f->path, O_WRONLY | O_CLOEXEC) : open(f->beside, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
  if (f->fd < 0) return error_set(error, ERROR_inside, "%s cannot be written: %s", f->path, strerror(errno));
  return 0;
}

static int flush(struct files *f, struct error *error) {
  int result = file_write_fd(f->fd, buf_str(&f->out), f->path, error);
  buf_clear(&f->out);
  return result;
}

static void begin_out(struct files *f) {
  static const struct str columns[] = {{"dataelement", 11},
                                       {"period", 6},
                                       {"orgunit", 7},
                                       {"categoryoptioncombo", 19},
                                       {"attributeoptioncombo", 20},
                                       {"value", 5},
                                       {"storedby", 8},
                                       {"lastupdated", 11},
                                       {"comment", 7},
                                       {"followup", 8}};
  struct json_out out = JSON_OUT_INIT(&f->out);
  if (f->form == AS_ADX) return dhis2_adx_begin(&f->out);
  if (f->form == AS_CSV) {
    csv_add_row(&f->out, columns, f->comments ? sizeof columns / sizeof *columns : COLUMNS_OF_VALUE);
    return;
  }
  json_out_object(&out);
  if (f->mapping->target.data_set_count == 1) json_out_member_str(&out, "dataSet", f->mapping->target.data_sets[0]);
  json_out_key(&out, STR("dataValues"));
  (void)buf_add_char(&f->out, '[');
}

static int write_adx(struct files *f, const struct report_cell *cell, struct error *error) {
  bool default_set = str_eq(cell->attribute, f->mapping->target.default_combo),
       default_cell = str_eq(cell->operand.category_option_combo, f->mapping->target.default_combo);
  struct dhis2_value value = {.data_element = cell->operand.data_element,
                              .period = cell->period,
                              .org_unit = cell->org_unit,
                              .category_option_combo = default_cell ? STR_NONE : cell->operand.category_option_combo,
                              .attribute_option_combo = default_set ? STR_NONE : cell->attribute,
                              .value = cell->value};
  return dhis2_adx_add(f->adx, f->cell.data_set, &value, &f->out, error);
}

static int write_cell(struct files *f, const struct report_cell *cell, struct error *error) {
  if (f->form == AS_ADX) return write_adx(f, cell, error);
  if (f->form == AS_CSV) {
    const struct str fields[] = {cell->operand.data_element,
                                 cell->period,
                                 cell->org_unit,
                                 cell->operand.category_option_combo,
                                 cell->attribute,
                                 cell->value,
                                 STR(""),
                                 STR(""),
                                 buf_str(&f->note.text),
                                 f->note.follow_up ? STR("true") : STR("false")};
    csv_add_row(&f->out, fields, f->comments ? sizeof fields / sizeof *fields : COLUMNS_OF_VALUE);
    return 0;
  }
  (void)buf_add(&f->out, f->any ? STR(",\n") : STR("\n"));
  f->any = true;
  struct json_out out = JSON_OUT_INIT(&f->out);
  json_out_object(&out);
  json_out_member_str(&out, "dataElement", cell->operand.data_element);
  json_out_member_str(&out, "period", cell->period);
  json_out_member_str(&out, "orgUnit", cell->org_unit);
  json_out_member_str(&out, "categoryOptionCombo", cell->operand.category_option_combo);
  json_out_member_str(&out, "attributeOptionCombo", cell->attribute);
  json_out_member_str(&out, "value", cell->value);
  if (f->note.text.n) json_out_member_str(&out, "comment", buf_str(&f->note.text));
  if (f->note.follow_up) { /* the first to 2.42, the second from 2.43 on; each passes over the other */
    json_out_member_bool(&out, "followup", true);
    json_out_member_bool(&out, "followUp", true);
  }
  json_out_end(&out);
  return 0;
}

static void count_target(struct files *f, uint32_t operand, struct str period, struct str value) {
  const struct target_operand *o = translation_operand(f->translation, operand);
  struct decimal number;
  if (!translation_is_counted(f->translation, operand) || !decimal_parse(value, &number)) return;
  report_total(f->report, o->id.data_element, period, REPORT_TARGET, &number, 1);
  report_total_cells(f->report, o->id.data_element, period, 1);
  report_total_name(f->report, o->id.data_element, period, o->name);
}

static int close_cell(struct files *f, struct error *error) {
  if (!f->cell_open) return 0;
  f->cell_open = false;
  cell_end(&f->cell, f->translation, f->mapping->missing);
  intake_cell(&f->intake, &f->cell);
  if (report_refused(f->report)->n >= PIECE && run_list_take(f->watch, f->report, error)) return -1;
  if (f->cell.reason != TRANSFER_FINE) return 0;
  struct report_cell cell = report_cell_of(f->translation, &f->cell);
  if (write_cell(f, &cell, error)) return -1;
  report_counts(f->report)->sent++;
  report_counts(f->report)->partial += f->cell.partial;
  report_counts(f->report)->carried += f->note.text.n || f->note.follow_up;
  if (!f->readable) count_target(f, f->cell.key.operand, cell.period, cell.value);
  return f->out.n < PIECE ? 0 : flush(f, error);
}

static int on_contribution(void *payload, const struct contribution *contribution, struct str value, struct error *error) {
  struct files *f = payload;
  if (!f->cell_open || !contribution_same_cell(&f->cell.key, contribution)) {
    if (close_cell(f, error)) return -1;
    if (f->values++ % TELL_EVERY == 0 && tell(f, RUN_TRANSLATING, error)) return -1;
    cell_begin(&f->cell, f->translation, contribution);
    note_begin(&f->note);
    f->cell_open = true;
  }
  struct noted noted = {.value = value};
  if (f->comments) noted = note_unpack(value);
  cell_add(&f->cell, f->translation, contribution, noted.value);
  note_add(&f->note, &noted);
  return 0;
}

static int end_out(struct files *f, struct error *error) {
  if (f->form == AS_JSON) (void)buf_add(&f->out, STR("\n]}\n"));
  if (f->form == AS_ADX) dhis2_adx_end(f->adx, &f->out);
  if (flush(f, error)) return -1;
  if (!f->beside) return 0;
  if (fsync(f->fd) < 0 || rename(f->beside, f->path) < 0)
    return error_set(error, ERROR_inside, "%s cannot be written: %s", f->path, strerror(errno));
  free(f->beside);
  f->beside = NULL;
  return 0;
}

/* --- back --- */

static int on_written(void *payload, const struct dhis2_value *value, struct error *error) {
  struct files *f = payload;
  struct str combo = value->category_option_combo.n ? value->category_option_combo : f->mapping->target.default_combo;
  uint32_t operand = translation_find_next(f->translation, (struct mapping_operand){value->data_element, combo}, f->last);
  if (operand == UINT32_MAX) return error_set(error, ERROR_differs, "%s holds a cell that was not written", f->path);
  f->last = operand;
  report_counts(f->report)->verified++;
  count_target(f, operand, value->period, value->value);
  return 0;
}

static int read_back(struct files *f, struct error *error) {
  if (!f->readable) return 0;
  if (tell(f, RUN_VERIFYING, error) || dhis2_values_of_file(f->path, f->target, on_written, f, error)) return -1;
  struct report_counts *counts = report_counts(f->report);
  if (counts->verified != counts->sent)
    return error_set(error, ERROR_differs, "%s holds %llu values, and %llu were written", f->path, (unsigned long long)counts->verified,
                     (unsigned long long)counts->sent);
  return 0;
}

static int go(struct files *f, const char *values_in, struct error *error) {
  if (run_list_take(f->watch, f->report, error)) return -1;
  if (dhis2_values_of_file(values_in, f->source, on_value, f, error) || open_out(f, error)) return -1;
  begin_out(f);
  if (gather_sorted(f->intake.gather, on_contribution, f, error) || close_cell(f, error)) return -1;
  if (run_list_take(f->watch, f->report, error)) return -1;
  return end_out(f, error) || read_back(f, error) ? -1 : 0;
}

static enum form form_of(struct str path) {
  if (str_ends(path, STR(".csv"))) return AS_CSV;
  return str_ends(path, STR(".xml")) || str_ends(path, STR(".adx")) ? AS_ADX : AS_JSON;
}

int run_files(const struct run_order *order, const struct mapping *mapping, const struct dhis2_metadata *source,
              const struct dhis2_metadata *target, const char *values_in, const char *values_out, const struct run_watch *watch,
              struct report *report, struct error *error) {
  struct arena *arena = arena_new();
  struct translation_options options = {.source = source, .target = target, .sum_anyway = order->sum_anyway, .locale = watch->locale};
  memcpy(options.accept, order->accept, sizeof options.accept);
  struct files f = {.mapping = mapping,
                    .order = order,
                    .watch = watch,
                    .report = report,
                    .cell = CELL_INIT,
                    .comments = order->comments,
                    .note = NOTE_INIT,
                    .packed = BUF_INIT(PACKED_MAX),
                    .path = values_out,
                    .fd = -1,
                    .form = form_of(str_of(values_out)),
                    .source = source,
                    .target = target,
                    .out = BUF_INIT(PIECE + LINE_MAX_BYTES)};
  f.translation = translation_new(arena, mapping, options, error);
  f.intake = (struct intake){f.translation, gather_new(0), report, NULL, order->comments ? &f.packed : NULL};
  bool judged = watch->judge && target && mapping->target.metadata;
  int result = f.translation && (!judged || watch->judge(mapping, NULL, target, order->accept, error) == 0) ? 0 : -1;
  if (result == 0 && (ask_periods(&f, arena, error) || ask_units(&f, error))) result = -1;
  if (result == 0 && f.form == AS_ADX && !target)
    result = error_set(error, ERROR_usage, "ADX calls everything by its code: name the target's metadata with --to");
  if (result == 0 && f.form == AS_ADX && f.comments)
    result = error_set(error, ERROR_usage, "ADX has no place for comments and follow-up marks: write JSON or CSV");
  if (result == 0 && f.form == AS_ADX) f.adx = dhis2_adx_writer_new(target);
  if (watch->refused) report_list_refused(report, JOURNAL_ROWS_MAX);
  if (result == 0) result = go(&f, values_in, error);
  if (f.fd >= 0 && f.fd != STDOUT_FILENO) (void)close(f.fd);
  if (f.beside) (void)unlink(f.beside);
  free(f.beside);
  map_free(&f.periods);
  map_free(&f.units);
  gather_free(f.intake.gather);
  dhis2_adx_writer_free(f.adx);
  cell_free(&f.cell);
  note_free(&f.note);
  buf_free(&f.packed);
  buf_free(&f.out);
  arena_free(arena);
  return result;
}

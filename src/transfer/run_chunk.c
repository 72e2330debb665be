/* One chunk: read, translate, look, plan, send, verify. */
#include "base/clock.h"
#include "base/json_out.h"
#include "transfer/run_internal.h"
#include "transfer/value_type.h"

enum { REPORT_MAX = JOURNAL_RECORD_MAX - 4096, ATTEMPTS = 2 };

struct chunk {
  struct run *run;
  size_t number;
  struct stage *stage;
  struct arena *arena; /* texts of the rows */
  struct str period;
  uint32_t period_number; /* in the translation, where there are rows */
  const struct str *units;
  size_t unit_count;
  struct report *report; /* of this chunk */
  struct intake intake;
  struct changes changes;
  struct heard heard;
  struct cell cell;
  struct note note; /* of the cell, where comments go along */
  struct buf packed;
  bool planned;              /* by this process */
  bool cell_open, unchecked; /* unchecked: whether values newer than the source's analytics tables were entered */
  struct plan rows;          /* by org unit, then operand */
  struct row_fates fates;    /* of all rows that were written as the plan */
};

/* --- reading and translating --- */

static int begin_reading(void *payload, struct error *error) {
  struct chunk *c = payload;
  gather_reset(c->stage->gather);
  map_free(&c->changes.gone);
  heard_begin(&c->heard, c->arena, c->units, c->unit_count);
  report_clear(c->report);
  return 0;
}

/* Where a value goes, or went until it was deleted. */
static struct translated where_to(struct chunk *c, const struct dhis2_value *value) {
  struct dhis2_value there = *value;
  there.deleted = false;
  if (!there.value.n) there.value = STR("0");
  return translation_of(c->stage->translation, &there);
}

static bool on_deleted(struct chunk *c, const struct dhis2_value *value) {
  struct translated to = where_to(c, value);
  if (to.reason != TRANSFER_FINE) return false;
  report_counts(c->report)->read++;
  report_counts(c->report)->mapped++;
  for (size_t i = 0; i < to.count; i++)
    if (!c->intake.only || changes_has(c->intake.only, &to.to[i])) changes_gone(&c->changes, &to.to[i]);
  return true;
}

static int on_value(void *payload, const struct dhis2_value *value, struct error *error) {
  struct chunk *c = payload;
  heard_add(&c->heard, value->org_unit);
  if (value->deleted && on_deleted(c, value)) return 0;
  return intake_value(&c->intake, value, error);
}

static int begin_changes(void *payload, struct error *error) {
  struct chunk *c = payload;
  map_free(&c->changes.dirty);
  return 0;
}

static int on_change(void *payload, const struct dhis2_value *value, struct error *error) {
  struct chunk *c = payload;
  struct translated to = where_to(c, value);
  for (size_t i = 0; i < to.count; i++) changes_mark(&c->changes, &to.to[i]);
  return 0;
}

/* Of many org units one must know which. */
static int fail_reading(struct chunk *c, const struct dhis2_values_query *query, const atomic_bool *stop, struct error *error) {
  bool silent = error->code == ERROR_forbidden && !query->items && query->org_unit_count;
  size_t unit = silent ? dhis2_values_unread_unit(c->run->from, query, stop) : query->org_unit_count;
  if (unit < query->org_unit_count)
    (void)error_set(
        error, ERROR_forbidden,
        "the server %.*s answers without a body where org unit %.*s is asked for: this user may not read data of it (Users app > "
        "User > Data output and analytics organisation units), or of the data set",
        STR_ARG(dhis2_server_id(c->run->from)), STR_ARG(query->org_units[unit]));
  return error_context(error, "reading from the source");
}

static int read_once(struct chunk *c, const struct dhis2_values_query *query, struct dhis2_values_sink sink, const atomic_bool *stop,
                     struct dhis2_values_seen *ret, struct error *error) {
  bool unchecked = false;
  if (query->items && run_check_tables(c->run, query, c->arena, stop, &unchecked, error)) return -1;
  c->unchecked |= unchecked;
  return dhis2_values_read(c->run->from, query, sink, stop, ret, error) ? fail_reading(c, query, stop, error) : 0;
}

/* Values of some of the org units of a chunk: held back until two readings say the same, since one that is begun again has to forget its own, and not those of the units before. */
struct held {
  struct arena *arena;
  VEC(struct dhis2_value) values;
};

static int begin_held(void *payload, struct error *error) {
  struct held *held = payload;
  (void)error;
  arena_free(held->arena);
  held->arena = arena_new();
  held->values.n = 0;
  return 0;
}

static int hold_value(void *payload, const struct dhis2_value *value, struct error *error) {
  struct held *held = payload;
  struct dhis2_value kept = *value;
  struct str *const texts[] = {&kept.data_element,           &kept.period, &kept.org_unit, &kept.category_option_combo,
                               &kept.attribute_option_combo, &kept.value,  &kept.comment};
  (void)error;
  for (unsigned i = 0; i < sizeof texts / sizeof *texts; i++)
    if (texts[i]->p) *texts[i] = arena_str(held->arena, *texts[i]);
  VEC_PUSH(&held->values, kept);
  return 0;
}

/* More org units than one call can name, as where a country is added up in one: in several calls, each with its two readings. */
static int read_in_parts(struct chunk *c, const struct dhis2_values_query *query, struct dhis2_values_sink sink, const atomic_bool *stop,
                         struct dhis2_values_seen *ret, struct error *error) {
  struct held held = {0};
  *ret = (struct dhis2_values_seen){0};
  int result = sink.begin(c, error);
  for (size_t at = 0; result == 0 && at < query->org_unit_count; at += DHIS2_READ_UNITS_MAX) {
    struct dhis2_values_query part = *query;
    struct dhis2_values_seen seen;
    size_t left = query->org_unit_count - at;
    part.org_units += at;
    part.org_unit_count = left < DHIS2_READ_UNITS_MAX ? left : DHIS2_READ_UNITS_MAX;
    result =
        read_once(c, &part, (struct dhis2_values_sink){.begin = begin_held, .value = hold_value, .payload = &held}, stop, &seen, error);
    for (size_t i = 0; result == 0 && i < held.values.n; i++) result = sink.value(c, &held.values.p[i], error);
    if (result < 0) break;
    ret->values += seen.values;
    ret->not_asked += seen.not_asked;
    ret->readings += seen.readings;
  }
  VEC_FREE(&held.values);
  arena_free(held.arena);
  return result;
}

static int read_values(struct chunk *c, bool changes, const atomic_bool *stop, struct dhis2_values_seen *ret, struct error *error) {
  const struct mapping_side *side = &c->run->mapping->source;
  const struct str *periods;
  size_t period_count;
  if (translation_periods(c->stage->translation, c->arena, c->period, &periods, &period_count, error)) return -1;
  struct dhis2_values_query query = {.data_sets = side->data_sets,
                                     .data_set_count = side->data_set_count,
                                     .periods = periods,
                                     .period_count = period_count,
                                     .org_units = c->units,
                                     .org_unit_count = c->unit_count,
                                     .changed_since = changes ? c->run->order->changed_since : STR_NONE,
                                     .with_deleted = changes || c->run->order->deletions,
                                     .items = c->run->items,
                                     .item_count = c->run->item_count};
  struct dhis2_values_sink sink = {.begin = changes ? begin_changes : begin_reading, .value = changes ? on_change : on_value, .payload = c};
  return c->unit_count > DHIS2_READ_UNITS_MAX ? read_in_parts(c, &query, sink, stop, ret, error)
                                              : read_once(c, &query, sink, stop, ret, error);
}

static void add_row(struct chunk *c) {
  const struct translation *t = c->stage->translation;
  const struct cell *cell = &c->cell;
  const struct target_operand *o = translation_operand(t, cell->key.operand);
  c->period_number = cell->key.period;
  struct plan_row row = {.data_set = cell->data_set,
                         .data_element = o->id.data_element,
                         .category_option_combo = o->id.category_option_combo,
                         .period = c->period,
                         .org_unit = translation_id(t, cell->key.org_unit),
                         .attribute_option_combo = translation_id(t, cell->key.attribute),
                         .after = arena_str(c->arena, cell->value),
                         .kind = o->kind,
                         .zero_vanishes = c->run->delivery.zeros_vanish && !o->zero_is_kept && o->kind == VALUE_NUMBER,
                         .operand = cell->key.operand};
  VEC_PUSH(&c->rows, row);
}

static void close_cell(struct chunk *c) {
  if (!c->cell_open) return;
  c->cell_open = false;
  changes_there(&c->changes, &c->cell.key);
  cell_end(&c->cell, c->stage->translation, c->run->mapping->missing);
  intake_cell(&c->intake, &c->cell);
  if (c->cell.reason != TRANSFER_FINE) return;
  add_row(c);
  struct plan_row *row = &c->rows.p[c->rows.n - 1];
  row->partial = c->cell.partial;
  row->carries = c->run->order->comments;
  row->after_comment = arena_str(c->arena, buf_str(&c->note.text));
  row->after_follow_up = c->note.follow_up;
}

static void hold_gone(struct chunk *c, const struct contribution *cell) {
  const struct report_words words = {.code = str_of(transfer_reason_name(TRANSFER_not_all_decided)),
                                     .message = str_of(transfer_reason_words(TRANSFER_not_all_decided))};
  struct report_cell where = report_cell_of(c->stage->translation, &(struct cell){.key = *cell});
  report_counts(c->report)->cells++;
  report_counts(c->report)->refused++;
  report_conflict(c->report, &words, &where, NULL, 0);
}

static void add_gone(void *payload, const struct contribution *cell, bool held) {
  struct chunk *c = payload;
  if (held) return hold_gone(c, cell);
  c->cell.key = *cell;
  c->cell.value = STR_NONE;
  c->cell.data_set = translation_operand(c->stage->translation, cell->operand)->data_set;
  (void)translation_data_sets(c->stage->translation, cell, &c->cell.data_set, 1);
  add_row(c);
  c->rows.p[c->rows.n - 1].after = STR_NONE;
  report_counts(c->report)->cells++;
}

static int cmp_rows(const void *left, const void *right) {
  const struct plan_row *a = left, *b = right;
  int order = str_cmp(a->org_unit, b->org_unit);
  if (!order && a->operand != b->operand) order = a->operand < b->operand ? -1 : 1;
  return order ? order : str_cmp(a->attribute_option_combo, b->attribute_option_combo);
}

static void add_all_gone(struct chunk *c) {
  size_t before = c->rows.n;
  changes_each_gone(&c->changes, c->stage->translation, c->run->mapping->missing, add_gone, c);
  if (c->rows.n > before) qsort(c->rows.p, c->rows.n, sizeof *c->rows.p, cmp_rows);
}

static int on_contribution(void *payload, const struct contribution *contribution, struct str value, struct error *error) {
  struct chunk *c = payload;
  if (!c->cell_open || !contribution_same_cell(&c->cell.key, contribution)) {
    close_cell(c);
    cell_begin(&c->cell, c->stage->translation, contribution);
    note_begin(&c->note);
    c->cell_open = true;
  }
  struct noted noted = {.value = value};
  if (c->intake.notes) noted = note_unpack(value);
  cell_add(&c->cell, c->stage->translation, contribution, noted.value);
  note_add(&c->note, &noted);
  return 0;
}

/* From what was gathered to rows. */
static int translate(struct chunk *c, struct error *error) {
  if (gather_sorted(c->stage->gather, on_contribution, c, error)) return -1;
  close_cell(c);
  add_all_gone(c);
  return 0;
}

/* Reads and translates. What changed only tells which cells are touched: their sums want all sources. On a thread of its own: touches the source, the chunk and its stage, and nothing else that is not constant. */
static int read_source(void *payload, const atomic_bool *stop, struct error *error) {
  struct chunk *c = payload;
  struct dhis2_values_seen seen;
  if (c->run->order->changed_since.n) {
    if (begin_reading(c, error) || read_values(c, true, stop, &seen, error)) return -1;
    if (!c->changes.dirty.count) return 0;
    c->intake.only = &c->changes;
  }
  if (read_values(c, false, stop, &seen, error)) return -1;
  report_counts(c->report)->not_asked += seen.not_asked;
  if (c->unchecked) report_counts(c->report)->unchecked += seen.values;
  if (!c->intake.only) heard_tell(&c->heard, c->run, c->stage->translation, c->period, c->report);
  return translate(c, error);
}

static struct report_cell cell_of(const struct plan_row *row) {
  return (struct report_cell){.operand = {row->data_element, row->category_option_combo},
                              .attribute = row->attribute_option_combo,
                              .period = row->period,
                              .org_unit = row->org_unit,
                              .value = row->after};
}

static void tell_words(struct chunk *c, const struct plan_row *row, const struct report_words *words) {
  struct report_cell cell = cell_of(row), sources[CELL_SOURCES_KEPT];
  struct source_cell found[CELL_SOURCES_KEPT];
  struct error unused = {0};
  const struct str *periods = &row->period;
  size_t period_count = 1;
  (void)translation_periods(c->stage->translation, c->arena, row->period, &periods, &period_count, &unused); /* check_order has looked */
  size_t n = row->operand == UINT32_MAX ? 0
                                        : translation_sources(c->stage->translation, row->operand, row->org_unit,
                                                              row->attribute_option_combo, periods, period_count, found, CELL_SOURCES_KEPT);
  for (size_t i = 0; i < n; i++)
    sources[i] = (struct report_cell){
        .operand = found[i].operand, .attribute = found[i].attribute, .org_unit = found[i].org_unit, .period = found[i].period};
  report_conflict(c->report, words, &cell, sources, n);
}

static void tell_conflict(struct chunk *c, const struct plan_row *row, bool by_target, struct str code, struct str text) {
  tell_words(c, row, &(struct report_words){by_target, code, text, STR_NONE});
}

/* --- what the target has no part in --- */

static void do_put_off(void *payload) {
  struct put_off *p = payload;
  int (*work)(struct chunk * chunk, struct error * error) = p->work;
  p->work = NULL;
  if (work) p->result = work(p->chunk, &p->error);
}

static void put_off(struct chunk *c, int (*work)(struct chunk *chunk, struct error *error)) {
  struct run *run = c->run;
  run->put_off = (struct put_off){.work = work, .chunk = c};
  dhis2_server_meanwhile(run->to, do_put_off, &run->put_off);
}

/* What was put off is done by now, or is done now. */
static int settle(struct run *run, struct error *error) {
  struct put_off *p = &run->put_off;
  dhis2_server_meanwhile(run->to, NULL, NULL);
  do_put_off(p);
  int result = p->result;
  if (result < 0) *error = p->error;
  *p = (struct put_off){0};
  return result;
}

/* --- planning --- */

static struct str report_json(const struct report *report, struct buf *buf) {
  struct json_out out = JSON_OUT_INIT(buf);
  json_out_object(&out);
  report_write(report, &out);
  json_out_end(&out);
  return buf_str(buf);
}

static void compare(struct chunk *c) {
  struct report_counts *counts = report_counts(c->report);
  for (size_t i = 0; i < c->rows.n; i++) {
    struct plan_row *row = &c->rows.p[i];
    row->before = row->current;
    row->before_comment = row->current_comment;
    row->before_follow_up = row->current_follow_up;
    if (row->carries) row_carry(row, row->after_comment, row->after_follow_up);
    row->planned = !row_is_at(row);
    row->state = row->planned ? ROW_WAITING : ROW_THERE;
    counts->unchanged += !row->planned;
  }
}

static bool is_made(void *payload, struct str data_element, struct str category_option_combo) {
  const struct chunk *c = payload;
  return translation_find_operand(c->stage->translation, (struct mapping_operand){data_element, category_option_combo}) != UINT32_MAX;
}

/* What the target holds in all units that the chunk's units lead to. */
static int survey(struct chunk *c, struct error *error) {
  uint64_t unasked = 0; /* of what nothing changed in, nothing was asked */
  struct str *units = ARENA_ARRAY(c->arena, c->unit_count, struct str);
  size_t n = 0;
  for (size_t i = 0; i < c->unit_count; i++) { /* those with a common target stand next to each other */
    struct str unit = translation_unit(c->stage->translation, c->units[i]);
    if (unit.n && (n == 0 || !str_eq(units[n - 1], unit))) units[n++] = unit;
  }
  struct deliver_survey what = {.period = c->period,
                                .units = units,
                                .unit_count = n,
                                .is_made = is_made,
                                .payload = c,
                                .others = c->run->order->changed_since.n ? &unasked : &report_counts(c->report)->left_alone};
  if (n == 0 || (c->run->order->changed_since.n && !c->rows.n)) return 0;
  if (deliver_survey(&c->run->delivery, c->arena, c->rows.p, c->rows.n, &what, error))
    return error_context(error, "reading what the target holds");
  return 0;
}

/* Nothing of the rows is stored as yet. */
static void number_rows(struct chunk *c) {
  c->fates = (struct row_fates){ARENA_ARRAY(c->arena, c->rows.n + 1, unsigned char), c->rows.n};
  for (size_t i = 0; i < c->rows.n; i++) {
    c->rows.p[i].number = (uint32_t)i;
    c->fates.p[i] = c->rows.p[i].planned ? ROW_NOT_STORED : ROW_NOT_PLANNED;
  }
}

/* What was listed since it was last filed. */
static int take_refused(struct chunk *c, struct str *ret, struct error *error) {
  const struct buf *refused = report_refused(c->report);
  *ret = buf_str(refused);
  return refused->full ? error_set(error, ERROR_too_large, "the list of what one chunk was refused is too large") : 0;
}

/* On a thread of its own: until it is waited for nobody changes the rows or the report of the chunk, or has the journal. */
static int write_plan(void *payload, const atomic_bool *stop, struct error *error) {
  struct chunk *c = payload;
  struct str refused;
  (void)stop;
  if (take_refused(c, &refused, error)) return -1;
  struct buf report = BUF_INIT(REPORT_MAX);
  int result = log_planned(&c->run->log, c->number, &c->rows, report_json(c->report, &report), refused, error);
  c->planned = result == 0;
  buf_clear(report_refused(c->report));
  buf_free(&report);
  return result;
}

/* What cannot be read is neither planned nor sent; it is told at once, since only the plan outlives this process. */
static void drop_unreadable(struct chunk *c) {
  size_t kept = 0;
  for (size_t i = 0; i < c->rows.n; i++) {
    const struct plan_row *row = &c->rows.p[i];
    if (row->unreadable)
      tell_conflict(c, row, true, row->code, row->text);
    else
      c->rows.p[kept++] = *row;
  }
  c->rows.n = kept;
}

/* --- before it is sent --- */

/* False: the row is held back, and told. */
static bool goes_on(void *payload, struct plan_row *row, const struct preflight_finding *found) {
  struct chunk *c = payload;
  if (found->verdict == PREFLIGHT_TOLD) {
    row->foretold = found->sentence;
    row->remedy = found->remedy;
  }
  if (found->verdict != PREFLIGHT_HELD_BACK) return true;
  report_counts(c->report)->refused++;
  tell_words(c, row, &(struct report_words){false, found->code, found->sentence, found->remedy});
  return false;
}

static bool is_assigned(const struct run *run, struct str data_set, struct str org_unit) {
  const struct dhis2_entry_set *set = map_get(&run->preflight.entry->sets, data_set);
  return set && map_get(&set->units, org_unit);
}

/* Of several data sets that hold a cell, one that its org unit is assigned to. */
static void choose_sets(struct chunk *c) {
  enum { MOST = 64 };
  struct str sets[MOST];
  for (size_t i = 0; i < c->rows.n; i++) {
    struct plan_row *row = &c->rows.p[i];
    struct contribution cell = {.operand = row->operand, .period = c->period_number};
    size_t n = translation_data_sets(c->stage->translation, &cell, sets, MOST), k = 0;
    if (n < 2) continue;
    while (k < n && !is_assigned(c->run, sets[k], row->org_unit)) k++;
    if (k < n) row->data_set = sets[k];
  }
}

static int preflight(struct chunk *c, struct error *error) {
  return run_gate(c->run, c->arena, c->period, &c->rows, goes_on, c, error);
}

struct looked {
  uint64_t requests;
  int64_t ms;
};

/* As it was looked at, or without the second reading, which is in halves, where one shows all (deliver_look). */
static void foresee_reading_back(struct chunk *c, struct looked looked) {
  struct estimating *e = &c->run->estimating;
  bool one_shows_all = true;
  for (size_t i = 0; i < c->rows.n && one_shows_all; i++) one_shows_all = !row_leaves_none(&c->rows.p[i]);
  if (!c->rows.n) return;
  e->look_requests += one_shows_all ? (looked.requests + 2) / 3 : looked.requests;
  e->look_ms += one_shows_all ? looked.ms / 2 : looked.ms;
}

static int plan(struct chunk *c, struct error *error) {
  struct run *run = c->run;
  uint64_t asked_before = dhis2_server_asked(run->to).requests;
  int64_t began_ms = clock_monotonic_ms();
  run_tell(run, RUN_CHECKING);
  if (survey(c, error)) return -1;
  struct looked looked = {dhis2_server_asked(run->to).requests - asked_before, clock_monotonic_ms() - began_ms};
  drop_unreadable(c);
  compare(c);
  choose_sets(c);
  if (preflight(c, error)) return -1;
  foresee_reading_back(c, looked);
  if (!run->log.journal) return 0;
  number_rows(c);
  return ahead_begin(&run->filing, write_plan, c, error);
}

/* Of a chunk of which nothing was sent, what is as it is to be was entered by somebody else. */
static void find_there(struct chunk *c, struct plan_row *row, bool was_sent) {
  row->state = was_sent ? ROW_SENT : ROW_THERE;
  row->planned = was_sent;
  report_counts(c->report)->unchanged += !was_sent;
}

/* What an earlier process planned. Where it is neither as it was nor as it is to be, somebody else was there. */
static int take_plan(struct chunk *c, const struct chunk_record *record, struct error *error) {
  struct run *run = c->run;
  struct str text;
  if (journal_get_rows(run->log.journal, &record->rows, c->arena, &text, error) || plan_read(c->arena, text, &c->rows, error)) return -1;
  if (report_add(c->report, record->report, error)) return -1;
  number_rows(c);
  run_tell(run, RUN_CHECKING);
  if (deliver_look(&run->delivery, c->arena, c->rows.p, c->rows.n, error)) return error_context(error, "reading what the target holds");
  for (size_t i = 0; i < c->rows.n; i++) {
    struct plan_row *row = &c->rows.p[i];
    row->operand = translation_find_operand(c->stage->translation, (struct mapping_operand){row->data_element, row->category_option_combo});
    if (!row->planned) continue;
    if (row_is_at(row))
      find_there(c, row, log_is_stored(record, row->number));
    else if (!row_was(row))
      row->state = ROW_FOREIGN;
  }
  return preflight(c, error); /* a server does not judge all of it: what was approved since, 2.43 would overwrite */
}

/* --- its life --- */

static struct chunk *chunk_new(struct run *run, size_t number) {
  const struct slice *slice = &run->slices.p[number % run->slices.n];
  struct chunk *c = mem_alloc(sizeof *c);
  *c = (struct chunk){.run = run,
                      .number = number,
                      .stage = &run->stages[number % STAGES],
                      .arena = arena_new(),
                      .period = run->order->periods[number / run->slices.n],
                      .units = run->units + slice->first,
                      .unit_count = slice->count,
                      .report = report_new(),
                      .cell = CELL_INIT,
                      .note = NOTE_INIT,
                      .packed = BUF_INIT(PACKED_MAX)};
  c->intake = (struct intake){c->stage->translation, c->stage->gather, c->report, NULL, run->order->comments ? &c->packed : NULL};
  c->changes.arena = c->arena;
  if (run->log.journal || run->watch->refused) report_list_refused(c->report, JOURNAL_ROWS_MAX);
  return c;
}

static void chunk_free(struct chunk *c) {
  if (!c) return;
  cell_free(&c->cell);
  note_free(&c->note);
  buf_free(&c->packed);
  report_free(c->report);
  VEC_FREE(&c->rows);
  changes_clear(&c->changes);
  heard_free(&c->heard);
  arena_free(c->arena);
  free(c);
}

/* --- ahead of what is sent --- */

static bool is_open(const struct run *run, size_t number) {
  return number < run_chunk_count(run) && log_chunk(&run->log, number).state == CHUNK_OPEN;
}

static int begin_next(struct run *run, size_t number, struct error *error) {
  run->next = chunk_new(run, number);
  dhis2_server_abort_also(run->from, &run->ahead.stop); /* what nobody wants any more is not waited for */
  return ahead_begin(&run->ahead, read_source, run->next, error);
}

static int end_reading(struct run *run, const atomic_bool *cancel, struct error *error) {
  int result = ahead_wait(&run->ahead, cancel, error);
  dhis2_server_abort_also(run->from, NULL);
  return result;
}

int run_chunk_begin_first(struct run *run, struct error *error) {
  return is_open(run, 0) ? begin_next(run, 0, error) : 0;
}

/* The chunk with its source read. */
static struct chunk *take_next(struct run *run, size_t number, struct error *error) {
  run_tell(run, RUN_READING);
  if (!run->next && begin_next(run, number, error)) return NULL;
  if (end_reading(run, run->watch->cancel, error)) return NULL;
  struct chunk *c = run->next;
  run->next = NULL;
  return c;
}

/* Of a chunk that did not come to its end, and of which something was sent: what the target took. It was not read back, and is not called verified. */
static void count_taken(struct chunk *c) {
  struct report_counts *counts = report_counts(c->report);
  struct buf json = BUF_INIT(REPORT_MAX);
  struct error unused = {0};
  bool judged = counts->sent > 0; /* and so counted: all but the record of its end was done */
  for (size_t i = 0; !judged && i < c->rows.n; i++) {
    const struct plan_row *row = &c->rows.p[i];
    if (!row->planned || row->state != ROW_SENT) continue;
    counts->sent++;
    counts->partial += row->partial;
    *(!row->after.p ? &counts->removed : row->before.p ? &counts->updated : &counts->created) += 1;
  }
  struct str text = counts->sent ? report_json(c->report, &json) : STR_NONE;
  c->run->taken = counts->sent && !json.full && report_add(c->run->whole, text, &unused) == 0;
  if (!c->run->taken) batches_add(report_batches(c->run->whole), report_batches(c->report)); /* what went has gone */
  if (c->run->taken && c->run->log.journal) (void)log_taken(&c->run->log, c->number, text, &unused);
  buf_free(&json);
}

static void take_up(struct chunk *c) {
  struct run *run = c->run;
  run->under_way = c;
  if (!run->put_off.work) run->part = c->report;
}

static void put_down(struct chunk *c) {
  struct run *run = c->run;
  if (run->under_way == c) run->under_way = NULL;
  if (run->part == c->report) run->part = run->under_way ? run->under_way->report : NULL;
  chunk_free(c);
}

/* One that is all but sent, while the one behind it is being read. NULL: it failed. */
static struct chunk *make_ready(struct run *run, size_t number, const struct chunk_record *record, struct error *error) {
  bool is_planned = record->state == CHUNK_PLANNED;
  struct chunk *c = is_planned ? chunk_new(run, number) : take_next(run, number, error);
  if (!c) return NULL;
  bool failed = is_open(run, number + 1) && begin_next(run, number + 1, error);
  if (!run->under_way) take_up(c);
  if (!failed) failed = (is_planned ? take_plan(c, record, error) : plan(c, error)) < 0;
  if (!failed) return c;
  count_taken(c);
  put_down(c);
  return NULL;
}

static void plan_next(struct run *run, size_t number, const struct chunk_record *record) {
  run->planned.chunk = make_ready(run, number, record, &run->planned.error);
  run->planned.failed = !run->planned.chunk;
}

static int write_first_post(struct chunk *c, struct error *error) {
  (void)error; /* told when it is sent */
  deliver_prepare(&c->run->delivery, c->rows.p, c->rows.n);
  return 0;
}

/* Before what was sent is read back the next one is planned, so that the disk has its plan when it is its turn. What is not read yet is not waited for. */
static void plan_ahead(struct run *run, size_t number) {
  struct chunk_record record = log_chunk(&run->log, number);
  if (!run->next || run->next->number != number || !ahead_is_over(&run->ahead)) return;
  plan_next(run, number, &record);
  if (run->planned.chunk) put_off(run->planned.chunk, write_first_post);
}

/* Then it is on the disk, or has failed; and the journal is free. */
static void wait_for_plan(struct run *run) {
  struct planned_ahead *p = &run->planned;
  if (ahead_wait(&run->filing, NULL, &p->error) == 0) return;
  put_down(p->chunk);
  *p = (struct planned_ahead){.failed = true, .error = p->error};
}

/* NULL: it failed. */
static struct chunk *take_ready(struct run *run, size_t number, const struct chunk_record *record, struct error *error) {
  if (!run->planned.chunk && !run->planned.failed) plan_next(run, number, record);
  wait_for_plan(run);
  struct planned_ahead planned = run->planned;
  run->planned = (struct planned_ahead){0};
  if (planned.failed) *error = planned.error;
  return planned.chunk;
}

/* --- sending and verifying --- */

static void tell_reason(struct chunk *c, const struct plan_row *row, enum transfer_reason reason) {
  tell_conflict(c, row, false, str_of(transfer_reason_name(reason)), str_of(transfer_reason_words(reason)));
}

/* Where the value is there and what goes with it is not, that is shown. */
static void tell_differing(struct chunk *c, const struct plan_row *row, struct report_cell *cell, bool is_listed) {
  bool same_value = row->carries && row->current.p && value_same(row->kind, row->after, row->current);
  if (same_value) cell->value = row_shown(c->arena, row->after, row->after_comment, row->after_follow_up);
  report_differing(c->report, cell,
                   same_value ? row_shown(c->arena, row->current, row->current_comment, row->current_follow_up) : row->current, is_listed);
}

static void tell_replaced(struct chunk *c, const struct plan_row *row) {
  struct report_cell cell = cell_of(row);
  report_replaced(c->report, &cell, row->before);
}

static void judge_row(struct chunk *c, const struct plan_row *row) {
  struct report_counts *counts = report_counts(c->report);
  bool is_at = row_is_at(row);
  counts->sent += row->planned && row->state == ROW_SENT;
  if (row->state == ROW_REFUSED && row->foretold.n && preflight_foretold(row->code)) {
    tell_words(c, row, &(struct report_words){true, row->code, row->foretold, row->remedy});
  } else if (row->state == ROW_REFUSED) {
    tell_conflict(c, row, true, row->code, row->text);
  } else if (row->state == ROW_FOREIGN) {
    counts->refused++;
    tell_reason(c, row, TRANSFER_changed_meanwhile);
  } else if (is_at) {
    counts->verified++;
    counts->partial += row->partial;
    if (row->planned) *(!row->after.p ? &counts->removed : row->before.p ? &counts->updated : &counts->created) += 1;
    bool goes = row->before.p && !row->after.p;
    if (row->planned && (goes || (row->after.p && row->before.p && !value_same(row->kind, row->after, row->before)))) tell_replaced(c, row);
    counts->carried += row->planned && row_changes_notes(row);
  } else {
    struct report_cell cell = cell_of(row);
    if (row->planned) tell_reason(c, row, TRANSFER_unaccounted);
    tell_differing(c, row, &cell, row->planned);
  }
}

static void count_target(struct chunk *c, const struct plan_row *row) {
  struct decimal number = {0};
  if (row->operand == UINT32_MAX || !translation_is_counted(c->stage->translation, row->operand)) return;
  if (!decimal_parse(row->after, &number)) return;
  if (!row->current.p || !decimal_parse(row->current, &number)) decimal_clear(&number);
  report_total(c->report, row->data_element, row->period, REPORT_TARGET, &number, 1);
  report_total_cells(c->report, row->data_element, row->period, 1);
  report_total_name(c->report, row->data_element, row->period, translation_operand(c->stage->translation, row->operand)->name);
}

/* Rows that the server took and does not have: once more, in smaller pieces (one failing batch of SQL loses a whole POST without a word, 2.43). */
static size_t wait_again(struct chunk *c) {
  size_t n = 0;
  for (size_t i = 0; i < c->rows.n; i++) {
    struct plan_row *row = &c->rows.p[i];
    if (row->state != ROW_SENT || row_is_at(row)) continue;
    row->state = ROW_WAITING;
    n++;
  }
  return n;
}

static int send_rows(struct chunk *c, struct error *error) {
  struct error later = {0};
  run_tell(c->run, RUN_SENDING);
  int result = deliver_send(&c->run->delivery, c->arena, c->rows.p, c->rows.n, error);
  if (result < 0) (void)error_context(error, "writing to the target");
  return settle(c->run, result < 0 ? &later : error) < 0 ? -1 : result;
}

static int look_again(struct chunk *c, struct error *error) {
  struct error none = {0};
  run_tell(c->run, RUN_VERIFYING);
  int result = deliver_look(&c->run->delivery, c->arena, c->rows.p, c->rows.n, error);
  (void)settle(c->run, &none);
  if (result < 0) return error_context(error, "reading back from the target");
  deliver_believe(c->rows.p, c->rows.n);
  return 0;
}

static int send_and_look(struct chunk *c, struct error *error) {
  struct delivery *d = &c->run->delivery;
  for (unsigned attempt = 1;; attempt++) {
    if (send_rows(c, error)) return -1;
    if (d->dry_run) return 0;
    if (attempt == 1) plan_ahead(c->run, c->number + 1);
    if (look_again(c, error)) return -1;
    if (attempt == ATTEMPTS || wait_again(c) == 0) return 0;
    wait_for_plan(c->run);
    (void)dhis2_batch_too_large(&d->batch, d->batch.size);
  }
}

/* What was read back as it was before is not stored, whatever the server said; but it may be a server that shows it late. */
static void note_fate(struct chunk *c, const struct plan_row *row) {
  bool is_taken = row->planned && row->state == ROW_SENT;
  if (is_taken && row->number < c->fates.n) c->fates.p[row->number] = row_is_at(row) || !row_was(row) ? ROW_STORED : ROW_DOUBTFUL;
}

static int finish(struct chunk *c, struct error *error) {
  struct run *run = c->run;
  for (size_t i = 0; i < c->rows.n; i++) {
    note_fate(c, &c->rows.p[i]);
    judge_row(c, &c->rows.p[i]);
    count_target(c, &c->rows.p[i]);
  }
  if (run->order->dry_run) report_counts(c->report)->verified = 0; /* what is `sent` there would be */
  struct buf json = BUF_INIT(REPORT_MAX);
  struct str text = report_json(c->report, &json);
  int result = json.full ? error_set(error, ERROR_too_large, "the report of one chunk is too large") : 0;
  struct str refused;
  if (result == 0) result = take_refused(c, &refused, error);
  if (result == 0 && run->log.journal) result = log_done(&run->log, c->number, c->fates, text, refused, error);
  if (result == 0 && !run->log.journal) result = run_list_take(run->watch, c->report, error);
  if (result == 0) result = report_add(run->whole, text, error);
  buf_free(&json);
  return result;
}

/* In a dry run a row that the target took is what it would hold afterwards. */
static void suppose(struct chunk *c) {
  for (size_t i = 0; i < c->rows.n; i++)
    if (c->rows.p[i].state == ROW_SENT) row_suppose(&c->rows.p[i]);
}

static int end_chunk(struct chunk *c, struct error *error) {
  int result = finish(c, error);
  if (result < 0) count_taken(c);
  put_down(c);
  return result;
}

/* Nothing of it was sent: a run that is gone on with looks at the source and the target anew, where somebody may have mended what stopped it. What an earlier process planned it may have sent. */
static void drop(struct chunk *c) {
  struct error unused = {0};
  if (c && c->planned) (void)log_dropped(&c->run->log, c->number, &unused); /* else it is finished as it was planned */
}

/* The last of it is done while the target works at the next one, where that is ready to go: nothing else is waited for. */
static int carry_out(struct chunk *c, struct error *error) {
  struct run *run = c->run;
  take_up(c);
  bool stopped = run_check_stopped(run->watch->cancel, error);
  if (stopped) drop(c);
  if (stopped || send_and_look(c, error)) {
    count_taken(c);
    put_down(c);
    return -1;
  }
  if (run->order->dry_run) suppose(c);
  if (!run->planned.chunk) return end_chunk(c, error);
  run->under_way = NULL;
  put_off(c, end_chunk);
  return 0;
}

int run_chunk(struct run *run, size_t number, struct error *error) {
  struct chunk_record record = log_chunk(&run->log, number);
  if (record.state == CHUNK_DONE) return report_add(run->whole, record.report, error);
  struct chunk *c = take_ready(run, number, &record, error);
  return c ? carry_out(c, error) : -1;
}

int run_chunk_end(struct run *run, struct error *error) {
  struct error unused = {0};
  int result = settle(run, error);
  wait_for_plan(run);
  atomic_store(&run->ahead.stop, true);
  if (run->next) (void)end_reading(run, NULL, &unused);
  chunk_free(run->next);
  drop(run->planned.chunk);
  chunk_free(run->planned.chunk);
  run->next = run->planned.chunk = NULL;
  deliver_forget(&run->delivery);
  ahead_end(&run->ahead);
  ahead_end(&run->filing);
  return result;
}

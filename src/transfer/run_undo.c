/* Back to what the target held before a run, from the run's own plan. */
#include "base/json_out.h"
#include "transfer/refusal_words.h"
#include "transfer/run_internal.h"

enum { PATIENCE_MS = 10 * 60 * 1000 };

/* The way back to a cell with a comment alone is not known to be one with every release. */
static void leave(struct plan_row *row) {
  row->state = ROW_FOREIGN;
  row->code = STR("comment_alone");
  row->text = STR(
      "before the run there was a comment or mark alone in the cell, and taking the value out would take that too: it is left as it is");
}

/* Who reads a moment too late finds less than there is, and not everything that a server says it took it keeps. */
static void doubt(struct plan_row *row, struct arena *arena) {
  row->state = ROW_FOREIGN;
  row->code = STR("doubtful");
  (void)refusal_words(LANGUAGE_ENGLISH, arena, row->code, &row->text, &row->remedy);
}

static void judge_before(struct plan *rows, const struct chunk_record *record, struct report *report) {
  for (size_t i = 0; i < rows->n; i++) {
    struct plan_row *row = &rows->p[i];
    if (row->code.n) continue; /* told already */
    if (row_is_at(row))
      row->state = ROW_THERE;
    else
      row->state = row_was(row) && !log_is_in(&record->changed, row->number) ? ROW_WAITING : ROW_FOREIGN;
    if (row->state == ROW_WAITING && row_loses_note(row)) leave(row);
    report_counts(report)->unchanged += row->state == ROW_THERE;
  }
}

/* What the target would refuse by now, or takes though it was approved meanwhile, is left as it is. */
static bool is_shown(void *payload, struct plan_row *row, const struct preflight_finding *found) {
  (void)payload;
  if (found->verdict != PREFLIGHT_HELD_BACK) return true;
  row->state = ROW_FOREIGN;
  row->code = found->code;
  row->text = found->sentence;
  row->remedy = found->remedy;
  return true;
}

static void tell(struct report *report, const struct plan_row *row, bool by_target, struct str code, struct str text) {
  struct report_cell cell = {.operand = {row->data_element, row->category_option_combo},
                             .attribute = row->attribute_option_combo,
                             .period = row->period,
                             .org_unit = row->org_unit,
                             .value = row->after};
  const struct report_words words = {by_target, code, text, row->remedy};
  report_conflict(report, &words, &cell, NULL, 0);
}

/* In a dry run a row that the target would take is what it would hold afterwards. */
static void suppose(struct plan *rows) {
  for (size_t i = 0; i < rows->n; i++)
    if (rows->p[i].state == ROW_SENT) row_suppose(&rows->p[i]);
}

static void count_back(struct report_counts *counts, const struct plan_row *row) {
  *(row->after.p ? &counts->updated : &counts->removed) += 1;
}

static void judge_after(const struct plan *rows, struct report *report) {
  struct report_counts *counts = report_counts(report);
  for (size_t i = 0; i < rows->n; i++) {
    const struct plan_row *row = &rows->p[i];
    struct report_cell cell = {.operand = {row->data_element, row->category_option_combo},
                               .attribute = row->attribute_option_combo,
                               .period = row->period,
                               .org_unit = row->org_unit,
                               .value = row->after};
    counts->sent += row->state == ROW_SENT;
    if (row->state == ROW_REFUSED) {
      tell(report, row, true, row->code, row->text);
    } else if (row->state == ROW_FOREIGN) {
      counts->refused++;
      tell(report, row, false, row->code.n ? row->code : str_of(transfer_reason_name(TRANSFER_changed_meanwhile)),
           row->code.n ? row->text : str_of(transfer_reason_words(TRANSFER_changed_meanwhile)));
    } else if (row_is_at(row)) {
      counts->verified++;
      if (row->state == ROW_SENT) count_back(counts, row);
    } else {
      report_differing(report, &cell, row->current, false);
    }
  }
}

/* Only rows that the run meant to change, and that the target may hold by it: what it refused, and what was planned and never sent, stands there by somebody else's hand; so does what came since an undo was done with the cell. */
static void keep_stored(struct plan *rows, const struct chunk_record *record) {
  size_t kept = 0;
  for (size_t i = 0; i < rows->n; i++) {
    uint32_t number = (uint32_t)i;
    bool may_be = log_is_stored(record, number) || log_is_in(&record->doubtful, number);
    if (!rows->p[i].planned || !may_be || log_is_in(&record->settled, number)) continue;
    rows->p[kept] = rows->p[i];
    rows->p[kept].number = number;
    row_turn_round(&rows->p[kept++]);
  }
  rows->n = kept;
}

/* Where the target showed nothing, and shows nothing now, nothing is to be undone. */
static void keep_shown(struct plan *rows, const struct chunk_record *record, struct arena *arena) {
  size_t kept = 0;
  for (size_t i = 0; i < rows->n; i++) {
    struct plan_row *row = &rows->p[i];
    bool is_doubtful = log_is_in(&record->doubtful, row->number);
    if (is_doubtful && (row_is_at(row) || !row_was(row))) continue;
    if (is_doubtful) doubt(row, arena);
    rows->p[kept++] = *row;
  }
  rows->n = kept;
}

/* Put back, or as it was already. What the target would refuse for now, or refused, an undo that is asked for again takes care of. */
static bool is_settled(const struct plan_row *row) {
  return row->state == ROW_THERE || (row->state == ROW_SENT && row_is_at(row));
}

static bool is_changed(const struct plan_row *row) {
  return row->state == ROW_FOREIGN && !row->code.n;
}

static int note_settled(struct run *run, struct arena *arena, size_t chunk, const struct chunk_record *record, size_t all,
                        const struct plan *rows, struct error *error) {
  struct row_fates fates = {ARENA_ARRAY(arena, all + 1, unsigned char), all};
  for (size_t i = 0; i < all; i++) fates.p[i] = log_is_in(&record->settled, (uint32_t)i) ? ROW_SETTLED : ROW_STORED;
  for (size_t i = 0; i < rows->n; i++) {
    const struct plan_row *row = &rows->p[i];
    if (is_settled(row)) fates.p[row->number] = ROW_SETTLED;
    if (is_changed(row)) fates.p[row->number] = ROW_CHANGED;
  }
  return log_settled(&run->log, chunk, fates, error);
}

/* Of one that did not come to its end: what the target took. */
static void count_taken(const struct plan *rows, struct report *report) {
  struct report_counts *counts = report_counts(report);
  for (size_t i = 0; i < rows->n; i++) {
    if (rows->p[i].state != ROW_SENT) continue;
    counts->sent++;
    count_back(counts, &rows->p[i]);
  }
}

static int undo_rows(struct run *run, struct arena *arena, const struct chunk_record *record, struct plan *rows, struct error *error) {
  struct delivery *d = &run->delivery;
  struct report *report = run->whole;
  keep_stored(rows, record);
  if (deliver_look(d, arena, rows->p, rows->n, error)) return -1;
  keep_shown(rows, record, arena);
  report_counts(report)->cells += rows->n;
  judge_before(rows, record, report);
  if (rows->n && run_gate(run, arena, rows->p[0].period, rows, is_shown, NULL, error)) return -1;
  if (deliver_send(d, arena, rows->p, rows->n, error)) return count_taken(rows, report), -1;
  if (d->dry_run)
    suppose(rows);
  else if (deliver_look(d, arena, rows->p, rows->n, error))
    return count_taken(rows, report), -1;
  else
    deliver_believe(rows->p, rows->n);
  judge_after(rows, report);
  if (d->dry_run) report_counts(report)->verified = 0;
  return 0;
}

static int undo_chunk(struct run *run, size_t number, struct error *error) {
  struct chunk_record record = log_chunk(&run->log, number);
  struct arena *arena = arena_new();
  struct plan rows = {0};
  struct str text;
  int result = 0;
  run_tell(run, RUN_SENDING);
  if (record.state != CHUNK_OPEN) {
    result = journal_get_rows(run->log.journal, &record.rows, arena, &text, error);
    if (result == 0) result = plan_read(arena, text, &rows, error);
    if (result == 0 && !run->delivery.dry_run)
      result = log_undone(&run->log, number, error); /* first: a run that is undone in part must not be resumed */
    size_t all = rows.n;
    if (result == 0) result = undo_rows(run, arena, &record, &rows, error);
    if (result == 0 && !run->delivery.dry_run) result = note_settled(run, arena, number, &record, all, &rows, error);
    if (result == 0) result = run_list_take(run->watch, run->whole, error);
  }
  VEC_FREE(&rows);
  arena_free(arena);
  return result;
}

static int undo_all(struct run *run, const char *journal, bool dry_run, struct error *error) {
  struct str text;
  if (log_open(&run->log, run->arena, journal, error)) return -1;
  if (!run->log.begun) return error_set(error, ERROR_not_found, "%s holds no run", journal);
  if (!str_eq(run->log.to_url, dhis2_server_url(run->to)))
    return error_set(error, ERROR_usage, "the run wrote to %.*s, not to this server", STR_ARG(run->log.to_url));
  if (journal_get_file(run->log.journal, "mapping.json", run->arena, &text, error) ||
      !(run->mapping = mapping_read(run->arena, text, error)))
    return -1;
  run_meet(run);
  dhis2_server_patience(run->to, PATIENCE_MS);
  if (run_look_at_target(run, error)) return -1;
  run->delivery = (struct delivery){.server = run->to,
                                    .data_sets = run->mapping->target.data_sets,
                                    .data_set_count = run->mapping->target.data_set_count,
                                    .default_combo = run->mapping->target.default_combo,
                                    .dry_run = dry_run,
                                    .cancel = run->watch->cancel,
                                    .after_batch = run_after_batch,
                                    .payload = run};
  if (run->watch->refused) report_list_refused(run->whole, JOURNAL_ROWS_MAX);
  if (run_list_take(run->watch, run->whole, error)) return -1;
  for (run->chunk = 0; run->chunk < run->log.chunk_count; run->chunk++)
    if (undo_chunk(run, run->log.chunk_count - 1 - run->chunk, error)) return -1;
  return 0;
}

int run_undo(struct dhis2_server *to, const char *journal, bool dry_run, const struct run_watch *watch, struct report *report,
             struct error *error) {
  struct run_order order = {0};
  struct run run = {.arena = arena_new(), .order = &order, .watch = watch, .to = to, .whole = report};
  int result = undo_all(&run, journal, dry_run, error);
  run_names(&run, result == 0);
  log_close(&run.log);
  arena_free(run.arena);
  return result;
}

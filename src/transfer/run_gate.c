/* What the target would refuse of rows that are to be sent, and would take though it should not. */
#include "base/clock.h"
#include "transfer/run_internal.h"

static bool is_wanted(const struct plan_row *row) {
  return row->planned && row->state == ROW_WAITING;
}

/* What the target says of the units and attribute option combos of the rows that are to be sent. *ret_place NULL: there are none. */
static int ask_place(struct run *run, struct arena *arena, struct str period, const struct plan *rows,
                     const struct dhis2_entry_place **ret_place, struct error *error) {
  struct str *units = ARENA_ARRAY(arena, rows->n + 1, struct str), *attributes = ARENA_ARRAY(arena, rows->n + 1, struct str);
  struct dhis2_entry_question question = {
      .known = run->target_units, .period = period, .units = units, .attributes = attributes, .limits = run->preflight.check_limits};
  for (size_t i = 0; i < rows->n; i++) {
    if (!is_wanted(&rows->p[i])) continue;
    units[question.unit_count++] = rows->p[i].org_unit;
    attributes[question.attribute_count++] = rows->p[i].attribute_option_combo;
  }
  question.unit_count = str_sorted_set(units, question.unit_count);
  question.attribute_count = str_sorted_set(attributes, question.attribute_count);
  *ret_place = NULL;
  if (!question.unit_count) return 0;
  *ret_place = dhis2_entry_place_of_server(arena, run->to, run->preflight.entry, &question, run->watch->cancel, error);
  return *ret_place ? 0 : error_context(error, "asking the target what may be entered");
}

int run_gate(struct run *run, struct arena *arena, struct str period, struct plan *rows, run_judged *each, void *payload,
             struct error *error) {
  struct preflight preflight = run->preflight;
  struct preflight_last last = {0};
  size_t kept = 0;
  if (ask_place(run, arena, period, rows, &preflight.place, error)) return -1;
  preflight.now_ms = dhis2_entry_now(preflight.entry, clock_monotonic_ms());
  if (!preflight.place || !dhis2_period_parse_any(period, &preflight.period)) return 0; /* the run looked at the period before */
  for (size_t i = 0; i < rows->n; i++) {
    struct preflight_finding found = {0};
    if (is_wanted(&rows->p[i])) found = preflight_judge(&preflight, &rows->p[i], &last, arena);
    if (!is_wanted(&rows->p[i]) || each(payload, &rows->p[i], &found)) rows->p[kept++] = rows->p[i];
  }
  rows->n = kept;
  return 0;
}

/* What becomes of what goes to the target at once. */
#include "base/clock.h"
#include "transfer/run_internal.h"

static void count(struct batch *batch, const struct plan_row *row) {
  if (row->state == ROW_REFUSED)
    batch->ignored++;
  else
    *(!row->after.p ? &batch->removed : row->before.p ? &batch->updated : &batch->created) += 1;
}

void run_after_batch(void *payload, struct plan_row *const *rows, size_t n) {
  struct run *run = payload;
  struct batch batch = {.period = rows[0]->period, .org_unit = rows[0]->org_unit, .values = n, .at_ms = clock_now_ms()};
  for (size_t i = 0; i < n; i++) {
    batch.org_units += i == 0 || !str_eq(rows[i]->org_unit, rows[i - 1]->org_unit);
    count(&batch, rows[i]);
  }
  if (run->target_units) batch.name = dhis2_entry_units_name(run->target_units, batch.org_unit);
  batches_put(report_batches(run->part ? run->part : run->whole), &batch);
  run_tell(run, RUN_SENDING);
}

/* schedule: when a person's transfer is made by itself: for each period, so many days after it has ended, and again until all of it has gone through. Pure.
 *
 * What holds always: days are UTC's. A period is due from `after_day` days after its last one (1: the day after; of months: day N of the next month) on; only the latest such period is. Where its run did not go through whole, or the source had nothing yet, it is tried
 * again `again_hours` after the last try, for `for_days` days; a period that was never tried is tried once also later, as long as no younger one is due. */
#ifndef DRAWBRIDGE_API_SCHEDULE_H
#define DRAWBRIDGE_API_SCHEDULE_H

#include "base/arena.h"
#include "base/error.h"
#include "base/json_out.h"
#include "dhis2/periods.h"

enum { SCHEDULE_AFTER_MAX = 366, SCHEDULE_FOR_MAX = 366, SCHEDULE_AGAIN_MAX = 24 * 31, SCHEDULE_NAME_MAX = 200 };

struct schedule_last {    /* the latest try */
  struct str period, run; /* empty: none yet */
  struct str state;       /* of that run */
  int64_t at_ms;
  bool complete; /* all went through: nothing more to be done for that period */
};

struct schedule {
  struct str name, from, to, by, by_target, alignment, webhook;
  enum dhis2_period_type period_type;
  int64_t after_day, for_days, again_hours;
  int64_t until_ms, org_units, alignment_version;
  struct schedule_last last;
};

/* What a person wrote: name, period_type, after_day, for_days (20), again_hours (24). -1: ERROR_bad_request. */
int schedule_read_rule(struct arena *arena, struct str json, struct schedule *ret, struct error *error);

/* As it is kept, and shown: members into an open object; and back. */
void schedule_members(struct json_out *out, const struct schedule *schedule);
struct schedule schedule_read(struct arena *arena, struct str json);

/* True: a run for *ret is to begin now. `under_way`: the run of `last` has not ended. */
bool schedule_due(const struct schedule *schedule, bool under_way, int64_t now_ms, struct dhis2_period *ret);

/* When the next try is made, where nothing changes until then; 0: there is none before `until_ms`. */
int64_t schedule_next_ms(const struct schedule *schedule, int64_t now_ms);

#endif

/* schedule: when a person's transfer is made by itself: for each period, so many days after it has ended, and again until all of it has gone through. Pure.
 *
 * What holds always: days are UTC's, and periods those of the ISO 8601 calendar. A period is due from `after_day` days after its last one (1: the day after; of months: day N of the next month) on. It is tried again
 * `again_hours` after the last try, for `for_days` days, since those who report late do so after others have: what did not go through is sent then, and what was entered or changed meanwhile; also when younger ones have become due: the oldest first. A new schedule begins with the latest period that is due. What became due while the program stood still is made up for, as long
 * as its days are not over; the latest one also later. */
#ifndef DRAWBRIDGE_API_SCHEDULE_H
#define DRAWBRIDGE_API_SCHEDULE_H

#include "base/arena.h"
#include "base/error.h"
#include "base/json_out.h"
#include "dhis2/periods.h"

enum {
  SCHEDULE_AFTER_MAX = 366,
  SCHEDULE_FOR_MAX = 366,
  SCHEDULE_AGAIN_MAX = 24 * 31,
  SCHEDULE_NAME_MAX = 200,
  SCHEDULE_OPEN_MAX = 400,
  SCHEDULE_GIVEN_UP_MAX = 20
};

struct schedule_last {    /* the latest try */
  struct str period, run; /* empty: none yet */
  struct str state;       /* of that run */
  int64_t at_ms;
  bool complete; /* all went through that the source had, and it had something */
  bool over;     /* nothing more is tried for its period, and it is told where it was given up */
};

/* A period whose days were over, or the schedule's time, before all of it had gone through. */
struct schedule_given_up {
  struct str period;
  int64_t at_ms;
};

/* A period that was tried before the one of the latest try, and whose days are not over. */
struct schedule_open {
  struct str period;
  int64_t at_ms; /* of its last try; 0: none that counts */
  bool complete;
};

struct schedule {
  struct str name, from, to, by, by_target, alignment, webhook, language;
  enum dhis2_period_type period_type;
  int64_t after_day, for_days, again_hours;
  int64_t until_ms, org_units, alignment_version;
  struct schedule_last last;
  struct str youngest;        /* period that was tried; empty: none yet */
  struct schedule_open *open; /* by time; none of them is that of `last` */
  size_t open_count;
  struct schedule_given_up *given_up; /* the latest ones */
  size_t given_up_count;
  bool ended; /* its time is over, and that was noted */
};

/* What a person wrote: name, period_type, after_day, for_days (20), again_hours (24). -1: ERROR_bad_request. */
int schedule_read_rule(struct arena *arena, struct str json, struct schedule *ret, struct error *error);

/* As it is kept, and shown: members into an open object; and back. */
void schedule_members(struct json_out *out, const struct schedule *schedule);
struct schedule schedule_read(struct arena *arena, struct str json);

/* True: a run for *ret is to begin now. `under_way`: the run of `last` has not ended; others wait for it until it would be tried again. */
bool schedule_due(const struct schedule *schedule, bool under_way, int64_t now_ms, struct dhis2_period *ret);

/* `tried` is the latest try from now on; what was that before is kept as long as something is to be done for it. Lists in the arena. */
void schedule_tried(struct schedule *schedule, struct arena *arena, struct schedule_last tried);

/* Takes note of what is over by now: periods that are not tried any more, and the schedule itself. What was not complete is given up: returns how many (the last of `given_up`). *ret_ended: the schedule's own time is over, and was not so at the last call. Lists in the arena. */
size_t schedule_close(struct schedule *schedule, struct arena *arena, bool under_way, int64_t now_ms, bool *ret_ended);

/* Did all go through that the source had, in the last try of this period? */
bool schedule_was_complete(const struct schedule *schedule, struct str period);

/* The latest try came to nothing: its period is due at once. */
void schedule_forget_try(struct schedule *schedule, struct arena *arena);

/* The latest period that is due is so once more, whatever came of it. */
void schedule_once_more(struct schedule *schedule, struct arena *arena);

/* When the next try is made, where nothing changes until then; 0: there is none before `until_ms`. */
int64_t schedule_next_ms(const struct schedule *schedule, int64_t now_ms);

#endif

/* schedules: the schedules of people in the store, and the runs that come of them.
 *
 * What holds always: kind SCHEDULE_KIND; `about` is schedule.h's, the body an order with the mapping as it was when the schedule was made (run_document.h), for any period. Each has a mandate of its own (mandates.h); without it nothing comes of it any more. */
#ifndef DRAWBRIDGE_API_SCHEDULES_H
#define DRAWBRIDGE_API_SCHEDULES_H

#include "api/api.h"

#define SCHEDULE_KIND STR("schedule")

/* Begins the run that is due by this schedule, and takes note of how the latest one ended, and of what is over: periods that are given up, and the schedule's own time, are told (reports_out.h). Not there is fine. *ret_run: the one that has not ended, in the arena; empty: none. Blocks; any thread. */
void schedules_look(struct api *api, struct gateway *gateway, struct str id, int64_t now_ms, struct arena *arena, struct str *ret_run);

/* The same for those whose time is over and who have not told it yet: what lets a schedule go on, by which it is looked at, may be wiped by then, as where drawbridge stood still meanwhile. */
void schedules_look_at_ended(struct api *api, struct gateway *gateway, int64_t now_ms);

/* Nothing comes of it any more, and it says so. Not there is fine. *ret_run: the run that came of it last, in the arena; empty: none. -1: it could not be stopped now (it was changed meanwhile, the store is away): to be tried again. */
int schedules_stop(struct api *api, struct gateway *gateway, struct str id, int64_t now_ms, struct arena *arena, struct str *ret_run);

#endif

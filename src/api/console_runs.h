/* console_runs: runs, and what lets them and schedules go on without their people, as an operator sees and ends them (console.h).
 *
 * Blocks; on a worker. Answers are JSON, written to `answer`. -1: ERROR_not_found, those of store/store.h. */
#ifndef DRAWBRIDGE_API_CONSOLE_RUNS_H
#define DRAWBRIDGE_API_CONSOLE_RUNS_H

#include "api/api.h"

struct console_asked {
  struct api *api;
  struct gateway *gateway;
  struct store *store; /* the caller's own handle */
  struct arena *arena;
  struct str id; /* of the run, of the work; not looked at by lists */
  struct buf *answer;
  size_t cut_after; /* told by a list: there are more than so many, which changed last; 0: it is whole */
};

typedef int console_ask(struct console_asked *asked, struct error *error);

console_ask console_runs_list, console_run_explain;
console_ask console_run_end; /* as by its person: cancelled at its next step */

console_ask console_mandates_list, console_mandate_explain;
console_ask console_mandate_end; /* its run pauses, its schedule stops, its tokens are deleted */

#endif

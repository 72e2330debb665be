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
};

int console_runs_list(struct console_asked *asked, struct error *error);
int console_run_explain(struct console_asked *asked, struct error *error);
int console_run_end(struct console_asked *asked, struct error *error); /* as by its person: cancelled at its next step */

int console_mandates_list(struct console_asked *asked, struct error *error);
int console_mandate_explain(struct console_asked *asked, struct error *error);
int console_mandate_end(struct console_asked *asked, struct error *error); /* its run pauses, its schedule stops, its tokens are deleted */

#endif

/* desk: what the other processes on a shared store know of a run that is carried out here, and what they wish of it. With a store of this machine alone there is nothing to tell: all calls are without effect then.
 *
 * What holds always: a run is under way where its lease is held (transfer/hold.h); how far it is, is told about once a second. A wish of another process (cancel, pause) is done within about a second. Both are documents beside the run's own, which is not touched.
 *
 * The routes ask here and not the runner, which knows this process alone.
 *
 * Life cycle: desk_open when a run begins here, desk_close when it has ended; has a thread of its own meanwhile. The other calls: any thread. */
#ifndef DRAWBRIDGE_API_DESK_H
#define DRAWBRIDGE_API_DESK_H

#include "api/api.h"
#include "api/run_document.h"
#include "api/runner.h"

struct desk;

struct desk *desk_open(struct api *api, struct str id); /* NULL: there is nobody to tell */
void desk_close(struct desk *desk);                     /* NULL is fine */

/* Is it under way, here or elsewhere, and how far? Where the store does not answer it is taken to be. */
bool desk_look(struct api *api, struct str id, struct arena *arena, struct runner_view *ret);
bool desk_end(struct api *api, struct str id, bool pause); /* cancels or pauses it, wherever it is under way; false: nowhere */

/* What it is in now: the phase of one that is under way (then *view has it), how it ended, or "interrupted": it has not ended, and is under way nowhere. */
struct str desk_state(struct api *api, const struct store_document *document, const struct run_about *about, struct arena *arena,
                      struct runner_view *view);

#endif

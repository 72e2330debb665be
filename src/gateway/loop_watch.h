/* loop_watch: measures how long the event loop works before it waits again: as long as that, nobody else is served.
 *
 * Life cycle: loop_watch_new before the loop runs, loop_watch_free; the loop must run once more for the handle to close. Keeps no loop alive. */
#ifndef DRAWBRIDGE_GATEWAY_LOOP_WATCH_H
#define DRAWBRIDGE_GATEWAY_LOOP_WATCH_H

#include "gateway/metrics.h"
#include <uv.h>

struct loop_watch;

struct loop_watch *loop_watch_new(uv_loop_t *loop, struct metrics_times *times);
void loop_watch_free(struct loop_watch *watch); /* `times` is not touched any more */

#endif

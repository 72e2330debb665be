/* keeper: looks after what goes on without anybody asking: runs that the end of a process left off, schedules, reports that are to be sent, journals whose run is gone. One thread.
 *
 * Life cycle: keeper_new (looks for the first time a second later), keeper_stop (from any thread; the look under way ends), keeper_free. */
#ifndef DRAWBRIDGE_API_KEEPER_H
#define DRAWBRIDGE_API_KEEPER_H

#include "api/api.h"

struct keeper;

struct keeper *keeper_new(struct api *api, struct gateway *gateway);
void keeper_stop(struct keeper *keeper);
void keeper_free(struct keeper *keeper); /* NULL is fine */

#endif

/* demo: a stand-in server that is worth looking at: metadata, people and the values of the last months, always counted back from today.
 *
 * The file is a metadata export with three things more: users may have "password", "secret" (of a second factor that is set up) and "token" (a personal access token); and
 *   "demo": {"values": {"months": 13, "skipped": 0, "reporting": 0.95, "filled": 0.9, "unreported": ["MAL11"], "analytics": true}}
 * months: so many months back, the last `skipped` of them left out; reporting: the share of facilities that report in a month; filled: the share of cells that they fill; unreported: codes of data
 * elements that none does; analytics: its tables are made once that is there, as those of a real server are every night.
 * What a cell holds follows from its ids and its period, so that a restart shows the same. */
#ifndef DRAWBRIDGE_SIM_DEMO_H
#define DRAWBRIDGE_SIM_DEMO_H

#include "base/error.h"
#include "sim/sim.h"

int sim_demo_load(struct sim *sim, const char *file, struct error *error);

#endif

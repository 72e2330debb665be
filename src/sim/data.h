/* data: metadata, data values, org units, data store, system: what a signed-in user asks. */
#ifndef DRAWBRIDGE_SIM_DATA_H
#define DRAWBRIDGE_SIM_DATA_H

#include "sim/sim.h"

struct sim_data *sim_data_new(struct sim *sim);
void sim_data_free(struct sim_data *data);

/* Always answers (404 as the release does it where there is nothing). `path` begins with "/api/"; a version prefix ("/api/41/…") is checked and folded here. */
void sim_data_handle(struct sim *sim, json_t *user, const struct sim_request *request, struct sim_reply *reply);

#endif

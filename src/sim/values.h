/* values: data values of the stand-in server: /api/dataValueSets and /api/dataValues, as both engines of DHIS2 do it (the old one to 2.42, the new one from 2.43), what they lose without a word included. */
#ifndef DRAWBRIDGE_SIM_VALUES_H
#define DRAWBRIDGE_SIM_VALUES_H

#include "sim/sim.h"

struct sim_values;

struct sim_values *sim_values_new(void);
void sim_values_free(struct sim_values *values);

/* True: answered. `path` is the request's without version prefix ("/api/dataValueSets.json"). */
bool sim_values_handle(struct sim *sim, json_t *user, const struct sim_request *request, const char *path, struct sim_reply *reply);

#endif

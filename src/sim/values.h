/* values: data values of the stand-in server: /api/dataValueSets and /api/dataValues, as both engines of DHIS2 do it (the old one to 2.42, the new one from 2.43), what they lose without a word included. */
#ifndef DRAWBRIDGE_SIM_VALUES_H
#define DRAWBRIDGE_SIM_VALUES_H

#include "sim/sim.h"

struct sim_values;

struct sim_values *sim_values_new(void);
void sim_values_free(struct sim_values *values);

/* True: answered. `path` is the request's without version prefix ("/api/dataValueSets.json"). */
bool sim_values_handle(struct sim *sim, json_t *user, const struct sim_request *request, const char *path, struct sim_reply *reply);

/* GET /api/analytics/dataValueSet, where the tables were made: sums of what stood there then. */
void sim_values_analytics(struct sim *sim, json_t *user, const struct sim_request *request, struct sim_reply *reply);
/* GET /api/analytics: with aggregationType=COUNT how many of them, else what they make together. */
void sim_values_counts(struct sim *sim, json_t *user, const struct sim_request *request, struct sim_reply *reply);

/* Does a row, a deleted one too, name this element, org unit or option combo? Then the server lets nobody delete it. */
bool sim_values_mention(const struct sim_values *values, const char *uid);

/* What maintenance does and no import can: rows that are gone for good; a unit's with what was called complete or approved there. */
void sim_values_forget_element(struct sim_values *values, const char *uid);
void sim_values_forget_unit(struct sim_values *values, const char *uid);
void sim_values_forget_deleted(struct sim_values *values);

#endif

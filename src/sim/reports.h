/* reports: what a release says of objects that were written, in its own shape. */
#ifndef DRAWBRIDGE_SIM_REPORTS_H
#define DRAWBRIDGE_SIM_REPORTS_H

#include "sim/sim.h"

/* Under a path without version up to 2.37, and under versions before 38 up to 2.41, an import's report stands without a message around it, and its status is 200 whatever it says. */
bool sim_answers_bare(const struct sim *sim, const struct sim_request *request);

/* Changes a list of error reports (of 2.41 and later) into what the release writes: up to 2.40 without "args", up to 2.37 with a full stop. NULL is fine. */
void sim_reports_as_old(const struct sim *sim, json_t *errors);

/* The report of one object; takes errors (NULL: none). klass: the Java class. */
void sim_reply_report(const struct sim *sim, struct sim_reply *reply, int status, const char *klass, const char *uid, json_t *errors);

#endif

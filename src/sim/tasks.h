/* tasks: jobs in the background of the stand-in server, and what /api/system/tasks and /api/system/taskSummaries tell of them.
 *
 * What holds always: a job is told of at once, notes something a moment later and does its work after another moment, all of it measured with the server's own clock, when the next
 * request comes: nothing runs by itself. It outlives its request: what it needs is copied.
 *
 * Belongs to sim_data, which makes and frees all of them. */
#ifndef DRAWBRIDGE_SIM_TASKS_H
#define DRAWBRIDGE_SIM_TASKS_H

#include "sim/sim.h"

struct sim_task;
struct sim_tasks;

/* What it does in the end. `request` is the copy of the one that started it. */
typedef void sim_task_run(struct sim_task *task, struct sim *sim, json_t *user, const struct sim_request *request);

struct sim_tasks *sim_tasks_new(void);
void sim_tasks_free(struct sim_tasks *tasks);

struct sim_task *sim_task_start(struct sim *sim, json_t *user, const struct sim_request *request, const char *type, sim_task_run *run);
void sim_task_note(struct sim_task *task, const char *level, struct str message, bool completed);
void sim_task_parameters(struct sim_task *task, const char *message, json_t *parameters); /* takes the reference */
void sim_task_summary(struct sim_task *task, json_t *summary);                            /* takes the reference */
/* "Initiated …", with Location. Takes the reference to `parameters`. */
void sim_task_reply(const struct sim_task *task, const struct sim_request *request, json_t *parameters, struct sim_reply *reply);

void sim_tasks_tick(struct sim *sim); /* runs what is due */
/* GET /api/system/tasks[/TYPE[/ID]] and /api/system/taskSummaries/TYPE/ID. `path` behind "/api/". True: answered. */
bool sim_tasks_handle(struct sim *sim, const struct sim_request *request, struct str path, struct sim_reply *reply);

#endif

#include "sim/tasks.h"

#include "base/mem.h"
#include "base/vec.h"
#include "sim/data.h"
#include "sim/data_internal.h"

enum { BEGINS_AFTER_MS = 100, ENDS_AFTER_MS = 300 };

struct sim_task {
  char uid[12];
  char *type;
  int64_t created_ms;
  struct arena *arena;
  struct sim_request request;
  json_t *user;
  json_t *notes; /* the newest first */
  json_t *summary;
  bool done;
  sim_task_run *run;
  struct sim *sim;
};

struct sim_tasks {
  VEC(struct sim_task *) list;
};

struct sim_tasks *sim_tasks_new(void) {
  return mem_alloc(sizeof(struct sim_tasks));
}

static void free_task(struct sim_task *task) {
  json_decref(task->user);
  json_decref(task->notes);
  json_decref(task->summary);
  arena_free(task->arena);
  free(task->type);
  free(task);
}

void sim_tasks_free(struct sim_tasks *tasks) {
  if (!tasks) return;
  for (size_t i = 0; i < tasks->list.n; i++) free_task(tasks->list.p[i]);
  VEC_FREE(&tasks->list);
  free(tasks);
}

static struct sim_request copy_of(struct arena *arena, const struct sim_request *request) {
  struct sim_request copy = {.arena = arena};
  const struct str *from[] = {&request->method, &request->target, &request->path, &request->query,
                              &request->host,   &request->peer,   &request->body};
  struct str *to[] = {&copy.method, &copy.target, &copy.path, &copy.query, &copy.host, &copy.peer, &copy.body};
  for (size_t i = 0; i < sizeof from / sizeof *from; i++) *to[i] = arena_str(arena, *from[i]);
  http_headers_set(&copy.headers, arena, STR("Content-Type"), arena_str(arena, sim_header(request, "Content-Type")));
  return copy;
}

struct sim_task *sim_task_start(struct sim *sim, json_t *user, const struct sim_request *request, const char *type, sim_task_run *run) {
  struct sim_task *task = mem_alloc(sizeof *task);
  sim_uid(task->uid);
  task->type = mem_printf("%s", type);
  task->created_ms = sim_now_ms(sim);
  task->arena = arena_new();
  task->request = copy_of(task->arena, request);
  task->user = json_incref(user);
  task->notes = json_array();
  task->run = run;
  task->sim = sim;
  VEC_PUSH(&sim->data->tasks->list, task);
  return task;
}

static json_t *note(struct sim_task *task, const char *level, struct str message, bool completed) {
  char uid[12];
  sim_uid(uid);
  if (task->sim->release <= SIM_2_37) (void)snprintf(uid, sizeof uid, "%s", task->uid);
  json_t *entry = json_pack("{s:s, s:s, s:s, s:o, s:s%, s:b, s:s}", "uid", uid, "level", level, "category", task->type, "time",
                            data_time(sim_now_ms(task->sim)), "message", message.p, message.n, "completed", completed, "id", uid);
  json_array_insert_new(task->notes, 0, entry);
  return entry;
}

void sim_task_note(struct sim_task *task, const char *level, struct str message, bool completed) {
  (void)note(task, level, message, completed);
}

void sim_task_parameters(struct sim_task *task, const char *message, json_t *parameters) {
  json_t *entry = note(task, "INFO", str_of(message), false);
  json_object_set_new(entry, "dataType", json_string("PARAMETERS"));
  json_object_set_new(entry, "data", parameters);
}

void sim_task_summary(struct sim_task *task, json_t *summary) {
  json_decref(task->summary);
  task->summary = summary;
}

void sim_task_reply(const struct sim_task *task, const struct sim_request *request, json_t *parameters, struct sim_reply *reply) {
  struct arena *a = request->arena;
  bool old = task->sim->release <= SIM_2_40, of_values = strcmp(task->type, "DATAVALUE_IMPORT") == 0;
  struct str name = arena_printf(a, "%s (%lld)", task->type, (long long)task->created_ms);
  if (old) name = of_values ? STR("dataValueImport") : STR("metadataImport");
  struct str list = arena_printf(a, "/api/system/tasks/%s", task->type);
  json_t *response = json_pack("{s:s, s:s, s:o, s:s, s:s, s:o, s:s}", "name", name.p, "id", task->uid, "created",
                               data_time(task->created_ms), "jobType", task->type, "jobStatus", "NOT_STARTED", "jobParameters", parameters,
                               "relativeNotifierEndpoint", arena_printf(a, "%s/%s", list.p, task->uid).p);
  if (old) json_object_del(response, "jobParameters");
  if (old) json_object_set_new(response, "jobStatus", json_string("SCHEDULED"));
  if (task->sim->release <= SIM_2_37) json_object_del(response, "jobStatus");
  if (task->sim->release >= SIM_2_43) json_object_set_new(response, "responseType", json_string("JobConfiguration"));
  sim_reply_header(reply, "Location", sim_link(task->sim, request, list));
  sim_reply_json(reply, 200,
                 json_pack("{s:s, s:i, s:s, s:s, s:o}", "httpStatus", "OK", "httpStatusCode", 200, "status", "OK", "message",
                           arena_printf(a, "Initiated %s", name.p).p, "response", response));
}

void sim_tasks_tick(struct sim *sim) {
  struct sim_tasks *tasks = sim->data->tasks;
  for (size_t i = 0; i < tasks->list.n; i++) {
    struct sim_task *task = tasks->list.p[i];
    if (task->done || sim_now_ms(sim) < task->created_ms + ENDS_AFTER_MS) continue;
    task->done = true;
    task->run(task, sim, task->user, &task->request);
  }
}

/* What is told now: nothing before it begins. */
static json_t *told(const struct sim_task *task) {
  bool begun = task->done || sim_now_ms(task->sim) >= task->created_ms + BEGINS_AFTER_MS;
  return begun ? json_incref(task->notes) : json_array();
}

static struct sim_task *find(struct sim *sim, struct str type, struct str uid) {
  const struct sim_tasks *tasks = sim->data->tasks;
  for (size_t i = 0; i < tasks->list.n; i++)
    if (str_eq(str_of(tasks->list.p[i]->type), type) && str_eq(str_of(tasks->list.p[i]->uid), uid)) return tasks->list.p[i];
  return NULL;
}

static void reply_of_type(struct sim *sim, struct str type, struct sim_reply *reply) {
  const struct sim_tasks *tasks = sim->data->tasks;
  json_t *all = json_object();
  for (size_t i = 0; i < tasks->list.n; i++)
    if (str_eq(str_of(tasks->list.p[i]->type), type)) json_object_set_new(all, tasks->list.p[i]->uid, told(tasks->list.p[i]));
  sim_reply_json(reply, 200, all);
}

bool sim_tasks_handle(struct sim *sim, const struct sim_request *request, struct str path, struct sim_reply *reply) {
  struct str rest = path, system = str_take(&rest, '/'), kind = str_take(&rest, '/'), type = str_take(&rest, '/'), uid = rest;
  bool summary = str_eq(kind, STR("taskSummaries"));
  if (!str_eq(system, STR("system")) || !(summary || str_eq(kind, STR("tasks"))) || !type.n || !sim_is(request, "GET")) return false;
  if (!uid.p) {
    reply_of_type(sim, type, reply);
    return true;
  }
  const struct sim_task *task = find(sim, type, uid);
  if (!summary)
    sim_reply_json(reply, 200, task ? told(task) : json_array());
  else if (task && task->summary)
    sim_reply_json(reply, 200, json_incref(task->summary));
  else
    sim_reply_empty(reply, 200);
  return true;
}

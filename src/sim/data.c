#include "sim/data.h"

#include "base/clock.h"
#include "base/mem.h"
#include "sim/auth.h"
#include "sim/data_internal.h"
#include "sim/data_pack.h"
#include "sim/values.h"

struct sim_data *sim_data_new(struct sim *sim) {
  struct sim_data *data = mem_alloc(sizeof *data);
  data->schema = sim_schema_new();
  data->tasks = sim_tasks_new();
  data->settings = json_object();
  sim_objects_put_defaults(sim->objects);
  return data;
}

void sim_data_free(struct sim_data *data) {
  if (!data) return;
  sim_schema_free(data->schema);
  sim_tasks_free(data->tasks);
  json_decref(data->settings);
  free(data);
}

const char *sim_data_setting(const struct sim *sim, const char *key) {
  return data_text(sim->data->settings, key);
}

/* --- small things --- */

bool data_is(const struct data_call *call, const char *method) {
  return sim_is(call->request, method);
}

struct str data_param(const struct data_call *call, const char *name) {
  return sim_param(call->request, name, 0);
}

bool data_flag(const struct data_call *call, const char *name, bool without) {
  struct str text = data_param(call, name);
  return text.n ? !str_eq_nocase(text, STR("false")) : without;
}

void data_error(struct data_call *call, int status, const char *code, struct str message) {
  if (call->sim->release >= SIM_2_42) http_headers_set(&call->reply->headers, call->arena, STR("Content-Type"), STR("application/json"));
  sim_reply_message(call->reply, status, "ERROR", code, arena_cstr(call->arena, message));
}

void data_not_found(struct data_call *call, const struct sim_class *class, struct str uid) {
  data_error(call, 404, "E1005", arena_printf(call->arena, "%s with id %.*s could not be found.", class->title, STR_ARG(uid)));
}

json_t *data_time(int64_t ms) {
  char text[CLOCK_TEXT_SIZE];
  (void)clock_format(ms - ms % 1000, text);
  return json_sprintf("%.19s.%03d", text, (int)(ms % 1000));
}

struct str data_body(const struct data_call *call) {
  return data_unpack(call->arena, call->request->body);
}

/* --- dispatch --- */

/* "/api/41/dataElements.json" is "dataElements" with the suffix ".json". */
static void read_path(struct data_call *call) {
  struct str path = str_from(call->request->path, strlen("/api/"));
  uint64_t version;
  struct str rest = path, first = str_take(&rest, '/');
  if (rest.p && str_to_u64(first, &version)) path = rest;
  static const char *const suffixes[] = {".json.gz", ".json.zip", ".csv.gz", ".csv.zip", ".xml.gz", ".json",
                                         ".csv",     ".xml",      ".zip",    ".xlsx",    ".pdf"};
  struct str last = str_from(path, str_find_last_char(path, '/') == SIZE_MAX ? 0 : str_find_last_char(path, '/'));
  for (size_t i = 0; i < sizeof suffixes / sizeof *suffixes && !call->suffix.p; i++)
    if (last.n > strlen(suffixes[i]) && str_ends(last, str_of(suffixes[i]))) call->suffix = str_of(suffixes[i]);
  path = str_slice(path, 0, path.n - call->suffix.n);
  call->path = sim_url_decode(call->arena, path, false);
  if (call->path.n > 1 && str_ends(call->path, STR("/"))) call->path.n--;
}

static void collection(struct data_call *call, const struct sim_class *class) {
  if (data_is(call, "GET") || data_is(call, "HEAD"))
    data_list(call, class);
  else if (data_is(call, "POST"))
    data_create(call, class);
  else
    data_error(call, 405, NULL, arena_printf(call->arena, "Request method '%.*s' is not supported", STR_ARG(call->request->method)));
}

static void dispatch(struct data_call *call) {
  struct str rest = call->path, first = str_take(&rest, '/');
  const struct sim_class *class = sim_class_of(call->sim->data->schema, first);
  const char *values_path = arena_printf(call->arena, "/api/%.*s%.*s", STR_ARG(call->path), STR_ARG(call->suffix)).p;
  if (str_eq(call->path, STR("metadata")))
    data_metadata(call);
  else if (sim_values_handle(call->sim, call->user, call->request, values_path, call->reply) || data_system(call) ||
           sim_tasks_handle(call->sim, call->request, call->path, call->reply))
    return;
  else if (class && !rest.p)
    collection(call, class);
  else if (class) {
    struct str uid = str_take(&rest, '/');
    data_object(call, class, uid, rest);
  } else
    sim_reply_tomcat(call->reply, 404, NULL);
}

void sim_data_handle(struct sim *sim, json_t *user, const struct sim_request *request, struct sim_reply *reply) {
  struct data_call call = {
      .sim = sim, .user = user, .request = request, .reply = reply, .arena = request->arena, .super = sim_auth_may(sim, user, "ALL")};
  read_path(&call);
  sim_tasks_tick(sim);
  call.without_defaults = str_eq_nocase(data_param(&call, "defaults"), STR("EXCLUDE"));
  if (sim->release <= SIM_2_41) call.locale = data_param(&call, "locale");
  dispatch(&call);
}

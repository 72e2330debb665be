/* What stands beside data sets and lets values in or keeps them out: lock exceptions, least and largest values. */
#include "base/json_doc.h"
#include "sim/values_internal.h"

static const char *param(const struct sim_request *request, const char *name) {
  struct str text = sim_param(request, name, 0);
  return text.p ? arena_cstr(request->arena, text) : "";
}

static const char *gate_id(struct arena *arena, const char *a, const char *b, const char *c) {
  return arena_printf(arena, "%s %s %s", a, b, c).p;
}

/* "a:in:[x,y]" or "a:eq:x" in any of the filters: is that the id? Without such a filter: yes. */
static bool passes(const struct sim_request *request, const char *property, const char *id) {
  struct str filter;
  for (size_t n = 0; (filter = sim_param(request, "filter", n)).p; n++) {
    struct str rest = filter;
    if (!str_eq(str_take(&rest, ':'), str_of(property))) continue;
    struct str list = rest;
    (void)str_take(&list, ':');
    if (str_starts(list, STR("["))) list = str_slice(list, 1, list.n - 1);
    bool found = false;
    while (list.p && !found) found = str_eq(str_take(&list, ','), str_of(id));
    if (!found) return false;
  }
  return true;
}

static void list(struct sim *sim, const struct sim_request *request, const char *class_name, struct sim_reply *reply) {
  json_t *rows = json_array();
  for (size_t i = 0; i < sim_objects_count(sim->objects, class_name); i++) {
    json_t *row = sim_objects_at(sim->objects, class_name, i), *shown;
    if (!passes(request, "source.id", model_ref(row, "source")) || !passes(request, "dataElement.id", model_ref(row, "dataElement")))
      continue;
    shown = json_copy(row);
    json_object_del(shown, "id");
    json_array_append_new(rows, shown);
  }
  sim_reply_json(reply, 200, json_pack("{s:o}", class_name, rows));
}

/* --- lock exceptions --- */

static void change_exception(const struct model *m, const struct sim_request *request, struct sim_reply *reply) {
  const char *set_id = param(request, "ds"), *unit = param(request, "ou");
  const json_t *set = sim_objects_get(m->sim->objects, "dataSets", set_id);
  struct sim_period period;
  if (!set || !sim_period_parse(sim_param(request, "pe", 0), &period)) {
    values_error(m->sim, reply, 409, NULL, STR(" DataSet or Period is invalid"));
  } else if (!model_access(m, set, 1, 'w')) {
    values_error(m->sim, reply, 403, NULL, STR("You don't have the proper permissions to update this object"));
  } else if (sim_is(request, "DELETE")) {
    (void)sim_objects_delete(m->sim->objects, "lockExceptions", gate_id(request->arena, set_id, period.text, unit));
    sim_reply_empty(reply, 204);
  } else if (!model_assigned(m, set, unit)) {
    values_error(
        m->sim, reply, 409, NULL,
        arena_printf(request->arena, "None of the target organisation unit(s) %s is linked to the specified data set: %s", unit, set_id));
  } else {
    sim_objects_put(m->sim->objects, "lockExceptions",
                    json_pack("{s:s, s:{s:s, s:s}, s:{s:s}, s:{s:s}}", "id", gate_id(request->arena, set_id, period.text, unit), "period",
                              "id", period.text, "name", period.text, "organisationUnit", "id", unit, "dataSet", "id", set_id));
    sim_reply_message(reply, 201, "OK", NULL, "LockException created successfully.");
  }
}

bool values_excepted(const struct model *m, const json_t *data_set, const char *period, const char *unit) {
  char id[64];
  (void)snprintf(id, sizeof id, "%s %s %s", model_text(data_set, "id"), period, unit);
  return sim_objects_get(m->sim->objects, "lockExceptions", id) != NULL;
}

/* --- least and largest values --- */

static void change_limit(const struct model *m, const struct sim_request *request, struct sim_reply *reply) {
  json_t *row = json_doc_read(request->body);
  const char *id = gate_id(request->arena, model_ref(row, "source"), model_ref(row, "dataElement"), model_ref(row, "optionCombo"));
  if (!m->superuser) {
    values_error(m->sim, reply, 403, NULL, STR("Access is denied"));
  } else if (!json_is_object(row)) {
    values_error(m->sim, reply, 400, NULL, STR("Min-max value could not be read"));
  } else if (sim_is(request, "DELETE")) {
    (void)sim_objects_delete(m->sim->objects, "minMaxDataElements", id);
    sim_reply_empty(reply, 204);
  } else {
    json_object_set_new(row, "id", json_string(id));
    sim_objects_put(m->sim->objects, "minMaxDataElements", json_incref(row));
    sim_reply_empty(reply, 201);
  }
  json_decref(row);
}

bool values_gates(struct sim *sim, json_t *user, const struct sim_request *request, struct str path, struct sim_reply *reply) {
  struct model m = model_of(sim, user);
  bool exceptions = str_eq(path, STR("/api/lockExceptions"));
  if (!exceptions && !str_eq(path, STR("/api/minMaxDataElements"))) return false;
  if (sim_is(request, "GET") || sim_is(request, "HEAD"))
    list(sim, request, exceptions ? "lockExceptions" : "minMaxDataElements", reply);
  else if (exceptions)
    change_exception(&m, request, reply);
  else
    change_limit(&m, request, reply);
  return true;
}

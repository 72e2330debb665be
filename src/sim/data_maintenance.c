/* data_maintenance: /api/maintenance: what an administrator asks for after changes. */
#include "sim/auth.h"
#include "sim/data_internal.h"
#include "sim/relations.h"
#include "sim/values.h"

static json_t *summary(bool added, struct str description) {
  return json_pack("{s:s, s:s, s:s%, s:{s:i, s:i, s:i, s:i}, s:[], s:[]}", "responseType", "ImportSummary", "status", "SUCCESS",
                   "description", description.p, description.n, "importCount", "imported", added, "updated", !added, "ignored", 0,
                   "deleted", 0, "conflicts", "rejectedIndexes");
}

static struct str upper(struct arena *arena, const char *text) {
  struct str copy = arena_str(arena, str_of(text));
  char *p = arena_alloc(arena, copy.n + 1);
  for (size_t i = 0; i < copy.n; i++) p[i] = (char)(copy.p[i] >= 'a' && copy.p[i] <= 'z' ? copy.p[i] - 32 : copy.p[i]);
  return (struct str){p, copy.n};
}

/* Makes the option combos that a combo should have, names them as they should be called, and tells of both. */
static void update_combo(struct data_call *call, const json_t *combo, json_t *summaries, size_t counts[2]) {
  struct arena *a = call->arena;
  struct sim_objects *objects = call->sim->objects;
  const char *uid = data_uid(combo);
  json_t *before = json_object();
  struct sim_list all = sim_related(objects, "categoryOptionCombos", "categoryCombo", uid);
  for (size_t i = 0; i < all.n; i++) json_object_set_new(before, data_uid(all.p[i]), json_string(data_text(all.p[i], "name")));
  sim_complete_option_combos(objects, combo, true);
  all = sim_related(objects, "categoryOptionCombos", "categoryCombo", uid);
  for (size_t i = 0; i < all.n; i++) {
    const json_t *old = json_object_get(before, data_uid(all.p[i]));
    const char *name = data_text(all.p[i], "name");
    if (old && strcmp(json_string_value(old), name) == 0) continue;
    struct str description =
        old ? arena_printf(a, "Update category option combo `%.*s` name to `%s`", STR_ARG(upper(a, data_uid(all.p[i]))), name)
            : arena_printf(a, "Added missing category option combo: `%s` for category combo: `%s`", name, data_text(combo, "name"));
    counts[old ? 1 : 0]++;
    json_array_append_new(summaries, summary(!old, description));
  }
  json_decref(before);
}

static void update_one(struct data_call *call, const json_t *combo) {
  size_t counts[2] = {0, 0};
  json_t *summaries = json_array();
  update_combo(call, combo, summaries, counts);
  json_t *response = json_pack("{s:s, s:s, s:I, s:I, s:i, s:i, s:o, s:I}", "responseType", "ImportSummaries", "status", "SUCCESS",
                               "imported", (json_int_t)counts[0], "updated", (json_int_t)counts[1], "deleted", 0, "ignored", 0,
                               "importSummaries", summaries, "total", (json_int_t)json_array_size(summaries));
  sim_reply_json(call->reply, 200,
                 json_pack("{s:s, s:i, s:s, s:s, s:o}", "httpStatus", "OK", "httpStatusCode", 200, "status", "OK", "message",
                           "Import was successful.", "response", response));
}

static void denied(struct data_call *call, const char *authority) {
  data_error(call, 403, NULL,
             call->sim->release >= SIM_2_42 ? arena_printf(call->arena, "Access is denied, requires one Authority from [%s]", authority)
                                            : STR("Access is denied"));
}

/* All values of an org unit or of a data element, gone for good. As the server's own tests have it (MaintenanceControllerTest). */
static void prune(struct data_call *call, struct str rest) {
  const char *class = arena_cstr(call->arena, str_take(&rest, '/')), *uid = rest.p ? arena_cstr(call->arena, rest) : "";
  bool units = strcmp(class, "organisationUnits") == 0;
  if (!call->super)
    denied(call, "ALL");
  else if (!units && strcmp(class, "dataElements") != 0)
    sim_reply_tomcat(call->reply, 404, NULL);
  else if (!sim_objects_get(call->sim->objects, class, uid))
    data_error(call, 409, NULL, arena_printf(call->arena, "%s does not exist: %s", units ? "Organisation unit" : "Data element", uid));
  else {
    (units ? sim_values_forget_unit : sim_values_forget_element)(call->sim->values, uid);
    sim_reply_message(call->reply, 200, "OK", NULL, "Data was pruned successfully");
  }
}

static void update_combos(struct data_call *call, struct str rest) {
  struct str one = STR("/categoryCombo/");
  if (str_starts(rest, one)) {
    struct str uid = str_from(rest, one.n);
    const json_t *combo = sim_objects_get(call->sim->objects, "categoryCombos", arena_cstr(call->arena, uid));
    if (combo)
      update_one(call, combo);
    else
      data_error(call, 409, NULL, arena_printf(call->arena, "CategoryCombo does not exist: %.*s", STR_ARG(uid)));
    return;
  }
  size_t counts[2] = {0, 0};
  json_t *summaries = json_array();
  for (size_t i = 0; i < sim_objects_count(call->sim->objects, "categoryCombos"); i++)
    update_combo(call, sim_objects_at(call->sim->objects, "categoryCombos", i), summaries, counts);
  json_decref(summaries);
  if (call->sim->release >= SIM_2_42)
    sim_reply_message(call->reply, 200, "OK", NULL, NULL);
  else
    sim_reply_empty(call->reply, 204);
}

/* A job that has ended as soon as it began. */
static void make_tables(struct data_call *call) {
  if (!call->super && !sim_auth_may(call->sim, call->user, "F_PERFORM_MAINTENANCE")) return denied(call, "F_PERFORM_MAINTENANCE");
  call->sim->analytics_ms = sim_now_ms(call->sim);
  sim_reply_message(call->reply, 200, "OK", NULL, "Initiated inMemoryAnalyticsJob");
}

bool data_maintenance(struct data_call *call) {
  static const struct str pruning = {"maintenance/dataPruning/", sizeof "maintenance/dataPruning/" - 1},
                          combos = {"maintenance/categoryOptionComboUpdate", sizeof "maintenance/categoryOptionComboUpdate" - 1},
                          deleted = {"maintenance/softDeletedDataValueRemoval", sizeof "maintenance/softDeletedDataValueRemoval" - 1};
  bool removes = str_eq(call->path, deleted), updates = str_starts(call->path, combos);
  if (data_is(call, "GET")) return false;
  if (str_eq(call->path, STR("resourceTables/analytics"))) return make_tables(call), true;
  if (str_starts(call->path, pruning)) return prune(call, str_from(call->path, pruning.n)), true;
  if (!removes && !updates) return false;
  if (!call->super && !sim_auth_may(call->sim, call->user, "F_PERFORM_MAINTENANCE"))
    denied(call, "F_PERFORM_MAINTENANCE");
  else if (updates)
    update_combos(call, str_from(call->path, combos.n));
  else {
    sim_values_forget_deleted(call->sim->values);
    sim_reply_empty(call->reply, 204);
  }
  return true;
}

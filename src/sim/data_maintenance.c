/* data_maintenance: /api/maintenance: what an administrator asks for after changes. */
#include "sim/auth.h"
#include "sim/data_internal.h"
#include "sim/relations.h"

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

bool data_maintenance(struct data_call *call) {
  static const struct str path = {"maintenance/categoryOptionComboUpdate", sizeof "maintenance/categoryOptionComboUpdate" - 1};
  if (!str_starts(call->path, path) || data_is(call, "GET")) return false;
  struct str rest = str_from(call->path, path.n), one = STR("/categoryCombo/");
  if (!call->super && !sim_auth_may(call->sim, call->user, "F_PERFORM_MAINTENANCE")) {
    data_error(call, 403, NULL,
               call->sim->release >= SIM_2_42 ? STR("Access is denied, requires one Authority from [F_PERFORM_MAINTENANCE]")
                                              : STR("Access is denied"));
    return true;
  }
  if (str_starts(rest, one)) {
    struct str uid = str_from(rest, one.n);
    const json_t *combo = sim_objects_get(call->sim->objects, "categoryCombos", arena_cstr(call->arena, uid));
    if (combo)
      update_one(call, combo);
    else
      data_error(call, 409, NULL, arena_printf(call->arena, "CategoryCombo does not exist: %.*s", STR_ARG(uid)));
    return true;
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
  return true;
}

/* What stands beside values: data sets called complete for a unit and period, and approved. */
#include "base/clock.h"
#include "base/mem.h"
#include "base/vec.h"
#include "sim/relations.h"
#include "sim/values_internal.h"

enum { MARK_TEXT = 64 };

struct registration {
  char period[24], set[16], unit[16], aoc[16], date[16], stored_by[MARK_TEXT];
  bool completed;
};

struct approval {
  char workflow[16], period[24], unit[16], aoc[16], by[MARK_TEXT];
  int64_t at_ms;
};

struct values_marks {
  VEC(struct registration) completed;
  VEC(struct approval) approved;
};

struct values_marks *values_marks_new(void) {
  return mem_alloc(sizeof(struct values_marks));
}

void values_marks_free(struct values_marks *marks) {
  if (!marks) return;
  VEC_FREE(&marks->completed);
  VEC_FREE(&marks->approved);
  free(marks);
}

void values_marks_forget_unit(struct values_marks *marks, struct str unit) {
  size_t kept = 0;
  for (size_t i = 0; i < marks->completed.n; i++)
    if (!str_eq(str_of(marks->completed.p[i].unit), unit)) marks->completed.p[kept++] = marks->completed.p[i];
  marks->completed.n = kept;
  kept = 0;
  for (size_t i = 0; i < marks->approved.n; i++)
    if (!str_eq(str_of(marks->approved.p[i].unit), unit)) marks->approved.p[kept++] = marks->approved.p[i];
  marks->approved.n = kept;
}

static void keep(char *field, size_t size, struct str text) {
  (void)snprintf(field, size, "%.*s", STR_ARG(text));
}

#define KEEP(field, text) keep(field, sizeof(field), text)

/* --- completion --- */

static struct registration *registration_of(struct values_marks *marks, const struct completion *c) {
  for (size_t i = 0; i < marks->completed.n; i++) {
    struct registration *r = &marks->completed.p[i];
    if (str_eq(c->period, str_of(r->period)) && str_eq(c->set, str_of(r->set)) && str_eq(c->unit, str_of(r->unit)) &&
        str_eq(c->aoc, str_of(r->aoc)))
      return r;
  }
  return NULL;
}

/* True: it is new. */
static bool complete(struct values_marks *marks, const struct completion *c, bool completed) {
  struct registration *old = registration_of(marks, c), r = {.completed = completed};
  KEEP(r.period, c->period);
  KEEP(r.set, c->set);
  KEEP(r.unit, c->unit);
  KEEP(r.aoc, c->aoc);
  KEEP(r.date, c->date);
  KEEP(r.stored_by, c->stored_by);
  if (old)
    *old = r;
  else
    VEC_PUSH(&marks->completed, r);
  return !old;
}

void values_complete(struct sim_values *values, const struct completion *completion) {
  (void)complete(values_marks_of(values), completion, true);
}

static struct str today(struct sim *sim, struct arena *arena) {
  char text[CLOCK_TEXT_SIZE];
  (void)clock_format(sim_now_ms(sim), text);
  return arena_printf(arena, "%.10s", text);
}

static struct str member(const json_t *object, const char *key) {
  const char *text = json_string_value(json_object_get(object, key));
  return text ? str_of(text) : STR_NONE;
}

static void refuse_registration(json_t *conflicts, struct str object, struct str why) {
  json_array_append_new(conflicts, json_pack("{s:s%, s:s%}", "object", object.p ? object.p : "", object.n, "value", why.p, why.n));
}

/* False: refused, with a conflict. */
static bool register_one(const struct model *m, const json_t *entry, const struct sim_request *request, bool dry, size_t counts[2],
                         json_t *conflicts) {
  struct completion c = {.period = member(entry, "period"),
                         .set = member(entry, "dataSet"),
                         .unit = member(entry, "organisationUnit"),
                         .aoc = member(entry, "attributeOptionCombo")};
  struct values_marks *marks = values_marks_of(m->sim->values);
  const json_t *unit = model_get(m, "organisationUnits", c.unit);
  const char *username = model_text(m->user, "username");
  struct sim_period period;
  bool good = false;
  if (!model_get(m, "dataSets", c.set))
    refuse_registration(conflicts, c.set, STR("Data set not found or not accessible"));
  else if (!c.period.p || !sim_period_parse(c.period, &period))
    refuse_registration(conflicts, c.period, STR("Period not valid"));
  else if (!unit)
    refuse_registration(conflicts, c.unit, STR("Organisation unit not found or not accessible"));
  else if (!model_user_unit(m, model_text(unit, "id"), false))
    refuse_registration(conflicts, c.unit, arena_printf(request->arena, "Organisation unit is not in hierarchy of user: %s", username));
  else
    good = true;
  if (!good) return false;
  if (!c.aoc.n) c.aoc = str_of(m->default_coc);
  c.date = member(entry, "date").p ? member(entry, "date") : today(m->sim, request->arena);
  c.stored_by = member(entry, "storedBy").p ? member(entry, "storedBy") : str_of(username);
  counts[registration_of(marks, &c) ? 1 : 0]++;
  if (!dry) (void)complete(marks, &c, !json_is_false(json_object_get(entry, "completed")));
  return true;
}

static json_t *import_options(bool new_engine, bool dry) {
  static const char *const off[] = {"skipExistingCheck",
                                    "sharing",
                                    "skipNotifications",
                                    "skipAudit",
                                    "datasetAllowsPeriods",
                                    "strictPeriods",
                                    "strictDataElements",
                                    "strictCategoryOptionCombos",
                                    "strictAttributeOptionCombos",
                                    "strictOrganisationUnits",
                                    "strictDataSetApproval",
                                    "strictDataSetLocking",
                                    "strictDataSetInputPeriods",
                                    "requireCategoryOptionCombo",
                                    "requireAttributeOptionCombo",
                                    "skipPatternValidation",
                                    "ignoreEmptyCollection",
                                    "force",
                                    "skipLastUpdated",
                                    "mergeDataValues",
                                    "skipCache",
                                    "async"};
  json_t *o = json_pack("{s:{}, s:b, s:s, s:s, s:s, s:b}", "idSchemes", "dryRun", dry, "importStrategy", "CREATE_AND_UPDATE", "mergeMode",
                        "REPLACE", "reportMode", "FULL", "firstRowIsHeader", 1);
  for (size_t i = 0; i < sizeof off / sizeof *off; i++) json_object_set_new(o, off[i], json_false());
  if (new_engine) json_object_set_new(o, "atomic", json_false());
  return o;
}

static void register_all(const struct model *m, const struct sim_request *request, struct sim_reply *reply) {
  json_error_t why;
  json_t *root = json_loadb(request->body.n ? request->body.p : "", request->body.n, 0, &why), *conflicts = json_array();
  const json_t *list = json_object_get(root, "completeDataSetRegistrations");
  bool dry = str_eq(sim_param(request, "dryRun", 0), STR("true"));
  size_t counts[2] = {0, 0}, ignored = 0;
  for (size_t i = 0; i < json_array_size(list); i++)
    if (!register_one(m, json_array_get(list, i), request, dry, counts, conflicts)) ignored++;
  bool ok = !ignored || counts[0] + counts[1];
  int http = ok ? 200 : 409;
  json_t *summary =
      json_pack("{s:s, s:s, s:o, s:s, s:{s:I, s:I, s:I, s:i}, s:o, s:[]}", "responseType", "ImportSummary", "status",
                ok ? "SUCCESS" : "ERROR", "importOptions", import_options(values_new_engine(m->sim), dry), "description",
                "Import process complete.", "importCount", "imported", (json_int_t)counts[0], "updated", (json_int_t)counts[1], "ignored",
                (json_int_t)ignored, "deleted", 0, "conflicts", conflicts, "rejectedIndexes");
  sim_reply_json(reply, http,
                 json_pack("{s:s, s:i, s:s, s:s, s:o}", "httpStatus", sim_reason(http), "httpStatusCode", http, "status",
                           ok ? "OK" : "ERROR", "message",
                           ok ? "Import was successful." : "An error occurred, please check import summary.", "response", summary));
  json_decref(root);
}

/* Is one of this parameter's values the text? */
static bool asked(const struct sim_request *request, const char *name, struct str text) {
  struct str value;
  for (size_t n = 0; (value = sim_param(request, name, n)).p; n++)
    if (str_eq(value, text)) return true;
  return false;
}

static bool asked_unit(const struct model *m, const struct sim_request *request, const char *unit) {
  struct str value;
  bool children = str_eq(sim_param(request, "children", 0), STR("true"));
  if (!children) return asked(request, "orgUnit", str_of(unit));
  for (size_t n = 0; (value = sim_param(request, "orgUnit", n)).p; n++)
    if (model_below(m, unit, arena_cstr(request->arena, value))) return true;
  return false;
}

static bool asked_period(const struct sim_request *request, const char *text) {
  int start, end;
  struct sim_period period;
  if (sim_param(request, "period", 0).p) return asked(request, "period", str_of(text));
  return sim_date_parse(sim_param(request, "startDate", 0), &start) && sim_date_parse(sim_param(request, "endDate", 0), &end) &&
         sim_period_parse(str_of(text), &period) && period.start <= end && period.end >= start;
}

static void read_registrations(const struct model *m, const struct sim_request *request, struct sim_reply *reply) {
  const struct values_marks *marks = values_marks_of(m->sim->values);
  json_t *list = json_array();
  if (!sim_param(request, "orgUnit", 0).n) {
    json_decref(list);
    values_error(m->sim, reply, 409, "E2006", STR("At least one organisation unit or organisation unit group must be specified"));
    return;
  }
  for (size_t i = 0; i < marks->completed.n; i++) {
    const struct registration *r = &marks->completed.p[i];
    if (!asked(request, "dataSet", str_of(r->set)) || !asked_unit(m, request, r->unit) || !asked_period(request, r->period)) continue;
    json_array_append_new(list, json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:b}", "period", r->period, "dataSet", r->set, "organisationUnit",
                                          r->unit, "attributeOptionCombo", r->aoc, "date", r->date, "storedBy", r->stored_by, "completed",
                                          r->completed));
  }
  sim_reply_json(reply, 200, json_pack("{s:o}", "completeDataSetRegistrations", list));
}

static void delete_registration(const struct model *m, const struct sim_request *request, struct sim_reply *reply) {
  struct values_marks *marks = values_marks_of(m->sim->values);
  for (size_t i = marks->completed.n; i-- > 0;) {
    const struct registration *r = &marks->completed.p[i];
    if (asked(request, "ds", str_of(r->set)) && asked(request, "pe", str_of(r->period)) && asked(request, "ou", str_of(r->unit)))
      marks->completed.p[i] = marks->completed.p[--marks->completed.n];
  }
  sim_reply_empty(reply, 204);
}

/* --- approval --- */

static struct approval *approval_of(const struct model *m, const char *workflow, const char *period, const char *unit, const char *aoc,
                                    bool below) {
  const struct values_marks *marks = values_marks_of(m->sim->values);
  for (size_t i = 0; *workflow && i < marks->approved.n; i++) {
    struct approval *a = &marks->approved.p[i];
    if (strcmp(a->workflow, workflow) != 0 || strcmp(a->period, period) != 0 || strcmp(a->aoc, aoc) != 0) continue;
    if (strcmp(a->unit, unit) == 0 || (below && model_below(m, unit, a->unit))) return a;
  }
  return NULL;
}

bool values_approved(const struct model *m, const json_t *data_set, const char *period, const char *unit, const char *aoc, bool below) {
  return approval_of(m, model_ref(data_set, "workflow"), period, unit, aoc, below) != NULL;
}

static const char *state_of(const struct model *m, const char *workflow, const char *period, const char *unit, const char *aoc) {
  if (approval_of(m, workflow, period, unit, aoc, false)) return "APPROVED_HERE";
  return approval_of(m, workflow, period, unit, aoc, true) ? "APPROVED_ABOVE" : "UNAPPROVED_READY";
}

static json_t *permissions(const char *state) {
  bool here = strcmp(state, "APPROVED_HERE") == 0;
  return json_pack("{s:b, s:b, s:b, s:b, s:b}", "mayApprove", strcmp(state, "UNAPPROVED_READY") == 0, "mayUnapprove", here, "mayAccept", 0,
                   "mayUnaccept", 0, "mayReadData", 1);
}

static void show_approval(const struct model *m, const struct approval *asked, struct sim_reply *reply) {
  const struct approval *found = approval_of(m, asked->workflow, asked->period, asked->unit, asked->aoc, false);
  const char *name = state_of(m, asked->workflow, asked->period, asked->unit, asked->aoc);
  const json_t *by = found ? sim_objects_get(m->sim->objects, "users", found->by) : NULL;
  char at[CLOCK_TEXT_SIZE];
  json_t *state = permissions(name);
  json_object_set_new(state, "state", json_string(name));
  if (found) {
    (void)clock_format(found->at_ms, at);
    json_object_set_new(state, "approvedBy", json_sprintf("%s %s", model_text(by, "firstName"), model_text(by, "surname")));
    json_object_set_new(state, "approvedAt", json_sprintf("%.19s.000", at));
    json_object_set_new(state, "acceptedAt", json_sprintf("%.19s.000", at));
  }
  sim_reply_json(reply, 200, state);
}

static void approvals(const struct model *m, const struct sim_request *request, struct sim_reply *reply) {
  struct values_marks *marks = values_marks_of(m->sim->values);
  struct approval asked_for = {.at_ms = sim_now_ms(m->sim)};
  struct str aoc = sim_param(request, "aoc", 0);
  KEEP(asked_for.workflow, sim_param(request, "wf", 0));
  KEEP(asked_for.period, sim_param(request, "pe", 0));
  KEEP(asked_for.unit, sim_param(request, "ou", 0));
  KEEP(asked_for.aoc, aoc.n ? aoc : str_of(m->default_coc));
  KEEP(asked_for.by, str_of(model_text(m->user, "id")));
  struct approval *found = approval_of(m, asked_for.workflow, asked_for.period, asked_for.unit, asked_for.aoc, false);
  if (sim_is(request, "GET")) {
    show_approval(m, &asked_for, reply);
    return;
  }
  if (sim_is(request, "POST") && !found) VEC_PUSH(&marks->approved, asked_for);
  if (sim_is(request, "DELETE") && found) *found = marks->approved.p[--marks->approved.n];
  sim_reply_empty(reply, 204);
}

/* The n-th of a parameter that may come several times, with commas in it; p NULL: no more. */
static struct str each(const struct sim_request *request, const char *name, size_t n) {
  struct str list;
  for (size_t i = 0; (list = sim_param(request, name, i)).p; i++)
    while (list.p) {
      struct str one = str_take(&list, ',');
      if (n-- == 0) return one;
    }
  return STR_NONE;
}

static void add_states(const struct model *m, const struct sim_request *request, struct str workflow, struct str period, json_t *list) {
  struct arena *a = request->arena;
  bool all = !each(request, "aoc", 0).p;
  struct str unit, aoc;
  for (size_t i = 0; (unit = each(request, "ou", i)).p; i++)
    for (size_t k = 0; (aoc = all ? (k ? STR_NONE : str_of(m->default_coc)) : each(request, "aoc", k)).p; k++) {
      const char *ids[] = {arena_cstr(a, workflow), arena_cstr(a, period), arena_cstr(a, unit), arena_cstr(a, aoc)};
      const char *state = state_of(m, ids[0], ids[1], ids[2], ids[3]);
      json_array_append_new(list, json_pack("{s:s, s:s, s:s, s:s, s:s, s:o}", "wf", ids[0], "pe", ids[1], "ou", ids[2], "aoc", ids[3],
                                            "state", state, "permissions", permissions(state)));
    }
}

/* GET /api/dataApprovals/multiple, of periods of the workflow's own type alone (DataApprovalController). */
static void many_approvals(const struct model *m, const struct sim_request *request, struct sim_reply *reply) {
  json_t *list = json_array();
  struct sim_period period;
  struct str workflow, text;
  for (size_t i = 0; (workflow = each(request, "wf", i)).p; i++)
    for (size_t k = 0; (text = each(request, "pe", k)).p; k++) {
      const char *type = model_text(model_get(m, "dataApprovalWorkflows", workflow), "periodType");
      if (sim_period_parse(text, &period) && strcmp(period.type, type) == 0) add_states(m, request, workflow, text, list);
    }
  sim_reply_json(reply, 200, list);
}

bool values_marks(struct sim *sim, json_t *user, const struct sim_request *request, struct str path, struct sim_reply *reply) {
  struct model m = model_of(sim, user);
  if (str_eq(path, STR("/api/dataApprovals"))) {
    approvals(&m, request, reply);
    return true;
  }
  if (str_eq(path, STR("/api/dataApprovals/multiple")) && sim_is(request, "GET")) {
    many_approvals(&m, request, reply);
    return true;
  }
  if (!str_eq(path, STR("/api/completeDataSetRegistrations"))) return false;
  if (sim_is(request, "POST"))
    register_all(&m, request, reply);
  else if (sim_is(request, "DELETE"))
    delete_registration(&m, request, reply);
  else
    read_registrations(&m, request, reply);
  return true;
}

#include "sim/values.h"

#include "base/mem.h"
#include "base/vec.h"
#include "sim/values_internal.h"

struct sim_values {
  struct map by_key;
  VEC(struct sim_value *) list;
};

struct sim_values *sim_values_new(void) {
  return mem_alloc(sizeof(struct sim_values));
}

void sim_values_free(struct sim_values *values) {
  if (!values) return;
  for (size_t i = 0; i < values->list.n; i++) {
    struct sim_value *v = values->list.p[i];
    free(v->key);
    free(v->value);
    free(v->comment);
    free(v->stored_by);
    free(v);
  }
  VEC_FREE(&values->list);
  map_free(&values->by_key);
  free(values);
}

enum { KEY_MAX = 256 };

static struct str key_of(char *buffer, struct str element, struct str period, struct str unit, struct str coc, struct str aoc) {
  int n = snprintf(buffer, KEY_MAX, "%.*s %.*s %.*s %.*s %.*s", STR_ARG(element), STR_ARG(period), STR_ARG(unit), STR_ARG(coc), STR_ARG(aoc));
  return (struct str){buffer, n < 0 || n >= KEY_MAX ? KEY_MAX - 1 : (size_t)n};
}

struct sim_value *values_get(const struct sim_values *values, struct str element, struct str period, struct str unit, struct str coc, struct str aoc) {
  char buffer[KEY_MAX];
  return map_get(&values->by_key, key_of(buffer, element, period, unit, coc, aoc));
}

struct sim_value *values_put(struct sim_values *values, struct str element, struct str period, struct str unit, struct str coc, struct str aoc, int64_t now_ms) {
  char buffer[KEY_MAX];
  struct str key = key_of(buffer, element, period, unit, coc, aoc);
  struct sim_value *v = map_get(&values->by_key, key);
  if (v) return v;
  v = mem_alloc(sizeof *v);
  v->key = mem_printf("%.*s", STR_ARG(key));
  struct str rest = {v->key, key.n};
  v->element = str_take(&rest, ' ');
  v->period = str_take(&rest, ' ');
  v->unit = str_take(&rest, ' ');
  v->coc = str_take(&rest, ' ');
  v->aoc = rest;
  v->created_ms = now_ms;
  v->serial = values->list.n;
  (void)map_put(&values->by_key, (struct str){v->key, key.n}, v);
  VEC_PUSH(&values->list, v);
  return v;
}

size_t values_count(const struct sim_values *values) {
  return values->list.n;
}

struct sim_value *values_at(const struct sim_values *values, size_t index) {
  return values->list.p[index];
}

void values_text(char **field, struct str text) {
  free(*field);
  *field = text.p ? mem_printf("%.*s", STR_ARG(text)) : NULL;
}

/* --- imports --- */

static struct str text_of(struct arena *arena, const json_t *object, const char *key) {
  const json_t *value = json_object_get(object, key);
  if (json_is_string(value)) return (struct str){json_string_value(value), json_string_length(value)};
  if (json_is_integer(value)) return arena_printf(arena, "%lld", (long long)json_integer_value(value));
  if (json_is_real(value)) return arena_printf(arena, "%g", json_real_value(value));
  if (json_is_boolean(value)) return json_is_true(value) ? STR("true") : STR("false");
  return STR_NONE;
}

static struct str param(const struct import *import, const char *name) {
  return sim_param(import->request, name, 0);
}

bool import_flag(const struct import *import, const char *name) {
  return str_eq(param(import, name), STR("true"));
}

void import_reject(struct import *import, size_t index) {
  json_array_append_new(import->rejected, json_integer((json_int_t)index));
}

static void read_row(struct import *import, const json_t *item, struct row *row) {
  struct arena *arena = import->request->arena;
  json_t *coc = json_object_get(item, "categoryOptionCombo");
  *row = (struct row){
      .element = text_of(arena, item, "dataElement"),
      .period = text_of(arena, item, "period"),
      .unit = text_of(arena, item, "orgUnit"),
      .coc = text_of(arena, item, "categoryOptionCombo"),
      .aoc = text_of(arena, item, "attributeOptionCombo"),
      .value = text_of(arena, item, "value"),
      .comment = text_of(arena, item, "comment"),
      .stored_by = text_of(arena, item, "storedBy"),
      .followup = json_is_true(json_object_get(item, "followup")) || json_is_true(json_object_get(item, "followUp")),
      .deleted = json_is_true(json_object_get(item, "deleted")),
      .coc_is_object = json_is_object(coc),
      .coc_options = coc,
  };
}

/* The new engine's decoder wants texts; what it makes of other kinds is a crash of its own. */
static bool crashes_new_engine(const json_t *values) {
  for (size_t i = 0; i < json_array_size(values); i++) {
    const json_t *item = json_array_get(values, i);
    const json_t *value = json_object_get(item, "value"), *period = json_object_get(item, "period");
    struct sim_period parsed;
    if (json_is_number(value) || json_is_boolean(value) || json_is_number(period)) return true;
    if (json_is_string(period) && !sim_period_parse(str_of(json_string_value(period)), &parsed)) return true;
  }
  return false;
}

static const char no_group[] = "Cannot invoke \"org.hisp.dhis.datavalue.DataEntryGroup.deletion()\" because \"group\" is null";

static json_t *import_options(const struct import *import, bool new_engine) {
  static const char *const off[] = {"skipExistingCheck", "sharing", "skipNotifications", "skipAudit", "datasetAllowsPeriods", "strictPeriods", "strictDataElements", "strictCategoryOptionCombos",
                                    "strictAttributeOptionCombos", "strictOrganisationUnits", "strictDataSetApproval", "strictDataSetLocking", "strictDataSetInputPeriods", "requireCategoryOptionCombo",
                                    "requireAttributeOptionCombo", "skipPatternValidation", "ignoreEmptyCollection", "force"};
  json_t *o = json_object();
  json_object_set_new(o, "idSchemes", json_object());
  if (new_engine) json_object_set_new(o, "atomic", json_boolean(import->atomic));
  json_object_set_new(o, "dryRun", json_boolean(import->dry_run));
  json_object_set_new(o, "async", json_false());
  json_object_set_new(o, "importStrategy", json_stringn(import->strategy.p, import->strategy.n));
  json_object_set_new(o, "mergeMode", json_string("REPLACE"));
  json_object_set_new(o, "reportMode", json_string("FULL"));
  for (size_t i = 0; i < sizeof off / sizeof *off; i++) json_object_set_new(o, off[i], json_boolean(import_flag(import, off[i])));
  json_object_set_new(o, "firstRowIsHeader", json_true());
  json_object_set_new(o, "skipLastUpdated", json_false());
  json_object_set_new(o, "mergeDataValues", json_false());
  json_object_set_new(o, "skipCache", json_false());
  return o;
}

void import_reply(struct import *import, const char *status, const char *description) {
  bool new_engine = values_new_engine(import->sim), ok = strcmp(status, "SUCCESS") == 0, warning = strcmp(status, "WARNING") == 0;
  json_t *summary = json_object(), *counts = json_object(), *body = json_object();
  if (!new_engine) json_object_set_new(summary, "responseType", json_string("ImportSummary"));
  json_object_set_new(summary, "status", json_string(status));
  json_object_set_new(summary, "importOptions", import_options(import, new_engine));
  if (description) json_object_set_new(summary, "description", json_string(description));
  json_object_set_new(counts, "imported", json_integer((json_int_t)import->imported));
  json_object_set_new(counts, "updated", json_integer((json_int_t)import->updated));
  json_object_set_new(counts, "ignored", json_integer((json_int_t)import->ignored));
  json_object_set_new(counts, "deleted", json_integer((json_int_t)import->deleted));
  json_object_set_new(summary, "importCount", counts);
  json_object_set(summary, "conflicts", import->conflicts);
  json_object_set(summary, "rejectedIndexes", import->rejected);
  if (import->complete) json_object_set_new(summary, "dataSetComplete", json_string(import->complete));
  if (new_engine) json_object_set_new(summary, "responseType", json_string("ImportSummary"));
  int http = ok || (warning && new_engine) ? 200 : 409;
  const char *message = ok ? "Import was successful."
                        : !warning ? "An error occurred, please check import summary."
                        : new_engine ? "Import completed with warnings, please check import summary."
                                     : "One more conflicts encountered, please check import summary.";
  json_object_set_new(body, "httpStatus", json_string(sim_reason(http)));
  json_object_set_new(body, "httpStatusCode", json_integer(http));
  json_object_set_new(body, "status", json_string(ok ? "OK" : status));
  json_object_set_new(body, "message", json_string(message));
  json_object_set_new(body, "response", summary);
  sim_reply_json(import->reply, http, body);
}

static bool strategy_known(struct str strategy) {
  static const char *const known[] = {"CREATE", "UPDATE", "CREATE_AND_UPDATE", "DELETE", "SYNC", "NEW_AND_UPDATES", "NEW", "UPDATES", "DELETES"};
  for (size_t i = 0; i < sizeof known / sizeof *known; i++)
    if (str_eq(strategy, str_of(known[i]))) return true;
  return false;
}

/* False: answered already. */
static bool read_import(struct import *import) {
  json_error_t why;
  bool new_engine = values_new_engine(import->sim);
  struct str strategy = param(import, "importStrategy");
  if (!strategy.p) strategy = param(import, "strategy");
  import->strategy = strategy.p ? strategy : STR("CREATE_AND_UPDATE");
  if (!strategy_known(import->strategy)) {
    sim_reply_message(import->reply, 400, "ERROR", NULL,
                      arena_printf(import->request->arena, "Value '%.*s' is not valid for parameter importStrategy. Valid values are: [CREATE, UPDATE, CREATE_AND_UPDATE, DELETE, SYNC, NEW_AND_UPDATES, NEW, UPDATES, DELETES]",
                                   STR_ARG(strategy)).p);
    return false;
  }
  import->root = json_loadb(import->request->body.n ? import->request->body.p : "", import->request->body.n, 0, &why);
  const json_t *values = json_object_get(import->root, "dataValues");
  if (!import->root) {
    if (new_engine) sim_reply_message(import->reply, 400, "ERROR", NULL, "Invalid JSON");
    else import_reply(import, "ERROR", "The import process failed: com.fasterxml.jackson.core.JsonParseException: Unexpected character");
    return false;
  }
  if (new_engine && (json_is_null(values) || crashes_new_engine(values))) {
    sim_reply_message(import->reply, 500, "ERROR", NULL, no_group);
    return false;
  }
  struct arena *arena = import->request->arena;
  import->data_set = text_of(arena, import->root, "dataSet");
  if (!import->data_set.p) import->data_set = param(import, "dataSet");
  import->period = text_of(arena, import->root, "period");
  import->unit = text_of(arena, import->root, "orgUnit");
  import->aoc = text_of(arena, import->root, "attributeOptionCombo");
  import->complete_date = text_of(arena, import->root, "completeDate");
  import->dry_run = import_flag(import, "dryRun") || json_is_true(json_object_get(import->root, "dryRun"));
  import->atomic = new_engine && import_flag(import, "atomic");
  import->force = import_flag(import, "force") && import->model.superuser;
  import->count = json_array_size(values);
  import->rows = ARENA_ARRAY(arena, import->count, struct row);
  for (size_t i = 0; i < import->count; i++) read_row(import, json_array_get(values, i), &import->rows[i]);
  return true;
}

static void write_values(struct sim *sim, json_t *user, const struct sim_request *request, struct sim_reply *reply) {
  struct import import = {.sim = sim, .request = request, .reply = reply, .model = model_of(sim, user), .conflicts = json_array(), .rejected = json_array(), .now_ms = sim_now_ms(sim)};
  if (!values_new_engine(sim)) import.now_ms -= import.now_ms % 1000; /* the old engine writes whole seconds */
  if (read_import(&import)) {
    if (values_new_engine(sim)) import_new(&import);
    else import_old(&import);
  }
  json_decref(import.conflicts);
  json_decref(import.rejected);
  json_decref(import.root);
}

/* --- one value --- */

static void single_value(struct sim *sim, json_t *user, const struct sim_request *request, struct sim_reply *reply) {
  struct model m = model_of(sim, user);
  struct str element = sim_param(request, "de", 0), period = sim_param(request, "pe", 0), unit = sim_param(request, "ou", 0), coc = sim_param(request, "co", 0), value = sim_param(request, "value", 0);
  if (!coc.p) coc = str_of(m.default_coc);
  struct str aoc = str_of(m.default_coc);
  struct sim_value *found = values_get(sim->values, element, period, unit, coc, aoc);
  if (found && found->deleted) found = NULL;
  if (sim_is(request, "GET")) {
    if (found) sim_reply_json(reply, 200, json_pack("[s?]", found->value));
    else sim_reply_message(reply, 404, "ERROR", "E7610", "Data value does not exist");
    return;
  }
  if (sim_is(request, "DELETE")) {
    if (found) found->deleted = true;
    sim_reply_empty(reply, 204);
    return;
  }
  json_t *de = model_get(&m, "dataElements", element);
  struct sim_period parsed;
  if (!de || !sim_period_parse(period, &parsed) || !model_get(&m, "organisationUnits", unit)) {
    sim_reply_message(reply, 409, "ERROR", "E1100", "Data element not found or not accessible");
    return;
  }
  if (value.p && model_type_problem(model_text(de, "valueType"), value)) {
    sim_reply_message(reply, 409, "ERROR", "E2030", arena_printf(request->arena, "Value must match value type of data element: `%.*s`", STR_ARG(value)).p);
    return;
  }
  found = values_put(sim->values, element, str_of(parsed.text), unit, coc, aoc, sim_now_ms(sim));
  values_text(&found->value, value);
  values_text(&found->stored_by, str_of(model_text(user, "username")));
  found->deleted = false;
  found->updated_ms = sim_now_ms(sim);
  sim_reply_empty(reply, 201);
}

bool sim_values_handle(struct sim *sim, json_t *user, const struct sim_request *request, const char *path, struct sim_reply *reply) {
  struct str name = str_of(path), suffix = STR("");
  size_t dot = str_find_last_char(name, '.');
  if (dot != SIZE_MAX && dot > str_find_last_char(name, '/')) {
    suffix = str_from(name, dot);
    name.n = dot;
  }
  if (str_eq(name, STR("/api/dataValues"))) {
    single_value(sim, user, request, reply);
    return true;
  }
  if (!str_eq(name, STR("/api/dataValueSets"))) return false;
  if (sim_is(request, "GET")) values_read(sim, user, request, suffix, reply);
  else if (sim_is(request, "POST")) write_values(sim, user, request, reply);
  else sim_reply_message(reply, 405, "ERROR", NULL, arena_printf(request->arena, "Request method '%.*s' is not supported", STR_ARG(request->method)).p);
  return true;
}

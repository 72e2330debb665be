#include "sim/values_import.h"

#include "base/clock.h"
#include "sim/data_pack.h"
#include "sim/reports.h"
#include "sim/tasks.h"

/* --- what the files share --- */

static struct str param(const struct import *im, const char *name) {
  return sim_param(im->request, name, 0);
}

bool import_flag(const struct import *im, const char *name) {
  return str_eq_nocase(param(im, name), STR("true"));
}

void import_reject(struct import *im, size_t index) {
  json_array_append_new(im->rejected, json_integer((json_int_t)index));
}

bool import_end(struct import *im, const char *status, const char *description) {
  im->status = status;
  im->description = description;
  return false;
}

bool import_throw(struct import *im, int status, const char *code, struct str text) {
  im->thrown = status;
  im->thrown_code = code;
  im->thrown_text = text;
  return false;
}

struct values_group *import_group(struct import *im) {
  struct values_group group = {.first = 0};
  for (size_t i = 0; i < im->groups.n; i++) group.first += im->groups.p[i].rows.n;
  VEC_PUSH(&im->groups, group);
  return &im->groups.p[im->groups.n - 1];
}

/* --- id schemes --- */

static const struct {
  const char *param, *class_name;
} schemed[SCHEMED_COUNT] = {{"dataSetIdScheme", "dataSets"},
                            {"dataElementIdScheme", "dataElements"},
                            {"orgUnitIdScheme", "organisationUnits"},
                            {"categoryOptionComboIdScheme", "categoryOptionCombos"},
                            {"attributeOptionComboIdScheme", "categoryOptionCombos"},
                            {"categoryIdScheme", "categories"},
                            {"categoryOptionIdScheme", "categoryOptions"}};

void import_scheme(struct import *im, const char *name, struct str text, bool shown) {
  struct scheme scheme;
  if (!text.n || !scheme_parse(im->arena, text, &scheme)) return;
  bool all = strcmp(name, "idScheme") == 0;
  for (size_t i = 0; i < SCHEMED_COUNT; i++)
    if (all || strcmp(schemed[i].param, name) == 0) im->names[i].scheme = scheme;
  /* The old engine reads attribute option combos by the scheme of option combos. */
  if (!im->new_engine && strcmp(name, schemed[SCHEMED_COC].param) == 0) im->names[SCHEMED_AOC].scheme = scheme;
  if (shown) json_object_set_new(im->schemes, name, json_pack("{s:s%}", "type", scheme.text.p, scheme.text.n));
}

json_t *import_find(struct import *im, enum schemed kind, struct str text) {
  struct values_names *names = &im->names[kind];
  const char *class_name = schemed[kind].class_name;
  if (names->scheme.kind == SCHEME_UID) return model_get(&im->model, class_name, text);
  for (size_t i = 0; !names->known && i < sim_objects_count(im->sim->objects, class_name); i++) {
    json_t *object = sim_objects_at(im->sim->objects, class_name, i);
    struct str name = scheme_name(&im->model, &names->scheme, object);
    if (name.n && !map_get(&names->by_name, name)) (void)map_put(&names->by_name, name, object);
  }
  names->known = true;
  return text.p ? map_get(&names->by_name, text) : NULL;
}

static void free_json(void *json) {
  json_decref(json);
}

const json_t *import_combo(struct import *im, const char *combo, const json_t *options) {
  json_t *uids = json_object(), *option;
  const char *category;
  arena_on_free(im->arena, free_json, uids);
  json_object_foreach((json_t *)(uintptr_t)options, category, option) {
    const json_t *found = import_find(im, SCHEMED_OPTION, str_of(json_string_value(option)));
    json_object_set_new(uids, category, json_string(found ? model_text(found, "id") : ""));
  }
  return model_coc_of(&im->model, combo, uids);
}

static void read_schemes(struct import *im, bool adx) {
  for (size_t i = 0; i < SCHEMED_COUNT; i++) im->names[i].scheme = (struct scheme){SCHEME_UID, STR("UID"), NULL};
  struct str all = param(im, "idScheme");
  if (!all.n && adx && !im->new_engine) all = STR("CODE");
  import_scheme(im, "idScheme", all, true);
  for (size_t i = 0; i < SCHEMED_COUNT; i++) import_scheme(im, schemed[i].param, param(im, schemed[i].param), true);
}

/* --- options --- */

static const char *const plain_flags[] = {"skipExistingCheck",           "sharing",
                                          "skipNotifications",           "skipAudit",
                                          "datasetAllowsPeriods",        "strictPeriods",
                                          "strictDataElements",          "strictCategoryOptionCombos",
                                          "strictAttributeOptionCombos", "strictOrganisationUnits",
                                          "strictDataSetApproval",       "strictDataSetLocking",
                                          "strictDataSetInputPeriods",   "requireCategoryOptionCombo",
                                          "requireAttributeOptionCombo", "skipPatternValidation",
                                          "ignoreEmptyCollection",       "force"};

static json_t *import_options(const struct import *im) {
  json_t *o = json_object();
  json_object_set(o, "idSchemes", im->schemes);
  if (im->new_engine) json_object_set_new(o, "atomic", json_boolean(im->atomic));
  json_object_set_new(o, "dryRun", json_boolean(im->shown_dry_run));
  json_object_set_new(o, "async", json_boolean(im->async));
  json_object_set_new(o, "importStrategy", json_stringn(im->shown_strategy.p, im->shown_strategy.n));
  json_object_set_new(o, "mergeMode", json_string("REPLACE"));
  json_object_set_new(o, "reportMode", json_string("FULL"));
  for (size_t i = 0; i < sizeof plain_flags / sizeof *plain_flags; i++) {
    bool later = im->model.sim->release <= SIM_2_37 && str_starts(str_of(plain_flags[i]), STR("strictDataSet"));
    if (!later) json_object_set_new(o, plain_flags[i], json_boolean(import_flag(im, plain_flags[i])));
  }
  json_object_set_new(o, "firstRowIsHeader", json_boolean(im->header_row));
  json_object_set_new(o, "skipLastUpdated", json_false());
  json_object_set_new(o, "mergeDataValues", json_false());
  json_object_set_new(o, "skipCache", json_false());
  if (im->data_set.n) json_object_set_new(o, "dataSet", json_stringn(im->data_set.p, im->data_set.n));
  return o;
}

static bool strategy_known(struct str strategy) {
  static const char *const known[] = {"CREATE",          "UPDATE", "CREATE_AND_UPDATE", "DELETE", "SYNC",
                                      "NEW_AND_UPDATES", "NEW",    "UPDATES",           "DELETES"};
  for (size_t i = 0; i < sizeof known / sizeof *known; i++)
    if (str_eq(strategy, str_of(known[i]))) return true;
  return false;
}

static bool read_options(struct import *im, bool adx) {
  struct str strategy = param(im, "importStrategy");
  if (!strategy.p) strategy = param(im, "strategy");
  im->strategy = im->shown_strategy = strategy.p ? strategy : STR("CREATE_AND_UPDATE");
  if (!strategy_known(im->strategy))
    return import_throw(
        im, 400, NULL,
        arena_printf(
            im->arena,
            "Value '%.*s' is not valid for parameter importStrategy. Valid values are: [CREATE, UPDATE, CREATE_AND_UPDATE, DELETE, "
            "SYNC, NEW_AND_UPDATES, NEW, UPDATES, DELETES]",
            STR_ARG(strategy)));
  im->data_set = param(im, "dataSet");
  im->dry_run = im->shown_dry_run = import_flag(im, "dryRun");
  im->atomic = im->new_engine && import_flag(im, "atomic");
  im->force = import_flag(im, "force") && im->model.superuser;
  im->header_row = !str_eq_nocase(param(im, "firstRowIsHeader"), STR("false"));
  read_schemes(im, adx);
  return true;
}

json_t *values_time(int64_t ms) {
  char text[CLOCK_TEXT_SIZE];
  (void)clock_format(ms, text);
  return json_sprintf("%.19s.%03d", text, (int)(ms % 1000));
}

/* --- the summary --- */

static json_t *summary_of(const struct import *im) {
  json_t *summary = json_object(), *counts = json_object();
  if (!im->new_engine) json_object_set_new(summary, "responseType", json_string("ImportSummary"));
  json_object_set_new(summary, "status", json_string(im->status));
  json_object_set_new(summary, "importOptions", import_options(im));
  if (im->description) json_object_set_new(summary, "description", json_string(im->description));
  json_object_set_new(counts, "imported", json_integer((json_int_t)im->imported));
  json_object_set_new(counts, "updated", json_integer((json_int_t)im->updated));
  json_object_set_new(counts, "ignored", json_integer((json_int_t)im->ignored));
  json_object_set_new(counts, "deleted", json_integer((json_int_t)im->deleted));
  json_object_set_new(summary, "importCount", counts);
  json_object_set(summary, "conflicts", im->conflicts);
  if (im->model.sim->release >= SIM_2_40) json_object_set(summary, "rejectedIndexes", im->rejected);
  if (im->complete) json_object_set_new(summary, "dataSetComplete", json_string(im->complete));
  if (im->new_engine) json_object_set_new(summary, "responseType", json_string("ImportSummary"));
  return summary;
}

static void reply_summary(const struct import *im, struct sim_reply *reply) {
  bool ok = strcmp(im->status, "SUCCESS") == 0, warning = strcmp(im->status, "WARNING") == 0;
  int http = ok || (warning && im->new_engine) ? 200 : 409;
  const char *message = ok               ? "Import was successful."
                        : !warning       ? "An error occurred, please check import summary."
                        : im->new_engine ? "Import completed with warnings, please check import summary."
                                         : "One more conflicts encountered, please check import summary.";
  json_t *summary = summary_of(im);
  if (sim_answers_bare(im->model.sim, im->request)) {
    sim_reply_json(reply, 200, summary);
    return;
  }
  sim_reply_json(reply, http,
                 json_pack("{s:s, s:i, s:s, s:s, s:o}", "httpStatus", sim_reason(http), "httpStatusCode", http, "status",
                           ok ? "OK" : im->status, "message", message, "response", summary));
}

/* --- a whole import --- */

typedef bool parser(struct import *im, struct str body);

static parser *parser_of(struct str type) {
  static const struct {
    const char *type;
    parser *parse;
  } parsers[] = {{"application/json", values_parse_json},
                 {"application/csv", values_parse_csv},
                 {"application/xml", values_parse_xml},
                 {"application/adx+xml", values_parse_adx}};
  struct str kind = str_trim(str_take(&type, ';'));
  for (size_t i = 0; i < sizeof parsers / sizeof *parsers; i++)
    if (str_eq_nocase(kind, str_of(parsers[i].type))) return parsers[i].parse;
  return NULL;
}

static void done(struct import *im) {
  for (size_t i = 0; i < im->groups.n; i++) VEC_FREE(&im->groups.p[i].rows);
  VEC_FREE(&im->groups);
  for (size_t i = 0; i < SCHEMED_COUNT; i++) map_free(&im->names[i].by_name);
  json_decref(im->conflicts);
  json_decref(im->rejected);
  json_decref(im->schemes);
}

static struct import import_of(struct sim *sim, json_t *user, const struct sim_request *request) {
  struct import im = {.sim = sim,
                      .request = request,
                      .arena = request->arena,
                      .model = model_of(sim, user),
                      .new_engine = values_new_engine(sim),
                      .conflicts = json_array(),
                      .rejected = json_array(),
                      .schemes = json_object(),
                      .now_ms = sim_now_ms(sim)};
  if (!im.new_engine) im.now_ms -= im.now_ms % 1000; /* the old engine writes whole seconds */
  return im;
}

static void run(struct import *im, parser *parse) {
  if (!parse(im, data_unpack(im->arena, im->request->body))) return;
  for (size_t i = 0; i < im->groups.n; i++)
    if (!im->groups.p[i].data_set.p) im->groups.p[i].data_set = im->data_set;
  if (im->new_engine)
    import_new(im);
  else
    import_old(im);
}

/* --- in the background --- */

static void note_end(struct sim_task *task, const struct import *im) {
  if (im->sim->release <= SIM_2_40) {
    sim_task_note(task, "INFO", STR("Import done"), true);
    return;
  }
  sim_task_note(task, "INFO",
                arena_printf(im->arena, "Import complete with status %s, %zu created, %zu updated, %zu deleted, %zu ignored", im->status,
                             im->imported, im->updated, im->deleted, im->ignored),
                true);
}

static void note_groups(struct sim_task *task, const struct import *im) {
  for (size_t i = 0; i < im->groups.n; i++) {
    const struct values_group *g = &im->groups.p[i];
    struct arena *a = im->arena;
    sim_task_note(task, "INFO",
                  arena_printf(a, "Decoding group ds=%.*s [de= ou=%.*s pe=%.*s aoc=%.*s](%zu values)", STR_ARG(g->data_set),
                               STR_ARG(g->unit), STR_ARG(g->period), STR_ARG(g->aoc), g->rows.n),
                  false);
    sim_task_note(task, "INFO", arena_printf(a, "Validating group ds=%.*s (%zu values)", STR_ARG(g->data_set), g->rows.n), false);
    if (strcmp(im->status, "ERROR") == 0)
      sim_task_note(task, "ERROR", str_of(model_text(json_array_get(im->conflicts, 0), "value")), false);
    else
      sim_task_note(task, "INFO", arena_printf(a, "Upserting group ds=%.*s (%zu values)", STR_ARG(g->data_set), g->rows.n), false);
  }
}

static void run_task(struct sim_task *task, struct sim *sim, json_t *user, const struct sim_request *request) {
  struct import im = import_of(sim, user, request);
  im.async = true;
  parser *parse = parser_of(sim_header(request, "Content-Type"));
  if (read_options(&im, parse == values_parse_adx)) run(&im, parse);
  if (im.thrown) {
    const char *why = "Non-null post-condition failed after: Data value set import\n  => Deserializing JSON data";
    sim_task_note(task, "ERROR", im.thrown_text, false);
    sim_task_note(task, "ERROR", arena_printf(im.arena, "Process failed: %s", why), true);
    (void)import_end(&im, "ERROR", why);
    im.complete = NULL;
  } else {
    if (im.new_engine) note_groups(task, &im);
    note_end(task, &im);
  }
  json_t *summary = summary_of(&im);
  bool broken = im.description && (im.thrown || str_starts(str_of(im.description), STR("The import process failed")));
  if (broken) json_object_del(summary, "importOptions");
  sim_task_summary(task, summary);
  done(&im);
}

static void start_task(struct import *im, struct sim_reply *reply) {
  static const char *const nulls[] = {"preheatCache", "filename", "notificationLevel"};
  im->async = true;
  json_t *options = import_options(im), *all = json_deep_copy(options);
  for (size_t i = 0; i < sizeof nulls / sizeof *nulls; i++) json_object_set_new(all, nulls[i], json_null());
  if (!im->data_set.n) json_object_set_new(all, "dataSet", json_null());
  struct sim_task *task = sim_task_start(im->sim, im->model.user, im->request, "DATAVALUE_IMPORT", run_task);
  if (im->sim->release <= SIM_2_40) {
    json_decref(all);
    sim_task_note(task, "INFO", STR("Process started"), false);
    sim_task_note(task, "INFO", STR("Importing data values"), false);
  } else {
    sim_task_parameters(task, "Data value set import", all);
    sim_task_note(task, "INFO", STR("Loading file resource"), false);
    sim_task_note(task, "INFO", STR("Loading file content"), false);
    sim_task_note(task, "INFO", im->new_engine ? STR("Deserializing JSON data") : STR("Importing data..."), false);
  }
  sim_task_reply(task, im->request, options, reply);
}

/* The new engine compares each value's option combo with those of all others. */
static uint64_t time_of(const struct import *im) {
  uint64_t n = 0;
  for (size_t i = 0; i < im->groups.n; i++) n += im->groups.p[i].rows.n;
  return im->new_engine && im->sim->conf.import_ms > 0 ? (uint64_t)im->sim->conf.import_ms * n * n / 1000000 : 0;
}

void values_write(struct sim *sim, json_t *user, const struct sim_request *request, struct sim_reply *reply) {
  struct import im = import_of(sim, user, request);
  struct str type = sim_header(request, "Content-Type");
  parser *parse = parser_of(type);
  if (!model_may_write(&im.model))
    (void)import_throw(&im, 403, NULL,
                       im.new_engine ? STR("Access is denied, requires one Authority from [F_DATAVALUE_ADD]") : STR("Access is denied"));
  else if (!parse)
    (void)import_throw(&im, 415, NULL,
                       !im.new_engine ? arena_printf(im.arena, "Content type '%.*s' not supported", STR_ARG(type))
                       : type.n       ? arena_printf(im.arena, "Content-Type '%.*s' is not supported", STR_ARG(type))
                                      : STR("Content-Type is not supported"));
  else if (read_options(&im, parse == values_parse_adx)) {
    if (import_flag(&im, "async"))
      start_task(&im, reply);
    else
      run(&im, parse);
  }
  reply->late_ms = time_of(&im);
  if (im.thrown)
    values_error(sim, reply, im.thrown, im.thrown_code, im.thrown_text);
  else if (im.status)
    reply_summary(&im, reply);
  done(&im);
}

struct values_outcome values_write_row(struct sim *sim, json_t *user, const struct sim_request *request, struct str data_set,
                                       const struct row *row) {
  struct import im = import_of(sim, user, request);
  struct values_outcome outcome = {.code = NULL};
  (void)read_options(&im, false);
  struct values_group *group = import_group(&im);
  group->data_set = data_set;
  VEC_PUSH(&group->rows, *row);
  import_new(&im);
  const json_t *conflict = json_array_get(im.conflicts, 0);
  if (im.thrown) {
    outcome = (struct values_outcome){.code = "E1004", .text = im.thrown_text};
  } else if (conflict) {
    outcome.of_value = im.ignored > 0;
    outcome.code = arena_cstr(im.arena, str_of(model_text(conflict, "errorCode")));
    outcome.text = arena_str(im.arena, str_of(model_text(conflict, "value")));
  }
  done(&im);
  return outcome;
}

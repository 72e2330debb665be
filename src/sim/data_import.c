#include "sim/data_import.h"

#include "base/json_doc.h"
#include "base/mem.h"
#include "sim/auth.h"
#include "sim/reports.h"
#include "sim/tasks.h"

enum { OBJECTS_MAX = 1000000 };

/* --- reading --- */

static bool is_one_of(struct str text, const char *a, const char *b) {
  return str_eq(text, str_of(a)) || str_eq(text, str_of(b));
}

static void read_class(struct metadata_import *import, const struct sim_class *class, json_t *list) {
  struct data_call *call = import->call;
  struct import_class *entry = &import->classes[import->class_count++];
  size_t count = json_array_size(list) < OBJECTS_MAX ? json_array_size(list) : OBJECTS_MAX;
  *entry = (struct import_class){.class = class, .objects = ARENA_ARRAY(call->arena, count, struct import_object), .count = count};
  for (size_t i = 0; i < count; i++) {
    struct import_object *object = &entry->objects[i];
    object->payload = json_array_get(list, i);
    if (strcmp(class->plural, "users") == 0) sim_auth_lift_credentials(call->sim, object->payload);
    object->uid = data_uid(object->payload);
    if (import->by_code)
      object->existing = sim_objects_find(call->sim->objects, class->plural, "code", data_text(object->payload, "code"));
    else
      object->existing = *object->uid ? sim_objects_get(call->sim->objects, class->plural, object->uid) : NULL;
    if (object->existing) object->uid = data_uid(object->existing);
    object->uid = arena_cstr(call->arena, str_of(object->uid)); /* what exists is replaced while this is still needed */
    if (!*object->uid) {
      char *made = arena_alloc(call->arena, 12);
      sim_uid(made);
      object->uid = made;
    }
    if (!map_get(&entry->by_uid, str_of(object->uid))) (void)map_put(&entry->by_uid, str_of(object->uid), object);
  }
}

void metadata_import_read(struct metadata_import *import, json_t *root) {
  struct data_call *call = import->call;
  struct str strategy = data_param(call, "importStrategy");
  const char *plural;
  json_t *list;
  if (is_one_of(strategy, "CREATE", "NEW"))
    import->strategy = IMPORT_CREATE;
  else if (is_one_of(strategy, "UPDATE", "UPDATES"))
    import->strategy = IMPORT_UPDATE;
  else if (is_one_of(strategy, "DELETE", "DELETES"))
    import->strategy = IMPORT_DELETE;
  import->validate_only = str_eq(data_param(call, "importMode"), STR("VALIDATE"));
  import->all_or_nothing = !is_one_of(data_param(call, "atomicMode"), "NONE", "OBJECT");
  import->by_code = str_eq(data_param(call, "identifier"), STR("CODE"));
  import->classes = ARENA_ARRAY(call->arena, json_object_size(root) + 1, struct import_class);
  json_object_foreach(root, plural, list) {
    const struct sim_class *class = sim_class_of(call->sim->data->schema, str_of(plural));
    if (class && json_is_array(list)) read_class(import, class, list);
  }
}

void metadata_import_done(struct metadata_import *import) {
  for (size_t i = 0; i < import->class_count; i++) {
    map_free(&import->classes[i].by_uid);
    for (size_t k = 0; k < import->classes[i].count; k++) json_decref(import->classes[i].objects[k].errors);
  }
}

/* --- storing --- */

static json_t *shortened(const json_t *reference) {
  return json_pack("{s:O*}", "id", json_object_get(reference, "id"));
}

static bool is_reference(const struct sim_schema *schema, const char *key, const json_t *value) {
  return json_is_object(value) && json_object_get(value, "id") && sim_class_of_member(schema, str_of(key));
}

/* Parts of an object (the elements of a data set) keep their members; what they refer to is shortened. */
static json_t *cleaned_part(const struct sim_schema *schema, json_t *part) {
  if (!json_is_object(part)) return json_incref(part);
  json_t *clean = json_object(), *value;
  const char *key;
  json_object_foreach(part, key, value)
      json_object_set_new(clean, key, is_reference(schema, key, value) ? shortened(value) : json_incref(value));
  return clean;
}

static json_t *cleaned(const struct sim_schema *schema, const struct sim_property *property, json_t *value) {
  if (json_is_array(value)) {
    json_t *list = json_array(), *entry;
    size_t i;
    json_array_foreach(value, i, entry) json_array_append_new(list, property->list ? shortened(entry) : cleaned_part(schema, entry));
    return list;
  }
  return property->class_name && json_is_object(value) ? shortened(value) : json_incref(value);
}

/* Whoever makes an object owns it; without sharing in the payload everybody may see and change it, and nobody but a superuser may touch its data. */
static json_t *sharing_of(const struct data_call *call, const json_t *payload, const json_t *existing) {
  const json_t *sent = json_object_get(payload, "sharing");
  json_t *old = json_object_get(existing, "sharing");
  if (!sent && old) return json_incref(old);
  const char *public = json_string_value(json_object_get(sent, "public"));
  json_t *users = json_object_get(sent, "users"), *groups = json_object_get(sent, "userGroups");
  const char *owner = old ? data_text(old, "owner") : json_object_get(sent, "owner") ? data_text(sent, "owner") : data_uid(call->user);
  return json_pack("{s:s, s:o, s:o, s:s}", "owner", owner, "users", json_is_object(users) ? json_deep_copy(users) : json_object(),
                   "userGroups", json_is_object(groups) ? json_deep_copy(groups) : json_object(), "public", public ? public : "rw------");
}

/* Lists kept at the other end ("options" of an option set): the others get their reference to this one. */
static void tie(struct data_call *call, const struct sim_property *property, const json_t *value, const char *uid) {
  json_t *entry;
  size_t i;
  json_array_foreach(value, i, entry) {
    json_t *other = sim_objects_get(call->sim->objects, property->class_name, data_uid(entry));
    if (!other || json_object_get(other, property->inverse) || strcmp(property->name, "options") != 0) continue;
    json_object_set_new(other, property->inverse, json_pack("{s:s}", "id", uid));
    sim_objects_put(call->sim->objects, property->class_name, json_incref(other));
  }
}

void data_store_object(struct data_call *call, const struct sim_class *class, const json_t *payload, const char *uid) {
  const json_t *existing = sim_objects_get(call->sim->objects, class->plural, uid);
  bool is_user = strcmp(class->plural, "users") == 0;
  json_t *object = json_object(), *author = json_pack("{s:s}", "id", data_uid(call->user)), *now;
  int64_t ms = sim_now_ms(call->sim);
  now = data_time(ms);
  json_object_set_new(object, "id", json_string(uid));
  for (size_t i = 0; i < class->property_count; i++) {
    const struct sim_property *property = &class->properties[i];
    json_t *value = json_object_get(payload, property->name);
    if (!value || json_is_null(value) || strcmp(property->name, "id") == 0) continue;
    if (property->inverse)
      tie(call, property, value, uid);
    else if (property->owner)
      json_object_set_new(object, property->name, cleaned(call->sim->data->schema, property, value));
  }
  static const char *const account[] = {"password", "userCredentials"}; /* the account's side takes them out (sim_auth_done) */
  for (size_t i = 0; i < 2; i++)
    if (is_user && json_object_get(payload, account[i])) json_object_set(object, account[i], json_object_get(payload, account[i]));
  if (class->shareable) json_object_set_new(object, "sharing", sharing_of(call, payload, existing));
  json_object_set(object, "created", existing && json_object_get(existing, "created") ? json_object_get(existing, "created") : now);
  json_object_set_new(object, "lastUpdated", now);
  json_object_set(object, "createdBy",
                  existing && json_object_get(existing, "createdBy") ? json_object_get(existing, "createdBy") : author);
  json_object_set_new(object, "lastUpdatedBy", author);
  bool needs_combo = strcmp(class->plural, "dataElements") == 0 || strcmp(class->plural, "dataSets") == 0;
  if (needs_combo && !json_object_get(object, "categoryCombo"))
    json_object_set_new(object, "categoryCombo", json_pack("{s:s}", "id", sim_default_uid(call->sim->objects, "categoryCombos")));
  sim_objects_put(call->sim->objects, class->plural, object);
}

static void commit_object(struct metadata_import *import, struct import_class *entry, struct import_object *object) {
  bool store = !import->validate_only;
  if (object->errors || object->dropped || (import->all_or_nothing && import->has_errors)) {
    entry->ignored++;
  } else if (import->strategy == IMPORT_DELETE) {
    if (!object->existing) return;
    entry->deleted++;
    if (store) (void)sim_objects_delete(import->call->sim->objects, entry->class->plural, object->uid);
  } else {
    *(object->existing ? &entry->updated : &entry->created) += 1;
    if (store) data_store_object(import->call, entry->class, object->payload, object->uid);
  }
}

void metadata_import_commit(struct metadata_import *import) {
  for (size_t i = 0; i < import->class_count; i++) {
    struct import_class *entry = &import->classes[i];
    for (size_t k = 0; k < entry->count; k++) commit_object(import, entry, &entry->objects[k]);
    if (import->has_errors) entry->ignored += entry->more_ignored;
  }
}

/* --- reports --- */

static json_t *stats(size_t created, size_t updated, size_t deleted, size_t ignored) {
  return json_pack("{s:I, s:I, s:I, s:I, s:I}", "created", (json_int_t)created, "updated", (json_int_t)updated, "deleted",
                   (json_int_t)deleted, "ignored", (json_int_t)ignored, "total", (json_int_t)(created + updated + deleted + ignored));
}

static json_t *object_report(const struct metadata_import *import, const struct import_class *entry, size_t index) {
  const struct import_object *object = &entry->objects[index];
  const char *code = data_text(json_array_get(object->errors, 0), "errorCode"), *name = data_text(object->payload, "name");
  bool late = strcmp(code, "E5000") == 0; /* counted from 1, as DHIS2 does it there */
  json_t *report = json_pack("{s:s, s:I, s:s}", "klass", entry->class->java, "index", (json_int_t)(index + late), "uid", object->uid);
  if (import->validate_only && *name) json_object_set_new(report, "displayName", json_string(name));
  sim_reports_as_old(import->call->sim, object->errors);
  json_object_set(report, "errorReports", object->errors);
  return report;
}

json_t *metadata_import_report(const struct metadata_import *import) {
  size_t created = 0, updated = 0, deleted = 0, ignored = 0;
  json_t *types = json_array();
  for (size_t i = 0; i < import->class_count; i++) {
    const struct import_class *entry = &import->classes[i];
    json_t *objects = json_array();
    for (size_t k = 0; k < entry->count; k++)
      if (entry->objects[k].errors) json_array_append_new(objects, object_report(import, entry, k));
    if (entry->count)
      json_array_append_new(types,
                            json_pack("{s:s, s:o, s:o}", "klass", entry->class->java, "stats",
                                      stats(entry->created, entry->updated, entry->deleted, entry->ignored), "objectReports", objects));
    else
      json_decref(objects);
    created += entry->created;
    updated += entry->updated;
    deleted += entry->deleted;
    ignored += entry->ignored;
  }
  const char *status = !import->has_errors ? "OK" : import->all_or_nothing ? "ERROR" : "WARNING";
  return json_pack("{s:s, s:o, s:o}", "status", status, "stats", stats(created, updated, deleted, ignored), "typeReports", types);
}

json_t *metadata_import_params(const struct metadata_import *import, bool async) {
  static const char *const strategies[] = {"CREATE_AND_UPDATE", "CREATE", "UPDATE", "DELETE"};
  return json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:b, s:b, s:b, s:b, s:b, s:b}", "importMode",
                   import->validate_only ? "VALIDATE" : "COMMIT", "identifier", import->by_code ? "CODE" : "UID", "preheatMode",
                   "REFERENCE", "importStrategy", strategies[import->strategy], "atomicMode", import->all_or_nothing ? "ALL" : "NONE",
                   "flushMode", "AUTO", "importReportMode", "ERRORS", "skipSharing", 0, "skipTranslation", 0, "skipValidation", 0,
                   "metadataSyncImport", 0, "async", async, "firstRowIsHeader", 1);
}

static void reply_report(struct data_call *call, const struct metadata_import *import) {
  int status = import->has_errors ? 409 : 200;
  json_t *report = metadata_import_report(import);
  json_object_set_new(report, "responseType", json_string("ImportReport"));
  if (sim_answers_bare(call->sim, call->request)) {
    sim_reply_json(call->reply, 200, report);
    return;
  }
  json_t *body =
      json_pack("{s:s, s:i, s:s}", "httpStatus", sim_reason(status), "httpStatusCode", status, "status", status == 200 ? "OK" : "WARNING");
  if (status != 200)
    json_object_set_new(body, "message", json_string("One or more errors occurred, please see full details in import report."));
  json_object_set_new(body, "response", report);
  sim_reply_json(call->reply, status, body);
}

/* An object that names another by an enum DHIS2 does not know ends the whole import. */
static bool refused_enum(struct data_call *call, const json_t *root) {
  static const char *const types[] = {"BOOLEAN",
                                      "NUMBER",
                                      "TIME",
                                      "URL",
                                      "LONG_TEXT",
                                      "MULTI_TEXT",
                                      "USERNAME",
                                      "TRACKER_ASSOCIATE",
                                      "GEOJSON",
                                      "PERCENTAGE",
                                      "INTEGER",
                                      "AGE",
                                      "UNIT_INTERVAL",
                                      "LETTER",
                                      "REFERENCE",
                                      "TEXT",
                                      "DATE",
                                      "FILE_RESOURCE",
                                      "INTEGER_NEGATIVE",
                                      "COORDINATE",
                                      "INTEGER_POSITIVE",
                                      "IMAGE",
                                      "EMAIL",
                                      "TRUE_ONLY",
                                      "INTEGER_ZERO_OR_POSITIVE",
                                      "ORGANISATION_UNIT",
                                      "PHONE_NUMBER",
                                      "DATETIME"};
  json_t *element;
  size_t i;
  json_array_foreach(json_object_get(root, "dataElements"), i, element) {
    const char *type = json_string_value(json_object_get(element, "valueType"));
    bool known = !type;
    for (size_t k = 0; !known && k < sizeof types / sizeof *types; k++) known = strcmp(type, types[k]) == 0;
    if (known) continue;
    data_error(call, call->sim->release >= SIM_2_42 ? 409 : 500, NULL,
               arena_printf(call->arena,
                            "Cannot deserialize value of type `org.hisp.dhis.common.ValueType` from String \"%s\": not one of the values "
                            "accepted for Enum class",
                            type));
    return true;
  }
  return false;
}

/* --- in the background --- */

static void note_class(struct sim_task *task, struct data_call *call, const struct import_class *entry, const char *when, const char *doing,
                       size_t count) {
  struct arena *a = call->arena;
  const char *title = entry->class->title;
  struct str done = arena_printf(a, "%zu successful and 0 failed items", count);
  sim_task_note(task, "INFO", arena_printf(a, "Running pre%s %s bundle hooks", when, title), false);
  sim_task_note(task, "INFO", done, false);
  sim_task_note(task, "INFO", arena_printf(a, "%s %zu %s object(s) as %s", doing, count, title, data_text(call->user, "username")), false);
  sim_task_note(task, "INFO", done, false);
  sim_task_note(task, "INFO", arena_printf(a, "Running post%s %s bundle hooks", when, title), false);
  sim_task_note(task, "INFO", done, false);
}

static void note_import(struct sim_task *task, const struct metadata_import *import) {
  static const char *const steps[] = {"Running preCreateBundle", "Creating bundle", "Running postCreateBundle", "Validating bundle"};
  size_t created = 0, updated = 0, deleted = 0, ignored = 0;
  for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) sim_task_note(task, "INFO", str_of(steps[i]), false);
  for (size_t i = 0; i < import->class_count; i++) {
    const struct import_class *entry = &import->classes[i];
    if (entry->created) note_class(task, import->call, entry, "Create", "Creating", entry->created);
    if (entry->updated) note_class(task, import->call, entry, "Update", "Updating", entry->updated);
    if (entry->deleted) note_class(task, import->call, entry, "Delete", "Deleting", entry->deleted);
    created += entry->created;
    updated += entry->updated;
    deleted += entry->deleted;
    ignored += entry->ignored;
  }
  sim_task_note(task, "INFO",
                arena_printf(import->call->arena, "Import complete with status %s, %zu created, %zu updated, %zu deleted, %zu ignored",
                             import->has_errors ? "ERROR" : "OK", created, updated, deleted, ignored),
                true);
}

static void run_task(struct sim_task *task, struct sim *sim, json_t *user, const struct sim_request *request) {
  struct sim_reply nowhere = {.arena = request->arena};
  struct data_call call = {
      .sim = sim, .user = user, .request = request, .reply = &nowhere, .arena = request->arena, .super = sim_auth_may(sim, user, "ALL")};
  struct metadata_import import = {.call = &call};
  struct str text = data_body(&call);
  json_t *root = json_doc_read(text);
  if (!root) {
    sim_task_note(task, "ERROR", STR("Process failed: the payload could not be read"), true);
    return;
  }
  metadata_import_read(&import, root);
  metadata_import_check(&import);
  metadata_import_commit(&import);
  note_import(task, &import);
  json_t *report = metadata_import_report(&import);
  json_object_set_new(report, "importParams", metadata_import_params(&import, true));
  sim_task_summary(task, report);
  metadata_import_done(&import);
  json_decref(root);
}

static void start_task(struct data_call *call, const struct metadata_import *import) {
  static const char *const nulls[] = {"user", "filename", "csvImportClass"};
  json_t *options = metadata_import_params(import, true), *all = json_deep_copy(options);
  for (size_t i = 0; i < sizeof nulls / sizeof *nulls; i++) json_object_set_new(all, nulls[i], json_null());
  struct sim_task *task = sim_task_start(call->sim, call->user, call->request, "METADATA_IMPORT", run_task);
  sim_task_parameters(task, "Metadata import started", all);
  sim_task_note(task, "INFO", STR("Loading file resource"), false);
  sim_task_note(task, "INFO", STR("Loading file content"), false);
  sim_task_reply(task, call->request, options, call->reply);
}

/* --- POST /api/metadata --- */

static bool is_json(struct str type) {
  return str_eq_nocase(str_trim(str_take(&type, ';')), STR("application/json"));
}

static void import_root(struct data_call *call, json_t *root) {
  struct metadata_import import = {.call = call};
  metadata_import_read(&import, root);
  if (data_flag(call, "async", false))
    start_task(call, &import);
  else if (import.by_code && call->sim->release >= SIM_2_43 && json_object_get(root, "dataElements"))
    data_error(call, 500, NULL,
               STR("Cannot invoke \"org.hisp.dhis.dataelement.DataElement.getValueType()\" because \"dePreheat\" is null"));
  else {
    metadata_import_check(&import);
    metadata_import_commit(&import);
    reply_report(call, &import);
  }
  metadata_import_done(&import);
}

void metadata_import(struct data_call *call) {
  json_error_t why;
  struct str text = data_body(call);
  json_t *root = json_loadb(text.n ? text.p : "", text.n, 0, &why);
  if (!is_json(sim_header(call->request, "Content-Type")))
    sim_reply_tomcat(call->reply, 415, NULL);
  else if (!root)
    data_error(call, 409, NULL, arena_printf(call->arena, "Unexpected end-of-input: %s", why.text));
  else if (!refused_enum(call, root))
    import_root(call, root);
  json_decref(root);
}

/* data_object: one object by its path: read, replaced, patched, deleted; and a new one in its collection. */
#include "base/mem.h"
#include "sim/data_import.h"
#include "sim/relations.h"
#include "sim/reports.h"
#include "sim/values.h"

void data_reply_object(struct data_call *call, int status, const struct sim_class *class, const char *uid, json_t *errors) {
  sim_reply_report(call->sim, call->reply, status, class->java, uid, errors);
}

/* --- reading --- */

static void show_units_below(struct data_call *call, const struct sim_class *class, json_t *unit, bool all_levels) {
  struct data_rows *rows = ARENA_NEW(call->arena, struct data_rows);
  VEC_PUSH(&rows->list, unit);
  for (size_t i = 0; i < rows->list.n && (all_levels || i == 0); i++) {
    struct sim_list children = sim_related(call->sim->objects, "organisationUnits", "parent", data_uid(rows->list.p[i]));
    for (size_t k = 0; k < children.n; k++) VEC_PUSH(&rows->list, children.p[k]);
  }
  data_list_rows(call, class, rows);
  VEC_FREE(&rows->list);
}

static void read_object(struct data_call *call, const struct sim_class *class, json_t *object) {
  bool is_unit = strcmp(class->plural, "organisationUnits") == 0, below = data_flag(call, "includeDescendants", false),
       children = data_flag(call, "includeChildren", false);
  if (is_unit && (below || children)) {
    show_units_below(call, class, object, below);
    return;
  }
  struct str text = data_param(call, "fields");
  sim_reply_json(call->reply, 200, data_show(call, class, object, data_fields_parse(call->arena, text.n ? text : STR("*"))));
}

/* --- writing --- */

/* One object through the importer. Returns false after a report of what is wrong. */
static bool import_one(struct data_call *call, const struct sim_class *class, json_t *payload, enum import_strategy strategy,
                       const char **ret_uid) {
  json_t *root = json_pack("{s:[O]}", class->plural, payload);
  struct metadata_import import = {.call = call};
  metadata_import_read(&import, root);
  import.strategy = strategy;
  import.validate_only = false;
  import.all_or_nothing = true;
  import.by_code = false;
  import.single = true;
  metadata_import_check(&import);
  metadata_import_commit(&import);
  const struct import_object *object = &import.classes[0].objects[0];
  *ret_uid = object->uid;
  if (import.has_errors) data_reply_object(call, 409, class, object->uid, json_incref(object->errors));
  bool good = !import.has_errors;
  metadata_import_done(&import);
  json_decref(root);
  return good;
}

static json_t *json_body(struct data_call *call) {
  struct str text = data_body(call);
  json_error_t why;
  json_t *body = json_loadb(text.n ? text.p : "", text.n, 0, &why);
  if (!body) data_error(call, 400, NULL, arena_printf(call->arena, "JSON parse error: %s", why.text));
  return body;
}

void data_create(struct data_call *call, const struct sim_class *class) {
  json_t *body = json_body(call);
  const char *uid;
  if (!body) return;
  if (!data_may_write(call, class, NULL)) {
    data_error(call, 403, "E1006", STR("You don't have the proper permissions to create this object."));
  } else if (import_one(call, class, body, IMPORT_CREATE, &uid)) {
    sim_reply_header(call->reply, "Location", data_link(call, arena_printf(call->arena, "/api/%s/%s", class->plural, uid)));
    data_reply_object(call, 201, class, uid, NULL);
  }
  json_decref(body);
}

/* Up to 2.37 users answer with the report of an import. */
static void reply_user_of_2_37(struct data_call *call, const struct sim_class *class, const char *uid) {
  json_t *stats = json_pack("{s:i, s:i, s:i, s:i, s:i}", "created", 0, "updated", 1, "deleted", 0, "ignored", 0, "total", 1);
  sim_reply_json(call->reply, 200,
                 json_pack("{s:s, s:s, s:O, s:[{s:s, s:o, s:[{s:s, s:i, s:s, s:[]}]}]}", "responseType", "ImportReport", "status", "OK",
                           "stats", stats, "typeReports", "klass", class->java, "stats", stats, "objectReports", "klass", class->java,
                           "index", 0, "uid", uid, "errorReports"));
}

static void replace_object(struct data_call *call, const struct sim_class *class, const char *uid) {
  json_t *body = json_body(call);
  if (!body) return;
  json_object_set_new(body, "id", json_string(uid));
  if (import_one(call, class, body, IMPORT_UPDATE, &uid)) {
    if (call->sim->release <= SIM_2_37 && strcmp(class->plural, "users") == 0)
      reply_user_of_2_37(call, class, uid);
    else
      data_reply_object(call, 200, class, uid, NULL);
  }
  json_decref(body);
}

/* One operation of a JSON Patch (RFC 6902): add, replace, remove. */
static void patch(json_t *object, const json_t *operation) {
  struct arena *arena = arena_new();
  struct str rest = str_of(data_text(operation, "path"));
  bool removes = strcmp(data_text(operation, "op"), "remove") == 0;
  json_t *at = object, *value = json_object_get(operation, "value");
  if (rest.n) rest = str_from(rest, 1);
  while (rest.p && at) {
    struct str step = str_take(&rest, '/');
    const char *key = arena_cstr(arena, step);
    uint64_t index;
    if (rest.p) {
      at = json_is_array(at) && str_to_u64(step, &index) ? json_array_get(at, (size_t)index) : json_object_get(at, key);
      if (!at && str_eq(rest, STR("-"))) { /* a list that is not there yet */
        json_object_set_new(object, key, json_array());
        at = json_object_get(object, key);
      }
    } else if (json_is_array(at)) {
      if (removes && str_to_u64(step, &index))
        json_array_remove(at, (size_t)index);
      else if (value)
        json_array_append(at, value);
    } else if (removes)
      json_object_del(at, key);
    else if (value)
      json_object_set(at, key, value);
  }
  arena_free(arena);
}

static void patch_object(struct data_call *call, const struct sim_class *class, const json_t *object) {
  struct str type = sim_header(call->request, "Content-Type");
  if (!str_starts(type, STR("application/json-patch+json"))) {
    data_error(call, 415, NULL,
               arena_printf(call->arena,
                            call->sim->release >= SIM_2_42 ? "Content-Type '%.*s' is not supported" : "Content type '%.*s' not supported",
                            STR_ARG(type)));
    return;
  }
  json_t *operations = json_body(call), *operation, *copy;
  const char *uid = data_uid(object);
  size_t i;
  if (!operations) return;
  copy = json_deep_copy(object);
  json_array_foreach(operations, i, operation) patch(copy, operation);
  if (import_one(call, class, copy, IMPORT_UPDATE, &uid)) {
    if (strcmp(class->plural, "categoryOptionCombos") == 0)
      sim_reply_message(call->reply, 200, "OK", NULL, NULL);
    else
      data_reply_object(call, 200, class, uid, NULL);
  }
  json_decref(copy);
  json_decref(operations);
}

/* A category combo takes its option combos along; the uids first, for what lists them changes while they go. */
static void delete_option_combos(struct data_call *call, const char *uid) {
  struct sim_list all = sim_related(call->sim->objects, "categoryOptionCombos", "categoryCombo", uid);
  const char **uids = ARENA_ARRAY(call->arena, all.n + 1, const char *);
  for (size_t i = 0; i < all.n; i++) uids[i] = arena_cstr(call->arena, str_of(data_uid(all.p[i])));
  for (size_t i = 0; uids[i]; i++) (void)sim_objects_delete(call->sim->objects, "categoryOptionCombos", uids[i]);
}

static bool has_values(struct data_call *call, const struct sim_class *class, const char *uid) {
  if (strcmp(class->plural, "categoryCombos") != 0) return sim_values_mention(call->sim->values, uid);
  struct sim_list all = sim_related(call->sim->objects, "categoryOptionCombos", "categoryCombo", uid);
  for (size_t i = 0; i < all.n; i++)
    if (sim_values_mention(call->sim->values, data_uid(all.p[i]))) return true;
  return false;
}

static void delete_object(struct data_call *call, const struct sim_class *class, json_t *object) {
  const char *uid = arena_cstr(call->arena, str_of(data_uid(object)));
  if (!data_may_write(call, class, object)) {
    data_error(call, 403, "E1006", STR("You don't have the proper permissions to delete this object."));
    return;
  }
  if (has_values(call, class, uid)) {
    data_error(call, 409, "E4030", STR("Object could not be deleted because it is associated with another object: DataValue"));
    return;
  }
  if (strcmp(class->plural, "categoryCombos") == 0) delete_option_combos(call, uid);
  (void)sim_objects_delete(call->sim->objects, class->plural, uid);
  data_reply_object(call, 200, class, uid, NULL);
}

static void reply_changed(struct data_call *call) {
  enum sim_release release = call->sim->release;
  if (release <= SIM_2_37)
    sim_reply_empty(call->reply, 204);
  else if (release == SIM_2_40)
    sim_reply_json(call->reply, 200,
                   json_pack("{s:s, s:i, s:s, s:{s:s, s:s, s:{s:i, s:i, s:i, s:i, s:i}, s:[]}}", "httpStatus", "OK", "httpStatusCode", 200,
                             "status", "OK", "response", "responseType", "TypeReport", "status", "OK", "stats", "created", 0, "updated", 1,
                             "deleted", 0, "ignored", 0, "total", 1, "objectReports"));
  else
    sim_reply_message(call->reply, 200, "OK", NULL, NULL);
}

/* POST or DELETE /api/dataSets/<uid>/organisationUnits/<uid>: one reference more or less. */
static void change_collection(struct data_call *call, const struct sim_class *class, json_t *object, struct str name, struct str item) {
  const struct sim_property *property = sim_property_of(class, name);
  if (!property || !property->list || property->inverse || !item.n) {
    sim_reply_tomcat(call->reply, 404, NULL);
    return;
  }
  json_t *copy = json_deep_copy(object), *list = json_object_get(copy, property->name), *kept = json_array(), *entry;
  const char *id = arena_cstr(call->arena, item), *uid = data_uid(object);
  size_t i;
  json_array_foreach(list, i, entry) if (strcmp(data_uid(entry), id) != 0) json_array_append(kept, entry);
  if (data_is(call, "POST")) json_array_append_new(kept, json_pack("{s:s}", "id", id));
  json_object_set_new(copy, property->name, kept);
  if (import_one(call, class, copy, IMPORT_UPDATE, &uid)) reply_changed(call);
  json_decref(copy);
}

void data_object(struct data_call *call, const struct sim_class *class, struct str uid, struct str rest) {
  json_t *object = sim_objects_get(call->sim->objects, class->plural, arena_cstr(call->arena, uid));
  bool reads = data_is(call, "GET") || data_is(call, "HEAD");
  if (!sim_is_uid(uid) && call->sim->release >= SIM_2_42) {
    data_error(call, 405, NULL, arena_printf(call->arena, "Request method '%.*s' is not supported", STR_ARG(call->request->method)));
  } else if (!object || !data_may_read(call, class, object)) {
    data_not_found(call, class, uid);
  } else if (rest.p && (data_is(call, "POST") || data_is(call, "DELETE"))) {
    struct str item = rest, name = str_take(&item, '/');
    change_collection(call, class, object, name, item);
  } else if (rest.p) {
    sim_reply_tomcat(call->reply, 404, NULL);
  } else if (reads) {
    read_object(call, class, object);
  } else if (data_is(call, "PUT")) {
    replace_object(call, class, arena_cstr(call->arena, uid));
  } else if (data_is(call, "PATCH")) {
    patch_object(call, class, object);
  } else if (data_is(call, "DELETE")) {
    delete_object(call, class, object);
  } else {
    data_error(call, 405, NULL, arena_printf(call->arena, "Request method '%.*s' is not supported", STR_ARG(call->request->method)));
  }
}

/* data_sharing: /api/sharing: who may see and change one object. */
#include "base/json_doc.h"
#include "sim/data_internal.h"

static void set_accesses(json_t *sharing, const char *key, const json_t *list) {
  json_t *all = json_object(), *entry;
  size_t i;
  json_array_foreach(list, i, entry)
      json_object_set_new(all, data_uid(entry), json_pack("{s:s, s:s}", "id", data_uid(entry), "access", data_text(entry, "access")));
  json_object_set_new(sharing, key, all);
}

static json_t *accesses(const json_t *sharing, const char *key) {
  json_t *list = json_array(), *entry;
  const char *uid;
  json_object_foreach(json_object_get(sharing, key), uid, entry) json_array_append(list, entry);
  return list;
}

static void show(struct data_call *call, const json_t *object) {
  const json_t *sharing = json_object_get(object, "sharing");
  json_t *name = json_object_get(object, "name");
  sim_reply_json(call->reply, 200,
                 json_pack("{s:{s:b, s:b}, s:{s:s, s:O?, s:O?, s:s, s:b, s:{s:s}, s:o, s:o}}", "meta", "allowPublicAccess", 1,
                           "allowExternalAccess", 0, "object", "id", data_uid(object), "name", name, "displayName", name, "publicAccess",
                           data_text(sharing, "public"), "externalAccess", 0, "user", "id", data_text(sharing, "owner"),
                           "userGroupAccesses", accesses(sharing, "userGroups"), "userAccesses", accesses(sharing, "users")));
}

static void change(struct data_call *call, const struct sim_class *class, json_t *object) {
  struct str body = data_body(call);
  json_t *root = json_doc_read(body), *asked = json_object_get(root, "object");
  if (!data_may_write(call, class, object))
    data_error(call, 403, NULL, STR("You do not have manage access to this object."));
  else if (!asked)
    data_error(call, 409, NULL, STR("Sharing could not be read"));
  else {
    json_t *changed = json_deep_copy(object), *sharing = json_object_get(changed, "sharing");
    if (!sharing) json_object_set_new(changed, "sharing", sharing = json_object());
    if (json_object_get(asked, "publicAccess")) json_object_set(sharing, "public", json_object_get(asked, "publicAccess"));
    if (json_object_get(asked, "userAccesses")) set_accesses(sharing, "users", json_object_get(asked, "userAccesses"));
    if (json_object_get(asked, "userGroupAccesses")) set_accesses(sharing, "userGroups", json_object_get(asked, "userGroupAccesses"));
    sim_objects_put(call->sim->objects, class->plural, changed);
    sim_reply_message(call->reply, 200, "OK", NULL, "Access control set");
  }
  json_decref(root);
}

void data_sharing(struct data_call *call) {
  struct str type = data_param(call, "type"), uid = data_param(call, "id");
  const struct sim_class *class = sim_class_of_singular(call->sim->data->schema, type);
  json_t *object = class ? sim_objects_get(call->sim->objects, class->plural, arena_cstr(call->arena, uid)) : NULL;
  if (!class || !class->shareable)
    data_error(call, 409, NULL, arena_printf(call->arena, "Type %.*s is not supported.", STR_ARG(type)));
  else if (!object || !data_may_read(call, class, object))
    data_error(call, 404, NULL, arena_printf(call->arena, "Object of type %.*s with ID %.*s was not found.", STR_ARG(type), STR_ARG(uid)));
  else if (data_is(call, "GET"))
    show(call, object);
  else
    change(call, class, object);
}

/* data_store: /api/dataStore: values that belong to nobody, by namespace and key. */
#include "sim/data_internal.h"

enum { NAME_MAX_LENGTH = 255, PAGE = 50 };

struct place {
  struct data_call *call;
  json_t *all, *space, *entry; /* NULL: not there */
  const char *space_name, *key;
};

static void no_key(struct place *p) {
  data_error(p->call, 404, "E1005", arena_printf(p->call->arena, "Key '%s' not found in namespace '%s'", p->key, p->space_name));
}

static json_t *text_keys(const json_t *object) {
  json_t *list = json_array(), *value;
  const char *key;
  json_object_foreach((json_t *)(uintptr_t)object, key, value) json_array_append_new(list, json_string(key));
  return list;
}

static json_t *person(const struct data_call *call, const char *uid) {
  const json_t *user = sim_objects_get(call->sim->objects, "users", uid);
  struct str name = arena_printf(call->arena, "%s %s", data_text(user, "firstName"), data_text(user, "surname"));
  return json_pack("{s:s, s:O?, s:s, s:s, s:s}", "id", uid, "code", json_object_get(user, "code"), "name", name.p, "displayName", name.p,
                   "username", data_text(user, "username"));
}

/* --- a namespace --- */

/* The value at "a.b" of it; NULL: none. "." is all of it. */
static json_t *at_path(json_t *value, struct str path) {
  if (str_eq(path, STR(".")) || !path.n) return value;
  while (path.p && value) {
    struct str step = str_take(&path, '.');
    value = json_object_getn(value, step.p, step.n);
  }
  return value;
}

static double number_of(const json_t *value) {
  return json_is_string(value) ? strtod(json_string_value(value), NULL) : json_number_value(value);
}

/* filter=path:operator:value, the ones that are used. */
static bool passes(const struct place *p, json_t *value) {
  struct str text;
  for (size_t n = 0; (text = sim_param(p->call->request, "filter", n)).p; n++) {
    struct str path = str_take(&text, ':'), op = str_take(&text, ':');
    json_t *found = at_path(value, path);
    const char *word = json_string_value(found);
    double a = number_of(found), b = strtod(arena_cstr(p->call->arena, text), NULL);
    bool same = word ? str_eq(str_of(word), text) : json_is_number(found) && a == b;
    bool good = str_eq(op, STR("eq"))                             ? same
                : str_eq(op, STR("ne")) || str_eq(op, STR("neq")) ? !same
                : str_eq(op, STR("ge"))                           ? json_is_number(found) && a >= b
                : str_eq(op, STR("gt"))                           ? json_is_number(found) && a > b
                : str_eq(op, STR("le"))                           ? json_is_number(found) && a <= b
                : str_eq(op, STR("lt"))                           ? json_is_number(found) && a < b
                : str_eq(op, STR("null"))                         ? !found || json_is_null(found)
                                                                  : found != NULL;
    if (!good) return false;
  }
  return true;
}

/* One entry with the fields asked for; NULL: it has none of them. */
static json_t *shown(const struct place *p, const char *key, json_t *value, struct str fields) {
  json_t *entry = json_pack("{s:s}", "key", key);
  bool any = false, all = str_eq(data_param(p->call, "includeAll"), STR("true"));
  if (str_eq(fields, STR(".")) || !fields.n) {
    json_object_set(entry, "value", value);
    return entry;
  }
  while (fields.p) {
    struct str one = str_take(&fields, ',');
    json_t *found = at_path(value, one);
    any = any || found;
    json_object_setn_new(entry, one.p, one.n, found ? json_incref(found) : json_null());
  }
  if (any || all) return entry;
  json_decref(entry);
  return NULL;
}

static void reply_entries(struct place *p, struct str fields) {
  struct data_call *call = p->call;
  uint64_t page = 1, size = PAGE, count = 0;
  json_t *list = json_array(), *entry;
  const char *key;
  (void)str_to_u64(data_param(call, "page"), &page);
  (void)str_to_u64(data_param(call, "pageSize"), &size);
  bool paging = !str_eq(data_param(call, "paging"), STR("false"));
  json_object_foreach(p->space, key, entry) {
    json_t *value = json_object_get(entry, "value");
    if (json_is_true(json_object_get(entry, "encrypted")) || !passes(p, value)) continue;
    json_t *one = shown(p, key, value, fields);
    if (one && (!paging || (count >= (page - 1) * size && count < page * size)))
      json_array_append_new(list, one);
    else
      json_decref(one);
    count += one != NULL;
  }
  json_t *pager = json_pack("{s:I, s:I}", "page", (json_int_t)page, "pageSize", (json_int_t)size);
  if (paging)
    sim_reply_json(call->reply, 200, json_pack("{s:o, s:o}", "pager", pager, "entries", list));
  else {
    json_decref(pager);
    sim_reply_json(call->reply, 200, json_pack("{s:o}", "entries", list));
  }
}

static void reply_keys(struct place *p) {
  struct str since = data_param(p->call, "lastUpdated");
  json_t *list = json_array(), *entry;
  const char *key;
  json_object_foreach(p->space, key, entry) if (!since.n || str_cmp(str_of(data_text(entry, "lastUpdated")), since) >= 0)
      json_array_append_new(list, json_string(key));
  sim_reply_json(p->call->reply, 200, list);
}

static void whole_space(struct place *p) {
  struct data_call *call = p->call;
  struct str fields = data_param(call, "fields");
  if (!p->space)
    data_error(call, 404, "E1005", arena_printf(call->arena, "Namespace not found: '%s'", p->space_name));
  else if (data_is(call, "DELETE")) {
    json_object_del(p->all, p->space_name);
    sim_reply_message(call->reply, 200, "OK", NULL, arena_printf(call->arena, "Namespace deleted: '%s'", p->space_name).p);
  } else if (fields.p)
    reply_entries(p, fields);
  else
    reply_keys(p);
}

/* --- a key --- */

static bool read_body(struct place *p, json_t **ret) {
  struct data_call *call = p->call;
  bool is_new = call->sim->release >= SIM_2_42;
  struct str type = sim_header(call->request, "Content-Type"), body = data_body(call);
  if (type.n && !str_starts_nocase(type, STR("application/json")))
    data_error(call, 415, NULL,
               is_new ? arena_printf(call->arena, "Content-Type '%.*s' is not supported", STR_ARG(type))
                      : arena_printf(call->arena, "Content type '%.*s' not supported", STR_ARG(type)));
  else if (!body.n)
    data_error(
        call, 400, NULL,
        STR("Required request body is missing: public org.hisp.dhis.dxf2.webmessage.WebMessage "
            "org.hisp.dhis.webapi.controller.DatastoreController.addEntry(java.lang.String,java.lang.String,java.lang.String,boolean)"));
  else if (!(*ret = json_loadb(body.p, body.n, JSON_DECODE_ANY, NULL)))
    data_error(call, 400, "E1003", arena_printf(call->arena, "Invalid JSON value for key '%s'", p->key));
  else if (strlen(p->key) > NAME_MAX_LENGTH || strlen(p->space_name) > NAME_MAX_LENGTH) {
    data_error(call, 409, NULL, STR("ERROR: value too long for type character varying(255)"));
    json_decref(*ret);
  } else
    return true;
  return false;
}

/* `text` is kept as it was written. */
static void put(struct place *p, json_t *value, struct str text) {
  struct data_call *call = p->call;
  char uid[12];
  bool is_new = !p->entry;
  if (!p->space) json_object_set_new(p->all, p->space_name, p->space = json_object());
  if (is_new) {
    sim_uid(uid);
    json_object_set_new(p->space, p->key,
                        p->entry = json_pack("{s:s, s:o, s:s, s:b}", "uid", uid, "created", data_time(sim_now_ms(call->sim)), "createdBy",
                                             data_text(call->user, "id"), "encrypted", str_eq(data_param(call, "encrypt"), STR("true"))));
  }
  json_object_set_new(p->entry, "value", value);
  json_object_set_new(p->entry, "text", json_stringn(text.p, text.n));
  json_object_set_new(p->entry, "lastUpdated", data_time(sim_now_ms(call->sim)));
  json_object_set_new(p->entry, "lastUpdatedBy", json_string(data_text(call->user, "id")));
  sim_reply_message(call->reply, is_new ? 201 : 200, "OK", NULL,
                    arena_printf(call->arena, "Key %s: '%s'", is_new ? "created" : "updated", p->key).p);
}

/* ?path= and ?roll=: the value with `part` put in its place, or appended to the last `roll` of a list there. */
static json_t *with_part(const struct place *p, json_t *part) {
  struct str path = data_param(p->call, "path");
  json_t *whole = json_deep_copy(json_object_get(p->entry, "value")), *at = whole;
  uint64_t roll = 0;
  struct str step = STR_NONE;
  while (path.p) {
    step = str_take(&path, '.');
    if (!path.p) break;
    json_t *inner = json_object_getn(at, step.p, step.n);
    if (!json_is_object(inner)) json_object_setn_new(at, step.p, step.n, inner = json_object());
    at = inner;
  }
  if (!str_to_u64(data_param(p->call, "roll"), &roll)) {
    json_object_setn_new(at, step.p, step.n, part);
    return whole;
  }
  json_t *list = json_object_getn(at, step.p, step.n);
  if (!json_is_array(list)) json_object_setn_new(at, step.p, step.n, list = json_array());
  json_array_append_new(list, part);
  while (json_array_size(list) > roll) json_array_remove(list, 0);
  return whole;
}

static void write_key(struct place *p) {
  json_t *value;
  bool part = data_is(p->call, "PUT") && p->entry && data_param(p->call, "path").n;
  if (data_is(p->call, "POST") && p->entry)
    data_error(p->call, 409, "E1004", arena_printf(p->call->arena, "Key '%s' already exists in namespace '%s'", p->key, p->space_name));
  else if (read_body(p, &value)) {
    struct str text = data_body(p->call);
    if (part) {
      value = with_part(p, value);
      char *whole = json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT);
      text = arena_str(p->call->arena, str_of(whole));
      free(whole);
    }
    put(p, value, text);
  }
}

static void reply_meta(struct place *p) {
  const struct data_call *call = p->call;
  const char *owner = data_text(p->entry, "createdBy");
  json_t *creator = person(call, owner);
  sim_reply_json(
      call->reply, 200,
      json_pack("{s:O, s:O, s:[], s:O, s:[], s:o, s:{s:s, s:{}, s:{}, s:s}, s:s, s:s, s:{s:b, s:b, s:b, s:b, s:b}, s:b, s:o, s:O, s:[]}",
                "created", json_object_get(p->entry, "created"), "lastUpdated", json_object_get(p->entry, "lastUpdated"), "translations",
                "createdBy", creator, "favorites", "lastUpdatedBy", person(call, data_text(p->entry, "lastUpdatedBy")), "sharing", "owner",
                owner, "users", "userGroups", "public", "rw------", "namespace", p->space_name, "key", p->key, "access", "manage", 1,
                "write", 1, "read", 1, "update", 1, "delete", 1, "favorite", 0, "user", creator, "id", json_object_get(p->entry, "uid"),
                "attributeValues"));
}

static void one_key(struct place *p, struct str rest) {
  struct data_call *call = p->call;
  if (data_is(call, "POST") || data_is(call, "PUT"))
    write_key(p);
  else if (!p->entry)
    no_key(p);
  else if (data_is(call, "DELETE")) {
    const char *message = arena_printf(call->arena, "Key '%s' deleted from namespace '%s'", p->key, p->space_name).p;
    json_object_del(p->space, p->key);
    if (json_object_size(p->space) == 0) json_object_del(p->all, p->space_name);
    sim_reply_message(call->reply, 200, "OK", NULL, message);
  } else if (str_eq_nocase(rest, STR("metaData")))
    reply_meta(p);
  else
    sim_reply_text(call->reply, 200, "application/json;charset=UTF-8", arena_str(call->reply->arena, str_of(data_text(p->entry, "text"))));
}

void data_store(struct data_call *call, struct str rest) {
  struct place p = {.call = call, .all = call->sim->data->store};
  if (!rest.n) {
    sim_reply_json(call->reply, 200, text_keys(p.all));
    return;
  }
  struct str space = str_take(&rest, '/'), key = rest.p ? str_take(&rest, '/') : STR_NONE;
  p.space_name = arena_cstr(call->arena, space);
  p.space = json_object_get(p.all, p.space_name);
  if (!key.n || (str_eq(key, STR("keys")) && data_is(call, "GET"))) {
    whole_space(&p);
    return;
  }
  p.key = arena_cstr(call->arena, key);
  p.entry = json_object_get(p.space, p.key);
  one_key(&p, rest);
}

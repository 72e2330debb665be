/* auth_store: /api/userDataStore: values by user, namespace and key, the releases' own mistakes with them included. */
#include "sim/auth_internal.h"

enum { NAME_MAX_LENGTH = 255, ENCRYPTED_MAX = 159 };

static json_t *member(json_t *object, const char *key, bool make) {
  json_t *inner = json_object_get(object, key);
  if (!inner && make) json_object_set_new(object, key, inner = json_object());
  return inner;
}

static void refuse(const struct sim *sim, struct sim_reply *reply, int status, const char *code, struct str message) {
  sim_reply_thrown(sim, reply, status, code, message.p);
}

/* 2.37 has other words for it all. */
#define WORDS(sim, arena, old, new, ...) \
  ((sim)->release <= SIM_2_37 ? arena_printf(arena, old, __VA_ARGS__) : arena_printf(arena, new, __VA_ARGS__))

/* Whose values: the caller's, or with ?username= another's if the caller is a superuser. NULL: refused. */
static const char *whose(struct sim *sim, json_t *user, const struct sim_request *request, struct sim_reply *reply) {
  struct str name = sim_param(request, "username", 0);
  if (!name.p || sim->release <= SIM_2_37) return json_string_value(json_object_get(user, "id"));
  if (!sim_user_is_super(sim, user)) {
    refuse(sim, reply, 409, NULL, STR("Only superusers can read or write other users data using the `username` parameter."));
    return NULL;
  }
  json_t *other = sim_user_named(sim, request->arena, name);
  if (!other) refuse(sim, reply, 409, NULL, arena_printf(reply->arena, "No user with username %.*s exists.", STR_ARG(name)));
  return other ? json_string_value(json_object_get(other, "id")) : NULL;
}

static json_t *key_list(const json_t *object) {
  json_t *list = json_array(), *value;
  const char *key;
  json_object_foreach((json_t *)(uintptr_t)object, key, value) json_array_append_new(list, json_string(key));
  return list;
}

static void no_namespace(const struct sim *sim, struct sim_reply *reply, const char *space) {
  refuse(sim, reply, 404, "E1005", WORDS(sim, reply->arena, "The namespace '%s' was not found.", "Namespace not found: '%s'", space));
}

static void no_key(const struct sim *sim, struct sim_reply *reply, const char *key, const char *space) {
  refuse(sim, reply, 404, "E1005",
         WORDS(sim, reply->arena, "The key '%s' was not found in the namespace '%s'.", "Key '%s' not found in namespace '%s'", key, space));
}

static void entries(const json_t *space, struct sim_reply *reply) {
  json_t *list = json_array(), *entry;
  const char *key;
  json_object_foreach((json_t *)(uintptr_t)space, key, entry)
      json_array_append_new(list, json_pack("{s:s, s:O}", "key", key, "value", json_object_get(entry, "value")));
  sim_reply_json(reply, 200, json_pack("{s:{s:i, s:i}, s:o}", "pager", "page", 1, "pageSize", 50, "entries", list));
}

static void handle_space(struct sim *sim, json_t *mine, const char *space, const struct sim_request *request, struct sim_reply *reply) {
  json_t *found = json_object_get(mine, space);
  if (!found)
    no_namespace(sim, reply, space);
  else if (sim_is(request, "DELETE")) {
    json_object_del(mine, space);
    sim_reply_message(reply, 200, "OK", NULL,
                      WORDS(sim, reply->arena, "All keys from namespace '%s' deleted.", "Namespace deleted: '%s'", space).p);
  } else if (sim_param(request, "fields", 0).p)
    entries(found, reply);
  else
    sim_reply_json(reply, 200, key_list(found));
}

/* The JSON of a write, or NULL after a refusal. */
static json_t *value_of(const struct sim *sim, const char *key, const struct sim_request *request, struct sim_reply *reply) {
  struct str type = sim_header(request, "Content-Type");
  bool is_new = sim->release >= SIM_2_42;
  if (!str_has(type, STR("json"))) {
    struct str message = !is_new      ? arena_printf(reply->arena, "Content type '%.*s' not supported", STR_ARG(type))
                         : type.n > 0 ? arena_printf(reply->arena, "Content-Type '%.*s' is not supported", STR_ARG(type))
                                      : STR("Content-Type is not supported");
    refuse(sim, reply, 415, NULL, message);
    return NULL;
  }
  json_t *value = sim_body_json(request);
  if (!value)
    refuse(sim, reply, 400, "E1003",
           sim->release <= SIM_2_37 ? STR("The data is not valid JSON.")
                                    : arena_printf(reply->arena, "Invalid JSON value for key '%s'", key));
  return value;
}

static void create(struct sim *sim, json_t *mine, const char *space, const char *key, const struct sim_request *request,
                   struct sim_reply *reply) {
  json_t *value = value_of(sim, key, request, reply);
  if (!value) return;
  bool encrypt = str_eq(sim_param(request, "encrypt", 0), STR("true"));
  if (json_object_get(json_object_get(mine, space), key)) {
    refuse(sim, reply, 409, "E1004",
           WORDS(sim, reply->arena, "The key '%s' already exists in the namespace '%s'.", "Key '%s' already exists in namespace '%s'", key,
                 space));
  } else if (strlen(key) > NAME_MAX_LENGTH || strlen(space) > NAME_MAX_LENGTH || (encrypt && request->body.n > ENCRYPTED_MAX)) {
    bool plain = sim->release <= SIM_2_37;
    refuse(sim, reply, plain ? 500 : 409, NULL,
           plain ? STR("could not execute statement") : STR("ERROR: value too long for type character varying(255)"));
  } else {
    json_object_set_new(member(mine, space, true), key, json_pack("{s:O, s:b}", "value", value, "encrypted", encrypt));
    sim_reply_message(reply, 201, "OK", NULL, arena_printf(reply->arena, "Key '%s' in namespace '%s' created.", key, space).p);
  }
  json_decref(value);
}

/* ?path=a.b: what stands there alone is replaced. */
static void set_at(json_t *entry, struct str path, json_t *value) {
  json_t *at = json_object_get(entry, "value");
  struct str rest = path;
  char name[128];
  while (rest.p && rest.n > 0) {
    struct str step = str_take(&rest, '.');
    (void)snprintf(name, sizeof name, "%.*s", STR_ARG(step));
    if (!rest.p && json_is_object(at)) json_object_set(at, name, value);
    at = json_object_get(at, name);
  }
}

static void write_entry(const struct sim *sim, json_t *entry, struct str path, json_t *value) {
  if (sim->release >= SIM_2_41 && json_is_true(json_object_get(entry, "encrypted"))) return; /* it is written where nobody reads it */
  if (path.n > 0)
    set_at(entry, path, value);
  else
    json_object_set(entry, "value", value);
}

static void update(struct sim *sim, json_t *mine, const char *space, const char *key, const struct sim_request *request,
                   struct sim_reply *reply) {
  json_t *entry = json_object_get(json_object_get(mine, space), key);
  if (!entry) {
    if (sim->release <= SIM_2_37)
      no_key(sim, reply, key, space);
    else
      create(sim, mine, space, key, request, reply);
    return;
  }
  json_t *value = value_of(sim, key, request, reply), *other;
  if (!value) return;
  struct str path = sim_param(request, "path", 0);
  const char *uid;
  write_entry(sim, entry, path, value);
  if (sim->release == SIM_2_41 || sim->release == SIM_2_42) { /* DHIS2-21740: the rows of all users with this namespace and key */
    json_object_foreach(sim->auth->user_store, uid, other) {
      json_t *row = json_object_get(json_object_get(other, space), key);
      json_t *copy = json_deep_copy(value);
      if (row && row != entry) write_entry(sim, row, path, copy);
      json_decref(copy);
    }
  }
  json_decref(value);
  if (sim->release <= SIM_2_37)
    sim_reply_message(reply, 201, "OK", NULL, arena_printf(reply->arena, "Key '%s' in namespace '%s' updated.", key, space).p);
  else
    sim_reply_message(reply, 200, "OK", NULL, arena_printf(reply->arena, "Key updated: '%s'", key).p);
}

static void handle_key(struct sim *sim, json_t *mine, const char *space, const char *key, const struct sim_request *request,
                       struct sim_reply *reply) {
  json_t *entry = json_object_get(json_object_get(mine, space), key);
  if (sim_is(request, "POST"))
    create(sim, mine, space, key, request, reply);
  else if (sim_is(request, "PUT"))
    update(sim, mine, space, key, request, reply);
  else if (!entry)
    no_key(sim, reply, key, space);
  else if (sim_is(request, "DELETE")) {
    json_object_del(json_object_get(mine, space), key);
    if (json_object_size(json_object_get(mine, space)) == 0) json_object_del(mine, space);
    sim_reply_message(reply, 200, "OK", NULL, arena_printf(reply->arena, "Key '%s' deleted from the namespace '%s'.", key, space).p);
  } else
    sim_reply_json(reply, 200, json_incref(json_object_get(entry, "value")));
}

void sim_store_handle(struct sim *sim, json_t *user, struct str path, const struct sim_request *request, struct sim_reply *reply) {
  const char *uid = whose(sim, user, request, reply);
  if (!uid) return;
  json_t *mine = member(sim->auth->user_store, uid, true);
  struct str rest = str_from(path, strlen("/api/userDataStore"));
  if (rest.n > 0) rest = str_from(rest, 1);
  if (rest.n == 0) {
    sim_reply_json(reply, 200, key_list(mine));
    return;
  }
  const char *space = arena_cstr(request->arena, str_take(&rest, '/'));
  if (!rest.p || rest.n == 0)
    handle_space(sim, mine, space, request, reply);
  else if (str_eq(rest, STR("keys")) && sim_is(request, "GET") && !json_object_get(json_object_get(mine, space), "keys"))
    handle_space(sim, mine, space, request, reply);
  else if (str_find_char(rest, '/') != SIZE_MAX)
    sim_reply_tomcat(reply, 404, NULL);
  else
    handle_key(sim, mine, space, arena_cstr(request->arena, rest), request, reply);
}

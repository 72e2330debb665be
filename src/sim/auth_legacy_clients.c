/* auth_legacy_clients: /api/oAuth2Clients up to 2.41: lists as JSON arrays, the secret in clear. */
#include "sim/auth_internal.h"

static const char klass[] = "org.hisp.dhis.security.oauth2.OAuth2Client";
enum { SECRET_LENGTH = 36 };

static json_t *find_errors(const struct sim *sim, const json_t *body, const char *uid, struct arena *arena) {
  static const char *const unique[] = {"name", "cid"};
  json_t *errors = json_array();
  struct str this_one = arena_printf(arena, "%s [%s] (OAuth2Client)", json_string_value(json_object_get(body, "name")), uid);
  for (size_t i = 0; i < 2; i++) {
    const char *value = json_string_value(json_object_get(body, unique[i]));
    const json_t *holder = value ? sim_objects_find(sim->objects, "oAuth2Clients", unique[i], value) : NULL;
    if (holder)
      json_array_append_new(
          errors, sim_duplicate_report(sim, klass, unique[i], value, this_one.p, json_string_value(json_object_get(holder, "id")), arena));
  }
  struct str secret = sim_text(body, "secret");
  if (secret.p && secret.n != SECRET_LENGTH) {
    struct str message = arena_printf(arena, "Allowed length range for property `secret` is [%d to %d], but given length was %zu",
                                      SECRET_LENGTH, SECRET_LENGTH, secret.n);
    struct str length = arena_printf(arena, "%zu", secret.n);
    json_array_append_new(errors,
                          json_pack("{s:s, s:[s, s, s, s], s:s, s:s, s:s, s:s, s:[s, f, f, i]}", "message", message.p, "args", "secret",
                                    "36.0", "36.0", length.p, "mainKlass", klass, "errorCode", "E4002", "errorKlass", "java.lang.String",
                                    "errorProperty", "secret", "errorProperties", "secret", 36.0, 36.0, (int)secret.n));
  }
  return errors;
}

static json_t *whole(const struct sim *sim, const json_t *user, json_t *body, const char *uid, const struct sim_request *request) {
  char now[32], secret[SECRET_LENGTH + 1];
  sim_now_text(sim, now);
  sim_uuid(secret);
  struct str name = sim_user_full_name(request->arena, user);
  struct str href = sim_link(sim, request, arena_printf(request->arena, "/api/oAuth2Clients/%s", uid));
  json_t *given = json_object_get(body, "secret"), *redirects = json_object_get(body, "redirectUris"),
         *grants = json_object_get(body, "grantTypes");
  return json_pack("{s:O*, s:s, s:s, s:[], s:[], s:{s:O, s:O*, s:s%, s:s%, s:s}, s:{s:{}, s:{}}, s:O*, s:o, s:o, s:o, s:O*, s:{s:b, s:b, "
                   "s:b, s:b, s:b}, s:b, s:s%, s:s, s:[]}",
                   "name", json_object_get(body, "name"), "created", now, "lastUpdated", now, "translations", "favorites", "lastUpdatedBy",
                   "id", json_object_get(user, "id"), "code", json_object_get(user, "code"), "name", name.p, name.n, "displayName", name.p,
                   name.n, "username", sim_user_name(user), "sharing", "users", "userGroups", "cid", json_object_get(body, "cid"), "secret",
                   given ? json_incref(given) : json_string(secret), "redirectUris", redirects ? json_incref(redirects) : json_array(),
                   "grantTypes", grants ? json_incref(grants) : json_array(), "displayName", json_object_get(body, "name"), "access",
                   "manage", 1, "write", 1, "read", 1, "update", 1, "delete", 1, "favorite", 0, "href", href.p, href.n, "id", uid,
                   "attributeValues");
}

static void create(struct sim *sim, json_t *user, const struct sim_request *request, struct sim_reply *reply) {
  json_t *body = sim_body_json(request);
  const json_t *redirects = json_object_get(body, "redirectUris"), *grants = json_object_get(body, "grantTypes");
  char uid[12];
  sim_uid(uid);
  if (!json_is_object(body) || (redirects && !json_is_array(redirects)) || (grants && !json_is_array(grants))) {
    sim_reply_message(reply, 500, "ERROR", NULL, "Cannot construct instance of `java.util.ArrayList`");
  } else {
    json_t *errors = find_errors(sim, body, uid, request->arena);
    if (json_array_size(errors) > 0) {
      sim_reply_report(sim, reply, 409, klass, uid, errors);
    } else {
      json_decref(errors);
      sim_objects_put(sim->objects, "oAuth2Clients", whole(sim, user, body, uid, request));
      sim_reply_header(reply, "Location", sim_link(sim, request, arena_printf(request->arena, "/api/oAuth2Clients/%s", uid)));
      sim_reply_report(sim, reply, 201, klass, uid, NULL);
    }
  }
  json_decref(body);
}

static json_t *shown(const struct sim *sim, const json_t *client, struct str fields) {
  json_t *whole = sim_as_old(sim, json_deep_copy(client), true), *picked = sim_pick(whole, fields);
  json_decref(whole);
  return picked;
}

static int by_name(const void *a, const void *b) {
  const json_t *const *x = a, *const *y = b;
  return str_cmp(sim_text(*x, "name"), sim_text(*y, "name"));
}

static void list(const struct sim *sim, const struct sim_request *request, struct sim_reply *reply) {
  struct str fields = sim_param(request, "fields", 0);
  json_t *found = json_array();
  size_t n = sim_objects_count(sim->objects, "oAuth2Clients");
  const json_t **clients = ARENA_ARRAY(request->arena, n + 1, const json_t *);
  for (size_t i = 0; i < n; i++) clients[i] = sim_objects_at(sim->objects, "oAuth2Clients", i);
  if (n > 1) qsort(clients, n, sizeof *clients, by_name);
  for (size_t i = 0; i < n; i++) json_array_append_new(found, shown(sim, clients[i], fields.p ? fields : STR("id,displayName")));
  sim_reply_list(request, reply, "oAuth2Clients", found);
}

void sim_legacy_clients(struct sim *sim, json_t *user, struct str path, const struct sim_request *request, struct sim_reply *reply) {
  struct str rest = str_from(path, strlen("/api/oAuth2Clients"));
  const char *uid = arena_cstr(request->arena, str_from(rest, rest.n > 0));
  if (!sim_auth_may(sim, user, "F_OAUTH2_CLIENT_MANAGE")) {
    sim_reply_thrown(sim, reply, 403, "E1006",
                     sim_is(request, "GET") ? "You don't have the proper permissions to read objects of this type."
                                            : "You don't have the proper permissions to create this object.");
    return;
  }
  json_t *client = uid[0] ? sim_objects_get(sim->objects, "oAuth2Clients", uid) : NULL;
  if (!uid[0] && sim_is(request, "POST"))
    create(sim, user, request, reply);
  else if (!uid[0])
    list(sim, request, reply);
  else if (!client)
    sim_reply_thrown(sim, reply, 404, "E1005", arena_printf(reply->arena, "OAuth2Client with id %s could not be found.", uid).p);
  else if (sim_is(request, "DELETE")) {
    sim_objects_delete(sim->objects, "oAuth2Clients", uid);
    sim_reply_report(sim, reply, 200, klass, uid, NULL);
  } else {
    struct str fields = sim_param(request, "fields", 0);
    sim_reply_json(reply, 200, shown(sim, client, fields.p ? fields : STR("*")));
  }
}

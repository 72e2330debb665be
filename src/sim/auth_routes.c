/* auth_routes: /api/routes: calls to other servers with a stored credential. The stand-in reaches only itself: a target on its own address is answered within the process, any other
 * is "not permitted" (2.42 and later) or unreachable, so that no test sends anything out. */
#include "sim/auth_internal.h"

#include <openssl/evp.h>

static const char klass[] = "org.hisp.dhis.route.Route";

static void create(struct sim *sim, json_t *user, const struct sim_request *request, struct sim_reply *reply) {
  if (!sim_auth_may(sim, user, "F_ROUTE_PUBLIC_ADD") && !sim_auth_may(sim, user, "F_ROUTE_PRIVATE_ADD")) {
    sim_reply_thrown(sim, reply, 403, "E1006", "You don't have the proper permissions to create this object.");
    return;
  }
  json_t *body = sim_body_json(request);
  struct str url = sim_text(body, "url"), own = arena_printf(request->arena, "http://%.*s/", STR_ARG(request->host));
  if (!json_is_object(body) || (sim->release >= SIM_2_42 && !str_starts(url, own) && !str_starts(url, STR("https://")))) {
    json_decref(body);
    sim_reply_thrown(sim, reply, 409, "E1004", "Route URL is not permitted");
    return;
  }
  char uid[12], now[32];
  sim_uid(uid);
  sim_now_text(sim, now);
  json_t *person = sim_person(user);
  struct str href = sim_link(sim, request, arena_printf(request->arena, "/api/routes/%s", uid));
  json_t *route =
      json_pack("{s:O?, s:O?, s:s, s:s, s:[], s:O, s:[], s:O, s:{s:O, s:{}, s:{}, s:s}, s:b, s:s%, s:{}, s:O*, s:[], s:i, s:O?, s:{s:b, "
                "s:b, s:b, s:b, s:b}, s:b, s:O, s:s%, s:s, s:[]}",
                "code", json_object_get(body, "code"), "name", json_object_get(body, "name"), "created", now, "lastUpdated", now,
                "translations", "createdBy", person, "favorites", "lastUpdatedBy", person, "sharing", "owner", json_object_get(user, "id"),
                "users", "userGroups", "public", "--------", "disabled", json_is_true(json_object_get(body, "disabled")), "url", url.p,
                url.n, "headers", "auth", json_object_get(body, "auth"), "authorities", "responseTimeoutSeconds", 5, "displayName",
                json_object_get(body, "name"), "access", "manage", 1, "write", 1, "read", 1, "update", 1, "delete", 1, "favorite", 0,
                "user", person, "href", href.p, href.n, "id", uid, "attributeValues");
  json_decref(person);
  json_decref(body);
  json_array_append_new(sim->auth->routes, route);
  sim_reply_header(reply, "Location", href);
  sim_reply_report(sim, reply, 201, klass, uid, NULL);
}

/* What is kept secret is not shown. */
static json_t *shown(const json_t *route) {
  json_t *copy = json_deep_copy(route), *auth = json_object_get(copy, "auth");
  json_object_del(auth, "password");
  json_object_del(auth, "token");
  return copy;
}

static void add_credential(const json_t *auth, struct sim_request *request) {
  struct arena *arena = request->arena;
  struct str kind = sim_text(auth, "type"), value = STR("");
  if (str_eq(kind, STR("http-basic"))) {
    struct str clear = arena_printf(arena, "%.*s:%.*s", STR_ARG(sim_text(auth, "username")), STR_ARG(sim_text(auth, "password")));
    char *encoded = arena_alloc(arena, clear.n * 2 + 8);
    (void)EVP_EncodeBlock((unsigned char *)encoded, (const unsigned char *)clear.p, (int)clear.n);
    value = arena_printf(arena, "Basic %s", encoded);
  } else if (str_eq(kind, STR("api-token"))) {
    value = arena_printf(arena, "ApiToken %.*s", STR_ARG(sim_text(auth, "token")));
  }
  if (value.n > 0) http_headers_add(&request->headers, arena, STR("Authorization"), value);
}

static void run(struct sim *sim, const json_t *route, struct str sub, const struct sim_request *request, struct sim_reply *reply) {
  struct str url = sim_text(route, "url"), own = arena_printf(request->arena, "http://%.*s", STR_ARG(request->host));
  if (!str_starts(url, own)) {
    sim_reply_thrown(sim, reply, 502, NULL, "The target cannot be reached");
    return;
  }
  struct str path = str_from(url, own.n);
  if (str_ends(path, STR("/**"))) path = arena_printf(request->arena, "%.*s%.*s", STR_ARG(str_slice(path, 0, path.n - 3)), STR_ARG(sub));
  struct sim_request inner = {.arena = request->arena,
                              .method = request->method,
                              .target = path,
                              .path = path,
                              .query = request->query,
                              .host = request->host,
                              .peer = request->peer,
                              .body = request->body};
  static const char *const passed[] = {"Accept", "X-Requested-With", "Content-Type"};
  for (size_t i = 0; i < sizeof passed / sizeof *passed; i++) {
    struct str value = sim_header(request, passed[i]);
    if (value.p) http_headers_add(&inner.headers, request->arena, str_of(passed[i]), value);
  }
  add_credential(json_object_get(route, "auth"), &inner);
  struct sim_reply answer = {.arena = reply->arena};
  sim_handle(sim, &inner, &answer);
  struct str type;
  if (http_headers_get(&answer.headers, STR("Content-Type"), &type)) sim_reply_header(reply, "Content-Type", type);
  reply->status = answer.status;
  reply->body = answer.body;
}

void sim_route_handle(struct sim *sim, json_t *user, struct str path, const struct sim_request *request, struct sim_reply *reply) {
  struct str rest = str_from(path, strlen("/api/routes"));
  if (rest.n > 0) rest = str_from(rest, 1);
  if (rest.n == 0 && sim_is(request, "POST")) {
    create(sim, user, request, reply);
    return;
  }
  struct str key = str_take(&rest, '/');
  size_t i = 0;
  const json_t *route = NULL;
  for (; !route && i < json_array_size(sim->auth->routes); i++) {
    const json_t *candidate = json_array_get(sim->auth->routes, i);
    if (key.n > 0 && (str_eq(sim_text(candidate, "id"), key) || str_eq(sim_text(candidate, "code"), key))) route = candidate;
  }
  bool mine = route && (str_eq(sim_text(json_object_get(route, "sharing"), "owner"), sim_text(user, "id")) || sim_user_is_super(sim, user));
  if (key.n == 0) {
    json_t *list = json_array(), *entry;
    json_array_foreach(sim->auth->routes, i, entry) json_array_append_new(list, sim_pick(entry, STR("id,displayName")));
    sim_reply_json(reply, 200,
                   json_pack("{s:{s:i, s:i, s:i, s:i}, s:o}", "pager", "page", 1, "total", (int)json_array_size(list), "pageSize", 50,
                             "pageCount", 1, "routes", list));
  } else if (!route)
    sim_reply_thrown(sim, reply, 404, "E1005", arena_printf(reply->arena, "Route with id %.*s could not be found.", STR_ARG(key)).p);
  else if (rest.p && (str_eq(rest, STR("run")) || str_starts(rest, STR("run/")))) {
    if (mine)
      run(sim, route, str_from(rest, 3), request, reply);
    else
      sim_reply_thrown(sim, reply, 403, "E1006", sim->release >= SIM_2_42 ? "User not authorized to execute route" : "User not authorized");
  } else if (sim_is(request, "DELETE") && mine) {
    char *uid = arena_alloc(reply->arena, 16);
    (void)snprintf(uid, 16, "%.*s", STR_ARG(sim_text(route, "id")));
    json_array_remove(sim->auth->routes, i - 1);
    sim_reply_report(sim, reply, 200, klass, uid, NULL);
  } else
    sim_reply_json(reply, 200, shown(route));
}

/* auth_oauth_admin: /api/oAuth2Clients from 2.42 on (lists are texts with commas, settings JSON in a text), and the lists of authorizations and consents. */
#include "sim/auth_oauth.h"

static const char klass[] = "org.hisp.dhis.security.oauth2.client.Dhis2OAuth2Client";
enum { CLIENT_ID_MAX = 255, NAME_MAX_LENGTH = 230 };

static const char default_client_settings[] = "{\"@class\":\"java.util.Collections$UnmodifiableMap\",\"settings.client.require-proof-key\":"
                                              "false,\"settings.client.require-authorization-consent\":true}";
static const char default_token_settings[] =
    "{\"@class\":\"java.util.Collections$UnmodifiableMap\",\"settings.token.reuse-refresh-tokens\":true,\"settings.token.x509-certificate-"
    "bound-access-tokens\":false,"
    "\"settings.token.id-token-signature-algorithm\":[\"org.springframework.security.oauth2.jose.jws.SignatureAlgorithm\",\"RS256\"],"
    "\"settings.token.access-token-time-to-live\":[\"java.time.Duration\",300.000000000],"
    "\"settings.token.access-token-format\":{\"@class\":\"org.springframework.security.oauth2.server.authorization.settings."
    "OAuth2TokenFormat\",\"value\":\"self-contained\"},"
    "\"settings.token.refresh-token-time-to-live\":[\"java.time.Duration\",3600.000000000],"
    "\"settings.token.authorization-code-time-to-live\":[\"java.time.Duration\",300.000000000],"
    "\"settings.token.device-code-time-to-live\":[\"java.time.Duration\",300.000000000]}";
static const char *const texts[] = {"clientId",
                                    "clientSecret",
                                    "clientIdIssuedAt",
                                    "clientAuthenticationMethods",
                                    "authorizationGrantTypes",
                                    "redirectUris",
                                    "postLogoutRedirectUris",
                                    "scopes",
                                    "clientSettings",
                                    "tokenSettings"};

/* What is not text is dropped without a word: also lists written as JSON arrays. */
static void take_texts(json_t *row, const json_t *body) {
  for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
    json_t *value = json_object_get(body, texts[i]);
    if (json_is_string(value))
      json_object_set(row, texts[i], value);
    else
      json_object_del(row, texts[i]);
  }
  struct str name = sim_text(body, "name");
  json_t *shown = name.n > 0 ? json_string(name.p) : json_incref(json_object_get(body, "clientId"));
  json_object_set(row, "name", shown);
  json_object_set_new(row, "displayName", shown);
}

json_t *sim_client_row(struct sim *sim, const json_t *user, const json_t *body, const char *uid, const struct sim_request *request) {
  char now[32];
  sim_now_text(sim, now);
  json_t *person = sim_person(user);
  json_t *row = json_pack("{s:s, s:s, s:[], s:O, s:[], s:O, s:{s:{}, s:{}}, s:{s:b, s:b, s:b, s:b, s:b}, s:O, s:b, s:s, s:[]}", "created",
                          now, "lastUpdated", now, "translations", "createdBy", person, "favorites", "lastUpdatedBy", person, "sharing",
                          "users", "userGroups", "access", "manage", 1, "write", 1, "read", 1, "update", 1, "delete", 1, "user", person,
                          "favorite", 0, "id", uid, "attributeValues");
  json_decref(person);
  take_texts(row, body);
  if (request)
    json_object_set_new(row, "href", json_string(sim_link(sim, request, arena_printf(request->arena, "/api/oAuth2Clients/%s", uid)).p));
  if (sim_text(row, "clientSettings").n == 0) json_object_set_new(row, "clientSettings", json_string(default_client_settings));
  if (sim_text(row, "tokenSettings").n == 0) json_object_set_new(row, "tokenSettings", json_string(default_token_settings));
  return row;
}

void sim_auth_put_client(struct sim *sim, struct str id, struct str secret, const char *const *redirects, size_t n) {
  struct arena *arena = arena_new();
  struct str list = STR("");
  for (size_t i = 0; i < n; i++) list = arena_printf(arena, "%.*s%s%s", STR_ARG(list), i > 0 ? "," : "", redirects[i]);
  char uid[12];
  sim_uid(uid);
  const json_t *user = sim_objects_at(sim->objects, "users", 0);
  json_t *body;
  if (sim->release <= SIM_2_41) {
    json_t *addresses = json_array();
    for (size_t i = 0; i < n; i++) json_array_append_new(addresses, json_string(redirects[i]));
    body = json_pack("{s:s, s:s%, s:s%, s:s%, s:s%, s:o, s:[s, s, s]}", "id", uid, "name", id.p, id.n, "displayName", id.p, id.n, "cid",
                     id.p, id.n, "secret", secret.p, secret.n, "redirectUris", addresses, "grantTypes", "authorization_code",
                     "refresh_token", "password");
  } else {
    struct str hash = sim_client_hash(arena, secret);
    json_t *asked =
        json_pack("{s:s%, s:s%, s:s, s:s, s:s%, s:s}", "clientId", id.p, id.n, "clientSecret", hash.p, hash.n,
                  "clientAuthenticationMethods", "client_secret_basic", "authorizationGrantTypes", "authorization_code,refresh_token",
                  "redirectUris", list.p, list.n, "scopes", "openid,profile,username,email");
    body = sim_client_row(sim, user, asked, uid, NULL);
    json_decref(asked);
  }
  sim_objects_put(sim->objects, "oAuth2Clients", body);
  arena_free(arena);
}

/* Creating. */

static void refuse_property(const struct sim *sim, struct sim_reply *reply, struct str what) {
  sim_reply_thrown(sim, reply, 409, "E1004", arena_printf(reply->arena, "Missing required property `%.*s`", STR_ARG(what)).p);
}

static bool custom_scheme(struct str address) {
  return address.n > 0 && !str_starts_nocase(address, STR("http://")) && !str_starts_nocase(address, STR("https://"));
}

/* What the controller throws before the object is looked at. p NULL: nothing. */
static struct str thrown(const struct sim *sim, const json_t *body, struct arena *arena) {
  struct str grants = sim_text(body, "authorizationGrantTypes"), redirects = sim_text(body, "redirectUris"),
             allowed = sim_text(sim->auth->settings, "deviceEnrollmentRedirectAllowlist");
  if (str_eq(sim_text(body, "clientId"), STR("system-dcr-registrar-client")))
    return STR("Cannot create a client with the reserved DCR system-registrar clientId (system-dcr-registrar-client).");
  while (grants.p && grants.n > 0) {
    struct str one = str_trim(str_take(&grants, ','));
    if (!str_eq(one, STR("authorization_code")) && !str_eq(one, STR("refresh_token")))
      return arena_printf(arena, "Invalid authorization grant type: %.*s. Only authorization_code and refresh_token are allowed.",
                          STR_ARG(one));
  }
  while (redirects.p && redirects.n > 0) {
    struct str one = str_trim(str_take(&redirects, ','));
    if (custom_scheme(one) && !str_eq(one, allowed.n > 0 ? allowed : STR("dhis2oauth://oauth")))
      return arena_printf(arena, "Redirect URI not in deviceEnrollmentRedirectAllowlist: %.*s", STR_ARG(one));
  }
  return STR_NONE;
}

static json_t *length_error(const char *property, int most, struct str value, struct arena *arena) {
  struct str message = arena_printf(arena, "Maximum length of property `%s`is %d, but given length was %zu", property, most, value.n);
  struct str limit = arena_printf(arena, "%d", most), length = arena_printf(arena, "%zu", value.n);
  return json_pack("{s:s, s:[s, s, s], s:s, s:s, s:s, s:s, s:[s, i, i]}", "message", message.p, "args", property, limit.p, length.p,
                   "mainKlass", klass, "errorCode", "E4001", "errorKlass", "java.lang.String", "errorProperty", property, "errorProperties",
                   property, most, (int)value.n);
}

static json_t *find_errors(const struct sim *sim, const json_t *body, const char *uid, struct arena *arena) {
  struct str id = sim_text(body, "clientId"), name = sim_text(body, "name");
  json_t *errors = json_array();
  if (id.n == 0) {
    json_array_append_new(errors, json_pack("{s:s, s:[s], s:s, s:s, s:s, s:s, s:[s]}", "message", "Missing required property `clientId`",
                                            "args", "clientId", "mainKlass", klass, "errorCode", "E4000", "errorKlass", "java.lang.String",
                                            "errorProperty", "clientId", "errorProperties", "clientId"));
    return errors;
  }
  if (id.n > CLIENT_ID_MAX) json_array_append_new(errors, length_error("clientId", CLIENT_ID_MAX, id, arena));
  if (name.n > NAME_MAX_LENGTH) json_array_append_new(errors, length_error("name", NAME_MAX_LENGTH, name, arena));
  const json_t *holder = sim_objects_find(sim->objects, "oAuth2Clients", "clientId", id.p);
  if (holder)
    json_array_append_new(errors,
                          sim_duplicate_report(sim, klass, "clientId", id.p,
                                               arena_printf(arena, "%s [%s] (Dhis2OAuth2Client)", name.n > 0 ? name.p : id.p, uid).p,
                                               sim_text(holder, "id").p, arena));
  return errors;
}

static void create(struct sim *sim, const json_t *user, const struct sim_request *request, struct sim_reply *reply) {
  json_t *body = sim_body_json(request);
  char uid[12];
  sim_uid(uid);
  struct str problem = json_is_object(body) ? thrown(sim, body, reply->arena) : STR_NONE;
  json_t *errors = json_is_object(body) && !problem.p ? find_errors(sim, body, uid, reply->arena) : NULL;
  if (!json_is_object(body))
    sim_reply_thrown(sim, reply, 400, NULL, "JSON parse error");
  else if (problem.p)
    refuse_property(sim, reply, problem);
  else if (json_array_size(errors) > 0)
    sim_reply_report(sim, reply, 409, klass, uid, json_incref(errors));
  else {
    sim_objects_put(sim->objects, "oAuth2Clients", sim_client_row(sim, user, body, uid, request));
    sim_reply_header(reply, "Location", sim_link(sim, request, arena_printf(reply->arena, "/api/oAuth2Clients/%s", uid)));
    sim_reply_report(sim, reply, 201, klass, uid, NULL);
  }
  json_decref(errors);
  json_decref(body);
}

/* Reading and changing. */

static int by_name(const void *a, const void *b) {
  return strcasecmp(sim_text(*(json_t *const *)a, "displayName").p, sim_text(*(json_t *const *)b, "displayName").p);
}

static void list(const struct sim *sim, const struct sim_request *request, struct sim_reply *reply) {
  size_t n = sim_objects_count(sim->objects, "oAuth2Clients");
  json_t **rows = arena_alloc_array(reply->arena, n + 1, sizeof *rows), *found = json_array();
  for (size_t i = 0; i < n; i++) rows[i] = sim_objects_at(sim->objects, "oAuth2Clients", i);
  qsort(rows, n, sizeof *rows, by_name);
  struct str fields = sim_param(request, "fields", 0);
  for (size_t i = 0; i < n; i++) json_array_append_new(found, sim_pick(rows[i], fields.p ? fields : STR("displayName,id")));
  sim_reply_list(request, reply, "oAuth2Clients", found);
}

static void change(struct sim *sim, json_t *row, const struct sim_request *request, struct sim_reply *reply) {
  json_t *body = sim_body_json(request), *step;
  char now[32];
  size_t i;
  sim_now_text(sim, now);
  if (sim_is(request, "PUT")) {
    take_texts(row, body); /* what is left out is gone: the settings too */
  } else {
    json_array_foreach(body, i, step) {
      struct str path = sim_text(step, "path");
      if (path.n > 1 && json_object_get(step, "value")) json_object_set(row, path.p + 1, json_object_get(step, "value"));
    }
    json_object_set(row, "displayName", json_object_get(row, "name"));
  }
  json_object_set_new(row, "lastUpdated", json_string(now));
  json_decref(body);
  sim_reply_report(sim, reply, 200, klass, sim_text(row, "id").p, NULL);
}

static void one(struct sim *sim, const char *uid, const struct sim_request *request, struct sim_reply *reply) {
  json_t *row = sim_objects_get(sim->objects, "oAuth2Clients", uid);
  struct str fields = sim_param(request, "fields", 0);
  if (!row)
    sim_reply_thrown(sim, reply, 404, "E1005", arena_printf(reply->arena, "Dhis2OAuth2Client with id %s could not be found.", uid).p);
  else if (sim_is(request, "PUT") || sim_is(request, "PATCH"))
    change(sim, row, request, reply);
  else if (sim_is(request, "DELETE")) {
    sim_objects_delete(sim->objects, "oAuth2Clients", uid);
    sim_reply_report(sim, reply, 200, klass, uid, NULL);
  } else
    sim_reply_json(reply, 200, fields.p ? sim_pick(row, fields) : json_incref(row));
}

/* Grants and consents, for superusers. */
static void what_was_given(struct sim *sim, const char *name, bool consents, const struct sim_request *request, struct sim_reply *reply) {
  const struct sim_oauth *oauth = sim->auth->oauth;
  uint64_t size = 50, page = 1;
  (void)str_to_u64(sim_param(request, "pageSize", 0), &size);
  (void)str_to_u64(sim_param(request, "page", 0), &page);
  size_t n = consents ? json_array_size(oauth->consents) : oauth->grants.n, pages = size > 0 ? (n + size - 1) / size : 1;
  json_t *shown = json_array();
  for (size_t i = (page - 1) * size; page > 0 && i < n && i < page * size; i++) {
    const json_t *entry = consents ? json_array_get(oauth->consents, i) : NULL;
    const char *user = consents ? sim_text(entry, "user").p : oauth->grants.p[i]->user,
               *id = consents ? sim_text(entry, "id").p : oauth->grants.p[i]->id;
    json_array_append_new(shown, json_pack("{s:s, s:s}", "displayName", sim_user_name(sim_user_with(sim, user)), "id", id));
  }
  json_t *pager = json_pack("{s:I, s:I, s:I, s:I}", "page", (json_int_t)page, "total", (json_int_t)n, "pageSize", (json_int_t)size,
                            "pageCount", (json_int_t)pages);
  if (page < pages) {
    struct str next = sim_link(
        sim, request,
        arena_printf(reply->arena, "/api/%s?page=%llu&pageSize=%llu", name, (unsigned long long)page + 1, (unsigned long long)size));
    json_object_set_new(pager, "nextPage", json_string(next.p));
  }
  sim_reply_json(reply, 200, json_pack("{s:o, s:o}", "pager", pager, name, shown));
}

void sim_oauth_clients(struct sim *sim, json_t *user, struct str path, const struct sim_request *request, struct sim_reply *reply) {
  struct str rest = str_from(path, strlen("/api/")), name = str_take(&rest, '/');
  bool clients = str_eq(name, STR("oAuth2Clients")), consents = str_eq(name, STR("oAuth2AuthorizationConsents"));
  const char *authority = clients ? "F_OAUTH2_CLIENT_MANAGE" : "ALL";
  if (!clients && !consents && !str_eq(name, STR("oAuth2Authorizations")))
    sim_reply_tomcat(reply, 404, NULL);
  else if (!sim_auth_may(sim, user, authority))
    sim_reply_thrown(sim, reply, 403, NULL, arena_printf(reply->arena, "Access is denied, requires one Authority from [%s]", authority).p);
  else if (!clients)
    what_was_given(sim, consents ? "oAuth2AuthorizationConsents" : "oAuth2Authorizations", consents, request, reply);
  else if (rest.n > 0)
    one(sim, arena_cstr(request->arena, rest), request, reply);
  else if (sim_is(request, "POST"))
    create(sim, user, request, reply);
  else
    list(sim, request, reply);
}

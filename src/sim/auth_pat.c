/* auth_pat: personal access tokens: their format and checksum, their limits, /api/apiToken. */
#include "sim/auth_internal.h"

#include "base/mem.h"
#include <arpa/inet.h>
#include <zlib.h>

static const char klass[] = "org.hisp.dhis.security.apikey.ApiToken";
static const char alphanumeric[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
enum { CODE_2 = 44, CHECK_2 = 6, NUL_2 = 4, CODE_1 = 32, CHECK_1 = 10, NUL_1 = 3, PATS_MAX = 10000 };
static const int64_t cache_ms = 3600 * 1000, default_life_ms = 30LL * 24 * 3600 * 1000;

static void pat_free(struct sim_pat *pat) {
  free(pat->key);
  json_decref(pat->object);
  free(pat);
}

void sim_pats_free(struct sim_auth *auth) {
  for (size_t i = 0; i < auth->pats.n; i++) pat_free(auth->pats.p[i]);
  VEC_FREE(&auth->pats);
}

/* The checksum covers NUL bytes behind the code: the real server hands the whole backing array of its encoder to CRC-32. */
static uint32_t checksum(struct str code, unsigned nuls) {
  static const Bytef zero[8];
  uLong crc = crc32(0, (const Bytef *)code.p, (uInt)code.n);
  return (uint32_t)crc32(crc, zero, nuls);
}

static void base62(uint32_t value, char *out, size_t n) {
  for (size_t i = n; i-- > 0; value /= 62) out[i] = alphanumeric[value % 62];
}

static bool checksum_holds(struct str token) {
  char text[16];
  if (str_starts(token, STR("d2p_")) && token.n == 4 + CODE_2 + CHECK_2) {
    base62(checksum(str_slice(token, 4, 4 + CODE_2), NUL_2), text, CHECK_2);
    return str_eq(str_from(token, 4 + CODE_2), (struct str){text, CHECK_2});
  }
  if (!str_starts(token, STR("d2pat_")) || token.n != 6 + CODE_1 + CHECK_1) return false;
  (void)snprintf(text, sizeof text, "%010u", checksum(str_slice(token, 6, 6 + CODE_1), NUL_1));
  return str_eq(str_from(token, 6 + CODE_1), str_of(text));
}

/* Up to 2.40: the older format, its checksum over the code alone (which later releases do not take). */
static void new_old_key(char out[64]) {
  (void)snprintf(out, 7, "d2pat_");
  sim_random_text(out + 6, CODE_1, alphanumeric);
  (void)snprintf(out + 6 + CODE_1, CHECK_1 + 1, "%010u", checksum((struct str){out + 6, CODE_1}, 0));
}

static void new_key(char out[64]) {
  (void)snprintf(out, 5, "d2p_");
  sim_random_text(out + 4, 1, alphanumeric + 10);
  sim_random_text(out + 5, CODE_2 - 1, alphanumeric);
  base62(checksum((struct str){out + 4, CODE_2}, NUL_2), out + 4 + CODE_2, CHECK_2);
  out[4 + CODE_2 + CHECK_2] = 0;
}

/* Using one. */

static json_t *refuse(const struct sim *sim, const struct sim_request *request, struct sim_reply *reply, int status, const char *message) {
  sim_reply_header(reply, "WWW-Authenticate", STR("ApiToken"));
  bool told = sim->release != SIM_2_40; /* 2.40 fails while it writes the reason */
  bool text_wanted = sim->release >= SIM_2_41 && (sim_wants(request, "text/html") || sim_wants(request, "application/xml"));
  if (text_wanted || !told)
    sim_reply_empty(reply, status);
  else
    sim_reply_message(reply, status, "ERROR", NULL, message);
  return NULL;
}

static json_t *refuse_unknown(const struct sim *sim, const struct sim_request *request, struct sim_reply *reply) {
  return refuse(sim, request, reply, 401, sim->release <= SIM_2_37 ? "The API token does not exists." : "The API token does not exists");
}

static json_t *refuse_malformed(const struct sim *sim, const struct sim_request *request, struct sim_reply *reply) {
  if (sim->release >= SIM_2_41) return refuse(sim, request, reply, 400, "Api token is malformed");
  sim_reply_tomcat(reply, 500, "Api token is malformed"); /* with a stack trace */
  return NULL;
}

static bool listed(const json_t *list, struct str value) {
  size_t i;
  json_t *entry;
  json_array_foreach(list, i, entry) if (str_eq(str_of(json_string_value(entry)), value)) return true;
  return false;
}

static const char *limit_broken(const struct sim *sim, const struct sim_request *request, const struct sim_pat *pat) {
  if (json_integer_value(json_object_get(pat->object, "expire")) < sim_now_ms(sim))
    return "Failed to authenticate API token, token has expired.";
  struct str forwarded = sim_header(request, "X-Forwarded-For");
  struct str address = forwarded.p ? forwarded : request->peer, referrer = arena_lower(request->arena, sim_header(request, "Referer"));
  size_t i;
  json_t *rule;
  json_array_foreach(json_object_get(pat->object, "attributes"), i, rule) {
    if (json_object_get(rule, "allowedIps") && !listed(json_object_get(rule, "allowedIps"), address))
      return "Failed to authenticate API token, request ip address is not allowed.";
    if (json_object_get(rule, "allowedMethods") && !listed(json_object_get(rule, "allowedMethods"), request->method))
      return "Failed to authenticate API token, request http method is not allowed.";
    if (json_object_get(rule, "allowedReferrers") && !listed(json_object_get(rule, "allowedReferrers"), referrer))
      return "Failed to authenticate API token, request http referrer is missing or not allowed.";
  }
  return NULL;
}

static struct sim_pat *with_key(struct sim *sim, struct str token) {
  for (size_t i = 0; i < sim->auth->pats.n; i++)
    if (str_eq(str_of(sim->auth->pats.p[i]->key), token)) return sim->auth->pats.p[i];
  return NULL;
}

json_t *sim_pat_authenticate(struct sim *sim, const struct sim_request *request, struct str token, struct sim_reply *reply) {
  if (!sim_is_token(token)) return refuse_malformed(sim, request, reply);
  if (sim->release >= SIM_2_41 && !checksum_holds(token)) return refuse(sim, request, reply, 400, "Checksum validation failed");
  struct sim_pat *pat = with_key(sim, token);
  if (pat && pat->cached && sim_now_ms(sim) - pat->cached_ms > cache_ms) pat->cached = false;
  json_t *owner = pat && (!pat->gone || pat->cached) ? sim_user_with(sim, pat->owner) : NULL;
  if (!owner) return refuse_unknown(sim, request, reply);
  if (!pat->cached && !sim_account_usable(sim, owner))
    return refuse(sim, request, reply, 401, "The API token is disabled, locked or 2FA is enabled.");
  const char *broken = limit_broken(sim, request, pat);
  if (broken) return refuse(sim, request, reply, 401, broken);
  if (!pat->cached) pat->cached_ms = sim_now_ms(sim);
  pat->cached = true;
  sim_account_of(sim, owner)->failures = 0; /* a success counts as a good sign-in: it unlocks */
  return owner;
}

bool sim_auth_put_token(struct sim *sim, struct str username, struct str token) {
  struct arena *arena = arena_new();
  const char *owner = json_string_value(json_object_get(sim_user_named(sim, arena, username), "id"));
  arena_free(arena);
  if (!owner) return false;
  struct sim_pat *pat = mem_alloc(sizeof *pat);
  sim_uid(pat->uid);
  (void)snprintf(pat->owner, sizeof pat->owner, "%s", owner);
  pat->key = mem_printf("%.*s", STR_ARG(token));
  pat->object = json_pack("{s:I, s:[], s:s}", "expire", (json_int_t)(sim_now_ms(sim) + default_life_ms), "attributes", "id", pat->uid);
  VEC_PUSH(&sim->auth->pats, pat);
  return true;
}

/* /api/apiToken */

static const char *bad_entry(const json_t *list, bool addresses) {
  static const char *const methods[] = {"GET", "POST", "PUT", "PATCH", "DELETE", "HEAD"};
  size_t i;
  json_t *entry;
  json_array_foreach(list, i, entry) {
    const char *text = json_string_value(entry) ? json_string_value(entry) : "";
    unsigned char room[16];
    bool good = addresses && (inet_pton(AF_INET, text, room) == 1 || inet_pton(AF_INET6, text, room) == 1);
    for (size_t k = 0; !addresses && k < sizeof methods / sizeof *methods; k++) good = good || str_eq(str_of(text), str_of(methods[k]));
    if (!good) return text;
  }
  return NULL;
}

static bool attributes_valid(const struct sim *sim, const json_t *attributes, struct sim_reply *reply) {
  size_t i;
  json_t *rule;
  json_array_foreach(attributes, i, rule) {
    struct str type = sim_text(rule, "type");
    if (type.p && !str_eq(type, STR("IpAllowedList")) && !str_eq(type, STR("MethodAllowedList")) &&
        !str_eq(type, STR("RefererAllowedList"))) {
      struct str message =
          arena_printf(reply->arena, "Could not resolve type id '%.*s' as a subtype of `org.hisp.dhis.security.apikey.ApiTokenAttribute`",
                       STR_ARG(type));
      sim_reply_thrown(sim, reply, sim->release >= SIM_2_42 ? 409 : 500, NULL, message.p);
      return false;
    }
    const char *address = bad_entry(json_object_get(rule, "allowedIps"), true),
               *method = bad_entry(json_object_get(rule, "allowedMethods"), false);
    if (!address && !method) continue;
    struct str what =
        arena_printf(reply->arena, "Not a valid %s, value=%s", address ? "ip address" : "http method", address ? address : method);
    if (sim->release <= SIM_2_40)
      sim_reply_thrown(sim, reply, 400, NULL, what.p);
    else
      sim_reply_thrown(sim, reply, 409, "E1004",
                       arena_printf(reply->arena, "Failed to validate the token's attributes, message: %s", what.p).p);
    return false;
  }
  return true;
}

static struct sim_pat *with_code(struct sim *sim, struct str code) {
  for (size_t i = 0; i < sim->auth->pats.n; i++)
    if (str_eq(sim_text(sim->auth->pats.p[i]->object, "code"), code)) return sim->auth->pats.p[i];
  return NULL;
}

static void reply_duplicate(const struct sim *sim, struct sim_reply *reply, const char *code, const char *holder) {
  char uid[12];
  sim_uid(uid);
  struct str this_one = arena_printf(reply->arena, "[%s] (ApiToken)", uid);
  json_t *report = sim_duplicate_report(sim, klass, "code", code, this_one.p, holder, reply->arena);
  sim_reply_report(sim, reply, 409, klass, uid, json_pack("[o]", report));
}

static struct sim_pat *make(struct sim *sim, const json_t *user, const json_t *body, const struct sim_request *request) {
  struct sim_pat *pat = mem_alloc(sizeof *pat);
  char key[64], now[32];
  bool old = sim->release <= SIM_2_40;
  if (old)
    new_old_key(key);
  else
    new_key(key);
  sim_now_text(sim, now);
  sim_uid(pat->uid);
  (void)snprintf(pat->owner, sizeof pat->owner, "%s", json_string_value(json_object_get(user, "id")));
  pat->key = mem_printf("%s", key);
  json_t *expire = json_object_get(body, "expire"), *attributes = json_object_get(body, "attributes"),
         *code = json_object_get(body, "code");
  struct str href = sim_link(sim, request, arena_printf(request->arena, "/api/apiToken/%s", pat->uid));
  pat->object = json_pack(
      "{s:s, s:s, s:[], s:o, s:[], s:o, s:{s:s, s:{}, s:{}, s:s}, s:i, s:s, s:I, s:o, s:{s:b, s:b, s:b, s:b, s:b}, s:b, s:o, s:s%, s:s, "
      "s:[]}",
      "created", now, "lastUpdated", now, "translations", "createdBy", sim_person(user), "favorites", "lastUpdatedBy", sim_person(user),
      "sharing", "owner", pat->owner, "users", "userGroups", "public", "--------", "version", old ? 1 : 2, "type",
      old ? "PERSONAL_ACCESS_TOKEN" : "PERSONAL_ACCESS_TOKEN_V2", "expire",
      json_is_integer(expire) ? json_integer_value(expire) : (json_int_t)(sim_now_ms(sim) + default_life_ms), "attributes",
      json_is_array(attributes) ? json_deep_copy(attributes) : json_array(), "access", "manage", 1, "write", 1, "read", 1, "update", 1,
      "delete", 1, "favorite", 0, "user", sim_person(user), "href", href.p, href.n, "id", pat->uid, "attributeValues");
  if (json_is_string(code)) json_object_set(pat->object, "code", code);
  VEC_PUSH(&sim->auth->pats, pat);
  return pat;
}

static void create(struct sim *sim, json_t *user, const struct sim_request *request, struct sim_reply *reply) {
  bool is_new = sim->release >= SIM_2_42;
  struct str type = sim_header(request, "Content-Type");
  if (!str_has(type, STR("json")) && sim->release <= SIM_2_40) {
    sim_reply_thrown(sim, reply, 415, NULL, arena_printf(reply->arena, "Content type '%.*s' not supported", STR_ARG(type)).p);
    return;
  }
  if (!str_has(type, STR("json"))) {
    struct str message = arena_printf(reply->arena, "Content-Type '%.*s' is not supported", STR_ARG(type));
    sim_reply_thrown(sim, reply, is_new ? 415 : 405, NULL,
                     is_new ? message.p : "Request method 'Method type is not supported' not supported");
    return;
  }
  json_t *body = sim_body_json(request);
  if (!json_is_object(body)) {
    sim_reply_thrown(
        sim, reply, is_new ? 409 : 500, NULL,
        "No content to map due to end-of-input\n at [Source: REDACTED (`StreamReadFeature.INCLUDE_SOURCE_IN_LOCATION` disabled); line: 1]");
  } else if (attributes_valid(sim, json_object_get(body, "attributes"), reply)) {
    struct str code = sim_text(body, "code");
    const struct sim_pat *holder = code.n > 0 ? with_code(sim, code) : NULL;
    if (holder) {
      reply_duplicate(sim, reply, code.p, holder->uid);
    } else if (sim->auth->pats.n < PATS_MAX) {
      const struct sim_pat *pat = make(sim, user, body, request);
      sim_reply_header(reply, "Location", sim_link(sim, request, arena_printf(request->arena, "/api/apiToken/%s", pat->uid)));
      json_t *response = json_pack("{s:s, s:s, s:s, s:s, s:[]}", "responseType", is_new ? "ObjectReport" : "ApiTokenCreationResponse",
                                   "key", pat->key, "uid", pat->uid, "klass", klass, "errorReports");
      sim_reply_json(
          reply, 201,
          json_pack("{s:s, s:i, s:s, s:o}", "httpStatus", "Created", "httpStatusCode", 201, "status", "OK", "response", response));
    } else {
      sim_reply_thrown(sim, reply, 409, NULL, "Too many tokens");
    }
  }
  json_decref(body);
}

static bool sees(const struct sim *sim, const json_t *user, const struct sim_pat *pat) {
  return !pat->gone && (str_eq(sim_text(user, "id"), str_of(pat->owner)) || sim_user_is_super(sim, user));
}

json_t *sim_pat_list_of(struct sim *sim, const json_t *user) {
  json_t *list = json_array();
  for (size_t i = 0; i < sim->auth->pats.n; i++)
    if (str_eq(sim_text(user, "id"), str_of(sim->auth->pats.p[i]->owner)) && !sim->auth->pats.p[i]->gone)
      json_array_append_new(list, json_pack("{s:s}", "id", sim->auth->pats.p[i]->uid));
  return list;
}

/* As it is shown: up to 2.40 with more members. */
static json_t *shown(const struct sim *sim, const json_t *user, const struct sim_pat *pat, struct str fields) {
  json_t *whole = sim_as_old(sim, json_deep_copy(pat->object), sim_user_is_super(sim, user));
  if (!fields.p) return whole;
  json_t *picked = sim_pick(whole, fields);
  json_decref(whole);
  return picked;
}

static void list(struct sim *sim, const json_t *user, const struct sim_request *request, struct sim_reply *reply) {
  struct str fields = sim_param(request, "fields", 0);
  json_t *found = json_array();
  for (size_t i = 0; i < sim->auth->pats.n; i++)
    if (sees(sim, user, sim->auth->pats.p[i]))
      json_array_append_new(found, shown(sim, user, sim->auth->pats.p[i], fields.p ? fields : STR("id")));
  sim_reply_list(request, reply, "apiToken", found);
}

static void patch(struct sim *sim, struct sim_pat *pat, const struct sim_request *request, struct sim_reply *reply) {
  json_t *body = sim_body_json(request), *step;
  size_t i;
  json_array_foreach(body, i, step) {
    struct str path = sim_text(step, "path");
    if (str_eq(path, STR("/expire")) || str_eq(path, STR("/attributes")))
      json_object_set(pat->object, path.p + 1, json_object_get(step, "value"));
  }
  json_decref(body);
  sim_reply_report(sim, reply, 200, klass, pat->uid, NULL);
}

static void put(struct sim *sim, struct sim_pat *pat, const struct sim_request *request, struct sim_reply *reply) {
  static const struct {
    const char *name, *errors_class;
  } wanted[] = {{"type", "org.hisp.dhis.security.apikey.ApiTokenType"}, {"version", "java.lang.Integer"}};
  json_t *body = sim_body_json(request), *errors = json_array();
  for (size_t i = 0; i < 2; i++) {
    if (json_object_get(body, wanted[i].name)) continue;
    struct str message = arena_printf(reply->arena, "Missing required property `%s`", wanted[i].name);
    json_array_append_new(errors, json_pack("{s:s, s:[s], s:s, s:s, s:s, s:s, s:[s]}", "message", message.p, "args", wanted[i].name,
                                            "mainKlass", klass, "errorCode", "E4000", "errorKlass", wanted[i].errors_class, "errorProperty",
                                            wanted[i].name, "errorProperties", wanted[i].name));
  }
  bool good = json_array_size(errors) == 0;
  if (good && json_object_get(body, "expire")) json_object_set(pat->object, "expire", json_object_get(body, "expire"));
  if (good && json_object_get(body, "attributes")) json_object_set(pat->object, "attributes", json_object_get(body, "attributes"));
  json_decref(body);
  sim_reply_report(sim, reply, good ? 200 : 409, klass, pat->uid, errors);
}

static void one(struct sim *sim, const json_t *user, struct str uid, const struct sim_request *request, struct sim_reply *reply) {
  struct sim_auth *auth = sim->auth;
  size_t i = 0;
  while (i < auth->pats.n && !(str_eq(str_of(auth->pats.p[i]->uid), uid) && sees(sim, user, auth->pats.p[i]))) i++;
  if (i == auth->pats.n) {
    sim_reply_thrown(sim, reply, 404, "E1005", arena_printf(reply->arena, "ApiToken with id %.*s could not be found.", STR_ARG(uid)).p);
    return;
  }
  struct sim_pat *pat = auth->pats.p[i];
  if (sim_is(request, "GET"))
    sim_reply_json(reply, 200, shown(sim, user, pat, sim_param(request, "fields", 0)));
  else if (sim_is(request, "PATCH"))
    patch(sim, pat, request, reply);
  else if (sim_is(request, "PUT"))
    put(sim, pat, request, reply);
  else if (sim_is(request, "DELETE")) {
    sim_reply_report(sim, reply, 200, klass, pat->uid, NULL);
    if (sim->release <= SIM_2_40 && pat->cached) {
      pat->gone = true;
    } else {
      pat_free(pat);
      auth->pats.p[i] = auth->pats.p[--auth->pats.n];
    }
  } else
    sim_reply_thrown(sim, reply, 405, NULL, "Request method is not supported");
}

void sim_pat_handle(struct sim *sim, json_t *user, struct str path, const struct sim_request *request, struct sim_reply *reply) {
  size_t slash = str_find_char(str_from(path, strlen("/api/")), '/');
  if (slash != SIZE_MAX)
    one(sim, user, str_from(path, strlen("/api/") + slash + 1), request, reply);
  else if (sim_is(request, "POST"))
    create(sim, user, request, reply);
  else
    list(sim, user, request, reply);
}

/* auth_reply: small things that the auth_*.c files share. */
#include "sim/auth_internal.h"

#include "base/clock.h"
#include "base/mem.h"
#include <ctype.h>
#include <openssl/rand.h>

bool sim_is_xhr(const struct sim_request *request) {
  return str_eq(sim_header(request, "X-Requested-With"), STR("XMLHttpRequest"));
}

json_t *sim_body_json(const struct sim_request *request) {
  return request->body.n > 0 ? json_loadb(request->body.p, request->body.n, JSON_DECODE_ANY, NULL) : NULL;
}

struct str sim_text(const json_t *object, const char *key) {
  const char *text = json_string_value(json_object_get(object, key));
  return text ? str_of(text) : STR_NONE;
}

void sim_reply_thrown(const struct sim *sim, struct sim_reply *reply, int status, const char *error_code, const char *message) {
  if (sim->release >= SIM_2_42) http_headers_set(&reply->headers, reply->arena, STR("Content-Type"), STR("application/json"));
  sim_reply_message(reply, status, "ERROR", sim->release <= SIM_2_37 ? NULL : error_code, message);
}

void sim_reply_list(const struct sim_request *request, struct sim_reply *reply, const char *name, json_t *found) {
  json_t *body = json_object();
  if (!str_eq(sim_param(request, "paging", 0), STR("false")))
    json_object_set_new(body, "pager",
                        json_pack("{s:i, s:i, s:i, s:i}", "page", 1, "total", (int)json_array_size(found), "pageSize", 50, "pageCount", 1));
  json_object_set_new(body, name, found);
  sim_reply_json(reply, 200, body);
}

void sim_reply_redirect(struct sim_reply *reply, int status, struct str location) {
  sim_reply_empty(reply, status);
  sim_reply_header(reply, "Location", location);
}

json_t *sim_as_old(const struct sim *sim, json_t *object, bool externalize) {
  if (sim->release > SIM_2_40) return object;
  json_object_update_new(object, json_pack("{s:b, s:[], s:[]}", "externalAccess", 0, "userGroupAccesses", "userAccesses"));
  if (json_object_get(object, "access")) json_object_set_new(json_object_get(object, "access"), "externalize", json_boolean(externalize));
  json_t *sharing = json_object_get(object, "sharing");
  if (!sharing) json_object_set_new(object, "sharing", sharing = json_pack("{s:{}, s:{}}", "users", "userGroups"));
  json_object_set_new(sharing, "external", json_false());
  if (json_object_get(sharing, "public")) json_object_set(object, "publicAccess", json_object_get(sharing, "public"));
  if (sim->release > SIM_2_37) return object;
  json_object_del(sharing, "users");
  json_object_del(sharing, "userGroups");
  static const char *const people[] = {"createdBy", "lastUpdatedBy", "user"};
  for (size_t i = 0; i < sizeof people / sizeof *people; i++) {
    json_t *person = json_object_get(object, people[i]);
    if (json_is_null(json_object_get(person, "code"))) json_object_del(person, "code");
  }
  return object;
}

json_t *sim_duplicate_report(const struct sim *sim, const char *klass, const char *property, const char *value, const char *this_one,
                             const char *holder, struct arena *arena) {
  const char *blank = sim->release <= SIM_2_37 ? "\u00a0" : " "; /* no-break spaces slipped into the old text */
  struct str message = arena_printf(arena, "Property `%s`%swith value `%s` on object %s%salready exists on object %s", property, blank,
                                    value, this_one, blank, holder);
  json_t *arguments = json_pack("[s, s, s, s]", property, value, this_one, holder);
  json_t *report = json_pack("{s:s, s:O, s:s, s:s, s:s, s:s, s:O}", "message", message.p, "args", arguments, "mainKlass", klass,
                             "errorCode", "E5003", "mainId", holder, "errorProperty", property, "errorProperties", arguments);
  json_decref(arguments);
  return report;
}

json_t *sim_person(const json_t *user) {
  struct arena *arena = arena_new();
  struct str name = sim_user_full_name(arena, user);
  json_t *code = json_object_get(user, "code");
  json_t *object =
      json_pack("{s:s, s:O, s:s%, s:s%, s:s}", "id", json_string_value(json_object_get(user, "id")), "code", code ? code : json_null(),
                "name", name.p, name.n, "displayName", name.p, name.n, "username", sim_user_name(user));
  arena_free(arena);
  return object;
}

void sim_now_text(const struct sim *sim, char out[32]) {
  char text[CLOCK_TEXT_SIZE];
  int64_t now = sim_now_ms(sim);
  (void)clock_format(now - now % 1000, text);
  (void)snprintf(out, 32, "%.19s.%03d", text, (int)(now % 1000));
}

void sim_random_text(char *out, size_t n, const char *letters) {
  size_t count = strlen(letters);
  for (size_t i = 0; i < n; i++) {
    unsigned char byte;
    do {
      if (RAND_bytes(&byte, 1) != 1) mem_exhausted(0);
    } while (byte >= 256 - 256 % count);
    out[i] = letters[byte % count];
  }
  out[n] = 0;
}

void sim_uuid(char out[SIM_UUID_LENGTH + 1]) {
  unsigned char b[16];
  if (RAND_bytes(b, sizeof b) != 1) mem_exhausted(0);
  b[6] = (unsigned char)((b[6] & 0x0f) | 0x40);
  b[8] = (unsigned char)((b[8] & 0x3f) | 0x80);
  (void)snprintf(out, SIM_UUID_LENGTH + 1, "%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x", b[0], b[1], b[2], b[3],
                 b[4], b[5], b[6], b[7], b[8], b[9], b[10], b[11], b[12], b[13], b[14], b[15]);
}

bool sim_is_token(struct str text) {
  size_t n = 0;
  while (n < text.n && (isalnum((unsigned char)text.p[n]) || strchr("-._~+/", text.p[n]))) n++;
  if (n == 0) return false;
  while (n < text.n && text.p[n] == '=') n++;
  return n == text.n;
}

/* Takes one entry of a fields list, with what stands in its brackets. */
static struct str take_field(struct str *rest, struct str *ret_inner) {
  size_t depth = 0, i = 0, open = SIZE_MAX, close = 0;
  for (; i < rest->n; i++) {
    char c = rest->p[i];
    if (c == '[' && depth++ == 0)
      open = i;
    else if (c == ']' && depth > 0 && --depth == 0)
      close = i;
    else if (c == ',' && depth == 0)
      break;
  }
  struct str entry = str_slice(*rest, 0, i);
  *rest = i < rest->n ? str_from(*rest, i + 1) : STR_NONE;
  *ret_inner = open == SIZE_MAX ? STR_NONE : str_slice(entry, open + 1, close);
  return str_trim(open == SIZE_MAX ? entry : str_slice(entry, 0, open));
}

static json_t *pick_inner(const json_t *value, struct str inner) {
  if (json_is_array(value)) {
    json_t *list = json_array();
    for (size_t i = 0; i < json_array_size(value); i++) json_array_append_new(list, sim_pick(json_array_get(value, i), inner));
    return list;
  }
  return json_is_object(value) ? sim_pick(value, inner) : json_deep_copy(value);
}

json_t *sim_pick(const json_t *object, struct str fields) {
  json_t *picked = json_object();
  struct str rest = fields;
  while (rest.p) {
    struct str inner, name = take_field(&rest, &inner);
    char key[128];
    (void)snprintf(key, sizeof key, "%.*s", STR_ARG(name));
    if (str_eq(name, STR("*")) || str_starts(name, STR(":")))
      json_object_update_missing(picked, (json_t *)(uintptr_t)object);
    else if (name.n > 0 && name.p[0] == '!')
      json_object_del(picked, key + 1);
    else if (json_object_get(object, key))
      json_object_set_new(picked, key,
                          inner.p ? pick_inner(json_object_get(object, key), inner) : json_deep_copy(json_object_get(object, key)));
  }
  return picked;
}

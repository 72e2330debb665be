/* As stand.c, for the data side. */
#include "base/mem.h"
#include "sim/data.h"
#include <openssl/rand.h>

#define WEAK __attribute__((weak))

struct sim_objects {
  json_t *classes;
};
WEAK struct sim_objects *sim_objects_new(void) {
  struct sim_objects *o = mem_alloc(sizeof *o);
  o->classes = json_object();
  return o;
}
WEAK void sim_objects_free(struct sim_objects *o) {
  json_decref(o->classes);
  free(o);
}
WEAK json_t *sim_objects_get(const struct sim_objects *o, const char *c, const char *uid) { return json_object_get(json_object_get(o->classes, c), uid); }
WEAK json_t *sim_objects_find(const struct sim_objects *o, const char *c, const char *property, const char *value) {
  const char *k;
  json_t *x;
  json_object_foreach(json_object_get(o->classes, c), k, x) if (str_eq(str_of(json_string_value(json_object_get(x, property))), str_of(value))) return x;
  return NULL;
}
WEAK size_t sim_objects_count(const struct sim_objects *o, const char *c) { return json_object_size(json_object_get(o->classes, c)); }
WEAK json_t *sim_objects_at(const struct sim_objects *o, const char *c, size_t index) {
  const char *k;
  json_t *x;
  json_object_foreach(json_object_get(o->classes, c), k, x) if (index-- == 0) return x;
  return NULL;
}
WEAK void sim_objects_put(struct sim_objects *o, const char *c, json_t *object) {
  if (!json_object_get(o->classes, c)) json_object_set_new(o->classes, c, json_object());
  json_object_set_new(json_object_get(o->classes, c), json_string_value(json_object_get(object, "id")), object);
}
WEAK bool sim_objects_delete(struct sim_objects *o, const char *c, const char *uid) { return json_object_del(json_object_get(o->classes, c), uid) == 0; }
WEAK void sim_uid(char out[12]) {
  static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
  unsigned char r[11];
  RAND_bytes(r, 11);
  for (int i = 0; i < 11; i++) out[i] = letters[r[i] % (i ? 62 : 52)];
  out[11] = 0;
}
WEAK int sim_objects_load(struct sim_objects *o, const char *file, struct error *error) { return error_set(error, ERROR_input, "no"); }
WEAK struct sim_data *sim_data_new(struct sim *sim) { return NULL; }
WEAK void sim_data_free(struct sim_data *d) {}
/* Users and roles only. */
WEAK void sim_data_handle(struct sim *sim, json_t *user, const struct sim_request *q, struct sim_reply *r) {
  bool users = str_starts(q->path, STR("/api/users")), roles = str_starts(q->path, STR("/api/userRoles"));
  if (!users && !roles) {
    sim_reply_message(r, 404, "ERROR", NULL, "not here yet");
    return;
  }
  const char *c = users ? "users" : "userRoles";
  json_t *body = q->body.n ? json_loadb(q->body.p, q->body.n, 0, NULL) : NULL;
  struct str rest = str_from(q->path, strlen("/api/") + strlen(c));
  if (sim_is(q, "POST") && rest.n == 0) {
    char uid[12];
    sim_uid(uid);
    if (!json_object_get(body, "id")) json_object_set_new(body, "id", json_string(uid));
    const char *id = json_string_value(json_object_get(body, "id"));
    sim_reply_header(r, "Location", arena_printf(q->arena, "http://%.*s/api/%s/%s", STR_ARG(q->host), c, id));
    sim_reply_json(r, 201, json_pack("{s:s,s:i,s:s,s:{s:s,s:s,s:s,s:[]}}", "httpStatus", "Created", "httpStatusCode", 201, "status", "OK", "response", "responseType", "ObjectReport", "uid", id,
                                     "klass", users ? "org.hisp.dhis.user.User" : "org.hisp.dhis.user.UserRole", "errorReports"));
    sim_objects_put(sim->objects, c, body);
    return;
  }
  json_t *object = sim_objects_get(sim->objects, c, arena_cstr(q->arena, str_from(rest, 1)));
  if (body && object && json_is_array(body)) {
    size_t i;
    json_t *op;
    json_array_foreach(body, i, op) json_object_set(object, json_string_value(json_object_get(op, "path")) + 1, json_object_get(op, "value"));
  }
  json_decref(body);
  if (object) sim_reply_json(r, 200, json_incref(object));
  else sim_reply_message(r, 404, "ERROR", NULL, "not here yet");
}

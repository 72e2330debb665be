#include "sim/objects.h"

#include "base/map.h"
#include "base/mem.h"
#include "base/vec.h"
#include "sim/relations.h"
#include <openssl/rand.h>

struct class_objects {
  char *name;
  VEC(json_t *) list;
  struct map by_uid; /* keys lie in the objects' own "id" */
  uint64_t changes;
};

struct sim_objects {
  VEC(struct class_objects *) classes;
  struct sim_relations *relations;
};

struct sim_objects *sim_objects_new(void) {
  struct sim_objects *objects = mem_alloc(sizeof *objects);
  objects->relations = sim_relations_new();
  return objects;
}

void sim_objects_free(struct sim_objects *objects) {
  if (!objects) return;
  for (size_t i = 0; i < objects->classes.n; i++) {
    struct class_objects *class = objects->classes.p[i];
    for (size_t k = 0; k < class->list.n; k++) json_decref(class->list.p[k]);
    VEC_FREE(&class->list);
    map_free(&class->by_uid);
    free(class->name);
    free(class);
  }
  VEC_FREE(&objects->classes);
  sim_relations_free(objects->relations);
  free(objects);
}

static struct class_objects *class_of(const struct sim_objects *objects, const char *name) {
  for (size_t i = 0; i < objects->classes.n; i++)
    if (strcmp(objects->classes.p[i]->name, name) == 0) return objects->classes.p[i];
  return NULL;
}

static const char *uid_of(const json_t *object) {
  const char *uid = json_string_value(json_object_get(object, "id"));
  return uid ? uid : "";
}

json_t *sim_objects_get(const struct sim_objects *objects, const char *class_name, const char *uid) {
  struct class_objects *class = uid ? class_of(objects, class_name) : NULL;
  return class ? map_get(&class->by_uid, str_of(uid)) : NULL;
}

json_t *sim_objects_find(const struct sim_objects *objects, const char *class_name, const char *property, const char *value) {
  struct class_objects *class = class_of(objects, class_name);
  for (size_t i = 0; class && i < class->list.n; i++) {
    const char *text = json_string_value(json_object_get(class->list.p[i], property));
    if (text && strcmp(text, value) == 0) return class->list.p[i];
  }
  return NULL;
}

size_t sim_objects_count(const struct sim_objects *objects, const char *class_name) {
  struct class_objects *class = class_of(objects, class_name);
  return class ? class->list.n : 0;
}

json_t *sim_objects_at(const struct sim_objects *objects, const char *class_name, size_t index) {
  struct class_objects *class = class_of(objects, class_name);
  return class && index < class->list.n ? class->list.p[index] : NULL;
}

static void unlist(struct class_objects *class, const json_t *object) {
  for (size_t i = 0; i < class->list.n; i++) {
    if (class->list.p[i] != object) continue;
    memmove(class->list.p + i, class->list.p + i + 1, (class->list.n - i - 1) * sizeof *class->list.p);
    class->list.n--;
    return;
  }
}

void sim_objects_put(struct sim_objects *objects, const char *class_name, json_t *object) {
  struct class_objects *class = class_of(objects, class_name);
  if (!class) {
    class = mem_alloc(sizeof *class);
    class->name = mem_printf("%s", class_name);
    VEC_PUSH(&objects->classes, class);
  }
  class->changes++;
  json_t *old = map_delete(&class->by_uid, str_of(uid_of(object)));
  if (old) {
    size_t at = 0;
    while (class->list.p[at] != old) at++;
    class->list.p[at] = object;
  } else
    VEC_PUSH(&class->list, object);
  map_put(&class->by_uid, str_of(uid_of(object)), object);
  if (old) json_decref(old);
}

bool sim_objects_delete(struct sim_objects *objects, const char *class_name, const char *uid) {
  struct class_objects *class = class_of(objects, class_name);
  json_t *old = class ? map_delete(&class->by_uid, str_of(uid)) : NULL;
  if (!old) return false;
  class->changes++;
  unlist(class, old);
  json_decref(old);
  return true;
}

uint64_t sim_objects_class_changes(const struct sim_objects *objects, const char *class_name) {
  struct class_objects *class = class_of(objects, class_name);
  return class ? class->changes : 0;
}

struct sim_relations *sim_objects_relations(const struct sim_objects *objects) {
  return objects->relations;
}

static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

void sim_uid(char out[12]) {
  unsigned char random[11];
  if (RAND_bytes(random, sizeof random) != 1) mem_exhausted(sizeof random);
  for (size_t i = 0; i < 11; i++) out[i] = letters[random[i] % (i ? 62 : 52)];
  out[11] = '\0';
}

bool sim_is_uid(struct str text) {
  if (text.n != 11) return false;
  for (size_t i = 0; i < 11; i++) {
    const char *at = memchr(letters, text.p[i], 62);
    if (!at || (i == 0 && at - letters >= 52)) return false;
  }
  return true;
}

enum { LEVELS_MAX = 32, STEP = 12 };

json_t *sim_unit_path(const struct sim_objects *objects, const json_t *unit) {
  const char *line[LEVELS_MAX];
  size_t n = 0, at = 0;
  char path[LEVELS_MAX * STEP + 1] = "";
  for (const json_t *above = unit; above && n < LEVELS_MAX; n++) {
    const char *parent = json_string_value(json_object_get(json_object_get(above, "parent"), "id"));
    line[n] = json_string_value(json_object_get(above, "id"));
    above = parent ? sim_objects_get(objects, "organisationUnits", parent) : NULL;
  }
  while (n-- > 0) at += (size_t)snprintf(path + at, sizeof path - at, "/%.11s", line[n] ? line[n] : "");
  return json_string(path);
}

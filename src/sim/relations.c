#include "sim/relations.h"

#include "base/arena.h"
#include "base/map.h"
#include "base/mem.h"
#include "base/vec.h"

struct bundle {
  VEC(json_t *) list, parts;
};

struct relation {
  char *class_name, *property;
  uint64_t changes; /* of the class when this was worked out */
  bool built;
  struct map by_uid; /* of bundles; keys lie in the arena */
  struct arena *arena;
};

struct sim_relations {
  VEC(struct relation *) all;
};

struct sim_relations *sim_relations_new(void) {
  return mem_alloc(sizeof(struct sim_relations));
}

static void empty(struct relation *relation) {
  for (struct map_entry *e = map_first(&relation->by_uid); e; e = map_next(&relation->by_uid, e)) {
    struct bundle *bundle = e->value;
    VEC_FREE(&bundle->list);
    VEC_FREE(&bundle->parts);
    free(bundle);
  }
  map_free(&relation->by_uid);
  relation->by_uid = (struct map){0};
  arena_free(relation->arena);
  relation->arena = NULL;
}

void sim_relations_free(struct sim_relations *relations) {
  if (!relations) return;
  for (size_t i = 0; i < relations->all.n; i++) {
    struct relation *relation = relations->all.p[i];
    empty(relation);
    free(relation->class_name);
    free(relation->property);
    free(relation);
  }
  VEC_FREE(&relations->all);
  free(relations);
}

static void note(struct relation *relation, const json_t *reference, json_t *object, json_t *part) {
  const char *uid = json_string_value(json_object_get(reference, "id"));
  if (!uid) return;
  struct bundle *bundle = map_get(&relation->by_uid, str_of(uid));
  if (!bundle) {
    bundle = mem_alloc(sizeof *bundle);
    (void)map_put(&relation->by_uid, arena_str(relation->arena, str_of(uid)), bundle);
  }
  if (bundle->list.n && bundle->list.p[bundle->list.n - 1] == object) return;
  VEC_PUSH(&bundle->list, object);
  VEC_PUSH(&bundle->parts, part);
}

static void build(struct relation *relation, const struct sim_objects *objects) {
  char outer[64];
  const char *dot = strchr(relation->property, '.'), *inner = dot ? dot + 1 : NULL;
  (void)snprintf(outer, sizeof outer, "%.*s", dot ? (int)(dot - relation->property) : 63, relation->property);
  empty(relation);
  relation->arena = arena_new();
  for (size_t i = 0; i < sim_objects_count(objects, relation->class_name); i++) {
    json_t *object = sim_objects_at(objects, relation->class_name, i), *value = json_object_get(object, outer);
    if (json_is_object(value)) note(relation, value, object, value);
    for (size_t k = 0; k < json_array_size(value); k++) {
      json_t *part = json_array_get(value, k);
      note(relation, inner ? json_object_get(part, inner) : part, object, part);
    }
  }
  relation->changes = sim_objects_class_changes(objects, relation->class_name);
  relation->built = true;
}

static struct relation *relation_of(struct sim_relations *relations, const char *class_name, const char *property) {
  for (size_t i = 0; i < relations->all.n; i++)
    if (strcmp(relations->all.p[i]->property, property) == 0 && strcmp(relations->all.p[i]->class_name, class_name) == 0)
      return relations->all.p[i];
  struct relation *relation = mem_alloc(sizeof *relation);
  relation->class_name = mem_printf("%s", class_name);
  relation->property = mem_printf("%s", property);
  VEC_PUSH(&relations->all, relation);
  return relation;
}

struct sim_list sim_related(const struct sim_objects *objects, const char *class_name, const char *property, const char *uid) {
  struct relation *relation = relation_of(sim_objects_relations(objects), class_name, property);
  if (!relation->built || relation->changes != sim_objects_class_changes(objects, class_name)) build(relation, objects);
  struct bundle *bundle = uid ? map_get(&relation->by_uid, str_of(uid)) : NULL;
  return bundle ? (struct sim_list){bundle->list.p, bundle->parts.p, bundle->list.n} : (struct sim_list){0};
}

/* data_fields: what of an object is shown: DHIS2's fields=a,b[c],:owner,!d,e~rename(f). */
#include "sim/data_internal.h"
#include "sim/relations.h"

enum { DEPTH_MAX = 32 };

/* --- reading --- */

struct reader {
  struct arena *arena;
  struct str rest;
};

static void free_field_list(void *payload) {
  struct data_fields *fields = payload;
  for (size_t i = 0; i < fields->list.n; i++) VEC_FREE(&fields->list.p[i].transformers);
  VEC_FREE(&fields->list);
}

static bool at(const struct reader *r, char c) {
  return r->rest.n > 0 && r->rest.p[0] == c;
}

static bool at_transformer(const struct reader *r) {
  return at(r, '~') || at(r, '|') || str_starts(r->rest, STR("::"));
}

static void skip(struct reader *r, size_t n) {
  r->rest = str_from(r->rest, n);
}

static struct str word(struct reader *r) {
  size_t n = 0;
  while (n < r->rest.n && !strchr(",[]()~|", r->rest.p[n]) && !(n > 0 && r->rest.p[n] == ':')) n++;
  struct str found = str_trim(str_slice(r->rest, 0, n));
  skip(r, n);
  return found;
}

static bool takes_argument(struct str transformer) {
  return str_eq(transformer, STR("rename")) || str_eq(transformer, STR("pluck")) || str_eq(transformer, STR("keyBy"));
}

static struct data_transformer read_transformer(struct reader *r) {
  skip(r, at(r, ':') ? 2 : 1);
  struct data_transformer t = {.name = word(r)};
  if (takes_argument(t.name) && (at(r, '(') || at(r, '['))) {
    skip(r, 1);
    t.argument = word(r);
    if (at(r, ')') || at(r, ']')) skip(r, 1);
  }
  return t;
}

static struct data_fields *read_fields(struct reader *r, size_t depth) {
  struct data_fields *fields = ARENA_NEW(r->arena, struct data_fields);
  arena_on_free(r->arena, free_field_list, fields);
  while (r->rest.n > 0) {
    if (at(r, ',')) {
      skip(r, 1);
      continue;
    }
    if (at(r, ']') || at(r, ')')) {
      skip(r, 1);
      if (depth > 0) return fields;
      continue;
    }
    struct data_field field = {.exclude = at(r, '!')};
    if (field.exclude) skip(r, 1);
    field.name = word(r);
    while (at_transformer(r)) VEC_PUSH(&field.transformers, read_transformer(r));
    if (at(r, '[') || at(r, '(')) {
      skip(r, 1);
      field.inner = read_fields(r, depth + 1);
    }
    if (field.name.n > 0 && depth < DEPTH_MAX)
      VEC_PUSH(&fields->list, field);
    else
      VEC_FREE(&field.transformers);
  }
  return fields;
}

struct data_fields *data_fields_parse(struct arena *arena, struct str text) {
  struct reader r = {.arena = arena, .rest = text};
  return read_fields(&r, 0);
}

static struct str field_path(struct arena *arena, const struct data_field *field) {
  struct str transformers = STR("");
  for (size_t i = 0; i < field->transformers.n; i++) {
    struct data_transformer t = field->transformers.p[i];
    transformers = arena_printf(arena, "%.*s%sFieldPathTransformer(name=%.*s, parameters=[%.*s])", STR_ARG(transformers), i ? ", " : "",
                                STR_ARG(t.name), STR_ARG(t.argument));
  }
  return arena_printf(arena, "FieldPath(name=%.*s, path=[], exclude=%s, preset=false, transformers=[%.*s], fullPath=%.*s)",
                      STR_ARG(field->name), field->exclude ? "true" : "false", STR_ARG(transformers), STR_ARG(field->name));
}

struct str data_fields_clash(struct arena *arena, const struct data_fields *fields) {
  for (size_t i = 0; i < fields->list.n; i++)
    for (size_t k = i + 1; k < fields->list.n; k++) {
      const struct data_field *a = &fields->list.p[i], *b = &fields->list.p[k];
      if (!str_eq(a->name, b->name) || !a->transformers.n || !b->transformers.n) continue;
      struct str first = field_path(arena, a), second = field_path(arena, b);
      return arena_printf(arena, "Duplicate key %.*s (attempted merging values %.*s and %.*s)", STR_ARG(a->name), STR_ARG(first),
                          STR_ARG(second));
    }
  return STR_NONE;
}

/* --- showing --- */

static json_t *show_value(const struct data_call *call, const struct sim_class *class, json_t *value, const struct data_fields *inner);

static const struct sim_class *class_named(const struct data_call *call, const char *plural) {
  return sim_class_of(call->sim->data->schema, str_of(plural));
}

/* Users are shown with their names wherever they are referred to. */
static json_t *user_reference(const struct data_call *call, const json_t *reference) {
  const json_t *user = sim_objects_get(call->sim->objects, "users", data_uid(reference));
  if (!user) return json_pack("{s:s}", "id", data_uid(reference));
  json_t *name = json_sprintf("%s %s", data_text(user, "firstName"), data_text(user, "surname"));
  return json_pack("{s:s, s:O?, s:O, s:o, s:O?}", "id", data_uid(user), "code", json_object_get(user, "code"), "name", name, "displayName",
                   name, "username", json_object_get(user, "username"));
}

/* A part of an object (an element of a data set, a translation), or a reference to what does not exist: its members as they are. */
static json_t *show_part(const struct data_call *call, json_t *part, const struct data_fields *inner) {
  json_t *shown = json_object(), *value;
  const char *key;
  json_object_foreach(part, key, value) {
    const struct sim_class *class = sim_class_of_member(call->sim->data->schema, str_of(key));
    bool all = !inner;
    const struct data_field *named = NULL;
    for (size_t i = 0; inner && i < inner->list.n; i++) {
      const struct data_field *field = &inner->list.p[i];
      if (str_eq(field->name, str_of(key))) named = field->exclude ? NULL : field;
      if (str_eq(field->name, STR("*")) || str_starts(field->name, STR(":"))) all = true;
    }
    if (!all && !named) continue;
    bool refers = class && (json_is_array(value) || json_object_get(value, "id"));
    json_t *copy = refers                                           ? show_value(call, class, value, named ? named->inner : NULL)
                   : strcmp(key, "period") == 0                     ? json_incref(value) /* always all of it */
                   : named && named->inner && json_is_object(value) ? show_part(call, value, named->inner)
                                                                    : json_incref(value);
    if (copy) json_object_set_new(shown, key, copy);
  }
  return shown;
}

static json_t *show_reference(const struct data_call *call, const struct sim_class *class, json_t *reference,
                              const struct data_fields *inner) {
  json_t *whole = sim_objects_get(call->sim->objects, class->plural, data_uid(reference));
  if (call->without_defaults && whole && data_has_default_name(whole)) return NULL;
  if (!inner && strcmp(class->plural, "users") == 0) return user_reference(call, reference);
  if (!inner) return whole ? json_pack("{s:O*}", "id", json_object_get(reference, "id")) : json_copy(reference);
  return whole ? data_show(call, class, whole, inner) : show_part(call, reference, inner);
}

/* References (class given), parts or plain values. */
static json_t *show_value(const struct data_call *call, const struct sim_class *class, json_t *value, const struct data_fields *inner) {
  if (json_is_array(value)) {
    json_t *list = json_array();
    for (size_t i = 0; i < json_array_size(value); i++) {
      json_t *one = show_value(call, class, json_array_get(value, i), inner);
      if (one) json_array_append_new(list, one);
    }
    return list;
  }
  if (!json_is_object(value)) return json_incref(value);
  return class ? show_reference(call, class, value, inner) : show_part(call, value, inner);
}

static size_t size_of(const json_t *value) {
  return json_is_array(value)    ? json_array_size(value)
         : json_is_object(value) ? json_object_size(value)
         : json_is_string(value) ? json_string_length(value)
                                 : (size_t)json_integer_value(value);
}

static json_t *pluck(const json_t *list, struct arena *arena, struct str member) {
  json_t *plucked = json_array();
  for (size_t i = 0; i < json_array_size(list); i++) {
    json_t *value = json_object_get(json_array_get(list, i), arena_cstr(arena, member.p ? member : STR("id")));
    if (value) json_array_append(plucked, value);
  }
  return plucked;
}

static json_t *keyed(const json_t *list, struct arena *arena, struct str member) {
  json_t *groups = json_object();
  for (size_t i = 0; i < json_array_size(list); i++) {
    const char *key = json_string_value(json_object_get(json_array_get(list, i), arena_cstr(arena, member.p ? member : STR("id"))));
    if (!key) continue;
    if (!json_object_get(groups, key)) json_object_set_new(groups, key, json_array());
    json_array_append(json_object_get(groups, key), json_array_get(list, i));
  }
  return groups;
}

/* Takes the value; *name may change. */
static json_t *transform(const struct data_call *call, const struct data_field *field, json_t *value, const char **name) {
  for (size_t i = 0; i < field->transformers.n; i++) {
    struct data_transformer t = field->transformers.p[i];
    json_t *next = NULL;
    if (str_eq(t.name, STR("rename")) && t.argument.n)
      *name = arena_cstr(call->arena, t.argument);
    else if (str_eq(t.name, STR("size")))
      next = json_integer((json_int_t)size_of(value));
    else if (str_eq(t.name, STR("isEmpty")))
      next = json_boolean(size_of(value) == 0);
    else if (str_eq(t.name, STR("isNotEmpty")))
      next = json_boolean(size_of(value) > 0);
    else if (str_eq(t.name, STR("pluck")) && json_is_array(value))
      next = pluck(value, call->arena, t.argument);
    else if (str_eq(t.name, STR("keyBy")) && json_is_array(value))
      next = keyed(value, call->arena, t.argument);
    if (!next) continue;
    json_decref(value);
    value = next;
  }
  return value;
}

/* Plucking needs the member it plucks, not the ids that a list without brackets shows. */
static const struct data_fields *inner_of(const struct data_call *call, const struct data_field *field) {
  if (field->inner) return field->inner;
  for (size_t i = 0; i < field->transformers.n; i++)
    if (field->transformers.p[i].argument.n && !str_eq(field->transformers.p[i].name, STR("rename")))
      return data_fields_parse(call->arena, field->transformers.p[i].argument);
  return NULL;
}

static void set(json_t *shown, const char *name, json_t *value) {
  json_t *old = json_object_get(shown, name);
  if (json_is_object(old) && json_is_object(value))
    json_object_update_missing(old, value);
  else
    json_object_set(shown, name, value);
  json_decref(value);
}

static void show_property(const struct data_call *call, const struct sim_class *class, const json_t *object,
                          const struct sim_property *property, const struct data_field *field, json_t *shown) {
  const struct sim_class *other = property->class_name ? class_named(call, property->class_name) : NULL;
  const char *name = property->name;
  json_t *value = data_property(call, class, object, property);
  if (!value) return;
  const struct data_fields *inner = field ? inner_of(call, field) : NULL;
  json_t *out = json_is_object(value) || json_is_array(value) ? show_value(call, other, value, inner) : json_incref(value);
  json_decref(value);
  if (out && field) out = transform(call, field, out, &name);
  if (out) set(shown, name, out);
}

static bool in_preset(struct str preset, const struct sim_property *property) {
  static const char *const identifiable[] = {"id", "name", "code", "created", "lastUpdated", "lastUpdatedBy"};
  if (str_eq(preset, STR("*")) || str_eq(preset, STR(":all"))) return true;
  if (str_eq(preset, STR(":owner")) || str_eq(preset, STR(":persisted"))) return property->owner;
  if (str_eq(preset, STR(":simple"))) return property->simple;
  bool nameable = str_eq(preset, STR(":nameable"));
  if (nameable && (strcmp(property->name, "shortName") == 0 || strcmp(property->name, "description") == 0)) return true;
  for (size_t i = 0; (nameable || str_eq(preset, STR(":identifiable"))) && i < sizeof identifiable / sizeof *identifiable; i++)
    if (strcmp(property->name, identifiable[i]) == 0) return true;
  return false;
}

json_t *data_show(const struct data_call *call, const struct sim_class *class, const json_t *object, const struct data_fields *fields) {
  json_t *shown = json_object();
  for (size_t i = 0; i < fields->list.n; i++) {
    const struct data_field *field = &fields->list.p[i];
    if (field->exclude) continue;
    bool preset = str_eq(field->name, STR("*")) || str_starts(field->name, STR(":"));
    for (size_t k = 0; preset && k < class->property_count; k++)
      if (in_preset(field->name, &class->properties[k])) show_property(call, class, object, &class->properties[k], NULL, shown);
    const struct sim_property *property = preset ? NULL : sim_property_of(class, field->name);
    if (property) show_property(call, class, object, property, field, shown);
  }
  for (size_t i = 0; i < fields->list.n; i++)
    if (fields->list.p[i].exclude) json_object_del(shown, arena_cstr(call->arena, fields->list.p[i].name));
  return shown;
}

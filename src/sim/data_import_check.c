/* data_import_check: what DHIS2 finds wrong with objects before it stores them, with its codes and words. */
#include "sim/data_import.h"
#include "sim/relations.h"

enum { CATEGORY_OPTIONS_MAX = 50, OPTION_IDS_MAX = 16 };

struct check {
  struct metadata_import *import;
  struct import_class *entry;
  struct import_object *object;
};

/* What an error report may say; NULL where it does not. */
struct finding {
  const char *code, *main_id, *property, *klass;
  struct str message;
  json_t *properties; /* taken */
  json_t *args;       /* taken; NULL: the same as texts */
};

static json_t *as_text(const json_t *value) {
  if (json_is_integer(value)) return json_sprintf("%lld", (long long)json_integer_value(value));
  if (json_is_real(value)) return json_sprintf("%.1f", json_real_value(value));
  if (json_is_string(value)) return json_incref((json_t *)(uintptr_t)value);
  json_t *list = json_string("["), *entry;
  size_t i;
  json_array_foreach(value, i, entry) {
    json_t *part = as_text(entry), *longer = json_sprintf("%s%s%s", json_string_value(list), i ? ", " : "", json_string_value(part));
    json_decref(list);
    json_decref(part);
    list = longer;
  }
  json_t *closed = json_sprintf("%s]", json_string_value(list));
  json_decref(list);
  return closed;
}

static void find(struct check *c, struct finding f) {
  if (!f.args) {
    f.args = json_array();
    for (size_t i = 0; i < json_array_size(f.properties); i++) json_array_append_new(f.args, as_text(json_array_get(f.properties, i)));
  }
  json_t *report = json_pack("{s:s%, s:o, s:s, s:s, s:o}", "message", f.message.p, f.message.n, "args", f.args, "mainKlass",
                             c->entry->class->java, "errorCode", f.code, "errorProperties", f.properties);
  if (f.main_id) json_object_set_new(report, "mainId", json_string(f.main_id));
  if (f.property) json_object_set_new(report, "errorProperty", json_string(f.property));
  if (f.klass) json_object_set_new(report, "errorKlass", json_string(f.klass));
  if (!c->object->errors) c->object->errors = json_array();
  json_array_append_new(c->object->errors, report);
  c->import->has_errors = true;
}

static struct arena *arena_of(const struct check *c) {
  return c->import->call->arena;
}

/* "live-data w element 2 [LvdDe000091] (DataElement)" */
static const char *label(const struct check *c) {
  const char *name = data_text(c->object->payload, "name");
  if (!*name) name = data_text(c->object->payload, "username");
  return arena_printf(arena_of(c), "%s [%s] (%s)", name, c->object->uid, c->entry->class->title).p;
}

/* --- who may --- */

static void check_access(struct check *c) {
  struct data_call *call = c->import->call;
  struct arena *a = arena_of(c);
  if (data_may_write(call, c->entry->class, c->object->existing)) return;
  const char *user =
      arena_printf(a, "%s %s [%s] (User)", data_text(call->user, "firstName"), data_text(call->user, "surname"), data_uid(call->user)).p;
  bool deletes = c->import->strategy == IMPORT_DELETE;
  if (!c->object->existing) {
    find(c,
         (struct finding){.code = "E3000",
                          .message = arena_printf(a, "User `%s` is not allowed to create objects of type %s", user, c->entry->class->title),
                          .properties = json_pack("[s, s]", user, c->entry->class->title)});
    return;
  }
  find(c, (struct finding){.code = deletes ? "E3002" : "E3001",
                           .message =
                               arena_printf(a, "User `%s` is not allowed to %s object `%s`", user, deletes ? "delete" : "update", label(c)),
                           .properties = json_pack("[s, s]", user, label(c))});
}

/* --- ids --- */

static void check_id(struct check *c) {
  struct arena *a = arena_of(c);
  const char *uid = c->object->uid, *title = c->entry->class->title;
  if (sim_is_uid(str_of(uid))) return;
  if (strlen(uid) != 11)
    find(c, (struct finding){
                .code = "E4002",
                .klass = "java.lang.String",
                .property = "id",
                .properties = json_pack("[s, f, f, i]", "id", 11.0, 11.0, (int)strlen(uid)),
                .message = arena_printf(a, "Allowed length range for property `id` is [11 to 11], but given length was %zu", strlen(uid))});
  find(c, (struct finding){.code = "E4014",
                           .message = arena_printf(a, "Invalid UID `%s` for property `%s`", uid, title),
                           .properties = json_pack("[s, s]", uid, title)});
  c->entry->more_ignored++;
}

/* False: a second one with the same id. */
static bool check_twice(struct check *c) {
  const char *uid = c->object->uid, *java = c->entry->class->java;
  if (map_get(&c->entry->by_uid, str_of(uid)) == c->object) return true;
  c->object->dropped = true;
  find(c, (struct finding){.code = "E5004",
                           .main_id = uid,
                           .property = "id",
                           .properties = json_pack("[s, s]", uid, java),
                           .args = json_pack("[s, o]", uid, json_sprintf("class %s", java)),
                           .message = arena_printf(
                               arena_of(c),
                               "Id `%s` for type `class %s` exists on more than 1 object in the payload, removing all but the first found",
                               uid, java)});
  return false;
}

/* False: the strategy does not want it. */
static bool check_strategy(struct check *c) {
  struct arena *a = arena_of(c);
  const char *by = c->import->by_code ? "CODE" : "UID", *mode = c->import->call->sim->release >= SIM_2_42 ? "strategy" : "mode";
  if (c->import->strategy == IMPORT_CREATE && c->object->existing) {
    find(c, (struct finding){.code = "E5000",
                             .main_id = c->object->uid,
                             .properties = json_pack("[s, s]", by, label(c)),
                             .message = arena_printf(
                                 a, "Found matching object for reference, but import %s is CREATE. Identifier was %s, and object was %s.",
                                 mode, by, label(c))});
    return false;
  }
  if (c->import->strategy == IMPORT_UPDATE && !c->object->existing) {
    find(c, (struct finding){.code = "E5001",
                             .main_id = c->object->uid,
                             .property = "id",
                             .properties = json_pack("[s, s]", by, label(c)),
                             .message =
                                 arena_printf(a, "No matching object for reference. Identifier was %s, and object was %s.", by, label(c))});
    return false;
  }
  return true;
}

/* --- properties --- */

static const char *klass_of(const struct check *c, const struct sim_property *property) {
  static const char *const enums[][2] = {{"aggregationType", "org.hisp.dhis.analytics.AggregationType"},
                                         {"domainType", "org.hisp.dhis.dataelement.DataElementDomain"},
                                         {"valueType", "org.hisp.dhis.common.ValueType"},
                                         {"dataDimensionType", "org.hisp.dhis.common.DataDimensionType"},
                                         {"periodType", "org.hisp.dhis.period.PeriodType"},
                                         {"openingDate", "java.util.Date"},
                                         {"level", "int"},
                                         {"factor", "int"},
                                         {"orgUnitLevel", "int"}};
  for (size_t i = 0; i < sizeof enums / sizeof *enums; i++)
    if (strcmp(property->name, enums[i][0]) == 0) return enums[i][1];
  const struct sim_class *class =
      property->class_name ? sim_class_of(c->import->call->sim->data->schema, str_of(property->class_name)) : NULL;
  return class ? class->java : "java.lang.String";
}

static void missing(struct check *c, const struct sim_property *property) {
  find(c, (struct finding){.code = "E4000",
                           .klass = klass_of(c, property),
                           .property = property->name,
                           .properties = json_pack("[s]", property->name),
                           .message = arena_printf(arena_of(c), "Missing required property `%s`", property->name)});
}

static void check_required(struct check *c) {
  static const char *const first[] = {"aggregationType", "domainType", "valueType"}; /* the order of DHIS2's reports */
  const struct sim_class *class = c->entry->class;
  bool is_user = strcmp(class->plural, "users") == 0;
  for (size_t pass = 0; pass < 2; pass++)
    for (size_t i = 0; i < class->property_count; i++) {
      const struct sim_property *property = &class->properties[i];
      bool early = false;
      for (size_t k = 0; k < sizeof first / sizeof *first; k++) early = early || strcmp(property->name, first[k]) == 0;
      const json_t *value = json_object_get(c->object->payload, property->name);
      if (property->required && early == (pass == 0) && (!value || json_is_null(value)) &&
          !(is_user && strcmp(property->name, "name") == 0))
        missing(c, property);
    }
}

static size_t characters(const char *text) {
  size_t n = 0;
  for (; *text; text++) n += ((unsigned char)*text & 0xc0) != 0x80;
  return n;
}

static void check_lengths(struct check *c) {
  static const struct {
    const char *name;
    int most;
  } limits[] = {{"name", 230}, {"shortName", 50}, {"code", 50}};
  struct arena *a = arena_of(c);
  for (size_t i = 0; i < sizeof limits / sizeof *limits; i++) {
    size_t n = characters(data_text(c->object->payload, limits[i].name));
    if (n <= (size_t)limits[i].most) continue;
    find(c, (struct finding){.code = "E4001",
                             .klass = "java.lang.String",
                             .property = limits[i].name,
                             .properties = json_pack("[s, i, i]", limits[i].name, limits[i].most, (int)n),
                             .message = arena_printf(a, "Maximum length of property `%s`is %d, but given length was %zu", limits[i].name,
                                                     limits[i].most, n)});
  }
  const json_t *description = json_object_get(c->object->payload, "description");
  size_t n = characters(data_text(c->object->payload, "description"));
  if (strcmp(c->entry->class->plural, "userRoles") == 0 && description && n < 2)
    find(c, (struct finding){
                .code = "E4002",
                .klass = "java.lang.String",
                .property = "description",
                .properties = json_pack("[s, f, f, i]", "description", 2.0, 255.0, (int)n),
                .message = arena_printf(a, "Allowed length range for property `description` is [2 to 255], but given length was %zu", n)});
}

/* --- uniqueness --- */

/* Texts of one property: of what is stored, and of what came before in this payload. */
struct taken {
  struct map stored, sent; /* to uids */
};

static void note_stored(const struct data_call *call, const struct sim_class *class, const char *property, struct taken *taken) {
  for (size_t i = 0; i < sim_objects_count(call->sim->objects, class->plural); i++) {
    const json_t *object = sim_objects_at(call->sim->objects, class->plural, i);
    const char *text = data_text(object, property);
    if (*text && !map_get(&taken->stored, str_of(text))) (void)map_put(&taken->stored, str_of(text), (void *)(uintptr_t)data_uid(object));
  }
}

static void check_unique(struct check *c, const char *property, struct taken *taken) {
  const char *text = data_text(c->object->payload, property), *uid = c->object->uid;
  if (!*text || c->object->dropped) return;
  const char *other = map_get(&taken->stored, str_of(text));
  if (!other || strcmp(other, uid) == 0) other = map_get(&taken->sent, str_of(text));
  if (!map_get(&taken->sent, str_of(text))) (void)map_put(&taken->sent, str_of(text), (void *)(uintptr_t)uid);
  if (!other || strcmp(other, uid) == 0) return;
  find(c, (struct finding){.code = "E5003",
                           .main_id = other,
                           .property = property,
                           .properties = json_pack("[s, s, s, s]", property, text, label(c), other),
                           .message = arena_printf(arena_of(c), "Property `%s` with value `%s` on object %s already exists on object %s",
                                                   property, text, label(c), other)});
}

static void check_all_unique(struct metadata_import *import, struct import_class *entry) {
  const char *const properties[] = {entry->class->has_code ? "code" : NULL, entry->class->unique_name ? "name" : NULL,
                                    entry->class->has_short_name ? "shortName" : NULL,
                                    strcmp(entry->class->plural, "users") == 0 ? "username" : NULL};
  struct taken taken[4] = {0};
  for (size_t i = 0; i < 4; i++)
    if (properties[i]) note_stored(import->call, entry->class, properties[i], &taken[i]);
  for (size_t k = 0; k < entry->count; k++) {
    struct check c = {import, entry, &entry->objects[k]};
    for (size_t i = 0; i < 4; i++)
      if (properties[i]) check_unique(&c, properties[i], &taken[i]);
  }
  for (size_t i = 0; i < 4; i++) {
    map_free(&taken[i].stored);
    map_free(&taken[i].sent);
  }
}

/* --- references --- */

static struct import_class *entry_of(const struct metadata_import *import, const char *plural) {
  for (size_t i = 0; i < import->class_count; i++)
    if (strcmp(import->classes[i].class->plural, plural) == 0) return &import->classes[i];
  return NULL;
}

static const json_t *object_named(const struct metadata_import *import, const char *plural, const char *uid) {
  const struct import_class *entry = entry_of(import, plural);
  const struct import_object *sent = entry ? map_get(&entry->by_uid, str_of(uid)) : NULL;
  return sent ? sent->payload : sim_objects_get(import->call->sim->objects, plural, uid);
}

static void check_reference(struct check *c, const char *plural, const char *name, const json_t *reference) {
  const char *uid = data_uid(reference);
  if (!*uid || object_named(c->import, plural, uid)) return;
  const struct sim_class *class = sim_class_of(c->import->call->sim->data->schema, str_of(plural));
  const char *what = arena_printf(arena_of(c), "[%s] (%s)", uid, class ? class->title : plural).p;
  find(c, (struct finding){.code = "E5002",
                           .main_id = c->object->uid,
                           .property = name,
                           .properties = json_pack("[s, s, s]", what, label(c), name),
                           .message =
                               arena_printf(arena_of(c), "Invalid reference %s on object %s for association `%s`", what, label(c), name)});
  c->entry->more_ignored++;
}

static void check_references(struct check *c) {
  const struct sim_class *class = c->entry->class;
  for (size_t i = 0; i < class->property_count; i++) {
    const struct sim_property *property = &class->properties[i];
    json_t *value = json_object_get(c->object->payload, property->name), *entry;
    size_t k;
    if (!property->owner || !property->class_name || property->inverse) continue;
    if (strcmp(property->class_name, "legendSets") == 0 || strcmp(property->name, "createdBy") == 0 ||
        strcmp(property->name, "lastUpdatedBy") == 0)
      continue;
    if (json_is_object(value)) check_reference(c, property->class_name, property->name, value);
    json_array_foreach(value, k, entry) check_reference(c, property->class_name, property->name, entry);
  }
}

/* --- categories (2.43) --- */

static void check_category(struct check *c) {
  size_t n = json_array_size(json_object_get(c->object->payload, "categoryOptions"));
  const char *id = c->object->uid;
  if (n <= CATEGORY_OPTIONS_MAX) return;
  find(c, (struct finding){.code = "E1127",
                           .properties = json_pack("[s, i, i]", id, CATEGORY_OPTIONS_MAX, (int)n),
                           .message = arena_printf(arena_of(c), "Category `%s` cannot have more than %d options, but had: %zu ", id,
                                                   CATEGORY_OPTIONS_MAX, n)});
}

/* How many option combos the combo must have. */
static size_t expected_of(const struct metadata_import *import, const json_t *combo) {
  size_t n = 1;
  json_t *reference;
  size_t i;
  json_array_foreach(json_object_get(combo, "categories"), i, reference) n *=
      json_array_size(json_object_get(object_named(import, "categories", data_uid(reference)), "categoryOptions"));
  return n;
}

static int by_text(const void *x, const void *y) {
  return strcmp(*(const char *const *)x, *(const char *const *)y);
}

/* The ids of its options, sorted, as one text. */
static struct str option_key(struct arena *arena, const json_t *option_combo) {
  const json_t *options = json_object_get(option_combo, "categoryOptions");
  const char *ids[OPTION_IDS_MAX];
  size_t n = json_array_size(options) < OPTION_IDS_MAX ? json_array_size(options) : OPTION_IDS_MAX;
  struct str key = STR("");
  for (size_t i = 0; i < n; i++) ids[i] = data_uid(json_array_get(options, i));
  qsort(ids, n, sizeof *ids, by_text);
  for (size_t i = 0; i < n; i++) key = arena_printf(arena, "%.*s%s%s", STR_ARG(key), i ? ", " : "", ids[i]);
  return arena_printf(arena, "[%.*s]", STR_ARG(key));
}

static json_t *listed(struct str key) {
  json_t *list = json_array();
  struct str rest = str_slice(key, 1, key.n - 1);
  while (rest.p) {
    struct str id = str_trim(str_take(&rest, ','));
    json_array_append_new(list, json_stringn(id.p, id.n));
  }
  return list;
}

static bool choice_fits(const struct metadata_import *import, const json_t *combo, const json_t *option_combo) {
  json_t *category, *option;
  size_t i, k;
  if (json_array_size(json_object_get(option_combo, "categoryOptions")) != json_array_size(json_object_get(combo, "categories")))
    return false;
  json_array_foreach(json_object_get(combo, "categories"), i, category) {
    const json_t *options = json_object_get(object_named(import, "categories", data_uid(category)), "categoryOptions");
    bool found = false;
    for (size_t n = 0; n < json_array_size(options) && !found; n++)
      json_array_foreach(json_object_get(option_combo, "categoryOptions"), k, option) found =
          found || strcmp(data_uid(option), data_uid(json_array_get(options, n))) == 0;
    if (!found) return false;
  }
  return true;
}

/* The stored choice that none of the sent ones is. */
static struct str choice_left(struct check *c, const char *combo, struct import_object **sent, size_t count) {
  struct arena *a = arena_of(c);
  struct sim_list stored = sim_related(c->import->call->sim->objects, "categoryOptionCombos", "categoryCombo", combo);
  for (size_t i = 0; i < stored.n; i++) {
    bool found = false;
    for (size_t k = 0; k < count && !found; k++) found = str_eq(option_key(a, stored.p[i]), option_key(a, sent[k]->payload));
    if (!found) return option_key(a, stored.p[i]);
  }
  return STR("[]");
}

static void check_choices(struct check *c, const char *combo_uid, struct import_object **sent, size_t count) {
  struct arena *a = arena_of(c);
  const json_t *combo = object_named(c->import, "categoryCombos", combo_uid);
  size_t expected = expected_of(c->import, combo);
  if (!combo || c->import->single) return;
  for (size_t i = 0; i < count; i++) {
    c->object = sent[i];
    if (count != expected) {
      find(c, (struct finding){.code = "E1130",
                               .properties = json_pack("[i, i, s]", (int)count, (int)expected, combo_uid),
                               .message = arena_printf(
                                   a, "Importing %zu CategoryOptionCombos does not match the expected amount of %zu for CategoryCombo %s",
                                   count, expected, combo_uid)});
    } else if (!choice_fits(c->import, combo, sent[i]->payload)) {
      struct str key = option_key(a, sent[i]->payload), left = choice_left(c, combo_uid, sent, count);
      find(c,
           (struct finding){.code = "E1131",
                            .properties = json_pack("[o, s, [o]]", listed(key), combo_uid, listed(left)),
                            .message = arena_printf(a,
                                                    "Unexpected CategoryOptionCombo provided with CategoryOptions: %.*s for CategoryCombo: "
                                                    "%s. Missing expected CategoryOptionCombos with CategoryOption sets: [%.*s]",
                                                    STR_ARG(key), combo_uid, STR_ARG(left))});
    }
  }
}

struct sent_combo {
  struct import_object **objects;
  size_t count;
};

/* All option combos of a combo must come together. */
static void check_option_combos(struct metadata_import *import, struct import_class *entry) {
  struct map combos = {0};
  struct arena *a = import->call->arena;
  for (size_t i = 0; i < entry->count; i++) {
    struct str uid = str_of(data_uid(json_object_get(entry->objects[i].payload, "categoryCombo")));
    struct sent_combo *sent = map_get(&combos, uid);
    if (!sent) {
      sent = ARENA_NEW(a, struct sent_combo);
      sent->objects = ARENA_ARRAY(a, entry->count - i, struct import_object *);
      (void)map_put(&combos, uid, sent);
    }
    sent->objects[sent->count++] = &entry->objects[i];
  }
  for (struct map_entry *e = map_first(&combos); e; e = map_next(&combos, e)) {
    struct sent_combo *sent = e->value;
    struct check c = {import, entry, NULL};
    if (e->key.n) check_choices(&c, arena_cstr(a, e->key), sent->objects, sent->count);
  }
  map_free(&combos);
}

/* --- all --- */

static void check_object(struct check *c) {
  if (!check_twice(c)) return;
  if (c->import->strategy == IMPORT_DELETE) {
    if (c->object->existing) check_access(c);
    return;
  }
  if (!check_strategy(c)) return;
  check_access(c);
  if (c->object->errors) return;
  check_required(c);
  check_lengths(c);
  check_id(c);
  if (!c->object->errors) check_references(c);
  if (strcmp(c->entry->class->plural, "categories") == 0 && c->import->call->sim->release >= SIM_2_43) check_category(c);
}

void metadata_import_check(struct metadata_import *import) {
  for (size_t i = 0; i < import->class_count; i++) {
    struct import_class *entry = &import->classes[i];
    for (size_t k = 0; k < entry->count; k++) check_object(&(struct check){import, entry, &entry->objects[k]});
    if (import->strategy == IMPORT_DELETE) continue;
    bool refused = import->strategy != IMPORT_CREATE_AND_UPDATE && import->has_errors;
    if (!refused) check_all_unique(import, entry);
    if (strcmp(entry->class->plural, "categoryOptionCombos") == 0 && import->call->sim->release >= SIM_2_43)
      check_option_combos(import, entry);
  }
}

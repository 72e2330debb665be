/* objects_load: a metadata export becomes a server that can be used. */
#include "sim/objects.h"
#include "sim/relations.h"

#include "base/arena.h"
#include "base/mem.h"
#include "base/vec.h"

enum { FACILITIES = 50, DISTRICTS = 5, SHORT_NAME_MAX = 50, OPTION_COMBOS_MAX = 10000, CATEGORIES_MAX = 16 };

static const char *text_of(const json_t *object, const char *key) {
  const char *text = json_string_value(json_object_get(object, key));
  return text ? text : "";
}

static json_t *reference(const char *uid) {
  return json_pack("{s:s}", "id", uid);
}

/* Default objects. */

static const struct {
  const char *class_name, *uid;
} defaults[] = {{"categoryOptions", "xYerKDKCefk"},
                {"categories", "GLevLNI9wkl"},
                {"categoryCombos", "bjDvmb4bfuf"},
                {"categoryOptionCombos", "HllvX50cXC0"}};

const char *sim_default_uid(const struct sim_objects *objects, const char *class_name) {
  for (size_t i = 0; i < sizeof defaults / sizeof *defaults; i++) /* the usual ids without a search */
    if (strcmp(defaults[i].class_name, class_name) == 0 && sim_objects_get(objects, class_name, defaults[i].uid)) return defaults[i].uid;
  return text_of(sim_objects_find(objects, class_name, "name", "default"), "id");
}

static json_t *system_sharing(void) {
  return json_pack("{s:s, s:s, s:{}, s:{}}", "owner", "XXXXXSystem", "public", "rwrw----", "users", "userGroups");
}

void sim_objects_put_defaults(struct sim_objects *objects) {
  const char *uids[4];
  bool made[4] = {false};
  for (size_t i = 0; i < 4; i++) {
    uids[i] = sim_default_uid(objects, defaults[i].class_name);
    if (*uids[i]) continue;
    made[i] = true;
    uids[i] = defaults[i].uid;
    sim_objects_put(objects, defaults[i].class_name, json_pack("{s:s, s:s, s:s}", "id", uids[i], "name", "default", "code", "default"));
  }
  json_t *option = sim_objects_get(objects, "categoryOptions", uids[0]), *category = sim_objects_get(objects, "categories", uids[1]);
  json_t *combo = sim_objects_get(objects, "categoryCombos", uids[2]),
         *option_combo = sim_objects_get(objects, "categoryOptionCombos", uids[3]);
  if (made[0]) json_object_set_new(option, "sharing", system_sharing());
  if (made[0]) json_object_set_new(option, "shortName", json_string("default"));
  if (made[1])
    json_object_update_new(category, json_pack("{s:o, s:s, s:s, s:[o]}", "sharing", system_sharing(), "shortName", "default",
                                               "dataDimensionType", "DISAGGREGATION", "categoryOptions", reference(uids[0])));
  if (made[2])
    json_object_update_new(combo, json_pack("{s:o, s:s, s:b, s:[o]}", "sharing", system_sharing(), "dataDimensionType", "DISAGGREGATION",
                                            "skipTotal", 0, "categories", reference(uids[1])));
  if (made[3])
    json_object_update_new(option_combo,
                           json_pack("{s:o, s:[o]}", "categoryCombo", reference(uids[2]), "categoryOptions", reference(uids[0])));
}

/* Option combos. */

struct choices {
  struct sim_objects *objects;
  const json_t *combo;
  const json_t *chosen[CATEGORIES_MAX]; /* one option per category */
  json_t *existing;                     /* of the combo */
  size_t categories, made;
  bool rename;
};

static bool same_options(const json_t *option_combo, const struct choices *choices) {
  const json_t *options = json_object_get(option_combo, "categoryOptions");
  for (size_t i = 0; i < choices->categories; i++) {
    bool found = false;
    for (size_t k = 0; !found && k < json_array_size(options); k++)
      found = strcmp(text_of(json_array_get(options, k), "id"), text_of(choices->chosen[i], "id")) == 0;
    if (!found) return false;
  }
  return json_array_size(options) <= choices->categories;
}

static void choose(struct choices *choices) {
  struct arena *arena = arena_new();
  struct str name = STR_NONE;
  json_t *options = json_array();
  for (size_t i = 0; i < choices->categories; i++) {
    const json_t *option = sim_objects_get(choices->objects, "categoryOptions", text_of(choices->chosen[i], "id"));
    name = arena_printf(arena, "%.*s%s%s", STR_ARG(name), i ? ", " : "", text_of(option, "name"));
    json_array_append_new(options, reference(text_of(choices->chosen[i], "id")));
  }
  json_t *found = NULL;
  for (size_t i = 0; !found && i < json_array_size(choices->existing); i++)
    if (same_options(json_array_get(choices->existing, i), choices)) found = json_array_get(choices->existing, i);
  if (found && choices->rename) json_object_set_new(found, "name", json_stringn(name.p ? name.p : "", name.n));
  if (!found && choices->made++ < OPTION_COMBOS_MAX) {
    char uid[12];
    sim_uid(uid);
    json_t *combo = reference(text_of(choices->combo, "id"));
    sim_objects_put(choices->objects, "categoryOptionCombos",
                    json_pack("{s:s, s:s%, s:o, s:O}", "id", uid, "name", name.p ? name.p : "", name.n, "categoryCombo", combo,
                              "categoryOptions", options));
  }
  json_decref(options);
  arena_free(arena);
}

static void choose_from(struct choices *choices, size_t at) {
  if (at == choices->categories) {
    choose(choices);
    return;
  }
  const json_t *category =
      sim_objects_get(choices->objects, "categories", text_of(json_array_get(json_object_get(choices->combo, "categories"), at), "id"));
  const json_t *options = json_object_get(category, "categoryOptions");
  for (size_t i = 0; i < json_array_size(options) && choices->made < OPTION_COMBOS_MAX; i++) {
    choices->chosen[at] = json_array_get(options, i);
    choose_from(choices, at + 1);
  }
}

void sim_complete_option_combos(struct sim_objects *objects, const json_t *combo, bool rename) {
  struct choices choices = {.objects = objects,
                            .combo = combo,
                            .categories = json_array_size(json_object_get(combo, "categories")),
                            .existing = json_array(),
                            .rename = rename};
  struct sim_list existing = sim_related(objects, "categoryOptionCombos", "categoryCombo", text_of(combo, "id"));
  for (size_t i = 0; i < existing.n; i++) json_array_append(choices.existing, existing.p[i]);
  if (choices.categories > 0 && choices.categories <= CATEGORIES_MAX) choose_from(&choices, 0);
  json_decref(choices.existing);
}

/* What a file leaves out. */

static void set_missing(json_t *object, const char *key, json_t *value) {
  if (json_object_get(object, key))
    json_decref(value);
  else
    json_object_set_new(object, key, value);
}

static void complete_object(const struct sim_objects *objects, const char *class_name, json_t *object) {
  struct str name = str_of(text_of(object, "name"));
  size_t cut = name.n < SHORT_NAME_MAX ? name.n : SHORT_NAME_MAX;
  while (cut > 0 && cut < name.n && ((unsigned char)name.p[cut] & 0xc0) == 0x80) cut--;
  bool is_element = strcmp(class_name, "dataElements") == 0, is_set = strcmp(class_name, "dataSets") == 0;
  bool is_option_combo = strcmp(class_name, "categoryOptionCombos") == 0;
  if (cut > 0 && !is_option_combo) set_missing(object, "shortName", json_stringn(name.p, cut));
  if (!is_option_combo)
    set_missing(object, "sharing",
                json_pack("{s:n, s:s, s:b, s:{}, s:{}}", "owner", "public", "rwrw----", "external", 0, "users", "userGroups"));
  if (is_element || is_set) set_missing(object, "categoryCombo", reference(sim_default_uid(objects, "categoryCombos")));
  if (is_element) {
    set_missing(object, "valueType", json_string("INTEGER"));
    set_missing(object, "domainType", json_string("AGGREGATE"));
    set_missing(object, "aggregationType", json_string("SUM"));
    set_missing(object, "zeroIsSignificant", json_false());
  }
  if (is_set) set_missing(object, "periodType", json_string("Monthly"));
  if (strcmp(class_name, "categories") == 0 || strcmp(class_name, "categoryCombos") == 0)
    set_missing(object, "dataDimensionType", json_string("DISAGGREGATION"));
}

/* An org unit of the tree that is made where a file has none; ids are the same in every server, so that two of them have common units. */
static json_t *unit(size_t number, const char *kind, const char *parent) {
  char uid[12], name[40];
  (void)snprintf(uid, sizeof uid, "SimUnit%04zu", number);
  (void)snprintf(name, sizeof name, "%s %zu", kind, number);
  json_t *object = json_pack("{s:s, s:s, s:s, s:s}", "id", uid, "name", name, "shortName", name, "openingDate", "2000-01-01");
  if (parent) json_object_set_new(object, "parent", reference(parent));
  return object;
}

static void make_units(struct sim_objects *objects) {
  char district[12];
  json_t *root = unit(0, "Country", NULL);
  sim_objects_put(objects, "organisationUnits", json_incref(root));
  for (size_t i = 0; i < DISTRICTS; i++) sim_objects_put(objects, "organisationUnits", unit(1000 + i, "District", text_of(root, "id")));
  for (size_t i = 1; i <= FACILITIES; i++) {
    (void)snprintf(district, sizeof district, "SimUnit%04zu", 1000 + (i - 1) % DISTRICTS);
    sim_objects_put(objects, "organisationUnits", unit(i, "Facility", district));
  }
  for (size_t i = 0; i < sim_objects_count(objects, "dataSets"); i++) {
    json_t *units = json_array();
    for (size_t k = 0; k < sim_objects_count(objects, "organisationUnits"); k++)
      json_array_append_new(units, reference(text_of(sim_objects_at(objects, "organisationUnits", k), "id")));
    json_object_set_new(sim_objects_at(objects, "dataSets", i), "organisationUnits", units);
  }
  json_decref(root);
}

/* Users without units get the roots, to write and to see. */
static void give_units(struct sim_objects *objects) {
  json_t *roots = json_array();
  for (size_t i = 0; i < sim_objects_count(objects, "organisationUnits"); i++) {
    const json_t *object = sim_objects_at(objects, "organisationUnits", i);
    if (!json_object_get(object, "parent")) json_array_append_new(roots, reference(text_of(object, "id")));
  }
  for (size_t i = 0; i < sim_objects_count(objects, "users"); i++) {
    json_t *user = sim_objects_at(objects, "users", i);
    if (json_array_size(json_object_get(user, "organisationUnits")) == 0)
      json_object_set_new(user, "organisationUnits", json_deep_copy(roots));
  }
  json_decref(roots);
}

/* Those that have no option combos: found first, made then, so that the relation is worked out once. */
static void complete_combos(struct sim_objects *objects) {
  json_t *without = json_array();
  for (size_t i = 0; i < sim_objects_count(objects, "categoryCombos"); i++) {
    json_t *combo = sim_objects_at(objects, "categoryCombos", i);
    if (!sim_related(objects, "categoryOptionCombos", "categoryCombo", text_of(combo, "id")).n) json_array_append(without, combo);
  }
  for (size_t i = 0; i < json_array_size(without); i++) sim_complete_option_combos(objects, json_array_get(without, i), false);
  json_decref(without);
}

static void complete(struct sim_objects *objects) {
  static const char *const classes[] = {"categoryOptions", "categories", "categoryCombos", "categoryOptionCombos",
                                        "dataElements",    "dataSets",   "optionSets",     "indicators"};
  sim_objects_put_defaults(objects);
  for (size_t c = 0; c < sizeof classes / sizeof *classes; c++)
    for (size_t i = 0; i < sim_objects_count(objects, classes[c]); i++)
      complete_object(objects, classes[c], sim_objects_at(objects, classes[c], i));
  complete_combos(objects);
  if (sim_objects_count(objects, "organisationUnits") == 0) make_units(objects);
  give_units(objects);
}

/* A nested object of a relation that is kept at the other end becomes an object of its own: option combos written inside their combo, options inside their option set. */
static void lift(struct sim_objects *objects, json_t *owner, const char *list, const char *class_name, const char *back) {
  json_t *inner;
  size_t i;
  json_array_foreach(json_object_get(owner, list), i, inner) {
    if (!json_object_get(inner, "name") || sim_objects_get(objects, class_name, text_of(inner, "id"))) continue;
    json_t *copy = json_deep_copy(inner);
    json_object_set_new(copy, back, reference(text_of(owner, "id")));
    sim_objects_put(objects, class_name, copy);
  }
}

/* Where the file has defaults under other ids, those of a fresh server go. */
static void forget_fresh_defaults(struct sim_objects *objects, const json_t *file) {
  for (size_t i = 0; i < sizeof defaults / sizeof *defaults; i++) {
    json_t *object;
    size_t k;
    json_array_foreach(json_object_get(file, defaults[i].class_name), k, object) if (strcmp(text_of(object, "name"), "default") == 0)
        sim_objects_delete(objects, defaults[i].class_name, defaults[i].uid);
  }
}

int sim_objects_load(struct sim_objects *objects, const char *file, struct error *error) {
  json_error_t why;
  json_t *root = json_load_file(file, 0, &why), *list, *object;
  if (!root) return error_set(error, ERROR_input, "%s: line %d: %s", file, why.line, why.text);
  if (!json_is_object(root)) {
    json_decref(root);
    return error_set(error, ERROR_input, "%s: not a metadata export: it must be a JSON object with a list for each class", file);
  }
  forget_fresh_defaults(objects, root);
  const char *class_name;
  json_object_foreach(root, class_name, list) {
    size_t i;
    json_array_foreach(list, i, object) if (sim_is_uid(str_of(text_of(object, "id"))))
        sim_objects_put(objects, class_name, json_incref(object));
  }
  for (size_t i = 0; i < sim_objects_count(objects, "categoryCombos"); i++)
    lift(objects, sim_objects_at(objects, "categoryCombos", i), "categoryOptionCombos", "categoryOptionCombos", "categoryCombo");
  for (size_t i = 0; i < sim_objects_count(objects, "optionSets"); i++)
    lift(objects, sim_objects_at(objects, "optionSets", i), "options", "options", "optionSet");
  for (size_t i = 0; i < sim_objects_count(objects, "categories"); i++)
    lift(objects, sim_objects_at(objects, "categories", i), "categoryOptions", "categoryOptions", "category");
  complete(objects);
  json_decref(root);
  return 0;
}

#include "dhis2/metadata.h"

#include "dhis2/metadata_index.h"
#include "dhis2/metadata_record.h"

static void index_free(void *payload) {
  struct dhis2_metadata_index *by_id = payload;
  map_free(&by_id->data_sets);
  map_free(&by_id->elements);
  map_free(&by_id->option_combos);
  map_free(&by_id->org_units);
}

/* What stands at one id; boxed so that the map need not take away `const`. Of two COCs of one id (CSV lists) the first counts. */
static void enter(struct arena *arena, struct map *map, struct str id, const void *object) {
  if (map_get(map, id)) return;
  const void **box = ARENA_NEW(arena, const void *);
  *box = object;
  map_put(map, id, box);
}

void dhis2_metadata_index_make(struct arena *arena, struct dhis2_metadata *m) {
  struct dhis2_metadata_index *by_id = ARENA_NEW(arena, struct dhis2_metadata_index);
  for (size_t i = 0; i < m->data_set_count; i++) enter(arena, &by_id->data_sets, m->data_sets[i]->o.id, m->data_sets[i]);
  for (size_t i = 0; i < m->element_count; i++) enter(arena, &by_id->elements, m->elements[i]->o.id, m->elements[i]);
  for (size_t i = 0; i < m->option_combo_count; i++) enter(arena, &by_id->option_combos, m->option_combos[i]->o.id, m->option_combos[i]);
  for (size_t i = 0; i < m->org_unit_count; i++) enter(arena, &by_id->org_units, m->org_units[i]->o.id, m->org_units[i]);
  arena_on_free(arena, index_free, by_id);
  m->by_id = by_id;
}

const struct dhis2_metadata *dhis2_metadata_none(void) {
  static const struct dhis2_metadata_index index;
  static const struct dhis2_metadata none = {.by_id = &index};
  return &none;
}

static const void *found(const struct map *map, struct str id) {
  const void **box = map_get(map, id);
  return box ? *box : NULL;
}

const struct dhis2_data_set *dhis2_metadata_data_set(const struct dhis2_metadata *metadata, struct str id) {
  return found(&metadata->by_id->data_sets, id);
}

const struct dhis2_data_element *dhis2_metadata_element(const struct dhis2_metadata *metadata, struct str id) {
  return found(&metadata->by_id->elements, id);
}

const struct dhis2_option_combo *dhis2_metadata_option_combo(const struct dhis2_metadata *metadata, struct str id) {
  return found(&metadata->by_id->option_combos, id);
}

const struct dhis2_org_unit *dhis2_metadata_org_unit(const struct dhis2_metadata *metadata, struct str id) {
  return found(&metadata->by_id->org_units, id);
}

const struct dhis2_category_combo *dhis2_element_combo(const struct dhis2_data_element *element, const struct dhis2_data_set *data_set) {
  if (!data_set) return element->combo_count ? element->combos[0] : NULL;
  for (size_t i = 0; i < element->membership_count; i++)
    if (element->memberships[i]->data_set == data_set) return element->memberships[i]->combo;
  return NULL;
}

bool dhis2_element_holds(const struct dhis2_data_element *element, const struct dhis2_option_combo *option_combo) {
  for (size_t i = 0; i < element->combo_count; i++)
    if (element->combos[i] == option_combo->combo) return true;
  return false;
}

const struct dhis2_option_combo *dhis2_metadata_default(const struct dhis2_metadata *metadata) {
  for (size_t i = 0; i < metadata->option_combo_count; i++)
    if (metadata->option_combos[i]->o.is_default) return metadata->option_combos[i];
  return NULL;
}

/* "fr" fits fr, fr_CA, fr-CA. */
bool dhis2_locale_fits(struct str locale, struct str wanted) {
  return str_starts_nocase(locale, wanted) && (locale.n == wanted.n || locale.p[wanted.n] == '_' || locale.p[wanted.n] == '-');
}

const struct dhis2_translation *dhis2_object_translation(const struct dhis2_object *object, struct str locale) {
  const struct dhis2_translation *like = NULL;
  for (const struct dhis2_translation *t = object->translations; t && locale.n; t = t->next) {
    if (!str_eq(t->property, STR("NAME")) || !dhis2_locale_fits(t->locale, locale)) continue;
    if (t->locale.n == locale.n) return t;
    if (!like) like = t;
  }
  return like;
}

struct str dhis2_object_name(const struct dhis2_object *object, struct str locale) {
  const struct dhis2_translation *translation = dhis2_object_translation(object, locale);
  return translation ? translation->value : object->name;
}

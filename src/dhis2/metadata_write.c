#include "dhis2/metadata_write.h"

#include "base/json_out.h"
#include "base/mem.h"

static void member(struct json_out *out, const char *key, struct str text) {
  if (text.n) json_out_member_str(out, key, text);
}

static int by_locale(const void *left, const void *right) {
  const struct dhis2_translation *a = *(const struct dhis2_translation *const *)left, *b = *(const struct dhis2_translation *const *)right;
  int order = str_cmp(a->locale, b->locale);
  return order ? order : str_cmp(a->property, b->property);
}

static void translations(struct json_out *out, const struct dhis2_translation *first) {
  size_t count = 0;
  for (const struct dhis2_translation *t = first; t; t = t->next) count++;
  if (!count) return;
  const struct dhis2_translation **sorted = mem_alloc_array(count, sizeof *sorted), **at = sorted;
  for (const struct dhis2_translation *t = first; t; t = t->next) *at++ = t;
  qsort(sorted, count, sizeof *sorted, by_locale);
  json_out_member_array(out, "translations");
  for (size_t i = 0; i < count; i++) {
    json_out_object(out);
    json_out_member_str(out, "locale", sorted[i]->locale);
    json_out_member_str(out, "property", sorted[i]->property);
    json_out_member_str(out, "value", sorted[i]->value);
    json_out_end(out);
  }
  json_out_end(out);
  free(sorted);
}

/* Opens the object; the caller ends it. */
static void object(struct json_out *out, const struct dhis2_object *o) {
  json_out_object(out);
  json_out_member_str(out, "id", o->id);
  member(out, "code", o->code);
  member(out, "name", o->name);
  member(out, "shortName", o->short_name);
  member(out, "formName", o->form_name);
  member(out, "description", o->description);
  translations(out, o->translations);
}

static void reference(struct json_out *out, struct str id) {
  json_out_object(out);
  json_out_member_str(out, "id", id);
  json_out_end(out);
}

static void member_reference(struct json_out *out, const char *key, struct str id) {
  json_out_key(out, str_of(key));
  reference(out, id);
}

static void data_sets(struct json_out *out, const struct dhis2_metadata *m) {
  json_out_member_array(out, "dataSets");
  for (size_t i = 0; i < m->data_set_count; i++) {
    const struct dhis2_data_set *set = m->data_sets[i];
    object(out, &set->o);
    member(out, "periodType", set->period_type);
    if (set->combo) member_reference(out, "categoryCombo", set->combo->o.id);
    if (set->org_unit_count) {
      json_out_member_array(out, "organisationUnits");
      for (size_t k = 0; k < set->org_unit_count; k++) reference(out, set->org_units[k]->o.id);
      json_out_end(out);
    }
    json_out_member_array(out, "dataSetElements");
    for (size_t k = 0; k < set->member_count; k++) {
      json_out_object(out);
      member_reference(out, "dataElement", set->members[k]->element->o.id);
      if (set->members[k]->overridden && set->members[k]->combo) member_reference(out, "categoryCombo", set->members[k]->combo->o.id);
      json_out_end(out);
    }
    json_out_end(out);
    json_out_end(out);
  }
  json_out_end(out);
}

static int by_section(const void *left, const void *right) {
  const struct dhis2_membership *a = *(const struct dhis2_membership *const *)left, *b = *(const struct dhis2_membership *const *)right;
  int order = str_cmp(a->section, b->section);
  return order ? order : a->position < b->position ? -1 : a->position > b->position;
}

/* Sections are told by the members that name them, in the order of their positions. */
static void sections_of(struct json_out *out, const struct dhis2_data_set *set) {
  const struct dhis2_membership **members = mem_alloc_array(set->member_count, sizeof *members);
  for (size_t i = 0; i < set->member_count; i++) members[i] = set->members[i];
  qsort(members, set->member_count, sizeof *members, by_section);
  for (size_t at = 0, number = 0; at < set->member_count;) {
    struct str name = members[at]->section;
    if (!name.n) {
      at++;
      continue;
    }
    char id[64]; /* the model does not keep the section's own id */
    (void)snprintf(id, sizeof id, "%.*s.%zu", STR_ARG(str_slice(set->o.id, 0, 40)), ++number);
    json_out_object(out);
    json_out_member_str(out, "id", str_of(id));
    json_out_member_str(out, "name", name);
    member_reference(out, "dataSet", set->o.id);
    json_out_member_array(out, "dataElements");
    for (; at < set->member_count && str_eq(members[at]->section, name); at++) reference(out, members[at]->element->o.id);
    json_out_end(out);
    json_out_end(out);
  }
  free(members);
}

static void org_units(struct json_out *out, const struct dhis2_metadata *m) {
  json_out_member_array(out, "organisationUnits");
  for (size_t i = 0; i < m->org_unit_count; i++) {
    const struct dhis2_org_unit *unit = m->org_units[i];
    object(out, &unit->o);
    if (unit->parent) member_reference(out, "parent", unit->parent->o.id);
    json_out_member_int(out, "level", unit->level);
    if (unit->has_point) {
      json_out_member_object(out, "geometry");
      json_out_member_str(out, "type", STR("Point"));
      json_out_member_array(out, "coordinates");
      json_out_number(out, unit->longitude);
      json_out_number(out, unit->latitude);
      json_out_end(out);
      json_out_end(out);
    }
    json_out_end(out);
  }
  json_out_end(out);
}

static void elements(struct json_out *out, const struct dhis2_metadata *m) {
  json_out_member_array(out, "dataElements");
  for (size_t i = 0; i < m->element_count; i++) {
    const struct dhis2_data_element *element = m->elements[i];
    object(out, &element->o);
    member(out, "valueType", element->value_type);
    member(out, "aggregationType", element->aggregation_type);
    member(out, "domainType", element->domain_type);
    if (element->zero_is_significant) json_out_member_bool(out, "zeroIsSignificant", true);
    if (element->combo) member_reference(out, "categoryCombo", element->combo->o.id);
    json_out_end(out);
  }
  json_out_end(out);
}

static void combos(struct json_out *out, const struct dhis2_metadata *m) {
  json_out_member_array(out, "categoryCombos");
  for (size_t i = 0; i < m->combo_count; i++) {
    const struct dhis2_category_combo *combo = m->combos[i];
    object(out, &combo->o);
    json_out_member_array(out, "categories");
    for (size_t k = 0; k < combo->category_count; k++) reference(out, combo->categories[k]->o.id);
    json_out_end(out);
    json_out_end(out);
  }
  json_out_end(out);
  json_out_member_array(out, "categories");
  for (size_t i = 0; i < m->category_count; i++) {
    object(out, &m->categories[i]->o);
    json_out_member_array(out, "categoryOptions");
    for (size_t k = 0; k < m->categories[i]->option_count; k++) reference(out, m->categories[i]->options[k]->o.id);
    json_out_end(out);
    json_out_end(out);
  }
  json_out_end(out);
}

static void options(struct json_out *out, const struct dhis2_metadata *m) {
  json_out_member_array(out, "categoryOptions");
  for (size_t i = 0; i < m->option_count; i++) {
    object(out, &m->options[i]->o);
    json_out_end(out);
  }
  json_out_end(out);
  json_out_member_array(out, "categoryOptionCombos");
  for (size_t i = 0; i < m->option_combo_count; i++) {
    const struct dhis2_option_combo *coc = m->option_combos[i];
    object(out, &coc->o);
    if (coc->combo) member_reference(out, "categoryCombo", coc->combo->o.id);
    json_out_member_array(out, "categoryOptions");
    for (size_t k = 0; k < coc->option_count; k++) reference(out, coc->options[k]->o.id);
    json_out_end(out);
    json_out_end(out);
  }
  json_out_end(out);
}

bool dhis2_metadata_write(const struct dhis2_metadata *metadata, struct buf *buf) {
  struct json_out out = JSON_OUT_INIT(buf);
  json_out_object(&out);
  data_sets(&out, metadata);
  json_out_member_array(&out, "sections");
  for (size_t i = 0; i < metadata->data_set_count; i++) sections_of(&out, metadata->data_sets[i]);
  json_out_end(&out);
  elements(&out, metadata);
  combos(&out, metadata);
  options(&out, metadata);
  if (metadata->org_unit_count) org_units(&out, metadata);
  json_out_end(&out);
  return !buf->full;
}

/* A side in few words: what is used of it, one object a line. */
#include "dhis2/metadata_write.h"

#include "base/json_out.h"
#include "base/mem.h"

struct brief {
  const struct dhis2_metadata *metadata;
  struct buf *buf;
  bool *combos, *categories, *options, *units; /* by index: written with all they hold */
  bool first_list, first_item;
};

static void mark(bool *marks, const struct dhis2_object *o) {
  if (o->given) marks[o->index] = true;
}

static void mark_used(struct brief *b) {
  const struct dhis2_metadata *m = b->metadata;
  for (size_t i = 0; i < m->element_count; i++)
    for (size_t k = 0; k < m->elements[i]->combo_count; k++) mark(b->combos, &m->elements[i]->combos[k]->o);
  for (size_t i = 0; i < m->data_set_count; i++)
    if (m->data_sets[i]->combo) mark(b->combos, &m->data_sets[i]->combo->o);
  for (size_t i = 0; i < m->combo_count; i++) {
    if (!b->combos[i]) continue;
    for (size_t k = 0; k < m->combos[i]->category_count; k++) mark(b->categories, &m->combos[i]->categories[k]->o);
    for (size_t k = 0; k < m->combos[i]->option_combo_count; k++)
      for (size_t j = 0; j < m->combos[i]->option_combos[k]->option_count; j++)
        mark(b->options, &m->combos[i]->option_combos[k]->options[j]->o);
  }
  for (size_t i = 0; i < m->category_count; i++)
    for (size_t k = 0; b->categories[i] && k < m->categories[i]->option_count; k++) mark(b->options, &m->categories[i]->options[k]->o);
}

static void begin_list(struct brief *b, const char *name) {
  (void)buf_printf(b->buf, "%s\"%s\":[", b->first_list ? "" : ",\n", name);
  b->first_list = false;
  b->first_item = true;
}

/* Opens an object on a line of its own; end_item closes it. */
static struct json_out begin_item(struct brief *b, const struct dhis2_object *o) {
  (void)buf_add(b->buf, b->first_item ? STR("\n") : STR(",\n"));
  b->first_item = false;
  struct json_out out = JSON_OUT_INIT(b->buf);
  json_out_object(&out);
  json_out_member_str(&out, "id", o->id);
  if (o->code.n) json_out_member_str(&out, "code", o->code);
  if (o->name.n) json_out_member_str(&out, "name", o->name);
  return out;
}

static void text(struct json_out *out, const char *key, struct str value) {
  if (value.n) json_out_member_str(out, key, value);
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

static void data_sets(struct brief *b) {
  begin_list(b, "dataSets");
  for (size_t i = 0; i < b->metadata->data_set_count; i++) {
    const struct dhis2_data_set *set = b->metadata->data_sets[i];
    struct json_out out = begin_item(b, &set->o);
    text(&out, "periodType", set->period_type);
    if (set->combo) member_reference(&out, "categoryCombo", set->combo->o.id);
    if (set->org_unit_count) {
      json_out_member_array(&out, "organisationUnits");
      for (size_t k = 0; k < set->org_unit_count; k++) reference(&out, set->org_units[k]->o.id);
      json_out_end(&out);
    }
    json_out_member_array(&out, "dataSetElements");
    for (size_t k = 0; k < set->member_count; k++) {
      const struct dhis2_membership *member = set->members[k];
      json_out_object(&out);
      member_reference(&out, "dataElement", member->element->o.id);
      if (member->overridden && member->combo) member_reference(&out, "categoryCombo", member->combo->o.id);
      json_out_end(&out);
    }
    json_out_end(&out);
    json_out_end(&out);
  }
  (void)buf_add_char(b->buf, ']');
}

static void elements(struct brief *b) {
  begin_list(b, "dataElements");
  for (size_t i = 0; i < b->metadata->element_count; i++) {
    const struct dhis2_data_element *element = b->metadata->elements[i];
    struct json_out out = begin_item(b, &element->o);
    text(&out, "valueType", element->value_type);
    text(&out, "aggregationType", element->aggregation_type);
    if (element->combo) member_reference(&out, "categoryCombo", element->combo->o.id);
    json_out_end(&out);
  }
  (void)buf_add_char(b->buf, ']');
}

static void combos(struct brief *b) {
  begin_list(b, "categoryCombos");
  for (size_t i = 0; i < b->metadata->combo_count; i++) {
    if (!b->combos[i]) continue;
    const struct dhis2_category_combo *combo = b->metadata->combos[i];
    struct json_out out = begin_item(b, &combo->o);
    json_out_member_array(&out, "categories");
    for (size_t k = 0; k < combo->category_count; k++) reference(&out, combo->categories[k]->o.id);
    json_out_end(&out);
    json_out_end(&out);
  }
  (void)buf_add_char(b->buf, ']');
}

static void categories(struct brief *b) {
  begin_list(b, "categories");
  for (size_t i = 0; i < b->metadata->category_count; i++) {
    if (!b->categories[i]) continue;
    const struct dhis2_category *category = b->metadata->categories[i];
    struct json_out out = begin_item(b, &category->o);
    json_out_member_array(&out, "categoryOptions");
    for (size_t k = 0; k < category->option_count; k++) reference(&out, category->options[k]->o.id);
    json_out_end(&out);
    json_out_end(&out);
  }
  (void)buf_add_char(b->buf, ']');
}

static void options(struct brief *b) {
  begin_list(b, "categoryOptions");
  for (size_t i = 0; i < b->metadata->option_count; i++) {
    if (!b->options[i]) continue;
    struct json_out out = begin_item(b, &b->metadata->options[i]->o);
    json_out_end(&out);
  }
  (void)buf_add_char(b->buf, ']');
}

static void option_combos(struct brief *b) {
  begin_list(b, "categoryOptionCombos");
  for (size_t i = 0; i < b->metadata->option_combo_count; i++) {
    const struct dhis2_option_combo *coc = b->metadata->option_combos[i];
    if (!coc->combo || !coc->combo->o.given || !b->combos[coc->combo->o.index]) continue;
    struct json_out out = begin_item(b, &coc->o);
    member_reference(&out, "categoryCombo", coc->combo->o.id);
    json_out_member_array(&out, "categoryOptions");
    for (size_t k = 0; k < coc->option_count; k++) reference(&out, coc->options[k]->o.id);
    json_out_end(&out);
    json_out_end(&out);
  }
  (void)buf_add_char(b->buf, ']');
}

/* Those that the data sets are assigned to, and all above them; all where no data set says. False: none of them is known. */
static bool mark_units(struct brief *b) {
  const struct dhis2_metadata *m = b->metadata;
  bool told = false, any = false;
  for (size_t i = 0; i < m->data_set_count; i++)
    for (size_t k = 0; k < m->data_sets[i]->org_unit_count; k++) {
      told = true;
      for (const struct dhis2_org_unit *unit = m->data_sets[i]->org_units[k]; unit && unit->o.given && !b->units[unit->o.index];
           unit = unit->parent)
        b->units[unit->o.index] = any = true;
    }
  for (size_t i = 0; i < m->org_unit_count && !told; i++) b->units[i] = any = true;
  return any;
}

static void org_units(struct brief *b) {
  if (!mark_units(b)) return;
  begin_list(b, "organisationUnits");
  for (size_t i = 0; i < b->metadata->org_unit_count; i++) {
    const struct dhis2_org_unit *unit = b->metadata->org_units[i];
    if (!b->units[i]) continue;
    struct json_out out = begin_item(b, &unit->o);
    if (unit->parent) member_reference(&out, "parent", unit->parent->o.id);
    json_out_end(&out);
  }
  (void)buf_add_char(b->buf, ']');
}

bool dhis2_metadata_write_brief(const struct dhis2_metadata *m, struct buf *buf) {
  struct brief b = {.metadata = m, .buf = buf, .first_list = true};
  b.combos = mem_alloc_array(m->combo_count + 1, sizeof *b.combos);
  b.categories = mem_alloc_array(m->category_count + 1, sizeof *b.categories);
  b.options = mem_alloc_array(m->option_count + 1, sizeof *b.options);
  b.units = mem_alloc_array(m->org_unit_count + 1, sizeof *b.units);
  mark_used(&b);
  (void)buf_add_char(buf, '{');
  data_sets(&b);
  elements(&b);
  combos(&b);
  categories(&b);
  options(&b);
  option_combos(&b);
  org_units(&b);
  (void)buf_add_char(buf, '}');
  free(b.combos);
  free(b.categories);
  free(b.options);
  free(b.units);
  return !buf->full;
}

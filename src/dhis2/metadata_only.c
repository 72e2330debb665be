/* A side cut down to some of its data sets: written back into records, and built again. */
#include "dhis2/metadata_record.h"

struct cut {
  struct builder builder;
  bool full;
};

static struct record *known(struct cut *cut, enum record_kind kind, const struct dhis2_object *object, bool *ret_new) {
  struct record *record = builder_known(&cut->builder, kind, object->id);
  if (!record) {
    cut->full = true;
    return NULL;
  }
  *ret_new = !record->built;
  record->built = record; /* seen; the build sets it anew */
  if (*ret_new) record->o = *object;
  return record;
}

static void link_to(struct cut *cut, struct record_list *list, struct record *to) {
  if (to && !builder_link(&cut->builder, list, to)) cut->full = true;
}

static struct record *option(struct cut *cut, const struct dhis2_category_option *from) {
  bool is_new;
  return known(cut, RECORD_OPTION, &from->o, &is_new);
}

static struct record *category(struct cut *cut, const struct dhis2_category *from) {
  bool is_new;
  struct record *record = known(cut, RECORD_CATEGORY, &from->o, &is_new);
  for (size_t i = 0; record && is_new && i < from->option_count; i++)
    link_to(cut, &record->list[LIST_OPTIONS], option(cut, from->options[i]));
  return record;
}

/* Each COC is met once, with its combo. Not entered by id: in a list (CSV) two combos may hold COCs of one id. */
static void option_combo(struct cut *cut, const struct dhis2_option_combo *from, struct record *combo) {
  struct record *record = builder_record(&cut->builder, RECORD_OPTION_COMBO);
  if (!record) {
    cut->full = true;
    return;
  }
  record->o = from->o;
  record->one[ONE_COMBO] = combo;
  VEC_PUSH(&cut->builder.records[RECORD_OPTION_COMBO], record);
  for (size_t i = 0; i < from->option_count; i++) link_to(cut, &record->list[LIST_OPTIONS], option(cut, from->options[i]));
}

static struct record *combo(struct cut *cut, const struct dhis2_category_combo *from) {
  bool is_new;
  struct record *record = from ? known(cut, RECORD_COMBO, &from->o, &is_new) : NULL;
  if (!record || !is_new) return record;
  for (size_t i = 0; i < from->category_count; i++) link_to(cut, &record->list[LIST_CATEGORIES], category(cut, from->categories[i]));
  for (size_t i = 0; i < from->option_combo_count; i++) option_combo(cut, from->option_combos[i], record);
  return record;
}

static struct record *element(struct cut *cut, const struct dhis2_data_element *from) {
  bool is_new;
  struct record *record = known(cut, RECORD_ELEMENT, &from->o, &is_new);
  if (!record || !is_new) return record;
  record->text[TEXT_VALUE_TYPE] = from->value_type;
  record->text[TEXT_AGGREGATION_TYPE] = from->aggregation_type;
  record->text[TEXT_DOMAIN_TYPE] = from->domain_type;
  record->zero_is_significant = from->zero_is_significant;
  record->one[ONE_COMBO] = combo(cut, from->combo);
  return record;
}

static struct record *section(struct cut *cut, struct record *data_set, struct record *last, struct str name) {
  if (last && str_eq(last->o.name, name)) return last;
  struct record *record = builder_record(&cut->builder, RECORD_SECTION);
  if (!record) {
    cut->full = true;
    return last;
  }
  record->o.name = name;
  link_to(cut, &data_set->list[LIST_SECTIONS], record);
  return record;
}

static struct record *org_unit(struct cut *cut, const struct dhis2_org_unit *from) {
  bool is_new;
  struct record *record = known(cut, RECORD_ORG_UNIT, &from->o, &is_new);
  if (!record || !is_new) return record;
  struct record *geometry = from->has_point ? builder_record(&cut->builder, RECORD_GEOMETRY) : NULL;
  if (from->has_point && !geometry) cut->full = true;
  record->text[TEXT_LEVEL] = arena_printf(cut->builder.scratch, "%u", from->level);
  if (geometry) {
    geometry->text[TEXT_SHAPE] = STR("Point");
    geometry->text[TEXT_LONGITUDE] = arena_printf(cut->builder.scratch, "%.17g", from->longitude);
    geometry->text[TEXT_LATITUDE] = arena_printf(cut->builder.scratch, "%.17g", from->latitude);
  }
  record->one[ONE_GEOMETRY] = geometry;
  if (from->parent) record->one[ONE_PARENT] = org_unit(cut, from->parent); /* a tree, at most 64 deep */
  return record;
}

/* Sections are named by their members alone: told again in the order of the members, one run of equal names a section. */
static void data_set(struct cut *cut, const struct dhis2_data_set *from) {
  bool is_new;
  struct record *record = known(cut, RECORD_DATA_SET, &from->o, &is_new), *last = NULL;
  if (!record || !is_new) return;
  record->text[TEXT_PERIOD_TYPE] = from->period_type;
  record->one[ONE_COMBO] = combo(cut, from->combo);
  for (size_t i = 0; i < from->org_unit_count; i++) link_to(cut, &record->list[LIST_ORG_UNITS], org_unit(cut, from->org_units[i]));
  for (size_t i = 0; i < from->member_count && !cut->full; i++) {
    struct record *entry = builder_record(&cut->builder, RECORD_ENTRY);
    if (!entry) {
      cut->full = true;
      return;
    }
    entry->one[ONE_ELEMENT] = element(cut, from->members[i]->element);
    if (from->members[i]->overridden) entry->one[ONE_COMBO] = combo(cut, from->members[i]->combo);
    link_to(cut, &record->list[LIST_ENTRIES], entry);
    if (!from->members[i]->section.n) continue;
    last = section(cut, record, last, from->members[i]->section);
    if (last) link_to(cut, &last->list[LIST_ELEMENTS], entry->one[ONE_ELEMENT]);
  }
}

const struct dhis2_metadata *dhis2_metadata_only(struct arena *arena, const struct dhis2_metadata *metadata, const struct str *data_sets,
                                                 size_t count, struct error *error) {
  struct cut cut = {0};
  const struct dhis2_metadata *out = NULL;
  builder_init(&cut.builder, arena);
  cut.builder.calendar = metadata->calendar;
  for (size_t i = 0; i < count; i++) {
    const struct dhis2_data_set *from = dhis2_metadata_data_set(metadata, data_sets[i]);
    if (!from) {
      error_set(error, ERROR_input, "there is no data set %.*s in it", STR_ARG(data_sets[i]));
      goto done;
    }
    data_set(&cut, from);
  }
  for (size_t i = 0; i < metadata->org_unit_count && !cut.full; i++) (void)org_unit(&cut, metadata->org_units[i]);
  if (cut.full)
    error_set(error, ERROR_input, "the data sets need too many objects");
  else
    out = builder_build(&cut.builder, error);
done:
  builder_free(&cut.builder);
  return out;
}

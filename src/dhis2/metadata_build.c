/* From records to the model: lists without repeats, links both ways, what counts where. */
#include "dhis2/metadata_index.h"
#include "dhis2/metadata_record.h"

struct member_of {
  struct record *element;
  const struct dhis2_membership *member;
};

struct build {
  struct builder *builder;
  struct arena *arena;
  struct dhis2_metadata *model;
  VEC(struct member_of) members; /* of all data sets, one after the other */
  VEC(struct str) warnings;
  size_t unseen;  /* members that are not in the input */
  size_t circles; /* of parents */
  uint32_t stamp;
};

static const size_t built_size[RECORD_WITH_ID] = {
    [RECORD_DATA_SET] = sizeof(struct dhis2_data_set),      [RECORD_ELEMENT] = sizeof(struct dhis2_data_element),
    [RECORD_COMBO] = sizeof(struct dhis2_category_combo),   [RECORD_CATEGORY] = sizeof(struct dhis2_category),
    [RECORD_OPTION] = sizeof(struct dhis2_category_option), [RECORD_OPTION_COMBO] = sizeof(struct dhis2_option_combo),
    [RECORD_SECTION] = sizeof(struct dhis2_object),         [RECORD_ORG_UNIT] = sizeof(struct dhis2_org_unit),
};

/* for (each record of a kind): `at` is a size_t of the caller. */
#define EACH(b, kind, at, record) (size_t at = 0; at < (b)->builder->records[kind].n && (record = (b)->builder->records[kind].p[at]); at++)

struct place {
  struct record *record;
  size_t at; /* in the records */
};

static int by_place(const void *left, const void *right) {
  const struct place *a = left, *b = right;
  if (a->record->said != b->record->said) return a->record->said < b->record->said ? -1 : 1;
  return a->at < b->at ? -1 : a->at > b->at;
}

/* Every record gets its object; the given ones are listed, in the order in which the input gave them (a reference before that gives nothing). */
static void *make_objects(struct build *b, enum record_kind kind, size_t *ret_count) {
  size_t count = 0, all = b->builder->records[kind].n;
  struct place *given = ARENA_ARRAY(b->builder->scratch, all + 1, struct place);
  void **list = ARENA_ARRAY(b->arena, all + 1, void *);
  struct record *record;
  for
    EACH(b, kind, i, record) {
      record->built = arena_alloc(b->arena, built_size[kind]);
      record->o.index = UINT32_MAX;
      if (record->o.given) given[count++] = (struct place){record, i};
    }
  qsort(given, count, sizeof *given, by_place);
  for (size_t i = 0; i < count; i++) {
    given[i].record->o.index = (uint32_t)i;
    list[i] = given[i].record->built;
  }
  *ret_count = count;
  return list;
}

/* The objects of a list, each once, in order. */
static void *targets(struct build *b, const struct record_list *list, size_t *ret_count) {
  void **p = ARENA_ARRAY(b->arena, list->n + 1, void *);
  size_t n = 0;
  b->stamp++;
  for (const struct record_link *link = list->first; link; link = link->next) {
    if (link->to->stamp == b->stamp) continue;
    link->to->stamp = b->stamp;
    p[n++] = link->to->built;
  }
  *ret_count = n;
  return p;
}

static void *built_of(const struct record *record) {
  return record ? record->built : NULL;
}

static bool says_default(struct str text) {
  return str_eq_nocase(text, STR("default"));
}

static bool ends_default(struct str name) {
  const struct str imported = STR(" (imported)");
  if (str_ends(name, imported)) name = str_slice(name, 0, name.n - imported.n);
  return name.n >= 7 && says_default(str_from(name, name.n - 7));
}

static void mark_default(struct record *record) {
  record->o.is_default = record->o.is_default || says_default(record->o.name) || (!record->o.name.n && says_default(record->o.code));
}

static void fill_options_and_categories(struct build *b) {
  struct record *record;
  for
    EACH(b, RECORD_OPTION, i, record) {
      mark_default(record);
      *(struct dhis2_category_option *)record->built = (struct dhis2_category_option){record->o};
    }
  for
    EACH(b, RECORD_CATEGORY, i, record) {
      mark_default(record);
      struct dhis2_category *category = record->built;
      category->o = record->o;
      category->options = targets(b, &record->list[LIST_OPTIONS], &category->option_count);
    }
}

/* COCs know their combo, combos their COCs: whichever was said. */
static bool link_option_combos(struct build *b) {
  struct record *record;
  for
    EACH(b, RECORD_COMBO, i, record)
  for (struct record_link *link = record->list[LIST_OPTION_COMBOS].first; link; link = link->next)
    if (!link->to->one[ONE_COMBO]) link->to->one[ONE_COMBO] = record;
  for
    EACH(b, RECORD_COMBO, i, record) record->list[LIST_OPTION_COMBOS] = (struct record_list){0};
  for
    EACH(b, RECORD_OPTION_COMBO, i, record)
  if (record->o.given && record->one[ONE_COMBO] && !builder_link(b->builder, &record->one[ONE_COMBO]->list[LIST_OPTION_COMBOS], record))
    return false;
  return true;
}

/* By role: the flag or the name of the combo, or its only COC's name. */
static void default_combo(struct record *combo) {
  const struct record_list *list = &combo->list[LIST_OPTION_COMBOS];
  mark_default(combo);
  if (list->n == 1 && ends_default(list->first->to->o.name)) combo->o.is_default = true;
  for (struct record_link *link = list->first; link; link = link->next)
    link->to->o.is_default = combo->o.is_default && (list->n == 1 || ends_default(link->to->o.name));
}

static void fill_combos(struct build *b) {
  struct record *record;
  for
    EACH(b, RECORD_COMBO, i, record) {
      default_combo(record);
      struct dhis2_category_combo *combo = record->built;
      combo->o = record->o;
      combo->categories = targets(b, &record->list[LIST_CATEGORIES], &combo->category_count);
      combo->option_combos = targets(b, &record->list[LIST_OPTION_COMBOS], &combo->option_combo_count);
    }
}

enum { ORDERED_OPTIONS_MAX = 64, PLACING_STEPS_MAX = 64 << 20 };

/* The options of a combo learn the place of their category; `shown_stamp` tells for which combo that holds. */
static void place_options(struct build *b, const struct record *combo, size_t *steps) {
  uint32_t place = 0;
  b->stamp++;
  for (const struct record_link *category = combo->list[LIST_CATEGORIES].first; category; category = category->next, place++)
    for (const struct record_link *option = category->to->list[LIST_OPTIONS].first; option; option = option->next) {
      if (++*steps > PLACING_STEPS_MAX) return;
      if (option->to->shown_stamp == b->stamp) continue; /* in two categories of one combo: the first counts */
      option->to->shown_stamp = b->stamp;
      option->to->position = place;
    }
}

static uint32_t place_of(const struct build *b, const struct record *option) {
  return option->shown_stamp == b->stamp ? option->position : UINT32_MAX;
}

/* Options in the order of the combo's categories; what no category explains at the end. */
static void order_options(const struct build *b, struct record *coc) {
  struct record *sorted[ORDERED_OPTIONS_MAX];
  struct record_list *list = &coc->list[LIST_OPTIONS];
  if (list->n > ORDERED_OPTIONS_MAX) return;
  size_t n = 0;
  for (struct record_link *link = list->first; link; link = link->next) {
    size_t at = n++;
    for (; at && place_of(b, sorted[at - 1]) > place_of(b, link->to); at--) sorted[at] = sorted[at - 1];
    sorted[at] = link->to;
  }
  n = 0;
  for (struct record_link *link = list->first; link; link = link->next) link->to = sorted[n++];
}

/* A COC that came without a name gets the one DHIS2 would give it. Options without one are passed over: a name that ends in a comma would be read back as another. */
static struct str composed_name(struct build *b, const struct record *coc) {
  struct str name = STR_NONE;
  for (const struct record_link *link = coc->list[LIST_OPTIONS].first; link && name.n < 1024; link = link->next) {
    struct str option = link->to->o.name;
    if (option.n) name = name.n ? arena_printf(b->arena, "%.*s, %.*s", STR_ARG(name), STR_ARG(option)) : option;
  }
  return name;
}

static void fill_option_combo(struct build *b, struct record *record) {
  struct dhis2_option_combo *coc = record->built;
  if (!record->o.name.n) record->o.name = composed_name(b, record);
  coc->o = record->o;
  coc->combo = built_of(record->one[ONE_COMBO]);
  coc->options = targets(b, &record->list[LIST_OPTIONS], &coc->option_count);
}

static void fill_option_combos(struct build *b) {
  struct record *record;
  size_t steps = 0;
  for
    EACH(b, RECORD_COMBO, i, record) {
      place_options(b, record, &steps);
      for (struct record_link *link = record->list[LIST_OPTION_COMBOS].first; link; link = link->next) order_options(b, link->to);
    }
  for
    EACH(b, RECORD_OPTION_COMBO, i, record) fill_option_combo(b, record);
}

/* Sections that stand by themselves are put to their data set. */
static bool link_sections(struct build *b) {
  struct record *record;
  for
    EACH(b, RECORD_SECTION, i, record)
  if (record->one[ONE_DATA_SET] && !builder_link(b->builder, &record->one[ONE_DATA_SET]->list[LIST_SECTIONS], record)) return false;
  return true;
}

static void place_in_sections(struct build *b, const struct record *data_set) {
  uint32_t position = 0;
  b->stamp++;
  for (const struct record_link *section = data_set->list[LIST_SECTIONS].first; section; section = section->next)
    for (const struct record_link *element = section->to->list[LIST_ELEMENTS].first; element; element = element->next) {
      if (element->to->shown_stamp == b->stamp) continue;
      element->to->shown_stamp = b->stamp;
      element->to->position = position++;
      element->to->shown = section->to;
    }
}

/* An element becomes a member of a data set; one that stands twice counts once. */
static void add_member(struct build *b, const struct record *data_set, struct record *element, const struct record *combo) {
  struct dhis2_data_set *set = data_set->built;
  if (element->stamp == b->stamp) return;
  element->stamp = b->stamp;
  bool shown = element->shown_stamp == b->stamp;
  struct dhis2_membership *member = ARENA_NEW(b->arena, struct dhis2_membership);
  *member = (struct dhis2_membership){.data_set = set,
                                      .element = element->built,
                                      .combo = built_of(combo ? combo : element->one[ONE_COMBO]),
                                      .overridden = combo != NULL,
                                      .section = shown ? element->shown->o.name : STR_NONE,
                                      .position = shown ? element->position : (uint32_t)set->member_count};
  set->members[set->member_count++] = member;
  VEC_PUSH(&b->members, (struct member_of){element, member});
  b->unseen += !element->o.given;
}

/* Members by entries (2.24 on) or plain elements (before). */
static void fill_data_set(struct build *b, struct record *record) {
  struct dhis2_data_set *data_set = record->built;
  const struct record_list *entries = &record->list[LIST_ENTRIES], *elements = &record->list[LIST_ELEMENTS];
  data_set->org_units = targets(b, &record->list[LIST_ORG_UNITS], &data_set->org_unit_count);
  place_in_sections(b, record); /* its stamp holds for add_member: nothing that stamps between */
  data_set->o = record->o;
  data_set->period_type = record->text[TEXT_PERIOD_TYPE];
  data_set->combo = built_of(record->one[ONE_COMBO]);
  data_set->members = ARENA_ARRAY(b->arena, entries->n + elements->n + 1, const struct dhis2_membership *);
  for (const struct record_link *link = entries->first; link; link = link->next)
    if (link->to->one[ONE_ELEMENT]) add_member(b, record, link->to->one[ONE_ELEMENT], link->to->one[ONE_COMBO]);
  for (const struct record_link *link = elements->first; link; link = link->next) add_member(b, record, link->to, NULL);
}

static void fill_element(struct build *b, const struct record *record, size_t memberships) {
  struct dhis2_data_element *element = record->built;
  element->o = record->o;
  element->value_type = record->text[TEXT_VALUE_TYPE];
  element->aggregation_type = record->text[TEXT_AGGREGATION_TYPE];
  element->domain_type = record->text[TEXT_DOMAIN_TYPE];
  element->zero_is_significant = record->zero_is_significant;
  element->combo = built_of(record->one[ONE_COMBO]);
  element->memberships = ARENA_ARRAY(b->arena, memberships + 1, const struct dhis2_membership *);
  element->combos = ARENA_ARRAY(b->arena, memberships + 1, const struct dhis2_category_combo *);
}

/* A number and nothing else; what would not fit in a double's range is none. */
static bool coordinate(struct build *b, struct str text, double most, double *ret) {
  char *end;
  for (size_t i = 0; i < text.n; i++)
    if (!text.p[i] || !strchr("0123456789.eE+-", text.p[i])) return false;
  if (!text.n || text.n > 64) return false;
  *ret = strtod(arena_cstr(b->builder->scratch, text), &end);
  return !*end && *ret >= -most && *ret <= most;
}

/* As a geometry, or as a text "[longitude,latitude]". */
static bool point(struct build *b, const struct record *record, double *ret_longitude, double *ret_latitude) {
  const struct record *geometry = record->one[ONE_GEOMETRY];
  struct str longitude = STR_NONE, latitude = STR_NONE, old = str_trim(record->text[TEXT_POINT]);
  if (geometry && str_eq_nocase(geometry->text[TEXT_SHAPE], STR("Point"))) {
    longitude = geometry->text[TEXT_LONGITUDE];
    latitude = geometry->text[TEXT_LATITUDE];
  } else if (!geometry && old.n > 2 && old.p[0] == '[' && old.p[old.n - 1] == ']') {
    latitude = str_slice(old, 1, old.n - 1);
    longitude = str_trim(str_take(&latitude, ','));
    latitude = str_trim(latitude);
  }
  return coordinate(b, longitude, 180, ret_longitude) && coordinate(b, latitude, 90, ret_latitude);
}

enum { UNIT_DEPTH_MAX = 64 };

/* Parents up to the top. A circle, or more of them than any tree has, is cut here. */
static uint32_t depth_of(struct build *b, struct record *record) {
  uint32_t depth = 1;
  for (const struct record *at = record; at->o.given && at->one[ONE_PARENT]; at = at->one[ONE_PARENT])
    if (++depth > UNIT_DEPTH_MAX) {
      record->one[ONE_PARENT] = NULL;
      b->circles++;
      return 1;
    }
  return depth;
}

static void fill_org_unit(struct build *b, struct record *record) {
  struct dhis2_org_unit *unit = record->built;
  uint32_t depth = depth_of(b, record);
  uint64_t said;
  unit->o = record->o;
  if (!record->o.given) return; /* so that what is written reads back the same */
  unit->parent = built_of(record->one[ONE_PARENT]);
  unit->level = str_to_u64(record->text[TEXT_LEVEL], &said) && said >= 1 && said <= UNIT_DEPTH_MAX ? (uint32_t)said : depth;
  unit->has_point = point(b, record, &unit->longitude, &unit->latitude);
}

enum { COMBOS_OF_ELEMENT_MAX = 64 }; /* unlike combos of one element over all its data sets; real ones have 1 to 3 */

static void add_combo(struct dhis2_data_element *element, const struct dhis2_category_combo *combo) {
  if (!combo || element->combo_count == COMBOS_OF_ELEMENT_MAX) return;
  for (size_t i = 0; i < element->combo_count; i++)
    if (element->combos[i] == combo) return;
  element->combos[element->combo_count++] = combo;
}

static void fill_elements(struct build *b) {
  struct record *record;
  for
    EACH(b, RECORD_ELEMENT, i, record) record->position = 0;
  for (size_t i = 0; i < b->members.n; i++) b->members.p[i].element->position++;
  for
    EACH(b, RECORD_ELEMENT, i, record) fill_element(b, record, record->position);
  for (size_t i = 0; i < b->members.n; i++) {
    struct dhis2_data_element *element = b->members.p[i].element->built;
    element->memberships[element->membership_count++] = b->members.p[i].member;
    add_combo(element, b->members.p[i].member->combo);
  }
  for
    EACH(b, RECORD_ELEMENT, i, record)
  if (!((struct dhis2_data_element *)record->built)->membership_count) add_combo(record->built, built_of(record->one[ONE_COMBO]));
}

static void warn(struct build *b, size_t count, const char *what) {
  if (count) VEC_PUSH(&b->warnings, arena_printf(b->arena, "%zu %s", count, what));
}

static void fill_warnings(struct build *b) {
  struct record *record;
  size_t stray = 0, without = 0;
  for
    EACH(b, RECORD_OPTION_COMBO, i, record) stray += record->o.given && !record->one[ONE_COMBO];
  for
    EACH(b, RECORD_ELEMENT, i, record) without += record->o.given && !record->one[ONE_COMBO];
  warn(b, b->unseen, "members of data sets are data elements that the input does not hold");
  warn(b, stray, "category option combos belong to no category combo");
  warn(b, without, "data elements have no category combo");
  warn(b, b->circles, "org units are their own parents, or lie too deep: cut off there");
  warn(b, b->builder->nameless, "objects without an id were left out");
  struct str *copy = ARENA_ARRAY(b->arena, b->warnings.n + 1, struct str);
  for (size_t i = 0; i < b->warnings.n; i++) copy[i] = b->warnings.p[i];
  b->model->warnings = copy;
  b->model->warning_count = b->warnings.n;
}

static bool fill(struct build *b) {
  struct dhis2_metadata *m = b->model;
  struct record *record;
  if (!link_option_combos(b) || !link_sections(b)) return false;
  m->data_sets = make_objects(b, RECORD_DATA_SET, &m->data_set_count);
  m->elements = make_objects(b, RECORD_ELEMENT, &m->element_count);
  m->combos = make_objects(b, RECORD_COMBO, &m->combo_count);
  m->categories = make_objects(b, RECORD_CATEGORY, &m->category_count);
  m->options = make_objects(b, RECORD_OPTION, &m->option_count);
  m->option_combos = make_objects(b, RECORD_OPTION_COMBO, &m->option_combo_count);
  m->org_units = make_objects(b, RECORD_ORG_UNIT, &m->org_unit_count);
  fill_options_and_categories(b);
  fill_combos(b);
  fill_option_combos(b);
  for
    EACH(b, RECORD_DATA_SET, i, record) fill_data_set(b, record);
  fill_elements(b);
  for
    EACH(b, RECORD_ORG_UNIT, i, record) fill_org_unit(b, record);
  m->calendar = b->builder->calendar;
  fill_warnings(b);
  dhis2_metadata_index_make(b->arena, m);
  return true;
}

const struct dhis2_metadata *builder_build(struct builder *builder, struct error *error) {
  struct build b = {.builder = builder, .arena = builder->arena, .model = ARENA_NEW(builder->arena, struct dhis2_metadata)};
  bool filled = fill(&b);
  VEC_FREE(&b.members);
  VEC_FREE(&b.warnings);
  if (!filled)
    error_set(error, ERROR_input, "the metadata has more than 16 million references");
  else if (!b.model->element_count)
    error_set(error, ERROR_input, "there is no data element in it");
  else
    return b.model;
  return NULL;
}

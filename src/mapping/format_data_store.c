/* What the apps data-set-aligner 1.1 and Dataset Alignment (metadata-alignment 1.11) keep in the data store under metadataAlignment/mappings: a list of mappings, each with rows of data elements and, inside them, rows
 * of option combos. Both shapes are read by either reader; they differ in what a data set is: ids and names alone, or the metadata that the app shows. */
#include "base/json_doc.h"
#include "base/vec.h"
#include "mapping/data_store_write.h"
#include "mapping/format_forms.h"
#include "mapping/format_parts.h"

enum { ROWS_MAX = 1 << 20, IDS_MAX = 1 << 20, LOOKS_MAX = 1 << 26 };

/* Which option combos a data element of one side can hold, as the entry or the job's side says. */
struct holdings {
  const struct dhis2_metadata *side; /* NULL: not known */
  struct map elements;               /* ids that the entry tells about */
  struct map cells;                  /* "element combo" */
};

struct reading {
  struct format_job *job;
  struct rule_list *list;
  struct holdings source, target;
  struct map pairs; /* what was seen already: the app, too, counts a pair once */
  size_t without, outside, looks;
  struct error *error;
};

static struct str cell_key(struct arena *arena, struct str element, struct str combo) {
  return arena_printf(arena, "%zu %.*s %.*s", element.n, STR_ARG(element), STR_ARG(combo));
}

static void learn_element(struct arena *arena, const json_t *element, struct holdings *ret) {
  const json_t *combos = json_object_get(json_object_get(element, "categoryCombo"), "categoryOptionCombos");
  struct str id = format_text(arena, json_object_get(element, "id"));
  if (!id.n || !json_array_size(combos)) return;
  (void)map_put(&ret->elements, id, ret);
  for (size_t i = 0; i < json_array_size(combos); i++)
    (void)map_put(&ret->cells, cell_key(arena, id, json_text(json_array_get(combos, i), "id")), ret);
}

/* A list of data sets with their elements, or {"ids": […], "names": […]}. */
static void read_data_sets(struct arena *arena, const json_t *sets, struct mapping_side *ret, struct holdings *holdings) {
  const json_t *ids = json_is_array(sets) ? sets : json_object_get(sets, "ids");
  struct str *list = ARENA_ARRAY(arena, json_array_size(ids), struct str);
  for (size_t i = 0; i < json_array_size(ids); i++) {
    const json_t *set = json_array_get(ids, i), *members = json_object_get(set, "dataSetElements");
    struct str id = format_text(arena, json_is_string(set) ? set : json_object_get(set, "id"));
    if (id.n) list[ret->data_set_count++] = id;
    for (size_t k = 0; k < json_array_size(members); k++)
      learn_element(arena, json_object_get(json_array_get(members, k), "dataElement"), holdings);
  }
  ret->data_sets = list;
}

static int ids_of(struct reading *r, const json_t *row, const char *key, size_t number, const json_t **ret) {
  *ret = json_object_get(row, key);
  bool good = json_is_array(*ret) && json_array_size(*ret) <= IDS_MAX;
  for (size_t i = 0; good && i < json_array_size(*ret); i++) good = json_string_length(json_array_get(*ret, i)) > 0;
  return good ? 0 : error_set(r->error, ERROR_input, "row %zu: \"%s\" must be a list of ids", number, key);
}

enum holding { HOLDING_UNKNOWN, HOLDING_NO, HOLDING_YES };

static enum holding holds(struct arena *arena, const struct holdings *h, struct str element, struct str combo) {
  if (map_get(&h->elements, element)) return map_get(&h->cells, cell_key(arena, element, combo)) ? HOLDING_YES : HOLDING_NO;
  const struct dhis2_data_element *known = h->side ? dhis2_metadata_element(h->side, element) : NULL;
  if (!known) return HOLDING_UNKNOWN;
  const struct dhis2_option_combo *option_combo = dhis2_metadata_option_combo(h->side, combo);
  return option_combo && dhis2_element_holds(known, option_combo) ? HOLDING_YES : HOLDING_NO;
}

/* Which of the row's elements an option combo belongs to; the file only says it by what each can hold. 1: found; 0: none can hold it. */
static int element_of(struct reading *r, const struct holdings *h, const json_t *elements, struct str combo, size_t number,
                      struct str *ret) {
  size_t could = 0;
  r->looks += json_array_size(elements);
  if (r->looks > LOOKS_MAX) return error_set(r->error, ERROR_input, "row %zu: too many data elements with too many option combos", number);
  for (size_t i = 0; i < json_array_size(elements); i++) {
    struct str element = str_of(json_string_value(json_array_get(elements, i)));
    if (holds(r->job->arena, h, element, combo) == HOLDING_NO) continue;
    *ret = element;
    could++;
  }
  if (could > 1)
    return error_set(r->error, ERROR_input, "row %zu: the option combo %.*s could be of several of its data elements: split the row",
                     number, STR_ARG(combo));
  return (int)could;
}

static int add_pair(struct reading *r, struct mapping_operand source, struct mapping_operand target) {
  struct arena *arena = r->job->arena;
  struct str key = arena_concat(arena, cell_key(arena, source.data_element, source.category_option_combo), STR("\n"),
                                cell_key(arena, target.data_element, target.category_option_combo));
  if (map_put(&r->pairs, key, r)) return 0;
  struct mapping_rule rule = {.target = {arena_str(arena, target.data_element), arena_str(arena, target.category_option_combo)},
                              .decision = MAPPING_ACCEPTED,
                              .confidence = -1};
  struct mapping_term term = {1, {arena_str(arena, source.data_element), arena_str(arena, source.category_option_combo)}};
  return rule_list_add(r->list, &rule, &term, r->error);
}

static int read_combo_row(struct reading *r, const json_t *row, const json_t *source_elements, const json_t *target_elements,
                          size_t number) {
  const json_t *sources, *targets;
  if (ids_of(r, row, "sourceCocs", number, &sources) || ids_of(r, row, "targetCocs", number, &targets)) return -1;
  if (!json_array_size(targets) || !json_array_size(target_elements)) return r->without += json_array_size(sources), 0;
  if (json_array_size(sources) > 1 && json_array_size(targets) > 1)
    return error_set(r->error, ERROR_input, "row %zu: several option combos on both sides: which goes where is not said; split the row",
                     number);
  for (size_t i = 0; i < json_array_size(sources); i++)
    for (size_t k = 0; k < json_array_size(targets); k++) {
      struct mapping_operand source = {.category_option_combo = str_of(json_string_value(json_array_get(sources, i)))};
      struct mapping_operand target = {.category_option_combo = str_of(json_string_value(json_array_get(targets, k)))};
      int found = element_of(r, &r->source, source_elements, source.category_option_combo, number, &source.data_element);
      if (found > 0) found = element_of(r, &r->target, target_elements, target.category_option_combo, number, &target.data_element);
      r->outside += found == 0;
      if (found < 0 || (found > 0 && add_pair(r, source, target) < 0)) return -1;
    }
  return 0;
}

static int read_rows(struct reading *r, const json_t *rows) {
  if (!json_is_array(rows) || json_array_size(rows) > ROWS_MAX)
    return error_set(r->error, ERROR_input, "this is no mapping of the app: the rows of data elements are missing");
  for (size_t i = 0; i < json_array_size(rows); i++) {
    const json_t *row = json_array_get(rows, i), *sources, *targets, *combos = json_object_get(row, "cocMappings");
    if (ids_of(r, row, "sourceDes", i + 1, &sources) || ids_of(r, row, "targetDes", i + 1, &targets)) return -1;
    if (!json_is_array(combos)) return error_set(r->error, ERROR_input, "row %zu: \"cocMappings\" must be a list", i + 1);
    for (size_t k = 0; k < json_array_size(combos); k++)
      if (read_combo_row(r, json_array_get(combos, k), sources, targets, i + 1) < 0) return -1;
  }
  return 0;
}

static int read_pairs(struct reading *r, const json_t *rows, const char *what, const char *source_key, const char *target_key,
                      const struct mapping_pair **ret, size_t *ret_count) {
  struct pair_list list = {0};
  struct map seen = {0};
  int result = 0;
  if (json_array_size(rows) > MAPPING_PAIRS_MAX) result = error_set(r->error, ERROR_input, "more than %d %s", MAPPING_PAIRS_MAX, what);
  for (size_t i = 0; i < json_array_size(rows) && result == 0; i++) {
    const json_t *sources, *targets;
    result =
        ids_of(r, json_array_get(rows, i), source_key, i + 1, &sources) || ids_of(r, json_array_get(rows, i), target_key, i + 1, &targets)
            ? -1
            : 0;
    if (result == 0 && json_array_size(targets) > 1)
      result = error_set(r->error, ERROR_input, "%s, row %zu: several targets: a value is sent to one place", what, i + 1);
    for (size_t k = 0; result == 0 && json_array_size(targets) && k < json_array_size(sources); k++) {
      struct str source = format_text(r->job->arena, json_array_get(sources, k)),
                 target = format_text(r->job->arena, json_array_get(targets, 0));
      const struct str *known = map_get(&seen, source);
      if (known && str_eq(*known, target)) continue;
      VEC_PUSH(&list, ((struct mapping_pair){source, target}));
      struct str *kept = ARENA_NEW(r->job->arena, struct str);
      *kept = target;
      (void)map_put(&seen, source, kept);
    }
  }
  map_free(&seen);
  *ret_count = list.n;
  *ret = pair_list_done(r->job->arena, &list);
  return result;
}

static const json_t *entry_of(const json_t *root, struct error *error) {
  if (json_is_object(root)) return root;
  if (json_array_size(root) == 1 && json_is_object(json_array_get(root, 0))) return json_array_get(root, 0);
  if (json_array_size(root) > 1)
    (void)error_set(error, ERROR_input, "the data store holds %zu mappings: leave the one that is wanted in the list",
                    json_array_size(root));
  else
    (void)error_set(error, ERROR_input, "there is no mapping in the list");
  return NULL;
}

static int read_entry(struct reading *r, const json_t *entry, struct mapping *m) {
  struct arena *arena = r->job->arena;
  const json_t *nested = json_object_get(entry, "deCocMappings");
  m->source.server = format_text(arena, json_object_get(entry, "sourceUrl"));
  m->target.server = format_text(arena, json_object_get(entry, "targetUrl"));
  read_data_sets(arena, json_object_get(entry, "sourceDs"), &m->source, &r->source);
  read_data_sets(arena, json_object_get(entry, "targetDs"), &m->target, &r->target);
  if (read_rows(r, nested ? nested : json_object_get(entry, "mappings"))) return -1;
  if (read_pairs(r, json_object_get(entry, "aocMappings"), "attribute option combos", "sourceAocs", "targetAocs",
                 &m->attribute_option_combos, &m->attribute_option_combo_count))
    return -1;
  return read_pairs(r, json_object_get(entry, "ouMappings"), "org units", "sourceOus", "targetOus", &m->org_units, &m->org_unit_count);
}

static const struct mapping *read_store(struct format_job *job, struct str bytes, struct error *error) {
  struct reading r = {
      .job = job, .list = rule_list_new(job->arena), .source.side = job->source, .target.side = job->target, .error = error};
  struct mapping *mapping = ARENA_NEW(job->arena, struct mapping);
  json_t *root = format_json(bytes, error);
  const json_t *entry = root ? entry_of(root, error) : NULL;
  int result = entry ? read_entry(&r, entry, mapping) : -1;
  json_decref(root);
  if (r.without)
    format_tell(job, "%zu option combos without target are passed over: not mapped yet is another thing than no counterpart", r.without);
  if (r.outside) format_tell(job, "%zu pairs are passed over: the option combo is none that the row's data element can hold", r.outside);
  mapping->source.default_combo = format_default_combo(job->source);
  mapping->target.default_combo = format_default_combo(job->target);
  rule_list_done(r.list, mapping);
  map_free(&r.source.elements);
  map_free(&r.source.cells);
  map_free(&r.target.elements);
  map_free(&r.target.cells);
  map_free(&r.pairs);
  return result == 0 ? mapping : NULL;
}

const struct mapping *format_data_set_aligner_read(struct format_job *job, struct str bytes, struct error *error) {
  return read_store(job, bytes, error);
}

const struct mapping *format_metadata_alignment_read(struct format_job *job, struct str bytes, struct error *error) {
  return read_store(job, bytes, error);
}

int format_data_set_aligner_write(struct format_job *job, const struct mapping *mapping, struct buf *buf, struct error *error) {
  (void)error;
  data_store_write(job, mapping, false, buf);
  return 0;
}

int format_metadata_alignment_write(struct format_job *job, const struct mapping *mapping, struct buf *buf, struct error *error) {
  (void)error;
  data_store_write(job, mapping, true, buf);
  return 0;
}

/* The dictionaries of the OpenHEXA pipeline dhis2_to_dhis2_data_elements: ids of the source to ids of the target, for data elements and for option combos apart. The pipeline sends every value whose data element and
 * option combo both stand there, and adds nothing up; an empty dictionary lets everything pass as it is. So a data element is written only if what the pipeline would do with all of its cells is what the mapping says. */
#include "base/json_out.h"
#include "base/vec.h"
#include "mapping/format_forms.h"
#include "mapping/format_parts.h"

enum { PRODUCT_MAX = 1 << 26 };

/* --- reading --- */

static int read_dictionary(struct arena *arena, json_t *root, const char *name, struct pair_list *ret, struct error *error) {
  json_t *dictionary = json_object_get(root, name), *value;
  const char *key;
  if (!dictionary) return 0;
  if (!json_is_object(dictionary)) return error_set(error, ERROR_input, "\"%s\" must be a dictionary", name);
  if (json_object_size(dictionary) > MAPPING_PAIRS_MAX)
    return error_set(error, ERROR_input, "\"%s\" has more than %d entries", name, MAPPING_PAIRS_MAX);
  json_object_foreach(dictionary, key, value) {
    if (!json_is_string(value)) return error_set(error, ERROR_input, "\"%s\": the entry \"%.100s\" must be an id", name, key);
    VEC_PUSH(ret, ((struct mapping_pair){arena_str(arena, str_of(key)), format_text(arena, value)}));
  }
  return 0;
}

/* Each element with each option combo, or with those that the source's element can hold where that is known. */
static int multiply(struct format_job *job, const struct pair_list *elements, const struct pair_list *combos, struct mapping *ret,
                    struct error *error) {
  struct rule_list *list = rule_list_new(job->arena);
  if (elements->n * combos->n > PRODUCT_MAX)
    return error_set(error, ERROR_input, "more than %d data elements times option combos", PRODUCT_MAX);
  for (size_t i = 0; i < elements->n; i++) {
    const struct dhis2_data_element *element = job->source ? dhis2_metadata_element(job->source, elements->p[i].source) : NULL;
    for (size_t k = 0; k < combos->n; k++) {
      const struct dhis2_option_combo *combo = element ? dhis2_metadata_option_combo(job->source, combos->p[k].source) : NULL;
      if (element && (!combo || !dhis2_element_holds(element, combo))) continue;
      struct mapping_rule rule = {.target = {elements->p[i].target, combos->p[k].target}, .decision = MAPPING_ACCEPTED, .confidence = -1};
      struct mapping_term term = {1, {elements->p[i].source, combos->p[k].source}};
      if (rule_list_add(list, &rule, &term, error) < 0) return -1;
    }
  }
  if (!job->source && elements->n > 1 && combos->n > 1)
    format_tell(job,
                "every data element is paired with every option combo: name the source (--source) to have only those that it can hold");
  rule_list_done(list, ret);
  return 0;
}

const struct mapping *format_openhexa_read(struct format_job *job, struct str bytes, struct error *error) {
  struct mapping *mapping = ARENA_NEW(job->arena, struct mapping);
  struct pair_list elements = {0}, combos = {0}, attributes = {0}, units = {0};
  json_t *root = format_json(bytes, error);
  int result = root ? 0 : -1;
  if (result == 0 && (!json_is_object(root) || !json_is_object(json_object_get(root, "dataElements")) ||
                      !json_is_object(json_object_get(root, "categoryOptionCombos"))))
    result = error_set(error, ERROR_input, "the dictionaries \"dataElements\" and \"categoryOptionCombos\" are missing");
  if (result == 0) result = read_dictionary(job->arena, root, "dataElements", &elements, error);
  if (result == 0) result = read_dictionary(job->arena, root, "categoryOptionCombos", &combos, error);
  if (result == 0) result = read_dictionary(job->arena, root, "attributeOptionCombos", &attributes, error);
  if (result == 0) result = read_dictionary(job->arena, root, "orgUnits", &units, error);
  if (result == 0 && (!elements.n || !combos.n))
    result = error_set(error, ERROR_input, "an empty dictionary lets everything pass as it is: a mapping names what is sent");
  if (result == 0) result = multiply(job, &elements, &combos, mapping, error);
  json_decref(root);
  VEC_FREE(&elements);
  VEC_FREE(&combos);
  mapping->attribute_option_combo_count = attributes.n;
  mapping->attribute_option_combos = pair_list_done(job->arena, &attributes);
  mapping->org_unit_count = units.n;
  mapping->org_units = pair_list_done(job->arena, &units);
  return result == 0 ? mapping : NULL;
}

/* --- writing --- */

/* A source cell and what the mapping says of it. */
struct cell {
  struct mapping_operand source, target;
  size_t targets; /* how many cells it goes to */
};

struct element {
  struct str id, target;
  struct cell **cells;
  size_t cell_count, capacity;
  bool out;
};

struct writing {
  struct format_job *job;
  struct map cells;    /* "element combo" to struct cell; in the order of the mapping */
  struct map elements; /* id to struct element */
  struct map filled;   /* "element combo" of the target to how many source cells fill it */
  struct map votes;    /* "source target" of option combos to how many cells say so */
  struct map combos;   /* option combo of the source to struct str of the target */
  size_t sums, split, several, otherwise;
};

static struct str key_of(struct writing *w, struct str a, struct str b) {
  return arena_printf(w->job->arena, "%zu %.*s %.*s", a.n, STR_ARG(a), STR_ARG(b));
}

static size_t count_up(struct map *map, struct str key) {
  size_t count = (size_t)(uintptr_t)map_get(map, key) + 1;
  (void)map_put(map, key, (void *)(uintptr_t)count);
  return count;
}

static size_t count_of(const struct map *map, struct str key) {
  return (size_t)(uintptr_t)map_get(map, key);
}

static struct element *element_of(struct writing *w, struct str id) {
  struct element *element = map_get(&w->elements, id);
  if (element) return element;
  element = ARENA_NEW(w->job->arena, struct element);
  element->id = id;
  (void)map_put(&w->elements, id, element);
  return element;
}

static void take_term(struct writing *w, const struct mapping_rule *rule, const struct mapping_term *term) {
  struct str key = key_of(w, term->source.data_element, term->source.category_option_combo);
  struct cell *cell = map_get(&w->cells, key);
  (void)count_up(&w->filled, key_of(w, rule->target.data_element, rule->target.category_option_combo));
  if (cell) {
    cell->targets++;
    return;
  }
  cell = ARENA_NEW(w->job->arena, struct cell);
  *cell = (struct cell){term->source, rule->target, 1};
  (void)map_put(&w->cells, key, cell);
  struct element *element = element_of(w, term->source.data_element);
  if (element->cell_count == element->capacity) {
    struct cell **more = ARENA_ARRAY(w->job->arena, element->capacity * 2 + 8, struct cell *);
    if (element->cell_count) memcpy(more, element->cells, element->cell_count * sizeof *more);
    element->cells = more;
    element->capacity = element->capacity * 2 + 8;
  }
  element->cells[element->cell_count++] = cell;
}

/* What no dictionary can say of an element's cells. */
static void judge_alone(struct writing *w, struct element *element) {
  element->target = element->cells[0]->target.data_element;
  bool sum = false, split = false, several = false;
  for (size_t i = 0; i < element->cell_count; i++) {
    const struct cell *cell = element->cells[i];
    sum = sum || count_of(&w->filled, key_of(w, cell->target.data_element, cell->target.category_option_combo)) > 1;
    split = split || cell->targets > 1;
    several = several || !str_eq(cell->target.data_element, element->target);
  }
  element->out = sum || split || several;
  w->sums += sum;
  w->split += split && !sum;
  w->several += several && !sum && !split;
}

static void vote(struct writing *w, const struct element *element) {
  for (size_t i = 0; i < element->cell_count; i++) {
    struct str from = element->cells[i]->source.category_option_combo, *best = map_get(&w->combos, from);
    size_t votes = count_up(&w->votes, key_of(w, from, element->cells[i]->target.category_option_combo));
    if (best && count_of(&w->votes, key_of(w, from, *best)) >= votes) continue;
    (void)map_put(&w->combos, from, &element->cells[i]->target.category_option_combo);
  }
}

/* Would the pipeline do with each cell of the element what the mapping says? `holds`: the cell may have values though the mapping sends none. */
static bool agrees(struct writing *w, const struct element *element) {
  for (size_t i = 0; i < element->cell_count; i++) {
    const struct str *to = map_get(&w->combos, element->cells[i]->source.category_option_combo);
    if (!to || !str_eq(*to, element->cells[i]->target.category_option_combo)) return false;
  }
  const struct dhis2_data_element *known = w->job->source ? dhis2_metadata_element(w->job->source, element->id) : NULL;
  for (size_t k = 0; known && k < known->combo_count; k++)
    for (size_t i = 0; i < known->combos[k]->option_combo_count; i++) {
      struct str combo = known->combos[k]->option_combos[i]->o.id;
      if (map_get(&w->combos, combo) && !map_get(&w->cells, key_of(w, element->id, combo))) return false;
    }
  return true;
}

static size_t beyond(struct writing *w) {
  size_t elements = 0, combos = 0, cells = 0;
  for (struct map_entry *e = map_first(&w->elements); e; e = map_next(&w->elements, e)) {
    const struct element *element = e->value;
    if (element->out) continue;
    elements++;
    cells += element->cell_count;
  }
  for (struct map_entry *e = map_first(&w->combos); e; e = map_next(&w->combos, e)) combos++;
  return w->job->source ? 0 : elements * combos - cells;
}

/* The combos' targets are those that most cells have; elements that disagree are taken out, and then the combos that nobody has any more. */
static void settle(struct writing *w) {
  for (struct map_entry *e = map_first(&w->elements); e; e = map_next(&w->elements, e))
    if (!((struct element *)e->value)->out) vote(w, e->value);
  for (struct map_entry *e = map_first(&w->elements); e; e = map_next(&w->elements, e)) {
    struct element *element = e->value;
    if (element->out || agrees(w, element)) continue;
    element->out = true;
    w->otherwise++;
  }
  map_free(&w->combos);
  for (struct map_entry *e = map_first(&w->elements); e; e = map_next(&w->elements, e)) {
    const struct element *element = e->value;
    for (size_t i = 0; !element->out && i < element->cell_count; i++)
      (void)map_put(&w->combos, element->cells[i]->source.category_option_combo, &element->cells[i]->target.category_option_combo);
  }
}

static void tell(struct writing *w) {
  if (w->sums) format_tell(w->job, "left out: %zu data elements of whose cells sums are made", w->sums);
  if (w->split) format_tell(w->job, "left out: %zu data elements with a cell that goes to several target cells", w->split);
  if (w->several) format_tell(w->job, "left out: %zu data elements whose cells go to several data elements", w->several);
  if (w->otherwise)
    format_tell(w->job, "left out: %zu data elements with which the dictionaries would do something else than the mapping", w->otherwise);
  size_t more = beyond(w);
  if (more)
    format_tell(w->job,
                "%zu cells that the mapping does not name would be sent too, if the source has them: name the source (--source) to leave "
                "such data elements out",
                more);
}

static void write_pairs(struct json_out *out, const char *name, const struct mapping_pair *pairs, size_t count) {
  json_out_member_object(out, name);
  for (size_t i = 0; i < count; i++) {
    json_out_key(out, pairs[i].source);
    json_out_str(out, pairs[i].target);
  }
  json_out_end(out);
}

static size_t write_dictionaries(struct writing *w, const struct mapping *mapping, struct buf *buf) {
  struct json_out out = JSON_OUT_INIT(buf);
  size_t written = 0;
  json_out_object(&out);
  json_out_member_object(&out, "dataElements");
  for (struct map_entry *e = map_first(&w->elements); e; e = map_next(&w->elements, e)) {
    const struct element *element = e->value;
    if (element->out) continue;
    json_out_key(&out, element->id);
    json_out_str(&out, element->target);
    written++;
  }
  json_out_end(&out);
  json_out_member_object(&out, "categoryOptionCombos");
  for (struct map_entry *e = map_first(&w->combos); e; e = map_next(&w->combos, e)) {
    json_out_key(&out, e->key);
    json_out_str(&out, *(const struct str *)e->value);
  }
  json_out_end(&out);
  write_pairs(&out, "attributeOptionCombos", mapping->attribute_option_combos, mapping->attribute_option_combo_count);
  write_pairs(&out, "orgUnits", mapping->org_units, mapping->org_unit_count);
  json_out_end(&out);
  (void)buf_add_char(buf, '\n');
  return written;
}

int format_openhexa_write(struct format_job *job, const struct mapping *mapping, struct buf *buf, struct error *error) {
  struct writing w = {.job = job};
  for (size_t i = 0; i < mapping->rule_count; i++)
    for (size_t t = 0; t < mapping->rules[i].term_count; t++) take_term(&w, &mapping->rules[i], &mapping->rules[i].terms[t]);
  for (struct map_entry *e = map_first(&w.elements); e; e = map_next(&w.elements, e)) judge_alone(&w, e->value);
  settle(&w);
  tell(&w);
  size_t written = write_dictionaries(&w, mapping, buf);
  map_free(&w.cells);
  map_free(&w.elements);
  map_free(&w.filled);
  map_free(&w.votes);
  map_free(&w.combos);
  return written ? 0
                 : error_set(error, ERROR_input,
                             "dictionaries can hold nothing of this mapping, and empty ones would let everything pass as it is");
}

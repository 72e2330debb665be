#include "mapping/data_store_write.h"

#include "base/json_out.h"
#include "mapping/format_parts.h"

/* A growing list in the arena, in the order of first appearance. */
struct node {
  struct str id;
  struct node *next;
};

struct chain {
  struct node *first, **end;
};

/* Which source option combos of an element go to one target cell. */
struct cell_row {
  struct str target;
  struct chain sources;
  struct cell_row *next;
};

/* A row of the app: one source element and one target element. */
struct row {
  struct str source, target; /* `target` empty: none */
  struct cell_row *first, **end;
  struct map by_target;
};

struct writing {
  struct format_job *job;
  struct json_out out;
  struct map rows;        /* "source target" to struct row */
  struct map mapped;      /* "element combo" of the source */
  struct map used_source; /* element to struct chain of its option combos */
  struct map used_target;
  struct map seen; /* "element combo" in one of the two above */
};

static struct str key_of(struct writing *w, struct str a, struct str b) {
  return arena_printf(w->job->arena, "%zu %.*s %.*s", a.n, STR_ARG(a), STR_ARG(b));
}

static void append(struct arena *arena, struct chain *chain, struct str id) {
  if (!chain->end) chain->end = &chain->first;
  *chain->end = ARENA_NEW(arena, struct node);
  (*chain->end)->id = id;
  chain->end = &(*chain->end)->next;
}

static void use(struct writing *w, struct map *used, const char *side, struct mapping_operand cell) {
  struct str key = arena_concat(w->job->arena, str_of(side), key_of(w, cell.data_element, cell.category_option_combo));
  if (map_put(&w->seen, key, w)) return;
  struct chain *chain = map_get(used, cell.data_element);
  if (!chain) {
    chain = ARENA_NEW(w->job->arena, struct chain);
    (void)map_put(used, cell.data_element, chain);
  }
  append(w->job->arena, chain, cell.category_option_combo);
}

static struct row *row_of(struct writing *w, struct str source, struct str target) {
  struct str key = key_of(w, source, target);
  struct row *row = map_get(&w->rows, key);
  if (row) return row;
  row = ARENA_NEW(w->job->arena, struct row);
  *row = (struct row){.source = source, .target = target};
  row->end = &row->first;
  (void)map_put(&w->rows, key, row);
  return row;
}

static void add_cell(struct writing *w, struct row *row, struct str source_combo, struct str target_combo) {
  struct cell_row *cell = target_combo.n ? map_get(&row->by_target, target_combo) : NULL;
  if (!cell) {
    cell = *row->end = ARENA_NEW(w->job->arena, struct cell_row);
    cell->target = target_combo;
    row->end = &cell->next;
    if (target_combo.n) (void)map_put(&row->by_target, target_combo, cell);
  }
  append(w->job->arena, &cell->sources, source_combo);
}

static void collect(struct writing *w, const struct mapping *m) {
  for (size_t i = 0; i < m->rule_count; i++)
    for (size_t t = 0; t < m->rules[i].term_count; t++) {
      struct mapping_operand source = m->rules[i].terms[t].source, target = m->rules[i].target;
      use(w, &w->used_source, "s", source);
      use(w, &w->used_target, "t", target);
      (void)map_put(&w->mapped, key_of(w, source.data_element, source.category_option_combo), w);
      add_cell(w, row_of(w, source.data_element, target.data_element), source.category_option_combo, target.category_option_combo);
    }
}

/* The cells of the source that are not mapped, in a row of their element without target. */
static void collect_unmapped(struct writing *w) {
  const struct dhis2_metadata *source = w->job->source;
  for (size_t i = 0; source && i < source->element_count; i++)
    for (size_t k = 0; k < source->elements[i]->combo_count; k++)
      for (size_t c = 0; c < source->elements[i]->combos[k]->option_combo_count; c++) {
        struct str element = source->elements[i]->o.id, combo = source->elements[i]->combos[k]->option_combos[c]->o.id,
                   key = key_of(w, element, combo);
        if (map_put(&w->mapped, key, w)) continue;
        add_cell(w, row_of(w, element, STR("")), combo, STR(""));
      }
}

static void write_ids(struct json_out *out, const char *key, const struct node *node) {
  json_out_member_array(out, key);
  for (; node; node = node->next) json_out_str(out, node->id);
  json_out_end(out);
}

static void write_one(struct json_out *out, const char *key, struct str id) {
  json_out_member_array(out, key);
  if (id.n) json_out_str(out, id);
  json_out_end(out);
}

static void write_rows(struct writing *w, const char *key) {
  json_out_member_array(&w->out, key);
  for (struct map_entry *e = map_first(&w->rows); e; e = map_next(&w->rows, e)) {
    const struct row *row = e->value;
    json_out_object(&w->out);
    write_one(&w->out, "sourceDes", row->source);
    write_one(&w->out, "targetDes", row->target);
    json_out_member_array(&w->out, "cocMappings");
    for (const struct cell_row *cell = row->first; cell; cell = cell->next) {
      json_out_object(&w->out);
      write_ids(&w->out, "sourceCocs", cell->sources.first);
      write_one(&w->out, "targetCocs", cell->target);
      json_out_end(&w->out);
    }
    json_out_end(&w->out);
    json_out_end(&w->out);
  }
  json_out_end(&w->out);
}

static void write_pairs(struct json_out *out, const char *key, const char *source_key, const char *target_key,
                        const struct mapping_pair *pairs, size_t count) {
  json_out_member_array(out, key);
  for (size_t i = 0; i < count; i++) {
    json_out_object(out);
    write_one(out, source_key, pairs[i].source);
    write_one(out, target_key, pairs[i].target);
    json_out_end(out);
  }
  json_out_end(out);
}

/* --- data sets --- */

static void begin_object(struct json_out *out, struct str id, struct str name) {
  json_out_object(out);
  json_out_member_str(out, "id", id);
  json_out_member_str(out, "name", name.n ? name : id);
}

static void write_named(struct json_out *out, struct str id, struct str name) {
  begin_object(out, id, name);
  json_out_end(out);
}

/* `key`: {"categoryOptionCombos": [ … ]}, left open. */
static void begin_combo(struct json_out *out) {
  json_out_member_object(out, "categoryCombo");
  json_out_member_array(out, "categoryOptionCombos");
}

static void begin_element(struct json_out *out, struct str id, struct str name) {
  json_out_object(out);
  json_out_key(out, STR("dataElement"));
  begin_object(out, id, name);
  begin_combo(out);
}

static void end_element(struct json_out *out) {
  for (int i = 0; i < 4; i++) json_out_end(out);
}

static void write_known_element(struct json_out *out, const struct dhis2_data_element *element) {
  begin_element(out, element->o.id, element->o.name);
  for (size_t k = 0; k < element->combo_count; k++)
    for (size_t c = 0; c < element->combos[k]->option_combo_count; c++)
      write_named(out, element->combos[k]->option_combos[c]->o.id, element->combos[k]->option_combos[c]->o.name);
  end_element(out);
}

/* What the mapping uses and no data set of the side that is written holds: in the first one. */
static void write_other_elements(struct writing *w, const struct dhis2_metadata *side, const struct map *used) {
  for (struct map_entry *e = map_first(used); e; e = map_next(used, e)) {
    const struct dhis2_data_element *known = side ? dhis2_metadata_element(side, e->key) : NULL;
    if (known && known->membership_count) continue;
    begin_element(&w->out, e->key, known ? known->o.name : STR(""));
    for (const struct node *node = ((struct chain *)e->value)->first; node; node = node->next)
      write_named(&w->out, node->id, format_combo_name(side, node->id));
    end_element(&w->out);
  }
}

static void write_data_set(struct writing *w, struct str id, bool first, const struct dhis2_metadata *side, const struct map *used,
                           const struct mapping *m, bool is_source) {
  const struct dhis2_data_set *known = side ? dhis2_metadata_data_set(side, id) : NULL;
  begin_object(&w->out, id, known ? known->o.name : STR(""));
  begin_combo(&w->out);
  for (size_t i = 0; known && known->combo && i < known->combo->option_combo_count; i++)
    write_named(&w->out, known->combo->option_combos[i]->o.id, known->combo->option_combos[i]->o.name);
  for (size_t i = 0; first && !known && i < m->attribute_option_combo_count; i++)
    write_named(&w->out, is_source ? m->attribute_option_combos[i].source : m->attribute_option_combos[i].target, STR(""));
  json_out_end(&w->out);
  json_out_end(&w->out);
  json_out_member_array(&w->out, "dataSetElements");
  for (size_t i = 0; known && i < known->member_count; i++) write_known_element(&w->out, known->members[i]->element);
  if (first) write_other_elements(w, side, used);
  json_out_end(&w->out);
  json_out_member_array(&w->out, "organisationUnits");
  for (size_t i = 0; first && i < m->org_unit_count; i++) {
    struct str unit = is_source ? m->org_units[i].source : m->org_units[i].target;
    begin_object(&w->out, unit, STR(""));
    json_out_member_array(&w->out, "ancestors");
    json_out_end(&w->out);
    json_out_end(&w->out);
  }
  json_out_end(&w->out);
  json_out_end(&w->out);
}

static void write_data_sets(struct writing *w, const char *key, const struct mapping_side *side, const struct dhis2_metadata *metadata,
                            const struct map *used, const struct mapping *m, bool is_source) {
  json_out_member_array(&w->out, key);
  for (size_t i = 0; i < side->data_set_count; i++) write_data_set(w, side->data_sets[i], i == 0, metadata, used, m, is_source);
  if (!side->data_set_count) write_data_set(w, STR(""), true, NULL, used, m, is_source);
  json_out_end(&w->out);
}

static void write_set_names(struct json_out *out, const char *key, const struct mapping_side *side, const struct dhis2_metadata *metadata) {
  json_out_member_object(out, key);
  json_out_member_array(out, "ids");
  for (size_t i = 0; i < side->data_set_count; i++) json_out_str(out, side->data_sets[i]);
  json_out_end(out);
  json_out_member_array(out, "names");
  for (size_t i = 0; i < side->data_set_count; i++) {
    const struct dhis2_data_set *known = metadata ? dhis2_metadata_data_set(metadata, side->data_sets[i]) : NULL;
    json_out_str(out, known && known->o.name.n ? known->o.name : side->data_sets[i]);
  }
  json_out_end(out);
  json_out_end(out);
}

static struct str join_ids(struct arena *arena, const struct mapping_side *side) {
  struct str text = STR("");
  for (size_t i = 0; i < side->data_set_count; i++) text = arena_concat(arena, text, i ? STR("-") : STR(""), side->data_sets[i]);
  return text;
}

static struct str without_scheme(struct str address) {
  return str_starts(address, STR("https://")) ? str_from(address, 8) : address;
}

/* By this the app finds an entry again. */
static void write_row_key(struct writing *w, const struct mapping *m) {
  struct arena *arena = w->job->arena;
  json_out_member_str(&w->out, "rowKey",
                      arena_concat(arena, join_ids(arena, &m->source), STR("-"), join_ids(arena, &m->target), STR("-"),
                                   without_scheme(m->source.server), STR("-"), without_scheme(m->target.server)));
}

static void write_entry(struct writing *w, const struct mapping *m, bool with_metadata) {
  struct json_out *out = &w->out;
  json_out_array(out);
  json_out_object(out);
  if (with_metadata) {
    write_row_key(w, m);
    write_data_sets(w, "sourceDs", &m->source, w->job->source, &w->used_source, m, true);
    write_data_sets(w, "targetDs", &m->target, w->job->target, &w->used_target, m, false);
  } else {
    write_set_names(out, "sourceDs", &m->source, w->job->source);
    write_set_names(out, "targetDs", &m->target, w->job->target);
  }
  json_out_member_str(out, "sourceUrl", m->source.server.n ? m->source.server : STR(""));
  json_out_member_str(out, "targetUrl", m->target.server.n ? m->target.server : STR(""));
  write_rows(w, with_metadata ? "deCocMappings" : "mappings");
  if (with_metadata) {
    write_pairs(out, "aocMappings", "sourceAocs", "targetAocs", m->attribute_option_combos, m->attribute_option_combo_count);
    write_pairs(out, "ouMappings", "sourceOus", "targetOus", m->org_units, m->org_unit_count);
    json_out_member_object(out, "mappingPipelines");
    json_out_end(out);
  }
  json_out_end(out);
  json_out_end(out);
}

void data_store_write(struct format_job *job, const struct mapping *mapping, bool with_metadata, struct buf *buf) {
  struct writing w = {.job = job, .out = JSON_OUT_INIT(buf)};
  collect(&w, mapping);
  collect_unmapped(&w);
  write_entry(&w, mapping, with_metadata);
  (void)buf_add_char(buf, '\n');
  for (struct map_entry *e = map_first(&w.rows); e; e = map_next(&w.rows, e)) map_free(&((struct row *)e->value)->by_target);
  map_free(&w.rows);
  map_free(&w.mapped);
  map_free(&w.used_source);
  map_free(&w.used_target);
  map_free(&w.seen);
}

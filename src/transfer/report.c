#include "transfer/report.h"

#include "base/json_doc.h"
#include "base/json_out.h"
#include "base/map.h"
#include "base/mem.h"
#include "base/vec.h"
#include "transfer/refused.h"
#include <jansson.h>

enum { SILENT_MAX = 100, SKIPPED_MAX = 2000, UNMAPPED_MAX = 10000, CONFLICTS_MAX = 1000, CONFLICT_CELLS = 5 };

struct unmapped {
  enum transfer_reason reason;
  struct mapping_operand source;
  uint64_t values;
  struct decimal sum; /* of those that are numbers */
};

struct conflict_cell {
  struct report_cell cell, *sources;
  size_t source_count;
};

struct conflict {
  struct report_words words;
  uint64_t count;
  struct conflict_cell cells[CONFLICT_CELLS];
  size_t cell_count;
};

struct total {
  struct str data_element, period, name;
  struct decimal side[2], skipped;
  uint64_t cells;
  bool seen[2], skips;
};

/* Cells with what they hold beside what they are to hold. */
struct held {
  struct report_cell wanted;
  struct str other;
};

enum held_list { DIFFERING, REPLACED, HELD_LISTS };
static const struct {
  const char *name, *other; /* in JSON */
  size_t max;
} held_lists[] = {[DIFFERING] = {"differing", "found", 100}, [REPLACED] = {"replaced", "before", 50}};

/* An org unit of which the source gave nothing. */
struct silent {
  struct str period, org_unit;
};

/* What is skipped of an org unit that the target does not have, for one element and period. */
struct skipped {
  struct str org_unit, data_element, period;
  uint64_t values;
  struct decimal total;
  bool has_total;
};

struct report {
  struct arena *arena;
  struct report_counts counts;
  uint64_t by_reason[TRANSFER_REASON_COUNT]; /* values of the source */
  struct map by_code;                        /* -> uint64_t */
  struct map unmapped, conflicts, totals;
  struct map skipped, skipped_units; /* the second: each in its period */
  struct map names[2];               /* id -> struct str */
  struct report_party parties[2];
  struct report_estimate estimate;
  bool has_estimate;
  struct batches batches;
  VEC(struct held) held[HELD_LISTS];
  VEC(struct silent) silent;
  struct total *last; /* of report_total: values come in runs */
  struct buf refused; /* max 0: nobody wants it */
  uint64_t refused_rows;
};

struct report *report_new(void) {
  struct report *r = mem_alloc(sizeof *r);
  r->arena = arena_new();
  return r;
}

static void empty(struct report *r) {
  map_free(&r->by_code);
  map_free(&r->unmapped);
  map_free(&r->conflicts);
  map_free(&r->totals);
  map_free(&r->skipped);
  map_free(&r->skipped_units);
  for (unsigned side = 0; side < 2; side++) map_free(&r->names[side]);
  for (unsigned list = 0; list < HELD_LISTS; list++) VEC_FREE(&r->held[list]);
  VEC_FREE(&r->silent);
  batches_free(&r->batches);
  buf_free(&r->refused);
  arena_free(r->arena);
}

void report_free(struct report *r) {
  if (!r) return;
  empty(r);
  free(r);
}

void report_clear(struct report *r) {
  size_t max = r->refused.max;
  empty(r);
  *r = (struct report){.arena = arena_new(), .refused = BUF_INIT(max)};
}

struct report_counts *report_counts(struct report *r) {
  return &r->counts;
}

/* --- filling --- */

void report_list_refused(struct report *r, size_t max) {
  r->refused.max = max;
}

struct buf *report_refused(struct report *r) {
  return &r->refused;
}

uint64_t report_refused_rows(const struct report *r) {
  return r->refused_rows;
}

static void list_refused(struct report *r, const struct report_words *words, const struct report_cell *cell, struct str found,
                         const struct report_cell *sources, size_t source_count) {
  if (!r->refused.max) return;
  refused_add(&r->refused, words, cell, found, sources, source_count);
  r->refused_rows++;
}

static struct unmapped *unmapped_of(struct report *r, enum transfer_reason reason, struct mapping_operand source) {
  char key[600];
  int n = snprintf(key, sizeof key, "%d %.*s %.*s", (int)reason, STR_ARG(str_slice(source.data_element, 0, 255)),
                   STR_ARG(str_slice(source.category_option_combo, 0, 255)));
  struct str text = {key, (size_t)n};
  struct unmapped *u = map_get(&r->unmapped, text);
  if (u || r->unmapped.count == UNMAPPED_MAX) return u;
  u = ARENA_NEW(r->arena, struct unmapped);
  *u = (struct unmapped){.reason = reason,
                         .source = {arena_str(r->arena, source.data_element), arena_str(r->arena, source.category_option_combo)}};
  (void)map_put(&r->unmapped, arena_str(r->arena, text), u);
  return u;
}

static void keep_silent(struct report *r, struct str period, struct str org_unit) {
  if (r->silent.n < SILENT_MAX) VEC_PUSH(&r->silent, (struct silent){arena_str(r->arena, period), arena_str(r->arena, org_unit)});
}

void report_silent(struct report *r, struct str period, struct str org_unit) {
  r->counts.silent++;
  keep_silent(r, period, org_unit);
}

void report_unmapped(struct report *r, enum transfer_reason reason, struct mapping_operand source, struct str value) {
  struct unmapped *u = unmapped_of(r, reason, source);
  struct decimal number;
  r->by_reason[reason]++;
  r->counts.unmapped++;
  if (!u) return;
  u->values++;
  if (decimal_parse(value, &number)) (void)decimal_add(&u->sum, &number, 1);
}

static void add_code(struct report *r, struct str code, uint64_t count) {
  uint64_t *known = map_get(&r->by_code, code);
  if (!known) {
    known = ARENA_NEW(r->arena, uint64_t);
    (void)map_put(&r->by_code, arena_str(r->arena, code), known);
  }
  *known += count;
  r->counts.ignored += count;
}

/* One of each code; a server's messages of one code differ in the ids they name, so the first stands for all. */
static struct conflict *conflict_of(struct report *r, const struct report_words *words) {
  char text[600];
  int n = snprintf(text, sizeof text, "%d %.*s %.*s", words->by_target, STR_ARG(str_slice(words->code, 0, 64)),
                   STR_ARG(str_slice(words->message, 0, words->remedy.n ? 500 : 0)));
  struct str key = {text, (size_t)n};
  struct conflict *c = map_get(&r->conflicts, key);
  if (c || r->conflicts.count == CONFLICTS_MAX) return c;
  c = ARENA_NEW(r->arena, struct conflict);
  c->words = (struct report_words){words->by_target,
                                   arena_str(r->arena, words->code),
                                   arena_str(r->arena, words->message),
                                   words->remedy.n ? arena_str(r->arena, words->remedy) : STR_NONE,
                                   arena_str(r->arena, words->value_type),
                                   {arena_str(r->arena, words->obstacle.kind), arena_str(r->arena, words->obstacle.type),
                                    words->obstacle.at_source, words->obstacle.over_time}};
  (void)map_put(&r->conflicts, arena_str(r->arena, key), c);
  return c;
}

static struct report_cell copy_cell(struct arena *arena, const struct report_cell *cell) {
  return (struct report_cell){
      .operand = {arena_str(arena, cell->operand.data_element), arena_str(arena, cell->operand.category_option_combo)},
      .attribute = arena_str(arena, cell->attribute),
      .period = arena_str(arena, cell->period),
      .org_unit = arena_str(arena, cell->org_unit),
      .value = arena_str(arena, cell->value)};
}

static void keep_cell(struct report *r, struct conflict *c, const struct report_cell *cell, const struct report_cell *sources,
                      size_t source_count) {
  if (c->cell_count == CONFLICT_CELLS) return;
  struct conflict_cell *kept = &c->cells[c->cell_count++];
  if (source_count > CELL_SOURCES_SHOWN) source_count = CELL_SOURCES_SHOWN;
  *kept = (struct conflict_cell){.cell = copy_cell(r->arena, cell),
                                 .sources = ARENA_ARRAY(r->arena, source_count + 1, struct report_cell),
                                 .source_count = source_count};
  for (size_t i = 0; i < source_count; i++) kept->sources[i] = copy_cell(r->arena, &sources[i]);
}

void report_conflict(struct report *r, const struct report_words *words, const struct report_cell *cell, const struct report_cell *sources,
                     size_t source_count) {
  struct conflict *c = conflict_of(r, words);
  list_refused(r, words, cell, STR_NONE, sources, source_count);
  if (words->by_target) add_code(r, words->code, 1);
  if (!c) return;
  c->count++;
  keep_cell(r, c, cell, sources, source_count);
}

static void keep_held(struct report *r, enum held_list list, const struct report_cell *wanted, struct str other) {
  if (r->held[list].n == held_lists[list].max) return;
  struct held held = {copy_cell(r->arena, wanted), other.p ? arena_str(r->arena, other) : STR_NONE};
  VEC_PUSH(&r->held[list], held);
}

void report_differing(struct report *r, const struct report_cell *wanted, struct str found, bool is_listed) {
  const struct report_words words = {.code = STR("differs"), .message = STR("read back from the target, and not what was to be there")};
  if (!is_listed) list_refused(r, &words, wanted, found, NULL, 0);
  r->counts.differing++;
  keep_held(r, DIFFERING, wanted, found);
}

void report_replaced(struct report *r, const struct report_cell *wanted, struct str before) {
  keep_held(r, REPLACED, wanted, before);
}

static struct total *total_of(struct report *r, struct str data_element, struct str period) {
  char key[600];
  if (r->last && str_eq(r->last->data_element, data_element) && str_eq(r->last->period, period)) return r->last;
  struct str first = str_slice(data_element, 0, 255), second = str_slice(period, 0, 255);
  memcpy(key, first.p, first.n);
  key[first.n] = ' ';
  memcpy(key + first.n + 1, second.p, second.n);
  struct str text = {key, first.n + 1 + second.n};
  struct total *total = map_get(&r->totals, text);
  if (!total) {
    total = ARENA_NEW(r->arena, struct total);
    total->data_element = arena_str(r->arena, data_element);
    total->period = arena_str(r->arena, period);
    (void)map_put(&r->totals, arena_str(r->arena, text), total);
  }
  r->last = total;
  return total;
}

void report_total(struct report *r, struct str data_element, struct str period, enum report_side side, const struct decimal *number,
                  int sign) {
  struct total *total = total_of(r, data_element, period);
  total->seen[side] = true;
  (void)decimal_add(&total->side[side], number, sign);
}

void report_total_cells(struct report *r, struct str data_element, struct str period, uint64_t cells) {
  total_of(r, data_element, period)->cells += cells;
}

void report_total_name(struct report *r, struct str data_element, struct str period, struct str name) {
  struct total *total = total_of(r, data_element, period);
  if (!total->name.n && name.n) total->name = arena_str(r->arena, name);
}

static struct skipped *skipped_of(struct report *r, struct str org_unit, struct str data_element, struct str period) {
  char key[600];
  int n = snprintf(key, sizeof key, "%.*s %.*s %.*s", STR_ARG(str_slice(period, 0, 100)), STR_ARG(str_slice(org_unit, 0, 200)),
                   STR_ARG(str_slice(data_element, 0, 200)));
  struct str text = {key, (size_t)n};
  struct skipped *s = map_get(&r->skipped, text);
  if (s || r->skipped.count == SKIPPED_MAX) return s;
  s = ARENA_NEW(r->arena, struct skipped);
  s->org_unit = arena_str(r->arena, org_unit);
  s->data_element = arena_str(r->arena, data_element);
  s->period = arena_str(r->arena, period);
  (void)map_put(&r->skipped, arena_str(r->arena, text), s);
  return s;
}

static void count_skipped_unit(struct report *r, struct str org_unit, struct str period) {
  char key[400];
  int n = snprintf(key, sizeof key, "%.*s %.*s", STR_ARG(str_slice(period, 0, 100)), STR_ARG(str_slice(org_unit, 0, 200)));
  struct str text = {key, (size_t)n};
  if (map_get(&r->skipped_units, text)) return;
  (void)map_put(&r->skipped_units, arena_str(r->arena, text), r);
  r->counts.skipped_units++;
}

static void add_skipped_total(struct report *r, struct str data_element, struct str period, const struct decimal *number, int sign) {
  struct total *total = total_of(r, data_element, period);
  total->skips = true;
  (void)decimal_add(&total->skipped, number, sign);
}

static void keep_skipped(struct skipped *s, uint64_t values, const struct decimal *number, int sign) {
  if (!s) return;
  s->values += values;
  s->has_total |= number != NULL;
  if (number) (void)decimal_add(&s->total, number, sign);
}

void report_skip(struct report *r, const struct report_skip *skip) {
  count_skipped_unit(r, skip->org_unit, skip->period);
  keep_skipped(skipped_of(r, skip->org_unit, skip->data_element, skip->period), skip->is_value, skip->number, skip->sign);
  if (!skip->number) return;
  report_total(r, skip->data_element, skip->period, REPORT_SOURCE, skip->number, skip->sign);
  add_skipped_total(r, skip->data_element, skip->period, skip->number, skip->sign);
}

void report_estimate(struct report *r, struct report_estimate estimate) {
  r->estimate = estimate;
  r->has_estimate = true;
}

const struct report_estimate *report_estimate_of(const struct report *r) {
  return r->has_estimate ? &r->estimate : NULL;
}

struct batches *report_batches(struct report *r) {
  return &r->batches;
}

void report_party(struct report *r, enum report_side side, struct report_party party) {
  r->parties[side] =
      (struct report_party){arena_str(r->arena, party.url), arena_str(r->arena, party.version), arena_str(r->arena, party.user)};
}

void report_tables(struct report *r, struct str made) {
  r->parties[REPORT_SOURCE].analytics = arena_str(r->arena, made);
}

struct report_party report_party_of(const struct report *r, enum report_side side) {
  return r->parties[side];
}

void report_name(struct report *r, enum report_side side, struct str id, struct str name) {
  if (!name.n || map_get(&r->names[side], id)) return;
  struct str *kept = ARENA_NEW(r->arena, struct str);
  *kept = arena_str(r->arena, name);
  (void)map_put(&r->names[side], arena_str(r->arena, id), kept);
}

bool report_has_name(const struct report *r, enum report_side side, struct str id) {
  return map_get(&r->names[side], id) != NULL;
}

typedef void each_id(void *payload, enum report_side side, enum report_kind kind, struct str id);

static void each_of_cell(const struct report_cell *cell, enum report_side side, each_id *each, void *payload) {
  each(payload, side, REPORT_ELEMENT, cell->operand.data_element);
  each(payload, side, REPORT_OPTION_COMBO, cell->operand.category_option_combo);
  if (cell->attribute.n) each(payload, side, REPORT_OPTION_COMBO, cell->attribute);
  each(payload, side, REPORT_ORG_UNIT, cell->org_unit);
}

void report_each_id(const struct report *r, each_id *each, void *payload) {
  for (struct map_entry *e = map_first(&r->totals); e; e = map_next(&r->totals, e))
    each(payload, REPORT_TARGET, REPORT_ELEMENT, ((const struct total *)e->value)->data_element);
  for (struct map_entry *e = map_first(&r->unmapped); e; e = map_next(&r->unmapped, e)) {
    const struct unmapped *u = e->value;
    each(payload, REPORT_SOURCE, REPORT_ELEMENT, u->source.data_element);
    if (u->source.category_option_combo.n) each(payload, REPORT_SOURCE, REPORT_OPTION_COMBO, u->source.category_option_combo);
  }
  for (struct map_entry *e = map_first(&r->conflicts); e; e = map_next(&r->conflicts, e)) {
    const struct conflict *c = e->value;
    for (size_t i = 0; i < c->cell_count; i++) {
      each_of_cell(&c->cells[i].cell, REPORT_TARGET, each, payload);
      for (size_t k = 0; k < c->cells[i].source_count; k++) each_of_cell(&c->cells[i].sources[k], REPORT_SOURCE, each, payload);
    }
  }
  for (unsigned list = 0; list < HELD_LISTS; list++)
    for (size_t i = 0; i < r->held[list].n; i++) each_of_cell(&r->held[list].p[i].wanted, REPORT_TARGET, each, payload);
  for (size_t i = 0; i < r->silent.n; i++) each(payload, REPORT_SOURCE, REPORT_ORG_UNIT, r->silent.p[i].org_unit);
  for (struct map_entry *e = map_first(&r->skipped); e; e = map_next(&r->skipped, e))
    each(payload, REPORT_SOURCE, REPORT_ORG_UNIT, ((const struct skipped *)e->value)->org_unit);
}

static bool agrees(const struct total *total) {
  return decimal_cmp(&total->side[0], &total->side[1]) == 0;
}

static bool agrees_but_skipped(const struct total *total) {
  struct decimal rest = total->side[REPORT_SOURCE];
  return decimal_add(&rest, &total->skipped, -1) && decimal_cmp(&rest, &total->side[REPORT_TARGET]) == 0;
}

bool report_totals_agree(const struct report *r) {
  for (struct map_entry *e = map_first(&r->totals); e; e = map_next(&r->totals, e))
    if (!agrees_but_skipped(e->value)) return false;
  return true;
}

const char *report_outcome(const struct report *r, bool dry_run) {
  if (r->counts.differing) return "differs";
  if (r->counts.refused || r->counts.ignored) return "refused";
  return !dry_run && !report_totals_agree(r) ? "differs" : "done";
}

/* --- writing --- */

static int cmp_entries(const void *a, const void *b) {
  return str_cmp((*(struct map_entry *const *)a)->key, (*(struct map_entry *const *)b)->key);
}

/* The entries by key; to be freed. */
static struct map_entry **sorted(const struct map *map) {
  struct map_entry **list = mem_alloc_array(map->count + 1, sizeof *list);
  size_t n = 0;
  for (struct map_entry *e = map_first(map); e; e = map_next(map, e)) list[n++] = e;
  qsort(list, n, sizeof *list, cmp_entries);
  return list;
}

static void write_number(struct json_out *out, const char *key, const struct decimal *number) {
  char text[DECIMAL_OUT_SIZE];
  json_out_member_str(out, key, number ? decimal_text(number, text) : STR_NONE);
}

void report_write_counts(const struct report *r, struct json_out *out) {
  json_out_object(out);
#define X(name, words) json_out_member_int(out, #name, (int64_t)r->counts.name);
  REPORT_COUNTS(X)
#undef X
  json_out_member_object(out, "unmapped");
  for (unsigned i = 1; i < TRANSFER_REASON_COUNT; i++)
    if (r->by_reason[i]) json_out_member_int(out, transfer_reason_name((enum transfer_reason)i), (int64_t)r->by_reason[i]);
  json_out_end(out);
  json_out_member_object(out, "ignored");
  struct map_entry **codes = sorted(&r->by_code);
  for (size_t i = 0; i < r->by_code.count; i++) {
    json_out_key(out, codes[i]->key);
    json_out_int(out, (int64_t) * (uint64_t *)codes[i]->value);
  }
  free(codes);
  json_out_end(out);
  json_out_end(out);
}

void report_write_totals(const struct report *r, struct json_out *out) {
  struct map_entry **list = sorted(&r->totals);
  json_out_array(out);
  for (size_t i = 0; i < r->totals.count; i++) {
    const struct total *total = list[i]->value;
    json_out_object(out);
    json_out_member_str(out, "data_element", total->data_element);
    const struct str *now = map_get(&r->names[REPORT_TARGET], total->data_element);
    if (now || total->name.n) json_out_member_str(out, "name", now ? *now : total->name);
    json_out_member_str(out, "period", total->period);
    write_number(out, "source", total->seen[REPORT_SOURCE] ? &total->side[REPORT_SOURCE] : NULL);
    write_number(out, "target", total->seen[REPORT_TARGET] ? &total->side[REPORT_TARGET] : NULL);
    json_out_member_int(out, "cells", (int64_t)total->cells);
    json_out_member_bool(out, "equal", agrees(total));
    if (total->skips) write_number(out, "skipped", &total->skipped);
    if (total->skips) json_out_member_bool(out, "equal_but_skipped", agrees_but_skipped(total));
    json_out_end(out);
  }
  json_out_end(out);
  free(list);
}

static void write_cell_members(struct json_out *out, const struct report_cell *cell) {
  json_out_member_str(out, "data_element", cell->operand.data_element);
  json_out_member_str(out, "category_option_combo", cell->operand.category_option_combo);
  if (cell->attribute.n) json_out_member_str(out, "attribute_option_combo", cell->attribute);
  json_out_member_str(out, "period", cell->period);
  json_out_member_str(out, "org_unit", cell->org_unit);
  if (cell->value.n) json_out_member_str(out, "value", cell->value);
}

static void write_conflict_cell(struct json_out *out, const struct conflict_cell *cell) {
  json_out_object(out);
  json_out_member_object(out, "target");
  write_cell_members(out, &cell->cell);
  json_out_end(out);
  json_out_member_array(out, "sources");
  for (size_t i = 0; i < cell->source_count; i++) {
    json_out_object(out);
    write_cell_members(out, &cell->sources[i]);
    json_out_end(out);
  }
  json_out_end(out);
  json_out_end(out);
}

static void write_obstacle(struct json_out *out, const struct report_obstacle *obstacle) {
  if (!obstacle->type.n) return;
  json_out_member_object(out, "obstacle");
  json_out_member_str(out, "kind", obstacle->kind);
  json_out_member_str(out, "type", obstacle->type);
  json_out_member_str(out, "side", obstacle->at_source ? STR("source") : STR("target"));
  json_out_member_bool(out, "over_time", obstacle->over_time);
  json_out_end(out);
}

void report_write_conflicts(const struct report *r, struct json_out *out) {
  struct map_entry **list = sorted(&r->conflicts);
  json_out_array(out);
  for (size_t i = 0; i < r->conflicts.count; i++) {
    const struct conflict *c = list[i]->value;
    json_out_object(out);
    json_out_member_str(out, "code", c->words.code);
    json_out_member_str(out, "message", c->words.message);
    if (c->words.remedy.n) json_out_member_str(out, "remedy", c->words.remedy);
    if (c->words.value_type.n) json_out_member_str(out, "value_type", c->words.value_type);
    write_obstacle(out, &c->words.obstacle);
    json_out_member_bool(out, "by_target", c->words.by_target);
    json_out_member_int(out, "count", (int64_t)c->count);
    json_out_member_array(out, "cells");
    for (size_t k = 0; k < c->cell_count; k++) write_conflict_cell(out, &c->cells[k]);
    json_out_end(out);
    json_out_end(out);
  }
  json_out_end(out);
  free(list);
}

static void write_unmapped(const struct report *r, struct json_out *out) {
  struct map_entry **list = sorted(&r->unmapped);
  json_out_member_array(out, "unmapped_cells");
  for (size_t i = 0; i < r->unmapped.count; i++) {
    const struct unmapped *u = list[i]->value;
    json_out_object(out);
    json_out_member_str(out, "data_element", u->source.data_element);
    json_out_member_str(out, "category_option_combo", u->source.category_option_combo);
    json_out_member_str(out, "reason", str_of(transfer_reason_name(u->reason)));
    json_out_member_int(out, "values", (int64_t)u->values);
    write_number(out, "sum", &u->sum);
    json_out_end(out);
  }
  json_out_end(out);
  free(list);
}

static void write_estimate(const struct report *r, struct json_out *out) {
  const struct report_estimate *e = &r->estimate;
  if (!r->has_estimate) return;
  json_out_member_object(out, "estimate");
  json_out_member_int(out, "requests", (int64_t)(e->source_requests + e->target_requests));
  json_out_member_int(out, "source_requests", (int64_t)e->source_requests);
  json_out_member_int(out, "target_requests", (int64_t)e->target_requests);
  json_out_member_int(out, "bytes", (int64_t)e->bytes);
  if (e->least_ms >= REPORT_ESTIMATE_LEAST_MS) json_out_member_int(out, "seconds", e->least_ms / 1000);
  json_out_end(out);
}

static void write_servers(const struct report *r, struct json_out *out) {
  static const char *const sides[] = {"source", "target"};
  if (!r->parties[0].url.n && !r->parties[1].url.n) return;
  json_out_member_object(out, "servers");
  for (unsigned side = 0; side < 2; side++) {
    json_out_member_object(out, sides[side]);
    json_out_member_str(out, "url", r->parties[side].url);
    if (r->parties[side].version.n) json_out_member_str(out, "version", r->parties[side].version);
    if (r->parties[side].user.n) json_out_member_str(out, "user", r->parties[side].user);
    if (r->parties[side].analytics.n) json_out_member_str(out, "analytics", r->parties[side].analytics);
    json_out_end(out);
  }
  json_out_end(out);
}

static void write_names(const struct report *r, struct json_out *out) {
  static const char *const sides[] = {"source", "target"};
  if (!r->names[0].count && !r->names[1].count) return;
  json_out_member_object(out, "names");
  for (unsigned side = 0; side < 2; side++) {
    struct map_entry **list = sorted(&r->names[side]);
    json_out_member_object(out, sides[side]);
    for (size_t i = 0; i < r->names[side].count; i++) {
      json_out_key(out, list[i]->key);
      json_out_str(out, *(const struct str *)list[i]->value);
    }
    json_out_end(out);
    free(list);
  }
  json_out_end(out);
}

static void write_held(const struct report *r, enum held_list list, struct json_out *out) {
  json_out_member_array(out, held_lists[list].name);
  for (size_t i = 0; i < r->held[list].n; i++) {
    json_out_object(out);
    write_cell_members(out, &r->held[list].p[i].wanted);
    json_out_member_str(out, held_lists[list].other, r->held[list].p[i].other);
    json_out_end(out);
  }
  json_out_end(out);
}

static void write_silent(const struct report *r, struct json_out *out) {
  json_out_member_array(out, "silent_units");
  for (size_t i = 0; i < r->silent.n; i++) {
    json_out_object(out);
    json_out_member_str(out, "period", r->silent.p[i].period);
    json_out_member_str(out, "org_unit", r->silent.p[i].org_unit);
    json_out_end(out);
  }
  json_out_end(out);
}

static void write_skipped(const struct report *r, struct json_out *out) {
  struct map_entry **list = sorted(&r->skipped);
  json_out_member_array(out, "skipped_units");
  for (size_t i = 0; i < r->skipped.count; i++) {
    const struct skipped *s = list[i]->value;
    json_out_object(out);
    json_out_member_str(out, "period", s->period);
    json_out_member_str(out, "org_unit", s->org_unit);
    json_out_member_str(out, "data_element", s->data_element);
    json_out_member_int(out, "values", (int64_t)s->values);
    if (s->has_total) write_number(out, "total", &s->total);
    json_out_end(out);
  }
  json_out_end(out);
  free(list);
}

void report_write(const struct report *r, struct json_out *out) {
  json_out_key(out, STR("counts"));
  report_write_counts(r, out);
  json_out_key(out, STR("control_totals"));
  report_write_totals(r, out);
  write_unmapped(r, out);
  json_out_key(out, STR("conflicts"));
  report_write_conflicts(r, out);
  for (unsigned list = 0; list < HELD_LISTS; list++) write_held(r, list, out);
  write_silent(r, out);
  write_skipped(r, out);
  json_out_key(out, STR("batches"));
  batches_write(&r->batches, out);
  if (r->refused_rows) json_out_member_int(out, "refused_rows", (int64_t)r->refused_rows);
  write_estimate(r, out);
  write_servers(r, out);
  write_names(r, out);
}

/* --- reading back --- */

static struct report_cell cell_of(const json_t *from) {
  return (struct report_cell){.operand = {json_text(from, "data_element"), json_text(from, "category_option_combo")},
                              .attribute = json_text(from, "attribute_option_combo"),
                              .period = json_text(from, "period"),
                              .org_unit = json_text(from, "org_unit"),
                              .value = json_text(from, "value")};
}

static void add_counts(struct report *r, const json_t *counts) {
  const char *key;
  json_t *value;
#define X(name, words) r->counts.name += json_count(counts, #name);
  REPORT_COUNTS(X)
#undef X
  json_object_foreach(json_object_get(counts, "ignored"), key, value)
      add_code(r, str_of(key), json_count(json_object_get(counts, "ignored"), key));
  for (unsigned i = 1; i < TRANSFER_REASON_COUNT; i++) {
    uint64_t n = json_count(json_object_get(counts, "unmapped"), transfer_reason_name((enum transfer_reason)i));
    r->by_reason[i] += n;
    r->counts.unmapped += n;
  }
}

static void add_totals(struct report *r, const json_t *list) {
  static const char *const sides[] = {"source", "target"};
  for (size_t i = 0; i < json_array_size(list); i++) {
    const json_t *from = json_array_get(list, i);
    struct decimal number;
    for (unsigned side = 0; side < 2; side++)
      if (decimal_parse(json_text(from, sides[side]), &number))
        report_total(r, json_text(from, "data_element"), json_text(from, "period"), (enum report_side)side, &number, 1);
    if (decimal_parse(json_text(from, "skipped"), &number))
      add_skipped_total(r, json_text(from, "data_element"), json_text(from, "period"), &number, 1);
    report_total_cells(r, json_text(from, "data_element"), json_text(from, "period"), json_count(from, "cells"));
    report_total_name(r, json_text(from, "data_element"), json_text(from, "period"), json_text(from, "name"));
  }
}

static void add_unmapped(struct report *r, const json_t *list) {
  for (size_t i = 0; i < json_array_size(list); i++) {
    const json_t *from = json_array_get(list, i);
    struct decimal number;
    for (unsigned reason = 1; reason < TRANSFER_REASON_COUNT; reason++) {
      if (!str_eq(json_text(from, "reason"), str_of(transfer_reason_name((enum transfer_reason)reason)))) continue;
      struct unmapped *u = unmapped_of(r, (enum transfer_reason)reason,
                                       (struct mapping_operand){json_text(from, "data_element"), json_text(from, "category_option_combo")});
      if (u) u->values += json_count(from, "values");
      if (u && decimal_parse(json_text(from, "sum"), &number)) (void)decimal_add(&u->sum, &number, 1);
    }
  }
}

static void add_conflict_cell(struct report *r, struct conflict *c, const json_t *from) {
  struct report_cell sources[CELL_SOURCES_SHOWN], cell = cell_of(json_object_get(from, "target"));
  const json_t *list = json_object_get(from, "sources");
  size_t n = 0;
  for (; n < json_array_size(list) && n < CELL_SOURCES_SHOWN; n++) sources[n] = cell_of(json_array_get(list, n));
  keep_cell(r, c, &cell, sources, n);
}

struct report_obstacle report_obstacle_read(const json_t *from) {
  return (struct report_obstacle){json_text(from, "kind"), json_text(from, "type"), str_eq(json_text(from, "side"), STR("source")),
                                  json_is_true(json_object_get(from, "over_time"))};
}

static void add_conflicts(struct report *r, const json_t *list) {
  for (size_t i = 0; i < json_array_size(list); i++) {
    const json_t *from = json_array_get(list, i), *cells = json_object_get(from, "cells");
    const struct report_words words = {json_is_true(json_object_get(from, "by_target")),
                                       json_text(from, "code"),
                                       json_text(from, "message"),
                                       json_text(from, "remedy"),
                                       json_text(from, "value_type"),
                                       report_obstacle_read(json_object_get(from, "obstacle"))};
    struct conflict *c = conflict_of(r, &words);
    if (!c) continue;
    c->count += json_count(from, "count");
    for (size_t k = 0; k < json_array_size(cells); k++) add_conflict_cell(r, c, json_array_get(cells, k));
  }
}

static void add_held(struct report *r, enum held_list list, const json_t *from) {
  for (size_t i = 0; i < json_array_size(from); i++) {
    struct report_cell cell = cell_of(json_array_get(from, i));
    keep_held(r, list, &cell, json_text(json_array_get(from, i), held_lists[list].other));
  }
}

static void add_silent(struct report *r, const json_t *list) {
  for (size_t i = 0; i < json_array_size(list); i++)
    keep_silent(r, json_text(json_array_get(list, i), "period"), json_text(json_array_get(list, i), "org_unit"));
}

static void add_skipped(struct report *r, const json_t *list) {
  for (size_t i = 0; i < json_array_size(list); i++) {
    const json_t *from = json_array_get(list, i);
    struct decimal number;
    bool has_total = decimal_parse(json_text(from, "total"), &number);
    keep_skipped(skipped_of(r, json_text(from, "org_unit"), json_text(from, "data_element"), json_text(from, "period")),
                 json_count(from, "values"), has_total ? &number : NULL, 1);
  }
}

int report_add(struct report *r, struct str json, struct error *error) {
  json_t *root = json_doc_read(json);
  const json_t *counts = json_object_get(root, "counts");
  if (!json_is_object(counts)) {
    json_decref(root);
    return error_set(error, ERROR_input, "this is not a part of a report");
  }
  add_counts(r, counts);
  add_totals(r, json_object_get(root, "control_totals"));
  add_unmapped(r, json_object_get(root, "unmapped_cells"));
  add_conflicts(r, json_object_get(root, "conflicts"));
  for (unsigned list = 0; list < HELD_LISTS; list++) add_held(r, list, json_object_get(root, held_lists[list].name));
  add_silent(r, json_object_get(root, "silent_units"));
  add_skipped(r, json_object_get(root, "skipped_units"));
  batches_read(&r->batches, json_object_get(root, "batches"));
  r->refused_rows += json_count(root, "refused_rows");
  json_decref(root);
  return 0;
}

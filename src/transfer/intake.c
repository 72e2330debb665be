/* From values to contributions, and from cells to counts: what runs between servers and between files do alike. */
#include "transfer/refusal_words.h"
#include "transfer/remedy.h"
#include "transfer/run_internal.h"

static void add_source(struct intake *in, const struct contribution *c, const struct decimal *number, int sign) {
  const struct target_operand *o = translation_operand(in->translation, c->operand);
  report_total(in->report, o->id.data_element, translation_id(in->translation, c->period), REPORT_SOURCE, number, sign);
}

/* A value is told once of each element, however many cells of it it goes to. */
static bool is_first_of_element(const struct intake *in, const struct translated *translated, size_t part) {
  struct str element = translation_operand(in->translation, translated->to[part].operand)->id.data_element;
  for (size_t i = 0; i < part; i++)
    if (str_eq(translation_operand(in->translation, translated->to[i].operand)->id.data_element, element)) return false;
  return true;
}

static bool is_wanted(const struct intake *in, const struct translated *translated) {
  for (size_t i = 0; in->only && i < translated->count; i++)
    if (changes_has(in->only, &translated->to[i])) return true;
  return !in->only;
}

static void tell_unmapped(struct intake *in, const struct dhis2_value *value, enum transfer_reason reason) {
  report_unmapped(in->report, reason, (struct mapping_operand){value->data_element, value->category_option_combo}, value->value);
}

/* It goes nowhere, and what it would have added is told. */
static void skip_value(struct intake *in, const struct dhis2_value *value, const struct translated *translated) {
  struct decimal number;
  char out[VALUE_OUT_SIZE];
  tell_unmapped(in, value, translated->reason);
  for (size_t i = 0; i < translated->count; i++) {
    const struct contribution *c = &translated->to[i];
    bool is_number = translation_is_counted(in->translation, c->operand) &&
                     decimal_parse(translation_counted(in->translation, c, value->value, out), &number);
    report_skip(in->report, &(struct report_skip){.org_unit = value->org_unit,
                                                  .data_element = translation_operand(in->translation, c->operand)->id.data_element,
                                                  .period = translation_id(in->translation, c->period),
                                                  .is_value = is_first_of_element(in, translated, i),
                                                  .number = is_number ? &number : NULL,
                                                  .sign = translation_sign(in->translation, c)});
  }
}

int intake_value(struct intake *in, const struct dhis2_value *value, struct error *error) {
  struct report_counts *counts = report_counts(in->report);
  struct translated translated = translation_of(in->translation, value);
  struct decimal number;
  char out[VALUE_OUT_SIZE];
  counts->read++;
  bool skips = translated.reason == TRANSFER_unknown_unit; /* one that is not wanted is passed over below, like any other */
  if (skips && is_wanted(in, &translated)) {
    skip_value(in, value, &translated);
    return 0;
  }
  if (translated.reason != TRANSFER_FINE && !skips) {
    tell_unmapped(in, value, translated.reason);
    return 0;
  }
  counts->mapped++;
  struct str text = in->notes ? note_pack(value, in->notes) : value->value;
  if (!text.p) return error_set(error, ERROR_input, "a value with its comment is too long");
  size_t passed = 0;
  for (size_t i = 0; i < translated.count; i++) {
    const struct contribution *c = &translated.to[i];
    if (in->only && !changes_has(in->only, c)) {
      passed++;
      continue;
    }
    if (gather_add(in->gather, c, text, error)) return -1;
    if (translation_is_counted(in->translation, c->operand) &&
        decimal_parse(translation_counted(in->translation, c, value->value, out), &number))
      add_source(in, c, &number, translation_sign(in->translation, c));
  }
  counts->not_changed += passed == translated.count;
  return 0;
}

struct report_cell report_cell_of(const struct translation *t, const struct cell *cell) {
  const struct target_operand *o = translation_operand(t, cell->key.operand);
  return (struct report_cell){.operand = o->id,
                              .attribute = translation_id(t, cell->key.attribute),
                              .period = translation_id(t, cell->key.period),
                              .org_unit = translation_id(t, cell->key.org_unit),
                              .value = cell->value};
}

static struct report_obstacle obstacle_of(const struct translation *t, const struct cell *cell) {
  const struct obstacle *obstacle = translation_obstacle(t, cell->key.operand);
  return (struct report_obstacle){str_of(obstacle->kind), str_slice(obstacle->type, 0, 40), obstacle->at_source,
                                  obstacle == &translation_operand(t, cell->key.operand)->to_sum_in_time};
}

/* Values that do not fit are one kind of conflict for each type that is wanted, with its name; so are those that may not be added up, for each type in the way. */
static struct report_words words_of(const struct translation *t, const struct cell *cell, struct arena *arena) {
  struct str code = str_of(transfer_reason_name(cell->reason)), type = translation_operand(t, cell->key.operand)->value_type;
  if (cell->reason == TRANSFER_not_summable && translation_obstacle(t, cell->key.operand)->type.n) {
    struct report_obstacle obstacle = obstacle_of(t, cell);
    return (struct report_words){.code = code,
                                 .message = obstacle_words(LANGUAGE_ENGLISH, arena, &obstacle),
                                 .remedy = str_of(transfer_remedy(false, code)),
                                 .obstacle = obstacle};
  }
  if (cell->reason != TRANSFER_value_type || !type.n)
    return (struct report_words){.code = code, .message = str_of(transfer_reason_words(cell->reason))};
  struct str text = arena_printf(arena, "the data element of the target holds %.*s, and the value is none: it takes %s",
                                 STR_ARG(str_slice(type, 0, 40)), dhis2_value_form(type));
  return (struct report_words){.code = code, .message = text, .remedy = str_of(transfer_remedy(false, code)), .value_type = type};
}

static void tell_refused(struct intake *in, const struct cell *cell) {
  const struct translation *t = in->translation;
  struct arena *arena = arena_new_small();
  struct report_cell target = report_cell_of(t, cell), sources[CELL_SOURCES_KEPT];
  if (cell->refused[0]) target.value = str_of(cell->refused);
  size_t n = cell->count < CELL_SOURCES_KEPT ? cell->count : CELL_SOURCES_KEPT;
  for (size_t i = 0; i < n; i++) {
    const struct contribution *c = &cell->sources[i].from;
    sources[i] = (struct report_cell){.operand = translation_source(t, c),
                                      .attribute = translation_id(t, c->source_attribute),
                                      .period = translation_id(t, c->source_period),
                                      .org_unit = translation_id(t, c->source_unit),
                                      .value = str_of(cell->sources[i].value)};
  }
  const struct report_words words = words_of(t, cell, arena);
  report_conflict(in->report, &words, &target, sources, n);
  arena_free(arena);
}

void intake_cell(struct intake *in, const struct cell *cell) {
  struct report_counts *counts = report_counts(in->report);
  bool counted = translation_is_counted(in->translation, cell->key.operand);
  counts->cells++;
  counts->summed += cell->count > 1;
  if (counted && decimal_sign(&cell->repeated)) add_source(in, &cell->key, &cell->repeated, -1);
  if (cell->reason == TRANSFER_skipped) {
    counts->skipped++;
    if (counted) add_source(in, &cell->key, &cell->sum, -1);
  } else if (cell->reason != TRANSFER_FINE) {
    counts->refused++;
    tell_refused(in, cell);
  }
}

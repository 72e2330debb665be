#include "align/attributes.h"

#include "align/abbreviation.h"
#include "align/cells.h"
#include "align/likeness.h"
#include "align/score.h"
#include "base/map.h"
#include "base/vec.h"

enum { AOCS_MAX = 100000, CANDIDATES_MAX = 50, KEY_SIZE = 128 };

#define AOC_AUTO 0.9f
#define AOC_PROPOSED 0.4f

/* The AOCs of a side's data sets, by id. */
struct side_aocs {
  const struct dhis2_option_combo **p;
  size_t n;
  const struct dhis2_category_combo **combos;
  size_t combo_count;
  const struct dhis2_option_combo *fallback; /* the default one; NULL: every value names attribute options */
};

/* Why, as a code and as a sentence. */
struct saying {
  const char *code, *why;
};

static const struct saying say_decided = {"decided", "A person decided so"};
static const struct saying say_decided_none = {"decided_none", "A person decided that there is no counterpart"};
static const struct saying say_both_default = {"both_default", "Neither has attribute options: default on both sides"};
static const struct saying say_given_up = {
    "given_up", "The target has no attribute options: it would be added to all others there, which is for a person to choose"};
static const struct saying say_same_id = {"same_id", "The same id"};
static const struct saying say_same_code = {"same_code", "The same code"};
static const struct saying say_same_options = {"same_options", "The same options"};
static const struct saying say_same_option_codes = {"same_option_codes", "Options of the same codes"};
static const struct saying say_like_options = {"like_options", "Its options say something like it"};
static const struct saying say_options_agree = {"options_agree", "Its options say the same"};
static const struct saying say_options_agree_rivals = {"options_agree_rivals", "Its options say the same, but another one is as good"};
static const struct saying say_made_up = {
    "made_up", "The target wants attribute options, and the source's values have none: a person must say which they are of"};
static const struct saying say_nothing_alike = {"nothing_alike", "No attribute option combo of the target's data sets is like it enough"};

struct ground {
  const struct dhis2_option_combo *target;
  float confidence;
  const struct saying *why;
};

struct aligning {
  struct arena *arena;
  const struct align_options *options;
  struct side_aocs from, to;
  struct ground *answers;                    /* per source AOC; target NULL: none so far */
  struct ground (*others)[CELL_CHOICES_MAX]; /* per source AOC: what else it is like */
  bool *decided, *none;                      /* per source AOC */
  struct map taken;                          /* ids of target AOCs that are somebody's */
  struct map rejected;                       /* "source target" */
  VEC(struct align_pair) rows;
};

static int by_id(const void *left, const void *right) {
  const struct dhis2_option_combo *a = *(const struct dhis2_option_combo *const *)left,
                                  *b = *(const struct dhis2_option_combo *const *)right;
  return str_cmp(a->o.id, b->o.id);
}

static int by_combo_id(const void *left, const void *right) {
  const struct dhis2_category_combo *a = *(const struct dhis2_category_combo *const *)left,
                                    *b = *(const struct dhis2_category_combo *const *)right;
  return str_cmp(a->o.id, b->o.id);
}

/* False: a data set does not tell its AOCs. */
static bool collect(struct arena *arena, const struct dhis2_metadata *m, struct side_aocs *ret) {
  struct map seen = {0};
  size_t all = 0;
  bool told = m->data_set_count > 0;
  for (size_t i = 0; i < m->data_set_count; i++) all += m->data_sets[i]->combo ? m->data_sets[i]->combo->option_combo_count : 0;
  if (all > AOCS_MAX) return false;
  *ret = (struct side_aocs){.p = ARENA_ARRAY(arena, all + 1, const struct dhis2_option_combo *),
                            .combos = ARENA_ARRAY(arena, m->data_set_count + 1, const struct dhis2_category_combo *)};
  for (size_t i = 0; i < m->data_set_count; i++) {
    const struct dhis2_category_combo *combo = m->data_sets[i]->combo;
    if (!combo || !combo->option_combo_count) told = false;
    if (!combo || map_put(&seen, combo->o.id, ret)) continue;
    ret->combos[ret->combo_count++] = combo;
    for (size_t k = 0; k < combo->option_combo_count; k++) {
      ret->p[ret->n++] = combo->option_combos[k];
      if (combo->option_combos[k]->o.is_default && !ret->fallback) ret->fallback = combo->option_combos[k];
    }
  }
  map_free(&seen);
  if (ret->combo_count) qsort(ret->combos, ret->combo_count, sizeof *ret->combos, by_combo_id);
  if (ret->n) qsort(ret->p, ret->n, sizeof *ret->p, by_id);
  return told;
}

static size_t find(const struct side_aocs *side, struct str id) {
  size_t low = 0, high = side->n;
  while (low < high) {
    size_t middle = (low + high) / 2;
    int order = str_cmp(side->p[middle]->o.id, id);
    if (order == 0) return middle;
    if (order < 0)
      low = middle + 1;
    else
      high = middle;
  }
  return SIZE_MAX;
}

static struct str pair_key(char room[KEY_SIZE], struct str source, struct str target) {
  int n = snprintf(room, KEY_SIZE, "%.*s %.*s", STR_ARG(str_slice(source, 0, 60)), STR_ARG(str_slice(target, 0, 60)));
  return (struct str){room, (size_t)n};
}

static bool is_rejected(const struct aligning *a, size_t s, const struct dhis2_option_combo *target) {
  char room[KEY_SIZE];
  return a->rejected.count && map_get(&a->rejected, pair_key(room, a->from.p[s]->o.id, target->o.id));
}

static bool is_open(const struct aligning *a, size_t s) {
  return !a->answers[s].target && !a->none[s];
}

static void answer(struct aligning *a, size_t s, const struct dhis2_option_combo *target, float confidence, const struct saying *why) {
  a->answers[s] = (struct ground){target, confidence, why};
  (void)map_put(&a->taken, target->o.id, a);
}

/* --- what a person decided --- */

static void take_decision(struct aligning *a, const struct decision *d, struct attribute_warnings *warnings) {
  char room[KEY_SIZE];
  size_t s = find(&a->from, d->source_data_element), t = d->verdict == DECISION_NONE ? 0 : find(&a->to, d->target_data_element);
  if (s == SIZE_MAX || t == SIZE_MAX) {
    warnings->p[warnings->n++] =
        arena_printf(a->arena, "a decision was left out: the data sets of the %s have no attribute option combo %.*s",
                     s == SIZE_MAX ? "source" : "target", STR_ARG(s == SIZE_MAX ? d->source_data_element : d->target_data_element));
    return;
  }
  if (d->verdict == DECISION_REJECTED) {
    (void)map_put(&a->rejected, arena_str(a->arena, pair_key(room, d->source_data_element, d->target_data_element)), a);
    return;
  }
  if (a->decided[s]) {
    warnings->p[warnings->n++] = arena_printf(a->arena, "a decision was left out: the attribute option combo %.*s was decided before",
                                              STR_ARG(d->source_data_element));
    return;
  }
  a->decided[s] = true;
  a->none[s] = d->verdict == DECISION_NONE;
  if (!a->none[s]) answer(a, s, a->to.p[t], 1, &say_decided);
}

/* --- what is the same --- */

static void take_same_ids(struct aligning *a) {
  for (size_t s = 0; s < a->from.n; s++) {
    size_t t = is_open(a, s) && !a->from.p[s]->o.is_default ? find(&a->to, a->from.p[s]->o.id) : SIZE_MAX;
    if (t != SIZE_MAX && !a->to.p[t]->o.is_default && !map_get(&a->taken, a->to.p[t]->o.id) && !is_rejected(a, s, a->to.p[t]))
      answer(a, s, a->to.p[t], 0.99f, &say_same_id);
  }
}

/* What identifies an AOC besides its id; empty: nothing does. */
typedef struct str key_fn(struct arena *arena, const struct dhis2_option_combo *aoc);

static struct str code_key(struct arena *arena, const struct dhis2_option_combo *aoc) {
  return aoc->o.is_default ? STR("") : arena_lower(arena, str_trim(aoc->o.code));
}

static struct str options_key(struct arena *arena, const struct dhis2_option_combo *aoc, bool codes) {
  struct str *parts = ARENA_ARRAY(arena, aoc->option_count + 1, struct str), key = STR("");
  if (aoc->o.is_default) return key;
  for (size_t i = 0; i < aoc->option_count; i++) {
    parts[i] = codes ? aoc->options[i]->o.code : aoc->options[i]->o.id;
    if (!parts[i].n) return key;
  }
  size_t n = str_sorted_set(parts, aoc->option_count);
  for (size_t i = 0; i < n; i++) key = arena_printf(arena, "%.*s\n%.*s", STR_ARG(key), STR_ARG(parts[i]));
  return key;
}

static struct str option_ids_key(struct arena *arena, const struct dhis2_option_combo *aoc) {
  return options_key(arena, aoc, false);
}

static struct str option_codes_key(struct arena *arena, const struct dhis2_option_combo *aoc) {
  return options_key(arena, aoc, true);
}

/* A key that two of a side have tells nothing. */
static void index_keys(struct arena *arena, const struct side_aocs *side, key_fn *key, struct map *ret) {
  static char twice;
  for (size_t i = 0; i < side->n; i++) {
    struct str text = key(arena, side->p[i]);
    if (text.n && map_get(ret, text))
      (void)map_put(ret, text, &twice);
    else if (text.n)
      (void)map_put(ret, text, (void *)(uintptr_t)(i + 1));
  }
  for (struct map_entry *e = map_first(ret); e; e = map_next(ret, e))
    if (e->value == &twice) (void)map_delete(ret, e->key);
}

static void take_same_keys(struct aligning *a, key_fn *key, float confidence, const struct saying *why) {
  struct arena *scratch = arena_new();
  struct map sources = {0}, targets = {0};
  index_keys(scratch, &a->from, key, &sources);
  index_keys(scratch, &a->to, key, &targets);
  for (size_t s = 0; s < a->from.n; s++) {
    if (!is_open(a, s)) continue;
    struct str text = key(scratch, a->from.p[s]);
    size_t t = text.n && map_get(&sources, text) ? (size_t)(uintptr_t)map_get(&targets, text) : 0;
    if (t-- && !map_get(&a->taken, a->to.p[t]->o.id) && !is_rejected(a, s, a->to.p[t])) answer(a, s, a->to.p[t], confidence, why);
  }
  map_free(&sources);
  map_free(&targets);
  arena_free(scratch);
}

/* --- default, and where one side has none of it --- */

static void take_defaults(struct aligning *a) {
  for (size_t s = 0; s < a->from.n; s++) {
    if (!is_open(a, s)) continue;
    const struct dhis2_option_combo *from = a->from.p[s], *to = a->to.fallback;
    if (!to || is_rejected(a, s, to)) continue;
    if (from->o.is_default)
      answer(a, s, to, 1, &say_both_default);
    else if (a->to.n == 1)
      answer(a, s, to, 0.5f, &say_given_up);
  }
}

/* --- what the options say --- */

/* One element that holds all AOCs, and nothing besides: so that they are understood as cells are. Copies, by id, since the order of a list says nothing. */
static struct dhis2_metadata as_cells(struct arena *arena, const struct side_aocs *side) {
  struct dhis2_metadata made = {.element_count = 1, .combo_count = side->combo_count, .option_combo_count = side->n};
  struct dhis2_data_element *element = ARENA_NEW(arena, struct dhis2_data_element);
  struct dhis2_category_combo *combos = ARENA_ARRAY(arena, side->combo_count + 1, struct dhis2_category_combo);
  struct dhis2_option_combo *aocs = ARENA_ARRAY(arena, side->n + 1, struct dhis2_option_combo);
  made.elements = ARENA_NEW(arena, const struct dhis2_data_element *);
  made.combos = ARENA_ARRAY(arena, side->combo_count + 1, const struct dhis2_category_combo *);
  made.option_combos = ARENA_ARRAY(arena, side->n + 1, const struct dhis2_option_combo *);
  for (size_t k = 0; k < side->combo_count; k++) {
    combos[k] = *side->combos[k];
    combos[k].o.index = (uint32_t)k;
    combos[k].option_combos = ARENA_ARRAY(arena, side->combos[k]->option_combo_count + 1, const struct dhis2_option_combo *);
    combos[k].option_combo_count = 0;
    made.combos[k] = &combos[k];
  }
  for (size_t i = 0; i < side->n; i++) {
    size_t k = 0;
    while (k + 1 < side->combo_count && side->combos[k] != side->p[i]->combo) k++;
    aocs[i] = *side->p[i];
    aocs[i].o.index = (uint32_t)i;
    made.option_combos[i] = &aocs[i];
    if (side->combos[k] != side->p[i]->combo) continue; /* never: a combo lists what belongs to it */
    aocs[i].combo = &combos[k];
    combos[k].option_combos[combos[k].option_combo_count++] = &aocs[i];
  }
  *element =
      (struct dhis2_data_element){.o = {.id = STR("attributes"), .given = true}, .combos = made.combos, .combo_count = side->combo_count};
  made.elements[0] = element;
  return made;
}

struct choice {
  float score;
  size_t source;
  const struct dhis2_option_combo *target;
  bool tie;
};

static int by_score(const void *left, const void *right) {
  const struct choice *a = left, *b = right;
  if (a->score > b->score || a->score < b->score) return a->score > b->score ? -1 : 1;
  if (a->source != b->source) return a->source < b->source ? -1 : 1;
  return str_cmp(a->target->o.id, b->target->o.id);
}

static void take_choices(struct aligning *a, const struct cells *cells) {
  VEC(struct choice) choices = {0};
  for (size_t i = 0; i < cells->n; i++) {
    const struct cell *cell = &cells->p[i];
    size_t s = find(&a->from, cell->source->o.id), others = 0;
    if (s == SIZE_MAX) continue;
    for (size_t k = 0; k < cell->choice_count; k++) {
      const struct cell_choice *choice = &cell->choices[k];
      size_t t = find(&a->to, choice->target->o.id);
      if (t == SIZE_MAX || a->to.p[t]->o.is_default || cell->source->o.is_default || is_rejected(a, s, a->to.p[t])) continue;
      bool tie = (k && cell->choices[k - 1].score < choice->score + 0.3f) ||
                 (k + 1 < cell->choice_count && cell->choices[k + 1].score > choice->score - 0.3f);
      a->others[s][others++] = (struct ground){a->to.p[t], cells_confidence(choice->score), &say_like_options};
      if (cell->answered && !(choice->ground & CELL_LEFT_OVER)) VEC_PUSH(&choices, (struct choice){choice->score, s, a->to.p[t], tie});
    }
  }
  if (choices.n) qsort(choices.p, choices.n, sizeof *choices.p, by_score);
  for (size_t i = 0; i < choices.n; i++) {
    const struct choice *choice = &choices.p[i];
    float confidence = cells_confidence(choice->score);
    if (choice->tie && confidence > 0.5f) confidence = 0.5f;
    if (!is_open(a, choice->source) || map_get(&a->taken, choice->target->o.id) || confidence < AOC_PROPOSED) continue;
    answer(a, choice->source, choice->target, confidence, choice->tie ? &say_options_agree_rivals : &say_options_agree);
  }
  VEC_FREE(&choices);
}

static bool is_any_open(const struct aligning *a) {
  for (size_t s = 0; s < a->from.n; s++)
    if (is_open(a, s) && !a->from.p[s]->o.is_default) return true;
  return false;
}

static void take_by_meaning(struct aligning *a, const struct dhis2_metadata *source, const struct dhis2_metadata *target) {
  if (!is_any_open(a) || (a->to.n == 1 && a->to.fallback)) return;
  struct arena *scratch = arena_new();
  struct dhis2_metadata sides[2] = {as_cells(scratch, &a->from), as_cells(scratch, &a->to)};
  struct lexicon *lexicon = lexicon_new(scratch);
  const struct glossary *glossary = a->options->glossary;
  for (size_t i = glossary ? glossary->count : 0; i-- > 0;)
    lexicon_explain(lexicon, glossary->entries[i].term, glossary->entries[i].means, glossary->entries[i].facet);
  size_t lexicon_words = lexicon_term_count(lexicon);
  abbreviations_learn(scratch, lexicon, glossary, source, target);
  struct combos combos[2] = {combos_of(scratch, lexicon, &sides[0]), combos_of(scratch, lexicon, &sides[1])};
  struct items items[2] = {items_of(scratch, lexicon, &combos[0]), items_of(scratch, lexicon, &combos[1])};
  likeness_apply(scratch, lexicon, lexicon_words, &items[0], &items[1], &combos[0], &combos[1]);
  items_weigh(scratch, lexicon, &items[0], &items[1]);
  combos_weigh(scratch, lexicon, &combos[0], &combos[1]);
  struct cells_context context = {.arena = scratch, .lexicon = lexicon, .source = &combos[0], .target = &combos[1]};
  struct cells cells = cells_align(&context, &items[0].p[0], &items[1].p[0], false);
  take_choices(a, &cells);
  items_free(&items[0]);
  items_free(&items[1]);
  lexicon_free(lexicon);
  arena_free(scratch);
}

/* --- rows --- */

/* One observation is all that an answer rests on. */
static void push(struct aligning *a, size_t s, const struct ground *ground, enum align_answer answer, uint32_t *rank) {
  struct align_reason *reason = ARENA_NEW(a->arena, struct align_reason);
  *reason = (struct align_reason){.code = ground->why->code, .contribution = ground->target ? score_log_odds(ground->confidence) : 0};
  VEC_PUSH(&a->rows, (struct align_pair){.source = &a->from.p[s]->o,
                                         .target = ground->target ? &ground->target->o : NULL,
                                         .answer = answer,
                                         .decided = a->decided[s] && *rank == 1,
                                         .rank = (*rank)++,
                                         .confidence = ground->confidence,
                                         .why = str_of(ground->why->why),
                                         .reasons = reason,
                                         .reason_count = 1});
}

/* A default that would have to be some option: any of them may be meant. */
static void offer_all(struct aligning *a, size_t s, size_t most, uint32_t *rank) {
  struct ground ground = {.confidence = 1 / (float)(a->to.n + 1), .why = &say_made_up};
  for (size_t t = 0; t < a->to.n && *rank <= most + 1; t++) {
    ground.target = a->to.p[t];
    if (!ground.target->o.is_default && !is_rejected(a, s, ground.target)) push(a, s, &ground, ALIGN_CANDIDATE, rank);
  }
}

static void write_rows(struct aligning *a, size_t s) {
  unsigned most = a->options->candidates ? a->options->candidates : 5;
  if (most > CANDIDATES_MAX) most = CANDIDATES_MAX;
  const struct ground *found = &a->answers[s];
  bool made_up = a->from.p[s]->o.is_default && !found->target;
  uint32_t rank = 1;
  if (found->target) {
    push(a, s, found, found->confidence >= AOC_AUTO ? ALIGN_AUTO : ALIGN_PROPOSED, &rank);
  } else {
    struct ground none = {.confidence = 1 - a->others[s][0].confidence,
                          .why = a->none[s] ? &say_decided_none
                                 : made_up  ? &say_made_up
                                            : &say_nothing_alike};
    push(a, s, &none, ALIGN_NONE, &rank);
  }
  if (a->decided[s]) return;
  if (made_up) offer_all(a, s, most, &rank);
  for (size_t i = 0; i < CELL_CHOICES_MAX && a->others[s][i].target && rank <= most; i++)
    if (a->others[s][i].target != found->target) push(a, s, &a->others[s][i], ALIGN_CANDIDATE, &rank);
}

static bool keeps_its_id(const struct align_pair *row) {
  return row->target && row->answer == ALIGN_AUTO && !row->decided &&
         (str_eq(row->source->id, row->target->id) || (row->source->is_default && row->target->is_default));
}

static void finish(struct aligning *a, struct align_pairs *ret) {
  struct align_pair *rows = ARENA_ARRAY(a->arena, a->rows.n + 1, struct align_pair);
  if (a->rows.n) memcpy(rows, a->rows.p, a->rows.n * sizeof *rows);
  *ret = (struct align_pairs){rows, a->rows.n, true, true};
  for (size_t i = 0; i < a->rows.n; i++) {
    rows[i].keeps_id = keeps_its_id(&rows[i]);
    if (rows[i].answer != ALIGN_CANDIDATE && !rows[i].keeps_id) ret->same = false;
  }
}

void attributes_align(struct arena *arena, const struct dhis2_metadata *source, const struct dhis2_metadata *target,
                      const struct align_options *options, const struct decision *decisions, size_t decision_count, struct align_pairs *ret,
                      struct attribute_warnings *warnings) {
  struct aligning a = {.arena = arena, .options = options};
  *ret = (struct align_pairs){0};
  bool told = collect(arena, source, &a.from);
  if (!collect(arena, target, &a.to) || !told) return;
  a.answers = ARENA_ARRAY(arena, a.from.n + 1, struct ground);
  a.others = arena_alloc_array(arena, a.from.n + 1, sizeof *a.others);
  a.decided = ARENA_ARRAY(arena, a.from.n + 1, bool);
  a.none = ARENA_ARRAY(arena, a.from.n + 1, bool);
  for (size_t i = 0; i < decision_count; i++)
    if (decisions[i].of == DECISION_OF_ATTRIBUTE) take_decision(&a, &decisions[i], warnings);
  take_defaults(&a);
  take_same_ids(&a);
  take_same_keys(&a, option_ids_key, 0.98f, &say_same_options);
  take_same_keys(&a, code_key, 0.97f, &say_same_code);
  take_same_keys(&a, option_codes_key, 0.97f, &say_same_option_codes);
  take_by_meaning(&a, source, target);
  for (size_t s = 0; s < a.from.n; s++) write_rows(&a, s);
  finish(&a, ret);
  VEC_FREE(&a.rows);
  map_free(&a.taken);
  map_free(&a.rejected);
}

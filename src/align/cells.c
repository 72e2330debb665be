#include "align/cells.h"

#include "align/division.h"
#include "align/ruling.h"
#include "base/map.h"

#define CELL_ANSWER (-0.4f) /* log odds from which a choice is an answer */
#define LEFT_OVER 0.8f
#define TAUGHT 9.0f /* above all that names can tell */

struct side_cells {
  const struct dhis2_option_combo **cocs;
  const struct option_combo_view **views;
  size_t n;
  uint32_t kinds;  /* that some option combo speaks of */
  uint32_t fixed;  /* of those: all say the same */
  uint32_t silent; /* of those: most say it, so that the others leave it open on purpose */
};

struct matching {
  const struct cells_context *context;
  const struct item *source, *target;
  struct side_cells from, to;
  bool accepted;
};

/* Evidence of one kind: log odds and grounds. */
struct evidence {
  float score;
  unsigned ground;
  bool impossible;
};

void cells_add(struct cell_choice *choice, enum cell_feature feature, float score) {
  choice->score += score;
  choice->features[feature] = (int16_t)(choice->features[feature] + (int)(score * 1000 + (score < 0 ? -0.5f : 0.5f)));
}

static struct side_cells side_cells_of(struct arena *arena, const struct combos *combos, const struct item *item) {
  struct side_cells side = {ARENA_ARRAY(arena, item->cells, const struct dhis2_option_combo *),
                            ARENA_ARRAY(arena, item->cells, const struct option_combo_view *),
                            0,
                            0,
                            UINT32_MAX,
                            0};
  const struct option_combo_view *first = NULL;
  size_t tell[FACET_KINDS + 1] = {0};
  for (size_t c = 0; c < item->element->combo_count; c++) {
    const struct dhis2_category_combo *combo = item->element->combos[c];
    for (size_t i = 0; i < combo->option_combo_count; i++) {
      const struct option_combo_view *view = combos_view(combos, combo->option_combos[i]);
      if (!view) continue;
      if (!first) first = view;
      side.cocs[side.n] = combo->option_combos[i];
      side.views[side.n++] = view;
      for (uint32_t k = 0; k < FACET_KINDS; k++) {
        if (view->facets.value[k]) side.kinds |= 1u << k, tell[k]++;
        if (view->facets.value[k] != first->facets.value[k]) side.fixed &= ~(1u << k);
      }
      if (view->facets.age.state != AGE_NONE) side.kinds |= 1u << FACET_AGE_BIT, tell[FACET_AGE_BIT]++;
      if (memcmp(&view->facets.age, &first->facets.age, sizeof(struct age)) != 0) side.fixed &= ~(1u << FACET_AGE_BIT);
    }
  }
  for (uint32_t k = 0; k <= FACET_KINDS; k++) /* what is new or known is often told of one kind alone */
    if (tell[k] && (10 * tell[k] >= 6 * side.n || k == FACET_KNOWN)) side.silent |= 1u << k;
  return side;
}

static struct evidence weigh_age(const struct matching *m, const struct facets *s, const struct facets *t, const struct facets *own) {
  bool divides = m->to.kinds >> FACET_AGE_BIT & 1, fixed = m->to.fixed >> FACET_AGE_BIT & 1;
  const struct age *target = divides ? &t->age : &m->target->facets.age;
  if (s->age.state == AGE_INTERVAL && target->state == AGE_INTERVAL) {
    unsigned name = own->age.state == AGE_INTERVAL ? 0 : CELL_FROM_NAME;
    switch (age_compare(s->age, *target)) {
    case AGE_EQUAL: return (struct evidence){1, CELL_EQUAL | name, false};
    case AGE_INSIDE: return (struct evidence){0.3f, CELL_PART | name, false};
    case AGE_AROUND:
      if (!divides) return (struct evidence){-2, CELL_SPLIT, false};
      return (struct evidence){-3.4f, CELL_SPLIT, false};
    case AGE_OVERLAP: return (struct evidence){-3, CELL_SPLIT, false};
    case AGE_APART: return (struct evidence){.impossible = true};
    }
  }
  if (!divides)
    return (struct evidence){s->age.state == AGE_INTERVAL ? -0.05f : 0, own->age.state == AGE_INTERVAL ? CELL_FOLDED : 0, false};
  if (s->age.state == AGE_INTERVAL) return (struct evidence){target->state == AGE_UNKNOWN ? -4 : -2.5f, 0, false};
  if (s->age.state == AGE_UNKNOWN)
    return (struct evidence){target->state == AGE_UNKNOWN ? 1 : -4, target->state == AGE_UNKNOWN ? CELL_EQUAL : 0, false};
  if (fixed || target->state == AGE_NONE) return (struct evidence){0};
  if (s->bare && target->state == AGE_INTERVAL) {
    struct age from = {AGE_INTERVAL, (int32_t)(s->bare * 365.25), AGE_OPEN}, under = {AGE_INTERVAL, 0, (int32_t)(s->bare * 365.25)};
    if (age_compare(from, *target) == AGE_EQUAL || age_compare(under, *target) == AGE_EQUAL)
      return (struct evidence){0.2f, CELL_EQUAL, false};
  }
  if (s->bare) return (struct evidence){-4, 0, false};
  if (s->hint.state == AGE_INTERVAL && target->state == AGE_INTERVAL) {
    enum age_relation relation = age_compare(s->hint, *target);
    if (relation == AGE_EQUAL || relation == AGE_INSIDE) return (struct evidence){-0.3f, CELL_HINT, false};
  }
  return (struct evidence){target->state == AGE_UNKNOWN ? -0.7f : -4, target->state == AGE_UNKNOWN ? CELL_UNKNOWN : 0, false};
}

/* The source does not say; the target does. */
static struct evidence weigh_untold(const struct matching *m, const struct facets *s, uint32_t k, uint8_t value) {
  if (m->to.fixed >> k & 1) return (struct evidence){0};
  if (value == FACET_UNKNOWN) return (struct evidence){-0.7f, CELL_UNKNOWN, false};
  if (k == FACET_SEX && s->sex_hint == value) return (struct evidence){-0.2f, CELL_HINT, false};
  bool tested = s->tested || s->value[FACET_RESULT];
  if (k == FACET_KNOWN && tested && value == KNOWN_NEW) return (struct evidence){-0.3f, CELL_HINT, false};
  if (k == FACET_KNOWN) return (struct evidence){value == KNOWN_NEW ? -1.2f : -2, 0, false};
  if (k == FACET_RESULT && s->tested && value == RESULT_NEGATIVE && s->value[FACET_KNOWN] != KNOWN_BEFORE)
    return (struct evidence){-0.8f, CELL_DIFFERENCE, false};
  if (k == FACET_RESULT && value == RESULT_POSITIVE && s->value[FACET_KNOWN] == KNOWN_BEFORE)
    return (struct evidence){-0.8f, CELL_HINT, false};
  return (struct evidence){-3.5f, 0, false};
}

static struct evidence weigh_facet(const struct matching *m, const struct facets *s, const struct facets *t, const struct facets *own,
                                   uint32_t k) {
  uint8_t a = s->value[k], b = t->value[k];
  if (!(m->to.kinds >> k & 1)) {
    b = m->target->facets.value[k];
    bool differ = a && b && a != b && a != FACET_SEVERAL && b != FACET_SEVERAL;
    if (differ && own->value[k] && k != FACET_KNOWN && k != FACET_DOSE) {
      bool maternal = k == FACET_PREGNANCY && m->accepted; /* services for pregnant women go on after the birth */
      return (struct evidence){.score = maternal ? -1 : -4, .impossible = k == FACET_SEX};
    }
    return (struct evidence){own->value[k] ? -0.05f : 0, own->value[k] ? CELL_FOLDED : 0, false};
  }
  if (a == FACET_SEVERAL && !own->value[k]) a = 0;
  if (!a) return b ? weigh_untold(m, s, k, b) : (struct evidence){0};
  if (!b) return (struct evidence){-2, 0, false};
  if (a == b) return (struct evidence){1, CELL_EQUAL | (own->value[k] ? 0 : CELL_FROM_NAME), false};
  if (b == FACET_UNKNOWN || a == FACET_UNKNOWN || a == FACET_SEVERAL || b == FACET_SEVERAL) return (struct evidence){-3.5f, 0, false};
  return (struct evidence){.score = -5, .impossible = k == FACET_SEX || k == FACET_RESULT};
}

/* 0: all found, or nothing said; -1: much said, and none found. What all option combos share weighs little and so takes little away. */
static float missing(struct option_combo_telling telling) {
  if (telling.all < 0.05f) return 0;
  float much = telling.all < 1.5f ? telling.all / 1.5f : 1;
  return (telling.found / telling.all - 1) * much;
}

static struct evidence weigh_text(const struct matching *m, const struct option_combo_view *s, const struct option_combo_view *t) {
  if (s->plain.n && str_eq(s->plain, t->plain)) return (struct evidence){3, CELL_SAME_NAME, false};
  if (option_combo_says_nothing(t)) return (struct evidence){-3, 0, false};
  const struct lexicon *lexicon = m->context->lexicon;
  struct option_combo_telling target = option_combo_told(lexicon, t, s, &m->source->all),
                              source = option_combo_told(lexicon, s, t, &m->target->all);
  struct evidence evidence = {3 * missing(target) + (m->from.n == 1 ? 0.3f : 1.5f) * missing(source), 0, false};
  if (target.found > 0.7f * target.all && source.found > 0.7f * source.all)
    evidence.score += target.all > 0.5f && source.all > 0.5f ? 1.5f : 0.5f;
  return evidence;
}

/* What it is that is seen of a facet, for people. */
static enum cell_feature feature_of(const struct matching *m, const struct facets *s, const struct facets *t, uint32_t k) {
  uint8_t a = s->value[k], b = m->to.kinds >> k & 1 ? t->value[k] : m->target->facets.value[k];
  if (!a || !b) return b ? CELL_FEATURE_untold : CELL_FEATURE_lost;
  return a == b ? CELL_FEATURE_agree : CELL_FEATURE_conflict;
}

/* False: it cannot be. */
static bool weigh_in(struct cell_choice *choice, enum cell_feature feature, struct evidence evidence) {
  if (evidence.impossible) return false;
  cells_add(choice, feature, evidence.score);
  choice->ground |= evidence.ground;
  return true;
}

/* What a cell of the source tells, with what its element's name tells. */
static struct facets source_facets(const struct matching *m, const struct option_combo_view *from) {
  struct facets source = facets_over(&from->facets, &m->source->facets);
  for (uint32_t k = 0; k < FACET_KINDS; k++) /* where the combo itself divides by it, what it leaves open is open */
    if (m->from.silent >> k & 1) source.value[k] = from->facets.value[k];
  if (m->from.silent >> FACET_AGE_BIT & 1) source.age = from->facets.age;
  if (source.tested && source.value[FACET_RESULT] == FACET_UNKNOWN && !from->facets.value[FACET_RESULT])
    source.value[FACET_RESULT] = 0; /* "of unknown status, tested" */
  return source;
}

static bool weigh_cell(const struct matching *m, size_t s, size_t t, struct cell_choice *ret) {
  const struct option_combo_view *from = m->from.views[s], *to = m->to.views[t];
  struct facets source = source_facets(m, from);
  struct cell_choice choice = {.target = to->coc, .score = CELL_BASE};
  if (!weigh_in(&choice, CELL_FEATURE_ages, weigh_age(m, &source, &to->facets, &from->facets))) return false;
  for (uint32_t k = 0; k < FACET_KINDS; k++)
    if (!weigh_in(&choice, feature_of(m, &source, &to->facets, k), weigh_facet(m, &source, &to->facets, &from->facets, k))) return false;
  if (choice.score < -4) return false;
  if (from->coc->o.is_default && to->coc->o.is_default)
    (void)weigh_in(&choice, CELL_FEATURE_undivided, (struct evidence){2, CELL_DEFAULT, false});
  else if (!to->coc->o.is_default) {
    struct evidence text = weigh_text(m, from, to);
    (void)weigh_in(&choice, text.ground & CELL_SAME_NAME ? CELL_FEATURE_same_name : CELL_FEATURE_words, text);
  }
  bool meets = choice.ground & (CELL_EQUAL | CELL_PART | CELL_SAME_NAME);
  if (choice.ground & CELL_UNKNOWN && !meets && !(m->accepted && m->from.n == 1))
    cells_add(&choice, CELL_FEATURE_untold, -1.5f); /* a total is not a count of unknown ones */
  if (choice.ground & CELL_FOLDED && !meets) cells_add(&choice, CELL_FEATURE_lost, -0.4f);
  *ret = choice;
  return choice.score > -5;
}

static void keep(struct cell *cell, struct cell_choice choice) {
  size_t at = cell->choice_count;
  while (at > 0 && cell->choices[at - 1].score < choice.score) at--;
  if (at == CELL_CHOICES_MAX) return;
  if (cell->choice_count < CELL_CHOICES_MAX) cell->choice_count++;
  for (size_t i = cell->choice_count - 1; i > at; i--) cell->choices[i] = cell->choices[i - 1];
  cell->choices[at] = choice;
}

/* Where one contributor is the whole target cell, its parts would be counted twice. */
static void drop_parts_of_wholes(struct cells *cells) {
  for (size_t i = 0; i < cells->n; i++) {
    struct cell *part = &cells->p[i];
    if (!part->answered || !(part->choices[0].ground & CELL_PART)) continue;
    for (size_t k = 0; k < cells->n && part->answered; k++) {
      const struct cell *whole = &cells->p[k];
      if (k != i && whole->answered && whole->choices[0].target == part->choices[0].target && !(whole->choices[0].ground & CELL_PART) &&
          (whole->choices[0].ground & (CELL_EQUAL | CELL_SAME_NAME)))
        part->answered = false;
    }
  }
}

/* Ages that would have to be split, or other things told on both sides that are not the same. */
static bool contradict(const struct facets *s, const struct facets *t) {
  if (s->age.state == AGE_INTERVAL && t->age.state == AGE_INTERVAL && age_compare(s->age, t->age) > AGE_INSIDE) return true;
  for (int k = 0; k < FACET_KINDS; k++)
    if (s->value[k] && t->value[k] && s->value[k] != t->value[k]) return true;
  return false;
}

/* One cell left on either side, and the two combos equally large: they belong together, unless they contradict each other. */
static void match_left_over(const struct matching *m, struct cells *cells) {
  if (m->from.n != m->to.n || m->from.n < 2) return;
  struct cell *left = NULL;
  uint8_t *taken = ARENA_ARRAY(m->context->arena, m->to.n, uint8_t);
  for (size_t i = 0; i < cells->n; i++) {
    if (!cells->p[i].answered) {
      if (left) return;
      left = &cells->p[i];
    } else {
      for (size_t k = 0; k < m->to.n; k++)
        if (m->to.cocs[k] == cells->p[i].choices[0].target) taken[k]++;
    }
  }
  for (size_t k = 0; left && k < m->to.n; k++) {
    if (taken[k] || contradict(&m->from.views[left - cells->p]->facets, &m->to.views[k]->facets)) continue;
    struct cell_choice choice = {.target = m->to.cocs[k], .score = CELL_BASE, .ground = CELL_LEFT_OVER};
    cells_add(&choice, CELL_FEATURE_untold, -CELL_BASE);
    cells_add(&choice, CELL_FEATURE_left_over, LEFT_OVER);
    for (size_t i = 0; i < left->choice_count; i++)
      if (left->choices[i].target == choice.target) left->choices[i].score = -9;
    left->choice_count = left->choice_count < CELL_CHOICES_MAX ? left->choice_count : CELL_CHOICES_MAX - 1;
    keep(left, choice);
    left->answered = true;
    return;
  }
}

/* The option combo says "other" or nothing at all in words. */
static bool says_other(const struct matching *m, const struct option_combo_view *view) {
  for (size_t i = 0; i < view->term_count; i++)
    if (str_eq(lexicon_term_text(m->context->lexicon, view->terms[i].term), STR("=other"))) return true;
  return false;
}

/* How many things the option combo keeps as unknown or other. */
static size_t unknowns(const struct matching *m, const struct option_combo_view *view) {
  size_t n = (view->facets.age.state == AGE_UNKNOWN) + says_other(m, view);
  for (uint32_t k = 0; k < FACET_KINDS; k++) n += view->facets.value[k] == FACET_UNKNOWN;
  return n;
}

/* A person paired an element that is not divided with one that is, and nothing it tells has a place there: the one option combo that keeps most as unknown. */
static void match_unknown(const struct matching *m, struct cells *cells) {
  if (!m->accepted || m->from.n != 1 || cells->p[0].answered) return;
  struct facets told = facets_over(&m->from.views[0]->facets, &m->source->facets);
  if (told.age.state == AGE_INTERVAL || told.value[FACET_SEX]) return;
  size_t best = 0, most = 1, equals = 0;
  for (size_t t = 0; t < m->to.n; t++) {
    size_t n = unknowns(m, m->to.views[t]);
    if (n == most) equals++;
    if (n > most) best = t, most = n, equals = 1;
  }
  if (equals != 1 || most < 2) return;
  struct cell_choice choice = {.target = m->to.cocs[best], .score = CELL_BASE, .ground = CELL_UNKNOWN};
  cells_add(&choice, CELL_FEATURE_untold, -1.3f);
  keep(&cells->p[0], choice);
  cells->p[0].answered = true;
}

static void choose(const struct matching *m, struct cell *cell, size_t s, size_t t) {
  struct cell_choice choice;
  const struct rulings *rulings = m->context->rulings;
  if (rulings && rulings_taught(rulings, m->from.cocs[s], m->to.cocs[t])) {
    choice = (struct cell_choice){.target = m->to.cocs[t], .score = CELL_BASE, .ground = CELL_TAUGHT};
    cells_add(&choice, CELL_FEATURE_taught, TAUGHT - CELL_BASE);
  } else if (!weigh_cell(m, s, t, &choice))
    return;
  keep(cell, choice);
}

/* Two combos so large that all against all would take minutes: the same names alone. */
static void match_names(const struct matching *m, struct cells *cells) {
  struct map by_name = {0};
  for (size_t t = 0; t < m->to.n; t++)
    if (m->to.views[t]->plain.n && !map_get(&by_name, m->to.views[t]->plain))
      (void)map_put(&by_name, m->to.views[t]->plain, (void *)(uintptr_t)(t + 1));
  for (size_t s = 0; s < m->from.n; s++) {
    void *found = map_get(&by_name, m->from.views[s]->plain);
    if (found) choose(m, &cells->p[s], s, (size_t)(uintptr_t)found - 1);
  }
  map_free(&by_name);
}

/* Of those that have no place by themselves, or have one by a person's word alone. */
static void find_divisions(const struct matching *m, struct cells *cells) {
  struct dividing dividing = {m->context, m->source, m->target, m->to.views, m->to.n, m->to.kinds & ~m->to.fixed};
  for (size_t s = 0; s < cells->n; s++) {
    struct cell *cell = &cells->p[s];
    if (cell->answered && !(cell->choices[0].ground & CELL_TAUGHT)) continue;
    struct facets told = source_facets(m, m->from.views[s]);
    cell->division = division_of(&dividing, m->from.views[s], &told);
  }
}

struct cells cells_align(const struct cells_context *context, const struct item *source, const struct item *target, bool accepted) {
  struct matching m = {context,
                       source,
                       target,
                       side_cells_of(context->arena, context->source, source),
                       side_cells_of(context->arena, context->target, target),
                       accepted};
  m.to.fixed &= m.to.kinds;
  struct cells cells = {ARENA_ARRAY(context->arena, m.from.n, struct cell), m.from.n};
  for (size_t s = 0; s < m.from.n; s++) cells.p[s].source = m.from.cocs[s];
  bool large = m.to.n && m.from.n > CELL_PAIRS_MAX / m.to.n;
  if (large) match_names(&m, &cells);
  for (size_t s = 0; s < m.from.n && !large; s++)
    for (size_t t = 0; t < m.to.n; t++) choose(&m, &cells.p[s], s, t);
  for (size_t s = 0; s < m.from.n; s++)
    cells.p[s].answered =
        cells.p[s].choice_count && cells.p[s].choices[0].score > CELL_ANSWER && !(cells.p[s].choices[0].ground & CELL_SPLIT);
  if (large) return cells;
  drop_parts_of_wholes(&cells);
  match_left_over(&m, &cells);
  match_unknown(&m, &cells);
  find_divisions(&m, &cells);
  return cells;
}

/* As in score.c, for cells of elements that belong together. */
static const struct {
  float score, confidence;
} calibration[] = {{-4, 0.01f},    {-1, 0.25f}, {0, 0.5f},   {0.6f, 0.68f}, {1, 0.92f},
                   {1.4f, 0.975f}, {2, 0.987f}, {3, 0.993f}, {5, 0.997f},   {8, 0.998f}};

float cells_confidence(float score) {
  size_t last = sizeof calibration / sizeof *calibration - 1, i = 0;
  if (score <= calibration[0].score) return calibration[0].confidence;
  if (score >= calibration[last].score) return calibration[last].confidence;
  while (score > calibration[i + 1].score) i++;
  float part = (score - calibration[i].score) / (calibration[i + 1].score - calibration[i].score);
  return calibration[i].confidence + part * (calibration[i + 1].confidence - calibration[i].confidence);
}

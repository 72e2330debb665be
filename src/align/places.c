#include "align/places.h"

#include "align/attributes.h"
#include "align/period_rule.h"
#include "align/unit_match.h"
#include "base/vec.h"

enum { CANDIDATES_MAX = 50, NAMESAKES_MAX = 20 };

/* A unit that takes part, by a name. */
struct namesake {
  struct str plain;
  uint32_t unit;
};

struct placing_units {
  struct arena *arena;
  const struct align_options *options;
  struct unit_words *words;
  struct units source, target;
  struct unit_decisions decisions;
  struct unit_matching matching;
  struct namesake *namesakes;
  size_t namesake_count;
  struct attribute_warnings *warnings;
  VEC(struct align_pair) rows;
};

struct str align_unit_path(struct arena *arena, const struct dhis2_org_unit *unit, struct str locale) {
  struct str path = dhis2_object_name(&unit->o, locale);
  for (const struct dhis2_org_unit *at = unit->parent; at && path.n < 4096; at = at->parent)
    if (at->o.given) path = arena_printf(arena, "%.*s / %.*s", STR_ARG(dhis2_object_name(&at->o, locale)), STR_ARG(path));
  return path;
}

/* --- decisions --- */

static void read_decision(struct placing_units *p, const struct decision *d) {
  const struct dhis2_org_unit *source = dhis2_metadata_org_unit(p->source.metadata, d->source_data_element),
                              *target =
                                  d->verdict == DECISION_NONE ? NULL : dhis2_metadata_org_unit(p->target.metadata, d->target_data_element);
  if (!source || (!target && d->verdict != DECISION_NONE)) {
    p->warnings->p[p->warnings->n++] =
        arena_printf(p->arena, "a decision was left out: the %s does not hold the org unit %.*s", source ? "target" : "source",
                     STR_ARG(source ? d->target_data_element : d->source_data_element));
    return;
  }
  uint32_t s = source->o.index;
  if (d->verdict == DECISION_REJECTED) {
    (void)map_put(&p->decisions.rejected, arena_printf(p->arena, "%.*s %.*s", STR_ARG(source->o.id), STR_ARG(target->o.id)), p);
    return;
  }
  if (p->decisions.none[s] || p->decisions.accepted[s] != UNIT_NONE) {
    p->warnings->p[p->warnings->n++] =
        arena_printf(p->arena, "a decision was left out: the org unit %.*s was decided before", STR_ARG(source->o.id));
    return;
  }
  p->decisions.none[s] = d->verdict == DECISION_NONE;
  if (target) p->decisions.accepted[s] = target->o.index;
}

static void read_decisions(struct placing_units *p, const struct decision *decisions, size_t count) {
  p->decisions.none = ARENA_ARRAY(p->arena, p->source.n + 1, bool);
  p->decisions.accepted = ARENA_ARRAY(p->arena, p->source.n + 1, uint32_t);
  for (size_t i = 0; i < p->source.n; i++) p->decisions.accepted[i] = UNIT_NONE;
  for (size_t i = 0; i < count; i++)
    if (decisions[i].of == DECISION_OF_ORG_UNIT) read_decision(p, &decisions[i]);
}

/* --- candidates --- */

static int by_plain(const void *left, const void *right) {
  const struct namesake *a = left, *b = right;
  int order = str_cmp(a->plain, b->plain);
  return order ? order : a->unit < b->unit ? -1 : a->unit > b->unit;
}

static void index_names(struct placing_units *p) {
  p->namesakes = ARENA_ARRAY(p->arena, p->target.n * UNIT_NAMES_MAX + 1, struct namesake);
  for (uint32_t t = 0; t < p->target.n; t++)
    for (size_t i = 0; p->target.p[t].takes_part && i < p->target.p[t].name_count; i++)
      p->namesakes[p->namesake_count++] = (struct namesake){p->target.p[t].names[i].plain, t};
  if (p->namesake_count) qsort(p->namesakes, p->namesake_count, sizeof *p->namesakes, by_plain);
}

static size_t first_namesake(const struct placing_units *p, struct str plain) {
  size_t low = 0, high = p->namesake_count;
  while (low < high) {
    size_t middle = (low + high) / 2;
    if (str_cmp(p->namesakes[middle].plain, plain) < 0)
      low = middle + 1;
    else
      high = middle;
  }
  return low;
}

static struct align_reasons reason(struct arena *arena, const char *code, struct str value, struct str why) {
  struct align_reason *one = ARENA_NEW(arena, struct align_reason);
  *one = (struct align_reason){.code = code, .value = value};
  return (struct align_reasons){why, one, 1};
}

static void because(struct align_pair *row, struct align_reasons reasons) {
  row->why = reasons.why;
  row->reasons = reasons.p;
  row->reason_count = reasons.n;
}

struct offer {
  uint32_t target;
  float confidence;
  struct align_reasons reasons;
};

struct offers {
  struct offer p[CANDIDATES_MAX];
  size_t n;
};

static void offer(struct placing_units *p, uint32_t s, uint32_t t, struct offers *offers) {
  struct unit_evidence seen = unit_observe(p->words, &p->source.p[s], &p->target.p[t]);
  for (size_t i = 0; i < offers->n; i++)
    if (offers->p[i].target == t) return;
  if (offers->n == CANDIDATES_MAX || p->matching.to[s] == t || unit_rejected(&p->decisions, &p->source.p[s], &p->target.p[t])) return;
  unit_look_above(&p->source, &p->target, &p->matching, s, t, &seen);
  float confidence = unit_confidence(&seen);
  if (confidence >= UNIT_PROPOSED) confidence = UNIT_PROPOSED - 0.01f; /* there is a reason why it is no answer */
  offers->p[offers->n++] = (struct offer){t, confidence, unit_why(p->arena, &seen)};
}

static void offer_namesakes(struct placing_units *p, uint32_t s, struct offers *offers) {
  const struct unit *unit = &p->source.p[s];
  for (size_t i = 0; i < unit->name_count; i++) {
    size_t at = first_namesake(p, unit->names[i].plain), end = at;
    while (end < p->namesake_count && str_eq(p->namesakes[end].plain, unit->names[i].plain)) end++;
    for (; end - at <= NAMESAKES_MAX && at < end; at++) offer(p, s, p->namesakes[at].unit, offers);
  }
}

static bool any_child_takes_part(const struct units *units, uint32_t at) {
  for (size_t i = 0; i < units->p[at].child_count; i++)
    if (units->p[units->p[at].children[i]].takes_part) return true;
  return false;
}

/* Where the target reports one level higher: a choice that a person may make. */
static void offer_above(struct placing_units *p, uint32_t s, struct offers *offers) {
  for (uint32_t at = p->source.p[s].parent; at != UNIT_NONE; at = p->source.p[at].parent) {
    uint32_t to = p->matching.to[at];
    if (to == UNIT_NONE || !p->target.p[to].takes_part) continue;
    if (any_child_takes_part(&p->target, to)) return;
    if (offers->n < CANDIDATES_MAX)
      offers->p[offers->n++] = (struct offer){
          to, 0.1f,
          reason(p->arena, "unit_above", STR_NONE,
                 STR("The unit above it, which the target's data set is assigned to: it would be added to all others below that"))};
    return;
  }
}

static int by_confidence(const void *left, const void *right, void *payload) {
  const struct offer *a = left, *b = right;
  const struct placing_units *p = payload;
  if (a->confidence > b->confidence || a->confidence < b->confidence) return a->confidence > b->confidence ? -1 : 1;
  return str_cmp(p->target.p[a->target].unit->o.id, p->target.p[b->target].unit->o.id);
}

/* --- rows --- */

static const struct dhis2_object *object_of(const struct units *units, uint32_t i) {
  return i == UNIT_NONE ? NULL : &units->p[i].unit->o;
}

static void push(struct placing_units *p, struct align_pair row, uint32_t *rank) {
  row.rank = (*rank)++;
  VEC_PUSH(&p->rows, row);
}

static void write_answer(struct placing_units *p, uint32_t s, uint32_t *rank) {
  uint32_t to = p->matching.to[s];
  float confidence = p->matching.confidence[s];
  struct align_pair row = {.source = &p->source.p[s].unit->o, .answer = ALIGN_NONE, .confidence = 1};
  bool accepted = p->decisions.accepted[s] != UNIT_NONE, answered = to != UNIT_NONE && confidence >= UNIT_PROPOSED;
  if (accepted || p->decisions.none[s]) {
    row.decided = true;
    row.target = object_of(&p->target, p->decisions.accepted[s]);
    row.answer = accepted ? ALIGN_AUTO : ALIGN_NONE;
    because(&row, accepted ? reason(p->arena, "decided", STR_NONE, STR("A person decided so"))
                           : reason(p->arena, "decided_none", STR_NONE, STR("A person decided that there is no counterpart")));
  } else if (answered && !p->target.p[to].takes_part) {
    row.confidence = confidence;
    struct str path = align_unit_path(p->arena, p->target.p[to].unit, STR_NONE);
    because(&row,
            reason(p->arena, "unassigned", path,
                   arena_printf(p->arena, "Its counterpart is %.*s, which the target's data sets are not assigned to", STR_ARG(path))));
  } else if (answered) {
    row.target = object_of(&p->target, to);
    row.answer = confidence >= UNIT_AUTO ? ALIGN_AUTO : ALIGN_PROPOSED;
    row.confidence = confidence;
    because(&row, unit_why(p->arena, &p->matching.evidence[s]));
  } else {
    row.confidence = to == UNIT_NONE ? 0.9f : 1 - confidence;
    because(&row,
            reason(p->arena, "nothing_alike", STR_NONE, STR("No org unit of the target is like it enough where it would have to be")));
  }
  push(p, row, rank);
}

static void write_unit(struct placing_units *p, uint32_t s) {
  unsigned most = p->options->candidates ? p->options->candidates : 5;
  uint32_t rank = 1, to = p->matching.to[s];
  struct offers offers = {0};
  write_answer(p, s, &rank);
  const struct align_pair *answer = &p->rows.p[p->rows.n - 1];
  if (answer->decided || answer->answer == ALIGN_AUTO) return;
  bool none = answer->answer == ALIGN_NONE;
  if (none && to != UNIT_NONE)
    offers.p[offers.n++] = (struct offer){to, p->matching.confidence[s] < UNIT_PROPOSED ? p->matching.confidence[s] : 0.3f,
                                          unit_why(p->arena, &p->matching.evidence[s])};
  offer_namesakes(p, s, &offers);
  if (none) offer_above(p, s, &offers);
  if (offers.n) qsort_r(offers.p, offers.n, sizeof *offers.p, by_confidence, p);
  for (size_t i = 0; i < offers.n && rank <= most + none; i++)
    push(p,
         (struct align_pair){.source = &p->source.p[s].unit->o,
                             .target = object_of(&p->target, offers.p[i].target),
                             .answer = ALIGN_CANDIDATE,
                             .confidence = offers.p[i].confidence,
                             .why = offers.p[i].reasons.why,
                             .reasons = offers.p[i].reasons.p,
                             .reason_count = offers.p[i].reasons.n},
         &rank);
}

static int by_source(const void *left, const void *right, void *payload) {
  const struct units *units = payload;
  return str_cmp(units->p[*(const uint32_t *)left].unit->o.id, units->p[*(const uint32_t *)right].unit->o.id);
}

static void write_units(struct placing_units *p, struct align_pairs *ret) {
  uint32_t *order = ARENA_ARRAY(p->arena, p->source.n + 1, uint32_t);
  index_names(p);
  for (uint32_t i = 0; i < p->source.n; i++) order[i] = i;
  if (p->source.n) qsort_r(order, p->source.n, sizeof *order, by_source, &p->source);
  for (size_t i = 0; i < p->source.n; i++)
    if (p->source.p[order[i]].takes_part) write_unit(p, order[i]);
  struct align_pair *rows = ARENA_ARRAY(p->arena, p->rows.n + 1, struct align_pair);
  if (p->rows.n) memcpy(rows, p->rows.p, p->rows.n * sizeof *rows);
  *ret = (struct align_pairs){rows, p->rows.n, true, true};
  for (size_t i = 0; i < p->rows.n; i++) {
    rows[i].keeps_id = rows[i].target && rows[i].answer == ALIGN_AUTO && !rows[i].decided && str_eq(rows[i].source->id, rows[i].target->id);
    if (rows[i].answer != ALIGN_CANDIDATE && !rows[i].keeps_id) ret->same = false;
  }
}

static int place_units(struct placing_units *p, const struct dhis2_metadata *source, const struct dhis2_metadata *target,
                       const struct decision *decisions, size_t count, struct align_pairs *ret, struct error *error) {
  *ret = (struct align_pairs){0};
  if (!source->org_unit_count || !target->org_unit_count) return 0;
  p->words = units_of(p->arena, source, target, &p->source, &p->target);
  read_decisions(p, decisions, count);
  int result = unit_match(p->arena, p->words, &p->source, &p->target, &p->decisions, p->options->watch.cancel, &p->matching, error);
  if (result == 0) write_units(p, ret);
  VEC_FREE(&p->rows);
  map_free(&p->decisions.rejected);
  unit_words_free(p->words);
  return result;
}

int align_places(const struct dhis2_metadata *source, const struct dhis2_metadata *target, const struct align_options *options,
                 const struct decision *decisions, size_t decision_count, struct arena *arena, const struct align_places **ret,
                 struct error *error) {
  struct align_places *made = ARENA_NEW(arena, struct align_places);
  struct attribute_warnings warnings = {ARENA_ARRAY(arena, decision_count + 1, struct str), 0};
  struct placing_units units = {.arena = arena, .options = options, .warnings = &warnings};
  if (place_units(&units, source, target, decisions, decision_count, &made->org_units, error)) return -1;
  attributes_align(arena, source, target, options, decisions, decision_count, &made->attributes, &warnings);
  made->period = period_rule_of(arena, source, target);
  made->warnings = warnings.p;
  made->warning_count = warnings.n;
  *ret = made;
  return 0;
}

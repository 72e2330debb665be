/* An alignment on sides that changed: which decisions stay. */
#include "api/alignment.h"

#include "base/map.h"
#include "drift/carry.h"
#include "drift/successors.h"

struct carrying {
  struct arena *arena;
  const struct alignment *alignment;
  struct drift_sides now;
  struct successors source, target; /* empty: nothing follows */
  struct map blocked; /* "element element" and "element coc element coc" of pairs that a blocked rule has, to its sentence, boxed */
};

static struct str pair_of(struct arena *arena, struct str source, struct str target) {
  return arena_printf(arena, "%.*s %.*s", STR_ARG(source), STR_ARG(target));
}

static struct str cells_of(struct arena *arena, struct mapping_operand source, struct mapping_operand target) {
  return arena_printf(arena, "%.*s %.*s %.*s %.*s", STR_ARG(source.data_element), STR_ARG(source.category_option_combo),
                      STR_ARG(target.data_element), STR_ARG(target.category_option_combo));
}

static void note_blocked(struct carrying *c, const struct mapping *carried) {
  for (size_t i = 0; i < carried->rule_count; i++) {
    const struct mapping_rule *rule = &carried->rules[i];
    for (size_t k = 0; rule->blocked.n && k < rule->term_count; k++) {
      struct str *reason = ARENA_NEW(c->arena, struct str);
      *reason = rule->blocked;
      (void)map_put(&c->blocked, pair_of(c->arena, rule->terms[k].source.data_element, rule->target.data_element), reason);
      (void)map_put(&c->blocked, cells_of(c->arena, rule->terms[k].source, rule->target), reason);
    }
  }
}

static bool follow(struct carrying *c, struct decision *d) {
  if (d->of) return false; /* nothing tells what came in the place of an org unit */
  struct mapping_operand source = {d->source_data_element, d->source_category_option_combo},
                         target = {d->target_data_element, d->target_category_option_combo};
  bool from = successors_cell(&c->source, &source), to = successors_cell(&c->target, &target);
  d->source_data_element = source.data_element;
  d->source_category_option_combo = source.category_option_combo;
  d->target_data_element = target.data_element;
  d->target_category_option_combo = target.category_option_combo;
  return from || to;
}

static bool held(const struct dhis2_metadata *side, const struct decision *d, struct str element, struct str coc) {
  bool operand = d->operand;
  if (d->of) return alignment_holds_place(&(struct alignment_side){.metadata = side}, d->of, element);
  const struct dhis2_data_element *found = dhis2_metadata_element(side, element);
  const struct dhis2_option_combo *combo = operand ? dhis2_metadata_option_combo(side, coc) : NULL;
  return found && (!operand || (combo && dhis2_element_holds(found, combo)));
}

/* Empty: the decision stays. */
static struct str reason_against(struct carrying *c, const struct decision *d) {
  struct mapping_operand source = {d->source_data_element, d->source_category_option_combo},
                         target = {d->target_data_element, d->target_category_option_combo};
  const struct str *blocked = d->of ? NULL
                                    : map_get(&c->blocked, d->operand ? cells_of(c->arena, source, target)
                                                                      : pair_of(c->arena, d->source_data_element, d->target_data_element));
  if (blocked && d->verdict == DECISION_ACCEPTED) return *blocked;
  if (!held(c->now.source, d, d->source_data_element, d->source_category_option_combo))
    return STR("the source no longer has what was decided about");
  if (d->verdict != DECISION_NONE && !held(c->now.target, d, d->target_data_element, d->target_category_option_combo))
    return STR("the target no longer has what was decided for");
  return STR_NONE;
}

static void sort_out(struct carrying *c, struct alignment_carried *ret) {
  struct alignment_decision *kept = ARENA_ARRAY(c->arena, c->alignment->decision_count, struct alignment_decision);
  struct alignment_reopened *reopened = ARENA_ARRAY(c->arena, c->alignment->decision_count, struct alignment_reopened);
  size_t n = 0;
  for (size_t i = 0; i < c->alignment->decision_count; i++) {
    struct alignment_decision decision = c->alignment->decisions[i];
    bool followed = follow(c, &decision.what);
    struct str reason = reason_against(c, &decision.what);
    if (reason.n) {
      reopened[ret->reopened_count++] = (struct alignment_reopened){c->alignment->decisions[i].what, reason};
      continue;
    }
    ret->followed += followed;
    kept[n++] = decision;
  }
  ret->alignment.decisions = kept;
  ret->alignment.decision_count = n;
  ret->reopened = reopened;
}

int alignment_carry(const struct alignment *alignment, struct drift_sides now, bool follows, struct arena *arena,
                    struct alignment_carried *ret, struct error *error) {
  struct carrying c = {.arena = arena, .alignment = alignment, .now = now};
  struct carried carried;
  struct align_options align = {0};
  const struct mapping *mapping;
  *ret = (struct alignment_carried){.alignment = *alignment};
  if (alignment_mapping(alignment, arena, &mapping, error) < 0 ||
      drift_carry(arena, mapping, now, (struct carry_options){follows, &align}, &carried, error) < 0)
    return -1;
  if (follows) {
    const struct drift *drift = drift_find(arena, mapping, now);
    c.source = successors_of(arena, drift, DRIFT_SOURCE);
    c.target = successors_of(arena, drift, DRIFT_TARGET);
  }
  note_blocked(&c, carried.mapping);
  sort_out(&c, ret);
  ret->alignment.source.metadata = now.source;
  ret->alignment.target.metadata = now.target;
  map_free(&c.blocked);
  successors_free(&c.source);
  successors_free(&c.target);
  return 0;
}

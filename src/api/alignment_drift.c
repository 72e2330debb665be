/* An alignment on sides that changed: which decisions stay. */
#include "api/alignment.h"

#include "base/map.h"
#include "base/vec.h"
#include "drift/carry.h"
#include "drift/successors.h"

/* Why somebody has to look at something again, and what that is for whoever says it in another language (struct alignment_remark). */
struct reason {
  struct str code, sentence;
};

struct carrying {
  struct arena *arena;
  const struct alignment *alignment;
  struct drift_sides now;
  struct successors source, target; /* empty: nothing follows */
  struct alignment_actor actor;
  struct map changed; /* source elements that somebody has to look at again, to why, boxed */
  struct map blocked; /* "element element" and "element coc element coc" of pairs that a blocked rule has, to why, boxed */
};

enum own_reason { GONE_AT_SOURCE, GONE_AT_TARGET, REPLACED, NEW };
static const struct {
  const char *code, *sentence;
} own_reasons[] = {[GONE_AT_SOURCE] = {"gone_at_source", "the source no longer has what was decided about"},
                   [GONE_AT_TARGET] = {"gone_at_target", "the target no longer has what was decided for"},
                   [REPLACED] = {"replaced", "what was decided about was replaced"},
                   [NEW] = {"new", "it is new in the data set"}};

static struct reason own_reason(enum own_reason which) {
  return (struct reason){str_of(own_reasons[which].code), str_of(own_reasons[which].sentence)};
}

static struct reason reason_of(struct arena *arena, const struct drift_change *change) {
  return (struct reason){
      arena_printf(arena, "%s %s %s", drift_side_name(change->side), drift_kind_name(change->kind), drift_object_name(change->object)),
      change->sentence};
}

static struct str pair_of(struct arena *arena, struct str source, struct str target) {
  return arena_printf(arena, "%.*s %.*s", STR_ARG(source), STR_ARG(target));
}

static struct str cells_of(struct arena *arena, struct mapping_operand source, struct mapping_operand target) {
  return arena_printf(arena, "%.*s %.*s %.*s %.*s", STR_ARG(source.data_element), STR_ARG(source.category_option_combo),
                      STR_ARG(target.data_element), STR_ARG(target.category_option_combo));
}

/* A rule that is carried on has nothing but the sentence of the change that blocks it; where that is no change's, another rule for the same target cell is blocked (drift/carry.c). */
static void note_blocked(struct carrying *c, const struct carried *carried) {
  struct map changes = {0};
  for (size_t i = 0; i < carried->drift->count; i++)
    (void)map_put(&changes, carried->drift->changes[i].sentence, (void *)(uintptr_t)&carried->drift->changes[i]);
  for (size_t i = 0; i < carried->mapping->rule_count; i++) {
    const struct mapping_rule *rule = &carried->mapping->rules[i];
    if (!rule->blocked.n) continue;
    const struct drift_change *change = map_get(&changes, rule->blocked);
    struct reason *reason = ARENA_NEW(c->arena, struct reason);
    *reason = change ? reason_of(c->arena, change) : (struct reason){STR("half_a_sum"), rule->blocked};
    for (size_t k = 0; k < rule->term_count; k++) {
      (void)map_put(&c->blocked, pair_of(c->arena, rule->terms[k].source.data_element, rule->target.data_element), reason);
      (void)map_put(&c->blocked, cells_of(c->arena, rule->terms[k].source, rule->target), reason);
    }
  }
  map_free(&changes);
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

/* What was proposed goes on as what stands for it now, so that what follows is still what was agreed with. */
static struct str follow_proposed(struct carrying *c, struct str proposed) {
  struct str followed = STR_NONE;
  while (proposed.n) {
    struct mapping_operand target = {str_take(&proposed, ' '), STR_NONE};
    (void)successors_cell(&c->target, &target);
    followed = alignment_proposed_add(c->arena, followed, target.data_element);
  }
  return followed;
}

static bool held(const struct dhis2_metadata *side, const struct decision *d, struct str element, struct str coc) {
  bool operand = d->operand;
  if (d->of) return alignment_holds_place(&(struct alignment_side){.metadata = side}, d->of, element);
  const struct dhis2_data_element *found = dhis2_metadata_element(side, element);
  const struct dhis2_option_combo *combo = operand ? dhis2_metadata_option_combo(side, coc) : NULL;
  return found && (!operand || (combo && dhis2_element_holds(found, combo)));
}

/* Empty: the decision stays. */
static struct reason reason_against(struct carrying *c, const struct decision *d) {
  struct mapping_operand source = {d->source_data_element, d->source_category_option_combo},
                         target = {d->target_data_element, d->target_category_option_combo};
  const struct reason *blocked = d->of
                                     ? NULL
                                     : map_get(&c->blocked, d->operand ? cells_of(c->arena, source, target)
                                                                       : pair_of(c->arena, d->source_data_element, d->target_data_element));
  if (blocked && d->verdict == DECISION_ACCEPTED) return *blocked;
  if (!held(c->now.source, d, d->source_data_element, d->source_category_option_combo)) return own_reason(GONE_AT_SOURCE);
  if (d->verdict != DECISION_NONE && !held(c->now.target, d, d->target_data_element, d->target_category_option_combo))
    return own_reason(GONE_AT_TARGET);
  return (struct reason){STR_NONE, STR_NONE};
}

/* The first reason stays: those that stop most come first. */
static void note_changed(struct carrying *c, struct str element, struct reason reason) {
  if (map_get(&c->changed, element) || !dhis2_metadata_element(c->now.source, element)) return;
  struct reason *boxed = ARENA_NEW(c->arena, struct reason);
  *boxed = reason;
  (void)map_put(&c->changed, element, boxed);
}

static struct str followed_element(const struct carrying *c, struct str element) {
  struct mapping_operand cell = {element, STR_NONE};
  (void)successors_cell(&c->source, &cell);
  return cell.data_element;
}

static void note_touched(struct carrying *c, const struct mapping *mapping, const struct drift *drift) {
  for (size_t i = 0; i < drift->count; i++) {
    const struct drift_change *change = &drift->changes[i];
    if (change->effect == DRIFT_INFORMATION) continue;
    struct reason reason = reason_of(c->arena, change);
    for (size_t k = 0; k < change->rule_count; k++) {
      const struct mapping_rule *rule = &mapping->rules[change->rules[k]];
      for (size_t t = 0; t < rule->term_count; t++) note_changed(c, followed_element(c, rule->terms[t].source.data_element), reason);
    }
  }
}

static void note_new(struct carrying *c) {
  for (size_t i = 0; i < c->now.source->element_count; i++) {
    struct str id = c->now.source->elements[i]->o.id;
    if (!dhis2_metadata_element(c->alignment->source.metadata, id)) note_changed(c, id, own_reason(NEW));
  }
}

/* What was said of what is still there, and what somebody has to look at again. */
static void carry_remarks(struct carrying *c, struct alignment *ret) {
  VEC(struct alignment_remark) list = {0};
  for (size_t i = 0; i < c->alignment->remark_count; i++) {
    struct alignment_remark remark = c->alignment->remarks[i];
    remark.source_data_element = followed_element(c, remark.source_data_element);
    bool again = remark.kind == REMARK_CHANGED && map_get(&c->changed, remark.source_data_element);
    if (!again && dhis2_metadata_element(c->now.source, remark.source_data_element)) VEC_PUSH(&list, remark);
  }
  for (struct map_entry *e = map_first(&c->changed); e && list.n < ALIGNMENT_REMARKS_MAX; e = map_next(&c->changed, e)) {
    const struct reason *reason = e->value;
    VEC_PUSH(
        &list,
        ((struct alignment_remark){
            .kind = REMARK_CHANGED, .source_data_element = e->key, .at = c->actor.at, .text = reason->sentence, .code = reason->code}));
  }
  struct alignment_remark *kept = ARENA_ARRAY(c->arena, list.n + 1, struct alignment_remark);
  if (list.n) memcpy(kept, list.p, list.n * sizeof *kept);
  ret->remarks = kept;
  ret->remark_count = list.n;
  VEC_FREE(&list);
}

/* By their ids the same things, all of it: what was done before is about what is there still. */
static bool is_plainly_same(const struct drift *drift) {
  for (size_t i = 0; i < drift->count; i++)
    if (drift_outcome_of(&drift->changes[i]) != DRIFT_OUTCOME_same) return false;
  return true;
}

/* Those that were opened again, as they were. `last`: as alignment_add_step. */
static void add_step(struct carrying *c, struct alignment *ret, const struct alignment_decision *reopened, size_t count, bool last) {
  alignment_add_step(ret,
                     (struct alignment_step){.label = STR("Went on with the servers as they are"),
                                             .by = c->actor.name,
                                             .at = c->actor.at,
                                             .before = reopened,
                                             .before_count = count},
                     last, c->arena);
}

static void sort_out(struct carrying *c, const struct drift *drift, struct alignment_carried *ret) {
  struct alignment_decision *kept = ARENA_ARRAY(c->arena, c->alignment->decision_count, struct alignment_decision);
  struct alignment_reopened *reopened = ARENA_ARRAY(c->arena, c->alignment->decision_count, struct alignment_reopened);
  struct alignment_decision *opened = ARENA_ARRAY(c->arena, c->alignment->decision_count + 1, struct alignment_decision);
  size_t n = 0;
  for (size_t i = 0; i < c->alignment->decision_count; i++) {
    struct alignment_decision decision = c->alignment->decisions[i];
    bool followed = follow(c, &decision.what);
    decision.proposed = follow_proposed(c, decision.proposed);
    struct reason reason = reason_against(c, &decision.what);
    if (reason.sentence.n) {
      opened[ret->reopened_count] = c->alignment->decisions[i];
      reopened[ret->reopened_count++] = (struct alignment_reopened){c->alignment->decisions[i].what, reason.sentence};
      if (!decision.what.of) note_changed(c, decision.what.source_data_element, reason);
      continue;
    }
    ret->followed += followed;
    if (followed && !decision.what.of) {
      note_changed(c, decision.what.source_data_element, own_reason(REPLACED));
      decision.approved_by = decision.approved_at = STR_NONE;
    }
    kept[n++] = decision;
  }
  ret->alignment.decisions = kept;
  ret->alignment.decision_count = n;
  ret->reopened = reopened;
  add_step(c, &ret->alignment, opened, ret->reopened_count, ret->reopened_count || !is_plainly_same(drift));
}

int alignment_carry(const struct alignment *alignment, struct drift_sides now, bool follows, struct alignment_actor actor,
                    struct arena *arena, struct alignment_carried *ret, struct error *error) {
  struct carrying c = {.arena = arena, .alignment = alignment, .now = now, .actor = actor};
  struct carried carried;
  struct align_options align = {0};
  const struct mapping *mapping;
  *ret = (struct alignment_carried){.alignment = *alignment};
  if (alignment_mapping(alignment, arena, &mapping, error) < 0 ||
      drift_carry(arena, mapping, now, (struct carry_options){follows, &align}, &carried, error) < 0)
    return -1;
  const struct drift *drift = follows ? drift_find(arena, mapping, now) : carried.drift; /* of the rules as they were */
  if (follows) {
    c.source = successors_of(arena, drift, DRIFT_SOURCE);
    c.target = successors_of(arena, drift, DRIFT_TARGET);
  }
  note_blocked(&c, &carried);
  sort_out(&c, drift, ret);
  note_touched(&c, mapping, drift);
  note_new(&c);
  carry_remarks(&c, &ret->alignment);
  ret->alignment.source.metadata = now.source;
  ret->alignment.target.metadata = now.target;
  map_free(&c.blocked);
  map_free(&c.changed);
  successors_free(&c.source);
  successors_free(&c.target);
  return 0;
}

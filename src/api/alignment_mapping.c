/* An alignment as a mapping document, with who decided each rule and each pair, and who approved it. */
#include "align/to_mapping.h"
#include "api/alignment_engine.h"
#include "base/map.h"

/* The decisions about one source element, org unit or attribute option combo. */
struct author {
  const struct alignment_decision *decision;
  struct author *next;
};

struct authors {
  struct author *first;
  bool approved; /* all of them */
};

static void index_authors(const struct alignment *alignment, enum decision_of of, struct arena *arena, struct map *ret) {
  for (size_t i = alignment->decision_count; i-- > 0;) {
    const struct alignment_decision *d = &alignment->decisions[i];
    if (d->what.of != of) continue;
    struct authors *authors = map_get(ret, d->what.source_data_element);
    if (!authors) {
      authors = ARENA_NEW(arena, struct authors);
      authors->approved = true;
      (void)map_put(ret, d->what.source_data_element, authors);
    }
    struct author *author = ARENA_NEW(arena, struct author);
    *author = (struct author){d, authors->first};
    authors->first = author;
    authors->approved = authors->approved && d->approved_by.n;
  }
}

/* Is it from this decision that the rule has its term? */
static bool makes(const struct alignment_decision *d, const struct mapping_rule *rule, const struct mapping_term *term) {
  if (d->what.operand && !str_eq(d->what.source_category_option_combo, term->source.category_option_combo)) return false;
  if (rule->decision == MAPPING_NONE) return d->what.verdict == DECISION_NONE;
  return d->what.verdict == DECISION_ACCEPTED && str_eq(d->what.target_data_element, rule->target.data_element) &&
         (!d->what.operand || str_eq(d->what.target_category_option_combo, rule->target.category_option_combo));
}

/* The newest of those that the term comes from; a word about the cell comes before one about its element. */
static const struct alignment_decision *author_of(const struct authors *authors, const struct mapping_rule *rule,
                                                  const struct mapping_term *term) {
  const struct alignment_decision *found = NULL;
  for (const struct author *a = authors ? authors->first : NULL; a; a = a->next)
    if (makes(a->decision, rule, term) && (!found || a->decision->what.operand || !found->what.operand)) found = a->decision;
  return found;
}

/* A rule is its youngest word's; it is approved where all of its terms are. */
static void sign_rule(struct mapping_rule *rule, const struct map *by_element) {
  bool approved = rule->term_count > 0;
  const struct alignment_decision *last = NULL, *approval = NULL;
  for (size_t i = 0; i < rule->term_count; i++) {
    const struct authors *authors = map_get(by_element, rule->terms[i].source.data_element);
    const struct alignment_decision *d = author_of(authors, rule, &rule->terms[i]);
    approved = approved && d && authors->approved;
    if (d && (!last || str_cmp(d->at, last->at) > 0)) last = d;
    if (d && (!approval || str_cmp(d->approved_at, approval->approved_at) > 0)) approval = d;
  }
  if (!last || (rule->decision != MAPPING_ACCEPTED && rule->decision != MAPPING_NONE)) return;
  rule->by = last->by;
  rule->at = last->at;
  rule->note = last->note;
  if (!approved) return;
  rule->approved_by = approval->approved_by;
  rule->approved_at = approval->approved_at;
}

static void sign_rules(const struct alignment *alignment, struct arena *arena, struct mapping *mapping) {
  struct map by_element = {0};
  struct mapping_rule *rules = ARENA_ARRAY(arena, mapping->rule_count + 1, struct mapping_rule);
  index_authors(alignment, DECISION_OF_CELLS, arena, &by_element);
  for (size_t i = 0; i < mapping->rule_count; i++) {
    rules[i] = mapping->rules[i];
    sign_rule(&rules[i], &by_element);
  }
  mapping->rules = rules;
  map_free(&by_element);
}

/* A pair is who made it's; it is approved where all that is decided about its source is. */
static void sign_pair(struct mapping_pair *pair, const struct authors *authors) {
  enum decision_verdict verdict = pair->decision == MAPPING_NONE ? DECISION_NONE : DECISION_ACCEPTED;
  for (const struct author *a = authors->first; a; a = a->next) {
    const struct alignment_decision *d = a->decision;
    if (d->what.verdict != verdict || !str_eq(d->what.target_data_element, pair->target)) continue;
    pair->by = d->by;
    pair->at = d->at;
    pair->note = d->note;
    if (!authors->approved) continue;
    pair->approved_by = d->approved_by;
    pair->approved_at = d->approved_at;
  }
}

static const struct mapping_pair *sign_pairs(const struct alignment *alignment, enum decision_of of, struct arena *arena,
                                             const struct mapping_pair *pairs, size_t count) {
  struct map by_source = {0};
  struct mapping_pair *list = ARENA_ARRAY(arena, count + 1, struct mapping_pair);
  index_authors(alignment, of, arena, &by_source);
  for (size_t i = 0; i < count; i++) {
    const struct authors *authors = map_get(&by_source, pairs[i].source);
    list[i] = pairs[i];
    if (authors) sign_pair(&list[i], authors);
  }
  map_free(&by_source);
  return list;
}

int alignment_mapping(const struct alignment *alignment, struct arena *arena, const struct mapping **ret, struct error *error) {
  const struct align_result *found;
  const struct align_places *places;
  struct align_options plain = {0};
  if (alignment_run_engine(alignment, NULL, arena, &found, error) < 0 ||
      align_places(alignment->source.metadata, alignment->target.metadata, &plain, alignment_fixed(alignment, arena),
                   alignment->decision_count, arena, &places, error) < 0)
    return -1;
  struct align_mapping_options options = {alignment->source.server, alignment->target.server, true, places};
  struct mapping *signed_one = ARENA_NEW(arena, struct mapping);
  *signed_one = *align_to_mapping(arena, alignment->source.metadata, alignment->target.metadata, found, options);
  sign_rules(alignment, arena, signed_one);
  signed_one->org_units = sign_pairs(alignment, DECISION_OF_ORG_UNIT, arena, signed_one->org_units, signed_one->org_unit_count);
  signed_one->attribute_option_combos =
      sign_pairs(alignment, DECISION_OF_ATTRIBUTE, arena, signed_one->attribute_option_combos, signed_one->attribute_option_combo_count);
  signed_one->approval = alignment->second_person;
  signed_one->waits = alignment->on_change == ALIGNMENT_ASKS;
  *ret = signed_one;
  return 0;
}

/* An alignment as a mapping document, with who decided each rule and who approved it. */
#include "align/to_mapping.h"
#include "api/alignment_engine.h"
#include "base/map.h"

/* The decisions about one source element. */
struct author {
  const struct alignment_decision *decision;
  struct author *next;
};

struct authors {
  struct author *first;
  bool approved; /* all of them */
};

static void index_authors(const struct alignment *alignment, struct arena *arena, struct map *ret) {
  for (size_t i = alignment->decision_count; i-- > 0;) {
    const struct alignment_decision *d = &alignment->decisions[i];
    if (d->what.of) continue; /* pairs of org units and attribute option combos are nobody's rules */
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
  index_authors(alignment, arena, &by_element);
  for (size_t i = 0; i < mapping->rule_count; i++) {
    rules[i] = mapping->rules[i];
    sign_rule(&rules[i], &by_element);
  }
  mapping->rules = rules;
  map_free(&by_element);
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
  signed_one->approval = alignment->second_person;
  *ret = signed_one;
  return 0;
}

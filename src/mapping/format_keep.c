/* What of a mapping goes into a form, and the words for what does not. */
#include "mapping/format_parts.h"

static const struct {
  enum format_holds bit;
  const char *words;
} things[] = {
    {HOLDS_SERVERS, "the servers"},
    {HOLDS_DATA_SETS, "the data sets"},
    {HOLDS_DEFAULTS, "ids of default option combos"},
    {HOLDS_ATTRIBUTES, "pairs of attribute option combos"},
    {HOLDS_UNITS, "pairs of org units"},
    {HOLDS_PERIODS, "the periods' conversion"},
    {HOLDS_MISSING, "what becomes of missing values"},
    {HOLDS_SIGNS, "subtraction"},
    {HOLDS_DECISIONS, "decisions: only what is accepted or sure is written"},
    {HOLDS_UNMAPPED, "source cells without counterpart"},
    {HOLDS_UNFILLED, "target cells that nothing fills"},
    {HOLDS_CONFIDENCE, "confidence"},
    {HOLDS_VALUE_TYPE, "value types"},
    {HOLDS_AUTHOR, "who decided and when"},
    {HOLDS_NOTE, "notes"},
    {HOLDS_BLOCKED, "rules that are blocked by what changed"},
    {HOLDS_METADATA, "what the sides held"},
    {HOLDS_APPROVAL, "who approved, and whether a transfer wants it"},
};

struct str format_cannot_hold(struct arena *arena, const struct format *format) {
  struct str text = STR("");
  for (size_t i = 0; i < sizeof things / sizeof *things; i++)
    if (!(format->holds & things[i].bit)) text = arena_printf(arena, "%.*s%s%s", STR_ARG(text), text.n ? "; " : "", things[i].words);
  return *format->more ? arena_printf(arena, "%.*s%s%s", STR_ARG(text), text.n ? "; " : "", format->more) : text;
}

static bool is_sure(const struct mapping_rule *rule) {
  return rule->decision == MAPPING_ACCEPTED || rule->decision == MAPPING_AUTO;
}

static void tell_count(struct format_job *job, size_t count, const char *one, const char *many) {
  if (count) format_tell(job, "left out: %zu %s", count, count == 1 ? one : many);
}

static void keep_frame(struct format_job *job, unsigned holds, struct mapping *m) {
  if (!(holds & HOLDS_SERVERS)) {
    if (m->source.server.n || m->target.server.n) format_tell(job, "left out: the servers");
    m->source.server = m->target.server = STR("");
  }
  if (!(holds & HOLDS_DATA_SETS)) {
    tell_count(job, m->source.data_set_count + m->target.data_set_count, "data set", "data sets");
    m->source.data_set_count = m->target.data_set_count = 0;
  }
  if (!(holds & HOLDS_DEFAULTS)) {
    if (!str_eq(m->source.default_combo, MAPPING_DEFAULT_COMBO) || !str_eq(m->target.default_combo, MAPPING_DEFAULT_COMBO))
      format_tell(job, "left out: the ids of the default option combos");
    m->source.default_combo = m->target.default_combo = MAPPING_DEFAULT_COMBO;
  }
  if (!(holds & HOLDS_ATTRIBUTES)) {
    tell_count(job, m->attribute_option_combo_count, "pair of attribute option combos", "pairs of attribute option combos");
    m->attribute_option_combo_count = 0;
  }
  if (!(holds & HOLDS_UNITS)) {
    tell_count(job, m->org_unit_count, "pair of org units", "pairs of org units");
    m->org_unit_count = 0;
  }
  if (!(holds & HOLDS_METADATA)) {
    if (m->source.metadata || m->target.metadata) format_tell(job, "left out: what the sides held when the mapping was made");
    if (m->waits) format_tell(job, "left out: that a transfer waits while something changed that wants a look");
    m->source.metadata = m->target.metadata = NULL;
    m->waits = false;
  }
  if (!(holds & HOLDS_APPROVAL)) {
    if (m->approval) format_tell(job, "left out: that what a second person has not approved does not count");
    m->approval = false;
  }
  if (!(holds & HOLDS_PERIODS)) {
    if (m->periods.conversion != MAPPING_SAME_PERIODS)
      format_tell(job, "left out: the periods' conversion is \"%s\"", mapping_conversion_name(m->periods.conversion));
    m->periods = (struct mapping_periods){0};
  }
  if (!(holds & HOLDS_MISSING)) {
    if (m->missing != MAPPING_SUM_PRESENT) format_tell(job, "left out: missing values are \"%s\"", mapping_missing_name(m->missing));
    m->missing = MAPPING_SUM_PRESENT;
  }
}

struct counts {
  size_t blocked, undecided, rejected, sure, unmapped, unfilled, subtracting, confidences, value_types, authors, notes, approvals;
};

static void keep_pair_members(unsigned holds, struct mapping_pair *pair, struct counts *c) {
  if (pair->decision == MAPPING_AUTO && !(holds & HOLDS_DECISIONS)) pair->decision = MAPPING_ACCEPTED, c->sure++;
  if (!(holds & HOLDS_CONFIDENCE)) c->confidences += pair->confidence > 0, pair->confidence = 0;
  if (!(holds & HOLDS_AUTHOR)) c->authors += pair->by.n || pair->at.n, pair->by = pair->at = STR("");
  if (!(holds & HOLDS_NOTE)) c->notes += pair->note.n > 0, pair->note = STR("");
  if (!(holds & HOLDS_APPROVAL)) c->approvals += pair->approved_by.n > 0, pair->approved_by = pair->approved_at = STR("");
}

/* Of a list of pairs: those that count, where the form has no decisions. */
static const struct mapping_pair *keep_pairs(struct format_job *job, unsigned holds, const struct mapping_pair *pairs, size_t *count,
                                             const char *what) {
  struct mapping_pair *kept = ARENA_ARRAY(job->arena, *count, struct mapping_pair);
  struct counts c = {0};
  size_t n = 0;
  for (size_t i = 0; i < *count; i++) {
    struct mapping_pair pair = pairs[i];
    bool counts = pair.decision == MAPPING_ACCEPTED || pair.decision == MAPPING_AUTO;
    if (!(holds & HOLDS_DECISIONS) && !counts) {
      c.unmapped += pair.decision == MAPPING_NONE;
      c.undecided += pair.decision != MAPPING_NONE;
      continue;
    }
    keep_pair_members(holds, &pair, &c);
    kept[n++] = pair;
  }
  if (c.undecided) format_tell(job, "left out: %zu pairs of %s that nobody has accepted", c.undecided, what);
  if (c.unmapped) format_tell(job, "left out: that %zu %s have no counterpart: what is not listed is not sent", c.unmapped, what);
  if (c.sure) format_tell(job, "left out: that %zu pairs of %s were chosen by drawbridge and not by a person", c.sure, what);
  if (c.confidences) format_tell(job, "left out: the confidence of %zu pairs of %s", c.confidences, what);
  if (c.authors) format_tell(job, "left out: who decided %zu pairs of %s, and when", c.authors, what);
  if (c.notes) format_tell(job, "left out: the notes of %zu pairs of %s", c.notes, what);
  if (c.approvals) format_tell(job, "left out: who approved %zu pairs of %s, and when", c.approvals, what);
  *count = n;
  return kept;
}

static struct str cell_key(struct arena *arena, struct mapping_operand cell) {
  return arena_printf(arena, "%zu %.*s %.*s", cell.data_element.n, STR_ARG(cell.data_element), STR_ARG(cell.category_option_combo));
}

/* Target cells of which something is subtracted: the rest of their sums alone would be wrong numbers. */
static void find_subtracting(struct arena *arena, const struct mapping *m, struct map *ret) {
  for (size_t i = 0; i < m->rule_count; i++)
    for (size_t t = 0; t < m->rules[i].term_count; t++)
      if (m->rules[i].terms[t].sign < 0 && m->rules[i].target.data_element.n) (void)map_put(ret, cell_key(arena, m->rules[i].target), ret);
}

/* Does the form take the rule? Counts it among what is left out where not. */
static bool takes(struct format_job *job, unsigned holds, const struct mapping_rule *rule, const struct map *subtracting,
                  struct counts *c) {
  bool none = rule->decision == MAPPING_NONE;
  if (rule->blocked.n && !(holds & HOLDS_BLOCKED)) return c->blocked++, false;
  if (none && rule->term_count && !(holds & HOLDS_UNMAPPED)) return c->unmapped++, false;
  if (none && !rule->term_count && !(holds & HOLDS_UNFILLED)) return c->unfilled++, false;
  if (!none && !is_sure(rule) && !(holds & HOLDS_DECISIONS))
    return rule->decision == MAPPING_REJECTED ? c->rejected++ : c->undecided++, false;
  if (!(holds & HOLDS_SIGNS) && rule->target.data_element.n && map_get(subtracting, cell_key(job->arena, rule->target)))
    return c->subtracting++, false;
  return true;
}

static void keep_members(unsigned holds, struct mapping_rule *rule, struct counts *c) {
  if (rule->decision == MAPPING_AUTO && !(holds & HOLDS_DECISIONS)) rule->decision = MAPPING_ACCEPTED, c->sure++;
  if (!(holds & HOLDS_CONFIDENCE)) c->confidences += rule->confidence >= 0, rule->confidence = -1;
  if (!(holds & HOLDS_VALUE_TYPE)) c->value_types += rule->value_type.n > 0, rule->value_type = STR("");
  if (!(holds & HOLDS_AUTHOR)) c->authors += rule->by.n || rule->at.n, rule->by = rule->at = STR("");
  if (!(holds & HOLDS_APPROVAL)) c->approvals += rule->approved_by.n > 0, rule->approved_by = rule->approved_at = STR("");
  if (!(holds & HOLDS_NOTE)) c->notes += rule->note.n > 0, rule->note = STR("");
}

static void tell_rules(struct format_job *job, const struct counts *c) {
  tell_count(job, c->blocked, "rule that is blocked by what changed", "rules that are blocked by what changed");
  tell_count(job, c->undecided, "rule that nobody has accepted", "rules that nobody has accepted");
  tell_count(job, c->rejected, "rejected rule", "rejected rules");
  tell_count(job, c->unmapped, "source cell without counterpart", "source cells without counterpart");
  tell_count(job, c->unfilled, "target cell that nothing fills", "target cells that nothing fills");
  tell_count(job, c->subtracting, "rule of a target cell of which something is subtracted",
             "rules of target cells of which something is subtracted");
  if (c->sure) format_tell(job, "left out: that %zu rules were chosen by the engine and not by a person", c->sure);
  tell_count(job, c->confidences, "confidence", "confidences");
  tell_count(job, c->value_types, "value type", "value types");
  if (c->authors) format_tell(job, "left out: who decided %zu rules, and when", c->authors);
  tell_count(job, c->notes, "note", "notes");
  if (c->approvals) format_tell(job, "left out: who approved %zu rules, and when", c->approvals);
}

const struct mapping *format_keep(struct format_job *job, unsigned holds, const struct mapping *mapping) {
  struct mapping *kept = ARENA_NEW(job->arena, struct mapping);
  struct mapping_rule *rules = ARENA_ARRAY(job->arena, mapping->rule_count, struct mapping_rule);
  struct map subtracting = {0};
  struct counts counts = {0};
  *kept = *mapping;
  kept->rules = rules;
  kept->rule_count = 0;
  keep_frame(job, holds, kept);
  kept->attribute_option_combos =
      keep_pairs(job, holds, kept->attribute_option_combos, &kept->attribute_option_combo_count, "attribute option combos");
  kept->org_units = keep_pairs(job, holds, kept->org_units, &kept->org_unit_count, "org units");
  if (!(holds & HOLDS_SIGNS)) find_subtracting(job->arena, mapping, &subtracting);
  for (size_t i = 0; i < mapping->rule_count; i++) {
    if (!takes(job, holds, &mapping->rules[i], &subtracting, &counts)) continue;
    rules[kept->rule_count] = mapping->rules[i];
    keep_members(holds, &rules[kept->rule_count++], &counts);
  }
  tell_rules(job, &counts);
  map_free(&subtracting);
  return kept;
}

#include "api/alignment_entry.h"

enum { TARGETS_MAX = 1000 };

enum verdict { ACCEPTED, REJECTED, NONE, EXCLUDED, UNDECIDED, APPROVED, NOTED, VERDICTS };

static const char *const verdicts[VERDICTS] = {"accepted", "rejected", "none", "excluded", "undecided", "approved", "noted"};

/* One entry of a request, with the text it was given. */
struct entry {
  struct decision what; /* its target is that of one of `targets` */
  enum verdict verdict;
  const json_t *targets;
  struct str note;
};

static int check_cell(const struct alignment_side *side, const char *which, struct str element_id, struct str coc_id, bool operand,
                      struct error *error) {
  const struct dhis2_data_element *element = dhis2_metadata_element(side->metadata, element_id);
  if (!element)
    return error_set(error, ERROR_bad_request, "the %s has no data element '%.*s'", which, STR_ARG(str_slice(element_id, 0, 40)));
  if (!operand) return 0;
  const struct dhis2_option_combo *coc = dhis2_metadata_option_combo(side->metadata, coc_id);
  if (!coc || !dhis2_element_holds(element, coc))
    return error_set(error, ERROR_bad_request, "'%.*s' of the %s cannot hold the category option combo '%.*s'",
                     STR_ARG(str_slice(element->o.name, 0, 100)), which, STR_ARG(str_slice(coc_id, 0, 40)));
  return 0;
}

bool alignment_holds_place(const struct alignment_side *side, enum decision_of of, struct str id) {
  if (of == DECISION_OF_ORG_UNIT) return dhis2_metadata_org_unit(side->metadata, id) != NULL;
  const struct dhis2_option_combo *found = dhis2_metadata_option_combo(side->metadata, id);
  for (size_t i = 0; found && i < side->metadata->data_set_count; i++)
    if (side->metadata->data_sets[i]->combo && side->metadata->data_sets[i]->combo == found->combo) return true;
  return false;
}

static int check_place(const struct alignment_side *side, const char *which, enum decision_of of, struct str id, struct error *error) {
  if (alignment_holds_place(side, of, id)) return 0;
  return error_set(error, ERROR_bad_request, "the %s has no %s '%.*s'", which,
                   of == DECISION_OF_ORG_UNIT ? "org unit" : "attribute option combo", STR_ARG(str_slice(id, 0, 40)));
}

static const struct kind {
  const char *name;
  enum decision_of of;
  bool operand;
} kinds[] = {
    {"data_element", DECISION_OF_CELLS, false},
    {"operand", DECISION_OF_CELLS, true},
    {"org_unit", DECISION_OF_ORG_UNIT, false},
    {"attribute_option_combo", DECISION_OF_ATTRIBUTE, false},
};

static const struct kind *kind_named(struct str name) {
  for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
    if (str_eq(name, str_of(kinds[i].name))) return &kinds[i];
  return NULL;
}

const char *alignment_kind_name(const struct decision *decision) {
  for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
    if (kinds[i].of == decision->of && kinds[i].operand == decision->operand) return kinds[i].name;
  return "";
}

static int read_verdict(struct str name, const struct kind *kind, enum verdict *ret, struct error *error) {
  *ret = ACCEPTED;
  while (*ret < VERDICTS && !str_eq(name, str_of(verdicts[*ret]))) (*ret)++;
  if (*ret == VERDICTS)
    return error_set(error, ERROR_bad_request, "'decision' is accepted, rejected, none, excluded, undecided, approved or noted");
  if (*ret == APPROVED && kind->operand)
    return error_set(error, ERROR_bad_request, "data elements are approved, and their cells with them");
  if (*ret == NOTED && (kind->operand || kind->of)) return error_set(error, ERROR_bad_request, "a note of its own is about a data element");
  return 0;
}

static int read_entry(const struct alignment *alignment, struct arena *arena, const json_t *item, struct entry *ret, struct error *error) {
  struct str verdict = json_text(item, "decision");
  const struct kind *kind = kind_named(json_text(item, "kind"));
  if (!kind) return error_set(error, ERROR_bad_request, "'kind' is data_element, operand, org_unit or attribute_option_combo");
  bool operand = kind->operand;
  *ret = (struct entry){
      .what = {.operand = operand,
               .of = kind->of,
               .source_data_element = json_text(item, kind->of ? "source" : "source_data_element"),
               .source_category_option_combo = json_text(item, "source_category_option_combo"),
               .sign = '+'},
      .targets = json_object_get(item, "targets"),
      .note = arena_str(arena, json_text(item, "note")),
  };
  if (read_verdict(verdict, kind, &ret->verdict, error)) return -1;
  bool needs_target = ret->verdict == ACCEPTED || ret->verdict == REJECTED;
  if (needs_target && (!json_is_array(ret->targets) || !json_array_size(ret->targets)))
    return error_set(error, ERROR_bad_request, "'%s' needs 'targets'", verdicts[ret->verdict]);
  if (kind->of && ret->verdict == ACCEPTED && json_array_size(ret->targets) > 1)
    return error_set(error, ERROR_bad_request, "an %s is one of the target's, not several", kind->name);
  if (json_array_size(ret->targets) > TARGETS_MAX) return error_set(error, ERROR_bad_request, "more than %d targets", TARGETS_MAX);
  if (ret->note.n > ALIGNMENT_NOTE_MAX) return error_set(error, ERROR_bad_request, "a note has at most %d bytes", ALIGNMENT_NOTE_MAX);
  if (!operand) ret->what.source_category_option_combo = STR_NONE;
  if (kind->of
          ? check_place(&alignment->source, "source", kind->of, ret->what.source_data_element, error)
          : check_cell(&alignment->source, "source", ret->what.source_data_element, ret->what.source_category_option_combo, operand, error))
    return -1;
  ret->what.source_data_element = arena_str(arena, ret->what.source_data_element);
  ret->what.source_category_option_combo = arena_str(arena, ret->what.source_category_option_combo);
  return 0;
}

static int read_target(const struct alignment *alignment, struct arena *arena, const json_t *target, struct decision *what,
                       struct error *error) {
  struct str element = json_text(target, what->of ? "id" : "data_element"), coc = json_text(target, "category_option_combo"),
             sign = json_text(target, "sign");
  if (sign.p && !str_eq(sign, STR("+")) && !str_eq(sign, STR("-"))) return error_set(error, ERROR_bad_request, "'sign' is + or -");
  if (what->of ? check_place(&alignment->target, "target", what->of, element, error)
               : check_cell(&alignment->target, "target", element, coc, what->operand, error))
    return -1;
  what->target_data_element = arena_str(arena, element);
  what->target_category_option_combo = what->operand ? arena_str(arena, coc) : STR_NONE;
  what->sign = sign.n && sign.p[0] == '-' ? '-' : '+';
  return 0;
}

/* Of an element and its cells, or of a pair: a person who decided any of it, also what it is not, cannot be the second one. */
static int approve(const struct entry *entry, const struct alignment_actor *actor, struct decision_list *list, struct error *error) {
  struct str source = entry->what.source_data_element;
  const struct alignment_decision *d;
  size_t about = 0;
  for (size_t cursor = 0; (d = decision_list_about(list, &entry->what, &cursor)); about++)
    if (alignment_same_person(d->person, d->by, actor->person, actor->name))
      return error_set(error, ERROR_own_decision, "'%.*s' was decided by you: another person has to approve it", STR_ARG(source));
  if (!about) return error_set(error, ERROR_bad_request, "nothing is decided that could be approved");
  struct alignment_decision *one;
  for (size_t cursor = 0; (one = decision_list_about(list, &entry->what, &cursor));) {
    if (one->approved_by.n) continue;
    one->approved_by = actor->name;
    one->approved_at = actor->at;
  }
  return 0;
}

/* Why an element was decided so, by who decided it: all else of the decision stays, also that it is approved. */
static int annotate(const struct entry *entry, const struct alignment_actor *actor, struct decision_list *list, struct error *error) {
  struct alignment_decision *one;
  size_t about = 0;
  for (size_t cursor = 0; (one = decision_list_about(list, &entry->what, &cursor));) {
    if (one->what.operand || !alignment_same_person(one->person, one->by, actor->person, actor->name)) continue;
    one->note = entry->note;
    about++;
  }
  return about ? 0 : error_set(error, ERROR_bad_request, "nothing is decided by you that a note could be about");
}

static int apply(const struct alignment *alignment, struct arena *arena, const struct entry *entry, const struct alignment_actor *actor,
                 struct decision_list *list, struct error *error) {
  struct alignment_decision made = {.what = entry->what, .by = actor->name, .person = actor->person, .at = actor->at, .note = entry->note};
  if (entry->verdict == APPROVED) return approve(entry, actor, list, error);
  if (entry->verdict == NOTED) return annotate(entry, actor, list, error);
  if (entry->verdict != ACCEPTED && entry->verdict != REJECTED) {
    decision_list_forget(list, &entry->what, DECISION_LIST_ALL);
    made.what.verdict = DECISION_NONE;
    made.excluded = entry->verdict == EXCLUDED;
    if (entry->verdict != UNDECIDED) decision_list_add(list, made);
    return 0;
  }
  if (entry->verdict == ACCEPTED) decision_list_forget(list, &entry->what, DECISION_LIST_BUT_REJECTED);
  made.what.verdict = entry->verdict == ACCEPTED ? DECISION_ACCEPTED : DECISION_REJECTED;
  for (size_t i = 0; i < json_array_size(entry->targets); i++) {
    if (read_target(alignment, arena, json_array_get(entry->targets, i), &made.what, error)) return -1;
    decision_list_forget_target(list, &made.what);
    decision_list_add(list, made);
  }
  return decision_list_count(list) <= ALIGNMENT_DECISIONS_MAX
             ? 0
             : error_set(error, ERROR_too_large, "more than %d decisions", ALIGNMENT_DECISIONS_MAX);
}

int alignment_entry_apply(const struct alignment *alignment, const json_t *item, const struct alignment_actor *actor, struct arena *arena,
                          struct decision_list *list, struct decision *ret_source, struct error *error) {
  struct entry entry;
  if (read_entry(alignment, arena, item, &entry, error) || apply(alignment, arena, &entry, actor, list, error)) return -1;
  *ret_source = entry.what;
  return 0;
}

#include "api/alignment.h"

#include "base/json_doc.h"
#include "base/json_out.h"
#include "base/vec.h"
#include <jansson.h>

enum { REQUEST_MAX = 16 << 20, TARGETS_MAX = 1000 };

/* One entry of a request, with the text it was given. */
struct entry {
  struct decision what; /* its target is that of one of `targets` */
  const char *verdict;
  json_t *targets;
  struct str note;
};

struct list {
  struct alignment_decision *p;
  size_t n, capacity;
};

static bool same_source(const struct decision *a, const struct decision *b) {
  return a->of == b->of && a->operand == b->operand && str_eq(a->source_data_element, b->source_data_element) &&
         str_eq(a->source_category_option_combo, b->source_category_option_combo);
}

static bool same_target(const struct decision *a, const struct decision *b) {
  return str_eq(a->target_data_element, b->target_data_element) && str_eq(a->target_category_option_combo, b->target_category_option_combo);
}

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

static int read_entry(const struct alignment *alignment, struct arena *arena, json_t *item, struct entry *ret, struct error *error) {
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
  static const char *const verdicts[] = {"accepted", "rejected", "none", "undecided"};
  for (size_t i = 0; i < 4; i++)
    if (str_eq(verdict, str_of(verdicts[i]))) ret->verdict = verdicts[i];
  if (!ret->verdict) return error_set(error, ERROR_bad_request, "'decision' is accepted, rejected, none or undecided");
  bool needs_target = strcmp(ret->verdict, "accepted") == 0 || strcmp(ret->verdict, "rejected") == 0;
  if (needs_target && (!json_is_array(ret->targets) || !json_array_size(ret->targets)))
    return error_set(error, ERROR_bad_request, "'%s' needs 'targets'", ret->verdict);
  if (kind->of && strcmp(ret->verdict, "accepted") == 0 && json_array_size(ret->targets) > 1)
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

/* Takes out what the new word replaces. `target` NULL: everything of the source item but, for a new acceptance, what was rejected. */
static void forget(struct list *list, const struct decision *what, bool rejected_too, const struct decision *target) {
  size_t kept = 0;
  for (size_t i = 0; i < list->n; i++) {
    const struct decision *old = &list->p[i].what;
    bool gone = same_source(old, what) &&
                (target ? same_target(old, target) || old->verdict == DECISION_NONE : rejected_too || old->verdict != DECISION_REJECTED);
    if (!gone) list->p[kept++] = list->p[i];
  }
  list->n = kept;
}

static int apply(const struct alignment *alignment, struct arena *arena, const struct entry *entry, struct str by, struct str at,
                 struct list *list, struct error *error) {
  struct alignment_decision made = {.what = entry->what, .by = by, .at = at, .note = entry->note};
  if (strcmp(entry->verdict, "undecided") == 0) {
    forget(list, &entry->what, true, NULL);
    return 0;
  }
  if (strcmp(entry->verdict, "none") == 0) {
    forget(list, &entry->what, true, NULL);
    made.what.verdict = DECISION_NONE;
    VEC_PUSH(list, made);
    return 0;
  }
  bool accepted = strcmp(entry->verdict, "accepted") == 0;
  if (accepted) forget(list, &entry->what, false, NULL);
  made.what.verdict = accepted ? DECISION_ACCEPTED : DECISION_REJECTED;
  for (size_t i = 0; i < json_array_size(entry->targets); i++) {
    if (read_target(alignment, arena, json_array_get(entry->targets, i), &made.what, error)) return -1;
    forget(list, &made.what, false, &made.what);
    VEC_PUSH(list, made);
  }
  return list->n <= ALIGNMENT_DECISIONS_MAX ? 0 : error_set(error, ERROR_too_large, "more than %d decisions", ALIGNMENT_DECISIONS_MAX);
}

static int apply_all(const struct alignment *alignment, const json_t *root, struct arena *arena, struct str by, struct str at,
                     struct list *list, struct error *error) {
  const json_t *items = json_object_get(root, "decisions");
  if (!json_is_array(items)) return error_set(error, ERROR_bad_request, "'decisions' is missing: a list is wanted");
  for (size_t i = 0; i < json_array_size(items); i++) {
    struct entry entry;
    if (read_entry(alignment, arena, json_array_get(items, i), &entry, error) || apply(alignment, arena, &entry, by, at, list, error))
      return error_context(error, "entry %zu", i + 1);
  }
  return 0;
}

static const struct alignment_decision *keep(struct arena *arena, struct list *list) {
  struct alignment_decision *kept = ARENA_ARRAY(arena, list->n, struct alignment_decision);
  if (list->n) memcpy(kept, list->p, list->n * sizeof *kept);
  VEC_FREE(list);
  return kept;
}

int alignment_decide(const struct alignment *alignment, struct str json, struct str by, struct str at, struct arena *arena,
                     const struct alignment_decision **ret, size_t *ret_count, struct error *error) {
  json_error_t why;
  if (json.n > REQUEST_MAX) return error_set(error, ERROR_too_large, "more than %d bytes of decisions", REQUEST_MAX);
  json_t *root = json_loadb(json.n ? json.p : "", json.n, JSON_REJECT_DUPLICATES, &why);
  if (!root) return error_set(error, ERROR_bad_request, "line %d: %s", why.line, why.text);
  struct list list = {0};
  for (size_t i = 0; i < alignment->decision_count; i++) VEC_PUSH(&list, alignment->decisions[i]);
  int result = apply_all(alignment, root, arena, by, at, &list, error);
  json_decref(root);
  *ret_count = list.n;
  *ret = keep(arena, &list);
  return result;
}

static const char *verdict_name(enum decision_verdict verdict) {
  return verdict == DECISION_ACCEPTED ? "accepted" : verdict == DECISION_REJECTED ? "rejected" : "none";
}

bool alignment_write_decisions(const struct alignment *alignment, struct buf *buf) {
  struct json_out out = JSON_OUT_INIT(buf);
  json_out_array(&out);
  for (size_t i = 0; i < alignment->decision_count; i++) {
    const struct alignment_decision *d = &alignment->decisions[i];
    char sign[2] = {d->what.sign, '\0'};
    json_out_object(&out);
    json_out_member_bool(&out, "operand", d->what.operand);
    if (d->what.of) json_out_member_int(&out, "of", (int64_t)d->what.of);
    json_out_member_str(&out, "source_data_element", d->what.source_data_element);
    json_out_member_str(&out, "source_category_option_combo", d->what.source_category_option_combo);
    json_out_member_str(&out, "target_data_element", d->what.target_data_element);
    json_out_member_str(&out, "target_category_option_combo", d->what.target_category_option_combo);
    json_out_member_str(&out, "sign", str_of(sign));
    json_out_member_str(&out, "decision", str_of(verdict_name(d->what.verdict)));
    json_out_member_str(&out, "by", d->by);
    json_out_member_str(&out, "at", d->at);
    json_out_member_str(&out, "note", d->note);
    json_out_end(&out);
  }
  json_out_end(&out);
  return !buf->full;
}

int alignment_read_decisions(struct arena *arena, struct str json, const struct alignment_decision **ret, size_t *ret_count,
                             struct error *error) {
  json_error_t why;
  json_t *root = json_loadb(json.n ? json.p : "", json.n, 0, &why);
  if (!json_is_array(root) || json_array_size(root) > ALIGNMENT_DECISIONS_MAX) {
    json_decref(root);
    return error_set(error, ERROR_input, "the stored decisions cannot be read");
  }
  struct alignment_decision *list = ARENA_ARRAY(arena, json_array_size(root), struct alignment_decision);
  for (size_t i = 0; i < json_array_size(root); i++) {
    const json_t *item = json_array_get(root, i);
    struct str verdict = json_text(item, "decision"), sign = json_text(item, "sign");
    json_int_t of = json_integer_value(json_object_get(item, "of"));
    list[i] = (struct alignment_decision){
        .what = {.operand = json_is_true(json_object_get(item, "operand")),
                 .of = of >= DECISION_OF_CELLS && of <= DECISION_OF_ATTRIBUTE ? (enum decision_of)of : DECISION_OF_CELLS,
                 .source_data_element = arena_str(arena, json_text(item, "source_data_element")),
                 .source_category_option_combo = arena_str(arena, json_text(item, "source_category_option_combo")),
                 .target_data_element = arena_str(arena, json_text(item, "target_data_element")),
                 .target_category_option_combo = arena_str(arena, json_text(item, "target_category_option_combo")),
                 .sign = str_eq(sign, STR("-")) ? '-' : '+',
                 .verdict = str_eq(verdict, STR("accepted"))   ? DECISION_ACCEPTED
                            : str_eq(verdict, STR("rejected")) ? DECISION_REJECTED
                                                               : DECISION_NONE},
        .by = arena_str(arena, json_text(item, "by")),
        .at = arena_str(arena, json_text(item, "at")),
        .note = arena_str(arena, json_text(item, "note")),
    };
  }
  *ret_count = json_array_size(root);
  *ret = list;
  json_decref(root);
  return 0;
}

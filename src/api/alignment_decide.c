/* What a person sent, as steps. */
#include "api/alignment_entry.h"
#include "api/alignment_shown.h"
#include "base/map.h"
#include "base/vec.h"

enum { REQUEST_MAX = 16 << 20, REQUEST_STEPS_MAX = 1000, KEPT_ENTRIES_MAX = 20000 };

struct alignment_decisions {
  struct alignment_decision *p;
  size_t n, capacity;
};

struct deciding {
  struct arena *arena;
  const struct alignment *alignment;
  struct alignment_actor actor;
  struct alignment_shown *shown;
  struct alignment_decisions decisions;
  VEC(struct alignment_remark) remarks;
  VEC(struct alignment_step) steps;
};

/* Source items that a step touches. An element that is approved stands for its cells too. */
struct touched {
  struct map items; /* item_key */
  struct map whole; /* "element" */
};

bool alignment_same_person(struct str person, struct str name, struct str other_person, struct str other_name) {
  if (!person.n || !other_person.n) return name.n && str_eq(name, other_name);
  while (person.p) {
    struct str one = str_take(&person, ' '), others = other_person;
    while (others.p)
      if (str_eq(one, str_take(&others, ' '))) return true;
  }
  return false;
}

static struct str item_key(struct arena *arena, const struct decision *what) {
  return arena_printf(arena, "%d %.*s %.*s", (int)what->of, STR_ARG(what->source_data_element),
                      STR_ARG(what->source_category_option_combo));
}

static bool is_touched(struct arena *arena, const struct touched *touched, const struct decision *what) {
  return (!what->of && map_get(&touched->whole, what->source_data_element)) || map_get(&touched->items, item_key(arena, what));
}

static const struct alignment_decision *about(struct deciding *d, const struct touched *touched, size_t *ret_count) {
  struct alignment_decision *found = ARENA_ARRAY(d->arena, d->decisions.n + 1, struct alignment_decision);
  size_t n = 0;
  for (size_t i = 0; i < d->decisions.n; i++)
    if (is_touched(d->arena, touched, &d->decisions.p[i].what)) found[n++] = d->decisions.p[i];
  *ret_count = n;
  return found;
}

static void touch(struct deciding *d, struct touched *touched, const struct alignment_decision *list, size_t count) {
  for (size_t i = 0; i < count; i++) (void)map_put(&touched->items, item_key(d->arena, &list[i].what), d);
}

static void free_touched(struct touched *touched) {
  map_free(&touched->items);
  map_free(&touched->whole);
}

/* --- remarks --- */

static void unremark(struct deciding *d, enum alignment_remark_kind kind, struct str element) {
  size_t kept = 0;
  for (size_t i = 0; i < d->remarks.n; i++)
    if (d->remarks.p[i].kind != kind || !str_eq(d->remarks.p[i].source_data_element, element)) d->remarks.p[kept++] = d->remarks.p[i];
  d->remarks.n = kept;
}

static void unremark_changed(struct deciding *d, const struct map *elements) {
  size_t kept = 0;
  for (size_t i = 0; i < d->remarks.n; i++)
    if (d->remarks.p[i].kind != REMARK_CHANGED || !map_get(elements, d->remarks.p[i].source_data_element))
      d->remarks.p[kept++] = d->remarks.p[i];
  d->remarks.n = kept;
}

static int read_remark(struct deciding *d, const json_t *item, const char *text_key, struct alignment_remark *ret, struct error *error) {
  struct str element = json_text(item, "source_data_element");
  *ret = (struct alignment_remark){.by = d->actor.name,
                                   .at = d->actor.at,
                                   .source_data_element = arena_str(d->arena, element),
                                   .text = arena_str(d->arena, json_text(item, text_key)),
                                   .to = arena_str(d->arena, json_text(item, "to"))};
  if (!dhis2_metadata_element(d->alignment->source.metadata, element))
    return error_set(error, ERROR_bad_request, "the source has no data element '%.*s'", STR_ARG(str_slice(element, 0, 40)));
  if (ret->text.n > ALIGNMENT_NOTE_MAX || ret->to.n > ALIGNMENT_LABEL_MAX)
    return error_set(error, ERROR_bad_request, "a remark has at most %d bytes", ALIGNMENT_NOTE_MAX);
  return 0;
}

/* What a list says last about an element's flag: NULL, it has none. */
static const struct alignment_remark *flag_in(const struct alignment_remark *list, size_t count, struct str element) {
  const struct alignment_remark *found = NULL;
  for (size_t i = 0; i < count; i++)
    if ((list[i].kind == REMARK_FLAG || list[i].kind == REMARK_UNFLAG) && str_eq(list[i].source_data_element, element)) found = &list[i];
  return found && found->kind == REMARK_FLAG ? found : NULL;
}

static bool same_remark(const struct alignment_remark *a, const struct alignment_remark *b) {
  if (!a || !b) return a == b;
  return a->kind == b->kind && str_eq(a->source_data_element, b->source_data_element) && str_eq(a->by, b->by) && str_eq(a->at, b->at) &&
         str_eq(a->text, b->text) && str_eq(a->to, b->to);
}

static int read_flag(struct deciding *d, const json_t *item, struct alignment_remark *ret, struct error *error) {
  const json_t *flagged = json_object_get(item, "flagged");
  if (!json_is_boolean(flagged)) return error_set(error, ERROR_bad_request, "'flagged' is true or false");
  if (read_remark(d, item, "note", ret, error)) return -1;
  ret->kind = json_is_true(flagged) ? REMARK_FLAG : REMARK_UNFLAG;
  unremark(d, REMARK_FLAG, ret->source_data_element);
  if (ret->kind == REMARK_FLAG) VEC_PUSH(&d->remarks, *ret);
  return 0;
}

static int read_comment(struct deciding *d, const json_t *item, struct alignment_remark *ret, struct error *error) {
  if (read_remark(d, item, "text", ret, error)) return -1;
  if (!ret->text.n) return error_set(error, ERROR_bad_request, "a comment needs 'text'");
  VEC_PUSH(&d->remarks, *ret);
  return 0;
}

static const struct alignment_remark *flags_before(struct deciding *d, const json_t *flags, size_t *ret_count) {
  struct alignment_remark *found = ARENA_ARRAY(d->arena, d->remarks.n + 1, struct alignment_remark);
  struct map elements = {0};
  size_t n = 0;
  for (size_t i = 0; i < json_array_size(flags); i++)
    (void)map_put(&elements, json_text(json_array_get(flags, i), "source_data_element"), d);
  for (size_t i = 0; i < d->remarks.n; i++)
    if (d->remarks.p[i].kind == REMARK_FLAG && map_get(&elements, d->remarks.p[i].source_data_element)) found[n++] = d->remarks.p[i];
  map_free(&elements);
  *ret_count = n;
  return found;
}

static int read_remarks(struct deciding *d, const json_t *step, struct alignment_step *made, struct error *error) {
  const json_t *flags = json_object_get(step, "flags"), *comments = json_object_get(step, "comments");
  if ((flags && !json_is_array(flags)) || (comments && !json_is_array(comments)))
    return error_set(error, ERROR_bad_request, "'flags' and 'comments' are lists");
  struct alignment_remark *remarks = ARENA_ARRAY(d->arena, json_array_size(flags) + json_array_size(comments) + 1, struct alignment_remark);
  made->flags_before = flags_before(d, flags, &made->flag_before_count);
  for (size_t i = 0; i < json_array_size(flags); i++)
    if (read_flag(d, json_array_get(flags, i), &remarks[made->remark_count++], error)) return error_context(error, "flag %zu", i + 1);
  for (size_t i = 0; i < json_array_size(comments); i++)
    if (read_comment(d, json_array_get(comments, i), &remarks[made->remark_count++], error))
      return error_context(error, "comment %zu", i + 1);
  made->remarks = remarks;
  return d->remarks.n <= ALIGNMENT_REMARKS_MAX
             ? 0
             : error_set(error, ERROR_too_large, "more than %d comments and flags", ALIGNMENT_REMARKS_MAX);
}

/* --- deciding --- */

static bool is_element(const struct decision *what) {
  return !what->of && !what->operand;
}

/* Newly made decisions get what the engine said of them. */
static void note_confidence(struct deciding *d, struct str at) {
  for (size_t i = 0; d->shown && i < d->decisions.n; i++) {
    struct alignment_decision *one = &d->decisions.p[i];
    if (one->at.p == at.p && !one->what.of && one->confidence == 0 && !one->approved_by.n)
      one->confidence = alignment_shown_confidence(d->shown, &one->what);
  }
}

/* What was proposed for elements that this step decides about: as it was known of them before, else as it was shown; in bulk nobody looked. */
static void note_proposed(struct deciding *d, const struct alignment_decisions *before, bool bulk) {
  struct map known = {0};
  for (size_t i = 0; i < before->n; i++)
    if (is_element(&before->p[i].what)) (void)map_put(&known, before->p[i].what.source_data_element, &before->p[i]);
  for (size_t i = 0; i < d->decisions.n; i++) {
    struct alignment_decision *one = &d->decisions.p[i];
    if (one->at.p != d->actor.at.p || !is_element(&one->what)) continue;
    const struct alignment_decision *was = map_get(&known, one->what.source_data_element);
    if (was) {
      one->proposed = was->proposed;
      one->proposed_confidence = was->proposed_confidence;
    } else if (d->shown && !bulk) {
      one->proposed = alignment_shown_proposal(d->shown, one->what.source_data_element, d->arena, &one->proposed_confidence);
    }
  }
  map_free(&known);
}

static void note_whole(const json_t *entry, const struct decision *source, struct touched *touched, void *there) {
  if (!source->of && str_eq(json_text(entry, "decision"), STR("approved")))
    (void)map_put(&touched->whole, source->source_data_element, there);
}

static int read_decisions(struct deciding *d, const json_t *items, bool bulk, struct alignment_step *made, struct error *error) {
  struct touched touched = {0};
  struct alignment_decisions old = d->decisions;
  struct decision_list *list = decision_list_new();
  struct map changed = {0}; /* elements that somebody decided anew */
  int result = 0;
  for (size_t i = 0; i < old.n; i++) decision_list_add(list, old.p[i]);
  for (size_t i = 0; result == 0 && i < json_array_size(items); i++) {
    struct decision source;
    const json_t *entry = json_array_get(items, i);
    result = alignment_entry_apply(d->alignment, entry, &d->actor, d->arena, list, &source, error);
    if (result) {
      (void)error_context(error, "entry %zu", i + 1);
      break;
    }
    note_whole(entry, &source, &touched, d);
    (void)map_put(&touched.items, item_key(d->arena, &source), d);
    if (!source.of && !str_eq(json_text(entry, "decision"), STR("noted"))) (void)map_put(&changed, source.source_data_element, d);
  }
  size_t count;
  const struct alignment_decision *decided = decision_list_end(list, d->arena, &count);
  d->decisions = (struct alignment_decisions){0};
  for (size_t i = 0; i < count; i++) VEC_PUSH(&d->decisions, decided[i]);
  unremark_changed(d, &changed);
  map_free(&changed);
  note_confidence(d, d->actor.at);
  note_proposed(d, &old, bulk);
  struct alignment_decisions now = d->decisions;
  made->after = about(d, &touched, &made->after_count);
  d->decisions = old;
  made->before = about(d, &touched, &made->before_count);
  d->decisions = now;
  VEC_FREE(&old);
  free_touched(&touched);
  return result;
}

/* --- back and forth --- */

/* Confidence, what was proposed, and who it was elsewhere follow from the rest. */
static int cmp_decisions(const void *left, const void *right) {
  const struct alignment_decision *a = left, *b = right;
  const struct str texts[][2] = {{a->what.source_data_element, b->what.source_data_element},
                                 {a->what.source_category_option_combo, b->what.source_category_option_combo},
                                 {a->what.target_data_element, b->what.target_data_element},
                                 {a->what.target_category_option_combo, b->what.target_category_option_combo},
                                 {a->by, b->by},
                                 {a->at, b->at},
                                 {a->approved_by, b->approved_by},
                                 {a->note, b->note}};
  const int numbers[][2] = {{(int)a->what.of, (int)b->what.of},
                            {a->what.operand, b->what.operand},
                            {(int)a->what.verdict, (int)b->what.verdict},
                            {a->what.sign, b->what.sign},
                            {a->excluded, b->excluded}};
  int order = 0;
  for (size_t i = 0; !order && i < sizeof texts / sizeof *texts; i++) order = str_cmp(texts[i][0], texts[i][1]);
  for (size_t i = 0; !order && i < sizeof numbers / sizeof *numbers; i++) order = numbers[i][0] - numbers[i][1];
  return order;
}

static bool is_real(const struct alignment_step *step) {
  return !step->undoes && !step->redoes && step->before_count + step->after_count + step->remark_count > 0;
}

bool alignment_can_undo(const struct alignment_step *step) {
  return step->person.n && is_real(step) && !step->undone;
}

static int64_t taken_back_by(const struct alignment_step *steps, size_t count, const struct alignment_step *step) {
  int64_t last = 0;
  for (size_t i = 0; i < count; i++)
    if (steps[i].undoes == step->number) last = steps[i].number;
  return last;
}

/* What a step is about: a screen takes back what was done on it. */
enum { ABOUT_ELEMENTS = 1 << 0, ABOUT_PLACES = 1 << 1 };

static unsigned subjects_in(const struct alignment_decision *list, size_t count) {
  unsigned found = 0;
  for (size_t i = 0; i < count; i++) found |= list[i].what.of ? ABOUT_PLACES : ABOUT_ELEMENTS;
  return found;
}

static unsigned subjects(const struct alignment_step *step) {
  return subjects_in(step->before, step->before_count) | subjects_in(step->after, step->after_count) |
         (step->remark_count ? ABOUT_ELEMENTS : 0);
}

bool alignment_can_redo(const struct alignment_step *steps, size_t count, const struct alignment_step *step) {
  if (!step->person.n || !step->undone || !is_real(step)) return false;
  int64_t at = taken_back_by(steps, count, step);
  unsigned of = subjects(step);
  for (size_t i = 0; i < count; i++)
    if (steps[i].number > at && is_real(&steps[i]) && alignment_same_person(steps[i].person, steps[i].by, step->person, step->by) &&
        subjects(&steps[i]) & of)
      return false;
  return at > 0;
}

/* Of the actor's, about any of `of`: the last one that stands; or of those that were taken back and can be done again, the last one taken back. */
static struct alignment_step *step_wanted(struct deciding *d, unsigned of, bool redo) {
  struct alignment_step *found = NULL;
  int64_t found_at = 0;
  for (size_t i = 0; i < d->steps.n; i++) {
    struct alignment_step *step = &d->steps.p[i];
    if (!(subjects(step) & of) || !alignment_same_person(step->person, step->by, d->actor.person, d->actor.name)) continue;
    if (redo ? !alignment_can_redo(d->steps.p, d->steps.n, step) : !alignment_can_undo(step)) continue;
    int64_t at = redo ? taken_back_by(d->steps.p, d->steps.n, step) : step->number;
    if (at <= found_at) continue;
    found = step;
    found_at = at;
  }
  return found;
}

static int not_put_back(const struct alignment_step *step, bool redo, struct str who, struct error *error) {
  return error_set(error, ERROR_conflict, "'%.*s' cannot be %s: %.*s has changed the same since", STR_ARG(step->label),
                   redo ? "done again" : "undone", STR_ARG(who.n ? who : STR("somebody")));
}

static int put_flag_back(struct deciding *d, const struct alignment_step *step, bool redo, struct str element, struct error *error) {
  const struct alignment_remark *now = flag_in(d->remarks.p, d->remarks.n, element),
                                *before = flag_in(step->flags_before, step->flag_before_count, element),
                                *after = flag_in(step->remarks, step->remark_count, element), *wanted = redo ? after : before;
  if (!same_remark(now, redo ? before : after)) return not_put_back(step, redo, now ? now->by : STR_NONE, error);
  unremark(d, REMARK_FLAG, element);
  if (wanted) VEC_PUSH(&d->remarks, *wanted);
  return 0;
}

static void put_comment_back(struct deciding *d, const struct alignment_remark *comment, bool redo) {
  size_t at = 0;
  if (redo) {
    VEC_PUSH(&d->remarks, *comment);
    return;
  }
  while (at < d->remarks.n && !same_remark(&d->remarks.p[at], comment)) at++;
  if (at == d->remarks.n) return;
  d->remarks.n--;
  memmove(d->remarks.p + at, d->remarks.p + at + 1, (d->remarks.n - at) * sizeof *d->remarks.p);
}

/* Each element's flag once, though it may have been set twice. */
static int put_remarks_back(struct deciding *d, const struct alignment_step *step, bool redo, struct alignment_step *made,
                            struct error *error) {
  struct map flagged = {0};
  int result = 0;
  made->remarks = step->remarks;
  made->remark_count = step->remark_count;
  made->flags_before = step->flags_before;
  made->flag_before_count = step->flag_before_count;
  for (size_t i = 0; result == 0 && i < step->remark_count; i++) {
    struct str element = step->remarks[i].source_data_element;
    if (step->remarks[i].kind == REMARK_COMMENT)
      put_comment_back(d, &step->remarks[i], redo);
    else if (!map_put(&flagged, element, d))
      result = put_flag_back(d, step, redo, element, error);
  }
  map_free(&flagged);
  return result;
}

static int put_back(struct deciding *d, const struct alignment_step *step, bool redo, struct alignment_step *made, struct error *error) {
  struct touched touched = {0};
  size_t count;
  made->before = redo ? step->before : step->after;
  made->before_count = redo ? step->before_count : step->after_count;
  made->after = redo ? step->after : step->before;
  made->after_count = redo ? step->after_count : step->before_count;
  touch(d, &touched, step->before, step->before_count);
  touch(d, &touched, step->after, step->after_count);
  const struct alignment_decision *now = about(d, &touched, &count),
                                  *odd = vec_first_missing(now, count, made->before, made->before_count, sizeof *now, cmp_decisions);
  int result = 0;
  if (odd || count != made->before_count) {
    result = not_put_back(step, redo, odd ? odd->approved_by.n ? odd->approved_by : odd->by : STR_NONE, error);
  } else {
    size_t kept = 0;
    for (size_t i = 0; i < d->decisions.n; i++)
      if (!is_touched(d->arena, &touched, &d->decisions.p[i].what)) d->decisions.p[kept++] = d->decisions.p[i];
    d->decisions.n = kept;
    for (size_t i = 0; i < made->after_count; i++) VEC_PUSH(&d->decisions, made->after[i]);
  }
  free_touched(&touched);
  return result;
}

static int read_subjects(const json_t *item, unsigned *ret, struct error *error) {
  struct str of = json_text(item, "of");
  *ret = !of.p                              ? ABOUT_ELEMENTS | ABOUT_PLACES
         : str_eq(of, STR("data_elements")) ? ABOUT_ELEMENTS
         : str_eq(of, STR("places"))        ? ABOUT_PLACES
                                            : 0;
  return *ret ? 0 : error_set(error, ERROR_bad_request, "'of' is data_elements or places");
}

static int travel(struct deciding *d, const json_t *item, bool redo, struct alignment_step *made, struct error *error) {
  unsigned of;
  if (read_subjects(item, &of, error)) return -1;
  struct alignment_step *step = step_wanted(d, of, redo);
  if (!step) return error_set(error, ERROR_conflict, redo ? "there is nothing of yours to do again" : "there is nothing of yours to undo");
  made->label = step->label;
  if (put_back(d, step, redo, made, error) || put_remarks_back(d, step, redo, made, error)) return -1;
  step->undone = !redo;
  *(redo ? &made->redoes : &made->undoes) = step->number;
  return 0;
}

/* --- steps --- */

/* What a step keeps is kept beside the decisions themselves: there is an end to it. What is not kept whole is nobody's to take back. */
static void make_fit(struct alignment_step *step) {
  if (step->before_count + step->after_count <= ALIGNMENT_STEP_ENTRIES_MAX) return;
  step->before_count = step->after_count = 0;
  step->person = STR_NONE;
}

static int read_step(struct deciding *d, const json_t *item, struct error *error) {
  const json_t *decisions = json_object_get(item, "decisions"), *bulk = json_object_get(item, "bulk");
  struct alignment_step made = {.number = d->steps.n ? d->steps.p[d->steps.n - 1].number + 1 : 1,
                                .label = arena_str(d->arena, json_text(item, "label")),
                                .by = d->actor.name,
                                .at = d->actor.at,
                                .person = d->actor.person};
  bool undo = json_is_true(json_object_get(item, "undo")), redo = json_is_true(json_object_get(item, "redo"));
  if (made.label.n > ALIGNMENT_LABEL_MAX) return error_set(error, ERROR_bad_request, "a label has at most %d bytes", ALIGNMENT_LABEL_MAX);
  if (decisions && !json_is_array(decisions)) return error_set(error, ERROR_bad_request, "'decisions' is a list");
  if (bulk && !json_is_boolean(bulk)) return error_set(error, ERROR_bad_request, "'bulk' is true or false");
  if (!decisions && !undo && !redo && !json_object_get(item, "flags") && !json_object_get(item, "comments"))
    return error_set(error, ERROR_bad_request, "a step has 'decisions', 'flags' or 'comments', or is an undo or a redo");
  int result = undo || redo ? travel(d, item, redo, &made, error)
               : (decisions && read_decisions(d, decisions, json_is_true(bulk), &made, error)) || read_remarks(d, item, &made, error) ? -1
                                                                                                                                      : 0;
  bool told = undo || redo || made.before_count + made.after_count + made.remark_count;
  make_fit(&made);
  if (result == 0 && told) VEC_PUSH(&d->steps, made);
  return result;
}

static int read_steps(struct deciding *d, const json_t *root, struct error *error) {
  const json_t *steps = json_object_get(root, "steps");
  if (!steps) return read_step(d, root, error);
  if (!json_is_array(steps) || json_array_size(steps) > REQUEST_STEPS_MAX)
    return error_set(error, ERROR_bad_request, "'steps' is a list of at most %d", REQUEST_STEPS_MAX);
  for (size_t i = 0; i < json_array_size(steps); i++)
    if (read_step(d, json_array_get(steps, i), error)) return error_context(error, "step %zu", i + 1);
  return 0;
}

/* The newest ones, at least one, and as many as are small enough together. */
static size_t steps_from(const struct alignment_step *steps, size_t n) {
  size_t entries = 0, from = n;
  while (from > 0 && n - from < ALIGNMENT_STEPS_MAX) {
    entries +=
        steps[from - 1].before_count + steps[from - 1].after_count + steps[from - 1].remark_count + steps[from - 1].flag_before_count;
    if (from < n && entries > KEPT_ENTRIES_MAX) break;
    from--;
  }
  return from;
}

#define COPY(arena, type, vec, from) \
  memcpy(ARENA_ARRAY((arena), (vec).n - (from) + 1, type), (vec).p ? (const void *)((vec).p + (from)) : "", \
         ((vec).n - (from)) * sizeof(type))

static void take(struct deciding *d, struct alignment *ret) {
  size_t from = steps_from(d->steps.p, d->steps.n);
  ret->decisions = COPY(d->arena, struct alignment_decision, d->decisions, (size_t)0);
  ret->decision_count = d->decisions.n;
  ret->remarks = COPY(d->arena, struct alignment_remark, d->remarks, (size_t)0);
  ret->remark_count = d->remarks.n;
  ret->steps = COPY(d->arena, struct alignment_step, d->steps, from);
  ret->step_count = d->steps.n - from;
}

int alignment_decide(const struct alignment *alignment, struct str json, struct alignment_actor actor, struct str shown,
                     struct arena *arena, struct alignment *ret, struct error *error) {
  json_error_t why;
  struct deciding d = {.arena = arena, .alignment = alignment, .actor = actor};
  if (json.n > REQUEST_MAX) return error_set(error, ERROR_too_large, "more than %d bytes of decisions", REQUEST_MAX);
  json_t *root = json_loadb(json.n ? json.p : "", json.n, JSON_REJECT_DUPLICATES, &why);
  if (!json_is_object(root)) {
    json_decref(root);
    return error_set(error, ERROR_bad_request, "a JSON object with 'steps' or 'decisions' is wanted");
  }
  d.actor.at = arena_str(arena, actor.at); /* of its own: what is new is known by it */
  d.shown = shown.n ? alignment_shown_new(shown) : NULL;
  for (size_t i = 0; i < alignment->decision_count; i++) VEC_PUSH(&d.decisions, alignment->decisions[i]);
  for (size_t i = 0; i < alignment->remark_count; i++) VEC_PUSH(&d.remarks, alignment->remarks[i]);
  for (size_t i = 0; i < alignment->step_count; i++) VEC_PUSH(&d.steps, alignment->steps[i]);
  *ret = *alignment;
  int result = read_steps(&d, root, error);
  if (result == 0) take(&d, ret);
  json_decref(root);
  if (d.shown) alignment_shown_free(d.shown);
  VEC_FREE(&d.decisions);
  VEC_FREE(&d.remarks);
  VEC_FREE(&d.steps);
  return result;
}

void alignment_add_step(struct alignment *alignment, struct alignment_step step, bool last, struct arena *arena) {
  size_t n = alignment->step_count;
  struct alignment_step *steps = ARENA_ARRAY(arena, n + 1, struct alignment_step);
  if (n) memcpy(steps, alignment->steps, n * sizeof *steps);
  step.number = n ? steps[n - 1].number + 1 : 1;
  step.person = STR_NONE;
  make_fit(&step);
  steps[n] = step;
  size_t from = last ? n : steps_from(steps, n + 1);
  alignment->steps = steps + from;
  alignment->step_count = n + 1 - from;
}

/* Decisions, remarks and steps as they are kept. Members that say nothing are left out: there are many of them. */
#include "api/alignment.h"
#include "base/json_doc.h"
#include "base/json_out.h"

static const char *const verdicts[] = {"accepted", "rejected", "none"};
static const char *const kinds[] = {"comment", "flag", "unflag", "changed"};

static void write_text(struct json_out *out, const char *key, struct str text) {
  if (text.n) json_out_member_str(out, key, text);
}

static void write_proposed(struct json_out *out, const struct alignment_decision *d) {
  struct str rest = d->proposed;
  if (!rest.n) return;
  json_out_member_object(out, "proposed");
  json_out_member_number(out, "confidence", d->proposed_confidence);
  json_out_member_array(out, "targets");
  while (rest.p) json_out_str(out, str_take(&rest, ' '));
  json_out_end(out);
  json_out_end(out);
}

static void write_decision(struct json_out *out, const struct alignment_decision *d) {
  bool pair = d->what.verdict != DECISION_NONE;
  json_out_object(out);
  json_out_member_str(out, "kind", str_of(alignment_kind_name(&d->what)));
  json_out_member_str(out, "source_data_element", d->what.source_data_element);
  write_text(out, "source_category_option_combo", d->what.source_category_option_combo);
  if (pair) json_out_member_str(out, "target_data_element", d->what.target_data_element);
  if (pair) write_text(out, "target_category_option_combo", d->what.target_category_option_combo);
  if (pair && d->what.sign == '-') json_out_member_str(out, "sign", STR("-"));
  json_out_member_str(out, "decision", d->excluded ? STR("excluded") : str_of(verdicts[d->what.verdict]));
  write_text(out, "by", d->by);
  write_text(out, "at", d->at);
  write_text(out, "note", d->note);
  write_text(out, "person", d->person);
  if (d->confidence > 0) json_out_member_number(out, "confidence", d->confidence);
  write_proposed(out, d);
  write_text(out, "approved_by", d->approved_by);
  write_text(out, "approved_at", d->approved_at);
  json_out_end(out);
}

static void write_decisions(struct json_out *out, const char *key, const struct alignment_decision *list, size_t count) {
  json_out_member_array(out, key);
  for (size_t i = 0; i < count; i++) write_decision(out, &list[i]);
  json_out_end(out);
}

static void write_remarks(struct json_out *out, const char *key, const struct alignment_remark *list, size_t count) {
  json_out_member_array(out, key);
  for (size_t i = 0; i < count; i++) {
    json_out_object(out);
    json_out_member_str(out, "kind", str_of(kinds[list[i].kind]));
    json_out_member_str(out, "source_data_element", list[i].source_data_element);
    write_text(out, "by", list[i].by);
    write_text(out, "at", list[i].at);
    write_text(out, "text", list[i].text);
    write_text(out, "to", list[i].to);
    write_text(out, "code", list[i].code);
    json_out_end(out);
  }
  json_out_end(out);
}

static void write_step(struct json_out *out, const struct alignment_step *step) {
  json_out_object(out);
  json_out_member_int(out, "number", step->number);
  json_out_member_str(out, "label", step->label.p ? step->label : STR(""));
  json_out_member_str(out, "by", step->by.p ? step->by : STR(""));
  json_out_member_str(out, "at", step->at.p ? step->at : STR(""));
  write_text(out, "person", step->person);
  if (step->undoes) json_out_member_int(out, "undoes", step->undoes);
  if (step->redoes) json_out_member_int(out, "redoes", step->redoes);
  if (step->undone) json_out_member_bool(out, "undone", true);
  write_decisions(out, "before", step->before, step->before_count);
  write_decisions(out, "after", step->after, step->after_count);
  write_remarks(out, "remarks", step->remarks, step->remark_count);
  if (step->flag_before_count) write_remarks(out, "flags_before", step->flags_before, step->flag_before_count);
  json_out_end(out);
}

bool alignment_write_step(const struct alignment_step *step, struct buf *buf) {
  struct json_out out = JSON_OUT_INIT(buf);
  write_step(&out, step);
  return !buf->full;
}

bool alignment_keep(const struct alignment *alignment, struct buf *buf) {
  struct json_out out = JSON_OUT_INIT(buf);
  json_out_object(&out);
  write_decisions(&out, "decisions", alignment->decisions, alignment->decision_count);
  write_remarks(&out, "remarks", alignment->remarks, alignment->remark_count);
  json_out_member_array(&out, "steps");
  for (size_t i = 0; i < alignment->step_count; i++) write_step(&out, &alignment->steps[i]);
  json_out_end(&out);
  json_out_end(&out);
  return !buf->full;
}

/* --- and back --- */

struct reading {
  struct arena *arena;
  bool failed;
};

static struct str text(struct reading *r, const json_t *object, const char *key) {
  struct str found = json_text(object, key);
  return found.n ? arena_str(r->arena, found) : STR_NONE;
}

static const json_t *list_of(struct reading *r, const json_t *object, const char *key, size_t most) {
  const json_t *list = json_object_get(object, key);
  r->failed = r->failed || (list && !json_is_array(list)) || json_array_size(list) > most;
  return r->failed ? NULL : list;
}

/* `operand` and `of` are how it was told once. */
static enum decision_of kind_of(const json_t *item) {
  struct str kind = json_text(item, "kind");
  json_int_t of = json_integer_value(json_object_get(item, "of"));
  if (str_eq(kind, STR("org_unit")) || of == DECISION_OF_ORG_UNIT) return DECISION_OF_ORG_UNIT;
  return str_eq(kind, STR("attribute_option_combo")) || of == DECISION_OF_ATTRIBUTE ? DECISION_OF_ATTRIBUTE : DECISION_OF_CELLS;
}

static struct str proposed_of(struct reading *r, const json_t *proposed) {
  const json_t *list = list_of(r, proposed, "targets", ALIGNMENT_PROPOSED_MAX);
  struct str targets = STR_NONE;
  for (size_t i = 0; i < json_array_size(list); i++)
    targets = alignment_proposed_add(r->arena, targets, str_of(json_string_value(json_array_get(list, i))));
  return targets;
}

static struct alignment_decision decision_of(struct reading *r, const json_t *item) {
  const json_t *proposed = json_object_get(item, "proposed");
  struct str verdict = json_text(item, "decision");
  struct alignment_decision d = {
      .what = {.operand = json_is_true(json_object_get(item, "operand")) || str_eq(json_text(item, "kind"), STR("operand")),
               .of = kind_of(item),
               .source_data_element = text(r, item, "source_data_element"),
               .source_category_option_combo = text(r, item, "source_category_option_combo"),
               .target_data_element = text(r, item, "target_data_element"),
               .target_category_option_combo = text(r, item, "target_category_option_combo"),
               .sign = str_eq(json_text(item, "sign"), STR("-")) ? '-' : '+',
               .verdict = str_eq(verdict, STR("accepted"))   ? DECISION_ACCEPTED
                          : str_eq(verdict, STR("rejected")) ? DECISION_REJECTED
                                                             : DECISION_NONE},
      .excluded = str_eq(verdict, STR("excluded")),
      .by = text(r, item, "by"),
      .at = text(r, item, "at"),
      .note = text(r, item, "note"),
      .person = text(r, item, "person"),
      .confidence = json_number_value(json_object_get(item, "confidence")),
      .proposed = proposed_of(r, proposed),
      .proposed_confidence = json_number_value(json_object_get(proposed, "confidence")),
      .approved_by = text(r, item, "approved_by"),
      .approved_at = text(r, item, "approved_at"),
  };
  return d;
}

static const struct alignment_decision *decisions_of(struct reading *r, const json_t *list, size_t *ret_count) {
  struct alignment_decision *decisions = ARENA_ARRAY(r->arena, json_array_size(list) + 1, struct alignment_decision);
  for (size_t i = 0; i < json_array_size(list); i++) decisions[i] = decision_of(r, json_array_get(list, i));
  *ret_count = json_array_size(list);
  return decisions;
}

static const struct alignment_remark *remarks_of(struct reading *r, const json_t *object, const char *key, size_t *ret_count) {
  const json_t *list = list_of(r, object, key, ALIGNMENT_REMARKS_MAX);
  struct alignment_remark *remarks = ARENA_ARRAY(r->arena, json_array_size(list) + 1, struct alignment_remark);
  for (size_t i = 0; i < json_array_size(list); i++) {
    const json_t *item = json_array_get(list, i);
    struct str kind = json_text(item, "kind");
    remarks[i] = (struct alignment_remark){.source_data_element = text(r, item, "source_data_element"),
                                           .by = text(r, item, "by"),
                                           .at = text(r, item, "at"),
                                           .text = text(r, item, "text"),
                                           .to = text(r, item, "to"),
                                           .code = text(r, item, "code")};
    for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++)
      if (str_eq(kind, str_of(kinds[k]))) remarks[i].kind = (enum alignment_remark_kind)k;
  }
  *ret_count = json_array_size(list);
  return remarks;
}

static struct alignment_step step_of(struct reading *r, const json_t *item) {
  struct alignment_step step = {.number = json_integer_value(json_object_get(item, "number")),
                                .label = text(r, item, "label"),
                                .by = text(r, item, "by"),
                                .at = text(r, item, "at"),
                                .person = text(r, item, "person"),
                                .undoes = json_integer_value(json_object_get(item, "undoes")),
                                .redoes = json_integer_value(json_object_get(item, "redoes")),
                                .undone = json_is_true(json_object_get(item, "undone"))};
  step.before = decisions_of(r, list_of(r, item, "before", ALIGNMENT_DECISIONS_MAX), &step.before_count);
  step.after = decisions_of(r, list_of(r, item, "after", ALIGNMENT_DECISIONS_MAX), &step.after_count);
  step.remarks = remarks_of(r, item, "remarks", &step.remark_count);
  step.flags_before = remarks_of(r, item, "flags_before", &step.flag_before_count);
  return step;
}

static void read_root(struct reading *r, const json_t *root, struct alignment *ret) {
  ret->decisions = decisions_of(r, list_of(r, root, "decisions", ALIGNMENT_DECISIONS_MAX), &ret->decision_count);
  ret->remarks = remarks_of(r, root, "remarks", &ret->remark_count);
  const json_t *list = list_of(r, root, "steps", ALIGNMENT_STEPS_MAX);
  struct alignment_step *steps = ARENA_ARRAY(r->arena, json_array_size(list) + 1, struct alignment_step);
  for (size_t i = 0; i < json_array_size(list); i++) steps[i] = step_of(r, json_array_get(list, i));
  ret->steps = steps;
  ret->step_count = json_array_size(list);
}

/* Once the decisions alone were kept, as a list. */
int alignment_read(struct arena *arena, struct str json, struct alignment *ret, struct error *error) {
  struct reading r = {.arena = arena};
  json_t *root = json_doc_read(json);
  if (json_is_array(root) && json_array_size(root) <= ALIGNMENT_DECISIONS_MAX)
    ret->decisions = decisions_of(&r, root, &ret->decision_count);
  else if (json_is_object(root))
    read_root(&r, root, ret);
  else
    r.failed = true;
  json_decref(root);
  return r.failed ? error_set(error, ERROR_input, "what was decided cannot be read") : 0;
}

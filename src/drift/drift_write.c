#include "base/json_out.h"
#include "drift/drift.h"

static enum drift_outcome outcome_of_gone(const struct drift_change *change) {
  if (change->effect == DRIFT_INFORMATION || change->kind == DRIFT_hidden) return DRIFT_OUTCOME_keeps;
  return change->side == DRIFT_SOURCE ? DRIFT_OUTCOME_ends : DRIFT_OUTCOME_proposals;
}

enum drift_outcome drift_outcome_of(const struct drift_change *change) {
  bool blocks = change->effect == DRIFT_BLOCKS;
  if (blocks && change->object == DRIFT_DATA_SET) return DRIFT_OUTCOME_stops;
  switch (change->kind) {
  case DRIFT_replaced:
    if (change->object == DRIFT_ORG_UNIT) return outcome_of_gone(change); /* decisions about units do not follow */
    return DRIFT_OUTCOME_follows;
  case DRIFT_default_option_combo: return DRIFT_OUTCOME_follows;
  case DRIFT_appeared: return DRIFT_OUTCOME_proposals;
  case DRIFT_vanished:
  case DRIFT_hidden:
  case DRIFT_left: return outcome_of_gone(change);
  case DRIFT_recoded: return DRIFT_OUTCOME_same;
  case DRIFT_renamed: return change->sure && !blocks ? DRIFT_OUTCOME_same : DRIFT_OUTCOME_keeps;
  default: break;
  }
  return blocks ? DRIFT_OUTCOME_proposals : DRIFT_OUTCOME_keeps;
}

const char *drift_outcome_name(enum drift_outcome outcome) {
  static const char *const names[] = {
#define X(name) #name,
      DRIFT_OUTCOMES(X)
#undef X
  };
  return names[outcome];
}

static void line(struct json_out *out) {
  (void)buf_add_char(out->buf, '\n');
}

static void write_change(struct json_out *out, const struct drift_change *change, drift_name_writer *name, void *payload) {
  json_out_object(out);
  json_out_member_str(out, "effect", str_of(drift_effect_name(change->effect)));
  json_out_member_str(out, "side", str_of(drift_side_name(change->side)));
  json_out_member_str(out, "kind", str_of(drift_kind_name(change->kind)));
  json_out_member_object(out, "object");
  json_out_member_str(out, "type", str_of(drift_object_name(change->object)));
  json_out_member_str(out, "id", change->id);
  if (change->option_combo.n) json_out_member_str(out, "option_combo", change->option_combo);
  if (name)
    name(payload, change, out);
  else if (change->name.n)
    json_out_member_str(out, "name", change->name);
  json_out_end(out);
  if (change->before.n) json_out_member_str(out, "before", change->before);
  if (change->after.n) json_out_member_str(out, "after", change->after);
  enum drift_outcome outcome = drift_outcome_of(change);
  json_out_member_str(out, "mapping", str_of(drift_outcome_name(outcome)));
  if (outcome == DRIFT_OUTCOME_follows) json_out_member_bool(out, "sure", change->sure);
  json_out_member_array(out, "rules");
  for (size_t i = 0; i < change->rule_count; i++) json_out_int(out, (int64_t)change->rules[i] + 1);
  json_out_end(out);
  json_out_member_str(out, "sentence", change->sentence);
  json_out_end(out);
}

void drift_write(const struct drift *drift, drift_name_writer *name, void *payload, struct json_out *out) {
  json_out_member_object(out, "counts");
  for (enum drift_effect effect = DRIFT_BLOCKS; effect <= DRIFT_INFORMATION; effect++)
    json_out_member_int(out, drift_effect_name(effect), (int64_t)drift_effect_count(drift, effect));
  json_out_end(out);
  json_out_member_array(out, "changes");
  for (size_t i = 0; i < drift->count; i++) {
    line(out);
    write_change(out, &drift->changes[i], name, payload);
  }
  json_out_end(out);
  json_out_member_array(out, "warnings");
  for (size_t i = 0; i < drift->warning_count; i++) json_out_str(out, drift->warnings[i]);
  json_out_end(out);
}

#include "base/json_out.h"
#include "drift/drift.h"

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

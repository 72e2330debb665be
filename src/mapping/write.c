#include "mapping/mapping.h"

#include "base/json_out.h"
#include "dhis2/metadata_write.h"

/* A line of the document: `indent` blanks, then what json_out makes of one value. */
static void begin_line(struct buf *buf, int indent) {
  buf_printf(buf, "\n%*s", indent, "");
}

static void write_operand(struct json_out *out, const char *key, struct mapping_operand operand) {
  if (!operand.data_element.n) {
    json_out_key(out, str_of(key));
    json_out_null(out);
    return;
  }
  json_out_member_object(out, key);
  json_out_member_str(out, "data_element", operand.data_element);
  json_out_member_str(out, "category_option_combo", operand.category_option_combo);
  json_out_end(out);
}

static void write_text(struct json_out *out, const char *key, struct str text) {
  if (text.n) json_out_member_str(out, key, text);
}

static void write_rule(struct buf *buf, const struct mapping_rule *rule) {
  struct json_out out = JSON_OUT_INIT(buf);
  json_out_object(&out);
  write_operand(&out, "target", rule->target);
  json_out_member_array(&out, "terms");
  for (size_t i = 0; i < rule->term_count; i++) {
    json_out_object(&out);
    json_out_member_str(&out, "sign", rule->terms[i].sign < 0 ? STR("-") : STR("+"));
    json_out_member_str(&out, "data_element", rule->terms[i].source.data_element);
    json_out_member_str(&out, "category_option_combo", rule->terms[i].source.category_option_combo);
    json_out_end(&out);
  }
  json_out_end(&out);
  json_out_member_str(&out, "decision", str_of(mapping_decision_name(rule->decision)));
  if (rule->confidence >= 0) json_out_member_number(&out, "confidence", rule->confidence);
  write_text(&out, "value_type", rule->value_type);
  write_text(&out, "by", rule->by);
  write_text(&out, "at", rule->at);
  write_text(&out, "note", rule->note);
  write_text(&out, "approved_by", rule->approved_by);
  write_text(&out, "approved_at", rule->approved_at);
  write_text(&out, "blocked", rule->blocked);
  json_out_end(&out);
}

static void write_side(struct buf *buf, const char *name, const struct mapping_side *side) {
  begin_line(buf, 2);
  buf_printf(buf, "\"%s\": ", name);
  struct json_out out = JSON_OUT_INIT(buf);
  json_out_object(&out);
  json_out_member_str(&out, "server", side->server.p ? side->server : STR(""));
  json_out_member_array(&out, "data_sets");
  for (size_t i = 0; i < side->data_set_count; i++) json_out_str(&out, side->data_sets[i]);
  json_out_end(&out);
  write_text(&out, "default_option_combo", side->default_combo);
  json_out_end(&out);
  buf_add_char(buf, ',');
}

static void write_pairs(struct buf *buf, const char *name, const struct mapping_pair *pairs, size_t count) {
  begin_line(buf, 2);
  buf_printf(buf, "\"%s\": [", name);
  for (size_t i = 0; i < count; i++) {
    if (i) buf_add_char(buf, ',');
    begin_line(buf, 4);
    struct json_out out = JSON_OUT_INIT(buf);
    json_out_object(&out);
    json_out_member_str(&out, "source", pairs[i].source);
    if (pairs[i].decision != MAPPING_NONE)
      json_out_member_str(&out, "target", pairs[i].target);
    else
      json_out_key(&out, STR("target")), json_out_null(&out);
    if (pairs[i].decision != MAPPING_ACCEPTED) json_out_member_str(&out, "decision", str_of(mapping_decision_name(pairs[i].decision)));
    if (pairs[i].confidence > 0) json_out_member_number(&out, "confidence", pairs[i].confidence);
    write_text(&out, "by", pairs[i].by);
    write_text(&out, "at", pairs[i].at);
    write_text(&out, "note", pairs[i].note);
    write_text(&out, "approved_by", pairs[i].approved_by);
    write_text(&out, "approved_at", pairs[i].approved_at);
    json_out_end(&out);
  }
  if (count) begin_line(buf, 2);
  buf_add(buf, STR("],"));
}

static void write_period_text(struct buf *buf, const char *key, struct str text) {
  if (!text.n) return;
  buf_printf(buf, ", \"%s\": ", key);
  struct json_out out = JSON_OUT_INIT(buf);
  json_out_str(&out, text);
}

static void write_periods(struct buf *buf, const struct mapping_periods *periods) {
  begin_line(buf, 2);
  buf_printf(buf, "\"periods\": {\"conversion\": \"%s\"", mapping_conversion_name(periods->conversion));
  write_period_text(buf, "source", periods->source);
  write_period_text(buf, "target", periods->target);
  if (periods->conversion == MAPPING_ROLL_UP) {
    buf_add(buf, STR(", \"sound_for\": "));
    struct json_out out = JSON_OUT_INIT(buf);
    json_out_array(&out);
    for (size_t i = 0; i < periods->sound_count; i++) json_out_str(&out, periods->sound_for[i]);
    json_out_end(&out);
  }
  write_period_text(buf, "note", periods->note);
  buf_add(buf, STR("},"));
}

/* What the sides held; nothing at all where neither is told. */
static void write_metadata(struct buf *buf, const struct mapping *mapping) {
  const struct dhis2_metadata *sides[] = {mapping->source.metadata, mapping->target.metadata};
  static const char *const names[] = {"source", "target"};
  const char *before = ",\n  \"metadata\": {\n";
  for (size_t i = 0; i < 2; i++) {
    if (!sides[i]) continue;
    (void)buf_printf(buf, "%s\"%s\": ", before, names[i]);
    (void)dhis2_metadata_write_brief(sides[i], buf);
    before = ",\n";
  }
  if (sides[0] || sides[1]) (void)buf_add_char(buf, '}');
}

bool mapping_write(const struct mapping *mapping, struct buf *buf) {
  buf_add(buf, STR("{\n  \"format\": \"drawbridge-mapping\",\n  \"version\": 1,"));
  write_side(buf, "source", &mapping->source);
  write_side(buf, "target", &mapping->target);
  begin_line(buf, 2);
  buf_add(buf, STR("\"rules\": ["));
  for (size_t i = 0; i < mapping->rule_count; i++) {
    if (i) buf_add_char(buf, ',');
    begin_line(buf, 4);
    write_rule(buf, &mapping->rules[i]);
  }
  if (mapping->rule_count) begin_line(buf, 2);
  buf_add(buf, STR("],"));
  write_pairs(buf, "attribute_option_combos", mapping->attribute_option_combos, mapping->attribute_option_combo_count);
  write_pairs(buf, "org_units", mapping->org_units, mapping->org_unit_count);
  write_periods(buf, &mapping->periods);
  begin_line(buf, 2);
  buf_printf(buf, "\"missing\": \"%s\"", mapping_missing_name(mapping->missing));
  if (mapping->approval) {
    buf_add_char(buf, ',');
    begin_line(buf, 2);
    buf_add(buf, STR("\"approval\": \"second-person\""));
  }
  if (mapping->waits) {
    buf_add_char(buf, ',');
    begin_line(buf, 2);
    buf_add(buf, STR("\"on_change\": \"ask\""));
  }
  write_metadata(buf, mapping);
  buf_add(buf, STR("\n}\n"));
  return !buf->full;
}

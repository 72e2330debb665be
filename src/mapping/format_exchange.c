/* DHIS2's own means, for those who want it to move the data: an indicator for each target cell, and an aggregate data exchange that sends them (docs/formats.md). Written, never read: what people make of it in DHIS2 is no
 * mapping any more. */
#include "base/json_out.h"
#include "base/utf8.h"
#include "base/vec.h"
#include "mapping/format_forms.h"
#include "mapping/format_parts.h"
#include <sodium.h>

enum { UID = 11, NAME_MOST = 150, HASH = crypto_generichash_BYTES_MIN };

struct writing {
  struct format_job *job;
  const struct mapping *mapping;
  struct json_out out;
  VEC(const struct mapping_rule *) rules; /* by target */
  size_t unfit, texts;
};

/* The same for the same words, and nobody else's but by chance. */
static struct str uid_of(struct arena *arena, const char *what, struct mapping_operand of) {
  static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
  unsigned char hash[HASH];
  char *uid = arena_alloc(arena, UID + 1);
  struct str text = arena_printf(arena, "%s %.*s.%.*s", what, STR_ARG(of.data_element), STR_ARG(of.category_option_combo));
  (void)crypto_generichash(hash, sizeof hash, (const unsigned char *)text.p, text.n, NULL, 0);
  for (size_t i = 0; i < UID; i++) uid[i] = letters[hash[i] % (i ? 62 : 52)];
  return (struct str){uid, UID};
}

static struct str fixed_uid(const struct writing *w, const char *what) {
  return uid_of(w->job->arena, what, (struct mapping_operand){STR("drawbridge"), STR("1")});
}

/* An expression of DHIS2 takes letters and digits for an id, and other signs for its own. */
static bool is_plain(struct str id) {
  for (size_t i = 0; i < id.n; i++)
    if (!((id.p[i] >= 'a' && id.p[i] <= 'z') || (id.p[i] >= 'A' && id.p[i] <= 'Z') || (id.p[i] >= '0' && id.p[i] <= '9'))) return false;
  return true;
}

static bool operand_fits(struct mapping_operand operand) {
  return is_plain(operand.data_element) && is_plain(operand.category_option_combo);
}

static bool rule_fits(const struct mapping_rule *rule) {
  bool fits = operand_fits(rule->target);
  for (size_t i = 0; i < rule->term_count; i++) fits &= operand_fits(rule->terms[i].source);
  return fits;
}

/* Indicators are numbers. What is not known is taken for one. */
static bool is_text(const struct writing *w, struct mapping_operand target) {
  static const struct str numbers[] = {{"NUMBER", 6}, {"INTEGER", 7}, {"PERCENTAGE", 10}, {"UNIT_INTERVAL", 13}};
  const struct dhis2_data_element *element = w->job->target ? dhis2_metadata_element(w->job->target, target.data_element) : NULL;
  if (!element || !element->value_type.n) return false;
  for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
    if (str_starts(element->value_type, numbers[i])) return false;
  return true;
}

static int cmp_rules(const void *a, const void *b) {
  const struct mapping_rule *left = *(const struct mapping_rule *const *)a, *right = *(const struct mapping_rule *const *)b;
  int order = mapping_operand_cmp(left->target, right->target);
  return order ? order : (left > right) - (left < right); /* as they stand in the mapping */
}

static void collect(struct writing *w) {
  for (size_t i = 0; i < w->mapping->rule_count; i++) {
    const struct mapping_rule *rule = &w->mapping->rules[i];
    if (!rule_fits(rule))
      w->unfit++;
    else if (is_text(w, rule->target))
      w->texts++;
    else
      VEC_PUSH(&w->rules, rule);
  }
  if (w->rules.n) qsort(w->rules.p, w->rules.n, sizeof *w->rules.p, cmp_rules);
  if (w->unfit) format_tell(w->job, "left out: %zu rules with ids that an expression of DHIS2 cannot hold", w->unfit);
  if (w->texts) format_tell(w->job, "left out: %zu rules whose values are not numbers", w->texts);
}

static void write_reference(struct json_out *out, const char *key, struct str id) {
  json_out_member_object(out, key);
  json_out_member_str(out, "id", id);
  json_out_end(out);
}

static void write_numerator(struct writing *w, size_t from, size_t to) {
  struct buf text = BUF_INIT(FORMAT_WRITTEN_MAX);
  for (size_t r = from; r < to; r++)
    for (size_t i = 0; i < w->rules.p[r]->term_count; i++) {
      const struct mapping_term *term = &w->rules.p[r]->terms[i];
      if (text.n || term->sign < 0) (void)buf_add_char(&text, term->sign < 0 ? '-' : '+');
      (void)buf_printf(&text, "#{%.*s.%.*s}", STR_ARG(term->source.data_element), STR_ARG(term->source.category_option_combo));
    }
  json_out_member_str(&w->out, "numerator", buf_str(&text));
  w->out.buf->full |= text.full;
  buf_free(&text);
}

static struct str name_of(const struct writing *w, struct mapping_operand target, struct str ids) {
  struct str element = format_element_name(w->job->target, target.data_element),
             combo = format_combo_name(w->job->target, target.category_option_combo);
  if (!element.n) return ids;
  struct str both =
      str_eq(combo, STR("default")) || !combo.n ? element : arena_printf(w->job->arena, "%.*s, %.*s", STR_ARG(element), STR_ARG(combo));
  both.n = utf8_boundary(both, both.n < NAME_MOST ? both.n : NAME_MOST);
  return arena_printf(w->job->arena, "%.*s [%.*s]", STR_ARG(both), STR_ARG(ids)); /* names are unique at a server */
}

/* One indicator of all rules for one target cell. */
static void write_indicator(struct writing *w, size_t from, size_t to) {
  struct mapping_operand target = w->rules.p[from]->target;
  struct json_out *out = &w->out;
  struct str ids = arena_printf(w->job->arena, "%.*s.%.*s", STR_ARG(target.data_element), STR_ARG(target.category_option_combo));
  json_out_object(out);
  json_out_member_str(out, "id", uid_of(w->job->arena, "indicator", target));
  json_out_member_str(out, "name", name_of(w, target, ids));
  json_out_member_str(out, "shortName", ids);
  write_reference(out, "indicatorType", fixed_uid(w, "indicator type"));
  json_out_member_bool(out, "annualized", false);
  write_numerator(w, from, to);
  json_out_member_str(out, "numeratorDescription", STR("What the mapping adds up"));
  json_out_member_str(out, "denominator", STR("1"));
  json_out_member_str(out, "denominatorDescription", STR("1"));
  json_out_member_str(out, "aggregateExportCategoryOptionCombo", target.category_option_combo);
  json_out_member_str(out, "aggregateExportAttributeOptionCombo", w->mapping->target.default_combo);
  json_out_member_array(out, "attributeValues");
  json_out_object(out);
  write_reference(out, "attribute", fixed_uid(w, "attribute"));
  json_out_member_str(out, "value", target.data_element);
  json_out_end(out);
  json_out_end(out);
  json_out_end(out);
}

static size_t end_of_group(const struct writing *w, size_t from) {
  size_t to = from + 1;
  while (to < w->rules.n && mapping_operand_cmp(w->rules.p[from]->target, w->rules.p[to]->target) == 0) to++;
  return to;
}

static void write_helpers(struct writing *w) {
  struct json_out *out = &w->out;
  json_out_member_array(out, "attributes");
  json_out_object(out);
  json_out_member_str(out, "id", fixed_uid(w, "attribute"));
  json_out_member_str(out, "name", STR("drawbridge: data element of the target"));
  json_out_member_str(out, "shortName", STR("drawbridge: target"));
  json_out_member_str(out, "valueType", STR("TEXT"));
  json_out_member_bool(out, "indicatorAttribute", true);
  json_out_end(out);
  json_out_end(out);
  json_out_member_array(out, "indicatorTypes");
  json_out_object(out);
  json_out_member_str(out, "id", fixed_uid(w, "indicator type"));
  json_out_member_str(out, "name", STR("drawbridge: sum"));
  json_out_member_int(out, "factor", 1);
  json_out_member_bool(out, "number", true);
  json_out_end(out);
  json_out_end(out);
}

/* Periods, org units and the target's address are the person's to write: DHIS2 refuses the exchange until they are there. */
static void write_exchange(struct writing *w) {
  struct json_out *out = &w->out;
  json_out_member_array(out, "aggregateDataExchanges");
  json_out_object(out);
  json_out_member_str(out, "id", fixed_uid(w, "exchange"));
  json_out_member_str(out, "name", STR("drawbridge: cells of a mapping"));
  json_out_member_object(out, "source");
  json_out_member_array(out, "requests");
  json_out_object(out);
  json_out_member_str(out, "name", STR("cells"));
  json_out_member_array(out, "dx");
  for (size_t i = 0; i < w->rules.n; i = end_of_group(w, i)) json_out_str(out, uid_of(w->job->arena, "indicator", w->rules.p[i]->target));
  json_out_end(out);
  json_out_member_array(out, "pe");
  json_out_end(out);
  json_out_member_array(out, "ou");
  json_out_end(out);
  json_out_member_str(out, "inputIdScheme", STR("UID"));
  json_out_member_str(out, "outputDataItemIdScheme", arena_printf(w->job->arena, "ATTRIBUTE:%.*s", STR_ARG(fixed_uid(w, "attribute"))));
  json_out_member_str(out, "outputOrgUnitIdScheme", STR("UID"));
  json_out_end(out);
  json_out_end(out);
  json_out_end(out);
  json_out_member_object(out, "target");
  json_out_member_str(out, "type", STR("EXTERNAL"));
  json_out_member_object(out, "request");
  json_out_member_str(out, "idScheme", STR("UID"));
  json_out_end(out);
  json_out_end(out);
  json_out_end(out);
  json_out_end(out);
}

int format_exchange_write(struct format_job *job, const struct mapping *mapping, struct buf *buf, struct error *error) {
  struct writing w = {.job = job, .mapping = mapping, .out = JSON_OUT_INIT(buf)};
  (void)error;
  collect(&w);
  json_out_object(&w.out);
  write_helpers(&w);
  json_out_member_array(&w.out, "indicators");
  for (size_t i = 0; i < w.rules.n; i = end_of_group(&w, i)) write_indicator(&w, i, end_of_group(&w, i));
  json_out_end(&w.out);
  write_exchange(&w);
  json_out_end(&w.out);
  (void)buf_add_char(buf, '\n');
  VEC_FREE(&w.rules);
  return 0;
}

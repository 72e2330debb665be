#include "mapping/mapping.h"

#include "base/file.h"
#include <jansson.h>

/* What is being read: where texts go, and the place for messages. */
struct reading {
  struct arena *arena;
  struct error *error;
  bool failed; /* *error is filled; what follows is not looked at */
};

static void fail(struct reading *r, const char *place, const char *format, ...) __attribute__((format(printf, 3, 4)));

static void fail(struct reading *r, const char *place, const char *format, ...) {
  va_list args;
  if (r->failed) return;
  va_start(args, format);
  (void)error_vset(r->error, ERROR_input, format, args);
  va_end(args);
  (void)error_context(r->error, "%s", place);
  r->failed = true;
}

/* A member that nobody knows is a mistake or from a later version; passing over it would change what the document means. */
static void known_only(struct reading *r, const char *place, json_t *object, const char *const *known) {
  if (!json_is_object(object)) {
    fail(r, place, "must be an object");
    return;
  }
  const char *key;
  json_t *value;
  json_object_foreach(object, key, value) {
    size_t i = 0;
    while (known[i] && !str_eq(str_of(known[i]), str_of(key))) i++;
    if (!known[i]) fail(r, place, "unknown member \"%.100s\"", key);
  }
}

static struct str text_of(struct reading *r, const char *place, json_t *object, const char *key, bool needed) {
  json_t *value = json_object_get(object, key);
  if (!value && !needed) return STR("");
  if (!json_is_string(value)) {
    fail(r, place, "\"%s\" must be a text", key);
    return STR("");
  }
  return arena_str(r->arena, (struct str){json_string_value(value), json_string_length(value)});
}

static json_t *array_of(struct reading *r, const char *place, json_t *object, const char *key, size_t most) {
  json_t *value = json_object_get(object, key);
  if (!value) return NULL;
  if (!json_is_array(value))
    fail(r, place, "\"%s\" must be a list", key);
  else if (json_array_size(value) > most)
    fail(r, place, "\"%s\" has more than %zu entries", key, most);
  return r->failed ? NULL : value;
}

/* A list of texts. */
static const struct str *texts_of(struct reading *r, const char *place, json_t *object, const char *key, size_t most, const char *wrong,
                                  size_t *ret_count) {
  json_t *list = array_of(r, place, object, key, most);
  struct str *texts = ARENA_ARRAY(r->arena, json_array_size(list), struct str);
  for (size_t i = 0; i < json_array_size(list) && !r->failed; i++) {
    json_t *text = json_array_get(list, i);
    if (!json_is_string(text))
      fail(r, place, "%s", wrong);
    else
      texts[i] = arena_str(r->arena, (struct str){json_string_value(text), json_string_length(text)});
  }
  *ret_count = json_array_size(list);
  return texts;
}

/* A number from 0 to 1; `untold` where there is none. What lies above 1 is mapping_check's to refuse. */
static double confidence_of(struct reading *r, const char *place, json_t *object, double untold) {
  json_t *confidence = json_object_get(object, "confidence");
  if (!confidence || json_is_null(confidence)) return untold;
  double value = json_number_value(confidence);
  if (!json_is_number(confidence) || value < 0) fail(r, place, "\"confidence\" is a number from 0 to 1");
  return value;
}

static struct mapping_side side_of(struct reading *r, json_t *root, const char *name) {
  static const char *const known[] = {"server", "data_sets", "default_option_combo", NULL};
  struct mapping_side side = {.server = STR(""), .default_combo = MAPPING_DEFAULT_COMBO};
  json_t *object = json_object_get(root, name);
  if (!object) return side;
  known_only(r, name, object, known);
  if (r->failed) return side;
  side.server = text_of(r, name, object, "server", false);
  struct str combo = text_of(r, name, object, "default_option_combo", false);
  if (combo.n) side.default_combo = combo;
  side.data_sets = texts_of(r, name, object, "data_sets", MAPPING_DATA_SETS_MAX, "\"data_sets\" must hold ids", &side.data_set_count);
  return side;
}

static struct mapping_operand operand_of(struct reading *r, const char *place, json_t *object) {
  return (struct mapping_operand){text_of(r, place, object, "data_element", true),
                                  text_of(r, place, object, "category_option_combo", true)};
}

static void read_terms(struct reading *r, const char *place, json_t *object, struct mapping_rule *rule) {
  static const char *const known[] = {"sign", "data_element", "category_option_combo", NULL};
  json_t *list = array_of(r, place, object, "terms", MAPPING_TERMS_MAX);
  struct mapping_term *terms = ARENA_ARRAY(r->arena, json_array_size(list), struct mapping_term);
  for (size_t i = 0; i < json_array_size(list) && !r->failed; i++) {
    json_t *entry = json_array_get(list, i);
    known_only(r, place, entry, known);
    if (r->failed) return;
    struct str sign = json_object_get(entry, "sign") ? text_of(r, place, entry, "sign", true) : STR("+");
    if (!str_eq(sign, STR("+")) && !str_eq(sign, STR("-"))) fail(r, place, "a sign is \"+\" or \"-\"");
    terms[i] = (struct mapping_term){str_eq(sign, STR("-")) ? -1 : 1, operand_of(r, place, entry)};
  }
  rule->terms = terms;
  rule->term_count = json_array_size(list);
}

static void read_rule(struct reading *r, json_t *entry, size_t number, struct mapping_rule *rule) {
  static const char *const known[] = {"target", "terms", "decision",    "confidence",  "value_type", "by",
                                      "at",     "note",  "approved_by", "approved_at", "blocked",    NULL};
  static const char *const known_target[] = {"data_element", "category_option_combo", NULL};
  char place[32];
  (void)snprintf(place, sizeof place, "rule %zu", number);
  known_only(r, place, entry, known);
  if (r->failed) return;
  json_t *target = json_object_get(entry, "target");
  if (target && !json_is_null(target)) {
    known_only(r, place, target, known_target);
    if (!r->failed) rule->target = operand_of(r, place, target);
  }
  read_terms(r, place, entry, rule);
  if (r->failed) return;
  if (!mapping_decision_of(text_of(r, place, entry, "decision", true), &rule->decision))
    fail(r, place, "\"decision\" is accepted, auto, proposed, rejected or none");
  rule->confidence = confidence_of(r, place, entry, -1);
  rule->value_type = text_of(r, place, entry, "value_type", false);
  rule->by = text_of(r, place, entry, "by", false);
  rule->at = text_of(r, place, entry, "at", false);
  rule->note = text_of(r, place, entry, "note", false);
  rule->approved_by = text_of(r, place, entry, "approved_by", false);
  rule->approved_at = text_of(r, place, entry, "approved_at", false);
  rule->blocked = text_of(r, place, entry, "blocked", false);
}

static void read_rules(struct reading *r, json_t *root, struct mapping *mapping) {
  json_t *list = array_of(r, "mapping", root, "rules", MAPPING_RULES_MAX);
  if (!list) fail(r, "mapping", "\"rules\" is missing");
  struct mapping_rule *rules = ARENA_ARRAY(r->arena, json_array_size(list), struct mapping_rule);
  for (size_t i = 0; i < json_array_size(list) && !r->failed; i++) read_rule(r, json_array_get(list, i), i + 1, &rules[i]);
  mapping->rules = rules;
  mapping->rule_count = json_array_size(list);
}

static void read_pair(struct reading *r, const char *name, json_t *entry, struct mapping_pair *pair) {
  static const char *const known[] = {"source", "target", "decision", "confidence", "by", "at", "note", "approved_by", "approved_at", NULL};
  known_only(r, name, entry, known);
  if (r->failed) return;
  if (json_object_get(entry, "decision") && !mapping_decision_of(text_of(r, name, entry, "decision", true), &pair->decision))
    fail(r, name, "\"decision\" is accepted, auto, proposed, rejected or none");
  pair->source = text_of(r, name, entry, "source", true);
  if (!json_is_null(json_object_get(entry, "target"))) pair->target = text_of(r, name, entry, "target", pair->decision != MAPPING_NONE);
  pair->confidence = confidence_of(r, name, entry, 0);
  pair->by = text_of(r, name, entry, "by", false);
  pair->at = text_of(r, name, entry, "at", false);
  pair->note = text_of(r, name, entry, "note", false);
  pair->approved_by = text_of(r, name, entry, "approved_by", false);
  pair->approved_at = text_of(r, name, entry, "approved_at", false);
}

static const struct mapping_pair *pairs_of(struct reading *r, json_t *root, const char *name, size_t *ret_count) {
  json_t *list = array_of(r, "mapping", root, name, MAPPING_PAIRS_MAX);
  struct mapping_pair *pairs = ARENA_ARRAY(r->arena, json_array_size(list), struct mapping_pair);
  for (size_t i = 0; i < json_array_size(list) && !r->failed; i++) read_pair(r, name, json_array_get(list, i), &pairs[i]);
  *ret_count = json_array_size(list);
  return pairs;
}

static void read_periods(struct reading *r, json_t *root, struct mapping_periods *ret) {
  static const char *const known[] = {"conversion", "source", "target", "sound_for", "note", NULL};
  static const struct str sum = {"SUM", 3};
  static const char *const place = "periods";
  json_t *periods = json_object_get(root, place);
  if (!periods) return;
  known_only(r, place, periods, known);
  if (r->failed) return;
  if (!mapping_conversion_of(text_of(r, place, periods, "conversion", true), &ret->conversion))
    fail(r, place, "\"conversion\" is same, roll-up or cannot");
  ret->source = text_of(r, place, periods, "source", false);
  ret->target = text_of(r, place, periods, "target", false);
  ret->note = text_of(r, place, periods, "note", false);
  ret->sound_for =
      texts_of(r, place, periods, "sound_for", MAPPING_SOUND_MAX, "\"sound_for\" must hold aggregation types", &ret->sound_count);
  if (json_object_get(periods, "sound_for") || ret->conversion != MAPPING_ROLL_UP) return;
  ret->sound_for = &sum;
  ret->sound_count = 1;
}

/* What a side held: an export of DHIS2, with what that may hold beside. */
static const struct dhis2_metadata *metadata_of(struct reading *r, json_t *both, const char *name) {
  json_t *value = json_object_get(both, name);
  if (!value || r->failed) return NULL;
  char *text = json_is_object(value) ? json_dumps(value, JSON_COMPACT) : NULL;
  if (!text) {
    fail(r, "metadata", "\"source\" and \"target\" are exports of DHIS2");
    return NULL;
  }
  struct dhis2_metadata_reader *reader = dhis2_metadata_reader_new(r->arena);
  const struct dhis2_metadata *metadata = NULL;
  if (dhis2_metadata_reader_feed(reader, str_of(text), r->error) == 0) metadata = dhis2_metadata_reader_finish(reader, r->error);
  free(text);
  if (metadata) return metadata;
  dhis2_metadata_reader_free(reader);
  r->failed = true;
  (void)error_context(r->error, "metadata, %s", name);
  return NULL;
}

static void read_metadata(struct reading *r, json_t *root, struct mapping *mapping) {
  static const char *const known[] = {"source", "target", NULL};
  json_t *both = json_object_get(root, "metadata");
  if (!both) return;
  known_only(r, "metadata", both, known);
  mapping->source.metadata = metadata_of(r, both, "source");
  mapping->target.metadata = metadata_of(r, both, "target");
}

static void read_root(struct reading *r, json_t *root, struct mapping *mapping) {
  static const char *const known[] = {"format",    "version", "source",  "target",   "rules",     "attribute_option_combos",
                                      "org_units", "periods", "missing", "approval", "on_change", "metadata",
                                      NULL};
  if (!json_is_object(root) || !str_eq(text_of(r, "mapping", root, "format", true), STR("drawbridge-mapping"))) {
    fail(r, "mapping", "this is not a mapping: \"format\" must be \"drawbridge-mapping\"");
    return;
  }
  if (json_integer_value(json_object_get(root, "version")) != 1) {
    fail(r, "mapping", "\"version\" must be 1; a higher one is from a later drawbridge");
    return;
  }
  known_only(r, "mapping", root, known);
  mapping->source = side_of(r, root, "source");
  mapping->target = side_of(r, root, "target");
  read_rules(r, root, mapping);
  mapping->attribute_option_combos = pairs_of(r, root, "attribute_option_combos", &mapping->attribute_option_combo_count);
  mapping->org_units = pairs_of(r, root, "org_units", &mapping->org_unit_count);
  read_periods(r, root, &mapping->periods);
  struct str missing = text_of(r, "mapping", root, "missing", false);
  if (json_object_get(root, "missing") && !mapping_missing_of(missing, &mapping->missing))
    fail(r, "mapping", "\"missing\" is sum-what-is-there, require-all or skip");
  struct str approval = text_of(r, "mapping", root, "approval", false);
  mapping->approval = str_eq(approval, STR("second-person"));
  if (approval.n && !mapping->approval) fail(r, "mapping", "\"approval\" is second-person, or left out");
  struct str on_change = text_of(r, "mapping", root, "on_change", false);
  mapping->waits = str_eq(on_change, STR("ask"));
  if (on_change.n && !mapping->waits) fail(r, "mapping", "\"on_change\" is ask, or left out");
  read_metadata(r, root, mapping);
}

const struct mapping *mapping_read(struct arena *arena, struct str json, struct error *error) {
  if (json.n > MAPPING_BYTES_MAX) {
    (void)error_set(error, ERROR_input, "a mapping has at most %d bytes", MAPPING_BYTES_MAX);
    return NULL;
  }
  json_error_t problem;
  json_t *root = json_loadb(json.n ? json.p : "", json.n, JSON_REJECT_DUPLICATES, &problem);
  if (!root) {
    (void)error_set(error, ERROR_input, "not JSON, line %d, column %d: %s", problem.line, problem.column, problem.text);
    return NULL;
  }
  struct mapping *mapping = ARENA_NEW(arena, struct mapping);
  struct reading r = {.arena = arena, .error = error};
  read_root(&r, root, mapping);
  json_decref(root);
  return r.failed || mapping_check(mapping, error) < 0 ? NULL : mapping;
}

const struct mapping *mapping_of_file(struct arena *arena, const char *path, struct error *error) {
  struct str json;
  if (file_read(arena, path, MAPPING_BYTES_MAX, &json, error) < 0) return NULL;
  const struct mapping *mapping = mapping_read(arena, json, error);
  if (!mapping) (void)error_context(error, "%s", path);
  return mapping;
}

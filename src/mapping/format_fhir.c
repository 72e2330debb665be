/* A FHIR ConceptMap (R4; from R5 `relationship` and `noMap` are read too). A cell is the code "data element.option combo", as DHIS2 writes operands; pairs of attribute option combos and org units are groups of their own,
 * told by the ending of the group's source. What ConceptMap has no member for is in extensions; a pair that is not to be used as it stands (subtracted, or not accepted by anybody) has a modifierExtension, which a reader that
 * does not know it must refuse. */
#include "base/json_out.h"
#include "base/vec.h"
#include "mapping/format_forms.h"
#include "mapping/format_parts.h"

#define SYSTEM "urn:drawbridge:server:"
#define EXTENSION "urn:drawbridge:mapping:"
#define CELLS ":data-element-operands"
#define ATTRIBUTES ":attribute-option-combos"
#define UNITS ":organisation-units"
#define SUBTRACTED "subtracted" /* R4 wants a comment where a pair is inexact (cmd-1) */

/* --- codes: ids as they are; what could be taken for a separator as %XX --- */

static struct str encoded(struct arena *arena, struct str text) {
  struct buf buf = BUF_INIT(text.n * 3 + 1);
  for (size_t i = 0; i < text.n; i++) {
    unsigned char c = (unsigned char)text.p[i];
    bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
    (void)(plain ? buf_add_char(&buf, (char)c) : buf_printf(&buf, "%%%02X", c));
  }
  struct str copy = arena_str(arena, buf_str(&buf));
  buf_free(&buf);
  return copy;
}

static struct str decoded(struct arena *arena, struct str text) {
  char *bytes = arena_alloc(arena, text.n + 1);
  size_t n = 0;
  for (size_t i = 0; i < text.n; i++) {
    int high = i + 2 < text.n && text.p[i] == '%' ? str_hex_digit(text.p[i + 1]) : -1, low = high >= 0 ? str_hex_digit(text.p[i + 2]) : -1;
    bytes[n++] = low >= 0 ? (char)(high * 16 + low) : text.p[i];
    if (low >= 0) i += 2;
  }
  return (struct str){bytes, n};
}

static struct str code_of(struct arena *arena, struct mapping_operand cell) {
  return arena_concat(arena, encoded(arena, cell.data_element), STR("."), encoded(arena, cell.category_option_combo));
}

/* --- writing --- */

struct said {
  const struct mapping_rule *rule;
  const struct mapping_term *term;
  struct said *next;
};

struct source {
  struct mapping_operand cell;
  struct said *first, **end;
};

struct writing {
  struct format_job *job;
  struct json_out out;
  struct map sources; /* code to struct source */
  struct map sums;    /* code of a target to how many cells it is the sum of */
};

static void collect(struct writing *w, const struct mapping *m) {
  struct arena *arena = w->job->arena;
  for (size_t i = 0; i < m->rule_count; i++)
    for (size_t t = 0; t < m->rules[i].term_count; t++) {
      const struct mapping_rule *rule = &m->rules[i];
      struct str code = code_of(arena, rule->terms[t].source), target = code_of(arena, rule->target);
      struct source *source = map_get(&w->sources, code);
      if (!source) {
        source = ARENA_NEW(arena, struct source);
        source->cell = rule->terms[t].source;
        source->end = &source->first;
        (void)map_put(&w->sources, code, source);
      }
      *source->end = ARENA_NEW(arena, struct said);
      **source->end = (struct said){rule, &rule->terms[t], NULL};
      source->end = &(*source->end)->next;
      if (rule->decision != MAPPING_REJECTED) (void)map_put(&w->sums, target, (void *)((uintptr_t)map_get(&w->sums, target) + 1));
    }
}

static void begin_extension(struct json_out *out, const char *name) {
  json_out_object(out);
  json_out_member_str(out, "url", str_of(name));
}

static void text_extension(struct json_out *out, const char *name, const char *member, struct str value) {
  if (!value.n) return;
  begin_extension(out, name);
  json_out_member_str(out, member, value);
  json_out_end(out);
}

static void write_modifiers(struct json_out *out, enum mapping_decision decision, bool subtracted, struct str blocked) {
  bool undecided = decision == MAPPING_PROPOSED;
  if (!undecided && !subtracted && !blocked.n) return;
  json_out_member_array(out, "modifierExtension");
  if (subtracted) text_extension(out, EXTENSION "sign", "valueCode", STR("-"));
  if (undecided) text_extension(out, EXTENSION "decision", "valueCode", STR("proposed"));
  text_extension(out, EXTENSION "blocked", "valueString", blocked);
  json_out_end(out);
}

static void write_extensions(struct json_out *out, const struct mapping_rule *rule) {
  bool sure = rule->decision == MAPPING_AUTO;
  if (!sure && rule->confidence < 0 && !rule->value_type.n && !rule->by.n && !rule->at.n) return;
  json_out_member_array(out, "extension");
  if (sure) text_extension(out, EXTENSION "decision", "valueCode", STR("auto"));
  if (rule->confidence >= 0) {
    begin_extension(out, EXTENSION "confidence");
    json_out_member_number(out, "valueDecimal", rule->confidence);
    json_out_end(out);
  }
  text_extension(out, EXTENSION "value-type", "valueString", rule->value_type);
  text_extension(out, EXTENSION "by", "valueString", rule->by);
  text_extension(out, EXTENSION "at", "valueString", rule->at);
  json_out_end(out);
}

static const char *equivalence_of(struct writing *w, const struct said *said, struct str target) {
  if (said->rule->decision == MAPPING_NONE) return "unmatched";
  if (said->rule->decision == MAPPING_REJECTED) return "disjoint";
  if (said->term->sign < 0) return "inexact";
  return (uintptr_t)map_get(&w->sums, target) > 1 ? "wider" : "equivalent"; /* a part of a sum: the target is wider */
}

static void write_display(struct json_out *out, struct str name) {
  if (name.n) json_out_member_str(out, "display", name);
}

static struct str display_of(struct arena *arena, const struct dhis2_metadata *side, struct mapping_operand cell) {
  struct str element = format_element_name(side, cell.data_element), combo = format_combo_name(side, cell.category_option_combo);
  return element.n && combo.n ? arena_concat(arena, element, STR(": "), combo) : element;
}

static void write_target(struct writing *w, const struct said *said) {
  struct json_out *out = &w->out;
  struct arena *arena = w->job->arena;
  struct str code = code_of(arena, said->rule->target), note = said->rule->note;
  json_out_object(out);
  write_extensions(out, said->rule);
  write_modifiers(out, said->rule->decision, said->term->sign < 0, said->rule->blocked);
  if (said->rule->target.data_element.n) {
    json_out_member_str(out, "code", code);
    write_display(out, display_of(arena, w->job->target, said->rule->target));
  }
  json_out_member_str(out, "equivalence", str_of(equivalence_of(w, said, code)));
  if (said->term->sign < 0)
    json_out_member_str(out, "comment", note.n ? arena_concat(arena, STR(SUBTRACTED ": "), note) : STR(SUBTRACTED));
  else if (note.n)
    json_out_member_str(out, "comment", note);
  json_out_end(out);
}

static void begin_group(struct writing *w, const struct mapping *m, const char *kind) {
  struct arena *arena = w->job->arena;
  json_out_object(&w->out);
  json_out_member_str(&w->out, "source", arena_concat(arena, STR(SYSTEM), encoded(arena, m->source.server), str_of(kind)));
  json_out_member_str(&w->out, "target", arena_concat(arena, STR(SYSTEM), encoded(arena, m->target.server), str_of(kind)));
  json_out_member_array(&w->out, "element");
}

static void end_group(struct writing *w) {
  json_out_end(&w->out);
  json_out_end(&w->out);
}

static void write_cells(struct writing *w, const struct mapping *m) {
  struct json_out *out = &w->out;
  if (!map_first(&w->sources)) return;
  begin_group(w, m, CELLS);
  for (struct map_entry *e = map_first(&w->sources); e; e = map_next(&w->sources, e)) {
    const struct source *source = e->value;
    json_out_object(out);
    json_out_member_str(out, "code", e->key);
    write_display(out, display_of(w->job->arena, w->job->source, source->cell));
    json_out_member_array(out, "target");
    for (const struct said *said = source->first; said && !out->buf->full; said = said->next) write_target(w, said);
    json_out_end(out);
    json_out_end(out);
  }
  end_group(w);
}

static void write_pairs(struct writing *w, const struct mapping *m, const char *kind, const struct mapping_pair *pairs, size_t count) {
  struct json_out *out = &w->out;
  if (!count) return;
  begin_group(w, m, kind);
  for (size_t i = 0; i < count; i++) {
    const struct mapping_pair *pair = &pairs[i];
    struct mapping_rule rule = {
        .decision = pair->decision, .confidence = pair->confidence > 0 ? pair->confidence : -1, .by = pair->by, .at = pair->at};
    json_out_object(out);
    json_out_member_str(out, "code", encoded(w->job->arena, pair->source));
    json_out_member_array(out, "target");
    json_out_object(out);
    write_extensions(out, &rule);
    write_modifiers(out, pair->decision, false, STR(""));
    if (pair->target.n) json_out_member_str(out, "code", encoded(w->job->arena, pair->target));
    json_out_member_str(out, "equivalence",
                        pair->decision == MAPPING_NONE       ? STR("unmatched")
                        : pair->decision == MAPPING_REJECTED ? STR("disjoint")
                                                             : STR("equivalent"));
    if (pair->note.n) json_out_member_str(out, "comment", pair->note);
    json_out_end(out);
    json_out_end(out);
    json_out_end(out);
  }
  end_group(w);
}

int format_fhir_write(struct format_job *job, const struct mapping *m, struct buf *buf, struct error *error) {
  struct writing w = {.job = job, .out = JSON_OUT_INIT(buf)};
  bool draft = false;
  (void)error;
  collect(&w, m);
  for (size_t i = 0; i < m->rule_count; i++) draft = draft || m->rules[i].decision == MAPPING_PROPOSED;
  for (size_t i = 0; i < m->attribute_option_combo_count; i++) draft = draft || m->attribute_option_combos[i].decision == MAPPING_PROPOSED;
  for (size_t i = 0; i < m->org_unit_count; i++) draft = draft || m->org_units[i].decision == MAPPING_PROPOSED;
  json_out_object(&w.out);
  json_out_member_str(&w.out, "resourceType", STR("ConceptMap"));
  json_out_member_str(&w.out, "status", draft ? STR("draft") : STR("active"));
  if (map_first(&w.sources) || m->attribute_option_combo_count || m->org_unit_count) { /* FHIR has no empty lists */
    json_out_member_array(&w.out, "group");
    write_cells(&w, m);
    write_pairs(&w, m, ATTRIBUTES, m->attribute_option_combos, m->attribute_option_combo_count);
    write_pairs(&w, m, UNITS, m->org_units, m->org_unit_count);
    json_out_end(&w.out);
  } else if (m->source.server.n || m->target.server.n) {
    format_tell(job, "left out: the servers: nothing is mapped");
  }
  json_out_end(&w.out);
  (void)buf_add_char(buf, '\n');
  map_free(&w.sources);
  map_free(&w.sums);
  return 0;
}

/* --- reading --- */

enum kind { KIND_CELLS, KIND_ATTRIBUTES, KIND_UNITS };

struct reading {
  struct format_job *job;
  struct rule_list *list;
  struct mapping *mapping;
  struct pair_list attributes, units;
  size_t inexact;
  struct error *error;
};

static struct str text_of(struct reading *r, const json_t *object, const char *key) {
  return format_text(r->job->arena, json_object_get(object, key));
}

/* What a system says of a server and of what its codes are; one that is not ours has cells. */
static enum kind system_of(struct reading *r, struct str system, struct str *ret_server) {
  static const struct {
    const char *ending;
    enum kind kind;
  } kinds[] = {{CELLS, KIND_CELLS}, {ATTRIBUTES, KIND_ATTRIBUTES}, {UNITS, KIND_UNITS}};
  for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
    struct str ending = str_of(kinds[i].ending), start = STR(SYSTEM);
    if (!str_starts(system, start) || !str_ends(system, ending) || system.n < start.n + ending.n) continue;
    *ret_server = decoded(r->job->arena, str_slice(system, start.n, system.n - ending.n));
    return kinds[i].kind;
  }
  return KIND_CELLS;
}

static struct mapping_operand cell_of(struct reading *r, struct str code, const struct dhis2_metadata *side) {
  size_t dot = str_find_char(code, '.');
  struct arena *arena = r->job->arena;
  if (dot == SIZE_MAX) return (struct mapping_operand){decoded(arena, code), format_default_combo(side)};
  return (struct mapping_operand){decoded(arena, str_slice(code, 0, dot)), decoded(arena, str_from(code, dot + 1))};
}

/* The words of R4, and those of R5 for the same. Exact: 1; a relation that says less than "is added to": 0; no such word: -1. */
static int relation_of(struct str word, enum mapping_decision *ret) {
  static const struct {
    const char *word;
    int exact;
    enum mapping_decision decision;
  } words[] = {{"equivalent", 1, MAPPING_ACCEPTED},
               {"equal", 1, MAPPING_ACCEPTED},
               {"wider", 1, MAPPING_ACCEPTED},
               {"subsumes", 1, MAPPING_ACCEPTED},
               {"source-is-narrower-than-target", 1, MAPPING_ACCEPTED},
               {"disjoint", 1, MAPPING_REJECTED},
               {"not-related-to", 1, MAPPING_REJECTED},
               {"unmatched", 1, MAPPING_NONE},
               {"inexact", 0, MAPPING_PROPOSED},
               {"narrower", 0, MAPPING_PROPOSED},
               {"specializes", 0, MAPPING_PROPOSED},
               {"relatedto", 0, MAPPING_PROPOSED},
               {"related-to", 0, MAPPING_PROPOSED},
               {"source-is-broader-than-target", 0, MAPPING_PROPOSED}};
  for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
    if (!str_eq(word, str_of(words[i].word))) continue;
    *ret = words[i].decision;
    return words[i].exact;
  }
  return -1;
}

struct extras {
  struct str decision, sign;
};

static int read_extension(struct reading *r, const json_t *extension, bool modifier, struct mapping_rule *rule, struct extras *extras) {
  struct str url = text_of(r, extension, "url");
  const json_t *number = json_object_get(extension, "valueDecimal");
  if (str_eq(url, STR(EXTENSION "sign")))
    extras->sign = text_of(r, extension, "valueCode");
  else if (str_eq(url, STR(EXTENSION "decision")))
    extras->decision = text_of(r, extension, "valueCode");
  else if (str_eq(url, STR(EXTENSION "confidence")))
    rule->confidence = json_is_number(number) ? json_number_value(number) : 2; /* refused by mapping_check */
  else if (str_eq(url, STR(EXTENSION "value-type")))
    rule->value_type = text_of(r, extension, "valueString");
  else if (str_eq(url, STR(EXTENSION "by")))
    rule->by = text_of(r, extension, "valueString");
  else if (str_eq(url, STR(EXTENSION "blocked")))
    rule->blocked = text_of(r, extension, "valueString");
  else if (str_eq(url, STR(EXTENSION "at")))
    rule->at = text_of(r, extension, "valueString");
  else if (modifier)
    return error_set(r->error, ERROR_input, "the modifierExtension '%.*s' is not known: what it changes cannot be told",
                     STR_ARG(str_slice(url, 0, 100)));
  if (rule->confidence < 0 && number) return error_set(r->error, ERROR_input, "a confidence is from 0 to 1");
  return 0;
}

static int read_extensions(struct reading *r, const json_t *object, struct mapping_rule *rule, struct extras *extras) {
  static const char *const members[] = {"extension", "modifierExtension"};
  for (size_t m = 0; m < 2; m++) {
    const json_t *list = json_object_get(object, members[m]);
    for (size_t i = 0; i < json_array_size(list); i++)
      if (read_extension(r, json_array_get(list, i), m == 1, rule, extras) < 0) return -1;
  }
  return 0;
}

static struct str without_subtracted(struct str comment) {
  return str_eq(comment, STR(SUBTRACTED))            ? STR("")
         : str_starts(comment, STR(SUBTRACTED ": ")) ? str_from(comment, sizeof SUBTRACTED ": " - 1)
                                                     : comment;
}

/* What is said of a target: the decision and the rest of a rule. 1: exact; 0: not, and nobody has decided; -1: *error. */
static int read_relation(struct reading *r, const json_t *target, struct mapping_rule *rule, struct extras *extras) {
  struct str relation = text_of(r, target, json_object_get(target, "relationship") ? "relationship" : "equivalence");
  int exact = relation_of(relation, &rule->decision);
  if (exact < 0) return error_set(r->error, ERROR_input, "'%.*s' is no equivalence of FHIR", STR_ARG(str_slice(relation, 0, 40)));
  if (read_extensions(r, target, rule, extras) < 0) return -1;
  if (str_eq(extras->sign, STR("-"))) {
    if (!exact) rule->decision = MAPPING_ACCEPTED;
    exact = 1;
  } else if (extras->sign.n && !str_eq(extras->sign, STR("+"))) {
    return error_set(r->error, ERROR_input, "the sign is + or -");
  }
  if (extras->decision.n && !mapping_decision_of(extras->decision, &rule->decision))
    return error_set(r->error, ERROR_input, "'%.*s' is no decision", STR_ARG(str_slice(extras->decision, 0, 40)));
  r->inexact += !exact && !extras->decision.n;
  return exact;
}

static int read_cell(struct reading *r, struct str code, const json_t *target) {
  struct mapping_rule rule = {.confidence = -1, .note = text_of(r, target, "comment")};
  struct extras extras = {0};
  struct mapping_term term = {1, cell_of(r, code, r->job->source)};
  struct str to = text_of(r, target, "code");
  if (read_relation(r, target, &rule, &extras) < 0) return -1;
  if (to.n) rule.target = cell_of(r, to, r->job->target);
  if (str_eq(extras.sign, STR("-"))) {
    term.sign = -1;
    rule.note = without_subtracted(rule.note);
  }
  return rule_list_add(r->list, &rule, &term, r->error);
}

static int read_pair(struct reading *r, struct pair_list *list, struct str code, const json_t *targets) {
  const json_t *target = json_array_get(targets, 0);
  if (json_array_size(targets) != 1)
    return error_set(r->error, ERROR_input, "%.*s: one target is wanted", STR_ARG(str_slice(code, 0, 100)));
  struct mapping_rule rule = {.confidence = -1};
  struct extras extras = {0};
  int exact = read_relation(r, target, &rule, &extras);
  if (exact < 0) return -1;
  if (list->n >= MAPPING_PAIRS_MAX) return error_set(r->error, ERROR_input, "more than %d pairs", MAPPING_PAIRS_MAX);
  struct mapping_pair pair = {.source = decoded(r->job->arena, code),
                              .target = decoded(r->job->arena, text_of(r, target, "code")),
                              .decision = rule.decision,
                              .confidence = rule.confidence < 0 ? 0 : rule.confidence,
                              .by = rule.by,
                              .at = rule.at,
                              .note = text_of(r, target, "comment")};
  VEC_PUSH(list, pair);
  return 0;
}

static int read_element(struct reading *r, enum kind kind, const json_t *element) {
  struct str code = text_of(r, element, "code");
  const json_t *targets = json_object_get(element, "target");
  int result = 0;
  if (!code.n) return error_set(r->error, ERROR_input, "\"code\" is missing");
  if (json_object_get(element, "modifierExtension"))
    return error_set(r->error, ERROR_input, "%.*s: a modifierExtension that is not known", STR_ARG(code));
  if (kind != KIND_CELLS) return read_pair(r, kind == KIND_UNITS ? &r->units : &r->attributes, code, targets);
  if (json_is_true(json_object_get(element, "noMap"))) {
    struct mapping_rule rule = {.decision = MAPPING_NONE, .confidence = -1};
    struct mapping_term term = {1, cell_of(r, code, r->job->source)};
    return rule_list_add(r->list, &rule, &term, r->error);
  }
  for (size_t i = 0; i < json_array_size(targets) && result == 0; i++) result = read_cell(r, code, json_array_get(targets, i));
  return result == 0 ? 0 : error_context(r->error, "%.*s", STR_ARG(str_slice(code, 0, 100)));
}

static int read_group(struct reading *r, const json_t *group) {
  enum kind kind = system_of(r, text_of(r, group, "source"), &r->mapping->source.server);
  (void)system_of(r, text_of(r, group, "target"), &r->mapping->target.server);
  const json_t *elements = json_object_get(group, "element");
  if (!json_is_array(elements)) return error_set(r->error, ERROR_input, "a group has no \"element\"");
  if (json_object_get(group, "modifierExtension"))
    return error_set(r->error, ERROR_input, "a group has a modifierExtension that is not known");
  for (size_t i = 0; i < json_array_size(elements); i++)
    if (read_element(r, kind, json_array_get(elements, i)) < 0) return -1;
  return 0;
}

static int read_map(struct reading *r, const json_t *root) {
  const json_t *groups = json_object_get(root, "group");
  if (!str_eq(text_of(r, root, "resourceType"), STR("ConceptMap")))
    return error_set(r->error, ERROR_input, "this is no ConceptMap: \"resourceType\" must say so");
  if (json_object_get(root, "modifierExtension") || json_object_get(root, "implicitRules"))
    return error_set(r->error, ERROR_input, "the ConceptMap has rules of its own (modifierExtension, implicitRules) that are not known");
  for (size_t i = 0; i < json_array_size(groups); i++)
    if (read_group(r, json_array_get(groups, i)) < 0) return -1;
  return 0;
}

const struct mapping *format_fhir_read(struct format_job *job, struct str bytes, struct error *error) {
  struct mapping *m = ARENA_NEW(job->arena, struct mapping);
  struct reading r = {.job = job, .list = rule_list_new(job->arena), .mapping = m, .error = error};
  json_t *root = format_json(bytes, error);
  int result = root ? read_map(&r, root) : -1;
  json_decref(root);
  if (r.inexact) format_tell(job, "%zu pairs that are not exact are taken as proposed", r.inexact);
  m->source.default_combo = format_default_combo(job->source);
  m->target.default_combo = format_default_combo(job->target);
  m->attribute_option_combo_count = r.attributes.n;
  m->attribute_option_combos = pair_list_done(job->arena, &r.attributes);
  m->org_unit_count = r.units.n;
  m->org_units = pair_list_done(job->arena, &r.units);
  rule_list_done(r.list, m);
  return result == 0 ? m : NULL;
}

#include "transfer/report_sheets.h"

#include "base/json_doc.h"
#include "transfer/decimal.h"
#include "transfer/remedy.h"
#include "transfer/report.h"

enum { UNITS_SHOWN = 200 };

static const struct sheet_column about_columns[] = {{"what", "What", false}, {"value", "Value", false}};
static const struct sheet_column count_columns[] = {{"count", "Count", false}, {"meaning", "Meaning", false}, {"number", "Number", true}};
static const struct sheet_column total_columns[] = {
    {"name", "Data element", false}, {"data_element", "Id", false},      {"period", "Period", false}, {"source", "Source", true},
    {"target", "Target", true},      {"difference", "Difference", true}, {"cells", "Cells", true},    {"equal", "Equal", false}};
static const struct sheet_column reason_columns[] = {{"by", "Left out or refused by", false},
                                                     {"code", "Code", false},
                                                     {"reason", "Reason", false},
                                                     {"number", "Number", true},
                                                     {"remedy", "What to do", false}};
/* Of a cell of the target. */
#define CELL_COLUMNS \
  {"period", "Period", false}, {"org_unit_name", "Org unit", false}, {"org_unit", "Org unit id", false}, {"name", "Data element", false}, \
      {"data_element", "Id", false}, {"option_combo_name", "Category option combo", false}, \
      {"category_option_combo", "Option combo id", false}, { \
    "attribute_option_combo", "Attribute option combo", false \
  }

static const struct sheet_column refused_columns[] = {
    {"code", "Code", false}, CELL_COLUMNS, {"value", "Value", true}, {"sources", "From", false}};
static const struct sheet_column differing_columns[] = {CELL_COLUMNS, {"wanted", "Should hold", true}, {"found", "Holds", true}};
static const struct sheet_column replaced_columns[] = {CELL_COLUMNS, {"before", "Before", true}, {"value", "Now", true}};
static const struct sheet_column unmapped_columns[] = {{"name", "Data element of the source", false},
                                                       {"data_element", "Id", false},
                                                       {"option_combo_name", "Category option combo", false},
                                                       {"category_option_combo", "Option combo id", false},
                                                       {"reason", "Reason", false},
                                                       {"values", "Values", true},
                                                       {"sum", "Their sum", true},
                                                       {"remedy", "What to do", false}};

enum { ABOUT, COUNTS, TOTALS, REASONS, REFUSED, DIFFERING, REPLACED, UNMAPPED };

#define SHEET(key, title, none, columns) \
  { \
    key, title, none, columns, sizeof(columns) / sizeof *(columns), { \
      NULL, 0, 0 \
    } \
  }

static const struct sheet empty_sheets[SHEETS] = {
    [ABOUT] = SHEET("about", "About this transfer", NULL, about_columns),
    [COUNTS] = SHEET("counts", "Counts", NULL, count_columns),
    [TOTALS] = SHEET("control_totals", "Control totals per data element and period", "No numbers were compared.", total_columns),
    [REASONS] = SHEET("reasons", "What was left out or refused, why, and what to do", "Nothing was left out or refused.", reason_columns),
    [REFUSED] = SHEET("refused_cells", "Refused cells (the first of each reason)", NULL, refused_columns),
    [DIFFERING] = SHEET("differing_cells", "Cells that do not hold what they should", "None.", differing_columns),
    [REPLACED] = SHEET("replaced_cells", "Values that took the place of others (the first ones)", NULL, replaced_columns),
    [UNMAPPED] = SHEET("unmapped_cells", "Cells of the source that went nowhere", NULL, unmapped_columns),
};

struct making {
  struct arena *arena;
  const json_t *root;
  struct report_sheets *sheets;
};

static struct str keep(struct making *m, struct str text) {
  return arena_str(m->arena, text);
}

static struct str number_text(struct making *m, const json_t *object, const char *key) {
  json_int_t n = json_integer_value(json_object_get(object, key));
  return arena_printf(m->arena, "%lld", (long long)n);
}

static struct str name_of(struct making *m, const char *side, struct str id) {
  const json_t *names = json_object_get(json_object_get(m->root, "names"), side);
  return id.n ? keep(m, str_of(json_string_value(json_object_getn(names, id.p, id.n)))) : STR("");
}

static void add_row(struct making *m, unsigned sheet, const struct str *cells, size_t count) {
  struct sheet_row row = {0};
  for (size_t i = 0; i < count; i++) row.cells[i] = cells[i];
  VEC_PUSH(&m->sheets->list[sheet].rows, row);
}

#define ADD_ROW(m, sheet, ...) \
  add_row(m, sheet, (const struct str[]){__VA_ARGS__}, sizeof((const struct str[]){__VA_ARGS__}) / sizeof(struct str))

/* --- about --- */

static const struct {
  const char *outcome, *words;
} outcomes[] = {
    {"done", "Everything went through, was read back and is equal; the totals of both sides agree."},
    {"refused", "Some values were refused; everything else went through and was read back."},
    {"differs", "Something that was read back, or a total, is not what it should be."},
    {"cancelled", "Stopped by a person before the end. What was sent before stays; the transfer can be gone on with."},
    {"paused", "Paused by a person. What was sent before stays; the transfer can be gone on with."},
    {"failed", "The transfer failed before its end. What was sent before stays; the transfer can be gone on with."},
};

static struct str outcome_words(struct str outcome, bool dry_run) {
  if (dry_run && str_eq(outcome, STR("done"))) return STR("Dry run: everything could be sent. Nothing was written.");
  if (dry_run && str_eq(outcome, STR("refused"))) return STR("Dry run: some values would be refused. Nothing was written.");
  for (size_t i = 0; i < sizeof outcomes / sizeof *outcomes; i++)
    if (str_eq(outcome, str_of(outcomes[i].outcome))) return str_of(outcomes[i].words);
  return outcome;
}

static void about(struct making *m, const char *what, struct str value) {
  if (value.n) ADD_ROW(m, ABOUT, str_of(what), keep(m, value));
}

static void about_side(struct making *m, const char *side, const char *title, struct str id, const char *user_member) {
  const json_t *party = json_object_get(json_object_get(m->root, "servers"), side);
  struct str url = json_text(party, "url"), version = json_text(party, "version"), user = json_text(m->root, user_member);
  about(m, title,
        arena_printf(m->arena, "%.*s%s%.*s%s%.*s", STR_ARG(id), url.n ? ", " : "", STR_ARG(url), version.n ? ", DHIS2 " : "",
                     STR_ARG(version)));
  about(m, *side == 's' ? "User at the source" : "User at the target", user.n ? user : json_text(party, "user"));
}

static struct str joined(struct making *m, const json_t *list, bool units) {
  struct buf text = BUF_INIT(1 << 20);
  size_t n = json_array_size(list);
  for (size_t i = 0; i < n && (!units || i < UNITS_SHOWN); i++) {
    struct str id = str_of(json_string_value(json_array_get(list, i))), name = units ? name_of(m, "source", id) : STR_NONE;
    (void)buf_printf(&text, name.n ? "%s%.*s (%.*s)" : "%s%.*s%.*s", i ? ", " : "", STR_ARG(name.n ? name : id),
                     STR_ARG(name.n ? id : name));
  }
  if (units && n > UNITS_SHOWN) (void)buf_printf(&text, " and %zu more", n - UNITS_SHOWN);
  struct str kept = keep(m, buf_str(&text));
  buf_free(&text);
  return kept;
}

static void add_about(struct making *m) {
  const json_t *root = m->root, *problem = json_object_get(root, "problem");
  struct str outcome = json_text(root, "outcome"), version = STR("");
  bool dry_run = json_is_true(json_object_get(root, "dry_run"));
  json_int_t number = json_integer_value(json_object_get(root, "mapping_version"));
  if (number > 0) version = arena_printf(m->arena, " version %lld", (long long)number);
  m->sheets->outcome = keep(m, outcome_words(outcome, dry_run));
  m->sheets->good = str_eq(outcome, STR("done"));
  about(m, "Outcome", m->sheets->outcome);
  if (problem)
    about(m, "Problem", arena_printf(m->arena, "%.*s (%.*s)", STR_ARG(json_text(problem, "detail")), STR_ARG(json_text(problem, "code"))));
  about(m, "Began (UTC)", json_text(root, "began"));
  about(m, "Ended (UTC)", json_text(root, "ended"));
  about_side(m, "source", "Source", json_text(root, "from"), "by_source");
  about_side(m, "target", "Target", json_text(root, "to"), "by_target");
  about(m, "Periods", joined(m, json_object_get(root, "periods"), false));
  about(m, "Org units", joined(m, json_object_get(root, "org_units"), true));
  if (json_is_true(json_object_get(root, "descendants"))) about(m, "With the org units below them", STR("yes"));
  about(m, "Only what changed since", json_text(root, "changed_since"));
  about(m, "Deleted at the source",
        str_eq(json_text(root, "deletions"), STR("delete")) ? STR("deleted at the target too") : STR("left as it is at the target"));
  if (str_eq(json_text(root, "read"), STR("analytics")))
    about(m, "Read from",
          arena_printf(
              m->arena,
              "analytics of the source, tables of %.*s: added up by its server with up to 15 digits, of each org unit with all below "
              "it; without texts, and without zeros that are not significant",
              STR_ARG(json_text(json_object_get(json_object_get(root, "servers"), "source"), "analytics"))));
  about(m, "Comments and follow-up marks",
        str_eq(json_text(root, "comments"), STR("carry")) ? STR("taken along") : STR("left at the source"));
  about(m, "Mapping", arena_printf(m->arena, "%.*s%.*s", STR_ARG(json_text(root, "mapping_name")), STR_ARG(version)));
  about(m, "SHA-256 of the mapping", json_text(root, "mapping_sha256"));
  about(m, "Decisions that count", joined(m, json_object_get(root, "accept"), false));
}

/* --- counts and reasons --- */

static void add_counts(struct making *m) {
  const json_t *counts = json_object_get(m->root, "counts");
#define X(name, words) ADD_ROW(m, COUNTS, STR(#name), STR(words), number_text(m, counts, #name));
  REPORT_COUNTS(X)
#undef X
}

static struct str reason_words(struct str name) {
  for (unsigned reason = 1; reason < TRANSFER_REASON_COUNT; reason++)
    if (str_eq(name, str_of(transfer_reason_name((enum transfer_reason)reason))))
      return str_of(transfer_reason_words((enum transfer_reason)reason));
  return name;
}

static void add_reasons(struct making *m) {
  json_t *unmapped = json_object_get(json_object_get(m->root, "counts"), "unmapped"), *value;
  const json_t *conflicts = json_object_get(m->root, "conflicts");
  const char *key;
  json_object_foreach(unmapped, key, value) {
    struct str code = keep(m, str_of(key));
    ADD_ROW(m, REASONS, STR("mapping (values of the source)"), code, reason_words(code), number_text(m, unmapped, key),
            str_of(transfer_remedy(false, code)));
  }
  for (size_t i = 0; i < json_array_size(conflicts); i++) {
    const json_t *conflict = json_array_get(conflicts, i);
    bool by_target = json_is_true(json_object_get(conflict, "by_target"));
    struct str code = keep(m, json_text(conflict, "code")), remedy = keep(m, json_text(conflict, "remedy"));
    ADD_ROW(m, REASONS, by_target ? STR("target server (cells)") : STR("drawbridge (cells)"), code, keep(m, json_text(conflict, "message")),
            number_text(m, conflict, "count"), remedy.n ? remedy : str_of(transfer_remedy(by_target, code)));
  }
}

/* --- cells --- */

static struct str source_text(struct making *m, const json_t *sources) {
  struct buf text = BUF_INIT(64 << 10);
  for (size_t i = 0; i < json_array_size(sources); i++) {
    const json_t *cell = json_array_get(sources, i);
    struct str element = json_text(cell, "data_element"), combo = json_text(cell, "category_option_combo"),
               name = name_of(m, "source", element), unit = json_text(cell, "org_unit"), value = json_text(cell, "value");
    (void)buf_printf(&text, "%s%.*s %.*s, %.*s%s%.*s", i ? "; " : "", STR_ARG(name.n ? name : element), STR_ARG(combo), STR_ARG(unit),
                     value.n ? ": " : "", STR_ARG(value));
  }
  struct str kept = keep(m, buf_str(&text));
  buf_free(&text);
  return kept;
}

static void add_refused(struct making *m) {
  const json_t *conflicts = json_object_get(m->root, "conflicts");
  for (size_t i = 0; i < json_array_size(conflicts); i++) {
    const json_t *conflict = json_array_get(conflicts, i), *cells = json_object_get(conflict, "cells");
    for (size_t k = 0; k < json_array_size(cells); k++) {
      const json_t *c = json_object_get(json_array_get(cells, k), "target");
      struct str unit = keep(m, json_text(c, "org_unit")), element = keep(m, json_text(c, "data_element")),
                 combo = keep(m, json_text(c, "category_option_combo"));
      ADD_ROW(m, REFUSED, keep(m, json_text(conflict, "code")), keep(m, json_text(c, "period")), name_of(m, "target", unit), unit,
              name_of(m, "target", element), element, name_of(m, "target", combo), combo, keep(m, json_text(c, "attribute_option_combo")),
              keep(m, json_text(c, "value")), source_text(m, json_object_get(json_array_get(cells, k), "sources")));
    }
  }
}

/* Cells with two values, which the members `first` and `second` have. */
static void add_held(struct making *m, unsigned sheet, const char *name, const char *first, const char *second) {
  const json_t *list = json_object_get(m->root, name);
  for (size_t i = 0; i < json_array_size(list); i++) {
    const json_t *c = json_array_get(list, i);
    struct str unit = keep(m, json_text(c, "org_unit")), element = keep(m, json_text(c, "data_element")),
               combo = keep(m, json_text(c, "category_option_combo"));
    ADD_ROW(m, sheet, keep(m, json_text(c, "period")), name_of(m, "target", unit), unit, name_of(m, "target", element), element,
            name_of(m, "target", combo), combo, keep(m, json_text(c, "attribute_option_combo")), keep(m, json_text(c, first)),
            keep(m, json_text(c, second)));
  }
}

static void add_unmapped(struct making *m) {
  const json_t *list = json_object_get(m->root, "unmapped_cells");
  for (size_t i = 0; i < json_array_size(list); i++) {
    const json_t *c = json_array_get(list, i);
    struct str element = keep(m, json_text(c, "data_element")), combo = keep(m, json_text(c, "category_option_combo")),
               reason = json_text(c, "reason");
    ADD_ROW(m, UNMAPPED, name_of(m, "source", element), element, name_of(m, "source", combo), combo, reason_words(keep(m, reason)),
            number_text(m, c, "values"), keep(m, json_text(c, "sum")), str_of(transfer_remedy(false, reason)));
  }
}

/* --- totals --- */

static struct str difference(struct making *m, struct str source, struct str target) {
  struct decimal a, b;
  char text[DECIMAL_OUT_SIZE];
  bool there = decimal_parse(source, &a);
  there = decimal_parse(target, &b) || there;
  return there && decimal_add(&b, &a, -1) ? keep(m, decimal_text(&b, text)) : STR("");
}

static void add_totals(struct making *m) {
  const json_t *list = json_object_get(m->root, "control_totals");
  for (size_t i = 0; i < json_array_size(list); i++) {
    const json_t *t = json_array_get(list, i);
    struct str element = keep(m, json_text(t, "data_element")), name = keep(m, json_text(t, "name")),
               source = keep(m, json_text(t, "source")), target = keep(m, json_text(t, "target"));
    ADD_ROW(m, TOTALS, name.n ? name : name_of(m, "target", element), element, keep(m, json_text(t, "period")), source, target,
            difference(m, source, target), number_text(m, t, "cells"), json_is_true(json_object_get(t, "equal")) ? STR("yes") : STR("no"));
  }
}

int report_sheets_of(struct arena *arena, struct str json, struct report_sheets *ret, struct error *error) {
  json_t *root = json_doc_read(json);
  struct making m = {arena, root, ret};
  memcpy(ret->list, empty_sheets, sizeof ret->list);
  int result =
      str_eq(json_text(root, "format"), STR("drawbridge-report")) ? 0 : error_set(error, ERROR_input, "this is not a report of a transfer");
  if (result == 0) {
    add_about(&m);
    add_counts(&m);
    add_totals(&m);
    add_reasons(&m);
    add_refused(&m);
    add_held(&m, DIFFERING, "differing", "value", "found");
    add_held(&m, REPLACED, "replaced", "before", "value");
    add_unmapped(&m);
  }
  json_decref(root);
  return result;
}

void report_sheets_free(struct report_sheets *sheets) {
  for (size_t i = 0; i < SHEETS; i++) VEC_FREE(&sheets->list[i].rows);
}

#include "transfer/report_sheets.h"

#include "base/json_doc.h"
#include "transfer/decimal.h"
#include "transfer/refusal_words.h"
#include "transfer/remedy.h"
#include "transfer/report.h"

enum { UNITS_SHOWN = 200 };

static const struct sheet_column about_columns[] = {{"what", N_("What"), false}, {"value", N_("Value"), false}};
static const struct sheet_column count_columns[] = {
    {"count", N_("Count"), false}, {"meaning", N_("Meaning"), false}, {"number", N_("Number"), true}};
static const struct sheet_column total_columns[] = {
    {"name", N_("Data element"), false}, {"data_element", N_("Id"), false}, {"period", N_("Period"), false},
    {"source", N_("Source"), true},      {"target", N_("Target"), true},    {"difference", N_("Difference"), true},
    {"cells", N_("Cells"), true},        {"equal", N_("Equal"), false},     {"skipped", N_("Skipped"), true}};
static const struct sheet_column reason_columns[] = {{"by", N_("Left out or refused by"), false},
                                                     {"code", N_("Code"), false},
                                                     {"reason", N_("Reason"), false},
                                                     {"number", N_("Number"), true},
                                                     {"remedy", N_("What to do"), false}};
/* Of a cell of the target. */
#define CELL_COLUMNS \
  {"period", N_("Period"), false}, {"org_unit_name", N_("Org unit"), false}, {"org_unit", N_("Org unit id"), false}, \
      {"name", N_("Data element"), false}, {"data_element", N_("Id"), false}, {"option_combo_name", N_("Category option combo"), false}, \
      {"category_option_combo", N_("Option combo id"), false}, { \
    "attribute_option_combo", N_("Attribute option combo"), false \
  }

static const struct sheet_column refused_columns[] = {
    {"code", N_("Code"), false}, CELL_COLUMNS, {"value", N_("Value"), true}, {"sources", N_("From"), false}};
static const struct sheet_column differing_columns[] = {CELL_COLUMNS, {"wanted", N_("Should hold"), true}, {"found", N_("Holds"), true}};
static const struct sheet_column replaced_columns[] = {CELL_COLUMNS, {"before", N_("Before"), true}, {"value", N_("Now"), true}};
static const struct sheet_column unmapped_columns[] = {{"name", N_("Data element of the source"), false},
                                                       {"data_element", N_("Id"), false},
                                                       {"option_combo_name", N_("Category option combo"), false},
                                                       {"category_option_combo", N_("Option combo id"), false},
                                                       {"reason", N_("Reason"), false},
                                                       {"values", N_("Values"), true},
                                                       {"sum", N_("Their sum"), true},
                                                       {"remedy", N_("What to do"), false}};

static const struct sheet_column silent_columns[] = {
    {"period", N_("Period"), false}, {"org_unit_name", N_("Org unit"), false}, {"org_unit", N_("Org unit id"), false}};

static const struct sheet_column skipped_columns[] = {{"period", N_("Period"), false},        {"org_unit_name", N_("Org unit"), false},
                                                      {"org_unit", N_("Org unit id"), false}, {"name", N_("Data element"), false},
                                                      {"data_element", N_("Id"), false},      {"values", N_("Values"), true},
                                                      {"total", N_("Their sum"), true}};

enum { ABOUT, COUNTS, TOTALS, REASONS, REFUSED, DIFFERING, REPLACED, UNMAPPED, SILENT, SKIPPED };

#define SHEET(key, title, none, columns) \
  { \
    key, title, none, columns, sizeof(columns) / sizeof *(columns), { \
      NULL, 0, 0 \
    } \
  }

static const struct sheet empty_sheets[SHEETS] = {
    [ABOUT] = SHEET("about", N_("About this transfer"), NULL, about_columns),
    [COUNTS] = SHEET("counts", N_("Counts"), NULL, count_columns),
    [TOTALS] = SHEET("control_totals", N_("Control totals per data element and period"), N_("No numbers were compared."), total_columns),
    [REASONS] =
        SHEET("reasons", N_("What was left out or refused, why, and what to do"), N_("Nothing was left out or refused."), reason_columns),
    [REFUSED] = SHEET("refused_cells", N_("Refused cells (the first of each reason)"), NULL, refused_columns),
    [DIFFERING] = SHEET("differing_cells", N_("Cells that do not hold what they should"), N_("None."), differing_columns),
    [REPLACED] = SHEET("replaced_cells", N_("Values that took the place of others (the first ones)"), NULL, replaced_columns),
    [UNMAPPED] = SHEET("unmapped_cells", N_("Cells of the source that went nowhere"), NULL, unmapped_columns),
    [SKIPPED] = SHEET("skipped_org_units", N_("Organisation units that the target does not have, skipped"), NULL, skipped_columns),
    [SILENT] = SHEET("silent_org_units", N_("Org units of which the source gave nothing (the first ones)"), NULL, silent_columns),
};

struct making {
  struct arena *arena;
  const json_t *root;
  struct report_sheets *sheets;
};

static struct str keep(struct making *m, struct str text) {
  return arena_str(m->arena, text);
}

/* In the reader's language. */
static struct str say(const struct making *m, const char *english) {
  return text_in(m->sheets->language, str_of(english));
}

static struct str say_with(const struct making *m, const char *english, struct str value) {
  return text_with(m->sheets->language, m->arena, str_of(english), &value, 1);
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

struct outcome {
  const char *name, *words;
};

static const struct outcome of_runs[] = {
    {"done", N_("Everything went through, was read back and is equal; the totals of both sides agree.")},
    {"refused", N_("Some values were refused; everything else went through and was read back.")},
    {"differs", N_("Something that was read back, or a total, is not what it should be.")},
    {"cancelled", N_("Stopped by a person before the end. What was sent before stays; one can go on with the transfer.")},
    {"paused", N_("Paused by a person. What was sent before stays; one can go on with the transfer.")},
    {"failed", N_("The transfer failed before its end. What was sent before stays.")},
    {0},
};
static const struct outcome of_checks[] = {
    {"done", N_("Dry run: everything could be sent. Nothing was written.")},
    {"refused", N_("Dry run: some values would be refused. Nothing was written.")},
    {0},
};
static const struct outcome of_undos[] = {
    {"done", N_("Everything was taken back: what stood there before the transfer stands there again, and was read back.")},
    {"refused", N_("Some cells were left as they are; everything else was taken back, and was read back.")},
    {0},
};
static const struct outcome of_undo_checks[] = {
    {"done", N_("Dry run: everything could be taken back. Nothing was written.")},
    {"refused", N_("Dry run: some cells would be left as they are. Nothing was written.")},
    {0},
};

static const char *words_in(const struct outcome *outcomes, struct str name) {
  while (outcomes->name && !str_eq(name, str_of(outcomes->name))) outcomes++;
  return outcomes->words;
}

/* Of what is done, but not good: nothing was found, so that nothing is proved; or org units were skipped, so that not everything went through, and the totals do not agree. NULL: it is good. */
static const char *words_of_lack(const struct making *m, bool undo, bool dry_run) {
  const json_t *counts = json_object_get(m->root, "counts"), *read = json_object_get(counts, "read");
  if (!undo && json_is_integer(read) && json_integer_value(read) == 0)
    return N_("The source gave no values for what was asked: there was nothing to send.");
  if (json_integer_value(json_object_get(counts, "skipped_units")) == 0) return NULL;
  return dry_run ? N_("Dry run: everything could be sent but the values of organisation units that the target does not have. Nothing was "
                      "written.")
                 : N_("Everything went through, was read back and is equal but the values of organisation units that the target does not "
                      "have: by what "
                      "was skipped of them the totals differ.");
}

/* The one verdict on what came of it: in words, and whether it is good. */
static void judge(struct making *m, struct str outcome) {
  bool undo = json_is_true(json_object_get(m->root, "undo")), dry_run = json_is_true(json_object_get(m->root, "dry_run"));
  bool done = str_eq(outcome, STR("done"));
  const char *words = done ? words_of_lack(m, undo, dry_run) : NULL;
  m->sheets->good = done && !words;
  if (!words) words = dry_run ? words_in(undo ? of_undo_checks : of_checks, outcome) : undo ? words_in(of_undos, outcome) : NULL;
  if (!words) words = words_in(of_runs, outcome);
  m->sheets->outcome = keep(m, words ? say(m, words) : outcome);
}

static void about(struct making *m, const char *what, struct str value) {
  if (value.n) ADD_ROW(m, ABOUT, say(m, what), keep(m, value));
}

static void about_side(struct making *m, const char *side, const char *title, struct str id, const char *user_member) {
  const json_t *party = json_object_get(json_object_get(m->root, "servers"), side);
  struct str url = json_text(party, "url"), version = json_text(party, "version"), user = json_text(m->root, user_member);
  about(m, title,
        arena_printf(m->arena, "%.*s%s%.*s%s%.*s", STR_ARG(id), url.n ? ", " : "", STR_ARG(url), version.n ? ", DHIS2 " : "",
                     STR_ARG(version)));
  about(m, *side == 's' ? N_("User at the source") : N_("User at the target"), user.n ? user : json_text(party, "user"));
}

static struct str joined(struct making *m, const json_t *list, bool units) {
  struct buf text = BUF_INIT(1 << 20);
  size_t n = json_array_size(list);
  for (size_t i = 0; i < n && (!units || i < UNITS_SHOWN); i++) {
    struct str id = str_of(json_string_value(json_array_get(list, i))), name = units ? name_of(m, "source", id) : STR_NONE;
    (void)buf_printf(&text, name.n ? "%s%.*s (%.*s)" : "%s%.*s%.*s", i ? ", " : "", STR_ARG(name.n ? name : id),
                     STR_ARG(name.n ? id : name));
  }
  if (units && n > UNITS_SHOWN) {
    char digits[STR_INT_MAX];
    (void)buf_add_char(&text, ' ');
    (void)buf_add(&text, say_with(m, N_("and {1} more"), str_int((int64_t)(n - UNITS_SHOWN), digits)));
  }
  struct str kept = keep(m, buf_str(&text));
  buf_free(&text);
  return kept;
}

/* What went wrong, as far as it is known in that language. */
static struct str problem_words(struct making *m, const json_t *problem) {
  struct str words = json_text(problem, "detail");
  char *said = m->sheets->language != LANGUAGE_ENGLISH ? json_dumps(problem, JSON_COMPACT) : NULL;
  if (said) (void)text_said(m->sheets->language, m->arena, str_of(said), &words);
  free(said);
  return arena_printf(m->arena, "%.*s (%.*s)", STR_ARG(words), STR_ARG(json_text(problem, "code")));
}

static struct str version_words(struct making *m) {
  char digits[STR_INT_MAX];
  json_int_t number = json_integer_value(json_object_get(m->root, "mapping_version"));
  if (number <= 0) return STR("");
  return arena_concat(m->arena, STR(" "), say_with(m, N_("version {1}"), str_int(number, digits)));
}

static struct str analytics_words(struct making *m) {
  return say_with(m,
                  N_("analytics of the source, tables of {1}: added up by its server with up to 15 digits, of each org unit with all below "
                     "it; without texts, and without zeros that are not significant"),
                  json_text(json_object_get(json_object_get(m->root, "servers"), "source"), "analytics"));
}

static void add_about(struct making *m) {
  const json_t *root = m->root, *problem = json_object_get(root, "problem");
  judge(m, json_text(root, "outcome"));
  about(m, N_("Outcome"), m->sheets->outcome);
  if (problem) about(m, N_("Problem"), problem_words(m, problem));
  about(m, N_("Began (UTC)"), json_text(root, "began"));
  about(m, N_("Ended (UTC)"), json_text(root, "ended"));
  about_side(m, "source", N_("Source"), json_text(root, "from"), "by_source");
  about_side(m, "target", N_("Target"), json_text(root, "to"), "by_target");
  about(m, N_("Periods"), joined(m, json_object_get(root, "periods"), false));
  about(m, N_("Org units"), joined(m, json_object_get(root, "org_units"), true));
  if (json_is_true(json_object_get(root, "descendants"))) about(m, N_("With the org units below them"), say(m, N_("yes")));
  about(m, N_("Only what changed since"), json_text(root, "changed_since"));
  bool deleted = str_eq(json_text(root, "deletions"), STR("delete")), carried = str_eq(json_text(root, "comments"), STR("carry"));
  about(m, N_("Deleted at the source"), say(m, deleted ? N_("deleted at the target too") : N_("left as it is at the target")));
  if (str_eq(json_text(root, "read"), STR("analytics"))) about(m, N_("Read from"), analytics_words(m));
  if (str_eq(json_text(root, "unknown_units"), STR("skip")))
    about(m, N_("Organisation units that the target does not have"), say(m, N_("skipped")));
  about(m, N_("Comments and follow-up marks"), say(m, carried ? N_("taken along") : N_("left at the source")));
  about(m, N_("Mapping"), arena_concat(m->arena, json_text(root, "mapping_name"), version_words(m)));
  about(m, N_("SHA-256 of the mapping"), json_text(root, "mapping_sha256"));
  about(m, N_("Decisions that count"), joined(m, json_object_get(root, "accept"), false));
}

/* --- counts and reasons --- */

static void add_counts(struct making *m) {
  const json_t *counts = json_object_get(m->root, "counts");
#define X(name, words) ADD_ROW(m, COUNTS, STR(#name), say(m, words), number_text(m, counts, #name));
  REPORT_COUNTS(X)
#undef X
}

static struct str reason_words(struct making *m, struct str name) {
  struct str words, unused;
  return refusal_words(m->sheets->language, m->arena, name, &words, &unused) ? words : name;
}

static struct str remedy_words(const struct making *m, bool by_target, struct str code) {
  return say(m, transfer_remedy(by_target, code));
}

/* In English as it was told of this very case; else by its code, and the words of the target's server as it said them. */
static void add_conflict(struct making *m, const json_t *conflict) {
  bool by_target = json_is_true(json_object_get(conflict, "by_target")), foretold = by_target && json_text(conflict, "remedy").n > 0;
  struct str code = keep(m, json_text(conflict, "code")), words = keep(m, json_text(conflict, "message")),
             remedy = keep(m, json_text(conflict, "remedy")), title, way;
  if (m->sheets->language != LANGUAGE_ENGLISH && (!by_target || foretold) &&
      refusal_words(m->sheets->language, m->arena, foretold ? STR("input_period") : code, &title, &way)) {
    words = title;
    remedy = way;
  }
  struct report_obstacle obstacle = report_obstacle_read(json_object_get(conflict, "obstacle"));
  if (obstacle.type.n) words = obstacle_words(m->sheets->language, m->arena, &obstacle);
  ADD_ROW(m, REASONS, say(m, by_target ? N_("target server (cells)") : N_("drawbridge (cells)")), code, words,
          number_text(m, conflict, "count"), remedy.n ? remedy : remedy_words(m, by_target, code));
}

static void add_reasons(struct making *m) {
  json_t *unmapped = json_object_get(json_object_get(m->root, "counts"), "unmapped"), *value;
  const json_t *conflicts = json_object_get(m->root, "conflicts");
  const char *key;
  json_object_foreach(unmapped, key, value) {
    struct str code = keep(m, str_of(key));
    ADD_ROW(m, REASONS, say(m, N_("mapping (values of the source)")), code, reason_words(m, code), number_text(m, unmapped, key),
            remedy_words(m, false, code));
  }
  for (size_t i = 0; i < json_array_size(conflicts); i++) add_conflict(m, json_array_get(conflicts, i));
}

/* --- cells --- */

/* A period that is not the target's makes up a part of it. */
static struct str source_text(struct making *m, const json_t *sources, struct str target_period) {
  struct buf text = BUF_INIT(64 << 10);
  for (size_t i = 0; i < json_array_size(sources); i++) {
    const json_t *cell = json_array_get(sources, i);
    struct str element = json_text(cell, "data_element"), combo = json_text(cell, "category_option_combo"),
               name = name_of(m, "source", element), unit = json_text(cell, "org_unit"), value = json_text(cell, "value"),
               period = json_text(cell, "period");
    bool is_part = period.n && !str_eq(period, target_period);
    (void)buf_printf(&text, "%s%.*s %.*s, %.*s%s%.*s%s%.*s", i ? "; " : "", STR_ARG(name.n ? name : element), STR_ARG(combo), STR_ARG(unit),
                     is_part ? ", " : "", STR_ARG(is_part ? period : STR_NONE), value.n ? ": " : "", STR_ARG(value));
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
              keep(m, json_text(c, "value")), source_text(m, json_object_get(json_array_get(cells, k), "sources"), json_text(c, "period")));
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
            sheet == REPLACED && !json_text(c, second).n ? say(m, N_("deleted at the target")) : keep(m, json_text(c, second)));
  }
}

static void add_unmapped(struct making *m) {
  const json_t *list = json_object_get(m->root, "unmapped_cells");
  for (size_t i = 0; i < json_array_size(list); i++) {
    const json_t *c = json_array_get(list, i);
    struct str element = keep(m, json_text(c, "data_element")), combo = keep(m, json_text(c, "category_option_combo")),
               reason = keep(m, json_text(c, "reason"));
    ADD_ROW(m, UNMAPPED, name_of(m, "source", element), element, name_of(m, "source", combo), combo, reason_words(m, reason),
            number_text(m, c, "values"), keep(m, json_text(c, "sum")), remedy_words(m, false, reason));
  }
}

static void add_silent(struct making *m) {
  const json_t *list = json_object_get(m->root, "silent_units");
  for (size_t i = 0; i < json_array_size(list); i++) {
    struct str unit = keep(m, json_text(json_array_get(list, i), "org_unit"));
    ADD_ROW(m, SILENT, keep(m, json_text(json_array_get(list, i), "period")), name_of(m, "source", unit), unit);
  }
}

static void add_skipped(struct making *m) {
  const json_t *list = json_object_get(m->root, "skipped_units");
  for (size_t i = 0; i < json_array_size(list); i++) {
    const json_t *s = json_array_get(list, i);
    struct str unit = keep(m, json_text(s, "org_unit")), element = keep(m, json_text(s, "data_element"));
    ADD_ROW(m, SKIPPED, keep(m, json_text(s, "period")), name_of(m, "source", unit), unit, name_of(m, "target", element), element,
            number_text(m, s, "values"), keep(m, json_text(s, "total")));
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

static const char *equal_words(const json_t *total) {
  if (json_is_true(json_object_get(total, "equal"))) return N_("yes");
  return json_is_true(json_object_get(total, "equal_but_skipped")) ? N_("but for what was skipped") : N_("no");
}

static void add_totals(struct making *m) {
  const json_t *list = json_object_get(m->root, "control_totals");
  bool skips = false;
  for (size_t i = 0; i < json_array_size(list); i++) skips |= json_object_get(json_array_get(list, i), "skipped") != NULL;
  if (!skips) m->sheets->list[TOTALS].column_count--; /* the last */
  for (size_t i = 0; i < json_array_size(list); i++) {
    const json_t *t = json_array_get(list, i);
    struct str element = keep(m, json_text(t, "data_element")), name = keep(m, json_text(t, "name")),
               source = keep(m, json_text(t, "source")), target = keep(m, json_text(t, "target"));
    ADD_ROW(m, TOTALS, name.n ? name : name_of(m, "target", element), element, keep(m, json_text(t, "period")), source, target,
            difference(m, source, target), number_text(m, t, "cells"), say(m, equal_words(t)), keep(m, json_text(t, "skipped")));
  }
}

int report_sheets_of(struct arena *arena, struct str json, enum language language, struct report_sheets *ret, struct error *error) {
  json_t *root = json_doc_read(json);
  struct making m = {arena, root, ret};
  ret->language = language;
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
    add_silent(&m);
    add_skipped(&m);
  }
  json_decref(root);
  return result;
}

void report_sheets_free(struct report_sheets *sheets) {
  for (size_t i = 0; i < SHEETS; i++) VEC_FREE(&sheets->list[i].rows);
}

/* The engine to 2.42 (DHIS2 DefaultDataValueSetService): row by row, lenient unless told to be strict, and it counts what is new, changed and unchanged apart. */
#include "base/clock.h"
#include "sim/values_import.h"

struct judge {
  struct import *im;
  const struct values_group *group;
  json_t *set;                   /* of the header; NULL: none */
  struct sim_period period;      /* of the header; type NULL: none that can be read */
  struct map made;               /* cells that this payload made */
  struct sim_period first_input; /* the first period that was looked up among data input periods */
};

struct checked {
  size_t index;
  const struct row *row;
  const json_t *element, *unit, *coc, *aoc;
  struct sim_period period;
  struct str period_text, unit_text, coc_text, aoc_text; /* as sent; p NULL: not */
};

static struct str uid_of(const json_t *object) {
  return str_of(model_text(object, "id"));
}

/* One conflict for all rows with the same code and objects. */
static void conflict(struct import *im, size_t index, const char *code, const char *property, struct str object, json_t *objects,
                     const char *text) {
  for (size_t i = 0; i < json_array_size(im->conflicts); i++) {
    json_t *old = json_array_get(im->conflicts, i);
    if (strcmp(model_text(old, "errorCode"), code) != 0 || !json_equal(json_object_get(old, "objects"), objects)) continue;
    json_array_append_new(json_object_get(old, "indexes"), json_integer((json_int_t)index));
    json_decref(objects);
    return;
  }
  json_t *c = json_object();
  if (object.p) json_object_set_new(c, "object", json_stringn(object.p, object.n));
  json_object_set_new(c, "objects", objects);
  json_object_set_new(c, "value", json_string(text));
  json_object_set_new(c, "errorCode", json_string(code));
  if (property) json_object_set_new(c, "property", json_string(property));
  json_object_set_new(c, "indexes", json_pack("[I]", (json_int_t)index));
  json_array_append_new(im->conflicts, c);
}

static json_t *objects_add(json_t *objects, const char *key, struct str value) {
  if (value.p) json_object_set_new(objects, key, json_stringn(value.p, value.n));
  return objects;
}

static json_t *objects_of(const char *key, struct str value) {
  return objects_add(json_object(), key, value);
}

/* `format` with `a` for %1 and `b` for %2, each at most once. */
static const char *say(struct import *im, const char *format, struct str a, struct str b) {
  struct buf text = BUF_INIT(8192);
  for (const char *at = format; *at; at++) {
    bool place = at[0] == '%' && (at[1] == '1' || at[1] == '2');
    struct str filled = at[0] == '%' && at[1] == '2' ? b : a;
    if (place)
      (void)buf_add(&text, filled.p ? filled : STR("null"));
    else
      (void)buf_add_char(&text, *at);
    at += place;
  }
  const char *kept = arena_cstr(im->arena, buf_str(&text));
  buf_free(&text);
  return kept;
}

/* What must be found. Each of these returns false when it made a conflict. */
static bool find_parts(struct judge *j, struct checked *c) {
  struct import *im = j->im;
  const struct model *m = &im->model;
  const struct row *row = c->row;
  size_t i = c->index;
  struct str user = str_of(model_text(m->user, "id"));
  c->period_text = j->period.type ? j->group->period : row->period;
  c->unit_text = j->group->unit.p ? j->group->unit : row->unit;
  c->coc_text = row->coc;
  c->aoc_text = row->aoc.p ? row->aoc : j->group->aoc;
  c->element = import_find(im, SCHEMED_ELEMENT, row->element);
  c->unit = import_find(im, SCHEMED_UNIT, c->unit_text);
  c->coc = row->options && c->element ? import_combo(im, model_element_combo(m, c->element), row->options)
           : row->coc.p               ? import_find(im, SCHEMED_COC, row->coc)
                                      : model_coc(m, str_of(m->default_coc));
  c->aoc = c->aoc_text.p ? import_find(im, SCHEMED_AOC, c->aoc_text) : model_coc(m, str_of(m->default_coc));
  if (!c->element)
    conflict(im, i, "E7610", "dataElement", row->element, objects_of("dataElement", row->element),
             say(im, "Data element not found or not accessible: `%1`", row->element, STR_NONE));
  else if (!c->period_text.p || !sim_period_by(im->sim->conf.calendar, c->period_text, &c->period))
    conflict(im, i, "E7611", "period", c->period_text, objects_of("period", c->period_text),
             say(im, "Period not valid: `%1`", c->period_text, STR_NONE));
  else if (!c->unit)
    conflict(im, i, "E7612", "orgUnit", c->unit_text, objects_of("organisationUnit", c->unit_text),
             say(im, "Organisation unit not found or not accessible: `%1`", c->unit_text, STR_NONE));
  else if (!c->coc || !model_coc_access(m, c->coc, 'w', NULL))
    conflict(im, i, "E7613", "categoryOptionCombo", c->coc_text, objects_of("categoryOptionCombo", c->coc_text),
             say(im, "Category option combo not found or not accessible for writing data: `%1`", c->coc_text, STR_NONE));
  else if (!c->aoc || !model_coc_access(m, c->aoc, 'w', NULL))
    conflict(im, i, "E7615", "attributeOptionCombo", c->aoc_text, objects_of("categoryOptionCombo", c->aoc_text),
             say(im, "Attribute option combo not found or not accessible for writing data: `%1`", c->aoc_text, STR_NONE));
  else if (!model_user_unit(m, model_text(c->unit, "id"), false))
    conflict(im, i, "E7617", "orgUnit", c->unit_text, objects_add(objects_of("organisationUnit", c->unit_text), "user", user),
             say(im, "Organisation unit: `%1` not in hierarchy of current user: `%2`", c->unit_text, user));
  else
    return true;
  return false;
}

static bool deletes(const struct import *im, const struct row *row) {
  return row->deleted == FLAG_YES || str_starts(im->strategy, STR("DELETE"));
}

static bool is_valid_option(const struct model *m, const json_t *element, struct str value) {
  const char *option_set = model_ref(element, "optionSet");
  if (strcmp(model_text(element, "valueType"), "MULTI_TEXT") != 0) return model_is_option(m, option_set, value);
  struct str rest = value;
  while (rest.p)
    if (!model_is_option(m, option_set, str_take(&rest, ','))) return false;
  return true;
}

static bool check_value(struct judge *j, const struct checked *c) {
  struct import *im = j->im;
  const struct row *row = c->row;
  size_t i = c->index;
  struct str element = row->element;
  bool has_options = *model_ref(c->element, "optionSet");
  const char *problem = NULL;
  if (!row->value.n && !row->comment.n && !deletes(im, row)) {
    conflict(im, i, "E7618", "value", element, objects_of("dataElement", element),
             say(im, "Data value or comment not specified for data element: `%1`", element, STR_NONE));
    return false;
  }
  bool lacks_options = !has_options && strcmp(model_text(c->element, "valueType"), "MULTI_TEXT") == 0;
  if (row->value.n && lacks_options) problem = "data_element_lacks_option_set";
  if (row->value.n && !has_options && !problem)
    problem = values_type_problem(im->model.sim, model_text(c->element, "valueType"), row->value);
  if (problem) {
    conflict(im, i, "E7619", "value", element, objects_add(objects_of("dataElement", element), "value", str_of(problem)),
             say(im,
                 im->model.sim->release <= SIM_2_37 ? "Value must match data element's `%1` type constraints: %2"
                                                    : "Value must match value type of data element `%1`: `%2`",
                 element, str_of(values_type_text(problem))));
    return false;
  }
  if (row->comment.n > 50000) {
    struct str key = STR("comment_length_greater_than_max_length");
    conflict(im, i, "E7620", "comment", key, objects_of("comment", key), "Invalid comment: Comment is greater than max length");
    return false;
  }
  if (has_options && row->value.n && !is_valid_option(&im->model, c->element, row->value)) {
    conflict(im, i, "E7621", "value", element, objects_of("dataElement", element),
             say(im, "Data value is not a valid option of the data element option set: `%1`", element, STR_NONE));
    return false;
  }
  return true;
}

enum { SETS_MAX = 64, STORED_BY_MAX = 255 };

/* How the rows of an element fit the data sets that hold it. */
struct fit {
  bool type, in_set, any_set, coc, aoc, assigned;
};

static struct fit fit_of(const struct judge *j, const struct checked *c) {
  const struct model *m = &j->im->model;
  json_t *sets[SETS_MAX];
  size_t count;
  (void)model_sets_of(m, model_text(c->element, "id"), sets, SETS_MAX, &count);
  struct fit fit = {.any_set = count > 0, .coc = model_coc_in(m, c->coc, model_element_combo(m, c->element))};
  for (size_t k = 0; k < count; k++) {
    const char *combo = model_ref(sets[k], "categoryCombo");
    fit.type = fit.type || strcmp(model_text(sets[k], "periodType"), c->period.type) == 0;
    fit.in_set = fit.in_set || sets[k] == j->set;
    fit.coc = fit.coc || model_coc_in(m, c->coc, model_combo(m, model_text(sets[k], "id"), model_text(c->element, "id")));
    fit.aoc = fit.aoc || model_coc_in(m, c->aoc, *combo ? combo : sim_default_uid(m->sim->objects, "categoryCombos"));
    fit.assigned = fit.assigned || model_assigned(m, sets[k], model_text(c->unit, "id"));
  }
  return fit;
}

/* What only strict imports look at. */
static bool check_strict(struct judge *j, const struct checked *c) {
  struct import *im = j->im;
  size_t i = c->index;
  struct str element = c->row->element, unit = uid_of(c->unit), period = str_of(c->period.text), set = j->group->data_set,
             coc = uid_of(c->coc), aoc = uid_of(c->aoc);
  struct fit fit = fit_of(j, c);
  if (import_flag(im, "requireCategoryOptionCombo") && !c->coc_text.p && !c->row->options)
    conflict(im, i, "E7630", "categoryOptionCombo", STR_NONE, json_object(), "Category option combo is required but is not specified");
  else if (import_flag(im, "requireAttributeOptionCombo") && !c->aoc_text.p)
    conflict(im, i, "E7631", "attributeOptionCombo", STR_NONE, json_object(), "Attribute option combo is required but is not specified");
  else if (import_flag(im, "strictPeriods") && !fit.type)
    conflict(im, i, "E7632", NULL, period, objects_add(objects_of("period", period), "dataElement", element),
             say(im, "Period type of period: `%1` not valid for data element: `%2`", period, element));
  else if (import_flag(im, "strictDataElements") && !(set.p ? fit.in_set : fit.any_set))
    conflict(im, i, "E7633", "dataElement", element, objects_add(objects_of("dataElement", element), "dataSet", set),
             say(im, "Data element: `%1` is not part of dataset(s): `%2`", element, set));
  else if (import_flag(im, "strictCategoryOptionCombos") && !fit.coc)
    conflict(im, i, "E7634", "categoryOptionCombo", coc, objects_add(objects_of("categoryOptionCombo", coc), "dataElement", element),
             say(im, "Category option combo: `%1` must be part of category combo of data element: `%2`", coc, element));
  else if (import_flag(im, "strictAttributeOptionCombos") && !fit.aoc)
    conflict(im, i, "E7635", "attributeOptionCombo", aoc, objects_add(objects_of("categoryOptionCombo", aoc), "dataElement", element),
             say(im, "Attribute option combo: `%1` must be part of category combo of data sets of data element: `%2`", aoc, element));
  else if (import_flag(im, "strictOrganisationUnits") && !fit.assigned)
    conflict(im, i, "E7636", "orgUnit", unit, objects_add(objects_of("organisationUnit", unit), "dataElement", element),
             say(im, "Data element: `%2` must be assigned through data sets to organisation unit: `%1`", unit, element));
  else if (c->row->stored_by.n > STORED_BY_MAX) {
    struct str key = STR("stored_by_length_greater_than_max_length");
    conflict(im, i, "E7637", "storedBy", key, objects_of("storedBy", key), "Invalid storedBy: Stored by is greater than max length");
  } else
    return true;
  return false;
}

/* Dates and units of the options of the attribute option combo. */
static bool check_attribute(struct judge *j, const struct checked *c) {
  struct import *im = j->im;
  const struct model *m = &im->model;
  struct str unit = uid_of(c->unit), period = str_of(c->period.text), aoc = uid_of(c->aoc);
  if (!model_option_now(m, j->set, c->aoc, &c->period))
    conflict(im, c->index, "E7638", "period", period, objects_add(objects_of("period", period), "categoryOptionCombo", aoc),
             say(im, "Period: `%1` is not within date range of attribute option combo: `%2`", period, aoc));
  else if (!model_option_here(m, c->aoc, unit.p))
    conflict(im, c->index, "E7639", "orgUnit", unit, objects_add(objects_of("organisationUnit", unit), "categoryOptionCombo", aoc),
             say(im, "Organisation unit: `%1` is not valid for attribute option combo: `%2`", unit, aoc));
  else
    return true;
  return false;
}

static void approved(struct judge *j, const struct checked *c, struct str set) {
  struct import *im = j->im;
  struct str unit = uid_of(c->unit), aoc = c->aoc_text;
  json_t *objects = objects_add(objects_of("organisationUnit", unit), "period", str_of(c->period.text));
  objects = objects_add(objects_add(objects, "categoryOptionCombo", aoc), "dataSet", set);
  struct str shown = aoc.p ? aoc : STR("null");
  struct str text =
      arena_printf(im->arena, "Data already approved for data set: `%.*s` period: `%s` org unit: `%.*s` attribute option combo: `%.*s`",
                   STR_ARG(set), c->period.text, STR_ARG(unit), STR_ARG(shown));
  conflict(im, c->index, "E7642", NULL, unit, objects, text.p);
}

/* Is the period open in this data set? */
static bool check_set_time(struct judge *j, const struct checked *c, const json_t *data_set) {
  struct import *im = j->im;
  const struct model *m = &im->model;
  struct sim_period latest;
  struct str period = str_of(c->period.text), set = uid_of(data_set);
  if (model_expired(m, data_set, &c->period, model_text(c->unit, "id"))) {
    conflict(im, c->index, "E7640", "period", period, objects_add(objects_of("period", period), "dataSet", set),
             say(im, "Current date is past expiry days for period: `%1`  and data set: `%2`", period, set));
    return false;
  }
  if (model_future(m, data_set, &c->period, &latest)) {
    json_t *objects = objects_add(objects_of("period", period), "dataElement", c->row->element);
    struct str text = arena_printf(im->arena, "Period: `%.*s` is after latest open future period: `%s` for data element: `%.*s`",
                                   STR_ARG(period), latest.text, STR_ARG(c->row->element));
    if (im->sim->release >= SIM_2_40) {
      objects = objects_add(objects, "dataSet", set);
      text = arena_printf(im->arena, "%.*s and data set: `%.*s`", STR_ARG(text), STR_ARG(set));
    }
    conflict(im, c->index, "E7641", "period", period, objects, text.p);
    return false;
  }
  if (values_approved(m, data_set, c->period.text, model_text(c->unit, "id"), model_text(c->aoc, "id"), true)) {
    approved(j, c, set);
    return false;
  }
  enum input_window window = model_input(m, data_set, &c->period);
  /* Only the first period of a payload is judged rightly; later ones are taken for closed (measured on 2.41.9). */
  bool later = window == INPUT_OPEN && j->first_input.type && strcmp(j->first_input.text, c->period.text) != 0;
  if (window != INPUT_NO_WINDOWS && !j->first_input.type) j->first_input = c->period;
  if (window == INPUT_NO_WINDOWS || (window == INPUT_OPEN && !later)) return true;
  conflict(im, c->index, "E7643", "period", period, objects_add(objects_of("period", period), "dataSet", set),
           say(im, "Period: `%1` is not open for this data set at this time: `%2`", period, set));
  return false;
}

/* Without a data set in the header it is those of the element that the unit has. */
static bool check_time(struct judge *j, const struct checked *c) {
  json_t *sets[SETS_MAX];
  size_t count = 0;
  if (j->im->force) return true;
  if (j->set)
    sets[count++] = j->set;
  else
    (void)model_sets_of(&j->im->model, model_text(c->element, "id"), sets, SETS_MAX, &count);
  for (size_t k = 0; k < count; k++) {
    bool has_it = j->set || model_assigned(&j->im->model, sets[k], model_text(c->unit, "id"));
    if (has_it && !check_set_time(j, c, sets[k])) return false;
  }
  return true;
}

static bool is_insignificant_zero(const struct checked *c, struct str value) {
  const char *type = model_text(c->element, "valueType"), *aggregation = model_text(c->element, "aggregationType");
  if (strncmp(type, "INTEGER", 7) != 0 && strcmp(type, "NUMBER") != 0 && strcmp(type, "UNIT_INTERVAL") != 0 &&
      strcmp(type, "PERCENTAGE") != 0)
    return false;
  if (json_is_true(json_object_get(c->element, "zeroIsSignificant")) || strncmp(aggregation, "AVERAGE", 7) == 0) return false;
  struct str rest = value, before = str_take(&rest, '.');
  for (size_t i = 0; i < rest.n; i++)
    if (rest.p[i] != '0') return false;
  return str_eq(before, STR("0"));
}

/* normalizeBoolean: other spellings stay what they are. */
static struct str normal(const struct checked *c, struct str value) {
  static const char *const yes[] = {"true", "True", "TRUE", "t", "T", "1"}, *const no[] = {"false", "False", "FALSE", "f", "F", "0"};
  if (strcmp(model_text(c->element, "valueType"), "BOOLEAN") != 0 && strcmp(model_text(c->element, "valueType"), "TRUE_ONLY") != 0)
    return value;
  for (size_t i = 0; i < sizeof yes / sizeof *yes; i++) {
    if (str_eq(value, str_of(yes[i]))) return STR("true");
    if (str_eq(value, str_of(no[i]))) return STR("false");
  }
  return value;
}

static bool same_text(const char *stored, struct str sent) {
  return str_eq(str_of(stored), sent);
}

static void store(struct import *im, const struct checked *c, struct str value, bool deleted) {
  const struct row *row = c->row;
  struct str stored_by = row->stored_by.n ? row->stored_by : str_of(model_text(im->model.user, "username"));
  struct sim_value *v =
      values_put(im->sim->values, uid_of(c->element), str_of(c->period.text), uid_of(c->unit), uid_of(c->coc), uid_of(c->aoc), im->now_ms);
  values_text(&v->value, value.n ? value : STR_NONE);
  values_text(&v->comment, row->comment.n ? row->comment : STR_NONE);
  values_text(&v->stored_by, stored_by);
  v->followup = row->followup == FLAG_YES ? FLAG_YES : FLAG_NO;
  v->deleted = deleted;
  v->updated_ms = im->now_ms;
}

static void ignore(struct import *im, size_t i, bool reject) {
  im->ignored++;
  if (reject) import_reject(im, i);
}

static bool strategy_is(const struct import *im, const char *name) {
  return str_eq(im->strategy, str_of(name));
}

static void take_existing(struct import *im, const struct checked *c, const struct sim_value *old, struct str value) {
  const struct row *row = c->row;
  if (strategy_is(im, "CREATE") || strategy_is(im, "NEW") || strategy_is(im, "SYNC")) {
    ignore(im, c->index, true);
  } else if (deletes(im, row) || (!value.n && !row->comment.n) || is_insignificant_zero(c, value)) {
    im->deleted++;
    if (!im->dry_run) store(im, c, value, true);
  } else if (same_text(old->value, value) && same_text(old->comment, row->comment) &&
             (old->followup == FLAG_YES) == (row->followup == FLAG_YES) &&
             im->sim->release >= SIM_2_40) { /* 2.37 writes it again, and counts it */
    ignore(im, c->index, false);
  } else {
    im->updated++;
    if (!im->dry_run) store(im, c, value, false);
  }
}

static void take_new(struct judge *j, const struct checked *c, struct str value, struct str key) {
  struct import *im = j->im;
  if (strategy_is(im, "UPDATE") || strategy_is(im, "UPDATES") || strategy_is(im, "SYNC") || str_starts(im->strategy, STR("DELETE")))
    ignore(im, c->index, true);
  else if (c->row->deleted == FLAG_YES)
    ignore(im, c->index, false);
  else if (value.n && is_insignificant_zero(c, value))
    return; /* in no counter, not stored */
  else if (c->row->value.n && !value.n && !c->row->comment.n)
    ignore(im, c->index, false);
  else if (!im->dry_run && map_put(&j->made, key, im))
    return; /* a second row for a new cell: the batch keeps the first, and counts one */
  else {
    im->imported++;
    if (!im->dry_run) store(im, c, value, false);
  }
}

static void take(struct judge *j, const struct checked *c) {
  struct import *im = j->im;
  struct str element = uid_of(c->element), unit = uid_of(c->unit), coc = uid_of(c->coc), aoc = uid_of(c->aoc),
             period = str_of(c->period.text);
  struct sim_value *old = values_get(im->sim->values, element, period, unit, coc, aoc);
  struct str value = c->row->value.n ? values_trimmed(normal(c, c->row->value)) : c->row->value;
  struct str key = arena_printf(im->arena, "%s %s %s %s %s", element.p, period.p, unit.p, coc.p, aoc.p);
  if (old && !old->deleted && !map_get(&j->made, key))
    take_existing(im, c, old, value);
  else
    take_new(j, c, value, key);
}

static bool abort_with(struct import *im, const char *code, const char *property, struct str object, json_t *objects, const char *text) {
  json_array_append_new(im->conflicts, json_pack("{s:s%, s:o, s:s, s:s, s:s}", "object", object.p, object.n, "objects", objects, "value",
                                                 text, "errorCode", code, "property", property));
  return import_end(im, "ERROR", "Import process was aborted");
}

/* False: it ended the whole import. */
static bool check_header(struct judge *j) {
  struct import *im = j->im;
  const struct model *m = &im->model;
  const struct values_group *g = j->group;
  struct str id = g->data_set;
  if (id.p && (!j->set || !model_access(m, j->set, 0, 'r')))
    return abort_with(im, "E7600", "dataSet", id, objects_of("dataSet", id),
                      say(im, "Data set not found or not accessible: `%1`", id, STR_NONE));
  if (j->set && !model_access(m, j->set, 3, 'w'))
    return abort_with(im, "E7601", "dataSet", id, objects_of("dataSet", id),
                      say(im, "User does not have write access for DataSet: `%1`", id, STR_NONE));
  if (g->unit.p && !import_find(im, SCHEMED_UNIT, g->unit))
    return abort_with(im, "E7603", "orgUnit", g->unit, objects_add(objects_of("organisationUnit", g->unit), "dataSet", id),
                      say(im, "Organisation unit not found or not accessible: `%1`", g->unit, STR_NONE));
  if (g->aoc.p && !import_find(im, SCHEMED_AOC, g->aoc))
    return abort_with(im, "E7604", "attributeOptionCombo", g->aoc, objects_add(objects_of("categoryOptionCombo", g->aoc), "dataSet", id),
                      say(im, "Attribute option combo not found or not accessible: `%1`", g->aoc, STR_NONE));
  return true;
}

/* A row for an option set element that deletes without a value trips over a null in the check of options, a file that is not there over another: the whole import ends. */
static bool trips(struct judge *j) {
  struct import *im = j->im;
  for (size_t i = 0; i < j->group->rows.n; i++) {
    const struct row *row = &j->group->rows.p[i];
    const json_t *element = import_find(im, SCHEMED_ELEMENT, row->element);
    const char *type = model_text(element, "valueType");
    if (!row->value.p && deletes(im, row) && *model_ref(element, "optionSet"))
      return !import_end(im, "ERROR", "The import process failed: null");
    if (row->value.n && !deletes(im, row) && (strcmp(type, "FILE_RESOURCE") == 0 || strcmp(type, "IMAGE") == 0))
      return !import_end(im, "ERROR",
                         "The import process failed: Cannot invoke \"org.hisp.dhis.fileresource.FileResource.setAssigned(boolean)\" "
                         "because \"fr\" is null");
  }
  return false;
}

static void complete(struct judge *j) {
  struct import *im = j->im;
  const struct values_group *g = j->group;
  const json_t *unit = import_find(im, SCHEMED_UNIT, g->unit);
  char today[CLOCK_TEXT_SIZE];
  int day;
  if (!g->complete_date.n || !j->set) return;
  if (!unit || !j->period.type) {
    json_array_append_new(im->conflicts, json_pack("{s:s, s:s}", "object", unit ? "Period" : "OrganisationUnit", "value",
                                                   "Must be provided to complete data set"));
    im->complete = NULL;
    return;
  }
  im->complete = arena_cstr(im->arena, g->complete_date);
  if (im->dry_run) return;
  (void)clock_format(im->now_ms, today);
  struct str date = sim_date_parse(g->complete_date, &day) ? str_slice(g->complete_date, 0, 10) : (struct str){today, 10};
  values_complete(im->sim->values,
                  &(struct completion){.period = str_of(j->period.text),
                                       .set = uid_of(j->set),
                                       .unit = uid_of(unit),
                                       .aoc = g->aoc.p ? uid_of(import_find(im, SCHEMED_AOC, g->aoc)) : str_of(im->model.default_coc),
                                       .date = date,
                                       .stored_by = str_of(model_text(im->model.user, "username"))});
}

/* False: the import has ended. */
static bool judge(struct judge *j) {
  const struct values_group *g = j->group;
  j->set = g->data_set.p ? import_find(j->im, SCHEMED_DATA_SET, g->data_set) : NULL;
  if (g->period.p && !sim_period_parse(g->period, &j->period)) j->period = (struct sim_period){.type = NULL};
  if (!check_header(j) || trips(j)) return false;
  for (size_t i = 0; i < g->rows.n; i++) {
    struct checked c = {.index = g->first + i, .row = &g->rows.p[i]};
    if (g->rows.p[i].comment.n) g->rows.p[i].comment = values_trimmed(g->rows.p[i].comment);
    if (find_parts(j, &c) && check_value(j, &c) && check_strict(j, &c) && check_attribute(j, &c) && check_time(j, &c))
      take(j, &c);
    else
      ignore(j->im, c.index, true);
  }
  complete(j);
  return true;
}

void import_old(struct import *im) {
  bool good = true;
  im->complete = NULL;
  for (size_t i = 0; i < im->groups.n && good; i++) {
    struct judge j = {.im = im, .group = &im->groups.p[i]};
    im->complete = "false";
    good = judge(&j);
    map_free(&j.made);
  }
  if (good)
    (void)import_end(im, json_array_size(im->conflicts) ? "WARNING" : "SUCCESS", "Import process completed successfully");
  else
    im->complete = NULL;
}

/* The engine to 2.42 (DHIS2 DefaultDataValueSetService): row by row, lenient unless told to be strict, and it counts what is new, changed and unchanged apart. */
#include "sim/values_internal.h"

struct checked {
  json_t *element, *unit, *coc, *aoc;
  struct sim_period period;
  struct str coc_id, aoc_id;
};

/* One conflict for all rows with the same code and objects. */
static void conflict(struct import *im, size_t index, const char *code, const char *property, struct str object, json_t *objects, const char *text) {
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

static const char *say(struct import *im, const char *format, struct str a, struct str b) {
  struct str first = a.p ? a : STR("null");
  struct buf text = BUF_INIT(8192);
  const char *mark = strstr(format, "%1"), *second = strstr(format, "%2");
  (void)buf_add(&text, (struct str){format, (size_t)(mark - format)});
  (void)buf_add(&text, first);
  if (second) {
    (void)buf_add(&text, (struct str){mark + 2, (size_t)(second - mark - 2)});
    (void)buf_add(&text, b);
    (void)buf_add(&text, str_of(second + 2));
  } else {
    (void)buf_add(&text, str_of(mark + 2));
  }
  const char *kept = arena_cstr(im->request->arena, buf_str(&text));
  buf_free(&text);
  return kept;
}

/* What must be found. Each of these returns false when it made a conflict. */
static bool find_parts(struct import *im, size_t i, const struct row *row, struct checked *c) {
  const struct model *m = &im->model;
  struct str period = im->period.p ? im->period : row->period, unit = im->unit.p ? im->unit : row->unit;
  c->coc_id = row->coc.p ? row->coc : str_of(m->default_coc);
  c->aoc_id = row->aoc.p ? row->aoc : im->aoc.p ? im->aoc : str_of(m->default_coc);
  c->element = model_get(m, "dataElements", row->element);
  c->unit = model_get(m, "organisationUnits", unit);
  c->coc = model_coc(m, c->coc_id);
  c->aoc = model_coc(m, c->aoc_id);
  if (!c->element) conflict(im, i, "E7610", "dataElement", row->element, objects_of("dataElement", row->element), say(im, "Data element not found or not accessible: `%1`", row->element, STR_NONE));
  else if (!sim_period_parse(period, &c->period)) conflict(im, i, "E7611", "period", period, objects_of("period", period), say(im, "Period not valid: `%1`", period, STR_NONE));
  else if (!c->unit) conflict(im, i, "E7612", "orgUnit", unit, objects_of("organisationUnit", unit), say(im, "Organisation unit not found or not accessible: `%1`", unit, STR_NONE));
  else if (!c->coc || !model_coc_access(m, c->coc, 'w', NULL))
    conflict(im, i, "E7613", "categoryOptionCombo", c->coc_id, objects_of("categoryOptionCombo", c->coc_id), say(im, "Category option combo not found or not accessible for writing data: `%1`", c->coc_id, STR_NONE));
  else if (!c->aoc || !model_coc_access(m, c->aoc, 'w', NULL))
    conflict(im, i, "E7615", "attributeOptionCombo", c->aoc_id, objects_of("categoryOptionCombo", c->aoc_id), say(im, "Attribute option combo not found or not accessible for writing data: `%1`", c->aoc_id, STR_NONE));
  else if (!model_user_unit(m, model_text(c->unit, "id"), false))
    conflict(im, i, "E7617", "orgUnit", unit, objects_add(objects_of("organisationUnit", unit), "user", str_of(model_text(m->user, "id"))),
             say(im, "Organisation unit: `%1` not in hierarchy of current user: `%2`", unit, str_of(model_text(m->user, "id"))));
  else return true;
  return false;
}

static bool deletes(const struct import *im, const struct row *row) {
  return row->deleted || str_starts(im->strategy, STR("DELETE"));
}

static bool check_value(struct import *im, size_t i, const struct row *row, const struct checked *c) {
  const struct model *m = &im->model;
  struct str element = row->element;
  const char *option_set = model_ref(c->element, "optionSet"), *problem = NULL;
  if (!row->value.p && !row->comment.p && !deletes(im, row)) {
    conflict(im, i, "E7618", "value", element, objects_of("dataElement", element), say(im, "Data value or comment not specified for data element: `%1`", element, STR_NONE));
    return false;
  }
  if (row->value.n && str_trim(row->value).n && !*option_set) problem = model_type_problem(model_text(c->element, "valueType"), row->value);
  if (problem) {
    conflict(im, i, "E7619", "value", element, objects_add(objects_of("dataElement", element), "value", str_of(problem)), say(im, "Value must match value type of data element `%1`: `%2`", element, STR("Data value is not of the value type")));
    return false;
  }
  if (row->comment.n > 50000) {
    struct str key = STR("comment_length_greater_than_max_length");
    conflict(im, i, "E7620", "comment", key, objects_of("comment", key), "Invalid comment: Comment is greater than max length");
    return false;
  }
  if (*option_set && row->value.n && !model_is_option(m, option_set, row->value)) {
    conflict(im, i, "E7621", "value", element, objects_of("dataElement", element), say(im, "Data value is not a valid option of the data element option set: `%1`", element, STR_NONE));
    return false;
  }
  return true;
}

enum { SETS_MAX = 64 };

/* What only strict imports look at. */
static bool check_strict(struct import *im, size_t i, const struct row *row, const struct checked *c) {
  const struct model *m = &im->model;
  json_t *sets[SETS_MAX];
  size_t count;
  struct str element = row->element, unit = str_of(model_text(c->unit, "id")), period = str_of(c->period.text);
  (void)model_sets_of(m, model_text(c->element, "id"), sets, SETS_MAX, &count);
  bool type_fits = false, in_set = false, coc_fits = model_coc_in(m, c->coc, model_element_combo(m, c->element)), aoc_fits = false, assigned = false;
  for (size_t k = 0; k < count; k++) {
    const char *combo = model_ref(sets[k], "categoryCombo");
    type_fits = type_fits || strcmp(model_text(sets[k], "periodType"), c->period.type) == 0;
    in_set = in_set || str_eq(im->data_set, str_of(model_text(sets[k], "id")));
    coc_fits = coc_fits || model_coc_in(m, c->coc, model_combo(m, model_text(sets[k], "id"), model_text(c->element, "id")));
    aoc_fits = aoc_fits || model_coc_in(m, c->aoc, *combo ? combo : sim_default_uid(m->sim->objects, "categoryCombos"));
    assigned = assigned || model_lists(sets[k], "organisationUnits", unit.p);
  }
  if (import_flag(im, "requireCategoryOptionCombo") && !row->coc.p) conflict(im, i, "E7630", "categoryOptionCombo", STR_NONE, json_object(), "Category option combo is required but is not specified");
  else if (import_flag(im, "requireAttributeOptionCombo") && !row->aoc.p && !im->aoc.p) conflict(im, i, "E7631", "attributeOptionCombo", STR_NONE, json_object(), "Attribute option combo is required but is not specified");
  else if (import_flag(im, "strictPeriods") && !type_fits)
    conflict(im, i, "E7632", NULL, period, objects_add(objects_of("period", period), "dataElement", element), say(im, "Period type of period: `%1` not valid for data element: `%2`", period, element));
  else if (import_flag(im, "strictDataElements") && !(im->data_set.p ? in_set : count > 0))
    conflict(im, i, "E7633", "dataElement", element, objects_add(objects_of("dataElement", element), "dataSet", im->data_set), say(im, "Data element: `%1` is not part of dataset(s): `%2`", element, im->data_set));
  else if (import_flag(im, "strictCategoryOptionCombos") && !coc_fits)
    conflict(im, i, "E7634", "categoryOptionCombo", c->coc_id, objects_add(objects_of("categoryOptionCombo", c->coc_id), "dataElement", element),
             say(im, "Category option combo: `%1` must be part of category combo of data element: `%2`", c->coc_id, element));
  else if (import_flag(im, "strictAttributeOptionCombos") && !aoc_fits)
    conflict(im, i, "E7635", "attributeOptionCombo", c->aoc_id, objects_add(objects_of("categoryOptionCombo", c->aoc_id), "dataElement", element),
             say(im, "Attribute option combo: `%1` must be part of category combo of data sets of data element: `%2`", c->aoc_id, element));
  else if (import_flag(im, "strictOrganisationUnits") && !assigned)
    conflict(im, i, "E7636", "orgUnit", unit, objects_add(objects_of("organisationUnit", unit), "dataElement", element),
             say(im, "Data element: `%2` must be assigned through data sets to organisation unit: `%1`", unit, element));
  else return true;
  return false;
}

/* Dates and units of the options of the attribute option combo. */
static bool check_attribute(struct import *im, size_t i, const struct checked *c) {
  const struct model *m = &im->model;
  const json_t *options = json_object_get(c->aoc, "categoryOptions");
  struct str unit = str_of(model_text(c->unit, "id")), period = str_of(c->period.text);
  for (size_t k = 0; k < json_array_size(options); k++) {
    const json_t *option = sim_objects_get(m->sim->objects, "categoryOptions", model_text(json_array_get(options, k), "id")), *units = json_object_get(option, "organisationUnits");
    int start, end;
    bool outside = (sim_date_parse(str_of(model_text(option, "startDate")), &start) && c->period.end < start) || (sim_date_parse(str_of(model_text(option, "endDate")), &end) && c->period.start > end);
    bool here = json_array_size(units) == 0;
    if (outside) {
      conflict(im, i, "E7638", "period", period, objects_add(objects_of("period", period), "categoryOptionCombo", c->aoc_id), say(im, "Period: `%1` is not within date range of attribute option combo: `%2`", period, c->aoc_id));
      return false;
    }
    for (size_t n = 0; n < json_array_size(units) && !here; n++) here = model_below(m, unit.p, model_text(json_array_get(units, n), "id"));
    if (!here) {
      conflict(im, i, "E7639", "orgUnit", unit, objects_add(objects_of("organisationUnit", unit), "categoryOptionCombo", c->aoc_id), say(im, "Organisation unit: `%1` is not valid for attribute option combo: `%2`", unit, c->aoc_id));
      return false;
    }
  }
  return true;
}

/* Is the period open? Without a data set in the header it is that of the element. */
static bool check_time(struct import *im, size_t i, const struct row *row, const struct checked *c, struct sim_period *first_input) {
  const struct model *m = &im->model;
  json_t *sets[SETS_MAX];
  size_t count = 0;
  struct sim_period latest;
  struct str period = str_of(c->period.text), element = row->element;
  if (im->data_set.p) sets[count++] = model_get(m, "dataSets", im->data_set);
  else (void)model_sets_of(m, model_text(c->element, "id"), sets, SETS_MAX, &count);
  if (im->force) return true;
  for (size_t k = 0; k < count; k++) {
    struct str set = str_of(model_text(sets[k], "id"));
    if (!im->data_set.p && !model_lists(sets[k], "organisationUnits", model_text(c->unit, "id"))) continue;
    if (!m->superuser && model_expired(m, sets[k], &c->period)) {
      conflict(im, i, "E7640", "period", period, objects_add(objects_of("period", period), "dataSet", set), say(im, "Current date is past expiry days for period: `%1`  and data set: `%2`", period, set));
      return false;
    }
    if (model_future(m, sets[k], &c->period, &latest)) {
      json_t *objects = objects_add(objects_add(objects_of("period", period), "dataElement", element), "dataSet", set);
      conflict(im, i, "E7641", "period", period, objects, say(im, "Period: `%1` is after latest open future period: `%2`", period, str_of(latest.text)));
      return false;
    }
    enum input_window window = model_input(m, sets[k], &c->period);
    /* Only the first period of a payload is judged rightly; later ones are taken for closed (measured on 2.41.9). */
    bool later = window == INPUT_OPEN && first_input->type && strcmp(first_input->text, c->period.text) != 0;
    if (window != INPUT_NO_WINDOWS && !first_input->type) *first_input = c->period;
    if (window != INPUT_NO_WINDOWS && (window != INPUT_OPEN || later)) {
      conflict(im, i, "E7643", "period", period, objects_add(objects_of("period", period), "dataSet", set), say(im, "Period: `%1` is not open for this data set at this time: `%2`", period, set));
      return false;
    }
  }
  return true;
}

static bool is_insignificant_zero(const struct checked *c, struct str value) {
  const char *type = model_text(c->element, "valueType"), *aggregation = model_text(c->element, "aggregationType");
  if (strncmp(type, "INTEGER", 7) != 0 && strcmp(type, "NUMBER") != 0 && strcmp(type, "UNIT_INTERVAL") != 0 && strcmp(type, "PERCENTAGE") != 0) return false;
  if (json_is_true(json_object_get(c->element, "zeroIsSignificant")) || strncmp(aggregation, "AVERAGE", 7) == 0) return false;
  struct str rest = value, before = str_take(&rest, '.');
  for (size_t i = 0; i < rest.n; i++)
    if (rest.p[i] != '0') return false;
  return str_eq(before, STR("0"));
}

static struct str normal(const struct checked *c, struct str value) {
  if (strcmp(model_text(c->element, "valueType"), "BOOLEAN") != 0 && strcmp(model_text(c->element, "valueType"), "TRUE_ONLY") != 0) return value;
  return value.n && strchr("tT1", value.p[0]) ? STR("true") : STR("false");
}

static bool same_text(const char *stored, struct str sent) {
  return str_eq(str_of(stored), sent);
}

static void store(struct import *im, const struct row *row, const struct checked *c, struct str value) {
  struct str stored_by = row->stored_by.n ? row->stored_by : str_of(model_text(im->model.user, "username"));
  struct sim_value *v = values_put(im->sim->values, row->element, str_of(c->period.text), str_of(model_text(c->unit, "id")), c->coc_id, c->aoc_id, im->now_ms);
  values_text(&v->value, value);
  values_text(&v->comment, row->comment.n ? row->comment : STR_NONE);
  values_text(&v->stored_by, stored_by);
  v->followup = row->followup;
  v->deleted = false;
  v->updated_ms = im->now_ms;
}

static void ignore(struct import *im, size_t i, bool reject) {
  im->ignored++;
  if (reject) import_reject(im, i);
}

static void take_existing(struct import *im, size_t i, const struct row *row, const struct checked *c, struct sim_value *old, struct str value) {
  bool creates_only = str_eq(im->strategy, STR("CREATE")) || str_eq(im->strategy, STR("NEW")), by_strategy = str_starts(im->strategy, STR("DELETE"));
  if (creates_only || (by_strategy && row->value.p && !row->deleted) || str_eq(im->strategy, STR("SYNC"))) {
    ignore(im, i, true);
  } else if (by_strategy || row->deleted || (!value.p && !row->comment.p) || is_insignificant_zero(c, value)) {
    im->deleted++;
    if (im->dry_run) return;
    old->deleted = true;
    old->updated_ms = im->now_ms;
  } else if (same_text(old->value, value) && same_text(old->comment, row->comment) && old->followup == row->followup) {
    ignore(im, i, false);
  } else {
    im->updated++;
    if (!im->dry_run) store(im, row, c, value);
  }
}

static void take_new(struct import *im, size_t i, const struct row *row, const struct checked *c, struct str value, struct map *made) {
  struct str key = arena_printf(im->request->arena, "%.*s %s %s %.*s %.*s", STR_ARG(row->element), c->period.text, model_text(c->unit, "id"), STR_ARG(c->coc_id), STR_ARG(c->aoc_id));
  bool updates_only = str_eq(im->strategy, STR("UPDATE")) || str_eq(im->strategy, STR("UPDATES")) || str_eq(im->strategy, STR("SYNC"));
  if (updates_only || deletes(im, row)) {
    ignore(im, i, true);
  } else if (value.p && is_insignificant_zero(c, value)) {
    return; /* in no counter, not stored */
  } else if (row->value.p && !str_trim(row->value).n) {
    ignore(im, i, false);
  } else if (map_put(made, key, im)) {
    return; /* a second row for a new cell: the batch keeps the first, and counts one */
  } else {
    im->imported++;
    if (!im->dry_run) store(im, row, c, value);
  }
}

static void take(struct import *im, size_t i, const struct row *row, const struct checked *c, struct map *made) {
  struct sim_value *old = values_get(im->sim->values, row->element, str_of(c->period.text), str_of(model_text(c->unit, "id")), c->coc_id, c->aoc_id);
  struct str value = row->value.n ? normal(c, row->value) : row->value;
  struct str key = arena_printf(im->request->arena, "%.*s %s %s %.*s %.*s", STR_ARG(row->element), c->period.text, model_text(c->unit, "id"), STR_ARG(c->coc_id), STR_ARG(c->aoc_id));
  if (old && !old->deleted && !map_get(made, key)) take_existing(im, i, row, c, old, value);
  else take_new(im, i, row, c, value, made);
}

/* True: it ended the whole import. */
static bool abort_on_header(struct import *im) {
  const struct model *m = &im->model;
  json_t *set = im->data_set.p ? model_get(m, "dataSets", im->data_set) : NULL, *c = NULL;
  struct str id = im->data_set;
  if (im->data_set.p && (!set || !model_access(m, set, 0, 'r')))
    c = json_pack("{s:s%, s:o, s:s, s:s, s:s}", "object", id.p, id.n, "objects", objects_of("dataSet", id), "value", say(im, "Data set not found or not accessible: `%1`", id, STR_NONE), "errorCode", "E7600", "property", "dataSet");
  else if (set && !model_access(m, set, 3, 'w'))
    c = json_pack("{s:s%, s:o, s:s, s:s, s:s}", "object", id.p, id.n, "objects", objects_of("dataSet", id), "value", say(im, "User does not have write access for DataSet: `%1`", id, STR_NONE), "errorCode", "E7601", "property", "dataSet");
  else if (im->unit.p && !model_get(m, "organisationUnits", im->unit))
    c = json_pack("{s:s%, s:o, s:s, s:s, s:s}", "object", im->unit.p, im->unit.n, "objects", objects_add(objects_of("organisationUnit", im->unit), "dataSet", id), "value",
                  say(im, "Organisation unit not found or not accessible: `%1`", im->unit, STR_NONE), "errorCode", "E7603", "property", "orgUnit");
  else if (im->aoc.p && !model_coc(m, im->aoc))
    c = json_pack("{s:s%, s:o, s:s, s:s, s:s}", "object", im->aoc.p, im->aoc.n, "objects", objects_add(objects_of("categoryOptionCombo", im->aoc), "dataSet", id), "value",
                  say(im, "Attribute option combo not found or not accessible: `%1`", im->aoc, STR_NONE), "errorCode", "E7604", "property", "attributeOptionCombo");
  if (!c) return false;
  json_array_append_new(im->conflicts, c);
  import_reply(im, "ERROR", "Import process was aborted");
  return true;
}

/* A row for an option set element that deletes without a value trips over a null in the check of options, and the whole import with it. */
static bool trips(const struct import *im) {
  for (size_t i = 0; i < im->count; i++) {
    const struct row *row = &im->rows[i];
    if (!row->value.p && deletes(im, row) && *model_ref(model_get(&im->model, "dataElements", row->element), "optionSet")) return true;
  }
  return false;
}

void import_old(struct import *im) {
  struct map made = {0};
  struct sim_period first_input = {0};
  if (abort_on_header(im)) return;
  if (trips(im)) {
    import_reply(im, "ERROR", "The import process failed: null");
    return;
  }
  for (size_t i = 0; i < im->count; i++) {
    const struct row *row = &im->rows[i];
    struct checked c = {0};
    if (find_parts(im, i, row, &c) && check_value(im, i, row, &c) && check_strict(im, i, row, &c) && check_attribute(im, i, &c) && check_time(im, i, row, &c, &first_input)) take(im, i, row, &c, &made);
    else ignore(im, i, true);
  }
  map_free(&made);
  im->complete = "false";
  if (im->complete_date.n && im->data_set.p && im->period.p && im->unit.p) im->complete = arena_cstr(im->request->arena, im->complete_date);
  import_reply(im, json_array_size(im->conflicts) ? "WARNING" : "SUCCESS", "Import process completed successfully");
}

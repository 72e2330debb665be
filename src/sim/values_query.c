#include "sim/values_query.h"

#include "base/clock.h"
#include "sim/relations.h"

enum { DAY_MS = 86400000 };

/* --- id schemes --- */

bool scheme_parse(struct arena *arena, struct str text, struct scheme *ret) {
  static const struct {
    const char *name;
    enum scheme_kind kind;
  } kinds[] = {{"UID", SCHEME_UID}, {"CODE", SCHEME_CODE}, {"NAME", SCHEME_NAME}, {"ID", SCHEME_DATABASE_ID}};
  if (str_starts(text, STR("ATTRIBUTE:"))) {
    *ret = (struct scheme){SCHEME_ATTRIBUTE, text, arena_cstr(arena, str_from(text, 10))};
    return true;
  }
  for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
    if (!str_eq_nocase(text, str_of(kinds[i].name))) continue;
    *ret = (struct scheme){kinds[i].kind, str_of(kinds[i].name), NULL};
    return true;
  }
  return false;
}

static struct str attribute_of(const json_t *object, const char *attribute) {
  const json_t *values = json_object_get(object, "attributeValues");
  for (size_t i = 0; i < json_array_size(values); i++)
    if (strcmp(model_ref(json_array_get(values, i), "attribute"), attribute) == 0)
      return str_of(model_text(json_array_get(values, i), "value"));
  return STR_NONE;
}

struct str scheme_name(const struct model *m, const struct scheme *scheme, const json_t *object) {
  const char *key = scheme->kind == SCHEME_CODE ? "code" : scheme->kind == SCHEME_NAME ? "name" : "id";
  if (scheme->kind == SCHEME_ATTRIBUTE) return attribute_of(object, scheme->attribute);
  const char *text = json_string_value(json_object_get(object, key));
  return text ? str_of(text) : STR_NONE;
}

json_t *scheme_find(const struct model *m, const char *class_name, const struct scheme *scheme, struct str text) {
  if (scheme->kind == SCHEME_UID || scheme->kind == SCHEME_DATABASE_ID) return model_get(m, class_name, text);
  for (size_t i = 0; i < sim_objects_count(m->sim->objects, class_name); i++) {
    json_t *object = sim_objects_at(m->sim->objects, class_name, i);
    struct str name = scheme_name(m, scheme, object);
    if (name.n && str_eq(name, text)) return object;
  }
  return NULL;
}

static const char *const scheme_params[SCHEMED_COUNT] = {
    "dataSetIdScheme",  "dataElementIdScheme",   "orgUnitIdScheme", "categoryOptionComboIdScheme", "attributeOptionComboIdScheme",
    "categoryIdScheme", "categoryOptionIdScheme"};

/* --- reading --- */

static bool fail(struct values_query *q, int status, const char *code, struct str message) {
  if (q->new_engine) http_headers_set(&q->reply->headers, q->reply->arena, STR("Content-Type"), STR("application/json"));
  sim_reply_message(q->reply, status, "ERROR", code, arena_cstr(q->request->arena, message));
  return false;
}

static bool read_schemes(struct values_query *q) {
  struct arena *a = q->request->arena;
  for (size_t i = 0; i < SCHEMED_COUNT; i++) {
    struct str own = sim_param(q->request, scheme_params[i], 0), all = sim_param(q->request, "idScheme", 0),
               text = own.n   ? own
                      : all.n ? all
                              : STR("UID");
    if (scheme_parse(a, text, &q->schemes[i])) continue;
    const char *name = own.n ? scheme_params[i] : "idScheme";
    return fail(
        q, 400, NULL,
        q->new_engine
            ? arena_printf(a, "Value '%.*s' is not valid for parameter %s. Invalid ID scheme: %.*s\n\tUse UID, CODE, NAME, ATTRIBUTE:<uid>",
                           STR_ARG(text), name, STR_ARG(text))
            : arena_printf(a, "No enum constant org.hisp.dhis.common.IdentifiableProperty.%.*s", STR_ARG(text)));
  }
  return true;
}

static void add(struct map *map, struct str text) {
  if (text.n) (void)map_put(map, text, map);
}

/* How ids in the query are to be read: its own parameter, the one for all, or UID. */
static struct scheme input_scheme(struct values_query *q, const char *own) {
  struct scheme scheme = {SCHEME_UID, STR("UID"), NULL};
  struct str text = own ? sim_param(q->request, own, 0) : STR_NONE;
  if (!text.n) text = sim_param(q->request, "inputIdScheme", 0);
  if (text.n) (void)scheme_parse(q->request->arena, text, &scheme);
  return scheme;
}

/* Every value of a parameter that may repeat and hold lists. */
static size_t each(struct values_query *q, const char *name, const char *class_name, const char *input, struct map *into,
                   struct str *ret_last) {
  struct scheme scheme = input_scheme(q, input);
  size_t count = 0;
  struct str value;
  for (size_t n = 0; (value = sim_param(q->request, name, n)).p; n++)
    while (value.p) {
      struct str one = str_take(&value, ',');
      if (!one.n) continue;
      count++;
      const json_t *object = scheme_find(&q->model, class_name, &scheme, one);
      bool hidden = object && strcmp(class_name, "dataSets") == 0 && !model_access(&q->model, object, 0, 'r');
      if (!q->new_engine && (!object || hidden)) continue; /* what is unknown is dropped without a word */
      if (object) one = str_of(model_text(object, "id"));
      *ret_last = one;
      add(into, one);
    }
  return count;
}

static bool read_periods(struct values_query *q) {
  struct sim_period period;
  struct str value;
  struct arena *a = q->request->arena;
  for (size_t n = 0; (value = sim_param(q->request, "period", n)).p; n++)
    while (value.p) {
      struct str one = str_take(&value, ',');
      if (!one.n) continue;
      q->asked_periods++;
      if (sim_period_by(q->model.sim->conf.calendar, one, &period)) {
        q->period = arena_str(a, str_of(period.text));
        add(&q->periods, q->period);
      } else if (q->new_engine) {
        bool digit = one.p[0] >= '0' && one.p[0] <= '9';
        return fail(q, 400, NULL,
                    digit
                        ? arena_printf(a, "Invalid Period `%.*s`, failed to create date interval", STR_ARG(one))
                        : arena_printf(a, "Invalid Period `%.*s`, expected a digit at position 0 but found: `%c`", STR_ARG(one), one.p[0]));
      }
    }
  return true;
}

static bool bad_date(struct values_query *q, struct str text, const char *name) {
  struct arena *a = q->request->arena;
  uint64_t month = 0;
  bool wrong_month = text.n >= 7 && str_to_u64(str_slice(text, 5, 7), &month) && (month < 1 || month > 12);
  struct str why = wrong_month ? arena_printf(a, ": Value %d for monthOfYear must be in the range [1,12]", (int)month) : STR("");
  return fail(q, 400, NULL,
              arena_printf(a, "Value '%.*s' is not valid for parameter %s. Cannot parse \"%.*s\"%.*s", STR_ARG(text), name, STR_ARG(text),
                           STR_ARG(why)));
}

static bool read_dates(struct values_query *q) {
  static const char *const names[] = {"startDate", "endDate"};
  int *days[] = {&q->start, &q->end};
  size_t given = 0;
  for (size_t i = 2; i-- > 0;) {
    struct str text = sim_param(q->request, names[i], 0);
    if (!text.p) continue;
    given++;
    if (!sim_date_parse(text, days[i])) return bad_date(q, text, names[i]);
  }
  q->dates = given == 2;
  return true;
}

static bool read_updated(struct values_query *q) {
  struct str since = sim_param(q->request, "lastUpdated", 0), duration = sim_param(q->request, "lastUpdatedDuration", 0);
  uint64_t number = 0;
  int day;
  if (since.p && sim_date_parse(since, &day)) {
    q->updated = true;
    q->updated_from = (int64_t)day * DAY_MS;
    if (since.n > 10 && !clock_parse(since, &q->updated_from)) q->updated_from = (int64_t)day * DAY_MS;
  }
  if (duration.n) {
    char unit = duration.p[duration.n - 1];
    int64_t factor = unit == 'd' ? DAY_MS : unit == 'h' ? 3600000 : unit == 'm' ? 60000 : unit == 's' ? 1000 : 0;
    if (!factor || !str_to_u64(str_slice(duration, 0, duration.n - 1), &number))
      return q->new_engine || fail(q, 409, "E2005", STR("Duration is not valid: `{0}`"));
    q->updated = true;
    q->updated_from = sim_now_ms(q->model.sim) - (int64_t)number * factor;
  }
  if (q->new_engine) q->updated_from -= q->updated_from % DAY_MS; /* compared by day */
  return true;
}

/* --- checking --- */

static bool bad_uids(struct values_query *q) {
  struct map *maps[] = {&q->sets, &q->elements, &q->units, &q->aocs, &q->cocs};
  for (size_t i = 0; i < sizeof maps / sizeof *maps; i++)
    for (struct map_entry *e = map_first(maps[i]); e; e = map_next(maps[i], e))
      if (!sim_is_uid(e->key)) {
        (void)fail(q, 400, NULL,
                   arena_printf(q->request->arena,
                                "UID must be an alphanumeric string of 11 characters starting with a letter, but was: %.*s",
                                STR_ARG(e->key)));
        return true;
      }
  return false;
}

static bool check(struct values_query *q) {
  bool time = q->periods.count || q->dates || (q->updated && !q->new_engine), group = sim_param(q->request, "orgUnitGroup", 0).n > 0;
  struct str limit = sim_param(q->request, "limit", 0),
             no_units = STR("At least one organisation unit or organisation unit group must be specified");
  if (q->new_engine && bad_uids(q)) return false;
  if (q->new_engine && group && q->children)
    return fail(q, 409, "E2007", STR("Organisation unit children cannot be included for organisation unit groups"));
  if (!q->new_engine && q->children && !q->units.count)
    return fail(q, 409, "E2008", STR("At least one organisation unit must be specified when children are included"));
  if (!q->new_engine && !q->units.count) return fail(q, 409, "E2006", no_units);
  if (!q->sets.count && !q->elements.count)
    return fail(q, 409, "E2001", STR("At least one data element, data set or data element group must be specified"));
  if (!time)
    return fail(q, 409, "E2002", STR("At least one period, start/end dates, last updated or last updated duration must be specified"));
  if (q->new_engine && q->periods.count && q->dates)
    return fail(q, 409, "E2003", STR("Both periods and start/end date cannot be specified"));
  if (q->dates && q->start > q->end) return fail(q, 409, "E2004", STR("Start date must be before end date"));
  if (!q->units.count) return fail(q, 409, "E2006", no_units);
  if (limit.n && limit.p[0] == '-')
    return fail(q, 409, "E2009",
                q->new_engine ? STR("Limit cannot be less than zero: `{0}`")
                              : arena_printf(q->request->arena, "Limit cannot be less than zero: `%.*s`", STR_ARG(limit)));
  return true;
}

/* No rights: the old engine says so with an empty body. */
static bool refuse(struct values_query *q, const char *code, const char *what, struct str id) {
  if (q->new_engine) return fail(q, 409, code, arena_printf(q->request->arena, "User is not allowed to %s: `[%.*s]`", what, STR_ARG(id)));
  sim_reply_text(
      q->reply, 200,
      str_eq(sim_param(q->request, "format", 0), STR("csv")) ? "application/csv;charset=UTF-8" : "application/json;charset=UTF-8", STR(""));
  return false;
}

static bool check_access(struct values_query *q) {
  const struct model *m = &q->model;
  for (struct map_entry *e = map_first(&q->sets); e; e = map_next(&q->sets, e)) {
    const json_t *set = model_get(m, "dataSets", e->key);
    if (set && !(model_access(m, set, 0, 'r') && model_access(m, set, 2, 'r')))
      return refuse(q, "E2010", "read data for data set(s)", e->key);
  }
  for (struct map_entry *e = map_first(&q->aocs); e; e = map_next(&q->aocs, e))
    if (!model_coc_access(m, model_coc(m, e->key), 'r', NULL)) return refuse(q, "E2011", "read data for attribute option combo(s)", e->key);
  for (struct map_entry *e = map_first(&q->units); e; e = map_next(&q->units, e))
    if (model_get(m, "organisationUnits", e->key) && !model_user_unit(m, arena_cstr(q->request->arena, e->key), true))
      return refuse(q, "E2012", "view org unit(s)", e->key);
  return true;
}

static int64_t number(const struct sim_request *request, const char *name) {
  uint64_t value;
  return str_to_u64(sim_param(request, name, 0), &value) && value < INT32_MAX ? (int64_t)value : 0;
}

static void add_set_elements(struct values_query *q) {
  for (struct map_entry *e = map_first(&q->sets); e; e = map_next(&q->sets, e)) {
    const json_t *list = json_object_get(model_get(&q->model, "dataSets", e->key), "dataSetElements");
    for (size_t i = 0; i < json_array_size(list); i++) add(&q->elements, str_of(model_ref(json_array_get(list, i), "dataElement")));
  }
}

bool values_query_read(struct values_query *q, struct sim *sim, json_t *user, const struct sim_request *request, struct sim_reply *reply) {
  struct str last;
  *q = (struct values_query){.model = model_of(sim, user), .request = request, .reply = reply, .new_engine = values_new_engine(sim)};
  q->children = str_eq(sim_param(request, "children", 0), STR("true"));
  q->deleted = str_eq(sim_param(request, "includeDeleted", 0), STR("true"));
  q->unfold = q->new_engine && str_eq(sim_param(request, "unfoldOptionCombos", 0), STR("true"));
  if (!read_schemes(q)) return false;
  q->asked_sets = each(q, "dataSet", "dataSets", "inputDataSetIdScheme", &q->sets, &q->set);
  (void)each(q, "dataElement", "dataElements", "inputDataElementIdScheme", &q->elements, &last);
  q->asked_units = each(q, "orgUnit", "organisationUnits", "inputOrgUnitIdScheme", &q->units, &q->unit);
  q->asked_aocs = each(q, "attributeOptionCombo", "categoryOptionCombos", NULL, &q->aocs, &q->aoc);
  if (q->new_engine) (void)each(q, "categoryOptionCombo", "categoryOptionCombos", NULL, &q->cocs, &last);
  q->limit = number(request, "limit");
  q->offset = q->new_engine ? number(request, "offset") : 0;
  q->level = q->new_engine ? (int)number(request, "level") : 0;
  if (!read_periods(q) || !read_dates(q) || !read_updated(q) || !check(q) || !check_access(q)) return false;
  add_set_elements(q);
  return true;
}

void values_query_done(struct values_query *q) {
  struct map *maps[] = {&q->sets, &q->elements, &q->periods, &q->units, &q->aocs, &q->cocs, &q->aoc_seen, &q->period_seen};
  for (size_t i = 0; i < sizeof maps / sizeof *maps; i++) map_free(maps[i]);
  VEC_FREE(&q->rows);
}

/* --- selecting --- */

static char yes, no; /* what the maps of decisions point to */

static int level_of(const struct model *m, const char *unit) {
  int level = 0;
  for (const json_t *at = sim_objects_get(m->sim->objects, "organisationUnits", unit); at && level < 32;
       at = sim_objects_get(m->sim->objects, "organisationUnits", model_ref(at, "parent")))
    level++;
  return level;
}

static bool unit_asked(struct values_query *q, struct str unit) {
  bool asked = map_get(&q->units, unit) != NULL;
  if (!asked && !q->children) return false;
  const char *id = arena_cstr(q->request->arena, unit);
  for (struct map_entry *e = q->children ? map_first(&q->units) : NULL; e && !asked; e = map_next(&q->units, e))
    asked = model_below(&q->model, id, arena_cstr(q->request->arena, e->key));
  if (asked && q->level) asked = level_of(&q->model, id) == q->level;
  return asked;
}

static bool aoc_allowed(struct values_query *q, struct str aoc) {
  const char *known = map_get(&q->aoc_seen, aoc);
  if (known) return known == &yes;
  bool allowed = (!q->aocs.count || map_get(&q->aocs, aoc)) && model_coc_access(&q->model, model_coc(&q->model, aoc), 'r', NULL);
  (void)map_put(&q->aoc_seen, arena_str(q->request->arena, aoc), allowed ? &yes : &no);
  return allowed;
}

static bool period_asked(struct values_query *q, struct str text) {
  struct sim_period period;
  if (q->periods.count) return map_get(&q->periods, text) != NULL;
  if (!q->dates) return true;
  const char *known = map_get(&q->period_seen, text);
  if (known) return known == &yes;
  bool inside = sim_period_parse(text, &period) && period.start >= q->start && period.end <= q->end;
  (void)map_put(&q->period_seen, arena_str(q->request->arena, text), inside ? &yes : &no);
  return inside;
}

/* Of a unit that is asked for. */
static bool wanted(struct values_query *q, const struct sim_value *v) {
  if (!str_eq(v->period, q->last_period)) {
    q->last_period = v->period;
    q->last_period_asked = period_asked(q, v->period);
  }
  if ((v->deleted && !q->deleted) || !q->last_period_asked || !map_get(&q->elements, v->element)) return false;
  if ((q->updated && v->updated_ms < q->updated_from) || (q->cocs.count && !map_get(&q->cocs, v->coc))) return false;
  return aoc_allowed(q, v->aoc);
}

/* The new engine's order where none is asked for: period, time of creation, element. */
static int in_order(const void *x, const void *y) {
  const struct sim_value *a = *(struct sim_value *const *)x, *b = *(struct sim_value *const *)y;
  int order = a->start - b->start;
  if (!order) order = (a->created_ms > b->created_ms) - (a->created_ms < b->created_ms);
  if (!order) order = str_cmp(a->element, b->element);
  return order ? order : a->serial < b->serial ? -1 : a->serial > b->serial;
}

static int by_element(const void *x, const void *y) {
  const struct sim_value *a = *(struct sim_value *const *)x, *b = *(struct sim_value *const *)y;
  int order = str_cmp(a->element, b->element);
  return order ? order : in_order(x, y);
}

static int in_order_of_writing(const void *x, const void *y) {
  const struct sim_value *a = *(struct sim_value *const *)x, *b = *(struct sim_value *const *)y;
  return a->serial < b->serial ? -1 : a->serial > b->serial;
}

void values_query_select(struct values_query *q) {
  const struct map *units = values_by_unit(q->model.sim->values);
  if (!q->new_engine && q->schemes[SCHEMED_ELEMENT].kind == SCHEME_DATABASE_ID)
    return; /* the query breaks, and the answer is an empty list (measured on 2.41.9) */
  for (struct map_entry *e = map_first(units); e; e = map_next(units, e))
    for (struct sim_value *v = unit_asked(q, e->key) ? e->value : NULL; v; v = v->next)
      if (wanted(q, v)) VEC_PUSH(&q->rows, v);
  bool by_elements = str_eq(sim_param(q->request, "order", 0), STR("DE"));
  if (q->rows.n) qsort(q->rows.p, q->rows.n, sizeof *q->rows.p, !q->new_engine ? in_order_of_writing : by_elements ? by_element : in_order);
  size_t from = (size_t)q->offset < q->rows.n ? (size_t)q->offset : q->rows.n, left = q->rows.n - from;
  if (q->limit && (size_t)q->limit < left) left = (size_t)q->limit;
  if (from) memmove(q->rows.p, q->rows.p + from, left * sizeof *q->rows.p);
  q->rows.n = left;
}

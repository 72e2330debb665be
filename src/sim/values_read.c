/* GET /api/dataValueSets as both engines answer it. */
#include "base/clock.h"
#include "base/json_out.h"
#include "sim/values_internal.h"

enum { ANSWER_MAX = 1 << 30 };

struct filter {
  struct model model;
  const struct sim_request *request;
  bool new_engine, children, deleted;
  struct map sets, elements, periods, units, aocs; /* ids that were asked for (those that exist, on the old engine) */
  size_t asked_sets, asked_periods, asked_units, asked_aocs; /* named in the request */
  bool dates, updated;
  int start, end;
  int64_t updated_from;
  int64_t limit, offset;
  struct str set, period, unit, aoc;                /* the only one asked for */
};

static void add(struct map *map, struct str text) {
  if (text.n) (void)map_put(map, text, map);
}

/* Every value of a parameter that may repeat and hold lists. */
static size_t each(struct filter *f, const char *name, struct map *into, struct str *ret_last, const char *class_name) {
  size_t count = 0;
  struct str value;
  for (size_t n = 0; (value = sim_param(f->request, name, n)).p; n++)
    while (value.p) {
      struct str one = str_take(&value, ',');
      if (!one.n) continue;
      count++;
      *ret_last = one;
      if (class_name && !f->new_engine && !model_get(&f->model, class_name, one)) continue; /* unknown ones are dropped without a word */
      add(into, one);
    }
  return count;
}

static bool fail(struct sim_reply *reply, int status, const char *code, const char *message) {
  sim_reply_message(reply, status, "ERROR", code, message);
  return false;
}

/* No rights: the old engine says so with an empty body. */
static bool refuse(const struct filter *f, struct sim_reply *reply, const char *code, struct str message) {
  if (f->new_engine) return fail(reply, 409, code, arena_cstr(f->request->arena, message));
  sim_reply_text(reply, 200, "application/json;charset=UTF-8", STR(""));
  return false;
}

static bool bad_uids(struct filter *f, struct sim_reply *reply) {
  struct map *maps[] = {&f->sets, &f->elements, &f->units, &f->aocs};
  for (size_t i = 0; i < 4; i++)
    for (struct map_entry *e = map_first(maps[i]); e; e = map_next(maps[i], e))
      if (!sim_is_uid(e->key)) {
        (void)fail(reply, 400, NULL, arena_printf(f->request->arena, "UID must be an alphanumeric string of 11 characters starting with a letter, but was: %.*s", STR_ARG(e->key)).p);
        return true;
      }
  return false;
}

static bool read_periods(struct filter *f, struct sim_reply *reply) {
  struct map asked = {0};
  struct sim_period period;
  bool good = true;
  f->asked_periods = each(f, "period", &asked, &f->period, NULL);
  for (struct map_entry *e = map_first(&asked); e && good; e = map_next(&asked, e)) {
    if (sim_period_parse(e->key, &period)) add(&f->periods, arena_str(f->request->arena, str_of(period.text)));
    else if (f->new_engine) good = fail(reply, 400, NULL, arena_printf(f->request->arena, "Invalid Period `%.*s`, failed to create date interval", STR_ARG(e->key)).p);
  }
  if (map_first(&f->periods)) f->period = map_first(&f->periods)->key;
  map_free(&asked);
  return good;
}

static bool read_dates(struct filter *f, struct sim_reply *reply) {
  static const char *const names[] = {"startDate", "endDate"};
  int *days[] = {&f->start, &f->end};
  size_t given = 0;
  for (size_t i = 2; i-- > 0;) {
    struct str text = sim_param(f->request, names[i], 0);
    if (!text.p) continue;
    given++;
    if (!sim_date_parse(text, days[i])) return fail(reply, 400, NULL, arena_printf(f->request->arena, "Value '%.*s' is not valid for parameter %s. Cannot parse \"%.*s\"", STR_ARG(text), names[i], STR_ARG(text)).p);
  }
  f->dates = given == 2;
  return true;
}

static bool read_updated(struct filter *f, struct sim_reply *reply) {
  struct str since = sim_param(f->request, "lastUpdated", 0), duration = sim_param(f->request, "lastUpdatedDuration", 0);
  uint64_t number = 0;
  int day;
  if (since.p && sim_date_parse(since, &day)) {
    f->updated = true;
    f->updated_from = (int64_t)day * 86400000;
    if (since.n > 10 && !clock_parse(since, &f->updated_from)) f->updated_from = (int64_t)day * 86400000;
  }
  if (duration.n) {
    char unit = duration.p[duration.n - 1];
    int64_t factor = unit == 'd' ? 86400000 : unit == 'h' ? 3600000 : unit == 'm' ? 60000 : unit == 's' ? 1000 : 0;
    if (!factor || !str_to_u64(str_slice(duration, 0, duration.n - 1), &number)) return f->new_engine || fail(reply, 409, "E2005", "Duration is not valid: `{0}`");
    f->updated = true;
    f->updated_from = sim_now_ms(f->model.sim) - (int64_t)number * factor;
  }
  if (f->new_engine) f->updated_from -= f->updated_from % 86400000; /* compared by day */
  return true;
}

static const char no_elements[] = "At least one data element, data set or data element group must be specified";
static const char no_time[] = "At least one period, start/end dates, last updated or last updated duration must be specified";
static const char no_units[] = "At least one organisation unit or organisation unit group must be specified";

static bool check(struct filter *f, struct sim_reply *reply) {
  bool time = f->periods.count || f->dates || (f->updated && !f->new_engine);
  bool elements = f->sets.count || f->elements.count;
  struct str limit = sim_param(f->request, "limit", 0);
  if (f->new_engine && bad_uids(f, reply)) return false;
  if (!f->new_engine && f->children && !f->units.count) return fail(reply, 409, "E2008", "At least one organisation unit must be specified when children are included");
  if (!f->new_engine && !f->units.count) return fail(reply, 409, "E2006", no_units);
  if (!elements) return fail(reply, 409, "E2001", no_elements);
  if (!time) return fail(reply, 409, "E2002", no_time);
  if (f->new_engine && f->periods.count && f->dates) return fail(reply, 409, "E2003", "Both periods and start/end date cannot be specified");
  if (f->dates && f->start > f->end) return fail(reply, 409, "E2004", "Start date must be before end date");
  if (!f->units.count) return fail(reply, 409, "E2006", no_units);
  if (limit.n && limit.p[0] == '-') return fail(reply, 409, "E2009", f->new_engine ? "Limit cannot be less than zero: `{0}`" : arena_printf(f->request->arena, "Limit cannot be less than zero: `%.*s`", STR_ARG(limit)).p);
  return true;
}

static bool check_access(struct filter *f, struct sim_reply *reply) {
  const struct model *m = &f->model;
  struct arena *a = f->request->arena;
  for (struct map_entry *e = map_first(&f->sets); e; e = map_next(&f->sets, e)) {
    const json_t *set = model_get(m, "dataSets", e->key);
    if (set && !(model_access(m, set, 0, 'r') && model_access(m, set, 2, 'r'))) return refuse(f, reply, "E2010", arena_printf(a, "User is not allowed to read data for data set(s): `[%.*s]`", STR_ARG(e->key)));
  }
  for (struct map_entry *e = map_first(&f->aocs); e; e = map_next(&f->aocs, e))
    if (!model_coc_access(m, model_coc(m, e->key), 'r', NULL)) return refuse(f, reply, "E2011", arena_printf(a, "User is not allowed to read data for attribute option combo(s): `[%.*s]`", STR_ARG(e->key)));
  for (struct map_entry *e = map_first(&f->units); e; e = map_next(&f->units, e))
    if (model_get(m, "organisationUnits", e->key) && !model_user_unit(m, arena_cstr(a, e->key), true))
      return refuse(f, reply, "E2012", arena_printf(a, "User is not allowed to view org unit(s): `[%.*s]`", STR_ARG(e->key)));
  return true;
}

static void add_set_elements(struct filter *f) {
  for (struct map_entry *e = map_first(&f->sets); e; e = map_next(&f->sets, e)) {
    const json_t *list = json_object_get(model_get(&f->model, "dataSets", e->key), "dataSetElements");
    for (size_t i = 0; i < json_array_size(list); i++) add(&f->elements, str_of(model_ref(json_array_get(list, i), "dataElement")));
  }
}

static bool unit_asked(const struct filter *f, const struct sim_value *v) {
  if (map_get(&f->units, v->unit)) return true;
  if (!f->children) return false;
  for (struct map_entry *e = map_first(&f->units); e; e = map_next(&f->units, e))
    if (model_below(&f->model, arena_cstr(f->request->arena, v->unit), arena_cstr(f->request->arena, e->key))) return true;
  return false;
}

static bool wanted(const struct filter *f, const struct sim_value *v) {
  struct sim_period period;
  if (v->deleted && !f->deleted) return false;
  if (!map_get(&f->elements, v->element) || (f->aocs.count && !map_get(&f->aocs, v->aoc))) return false;
  if (f->periods.count && !map_get(&f->periods, v->period)) return false;
  if (f->dates && !f->periods.count && (!sim_period_parse(v->period, &period) || period.start < f->start || period.end > f->end)) return false;
  if (f->updated && v->updated_ms < f->updated_from) return false;
  return unit_asked(f, v) && model_coc_access(&f->model, model_coc(&f->model, v->aoc), 'r', NULL);
}

static void write_time(struct json_out *out, const char *key, int64_t ms) {
  char text[CLOCK_TEXT_SIZE], zone[CLOCK_TEXT_SIZE + 8];
  (void)clock_format(ms - ms % 1000, text);
  (void)snprintf(zone, sizeof zone, "%.19s.%03d+0000", text, (int)(ms % 1000));
  json_out_member_str(out, key, str_of(zone));
}

static struct str or_null(const char *text) {
  return text ? str_of(text) : STR_NONE;
}

static void write_value(const struct filter *f, struct json_out *out, const struct sim_value *v) {
  bool all = !f->new_engine;
  json_out_object(out);
  json_out_member_str(out, "dataElement", v->element);
  if (all || f->asked_periods != 1) json_out_member_str(out, "period", v->period);
  if (all || f->asked_units != 1 || f->children) json_out_member_str(out, "orgUnit", v->unit);
  json_out_member_str(out, "categoryOptionCombo", v->coc);
  if (all || f->asked_aocs != 1) json_out_member_str(out, "attributeOptionCombo", v->aoc);
  if (all || v->value) json_out_member_str(out, "value", or_null(v->value));
  if (v->stored_by) json_out_member_str(out, "storedBy", str_of(v->stored_by));
  write_time(out, "created", v->created_ms);
  write_time(out, "lastUpdated", v->updated_ms);
  if (all || v->comment) json_out_member_str(out, "comment", or_null(v->comment));
  if (all || v->followup) json_out_member_bool(out, "followup", v->followup);
  if (v->deleted) json_out_member_bool(out, "deleted", true);
  json_out_end(out);
}

/* What all rows share stands at the top: for the old engine where exactly one of each was asked for, for the new one each by itself. */
static void write_header(const struct filter *f, struct json_out *out) {
  bool one_each = f->sets.count == 1 && f->asked_sets >= 1 && f->periods.count == 1 && f->units.count == 1;
  if (f->new_engine ? f->asked_sets == 1 : one_each) json_out_member_str(out, "dataSet", f->new_engine ? f->set : map_first(&f->sets)->key);
  if (!f->new_engine && one_each) json_out_member_str(out, "completeDate", STR_NONE);
  if (f->new_engine ? f->asked_periods == 1 : one_each) json_out_member_str(out, "period", f->period);
  if (f->new_engine ? f->asked_units == 1 && !f->children : one_each) json_out_member_str(out, "orgUnit", f->new_engine ? f->unit : map_first(&f->units)->key);
  if (f->new_engine && f->asked_aocs == 1) json_out_member_str(out, "attributeOptionCombo", f->aoc);
}

static void write_all(struct filter *f, struct sim_reply *reply) {
  const struct sim_values *values = f->model.sim->values;
  struct buf text = BUF_INIT(ANSWER_MAX);
  struct json_out out = JSON_OUT_INIT(&text);
  int64_t at = 0, sent = 0;
  json_out_object(&out);
  write_header(f, &out);
  json_out_member_array(&out, "dataValues");
  for (size_t i = 0; i < values_count(values); i++) {
    if (!wanted(f, values_at(values, i))) continue;
    if (at++ < f->offset || (f->limit && sent >= f->limit)) continue;
    write_value(f, &out, values_at(values, i));
    sent++;
  }
  json_out_end(&out);
  json_out_end(&out);
  if (f->new_engine) {
    sim_reply_header(reply, "Content-Disposition", STR("attachment; filename=\"dataValues.json\""));
    sim_reply_header(reply, "Content-Transfer-Encoding", STR("binary"));
  }
  sim_reply_header(reply, "Cache-Control", STR("no-cache, no-store, max-age=0, must-revalidate"));
  sim_reply_text(reply, 200, "application/json;charset=UTF-8", arena_str(reply->arena, buf_str(&text)));
  buf_free(&text);
}

static int64_t number(const struct sim_request *request, const char *name) {
  uint64_t value;
  return str_to_u64(sim_param(request, name, 0), &value) && value < INT32_MAX ? (int64_t)value : 0;
}

void values_read(struct sim *sim, json_t *user, const struct sim_request *request, struct sim_reply *reply) {
  struct filter f = {.model = model_of(sim, user), .request = request, .new_engine = values_new_engine(sim)};
  struct str last = STR_NONE;
  f.children = str_eq(sim_param(request, "children", 0), STR("true"));
  f.deleted = str_eq(sim_param(request, "includeDeleted", 0), STR("true"));
  f.asked_sets = each(&f, "dataSet", &f.sets, &f.set, "dataSets");
  (void)each(&f, "dataElement", &f.elements, &last, "dataElements");
  f.asked_units = each(&f, "orgUnit", &f.units, &f.unit, "organisationUnits");
  f.asked_aocs = each(&f, "attributeOptionCombo", &f.aocs, &f.aoc, "categoryOptionCombos");
  f.limit = number(request, "limit");
  f.offset = f.new_engine ? number(request, "offset") : 0;
  if (read_periods(&f, reply) && read_dates(&f, reply) && read_updated(&f, reply) && check(&f, reply) && check_access(&f, reply)) {
    add_set_elements(&f);
    write_all(&f, reply);
  }
  struct map *maps[] = {&f.sets, &f.elements, &f.periods, &f.units, &f.aocs};
  for (size_t i = 0; i < 5; i++) map_free(maps[i]);
}

/* values_counts: GET /api/analytics, as DefaultQueryValidator, DefaultQueryPlanner and JdbcAnalyticsManager make it (2.37 to 2.43): with aggregationType=COUNT how many values the tables hold for each combination of what is asked for as a dimension,
 * among what passes the filters; without it what they add up to, or their average where the element is averaged. Tables hold numbers and yes or no; of numbers no zeros, unless they are averaged; each row is found by every period of a longer type that holds it, never by a shorter one or another of the same length. */
#include <stdlib.h>

#include "base/json_out.h"
#include "base/map.h"
#include "base/mem.h"
#include "sim/auth.h"
#include "sim/values_internal.h"

enum { ITEMS_MAX = 2000, CELLS_MAX = 1 << 22, ROWS_MAX = 100000, BODY_MAX = 16 << 20, DEPTH_MAX = 20 };

enum { DX, PE, OU, AXES };
static const char *const axis_names[AXES] = {"dx", "pe", "ou"};

struct axis {
  bool given, filter;
  struct str items[ITEMS_MAX];
  struct sim_period periods[ITEMS_MAX]; /* of pe */
  size_t n;
};

struct counting {
  struct model model;
  const struct sim_request *request;
  struct sim_reply *reply;
  struct axis axes[AXES];
  int order[AXES], dimensions; /* axes as they were asked for */
  struct map elements;         /* id: the item */
  struct map units;            /* id: struct places of the items it lies below */
  bool totals;                 /* what the values make, not how many they are */
  struct cell *cells;
};

struct cell {
  double sum;
  uint32_t n;
};

struct places {
  size_t n, at[]; /* places among the items of ou */
};

static void refuse(struct counting *c, const char *code, struct str message) {
  values_error(c->model.sim, c->reply, 409, code, message);
}

/* --- what is asked --- */

static void add_item(struct axis *axis, struct str item) {
  for (size_t i = 0; i < axis->n; i++)
    if (str_eq(axis->items[i], item)) return;
  if (axis->n < ITEMS_MAX) axis->items[axis->n++] = item;
}

/* Periods by what they are to the one that runs: from the first to the last. */
static const struct relative {
  const char *name, *type;
  int first, last;
} relatives[] = {{"THIS_MONTH", "Monthly", 0, 0},
                 {"LAST_MONTH", "Monthly", -1, -1},
                 {"LAST_12_MONTHS", "Monthly", -12, -1},
                 {"THIS_BIMONTH", "BiMonthly", 0, 0},
                 {"LAST_6_BIMONTHS", "BiMonthly", -6, -1},
                 {"THIS_QUARTER", "Quarterly", 0, 0},
                 {"LAST_4_QUARTERS", "Quarterly", -4, -1},
                 {"THIS_SIX_MONTH", "SixMonthly", 0, 0},
                 {"LAST_2_SIXMONTHS", "SixMonthly", -2, -1},
                 {"THIS_YEAR", "Yearly", 0, 0},
                 {"LAST_YEAR", "Yearly", -1, -1}};

static void add_period(struct counting *c, struct str item) {
  struct axis *axis = &c->axes[PE];
  struct sim_period period, now;
  for (size_t i = 0; i < sizeof relatives / sizeof *relatives; i++) {
    const struct relative *r = &relatives[i];
    if (!str_eq(item, str_of(r->name)) || !sim_period_of_day(r->type, sim_day_of_ms(sim_now_ms(c->model.sim)), &now)) continue;
    for (int by = r->first; by <= r->last; by++)
      if (sim_period_shift(&now, by, &period)) add_period(c, arena_str(c->request->arena, str_of(period.text)));
    return;
  }
  size_t at = axis->n;
  if (!sim_period_parse(item, &period)) return; /* dropped, as there */
  add_item(axis, item);
  if (axis->n > at) axis->periods[at] = period;
}

static const char *unit_above(const struct counting *c, const char *unit) {
  return model_ref(model_get(&c->model, "organisationUnits", str_of(unit)), "parent");
}

static uint64_t level_of(const struct counting *c, const char *unit) {
  uint64_t level = 1;
  for (const char *at = unit_above(c, unit); *at && level < DEPTH_MAX; at = unit_above(c, at)) level++;
  return level;
}

static void add_unit(struct counting *c, struct str item) {
  struct axis *axis = &c->axes[OU];
  uint64_t level;
  const json_t *own = json_object_get(c->model.user, "organisationUnits");
  if (str_eq(item, STR("USER_ORGUNIT"))) {
    for (size_t i = 0; i < json_array_size(own); i++) add_item(axis, str_of(model_text(json_array_get(own, i), "id")));
  } else if (str_starts(item, STR("LEVEL-")) && str_to_u64(str_from(item, 6), &level)) {
    for (size_t i = 0; i < sim_objects_count(c->model.sim->objects, "organisationUnits"); i++) {
      const char *id = model_text(sim_objects_at(c->model.sim->objects, "organisationUnits", i), "id");
      if (level_of(c, id) == level) add_item(axis, str_of(id));
    }
  } else if (model_get(&c->model, "organisationUnits", item)) {
    add_item(axis, item);
  }
}

static void add_named(struct counting *c, int axis, struct str item) {
  if (axis == PE)
    add_period(c, item);
  else if (axis == OU)
    add_unit(c, item);
  else if (model_get(&c->model, "dataElements", item))
    add_item(&c->axes[DX], item);
}

/* "dx:a;b" */
static void read_axis(struct counting *c, struct str text, bool filter) {
  struct str items = text, name = str_take(&items, ':');
  for (int i = 0; i < AXES; i++) {
    struct axis *axis = &c->axes[i];
    if (!str_eq(name, str_of(axis_names[i])) || axis->given) continue;
    axis->given = true;
    axis->filter = filter;
    if (!filter) c->order[c->dimensions++] = i;
    while (items.p) add_named(c, i, str_take(&items, ';'));
  }
}

/* A parameter that is there once holds several, with commas between: as Spring makes a collection of it. */
static void read_axes(struct counting *c, const char *parameter, bool filter) {
  struct str text = sim_param(c->request, parameter, 0);
  bool once = !sim_param(c->request, parameter, 1).p;
  while (once && text.p) read_axis(c, str_take(&text, ','), filter);
  for (size_t n = 0; text.p; text = sim_param(c->request, parameter, ++n)) read_axis(c, text, filter);
}

/* --- what is refused --- */

static bool can_be_counted(const json_t *element) {
  static const char *const types[] = {
      "NUMBER",  "UNIT_INTERVAL", "PERCENTAGE", "INTEGER", "INTEGER_POSITIVE", "INTEGER_NEGATIVE", "INTEGER_ZERO_OR_POSITIVE",
      "BOOLEAN", "TRUE_ONLY"};
  const char *aggregation = model_text(element, "aggregationType");
  if (strcmp(aggregation, "NONE") == 0 || strcmp(aggregation, "CUSTOM") == 0 || strcmp(aggregation, "DEFAULT") == 0) return false;
  for (size_t i = 0; i < sizeof types / sizeof *types; i++)
    if (strcmp(model_text(element, "valueType"), types[i]) == 0) return true;
  return false;
}

static bool has_no_total(const struct counting *c, const json_t *element) {
  return json_is_true(
      json_object_get(model_get(&c->model, "categoryCombos", str_of(model_element_combo(&c->model, element))), "skipTotal"));
}

static bool elements_are_good(struct counting *c) {
  const struct axis *dx = &c->axes[DX];
  struct str bad = STR("");
  bool no_total = false;
  for (size_t i = 0; i < dx->n; i++) {
    const json_t *element = model_get(&c->model, "dataElements", dx->items[i]);
    no_total |= has_no_total(c, element);
    if (!can_be_counted(element))
      bad = arena_printf(c->request->arena, "%.*s%s%.*s", STR_ARG(bad), bad.n ? ", " : "", STR_ARG(dx->items[i]));
  }
  if (bad.n)
    refuse(c, "E7115",
           arena_printf(c->request->arena, "Data elements must be of a value and aggregation type that allow aggregation: `[%.*s]`",
                        STR_ARG(bad)));
  else if (no_total && c->model.sim->release > SIM_2_37)
    refuse(c, "E7134", STR("Cannot retrieve total value for data elements with skip total category combination"));
  else
    return true;
  return false;
}

/* To 2.42 who has no view units sees all; from 2.43 on the capture units count then. */
static bool may_view(const struct counting *c, const char *unit) {
  const json_t *units = json_object_get(c->model.user, "dataViewOrganisationUnits");
  if (!json_array_size(units) && values_new_engine(c->model.sim)) units = json_object_get(c->model.user, "organisationUnits");
  for (size_t i = 0; i < json_array_size(units); i++)
    if (model_below(&c->model, unit, model_text(json_array_get(units, i), "id"))) return true;
  return !json_array_size(units);
}

static bool units_are_good(struct counting *c) {
  const struct axis *ou = &c->axes[OU];
  for (size_t i = 0; i < ou->n; i++)
    if (!may_view(c, arena_cstr(c->request->arena, ou->items[i]))) {
      refuse(c, "E7120",
             arena_printf(c->request->arena, "User: `%s` is not allowed to view org unit: `%.*s`", model_text(c->model.user, "username"),
                          STR_ARG(ou->items[i])));
      return false;
    }
  return true;
}

static bool is_good(struct counting *c) {
  for (int i = 0; i < AXES; i++)
    if (c->axes[i].given && !c->axes[i].n && i != PE) {
      refuse(c, "E7124",
             arena_printf(c->request->arena, "Dimension is present in query without any valid dimension options: `%s`", axis_names[i]));
      return false;
    }
  if (!c->dimensions)
    refuse(c, "E7101", STR("At least one dimension must be specified"));
  else if (!c->axes[DX].n)
    refuse(c, "E7102", STR("At least one data element, indicator, reporting rate must be specified as dimension or filter"));
  else if (!c->axes[PE].n)
    refuse(c, "E7104", STR("At least one period as dimension or filter, or start and dates, must be specified"));
  else
    return elements_are_good(c) && units_are_good(c);
  return false;
}

/* --- what the tables hold --- */

static int frequency(const char *type) {
  static const struct {
    const char *type;
    int days;
  } known[] = {{"Daily", 1},      {"Weekly", 7},       {"BiWeekly", 14},   {"Monthly", 30}, {"BiMonthly", 61},
               {"Quarterly", 91}, {"SixMonthly", 182}, {"Financial", 365}, {"Yearly", 365}};
  for (size_t i = 0; i < sizeof known / sizeof *known; i++)
    if (strncmp(type, known[i].type, strlen(known[i].type)) == 0) return known[i].days;
  return 0;
}

/* Weeks belong to the month of their fourth day. */
static bool is_of_period(const struct sim_period *own, const struct sim_period *asked) {
  if (strcmp(own->type, asked->type) == 0) return strcmp(own->text, asked->text) == 0;
  int day = own->start + (strncmp(own->type, "Weekly", 6) == 0 ? 3 : 0);
  return frequency(own->type) < frequency(asked->type) && day >= asked->start && day <= asked->end;
}

static bool is_in_tables(const struct counting *c, const struct sim_value *v) {
  if (v->deleted || !v->value || v->updated_ms > c->model.sim->analytics_ms) return false;
  const json_t *element = model_get(&c->model, "dataElements", v->element);
  const char *type = model_text(element, "valueType"), *aggregation = model_text(element, "aggregationType");
  if (strcmp(type, "BOOLEAN") == 0 || strcmp(type, "TRUE_ONLY") == 0)
    return strcmp(v->value, "true") == 0 || (*type == 'B' && strcmp(v->value, "false") == 0);
  return strcmp(v->value, "0") != 0 || strcmp(aggregation, "AVERAGE") == 0 || strcmp(aggregation, "AVERAGE_SUM_ORG_UNIT") == 0;
}

/* The items of ou that a unit lies below. */
static struct places *places_of(struct counting *c, struct str unit) {
  const struct axis *ou = &c->axes[OU];
  struct places *found = map_get(&c->units, unit);
  if (found) return found;
  found = arena_alloc(c->request->arena, sizeof *found + ou->n * sizeof *found->at);
  found->n = 0;
  const char *id = arena_cstr(c->request->arena, unit);
  for (size_t i = 0; i < ou->n; i++)
    if (model_below(&c->model, id, arena_cstr(c->request->arena, ou->items[i]))) found->at[found->n++] = i;
  (void)map_put(&c->units, unit, found);
  return found;
}

static size_t width(const struct axis *axis) {
  return axis->filter || !axis->n ? 1 : axis->n;
}

static struct cell *cell_at(struct counting *c, size_t dx, size_t pe, size_t ou) {
  return &c->cells[(dx * width(&c->axes[PE]) + pe) * width(&c->axes[OU]) + ou];
}

/* Yes is one, as in the tables. */
static double number_of(const struct sim_value *v) {
  return strcmp(v->value, "true") == 0 ? 1 : strcmp(v->value, "false") == 0 ? 0 : strtod(v->value, NULL);
}

static void count_in(struct cell *cell, const struct sim_value *v) {
  cell->sum += number_of(v);
  cell->n++;
}

/* An axis that filters has one place, whichever of its items let the value pass. */
static void count_units(struct counting *c, const struct sim_value *v, size_t dx, size_t pe) {
  const struct axis *ou = &c->axes[OU];
  if (!ou->given) {
    count_in(cell_at(c, dx, pe, 0), v);
    return;
  }
  const struct places *places = places_of(c, v->unit);
  size_t n = ou->filter && places->n ? 1 : places->n;
  for (size_t i = 0; i < n; i++) count_in(cell_at(c, dx, pe, ou->filter ? 0 : places->at[i]), v);
}

static void count_value(struct counting *c, const struct sim_value *v) {
  const struct axis *dx = &c->axes[DX], *pe = &c->axes[PE];
  const struct str *item = map_get(&c->elements, v->element);
  struct sim_period own;
  if (!item || !is_in_tables(c, v) || !sim_period_parse(v->period, &own)) return;
  for (size_t i = 0; i < pe->n; i++)
    if (is_of_period(&own, &pe->periods[i])) {
      count_units(c, v, dx->filter ? 0 : (size_t)(item - dx->items), pe->filter ? 0 : i);
      if (pe->filter) return;
    }
}

static void count_all(struct counting *c) {
  struct axis *dx = &c->axes[DX];
  const struct sim_values *values = c->model.sim->values;
  for (size_t i = 0; i < dx->n; i++) (void)map_put(&c->elements, dx->items[i], &dx->items[i]);
  for (size_t i = 0; i < values_count(values); i++) count_value(c, values_at(values, i));
}

/* --- the answer --- */

static void write_headers(struct counting *c, struct json_out *out) {
  static const char *const columns[AXES] = {"Data", "Period", "Organisation unit"};
  json_out_member_array(out, "headers");
  for (int i = 0; i <= c->dimensions; i++) {
    bool value = i == c->dimensions;
    json_out_object(out);
    json_out_member_str(out, "name", str_of(value ? "value" : axis_names[c->order[i]]));
    json_out_member_str(out, "column", str_of(value ? "Value" : columns[c->order[i]]));
    json_out_member_str(out, "valueType", str_of(value ? "NUMBER" : "TEXT"));
    json_out_member_str(out, "type", str_of(value ? "java.lang.Double" : "java.lang.String"));
    json_out_member_bool(out, "hidden", false);
    json_out_member_bool(out, "meta", !value);
    json_out_end(out);
  }
  json_out_end(out);
}

static bool is_averaged(const struct counting *c, struct str element) {
  return strcmp(model_text(model_get(&c->model, "dataElements", element), "aggregationType"), "AVERAGE") == 0;
}

static void write_row(struct counting *c, struct json_out *out, const size_t at[AXES], const struct cell *cell) {
  double value = !c->totals ? cell->n : is_averaged(c, c->axes[DX].items[at[DX]]) ? cell->sum / cell->n : cell->sum;
  char text[64];
  values_java_double(value, text);
  json_out_array(out);
  for (int i = 0; i < c->dimensions; i++) json_out_str(out, c->axes[c->order[i]].items[at[c->order[i]]]);
  json_out_str(out, str_of(text));
  json_out_end(out);
}

static size_t write_rows(struct counting *c, struct json_out *out) {
  size_t at[AXES], rows = 0;
  json_out_member_array(out, "rows");
  for (at[DX] = 0; at[DX] < width(&c->axes[DX]); at[DX]++)
    for (at[PE] = 0; at[PE] < width(&c->axes[PE]); at[PE]++)
      for (at[OU] = 0; at[OU] < width(&c->axes[OU]); at[OU]++) {
        const struct cell *cell = cell_at(c, at[DX], at[PE], at[OU]);
        if (!cell->n) continue; /* no row of the table: no group */
        write_row(c, out, at, cell);
        rows++;
      }
  json_out_end(out);
  return rows;
}

static void write_answer(struct counting *c) {
  struct buf body = BUF_INIT(BODY_MAX);
  struct json_out out = JSON_OUT_INIT(&body);
  json_out_object(&out);
  write_headers(c, &out);
  size_t rows = write_rows(c, &out);
  json_out_member_int(&out, "width", rows ? c->dimensions + 1 : 0);
  json_out_member_int(&out, "height", (int64_t)rows);
  json_out_member_int(&out, "headerWidth", c->dimensions + 1);
  json_out_end(&out);
  if (rows > ROWS_MAX || body.full)
    refuse(c, "E7128", STR("Query result set exceeded max limit: `100000`"));
  else
    sim_reply_text(c->reply, 200, "application/json;charset=UTF-8", arena_str(c->reply->arena, buf_str(&body)));
  buf_free(&body);
}

/* Of other ways to make one number of several the stand-in knows none; nor of elements together. */
static bool is_known(struct counting *c) {
  struct str way = sim_param(c->request, "aggregationType", 0);
  if (str_eq(way, STR("COUNT"))) return true;
  bool known = !way.p && !c->axes[DX].filter;
  for (size_t i = 0; i < c->axes[DX].n; i++) {
    struct str id = c->axes[DX].items[i];
    known &= is_averaged(c, id) || strcmp(model_text(model_get(&c->model, "dataElements", id), "aggregationType"), "SUM") == 0;
  }
  c->totals = true;
  return known;
}

void sim_values_counts(struct sim *sim, json_t *user, const struct sim_request *request, struct sim_reply *reply) {
  struct counting *c = mem_alloc(sizeof *c);
  c->model = model_of(sim, user);
  c->request = request;
  c->reply = reply;
  read_axes(c, "dimension", false);
  read_axes(c, "filter", true);
  bool known = is_known(c);
  if (!is_good(c)) {
    /* it has said why */
  } else if (!known) {
    sim_reply_message(reply, 501, "ERROR", NULL,
                      "the stand-in server counts values (aggregationType=COUNT), or adds them up or averages them as each element has it, "
                      "and does nothing else with them");
  } else {
    size_t cells = width(&c->axes[DX]) * width(&c->axes[PE]) * width(&c->axes[OU]);
    if (cells > CELLS_MAX) {
      refuse(c, "E7128", STR("Query result set exceeded max limit: `100000`"));
    } else {
      c->cells = mem_alloc_array(cells, sizeof *c->cells);
      if (sim->analytics_ms) count_all(c); /* without tables 2.37 finds nothing, and says so with a good answer */
      write_answer(c);
      free(c->cells);
    }
  }
  map_free(&c->elements);
  map_free(&c->units);
  free(c);
}

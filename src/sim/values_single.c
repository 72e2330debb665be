/* /api/dataValues: one value at a time, and /api/dataEntry/dataValues: those of a form. The old engine looks at little here; the new one does what an import does. Both keep the comment
 * and the follow-up of a value when these are not sent. */
#include "sim/values_import.h"

struct single {
  struct sim *sim;
  const struct sim_request *request;
  struct sim_reply *reply;
  struct model model;
  bool new_engine;
  struct str set, element, period, unit, coc, aoc, value, comment, followup;
};

static void fail(struct single *s, int status, const char *code, struct str text) {
  values_error(s->sim, s->reply, status, code, text);
}

/* --- reading --- */

static const char *const names[] = {"ds", "de", "pe", "ou", "co", "value", "comment", "followUp"},
                         *const json_names[] = {"dataSet", "dataElement", "period",  "orgUnit", "categoryOptionCombo",
                                                "value",   "comment",     "followUp"};

static struct str json_text(struct arena *arena, const json_t *value) {
  if (json_is_boolean(value)) return json_is_true(value) ? STR("true") : STR("false");
  return json_is_string(value) ? arena_str(arena, str_of(json_string_value(value))) : STR_NONE;
}

/* In the query, in a form, or as JSON. */
static void read_parts(struct single *s) {
  const struct sim_request *r = s->request;
  struct str *const fields[] = {&s->set, &s->element, &s->period, &s->unit, &s->coc, &s->value, &s->comment, &s->followup};
  struct str type = sim_header(r, "Content-Type");
  bool form = str_starts_nocase(type, STR("application/x-www-form-urlencoded")), is_json = str_starts_nocase(type, STR("application/json"));
  json_t *root = is_json && r->body.n ? json_loadb(r->body.p, r->body.n, 0, NULL) : NULL;
  for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) {
    *fields[i] = sim_param(r, names[i], 0);
    if (!fields[i]->p && form) *fields[i] = sim_form_value(r->arena, r->body, names[i], 0);
    if (!fields[i]->p && root) *fields[i] = json_text(r->arena, json_object_get(root, json_names[i]));
  }
  if (!s->followup.p && root) s->followup = json_text(r->arena, json_object_get(root, "followup"));
  json_decref(root);
  s->aoc = STR_NONE;
}

/* cc and cp: the attribute option combo by its combo and options. */
static void read_attribute(struct single *s) {
  struct str combo = sim_param(s->request, "cc", 0), options = sim_param(s->request, "cp", 0);
  json_t *chosen = json_object();
  for (int n = 0; options.p; n++) {
    struct str one = str_take(&options, ';');
    json_object_set_new(chosen, arena_printf(s->request->arena, "%d", n).p, json_stringn(one.p, one.n));
  }
  const json_t *found = combo.n ? model_coc_of(&s->model, arena_cstr(s->request->arena, combo), chosen) : NULL;
  s->aoc = found ? str_of(model_text(found, "id")) : combo.n ? combo : STR_NONE;
  json_decref(chosen);
}

static struct sim_value *stored(const struct single *s) {
  struct str unset = str_of(s->model.default_coc);
  struct sim_period period;
  if (!s->period.p || !sim_period_by(s->sim->conf.calendar, s->period, &period)) return NULL;
  return values_get(s->sim->values, s->element, str_of(period.text), s->unit, s->coc.n ? s->coc : unset, s->aoc.n ? s->aoc : unset);
}

/* --- writing --- */

static void store(struct single *s, const struct sim_period *period) {
  struct str unset = str_of(s->model.default_coc);
  int64_t now = sim_now_ms(s->sim);
  struct sim_value *v =
      values_put(s->sim->values, s->element, str_of(period->text), s->unit, s->coc.n ? s->coc : unset, s->aoc.n ? s->aoc : unset, now);
  values_text(&v->value, s->value.n ? s->value : STR_NONE);
  if (s->comment.p) values_text(&v->comment, s->comment);
  if (s->followup.p) v->followup = str_eq(s->followup, STR("true")) ? FLAG_YES : FLAG_NO;
  values_text(&v->stored_by, str_of(model_text(s->model.user, "username")));
  v->deleted = false;
  v->updated_ms = now;
}

/* Only the element and the moment are looked at, not the data set, its units or combos. */
static bool check_old(struct single *s, const json_t *element, const struct sim_period *period) {
  struct arena *a = s->request->arena;
  json_t *sets[64];
  size_t count;
  struct sim_period latest;
  const char *type = model_text(element, "valueType");
  if (s->value.n && values_type_problem(s->sim, type, s->value)) {
    fail(s, 409, "E2030", arena_printf(a, "Data value must match data element value type: `%s`", type));
    return false;
  }
  (void)model_sets_of(&s->model, model_text(element, "id"), sets, 64, &count);
  for (size_t i = 0; i < count; i++) {
    if (strcmp(model_text(sets[i], "periodType"), period->type) != 0 || !model_future(&s->model, sets[i], period, &latest)) continue;
    fail(s, 409, "E2022",
         arena_printf(a, "Period: `%s` is after latest open future period: `%s` for data element: `%.*s`", period->text, latest.text,
                      STR_ARG(s->element)));
    return false;
  }
  return true;
}

static bool drops_zero(const json_t *element, struct str value) {
  const char *type = model_text(element, "valueType");
  bool number = strncmp(type, "INTEGER", 7) == 0 || strcmp(type, "NUMBER") == 0;
  return number && str_eq(value, STR("0")) && !json_is_true(json_object_get(element, "zeroIsSignificant")) &&
         strncmp(model_text(element, "aggregationType"), "AVERAGE", 7) != 0;
}

static void write_old(struct single *s) {
  const json_t *element = model_get(&s->model, "dataElements", s->element);
  struct arena *a = s->request->arena;
  struct sim_period period;
  if (!element) {
    fail(s, 409, "E1100", arena_printf(a, "Data element not found or not accessible: `%.*s`", STR_ARG(s->element)));
  } else if (!s->period.p || !sim_period_by(s->sim->conf.calendar, s->period, &period)) {
    fail(s, 409, "E1101", arena_printf(a, "Period is invalid: `%.*s`", STR_ARG(s->period)));
  } else if (!model_get(&s->model, "organisationUnits", s->unit)) {
    fail(s, 409, "E1102", arena_printf(a, "Organisation unit not found or not accessible: `%.*s`", STR_ARG(s->unit)));
  } else if (check_old(s, element, &period)) {
    struct sim_value *old = stored(s);
    if (!drops_zero(element, s->value))
      store(s, &period);
    else if (old)
      old->deleted = true;
    sim_reply_empty(s->reply, 201);
  }
}

static void write_new(struct single *s) {
  const struct sim_value *old = stored(s);
  struct row row = {
      .element = s->element, .period = s->period, .unit = s->unit, .coc = s->coc, .aoc = s->aoc, .value = s->value, .comment = s->comment};
  if (old && !old->deleted && !s->comment.p) row.comment = str_of(old->comment);
  if (s->followup.p)
    row.followup = str_eq(s->followup, STR("true")) ? FLAG_YES : FLAG_NO;
  else if (old)
    row.followup = old->followup;
  struct values_outcome outcome = values_write_row(s->sim, s->model.user, s->request, s->set, &row);
  if (!outcome.code)
    sim_reply_empty(s->reply, 201);
  else if (outcome.of_value)
    fail(s, 409, "E1004", arena_printf(s->request->arena, "Failed to upsert data value: %.*s", STR_ARG(outcome.text)));
  else
    fail(s, 409, outcome.code, outcome.text);
}

static void delete_one(struct single *s, struct sim_value *found) {
  if (!found && !s->new_engine) {
    fail(s, 409, NULL, STR("Data value cannot be deleted because it does not exist"));
    return;
  }
  if (found) {
    found->deleted = true;
    found->updated_ms = sim_now_ms(s->sim);
  }
  sim_reply_empty(s->reply, 204);
}

static void mark(struct single *s) {
  struct sim_value *found = stored(s);
  if (found) found->followup = str_eq(s->followup, STR("true")) ? FLAG_YES : FLAG_NO;
  sim_reply_empty(s->reply, 200);
}

/* --- a form --- */

static json_t *entry_of(const struct single *s, const struct sim_value *v) {
  const json_t *aoc = model_coc(&s->model, v->aoc), *options = json_object_get(aoc, "categoryOptions");
  json_t *ids = json_array();
  for (size_t i = 0; i < json_array_size(options); i++)
    json_array_append_new(ids, json_string(model_text(json_array_get(options, i), "id")));
  json_t *entry =
      json_pack("{s:s%, s:s%, s:s%, s:s%, s:{s:s, s:o}, s:s?, s:b, s:s?, s:o, s:o}", "dataElement", v->element.p, v->element.n, "period",
                v->period.p, v->period.n, "orgUnit", v->unit.p, v->unit.n, "categoryOptionCombo", v->coc.p, v->coc.n, "attribute", "combo",
                model_ref(aoc, "categoryCombo"), "options", ids, "value", v->value, "followUp", v->followup == FLAG_YES, "storedBy",
                v->stored_by, "created", values_time(v->created_ms), "lastUpdated", values_time(v->updated_ms));
  if (v->comment) json_object_set_new(entry, "comment", json_string(v->comment));
  return entry;
}

static void read_form(struct single *s) {
  const json_t *set = model_get(&s->model, "dataSets", s->set);
  struct sim_period period, latest;
  json_t *list = json_array();
  bool known = s->period.p && sim_period_parse(s->period, &period);
  for (size_t i = 0; known && i < values_count(s->sim->values); i++) {
    const struct sim_value *v = values_at(s->sim->values, i);
    bool here = !v->deleted && str_eq(v->unit, s->unit) && str_eq(v->period, str_of(period.text));
    if (here && model_combo(&s->model, model_text(set, "id"), arena_cstr(s->request->arena, v->element)))
      json_array_append_new(list, entry_of(s, v));
  }
  bool locked = known &&
                (model_expired(&s->model, set, &period, arena_cstr(s->request->arena, s->unit.p ? s->unit : STR(""))) ||
                 model_future(&s->model, set, &period, &latest)) &&
                !s->model.superuser;
  sim_reply_json(s->reply, 200,
                 json_pack("{s:o, s:[], s:s, s:{s:b}}", "dataValues", list, "minMaxValues", "lockStatus", locked ? "LOCKED" : "OPEN",
                           "completeStatus", "complete", 0));
}

/* --- --- */

void values_single(struct sim *sim, json_t *user, const struct sim_request *request, struct str path, struct sim_reply *reply) {
  struct single s = {.sim = sim, .request = request, .reply = reply, .model = model_of(sim, user), .new_engine = values_new_engine(sim)};
  read_parts(&s);
  read_attribute(&s);
  struct sim_value *found = stored(&s);
  if (found && found->deleted) found = NULL;
  if (str_eq(path, STR("/api/dataEntry/dataValues"))) {
    read_form(&s);
  } else if (sim_is(request, "GET")) {
    if (found)
      sim_reply_json(reply, 200, json_pack("[s?]", found->value));
    else
      fail(&s, s.new_engine ? 404 : 409, s.new_engine ? "E1005" : NULL, STR("Data value does not exist"));
  } else if (!model_may_write(&s.model)) {
    fail(&s, 403, NULL, s.new_engine ? STR("Access is denied, requires one Authority from [F_DATAVALUE_ADD]") : STR("Access is denied"));
  } else if (sim_is(request, "DELETE")) {
    delete_one(&s, found);
  } else if (str_starts(path, STR("/api/dataValues/followup"))) {
    mark(&s);
  } else if (s.new_engine) {
    write_new(&s);
  } else {
    write_old(&s);
  }
}

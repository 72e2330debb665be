/* The engine from 2.43 (DHIS2 DefaultDataEntryService): decode all, then judge the whole group of a data set, then each value, then store; everything stored counts as updated. */
#include "sim/values_internal.h"

struct group {
  struct import *im;
  json_t *set;
  struct str set_id;
  struct sim_period *periods; /* of the rows */
  struct str *units, *cocs, *aocs;
};

static void add_conflict(struct import *im, const char *code, struct str args, struct str text, json_t *indexes) {
  json_array_append_new(im->conflicts, json_pack("{s:{s:s%}, s:s%, s:s, s:o}", "objects", "args", args.p, args.n, "value", text.p, text.n, "errorCode", code, "indexes", indexes));
}

/* The whole payload could not be read: nothing is looked at further. */
static bool decode_failed(struct import *im, const char *code, struct str args, struct str text) {
  add_conflict(im, code, args, text, json_pack("[i]", -1));
  im->complete = NULL;
  import_reply(im, "ERROR", NULL);
  return false;
}

static bool group_failed(struct import *im, const char *code, struct str args, struct str text) {
  json_t *indexes = json_array();
  for (size_t i = 0; i < im->count; i++) {
    json_array_append_new(indexes, json_integer((json_int_t)i));
    import_reject(im, i);
  }
  add_conflict(im, code, args, text, indexes);
  im->complete = "false";
  import_reply(im, "ERROR", NULL);
  return false;
}

static struct str input_of(struct arena *arena, const struct row *r) {
#define OR_NULL(field) (r->field.p ? r->field : STR("null"))
  return arena_printf(arena, "Input[dataElement=%.*s, orgUnit=%.*s, categoryOptionCombo=%.*s, categoryOptions=null, attributeOptionCombo=%.*s, attributeCombo=null, attributeOptions=null, period=%.*s, value=%.*s, comment=%.*s, followUp=null, deleted=null]",
                      STR_ARG(OR_NULL(element)), STR_ARG(OR_NULL(unit)), STR_ARG(OR_NULL(coc)), STR_ARG(OR_NULL(aoc)), STR_ARG(OR_NULL(period)), STR_ARG(OR_NULL(value)), STR_ARG(OR_NULL(comment)));
#undef OR_NULL
}

static bool bad_uid(struct str id) {
  return id.p && !sim_is_uid(id);
}

static bool decode_row(struct import *im, size_t i, const struct row *r) {
  struct arena *a = im->request->arena;
  struct str unit = r->unit.p ? r->unit : im->unit, period = r->period.p ? r->period : im->period, whole = arena_printf(a, "%zu-%.*s", i, STR_ARG(input_of(a, r)));
#define SAY(...) arena_printf(a, __VA_ARGS__)
  if (!r->element.p) return decode_failed(im, "E8102", whole, SAY("Value #%zu data element not defined in group or value", i));
  if (bad_uid(r->element)) return decode_failed(im, "E8104", SAY("%zu-%.*s", i, STR_ARG(r->element)), SAY("Value #%zu data element UID not valid: `%.*s`", i, STR_ARG(r->element)));
  if (!unit.p) return decode_failed(im, "E8105", whole, SAY("Value #%zu org unit not defined in group or value", i));
  if (bad_uid(unit)) return decode_failed(im, "E8106", SAY("%zu-%.*s", i, STR_ARG(unit)), SAY("Value #%zu org unit UID is not valid: `%.*s`", i, STR_ARG(unit)));
  if (bad_uid(r->coc)) return decode_failed(im, "E8109", SAY("%zu-%.*s", i, STR_ARG(r->coc)), SAY("Value #%zu category option combo UID is not valid: `%.*s`", i, STR_ARG(r->coc)));
  if (bad_uid(r->aoc)) return decode_failed(im, "E8111", SAY("%zu-%.*s", i, STR_ARG(r->aoc)), SAY("Value #%zu attribute option combo UID is not valid: `%.*s`", i, STR_ARG(r->aoc)));
  if (!period.p) return decode_failed(im, "E8100", whole, SAY("Value #%zu period not defined in group or value", i));
#undef SAY
  return true;
}

/* Category options by category: the option combo of the element's combo that has exactly these. */
static struct str coc_of_options(const struct group *g, const struct row *r) {
  const struct model *m = &g->im->model;
  char element[16];
  (void)snprintf(element, sizeof element, "%.*s", STR_ARG(str_slice(r->element, 0, 11)));
  const char *combo = model_combo(m, model_text(g->set, "id"), element), *category;
  for (size_t i = 0; combo && i < sim_objects_count(m->sim->objects, "categoryOptionCombos"); i++) {
    const json_t *coc = sim_objects_at(m->sim->objects, "categoryOptionCombos", i);
    json_t *option;
    bool all = strcmp(model_ref(coc, "categoryCombo"), combo) == 0;
    json_object_foreach(r->coc_options, category, option) all = all && json_string_value(option) && model_lists(coc, "categoryOptions", json_string_value(option));
    if (all && json_array_size(json_object_get(coc, "categoryOptions")) == json_object_size(r->coc_options)) return str_of(model_text(coc, "id"));
  }
  return STR_NONE;
}

static bool decode(struct group *g) {
  struct import *im = g->im;
  struct arena *a = im->request->arena;
  int day;
  if (bad_uid(im->data_set)) return decode_failed(im, "E8004", im->data_set, arena_printf(a, "Data set UID not valid: `%.*s`", STR_ARG(im->data_set)));
  if (im->complete_date.p && !sim_date_parse(im->complete_date, &day)) return decode_failed(im, "E8008", im->complete_date, arena_printf(a, "Data set `completeDate` is not a valid date string: `%.*s`", STR_ARG(im->complete_date)));
  if (im->complete_date.p && !(im->data_set.p && im->unit.p && im->period.p))
    return decode_failed(im, "E8009", STR(""), STR("Data set `completeDate` requires data set, org unit, period and attribute option combo to be defined at the group level."));
  g->periods = ARENA_ARRAY(a, im->count, struct sim_period);
  g->units = ARENA_ARRAY(a, im->count, struct str);
  g->cocs = ARENA_ARRAY(a, im->count, struct str);
  g->aocs = ARENA_ARRAY(a, im->count, struct str);
  for (size_t i = 0; i < im->count; i++) {
    const struct row *r = &im->rows[i];
    if (!decode_row(im, i, r)) return false;
    (void)sim_period_parse(r->period.p ? r->period : im->period, &g->periods[i]);
    g->units[i] = r->unit.p ? r->unit : im->unit;
    g->aocs[i] = r->aoc.p ? r->aoc : im->aoc.p ? im->aoc : str_of(im->model.default_coc);
  }
  return true;
}

/* A list of texts, each once, "[a, b]". */
struct texts {
  struct map seen;
  struct buf text;
};

static void texts_add(struct texts *t, struct str text) {
  if (map_put(&t->seen, text, t)) return;
  (void)buf_printf(&t->text, "%s%.*s", t->text.n ? ", " : "[", STR_ARG(text));
}

static struct str texts_end(struct texts *t, struct arena *arena) {
  struct str kept = t->text.n ? arena_printf(arena, "%.*s]", STR_ARG(buf_str(&t->text))) : STR_NONE;
  buf_free(&t->text);
  map_free(&t->seen);
  return kept;
}

#define TEXTS_INIT ((struct texts){.text = BUF_INIT(1 << 20)})

/* Without a data set in the header: the one that all elements are in. */
static bool find_set(struct group *g) {
  struct import *im = g->im;
  struct arena *a = im->request->arena;
  if (im->data_set.p) {
    g->set_id = im->data_set;
    g->set = model_get(&im->model, "dataSets", im->data_set);
    return true;
  }
  struct texts sets = TEXTS_INIT, none = TEXTS_INIT;
  json_t *found[64], *last = NULL;
  for (size_t i = 0; i < im->count; i++) {
    size_t count;
    if (!model_sets_of(&im->model, arena_cstr(a, im->rows[i].element), found, 64, &count)) texts_add(&none, im->rows[i].element);
    for (size_t k = 0; k < count; k++) texts_add(&sets, str_of(model_text(last = found[k], "id")));
  }
  size_t several = sets.seen.count;
  struct str names = texts_end(&sets, a), missing = texts_end(&none, a);
  if (several > 1) return group_failed(im, "E8002", names, arena_printf(a, "Data set detection failed, found multiple sets: `%.*s`", STR_ARG(names)));
  if (missing.p) return group_failed(im, "E8003", missing, arena_printf(a, "Data set detection failed, found no set for data element(s): `%.*s`", STR_ARG(missing)));
  g->set = last;
  g->set_id = str_of(model_text(last, "id"));
  return true;
}

static void find_cocs(struct group *g) {
  for (size_t i = 0; i < g->im->count; i++) {
    const struct row *r = &g->im->rows[i];
    g->cocs[i] = r->coc_is_object ? coc_of_options(g, r) : r->coc.p ? r->coc : str_of(g->im->model.default_coc);
  }
}

static bool check_access(struct group *g) {
  struct import *im = g->im;
  const struct model *m = &im->model;
  struct arena *a = im->request->arena;
  if (g->set && !(model_access(m, g->set, 0, 'r') && model_access(m, g->set, 3, 'w')))
    return group_failed(im, "E8010", g->set_id, arena_printf(a, "Current user cannot enter data for data set: `%.*s`", STR_ARG(g->set_id)));
  struct texts units = TEXTS_INIT, options = TEXTS_INIT;
  for (size_t i = 0; i < im->count; i++) {
    const json_t *unit = model_get(m, "organisationUnits", g->units[i]);
    const char *option = NULL;
    if (unit && !model_user_unit(m, model_text(unit, "id"), false)) texts_add(&units, g->units[i]);
    if (!model_coc_access(m, model_coc(m, g->cocs[i]), 'w', &option) || !model_coc_access(m, model_coc(m, g->aocs[i]), 'w', &option)) texts_add(&options, str_of(option));
  }
  struct str outside = texts_end(&units, a), closed = texts_end(&options, a);
  if (outside.p) return group_failed(im, "E8011", outside, arena_printf(a, "Current user cannot enter data for org unit(s): `%.*s`", STR_ARG(outside)));
  if (closed.p) return group_failed(im, "E8012", closed, arena_printf(a, "Current user cannot enter data for category option(s): `%.*s`", STR_ARG(closed)));
  return true;
}

static bool not_usable(struct group *g, const char *code, const char *what, struct str list) {
  struct arena *a = g->im->request->arena;
  return group_failed(g->im, code, arena_printf(a, "%.*s-%.*s", STR_ARG(g->set_id), STR_ARG(list)), arena_printf(a, "Data set %.*s not usable with %s(s): `%.*s`", STR_ARG(g->set_id), what, STR_ARG(list)));
}

static bool check_keys(struct group *g) {
  struct import *im = g->im;
  const struct model *m = &im->model;
  struct arena *a = im->request->arena;
  struct texts elements = TEXTS_INIT, periods = TEXTS_INIT, units = TEXTS_INIT, aocs = TEXTS_INIT;
  const char *set_combo = model_ref(g->set, "categoryCombo");
  if (!*set_combo) set_combo = sim_default_uid(m->sim->objects, "categoryCombos");
  for (size_t i = 0; i < im->count; i++) {
    if (!g->set || !model_combo(m, model_text(g->set, "id"), arena_cstr(a, im->rows[i].element))) texts_add(&elements, im->rows[i].element);
    if (g->set && strcmp(model_text(g->set, "periodType"), g->periods[i].type) != 0) texts_add(&periods, str_of(g->periods[i].text));
    if (g->set && !model_lists(g->set, "organisationUnits", arena_cstr(a, g->units[i]))) texts_add(&units, g->units[i]);
    if (g->set && !model_coc_in(m, model_coc(m, g->aocs[i]), set_combo)) texts_add(&aocs, g->aocs[i]);
  }
  struct str bad_elements = texts_end(&elements, a), bad_periods = texts_end(&periods, a), bad_units = texts_end(&units, a), bad_aocs = texts_end(&aocs, a);
  if (bad_elements.p) return not_usable(g, "E8020", "data element", bad_elements);
  if (bad_periods.p) return not_usable(g, "E8021", "period", bad_periods);
  if (bad_units.p) return not_usable(g, "E8022", "org unit", bad_units);
  if (bad_aocs.p) return not_usable(g, "E8023", "attribute option combo", bad_aocs);
  for (size_t i = 0; i < im->count; i++) {
    const char *combo = model_combo(m, model_text(g->set, "id"), arena_cstr(a, im->rows[i].element));
    bool left_out = !im->rows[i].coc.p && !im->rows[i].coc_is_object;
    if (left_out || model_coc_in(m, model_coc(m, g->cocs[i]), combo)) continue;
    struct str list = arena_printf(a, "[%.*s]", STR_ARG(g->cocs[i]));
    return group_failed(im, "E8024", arena_printf(a, "%.*s-%.*s-%.*s", STR_ARG(g->set_id), STR_ARG(im->rows[i].element), STR_ARG(list)),
                        arena_printf(a, "Data set %.*s + data element %.*s not usable with category option combo(s): `%.*s`", STR_ARG(g->set_id), STR_ARG(im->rows[i].element), STR_ARG(list)));
  }
  return true;
}

static struct str key_of(const struct group *g, size_t i, bool spelled) {
  const struct row *r = &g->im->rows[i];
  struct str coc = spelled && !r->coc.p ? STR("null") : g->cocs[i], aoc = spelled && !r->aoc.p ? STR("null") : g->aocs[i];
  return arena_printf(g->im->request->arena, "DataValueKey[dataElement=%.*s, orgUnit=%.*s, categoryOptionCombo=%.*s, attributeOptionCombo=%.*s, period=%s]", STR_ARG(r->element), STR_ARG(g->units[i]), STR_ARG(coc),
                      STR_ARG(aoc), g->periods[i].text);
}

/* Two rows that spell the same cell the same way are told; two that spell it differently are not, and lose the whole group at the end. */
static bool check_duplicates(struct group *g, bool *ret_hidden) {
  struct import *im = g->im;
  struct arena *a = im->request->arena;
  struct map spelled = {0}, meant = {0};
  bool good = true;
  *ret_hidden = false;
  for (size_t i = 0; i < im->count && good; i++) {
    struct str key = key_of(g, i, true);
    size_t *first = map_get(&spelled, key), *place = ARENA_NEW(a, size_t);
    *place = i;
    if (first) {
      struct str pair = arena_printf(a, "[%zu, %zu]", *first, i);
      good = group_failed(im, "E8128", arena_printf(a, "%.*s-%.*s", STR_ARG(pair), STR_ARG(key)), arena_printf(a, "Value #%.*s all affect the same data value: `%.*s`", STR_ARG(pair), STR_ARG(key)));
    }
    (void)map_put(&spelled, key, place);
    *ret_hidden = map_put(&meant, key_of(g, i, false), place) != NULL || *ret_hidden;
  }
  map_free(&spelled);
  map_free(&meant);
  return good;
}

static bool untimely(const struct group *g, size_t i) {
  const struct model *m = &g->im->model;
  struct sim_period latest;
  enum input_window window = model_input(m, g->set, &g->periods[i]);
  if (model_expired(m, g->set, &g->periods[i]) || model_future(m, g->set, &g->periods[i], &latest)) return true;
  return window == INPUT_OPEN || window == INPUT_NOT_LISTED; /* the wrong way round (measured on 2.43.1): only what is closed by now may be written */
}

static bool check_time(struct group *g) {
  struct import *im = g->im;
  const struct model *m = &im->model;
  struct arena *a = im->request->arena;
  struct texts late = TEXTS_INIT;
  for (size_t i = 0; i < im->count && !m->superuser && !im->force; i++)
    if (untimely(g, i)) texts_add(&late, str_of(g->periods[i].text));
  struct str list = texts_end(&late, a);
  if (list.p) return group_failed(im, "E8030", arena_printf(a, "%.*s-%.*s", STR_ARG(g->set_id), STR_ARG(list)), arena_printf(a, "Untimely data entry for data set %.*s and period(s): `%.*s`", STR_ARG(g->set_id), STR_ARG(list)));
  for (size_t i = 0; i < im->count && !im->force; i++) {
    const json_t *unit = model_get(m, "organisationUnits", g->units[i]);
    int opens, closes;
    bool outside = (sim_date_parse(str_of(model_text(unit, "openingDate")), &opens) && g->periods[i].start < opens) || (sim_date_parse(str_of(model_text(unit, "closedDate")), &closes) && g->periods[i].start > closes);
    if (!outside) continue;
    struct texts all = TEXTS_INIT;
    for (size_t k = 0; k < im->count; k++)
      if (str_eq(g->units[k], g->units[i])) texts_add(&all, str_of(g->periods[k].text));
    list = texts_end(&all, a);
    return group_failed(im, "E8031", arena_printf(a, "%.*s-%.*s", STR_ARG(g->units[i]), STR_ARG(list)), arena_printf(a, "Untimely data entry for org unit %.*s and period(s): `%.*s`", STR_ARG(g->units[i]), STR_ARG(list)));
  }
  return true;
}

static bool check_attribute(struct group *g) {
  struct import *im = g->im;
  const struct model *m = &im->model;
  struct arena *a = im->request->arena;
  for (size_t i = 0; i < im->count; i++) {
    const json_t *options = json_object_get(model_coc(m, g->aocs[i]), "categoryOptions");
    for (size_t k = 0; k < json_array_size(options); k++) {
      const json_t *option = sim_objects_get(m->sim->objects, "categoryOptions", model_text(json_array_get(options, k), "id")), *units = json_object_get(option, "organisationUnits");
      int start, end;
      bool here = json_array_size(units) == 0;
      for (size_t n = 0; n < json_array_size(units) && !here; n++) here = model_below(m, arena_cstr(a, g->units[i]), model_text(json_array_get(units, n), "id"));
      if (!here)
        return group_failed(im, "E8025", arena_printf(a, "%.*s-[%.*s]", STR_ARG(g->aocs[i]), STR_ARG(g->units[i])), arena_printf(a, "Attribute option combo %.*s not usable with org unit(s): `[%.*s]`", STR_ARG(g->aocs[i]), STR_ARG(g->units[i])));
      if ((sim_date_parse(str_of(model_text(option, "startDate")), &start) && g->periods[i].end < start) || (sim_date_parse(str_of(model_text(option, "endDate")), &end) && g->periods[i].start > end))
        return group_failed(im, "E8032", arena_printf(a, "%.*s-[%s]", STR_ARG(g->aocs[i]), g->periods[i].text), arena_printf(a, "Untimely data entry for attribute option combo %.*s and period(s): `[%s]`", STR_ARG(g->aocs[i]), g->periods[i].text));
    }
  }
  return true;
}

static struct str normal(const char *type, struct str value) {
  if (strncmp(type, "INTEGER", 7) == 0 && str_ends(value, STR(".0"))) return str_slice(value, 0, value.n - 2);
  if (strcmp(type, "BOOLEAN") != 0 && strcmp(type, "TRUE_ONLY") != 0) return value;
  static const char *const yes[] = {"true", "t", "yes", "y", "1"}, *const no[] = {"false", "f", "no", "n", "0"};
  for (size_t i = 0; i < 5; i++) {
    if (str_eq_nocase(value, str_of(yes[i]))) return STR("true");
    if (str_eq_nocase(value, str_of(no[i]))) return STR("false");
  }
  return value;
}

static bool value_failed(struct import *im, size_t i, const char *code, struct str args, struct str text) {
  add_conflict(im, code, args, text, json_pack("[I]", (json_int_t)i));
  im->ignored++;
  import_reject(im, i);
  return false;
}

static bool check_value(struct group *g, size_t i) {
  struct import *im = g->im;
  struct arena *a = im->request->arena;
  struct row *r = &im->rows[i];
  const json_t *element = model_get(&im->model, "dataElements", r->element);
  const char *type = model_text(element, "valueType"), *options = model_ref(element, "optionSet"), *comment_options = model_ref(element, "commentOptionSet"), *problem;
  bool deletes = r->deleted || str_starts(im->strategy, STR("DELETE"));
  if (!r->value.n && !deletes) return value_failed(im, i, "E8120", arena_printf(a, "%zu", i), arena_printf(a, "Value #%zu value is required", i));
  if (r->value.n && !deletes) {
    r->value = normal(type, r->value);
    problem = model_type_problem(type, r->value);
    if (problem) return value_failed(im, i, "E8122", arena_printf(a, "%zu-%.*s-%s-%s", i, STR_ARG(r->value), type, problem), arena_printf(a, "Value #%zu value `%.*s` is no valid %s: %s", i, STR_ARG(r->value), type, problem));
    if (*options && !model_is_option(&im->model, options, r->value))
      return value_failed(im, i, "E8123", arena_printf(a, "%zu-%.*s-%.*s", i, STR_ARG(r->value), STR_ARG(r->element)), arena_printf(a, "Value #%zu value `%.*s` is no valid option for data element `%.*s`", i, STR_ARG(r->value), STR_ARG(r->element)));
  }
  if (r->comment.n && *comment_options && !model_is_option(&im->model, comment_options, r->comment))
    return value_failed(im, i, "E8124", arena_printf(a, "%zu-%.*s", i, STR_ARG(r->comment)), arena_printf(a, "Value #%zu comment is restricted to options and does not allow %.*s`", i, STR_ARG(r->comment)));
  if (r->comment.n > 5000) return value_failed(im, i, "E8125", arena_printf(a, "%zu-5000", i), arena_printf(a, "Value #%zu comment too long (max 5,000 characters)`", i));
  return true;
}

static void store(struct group *g, size_t i, bool deletes) {
  struct import *im = g->im;
  const struct row *r = &im->rows[i];
  struct sim_value *v = values_get(im->sim->values, r->element, str_of(g->periods[i].text), g->units[i], g->cocs[i], g->aocs[i]);
  if (!v && (deletes || r->deleted)) return;
  if (!v) v = values_put(im->sim->values, r->element, str_of(g->periods[i].text), g->units[i], g->cocs[i], g->aocs[i], im->now_ms);
  v->updated_ms = im->now_ms;
  v->deleted = deletes || r->deleted;
  if (v->deleted) return;
  values_text(&v->value, r->value);
  values_text(&v->comment, r->comment.n ? r->comment : STR_NONE);
  values_text(&v->stored_by, str_of(model_text(im->model.user, "username")));
  v->followup = r->followup;
}

/* A value without comment for an element whose comments are options ends the request with a null pointer (measured on 2.43.1). */
static bool trips(const struct import *im) {
  for (size_t i = 0; i < im->count; i++)
    if (!im->rows[i].comment.p && *model_ref(model_get(&im->model, "dataElements", im->rows[i].element), "commentOptionSet")) return true;
  return false;
}

static void finish(struct group *g, bool hidden_duplicate) {
  struct import *im = g->im;
  struct arena *a = im->request->arena;
  bool deletes = str_starts(im->strategy, STR("DELETE"));
  bool *good = ARENA_ARRAY(a, im->count, bool);
  size_t stored = 0;
  for (size_t i = 0; i < im->count; i++) stored += good[i] = check_value(g, i);
  if (im->atomic && stored < im->count) {
    struct str first = str_of(model_text(json_array_get(im->conflicts, 0), "value"));
    struct str args = arena_printf(a, "%zu-%zu-%.*s", stored, im->count, STR_ARG(first)), text = arena_printf(a, "Atomic mode requires all values to be valid but only %zu/%zu were. First issue: %.*s", stored, im->count, STR_ARG(first));
    json_array_clear(im->conflicts);
    json_array_clear(im->rejected);
    im->ignored = 0;
    (void)group_failed(im, "E8000", args, text);
    return;
  }
  if (hidden_duplicate && !im->dry_run) {
    im->ignored += stored;
  } else {
    *(deletes ? &im->deleted : &im->updated) += stored;
    for (size_t i = 0; i < im->count && !im->dry_run; i++)
      if (good[i]) store(g, i, deletes);
  }
  im->complete = im->complete_date.p && stored == im->count ? arena_cstr(a, im->complete_date) : "false";
  import_reply(im, stored == im->count ? "SUCCESS" : stored ? "WARNING" : "ERROR", NULL);
}

void import_new(struct import *im) {
  struct group g = {.im = im};
  bool hidden = false;
  if (!im->count) {
    im->complete = "false";
    import_reply(im, "SUCCESS", NULL);
    return;
  }
  if (!decode(&g) || !find_set(&g)) return;
  find_cocs(&g);
  if (!check_access(&g) || !check_keys(&g) || !check_attribute(&g) || !check_duplicates(&g, &hidden) || !check_time(&g)) return;
  if (trips(im)) {
    sim_reply_message(im->reply, 500, "ERROR", NULL, "Cannot read the array length because \"args\" is null");
    return;
  }
  finish(&g, hidden);
}

/* The engine from 2.43 (DHIS2 DefaultDataEntryService): decode all, then judge the whole group of a data set, then each value, then store; everything stored counts as updated. */
#include "sim/auth.h"
#include "sim/relations.h"
#include "sim/values_import.h"

struct cell {
  size_t index;
  struct row *row;
  struct str element, unit, coc, aoc; /* uids */
  struct sim_period period;
  bool coc_sent, aoc_sent;
};

/* The values of one data set. */
struct entry {
  struct import *im;
  const struct values_group *source;
  json_t *set; /* NULL: unknown */
  struct str set_id;
  struct cell *cells;
  size_t n;
  bool hidden_duplicate;
};

static void add_conflict(struct import *im, const char *code, struct str args, struct str text, json_t *indexes) {
  json_array_append_new(im->conflicts, json_pack("{s:{s:s%}, s:s%, s:s, s:o}", "objects", "args", args.p, args.n, "value", text.p, text.n,
                                                 "errorCode", code, "indexes", indexes));
}

/* The whole payload could not be read: nothing is looked at further. */
static bool decode_failed(struct import *im, const char *code, struct str args, struct str text) {
  add_conflict(im, code, args, text, json_pack("[i]", -1));
  im->complete = NULL;
  return import_end(im, "ERROR", NULL);
}

static bool entry_failed(struct entry *e, const char *code, struct str args, struct str text) {
  json_t *indexes = json_array();
  for (size_t i = 0; i < e->n; i++) {
    json_array_append_new(indexes, json_integer((json_int_t)e->cells[i].index));
    import_reject(e->im, e->cells[i].index);
  }
  add_conflict(e->im, code, args, text, indexes);
  return false;
}

/* --- decoding --- */

/* "{category=option}" */
static struct str map_text(struct arena *arena, const json_t *options) {
  struct buf text = BUF_INIT(8192);
  const char *category;
  json_t *option;
  if (!options) return STR("null");
  json_object_foreach((json_t *)(uintptr_t)options, category, option)(void)
      buf_printf(&text, "%s%s=%s", text.n ? ", " : "", category, json_string_value(option) ? json_string_value(option) : "null");
  struct str kept = arena_printf(arena, "{%.*s}", STR_ARG(buf_str(&text)));
  buf_free(&text);
  return kept;
}

static struct str input_of(struct arena *arena, const struct row *r) {
  static const char *const flags[] = {"null", "false", "true"};
  struct str options = map_text(arena, r->options);
#define OR_NULL(field) (r->field.p ? r->field : STR("null"))
  return arena_printf(arena,
                      "Input[dataElement=%.*s, orgUnit=%.*s, categoryOptionCombo=%.*s, categoryOptions=%.*s, attributeOptionCombo=%.*s, "
                      "attributeCombo=null, attributeOptions=null, period=%.*s, value=%.*s, comment=%.*s, "
                      "followUp=%s, deleted=%s]",
                      STR_ARG(OR_NULL(element)), STR_ARG(OR_NULL(unit)), STR_ARG(OR_NULL(coc)), STR_ARG(options), STR_ARG(OR_NULL(aoc)),
                      STR_ARG(OR_NULL(period)), STR_ARG(OR_NULL(value)), STR_ARG(OR_NULL(comment)), flags[r->followup], flags[r->deleted]);
#undef OR_NULL
}

static const struct {
  const char *what, *bad, *bad_code, *missing_code;
} decoded[SCHEMED_COUNT] = {[SCHEMED_ELEMENT] = {"data element", "UID not valid", "E8104", "E8103"},
                            [SCHEMED_UNIT] = {"org unit", "UID is not valid", "E8106", "E8107"},
                            [SCHEMED_COC] = {"category option combo", "UID is not valid", "E8109", "E8108"},
                            [SCHEMED_AOC] = {"attribute option combo", "UID is not valid", "E8111", "E8110"}};

/* The uid that a text means. Uids are only looked at, not looked up. */
static bool decode_id(struct import *im, size_t index, enum schemed kind, struct str text, struct str *ret) {
  struct arena *a = im->arena;
  bool uid = im->names[kind].scheme.kind == SCHEME_UID;
  const json_t *object = uid ? NULL : import_find(im, kind, text);
  *ret = uid ? text : str_of(model_text(object, "id"));
  if (uid ? sim_is_uid(text) : object != NULL) return true;
  struct str args = arena_printf(a, "%zu-%.*s", index, STR_ARG(text));
  if (!uid)
    return decode_failed(im, decoded[kind].missing_code, args,
                         arena_printf(a, "Value #%zu %s not found: `%.*s`", index, decoded[kind].what, STR_ARG(text)));
  return decode_failed(im, decoded[kind].bad_code, args,
                       arena_printf(a, "Value #%zu %s %s: `%.*s`", index, decoded[kind].what, decoded[kind].bad, STR_ARG(text)));
}

static bool undefined(struct import *im, const struct cell *c, const char *code, const char *what) {
  struct str input = input_of(im->arena, c->row);
  return decode_failed(im, code, arena_printf(im->arena, "%zu-%.*s", c->index, STR_ARG(input)),
                       arena_printf(im->arena, "Value #%zu %s not defined in group or value: `%.*s`", c->index, what, STR_ARG(input)));
}

static bool decode_combos(struct entry *e, struct cell *c) {
  struct import *im = e->im;
  const struct row *r = c->row;
  struct str aoc = r->aoc.p ? r->aoc : e->source->aoc;
  c->coc = c->aoc = str_of(im->model.default_coc);
  c->coc_sent = r->coc.p || r->options;
  c->aoc_sent = aoc.p != NULL;
  if (r->coc.p && !decode_id(im, c->index, SCHEMED_COC, r->coc, &c->coc)) return false;
  if (aoc.p && !decode_id(im, c->index, SCHEMED_AOC, aoc, &c->aoc)) return false;
  if (json_object_size(e->source->options)) {
    const json_t *found = import_combo(im, model_ref(e->set, "categoryCombo"), e->source->options);
    if (found) c->aoc = str_of(model_text(found, "id"));
  }
  if (!r->options) return true;
  struct arena *a = im->arena;
  struct str shown = map_text(a, r->options), args = arena_printf(a, "%zu-%.*s", c->index, STR_ARG(shown));
  if (!e->source->data_set.p)
    return decode_failed(im, "E8101", args,
                         arena_printf(a, "Value #%zu category options require a data set: `%.*s`", c->index, STR_ARG(shown)));
  const json_t *found = import_combo(im, model_combo(&im->model, model_text(e->set, "id"), arena_cstr(a, c->element)), r->options);
  if (!found)
    return decode_failed(im, "E8108", args,
                         arena_printf(a, "Value #%zu category option combo not found: `%.*s`", c->index, STR_ARG(shown)));
  c->coc = str_of(model_text(found, "id"));
  return true;
}

static bool decode_cell(struct entry *e, struct cell *c) {
  struct import *im = e->im;
  const struct row *r = c->row;
  struct str unit = r->unit.p ? r->unit : e->source->unit, period = r->period.p ? r->period : e->source->period;
  if (!period.p) return undefined(im, c, "E8100", "period");
  if (!sim_period_by(im->sim->conf.calendar, period, &c->period))
    return import_throw(im, 500, NULL,
                        STR("Cannot invoke \"org.hisp.dhis.datavalue.DataEntryGroup.deletion()\" because \"group\" is null"));
  if (!r->element.p) return undefined(im, c, "E8102", "data element");
  if (!decode_id(im, c->index, SCHEMED_ELEMENT, r->element, &c->element)) return false;
  if (!unit.p) return undefined(im, c, "E8105", "org unit");
  return decode_id(im, c->index, SCHEMED_UNIT, unit, &c->unit) && decode_combos(e, c);
}

static bool decode_header(struct entry *e) {
  struct import *im = e->im;
  const struct values_group *g = e->source;
  struct arena *a = im->arena;
  bool uid = im->names[SCHEMED_DATA_SET].scheme.kind == SCHEME_UID;
  int day;
  e->set_id = g->data_set;
  e->set = g->data_set.p ? import_find(im, SCHEMED_DATA_SET, g->data_set) : NULL;
  if (g->data_set.p && uid && !sim_is_uid(g->data_set))
    return decode_failed(im, "E8004", g->data_set, arena_printf(a, "Data set UID not valid: `%.*s`", STR_ARG(g->data_set)));
  if (g->data_set.p && !uid && !e->set)
    return decode_failed(im, "E8005", g->data_set, arena_printf(a, "Data set not found: `%.*s`", STR_ARG(g->data_set)));
  if (e->set) e->set_id = str_of(model_text(e->set, "id"));
  if (g->complete_date.p && !sim_date_parse(g->complete_date, &day))
    return decode_failed(im, "E8008", g->complete_date,
                         arena_printf(a, "Data set `completeDate` is not a valid date string: `%.*s`", STR_ARG(g->complete_date)));
  if (g->complete_date.p && !(g->data_set.p && g->unit.p && g->period.p))
    return decode_failed(
        im, "E8009", STR(""),
        STR("Data set `completeDate` requires data set, org unit, period and attribute option combo to be defined at the group level."));
  return true;
}

static bool decode(struct entry *e) {
  if (!decode_header(e)) return false;
  e->n = e->source->rows.n;
  e->cells = ARENA_ARRAY(e->im->arena, e->n, struct cell);
  for (size_t i = 0; i < e->n; i++) {
    e->cells[i] = (struct cell){.index = e->source->first + i, .row = &e->source->rows.p[i]};
    if (!decode_cell(e, &e->cells[i])) return false;
  }
  return true;
}

/* --- which data set --- */

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

static struct sim_list sets_of(const struct entry *e, const struct cell *c) {
  return sim_related(e->im->sim->objects, "dataSets", "dataSetElements.dataElement", arena_cstr(e->im->arena, c->element));
}

/* Without a data set in the header: the one that all elements are in. */
static bool find_set(struct entry *e) {
  struct arena *a = e->im->arena;
  if (e->source->data_set.p || e->set) return true;
  struct texts sets = TEXTS_INIT, none = TEXTS_INIT;
  for (size_t i = 0; i < e->n; i++) {
    struct sim_list found = sets_of(e, &e->cells[i]);
    if (!found.n) texts_add(&none, e->cells[i].element);
    for (size_t k = 0; k < found.n; k++) texts_add(&sets, str_of(model_text(e->set = found.p[k], "id")));
  }
  size_t several = sets.seen.count;
  struct str names = texts_end(&sets, a), missing = texts_end(&none, a);
  if (several > 1)
    return entry_failed(e, "E8002", names, arena_printf(a, "Data set detection failed, found multiple sets: `%.*s`", STR_ARG(names)));
  if (missing.p)
    return entry_failed(e, "E8003", missing,
                        arena_printf(a, "Data set detection failed, found no set for data element(s): `%.*s`", STR_ARG(missing)));
  e->set_id = str_of(model_text(e->set, "id"));
  return true;
}

/* --- judging all of it --- */

static bool check_access(struct entry *e) {
  const struct model *m = &e->im->model;
  struct arena *a = e->im->arena;
  if (e->set && !(model_access(m, e->set, 0, 'r') && model_access(m, e->set, 3, 'w')))
    return entry_failed(e, "E8010", e->set_id, arena_printf(a, "Current user cannot enter data for data set: `%.*s`", STR_ARG(e->set_id)));
  struct texts units = TEXTS_INIT, options = TEXTS_INIT;
  for (size_t i = 0; i < e->n; i++) {
    const struct cell *c = &e->cells[i];
    const json_t *unit = model_get(m, "organisationUnits", c->unit);
    const char *option = NULL;
    if (unit && !model_user_unit(m, model_text(unit, "id"), false)) texts_add(&units, c->unit);
    if (!model_coc_access(m, model_coc(m, c->coc), 'w', &option) || !model_coc_access(m, model_coc(m, c->aoc), 'w', &option))
      texts_add(&options, str_of(option));
  }
  struct str outside = texts_end(&units, a), closed = texts_end(&options, a);
  if (outside.p)
    return entry_failed(e, "E8011", outside, arena_printf(a, "Current user cannot enter data for org unit(s): `%.*s`", STR_ARG(outside)));
  if (closed.p)
    return entry_failed(e, "E8012", closed,
                        arena_printf(a, "Current user cannot enter data for category option(s): `%.*s`", STR_ARG(closed)));
  return true;
}

static bool not_usable(struct entry *e, const char *code, const char *what, struct str list) {
  struct arena *a = e->im->arena;
  return entry_failed(e, code, arena_printf(a, "%.*s-%.*s", STR_ARG(e->set_id), STR_ARG(list)),
                      arena_printf(a, "Data set %.*s not usable with %s(s): `%.*s`", STR_ARG(e->set_id), what, STR_ARG(list)));
}

static bool check_coc(struct entry *e, struct str element, struct str coc) {
  const struct model *m = &e->im->model;
  struct arena *a = e->im->arena;
  const char *combo = model_combo(m, model_text(e->set, "id"), arena_cstr(a, element));
  if (model_coc_in(m, model_coc(m, coc), combo)) return true;
  struct str list = arena_printf(a, "[%.*s]", STR_ARG(coc)),
             args = arena_printf(a, "%.*s-%.*s-%.*s", STR_ARG(e->set_id), STR_ARG(element), STR_ARG(list));
  return entry_failed(e, "E8024", args,
                      arena_printf(a, "Data set %.*s + data element %.*s not usable with category option combo(s): `%.*s`",
                                   STR_ARG(e->set_id), STR_ARG(element), STR_ARG(list)));
}

/* What a deletion scope names: an element alone stands for its default option combo. */
static struct str scope_coc(const struct entry *e, const json_t *element) {
  const char *coc = json_string_value(json_object_get(element, "categoryOptionCombo"));
  return str_of(coc ? coc : e->im->model.default_coc);
}

static bool check_keys(struct entry *e) {
  const struct model *m = &e->im->model;
  struct arena *a = e->im->arena;
  struct texts elements = TEXTS_INIT, periods = TEXTS_INIT, units = TEXTS_INIT, aocs = TEXTS_INIT;
  const char *set_combo = model_ref(e->set, "categoryCombo");
  if (!*set_combo) set_combo = sim_default_uid(m->sim->objects, "categoryCombos");
  for (size_t i = 0; i < e->n; i++) {
    const struct cell *c = &e->cells[i];
    if (!e->set || !model_combo(m, model_text(e->set, "id"), arena_cstr(a, c->element))) texts_add(&elements, c->element);
    if (e->set && strcmp(model_text(e->set, "periodType"), c->period.type) != 0) texts_add(&periods, str_of(c->period.text));
    if (e->set && !model_assigned(m, e->set, arena_cstr(a, c->unit))) texts_add(&units, c->unit);
    if (e->set && !model_coc_in(m, model_coc(m, c->aoc), set_combo)) texts_add(&aocs, c->aoc);
  }
  struct str bad_elements = texts_end(&elements, a), bad_periods = texts_end(&periods, a), bad_units = texts_end(&units, a),
             bad_aocs = texts_end(&aocs, a);
  if (bad_elements.p) return not_usable(e, "E8020", "data element", bad_elements);
  if (bad_periods.p) return not_usable(e, "E8021", "period", bad_periods);
  if (bad_units.p) return not_usable(e, "E8022", "org unit", bad_units);
  if (bad_aocs.p) return not_usable(e, "E8023", "attribute option combo", bad_aocs);
  for (size_t i = 0; i < e->n; i++)
    if (e->cells[i].coc_sent && !check_coc(e, e->cells[i].element, e->cells[i].coc)) return false;
  const json_t *scope = json_object_get(e->source->deletion, "elements");
  for (size_t i = 0; i < json_array_size(scope); i++)
    if (!check_coc(e, str_of(model_text(json_array_get(scope, i), "dataElement")), scope_coc(e, json_array_get(scope, i)))) return false;
  return true;
}

static struct str key_of(const struct entry *e, const struct cell *c, bool spelled) {
  struct str coc = spelled && !c->coc_sent ? STR("null") : c->coc, aoc = spelled && !c->row->aoc.p ? STR("null") : c->aoc;
  return arena_printf(e->im->arena,
                      "DataValueKey[dataElement=%.*s, orgUnit=%.*s, categoryOptionCombo=%.*s, attributeOptionCombo=%.*s, period=%s]",
                      STR_ARG(c->element), STR_ARG(c->unit), STR_ARG(coc), STR_ARG(aoc), c->period.text);
}

/* Two rows that spell the same cell the same way are told; two that spell it differently are not, and lose the whole group at the end. */
static bool check_duplicates(struct entry *e) {
  struct arena *a = e->im->arena;
  struct map spelled = {0}, meant = {0};
  bool good = true;
  for (size_t i = 0; i < e->n && good; i++) {
    struct cell *c = &e->cells[i];
    struct str key = key_of(e, c, true);
    const struct cell *first = map_put(&spelled, key, c);
    if (first) {
      struct str pair = arena_printf(a, "[%zu, %zu]", first->index, c->index);
      good = entry_failed(e, "E8128", arena_printf(a, "%.*s-%.*s", STR_ARG(pair), STR_ARG(key)),
                          arena_printf(a, "Value #%.*s all affect the same data value: `%.*s`", STR_ARG(pair), STR_ARG(key)));
    }
    e->hidden_duplicate = map_put(&meant, key_of(e, c, false), c) != NULL || e->hidden_duplicate;
  }
  map_free(&spelled);
  map_free(&meant);
  return good;
}

static bool untimely(const struct entry *e, const struct cell *c) {
  const struct model *m = &e->im->model;
  struct sim_period latest;
  enum input_window window = model_input(m, e->set, &c->period);
  if (window == INPUT_NO_WINDOWS)
    return model_expired(m, e->set, &c->period, model_text(model_get(m, "organisationUnits", c->unit), "id")) ||
           (!model_frees(m) && model_future(m, e->set, &c->period, &latest));
  return window == INPUT_OPEN ||
         window == INPUT_NOT_LISTED; /* the wrong way round (measured on 2.43.1): only what is closed by now may be written */
}

static bool outside_unit(const struct entry *e, const struct cell *c) {
  const json_t *unit = model_get(&e->im->model, "organisationUnits", c->unit);
  int opens, closes;
  if (sim_date_parse(str_of(model_text(unit, "openingDate")), &opens) && c->period.start < opens) return true;
  return sim_date_parse(str_of(model_text(unit, "closedDate")), &closes) && c->period.start > closes;
}

static bool unit_failed(struct entry *e, const struct cell *c) {
  struct arena *a = e->im->arena;
  struct texts all = TEXTS_INIT;
  for (size_t k = 0; k < e->n; k++)
    if (str_eq(e->cells[k].unit, c->unit)) texts_add(&all, str_of(e->cells[k].period.text));
  struct str list = texts_end(&all, a);
  return entry_failed(e, "E8031", arena_printf(a, "%.*s-%.*s", STR_ARG(c->unit), STR_ARG(list)),
                      arena_printf(a, "Untimely data entry for org unit %.*s and period(s): `%.*s`", STR_ARG(c->unit), STR_ARG(list)));
}

/* Only values that spell their attribute option combo are held up, and only at the very unit that was approved (measured on 2.43.1). */
static bool approved_failed(struct entry *e, const struct cell *c) {
  struct arena *a = e->im->arena;
  struct str args = arena_printf(a, "%.*s-%.*s-[%s]", STR_ARG(c->aoc), STR_ARG(c->unit), c->period.text);
  return entry_failed(
      e, "E8033", args,
      arena_printf(a, "Untimely data entry (already approved) for attribute option combo %.*s, org unit %.*s and periods: `[%s]`",
                   STR_ARG(c->aoc), STR_ARG(c->unit), c->period.text));
}

static bool check_unit_time(struct entry *e) {
  for (size_t i = 0; i < e->n; i++)
    if (outside_unit(e, &e->cells[i])) return unit_failed(e, &e->cells[i]);
  return true;
}

static bool check_time(struct entry *e) {
  const struct model *m = &e->im->model;
  struct arena *a = e->im->arena;
  struct texts late = TEXTS_INIT;
  if (e->im->force) return true;
  for (size_t i = 0; i < e->n; i++)
    if (untimely(e, &e->cells[i])) texts_add(&late, str_of(e->cells[i].period.text));
  struct str list = texts_end(&late, a);
  if (list.p)
    return entry_failed(e, "E8030", arena_printf(a, "%.*s-%.*s", STR_ARG(e->set_id), STR_ARG(list)),
                        arena_printf(a, "Untimely data entry for data set %.*s and period(s): `%.*s`", STR_ARG(e->set_id), STR_ARG(list)));
  for (size_t i = 0; i < e->n; i++)
    if (e->cells[i].aoc_sent &&
        values_approved(m, e->set, e->cells[i].period.text, arena_cstr(a, e->cells[i].unit), arena_cstr(a, e->cells[i].aoc), false))
      return approved_failed(e, &e->cells[i]);
  for (size_t i = 0; i < e->n; i++) {
    const struct cell *c = &e->cells[i];
    if (c->aoc_sent && !model_option_now(m, e->set, model_coc(m, c->aoc), &c->period))
      return entry_failed(
          e, "E8032", arena_printf(a, "%.*s-[%s]", STR_ARG(c->aoc), c->period.text),
          arena_printf(a, "Untimely data entry for attribute option combo %.*s and period(s): `[%s]`", STR_ARG(c->aoc), c->period.text));
  }
  return true;
}

static bool check_attribute(struct entry *e) {
  const struct model *m = &e->im->model;
  struct arena *a = e->im->arena;
  for (size_t i = 0; i < e->n; i++) {
    const struct cell *c = &e->cells[i];
    if (!model_option_here(m, model_coc(m, c->aoc), arena_cstr(a, c->unit)))
      return entry_failed(
          e, "E8025", arena_printf(a, "%.*s-[%.*s]", STR_ARG(c->aoc), STR_ARG(c->unit)),
          arena_printf(a, "Attribute option combo %.*s not usable with org unit(s): `[%.*s]`", STR_ARG(c->aoc), STR_ARG(c->unit)));
  }
  return true;
}

/* --- judging each --- */

static struct str normal(const char *type, struct str value) {
  if (strncmp(type, "INTEGER", 7) == 0 && str_ends(value, STR(".0"))) return str_slice(value, 0, value.n - 2);
  if (strcmp(type, "BOOLEAN") != 0 && strcmp(type, "TRUE_ONLY") != 0) return value;
  static const char *const yes[] = {"true", "t", "yes", "y", "1"}, *const no[] = {"false", "f", "no", "n", "0"};
  for (size_t i = 0; i < sizeof yes / sizeof *yes; i++) {
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

/* The first part that is no option; p NULL: all are. */
static struct str no_option(const struct model *m, const char *type, const char *options, struct str value) {
  bool multi = strcmp(type, "MULTI_TEXT") == 0;
  struct str rest = value;
  while (rest.p) {
    struct str part = multi ? str_take(&rest, ',') : rest;
    if (!multi) rest.p = NULL;
    if (!model_is_option(m, options, part)) return part;
  }
  return STR_NONE;
}

static bool deletes(const struct import *im, const struct row *r) {
  return r->deleted == FLAG_YES || str_starts(im->strategy, STR("DELETE"));
}

static bool check_text(struct entry *e, struct cell *c, const json_t *element) {
  struct import *im = e->im;
  struct arena *a = im->arena;
  struct row *r = c->row;
  size_t i = c->index;
  const char *type = model_text(element, "valueType"), *options = model_ref(element, "optionSet");
  r->value = normal(type, r->value);
  const char *problem = values_type_problem(im->model.sim, type, r->value);
  if (problem)
    return value_failed(im, i, "E8122", arena_printf(a, "%zu-%.*s-%s-%s", i, STR_ARG(r->value), type, problem),
                        arena_printf(a, "Value #%zu value `%.*s` is no valid %s: %s", i, STR_ARG(r->value), type, problem));
  struct str bad = *options ? no_option(&im->model, type, options, r->value) : STR_NONE;
  if (!bad.p) return true;
  return value_failed(
      im, i, "E8123", arena_printf(a, "%zu-%.*s-%.*s", i, STR_ARG(bad), STR_ARG(c->element)),
      arena_printf(a, "Value #%zu value `%.*s` is no valid option for data element `%.*s`", i, STR_ARG(bad), STR_ARG(c->element)));
}

static bool check_value(struct entry *e, struct cell *c) {
  struct import *im = e->im;
  struct arena *a = im->arena;
  const struct row *r = c->row;
  size_t i = c->index;
  const json_t *element = model_get(&im->model, "dataElements", c->element);
  const char *comment_options = model_ref(element, "commentOptionSet");
  bool gone = deletes(im, r);
  if (!r->value.n && !gone)
    return value_failed(im, i, "E8120", arena_printf(a, "%zu", i), arena_printf(a, "Value #%zu value is required", i));
  if (r->value.n && !gone && !check_text(e, c, element)) return false;
  if (r->comment.n && *comment_options && !model_is_option(&im->model, comment_options, r->comment))
    return value_failed(im, i, "E8124", arena_printf(a, "%zu-%.*s", i, STR_ARG(r->comment)),
                        arena_printf(a, "Value #%zu comment is restricted to options and does not allow %.*s`", i, STR_ARG(r->comment)));
  if (r->comment.n > 5000)
    return value_failed(im, i, "E8125", arena_printf(a, "%zu-5000", i),
                        arena_printf(a, "Value #%zu comment too long (max 5,000 characters)`", i));
  return true;
}

/* --- storing --- */

static void store(struct entry *e, const struct cell *c) {
  struct import *im = e->im;
  const struct row *r = c->row;
  struct str period = str_of(c->period.text);
  bool gone = deletes(im, r);
  struct sim_value *v = values_get(im->sim->values, c->element, period, c->unit, c->coc, c->aoc);
  if (!v && gone) return;
  if (!v) v = values_put(im->sim->values, c->element, period, c->unit, c->coc, c->aoc, im->now_ms);
  v->updated_ms = im->now_ms;
  v->deleted = gone;
  values_text(&v->value, r->value.n ? r->value : STR_NONE);
  values_text(&v->comment, r->comment.n ? r->comment : STR_NONE);
  values_text(&v->stored_by, str_of(model_text(im->model.user, "username")));
  v->followup = r->followup;
}

static void delete_cell(struct entry *e, struct str element, struct str period, struct str unit, struct str coc, struct str aoc) {
  struct sim_value *v = values_get(e->im->sim->values, element, period, unit, coc, aoc);
  if (!v || v->deleted) return;
  e->im->deleted++;
  if (e->im->dry_run) return;
  v->deleted = true;
  v->updated_ms = e->im->now_ms;
  values_text(&v->value, STR_NONE);
}

static void delete_scope(struct entry *e) {
  const json_t *scope = e->source->deletion, *elements = json_object_get(scope, "elements"), *periods = json_object_get(scope, "periods"),
               *units = json_object_get(scope, "orgUnits");
  for (size_t i = 0; i < json_array_size(elements); i++) {
    const json_t *element = json_array_get(elements, i);
    const char *aoc = json_string_value(json_object_get(element, "attributeOptionCombo"));
    for (size_t k = 0; k < json_array_size(periods); k++)
      for (size_t n = 0; n < json_array_size(units); n++)
        delete_cell(e, str_of(model_text(element, "dataElement")), str_of(json_string_value(json_array_get(periods, k))),
                    str_of(json_string_value(json_array_get(units, n))), scope_coc(e, element),
                    str_of(aoc ? aoc : e->im->model.default_coc));
  }
}

/* A value without comment for an element whose comments are options ends the request with a null pointer (measured on 2.43.1). */
static bool trips(const struct entry *e) {
  for (size_t i = 0; i < e->n; i++)
    if (!e->cells[i].row->comment.p && *model_ref(model_get(&e->im->model, "dataElements", e->cells[i].element), "commentOptionSet"))
      return true;
  return false;
}

static void complete(struct entry *e) {
  const struct values_group *g = e->source;
  struct import *im = e->im;
  struct sim_period period;
  if (!g->complete_date.p || !e->n || im->dry_run || !sim_period_parse(g->period, &period)) return;
  values_complete(im->sim->values, &(struct completion){.period = str_of(period.text),
                                                        .set = e->set_id,
                                                        .unit = e->cells[0].unit,
                                                        .aoc = e->cells[0].aoc,
                                                        .date = str_slice(g->complete_date, 0, 10),
                                                        .stored_by = str_of(model_text(im->model.user, "username"))});
}

/* False: one bad value keeps out all, as atomic asks. */
static bool atomic_failed(struct entry *e, size_t good) {
  struct import *im = e->im;
  struct arena *a = im->arena;
  struct str first = arena_str(a, str_of(model_text(json_array_get(im->conflicts, 0), "value")));
  json_array_clear(im->conflicts);
  json_array_clear(im->rejected);
  im->ignored = 0;
  im->complete = NULL;
  return entry_failed(
      e, "E8000", arena_printf(a, "%zu-%zu-%.*s", good, e->n, STR_ARG(first)),
      arena_printf(a, "Atomic mode requires all values to be valid but only %zu/%zu were. First issue: %.*s", good, e->n, STR_ARG(first)));
}

/* How many of its values were good. */
static size_t finish(struct entry *e) {
  struct import *im = e->im;
  bool *good = ARENA_ARRAY(im->arena, e->n, bool);
  size_t count = 0;
  for (size_t i = 0; i < e->n; i++) count += good[i] = check_value(e, &e->cells[i]);
  if (im->atomic && count < e->n) {
    (void)atomic_failed(e, count);
    return 0;
  }
  if (count) delete_scope(e);
  if (e->hidden_duplicate && !im->dry_run) {
    im->ignored += count;
    return count;
  }
  *(str_starts(im->strategy, STR("DELETE")) ? &im->deleted : &im->updated) += count;
  for (size_t i = 0; i < e->n && !im->dry_run; i++)
    if (good[i]) store(e, &e->cells[i]);
  if (e->source->complete_date.p && count == e->n) {
    im->complete = arena_cstr(im->arena, e->source->complete_date);
    complete(e);
  }
  return count;
}

/* False: something was thrown. */
static bool judge(struct entry *e, size_t *good) {
  bool ok =
      find_set(e) && check_access(e) && check_keys(e) && check_attribute(e) && check_unit_time(e) && check_time(e) && check_duplicates(e);
  if (!ok) return true;
  if (trips(e))
    return import_throw(e->im, 500, NULL,
                        STR("Cannot invoke \"org.hisp.dhis.datavalue.DataEntryGroup.values()\" because \"valid\" is null"));
  *good += finish(e);
  return true;
}

/* With the setting dataEntryAutoGroup a payload without data set is taken apart: each value goes to the last data set of its element. */
static bool judge_apart(const struct entry *whole, size_t *good) {
  struct import *im = whole->im;
  bool *taken = ARENA_ARRAY(im->arena, whole->n, bool), ok = true;
  for (size_t i = 0; i < whole->n && ok; i++) {
    struct entry part = *whole;
    struct sim_list sets = sets_of(whole, &whole->cells[i]);
    if (taken[i]) continue;
    part.set = sets.n ? sets.p[sets.n - 1] : NULL;
    part.set_id = str_of(model_text(part.set, "id"));
    part.cells = ARENA_ARRAY(im->arena, whole->n, struct cell);
    part.n = 0;
    for (size_t k = i; k < whole->n; k++) {
      struct sim_list others = sets_of(whole, &whole->cells[k]);
      if (taken[k] || (others.n ? others.p[others.n - 1] : NULL) != part.set) continue;
      taken[k] = true;
      part.cells[part.n++] = whole->cells[k];
    }
    ok = judge(&part, good);
  }
  return ok;
}

void import_new(struct import *im) {
  bool apart = sim_auth_setting_on(im->sim, "dataEntryAutoGroup");
  struct entry *entries = ARENA_ARRAY(im->arena, im->groups.n, struct entry);
  size_t sent = 0, good = 0;
  im->complete = "false";
  for (size_t i = 0; i < im->groups.n; i++) {
    entries[i] = (struct entry){.im = im, .source = &im->groups.p[i]};
    if (!decode(&entries[i])) return;
    sent += entries[i].n;
  }
  for (size_t i = 0; i < im->groups.n; i++) {
    struct entry *e = &entries[i];
    if (!e->n && !e->source->deletion) continue;
    if (!(apart && !e->source->data_set.p ? judge_apart(e, &good) : judge(e, &good))) return;
  }
  (void)import_end(im, good == sent ? "SUCCESS" : good ? "WARNING" : "ERROR", NULL);
}

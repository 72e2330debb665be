#include "sim/values_format.h"

#include "base/clock.h"
#include "base/json_out.h"
#include "sim/relations.h"

static const char *const classes[SCHEMED_COUNT] = {
    "dataSets", "dataElements", "organisationUnits", "categoryOptionCombos", "categoryOptionCombos", "categories", "categoryOptions"};

struct writer {
  struct values_query *q;
  struct buf *out;
  struct map names[SCHEMED_COUNT]; /* uid to struct str, where a scheme is not UID */
  int64_t time_ms;                 /* the last time written, and its text: most rows share it */
  char time_text[40];
  bool hoist_period, hoist_unit, hoist_aoc;
};

/* --- names --- */

static struct str name_of(struct writer *w, enum schemed what, struct str uid) {
  const struct scheme *scheme = &w->q->schemes[what];
  if (scheme->kind == SCHEME_UID || scheme->kind == SCHEME_DATABASE_ID) return uid;
  struct str *known = map_get(&w->names[what], uid);
  if (!known) {
    known = ARENA_NEW(w->q->request->arena, struct str);
    *known = scheme_name(&w->q->model, scheme, model_get(&w->q->model, classes[what], uid));
    (void)map_put(&w->names[what], uid, known);
  }
  return *known;
}

/* The new engine refuses to export what has no name in the scheme; the old one writes null. */
static bool names_complete(struct writer *w) {
  static const struct {
    enum schemed what;
    const char *code, *label;
  } kinds[] = {{SCHEMED_ELEMENT, "E8201", "data element"},
               {SCHEMED_UNIT, "E8202", "org unit"},
               {SCHEMED_COC, "E8203", "category option combo"},
               {SCHEMED_AOC, "E8203", "category option combo"}};
  struct arena *a = w->q->request->arena;
  for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++) {
    const struct scheme *scheme = &w->q->schemes[kinds[k].what];
    struct str missing = STR_NONE;
    struct map seen = {0};
    for (size_t i = 0; i < w->q->rows.n && scheme->kind != SCHEME_UID; i++) {
      const struct sim_value *v = w->q->rows.p[i];
      struct str uid = kinds[k].what == SCHEMED_ELEMENT ? v->element
                       : kinds[k].what == SCHEMED_UNIT  ? v->unit
                       : kinds[k].what == SCHEMED_COC   ? v->coc
                                                        : v->aoc;
      if (name_of(w, kinds[k].what, uid).p || map_put(&seen, uid, w)) continue;
      missing = arena_printf(a, "%.*s%s%.*s", STR_ARG(missing), missing.n ? ", " : "", STR_ARG(uid));
    }
    map_free(&seen);
    if (!missing.n) continue;
    http_headers_set(&w->q->reply->headers, w->q->reply->arena, STR("Content-Type"), STR("application/json"));
    sim_reply_message(w->q->reply, 409, "ERROR", kinds[k].code,
                      arena_printf(a, "Export as %.*s not possible as the property is undefined for %s(s): `[%.*s]`",
                                   STR_ARG(scheme->kind == SCHEME_ATTRIBUTE ? STR("ATTR") : scheme->text), kinds[k].label, STR_ARG(missing))
                          .p);
    return false;
  }
  return true;
}

static struct str time_of(struct writer *w, int64_t ms) {
  char text[CLOCK_TEXT_SIZE];
  if (w->time_ms != ms || !w->time_text[0]) {
    (void)clock_format(ms - ms % 1000, text);
    (void)snprintf(w->time_text, sizeof w->time_text, "%.19s.%03d+0000", text, (int)(ms % 1000));
    w->time_ms = ms;
  }
  return str_of(w->time_text);
}

static struct str or_null(const char *text) {
  return text ? str_of(text) : STR_NONE;
}

/* "2025-02-01/P1M" */
static struct str adx_period(struct writer *w, struct str text) {
  static const char *const durations[][2] = {{"Daily", "P1D"},     {"Weekly", "P7D"},    {"BiWeekly", "P14D"}, {"Monthly", "P1M"},
                                             {"BiMonthly", "P2M"}, {"Quarterly", "P3M"}, {"SixMonthly", "P6M"}};
  struct sim_period period;
  char day[CLOCK_TEXT_SIZE];
  const char *duration = "P1Y";
  if (!sim_period_parse(text, &period)) return text;
  for (size_t i = 0; i < sizeof durations / sizeof *durations; i++)
    if (strncmp(period.type, durations[i][0], strlen(durations[i][0])) == 0) duration = durations[i][1];
  (void)clock_format((int64_t)period.start * 86400000, day);
  return arena_printf(w->q->request->arena, "%.10s/%s", day, duration);
}

/* --- JSON --- */

/* {category: option} in place of an option combo. */
static void json_unfolded(struct writer *w, struct json_out *out, struct str coc_uid) {
  const json_t *coc = model_coc(&w->q->model, coc_uid),
               *combo = model_get(&w->q->model, "categoryCombos", str_of(model_ref(coc, "categoryCombo"))),
               *categories = json_object_get(combo, "categories");
  json_out_object(out);
  for (size_t i = 0; i < json_array_size(categories); i++) {
    const char *category = model_text(json_array_get(categories, i), "id");
    const json_t *options = json_object_get(sim_objects_get(w->q->model.sim->objects, "categories", category), "categoryOptions");
    for (size_t k = 0; k < json_array_size(options); k++) {
      const char *option = model_text(json_array_get(options, k), "id");
      if (model_lists(coc, "categoryOptions", option)) json_out_member_str(out, category, str_of(option));
    }
  }
  json_out_end(out);
}

static void json_coc(struct writer *w, struct json_out *out, const char *key, enum schemed what, struct str uid) {
  if (w->q->unfold && !str_eq(uid, str_of(w->q->model.default_coc))) {
    json_out_key(out, str_of(key));
    json_unfolded(w, out, uid);
  } else
    json_out_member_str(out, key, name_of(w, what, uid));
}

/* 2.37 shows less: nothing that is null, no column or attribute for what came later. */
static bool is_2_37(const struct writer *w) {
  return w->q->model.sim->release <= SIM_2_37;
}

static void json_value(struct writer *w, struct json_out *out, const struct sim_value *v) {
  bool all = !w->q->new_engine && !is_2_37(w);
  json_out_object(out);
  json_out_member_str(out, "dataElement", name_of(w, SCHEMED_ELEMENT, v->element));
  if (!w->hoist_period) json_out_member_str(out, "period", v->period);
  if (!w->hoist_unit) json_out_member_str(out, "orgUnit", name_of(w, SCHEMED_UNIT, v->unit));
  json_coc(w, out, "categoryOptionCombo", SCHEMED_COC, v->coc);
  if (!w->hoist_aoc) json_coc(w, out, "attributeOptionCombo", SCHEMED_AOC, v->aoc);
  if (all || v->value) json_out_member_str(out, "value", or_null(v->value));
  if (v->stored_by) json_out_member_str(out, "storedBy", str_of(v->stored_by));
  json_out_member_str(out, "created", time_of(w, v->created_ms));
  json_out_member_str(out, "lastUpdated", time_of(w, v->updated_ms));
  if (all || v->comment) json_out_member_str(out, "comment", or_null(v->comment));
  if (!w->q->new_engine || v->followup) json_out_member_bool(out, "followup", v->followup == FLAG_YES);
  if (v->deleted) json_out_member_bool(out, "deleted", true);
  json_out_end(out);
}

/* The schemes that are not UID stand in the header; with one for all, the ones of categories too. */
static void json_schemes(struct writer *w, struct json_out *out) {
  static const char *const names[SCHEMED_COUNT] = {
      "dataSetIdScheme",  "dataElementIdScheme",   "orgUnitIdScheme", "categoryOptionComboIdScheme", "attributeOptionComboIdScheme",
      "categoryIdScheme", "categoryOptionIdScheme"};
  for (size_t i = 0; i < SCHEMED_COUNT; i++) {
    const struct scheme *scheme = &w->q->schemes[i];
    if (scheme->kind != SCHEME_UID && scheme->kind != SCHEME_DATABASE_ID) json_out_member_str(out, names[i], scheme->text);
  }
}

/* What all rows share stands at the top: for the old engine where exactly one of each was asked for, for the new one each by itself. */
static void json_header(struct writer *w, struct json_out *out) {
  struct values_query *q = w->q;
  bool one_each = q->sets.count == 1 && q->periods.count == 1 && q->units.count == 1;
  if (q->new_engine ? q->asked_sets == 1 : one_each)
    json_out_member_str(out, "dataSet", model_get(&q->model, "dataSets", q->set) ? name_of(w, SCHEMED_DATA_SET, q->set) : q->set);
  if (!q->new_engine && one_each && !is_2_37(w)) json_out_member_str(out, "completeDate", STR_NONE);
  if (q->new_engine ? w->hoist_period : one_each) json_out_member_str(out, "period", q->period);
  if (q->new_engine ? w->hoist_unit : one_each)
    json_out_member_str(out, "orgUnit", model_get(&q->model, "organisationUnits", q->unit) ? name_of(w, SCHEMED_UNIT, q->unit) : q->unit);
  if (q->new_engine && w->hoist_aoc)
    json_out_member_str(out, "attributeOptionCombo", q->asked_aocs == 1 ? q->aoc : name_of(w, SCHEMED_AOC, q->rows.p[0]->aoc));
  if (q->new_engine) json_schemes(w, out);
}

static void write_json(struct writer *w) {
  struct json_out out = JSON_OUT_INIT(w->out);
  json_out_object(&out);
  json_header(w, &out);
  if (w->q->rows.n || !is_2_37(w)) {
    json_out_member_array(&out, "dataValues");
    for (size_t i = 0; i < w->q->rows.n; i++) json_value(w, &out, w->q->rows.p[i]);
    json_out_end(&out);
  }
  json_out_end(&out);
}

/* --- CSV --- */

static void csv_field(struct buf *out, struct str text, char end) {
  bool quoted = false;
  for (size_t i = 0; i < text.n && !quoted; i++) quoted = strchr(",\"\n\r", text.p[i]) != NULL;
  if (quoted) (void)buf_add_char(out, '"');
  for (size_t i = 0; i < text.n; i++) {
    if (text.p[i] == '"') (void)buf_add_char(out, '"');
    (void)buf_add_char(out, text.p[i]);
  }
  if (quoted) (void)buf_add_char(out, '"');
  (void)buf_add_char(out, end);
}

static void write_csv(struct writer *w) {
  bool is_new = w->q->new_engine;
  (void)buf_add(
      w->out,
      STR("dataelement,period,orgunit,categoryoptioncombo,attributeoptioncombo,value,storedby,lastupdated,comment,followup,deleted\n"));
  for (size_t i = 0; i < w->q->rows.n; i++) {
    const struct sim_value *v = w->q->rows.p[i];
    csv_field(w->out, name_of(w, SCHEMED_ELEMENT, v->element), ',');
    csv_field(w->out, v->period, ',');
    csv_field(w->out, name_of(w, SCHEMED_UNIT, v->unit), ',');
    csv_field(w->out, name_of(w, SCHEMED_COC, v->coc), ',');
    csv_field(w->out, name_of(w, SCHEMED_AOC, v->aoc), ',');
    csv_field(w->out, or_null(v->value), ',');
    csv_field(w->out, or_null(v->stored_by), ',');
    csv_field(w->out, time_of(w, v->updated_ms), ',');
    csv_field(w->out, or_null(v->comment), ',');
    csv_field(w->out,
              v->followup == FLAG_YES              ? STR("true")
              : v->followup == FLAG_NONE && is_new ? STR("")
                                                   : STR("false"),
              is_2_37(w) && !v->deleted ? '\n' : ',');
    if (v->deleted || !is_2_37(w)) csv_field(w->out, v->deleted ? STR("true") : is_new ? STR("false") : STR("null"), '\n');
  }
}

/* --- XML --- */

static void attribute(struct buf *out, const char *name, struct str value) {
  if (!value.p) return;
  (void)buf_printf(out, " %s=\"", name);
  for (size_t i = 0; i < value.n; i++) {
    char c = value.p[i];
    if (c == '&')
      (void)buf_add(out, STR("&amp;"));
    else if (c == '<')
      (void)buf_add(out, STR("&lt;"));
    else if (c == '"')
      (void)buf_add(out, STR("&quot;"));
    else if (c == '\n')
      (void)buf_add(out, STR("&#xa;"));
    else
      (void)buf_add_char(out, c);
  }
  (void)buf_add_char(out, '"');
}

static void write_xml(struct writer *w) {
  struct values_query *q = w->q;
  bool one_each = q->sets.count == 1 && q->periods.count == 1 && q->units.count == 1;
  (void)buf_add(w->out, STR("<?xml version='1.0' encoding='UTF-8'?><dataValueSet xmlns=\"http://dhis2.org/schema/dxf/2.0\""));
  if (q->new_engine ? q->asked_sets == 1 : one_each) attribute(w->out, "dataSet", q->set);
  if (q->new_engine ? w->hoist_period : one_each)
    attribute(w->out, "period",
              q->new_engine ? adx_period(w, q->period) : q->period); /* in a form that the server itself cannot read back */
  if (q->new_engine ? w->hoist_unit : one_each) attribute(w->out, "orgUnit", name_of(w, SCHEMED_UNIT, q->unit));
  if (!q->rows.n) {
    (void)buf_add(w->out, STR("/>"));
    return;
  }
  (void)buf_add_char(w->out, '>');
  for (size_t i = 0; i < q->rows.n; i++) {
    const struct sim_value *v = q->rows.p[i];
    (void)buf_add(w->out, STR("<dataValue"));
    attribute(w->out, "dataElement", name_of(w, SCHEMED_ELEMENT, v->element));
    if (!w->hoist_period) attribute(w->out, "period", v->period);
    if (!w->hoist_unit) attribute(w->out, "orgUnit", name_of(w, SCHEMED_UNIT, v->unit));
    attribute(w->out, "categoryOptionCombo", name_of(w, SCHEMED_COC, v->coc));
    if (!w->hoist_aoc) attribute(w->out, "attributeOptionCombo", name_of(w, SCHEMED_AOC, v->aoc));
    attribute(w->out, "value", or_null(v->value));
    attribute(w->out, "storedBy", or_null(v->stored_by));
    if (!is_2_37(w)) attribute(w->out, "created", time_of(w, v->created_ms));
    attribute(w->out, "lastUpdated", time_of(w, v->updated_ms));
    attribute(w->out, "comment", or_null(v->comment));
    if (v->followup || !q->new_engine) attribute(w->out, "followUp", v->followup == FLAG_YES ? STR("true") : STR("false"));
    if (v->deleted) attribute(w->out, "deleted", STR("true"));
    (void)buf_add(w->out, STR("/>"));
  }
  (void)buf_add(w->out, STR("</dataValueSet>"));
}

/* --- ADX: by codes; a combo's categories are attributes --- */

static void adx_options(struct writer *w, struct str coc_uid) {
  const json_t *coc = model_coc(&w->q->model, coc_uid), *options = json_object_get(coc, "categoryOptions");
  if (str_eq(coc_uid, str_of(w->q->model.default_coc))) {
    if (w->q->new_engine) attribute(w->out, "default", STR("default"));
    return;
  }
  for (size_t i = 0; i < json_array_size(options); i++) {
    const char *id = model_text(json_array_get(options, i), "id");
    struct sim_list categories = sim_related(w->q->model.sim->objects, "categories", "categoryOptions", id);
    if (categories.n)
      attribute(w->out, model_text(categories.p[0], "code"),
                str_of(model_text(sim_objects_get(w->q->model.sim->objects, "categoryOptions", id), "code")));
  }
}

static bool same_group(const struct sim_value *a, const struct sim_value *b) {
  return str_eq(a->period, b->period) && str_eq(a->unit, b->unit) && str_eq(a->aoc, b->aoc);
}

static void write_adx(struct writer *w) {
  struct scheme code = {SCHEME_CODE, STR("CODE"), NULL};
  (void)buf_add(w->out, STR("<adx xmlns=\"urn:ihe:qrph:adx:2015\">"));
  for (size_t i = 0; i < w->q->rows.n; i++) {
    const struct sim_value *v = w->q->rows.p[i];
    const struct model *m = &w->q->model;
    if (!i || !same_group(v, w->q->rows.p[i - 1])) {
      (void)buf_add(w->out, i ? STR("</group><group") : STR("<group"));
      attribute(w->out, "dataSet", scheme_name(m, &code, model_get(m, "dataSets", w->q->set)));
      attribute(w->out, "period", adx_period(w, v->period));
      attribute(w->out, "orgUnit", scheme_name(m, &code, model_get(m, "organisationUnits", v->unit)));
      adx_options(w, v->aoc);
      (void)buf_add_char(w->out, '>');
    }
    (void)buf_add(w->out, STR("<dataValue"));
    attribute(w->out, "dataElement", scheme_name(m, &code, model_get(m, "dataElements", v->element)));
    adx_options(w, v->coc);
    attribute(w->out, "value", or_null(v->value));
    (void)buf_add(w->out, STR("/>"));
  }
  (void)buf_add(w->out, w->q->rows.n ? STR("</group></adx>") : STR("</adx>"));
}

bool values_format_write(struct values_query *q, enum values_format format, struct buf *out) {
  struct writer w = {.q = q, .out = out};
  bool compact = q->new_engine && format != VALUES_CSV,
       named = q->schemes[SCHEMED_AOC].kind != SCHEME_UID && q->schemes[SCHEMED_AOC].kind != SCHEME_DATABASE_ID;
  w.hoist_period = compact && q->asked_periods == 1;
  w.hoist_unit = compact && q->asked_units == 1 && !q->children;
  w.hoist_aoc = compact && (q->asked_aocs == 1 || (named && q->rows.n == 1));
  bool good = !q->new_engine || format == VALUES_ADX || names_complete(&w);
  if (good && format == VALUES_CSV)
    write_csv(&w);
  else if (good && format == VALUES_XML)
    write_xml(&w);
  else if (good && format == VALUES_ADX)
    write_adx(&w);
  else if (good)
    write_json(&w);
  for (size_t i = 0; i < SCHEMED_COUNT; i++) map_free(&w.names[i]);
  return good;
}

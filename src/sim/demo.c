#include "sim/demo.h"

#include "base/mem.h"
#include "sim/auth.h"
#include "sim/relations.h"
#include "sim/values_internal.h"

struct filling {
  struct sim *sim;
  struct model model;
  int months, skipped;
  double reporting, filled;
  const json_t *unreported;
};

/* FNV-1a over texts: the same text gives the same number on every machine. */
static uint32_t hash_of(const char *const *texts, size_t count) {
  uint32_t hash = 2166136261u;
  for (size_t i = 0; i < count; i++)
    for (const char *c = texts[i];; c++) {
      hash = (hash ^ (unsigned char)*c) * 16777619u;
      if (!*c) break;
    }
  hash ^= hash >> 16;
  hash *= 0x7feb352du;
  return hash ^ hash >> 15;
}

/* 0 to 1 */
static double chance(const char *a, const char *b, const char *c, const char *d) {
  return hash_of((const char *const[]){a, b, c, d}, 4) / 4294967296.0;
}

/* Larger facilities count more, some elements and groups are more common than others, and no month is as the last. */
static int64_t amount(const json_t *element, const json_t *unit, const char *coc, const char *period) {
  const char *size = model_text(unit, "description"), *code = model_text(element, "code");
  double scale = strcmp(size, "large") == 0 ? 7 : strcmp(size, "middle") == 0 ? 2.5 : 1, rank = chance(code, "", "", "");
  double common = 2 + 40 * rank * rank, group = 0.3 + chance(code, coc, "", ""),
         month = 0.7 + 0.6 * chance(code, coc, model_text(unit, "id"), period);
  if (json_is_true(json_object_get(element, "zeroIsSignificant")))
    common = chance(code, coc, model_text(unit, "id"), period) < 0.7 ? 0 : 1; /* rare things */
  return (int64_t)(scale * common * group * month);
}

static void fill_cell(struct filling *f, const json_t *element, const json_t *unit, const char *coc, const struct sim_period *period) {
  int64_t value = amount(element, unit, coc, period->text), moment = ((int64_t)period->end + 5) * 86400000 + 36000000;
  bool kept = value != 0 || json_is_true(json_object_get(element, "zeroIsSignificant")) ||
              values_new_engine(f->sim); /* the old engine stores no insignificant zeros */
  if (!kept || chance("filled", model_text(element, "id"), model_text(unit, "id"), coc) >= f->filled) return;
  struct sim_value *v = values_put(f->sim->values, str_of(model_text(element, "id")), str_of(period->text), str_of(model_text(unit, "id")),
                                   str_of(coc), str_of(f->model.default_coc), moment);
  char text[24];
  (void)snprintf(text, sizeof text, "%lld", (long long)value);
  values_text(&v->value, str_of(text));
  values_text(&v->stored_by, STR("asha"));
  v->updated_ms = moment;
}

static bool is_reported(const struct filling *f, const json_t *element) {
  const json_t *code = json_object_get(element, "code");
  for (size_t i = 0; code && i < json_array_size(f->unreported); i++)
    if (json_equal(json_array_get(f->unreported, i), code)) return false;
  return element != NULL;
}

static void fill_unit(struct filling *f, const json_t *set, const json_t *unit, const struct sim_period *period) {
  const json_t *members = json_object_get(set, "dataSetElements");
  if (chance("reporting", model_text(set, "id"), model_text(unit, "id"), period->text) >= f->reporting) return;
  for (size_t i = 0; i < json_array_size(members); i++) {
    const char *id = model_ref(json_array_get(members, i), "dataElement"), *combo = model_combo(&f->model, model_text(set, "id"), id);
    const json_t *element = sim_objects_get(f->sim->objects, "dataElements", id);
    struct sim_list cocs = sim_related(f->sim->objects, "categoryOptionCombos", "categoryCombo", combo);
    for (size_t k = 0; is_reported(f, element) && k < cocs.n; k++) fill_cell(f, element, unit, model_text(cocs.p[k], "id"), period);
  }
}

static void fill_set(struct filling *f, const json_t *set) {
  const json_t *units = json_object_get(set, "organisationUnits");
  struct sim_period now, period;
  if (!sim_period_of_day(model_text(set, "periodType"), sim_day_of_ms(sim_now_ms(f->sim)), &now)) return;
  for (int back = 1 + f->skipped; back <= f->months; back++) {
    if (!sim_period_shift(&now, -back, &period)) continue;
    for (size_t i = 0; i < json_array_size(units); i++) {
      const char *id = model_text(json_array_get(units, i), "id");
      bool facility = sim_related(f->sim->objects, "organisationUnits", "parent", id).n == 0;
      if (facility) fill_unit(f, set, sim_objects_get(f->sim->objects, "organisationUnits", id), &period);
    }
  }
}

static double share(const json_t *values, const char *key) {
  const json_t *number = json_object_get(values, key);
  return json_is_number(number) ? json_number_value(number) : 1;
}

static void fill(struct sim *sim, const json_t *values) {
  struct filling f = {.sim = sim,
                      .model = model_of(sim, NULL),
                      .months = (int)json_integer_value(json_object_get(values, "months")),
                      .skipped = (int)json_integer_value(json_object_get(values, "skipped"))};
  f.reporting = share(values, "reporting");
  f.filled = share(values, "filled");
  f.unreported = json_object_get(values, "unreported");
  for (size_t i = 0; i < sim_objects_count(sim->objects, "dataSets"); i++) fill_set(&f, sim_objects_at(sim->objects, "dataSets", i));
  if (json_is_true(json_object_get(values, "analytics"))) sim->analytics_ms = sim_now_ms(sim);
}

static void take_tokens(struct sim *sim) {
  for (size_t i = 0; i < sim_objects_count(sim->objects, "users"); i++) {
    json_t *user = sim_objects_at(sim->objects, "users", i);
    const char *token = json_string_value(json_object_get(user, "token"));
    if (token) (void)sim_auth_put_token(sim, str_of(model_text(user, "username")), str_of(token));
    json_object_del(user, "token");
  }
}

int sim_demo_load(struct sim *sim, const char *file, struct error *error) {
  if (sim_objects_load(sim->objects, file, error) < 0) return -1;
  json_t *root = json_load_file(file, 0, NULL);
  sim_auth_absorb(sim);
  take_tokens(sim);
  fill(sim, json_object_get(json_object_get(root, "demo"), "values"));
  json_decref(root);
  return 0;
}

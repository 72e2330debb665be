#include "base/clock.h"
#include "sim/auth.h"
#include "sim/relations.h"
#include "sim/values_internal.h"

enum { DAY_MS = 86400000 };

struct model model_of(struct sim *sim, json_t *user) {
  return (struct model){.sim = sim,
                        .user = user,
                        .superuser = user && sim_auth_may(sim, user, "ALL"),
                        .default_coc = sim_default_uid(sim->objects, "categoryOptionCombos")};
}

json_t *model_get(const struct model *m, const char *class_name, struct str uid) {
  char id[16];
  if (!uid.p || uid.n >= sizeof id) return NULL;
  (void)snprintf(id, sizeof id, "%.*s", STR_ARG(uid));
  return sim_objects_get(m->sim->objects, class_name, id);
}

const char *model_text(const json_t *object, const char *key) {
  const char *text = json_string_value(json_object_get(object, key));
  return text ? text : "";
}

const char *model_ref(const json_t *object, const char *key) {
  return model_text(json_object_get(object, key), "id");
}

bool model_lists(const json_t *object, const char *key, const char *id) {
  const json_t *list = json_object_get(object, key);
  for (size_t i = 0; i < json_array_size(list); i++)
    if (strcmp(model_text(json_array_get(list, i), "id"), id) == 0) return true;
  return false;
}

static bool letter_at(const char *access, int place, char letter) {
  return access && strlen(access) > (size_t)place && access[place] == letter;
}

bool model_access(const struct model *m, const json_t *object, int place, char letter) {
  const json_t *sharing = json_object_get(object, "sharing");
  const char *user_id = model_text(m->user, "id");
  if (m->superuser || !sharing) return true;
  if (letter_at(json_string_value(json_object_get(sharing, "public")), place, letter)) return true;
  if (place < 2 && strcmp(model_text(sharing, "owner"), user_id) == 0) return true;
  if (letter_at(model_text(json_object_get(json_object_get(sharing, "users"), user_id), "access"), place, letter)) return true;
  const char *group;
  json_t *entry;
  json_object_foreach(json_object_get(sharing, "userGroups"), group, entry) {
    const json_t *found = sim_objects_get(m->sim->objects, "userGroups", group);
    if (letter_at(model_text(entry, "access"), place, letter) &&
        (model_lists(found, "users", user_id) || model_lists(m->user, "userGroups", group)))
      return true;
  }
  return false;
}

const char *model_element_combo(const struct model *m, const json_t *element) {
  const char *own = model_ref(element, "categoryCombo");
  return *own ? own : sim_default_uid(m->sim->objects, "categoryCombos");
}

static const json_t *part_of(const struct model *m, const char *data_set, const char *element) {
  struct sim_list sets = sim_related(m->sim->objects, "dataSets", "dataSetElements.dataElement", element);
  for (size_t i = 0; i < sets.n; i++)
    if (strcmp(model_text(sets.p[i], "id"), data_set) == 0) return sets.parts[i];
  return NULL;
}

const char *model_combo(const struct model *m, const char *data_set, const char *element) {
  const json_t *part = part_of(m, data_set, element);
  const char *override = model_ref(part, "categoryCombo");
  if (!part) return NULL;
  return *override ? override : model_element_combo(m, sim_objects_get(m->sim->objects, "dataElements", element));
}

bool model_assigned(const struct model *m, const json_t *data_set, const char *unit) {
  struct sim_list sets = sim_related(m->sim->objects, "dataSets", "organisationUnits", unit);
  for (size_t i = 0; i < sets.n; i++)
    if (sets.p[i] == data_set) return true;
  return false;
}

json_t *model_coc(const struct model *m, struct str uid) {
  return model_get(m, "categoryOptionCombos", uid);
}

bool model_coc_in(const struct model *m, const json_t *coc, const char *combo) {
  (void)m;
  return combo && strcmp(model_ref(coc, "categoryCombo"), combo) == 0;
}

bool model_below(const struct model *m, const char *unit, const char *ancestor) {
  char at[16];
  (void)snprintf(at, sizeof at, "%s", unit);
  for (int depth = 0; depth < 32 && at[0]; depth++) {
    if (strcmp(at, ancestor) == 0) return true;
    (void)snprintf(at, sizeof at, "%s", model_ref(sim_objects_get(m->sim->objects, "organisationUnits", at), "parent"));
  }
  return false;
}

bool model_user_unit(const struct model *m, const char *unit, bool for_reading) {
  const json_t *units = json_object_get(m->user, "dataViewOrganisationUnits");
  if (!for_reading || values_new_engine(m->sim) || !json_array_size(units)) units = json_object_get(m->user, "organisationUnits");
  if (m->superuser && values_new_engine(m->sim)) return true;
  for (size_t i = 0; i < json_array_size(units); i++)
    if (model_below(m, unit, model_text(json_array_get(units, i), "id"))) return true;
  return false;
}

bool model_coc_access(const struct model *m, const json_t *coc, char letter, const char **ret_option) {
  const json_t *options = json_object_get(coc, "categoryOptions");
  for (size_t i = 0; i < json_array_size(options); i++) {
    const char *id = model_text(json_array_get(options, i), "id");
    if (model_access(m, sim_objects_get(m->sim->objects, "categoryOptions", id), letter == 'w' ? 3 : 2, letter)) continue;
    if (ret_option) *ret_option = id;
    return false;
  }
  return true;
}

bool model_sets_of(const struct model *m, const char *element, json_t **ret_sets, size_t most, size_t *ret_count) {
  struct sim_list sets = sim_related(m->sim->objects, "dataSets", "dataSetElements.dataElement", element);
  *ret_count = sets.n < most ? sets.n : most;
  for (size_t i = 0; i < *ret_count; i++) ret_sets[i] = sets.p[i];
  return sets.n > 0;
}

static bool is_option_of(const struct model *m, const char *option_set, const json_t *option) {
  return strcmp(model_ref(option, "optionSet"), option_set) == 0 ||
         model_lists(sim_objects_get(m->sim->objects, "optionSets", option_set), "options", model_text(option, "id"));
}

bool model_is_option(const struct model *m, const char *option_set, struct str code) {
  for (size_t i = 0; i < sim_objects_count(m->sim->objects, "options"); i++) {
    const json_t *option = sim_objects_at(m->sim->objects, "options", i);
    if (str_eq(code, str_of(model_text(option, "code"))) && is_option_of(m, option_set, option)) return true;
  }
  return false;
}

json_t *model_coc_of(const struct model *m, const char *combo, const json_t *options) {
  struct sim_list cocs = combo ? sim_related(m->sim->objects, "categoryOptionCombos", "categoryCombo", combo) : (struct sim_list){0};
  for (size_t i = 0; i < cocs.n; i++) {
    const char *category;
    json_t *option;
    bool all = json_array_size(json_object_get(cocs.p[i], "categoryOptions")) == json_object_size(options);
    json_object_foreach((json_t *)(uintptr_t)options, category, option) all =
        all && model_lists(cocs.p[i], "categoryOptions", json_string_value(option) ? json_string_value(option) : "");
    if (all) return cocs.p[i];
  }
  return NULL;
}

bool model_may_write(const struct model *m) {
  return m->user && sim_auth_may(m->sim, m->user, "F_DATAVALUE_ADD");
}

/* --- when --- */

static int today(const struct model *m) {
  return sim_day_of_ms(sim_now_ms(m->sim));
}

bool model_future(const struct model *m, const json_t *data_set, const struct sim_period *period, struct sim_period *ret_latest) {
  struct sim_period now;
  int open = (int)json_integer_value(json_object_get(data_set, "openFuturePeriods"));
  if (!sim_calendar_is_iso(m->sim->conf.calendar)) return false; /* nothing is said there */
  bool old = m->sim->release <= SIM_2_40;                        /* counted in the data set's own periods, and by their last day */
  if (!sim_period_of_day(old ? model_text(data_set, "periodType") : period->type, today(m), &now) ||
      !sim_period_shift(&now, open - 1, ret_latest))
    return false;
  return old ? period->end > ret_latest->end : period->start > ret_latest->start;
}

bool model_frees(const struct model *m) {
  return m->user && sim_auth_may(m->sim, m->user, "F_EDIT_EXPIRED");
}

/* Whole days; only 2.42 counts parts of them, from midnight on (DataSet.isLocked; from 2.43 on the number is cut to a whole one). */
bool model_expired(const struct model *m, const json_t *data_set, const struct sim_period *period, const char *unit) {
  double days = json_number_value(json_object_get(data_set, "expiryDays"));
  int64_t after_end = (period->end + 1) * (int64_t)DAY_MS, now = sim_now_ms(m->sim);
  if (m->sim->release != SIM_2_42) days = (int)days;
  if (days <= 0 || model_frees(m)) return false;
  bool late = m->sim->release < SIM_2_42 ? today(m) > period->end + (int)days : now > after_end + (int64_t)(days * DAY_MS);
  return late && !values_excepted(m, data_set, period->text, unit);
}

/* The moment of "2026-11-24" or "2026-11-24T09:30:00.000". */
static bool moment(const json_t *entry, const char *key, int64_t *ret_ms) {
  struct str text = str_of(model_text(entry, key));
  char full[32];
  int day;
  if (!sim_date_parse(text, &day)) return false;
  (void)snprintf(full, sizeof full, "%.*sZ", (int)(text.n < 23 ? text.n : 23), text.p);
  if (!clock_parse(str_of(full), ret_ms)) *ret_ms = day * (int64_t)DAY_MS;
  return true;
}

/* To 2.42 days count, from 2.43 on moments. */
static bool is_before(const struct model *m, int64_t a, int64_t b) {
  return values_new_engine(m->sim) ? a < b : sim_day_of_ms(a) < sim_day_of_ms(b);
}

enum input_window model_input(const struct model *m, const json_t *data_set, const struct sim_period *period) {
  const json_t *windows = json_object_get(data_set, "dataInputPeriods");
  if (!json_array_size(windows)) return INPUT_NO_WINDOWS;
  enum input_window found = INPUT_NOT_LISTED;
  for (size_t i = 0; i < json_array_size(windows); i++) {
    const json_t *entry = json_array_get(windows, i);
    int64_t at, now = sim_now_ms(m->sim);
    if (strcmp(model_ref(entry, "period"), period->text) != 0) continue;
    bool before = moment(entry, "openingDate", &at) && is_before(m, now, at),
         after = moment(entry, "closingDate", &at) && is_before(m, at, now);
    if (!before && !after) return INPUT_OPEN;
    found = INPUT_CLOSED;
  }
  return found;
}

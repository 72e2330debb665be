/* Where and when the options of an attribute option combo count. */
#include "sim/values_internal.h"
#include <limits.h>

enum { OPTIONS_MAX = 64 };

static size_t options_of(const struct model *m, const json_t *aoc, const json_t *ret[OPTIONS_MAX]) {
  const json_t *list = json_object_get(aoc, "categoryOptions");
  size_t n = 0;
  for (size_t i = 0; i < json_array_size(list) && n < OPTIONS_MAX; i++)
    ret[n++] = sim_objects_get(m->sim->objects, "categoryOptions", model_text(json_array_get(list, i), "id"));
  return n;
}

/* Is the unit, or one above it, in the option's list? Without a list: yes. `exact`: the unit itself. */
static bool listed(const struct model *m, const json_t *option, const char *unit, bool exact) {
  const json_t *units = json_object_get(option, "organisationUnits");
  for (size_t i = 0; i < json_array_size(units); i++) {
    const char *one = model_text(json_array_get(units, i), "id");
    if (exact ? strcmp(one, unit) == 0 : model_below(m, unit, one)) return true;
  }
  return json_array_size(units) == 0;
}

/* To 2.42 the lists are cut with each other first, and one unit above must be in what is left; later each list has one of its own. */
bool model_option_here(const struct model *m, const json_t *aoc, const char *unit) {
  const json_t *options[OPTIONS_MAX];
  size_t n = options_of(m, aoc, options);
  char at[16];
  bool all = true;
  for (size_t i = 0; i < n; i++) all = all && listed(m, options[i], unit, false);
  if (values_new_engine(m->sim) || !all) return all;
  (void)snprintf(at, sizeof at, "%s", unit);
  for (int depth = 0; depth < 32 && at[0]; depth++) {
    all = true;
    for (size_t i = 0; i < n; i++) all = all && listed(m, options[i], at, true);
    if (all) return true;
    (void)snprintf(at, sizeof at, "%s", model_ref(sim_objects_get(m->sim->objects, "organisationUnits", at), "parent"));
  }
  return false;
}

/* To 2.42 some day of the period must lie between the dates, the last moved on; from 2.43 on the whole period, or the whole one so many periods before it. */
bool model_option_now(const struct model *m, const json_t *data_set, const json_t *aoc, const struct sim_period *period) {
  const json_t *options[OPTIONS_MAX];
  size_t n = options_of(m, aoc, options);
  int more = (int)json_integer_value(json_object_get(data_set, "openPeriodsAfterCoEndDate")), day, first = INT_MIN, last = INT_MAX;
  for (size_t i = 0; i < n; i++) {
    if (sim_date_parse(str_of(model_text(options[i], "startDate")), &day) && day > first) first = day;
    if (!sim_date_parse(str_of(model_text(options[i], "endDate")), &day)) continue;
    if (!values_new_engine(m->sim)) day = sim_day_shift(day, model_text(data_set, "periodType"), more);
    if (day < last) last = day;
  }
  if (!values_new_engine(m->sim)) return period->end >= first && period->start <= last;
  return (first <= period->start && period->end <= last) ||
         (more && first <= sim_day_shift(period->start, period->type, -more) && sim_day_shift(period->end, period->type, -more) <= last);
}

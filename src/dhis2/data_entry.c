#include "dhis2/data_entry.h"

enum { FUTURE_PERIODS_MAX = 20000, COMMENT_MAX_OLD = 50000, COMMENT_MAX_NEW = 5000 };

static int32_t day_of_ms(int64_t ms) {
  return (int32_t)((ms - (ms % DHIS2_DAY_MS + DHIS2_DAY_MS) % DHIS2_DAY_MS) / DHIS2_DAY_MS);
}

static bool by_moments(const struct dhis2_entry *entry) {
  return dhis2_can(entry->version, DHIS2_NEW_VALUE_ENGINE);
}

struct str dhis2_entry_key(struct arena *arena, struct str a, struct str b, struct str c) {
  return arena_printf(arena, "%.*s %.*s %.*s", STR_ARG(a), STR_ARG(b), STR_ARG(c));
}

int64_t dhis2_entry_now(const struct dhis2_entry *entry, int64_t monotonic_ms) {
  return entry->server_ms + (monotonic_ms - entry->asked_ms);
}

/* --- time --- */

bool dhis2_entry_latest(const struct dhis2_entry_set *set, int64_t now_ms, struct dhis2_period *ret) {
  int steps = set->open_future_periods < FUTURE_PERIODS_MAX ? set->open_future_periods - 1 : FUTURE_PERIODS_MAX;
  if (!set->has_type || !dhis2_period_of_day(day_of_ms(now_ms), set->type, ret)) return false;
  for (; steps < 0; steps++)
    if (!dhis2_period_of_day(ret->first_day - 1, set->type, ret)) return false;
  for (; steps > 0; steps--)
    if (!dhis2_period_of_day(ret->last_day + 1, set->type, ret)) return false;
  return true;
}

bool dhis2_entry_is_future(const struct dhis2_entry *entry, const struct dhis2_entry_set *set, const struct dhis2_period *period,
                           int64_t now_ms) {
  struct dhis2_period latest;
  if (entry->other_calendar) return false;
  if (by_moments(entry) && (set->input_count || entry->user.edits_expired)) return false;
  /* Asked for each value, and most are of periods that are over, which every data set takes. */
  if (set->has_type && period->type == set->type && set->open_future_periods >= 0 && period->last_day < day_of_ms(now_ms)) return false;
  return dhis2_entry_latest(set, now_ms, &latest) && period->first_day > latest.first_day;
}

bool dhis2_entry_is_excepted(const struct dhis2_entry *entry, const struct dhis2_entry_set *set, const struct dhis2_period *period,
                             struct str unit) {
  char key[128];
  if (!entry->exceptions.count) return false;
  int n = snprintf(key, sizeof key, "%.*s %s %.*s", STR_ARG(set->id), period->text, STR_ARG(unit));
  return n > 0 && (size_t)n < sizeof key && map_get(&entry->exceptions, (struct str){key, (size_t)n});
}

bool dhis2_entry_is_expired(const struct dhis2_entry *entry, const struct dhis2_entry_set *set, const struct dhis2_period *period,
                            bool excepted, int64_t now_ms) {
  double days = set->expiry_days;
  if (entry->other_calendar || entry->user.edits_expired || excepted) return false;
  if (by_moments(entry) && set->input_count) return false;
  if (!dhis2_can(entry->version, DHIS2_EXPIRY_IN_HOURS)) days = (double)(int64_t)days;
  if (days <= 0) return false;
  if (!dhis2_can(entry->version, DHIS2_EXPIRY_IN_HOURS) && !by_moments(entry)) return day_of_ms(now_ms) > period->last_day + (int64_t)days;
  return now_ms > (period->last_day + 1) * (int64_t)DHIS2_DAY_MS + (int64_t)(days * DHIS2_DAY_MS);
}

/* Is it too early (-1) or too late (1) for this window? */
static int where_in(const struct dhis2_entry *entry, const struct dhis2_input_period *input, int64_t now_ms) {
  if (by_moments(entry)) return now_ms < input->opens_ms ? -1 : now_ms > input->closes_ms;
  if (input->opens_ms != INT64_MIN && day_of_ms(now_ms) < day_of_ms(input->opens_ms)) return -1;
  return input->closes_ms != INT64_MAX && day_of_ms(now_ms) > day_of_ms(input->closes_ms);
}

enum dhis2_input dhis2_entry_input(const struct dhis2_entry *entry, const struct dhis2_entry_set *set, const struct dhis2_period *period,
                                   int64_t now_ms) {
  enum dhis2_input found = DHIS2_INPUT_NOT_LISTED;
  if (!set->input_count) return DHIS2_INPUT_FREE;
  for (size_t i = 0; i < set->input_count; i++) {
    if (!str_eq(set->inputs[i].period, str_of(period->text))) continue;
    int where = where_in(entry, &set->inputs[i], now_ms);
    if (where == 0) return DHIS2_INPUT_OPEN;
    if (where < 0 || found == DHIS2_INPUT_NOT_LISTED) found = where < 0 ? DHIS2_INPUT_BEFORE : DHIS2_INPUT_OVER;
  }
  return found;
}

/* --- places --- */

bool dhis2_entry_unit_below(struct str path, const struct str *units, size_t count) {
  for (struct str rest = path; rest.p;) {
    struct str id = str_take(&rest, '/');
    for (size_t i = 0; id.n && i < count; i++)
      if (str_eq(id, units[i])) return true;
  }
  return false;
}

bool dhis2_entry_user_at(const struct dhis2_entry *entry, const struct dhis2_entry_unit *unit) {
  if (entry->user.is_super && by_moments(entry)) return true;
  return dhis2_entry_unit_below(unit->path, entry->user.units, entry->user.unit_count);
}

bool dhis2_entry_unit_in_time(const struct dhis2_entry *entry, const struct dhis2_entry_unit *unit, const struct dhis2_period *period) {
  if (entry->other_calendar || !by_moments(entry)) return true;
  return unit->first_day <= period->first_day && period->first_day <= unit->last_day;
}

/* --- options --- */

/* To 2.42: some day of the period lies between the dates, the last of them moved on. */
static bool option_in_time(const struct dhis2_entry_set *set, const struct dhis2_entry_option *option, const struct dhis2_period *period) {
  int32_t last = option->last_day;
  if (set->open_periods_after_end && set->has_type && last != INT32_MAX)
    last = dhis2_day_moved(last, set->type, set->open_periods_after_end);
  return option->first_day <= period->last_day && period->first_day <= last;
}

/* The days that all options have in common lie around these. */
static bool all_within(const struct dhis2_entry_option *const *options, size_t count, int32_t first_day, int32_t last_day,
                       const struct dhis2_entry_option **ret_bad) {
  for (size_t i = 0; i < count; i++) {
    if (!options[i] || (options[i]->first_day <= first_day && last_day <= options[i]->last_day)) continue;
    *ret_bad = options[i];
    return false;
  }
  return true;
}

const struct dhis2_entry_option *dhis2_entry_not_in_time(const struct dhis2_entry *entry, const struct dhis2_entry_set *set,
                                                         const struct dhis2_entry_option *const *options, size_t count,
                                                         const struct dhis2_period *period) {
  const struct dhis2_entry_option *bad = NULL, *unused;
  int more = set->open_periods_after_end;
  if (entry->other_calendar) return NULL;
  for (size_t i = 0; i < count && !by_moments(entry); i++)
    if (options[i] && !option_in_time(set, options[i], period)) return options[i];
  if (!by_moments(entry) || all_within(options, count, period->first_day, period->last_day, &bad)) return NULL;
  /* From 2.43 on the server moves the period back, and not the end forward. */
  bool later = more && all_within(options, count, dhis2_day_moved(period->first_day, period->type, -more),
                                  dhis2_day_moved(period->last_day, period->type, -more), &unused);
  return later ? NULL : bad;
}

/* The first option with units of its own whose list has none of these ids; NULL: none. */
static const struct dhis2_entry_option *without(const struct dhis2_entry_option *const *options, size_t count, struct str path) {
  for (size_t i = 0; i < count; i++)
    if (options[i] && options[i]->unit_count && !dhis2_entry_unit_below(path, options[i]->units, options[i]->unit_count)) return options[i];
  return NULL;
}

const struct dhis2_entry_option *dhis2_entry_not_at(const struct dhis2_entry *entry, const struct dhis2_entry_option *const *options,
                                                    size_t count, const struct dhis2_entry_unit *unit) {
  const struct dhis2_entry_option *lacking = without(options, count, unit->path);
  if (lacking || by_moments(entry)) return lacking;
  for (struct str rest = unit->path; rest.p;) {
    struct str id = str_take(&rest, '/');
    if (id.n && !(lacking = without(options, count, id))) return NULL;
  }
  return lacking;
}

/* --- approval --- */

bool dhis2_entry_workflow_period(const struct dhis2_entry_set *set, const struct dhis2_period *period, struct dhis2_period *ret) {
  if (!set->workflow.n) return false;
  *ret = *period;
  return set->workflow_type == period->type || dhis2_period_of_day(period->last_day, set->workflow_type, ret);
}

/* --- options --- */

size_t dhis2_entry_comment_max(const struct dhis2_entry *entry) {
  return dhis2_can(entry->version, DHIS2_NEW_VALUE_ENGINE) ? COMMENT_MAX_NEW : COMMENT_MAX_OLD;
}

bool dhis2_entry_lacks_options(const struct dhis2_entry *entry, const struct dhis2_entry_element *element) {
  return element->many && !element->option_set.n && !dhis2_can(entry->version, DHIS2_NEW_VALUE_ENGINE);
}

bool dhis2_entry_is_option(const struct dhis2_entry *entry, const struct dhis2_entry_element *element, struct str value) {
  const struct dhis2_entry_option_set *set = map_get(&entry->option_sets, element->option_set);
  bool all = true;
  if (!set || !set->codes.count) return true;
  if (!element->many) return map_get(&set->codes, value) != NULL;
  for (struct str rest = value; rest.p;) all = map_get(&set->codes, str_take(&rest, ',')) != NULL && all;
  return all;
}

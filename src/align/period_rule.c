#include "align/period_rule.h"

#include "dhis2/calendars.h"
#include "dhis2/periods.h"

static const struct str sums[] = {{"SUM", 3}};

/* The period types of a side's data sets, each once. */
static size_t types_of(struct arena *arena, const struct dhis2_metadata *m, struct str **ret) {
  struct str *types = ARENA_ARRAY(arena, m->data_set_count + 1, struct str);
  size_t n = 0;
  for (size_t i = 0; i < m->data_set_count; i++)
    if (m->data_sets[i]->period_type.n) types[n++] = m->data_sets[i]->period_type;
  *ret = types;
  return str_sorted_set(types, n);
}

static struct align_period_rule rule(enum mapping_conversion conversion, struct str source, struct str target, float confidence,
                                     const char *reason, struct str note) {
  struct align_period_rule made = {.periods = {.conversion = conversion, .source = source, .target = target, .note = note},
                                   .answer = conversion == MAPPING_CANNOT ? ALIGN_NONE
                                             : confidence >= 0.9f         ? ALIGN_AUTO
                                                                          : ALIGN_PROPOSED,
                                   .confidence = confidence,
                                   .reason = reason};
  if (conversion != MAPPING_ROLL_UP) return made;
  made.periods.sound_for = sums;
  made.periods.sound_count = 1;
  return made;
}

/* How many of them make one, of the period that begins with a year; for the sentence. */
static unsigned parts(enum dhis2_period_type from, enum dhis2_period_type to) {
  struct dhis2_period whole, part;
  unsigned n = 0;
  if (!dhis2_period_of_day(19724, to, &whole)) return 0; /* 2024-01-02 */
  for (int32_t day = whole.first_day; day <= whole.last_day && dhis2_period_of_day(day, from, &part); day = part.last_day + 1) n++;
  return n;
}

static struct align_period_rule roll_up(struct arena *arena, struct str source, struct str target, enum dhis2_period_type from,
                                        enum dhis2_period_type to) {
  struct str much = from == DHIS2_DAILY ? STR("The days") : arena_printf(arena, "%u %.*s periods", parts(from, to), STR_ARG(source));
  return rule(
      MAPPING_ROLL_UP, source, target, 0.9f, "roll_up",
      arena_printf(arena,
                   "%.*s in it make one %.*s period, exactly, where values may be added up over time (SUM): not averages, not last values",
                   STR_ARG(much), STR_ARG(target)));
}

static struct align_period_rule cannot(struct arena *arena, struct str source, struct str target, enum dhis2_period_type from,
                                       enum dhis2_period_type to) {
  if (dhis2_period_rolls_up(to, from))
    return rule(MAPPING_CANNOT, source, target, 1, "shorter",
                arena_printf(arena, "the target wants %.*s periods, which are shorter than the source's %.*s ones: a value is never split",
                             STR_ARG(target), STR_ARG(source)));
  return rule(MAPPING_CANNOT, source, target, 1, "straddles",
              arena_printf(arena, "a %.*s period of the source can lie in two %.*s ones of the target: a value is never split",
                           STR_ARG(source), STR_ARG(target)));
}

static struct align_period_rule of_types(struct arena *arena, struct str source, struct str target, struct str calendar) {
  enum dhis2_period_type from, to;
  if (str_eq(source, target)) return rule(MAPPING_SAME_PERIODS, source, target, 1, "same_type", STR("the same period type on both sides"));
  if (!dhis2_period_type_of(source, &from) || !dhis2_period_type_of(target, &to))
    return rule(MAPPING_CANNOT, source, target, 1, "unknown_types",
                arena_printf(arena, "what %.*s and %.*s periods are to each other is not known", STR_ARG(source), STR_ARG(target)));
  if (!dhis2_period_rolls_up(from, to)) return cannot(arena, source, target, from, to);
  if (!dhis2_calendar_is_iso(calendar))
    return rule(
        MAPPING_CANNOT, source, target, 1, "calendar",
        arena_printf(arena, "periods are rolled up by the ISO 8601 calendar, and these servers count by another: %.*s", STR_ARG(calendar)));
  return roll_up(arena, source, target, from, to);
}

struct align_period_rule period_rule_of(struct arena *arena, const struct dhis2_metadata *source, const struct dhis2_metadata *target) {
  struct str *from, *to;
  size_t from_count = types_of(arena, source, &from), to_count = types_of(arena, target, &to), common = 0;
  bool told = source->calendar.n && target->calendar.n;
  if (told && !(dhis2_calendar_is_iso(source->calendar) && dhis2_calendar_is_iso(target->calendar)) &&
      !str_eq_nocase(source->calendar, target->calendar))
    return rule(MAPPING_CANNOT, from_count == 1 ? from[0] : STR(""), to_count == 1 ? to[0] : STR(""), 1, "calendars",
                arena_printf(
                    arena, "the same period identifiers are other days: the source counts by the %.*s calendar, the target by the %.*s one",
                    STR_ARG(source->calendar), STR_ARG(target->calendar)));
  if (!from_count || !to_count)
    return rule(MAPPING_SAME_PERIODS, STR(""), STR(""), 0.5f, "not_told", STR("a side does not tell its period types: taken as the same"));
  if (from_count == 1 && to_count == 1)
    return of_types(arena, from[0], to[0], dhis2_calendar_is_iso(source->calendar) ? target->calendar : source->calendar);
  for (size_t i = 0; i < from_count; i++)
    for (size_t k = 0; k < to_count; k++) common += str_eq(from[i], to[k]);
  if (common == from_count && common == to_count)
    return rule(MAPPING_SAME_PERIODS, STR(""), STR(""), 1, "same_types", STR("the same period types on both sides"));
  if (common)
    return rule(MAPPING_SAME_PERIODS, STR(""), STR(""), 0.7f, "common_types",
                STR("the data sets have periods of several types: only values of the types that both sides have can be sent"));
  return rule(MAPPING_CANNOT, STR(""), STR(""), 1, "no_common_type",
              STR("the data sets of a side have periods of several types, and none is common to both sides: align them one by one"));
}

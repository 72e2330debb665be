#include "transfer/run.h"

#include "base/clock.h"
#include "base/json_out.h"
#include "base/map.h"
#include "dhis2/calendars.h"
#include "dhis2/data_entry_server.h"
#include "dhis2/metadata_live.h"
#include "dhis2/names.h"
#include "dhis2/periods.h"
#include "dhis2/uid.h"
#include "transfer/hold.h"
#include "transfer/refused.h"
#include "transfer/run_internal.h"
#include <unistd.h>

enum { CELLS_PER_CHUNK = 20000, ORDER_MAX = 8 << 20, PATIENCE_MS = 10 * 60 * 1000, GATHER_LARGE = 256 << 20 };

const char *run_phase_name(enum run_phase phase) {
  static const char *const names[] = {"reading", "translating", "checking", "sending", "verifying"};
  return names[phase];
}

/* --- the order --- */

static int cmp_periods(const void *left, const void *right) {
  struct dhis2_period a, b;
  (void)dhis2_period_parse_any(*(const struct str *)left, &a);
  (void)dhis2_period_parse_any(*(const struct str *)right, &b);
  int order = dhis2_period_cmp(&a, &b);
  return order ? order : str_cmp(str_of(a.text), str_of(b.text));
}

static int settle_periods(struct run_order *order, struct arena *arena, struct error *error) {
  if (order->period_count < 1 || order->period_count > RUN_PERIODS_MAX)
    return error_set(error, ERROR_usage, "name 1 to %d periods, e.g. --periods 202401,202402", RUN_PERIODS_MAX);
  struct str *list = ARENA_ARRAY(arena, order->period_count, struct str);
  for (size_t i = 0; i < order->period_count; i++) {
    struct dhis2_period period;
    if (!dhis2_period_parse_any(order->periods[i], &period))
      return error_set(error, ERROR_usage, "'%.*s' is no period of DHIS2 (202401, 2024Q1, 2024W5, 2024, …)",
                       STR_ARG(str_slice(order->periods[i], 0, 40)));
    list[i] = arena_str(arena, str_of(period.text));
  }
  order->period_count = str_sorted_set(list, order->period_count);
  qsort(list, order->period_count, sizeof *list, cmp_periods);
  order->periods = list;
  return 0;
}

static int settle_units(struct run_order *order, struct arena *arena, struct error *error) {
  if (order->org_unit_count < 1 || order->org_unit_count > RUN_UNITS_NAMED_MAX)
    return error_set(error, ERROR_usage, "name 1 to %d org units with --org-units", RUN_UNITS_NAMED_MAX);
  struct str *list = ARENA_ARRAY(arena, order->org_unit_count, struct str);
  for (size_t i = 0; i < order->org_unit_count; i++) {
    if (!dhis2_is_uid(order->org_units[i]))
      return error_set(error, ERROR_usage, "'%.*s' is no id of an org unit (a letter, then ten letters or digits)",
                       STR_ARG(str_slice(order->org_units[i], 0, 40)));
    list[i] = order->org_units[i];
  }
  order->org_unit_count = str_sorted_set(list, order->org_unit_count);
  order->org_units = list;
  return 0;
}

int run_order_settle_files(struct run_order *order, struct arena *arena, struct error *error) {
  if (order->period_count && settle_periods(order, arena, error)) return -1;
  return order->org_unit_count ? settle_units(order, arena, error) : 0;
}

int run_order_settle(struct run_order *order, struct arena *arena, struct error *error) {
  char before[11];
  if (settle_periods(order, arena, error)) return -1;
  if (order->changed_since.n && !dhis2_day_read(order->changed_since, before))
    return error_set(error, ERROR_usage, "'%.*s' is no day: write 2024-01-31", STR_ARG(str_slice(order->changed_since, 0, 40)));
  if (order->analytics && (order->descendants || order->changed_since.n || order->deletions || order->comments))
    return error_set(error, ERROR_input,
                     "analytics holds of an org unit all below it, and no comments, deletions or times: name the org units themselves, and "
                     "none of those choices");
  return settle_units(order, arena, error);
}

/* --- chunks --- */

size_t run_chunk_count(const struct run *run) {
  bool is_undo = !run->order->period_count; /* by no order: of what the journal has */
  return is_undo ? run->log.chunk_count : run->order->period_count * run->slices.n;
}

void run_tell(const struct run *run, enum run_phase phase) {
  struct run_progress progress = {
      .phase = phase, .done = run->chunk, .of = run_chunk_count(run), .counts = report_counts(run->whole), .part = run->part};
  if (run->watch->progress) run->watch->progress(run->watch->payload, &progress);
}

struct paired_unit {
  struct str source, target;
};

static int cmp_units(const void *left, const void *right) {
  const struct paired_unit *a = left, *b = right;
  int order = str_cmp(a->target, b->target);
  return order ? order : str_cmp(a->source, b->source);
}

/* All sources of one target unit are in one slice, however many: else half a sum would be sent. */
static void cut_slices(struct run *run, const struct paired_unit *units, size_t count) {
  size_t operands = translation_operand_count(run->stages[0].translation), most = CELLS_PER_CHUNK / operands;
  if (most < 1) most = 1;
  if (most > DHIS2_READ_UNITS_MAX) most = DHIS2_READ_UNITS_MAX;
  for (size_t at = 0; at < count;) {
    size_t end = at;
    while (end < count) {
      size_t next = end + 1;
      while (units[end].target.n && next < count && str_eq(units[next].target, units[end].target)) next++;
      if (next - at > most && end > at) break;
      end = next;
    }
    VEC_PUSH(&run->slices, (struct slice){at, end - at});
    at = end;
  }
}

static void arrange_units(struct run *run, const struct str *units, size_t count) {
  struct paired_unit *paired = ARENA_ARRAY(run->arena, count + 1, struct paired_unit);
  for (size_t i = 0; i < count; i++) paired[i] = (struct paired_unit){units[i], translation_unit(run->stages[0].translation, units[i])};
  qsort(paired, count, sizeof *paired, cmp_units);
  run->units = ARENA_ARRAY(run->arena, count + 1, struct str);
  run->unit_count = count;
  for (size_t i = 0; i < count; i++) run->units[i] = paired[i].source;
  cut_slices(run, paired, count);
}

/* --- preparing --- */

static void name_unit(void *payload, struct str id, struct str name) {
  const struct run *run = payload;
  report_name(run->whole, REPORT_SOURCE, id, name.n ? name : id);
}

/* `each` is told those that the server has. It passes over an id that it does not know, whoever asks: org units are shown to everybody. */
static int find_units(const struct run *run, struct dhis2_server *server, const struct str *ids, size_t count, struct str locale,
                      void (*each)(void *payload, struct str id, struct str name), void *payload, struct error *error) {
  for (size_t at = 0; at < count; at += DHIS2_NAMES_MAX) {
    size_t n = count - at < DHIS2_NAMES_MAX ? count - at : DHIS2_NAMES_MAX;
    for (unsigned number = 1; dhis2_names(server, "organisationUnits", ids + at, n, locale, each, payload, error); number++)
      if (!dhis2_try_again(number, error, run->watch->cancel)) return -1;
  }
  return 0;
}

/* Of these org units, those that the source does not have: how many, and the first of them. What all others are called is known then. */
static int missing_units(struct run *run, const struct str *ids, size_t count, struct str *ret_shown, size_t *ret_count,
                         struct error *error) {
  enum { UNITS_SHOWN = 20 };
  size_t n = 0;
  *ret_shown = STR_NONE;
  if (find_units(run, run->from, ids, count, run->watch->locale, name_unit, run, error)) return -1;
  for (size_t i = 0; i < count; i++)
    if (!report_has_name(run->whole, REPORT_SOURCE, ids[i]) && n++ < UNITS_SHOWN)
      *ret_shown = arena_printf(run->arena, "%.*s%s%.*s", STR_ARG(*ret_shown), n > 1 ? ", " : "", STR_ARG(ids[i]));
  if (n > UNITS_SHOWN) *ret_shown = arena_concat(run->arena, *ret_shown, STR(", …"));
  *ret_count = n;
  return 0;
}

/* Servers pass over an id in a list that they do not know: a slip would be a unit that nobody misses. What they are called comes with it. */
static int check_named_units(struct run *run, struct error *error) {
  struct str shown, id = dhis2_server_id(run->from);
  size_t n;
  if (missing_units(run, run->order->org_units, run->order->org_unit_count, &shown, &n, error)) return -1;
  if (!n) return 0;
  return n == 1 ? error_set(error, ERROR_input, "the source, %.*s, has no org unit %.*s: correct the list of org units", STR_ARG(id),
                            STR_ARG(shown))
                : error_set(error, ERROR_input,
                            "the source, %.*s, does not have %zu of the org units: %.*s. Correct the list, or leave them out", STR_ARG(id),
                            n, STR_ARG(shown));
}

/* Those that the mapping adds, since they are added up with one that was asked for. A part of nothing else would be an answer that ends the run, and what they are added up to would lack them. */
static int check_added_units(struct run *run, const struct str *units, size_t count, const struct str *known, size_t known_count,
                             struct error *error) {
  struct str *added = ARENA_ARRAY(run->arena, count + 1, struct str), shown;
  struct map asked = {0};
  size_t n = 0, missing;
  for (size_t i = 0; i < known_count; i++) (void)map_put(&asked, known[i], run);
  for (size_t i = 0; i < count; i++)
    if (!map_get(&asked, units[i])) added[n++] = units[i];
  map_free(&asked);
  if (missing_units(run, added, n, &shown, &missing, error)) return -1;
  if (!missing) return 0;
  return error_set(
      error, ERROR_input,
      "the mapping adds up org units that the source, %.*s, does not have with those that were asked for: %.*s. Take their pairs "
      "out of the mapping, or align the org units again",
      STR_ARG(dhis2_server_id(run->from)), STR_ARG(shown));
}

struct known_units {
  struct arena *arena;
  struct map by_id;
};

static void know_unit(void *payload, struct str id, struct str name) {
  struct known_units *known = payload;
  (void)name;
  (void)map_put(&known->by_id, arena_str(known->arena, id), known);
}

/* Where all are to be skipped it is the wrong target, or the wrong mapping: a run that sends nothing would end as done. */
static int skip_units(struct run *run, const struct str *units, size_t count, const struct known_units *known, struct error *error) {
  size_t leading = 0, skipped = 0;
  for (size_t i = 0; i < count; i++) {
    struct str target = translation_unit(run->stages[0].translation, units[i]);
    leading += target.n > 0;
    if (!target.n || map_get(&known->by_id, target)) continue;
    skipped++;
    for (unsigned k = 0; k < STAGES; k++) translation_skip_unit(run->stages[k].translation, units[i]);
  }
  return !leading || skipped < leading ? 0
                                       : error_set(error, ERROR_input, "the target, %.*s, has none of the org units: nothing would be sent",
                                                   STR_ARG(dhis2_server_id(run->to)));
}

static int skip_unknown(struct run *run, const struct str *units, size_t count, struct error *error) {
  if (!run->order->skip_units) return 0;
  struct known_units known = {.arena = run->arena};
  struct str *targets = ARENA_ARRAY(run->arena, count + 1, struct str);
  size_t n = 0;
  for (size_t i = 0; i < count; i++) {
    struct str target = translation_unit(run->stages[0].translation, units[i]);
    if (target.n) targets[n++] = target;
  }
  n = str_sorted_set(targets, n);
  int result = find_units(run, run->to, targets, n, STR_NONE, know_unit, &known, error);
  if (result == 0) result = skip_units(run, units, count, &known, error);
  map_free(&known.by_id);
  return result;
}

static int resolve_units(struct run *run, struct str **ret, size_t *ret_count, struct error *error) {
  const struct run_order *order = run->order;
  struct str *below = (struct str *)(uintptr_t)order->org_units;
  size_t count = order->org_unit_count;
  for (unsigned number = 1;
       order->descendants && dhis2_org_units_below(run->from, order->org_units, order->org_unit_count, run->arena, &below, &count, error);
       number++)
    if (!dhis2_try_again(number, error, run->watch->cancel)) return -1;
  if (skip_unknown(run, below, count, error)) return -1;
  translation_units_closed(run->stages[0].translation, run->arena, below, count, ret, ret_count);
  if (*ret_count > RUN_UNITS_MAX)
    return error_set(error, ERROR_too_large, "more than %d org units: run it for parts of them", RUN_UNITS_MAX);
  for (size_t i = 0; i < *ret_count; i++)
    if (!dhis2_is_uid((*ret)[i]))
      return error_set(error, ERROR_input, "'%.*s' in the mapping's org units is no id", STR_ARG(str_slice((*ret)[i], 0, 40)));
  return check_added_units(run, *ret, *ret_count, below, count, error);
}

/* The numbers of chunks mean what they meant when it was begun, whatever slices would be cut today: rules may be left out or come back by what the source's analytics give, and limits are other ones in another release. */
static int take_slices(struct run *run, struct error *error) {
  const struct run_log *log = &run->log;
  size_t left = log->unit_count;
  bool good = true;
  for (size_t i = 0; good && i < log->slice_count; i++) {
    VEC_PUSH(&run->slices, log->slices[i]);
    good = log->slices[i].count > 0 && log->slices[i].count <= left;
    left -= log->slices[i].count;
  }
  run->units = log->units;
  run->unit_count = log->unit_count;
  return good && left == 0 ? 0 : error_set(error, ERROR_input, "the journal does not tell how the org units were cut into parts");
}

/* What a resumed run was begun with counts, also where units were added to the tree since. */
static int take_units(struct run *run, struct error *error) {
  run_ask_assigned(run);
  if (run->log.has_units && skip_unknown(run, run->log.units, run->log.unit_count, error)) return -1;
  if (run->log.has_units && run->log.slice_count) return take_slices(run, error);
  struct str *units = run->log.units;
  size_t count = run->log.unit_count;
  if (!run->log.has_units && (check_named_units(run, error) || resolve_units(run, &units, &count, error))) return -1;
  arrange_units(run, units, count);
  return 0;
}

static const struct dhis2_metadata *read_side(struct run *run, struct dhis2_server *server, const struct mapping_side *side,
                                              struct error *error) {
  for (unsigned number = 1;; number++) {
    struct dhis2_reading reading = {run->arena, server, side->data_sets, side->data_set_count, DHIS2_EXTENT_CELLS, {0}};
    const struct dhis2_metadata *metadata = dhis2_metadata_read(&reading, error);
    if (metadata || !dhis2_try_again(number, error, run->watch->cancel)) return metadata;
  }
}

static int prepare_preflight(struct run *run, struct error *error) {
  run->target_units = dhis2_entry_units_new(run->arena);
  run->preflight = (struct preflight){.metadata = run->target, .check_limits = run->order->check_min_max};
  run->preflight.entry = dhis2_entry_of_server(run->arena, run->to, run->target, run->watch->cancel, error);
  return run->preflight.entry ? 0 : error_context(error, "asking the target what may be entered");
}

int run_look_at_target(struct run *run, struct error *error) {
  run->target = read_side(run, run->to, &run->mapping->target, error);
  return run->target ? prepare_preflight(run, error) : -1;
}

static int read_calendar(struct run *run, struct dhis2_server *server, struct str *ret, struct error *error) {
  for (unsigned number = 1; dhis2_server_calendar(server, run->arena, ret, error); number++)
    if (!dhis2_try_again(number, error, run->watch->cancel)) return -1;
  *ret = dhis2_calendar_is_iso(*ret) ? STR("iso8601") : str_slice(*ret, 0, 40);
  return 0;
}

/* To 2.42 a zero that is not significant is not kept; from 2.43 on every zero is. */
static int take_rules(struct run *run, struct dhis2_value_rules *ret, struct error *error) {
  for (unsigned number = 1; dhis2_server_version(run->to, &ret->version, error); number++)
    if (!dhis2_try_again(number, error, run->watch->cancel)) return -1;
  run->delivery.zeros_vanish = !dhis2_can(ret->version, DHIS2_NEW_VALUE_ENGINE);
  if (read_calendar(run, run->from, &run->from_calendar, error) || read_calendar(run, run->to, &run->to_calendar, error)) return -1;
  ret->calendar = run->to_calendar;
  return 0;
}

static int before_post(void *payload, size_t count, struct error *error) {
  struct run *run = payload;
  return run->log.journal ? log_sending(&run->log, run->chunk, count, error) : 0;
}

static void after_post(void *payload, size_t count) {
  (void)count;
  run_tell(payload, RUN_SENDING);
}

static int refuse_roll_up(struct dhis2_server *server, struct str calendar, struct error *error) {
  return error_set(error, ERROR_input,
                   "the mapping rolls periods up by the ISO 8601 calendar, and the server '%.*s' counts by another: %.*s",
                   STR_ARG(dhis2_server_id(server)), STR_ARG(calendar));
}

/* What a roll-up adds up is counted by ISO 8601; and the same text of a period means other days by another calendar. */
static int check_calendars(const struct run *run, struct error *error) {
  struct str from = run->from_calendar, to = run->to_calendar;
  bool rolls_up = run->mapping->periods.conversion == MAPPING_ROLL_UP;
  if (rolls_up && !dhis2_calendar_is_iso(from)) return refuse_roll_up(run->from, from, error);
  if (rolls_up && !dhis2_calendar_is_iso(to)) return refuse_roll_up(run->to, to, error);
  if (str_eq_nocase(from, to)) return 0;
  return error_set(
      error, ERROR_input,
      "the servers count by different calendars, source %.*s and target %.*s: a period of one means other days at the other, so "
      "nothing can be sent between them",
      STR_ARG(from), STR_ARG(to));
}

/* NULL: some data set of the target has periods of this type, or does not tell; else one that has others. */
static const struct dhis2_data_set *set_of_others(const struct run *run, struct str type) {
  const struct mapping_side *side = &run->mapping->target;
  const struct dhis2_data_set *other = NULL;
  for (size_t i = 0; i < side->data_set_count; i++) {
    const struct dhis2_data_set *set = dhis2_metadata_data_set(run->target, side->data_sets[i]);
    if (!set || !set->period_type.n || str_eq(set->period_type, type)) return NULL;
    other = set;
  }
  return other;
}

static int refuse_period(struct str text, const struct dhis2_period *period, const struct dhis2_data_set *set, struct error *error) {
  enum dhis2_period_type wanted;
  struct dhis2_period example;
  bool has_example = dhis2_period_type_of(set->period_type, &wanted) && dhis2_period_of_day(period->first_day, wanted, &example);
  return error_set(error, ERROR_input,
                   "the target's data set '%.*s' has %.*s periods, and %.*s is a %s one: name periods of the target (%.*s)",
                   STR_ARG(str_slice(set->o.name.n ? set->o.name : set->o.id, 0, 100)), STR_ARG(set->period_type), STR_ARG(text),
                   dhis2_period_type_name(period->type), STR_ARG(has_example ? str_of(example.text) : set->period_type));
}

/* A period that is not the target's would make a run of nothing, or of parts of cells. */
static int check_order(struct run *run, struct error *error) {
  const struct str *periods;
  struct dhis2_period period;
  size_t count;
  for (size_t i = 0; i < run->order->period_count; i++) {
    struct str text = run->order->periods[i];
    if (!dhis2_period_parse_any(text, &period)) continue;
    if (!dhis2_period_is_in(&period, run->to_calendar))
      return error_set(error, ERROR_input, "there is no %.*s by the calendar that the servers count by, %.*s", STR_ARG(text),
                       STR_ARG(run->to_calendar));
    if (translation_periods(run->stages[0].translation, run->arena, text, &periods, &count, error)) return -1;
    const struct dhis2_data_set *others = set_of_others(run, str_of(dhis2_period_type_name(period.type)));
    if (others) return refuse_period(text, &period, others, error);
  }
  return 0;
}

/* Nothing changed since a day that is still to come: the run would end as done, and nobody would miss what it did not look for. The day before counts too (dhis2/data_values.h), so where the server's day is behind ours, ours is none to come. */
static int check_since(const struct run *run, struct error *error) {
  char before[11];
  struct str today;
  if (!run->order->changed_since.n || !dhis2_calendar_is_iso(run->from_calendar) || !dhis2_day_read(run->order->changed_since, before))
    return 0;
  for (unsigned number = 1; dhis2_server_today(run->from, run->arena, &today, error); number++)
    if (!dhis2_try_again(number, error, run->watch->cancel)) return -1;
  if (!today.n || str_cmp(str_of(before), today) <= 0) return 0;
  return error_set(error, ERROR_input,
                   "%.*s is still to come at the source, %.*s, where it is %.*s: name a day since which something may have changed",
                   STR_ARG(run->order->changed_since), STR_ARG(dhis2_server_id(run->from)), STR_ARG(today));
}

/* Where both sides come from one set of metadata, the wrong way round is a run like any other: it would overwrite the side that is to be copied. */
static int check_direction(const struct run *run, struct error *error) {
  struct str from = dhis2_server_id(run->from), to = dhis2_server_id(run->to);
  if (str_eq(from, to) || !str_eq(run->mapping->source.server, to) || !str_eq(run->mapping->target.server, from)) return 0;
  return error_set(error, ERROR_input,
                   "the mapping leads from %.*s to %.*s, and this run would go the other way: let source and target change places",
                   STR_ARG(to), STR_ARG(from));
}

/* The target as it is, and whether the mapping still fits it, and the source. */
static int look(struct run *run, struct error *error) {
  const struct mapping *m = run->mapping;
  if (!m->source.data_set_count || !m->target.data_set_count)
    return error_set(error, ERROR_input, "the mapping does not name the data sets of its %s",
                     m->source.data_set_count ? "target" : "source");
  for (size_t i = 0; i < m->source.data_set_count; i++)
    if (!dhis2_is_uid(m->source.data_sets[i]))
      return error_set(error, ERROR_input, "'%.*s' in the mapping is no id of a data set",
                       STR_ARG(str_slice(m->source.data_sets[i], 0, 40)));
  run_meet(run);
  dhis2_server_patience(run->from, PATIENCE_MS);
  dhis2_server_patience(run->to, PATIENCE_MS);
  if (!(run->target = read_side(run, run->to, &m->target, error))) return -1;
  if (!run->watch->judge || run->log.ended || (!m->source.metadata && !m->target.metadata)) return 0;
  if (m->source.metadata && !(run->source = read_side(run, run->from, &m->source, error))) return -1;
  return run->watch->judge(m, run->source, m->target.metadata ? run->target : NULL, run->order->accept, error);
}

/* Is there a target cell of several sources? */
static bool adds_up(const struct run *run) {
  const struct mapping *m = run->mapping;
  struct map cells = {0}, units = {0}, attributes = {0};
  bool found = m->periods.conversion == MAPPING_ROLL_UP;
  for (size_t i = 0; i < m->rule_count && !found; i++) {
    const struct mapping_rule *rule = &m->rules[i];
    if (!mapping_rule_counts(rule)) continue;
    struct str cell =
        arena_printf(run->arena, "%.*s %.*s", STR_ARG(rule->target.data_element), STR_ARG(rule->target.category_option_combo));
    found = rule->term_count > 1 || (rule->term_count && map_put(&cells, cell, &cells));
  }
  for (size_t i = 0; i < m->org_unit_count && !found; i++)
    found = m->org_units[i].decision <= MAPPING_PROPOSED && map_put(&units, m->org_units[i].target, &units);
  for (size_t i = 0; i < m->attribute_option_combo_count && !found; i++)
    found = m->attribute_option_combos[i].decision <= MAPPING_PROPOSED &&
            map_put(&attributes, m->attribute_option_combos[i].target, &attributes);
  map_free(&cells);
  map_free(&units);
  map_free(&attributes);
  return found;
}

/* Does what comes of a value hang on the types that it has at the source? Of those in a sum what the mapping remembers is enough. */
static bool hangs_on_source(const struct run *run) {
  if (!run->mapping->source.metadata && adds_up(run)) return true;
  for (size_t i = 0; i < run->mapping->rule_count; i++) {
    const struct dhis2_data_element *element = dhis2_metadata_element(run->target, run->mapping->rules[i].target.data_element);
    if (element && value_type_is_share(element->value_type)) return true;
  }
  return run->order->analytics;
}

static int take_source(struct run *run, struct error *error) {
  if (!hangs_on_source(run)) return 0;
  if (!run->source && !(run->source = read_side(run, run->from, &run->mapping->source, error))) return -1;
  return run->order->analytics ? run_take_analytics(run, run->source, error) : 0;
}

/* All that a run can be refused for before anything of it is read. */
static int settle(struct run *run, struct error *error) {
  if (look(run, error)) return -1;
  struct translation_options options = {.target = run->target, .sum_anyway = run->order->sum_anyway, .locale = run->watch->locale};
  if (take_source(run, error) || take_rules(run, &options.rules, error)) return -1;
  options.source = run->source;
  memcpy(options.accept, run->order->accept, sizeof options.accept);
  for (unsigned i = 0; i < STAGES; i++) {
    struct stage *stage = &run->stages[i];
    stage->translation = translation_new(stage->arena, run->mapping, options, error);
    if (!stage->translation) return -1;
  }
  return check_calendars(run, error) || check_order(run, error) || check_since(run, error) || run_check_attributes(run, error) ? -1 : 0;
}

static int prepare(struct run *run, struct error *error) {
  const struct mapping *m = run->mapping;
  if (settle(run, error)) return -1;
  run->delivery.server = run->to;
  run->delivery.data_sets = m->target.data_sets;
  run->delivery.data_set_count = m->target.data_set_count;
  run->delivery.default_combo = m->target.default_combo;
  run->delivery.dry_run = run->order->dry_run;
  run->delivery.cancel = run->watch->cancel;
  run->delivery.before_post = before_post;
  run->delivery.after_post = after_post;
  run->delivery.after_batch = run_after_batch;
  run->delivery.payload = run;
  return take_units(run, error) || (run->order->analytics && run_check_nested(run, error)) ? -1 : 0;
}

/* --- the journal --- */

static int check_resumed(struct run *run, struct str order, struct str mapping_text, struct error *error) {
  char hash[65];
  order_hash(mapping_text, hash);
  if (run->log.undone) return error_set(error, ERROR_conflict, "the run in this journal was undone: begin a new one in another folder");
  if (!order_same(order, run->log.order))
    return error_set(error, ERROR_usage,
                     "the journal is of a run with other servers, periods, org units or choices than these: resume it with what it was "
                     "begun with, or name another folder");
  if (!str_eq(run->log.mapping_hash, str_of(hash)))
    return error_set(error, ERROR_usage,
                     "the mapping was changed since the run was begun: resume it with the one in the journal's folder (mapping.json), or "
                     "begin a new run");
  if (!str_eq(run->log.from_url, dhis2_server_url(run->from)) || !str_eq(run->log.to_url, dhis2_server_url(run->to)))
    return error_set(error, ERROR_usage, "the servers have other addresses than when the run was begun (%.*s, %.*s)",
                     STR_ARG(run->log.from_url), STR_ARG(run->log.to_url));
  return 0;
}

/* A run that came to nothing stands in nobody's way: of one that planned nothing, nothing was sent. */
static int open_journal(struct run_log *log, struct arena *arena, const char *folder, bool resume, struct error *error) {
  if (log_open(log, arena, folder, error)) return -1;
  if (!resume && log->begun && !log->ended && !log->chunk_count) log->begun = log->has_units = false;
  if (!log->begun || resume) return 0;
  return error_set(error, ERROR_conflict, "%s holds a run already: go on with it (--resume), or name another folder", folder);
}

/* Before the servers are asked anything. */
static int check_journal(struct arena *arena, const char *folder, struct error *error) {
  struct run_log log = {0};
  int result = access(folder, F_OK) == 0 ? open_journal(&log, arena, folder, false, error) : 0;
  log_close(&log);
  return result;
}

static int take_journal(struct run *run, const char *folder, struct str mapping_text, bool resume, struct error *error) {
  if (open_journal(&run->log, run->arena, folder, resume, error)) return -1;
  struct buf order = BUF_INIT(ORDER_MAX);
  int result = run_order_write(run->order, &order) ? 0 : error_set(error, ERROR_too_large, "too many periods or org units");
  if (result == 0)
    result = run->log.begun
                 ? check_resumed(run, buf_str(&order), mapping_text, error)
                 : log_begin(&run->log, buf_str(&order), mapping_text, dhis2_server_url(run->from), dhis2_server_url(run->to), error);
  buf_free(&order);
  return result;
}

/* A service may put nothing aside on the disk (cmd/confine.h), so what is added up in one place has to fit: room that is not used takes no memory. */
static void make_room(struct run *run) {
  bool is_large = false;
  for (size_t i = 0; i < run->slices.n; i++) is_large |= run->slices.p[i].count > DHIS2_READ_UNITS_MAX;
  for (unsigned i = 0; is_large && i < STAGES; i++) {
    gather_free(run->stages[i].gather);
    run->stages[i].gather = gather_new(GATHER_LARGE);
  }
}

static int go(struct run *run, struct error *error) {
  int result = 0;
  make_room(run);
  if (run->log.journal && !run->log.has_units)
    result = log_units(&run->log, run->units, run->unit_count, run->slices.p, run->slices.n, buf_str(report_refused(run->whole)), error);
  if (!run->log.journal) result = run_list_take(run->watch, run->whole, error);
  if (result == 0 && (run_chunk_begin_first(run, error) || prepare_preflight(run, error))) result = -1;
  while (result == 0 && run->chunk < run_chunk_count(run)) {
    result = run_chunk(run, run->chunk, error);
    run->chunk += result == 0; /* one that failed is the one that was come to */
  }
  struct error unused = {0};
  if (run_chunk_end(run, result < 0 ? &unused : error) < 0 || result < 0) return -1;
  run_tell(run, RUN_VERIFYING);
  if (!run->log.journal || run->log.ended) return 0;
  return log_ended(&run->log, report_outcome(run->whole, false), error);
}

/* Of a run that did not come to its end: what those before it did, and it did not come to. */
static void add_earlier(struct run *run) {
  struct error unused = {0};
  for (size_t n = run->chunk + run->taken; n < run->log.chunk_count; n++) {
    struct chunk_record record = log_chunk(&run->log, n);
    struct str text = record.state == CHUNK_DONE ? record.report : record.taken;
    if (text.n) (void)report_add(run->whole, text, &unused);
  }
}

static struct estimating estimate_begin(const struct run *run) {
  return (struct estimating){.began_ms = clock_monotonic_ms(), .from = dhis2_server_asked(run->from), .to = dhis2_server_asked(run->to)};
}

static void estimate_end(const struct run *run) {
  const struct estimating *e = &run->estimating;
  struct dhis2_asked from = dhis2_server_asked(run->from), to = dhis2_server_asked(run->to);
  report_estimate(run->whole, (struct report_estimate){.source_requests = from.requests - e->from.requests,
                                                       .target_requests = to.requests - e->to.requests + e->look_requests,
                                                       .bytes = to.bytes - e->to.bytes,
                                                       .least_ms = clock_monotonic_ms() - e->began_ms + e->look_ms});
}

int run_servers(const struct run_order *order, struct str mapping_text, struct dhis2_server *from, struct dhis2_server *to,
                const char *journal, bool resume, const struct run_watch *watch, struct report *report, struct error *error) {
  struct arena *arena = arena_new();
  struct run run = {.arena = arena, .order = order, .watch = watch, .from = from, .to = to, .whole = report};
  int result = -1;
  run.estimating = estimate_begin(&run);
  if (!order->dry_run || watch->refused) report_list_refused(report, JOURNAL_ROWS_MAX);
  for (unsigned i = 0; i < STAGES; i++) run.stages[i] = (struct stage){.arena = arena_new(), .gather = gather_new(0)};
  run.mapping = mapping_read(arena, mapping_text, error);
  bool first = !resume && !order->dry_run; /* one that is refused leaves no journal behind */
  if (run.mapping && check_direction(&run, error) == 0 &&
      (!first || (check_journal(arena, journal, error) == 0 && prepare(&run, error) == 0)) &&
      (order->dry_run || take_journal(&run, journal, mapping_text, resume, error) == 0)) {
    result = first ? 0 : prepare(&run, error);
    if (result == 0) result = go(&run, error);
    if (result < 0) add_earlier(&run);
    run_names(&run, result == 0);
    if (result == 0 && order->dry_run) estimate_end(&run);
  }
  log_close(&run.log);
  for (unsigned i = 0; i < STAGES; i++) gather_free(run.stages[i].gather);
  VEC_FREE(&run.slices);
  map_free(&run.assigned);
  for (unsigned i = 0; i < STAGES; i++) arena_free(run.stages[i].arena);
  arena_free(arena);
  return result;
}

static int foresee_units(struct run *run, struct error *error) {
  const struct run_order *order = run->order;
  struct str *units;
  size_t count;
  if (check_named_units(run, error)) return -1;
  translation_units_closed(run->stages[0].translation, run->arena, order->org_units, order->org_unit_count, &units, &count);
  return check_added_units(run, units, count, order->org_units, order->org_unit_count, error);
}

int run_foresee(const struct run_order *order, struct str mapping_text, struct dhis2_server *from, struct dhis2_server *to,
                run_judge *judge, struct error *error) {
  struct arena *arena = arena_new();
  struct run_watch watch = {.judge = judge};
  struct run run = {.arena = arena, .order = order, .watch = &watch, .from = from, .to = to, .whole = report_new()};
  for (unsigned i = 0; i < STAGES; i++) run.stages[i].arena = arena_new();
  run.mapping = mapping_read(arena, mapping_text, error);
  int result = run.mapping && check_direction(&run, error) == 0 && settle(&run, error) == 0 ? foresee_units(&run, error) : -1;
  for (unsigned i = 0; i < STAGES; i++) arena_free(run.stages[i].arena);
  report_free(run.whole);
  arena_free(arena);
  return result;
}

/* The header stands before what was filed first, which need not be of the first chunk: the next one may be planned before that has ended. */
static int add_refused(struct run_log *log, const struct journal_rows *rows, struct buf *ret, struct error *error) {
  struct arena *arena = arena_new();
  struct str text = STR_NONE;
  int result = rows->n ? journal_get_refused(log->journal, rows, arena, &text, error) : 0;
  if (rows->at == 0) (void)str_take(&text, '\n');
  if (result == 0 && !buf_add(ret, text)) result = error_set(error, ERROR_too_large, "the list of what was refused is too large");
  arena_free(arena);
  return result;
}

/* What is only asked about is not made. */
static int open_known(struct run_log *log, struct arena *arena, const char *journal, struct error *error) {
  *log = (struct run_log){0};
  bool is_there = hold_is_place(journal) || access(journal, F_OK) == 0;
  return is_there ? log_open(log, arena, journal, error) : 0;
}

static int open_begun(struct run_log *log, struct arena *arena, const char *journal, struct error *error) {
  if (open_known(log, arena, journal, error)) return -1;
  return log->begun ? 0 : error_set(error, ERROR_not_found, "%s holds no run", journal);
}

int run_refused(const char *journal, struct buf *ret, struct error *error) {
  struct run_log log;
  struct arena *arena = arena_new();
  int result = open_known(&log, arena, journal, error);
  if (result == 0 && !log.begun && !log.lists) result = error_set(error, ERROR_not_found, "%s holds no run", journal);
  if (result == 0) refused_header(ret);
  for (size_t i = 0; result == 0 && i < log.listed.n; i++) result = add_refused(&log, &log.listed.p[i], ret, error);
  if (result == 0) result = add_refused(&log, &log.refused, ret, error);
  for (size_t i = 0; result == 0 && i < 2 * log.chunk_count; i++) result = add_refused(&log, &log.chunks[i / 2].refused[i % 2], ret, error);
  log_close(&log);
  arena_free(arena);
  return result;
}

int run_begun(const char *journal, struct arena *arena, struct run_begun *ret, struct error *error) {
  struct run_log log;
  int result = open_begun(&log, arena, journal, error);
  if (result == 0) result = run_order_read(arena, log.order, &ret->order, error);
  if (result == 0) result = journal_get_file(log.journal, "mapping.json", arena, &ret->mapping_text, error);
  ret->from_url = log.from_url;
  ret->to_url = log.to_url;
  ret->ended = log.ended;
  log_close(&log);
  return result;
}

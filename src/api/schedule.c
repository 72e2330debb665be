#include "api/schedule.h"

#include "base/clock.h"
#include "base/json_doc.h"

enum { DAY_MS = 24 * 60 * 60 * 1000, HOUR_MS = 60 * 60 * 1000, FOR_DAYS = 20, AGAIN_HOURS = 24 };

/* --- what a person wrote --- */

static int read_number(const json_t *root, const char *key, int64_t otherwise, int64_t most, int64_t *ret, struct error *error) {
  const json_t *value = json_object_get(root, key);
  *ret = value ? json_integer_value(value) : otherwise;
  if (*ret >= 1 && *ret <= most && (!value || json_is_integer(value))) return 0;
  return error_set(error, ERROR_bad_request, "'%s' is a number from 1 to %lld", key, (long long)most);
}

static int read_rule(struct arena *arena, const json_t *root, struct schedule *ret, struct error *error) {
  struct dhis2_period probe;
  ret->name = json_text_copy(arena, root, "name");
  if (!ret->name.n || ret->name.n > SCHEDULE_NAME_MAX)
    return error_set(error, ERROR_bad_request, "'name' is what people call the schedule, up to %d bytes", SCHEDULE_NAME_MAX);
  if (!dhis2_period_type_of(json_text_copy(arena, root, "period_type"), &ret->period_type) ||
      !dhis2_period_of_day(0, ret->period_type, &probe))
    return error_set(error, ERROR_bad_request,
                     "'period_type' is that of the target's data set, as DHIS2 names it: Monthly, Quarterly, Weekly, …");
  return read_number(root, "after_day", 0, SCHEDULE_AFTER_MAX, &ret->after_day, error) ||
                 read_number(root, "for_days", FOR_DAYS, SCHEDULE_FOR_MAX, &ret->for_days, error) ||
                 read_number(root, "again_hours", AGAIN_HOURS, SCHEDULE_AGAIN_MAX, &ret->again_hours, error)
             ? -1
             : 0;
}

int schedule_read_rule(struct arena *arena, struct str json, struct schedule *ret, struct error *error) {
  json_t *root = json_doc_read_strictly(json);
  *ret = (struct schedule){0};
  int result = json_is_object(root)
                   ? read_rule(arena, root, ret, error)
                   : error_set(error, ERROR_bad_request, "a JSON object with 'name', 'period_type' and 'after_day' is wanted");
  json_decref(root);
  return result;
}

/* --- as it is kept --- */

static void member_text(struct json_out *out, const char *name, struct str text) {
  if (text.n) json_out_member_str(out, name, text);
}

void schedule_members(struct json_out *out, const struct schedule *s) {
  json_out_member_str(out, "name", s->name);
  json_out_member_str(out, "from", s->from);
  json_out_member_str(out, "to", s->to);
  json_out_member_str(out, "by", s->by);
  member_text(out, "by_target", s->by_target);
  member_text(out, "alignment", s->alignment);
  if (s->alignment_version) json_out_member_int(out, "alignment_version", s->alignment_version);
  member_text(out, "webhook", s->webhook);
  member_text(out, "language", s->language);
  member_text(out, "youngest", s->youngest);
  json_out_member_str(out, "period_type", str_of(dhis2_period_type_name(s->period_type)));
  json_out_member_int(out, "after_day", s->after_day);
  json_out_member_int(out, "for_days", s->for_days);
  json_out_member_int(out, "again_hours", s->again_hours);
  json_out_member_int(out, "org_units", s->org_units);
  json_out_member_time(out, "unattended_until", s->until_ms);
  json_out_member_array(out, "open");
  for (size_t i = 0; i < s->open_count; i++) {
    json_out_object(out);
    json_out_member_str(out, "period", s->open[i].period);
    if (s->open[i].at_ms) json_out_member_time(out, "at", s->open[i].at_ms);
    json_out_member_bool(out, "complete", s->open[i].complete);
    json_out_end(out);
  }
  json_out_end(out);
  json_out_member_array(out, "given_up");
  for (size_t i = 0; i < s->given_up_count; i++) {
    json_out_object(out);
    json_out_member_str(out, "period", s->given_up[i].period);
    json_out_member_time(out, "at", s->given_up[i].at_ms);
    json_out_end(out);
  }
  json_out_end(out);
  if (s->ended) json_out_member_bool(out, "ended", true);
  if (!s->last.period.n) return;
  json_out_member_object(out, "last");
  json_out_member_str(out, "period", s->last.period);
  json_out_member_str(out, "run", s->last.run);
  json_out_member_str(out, "state", s->last.state);
  json_out_member_time(out, "at", s->last.at_ms);
  json_out_member_bool(out, "complete", s->last.complete);
  if (s->last.over) json_out_member_bool(out, "over", true);
  json_out_end(out);
}

static void read_given_up(struct arena *arena, const json_t *list, struct schedule *ret) {
  ret->given_up = ARENA_ARRAY(arena, json_array_size(list) + 1, struct schedule_given_up);
  for (size_t i = 0; i < json_array_size(list); i++) {
    struct schedule_given_up *one = &ret->given_up[ret->given_up_count++];
    *one = (struct schedule_given_up){.period = json_text_copy(arena, json_array_get(list, i), "period")};
    (void)clock_parse(json_text_copy(arena, json_array_get(list, i), "at"), &one->at_ms);
  }
}

static void read_open(struct arena *arena, const json_t *list, struct schedule *ret) {
  ret->open = ARENA_ARRAY(arena, json_array_size(list) + 1, struct schedule_open);
  for (size_t i = 0; i < json_array_size(list); i++) {
    struct schedule_open *one = &ret->open[ret->open_count++];
    *one = (struct schedule_open){.period = json_text_copy(arena, json_array_get(list, i), "period"),
                                  .complete = json_is_true(json_object_get(json_array_get(list, i), "complete"))};
    (void)clock_parse(json_text_copy(arena, json_array_get(list, i), "at"), &one->at_ms);
  }
}

struct schedule schedule_read(struct arena *arena, struct str json) {
  json_t *root = json_doc_read(json);
  const json_t *last = json_object_get(root, "last");
  struct schedule s = {.name = json_text_copy(arena, root, "name"),
                       .from = json_text_copy(arena, root, "from"),
                       .to = json_text_copy(arena, root, "to"),
                       .by = json_text_copy(arena, root, "by"),
                       .by_target = json_text_copy(arena, root, "by_target"),
                       .alignment = json_text_copy(arena, root, "alignment"),
                       .webhook = json_text_copy(arena, root, "webhook"),
                       .language = json_text_copy(arena, root, "language"),
                       .after_day = json_integer_value(json_object_get(root, "after_day")),
                       .for_days = json_integer_value(json_object_get(root, "for_days")),
                       .again_hours = json_integer_value(json_object_get(root, "again_hours")),
                       .org_units = json_integer_value(json_object_get(root, "org_units")),
                       .alignment_version = json_integer_value(json_object_get(root, "alignment_version")),
                       .last = {.period = json_text_copy(arena, last, "period"),
                                .run = json_text_copy(arena, last, "run"),
                                .state = json_text_copy(arena, last, "state"),
                                .complete = json_is_true(json_object_get(last, "complete")),
                                .over = json_is_true(json_object_get(last, "over"))},
                       .ended = json_is_true(json_object_get(root, "ended"))};
  (void)dhis2_period_type_of(json_text_copy(arena, root, "period_type"), &s.period_type);
  (void)clock_parse(json_text_copy(arena, root, "unattended_until"), &s.until_ms);
  (void)clock_parse(json_text_copy(arena, last, "at"), &s.last.at_ms);
  s.youngest = json_text_copy(arena, root, "youngest");
  if (!s.youngest.n) s.youngest = s.last.period; /* as it was kept before */
  read_open(arena, json_object_get(root, "open"), &s);
  read_given_up(arena, json_object_get(root, "given_up"), &s);
  json_decref(root);
  return s;
}

/* --- when --- */

/* The latest period that is due on this day or was before. False: none. */
static bool latest(const struct schedule *s, int32_t day, struct dhis2_period *ret) {
  int32_t last_day = day - (int32_t)s->after_day;
  if (!dhis2_period_of_day(last_day, s->period_type, ret)) return false;
  return ret->last_day <= last_day || dhis2_period_of_day(ret->first_day - 1, s->period_type, ret);
}

static int64_t due_ms(const struct schedule *s, const struct dhis2_period *period) {
  return (period->last_day + s->after_day) * DAY_MS;
}

static int64_t over_ms(const struct schedule *s, const struct dhis2_period *period) {
  return due_ms(s, period) + s->for_days * DAY_MS;
}

static bool is_over(const struct schedule *s, struct str text, int64_t now_ms) {
  struct dhis2_period period;
  return !dhis2_period_parse(text, &period) || now_ms >= over_ms(s, &period);
}

/* When a period that was tried then is tried again; 0: not any more. */
static int64_t again_ms(const struct schedule *s, struct str text, int64_t at_ms) {
  int64_t next = at_ms + s->again_hours * HOUR_MS;
  return is_over(s, text, next) ? 0 : next;
}

static int64_t last_again_ms(const struct schedule *s) {
  return s->last.period.n ? again_ms(s, s->last.period, s->last.at_ms) : 0;
}

/* The oldest period that was never tried and is to be now. */
static bool untried(const struct schedule *s, int64_t now_ms, struct dhis2_period *ret) {
  struct dhis2_period last, next;
  if (!latest(s, (int32_t)(now_ms / DAY_MS), &last)) return false;
  *ret = last;
  if (!dhis2_period_parse(s->youngest, &next)) return true;
  while (dhis2_period_of_day(next.last_day + 1, s->period_type, &next) && next.first_day <= last.first_day) {
    *ret = next;
    if (next.first_day == last.first_day || now_ms < over_ms(s, &next)) return true;
  }
  return false;
}

bool schedule_due(const struct schedule *s, bool under_way, int64_t now_ms, struct dhis2_period *ret) {
  if (now_ms >= s->until_ms || (under_way && now_ms < s->last.at_ms + s->again_hours * HOUR_MS)) return false;
  if (untried(s, now_ms, ret)) return true;
  struct str oldest = STR_NONE;
  int64_t next = under_way ? 0 : last_again_ms(s);
  if (next && next <= now_ms && dhis2_period_parse(s->last.period, ret)) oldest = s->last.period;
  for (size_t i = 0; i < s->open_count; i++) {
    struct dhis2_period period;
    next = again_ms(s, s->open[i].period, s->open[i].at_ms);
    if (!next || next > now_ms || !dhis2_period_parse(s->open[i].period, &period) || (oldest.n && period.first_day > ret->first_day))
      continue;
    oldest = s->open[i].period;
    *ret = period;
  }
  return oldest.n > 0;
}

static int64_t sooner(int64_t a, int64_t b) {
  return !a || (b && b < a) ? b : a;
}

int64_t schedule_next_ms(const struct schedule *s, int64_t now_ms) {
  struct dhis2_period period, following;
  if (untried(s, now_ms, &period)) return now_ms < s->until_ms ? now_ms : 0;
  int64_t next = last_again_ms(s);
  for (size_t i = 0; i < s->open_count; i++) next = sooner(next, again_ms(s, s->open[i].period, s->open[i].at_ms));
  if (next && next < now_ms) next = now_ms;
  if (latest(s, (int32_t)(now_ms / DAY_MS), &period) && dhis2_period_of_day(period.last_day + 1, s->period_type, &following))
    next = sooner(next, due_ms(s, &following));
  return next && next < s->until_ms ? next : 0;
}

/* --- tries --- */

/* Those that something is still to be done for at that time, without this one, and with room for one more. */
static void keep_open(struct schedule *s, struct arena *arena, struct str without, int64_t now_ms) {
  struct schedule_open *list = ARENA_ARRAY(arena, s->open_count + 2, struct schedule_open);
  size_t n = 0;
  for (size_t i = 0; i < s->open_count; i++) {
    struct str period = s->open[i].period;
    if (!is_over(s, period, now_ms) && !str_eq(period, without) && n < SCHEDULE_OPEN_MAX) list[n++] = s->open[i];
  }
  s->open = list;
  s->open_count = n;
}

/* --- what is over --- */

static void give_up(struct schedule *s, struct str period, int64_t at_ms) {
  if (s->given_up_count == SCHEDULE_GIVEN_UP_MAX) memmove(s->given_up, s->given_up + 1, --s->given_up_count * sizeof *s->given_up);
  s->given_up[s->given_up_count++] = (struct schedule_given_up){period, at_ms};
}

size_t schedule_close(struct schedule *s, struct arena *arena, bool under_way, int64_t now_ms, bool *ret_ended) {
  struct schedule_given_up *list = ARENA_ARRAY(arena, SCHEDULE_GIVEN_UP_MAX + 1, struct schedule_given_up);
  bool ended = now_ms >= s->until_ms;
  size_t count = 0, kept = 0;
  if (s->given_up_count) memcpy(list, s->given_up, s->given_up_count * sizeof *list);
  s->given_up = list;
  for (size_t i = 0; i < s->open_count; i++) {
    struct schedule_open one = s->open[i];
    if (!ended && !is_over(s, one.period, now_ms))
      s->open[kept++] = one;
    else if (!one.complete)
      give_up(s, one.period, now_ms), count++;
  }
  s->open_count = kept;
  if (s->last.period.n && !s->last.over && !under_way && (ended || is_over(s, s->last.period, now_ms))) {
    s->last.over = true;
    if (!s->last.complete) give_up(s, s->last.period, now_ms), count++;
  }
  *ret_ended = ended && !s->ended;
  s->ended |= ended;
  return count < SCHEDULE_GIVEN_UP_MAX ? count : SCHEDULE_GIVEN_UP_MAX;
}

static int by_time(const void *left, const void *right) {
  const struct schedule_open *a = left, *b = right;
  struct dhis2_period first, second;
  (void)dhis2_period_parse(a->period, &first);
  (void)dhis2_period_parse(b->period, &second);
  return dhis2_period_cmp(&first, &second);
}

static void add_open(struct schedule *s, struct str period, int64_t at_ms, bool complete) {
  if (s->open_count < SCHEDULE_OPEN_MAX) s->open[s->open_count++] = (struct schedule_open){period, at_ms, complete};
  qsort(s->open, s->open_count, sizeof *s->open, by_time);
}

static bool is_younger(struct str period, struct str than) {
  struct dhis2_period a, b;
  return !dhis2_period_parse(than, &b) || (dhis2_period_parse(period, &a) && a.first_day > b.first_day);
}

void schedule_tried(struct schedule *s, struct arena *arena, struct schedule_last tried) {
  keep_open(s, arena, tried.period, tried.at_ms);
  if (last_again_ms(s) && !str_eq(s->last.period, tried.period)) add_open(s, s->last.period, s->last.at_ms, s->last.complete);
  s->last = tried;
  if (is_younger(tried.period, s->youngest)) s->youngest = tried.period;
}

bool schedule_was_complete(const struct schedule *s, struct str period) {
  if (str_eq(s->last.period, period)) return s->last.complete;
  for (size_t i = 0; i < s->open_count; i++)
    if (str_eq(s->open[i].period, period)) return s->open[i].complete;
  return false;
}

void schedule_forget_try(struct schedule *s, struct arena *arena) {
  keep_open(s, arena, s->last.period, s->last.at_ms);
  if (s->last.period.n) add_open(s, s->last.period, 0, false);
  s->last = (struct schedule_last){0};
}

void schedule_once_more(struct schedule *s, struct arena *arena) {
  int64_t at_ms = s->last.at_ms;
  keep_open(s, arena, s->youngest, at_ms);
  if (last_again_ms(s) && !str_eq(s->last.period, s->youngest)) add_open(s, s->last.period, at_ms, s->last.complete);
  s->last = (struct schedule_last){0};
  s->youngest = STR_NONE;
}

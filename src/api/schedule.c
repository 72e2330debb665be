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
  json_out_member_str(out, "period_type", str_of(dhis2_period_type_name(s->period_type)));
  json_out_member_int(out, "after_day", s->after_day);
  json_out_member_int(out, "for_days", s->for_days);
  json_out_member_int(out, "again_hours", s->again_hours);
  json_out_member_int(out, "org_units", s->org_units);
  json_out_member_time(out, "unattended_until", s->until_ms);
  if (!s->last.period.n) return;
  json_out_member_object(out, "last");
  json_out_member_str(out, "period", s->last.period);
  json_out_member_str(out, "run", s->last.run);
  json_out_member_str(out, "state", s->last.state);
  json_out_member_time(out, "at", s->last.at_ms);
  json_out_member_bool(out, "complete", s->last.complete);
  json_out_end(out);
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
                       .after_day = json_integer_value(json_object_get(root, "after_day")),
                       .for_days = json_integer_value(json_object_get(root, "for_days")),
                       .again_hours = json_integer_value(json_object_get(root, "again_hours")),
                       .org_units = json_integer_value(json_object_get(root, "org_units")),
                       .alignment_version = json_integer_value(json_object_get(root, "alignment_version")),
                       .last = {.period = json_text_copy(arena, last, "period"),
                                .run = json_text_copy(arena, last, "run"),
                                .state = json_text_copy(arena, last, "state"),
                                .complete = json_is_true(json_object_get(last, "complete"))}};
  (void)dhis2_period_type_of(json_text_copy(arena, root, "period_type"), &s.period_type);
  (void)clock_parse(json_text_copy(arena, root, "unattended_until"), &s.until_ms);
  (void)clock_parse(json_text_copy(arena, last, "at"), &s.last.at_ms);
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

static bool is_tried(const struct schedule *s, const struct dhis2_period *period) {
  return str_eq(s->last.period, str_of(period->text));
}

static int64_t again_ms(const struct schedule *s, const struct dhis2_period *period) {
  int64_t next = s->last.at_ms + s->again_hours * HOUR_MS, end = (period->last_day + s->after_day + s->for_days) * DAY_MS;
  return s->last.complete || next >= end ? 0 : next;
}

bool schedule_due(const struct schedule *s, bool under_way, int64_t now_ms, struct dhis2_period *ret) {
  if (now_ms >= s->until_ms || !latest(s, (int32_t)(now_ms / DAY_MS), ret)) return false;
  if (!is_tried(s, ret)) return true;
  int64_t next = again_ms(s, ret);
  return !under_way && next && now_ms >= next;
}

int64_t schedule_next_ms(const struct schedule *s, int64_t now_ms) {
  struct dhis2_period period, following;
  int64_t next = 0;
  if (!latest(s, (int32_t)(now_ms / DAY_MS), &period)) return 0;
  if (!is_tried(s, &period))
    next = now_ms;
  else if (again_ms(s, &period))
    next = again_ms(s, &period) > now_ms ? again_ms(s, &period) : now_ms;
  else if (dhis2_period_of_day(period.last_day + 1, s->period_type, &following))
    next = (following.last_day + s->after_day) * DAY_MS;
  return next && next < s->until_ms ? next : 0;
}

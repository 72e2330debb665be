#include "api/schedules.h"

#include "api/desk.h"
#include "api/mandates.h"
#include "api/reports_out.h"
#include "api/run_document.h"
#include "api/runner.h"
#include "api/schedule.h"
#include "base/clock.h"
#include "base/json_doc.h"
#include "crypt/random.h"
#include "dhis2/calendars.h"
#include "drift/drift.h"
#include <jansson.h>

enum { LIST_MAX = 500, ALL_MAX = 10000, ID_LETTERS = 22, ABOUT_MAX = 1 << 16 };

static struct str about_of(struct arena *arena, const struct schedule *schedule) {
  struct buf text = BUF_INIT(ABOUT_MAX);
  struct json_out out = JSON_OUT_INIT(&text);
  json_out_object(&out);
  schedule_members(&out, schedule);
  json_out_end(&out);
  struct str kept = arena_str(arena, buf_str(&text));
  buf_free(&text);
  return kept;
}

static void write_entry(struct json_out *out, const struct store_document *document, const struct schedule *schedule) {
  int64_t next = schedule_next_ms(schedule, clock_now_ms());
  json_out_object(out);
  json_out_member_str(out, "id", document->id);
  schedule_members(out, schedule);
  if (next) json_out_member_time(out, "next", next);
  json_out_member_time(out, "created", document->created_ms);
  json_out_end(out);
}

static int update(struct api *api, struct arena *arena, struct store_document *document, const struct schedule *schedule,
                  struct error *error) {
  int64_t version;
  document->about = about_of(arena, schedule);
  document->updated_ms = clock_now_ms();
  struct store *store = api_store(api);
  int failed = store_document_update(store, document, &version, error);
  api_store_done(api);
  if (!failed) document->version = version;
  return failed;
}

/* --- made --- */

/* What is asked for, as an order of a run: without the members that are the schedule's alone, and for some period of its type. */
static int read_asked(struct api_job *job, const struct schedule *schedule, struct run_asked *ret, struct error *error) {
  static const char *const own[] = {"name", "period_type", "after_day", "for_days", "again_hours"};
  static const char *const not_here[] = {"periods", "dry_run", "changed_since"};
  struct dhis2_period period;
  json_t *root = json_doc_read_strictly(job->body);
  int result = 0;
  for (size_t i = 0; i < sizeof not_here / sizeof *not_here; i++)
    if (json_object_get(root, not_here[i])) result = error_set(error, ERROR_bad_request, "'%s' means nothing in a schedule", not_here[i]);
  for (size_t i = 0; i < sizeof own / sizeof *own; i++) (void)json_object_del(root, own[i]);
  (void)dhis2_period_of_day((int32_t)(clock_now_ms() / (24 * 60 * 60 * 1000)), schedule->period_type, &period);
  (void)json_object_set_new(root, "periods", json_pack("[s]", period.text));
  char *text = json_dumps(root, JSON_COMPACT);
  job->body = arena_str(job->arena, str_of(text));
  free(text);
  json_decref(root);
  if (result == 0) result = run_asked_read(job, ret, error);
  if (result == 0 && !ret->unattended_until_ms)
    result = error_set(error, ERROR_bad_request, "a schedule goes on without you: say until when with 'unattended_until'");
  return result;
}

/* A schedule counts periods by ISO 8601; by another calendar the same text is another month. */
static int check_calendar(struct api_job *job, struct dhis2_server *server, struct error *error) {
  struct str calendar;
  if (dhis2_server_calendar(server, job->arena, &calendar, error)) return -1;
  if (dhis2_calendar_is_iso(calendar)) return 0;
  return error_set(error, ERROR_input,
                   "a schedule counts periods by the ISO 8601 calendar, and the server '%.*s' counts by another: %.*s. Send each period "
                   "yourself, by the server's own calendar",
                   STR_ARG(dhis2_server_id(server)), STR_ARG(str_slice(calendar, 0, 40)));
}

/* What each of its runs would be refused for is said now, in the words of a run. */
static int foresee(struct api_job *job, const struct run_asked *asked, struct error *error) {
  struct dhis2_server *from = gateway_connection_server(job->gateway, job->session, asked->order.from, error),
                      *to = from ? gateway_connection_server(job->gateway, job->session, asked->order.to, error) : NULL;
  bool iso = to && check_calendar(job, from, error) == 0 && check_calendar(job, to, error) == 0;
  int result = iso ? run_foresee(&asked->order, asked->mapping_text, from, to, drift_judge, error) : -1;
  dhis2_server_free(from);
  dhis2_server_free(to);
  if (result < 0 && error->code == ERROR_usage) error->code = ERROR_bad_request;
  return result;
}

static int make(struct api_job *job, struct schedule *schedule, const struct run_asked *asked, struct store_document *ret,
                struct error *error) {
  struct run_about nobody = {0};
  struct str other, folder_owner;
  if (api_owner(job, asked->order.from, &folder_owner, error) || api_owner(job, asked->order.to, &other, error) ||
      run_document_make(job->arena, asked, &nobody, ret, error))
    return -1;
  schedule->from = asked->order.from;
  schedule->to = asked->order.to;
  schedule->by = api_user_name(job, asked->order.from);
  schedule->by_target = api_user_name(job, asked->order.to);
  schedule->alignment = asked->alignment;
  schedule->alignment_version = asked->alignment_version;
  schedule->webhook = asked->webhook;
  schedule->language = asked->language;
  schedule->until_ms = asked->unattended_until_ms;
  schedule->org_units = (int64_t)asked->order.org_unit_count;
  ret->kind = SCHEDULE_KIND;
  ret->owner = folder_owner;
  ret->about = about_of(job->arena, schedule);
  return 0;
}

int api_schedules_create(struct api_job *job, struct error *error) {
  struct schedule schedule;
  struct run_asked asked;
  struct store_document document;
  if (schedule_read_rule(job->arena, job->body, &schedule, error) || read_asked(job, &schedule, &asked, error) ||
      foresee(job, &asked, error) || make(job, &schedule, &asked, &document, error))
    return -1;
  struct str servers[2] = {schedule.from, schedule.to};
  if (mandates_give(job, document.id, servers, schedule.until_ms, error)) return -1;
  struct store *store = api_store(job->api);
  int failed = store_document_create(store, &document, error);
  api_store_done(job->api);
  if (failed) {
    mandates_end(job->api, job->gateway, document.id);
    return -1;
  }
  struct json_out out = JSON_OUT_INIT(&job->answer);
  write_entry(&out, &document, &schedule);
  job->status = 201;
  return 0;
}

/* --- seen, and ended --- */

static int load(struct api_job *job, struct store_document *ret, struct error *error) {
  struct store *store = api_store(job->api);
  int found = store_document_get(store, SCHEDULE_KIND, job->words[0], job->arena, ret, error);
  api_store_done(job->api);
  if (found < 0) return -1;
  if (!found || !api_is_owner(job, ret->owner))
    return error_set(error, ERROR_not_found, "there is no schedule '%.*s' of yours", STR_ARG(str_slice(job->words[0], 0, 64)));
  return 0;
}

static void list_one(struct api_job *job, struct json_out *out, const struct store_document *document) {
  struct schedule schedule = schedule_read(job->arena, document->about);
  write_entry(out, document, &schedule);
}

int api_schedules_list(struct api_job *job, struct error *error) {
  struct json_out out = JSON_OUT_INIT(&job->answer);
  json_out_array(&out);
  if (api_each_own(job, SCHEDULE_KIND, LIST_MAX, list_one, &out, error)) return -1;
  json_out_end(&out);
  return 0;
}

int api_schedule_get(struct api_job *job, struct error *error) {
  struct store_document document;
  if (load(job, &document, error)) return -1;
  struct schedule schedule = schedule_read(job->arena, document.about);
  struct json_out out = JSON_OUT_INIT(&job->answer);
  write_entry(&out, &document, &schedule);
  return 0;
}

/* Its runs stay; one that is under way ends at its next step. */
int api_schedule_delete(struct api_job *job, struct error *error) {
  struct store_document document;
  if (load(job, &document, error)) return -1;
  struct schedule schedule = schedule_read(job->arena, document.about);
  struct store *store = api_store(job->api);
  int failed = store_document_delete(store, SCHEDULE_KIND, document.id, error);
  api_store_done(job->api);
  if (failed) return -1;
  if (schedule.last.run.n) desk_end(job->api, schedule.last.run, false);
  mandates_end(job->api, job->gateway, document.id);
  job->status = 204;
  return 0;
}

/* What may be named as `webhook`. */
int api_webhooks_list(struct api_job *job, struct error *error) {
  struct json_out out = JSON_OUT_INIT(&job->answer);
  (void)error;
  json_out_array(&out);
  for (size_t i = 0; i < job->config->webhook_count; i++) json_out_str(&out, job->config->webhooks[i].id);
  json_out_end(&out);
  return 0;
}

/* The latest period once more, at once. */
int api_schedule_again(struct api_job *job, struct error *error) {
  struct store_document document;
  if (load(job, &document, error)) return -1;
  struct schedule schedule = schedule_read(job->arena, document.about);
  struct runner_view view;
  if (schedule.last.run.n && desk_look(job->api, schedule.last.run, job->arena, &view))
    return error_set(error, ERROR_conflict, "its run %.*s is under way", STR_ARG(schedule.last.run));
  schedule_once_more(&schedule, job->arena);
  if (update(job->api, job->arena, &document, &schedule, error)) return -1;
  struct str unused;
  schedules_look(job->api, job->gateway, document.id, clock_now_ms(), job->arena, &unused);
  return api_schedule_get(job, error);
}

/* --- carried out --- */

struct looking {
  struct api *api;
  struct gateway *gateway;
  struct arena *arena;
  struct store_document document;
  struct schedule schedule;
};

static bool is_complete(struct str state, struct str report) {
  json_t *root = json_doc_read(report);
  const json_t *counts = json_object_get(root, "counts");
  bool complete = str_eq(state, STR("done")) && json_integer_value(json_object_get(counts, "cells")) > 0;
  json_decref(root);
  return complete;
}

/* Takes note of how the latest run goes. True: it has not ended. */
static bool follow(struct looking *l, struct error *error) {
  struct schedule_last *last = &l->schedule.last;
  struct store_document run;
  if (!last->run.n || run_state_is_end(last->state)) return false;
  struct store *store = api_store(l->api);
  int found = store_document_get(store, RUN_KIND, last->run, l->arena, &run, error);
  api_store_done(l->api);
  if (found < 0) return true;
  if (!found) { /* the program ended before it was made */
    schedule_forget_try(&l->schedule, l->arena);
    return false;
  }
  struct run_about about = run_about_read(l->arena, run.about);
  if (str_eq(about.state, last->state)) return true;
  last->state = about.state;
  last->complete = is_complete(about.state, run_body_split(run.body).report);
  (void)update(l->api, l->arena, &l->document, &l->schedule, error);
  return !run_state_is_end(about.state);
}

static int begin(struct looking *l, const struct dhis2_period *period, struct error *error) {
  struct schedule *s = &l->schedule;
  struct run_body body = run_body_split(l->document.body);
  struct run_asked asked = {.alignment = s->alignment,
                            .alignment_version = s->alignment_version,
                            .mapping_text = body.mapping,
                            .webhook = s->webhook,
                            .language = s->language,
                            .wait = true};
  struct run_about who = {.by = s->by,
                          .by_target = s->by_target,
                          .beside = {.mandate = l->document.id,
                                     .unattended_until_ms = s->until_ms,
                                     .schedule = l->document.id,
                                     .once_more = schedule_was_complete(s, str_of(period->text))}};
  struct store_document run;
  struct str periods[1] = {str_of(period->text)};
  if (run_order_read(l->arena, body.order, &asked.order, error)) return -1;
  asked.order.periods = periods;
  asked.order.period_count = 1;
  if (run_document_make(l->arena, &asked, &who, &run, error)) return -1;
  run.owner = l->document.owner;
  schedule_tried(s, l->arena,
                 (struct schedule_last){
                     .period = arena_str(l->arena, str_of(period->text)), .run = run.id, .state = RUN_STATE_OPEN, .at_ms = clock_now_ms()});
  if (update(l->api, l->arena, &l->document, s, error)) return -1; /* of two that look at once, one gets on */
  struct store *store = api_store(l->api);
  int failed = store_document_create(store, &run, error);
  api_store_done(l->api);
  if (failed) return -1;
  struct config *config = gateway_config_now(l->gateway);
  struct run_start how = {
      .gateway = l->gateway, .public_url = config->public_url, .store = config->store, .resume = true, .crew = RUNNER_WAITERS};
  failed = run_document_start(l->api, run.id, &how, error);
  config_unref(config);
  return failed;
}

/* Whoever is to be told of it: what is over, before that is kept. */
static void close_over(struct looking *l, bool under_way, int64_t now_ms, struct error *error) {
  struct schedule *s = &l->schedule;
  bool was_over = s->last.over, ended;
  size_t open = s->open_count, count = schedule_close(s, l->arena, under_way, now_ms, &ended);
  for (size_t i = s->given_up_count - count; i < s->given_up_count; i++)
    reports_out_schedule(l->api, l->gateway, l->document.id, s->webhook, STR("period_given_up"), s->given_up[i].period);
  if (ended) reports_out_schedule(l->api, l->gateway, l->document.id, s->webhook, STR("schedule_ended"), STR(""));
  if (ended || open != s->open_count || was_over != s->last.over) (void)update(l->api, l->arena, &l->document, s, error);
}

/* What began before its time was over may end yet; what was left off goes on no more. */
static bool is_under_way(struct looking *l, int64_t now_ms, struct error *error) {
  struct runner_view unused;
  return follow(l, error) && (error->code || now_ms < l->schedule.until_ms || desk_look(l->api, l->schedule.last.run, l->arena, &unused));
}

void schedules_look(struct api *api, struct gateway *gateway, struct str id, int64_t now_ms, struct arena *arena, struct str *ret_run) {
  struct looking l = {.api = api, .gateway = gateway, .arena = arena};
  struct error error = {0};
  struct dhis2_period period;
  struct store *store = api_store(api);
  int found = store_document_get(store, SCHEDULE_KIND, id, arena, &l.document, &error);
  api_store_done(api);
  *ret_run = STR_NONE;
  if (found == 1) {
    l.schedule = schedule_read(l.arena, l.document.about);
    bool under_way = is_under_way(&l, now_ms, &error);
    if (!error.code) close_over(&l, under_way, now_ms, &error);
    if (!error.code && schedule_due(&l.schedule, under_way, now_ms, &period)) (void)begin(&l, &period, &error);
    if (!run_state_is_end(l.schedule.last.state)) *ret_run = l.schedule.last.run;
  }
  if (error.code && error.code != ERROR_changed_meanwhile)
    log_event(LOG_ERROR, "schedule_not_looked_at", LOG_STR("schedule", id), LOG_FAILURE(&error));
}

int schedules_stop(struct api *api, struct gateway *gateway, struct str id, int64_t now_ms, struct arena *arena, struct str *ret_run) {
  struct looking l = {.api = api, .gateway = gateway, .arena = arena};
  struct error error = {0};
  struct store *store = api_store(api);
  int found = store_document_get(store, SCHEDULE_KIND, id, arena, &l.document, &error);
  api_store_done(api);
  *ret_run = STR_NONE;
  if (found != 1) return found;
  l.schedule = schedule_read(arena, l.document.about);
  if (l.schedule.until_ms > now_ms) l.schedule.until_ms = now_ms;
  *ret_run = l.schedule.last.run;
  close_over(&l, false, now_ms, &error);
  if (!error.code) return 0;
  log_event(LOG_WARNING, "schedule_not_stopped", LOG_STR("schedule", id), LOG_FAILURE(&error));
  return -1;
}

void schedules_look_at_ended(struct api *api, struct gateway *gateway, int64_t now_ms) {
  struct arena *arena = arena_new();
  struct store_document *documents;
  struct error error = {0};
  struct str unused;
  size_t count = 0;
  struct store *store = api_store(api);
  int failed = store_document_list_all(store, SCHEDULE_KIND, ALL_MAX, arena, &documents, &count, &error);
  api_store_done(api);
  if (failed) log_event(LOG_WARNING, "schedules_not_listed", LOG_FAILURE(&error));
  for (size_t i = 0; !failed && i < count; i++) {
    struct schedule schedule = schedule_read(arena, documents[i].about);
    if (!schedule.ended && schedule.until_ms <= now_ms) schedules_look(api, gateway, documents[i].id, now_ms, arena, &unused);
  }
  arena_free(arena);
}

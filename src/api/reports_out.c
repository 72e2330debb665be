#include "api/reports_out.h"

#include "api/run_document.h"
#include "api/schedule.h"
#include "api/schedules.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/json_doc.h"
#include "crypt/mac.h"
#include "crypt/random.h"
#include "gateway/metrics.h"
#include "http/client.h"
#include "transfer/report_form.h"
#include <jansson.h>

enum {
  LIST_MAX = 1000,
  AT_ONCE = 4,
  ID_LETTERS = 22,
  ABOUT_MAX = 1024,
  TIMEOUT_MS = 10000,
  ANSWER_MAX = 65536,
  STATUS_GONE = 410,
  REST_MS = 5000
};
#define MINUTE INT64_C(60000)
#define HOUR (60 * MINUTE)

static const struct str kind = {"delivery", 8}, owner = {"all", 3};

/* --- files --- */

static int file_one(const char *folder, const struct store_document *run, enum language language, struct str report, enum report_form form,
                    struct arena *arena, struct error *error) {
  char day[CLOCK_TEXT_SIZE];
  struct buf text = BUF_INIT(STORE_BODY_MAX);
  (void)clock_format(run->updated_ms, day);
  const char *path = arena_cstr(arena, arena_printf(arena, "%s/%.10s-%.*s.%s", folder, day, STR_ARG(run->id), report_form_name(form)));
  int failed = form == REPORT_JSON ? 0 : report_form_write(form, language, report, &text, error);
  if (!failed) failed = file_write(path, form == REPORT_JSON ? report : buf_str(&text), error);
  buf_free(&text);
  return failed;
}

static int file_all(const struct config *config, const struct store_document *run, const struct run_about *about, struct arena *arena,
                    struct error *error) {
  struct str report = run_body_split(run->body).report;
  enum language language = LANGUAGE_ENGLISH;
  int failed = 0;
  if (!config->runs_reports.n || !report.n) return error_set(error, ERROR_not_found, "there is no report, or no folder for it");
  (void)language_of(about->beside.language, &language);
  for (int form = REPORT_JSON; !failed && form <= REPORT_HTML; form++)
    failed = file_one(arena_cstr(arena, config->runs_reports), run, language, report, (enum report_form)form, arena, error);
  return failed;
}

/* --- to be sent --- */

struct delivery {
  struct str run, webhook;  /* webhook: empty: the folder */
  struct str event, period; /* of a schedule, whose id is in the place of the run's; else empty */
  unsigned tries;
  int64_t next_ms;
};

static struct str delivery_write(struct arena *arena, const struct delivery *d) {
  struct buf text = BUF_INIT(ABOUT_MAX);
  struct json_out out = JSON_OUT_INIT(&text);
  json_out_object(&out);
  json_out_member_str(&out, "run", d->run);
  json_out_member_str(&out, "webhook", d->webhook);
  json_out_member_str(&out, "event", d->event);
  json_out_member_str(&out, "period", d->period);
  json_out_member_int(&out, "tries", (int64_t)d->tries);
  json_out_member_int(&out, "next", d->next_ms);
  json_out_end(&out);
  struct str kept = arena_str(arena, buf_str(&text));
  buf_free(&text);
  return kept;
}

static struct delivery delivery_read(struct arena *arena, struct str about) {
  json_t *root = json_doc_read(about);
  struct delivery d = {.tries = (unsigned)json_integer_value(json_object_get(root, "tries")),
                       .next_ms = json_integer_value(json_object_get(root, "next"))};
  d.run = arena_str(arena, str_of(json_string_value(json_object_get(root, "run"))));
  d.webhook = arena_str(arena, str_of(json_string_value(json_object_get(root, "webhook"))));
  d.event = json_text_copy(arena, root, "event");
  d.period = json_text_copy(arena, root, "period");
  json_decref(root);
  return d;
}

static void enqueue(struct api *api, struct delivery d, struct arena *arena) {
  int64_t now = clock_now_ms();
  struct str run = d.run, webhook = d.webhook;
  struct error error = {0};
  d.next_ms = now;
  struct store_document document = {.kind = kind,
                                    .id = random_id(arena, ID_LETTERS),
                                    .owner = owner,
                                    .key = arena_printf(arena, "%.*s %.*s%s%.*s%s%.*s", STR_ARG(run), STR_ARG(webhook),
                                                        d.event.n ? " " : "", STR_ARG(d.event), d.period.n ? " " : "", STR_ARG(d.period)),
                                    .about = delivery_write(arena, &d),
                                    .created_ms = now,
                                    .updated_ms = now,
                                    .expires_ms = now + 96 * HOUR};
  struct store *store = api_store(api);
  int failed = store_document_create(store, &document, &error);
  api_store_done(api);
  if (failed && error.code != ERROR_conflict) /* else it waits there already, and tells what the run is in when its turn comes */
    log_event(LOG_ERROR, "report_not_queued", LOG_STR("run", run), LOG_STR("webhook", webhook), LOG_FAILURE(&error));
}

static bool waits_for_person(const struct run_about *about) {
  return str_eq(about->state, STR("paused")) && about->problem.n;
}

void reports_out(struct api *api, struct gateway *gateway, const struct store_document *run) {
  struct arena *arena = arena_new();
  struct run_about about = run_about_read(arena, run->about);
  struct config *config = gateway_config_now(gateway);
  bool ended = run_state_is_end(about.state);
  if (!about.dry_run && ended && config->runs_reports.n) enqueue(api, (struct delivery){.run = run->id}, arena);
  if (!about.dry_run && (ended || waits_for_person(&about)) && about.beside.webhook.n)
    enqueue(api, (struct delivery){.run = run->id, .webhook = about.beside.webhook}, arena);
  config_unref(config);
  arena_free(arena);
}

void reports_out_schedule(struct api *api, struct gateway *gateway, struct str schedule, struct str webhook, struct str event,
                          struct str period) {
  struct arena *arena = arena_new();
  struct config *config = gateway_config_now(gateway);
  struct delivery d = {.run = schedule, .event = event, .period = period};
  if (config->runs_reports.n) enqueue(api, d, arena);
  d.webhook = webhook;
  if (webhook.n) enqueue(api, d, arena);
  config_unref(config);
  arena_free(arena);
}

/* --- sending --- */

int64_t reports_out_pause_ms(unsigned tries) {
  static const int64_t pauses[] = {0, MINUTE, 5 * MINUTE, 30 * MINUTE, 2 * HOUR, 6 * HOUR, 24 * HOUR};
  return tries < REPORTS_OUT_TRIES ? pauses[tries] : 0;
}

static void write_body(struct json_out *out, const struct store_document *run, const struct run_about *about, struct str report) {
  json_out_object(out);
  json_out_member_str(out, "event", run_state_is_end(about->state) ? STR("run_ended") : STR("run_paused"));
  json_out_member_str(out, "run", run->id);
  run_about_members(out, about, about->state);
  if (about->problem.n) json_out_member_raw(out, "problem", about->problem);
  json_out_member_raw(out, "report", report.n ? report : STR("null"));
  json_out_end(out);
}

static int post(const struct config_webhook *webhook, struct str id, struct str body, struct arena *arena, const atomic_bool *stop,
                struct error *error) {
  char mac[MAC_TEXT_SIZE];
  struct http_headers headers = {0};
  struct http_answer answer;
  struct str at = arena_printf(arena, "%lld", (long long)(clock_now_ms() / 1000));
  struct buf signed_text = BUF_INIT(STORE_BODY_MAX + ABOUT_MAX);
  (void)buf_printf(&signed_text, "%.*s.", STR_ARG(at));
  (void)buf_add(&signed_text, body);
  struct str signature = arena_printf(arena, "sha256=%s", mac_sha256(webhook->secret, buf_str(&signed_text), mac));
  buf_free(&signed_text);
  http_headers_add(&headers, arena, STR("Content-Type"), STR("application/json"));
  http_headers_add(&headers, arena, STR("Drawbridge-Delivery"), id);
  http_headers_add(&headers, arena, STR("Drawbridge-Timestamp"), at);
  http_headers_add(&headers, arena, STR("Drawbridge-Signature"), signature);
  struct http_client *client =
      http_client_new((struct http_client_options){.ca_file = webhook->ca.n ? arena_cstr(arena, webhook->ca) : NULL,
                                                   .addresses = webhook->addresses.p,
                                                   .address_count = webhook->addresses.n,
                                                   .connect_timeout_ms = TIMEOUT_MS,
                                                   .timeout_ms = TIMEOUT_MS,
                                                   .body_limit = ANSWER_MAX});
  http_client_abort_when(client, stop);
  struct http_call call = {.method = STR("POST"), .url = webhook->url, .headers = &headers, .body = body};
  int failed = http_client_call(client, &call, arena, &answer, error);
  http_client_free(client);
  if (failed || (answer.status >= 200 && answer.status < 300)) return failed;
  error->upstream_status = answer.status;
  return error_set(error, ERROR_upstream_error, "the webhook answers %d", answer.status);
}

static int send_one(const struct config *config, struct str id, const struct delivery *d, const struct store_document *run,
                    const struct run_about *about, struct arena *arena, const atomic_bool *stop, struct error *error) {
  const struct config_webhook *webhook = config_webhook(config, d->webhook);
  if (!webhook) return error_set(error, ERROR_not_found, "the webhook is gone");
  struct buf body = BUF_INIT(STORE_BODY_MAX);
  struct json_out out = JSON_OUT_INIT(&body);
  write_body(&out, run, about, run_body_split(run->body).report);
  int failed = body.full ? error_set(error, ERROR_not_found, "the report is too large to be sent")
                         : post(webhook, id, buf_str(&body), arena, stop, error);
  buf_free(&body);
  return failed;
}

static void write_schedule(struct json_out *out, const struct delivery *d, const struct schedule *schedule) {
  json_out_object(out);
  json_out_member_str(out, "event", d->event);
  json_out_member_str(out, "schedule", d->run);
  if (d->period.n) json_out_member_str(out, "period", d->period);
  schedule_members(out, schedule);
  json_out_end(out);
}

static int tell_schedule(struct api *api, const struct config *config, struct str id, const struct delivery *d, struct arena *arena,
                         const atomic_bool *stop, struct error *error) {
  char day[CLOCK_TEXT_SIZE];
  struct store_document document;
  const struct config_webhook *webhook = d->webhook.n ? config_webhook(config, d->webhook) : NULL;
  struct store *store = api_store(api);
  int found = store_document_get(store, SCHEDULE_KIND, d->run, arena, &document, error);
  api_store_done(api);
  if (found < 0) return -1;
  if (!found || (d->webhook.n ? !webhook : !config->runs_reports.n))
    return error_set(error, ERROR_not_found, found ? "there is nowhere to tell it" : "the schedule is gone");
  struct schedule schedule = schedule_read(arena, document.about);
  struct buf body = BUF_INIT(STORE_BODY_MAX);
  struct json_out out = JSON_OUT_INIT(&body);
  write_schedule(&out, d, &schedule);
  const char *path =
      arena_cstr(arena, arena_printf(arena, "%.*s/%.10s-%.*s-%.*s.json", STR_ARG(config->runs_reports), clock_format(clock_now_ms(), day),
                                     STR_ARG(d->run), STR_ARG(d->period.n ? d->period : STR("ended"))));
  int failed = webhook ? post(webhook, id, buf_str(&body), arena, stop, error) : file_write(path, buf_str(&body), error);
  buf_free(&body);
  return failed;
}

/* 1: the run is under way, and so is its end. -1: it could not be told; ERROR_not_found: there is nothing to tell, or nowhere to tell it (any more). */
static int tell(struct api *api, const struct config *config, struct str id, const struct delivery *d, struct arena *arena,
                const atomic_bool *stop, struct error *error) {
  if (d->event.n) return tell_schedule(api, config, id, d, arena, stop, error);
  struct store_document run;
  struct store *store = api_store(api);
  int found = store_document_get(store, RUN_KIND, d->run, arena, &run, error);
  api_store_done(api);
  if (found < 0) return -1;
  if (!found) return error_set(error, ERROR_not_found, "the run is gone");
  struct run_about about = run_about_read(arena, run.about);
  bool ended = run_state_is_end(about.state);
  if (!ended && !(d->webhook.n && waits_for_person(&about))) return 1;
  return d->webhook.n ? send_one(config, id, d, &run, &about, arena, stop, error) : file_all(config, &run, &about, arena, error);
}

/* Later, as if it had not been looked at. */
static void put_off(struct api *api, struct store_document *document, struct delivery *d, struct arena *arena) {
  struct error error = {0};
  int64_t version;
  d->next_ms = clock_now_ms() + REST_MS;
  document->about = delivery_write(arena, d);
  struct store *store = api_store(api);
  (void)store_document_update(store, document, &version, &error);
  api_store_done(api);
}

static void settle(struct api *api, struct gateway *gateway, struct store_document *document, struct delivery *d, const struct error *why,
                   struct arena *arena) {
  struct error error = {0};
  int64_t version;
  bool over = !why->code || why->code == ERROR_not_found || why->upstream_status == STATUS_GONE || ++d->tries >= REPORTS_OUT_TRIES;
  if (d->webhook.n)
    metrics_count(gateway_metrics(gateway), !why->code ? METRIC_REPORTS_SENT : over ? METRIC_REPORTS_GIVEN_UP : METRIC_REPORTS_FAILED);
  if (why->code && !d->webhook.n)
    log_event(LOG_ERROR, "report_not_filed", LOG_STR("run", d->run), LOG_INT("tries", d->tries), LOG_FAILURE(why));
  else if (why->code)
    log_event(over ? LOG_ERROR : LOG_WARNING, over ? "webhook_given_up" : "webhook_failed", LOG_STR("run", d->run),
              LOG_STR("webhook", d->webhook), LOG_INT("tries", d->tries), LOG_FAILURE(why));
  struct store *store = api_store(api);
  d->next_ms = clock_now_ms() + reports_out_pause_ms(d->tries);
  document->about = delivery_write(arena, d);
  document->updated_ms = clock_now_ms();
  int failed = over ? store_document_delete(store, kind, document->id, &error) : store_document_update(store, document, &version, &error);
  api_store_done(api);
  if (failed) log_event(LOG_ERROR, "webhook_not_settled", LOG_STR("run", d->run), LOG_FAILURE(&error));
}

void reports_out_deliver(struct api *api, struct gateway *gateway, int64_t now_ms, const atomic_bool *stop) {
  struct arena *arena = arena_new();
  struct store_document *documents;
  size_t count = 0, sent = 0;
  struct error error = {0};
  struct config *config = gateway_config_now(gateway);
  struct store *store = api_store(api);
  if (store_document_list(store, kind, owner, LIST_MAX, arena, &documents, &count, &error)) count = 0;
  api_store_done(api);
  for (size_t i = 0; i < count && sent < AT_ONCE && !atomic_load(stop); i++) {
    struct error why = {0};
    struct delivery d = delivery_read(arena, documents[i].about);
    if (d.next_ms > now_ms) continue;
    sent++;
    int told = tell(api, config, documents[i].id, &d, arena, stop, &why);
    if (told > 0)
      put_off(api, &documents[i], &d, arena);
    else if (!atomic_load(stop))
      settle(api, gateway, &documents[i], &d, &why, arena);
  }
  config_unref(config);
  arena_free(arena);
}

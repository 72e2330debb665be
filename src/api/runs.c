/* The runs of a person: started, watched, cancelled, resumed. What is under way is known to the runner; all else to the store. */
#include "api/run_document.h"
#include "api/runner.h"
#include "base/clock.h"
#include "base/json_out.h"
#include "base/mem.h"
#include "crypt/random.h"
#include "http/form.h"
#include "transfer/report_form.h"
#include <jansson.h>

enum { LIST_MAX = 500 };

/* --- what is kept --- */

static int load(struct api_job *job, struct store_document *ret, struct error *error) {
  struct store *store = api_store(job->api);
  int found = store_document_get(store, RUN_KIND, job->words[0], job->arena, ret, error);
  api_store_done(job->api);
  if (found < 0) return -1;
  if (!found || !api_is_owner(job, ret->owner))
    return error_set(error, ERROR_not_found, "there is no run '%.*s' of yours", STR_ARG(str_slice(job->words[0], 0, 64)));
  return 0;
}

/* What a run is in now. One that has not ended and is not under way here was left off by the end of a process. */
static struct str state_of(struct api_job *job, struct str id, const struct run_about *about, struct runner_view *view) {
  *view = (struct runner_view){0};
  if (runner_look(api_runner(job->api), id, job->arena, view)) return view->phase;
  return str_eq(about->state, RUN_STATE_OPEN) ? STR("interrupted") : about->state;
}

static void write_entry(struct json_out *out, const struct store_document *document, const struct run_about *about, struct str state) {
  json_out_member_str(out, "id", document->id);
  run_about_members(out, about, state);
  json_out_member_time(out, "created", document->created_ms);
  json_out_member_time(out, "updated", document->updated_ms);
}

static void write_part(struct json_out *out, const char *name, const json_t *part, const char *otherwise) {
  char *text = part ? json_dumps(part, JSON_COMPACT | JSON_ENCODE_ANY) : NULL;
  json_out_key(out, str_of(name));
  json_out_raw(out, text ? str_of(text) : str_of(otherwise));
  free(text);
}

static const char no_counts[] =
    "{\"read\":0,\"mapped\":0,\"cells\":0,\"summed\":0,\"partial\":0,\"refused\":0,\"skipped\":0,\"sent\":0,\"created\":0,\"updated\":0,"
    "\"unchanged\":0,\"verified\":0,\"differing\":0,\"unmapped\":{},\"ignored\":{}}";

/* The whole of a run, as docs/openapi.yaml describes it. */
static void answer_run(struct api_job *job, const struct store_document *document) {
  struct run_about about = run_about_read(job->arena, document->about);
  struct runner_view view;
  struct str state = state_of(job, document->id, &about, &view), report = run_body_split(document->body).report;
  json_t *said = view.phase.n ? NULL : json_loadb(report.n ? report.p : "", report.n, 0, NULL);
  struct json_out out = JSON_OUT_INIT(&job->answer);
  json_out_object(&out);
  write_entry(&out, document, &about, state);
  json_out_member_int(&out, "org_units", about.org_units);
  json_out_member_object(&out, "progress");
  json_out_member_int(&out, "done", (int64_t)view.done);
  json_out_member_int(&out, "of", (int64_t)view.of);
  json_out_end(&out);
  write_part(&out, "counts", json_object_get(said, "counts"), view.counts.n ? arena_cstr(job->arena, view.counts) : no_counts);
  write_part(&out, "totals", json_object_get(said, "control_totals"), "[]");
  write_part(&out, "conflicts", json_object_get(said, "conflicts"), "[]");
  if (about.problem.n && !view.phase.n) {
    json_out_key(&out, STR("problem"));
    json_out_raw(&out, about.problem);
  }
  json_out_end(&out);
  json_decref(said);
}

/* --- starting --- */

static struct str user_name(struct api_job *job, struct str server) {
  struct gateway_person person;
  if (!gateway_session_person(job->session, server, job->arena, &person)) return STR("");
  return person.username.n ? person.username : person.id;
}

static char *copy_of(struct str text) {
  return mem_printf("%.*s", STR_ARG(text));
}

static int start(struct api_job *job, struct str id, bool resume, struct error *error) {
  struct run_payload *payload = mem_alloc(sizeof *payload);
  *payload = (struct run_payload){.id = copy_of(id),
                                  .gateway = job->gateway,
                                  .session = gateway_session_ref(job->session),
                                  .public_url = copy_of(job->config->public_url),
                                  .store = copy_of(job->config->store),
                                  .resume = resume};
  if (runner_start(api_runner(job->api), id, payload, error) == 0) return 0;
  gateway_session_unref(payload->session);
  free(payload->id);
  free(payload->public_url);
  free(payload->store);
  free(payload);
  return -1;
}

static int make_document(struct api_job *job, const struct run_asked *asked, struct store_document *ret, struct error *error) {
  const struct run_order *order = &asked->order;
  struct run_about about = {.state = RUN_STATE_OPEN,
                            .alignment = asked->alignment,
                            .from = order->from,
                            .to = order->to,
                            .by = user_name(job, order->from),
                            .by_target = user_name(job, order->to),
                            .dry_run = order->dry_run,
                            .wait = asked->wait,
                            .periods = order->periods,
                            .period_count = order->period_count,
                            .org_units = (int64_t)order->org_unit_count,
                            .alignment_version = asked->alignment_version};
  struct str other;
  *ret = (struct store_document){.kind = RUN_KIND,
                                 .id = random_id(job->arena, 22),
                                 .key = str_slice(job->idempotency_key, 0, 64),
                                 .about = run_about_write(job->arena, &about),
                                 .created_ms = clock_now_ms()};
  ret->updated_ms = ret->created_ms;
  if (api_owner(job, order->from, &ret->owner, error) || api_owner(job, order->to, &other, error)) return -1;
  struct buf body = BUF_INIT(STORE_BODY_MAX);
  (void)run_order_write(order, &body);
  (void)buf_add(&body, STR("\n\n"));
  (void)buf_add(&body, asked->mapping_text);
  int result = body.full ? error_set(error, ERROR_too_large, "the run is larger than can be kept") : 0;
  ret->body = arena_str(job->arena, buf_str(&body));
  buf_free(&body);
  return result;
}

/* Would it be refused because another run writes to the same cells? Said at once, where it is not to wait; what comes between is found by the run itself. */
static int check_free(struct api_job *job, const struct run_order *order, struct str mapping_text, struct str id, bool wait,
                      struct error *error) {
  const char *folder;
  const struct config_server *to = config_server(job->config, order->to);
  if (order->dry_run || wait || !to) return 0;
  if (run_claims_folder(job->arena, job->config->store, &folder, error)) return -1;
  struct run_claimant who = {
      .to_url = to->url, .by = user_name(job, order->from), .run = arena_printf(job->arena, "run %.*s", STR_ARG(id))};
  struct claim *claim = run_claim(folder, order, mapping_text, who, &(struct claim_wait){0}, error);
  claim_release(claim);
  return claim ? 0 : -1;
}

/* 1: it was started before with this key, and that run is *document now. */
static int create(struct api_job *job, struct store_document *document, struct error *error) {
  struct store *store = api_store(job->api);
  int result = store_document_create(store, document, error);
  if (result < 0 && error->code == ERROR_conflict && document->key.n) {
    struct error none = {0};
    if (store_document_by_key(store, RUN_KIND, document->owner, document->key, job->arena, document, &none) == 1) {
      *error = none;
      result = 1;
    }
  }
  api_store_done(job->api);
  return result;
}

int api_runs_create(struct api_job *job, struct error *error) {
  struct run_asked asked;
  struct store_document document;
  const char *folder;
  if (job->idempotency_key.n > 64) return error_set(error, ERROR_bad_request, "an Idempotency-Key has at most 64 characters");
  if (run_asked_read(job, &asked, error) || make_document(job, &asked, &document, error)) return -1;
  if (!asked.order.dry_run && run_folder(job->arena, job->config->store, document.id, &folder, error)) return -1;
  int made = create(job, &document, error);
  if (made < 0) return -1;
  if (made == 0 &&
      (check_free(job, &asked.order, asked.mapping_text, document.id, asked.wait, error) || start(job, document.id, false, error))) {
    struct error none = {0};
    struct store *store = api_store(job->api);
    (void)store_document_delete(store, RUN_KIND, document.id, &none);
    api_store_done(job->api);
    return -1;
  }
  job->status = made == 0 ? 201 : 200;
  answer_run(job, &document);
  return 0;
}

/* --- reading --- */

int api_runs_list(struct api_job *job, struct error *error) {
  struct json_out out = JSON_OUT_INIT(&job->answer);
  json_out_array(&out);
  for (size_t i = 0; i < job->config->server_count; i++) {
    struct store_document *documents;
    struct error not_there = {0};
    struct str owner;
    size_t count;
    if (api_owner(job, job->config->servers[i].id, &owner, &not_there)) continue;
    struct store *store = api_store(job->api);
    int failed = store_document_list(store, RUN_KIND, owner, LIST_MAX, job->arena, &documents, &count, error);
    api_store_done(job->api);
    if (failed) return -1;
    for (size_t k = 0; k < count; k++) {
      struct run_about about = run_about_read(job->arena, documents[k].about);
      struct runner_view view;
      json_out_object(&out);
      write_entry(&out, &documents[k], &about, state_of(job, documents[k].id, &about, &view));
      json_out_end(&out);
    }
  }
  json_out_end(&out);
  return 0;
}

int api_run_get(struct api_job *job, struct error *error) {
  struct store_document document;
  if (load(job, &document, error)) return -1;
  answer_run(job, &document);
  return 0;
}

static int form_asked(struct api_job *job, enum report_form *ret, struct error *error) {
  struct form query;
  struct str name;
  *ret = REPORT_JSON;
  if (form_parse(job->arena, job->query, &query, error)) return -1;
  if (!form_get(&query, STR("format"), &name) || report_form_of(name, ret)) return 0;
  return error_set(error, ERROR_bad_request, "'format' is json, csv or html");
}

int api_run_report(struct api_job *job, struct error *error) {
  struct store_document document;
  enum report_form form;
  if (form_asked(job, &form, error) || load(job, &document, error)) return -1;
  struct str report = run_body_split(document.body).report;
  struct runner_view view;
  if (!report.n || runner_look(api_runner(job->api), document.id, job->arena, &view))
    return error_set(error, ERROR_not_found, "the run has not ended: there is no report yet");
  job->attachment = arena_cstr(job->arena, arena_printf(job->arena, "report.%s", report_form_name(form)));
  if (form != REPORT_JSON) job->type = report_form_type(form);
  return report_form_write(form, report, &job->answer, error);
}

/* --- stopping and going on --- */

int api_run_cancel(struct api_job *job, struct error *error) {
  struct store_document document;
  if (load(job, &document, error)) return -1;
  (void)runner_cancel(api_runner(job->api), document.id);
  answer_run(job, &document);
  return 0;
}

int api_run_pause(struct api_job *job, struct error *error) {
  struct store_document document;
  if (load(job, &document, error)) return -1;
  (void)runner_pause(api_runner(job->api), document.id);
  answer_run(job, &document);
  return 0;
}

static bool can_be_resumed(struct str state) {
  return str_eq(state, STR("paused")) || str_eq(state, STR("interrupted")) || str_eq(state, STR("failed")) ||
         str_eq(state, STR("cancelled"));
}

static int reopen(struct api_job *job, struct store_document *document, struct run_about *about, struct error *error) {
  int64_t version;
  about->state = RUN_STATE_OPEN;
  about->problem = STR_NONE;
  document->about = run_about_write(job->arena, about);
  document->updated_ms = clock_now_ms();
  struct store *store = api_store(job->api);
  int result = store_document_update(store, document, &version, error);
  api_store_done(job->api);
  return result;
}

int api_run_resume(struct api_job *job, struct error *error) {
  struct store_document document;
  struct runner_view view;
  struct str owner;
  if (load(job, &document, error)) return -1;
  struct run_about about = run_about_read(job->arena, document.about);
  struct str state = state_of(job, document.id, &about, &view);
  if (!can_be_resumed(state))
    return error_set(error, ERROR_conflict, view.phase.n ? "this run is under way" : "this run has ended: start a new one");
  if (api_owner(job, about.from, &owner, error) || api_owner(job, about.to, &owner, error)) return -1;
  if (reopen(job, &document, &about, error) || start(job, document.id, true, error)) return -1;
  answer_run(job, &document);
  return 0;
}

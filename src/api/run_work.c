/* One run, from its document to its report, on a thread of the runner. */
#include "api/desk.h"
#include "api/mandates.h"
#include "api/reports_out.h"
#include "api/run_document.h"
#include "api/runner.h"
#include "base/clock.h"
#include "base/json_doc.h"
#include "base/json_out.h"
#include "base/mem.h"
#include "crypt/random.h"
#include "drift/drift.h"
#include "gateway/mandate.h"
#include "gateway/metrics.h"
#include "gateway/reply.h"
#include "http/trace.h"
#include "transfer/hold.h"
#include <jansson.h>
#include <uv.h>

enum { TOLD_MAX = 1 << 20, AGAIN_MS = 500, JOURNAL_PATIENCE_MS = 2000 };

struct working {
  struct api *api;
  struct runner_run *run;
  struct run_payload *payload;
  struct arena *arena;
  struct store_document document;
  struct run_about about;
  struct run_body body;
  struct run_order order;
  struct report *report;
  struct str mandate;               /* sealed; empty: the person's session lets it go on */
  char trace[TRACE_ID_LETTERS + 1]; /* the same whoever carries it out, and how often it is gone on with; empty: traces are off */
  struct run_list *list;            /* of a dry run or an undo, once there is one */
  bool alone;                       /* the session, or the time of the mandate, has ended meanwhile */
};

/* A run ends with the session it was begun in, at the next step, unless the person has let it go on; and that ends too. */
static bool may_go_on(struct working *w) {
  struct gateway_person unused;
  if (w->mandate.n) return clock_now_ms() < w->about.beside.unattended_until_ms;
  bool at_source = w->about.beside.undoes.n || gateway_session_person(w->payload->session, w->order.from, w->arena, &unused);
  return at_source && gateway_session_person(w->payload->session, w->order.to, w->arena, &unused);
}

static void on_progress(void *payload, const struct run_progress *progress) {
  struct working *w = payload;
  struct buf counts = BUF_INIT(TOLD_MAX), batches = BUF_INIT(TOLD_MAX);
  struct json_out out = JSON_OUT_INIT(&counts), list = JSON_OUT_INIT(&batches);
  report_write_counts(w->report, &out);
  batches_write_both(report_batches(w->report), progress->part ? report_batches(progress->part) : NULL, &list);
  struct runner_view view = {str_of(run_phase_name(progress->phase)), progress->done, progress->of, buf_str(&counts), buf_str(&batches)};
  runner_tell(w->run, &view);
  buf_free(&counts);
  buf_free(&batches);
  if (w->alone || may_go_on(w)) return;
  w->alone = true;
  (void)runner_pause(api_runner(w->api), str_of(w->payload->id));
}

/* Made from the run's id, which nobody chooses. */
static void make_trace(struct working *w) {
  unsigned char hash[HASH_SIZE];
  struct config *config = gateway_config_now(w->payload->gateway);
  hash_sha256(str_of(w->payload->id), hash);
  if (config->trace != CONFIG_TRACE_OFF) (void)hash_hex(hash, TRACE_ID_LETTERS / 2, w->trace);
  config_unref(config);
}

static int load(struct working *w, struct error *error) {
  struct store *store = api_store(w->api);
  int found = store_document_get(store, RUN_KIND, str_of(w->payload->id), w->arena, &w->document, error);
  api_store_done(w->api);
  if (found <= 0) return found < 0 ? -1 : error_set(error, ERROR_not_found, "the run is gone");
  w->about = run_about_read(w->arena, w->document.about);
  w->body = run_body_split(w->document.body);
  if (w->about.beside.mandate.n && mandates_get(w->api, w->about.beside.mandate, w->arena, &w->mandate, error) < 0) return -1;
  if (!w->mandate.n && !w->payload->session)
    return error_set(error, ERROR_reauth_required, "what let this run go on without you has ended: sign in, and go on with it");
  return run_order_read(w->arena, w->body.order, &w->order, error);
}

/* An undo works from another's. */
static struct str journal_id(const struct working *w) {
  return w->about.beside.undoes.n ? w->about.beside.undoes : str_of(w->payload->id);
}

static const char *as_holder(struct working *w, const char *place) {
  return run_place_of(w->arena, place, str_of(w->payload->holder));
}

static void give_cells_back(struct working *w) {
  claim_release(w->payload->claim);
  w->payload->claim = NULL;
}

/* Most have them from before they had a thread. What this process lost since, as it stood still, is claimed again like what was not claimed yet: another may have those cells now. */
static int claim_cells(struct working *w, struct str to_url, struct error *error) {
  struct run_cells cells = {.store = str_of(w->payload->store),
                            .holder = str_of(w->payload->holder),
                            .id = str_of(w->payload->id),
                            .undoes = w->about.beside.undoes,
                            .by = w->about.by,
                            .to_url = to_url,
                            .order = &w->order,
                            .mapping_text = w->body.mapping};
  struct claim_wait wait = {.wait = w->about.wait, .cancel = runner_run_cancel(w->run)};
  if (w->payload->claim && claim_is_kept(w->payload->claim)) return 0;
  give_cells_back(w);
  w->payload->claim = run_cells_claim(w->arena, &cells, &wait, error);
  return w->payload->claim ? 0 : -1;
}

static struct dhis2_server *server_of(struct working *w, struct str id, struct error *error) {
  struct dhis2_server *server = w->mandate.n ? mandate_server(w->payload->gateway, w->about.beside.mandate, w->mandate, id, error)
                                             : gateway_connection_server(w->payload->gateway, w->payload->session, id, error);
  if (server) dhis2_server_abort_when(server, runner_stopping(w->run));
  if (server) dhis2_server_trace(server, str_of(w->trace));
  return server;
}

/* Where a run has its journal what has none has its list: it is kept, and goes, like one. */
static int on_refused(void *payload, struct str rows, struct error *error) {
  struct working *w = payload;
  const char *place;
  if (!w->list) {
    if (run_folder(w->arena, str_of(w->payload->store), str_of(w->payload->id), &place, error)) return -1;
    w->list = run_list_open(as_holder(w, place), error);
  }
  return w->list ? run_list_add(w->list, rows, error) : -1;
}

/* Who only looks whether the journal is free has it for a moment. */
static int undo(struct working *w, struct dhis2_server *to, const char *folder, const struct run_watch *watch, struct error *error) {
  for (int64_t until = clock_monotonic_ms() + JOURNAL_PATIENCE_MS;; *error = (struct error){0}) {
    int result = run_undo(to, folder, w->order.dry_run, watch, w->report, error);
    if (result == 0 || error->code != ERROR_busy || clock_monotonic_ms() >= until) return result;
    uv_sleep(AGAIN_MS);
  }
}

/* Where the run used the person's own connection, that hears of its end, and the session shows it at once. What was lent to the run (a mandate) is another credential, with an end of its own: the person's connection is judged by what is done with it. */
static void tell_over(struct dhis2_server *server, const struct error *error) {
  if (server && error->code == ERROR_reauth_required && str_eq(dhis2_server_id(server), str_of(error->server)))
    dhis2_server_sign_in_over(server);
}

static int carry_out(struct working *w, struct error *error) {
  const char *folder = NULL;
  struct str undoes = w->about.beside.undoes;
  w->order.dry_run = w->about.dry_run;
  if ((!w->order.dry_run || undoes.n) && run_folder(w->arena, str_of(w->payload->store), journal_id(w), &folder, error)) return -1;
  if (folder) folder = as_holder(w, folder);
  struct dhis2_server *from = undoes.n ? NULL : server_of(w, w->order.from, error);
  struct dhis2_server *to = from || undoes.n ? server_of(w, w->order.to, error) : NULL;
  struct run_watch watch = {
      .cancel = runner_run_cancel(w->run), .progress = on_progress, .payload = w, .judge = drift_judge, .locale = w->about.beside.language};
  if (w->order.dry_run || undoes.n) watch.refused = on_refused;
  int result = -1;
  if (to && (w->order.dry_run || claim_cells(w, dhis2_server_url(to), error) == 0)) {
    if (undoes.n)
      result = undo(w, to, folder, &watch, error);
    else
      result = run_servers(&w->order, w->body.mapping, from, to, folder, w->payload->resume, &watch, w->report, error);
  }
  run_list_close(w->list);
  if (result < 0) tell_over(from, error);
  if (result < 0) tell_over(to, error);
  dhis2_server_free(from);
  dhis2_server_free(to);
  return result;
}

static struct str problem_of(struct working *w, const struct error *failure) {
  return reply_to_keep(failure, STR("/v1/runs"), str_of(w->payload->public_url), w->arena);
}

static bool is_withdrawn(struct working *w) {
  struct error unused = {0};
  struct str sealed;
  return mandates_get(w->api, w->about.beside.mandate, w->arena, &sealed, &unused) == 0;
}

/* Another process may delete the tokens of what has ended before this one hears of it: that pauses it, as the word itself would have done. */
static void judge_refusal(struct working *w, struct error *failure) {
  if (!w->mandate.n || (failure->code != ERROR_reauth_required && failure->code != ERROR_token_refused)) return;
  if (clock_now_ms() < w->about.beside.unattended_until_ms && !is_withdrawn(w)) return;
  w->alone = true;
  (void)runner_pause(api_runner(w->api), str_of(w->payload->id));
  *failure = (struct error){0};
  (void)error_set(failure, ERROR_cancelled, "what let it go on has ended");
}

/* How it ended; a run that the end of the process stopped is one to be resumed. */
static void settle(struct working *w, const struct run_told *told) {
  bool failed = told->failure->code && told->failure->code != ERROR_cancelled;
  bool lost = !atomic_load(runner_run_cancel(w->run)); /* to another process: it tells how it ends */
  bool stopped = told->failure->code == ERROR_cancelled && (lost || atomic_load(runner_stopping(w->run)));
  w->about.state = stopped ? STR("interrupted") : str_of(run_outcome(told, w->report));
  struct error alone = {0};
  bool withdrawn = w->mandate.n && told->paused && clock_now_ms() < w->about.beside.unattended_until_ms && is_withdrawn(w);
  if (withdrawn) w->alone = true;
  if (w->alone)
    (void)error_set(&alone, ERROR_reauth_required,
                    withdrawn      ? "an administrator has withdrawn what let it go on without you: sign in, and go on with it"
                    : w->mandate.n ? "the time that it was given to go on without you is over: sign in, and go on with it"
                                   : "you have signed out: sign in at both servers, and go on with it");
  w->about.counted = true;
  w->about.read = (int64_t)report_counts(w->report)->read;
  w->about.sent = (int64_t)report_counts(w->report)->sent;
  w->about.units_skipped = (int64_t)report_counts(w->report)->skipped_units;
  w->about.problem = failed ? problem_of(w, told->failure) : w->alone ? problem_of(w, &alone) : STR_NONE;
}

/* A store that is away for a moment is waited for. Of two processes that carried it out the one that has it now is told from the other by the version. */
static int update(struct working *w, struct error *error) {
  int64_t version, until = clock_monotonic_ms() + (api_is_shared(w->api) ? HOLD_PATIENCE_MS : 0);
  for (;;) {
    struct store *store = api_store(w->api);
    int result = store_document_update(store, &w->document, &version, error);
    api_store_done(w->api);
    if (result == 0) w->document.version = version;
    if (result == 0 || error->code != ERROR_store_unavailable || clock_monotonic_ms() >= until) return result;
    *error = (struct error){0};
    uv_sleep(AGAIN_MS);
  }
}

static int keep(struct working *w, const struct run_told *told) {
  struct error error = {0};
  struct buf report = BUF_INIT(STORE_BODY_MAX), body = BUF_INIT(STORE_BODY_MAX);
  bool whole = run_report_write(told, w->report, &report);
  (void)buf_printf(&body, "%.*s\n%.*s\n", STR_ARG(w->body.order), STR_ARG(whole ? str_trim(buf_str(&report)) : STR("")));
  (void)buf_add(&body, w->body.mapping);
  run_document_end(w->arena, w->payload->gateway, &w->about, &w->document);
  if (!body.full) w->document.body = buf_str(&body);
  bool nothing_new = w->about.beside.once_more && str_eq(w->about.state, STR("done")) && report_counts(w->report)->sent == 0;
  if (!nothing_new) reports_out(w->api, w->payload->gateway, &w->document);
  int result = update(w, &error);
  if (result < 0) log_event(LOG_ERROR, "run_not_kept", LOG_TEXT("run", w->payload->id), LOG_FAILURE(&error));
  buf_free(&report);
  buf_free(&body);
  return result;
}

/* The report of a run that was gone on with holds what was done before, too: that is counted already, by who kept its last report. */
static void count_values(struct working *w) {
  const struct report_counts *counts = report_counts(w->report);
  json_t *last = json_doc_read(w->body.report);
  const struct {
    enum metrics_counter counter;
    const char *name;
    uint64_t now;
  } each[] = {{METRIC_VALUES_READ, "read", counts->read},
              {METRIC_VALUES_SENT, "sent", counts->sent},
              {METRIC_VALUES_VERIFIED, "verified", counts->verified},
              {METRIC_VALUES_REFUSED, "refused", counts->refused}};
  for (size_t i = 0; i < sizeof each / sizeof *each; i++) {
    uint64_t before = (uint64_t)json_integer_value(json_object_get(json_object_get(last, "counts"), each[i].name));
    if (each[i].now > before) metrics_count_many(gateway_metrics(w->payload->gateway), each[i].counter, each[i].now - before);
  }
  json_decref(last);
}

static void log_end(const struct working *w, const struct error *failure) {
  const struct report_counts *counts = report_counts(w->report);
  log_event(LOG_INFO, "run_ended", LOG_TEXT("run", w->payload->id), LOG_STR("state", w->about.state), LOG_INT("read", counts->read),
            LOG_INT("sent", counts->sent), LOG_INT("verified", counts->verified), LOG_TEXT("code", error_name(failure->code)),
            LOG_TEXT("trace_id", w->trace));
}

/* What was lent for this run alone is given back when there is nothing more to do with it. */
static void give_back(struct working *w) {
  bool own = str_eq(w->about.beside.mandate, str_of(w->payload->id));
  if (own && (run_state_is_end(w->about.state) || w->alone)) mandates_end(w->api, w->payload->gateway, w->about.beside.mandate);
}

/* What is about this machine goes to its operator, as with any other call; neither the run nor its report says more of it. */
static void tell_operator(const struct working *w, struct error *failure) {
  if (!reply_is_for_operator(failure->code)) return;
  log_event(LOG_ERROR, "run_failed", LOG_TEXT("run", w->payload->id), LOG_FAILURE(failure));
  *failure = reply_brief(failure);
}

static void work(struct working *w, struct error *failure) {
  int64_t began = clock_now_ms();
  struct metrics *metrics = w->about.dry_run ? NULL : gateway_metrics(w->payload->gateway); /* a try is no transfer that went wrong */
  if (metrics) metrics_count(metrics, METRIC_RUNS_BEGUN);
  if (atomic_load(runner_run_cancel(w->run)))
    (void)error_set(failure, ERROR_cancelled, "cancelled before it began");
  else
    (void)carry_out(w, failure);
  give_cells_back(w); /* before anybody can see that it has ended: what that one begins next is not refused for it */
  judge_refusal(w, failure);
  tell_operator(w, failure);
  struct run_told told = {.order = &w->order,
                          .mapping_text = w->body.mapping,
                          .mapping_name =
                              w->about.alignment.n ? arena_printf(w->arena, "alignment %.*s", STR_ARG(w->about.alignment)) : STR_NONE,
                          .mapping_version = w->about.alignment_version,
                          .began_ms = began,
                          .ended_ms = clock_now_ms(),
                          .by_source = w->about.by,
                          .by_target = w->about.by_target,
                          .failure = failure,
                          .paused = runner_run_paused(w->run),
                          .undo = w->about.beside.undoes.n > 0};
  settle(w, &told);
  bool kept = keep(w, &told) == 0;
  log_end(w, failure);
  if (metrics) metrics_run_ended(metrics, w->about.state);
  if (metrics && kept) count_values(w);
  give_back(w);
}

/* From here on nobody else begins it, and who had it before writes nothing over it: its version is another one. -1, without an error: another process has it, or has ended it. */
static int take(struct working *w, struct hold **ret, struct error *error) {
  const char *place;
  if (run_folder(w->arena, str_of(w->payload->store), str_of(w->payload->id), &place, error)) return -1;
  *ret = hold_take(as_holder(w, place), error);
  if (!*ret && error->code == ERROR_busy) *error = (struct error){0};
  if (!*ret || load(w, error)) return -1;
  bool open = str_eq(w->about.state, RUN_STATE_OPEN) || str_eq(w->about.state, STR("interrupted"));
  w->about.state = RUN_STATE_OPEN;
  run_document_about(w->arena, &w->about, &w->document);
  return open ? update(w, error) : -1;
}

void api_run_work(void *api, struct runner_run *run, void *payload) {
  struct working w = {.api = api, .run = run, .payload = payload, .arena = arena_new(), .report = report_new()};
  struct error failure = {0};
  struct hold *hold = NULL;
  make_trace(&w);
  if ((api_is_shared(api) ? take(&w, &hold, &failure) : load(&w, &failure)) == 0) {
    struct desk *desk = desk_open(api, str_of(w.payload->id));
    work(&w, &failure);
    desk_close(desk);
  } else if (failure.code) {
    log_event(LOG_ERROR, "run_not_begun", LOG_TEXT("run", w.payload->id), LOG_FAILURE(&failure));
  }
  hold_release(hold);
  report_free(w.report);
  arena_free(w.arena);
  run_payload_free(w.payload);
}

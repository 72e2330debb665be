/* The runs of a person: started, watched, cancelled, resumed. What is under way is known to the desk; all else to the store. */
#include "api/desk.h"
#include "api/mandates.h"
#include "api/run_document.h"
#include "api/runner.h"
#include "base/clock.h"
#include "base/json_doc.h"
#include "base/json_out.h"
#include "crypt/random.h"
#include "http/form.h"
#include "transfer/journal.h"
#include "transfer/report_form.h"
#include <jansson.h>
#include <uv.h>

enum { LIST_MAX = 2000 /* schedules make many */, FOUND_OUT_MS = 3000, LOOK_MS = 50, HOLDER_LETTERS = 22 };

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

static void write_part(struct json_out *out, const char *name, const json_t *part, const char *otherwise) {
  char *text = part ? json_dumps(part, JSON_COMPACT | JSON_ENCODE_ANY) : NULL;
  json_out_member_raw(out, name, text ? str_of(text) : str_of(otherwise));
  free(text);
}

static const char no_counts[] =
    "{\"read\":0,\"mapped\":0,\"cells\":0,\"summed\":0,\"partial\":0,\"refused\":0,\"skipped\":0,\"sent\":0,\"created\":0,\"updated\":0,"
    "\"unchanged\":0,\"verified\":0,\"differing\":0,\"unmapped\":{},\"ignored\":{}}";

/* --- starting --- */

static struct run_start start_of(struct api_job *job, const struct run_about *about) {
  return (struct run_start){.gateway = job->gateway,
                            .session = job->session,
                            .public_url = job->config->public_url,
                            .store = job->config->store,
                            .resume = true,
                            .crew = run_crew(about)};
}

static int promise(struct api_job *job, struct str id, struct run_start *how, struct error *error) {
  how->promise = runner_promise(api_runner(job->api), how->crew, id, error);
  return how->promise ? 0 : -1;
}

/* -1: another run writes to the same cells. One that may wait for that claims them when it has a thread. */
static int claim_cells(struct api_job *job, struct str id, const struct run_about *about, const struct run_order *order,
                       struct str mapping_text, struct run_start *how, struct error *error) {
  const struct config_server *to = config_server(job->config, about->to);
  if (about->dry_run || about->wait || !to) return 0;
  how->holder = random_id(job->arena, HOLDER_LETTERS);
  struct run_cells cells = {.store = how->store,
                            .holder = how->holder,
                            .id = id,
                            .undoes = about->beside.undoes,
                            .by = about->by,
                            .to_url = to->url,
                            .order = order,
                            .mapping_text = mapping_text};
  how->claim = run_cells_claim(job->arena, &cells, &(struct claim_wait){0}, error);
  return how->claim ? 0 : -1;
}

/* What is not handed on is given back. */
static int give_up(struct run_start *how) {
  claim_release(how->claim);
  if (how->promise) runner_break(how->promise);
  return -1;
}

/* --- what it is in now --- */

/* The process that carried it out has died, or stood still for so long that it lost it (hold.h): whoever comes by for the person who has begun it goes on with it, in their name. What goes on without them is the keeper's. */
static bool take_over(struct api_job *job, const struct store_document *document, const struct run_about *about) {
  struct error error = {0};
  struct str owner;
  if (about->beside.mandate.n) return false;
  if ((!about->beside.undoes.n && api_owner(job, about->from, &owner, &error)) || api_owner(job, about->to, &owner, &error)) return false;
  log_event(LOG_INFO, "run_gone_on_with", LOG_STR("run", document->id));
  struct run_start how = start_of(job, about);
  if (run_document_start(job->api, document->id, &how, &error) == 0) return true;
  log_event(LOG_WARNING, "run_not_gone_on_with", LOG_STR("run", document->id), LOG_FAILURE(&error));
  return false;
}

/* `go_on`: for a reader; one that was left off by the end of a process is gone on with, if that can be. */
static struct str state_of(struct api_job *job, const struct store_document *document, const struct run_about *about, bool go_on,
                           struct runner_view *view) {
  bool open = str_eq(about->state, RUN_STATE_OPEN);
  *view = (struct runner_view){0};
  if (!open && go_on && api_is_shared(job->api))
    return about->state; /* one that stood still here has ended elsewhere, and does not know it yet */
  struct str state = desk_state(job->api, document, about, job->arena, view);
  if (!open || !go_on || view->phase.n || !api_is_shared(job->api)) return state;
  return take_over(job, document, about) ? (view->phase = RUN_STATE_OPEN) : state;
}

/* For what is done with a run. One that ended between two looks of this process was taken for left off, and is about to be gone on with here: that is waited for until it has found the end, or who has seen that would be told that it is under way. */
static struct str settled_state(struct api_job *job, const struct store_document *document, const struct run_about *about,
                                struct runner_view *view) {
  struct str state = state_of(job, document, about, false, view);
  for (int waited_ms = 0; view->phase.n && !str_eq(about->state, RUN_STATE_OPEN) && waited_ms < FOUND_OUT_MS; waited_ms += LOOK_MS) {
    uv_sleep(LOOK_MS);
    state = state_of(job, document, about, false, view);
  }
  return state;
}

/* The whole of a run, as docs/openapi.yaml describes it. */
static void answer_as(struct api_job *job, const struct store_document *document, bool go_on) {
  struct run_about about = run_about_read(job->arena, document->about);
  struct runner_view view;
  struct str state = state_of(job, document, &about, go_on, &view), report = run_body_split(document->body).report;
  json_t *said = view.phase.n ? NULL : json_doc_read(report);
  struct json_out out = JSON_OUT_INIT(&job->answer);
  json_out_object(&out);
  run_document_members(&out, document, &about, state);
  json_out_member_int(&out, "org_units", about.org_units);
  json_out_member_object(&out, "progress");
  json_out_member_int(&out, "done", (int64_t)view.done);
  json_out_member_int(&out, "of", (int64_t)view.of);
  json_out_end(&out);
  write_part(&out, "counts", json_object_get(said, "counts"), view.counts.n ? arena_cstr(job->arena, view.counts) : no_counts);
  write_part(&out, "totals", json_object_get(said, "control_totals"), "[]");
  write_part(&out, "conflicts", json_object_get(said, "conflicts"), "[]");
  write_part(&out, "replaced", json_object_get(said, "replaced"), "[]");
  write_part(&out, "silent_units", json_object_get(said, "silent_units"), "[]");
  write_part(&out, "skipped_units", json_object_get(said, "skipped_units"), "[]");
  write_part(&out, "batches", json_object_get(said, "batches"), view.batches.n ? arena_cstr(job->arena, view.batches) : "[]");
  if (json_object_get(said, "refused_rows")) write_part(&out, "refused_rows", json_object_get(said, "refused_rows"), "0");
  if (json_object_get(said, "estimate")) write_part(&out, "estimate", json_object_get(said, "estimate"), "");
  if (about.problem.n && !view.phase.n) {
    json_out_member_raw(&out, "problem", about.problem);
  }
  json_out_end(&out);
  json_decref(said);
  job->under_way = view.phase.n > 0;
}

static void answer_run(struct api_job *job, const struct store_document *document) {
  answer_as(job, document, false);
}

static struct run_about who_asks(struct api_job *job, const struct run_order *order) {
  return (struct run_about){.by = api_user_name(job, order->from), .by_target = api_user_name(job, order->to)};
}

/* Two requests with one key are the same one only if they ask for the same; how the body is written does not matter. Of an alignment its name counts: it may have gone on between an attempt and the next. */
static struct str meaning_of(struct api_job *job, const struct run_asked *asked) {
  unsigned char hash[HASH_SIZE];
  char text[2 * HASH_SIZE + 1];
  struct buf all = BUF_INIT(STORE_BODY_MAX);
  (void)run_order_write(&asked->order, &all);
  (void)buf_printf(&all, "\n%d %d %lld %.*s\n", asked->order.dry_run, asked->wait, (long long)asked->unattended_until_ms,
                   STR_ARG(asked->webhook));
  (void)buf_add(&all, asked->alignment.n ? asked->alignment : asked->mapping_text);
  hash_sha256(buf_str(&all), hash);
  buf_free(&all);
  return arena_str(job->arena, str_of(hash_hex(hash, HASH_SIZE, text)));
}

static int make_document(struct api_job *job, const struct run_asked *asked, struct store_document *ret, struct error *error) {
  struct run_about who = who_asks(job, &asked->order);
  struct str owner, other;
  if (job->idempotency_key.n) who.meaning = meaning_of(job, asked);
  if (api_owner(job, asked->order.from, &owner, error) || api_owner(job, asked->order.to, &other, error) ||
      run_document_make(job->arena, asked, &who, ret, error))
    return -1;
  ret->key = str_slice(job->idempotency_key, 0, 64);
  ret->owner = owner;
  return 0;
}

/* The run that was started before with the key of *document, in its place: 1. -1: what was asked for then is something else. One that an earlier release has kept does not tell. */
static int take_first(struct api_job *job, struct store_document *document, struct error *error) {
  struct error none = {0};
  struct str meaning = run_about_read(job->arena, document->about).meaning, first;
  if (!document->key.n) return -1;
  struct store *store = api_store(job->api);
  int found = store_document_by_key(store, RUN_KIND, document->owner, document->key, job->arena, document, &none);
  api_store_done(job->api);
  if (found != 1) return -1;
  first = run_about_read(job->arena, document->about).meaning;
  if (first.n && !str_eq(first, meaning))
    return error_set(error, ERROR_conflict,
                     "another run was started with this Idempotency-Key: what is asked for differs, so it takes a new key");
  *error = none;
  return 1;
}

/* 1: it was started before with this key, and that run is *document now. */
static int create(struct api_job *job, struct store_document *document, struct error *error) {
  struct store *store = api_store(job->api);
  int result = store_document_create(store, document, error);
  api_store_done(job->api);
  return result < 0 && error->code == ERROR_conflict ? take_first(job, document, error) : result;
}

static void forget(struct api_job *job, struct str id) {
  struct error unused = {0};
  struct store *store = api_store(job->api);
  (void)store_document_delete(store, RUN_KIND, id, &unused);
  api_store_done(job->api);
}

static int keep_about(struct api_job *job, struct store_document *document, const struct run_about *about, struct error *error) {
  int64_t version;
  run_document_about(job->arena, about, document);
  struct store *store = api_store(job->api);
  int result = store_document_update(store, document, &version, error);
  api_store_done(job->api);
  if (result == 0) document->version = version;
  return result;
}

/* What lets it go on without the person is made before it begins: else it would end with them all the same. */
static int let_go_on(struct api_job *job, const struct run_asked *asked, struct store_document *document, struct error *error) {
  struct run_about about = run_about_read(job->arena, document->about);
  struct str servers[2] = {about.from, about.to};
  if (!asked->unattended_until_ms) return 0;
  if (mandates_give(job, document->id, servers, asked->unattended_until_ms, error)) return -1;
  about.beside.mandate = document->id;
  about.beside.unattended_until_ms = asked->unattended_until_ms;
  return keep_about(job, document, &about, error);
}

static int begin(struct api_job *job, const struct run_asked *asked, struct store_document *document, struct run_start *how,
                 struct error *error) {
  struct run_about about = run_about_read(job->arena, document->about);
  if (claim_cells(job, document->id, &about, &asked->order, asked->mapping_text, how, error) || let_go_on(job, asked, document, error))
    return give_up(how);
  return run_document_start(job->api, document->id, how, error);
}

/* It is under way from before its document is there: another request with its key, or the keeper, may find that within the same millisecond. */
int api_runs_create(struct api_job *job, struct error *error) {
  struct run_asked asked;
  struct store_document document;
  const char *folder;
  if (job->idempotency_key.n > 64) return error_set(error, ERROR_bad_request, "an Idempotency-Key has at most 64 characters");
  if (run_asked_read(job, &asked, error) || make_document(job, &asked, &document, error)) return -1;
  if (run_folder(job->arena, job->config->store, document.id, &folder, error)) return -1;
  struct run_about about = run_about_read(job->arena, document.about);
  struct run_start how = start_of(job, &about);
  how.resume = false;
  int made = promise(job, document.id, &how, error) ? take_first(job, &document, error)
                                                    : create(job, &document, error); /* there may be no room for another */
  if (made) (void)give_up(&how);
  if (made < 0) return -1;
  document.version = made == 0 ? 1 : document.version;
  if (made == 0 && begin(job, &asked, &document, &how, error)) {
    mandates_end(job->api, job->gateway, document.id);
    forget(job, document.id);
    return -1;
  }
  job->status = made == 0 ? 201 : 200;
  answer_run(job, &document);
  return 0;
}

/* --- reading --- */

static void list_one(struct api_job *job, struct json_out *out, const struct store_document *document) {
  struct run_about about = run_about_read(job->arena, document->about);
  struct runner_view view;
  json_out_object(out);
  run_document_members(out, document, &about, state_of(job, document, &about, true, &view));
  json_out_end(out);
}

int api_runs_list(struct api_job *job, struct error *error) {
  struct json_out out = JSON_OUT_INIT(&job->answer);
  json_out_array(&out);
  if (api_each_own(job, RUN_KIND, LIST_MAX, list_one, &out, error)) return -1;
  json_out_end(&out);
  return 0;
}

int api_run_get(struct api_job *job, struct error *error) {
  struct store_document document;
  if (load(job, &document, error)) return -1;
  answer_as(job, &document, true);
  return 0;
}

/* So that what was checked can be sent as it was checked, from anywhere. */
int api_run_order(struct api_job *job, struct error *error) {
  struct store_document document;
  struct json_out out = JSON_OUT_INIT(&job->answer);
  if (load(job, &document, error)) return -1;
  struct run_about about = run_about_read(job->arena, document.about);
  struct run_body body = run_body_split(document.body);
  if (about.beside.undoes.n)
    return error_set(error, ERROR_conflict, "an undo has no order of its own: see run %.*s", STR_ARG(about.beside.undoes));
  json_out_object(&out);
  if (run_asked_write(job->arena, &about, &body, &out, error)) return -1;
  json_out_end(&out);
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
  struct run_about about = run_about_read(job->arena, document.about);
  struct str report = run_body_split(document.body).report;
  struct runner_view view;
  (void)state_of(job, &document, &about, true, &view); /* as the run itself is told, so that one that has ended has its report at once */
  if (!report.n || view.phase.n) return error_set(error, ERROR_not_found, "the run has not ended: there is no report yet");
  job->attachment = arena_cstr(job->arena, arena_printf(job->arena, "report.%s", report_form_name(form)));
  if (form != REPORT_JSON) job->type = report_form_type(form);
  return report_form_write(form, job->language, report, &job->answer, error);
}

/* Whose journal that is is not under way; so it is an undo that has it, or the check of one. */
static int refuse_busy(struct error *error) {
  if (error->code != ERROR_busy) return -1;
  return error_set(error, ERROR_conflict, "an undo of this run, or the check of one, is under way: try again when it has ended");
}

/* Out of the run's journal, or what has its place where there is none: there all of them stand, and the report lists the first. */
int api_run_refused(struct api_job *job, struct error *error) {
  struct store_document document;
  struct runner_view view;
  const char *folder;
  if (load(job, &document, error)) return -1;
  struct run_about about = run_about_read(job->arena, document.about);
  struct str state = settled_state(job, &document, &about, &view);
  if (view.phase.n || str_eq(state, RUN_STATE_OPEN))
    return error_set(error, ERROR_conflict, "this run is under way: its list is not whole yet");
  if (run_folder(job->arena, job->config->store, document.id, &folder, error)) return -1;
  if (run_refused(folder, &job->answer, error))
    return error->code == ERROR_not_found
               ? error_set(error, ERROR_not_found, "there is no list of this run: it was refused before it read anything")
               : refuse_busy(error);
  job->attachment = "refused.csv";
  job->type = report_form_type(REPORT_CSV);
  return 0;
}

/* --- stopping and going on --- */

/* Of one that is paused, what let it go on without the person is withdrawn: that is the way to take it back. */
int api_run_cancel(struct api_job *job, struct error *error) {
  struct store_document document;
  struct runner_view view;
  if (load(job, &document, error)) return -1;
  struct run_about about = run_about_read(job->arena, document.about);
  struct str state = state_of(job, &document, &about, false, &view);
  if (!desk_end(job->api, document.id, false) && str_eq(about.beside.mandate, document.id) && !run_state_is_end(state)) {
    about.state = STR("cancelled");
    run_document_end(job->arena, job->gateway, &about, &document);
    if (keep_about(job, &document, &about, error)) return -1;
    mandates_end(job->api, job->gateway, document.id);
  }
  answer_run(job, &document);
  return 0;
}

int api_run_pause(struct api_job *job, struct error *error) {
  struct store_document document;
  if (load(job, &document, error)) return -1;
  (void)desk_end(job->api, document.id, true);
  answer_run(job, &document);
  return 0;
}

static bool can_be_resumed(struct str state) {
  return str_eq(state, STR("paused")) || str_eq(state, STR("interrupted")) || str_eq(state, STR("failed")) ||
         str_eq(state, STR("cancelled"));
}

int api_run_resume(struct api_job *job, struct error *error) {
  struct store_document document;
  struct runner_view view;
  struct run_order order;
  struct str owner;
  if (load(job, &document, error)) return -1;
  struct run_about about = run_about_read(job->arena, document.about);
  struct run_body body = run_body_split(document.body);
  struct str state = settled_state(job, &document, &about, &view);
  if (!can_be_resumed(state))
    return error_set(error, ERROR_conflict, view.phase.n ? "this run is under way" : "this run has ended: start a new one");
  if (about.beside.undone_by.n) return error_set(error, ERROR_conflict, "this run was undone: start a new one");
  if ((!about.beside.undoes.n && api_owner(job, about.from, &owner, error)) || api_owner(job, about.to, &owner, error)) return -1;
  about.state = RUN_STATE_OPEN;
  about.problem = STR_NONE;
  document.expires_ms = 0;
  struct run_start how = start_of(job, &about);
  if (run_order_read(job->arena, body.order, &order, error) || promise(job, document.id, &how, error) ||
      claim_cells(job, document.id, &about, &order, body.mapping, &how, error) || keep_about(job, &document, &about, error))
    return give_up(&how);
  if (run_document_start(job->api, document.id, &how, error)) return -1;
  answer_run(job, &document);
  return 0;
}

/* --- undoing --- */

/* Of a run that left cells alone what is left can be tried again: somebody may have opened the period meanwhile. */
static int check_undone(struct api_job *job, struct str undone_by, struct error *error) {
  struct store_document last;
  struct store *store = api_store(job->api);
  int found = store_document_get(store, RUN_KIND, undone_by, job->arena, &last, error);
  api_store_done(job->api);
  if (found <= 0) return found;
  struct str state = run_about_read(job->arena, last.about).state;
  if (str_eq(state, STR("refused")) || str_eq(state, STR("differs"))) return 0;
  return str_eq(state, STR("done"))
             ? error_set(error, ERROR_conflict, "this run was undone already: see run %.*s", STR_ARG(undone_by))
             : error_set(error, ERROR_conflict, "the undo of this run has not ended: go on with it, it is run %.*s", STR_ARG(undone_by));
}

static int check_undo(struct api_job *job, const struct run_about *about, struct str state, bool under_way, struct error *error) {
  struct str owner;
  if (under_way || str_eq(state, RUN_STATE_OPEN)) return error_set(error, ERROR_conflict, "this run is under way: cancel it first");
  if (about->dry_run || about->beside.undoes.n)
    return error_set(error, ERROR_conflict, about->dry_run ? "a dry run has written nothing" : "an undo is not undone: start a new run");
  if (about->beside.undone_by.n && check_undone(job, about->beside.undone_by, error)) return -1;
  return api_owner(job, about->to, &owner, error);
}

/* It would fail for that; what begins in between is found by the undo itself. */
static int check_journal(struct api_job *job, struct str id, struct error *error) {
  const char *folder;
  if (run_folder(job->arena, job->config->store, id, &folder, error)) return -1;
  return journal_is_free(folder, error) ? refuse_busy(error) : 0;
}

static int read_dry_run(struct api_job *job, bool *ret, struct error *error) {
  json_t *root = job->body.n ? json_doc_read_strictly(job->body) : NULL;
  const json_t *dry_run = json_object_get(root, "dry_run");
  bool good =
      !job->body.n || (json_is_object(root) && json_object_size(root) == (dry_run ? 1 : 0) && (!dry_run || json_is_boolean(dry_run)));
  *ret = json_is_true(dry_run);
  json_decref(root);
  return good ? 0 : error_set(error, ERROR_bad_request, "an undo is asked for without a body, or with 'dry_run', true or false");
}

/* Made before it is told of: a run that was marked alone could neither be undone nor gone on with. */
static int begin_undo(struct api_job *job, struct store_document *document, struct run_about *about, struct store_document *undo,
                      struct run_start *how, bool dry_run, struct error *error) {
  if (create(job, undo, error) < 0) return give_up(how);
  undo->version = 1;
  if (!dry_run) {
    about->beside.undone_by = undo->id;
    if (keep_about(job, document, about, error)) return give_up(how);
    mandates_end(job->api, job->gateway, document->id);
  }
  return run_document_start(job->api, undo->id, how, error);
}

/* The undo is a run of its own, with a report of its own; it works from the other's journal. */
int api_run_undo(struct api_job *job, struct error *error) {
  struct store_document document, undo;
  struct runner_view view;
  struct run_asked asked = {0};
  bool dry_run;
  if (read_dry_run(job, &dry_run, error) || load(job, &document, error)) return -1;
  struct run_about about = run_about_read(job->arena, document.about), who;
  struct str state = settled_state(job, &document, &about, &view);
  struct run_body body = run_body_split(document.body);
  if (check_undo(job, &about, state, view.phase.n > 0, error) || check_journal(job, document.id, error) ||
      run_order_read(job->arena, body.order, &asked.order, error))
    return -1;
  asked.order.dry_run = dry_run;
  asked.alignment = about.alignment;
  asked.alignment_version = about.alignment_version;
  asked.mapping_text = body.mapping;
  asked.language = about.beside.language;
  who = who_asks(job, &asked.order);
  who.beside.undoes = document.id;
  if (run_document_make(job->arena, &asked, &who, &undo, error)) return -1;
  undo.owner = document.owner;
  who = run_about_read(job->arena, undo.about);
  struct run_start how = start_of(job, &who);
  if (claim_cells(job, undo.id, &who, &asked.order, asked.mapping_text, &how, error)) return refuse_busy(error);
  if (begin_undo(job, &document, &about, &undo, &how, dry_run, error)) {
    if (error->code == ERROR_changed_meanwhile) forget(job, undo.id); /* somebody else was faster */
    return -1;
  }
  job->status = 201;
  answer_run(job, &undo);
  return 0;
}

#include "api/making.h"

#include "api/alignments.h"
#include "api/desk.h"
#include "api/run_document.h"
#include "api/runner.h"
#include "base/clock.h"
#include "base/json_doc.h"
#include "base/mem.h"
#include "crypt/random.h"
#include "gateway/failure.h"
#include "gateway/reply.h"
#include "transfer/hold.h"
#include <uv.h>

#define KIND STR("making")
#define OPEN STR("open") /* until it has ended; then: */
#define DONE STR("done")
#define FAILED STR("failed")
#define INTERRUPTED STR("interrupted")

enum { ID_LETTERS = 22, KEY_MAX = 64, KEPT_MS = 24 * 60 * 60 * 1000, LISTED_MAX = 200, AGAIN_S = 30, COUNTS_MAX = 1024 };

static const char *const side_names[2] = {"source", "target"};

/* --- what is kept: {"state", "source": {"server", "data_set"}, "target", "counts"?, "problem"?} --- */

struct about {
  struct str state;
  struct alignment_order order;
  struct str counts, problem; /* JSON; empty: none */
};

static struct str write_about(struct arena *arena, const struct about *about) {
  struct buf text = BUF_INIT(64 << 10);
  struct json_out out = JSON_OUT_INIT(&text);
  json_out_object(&out);
  json_out_member_str(&out, "state", about->state);
  for (int i = 0; i < 2; i++) {
    json_out_member_object(&out, side_names[i]);
    json_out_member_str(&out, "server", about->order.sides[i].server);
    json_out_member_str(&out, "data_set", about->order.sides[i].data_set);
    json_out_end(&out);
  }
  if (about->counts.n) json_out_member_raw(&out, "counts", about->counts);
  if (about->problem.n) json_out_member_raw(&out, "problem", about->problem);
  json_out_end(&out);
  struct str kept = arena_str(arena, buf_str(&text));
  buf_free(&text);
  return kept;
}

static int read_about(struct arena *arena, struct str json, struct about *ret, struct error *error) {
  json_t *root = json_doc_read(json);
  *ret = (struct about){.state = json_text_copy(arena, root, "state"),
                        .counts = json_part_copy(arena, root, "counts"),
                        .problem = json_part_copy(arena, root, "problem")};
  int result = alignment_order_of(arena, root, &ret->order, error);
  json_decref(root);
  return result;
}

static int update(struct api_job *job, struct store_document *document, const struct about *about, struct error *error) {
  document->about = write_about(job->arena, about);
  document->updated_ms = clock_now_ms();
  document->expires_ms = document->updated_ms + KEPT_MS;
  struct store *store = api_store(job->api);
  int result = store_document_update(store, document, &document->version, error);
  api_store_done(job->api);
  return result;
}

/* 1; 0: there is none, or it is not this person's. */
static int load(struct api_job *job, struct str id, struct store_document *ret, struct about *ret_about, struct error *error) {
  struct store *store = api_store(job->api);
  int found = store_document_get(store, KIND, id, job->arena, ret, error);
  api_store_done(job->api);
  if (found == 1 && !api_is_owner(job, ret->owner)) found = 0;
  return found == 1 && read_about(job->arena, ret->about, ret_about, error) ? -1 : found;
}

static void forget(struct api_job *job, struct str id) {
  struct error unused = {0};
  struct store *store = api_store(job->api);
  (void)store_document_delete(store, KIND, id, &unused);
  api_store_done(job->api);
}

/* --- carrying it out, on a thread of the runner --- */

struct payload {
  char *id, *public_url;
  struct gateway *gateway;
  struct gateway_session *session;
  struct hold *hold; /* NULL: no other process is to know */
};

static void free_payload(struct payload *payload) {
  hold_release(payload->hold);
  gateway_session_unref(payload->session);
  free(payload->id);
  free(payload->public_url);
  free(payload);
}

struct making;

struct making_side {
  struct making *making;
  struct dhis2_read_so_far so_far;
};

struct compared {
  size_t done, of; /* data elements of the source */
};

struct making {
  struct api_job job; /* of nobody's call */
  struct runner_run *run;
  struct payload *payload;
  struct store_document document;
  struct about about;
  int64_t until_ms; /* monotonic */
  uv_mutex_t lock;  /* of what both readings tell */
  struct making_side sides[2];
};

static void tell(struct making *m, const char *phase, struct compared compared) {
  struct buf counts = BUF_INIT(COUNTS_MAX);
  struct json_out out = JSON_OUT_INIT(&counts);
  json_out_object(&out);
  for (int i = 0; i < 2; i++) {
    json_out_member_object(&out, side_names[i]);
    json_out_member_int(&out, "data_elements", (int64_t)m->sides[i].so_far.data_elements);
    json_out_member_int(&out, "org_units", (int64_t)m->sides[i].so_far.org_units);
    json_out_end(&out);
  }
  json_out_end(&out);
  runner_tell(m->run, &(struct runner_view){.phase = str_of(phase), .done = compared.done, .of = compared.of, .counts = buf_str(&counts)});
  buf_free(&counts);
}

/* It ends with the sign-in at either server. */
static int check_signed_in(struct making *m, struct error *error) {
  int result = 0;
  struct arena *arena = arena_new_small();
  for (int i = 0; result == 0 && i < 2; i++) {
    struct str server = m->about.order.sides[i].server;
    struct gateway_person unused;
    if (!gateway_session_person(m->payload->session, server, arena, &unused))
      result = failure_at(error, ERROR_not_connected, server, "sign in to the server %.*s first", STR_ARG(server));
  }
  arena_free(arena);
  return result;
}

static int on_told(void *payload, struct dhis2_read_so_far so_far, struct error *error) {
  struct making_side *side = payload;
  struct making *m = side->making;
  uv_mutex_lock(&m->lock);
  side->so_far = so_far;
  tell(m, "reading", (struct compared){0});
  uv_mutex_unlock(&m->lock);
  if (clock_monotonic_ms() > m->until_ms)
    return error_set(error, ERROR_upstream_timeout,
                     "both data sets could not be read in %d minutes: try again when the servers are less busy", MAKING_MS / 60000);
  return check_signed_in(m, error);
}

static void on_compared(void *payload, size_t done, size_t of) {
  tell(payload, "comparing", (struct compared){done, of});
}

static int make(struct making *m, struct error *error) {
  struct alignment alignment = {.id = m->document.id, .version = 1};
  struct dhis2_watch watches[2];
  for (int i = 0; i < 2; i++) {
    m->sides[i] = (struct making_side){.making = m};
    watches[i] = (struct dhis2_watch){on_told, &m->sides[i]};
  }
  const atomic_bool *cancel = runner_run_cancel(m->run);
  if (atomic_load(cancel)) return error_set(error, ERROR_cancelled, "cancelled before it began");
  tell(m, "reading", (struct compared){0});
  if (alignment_make(&m->job, &m->about.order, watches, cancel, &alignment, error)) return -1;
  on_compared(m, 0, alignment.source.metadata->element_count);
  struct align_watch watch = {.cancel = cancel, .told = on_compared, .payload = m};
  return alignment_make_keep(&m->job, &alignment, &watch, error);
}

static struct str problem_of(struct making *m, const struct error *failure) {
  struct error told = reply_brief(failure);
  if (reply_is_for_operator(failure->code))
    log_event(LOG_ERROR, "alignment_not_made", LOG_STR("alignment", m->document.id), LOG_FAILURE(failure));
  return reply_to_keep(&told, STR("/v1/alignments"), str_of(m->payload->public_url), m->job.arena);
}

/* What the end of the process breaks off is left as it is: that is found, and told as interrupted. Where the document is gone or changed, nobody wants the alignment any more; where the store does not say, it stays: rather one too many than one that is told and not there. */
static void settle(struct making *m, const struct error *failure) {
  struct error error = {0};
  struct runner_view view;
  if (failure->code && atomic_load(runner_stopping(m->run))) return;
  if (runner_look(api_runner(m->job.api), m->document.id, m->job.arena, &view)) m->about.counts = view.counts;
  m->about.state = failure->code ? FAILED : DONE;
  m->about.problem = failure->code ? problem_of(m, failure) : STR_NONE;
  int kept = update(&m->job, &m->document, &m->about, &error);
  bool unwanted = kept < 0 && (error.code == ERROR_changed_meanwhile || error.code == ERROR_not_found);
  if (unwanted && !failure->code) (void)alignment_remove(&m->job, m->document.id, &(struct error){0});
  log_event(LOG_INFO, "alignment_made", LOG_STR("alignment", m->document.id),
            LOG_TEXT("code", error_name(failure->code ? failure->code : error.code)));
}

void api_making_work(void *api, struct runner_run *run, void *payload) {
  struct error failure = {0};
  struct making m = {.run = run, .payload = payload, .until_ms = clock_monotonic_ms() + MAKING_MS};
  m.job = (struct api_job){.api = api,
                           .gateway = m.payload->gateway,
                           .config = gateway_config_now(m.payload->gateway),
                           .session = m.payload->session,
                           .arena = arena_new()};
  if (uv_mutex_init(&m.lock)) abort();
  struct desk *desk = desk_open(api, str_of(m.payload->id));
  if (load(&m.job, str_of(m.payload->id), &m.document, &m.about, &failure) == 1 && str_eq(m.about.state, OPEN)) {
    (void)make(&m, &failure);
    settle(&m, &failure);
  }
  desk_close(desk);
  uv_mutex_destroy(&m.lock);
  arena_free(m.job.arena);
  config_unref(m.job.config);
  free_payload(m.payload);
}

/* --- how far it is --- */

static void write_side(struct json_out *out, int which, const struct alignment_choice *choice, const json_t *counts) {
  const json_t *of_side = json_object_get(counts, side_names[which]);
  json_out_member_object(out, side_names[which]);
  json_out_member_str(out, "server", choice->server);
  json_out_member_str(out, "data_set", choice->data_set);
  json_out_member_int(out, "data_elements", (int64_t)json_count(of_side, "data_elements"));
  json_out_member_int(out, "org_units", (int64_t)json_count(of_side, "org_units"));
  json_out_end(out);
}

/* What it is in by now, and how far it is there. */
struct standing {
  struct str state, counts, problem; /* JSON but for the state; empty: none */
  struct compared compared;          /* of 0: nothing is compared now */
};

static struct standing standing_of(const struct about *about) {
  return (struct standing){.state = about->state, .counts = about->counts, .problem = about->problem};
}

static void write_making(struct json_out *out, const struct store_document *document, const struct alignment_order *order,
                         const struct standing *now) {
  json_t *counts = json_doc_read(now->counts);
  json_out_object(out);
  json_out_member_str(out, "id", document->id);
  json_out_member_str(out, "state", now->state);
  json_out_member_time(out, "created", document->created_ms);
  for (int i = 0; i < 2; i++) write_side(out, i, &order->sides[i], counts);
  if (now->compared.of) {
    json_out_member_object(out, "progress");
    json_out_member_int(out, "done", (int64_t)now->compared.done);
    json_out_member_int(out, "of", (int64_t)now->compared.of);
    json_out_end(out);
  }
  if (now->problem.n) json_out_member_raw(out, "problem", now->problem);
  json_out_end(out);
  json_decref(counts);
}

static void answer(struct api_job *job, const struct store_document *document, const struct alignment_order *order,
                   const struct standing *now) {
  struct json_out out = JSON_OUT_INIT(&job->answer);
  write_making(&out, document, order, now);
}

static bool look(struct api_job *job, struct str id, struct standing *ret) {
  struct runner_view view;
  if (!desk_look(job->api, id, job->arena, &view)) return false;
  *ret = (struct standing){.state = view.phase, .counts = view.counts, .compared = {(size_t)view.done, (size_t)view.of}};
  return true;
}

/* One that is under way nowhere is marked, so that its process, should it only have slept, keeps nothing any more. 1: it has ended meanwhile. */
static int answer_open(struct api_job *job, struct store_document *document, struct about *about, struct error *error) {
  struct standing now;
  if (look(job, document->id, &now)) {
    job->under_way = true;
    answer(job, document, &about->order, &now);
    return 0;
  }
  about->state = INTERRUPTED;
  if (update(job, document, about, error)) return error->code == ERROR_changed_meanwhile || error->code == ERROR_not_found ? 1 : -1;
  now = standing_of(about);
  answer(job, document, &about->order, &now);
  return 0;
}

/* 1; 0: there is none. */
static int answer_now(struct api_job *job, struct str id, struct error *error) {
  for (;;) {
    struct store_document document;
    struct about about;
    int found = load(job, id, &document, &about, error);
    if (found != 1) return found;
    if (!str_eq(about.state, OPEN)) {
      struct standing now = standing_of(&about);
      answer(job, &document, &about.order, &now);
      return 1;
    }
    int result = answer_open(job, &document, &about, error);
    if (result <= 0) return result < 0 ? -1 : 1;
    *error = (struct error){0};
  }
}

int api_alignment_progress(struct api_job *job, struct error *error) {
  struct str id = job->words[0];
  struct store_document made;
  int found = answer_now(job, id, error);
  if (found) return found < 0 ? -1 : 0;
  if (alignments_find(job, id, &made, error)) return -1;
  struct alignment_order order = alignments_order(job->arena, &made);
  answer(job, &made, &order, &(struct standing){.state = DONE});
  return 0;
}

/* --- all of a person's --- */

/* What has ended since it was listed is told as it ended. */
static bool standing_now(struct api_job *job, const struct store_document *document, struct about *about, struct standing *ret) {
  struct store_document again;
  *ret = standing_of(about);
  if (!str_eq(about->state, OPEN) || look(job, document->id, ret)) return true;
  if (load(job, document->id, &again, about, &(struct error){0}) != 1) return false;
  *ret = standing_of(about);
  if (str_eq(about->state, OPEN)) ret->state = INTERRUPTED;
  return true;
}

/* One that is made is an alignment like the others. */
static void list_one(struct api_job *job, struct json_out *out, const struct store_document *document) {
  struct about about;
  struct standing now;
  if (read_about(job->arena, document->about, &about, &(struct error){0}) || !standing_now(job, document, &about, &now)) return;
  if (!str_eq(now.state, DONE)) write_making(out, document, &about.order, &now);
}

int api_makings_list(struct api_job *job, struct error *error) {
  struct json_out out = JSON_OUT_INIT(&job->answer);
  json_out_array(&out);
  if (api_each_own(job, KIND, LISTED_MAX, list_one, &out, error)) return -1;
  json_out_end(&out);
  return 0;
}

/* --- beginning and ending --- */

static int check_few(struct api_job *job, struct str owner, struct error *error) {
  struct store_document *documents;
  struct about about;
  struct runner_view view;
  size_t count, open = 0;
  struct store *store = api_store(job->api);
  int result = store_document_list(store, KIND, owner, LISTED_MAX, job->arena, &documents, &count, error);
  api_store_done(job->api);
  if (result) return -1;
  for (size_t i = 0; i < count; i++)
    open += read_about(job->arena, documents[i].about, &about, &(struct error){0}) == 0 && str_eq(about.state, OPEN) &&
            desk_look(job->api, documents[i].id, job->arena, &view);
  if (open < MAKING_OF_PERSON) return 0;
  return failure_later(error, ERROR_too_many, AGAIN_S, "%d alignments are being made for you: wait until one of them is there, or end it",
                       MAKING_OF_PERSON);
}

/* 1: one was begun before with the key of *document, and that is answered; 0: none was. */
static int answer_first(struct api_job *job, const struct store_document *document, const struct about *asked, struct error *error) {
  struct store_document first;
  struct about about;
  if (!document->key.n) return 0;
  struct store *store = api_store(job->api);
  int found = store_document_by_key(store, KIND, document->owner, document->key, job->arena, &first, error);
  api_store_done(job->api);
  if (found != 1) return found;
  if (read_about(job->arena, first.about, &about, error)) return -1;
  for (int i = 0; i < 2; i++)
    if (!str_eq(about.order.sides[i].server, asked->order.sides[i].server) ||
        !str_eq(about.order.sides[i].data_set, asked->order.sides[i].data_set))
      return error_set(error, ERROR_conflict,
                       "another alignment was begun with this Idempotency-Key: what is asked for differs, so it takes a new key");
  return answer_now(job, first.id, error);
}

/* 1: as answer_first, since that has come in between. */
static int create(struct api_job *job, const struct store_document *document, const struct about *asked, struct error *error) {
  struct error not_first = {0};
  struct store *store = api_store(job->api);
  int result = store_document_create(store, document, error);
  api_store_done(job->api);
  if (result == 0 || error->code != ERROR_conflict) return result;
  int first = answer_first(job, document, asked, &not_first);
  if (first) *error = not_first;
  return first ? first : -1;
}

static int start(struct api_job *job, struct runner_run *promise, struct str id, struct hold *hold, struct error *error) {
  struct payload *payload = mem_alloc(sizeof *payload);
  *payload = (struct payload){.id = mem_printf("%.*s", STR_ARG(id)),
                              .public_url = mem_printf("%.*s", STR_ARG(job->config->public_url)),
                              .gateway = job->gateway,
                              .session = gateway_session_ref(job->session),
                              .hold = hold};
  if (runner_keep(promise, payload, error) == 0) return 0;
  free_payload(payload);
  return -1;
}

/* Where other processes are to know, it is held before its document is there: one that nobody holds is interrupted. */
static int hold_new(struct api_job *job, struct str id, struct hold **ret, struct error *error) {
  const char *place;
  *ret = NULL;
  if (!api_is_shared(job->api)) return 0;
  if (run_folder(job->arena, job->config->store, id, &place, error)) return -1;
  *ret = hold_take(place, error);
  return *ret ? 0 : -1;
}

/* It is under way from before its document is there: another request with its key may find that within the same millisecond, and one that is under way nowhere is interrupted. */
static int begin(struct api_job *job, struct store_document *document, const struct about *about, struct error *error) {
  struct hold *hold;
  if (check_few(job, document->owner, error)) return -1;
  struct runner_run *promise = runner_promise(api_runner(job->api), RUNNER_MAKINGS, document->id, error);
  if (!promise) return -1;
  int made = hold_new(job, document->id, &hold, error) ? -1 : create(job, document, about, error);
  if (made) {
    runner_break(promise);
    hold_release(hold);
    return made < 0 ? -1 : 0;
  }
  if (start(job, promise, document->id, hold, error)) {
    forget(job, document->id);
    return -1;
  }
  return answer_now(job, document->id, error) < 0 ? -1 : 0;
}

int making_begin(struct api_job *job, const struct alignment_order *order, struct error *error) {
  struct about about = {.state = OPEN, .order = *order};
  struct store_document document = {
      .kind = KIND, .id = random_id(job->arena, ID_LETTERS), .key = job->idempotency_key, .created_ms = clock_now_ms()};
  struct str other;
  if (document.key.n > KEY_MAX) return error_set(error, ERROR_bad_request, "an Idempotency-Key has at most 64 characters");
  for (int i = 0; i < 2; i++)
    if (dhis2_data_sets_check(&order->sides[i].data_set, 1, error)) return -1;
  if (api_owner(job, order->sides[0].server, &document.owner, error) || api_owner(job, order->sides[1].server, &other, error)) return -1;
  document.about = write_about(job->arena, &about);
  document.updated_ms = document.created_ms;
  document.expires_ms = document.created_ms + KEPT_MS;
  job->status = 202;
  int first = answer_first(job, &document, &about, error);
  if (first) return first < 0 ? -1 : 0;
  return begin(job, &document, &about, error);
}

int making_end(struct api_job *job, struct str id, struct error *error) {
  struct store_document document;
  struct about about;
  int found = load(job, id, &document, &about, error);
  if (found != 1) return found;
  struct store *store = api_store(job->api);
  int result = store_document_delete(store, KIND, id, error);
  api_store_done(job->api);
  if (result) return -1;
  (void)desk_end(job->api, id, false);
  return 1;
}

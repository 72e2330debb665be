/* api: the JSON API of the page and the SDK beside the gateway's own: alignments, runs, what a server offers for both; and the static page.
 *
 * What holds always: the route table (api.c) is the whole list of addresses. A route's work runs on a worker thread with everything it needs in a struct api_job; it may block; it answers by filling the job or *error. Every route
 * needs a session. What belongs to a person is seen by that person, and by those whom they let in, alone: others get ERROR_not_found, as if it were not there.
 *
 * One per process: the store's handle, the threads and the runs under way are the same whichever loop a call came by, so that a run which one started is seen, cancelled and not started twice by another. A call is answered on its own loop.
 *
 * Life cycle: api_new after gateway_new (adds itself to the gateway's routes), api_beside for the gateway of each further loop, all before any loop runs; api_stop before gateway_drain, api_free when no loop runs any more, before
 * any gateway_free. */
#ifndef DRAWBRIDGE_API_API_H
#define DRAWBRIDGE_API_API_H

#include "base/buf.h"
#include "base/json_out.h"
#include "base/texts.h"
#include "gateway/gateway.h"
#include "store/store.h"

struct api;

struct api *api_new(struct gateway *gateway, struct error *error);
void api_beside(struct api *api, struct gateway *gateway);
void api_stop(struct api *api); /* runs under way are left off where they are, to be resumed; before gateway_drain */
void api_free(struct api *api);

/* One call, from its head to its answer. Owned by api.c; for the routes. */
struct api_job {
  struct api *api;
  struct gateway *gateway;
  struct config *config; /* as it was when the call came */
  struct gateway_session *session;
  struct http_exchange *exchange; /* loop thread only */
  struct arena *arena;
  struct str method, path, query;
  struct str words[4]; /* what stood in the pattern's {…}, in order */
  struct str if_match; /* without quotes; empty: none */
  struct str idempotency_key;
  bool respond_async;     /* the caller prefers not to wait for what takes long (Prefer: respond-async) */
  enum language language; /* that the reader likes best, by Accept-Language */
  struct str body;
  int (*run)(struct api_job *job, struct error *error); /* 0: answered; -1: *error */
  int status;                                           /* of the answer; 0: 200 */
  struct buf answer;                                    /* JSON, unless `type` says otherwise */
  const char *type;    /* media type; NULL: JSON. Anything else is an attachment, and in a sandbox should a browser show it all the same */
  struct str warnings; /* sent as Drawbridge-Warnings; empty: none */
  int64_t etag;        /* above 0: sent as ETag */
  const char *attachment; /* file name; NULL: none */
  bool
      packs; /* the browser takes gzip: what is long is packed, on the worker's thread. No answer holds a secret that its length could tell (BREACH) */
  bool packed;
  bool under_way; /* what was answered is not the last word: a stream of events (events.h) goes on */
  struct error error;
};
void api_job_free(struct api_job *job); /* on the loop's thread */

/* The store, one thread at a time. Between the two nothing else may block. */
struct store *api_store(struct api *api);
void api_store_done(struct api *api);

bool api_is_shared(const struct api *api); /* other processes, on other machines too, use the same store */

/* "server:user id" of the session at a server; who owns what it makes from there. -1: ERROR_not_connected. */
int api_owner(struct api_job *job, struct str server_id, struct str *ret, struct error *error);

/* Is the session that owner now? */
bool api_is_owner(struct api_job *job, struct str owner);

/* What the session's person is called at a server: the user name, else the id; empty: not signed in there. */
struct str api_user_name(struct api_job *job, struct str server_id);

/* Each document of this kind that the session's person owns, wherever they are signed in; last changed first per server, `most` of each. -1: those of store/store.h. */
typedef void api_each_one(struct api_job *job, struct json_out *out, const struct store_document *document);
int api_each_own(struct api_job *job, struct str kind, size_t most, api_each_one *one, struct json_out *out, struct error *error);

/* The mapping that an alignment of the session's person gives now, and its servers. `approval`: what a second person has not approved shall not count in it, whatever the alignment asks for. -1: ERROR_not_found, or as the engine. */
int api_alignment_take(struct api_job *job, struct str id, bool approval, struct buf *mapping, struct str *ret_from, struct str *ret_to,
                       int64_t *ret_version, struct error *error);

/* What is under way in this process. */
struct runner *api_runner(struct api *api);
struct runner_run;
void api_run_work(void *api, struct runner_run *run, void *payload);    /* carries one out */
void api_making_work(void *api, struct runner_run *run, void *payload); /* the same for an alignment that is being made */

/* The routes. */
int api_data_sets(struct api_job *job, struct error *error);
int api_org_units(struct api_job *job, struct error *error);
int api_alignments_create(struct api_job *job, struct error *error);
int api_alignments_list(struct api_job *job, struct error *error);
int api_alignment_progress(struct api_job *job, struct error *error);
int api_makings_list(struct api_job *job, struct error *error);
int api_alignment_get(struct api_job *job, struct error *error);
int api_alignment_features(struct api_job *job, struct error *error);
int api_alignment_patch(struct api_job *job, struct error *error);
int api_alignment_delete(struct api_job *job, struct error *error);
int api_alignment_mapping(struct api_job *job, struct error *error);
int api_alignment_import(struct api_job *job, struct error *error);
int api_formats_list(struct api_job *job, struct error *error);
int api_alignment_combos(struct api_job *job, struct error *error);
int api_alignment_places(struct api_job *job, struct error *error);
int api_alignment_place_targets(struct api_job *job, struct error *error);
int api_alignment_history(struct api_job *job, struct error *error);
int api_alignment_people(struct api_job *job, struct error *error);
int api_alignment_share(struct api_job *job, struct error *error);
int api_alignment_drift(struct api_job *job, struct error *error);
int api_alignment_carry(struct api_job *job, struct error *error);
int api_alignment_on_change(struct api_job *job, struct error *error);
int api_runs_create(struct api_job *job, struct error *error);
int api_runs_list(struct api_job *job, struct error *error);
int api_run_get(struct api_job *job, struct error *error);
int api_run_cancel(struct api_job *job, struct error *error);
int api_run_pause(struct api_job *job, struct error *error);
int api_run_resume(struct api_job *job, struct error *error);
int api_run_undo(struct api_job *job, struct error *error);
int api_schedules_create(struct api_job *job, struct error *error);
int api_schedules_list(struct api_job *job, struct error *error);
int api_schedule_get(struct api_job *job, struct error *error);
int api_schedule_delete(struct api_job *job, struct error *error);
int api_schedule_again(struct api_job *job, struct error *error);
int api_webhooks_list(struct api_job *job, struct error *error);
int api_run_order(struct api_job *job, struct error *error);
int api_run_report(struct api_job *job, struct error *error);
int api_run_refused(struct api_job *job, struct error *error);

#endif

/* runner: what is under way in this process and outlives the call that began it: runs, and alignments that are being made ("runs" below). Each on one of a few threads, seen, paused and cancelled by id from any thread.
 *
 * What holds always: an id is under way once at most. What is started and finds no free thread of its crew waits its turn; no crew waits for another. A crew's `work` is called on one of its threads and ends when the run has ended; until then, and no longer,
 * runner_look finds it.
 *
 * Life cycle: runner_new, calls from any thread, runner_stop (every run is cancelled, what waits is dropped by `work` itself: it is called and finds *cancel set), runner_free (waits for all). */
#ifndef DRAWBRIDGE_API_RUNNER_H
#define DRAWBRIDGE_API_RUNNER_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/error.h"
#include <stdatomic.h>

enum { RUNNER_ID_MAX = 32, RUNNER_THREADS_MAX = 8 };

/* Runs that may have to wait for others are a crew of their own: what they wait for has its cells from before it had a thread (run_document.h), and so must always find one. */
enum runner_crew { RUNNER_TRANSFERS, RUNNER_WAITERS, RUNNER_MAKINGS, RUNNER_CREWS };

struct runner;
struct runner_run; /* one that is under way */

/* How far a run is; texts live in the caller's arena. */
struct runner_view {
  struct str phase; /* "queued" until it has a thread */
  uint64_t done, of;
  struct str counts, batches; /* JSON; empty: none yet */
};

typedef void runner_work(void *context, struct runner_run *run, void *payload);

struct runner_hands {
  runner_work *work;
  unsigned threads; /* RUNNER_THREADS_MAX of all crews together */
  size_t waiting_max;
};

struct runner *runner_new(const struct runner_hands crews[RUNNER_CREWS], void *context);
void runner_stop(struct runner *runner); /* also ends calls to servers that are under way */
void runner_free(struct runner *runner); /* NULL is fine */

/* `payload` belongs to `work` from then on. -1: ERROR_conflict (that id is under way), ERROR_busy. */
int runner_start(struct runner *runner, enum runner_crew crew, struct str id, void *payload, struct error *error);

/* For who has to keep something between: from its promise on it is found by runner_look, as queued, and no second one with its id begins. NULL: as runner_start. */
struct runner_run *runner_promise(struct runner *runner, enum runner_crew crew, struct str id, struct error *error);
int runner_keep(struct runner_run *promise, void *payload, struct error *error); /* -1: ERROR_busy; the promise is gone either way */
void runner_break(struct runner_run *promise);

bool runner_cancel(struct runner *runner, struct str id); /* false: it is not under way */
bool runner_pause(struct runner *runner,
                  struct str id); /* as runner_cancel, but told as paused; what was cancelled before stays cancelled */
bool runner_look(struct runner *runner, struct str id, struct arena *arena, struct runner_view *ret);

/* For `work`. */
const atomic_bool *runner_run_cancel(const struct runner_run *run);
bool runner_run_paused(const struct runner_run *run);
const atomic_bool *runner_stopping(const struct runner_run *run);         /* the process ends */
void runner_tell(struct runner_run *run, const struct runner_view *view); /* copied, but for the phase: that stays */

#endif

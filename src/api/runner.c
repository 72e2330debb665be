#include "api/runner.h"

#include "base/mem.h"
#include <uv.h>

enum { TOLD_MAX = 1 << 20 };

struct runner_run {
  struct runner_run *next;
  struct runner *runner;
  enum runner_crew crew;
  char id[RUNNER_ID_MAX + 1];
  void *payload;
  bool promised; /* and not begun yet */
  bool taken;    /* by a thread */
  atomic_bool cancel, paused;
  struct str phase;
  uint64_t done, of;
  struct buf counts, batches;
};

struct hand {
  struct runner *runner;
  enum runner_crew crew;
  uv_thread_t thread;
};

struct runner {
  struct runner_hands crews[RUNNER_CREWS];
  void *context;
  uv_mutex_t lock;
  uv_cond_t changed;
  struct hand hands[RUNNER_THREADS_MAX];
  size_t hand_count;
  struct runner_run *runs; /* in the order of their start */
  atomic_bool stopping;
};

static struct runner_run *find(struct runner *runner, struct str id) {
  for (struct runner_run *run = runner->runs; run; run = run->next)
    if (str_eq(str_of(run->id), id)) return run;
  return NULL;
}

static struct runner_run *next_waiting(struct runner *runner, enum runner_crew crew) {
  for (struct runner_run *run = runner->runs; run; run = run->next)
    if (!run->promised && !run->taken && run->crew == crew) return run;
  return NULL;
}

static void forget(struct runner *runner, struct runner_run *gone) {
  struct runner_run **at = &runner->runs;
  while (*at != gone) at = &(*at)->next;
  *at = gone->next;
  buf_free(&gone->counts);
  buf_free(&gone->batches);
  free(gone);
}

static void thread_main(void *payload) {
  const struct hand *hand = payload;
  struct runner *runner = hand->runner;
  uv_mutex_lock(&runner->lock);
  for (;;) {
    struct runner_run *run = next_waiting(runner, hand->crew);
    if (!run && atomic_load(&runner->stopping)) break;
    if (!run) {
      uv_cond_wait(&runner->changed, &runner->lock);
      continue;
    }
    run->taken = true;
    uv_mutex_unlock(&runner->lock);
    runner->crews[hand->crew].work(runner->context, run, run->payload);
    uv_mutex_lock(&runner->lock);
    forget(runner, run);
  }
  uv_mutex_unlock(&runner->lock);
}

static void add_hand(struct runner *runner, enum runner_crew crew) {
  if (runner->hand_count == RUNNER_THREADS_MAX) abort();
  struct hand *hand = &runner->hands[runner->hand_count++];
  *hand = (struct hand){.runner = runner, .crew = crew};
  if (uv_thread_create(&hand->thread, thread_main, hand)) abort();
}

struct runner *runner_new(const struct runner_hands crews[RUNNER_CREWS], void *context) {
  struct runner *runner = mem_alloc(sizeof *runner);
  memcpy(runner->crews, crews, sizeof runner->crews);
  runner->context = context;
  if (uv_mutex_init(&runner->lock) || uv_cond_init(&runner->changed)) abort();
  for (int crew = 0; crew < RUNNER_CREWS; crew++)
    for (unsigned i = 0; i < crews[crew].threads; i++) add_hand(runner, (enum runner_crew)crew);
  return runner;
}

void runner_stop(struct runner *runner) {
  uv_mutex_lock(&runner->lock);
  atomic_store(&runner->stopping, true);
  for (struct runner_run *run = runner->runs; run; run = run->next) atomic_store(&run->cancel, true);
  uv_cond_broadcast(&runner->changed);
  uv_mutex_unlock(&runner->lock);
}

void runner_free(struct runner *runner) {
  if (!runner) return;
  runner_stop(runner);
  for (size_t i = 0; i < runner->hand_count; i++) (void)uv_thread_join(&runner->hands[i].thread);
  uv_cond_destroy(&runner->changed);
  uv_mutex_destroy(&runner->lock);
  free(runner);
}

static int check_start(struct runner *runner, enum runner_crew crew, struct str id, struct error *error) {
  size_t waiting = 0;
  for (struct runner_run *run = runner->runs; run; run = run->next) waiting += !run->taken && run->crew == crew;
  if (id.n == 0 || id.n > RUNNER_ID_MAX) return error_set(error, ERROR_inside, "a run has an id of 1 to %d letters", RUNNER_ID_MAX);
  if (find(runner, id)) return error_set(error, ERROR_conflict, "this run is under way already");
  if (waiting < runner->crews[crew].waiting_max && !atomic_load(&runner->stopping)) return 0;
  error->retry_after = 60;
  return error_set(error, ERROR_busy, "too much waits for its turn: try again later");
}

struct runner_run *runner_promise(struct runner *runner, enum runner_crew crew, struct str id, struct error *error) {
  struct runner_run *run = NULL;
  uv_mutex_lock(&runner->lock);
  if (check_start(runner, crew, id, error) == 0) {
    struct runner_run **end = &runner->runs;
    run = mem_alloc(sizeof *run);
    run->runner = runner;
    run->crew = crew;
    run->promised = true;
    run->phase = STR("queued");
    run->counts = run->batches = BUF_INIT(TOLD_MAX);
    memcpy(run->id, id.p, id.n);
    while (*end) end = &(*end)->next;
    *end = run;
  }
  uv_mutex_unlock(&runner->lock);
  return run;
}

int runner_keep(struct runner_run *promise, void *payload, struct error *error) {
  struct runner *runner = promise->runner;
  uv_mutex_lock(&runner->lock);
  int result = atomic_load(&runner->stopping) ? error_set(error, ERROR_busy, "drawbridge is ending: try again later") : 0;
  if (result == 0) {
    promise->payload = payload;
    promise->promised = false;
    uv_cond_broadcast(&runner->changed); /* one of its crew is to hear it */
  } else {
    forget(runner, promise);
  }
  uv_mutex_unlock(&runner->lock);
  return result;
}

void runner_break(struct runner_run *promise) {
  struct runner *runner = promise->runner;
  uv_mutex_lock(&runner->lock);
  forget(runner, promise);
  uv_mutex_unlock(&runner->lock);
}

int runner_start(struct runner *runner, enum runner_crew crew, struct str id, void *payload, struct error *error) {
  struct runner_run *promise = runner_promise(runner, crew, id, error);
  return promise ? runner_keep(promise, payload, error) : -1;
}

static bool end_early(struct runner *runner, struct str id, bool pause) {
  uv_mutex_lock(&runner->lock);
  struct runner_run *run = find(runner, id);
  if (run && (!pause || !atomic_load(&run->cancel))) atomic_store(&run->paused, pause);
  if (run) atomic_store(&run->cancel, true);
  uv_mutex_unlock(&runner->lock);
  return run != NULL;
}

bool runner_cancel(struct runner *runner, struct str id) {
  return end_early(runner, id, false);
}

bool runner_pause(struct runner *runner, struct str id) {
  return end_early(runner, id, true);
}

bool runner_run_paused(const struct runner_run *run) {
  return atomic_load(&run->paused);
}

bool runner_look(struct runner *runner, struct str id, struct arena *arena, struct runner_view *ret) {
  uv_mutex_lock(&runner->lock);
  struct runner_run *run = find(runner, id);
  if (run)
    *ret = (struct runner_view){run->phase, run->done, run->of, arena_str(arena, buf_str(&run->counts)),
                                arena_str(arena, buf_str(&run->batches))};
  uv_mutex_unlock(&runner->lock);
  return run != NULL;
}

const atomic_bool *runner_run_cancel(const struct runner_run *run) {
  return &run->cancel;
}

const atomic_bool *runner_stopping(const struct runner_run *run) {
  return &run->runner->stopping;
}

static void put(struct buf *buf, struct str text) {
  buf_clear(buf);
  (void)buf_add(buf, text);
}

void runner_tell(struct runner_run *run, const struct runner_view *view) {
  uv_mutex_lock(&run->runner->lock);
  run->phase = view->phase;
  run->done = view->done;
  run->of = view->of;
  put(&run->counts, view->counts);
  put(&run->batches, view->batches);
  uv_mutex_unlock(&run->runner->lock);
}

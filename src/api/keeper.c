#include "api/keeper.h"

#include "api/desk.h"
#include "api/mandates.h"
#include "api/reports_out.h"
#include "api/run_document.h"
#include "api/runner.h"
#include "api/schedules.h"
#include "base/clock.h"
#include "base/mem.h"
#include "transfer/journal.h"
#include <dirent.h>
#include <errno.h>
#include <stdatomic.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include <uv.h>

enum { EVERY_MS = 1000, SWEEP_EVERY = 3600, YOUNG_S = 3600 };

struct keeper {
  struct api *api;
  struct gateway *gateway;
  uv_mutex_t lock;
  uv_cond_t changed;
  uv_thread_t thread;
  atomic_bool stopping;
};

/* --- runs that were left off --- */

static bool is_left_off(struct keeper *k, struct str id, const struct config *config, struct arena *arena, enum runner_crew *ret_crew) {
  struct store_document run;
  struct runner_view view;
  struct error error = {0};
  const char *folder;
  if (desk_look(k->api, id, arena, &view)) return false;
  struct store *store = api_store(k->api);
  int found = store_document_get(store, RUN_KIND, id, arena, &run, &error);
  api_store_done(k->api);
  if (found != 1) return false;
  struct run_about about = run_about_read(arena, run.about);
  *ret_crew = run_crew(&about);
  if (!about.beside.mandate.n || !(str_eq(about.state, RUN_STATE_OPEN) || str_eq(about.state, STR("interrupted")))) return false;
  if (api_is_shared(k->api)) return true; /* its lease would tell */
  return run_folder(arena, config->store, id, &folder, &error) == 0 &&
         journal_is_free(folder, &error) == 0; /* else another program is at it */
}

static void go_on(struct keeper *k, struct str id, const struct config *config, struct arena *arena) {
  struct error error = {0};
  struct run_start how = {.gateway = k->gateway, .public_url = config->public_url, .store = config->store, .resume = true};
  if (!is_left_off(k, id, config, arena, &how.crew)) return;
  log_event(LOG_INFO, "run_gone_on_with", LOG_STR("run", id));
  if (run_document_start(k->api, id, &how, &error)) log_event(LOG_WARNING, "run_not_gone_on_with", LOG_STR("run", id), LOG_FAILURE(&error));
}

/* --- journals whose run is gone --- */

static void remove_folder(const char *folder, struct arena *arena) {
  DIR *list = opendir(folder);
  for (struct dirent *entry = list ? readdir(list) : NULL; entry; entry = readdir(list))
    if (entry->d_name[0] != '.') (void)unlink(arena_cstr(arena, arena_printf(arena, "%s/%s", folder, entry->d_name)));
  if (list) (void)closedir(list);
  if (rmdir(folder) == 0)
    log_event(LOG_INFO, "journal_removed", LOG_TEXT("folder", folder));
  else
    log_event(LOG_WARNING, "journal_not_removed", LOG_TEXT("folder", folder), LOG_TEXT("message", strerror(errno)));
}

static bool is_wanted(struct keeper *k, const char *id, const char *folder, struct arena *arena) {
  struct stat info;
  struct store_document run;
  struct error error = {0};
  if (stat(folder, &info) < 0 || !S_ISDIR(info.st_mode) || time(NULL) - info.st_mtime < YOUNG_S) return true;
  struct store *store = api_store(k->api);
  int found = store_document_get(store, RUN_KIND, str_of(id), arena, &run, &error);
  api_store_done(k->api);
  return found < 0 || (found && (!run.expires_ms || run.expires_ms > clock_now_ms()));
}

static void sweep(struct keeper *k, const struct config *config) {
  struct arena *arena = arena_new();
  const char *journals = run_journals(arena, config->store);
  DIR *list = journals ? opendir(journals) : NULL;
  for (struct dirent *entry = list ? readdir(list) : NULL; entry; entry = readdir(list)) {
    if (entry->d_name[0] == '.') continue;
    const char *folder = arena_cstr(arena, arena_printf(arena, "%s/%s", journals, entry->d_name));
    if (!is_wanted(k, entry->d_name, folder, arena)) remove_folder(folder, arena);
  }
  if (list) (void)closedir(list);
  arena_free(arena);
}

/* --- again and again --- */

/* An operator has withdrawn what let it go on: the run stops where it is, and its person may go on with it. A schedule that cannot be stopped now is stopped by the next look, which finds what is withdrawn still there. */
static void stop(struct keeper *k, struct str work, struct arena *arena) {
  struct str run;
  if (schedules_stop(k->api, k->gateway, work, clock_now_ms(), arena, &run)) return;
  (void)desk_end(k->api, run.n ? run : work, true);
  mandates_end(k->api, k->gateway, work);
}

static void look(struct keeper *k) {
  struct arena *arena = arena_new();
  struct config *config = gateway_config_now(k->gateway);
  struct error error = {0};
  struct mandates_found found = {0};
  if (mandates_list(k->api, k->gateway, arena, &found, &error)) found = (struct mandates_found){0};
  for (size_t i = 0; i < found.withdrawn_count; i++) stop(k, found.withdrawn[i], arena);
  for (size_t i = 0; i < found.over_count; i++) {
    struct str run;
    schedules_look(k->api, k->gateway, found.over[i], clock_now_ms(), arena, &run); /* which tells that it is over */
    mandates_end(k->api, k->gateway, found.over[i]);
  }
  for (size_t i = 0; i < found.count; i++) {
    struct str run;
    go_on(k, found.works[i], config, arena);
    schedules_look(k->api, k->gateway, found.works[i], clock_now_ms(), arena, &run);
    if (run.n) go_on(k, run, config, arena);
  }
  reports_out_deliver(k->api, k->gateway, clock_now_ms(), &k->stopping);
  config_unref(config);
  arena_free(arena);
}

static void thread_main(void *payload) {
  struct keeper *k = payload;
  uv_mutex_lock(&k->lock);
  for (unsigned turn = 0;; turn++) {
    if (!atomic_load(&k->stopping)) (void)uv_cond_timedwait(&k->changed, &k->lock, EVERY_MS * UINT64_C(1000000));
    if (atomic_load(&k->stopping)) break;
    uv_mutex_unlock(&k->lock);
    look(k);
    if (turn % SWEEP_EVERY == 0) {
      struct config *config = gateway_config_now(k->gateway);
      sweep(k, config);
      config_unref(config);
      schedules_look_at_ended(k->api, k->gateway, clock_now_ms());
    }
    uv_mutex_lock(&k->lock);
  }
  uv_mutex_unlock(&k->lock);
}

struct keeper *keeper_new(struct api *api, struct gateway *gateway) {
  struct keeper *k = mem_alloc(sizeof *k);
  k->api = api;
  k->gateway = gateway;
  if (uv_mutex_init(&k->lock) || uv_cond_init(&k->changed) || uv_thread_create(&k->thread, thread_main, k)) abort();
  return k;
}

void keeper_stop(struct keeper *k) {
  uv_mutex_lock(&k->lock);
  atomic_store(&k->stopping, true);
  uv_cond_signal(&k->changed);
  uv_mutex_unlock(&k->lock);
}

void keeper_free(struct keeper *k) {
  if (!k) return;
  keeper_stop(k);
  (void)uv_thread_join(&k->thread);
  uv_cond_destroy(&k->changed);
  uv_mutex_destroy(&k->lock);
  free(k);
}

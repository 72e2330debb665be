#include "api/desk.h"

#include "base/clock.h"
#include "base/json_doc.h"
#include "base/json_out.h"
#include "base/mem.h"
#include "gateway/failure.h"
#include "transfer/hold.h"
#include <jansson.h>
#include <uv.h>

enum { EVERY_MS = 1000, PART_MAX = 200 << 10, WISH_MS = 10 * 60 * 1000, TOLD_MS = 60 * 60 * 1000, YOUNG_MS = 3000 };

#define TOLD STR("progress")
#define WISH STR("wish")

struct desk {
  struct api *api;
  char *id;
  uv_thread_t thread;
  uv_mutex_t lock; /* of `over` */
  uv_cond_t ended;
  bool over;
};

/* --- telling --- */

static void write_part(struct json_out *out, const char *name, struct str json) {
  if (!json.n || json.n >= PART_MAX) return;
  json_out_member_raw(out, name, json);
}

static struct str write_view(struct arena *arena, const struct runner_view *view) {
  struct buf text = BUF_INIT(3 * PART_MAX);
  struct json_out out = JSON_OUT_INIT(&text);
  json_out_object(&out);
  json_out_member_str(&out, "phase", view->phase);
  json_out_member_int(&out, "done", (int64_t)view->done);
  json_out_member_int(&out, "of", (int64_t)view->of);
  write_part(&out, "counts", view->counts);
  write_part(&out, "batches", view->batches);
  json_out_end(&out);
  struct str kept = arena_str(arena, buf_str(&text));
  buf_free(&text);
  return kept;
}

/* Whoever has the run writes over what an earlier one has left. A store that is away hears of it the next time. */
static void tell(struct desk *desk, struct arena *arena) {
  struct runner_view view;
  struct error error = {0};
  struct store_document told = {.kind = TOLD, .id = str_of(desk->id), .created_ms = clock_now_ms()}, before;
  int64_t version;
  if (!runner_look(api_runner(desk->api), told.id, arena, &view)) return;
  told.about = write_view(arena, &view);
  told.updated_ms = told.created_ms;
  told.expires_ms = told.created_ms + TOLD_MS;
  struct store *store = api_store(desk->api);
  if (store_document_get(store, TOLD, told.id, arena, &before, &error) == 1) {
    told.version = before.version;
    (void)store_document_update(store, &told, &version, &error);
  } else {
    (void)store_document_create(store, &told, &error);
  }
  api_store_done(desk->api);
}

/* It stays until the end of the run is kept: the lease ends before that, and whoever takes the run over in between has to hear of it too. */
static void hear(struct desk *desk, struct arena *arena) {
  struct store_document wish;
  struct error error = {0};
  struct str id = str_of(desk->id);
  struct store *store = api_store(desk->api);
  int found = store_document_get(store, WISH, id, arena, &wish, &error);
  bool heard = found == 1 && wish.expires_ms > clock_now_ms();
  if (heard && str_eq(wish.about, STR("\"pause\"")))
    (void)runner_pause(api_runner(desk->api), id);
  else if (heard)
    (void)runner_cancel(api_runner(desk->api), id);
  if (heard && wish.updated_ms == wish.created_ms) { /* told to whoever looks (tests) by the time */
    int64_t version;
    wish.updated_ms = clock_now_ms() > wish.created_ms ? clock_now_ms() : wish.created_ms + 1;
    (void)store_document_update(store, &wish, &version, &error);
  }
  api_store_done(desk->api);
}

static void thread_main(void *payload) {
  struct desk *desk = payload;
  uv_mutex_lock(&desk->lock);
  while (!desk->over) {
    uv_mutex_unlock(&desk->lock);
    struct arena *arena = arena_new_small();
    hear(desk, arena);
    tell(desk, arena);
    arena_free(arena);
    uv_mutex_lock(&desk->lock);
    if (!desk->over) (void)uv_cond_timedwait(&desk->ended, &desk->lock, EVERY_MS * UINT64_C(1000000));
  }
  uv_mutex_unlock(&desk->lock);
}

struct desk *desk_open(struct api *api, struct str id) {
  if (!api_is_shared(api)) return NULL;
  struct desk *desk = mem_alloc(sizeof *desk);
  *desk = (struct desk){.api = api, .id = mem_printf("%.*s", STR_ARG(id))};
  if (uv_mutex_init(&desk->lock) || uv_cond_init(&desk->ended) || uv_thread_create(&desk->thread, thread_main, desk)) abort();
  return desk;
}

void desk_close(struct desk *desk) {
  if (!desk) return;
  struct error ignored = {0};
  uv_mutex_lock(&desk->lock);
  desk->over = true;
  uv_cond_signal(&desk->ended);
  uv_mutex_unlock(&desk->lock);
  (void)uv_thread_join(&desk->thread);
  struct store *store = api_store(desk->api);
  (void)store_document_delete(store, TOLD, str_of(desk->id), &ignored);
  (void)store_document_delete(store, WISH, str_of(desk->id), &ignored);
  api_store_done(desk->api);
  uv_mutex_destroy(&desk->lock);
  uv_cond_destroy(&desk->ended);
  free(desk->id);
  free(desk);
}

/* --- of others --- */

static void read_view(struct arena *arena, struct str about, struct runner_view *ret) {
  json_t *root = json_doc_read(about);
  *ret = (struct runner_view){.phase = arena_str(arena, json_text(root, "phase")),
                              .done = (uint64_t)json_integer_value(json_object_get(root, "done")),
                              .of = (uint64_t)json_integer_value(json_object_get(root, "of")),
                              .counts = json_part_copy(arena, root, "counts"),
                              .batches = json_part_copy(arena, root, "batches")};
  json_decref(root);
}

static int look_elsewhere(struct api *api, struct str id, struct arena *arena, struct runner_view *ret) {
  struct store_document told;
  struct error error = {0};
  struct store *store = api_store(api);
  int held = store_lease_look(store, hold_lease(id, arena), clock_now_ms(), &error);
  int found = held == 1 ? store_document_get(store, TOLD, id, arena, &told, &error) : 0;
  api_store_done(api);
  *ret = (struct runner_view){0};
  if (found == 1) read_view(arena, told.about, ret);
  if (held && !ret->phase.n) ret->phase = STR("queued");
  return held;
}

bool desk_look(struct api *api, struct str id, struct arena *arena, struct runner_view *ret) {
  *ret = (struct runner_view){0};
  return runner_look(api_runner(api), id, arena, ret) || (api_is_shared(api) && look_elsewhere(api, id, arena, ret) != 0);
}

static bool wants_cancel(struct store *store, struct str id, struct arena *arena) {
  struct store_document wish;
  struct error error = {0};
  return store_document_get(store, WISH, id, arena, &wish, &error) == 1 && wish.expires_ms > clock_now_ms() &&
         !str_eq(wish.about, STR("\"pause\""));
}

/* The latest one holds, but that no pause takes a cancel back. */
static void wish(struct api *api, struct str id, bool pause, struct arena *arena) {
  struct error error = {0};
  struct store_document document = {
      .kind = WISH, .id = id, .about = pause ? STR("\"pause\"") : STR("\"cancel\""), .created_ms = clock_now_ms()};
  document.updated_ms = document.created_ms;
  document.expires_ms = document.created_ms + WISH_MS;
  struct store *store = api_store(api);
  bool stays = pause && wants_cancel(store, id, arena);
  if (!stays && (store_document_delete(store, WISH, id, &error) || store_document_create(store, &document, &error)))
    log_event(LOG_WARNING, "run_not_told", LOG_STR("run", id), LOG_FAILURE(&error));
  api_store_done(api);
}

bool desk_end(struct api *api, struct str id, bool pause) {
  struct runner_view view;
  if (pause ? runner_pause(api_runner(api), id) : runner_cancel(api_runner(api), id)) return true;
  struct arena *arena = arena_new_small();
  bool elsewhere = desk_look(api, id, arena, &view);
  if (elsewhere) wish(api, id, pause, arena);
  arena_free(arena);
  return elsewhere;
}

struct str desk_state(struct api *api, const struct store_document *document, const struct run_about *about, struct arena *arena,
                      struct runner_view *view) {
  *view = (struct runner_view){0};
  if (!str_eq(about->state, RUN_STATE_OPEN)) {
    bool ends = runner_look(api_runner(api), document->id, arena, view);
    return ends ? view->phase : about->state;
  }
  if (desk_look(api, document->id, arena, view)) return view->phase;
  bool young = api_is_shared(api) && clock_now_ms() - document->updated_ms < YOUNG_MS; /* it is about to begin elsewhere */
  return young ? (view->phase = RUN_STATE_OPEN) : STR("interrupted");
}

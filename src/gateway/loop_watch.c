#include "gateway/loop_watch.h"

#include "base/mem.h"

struct loop_watch {
  uv_prepare_t before_wait;
  struct metrics_times *times;
  uint64_t at_ns, idle_ns; /* of the last time */
};

/* Since the last time the loop waited once (idle), and worked for the rest. */
static void on_before_wait(uv_prepare_t *handle) {
  struct loop_watch *watch = handle->data;
  uint64_t now_ns = uv_hrtime(), idle_ns = uv_metrics_idle_time(handle->loop);
  uint64_t passed_ns = now_ns - watch->at_ns, waited_ns = idle_ns - watch->idle_ns;
  if (watch->at_ns) metrics_time(watch->times, passed_ns > waited_ns ? (int64_t)((passed_ns - waited_ns) / 1000) : 0);
  watch->at_ns = now_ns;
  watch->idle_ns = idle_ns;
}

struct loop_watch *loop_watch_new(uv_loop_t *loop, struct metrics_times *times) {
  struct loop_watch *watch = mem_alloc(sizeof *watch);
  watch->times = times;
  watch->before_wait.data = watch;
  if (uv_loop_configure(loop, UV_METRICS_IDLE_TIME) || uv_prepare_init(loop, &watch->before_wait)) abort();
  (void)uv_prepare_start(&watch->before_wait, on_before_wait);
  uv_unref((uv_handle_t *)&watch->before_wait);
  return watch;
}

static void on_closed(uv_handle_t *handle) {
  free(handle->data);
}

void loop_watch_free(struct loop_watch *watch) {
  uv_close((uv_handle_t *)&watch->before_wait, on_closed);
}

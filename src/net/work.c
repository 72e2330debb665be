#include "net/work.h"

#include "base/mem.h"

struct task {
  struct task *next;
  void (*run)(void *payload);
  void (*done)(void *payload);
  void *payload;
};

struct list {
  struct task *first, **end;
};

struct work_pool {
  uv_async_t wake; /* tells the loop that something is in `finished` */
  uv_mutex_t lock; /* of all below */
  uv_cond_t more;
  struct list waiting, finished;
  size_t queued, queue_limit;
  bool stopping;
  size_t under_way; /* submitted and not yet done; of the loop thread alone */
  unsigned thread_count;
  uv_thread_t threads[];
};

static void list_add(struct list *list, struct task *task) {
  task->next = NULL;
  *list->end = task;
  list->end = &task->next;
}

static struct task *list_take(struct list *list) {
  struct task *task = list->first;
  if (!task) return NULL;
  list->first = task->next;
  if (!list->first) list->end = &list->first;
  return task;
}

static void thread_main(void *payload) {
  struct work_pool *pool = payload;
  uv_mutex_lock(&pool->lock);
  for (;;) {
    struct task *task = list_take(&pool->waiting);
    if (!task) {
      if (pool->stopping) break;
      uv_cond_wait(&pool->more, &pool->lock);
      continue;
    }
    pool->queued--;
    uv_mutex_unlock(&pool->lock);
    task->run(task->payload);
    uv_mutex_lock(&pool->lock);
    list_add(&pool->finished, task);
    (void)uv_async_send(&pool->wake);
  }
  uv_mutex_unlock(&pool->lock);
}

static void call_done(struct work_pool *pool) {
  for (;;) {
    uv_mutex_lock(&pool->lock);
    struct task *task = list_take(&pool->finished);
    uv_mutex_unlock(&pool->lock);
    if (!task) return;
    if (--pool->under_way == 0) uv_unref((uv_handle_t *)&pool->wake);
    task->done(task->payload);
    free(task);
  }
}

static void on_wake(uv_async_t *wake) {
  call_done(wake->data);
}

struct work_pool *work_new(uv_loop_t *loop, unsigned threads, size_t queue_limit) {
  struct work_pool *pool = mem_alloc(sizeof *pool + threads * sizeof *pool->threads);
  pool->queue_limit = queue_limit;
  pool->waiting.end = &pool->waiting.first;
  pool->finished.end = &pool->finished.first;
  if (uv_mutex_init(&pool->lock) || uv_cond_init(&pool->more) || uv_async_init(loop, &pool->wake, on_wake)) abort();
  pool->wake.data = pool;
  uv_unref((uv_handle_t *)&pool->wake); /* only work under way keeps the loop alive */
  for (; pool->thread_count < threads; pool->thread_count++)
    if (uv_thread_create(&pool->threads[pool->thread_count], thread_main, pool)) abort();
  return pool;
}

bool work_submit(struct work_pool *pool, void (*run)(void *payload), void (*done)(void *payload), void *payload) {
  uv_mutex_lock(&pool->lock);
  bool room = pool->queued < pool->queue_limit && !pool->stopping;
  if (room) {
    struct task *task = mem_alloc(sizeof *task);
    *task = (struct task){.run = run, .done = done, .payload = payload};
    list_add(&pool->waiting, task);
    pool->queued++;
    uv_cond_signal(&pool->more);
  }
  uv_mutex_unlock(&pool->lock);
  if (room && pool->under_way++ == 0) uv_ref((uv_handle_t *)&pool->wake);
  return room;
}

static void on_closed(uv_handle_t *handle) {
  free(handle->data);
}

void work_free(struct work_pool *pool) {
  if (!pool) return;
  uv_mutex_lock(&pool->lock);
  pool->stopping = true;
  uv_cond_broadcast(&pool->more);
  uv_mutex_unlock(&pool->lock);
  for (unsigned i = 0; i < pool->thread_count; i++) (void)uv_thread_join(&pool->threads[i]);
  call_done(pool);
  uv_mutex_destroy(&pool->lock);
  uv_cond_destroy(&pool->more);
  uv_close((uv_handle_t *)&pool->wake, on_closed); /* the pool's memory goes with its handle, in a later turn of the loop */
}

#include "net/work.h"

#include "base/mem.h"

struct task {
  struct task *next;
  struct work_pool *pool;
  void (*run)(void *payload);
  void (*done)(void *payload);
  void *payload;
};

struct list {
  struct task *first, **end;
};

struct crew {      /* the threads, and what waits for them */
  uv_mutex_t lock; /* of all below, and of what the pools say that it is of */
  uv_cond_t more, ended;
  struct list waiting;
  size_t queued, queue_limit, pools;
  bool stopping;
  unsigned thread_count;
  uv_thread_t threads[];
};

struct work_pool {
  uv_async_t wake; /* tells the loop that something is in `finished` */
  struct crew *crew;
  struct list finished; /* of the crew's lock */
  size_t unfinished;    /* of the crew's lock: submitted and not in `finished` yet */
  bool stopping;        /* of the loop thread alone, as what follows */
  size_t under_way;     /* submitted and not yet done */
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

static void finish(struct task *task) {
  struct work_pool *pool = task->pool;
  list_add(&pool->finished, task);
  (void)uv_async_send(&pool->wake);
  if (--pool->unfinished == 0) uv_cond_broadcast(&pool->crew->ended);
}

static void thread_main(void *payload) {
  struct crew *crew = payload;
  uv_mutex_lock(&crew->lock);
  for (;;) {
    struct task *task = list_take(&crew->waiting);
    if (!task) {
      if (crew->stopping) break;
      uv_cond_wait(&crew->more, &crew->lock);
      continue;
    }
    crew->queued--;
    uv_mutex_unlock(&crew->lock);
    task->run(task->payload);
    uv_mutex_lock(&crew->lock);
    finish(task);
  }
  uv_mutex_unlock(&crew->lock);
}

static void call_done(struct work_pool *pool) {
  for (;;) {
    uv_mutex_lock(&pool->crew->lock);
    struct task *task = list_take(&pool->finished);
    uv_mutex_unlock(&pool->crew->lock);
    if (!task) return;
    if (--pool->under_way == 0) uv_unref((uv_handle_t *)&pool->wake);
    task->done(task->payload);
    free(task);
  }
}

static void on_wake(uv_async_t *wake) {
  call_done(wake->data);
}

static struct crew *crew_new(unsigned threads, size_t queue_limit) {
  struct crew *crew = mem_alloc(sizeof *crew + threads * sizeof *crew->threads);
  crew->queue_limit = queue_limit;
  crew->waiting.end = &crew->waiting.first;
  if (uv_mutex_init(&crew->lock) || uv_cond_init(&crew->more) || uv_cond_init(&crew->ended)) abort();
  for (; crew->thread_count < threads; crew->thread_count++)
    if (uv_thread_create(&crew->threads[crew->thread_count], thread_main, crew)) abort();
  return crew;
}

static void crew_free(struct crew *crew) {
  uv_mutex_lock(&crew->lock);
  crew->stopping = true;
  uv_cond_broadcast(&crew->more);
  uv_mutex_unlock(&crew->lock);
  for (unsigned i = 0; i < crew->thread_count; i++) (void)uv_thread_join(&crew->threads[i]);
  uv_mutex_destroy(&crew->lock);
  uv_cond_destroy(&crew->more);
  uv_cond_destroy(&crew->ended);
  free(crew);
}

static struct work_pool *pool_new(uv_loop_t *loop, struct crew *crew) {
  struct work_pool *pool = mem_alloc(sizeof *pool);
  pool->crew = crew;
  pool->finished.end = &pool->finished.first;
  if (uv_async_init(loop, &pool->wake, on_wake)) abort();
  pool->wake.data = pool;
  uv_unref((uv_handle_t *)&pool->wake); /* only work under way keeps the loop alive */
  uv_mutex_lock(&crew->lock);
  crew->pools++;
  uv_mutex_unlock(&crew->lock);
  return pool;
}

struct work_pool *work_new(uv_loop_t *loop, unsigned threads, size_t queue_limit) {
  return pool_new(loop, crew_new(threads, queue_limit));
}

struct work_pool *work_beside(struct work_pool *pool, uv_loop_t *loop) {
  return pool_new(loop, pool->crew);
}

bool work_submit(struct work_pool *pool, void (*run)(void *payload), void (*done)(void *payload), void *payload) {
  struct crew *crew = pool->crew;
  uv_mutex_lock(&crew->lock);
  bool room = crew->queued < crew->queue_limit && !pool->stopping;
  if (room) {
    struct task *task = mem_alloc(sizeof *task);
    *task = (struct task){.pool = pool, .run = run, .done = done, .payload = payload};
    list_add(&crew->waiting, task);
    crew->queued++;
    pool->unfinished++;
    uv_cond_signal(&crew->more);
  }
  uv_mutex_unlock(&crew->lock);
  if (room && pool->under_way++ == 0) uv_ref((uv_handle_t *)&pool->wake);
  return room;
}

static void on_closed(uv_handle_t *handle) {
  free(handle->data);
}

void work_free(struct work_pool *pool) {
  if (!pool) return;
  struct crew *crew = pool->crew;
  pool->stopping = true;
  uv_mutex_lock(&crew->lock);
  while (pool->unfinished) uv_cond_wait(&crew->ended, &crew->lock);
  uv_mutex_unlock(&crew->lock);
  call_done(pool);
  uv_mutex_lock(&crew->lock);
  bool last = --crew->pools == 0;
  uv_mutex_unlock(&crew->lock);
  if (last) crew_free(crew);
  uv_close((uv_handle_t *)&pool->wake, on_closed); /* the pool's memory goes with its handle, in a later turn of the loop */
}

size_t work_waiting(struct work_pool *pool) {
  uv_mutex_lock(&pool->crew->lock);
  size_t waiting = pool->crew->queued;
  uv_mutex_unlock(&pool->crew->lock);
  return waiting;
}

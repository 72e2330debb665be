#include "api/events.h"

#include "api/event_text.h"
#include "base/clock.h"
#include "base/mem.h"
#include "gateway/failure.h"
#include "gateway/long_calls.h"
#include <stdatomic.h>

enum { TICK_MS = EVENTS_LOOK_MS / 2, REFUSED_S = 30, BUSY_S = 5 };

struct stream { /* in the arena of the exchange, which the job holds */
  struct stream *next, **at;
  struct stream *next_of_all, **at_all; /* under the lock */
  struct events_here *here;
  struct api_job *job;
  struct long_call watched;
  char told[EVENT_ID_SIZE]; /* id of what the reader has; empty: nothing */
  char seen[EVENT_ID_SIZE]; /* id of what the last look has found */
  struct buf text;          /* of the event; empty: nothing is new */
  int64_t begun_ms, looked_ms, wrote_ms;
  bool looking, over;
};

struct events {
  int64_t look_ms;
  atomic_bool stopping;
  _Atomic int looks; /* under way */
  uv_mutex_t lock;
  struct stream *all;
};

struct events_here {
  struct events *events;
  struct work_pool *pool;
  struct stream *streams;
  uv_timer_t *timer;
};

/* --- how many --- */

static bool take_seat(struct stream *stream, struct error *error) {
  struct events *events = stream->here->events;
  struct str owner = gateway_session_owner(stream->job->session);
  size_t own = 0, all = 0;
  uv_mutex_lock(&events->lock);
  for (struct stream *other = events->all; other; other = other->next_of_all, all++)
    own += str_eq(gateway_session_owner(other->job->session), owner);
  bool has_room = own < EVENTS_OF_SESSION && all < EVENTS_MOST;
  if (has_room) {
    stream->next_of_all = events->all;
    stream->at_all = &events->all;
    if (stream->next_of_all) stream->next_of_all->at_all = &stream->next_of_all;
    events->all = stream;
  }
  uv_mutex_unlock(&events->lock);
  enum error_code code = own >= EVENTS_OF_SESSION ? ERROR_too_many : ERROR_busy;
  if (!has_room) (void)failure_later(error, code, REFUSED_S, "too many streams of events are open: ask without one");
  return has_room;
}

static void leave_seat(struct stream *stream) {
  struct events *events = stream->here->events;
  uv_mutex_lock(&events->lock);
  *stream->at_all = stream->next_of_all;
  if (stream->next_of_all) stream->next_of_all->at_all = stream->at_all;
  uv_mutex_unlock(&events->lock);
}

/* --- the end --- */

static void free_stream(struct stream *stream) {
  leave_seat(stream);
  buf_free(&stream->text);
  api_job_free(stream->job); /* and with the exchange goes the stream */
}

/* May be called again; the memory lasts until the look that is under way comes back. */
static void end_stream(struct stream *stream) {
  struct http_exchange *exchange = stream->job->exchange;
  if (stream->over) return;
  stream->over = true;
  long_calls_remove(&stream->watched);
  *stream->at = stream->next;
  if (stream->next) stream->next->at = stream->at;
  if (http_exchange_begun(exchange))
    http_exchange_end(exchange);
  else
    http_exchange_abort(exchange);
  if (!stream->looking) free_stream(stream);
}

static void refuse(struct stream *stream, const struct error *error) {
  struct http_exchange *exchange = stream->job->exchange;
  if (!http_exchange_begun(exchange)) gateway_reply_error(stream->job->gateway, exchange, error);
  end_stream(stream);
}

static void on_gone(void *payload) {
  end_stream(payload);
}

static void on_session_over(void *payload, const struct error *error) {
  refuse(payload, error);
}

/* --- a look, on a worker's thread --- */

static void run_look(void *payload) {
  struct stream *stream = payload;
  struct api_job *job = stream->job;
  if (job->run(job, &job->error)) {
    if (job->error.code == ERROR_NONE) (void)error_set(&job->error, ERROR_inside, "the call ended without a reason");
    return;
  }
  struct str answer = buf_str(&job->answer);
  if (!strcmp(event_id(answer, stream->seen), stream->told)) return;
  event_text(&stream->text, str_of(stream->seen), answer);
  if (stream->text.full || job->answer.full)
    (void)error_set(&job->error, ERROR_too_large, "the answer is larger than %zu bytes", job->answer.max);
}

static void on_looked(void *payload);

static bool start_look(struct stream *stream) {
  struct api_job *job = stream->job;
  config_unref(job->config);
  job->config = config_ref(gateway_config(job->gateway));
  job->arena = arena_new();
  job->error = (struct error){0};
  job->under_way = false;
  stream->looked_ms = clock_monotonic_ms();
  stream->looking = work_submit(stream->here->pool, run_look, on_looked, stream);
  if (!stream->looking) arena_free(job->arena);
  return stream->looking;
}

/* --- what is told --- */

static void begin_answer(struct stream *stream) {
  struct http_exchange *exchange = stream->job->exchange;
  struct arena *arena = http_exchange_arena(exchange);
  struct http_headers headers = {0};
  gateway_common_headers(stream->job->gateway, exchange, &headers);
  http_field_set(&headers, arena, FIELD_CONTENT_TYPE, STR("text/event-stream"));
  http_headers_add(&headers, arena, STR("X-Accel-Buffering"), STR("no")); /* nginx before it passes each event on as it comes */
  http_exchange_begin(exchange, 200, &headers, -1);
  stream->wrote_ms = clock_monotonic_ms();
}

static void write_text(struct stream *stream, struct str text) {
  (void)http_exchange_write(stream->job->exchange, text);
  stream->wrote_ms = clock_monotonic_ms();
}

static void tell(struct stream *stream) {
  if (!http_exchange_begun(stream->job->exchange)) begin_answer(stream);
  if (stream->text.n) {
    write_text(stream, buf_str(&stream->text));
    memcpy(stream->told, stream->seen, sizeof stream->told);
  }
  if (!stream->job->under_way) end_stream(stream);
}

/* What a look has found, back on the loop. A store that is away may come back while the stream lasts. */
static void act_on_look(struct stream *stream) {
  const struct api_job *job = stream->job;
  struct error ends = {0};
  bool begun = http_exchange_begun(job->exchange);
  if (stream->here->events->stopping)
    (void)failure_later(&ends, ERROR_busy, 1, "drawbridge stops: try again");
  else if (job->error.code != ERROR_store_unavailable || !begun)
    ends = job->error;
  if (ends.code)
    refuse(stream, &ends);
  else if (!job->error.code)
    tell(stream);
}

/* Of those whose reader has taken what there was: the one that was looked after least lately. */
static struct stream *next_due(const struct events_here *here) {
  int64_t before_ms = clock_monotonic_ms() - here->events->look_ms;
  struct stream *due = NULL;
  for (struct stream *stream = here->streams; stream; stream = stream->next) {
    bool may = !stream->looking && stream->looked_ms <= before_ms && !http_exchange_waits(stream->job->exchange);
    if (may && (!due || stream->looked_ms < due->looked_ms)) due = stream;
  }
  return due;
}

static void look_on(const struct events_here *here) {
  struct events *events = here->events;
  for (struct stream *due; (due = next_due(here));) {
    bool may = atomic_fetch_add(&events->looks, 1) < EVENTS_LOOKS;
    if (may && start_look(due)) continue;
    atomic_fetch_sub(&events->looks, 1);
    return;
  }
}

static void on_looked(void *payload) {
  struct stream *stream = payload;
  const struct events_here *here = stream->here;
  atomic_fetch_sub(&here->events->looks, 1);
  if (!stream->over) act_on_look(stream);
  arena_free(stream->job->arena);
  buf_free(&stream->job->answer);
  buf_free(&stream->text);
  stream->looking = false;
  if (stream->over) free_stream(stream);
  look_on(here);
}

/* --- time --- */

static void look_after(struct stream *stream, int64_t now_ms) {
  const struct http_exchange *exchange = stream->job->exchange;
  if (stream->here->events->stopping || now_ms - stream->begun_ms >= EVENTS_LIFE_MS)
    end_stream(stream);
  else if (http_exchange_begun(exchange) && now_ms - stream->wrote_ms >= EVENTS_ALIVE_MS && !http_exchange_waits(exchange))
    write_text(stream, STR(":\n\n"));
}

static void on_tick(uv_timer_t *timer) {
  struct events_here *here = timer->data;
  int64_t now_ms = clock_monotonic_ms();
  for (struct stream *stream = here->streams, *next; stream; stream = next) {
    next = stream->next;
    look_after(stream, now_ms);
  }
  look_on(here);
  if (!here->streams) (void)uv_timer_stop(timer);
}

/* --- life --- */

static void add(struct events_here *here, struct stream *stream) {
  stream->next = here->streams;
  stream->at = &here->streams;
  if (stream->next) stream->next->at = &stream->next;
  here->streams = stream;
  if (uv_is_active((uv_handle_t *)here->timer)) return;
  (void)uv_timer_start(here->timer, on_tick, TICK_MS, TICK_MS);
  uv_unref((uv_handle_t *)here->timer);
}

static void begin(struct stream *stream) {
  struct api_job *job = stream->job;
  struct error busy = {0};
  add(stream->here, stream);
  stream->watched = (struct long_call){
      .gateway = job->gateway, .exchange = job->exchange, .session = job->session, .stop = on_session_over, .payload = stream};
  long_calls_add(&stream->watched);
  http_exchange_on_gone(job->exchange, on_gone, stream);
  atomic_fetch_add(&stream->here->events->looks, 1);
  if (start_look(stream)) return;
  atomic_fetch_sub(&stream->here->events->looks, 1);
  (void)failure_later(&busy, ERROR_busy, BUSY_S, "too much is under way: try again soon");
  refuse(stream, &busy);
}

void events_begin(struct events_here *here, struct api_job *job) {
  struct error error = {0};
  struct stream *stream = ARENA_NEW(http_exchange_arena(job->exchange), struct stream);
  struct str told = http_headers_value(&http_exchange_request(job->exchange)->headers, STR("Last-Event-ID"));
  *stream = (struct stream){.here = here, .job = job, .text = BUF_INIT(job->answer.max), .begun_ms = clock_monotonic_ms()};
  if (told.n && told.n < sizeof stream->told) memcpy(stream->told, told.p, told.n);
  if (take_seat(stream, &error)) {
    begin(stream);
    return;
  }
  gateway_reply_error(job->gateway, job->exchange, &error);
  api_job_free(job);
}

struct events *events_new(bool shared) {
  struct events *events = mem_alloc(sizeof *events);
  events->look_ms = shared ? EVENTS_LOOK_SHARED_MS : EVENTS_LOOK_MS;
  if (uv_mutex_init(&events->lock)) abort();
  return events;
}

void events_stop(struct events *events) {
  events->stopping = true;
}

void events_free(struct events *events) {
  uv_mutex_destroy(&events->lock);
  free(events);
}

struct events_here *events_here_new(struct events *events, struct gateway *gateway, struct work_pool *pool) {
  struct events_here *here = mem_alloc(sizeof *here);
  *here = (struct events_here){.events = events, .pool = pool, .timer = mem_alloc(sizeof *here->timer)};
  if (uv_timer_init(gateway_loop(gateway), here->timer)) abort();
  here->timer->data = here;
  return here;
}

static void on_closed(uv_handle_t *handle) {
  free(handle);
}

void events_here_free(struct events_here *here) {
  while (here->streams) end_stream(here->streams);
  uv_close((uv_handle_t *)here->timer, on_closed);
  free(here);
}

#include "http/upstream.h"
#include "http/upstream_internal.h"

#include "base/mem.h"
#include "net/address.h"
#include "net/tls.h"

static void on_tick(uv_timer_t *tick);
static void regulate(void *payload);

/* The pool. */

static void set_defaults(struct upstream_options *options) {
  if (!options->connections) options->connections = 32;
  if (!options->waiting) options->waiting = 1024;
  if (!options->waiting_each) options->waiting_each = 256;
  if (!options->wait_timeout_ms) options->wait_timeout_ms = 10000;
  if (!options->connect_timeout_ms) options->connect_timeout_ms = 10000;
  if (!options->answer_timeout_ms) options->answer_timeout_ms = 60000;
  if (!options->idle_timeout_ms) options->idle_timeout_ms = 60000;
  if (!options->keep_alive_ms) options->keep_alive_ms = 15000;
}

static void copy_options(struct upstream_pool *pool, const struct upstream_options *options) {
  struct arena *arena = pool->arena;
  pool->options = *options;
  pool->options.host = arena_str(arena, options->host);
  pool->options.ca_file = arena_str(arena, options->ca_file);
  struct str *addresses = ARENA_ARRAY(arena, options->address_count, struct str);
  for (size_t i = 0; i < options->address_count; i++) addresses[i] = arena_str(arena, options->addresses[i]);
  pool->options.addresses = addresses;
  set_defaults(&pool->options);
  bool v6 = str_find_char(options->host, ':') != SIZE_MAX;
  struct str name = v6 ? arena_printf(arena, "[%.*s]", STR_ARG(options->host)) : pool->options.host;
  bool usual = options->port == (options->tls ? 443 : 80);
  pool->host_field = usual ? name : arena_printf(arena, "%.*s:%d", STR_ARG(name), options->port);
}

struct upstream_pool *upstream_pool_new(uv_loop_t *loop, const struct upstream_options *options, struct error *error) {
  struct tls_context *tls = NULL;
  if (options->tls && !(tls = tls_context_client(options->ca_file, error))) return NULL;
  struct upstream_pool *pool = mem_alloc(sizeof *pool);
  pool->loop = loop;
  pool->tls = tls;
  pool->room = stream_room_new(loop);
  pool->arena = arena_new();
  pool->arenas = arena_pool_new(UPSTREAM_ARENA_FIRST, UPSTREAM_ARENAS_KEPT);
  copy_options(pool, options);
  struct upstream_share *share =
      options->share ? upstream_share_ref(options->share) : upstream_share_new(pool->options.connections, pool->options.waiting);
  share_join(&pool->member, share, loop, regulate, pool);
  upstream_share_free(share);
  pool->tick = mem_alloc(sizeof *pool->tick);
  (void)uv_timer_init(loop, pool->tick);
  pool->tick->data = pool;
  return pool;
}

static void on_tick_closed(uv_handle_t *handle) {
  free(handle);
}

static void free_link(void *payload) {
  struct link *link = payload;
  struct upstream_pool *pool = link->pool;
  if (link->previous)
    link->previous->next = link->next;
  else
    pool->links = link->next;
  if (link->next) link->next->previous = link->previous;
  turn_remove(pool->room->turn, &link->turn);
  buf_free(&link->in);
  free(link);
}

void upstream_pool_free(struct upstream_pool *pool) {
  if (!pool) return;
  while (pool->calls) call_free(pool->calls);
  for (struct link *link = pool->links, *next; link; link = next) {
    next = link->next;
    if (!link->closed) {
      stream_close(link->stream);
      share_give(&pool->member);
    }
    free_link(link);
  }
  share_leave(&pool->member);
  uv_close((uv_handle_t *)pool->tick, on_tick_closed);
  stream_room_free(pool->room);
  tls_context_free(pool->tls);
  arena_free(pool->arena);
  arena_pool_free(pool->arenas);
  while (pool->head_count) buf_free(&pool->heads[--pool->head_count]);
  free(pool);
}

struct upstream_counts upstream_counts(const struct upstream_pool *pool) {
  return (struct upstream_counts){.connections = pool->open_links,
                                  .unused = pool->unused_links,
                                  .waiting = pool->waiting,
                                  .shut = upstream_share_counts(pool->member.share).shut};
}

/* Connections. */

static void dial(struct upstream_call *call, bool is_try) {
  struct upstream_pool *pool = call->pool;
  struct link *link = mem_alloc(sizeof *link);
  link->pool = pool;
  link->is_try = is_try;
  link->turn = (struct turn_item){.act = free_link, .payload = link};
  link->in = BUF_INIT((size_t)4 * STREAM_READ);
  link->call = call;
  link->since_ms = (int64_t)uv_now(pool->loop);
  link->next = pool->links;
  if (link->next) link->next->previous = link;
  pool->links = link;
  pool->open_links++;
  call->link = link;
  call->state = CALL_CONNECTING;
  const struct upstream_options *o = &pool->options;
  struct stream_target target = {
      .host = o->host, .port = o->port, .tls = pool->tls, .addresses = o->addresses, .address_count = o->address_count};
  link->stream = stream_dial(pool->room, &target, &link_events, link);
}

static void add_unused(struct link *link) {
  struct upstream_pool *pool = link->pool;
  link->in_unused = true;
  link->previous_unused = NULL;
  link->next_unused = pool->unused;
  if (pool->unused) pool->unused->previous_unused = link;
  pool->unused = link;
  share_set_idle(&pool->member, ++pool->unused_links);
}

static void remove_unused(struct link *link) {
  if (!link->in_unused) return;
  link->in_unused = false;
  if (link->previous_unused)
    link->previous_unused->next_unused = link->next_unused;
  else
    link->pool->unused = link->next_unused;
  if (link->next_unused) link->next_unused->previous_unused = link->previous_unused;
  share_set_idle(&link->pool->member, --link->pool->unused_links);
}

void link_close(struct link *link) {
  if (link->closed) return;
  link->closed = true;
  remove_unused(link);
  if (link->is_try && !link->opened) share_gave_up(&link->pool->member);
  link->call = NULL;
  link->pool->open_links--;
  share_give(&link->pool->member);
  stream_close(link->stream);
  turn_add(link->pool->room->turn, &link->turn);
}

void link_keep(struct link *link) {
  link->call = NULL;
  link->used = true;
  link->since_ms = (int64_t)uv_now(link->pool->loop);
  add_unused(link);
  if (share_is_wanted(&link->pool->member))
    link_close(link);
  else
    stream_resume(link->stream); /* an unused one is read, so that its end is seen at once */
}

/* Records; told at the turn's end. */
static void refuse(struct upstream_call *call) {
  call->state = CALL_QUEUED;
  turn_add(call->pool->room->turn, &call->turn);
}

static void refuse_as_shut(struct upstream_call *call, int64_t wait_ms) {
  int seconds = (int)((wait_ms + 999) / 1000);
  (void)error_set(&call->failure, ERROR_server_unreachable,
                  "the server could not be reached several times in a row: it is tried again in %d s", seconds);
  call->failure.retry_after = seconds;
  refuse(call);
}

/* There is room for one. */
static void open_link(struct upstream_call *call) {
  struct upstream_pool *pool = call->pool;
  bool is_try;
  int64_t wait_ms = share_lets(&pool->member, (int64_t)uv_now(pool->loop), &is_try);
  if (!wait_ms) {
    dial(call, is_try);
    return;
  }
  share_give(&pool->member);
  refuse_as_shut(call, wait_ms);
}

/* The one used last: the others may then grow old and go. */
static void use_link(struct upstream_call *call) {
  struct link *link = call->pool->unused;
  remove_unused(link);
  link->call = call;
  call->link = link;
  call_send(call);
}

void upstream_assign(struct upstream_call *call, bool fresh) {
  struct upstream_pool *pool = call->pool;
  if (!uv_is_active((const uv_handle_t *)pool->tick)) (void)uv_timer_start(pool->tick, on_tick, UPSTREAM_TICK_MS, UPSTREAM_TICK_MS);
  call->moved_ms = (int64_t)uv_now(pool->loop);
  if (!fresh && !pool->waiting && pool->unused) {
    use_link(call);
    return;
  }
  if ((fresh || !pool->waiting) && share_take(&pool->member)) {
    open_link(call);
    return;
  }
  call->state = CALL_QUEUED;
  if (queue_add(call)) return;
  (void)error_set(&call->failure, ERROR_busy, "%zu calls to this server are under way and %zu wait", pool->open_links, pool->waiting);
  refuse(call);
}

void upstream_serve_queue(struct upstream_pool *pool) {
  while (pool->waiting) {
    if (pool->unused)
      use_link(queue_take(pool));
    else if (share_take(&pool->member))
      open_link(queue_take(pool));
    else
      return;
  }
}

/* Other loops have given something up, or want what is idle here. */
static void regulate(void *payload) {
  struct upstream_pool *pool = payload;
  while (pool->unused && share_is_wanted(&pool->member)) link_close(pool->unused);
  upstream_serve_queue(pool);
}

void upstream_dial_ended(struct upstream_pool *pool, enum error_code code) {
  if (code == ERROR_server_unreachable)
    share_dial_failed(&pool->member, (int64_t)uv_now(pool->loop));
  else
    share_dial_worked(&pool->member); /* a certificate that is refused is one that was shown */
}

/* Time. */

static void check_link(struct link *link, int64_t now_ms) {
  if (link->closed || link->call || now_ms - link->since_ms < link->pool->options.keep_alive_ms) return;
  link_close(link);
}

static void on_tick(uv_timer_t *tick) {
  struct upstream_pool *pool = tick->data;
  int64_t now_ms = (int64_t)uv_now(pool->loop);
  for (struct link *link = pool->links, *next; link; link = next) {
    next = link->next;
    check_link(link, now_ms);
  }
  for (struct upstream_call *call = pool->calls; call; call = call->next) call_check_time(call, now_ms);
  regulate(pool);
  if (!pool->links && !pool->calls) (void)uv_timer_stop(tick);
}

#include "gateway/proxy_pool.h"

#include "base/mem.h"
#include "http/upstream_share.h"
#include "http/url.h"

enum { CALLS_WAITING = 1024 }; /* at one server; further ones end at once */

struct place { /* a server as it is reached: what the pools of all loops to it share */
  struct place *next;
  struct arena *arena;
  struct config_server server; /* what of it decides where and how; copied */
  struct upstream_share *share;
  _Atomic size_t calls;
  size_t pools;
};

struct proxy_places {
  uv_mutex_t lock;
  struct place *first; /* the newest of several with one id */
};

struct proxy_pool {
  struct proxy_pool *next;
  struct upstream_pool *upstream;
  struct place *place;
  size_t calls;
  bool retired;
};

struct proxy_pools {
  uv_loop_t *loop;
  struct proxy_places *places;
  struct config *config; /* the newest; NULL: not told yet */
  struct proxy_pool *first;
};

struct proxy_pools *proxy_pools_new(uv_loop_t *loop, struct proxy_places *places) {
  struct proxy_pools *pools = mem_alloc(sizeof *pools);
  pools->loop = loop;
  pools->places = places;
  return pools;
}

static bool same_place(const struct config_server *a, const struct config_server *b) {
  return str_eq(a->id, b->id) && str_eq(a->url, b->url) && str_eq(a->ca, b->ca) &&
         str_lists_eq(a->addresses.p, a->addresses.n, b->addresses.p, b->addresses.n) && a->limits.concurrency == b->limits.concurrency &&
         a->limits.response_header_timeout_ms == b->limits.response_header_timeout_ms;
}

static struct config_server copy_place(struct arena *arena, const struct config_server *server) {
  struct config_server copy = {.id = arena_str(arena, server->id),
                               .url = arena_str(arena, server->url),
                               .ca = arena_str(arena, server->ca),
                               .limits = server->limits};
  copy.addresses.n = server->addresses.n;
  copy.addresses.p = ARENA_ARRAY(arena, server->addresses.n, struct str);
  for (size_t i = 0; i < server->addresses.n; i++) copy.addresses.p[i] = arena_str(arena, server->addresses.p[i]);
  return copy;
}

/* Places. */

struct proxy_places *proxy_places_new(void) {
  struct proxy_places *places = mem_alloc(sizeof *places);
  if (uv_mutex_init(&places->lock)) abort();
  return places;
}

void proxy_places_free(struct proxy_places *places) {
  if (!places) return;
  uv_mutex_destroy(&places->lock);
  free(places);
}

static struct place *place_new(struct proxy_places *places, const struct config_server *server) {
  struct place *place = mem_alloc(sizeof *place);
  struct arena *arena = arena_new();
  *place = (struct place){.next = places->first,
                          .arena = arena,
                          .server = copy_place(arena, server),
                          .share = upstream_share_new((size_t)server->limits.concurrency, CALLS_WAITING)};
  places->first = place;
  return place;
}

static struct place *place_take(struct proxy_places *places, const struct config_server *server) {
  uv_mutex_lock(&places->lock);
  struct place *place = places->first;
  while (place && !same_place(&place->server, server)) place = place->next;
  if (!place) place = place_new(places, server);
  place->pools++;
  uv_mutex_unlock(&places->lock);
  return place;
}

static void place_give(struct proxy_places *places, struct place *gone) {
  uv_mutex_lock(&places->lock);
  if (--gone->pools == 0) {
    struct place **at = &places->first;
    while (*at != gone) at = &(*at)->next;
    *at = gone->next;
    upstream_share_free(gone->share);
    arena_free(gone->arena);
    free(gone);
  }
  uv_mutex_unlock(&places->lock);
}

bool proxy_places_look(struct proxy_places *places, struct str server_id, struct proxy_counts *ret) {
  uv_mutex_lock(&places->lock);
  struct place *place = places->first;
  while (place && !str_eq(place->server.id, server_id)) place = place->next;
  if (place) {
    struct share_counts counts = upstream_share_counts(place->share);
    *ret = (struct proxy_counts){place->calls, counts.open, counts.idle, counts.waiting, counts.shut};
  }
  uv_mutex_unlock(&places->lock);
  return place;
}

/* Pools. */

static void pool_free(struct proxy_pools *pools, struct proxy_pool *pool) {
  upstream_pool_free(pool->upstream);
  pool->place->calls -= pool->calls;
  place_give(pools->places, pool->place);
  free(pool);
}

static void remove_idle_retired(struct proxy_pools *pools) {
  for (struct proxy_pool **at = &pools->first, *pool; (pool = *at);) {
    if (pool->retired && pool->calls == 0) {
      *at = pool->next;
      pool_free(pools, pool);
    } else {
      at = &pool->next;
    }
  }
}

void proxy_pools_reload(struct proxy_pools *pools, struct config *config) {
  config_unref(pools->config);
  pools->config = config_ref(config);
  for (struct proxy_pool *pool = pools->first; pool; pool = pool->next) {
    const struct config_server *server = config_server(config, pool->place->server.id);
    pool->retired = pool->retired || !server || !same_place(server, &pool->place->server);
  }
  remove_idle_retired(pools);
}

void proxy_pools_free(struct proxy_pools *pools) {
  for (struct proxy_pool *pool = pools->first, *next; pool; pool = next) {
    next = pool->next;
    pool_free(pools, pool);
  }
  config_unref(pools->config);
  free(pools);
}

static struct upstream_pool *open_upstream(struct proxy_pools *pools, const struct config_server *server, struct upstream_share *share,
                                           struct arena *arena, struct error *error) {
  struct url url;
  if (url_parse(arena, server->url, &url, error) < 0) {
    error->code = ERROR_configuration;
    return NULL;
  }
  struct upstream_options options = {
      .host = url.host,
      .port = url.port,
      .tls = str_eq(url.scheme, STR("https")),
      .ca_file = server->ca,
      .addresses = server->addresses.p,
      .address_count = server->addresses.n,
      .share = share,
      .answer_timeout_ms = (int)server->limits.response_header_timeout_ms,
  };
  return upstream_pool_new(pools->loop, &options, error);
}

static struct proxy_pool *pool_new(struct proxy_pools *pools, const struct config_server *server, struct error *error) {
  struct arena *arena = arena_new();
  struct place *place = place_take(pools->places, server);
  struct upstream_pool *upstream = open_upstream(pools, server, place->share, arena, error);
  arena_free(arena);
  if (!upstream) {
    place_give(pools->places, place);
    return NULL;
  }
  struct proxy_pool *pool = mem_alloc(sizeof *pool);
  *pool = (struct proxy_pool){.next = pools->first, .upstream = upstream, .place = place};
  pools->first = pool;
  return pool;
}

struct proxy_pool *proxy_pool_take(struct proxy_pools *pools, const struct config_server *server, struct error *error) {
  const struct config_server *now = pools->config ? config_server(pools->config, server->id) : server;
  if (!now || !same_place(now, server)) { /* the call comes from before the reload: its credential must not go to the new place */
    (void)error_set(error, ERROR_busy, "the configuration of this server has just changed: try again");
    error->retry_after = 1;
    return NULL;
  }
  struct proxy_pool *pool = pools->first;
  while (pool && (pool->retired || !same_place(&pool->place->server, server))) pool = pool->next;
  if (!pool) pool = pool_new(pools, server, error);
  if (!pool) return NULL;
  pool->calls++;
  atomic_fetch_add_explicit(&pool->place->calls, 1, memory_order_relaxed);
  return pool;
}

void proxy_pool_give(struct proxy_pools *pools, struct proxy_pool *pool) {
  pool->calls--;
  atomic_fetch_sub_explicit(&pool->place->calls, 1, memory_order_relaxed);
  remove_idle_retired(pools);
}

struct upstream_pool *proxy_pool_upstream(struct proxy_pool *pool) {
  return pool->upstream;
}

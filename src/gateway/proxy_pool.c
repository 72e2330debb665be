#include "gateway/proxy_pool.h"

#include "base/mem.h"
#include "http/url.h"

struct proxy_pool {
  struct proxy_pool *next;
  struct upstream_pool *upstream;
  struct arena *arena;
  struct config_server server; /* what of it decides where and how; copied */
  size_t calls;
  bool retired;
};

struct proxy_pools {
  uv_loop_t *loop;
  struct config *config; /* the newest; NULL: not told yet */
  struct proxy_pool *first;
};

struct proxy_pools *proxy_pools_new(uv_loop_t *loop) {
  struct proxy_pools *pools = mem_alloc(sizeof *pools);
  pools->loop = loop;
  return pools;
}

static bool same_texts(struct config_texts a, struct config_texts b) {
  if (a.n != b.n) return false;
  for (size_t i = 0; i < a.n; i++)
    if (!str_eq(a.p[i], b.p[i])) return false;
  return true;
}

static bool same_place(const struct config_server *a, const struct config_server *b) {
  return str_eq(a->id, b->id) && str_eq(a->url, b->url) && str_eq(a->ca, b->ca) && same_texts(a->addresses, b->addresses) &&
         a->limits.concurrency == b->limits.concurrency && a->limits.response_header_timeout_ms == b->limits.response_header_timeout_ms;
}

static void pool_free(struct proxy_pool *pool) {
  upstream_pool_free(pool->upstream);
  arena_free(pool->arena);
  free(pool);
}

static void remove_idle_retired(struct proxy_pools *pools) {
  for (struct proxy_pool **at = &pools->first, *pool; (pool = *at);) {
    if (pool->retired && pool->calls == 0) {
      *at = pool->next;
      pool_free(pool);
    } else {
      at = &pool->next;
    }
  }
}

void proxy_pools_reload(struct proxy_pools *pools, struct config *config) {
  config_unref(pools->config);
  pools->config = config_ref(config);
  for (struct proxy_pool *pool = pools->first; pool; pool = pool->next) {
    const struct config_server *server = config_server(config, pool->server.id);
    pool->retired = pool->retired || !server || !same_place(server, &pool->server);
  }
  remove_idle_retired(pools);
}

void proxy_pools_free(struct proxy_pools *pools) {
  for (struct proxy_pool *pool = pools->first, *next; pool; pool = next) {
    next = pool->next;
    pool_free(pool);
  }
  config_unref(pools->config);
  free(pools);
}

static struct upstream_pool *open_upstream(struct proxy_pools *pools, const struct config_server *server, struct arena *arena,
                                           struct error *error) {
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
      .connections = (size_t)server->limits.concurrency,
      .answer_timeout_ms = (int)server->limits.response_header_timeout_ms,
  };
  return upstream_pool_new(pools->loop, &options, error);
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

static struct proxy_pool *pool_new(struct proxy_pools *pools, const struct config_server *server, struct error *error) {
  struct arena *arena = arena_new();
  struct upstream_pool *upstream = open_upstream(pools, server, arena, error);
  if (!upstream) {
    arena_free(arena);
    return NULL;
  }
  struct proxy_pool *pool = mem_alloc(sizeof *pool);
  *pool = (struct proxy_pool){.next = pools->first, .upstream = upstream, .arena = arena, .server = copy_place(arena, server)};
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
  while (pool && (pool->retired || !same_place(&pool->server, server))) pool = pool->next;
  if (!pool) pool = pool_new(pools, server, error);
  if (pool) pool->calls++;
  return pool;
}

void proxy_pool_give(struct proxy_pools *pools, struct proxy_pool *pool) {
  pool->calls--;
  remove_idle_retired(pools);
}

struct upstream_pool *proxy_pool_upstream(struct proxy_pool *pool) {
  return pool->upstream;
}

bool proxy_pool_look(const struct proxy_pools *pools, struct str server_id, size_t *ret_calls, struct upstream_counts *ret) {
  for (const struct proxy_pool *pool = pools->first; pool; pool = pool->next)
    if (!pool->retired && str_eq(pool->server.id, server_id)) {
      *ret_calls = pool->calls;
      *ret = upstream_counts(pool->upstream);
      return true;
    }
  return false;
}

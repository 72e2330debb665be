/* proxy_pool: the upstream pools of the proxied path, one per server and loop, over reloads of the configuration. For proxy*.c alone, but for proxy_places.
 *
 * What holds always: the pools of all loops to one server share its limits (http/upstream_share.h) by struct proxy_places, of which a process has one. A pool serves only calls whose config names the same place in the same way (address, CA, ranges, limits); a server that changed gets a new pool, and the old one goes once its last call has
 * ended. Freed outside of callbacks (net/turn.h).
 *
 * Life cycle: proxy_pools_new, proxy_pool_take for each call and proxy_pool_give back, proxy_pools_reload, proxy_pools_free (calls under way are over: nothing of theirs runs any more). */
#ifndef DRAWBRIDGE_GATEWAY_PROXY_POOL_H
#define DRAWBRIDGE_GATEWAY_PROXY_POOL_H

#include "gateway/config.h"
#include "http/upstream.h"

struct proxy_places; /* any thread */
struct proxy_pools;
struct proxy_pool;

struct proxy_counts { /* of all loops */
  size_t calls;       /* under way, also those that wait */
  size_t connections, unused, waiting;
  size_t shut; /* 1 while the server cannot be connected to, and is spared */
};

struct proxy_places *proxy_places_new(void);
void proxy_places_free(struct proxy_places *places);                                                 /* when all pools have gone */
bool proxy_places_look(struct proxy_places *places, struct str server_id, struct proxy_counts *ret); /* false: never called */

struct proxy_pools *proxy_pools_new(uv_loop_t *loop, struct proxy_places *places);
void proxy_pools_reload(struct proxy_pools *pools, struct config *config); /* its own reference is taken */
void proxy_pools_free(struct proxy_pools *pools);

/* NULL: ERROR_configuration (a CA file that cannot be read any more), or ERROR_busy where a reload took the server away or gave it another place while this call was on its way. */
struct proxy_pool *proxy_pool_take(struct proxy_pools *pools, const struct config_server *server, struct error *error);
void proxy_pool_give(struct proxy_pools *pools, struct proxy_pool *pool); /* outside of the pool's callbacks */
struct upstream_pool *proxy_pool_upstream(struct proxy_pool *pool);

#endif

/* proxy_pool: the upstream pools of the proxied path, one per server, over reloads of the configuration. For proxy*.c alone.
 *
 * What holds always: a pool serves only calls whose config names the same place in the same way (address, CA, ranges, limits); a server that changed gets a new pool, and the old one goes once its last call has
 * ended. Freed outside of callbacks (net/turn.h).
 *
 * Life cycle: proxy_pools_new, proxy_pool_take for each call and proxy_pool_give back, proxy_pools_reload, proxy_pools_free (calls under way are over: nothing of theirs runs any more). */
#ifndef DRAWBRIDGE_GATEWAY_PROXY_POOL_H
#define DRAWBRIDGE_GATEWAY_PROXY_POOL_H

#include "gateway/config.h"
#include "http/upstream.h"

struct proxy_pools;
struct proxy_pool;

struct proxy_pools *proxy_pools_new(uv_loop_t *loop);
void proxy_pools_reload(struct proxy_pools *pools, struct config *config); /* its own reference is taken */
void proxy_pools_free(struct proxy_pools *pools);

/* NULL: ERROR_configuration (a CA file that cannot be read any more), or ERROR_busy where a reload took the server away or gave it another place while this call was on its way. */
struct proxy_pool *proxy_pool_take(struct proxy_pools *pools, const struct config_server *server, struct error *error);
void proxy_pool_give(struct proxy_pools *pools, struct proxy_pool *pool); /* outside of the pool's callbacks */
struct upstream_pool *proxy_pool_upstream(struct proxy_pool *pool);

bool proxy_pool_look(const struct proxy_pools *pools, struct str server_id, size_t *ret_calls, struct upstream_counts *ret);

#endif

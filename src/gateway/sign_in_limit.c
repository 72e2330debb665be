#include "gateway/sign_in_limit.h"

#include "base/mem.h"
#include "gateway/visit.h"

struct sign_in_slot { /* one per browser; freed with its last sign-in */
  unsigned char key[HASH_SIZE];
  int64_t count;
};

static struct str key_of(const struct sign_in_slot *slot) {
  return (struct str){(const char *)slot->key, sizeof slot->key};
}

static void make_key(struct http_exchange *exchange, const struct gateway_session *session, unsigned char ret[HASH_SIZE]) {
  struct str agent = STR_NONE, text;
  struct arena *arena = http_exchange_arena(exchange);
  (void)http_headers_get(&http_exchange_request(exchange)->headers, STR("User-Agent"), &agent);
  if (session)
    text = arena_printf(arena, "session %.*s", STR_ARG(gateway_session_owner(session)));
  else
    text = arena_printf(arena, "peer %.*s %.*s", STR_ARG(visit_of(exchange)->asking.peer), STR_ARG(agent));
  hash_sha256(text, ret);
}

/* NULL: there are as many as may be. */
static struct sign_in_slot *take(struct map *under_way, const unsigned char key[HASH_SIZE], int64_t most) {
  struct sign_in_slot *slot = map_get(under_way, (struct str){(const char *)key, HASH_SIZE});
  if (slot && slot->count >= most) return NULL;
  if (!slot) {
    slot = mem_alloc(sizeof *slot);
    memcpy(slot->key, key, HASH_SIZE);
    (void)map_put(under_way, key_of(slot), slot);
  }
  slot->count++;
  return slot;
}

struct sign_in_slot *sign_in_limit_take(struct gateway *gateway, struct http_exchange *exchange, const struct gateway_session *session,
                                        struct error *error) {
  unsigned char key[HASH_SIZE];
  make_key(exchange, session, key);
  int64_t most = visit_of(exchange)->config->limit_sign_ins;
  uv_mutex_lock(&gateway->loops->under_way_lock);
  struct sign_in_slot *slot = take(&gateway->loops->under_way, key, most);
  uv_mutex_unlock(&gateway->loops->under_way_lock);
  if (!slot)
    (void)failure_later(error, ERROR_too_many, 5, "%lld sign-ins of this browser are under way already: wait for one to end",
                        (long long)most);
  return slot;
}

void sign_in_limit_give_back(struct gateway *gateway, struct sign_in_slot *slot) {
  if (!slot) return;
  uv_mutex_lock(&gateway->loops->under_way_lock);
  if (--slot->count == 0) {
    (void)map_delete(&gateway->loops->under_way, key_of(slot));
    free(slot);
  }
  uv_mutex_unlock(&gateway->loops->under_way_lock);
}

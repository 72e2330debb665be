#include "gateway/loops.h"

#include "base/clock.h"
#include "base/mem.h"
#include "gateway/gateway_internal.h"

enum { TROUBLE_MS = 60 * 1000 };

struct loops *loops_new(bool own_nonces) {
  struct loops *loops = mem_alloc(sizeof *loops);
  loops->began_ms = clock_now_ms();
  loops->board = session_board_new();
  if (own_nonces) loops->nonces = proof_nonces_new(clock_monotonic_ms());
  loops->places = proxy_places_new();
  if (uv_mutex_init(&loops->under_way_lock)) abort();
  return loops;
}

void loops_free(struct loops *loops) {
  if (!loops) return;
  free(loops->gateways);
  free(loops->posts);
  map_free(&loops->under_way);
  uv_mutex_destroy(&loops->under_way_lock);
  proxy_places_free(loops->places);
  proof_nonces_free(loops->nonces);
  session_board_free(loops->board);
  free(loops);
}

void loops_add(struct loops *loops, struct gateway *gateway, uv_loop_t *loop) {
  loops->gateways = mem_resize_array(loops->gateways, loops->count + 1, sizeof *loops->gateways);
  loops->posts = mem_resize_array(loops->posts, loops->count + 1, sizeof *loops->posts);
  loops->gateways[loops->count] = gateway;
  loops->posts[loops->count++] = post_new(loop);
  loops->left++;
}

void loops_note_trouble(struct loops *loops, const char *words) {
  if (!words) return;
  atomic_store(&loops->trouble_ms, clock_monotonic_ms());
  atomic_store(&loops->trouble, words);
}

const char *loops_trouble(const struct loops *loops) {
  const char *words = atomic_load(&loops->trouble);
  return words && clock_monotonic_ms() - atomic_load(&loops->trouble_ms) < TROUBLE_MS ? words : NULL;
}

static size_t index_of(const struct loops *loops, const struct gateway *gateway) {
  size_t i = 0;
  while (loops->gateways[i] != gateway) i++;
  return i;
}

bool loops_remove(struct loops *loops, struct gateway *gateway) {
  size_t i = index_of(loops, gateway);
  post_free(loops->posts[i]); /* what is still there needs the gateway */
  loops->posts[i] = NULL;
  return --loops->left == 0;
}

struct round {
  struct loops *loops;
  size_t home; /* where it began */
  void (*act)(struct gateway *gateway, void *payload);
  void (*done)(void *payload);
  void *payload;
  _Atomic size_t left;
};

struct errand {
  struct round *round;
  struct gateway *gateway;
};

static void end(void *payload) {
  struct round *round = payload;
  if (round->done) round->done(round->payload);
  free(round);
}

static void run_errand(void *payload) {
  struct errand *errand = payload;
  struct round *round = errand->round;
  struct post *home = round->loops->posts[round->home];
  round->act(errand->gateway, round->payload);
  free(errand);
  if (atomic_fetch_sub(&round->left, 1) > 1) return;
  if (home)
    post_send(home, end, round);
  else
    end(round);
}

void loops_everywhere(struct gateway *from, void (*act)(struct gateway *gateway, void *payload), void (*done)(void *payload),
                      void *payload) {
  struct loops *loops = from->loops;
  struct round *round = mem_alloc(sizeof *round);
  *round = (struct round){.loops = loops, .home = index_of(loops, from), .act = act, .done = done, .payload = payload, .left = 1};
  act(from, payload);
  for (size_t i = 0; i < loops->count; i++) {
    if (i == round->home || !loops->posts[i]) continue;
    struct errand *errand = mem_alloc(sizeof *errand);
    *errand = (struct errand){round, loops->gateways[i]};
    atomic_fetch_add(&round->left, 1);
    post_send(loops->posts[i], run_errand, errand);
  }
  if (atomic_fetch_sub(&round->left, 1) == 1) end(round);
}

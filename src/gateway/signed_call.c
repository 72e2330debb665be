#include "gateway/signed_call.h"

#include "base/clock.h"
#include "gateway/proof_shared.h"
#include "gateway/visit.h"

/* The proof is used up in the store, on its thread. */
struct using {
  struct gateway *gateway;
  struct http_exchange *exchange;
  void (*go_on)(struct gateway * gateway, struct http_exchange * exchange);
  struct proof proof;
  int64_t now_ms;
  struct error error;
};

static void set_key(struct http_exchange *exchange, const struct proof *proof) {
  visit_of(exchange)->key = arena_str(http_exchange_arena(exchange), (struct str){(const char *)proof->key, sizeof proof->key});
}

static void use_run(void *payload, const struct rows *rows) {
  struct using *using = payload;
  (void)proof_shared_use(rows, using->now_ms, &using->proof, &using->error);
}

static void use_done(void *payload) {
  struct using *using = payload;
  if (using->error.code) {
    gateway_reply_error(using->gateway, using->exchange, &using->error);
  } else {
    set_key(using->exchange, &using->proof);
    using->go_on(using->gateway, using->exchange);
  }
  http_exchange_release(using->exchange);
}

/* Whoever has a key can sign: what strangers can write to the store has an end. A few too many, where loops meet a new turn at once, do no harm. */
static bool may_use_more(struct loops *loops, int64_t now_ms) {
  int64_t turn = now_ms / PROOF_TURN_MS;
  if (atomic_exchange(&loops->proofs_turn, turn) != turn) atomic_store(&loops->proofs, 0);
  return atomic_fetch_add(&loops->proofs, 1) < PROOF_SEEN_MAX;
}

static int use_shared(struct gateway *gateway, struct http_exchange *exchange, const struct proof *proof,
                      void (*go_on)(struct gateway *gateway, struct http_exchange *exchange), struct error *error) {
  struct keyring *ring = sessions_ring(gateway->sessions);
  int64_t now = clock_now_ms();
  int failed = proof_shared_check(ring, now, proof, error);
  keyring_free(ring);
  if (failed) return -1;
  if (!may_use_more(gateway->loops, now)) return error_set(error, ERROR_busy, "too many signed calls at once: try again in half a minute");
  struct using *using = ARENA_NEW(http_exchange_arena(exchange), struct using);
  *using = (struct using){.gateway = gateway, .exchange = exchange, .go_on = go_on, .proof = *proof, .now_ms = now};
  http_exchange_hold(exchange);
  if (sessions_submit(gateway->sessions, use_run, use_done, using)) return 0;
  http_exchange_release(exchange);
  return error_set(error, ERROR_busy, "too many calls wait for the store: try again in a moment");
}

static int read_proof(struct http_exchange *exchange, struct proof *ret, struct error *error) {
  const struct visit *visit = visit_of(exchange);
  const struct http_request *request = http_exchange_request(exchange);
  struct arena *arena = http_exchange_arena(exchange);
  struct proof_call call = {request->method, arena_concat(arena, visit->config->public_url, request->path), visit->asking.handle};
  return proof_check(visit->asking.proof, &call, arena, ret, error);
}

static bool may_be_unsigned(struct http_exchange *exchange) {
  const struct asking *asking = &visit_of(exchange)->asking;
  return asking->mode != CONFIG_MODE_HANDLE || asking->preflight ||
         (!asking->proof.n && !asking->handle.n && str_eq(http_exchange_request(exchange)->method, STR("GET")));
}

void signed_call_read(struct gateway *gateway, struct http_exchange *exchange,
                      void (*go_on)(struct gateway *gateway, struct http_exchange *exchange)) {
  struct proof_nonces *own = gateway->loops->nonces;
  struct proof proof;
  struct error error;
  int failed;
  if (may_be_unsigned(exchange)) {
    go_on(gateway, exchange);
    return;
  }
  error_clear(&error);
  if (!visit_of(exchange)->asking.proof.n)
    failed = proof_refuse(&error, "missing", "sign the call: X-Drawbridge-Proof is missing");
  else if (read_proof(exchange, &proof, &error))
    failed = -1;
  else if (!own)
    failed = use_shared(gateway, exchange, &proof, go_on, &error);
  else
    failed = proof_nonces_use(own, clock_monotonic_ms(), &proof, &error);
  if (failed) {
    gateway_reply_error(gateway, exchange, &error);
  } else if (own) {
    set_key(exchange, &proof);
    go_on(gateway, exchange);
  }
}

static struct str current_nonce(struct gateway *gateway, struct arena *arena) {
  if (gateway->loops->nonces) return proof_nonces_current(gateway->loops->nonces, clock_monotonic_ms(), arena);
  struct keyring *ring = sessions_ring(gateway->sessions);
  struct str nonce = proof_shared_nonce(ring, clock_now_ms(), arena);
  keyring_free(ring);
  return nonce;
}

void signed_call_headers(struct gateway *gateway, struct http_exchange *exchange, struct http_headers *headers) {
  struct arena *arena = http_exchange_arena(exchange);
  if (visit_of(exchange)->asking.mode == CONFIG_MODE_HANDLE)
    http_headers_set(headers, arena, STR("X-Drawbridge-Nonce"), current_nonce(gateway, arena));
}

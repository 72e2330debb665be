#include "gateway/transaction.h"

#include "gateway/packed.h"
#include "http/base64.h"

enum {
  TAG_SERVER = 1,
  TAG_RETURN_TO,
  TAG_APP,
  TAG_MODE,
  TAG_CHALLENGE,
  TAG_NONCE,
  TAG_ISSUER,
  TAG_TOKEN_ENDPOINT,
  TAG_LEGACY,
  TAG_VERIFIER,
  TAG_CODE,
  TAG_VAULT,
  TAG_REMEMBER,
  TAGS = TAG_REMEMBER
};
#define FIELD(tag) (f[(tag)-1].bytes)

static const struct str sign_in_kind = {"sign-in", 7}, carry_kind = {"carry", 5}, hand_off_kind = {"hand-off", 8};

void transaction_clear(struct transaction *transaction) {
  secret_free(transaction->verifier);
  secret_free(transaction->code);
  secret_free(transaction->vault);
  transaction->verifier = transaction->code = transaction->vault = NULL;
}

static struct str there(struct str text) {
  return text.p ? text : STR("");
}

static struct secret *pack(const struct transaction *t) {
  char mode = (char)t->mode, legacy = (char)t->legacy, remember = (char)t->remember;
  const struct packed_field f[] = {
      {TAG_SERVER, there(t->server)},
      {TAG_RETURN_TO, there(t->return_to)},
      {TAG_APP, there(t->app)},
      {TAG_MODE, {&mode, 1}},
      {TAG_CHALLENGE, there(t->challenge)},
      {TAG_NONCE, there(t->nonce)},
      {TAG_ISSUER, there(t->issuer)},
      {TAG_TOKEN_ENDPOINT, there(t->token_endpoint)},
      {TAG_LEGACY, {&legacy, 1}},
      {TAG_VERIFIER, secret_reveal(t->verifier)},
      {TAG_CODE, secret_reveal(t->code)},
      {TAG_VAULT, secret_reveal(t->vault)},
      {TAG_REMEMBER, {&remember, 1}},
  };
  return packed_close(f, sizeof f / sizeof *f);
}

static bool unpack(const struct secret *packed, struct arena *arena, struct transaction *ret) {
  struct packed_field f[TAGS];
  for (size_t i = 0; i < TAGS; i++) f[i].tag = (unsigned char)(i + 1);
  if (!packed_open(secret_reveal(packed), f, TAGS) || FIELD(TAG_MODE).n != 1 || FIELD(TAG_LEGACY).n != 1) return false;
  *ret = (struct transaction){.server = arena_str(arena, FIELD(TAG_SERVER)),
                              .return_to = arena_str(arena, FIELD(TAG_RETURN_TO)),
                              .app = arena_str(arena, FIELD(TAG_APP)),
                              .mode = (enum config_mode)FIELD(TAG_MODE).p[0],
                              .challenge = arena_str(arena, FIELD(TAG_CHALLENGE)),
                              .nonce = arena_str(arena, FIELD(TAG_NONCE)),
                              .issuer = arena_str(arena, FIELD(TAG_ISSUER)),
                              .token_endpoint = arena_str(arena, FIELD(TAG_TOKEN_ENDPOINT)),
                              .legacy = FIELD(TAG_LEGACY).p[0],
                              .verifier = FIELD(TAG_VERIFIER).p ? secret_new(FIELD(TAG_VERIFIER)) : NULL,
                              .code = FIELD(TAG_CODE).p ? secret_new(FIELD(TAG_CODE)) : NULL,
                              .vault = FIELD(TAG_VAULT).p ? secret_new(FIELD(TAG_VAULT)) : NULL,
                              .remember = FIELD(TAG_REMEMBER).n == 1 && FIELD(TAG_REMEMBER).p[0]};
  return true;
}

static struct seal_place place_of(const struct rows *rows, const struct secret *holder, const struct str *kind) {
  return (struct seal_place){rows->ring, holder, kind, 1};
}

static int put(const struct rows *rows, const struct str *kind, const unsigned char id[HASH_SIZE], struct str server,
               const struct secret *holder, struct str plain, int64_t expires_ms, struct error *error) {
  struct arena *arena = arena_new();
  struct store_ticket ticket = {
      .kind = *kind, .server = server, .sealed = seal_close(arena, place_of(rows, holder, kind), plain), .expires_ms = expires_ms};
  memcpy(ticket.id, id, sizeof ticket.id);
  int failed = store_ticket_put(rows->store, &ticket, error);
  arena_free(arena);
  return failed;
}

/* 1: *ret is what was sealed; 0: nothing that this holder may have. It is gone in any case. */
static int take(const struct rows *rows, const struct str *kind, const unsigned char id[HASH_SIZE], const struct secret *holder,
                int64_t now_ms, struct secret **ret, struct error *error) {
  struct arena *arena = arena_new();
  struct store_ticket ticket;
  struct error ignored = {0};
  int found = store_ticket_take(rows->store, *kind, id, now_ms, arena, &ticket, error);
  if (found == 1) {
    *ret = seal_open(place_of(rows, holder, kind), ticket.sealed, &ignored);
    if (!*ret) found = 0;
  }
  arena_free(arena);
  return found;
}

static int take_transaction(const struct rows *rows, const struct str *kind, const unsigned char id[HASH_SIZE], const struct secret *holder,
                            int64_t now_ms, struct arena *arena, struct transaction *ret, struct error *error) {
  struct secret *packed = NULL;
  int found = take(rows, kind, id, holder, now_ms, &packed, error);
  if (found == 1 && !unpack(packed, arena, ret)) found = 0;
  secret_free(packed);
  return found;
}

static int put_transaction(const struct rows *rows, const struct str *kind, const unsigned char id[HASH_SIZE], const struct secret *holder,
                           const struct transaction *transaction, int64_t expires_ms, struct error *error) {
  struct secret *packed = pack(transaction);
  if (!packed) return error_set(error, ERROR_too_large, "what belongs to the sign-in is too large");
  int failed = put(rows, kind, id, there(transaction->server), holder, secret_reveal(packed), expires_ms, error);
  secret_free(packed);
  return failed;
}

int transaction_put(const struct rows *rows, struct str state, const struct secret *cookie, const struct transaction *transaction,
                    int64_t now_ms, struct error *error) {
  unsigned char id[HASH_SIZE];
  hash_sha256(state, id);
  return put_transaction(rows, &sign_in_kind, id, cookie, transaction, now_ms + TRANSACTION_MS, error);
}

int transaction_take(const struct rows *rows, struct str state, const struct secret *cookie, int64_t now_ms, struct arena *arena,
                     struct transaction *ret, struct error *error) {
  unsigned char id[HASH_SIZE];
  hash_sha256(state, id);
  return take_transaction(rows, &sign_in_kind, id, cookie, now_ms, arena, ret, error);
}

/* Another value than the cookie's own hash anywhere else. */
static void carry_id(const struct secret *cookie, unsigned char ret[HASH_SIZE]) {
  struct str bytes = secret_reveal(cookie);
  unsigned char room[6 + 32];
  memset(room, 0, sizeof room);
  memcpy(room, "carry ", 6);
  memcpy(room + 6, bytes.p, bytes.n < 32 ? bytes.n : 32);
  hash_sha256((struct str){(const char *)room, sizeof room}, ret);
  secret_wipe(room, sizeof room);
}

int transaction_take_carried(const struct rows *rows, const struct secret *cookie, int64_t now_ms, struct secret **ret,
                             struct error *error) {
  unsigned char id[HASH_SIZE];
  carry_id(cookie, id);
  return take(rows, &carry_kind, id, cookie, now_ms, ret, error);
}

int transaction_carry(const struct rows *rows, const struct secret *cookie, const struct secret *session, int64_t now_ms,
                      struct error *error) {
  unsigned char id[HASH_SIZE];
  struct secret *before = NULL;
  carry_id(cookie, id);
  int found = take(rows, &carry_kind, id, cookie, now_ms, &before, error);
  secret_free(before);
  return found < 0 ? -1 : put(rows, &carry_kind, id, STR("any"), cookie, secret_reveal(session), now_ms + TRANSACTION_MS, error);
}

int transaction_hand_off(const struct rows *rows, const struct transaction *transaction, int64_t now_ms, struct arena *arena,
                         struct str *ret_code, struct error *error) {
  unsigned char bytes[32], id[HASH_SIZE];
  random_bytes(bytes, sizeof bytes);
  *ret_code = base64url_encode(arena, (struct str){(const char *)bytes, sizeof bytes});
  secret_wipe(bytes, sizeof bytes);
  struct secret *holder = secret_new(*ret_code);
  hash_sha256(*ret_code, id);
  int failed = put_transaction(rows, &hand_off_kind, id, holder, transaction, now_ms + HANDOFF_MS, error);
  secret_free(holder);
  return failed;
}

int transaction_take_hand_off(const struct rows *rows, struct str code, int64_t now_ms, struct arena *arena, struct transaction *ret,
                              struct error *error) {
  unsigned char id[HASH_SIZE];
  struct secret *holder = secret_new(code);
  hash_sha256(code, id);
  int found = take_transaction(rows, &hand_off_kind, id, holder, now_ms, arena, ret, error);
  secret_free(holder);
  return found;
}

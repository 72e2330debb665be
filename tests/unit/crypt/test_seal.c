/* Sealed texts: open at their place, for their holder, whole and unchanged; for nobody else (R-D10, A15, A16). */
#include "base/mem.h"
#include "crypt/seal.h"

#include <setjmp.h>
#include <stdarg.h>
#include <unistd.h>

#include <cmocka.h>

struct bench {
  char folder[64], path[96];
  struct arena *arena;
  struct keyring *ring;
  struct secret *holder;
};

static int setup(void **state) {
  struct bench *b = mem_alloc(sizeof *b);
  struct error error = {0};
  (void)snprintf(b->folder, sizeof b->folder, "/tmp/store-seal-XXXXXX");
  if (!mkdtemp(b->folder)) return -1;
  (void)snprintf(b->path, sizeof b->path, "%s/keys", b->folder);
  b->arena = arena_new();
  b->ring = keyring_open(b->path, &error);
  b->holder = secret_random(32);
  *state = b;
  return b->ring ? 0 : -1;
}

static int teardown(void **state) {
  struct bench *b = *state;
  arena_free(b->arena);
  keyring_free(b->ring);
  secret_free(b->holder);
  (void)unlink(b->path);
  int result = rmdir(b->folder);
  free(b);
  return result;
}

static const struct str fields[] = {{"session", 7}, {"central", 7}, {"credential", 10}};

static struct seal_place place_of(const struct bench *b) {
  return (struct seal_place){.ring = b->ring, .holder = b->holder, .fields = fields, .count = 3};
}

static void opens(struct seal_place place, struct str sealed, struct str want) {
  struct error error = {0};
  struct secret *got = seal_open(place, sealed, &error);
  assert_non_null(got);
  assert_int_equal(error.code, ERROR_NONE);
  assert_true(secret_eq(got, want));
  secret_free(got);
}

static void stays_shut(struct seal_place place, struct str sealed) {
  struct error error = {0};
  assert_null(seal_open(place, sealed, &error));
  assert_int_equal(error.code, ERROR_reauth_required);
}

/* [R-D10] */
static void opens_where_it_belongs(void **state) {
  struct bench *b = *state;
  struct str plain = STR("d2p_token"), sealed = seal_close(b->arena, place_of(b), plain);
  assert_int_equal(sealed.n, 1 + 4 + 24 + plain.n + 16);
  assert_int_equal(sealed.p[0], 1);
  assert_false(str_has(sealed, plain));
  opens(place_of(b), sealed, plain);
  opens(place_of(b), seal_close(b->arena, place_of(b), STR_NONE), STR_NONE);
  struct seal_place bare = {.ring = b->ring};
  opens(bare, seal_close(b->arena, bare, plain), plain);
}

/* [A16] */
static void no_nonce_twice(void **state) {
  struct bench *b = *state;
  struct str x = seal_close(b->arena, place_of(b), STR("same")), y = seal_close(b->arena, place_of(b), STR("same"));
  assert_memory_not_equal(x.p + 5, y.p + 5, 24);
}

/* [A16] */
static void every_bit_counts(void **state) {
  struct bench *b = *state;
  struct str sealed = seal_close(b->arena, place_of(b), STR("d2p_token"));
  char *p = arena_alloc(b->arena, sealed.n);
  for (size_t bit = 0; bit < sealed.n * 8; bit++) {
    memcpy(p, sealed.p, sealed.n);
    p[bit / 8] = (char)(p[bit / 8] ^ (1 << bit % 8));
    stays_shut(place_of(b), (struct str){p, sealed.n});
  }
}

/* [A16] */
static void cut_or_longer_stays_shut(void **state) {
  struct bench *b = *state;
  struct str sealed = seal_close(b->arena, place_of(b), STR("d2p_token"));
  for (size_t n = 0; n < sealed.n; n++) {
    stays_shut(place_of(b), str_slice(sealed, 0, n));
    stays_shut(place_of(b), str_from(sealed, n + 1));
  }
  stays_shut(place_of(b), arena_printf(b->arena, "%.*s%c", STR_ARG(sealed), 'x'));
  stays_shut(place_of(b), STR_NONE);
}

/* [A16] */
static void another_place_stays_shut(void **state) {
  struct bench *b = *state;
  static const struct str other[] = {{"session", 7}, {"district", 8}, {"credential", 10}};
  struct str sealed = seal_close(b->arena, place_of(b), STR("d2p_token"));
  struct seal_place place = place_of(b);
  place.fields = other;
  stays_shut(place, sealed);
  place = place_of(b);
  place.count = 2;
  stays_shut(place, sealed);
}

/* [A15] No two lists of fields are authenticated as the same bytes. */
static void field_borders_count(void **state) {
  struct bench *b = *state;
  static const struct str lists[][3] = {
      {{"ab", 2}, {"c", 1}, {"", 0}},         {{"a", 1}, {"bc", 2}, {"", 0}}, {{"abc", 3}, {"", 0}, {"", 0}},
      {{"", 0}, {"abc", 3}, {"", 0}},         {{"", 0}, {"", 0}, {"abc", 3}}, {{"a", 1}, {"b", 1}, {"c", 1}},
      {{"a\0\0\0\1b", 6}, {"c", 1}, {"", 0}},
  };
  enum { N = sizeof lists / sizeof *lists };
  for (size_t i = 0; i < N; i++) {
    struct seal_place place = place_of(b);
    place.fields = lists[i];
    struct str sealed = seal_close(b->arena, place, STR("x"));
    for (size_t j = 0; j < N; j++)
      for (size_t count = 0; count <= 3; count++) {
        place.fields = lists[j];
        place.count = count;
        if (i == j && count == 3)
          opens(place, sealed, STR("x"));
        else
          stays_shut(place, sealed);
      }
  }
}

static void another_holder_stays_shut(void **state) {
  struct bench *b = *state;
  struct secret *other = secret_random(32), *empty = secret_new(STR_NONE);
  struct str sealed = seal_close(b->arena, place_of(b), STR("d2p_token"));
  struct seal_place place = place_of(b);
  place.holder = other;
  stays_shut(place, sealed);
  place.holder = empty;
  stays_shut(place, sealed);
  place.holder = NULL;
  stays_shut(place, sealed);
  secret_free(other);
  secret_free(empty);
}

/* [R-H2] */
static void a_rotated_key_still_opens(void **state) {
  struct bench *b = *state;
  struct error error = {0};
  struct str sealed = seal_close(b->arena, place_of(b), STR("d2p_token"));
  assert_true(seal_is_newest(b->ring, sealed));
  for (int i = 1; i <= KEYRING_MAX; i++) {
    assert_int_equal(keyring_rotate(b->path, 0, &error), 0);
    struct keyring *ring = keyring_open(b->path, &error);
    struct seal_place place = place_of(b);
    place.ring = ring;
    assert_false(seal_is_newest(ring, sealed));
    if (i < KEYRING_MAX) {
      opens(place, sealed, STR("d2p_token"));
      struct str again = seal_close(b->arena, place, STR("d2p_token"));
      assert_true(seal_is_newest(ring, again));
      stays_shut(place_of(b), again); /* the old ring does not know the new key */
    } else {
      stays_shut(place, sealed); /* its key was dropped */
    }
    keyring_free(ring);
  }
  assert_false(seal_is_newest(b->ring, STR("x")));
}

/* A thief with the same key file's name but another ring. */
static void another_ring_stays_shut(void **state) {
  struct bench *b = *state;
  struct error error = {0};
  struct str sealed = seal_close(b->arena, place_of(b), STR("d2p_token"));
  assert_int_equal(unlink(b->path), 0);
  struct keyring *ring = keyring_open(b->path, &error);
  struct seal_place place = place_of(b);
  place.ring = ring;
  stays_shut(place, sealed);
  keyring_free(ring);
}

#define ON_BENCH(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void) {
  const struct CMUnitTest tests[] = {
      ON_BENCH(opens_where_it_belongs),    ON_BENCH(no_nonce_twice),
      ON_BENCH(every_bit_counts),          ON_BENCH(cut_or_longer_stays_shut),
      ON_BENCH(another_place_stays_shut),  ON_BENCH(field_borders_count),
      ON_BENCH(another_holder_stays_shut), ON_BENCH(a_rotated_key_still_opens),
      ON_BENCH(another_ring_stays_shut),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}

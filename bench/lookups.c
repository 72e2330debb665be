/* How long a store takes to find a session that no process has in memory: `lookups STORE SESSIONS LOOKS`, where the ids of the sessions are the SHA-256 of "1" to "SESSIONS". What gateway/rows.c asks for one, the row and its connections, LOOKS times
 * for sessions drawn at random. Prints microseconds: the half, of 100 the 99th, of 1,000 the 999th, the longest. */
#include "base/arena.h"
#include "base/error.h"
#include "crypt/random.h"
#include "store/store.h"
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static double now_us(void) {
  struct timespec at;
  (void)clock_gettime(CLOCK_MONOTONIC, &at);
  return (double)at.tv_sec * 1e6 + (double)at.tv_nsec / 1e3;
}

static int rising(const void *a, const void *b) {
  const double *one = a, *other = b;
  return (*one > *other) - (*one < *other);
}

static bool look(struct store *store, unsigned long number, struct error *error) {
  char text[24];
  unsigned char id[STORE_HASH_SIZE];
  struct store_session session;
  struct store_connection *connections;
  size_t count = 0;
  struct arena *arena = arena_new();
  hash_sha256((struct str){text, (size_t)snprintf(text, sizeof text, "%lu", number)}, id);
  bool found = store_session_get(store, id, arena, &session, error) == 1 &&
               store_connection_list(store, id, arena, &connections, &count, error) == 0 && count > 0;
  arena_free(arena);
  return found;
}

int main(int argc, char **argv) {
  unsigned long sessions = argc == 4 ? strtoul(argv[2], NULL, 10) : 0, looks = argc == 4 ? strtoul(argv[3], NULL, 10) : 0;
  if (sessions == 0 || looks == 0 || looks > 100000000) {
    (void)fprintf(stderr, "lookups STORE SESSIONS LOOKS\n");
    return 2;
  }
  struct error error = {0};
  struct store *store = store_open(str_of(argv[1]), &error);
  double *took = calloc(looks, sizeof *took);
  uint64_t state = 1; /* so the same sessions with every run */
  bool good = store && took;
  for (unsigned long i = 0; good && i < looks; i++) {
    unsigned long number = (unsigned long)(random_next(&state) % sessions) + 1;
    double began = now_us();
    good = look(store, number, &error);
    took[i] = now_us() - began;
  }
  if (good) {
    qsort(took, looks, sizeof *took, rising);
    (void)printf("%.1f %.1f %.1f %.1f\n", took[looks / 2], took[looks - 1 - looks / 100], took[looks - 1 - looks / 1000], took[looks - 1]);
  } else {
    (void)fprintf(stderr, "lookups: %s\n", error.message[0] ? error.message : "a session was not found");
  }
  free(took);
  if (store) store_close(store);
  return good ? 0 : 1;
}

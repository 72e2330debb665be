#include "crypt/guarded.h"

#include "base/mem.h"
#include <pthread.h>
#include <sodium.h>
#include <stdbool.h>

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/asan_interface.h>
#else
#define ASAN_POISON_MEMORY_REGION(p, n) ((void)(p), (void)(n))
#define ASAN_UNPOISON_MEMORY_REGION(p, n) ((void)(p), (void)(n))
#endif

enum { SMALLEST = 64, CLASSES = 7, MARK = 16, CHUNK = 64 * 1024 };
_Static_assert((SMALLEST << (CLASSES - 1)) - MARK == GUARDED_PIECE_MAX, "the largest class holds the largest piece");

struct unused {
  struct unused *next;
};

static struct {
  pthread_mutex_t lock;
  unsigned char mark[MARK]; /* random: what writes past an end cannot know it */
  bool marked;
  struct unused *unused[CLASSES];
} pieces = {.lock = PTHREAD_MUTEX_INITIALIZER};

static size_t class_of(size_t n) {
  size_t class = 0;
  while (((size_t)SMALLEST << class) - MARK < n) class ++;
  return class;
}

static void *own_area(size_t n) {
  void *p = sodium_malloc(n);
  if (!p) mem_exhausted(n);
  return p;
}

static void cut_chunk(size_t class) {
  size_t size = (size_t)SMALLEST << class;
  char *chunk = own_area(CHUNK);
  for (size_t at = 0; at < CHUNK; at += size) {
    struct unused *piece = (void *)(chunk + at);
    piece->next = pieces.unused[class];
    pieces.unused[class] = piece;
    ASAN_POISON_MEMORY_REGION(piece, size);
  }
}

void *guarded_alloc(size_t n) {
  if (sodium_init() < 0) abort(); /* no random source: nothing here can be safe */
  if (n > GUARDED_PIECE_MAX) return own_area(n);
  size_t class = class_of(n), size = (size_t)SMALLEST << class;
  (void)pthread_mutex_lock(&pieces.lock);
  if (!pieces.marked) randombytes_buf(pieces.mark, MARK);
  pieces.marked = true;
  if (!pieces.unused[class]) cut_chunk(class);
  struct unused *piece = pieces.unused[class];
  ASAN_UNPOISON_MEMORY_REGION(piece, size);
  pieces.unused[class] = piece->next;
  (void)pthread_mutex_unlock(&pieces.lock);
  char *p = (char *)piece;
  memset(p, 0, sizeof *piece);
  memcpy(p + n, pieces.mark, MARK);
  ASAN_POISON_MEMORY_REGION(p + n, size - n);
  return p;
}

void guarded_free(void *p, size_t n) {
  if (n > GUARDED_PIECE_MAX) {
    sodium_free(p); /* wipes, looks at its own mark */
    return;
  }
  size_t class = class_of(n), size = (size_t)SMALLEST << class;
  ASAN_UNPOISON_MEMORY_REGION(p, size);
  if (sodium_memcmp((char *)p + n, pieces.mark, MARK) != 0) abort();
  sodium_memzero(p, n + MARK);
  (void)pthread_mutex_lock(&pieces.lock);
  struct unused *piece = p;
  piece->next = pieces.unused[class];
  pieces.unused[class] = piece;
  ASAN_POISON_MEMORY_REGION(p, size);
  (void)pthread_mutex_unlock(&pieces.lock);
}

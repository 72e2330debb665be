#include "base/arena.h"

#include "base/mem.h"

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/asan_interface.h>
#else
#define ASAN_POISON_MEMORY_REGION(p, n) ((void)(p), (void)(n))
#define ASAN_UNPOISON_MEMORY_REGION(p, n) ((void)(p), (void)(n))
#endif

enum { FIRST_BLOCK = 4096, SMALL_BLOCK = 256, LARGEST_BLOCK = 1 << 20, ALIGN = 16 };

struct block {
  struct block *next;
  size_t used, size;
  _Alignas(ALIGN) char bytes[];
};

struct cleanup {
  struct cleanup *next;
  void (*run)(void *payload);
  void *payload;
};

struct arena {
  struct block *blocks; /* the first is the one that is filled; the last is `first` */
  struct block *large;  /* of one piece each */
  struct cleanup *cleanups;
  size_t next_size;
  struct arena_pool *pool; /* NULL: none */
  struct block *first;     /* lies behind the arena, in one piece of memory */
  struct arena *next_unused;
};

struct arena_pool {
  struct arena *unused;
  size_t count, most, first_size;
};

static struct arena *make(size_t first_size) {
  size_t head = (sizeof(struct arena) + ALIGN - 1) & ~(size_t)(ALIGN - 1), size = head + sizeof(struct block) + first_size;
  char *p = malloc(size);
  if (!p) mem_exhausted(size);
  struct arena *arena = (struct arena *)(void *)p;
  struct block *first = (struct block *)(void *)(p + head);
  *first = (struct block){.size = first_size};
  *arena = (struct arena){.blocks = first, .next_size = 2 * first_size, .first = first};
  return arena;
}

struct arena *arena_new(void) {
  return make(FIRST_BLOCK);
}

struct arena *arena_new_small(void) {
  return make(SMALL_BLOCK);
}

struct arena_pool *arena_pool_new(size_t first_size, size_t most) {
  struct arena_pool *pool = mem_alloc(sizeof *pool);
  *pool = (struct arena_pool){.most = most, .first_size = first_size};
  return pool;
}

void arena_pool_free(struct arena_pool *pool) {
  if (!pool) return;
  for (struct arena *arena = pool->unused, *next; arena; arena = next) {
    next = arena->next_unused;
    free(arena);
  }
  free(pool);
}

struct arena *arena_new_of(struct arena_pool *pool) {
  struct arena *arena = pool->unused;
  if (arena) {
    pool->unused = arena->next_unused;
    pool->count--;
    ASAN_UNPOISON_MEMORY_REGION(arena->first->bytes, arena->first->size);
    *arena = (struct arena){.blocks = arena->first, .next_size = 2 * pool->first_size, .first = arena->first};
  } else {
    arena = make(pool->first_size);
  }
  arena->pool = pool;
  return arena;
}

static void give_back(struct arena_pool *pool, struct arena *arena) {
  arena->first->used = 0;
  ASAN_POISON_MEMORY_REGION(arena->first->bytes, arena->first->size);
  arena->next_unused = pool->unused;
  pool->unused = arena;
  pool->count++;
}

static void free_blocks(struct block *block, const struct block *until) {
  while (block != until) {
    struct block *next = block->next;
    free(block);
    block = next;
  }
}

void arena_free(struct arena *arena) {
  if (!arena) return;
  for (struct cleanup *c = arena->cleanups; c; c = c->next) c->run(c->payload);
  free_blocks(arena->blocks, arena->first);
  free_blocks(arena->large, NULL);
  struct arena_pool *pool = arena->pool;
  if (pool && pool->count < pool->most)
    give_back(pool, arena);
  else
    free(arena);
}

static struct block *block_new(size_t size) {
  if (size > SIZE_MAX - sizeof(struct block)) mem_exhausted(size);
  struct block *block = malloc(sizeof *block + size);
  if (!block) mem_exhausted(size);
  *block = (struct block){.size = size};
  return block;
}

/* A large one gets a block of its own, and the one being filled stays it. */
static char *from_new_block(struct arena *arena, size_t size) {
  if (size > arena->next_size / 4) {
    struct block *own = block_new(size);
    own->next = arena->large;
    arena->large = own;
    return own->bytes;
  }
  struct block *fresh = block_new(arena->next_size);
  fresh->used = size;
  fresh->next = arena->blocks;
  arena->blocks = fresh;
  if (arena->next_size < LARGEST_BLOCK) arena->next_size *= 2;
  return fresh->bytes;
}

/* Not zeroed. */
static char *take(struct arena *arena, size_t size) {
  if (size > SIZE_MAX - ALIGN) mem_exhausted(size);
  size = (size + ALIGN - 1) & ~(size_t)(ALIGN - 1);
  struct block *top = arena->blocks;
  if (top->size - top->used < size) return from_new_block(arena, size);
  char *p = top->bytes + top->used;
  top->used += size;
  return p;
}

void *arena_alloc(struct arena *arena, size_t size) {
  char *p = take(arena, size);
  memset(p, 0, size);
  return p;
}

void *arena_alloc_array(struct arena *arena, size_t count, size_t size) {
  size_t total;
  if (__builtin_mul_overflow(count, size, &total)) mem_exhausted(SIZE_MAX);
  return arena_alloc(arena, total);
}

struct str arena_str(struct arena *arena, struct str s) {
  char *p = take(arena, s.n + 1);
  if (s.n) memcpy(p, s.p, s.n);
  p[s.n] = '\0';
  return (struct str){p, s.n};
}

const char *arena_cstr(struct arena *arena, struct str s) {
  return arena_str(arena, s).p;
}

struct str arena_join(struct arena *arena, const struct str *parts, size_t count) {
  size_t n = 0;
  for (size_t i = 0; i < count; i++)
    if (__builtin_add_overflow(n, parts[i].n, &n)) mem_exhausted(SIZE_MAX);
  char *p = take(arena, n + 1), *end = p;
  for (size_t i = 0; i < count; i++) {
    if (parts[i].n) memcpy(end, parts[i].p, parts[i].n);
    end += parts[i].n;
  }
  *end = '\0';
  return (struct str){p, n};
}

struct str arena_vprintf(struct arena *arena, const char *format, va_list args) {
  va_list again;
  va_copy(again, args);
  int n = vsnprintf(NULL, 0, format, args);
  if (n < 0) n = 0;
  char *p = take(arena, (size_t)n + 1);
  p[0] = '\0';
  (void)vsnprintf(p, (size_t)n + 1, format, again);
  va_end(again);
  return (struct str){p, (size_t)n};
}

struct str arena_printf(struct arena *arena, const char *format, ...) {
  va_list args;
  va_start(args, format);
  struct str s = arena_vprintf(arena, format, args);
  va_end(args);
  return s;
}

struct str arena_lower(struct arena *arena, struct str s) {
  char *p = take(arena, s.n + 1);
  for (size_t i = 0; i < s.n; i++) p[i] = (char)(s.p[i] >= 'A' && s.p[i] <= 'Z' ? s.p[i] + 32 : s.p[i]);
  p[s.n] = '\0';
  return (struct str){p, s.n};
}

void arena_on_free(struct arena *arena, void (*run)(void *payload), void *payload) {
  struct cleanup *c = ARENA_NEW(arena, struct cleanup);
  *c = (struct cleanup){.next = arena->cleanups, .run = run, .payload = payload};
  arena->cleanups = c;
}

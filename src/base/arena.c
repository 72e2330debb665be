#include "base/arena.h"

#include "base/mem.h"

enum { FIRST_BLOCK = 4096, LARGEST_BLOCK = 1 << 20, ALIGN = 16 };

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
  struct block *blocks; /* the first is the one that is filled */
  struct cleanup *cleanups;
  size_t next_size;
};

struct arena *arena_new(void) {
  struct arena *arena = mem_alloc(sizeof *arena);
  arena->next_size = FIRST_BLOCK;
  return arena;
}

void arena_free(struct arena *arena) {
  if (!arena) return;
  for (struct cleanup *c = arena->cleanups; c; c = c->next) c->run(c->payload);
  for (struct block *b = arena->blocks, *next; b; b = next) {
    next = b->next;
    free(b);
  }
  free(arena);
}

static struct block *block_new(size_t size) {
  if (size > SIZE_MAX - sizeof(struct block)) mem_exhausted(size);
  struct block *block = mem_alloc(sizeof *block + size);
  block->size = size;
  return block;
}

void *arena_alloc(struct arena *arena, size_t size) {
  if (size > SIZE_MAX - ALIGN) mem_exhausted(size);
  size = (size + ALIGN - 1) & ~(size_t)(ALIGN - 1);
  struct block *top = arena->blocks;
  if (!top || top->size - top->used < size) {
    if (top && size > arena->next_size / 4) { /* a large one gets a block of its own, behind the one being filled */
      struct block *own = block_new(size);
      own->used = size;
      own->next = top->next;
      top->next = own;
      return own->bytes;
    }
    size_t want = arena->next_size > size ? arena->next_size : size;
    struct block *fresh = block_new(want);
    fresh->next = top;
    arena->blocks = top = fresh;
    if (arena->next_size < LARGEST_BLOCK) arena->next_size *= 2;
  }
  void *p = top->bytes + top->used;
  top->used += size;
  return p;
}

void *arena_alloc_array(struct arena *arena, size_t count, size_t size) {
  size_t total;
  if (__builtin_mul_overflow(count, size, &total)) mem_exhausted(SIZE_MAX);
  return arena_alloc(arena, total);
}

struct str arena_str(struct arena *arena, struct str s) {
  char *p = arena_alloc(arena, s.n + 1);
  if (s.n) memcpy(p, s.p, s.n);
  return (struct str){p, s.n};
}

const char *arena_cstr(struct arena *arena, struct str s) {
  return arena_str(arena, s).p;
}

struct str arena_vprintf(struct arena *arena, const char *format, va_list args) {
  va_list again;
  va_copy(again, args);
  int n = vsnprintf(NULL, 0, format, args);
  if (n < 0) n = 0;
  char *p = arena_alloc(arena, (size_t)n + 1);
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
  char *p = arena_alloc(arena, s.n + 1);
  for (size_t i = 0; i < s.n; i++) p[i] = (char)(s.p[i] >= 'A' && s.p[i] <= 'Z' ? s.p[i] + 32 : s.p[i]);
  return (struct str){p, s.n};
}

void arena_on_free(struct arena *arena, void (*run)(void *payload), void *payload) {
  struct cleanup *c = ARENA_NEW(arena, struct cleanup);
  *c = (struct cleanup){.next = arena->cleanups, .run = run, .payload = payload};
  arena->cleanups = c;
}

/* arena: memory that is freed all at once: one per request, per run, per alignment.
 *
 * What holds always: nothing taken from an arena is freed by itself; a pointer stays good until arena_free. Memory is
 * zeroed. Allocation never returns NULL (see mem.h). Not for use from two threads at once. Never put a secret here: it
 * would linger (see crypt/secret.h).
 *
 * Life cycle: arena_new, calls, arena_free (NULL is fine). */
#ifndef DRAWBRIDGE_BASE_ARENA_H
#define DRAWBRIDGE_BASE_ARENA_H

#include "base/str.h"
#include <stdarg.h>

struct arena;

struct arena *arena_new(void);
struct arena *arena_new_small(void); /* for a few short texts that live long */
void arena_free(struct arena *arena);

/* A pool keeps up to `most` arenas that were freed, each with its first block of `first_size` bytes, for those that come next: for who makes one for every request. Its arenas are freed before it. */
struct arena_pool;
struct arena_pool *arena_pool_new(size_t first_size, size_t most);
void arena_pool_free(struct arena_pool *pool);
struct arena *arena_new_of(struct arena_pool *pool);

void *arena_alloc(struct arena *arena, size_t size);
void *arena_alloc_array(struct arena *arena, size_t count, size_t size); /* the product is checked */
#define ARENA_NEW(arena, type) ((type *)arena_alloc((arena), sizeof(type)))
#define ARENA_ARRAY(arena, count, type) ((type *)arena_alloc_array((arena), (count), sizeof(type)))

struct str arena_str(struct arena *arena, struct str s);   /* a copy; NUL follows it, not counted */
const char *arena_cstr(struct arena *arena, struct str s); /* for the system; bytes after a NUL in s are not seen */
struct str arena_printf(struct arena *arena, const char *format, ...) __attribute__((format(printf, 2, 3)));
struct str arena_vprintf(struct arena *arena, const char *format, va_list args);
struct str arena_lower(struct arena *arena, struct str s); /* ASCII */
struct str arena_join(struct arena *arena, const struct str *parts, size_t count);
#define arena_concat(arena, ...) \
  arena_join((arena), (const struct str[]){__VA_ARGS__}, sizeof((const struct str[]){__VA_ARGS__}) / sizeof(struct str))

/* Runs `cleanup(payload)` at arena_free, last added first: for what an exchange owns outside the arena. */
void arena_on_free(struct arena *arena, void (*cleanup)(void *payload), void *payload);

#endif

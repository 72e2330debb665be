#include "base/map.h"

#include "base/mem.h"
#include <sodium.h>

/* One key for the process, made at first use: a stranger cannot know which strings collide. */
static const unsigned char *hash_key(void) {
  static unsigned char key[crypto_shorthash_KEYBYTES];
  static bool made;
  if (!made) {
    if (sodium_init() < 0) abort();
    randombytes_buf(key, sizeof key);
    made = true;
  }
  return key;
}

__attribute__((constructor)) static void make_hash_key(void) {
  (void)hash_key(); /* before threads exist */
}

static size_t hash(struct str key) {
  uint64_t out;
  crypto_shorthash((unsigned char *)&out, (const unsigned char *)(key.n ? key.p : ""), key.n, hash_key());
  return (size_t)out;
}

void map_free(struct map *map) {
  free(map->entries);
  free(map->slots);
  *map = (struct map){0};
}

/* The slot that holds key, or the empty one where it would go. Slots never lead to a deleted entry,
 * so the key of one is not looked at again. */
static size_t slot_of(const struct map *map, struct str key) {
  size_t mask = map->slot_count - 1;
  size_t at = hash(key) & mask;
  while (map->slots[at] && !str_eq(map->entries[map->slots[at] - 1].key, key)) at = (at + 1) & mask;
  return at;
}

static void rebuild(struct map *map) {
  size_t live = 0;
  for (size_t i = 0; i < map->n; i++)
    if (map->entries[i].value) map->entries[live++] = map->entries[i];
  map->n = live;
  map->capacity = live < 8 ? 16 : live * 2;
  map->entries = mem_resize_array(map->entries, map->capacity, sizeof *map->entries);
  free(map->slots);
  for (map->slot_count = 32; map->slot_count < map->capacity * 2;) map->slot_count *= 2;
  map->slots = mem_alloc_array(map->slot_count, sizeof *map->slots);
  for (size_t i = 0; i < map->n; i++) map->slots[slot_of(map, map->entries[i].key)] = (uint32_t)(i + 1);
}

void *map_get(const struct map *map, struct str key) {
  if (!map->slot_count) return NULL;
  uint32_t index = map->slots[slot_of(map, key)];
  return index ? map->entries[index - 1].value : NULL;
}

void *map_put(struct map *map, struct str key, void *value) {
  if (!value) abort(); /* a bug of the caller */
  if (map->n == map->capacity) rebuild(map);
  size_t at = slot_of(map, key);
  if (map->slots[at]) {
    struct map_entry *entry = &map->entries[map->slots[at] - 1];
    void *old = entry->value;
    entry->value = value;
    return old;
  }
  map->entries[map->n] = (struct map_entry){key, value};
  map->slots[at] = (uint32_t)++map->n;
  map->count++;
  return NULL;
}

/* Empties a slot and moves up what had been pushed past it (linear probing leaves no gaps in a run). */
static void empty_slot(struct map *map, size_t hole) {
  size_t mask = map->slot_count - 1;
  for (size_t at = (hole + 1) & mask; map->slots[at]; at = (at + 1) & mask) {
    size_t home = hash(map->entries[map->slots[at] - 1].key) & mask;
    if (((at - home) & mask) < ((at - hole) & mask)) continue;
    map->slots[hole] = map->slots[at];
    hole = at;
  }
  map->slots[hole] = 0;
}

void *map_delete(struct map *map, struct str key) {
  if (!map->slot_count) return NULL;
  size_t at = slot_of(map, key);
  if (!map->slots[at]) return NULL;
  struct map_entry *entry = &map->entries[map->slots[at] - 1];
  void *old = entry->value;
  empty_slot(map, at);
  *entry = (struct map_entry){0};
  map->count--;
  return old;
}

static struct map_entry *live_from(const struct map *map, size_t i) {
  for (; i < map->n; i++)
    if (map->entries[i].value) return &map->entries[i];
  return NULL;
}

struct map_entry *map_first(const struct map *map) {
  return live_from(map, 0);
}

struct map_entry *map_next(const struct map *map, struct map_entry *entry) {
  return live_from(map, (size_t)(entry - map->entries) + 1);
}

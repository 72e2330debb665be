/* map: str to pointer, for keys that an outsider may choose (keyed hash: no crafted collisions).
 *
 * What holds always: keys are borrowed and must outlive the map; one value per key, NULL not allowed as a value; order
 * of iteration is order of insertion (deleted ones leave no trace).
 *
 * Life cycle: `struct map m = {0}`, calls, map_free. */
#ifndef DRAWBRIDGE_BASE_MAP_H
#define DRAWBRIDGE_BASE_MAP_H

#include "base/str.h"

struct map_entry {
  struct str key;
  void *value; /* NULL: deleted */
};

struct map {
  struct map_entry *entries;
  uint32_t *slots; /* index into entries + 1 */
  size_t n, count, capacity, slot_count;
};

void map_free(struct map *map);
void *map_get(const struct map *map, struct str key);        /* NULL: not there */
void *map_put(struct map *map, struct str key, void *value); /* returns the value it replaced, or NULL */
void *map_delete(struct map *map, struct str key);           /* returns what was there, or NULL */

/* for (struct map_entry *e = map_first(&m); e; e = map_next(&m, e)) */
struct map_entry *map_first(const struct map *map);
struct map_entry *map_next(const struct map *map, struct map_entry *entry);

#endif

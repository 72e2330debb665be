/* What changed and what was deleted at the source, by target cell: of one chunk. */
#include "transfer/run_internal.h"

enum { CELL_KEY = 64 };

struct gone {
  struct contribution cell; /* of its first deleted source */
  uint64_t sources;         /* that were deleted; a server tells each once */
};

static struct str key_of(char ret[CELL_KEY], const struct contribution *c) {
  int n = snprintf(ret, CELL_KEY, "%u %u %u %u", c->period, c->org_unit, c->operand, c->attribute);
  return (struct str){ret, (size_t)n};
}

void changes_mark(struct changes *changes, const struct contribution *c) {
  char key[CELL_KEY];
  struct str text = key_of(key, c);
  if (!map_get(&changes->dirty, text)) (void)map_put(&changes->dirty, arena_str(changes->arena, text), changes);
}

bool changes_has(const struct changes *changes, const struct contribution *c) {
  char key[CELL_KEY];
  return map_get(&changes->dirty, key_of(key, c)) != NULL;
}

void changes_gone(struct changes *changes, const struct contribution *c) {
  char key[CELL_KEY];
  struct str text = key_of(key, c);
  struct gone *gone = map_get(&changes->gone, text);
  if (!gone) {
    gone = ARENA_NEW(changes->arena, struct gone);
    gone->cell = *c;
    (void)map_put(&changes->gone, arena_str(changes->arena, text), gone);
  }
  gone->sources++;
}

void changes_there(struct changes *changes, const struct contribution *c) {
  char key[CELL_KEY];
  if (!changes->gone.count) return;
  (void)map_delete(&changes->gone, key_of(key, c));
}

void changes_each_gone(const struct changes *changes, const struct translation *t, enum mapping_missing missing,
                       void (*each)(void *payload, const struct contribution *cell, bool held), void *payload) {
  struct cell cell = CELL_INIT;
  for (struct map_entry *e = map_first(&changes->gone); e; e = map_next(&changes->gone, e)) {
    const struct gone *gone = e->value;
    cell_begin(&cell, t, &gone->cell);
    bool all = gone->sources >= cell.expected;
    if (translation_operand(t, gone->cell.operand)->known && (all || missing == MAPPING_SUM_PRESENT))
      each(payload, &gone->cell, !all && cell.expected > cell.possible);
  }
  cell_free(&cell);
}

void changes_clear(struct changes *changes) {
  map_free(&changes->dirty);
  map_free(&changes->gone);
}

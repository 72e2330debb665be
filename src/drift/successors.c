#include "drift/successors.h"

static void note(struct arena *arena, struct successors *s, const struct drift_change *change) {
  struct map *map = change->object == DRIFT_DATA_SET       ? &s->data_sets
                    : change->object == DRIFT_DATA_ELEMENT ? &s->elements
                    : change->object == DRIFT_ORG_UNIT     ? &s->org_units
                                                           : &s->option_combos;
  if (change->kind != DRIFT_replaced && change->kind != DRIFT_default_option_combo) return;
  struct str *box = ARENA_NEW(arena, struct str);
  *box = change->after;
  (void)map_put(map, change->id, box);
}

struct successors successors_of(struct arena *arena, const struct drift *drift, enum drift_side side) {
  struct successors s = {0};
  for (size_t i = 0; i < drift->count; i++)
    if (drift->changes[i].side == side) note(arena, &s, &drift->changes[i]);
  return s;
}

void successors_free(struct successors *s) {
  map_free(&s->data_sets);
  map_free(&s->elements);
  map_free(&s->option_combos);
  map_free(&s->org_units);
}

bool successors_id(const struct map *map, struct str *id) {
  const struct str *next = map_get(map, *id);
  if (next) *id = *next;
  return next != NULL;
}

bool successors_cell(const struct successors *s, struct mapping_operand *cell) {
  bool element = successors_id(&s->elements, &cell->data_element), coc = successors_id(&s->option_combos, &cell->category_option_combo);
  return element || coc;
}

#include "align/ruling.h"

enum { KEY_SIZE = 128 };

struct reading_decisions {
  struct arena *arena;
  const struct dhis2_metadata *source, *target;
  const struct decision *decisions;
  size_t count;
  struct rulings rulings;
};

/* Ids are at most 50 bytes in any DHIS2; a longer one has no decision. */
static struct str key_of(char room[KEY_SIZE], struct str element, struct str coc) {
  int n = snprintf(room, KEY_SIZE, "%.*s %.*s", STR_ARG(element), STR_ARG(coc));
  return n > 0 && n < KEY_SIZE ? (struct str){room, (size_t)n} : STR("");
}

static void warn(struct reading_decisions *r, const char *side, struct str what) {
  r->rulings.warnings[r->rulings.warning_count++] =
      arena_printf(r->arena, "a decision was left out: the %s does not hold %.*s", side, STR_ARG(what));
}

/* Once for each decision at most, as warn. */
static void warn_of_both(struct reading_decisions *r, const struct decision *d) {
  r->rulings.warnings[r->rulings.warning_count++] =
      arena_printf(r->arena, "a decision was left out: another one says otherwise of %.*s", STR_ARG(d->source_data_element));
}

static bool holds(const uint32_t *list, size_t n, uint32_t index) {
  for (size_t i = 0; i < n; i++)
    if (list[i] == index) return true;
  return false;
}

static void read_element(struct reading_decisions *r, const struct decision *d) {
  const struct dhis2_data_element *source = dhis2_metadata_element(r->source, d->source_data_element);
  const struct dhis2_data_element *target = d->verdict == DECISION_NONE ? NULL : dhis2_metadata_element(r->target, d->target_data_element);
  if (!source) {
    warn(r, "source", d->source_data_element);
    return;
  }
  struct ruling *ruling = &r->rulings.elements[source->o.index];
  if (d->verdict == DECISION_NONE)
    ruling->none = true;
  else if (!target)
    warn(r, "target", d->target_data_element);
  else if (d->verdict == DECISION_ACCEPTED)
    ruling->accepted_count++;
  else
    ruling->rejected_count++;
}

/* Second walk: the lists, now that their lengths are known. */
static void fill_element(struct reading_decisions *r, const struct decision *d, size_t *accepted, size_t *rejected) {
  const struct dhis2_data_element *source = dhis2_metadata_element(r->source, d->source_data_element);
  const struct dhis2_data_element *target = d->verdict == DECISION_NONE ? NULL : dhis2_metadata_element(r->target, d->target_data_element);
  if (!source || !target) return;
  struct ruling *ruling = &r->rulings.elements[source->o.index];
  bool accept = d->verdict == DECISION_ACCEPTED;
  if (accept && !ruling->accepted) ruling->accepted = ARENA_ARRAY(r->arena, ruling->accepted_count, uint32_t);
  if (!accept && !ruling->rejected) ruling->rejected = ARENA_ARRAY(r->arena, ruling->rejected_count, uint32_t);
  uint32_t *list = (uint32_t *)(uintptr_t)(accept ? ruling->accepted : ruling->rejected);
  size_t *n = &(accept ? accepted : rejected)[source->o.index];
  bool otherwise = accept ? ruling->none || holds(ruling->rejected, rejected[source->o.index], target->o.index)
                          : holds(ruling->accepted, accepted[source->o.index], target->o.index);
  if (otherwise) warn_of_both(r, d);
  if (!holds(list, *n, target->o.index)) list[(*n)++] = target->o.index;
}

static void read_cell(struct reading_decisions *r, const struct decision *d) {
  const struct dhis2_data_element *source = dhis2_metadata_element(r->source, d->source_data_element),
                                  *target = dhis2_metadata_element(r->target, d->target_data_element);
  const struct dhis2_option_combo *from = dhis2_metadata_option_combo(r->source, d->source_category_option_combo),
                                  *to = dhis2_metadata_option_combo(r->target, d->target_category_option_combo);
  bool none = d->verdict == DECISION_NONE;
  if (!source || !from || !dhis2_element_holds(source, from)) {
    warn(r, "source", source ? d->source_category_option_combo : d->source_data_element);
    return;
  }
  if (!none && (!target || !to || !dhis2_element_holds(target, to))) {
    warn(r, "target", target ? d->target_category_option_combo : d->target_data_element);
    return;
  }
  char room[KEY_SIZE];
  struct str key = key_of(room, source->o.id, from->o.id);
  struct cell_ruling *ruling = map_get(&r->rulings.cells, key);
  if (!ruling) {
    ruling = ARENA_NEW(r->arena, struct cell_ruling);
    (void)map_put(&r->rulings.cells, arena_str(r->arena, key), ruling);
  }
  bool accepts = d->verdict == DECISION_ACCEPTED, otherwise = accepts && ruling->none;
  for (const struct cell_term *said = ruling->terms; said; said = said->next)
    otherwise |= none ? said->accepted : said->target == target && said->coc == to && said->sign == d->sign && said->accepted != accepts;
  if (otherwise) warn_of_both(r, d);
  if (none) {
    ruling->none = true;
    return;
  }
  if (accepts && d->sign == '+' && !from->o.is_default && !to->o.is_default) {
    struct str lesson = key_of(room, from->o.id, to->o.id);
    (void)map_put(&r->rulings.lessons, arena_str(r->arena, lesson), r);
  }
  struct cell_term *term = ARENA_NEW(r->arena, struct cell_term), **end = &ruling->terms;
  *term = (struct cell_term){target, to, d->sign, accepts, NULL};
  while (*end) {
    if ((*end)->target == target && (*end)->coc == to && (*end)->sign == d->sign) return; /* said before */
    end = (struct cell_term **)(uintptr_t) & (*end)->next;
  }
  *end = term;
}

struct rulings rulings_of(struct arena *arena, const struct dhis2_metadata *source, const struct dhis2_metadata *target,
                          const struct decision *decisions, size_t count) {
  struct reading_decisions r = {.arena = arena, .source = source, .target = target, .decisions = decisions, .count = count};
  r.rulings.elements = ARENA_ARRAY(arena, source->element_count, struct ruling);
  r.rulings.warnings = ARENA_ARRAY(arena, count, struct str);
  for (size_t i = 0; i < count; i++) {
    if (decisions[i].of) continue; /* of places: places.h */
    if (decisions[i].operand)
      read_cell(&r, &decisions[i]);
    else
      read_element(&r, &decisions[i]);
  }
  size_t *accepted = ARENA_ARRAY(arena, source->element_count, size_t), *rejected = ARENA_ARRAY(arena, source->element_count, size_t);
  for (size_t i = 0; i < count; i++)
    if (!decisions[i].of && !decisions[i].operand) fill_element(&r, &decisions[i], accepted, rejected);
  for (size_t i = 0; i < source->element_count; i++) {
    r.rulings.elements[i].accepted_count = accepted[i];
    r.rulings.elements[i].rejected_count = rejected[i];
  }
  return r.rulings;
}

void rulings_free(struct rulings *rulings) {
  map_free(&rulings->cells);
  map_free(&rulings->lessons);
}

const struct cell_ruling *rulings_cell(const struct rulings *rulings, const struct dhis2_data_element *element,
                                       const struct dhis2_option_combo *coc) {
  if (!rulings->cells.count) return NULL;
  char room[KEY_SIZE];
  return map_get(&rulings->cells, key_of(room, element->o.id, coc->o.id));
}

bool rulings_taught(const struct rulings *rulings, const struct dhis2_option_combo *source, const struct dhis2_option_combo *target) {
  if (!rulings->lessons.count) return false;
  char room[KEY_SIZE];
  return map_get(&rulings->lessons, key_of(room, source->o.id, target->o.id)) != NULL;
}

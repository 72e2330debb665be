/* make_world: a small side that a test can change in one place at a time, and a mapping between two of them.
 *
 * A world has one data set of six elements: 0 and 1 divided by Age (0-4, 5-14, 15+), 2 by Sex (Female, Male), 3 by Age and Sex, 4 and 5 undivided. Ids are a letter, what it is, and a number: "sDE0000000a". The mapping takes
 * each source cell to the like cell of the target, but for: target element 4 gets all ages of source element 1; target element 5's cell gets the two ages of source element 0 below 15 … as `world_mapping` says. */
#ifndef DRAWBRIDGE_TESTS_MAKE_WORLD_H
#define DRAWBRIDGE_TESTS_MAKE_WORLD_H

#include "drift/carry.h"

enum { WORLD_ELEMENTS = 8, WORLD_OPTIONS = 8, WORLD_COMBOS = 5, WORLD_COCS = 16 };
enum { COMBO_DEFAULT, COMBO_AGE, COMBO_SEX, COMBO_BOTH, COMBO_BROAD };

struct world_object {
  char id[16];
  const char *name, *code;
  bool gone;
};

struct world_coc {
  struct world_object o;
  int combo, options[2]; /* indexes; -1: none */
};

struct world_element {
  struct world_object o;
  const char *value_type, *aggregation;
  int combo, override; /* -1: none */
  bool outside;        /* not in the data set */
  bool hidden;         /* in the data set, not shown */
};

struct world {
  char letter;
  struct world_object set;
  const char *period_type;
  int attributes; /* combo of the data set */
  struct world_element elements[WORLD_ELEMENTS];
  size_t element_count;
  struct world_object options[WORLD_OPTIONS];
  bool in_category[WORLD_OPTIONS]; /* false: the category lost it, or has not got it */
  size_t option_count;
  struct world_object combos[WORLD_COMBOS];
  struct world_coc cocs[WORLD_COCS];
  size_t coc_count;
};

struct world world_new(char letter);

/* `shuffle`: 0: as it stands; else lists are in another order. */
const struct dhis2_metadata *world_side(struct arena *arena, const struct world *world, uint32_t shuffle);

/* Made of both worlds and written and read once, so that what is remembered went through the document. */
const struct mapping *world_mapping(struct arena *arena, const struct world *source, const struct world *target);

/* The same that remembers nothing. */
const struct mapping *world_mapping_bare(struct arena *arena, const struct world *source, const struct world *target);

size_t world_add_option(struct world *world, const char *name);                                /* to the category of ages */
size_t world_add_coc(struct world *world, int combo, int option, int other, const char *name); /* other: -1 */
size_t world_add_element(struct world *world, const char *name, int combo);

/* What there is of this; NULL: none. */
const struct drift_change *change_of(const struct drift *drift, enum drift_side side, enum drift_kind kind, enum drift_object object,
                                     const char *id);

#endif

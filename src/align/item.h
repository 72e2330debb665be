/* item: a data element as the engine sees it.
 *
 * What holds always: items stand in the order of the side's elements. Weights of terms are final after items_weigh: how much a term tells depends on how rare it is in its own list, so that what a whole list shares (a
 * prefix, a programme) weighs next to nothing. */
#ifndef DRAWBRIDGE_ALIGN_ITEM_H
#define DRAWBRIDGE_ALIGN_ITEM_H

#include "align/combo.h"

enum { ITEM_NAMES_MAX = 8 };

struct item {
  const struct dhis2_data_element *element;
  struct facets facets;    /* of its names and, where those say nothing, its code */
  struct facets described; /* of its description */
  struct bag names, all;   /* terms of the names; and of everything, at lower weight */
  float names_norm, all_norm;
  struct str plain[ITEM_NAMES_MAX]; /* names without case, accents and punctuation; the first is the name */
  uint32_t plain_hash[ITEM_NAMES_MAX];
  size_t plain_count;
  uint32_t *numbers; /* terms of the numbers in the name that are no age and no dose, by id */
  size_t number_count;
  uint32_t option_kinds;  /* bit per facet kind that its option combos speak of, as in combo_view */
  uint32_t option_varies; /* those of them in which the option combos differ */
  const struct age *ages; /* of its first divided combo */
  size_t age_count;
  uint32_t family; /* index into items.families */
  size_t cells;    /* option combos it can hold */
  bool undivided;  /* nothing but the default */
};

enum { FAMILY_AGES_MAX = 64 };

/* Elements whose names differ in facets and numbers alone ("tested, 10-14, male", "tested, 15-19, female"). What they tell together is how their list divides. */
struct family {
  uint32_t kinds; /* bit per facet kind that a name or an option combo of it tells; FACET_AGE_BIT: age */
  uint32_t named; /* those that a name tells */
  struct age *ages;
  size_t age_count;
  size_t members;
};

struct items {
  struct item *p;
  size_t n;
  struct family *families;
  size_t family_count;
  const struct dhis2_metadata *metadata;
};

struct items items_of(struct arena *arena, struct lexicon *lexicon, const struct combos *combos);
void items_free(struct items *items); /* the bags; the rest is the arena's */

/* Weighs the terms of both sides by rarity. */
void items_weigh(struct arena *arena, const struct lexicon *lexicon, struct items *source, struct items *target);

#endif

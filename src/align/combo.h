/* combo: category option combos and category combos understood, once for a whole side.
 *
 * What holds always: indexed by `o.index` of the object; an option combo is read from its options where they are known, and from its name. Values of facets that all option combos of a combo share are facets all the same. */
#ifndef DRAWBRIDGE_ALIGN_COMBO_H
#define DRAWBRIDGE_ALIGN_COMBO_H

#include "align/reading.h"
#include "dhis2/metadata.h"

enum { COMBO_AGES_MAX = 64, FACET_AGE_BIT = FACET_KINDS };

struct option_combo_view {
  const struct dhis2_option_combo *coc;
  struct facets facets;
  struct bag_term *terms; /* weighed by weigh_combos: rarity among the option combos of the side */
  size_t term_count;
  float norm;
  struct str plain;
};

struct combo_view {
  const struct dhis2_category_combo *combo;
  uint32_t kinds;             /* bit per facet kind that some option combo speaks of; FACET_AGE_BIT: age */
  uint32_t fixed;             /* those of them in which all option combos say the same */
  const struct age *age_list; /* the different ages, unknown ones left out */
  size_t ages;
  uint64_t values;        /* equal for combos whose option combos say the same, in any order */
  uint64_t plains;        /* equal for combos whose option combos have the same names, in any order */
  struct bag_term *terms; /* of its few first option combos and its name, unweighed */
  size_t term_count;
};

struct combos {
  struct option_combo_view *cocs;
  struct combo_view *combos;
  const struct dhis2_metadata *metadata;
};

struct combos combos_of(struct arena *arena, struct lexicon *lexicon, const struct dhis2_metadata *metadata);
void combos_weigh(struct arena *arena, const struct lexicon *lexicon, struct combos *source, struct combos *target);

/* What an option combo says besides facets, and how much of it is found in the other's option combo, or (for less) in its element. */
struct option_combo_telling {
  float all, found;
};
struct option_combo_telling option_combo_told(const struct lexicon *lexicon, const struct option_combo_view *view,
                                              const struct option_combo_view *other, const struct bag *element);

/* Its words mean nothing to the engine: only the same name could tell that it is the same. */
bool option_combo_says_nothing(const struct option_combo_view *view);

/* NULL: not one the input holds. */
const struct option_combo_view *combos_view(const struct combos *combos, const struct dhis2_option_combo *coc);

#endif

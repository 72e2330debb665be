/* cells: which option combo of a target element each option combo of a source element belongs to.
 *
 * What holds always: only option combos that the target element can hold. Equality, containment and overlap of ages are three answers: an equal or contained cell may be added, one that overlaps or contains is never
 * proposed, since a value is not split. A cell that is part of another contributor to the same target cell is not added a second time. */
#ifndef DRAWBRIDGE_ALIGN_CELLS_H
#define DRAWBRIDGE_ALIGN_CELLS_H

#include "align/align.h"
#include "align/item.h"

#define CELL_BASE 1.6f /* cells of elements that belong together, before anything is seen of the cells */

enum { CELL_CHOICES_MAX = 6, CELL_PAIRS_MAX = 5000000 /* beyond, only option combos of the same name are compared */ };

/* What a choice rests on, for the sentence that explains it. */
enum cell_ground {
  CELL_SAME_NAME = 1,   /* the option combos have the same name */
  CELL_EQUAL = 2,       /* all that is told agrees */
  CELL_PART = 4,        /* an age lies inside the target's: one of several that are summed */
  CELL_FROM_NAME = 8,   /* the element's name tells what the option combo does not */
  CELL_UNKNOWN = 16,    /* not told; the target has a place for unknown */
  CELL_HINT = 32,       /* implied: pregnant women are adult women */
  CELL_DIFFERENCE = 64, /* all who were tested, less those who were positive */
  CELL_FOLDED = 128,    /* the target does not divide by what the source divides by */
  CELL_SPLIT = 256,     /* would have to be split */
  CELL_LEFT_OVER = 512, /* the only ones left on both sides */
  CELL_DEFAULT = 1024,  /* neither is divided */
  CELL_TAUGHT = 2048,   /* a person paired these option combos for another element */
};

/* What a score is made of, besides CELL_BASE. X(name, what it says to people) */
/* clang-format off */
#define CELL_FEATURES(X) \
  X(ages, "how the age groups lie to each other") \
  X(agree, "sex, result, dose and the like that both tell and that are the same") \
  X(conflict, "that are not") \
  X(untold, "that the target tells and the source does not") \
  X(lost, "that the source tells and the target does not") \
  X(words, "all else that the names of the option combos say") \
  X(same_name, "the option combos have the same name") \
  X(undivided, "neither is divided") \
  X(left_over, "the only ones left on both sides") \
  X(taught, "a person paired these option combos for another element") \
  X(difference, "all who were tested, less those who were positive")
/* clang-format on */

enum cell_feature {
#define X(name, text) CELL_FEATURE_##name,
  CELL_FEATURES(X)
#undef X
      CELL_FEATURE_COUNT
};

struct cell_choice {
  const struct dhis2_option_combo *target;
  float score; /* log odds: CELL_BASE and all features */
  unsigned ground;
  int16_t features[CELL_FEATURE_COUNT]; /* in thousandths */
};

struct cell {
  const struct dhis2_option_combo *source;
  struct cell_choice choices[CELL_CHOICES_MAX]; /* best first */
  size_t choice_count;
  bool answered;                         /* the first choice is an answer */
  bool doubled;                          /* its ages are counted by another part of the same sum, too */
  const struct align_division *division; /* NULL: it need not be divided, or has a place of its own */
  struct str tiling;                     /* what is wrong with the sum of ages it is a part of; empty: nothing */
};

struct cells {
  struct cell *p;
  size_t n;
};

struct cells_context {
  struct arena *arena;
  const struct lexicon *lexicon;
  const struct combos *source, *target;
  const struct rulings *rulings; /* what a person decided elsewhere teaches; NULL: nothing */
};

void cells_add(struct cell_choice *choice, enum cell_feature feature, float score);
float cells_confidence(float score); /* calibrated as score_confidence */

/* `accepted`: a person paired the elements, so that what an undivided source does not tell may go to the target's place for unknown. */
struct cells cells_align(const struct cells_context *context, const struct item *source, const struct item *target, bool accepted);

#endif

/* reading: a text understood: its facets, and a bag of terms for its subject.
 *
 * What holds always: what was read as an age, or as a dose, is in the facets and not in the bag; a phrase of the lexicon is in the bag as its concepts; each term once, with its largest weight. */
#ifndef DRAWBRIDGE_ALIGN_READING_H
#define DRAWBRIDGE_ALIGN_READING_H

#include "align/lexicon.h"
#include "base/vec.h"

struct bag_term {
  uint32_t term;
  float weight;
};

struct bag {
  struct bag_term *p;
  size_t n, capacity;
};

struct reading {
  struct facets facets;
  struct bag_term *terms; /* in the arena, by term id */
  size_t term_count;
  struct str plain; /* see text_plain */
};

enum reading_kind {
  READING_NAME,   /* of an element */
  READING_OPTION, /* of a category option or an option combo: the whole text may be an age */
  READING_CODE,   /* numbers in it say nothing */
  READING_PROSE,  /* a description: ages are not read */
};

struct reading reading_of(struct arena *arena, struct lexicon *lexicon, struct str text, enum reading_kind kind);

/* The term of a second interval in a text that has an age already: a duration ("treatment < 3 months"). */
struct str reading_span(struct arena *arena, struct age age);

/* The larger weight of each term; both by term id. */
void bag_merge(struct bag *bag, const struct bag_term *terms, size_t count, float factor);

#endif

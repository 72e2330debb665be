/* unit: the org units of both sides understood: names as words, codes, the tree by indexes.
 *
 * What holds always: units stand in the order of their side's list; a unit whose parent the input does not hold is a top. Words are numbered for both sides together and weigh by how rare they are: what a whole list shares (a country's
 * prefix, "clinic") tells next to nothing. Numbers, single letters and directions in a name are no words but marks: they tell neighbours apart.
 *
 * Life cycle: units_of in the arena of a run; units_free frees nothing but the dictionary. */
#ifndef DRAWBRIDGE_ALIGN_UNIT_H
#define DRAWBRIDGE_ALIGN_UNIT_H

#include "dhis2/metadata.h"

enum { UNIT_NAMES_MAX = 4, UNIT_WORDS_MAX = 12, UNIT_NONE = UINT32_MAX };

struct unit_name {
  struct str plain;
  uint32_t words[UNIT_WORDS_MAX]; /* numbers of words, each once */
  uint32_t word_count;
  struct str marks; /* numbers and single letters, joined */
  unsigned compass; /* a bit for each direction */
};

struct unit {
  const struct dhis2_org_unit *unit;
  struct unit_name names[UNIT_NAMES_MAX]; /* name, translations, short name: each once */
  size_t name_count;
  struct str code; /* small letters */
  uint32_t parent; /* UNIT_NONE: a top */
  uint32_t depth;  /* 0: a top */
  const uint32_t *children;
  size_t child_count;
  bool takes_part;
};

struct units {
  struct unit *p;
  size_t n;
  const uint32_t *by_depth; /* tops first; of one depth by id */
  size_t tops;
  const struct dhis2_metadata *metadata;
};

struct unit_words; /* the dictionary */

struct unit_words *units_of(struct arena *arena, const struct dhis2_metadata *source, const struct dhis2_metadata *target,
                            struct units *ret_source, struct units *ret_target);
void unit_words_free(struct unit_words *words);

struct str unit_word_text(const struct unit_words *words, uint32_t word);

/* Of the two names that are most alike: 1 the same, 0 nothing in common; below 0: every two of them contradict each other (other marks). */
float unit_likeness(const struct unit_words *words, const struct unit *a, const struct unit *b);

/* Below 0: not both have a point. */
double unit_km(const struct unit *a, const struct unit *b);

#endif

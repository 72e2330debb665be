/* make_side: small sides for tests, written as lines: "Combo: option, option | option, option" makes a combo of two categories with all their option combos (its name is one word), "Element name = Combo" an element (no combo: default).
 * Ids are made of `letter` and the running number of the line, so that two sides share none. A line "Element name = Combo ; fr: Nom" carries a translation of the name,
 * "Element name ~ short name = Combo" a short name. */
#ifndef DRAWBRIDGE_TESTS_MAKE_SIDE_H
#define DRAWBRIDGE_TESTS_MAKE_SIDE_H

#include "align/align.h"

const struct dhis2_metadata *make_side(struct arena *arena, char letter, const char *const *lines, size_t count);
const struct dhis2_data_element *element_named(const struct dhis2_metadata *side, const char *name);
const struct dhis2_option_combo *coc_named(const struct dhis2_metadata *side, const struct dhis2_data_element *element, const char *name);

#define SIDE(arena, letter, ...) \
  make_side(arena, letter, (const char *const[]){__VA_ARGS__}, sizeof((const char *const[]){__VA_ARGS__}) / sizeof(const char *))

#endif

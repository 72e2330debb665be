/* glossary: what a person says that words mean, as a CSV list: for the words of a country, a programme or a language that the engine does not know.
 *
 * Columns, in any order, with a header: `term` (a word, a phrase or an abbreviation) and `means` (the same in words that the other list, or the engine, has; several phrases are separated by "|", the first that is known
 * counts); `facet` may be there ("sex=female", "result=positive", "hint=0-5"): what the term says besides. Other columns are left alone. A row without both texts is passed over; a later row for a term does not change an earlier one. */
#ifndef DRAWBRIDGE_ALIGN_GLOSSARY_H
#define DRAWBRIDGE_ALIGN_GLOSSARY_H

#include "base/arena.h"
#include "base/error.h"

enum { GLOSSARY_MAX = 20000 };

struct glossary_entry {
  struct str term, means, facet;
};

struct glossary {
  const struct glossary_entry *entries;
  size_t count;
};

/* -1: ERROR_input with the line. Texts live in the arena. */
int glossary_read(struct arena *arena, struct str csv, struct glossary *ret, struct error *error);

#endif

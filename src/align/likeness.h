/* likeness: words of the one list that the other does not have, and that are spelled almost like one it has, or like a word of the lexicon: typos, endings, cognates of another language.
 *
 * What holds always: only plain words of five letters and more are looked at; each becomes, in part, the term it is like. */
#ifndef DRAWBRIDGE_ALIGN_LIKENESS_H
#define DRAWBRIDGE_ALIGN_LIKENESS_H

#include "align/item.h"

/* Rewrites the bags of both sides, before they are weighed. `lexicon_words`: how many terms the lexicon had before any text was read. */
void likeness_apply(struct arena *arena, struct lexicon *lexicon, size_t lexicon_words, struct items *source, struct items *target,
                    struct combos *source_combos, struct combos *target_combos);

#endif

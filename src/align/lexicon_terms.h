/* lexicon_terms: general words of health information systems in English, French, Portuguese and Spanish, as tables that lexicon.c reads.
 *
 * A row: the concepts that a phrase stands for (blank-separated; none: the phrase says nothing), what it says as facets ("sex=female", "hint=15+", blank-separated), and the phrases, separated by "|", written
 * without accents in small letters. "^m" stands for a word in capitals only. Plural s is not written. General words only: nothing that names a country, a project or a form. */
#ifndef DRAWBRIDGE_ALIGN_LEXICON_TERMS_H
#define DRAWBRIDGE_ALIGN_LEXICON_TERMS_H

#include <stddef.h>

struct lexicon_term {
  const char *concepts, *facets, *phrases;
};

extern const struct lexicon_term lexicon_facet_terms[], lexicon_health_terms[], lexicon_general_terms[];
extern const size_t lexicon_facet_term_count, lexicon_health_term_count, lexicon_general_term_count;

#endif

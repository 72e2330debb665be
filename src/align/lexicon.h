/* lexicon: what phrases mean: the concepts they stand for and what they say as facets; and the number of every term (concept, word, number) that occurs.
 *
 * What holds always: term ids count from 0 in the order of first use, so that the same texts give the same ids. Concepts of the tables, of a glossary and of abbreviations that the lists explain themselves share one space
 * with plain words.
 *
 * Life cycle: lexicon_new reads the tables; add what a person or the lists say; then match. One run, one lexicon: it grows with the words it sees. lexicon_free. */
#ifndef DRAWBRIDGE_ALIGN_LEXICON_H
#define DRAWBRIDGE_ALIGN_LEXICON_H

#include "align/facet.h"
#include "align/text.h"

enum { MEANING_CONCEPTS_MAX = 6, MEANING_FACETS_MAX = 4 };

struct meaning {
  uint32_t concepts[MEANING_CONCEPTS_MAX];
  uint8_t concept_count, facet_count;
  bool tested;
  uint8_t sex_hint;
  struct {
    uint8_t kind, value;
  } facets[MEANING_FACETS_MAX];
  bool age_unknown;
  struct age hint;
};

struct lexicon;

struct lexicon *lexicon_new(struct arena *arena);
void lexicon_free(struct lexicon *lexicon);

/* One more row as in lexicon_terms.h. Phrases beyond 8 tokens are passed over. */
void lexicon_add(struct lexicon *lexicon, struct str concepts, struct str facets, struct str phrases);

/* A term that a person explains: from now on `term` means what `means` does (phrases separated by "|": the first that the lexicon knows, else the words of the first), and `facets` besides. Comes before the tables. */
void lexicon_explain(struct lexicon *lexicon, struct str term, struct str means, struct str facets);

/* The longest phrase that begins at `at`: its meaning and how many tokens it takes; NULL: none. */
const struct meaning *lexicon_match(const struct lexicon *lexicon, struct tokens tokens, size_t at, size_t *ret_length);

/* What a word of seven letters and more means that is, but for one letter missing, added, exchanged or two swapped, a word of the tables that says something as a facet ("Postive", "intiiated"). NULL: none. */
const struct meaning *lexicon_misspelt(struct lexicon *lexicon, struct str word);

uint32_t lexicon_word(struct lexicon *lexicon, struct str word); /* the term of a plain word; given its id for good */
size_t lexicon_term_count(const struct lexicon *lexicon);
struct str lexicon_term_text(const struct lexicon *lexicon, uint32_t term); /* "=malaria" of a concept, "#0.5" of a number, else the word */
float lexicon_term_weight(const struct lexicon *lexicon, uint32_t term);    /* as the tables have it: 1 where they say nothing */
bool lexicon_term_is_facet(const struct lexicon *lexicon, uint32_t term);   /* says nothing that the facets do not say already */

#endif

/* text: a name cut into words, numbers and signs, so that spelling, case, accents and layout no longer matter.
 *
 * What holds always: text is compatibility-decomposed (Unicode NFKD), marks are dropped, letters are lower case; broken bytes never fail. Words written together by case ("HIVStatus", "ageAgg") or
 * by digits ("10to14yrs", "Male15") are cut apart; a token remembers what stood before it, so that who cares can tell "HV01" from "HV 01". Signs kept are < > = + -, with "<=" and its
 * relatives written "<=", ">="; all else only separates. A question mark within a word, the trace of an accent that a transfer lost, reads as "e".
 *
 * At most TEXT_TOKENS_MAX tokens; what is behind them is not read. */
#ifndef DRAWBRIDGE_ALIGN_TEXT_H
#define DRAWBRIDGE_ALIGN_TEXT_H

#include "base/arena.h"

enum { TEXT_TOKENS_MAX = 400 };

enum token_kind { TOKEN_WORD, TOKEN_NUMBER, TOKEN_SIGN };

struct token {
  struct str text; /* folded; numbers as written, "0.05" is one */
  enum token_kind kind;
  char before;  /* what separated it from the token before: 0 nothing, ' ' blanks only, else the last separating character */
  bool upper;   /* a word all in capitals as written */
  double value; /* of a number */
};

struct tokens {
  const struct token *p;
  size_t n;
};

struct tokens text_tokens(struct arena *arena, struct str text);

/* The word without its plural ending ("tests" and "test", "visites" and "visite"): a part of the given text. */
struct str text_stem(struct str word);

/* Letters and digits alone, single blanks between tokens: equal for texts that differ in case, accents and punctuation only. Signs stay, since "<5" is not "5". */
struct str text_plain(struct arena *arena, struct tokens tokens);

#endif

/* affix: words that the names of a whole list begin or end with ("MOH - …", "… (monthly)"), so that they may be left out where names are compared.
 *
 * What holds always: shared means by six in ten names of a list of five and more. What is left of a name is never empty. */
#ifndef DRAWBRIDGE_ALIGN_AFFIX_H
#define DRAWBRIDGE_ALIGN_AFFIX_H

#include "base/str.h"

enum { AFFIX_WORDS_MAX = 6, AFFIX_NAMES_LEAST = 5 };

struct affixes {
  struct str prefix, suffix; /* whole words, as in text_plain; empty: none */
};

/* `names` as in text_plain; the result borrows from them. */
struct affixes affixes_of(const struct str *names, size_t count);

struct str affixes_strip(const struct affixes *affixes, struct str name); /* borrows; the name itself where it has neither */

#endif

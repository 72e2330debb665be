/* age: reads an age interval where one begins in a name: "0-11 months", "<5 ans", "15 Years and above", "10-<15", "u15", "18 mths - < 5 yrs", "+50", "de 5 a 9 anos".
 *
 * A bare range or bound ("15-19", "50+") is taken as years where nothing speaks against it: a measure behind it ("2-4 kg"), a numbering before it ("HV01-17", "105-2.1"). */
#ifndef DRAWBRIDGE_ALIGN_AGE_H
#define DRAWBRIDGE_ALIGN_AGE_H

#include "align/facet.h"
#include "align/text.h"

/* How many tokens from `at` on say an age; 0: none begins there. `whole`: the text is an option and nothing else, so that "1 year" is an age, too. */
size_t age_read(struct tokens tokens, size_t at, bool whole, struct age *ret);

/* "15+", "0-15" (years, the end excluded), "0-28d": as written in tables. */
bool age_of_spec(struct str spec, struct age *ret);

#endif

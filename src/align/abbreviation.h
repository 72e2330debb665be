/* abbreviation: what the two lists themselves say that their abbreviations mean: "Antenatal care (ANC)", "OPD: outpatient department", and a name beside its own short name, form name or code
 * ("Outpatient department attendances", "OPD attendances").
 *
 * What holds always: an abbreviation is a word in capitals of 2 to 8 letters; what it stands for are neighbouring words, each of which gives at least its first letter (words such as "of" and "de" may be passed
 * over), in order, with no letter left. What one list explains counts for both. A person's glossary comes before it; where the tables know the abbreviation and mean the same, nothing changes; where the lists give it two
 * meanings equally often, it keeps none of them. */
#ifndef DRAWBRIDGE_ALIGN_ABBREVIATION_H
#define DRAWBRIDGE_ALIGN_ABBREVIATION_H

#include "align/glossary.h"
#include "align/lexicon.h"
#include "dhis2/metadata.h"

enum { ABBREVIATIONS_MAX = 4096 };

/* `glossary` may be NULL. */
void abbreviations_learn(struct arena *arena, struct lexicon *lexicon, const struct glossary *glossary, const struct dhis2_metadata *source,
                         const struct dhis2_metadata *target);

#endif

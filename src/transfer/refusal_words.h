/* refusal_words: what stands in the way of a cell, and what to do, by the code alone: for readers of other languages. In English a report has sentences that also name what this one case is about (preflight.h). Pure. */
#ifndef DRAWBRIDGE_TRANSFER_REFUSAL_WORDS_H
#define DRAWBRIDGE_TRANSFER_REFUSAL_WORDS_H

#include "base/texts.h"
#include "transfer/report.h"

/* The texts are as text_in gives them; a remedy may be empty: the report's own stands. False: nothing is known of that code of drawbridge. */
bool refusal_words(enum language language, struct arena *arena, struct str code, struct str *ret_title, struct str *ret_remedy);

/* Of values that may not be added up: which type is in the way, and where. */
struct str obstacle_words(enum language language, struct arena *arena, const struct report_obstacle *obstacle);

#endif

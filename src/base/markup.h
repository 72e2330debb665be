/* markup: text into HTML and XML. Pure. */
#ifndef DRAWBRIDGE_BASE_MARKUP_H
#define DRAWBRIDGE_BASE_MARKUP_H

#include "base/str.h"

/* What stands for & < > " in both; empty: the letter itself may stand there, as far as these go. (An apostrophe, white space in an attribute, and what a format cannot hold are the writer's to judge.) */
struct str markup_of(char letter);

#endif

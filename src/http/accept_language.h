/* accept_language: which of the program's languages a reader likes best (RFC 9110 12.5.4). Pure.
 *
 * What holds always: the range with the highest weight that is one of them, the first of those with the same; a weight of 0 is a refusal. A range stands for what begins with it, and so does its first subtag: "fr-CA" is French. "*", nothing that
 * there is, and what cannot be read: English. Of a longer list the first ACCEPT_LANGUAGE_MAX ranges count. */
#ifndef DRAWBRIDGE_HTTP_ACCEPT_LANGUAGE_H
#define DRAWBRIDGE_HTTP_ACCEPT_LANGUAGE_H

#include "base/texts.h"

enum { ACCEPT_LANGUAGE_MAX = 50 };

/* `field`: the value of Accept-Language; may be empty. */
enum language accept_language(struct str field);

#endif

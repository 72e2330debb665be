/* texts: what the program itself says to people who read another language than English: pages and reports that no browser script words.
 *
 * What holds always: English is the key. A text is marked N_(text) where it stands, and tools/mktexts.py puts its translations into the program, out of the .po files that the page has too (web/i18n); so are the sentences of errors
 * (web/i18n/said). What has no translation stays as it is. Pure; texts that are not the caller's live for ever. */
#ifndef DRAWBRIDGE_BASE_TEXTS_H
#define DRAWBRIDGE_BASE_TEXTS_H

#include "base/arena.h"

enum language { LANGUAGE_ENGLISH, LANGUAGE_FRENCH, LANGUAGE_PORTUGUESE, LANGUAGE_SPANISH, LANGUAGE_ARABIC, LANGUAGES };

#define N_(text) text /* to be translated where it is shown: with text_in */

const char *language_tag(enum language language);       /* "fr": of RFC 5646, and of HTML's `lang` */
const char *language_direction(enum language language); /* "ltr", "rtl": of HTML's `dir` */

/* By the first subtag, of "fr", "fr-CA", "pt_BR.UTF-8". False, and *ret as it was: it is none of them. */
bool language_of(struct str tag, enum language *ret);

/* `english` in that language. */
struct str text_in(enum language language, struct str english);
bool text_is_in(enum language language, struct str english); /* is it there? In English all are */

/* The same with values for {1}, {2}, … */
struct str text_with(enum language language, struct arena *arena, struct str english, const struct str *values, size_t count);

/* A sentence told in parts, out of an object with the member that error_said_write writes: *ret in that language. False, and *ret as it was: its last part is not there, and whoever asks shows what they have in English. What only
 * says where may be as it is; a value may be words that have a translation of their own. */
bool text_said(enum language language, struct arena *arena, struct str json, struct str *ret);

#endif

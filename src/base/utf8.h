/* utf8: text of all scripts. RFC 3629: no surrogates, no overlong forms, up to U+10FFFF. */
#ifndef DRAWBRIDGE_BASE_UTF8_H
#define DRAWBRIDGE_BASE_UTF8_H

#include "base/arena.h"

bool utf8_valid(struct str s);

/* The character at s.p[*at]; *at moves behind it. A broken byte gives U+FFFD and moves by one. At the end: -1. */
int32_t utf8_next(struct str s, size_t *at);

bool utf8_is_letter(int32_t character);  /* of any script; no mark and no digit */
bool utf8_is_control(int32_t character); /* C0, DEL or C1: what a terminal obeys */

/* Appends it for a terminal, where nothing in it is to move the cursor: controls and broken bytes as '?'. */
struct buf;
void utf8_add_plain(struct buf *to, struct str text);

size_t utf8_units16(struct str s); /* how long it is as UTF-16, as Java and JavaScript count */

/* Writes 1 to 4 bytes and returns how many. Not a character (surrogate, too large): U+FFFD. */
size_t utf8_encode(int32_t character, char out[4]);

/* The largest place <= at that does not cut a character in two. */
size_t utf8_boundary(struct str s, size_t at);

/* NFKC, case folded, in the arena: for comparing names. Broken bytes become U+FFFD first. */
struct str utf8_fold(struct arena *arena, struct str s);

#endif

/* decimal: exact decimal numbers: sums of what health workers counted and weighed, without a bit of binary floating point.
 *
 * What holds always: every sum and difference is exact, or the call says false and changes nothing; nothing is ever rounded. A zeroed struct is 0; there is nothing to free and a copy is a copy. A number read from text has at most
 * DECIMAL_TEXT_MAX characters (DHIS2 stores 250); sums have room for 2^56 of the longest.
 *
 * Text is DHIS2's own form of NUMBER (ValidationUtils, MathUtils 2.37 to 2.43): -?(0|[1-9][0-9]*)(.[0-9]+)? and nothing else: no exponent, no plus, no leading zero, no ".5", no blanks. Written back in the shortest form: no
 * zeros at the end, no bare point, no "-0". */
#ifndef DRAWBRIDGE_TRANSFER_DECIMAL_H
#define DRAWBRIDGE_TRANSFER_DECIMAL_H

#include "base/str.h"

enum {
  DECIMAL_TEXT_MAX = 255,
  DECIMAL_LIMBS_BELOW = 29, /* nine digits each, behind the point */
  DECIMAL_LIMBS = 60,
  DECIMAL_MOVED_MAX = 6,
  DECIMAL_OUT_SIZE = DECIMAL_LIMBS * 9 + 4,
};

struct decimal {
  uint32_t limb[DECIMAL_LIMBS]; /* base 10^9, lowest first; the point stands before limb[DECIMAL_LIMBS_BELOW] */
  uint8_t low, high;            /* all limbs outside of [low, high) are 0; both 0: the number is 0 */
  bool negative;
};

bool decimal_parse(struct str text, struct decimal *ret); /* false: not a number in DHIS2's form, or too long; *ret is 0 then */

/* The number with its point moved by so many places, DECIMAL_MOVED_MAX at most: 2 makes it a hundredfold, -2 the hundredth part. False as decimal_parse. */
bool decimal_parse_moved(struct str text, int places, struct decimal *ret);

/* sum += sign * number; sign is 1 or -1. False: it would need more digits than there is room for. */
bool decimal_add(struct decimal *sum, const struct decimal *number, int sign);
void decimal_clear(struct decimal *number); /* cheaper than zeroing all of it */

int decimal_cmp(const struct decimal *a, const struct decimal *b);               /* below 0, 0, above 0 */
bool decimal_between(const struct decimal *number, int32_t least, int32_t most); /* least <= number <= most */
int decimal_sign(const struct decimal *number);                                  /* -1, 0, 1 */
bool decimal_is_whole(const struct decimal *number);

/* The shortest text of it in `out`; returned with its length. */
struct str decimal_text(const struct decimal *number, char out[DECIMAL_OUT_SIZE]);

/* Are both texts numbers, and the same one ("12.0" and "12")? */
bool decimal_same(struct str a, struct str b);

#endif

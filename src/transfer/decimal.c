#include "transfer/decimal.h"

enum { LIMB = 1000000000, LIMB_DIGITS = 9, POINT = DECIMAL_LIMBS_BELOW };

static const uint32_t powers[LIMB_DIGITS] = {1, 10, 100, 1000, 10000, 100000, 1000000, 10000000, 100000000};

static bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

/* Sets [low, high) to just what is not 0. */
static void trim(struct decimal *number, unsigned low, unsigned high) {
  while (high > low && number->limb[high - 1] == 0) high--;
  while (low < high && number->limb[low] == 0) low++;
  if (low == high) low = high = 0;
  number->low = (uint8_t)low;
  number->high = (uint8_t)high;
  if (low == high) number->negative = false;
}

/* Digits from the point leftwards. */
static void put_whole(struct decimal *number, struct str digits) {
  unsigned at = POINT, place = 0;
  for (size_t i = digits.n; i-- > 0;) {
    number->limb[at] += (uint32_t)(digits.p[i] - '0') * powers[place];
    if (++place < LIMB_DIGITS) continue;
    place = 0;
    at++;
  }
}

static void put_fraction(struct decimal *number, struct str digits) {
  for (size_t i = 0; i < digits.n; i++)
    number->limb[POINT - 1 - i / LIMB_DIGITS] += (uint32_t)(digits.p[i] - '0') * powers[LIMB_DIGITS - 1 - i % LIMB_DIGITS];
}

static unsigned limbs_of(size_t digits) {
  return (unsigned)((digits + LIMB_DIGITS - 1) / LIMB_DIGITS);
}

bool decimal_parse(struct str text, struct decimal *ret) {
  size_t whole = 0, fraction = 0;
  *ret = (struct decimal){0};
  bool negative = text.n > 0 && text.p[0] == '-';
  struct str rest = str_from(text, negative);
  while (whole < rest.n && is_digit(rest.p[whole])) whole++;
  if (text.n > DECIMAL_TEXT_MAX || whole == 0 || (whole > 1 && rest.p[0] == '0')) return false;
  if (whole < rest.n) {
    if (rest.p[whole] != '.') return false;
    while (whole + 1 + fraction < rest.n && is_digit(rest.p[whole + 1 + fraction])) fraction++;
    if (fraction == 0 || whole + 1 + fraction != rest.n) return false;
  }
  put_whole(ret, str_slice(rest, 0, whole));
  put_fraction(ret, str_slice(rest, whole + 1, whole + 1 + fraction));
  ret->negative = negative;
  trim(ret, POINT - limbs_of(fraction), POINT + limbs_of(whole));
  return true;
}

bool decimal_parse_moved(struct str text, int places, struct decimal *ret) {
  char digits[DECIMAL_TEXT_MAX + 2 * DECIMAL_MOVED_MAX];
  if (places > DECIMAL_MOVED_MAX || -places > DECIMAL_MOVED_MAX || !decimal_parse(text, ret)) return false;
  bool negative = ret->negative;
  size_t left = places < 0 ? (size_t)-places : 0, right = places > 0 ? (size_t)places : 0;
  struct str fraction = str_from(text, text.p[0] == '-'), whole = str_take(&fraction, '.');
  memset(digits, '0', sizeof digits);
  memcpy(digits + left, whole.p, whole.n);
  if (fraction.n) memcpy(digits + left + whole.n, fraction.p, fraction.n);
  size_t point = left + whole.n + right - left, end = left + whole.n + fraction.n + right;
  *ret = (struct decimal){.negative = negative};
  put_whole(ret, (struct str){digits, point});
  put_fraction(ret, (struct str){digits + point, end - point});
  trim(ret, POINT - limbs_of(end - point), POINT + limbs_of(point));
  return true;
}

static bool is_zero(const struct decimal *number) {
  return number->low == number->high;
}

static int cmp_size(const struct decimal *a, const struct decimal *b) {
  if (is_zero(a) || is_zero(b)) return !is_zero(a) - !is_zero(b);
  if (a->high != b->high) return a->high > b->high ? 1 : -1;
  for (unsigned i = a->high; i-- > 0;)
    if (a->limb[i] != b->limb[i]) return a->limb[i] > b->limb[i] ? 1 : -1;
  return 0;
}

/* |sum| += |number|; false: no room. */
static bool add_size(struct decimal *sum, const struct decimal *number) {
  unsigned low = is_zero(sum) || number->low < sum->low ? number->low : sum->low,
           high = number->high > sum->high ? number->high : sum->high;
  if (high == DECIMAL_LIMBS && sum->limb[high - 1] + number->limb[high - 1] + 1 >= LIMB) return false;
  uint32_t carry = 0;
  for (unsigned i = number->low; i < high || carry; i++) {
    uint32_t limb = sum->limb[i] + number->limb[i] + carry;
    carry = limb >= LIMB;
    sum->limb[i] = carry ? limb - LIMB : limb;
    if (i >= high)
      high = i + 1;
    else if (i + 1 >= number->high && !carry)
      break;
  }
  trim(sum, low, high);
  return true;
}

/* *ret = |a| - |b| where |a| >= |b|; ret may be either. */
static void subtract_size(const struct decimal *a, const struct decimal *b, struct decimal *ret) {
  unsigned low = a->low < b->low ? a->low : b->low, high = a->high;
  uint32_t borrow = 0;
  for (unsigned i = low; i < high; i++) {
    uint32_t take = b->limb[i] + borrow;
    borrow = a->limb[i] < take;
    ret->limb[i] = borrow ? a->limb[i] + LIMB - take : a->limb[i] - take;
  }
  trim(ret, low, high);
}

bool decimal_add(struct decimal *sum, const struct decimal *number, int sign) {
  bool negative = sign < 0 ? !number->negative : number->negative;
  if (is_zero(number)) return true;
  if (is_zero(sum)) sum->negative = negative;
  if (sum->negative == negative) return add_size(sum, number);
  int order = cmp_size(sum, number);
  if (order == 0) {
    decimal_clear(sum);
  } else if (order > 0) {
    subtract_size(sum, number, sum);
  } else {
    sum->negative = negative;
    subtract_size(number, sum, sum);
  }
  return true;
}

void decimal_clear(struct decimal *number) {
  memset(number->limb + number->low, 0, (size_t)(number->high - number->low) * sizeof *number->limb);
  number->low = number->high = 0;
  number->negative = false;
}

int decimal_sign(const struct decimal *number) {
  return is_zero(number) ? 0 : number->negative ? -1 : 1;
}

int decimal_cmp(const struct decimal *a, const struct decimal *b) {
  int sign = decimal_sign(a);
  if (sign != decimal_sign(b)) return sign > decimal_sign(b) ? 1 : -1;
  return sign < 0 ? -cmp_size(a, b) : cmp_size(a, b);
}

bool decimal_between(const struct decimal *number, int32_t least, int32_t most) {
  if (number->high > POINT + 2) return false; /* a limb more than any bound has */
  int64_t whole = (int64_t)number->limb[POINT + 1] * LIMB + number->limb[POINT];
  bool more = !is_zero(number) && number->low < POINT; /* it goes on behind the point, away from zero */
  if (number->negative) return -whole >= (int64_t)least + more && -whole <= most;
  return whole >= least && whole <= (int64_t)most - more;
}

bool decimal_is_whole(const struct decimal *number) {
  return is_zero(number) || number->low >= POINT;
}

static char *put_limb(char *at, uint32_t limb) {
  for (unsigned i = LIMB_DIGITS; i-- > 0; limb /= 10) at[i] = (char)('0' + limb % 10);
  return at + LIMB_DIGITS;
}

struct str decimal_text(const struct decimal *number, char out[DECIMAL_OUT_SIZE]) {
  char digits[DECIMAL_OUT_SIZE], *end = digits, *at = out;
  unsigned top = number->high > POINT + 1 ? number->high : POINT + 1;
  for (unsigned i = top; i-- > POINT;) end = put_limb(end, number->limb[i]);
  char *first = digits;
  while (first + 1 < end && *first == '0') first++;
  if (number->negative) *at++ = '-';
  at = mempcpy(at, first, (size_t)(end - first));
  if (!is_zero(number) && number->low < POINT) {
    *at++ = '.';
    for (unsigned i = POINT; i-- > number->low;) at = put_limb(at, number->limb[i]);
    while (at[-1] == '0') at--;
  }
  return (struct str){out, (size_t)(at - out)};
}

bool decimal_same(struct str a, struct str b) {
  struct decimal left, right;
  return decimal_parse(a, &left) && decimal_parse(b, &right) && decimal_cmp(&left, &right) == 0;
}

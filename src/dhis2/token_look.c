/* How personal access tokens look: dhis2_token_look of sign_in.h, and a well-formed one that nobody has, for the probe. */
#include "dhis2/token_look.h"

#include "crypt/random.h"

enum { V1_CODE = 32, V1_CHECK = 10, V2_CODE = 44, V2_CHECK = 6, LONGEST_CHECKED = V2_CODE + 4 };

/* CRC-32 of IEEE 802.3, as zlib's. */
static uint32_t crc32_of(const unsigned char *p, size_t n) {
  uint32_t crc = 0xFFFFFFFF;
  for (size_t i = 0; i < n; i++) {
    crc ^= p[i];
    for (int bit = 0; bit < 8; bit++) crc = (crc >> 1) ^ (crc & 1 ? 0xEDB88320u : 0);
  }
  return ~crc;
}

/* 2.41+ takes the sum over the whole array behind Java's encoder, which is a tenth longer than the text: NUL bytes follow the code. */
static uint32_t checksum(struct str code, size_t zeros) {
  unsigned char bytes[LONGEST_CHECKED] = {0};
  memcpy(bytes, code.p, code.n);
  return crc32_of(bytes, code.n + zeros);
}

static void base62(uint32_t value, char out[V2_CHECK]) {
  static const char digits[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
  for (int i = V2_CHECK - 1; i >= 0; i--, value /= 62) out[i] = digits[value % 62];
}

static bool letters_and_digits(struct str text) {
  for (size_t i = 0; i < text.n; i++) {
    char c = text.p[i];
    if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'))) return false;
  }
  return true;
}

static bool v2_sum_fits(struct str rest) {
  char sum[V2_CHECK];
  base62(checksum(str_slice(rest, 0, V2_CODE), 4), sum);
  return str_eq(str_from(rest, V2_CODE), (struct str){sum, V2_CHECK});
}

/* What 2.40 writes sums the code alone; what 2.41+ would accept of that kind sums three NUL bytes more. */
static bool v1_sum_fits(struct str rest) {
  uint64_t sum;
  struct str code = str_slice(rest, 0, V1_CODE);
  return str_to_u64(str_from(rest, V1_CODE), &sum) && (sum == checksum(code, 0) || sum == checksum(code, 3));
}

enum dhis2_token_look dhis2_token_look(struct str token) {
  bool v1 = str_starts(token, STR("d2pat_")), v2 = str_starts(token, STR("d2p_"));
  struct str rest = str_from(token, v1 ? 6 : 4);
  if (!v1 && !v2) return DHIS2_TOKEN_FOREIGN;
  if (!letters_and_digits(rest)) return DHIS2_TOKEN_MISTYPED;
  if (v1) return rest.n == V1_CODE + V1_CHECK && v1_sum_fits(rest) ? DHIS2_TOKEN_OLD : DHIS2_TOKEN_MISTYPED;
  return rest.n == V2_CODE + V2_CHECK && v2_sum_fits(rest) ? DHIS2_TOKEN_GOOD : DHIS2_TOKEN_MISTYPED;
}

struct str dhis2_token_of_nobody(struct arena *arena) {
  struct str code = arena_printf(arena, "x%.*s", STR_ARG(random_id(arena, V2_CODE - 1)));
  char sum[V2_CHECK];
  base62(checksum(code, 4), sum);
  return arena_printf(arena, "d2p_%.*s%.*s", STR_ARG(code), V2_CHECK, sum);
}

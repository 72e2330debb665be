#include "net/address.h"

#include <arpa/inet.h>

static bool to_text(struct str s, char text[INET6_ADDRSTRLEN]) {
  if (s.n == 0 || s.n >= INET6_ADDRSTRLEN || memchr(s.p, 0, s.n)) return false;
  memcpy(text, s.p, s.n);
  text[s.n] = 0;
  return true;
}

/* The bytes of a literal: 4, 16, or 0 where it is none. inet_pton takes no short, octal or hexadecimal IPv4 forms. */
static size_t literal(struct str s, unsigned char bytes[16]) {
  char text[INET6_ADDRSTRLEN];
  if (!to_text(s, text)) return 0;
  if (inet_pton(AF_INET, text, bytes) == 1) return 4;
  return inet_pton(AF_INET6, text, bytes) == 1 ? 16 : 0;
}

static bool prefix_eq(const unsigned char *a, const unsigned char *b, unsigned bits) {
  if (memcmp(a, b, bits / 8) != 0) return false;
  if (bits % 8 == 0) return true;
  unsigned mask = 0xff00u >> (bits % 8) & 0xff;
  return (a[bits / 8] & mask) == (b[bits / 8] & mask);
}

bool cidr_parse(struct str text, struct cidr *ret) {
  struct str rest = text, host = str_take(&rest, '/');
  struct cidr range = {0};
  size_t n = literal(host, range.bytes);
  if (n == 0) return false;
  uint64_t bits = n * 8;
  if (rest.p && (!str_to_u64(rest, &bits) || bits > n * 8)) return false;
  range.family = n == 4 ? AF_INET : AF_INET6;
  range.bits = (unsigned)bits;
  for (unsigned i = range.bits; i < n * 8; i++)
    if (range.bytes[i / 8] >> (7 - i % 8) & 1) return false;
  *ret = range;
  return true;
}

static const unsigned char *bytes_of(const struct sockaddr *address) {
  if (address->sa_family == AF_INET) return (const unsigned char *)&((const struct sockaddr_in *)(const void *)address)->sin_addr;
  if (address->sa_family == AF_INET6) return (const unsigned char *)&((const struct sockaddr_in6 *)(const void *)address)->sin6_addr;
  return NULL;
}

/* The IPv4 address that an IPv6 one stands for, or NULL: mapped, NAT64 (RFC 6052), 6to4 (RFC 3056). */
static const unsigned char *embedded_ipv4(const unsigned char *v6) {
  static const unsigned char mapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff}, nat64[12] = {0, 0x64, 0xff, 0x9b};
  if (memcmp(v6, mapped, 12) == 0 || memcmp(v6, nat64, 12) == 0) return v6 + 12;
  return v6[0] == 0x20 && v6[1] == 0x02 ? v6 + 2 : NULL;
}

bool cidr_has(const struct cidr *range, const struct sockaddr *address) {
  const unsigned char *bytes = bytes_of(address);
  if (!bytes) return false;
  if (address->sa_family == range->family) return prefix_eq(bytes, range->bytes, range->bits);
  const unsigned char *v4 = address->sa_family == AF_INET6 && range->family == AF_INET ? embedded_ipv4(bytes) : NULL;
  return v4 && prefix_eq(v4, range->bytes, range->bits);
}

bool address_parse(struct str text, struct sockaddr_storage *ret) {
  unsigned char bytes[16];
  if (text.n > 2 && text.p[0] == '[' && text.p[text.n - 1] == ']') {
    text = str_slice(text, 1, text.n - 1);
    if (str_find_char(text, ':') == SIZE_MAX) return false;
  }
  size_t n = literal(text, bytes);
  if (n == 0) return false;
  memset(ret, 0, sizeof *ret);
  if (n == 4) {
    struct sockaddr_in *in = (struct sockaddr_in *)ret;
    in->sin_family = AF_INET;
    memcpy(&in->sin_addr, bytes, 4);
  } else {
    struct sockaddr_in6 *in = (struct sockaddr_in6 *)ret;
    in->sin6_family = AF_INET6;
    memcpy(&in->sin6_addr, bytes, 16);
  }
  return true;
}

struct prefix {
  unsigned char bytes[4];
  unsigned bits;
};

static bool public_v4(const unsigned char *v4) {
  static const struct prefix kept[] = {
      {{0}, 8},
      {{10}, 8},
      {{100, 64}, 10},
      {{127}, 8},
      {{169, 254}, 16},
      {{172, 16}, 12},
      {{192, 0, 0}, 24},
      {{192, 0, 2}, 24},
      {{192, 88, 99}, 24},
      {{192, 168}, 16},
      {{198, 18}, 15},
      {{198, 51, 100}, 24},
      {{203, 0, 113}, 24},
      {{224}, 3},
  };
  for (size_t i = 0; i < sizeof kept / sizeof *kept; i++)
    if (prefix_eq(v4, kept[i].bytes, kept[i].bits)) return false;
  return true;
}

/* Only 2000::/3 is given out; of it 2001::/23 (protocols, Teredo), 2001:db8::/32 and 3fff::/20 (documentation) are kept. */
static bool public_v6(const unsigned char *v6) {
  static const struct prefix kept[] = {{{0x20, 0x01, 0x00}, 23}, {{0x20, 0x01, 0x0d, 0xb8}, 32}, {{0x3f, 0xff}, 20}};
  const unsigned char *v4 = embedded_ipv4(v6);
  if (v4) return public_v4(v4);
  if (v6[0] >> 5 != 1) return false;
  for (size_t i = 0; i < sizeof kept / sizeof *kept; i++)
    if (prefix_eq(v6, kept[i].bytes, kept[i].bits)) return false;
  return true;
}

bool address_public(const struct sockaddr *address) {
  const unsigned char *bytes = bytes_of(address);
  if (!bytes) return false;
  return address->sa_family == AF_INET ? public_v4(bytes) : public_v6(bytes);
}

bool address_loopback(const struct sockaddr *address) {
  const unsigned char *bytes = bytes_of(address);
  if (!bytes) return false;
  if (address->sa_family == AF_INET) return bytes[0] == 127;
  static const unsigned char one[16] = {[15] = 1};
  const unsigned char *v4 = embedded_ipv4(bytes);
  return memcmp(bytes, one, 16) == 0 || (v4 && v4[0] == 127);
}

bool address_allowed(const struct sockaddr *address, const struct str *ranges, size_t count) {
  if (address_public(address)) return true;
  for (size_t i = 0; i < count; i++) {
    struct cidr range;
    if (cidr_parse(ranges[i], &range) && cidr_has(&range, address)) return true;
  }
  return false;
}

/* address: which network addresses a server may have.
 *
 * What holds always: a literal address is read in its one plain form alone (four decimal numbers, or RFC 4291 text); `0x7f.1`, `127.1`, `010.0.0.1` and the like are
 * not addresses here. An IPv4 address inside IPv6 (::ffff:a.b.c.d, 64:ff9b::/96, 2002::/16) is judged as that IPv4 address too.
 *
 * "Public" is what the registries of IANA (RFC 6890 and its updates) do not keep for loopback, private, link-local, shared, benchmark, documentation, multicast or
 * reserved use. Nothing else may be an upstream unless the configuration lists its range (R-G3). */
#ifndef DRAWBRIDGE_NET_ADDRESS_H
#define DRAWBRIDGE_NET_ADDRESS_H

#include "base/str.h"
#include <netinet/in.h>

struct cidr {
  int family; /* AF_INET, AF_INET6 */
  unsigned bits;
  unsigned char bytes[16]; /* the first 4 for AF_INET */
};

/* "10.0.0.0/8", "fd00::/8", "127.0.0.1" (one address). False where it is not one, or bits beyond the prefix are set. */
bool cidr_parse(struct str text, struct cidr *ret);
bool cidr_has(const struct cidr *range, const struct sockaddr *address);

/* A literal, with or without brackets. The port of *ret is 0. */
bool address_parse(struct str text, struct sockaddr_storage *ret);
bool address_public(const struct sockaddr *address);
bool address_loopback(const struct sockaddr *address);

/* Public, or inside one of `ranges` (text of cidr_parse; one that cannot be read matches nothing). */
bool address_allowed(const struct sockaddr *address, const struct str *ranges, size_t count);

#endif

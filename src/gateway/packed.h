/* packed: several fields in one secret, to be sealed (crypt/seal.h) and stored; and apart again. Pure.
 *
 * One byte of format, then per field a tag (1 byte), its length (4 bytes, big endian) and its bytes. A tag comes once. Fields with a tag that the reader does not ask for are passed over, so that an older program reads
 * what a newer one wrote. The whole is authenticated by the seal, so what cannot be read is a fault, not an attack. */
#ifndef DRAWBRIDGE_GATEWAY_PACKED_H
#define DRAWBRIDGE_GATEWAY_PACKED_H

#include "crypt/secret.h"

enum { PACKED_MAX = 1 << 20 };

struct packed_field {
  unsigned char tag;
  struct str bytes; /* p == NULL: is not there */
};

/* NULL: more than PACKED_MAX bytes. Intermediate copies are wiped. */
struct secret *packed_close(const struct packed_field *fields, size_t count);

/* Fills `bytes` of each field by its tag, borrowed from `packed`. False: not what packed_close wrote. */
bool packed_open(struct str packed, struct packed_field *fields, size_t count);

/* Numbers as 8 bytes, big endian. False: not 8 bytes. */
struct str packed_number(int64_t value, char room[8]);
bool packed_get_number(struct str bytes, int64_t *ret);

#endif

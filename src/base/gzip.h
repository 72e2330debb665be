/* gzip: bytes made shorter for a slow line (RFC 1952). Pure; takes about 20 ms for a megabyte: not on a loop. */
#ifndef DRAWBRIDGE_BASE_GZIP_H
#define DRAWBRIDGE_BASE_GZIP_H

#include "base/buf.h"

/* Adds the packed bytes to `into`; false: they do not fit there, or there is no memory, and `into` is to be thrown away. The same bytes give the same ones. */
bool gzip_pack(struct str bytes, struct buf *into);

#endif

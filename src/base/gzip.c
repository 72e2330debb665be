#define ZLIB_CONST
#include "base/gzip.h"

#include <limits.h>
#include <zlib.h>

enum { LEVEL = 6, AS_GZIP = 16, MEMORY = 8 };

bool gzip_pack(struct str bytes, struct buf *into) {
  z_stream stream = {0};
  if (bytes.n > UINT_MAX || deflateInit2(&stream, LEVEL, Z_DEFLATED, AS_GZIP + MAX_WBITS, MEMORY, Z_DEFAULT_STRATEGY) != Z_OK) return false;
  size_t most = deflateBound(&stream, (uLong)bytes.n);
  bool whole = most <= UINT_MAX && buf_reserve(into, most);
  if (whole) {
    stream.next_in = (const Bytef *)bytes.p;
    stream.avail_in = (uInt)bytes.n;
    stream.next_out = (Bytef *)into->p + into->n;
    stream.avail_out = (uInt)most;
    whole = deflate(&stream, Z_FINISH) == Z_STREAM_END;
    into->n += stream.total_out;
  }
  (void)deflateEnd(&stream);
  return whole;
}

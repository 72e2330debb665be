/* zip: archives that somebody else made, read in memory.
 *
 * What holds always: nothing is written anywhere. zip_unpack gives no more files and bytes than `limits` says, whatever the archive claims of itself; each file has the length and the sum that it says, and a name that is a path below
 * where it is put: segments that are neither empty, "." nor "..", without a leading slash, a backslash, a colon or a control character, in UTF-8, each name once. Folders are left out. An archive of which any of that does not hold, or that is
 * cut, has a password or another packing than deflate, is refused as a whole. */
#ifndef DRAWBRIDGE_BASE_ZIP_H
#define DRAWBRIDGE_BASE_ZIP_H

#include "base/arena.h"
#include "base/error.h"

/* The archive to be read, and what minizip's calls have of it. */
struct zip_bytes {
  struct str bytes;
  size_t at;
};

/* minizip's unzFile over bytes in memory, for unzip.h; `from` outlives it. NULL: no archive. The caller closes it (unzClose). */
void *zip_open(struct zip_bytes *from);

struct zip_limits {
  size_t files;    /* folders count, too */
  size_t unpacked; /* bytes of all files together */
};

struct zip_file {
  struct str name, bytes;
  struct str gzip; /* the same as a gzip member (RFC 1952); empty: it is not packed, or that is no shorter */
};

/* All files, in the archive's order, in `arena`. -1: ERROR_input, what is wrong and with which file. */
int zip_unpack(struct arena *arena, struct str bytes, struct zip_limits limits, struct zip_file **ret, size_t *ret_count,
               struct error *error);

#endif

/* data_pack: gzip and zip of bodies. */
#ifndef DRAWBRIDGE_SIM_DATA_PACK_H
#define DRAWBRIDGE_SIM_DATA_PACK_H

#include "base/arena.h"

/* The bytes tell whether it is packed, not a header: gzip and zip are unpacked, up to 512 MiB; all else comes back as it is. */
struct str data_unpack(struct arena *arena, struct str body);
struct str data_gzip(struct arena *arena, struct str text);
struct str data_zip(struct arena *arena, struct str name, struct str text); /* one file in it */

#endif

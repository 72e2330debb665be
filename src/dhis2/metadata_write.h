/* metadata_write: a side as an export file again: what dhis2_metadata_read takes, with nothing else in it. Keeps what an alignment was made from, small and complete. */
#ifndef DRAWBRIDGE_DHIS2_METADATA_WRITE_H
#define DRAWBRIDGE_DHIS2_METADATA_WRITE_H

#include "base/buf.h"
#include "dhis2/metadata.h"

/* One JSON object. False: larger than buf->max. Reading it gives a model that writes the same bytes. */
bool dhis2_metadata_write(const struct dhis2_metadata *metadata, struct buf *buf);

#endif

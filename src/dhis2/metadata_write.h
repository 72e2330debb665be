/* metadata_write: a side as an export file again: what dhis2_metadata_read takes, with nothing else in it. Keeps what an alignment was made from, small and complete. */
#ifndef DRAWBRIDGE_DHIS2_METADATA_WRITE_H
#define DRAWBRIDGE_DHIS2_METADATA_WRITE_H

#include "base/buf.h"
#include "dhis2/metadata.h"

/* One JSON object. False: larger than buf->max. Reading it gives a model that writes the same bytes. */
bool dhis2_metadata_write(const struct dhis2_metadata *metadata, struct buf *buf);

/* The same with no more than it takes to tell later what changed: data sets, elements and the combos these can hold values in, the data sets' attributes, and the org units they are assigned to with all above them, by id, code, name, types, members and parents; without descriptions, translations, short names and
 * sections. One object a line, so that two of them can be compared by eye. */
bool dhis2_metadata_write_brief(const struct dhis2_metadata *metadata, struct buf *buf);

#endif

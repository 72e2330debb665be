/* data_store_write: a mapping as the entry that data-set-aligner or Dataset Alignment keeps in the data store (format_data_store.c reads them).
 *
 * What holds always: the list has one entry, which the app shows and can go on with. Where a side is not known, its data sets hold what the mapping names, ids in place of names; the app's own refresh then
 * fetches the rest. Source cells without target stand there with an empty target where the source is known: "not mapped yet" in the app. */
#ifndef DRAWBRIDGE_MAPPING_DATA_STORE_WRITE_H
#define DRAWBRIDGE_MAPPING_DATA_STORE_WRITE_H

#include "mapping/formats.h"

void data_store_write(struct format_job *job, const struct mapping *mapping, bool with_metadata,
                      struct buf *buf); /* buf->full: too large */

#endif

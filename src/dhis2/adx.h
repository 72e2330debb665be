/* adx: data values as ADX (IHE, urn:ihe:qrph:adx:2015), as DHIS2 reads and writes them: things by their codes, a disaggregation by an attribute for each category, a period as its first day and how long it is.
 *
 * What holds always: ids go in and out as uids, codes are looked up in the metadata given. What cannot be told without guessing is refused: a code of an org unit, data set, category or option that the metadata do not hold, categories that make no option combo of the
 * element, a period of a length that is none of DHIS2's. A data element that the metadata do not hold keeps what it was called, for the report. Within a data set the period is of its type; without one, of the type whose periods begin on that day.
 * Category `default` may be written out (from 2.43 on it is). Of an element that holds no numbers the value is the annotation, elsewhere the annotation is the comment.
 *
 * Limits: no document type (so no entities), depth 8, 64 attributes a tag, 1 MiB a text, 4 MiB a tag. Memory does not grow with the number of values: maps of the codes, and one tag.
 *
 * Life cycle of both: new, calls, free. `metadata` outlives them. Pure. */
#ifndef DRAWBRIDGE_DHIS2_ADX_H
#define DRAWBRIDGE_DHIS2_ADX_H

#include "dhis2/data_values.h"

/* --- reading --- */

struct dhis2_adx_reader;

struct dhis2_adx_reader *dhis2_adx_reader_new(const struct dhis2_metadata *metadata, dhis2_value_handler *handler,
                                              void *payload); /* metadata: NULL: everything is a uid */
int dhis2_adx_reader_feed(struct dhis2_adx_reader *reader, struct str piece,
                          struct error *error); /* ERROR_input with the line, or the handler's own */
int dhis2_adx_reader_finish(struct dhis2_adx_reader *reader, struct error *error);
void dhis2_adx_reader_free(struct dhis2_adx_reader *reader); /* NULL is fine */

/* --- writing --- */

struct dhis2_adx_writer;

struct dhis2_adx_writer *dhis2_adx_writer_new(const struct dhis2_metadata *metadata);
void dhis2_adx_writer_free(struct dhis2_adx_writer *writer); /* NULL is fine */
void dhis2_adx_begin(struct buf *buf);

/* Values of one data set, org unit, period and attribute option combo that come behind one another share a group. -1: ERROR_input: something has no code, or one that cannot be an attribute; nothing is added then. */
int dhis2_adx_add(struct dhis2_adx_writer *writer, struct str data_set, const struct dhis2_value *value, struct buf *buf,
                  struct error *error);
void dhis2_adx_end(struct dhis2_adx_writer *writer, struct buf *buf);

#endif

/* format_forms: the reader and the writer of each form, for the table in formats.c alone; what they must keep to is said in formats.h. */
#ifndef DRAWBRIDGE_MAPPING_FORMAT_FORMS_H
#define DRAWBRIDGE_MAPPING_FORMAT_FORMS_H

#include "mapping/formats.h"

#define FORMAT_FORM(name) \
  const struct mapping *format_##name##_read(struct format_job *job, struct str bytes, struct error *error); \
  int format_##name##_write(struct format_job *job, const struct mapping *mapping, struct buf *buf, struct error *error);

FORMAT_FORM(csv)                /* a row for each term, with all that a rule says */
FORMAT_FORM(xlsx)               /* the same as a workbook, with sheets for what is not of a rule */
FORMAT_FORM(fhir)               /* ConceptMap, R4 */
FORMAT_FORM(datim)              /* DATIM indicator map: ADD, SUBTRACT */
FORMAT_FORM(openhexa)           /* dictionaries of ids */
FORMAT_FORM(aligner)            /* dataitemid_src, catoptcomboid_src, dataitemid_tgt, catoptcomboid_tgt */
FORMAT_FORM(data_set_aligner)   /* an entry of its data store: nested rows of elements and option combos */
FORMAT_FORM(metadata_alignment) /* likewise, with the metadata of both sides and pairs of attribute option combos and org units */

int format_exchange_write(struct format_job *job, const struct mapping *mapping, struct buf *buf,
                          struct error *error); /* indicators and an aggregate data exchange; written only */

#undef FORMAT_FORM
#endif

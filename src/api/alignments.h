/* alignments: the alignments that are kept, for the routes about one of them (job->words[0]).
 *
 * An alignment is three documents: what was decided and the state that follows from it, and both sides as they were read. */
#ifndef DRAWBRIDGE_API_ALIGNMENTS_H
#define DRAWBRIDGE_API_ALIGNMENTS_H

#include "api/alignment.h"
#include "api/api.h"

/* -1: ERROR_not_found: there is none, or it is not the person's. */
int alignments_load(struct api_job *job, struct store_document *document, struct alignment *ret, struct error *error);

/* Does If-Match name this version? ERROR_bad_request: it names none; ERROR_changed_meanwhile. */
int alignments_version_wanted(struct api_job *job, int64_t version, struct error *error);

/* Writes decisions and state, with a line of history: what was sent. `version` of the alignment is the one that it gets. *ret_body is the new body, which the document borrows; to be freed also after a failure. */
int alignments_keep(struct api_job *job, struct store_document *document, const struct alignment *alignment, struct buf *ret_body,
                    struct error *error);

/* Both sides take the place of those that were kept, and names and period types of the data sets that of those in the list. */
int alignments_keep_sides(struct api_job *job, struct store_document *document, const struct alignment *alignment, struct error *error);

#endif

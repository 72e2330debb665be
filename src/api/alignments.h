/* alignments: the alignments that are kept, for the routes about one of them (job->words[0]).
 *
 * An alignment is three documents: what was decided and the state that follows from it, and both sides as they were read. */
#ifndef DRAWBRIDGE_API_ALIGNMENTS_H
#define DRAWBRIDGE_API_ALIGNMENTS_H

#include "api/alignment.h"
#include "api/api.h"

/* The document of one. -1: ERROR_not_found: there is none, or it is not open to the person. */
int alignments_find(struct api_job *job, struct str id, struct store_document *ret, struct error *error);

/* What was asked for when it was made, out of its document. */
struct alignment_order;
struct alignment_order alignments_order(struct arena *arena, const struct store_document *document);

/* -1: ERROR_not_found: there is none, or it is not open to the person. */
int alignments_load(struct api_job *job, struct store_document *document, struct alignment *ret, struct error *error);

/* Names of both sides in the language of who reads, where the servers have translations; of who made it as it is: as each server shows them to that person. True: they may be others now than those that are kept. */
bool alignments_for_reader(struct api_job *job, const struct store_document *document, struct alignment *alignment);

/* As alignments_load, to be shown to who reads. */
int alignments_load_shown(struct api_job *job, struct store_document *document, struct alignment *ret, struct error *error);

/* Does If-Match name this version? ERROR_bad_request: it names none; ERROR_changed_meanwhile. */
int alignments_version_wanted(struct api_job *job, int64_t version, struct error *error);

/* Who the session is, for what it does in this alignment now. */
struct alignment_actor alignments_actor(struct api_job *job, const struct alignment *alignment);

/* Writes what is kept of it and its state, with a line of history for each step behind the number `last_step`. `version` of the alignment is the one that it gets. *ret_body is the new body, which the document borrows; to be
 * freed also after a failure. */
int alignments_keep(struct api_job *job, struct store_document *document, const struct alignment *alignment, int64_t last_step,
                    struct buf *ret_body, struct error *error);

int64_t alignments_last_step(const struct alignment *alignment); /* its number; 0: there is none */

/* What a list of alignments tells of it, for document->about. */
struct str alignments_about(struct arena *arena, const struct alignment *alignment);

/* Both sides take the place of those that were kept, and names and period types of the data sets that of those in the list. */
int alignments_keep_sides(struct api_job *job, struct store_document *document, const struct alignment *alignment, struct error *error);

/* The body of a document for this value: asks the engine. -1: as alignment_state, ERROR_too_large. */
int alignments_body(const struct alignment *alignment, const struct align_watch *watch, struct buf *body, struct error *error);

#define ALIGNMENTS_KIND STR("alignment") /* of the document */
#define ALIGNMENTS_SIDE_KIND STR("alignment-side")
enum { ALIGNMENTS_SIDE_MAX = 60 << 20 };
struct str alignments_side_id(struct arena *arena, struct str id, char side); /* 's', 't' */

#endif

/* making: alignments that are being made, for who does not wait for one call's answer: listed, told how far they are, ended when they are not wanted any more, and gone on with whether anybody looks or not.
 *
 * What holds always: one that is being made is a document of its own, with the id that the alignment will have; it is under way where the runner has it, in this process or, where processes share the store, in another (desk.h, with a lease as of a run). The
 * alignment is there when it is whole, and only if its document is there still, unchanged: who has ended it finds nothing of it, whatever came at the same moment. One whose process has ended is `interrupted`: it has cost nothing but time, and is begun anew by who wants it.
 *
 * A person has MAKING_OF_PERSON under way at once; each ends after MAKING_MS, and with the person's sign-in at either server. How one ended is told for a day. */
#ifndef DRAWBRIDGE_API_MAKING_H
#define DRAWBRIDGE_API_MAKING_H

#include "api/alignment_make.h"

enum { MAKING_OF_PERSON = 4, MAKING_MS = 30 * 60 * 1000 };

/* Begins one and answers how far it is (202). -1: ERROR_input, ERROR_not_connected, ERROR_too_many, ERROR_busy, ERROR_conflict (another was begun with that Idempotency-Key). */
int making_begin(struct api_job *job, const struct alignment_order *order, struct error *error);

/* Ends it, if the session's person has one of this id. 1: they had, also one that was made; 0: there is none. */
int making_end(struct api_job *job, struct str id, struct error *error);

#endif

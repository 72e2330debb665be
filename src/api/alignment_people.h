/* alignment_people: who beside the owner may see an alignment and decide in it.
 *
 * What holds always: the document's `about` names them, by user name at a server; who is signed in there under that name is let in. They may do what the owner may, but not remove it or let others in. For lists there is a
 * small document beside it for each person; where the two differ, `about` is right. */
#ifndef DRAWBRIDGE_API_ALIGNMENT_PEOPLE_H
#define DRAWBRIDGE_API_ALIGNMENT_PEOPLE_H

#include "api/alignment.h"
#include "api/api.h"
#include <jansson.h>

/* Owner's name, people, second_person and on_change, as `about` has them; in the arena. */
void alignment_people_of(struct arena *arena, const json_t *about, struct alignment *ret);

bool alignment_is_open_to(struct api_job *job, const struct store_document *document);
int alignment_must_own(struct api_job *job, const struct store_document *document, struct error *error); /* -1: ERROR_forbidden */

/* Those that others made and that are open to the session, each once; documents as store_document_list gives them. -1: the store. */
int alignment_each_shared(struct api_job *job, void (*each)(void *payload, const struct store_document *document), void *payload,
                          struct error *error);

#endif

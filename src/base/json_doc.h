/* json_doc: reading small documents that jansson holds (large ones: json_stream.h). */
#ifndef DRAWBRIDGE_BASE_JSON_DOC_H
#define DRAWBRIDGE_BASE_JSON_DOC_H

#include "base/arena.h"
#include <jansson.h>

/* The member's text, borrowed from the document; p == NULL: there is none, or it is no text. `object` may be NULL or anything. */
struct str json_text(const json_t *object, const char *key);
struct str json_text_copy(struct arena *arena, const json_t *object, const char *key); /* the same in the arena: outlives the document */

#endif

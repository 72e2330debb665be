/* json_doc: reading small documents that jansson holds (large ones: json_stream.h). */
#ifndef DRAWBRIDGE_BASE_JSON_DOC_H
#define DRAWBRIDGE_BASE_JSON_DOC_H

#include "base/arena.h"
#include <jansson.h>

/* The document, to be given back with json_decref. NULL: it is none; an empty text is none either. `strictly`: nor is one that has a member twice, which two readers may take for two things. */
json_t *json_doc_read(struct str text);
json_t *json_doc_read_strictly(struct str text);

/* The member's text, borrowed from the document; p == NULL: there is none, or it is no text. `object` may be NULL or anything. */
struct str json_text(const json_t *object, const char *key);
struct str json_text_copy(struct arena *arena, const json_t *object, const char *key); /* the same in the arena: outlives the document */
struct str json_part_copy(struct arena *arena, const json_t *object,
                          const char *key); /* the member, whatever it is, as JSON in the arena; p == NULL: there is none */

uint64_t json_count(const json_t *object, const char *key); /* 0: there is none, or it is less than that */

#endif

/* retrieve: for one source item the target items that share the most telling terms with it, by an inverted index: never all against all.
 *
 * What holds always: terms that very many target items share are left out of the walk where rarer ones are there; their part of the likeness is added by who scores. The same input gives the same order. */
#ifndef DRAWBRIDGE_ALIGN_RETRIEVE_H
#define DRAWBRIDGE_ALIGN_RETRIEVE_H

#include "align/item.h"

struct retriever;

struct retriever *retriever_new(const struct items *target, size_t term_count);
void retriever_free(struct retriever *retriever);

/* Up to `most` indexes of target items, best first. Not for two threads at once. */
size_t retriever_find(struct retriever *retriever, const struct item *source, uint32_t *ret, size_t most);

#endif

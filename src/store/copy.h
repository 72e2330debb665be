/* copy: all that one store holds into another one, of whatever engine: a move, or a backup of one that is in use.
 *
 * What holds always: what is copied is how the source was at one moment; programs go on using it. The target must hold nothing; it gets all of it or nothing. Versions, generations, numbers and fences stay what they are, so that what was given out before is
 * still good and nothing is given twice. Leases are not copied: they are of processes that use the source. */
#ifndef DRAWBRIDGE_STORE_COPY_H
#define DRAWBRIDGE_STORE_COPY_H

#include "store/store.h"

struct store_copied {
  uint64_t sessions, connections, tickets, documents, events, records;
  struct str *runs; /* ids of the documents of that kind: what else belongs to them may lie beside the store */
  size_t run_count;
};

/* -1: ERROR_conflict: the target holds something; ERROR_store_unavailable. */
int store_copy(struct store *from, struct store *to, struct arena *arena, struct store_copied *ret, struct error *error);

#endif

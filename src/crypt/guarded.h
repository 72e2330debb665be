/* guarded: memory for secrets, in small pieces. For secret.c alone.
 *
 * What holds always: the memory is locked (never swapped out) and left out of core dumps; it lies in chunks with a page at either end that ends the process when it is touched; a piece is wiped when it is given
 * back, and the mark behind it is looked at: one that was written over ends the process.
 *
 * A guarded area of its own for each secret would cost six system calls and four pages: too much for what comes with every request, and beyond the locked memory of a usual account with some thousand secrets. Pieces of up to
 * GUARDED_PIECE_MAX bytes share chunks; larger ones have their own. Chunks are kept for the next pieces. Safe from any thread: like malloc's, the lists are the process's. */
#ifndef DRAWBRIDGE_CRYPT_GUARDED_H
#define DRAWBRIDGE_CRYPT_GUARDED_H

#include <stddef.h>

enum { GUARDED_PIECE_MAX = 4080 };

void *guarded_alloc(size_t n);        /* never NULL (base/mem.h) */
void guarded_free(void *p, size_t n); /* `n` as it was asked for */

#endif

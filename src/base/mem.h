/* mem: allocation that cannot be forgotten to check.
 *
 * A process of this kind that is out of memory cannot go on safely, and nothing acknowledged is lost when it ends (the
 * store and the journal are written first). So these end the process with one line on stderr instead of returning NULL.
 * Sizes of what an outsider controls are limited before they get here. */
#ifndef DRAWBRIDGE_BASE_MEM_H
#define DRAWBRIDGE_BASE_MEM_H

#include "base/banned.h"
#include <stddef.h>

void *mem_alloc(size_t size);                                                    /* zeroed; free with free() */
void *mem_alloc_array(size_t count, size_t size);                                /* zeroed, the product checked */
void *mem_resize_array(void *old, size_t count, size_t size);                    /* what is new is not zeroed */
__attribute__((format(printf, 1, 2))) char *mem_printf(const char *format, ...); /* free with free() */
_Noreturn void mem_exhausted(size_t wanted);

/* `_cleanup_free_ char *x`: freed when the scope ends. */
void mem_cleanup_free(void *pointer_to_pointer);
#define _cleanup_free_ __attribute__((cleanup(mem_cleanup_free)))

#endif

/* trouble: what keeps a store from being written and lies with the machine it is on: told in the same words by every engine, so that nobody looks for a fault of the network.
 *
 * What holds always: the code is ERROR_store_unavailable and the reason the trouble's name, by which those who may not hear where the store is are told the rest (store_trouble_words). */
#ifndef DRAWBRIDGE_STORE_TROUBLE_H
#define DRAWBRIDGE_STORE_TROUBLE_H

#include "base/error.h"

enum store_trouble { STORE_NO_TROUBLE, STORE_DISK_FULL, STORE_READ_ONLY, STORE_NOT_ALLOWED, STORE_TROUBLES };

enum store_trouble store_trouble_of_errno(int number);

/* The words; where that is, is put before them by who knows it (error_context). Returns -1. */
int store_trouble_set(struct error *error, enum store_trouble trouble);

/* What is the matter and what to do, by the reason of an error; NULL: that is no trouble. It lives for ever. */
const char *store_trouble_words(const char *reason);

#endif

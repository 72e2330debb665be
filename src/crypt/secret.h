/* secret: bytes that must not be printed, swapped out or left behind: tokens, passwords, keys, cookies of servers.
 *
 * What holds always: the bytes are in locked, guarded memory and wiped when freed; no log field, json_out call or printf
 * takes a struct secret. secret_reveal is the one way to the bytes: call it as late as possible, hand the str straight to the call
 * that needs it, and copy it nowhere but into a buffer that secret_wipe clears.
 *
 * Life cycle: secret_new, secret_free (NULL is fine). Immutable between the two, so it may be shared between threads by secret_ref. */
#ifndef DRAWBRIDGE_CRYPT_SECRET_H
#define DRAWBRIDGE_CRYPT_SECRET_H

#include "base/str.h"

struct secret;

struct secret *secret_new(struct str bytes);      /* copies; the caller wipes its own copy */
struct secret *secret_random(size_t n);           /* n bytes of the system's generator */
struct secret *secret_ref(struct secret *secret); /* counts; NULL gives NULL */
void secret_free(struct secret *secret);
struct str secret_reveal(const struct secret *secret);         /* borrowed until secret_free; NULL gives the empty str */
bool secret_eq(const struct secret *secret, struct str bytes); /* constant time for equal lengths */
void secret_wipe(void *p, size_t n);                           /* not removed by the compiler */

#endif

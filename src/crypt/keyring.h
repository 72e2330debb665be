/* keyring: the server's own keys: one that seals, and older ones that still open what they sealed.
 *
 * The file is text: a comment line, then one line per key, oldest first: `key <id> <made> <base64 of 32 bytes>`. It is made at the first start with mode
 * 0600, written whole beside itself and renamed, so that a crash leaves the old or the new one. A file that group or others may read or write is refused (R-H1, R-H2).
 *
 * What holds always: the last line whose time has come seals (the first, where none has): a key can be handed to several machines before any of them seals with it. At most KEYRING_MAX keys, ids differ. Immutable once opened, so one ring serves all threads.
 *
 * Life cycle: keyring_open, seal.h's calls, keyring_free. After keyring_rotate open it again (SIGHUP): sessions stay, since older keys still open (gateway/sessions.h seals
 * what is in use anew). */
#ifndef DRAWBRIDGE_CRYPT_KEYRING_H
#define DRAWBRIDGE_CRYPT_KEYRING_H

#include "base/error.h"

struct keyring;

enum { KEYRING_MAX = 8, KEYRING_KEY_SIZE = 32 };

/* NULL with ERROR_configuration: not readable, readable by others, malformed, or not to be made. */
struct keyring *keyring_open(const char *path, struct error *error);
struct keyring *keyring_ref(struct keyring *ring); /* counts: any thread may hold one beyond a rotation */
void keyring_free(struct keyring *ring);           /* NULL is fine */

/* Adds a key that seals from `from_ms` on, where the ring was opened after this; 0: at once; beyond KEYRING_MAX the oldest is dropped, and what only it could open asks for a new sign-in. The file stays its owner's, also where root rotates; a file that root makes so belongs to the owner of its folder. */
int keyring_rotate(const char *path, int64_t from_ms, struct error *error);

uint32_t keyring_newest(const struct keyring *ring); /* that seals now */
bool keyring_has(const struct keyring *ring, uint32_t id);

/* A key of `id` for one use, derived by keyed BLAKE2b from the ring's key, the purpose and the holder's secret: nobody opens with the file alone what was sealed to a holder.
 * False: no such key. The caller wipes `ret`. */
bool keyring_derive(const struct keyring *ring, uint32_t id, struct str purpose, struct str holder, unsigned char ret[KEYRING_KEY_SIZE]);

#endif

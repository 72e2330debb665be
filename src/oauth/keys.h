/* keys: the key set of an authorization server (RFC 7517), kept.
 *
 * What holds always: a set is good for an hour. A token that names a key which is not in it makes it be fetched again (servers make new keys at their start, or now and then), but for such a reason, or
 * after a fetch that failed, once in KEYS_PAUSE_MS: a flood of made-up key ids costs one fetch in that time, and is refused meanwhile (R-B3, A29). While one thread fetches, others wait for its result.
 *
 * Any thread; oauth_keys_get blocks (see http/client.h). Life cycle: oauth_keys_new, calls, oauth_keys_free. */
#ifndef DRAWBRIDGE_OAUTH_KEYS_H
#define DRAWBRIDGE_OAUTH_KEYS_H

#include "http/client.h"

enum { KEYS_PAUSE_MS = 10000 };

struct oauth_keys;
struct oauth_keys *oauth_keys_new(void);
void oauth_keys_free(struct oauth_keys *keys); /* NULL is fine */

/* The set at `url`, copied to the arena. `seen`: 0, or the number that came with a set that lacked the key: one that is newer is wanted. 0; 1: there is none newer for now; -1: ERROR_upstream_error with reason "id_token", or those of
 * http_client_call. */
int oauth_keys_get(struct oauth_keys *keys, struct http_client *http, struct str url, uint64_t seen, struct arena *arena,
                   struct str *ret_set, uint64_t *ret_number, struct error *error);

#endif

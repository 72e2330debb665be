/* hold: one process's hold of a run that others know of too, in the store that they share: a lease that is kept for as long as it is held, and what may be written under it alone.
 *
 * What holds always: of several processes one has a run. When that one dies, or stands still for HOLD_LEASE_MS, another can take it; whatever the first one writes after that, also when it wakes up in the middle of it, is refused
 * (store.h, fences). A store that is away is asked again and again for HOLD_PATIENCE_MS: a run outlives a restart of its database.
 *
 * What cannot be ruled out: a process that stands still between the store's word that it has the run and the first byte to the server that it writes to. The store's word is asked for again where it was long under way, so that this is a moment.
 *
 * A place is written `postgresql://…#ID`, or `…#ID/OWNER` where several holds (the run's journal and its claim) are one and the same holder's.
 *
 * Life cycle: hold_take, calls from one thread at a time, hold_release. Has a thread of its own meanwhile. Blocks on the store. */
#ifndef DRAWBRIDGE_TRANSFER_HOLD_H
#define DRAWBRIDGE_TRANSFER_HOLD_H

#include "store/store.h"

enum { HOLD_LEASE_MS = 20000, HOLD_PATIENCE_MS = 60000 };

struct hold;

bool hold_is_place(const char *place);                     /* else it is a folder */
struct str hold_lease(struct str id, struct arena *arena); /* the name of its lease: where that is held, somebody has the run */

/* NULL: ERROR_busy: another process has that run; ERROR_store_unavailable. */
struct hold *hold_take(const char *place, struct error *error);
void hold_release(struct hold *hold); /* NULL is fine */

/* It is only kept from now on, and keeps no connection to the database for that: there may be many (claims of runs that have no thread yet). */
void hold_rest(struct hold *hold);

/* Nobody else has had it since. False: somebody may, since this process stood still for longer than the lease; or the store does not tell, asked for so long. */
bool hold_is_kept(struct hold *hold, int64_t patience_ms);

struct str hold_id(const struct hold *hold);
struct str hold_owner(const struct hold *hold);

/* Records of the run's journal under a name (store_journal_add). -1: ERROR_cancelled: another process has the run by now; ERROR_store_unavailable, ERROR_not_found. What was added twice, since nobody knew whether it was, stands there twice. */
int hold_add(struct hold *hold, struct str name, struct str bytes, struct error *error);
int hold_each(struct hold *hold, struct str name, int (*each)(void *payload, struct str bytes, struct error *error), void *payload,
              struct error *error);
int hold_last(struct hold *hold, struct str name, struct arena *arena, struct str *ret, struct error *error); /* 1; 0: there is none */

/* The store itself. Between the two nothing slow. */
struct store *hold_store(struct hold *hold);
void hold_store_done(struct hold *hold);

#endif

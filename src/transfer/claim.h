/* claim: what a run is about to write, told to all other runs of one folder, so that no two write to the same cells at once.
 *
 * What holds always: two claims of one target (by its address) that share a period and a data set, or a period and a data element (its cells are the same by whatever data set they are written), are never held at once by runs that use the same folder, be they of one process or of several. A claim ends with its process, however that ends.
 * Where several processes share a store, `folder` is a place in it (hold.h), and this holds for all of them; a claim then ends HOLD_LEASE_MS after its process stood still, and who takes its cells first sees to it that the run which had them writes
 * nothing more.
 * Else it holds for one folder, and so for one machine: what runs elsewhere is not seen, and the target's own data store is not ours to write to. There a run is only protected by looking before it writes and reading back (run.h).
 *
 * The folder: a file for each claim, locked (flock) by whoever holds it, with what it is about as JSON; `guard`, locked while somebody looks round. Made by root, they are given to the owner of the folder around, so that a service finds them usable.
 *
 * A claim is taken by who then writes, and never to see whether it could be had: that would be in the way of who means it.
 *
 * Life cycle: claim_take, claim_release; from any thread, by one at a time. Blocks on the disk, and for as long as it is told to wait. */
#ifndef DRAWBRIDGE_TRANSFER_CLAIM_H
#define DRAWBRIDGE_TRANSFER_CLAIM_H

#include "base/error.h"
#include "base/str.h"
#include <stdatomic.h>

struct claim;

struct claim_wish {
  struct str to_url;
  const struct str *data_sets, *periods;
  size_t data_set_count, period_count;
  const struct str *data_elements; /* in order (str_sorted_set) */
  size_t data_element_count;
  struct str by, run; /* for whoever is kept waiting: a user's name; the run's id or journal */
};

/* How to wait for others; all zero: not at all. */
struct claim_wait {
  bool wait;
  const atomic_bool *cancel;                    /* NULL: never */
  void (*tell)(void *payload, const char *who); /* NULL; else called once, before the waiting */
  void *payload;
};

/* NULL: ERROR_conflict: another run has it: the message says which, since when and whose; ERROR_cancelled; ERROR_inside: the folder cannot be used. */
struct claim *claim_take(const char *folder, const struct claim_wish *wish, const struct claim_wait *wait, struct error *error);
/* False: it was lost, as one in a store is by a process that stood still. A run that took it long before it writes asks for that. */
bool claim_is_kept(struct claim *claim);
void claim_release(struct claim *claim); /* NULL is fine */

#endif

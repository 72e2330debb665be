/* transfer_claim: how `transfer` keeps out of the way of other runs on this machine: in the folder that the gateway uses too, beside the store of the configuration; where that is not ours to write to, in the user's own state folder, which is said. */
#ifndef DRAWBRIDGE_CMD_TRANSFER_CLAIM_H
#define DRAWBRIDGE_CMD_TRANSFER_CLAIM_H

#include "transfer/run.h"

struct transfer_claim_wish {
  const char *config; /* NULL: the default */
  const struct run_order *order;
  struct str mapping_text, to_url;
  const char *journal; /* looked at first: who has that is told before all else */
  bool wait;
  const atomic_bool *cancel;
};

/* NULL: as claim_take, journal_is_free. */
struct claim *transfer_claim(struct arena *arena, const struct transfer_claim_wish *wish, struct error *error);

/* The journal is nobody else's, or was waited for. -1: ERROR_busy, ERROR_cancelled. */
int transfer_journal_wait(const char *journal, bool wait, const atomic_bool *cancel, struct error *error);

#endif

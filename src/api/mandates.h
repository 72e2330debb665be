/* mandates: what lets runs and schedules go on without the person (gateway/mandate.h), as documents of the store.
 *
 * What holds always: one for each work, by the work's id; it is wiped when its time is over: by the keeper, and by the store (store_purge), whatever else happens. One that an operator withdraws, who may know nothing of a running
 * drawbridge, opens nothing from then on; the keeper of whichever process looks next ends it, and the run that goes on by it. Any thread; mandates_end blocks (servers). */
#ifndef DRAWBRIDGE_API_MANDATES_H
#define DRAWBRIDGE_API_MANDATES_H

#include "api/api.h"
#include "gateway/roster.h"

/* Gives one and keeps it. -1: as mandate_give; those of store/store.h. */
int mandates_give(struct api_job *job, struct str work, const struct str servers[2], int64_t until_ms, struct error *error);

/* 1: *ret is sealed; 0: there is none (any more); -1: those of store/store.h. */
int mandates_get(struct api *api, struct str work, struct arena *arena, struct str *ret, struct error *error);

/* The works that have one. What is past its time (`over`) is for the caller to end, as by mandates_end, after a last look at it; of what was withdrawn the keeper has the work stopped first. */
struct mandates_found {
  struct str *works, *withdrawn, *over;
  size_t count, withdrawn_count, over_count;
};
int mandates_list(struct api *api, struct gateway *gateway, struct arena *arena, struct mandates_found *ret, struct error *error);

/* What an operator sees of one. */
struct mandates_view {
  struct str work, kind;   /* "run", "schedule"; empty: the work is gone */
  struct str owner, about; /* of the work's document */
  int64_t until_ms;
  bool withdrawn;
};
/* All of them; that there are more than can be looked at is logged. */
int mandates_look(struct store *store, struct arena *arena, struct mandates_view **ret, size_t *ret_count, struct error *error);
int mandates_look_at(struct store *store, struct str work, struct arena *arena, struct mandates_view *ret,
                     struct error *error); /* 1; 0: there is none */

/* 1: it opens nothing from now on; 0: there is none. */
int mandates_withdraw_one(struct store *store, struct str work, struct error *error);
/* Of `views` all that the people of a session gave: what belongs to them, or writes in their name. Those are marked as withdrawn there. */
int mandates_withdraw(struct store *store, struct mandates_view *views, size_t count, const struct roster_row *row, struct arena *arena,
                      size_t *ret_count, struct error *error);

/* Wiped first, then its tokens deleted at the servers. None there is fine. */
void mandates_end(struct api *api, struct gateway *gateway, struct str work);

#endif

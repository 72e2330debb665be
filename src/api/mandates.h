/* mandates: what lets runs and schedules go on without the person (gateway/mandate.h), as documents of the store.
 *
 * What holds always: one for each work, by the work's id; it is wiped when its time is over: by mandates_list, and by the store (store_purge), whatever else happens. Any thread; mandates_end blocks (servers). */
#ifndef DRAWBRIDGE_API_MANDATES_H
#define DRAWBRIDGE_API_MANDATES_H

#include "api/api.h"

/* Gives one and keeps it. -1: as mandate_give; those of store/store.h. */
int mandates_give(struct api_job *job, struct str work, const struct str servers[2], int64_t until_ms, struct error *error);

/* 1: *ret is sealed; 0: there is none (any more); -1: those of store/store.h. */
int mandates_get(struct api *api, struct str work, struct arena *arena, struct str *ret, struct error *error);

/* The works that have one. What is past its time is ended, as by mandates_end. */
int mandates_list(struct api *api, struct gateway *gateway, struct arena *arena, struct str **ret, size_t *ret_count, struct error *error);

/* Wiped first, then its tokens deleted at the servers. None there is fine. */
void mandates_end(struct api *api, struct gateway *gateway, struct str work);

#endif

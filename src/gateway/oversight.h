/* oversight: what an operator of a running drawbridge sees of a session and its connections, and how they end at once: what the store has (roster.h), and what this process has in memory of it. Nothing secret is written.
 *
 * What holds always: what is explained is of now; what only another process on the same store has in memory is not known here, and that is said. Blocks, on a worker, unless a call says otherwise. */
#ifndef DRAWBRIDGE_GATEWAY_OVERSIGHT_H
#define DRAWBRIDGE_GATEWAY_OVERSIGHT_H

#include "gateway/gateway.h"
#include "gateway/roster.h"

/* What something means, and what a person must do about it, as every explanation ends: members into an open object. */
struct oversight_told {
  const char *meaning, *remedy;
};
void oversight_tell(struct json_out *out, struct oversight_told told);

/* What it is in, why, and what a person must do: members into an open object, those of roster.h first. */
void oversight_session(struct gateway *gateway, const struct roster_row *row, struct arena *arena, struct json_out *out);
void oversight_connection(struct gateway *gateway, struct store *store, const struct roster_row *row, size_t which, struct arena *arena,
                          struct json_out *out);

/* Ended here at once, in other processes within ten seconds. What is in memory is also ended at the servers, as by signing out, and what a browser remembers of it is forgotten. */
struct oversight_end;
int oversight_end_session(struct gateway *gateway, struct store *store, const struct roster_row *row, struct arena *arena,
                          struct oversight_end **ret, struct error *error);
int oversight_end_connection(struct gateway *gateway, struct store *store, const struct roster_row *row, size_t which, struct arena *arena,
                             struct oversight_end **ret, struct error *error);

/* The rest of it, on the loop: takes *end over; `done` when the servers have answered, or after a while (revoke.h). */
void oversight_revoke(struct gateway *gateway, struct oversight_end *end, void (*done)(void *payload), void *payload);

#endif

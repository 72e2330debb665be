/* roster: who is signed in, as the store has it, for an operator: sessions with their connections, and their end. For the command line, which knows nothing of a running drawbridge, and for oversight.h.
 *
 * What holds always: a session is named by its mark (session.h), as in the log; nothing that is sealed is looked at, and nothing secret is written. Calls block. Errors: those of store/store.h. */
#ifndef DRAWBRIDGE_GATEWAY_ROSTER_H
#define DRAWBRIDGE_GATEWAY_ROSTER_H

#include "base/json_out.h"
#include "gateway/session.h"
#include "store/store.h"

enum { ROSTER_MARK_LETTERS = SESSION_MARK_SIZE - 1 };

struct roster_asked {
  struct str mark, user, server; /* empty: any. The last two: with such a connection */
};

struct roster_row {
  const struct store_session *session;
  struct store_connection *connections;
  size_t count;
  char mark[SESSION_MARK_SIZE];
};

/* Each session that has not ended and is asked for, the last used first; of more than 100,000 those that were used last. `one` not 0 ends it. */
typedef int roster_one(void *payload, const struct roster_row *row, struct error *error);
int roster_each(struct store *store, const struct roster_asked *asked, struct arena *arena, roster_one *one, void *payload,
                struct error *error);

/* A member of the user of a connection: "id", "username", "name". */
struct str roster_user(struct arena *arena, const struct store_connection *connection, const char *member);

bool roster_matches(const struct roster_asked *asked, const struct store_connection *connection, struct arena *arena);

/* Into an open object. */
void roster_session_members(struct json_out *out, const struct roster_row *row, struct arena *arena);
void roster_connection_members(struct json_out *out, const struct store_connection *connection, struct str state, struct arena *arena);

/* Tells the audit log that it has ended, and each of its connections. */
void roster_audit_end(const struct roster_row *row, struct arena *arena);

#endif

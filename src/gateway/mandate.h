/* mandate: a person's word that drawbridge may go on in their name, at servers they are signed in to, when their session has ended: for one piece of work (a run, a schedule), until a time.
 *
 * What holds always:
 * - It has credentials of its own, so that signing out neither ends it nor is undone by it: a personal access token made for it, which the server itself ends at `until_ms`; of who signed in with a personal access token, a copy of that. Where neither
 *   can be had it is refused: tokens that renew, and sessions, are the session's alone.
 * - Sealed with the key ring, bound to its work; what it is for and until when is sealed with it. No browser's cookie is needed to open it: whoever has the store and the key file can, until then. It is given for no longer than `session.unattended`.
 * - After its time, at another address than it was given for, or for a server that is configured no more, it opens nothing.
 *
 * Life cycle: mandate_give, mandate_server any number of times, mandate_end. All block (servers), any thread. Who keeps the sealed text wipes it with the work, or at `until_ms`. */
#ifndef DRAWBRIDGE_GATEWAY_MANDATE_H
#define DRAWBRIDGE_GATEWAY_MANDATE_H

#include "gateway/gateway.h"

enum { MANDATE_SERVERS_MAX = 4 };

struct mandate_wish {
  struct str work;           /* id of what it is for: it opens for nothing else */
  const struct str *servers; /* configured ids, each once */
  size_t server_count;
  int64_t until_ms;
};

/* Sealed, in the arena. -1: ERROR_not_connected, reauth_required, unknown_server; ERROR_kind_not_offered: no credential of its own can be had at a server, says why; ERROR_bad_request: longer than allowed. */
int mandate_give(struct gateway *gateway, struct gateway_session *session, const struct mandate_wish *wish, struct arena *arena,
                 struct str *ret_sealed, struct error *error);

/* The server as that person sees it, as gateway_connection_server. NULL: ERROR_reauth_required: it opens nothing (any more). */
struct dhis2_server *mandate_server(struct gateway *gateway, struct str work, struct str sealed, struct str server_id, struct error *error);

/* Tokens that were made for it are deleted at their servers; what fails is logged, and ends by itself at its time. */
void mandate_end(struct gateway *gateway, struct str work, struct str sealed);

#endif

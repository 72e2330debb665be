/* jar_saver: keeps what servers set as cookies beyond the process: soon after they change, but a connection at most once in JAR_SAVER_MS.
 *
 * DHIS2 2.43 sets a cookie with every answer; the one that matters stays the same. Lost with a crash: at most what changed within that time, which costs one session more at the server (PAT) or nothing. Loop thread. */
#ifndef DRAWBRIDGE_GATEWAY_JAR_SAVER_H
#define DRAWBRIDGE_GATEWAY_JAR_SAVER_H

#include "gateway/gateway_internal.h"

enum { JAR_SAVER_MS = 30000 };

void jar_saver_note(struct gateway *gateway, struct gateway_session *session, struct connection *connection);
void jar_saver_drop_ended(struct gateway *gateway); /* of those that are signed out nothing is kept for later */
void jar_saver_flush(struct gateway *gateway);      /* at the end: submits what is left to the thread of the store */

#endif

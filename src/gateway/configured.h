/* configured: a server of the configuration in the words of the folders below: where it is, as whose client drawbridge comes, what the doctor is to look at.
 *
 * Pure. What is given borrows from the configuration and lies in the arena: good as long as both. */
#ifndef DRAWBRIDGE_GATEWAY_CONFIGURED_H
#define DRAWBRIDGE_GATEWAY_CONFIGURED_H

#include "dhis2/doctor.h"
#include "gateway/config.h"

struct source_place configured_place(const struct config_server *server, struct arena *arena);
struct oauth_client *configured_client(const struct config *config, const struct config_server *server,
                                       struct arena *arena); /* client_id empty: drawbridge is not registered there */
struct dhis2_question configured_question(const struct config *config, const struct config_server *server, const struct source_place *place,
                                          struct arena *arena);

#endif

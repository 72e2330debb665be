/* names: what a server calls things by id, for reports that people read. */
#ifndef DRAWBRIDGE_DHIS2_NAMES_H
#define DRAWBRIDGE_DHIS2_NAMES_H

#include "dhis2/server.h"

enum { DHIS2_NAMES_MAX = 2000 }; /* ids of one call; what is beyond has no name */

/* The names of those of `ids` that the server shows to this user, in the locale ("fr") where it has them in that one (dhis2_object_translation), in calls of up to 150 ids; ids that are no uids are passed over. `list` is the plural of a class ("dataElements"). Ids and names given to `each` are good during the call.
 * -1: as dhis2_get; names that came before stay told. */
int dhis2_names(struct dhis2_server *server, const char *list, const struct str *ids, size_t count, struct str locale,
                void (*each)(void *payload, struct str id, struct str name), void *payload, struct error *error);

#endif

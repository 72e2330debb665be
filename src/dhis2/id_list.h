/* id_list: ids in the address of a call. */
#ifndef DRAWBRIDGE_DHIS2_ID_LIST_H
#define DRAWBRIDGE_DHIS2_ID_LIST_H

#include "base/arena.h"

enum { DHIS2_IDS_PER_CALL = 40 }; /* with so many an address stays below 2 KiB */

size_t dhis2_ids_part(size_t at, size_t count); /* how many of `count` the call from `at` on takes */

struct str dhis2_ids(struct arena *arena, const struct str *ids, size_t count); /* "a,b" */
struct str dhis2_ids_array(struct arena *arena, const struct str *ids,
                           size_t count); /* "[a,b]" with the brackets encoded: Tomcat refuses them bare unless told otherwise */

#endif

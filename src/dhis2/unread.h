/* unread: what a server leaves out of the values of a data set without a word. Blocks.
 *
 * On all releases values are missing, in an answer that looks whole, whose attribute option combo has a category option that the user may not read data of (SpringDataValueSetStore, to 2.42; HibernateDataExportStore). Lists of options do not name those
 * either, since they go by sharing; named within the data set they are, with what the user may do. */
#ifndef DRAWBRIDGE_DHIS2_UNREAD_H
#define DRAWBRIDGE_DHIS2_UNREAD_H

#include "base/map.h"
#include "dhis2/server.h"
#include <stdatomic.h>

/* Beside those of the data sets' own category combination values can stand under others: to 2.42 a server stores them unless it is told to be strict. Those that the caller knows of are asked for by `named`.
 *
 * *ret: each such attribute option combo of the data sets, or among `named`, with the name of an option (const struct str *) that is the reason; in the arena but for the map. Asked again a few times where it may pass. -1: as dhis2_get; ERROR_not_found: the server shows no such data set; ERROR_input: nor one of `named`. */
int dhis2_unread_attributes(struct dhis2_server *server, const struct str *data_sets, size_t count, const struct str *named,
                            size_t named_count, const atomic_bool *cancel, struct arena *arena, struct map *ret, struct error *error);

#endif

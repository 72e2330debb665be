/* analytics: GET /api/analytics/dataValueSet of a DHIS2 server, for a reader who gets no values themselves: cells of data elements as the server added them up. dhis2_values_read reads them; here is what that needs, and what has to be known before.
 *
 * What holds of such values (AnalyticsUtils, 2.37 to 2.43): they are of tables that are made once in a while; of an org unit and all below it; of all attribute option combos together; without texts, comments, marks, what was deleted, and zeros that are not
 * significant. They were added up in binary floating point: up to 15 digits are right. Large ones come as 1.2345678E7. skipRounding is asked for: else one digit behind the point is what is left. */
#ifndef DRAWBRIDGE_DHIS2_ANALYTICS_H
#define DRAWBRIDGE_DHIS2_ANALYTICS_H

#include "base/buf.h"
#include "base/map.h"
#include "dhis2/server.h"
#include <stdatomic.h>

enum { DHIS2_ANALYTICS_ITEMS_MAX = 50, DHIS2_ANALYTICS_NUMBER_MAX = 64 }; /* items ("element.option combo") of one call */

/* buf->full: it does not fit. */
struct str dhis2_analytics_path(struct buf *buf, const struct str *items, size_t item_count, const struct str *periods, size_t period_count,
                                const struct str *org_units, size_t org_unit_count);

/* The number without an exponent and without a point that nothing follows: 1.25E3 is 1250, 439.0 is 439. False: no number of up to so many letters. */
bool dhis2_analytics_number(struct str text, char out[DHIS2_ANALYTICS_NUMBER_MAX + 1]);

/* When its tables were made last, in UTC, by its own clock (which may go up to seven minutes wrong). Asked again a few times where it may pass; so are the others here. -1: as dhis2_get; ERROR_not_found: never. */
int dhis2_analytics_tables(struct dhis2_server *server, const atomic_bool *cancel, int64_t *ret_ms, struct error *error);

/* Which of these data elements analytics would give more of than the values of these data sets: *ret by id, with why (const char *, "the data element is also in …"): they are also in a data set whose values have attribute option combos, or are of another period type;
 * or the server does not tell. */
int dhis2_analytics_mixed(struct dhis2_server *server, const struct str *elements, size_t count, const struct str *data_sets,
                          size_t data_set_count, const atomic_bool *cancel, struct arena *arena, struct map *ret, struct error *error);

/* One of the org units that lies below another one of them: analytics would count it twice. Empty: none. */
int dhis2_org_units_nested(struct dhis2_server *server, const struct str *org_units, size_t count, const atomic_bool *cancel,
                           struct arena *arena, struct str *ret, struct error *error);

#endif

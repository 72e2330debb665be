/* value_shapes: the forms that DHIS2 asks of texts of some value types, where they do not depend on the release or the calendar (value_types.h). Pure. */
#ifndef DRAWBRIDGE_DHIS2_VALUE_SHAPES_H
#define DRAWBRIDGE_DHIS2_VALUE_SHAPES_H

#include "base/str.h"

bool dhis2_shape_moment(
    struct str text); /* DATETIME: a day of ISO 8601, T, hours and what follows; minutes, seconds, fraction and zone may be missing */
bool dhis2_shape_time(struct str text);       /* 9:05, 23:59 */
bool dhis2_shape_coordinate(struct str text); /* [longitude,latitude] */
bool dhis2_shape_phone(struct str text);
bool dhis2_shape_username(struct str text);

/* Where these say false, a server does too; which top-level domains there are they do not know, and of names that are not ASCII they say yes. as_uri: every character is looked at, as from 2.40 on. */
bool dhis2_shape_url(struct str text, bool as_uri);
bool dhis2_shape_email(struct str text);

#endif

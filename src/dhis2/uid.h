/* uid: DHIS2's ids: a letter, then ten letters or digits (CodeGenerator, all releases). */
#ifndef DRAWBRIDGE_DHIS2_UID_H
#define DRAWBRIDGE_DHIS2_UID_H

#include "base/str.h"

bool dhis2_is_uid(struct str text);

#endif

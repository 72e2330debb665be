/* remedy: what a person can do about a value that was not sent, or not taken. Pure. */
#ifndef DRAWBRIDGE_TRANSFER_REMEDY_H
#define DRAWBRIDGE_TRANSFER_REMEDY_H

#include "base/str.h"

/* `code` as a report has it: of drawbridge ("no_rule") or, `by_target`, of the target's server ("E7613"). A sentence; never NULL. */
const char *transfer_remedy(bool by_target, struct str code);

#endif

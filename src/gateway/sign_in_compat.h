/* sign_in_compat: the two addresses by which an app made for DHIS2 signs in, answered by drawbridge in DHIS2's own shapes, so that such an app needs nothing but another base address (docs: apps): GET /api/loginConfig and
 * POST /api/auth/login, with or without a version in the path. */
#ifndef DRAWBRIDGE_GATEWAY_SIGN_IN_COMPAT_H
#define DRAWBRIDGE_GATEWAY_SIGN_IN_COMPAT_H

#include "gateway/gateway_internal.h"

/* `rest`: the target behind /s/<id>. False: another address. */
bool sign_in_compat(struct gateway *gateway, struct http_exchange *exchange, struct str rest);

/* The `loginStatus` of DHIS2 for an error; NULL: that is told by a 401 and not by a status. Pure. */
const char *sign_in_compat_status(const struct error *error);

#endif

/* admin: /healthz, /readyz and /metrics, on a listener of their own that is never the public one (R-H7). */
#ifndef DRAWBRIDGE_GATEWAY_ADMIN_H
#define DRAWBRIDGE_GATEWAY_ADMIN_H

#include "http/server.h"

/* Payload: struct gateway. /readyz asks the store: 503 where it is gone, or while draining. */
void admin_handle(void *payload, struct http_exchange *exchange);

#endif

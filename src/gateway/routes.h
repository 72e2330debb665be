/* routes: the gateway's own addresses (contracts, section 4). The table in routes.c is the whole list. */
#ifndef DRAWBRIDGE_GATEWAY_ROUTES_H
#define DRAWBRIDGE_GATEWAY_ROUTES_H

#include "gateway/gateway_internal.h"

/* False: not one of them. Else the exchange is answered, now or later. */
bool routes_answer(struct gateway *gateway, struct http_exchange *exchange);

/* What a route gets. `id`: what stood in the pattern's {…}; checked against the configuration by the route. */
typedef void route_run(struct gateway *gateway, struct http_exchange *exchange, struct str id);

route_run session_get, session_delete, session_probe; /* session_routes.c */
route_run servers_list;                               /* servers_route.c */
route_run doctor;                                     /* doctor_route.c */
route_run connection_create, connection_delete;       /* connection_routes.c */
route_run authorize, callback;                        /* oauth_routes.c */
route_run vault_delete;                               /* vault_routes.c */
route_run handoff;                                    /* handoff.c */
route_run backchannel_logout;                         /* backchannel.c */

/* /s/{id}/…; `rest`: the target behind the id. */
void proxied(struct gateway *gateway, struct http_exchange *exchange, struct str id, struct str rest); /* proxied.c */

#endif

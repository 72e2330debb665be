/* sign_in_limit: how many sign-ins one browser may have under way (configuration: limits.sign_ins).
 *
 * A browser is its session; one without a session is its address and its User-Agent, as near as that comes. The limit holds over all loops of the process. Any loop's thread. */
#ifndef DRAWBRIDGE_GATEWAY_SIGN_IN_LIMIT_H
#define DRAWBRIDGE_GATEWAY_SIGN_IN_LIMIT_H

#include "gateway/gateway_internal.h"

struct sign_in_slot;

/* NULL: ERROR_too_many, with retry_after. `session` NULL: none. */
struct sign_in_slot *sign_in_limit_take(struct gateway *gateway, struct http_exchange *exchange, const struct gateway_session *session,
                                        struct error *error);
void sign_in_limit_give_back(struct gateway *gateway, struct sign_in_slot *slot); /* NULL is fine */

#endif

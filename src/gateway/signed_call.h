/* signed_call: in mode `handle` nothing comes along by itself: the one who holds the key signs each call. Only who is not signed in may read unsigned.
 *
 * For src/gateway/ alone. */
#ifndef DRAWBRIDGE_GATEWAY_SIGNED_CALL_H
#define DRAWBRIDGE_GATEWAY_SIGNED_CALL_H

#include "gateway/gateway_internal.h"

/* Tells visit->key, in this call or later, and goes on; answers by itself what is refused. Without effect in other modes. */
void signed_call_read(struct gateway *gateway, struct http_exchange *exchange,
                      void (*go_on)(struct gateway *gateway, struct http_exchange *exchange));

void signed_call_headers(struct gateway *gateway, struct http_exchange *exchange,
                         struct http_headers *headers); /* the nonce to sign with */

#endif

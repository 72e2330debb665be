/* config_tls: the certificate and the key that 'tls' names. For config.c alone. */
#ifndef DRAWBRIDGE_GATEWAY_CONFIG_TLS_H
#define DRAWBRIDGE_GATEWAY_CONFIG_TLS_H

#include "gateway/config.h"

/* Fills config->tls. `report` gets a line for each problem; `key`: the key of 'tls' that it is about, NULL: 'tls' itself. Refused is what no client could take: files that are no certificate and key, or no pair, a key
 * that everybody may read, a certificate that has expired (at a reload the one in use is the better one). A warning is what may be meant: a certificate whose time begins later (a clock that is not set yet after a
 * start heals itself), or for another host than public_url's (what balances load in front may know this machine by another name), and a public_url of http:. Blocks. */
void config_tls_load(struct arena *arena, struct config *config,
                     void (*report)(void *payload, const char *key, bool warning, const char *what), void *payload);

#endif

/* config_hosted: the apps that drawbridge serves itself ('zip' of an app). For config.c alone. */
#ifndef DRAWBRIDGE_GATEWAY_CONFIG_HOSTED_H
#define DRAWBRIDGE_GATEWAY_CONFIG_HOSTED_H

#include "gateway/config_check.h"

/* Fills `hosted` of each app that has a `zip`, and lets a sign-in come back to its page. Reports what cannot work: an origin that is not one alone, is public_url's or another app's, or is of another site (no cookie would come along), no
 * server, an archive that cannot be read. Blocks. */
void config_hosted_load(struct arena *arena, struct config *config, config_report *report, void *payload);

#endif

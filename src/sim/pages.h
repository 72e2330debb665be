/* pages: the few things of the stand-in server that a person sees: plain HTML that works without JavaScript. */
#ifndef DRAWBRIDGE_SIM_PAGES_H
#define DRAWBRIDGE_SIM_PAGES_H

#include "sim/sim.h"

void sim_page_login(const struct sim *sim, struct sim_reply *reply, struct str username, const char *problem); /* problem NULL: none */
void sim_page_home(const struct sim *sim, struct sim_reply *reply, const json_t *user);
/* The new server's consent page. scopes: what may be ticked now; granted: what is asked for and was granted before. */
void sim_page_consent(const struct sim *sim, struct sim_reply *reply, const json_t *user, struct str client_id, struct str client_name,
                      struct str state, const json_t *scopes, const json_t *granted);
/* The legacy server's approval page. */
void sim_page_approval(const struct sim *sim, struct sim_reply *reply, struct str client_id);
void sim_page_icon(struct sim_reply *reply);
void sim_page_locales(const struct sim *sim, struct sim_reply *reply); /* the languages of the user interface, as JSON */

#endif

/* auth_internal: what the auth_*.c files share. No other file includes it. */
#ifndef DRAWBRIDGE_SIM_AUTH_INTERNAL_H
#define DRAWBRIDGE_SIM_AUTH_INTERNAL_H

#include "base/vec.h"
#include "sim/auth.h"

/* What the server knows of a user beside his object. */
struct sim_account {
  char uid[12];
  char *password; /* clear text: this is a stand-in */
};

struct sim_auth {
  VEC(struct sim_account *) accounts;
};

struct sim_account *sim_account_of(struct sim *sim, const json_t *user); /* made at first use; NULL without user */
json_t *sim_user_named(const struct sim *sim, struct arena *arena, struct str username);
void sim_accounts_free(struct sim_auth *auth);
void sim_accounts_seed(struct sim *sim);   /* the first user of a fresh server: admin, with a role that holds ALL */
void sim_accounts_absorb(struct sim *sim); /* passwords out of the users' objects */

#endif

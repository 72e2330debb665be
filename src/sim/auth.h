/* auth: who is asking: everything a DHIS2 server does before and around the question itself. */
#ifndef DRAWBRIDGE_SIM_AUTH_H
#define DRAWBRIDGE_SIM_AUTH_H

#include "sim/sim.h"

struct sim_auth *sim_auth_new(struct sim *sim);
void sim_auth_free(struct sim_auth *auth);

/* True: answered (login, token, OAuth, CORS, a refusal). False: *ret_user is the signed-in user's object (class "users", borrowed; NULL for the few open paths), reply may
 * have headers already (a session cookie, CORS), and the data side answers. */
bool sim_auth_handle(struct sim *sim, const struct sim_request *request, struct sim_reply *reply, json_t **ret_user);

/* After every answer: takes passwords out of users that were written (the data side stores "users" objects as they came, `password` member and all; it may not show it),
 * and adds the headers that a release puts on all answers. */
void sim_auth_done(struct sim *sim, const struct sim_request *request, struct sim_reply *reply);

/* Has the user this authority (or ALL) through his roles? */
bool sim_auth_may(const struct sim *sim, const json_t *user, const char *authority);

/* Is this system setting on? (/api/systemSettings; false: it was never set) */
bool sim_auth_setting_on(const struct sim *sim, const char *name);

/* After objects were loaded from a file: takes passwords and second factors out of the users in it. */
void sim_auth_absorb(struct sim *sim);

/* Up to 2.41 what belongs to a user's account may come in a member "userCredentials" (up to 2.37 it must): brings it up to where users have it here. */
void sim_auth_lift_credentials(const struct sim *sim, json_t *user);
/* And this is how such a member is shown; NULL: this release has none. A new reference. */
json_t *sim_auth_credentials(struct sim *sim, const json_t *user);

/* For faults and control (faults.h, control.h). */
void sim_auth_expire_all(struct sim *sim); /* every session and OAuth token ends */
void sim_auth_restart(struct sim *sim);    /* sessions and signing key are new, what is in the database stays */
bool sim_auth_put_token(struct sim *sim, struct str username, struct str token);
/* A confidential client with authorization code and refresh (and the password grant up to 2.41), as an administrator would register it. */
void sim_auth_put_client(struct sim *sim, struct str id, struct str secret, const char *const *redirects, size_t n);
bool sim_auth_age_password(struct sim *sim, struct str username, int64_t days);
bool sim_auth_verify_email(struct sim *sim, struct str username);
const char *sim_auth_mailed_code(struct sim *sim, struct str username); /* NULL: none */
json_t *sim_auth_tokens(const struct sim *sim);                         /* a new list of texts */
const char *sim_auth_totp_secret(struct sim *sim, struct str username); /* base32; NULL: none */

#endif

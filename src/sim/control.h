/* control: what a test does to the stand-in server from outside, in place of an administrator with a shell and a database: only with --control on.
 *
 * POST /__control/<what> with a JSON object, 200 when done:
 *   clock   {"advance_s": 66}                      the clock jumps; sessions, tokens and codes age by it
 *   stop    {"at_s": 1790000000}                   the clock stands from now on, at this time; it moves by `clock` alone
 *   expire  {}                                     every session and token ends
 *   restart {}                                     as a restart does: sessions and signing key are new, what is in the database stays
 *   set     {"name": "pat", "value": "off"}        one of --set
 *   secret  {"username": …}                        answers {"secret": …}: the user's TOTP secret, as it is in the database
 *   verify-email {"username": …}                   the user's e-mail address counts as verified
 *   mail    {"username": …}                        answers {"code": …}: what was mailed last; 400: nothing, or it was used
 *   tokens  {}                                     answers {"tokens": […]}: every OAuth token that is good now
 *   password-age {"username": …, "days": 400}      the user's password was set so long ago
 *   token   {"username": …, "token": …}            a personal access token, written as it is */
#ifndef DRAWBRIDGE_SIM_CONTROL_H
#define DRAWBRIDGE_SIM_CONTROL_H

#include "sim/sim.h"

bool sim_control_is(const struct sim_request *request);
void sim_control_handle(struct sim *sim, const struct sim_request *request, struct sim_reply *reply);

#endif

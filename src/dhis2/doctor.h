/* doctor: what is right and wrong about the way to a server, check by check, each with what was found, what it means and what to do. For `drawbridge doctor` and GET /v1/servers/{id}/doctor.
 *
 * What holds always: nobody is signed in and nothing is changed at the server. What goes wrong is a check that failed, not an error: a diagnosis is always there. Texts hold no secrets; what a server wrote itself is cut
 * and may hold markup. About 20 short calls, a few of which a server's log shows as refused sign-ins of nobody, or of a name that nobody has; ask at most every few seconds.
 *
 * Checks, in this order, each there where it applies: address, network, certificate, redirect, version, answers, headers, methods, "sign-in oauth", "sign-in legacy-oauth", "sign-in pat", "sign-in password",
 * "sign-in basic", token, issuer, client, "password grant", "token from browser", "token as json", clock, cors.
 *
 * Blocks (see http/client.h). Life cycle: values only, all in the arena given. */
#ifndef DRAWBRIDGE_DHIS2_DOCTOR_H
#define DRAWBRIDGE_DHIS2_DOCTOR_H

#include "dhis2/oauth.h"

enum dhis2_outcome { DHIS2_CHECK_OK, DHIS2_CHECK_WARNING, DHIS2_CHECK_FAILED };

struct dhis2_check {
  struct str check;
  enum dhis2_outcome outcome;
  struct str found, meaning, remedy; /* remedy: empty where there is nothing to do */
};

struct dhis2_diagnosis {
  struct dhis2_check *p;
  size_t n, capacity;
};

struct dhis2_question {
  const struct source_place *place;
  unsigned wanted;                   /* kinds of sign-in that the configuration names, bits 1 << enum sign_in_kind; 0: it names none */
  const struct oauth_client *client; /* NULL: none configured */
  struct secret *token;              /* a personal access token to be tried, for the command line alone; NULL: none */
  struct str
      plain_path; /* the server is none of DHIS2's: the path that is asked for; only address, network, certificate, answers and clock are examined. Empty: it is one */
  bool look_inside;        /* go on where the address is private or loopback and not listed, and say so: for the command line alone */
  struct str redirect_uri; /* drawbridge's own for this server, to be shown; empty: not known */
};

void dhis2_doctor(const struct dhis2_question *question, struct arena *arena, struct dhis2_diagnosis *ret);

enum dhis2_outcome dhis2_diagnosis_worst(const struct dhis2_diagnosis *diagnosis);
const struct dhis2_check *dhis2_diagnosis_refused(
    const struct dhis2_diagnosis *diagnosis); /* why nobody was asked: the address is none of a server. NULL: it may be one */
bool dhis2_diagnosis_reached(const struct dhis2_diagnosis *diagnosis); /* a DHIS2 server answered */

const char *dhis2_outcome_name(enum dhis2_outcome outcome); /* "ok", "warning", "failed" */
struct str dhis2_diagnosis_json(struct arena *arena,
                                const struct dhis2_diagnosis *diagnosis); /* [{check, outcome, found, meaning, remedy}] */

#endif

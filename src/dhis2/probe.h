/* probe: asks one server, without signing in, what it is and which kinds of sign-in it offers; for each kind that is off, why.
 *
 * What holds always: nothing personal is sent. Redirects are not followed. A kind is said to be on only where the server's own answer shows it; where no answer can show it, it is `unsure` with the
 * reason, and the sign-in itself tells. What is named by the server (issuer, endpoints) lies on the server's own origin or the kind is off. At most eight short calls; one of them carries a well-formed random
 * token, which the server logs as a refused sign-in without a user: keep the result for minutes, do not ask per person.
 *
 * The version is known without signing in from 2.41 on (/api/loginConfig); to 2.40 it is empty here and comes with the first sign-in.
 *
 * Blocks (see http/client.h). Life cycle: values only, all in the arena given. Immutable afterwards, so many threads may read one. */
#ifndef DRAWBRIDGE_DHIS2_PROBE_H
#define DRAWBRIDGE_DHIS2_PROBE_H

#include "dhis2/server.h"

/* How a password is sent. */
enum dhis2_password_way { DHIS2_PASSWORD_NONE, DHIS2_PASSWORD_JSON /* 2.41+ */, DHIS2_PASSWORD_FORM /* to 2.41 */ };

struct dhis2_probe {
  struct source_probe source; /* version, kinds of sign-in, authorization servers */
  struct str base_url;        /* that of the place; no final slash */
  struct dhis2_version version;
  struct str title; /* the application title; may be empty. May hold markup: text to be escaped */
  enum dhis2_password_way password_way;
};

/* 0; or -1: ERROR_not_dhis2 (the message says what it is instead: a page, a redirect and where to, another program), ERROR_server_unreachable (also: a server in front says 502, 503, 504),
 * certificate_refused, address_refused, upstream_timeout, upstream_broken, empty_answer (something in front answers with nothing). */
int dhis2_probe(const struct source_place *place, struct arena *arena, struct dhis2_probe *ret, struct error *error);

#endif

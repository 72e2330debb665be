/* doctor_internal: what the rooms of the doctor share. */
#ifndef DRAWBRIDGE_DHIS2_DOCTOR_INTERNAL_H
#define DRAWBRIDGE_DHIS2_DOCTOR_INTERNAL_H

#include "dhis2/doctor.h"

struct doctor {
  const struct dhis2_question *question;
  struct source_place place; /* that of the question, with more addresses where it looks inside */
  struct arena *arena;
  struct dhis2_diagnosis *diagnosis;
  struct dhis2_probe probe;
  struct dhis2_server *anonymous;
  struct http_client *http;
  struct http_answer first;      /* to /api/loginConfig */
  int64_t asked_ms, answered_ms; /* our clock around it */
  int64_t certificate_ends_ms;
};

/* Texts are literals or in the doctor's arena. */
void doctor_say(struct doctor *doctor, const char *check, enum dhis2_outcome outcome, struct str found, struct str meaning,
                struct str remedy);

/* The authorization server that people would be sent to; NULL: there is none. */
const struct oauth_provider *doctor_provider(const struct doctor *doctor);

/* The client's registration, by answers that need nobody to sign in; and the issuer. */
void doctor_check_issuer(struct doctor *doctor);
void doctor_check_client(struct doctor *doctor);

void doctor_check_endpoint(struct doctor *doctor); /* what others meet who ask it for tokens */
void doctor_check_token(struct doctor *doctor);    /* the question's, if there is one */

#endif

/* reason: why a row is there, twice: as one plain English sentence, and as codes with values for who words it in another language (docs/openapi.yaml, Reason).
 *
 * What holds always: the codes say what the sentence says, in its order; codes are never renamed. Everything in the arena of the result, or static. */
#ifndef DRAWBRIDGE_ALIGN_REASON_H
#define DRAWBRIDGE_ALIGN_REASON_H

#include "base/str.h"

struct align_reason {
  const char *code;   /* "same_code", "below", … */
  struct str value;   /* "3/4", "1.2", a name; empty: none */
  float contribution; /* what it added to the log odds; 0: it is not a matter of more or less (a decision, a default) */
};

struct align_reasons {
  struct str why;
  const struct align_reason *p;
  size_t n;
};

#endif

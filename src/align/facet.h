/* facet: what a name says besides its subject: for whom, of which age, with which result, which dose, which movement of stock, ….
 *
 * What holds always: each kind of facet has at most one value in a text; a text that names two different values of one kind ("male and female") says FACET_SEVERAL, which agrees with everything. 0 is
 * "says nothing". Ages are half-open intervals of days, a month being 30.4375 and a year 365.25 days, so that "0-11 months" and "< 1 year" are equal. */
#ifndef DRAWBRIDGE_ALIGN_FACET_H
#define DRAWBRIDGE_ALIGN_FACET_H

#include "base/arena.h"

enum facet_kind {
  FACET_SEX,
  FACET_RESULT, /* of a test */
  FACET_KNOWN,  /* new, known before, relapsed, tested again */
  FACET_DOSE,   /* number of a dose, visit, line or trimester */
  FACET_PREGNANCY,
  FACET_POPULATION, /* key populations */
  FACET_PLACE,      /* fixed, outreach, mobile, community */
  FACET_PATIENT,    /* in- or out-patient */
  FACET_SECTOR,
  FACET_STOCK,   /* balance or movement */
  FACET_ROLE,    /* numerator, denominator */
  FACET_PURPOSE, /* a target that was set, not a result */
  FACET_LIFE,    /* alive, dead */
  FACET_OUTCOME, /* how it ended: cured, failed, died, lost to follow-up, absconded */
  FACET_KINDS,
};

enum { FACET_SEVERAL = 255, FACET_UNKNOWN = 254 };

enum { SEX_FEMALE = 1, SEX_MALE };
enum { RESULT_POSITIVE = 1, RESULT_NEGATIVE };
enum { KNOWN_NEW = 1, KNOWN_BEFORE, KNOWN_RELAPSE, KNOWN_AGAIN };
enum { PREGNANCY_PREGNANT = 1, PREGNANCY_BREASTFEEDING, PREGNANCY_POSTPARTUM };

enum { AGE_OPEN = INT32_MAX };

enum age_state { AGE_NONE, AGE_INTERVAL, AGE_UNKNOWN };

struct age {
  enum age_state state;
  int32_t from, to; /* days, [from, to); AGE_OPEN: no end */
};

struct facets {
  uint8_t value[FACET_KINDS];
  struct age age;
  struct age hint;  /* what words such as "adult", "infant" or "pregnant" say of the age, where the age itself is not told */
  uint8_t bare;     /* a lone number beside a sex where no age is told ("50 male"): a bound of an age, in years. 0: none */
  uint8_t sex_hint; /* what "pregnant" says of the sex */
  bool tested;      /* somebody was tested (now): a total over all results where no result is told */
};

enum age_relation {
  AGE_EQUAL,
  AGE_INSIDE, /* the first lies in the second: may be summed into it */
  AGE_AROUND, /* the second lies in the first: cannot be split */
  AGE_OVERLAP,
  AGE_APART,
};

/* Are two ends of ages the same, but for what rounding of months makes of them? */
bool age_same_end(int32_t a, int32_t b);

/* Both must be intervals. Ends that differ by a day or two in a month, or by what ">" and ">=" make of one unit, count as equal. */
enum age_relation age_compare(struct age a, struct age b);

/* "5-9 years", "0-11 months", "50+ years". */
struct str age_text(struct arena *arena, struct age age);

/* Puts what `more` says into `facets`; a second, different value makes FACET_SEVERAL. */
void facets_add(struct facets *facets, enum facet_kind kind, uint8_t value);
void facets_add_age(struct facets *facets, struct age age);

/* `over` where it says something, else `under`: the option combo over the element's name. */
struct facets facets_over(const struct facets *over, const struct facets *under);

const char *facet_name(enum facet_kind kind); /* "sex", "result", … */
bool facet_kind_of(struct str name, enum facet_kind *ret);

#endif

/* evidence: the observations that a pair of data elements is judged by, with their weights.
 *
 * What holds always: the score is the sum of weight x value (log odds); each summand is shown to people as the feature's contribution. Weights were fitted on pairs with known answers (bench/README.md tells how) and rounded. */
#ifndef DRAWBRIDGE_ALIGN_EVIDENCE_H
#define DRAWBRIDGE_ALIGN_EVIDENCE_H

/* X(name, weight, what it says to people) */
/* clang-format off */
#define ALIGN_FEATURES(X) \
  X(base, -5.50f, "most pairs do not belong together") \
  X(same_name, 3.60f, "a name is the same, up to case, accents and punctuation") \
  X(same_code, 3.20f, "id or code is the same") \
  X(words, 2.10f, "telling words of the names") \
  X(text, 3.25f, "telling words of names, descriptions, codes and options") \
  X(covered, 1.20f, "telling words of the target's name that are found in the source") \
  X(explained, 0.70f, "telling words of the source's name that are found in the target") \
  X(agree, 0.60f, "age, sex, dose and the like that both name") \
  X(conflict, -4.50f, "age, sex, dose and the like that contradict each other") \
  X(unshared, -0.80f, "age, sex, dose and the like that only the source names") \
  X(wider, -0.55f, "age, sex, dose and the like that only the target names, so that it is but a part of the source") \
  X(numbers, -0.50f, "other numbers that differ") \
  X(shape, 0.40f, "option combos that are the same") \
  X(ages, 3.40f, "how the source's age groups go into the target's") \
  X(divided, 0.70f, "what the target divides by and the source tells") \
  X(untold, -0.70f, "what the target divides by and the source does not tell") \
  X(lost, -0.05f, "what the source divides by and the target does not") \
  X(type, -4.00f, "kinds of values that do not go together") \
  X(rival, 5.20f, "another source element fits this target better") \
  X(usual, 0.80f, "how alike it is beside what is usual for these two lists") \
  X(beyond, 1.95f, "telling words of the source's name that the target lacks, beside what is usual for these two lists") \
  X(short, 0.60f, "telling words of the target's name that the source lacks, beside what is usual for these two lists") \
  X(kin, 1.05f, "source elements that differ in age, sex and the like alone and go there, too") \
  X(lead, 5.70f, "how far it is ahead of the next target")
/* clang-format on */

enum feature {
#define X(name, weight, text) FEATURE_##name,
  ALIGN_FEATURES(X)
#undef X
      FEATURES
};

const char *feature_name(enum feature feature);
float feature_weight(enum feature feature);

#endif

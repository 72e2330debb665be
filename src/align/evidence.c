#include "align/evidence.h"

static const struct {
  const char *name;
  float weight;
} table[FEATURES] = {
#define X(name, weight, text) {#name, weight},
    ALIGN_FEATURES(X)
#undef X
};

const char *feature_name(enum feature feature) {
  return table[feature].name;
}

#ifdef DRAWBRIDGE_WEIGHTS_FROM_ENVIRONMENT /* bench/fit_align.py tries weights without building anew; never in a program that people use */
#include <stdio.h>
#include <stdlib.h>

float feature_weight(enum feature feature) {
  static float weights[FEATURES];
  static int known;
  for (int f = 0; f < FEATURES && !known; f++) {
    char name[64];
    (void)snprintf(name, sizeof name, "WEIGHT_%s", table[f].name);
    const char *given = getenv(name);
    weights[f] = given ? strtof(given, NULL) : table[f].weight;
  }
  known = 1;
  return weights[feature];
}
#else
float feature_weight(enum feature feature) {
  return table[feature].weight;
}
#endif

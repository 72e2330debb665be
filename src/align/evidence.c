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

float feature_weight(enum feature feature) {
  return table[feature].weight;
}

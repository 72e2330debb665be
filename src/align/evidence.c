#include "align/evidence.h"

static const struct {
  const char *name, *text;
  float weight;
} table[FEATURES] = {
#define X(name, weight, text) {#name, text, weight},
    ALIGN_FEATURES(X)
#undef X
};

const char *feature_name(enum feature feature) {
  return table[feature].name;
}

const char *feature_text(enum feature feature) {
  return table[feature].text;
}

float feature_weight(enum feature feature) {
  return table[feature].weight;
}

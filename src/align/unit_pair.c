#include "align/unit_pair.h"

#include <math.h>

enum { FAR_KM = 100, NEAR_KM = 50 };

struct unit_evidence unit_observe(const struct unit_words *words, const struct unit *source, const struct unit *target) {
  struct unit_evidence e = {.likeness = unit_likeness(words, source, target), .km = unit_km(source, target)};
  e.same_id = str_eq(source->unit->o.id, target->unit->o.id);
  e.same_code = source->code.n && str_eq(source->code, target->code);
  e.other_level = source->unit->level != target->unit->level;
  return e;
}

static float of_names(const struct unit_evidence *e) {
  if (e->likeness < 0) return -2;
  if (e->likeness >= 0.999f) return 3;
  return e->likeness > 0.4f ? 6 * (e->likeness - 0.55f) : -1; /* up to 2.7 */
}

static float of_distance(double km) {
  if (km < 0) return 0;
  if (km < 0.5) return 1.8f;
  if (km < 2) return 0.8f;
  if (km < 10) return 0;
  return km < NEAR_KM ? -1 : -3;
}

static float of_below(const struct unit_evidence *e) {
  if (!e->of) return 0;
  float much = e->below < 4 ? (float)e->below / 4 : 1;
  return 4 * much * (float)e->below / (float)e->of;
}

float unit_score(const struct unit_evidence *e) {
  float score = -3.2f + of_names(e) + of_distance(e->km) + of_below(e);
  if (e->same_id) score += 6;
  if (e->same_code) score += 4.5f;
  if (e->only_tops) score += 1.5f;
  return score + (e->other_level ? -0.7f : 0.3f);
}

bool unit_vetoed(const struct unit_evidence *e) {
  return e->likeness < 0 || e->km > FAR_KM;
}

bool unit_stands_alone(const struct unit_evidence *e) {
  return e->same_id || (e->same_code && e->likeness > 0.3f) || (e->likeness >= 0.999f && !unit_vetoed(e));
}

static float of_above(const struct unit_evidence *e) {
  float sure = e->above_confidence > 0.5f ? 2 * e->above_confidence - 1 : 0;
  switch (e->above) {
  case UNIT_ABOVE_PARENT: return 3 * sure;
  case UNIT_ABOVE_ANCESTOR: return 1.2f * sure;
  case UNIT_ABOVE_OTHER: return -3 * sure;
  case UNIT_ABOVE_NONE: break;
  }
  return 0;
}

float unit_confidence(const struct unit_evidence *e) {
  float confidence = 1 / (1 + expf(-(unit_score(e) + of_above(e))));
  if (confidence > 0.995f) confidence = 0.995f;
  float most = 1 / (1 + (float)e->rivals);
  bool doubted = unit_vetoed(e) || e->above == UNIT_ABOVE_OTHER; /* a moved, a renumbered one: somebody should look */
  if (doubted && most >= UNIT_AUTO) most = UNIT_AUTO - 0.05f;
  return confidence < most ? confidence : most;
}

/* Appends to a sentence. */
static void say(char *text, size_t size, const char *part) {
  size_t n = strlen(text);
  (void)snprintf(text + n, size - n, "%s%s", n ? ", " : "", part);
}

struct str unit_why(struct arena *arena, const struct unit_evidence *e) {
  char text[512] = "", part[64];
  if (e->same_id) say(text, sizeof text, "the same id");
  if (e->same_code) say(text, sizeof text, "the same code");
  if (e->likeness >= 0.999f)
    say(text, sizeof text, "the same name");
  else if (e->likeness > 0.55f)
    say(text, sizeof text, "nearly the same name");
  else
    say(text, sizeof text, e->likeness < 0 ? "but names that contradict each other" : "another name");
  if (e->only_tops) say(text, sizeof text, "the only tops of their trees");
  if (e->below > 1) {
    (void)snprintf(part, sizeof part, "%u of %u units below belong together", e->below, e->of);
    say(text, sizeof text, part);
  }
  if (e->km >= 0) {
    (void)snprintf(part, sizeof part, "%s%.1f km apart", e->km > NEAR_KM ? "but " : "", e->km);
    say(text, sizeof text, part);
  }
  if (e->above == UNIT_ABOVE_PARENT) say(text, sizeof text, "below parents that belong together");
  if (e->above == UNIT_ABOVE_ANCESTOR) say(text, sizeof text, "below units that belong together");
  if (e->above == UNIT_ABOVE_OTHER) say(text, sizeof text, "but below parents that belong to others");
  if (e->above == UNIT_ABOVE_NONE) say(text, sizeof text, "and nothing above them tells more");
  if (e->other_level) say(text, sizeof text, "on another level");
  if (e->rivals) say(text, sizeof text, "but another one is as good");
  if (text[0] >= 'a' && text[0] <= 'z') text[0] = (char)(text[0] - 'a' + 'A');
  return arena_str(arena, str_of(text));
}

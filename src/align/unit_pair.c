#include "align/unit_pair.h"

#include "align/score.h"
#include <math.h>

enum { FAR_KM = 100, NEAR_KM = 50 };

#define SAME_ID 6.0f
#define SAME_CODE 4.5f
#define ONLY_TOPS 1.5f
#define OTHER_LEVEL (-0.7f)

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
  if (e->same_id) score += SAME_ID;
  if (e->same_code) score += SAME_CODE;
  if (e->only_tops) score += ONLY_TOPS;
  return score + (e->other_level ? OTHER_LEVEL : 0.3f);
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

enum { REASONS_MAX = 16 };

struct saying {
  struct arena *arena;
  char text[512];
  struct align_reason reasons[REASONS_MAX];
  size_t n;
};

/* Appends to the sentence and to the codes. `adds`: to the log odds. */
static void say(struct saying *s, const char *code, const char *part, struct str value, float adds) {
  size_t n = strlen(s->text);
  (void)snprintf(s->text + n, sizeof s->text - n, "%s%s", n ? ", " : "", part);
  s->reasons[s->n++] = (struct align_reason){code, value, adds};
}

static void say_names(struct saying *s, const struct unit_evidence *e) {
  float likeness = e->likeness, adds = of_names(e);
  if (likeness >= 0.999f)
    say(s, "same_name", "the same name", STR_NONE, adds);
  else if (likeness > 0.55f)
    say(s, "near_name", "nearly the same name", STR_NONE, adds);
  else if (likeness < 0)
    say(s, "names_contradict", "but names that contradict each other", STR_NONE, adds);
  else
    say(s, "other_name", "another name", STR_NONE, adds);
}

static void say_numbers(struct saying *s, const struct unit_evidence *e) {
  if (e->below > 1) {
    struct str part = arena_printf(s->arena, "%u of %u units below belong together", e->below, e->of);
    say(s, "below", arena_cstr(s->arena, part), arena_printf(s->arena, "%u/%u", e->below, e->of), of_below(e));
  }
  if (e->km >= 0) {
    bool far = e->km > NEAR_KM;
    struct str part = arena_printf(s->arena, "%s%.1f km apart", far ? "but " : "", e->km);
    say(s, far ? "far" : "km", arena_cstr(s->arena, part), arena_printf(s->arena, "%.1f", e->km), of_distance(e->km));
  }
}

static void say_above(struct saying *s, const struct unit_evidence *e) {
  float adds = of_above(e);
  switch (e->above) {
  case UNIT_ABOVE_PARENT: say(s, "above_parent", "below parents that belong together", STR_NONE, adds); break;
  case UNIT_ABOVE_ANCESTOR: say(s, "above_ancestor", "below units that belong together", STR_NONE, adds); break;
  case UNIT_ABOVE_OTHER: say(s, "above_other", "but below parents that belong to others", STR_NONE, adds); break;
  case UNIT_ABOVE_NONE: say(s, "above_none", "and nothing above them tells more", STR_NONE, adds); break;
  }
}

struct align_reasons unit_why(struct arena *arena, const struct unit_evidence *e) {
  struct saying s = {.arena = arena};
  if (e->same_id) say(&s, "same_id", "the same id", STR_NONE, SAME_ID);
  if (e->same_code) say(&s, "same_code", "the same code", STR_NONE, SAME_CODE);
  say_names(&s, e);
  if (e->only_tops) say(&s, "only_tops", "the only tops of their trees", STR_NONE, ONLY_TOPS);
  say_numbers(&s, e);
  say_above(&s, e);
  if (e->other_level) say(&s, "other_level", "on another level", STR_NONE, OTHER_LEVEL);
  if (e->rivals)
    say(&s, "rivals", "but another one is as good", STR_NONE, score_log_odds(unit_confidence(e)) - unit_score(e) - of_above(e));
  if (s.text[0] >= 'a' && s.text[0] <= 'z') s.text[0] = (char)(s.text[0] - 'a' + 'A');
  struct align_reason *kept = ARENA_ARRAY(arena, s.n, struct align_reason);
  memcpy(kept, s.reasons, s.n * sizeof *kept);
  return (struct align_reasons){arena_str(arena, str_of(s.text)), kept, s.n};
}

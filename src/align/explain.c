#include "align/explain.h"

#include "align/score.h"

static int by_size(const void *left, const void *right) {
  const struct align_feature *a = left, *b = right;
  float x = a->contribution < 0 ? -a->contribution : a->contribution, y = b->contribution < 0 ? -b->contribution : b->contribution;
  return x > y ? -1 : x < y ? 1 : strcmp(a->name, b->name);
}

struct saying {
  const char *code;
  struct str sentence;
};

static struct saying of_element(const struct pair *pair) {
  if (pair->decided) return (struct saying){"decided", STR("A person decided so")};
  if (pair->value[FEATURE_same_code] > 0) return (struct saying){"same_code", STR("They have the same id or code")};
  if (pair->value[FEATURE_same_name] == 1) return (struct saying){"same_name", STR("They have the same name")};
  if (pair->vetoed) return (struct saying){"vetoed", STR("The names contradict each other in age, sex, dose or the like")};
  if (pair->value[FEATURE_type] > 0) return (struct saying){"other_type", STR("They hold different kinds of values")};
  if (pair->value[FEATURE_rival] < -0.3f)
    return (struct saying){"rival", STR("The names are alike, but another element fits this target better")};
  if (pair->value[FEATURE_same_name] > 0)
    return (struct saying){"short_name", STR("A short name or form name is the same, or all but what a whole list shares")};
  if (pair->value[FEATURE_words] > 0.75f)
    return (struct saying){"almost_same_words", STR("The names say the same in almost the same words")};
  if (pair->value[FEATURE_conflict] > 0) return (struct saying){"some_conflict", STR("Some words agree, but not all that the names tell")};
  if (pair->value[FEATURE_words] > 0.4f) return (struct saying){"telling_words", STR("The telling words of the names agree")};
  if (pair->value[FEATURE_text] > 0.35f)
    return (struct saying){"common_words", STR("Names, descriptions and options have telling words in common")};
  return (struct saying){"few_words", STR("A few words agree")};
}

void explain_element(struct arena *arena, const struct pair *pair, struct align_row *row) {
  struct align_feature *features = ARENA_ARRAY(arena, FEATURES, struct align_feature);
  uint32_t n = 0;
  for (int f = 0; f < FEATURES; f++) {
    float contribution = feature_weight((enum feature)f) * pair->value[f];
    if (f != FEATURE_base && pair->value[f] != 0)
      features[n++] = (struct align_feature){feature_name((enum feature)f), pair->value[f], contribution};
  }
  if (n) qsort(features, n, sizeof *features, by_size);
  row->features = features;
  row->feature_count = n;
  struct saying saying = of_element(pair);
  row->why = saying.sentence;
  row->reason = saying.code;
}

static const struct {
  enum cell_ground ground;
  const char *sentence;
} grounds[] = {
    {CELL_TAUGHT, "A person paired these option combos for another element"},
    {CELL_SPLIT, "The age groups overlap; a value cannot be split between them"},
    {CELL_DIFFERENCE, "All who were tested; those who were positive are subtracted"},
    {CELL_LEFT_OVER, "The only one left on both sides"},
    {CELL_DEFAULT, "Neither element is divided"},
    {CELL_SAME_NAME, "The option combos have the same name"},
    {CELL_UNKNOWN, "The source does not tell all; the target keeps such values as unknown"},
    {CELL_HINT, "What the source does not tell is implied by whom it counts"},
    {CELL_PART, "A part of the target's age group, summed with the others"},
    {CELL_FROM_NAME, "The element's name tells the age, sex or result"},
    {CELL_EQUAL, "Age, sex and the like are the same"},
    {CELL_FOLDED, "The target does not divide as the source does; its parts are summed"},
};

/* What the pair of elements adds; less the less sure it is: what that takes from a cell that is sure by itself. */
static float elements_add(float confidence) {
  const float sure = 0.98f;
  return CELL_BASE + score_log_odds(confidence * sure) - score_log_odds(sure);
}

void explain_cell(struct arena *arena, const struct cell_choice *choice, float element, struct align_row *row) {
  static const char *const names[] = {
#define X(name, text) #name,
      CELL_FEATURES(X)
#undef X
  };
  struct align_feature *features = ARENA_ARRAY(arena, CELL_FEATURE_COUNT + 1, struct align_feature);
  features[row->feature_count++] = (struct align_feature){"elements", element, elements_add(element)};
  for (int f = 0; f < CELL_FEATURE_COUNT; f++)
    if (choice->features[f]) features[row->feature_count++] = (struct align_feature){names[f], 1, (float)choice->features[f] / 1000};
  qsort(features, row->feature_count, sizeof *features, by_size);
  row->features = features;
  row->why = STR("The words of the option combos agree");
  for (size_t i = sizeof grounds / sizeof *grounds; i-- > 0;)
    if (choice->ground & grounds[i].ground) row->why = str_of(grounds[i].sentence);
}

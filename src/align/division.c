#include "align/division.h"

/* How a cell of the target lies to one of the source. */
enum place {
  ELSEWHERE,
  PART, /* takes a part of it */
  ROOM, /* takes all of it */
  TOTAL /* takes all of it, with all else that there is */
};

/* What the target tells more, or less, than the source. */
struct difference {
  bool more, less, other;
};

static void compare_ages(struct difference *d, const struct age *source, const struct age *target) {
  if (source->state == AGE_INTERVAL && target->state == AGE_INTERVAL) {
    enum age_relation relation = age_compare(*source, *target);
    d->more |= relation == AGE_AROUND || relation == AGE_OVERLAP;
    d->other |= relation == AGE_APART;
  } else if (source->state != target->state) {
    d->more |= source->state == AGE_NONE;
    d->less |= target->state == AGE_NONE;
    d->other |= source->state != AGE_NONE && target->state != AGE_NONE;
  }
}

static void compare_values(struct difference *d, uint8_t source, uint8_t target) {
  if (source == FACET_SEVERAL) source = 0;
  if (target == FACET_SEVERAL) target = 0;
  if (source == target) return;
  d->more |= !source;
  d->less |= !target;
  d->other |= source && target;
}

/* Half of what is said, for what weighs enough to count. */
static bool half_missing(struct option_combo_telling telling) {
  return telling.all >= 0.05f && telling.found < 0.5f * telling.all;
}

/* "Total", "All ages", "Tous": all of it, in the words for it. */
static bool says_all(struct str plain) {
  static const char *const words[] = {"total", "totale", "totaux", "totais", "totales", "all",   "tout",
                                      "tous",  "toutes", "todo",   "todos",  "toda",    "todas", "ensemble"};
  while (plain.n) {
    struct str word = str_take(&plain, ' ');
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
      if (str_eq(word, str_of(words[i]))) return true;
  }
  return false;
}

static enum place place_of(const struct dividing *d, const struct option_combo_view *from, const struct facets *told,
                           const struct option_combo_view *to) {
  if (option_combo_says_nothing(to)) return says_all(to->plain) ? TOTAL : ELSEWHERE;
  struct difference difference = {0};
  for (uint32_t k = 0; k < FACET_KINDS; k++)
    if (d->kinds >> k & 1) compare_values(&difference, told->value[k], to->facets.value[k]);
  if (d->kinds >> FACET_AGE_BIT & 1) compare_ages(&difference, &told->age, &to->facets.age);
  const struct lexicon *lexicon = d->context->lexicon;
  difference.other |= half_missing(option_combo_told(lexicon, from, to, &d->target->all));
  difference.more |= half_missing(option_combo_told(lexicon, to, from, &d->source->all));
  if (difference.other || (difference.more && difference.less)) return ELSEWHERE;
  if (difference.more) return PART;
  if (says_all(to->plain)) return TOTAL;
  return difference.less ? ELSEWHERE : ROOM;
}

const struct align_division *division_of(const struct dividing *d, const struct option_combo_view *from, const struct facets *told) {
  const struct dhis2_option_combo *parts[ALIGN_PARTS_MAX], *whole = NULL;
  size_t count = 0, all = 0;
  for (size_t i = 0; i < d->count; i++) {
    enum place place = place_of(d, from, told, d->views[i]);
    if (place == ROOM) return NULL;
    if (place == TOTAL && !whole) whole = d->views[i]->coc;
    if (place == PART && all++ < ALIGN_PARTS_MAX) parts[count++] = d->views[i]->coc;
  }
  if (count < 2) return NULL;
  struct align_division *division = ARENA_NEW(d->context->arena, struct align_division);
  const struct dhis2_option_combo **kept = ARENA_ARRAY(d->context->arena, count, const struct dhis2_option_combo *);
  memcpy(kept, parts, count * sizeof *kept);
  *division = (struct align_division){kept, count, all, whole};
  return division;
}

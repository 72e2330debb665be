#include "align/combo.h"

#include <math.h>

static void take(struct option_combo_view *view, struct arena *arena, struct lexicon *lexicon, struct str text, struct bag *bag) {
  if (!text.n) return;
  struct reading reading = reading_of(arena, lexicon, text, READING_OPTION);
  for (int k = 0; k < FACET_KINDS; k++) facets_add(&view->facets, (enum facet_kind)k, reading.facets.value[k]);
  const struct age *age = &reading.facets.age, *have = &view->facets.age;
  if (age->state == AGE_INTERVAL && have->state != AGE_NONE && (age->from != have->from || age->to != have->to)) {
    struct bag_term span = {lexicon_word(lexicon, reading_span(arena, *age)), 1};
    bag_merge(bag, &span, 1, 1);
  }
  facets_add_age(&view->facets, *age);
  view->facets = facets_over(&view->facets, &reading.facets);
  bag_merge(bag, reading.terms, reading.term_count, 1);
}

static void read_option_combo(struct arena *arena, struct lexicon *lexicon, struct option_combo_view *view) {
  const struct dhis2_option_combo *coc = view->coc;
  struct bag bag = {0};
  if (!coc->o.is_default) {
    for (size_t i = 0; i < coc->option_count; i++) {
      take(view, arena, lexicon, coc->options[i]->o.name, &bag);
      for (const struct dhis2_translation *t = coc->options[i]->o.translations; t; t = t->next) {
        struct reading reading = reading_of(arena, lexicon, t->value, READING_OPTION);
        view->facets = facets_over(&view->facets, &reading.facets);
        bag_merge(&bag, reading.terms, reading.term_count, 0.8f);
      }
    }
    struct reading name = reading_of(arena, lexicon, coc->o.name, READING_OPTION);
    view->facets = facets_over(&view->facets, &name.facets);
    if (!bag.n) bag_merge(&bag, name.terms, name.term_count, 1);
    view->plain = name.plain;
  }
  view->term_count = bag.n;
  view->terms = ARENA_ARRAY(arena, bag.n, struct bag_term);
  if (bag.n) memcpy(view->terms, bag.p, bag.n * sizeof *bag.p);
  VEC_FREE(&bag);
}

static uint64_t mix(uint64_t hash, uint64_t value) {
  hash ^= value + 0x9E3779B97F4A7C15u + (hash << 6) + (hash >> 2);
  return hash * 0xBF58476D1CE4E5B9u;
}

static uint64_t hash_text(struct str text) {
  uint64_t hash = 14695981039346656037u;
  for (size_t i = 0; i < text.n; i++) hash = (hash ^ (unsigned char)text.p[i]) * 1099511628211u;
  return hash;
}

static uint64_t hash_facets(const struct facets *facets) {
  uint64_t hash = 0;
  for (uint32_t k = 0; k < FACET_KINDS; k++)
    if (facets->value[k]) hash = mix(hash, k << 8 | facets->value[k]);
  if (facets->age.state != AGE_NONE)
    hash = mix(hash, (uint64_t)(uint32_t)facets->age.from << 32 ^ (uint32_t)facets->age.to ^ facets->age.state);
  return hash ^ hash >> 29;
}

static void note_ages(struct combo_view *view, struct age *ages, const struct age *age) {
  if (age->state != AGE_INTERVAL) return;
  size_t i = 0;
  while (i < view->ages && memcmp(&ages[i], age, sizeof *ages) != 0) i++;
  if (i == view->ages && i < COMBO_AGES_MAX) ages[view->ages++] = *age;
}

static void note_kinds(struct combo_view *view, const struct facets *facets, const struct facets *first) {
  for (uint32_t k = 0; k < FACET_KINDS; k++) {
    if (facets->value[k]) view->kinds |= 1u << k;
    if (facets->value[k] != first->value[k] || facets->value[k] == FACET_SEVERAL) view->fixed &= ~(1u << k);
  }
  if (facets->age.state != AGE_NONE) view->kinds |= 1u << FACET_AGE_BIT;
  if (memcmp(&facets->age, &first->age, sizeof facets->age) != 0) view->fixed &= ~(1u << FACET_AGE_BIT);
}

static bool says_unknown(const struct lexicon *lexicon, const struct option_combo_view *view) {
  for (size_t i = 0; i < view->term_count; i++)
    if (str_eq(lexicon_term_text(lexicon, view->terms[i].term), STR("=unknown"))) return true;
  return false;
}

/* "Unknown, Female" beside "15-19, Female": what is unknown is what the others tell there; where there are no others, the one of age and sex that it does not tell. */
static void read_unknowns(const struct lexicon *lexicon, const struct combos *combos, const struct dhis2_category_combo *combo) {
  bool ages = combo->option_combo_count == 1, sexes = ages;
  for (size_t i = 0; i < combo->option_combo_count; i++) {
    const struct option_combo_view *view = combos_view(combos, combo->option_combos[i]);
    ages |= view && view->facets.age.state == AGE_INTERVAL;
    sexes |= view && view->facets.value[FACET_SEX];
  }
  for (size_t i = 0; i < combo->option_combo_count && (ages || sexes); i++) {
    uint32_t index = combo->option_combos[i]->o.index;
    if (index >= combos->metadata->option_combo_count) continue;
    struct facets *facets = &combos->cocs[index].facets;
    bool age = ages && facets->age.state == AGE_NONE, sex = sexes && !facets->value[FACET_SEX];
    if (age == sex || !says_unknown(lexicon, &combos->cocs[index])) continue;
    if (age)
      facets->age.state = AGE_UNKNOWN;
    else
      facets->value[FACET_SEX] = FACET_UNKNOWN;
  }
}

static void read_combo(struct arena *arena, struct lexicon *lexicon, const struct combos *combos, struct combo_view *view) {
  struct age ages[COMBO_AGES_MAX];
  struct bag bag = {0};
  const struct option_combo_view *first = NULL;
  view->fixed = UINT32_MAX;
  read_unknowns(lexicon, combos, view->combo);
  for (size_t i = 0, seen = 0; i < view->combo->option_combo_count; i++) {
    const struct option_combo_view *coc = combos_view(combos, view->combo->option_combos[i]);
    if (!coc) continue;
    if (!first) first = coc;
    note_kinds(view, &coc->facets, &first->facets);
    note_ages(view, ages, &coc->facets.age);
    view->values += hash_facets(&coc->facets);
    view->plains += hash_text(coc->plain);
    if (seen++ < 4) bag_merge(&bag, coc->terms, coc->term_count, view->combo->option_combo_count == 1 ? 0.5f : 0.15f);
  }
  view->fixed &= view->kinds;
  struct age *list = ARENA_ARRAY(arena, view->ages, struct age);
  if (view->ages) memcpy(list, ages, view->ages * sizeof *list);
  view->age_list = list;
  if (!view->combo->o.is_default) {
    struct reading name = reading_of(arena, lexicon, view->combo->o.name, READING_PROSE);
    bag_merge(&bag, name.terms, name.term_count, 0.1f);
  }
  view->term_count = bag.n;
  view->terms = ARENA_ARRAY(arena, bag.n, struct bag_term);
  if (bag.n) memcpy(view->terms, bag.p, bag.n * sizeof *bag.p);
  VEC_FREE(&bag);
}

struct combos combos_of(struct arena *arena, struct lexicon *lexicon, const struct dhis2_metadata *metadata) {
  struct combos combos = {ARENA_ARRAY(arena, metadata->option_combo_count, struct option_combo_view),
                          ARENA_ARRAY(arena, metadata->combo_count, struct combo_view), metadata};
  for (size_t i = 0; i < metadata->option_combo_count; i++) {
    combos.cocs[i].coc = metadata->option_combos[i];
    read_option_combo(arena, lexicon, &combos.cocs[i]);
  }
  for (size_t i = 0; i < metadata->combo_count; i++) {
    combos.combos[i].combo = metadata->combos[i];
    read_combo(arena, lexicon, &combos, &combos.combos[i]);
  }
  return combos;
}

const struct option_combo_view *combos_view(const struct combos *combos, const struct dhis2_option_combo *coc) {
  return coc->o.index < combos->metadata->option_combo_count ? &combos->cocs[coc->o.index] : NULL;
}

static bool has_term(const struct bag_term *terms, size_t count, uint32_t term) {
  size_t low = 0, high = count;
  while (low < high) {
    size_t middle = (low + high) / 2;
    if (terms[middle].term == term) return true;
    if (terms[middle].term < term)
      low = middle + 1;
    else
      high = middle;
  }
  return false;
}

struct option_combo_telling option_combo_told(const struct lexicon *lexicon, const struct option_combo_view *view,
                                              const struct option_combo_view *other, const struct bag *element) {
  struct option_combo_telling telling = {0};
  for (size_t i = 0; i < view->term_count; i++) {
    uint32_t term = view->terms[i].term;
    if (lexicon_term_is_facet(lexicon, term)) continue;
    float weight = view->terms[i].weight;
    telling.all += weight;
    if (has_term(other->terms, other->term_count, term))
      telling.found += weight;
    else if (has_term(element->p, element->n, term))
      telling.found += 0.7f * weight;
  }
  return telling;
}

bool option_combo_says_nothing(const struct option_combo_view *view) {
  static const struct facets silent;
  return view->plain.n && !view->term_count && view->facets.age.state == AGE_NONE &&
         memcmp(view->facets.value, silent.value, sizeof silent.value) == 0;
}

static void weigh_side(struct arena *arena, const struct lexicon *lexicon, struct combos *combos) {
  size_t terms = lexicon_term_count(lexicon), n = combos->metadata->option_combo_count;
  uint32_t *counts = ARENA_ARRAY(arena, terms, uint32_t);
  for (size_t i = 0; i < n; i++)
    for (size_t k = 0; k < combos->cocs[i].term_count; k++) counts[combos->cocs[i].terms[k].term]++;
  for (size_t i = 0; i < n; i++) {
    struct option_combo_view *view = &combos->cocs[i];
    float sum = 0;
    for (size_t k = 0; k < view->term_count; k++) {
      view->terms[k].weight *= 0.1f - logf(((float)counts[view->terms[k].term] + 0.25f) / ((float)n + 0.5f));
      sum += view->terms[k].weight * view->terms[k].weight;
    }
    view->norm = sqrtf(sum);
  }
}

void combos_weigh(struct arena *arena, const struct lexicon *lexicon, struct combos *source, struct combos *target) {
  weigh_side(arena, lexicon, source);
  weigh_side(arena, lexicon, target);
}

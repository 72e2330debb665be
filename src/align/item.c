#include "align/item.h"

#include "align/affix.h"
#include "base/map.h"
#include <math.h>

static void add_plain(struct item *item, struct str plain) {
  for (size_t i = 0; i < item->plain_count; i++)
    if (str_eq(item->plain[i], plain)) return;
  if (!plain.n || item->plain_count == ITEM_NAMES_MAX) return;
  uint32_t hash = 2166136261u;
  for (size_t i = 0; i < plain.n; i++) hash = (hash ^ (unsigned char)plain.p[i]) * 16777619u;
  item->plain_hash[item->plain_count] = hash;
  item->plain[item->plain_count++] = plain;
}

static void fill_facets(struct facets *facets, const struct facets *more) {
  *facets = facets_over(facets, more);
}

static void add_name(struct arena *arena, struct lexicon *lexicon, struct item *item, struct str text, float weight) {
  if (!text.n) return;
  struct reading reading = reading_of(arena, lexicon, text, READING_NAME);
  add_plain(item, reading.plain);
  fill_facets(&item->facets, &reading.facets);
  bag_merge(&item->names, reading.terms, reading.term_count, weight);
}

static void add_text(struct arena *arena, struct lexicon *lexicon, struct item *item, struct str text, enum reading_kind kind,
                     float weight) {
  if (!text.n) return;
  struct reading reading = reading_of(arena, lexicon, text, kind);
  bag_merge(&item->all, reading.terms, reading.term_count, weight);
}

/* An id that a machine made tells nothing: no word of four letters in it, or small and capital letters mixed with digits. */
static bool looks_made(struct str code) {
  size_t digits = 0, lower = 0, upper = 0, others = 0;
  for (size_t i = 0; i < code.n; i++) {
    char c = code.p[i];
    digits += c >= '0' && c <= '9';
    lower += c >= 'a' && c <= 'z';
    upper += c >= 'A' && c <= 'Z';
    others += c == '_' || c == ' ' || c == '-';
  }
  return (lower && upper > 1 && digits && !others) || lower + upper < 3;
}

static void add_code(struct arena *arena, struct lexicon *lexicon, struct item *item, struct str code) {
  if (!code.n || looks_made(code)) return;
  struct reading reading = reading_of(arena, lexicon, code, READING_CODE);
  fill_facets(&item->facets, &reading.facets);
  bag_merge(&item->all, reading.terms, reading.term_count, 0.5f);
}

static void add_description(struct arena *arena, struct lexicon *lexicon, struct item *item, struct str text, float weight) {
  if (!text.n) return;
  struct reading reading = reading_of(arena, lexicon, text, READING_PROSE);
  item->described = facets_over(&item->described, &reading.facets);
  bag_merge(&item->all, reading.terms, reading.term_count, weight);
}

static void add_translations(struct arena *arena, struct lexicon *lexicon, struct item *item, const struct dhis2_object *o) {
  for (const struct dhis2_translation *t = o->translations; t; t = t->next) {
    if (str_eq(t->property, STR("DESCRIPTION")))
      add_description(arena, lexicon, item, t->value, 0.25f);
    else
      add_name(arena, lexicon, item, t->value, str_eq(t->property, STR("NAME")) ? 0.9f : 0.7f);
  }
}

/* Where an element's combo has few cells, their names may carry its subject; they count a little. */
static void add_options(struct item *item, const struct combos *combos) {
  item->undivided = true;
  for (size_t c = 0; c < item->element->combo_count; c++) {
    const struct dhis2_category_combo *combo = item->element->combos[c];
    item->undivided &= combo->o.is_default;
    item->cells += combo->option_combo_count;
    if (combo->o.is_default || combo->o.index >= combos->metadata->combo_count) continue;
    const struct combo_view *view = &combos->combos[combo->o.index];
    item->option_kinds |= view->kinds;
    item->option_varies |= view->kinds & ~view->fixed;
    if (!item->age_count) item->ages = view->age_list, item->age_count = view->ages;
    bag_merge(&item->all, view->terms, view->term_count, 1);
  }
}

static void note_numbers(struct arena *arena, const struct lexicon *lexicon, struct item *item) {
  item->numbers = ARENA_ARRAY(arena, item->names.n + 1, uint32_t);
  for (size_t i = 0; i < item->names.n; i++) {
    char first = lexicon_term_text(lexicon, item->names.p[i].term).p[0];
    if (first == '#' || first == '<' || first == '>') item->numbers[item->number_count++] = item->names.p[i].term;
  }
}

static void read_item(struct arena *arena, struct lexicon *lexicon, const struct combos *combos, struct item *item) {
  const struct dhis2_object *o = &item->element->o;
  add_name(arena, lexicon, item, o->name, 1);
  note_numbers(arena, lexicon, item);
  add_name(arena, lexicon, item, o->form_name, 0.8f);
  add_name(arena, lexicon, item, o->short_name, 0.6f);
  add_translations(arena, lexicon, item, o);
  add_code(arena, lexicon, item, o->code);
  add_description(arena, lexicon, item, o->description, 0.35f);
  for (size_t i = 0; i < item->element->membership_count && i < 4; i++) {
    const struct dhis2_membership *m = item->element->memberships[i];
    add_text(arena, lexicon, item, m->section, READING_PROSE, 0.1f);
  }
  add_options(item, combos);
  bag_merge(&item->all, item->names.p, item->names.n, 1);
}

static struct str family_key(struct arena *arena, const struct lexicon *lexicon, const struct item *item) {
  uint32_t *key = ARENA_ARRAY(arena, item->names.n + 1, uint32_t);
  size_t n = 0;
  for (size_t i = 0; i < item->names.n; i++) {
    uint32_t term = item->names.p[i].term;
    char first = lexicon_term_text(lexicon, term).p[0];
    if (first != '#' && first != '<' && first != '>' && !lexicon_term_is_facet(lexicon, term)) key[n++] = term;
  }
  return (struct str){(const char *)key, n * sizeof *key};
}

static void add_family_age(struct family *family, const struct age *age) {
  if (age->state != AGE_INTERVAL) return;
  for (size_t i = 0; i < family->age_count; i++)
    if (family->ages[i].from == age->from && family->ages[i].to == age->to) return;
  if (family->age_count < FAMILY_AGES_MAX) family->ages[family->age_count++] = *age;
}

static void join_family(struct family *family, const struct item *item) {
  family->members++;
  family->kinds |= item->option_kinds;
  for (uint32_t k = 0; k < FACET_KINDS; k++)
    if (item->facets.value[k]) family->named |= 1u << k;
  if (item->facets.age.state != AGE_NONE) family->named |= 1u << FACET_AGE_BIT;
  family->kinds |= family->named;
  if (item->age_count) {
    for (size_t i = 0; i < item->age_count; i++) add_family_age(family, &item->ages[i]);
  } else {
    add_family_age(family, &item->facets.age);
  }
}

/* Families of one get short lists of ages, so that ten thousand of them stay small. */
static void find_families(struct arena *arena, const struct lexicon *lexicon, struct items *items) {
  struct map known = {0};
  items->families = ARENA_ARRAY(arena, items->n, struct family);
  for (size_t i = 0; i < items->n; i++) {
    struct item *item = &items->p[i];
    struct str key = family_key(arena, lexicon, item);
    void *found = key.n ? map_get(&known, key) : NULL;
    item->family = found ? (uint32_t)(uintptr_t)found - 1 : (uint32_t)items->family_count++;
    if (!found && key.n) (void)map_put(&known, key, (void *)(uintptr_t)(item->family + 1));
    items->families[item->family].members++;
  }
  for (size_t i = 0; i < items->n; i++) {
    struct family *family = &items->families[items->p[i].family];
    if (!family->ages) {
      family->ages = ARENA_ARRAY(arena, family->members == 1 ? items->p[i].age_count + 1 : FAMILY_AGES_MAX, struct age);
      family->members = 0;
    }
    join_family(family, &items->p[i]);
  }
  map_free(&known);
}

/* A name without what the whole list shares is a name, too. */
static void strip_names(struct items *items) {
  struct str *names = mem_alloc_array(items->n + 1, sizeof *names);
  for (size_t i = 0; i < items->n; i++) names[i] = items->p[i].plain[0];
  struct affixes affixes = affixes_of(names, items->n);
  for (size_t i = 0; i < items->n; i++) add_plain(&items->p[i], affixes_strip(&affixes, names[i]));
  free(names);
}

struct items items_of(struct arena *arena, struct lexicon *lexicon, const struct combos *combos) {
  const struct dhis2_metadata *metadata = combos->metadata;
  struct items items = {.p = ARENA_ARRAY(arena, metadata->element_count, struct item), .n = metadata->element_count, .metadata = metadata};
  for (size_t i = 0; i < items.n; i++) {
    items.p[i].element = metadata->elements[i];
    read_item(arena, lexicon, combos, &items.p[i]);
  }
  strip_names(&items);
  find_families(arena, lexicon, &items);
  return items;
}

void items_free(struct items *items) {
  for (size_t i = 0; i < items->n; i++) {
    VEC_FREE(&items->p[i].names);
    VEC_FREE(&items->p[i].all);
  }
}

static void count_terms(const struct items *items, uint32_t *counts) {
  for (size_t i = 0; i < items->n; i++)
    for (size_t k = 0; k < items->p[i].all.n; k++) counts[items->p[i].all.p[k].term] += items->p[i].all.p[k].weight >= 0.3f;
}

static float rarity(uint32_t count, size_t n) {
  float share = ((float)count + 0.25f) / ((float)n + 0.5f);
  return share < 1 ? 0.08f - logf(share) : 0.08f;
}

static float norm_of(struct bag *bag, const float *weights) {
  float sum = 0;
  for (size_t i = 0; i < bag->n; i++) {
    bag->p[i].weight *= weights[bag->p[i].term];
    sum += bag->p[i].weight * bag->p[i].weight;
  }
  return sqrtf(sum);
}

static void weigh(struct items *items, const float *weights) {
  for (size_t i = 0; i < items->n; i++) {
    items->p[i].names_norm = norm_of(&items->p[i].names, weights);
    items->p[i].all_norm = norm_of(&items->p[i].all, weights);
  }
}

void items_weigh(struct arena *arena, const struct lexicon *lexicon, struct items *source, struct items *target) {
  size_t terms = lexicon_term_count(lexicon);
  uint32_t *counts[2] = {ARENA_ARRAY(arena, terms, uint32_t), ARENA_ARRAY(arena, terms, uint32_t)};
  float *weights = ARENA_ARRAY(arena, terms, float);
  count_terms(source, counts[0]);
  count_terms(target, counts[1]);
  for (size_t i = 0; i < terms; i++) {
    if (counts[0][i] && counts[1][i])
      weights[i] = 0.35f * rarity(counts[0][i], source->n) + 0.65f * rarity(counts[1][i], target->n);
    else
      weights[i] =
          0.8f * (counts[0][i] ? rarity(counts[0][i], source->n) : rarity(counts[1][i], target->n)); /* perhaps only another wording */
    if (lexicon_term_is_facet(lexicon, (uint32_t)i)) weights[i] *= 0.4f;                             /* facets are compared by themselves */
  }
  weigh(source, weights);
  weigh(target, weights);
}

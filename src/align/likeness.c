#include "align/likeness.h"

enum { LIKE_SHORTEST = 5, LIKE_LONGEST = 40, LIKE_MOST = 2 };

#define LIKE_ENOUGH 0.55f

struct like {
  uint32_t term;
  float likeness;
};

struct likes {
  struct like p[LIKE_MOST];
  uint8_t n;
};

/* Words by their trigrams: posting lists in one array, by hash of the trigram. */
struct gram_index {
  uint32_t *starts, *entries;
  size_t buckets;
};

struct finding {
  struct lexicon *lexicon;
  size_t terms, lexicon_words;
  uint8_t *used[2]; /* per term: occurs on that side */
  struct gram_index index;
  uint16_t *shared; /* per term, while one word is looked up */
  VEC(uint32_t) touched;
  struct likes *likes[2]; /* per term of that side; NULL entries have n == 0 */
};

static bool is_word(const struct finding *f, uint32_t term) {
  struct str text = lexicon_term_text(f->lexicon, term);
  if (text.n < LIKE_SHORTEST || text.n > LIKE_LONGEST) return false;
  char first = text.p[0];
  return first != '=' && first != '#' && first != '^' && first != '<' && first != '>' && !(first >= '0' && first <= '9');
}

/* Trigrams of "^^word$" so that beginnings count. */
static size_t grams_of(struct str word, uint32_t out[LIKE_LONGEST + 2]) {
  unsigned char text[LIKE_LONGEST + 4] = {'^', '^'};
  memcpy(text + 2, word.p, word.n);
  text[word.n + 2] = '$';
  size_t n = word.n + 1;
  for (size_t i = 0; i < n; i++) out[i] = ((uint32_t)text[i] << 16 | (uint32_t)text[i + 1] << 8 | text[i + 2]) * 0x9E3779B1u;
  return n;
}

static void index_words(struct finding *f) {
  f->index.buckets = 1 << 15;
  f->index.starts = mem_alloc_array(f->index.buckets + 1, sizeof(uint32_t));
  uint32_t grams[LIKE_LONGEST + 2];
  for (int pass = 0; pass < 2; pass++) {
    for (uint32_t term = 0; term < f->terms; term++) {
      if (!is_word(f, term)) continue;
      size_t n = grams_of(lexicon_term_text(f->lexicon, term), grams);
      for (size_t i = 0; i < n; i++) {
        size_t bucket = grams[i] & (f->index.buckets - 1);
        if (pass == 0)
          f->index.starts[bucket + 1]++;
        else
          f->index.entries[f->index.starts[bucket]++] = term;
      }
    }
    if (pass == 1) break;
    for (size_t b = 0; b < f->index.buckets; b++) f->index.starts[b + 1] += f->index.starts[b];
    f->index.entries = mem_alloc_array(f->index.starts[f->index.buckets] + 1, sizeof(uint32_t));
  }
  for (size_t b = f->index.buckets; b > 0; b--) f->index.starts[b] = f->index.starts[b - 1];
  f->index.starts[0] = 0;
}

/* Half by trigrams, half by how much of the shorter word both begin with. */
static float likeness_of(struct str a, struct str b, size_t shared) {
  size_t prefix = 0, shorter = a.n < b.n ? a.n : b.n;
  while (prefix < shorter && a.p[prefix] == b.p[prefix]) prefix++;
  float dice = 2 * (float)shared / (float)(a.n + b.n + 2), begin = (float)prefix / (float)shorter;
  return 0.65f * dice + 0.35f * begin;
}

static void keep(struct likes *likes, struct like like) {
  size_t at = likes->n;
  while (at > 0 && likes->p[at - 1].likeness < like.likeness) at--;
  if (at == LIKE_MOST) return;
  if (likes->n < LIKE_MOST) likes->n++;
  for (size_t i = likes->n - 1u; i > at; i--) likes->p[i] = likes->p[i - 1];
  likes->p[at] = like;
}

static void look_up(struct finding *f, int side, uint32_t word) {
  uint32_t grams[LIKE_LONGEST + 2];
  struct str text = lexicon_term_text(f->lexicon, word);
  size_t n = grams_of(text, grams);
  f->touched.n = 0;
  for (size_t i = 0; i < n; i++) {
    size_t bucket = grams[i] & (f->index.buckets - 1);
    for (uint32_t e = f->index.starts[bucket]; e < f->index.starts[bucket + 1]; e++) {
      uint32_t term = f->index.entries[e];
      if (!f->shared[term]++) VEC_PUSH(&f->touched, term);
    }
  }
  for (size_t i = 0; i < f->touched.n; i++) {
    uint32_t term = f->touched.p[i];
    bool there = f->used[!side][term];
    float like = likeness_of(text, lexicon_term_text(f->lexicon, term), f->shared[term]);
    f->shared[term] = 0;
    if (term == word || (!there && term >= f->lexicon_words) || like < LIKE_ENOUGH + (there ? 0 : 0.13f)) continue;
    keep(&f->likes[side][word], (struct like){term, like});
  }
}

static void rewrite(struct finding *f, int side, struct bag *bag) {
  size_t n = bag->n;
  for (size_t i = 0; i < n; i++) {
    const struct likes *likes = &f->likes[side][bag->p[i].term];
    for (size_t k = 0; k < likes->n; k++) {
      struct str text = lexicon_term_text(f->lexicon, likes->p[k].term);
      struct token token = {.text = text, .kind = TOKEN_WORD};
      size_t length;
      const struct meaning *meaning = lexicon_match(f->lexicon, (struct tokens){&token, 1}, 0, &length);
      float weight = bag->p[i].weight * likes->p[k].likeness;
      if (!meaning) VEC_PUSH(bag, (struct bag_term){likes->p[k].term, weight});
      for (size_t c = 0; meaning && c < meaning->concept_count; c++)
        VEC_PUSH(bag, (struct bag_term){meaning->concepts[c], weight * lexicon_term_weight(f->lexicon, meaning->concepts[c])});
    }
    if (likes->n) bag->p[i].weight *= 1.1f - likes->p[0].likeness;
  }
  if (bag->n != n) bag_merge(bag, NULL, 0, 1);
}

static void note_used(struct finding *f, int side, const struct bag_term *terms, size_t count) {
  for (size_t i = 0; i < count; i++) f->used[side][terms[i].term] = 1;
}

static void rewrite_combos(struct finding *f, int side, struct combos *combos, struct arena *arena) {
  for (size_t i = 0; i < combos->metadata->option_combo_count; i++) {
    struct option_combo_view *view = &combos->cocs[i];
    struct bag bag = {0};
    bag_merge(&bag, view->terms, view->term_count, 1);
    rewrite(f, side, &bag);
    if (bag.n != view->term_count) {
      view->terms = ARENA_ARRAY(arena, bag.n, struct bag_term);
      view->term_count = bag.n;
    }
    if (bag.n) memcpy(view->terms, bag.p, bag.n * sizeof *bag.p);
    VEC_FREE(&bag);
  }
}

void likeness_apply(struct arena *arena, struct lexicon *lexicon, size_t lexicon_words, struct items *source, struct items *target,
                    struct combos *source_combos, struct combos *target_combos) {
  struct finding f = {.lexicon = lexicon, .terms = lexicon_term_count(lexicon), .lexicon_words = lexicon_words};
  struct items *items[2] = {source, target};
  struct combos *combos[2] = {source_combos, target_combos};
  f.shared = mem_alloc_array(f.terms, sizeof *f.shared);
  for (int side = 0; side < 2; side++) {
    f.used[side] = mem_alloc(f.terms);
    f.likes[side] = mem_alloc_array(f.terms, sizeof **f.likes);
    for (size_t i = 0; i < items[side]->n; i++) note_used(&f, side, items[side]->p[i].all.p, items[side]->p[i].all.n);
    for (size_t i = 0; i < combos[side]->metadata->option_combo_count; i++)
      note_used(&f, side, combos[side]->cocs[i].terms, combos[side]->cocs[i].term_count);
  }
  index_words(&f);
  for (int side = 0; side < 2; side++)
    for (uint32_t term = 0; term < f.terms; term++)
      if (f.used[side][term] && !f.used[!side][term] && is_word(&f, term)) look_up(&f, side, term);
  for (int side = 0; side < 2; side++) {
    for (size_t i = 0; i < items[side]->n; i++) {
      rewrite(&f, side, &items[side]->p[i].names);
      rewrite(&f, side, &items[side]->p[i].all);
    }
    rewrite_combos(&f, side, combos[side], arena);
    free(f.used[side]);
    free(f.likes[side]);
  }
  VEC_FREE(&f.touched);
  free(f.shared);
  free(f.index.starts);
  free(f.index.entries);
}

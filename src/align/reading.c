#include "align/reading.h"

#include "align/age.h"

struct taking {
  struct arena *arena;
  struct lexicon *lexicon;
  struct tokens tokens;
  enum reading_kind kind;
  struct facets facets;
  struct bag bag;
};

static void put(struct taking *t, uint32_t term, float weight) {
  VEC_PUSH(&t->bag, (struct bag_term){term, weight * lexicon_term_weight(t->lexicon, term)});
}

static void put_text(struct taking *t, struct str text, float weight) {
  put(t, lexicon_word(t->lexicon, text), weight);
}

static void take_meaning(struct taking *t, const struct meaning *meaning) {
  for (size_t i = 0; i < meaning->concept_count; i++) put(t, meaning->concepts[i], 1);
  for (size_t i = 0; i < meaning->facet_count; i++)
    facets_add(&t->facets, (enum facet_kind)meaning->facets[i].kind, meaning->facets[i].value);
  if (meaning->age_unknown) facets_add_age(&t->facets, (struct age){.state = AGE_UNKNOWN});
  if (meaning->hint.state != AGE_NONE && t->facets.hint.state == AGE_NONE) t->facets.hint = meaning->hint;
  if (meaning->sex_hint) t->facets.sex_hint = meaning->sex_hint;
  t->facets.tested |= meaning->tested;
}

static bool word_before(const struct taking *t, size_t at) {
  return at > 0 && t->tokens.p[at - 1].kind == TOKEN_WORD && t->tokens.p[at - 1].text.n > 1 && t->tokens.p[at].before != '_';
}

static bool measured(const struct taking *t, size_t at) {
  static const char *const units[] = {"ml", "mg",  "kg",  "g",   "cm",      "year", "yr",  "an",     "month", "week", "day",  "hour",
                                      "an", "ano", "mes", "moi", "semaine", "jour", "dia", "semana", "heure", "hora", "time", "year"};
  if (at + 1 >= t->tokens.n || t->tokens.p[at + 1].kind != TOKEN_WORD) return false;
  struct str word = text_stem(t->tokens.p[at + 1].text);
  for (size_t i = 0; i < sizeof units / sizeof *units; i++)
    if (str_eq(word, str_of(units[i]))) return true;
  return false;
}

/* "OPV 3", "ANC4", "dose 2": one digit behind a word, with no measure behind it. */
static bool take_dose(struct taking *t, size_t at) {
  const struct token *token = &t->tokens.p[at];
  if (token->text.n != 1 || !word_before(t, at) || measured(t, at)) return false;
  if (at + 1 < t->tokens.n && t->tokens.p[at + 1].before == 0 && t->tokens.p[at + 1].kind == TOKEN_NUMBER) return false;
  facets_add(&t->facets, FACET_DOSE, (uint8_t)(token->value + 1));
  return true;
}

static size_t take_number(struct taking *t, size_t at) {
  if (t->kind == READING_CODE) return 1;
  if (t->kind != READING_PROSE && take_dose(t, at)) return 1;
  bool compared =
      at > 0 && t->tokens.p[at - 1].kind == TOKEN_SIGN && (t->tokens.p[at - 1].text.p[0] == '<' || t->tokens.p[at - 1].text.p[0] == '>');
  struct str sign = compared ? str_slice(t->tokens.p[at - 1].text, 0, 1) : STR("#");
  put_text(t, arena_printf(t->arena, "%.*s%.*s", STR_ARG(sign), STR_ARG(t->tokens.p[at].text)),
           t->tokens.p[at].before == 0 && at > 0 ? 0.6f : 1);
  return 1;
}

struct str reading_span(struct arena *arena, struct age age) {
  return arena_printf(arena, "#%d-%d", age.from, age.to);
}

static size_t take_at(struct taking *t, size_t at) {
  struct age age;
  size_t length = t->kind == READING_PROSE ? 0 : age_read(t->tokens, at, t->kind == READING_OPTION, &age), phrase;
  bool span = length && t->facets.age.state != AGE_NONE && lexicon_match(t->lexicon, t->tokens, at, &phrase) && phrase >= length;
  if (length && !span) {
    if (t->facets.age.state != AGE_NONE)
      put_text(t, reading_span(t->arena, age), 1);
    else
      facets_add_age(&t->facets, age);
    return length;
  }
  const struct meaning *meaning = lexicon_match(t->lexicon, t->tokens, at, &length);
  if (meaning) {
    take_meaning(t, meaning);
    return length;
  }
  const struct token *token = &t->tokens.p[at];
  if (token->kind == TOKEN_NUMBER) return take_number(t, at);
  if (token->kind == TOKEN_SIGN) return 1;
  meaning = t->kind == READING_PROSE ? NULL : lexicon_misspelt(t->lexicon, token->text);
  if (meaning) {
    take_meaning(t, meaning);
    return 1;
  }
  char capital[2] = {'^', token->text.p[0]};
  if (token->upper && token->text.n == 1)
    put_text(t, (struct str){capital, 2}, 0.7f);
  else
    put_text(t, text_stem(token->text), token->text.n == 1 ? 0.3f : 1);
  return 1;
}

static int by_term(const void *left, const void *right) {
  const struct bag_term *a = left, *b = right;
  if (a->term != b->term) return a->term < b->term ? -1 : 1;
  return a->weight > b->weight ? -1 : a->weight < b->weight;
}

static size_t sort_bag(struct bag_term *terms, size_t count) {
  if (count) qsort(terms, count, sizeof *terms, by_term);
  size_t kept = 0;
  for (size_t i = 0; i < count; i++)
    if (!kept || terms[kept - 1].term != terms[i].term) terms[kept++] = terms[i];
  return kept;
}

/* The first whole number of an option that tells a sex and no age. */
static void take_bare(struct taking *t) {
  if (t->kind != READING_OPTION || t->facets.age.state != AGE_NONE || !t->facets.value[FACET_SEX]) return;
  for (size_t i = 0; i < t->tokens.n && !t->facets.bare; i++) {
    const struct token *token = &t->tokens.p[i];
    bool hangs = i > 0 && token->before == 0 && t->tokens.p[i - 1].kind == TOKEN_WORD;
    if (token->kind == TOKEN_NUMBER && token->value >= 1 && token->value < 100 && token->text.n <= 2 && !hangs)
      t->facets.bare = (uint8_t)token->value;
  }
}

struct reading reading_of(struct arena *arena, struct lexicon *lexicon, struct str text, enum reading_kind kind) {
  struct taking t = {.arena = arena, .lexicon = lexicon, .tokens = text_tokens(arena, text), .kind = kind};
  for (size_t at = 0; at < t.tokens.n;) at += take_at(&t, at);
  take_bare(&t);
  struct reading reading = {.facets = t.facets, .plain = text_plain(arena, t.tokens)};
  reading.term_count = sort_bag(t.bag.p, t.bag.n);
  reading.terms = ARENA_ARRAY(arena, reading.term_count, struct bag_term);
  if (reading.term_count) memcpy(reading.terms, t.bag.p, reading.term_count * sizeof *t.bag.p);
  VEC_FREE(&t.bag);
  return reading;
}

void bag_merge(struct bag *bag, const struct bag_term *terms, size_t count, float factor) {
  for (size_t i = 0; i < count; i++) VEC_PUSH(bag, (struct bag_term){terms[i].term, terms[i].weight * factor});
  bag->n = sort_bag(bag->p, bag->n);
}

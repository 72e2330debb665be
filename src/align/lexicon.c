#include "align/lexicon.h"

#include "align/age.h"
#include "align/lexicon_terms.h"
#include "base/map.h"
#include "base/vec.h"

enum { PHRASE_TOKENS_MAX = 8, NO_NODE = 0, MISSPELT_LEAST = 7 };

/* A trie over token ids, in one hash table: (node, id) to the next node. Node 0 is the root. */
struct edge {
  uint64_t key; /* (node + 1) << 32 | id; 0: free */
  uint32_t next;
};

struct node {
  const struct meaning *meaning; /* a phrase ends here */
};

struct term {
  struct str text;
  float weight;
  bool facet;
};

/* A single word that says something as a facet. */
struct telling_word {
  struct str word;
  const struct meaning *meaning;
};

struct lexicon {
  struct arena *arena;
  VEC(struct telling_word) telling;
  struct map misspelt; /* words looked up to what was found; the lexicon itself: nothing */
  struct map ids;      /* text to id + 1 */
  VEC(struct term) terms;
  VEC(struct node) nodes;
  struct edge *edges;
  size_t edge_count, edge_room;
  struct map values[FACET_KINDS]; /* names of facet values to value */
};

static uint32_t intern(struct lexicon *lexicon, struct str text) {
  void *known = map_get(&lexicon->ids, text);
  if (known) return (uint32_t)(uintptr_t)known - 1;
  uint32_t id = (uint32_t)lexicon->terms.n;
  struct term term = {arena_str(lexicon->arena, text), 1, false};
  VEC_PUSH(&lexicon->terms, term);
  (void)map_put(&lexicon->ids, term.text, (void *)(uintptr_t)(id + 1));
  return id;
}

static uint64_t hash_of(uint64_t key) {
  key ^= key >> 31;
  key *= 0x9E3779B97F4A7C15u;
  return key ^ key >> 29;
}

static uint32_t next_node(const struct lexicon *lexicon, uint32_t node, uint32_t id) {
  uint64_t key = (uint64_t)(node + 1) << 32 | id;
  for (size_t at = hash_of(key) & (lexicon->edge_room - 1);; at = (at + 1) & (lexicon->edge_room - 1)) {
    if (lexicon->edges[at].key == key) return lexicon->edges[at].next;
    if (!lexicon->edges[at].key) return NO_NODE;
  }
}

static void put_edge(struct edge *edges, size_t room, struct edge edge) {
  size_t at = hash_of(edge.key) & (room - 1);
  while (edges[at].key) at = (at + 1) & (room - 1);
  edges[at] = edge;
}

static uint32_t make_node(struct lexicon *lexicon, uint32_t node, uint32_t id) {
  uint32_t next = next_node(lexicon, node, id);
  if (next != NO_NODE) return next;
  if (2 * ++lexicon->edge_count > lexicon->edge_room) {
    size_t room = lexicon->edge_room * 2;
    struct edge *edges = mem_alloc_array(room, sizeof *edges);
    for (size_t i = 0; i < lexicon->edge_room; i++)
      if (lexicon->edges[i].key) put_edge(edges, room, lexicon->edges[i]);
    free(lexicon->edges);
    lexicon->edges = edges;
    lexicon->edge_room = room;
  }
  next = (uint32_t)lexicon->nodes.n;
  VEC_PUSH(&lexicon->nodes, (struct node){0});
  put_edge(lexicon->edges, lexicon->edge_room, (struct edge){(uint64_t)(node + 1) << 32 | id, next});
  return next;
}

/* How a token is looked up: by its stem; a single capital by its own. */
static struct str key_of(const struct token *token, char room[8]) {
  if (token->kind != TOKEN_WORD) return token->text;
  if (token->upper && token->text.n == 1) {
    room[0] = '^';
    room[1] = token->text.p[0];
    return (struct str){room, 2};
  }
  return text_stem(token->text);
}

static uint8_t value_of(struct lexicon *lexicon, enum facet_kind kind, struct str name) {
  uint64_t number;
  if (kind == FACET_DOSE && str_to_u64(name, &number)) return number < 100 ? (uint8_t)(number + 1) : FACET_SEVERAL;
  if (str_eq(name, STR("unknown"))) return FACET_UNKNOWN;
  void *known = map_get(&lexicon->values[kind], name);
  if (known) return (uint8_t)(uintptr_t)known;
  uint8_t value = (uint8_t)(lexicon->values[kind].count + 1 + (kind == FACET_DOSE ? 100 : 0));
  if (value >= FACET_UNKNOWN) return FACET_SEVERAL;
  (void)map_put(&lexicon->values[kind], arena_str(lexicon->arena, name), (void *)(uintptr_t)value);
  return value;
}

static void read_facet(struct lexicon *lexicon, struct meaning *meaning, struct str spec) {
  struct str value = spec, key = str_take(&value, '=');
  enum facet_kind kind;
  if (!value.p) return;
  if (str_eq(key, STR("tested")))
    meaning->tested = true;
  else if (str_eq(key, STR("hint")))
    (void)age_of_spec(value, &meaning->hint);
  else if (str_eq(key, STR("age")))
    meaning->age_unknown = str_eq(value, STR("unknown"));
  else if (str_eq(key, STR("sexhint")))
    meaning->sex_hint = value_of(lexicon, FACET_SEX, value);
  else if (str_eq(key, STR("weight"))) {
    if (meaning->concept_count && value.n == 3 && value.p[1] == '.')
      lexicon->terms.p[meaning->concepts[0]].weight = (float)(value.p[2] - '0') / 10;
  } else if (facet_kind_of(key, &kind) && meaning->facet_count < MEANING_FACETS_MAX) {
    meaning->facets[meaning->facet_count].kind = (uint8_t)kind;
    meaning->facets[meaning->facet_count++].value = value_of(lexicon, kind, value);
  }
}

static void add_phrase(struct lexicon *lexicon, const struct meaning *meaning, struct str phrase, bool replace) {
  bool capital = phrase.n && phrase.p[0] == '^';
  struct tokens tokens = text_tokens(lexicon->arena, capital ? str_from(phrase, 1) : phrase);
  if (!tokens.n || tokens.n > PHRASE_TOKENS_MAX) return;
  uint32_t node = 0;
  for (size_t i = 0; i < tokens.n; i++) {
    char room[8];
    struct token token = tokens.p[i];
    token.upper = capital;
    node = make_node(lexicon, node, intern(lexicon, key_of(&token, room)));
  }
  if (replace || !lexicon->nodes.p[node].meaning) lexicon->nodes.p[node].meaning = meaning;
  bool tells = meaning->facet_count || meaning->tested || meaning->hint.state != AGE_NONE;
  if (tells && tokens.n == 1 && tokens.p[0].kind == TOKEN_WORD && tokens.p[0].text.n >= MISSPELT_LEAST - 1)
    VEC_PUSH(&lexicon->telling, (struct telling_word){tokens.p[0].text, meaning});
}

void lexicon_add(struct lexicon *lexicon, struct str concepts, struct str facets, struct str phrases) {
  struct meaning *meaning = ARENA_NEW(lexicon->arena, struct meaning);
  while (concepts.p && concepts.n) {
    struct str concept = str_trim(str_take(&concepts, ' '));
    if (!concept.n || meaning->concept_count == MEANING_CONCEPTS_MAX) continue;
    meaning->concepts[meaning->concept_count++] = intern(lexicon, arena_printf(lexicon->arena, "=%.*s", STR_ARG(concept)));
  }
  while (facets.p && facets.n) {
    struct str facet = str_trim(str_take(&facets, ' '));
    if (facet.n) read_facet(lexicon, meaning, facet);
  }
  bool speaks = meaning->facet_count || meaning->age_unknown;
  if (speaks && meaning->concept_count) lexicon->terms.p[meaning->concepts[meaning->concept_count - 1]].facet = true;
  while (phrases.p) {
    struct str phrase = str_trim(str_take(&phrases, '|'));
    if (phrase.n) add_phrase(lexicon, meaning, phrase, false);
  }
}

static void add_meaning(struct meaning *all, const struct meaning *more) {
  for (size_t i = 0; i < more->concept_count && all->concept_count < MEANING_CONCEPTS_MAX; i++)
    all->concepts[all->concept_count++] = more->concepts[i];
  for (size_t i = 0; i < more->facet_count && all->facet_count < MEANING_FACETS_MAX; i++) all->facets[all->facet_count++] = more->facets[i];
  all->tested |= more->tested;
  all->age_unknown |= more->age_unknown;
  if (more->sex_hint) all->sex_hint = more->sex_hint;
  if (all->hint.state == AGE_NONE) all->hint = more->hint;
}

/* What a phrase means, piece by piece; false: it has words that the lexicon does not know. */
static bool understand(struct lexicon *lexicon, struct str phrase, struct meaning *meaning) {
  struct tokens tokens = text_tokens(lexicon->arena, phrase);
  bool known = tokens.n > 0;
  for (size_t at = 0, length; at < tokens.n; at += length) {
    const struct meaning *piece = lexicon_match(lexicon, tokens, at, &length);
    if (piece) {
      add_meaning(meaning, piece);
      continue;
    }
    length = 1;
    if (tokens.p[at].kind != TOKEN_WORD) continue;
    known = false;
    if (meaning->concept_count < MEANING_CONCEPTS_MAX)
      meaning->concepts[meaning->concept_count++] = intern(lexicon, text_stem(tokens.p[at].text));
  }
  return known;
}

void lexicon_explain(struct lexicon *lexicon, struct str term, struct str means, struct str facets) {
  struct meaning *meaning = ARENA_NEW(lexicon->arena, struct meaning);
  struct str rest = means;
  bool known = false;
  while (rest.p && !known) {
    *meaning = (struct meaning){0};
    known = understand(lexicon, str_take(&rest, '|'), meaning);
  }
  if (!known) {
    rest = means;
    *meaning = (struct meaning){0};
    (void)understand(lexicon, str_take(&rest, '|'), meaning);
  }
  while (facets.p && facets.n) {
    struct str facet = str_trim(str_take(&facets, ' '));
    if (facet.n && !str_starts(facet, STR("weight="))) read_facet(lexicon, meaning, facet);
  }
  add_phrase(lexicon, meaning, term, true);
}

static void add_table(struct lexicon *lexicon, const struct lexicon_term *terms, size_t count) {
  for (size_t i = 0; i < count; i++) lexicon_add(lexicon, str_of(terms[i].concepts), str_of(terms[i].facets), str_of(terms[i].phrases));
}

/* The values that facet.h names come first, in its order. */
static void name_values(struct lexicon *lexicon) {
  static const struct {
    enum facet_kind kind;
    const char *names[5];
  } known[] = {{FACET_SEX, {"female", "male"}},
               {FACET_RESULT, {"positive", "negative"}},
               {FACET_KNOWN, {"new", "known", "relapse", "again"}},
               {FACET_PREGNANCY, {"pregnant", "breastfeeding", "postpartum"}}};
  for (size_t i = 0; i < sizeof known / sizeof *known; i++)
    for (size_t k = 0; k < 5 && known[i].names[k]; k++) (void)value_of(lexicon, known[i].kind, str_of(known[i].names[k]));
}

struct lexicon *lexicon_new(struct arena *arena) {
  struct lexicon *lexicon = ARENA_NEW(arena, struct lexicon);
  lexicon->arena = arena;
  lexicon->edge_room = 1 << 14;
  lexicon->edges = mem_alloc_array(lexicon->edge_room, sizeof *lexicon->edges);
  VEC_PUSH(&lexicon->nodes, (struct node){0});
  name_values(lexicon);
  add_table(lexicon, lexicon_facet_terms, lexicon_facet_term_count);
  add_table(lexicon, lexicon_health_terms, lexicon_health_term_count);
  add_table(lexicon, lexicon_general_terms, lexicon_general_term_count);
  return lexicon;
}

void lexicon_free(struct lexicon *lexicon) {
  if (!lexicon) return;
  map_free(&lexicon->ids);
  map_free(&lexicon->misspelt);
  VEC_FREE(&lexicon->telling);
  for (int k = 0; k < FACET_KINDS; k++) map_free(&lexicon->values[k]);
  VEC_FREE(&lexicon->terms);
  VEC_FREE(&lexicon->nodes);
  free(lexicon->edges);
}

/* A dash means "negative" only where it hangs on a word ("HIV-", "[VIH -]") and nothing hangs on it ("HIV-positive", "HIV - clients"). */
static bool is_negative_sign(struct tokens tokens, size_t at) {
  char next = at + 1 < tokens.n ? tokens.p[at + 1].before : '|';
  return next != 0 && (tokens.p[at].before == 0 || next != ' ');
}

const struct meaning *lexicon_match(const struct lexicon *lexicon, struct tokens tokens, size_t at, size_t *ret_length) {
  const struct meaning *found = NULL;
  uint32_t node = 0;
  for (size_t i = at; i < tokens.n && i < at + 2 * PHRASE_TOKENS_MAX; i++) {
    const struct token *token = &tokens.p[i];
    bool minus = token->kind == TOKEN_SIGN && token->text.p[0] == '-';
    if (minus && !is_negative_sign(tokens, i)) {
      if (i == at) return NULL;
      continue; /* "co-trimoxazole" */
    }
    bool opens = token->kind == TOKEN_SIGN && i > at && (token->before == '(' || token->before == '[');
    if (opens) break; /* "VIH [+ 50 ans]" is no "VIH+" */
    char room[8];
    void *id = map_get(&lexicon->ids, key_of(token, room));
    uint32_t next = id ? next_node(lexicon, node, (uint32_t)(uintptr_t)id - 1) : NO_NODE;
    if (next == NO_NODE && token->kind == TOKEN_WORD && token->text.n > 5 &&
        str_ends(token->text, STR("es"))) { /* "controles" of "control" */
      id = map_get(&lexicon->ids, str_slice(token->text, 0, token->text.n - 2));
      next = id ? next_node(lexicon, node, (uint32_t)(uintptr_t)id - 1) : NO_NODE;
    }
    if (next == NO_NODE && token->upper &&
        token->text.n == 1) { /* a capital without a meaning of its own: as any letter, inside a phrase */
      id = i > at ? map_get(&lexicon->ids, token->text) : NULL;
      next = id ? next_node(lexicon, node, (uint32_t)(uintptr_t)id - 1) : NO_NODE;
    }
    if (next == NO_NODE) break;
    node = next;
    if (lexicon->nodes.p[node].meaning) {
      found = lexicon->nodes.p[node].meaning;
      *ret_length = i + 1 - at;
    }
  }
  return found;
}

/* Equal but for one letter missing, added, exchanged, or two neighbours swapped. */
static bool one_letter_apart(struct str a, struct str b) {
  size_t from = 0, a_end = a.n, b_end = b.n;
  while (from < a_end && from < b_end && a.p[from] == b.p[from]) from++;
  while (a_end > from && b_end > from && a.p[a_end - 1] == b.p[b_end - 1]) a_end--, b_end--;
  size_t x = a_end - from, y = b_end - from;
  if (x <= 1 && y <= 1) return true;
  return x == 2 && y == 2 && a.p[from] == b.p[from + 1] && a.p[from + 1] == b.p[from];
}

const struct meaning *lexicon_misspelt(struct lexicon *lexicon, struct str word) {
  if (word.n < MISSPELT_LEAST) return NULL;
  void *known = map_get(&lexicon->misspelt, word);
  if (known) return known == lexicon ? NULL : known;
  const struct meaning *found = NULL;
  for (size_t i = 0; i < lexicon->telling.n && !found; i++) {
    struct str other = lexicon->telling.p[i].word;
    if (other.p[0] == word.p[0] && other.n <= word.n + 1 && word.n <= other.n + 1 && one_letter_apart(word, other))
      found = lexicon->telling.p[i].meaning;
  }
  (void)map_put(&lexicon->misspelt, arena_str(lexicon->arena, word), found ? (void *)(uintptr_t)found : (void *)lexicon);
  return found;
}

uint32_t lexicon_word(struct lexicon *lexicon, struct str word) {
  return intern(lexicon, word);
}

size_t lexicon_term_count(const struct lexicon *lexicon) {
  return lexicon->terms.n;
}

struct str lexicon_term_text(const struct lexicon *lexicon, uint32_t term) {
  return lexicon->terms.p[term].text;
}

float lexicon_term_weight(const struct lexicon *lexicon, uint32_t term) {
  return lexicon->terms.p[term].weight;
}

bool lexicon_term_is_facet(const struct lexicon *lexicon, uint32_t term) {
  return lexicon->terms.p[term].facet;
}

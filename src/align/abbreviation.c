#include "align/abbreviation.h"

#include "align/reading.h"
#include "base/map.h"

enum { LETTERS_LEAST = 2, LETTERS_MOST = 8, WORDS_BEYOND = 4 };

/* One meaning that was found for an abbreviation, and how often. */
struct sense {
  struct str words;
  uint32_t count;
  struct sense *next;
};

struct learning {
  struct arena *arena, *scratch;
  struct map senses; /* abbreviation to struct sense */
};

/* Words that abbreviations pass over. */
static bool is_small(struct str word) {
  static const char small[] = " a and as au aux com con d da das de del des di do dos du e en et for in l la las le les los no of on or "
                              "para par por pour sur the to with y ";
  char padded[16];
  if (word.n > 5) return false;
  (void)snprintf(padded, sizeof padded, " %.*s ", STR_ARG(word));
  return strstr(small, padded) != NULL;
}

static bool is_abbreviation(const struct token *token) {
  if (token->kind != TOKEN_WORD || !token->upper || token->text.n < LETTERS_LEAST || token->text.n > LETTERS_MOST) return false;
  for (size_t i = 0; i < token->text.n; i++)
    if (token->text.p[i] < 'a' || token->text.p[i] > 'z') return false;
  return true;
}

/* Are the words from `at` to `end` what the letters stand for? `initials`: by their first letters alone. */
static bool spells(struct str letters, struct tokens tokens, size_t at, size_t end, bool initials) {
  if (at == end) return letters.n == 0;
  struct str word = tokens.p[at].text;
  if (tokens.p[at].kind == TOKEN_WORD && letters.n && word.p[0] == letters.p[0]) {
    struct str rest = str_from(letters, 1);
    if (spells(rest, tokens, at + 1, end, initials)) return true;
    for (size_t i = 1; i < word.n && rest.n && !initials; i++) { /* "OutPatient" */
      if (word.p[i] != rest.p[0]) continue;
      rest = str_from(rest, 1);
      if (spells(rest, tokens, at + 1, end, initials)) return true;
    }
  }
  bool dash = tokens.p[at].kind == TOKEN_SIGN && tokens.p[at].text.p[0] == '-';
  return (dash || is_small(word)) && spells(letters, tokens, at + 1, end, initials);
}

static bool explains(struct str letters, struct tokens tokens, size_t at, size_t end, bool initials) {
  if (at >= end || tokens.p[at].kind != TOKEN_WORD || tokens.p[at].text.p[0] != letters.p[0] || is_small(tokens.p[at].text)) return false;
  if (end - at == 1 && (tokens.p[at].text.n < letters.n + 3 || initials)) return false;
  return spells(letters, tokens, at, end, initials);
}

static void note(struct learning *l, struct str letters, struct tokens tokens, size_t at, size_t end) {
  struct str words = STR("");
  for (size_t i = at; i < end; i++)
    if (tokens.p[i].kind != TOKEN_SIGN)
      words =
          words.n ? arena_printf(l->arena, "%.*s %.*s", STR_ARG(words), STR_ARG(tokens.p[i].text)) : arena_str(l->arena, tokens.p[i].text);
  struct sense *first = map_get(&l->senses, letters);
  for (struct sense *s = first; s; s = s->next)
    if (str_eq(s->words, words)) {
      s->count++;
      return;
    }
  if (!first && l->senses.count == ABBREVIATIONS_MAX) return;
  struct sense *sense = ARENA_NEW(l->arena, struct sense);
  *sense = (struct sense){words, 1, NULL};
  if (!first)
    (void)map_put(&l->senses, arena_str(l->arena, letters), sense);
  else {
    while (first->next) first = first->next;
    first->next = sense;
  }
}

static bool opens(char before) {
  return before == '(' || before == '[' || before == '{' || before == '\'' || before == '"' || before == '|';
}

/* "Antenatal care (ANC)": the nearest words before it that spell it, by their initials alone if possible. */
static void read_before(struct learning *l, struct tokens tokens, size_t at) {
  struct str letters = text_stem(tokens.p[at].text);
  if (!opens(tokens.p[at].before)) return;
  for (int initials = 1; initials >= 0; initials--) {
    for (size_t start = at; start-- > 0 && at - start <= letters.n + WORDS_BEYOND;) {
      if (explains(letters, tokens, start, at, initials)) {
        note(l, letters, tokens, start, at);
        return;
      }
      if (tokens.p[start].before == '(' || tokens.p[start].before == ')') break;
    }
  }
}

/* "ANC (antenatal care)", "ANC: antenatal care", "ANC - antenatal care". */
static void read_behind(struct learning *l, struct tokens tokens, size_t at) {
  struct str letters = text_stem(tokens.p[at].text);
  size_t start = at + 1;
  bool dash = start < tokens.n && tokens.p[start].kind == TOKEN_SIGN && tokens.p[start].text.p[0] == '-' && tokens.p[start].before == ' ';
  if (dash) start++;
  if (start >= tokens.n || !(dash || opens(tokens.p[start].before) || tokens.p[start].before == ':')) return;
  bool initials = !opens(tokens.p[start].before);
  if (initials && letters.n < 3) return;
  for (size_t end = start + 1; end <= tokens.n && end - start <= letters.n + WORDS_BEYOND; end++)
    if (explains(letters, tokens, start, end, initials)) {
      note(l, letters, tokens, start, end);
      return;
    }
}

static bool may_explain(struct str text) {
  size_t capitals = 0;
  bool two = false, mark = false;
  for (size_t i = 0; i < text.n; i++) {
    char c = text.p[i];
    capitals = c >= 'A' && c <= 'Z' ? capitals + 1 : 0;
    two |= capitals >= LETTERS_LEAST;
    mark |= opens(c) || c == ':' || c == '-' || (unsigned char)c >= 0x80;
  }
  return two && mark;
}

static void read_text(struct learning *l, struct str text) {
  if (!may_explain(text)) return;
  struct tokens tokens = text_tokens(l->scratch, text);
  for (size_t at = 0; at < tokens.n; at++) {
    if (!is_abbreviation(&tokens.p[at])) continue;
    read_before(l, tokens, at);
    read_behind(l, tokens, at);
  }
}

static bool same_word(const struct token *a, const struct token *b) {
  return str_eq(text_stem(a->text), text_stem(b->text));
}

static bool holds(struct tokens tokens, const struct token *word) {
  for (size_t i = 0; i < tokens.n; i++)
    if (same_word(&tokens.p[i], word)) return true;
  return false;
}

/* Words of the long text, none of which the short one has, whose first letters are those of the abbreviation. */
static void find_initials(struct learning *l, struct tokens full, struct tokens brief, const struct token *abbreviation) {
  struct str letters = text_stem(abbreviation->text);
  if (letters.n < 3 || holds(full, abbreviation)) return;
  for (size_t at = 0; at < full.n; at++) {
    for (size_t end = at + letters.n; end <= full.n && end - at <= letters.n + WORDS_BEYOND; end++) {
      if (holds(brief, &full.p[end - 1])) break;
      if (!holds(brief, &full.p[at]) && explains(letters, full, at, end, true)) {
        note(l, letters, full, at, end);
        return;
      }
    }
  }
}

/* A name and the same in short: what is left of both without what they begin and end with alike. */
static void compare(struct learning *l, struct str name, struct str other) {
  size_t capitals = 0;
  for (size_t i = 0; i < other.n && capitals < LETTERS_LEAST; i++) capitals = other.p[i] >= 'A' && other.p[i] <= 'Z' ? capitals + 1 : 0;
  if (capitals < LETTERS_LEAST || str_eq(name, other)) return;
  struct tokens full = text_tokens(l->scratch, name), brief = text_tokens(l->scratch, other);
  size_t from = 0, full_end = full.n, brief_end = brief.n;
  while (from < full_end && from < brief_end && same_word(&full.p[from], &brief.p[from])) from++;
  while (full_end > from && brief_end > from && same_word(&full.p[full_end - 1], &brief.p[brief_end - 1])) full_end--, brief_end--;
  if (brief_end - from == 1 && full_end - from > 1 && is_abbreviation(&brief.p[from])) {
    struct str letters = text_stem(brief.p[from].text);
    if (explains(letters, full, from, full_end, false)) {
      note(l, letters, full, from, full_end);
      return;
    }
  }
  for (size_t i = 0; i < brief.n; i++)
    if (is_abbreviation(&brief.p[i])) find_initials(l, full, brief, &brief.p[i]);
}

static void read_object(struct learning *l, const struct dhis2_object *o) {
  read_text(l, o->name);
  read_text(l, o->short_name);
  read_text(l, o->form_name);
  read_text(l, o->description);
  for (const struct dhis2_translation *t = o->translations; t; t = t->next) read_text(l, t->value);
  compare(l, o->name, o->short_name);
  compare(l, o->name, o->form_name);
  compare(l, o->name, o->code);
}

static void read_side(struct learning *l, const struct dhis2_metadata *side) {
  for (size_t i = 0; i < side->element_count; i++) read_object(l, &side->elements[i]->o);
  for (size_t i = 0; i < side->data_set_count; i++) read_object(l, &side->data_sets[i]->o);
  for (size_t i = 0; i < side->category_count; i++) read_object(l, &side->categories[i]->o);
  for (size_t i = 0; i < side->option_count; i++) read_object(l, &side->options[i]->o);
}

static bool share_a_term(struct learning *l, struct lexicon *lexicon, struct str a, struct str b) {
  struct reading x = reading_of(l->scratch, lexicon, a, READING_PROSE), y = reading_of(l->scratch, lexicon, b, READING_PROSE);
  for (size_t i = 0, k = 0; i < x.term_count && k < y.term_count;) {
    if (x.terms[i].term == y.terms[k].term) return true;
    if (x.terms[i].term < y.terms[k].term)
      i++;
    else
      k++;
  }
  return false;
}

static bool in_glossary(const struct glossary *glossary, struct str abbreviation) {
  for (size_t i = 0; glossary && i < glossary->count; i++)
    if (str_eq_nocase(glossary->entries[i].term, abbreviation)) return true;
  return false;
}

/* The meaning found most often. NULL: two that have nothing in common are equally frequent. */
static const struct sense *best_sense(struct learning *l, struct lexicon *lexicon, const struct sense *senses) {
  const struct sense *best = senses;
  for (const struct sense *s = senses; s; s = s->next)
    if (s->count > best->count) best = s;
  for (const struct sense *s = senses; s; s = s->next)
    if (s != best && s->count == best->count && !share_a_term(l, lexicon, s->words, best->words)) return NULL;
  return best;
}

void abbreviations_learn(struct arena *arena, struct lexicon *lexicon, const struct glossary *glossary, const struct dhis2_metadata *source,
                         const struct dhis2_metadata *target) {
  struct learning l = {.arena = arena, .scratch = arena_new()};
  read_side(&l, source);
  read_side(&l, target);
  for (struct map_entry *e = map_first(&l.senses); e; e = map_next(&l.senses, e)) {
    const struct sense *sense = best_sense(&l, lexicon, e->value);
    if (sense && !in_glossary(glossary, e->key) && !share_a_term(&l, lexicon, e->key, sense->words))
      lexicon_explain(lexicon, e->key, sense->words, STR(""));
  }
  map_free(&l.senses);
  arena_free(l.scratch);
}

#include "align/text.h"

#include "base/utf8.h"
#include "base/vec.h"
#include <utf8proc.h>

enum { TEXT_BYTES_MAX = 1 << 16 };

enum class { CLASS_SEPARATOR, CLASS_BLANK, CLASS_LOWER, CLASS_UPPER, CLASS_DIGIT, CLASS_SIGN };

struct character {
  char bytes[4];
  uint8_t size, class;
};

struct cutting {
  struct arena *arena;
  struct character *p; /* the decomposed text */
  size_t n;
  struct token *tokens;
  size_t token_count;
};

static uint8_t class_of(int32_t c) {
  if (c < 0x80) {
    if (c >= 'a' && c <= 'z') return CLASS_LOWER;
    if (c >= 'A' && c <= 'Z') return CLASS_UPPER;
    if (c >= '0' && c <= '9') return CLASS_DIGIT;
    if (c == '<' || c == '>' || c == '=' || c == '+' || c == '-') return CLASS_SIGN;
    return c == ' ' || c == '\t' || c == '\n' || c == '\r' ? CLASS_BLANK : CLASS_SEPARATOR;
  }
  switch (utf8proc_category(c)) {
  case UTF8PROC_CATEGORY_LU:
  case UTF8PROC_CATEGORY_LT: return CLASS_UPPER;
  case UTF8PROC_CATEGORY_LL:
  case UTF8PROC_CATEGORY_LM:
  case UTF8PROC_CATEGORY_LO: return CLASS_LOWER;
  case UTF8PROC_CATEGORY_ZS: return CLASS_BLANK;
  default: return CLASS_SEPARATOR;
  }
}

static void put(struct cutting *cut, int32_t c) {
  struct character *out = &cut->p[cut->n++];
  out->class = class_of(c);
  out->size = (uint8_t)utf8_encode(out->class == CLASS_UPPER ? utf8proc_tolower(c) : c, out->bytes);
}

/* Characters whose decomposition does not say what people mean by them. */
static bool put_special(struct cutting *cut, int32_t c) {
  switch (c) {
  case 0x2264: /* less or equal */
  case 0x2A7D: put(cut, '<'), put(cut, '='); return true;
  case 0x2265: /* greater or equal */
  case 0x2A7E: put(cut, '>'), put(cut, '='); return true;
  case 0x2010: /* hyphens, dashes, minus */
  case 0x2011:
  case 0x2012:
  case 0x2013:
  case 0x2014:
  case 0x2212: put(cut, '-'); return true;
  case 0x00DF: put(cut, 's'), put(cut, 's'); return true;
  case 0x0153: put(cut, 'o'), put(cut, 'e'); return true;
  case 0x00E6: put(cut, 'a'), put(cut, 'e'); return true;
  default: return false;
  }
}

static void decompose(struct cutting *cut, struct str text) {
  enum { MOST = 32 };
  text = str_slice(text, 0, utf8_boundary(text, text.n < TEXT_BYTES_MAX ? text.n : TEXT_BYTES_MAX));
  cut->p = ARENA_ARRAY(cut->arena, text.n * 4 + 1, struct character);
  size_t room = text.n * 4;
  for (size_t at = 0; at < text.n && cut->n + MOST < room + MOST && cut->n + 4 <= room;) {
    int32_t c = (unsigned char)text.p[at] < 0x80 ? text.p[at++] : utf8_next(text, &at);
    utf8proc_int32_t parts[MOST];
    int boundary = 0;
    if (c < 0x80)
      put(cut, c);
    else if (!put_special(cut, c)) {
      utf8proc_ssize_t n = utf8proc_decompose_char(c, parts, MOST, UTF8PROC_COMPAT | UTF8PROC_DECOMPOSE, &boundary);
      for (utf8proc_ssize_t i = 0; i < n && i < MOST && cut->n < room; i++) {
        utf8proc_category_t category = utf8proc_category(parts[i]);
        bool mark = category == UTF8PROC_CATEGORY_MN || category == UTF8PROC_CATEGORY_MC || category == UTF8PROC_CATEGORY_ME;
        if (!mark && !put_special(cut, parts[i])) put(cut, parts[i]);
      }
    }
  }
}

static bool is_letter(const struct cutting *cut, size_t at) {
  return at < cut->n && (cut->p[at].class == CLASS_LOWER || cut->p[at].class == CLASS_UPPER);
}

/* "test?es": what an accent became where bytes were lost. */
static void mend_lost_accents(struct cutting *cut) {
  for (size_t i = 1; i + 1 < cut->n; i++) {
    struct character *c = &cut->p[i];
    bool lost = (c->size == 1 && c->bytes[0] == '?') || (c->size == 3 && memcmp(c->bytes, "\xEF\xBF\xBD", 3) == 0);
    if (lost && is_letter(cut, i - 1) && is_letter(cut, i + 1)) *c = (struct character){{'e'}, 1, CLASS_LOWER};
  }
}

/* Where the word that begins at `at` ends: at the end of its letters, or where case says that another begins. */
static size_t word_end(const struct cutting *cut, size_t at) {
  size_t end = at + 1, upper = cut->p[at].class == CLASS_UPPER;
  for (; is_letter(cut, end); end++) {
    bool was_upper = cut->p[end - 1].class == CLASS_UPPER, is_upper = cut->p[end].class == CLASS_UPPER;
    if (!was_upper && is_upper && end - at > 1) break; /* "ageAgg"; but "eMTCT" is one word */
    if (was_upper && !is_upper && upper > 1) {
      if (!is_letter(cut, end + 1)) continue; /* "ARVs", "IPTp" */
      end--;                                  /* "HIVStatus" */
      break;
    }
    upper += is_upper;
  }
  return end;
}

static bool is_digit(const struct cutting *cut, size_t at) {
  return at < cut->n && cut->p[at].class == CLASS_DIGIT;
}

static size_t number_end(const struct cutting *cut, size_t at) {
  size_t end = at;
  while (is_digit(cut, end)) end++;
  /* One decimal point; "1.2.3" is a numbering and stays apart. */
  if (end + 1 < cut->n && cut->p[end].size == 1 && cut->p[end].bytes[0] == '.' && is_digit(cut, end + 1) &&
      !(at >= 2 && cut->p[at - 1].bytes[0] == '.' && is_digit(cut, at - 2))) {
    size_t rest = end + 1;
    while (is_digit(cut, rest)) rest++;
    if (!(rest + 1 < cut->n && cut->p[rest].bytes[0] == '.' && is_digit(cut, rest + 1))) end = rest;
  }
  return end;
}

static double value_of(struct str number) {
  double value = 0, unit = 0;
  for (size_t i = 0; i < number.n; i++) {
    if (number.p[i] == '.')
      unit = 1;
    else if (unit > 0)
      value += (number.p[i] - '0') * (unit /= 10);
    else
      value = value < 1e15 ? value * 10 + (number.p[i] - '0') : value;
  }
  return value;
}

static struct str text_of(const struct cutting *cut, size_t from, size_t to) {
  size_t size = 0;
  for (size_t i = from; i < to; i++) size += cut->p[i].size;
  char *out = arena_alloc(cut->arena, size + 1), *end = out;
  for (size_t i = from; i < to; i++) {
    memcpy(end, cut->p[i].bytes, cut->p[i].size);
    end += cut->p[i].size;
  }
  return (struct str){out, size};
}

static bool all_upper(const struct cutting *cut, size_t from, size_t to) {
  size_t upper = 0;
  for (size_t i = from; i < to; i++) upper += cut->p[i].class == CLASS_UPPER;
  return upper == to - from || (to - from > 2 && upper + 1 == to - from && cut->p[to - 1].class == CLASS_LOWER);
}

static size_t sign_end(const struct cutting *cut, size_t at) {
  char first = cut->p[at].bytes[0], second = at + 1 < cut->n && cut->p[at + 1].class == CLASS_SIGN ? cut->p[at + 1].bytes[0] : 0;
  return at + 1 + ((first == '<' || first == '>') && second == '=');
}

struct tokens text_tokens(struct arena *arena, struct str text) {
  struct cutting cut = {.arena = arena};
  decompose(&cut, text);
  mend_lost_accents(&cut);
  size_t room = cut.n < TEXT_TOKENS_MAX ? cut.n : TEXT_TOKENS_MAX;
  cut.tokens = ARENA_ARRAY(arena, room + 1, struct token);
  char before = ' ';
  for (size_t at = 0, end; at < cut.n && cut.token_count < room; at = end) {
    uint8_t class = cut.p[at].class;
    if (class == CLASS_BLANK || class == CLASS_SEPARATOR) {
      if (class == CLASS_SEPARATOR || before == 0) before = class == CLASS_BLANK ? ' ' : cut.p[at].size == 1 ? cut.p[at].bytes[0] : '|';
      end = at + 1;
      continue;
    }
    enum token_kind kind = class == CLASS_DIGIT ? TOKEN_NUMBER : class == CLASS_SIGN ? TOKEN_SIGN : TOKEN_WORD;
    end = kind == TOKEN_NUMBER ? number_end(&cut, at) : kind == TOKEN_SIGN ? sign_end(&cut, at) : word_end(&cut, at);
    struct token *token = &cut.tokens[cut.token_count++];
    *token = (struct token){
        .text = text_of(&cut, at, end), .kind = kind, .before = before, .upper = kind == TOKEN_WORD && all_upper(&cut, at, end)};
    if (kind == TOKEN_NUMBER) token->value = value_of(token->text);
    before = 0;
  }
  return (struct tokens){cut.tokens, cut.token_count};
}

struct str text_stem(struct str word) {
  if (word.n > 3 && word.p[word.n - 1] == 's' && word.p[word.n - 2] != 's' && word.p[word.n - 2] != 'u' && word.p[word.n - 2] != 'i')
    return str_slice(word, 0, word.n - 1);
  return word;
}

struct str text_plain(struct arena *arena, struct tokens tokens) {
  size_t size = 0;
  for (size_t i = 0; i < tokens.n; i++) size += tokens.p[i].text.n + 1;
  char *out = arena_alloc(arena, size + 1);
  size_t at = 0;
  for (size_t i = 0; i < tokens.n; i++) {
    const struct token *t = &tokens.p[i];
    if (t->kind == TOKEN_SIGN && t->text.p[0] == '-') continue; /* a dash mostly only separates */
    if (at) out[at++] = ' ';
    memcpy(out + at, t->text.p, t->text.n);
    at += t->text.n;
  }
  return (struct str){out, at};
}

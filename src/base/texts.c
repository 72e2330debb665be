#include "base/texts.h"

#include "base/buf.h"
#include "base/json_doc.h"
#include <stdlib.h>

enum { SENTENCE_MAX = 4096 };

/* By English, in the order of bytes. */
static const struct row {
  const char *english, *in[LANGUAGES];
} rows[] = {
#define TEXT(english_text, fr, pt, es, ar) {english_text, {english_text, fr, pt, es, ar}},
#include "texts_table.inc"
#undef TEXT
};

static const struct {
  const char *tag, *direction;
} languages[LANGUAGES] = {
    [LANGUAGE_ENGLISH] = {"en", "ltr"}, [LANGUAGE_FRENCH] = {"fr", "ltr"}, [LANGUAGE_PORTUGUESE] = {"pt", "ltr"},
    [LANGUAGE_SPANISH] = {"es", "ltr"}, [LANGUAGE_ARABIC] = {"ar", "rtl"},
};

const char *language_tag(enum language language) {
  return languages[language].tag;
}

const char *language_direction(enum language language) {
  return languages[language].direction;
}

bool language_of(struct str tag, enum language *ret) {
  size_t n = 0;
  while (n < tag.n && tag.p[n] != '-' && tag.p[n] != '_' && tag.p[n] != '.') n++;
  for (unsigned i = 0; i < LANGUAGES; i++) {
    if (!str_eq_nocase(str_slice(tag, 0, n), str_of(languages[i].tag))) continue;
    *ret = (enum language)i;
    return true;
  }
  return false;
}

static int by_english(const void *key, const void *row) {
  return str_cmp(*(const struct str *)key, str_of(((const struct row *)row)->english));
}

static const struct row *find(struct str english) {
  return bsearch(&english, rows, sizeof rows / sizeof *rows, sizeof *rows, by_english);
}

bool text_is_in(enum language language, struct str english) {
  return language == LANGUAGE_ENGLISH || find(english);
}

struct str text_in(enum language language, struct str english) {
  const struct row *row = language == LANGUAGE_ENGLISH ? NULL : find(english);
  return row ? str_of(row->in[language]) : english;
}

static void fill(struct buf *buf, struct str text, const struct str *values, size_t count) {
  for (size_t i = 0; i < text.n; i++) {
    size_t n = i + 2 < text.n && text.p[i] == '{' && text.p[i + 2] == '}' ? (size_t)(text.p[i + 1] - '1') : SIZE_MAX;
    (void)buf_add(buf, n < count ? values[n] : str_slice(text, i, i + 1));
    if (n < count) i += 2;
  }
}

struct str text_with(enum language language, struct arena *arena, struct str english, const struct str *values, size_t count) {
  struct buf text = BUF_INIT(SENTENCE_MAX);
  fill(&text, text_in(language, english), values, count);
  struct str kept = arena_str(arena, buf_str(&text));
  buf_free(&text);
  return kept;
}

enum { VALUES_MAX = 9 };

/* Hebrew, Arabic and what is written like them, by how their UTF-8 begins. */
static bool is_leftwards(struct str text) {
  for (size_t i = 0; i < text.n; i++) {
    unsigned char c = (unsigned char)text.p[i], next = i + 1 < text.n ? (unsigned char)text.p[i + 1] : 0;
    if ((c >= 0xD6 && c <= 0xDF) || (c == 0xE0 && next >= 0xA0 && next <= 0xA3) || (c == 0xEF && next >= 0xAC && next <= 0xBB)) return true;
  }
  return false;
}

/* What has no translation is kept apart where it, or the language, goes from right to left: they would run into each other. */
static struct str value_in(enum language language, struct arena *arena, struct str value) {
  if (text_is_in(language, value)) return text_in(language, value);
  if (language != LANGUAGE_ARABIC && !is_leftwards(value)) return value;
  return arena_printf(arena, "\u2068%.*s\u2069", STR_ARG(value));
}

static struct str part_in(enum language language, struct arena *arena, const json_t *part, bool *ret_known) {
  const json_t *list = json_object_get(part, "values");
  struct str english = json_text(part, "text"), values[VALUES_MAX];
  size_t n = json_array_size(list) < VALUES_MAX ? json_array_size(list) : VALUES_MAX;
  for (size_t i = 0; i < n; i++) values[i] = value_in(language, arena, str_of(json_string_value(json_array_get(list, i))));
  *ret_known = text_is_in(language, english);
  return text_with(language, arena, english, values, n);
}

bool text_said(enum language language, struct arena *arena, struct str json, struct str *ret) {
  json_t *root = json_doc_read(json);
  const json_t *parts = json_object_get(root, "said");
  struct str all = STR_NONE;
  bool known = false;
  for (size_t i = 0; i < json_array_size(parts); i++) {
    struct str part = part_in(language, arena, json_array_get(parts, i), &known);
    all = i ? arena_printf(arena, "%.*s: %.*s", STR_ARG(all), STR_ARG(part)) : part;
  }
  json_decref(root);
  if (known) *ret = all;
  return known;
}

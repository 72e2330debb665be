#include "align/unit.h"

#include "align/text.h"
#include "base/map.h"
#include "base/vec.h"
#include <math.h>

struct word {
  struct str text;
  uint32_t count[2]; /* units of a side that have it */
  uint32_t stamp;    /* the last unit that counted it */
  float weight;
};

struct unit_words {
  struct map by_text;
  VEC(struct word) list;
};

/* Directions in the four languages that names come in; a bit each, opposite ones next to each other. */
static const struct {
  const char *text;
  unsigned bit;
} directions[] = {
    {"north", 0}, {"northern", 0}, {"nord", 0},  {"norte", 0},  {"south", 1},  {"southern", 1}, {"sud", 1},   {"sul", 1},    {"sur", 1},
    {"east", 2},  {"eastern", 2},  {"leste", 2}, {"este", 2},   {"west", 3},   {"western", 3},  {"ouest", 3}, {"oeste", 3},  {"upper", 4},
    {"haut", 4},  {"haute", 4},    {"alto", 4},  {"alta", 4},   {"lower", 5},  {"bas", 5},      {"basse", 5}, {"baixo", 5},  {"baixa", 5},
    {"bajo", 5},  {"baja", 5},     {"urban", 6}, {"urbain", 6}, {"urbano", 6}, {"urbana", 6},   {"rural", 7}, {"rurale", 7},
};

static bool direction_of(struct str word, unsigned *ret) {
  for (size_t i = 0; i < sizeof directions / sizeof *directions; i++) {
    if (!str_eq(word, str_of(directions[i].text))) continue;
    *ret = 1u << directions[i].bit;
    return true;
  }
  return false;
}

/* "2", "b", "ii": what tells the second clinic of a place from the first. */
static bool is_mark(const struct token *token) {
  static const char *const roman[] = {"ii", "iii", "iv", "vi", "vii", "viii", "ix"};
  if (token->kind == TOKEN_NUMBER || (token->kind == TOKEN_WORD && token->text.n == 1)) return true;
  for (size_t i = 0; i < sizeof roman / sizeof *roman; i++)
    if (str_eq(token->text, str_of(roman[i]))) return true;
  return false;
}

/* --- reading --- */

struct reading_units {
  struct arena *arena;
  struct unit_words *words;
  unsigned side;
  uint32_t stamp;
};

static uint32_t word_of(struct reading_units *r, struct str text) {
  void *known = map_get(&r->words->by_text, text);
  if (!known) {
    VEC_PUSH(&r->words->list, (struct word){.text = text});
    known = (void *)(uintptr_t)r->words->list.n;
    (void)map_put(&r->words->by_text, text, known);
  }
  return (uint32_t)((uintptr_t)known - 1);
}

static void add_word(struct reading_units *r, struct unit_name *name, struct str text) {
  uint32_t word = word_of(r, text);
  for (uint32_t i = 0; i < name->word_count; i++)
    if (name->words[i] == word) return;
  if (name->word_count == UNIT_WORDS_MAX) return;
  name->words[name->word_count++] = word;
  struct word *entry = &r->words->list.p[word];
  if (entry->stamp == r->stamp) return;
  entry->stamp = r->stamp;
  entry->count[r->side]++;
}

static void add_name(struct reading_units *r, struct unit *unit, struct str text) {
  if (!text.n || unit->name_count == UNIT_NAMES_MAX) return;
  struct tokens tokens = text_tokens(r->arena, text);
  struct str plain = text_plain(r->arena, tokens);
  for (size_t i = 0; i < unit->name_count; i++)
    if (str_eq(unit->names[i].plain, plain)) return;
  if (!plain.n) return;
  struct unit_name *name = &unit->names[unit->name_count++];
  name->plain = plain;
  name->marks = STR("");
  for (size_t i = 0; i < tokens.n; i++) {
    const struct token *token = &tokens.p[i];
    unsigned direction;
    if (token->kind == TOKEN_SIGN) continue;
    if (token->kind == TOKEN_WORD && direction_of(token->text, &direction))
      name->compass |= direction;
    else if (is_mark(token))
      name->marks = arena_printf(r->arena, "%.*s %.*s", STR_ARG(name->marks), STR_ARG(token->text));
    else
      add_word(r, name, text_stem(token->text));
  }
}

static void read_unit(struct reading_units *r, struct unit *unit) {
  const struct dhis2_object *o = &unit->unit->o;
  r->stamp++;
  add_name(r, unit, o->name);
  for (const struct dhis2_translation *t = o->translations; t; t = t->next)
    if (str_eq(t->property, STR("NAME"))) add_name(r, unit, t->value);
  add_name(r, unit, o->short_name);
  unit->code = arena_lower(r->arena, str_trim(o->code));
  unit->parent = unit->unit->parent && unit->unit->parent->o.given ? unit->unit->parent->o.index : UNIT_NONE;
}

static void link_children(struct arena *arena, struct units *units) {
  uint32_t *room = ARENA_ARRAY(arena, units->n + 1, uint32_t);
  for (size_t i = 0; i < units->n; i++)
    if (units->p[i].parent != UNIT_NONE) units->p[units->p[i].parent].child_count++;
  for (size_t i = 0, at = 0; i < units->n; i++) {
    units->p[i].children = room + at;
    at += units->p[i].child_count;
    units->p[i].child_count = 0;
  }
  for (uint32_t i = 0; i < units->n; i++) {
    if (units->p[i].parent == UNIT_NONE) continue;
    struct unit *parent = &units->p[units->p[i].parent];
    ((uint32_t *)(uintptr_t)parent->children)[parent->child_count++] = i;
  }
}

static int by_depth(const void *left, const void *right, void *payload) {
  const struct units *units = payload;
  const struct unit *a = &units->p[*(const uint32_t *)left], *b = &units->p[*(const uint32_t *)right];
  if (a->depth != b->depth) return a->depth < b->depth ? -1 : 1;
  return str_cmp(a->unit->o.id, b->unit->o.id);
}

static void order_units(struct arena *arena, struct units *units) {
  uint32_t *order = ARENA_ARRAY(arena, units->n + 1, uint32_t);
  for (uint32_t i = 0; i < units->n; i++) {
    order[i] = i;
    for (uint32_t at = units->p[i].parent; at != UNIT_NONE; at = units->p[at].parent) units->p[i].depth++; /* a tree, at most 64 deep */
    units->tops += units->p[i].depth == 0;
  }
  if (units->n) qsort_r(order, units->n, sizeof *order, by_depth, units);
  units->by_depth = order;
}

static void mark_who_takes_part(struct units *units) {
  const struct dhis2_metadata *m = units->metadata;
  bool told = false;
  for (size_t i = 0; i < m->data_set_count; i++)
    for (size_t k = 0; k < m->data_sets[i]->org_unit_count; k++) {
      const struct dhis2_org_unit *unit = m->data_sets[i]->org_units[k];
      told = true;
      if (unit->o.given) units->p[unit->o.index].takes_part = true;
    }
  for (size_t i = 0; !told && i < units->n; i++) units->p[i].takes_part = true;
}

static struct units read_side(struct reading_units *r, const struct dhis2_metadata *metadata) {
  struct units units = {
      .p = ARENA_ARRAY(r->arena, metadata->org_unit_count, struct unit), .n = metadata->org_unit_count, .metadata = metadata};
  for (size_t i = 0; i < units.n; i++) {
    units.p[i].unit = metadata->org_units[i];
    read_unit(r, &units.p[i]);
  }
  link_children(r->arena, &units);
  order_units(r->arena, &units);
  mark_who_takes_part(&units);
  return units;
}

static float rarity(uint32_t count, size_t n) {
  float weight = logf(1 + (float)n / (float)count) - 0.6931f;
  return weight > 0.02f ? weight : 0.02f;
}

struct unit_words *units_of(struct arena *arena, const struct dhis2_metadata *source, const struct dhis2_metadata *target,
                            struct units *ret_source, struct units *ret_target) {
  struct unit_words *words = mem_alloc(sizeof *words);
  *words = (struct unit_words){0};
  struct reading_units r = {.arena = arena, .words = words};
  *ret_source = read_side(&r, source);
  r.side = 1;
  *ret_target = read_side(&r, target);
  for (size_t i = 0; i < words->list.n; i++) {
    struct word *word = &words->list.p[i];
    float sum = 0;
    if (word->count[0]) sum += rarity(word->count[0], ret_source->n);
    if (word->count[1]) sum += rarity(word->count[1], ret_target->n);
    word->weight = word->count[0] && word->count[1] ? sum / 2 : sum;
  }
  return words;
}

void unit_words_free(struct unit_words *words) {
  if (!words) return;
  map_free(&words->by_text);
  VEC_FREE(&words->list);
  free(words);
}

struct str unit_word_text(const struct unit_words *words, uint32_t word) {
  return words->list.p[word].text;
}

/* --- likeness --- */

enum { WORD_MAX = 24 };

/* At most `most` letters wrong, missing, too many, or changed places (optimal string alignment). */
static bool misspelled(struct str a, struct str b, int most) {
  int rows[3][WORD_MAX + 1];
  int n = (int)a.n, m = (int)b.n;
  if (n > WORD_MAX || m > WORD_MAX || n - m > most || m - n > most) return false;
  int *before = rows[0], *last = rows[1], *now = rows[2];
  for (int k = 0; k <= m; k++) last[k] = k;
  for (int i = 1; i <= n; i++) {
    now[0] = i;
    for (int k = 1; k <= m; k++) {
      int cost = last[k - 1] + (a.p[i - 1] != b.p[k - 1]);
      if (last[k] + 1 < cost) cost = last[k] + 1;
      if (now[k - 1] + 1 < cost) cost = now[k - 1] + 1;
      if (i > 1 && k > 1 && a.p[i - 1] == b.p[k - 2] && a.p[i - 2] == b.p[k - 1] && before[k - 2] + 1 < cost) cost = before[k - 2] + 1;
      now[k] = cost;
    }
    int *free_row = before;
    before = last;
    last = now;
    now = free_row;
  }
  return last[m] <= most;
}

/* How much of a word another one is: spelled almost alike, or cut short ("hosp", "govt"). */
static float nearness(struct str a, struct str b) {
  struct str shorter = a.n < b.n ? a : b, longer = a.n < b.n ? b : a;
  if (shorter.n >= 3 && longer.n >= shorter.n + 2 && str_starts(longer, shorter)) return 0.7f;
  if (shorter.n >= 4 && misspelled(a, b, shorter.n >= 8 ? 2 : 1)) return 0.85f;
  if (str_eq(shorter, STR("govt")) && str_starts(longer, STR("govern"))) return 0.7f;
  return 0;
}

static float name_likeness(const struct unit_words *words, const struct unit_name *a, const struct unit_name *b) {
  bool used[UNIT_WORDS_MAX] = {0};
  float all = 0, shared = 0;
  if (str_eq(a->plain, b->plain)) return 1;
  if (a->marks.n && b->marks.n && !str_eq(a->marks, b->marks)) return -1;
  if (a->compass && b->compass && a->compass != b->compass) return -1;
  for (uint32_t k = 0; k < b->word_count; k++) all += words->list.p[b->words[k]].weight;
  for (uint32_t i = 0; i < a->word_count; i++) {
    const struct word *word = &words->list.p[a->words[i]];
    float best = 0;
    uint32_t at = 0;
    all += word->weight;
    for (uint32_t k = 0; k < b->word_count; k++) {
      const struct word *other = &words->list.p[b->words[k]];
      float near = used[k] ? 0 : word == other ? 2 * word->weight : nearness(word->text, other->text) * (word->weight + other->weight);
      if (near > best) best = near, at = k;
    }
    if (best > 0) used[at] = true;
    shared += best;
  }
  float likeness = all > 0 ? shared / all : 0;
  if (all <= 0 && (a->marks.n || a->compass)) likeness = 1; /* marks alone, and the same ones */
  if (!str_eq(a->marks, b->marks)) likeness *= 0.85f;
  if (a->compass != b->compass) likeness *= 0.85f;
  return likeness < 1 ? likeness : 1;
}

float unit_likeness(const struct unit_words *words, const struct unit *a, const struct unit *b) {
  float best = -1;
  if (!a->name_count || !b->name_count) return 0;
  for (size_t i = 0; i < a->name_count && best < 1; i++)
    for (size_t k = 0; k < b->name_count && best < 1; k++) {
      float likeness = name_likeness(words, &a->names[i], &b->names[k]);
      if (likeness > best) best = likeness;
    }
  return best;
}

double unit_km(const struct unit *a, const struct unit *b) {
  const double radius = 6371, degree = 3.14159265358979323846 / 180;
  if (!a->unit->has_point || !b->unit->has_point) return -1;
  double north = sin((b->unit->latitude - a->unit->latitude) * degree / 2),
         east = sin((b->unit->longitude - a->unit->longitude) * degree / 2);
  double part = north * north + cos(a->unit->latitude * degree) * cos(b->unit->latitude * degree) * east * east;
  return 2 * radius * asin(sqrt(part < 1 ? part : 1));
}

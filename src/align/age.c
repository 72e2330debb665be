#include "align/age.h"

static const int32_t day_of_unit[] = {1, 7, 0, 0};

enum unit { UNIT_DAY, UNIT_WEEK, UNIT_MONTH, UNIT_YEAR, UNIT_NONE, UNIT_MEASURE };
enum bound { BOUND_NONE, BOUND_UNDER, BOUND_UNDER_OR_AT, BOUND_OVER, BOUND_FROM };

static bool in_list(const char *list, struct str word) {
  char padded[24];
  if (word.n + 2 >= sizeof padded) return false;
  padded[0] = ' ';
  memcpy(padded + 1, word.p, word.n);
  padded[word.n + 1] = ' ';
  padded[word.n + 2] = '\0';
  return strstr(list, padded) != NULL;
}

static bool word_at(struct tokens t, size_t at, const char *list) {
  return at < t.n && t.p[at].kind == TOKEN_WORD && in_list(list, t.p[at].text);
}

static bool sign_at(struct tokens t, size_t at, const char *sign) {
  return at < t.n && t.p[at].kind == TOKEN_SIGN && str_eq(t.p[at].text, str_of(sign));
}

/* The unit that stands at `at`; single letters only right behind their number. */
static enum unit unit_at(struct tokens t, size_t at) {
  if (at >= t.n || t.p[at].kind != TOKEN_WORD) return UNIT_NONE;
  struct str word = t.p[at].text;
  char before = t.p[at].before;
  if (word.n == 1 && before != 0 && before != ')' && !(before == ' ' && word.p[0] == 'y')) return UNIT_NONE;
  if (in_list(" y yr yrs yrr year years an ans annee annees ano anos a anio anios ", word)) return UNIT_YEAR;
  if (in_list(" m mo mos mth mths month months mois mes meses ms ", word)) return UNIT_MONTH;
  if (in_list(" w wk wks week weeks semaine semaines semana semanas sem ", word)) return UNIT_WEEK;
  if (in_list(" d day days jour jours dia dias j ", word)) return UNIT_DAY;
  if (in_list(" kg g gr gram grams grammes ml mg mcg cm mm km l hour hours hr hrs h heure heures hora horas min dose doses visit visits "
              "visite visites tab tabs percent ",
              word))
    return UNIT_MEASURE;
  return UNIT_NONE;
}

static int32_t days_of(double count, enum unit unit) {
  double days = unit == UNIT_YEAR ? 365.25 : unit == UNIT_MONTH ? 30.4375 : day_of_unit[unit];
  double all = count * days;
  return all > 1e6 ? 1000000 : (int32_t)(all + 0.5);
}

/* A number that can be an age: whole, not a piece of a numbering or a code. */
static bool number_at(struct tokens t, size_t at) {
  if (at >= t.n || t.p[at].kind != TOKEN_NUMBER) return false;
  struct str text = t.p[at].text;
  return text.n <= 3 && t.p[at].value <= 130 && str_find_char(text, '.') == SIZE_MAX && !(text.n > 1 && text.p[0] == '0') &&
         t.p[at].before != '.' && t.p[at].before != '/';
}

/* Numbers that follow a word without a gap belong to it ("HV01", "TT2"), unless the word speaks of age. */
static bool stands_alone(struct tokens t, size_t at) {
  if (at == 0 || t.p[at].before != 0) return true;
  return t.p[at - 1].kind != TOKEN_WORD || in_list(" age aged ans f m male female femme homme fille garcon ", t.p[at - 1].text);
}

/* Phrases before the number, the longer before the shorter. `measured`: an age only where a unit follows ("up to 4 years", not "up to 4 doses"). */
static const struct {
  const char *words;
  enum bound bound;
  bool measured;
} prefixes[] = {
    {"less than or equal to", BOUND_UNDER_OR_AT, false},
    {"greater than or equal to", BOUND_FROM, false},
    {"inferieur ou egal a", BOUND_UNDER_OR_AT, false},
    {"superieur ou egal a", BOUND_FROM, false},
    {"menor ou igual a", BOUND_UNDER_OR_AT, false},
    {"maior ou igual a", BOUND_FROM, false},
    {"menor o igual a", BOUND_UNDER_OR_AT, false},
    {"mayor o igual a", BOUND_FROM, false},
    {"less than", BOUND_UNDER, false},
    {"younger than", BOUND_UNDER, false},
    {"more than", BOUND_FROM, false},
    {"older than", BOUND_FROM, false},
    {"greater than", BOUND_FROM, false},
    {"inferieur a", BOUND_UNDER, false},
    {"inferieure a", BOUND_UNDER, false},
    {"inferior a", BOUND_UNDER, false},
    {"superieur a", BOUND_FROM, false},
    {"superieure a", BOUND_FROM, false},
    {"superior a", BOUND_FROM, false},
    {"moins de", BOUND_UNDER, false},
    {"moins d", BOUND_UNDER, false},
    {"moins que", BOUND_UNDER, false},
    {"menos de", BOUND_UNDER, false},
    {"menos que", BOUND_UNDER, false},
    {"menor de", BOUND_UNDER, false},
    {"menor que", BOUND_UNDER, false},
    {"menores de", BOUND_UNDER, false},
    {"menores que", BOUND_UNDER, false},
    {"abaixo de", BOUND_UNDER, false},
    {"abaixo dos", BOUND_UNDER, false},
    {"debajo de", BOUND_UNDER, false},
    {"plus de", BOUND_FROM, false},
    {"plus d", BOUND_FROM, false},
    {"plus que", BOUND_FROM, false},
    {"au dela de", BOUND_FROM, false},
    {"mais de", BOUND_FROM, false},
    {"mais que", BOUND_FROM, false},
    {"mas de", BOUND_FROM, false},
    {"mas que", BOUND_FROM, false},
    {"maior de", BOUND_FROM, false},
    {"maior que", BOUND_FROM, false},
    {"maiores de", BOUND_FROM, false},
    {"maiores que", BOUND_FROM, false},
    {"mayor de", BOUND_FROM, false},
    {"mayor que", BOUND_FROM, false},
    {"mayores de", BOUND_FROM, false},
    {"mayores que", BOUND_FROM, false},
    {"acima de", BOUND_FROM, false},
    {"acima dos", BOUND_FROM, false},
    {"encima de", BOUND_FROM, false},
    {"under", BOUND_UNDER, false},
    {"below", BOUND_UNDER, false},
    {"over", BOUND_FROM, false},
    {"above", BOUND_FROM, false},
    {"up to", BOUND_UNDER_OR_AT, true},
    {"jusqu a", BOUND_UNDER_OR_AT, true},
    {"ate", BOUND_UNDER_OR_AT, true},
    {"hasta", BOUND_UNDER_OR_AT, true},
    {"at least", BOUND_FROM, true},
    {"au moins", BOUND_FROM, true},
    {"pelo menos", BOUND_FROM, true},
    {"al menos", BOUND_FROM, true},
    {"a partir de", BOUND_FROM, true},
    {"from", BOUND_FROM, true},
};

/* How many tokens the phrase takes here, a dash within it included; 0: another stands here. */
static size_t phrase_at(struct tokens t, size_t at, const char *words) {
  struct str rest = str_of(words);
  size_t i = at;
  while (rest.p && rest.n) {
    struct str word = str_take(&rest, ' ');
    if (i > at && sign_at(t, i, "-") && t.p[i].before == 0) i++;
    if (i >= t.n || t.p[i].kind != TOKEN_WORD || !str_eq(t.p[i].text, word)) return 0;
    i++;
  }
  return i - at;
}

/* Words or signs before the number that say on which side of it the age lies. */
static enum bound prefix_at(struct tokens t, size_t at, size_t *length) {
  *length = 1;
  if (sign_at(t, at, "<")) return BOUND_UNDER;
  if (sign_at(t, at, "<=")) return BOUND_UNDER_OR_AT;
  if (sign_at(t, at, ">")) return BOUND_OVER;
  if (sign_at(t, at, ">=")) return BOUND_FROM;
  if (sign_at(t, at, "+") && at + 1 < t.n && (t.p[at + 1].before == 0 || (t.p[at].before != 0 && t.p[at].before != ' ')))
    return BOUND_FROM; /* "(+50)", "[+ 50 ans]"; not "HIV + 50" */
  bool glued = at + 1 < t.n && t.p[at + 1].kind == TOKEN_NUMBER && (t.p[at + 1].before == 0 || t.p[at + 1].before == '_');
  if (glued && word_at(t, at, " u lt ")) return BOUND_UNDER;
  if (glued && word_at(t, at, " o ab ge ")) return BOUND_FROM;
  for (size_t i = 0; i < sizeof prefixes / sizeof *prefixes; i++) {
    *length = phrase_at(t, at, prefixes[i].words);
    if (*length && (!prefixes[i].measured || unit_at(t, at + *length + 1) < UNIT_NONE)) return prefixes[i].bound;
  }
  *length = 0;
  return BOUND_NONE;
}

/* "+", "and above", "ans et plus", "ou mais", "et moins" behind the number or its unit. */
static enum bound suffix_at(struct tokens t, size_t at, size_t *length) {
  *length = 1;
  if (sign_at(t, at, "+")) return BOUND_FROM;
  size_t skip = word_at(t, at, " and et e y o ou or a ") ? 1 : 0;
  *length = skip + 1;
  if (skip && sign_at(t, at + 1, "+")) return BOUND_FROM;
  if (word_at(t, at + skip, " above over older plus mas more up onwards upwards superieur ")) return BOUND_FROM;
  if (word_at(t, at + skip, " mais ")) return BOUND_FROM;
  if (skip && word_at(t, at + skip, " below under younger moins menos less ")) return BOUND_UNDER_OR_AT;
  *length = 0;
  return BOUND_NONE;
}

static bool set_age(struct age *ret, enum bound bound, double number, enum unit unit) {
  *ret = (struct age){AGE_INTERVAL, 0, AGE_OPEN};
  switch (bound) {
  case BOUND_UNDER: ret->to = days_of(number, unit); break;
  case BOUND_UNDER_OR_AT: ret->to = days_of(number + 1, unit); break;
  case BOUND_OVER: ret->from = days_of(number + 1, unit); break;
  case BOUND_FROM: ret->from = days_of(number, unit); break;
  case BOUND_NONE: ret->from = days_of(number, unit), ret->to = days_of(number + 1, unit); break;
  }
  return ret->from < ret->to;
}

/* Weeks beyond 20, and what the word behind says, is the length of a pregnancy. */
static bool is_gestation(struct tokens t, size_t end, enum unit unit, double number) {
  if (unit != UNIT_WEEK) return false;
  if (number >= 20) return true;
  for (size_t i = end; i < t.n && i < end + 3; i++)
    if (word_at(t, i, " pregnancy gestation grossesse gestacao gravidez embarazo gestacion ")) return true;
  return false;
}

/* "5_9Male": two numbers with a low line, and nothing but a sex or a unit hanging on the second. */
static bool is_low_range(struct tokens t, size_t at, size_t second) {
  if (second >= t.n || t.p[second].kind != TOKEN_NUMBER || t.p[second].before != '_' || (t.p[at].before == 0 && at > 0)) return false;
  size_t next = second + 1;
  if (next >= t.n) return true;
  if (t.p[next].kind == TOKEN_NUMBER || t.p[next].kind == TOKEN_SIGN) return false;
  return t.p[next].before != 0 || unit_at(t, next) < UNIT_NONE || word_at(t, next, " male female males females m f ");
}

static size_t read_range(struct tokens t, size_t at, struct age *ret) {
  if (!number_at(t, at)) return 0;
  size_t i = at + 1;
  enum unit first = unit_at(t, i);
  if (first == UNIT_MEASURE) return 0;
  bool between = at > 0 && word_at(t, at - 1, " between entre ");
  bool connects = word_at(t, i, " a ") || (between && word_at(t, i, " y ")); /* "1 a 4", "entre 1 y 4" */
  if (first != UNIT_NONE && !connects)
    i++;
  else if (first != UNIT_NONE)
    first = UNIT_NONE;
  bool below = false, low = is_low_range(t, at, i);
  if (!low) {
    if (!sign_at(t, i, "-") && !word_at(t, i, " to a ate aos hasta au et through ") && !(between && word_at(t, i, " and e y "))) return 0;
    if (word_at(t, i, " et ") && first == UNIT_NONE && !between) return 0;
    i++;
    if (sign_at(t, i, "<")) below = true, i++;
  }
  if (!number_at(t, i) || t.p[i].value < t.p[at].value * (first != UNIT_NONE ? 0 : 1)) return 0;
  size_t last = i++;
  enum unit second = unit_at(t, i);
  if (second == UNIT_MEASURE) return 0;
  bool bare = first == UNIT_NONE && second == UNIT_NONE;
  if (bare && (!stands_alone(t, at) || t.p[last].value <= t.p[at].value || t.p[last].value > 120)) return 0;
  if (bare && i < t.n && t.p[i].before == '.' && t.p[i].kind == TOKEN_NUMBER) return 0;
  if (second != UNIT_NONE)
    i++;
  else
    second = first != UNIT_NONE ? first : UNIT_YEAR;
  if (first == UNIT_NONE) first = second;
  if (is_gestation(t, i, second, t.p[last].value)) return 0;
  *ret = (struct age){AGE_INTERVAL, days_of(t.p[at].value, first), days_of(t.p[last].value + (below ? 0 : 1), second)};
  return ret->from < ret->to ? i - at : 0;
}

static size_t read_bound(struct tokens t, size_t at, bool whole, struct age *ret) {
  size_t length, i = at;
  enum bound bound = prefix_at(t, i, &length);
  i += length;
  if (length && sign_at(t, i, "-") && t.p[i].before == 0) i++;                            /* "under-5" */
  bool one = length && word_at(t, i, " one un um uno ") && unit_at(t, i + 1) < UNIT_NONE; /* "moins d'un an" */
  if (!one && !number_at(t, i)) return 0;
  size_t number = i++;
  double value = one ? 1 : t.p[number].value;
  enum bound after = bound == BOUND_NONE ? suffix_at(t, i, &length) : BOUND_NONE;
  if (after != BOUND_NONE) i += length;
  enum unit unit = unit_at(t, i);
  if (unit == UNIT_MEASURE) return 0;
  if (unit != UNIT_NONE) {
    i++;
    if (bound == BOUND_NONE && after == BOUND_NONE && (after = suffix_at(t, i, &length)) != BOUND_NONE) i += length;
  }
  if (bound == BOUND_NONE) bound = after;
  bool bare = unit == UNIT_NONE;
  if (bound == BOUND_NONE && (bare || !whole || at != 0 || i != t.n)) return 0;
  if (bare && (value > 100 || (at == number && !stands_alone(t, number)) || (at == number && value < 5))) return 0;
  if (is_gestation(t, i, unit, value)) return 0;
  return set_age(ret, bound, value, bare ? UNIT_YEAR : unit) ? i - at : 0;
}

size_t age_read(struct tokens tokens, size_t at, bool whole, struct age *ret) {
  bool near = false; /* no age without a number, or its word before a unit, in its first tokens */
  for (size_t i = at; i < tokens.n && i < at + 7; i++)
    near |= tokens.p[i].kind == TOKEN_NUMBER || (i > at && i < at + 3 && word_at(tokens, i, " one un um uno "));
  if (!near) return 0;
  size_t length = read_range(tokens, at, ret);
  return length ? length : read_bound(tokens, at, whole, ret);
}

bool age_of_spec(struct str spec, struct age *ret) {
  enum unit unit = str_ends(spec, STR("d")) ? UNIT_DAY : UNIT_YEAR;
  if (unit == UNIT_DAY) spec.n--;
  struct str rest = spec;
  uint64_t from, to;
  if (str_ends(spec, STR("+"))) {
    spec.n--;
    return str_to_u64(spec, &from) && from < 200 && set_age(ret, BOUND_FROM, (double)from, unit);
  }
  struct str first = str_take(&rest, '-');
  if (!rest.p || !str_to_u64(first, &from) || !str_to_u64(rest, &to) || to <= from || to > 40000) return false;
  *ret = (struct age){AGE_INTERVAL, days_of((double)from, unit), days_of((double)to, unit)};
  return true;
}

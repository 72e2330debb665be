#include "gateway/rewrite.h"

#include "base/mem.h"
#if defined(__SSE2__)
#include <emmintrin.h>
#endif

enum state {
  OUTSIDE,  /* between the tokens */
  AT_START, /* in a string, and so far it is the base: `matched` bytes of it */
  INSIDE,   /* in a string that is not (or no more) the base */
  ESCAPED,  /* behind a backslash inside such a string */
};

enum { DEEPEST = 512, BLOCK = 64 };

struct rewrite {
  char *from, *to, *held; /* held: the bytes of the string so far, as they came: AT_START only */
  size_t from_n, to_n, held_n;
  enum state state;
  size_t matched; /* bytes of `from` */
  bool backslash; /* AT_START: a backslash stands before what comes next */
  char before;    /* the last byte between the tokens, blanks aside; 0: none yet */
  size_t changed;
  size_t depth;
  uint64_t objects[DEEPEST / 64]; /* per level: an object? Deeper, nothing is rewritten */
  char bytes[];                   /* of the three */
};

struct rewrite *rewrite_new(struct str from, struct str to) {
  struct rewrite *r = mem_alloc(sizeof *r + from.n + to.n + 2 * from.n + 2);
  r->from = r->bytes;
  r->to = r->from + from.n;
  r->held = r->to + to.n;
  memcpy(r->from, from.p, from.n);
  memcpy(r->to, to.p, to.n);
  r->from_n = from.n;
  r->to_n = to.n;
  return r;
}

void rewrite_free(struct rewrite *r) {
  free(r);
}

struct sink {
  void (*out)(void *payload, struct str piece);
  void *payload;
  struct str piece;
  size_t sent; /* bytes of the piece that went out */
};

static void send_until(struct sink *s, size_t end) {
  if (end > s->sent) s->out(s->payload, str_slice(s->piece, s->sent, end));
  s->sent = end;
}

static void send_held(struct rewrite *r, struct sink *s) {
  if (r->held_n) s->out(s->payload, (struct str){r->held, r->held_n});
  r->held_n = 0;
}

/* --- between the tokens --- */

static void take_bracket(struct rewrite *r, char c) {
  if (c == '}' || c == ']') {
    if (r->depth) r->depth--;
    return;
  }
  uint64_t level = UINT64_C(1) << r->depth % 64;
  if (r->depth < DEEPEST) r->objects[r->depth / 64] = c == '{' ? r->objects[r->depth / 64] | level : r->objects[r->depth / 64] & ~level;
  r->depth++;
}

static bool in_object(const struct rewrite *r) {
  size_t at = r->depth - 1;
  return r->depth && r->depth <= DEEPEST && r->objects[at / 64] >> at % 64 & 1;
}

static bool value_follows(const struct rewrite *r) {
  if (r->depth > DEEPEST) return false;
  return !r->before || r->before == ':' || r->before == '[' || (r->before == ',' && !in_object(r));
}

static bool is_blank(char c) {
  return c == ' ' || c == '\n' || c == '\r' || c == '\t';
}

/* A byte between the tokens; true: a string that may be the base begins behind it. */
static bool outside_step(struct rewrite *r, char c) {
  if (is_blank(c)) return false;
  bool begins = c == '"' && value_follows(r);
  if (c == '{' || c == '[' || c == '}' || c == ']') take_bracket(r, c);
  if (c == '"') r->state = INSIDE;
  r->before = c;
  return begins;
}

/* --- many bytes at once --- */

#if defined(__SSE2__)
struct block { /* a bit per byte */
  uint64_t quotes, brackets;
  bool plain; /* no backslash, and no quote with the base's first byte behind it: mostly so. Else look_closer tells */
  uint64_t backslashes, before_first; /* the last: the byte behind is the base's first */
};

static __m128i load(const char *p) {
  return _mm_loadu_si128((const void *)p);
}

static uint64_t bits_of(__m128i found, unsigned at) {
  return (uint64_t)(unsigned)_mm_movemask_epi8(found) << at;
}

static struct block look(const char *p, char first) {
  struct block block = {0};
  __m128i seldom = _mm_setzero_si128();
#pragma GCC unroll 4
  for (unsigned i = 0; i < BLOCK; i += 16) {
    __m128i bytes = load(p + i), quotes = _mm_cmpeq_epi8(bytes, _mm_set1_epi8('"'));
    __m128i starts = _mm_and_si128(quotes, _mm_cmpeq_epi8(load(p + i + 1), _mm_set1_epi8(first)));
    __m128i curly = _mm_or_si128(bytes, _mm_set1_epi8(0x20)); /* '[' becomes '{', ']' becomes '}' */
    __m128i brackets = _mm_or_si128(_mm_cmpeq_epi8(curly, _mm_set1_epi8('{')), _mm_cmpeq_epi8(curly, _mm_set1_epi8('}')));
    seldom = _mm_or_si128(seldom, _mm_or_si128(starts, _mm_cmpeq_epi8(bytes, _mm_set1_epi8('\\'))));
    block.quotes |= bits_of(quotes, i);
    block.brackets |= bits_of(brackets, i);
  }
  block.plain = !_mm_movemask_epi8(seldom);
  return block;
}

static void look_closer(struct block *block, const char *p, char first) {
  for (unsigned i = 0; i < BLOCK; i += 16) {
    block->backslashes |= bits_of(_mm_cmpeq_epi8(load(p + i), _mm_set1_epi8('\\')), i);
    block->before_first |= bits_of(_mm_cmpeq_epi8(load(p + i + 1), _mm_set1_epi8(first)), i);
  }
}

/* Takes what backslashes escape out of the quotes; returns the backslashes that do so. */
static uint64_t unescape(struct block *block) {
  uint64_t acting = 0;
  for (uint64_t rest = block->backslashes; rest;) {
    uint64_t one = rest & -rest;
    acting |= one;
    block->quotes &= ~(one << 1);
    rest &= ~(one | one << 1);
  }
  return acting;
}

/* Bit n: is the number of bits up to n odd? So the bytes of strings, the opening quote counted in. */
static uint64_t odd_up_to(uint64_t bits) {
#pragma GCC unroll 6
  for (unsigned shift = 1; shift < 64; shift *= 2) bits ^= bits << shift;
  return bits;
}

/* What stands before the place, where it lies outside of strings. */
static void look_back(struct rewrite *r, struct str piece, size_t from, size_t at) {
  while (at > from && is_blank(piece.p[at - 1])) at--;
  if (at > from) r->before = piece.p[at - 1];
}

/* From OUTSIDE or INSIDE over whole blocks, up to what needs a closer look: the begin of what may be the base, an escape at a block's end. Returns the place reached, whose state is set. Does the same as the steps. */
static size_t run(struct rewrite *r, struct str piece, size_t from) {
  uint64_t inside = r->state == INSIDE ? ~UINT64_C(0) : 0;
  size_t at = from;
  while (piece.n - at > BLOCK) {
    struct block block = look(piece.p + at, r->from[0]);
    if (!block.plain) look_closer(&block, piece.p + at, r->from[0]);
    uint64_t acting = block.backslashes ? unescape(&block) : 0;
    uint64_t strings = odd_up_to(block.quotes) ^ inside;
    uint64_t stops = (block.quotes & strings & block.before_first) | (acting & ~strings) | (acting & UINT64_C(1) << 63);
    uint64_t settled = (stops & -stops) - 1; /* all, where nothing stops */
    for (uint64_t rest = block.brackets & ~strings & settled; rest; rest &= rest - 1)
      take_bracket(r, piece.p[at + (size_t)__builtin_ctzll(rest)]);
    if (stops) {
      unsigned n = (unsigned)__builtin_ctzll(stops);
      if (n) inside = strings >> (n - 1) & 1;
      at += n;
      break;
    }
    inside = strings >> 63 ? ~UINT64_C(0) : 0;
    at += BLOCK;
  }
  r->state = inside ? INSIDE : OUTSIDE;
  if (inside)
    r->before = '"';
  else
    look_back(r, piece, from, at);
  return at;
}
#else
static size_t run(struct rewrite *r, struct str piece, size_t from) {
  return from;
}
#endif

/* --- byte by byte --- */

/* So that a piece is not cut where the next byte already tells. */
static bool cannot_begin(const struct rewrite *r, struct str rest) {
  return rest.n && rest.p[0] != r->from[0];
}

static void hold(struct rewrite *r, struct sink *s, size_t at, char c) {
  r->held[r->held_n++] = c;
  s->sent = at + 1;
}

/* A byte of a string that is the base so far. True: it is still open, and the byte is held back; false: it is settled, and the byte goes on as one of the string. */
static bool start_step(struct rewrite *r, struct sink *s, size_t at, char c) {
  bool escaped = r->backslash, whole = r->matched == r->from_n;
  if (!escaped && c == '\\') {
    r->backslash = true;
    hold(r, s, at, c);
    return true;
  }
  if (!whole && c == r->from[r->matched] && (!escaped || c == '/')) {
    r->backslash = false;
    r->matched++;
    hold(r, s, at, c);
    return true;
  }
  if (whole && (c == '/' || (!escaped && strchr("\"?#", c)))) {
    s->out(s->payload, (struct str){r->to, r->to_n});
    r->changed++;
    if (escaped) s->out(s->payload, STR("\\"));
    r->held_n = 0;
  } else {
    send_held(r, s);
  }
  r->state = escaped ? ESCAPED : INSIDE;
  return false;
}

/* The base as it is mostly written, whole, with the byte behind it at hand: settled at once, as the steps would. Else 0, and the steps do it. */
static size_t take_base(struct rewrite *r, struct sink *s, struct str rest) {
  if (rest.n <= r->from_n || memcmp(rest.p, r->from, r->from_n) != 0) return 0;
  char behind = rest.p[r->from_n];
  if (behind != '/' && behind != '"' && behind != '?' && behind != '#') return 0;
  s->out(s->payload, (struct str){r->to, r->to_n});
  s->sent += r->from_n;
  r->changed++;
  r->state = INSIDE;
  return r->from_n;
}

/* A byte of a string that is not the base. */
static void inside_step(struct rewrite *r, char c) {
  if (r->state == ESCAPED)
    r->state = INSIDE;
  else if (c == '\\')
    r->state = ESCAPED;
  else if (c == '"')
    r->state = OUTSIDE;
}

void rewrite_feed(struct rewrite *r, struct str piece, void (*out)(void *payload, struct str piece), void *payload) {
  struct sink s = {out, payload, piece, 0};
  for (size_t i = 0; i < piece.n; i++) {
    bool plain = r->state == OUTSIDE || r->state == INSIDE;
    if (plain && piece.n - i > BLOCK) i = run(r, piece, i);
    char c = piece.p[i];
    if (r->state == OUTSIDE) {
      if (!outside_step(r, c) || cannot_begin(r, str_from(piece, i + 1))) continue;
      send_until(&s, i + 1);
      r->state = AT_START;
      r->matched = 0;
      r->backslash = false;
      i += take_base(r, &s, str_from(piece, i + 1));
    } else if (r->state == AT_START) {
      if (start_step(r, &s, i, c)) continue;
      inside_step(r, c);
    } else {
      inside_step(r, c);
    }
  }
  send_until(&s, piece.n);
}

void rewrite_finish(struct rewrite *r, void (*out)(void *payload, struct str piece), void *payload) {
  struct sink s = {out, payload, STR_NONE, 0};
  if (r->state == AT_START) send_held(r, &s);
}

/* Is there a '"' with `first` behind it at or after `at`? Its place, or SIZE_MAX. */
static size_t find_start(struct str body, char first, size_t at) {
#if defined(__SSE2__)
  const __m128i quote = _mm_set1_epi8('"'), letter = _mm_set1_epi8(first);
  for (; at + 17 <= body.n; at += 16) {
    __m128i bytes = _mm_loadu_si128((const void *)(body.p + at)), behind = _mm_loadu_si128((const void *)(body.p + at + 1));
    unsigned both = (unsigned)_mm_movemask_epi8(_mm_and_si128(_mm_cmpeq_epi8(bytes, quote), _mm_cmpeq_epi8(behind, letter)));
    if (both) return at + (size_t)__builtin_ctz(both);
  }
#endif
  for (; at + 1 < body.n; at++)
    if (body.p[at] == '"' && body.p[at + 1] == first) return at;
  return SIZE_MAX;
}

/* Only slashes may be written in another way, and before the first one stands the scheme with its colon. */
bool rewrite_may_change(struct str from, struct str body) {
  struct str scheme = str_slice(from, 0, str_find_char(from, '/'));
  if (!scheme.n) return true;
  for (size_t at = 0; (at = find_start(body, scheme.p[0], at)) != SIZE_MAX; at++)
    if (str_starts(str_from(body, at + 1), scheme)) return true;
  return false;
}

size_t rewrite_count(const struct rewrite *r) {
  return r->changed;
}

/* "https://host:443" of an absolute address, its parts apart; false: not one. */
static bool split(struct str text, struct str *scheme, struct str *authority, struct str *rest) {
  size_t at = str_find(text, STR("://"));
  if (at == SIZE_MAX) return false;
  *scheme = str_slice(text, 0, at);
  struct str behind = str_from(text, at + 3);
  size_t end = 0;
  while (end < behind.n && !strchr("/?#\\", behind.p[end])) end++;
  *authority = str_slice(behind, 0, end);
  *rest = str_from(behind, end);
  return true;
}

static struct str without_port(struct str scheme, struct str authority) {
  struct str port = str_eq_nocase(scheme, STR("https")) ? STR(":443") : STR(":80");
  return str_ends(authority, port) ? str_slice(authority, 0, authority.n - port.n) : authority;
}

enum rewrite_place rewrite_location(struct str from, struct str location, struct str *ret_rest) {
  struct str scheme, authority, base, other_scheme, other_authority, rest;
  if (!split(from, &scheme, &authority, &base)) return REWRITE_OUTSIDE;
  if (str_starts(location, STR("//"))) {
    other_scheme = scheme;
    struct str behind = str_from(location, 2);
    size_t end = 0;
    while (end < behind.n && !strchr("/?#\\", behind.p[end])) end++;
    other_authority = str_slice(behind, 0, end);
    rest = str_from(behind, end);
  } else if (str_starts(location, STR("/"))) {
    other_scheme = scheme;
    other_authority = authority;
    rest = location;
  } else if (!split(location, &other_scheme, &other_authority, &rest)) {
    return REWRITE_OUTSIDE;
  }
  if (!str_eq_nocase(scheme, other_scheme) || !str_eq_nocase(without_port(scheme, authority), without_port(scheme, other_authority)))
    return REWRITE_OUTSIDE;
  if (str_find_char(rest, '\\') != SIZE_MAX || str_has(rest, STR("/../")) || str_ends(rest, STR("/.."))) return REWRITE_OUTSIDE;
  if (!str_starts(rest, base)) return REWRITE_OUTSIDE;
  rest = str_from(rest, base.n);
  if (rest.n && !strchr("/?#", rest.p[0])) return REWRITE_OUTSIDE;
  *ret_rest = rest;
  return REWRITE_INSIDE;
}

#include "gateway/rewrite.h"

#include "base/mem.h"

enum state {
  OUTSIDE,    /* between the tokens */
  AT_START,   /* in a string, and so far it is the base: `matched` bytes of it */
  INSIDE,     /* in a string that is not (or no more) the base */
  ESCAPED,    /* behind a backslash inside such a string */
};

struct rewrite {
  char *from, *to;
  size_t from_n, to_n;
  enum state state;
  size_t matched;    /* bytes of `from` */
  bool backslash;    /* AT_START: a backslash stands before what comes next */
  char *held;        /* the bytes of the string so far, as they came: AT_START only */
  size_t held_n;
  size_t changed;
  size_t depth;
  bool *objects;     /* per level: an object? Grows up to DEEPEST; deeper, nothing is rewritten */
  bool value_next;   /* the next string is a value */
};

enum { DEEPEST = 512 };

struct rewrite *rewrite_new(struct str from, struct str to) {
  struct rewrite *r = mem_alloc(sizeof *r);
  r->from = mem_printf("%.*s", STR_ARG(from));
  r->to = mem_printf("%.*s", STR_ARG(to));
  r->from_n = from.n;
  r->to_n = to.n;
  r->held = mem_alloc(2 * from.n + 2);
  r->objects = mem_alloc_array(DEEPEST, sizeof *r->objects);
  r->value_next = true;
  return r;
}

void rewrite_free(struct rewrite *r) {
  if (!r) return;
  free(r->from);
  free(r->to);
  free(r->held);
  free(r->objects);
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

static bool in_object(const struct rewrite *r) {
  return r->depth && r->depth <= DEEPEST && r->objects[r->depth - 1];
}

/* A byte between the tokens; true: a string that may be the base begins behind it. */
static bool outside_step(struct rewrite *r, char c) {
  switch (c) {
  case '{':
  case '[':
    if (r->depth < DEEPEST) r->objects[r->depth] = c == '{';
    r->depth++;
    r->value_next = c == '[';
    return false;
  case '}':
  case ']':
    if (r->depth) r->depth--;
    return false;
  case ',': r->value_next = !in_object(r); return false;
  case ':': r->value_next = true; return false;
  case '"':
    r->state = INSIDE;
    return r->value_next && r->depth <= DEEPEST;
  default: return false;
  }
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

/* A byte of a string that is not the base. */
static void inside_step(struct rewrite *r, char c) {
  if (r->state == ESCAPED) r->state = INSIDE;
  else if (c == '\\') r->state = ESCAPED;
  else if (c == '"') r->state = OUTSIDE;
}

void rewrite_feed(struct rewrite *r, struct str piece, void (*out)(void *payload, struct str piece), void *payload) {
  struct sink s = {out, payload, piece, 0};
  for (size_t i = 0; i < piece.n; i++) {
    char c = piece.p[i];
    if (r->state == OUTSIDE) {
      if (!outside_step(r, c)) continue;
      send_until(&s, i + 1);
      r->state = AT_START;
      r->matched = 0;
      r->backslash = false;
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
  if (!str_eq_nocase(scheme, other_scheme) || !str_eq_nocase(without_port(scheme, authority), without_port(scheme, other_authority))) return REWRITE_OUTSIDE;
  if (str_find_char(rest, '\\') != SIZE_MAX || str_has(rest, STR("/../")) || str_ends(rest, STR("/.."))) return REWRITE_OUTSIDE;
  if (!str_starts(rest, base)) return REWRITE_OUTSIDE;
  rest = str_from(rest, base.n);
  if (rest.n && !strchr("/?#", rest.p[0])) return REWRITE_OUTSIDE;
  *ret_rest = rest;
  return REWRITE_INSIDE;
}

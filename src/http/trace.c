#include "http/trace.h"

enum { MEMBERS_MAX = 32, KEY_MAX = 256, VALUE_MAX = 256 };

/* --- ids --- */

static const char digits[] = "0123456789abcdef";

static void write_number(char *to, uint64_t number) {
  for (unsigned i = 0; i < 16; i++) to[i] = digits[number >> (60 - 4 * i) & 15];
  to[16] = '\0';
}

void trace_begin(struct trace *ret, uint64_t high, uint64_t low) {
  *ret = (struct trace){.flags = TRACE_SAMPLED};
  write_number(ret->id, high);
  write_number(ret->id + 16, low);
}

void trace_set_span(struct trace *trace, uint64_t number) {
  write_number(trace->span, number);
}

const char *trace_parent(const struct trace *trace, char ret[TRACE_PARENT_LETTERS + 1]) {
  char *p = ret;
  *p++ = '0';
  *p++ = '0';
  *p++ = '-';
  memcpy(p, trace->id, TRACE_ID_LETTERS);
  p += TRACE_ID_LETTERS;
  *p++ = '-';
  memcpy(p, trace->span, TRACE_SPAN_LETTERS);
  p += TRACE_SPAN_LETTERS;
  *p++ = '-';
  *p++ = '0';
  *p++ = digits[trace->flags & (TRACE_SAMPLED | TRACE_RANDOM)];
  *p = '\0';
  return ret;
}

/* --- traceparent --- */

/* -1: none; capitals are none. */
static int digit_of(char c) {
  return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* `ret` may be NULL. */
static bool take_hex(struct str *rest, size_t n, char *ret, bool *ret_zero) {
  *ret_zero = true;
  if (rest->n < n) return false;
  for (size_t i = 0; i < n; i++) {
    int digit = digit_of(rest->p[i]);
    if (digit < 0) return false;
    if (digit) *ret_zero = false;
    if (ret) ret[i] = rest->p[i];
  }
  if (ret) ret[n] = '\0';
  *rest = str_from(*rest, n);
  return true;
}

static bool take_dash(struct str *rest) {
  if (!rest->n || rest->p[0] != '-') return false;
  *rest = str_from(*rest, 1);
  return true;
}

static bool read_parent(struct str text, struct trace *ret) {
  char version[3], flags[3];
  bool zero, id_zero, span_zero;
  if (!take_hex(&text, 2, version, &zero) || !take_dash(&text) || !take_hex(&text, TRACE_ID_LETTERS, ret->id, &id_zero) ||
      !take_dash(&text) || !take_hex(&text, TRACE_SPAN_LETTERS, ret->parent, &span_zero) || !take_dash(&text))
    return false;
  bool first = zero, no_version = str_eq(str_of(version), STR("ff"));
  if (!take_hex(&text, 2, flags, &zero) || no_version || id_zero || span_zero) return false;
  if (text.n && (first || text.p[0] != '-')) return false; /* a later version may have more behind a dash */
  ret->flags = (unsigned char)(digit_of(flags[1]) & (TRACE_SAMPLED | TRACE_RANDOM));
  return true;
}

/* --- tracestate --- */

static bool is_key_letter(char c, bool first) {
  if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9')) return true;
  return !first && (c == '_' || c == '-' || c == '*' || c == '/' || c == '@');
}

static bool is_member(struct str member) {
  struct str value = member, key = str_take(&value, '=');
  if (!value.p || !key.n || key.n > KEY_MAX || !value.n || value.n > VALUE_MAX || value.p[value.n - 1] == ' ') return false;
  for (size_t i = 0; i < key.n; i++)
    if (!is_key_letter(key.p[i], i == 0)) return false;
  for (size_t i = 0; i < value.n; i++)
    if (value.p[i] < ' ' || value.p[i] > '~' || value.p[i] == ',' || value.p[i] == '=') return false;
  return true;
}

/* White space before a value belongs to it, around a member to nobody. */
static struct str without_space(struct str member) {
  while (member.n && (member.p[0] == ' ' || member.p[0] == '\t')) member = str_from(member, 1);
  while (member.n && (member.p[member.n - 1] == ' ' || member.p[member.n - 1] == '\t')) member.n--;
  return member;
}

/* False: it is malformed. Empty members are fine, and left out; what is beyond the limit is left out from its end on. */
static bool add_members(struct str list, size_t *count, bool *fits, struct buf *to) {
  while (list.p) {
    struct str member = without_space(str_take(&list, ','));
    if (!member.n) continue;
    if (!is_member(member) || ++*count > MEMBERS_MAX) return false;
    *fits = *fits && to->n + (to->n > 0) + member.n <= TRACE_STATE_MAX;
    if (!*fits) continue;
    if (to->n) (void)buf_add(to, STR(","));
    (void)buf_add(to, member);
  }
  return true;
}

static struct str read_state(const struct http_headers *headers, struct arena *arena) {
  struct buf text = BUF_INIT(TRACE_STATE_MAX);
  size_t count = 0;
  bool good = true, fits = true;
  for (size_t i = 0; i < headers->n && good; i++)
    if (headers->p[i].field == FIELD_TRACESTATE) good = add_members(headers->p[i].value, &count, &fits, &text);
  struct str kept = good && text.n ? arena_str(arena, buf_str(&text)) : STR_NONE;
  buf_free(&text);
  return kept;
}

bool trace_continue(const struct http_headers *headers, struct arena *arena, struct trace *ret) {
  struct trace read = {0};
  struct str text;
  if (!http_field_get(headers, FIELD_TRACEPARENT, &text) || http_field_count(headers, FIELD_TRACEPARENT) != 1 ||
      !read_parent(without_space(text), &read))
    return false;
  read.state = read_state(headers, arena);
  *ret = read;
  return true;
}

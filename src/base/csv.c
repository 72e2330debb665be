#include "base/csv.h"

#include "base/mem.h"
#include "base/utf8.h"

enum { DEFAULT_ROW = 1 << 20 };

enum state {
  AT_START,  /* of the file: a byte order mark may stand here */
  ROW_START, /* nothing of the row yet */
  FIELD_START,
  PLAIN,
  QUOTED,
  QUOTE_IN_QUOTED, /* a quote that ends the field or is the first half of two */
  AFTER_CR,
  FAILED,
};

struct csv_reader {
  csv_handler *handler;
  void *payload;
  struct buf row;              /* the fields' text, one behind the other */
  size_t ends[CSV_FIELDS_MAX]; /* where each field ends in `row` */
  size_t count;
  uint64_t line, row_line;
  unsigned mark; /* bytes of the byte order mark seen */
  enum state state;
};

struct csv_reader *csv_reader_new(size_t row_limit, csv_handler *handler, void *payload) {
  struct csv_reader *r = mem_alloc(sizeof *r);
  r->handler = handler;
  r->payload = payload;
  r->row = BUF_INIT(row_limit ? row_limit : DEFAULT_ROW);
  r->line = 1;
  return r;
}

void csv_reader_free(struct csv_reader *r) {
  if (!r) return;
  buf_free(&r->row);
  free(r);
}

static int refuse(struct csv_reader *r, struct error *error, const char *what) {
  r->state = FAILED;
  return error_set(error, ERROR_input, "line %llu: %s", (unsigned long long)r->line, what);
}

static int refuse_row(struct csv_reader *r, struct error *error, const char *what) {
  r->state = FAILED;
  return error_set(error, ERROR_input, "line %llu: %s", (unsigned long long)r->row_line, what);
}

static int end_field(struct csv_reader *r, struct error *error) {
  if (r->count == CSV_FIELDS_MAX) return refuse(r, error, "too many columns");
  r->ends[r->count++] = r->row.n;
  return 0;
}

static int end_row(struct csv_reader *r, struct error *error) {
  if (end_field(r, error) < 0) return -1;
  if (r->row.full) return refuse_row(r, error, "the row is too long");
  struct str fields[CSV_FIELDS_MAX], text = buf_str(&r->row);
  if (!utf8_valid(text)) return refuse_row(r, error, "the text is not UTF-8");
  size_t from = 0;
  for (size_t i = 0; i < r->count; i++) {
    if (utf8_boundary(text, from) != from) return refuse_row(r, error, "the text is not UTF-8"); /* a separator stood inside a character */
    fields[i] = text.p ? str_slice(text, from, r->ends[i]) : STR("");
    from = r->ends[i];
  }
  size_t count = r->count;
  r->state = ROW_START;
  int result = r->handler(r->payload, fields, count, r->row_line, error);
  r->count = 0;
  buf_clear(&r->row);
  if (result) r->state = FAILED;
  return result ? -1 : 0;
}

static int line_end(struct csv_reader *r, struct error *error) {
  r->line++;
  if (r->state == ROW_START) return 0;
  return end_row(r, error);
}

/* A character where a field may begin, or behind its closing quote. */
static int separator(struct csv_reader *r, char c, struct error *error) {
  if (c == ',') {
    if (end_field(r, error) < 0) return -1;
    r->state = FIELD_START;
    return 0;
  }
  if (c == '\n') return line_end(r, error);
  if (c != '\r') return refuse(r, error, "text behind a closing quote");
  if (r->state != ROW_START && end_row(r, error) < 0) return -1;
  r->state = AFTER_CR;
  return 0;
}

static int begin_field(struct csv_reader *r, char c, struct error *error) {
  if (r->state == ROW_START) r->row_line = r->line;
  if (c == ',' || c == '\n' || c == '\r') return separator(r, c, error);
  if (c == '"') {
    r->state = QUOTED;
    return 0;
  }
  r->state = PLAIN;
  buf_add_char(&r->row, c);
  return 0;
}

static int one(struct csv_reader *r, char c, struct error *error) {
  if (c == '\0') return refuse(r, error, "a NUL byte");
  switch (r->state) {
  case AT_START:
    if (c == "\xEF\xBB\xBF"[r->mark]) {
      if (++r->mark == 3) r->state = ROW_START;
      return 0;
    }
    if (r->mark) return refuse(r, error, "the text is not UTF-8");
    r->state = ROW_START;
    return begin_field(r, c, error);
  case AFTER_CR:
    if (c != '\n') return refuse(r, error, "a carriage return without a line feed");
    r->line++;
    r->state = ROW_START;
    return 0;
  case ROW_START:
  case FIELD_START: return begin_field(r, c, error);
  case PLAIN:
    if (c == '"') return refuse(r, error, "a quote inside a field that has no quotes around it");
    if (c == ',' || c == '\n' || c == '\r') return separator(r, c, error);
    buf_add_char(&r->row, c);
    return 0;
  case QUOTED:
    if (c == '"')
      r->state = QUOTE_IN_QUOTED;
    else
      buf_add_char(&r->row, c);
    r->line += c == '\n';
    return 0;
  case QUOTE_IN_QUOTED:
    if (c != '"') return separator(r, c, error);
    r->state = QUOTED;
    buf_add_char(&r->row, c);
    return 0;
  case FAILED: break;
  }
  return refuse(r, error, "reading went on after a failure");
}

/* The plain characters from `at` on, taken at once. */
static size_t plain_run(struct csv_reader *r, struct str chunk, size_t at) {
  size_t end = at;
  while (end < chunk.n && chunk.p[end] != ',' && chunk.p[end] != '\n' && chunk.p[end] != '\r' && chunk.p[end] != '"' && chunk.p[end]) end++;
  buf_add(&r->row, str_slice(chunk, at, end));
  return end;
}

int csv_reader_feed(struct csv_reader *r, struct str chunk, struct error *error) {
  for (size_t i = 0; i < chunk.n;) {
    if (r->state == PLAIN) i = plain_run(r, chunk, i);
    if (i < chunk.n && one(r, chunk.p[i++], error) < 0) return -1;
    if (r->row.full) return refuse_row(r, error, "the row is too long");
  }
  return 0;
}

int csv_reader_finish(struct csv_reader *r, struct error *error) {
  if (r->state == FAILED) return refuse(r, error, "reading went on after a failure");
  if (r->state == QUOTED) return refuse(r, error, "the text ends inside quotes");
  if (r->state == AT_START && r->mark) return refuse(r, error, "the text is not UTF-8");
  if (r->state == AT_START || r->state == ROW_START || r->state == AFTER_CR) return 0;
  return end_row(r, error);
}

static bool needs_quotes(struct str s) {
  static const bool special[256] = {['"'] = true, [','] = true, ['\n'] = true, ['\r'] = true};
  bool found = s.n && (s.p[0] == ' ' || s.p[s.n - 1] == ' ');
  for (size_t i = 0; i < s.n; i++) found |= special[(unsigned char)s.p[i]];
  return found;
}

static void add_quoted(struct buf *buf, struct str s) {
  buf_add_char(buf, '"');
  for (size_t i = 0; i < s.n; i++) {
    if (s.p[i] == '"') buf_add_char(buf, '"');
    buf_add_char(buf, s.p[i]);
  }
  buf_add_char(buf, '"');
}

void csv_add_row(struct buf *buf, const struct str *fields, size_t count) {
  for (size_t i = 0; i < count; i++) {
    if (i) buf_add_char(buf, ',');
    /* A row of one empty field would be an empty line, which is passed over. */
    if (needs_quotes(fields[i]) || (count == 1 && fields[i].n == 0))
      add_quoted(buf, fields[i]);
    else
      buf_add(buf, fields[i]);
  }
  buf_add(buf, STR("\r\n"));
}

void csv_columns(const struct str *header, size_t header_count, const struct str *wanted, size_t wanted_count, size_t *ret) {
  for (size_t w = 0; w < wanted_count; w++) {
    ret[w] = SIZE_MAX;
    for (size_t h = 0; h < header_count && ret[w] == SIZE_MAX; h++)
      if (str_eq_nocase(str_trim(header[h]), wanted[w])) ret[w] = h;
  }
}

bool csv_is_formula(struct str text) {
  static const struct str starts[] = {{"=", 1},
                                      {"+", 1},
                                      {"-", 1},
                                      {"@", 1},
                                      {"\t", 1},
                                      {"\r", 1},
                                      {"\n", 1},
                                      {"\xEF\xBC\x9D", 3},
                                      {"\xEF\xBC\x8B", 3},
                                      {"\xEF\xBC\x8D", 3},
                                      {"\xEF\xBC\xA0", 3}};
  for (size_t i = 0; i < sizeof starts / sizeof *starts; i++)
    if (str_starts(text, starts[i])) return true;
  return false;
}

#include "transfer/note.h"

enum { TRAILER = sizeof(uint32_t) + 1 };

static const struct str between = {"; ", 2};

struct str note_pack(const struct dhis2_value *value, struct buf *buf) {
  struct str comment = str_slice(str_trim(value->comment), 0, NOTE_MAX + 1);
  uint32_t n = (uint32_t)comment.n;
  buf_clear(buf);
  (void)buf_add(buf, value->value);
  (void)buf_add(buf, comment);
  (void)buf_add(buf, (struct str){(const char *)&n, sizeof n});
  (void)buf_add_char(buf, value->follow_up ? '1' : '0');
  return buf->full ? STR_NONE : buf_str(buf);
}

struct noted note_unpack(struct str packed) {
  uint32_t n;
  if (packed.n < TRAILER) return (struct noted){0};
  size_t texts = packed.n - TRAILER;
  memcpy(&n, packed.p + texts, sizeof n);
  if (n > texts) return (struct noted){0};
  return (struct noted){str_slice(packed, 0, texts - n), {packed.p + texts - n, n}, packed.p[packed.n - 1] == '1'};
}

void note_begin(struct note *note) {
  buf_clear(&note->text);
  note->follow_up = false;
}

/* Comments may hold what stands between them: what reads the same to people counts as said. */
static bool is_said(struct str said, struct str comment) {
  for (size_t at = 0; at + comment.n <= said.n; at++) {
    bool begins = at == 0 || (at >= between.n && str_eq(str_slice(said, at - between.n, at), between));
    if (!begins || !str_starts(str_from(said, at), comment)) continue;
    struct str rest = str_from(said, at + comment.n);
    if (!rest.n || str_starts(rest, between)) return true;
  }
  return false;
}

void note_add(struct note *note, const struct noted *noted) {
  note->follow_up |= noted->follow_up;
  if (!noted->comment.n || note->text.n > NOTE_MAX || is_said(buf_str(&note->text), noted->comment)) return;
  if (note->text.n) (void)buf_add(&note->text, between);
  (void)buf_add(&note->text, noted->comment);
}

void note_free(struct note *note) {
  buf_free(&note->text);
}

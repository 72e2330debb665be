/* What is another in a state than in the one before: whole elements and cells, compared as the lines that alignment_state writes. */
#include "api/alignment.h"

#include "base/json_out.h"

static struct str item_of(struct str line) {
  return str_starts(line, STR(",")) ? str_from(line, 1) : line;
}

static bool in_list(struct str line) {
  return line.p && !str_starts(line, STR("]"));
}

/* Both cursors stand behind the line that opened the list, and are moved behind the one that closes it. Sources are the same in both, so lines answer each other; where they do not, too much is told, never too little. */
static void write_changed(struct json_out *out, const char *key, struct str *before, struct str *after) {
  json_out_member_array(out, key);
  struct str was = str_take(before, '\n');
  for (struct str is = str_take(after, '\n'); in_list(is); is = str_take(after, '\n')) {
    if (!in_list(was) || !str_eq(item_of(was), item_of(is))) json_out_raw(out, item_of(is));
    if (in_list(was)) was = str_take(before, '\n');
  }
  while (in_list(was)) was = str_take(before, '\n');
  json_out_end(out);
}

bool alignment_changes(const struct alignment *alignment, struct str before, struct str after, struct buf *buf) {
  struct json_out out = JSON_OUT_INIT(buf);
  json_out_object(&out);
  json_out_member_str(&out, "id", alignment->id);
  json_out_member_int(&out, "version", alignment->version);
  (void)str_take(&before, '\n');
  (void)str_take(&after, '\n');
  write_changed(&out, "elements", &before, &after);
  write_changed(&out, "cells", &before, &after);
  (void)buf_add(buf, str_take(&after, '\n')); /* coverage, judged and warnings, with the comma before them */
  json_out_end(&out);
  return !buf->full;
}

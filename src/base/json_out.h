/* json_out: writes JSON into a buf, piece by piece; the writer puts the commas.
 *
 * What holds always: output is UTF-8 (broken bytes become U+FFFD), no spaces, members in the order written. `</` is written `<\/`, so that
 * the text may stand in a page. Whether everything fitted is asked once at the end: `buf->full`. Nesting up to 63 levels; deeper sets `full`.
 *
 *   struct json_out out = JSON_OUT_INIT(&buf);
 *   json_out_object(&out); json_out_member_str(&out, "name", name); json_out_end(&out); */
#ifndef DRAWBRIDGE_BASE_JSON_OUT_H
#define DRAWBRIDGE_BASE_JSON_OUT_H

#include "base/buf.h"

struct json_out {
  struct buf *buf;
  uint64_t filled;   /* bit per level: something stands there already */
  uint64_t is_array; /* bit per level */
  unsigned depth;
  bool after_key;
};

#define JSON_OUT_INIT(target) ((struct json_out){.buf = (target)})

void json_out_object(struct json_out *out);
void json_out_array(struct json_out *out);
void json_out_end(struct json_out *out); /* of the innermost object or array */
void json_out_key(struct json_out *out, struct str key);

void json_out_str(struct json_out *out, struct str value); /* p == NULL writes null */
void json_out_int(struct json_out *out, int64_t value);
void json_out_number(struct json_out *out, double value); /* shortest form that reads back the same; not finite: null */
void json_out_bool(struct json_out *out, bool value);
void json_out_null(struct json_out *out);
void json_out_raw(struct json_out *out, struct str json); /* one value that is JSON already */

void json_out_member_str(struct json_out *out, const char *key, struct str value);
void json_out_member_strs(struct json_out *out, const char *key, const struct str *list, size_t count);
void json_out_member_int(struct json_out *out, const char *key, int64_t value);
void json_out_member_number(struct json_out *out, const char *key, double value);
void json_out_member_bool(struct json_out *out, const char *key, bool value);
void json_out_member_time(struct json_out *out, const char *key, int64_t ms); /* RFC 3339 in UTC, as clock_format writes it */
void json_out_member_object(struct json_out *out, const char *key);
void json_out_member_array(struct json_out *out, const char *key);
void json_out_member_raw(struct json_out *out, const char *key, struct str json); /* one value that is JSON already */

#endif

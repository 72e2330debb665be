#include "base/json_doc.h"

struct str json_text(const json_t *object, const char *key) {
  const json_t *value = json_object_get(object, key);
  return json_is_string(value) ? (struct str){json_string_value(value), json_string_length(value)} : STR_NONE;
}

struct str json_text_copy(struct arena *arena, const json_t *object, const char *key) {
  struct str text = json_text(object, key);
  return text.p ? arena_str(arena, text) : STR_NONE;
}

struct str json_part_copy(struct arena *arena, const json_t *object, const char *key) {
  const json_t *part = json_object_get(object, key);
  char *text = part ? json_dumps(part, JSON_COMPACT) : NULL;
  struct str copy = text ? arena_str(arena, str_of(text)) : STR_NONE;
  free(text);
  return copy;
}

static json_t *read_by(struct str text, size_t flags) {
  return json_loadb(text.n ? text.p : "", text.n, flags, NULL);
}

json_t *json_doc_read(struct str text) {
  return read_by(text, 0);
}

json_t *json_doc_read_strictly(struct str text) {
  return read_by(text, JSON_REJECT_DUPLICATES);
}

uint64_t json_count(const json_t *object, const char *key) {
  json_int_t n = json_integer_value(json_object_get(object, key));
  return n > 0 ? (uint64_t)n : 0;
}

#include "base/json_doc.h"

struct str json_text(const json_t *object, const char *key) {
  const json_t *value = json_object_get(object, key);
  return json_is_string(value) ? (struct str){json_string_value(value), json_string_length(value)} : STR_NONE;
}

struct str json_text_copy(struct arena *arena, const json_t *object, const char *key) {
  struct str text = json_text(object, key);
  return text.p ? arena_str(arena, text) : STR_NONE;
}

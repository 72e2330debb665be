#include "base/json_doc.h"

struct str json_text(const json_t *object, const char *key) {
  const json_t *value = json_object_get(object, key);
  return json_is_string(value) ? (struct str){json_string_value(value), json_string_length(value)} : STR_NONE;
}

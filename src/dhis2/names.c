#include "dhis2/names.h"

#include "base/json_doc.h"
#include "dhis2/uid.h"
#include <jansson.h>

enum { IDS_OF_A_CALL = 150, PATH_MAX_BYTES = 4096 };

static int ask(struct dhis2_server *server, const char *list, struct str path, void (*each)(void *payload, struct str id, struct str name),
               void *payload, struct error *error) {
  struct arena *arena = arena_new();
  struct str body;
  int result = dhis2_get(server, path, arena, &body, error);
  json_t *root = result == 0 ? json_loadb(body.p, body.n, 0, NULL) : NULL;
  const json_t *found = json_object_get(root, list);
  for (size_t i = 0; i < json_array_size(found); i++)
    each(payload, json_text(json_array_get(found, i), "id"), json_text(json_array_get(found, i), "name"));
  json_decref(root);
  arena_free(arena);
  return result;
}

int dhis2_names(struct dhis2_server *server, const char *list, const struct str *ids, size_t count,
                void (*each)(void *payload, struct str id, struct str name), void *payload, struct error *error) {
  struct buf path = BUF_INIT(PATH_MAX_BYTES);
  int result = 0;
  if (count > DHIS2_NAMES_MAX) count = DHIS2_NAMES_MAX;
  for (size_t at = 0; result == 0 && at < count;) {
    size_t asked = 0;
    buf_clear(&path);
    (void)buf_printf(&path, "/api/%s?paging=false&fields=id,name&filter=id:in:%%5B", list);
    for (; at < count && asked < IDS_OF_A_CALL; at++) {
      if (!dhis2_is_uid(ids[at])) continue;
      if (asked++) (void)buf_add_char(&path, ',');
      (void)buf_add(&path, ids[at]);
    }
    (void)buf_add(&path, STR("%5D"));
    if (asked) result = ask(server, list, buf_str(&path), each, payload, error);
  }
  buf_free(&path);
  return result;
}

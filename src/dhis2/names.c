#include "dhis2/names.h"

#include "base/json_doc.h"
#include "dhis2/metadata.h"
#include "dhis2/uid.h"
#include <jansson.h>

enum { IDS_OF_A_CALL = 150, PATH_MAX_BYTES = 4096 };

/* What it is called in the locale. Every release gives the translations; only some take the locale as a parameter, each in its own way. */
static struct str name_of(const json_t *object, struct str locale) {
  const json_t *translations = json_object_get(object, "translations");
  struct str name = json_text(object, "name");
  for (size_t i = 0; locale.n && i < json_array_size(translations); i++) {
    const json_t *one = json_array_get(translations, i);
    struct str into = json_text(one, "locale"), value = json_text(one, "value");
    if (!value.n || !str_eq(json_text(one, "property"), STR("NAME")) || !dhis2_locale_fits(into, locale)) continue;
    name = value;
    if (into.n == locale.n) break;
  }
  return name;
}

struct asking {
  struct dhis2_server *server;
  const char *list;
  struct str locale;
  void (*each)(void *payload, struct str id, struct str name);
  void *payload;
};

static int ask(const struct asking *a, struct str path, struct error *error) {
  struct arena *arena = arena_new();
  struct str body;
  int result = dhis2_get(a->server, path, arena, &body, error);
  json_t *root = result == 0 ? json_loadb(body.p, body.n, 0, NULL) : NULL;
  const json_t *found = json_object_get(root, a->list);
  for (size_t i = 0; i < json_array_size(found); i++) {
    const json_t *object = json_array_get(found, i);
    a->each(a->payload, json_text(object, "id"), name_of(object, a->locale));
  }
  json_decref(root);
  arena_free(arena);
  return result;
}

int dhis2_names(struct dhis2_server *server, const char *list, const struct str *ids, size_t count, struct str locale,
                void (*each)(void *payload, struct str id, struct str name), void *payload, struct error *error) {
  const struct asking asking = {server, list, locale, each, payload};
  struct buf path = BUF_INIT(PATH_MAX_BYTES);
  int result = 0;
  if (count > DHIS2_NAMES_MAX) count = DHIS2_NAMES_MAX;
  for (size_t at = 0; result == 0 && at < count;) {
    size_t asked = 0;
    buf_clear(&path);
    (void)buf_printf(&path, "/api/%s?paging=false&fields=id,name%s&filter=id:in:%%5B", list, locale.n ? ",translations" : "");
    for (; at < count && asked < IDS_OF_A_CALL; at++) {
      if (!dhis2_is_uid(ids[at])) continue;
      if (asked++) (void)buf_add_char(&path, ',');
      (void)buf_add(&path, ids[at]);
    }
    (void)buf_add(&path, STR("%5D"));
    if (asked) result = ask(&asking, buf_str(&path), error);
  }
  buf_free(&path);
  return result;
}

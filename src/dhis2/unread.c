#include "dhis2/unread.h"

#include "base/json_doc.h"
#include "dhis2/data_values.h"
#include "dhis2/id_list.h"

/* The option of the combo that may not be read. NULL: all may. */
static const json_t *unread_option(const json_t *option_combo) {
  const json_t *options = json_object_get(option_combo, "categoryOptions");
  for (size_t i = 0; i < json_array_size(options); i++) {
    const json_t *option = json_array_get(options, i);
    if (!json_is_true(json_object_get(json_object_get(json_object_get(option, "access"), "data"), "read"))) return option;
  }
  return NULL;
}

static void look_at_set(const json_t *set, struct arena *arena, struct map *ret) {
  const json_t *list = json_object_get(json_object_get(set, "categoryCombo"), "categoryOptionCombos");
  for (size_t i = 0; i < json_array_size(list); i++) {
    const json_t *option_combo = json_array_get(list, i), *option = unread_option(option_combo);
    struct str name = json_text(option, "name");
    if (!option) continue;
    struct str *kept = ARENA_NEW(arena, struct str);
    *kept = arena_str(arena, name.n ? name : json_text(option, "id"));
    (void)map_put(ret, arena_str(arena, json_text(option_combo, "id")), kept);
  }
}

static const json_t *set_of(const json_t *list, struct str id) {
  for (size_t i = 0; i < json_array_size(list); i++)
    if (str_eq(json_text(json_array_get(list, i), "id"), id)) return json_array_get(list, i);
  return NULL;
}

static int look(struct dhis2_server *server, struct str json, const struct str *data_sets, size_t count, struct arena *arena,
                struct map *ret, struct error *error) {
  json_t *root = json_doc_read(json);
  const json_t *list = json_object_get(root, "dataSets"), *set;
  int result = 0;
  for (size_t i = 0; result == 0 && i < count; i++)
    if ((set = set_of(list, data_sets[i])) &&
        json_array_size(json_object_get(json_object_get(set, "categoryCombo"), "categoryOptionCombos")))
      look_at_set(set, arena, ret);
    else
      result = error_set(error, ERROR_upstream_broken, "the server %.*s does not tell which attribute option combos the data set %.*s has",
                         STR_ARG(dhis2_server_id(server)), STR_ARG(data_sets[i]));
  json_decref(root);
  return result;
}

int dhis2_unread_attributes(struct dhis2_server *server, const struct str *data_sets, size_t count, const atomic_bool *cancel,
                            struct arena *arena, struct map *ret, struct error *error) {
  for (size_t at = 0; at < count; at += DHIS2_IDS_PER_CALL) {
    size_t part = dhis2_ids_part(at, count);
    struct str json, path = arena_printf(arena,
                                         "/api/metadata?dataSets:filter=id:in:%.*s&dataSets:fields=id,categoryCombo%%5Bid,"
                                         "categoryOptionCombos%%5Bid,categoryOptions%%5Bid,name,access%%5Bdata%%5Bread%%5D%%5D%%5D%%5D%%5D",
                                         STR_ARG(dhis2_ids_array(arena, data_sets + at, part)));
    for (unsigned number = 1; dhis2_get(server, path, arena, &json, error) || look(server, json, data_sets + at, part, arena, ret, error);
         number++)
      if (!dhis2_try_again(number, error, cancel)) return -1;
  }
  return 0;
}

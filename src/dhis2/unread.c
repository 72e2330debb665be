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

/* `seen`: all that were told of. */
static void look_at_list(const json_t *list, struct arena *arena, struct map *seen, struct map *ret) {
  for (size_t i = 0; i < json_array_size(list); i++) {
    const json_t *option_combo = json_array_get(list, i), *option = unread_option(option_combo);
    struct str name = json_text(option, "name"), id = arena_str(arena, json_text(option_combo, "id"));
    (void)map_put(seen, id, seen);
    if (!option) continue;
    struct str *kept = ARENA_NEW(arena, struct str);
    *kept = arena_str(arena, name.n ? name : json_text(option, "id"));
    (void)map_put(ret, id, kept);
  }
}

static const json_t *set_of(const json_t *list, struct str id) {
  for (size_t i = 0; i < json_array_size(list); i++)
    if (str_eq(json_text(json_array_get(list, i), "id"), id)) return json_array_get(list, i);
  return NULL;
}

static int look(struct dhis2_server *server, struct str json, const struct str *data_sets, size_t count, struct arena *arena,
                struct map *seen, struct map *ret, struct error *error) {
  json_t *root = json_doc_read(json);
  const json_t *list = json_object_get(root, "dataSets"), *set;
  int result = 0;
  for (size_t i = 0; result == 0 && i < count; i++)
    if ((set = set_of(list, data_sets[i])) &&
        json_array_size(json_object_get(json_object_get(set, "categoryCombo"), "categoryOptionCombos")))
      look_at_list(json_object_get(json_object_get(set, "categoryCombo"), "categoryOptionCombos"), arena, seen, ret);
    else
      result = error_set(error, ERROR_upstream_broken, "the server %.*s does not tell which attribute option combos the data set %.*s has",
                         STR_ARG(dhis2_server_id(server)), STR_ARG(data_sets[i]));
  json_decref(root);
  return result;
}

static int ask_sets(struct dhis2_server *server, const struct str *data_sets, size_t count, const atomic_bool *cancel, struct arena *arena,
                    struct map *seen, struct map *ret, struct error *error) {
  for (size_t at = 0; at < count; at += DHIS2_IDS_PER_CALL) {
    size_t part = dhis2_ids_part(at, count);
    struct str json, path = arena_printf(arena,
                                         "/api/metadata?dataSets:filter=id:in:%.*s&dataSets:fields=id,categoryCombo%%5Bid,"
                                         "categoryOptionCombos%%5Bid,categoryOptions%%5Bid,name,access%%5Bdata%%5Bread%%5D%%5D%%5D%%5D%%5D",
                                         STR_ARG(dhis2_ids_array(arena, data_sets + at, part)));
    for (unsigned number = 1;
         dhis2_get(server, path, arena, &json, error) || look(server, json, data_sets + at, part, arena, seen, ret, error); number++)
      if (!dhis2_try_again(number, error, cancel)) return -1;
  }
  return 0;
}

/* Those of other category combinations. One that is not told of cannot be read either. */
static int ask_others(struct dhis2_server *server, const struct str *ids, size_t count, const atomic_bool *cancel, struct arena *arena,
                      struct map *seen, struct map *ret, struct error *error) {
  for (size_t at = 0; at < count; at += DHIS2_IDS_PER_CALL) {
    struct str json, path = arena_printf(arena,
                                         "/api/categoryOptionCombos?paging=false&filter=id:in:%.*s&fields=id,categoryOptions%%5Bid,name,"
                                         "access%%5Bdata%%5Bread%%5D%%5D%%5D",
                                         STR_ARG(dhis2_ids_array(arena, ids + at, dhis2_ids_part(at, count))));
    for (unsigned number = 1; dhis2_get(server, path, arena, &json, error); number++)
      if (!dhis2_try_again(number, error, cancel)) return -1;
    json_t *root = json_doc_read(json);
    look_at_list(json_object_get(root, "categoryOptionCombos"), arena, seen, ret);
    json_decref(root);
  }
  for (size_t i = 0; i < count; i++)
    if (!map_get(seen, ids[i]))
      return error_set(
          error, ERROR_input,
          "the source, %.*s, has no attribute option combo %.*s, which the mapping names: take its pair out of the mapping, or "
          "align the attribute option combos again",
          STR_ARG(dhis2_server_id(server)), STR_ARG(ids[i]));
  return 0;
}

int dhis2_unread_attributes(struct dhis2_server *server, const struct str *data_sets, size_t count, const struct str *named,
                            size_t named_count, const atomic_bool *cancel, struct arena *arena, struct map *ret, struct error *error) {
  struct map seen = {0};
  struct str *others = ARENA_ARRAY(arena, named_count + 1, struct str);
  size_t n = 0;
  int result = ask_sets(server, data_sets, count, cancel, arena, &seen, ret, error);
  for (size_t i = 0; result == 0 && i < named_count; i++)
    if (!map_get(&seen, named[i])) others[n++] = named[i];
  n = str_sorted_set(others, n);
  if (result == 0 && n) result = ask_others(server, others, n, cancel, arena, &seen, ret, error);
  map_free(&seen);
  return result;
}

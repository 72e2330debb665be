#include "dhis2/id_list.h"

#include "base/buf.h"

enum { LIST_MAX = DHIS2_IDS_PER_CALL * 300 };

size_t dhis2_ids_part(size_t at, size_t count) {
  return count - at < DHIS2_IDS_PER_CALL ? count - at : DHIS2_IDS_PER_CALL;
}

struct str dhis2_ids(struct arena *arena, const struct str *ids, size_t count) {
  struct buf list = BUF_INIT(LIST_MAX);
  for (size_t i = 0; i < count; i++) (void)buf_printf(&list, "%s%.*s", i ? "," : "", STR_ARG(ids[i]));
  struct str text = arena_str(arena, buf_str(&list));
  buf_free(&list);
  return text;
}

struct str dhis2_ids_array(struct arena *arena, const struct str *ids, size_t count) {
  return arena_printf(arena, "%%5B%.*s%%5D", STR_ARG(dhis2_ids(arena, ids, count)));
}

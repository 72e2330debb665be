/* What the engine looked at for each proposal: more than half of a state, and wanted for one element at a time. */
#include "api/alignment.h"

#include "base/json_doc.h"
#include <jansson.h>

static const struct str opens = {",\"features\":[", 13};

/* No text holds these bytes, since a quote in one has a backslash before it; and what a feature says holds no bracket. */
bool alignment_without_features(struct str state, struct buf *out) {
  for (size_t at; (at = str_find(state, opens)) != SIZE_MAX;) {
    (void)buf_add(out, str_slice(state, 0, at));
    state = str_from(state, at + opens.n);
    (void)str_take(&state, ']');
  }
  return buf_add(out, state);
}

/* Its line. NULL: there is none, or the state is kept in a form that has no lines yet: the next decision writes it anew. */
static json_t *find_element(struct str state, struct str element) {
  struct buf begins = BUF_INIT(4096);
  struct json_out out = JSON_OUT_INIT(&begins);
  json_t *found = NULL;
  (void)buf_add(&begins, STR("{\"source\":{\"id\":"));
  json_out_str(&out, element);
  while (state.p && !found) {
    struct str line = str_take(&state, '\n');
    if (str_starts(line, STR(","))) line = str_from(line, 1);
    if (str_starts(line, buf_str(&begins))) found = json_doc_read(line);
  }
  buf_free(&begins);
  return found;
}

bool alignment_features(struct str state, struct str element, struct buf *buf) {
  struct json_out out = JSON_OUT_INIT(buf);
  json_t *found = find_element(state, element), *proposal;
  size_t i;
  json_out_object(&out);
  json_out_member_str(&out, "source_data_element", element);
  json_out_member_array(&out, "proposals");
  json_array_foreach(json_object_get(found, "proposals"), i, proposal) {
    char *features = json_dumps(json_object_get(proposal, "features"), JSON_COMPACT);
    json_out_object(&out);
    json_out_member_str(&out, "target", json_text(json_object_get(proposal, "target"), "id"));
    json_out_member_raw(&out, "features", features ? str_of(features) : STR("[]"));
    json_out_end(&out);
    free(features);
  }
  json_out_end(&out);
  json_out_end(&out);
  json_decref(found);
  return !buf->full;
}

/* What the engine looked at for each proposal: more than half of a state, and wanted for one element at a time; and the many parts of a divided cell, which few want to see. */
#include "api/alignment.h"

#include "base/json_doc.h"
#include <jansson.h>

static const struct str opens_features = {",\"features\":[", 13}, opens_parts = {",\"divided\":[", 12};

static size_t find_from(struct str state, struct str needle, size_t from) {
  size_t at = str_find(str_from(state, from), needle);
  return at == SIZE_MAX ? at : from + at;
}

static size_t behind_text(struct str json, size_t at) {
  for (at++; at < json.n && json.p[at] != '"'; at++) at += json.p[at] == '\\';
  return at + 1;
}

/* Behind the texts of a list that begin there; `ret_shown`: behind those that are shown. */
static size_t behind_parts(struct str json, size_t at, size_t *ret_shown) {
  *ret_shown = at;
  for (size_t n = 0; at < json.n && json.p[at] == '"'; n++) {
    at = behind_text(json, at);
    if (n < ALIGNMENT_PARTS_SHOWN) *ret_shown = at;
    at += at < json.n && json.p[at] == ',';
  }
  return at;
}

/* No text holds what they begin with, since a quote in one has a backslash before it; and what a feature says holds no bracket. */
bool alignment_shortened(struct str state, struct buf *out) {
  size_t from = 0, feature = find_from(state, opens_features, 0), part = find_from(state, opens_parts, 0), end;
  while (feature != SIZE_MAX || part != SIZE_MAX)
    if (feature < part) {
      (void)buf_add(out, str_slice(state, from, feature));
      end = find_from(state, STR("]"), feature + opens_features.n);
      from = end == SIZE_MAX ? state.n : end + 1;
      feature = find_from(state, opens_features, from);
    } else {
      size_t next = behind_parts(state, part + opens_parts.n, &end);
      (void)buf_add(out, str_slice(state, from, end));
      part = find_from(state, opens_parts, from = next);
    }
  return buf_add(out, str_from(state, from));
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

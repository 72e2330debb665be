#include "api/alignment_shown.h"

#include "base/arena.h"
#include "base/json_doc.h"
#include "base/map.h"

struct alignment_shown {
  struct arena *arena;
  struct map lines; /* "element", "element coc" to a boxed line */
};

static const struct str element_start = {"{\"source\":{\"id\":\"", 17};
static const struct str cell_start = {"{\"source_data_element\":\"", 24};

/* An id as it stands in JSON; ids with escapes are rare enough to be passed over. */
static struct str take_id(struct str *rest) {
  struct str id = str_take(rest, '"');
  return str_find_char(id, '\\') == SIZE_MAX ? id : STR_NONE;
}

static void index_line(struct alignment_shown *shown, struct str line) {
  struct str key, rest = line;
  if (str_starts(line, element_start)) {
    rest = str_from(line, element_start.n);
    key = take_id(&rest);
  } else if (str_starts(line, cell_start)) {
    static const struct str between = {",\"source\":{\"id\":\"", 17};
    rest = str_from(line, cell_start.n);
    struct str element = take_id(&rest);
    if (!str_starts(rest, between)) return;
    rest = str_from(rest, between.n);
    struct str coc = take_id(&rest);
    key = element.n && coc.n ? arena_printf(shown->arena, "%.*s %.*s", STR_ARG(element), STR_ARG(coc)) : STR_NONE;
  } else {
    return;
  }
  struct str *boxed = ARENA_NEW(shown->arena, struct str);
  *boxed = line;
  if (key.n) (void)map_put(&shown->lines, key, boxed);
}

struct alignment_shown *alignment_shown_new(struct str state) {
  struct arena *arena = arena_new();
  struct alignment_shown *shown = ARENA_NEW(arena, struct alignment_shown);
  *shown = (struct alignment_shown){.arena = arena};
  while (state.p) {
    struct str line = str_take(&state, '\n');
    index_line(shown, str_starts(line, STR(",")) ? str_from(line, 1) : line);
  }
  return shown;
}

void alignment_shown_free(struct alignment_shown *shown) {
  map_free(&shown->lines);
  arena_free(shown->arena);
}

static struct str targets_of(const json_t *element, struct arena *arena, double *ret_confidence) {
  const json_t *proposals = json_object_get(element, "proposals");
  struct str targets = STR_NONE;
  size_t count = 0;
  for (size_t i = 0; i < json_array_size(proposals); i++) {
    const json_t *proposal = json_array_get(proposals, i);
    struct str id = json_text(json_object_get(proposal, "target"), "id");
    double confidence = json_number_value(json_object_get(proposal, "confidence"));
    if (str_eq(json_text(proposal, "decision"), STR("candidate"))) continue;
    targets = alignment_proposed_add(arena, targets, id);
    if (!count++ || confidence < *ret_confidence) *ret_confidence = confidence;
    if (count > ALIGNMENT_PROPOSED_MAX) return STR_NONE;
  }
  return targets;
}

struct str alignment_shown_proposal(struct alignment_shown *shown, struct str element, struct arena *arena, double *ret_confidence) {
  const struct str *line = map_get(&shown->lines, element);
  json_t *root = line ? json_loadb(line->p, line->n, 0, NULL) : NULL;
  bool open = str_eq(json_text(json_object_get(root, "decision"), "state"), STR("proposed"));
  struct str targets = open ? targets_of(root, arena, ret_confidence) : STR_NONE;
  json_decref(root);
  return targets;
}

static double of_element(const json_t *element, const struct decision *what) {
  const json_t *proposals = json_object_get(element, "proposals");
  for (size_t i = 0; i < json_array_size(proposals); i++) {
    const json_t *proposal = json_array_get(proposals, i);
    if (str_eq(json_text(json_object_get(proposal, "target"), "id"), what->target_data_element))
      return json_number_value(json_object_get(proposal, "confidence"));
  }
  return 0;
}

/* What a person had put there already is no proposal. */
static double of_cell(const json_t *cell, const struct decision *what) {
  const json_t *terms = json_object_get(cell, "terms");
  for (size_t i = 0; i < json_array_size(terms) && !json_is_true(json_object_get(cell, "decided")); i++) {
    const json_t *term = json_array_get(terms, i);
    if (str_eq(json_text(term, "target_data_element"), what->target_data_element) &&
        str_eq(json_text(json_object_get(term, "target"), "id"), what->target_category_option_combo))
      return json_number_value(json_object_get(term, "confidence"));
  }
  return 0;
}

double alignment_shown_confidence(struct alignment_shown *shown, const struct decision *what) {
  if (what->verdict == DECISION_NONE) return 0;
  struct str key = what->operand ? arena_printf(shown->arena, "%.*s %.*s", STR_ARG(what->source_data_element),
                                                STR_ARG(what->source_category_option_combo))
                                 : what->source_data_element;
  const struct str *line = map_get(&shown->lines, key);
  json_t *root = line ? json_loadb(line->p, line->n, 0, NULL) : NULL;
  double confidence = what->operand ? of_cell(root, what) : of_element(root, what);
  json_decref(root);
  return confidence;
}

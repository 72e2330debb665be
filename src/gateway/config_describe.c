/* The table of keys for people: config_describe of config.h. */
#include "gateway/config_table.h"

/* What is written there, for people. */
static const char *type_of(const struct directive *d) {
  static const char *const types[] = {[DIRECTIVE_TEXT] = "text",
                                      [DIRECTIVE_ID] = "id",
                                      [DIRECTIVE_URL] = "address",
                                      [DIRECTIVE_FILE] = "file",
                                      [DIRECTIVE_LISTEN] = "address:port",
                                      [DIRECTIVE_STORE] = "store",
                                      [DIRECTIVE_NUMBER] = "number",
                                      [DIRECTIVE_SIZE] = "size",
                                      [DIRECTIVE_DURATION] = "duration",
                                      [DIRECTIVE_BOOL] = "true or false",
                                      [DIRECTIVE_CHOICE] = "one word",
                                      [DIRECTIVE_KINDS] = "list of words",
                                      [DIRECTIVE_SECRET] = "secret",
                                      [DIRECTIVE_SECTION] = "group",
                                      [DIRECTIVE_SECTIONS] = "list of groups"};
  static const char *const lists[] = {
      [ITEM_TEXT] = "list of texts",          [ITEM_ORIGIN] = "list of origins", [ITEM_URL] = "list of addresses",
      [ITEM_LISTEN] = "list of address:port", [ITEM_RANGE] = "list of ranges",   [ITEM_METHOD] = "list of methods",
      [ITEM_PATTERN] = "list of patterns"};
  return d->kind == DIRECTIVE_TEXTS ? lists[d->item] : types[d->kind];
}

static struct str range_of(const struct directive *d, struct arena *arena) {
  struct str words = STR("");
  if (d->kind == DIRECTIVE_NUMBER || d->kind == DIRECTIVE_SIZE || d->kind == DIRECTIVE_DURATION)
    return arena_printf(arena, "%s to %s", directive_bound(arena, d, d->min), directive_bound(arena, d, d->max));
  for (size_t i = 0; d->kind == DIRECTIVE_CHOICE && d->choices[i]; i++)
    words = arena_printf(arena, "%.*s%s%s", STR_ARG(words), i ? ", " : "", d->choices[i]);
  return words;
}

static void describe(const struct section *section, struct str prefix, struct arena *arena, void (*line)(void *payload, struct str text),
                     void *payload) {
  for (size_t i = 0; i < section->count; i++) {
    const struct directive *d = &section->directives[i];
    struct str name = arena_printf(arena, "%.*s%s", STR_ARG(prefix), d->name);
    line(payload, arena_printf(arena, "| `%.*s` | %s | %s | %.*s | %s |", STR_ARG(name), type_of(d),
                               d->required   ? "required"
                               : d->fallback ? d->fallback
                                             : "",
                               STR_ARG(range_of(d, arena)), d->doc));
    if (d->kind == DIRECTIVE_SECTION) describe(d->section, arena_printf(arena, "%.*s.", STR_ARG(name)), arena, line, payload);
    if (d->kind == DIRECTIVE_SECTIONS) describe(d->section, arena_printf(arena, "%.*s[].", STR_ARG(name)), arena, line, payload);
  }
}

void config_describe(void (*line)(void *payload, struct str text), void *payload) {
  struct arena *arena = arena_new();
  line(payload, STR("| key | type | default | range | meaning |"));
  line(payload, STR("|---|---|---|---|---|"));
  describe(config_table(), STR_NONE, arena, line, payload);
  arena_free(arena);
}

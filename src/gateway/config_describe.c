/* What the table of keys says besides: config_describe and config_restart of config.h. */
#include "gateway/config_table.h"

static const char *item_type_of(enum directive_item item) {
  switch (item) {
  case ITEM_TEXT: return "list of texts";
  case ITEM_ORIGIN: return "list of origins";
  case ITEM_URL: return "list of addresses";
  case ITEM_LISTEN: return "list of address:port";
  case ITEM_RANGE: return "list of ranges";
  case ITEM_METHOD: return "list of methods";
  case ITEM_PATTERN: return "list of patterns";
  }
  return "list";
}

/* What is written there, for people. No default: a new kind is not forgotten. */
static const char *type_of(const struct directive *d) {
  switch (d->kind) {
  case DIRECTIVE_TEXT: return "text";
  case DIRECTIVE_ID: return "id";
  case DIRECTIVE_URL:
  case DIRECTIVE_ISSUER: return "address";
  case DIRECTIVE_PATH: return "path";
  case DIRECTIVE_HEADER: return "header";
  case DIRECTIVE_FILE: return "file";
  case DIRECTIVE_LISTEN: return "address:port";
  case DIRECTIVE_STORE: return "store";
  case DIRECTIVE_NUMBER: return "number";
  case DIRECTIVE_SIZE: return "size";
  case DIRECTIVE_DURATION: return "duration";
  case DIRECTIVE_BOOL: return "true or false";
  case DIRECTIVE_CHOICE: return "one word";
  case DIRECTIVE_TEXTS: return item_type_of(d->item);
  case DIRECTIVE_KINDS: return "list of words";
  case DIRECTIVE_SECRET: return "secret";
  case DIRECTIVE_SECTION: return "group";
  case DIRECTIVE_SECTIONS: return "list of groups";
  }
  return "text";
}

static struct str range_of(const struct directive *d, struct arena *arena) {
  struct str words = STR("");
  if (d->kind == DIRECTIVE_NUMBER || d->kind == DIRECTIVE_SIZE || d->kind == DIRECTIVE_DURATION)
    return arena_printf(arena, "%s to %s", directive_bound(arena, d, d->min), directive_bound(arena, d, d->max));
  if (d->max && d->kind <= DIRECTIVE_STORE) return arena_printf(arena, "up to %lld bytes", (long long)d->max);
  if (d->kind == DIRECTIVE_SECTIONS) return arena_printf(arena, "up to %lld", (long long)d->max);
  for (size_t i = 0; d->kind == DIRECTIVE_CHOICE && d->choices[i]; i++)
    words = arena_printf(arena, "%.*s%s%s", STR_ARG(words), i ? ", " : "", d->choices[i]);
  return words;
}

/* Of a group or a list of them there is none: its keys have theirs. */
static const char *example_of(const struct directive *d) {
  return d->example ? d->example : d->fallback ? d->fallback : "";
}

static void describe(const struct section *section, struct str prefix, struct arena *arena, void (*line)(void *payload, struct str text),
                     void *payload) {
  for (size_t i = 0; i < section->count; i++) {
    const struct directive *d = &section->directives[i];
    struct str name = arena_printf(arena, "%.*s%s", STR_ARG(prefix), d->name);
    const char *example = example_of(d), *mark = *example ? "`" : "";
    line(payload, arena_printf(arena, "| `%.*s` | %s | %s | %.*s | %s | %s%s%s | %s |", STR_ARG(name), type_of(d),
                               d->required   ? "required"
                               : d->fallback ? d->fallback
                                             : "",
                               STR_ARG(range_of(d, arena)), d->doc, mark, example, mark,
                               d->section   ? ""
                               : d->restart ? "restart"
                                            : "reload"));
    if (d->kind == DIRECTIVE_SECTION) describe(d->section, arena_printf(arena, "%.*s.", STR_ARG(name)), arena, line, payload);
    if (d->kind == DIRECTIVE_SECTIONS) describe(d->section, arena_printf(arena, "%.*s[].", STR_ARG(name)), arena, line, payload);
  }
}

void config_describe(void (*line)(void *payload, struct str text), void *payload) {
  struct arena *arena = arena_new();
  line(payload, STR("| key | type | default | range | meaning | example | taken over by |"));
  line(payload, STR("|---|---|---|---|---|---|---|"));
  describe(config_table(), STR_NONE, arena, line, payload);
  arena_free(arena);
}

static bool same(const struct directive *d, const struct config *before, const struct config *after) {
  const char *a = (const char *)before + d->offset, *b = (const char *)after + d->offset;
  if (d->kind != DIRECTIVE_TEXTS)
    return d->kind <= DIRECTIVE_STORE ? str_eq(*(const struct str *)a, *(const struct str *)b) : *(const int64_t *)a == *(const int64_t *)b;
  const struct config_texts *x = (const struct config_texts *)a, *y = (const struct config_texts *)b;
  bool equal = x->n == y->n;
  for (size_t i = 0; equal && i < x->n; i++) equal = str_eq(x->p[i], y->p[i]);
  return equal;
}

static struct str changed(const struct section *section, const char *prefix, const struct config *before, const struct config *after,
                          struct str names, struct arena *arena) {
  for (size_t i = 0; i < section->count; i++) {
    const struct directive *d = &section->directives[i];
    if (d->kind == DIRECTIVE_SECTION) names = changed(d->section, arena_printf(arena, "%s.", d->name).p, before, after, names, arena);
    if (d->restart && !same(d, before, after))
      names = arena_printf(arena, "%.*s%s%s%s", STR_ARG(names), names.n ? ", " : "", prefix, d->name);
  }
  return names;
}

struct str config_restart(const struct config *before, const struct config *after, struct arena *arena) {
  return changed(config_table(), "", before, after, STR_NONE, arena);
}

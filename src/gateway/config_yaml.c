#include "gateway/config_yaml.h"

#include "base/mem.h"
#include <libfyaml.h>

enum { NODES_MAX = 10000, DEPTH_MAX = 16, BYTES_MAX = 1 << 20 };

struct level {
  struct yaml *node, *last, *key; /* what is open, its newest child, a key that waits for its value */
};

struct reading {
  struct arena *arena;
  struct fy_parser *parser;
  struct level levels[DEPTH_MAX + 1];
  size_t depth, nodes;
  struct yaml *root;
  unsigned line, column;
};

static int refuse(struct reading *r, const struct fy_mark *mark, struct error *error, const char *what) {
  if (mark) {
    r->line = (unsigned)mark->line + 1;
    r->column = (unsigned)mark->column + 1;
  }
  return error_set(error, ERROR_configuration, "%s", what);
}

static bool has_key(const struct yaml *mapping, struct str key) {
  for (const struct yaml *child = mapping->first; child; child = child->next)
    if (child->key && str_eq(child->key->text, key)) return true;
  return false;
}

static int attach(struct reading *r, struct yaml *node, const struct fy_mark *mark, struct error *error) {
  struct level *top = r->depth ? &r->levels[r->depth] : NULL;
  if (!top) {
    if (r->root) return refuse(r, mark, error, "a second document: write one");
    r->root = node;
    return 0;
  }
  if (top->node->kind == YAML_MAPPING && !top->key) {
    if (node->kind != YAML_SCALAR) return refuse(r, mark, error, "a key must be a plain word");
    if (has_key(top->node, node->text)) return refuse(r, mark, error, "this key stands here twice");
    top->key = node;
    return 0;
  }
  node->key = top->key;
  top->key = NULL;
  if (top->last)
    top->last->next = node;
  else
    top->node->first = node;
  top->last = node;
  return 0;
}

static int add(struct reading *r, enum yaml_kind kind, struct fy_token *text, struct fy_token *anchor, struct fy_token *tag,
               const struct fy_mark *mark, struct error *error) {
  if (anchor) return refuse(r, mark, error, "anchors and aliases are not read here: write it out");
  if (tag) return refuse(r, mark, error, "tags (!…) are not read here");
  if (++r->nodes > NODES_MAX) return refuse(r, mark, error, "too many values");
  struct yaml *node = ARENA_NEW(r->arena, struct yaml);
  node->kind = kind;
  node->line = mark ? (unsigned)mark->line + 1 : 0;
  node->column = mark ? (unsigned)mark->column + 1 : 0;
  if (text) {
    size_t n = 0;
    const char *p = fy_token_get_text(text, &n);
    node->text = arena_str(r->arena, (struct str){p, p ? n : 0});
    node->quoted = fy_token_scalar_style(text) != FYSS_PLAIN;
  }
  if (attach(r, node, mark, error)) return -1;
  if (!node->line && node->key) { /* nothing stands behind the key */
    node->line = node->key->line;
    node->column = node->key->column;
  }
  if (kind == YAML_SCALAR) return 0;
  if (r->depth == DEPTH_MAX) return refuse(r, mark, error, "nested too deeply");
  r->levels[++r->depth] = (struct level){.node = node};
  return 0;
}

static int on_event(struct reading *r, struct fy_event *event, struct error *error) {
  const struct fy_mark *mark = fy_event_start_mark(event);
  switch (event->type) {
  case FYET_ALIAS: return refuse(r, mark, error, "anchors and aliases are not read here: write it out");
  case FYET_SCALAR: return add(r, YAML_SCALAR, event->scalar.value, event->scalar.anchor, event->scalar.tag, mark, error);
  case FYET_SEQUENCE_START: return add(r, YAML_SEQUENCE, NULL, event->sequence_start.anchor, event->sequence_start.tag, mark, error);
  case FYET_MAPPING_START: return add(r, YAML_MAPPING, NULL, event->mapping_start.anchor, event->mapping_start.tag, mark, error);
  case FYET_SEQUENCE_END:
  case FYET_MAPPING_END: r->depth--; return 0;
  default: return 0;
  }
}

static int read_all(struct reading *r, struct fy_diag *diag, struct error *error) {
  for (;;) {
    struct fy_event *event = fy_parser_parse(r->parser);
    if (!event) break;
    int failed = on_event(r, event, error);
    fy_parser_event_free(r->parser, event);
    if (failed) return -1;
  }
  if (!fy_parser_get_stream_error(r->parser)) return r->root ? 0 : error_set(error, ERROR_configuration, "it is empty");
  void *at = NULL;
  struct fy_diag_error *why = fy_diag_errors_iterate(diag, &at);
  if (!why) return error_set(error, ERROR_configuration, "not well-formed YAML");
  r->line = (unsigned)why->line;
  r->column = (unsigned)why->column;
  return error_set(error, ERROR_configuration, "%s", why->msg);
}

/* libfyaml never comes back from some directives ("%," for one), and none of them means anything in a configuration but the first line that says what all of this is. */
static bool has_directive(struct str text, unsigned *ret_line) {
  if (str_starts(text, STR("\xef\xbb\xbf"))) text = str_slice(text, 3, text.n); /* what some editors put in front */
  for (*ret_line = 1; text.p; ++*ret_line) {
    struct str line = str_take(&text, '\n');
    bool version = *ret_line == 1 && str_eq(str_trim(line), STR("%YAML 1.2"));
    if (str_starts(line, STR("%")) && !version) return true;
  }
  *ret_line = 0;
  return false;
}

/* YAML has no control characters but these three, and a carriage return alone is no line of anybody's editor (libfyaml begins one there, and with it a directive, see above); libfyaml takes a NUL for the end of the file, and what stands behind it, a `deny` maybe, would be gone without a word. */
static bool has_control(struct str text, unsigned *ret_line) {
  unsigned line = 1;
  for (size_t i = 0; i < text.n; i++) {
    unsigned char c = (unsigned char)text.p[i];
    bool ends_line = c == '\n' || (c == '\r' && i + 1 < text.n && text.p[i + 1] == '\n');
    if ((c < ' ' && c != '\t' && !ends_line) || c == 0x7f) {
      *ret_line = line;
      return true;
    }
    line += c == '\n';
  }
  return false;
}

struct yaml *yaml_read(struct arena *arena, struct str text, unsigned *ret_line, unsigned *ret_column, struct error *error) {
  struct reading r = {.arena = arena};
  int result = -1;
  *ret_line = *ret_column = 0;
  if (text.n > BYTES_MAX) {
    (void)error_set(error, ERROR_configuration, "larger than 1 MiB");
    return NULL;
  }
  if (has_control(text, ret_line)) {
    *ret_column = 1;
    (void)error_set(error, ERROR_configuration, "a control character stands in this line");
    return NULL;
  }
  if (has_directive(text, ret_line)) {
    *ret_column = 1;
    (void)error_set(error, ERROR_configuration, "directives (lines that begin with %%) are not read here");
    return NULL;
  }
  struct fy_diag_cfg diag_config;
  fy_diag_cfg_default(&diag_config);
  diag_config.fp = NULL;
  struct fy_diag *diag = fy_diag_create(&diag_config);
  if (!diag) mem_exhausted(sizeof diag_config);
  fy_diag_set_collect_errors(diag, true);
  struct fy_parse_cfg config = {.flags = FYPCF_QUIET | FYPCF_DEFAULT_VERSION_1_2 | FYPCF_JSON_NONE, .diag = diag};
  r.parser = fy_parser_create(&config);
  if (!r.parser) mem_exhausted(sizeof config);
  if (fy_parser_set_string(r.parser, text.n ? text.p : "", text.n))
    (void)error_set(error, ERROR_configuration, "cannot be read");
  else
    result = read_all(&r, diag, error);
  fy_parser_destroy(r.parser);
  fy_diag_destroy(diag);
  *ret_line = r.line;
  *ret_column = r.column;
  return result == 0 ? r.root : NULL;
}

/* config_table: every key of the configuration file, once: what it is, where it goes, what it means. For config.c and config_describe.c alone.
 *
 * A section is a mapping; its directives fill the fields of one struct. */
#ifndef DRAWBRIDGE_GATEWAY_CONFIG_TABLE_H
#define DRAWBRIDGE_GATEWAY_CONFIG_TABLE_H

#include "gateway/config.h"

enum directive_kind {
  DIRECTIVE_TEXT,     /* struct str: 1 to max bytes, no controls */
  DIRECTIVE_ID,       /* struct str: [a-z0-9-]{1,32} */
  DIRECTIVE_URL,      /* struct str: absolute http(s), no query or fragment, final slash taken off */
  DIRECTIVE_ISSUER,   /* struct str: absolute http(s), no query or fragment, byte for byte as written */
  DIRECTIVE_PATH,     /* struct str: starts with '/', may have a query */
  DIRECTIVE_HEADER,   /* struct str: name of a request header that is drawbridge's to set */
  DIRECTIVE_FILE,     /* struct str */
  DIRECTIVE_LISTEN,   /* struct str: address:port */
  DIRECTIVE_STORE,    /* struct str: sqlite:/path, postgresql://… */
  DIRECTIVE_NUMBER,   /* int64_t: min to max */
  DIRECTIVE_SIZE,     /* int64_t bytes: 256M, 64K, 1G or plain */
  DIRECTIVE_DURATION, /* int64_t milliseconds: 90s, 10m, 2h */
  DIRECTIVE_BOOL,     /* bool: true, false */
  DIRECTIVE_CHOICE,   /* int64_t: index into choices */
  DIRECTIVE_TEXTS,    /* struct config_texts of TEXT; `item` says of which kind */
  DIRECTIVE_KINDS,    /* int64_t: bits of enum config_kind */
  DIRECTIVE_SECRET,   /* struct secret *: {file: …}, {credential: …} or {env: …} */
  DIRECTIVE_SECTION,  /* the struct itself at the offset */
  DIRECTIVE_SECTIONS, /* a list of structs: pointer at the offset, count (size_t) at count_offset */
};

enum directive_item { ITEM_TEXT, ITEM_ORIGIN, ITEM_URL, ITEM_LISTEN, ITEM_RANGE, ITEM_METHOD, ITEM_PATTERN };

struct directive {
  const char *name;
  enum directive_kind kind;
  size_t offset;
  bool required,
      restart; /* restart: taken over at a start alone. Only of the root and its sections, and of kinds that config_restart compares */
  int64_t min, max;
  const char *fallback;       /* as it would be written; NULL: none */
  const char *const *choices; /* NULL ends */
  enum directive_item item;
  const struct section *section; /* of SECTION, SECTIONS */
  size_t count_offset;
  const char *example; /* as it would be written; NULL: the fallback is one */
  const char *doc;
};

struct section {
  const char *name;
  size_t size;
  const struct directive *directives;
  size_t count;
};

const struct section *config_table(void);

const char *directive_bound(struct arena *arena, const struct directive *directive,
                            int64_t value); /* its min or max as it would be written */

#endif

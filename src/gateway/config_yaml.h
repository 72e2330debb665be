/* config_yaml: a YAML file as a small tree in which everything knows its place. For config.c alone.
 *
 * What holds always: mappings, sequences and scalars; anchors, aliases, tags, several documents and keys twice are refused (an alias of seven lines can stand for gigabytes). At most 10,000 nodes, 16 deep, 1 MiB. */
#ifndef DRAWBRIDGE_GATEWAY_CONFIG_YAML_H
#define DRAWBRIDGE_GATEWAY_CONFIG_YAML_H

#include "base/arena.h"
#include "base/error.h"

enum yaml_kind { YAML_SCALAR, YAML_SEQUENCE, YAML_MAPPING };

struct yaml {
  enum yaml_kind kind;
  struct str text;           /* of a scalar */
  bool quoted;               /* "null" is a text, null is none */
  unsigned line, column;     /* from 1 */
  struct yaml *first, *next; /* children in order; the next of the same parent */
  struct yaml *key;          /* of a child of a mapping */
};

/* NULL: *ret_line and *ret_column say where (0: the whole file), *error what. */
struct yaml *yaml_read(struct arena *arena, struct str text, unsigned *ret_line, unsigned *ret_column, struct error *error);

#endif

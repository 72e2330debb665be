/* schema: what the stand-in server knows of its classes of objects: their names in paths, messages and reports, and their properties.
 *
 * One table (schema.c). A class that is not in it is no class: its path is unknown, an import passes over it. */
#ifndef DRAWBRIDGE_SIM_SCHEMA_H
#define DRAWBRIDGE_SIM_SCHEMA_H

#include "base/str.h"
#include <jansson.h>

struct sim_property {
  const char *name;
  const char *class_name; /* plural of the class it refers to; NULL: a value or a list of parts */
  const char *inverse;    /* it is the other end of this property of class_name ("categoryCombo"); NULL: it is stored here */
  bool list;              /* of references */
  bool owner, required;   /* owner: belongs to the object itself (fields=:owner) */
  bool simple;            /* one text, number or truth value */
  bool is_date, is_real;
  json_t *missing; /* what is shown where nothing is stored; NULL: nothing */
};

struct sim_class {
  const char *plural, *singular, *title, *java; /* "dataElements", "dataElement", "DataElement", "org.hisp.dhis.dataelement.DataElement" */
  const char *authority;                        /* stem of what lets a user write ("F_DATAELEMENT"); NULL: only ALL */
  bool shareable, data_shareable;               /* has metadata access of its own; data access too */
  bool has_code, has_short_name, unique_name;
  struct sim_property *properties;
  size_t property_count;
};

struct sim_schema;
struct sim_schema *sim_schema_new(void);
void sim_schema_free(struct sim_schema *schema);

const struct sim_class *sim_class_of(const struct sim_schema *schema, struct str plural); /* NULL: none */
const struct sim_class *sim_class_of_singular(const struct sim_schema *schema, struct str singular);
const struct sim_class *sim_class_at(const struct sim_schema *schema, size_t index);        /* NULL: no more */
const struct sim_property *sim_property_of(const struct sim_class *class, struct str name); /* NULL: none */
/* The class that a member of a part refers to, by its name alone ("dataElement" of a data set's elements); NULL: it is a value. */
const struct sim_class *sim_class_of_member(const struct sim_schema *schema, struct str name);

#endif

/* relations: the other ends of what objects refer to: a combo's option combos, an element's data sets, a unit's children. Found by hash, worked out when first asked for and
 * again after the class changed.
 *
 * Belongs to sim_objects, which makes and frees it. What is handed out is borrowed and good until the next put or delete in that class. */
#ifndef DRAWBRIDGE_SIM_RELATIONS_H
#define DRAWBRIDGE_SIM_RELATIONS_H

#include "sim/objects.h"

struct sim_list {
  json_t **p;
  json_t **parts; /* in each object: what names the other end, the part of a list of parts or the reference itself */
  size_t n;
};

/* The objects of `class_name` whose `property` names `uid`, in order of creation: as a reference ("categoryCombo"), in a list of references ("categoryOptions") or in a list of
 * parts that hold one ("dataSetElements.dataElement"). */
struct sim_list sim_related(const struct sim_objects *objects, const char *class_name, const char *property, const char *uid);

struct sim_relations;
struct sim_relations *sim_relations_new(void);
void sim_relations_free(struct sim_relations *relations);

#endif

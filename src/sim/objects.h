/* objects: every metadata object of the stand-in server: users and roles too: JSON objects by class ("dataElements", "users", "organisationUnits" …) and uid, in order of creation.
 *
 * What holds always: an object stands as it was written, references as {"id": …}, each relation in one place (a data set has its elements and units, an option combo its combo and
 * options, a unit its parent); what DHIS2 shows beside that (a combo's option combos, a unit's path, an element's data sets) is worked out when it is asked for (data_property.c, relations.h).
 *
 * Life cycle: sim_objects_new, calls, sim_objects_free. Objects handed out are borrowed and live until they are replaced or deleted. */
#ifndef DRAWBRIDGE_SIM_OBJECTS_H
#define DRAWBRIDGE_SIM_OBJECTS_H

#include "base/error.h"
#include <jansson.h>

struct sim_objects;
struct sim_relations; /* relations.h */

struct sim_objects *sim_objects_new(void);
void sim_objects_free(struct sim_objects *objects);
json_t *sim_objects_get(const struct sim_objects *objects, const char *class_name,
                        const char *uid); /* borrowed; NULL: none (also for a NULL uid) */
json_t *sim_objects_find(const struct sim_objects *objects, const char *class_name, const char *property,
                         const char *value); /* first whose text property is value */
size_t sim_objects_count(const struct sim_objects *objects, const char *class_name);
json_t *sim_objects_at(const struct sim_objects *objects, const char *class_name, size_t index);
void sim_objects_put(struct sim_objects *objects, const char *class_name,
                     json_t *object); /* takes the reference; "id" says where; replaces */
bool sim_objects_delete(struct sim_objects *objects, const char *class_name, const char *uid);
uint64_t sim_objects_class_changes(const struct sim_objects *objects,
                                   const char *class_name); /* grows with each put and delete: for what is kept worked out */
struct sim_relations *sim_objects_relations(const struct sim_objects *objects); /* for relations.c alone */

/* "/OU…/OU…", from the top to this unit; a new reference. */
json_t *sim_unit_path(const struct sim_objects *objects, const json_t *unit);

/* 11 characters as DHIS2 makes them: a letter, then letters and digits. */
void sim_uid(char out[12]);
bool sim_is_uid(struct str text);

/* Reads a metadata export (a file of the shape of /api/metadata) into it, and completes it to a server that can be used: the default category objects where the file has none of its
 * own (found by name, whatever their ids), option combos of combos that have none, short names, sharing that lets every user read and write data, and, where the file has no
 * organisation units, a small tree of 50 facilities assigned to every data set and given to the users that have none. Up to 1 GiB. */
int sim_objects_load(struct sim_objects *objects, const char *file, struct error *error);

/* The four default category objects by role: class "categoryOptions", "categories", "categoryCombos" or "categoryOptionCombos". "" where there are none. */
const char *sim_default_uid(const struct sim_objects *objects, const char *class_name);
void sim_objects_put_defaults(struct sim_objects *objects); /* with the ids of a fresh DHIS2; those that are there already stay */

/* Makes the missing option combos of a combo (one for each choice of one option per category), and gives the existing ones their generated names where `rename`. */
void sim_complete_option_combos(struct sim_objects *objects, const json_t *combo, bool rename);

#endif

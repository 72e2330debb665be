/* objects: every metadata object of the stand-in server: users and roles too: JSON objects by class ("dataElements", "users", "organisationUnits" …) and uid, in order of creation. */
#ifndef DRAWBRIDGE_SIM_OBJECTS_H
#define DRAWBRIDGE_SIM_OBJECTS_H

#include "base/error.h"
#include <jansson.h>

struct sim_objects;

struct sim_objects *sim_objects_new(void);
void sim_objects_free(struct sim_objects *objects);
json_t *sim_objects_get(const struct sim_objects *objects, const char *class_name, const char *uid);  /* borrowed; NULL: none */
json_t *sim_objects_find(const struct sim_objects *objects, const char *class_name, const char *property, const char *value); /* first whose text property is value */
size_t sim_objects_count(const struct sim_objects *objects, const char *class_name);
json_t *sim_objects_at(const struct sim_objects *objects, const char *class_name, size_t index);
void sim_objects_put(struct sim_objects *objects, const char *class_name, json_t *object); /* takes the reference; "id" says where; replaces */
bool sim_objects_delete(struct sim_objects *objects, const char *class_name, const char *uid);

/* 11 characters as DHIS2 makes them: a letter, then letters and digits. */
void sim_uid(char out[12]);

/* Reads a metadata export (a file of the shape of /api/metadata) into it. */
int sim_objects_load(struct sim_objects *objects, const char *file, struct error *error);

#endif

/* data_import: POST /api/metadata and what writes a single object, as DHIS2's importer does it: everything is checked first, then either all of it is stored or nothing.
 *
 * Inside of the data_*.c files alone. */
#ifndef DRAWBRIDGE_SIM_DATA_IMPORT_H
#define DRAWBRIDGE_SIM_DATA_IMPORT_H

#include "base/map.h"
#include "sim/data_internal.h"

struct import_object {
  json_t *payload;  /* borrowed */
  json_t *existing; /* borrowed; NULL: it is new */
  const char *uid;  /* arena */
  json_t *errors;   /* error reports; NULL: none yet */
  bool dropped;     /* a second one with the same id: not looked at further */
};

struct import_class {
  const struct sim_class *class;
  struct import_object *objects;
  size_t count;
  size_t more_ignored; /* what is counted twice */
  size_t created, updated, deleted, ignored;
  struct map by_uid; /* of import_object */
};

enum import_strategy { IMPORT_CREATE_AND_UPDATE, IMPORT_CREATE, IMPORT_UPDATE, IMPORT_DELETE };

struct metadata_import {
  struct data_call *call;
  enum import_strategy strategy;
  bool validate_only, all_or_nothing, by_code, single; /* single: one object by its own path */
  struct import_class *classes;
  size_t class_count;
  bool has_errors;
};

/* Reads the objects of `root` (not owned; it must outlive the import). Release with metadata_import_done. */
void metadata_import_read(struct metadata_import *import, json_t *root);
void metadata_import_done(struct metadata_import *import);
void metadata_import_check(struct metadata_import *import); /* data_import_check.c */
void metadata_import_commit(
    struct metadata_import *import); /* stores or deletes what had no errors, or counts it where it only validates */
json_t *metadata_import_report(const struct metadata_import *import); /* {"status", "stats", "typeReports"} */
json_t *metadata_import_params(const struct metadata_import *import, bool async);

void metadata_import(struct data_call *call); /* POST /api/metadata */

/* Stores one object as DHIS2 keeps it: unknown members dropped, references shortened, dates, author and sharing set. Takes no reference. */
void data_store_object(struct data_call *call, const struct sim_class *class, const json_t *payload, const char *uid);
/* The report about one object, as its own path answers it: 200 or 201 without errors, else 409. */
void data_reply_object(struct data_call *call, int status, const struct sim_class *class, const char *uid, json_t *errors);

#endif

/* values_import: POST /api/dataValueSets: what is read from any of the formats, judged by one of the two engines and summed up. Inside of the values_*.c files alone.
 *
 * Life cycle of an import: options and schemes (values_import.c), values_parse_*, an engine, the summary; all of it in the arena of the request, but what is jansson's. */
#ifndef DRAWBRIDGE_SIM_VALUES_IMPORT_H
#define DRAWBRIDGE_SIM_VALUES_IMPORT_H

#include "base/vec.h"
#include "sim/values_query.h"

struct row {
  struct str element, period, unit, coc, aoc, value, comment, stored_by; /* p NULL: not there */
  enum flag followup, deleted;
  json_t *options; /* category: option, instead of an option combo; NULL: none */
};

/* What one payload sends under one header; several only from ADX, and from an array on the new engine. */
struct values_group {
  struct str data_set, period, unit, aoc, complete_date;
  json_t *deletion; /* NULL: none */
  json_t *options;  /* of the attribute option combo */
  size_t first;     /* index of its first row in the payload */
  VEC(struct row) rows;
};

/* Objects by what the payload calls them: worked out at the first question. */
struct values_names {
  struct scheme scheme;
  struct map by_name;
  bool known;
};

struct import {
  struct sim *sim;
  const struct sim_request *request;
  struct arena *arena;
  struct model model;
  bool new_engine;
  VEC(struct values_group) groups;
  struct values_names names[SCHEMED_COUNT];
  struct str strategy, shown_strategy, data_set; /* shown: in the options; data_set: of the query */
  bool dry_run, shown_dry_run, atomic, force, async, header_row;
  json_t *schemes; /* as the summary shows them */
  int64_t now_ms;
  /* the summary */
  size_t imported, updated, ignored, deleted;
  json_t *conflicts, *rejected;
  const char *complete;             /* dataSetComplete; NULL: left out */
  const char *status, *description; /* description NULL: left out */
  /* or what was thrown instead */
  int thrown; /* HTTP status; 0: nothing */
  const char *thrown_code;
  struct str thrown_text;
};

bool import_flag(const struct import *import, const char *name);
void import_reject(struct import *import, size_t index);
bool import_end(struct import *import, const char *status, const char *description);     /* always false */
bool import_throw(struct import *import, int status, const char *code, struct str text); /* always false */
/* A scheme that the payload itself names ("idScheme": "CODE"); `shown`: the summary tells. */
void import_scheme(struct import *import, const char *name, struct str text, bool shown);
/* The option combo of a combo by its options, in whatever scheme these are; NULL: none. */
const json_t *import_combo(struct import *import, const char *combo, const json_t *options);
json_t *import_find(struct import *import, enum schemed kind, struct str text); /* NULL: none of that name */
struct values_group *import_group(struct import *import);                       /* a new one; good until the next */

/* Each reads the whole body into groups. False: it could not, and the import has ended or thrown. */
bool values_parse_json(struct import *import, struct str body);
bool values_parse_csv(struct import *import, struct str body);
bool values_parse_xml(struct import *import, struct str body);
bool values_parse_adx(struct import *import, struct str body);

void import_old(struct import *import); /* engine to 2.42 */
void import_new(struct import *import); /* engine from 2.43 */

/* One value through the new engine, as an import of it alone. */
struct values_outcome {
  const char *code; /* of what kept it out; NULL: stored */
  struct str text;
  bool of_value; /* it was the value itself that was refused */
};
struct values_outcome values_write_row(struct sim *sim, json_t *user, const struct sim_request *request, struct str data_set,
                                       const struct row *row);
json_t *values_time(int64_t ms); /* "2026-11-24T09:30:00.000" */

#endif

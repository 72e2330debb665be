/* values_query: what GET /api/dataValueSets asks for, read, checked and selected as each engine does it. Inside of the values_*.c files alone.
 *
 * Life cycle: values_query_read, values_query_select, writing (values_format.h), values_query_done (also after a refusal). */
#ifndef DRAWBRIDGE_SIM_VALUES_QUERY_H
#define DRAWBRIDGE_SIM_VALUES_QUERY_H

#include "base/vec.h"
#include "sim/values_internal.h"

enum scheme_kind { SCHEME_UID, SCHEME_CODE, SCHEME_NAME, SCHEME_DATABASE_ID, SCHEME_ATTRIBUTE };

struct scheme {
  enum scheme_kind kind;
  struct str text;       /* as it is written in answers: "CODE" */
  const char *attribute; /* uid, for SCHEME_ATTRIBUTE */
};

enum schemed { SCHEMED_DATA_SET, SCHEMED_ELEMENT, SCHEMED_UNIT, SCHEMED_COC, SCHEMED_AOC, SCHEMED_CATEGORY, SCHEMED_OPTION, SCHEMED_COUNT };

struct values_query {
  struct model model;
  const struct sim_request *request;
  struct sim_reply *reply;
  bool new_engine, children, deleted, unfold;
  struct map sets, elements, periods, units, aocs, cocs; /* ids that were asked for (those that exist, on the old engine) */
  size_t asked_sets, asked_periods, asked_units, asked_aocs;
  bool dates, updated;
  int start, end;
  int64_t updated_from, limit, offset;
  int level;
  struct str set, period, unit, aoc; /* the last one asked for */
  struct scheme schemes[SCHEMED_COUNT];
  struct map aoc_seen, period_seen; /* what was decided about them */
  struct str last_period;           /* of the row before, and whether it is asked for */
  bool last_period_asked;
  VEC(struct sim_value *) rows;
};

bool values_query_read(struct values_query *q, struct sim *sim, json_t *user, const struct sim_request *request,
                       struct sim_reply *reply); /* false: refused, and answered */
void values_query_select(struct values_query *q);
void values_query_done(struct values_query *q);

/* An id scheme by its text; false: there is none of that name. */
bool scheme_parse(struct arena *arena, struct str text, struct scheme *ret);
/* The object that this text means; NULL: none. */
json_t *scheme_find(const struct model *m, const char *class_name, const struct scheme *scheme, struct str text);
/* What an object is called; p NULL: it has no such thing. */
struct str scheme_name(const struct model *m, const struct scheme *scheme, const json_t *object);

#endif

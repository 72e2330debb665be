/* faults: what goes wrong on purpose, from a JSON file: so that clients can be tested against slow, broken and lying servers.
 *
 * The file is a list of rules; the first that matches a request counts:
 *   {"path": "/api/dataValueSets*", "method": "POST", "nth": 2, "times": 1, "kind": "cut", …}
 * path: a glob (* any text, ? one character) over the path without query; left out: every path. method: left out: all. nth: from the n-th matching request on, counted from 1
 * (left out: 1). times: for so many requests (left out: for ever).
 * kind: slow    the answer comes "ms" milliseconds late, or when the program gets SIGUSR1
 *       hang    no answer at all; the connection stays open
 *       cut     the head promises the whole body, half of it comes, the connection ends
 *       truncate half of the body, as if it were all
 *       empty   the status without a body
 *       shorten JSON with half of what its lists held, well-formed
 *       status  "status" with DHIS2's error shape, in place of the answer; "retry_after": seconds, in the header of that name (for 429 and 503)
 *       html    a page of somebody else's, "status" 200 where none is told, in place of the answer: a portal or a proxy in the way
 *       strip   the request's header "header" does not reach the server: a proxy that eats Authorization
 *       expire  every session and token ends first
 * execute: false: what was asked is not done (cut, truncate, shorten, empty, hang: done by default: the answer is what is lost; status, html: not done by default). A refresh token that
 * changes at each use (--set rotate=on) and is lost: cut on the token endpoint. A clock that is off: --clock. */
#ifndef DRAWBRIDGE_SIM_FAULTS_H
#define DRAWBRIDGE_SIM_FAULTS_H

#include "base/error.h"
#include "sim/request.h"

enum sim_fault_kind {
  SIM_FAULT_NONE,
  SIM_FAULT_SLOW,
  SIM_FAULT_HANG,
  SIM_FAULT_CUT,
  SIM_FAULT_TRUNCATE,
  SIM_FAULT_SHORTEN,
  SIM_FAULT_EMPTY,
  SIM_FAULT_STATUS,
  SIM_FAULT_HTML,
  SIM_FAULT_STRIP,
  SIM_FAULT_EXPIRE
};

struct sim_fault {
  enum sim_fault_kind kind;
  bool execute;
  int status;
  uint64_t ms;
  int64_t retry_after_s; /* 0: none */
  struct str header;     /* of strip; borrowed from the rules */
};

struct sim_faults;

struct sim_faults *sim_faults_load(const char *file, struct error *error); /* NULL: not readable or not valid: ERROR_input with the place */
void sim_faults_free(struct sim_faults *faults);                           /* NULL is fine */
struct sim_fault sim_faults_next(struct sim_faults *faults, struct str method,
                                 struct str path);                  /* counts; SIM_FAULT_NONE: nothing goes wrong. NULL faults: never */
struct str sim_fault_shorten(struct arena *arena, struct str body); /* the body itself where it is no JSON */
bool sim_glob(struct str pattern, struct str text);                 /* the whole text; * and ? */

#endif

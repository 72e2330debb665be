/* import_summary: what a server says about an import of data values, in one shape for all releases.
 *
 * What servers do differently, and what it becomes here (measured: 2.37.10, 2.40.12, 2.41.9, 2.43.1):
 *   - to 2.37 the summary stands alone and the status is 200 whatever happened; then it stands in `response` and WARNING is 409; from 2.43 on WARNING is 200. The HTTP status decides nothing here.
 *   - counts do not tell new from changed: 2.37 and 2.43 count an equal value as updated, 2.38 to 2.42 as ignored without a conflict; zeros that are not significant are in no count to 2.42.
 *   - `rejectedIndexes` comes with 2.39: until then it is the union of the conflicts' indexes.
 *   - from 2.43 on a conflict about ids, units or time refuses the whole POST and names what is to blame inside its text: see dhis2_conflict_blames.
 * So a summary says what was refused and why; what was stored is only known by reading it back.
 *
 * Pure but for dhis2_import_of_job. Everything lives in the arena. At most 10,000 conflicts are kept, texts are cut to 500 bytes (a server echoes whole values). */
#ifndef DRAWBRIDGE_DHIS2_IMPORT_SUMMARY_H
#define DRAWBRIDGE_DHIS2_IMPORT_SUMMARY_H

#include "dhis2/server.h"
#include <stdatomic.h>

enum dhis2_import_status { DHIS2_IMPORT_SUCCESS, DHIS2_IMPORT_WARNING, DHIS2_IMPORT_ERROR };

/* A value as it is written. Both option combos are always spelled out. */
struct dhis2_write {
  struct str data_element, period, org_unit, category_option_combo, attribute_option_combo;
  struct str value, comment; /* comment: p == NULL: none */
  bool follow_up;
  bool remove; /* the cell is to be gone; `value` is what stands there (to 2.42 an option set element wants it) */
};

struct dhis2_conflict {
  struct str code; /* "E7613"; empty: the server told none */
  struct str text;
  const size_t *indexes; /* places in the POST, from 0 */
  size_t index_count;
  const struct str *all, *any; /* ids and periods that its text names: `any` stood in a list */
  size_t all_count, any_count;
};

struct dhis2_import {
  enum dhis2_import_status status;
  uint64_t imported, updated, ignored, deleted; /* as the server counts */
  const struct dhis2_conflict *conflicts;
  size_t conflict_count;
  const bool *rejected; /* per value of the POST */
  size_t rejected_count;
  bool nothing_taken;     /* the POST as a whole was refused: one bad value is enough from 2.43 on */
  struct str description; /* the server's words, one line; may be empty */
  struct str job;         /* not empty: a job was made of it, all else is not known yet: dhis2_import_of_job */
};

/* False: this is not a summary. `count`: values in the POST. */
bool dhis2_import_parse(struct arena *arena, struct str body, size_t count, struct dhis2_import *ret);

/* Is this value one of those that a refusal of the whole POST is about? All of `all` but the data set's own id, and one of `any`, are among its ids, or its period. A conflict that names nothing blames nobody. */
bool dhis2_conflict_blames(const struct dhis2_conflict *conflict, struct str data_set, const struct dhis2_write *value);

/* Is it about the data set as a whole (unknown, no right to write to it), so that no value of it can go in? */
bool dhis2_conflict_is_of_data_set(const struct dhis2_conflict *conflict, struct str data_set);

/* What a person can do about a refusal with this code ("E7613"; "unreadable": the user may not see the cell): a sentence, never NULL. */
const char *dhis2_import_remedy(struct str code);

/* Waits for a job, 10 minutes at most, and reads its summary. -1: ERROR_upstream_timeout, ERROR_cancelled, or as dhis2_get. */
int dhis2_import_of_job(struct dhis2_server *server, struct str job, size_t count, const atomic_bool *cancel, struct arena *arena,
                        struct dhis2_import *ret, struct error *error);

#endif

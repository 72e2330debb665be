/* drift: what changed at either side since a mapping was made, and what each change does to the mapping. docs/drift.md tells it to people.
 *
 * What holds always: pure; the same mapping and sides give the same list, in whatever order the sides list things. A side that is as the mapping remembers it has no changes. Each change is told once, where it came from: a renamed
 * option is told, not every option combo that has its name from it; another default option combo is told, not every element that is not divided.
 *
 * Effects: DRIFT_BLOCKS: a rule that counts would send a wrong number, or what the target refuses; such a rule must not count until somebody looked. DRIFT_CHECK: may mean something else than it did, or values may go nowhere.
 * DRIFT_INFORMATION: no rule that counts is touched, or the change does not alter what is meant.
 *
 * A mapping that does not remember a side (mapping_side.metadata) still tells what its rules name and the side does not hold, and the value types in its rules; `warnings` says what it cannot tell.
 *
 * Cost: about linear in the sizes of the sides and the mapping. Life cycle: drift_find fills the list in the arena; it borrows from the mapping and the sides. */
#ifndef DRAWBRIDGE_DRIFT_DRIFT_H
#define DRAWBRIDGE_DRIFT_DRIFT_H

#include "base/buf.h"
#include "mapping/mapping.h"

enum drift_side { DRIFT_SOURCE, DRIFT_TARGET };

enum drift_effect { DRIFT_BLOCKS, DRIFT_CHECK, DRIFT_INFORMATION };

/* X(name) */
/* clang-format off */
#define DRIFT_KINDS(X) \
  X(vanished) /* the side holds it no longer, or no longer shows it to this user */ \
  X(hidden)   /* the data set still has it, but the side does not show it to this user */ \
  X(left)     /* the element is there, but in none of the mapping's data sets */ \
  X(replaced) /* gone, and another of the same code, name or options is there: `after` is its id */ \
  X(appeared) \
  X(renamed) \
  X(recoded) /* its code changed */ \
  X(value_type) \
  X(aggregation_type) \
  X(period_type) \
  X(combo)   /* other category combos count for it: of an element in the data sets, of a data set for attributes */ \
  X(moved)   /* an org unit stands below another one */ \
  X(options) /* an option combo of the same id is made of other options */ \
  X(default_option_combo) \
  X(gap)     /* what fills a target cell was all of it, and now a part is missing */ \
  X(overlap) /* what fills a target cell fitted it, and now parts overlap or reach beyond it */
/* clang-format on */

enum drift_kind {
#define X(name) DRIFT_##name,
  DRIFT_KINDS(X)
#undef X
      DRIFT_KIND_COUNT
};

enum drift_object {
  DRIFT_DATA_SET,
  DRIFT_DATA_ELEMENT,
  DRIFT_CATEGORY_COMBO,
  DRIFT_OPTION,
  DRIFT_OPTION_COMBO,
  DRIFT_CELL,
  DRIFT_ORG_UNIT
};

/* What becomes of the mapping there when it goes on with the sides as they are. X(name) */
/* clang-format off */
#define DRIFT_OUTCOMES(X) \
  X(same)      /* the same thing by its id, with a name that says the same or another code: the mapping stays */ \
  X(keeps)     /* the mapping stays as it is */ \
  X(follows)   /* where one lets it follow, it stays for what came in the place; else as proposals */ \
  X(proposals) /* what was decided is opened again, or it is new: there are new proposals */ \
  X(ends)      /* the source has nothing to send there any more: what was decided goes */ \
  X(stops)     /* there is nothing to go on to */
/* clang-format on */

enum drift_outcome {
#define X(name) DRIFT_OUTCOME_##name,
  DRIFT_OUTCOMES(X)
#undef X
};

struct drift_change {
  enum drift_side side;
  enum drift_kind kind;
  enum drift_effect effect;
  enum drift_object object;
  struct str id, name;      /* of the object as it was, or as it is where it appeared; `name` may be empty */
  struct str option_combo;  /* of a cell, whose `id` is its data element; else empty */
  struct str before, after; /* what changed: names, types, ids; each may be empty */
  bool sure; /* of what was replaced: it has the code of what is gone, or its options; of what was renamed: the name says the same */
  const size_t *rules; /* the rules that count and are touched: indexes, ascending */
  size_t rule_count;
  struct str sentence; /* for people: what, and what to do; names its objects; without a full stop */
};

struct drift {
  const struct drift_change *changes; /* by effect, side, object, id, option combo, kind */
  size_t count;
  const struct str *warnings; /* what could not be told, and why */
  size_t warning_count;
};

/* Today's sides. NULL: nobody looked: nothing is told of that side. The same goes for org units where a side holds none (DHIS2_EXTENT_CELLS does not ask for them). dhis2_metadata_none(): the side shows none of the mapping's data sets. They may hold more than the mapping's data sets; what those do not need is passed over. */
struct drift_sides {
  const struct dhis2_metadata *source, *target;
};

/* Never fails. */
const struct drift *drift_find(struct arena *arena, const struct mapping *mapping, struct drift_sides now);

const char *drift_side_name(enum drift_side side);       /* "source" */
const char *drift_effect_name(enum drift_effect effect); /* "blocks" */
const char *drift_kind_name(enum drift_kind kind);       /* "value_type" */
const char *drift_object_name(enum drift_object object); /* "option_combo" */

enum drift_outcome drift_outcome_of(const struct drift_change *change);
const char *drift_outcome_name(enum drift_outcome outcome); /* "proposals" */

size_t drift_effect_count(const struct drift *drift, enum drift_effect effect);

/* Members of an object that is open: "changes": […], "warnings": […], "counts": {…} (docs/openapi.yaml, Drift); a line each. Rules are numbered from 1, as in messages about a mapping. */
struct json_out;
typedef void drift_name_writer(void *payload, const struct drift_change *change,
                               struct json_out *out); /* what the object of a change is called, as members of it, which is open */
void drift_write(const struct drift *drift, drift_name_writer *name, void *payload,
                 struct json_out *out); /* `name` NULL: the name that is stored */

/* May a transfer go by this mapping? 0; or -1, ERROR_conflict because of "drift": something blocks rules that count and whose decision is accepted (`accept`, by enum mapping_decision); or because of "drift_waits": nothing does, but something wants a look that the mapping waits for. */
int drift_judge(const struct mapping *mapping, const struct dhis2_metadata *source, const struct dhis2_metadata *target,
                const bool accept[3], struct error *error);

#endif

/* alignment: two sides, what the engine proposes and what people decided, as one value. Pure: no store, no server, no clock.
 *
 * What holds always: a decision names ids that its side holds; per source item there is either nothing, accepted targets, rejected ones (with or without accepted ones), or "no counterpart". The engine is
 * asked anew around the decisions each time the state is written, so the state never contradicts them.
 *
 * Life cycle: fill the struct; alignment_decide gives a new list of decisions; alignment_state and alignment_mapping write. */
#ifndef DRAWBRIDGE_API_ALIGNMENT_H
#define DRAWBRIDGE_API_ALIGNMENT_H

#include "align/align.h"
#include "base/buf.h"
#include "drift/drift.h"
#include "mapping/mapping.h"

enum {
  ALIGNMENT_DECISIONS_MAX = 200000,
  ALIGNMENT_NOTE_MAX = 2000,
  ALIGNMENT_STATE_MAX = 64 << 20,
  ALIGNMENT_FOUND_MAX = 50,
  ALIGNMENT_SEARCH_WORDS_MAX = 10
};

struct alignment_decision {
  struct decision what;
  struct str by, at, note; /* who, when (RFC 3339), why; `note` may be empty */
};

struct alignment_side {
  struct str server; /* configured id */
  const struct dhis2_metadata *metadata;
};

struct alignment {
  struct str id;
  int64_t version;
  struct alignment_side source, target;
  const struct alignment_decision *decisions;
  size_t decision_count;
};

/* Does the side hold the org unit, or is it an attribute option combo of its data sets? `of` is one of these two. */
bool alignment_holds_place(const struct alignment_side *side, enum decision_of of, struct str id);

const char *alignment_kind_name(const struct decision *decision); /* "data_element", "operand", "org_unit", "attribute_option_combo" */

/* What the engine is told to leave as it is: as many as decisions. */
const struct decision *alignment_fixed(const struct alignment *alignment, struct arena *arena);

/* Applies what a person sent: {"decisions":[{"kind":"data_element"|"operand","source_data_element":…,"source_category_option_combo":…,"targets":[{"data_element":…,"category_option_combo":…,"sign":"+"}],
 * "decision":"accepted"|"rejected"|"none"|"undecided","note":…}]}; of the kinds org_unit and attribute_option_combo "source":id and "targets":[{"id":…}], of which `accepted` takes one. `accepted` and `none` replace what was decided for that source item; `rejected` adds to what was rejected; `undecided` forgets all of it.
 * All of the list or nothing: ERROR_bad_request says which entry and why. *ret lives in the arena. */
int alignment_decide(const struct alignment *alignment, struct str json, struct str by, struct str at, struct arena *arena,
                     const struct alignment_decision **ret, size_t *ret_count, struct error *error);

/* The whole state as the page reads it (docs/openapi.yaml, Alignment), each element and each cell on a line of its own. Runs the engine. -1: as align_run, or ERROR_too_large. */
int alignment_state(const struct alignment *alignment, const atomic_bool *cancel, struct buf *out, struct error *error);

/* What the engine proposes for org units, attribute option combos and periods around what is decided about them (docs/openapi.yaml, AlignmentPlaces). Runs that part of the engine. -1: ERROR_cancelled, or ERROR_too_large. */
int alignment_places(const struct alignment *alignment, const atomic_bool *cancel, struct buf *out, struct error *error);

/* The target's org units (attribute option combos) that take part and have all words of the search in name, code or id, case and accents aside: a JSON list, the first ALIGNMENT_FOUND_MAX. False: larger than buf->max. */
bool alignment_find_places(const struct alignment *alignment, enum decision_of of, struct str search, struct buf *out);

/* What of `after` is another than in `before` (docs/openapi.yaml, AlignmentChanges); both as alignment_state wrote them about this alignment. A state in another form counts as changed altogether. False: larger than buf->max. */
bool alignment_changes(const struct alignment *alignment, struct str before, struct str after, struct buf *out);

/* The mapping document: what is accepted, with the cells that were shown for it; the engine's other answers as what they are. */
int alignment_mapping(const struct alignment *alignment, struct arena *arena, const struct mapping **ret, struct error *error);

/* What a mapping decides about cells and in pairs of org units and attribute option combos, as the JSON that alignment_decide takes, in the arena: `accepted`, `rejected` and `none`; what nobody decided (`auto`, `proposed`) decides nothing. Cells and pairs that a side
 * does not hold are left out and counted. -1: ERROR_too_large. */
int alignment_entries(const struct alignment *alignment, const struct mapping *mapping, struct arena *arena, struct str *ret_json,
                      size_t *ret_unknown, struct error *error);

/* The alignment on today's sides (drift/carry.h). Decisions stay; where `follow` is set they name what came in the place of what was replaced. Those that name what is gone, and those that made a rule which a change blocks, are left
 * out and told: somebody has to look again. Everything in the arena; borrows from all that is given. -1: as drift_carry. */
struct alignment_reopened {
  struct decision what; /* as it was */
  struct str reason;    /* a sentence */
};
struct alignment_carried {
  struct alignment alignment;
  const struct alignment_reopened *reopened;
  size_t reopened_count, followed; /* `followed`: decisions */
};
int alignment_carry(const struct alignment *alignment, struct drift_sides now, bool follow, struct arena *arena,
                    struct alignment_carried *ret, struct error *error);

/* The decisions as they are kept, and back. ERROR_input: not what alignment_write_decisions wrote. */
bool alignment_write_decisions(const struct alignment *alignment, struct buf *out);
int alignment_read_decisions(struct arena *arena, struct str json, const struct alignment_decision **ret, size_t *ret_count,
                             struct error *error);

#endif

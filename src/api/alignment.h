/* alignment: two sides, what the engine proposes, what people decided and said, as one value. Pure: no store, no server, no clock.
 *
 * What holds always: a decision names ids that its side holds; per source item there is either nothing, accepted targets, rejected ones (with or without accepted ones), or "no counterpart". The engine is
 * asked anew around the decisions each time the state is written, so the state never contradicts them. Nothing is changed in place: a change gives a new value that borrows from the old one.
 *
 * Provenance: a decision keeps who, when, why, and how sure the engine was of it then; an undo brings it back as it was, with all of that. Each change is a step with a number; what a step changed is kept before and after.
 *
 * How good proposals are: what is decided about a data element keeps what the engine had proposed when somebody first spoke about it, whatever is decided later, until it is opened again. So each element is judged once: by what was
 * proposed to a person who looked at it, and by what stands now. What was taken in bulk or came with a file keeps nothing, nor does what was decided by programs before this was kept: it judges nothing.
 *
 * Life cycle: fill the struct; alignment_decide gives a new value; alignment_state and alignment_mapping write; alignment_keep and alignment_read are how it is kept. */
#ifndef DRAWBRIDGE_API_ALIGNMENT_H
#define DRAWBRIDGE_API_ALIGNMENT_H

#include "align/align.h"
#include "base/buf.h"
#include "base/json_out.h"
#include "drift/drift.h"
#include "mapping/mapping.h"

enum {
  ALIGNMENT_DECISIONS_MAX = 200000,
  ALIGNMENT_NOTE_MAX = 2000, /* bytes of a note, a comment, a reason */
  ALIGNMENT_LABEL_MAX = 300,
  ALIGNMENT_PROPOSED_MAX = 16, /* targets of one element that are kept as what was proposed; of more than that none are */
  ALIGNMENT_REMARKS_MAX = 20000,
  ALIGNMENT_PEOPLE_MAX = 50,
  ALIGNMENT_STEPS_MAX = 100,          /* that can be undone; older ones are in the history alone */
  ALIGNMENT_STEP_ENTRIES_MAX = 50000, /* decisions before and after it; of a larger step none is kept, and it cannot be undone */
  ALIGNMENT_STATE_MAX = 64 << 20,
  ALIGNMENT_FOUND_MAX = 50,
  ALIGNMENT_SEARCH_WORDS_MAX = 10
};

struct alignment_decision {
  struct decision what;
  bool excluded;           /* of a DECISION_NONE: left out on purpose, though there may be a counterpart */
  struct str by, at, note; /* who, when (RFC 3339), why; `note` may be empty */
  struct str person;       /* who it was at every server that they were signed in to then: "server:user id …"; empty: not kept */
  double confidence;       /* how sure the engine was of it then; 0: it did not propose it */
  /* Of a data element: what the engine had proposed for it when somebody first spoke about it, ids with blanks between; empty: nothing, or it is not kept. */
  struct str proposed;
  double proposed_confidence;          /* of the least sure one of them */
  struct str approved_by, approved_at; /* the second person; empty: nobody yet */
};

/* What is said about a source element beside decisions. */
enum alignment_remark_kind {
  REMARK_COMMENT, /* any number of them */
  REMARK_FLAG,    /* somebody shall look: `to` a username, or empty: anybody. One at most */
  REMARK_UNFLAG,  /* in steps alone: the flag was taken away */
  REMARK_CHANGED /* a side changed since somebody looked last; `text` is the reason. One at most; goes with the next decision about the element */
};
struct alignment_remark {
  enum alignment_remark_kind kind;
  struct str source_data_element, by, at, text, to;
  struct str
      code; /* of REMARK_CHANGED, what `text` says: "new", "replaced", … or side, kind and object of a drift, "target vanished option_combo"; empty: not kept */
};

/* One change that somebody made at once, under a name. What it is to bring back is `before`: all decisions about the items that it touched; and `flags_before`. A comment that is taken back is in the history alone. */
struct alignment_step {
  int64_t number; /* rising from 1 */
  struct str label, by, at, person;
  int64_t undoes, redoes; /* the number of the step that it took back, or did again; 0: none */
  bool undone;
  const struct alignment_decision *before, *after;
  size_t before_count, after_count;
  const struct alignment_remark *remarks; /* made by it; of one that takes back or does again, those that it is about */
  size_t remark_count;
  const struct alignment_remark *flags_before; /* that stood on the elements that it flags, or takes a flag off */
  size_t flag_before_count;
};

/* Somebody beside the owner who may see it and decide in it: known by the user name at a server. */
struct alignment_person {
  struct str server, username;
};

struct alignment_side {
  struct str server; /* configured id */
  const struct dhis2_metadata *metadata;
  struct str
      locale; /* of names ("fr", "pt_BR"): in which the server shows them to who made the alignment, or that of another reader; empty: as they are stored there */
};

/* What happens when the sides change. What would send a wrong number stops sending in any case. */
enum alignment_on_change {
  ALIGNMENT_WARNS, /* the mapping stays, and what changed is told */
  ALIGNMENT_ASKS,  /* nothing is sent either while something wants a look */
  ALIGNMENT_TAKES, /* as ALIGNMENT_WARNS; what is plainly the same is not even told: the page goes on with it by itself */
  ALIGNMENT_ON_CHANGES
};
const char *alignment_on_change_name(enum alignment_on_change on_change); /* "warn", "ask", "take" */
bool alignment_on_change_named(struct str name, enum alignment_on_change *ret);

struct alignment {
  struct str id;
  int64_t version;
  struct alignment_side source, target;
  const struct alignment_decision *decisions;
  size_t decision_count;
  const struct alignment_remark *remarks;
  size_t remark_count;
  const struct alignment_step *steps; /* the newest ones, oldest first */
  size_t step_count;
  bool second_person; /* nothing counts in a transfer that another person than who decided has not approved */
  struct str owner;   /* user name; empty: not kept */
  enum alignment_on_change on_change;
  const struct alignment_person *people;
  size_t person_count;
};

/* Does the side hold the org unit, or is it an attribute option combo of its data sets? `of` is one of these two. */
bool alignment_holds_place(const struct alignment_side *side, enum decision_of of, struct str id);

/* Members "id", "name" and, where that is a translation, "lang" (RFC 5646) of an object of this side: what people are shown. The engine compares all names, in all languages. */
void alignment_write_name(struct json_out *out, const struct alignment_side *side, const struct dhis2_object *o);
void alignment_write_called(struct json_out *out, const struct alignment_side *side, const struct dhis2_object *o); /* without the id */

const char *alignment_kind_name(const struct decision *decision); /* "data_element", "operand", "org_unit", "attribute_option_combo" */

/* All names of an object, as a member "names" of an open object: what is stored by "", each translation by its language. To be picked from later, by alignment_pick_name. */
void alignment_write_names(struct json_out *out, const struct dhis2_object *o);

/* The members `name` and `lang` of an object as alignment_write_called would write them in that locale, out of its `names`. */
struct json_t;
void alignment_pick_name(struct json_t *object, const struct json_t *names, struct str locale);

/* What the engine is told to leave as it is: as many as decisions. */
const struct decision *alignment_fixed(const struct alignment *alignment, struct arena *arena);

/* Who does something, and when. */
struct alignment_actor {
  struct str name, person, at; /* as in a decision */
};

/* Applies what a person sent: {"steps":[step…]}, or one step alone. A step is
 *   {"label":…, "decisions":[…], "bulk":true|false, "flags":[…], "comments":[…]}, or {"undo":true}, or {"redo":true}: of the actor's own last step, with "of":"data_elements"|"places" of the last one about these. `bulk`: by a rule, nobody looked at each.
 * A decision is {"kind":"data_element"|"operand","source_data_element":…,"source_category_option_combo":…,"targets":[{"data_element":…,"category_option_combo":…,"sign":"+"}],
 * "decision":"accepted"|"rejected"|"none"|"excluded"|"undecided"|"approved"|"noted","note":…}; of the kinds org_unit and attribute_option_combo "source":id and "targets":[{"id":…}], of which `accepted` takes one. `accepted`, `none` and `excluded` replace what was decided for that source item; `rejected` adds to what was rejected; `undecided` forgets
 * all of it; `approved` approves all that is decided about an element and its cells, or about an org unit or attribute option combo; `noted` (of an element) gives the actor's own decision about it another note, and changes nothing else. A flag is {"source_data_element":…,"flagged":true|false,"to":…,"note":…}, a comment {"source_data_element":…,"text":…}.
 * `shown`: the state as alignment_state wrote it last, which tells how sure the engine was; may be empty. All of the list or nothing: ERROR_bad_request says which entry and why; ERROR_own_decision: approved by who decided it;
 * ERROR_conflict: what was to be taken back was changed since, or there is nothing. *ret lives in the arena and borrows from `alignment`; its version is the old one's. */
int alignment_decide(const struct alignment *alignment, struct str json, struct alignment_actor actor, struct str shown,
                     struct arena *arena, struct alignment *ret, struct error *error);

/* How proposals fared with people, by how sure the engine was of them: the surest first. */
enum { ALIGNMENT_BANDS = 3 };
struct alignment_band {
  double from;            /* least confidence */
  size_t decided, agreed; /* elements that people judged; those of which just what was proposed is accepted */
};
void alignment_judge(const struct alignment *alignment, struct alignment_band ret[ALIGNMENT_BANDS]);
struct str alignment_proposed_add(struct arena *arena, struct str proposed, struct str target); /* one more to a decision's `proposed` */

/* Is one of these the same person? Where one of them was not kept, names are compared. */
bool alignment_same_person(struct str person, struct str name, struct str other_person, struct str other_name);

/* By the person whose step it is: does it stand; was it taken back, and did they do nothing new since? `steps` are all that are kept. */
bool alignment_can_undo(const struct alignment_step *step);
bool alignment_can_redo(const struct alignment_step *steps, size_t count, const struct alignment_step *step);

/* Puts a step that nobody can take back behind the others; its number is given to it. `last`: those before can no longer be taken back either, since the sides they were about are no longer. */
void alignment_add_step(struct alignment *alignment, struct alignment_step step, bool last, struct arena *arena);

/* The whole state as the page reads it (docs/openapi.yaml, Alignment), each element and each cell on a line of its own. Runs the engine; `watch`: NULL, or who waits. -1: as align_run, or ERROR_too_large. */
int alignment_state(const struct alignment *alignment, const struct align_watch *watch, struct buf *out, struct error *error);

/* Of the cells of the target that one would have to be divided into, so many are told before a person wants all. */
enum { ALIGNMENT_PARTS_SHOWN = 32 };

/* The same without what the engine looked at for each proposal and with no more parts of a divided cell than ALIGNMENT_PARTS_SHOWN; and what it looked at for one element of the source (docs/openapi.yaml, Features): of nothing where there is
 * none of that id. `state`: as alignment_state wrote it. False: larger than buf->max. */
bool alignment_shortened(struct str state, struct buf *out);
bool alignment_features(struct str state, struct str element, struct buf *out);

/* The same with `own` on each element of which the reader decided something, it or its cells: by alignment_same_person, as an approval is judged. False: larger than buf->max. */
bool alignment_with_own(const struct alignment *alignment, const struct alignment_actor *reader, struct str state, struct buf *out);

/* Owner, people and second_person, as members of an open object. */
void alignment_write_people(const struct alignment *alignment, struct json_out *out);

/* What the engine proposes for org units, attribute option combos and periods around what is decided about them (docs/openapi.yaml, AlignmentPlaces). Runs that part of the engine. `reader`: NULL, or whose own words are told as
 * such where a second person is asked for. -1: ERROR_cancelled, or ERROR_too_large. */
int alignment_places(const struct alignment *alignment, const struct alignment_actor *reader, const atomic_bool *cancel, struct buf *out,
                     struct error *error);

/* The target's org units (attribute option combos) that take part and have all words of the search in name, code or id, case and accents aside: a JSON list, the first ALIGNMENT_FOUND_MAX. False: larger than buf->max. */
bool alignment_find_places(const struct alignment *alignment, enum decision_of of, struct str search, struct buf *out);

/* The target's org units directly below that one (empty: the tops) that take part, or have such below them: a JSON list. An id that the target does not have: none. False: larger than buf->max. */
bool alignment_units_below(const struct alignment *alignment, struct str above, struct buf *out);

/* The category combos of the elements of both sides (docs/openapi.yaml, AlignmentCombos). False: larger than buf->max. */
bool alignment_combos(const struct alignment *alignment, struct buf *out);

/* What of `after` is another than in `before` (docs/openapi.yaml, AlignmentChanges); both as alignment_state wrote them about this alignment. A state in another form counts as changed altogether. False: larger than buf->max. */
bool alignment_changes(const struct alignment *alignment, struct str before, struct str after, struct buf *out);

/* What alignment_state or alignment_changes wrote, with names in the locales that the sides have now: for a reader who did not make it. False: `json` is none, or larger than buf->max. */
bool alignment_renamed(const struct alignment *alignment, struct str json, struct buf *out);

/* The mapping document: what is accepted, with the cells that were shown for it, who decided and who approved it; the engine's other answers as what they are. */
int alignment_mapping(const struct alignment *alignment, struct arena *arena, const struct mapping **ret, struct error *error);

/* What a mapping decides about cells and in pairs of org units and attribute option combos, as the JSON that alignment_decide takes, in the arena: `accepted`, `rejected` and `none`; what nobody decided (`auto`, `proposed`, what the engine found no counterpart for) decides
 * nothing. An element is decided with its cells where the mapping leaves none of them open. `edited`: it was a list that people edit. Cells and pairs that a side does not hold are left out, and counted as unknown. -1: ERROR_too_large. */
struct alignment_entry_counts {
  size_t elements, cells, org_units, attributes, unknown;
};
int alignment_entries(const struct alignment *alignment, const struct mapping *mapping, bool edited, struct arena *arena,
                      struct str *ret_json, struct alignment_entry_counts *ret_counts, struct error *error);

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
/* Elements that are new, whose decisions were opened again, or that a change touches get a REMARK_CHANGED; decisions that follow lose their approval. */
int alignment_carry(const struct alignment *alignment, struct drift_sides now, bool follow, struct alignment_actor actor,
                    struct arena *arena, struct alignment_carried *ret, struct error *error);

/* Decisions, remarks and steps as they are kept, on one line, and back into *ret. ERROR_input: not what alignment_keep wrote. */
bool alignment_keep(const struct alignment *alignment, struct buf *out);
int alignment_read(struct arena *arena, struct str json, struct alignment *ret, struct error *error);

/* One step as it is kept, as a JSON object: for the history. */
bool alignment_write_step(const struct alignment_step *step, struct buf *out);

#endif

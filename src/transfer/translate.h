/* translate: what a mapping makes of values: which target cell a source value is added to, and what stands in that cell in the end.
 *
 * What holds always: pure: no file, no clock, no network. Sums are exact (decimal.h). A value is added or copied whole, never split. A target cell with one possible source holds any value and copies it; one with several holds
 * numbers only, and only of kinds that may be added up; what cannot be, is refused with a reason and never guessed. A source counts once: the same value said twice is one, two different values for one source refuse the cell.
 *
 * Two steps, with the sorting between them left to the caller (gather.h does it in bounded memory):
 *   translation_of       one source value -> its contributions to target cells, or the reason why it goes nowhere;
 *   cell_begin/add/end   all contributions to one target cell, in the order of contribution_cmp -> the cell's value, or the reason why it is refused.
 *
 * Ids are interned: a contribution is numbers only; translation_id gives the text back. Memory: the mapping, and about 60 bytes for each distinct period, org unit and attribute option combo that occurs; at most 16 million of them.
 *
 * Life cycle: translation_new in an arena; nothing to free but the arena. Not for two threads at once. */
#ifndef DRAWBRIDGE_TRANSFER_TRANSLATE_H
#define DRAWBRIDGE_TRANSFER_TRANSLATE_H

#include "base/buf.h"
#include "dhis2/data_values.h"
#include "dhis2/metadata.h"
#include "mapping/mapping.h"
#include "transfer/decimal.h"
#include "transfer/value_type.h"

/* Why a source value goes nowhere, or a target cell is not sent. X(name, of a whole cell?, in words) */
/* clang-format off */
#define TRANSFER_REASONS(X) \
  X(no_rule, false, N_("the mapping has no rule for this cell of the source")) \
  X(no_counterpart, false, N_("this cell, its org unit or its attribute option combo has no counterpart: so somebody decided, or the engine found none")) \
  X(rejected, false, N_("the rules for this cell, its org unit or its attribute option combo were rejected")) \
  X(undecided, false, N_("the rules for this cell, its org unit or its attribute option combo are not decided yet")) \
  X(not_approved, false, N_("the rules for this cell, its org unit or its attribute option combo have not been approved by a second person, which the mapping or the run asks for")) \
  X(org_unit, false, N_("the mapping lists org units, and this is none of them")) \
  X(unknown_unit, false, N_("the target does not have the org unit, and the run was asked to skip such ones")) \
  X(attribute_option_combo, false, N_("the mapping lists attribute option combos, and this is none of them")) \
  X(period, false, N_("the mapping rolls periods up, and this is none of the type that it rolls up")) \
  X(no_value, false, N_("there is no value, a comment alone")) \
  X(deleted, false, N_("the value was deleted at the source")) \
  X(missing_source, true, N_("not all sources of the cell have a value, or not all are decided, and the mapping requires all")) \
  X(not_all_decided, true, N_("a source of the cell was deleted, and others, which are not decided or approved yet, may have a value: the cell is not deleted")) \
  X(skipped, true, N_("not all sources of the cell have a value, or not all are decided, and the mapping skips such cells")) \
  X(contradiction, true, N_("the source has two values for one cell: they differ, or are of two attribute option combos that both become its own")) \
  X(not_a_number, true, N_("a value that would have to be added up is neither a number nor, of a yes-or-no element, one of true, t, yes, y, 1, false, f, no, n, 0")) \
  X(not_summable, true, N_("the data element of the target, or one of the source, holds values that may not be added up, or not over time (its value or aggregation type)")) \
  X(value_type, true, N_("the value does not fit the value type of the target's data element")) \
  X(not_in_data_set, true, N_("the target's data sets do not hold this cell")) \
  X(period_type, true, N_("the period is of another type than the target's data set")) \
  X(changed_meanwhile, true, N_("somebody else changed the cell at the target while this run was under way")) \
  X(unaccounted, true, N_("the target says that it took the value, but it is not there"))
/* clang-format on */

enum transfer_reason {
  TRANSFER_FINE,
#define X(name, of_cell, words) TRANSFER_##name,
  TRANSFER_REASONS(X)
#undef X
      TRANSFER_REASON_COUNT
};

const char *transfer_reason_name(enum transfer_reason reason); /* "no_rule" */
const char *transfer_reason_words(enum transfer_reason reason);

struct translation_options {
  bool accept[3];                      /* by enum mapping_decision: accepted, auto, proposed */
  const struct dhis2_metadata *source; /* value and aggregation types; NULL: what the mapping remembers of it */
  const struct dhis2_metadata *target; /* value types, data sets, combos; NULL: only what the mapping says */
  struct dhis2_value_rules rules;      /* of the target's server; zero: not known */
  bool sum_anyway;                     /* also what is averaged, last, least, … */
  struct str locale;                   /* in which target operands are named; empty: as they are stored */
};

struct translation;

/* Copies what it needs to the arena, but borrows the texts of mapping and metadata. NULL: ERROR_input: no rule counts; the mapping says that the periods cannot be converted; or it rolls them up and there are no target metadata, which alone tell what may be added up over time. */
struct translation *translation_new(struct arena *arena, const struct mapping *mapping, struct translation_options options,
                                    struct error *error);

/* The periods of the source that make up one of the target, in order of time; itself where the conversion is "same". In the arena. -1: ERROR_usage: it is not of the target's type. */
int translation_periods(const struct translation *translation, struct arena *arena, struct str target_period, const struct str **ret,
                        size_t *ret_count, struct error *error);

/* A target cell by numbers, and which of its sources this is. */
struct contribution {
  uint32_t period, org_unit, operand, attribute;               /* the cell */
  uint32_t term, source_unit, source_attribute, source_period; /* the source within it */
};

struct translated {
  enum transfer_reason reason;   /* TRANSFER_FINE: it goes somewhere; TRANSFER_unknown_unit: it would go there */
  const struct contribution *to; /* borrowed until the next call */
  size_t count;
};

struct translated translation_of(struct translation *translation, const struct dhis2_value *value);

/* From now on values of this source unit go nowhere (TRANSFER_unknown_unit): the target does not have the one it leads to. */
void translation_skip_unit(struct translation *translation, struct str source_unit);

/* By cell, then by source: equal only for one source of one cell. */
int contribution_cmp(const struct contribution *a, const struct contribution *b);
bool contribution_same_cell(const struct contribution *a, const struct contribution *b);

struct str translation_id(const struct translation *translation,
                          uint32_t number); /* text of a period, org unit or attribute option combo */

/* Why values may not be added up: a type of the target's data element, or of one of its sources. */
struct obstacle {
  const char *kind; /* "value" or "aggregation"; NULL: nothing stands in the way */
  struct str type;  /* as DHIS2 names it; may be empty */
  bool at_source;
};

/* What is known of a target operand. */
struct target_operand {
  struct mapping_operand id;
  struct str name;                /* of the data element; empty: not known */
  struct str data_set;            /* the first that holds it; empty: not known */
  struct str value_type;          /* empty: not known */
  enum value_kind kind;           /* of value_type */
  struct obstacle to_sum;         /* by value and aggregation type, of both sides as far as those are known */
  struct obstacle to_sum_in_time; /* as the mapping's `sound_for` has it */
  bool zero_is_kept;              /* false: to 2.42 a zero there means "no value" */
  bool known;                     /* false: the target's data sets do not hold it */
};
size_t translation_operand_count(const struct translation *translation);
const struct target_operand *translation_operand(const struct translation *translation, uint32_t operand);
/* Data sets that a cell can be sent with, the first `most`: those that hold it and have periods of its period's type; of a target that is not known the one that the mapping names, or an empty text. */
size_t translation_data_sets(const struct translation *translation, const struct contribution *cell, struct str *ret, size_t most);
/* What stands in the way of a sum of several sources, in time too where the mapping rolls periods up. `kind` NULL: nothing. */
const struct obstacle *translation_obstacle(const struct translation *translation, uint32_t operand);
int translation_sign(const struct translation *translation, const struct contribution *contribution); /* 1 or -1 */
struct mapping_operand translation_source(const struct translation *translation,
                                          const struct contribution *contribution); /* the term's source cell */

uint32_t translation_find_operand(const struct translation *translation, struct mapping_operand id); /* UINT32_MAX: no rule makes it */
/* The same, quicker where it is the one behind `last` (any number): values that were sorted come so. */
uint32_t translation_find_next(const struct translation *translation, struct mapping_operand operand, uint32_t last);

/* A value of the source as it counts for that cell; borrowed from `value` or `out`. Where that holds numbers that may be counted, true (of a yes-or-no element) is 1 and false is 0; a unit interval is brought to a percentage, and a percentage to a unit interval, by moving the
 * point. Else the value. */
struct str translation_counted(const struct translation *translation, const struct contribution *contribution, struct str value,
                               char out[VALUE_OUT_SIZE]);

/* Does a value of this operand count in control totals: is its type one of numbers, or not known? */
bool translation_is_counted(const struct translation *translation, uint32_t operand);

/* Where the value of a target cell comes from, at most `most` of its sources: terms, units and attribute option combos that lead there, each in all the periods (as translation_periods has them). Returns how many. */
struct source_cell {
  struct mapping_operand operand;
  struct str org_unit, attribute, period;
};
size_t translation_sources(const struct translation *translation, uint32_t operand, struct str org_unit, struct str attribute,
                           const struct str *periods, size_t period_count, struct source_cell *ret, size_t most);

/* Other source units that share a target unit with one of these, so that sums are whole: the list with them, each once, in the arena. */
void translation_units_closed(const struct translation *translation, struct arena *arena, const struct str *units, size_t count,
                              struct str **ret, size_t *ret_count);

/* The target unit of a source unit; empty: none, or it is skipped. */
struct str translation_unit(const struct translation *translation, struct str source_unit);

/* --- cells --- */

enum { CELL_SOURCES_SHOWN = 5, CELL_SOURCES_KEPT = 100, CELL_SHOWN_VALUE = 60 };

struct cell_source {
  struct contribution from;
  char value[CELL_SHOWN_VALUE + 1]; /* cut */
};

struct cell {
  struct contribution key;                       /* of its first contribution */
  enum transfer_reason reason;                   /* TRANSFER_FINE: to be sent */
  struct str value;                              /* borrowed from the cell until the next cell_begin */
  struct str data_set;                           /* that it is sent with; empty: not known */
  bool is_number;                                /* sum holds its value */
  bool partial;                                  /* some of its sources have no value, or are not decided */
  uint32_t count;                                /* sources that have one */
  uint64_t possible;                             /* sources that count: one is copied, of several is the sum */
  uint64_t expected;                             /* with those that would count if they were decided, approved and not blocked */
  char refused[CELL_SHOWN_VALUE + 1];            /* the value that not_a_number or value_type is about, cut */
  struct decimal sum;                            /* of what was added, also of a refused cell, so far as those are numbers */
  struct decimal repeated;                       /* of what was said again and did not count a second time, with its sign */
  struct cell_source sources[CELL_SOURCES_KEPT]; /* the first of them */
  struct contribution last;
  struct buf first_text; /* value of the first source, and of the last for comparing */
  struct buf last_text;
  char out[256];
};

#define CELL_INIT \
  { .first_text = BUF_INIT(1 << 20), .last_text = BUF_INIT(1 << 20) }

void cell_begin(struct cell *cell, const struct translation *translation, const struct contribution *first);
void cell_add(struct cell *cell, const struct translation *translation, const struct contribution *contribution, struct str value);
void cell_end(struct cell *cell, const struct translation *translation, enum mapping_missing missing);
void cell_free(struct cell *cell);

#endif

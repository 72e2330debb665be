/* mapping: which cells of one side make up which cell of the other, and who decided so: the document that alignment makes, a person reviews and a transfer obeys. The JSON format is in docs/mapping.md.
 *
 * What holds always: everything lives in one arena, borrowed texts too. A target cell is the signed sum of the terms of all its rules that count; the same source cell stands at most once among the
 * rules of one target cell that count (mapping_rule_counts). Ids are not empty, up to 255 bytes, without control characters and blanks around. Pure: no file, clock or network but in mapping_of_file.
 *
 * Life cycle: fill the struct (arrays from the arena) and mapping_check it, or mapping_read; write it with mapping_write. Nothing to free but the arena. */
#ifndef DRAWBRIDGE_MAPPING_MAPPING_H
#define DRAWBRIDGE_MAPPING_MAPPING_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/error.h"
#include "dhis2/metadata.h"

enum {
  MAPPING_BYTES_MAX = 64 << 20, /* of a document */
  MAPPING_RULES_MAX = 1 << 20,
  MAPPING_TERMS_MAX = 4096,    /* of one rule */
  MAPPING_PAIRS_MAX = 1 << 20, /* org units; attribute option combos */
  MAPPING_DATA_SETS_MAX = 256,
};

/* The id of the default option combo on all but old databases (DHIS2 core, DefaultCategoryService). */
#define MAPPING_DEFAULT_COMBO STR("HllvX50cXC0")

struct mapping_operand {
  struct str data_element, category_option_combo;
};

struct mapping_term {
  int sign; /* 1 or -1 */
  struct mapping_operand source;
};

enum mapping_decision {
  MAPPING_ACCEPTED, /* by a person */
  MAPPING_AUTO,     /* the engine is sure */
  MAPPING_PROPOSED, /* the engine's answer, wants a look */
  MAPPING_REJECTED, /* a person said no */
  MAPPING_NONE,     /* the terms' cells have no counterpart: `target` is empty; or, without terms: nothing fills this target cell */
};

struct mapping_rule {
  struct mapping_operand target;
  const struct mapping_term *terms;
  size_t term_count;
  enum mapping_decision decision;
  double confidence;       /* 0 to 1; below 0: not told */
  struct str value_type;   /* of the target's data element (INTEGER, …); empty: not told. What is sent is brought to its form */
  struct str by, at, note; /* who decided, when (RFC 3339), why; each may be empty */
  struct str approved_by, approved_at; /* another person who agrees, and when; each may be empty */
  struct str blocked; /* what changed at a side since, so that the rule does not count until somebody looked; empty: nothing */
};

struct mapping_side {
  struct str server;           /* configured id, or what the side was read from; may be empty */
  const struct str *data_sets; /* ids */
  size_t data_set_count;
  struct str default_combo; /* id of the default option combo; never empty after mapping_read */
  const struct dhis2_metadata
      *metadata; /* what the side held when the mapping was made; written in brief (metadata_write.h). NULL: not told */
};

/* An org unit, or an attribute option combo, of the source and what it is at the target. */
struct mapping_pair {
  struct str source, target;      /* target empty, and only then: MAPPING_NONE, the source has no counterpart */
  enum mapping_decision decision; /* as of a rule */
  double confidence;              /* 0 to 1; 0: not told */
  struct str by, at, note;        /* as of a rule */
  struct str approved_by, approved_at;
};

/* What the periods of the source are to the target. */
enum mapping_conversion {
  MAPPING_SAME_PERIODS, /* "same": the same period identifiers on both sides */
  MAPPING_ROLL_UP,      /* "roll-up": a period of the target is the sum of the source's periods in it, which are a whole number of them */
  MAPPING_CANNOT,       /* "cannot": they cannot be converted; nothing is transferred */
};

enum { MAPPING_SOUND_MAX = 32 };

struct mapping_periods {
  enum mapping_conversion conversion;
  struct str source, target; /* period types ("Monthly"); both set where the conversion is a roll-up */
  const struct str
      *sound_for; /* of a roll-up: aggregation types whose values may be added up over time. mapping_read gives SUM where nothing is said */
  size_t sound_count;
  struct str note; /* the conversion in words; may be empty */
};

/* What becomes of a target cell when not all of its sources have a value. */
enum mapping_missing {
  MAPPING_SUM_PRESENT, /* "sum-what-is-there": the sum of those that have; counted as partial */
  MAPPING_REQUIRE_ALL, /* "require-all": not sent, and the run ends as "something was refused" */
  MAPPING_SKIP,        /* "skip": not sent, counted */
};

struct mapping {
  struct mapping_side source, target;
  const struct mapping_rule *rules;
  size_t rule_count;
  const struct mapping_pair *attribute_option_combos; /* none: the same ids, and default to default. Each source once */
  size_t attribute_option_combo_count;
  const struct mapping_pair *org_units; /* none: the same ids. Several sources may share a target: they are summed */
  size_t org_unit_count;
  struct mapping_periods periods;
  enum mapping_missing missing;
  bool waits;    /* no transfer while something changed at a side that wants a look; else only what would be wrong stops it */
  bool approval; /* no rule and no pair counts in a transfer that nobody has approved (approved_by) */
};

/* NULL: ERROR_input, with the place or the member's name. Unknown members, members twice and a higher version are refused. */
const struct mapping *mapping_read(struct arena *arena, struct str json, struct error *error);
const struct mapping *mapping_of_file(struct arena *arena, const char *path, struct error *error); /* "-": standard input */

/* 0, or -1 with ERROR_input: what is said above does not hold. mapping_read has done it. */
int mapping_check(const struct mapping *mapping, struct error *error);

/* Accepted, auto or proposed, and not blocked. A transfer takes of these what it is told to. */
bool mapping_rule_counts(const struct mapping_rule *rule);

/* Has a second person approved it, or does the mapping not ask for that? */
bool mapping_rule_is_approved(const struct mapping *mapping, const struct mapping_rule *rule);

/* The same of a pair. What somebody decided waits for a second person, in bulk or one by one, and so does what the engine is sure of, by a code or an id: a wrong pair sends all numbers of a unit to another. One that nobody decided (no
 * `by`, no `at`), that counts without a decision and that keeps its id, or is default as default, says what a mapping without pairs says of everything: it stands there since others do not keep theirs, and there is nothing to agree to. */
bool mapping_pair_is_approved(const struct mapping *mapping, const struct mapping_pair *pair);

/* The document, indented by lines so that differences show: the same mapping gives the same bytes. False: larger than buf->max. */
bool mapping_write(const struct mapping *mapping, struct buf *buf);

const char *mapping_decision_name(enum mapping_decision decision); /* "accepted", … */
bool mapping_decision_of(struct str name, enum mapping_decision *ret);
const char *mapping_conversion_name(enum mapping_conversion conversion);
bool mapping_conversion_of(struct str name, enum mapping_conversion *ret);
const char *mapping_missing_name(enum mapping_missing missing);
bool mapping_missing_of(struct str name, enum mapping_missing *ret);

/* Ordered by data element, then option combo; by bytes. */
int mapping_operand_cmp(struct mapping_operand a, struct mapping_operand b);

#endif

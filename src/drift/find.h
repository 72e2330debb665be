/* find: what the parts of drift_find share: one side as it was and as it is, the rules that name its things, and the list that grows. */
#ifndef DRAWBRIDGE_DRIFT_FIND_H
#define DRAWBRIDGE_DRIFT_FIND_H

#include "align/reading.h"
#include "base/map.h"
#include "base/vec.h"
#include "drift/drift.h"

struct rule_list {
  size_t *p; /* indexes, ascending */
  size_t n, capacity;
};

struct look {
  enum drift_side side;
  const struct mapping_side *made;
  const struct dhis2_metadata *before; /* NULL: the mapping does not tell */
  const struct dhis2_metadata *all;    /* today, as it was given. NULL: nobody looked */
  const struct dhis2_metadata *now;    /* today, so far as the mapping's data sets go */
  bool lost;                           /* none of the mapping's data sets is there: nothing else can be told */
  struct map elements, option_combos;  /* id to struct rule_list: rules that count and name it */
  struct map hidden;                   /* ids of elements that a data set has today, and the side does not show */
};

struct finding {
  struct arena *arena;
  const struct mapping *mapping;
  struct lexicon *lexicon;   /* NULL: no name was read yet; see finding_lexicon */
  struct look sides[2];      /* by enum drift_side */
  struct rule_list counting; /* all rules that count */
  VEC(struct drift_change) changes;
  VEC(struct str) warnings;
};

/* Adds a change; a copy of the rules is made. The sentence is printed into the arena. */
void finding_add(struct finding *finding, const struct look *look, struct drift_change change, const struct rule_list *rules,
                 const char *format, ...) __attribute__((format(printf, 5, 6)));

/* 'name' (id), or the id alone. */
struct str finding_quote(const struct finding *finding, struct str name, struct str id);

/* Made when the first name is read: most sides did not change, and its tables take longer than all the rest. */
struct lexicon *finding_lexicon(struct finding *finding);

/* Do two names say the same, as far as words, ages, sexes and the like go? */
bool finding_same_meaning(struct finding *finding, struct str before, struct str after, bool option);

const struct rule_list *look_rules(const struct map *map, struct str id); /* never NULL */
const char *look_name(const struct look *look);                           /* "the source" */

/* The operands of a rule at a side: the terms, or the target. */
size_t rule_operand_count(const struct mapping_rule *rule, enum drift_side side);
struct mapping_operand rule_operand(const struct mapping_rule *rule, enum drift_side side, size_t at);

/* Can this cell hold values there? Also true where the side does not tell which option combos its element has. */
bool side_holds(const struct dhis2_metadata *metadata, struct mapping_operand operand);

bool coc_has_option(const struct dhis2_option_combo *coc, struct str option);
bool coc_same_options(const struct dhis2_option_combo *a, const struct dhis2_option_combo *b);       /* false where none are told */
struct str coc_option_names(struct arena *arena, const struct dhis2_option_combo *coc);              /* "0-4 years, Female" */
const struct dhis2_option_combo *combo_coc(const struct dhis2_category_combo *combo, struct str id); /* NULL: it has none of this id */
int by_object_id(const void *left, const void *right); /* of two `const struct dhis2_object *const *` */

/* Ids of a side in pairs that count (of org units, of attribute option combos), to whatever is not NULL. */
struct map pairs_named(const struct mapping_pair *pairs, size_t count, enum drift_side side);

/* The parts, each of one side, in this order. */
void find_data_sets(struct finding *finding, const struct look *look);
void find_default(struct finding *finding, const struct look *look);
void find_elements(struct finding *finding, const struct look *look);
void find_option_combos(struct finding *finding, const struct look *look);
void find_attributes(struct finding *finding, const struct look *look);
void find_org_units(struct finding *finding, const struct look *look);
void find_unheld(struct finding *finding, const struct look *look);

/* Of both sides: sums that were whole, and are so no longer. */
void find_tilings(struct finding *finding);

#endif

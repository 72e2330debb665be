/* format_parts: what the forms of formats.h share: telling, names of ids, rules put together from single terms, texts that a spreadsheet would take for a formula. For the files of this folder. */
#ifndef DRAWBRIDGE_MAPPING_FORMAT_PARTS_H
#define DRAWBRIDGE_MAPPING_FORMAT_PARTS_H

#include "base/map.h"
#include "mapping/formats.h"
#include <jansson.h>

/* Names; without the side, or where it does not know the id: empty. */
struct str format_element_name(const struct dhis2_metadata *side, struct str id);
struct str format_combo_name(const struct dhis2_metadata *side, struct str id);

struct str format_default_combo(const struct dhis2_metadata *side); /* of the side, else the one of all but old databases */

/* Rules from terms that come one at a time: those with the same target and the same decision, confidence, value type, person, time and note become one rule, in the order in which they first came; at most
 * MAPPING_TERMS_MAX terms each. Rules without target or without terms stay apart. Texts are borrowed and outlive the list. */
struct rule_list;
struct rule_list *rule_list_new(struct arena *arena); /* freed with the arena */
int rule_list_add(struct rule_list *list, const struct mapping_rule *like, const struct mapping_term *term,
                  struct error *error);                           /* `term` NULL: none. ERROR_input: too many */
void rule_list_done(struct rule_list *list, struct mapping *ret); /* sets its rules; both sides' default combos too where they are empty */

/* Pairs that come one at a time. */
struct pair_list {
  struct mapping_pair *p;
  size_t n, capacity;
};
const struct mapping_pair *pair_list_done(struct arena *arena, struct pair_list *list); /* in the arena; frees the list */

/* A confidence as text; -1: it is no number from 0 to 1. An empty text leaves *ret alone. */
int format_confidence_of(struct arena *arena, struct str text, double *ret);
struct str format_confidence_text(struct arena *arena, double confidence);

json_t *format_json(struct str bytes, struct error *error); /* the caller's. NULL: ERROR_input; a member twice is refused */

struct str format_text(struct arena *arena, const json_t *value); /* in the arena; empty where it is no text */

/* Spreadsheets take some texts for formulas (csv_is_formula). Such a text gets an apostrophe before it; so does one that begins with apostrophes and then one of these, so
 * that taking one apostrophe away gives the text back, always. */
struct str cell_guard(struct arena *arena, struct str text);
struct str cell_unguard(struct str text);

#endif

/* decision_list: the decisions of an alignment while a request is applied to it: what a new word replaces is found by what it is about, not by going through all.
 *
 * What holds always: decisions stay in the order they were added. All calls together look at no more entries than were ever added (each entry is forgotten once), and a few for each call: 200,000 decisions are taken in the time it
 * takes to read them. `looked` counts entries looked at, so that a test can hold the list to this.
 *
 * Life cycle: decision_list_new, calls, decision_list_end (hands the list over) or decision_list_free. Texts of decisions are borrowed until then. For alignment_decide alone. */
#ifndef DRAWBRIDGE_API_DECISION_LIST_H
#define DRAWBRIDGE_API_DECISION_LIST_H

#include "api/alignment.h"

struct decision_list;

struct decision_list *decision_list_new(void);
void decision_list_add(struct decision_list *list, struct alignment_decision decision);

/* What of this source item (element, or cell) goes. */
enum decision_list_part { DECISION_LIST_ALL, DECISION_LIST_BUT_REJECTED };
void decision_list_forget(struct decision_list *list, const struct decision *of, enum decision_list_part part);

/* Of the same source item: what names the same target, with either sign, and "no counterpart". */
void decision_list_forget_target(struct decision_list *list, const struct decision *of);

/* Those of the same element and its cells, or of the same org unit or attribute option combo, one after the other, by a cursor that begins at 0. NULL: no more. Good until the next decision_list_add. */
struct alignment_decision *decision_list_about(struct decision_list *list, const struct decision *of, size_t *cursor);

size_t decision_list_count(const struct decision_list *list);
size_t decision_list_looked(const struct decision_list *list);

/* In the arena; frees the list. */
const struct alignment_decision *decision_list_end(struct decision_list *list, struct arena *arena, size_t *ret_count);
void decision_list_free(struct decision_list *list);

#endif

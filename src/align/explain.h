/* explain: why a row is there, as features with contributions and as one plain sentence. */
#ifndef DRAWBRIDGE_ALIGN_EXPLAIN_H
#define DRAWBRIDGE_ALIGN_EXPLAIN_H

#include "align/align.h"
#include "align/assign.h"
#include "align/cells.h"

void explain_element(struct arena *arena, const struct pair *pair, struct align_row *row);
/* `element`: confidence of the pair of elements, which that of the row includes. */
void explain_cell(struct arena *arena, const struct cell_choice *choice, float element, struct align_row *row);

#endif

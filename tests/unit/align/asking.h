/* asking: tests of the engine ask it about two sides, `from` and `to`, and look at `result`. One question at a time. */
#ifndef DRAWBRIDGE_TESTS_ASKING_H
#define DRAWBRIDGE_TESTS_ASKING_H

#include "make_side.h"

extern struct arena *arena; /* of the test under way */
extern const struct dhis2_metadata *from, *to;
extern const struct align_result *result;

int set_up(void **state);
int tear_down(void **state);

void run_with(const struct decision *decisions, size_t count, const struct glossary *glossary);
void run(void);

bool is_answer(const struct align_row *row);
const struct dhis2_data_element *answer_of(const char *name);                           /* the one answer for an element; NULL: none */
void assert_pair(const char *source, const char *target);                               /* target NULL: none */
bool has_cell(const char *element, const char *coc, const char *target_coc, char sign); /* target_coc NULL: any */
void assert_cell(const char *element, const char *coc, const char *target_coc);         /* target_coc NULL: none */

#endif

#include "asking.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

struct arena *arena;
const struct dhis2_metadata *from, *to;
const struct align_result *result;

int set_up(void **state) {
  arena = arena_new();
  return 0;
}

int tear_down(void **state) {
  arena_free(arena);
  return 0;
}

void run_with(const struct decision *decisions, size_t count, const struct glossary *glossary) {
  struct error error = {0};
  struct align_options options = {.candidates = 5, .glossary = glossary};
  if (align_run(from, to, &options, decisions, count, arena, &result, &error) < 0) fail_msg("%s", error.message);
}

void run(void) {
  run_with(NULL, 0, NULL);
}

bool is_answer(const struct align_row *row) {
  return row->target && row->answer != ALIGN_CANDIDATE;
}

/* The one answer for an element; NULL: none. */
const struct dhis2_data_element *answer_of(const char *name) {
  const struct dhis2_data_element *source = element_named(from, name), *found = NULL;
  for (size_t i = 0; i < result->count; i++) {
    const struct align_row *row = &result->rows[i];
    if (row->kind == ALIGN_DATA_ELEMENT && row->source == source && is_answer(row)) found = row->target;
  }
  return found;
}

void assert_pair(const char *source, const char *target) {
  const struct dhis2_data_element *found = answer_of(source);
  if (!found && target) fail_msg("'%s' got no counterpart instead of '%s'", source, target);
  if (found && !(target && str_eq(found->o.name, str_of(target))))
    fail_msg("'%s' got '%.*s' instead of '%s'", source, STR_ARG(found->o.name), target ? target : "nothing");
}

bool has_cell(const char *element, const char *coc, const char *target_coc, char sign) {
  const struct dhis2_data_element *source = element_named(from, element);
  const struct dhis2_option_combo *cell = coc_named(from, source, coc);
  for (size_t i = 0; i < result->count; i++) {
    const struct align_row *row = &result->rows[i];
    if (row->kind == ALIGN_OPERAND && row->source == source && row->source_coc == cell && is_answer(row) && row->sign == sign &&
        (!target_coc || str_eq(row->target_coc->o.name, str_of(target_coc))))
      return true;
  }
  return false;
}

void assert_cell(const char *element, const char *coc, const char *target_coc) {
  if (target_coc && !has_cell(element, coc, target_coc, '+')) fail_msg("%s | %s does not go to %s", element, coc, target_coc);
  if (!target_coc && has_cell(element, coc, NULL, '+')) fail_msg("%s | %s has a target", element, coc);
}

#include "align/align.h"

#include "align/abbreviation.h"
#include "align/rows.h"
#include "align/tiling.h"

enum { ELEMENTS_MAX = 1000000, CELLS_MAX = 8000000 };

static int check_size(const struct dhis2_metadata *metadata, const char *side, struct error *error) {
  size_t cells = 0;
  for (size_t i = 0; i < metadata->element_count; i++)
    for (size_t c = 0; c < metadata->elements[i]->combo_count; c++) cells += metadata->elements[i]->combos[c]->option_combo_count;
  if (metadata->element_count > ELEMENTS_MAX || cells > CELLS_MAX)
    return error_set(error, ERROR_input,
                     "the %s has %zu data elements and %zu cells; at most %d and %d can be aligned at once: name data sets", side,
                     metadata->element_count, cells, ELEMENTS_MAX, CELLS_MAX);
  return 0;
}

/* The cells of all answered pairs, and what is to be subtracted. */
static int place_all(struct arena *arena, const struct cells_context *cells, const struct assignment *assignment,
                     const struct items *source, const struct items *target, const struct align_watch *watch, struct rows_input *input,
                     struct error *error) {
  size_t count = 0;
  for (size_t s = 0; s < assignment->n; s++) count += assignment->p[s].answers;
  struct placing *placings = ARENA_ARRAY(arena, count, struct placing);
  size_t *starts = ARENA_ARRAY(arena, assignment->n + 1, size_t);
  count = 0;
  for (size_t s = 0; s < assignment->n; s++) {
    starts[s] = count;
    if (align_is_cancelled(watch)) return error_set(error, ERROR_cancelled, "the alignment was cancelled");
    for (size_t i = 0; i < assignment->p[s].answers; i++) {
      const struct pair *pair = &assignment->p[s].pairs[i];
      const struct item *from = &source->p[pair->source], *to = &target->p[pair->target];
      placings[count++] = (struct placing){from, to, pair->confidence, cells_align(cells, from, to, pair->decided)};
    }
  }
  starts[assignment->n] = count;
  input->placings = placings;
  input->placing_starts = starts;
  input->subtraction_count = difference_find(cells, placings, count, &input->subtractions);
  struct str *warnings;
  input->warning_count = tiling_check(cells, placings, count, &warnings);
  input->warnings = warnings;
  return 0;
}

int align_run(const struct dhis2_metadata *source, const struct dhis2_metadata *target, const struct align_options *options,
              const struct decision *decisions, size_t decision_count, struct arena *arena, const struct align_result **ret,
              struct error *error) {
  if (check_size(source, "source", error) < 0 || check_size(target, "target", error) < 0) return -1;
  struct arena *scratch = arena_new();
  struct lexicon *lexicon = lexicon_new(scratch);
  /* The last first, so that the earliest row of a term stays. */
  for (size_t i = options->glossary ? options->glossary->count : 0; i-- > 0;)
    lexicon_explain(lexicon, options->glossary->entries[i].term, options->glossary->entries[i].means, options->glossary->entries[i].facet);
  size_t lexicon_words = lexicon_term_count(lexicon);
  abbreviations_learn(scratch, lexicon, options->glossary, source, target);
  struct combos combos[2] = {combos_of(scratch, lexicon, source), combos_of(scratch, lexicon, target)};
  struct items items[2] = {items_of(scratch, lexicon, &combos[0]), items_of(scratch, lexicon, &combos[1])};
  likeness_apply(scratch, lexicon, lexicon_words, &items[0], &items[1], &combos[0], &combos[1]);
  items_weigh(scratch, lexicon, &items[0], &items[1]);
  combos_weigh(scratch, lexicon, &combos[0], &combos[1]);
  struct rulings rulings = rulings_of(arena, source, target, decisions, decision_count);
  unsigned candidates = options->candidates ? options->candidates : 5;
  if (candidates > ASSIGN_CANDIDATES_MAX) candidates = ASSIGN_CANDIDATES_MAX;
  struct assign_context context = {scratch,          &items[0],  &items[1],      &combos[0], &combos[1], lexicon_term_count(lexicon),
                                   rulings.elements, candidates, &options->watch};
  struct assignment assignment;
  int result = assign_all(&context, &assignment, error);
  if (result == 0) {
    struct cells_context cells = {scratch, lexicon, &combos[0], &combos[1], &rulings};
    struct rows_input input = {
        .arena = arena, .source = &items[0], .target = &items[1], .assignment = &assignment, .rulings = &rulings, .candidates = candidates};
    result = place_all(scratch, &cells, &assignment, &items[0], &items[1], &options->watch, &input, error);
    if (result == 0) *ret = rows_write(&input);
  }
  rulings_free(&rulings);
  items_free(&items[0]);
  items_free(&items[1]);
  lexicon_free(lexicon);
  arena_free(scratch);
  return result;
}

const char *align_answer_name(enum align_answer answer) {
  static const char *const names[] = {"auto", "proposed", "candidate", "none"};
  return names[answer];
}

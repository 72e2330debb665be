#include "align/rows.h"

#define AUTO_ELEMENT 0.96f
#define AUTO_CELL 0.945f

struct writing {
  const struct rows_input *in;
  VEC(struct align_row) rows;
  uint32_t *order; /* source items by element id */
};

/* One cell under way: what was found for it, before it is ranked. */
struct offer {
  struct align_row row;
  const struct cell_choice *choice; /* NULL: a person said so */
  float element;                    /* confidence of the pair of elements */
  float score;                      /* order among equals in kind */
};

static struct align_row *push(struct writing *w, struct align_row row) {
  VEC_PUSH(&w->rows, row);
  return &w->rows.p[w->rows.n - 1];
}

static void write_element(struct writing *w, uint32_t s) {
  const struct standing *standing = &w->in->assignment->p[s];
  const struct dhis2_data_element *source = w->in->source->p[s].element;
  uint32_t rank = 1;
  if (!standing->answers) {
    float best = standing->count ? standing->pairs[0].confidence : 0;
    push(w, (struct align_row){.kind = ALIGN_DATA_ELEMENT,
                               .answer = ALIGN_NONE,
                               .source = source,
                               .sign = '+',
                               .decided = standing->none_decided,
                               .rank = rank++,
                               .confidence = standing->none_decided ? 1 : 1 - best,
                               .reason = standing->none_decided ? "decided_none" : "nothing_alike",
                               .why = standing->none_decided ? STR("A person decided that there is no counterpart")
                                                             : STR("No target element is like it enough")});
  }
  size_t most = w->in->candidates > standing->answers ? w->in->candidates : standing->answers;
  for (size_t i = 0; i < standing->count && i < most && !standing->none_decided; i++) {
    const struct pair *pair = &standing->pairs[i];
    bool answer = i < standing->answers;
    struct align_row row = {.kind = ALIGN_DATA_ELEMENT,
                            .source = source,
                            .target = w->in->target->p[pair->target].element,
                            .sign = '+',
                            .decided = pair->decided,
                            .rank = rank++,
                            .confidence = pair->confidence,
                            .answer = !answer                                             ? ALIGN_CANDIDATE
                                      : pair->decided || pair->confidence >= AUTO_ELEMENT ? ALIGN_AUTO
                                                                                          : ALIGN_PROPOSED};
    explain_element(w->in->arena, pair, &row);
    push(w, row);
  }
}

static bool term_of(const struct cell_ruling *ruling, const struct align_row *row, bool *ret_accepted) {
  for (const struct cell_term *t = ruling ? ruling->terms : NULL; t; t = t->next) {
    if (t->target != row->target || t->coc != row->target_coc || t->sign != row->sign) continue;
    *ret_accepted = t->accepted;
    return true;
  }
  return false;
}

/* Answers before candidates; then by confidence; then by target. */
static int by_offer(const void *left, const void *right) {
  const struct offer *a = left, *b = right;
  if (a->row.answer != b->row.answer) {
    bool x = a->row.answer == ALIGN_CANDIDATE, y = b->row.answer == ALIGN_CANDIDATE;
    if (x != y) return x ? 1 : -1;
  }
  if (a->row.decided != b->row.decided) return a->row.decided ? -1 : 1;
  if ((a->row.sign == '-') != (b->row.sign == '-')) return a->row.sign == '-' ? 1 : -1;
  if (a->score != b->score) return a->score > b->score ? -1 : 1;
  int order = str_cmp(a->row.target->o.id, b->row.target->o.id);
  return order ? order : str_cmp(a->row.target_coc->o.id, b->row.target_coc->o.id);
}

struct offers {
  struct offer *p;
  size_t n, capacity;
};

static void offer(struct offers *offers, const struct cell_ruling *ruling, struct align_row row, const struct cell_choice *choice,
                  float element) {
  bool accepted, answer = row.answer != ALIGN_CANDIDATE;
  if (term_of(ruling, &row, &accepted)) return; /* accepted ones are there already; rejected ones never come out */
  bool fixed = false;
  for (const struct cell_term *t = ruling ? ruling->terms : NULL; t; t = t->next) fixed |= t->accepted;
  if (answer && fixed) row.answer = ALIGN_CANDIDATE;
  VEC_PUSH(offers, (struct offer){row, choice, element, row.confidence});
}

static void offer_accepted(struct offers *offers, const struct cell_ruling *ruling, const struct align_row *like) {
  for (const struct cell_term *t = ruling ? ruling->terms : NULL; t; t = t->next) {
    if (!t->accepted) continue;
    struct align_row row = *like;
    row.target = t->target;
    row.target_coc = t->coc;
    row.sign = t->sign;
    row.answer = ALIGN_AUTO;
    row.decided = true;
    row.confidence = 1;
    row.why = STR("A person decided so");
    VEC_PUSH(offers, (struct offer){row, NULL, 1, 1});
  }
}

/* Subtractions are sorted by placing and cell. */
static size_t first_subtraction(const struct writing *w, size_t placing, size_t cell) {
  size_t low = 0, high = w->in->subtraction_count;
  while (low < high) {
    size_t middle = (low + high) / 2;
    const struct subtraction *s = &w->in->subtractions[middle];
    if (s->placing < placing || (s->placing == placing && s->cell < cell))
      low = middle + 1;
    else
      high = middle;
  }
  return low;
}

static void offer_placing(struct writing *w, struct offers *offers, const struct cell_ruling *ruling, const struct align_row *like,
                          size_t p, size_t c) {
  const struct placing *placing = &w->in->placings[p];
  const struct cell *cell = &placing->cells.p[c];
  for (size_t i = 0; i < cell->choice_count; i++) {
    struct align_row row = *like;
    row.target = placing->target->element;
    row.target_coc = cell->choices[i].target;
    row.confidence = placing->confidence * cells_confidence(cell->choices[i].score);
    row.answer = i == 0 && cell->answered
                     ? (placing->confidence >= AUTO_ELEMENT && row.confidence >= AUTO_CELL && !cell->doubled ? ALIGN_AUTO : ALIGN_PROPOSED)
                     : ALIGN_CANDIDATE;
    if (i == 0 && cell->answered) row.why = cell->tiling; /* behind the sentence */
    if (cell->choices[i].score > -4) offer(offers, ruling, row, &cell->choices[i], placing->confidence);
  }
  for (size_t i = first_subtraction(w, p, c); i < w->in->subtraction_count; i++) {
    const struct subtraction *subtraction = &w->in->subtractions[i];
    if (subtraction->placing != p || subtraction->cell != c) break;
    struct align_row row = *like;
    row.target = placing->target->element;
    row.target_coc = subtraction->choice.target;
    row.sign = '-';
    row.confidence = placing->confidence * cells_confidence(subtraction->choice.score) * 0.9f;
    row.answer = ALIGN_PROPOSED;
    offer(offers, ruling, row, &subtraction->choice, placing->confidence);
  }
}

static void write_offers(struct writing *w, struct offers *offers, const struct align_row *like) {
  uint32_t rank = 1, answers = 0;
  if (offers->n) qsort(offers->p, offers->n, sizeof *offers->p, by_offer);
  for (size_t i = 0; i < offers->n; i++) answers += offers->p[i].row.answer != ALIGN_CANDIDATE;
  if (!answers) {
    struct align_row none = *like;
    none.answer = ALIGN_NONE;
    none.rank = rank++;
    none.confidence = offers->n ? 1 - offers->p[0].row.confidence : 1;
    none.why =
        like->division ? STR("The target divides it, and a value cannot be divided") : STR("Nothing in the target is like it enough");
    push(w, none);
  }
  size_t most = answers > w->in->candidates ? answers : w->in->candidates;
  for (size_t i = 0; i < offers->n && i < most; i++) {
    struct align_row *row = push(w, offers->p[i].row);
    struct str tiling = row->why;
    row->rank = rank++;
    if (!offers->p[i].choice) continue;
    explain_cell(w->in->arena, offers->p[i].choice, offers->p[i].element, row);
    if (row->sign == '-') row->why = STR("All who were tested go to the negative ones, so those who were positive are subtracted");
    if (tiling.n) row->why = arena_printf(w->in->arena, "%.*s. Of the ages: %.*s", STR_ARG(row->why), STR_ARG(tiling));
  }
}

/* An option combo that a source element can hold, and its place in the cells of each of the element's placings. */
struct held {
  const struct dhis2_option_combo *coc;
  size_t cell; /* SIZE_MAX: the engine did not look at it */
};

/* With the first target that would divide it. */
static const struct align_division *division_of_cell(const struct writing *w, uint32_t s, size_t cell) {
  for (size_t p = w->in->placing_starts[s]; p < w->in->placing_starts[s + 1]; p++) {
    const struct cells *cells = &w->in->placings[p].cells;
    const struct align_division *found = cell < cells->n ? cells->p[cell].division : NULL;
    if (!found) continue;
    struct align_division *division = ARENA_NEW(w->in->arena, struct align_division);
    const struct dhis2_option_combo **parts = ARENA_ARRAY(w->in->arena, found->count, const struct dhis2_option_combo *);
    memcpy(parts, found->parts, found->count * sizeof(const struct dhis2_option_combo *));
    *division = (struct align_division){parts, found->count, found->all, found->whole};
    return division;
  }
  return NULL;
}

static void write_cell(struct writing *w, uint32_t s, struct held held, struct offers *offers) {
  const struct dhis2_data_element *element = w->in->source->p[s].element;
  const struct cell_ruling *ruling = rulings_cell(w->in->rulings, element, held.coc);
  struct align_row like = {
      .kind = ALIGN_OPERAND, .source = element, .source_coc = held.coc, .sign = '+', .division = division_of_cell(w, s, held.cell)};
  if (ruling && ruling->none) {
    like.answer = ALIGN_NONE;
    like.rank = 1;
    like.confidence = 1;
    like.decided = true;
    like.why = STR("A person decided that there is no counterpart");
    push(w, like);
    return;
  }
  offers->n = 0;
  offer_accepted(offers, ruling, &like);
  for (size_t p = w->in->placing_starts[s]; p < w->in->placing_starts[s + 1]; p++)
    if (held.cell < w->in->placings[p].cells.n) offer_placing(w, offers, ruling, &like, p, held.cell);
  write_offers(w, offers, &like);
}

static int by_coc_id(const void *left, const void *right) {
  return str_cmp(((const struct held *)left)->coc->o.id, ((const struct held *)right)->coc->o.id);
}

static void write_cells(struct writing *w, uint32_t s, struct offers *offers) {
  const struct item *item = &w->in->source->p[s];
  struct held *held = mem_alloc_array(item->cells + 1, sizeof *held);
  size_t n = 0, cell = 0;
  for (size_t c = 0; c < item->element->combo_count; c++)
    for (size_t i = 0; i < item->element->combos[c]->option_combo_count; i++) {
      const struct dhis2_option_combo *coc = item->element->combos[c]->option_combos[i];
      held[n++] = (struct held){coc, coc->o.given ? cell++ : SIZE_MAX};
    }
  if (n) qsort(held, n, sizeof *held, by_coc_id);
  for (size_t i = 0; i < n; i++)
    if (i == 0 || held[i].coc != held[i - 1].coc) write_cell(w, s, held[i], offers);
  free(held);
}

static int by_element_id(const void *left, const void *right, void *payload) {
  const struct items *items = payload;
  return str_cmp(items->p[*(const uint32_t *)left].element->o.id, items->p[*(const uint32_t *)right].element->o.id);
}

static const struct str *all_warnings(const struct rows_input *input, size_t *ret_count) {
  *ret_count = input->rulings->warning_count + input->warning_count;
  struct str *all = ARENA_ARRAY(input->arena, *ret_count, struct str);
  for (size_t i = 0; i < *ret_count; i++)
    all[i] = i < input->rulings->warning_count ? input->rulings->warnings[i]
                                               : arena_str(input->arena, input->warnings[i - input->rulings->warning_count]);
  return all;
}

const struct align_result *rows_write(const struct rows_input *input) {
  struct writing w = {.in = input};
  struct offers offers = {0};
  size_t n = input->source->n;
  w.order = mem_alloc_array(n + 1, sizeof *w.order);
  for (size_t i = 0; i < n; i++) w.order[i] = (uint32_t)i;
  qsort_r(w.order, n, sizeof *w.order, by_element_id, (void *)(uintptr_t)input->source);
  for (size_t i = 0; i < n; i++) write_element(&w, w.order[i]);
  for (size_t i = 0; i < n; i++) write_cells(&w, w.order[i], &offers);
  struct align_result *result = ARENA_NEW(input->arena, struct align_result);
  struct align_row *rows = ARENA_ARRAY(input->arena, w.rows.n, struct align_row);
  if (w.rows.n) memcpy(rows, w.rows.p, w.rows.n * sizeof *rows);
  *result = (struct align_result){rows, w.rows.n, NULL, 0};
  result->warnings = all_warnings(input, &result->warning_count);
  VEC_FREE(&w.rows);
  VEC_FREE(&offers);
  free(w.order);
  return result;
}

/* What a server holds where rows are to go. A unit that this user may not read costs its own rows and no others. */
#include "base/map.h"
#include "base/vec.h"
#include "transfer/deliver.h"

enum { UNREADABLE_MAX = 8, STATUS_CONFLICT = 409, TURNS_TRIED = 12 };

/* Rows of one org unit that were not told yet. */
struct turn {
  size_t next, end;
};

struct looking {
  struct delivery *delivery;
  struct arena *arena; /* of the rows' new texts */
  struct arena *scratch;
  struct map by_key; /* once a value came out of every turn */
  struct buf key;    /* of the cell at hand */
  struct plan_row *rows;
  size_t n, next;                      /* next: whose turn it is */
  size_t unit_count;                   /* that the rows are of, but for those that cannot be read */
  struct turn *turns;                  /* once a value came out of turn: of each org unit */
  size_t turn_count, turn;             /* turn: of the value before */
  const struct deliver_survey *survey; /* NULL: only the rows are looked at */
  struct str period;
  const struct str *asked; /* units of the reading under way, sorted */
  size_t asked_count;
  uint64_t others; /* of it: what stands there beside the rows */
};

static bool is_asked(const struct looking *l, const struct plan_row *row) {
  bool asks_all = l->asked_count == l->unit_count;
  return !row->unreadable && (asks_all || str_sorted_has(l->asked, l->asked_count, row->org_unit));
}

static int forget(void *payload, struct error *error) {
  struct looking *l = payload;
  l->others = l->next = 0;
  l->turns = NULL;
  for (size_t i = 0; i < l->n; i++) {
    struct plan_row *row = &l->rows[i];
    if (!is_asked(l, row)) continue;
    row->current = row->current_comment = STR_NONE;
    row->current_follow_up = false;
  }
  return 0;
}

static void index_rows(struct looking *l) {
  for (size_t i = 0; i < l->n; i++) {
    struct plan_row *row = &l->rows[i];
    struct str key =
        dhis2_cell_key(&l->key, row->data_element, row->period, row->org_unit, row->category_option_combo, row->attribute_option_combo);
    (void)map_put(&l->by_key, arena_str(l->scratch, key), row);
  }
}

static bool is_of(const struct plan_row *row, const struct dhis2_value *v, struct str coc, struct str aoc) {
  return str_eq(row->data_element, v->data_element) && str_eq(row->org_unit, v->org_unit) && str_eq(row->category_option_combo, coc) &&
         str_eq(row->attribute_option_combo, aoc) && str_eq(row->period, v->period);
}

static void make_turns(struct looking *l) {
  l->turns = ARENA_ARRAY(l->scratch, l->n + 1, struct turn);
  l->turn_count = l->turn = 0;
  for (size_t i = 0; i < l->n; i++)
    if (i && str_eq(l->rows[i].org_unit, l->rows[i - 1].org_unit))
      l->turns[l->turn_count - 1].end++;
    else
      l->turns[l->turn_count++] = (struct turn){i, i + 1};
}

/* From 2.43 on a server tells one data element of all org units, then the next. */
static struct plan_row *row_in_turn(struct looking *l, const struct dhis2_value *v, struct str coc, struct str aoc) {
  if (!l->turns) make_turns(l);
  for (size_t i = 0; i < TURNS_TRIED && l->turn_count; i++) {
    size_t at = (l->turn + i) % l->turn_count;
    struct turn *turn = &l->turns[at];
    if (turn->next == turn->end || !is_of(&l->rows[turn->next], v, coc, aoc)) continue;
    l->turn = at;
    return &l->rows[turn->next++];
  }
  return NULL;
}

/* A row that was found otherwise: from it on it goes by turns again. */
static void follow(struct looking *l, size_t row) {
  size_t low = 0, high = l->turn_count;
  while (low < high) {
    size_t middle = (low + high) / 2;
    if (l->turns[middle].end > row)
      high = middle;
    else
      low = middle + 1;
  }
  l->turn = low;
  l->turns[low].next = l->next = row + 1;
}

/* NULL: of no row. A server mostly tells cells in the order in which they were written, which is that of the rows. */
static struct plan_row *row_of(struct looking *l, const struct dhis2_value *v, struct str coc, struct str aoc) {
  if (l->next < l->n && is_of(&l->rows[l->next], v, coc, aoc)) return &l->rows[l->next++];
  struct plan_row *row = row_in_turn(l, v, coc, aoc);
  if (row) return row;
  if (!l->by_key.n) index_rows(l);
  row = map_get(&l->by_key, dhis2_cell_key(&l->key, v->data_element, v->period, v->org_unit, coc, aoc));
  if (row) follow(l, (size_t)(row - l->rows));
  return row;
}

static int on_value(void *payload, const struct dhis2_value *v, struct error *error) {
  struct looking *l = payload;
  struct str otherwise = l->delivery->default_combo, coc = v->category_option_combo.n ? v->category_option_combo : otherwise,
             aoc = v->attribute_option_combo.n ? v->attribute_option_combo : otherwise;
  struct plan_row *row = row_of(l, v, coc, aoc);
  if (v->deleted) return 0;
  if (!row) {
    l->others += l->survey && v->value.n && l->survey->is_made(l->survey->payload, v->data_element, coc);
    return 0;
  }
  row->current = v->value.n ? arena_str(l->arena, v->value) : STR_NONE;
  row->current_comment = v->comment.n ? arena_str(l->arena, v->comment) : STR_NONE;
  row->current_follow_up = v->follow_up;
  return 0;
}

/* Where all rows stand there one answer has shown it; where one is to be gone, or is missing, the answer may have been cut short. */
static bool all_stand(void *payload) {
  const struct looking *l = payload;
  for (size_t i = 0; i < l->n; i++)
    if (is_asked(l, &l->rows[i]) && (row_leaves_none(&l->rows[i]) || !row_is_at(&l->rows[i]))) return false;
  return true;
}

/* Not a failure of the server: it does not let this user read there, or does not know the place. */
static bool is_refusal(const struct error *error) {
  return error->code == ERROR_forbidden || (error->code == ERROR_upstream_error && error->upstream_status == STATUS_CONFLICT);
}

static void mark_unreadable(struct looking *l, struct str unit, const struct error *why) {
  for (size_t i = 0; i < l->n; i++) {
    struct plan_row *row = &l->rows[i];
    if (!str_eq(row->org_unit, unit)) continue;
    row->unreadable = true;
    row->state = ROW_REFUSED;
    row->code = STR("unreadable");
    row->text = arena_str(l->arena, str_of(why->message));
  }
}

static int read_units(struct looking *l, const struct str *units, size_t count, struct error *error) {
  struct delivery *d = l->delivery;
  struct dhis2_values_query query = {.data_sets = d->data_sets,
                                     .data_set_count = d->data_set_count,
                                     .periods = &l->period,
                                     .period_count = 1,
                                     .org_units = units,
                                     .org_unit_count = count};
  struct dhis2_values_sink sink = {.begin = forget, .value = on_value, .enough = l->survey ? NULL : all_stand, .payload = l};
  struct dhis2_values_seen seen;
  if (!count) return 0;
  l->asked = units;
  l->asked_count = count;
  if (dhis2_values_read(d->server, &query, sink, d->cancel, &seen, error) == 0) {
    d->unreadable = 0;
    if (l->survey) *l->survey->others += l->others;
    return 0;
  }
  if (!is_refusal(error) || d->unreadable >= UNREADABLE_MAX) return -1;
  if (count == 1) {
    d->unreadable++;
    mark_unreadable(l, units[0], error);
    *error = (struct error){0};
    return 0;
  }
  *error = (struct error){0};
  return read_units(l, units, count / 2, error) || read_units(l, units + count / 2, count - count / 2, error) ? -1 : 0;
}

/* Those of the rows that can be read at all, with `more`, as one sorted list. */
static struct str *units_of(struct looking *l, const struct str *more, size_t more_count, struct arena *scratch, size_t *ret_count) {
  struct str *units = ARENA_ARRAY(scratch, l->n + more_count + 1, struct str);
  size_t count = 0;
  for (size_t i = 0; i < l->n; i++)
    if (!l->rows[i].unreadable) units[count++] = l->rows[i].org_unit;
  for (size_t i = 0; i < more_count; i++) units[count++] = more[i];
  *ret_count = str_sorted_set(units, count);
  return units;
}

static int look(struct looking *l, const struct str *more, size_t more_count, struct error *error) {
  size_t count;
  l->scratch = arena_new();
  l->key = BUF_INIT(DHIS2_CELL_KEY_MAX);
  const struct str *units = units_of(l, more, more_count, l->scratch, &count);
  l->unit_count = count;
  int result = read_units(l, units, count, error);
  map_free(&l->by_key);
  buf_free(&l->key);
  arena_free(l->scratch);
  return result;
}

/* Rows come by period and unit; a question holds as many of them as share a period and do not have too many units. */
static size_t question_size(const struct plan_row *rows, size_t n) {
  size_t units = 0;
  for (size_t i = 0; i < n; i++) {
    if (!str_eq(rows[i].period, rows[0].period)) return i;
    if (i == 0 || !str_eq(rows[i].org_unit, rows[i - 1].org_unit)) units++;
    if (units > DHIS2_READ_UNITS_MAX) return i;
  }
  return n;
}

int deliver_look(struct delivery *d, struct arena *arena, struct plan_row *rows, size_t n, struct error *error) {
  int result = 0;
  for (size_t at = 0; result == 0 && at < n;) {
    struct looking l = {.delivery = d, .arena = arena, .rows = rows + at, .n = question_size(rows + at, n - at), .period = rows[at].period};
    result = look(&l, NULL, 0, error);
    at += l.n;
  }
  return result;
}

void deliver_believe(struct plan_row *rows, size_t n) {
  for (size_t i = 0; i < n; i++)
    if (rows[i].state == ROW_REFUSED && rows[i].planned && !rows[i].unreadable && row_is_at(&rows[i])) rows[i].state = ROW_SENT;
}

int deliver_survey(struct delivery *d, struct arena *arena, struct plan_row *rows, size_t n, const struct deliver_survey *survey,
                   struct error *error) {
  struct looking l = {.delivery = d, .arena = arena, .rows = rows, .n = n, .survey = survey, .period = survey->period};
  *survey->others = 0;
  return look(&l, survey->units, survey->unit_count, error);
}

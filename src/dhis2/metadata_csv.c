/* A list as CSV: elements and their cells, without a category model. Elements with the same cells share a combo. */
#include "base/csv.h"
#include "dhis2/metadata_record.h"

enum column { ELEMENT, ELEMENT_NAME, ELEMENT_CODE, DESCRIPTION, VALUE_TYPE, COC, COC_NAME, DATA_SET, DATA_SET_NAME, COLUMNS };

static const struct str column_names[COLUMNS] = {
    [ELEMENT] = {"data_element", 12},
    [ELEMENT_NAME] = {"data_element_name", 17},
    [ELEMENT_CODE] = {"data_element_code", 17},
    [DESCRIPTION] = {"description", 11},
    [VALUE_TYPE] = {"value_type", 10},
    [COC] = {"category_option_combo", 21},
    [COC_NAME] = {"category_option_combo_name", 26},
    [DATA_SET] = {"data_set", 8},
    [DATA_SET_NAME] = {"data_set_name", 13},
};

/* A plain list of elements, as DHIS2's own CSV has it or as somebody typed it. */
static const struct str plain_names[][ELEMENT_CODE + 1] = {{{"id", 2}, {"name", 4}, {"code", 4}}, {{"uid", 3}, {"name", 4}, {"code", 4}}};

/* The cells that an element was listed with, until it is known which combo holds them. */
struct cell {
  struct str coc, name;
  struct cell *next;
};

struct listed {
  struct record *element;
  struct cell *first, *last;
  size_t n;
};

struct list {
  struct builder builder;
  struct map elements; /* id → struct listed */
  struct map combos;   /* ids of the cells, joined → combo record */
  size_t columns[COLUMNS];
  bool header_seen;
};

static int too_many(struct error *error) {
  return error_set(error, ERROR_input, "the list has more than 4 million objects");
}

static int header(struct list *list, const struct str *fields, size_t count, struct error *error) {
  csv_columns(fields, count, column_names, COLUMNS, list->columns);
  for (size_t i = 0; i < sizeof plain_names / sizeof *plain_names && list->columns[ELEMENT] == SIZE_MAX; i++) {
    size_t plain[ELEMENT_CODE + 1];
    csv_columns(fields, count, plain_names[i], ELEMENT_CODE + 1, plain);
    for (size_t k = 0; k <= ELEMENT_CODE; k++)
      if (list->columns[k] == SIZE_MAX) list->columns[k] = plain[k];
  }
  list->header_seen = true;
  if (list->columns[ELEMENT] == SIZE_MAX) return error_set(error, ERROR_input, "line 1: there is no column data_element");
  return 0;
}

static void set_text(struct list *list, struct str *to, struct str from) {
  if (from.n && !to->n) *to = arena_str(list->builder.arena, from);
}

static struct listed *listed_of(struct list *list, struct record *element) {
  struct listed *listed = map_get(&list->elements, element->o.id);
  if (listed) return listed;
  listed = ARENA_NEW(list->builder.scratch, struct listed);
  listed->element = element;
  map_put(&list->elements, element->o.id, listed);
  return listed;
}

static void add_cell(struct list *list, struct listed *listed, struct str coc, struct str name) {
  struct cell *cell = ARENA_NEW(list->builder.scratch, struct cell);
  cell->coc = arena_str(list->builder.arena, coc);
  cell->name = arena_str(list->builder.arena, name.n ? name : coc);
  if (listed->last)
    listed->last->next = cell;
  else
    listed->first = cell;
  listed->last = cell;
  listed->n++;
}

/* The element becomes a member of the data set once for each line; the build takes repeats away. */
static int add_to_data_set(struct list *list, struct record *element, struct str id, struct str name, struct error *error) {
  struct record *data_set = builder_known(&list->builder, RECORD_DATA_SET, id);
  if (!data_set) return too_many(error);
  data_set->o.given = true;
  set_text(list, &data_set->o.name, name.n ? name : id);
  struct record_list *members = &data_set->list[LIST_ELEMENTS];
  if (members->last && members->last->to == element) return 0;
  return builder_link(&list->builder, members, element) ? 0 : too_many(error);
}

static int on_row(void *payload, const struct str *fields, size_t count, uint64_t line, struct error *error) {
  struct list *list = payload;
  if (!list->header_seen) return header(list, fields, count, error);
  struct str value[COLUMNS] = {0};
  for (size_t i = 0; i < COLUMNS; i++)
    if (list->columns[i] < count) value[i] = str_trim(fields[list->columns[i]]);
  if (!value[ELEMENT].n) return error_set(error, ERROR_input, "line %llu: the column data_element is empty", (unsigned long long)line);
  struct record *element = builder_known(&list->builder, RECORD_ELEMENT, value[ELEMENT]);
  if (!element) return too_many(error);
  element->o.given = true;
  set_text(list, &element->o.name, value[ELEMENT_NAME]);
  set_text(list, &element->o.code, value[ELEMENT_CODE]);
  set_text(list, &element->o.description, value[DESCRIPTION]);
  set_text(list, &element->text[TEXT_VALUE_TYPE], value[VALUE_TYPE]);
  struct listed *listed = listed_of(list, element);
  if (value[COC].n) add_cell(list, listed, value[COC], value[COC_NAME]);
  return value[DATA_SET].n ? add_to_data_set(list, element, value[DATA_SET], value[DATA_SET_NAME], error) : 0;
}

static int cell_cmp(const void *a, const void *b) {
  const struct cell *x = *(const struct cell *const *)a, *y = *(const struct cell *const *)b;
  return str_cmp(x->coc, y->coc);
}

/* A COC may be named by elements of unlike combos; there is one of it in each (the list does not tell the real combo). */
static bool add_option_combo(struct list *list, struct record *combo, const struct cell *cell) {
  struct record *coc = builder_record(&list->builder, RECORD_OPTION_COMBO);
  if (!coc) return false;
  coc->o.id = cell->coc;
  coc->o.name = cell->name;
  coc->o.given = true;
  coc->one[ONE_COMBO] = combo;
  VEC_PUSH(&list->builder.records[RECORD_OPTION_COMBO], coc);
  return true;
}

static struct record *new_combo(struct list *list, struct cell **cells, size_t n, struct str key) {
  struct record *combo = builder_known(&list->builder, RECORD_COMBO, key);
  if (!combo) return NULL;
  combo->o.given = true;
  for (size_t i = 0; i < n; i++)
    if (!add_option_combo(list, combo, cells[i])) return NULL;
  map_put(&list->combos, key, combo);
  return combo;
}

/* The ids of the cells, joined: the same cells in any order are the same combo. */
static struct str key_of(struct list *list, struct cell **cells, size_t n) {
  size_t bytes = 0;
  for (size_t i = 0; i < n; i++) bytes += cells[i]->coc.n + 1;
  char *key = arena_alloc(list->builder.arena, bytes + 1);
  size_t at = 0;
  for (size_t i = 0; i < n; i++) {
    for (size_t k = 0; k < cells[i]->coc.n; k++) key[at++] = cells[i]->coc.p[k];
    key[at++] = ' ';
  }
  return (struct str){key, at};
}

static struct record *combo_of(struct list *list, const struct listed *listed) {
  static struct cell only_default = {.coc = {"default", 7}, .name = {"default", 7}};
  struct cell **cells = ARENA_ARRAY(list->builder.scratch, listed->n + 1, struct cell *);
  size_t n = 0, kept = 0;
  for (struct cell *cell = listed->first; cell; cell = cell->next) cells[n++] = cell;
  if (!n) cells[n++] = &only_default;
  qsort(cells, n, sizeof *cells, cell_cmp);
  for (size_t i = 0; i < n; i++)
    if (!i || !str_eq(cells[i]->coc, cells[kept - 1]->coc)) cells[kept++] = cells[i];
  struct str key = key_of(list, cells, kept);
  struct record *combo = map_get(&list->combos, key);
  return combo ? combo : new_combo(list, cells, kept, key);
}

static const struct dhis2_metadata *finish(struct list *list, struct error *error) {
  for (struct map_entry *e = map_first(&list->elements); e; e = map_next(&list->elements, e)) {
    struct listed *listed = e->value;
    if (!(listed->element->one[ONE_COMBO] = combo_of(list, listed))) {
      too_many(error);
      return NULL;
    }
    if (!listed->element->o.name.n) listed->element->o.name = listed->element->o.id;
  }
  return builder_build(&list->builder, error);
}

const struct dhis2_metadata *dhis2_metadata_of_csv(struct arena *arena, struct str text, struct error *error) {
  struct list list = {0};
  const struct dhis2_metadata *metadata = NULL;
  builder_init(&list.builder, arena);
  struct csv_reader *reader = csv_reader_new(0, on_row, &list);
  if (!csv_reader_feed(reader, text, error) && !csv_reader_finish(reader, error)) metadata = finish(&list, error);
  csv_reader_free(reader);
  map_free(&list.elements);
  map_free(&list.combos);
  builder_free(&list.builder);
  return metadata;
}

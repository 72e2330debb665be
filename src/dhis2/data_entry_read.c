#include "dhis2/data_entry_read.h"

#include "base/clock.h"
#include "base/json_doc.h"
#include "dhis2/calendars.h"

enum { ROWS_MAX = 1000000, PERIODS_MAX = 900, DATE = 10, SECONDS = 19, MILLISECONDS = 23 };

/* --- pieces --- */

static struct str text(struct arena *arena, const json_t *object, const char *key) {
  struct str found = json_text(object, key);
  return found.n ? arena_str(arena, found) : STR_NONE;
}

static struct str id_in(struct arena *arena, const json_t *object, const char *key) {
  return text(arena, json_object_get(object, key), "id");
}

/* "2026-11-24", "2026-11-24T09:30:00.000": as the clock on the server's wall shows it; a zone behind it is passed over. */
static bool wall_time(struct str said, int64_t *ret_ms) {
  char full[MILLISECONDS + 2];
  size_t n = said.n >= MILLISECONDS && said.p[SECONDS] == '.' ? MILLISECONDS : said.n >= SECONDS ? SECONDS : DATE;
  if (said.n < DATE) return false;
  int length = snprintf(full, sizeof full, "%.*s%s", (int)n, said.p, n == DATE ? "T00:00:00" : "");
  return clock_parse((struct str){full, (size_t)length}, ret_ms);
}

static int32_t day_in(const json_t *object, const char *key, int32_t otherwise) {
  int64_t ms;
  if (!wall_time(json_text(object, key), &ms)) return otherwise;
  return (int32_t)((ms - (ms % DHIS2_DAY_MS + DHIS2_DAY_MS) % DHIS2_DAY_MS) / DHIS2_DAY_MS);
}

static int count_in(const json_t *object, const char *key) {
  json_int_t n = json_integer_value(json_object_get(object, key));
  return n < 0 ? 0 : n > PERIODS_MAX ? PERIODS_MAX : (int)n;
}

static const struct str *ids_in(struct arena *arena, const json_t *list, size_t *ret_count) {
  struct str *ids = ARENA_ARRAY(arena, json_array_size(list) + 1, struct str);
  size_t n = 0;
  for (size_t i = 0; i < json_array_size(list) && i < ROWS_MAX; i++)
    if (json_text(json_array_get(list, i), "id").n) ids[n++] = text(arena, json_array_get(list, i), "id");
  *ret_count = n;
  return ids;
}

static bool may(const json_t *object, const char *what) {
  return json_is_true(json_object_get(json_object_get(json_object_get(object, "access"), "data"), what));
}

typedef void row_reader(struct arena *arena, const json_t *row, void *to);

/* Each row of the list `key` of the document; NULL: of the document itself. A list of one kind of objects is there also where it is empty; /api/metadata leaves empty ones out. */
static bool each_row(struct arena *arena, struct str json, const char *key, row_reader *read, void *to) {
  json_t *root = json_doc_read(json);
  const json_t *list = key ? json_object_get(root, key) : root;
  bool good = json_is_array(list) || (json_is_object(root) && !list && json_object_get(root, "system"));
  for (size_t i = 0; good && i < json_array_size(list) && i < ROWS_MAX; i++) read(arena, json_array_get(list, i), to);
  json_decref(root);
  return good;
}

static void free_entry(void *payload) {
  struct dhis2_entry *entry = payload;
  for (struct map_entry *e = map_first(&entry->sets); e; e = map_next(&entry->sets, e))
    map_free(&((struct dhis2_entry_set *)e->value)->units);
  map_free(&entry->sets);
  for (struct map_entry *e = map_first(&entry->option_sets); e; e = map_next(&entry->option_sets, e))
    map_free(&((struct dhis2_entry_option_set *)e->value)->codes);
  map_free(&entry->option_sets);
  map_free(&entry->elements);
  map_free(&entry->options);
  map_free(&entry->combos);
  map_free(&entry->exceptions);
}

static void free_place(void *payload) {
  struct dhis2_entry_place *place = payload;
  map_free(&place->units);
  map_free(&place->approved);
  map_free(&place->approvals_told);
  map_free(&place->limits);
}

struct dhis2_entry *dhis2_entry_new(struct arena *arena) {
  struct dhis2_entry *entry = ARENA_NEW(arena, struct dhis2_entry);
  arena_on_free(arena, free_entry, entry);
  return entry;
}

struct dhis2_entry_place *dhis2_entry_place_new(struct arena *arena) {
  struct dhis2_entry_place *place = ARENA_NEW(arena, struct dhis2_entry_place);
  arena_on_free(arena, free_place, place);
  return place;
}

/* --- of a run --- */

bool dhis2_entry_read_user(struct arena *arena, struct str json, struct dhis2_entry *entry) {
  json_t *root = json_doc_read(json);
  const json_t *list = json_object_get(root, "authorities");
  bool good = json_is_array(list);
  struct dhis2_entry_user user = {0};
  for (size_t i = 0; i < json_array_size(list); i++) {
    struct str name = str_of(json_string_value(json_array_get(list, i)));
    user.is_super |= str_eq(name, STR("ALL"));
    user.may_write |= str_eq(name, STR("F_DATAVALUE_ADD"));
    user.edits_expired |= str_eq(name, STR("F_EDIT_EXPIRED"));
  }
  user.may_write |= user.is_super;
  user.edits_expired |= user.is_super;
  user.units = ids_in(arena, json_object_get(root, "organisationUnits"), &user.unit_count);
  json_decref(root);
  if (good) entry->user = user;
  return good;
}

bool dhis2_entry_read_clock(struct arena *arena, struct str json, struct dhis2_entry *entry) {
  json_t *root = json_doc_read(json);
  struct str calendar = json_text(root, "calendar");
  struct dhis2_version version;
  bool good = dhis2_version_parse(json_text(root, "version"), &version); /* all judging hangs on it */
  if (good) {
    (void)wall_time(json_text(root, "serverDate"), &entry->server_ms);
    entry->other_calendar = !dhis2_calendar_is_iso(calendar);
    entry->version_text = text(arena, root, "version");
    entry->version = version;
  }
  json_decref(root);
  return good;
}

static void read_elements(struct arena *arena, const json_t *list, struct dhis2_entry *entry) {
  for (size_t i = 0; i < json_array_size(list) && i < ROWS_MAX; i++) {
    const json_t *said = json_object_get(json_array_get(list, i), "dataElement");
    struct dhis2_entry_element *element = ARENA_NEW(arena, struct dhis2_entry_element);
    *element = (struct dhis2_entry_element){.id = text(arena, said, "id"),
                                            .name = text(arena, said, "name"),
                                            .option_set = id_in(arena, said, "optionSet"),
                                            .comment_set = id_in(arena, said, "commentOptionSet"),
                                            .many = str_eq(json_text(said, "valueType"), STR("MULTI_TEXT"))};
    if (element->id.n && (element->option_set.n || element->comment_set.n || element->many))
      (void)map_put(&entry->elements, element->id, element);
  }
}

static void read_option_set(struct arena *arena, const json_t *row, void *to) {
  struct dhis2_entry *entry = to;
  const json_t *options = json_object_get(row, "options");
  struct dhis2_entry_option_set *set = ARENA_NEW(arena, struct dhis2_entry_option_set);
  *set = (struct dhis2_entry_option_set){.id = text(arena, row, "id"), .name = text(arena, row, "name")};
  if (!set->id.n || map_get(&entry->option_sets, set->id)) return;
  (void)map_put(&entry->option_sets, set->id, set);
  for (size_t i = 0; i < json_array_size(options) && i < ROWS_MAX; i++) {
    struct str code = text(arena, json_array_get(options, i), "code");
    if (code.n) (void)map_put(&set->codes, code, set);
  }
}

bool dhis2_entry_read_option_sets(struct arena *arena, struct str json, struct dhis2_entry *entry) {
  return each_row(arena, json, "optionSets", read_option_set, entry);
}

static void read_inputs(struct arena *arena, const json_t *list, struct dhis2_entry_set *set) {
  struct dhis2_input_period *inputs = ARENA_ARRAY(arena, json_array_size(list) + 1, struct dhis2_input_period);
  size_t n = 0;
  for (; n < json_array_size(list) && n < ROWS_MAX; n++) {
    const json_t *entry = json_array_get(list, n);
    struct dhis2_period period;
    struct str said = id_in(arena, entry, "period");
    inputs[n] = (struct dhis2_input_period){.period = dhis2_period_parse_any(said, &period) ? arena_str(arena, str_of(period.text)) : said};
    if (!wall_time(json_text(entry, "openingDate"), &inputs[n].opens_ms)) inputs[n].opens_ms = INT64_MIN;
    if (!wall_time(json_text(entry, "closingDate"), &inputs[n].closes_ms)) inputs[n].closes_ms = INT64_MAX;
  }
  set->inputs = inputs;
  set->input_count = n;
}

static void read_set(struct arena *arena, const json_t *row, void *to) {
  struct dhis2_entry *entry = to;
  const json_t *workflow = json_object_get(row, "workflow");
  struct dhis2_entry_set *set = ARENA_NEW(arena, struct dhis2_entry_set);
  *set = (struct dhis2_entry_set){.id = text(arena, row, "id"),
                                  .name = text(arena, row, "name"),
                                  .combo = id_in(arena, row, "categoryCombo"),
                                  .workflow = text(arena, workflow, "id"),
                                  .workflow_name = text(arena, workflow, "name"),
                                  .expiry_days = json_number_value(json_object_get(row, "expiryDays")),
                                  .open_future_periods = count_in(row, "openFuturePeriods"),
                                  .open_periods_after_end = count_in(row, "openPeriodsAfterCoEndDate"),
                                  .writable = may(row, "write")};
  if (!(set->expiry_days >= 0 && set->expiry_days < 1e6)) set->expiry_days = 0;
  set->has_type = dhis2_period_type_of(json_text(row, "periodType"), &set->type);
  if (!dhis2_period_type_of(json_text(workflow, "periodType"), &set->workflow_type)) set->workflow_type = set->type;
  read_elements(arena, json_object_get(row, "dataSetElements"), entry);
  read_inputs(arena, json_object_get(row, "dataInputPeriods"), set);
  size_t count;
  const struct str *units = ids_in(arena, json_object_get(row, "organisationUnits"), &count);
  for (size_t i = 0; i < count; i++) (void)map_put(&set->units, units[i], set);
  if (!set->id.n || map_get(&entry->sets, set->id))
    map_free(&set->units);
  else
    (void)map_put(&entry->sets, set->id, set);
}

bool dhis2_entry_read_sets(struct arena *arena, struct str json, struct dhis2_entry *entry) {
  return each_row(arena, json, "dataSets", read_set, entry);
}

static void read_option(struct arena *arena, const json_t *row, struct dhis2_entry *entry) {
  struct str id = json_text(row, "id");
  if (!id.n || map_get(&entry->options, id)) return;
  struct dhis2_entry_option *option = ARENA_NEW(arena, struct dhis2_entry_option);
  *option = (struct dhis2_entry_option){.id = arena_str(arena, id),
                                        .name = text(arena, row, "name"),
                                        .writable = may(row, "write"),
                                        .first_day = day_in(row, "startDate", INT32_MIN),
                                        .last_day = day_in(row, "endDate", INT32_MAX)};
  option->units = ids_in(arena, json_object_get(row, "organisationUnits"), &option->unit_count);
  (void)map_put(&entry->options, option->id, option);
}

static void read_combo(struct arena *arena, const json_t *row, void *to) {
  struct dhis2_entry *entry = to;
  const json_t *categories = json_object_get(row, "categories");
  struct str id = text(arena, row, "id");
  if (id.n && json_is_array(categories)) (void)map_put(&entry->combos, id, entry);
  for (size_t i = 0; i < json_array_size(categories); i++) {
    const json_t *options = json_object_get(json_array_get(categories, i), "categoryOptions");
    for (size_t k = 0; k < json_array_size(options) && k < ROWS_MAX; k++) read_option(arena, json_array_get(options, k), entry);
  }
}

bool dhis2_entry_read_options(struct arena *arena, struct str json, struct dhis2_entry *entry) {
  return each_row(arena, json, "categoryCombos", read_combo, entry);
}

static void read_exception(struct arena *arena, const json_t *row, void *to) {
  struct dhis2_entry *entry = to;
  struct str set = json_text(json_object_get(row, "dataSet"), "id"), unit = json_text(json_object_get(row, "organisationUnit"), "id");
  struct dhis2_period period;
  if (!dhis2_period_parse_any(json_text(json_object_get(row, "period"), "id"), &period) || !map_get(&entry->sets, set)) return;
  (void)map_put(&entry->exceptions, dhis2_entry_key(arena, set, str_of(period.text), unit), entry);
}

bool dhis2_entry_read_exceptions(struct arena *arena, struct str json, struct dhis2_entry *entry) {
  return each_row(arena, json, "lockExceptions", read_exception, entry);
}

/* --- of a place --- */

static void read_unit(struct arena *arena, const json_t *row, void *to) {
  struct dhis2_entry_place *place = to;
  struct dhis2_entry_unit *unit = ARENA_NEW(arena, struct dhis2_entry_unit);
  *unit = (struct dhis2_entry_unit){.id = text(arena, row, "id"),
                                    .name = text(arena, row, "name"),
                                    .path = text(arena, row, "path"),
                                    .first_day = day_in(row, "openingDate", INT32_MIN),
                                    .last_day = day_in(row, "closedDate", INT32_MAX)};
  if (unit->id.n) (void)map_put(&place->units, unit->id, unit);
}

bool dhis2_entry_read_units(struct arena *arena, struct str json, struct dhis2_entry_place *place) {
  return each_row(arena, json, "organisationUnits", read_unit, place);
}

static void read_approval(struct arena *arena, const json_t *row, void *to) {
  struct dhis2_entry_place *place = to;
  struct str state = json_text(row, "state"); /* null: no such data can be approved */
  struct str key = dhis2_entry_key(arena, json_text(row, "wf"), json_text(row, "ou"), json_text(row, "aoc"));
  (void)map_put(&place->approvals_told, key, place);
  if (str_starts(state, STR("APPROVED_")) || str_starts(state, STR("ACCEPTED_"))) (void)map_put(&place->approved, key, place);
}

bool dhis2_entry_read_approvals(struct arena *arena, struct str json, struct dhis2_entry_place *place) {
  return each_row(arena, json, NULL, read_approval, place);
}

static void read_limit(struct arena *arena, const json_t *row, void *to) {
  struct dhis2_entry_place *place = to;
  const json_t *least = json_object_get(row, "min"), *most = json_object_get(row, "max");
  struct dhis2_entry_limit *limit = ARENA_NEW(arena, struct dhis2_entry_limit);
  *limit = (struct dhis2_entry_limit){json_is_integer(least) ? json_integer_value(least) : INT64_MIN,
                                      json_is_integer(most) ? json_integer_value(most) : INT64_MAX};
  struct str key = dhis2_entry_key(arena, json_text(json_object_get(row, "dataElement"), "id"),
                                   json_text(json_object_get(row, "optionCombo"), "id"), json_text(json_object_get(row, "source"), "id"));
  (void)map_put(&place->limits, key, limit);
}

bool dhis2_entry_read_limits(struct arena *arena, struct str json, struct dhis2_entry_place *place) {
  return each_row(arena, json, "minMaxDataElements", read_limit, place);
}

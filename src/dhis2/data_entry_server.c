#include "dhis2/data_entry_server.h"

#include "base/clock.h"
#include "dhis2/data_entry_read.h"
#include "dhis2/data_values.h"
#include "dhis2/id_list.h"

struct asking {
  struct arena *arena;
  struct dhis2_server *server;
  const atomic_bool *cancel;
};

static int odd(const struct asking *a, const char *what, struct error *error) {
  return error_set(error, ERROR_upstream_broken, "what %.*s answers about %s is not whole, or not of the usual shape",
                   STR_ARG(dhis2_server_id(a->server)), what);
}

/* Takes an answer. False: it is not of the shape, or lacks something that must be in it. */
typedef bool taker(struct arena *arena, struct str json, void *to);

static int ask(const struct asking *a, struct str path, const char *what, taker *take, void *to, struct error *error) {
  struct str json;
  for (unsigned number = 1; dhis2_get(a->server, path, a->arena, &json, error) || (!take(a->arena, json, to) && odd(a, what, error));
       number++)
    if (!dhis2_try_again(number, error, a->cancel)) return -1;
  return 0;
}

/* Ids that were asked for, and what is known by then. */
struct asked {
  const struct str *ids;
  size_t count;
  struct dhis2_entry *entry;
};

/* An answer of 200 may lack what it should hold (an error in the middle of a list), and would open every gate: what was shown to this user a moment ago must be in it. */
static bool has_all(const struct asked *asked, const struct map *map) {
  for (size_t i = 0; i < asked->count; i++)
    if (!map_get(map, asked->ids[i])) return false;
  return true;
}

/* --- of a run --- */

static bool take_user(struct arena *arena, struct str json, void *to) {
  return dhis2_entry_read_user(arena, json, to);
}

static int ask_user(const struct asking *a, struct dhis2_entry *entry, struct error *error) {
  return ask(a, STR("/api/me?fields=id,authorities,organisationUnits%5Bid%5D"), "its user", take_user, entry, error);
}

static bool take_clock(struct arena *arena, struct str json, void *to) {
  struct dhis2_entry *entry = to;
  entry->asked_ms = clock_monotonic_ms();
  return dhis2_entry_read_clock(arena, json, entry);
}

static int ask_clock(const struct asking *a, struct dhis2_entry *entry, struct error *error) {
  entry->server_ms = clock_now_ms(); /* of one that does not tell its time */
  return ask(a, STR("/api/system/info"), "itself", take_clock, entry, error);
}

static bool take_sets(struct arena *arena, struct str json, void *to) {
  const struct asked *asked = to;
  return dhis2_entry_read_sets(arena, json, asked->entry) && has_all(asked, &asked->entry->sets);
}

static int ask_sets(const struct asking *a, const struct dhis2_metadata *metadata, struct dhis2_entry *entry, struct error *error) {
  struct str *ids = ARENA_ARRAY(a->arena, metadata->data_set_count + 1, struct str);
  for (size_t i = 0; i < metadata->data_set_count; i++) ids[i] = metadata->data_sets[i]->o.id;
  for (size_t at = 0; at < metadata->data_set_count; at += DHIS2_IDS_PER_CALL) {
    struct asked asked = {ids + at, dhis2_ids_part(at, metadata->data_set_count), entry};
    struct str list = dhis2_ids_array(a->arena, asked.ids, asked.count);
    struct str path = arena_printf(
        a->arena,
        "/api/metadata?dataSets:filter=id:in:%.*s&dataSets:fields=id,name,periodType,categoryCombo%%5Bid%%5D,workflow%%5Bid,name,"
        "periodType%%5D,expiryDays,openFuturePeriods,openPeriodsAfterCoEndDate,dataInputPeriods%%5Bperiod%%5Bid%%5D,openingDate,"
        "closingDate%%5D,dataSetElements%%5BdataElement%%5Bid,name,valueType,optionSet%%5Bid%%5D,commentOptionSet%%5Bid%%5D%%5D%%5D,"
        "organisationUnits%%5Bid%%5D,access%%5Bdata%%5Bwrite%%5D%%5D",
        STR_ARG(list));
    if (ask(a, path, "data sets", take_sets, &asked, error)) return -1;
  }
  return 0;
}

static bool take_option_sets(struct arena *arena, struct str json, void *to) {
  return dhis2_entry_read_option_sets(arena, json, to);
}

/* Of the elements that the data sets hold. One that is left out is not shared with this user: the target knows, and judges values by it. */
static int ask_option_sets(const struct asking *a, struct dhis2_entry *entry, struct error *error) {
  struct str *ids = ARENA_ARRAY(a->arena, 2 * entry->elements.count + 1, struct str);
  size_t count = 0;
  for (struct map_entry *e = map_first(&entry->elements); e; e = map_next(&entry->elements, e)) {
    const struct dhis2_entry_element *element = e->value;
    if (element->option_set.n) ids[count++] = element->option_set;
    if (element->comment_set.n) ids[count++] = element->comment_set;
  }
  count = str_sorted_set(ids, count);
  for (size_t at = 0; at < count; at += DHIS2_IDS_PER_CALL) {
    struct str list = dhis2_ids_array(a->arena, ids + at, dhis2_ids_part(at, count));
    struct str path = arena_printf(a->arena, "/api/metadata?optionSets:filter=id:in:%.*s&optionSets:fields=id,name,options%%5Bid,code%%5D",
                                   STR_ARG(list));
    if (ask(a, path, "option sets", take_option_sets, entry, error)) return -1;
  }
  return 0;
}

static bool take_options(struct arena *arena, struct str json, void *to) {
  const struct asked *asked = to;
  return dhis2_entry_read_options(arena, json, asked->entry) && has_all(asked, &asked->entry->combos);
}

static int ask_options(const struct asking *a, const struct dhis2_metadata *metadata, struct dhis2_entry *entry, struct error *error) {
  struct str *ids = ARENA_ARRAY(a->arena, metadata->combo_count + 1, struct str);
  size_t count = 0;
  for (size_t i = 0; i < metadata->combo_count; i++)
    if (metadata->combos[i]->option_combo_count) ids[count++] = metadata->combos[i]->o.id; /* others are not shared with this user */
  for (size_t at = 0; at < count; at += DHIS2_IDS_PER_CALL) {
    struct asked asked = {ids + at, dhis2_ids_part(at, count), entry};
    struct str list = dhis2_ids_array(a->arena, asked.ids, asked.count);
    struct str path = arena_printf(a->arena,
                                   "/api/metadata?categoryCombos:filter=id:in:%.*s&categoryCombos:fields=id,categories%%5Bid,"
                                   "categoryOptions%%5Bid,name,startDate,endDate,organisationUnits%%5Bid%%5D,access%%5Bdata%%5Bwrite"
                                   "%%5D%%5D%%5D%%5D",
                                   STR_ARG(list));
    if (ask(a, path, "category options", take_options, &asked, error)) return -1;
  }
  return 0;
}

/* The server does not do that for this user, or fails at it: what else is there still counts. */
static bool may_lack(const struct error *error) {
  return error->code == ERROR_forbidden || error->code == ERROR_not_found || error->code == ERROR_upstream_error ||
         error->code == ERROR_upstream_broken || error->code == ERROR_empty_answer;
}

static bool needs_exceptions(const struct dhis2_entry *entry) {
  for (struct map_entry *e = map_first(&entry->sets); e; e = map_next(&entry->sets, e))
    if (((const struct dhis2_entry_set *)e->value)->expiry_days > 0 && !entry->user.edits_expired) return true;
  return false;
}

static bool take_exceptions(struct arena *arena, struct str json, void *to) {
  return dhis2_entry_read_exceptions(arena, json, to);
}

static int ask_exceptions(const struct asking *a, struct dhis2_entry *entry, struct error *error) {
  struct str path = STR("/api/lockExceptions?paging=false&fields=period%5Bid%5D,organisationUnit%5Bid%5D,dataSet%5Bid%5D");
  if (!needs_exceptions(entry) || ask(a, path, "lock exceptions", take_exceptions, entry, error) == 0) return 0;
  if (!may_lack(error)) return -1;
  *error = (struct error){0};
  entry->exceptions_unknown = true;
  return 0;
}

const struct dhis2_entry *dhis2_entry_of_server(struct arena *arena, struct dhis2_server *server, const struct dhis2_metadata *metadata,
                                                const atomic_bool *cancel, struct error *error) {
  const struct asking a = {arena, server, cancel};
  struct dhis2_entry *entry = dhis2_entry_new(arena);
  if (ask_user(&a, entry, error) || ask_clock(&a, entry, error) || ask_sets(&a, metadata, entry, error) ||
      ask_option_sets(&a, entry, error) || ask_options(&a, metadata, entry, error) || ask_exceptions(&a, entry, error))
    return NULL;
  return entry;
}

/* --- of a place --- */

struct dhis2_entry_units {
  struct arena *arena;
  struct dhis2_entry_place *told; /* of units alone */
};

struct dhis2_entry_units *dhis2_entry_units_new(struct arena *arena) {
  struct dhis2_entry_units *units = ARENA_NEW(arena, struct dhis2_entry_units);
  *units = (struct dhis2_entry_units){arena, dhis2_entry_place_new(arena)};
  return units;
}

struct str dhis2_entry_units_name(const struct dhis2_entry_units *units, struct str id) {
  const struct dhis2_entry_unit *unit = map_get(&units->told->units, id);
  return unit ? unit->name : STR("");
}

static bool take_units(struct arena *arena, struct str json, void *to) {
  const struct dhis2_entry_units *units = to;
  (void)arena; /* of one place; these last */
  return dhis2_entry_read_units(units->arena, json, units->told);
}

static int ask_units(const struct asking *a, const struct dhis2_entry_question *q, struct dhis2_entry_place *place, struct error *error) {
  const struct map *told = &q->known->told->units;
  struct str *fresh = ARENA_ARRAY(a->arena, q->unit_count + 1, struct str);
  size_t count = 0;
  for (size_t i = 0; i < q->unit_count; i++)
    if (!map_get(told, q->units[i])) fresh[count++] = q->units[i];
  for (size_t at = 0; at < count; at += DHIS2_IDS_PER_CALL) {
    struct str list = dhis2_ids_array(a->arena, fresh + at, dhis2_ids_part(at, count));
    struct str path = arena_printf(
        a->arena, "/api/organisationUnits?paging=false&filter=id:in:%.*s&fields=id,name,path,openingDate,closedDate", STR_ARG(list));
    if (ask(a, path, "org units", take_units, q->known, error)) return -1;
  }
  for (size_t i = 0; i < q->unit_count; i++) {
    struct dhis2_entry_unit *unit = map_get(told, q->units[i]);
    if (unit) (void)map_put(&place->units, unit->id, unit);
  }
  return 0;
}

/* --- approvals --- */

/* Some units and attribute option combos of one workflow and period. */
struct approvals {
  struct str workflow;
  const char *period;
  const struct str *units, *attributes;
  size_t unit_count, attribute_count;
  struct dhis2_entry_place *place;
};

static bool take_approvals(struct arena *arena, struct str json, void *to) {
  const struct approvals *of = to;
  return dhis2_entry_read_approvals(arena, json, of->place);
}

/* The first that nothing is said of; false: all are told. */
static bool first_untold(const struct asking *a, const struct approvals *of, struct str *ret_unit, struct str *ret_attribute) {
  for (size_t i = 0; i < of->unit_count; i++)
    for (size_t k = 0; k < of->attribute_count; k++) {
      *ret_unit = of->units[i];
      *ret_attribute = of->attributes[k];
      if (!map_get(&of->place->approvals_told, dhis2_entry_key(a->arena, of->workflow, *ret_unit, *ret_attribute))) return true;
    }
  return false;
}

static int ask_many(const struct asking *a, struct approvals *of, struct error *error) {
  struct str units = dhis2_ids(a->arena, of->units, of->unit_count), attributes = dhis2_ids(a->arena, of->attributes, of->attribute_count);
  struct str path = arena_printf(a->arena, "/api/dataApprovals/multiple?wf=%.*s&pe=%s&ou=%.*s&aoc=%.*s", STR_ARG(of->workflow), of->period,
                                 STR_ARG(units), STR_ARG(attributes));
  return ask(a, path, "approvals", take_approvals, of, error);
}

/* A server says nothing of a period that nobody has used there yet; asked about one cell of it alone it takes it up, and tells of all then (DataApprovalController). An answer that lacks cells after that is not believed. */
static int ask_part(const struct asking *a, struct approvals *of, struct error *error) {
  struct str unit, attribute, unused;
  if (ask_many(a, of, error)) return -1;
  if (!first_untold(a, of, &unit, &attribute)) return 0;
  struct str path = arena_printf(a->arena, "/api/dataApprovals?wf=%.*s&pe=%s&ou=%.*s&aoc=%.*s", STR_ARG(of->workflow), of->period,
                                 STR_ARG(unit), STR_ARG(attribute));
  for (unsigned number = 1; dhis2_get(a->server, path, a->arena, &unused, error); number++)
    if (!dhis2_try_again(number, error, a->cancel)) return -1;
  if (ask_many(a, of, error)) return -1;
  if (!first_untold(a, of, &unit, &attribute)) return 0;
  return error_set(error, ERROR_upstream_broken, "%.*s says nothing of some of the data that were asked about",
                   STR_ARG(dhis2_server_id(a->server)));
}

static int ask_approved(const struct asking *a, struct str workflow, const char *period, const struct dhis2_entry_question *q,
                        struct dhis2_entry_place *place, struct error *error) {
  for (size_t at = 0; at < q->unit_count; at += DHIS2_IDS_PER_CALL)
    for (size_t from = 0; from < q->attribute_count; from += DHIS2_IDS_PER_CALL) {
      struct approvals of = {workflow,
                             period,
                             q->units + at,
                             q->attributes + from,
                             dhis2_ids_part(at, q->unit_count),
                             dhis2_ids_part(from, q->attribute_count),
                             place};
      if (ask_part(a, &of, error)) return -1;
    }
  return 0;
}

static int ask_approvals(const struct asking *a, const struct dhis2_entry *entry, const struct dhis2_entry_question *q,
                         struct dhis2_entry_place *place, struct error *error) {
  struct dhis2_period period, approved_with;
  struct map asked = {0};
  int result = 0;
  if (!dhis2_period_parse_any(q->period, &period)) return 0;
  for (struct map_entry *e = map_first(&entry->sets); e && result == 0; e = map_next(&entry->sets, e)) {
    const struct dhis2_entry_set *set = e->value;
    if (!dhis2_entry_workflow_period(set, &period, &approved_with) || map_put(&asked, set->workflow, e->value)) continue;
    result = ask_approved(a, set->workflow, approved_with.text, q, place, error);
  }
  map_free(&asked);
  if (result == 0 || !may_lack(error)) return result;
  place->approval_unknown = arena_str(a->arena, str_of(error->message));
  *error = (struct error){0};
  return 0;
}

/* --- least and largest values --- */

static bool take_limits(struct arena *arena, struct str json, void *to) {
  return dhis2_entry_read_limits(arena, json, to);
}

static int ask_limits(const struct asking *a, const struct dhis2_entry_question *q, struct dhis2_entry_place *place, struct error *error) {
  for (size_t at = 0; q->limits && at < q->unit_count; at += DHIS2_IDS_PER_CALL) {
    struct str list = dhis2_ids_array(a->arena, q->units + at, dhis2_ids_part(at, q->unit_count));
    struct str path = arena_printf(a->arena,
                                   "/api/minMaxDataElements?paging=false&filter=source.id:in:%.*s&fields=source%%5Bid%%5D,dataElement"
                                   "%%5Bid%%5D,optionCombo%%5Bid%%5D,min,max",
                                   STR_ARG(list));
    if (ask(a, path, "least and largest values", take_limits, place, error)) return -1;
  }
  return 0;
}

const struct dhis2_entry_place *dhis2_entry_place_of_server(struct arena *arena, struct dhis2_server *server,
                                                            const struct dhis2_entry *entry, const struct dhis2_entry_question *question,
                                                            const atomic_bool *cancel, struct error *error) {
  const struct asking a = {arena, server, cancel};
  struct dhis2_entry_place *place = dhis2_entry_place_new(arena);
  if (ask_units(&a, question, place, error) || ask_approvals(&a, entry, question, place, error) || ask_limits(&a, question, place, error))
    return NULL;
  return place;
}

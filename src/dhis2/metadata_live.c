#include "dhis2/metadata_live.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/map.h"
#include "base/vec.h"
#include "dhis2/id_list.h"
#include "dhis2/metadata_write.h"
#include "dhis2/uid.h"
#include <uv.h>

/* So many ids keep a request line below 2 KiB: some servers in front of DHIS2 refuse 4 KiB, and 2.43 itself refuses 14 KiB with a page of HTML. */
enum { COMBOS_PER_CALL = 40, UNITS_PER_CALL = 100, CODES_PER_CALL = 40, CODE_MAX = 40 };

enum {
  UNITS_PER_PAGE = 1000,
  READINGS = 3, /* of pages whose total changes on the way */
  TOLD_EVERY_MS = 200,
  UNKNOWN_CALLS_MAX = 3, /* about units of another side: so many without a single one, and it is left */
  WRITTEN_MAX = 60 << 20
};

struct reading {
  struct dhis2_metadata_reader *whole; /* of all answers */
  struct dhis2_metadata_reader *first; /* of the first alone: tells which combos to ask for; NULL later */
  bool begun;
  struct dhis2_watch watch;
  int64_t told_ms; /* monotonic */
};

static int tell(struct reading *r, bool at_once, struct error *error) {
  int64_t now_ms = clock_monotonic_ms();
  if (!r->watch.told || (!at_once && now_ms - r->told_ms < TOLD_EVERY_MS)) return 0;
  r->told_ms = now_ms;
  return r->watch.told(r->watch.payload,
                       (struct dhis2_read_so_far){dhis2_metadata_reader_elements(r->whole), dhis2_metadata_reader_units(r->whole)}, error);
}

static int feed(void *payload, struct str piece, struct error *error) {
  struct reading *r = payload;
  if (r->first && dhis2_metadata_reader_feed(r->first, piece, error)) return -1;
  return dhis2_metadata_reader_feed(r->whole, piece, error) ? -1 : tell(r, false, error);
}

/* One answer, to its end. */
static int ask(struct dhis2_server *server, struct reading *r, struct str path, struct error *error) {
  if (r->begun && dhis2_metadata_reader_next(r->whole, error)) return -1;
  r->begun = true;
  if (dhis2_get_stream(server, path, feed, r, error)) return -1;
  return dhis2_metadata_reader_check(r->whole, error) ? -1 : tell(r, true, error);
}

/* A list of fields, encoded as one parameter. */
static struct str fields(struct arena *arena, const char *text) {
  struct buf out = BUF_INIT(8192);
  for (; *text; text++) {
    if (*text == '[')
      (void)buf_add(&out, STR("%5B"));
    else if (*text == ']')
      (void)buf_add(&out, STR("%5D"));
    else
      (void)buf_add_char(&out, *text);
  }
  struct str encoded = arena_str(arena, buf_str(&out));
  buf_free(&out);
  return encoded;
}

static struct str data_sets_path(struct arena *arena, const struct str *data_sets, size_t count, bool with_places) {
  struct str ids = dhis2_ids_array(arena, data_sets, count);
  struct str set_fields = fields(arena, "id,code,name,shortName,formName,description,translations,periodType,categoryCombo[id],"
                                        "dataSetElements[dataElement[id],categoryCombo[id]],"
                                        "sections[id,name,sortOrder,dataElements[id]]");
  struct str element_fields = fields(
      arena,
      "id,code,name,shortName,formName,description,translations,valueType,aggregationType,domainType,zeroIsSignificant,categoryCombo[id]");
  return arena_printf(arena,
                      "/api/"
                      "metadata?dataSets:filter=id:in:%.*s&dataSets:fields=%.*s%s&dataElements:filter=dataSetElements.dataSet.id:in:%.*s&"
                      "dataElements:fields=%.*s",
                      STR_ARG(ids), STR_ARG(set_fields), with_places ? ",organisationUnits%5Bid%5D" : "", STR_ARG(ids),
                      STR_ARG(element_fields));
}

static struct str combos_path(struct arena *arena, const struct str *combos, size_t count) {
  struct str ids = dhis2_ids_array(arena, combos, count);
  struct str combo_fields = fields(
      arena, "id,code,name,isDefault,translations,categories[id],categoryOptionCombos[id,code,name,translations,categoryOptions[id]]");
  struct str category_fields =
      fields(arena, "id,code,name,shortName,translations,categoryOptions[id,code,name,shortName,formName,translations,isDefault]");
  return arena_printf(arena,
                      "/api/"
                      "metadata?categoryCombos:filter=id:in:%.*s&categoryCombos:fields=%.*s&categories:filter=categoryCombos.id:in:%.*s&"
                      "categories:fields=%.*s",
                      STR_ARG(ids), STR_ARG(combo_fields), STR_ARG(ids), STR_ARG(category_fields));
}

struct ids {
  struct str *p;
  size_t n, capacity;
};

static void add_combo(struct map *seen, struct ids *ids, const struct dhis2_category_combo *combo) {
  if (!combo || map_put(seen, combo->o.id, ids)) return;
  VEC_PUSH(ids, combo->o.id);
}

/* All combos that values of these data sets can be in. */
static struct ids combos_named(const struct dhis2_metadata *metadata) {
  struct map seen = {0};
  struct ids ids = {0};
  for (size_t i = 0; i < metadata->data_set_count; i++) {
    add_combo(&seen, &ids, metadata->data_sets[i]->combo);
    for (size_t k = 0; k < metadata->data_sets[i]->member_count; k++) add_combo(&seen, &ids, metadata->data_sets[i]->members[k]->combo);
  }
  for (size_t i = 0; i < metadata->element_count; i++) add_combo(&seen, &ids, metadata->elements[i]->combo);
  map_free(&seen);
  return ids;
}

int dhis2_data_sets_check(const struct str *data_sets, size_t count, struct error *error) {
  if (count < 1 || count > DHIS2_DATA_SETS_MAX) return error_set(error, ERROR_input, "name 1 to %d data sets", DHIS2_DATA_SETS_MAX);
  for (size_t i = 0; i < count; i++)
    if (!dhis2_is_uid(data_sets[i]))
      return error_set(error, ERROR_input, "'%.*s' is no id of a data set (a letter, then ten letters or digits)",
                       STR_ARG(str_slice(data_sets[i], 0, 40)));
  return 0;
}

static int read_combos(struct arena *arena, struct dhis2_server *server, struct reading *r, const struct ids *ids, struct error *error) {
  for (size_t at = 0; at < ids->n; at += COMBOS_PER_CALL) {
    size_t count = ids->n - at < COMBOS_PER_CALL ? ids->n - at : COMBOS_PER_CALL;
    if (ask(server, r, combos_path(arena, ids->p + at, count), error)) return -1;
  }
  return 0;
}

/* The data sets and elements. NULL without an error: the server shows none of them. */
static const struct dhis2_metadata *read_data_sets(struct arena *arena, struct dhis2_server *server, struct reading *r,
                                                   const struct str *data_sets, size_t count, bool with_places, struct error *error) {
  struct error empty = {0};
  r->first = dhis2_metadata_reader_new(arena);
  if (ask(server, r, data_sets_path(arena, data_sets, count, with_places), error)) return NULL;
  const struct dhis2_metadata *first = dhis2_metadata_reader_finish(r->first, &empty);
  if (first) r->first = NULL;
  return first;
}

static int check_all_shown(struct dhis2_server *server, const struct dhis2_metadata *first, const struct str *data_sets, size_t count,
                           struct error *error) {
  for (size_t i = 0; i < count; i++)
    if (!first || !dhis2_metadata_data_set(first, data_sets[i]))
      return error_set(error, ERROR_not_found,
                       "the server %.*s shows no data set %.*s with data elements to this user: it does not exist there, is empty, or is "
                       "not shared with him",
                       STR_ARG(dhis2_server_id(server)), STR_ARG(data_sets[i]));
  return 0;
}

static int read_calendar(struct arena *arena, struct dhis2_server *server, struct reading *r, struct error *error) {
  struct str calendar;
  if (dhis2_server_calendar(server, arena, &calendar, error)) return -1;
  dhis2_metadata_reader_calendar(r->whole, calendar);
  return 0;
}

/* Only ids can be asked for: what else stands in a path is left out. */
static size_t uids_of(struct str *ids, size_t count) {
  size_t n = 0;
  for (size_t i = 0; i < count; i++)
    if (dhis2_is_uid(ids[i])) ids[n++] = ids[i];
  return n;
}

static struct str units_path(struct arena *arena, const char *property, const struct str *ids, size_t count, size_t page) {
  struct str list = dhis2_ids_array(arena, ids, count),
             unit_fields = fields(arena, "id,code,name,shortName,level,path,translations,geometry");
  return arena_printf(arena, "/api/organisationUnits?page=%zu&pageSize=%d&order=id:asc&filter=%s:in:%.*s&fields=%.*s", page, UNITS_PER_PAGE,
                      property, STR_ARG(list), STR_ARG(unit_fields));
}

/* All pages once. *ret_moved: their total changed on the way. An answer that stops short of what its pager promises is none, however well-formed: units would be missing, and nobody would know. */
static int read_pages(struct arena *arena, struct dhis2_server *server, struct reading *r, const char *property, const struct str *ids,
                      size_t count, bool *ret_moved, struct error *error) {
  uint64_t seen = 0, total = 0;
  *ret_moved = false;
  for (size_t number = 1;; number++) {
    if (ask(server, r, units_path(arena, property, ids, count, number), error)) return -1;
    struct dhis2_metadata_page page = dhis2_metadata_reader_page(r->whole);
    seen += page.objects;
    if (!page.told) return 0; /* it answers without pages: all at once */
    if (number > 1 && page.total != total) {
      *ret_moved = true;
      return 0;
    }
    total = page.total;
    if (seen >= total) return 0;
    if (!page.objects)
      return error_set(error, ERROR_upstream_broken,
                       "the server %.*s says that there are %llu org units and told %llu of them: its answer was cut short; try again",
                       STR_ARG(dhis2_server_id(server)), (unsigned long long)total, (unsigned long long)seen);
  }
}

/* What is read twice is put together. */
static int read_units_by(struct arena *arena, struct dhis2_server *server, struct reading *r, const char *property, const struct str *ids,
                         size_t count, struct error *error) {
  bool moved = true;
  for (int time = 0; moved && time < READINGS; time++)
    if (read_pages(arena, server, r, property, ids, count, &moved, error)) return -1;
  if (moved)
    return error_set(error, ERROR_upstream_broken, "the org units of the server %.*s change while they are read: try again later",
                     STR_ARG(dhis2_server_id(server)));
  return 0;
}

/* What was named and not told: units above others, and what the pages left out. A unit that the server does not show stays without a name. */
static int read_unsaid_units(struct arena *arena, struct dhis2_server *server, struct reading *r, struct error *error) {
  size_t unsaid;
  struct str *ids = dhis2_metadata_reader_unsaid_units(r->whole, arena, &unsaid);
  unsaid = uids_of(ids, unsaid);
  for (size_t at = 0; at < unsaid; at += UNITS_PER_CALL)
    if (read_units_by(arena, server, r, "id", ids + at, unsaid - at < UNITS_PER_CALL ? unsaid - at : UNITS_PER_CALL, error)) return -1;
  return 0;
}

/* What the reader refuses is not what a person gave, but what the server answered: cut, two texts in one body, a page. */
static void fail(struct dhis2_server *server, struct error failure, struct error *error) {
  if (failure.code == ERROR_input) {
    failure.code = ERROR_upstream_broken;
    (void)error_context(&failure, "what %.*s answers about data sets was cut short or is no metadata", STR_ARG(dhis2_server_id(server)));
  }
  *error = failure;
}

const struct dhis2_metadata *dhis2_metadata_read(const struct dhis2_reading *reading, struct error *error) {
  struct arena *arena = reading->arena;
  struct dhis2_server *server = reading->server;
  const struct str *data_sets = reading->data_sets;
  size_t count = reading->count;
  bool with_places = reading->extent != DHIS2_EXTENT_CELLS;
  const struct dhis2_metadata *metadata = NULL;
  if (dhis2_data_sets_check(data_sets, count, error)) return NULL;
  struct reading r = {.whole = dhis2_metadata_reader_new(arena), .watch = reading->watch};
  struct error failure = {0};
  const struct dhis2_metadata *first = read_data_sets(arena, server, &r, data_sets, count, with_places, &failure);
  struct ids ids = first ? combos_named(first) : (struct ids){0};
  bool failed = failure.code || (reading->extent != DHIS2_EXTENT_SHOWN && check_all_shown(server, first, data_sets, count, &failure)) ||
                (first && read_combos(arena, server, &r, &ids, &failure)) ||
                (first && with_places &&
                 (read_units_by(arena, server, &r, "dataSets.id", data_sets, count, &failure) ||
                  read_unsaid_units(arena, server, &r, &failure) || read_calendar(arena, server, &r, &failure)));
  if (r.first) dhis2_metadata_reader_free(r.first);
  if (!failed && first)
    metadata = dhis2_metadata_reader_finish(r.whole, &failure);
  else if (!failed)
    metadata = dhis2_metadata_none();
  if (!metadata || !first) dhis2_metadata_reader_free(r.whole);
  if (!metadata) fail(server, failure, error);
  VEC_FREE(&ids);
  return metadata;
}

/* --- what is not assigned --- */

/* Units that the data sets of `from` are assigned to and those of this side are not. */
static struct ids others_units(const struct dhis2_metadata *from, const struct dhis2_metadata *metadata) {
  struct map seen = {0};
  struct ids ids = {0};
  for (size_t i = 0; i < metadata->data_set_count; i++)
    for (size_t k = 0; k < metadata->data_sets[i]->org_unit_count; k++)
      (void)map_put(&seen, metadata->data_sets[i]->org_units[k]->o.id, &ids);
  bool told = seen.count > 0; /* else nobody knows what is assigned */
  for (size_t i = 0; told && i < from->data_set_count; i++)
    for (size_t k = 0; k < from->data_sets[i]->org_unit_count; k++)
      if (!map_put(&seen, from->data_sets[i]->org_units[k]->o.id, &ids)) VEC_PUSH(&ids, from->data_sets[i]->org_units[k]->o.id);
  map_free(&seen);
  return ids;
}

/* Codes are what people typed: those that could mean something else in a filter are not asked about. */
static bool is_plain(struct str code) {
  for (size_t i = 0; i < code.n; i++) {
    char c = code.p[i];
    bool plain = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_' || c == '-' || c == '.';
    if (!plain) return false;
  }
  return code.n > 0 && code.n <= CODE_MAX;
}

struct names {
  const char *property;
  struct str *p;
  size_t n, at_once;
};

static int read_known(const struct dhis2_reading *reading, struct reading *r, struct names names, bool *ret_any, struct error *error) {
  bool known = false;
  for (size_t at = 0, calls = 0; at < names.n && (known || calls < UNKNOWN_CALLS_MAX); at += names.at_once, calls++) {
    size_t part = names.n - at < names.at_once ? names.n - at : names.at_once;
    if (read_units_by(reading->arena, reading->server, r, names.property, names.p + at, part, error)) return -1;
    known = known || dhis2_metadata_reader_page(r->whole).objects > 0;
  }
  *ret_any = *ret_any || known;
  return 0;
}

/* By their ids; those that are not known, by their codes. */
static int read_others(const struct dhis2_reading *reading, struct reading *r, const struct dhis2_metadata *from, const struct ids *others,
                       bool *ret_any, struct error *error) {
  struct str *ids = ARENA_ARRAY(reading->arena, others->n, struct str), *codes = ARENA_ARRAY(reading->arena, others->n, struct str);
  size_t n = 0;
  memcpy(ids, others->p, others->n * sizeof *ids);
  if (read_known(reading, r, (struct names){"id", ids, uids_of(ids, others->n), UNITS_PER_CALL}, ret_any, error)) return -1;
  for (size_t i = 0; i < others->n; i++) {
    const struct dhis2_org_unit *unit = dhis2_metadata_org_unit(from, others->p[i]);
    if (unit && is_plain(unit->o.code) && !dhis2_metadata_reader_says_unit(r->whole, unit->o.id)) codes[n++] = unit->o.code;
  }
  return read_known(reading, r, (struct names){"code", codes, n, CODES_PER_CALL}, ret_any, error);
}

/* The side once more, for the reader to put together with what else is read. */
static int feed_side(struct reading *r, const struct dhis2_metadata *metadata, struct str written, struct error *error) {
  dhis2_metadata_reader_calendar(r->whole, metadata->calendar);
  r->begun = true;
  return dhis2_metadata_reader_feed(r->whole, written, error);
}

const struct dhis2_metadata *dhis2_metadata_with_units_of(const struct dhis2_reading *reading, const struct dhis2_metadata *metadata,
                                                          const struct dhis2_metadata *from, struct error *error) {
  struct ids others = others_units(from, metadata);
  struct error failure = {0};
  struct buf written = BUF_INIT(WRITTEN_MAX);
  bool any = false;
  if (!others.n || !dhis2_metadata_write(metadata, &written)) { /* what is told besides is worth no refusal */
    buf_free(&written);
    VEC_FREE(&others);
    return metadata;
  }
  struct reading r = {.whole = dhis2_metadata_reader_new(reading->arena), .watch = reading->watch};
  if (feed_side(&r, metadata, buf_str(&written), &failure) || read_others(reading, &r, from, &others, &any, &failure) ||
      (any && read_unsaid_units(reading->arena, reading->server, &r, &failure)))
    metadata = NULL;
  else if (any)
    metadata = dhis2_metadata_reader_finish(r.whole, &failure);
  if (!metadata || !any) dhis2_metadata_reader_free(r.whole);
  if (!metadata) fail(reading->server, failure, error);
  buf_free(&written);
  VEC_FREE(&others);
  return metadata;
}

/* --- two at once --- */

struct both {
  const struct dhis2_reading *readings;
  const struct dhis2_metadata **ret;
  atomic_bool over; /* one has failed */
  atomic_int first; /* which; -1: none */
  struct error errors[2];
};

static void read_one(struct both *both, int which) {
  const struct dhis2_reading *reading = &both->readings[which];
  dhis2_server_abort_also(reading->server, &both->over);
  both->ret[which] = dhis2_metadata_read(reading, &both->errors[which]);
  dhis2_server_abort_also(reading->server, NULL);
  if (both->ret[which]) return;
  int none = -1;
  (void)atomic_compare_exchange_strong(&both->first, &none, which);
  atomic_store(&both->over, true);
}

static void read_second(void *payload) {
  read_one(payload, 1);
}

int dhis2_metadata_read_both(const struct dhis2_reading readings[2], const struct dhis2_metadata *ret[2], int *ret_failed,
                             struct error *error) {
  struct both both = {.readings = readings, .ret = ret, .first = -1};
  uv_thread_t thread;
  bool apart = uv_thread_create(&thread, read_second, &both) == 0;
  read_one(&both, 0);
  if (apart)
    (void)uv_thread_join(&thread);
  else if (!atomic_load(&both.over))
    read_one(&both, 1);
  int failed = atomic_load(&both.first);
  if (failed < 0) return 0;
  if (ret_failed) *ret_failed = failed;
  *error = both.errors[failed];
  return -1;
}

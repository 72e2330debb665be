/* Values out of GET /api/dataValueSets: what two readings said alike, or one where that is enough. A second answer that is the first one byte for byte said it alike, and is not taken apart again. */
#include "base/clock.h"
#include "base/map.h"
#include "base/vec.h"
#include "crypt/random.h"
#include "dhis2/analytics.h"
#include "dhis2/data_values.h"
#include "dhis2/periods.h"
#include <jansson.h>
#include <sodium.h>

enum {
  READINGS_MAX = 6,
  TRIES_MAX = 5,
  QUESTION_TRIES_MAX = 4, /* of what is no reading of values */
  FIRST_MAX_BYTES = 8 << 20,
  EMPTY_TRIES = 3,
  PATH_MAX_BYTES = 64 << 10,
  WAIT_FIRST_MS = 200,
  WAIT_MAX_MS = 10000,
  WAIT_TOLD_MAX_MS = 60000,
  WAIT_STEP_NS = 50 * 1000 * 1000
};

/* What a reading said, whatever the order: sums of a keyed hash of each value. Of the first one they are made where the second one is not the same bytes, or may not be compared with it. */
struct digest {
  uint64_t count, sum[2];
  uint64_t not_asked; /* left out, and so no part of what was said */
};

/* Which of some ids a value has; values come in runs of the same. */
struct asked {
  struct map ids;
  struct str last; /* of `ids` */
};

struct reading {
  const struct dhis2_values_sink *sink;
  struct dhis2_values_reader *reader;
  struct asked periods, units;
  const unsigned char *key;
  const struct str *paths; /* one call each */
  size_t path_count;
  bool from_analytics, with_times, with_below;
  unsigned number;
  bool hand_on; /* else only the digest is made */
  bool sums;    /* of the digest are made */
  bool stopped; /* by the sink: not the server's fault */
  struct digest digest, before;
  struct buf text;  /* of the value being hashed */
  struct buf first; /* the answer to the first reading, as long as it is no larger than it may be */
  bool repeats;     /* the second one is like it so far: up to `repeated` */
  size_t repeated;
};

static bool is_cancelled(const atomic_bool *cancel) {
  return cancel && atomic_load(cancel);
}

bool dhis2_may_pass(const struct error *error) {
  switch (error->code) {
  case ERROR_server_unreachable:
  case ERROR_upstream_broken:
  case ERROR_upstream_timeout:
  case ERROR_empty_answer:
  case ERROR_busy:
  case ERROR_refresh_failed: return true;
  case ERROR_upstream_error: return error->upstream_status == 408 || error->upstream_status == 429 || error->upstream_status >= 500;
  default: return false;
  }
}

/* The exact clock: by that of `base/clock.h` a wait may end a tick too soon, before the time that the server asked for. */
static int64_t exact_ns(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

bool dhis2_wait_before(unsigned number, const struct error *error, const atomic_bool *cancel) {
  int64_t wait = (int64_t)WAIT_FIRST_MS << (number < 10 ? number - 1 : 9);
  if (wait > WAIT_MAX_MS) wait = WAIT_MAX_MS;
  int64_t told = (int64_t)error->retry_after * 1000;
  if (told > WAIT_TOLD_MAX_MS) told = WAIT_TOLD_MAX_MS;
  int64_t until = exact_ns() + (told > wait ? told : wait) * 1000000;
  while (!is_cancelled(cancel)) {
    int64_t left = until - exact_ns();
    if (left <= 0) return true;
    if (left > WAIT_STEP_NS) left = WAIT_STEP_NS;
    (void)nanosleep(&(struct timespec){.tv_nsec = left}, NULL);
  }
  return false;
}

bool dhis2_try_again(unsigned number, struct error *error, const atomic_bool *cancel) {
  if (number >= QUESTION_TRIES_MAX || !dhis2_may_pass(error)) return false;
  if (!dhis2_wait_before(number, error, cancel)) {
    (void)error_set(error, ERROR_cancelled, "cancelled while a server was asked");
    return false;
  }
  *error = (struct error){0};
  return true;
}

void dhis2_add_list(struct buf *buf, const char *name, const struct str *ids, size_t count) {
  for (size_t i = 0; i < count; i++) {
    if (i)
      (void)buf_add_char(buf, ',');
    else
      (void)buf_printf(buf, "&%s=", name);
    (void)buf_add(buf, ids[i]);
  }
}

static void add_hashed(struct buf *text, struct str field) {
  uint32_t n = (uint32_t)field.n; /* before it, so that no two rows of fields look alike */
  (void)buf_add(text, (struct str){(const char *)&n, sizeof n});
  (void)buf_add(text, field);
}

static void count_in(struct reading *r, const struct dhis2_value *value) {
  uint64_t hash[2];
  r->digest.count++;
  if (!r->sums) return;
  const struct str fields[] = {value->data_element,           value->period, value->org_unit, value->category_option_combo,
                               value->attribute_option_combo, value->value,  value->comment};
  buf_clear(&r->text);
  for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) add_hashed(&r->text, fields[i]);
  const char marks[] = {value->value.p ? '1' : '0', value->follow_up ? '1' : '0', value->deleted ? '1' : '0'};
  (void)buf_add(&r->text, (struct str){marks, sizeof marks});
  crypto_shorthash_siphashx24((unsigned char *)hash, (const unsigned char *)r->text.p, r->text.n, r->key);
  r->digest.sum[0] += hash[0];
  r->digest.sum[1] += hash[1];
}

/* What analytics says beside the number is of its own making. */
static int as_entered(struct dhis2_value *value, char number[DHIS2_ANALYTICS_NUMBER_MAX + 1], struct error *error) {
  if (!dhis2_analytics_number(value->value, number))
    return error_set(error, ERROR_input, "analytics gives '%.*s', which is no number", STR_ARG(str_slice(value->value, 0, 40)));
  value->value = str_of(number);
  value->comment = STR_NONE;
  value->follow_up = false;
  return 0;
}

static bool is_asked(struct asked *asked, struct str id) {
  if (asked->last.n && str_eq(asked->last, id)) return true;
  const struct str *known = map_get(&asked->ids, id);
  if (known) asked->last = *known;
  return known != NULL;
}

static int on_value(void *payload, const struct dhis2_value *said, struct error *error) {
  struct reading *r = payload;
  struct dhis2_value entered = *said;
  const struct dhis2_value *value = &entered;
  char number[DHIS2_ANALYTICS_NUMBER_MAX + 1];
  if (!is_asked(&r->periods, value->period) || (!r->with_below && !is_asked(&r->units, value->org_unit))) {
    r->digest.not_asked++;
    return 0;
  }
  if (r->from_analytics && as_entered(&entered, number, error)) return -1;
  count_in(r, value);
  if (!r->hand_on || r->sink->value(r->sink->payload, value, error) == 0) return 0;
  r->stopped = true;
  return -1;
}

/* The digest of what is kept of the first answer, which was read before without making its sums. */
static int sum_up_first(struct reading *r, struct digest *ret, struct error *error) {
  struct reading again = *r;
  struct dhis2_values_reader *reader = dhis2_values_reader_new(on_value, &again);
  again.digest = (struct digest){0};
  again.hand_on = false;
  again.sums = true;
  int result = dhis2_values_reader_feed(reader, buf_str(&r->first), error);
  dhis2_values_reader_free(reader);
  r->text = again.text; /* has grown */
  *ret = again.digest;
  return result;
}

/* What was passed over as a repetition is taken apart after all. */
static int end_repeating(struct reading *r, struct error *error) {
  if (!r->repeats) return 0;
  r->repeats = false;
  if (sum_up_first(r, &r->before, error)) return -1;
  return dhis2_values_reader_feed(r->reader, str_slice(buf_str(&r->first), 0, r->repeated), error);
}

static int keep_first(struct reading *r, struct str piece, struct error *error) {
  if (r->sums || buf_add(&r->first, piece)) return 0;
  r->sums = true; /* it is too long to be compared */
  return sum_up_first(r, &r->digest, error);
}

static int on_piece(void *payload, struct str piece, struct error *error) {
  struct reading *r = payload;
  if (r->number == 1 && keep_first(r, piece, error)) return -1;
  if (r->repeats && str_eq(piece, str_slice(buf_str(&r->first), r->repeated, r->repeated + piece.n))) {
    r->repeated += piece.n;
    return 0;
  }
  return end_repeating(r, error) ? -1 : dhis2_values_reader_feed(r->reader, piece, error);
}

static int finish(struct dhis2_server *server, struct reading *r, struct error *error) {
  struct dhis2_version version;
  if (r->repeats && r->repeated == r->first.n) {
    r->digest = r->before;
    return 0;
  }
  if (end_repeating(r, error) || dhis2_values_reader_finish(r->reader, error)) return -1;
  if (dhis2_values_reader_has_list(r->reader)) return 0;
  if (r->from_analytics) return 0;
  if (dhis2_server_version(server, &version, error)) return -1;
  if (dhis2_can(version, DHIS2_NO_LIST_IS_NONE)) return 0;
  return error_set(error, ERROR_upstream_broken, "the answer has no dataValues in it");
}

static int read_path(struct dhis2_server *server, struct str path, struct reading *r, struct error *error) {
  r->reader = dhis2_values_reader_new(on_value, r);
  if (r->with_times) dhis2_values_reader_times(r->reader);
  int result = dhis2_get_stream(server, path, on_piece, r, error);
  if (result == 0) result = finish(server, r, error);
  dhis2_values_reader_free(r->reader);
  return result;
}

static int cancelled(struct error *error) {
  return error_set(error, ERROR_cancelled, "cancelled while reading values");
}

static int read_once(struct dhis2_server *server, struct reading *r, const atomic_bool *cancel, struct error *error) {
  int result = 0;
  r->digest = (struct digest){0};
  r->repeats = r->number == 2 && !r->first.full;
  r->sums = r->number > 1;
  r->repeated = 0;
  if (r->number == 1) buf_clear(&r->first);
  if (r->hand_on && r->sink->begin(r->sink->payload, error)) {
    r->stopped = true;
    return -1;
  }
  for (size_t i = 0; result == 0 && i < r->path_count; i++)
    result = is_cancelled(cancel) ? cancelled(error) : read_path(server, r->paths[i], r, error);
  if (result < 0 && error->code == ERROR_input && !r->stopped) {
    error->code = ERROR_upstream_broken;
    (void)error_context(error, "the answer cannot be read");
  }
  return result;
}

static int nothing_allowed(struct dhis2_server *server, struct error *error) {
  return error_set(error, ERROR_forbidden,
                   "the server %.*s answers without a body: this user may not read data of the data set, or of one of these org units",
                   STR_ARG(dhis2_server_id(server)));
}

/* One reading that came whole, after as many tries as that takes. */
static int read_whole(struct dhis2_server *server, struct reading *r, const atomic_bool *cancel, struct error *error) {
  for (unsigned number = 1;; number++) {
    *error = (struct error){0};
    if (is_cancelled(cancel)) return cancelled(error);
    if (read_once(server, r, cancel, error) == 0) return 0;
    if (r->stopped || !dhis2_may_pass(error)) return -1;
    if (error->code == ERROR_empty_answer && number == EMPTY_TRIES) return nothing_allowed(server, error);
    if (number == TRIES_MAX) return error_context(error, "the server %.*s, tried %d times", STR_ARG(dhis2_server_id(server)), TRIES_MAX);
    (void)dhis2_wait_before(number, error, cancel);
  }
}

bool dhis2_day_read(struct str text, char ret_before[11]) {
  char digits[9];
  struct dhis2_period day;
  if (text.n != 10 || text.p[4] != '-' || text.p[7] != '-') return false;
  (void)snprintf(digits, sizeof digits, "%.4s%.2s%.2s", text.p, text.p + 5, text.p + 8);
  if (!dhis2_period_parse(str_of(digits), &day) || day.first_day != day.last_day) return false;
  dhis2_day_text(day.first_day - 1, ret_before);
  return true;
}

static struct str path_of(struct buf *buf, const struct dhis2_values_query *query) {
  char before[11];
  (void)buf_add(buf, STR("/api/dataValueSets?format=json"));
  dhis2_add_list(buf, "dataSet", query->data_sets, query->data_set_count);
  dhis2_add_list(buf, "period", query->periods, query->period_count);
  dhis2_add_list(buf, "orgUnit", query->org_units, query->org_unit_count);
  if (query->with_below) (void)buf_add(buf, STR("&children=true"));
  if (query->with_deleted) (void)buf_add(buf, STR("&includeDeleted=true"));
  if (query->changed_since.n && dhis2_day_read(query->changed_since, before)) (void)buf_printf(buf, "&lastUpdated=%s", before);
  return buf_str(buf);
}

static size_t path_count(const struct dhis2_values_query *query) {
  return query->items ? (query->item_count + DHIS2_ANALYTICS_ITEMS_MAX - 1) / DHIS2_ANALYTICS_ITEMS_MAX : 1;
}

/* NULL: one would be cut. */
static const struct str *paths_of(struct arena *arena, const struct dhis2_values_query *query, struct error *error) {
  struct str *paths = ARENA_ARRAY(arena, path_count(query) + 1, struct str);
  bool full = false;
  for (size_t i = 0; !full && i < path_count(query); i++) {
    struct buf buf = BUF_INIT(PATH_MAX_BYTES);
    size_t at = i * DHIS2_ANALYTICS_ITEMS_MAX, left = query->item_count - at;
    paths[i] =
        arena_str(arena, query->items ? dhis2_analytics_path(&buf, query->items + at,
                                                             left < DHIS2_ANALYTICS_ITEMS_MAX ? left : DHIS2_ANALYTICS_ITEMS_MAX,
                                                             query->periods, query->period_count, query->org_units, query->org_unit_count)
                                      : path_of(&buf, query));
    full = buf.full;
    buf_free(&buf);
  }
  if (full)
    (void)error_set(error, ERROR_too_large, "a question for so many data sets, periods and org units is longer than an address may be");
  return full ? NULL : paths;
}

static void put_all(struct map *map, const struct str *keys, size_t count) {
  for (size_t i = 0; i < count; i++) (void)map_put(map, keys[i], (void *)(uintptr_t)&keys[i]);
}

static bool alike(const struct digest *a, const struct digest *b) {
  return a->count == b->count && a->sum[0] == b->sum[0] && a->sum[1] == b->sum[1];
}

static int read_alike(struct dhis2_server *server, struct reading *r, const atomic_bool *cancel, struct dhis2_values_seen *ret,
                      struct error *error) {
  for (r->number = 1; r->number <= READINGS_MAX; r->number++) {
    r->hand_on = r->number != 2;
    if (read_whole(server, r, cancel, error)) return -1;
    bool enough = r->number == 1 && r->sink->enough && r->sink->enough(r->sink->payload);
    if (enough || (r->number > 1 && alike(&r->before, &r->digest))) {
      *ret = (struct dhis2_values_seen){.values = r->digest.count, .not_asked = r->digest.not_asked, .readings = r->number};
      return 0;
    }
    r->before = r->digest;
  }
  return error_set(error, ERROR_upstream_broken,
                   "the server %.*s says something else each time it is asked for the same values: try again when nobody enters data",
                   STR_ARG(dhis2_server_id(server)));
}

int dhis2_values_read(struct dhis2_server *server, const struct dhis2_values_query *query, struct dhis2_values_sink sink,
                      const atomic_bool *cancel, struct dhis2_values_seen *ret, struct error *error) {
  struct arena *arena = arena_new();
  unsigned char key[crypto_shorthash_siphashx24_KEYBYTES];
  random_bytes(key, sizeof key);
  struct reading r = {.sink = &sink,
                      .key = key,
                      .paths = paths_of(arena, query, error),
                      .path_count = path_count(query),
                      .from_analytics = query->items != NULL,
                      .with_times = query->with_times,
                      .with_below = query->with_below,
                      .text = BUF_INIT(8 << 20),
                      .first = BUF_INIT(path_count(query) == 1 ? FIRST_MAX_BYTES : 0)};
  put_all(&r.periods.ids, query->periods, query->period_count);
  put_all(&r.units.ids, query->org_units, query->org_unit_count);
  int result = r.paths ? read_alike(server, &r, cancel, ret, error) : -1;
  buf_free(&r.text);
  buf_free(&r.first);
  map_free(&r.periods.ids);
  map_free(&r.units.ids);
  arena_free(arena);
  return result;
}

static bool is_empty(struct dhis2_server *server, struct dhis2_values_query query, size_t from, size_t to) {
  struct arena *arena = arena_new();
  struct buf path = BUF_INIT(PATH_MAX_BYTES);
  struct error error = {0};
  struct str unused;
  query.org_units += from;
  query.org_unit_count = to - from;
  bool empty = dhis2_get(server, path_of(&path, &query), arena, &unused, &error) < 0 && error.code == ERROR_empty_answer;
  buf_free(&path);
  arena_free(arena);
  return empty;
}

size_t dhis2_values_unread_unit(struct dhis2_server *server, const struct dhis2_values_query *query, const atomic_bool *cancel) {
  size_t from = 0, to = query->org_unit_count;
  while (to - from > 1 && !is_cancelled(cancel)) {
    size_t middle = from + (to - from) / 2;
    if (is_empty(server, *query, from, middle))
      to = middle;
    else
      from = middle;
  }
  return to - from == 1 && is_empty(server, *query, from, to) ? from : query->org_unit_count;
}

/* --- org units --- */

struct units {
  struct arena *arena;
  struct map seen;
  VEC(struct str) list;
};

static int add_units(struct units *units, struct str json, struct error *error) {
  json_t *root = json_loadb(json.p, json.n, 0, NULL), *unit;
  const json_t *list = json_object_get(root, "organisationUnits");
  size_t i;
  int result = json_is_array(list) ? 0 : error_set(error, ERROR_upstream_broken, "the answer has no list of org units in it");
  json_array_foreach((json_t *)(uintptr_t)list, i, unit) {
    struct str id = arena_str(units->arena, str_of(json_string_value(json_object_get(unit, "id"))));
    if (!id.n || map_put(&units->seen, id, units)) continue;
    VEC_PUSH(&units->list, id);
  }
  json_decref(root);
  return result;
}

int dhis2_org_units_below(struct dhis2_server *server, const struct str *org_units, size_t count, struct arena *arena, struct str **ret,
                          size_t *ret_count, struct error *error) {
  struct units units = {.arena = arena};
  int result = 0;
  for (size_t i = 0; result == 0 && i < count; i++) {
    struct arena *call = arena_new();
    struct str json;
    size_t before = units.list.n;
    result =
        dhis2_get(server, arena_printf(call, "/api/organisationUnits?paging=false&fields=id&filter=path:like:%.*s", STR_ARG(org_units[i])),
                  call, &json, error);
    if (result == 0) result = add_units(&units, json, error);
    if (result == 0 && units.list.n == before && !map_get(&units.seen, org_units[i]))
      result = error_set(error, ERROR_not_found, "the server %.*s has no org unit %.*s", STR_ARG(dhis2_server_id(server)),
                         STR_ARG(org_units[i]));
    arena_free(call);
  }
  *ret_count = units.list.n = str_sorted_set(units.list.p, units.list.n);
  *ret = ARENA_ARRAY(arena, units.list.n + 1, struct str);
  if (units.list.n) memcpy(*ret, units.list.p, units.list.n * sizeof **ret);
  VEC_FREE(&units.list);
  map_free(&units.seen);
  return result;
}

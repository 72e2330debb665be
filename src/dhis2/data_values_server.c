/* Values out of GET /api/dataValueSets: what two readings said alike, or one where that is enough. The second one asks for the org units in two halves: an answer that a server breaks off at the same place each time is not the same in parts. */
#include "base/clock.h"
#include "base/json_doc.h"
#include "base/map.h"
#include "base/vec.h"
#include "crypt/random.h"
#include "dhis2/analytics.h"
#include "dhis2/data_values.h"
#include "dhis2/id_list.h"
#include "dhis2/periods.h"
#include <jansson.h>
#include <sodium.h>

enum {
  READINGS_MAX = 6,
  TRIES_MAX = 5,
  QUESTION_TRIES_MAX = 4, /* of what is no reading of values */
  EMPTY_TRIES = 3,
  PATH_MAX_BYTES = 64 << 10,
  WAIT_FIRST_MS = 200,
  WAIT_MAX_MS = 10000,
  WAIT_TOLD_MAX_MS = 60000,
  WAIT_STEP_NS = 50 * 1000 * 1000
};

/* What a reading said, whatever the order: sums of a keyed hash of each value. */
struct digest {
  uint64_t count, sum[2];
  uint64_t not_asked; /* left out, and so no part of what was said */
};

/* One call. */
struct question {
  struct str path;
  const struct str *units; /* that it asks for */
  size_t unit_count;
};

/* The calls of one reading. */
struct questions {
  struct question *p;
  size_t n;
};

/* Which of some ids a value has; values come in runs of the same. */
struct asked {
  struct map ids; /* to where they stand */
  const struct str *last;
};

struct reading {
  const struct dhis2_values_sink *sink;
  struct dhis2_values_reader *reader;
  struct asked periods, units;
  const unsigned char *key;
  struct questions whole, parts; /* one after the other */
  const struct question *question;
  bool from_analytics, with_times, with_below;
  unsigned number;
  bool hand_on; /* else only the digest is made */
  bool stopped; /* by the sink: not the server's fault */
  struct digest digest, before;
  struct buf text; /* of the value being hashed */
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

/* NULL: that was not asked for. */
static const struct str *asked_for(struct asked *asked, struct str id) {
  if (asked->last && str_eq(*asked->last, id)) return asked->last;
  const struct str *known = map_get(&asked->ids, id);
  if (known) asked->last = known;
  return known;
}

static bool is_asked(struct reading *r, const struct dhis2_value *value) {
  if (!asked_for(&r->periods, value->period)) return false;
  if (r->with_below) return true;
  const struct str *unit = asked_for(&r->units, value->org_unit);
  return unit && unit >= r->question->units && unit < r->question->units + r->question->unit_count;
}

static int on_value(void *payload, const struct dhis2_value *said, struct error *error) {
  struct reading *r = payload;
  struct dhis2_value entered = *said;
  const struct dhis2_value *value = &entered;
  char number[DHIS2_ANALYTICS_NUMBER_MAX + 1];
  if (!is_asked(r, value)) {
    r->digest.not_asked++;
    return 0;
  }
  if (r->from_analytics && as_entered(&entered, number, error)) return -1;
  count_in(r, value);
  if (!r->hand_on || r->sink->value(r->sink->payload, value, error) == 0) return 0;
  r->stopped = true;
  return -1;
}

static int on_piece(void *payload, struct str piece, struct error *error) {
  struct reading *r = payload;
  return dhis2_values_reader_feed(r->reader, piece, error);
}

static int finish(struct dhis2_server *server, struct reading *r, struct error *error) {
  struct dhis2_version version;
  if (dhis2_values_reader_finish(r->reader, error)) return -1;
  if (dhis2_values_reader_has_list(r->reader)) return 0;
  if (r->from_analytics) return 0;
  if (dhis2_server_version(server, &version, error)) return -1;
  if (dhis2_can(version, DHIS2_NO_LIST_IS_NONE)) return 0;
  return error_set(error, ERROR_upstream_broken, "the answer has no dataValues in it");
}

static int ask(struct dhis2_server *server, const struct question *question, struct reading *r, struct error *error) {
  r->question = question;
  r->reader = dhis2_values_reader_new(on_value, r);
  if (r->with_times) dhis2_values_reader_times(r->reader);
  int result = dhis2_get_stream(server, question->path, on_piece, r, error);
  if (result == 0) result = finish(server, r, error);
  dhis2_values_reader_free(r->reader);
  return result;
}

static int cancelled(struct error *error) {
  return error_set(error, ERROR_cancelled, "cancelled while reading values");
}

static int read_once(struct dhis2_server *server, struct reading *r, const atomic_bool *cancel, struct error *error) {
  const struct questions *questions = r->number % 2 ? &r->whole : &r->parts;
  int result = 0;
  r->digest = (struct digest){0};
  if (r->hand_on && r->sink->begin(r->sink->payload, error)) {
    r->stopped = true;
    return -1;
  }
  for (size_t i = 0; result == 0 && i < questions->n; i++)
    result = is_cancelled(cancel) ? cancelled(error) : ask(server, &questions->p[i], r, error);
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

/* False: an address would be cut. */
static bool add_question(struct arena *arena, struct questions *questions, const struct dhis2_values_query *query) {
  struct buf buf = BUF_INIT(PATH_MAX_BYTES);
  struct str path = query->items ? dhis2_analytics_path(&buf, query->items, query->item_count, query->periods, query->period_count,
                                                        query->org_units, query->org_unit_count)
                                 : path_of(&buf, query);
  bool good = !buf.full;
  if (good) questions->p[questions->n++] = (struct question){arena_str(arena, path), query->org_units, query->org_unit_count};
  buf_free(&buf);
  return good;
}

/* Analytics in parts that an address holds; what lies below several org units cannot be told apart. */
static bool ask_whole(struct arena *arena, struct dhis2_values_query query, struct questions *ret) {
  size_t all = query.items ? query.item_count : 1;
  *ret = (struct questions){ARENA_ARRAY(arena, all, struct question), 0};
  if (!query.items) return add_question(arena, ret, &query);
  for (; all; query.items += query.item_count, all -= query.item_count) {
    query.item_count = all < DHIS2_ANALYTICS_ITEMS_MAX ? all : DHIS2_ANALYTICS_ITEMS_MAX;
    if (!add_question(arena, ret, &query)) return false;
  }
  return true;
}

static bool ask_in_parts(struct arena *arena, struct dhis2_values_query query, struct questions *ret) {
  size_t all = query.org_unit_count, half = all / 2;
  *ret = (struct questions){ARENA_ARRAY(arena, 2, struct question), 0};
  query.org_unit_count = half;
  if (!add_question(arena, ret, &query)) return false;
  query.org_units += half;
  query.org_unit_count = all - half;
  return add_question(arena, ret, &query);
}

static int make_questions(struct arena *arena, const struct dhis2_values_query *query, struct reading *r, struct error *error) {
  bool in_parts = !query->items && !query->with_below && query->org_unit_count > 1;
  bool good = ask_whole(arena, *query, &r->whole) && (!in_parts || ask_in_parts(arena, *query, &r->parts));
  if (!in_parts) r->parts = r->whole;
  return good ? 0
              : error_set(error, ERROR_too_large,
                          "a question for so many data sets, periods and org units is longer than an address may be");
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
      const struct digest *counts = r->hand_on ? &r->digest : &r->before; /* that of the values which were handed on */
      *ret = (struct dhis2_values_seen){.values = counts->count, .not_asked = counts->not_asked, .readings = r->number};
      return 0;
    }
    r->before = r->digest;
  }
  return error_set(error, ERROR_upstream_broken,
                   "the server %.*s says something else each time it is asked for the same values: try again when nobody enters data; "
                   "where it stays so, it "
                   "leaves values out of its answers, and its log tells why",
                   STR_ARG(dhis2_server_id(server)));
}

int dhis2_values_read(struct dhis2_server *server, const struct dhis2_values_query *query, struct dhis2_values_sink sink,
                      const atomic_bool *cancel, struct dhis2_values_seen *ret, struct error *error) {
  struct arena *arena = arena_new();
  unsigned char key[crypto_shorthash_siphashx24_KEYBYTES];
  random_bytes(key, sizeof key);
  struct reading r = {.sink = &sink,
                      .key = key,
                      .from_analytics = query->items != NULL,
                      .with_times = query->with_times,
                      .with_below = query->with_below,
                      .text = BUF_INIT(8 << 20)};
  put_all(&r.periods.ids, query->periods, query->period_count);
  put_all(&r.units.ids, query->org_units, query->org_unit_count);
  int result = make_questions(arena, query, &r, error) || read_alike(server, &r, cancel, ret, error) ? -1 : 0;
  buf_free(&r.text);
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

int dhis2_assigned_units(struct dhis2_server *server, const struct str *data_sets, size_t count, struct arena *arena, struct map *ret,
                         struct error *error) {
  struct str json, path = arena_printf(arena, "/api/dataSets?paging=false&fields=id,organisationUnits%%5Bid%%5D&filter=id:in:%.*s",
                                       STR_ARG(dhis2_ids_array(arena, data_sets, count)));
  int result = dhis2_get(server, path, arena, &json, error);
  json_t *root = result == 0 ? json_doc_read(json) : NULL, *set, *unit;
  size_t i, k;
  if (result == 0 && json_array_size(json_object_get(root, "dataSets")) < count)
    result = error_set(error, ERROR_upstream_broken, "the answer does not have all data sets");
  json_array_foreach(json_object_get(root, "dataSets"), i, set) json_array_foreach(json_object_get(set, "organisationUnits"), k, unit) {
    struct str id = json_text_copy(arena, unit, "id");
    if (id.n) (void)map_put(ret, id, ret);
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

#include "dhis2/analytics.h"

#include "base/clock.h"
#include "base/json_doc.h"
#include "dhis2/data_values.h"
#include "dhis2/id_list.h"
#include <jansson.h>

enum { EXPONENT_MAX = 60, QUARTER_MS = 15 * 60 * 1000 };

static void add_dimension(struct buf *buf, const char *name, const struct str *items, size_t count) {
  (void)buf_printf(buf, "%sdimension=%s:", buf->n ? "&" : "", name);
  for (size_t i = 0; i < count; i++) (void)buf_printf(buf, "%s%.*s", i ? "%3B" : "", STR_ARG(items[i]));
}

struct str dhis2_analytics_path(struct buf *buf, const struct str *items, size_t item_count, const struct str *periods, size_t period_count,
                                const struct str *org_units, size_t org_unit_count) {
  struct buf query = BUF_INIT(buf->max);
  add_dimension(&query, "dx", items, item_count);
  add_dimension(&query, "pe", periods, period_count);
  add_dimension(&query, "ou", org_units, org_unit_count);
  (void)buf_printf(buf, "/api/analytics/dataValueSet.json?%.*s&skipRounding=true", STR_ARG(buf_str(&query)));
  buf->full |= query.full;
  buf_free(&query);
  return buf_str(buf);
}

/* --- numbers --- */

static bool take_digits(struct str text, size_t *at, char *digits, size_t *n) {
  size_t from = *at;
  for (; *at < text.n && text.p[*at] >= '0' && text.p[*at] <= '9'; *at += 1) {
    if (*n == DHIS2_ANALYTICS_NUMBER_MAX) return false;
    digits[(*n)++] = text.p[*at];
  }
  return *at > from;
}

static bool take_exponent(struct str text, size_t *at, int *ret) {
  *ret = 0;
  if (*at == text.n) return true;
  if (text.p[*at] != 'E' && text.p[*at] != 'e') return false;
  bool minus = ++*at < text.n && text.p[*at] == '-';
  if (*at < text.n && (text.p[*at] == '-' || text.p[*at] == '+')) ++*at;
  size_t from = *at;
  for (; *at < text.n && text.p[*at] >= '0' && text.p[*at] <= '9' && *ret <= EXPONENT_MAX; *at += 1) *ret = *ret * 10 + text.p[*at] - '0';
  if (minus) *ret = -*ret;
  return *at > from && *at == text.n && *ret <= EXPONENT_MAX && *ret >= -EXPONENT_MAX;
}

/* Digits with the point before the place-th of them. */
static bool write_number(bool minus, const char *digits, size_t n, int place, char out[DHIS2_ANALYTICS_NUMBER_MAX + 1]) {
  struct buf text = BUF_INIT(DHIS2_ANALYTICS_NUMBER_MAX);
  size_t zeros = 0;
  while (zeros < n && digits[zeros] == '0') zeros++;
  if (zeros == n) return memcpy(out, "0", 2) != NULL;
  while (n > 0 && (int)n > place && digits[n - 1] == '0') n--;
  int from = 0;
  while (from < (int)n && from < place - 1 && digits[from] == '0') from++;
  if (minus) (void)buf_add_char(&text, '-');
  if (place <= 0) (void)buf_add_char(&text, '0');
  for (int i = from; i < place; i++) (void)buf_add_char(&text, i < (int)n ? digits[i] : '0');
  if ((int)n > place) (void)buf_add_char(&text, '.');
  for (int i = place; i < 0 && (int)n > place; i++) (void)buf_add_char(&text, '0');
  for (int i = place > 0 ? place : 0; i < (int)n; i++) (void)buf_add_char(&text, digits[i]);
  bool good = !text.full;
  if (good) (void)snprintf(out, DHIS2_ANALYTICS_NUMBER_MAX + 1, "%.*s", STR_ARG(buf_str(&text)));
  buf_free(&text);
  return good;
}

bool dhis2_analytics_number(struct str text, char out[DHIS2_ANALYTICS_NUMBER_MAX + 1]) {
  char digits[DHIS2_ANALYTICS_NUMBER_MAX];
  bool minus = text.n && text.p[0] == '-';
  size_t at = minus, n = 0;
  int exponent;
  if (!take_digits(text, &at, digits, &n)) return false;
  size_t whole = n;
  if (at < text.n && text.p[at] == '.' && (at++, !take_digits(text, &at, digits, &n))) return false;
  if (!take_exponent(text, &at, &exponent)) return false;
  return write_number(minus, digits, n, (int)whole + exponent, out);
}

/* --- questions --- */

static json_t *ask_once(struct dhis2_server *server, struct str path, struct error *error) {
  struct arena *arena = arena_new();
  struct str body;
  json_t *ret = NULL;
  if (dhis2_get(server, path, arena, &body, error) == 0 && !(ret = json_loadb(body.p, body.n, 0, NULL)))
    (void)error_set(error, ERROR_upstream_broken, "what the server %.*s answers is no JSON", STR_ARG(dhis2_server_id(server)));
  arena_free(arena);
  return ret;
}

static json_t *ask(struct dhis2_server *server, struct str path, const atomic_bool *cancel, struct error *error) {
  for (unsigned number = 1;; number++) {
    json_t *ret = ask_once(server, path, error);
    if (ret || !dhis2_try_again(number, error, cancel)) return ret;
  }
}

/* A few objects by their ids. */
static json_t *ask_list(struct dhis2_server *server, const char *list, const char *fields, const struct str *ids, size_t count,
                        const atomic_bool *cancel, struct error *error) {
  struct arena *arena = arena_new();
  struct str path =
      arena_printf(arena, "/api/%s?paging=false&fields=%s&filter=id:in:%.*s", list, fields, STR_ARG(dhis2_ids_array(arena, ids, count)));
  json_t *root = ask(server, path, cancel, error), *ret = json_incref(json_object_get(root, list));
  if (root && !json_is_array(ret)) {
    json_decref(ret);
    ret = NULL;
    (void)error_set(error, ERROR_upstream_broken, "the answer has no %s in it", list);
  }
  json_decref(root);
  arena_free(arena);
  return ret;
}

/* --- tables --- */

static int64_t time_in(const json_t *info, const char *key) {
  int64_t ms;
  return clock_parse(json_text(info, key), &ms) ? ms : 0;
}

/* A server tells the time on its wall, without a zone; when values were written it tells in UTC by the same clock. What is left of the difference to our clock beside whole quarters of an hour is how far the clocks go apart. */
static int64_t zone_of(int64_t ahead_ms) {
  int64_t half = ahead_ms < 0 ? -QUARTER_MS / 2 : QUARTER_MS / 2;
  return (ahead_ms + half) / QUARTER_MS * QUARTER_MS;
}

int dhis2_analytics_tables(struct dhis2_server *server, const atomic_bool *cancel, int64_t *ret_ms, struct error *error) {
  json_t *info = ask(server, STR("/api/system/info"), cancel, error);
  int64_t now = time_in(info, "serverDate"), all = time_in(info, "lastAnalyticsTableSuccess"),
          latest = time_in(info, "lastAnalyticsTablePartitionSuccess"), made = all > latest ? all : latest;
  int result = info ? 0 : -1;
  if (result == 0 && (made <= 0 || now <= 0))
    result = error_set(error, ERROR_not_found,
                       "the server %.*s has made no analytics tables yet: have them made (Data Administration app > Analytics tables)",
                       STR_ARG(dhis2_server_id(server)));
  *ret_ms = made - zone_of(now - clock_now_ms());
  json_decref(info);
  return result;
}

/* --- org units --- */

static bool lies_below(const struct map *named, struct str id, struct str path) {
  for (struct str rest = path; rest.p;) {
    struct str step = str_take(&rest, '/');
    if (step.n && !str_eq(step, id) && map_get(named, step)) return true;
  }
  return false;
}

int dhis2_org_units_nested(struct dhis2_server *server, const struct str *org_units, size_t count, const atomic_bool *cancel,
                           struct arena *arena, struct str *ret, struct error *error) {
  struct map named = {0};
  int result = 0;
  *ret = STR_NONE;
  for (size_t i = 0; i < count; i++) (void)map_put(&named, org_units[i], &named);
  for (size_t at = 0; result == 0 && !ret->n && at < count; at += DHIS2_IDS_PER_CALL) {
    json_t *list = ask_list(server, "organisationUnits", "id,path", org_units + at, dhis2_ids_part(at, count), cancel, error), *unit;
    size_t i;
    if (!list) result = -1;
    json_array_foreach(list, i, unit) {
      struct str id = json_text(unit, "id");
      if (lies_below(&named, id, json_text(unit, "path"))) *ret = arena_str(arena, id);
    }
    json_decref(list);
  }
  map_free(&named);
  return result;
}

/* --- data elements --- */

static bool is_default(const json_t *combo) {
  return json_is_true(json_object_get(combo, "isDefault")) || str_eq(json_text(combo, "name"), STR("default"));
}

/* NULL: its data sets add nothing to what is wanted. */
static const char *why_mixed(const json_t *element, const struct map *wanted, struct arena *arena) {
  const json_t *parts = json_object_get(element, "dataSetElements");
  struct str period_type = STR_NONE;
  if (!json_array_size(parts)) return "the source does not tell which data sets the data element is in";
  for (size_t i = 0; i < json_array_size(parts); i++) {
    const json_t *set = json_object_get(json_array_get(parts, i), "dataSet"), *combo = json_object_get(set, "categoryCombo");
    struct str id = json_text(set, "id"), type = json_text(set, "periodType");
    if (!id.n || !type.n || !json_text(combo, "id").n)
      return "the source does not tell all about the data sets that the data element is in";
    if (!map_get(wanted, id) && !is_default(combo))
      return arena_printf(
                 arena, "the data element is also in the data set %.*s, whose values have attribute option combos: analytics adds them up",
                 STR_ARG(id))
          .p;
    if (i > 0 && !str_eq(period_type, type)) return "the data element is in data sets of several period types: analytics adds them up";
    period_type = type;
  }
  return NULL;
}

static int look_at_elements(struct dhis2_server *server, const struct str *ids, size_t count, const struct map *wanted,
                            const atomic_bool *cancel, struct arena *arena, struct map *ret, struct error *error) {
  static const char fields[] = "id,dataSetElements%5BdataSet%5Bid,periodType,categoryCombo%5Bid,name,isDefault%5D%5D%5D";
  json_t *list = ask_list(server, "dataElements", fields, ids, count, cancel, error);
  for (size_t k = 0; list && k < count; k++) {
    const json_t *found = NULL;
    for (size_t i = 0; i < json_array_size(list); i++)
      if (str_eq(json_text(json_array_get(list, i), "id"), ids[k])) found = json_array_get(list, i);
    const char *why = why_mixed(found, wanted, arena);
    if (why) (void)map_put(ret, ids[k], (void *)(uintptr_t)why);
  }
  json_decref(list);
  return list ? 0 : -1;
}

int dhis2_analytics_mixed(struct dhis2_server *server, const struct str *elements, size_t count, const struct str *data_sets,
                          size_t data_set_count, const atomic_bool *cancel, struct arena *arena, struct map *ret, struct error *error) {
  struct map wanted = {0};
  int result = 0;
  for (size_t i = 0; i < data_set_count; i++) (void)map_put(&wanted, data_sets[i], &wanted);
  for (size_t at = 0; result == 0 && at < count; at += DHIS2_IDS_PER_CALL)
    result = look_at_elements(server, elements + at, dhis2_ids_part(at, count), &wanted, cancel, arena, ret, error);
  map_free(&wanted);
  return result;
}

#include "dhis2/analytics.h"

#include "base/clock.h"
#include "base/json_doc.h"
#include "base/map.h"
#include <jansson.h>

enum { EXPONENT_MAX = 60, IDS_PER_CALL = 40, PATH_MAX_BYTES = 4 << 10, QUARTER_MS = 15 * 60 * 1000 };

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

int dhis2_analytics_tables(struct dhis2_server *server, int64_t *ret_ms, struct error *error) {
  struct arena *arena = arena_new();
  struct str body;
  int result = dhis2_get(server, STR("/api/system/info"), arena, &body, error);
  json_t *info = result == 0 ? json_loadb(body.p, body.n, 0, NULL) : NULL;
  int64_t now = time_in(info, "serverDate"), all = time_in(info, "lastAnalyticsTableSuccess"),
          latest = time_in(info, "lastAnalyticsTablePartitionSuccess"), made = all > latest ? all : latest;
  if (result == 0 && (made <= 0 || now <= 0))
    result = error_set(error, ERROR_not_found,
                       "the server %.*s has made no analytics tables yet: have them made (Data Administration app > Analytics tables)",
                       STR_ARG(dhis2_server_id(server)));
  *ret_ms = made - zone_of(now - clock_now_ms());
  json_decref(info);
  arena_free(arena);
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

static int look_at(struct dhis2_server *server, const struct map *named, struct str path, struct arena *arena, struct str *ret,
                   struct error *error) {
  struct str body;
  if (dhis2_get(server, path, arena, &body, error)) return -1;
  json_t *root = json_loadb(body.p, body.n, 0, NULL);
  const json_t *list = json_object_get(root, "organisationUnits");
  int result = json_is_array(list) ? 0 : error_set(error, ERROR_upstream_broken, "the answer has no list of org units in it");
  for (size_t i = 0; i < json_array_size(list); i++) {
    struct str id = json_text(json_array_get(list, i), "id");
    if (lies_below(named, id, json_text(json_array_get(list, i), "path"))) *ret = arena_str(arena, id);
  }
  json_decref(root);
  return result;
}

int dhis2_org_units_nested(struct dhis2_server *server, const struct str *org_units, size_t count, struct arena *arena, struct str *ret,
                           struct error *error) {
  struct map named = {0};
  int result = 0;
  *ret = STR_NONE;
  for (size_t i = 0; i < count; i++) (void)map_put(&named, org_units[i], &named);
  for (size_t at = 0; result == 0 && !ret->n && at < count; at += IDS_PER_CALL) {
    struct buf path = BUF_INIT(PATH_MAX_BYTES);
    (void)buf_add(&path, STR("/api/organisationUnits?paging=false&fields=id,path&filter=id:in:%5B"));
    for (size_t i = at; i < count && i < at + IDS_PER_CALL; i++)
      (void)buf_printf(&path, "%s%.*s", i > at ? "," : "", STR_ARG(org_units[i]));
    (void)buf_add(&path, STR("%5D"));
    result = look_at(server, &named, arena_str(arena, buf_str(&path)), arena, ret, error);
    buf_free(&path);
  }
  map_free(&named);
  return result;
}

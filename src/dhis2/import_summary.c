#include "dhis2/import_summary.h"

#include "base/clock.h"
#include "base/json_doc.h"
#include "base/utf8.h"
#include "base/vec.h"
#include "dhis2/data_values.h"
#include "dhis2/judge.h"
#include "dhis2/periods.h"
#include "dhis2/uid.h"
#include <jansson.h>

enum { CONFLICTS_MAX = 10000, NAMES_MAX = 10000, TEXT_MAX = 500, JOB_WAIT_MS = 10 * 60 * 1000 };

static struct str line_of(struct arena *arena, struct str text) {
  struct str out = arena_str(arena, str_slice(text, 0, utf8_boundary(text, text.n < TEXT_MAX ? text.n : TEXT_MAX)));
  char *p = (char *)(uintptr_t)out.p;
  for (size_t i = 0; i < out.n; i++)
    if ((unsigned char)p[i] < 0x20) p[i] = ' ';
  return out;
}

static uint64_t count_of(const json_t *counts, const char *key) {
  json_int_t value = json_integer_value(json_object_get(counts, key));
  return value > 0 ? (uint64_t)value : 0;
}

struct names {
  struct str *p;
  size_t n, capacity;
};

/* Every id and period in a text, whatever stands between. */
static void find_names(struct arena *arena, struct str text, struct names *names) {
  struct dhis2_period period;
  for (size_t i = 0, start = 0; i <= text.n; i++) {
    char c = i < text.n ? text.p[i] : ' ';
    if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9')) continue;
    struct str word = str_slice(text, start, i);
    start = i + 1;
    if (!word.n || names->n == NAMES_MAX || (!dhis2_is_uid(word) && !dhis2_period_parse_any(word, &period))) continue;
    VEC_PUSH(names, arena_str(arena, word));
  }
}

static const struct str *kept(struct arena *arena, struct names *names) {
  struct str *list = ARENA_ARRAY(arena, names->n + 1, struct str);
  if (names->n) memcpy(list, names->p, names->n * sizeof *list);
  VEC_FREE(names);
  return list;
}

/* What refuses the whole names its objects in `args`: "<data set>-<element>-[a, b]"; older servers have one member each. */
static void read_names(struct arena *arena, const json_t *objects, struct dhis2_conflict *conflict) {
  struct names all = {0}, any = {0};
  const char *key;
  json_t *value;
  json_object_foreach((json_t *)(uintptr_t)objects, key, value) {
    struct str text = {json_string_value(value), json_string_length(value)};
    if (!text.p) continue;
    size_t opens = str_find_char(text, '[');
    find_names(arena, str_slice(text, 0, opens), &all);
    if (opens != SIZE_MAX) find_names(arena, str_from(text, opens), &any);
  }
  conflict->all_count = all.n;
  conflict->any_count = any.n;
  conflict->all = kept(arena, &all);
  conflict->any = kept(arena, &any);
}

/* Indexes in range; each is marked as rejected. -1 ("not about one value") and what lies outside are left out. */
static size_t read_indexes(const json_t *list, size_t count, size_t *ret, bool *rejected) {
  size_t n = 0, i;
  json_t *index;
  json_array_foreach((json_t *)(uintptr_t)list, i, index) {
    json_int_t at = json_is_integer(index) ? json_integer_value(index) : -1;
    if (at < 0 || (uint64_t)at >= count || n == count) continue;
    if (ret) ret[n] = (size_t)at;
    n++;
    rejected[at] = true;
  }
  return n;
}

static void read_conflict(struct arena *arena, const json_t *from, size_t count, bool *rejected, struct dhis2_conflict *ret) {
  const json_t *indexes = json_object_get(from, "indexes");
  size_t most = json_array_size(indexes) < count ? json_array_size(indexes) : count;
  size_t *list = ARENA_ARRAY(arena, most + 1, size_t);
  struct str text = json_text(from, "value");
  *ret = (struct dhis2_conflict){.code = arena_str(arena, str_slice(json_text(from, "errorCode"), 0, 40)),
                                 .text = line_of(arena, text.n ? text : json_text(from, "object")),
                                 .indexes = list};
  ret->index_count = read_indexes(indexes, count, list, rejected);
  read_names(arena, json_object_get(from, "objects"), ret);
}

static bool status_of(struct str text, enum dhis2_import_status *ret) {
  static const struct str names[] = {
      [DHIS2_IMPORT_SUCCESS] = {"SUCCESS", 7}, [DHIS2_IMPORT_WARNING] = {"WARNING", 7}, [DHIS2_IMPORT_ERROR] = {"ERROR", 5}};
  for (unsigned i = 0; i < 3; i++) {
    if (!str_eq(text, names[i])) continue;
    *ret = (enum dhis2_import_status)i;
    return true;
  }
  return false;
}

static bool read_job(struct arena *arena, const json_t *response, struct dhis2_import *ret) {
  if (!str_eq(json_text(response, "responseType"), STR("JobConfigurationWebMessageResponse"))) return false;
  ret->job = arena_str(arena, json_text(response, "id"));
  return dhis2_is_uid(ret->job);
}

static void read_conflicts(struct arena *arena, const json_t *list, size_t count, bool *rejected, struct dhis2_import *ret) {
  size_t n = json_array_size(list) < CONFLICTS_MAX ? json_array_size(list) : CONFLICTS_MAX;
  struct dhis2_conflict *conflicts = ARENA_ARRAY(arena, n + 1, struct dhis2_conflict);
  for (size_t i = 0; i < n; i++) read_conflict(arena, json_array_get(list, i), count, rejected, &conflicts[i]);
  for (size_t i = n; i < json_array_size(list); i++)
    (void)read_indexes(json_object_get(json_array_get(list, i), "indexes"), count, NULL, rejected);
  ret->conflicts = conflicts;
  ret->conflict_count = n;
}

static bool read_summary(struct arena *arena, const json_t *root, size_t count, struct dhis2_import *ret) {
  const json_t *response = json_object_get(root, "response"), *summary = json_is_object(response) ? response : root;
  if (read_job(arena, response, ret)) return true;
  const json_t *counts = json_object_get(summary, "importCount");
  if (!json_is_object(counts) || !status_of(json_text(summary, "status"), &ret->status)) return false;
  ret->imported = count_of(counts, "imported");
  ret->updated = count_of(counts, "updated");
  ret->ignored = count_of(counts, "ignored");
  ret->deleted = count_of(counts, "deleted");
  bool *rejected = ARENA_ARRAY(arena, count + 1, bool);
  read_conflicts(arena, json_object_get(summary, "conflicts"), count, rejected, ret);
  (void)read_indexes(json_object_get(summary, "rejectedIndexes"), count, NULL, rejected);
  for (size_t i = 0; i < count; i++) ret->rejected_count += rejected[i];
  ret->rejected = rejected;
  struct str words = json_text(summary, "description").n ? json_text(summary, "description") : json_text(root, "message");
  ret->description = line_of(arena, words);
  /* In the old engine a value is refused by its index; a refusal without counts is one of everything. In the new one each value of a refused POST is listed under each of its conflicts, and counts are 0. */
  ret->nothing_taken = ret->status == DHIS2_IMPORT_ERROR && ret->imported + ret->updated + ret->ignored + ret->deleted == 0;
  return true;
}

bool dhis2_import_parse(struct arena *arena, struct str body, size_t count, struct dhis2_import *ret) {
  json_t *root = json_doc_read(body);
  *ret = (struct dhis2_import){0};
  bool good = json_is_object(root) && read_summary(arena, root, count, ret);
  json_decref(root);
  return good;
}

static bool names_it(struct str name, const struct dhis2_write *value) {
  return str_eq(name, value->org_unit) || str_eq(name, value->period) || str_eq(name, value->data_element) ||
         str_eq(name, value->category_option_combo) || str_eq(name, value->attribute_option_combo);
}

bool dhis2_conflict_blames(const struct dhis2_conflict *conflict, struct str data_set, const struct dhis2_write *value) {
  bool one = conflict->any_count == 0, specific = conflict->any_count > 0;
  for (size_t i = 0; i < conflict->all_count; i++) {
    if (str_eq(conflict->all[i], data_set)) continue;
    if (!names_it(conflict->all[i], value)) return false;
    specific = true;
  }
  for (size_t i = 0; i < conflict->any_count && !one; i++) one = names_it(conflict->any[i], value);
  return specific && one;
}

bool dhis2_conflict_is_of_data_set(const struct dhis2_conflict *conflict, struct str data_set) {
  static const struct str codes[] = {{"E7600", 5}, {"E7601", 5}, {"E8004", 5}, {"E8005", 5}, {"E8010", 5}};
  for (size_t i = 0; i < sizeof codes / sizeof *codes; i++)
    if (str_eq(conflict->code, codes[i])) return true;
  for (size_t i = 0; i < conflict->all_count; i++)
    if (!str_eq(conflict->all[i], data_set)) return false;
  return conflict->all_count > 0 && conflict->any_count == 0;
}

/* 1: it has ended, and *ret is its summary; 0: not yet; -1. */
static int ask_job(struct dhis2_server *server, struct str path, size_t count, struct arena *arena, struct dhis2_import *ret,
                   struct error *error) {
  struct http_answer answer;
  if (dhis2_call(server, "GET", path, STR_NONE, STR_NONE, arena, &answer, error)) return -1;
  if (dhis2_judge(arena, answer.status, &answer.headers, answer.body, false, error)) return -1;
  return dhis2_import_parse(arena, answer.body, count, ret) && !ret->job.n;
}

/* A server that is too busy to tell still imports: what was sent must not be sent again beside it. */
int dhis2_import_of_job(struct dhis2_server *server, struct str job, size_t count, const atomic_bool *cancel, struct arena *arena,
                        struct dhis2_import *ret, struct error *error) {
  struct str path = arena_printf(arena, "/api/system/taskSummaries/DATAVALUE_IMPORT/%.*s", STR_ARG(job));
  int64_t until = clock_monotonic_ms() + JOB_WAIT_MS;
  for (unsigned number = 1;; number++) {
    *error = (struct error){0};
    int state = ask_job(server, path, count, arena, ret, error);
    if (state > 0) return 0;
    if (state < 0 && !dhis2_may_pass(error)) return -1;
    if (clock_monotonic_ms() > until)
      return error_set(error, ERROR_upstream_timeout, "the server has not ended job %.*s after 10 minutes", STR_ARG(job));
    if (!dhis2_wait_before(number < 5 ? number : 5, error, cancel))
      return error_set(error, ERROR_cancelled, "cancelled while the server imports");
  }
}

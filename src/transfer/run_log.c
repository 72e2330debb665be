/* What a run writes to its journal, and reads from it again. */
#include "base/clock.h"
#include "base/json_doc.h"
#include "base/json_out.h"
#include "base/mem.h"
#include "crypt/random.h"
#include "transfer/refused.h"
#include "transfer/run_internal.h"
#include <jansson.h>

enum { CHUNKS_MAX = 1 << 24, CLOCKS_APART_MS = 5000 };

void order_hash(struct str mapping_text, char ret[65]) {
  unsigned char hash[HASH_SIZE];
  hash_sha256(mapping_text, hash);
  (void)hash_hex(hash, HASH_SIZE, ret);
}

/* --- the order --- */

bool run_order_write(const struct run_order *order, struct buf *buf) {
  struct json_out out = JSON_OUT_INIT(buf);
  json_out_object(&out);
  json_out_member_str(&out, "from", order->from.p ? order->from : STR(""));
  json_out_member_str(&out, "to", order->to.p ? order->to : STR(""));
  json_out_member_strs(&out, "periods", order->periods, order->period_count);
  json_out_member_strs(&out, "org_units", order->org_units, order->org_unit_count);
  json_out_member_bool(&out, "descendants", order->descendants);
  json_out_member_array(&out, "accept");
  for (unsigned i = 0; i < 3; i++)
    if (order->accept[i]) json_out_str(&out, str_of(mapping_decision_name((enum mapping_decision)i)));
  json_out_end(&out);
  json_out_member_bool(&out, "sum_anyway", order->sum_anyway);
  if (order->changed_since.n) json_out_member_str(&out, "changed_since", order->changed_since);
  if (order->deletions) json_out_member_bool(&out, "deletions", true);
  if (order->analytics) json_out_member_bool(&out, "analytics", true);
  if (order->comments) json_out_member_bool(&out, "comments", true);
  if (order->skip_units) json_out_member_bool(&out, "skip_units", true);
  if (order->check_min_max) json_out_member_bool(&out, "check_min_max", true); /* written orders without it stay what they were */
  json_out_end(&out);
  return !buf->full;
}

bool order_same(struct str a, struct str b) {
  json_t *left = json_loadb(a.n ? a.p : "", a.n, 0, NULL), *right = json_loadb(b.n ? b.p : "", b.n, 0, NULL);
  bool same = left && json_equal(left, right);
  json_decref(left);
  json_decref(right);
  return same;
}

static const struct str *read_list(struct arena *arena, const json_t *list, size_t *ret_count) {
  size_t n = json_array_size(list);
  struct str *texts = ARENA_ARRAY(arena, n + 1, struct str);
  for (size_t i = 0; i < n; i++) texts[i] = arena_str(arena, str_of(json_string_value(json_array_get(list, i))));
  *ret_count = n;
  return texts;
}

int run_order_read(struct arena *arena, struct str json, struct run_order *ret, struct error *error) {
  json_t *root = json_loadb(json.n ? json.p : "", json.n, 0, NULL);
  const json_t *accept = json_object_get(root, "accept");
  *ret = (struct run_order){.from = arena_str(arena, json_text(root, "from")), .to = arena_str(arena, json_text(root, "to"))};
  ret->periods = read_list(arena, json_object_get(root, "periods"), &ret->period_count);
  ret->org_units = read_list(arena, json_object_get(root, "org_units"), &ret->org_unit_count);
  ret->descendants = json_is_true(json_object_get(root, "descendants"));
  ret->sum_anyway = json_is_true(json_object_get(root, "sum_anyway"));
  ret->changed_since = arena_str(arena, json_text(root, "changed_since"));
  ret->deletions = json_is_true(json_object_get(root, "deletions"));
  ret->analytics = json_is_true(json_object_get(root, "analytics"));
  ret->comments = json_is_true(json_object_get(root, "comments"));
  ret->skip_units = json_is_true(json_object_get(root, "skip_units"));
  ret->check_min_max = json_is_true(json_object_get(root, "check_min_max"));
  for (size_t i = 0; i < json_array_size(accept); i++) {
    enum mapping_decision decision;
    if (mapping_decision_of(str_of(json_string_value(json_array_get(accept, i))), &decision) && decision <= MAPPING_PROPOSED)
      ret->accept[decision] = true;
  }
  bool good = json_is_object(root);
  json_decref(root);
  return good ? 0 : error_set(error, ERROR_input, "the journal does not say what was asked for");
}

/* --- reading --- */

static struct row_ranges read_ranges(struct run_log *log, const json_t *list) {
  struct row_ranges ret = {ARENA_ARRAY(log->arena, json_array_size(list) + 1, struct row_range), json_array_size(list)};
  for (size_t i = 0; i < ret.n; i++) {
    const json_t *range = json_array_get(list, i);
    ret.p[i] =
        (struct row_range){(uint32_t)json_integer_value(json_array_get(range, 0)), (uint32_t)json_integer_value(json_array_get(range, 1))};
  }
  return ret;
}

bool log_is_in(const struct row_ranges *ranges, uint32_t row) {
  for (size_t low = 0, high = ranges->n; low < high;) {
    size_t middle = low + (high - low) / 2;
    const struct row_range *range = &ranges->p[middle];
    if (row >= range->first && row <= range->last) return true;
    if (row < range->first)
      high = middle;
    else
      low = middle + 1;
  }
  return false;
}

bool log_is_stored(const struct chunk_record *record, uint32_t row) {
  return record->state == CHUNK_PLANNED ? record->sent || !record->tells : !log_is_in(&record->not_stored, row);
}

static struct chunk_record *chunk_of(struct run_log *log, size_t number) {
  if (number >= log->chunk_count) {
    log->chunks = mem_resize_array(log->chunks, number + 1, sizeof *log->chunks);
    memset(log->chunks + log->chunk_count, 0, (number + 1 - log->chunk_count) * sizeof *log->chunks);
    log->chunk_count = number + 1;
  }
  return &log->chunks[number];
}

struct chunk_record log_chunk(const struct run_log *log, size_t number) {
  return number < log->chunk_count ? log->chunks[number] : (struct chunk_record){0};
}

struct journal_rows log_rows_named(const json_t *where) {
  struct journal_rows rows = {.at = (uint64_t)json_integer_value(json_object_get(where, "at")),
                              .n = (uint64_t)json_integer_value(json_object_get(where, "n"))};
  (void)snprintf(rows.hash, sizeof rows.hash, "%.*s", STR_ARG(json_text(where, "hash")));
  return rows;
}

static struct journal_rows read_refused(struct run_log *log, const json_t *record) {
  struct journal_rows rows = log_rows_named(json_object_get(record, "refused"));
  if (rows.n) log->refused_end = rows.at + rows.n;
  return rows;
}

static void read_units(struct run_log *log, const json_t *record) {
  const json_t *list = json_object_get(record, "slices");
  size_t at = 0;
  log->units = (struct str *)(uintptr_t)read_list(log->arena, json_object_get(record, "units"), &log->unit_count);
  log->slice_count = json_array_size(list);
  log->slices = ARENA_ARRAY(log->arena, log->slice_count + 1, struct slice);
  for (size_t i = 0; i < log->slice_count; i++) {
    log->slices[i] = (struct slice){at, (size_t)json_integer_value(json_array_get(list, i))};
    at += log->slices[i].count;
  }
  log->has_units = true;
  log->refused = read_refused(log, record);
}

static void begin_list(struct run_log *log) {
  log->lists = true;
  log->refused_end = log->listed.n = 0;
}

static void read_begin(struct run_log *log, const json_t *record) {
  log->begun = true;
  log->lists = false;
  log->has_units = false; /* of one before it, which came to nothing */
  log->refused_end = log->refused.n = 0;
  char *order = json_dumps(json_object_get(record, "order"), JSON_COMPACT);
  log->order = arena_str(log->arena, str_of(order));
  free(order);
  log->mapping_hash = arena_str(log->arena, json_text(record, "mapping"));
  log->from_url = arena_str(log->arena, json_text(record, "from_url"));
  log->to_url = arena_str(log->arena, json_text(record, "to_url"));
}

/* Has the machine, since it planned? Then as much time has passed by its clock as by its own count since it went up. A clock that was set meanwhile says no, too. */
static bool has_stayed_up(const json_t *record) {
  uint64_t clock = (uint64_t)json_integer_value(json_object_get(record, "clock")),
           up = (uint64_t)json_integer_value(json_object_get(record, "up"));
  uint64_t by_clock = (uint64_t)clock_now_ms() - clock, by_count = (uint64_t)clock_uptime_ms() - up;
  return by_clock - by_count + CLOCKS_APART_MS <= 2 * CLOCKS_APART_MS;
}

static int read_chunk(struct run_log *log, struct str what, const json_t *record, struct error *error) {
  json_int_t number = json_integer_value(json_object_get(record, "chunk"));
  if (number < 0 || number >= CHUNKS_MAX) return error_set(error, ERROR_input, "the journal names a chunk that there cannot be");
  struct chunk_record *chunk = chunk_of(log, (size_t)number);
  char *report = json_dumps(json_object_get(record, "report"), JSON_COMPACT);
  if (str_eq(what, STR("planned"))) {
    chunk->state = CHUNK_PLANNED;
    chunk->rows = log_rows_named(record);
    log->rows_end = chunk->rows.at + chunk->rows.n;
    chunk->refused[0] = read_refused(log, record);
    chunk->tells = json_is_true(json_object_get(record, "tells")) || has_stayed_up(record);
    chunk->report = arena_str(log->arena, str_of(report));
  } else if (str_eq(what, STR("sending"))) {
    chunk->sent = true;
  } else if (str_eq(what, STR("done"))) {
    chunk->state = CHUNK_DONE;
    chunk->refused[1] = read_refused(log, record);
    chunk->not_stored = read_ranges(log, json_object_get(record, "not_stored"));
    chunk->doubtful = read_ranges(log, json_object_get(record, "doubtful"));
    chunk->report = arena_str(log->arena, str_of(report));
  } else if (str_eq(what, STR("taken"))) {
    chunk->taken = arena_str(log->arena, str_of(report));
  } else if (str_eq(what, STR("dropped"))) {
    *chunk = (struct chunk_record){0};
  } else if (str_eq(what, STR("undone"))) {
    log->undone = true;
  } else if (str_eq(what, STR("settled"))) {
    chunk->settled = read_ranges(log, json_object_get(record, "rows")); /* with those of an undo before */
    chunk->changed = read_ranges(log, json_object_get(record, "changed"));
  }
  free(report);
  return 0;
}

static int on_record(void *payload, struct str text, struct error *error) {
  struct run_log *log = payload;
  json_t *record = json_loadb(text.p, text.n, 0, NULL);
  struct str what = json_text(record, "record");
  int result = 0;
  if (str_eq(what, STR("begin"))) {
    read_begin(log, record);
  } else if (str_eq(what, STR("list"))) {
    begin_list(log);
  } else if (log->lists && str_eq(what, STR("refused"))) {
    VEC_PUSH(&log->listed, read_refused(log, record));
  } else if (!log->begun) {
    result = error_set(error, ERROR_input, "this journal does not begin with a run");
  } else if (str_eq(what, STR("units"))) {
    read_units(log, record);
  } else if (str_eq(what, STR("ended"))) {
    log->ended = true;
  } else {
    result = read_chunk(log, what, record, error);
  }
  json_decref(record);
  return result;
}

int log_open(struct run_log *log, struct arena *arena, const char *folder, struct error *error) {
  *log = (struct run_log){.arena = arena};
  log->journal = journal_open(folder, on_record, log, error);
  return log->journal && journal_cut_refused(log->journal, log->refused_end, error) == 0 ? 0 : -1;
}

void log_close(struct run_log *log) {
  journal_close(log->journal);
  log->journal = NULL;
  VEC_FREE(&log->listed);
  free(log->chunks);
  log->chunks = NULL;
  log->chunk_count = 0;
}

/* --- writing --- */

static int record(struct run_log *log, int (*how)(struct journal *journal, struct str record, struct error *error), struct buf *buf,
                  struct error *error) {
  int result =
      buf->full ? error_set(error, ERROR_too_large, "a record of the journal would be too large") : how(log->journal, buf_str(buf), error);
  buf_free(buf);
  return result;
}

#define RECORD(name) \
  struct buf buf = BUF_INIT(JOURNAL_RECORD_MAX); \
  struct json_out out = JSON_OUT_INIT(&buf); \
  json_out_object(&out); \
  json_out_member_str(&out, "record", STR(name))

static void name_rows(struct json_out *out, const struct journal_rows *rows) {
  json_out_member_int(out, "at", (int64_t)rows->at);
  json_out_member_int(out, "n", (int64_t)rows->n);
  json_out_member_str(out, "hash", str_of(rows->hash));
}

static int put_refused(struct run_log *log, struct str rows, struct json_out *out, struct error *error) {
  struct buf text = BUF_INIT(JOURNAL_ROWS_MAX);
  struct journal_rows put;
  if (!rows.n) return 0;
  if (log->refused_end == 0) refused_header(&text);
  (void)buf_add(&text, rows);
  int result = text.full ? error_set(error, ERROR_too_large, "the list of what one chunk was refused is too large")
                         : journal_put_refused(log->journal, log->refused_end, buf_str(&text), &put, error);
  buf_free(&text);
  if (result < 0) return -1;
  log->refused_end = put.at + put.n;
  json_out_member_object(out, "refused");
  name_rows(out, &put);
  json_out_end(out);
  return 0;
}

int log_begin(struct run_log *log, struct str order, struct str mapping_text, struct str from_url, struct str to_url, struct error *error) {
  char hash[65];
  order_hash(mapping_text, hash);
  log->refused_end = log->refused.n = 0;
  if (journal_put_file(log->journal, "mapping.json", mapping_text, error) || journal_cut_refused(log->journal, 0, error)) return -1;
  RECORD("begin");
  json_out_member_int(&out, "version", 1);
  json_out_member_raw(&out, "order", order);
  json_out_member_str(&out, "mapping", str_of(hash));
  json_out_member_str(&out, "from_url", from_url);
  json_out_member_str(&out, "to_url", to_url);
  json_out_end(&out);
  log->begun = true;
  return record(log, journal_append, &buf, error);
}

int log_units(struct run_log *log, const struct str *units, size_t count, const struct slice *slices, size_t slice_count,
              struct str refused, struct error *error) {
  RECORD("units");
  json_out_member_strs(&out, "units", units, count);
  json_out_member_array(&out, "slices");
  for (size_t i = 0; i < slice_count; i++) json_out_int(&out, (int64_t)slices[i].count);
  json_out_end(&out);
  if (put_refused(log, refused, &out, error)) return buf_free(&buf), -1;
  json_out_end(&out);
  return record(log, journal_append, &buf, error);
}

int log_planned(struct run_log *log, size_t chunk, const struct plan *rows, struct str report, struct str refused, struct error *error) {
  struct buf text = BUF_INIT(JOURNAL_ROWS_MAX);
  struct journal_rows put;
  int result = plan_write(rows->p, rows->n, log->rows_end == 0, &text)
                   ? journal_put_rows(log->journal, log->rows_end, buf_str(&text), &put, error)
                   : error_set(error, ERROR_too_large, "the plan of one chunk is too large");
  buf_free(&text);
  if (result < 0) return -1;
  log->rows_end = put.at + put.n;
  RECORD("planned");
  json_out_member_int(&out, "chunk", (int64_t)chunk);
  name_rows(&out, &put);
  if (journal_keeps_notes(log->journal)) {
    json_out_member_bool(&out, "tells", true);
  } else {
    json_out_member_int(&out, "clock", clock_now_ms());
    json_out_member_int(&out, "up", clock_uptime_ms());
  }
  json_out_member_raw(&out, "report", report);
  if (put_refused(log, refused, &out, error)) return buf_free(&buf), -1;
  json_out_end(&out);
  return record(log, journal_append, &buf, error);
}

/* A chunk that was planned and of which this is not said was never sent, and an undo leaves it alone: it would take out what somebody entered meanwhile. Where the machine went down since it was planned nobody can say: the word may have gone with it. */
int log_sending(struct run_log *log, size_t chunk, size_t count, struct error *error) {
  RECORD("sending");
  json_out_member_int(&out, "chunk", (int64_t)chunk);
  json_out_member_int(&out, "count", (int64_t)count);
  json_out_end(&out);
  return record(log, journal_note, &buf, error);
}

/* Of a chunk that was planned and not sent, by whoever ends without sending it: it is as if it had not been planned. */
int log_dropped(struct run_log *log, size_t chunk, struct error *error) {
  RECORD("dropped");
  json_out_member_int(&out, "chunk", (int64_t)chunk);
  json_out_end(&out);
  return record(log, journal_append, &buf, error);
}

/* For the report of who goes on and is stopped before the target was looked at again. */
int log_taken(struct run_log *log, size_t chunk, struct str report, struct error *error) {
  RECORD("taken");
  json_out_member_int(&out, "chunk", (int64_t)chunk);
  json_out_member_raw(&out, "report", report);
  json_out_end(&out);
  return record(log, journal_note, &buf, error);
}

/* Rows of these fates, a set of bits. What is not planned lies in a range or between two, whatever makes fewer of them. */
static void write_ranges(struct json_out *out, const char *name, struct row_fates fates, unsigned which) {
  json_out_member_array(out, name);
  for (size_t at = 0; at < fates.n; at++) {
    if (!(which & 1U << fates.p[at])) continue;
    size_t last = at;
    for (size_t next = at; next < fates.n && (which | 1U << ROW_NOT_PLANNED) & 1U << fates.p[next]; next++)
      if (which & 1U << fates.p[next]) last = next;
    json_out_array(out);
    json_out_int(out, (int64_t)at);
    json_out_int(out, (int64_t)last);
    json_out_end(out);
    at = last;
  }
  json_out_end(out);
}

/* Without it the chunk is one that was planned: the target is looked at again, and what comes of that is the same. */
int log_done(struct run_log *log, size_t chunk, struct row_fates fates, struct str report, struct str refused, struct error *error) {
  RECORD("done");
  json_out_member_int(&out, "chunk", (int64_t)chunk);
  write_ranges(&out, "not_stored", fates, 1U << ROW_NOT_STORED | 1U << ROW_DOUBTFUL);
  write_ranges(&out, "doubtful", fates, 1U << ROW_DOUBTFUL);
  if (put_refused(log, refused, &out, error)) return buf_free(&buf), -1;
  json_out_member_raw(&out, "report", report);
  json_out_end(&out);
  return record(log, journal_note, &buf, error);
}

int log_ended(struct run_log *log, const char *outcome, struct error *error) {
  RECORD("ended");
  json_out_member_str(&out, "outcome", str_of(outcome));
  json_out_end(&out);
  return record(log, journal_append, &buf, error);
}

/* Without it an undo that is asked for again looks at the rows again. */
int log_settled(struct run_log *log, size_t chunk, struct row_fates fates, struct error *error) {
  RECORD("settled");
  json_out_member_int(&out, "chunk", (int64_t)chunk);
  write_ranges(&out, "rows", fates, 1U << ROW_SETTLED);
  write_ranges(&out, "changed", fates, 1U << ROW_CHANGED);
  json_out_end(&out);
  return record(log, journal_note, &buf, error);
}

int log_undone(struct run_log *log, size_t chunk, struct error *error) {
  RECORD("undone");
  json_out_member_int(&out, "chunk", (int64_t)chunk);
  json_out_end(&out);
  return record(log, journal_append, &buf, error);
}

int log_list(struct run_log *log, struct error *error) {
  if (journal_cut_refused(log->journal, 0, error)) return -1;
  begin_list(log);
  RECORD("list");
  json_out_end(&out);
  return record(log, journal_append, &buf, error);
}

int log_listed(struct run_log *log, struct str rows, struct error *error) {
  RECORD("refused");
  if (put_refused(log, rows, &out, error)) return buf_free(&buf), -1;
  json_out_end(&out);
  return record(log, journal_note, &buf, error);
}

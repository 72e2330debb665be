/* Statements that go out together, and their answers. */
#include "base/clock.h"
#include "base/mem.h"
#include "store/postgres_internal.h"
#include <endian.h>
#include <errno.h>
#include <poll.h>

enum { BYTES_PER_MS = 4096 /* of what is sent: so much longer is waited for the answer */ };

/* --- asking --- */

struct batch batch_begin(struct store *store, struct error *error) {
  struct batch batch = {.postgres = (struct postgres *)store, .error = error};
  batch.failed = postgres_connect(batch.postgres, error) < 0;
  return batch;
}

struct question question_of(struct batch *batch, const char *literal) {
  return (struct question){.batch = batch, .literal = literal};
}

void question_bytes(struct question *q, struct str bytes) {
  q->values[q->count] = bytes.n ? bytes.p : "";
  q->lengths[q->count++] = (int)bytes.n; /* at most STORE_BODY_MAX */
}

void question_hash(struct question *q, const unsigned char *hash) {
  question_bytes(q, (struct str){(const char *)hash, STORE_HASH_SIZE});
}

void question_int(struct question *q, int64_t number) {
  uint64_t big = htobe64((uint64_t)number);
  memcpy(q->numbers[q->count], &big, sizeof big);
  q->values[q->count] = NULL; /* `numbers` moves with the struct */
  q->lengths[q->count++] = sizeof big;
}

void question_limit(struct question *q, size_t most) {
  question_int(q, most > INT32_MAX ? INT32_MAX : (int64_t)most);
}

static void expect(struct batch *batch, const char *preparing) {
  if (batch->count == batch->capacity) {
    batch->capacity = batch->capacity ? 2 * batch->capacity : 8;
    batch->answers = mem_resize_array(batch->answers, batch->capacity, sizeof *batch->answers);
  }
  batch->answers[batch->count++] = (struct batch_answer){.preparing = preparing};
}

static void give_up(struct batch *batch) {
  if (!batch->failed) (void)postgres_fail(batch->postgres, NULL, batch->error);
  batch->failed = true;
}

/* Where the text has its place, and whether it is prepared. */
static size_t slot_of(const struct postgres *postgres, const char *text, bool *ret_prepared) {
  size_t at = ((uintptr_t)text >> 3) % POSTGRES_STATEMENTS;
  while (postgres->prepared[at] && postgres->prepared[at] != text) at = (at + 1) % POSTGRES_STATEMENTS;
  *ret_prepared = postgres->prepared[at] != NULL;
  return at;
}

/* A place that is taken here and whose preparing fails is given back by batch_end. */
static bool prepare(struct batch *batch, const char *literal, char name[16]) {
  bool prepared;
  size_t at = slot_of(batch->postgres, literal, &prepared);
  (void)snprintf(name, 16, "s%zu", at);
  if (prepared) return true;
  if (!PQsendPrepare(batch->postgres->connection, name, literal, 0, NULL)) return false;
  batch->postgres->prepared[at] = literal;
  expect(batch, literal);
  return true;
}

void question_ask(struct question *q) {
  static const int binary[POSTGRES_PARAMETERS] = {1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1};
  struct batch *batch = q->batch;
  char name[16];
  if (batch->failed) return;
  for (int i = 0; i < q->count; i++) {
    if (!q->values[i]) q->values[i] = (const char *)q->numbers[i];
    batch->bytes += (size_t)q->lengths[i];
  }
  if (prepare(batch, q->literal, name) &&
      PQsendQueryPrepared(batch->postgres->connection, name, q->count, q->values, q->lengths, binary, 1))
    expect(batch, NULL);
  else
    give_up(batch);
}

/* --- waiting --- */

/* 0: there is a result to be had. -1: the connection is gone, or PostgreSQL does nothing. */
static int wait_for_result(struct batch *batch, int64_t patience_ms) {
  PGconn *connection = batch->postgres->connection;
  int64_t until = clock_monotonic_ms() + patience_ms;
  for (;;) {
    int unsent = PQflush(connection);
    if (unsent < 0) return -1;
    if (!PQisBusy(connection)) return 0;
    struct pollfd fd = {.fd = PQsocket(connection), .events = (short)(POLLIN | (unsent ? POLLOUT : 0))};
    int64_t left = until - clock_monotonic_ms();
    int ready = left > 0 ? poll(&fd, 1, (int)left) : 0;
    if (ready < 0 && errno == EINTR) continue;
    if (ready == 0)
      return error_set(batch->error, ERROR_store_unavailable, "PostgreSQL at %s has not answered for %lld s: look after it",
                       batch->postgres->place, (long long)(patience_ms / 1000));
    if (ready < 0 || ((fd.revents & ~POLLOUT) && !PQconsumeInput(connection))) return -1;
    until = clock_monotonic_ms() + patience_ms;
  }
}

/* 1: a result; 0: all were had. -1: as wait_for_result. */
static int next_result(struct batch *batch, int64_t patience_ms, PGresult **ret) {
  for (;;) {
    if (wait_for_result(batch, patience_ms) < 0) return -1;
    *ret = PQgetResult(batch->postgres->connection); /* NULL stands between the answers to two statements */
    if (*ret) break;
    if (PQstatus(batch->postgres->connection) == CONNECTION_BAD) return -1;
  }
  if (PQresultStatus(*ret) != PGRES_PIPELINE_SYNC) return 1;
  PQclear(*ret);
  return 0;
}

static bool is_good(const PGresult *result) {
  ExecStatusType status = PQresultStatus(result);
  return status == PGRES_TUPLES_OK || status == PGRES_COMMAND_OK;
}

/* What was to be prepared behind a failure was not, and its name may be taken or not: a new connection knows none. */
static void forget_unprepared(struct batch *batch) {
  bool all = true;
  for (size_t i = 0; i < batch->count; i++)
    if (batch->answers[i].preparing && (!batch->answers[i].result || !is_good(batch->answers[i].result))) all = false;
  if (!all) postgres_disconnect(batch->postgres);
}

static int collect(struct batch *batch) {
  int64_t patience_ms = STORE_LOCK_MS + (int64_t)(batch->bytes / BYTES_PER_MS);
  PGresult *result;
  int more;
  size_t at = 0;
  if (!PQpipelineSync(batch->postgres->connection)) return -1;
  while ((more = next_result(batch, patience_ms, &result)) > 0) {
    if (at < batch->count)
      batch->answers[at++].result = result;
    else
      PQclear(result);
  }
  return more;
}

int batch_end(struct batch *batch) {
  if (batch->failed) return -1;
  if (collect(batch) < 0) {
    batch->failed = true;
    return postgres_fail(batch->postgres, NULL, batch->error);
  }
  for (size_t i = 0; i < batch->count && !batch->failed; i++) {
    if (batch->answers[i].result && is_good(batch->answers[i].result)) continue;
    batch->failed = true;
    (void)postgres_fail(batch->postgres, batch->answers[i].result, batch->error);
  }
  if (batch->failed) forget_unprepared(batch);
  return batch->failed ? -1 : 0;
}

void batch_free(struct batch *batch) {
  for (size_t i = 0; i < batch->count; i++) PQclear(batch->answers[i].result);
  free(batch->answers);
  *batch = (struct batch){0};
}

int batch_close(struct batch *batch) {
  int result = batch_end(batch);
  batch_free(batch);
  return result;
}

/* --- answers --- */

static const PGresult *answer_of(const struct batch *batch, size_t answer) {
  for (size_t i = 0; i < batch->count; i++)
    if (!batch->answers[i].preparing && answer-- == 0) return batch->answers[i].result;
  return NULL;
}

size_t batch_rows(const struct batch *batch, size_t answer) {
  return (size_t)PQntuples(answer_of(batch, answer));
}

size_t batch_changed(const struct batch *batch, size_t answer) {
  union {
    const PGresult *in;
    PGresult *out;
  } result = {answer_of(batch, answer)}; /* libpq only reads */
  return (size_t)strtoull(PQcmdTuples(result.out), NULL, 10);
}

struct str batch_str(const struct batch *batch, size_t answer, size_t row, int column, struct arena *arena) {
  const PGresult *result = answer_of(batch, answer);
  return arena_str(arena, (struct str){PQgetvalue(result, (int)row, column), (size_t)PQgetlength(result, (int)row, column)});
}

void batch_hash(const struct batch *batch, size_t answer, size_t row, int column, unsigned char ret[STORE_HASH_SIZE]) {
  const PGresult *result = answer_of(batch, answer);
  memset(ret, 0, STORE_HASH_SIZE);
  if (PQgetlength(result, (int)row, column) == STORE_HASH_SIZE) memcpy(ret, PQgetvalue(result, (int)row, column), STORE_HASH_SIZE);
}

int64_t postgres_int(const PGresult *result, int row, int column) {
  uint64_t big = 0;
  if (PQgetlength(result, row, column) == sizeof big) memcpy(&big, PQgetvalue(result, row, column), sizeof big);
  return (int64_t)be64toh(big);
}

int64_t batch_int(const struct batch *batch, size_t answer, size_t row, int column) {
  return postgres_int(answer_of(batch, answer), (int)row, column);
}

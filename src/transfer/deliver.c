#include "transfer/deliver.h"

#include "base/clock.h"
#include "base/vec.h"

enum { TRIES_MAX = 6, TRIES_500 = 2, ALONE_MAX = 25, STATUS_500 = 500 };

static bool is_cancelled(const struct delivery *d) {
  return d->cancel && atomic_load(d->cancel);
}

static int stop(struct error *error) {
  return error_set(error, ERROR_cancelled, "stopped before all was sent");
}

/* --- sending --- */

struct post {
  struct delivery *delivery;
  struct arena *texts; /* of the rows */
  size_t count;        /* of the POST under way */
  int64_t began_ms;    /* 0: it did not go */
};

static void refuse(struct post *p, struct plan_row *row, struct str code, struct str text) {
  row->state = ROW_REFUSED;
  row->code = arena_str(p->texts, code.n ? code : STR("refused"));
  row->text = arena_str(p->texts, text);
}

static int send_rows(struct post *p, struct plan_row **rows, size_t n, struct error *error);

static int send_halves(struct post *p, struct plan_row **rows, size_t n, struct error *error) {
  return send_rows(p, rows, n / 2, error) || send_rows(p, rows + n / 2, n - n / 2, error) ? -1 : 0;
}

/* Those that still wait, moved to the front. */
static size_t still_waiting(struct plan_row **rows, size_t n) {
  size_t kept = 0;
  for (size_t i = 0; i < n; i++)
    if (rows[i]->state == ROW_WAITING) rows[kept++] = rows[i];
  return kept;
}

/* After a POST of which nothing is known: what is there needs not be sent again. */
static int recheck(struct post *p, struct plan_row **rows, size_t *n, struct error *error) {
  if (p->delivery->dry_run) return 0;
  struct plan_row *copies = mem_alloc_array(*n, sizeof *copies);
  for (size_t i = 0; i < *n; i++) copies[i] = *rows[i];
  int result = deliver_look(p->delivery, p->texts, copies, *n, error);
  for (size_t i = 0; result == 0 && i < *n; i++) {
    rows[i]->current = copies[i].current;
    rows[i]->current_comment = copies[i].current_comment;
    rows[i]->current_follow_up = copies[i].current_follow_up;
    if (row_is_at(rows[i])) rows[i]->state = ROW_SENT;
  }
  free(copies);
  if (result == 0) *n = still_waiting(rows, *n);
  return result;
}

static int refused_whole(struct post *p, struct plan_row **rows, size_t n, const struct dhis2_import *import, struct error *error) {
  struct str data_set = rows[0]->data_set;
  for (size_t k = 0; k < import->conflict_count; k++) {
    const struct dhis2_conflict *conflict = &import->conflicts[k];
    bool all = dhis2_conflict_is_of_data_set(conflict, data_set);
    for (size_t i = 0; i < n; i++) {
      struct dhis2_write write = row_write(rows[i]);
      if (rows[i]->state == ROW_WAITING && (all || dhis2_conflict_blames(conflict, data_set, &write)))
        refuse(p, rows[i], conflict->code, conflict->text);
    }
  }
  size_t rest = still_waiting(rows, n);
  if (rest == 0) return 0;
  if (rest < n) return send_rows(p, rows, rest, error);
  if (n > 1) return send_halves(p, rows, n, error);
  const struct dhis2_conflict *first = import->conflict_count ? &import->conflicts[0] : NULL;
  refuse(p, rows[0], first ? first->code : STR_NONE, first ? first->text : import->description);
  return 0;
}

static void take_summary(struct post *p, struct plan_row **rows, size_t n, const struct dhis2_import *import) {
  for (size_t k = 0; k < import->conflict_count; k++)
    for (size_t i = 0; i < import->conflicts[k].index_count; i++) {
      struct plan_row *row = rows[import->conflicts[k].indexes[i]];
      if (row->state == ROW_WAITING) refuse(p, row, import->conflicts[k].code, import->conflicts[k].text);
    }
  for (size_t i = 0; i < n; i++) {
    if (rows[i]->state == ROW_WAITING && import->rejected[i])
      refuse(p, rows[i], STR("ignored"), STR("the server passed over it and does not say why"));
    if (rows[i]->state == ROW_WAITING) rows[i]->state = ROW_SENT;
  }
}

static int before_post(void *payload, struct error *error) {
  struct post *p = payload;
  struct delivery *d = p->delivery;
  if (d->before_post && d->before_post(d->payload, p->count, error)) return -1;
  p->began_ms = clock_monotonic_ms();
  return 0;
}

static const struct dhis2_write *values_of(struct plan_row **rows, size_t n, struct arena *arena) {
  struct dhis2_write *values = ARENA_ARRAY(arena, n, struct dhis2_write);
  for (size_t i = 0; i < n; i++) values[i] = row_write(rows[i]);
  return values;
}

static bool is_ready(const struct deliver_ready *ready, struct plan_row **rows, size_t n) {
  return ready->count == n && ready->first == rows[0] && ready->last == rows[n - 1];
}

static int post_once(struct post *p, struct plan_row **rows, size_t n, struct arena *arena, struct dhis2_import *ret, struct error *error) {
  struct delivery *d = p->delivery;
  struct dhis2_post post = {
      .data_set = rows[0]->data_set, .count = n, .dry_run = d->dry_run, .cancel = d->cancel, .before = before_post, .payload = p};
  if (is_ready(&d->ready, rows, n))
    post.body = buf_str(&d->ready.body);
  else
    post.values = values_of(rows, n, arena);
  p->count = n;
  p->began_ms = 0;
  int result = dhis2_values_post(d->server, &post, arena, ret, error);
  if (result == 0) dhis2_batch_learn(&d->batch, n, clock_monotonic_ms() - p->began_ms);
  deliver_forget(d);
  if (p->began_ms && d->after_post) d->after_post(d->payload, n);
  return result;
}

/* One row that the server fails on, again and again, is that row's fault; many in a row are the server's. */
static int give_up_alone(struct post *p, struct plan_row *row, struct error *error) {
  char code[32];
  if (++p->delivery->alone > ALONE_MAX) return error_context(error, "the server fails on everything it is sent");
  (void)snprintf(code, sizeof code, "http_%d", error->upstream_status);
  refuse(p, row, str_of(code), str_of(error->message));
  *error = (struct error){0};
  return 0;
}

/* What will be said again of the same rows. */
static bool is_verdict(const struct error *error) {
  return error->code == ERROR_upstream_error && error->upstream_status >= 400 && !dhis2_may_pass(error);
}

/* What to do after a POST that failed. 1: try again with what is left in rows[0..*n); 0: done; -1. */
static int after_failure(struct post *p, struct plan_row **rows, size_t *n, unsigned number, struct error *error) {
  struct delivery *d = p->delivery;
  if (error->code == ERROR_too_large && dhis2_batch_too_large(&d->batch, *n)) return send_halves(p, rows, *n, error) ? -1 : 0;
  bool poison = is_verdict(error) || error->code == ERROR_too_large || (error->upstream_status == STATUS_500 && number >= TRIES_500);
  if (!poison && (!dhis2_may_pass(error) || number == TRIES_MAX)) return -1;
  if (!poison && !dhis2_wait_before(number, error, d->cancel)) return stop(error);
  struct error why = *error;
  *error = (struct error){0};
  if (recheck(p, rows, n, error)) return -1;
  if (!poison || *n == 0) return 1;
  if (*n > 1) return send_halves(p, rows, *n, error) ? -1 : 0;
  *error = why;
  return give_up_alone(p, rows[0], error);
}

static int send_rows(struct post *p, struct plan_row **rows, size_t n, struct error *error) {
  for (unsigned number = 1; n; number++) {
    struct arena *arena = arena_new();
    struct dhis2_import import;
    if (is_cancelled(p->delivery)) return arena_free(arena), stop(error);
    int result = post_once(p, rows, n, arena, &import, error);
    if (result == 0) {
      if (import.nothing_taken) {
        result = refused_whole(p, rows, n, &import, error);
      } else {
        p->delivery->alone = 0;
        take_summary(p, rows, n, &import);
      }
      arena_free(arena);
      return result;
    }
    arena_free(arena);
    result = after_failure(p, rows, &n, number, error);
    if (result <= 0) return result;
  }
  return 0;
}

static int cmp_rows(const void *left, const void *right) {
  const struct plan_row *a = *(struct plan_row *const *)left, *b = *(struct plan_row *const *)right;
  int order = str_cmp(a->data_set, b->data_set);
  if (!order) order = str_cmp(a->period, b->period);
  return order ? order : (a > b) - (a < b);
}

/* In the order in which they go. */
static struct plan_row **list_waiting(struct plan_row *rows, size_t n, size_t *ret_count) {
  struct plan_row **list = mem_alloc_array(n + 1, sizeof *list);
  size_t count = 0;
  for (size_t i = 0; i < n; i++)
    if (rows[i].state == ROW_WAITING) list[count++] = &rows[i];
  bool sorted = true; /* as a run has them */
  for (size_t i = 1; i < count && sorted; i++) sorted = cmp_rows(&list[i - 1], &list[i]) < 0;
  if (!sorted) qsort(list, count, sizeof *list, cmp_rows);
  *ret_count = count;
  return list;
}

/* How many of them the first POST takes. */
static size_t batch_of(const struct delivery *d, struct plan_row **list, size_t count) {
  size_t size = 1;
  while (size < count && size < d->batch.size && str_eq(list[0]->data_set, list[size]->data_set) &&
         str_eq(list[0]->period, list[size]->period))
    size++;
  return size;
}

void deliver_prepare(struct delivery *d, struct plan_row *rows, size_t n) {
  size_t count;
  struct plan_row **list = list_waiting(rows, n, &count);
  deliver_forget(d);
  if (count && d->batch.size) {
    struct arena *arena = arena_new();
    struct deliver_ready *ready = &d->ready;
    struct error unused = {0}; /* told when it is sent */
    size_t size = batch_of(d, list, count);
    struct dhis2_post post = {.data_set = list[0]->data_set, .values = values_of(list, size, arena), .count = size};
    *ready = (struct deliver_ready){list[0], list[size - 1], size, BUF_INIT(DHIS2_BODY_MAX)};
    if (dhis2_values_write(d->server, &post, &ready->body, &unused)) deliver_forget(d);
    arena_free(arena);
  }
  free(list);
}

void deliver_forget(struct delivery *d) {
  buf_free(&d->ready.body);
  d->ready = (struct deliver_ready){0};
}

int deliver_send(struct delivery *d, struct arena *arena, struct plan_row *rows, size_t n, struct error *error) {
  struct post p = {.delivery = d, .texts = arena};
  size_t count;
  struct plan_row **list = list_waiting(rows, n, &count);
  int result = 0;
  if (!d->batch.size) {
    struct dhis2_version version;
    result = dhis2_server_version(d->server, &version, error);
    if (result == 0) d->batch = dhis2_batch_start(version);
  }
  for (size_t at = 0; result == 0 && at < count;) {
    size_t size = batch_of(d, list + at, count - at);
    result = send_rows(&p, list + at, size, error);
    if (result == 0 && d->after_batch) d->after_batch(d->payload, list + at, size);
    at += size;
  }
  free(list);
  deliver_forget(d); /* also where none of them went */
  return result;
}

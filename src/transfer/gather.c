#include "transfer/gather.h"

#include "base/file.h"
#include "base/mem.h"
#include "base/vec.h"
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

enum { LEAST_MEMORY = 64 << 10, RUNS_MAX = 128, PIECE = 64 << 10, TEXT_MAX = 1 << 20 };

/* How a contribution lies in memory and in the file: this, then the text. */
struct record {
  struct contribution c;
  uint32_t n;
};

/* What is sorted: the cell, from its last to its first part. */
enum { KEYS = 4 };
struct entry {
  uint32_t keys[KEYS];
  size_t at; /* in `heap` */
};

struct run {
  off_t from, to;
};

struct gather {
  char *heap;
  size_t heap_n, heap_size;
  struct entry *entries, *spare; /* spare: of the same size, for sorting */
  size_t count, entries_max;
  int file; /* -1: nothing was put aside yet */
  off_t end;
  VEC(struct run) runs;
};

typedef int sink_fn(void *payload, const struct contribution *contribution, struct str value, struct error *error);

struct gather *gather_new(size_t memory) {
  struct gather *g = mem_alloc(sizeof *g);
  if (!memory) memory = GATHER_MEMORY;
  if (memory < LEAST_MEMORY) memory = LEAST_MEMORY;
  /* Sorting wants as much again as the entries; values are a few bytes long. */
  g->heap_size = memory / 2;
  g->entries_max = memory / 4 / sizeof *g->entries;
  g->file = -1;
  return g;
}

void gather_reset(struct gather *g) {
  if (g->file >= 0) (void)close(g->file);
  g->file = -1;
  g->end = 0;
  g->runs.n = g->count = g->heap_n = 0;
}

void gather_free(struct gather *g) {
  if (!g) return;
  gather_reset(g);
  VEC_FREE(&g->runs);
  free(g->heap);
  free(g->entries);
  free(g->spare);
  free(g);
}

static int open_file(struct error *error) {
  const char *folder = getenv("TMPDIR");
  if (!folder || !*folder) folder = "/tmp";
  int fd = open(folder, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
  if (fd >= 0) return fd;
  _cleanup_free_
  char *name = mem_printf("%s/drawbridge-XXXXXX", folder);
  fd = mkostemp(name, O_CLOEXEC);
  if (fd < 0) return error_set(error, ERROR_inside, "no temporary file can be made in %s: %s", folder, strerror(errno));
  (void)unlink(name);
  return fd;
}

/* Of one cell: by its sources. */
static int cmp_for_sort(const void *one, const void *other, void *gather) {
  const struct gather *g = gather;
  const struct entry *a = one, *b = other;
  struct record left, right;
  memcpy(&left, g->heap + a->at, sizeof left);
  memcpy(&right, g->heap + b->at, sizeof right);
  int order = contribution_cmp(&left.c, &right.c);
  return order ? order : (a->at > b->at) - (a->at < b->at); /* what came first stays first */
}

/* Numbers of cells are small and lie close together: what is the same everywhere costs nothing, and the rest is put in order byte by byte. */
enum { BYTE_VALUES = 256 };

static void sort_by_byte(const struct entry *from, struct entry *to, size_t n, unsigned key, unsigned shift,
                         const size_t counts[BYTE_VALUES]) {
  size_t next[BYTE_VALUES], at = 0;
  for (unsigned i = 0; i < BYTE_VALUES; i++) {
    next[i] = at;
    at += counts[i];
  }
  for (size_t i = 0; i < n; i++) to[next[from[i].keys[key] >> shift & (BYTE_VALUES - 1)]++] = from[i];
}

static void sort_by_cell(struct gather *g) {
  struct entry *from = g->entries, *to = g->spare;
  for (unsigned key = 0; key < KEYS; key++) {
    size_t counts[sizeof from->keys[0]][BYTE_VALUES] = {0};
    for (size_t i = 0; i < g->count; i++)
      for (unsigned byte = 0; byte < sizeof from->keys[0]; byte++) counts[byte][from[i].keys[key] >> 8 * byte & (BYTE_VALUES - 1)]++;
    for (unsigned byte = 0; byte < sizeof from->keys[0]; byte++) {
      if (counts[byte][from[0].keys[key] >> 8 * byte & (BYTE_VALUES - 1)] == g->count) continue;
      sort_by_byte(from, to, g->count, key, 8 * byte, counts[byte]);
      struct entry *swapped = from;
      from = to;
      to = swapped;
    }
  }
  g->entries = from;
  g->spare = to;
}

static bool same_cell(const struct entry *a, const struct entry *b) {
  return memcmp(a->keys, b->keys, sizeof a->keys) == 0;
}

static void sort_entries(struct gather *g) {
  sort_by_cell(g);
  for (size_t at = 0, end; at < g->count; at = end) {
    for (end = at + 1; end < g->count && same_cell(&g->entries[at], &g->entries[end]);) end++;
    if (end - at > 1) qsort_r(g->entries + at, end - at, sizeof *g->entries, cmp_for_sort, g);
  }
}

static struct str text_at(const struct gather *g, size_t at, struct record *ret) {
  memcpy(ret, g->heap + at, sizeof *ret);
  return (struct str){g->heap + at + sizeof *ret, ret->n};
}

static int hand_out_memory(struct gather *g, sink_fn *sink, void *payload, struct error *error) {
  if (!g->count) return 0;
  sort_entries(g);
  for (size_t i = 0; i < g->count; i++) {
    struct record record;
    struct str text = text_at(g, g->entries[i].at, &record);
    if (sink(payload, &record.c, text, error)) return -1;
  }
  return 0;
}

/* --- writing runs --- */

struct writer {
  int fd;
  off_t at;
  struct buf buf;
};

static int flush(struct writer *w, struct error *error) {
  if (lseek(w->fd, w->at, SEEK_SET) < 0 || file_write_fd(w->fd, buf_str(&w->buf), "the temporary file", error)) {
    if (!error->code) (void)error_set(error, ERROR_inside, "the temporary file cannot be written: %s", strerror(errno));
    return -1;
  }
  w->at += (off_t)w->buf.n;
  buf_clear(&w->buf);
  return 0;
}

static int write_record(void *payload, const struct contribution *c, struct str text, struct error *error) {
  struct writer *w = payload;
  struct record record = {*c, (uint32_t)text.n};
  if (w->buf.n >= PIECE && flush(w, error)) return -1;
  (void)buf_add(&w->buf, (struct str){(const char *)&record, sizeof record});
  (void)buf_add(&w->buf, text);
  return 0;
}

static int write_run(struct gather *g, int (*fill)(struct gather *, sink_fn *, void *, struct error *), int fd, off_t at, struct run *ret,
                     struct error *error) {
  struct writer w = {.fd = fd, .at = at, .buf = BUF_INIT(PIECE + TEXT_MAX + sizeof(struct record))};
  int result = fill(g, write_record, &w, error);
  if (result == 0) result = flush(&w, error);
  *ret = (struct run){at, w.at};
  buf_free(&w.buf);
  return result;
}

/* --- merging runs --- */

struct cursor {
  int fd;
  off_t at, to; /* what was not read yet */
  struct buf piece;
  size_t used; /* of piece */
  struct record record;
  struct str text;
  unsigned number; /* of the run: of equals, the earlier first */
};

static int refill(struct cursor *c, size_t wanted, struct error *error) {
  buf_drop(&c->piece, c->used);
  c->used = 0;
  while (c->piece.n < wanted && c->at < c->to) {
    size_t most = c->to - c->at < PIECE ? (size_t)(c->to - c->at) : PIECE;
    if (!buf_reserve(&c->piece, most)) return error_set(error, ERROR_inside, "the temporary file is damaged");
    ssize_t n = pread(c->fd, c->piece.p + c->piece.n, most, c->at);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0)
      return error_set(error, ERROR_inside, "the temporary file cannot be read: %s", n < 0 ? strerror(errno) : "it ends too early");
    c->piece.n += (size_t)n;
    c->at += n;
  }
  return c->piece.n >= wanted ? 0 : error_set(error, ERROR_inside, "the temporary file is damaged");
}

/* 1: a record, 0: the end. */
static int advance(struct cursor *c, struct error *error) {
  if (c->used == c->piece.n && c->at == c->to) return 0;
  if (c->piece.n - c->used < sizeof c->record && refill(c, sizeof c->record, error)) return -1;
  memcpy(&c->record, c->piece.p + c->used, sizeof c->record);
  size_t whole = sizeof c->record + c->record.n;
  if (c->record.n > TEXT_MAX) return error_set(error, ERROR_inside, "the temporary file is damaged");
  if (c->piece.n - c->used < whole && refill(c, whole, error)) return -1;
  c->text = (struct str){c->piece.p + c->used + sizeof c->record, c->record.n};
  c->used += whole;
  return 1;
}

static bool before(const struct cursor *a, const struct cursor *b) {
  int order = contribution_cmp(&a->record.c, &b->record.c);
  return order < 0 || (order == 0 && a->number < b->number);
}

static void sink_down(struct cursor **heap, size_t n, size_t at) {
  for (;;) {
    size_t least = at, left = 2 * at + 1;
    if (left < n && before(heap[left], heap[least])) least = left;
    if (left + 1 < n && before(heap[left + 1], heap[least])) least = left + 1;
    if (least == at) return;
    struct cursor *swapped = heap[at];
    heap[at] = heap[least];
    heap[least] = swapped;
    at = least;
  }
}

static int merge_cursors(struct cursor **heap, size_t n, sink_fn *sink, void *payload, struct error *error) {
  for (size_t i = n / 2; i-- > 0;) sink_down(heap, n, i);
  while (n) {
    if (sink(payload, &heap[0]->record.c, heap[0]->text, error)) return -1;
    int more = advance(heap[0], error);
    if (more < 0) return -1;
    if (more == 0) heap[0] = heap[--n];
    sink_down(heap, n, 0);
  }
  return 0;
}

static int merge_runs(struct gather *g, sink_fn *sink, void *payload, struct error *error) {
  struct cursor *cursors = mem_alloc_array(g->runs.n + 1, sizeof *cursors), **heap = mem_alloc_array(g->runs.n + 1, sizeof *heap);
  size_t n = 0;
  int result = 0;
  for (size_t i = 0; result == 0 && i < g->runs.n; i++) {
    cursors[i] = (struct cursor){
        .fd = g->file, .at = g->runs.p[i].from, .to = g->runs.p[i].to, .number = (unsigned)i, .piece = BUF_INIT(2 * PIECE + TEXT_MAX)};
    int more = advance(&cursors[i], error);
    if (more < 0)
      result = -1;
    else if (more)
      heap[n++] = &cursors[i];
  }
  if (result == 0) result = merge_cursors(heap, n, sink, payload, error);
  for (size_t i = 0; i < g->runs.n; i++) buf_free(&cursors[i].piece);
  free(cursors);
  free(heap);
  return result;
}

/* Many runs become one, in a new file: so that merging never needs more memory than for RUNS_MAX. */
static int compact(struct gather *g, struct error *error) {
  struct run whole;
  int fd = open_file(error);
  if (fd < 0) return -1;
  if (write_run(g, merge_runs, fd, 0, &whole, error)) {
    (void)close(fd);
    return -1;
  }
  (void)close(g->file);
  g->file = fd;
  g->end = whole.to;
  g->runs.n = 1;
  g->runs.p[0] = whole;
  return 0;
}

static int put_aside(struct gather *g, struct error *error) {
  struct run run;
  if (!g->count) return 0;
  if (g->file < 0 && (g->file = open_file(error)) < 0) return -1;
  if (write_run(g, hand_out_memory, g->file, g->end, &run, error)) return -1;
  VEC_PUSH(&g->runs, run);
  g->end = run.to;
  g->count = g->heap_n = 0;
  return g->runs.n == RUNS_MAX ? compact(g, error) : 0;
}

int gather_add(struct gather *g, const struct contribution *c, struct str value, struct error *error) {
  struct record record = {*c, (uint32_t)value.n};
  size_t whole = sizeof record + value.n;
  if (value.n > TEXT_MAX) return error_set(error, ERROR_input, "a value is longer than %d bytes", TEXT_MAX);
  if ((g->count == g->entries_max || g->heap_n + whole > g->heap_size) && put_aside(g, error)) return -1;
  if (whole > g->heap_size) { /* only with the least memory, as tests use it */
    g->heap = mem_resize_array(g->heap, whole, 1);
    g->heap_size = whole;
  }
  if (!g->entries) g->entries = mem_resize_array(NULL, g->entries_max, sizeof *g->entries);
  if (!g->spare) g->spare = mem_resize_array(NULL, g->entries_max, sizeof *g->spare);
  if (!g->heap) g->heap = mem_resize_array(NULL, g->heap_size, 1);
  memcpy(g->heap + g->heap_n, &record, sizeof record);
  if (value.n) memcpy(g->heap + g->heap_n + sizeof record, value.p, value.n);
  g->entries[g->count++] = (struct entry){{c->attribute, c->operand, c->org_unit, c->period}, g->heap_n};
  g->heap_n += whole;
  return 0;
}

int gather_sorted(struct gather *g, sink_fn *sink, void *payload, struct error *error) {
  if (!g->runs.n) return hand_out_memory(g, sink, payload, error);
  return put_aside(g, error) || merge_runs(g, sink, payload, error) ? -1 : 0;
}

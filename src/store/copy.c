#include "store/copy.h"

#include "base/vec.h"
#include "store/engine.h"

/* In this order: what others refer to first. */
static const struct store_table tables[] = {
    {"sessions", "id", {"id", "created_ms", "seen_ms", "idle_ms", "expires_ms", "app", "mode", "data"}, "biiiittt"},
    {"connections",
     "session, server",
     {"session", "server", "kind", "state", "user", "generation", "since_ms", "expires_ms", "data", "sealed"},
     "bttttiiitb"},
    {"tickets", "id", {"id", "kind", "server", "sealed", "expires_ms"}, "bttbi"},
    {"documents",
     "kind, id",
     {"kind", "id", "owner", "key", "version", "created_ms", "updated_ms", "expires_ms", "about", "sealed", "body"},
     "ttttiiiitbb"},
    {"history", "number", {"number", "kind", "id", "at_ms", "who", "what"}, "ittitt"},
    {"journals", "number", {"number", "kind", "id", "name", "bytes"}, "itttb"},
};

enum { TABLES = sizeof tables / sizeof *tables };

struct copying {
  struct store *to;
  struct arena *arena;
  const struct store_table *table;
  uint64_t counts[TABLES];
  VEC(struct str) runs;
};

static int on_row(void *payload, const struct store_value *values, struct error *error) {
  struct copying *copying = payload;
  copying->counts[copying->table - tables]++;
  if (strcmp(copying->table->name, "documents") == 0 && str_eq(values[0].bytes, STR("run")))
    VEC_PUSH(&copying->runs, arena_str(copying->arena, values[1].bytes));
  return copying->to->engine->copy_write(copying->to, copying->table, values, error);
}

static int copy_counters(struct store *from, struct store *to, struct error *error) {
  for (enum store_counter counter = 0; counter < STORE_COUNTERS; counter++) {
    int64_t last = 0;
    if (from->engine->copy_counter(from, counter, false, &last, error) < 0 || to->engine->copy_counter(to, counter, true, &last, error) < 0)
      return -1;
  }
  return 0;
}

static int on_any(void *payload, const struct store_value *values, struct error *error) {
  (void)payload;
  (void)values;
  return error_set(error, ERROR_conflict, "the store to copy into holds something already: name a new one");
}

static int copy_all(struct copying *copying, struct store *from, struct error *error) {
  struct store *to = copying->to;
  for (size_t i = 0; i < TABLES; i++)
    if (to->engine->copy_read(to, &tables[i], on_any, NULL, error) < 0) return -1;
  for (size_t i = 0; i < TABLES; i++) {
    copying->table = &tables[i];
    if (from->engine->copy_read(from, copying->table, on_row, copying, error) < 0) return -1;
  }
  return copy_counters(from, to, error);
}

static void tell(struct copying *copying, struct store_copied *ret) {
  const uint64_t *counts = copying->counts;
  *ret = (struct store_copied){counts[0], counts[1], counts[2], counts[3], counts[4], counts[5], NULL, copying->runs.n};
  ret->runs = ARENA_ARRAY(copying->arena, copying->runs.n + 1, struct str);
  for (size_t i = 0; i < copying->runs.n; i++) ret->runs[i] = copying->runs.p[i];
  VEC_FREE(&copying->runs);
}

int store_copy(struct store *from, struct store *to, struct arena *arena, struct store_copied *ret, struct error *error) {
  struct copying copying = {.to = to, .arena = arena};
  struct error ignored = {0};
  if (from->engine->copy_begin(from, false, error) < 0) return -1;
  int result = to->engine->copy_begin(to, true, error);
  if (result == 0) result = to->engine->copy_end(to, copy_all(&copying, from, error), error);
  (void)from->engine->copy_end(from, 0, &ignored); /* it was only read */
  tell(&copying, ret);
  return result;
}

/* The list of all that was refused, of what keeps no journal: a dry run, an undo, or what goes between files. */
#include "transfer/refused.h"
#include "transfer/run_internal.h"

struct run_list {
  struct arena *arena;
  struct run_log log;
};

struct run_list *run_list_open(const char *place, struct error *error) {
  struct run_list *list = mem_alloc(sizeof *list);
  list->arena = arena_new();
  int result = log_open(&list->log, list->arena, place, error);
  if (result == 0 && list->log.begun)
    result = error_set(error, ERROR_conflict, "%s holds a run already: go on with it (--resume), or name another folder", place);
  if (result == 0) result = log_list(&list->log, error);
  if (result == 0) return list;
  run_list_close(list);
  return NULL;
}

int run_list_add(struct run_list *list, struct str rows, struct error *error) {
  return rows.n ? log_listed(&list->log, rows, error) : 0;
}

void run_list_close(struct run_list *list) {
  if (!list) return;
  log_close(&list->log);
  arena_free(list->arena);
  free(list);
}

int run_list_take(const struct run_watch *watch, struct report *report, struct error *error) {
  struct buf *rows = report_refused(report);
  if (!watch->refused) return 0;
  int result = rows->full ? error_set(error, ERROR_too_large, "the list of what one chunk was refused is too large")
                          : watch->refused(watch->payload, buf_str(rows), error);
  buf_clear(rows);
  return result;
}

#include "api/run_document.h"
#include "cmd/commands.h"
#include "cmd/line.h"
#include "store/copy.h"
#include "transfer/hold.h"
#include <sys/stat.h>

static const char usage[] =
    "usage: drawbridge store copy FROM TO\n  copies all that the store FROM holds into TO, a new one: sqlite:/path or postgresql://…, as "
    "in the configuration.\n"
    "  FROM may be in use: the copy is how it was at one moment. So it is a backup; for a move stop every drawbridge first.\n";

struct moved {
  size_t journals, left;
};

static bool is_there(const char *place) {
  struct stat info;
  return hold_is_place(place) || stat(place, &info) == 0;
}

/* What lies beside a file is copied for itself; what is in a database was copied with it. A run under way goes on at its place: its journal there is what counts. */
static int copy_journal(struct arena *arena, struct str from, struct str to, struct str id, struct moved *moved, struct error *error) {
  const char *source, *target;
  if (run_folder(arena, from, id, &source, error) || run_folder(arena, to, id, &target, error)) return -1;
  if (!is_there(source) || (hold_is_place(source) && hold_is_place(target))) return 0;
  int result = run_journal_copy(source, target, error);
  moved->journals += result == 0;
  if (result == 0 || error->code != ERROR_busy) return result;
  moved->left++;
  *error = (struct error){0};
  return 0;
}

static int copy(struct arena *arena, struct str from, struct str to, struct error *error) {
  struct store_copied copied = {0};
  struct moved moved = {0};
  struct store *source = store_open_existing(from, error), *target = source ? store_open(to, error) : NULL;
  int result = target ? store_copy(source, target, arena, &copied, error) : -1;
  store_close(target);
  store_close(source);
  for (size_t i = 0; result == 0 && i < copied.run_count; i++) result = copy_journal(arena, from, to, copied.runs[i], &moved, error);
  if (result < 0) return -1;
  (void)printf("%llu sessions, %llu connections, %llu sign-ins under way, %llu documents with %llu events, %zu journals\n",
               (unsigned long long)copied.sessions, (unsigned long long)copied.connections, (unsigned long long)copied.tickets,
               (unsigned long long)copied.documents, (unsigned long long)copied.events, moved.journals);
  if (moved.left) (void)printf("%zu runs are under way: their journals were left out, since they go on where they are\n", moved.left);
  return 0;
}

int command_store(int argc, char **argv) {
  static const struct line_option options[] = {{0}};
  struct line line = {.command = "store", .usage = usage, .options = options, .words_max = 3};
  char **words;
  int count, code = line_read(&line, argc, argv, &words, &count);
  if (code != LINE_READ) return code;
  if (count && strcmp(words[0], "copy") != 0) return line_refuse(&line, "a store is copied; there is no", words[0]);
  if (count != 3) return line_refuse(&line, "copy, FROM and TO are wanted", NULL);
  struct arena *arena = arena_new();
  struct error error = {0};
  int failed = copy(arena, str_of(words[1]), str_of(words[2]), &error);
  arena_free(arena);
  return failed ? command_fail("store", &error) : 0;
}

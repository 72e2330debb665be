#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/file.h"
#include "base/mem.h"
#include "transfer/journal.h"
#include "transfer/refused.h"
#include "transfer/run.h"
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* The disk. */
static bool disk_fails;
static unsigned disk_has; /* how often it was waited for */

int fsync(int fd) {
  if (!disk_fails) {
    disk_has++;
    return (int)syscall(SYS_fsync, fd);
  }
  errno = EIO;
  return -1;
}

static char folder[] = "/tmp/drawbridge-journal-test-XXXXXX";

struct seen {
  char text[4096];
  unsigned count;
};

static int note(void *payload, struct str record, struct error *error) {
  struct seen *seen = payload;
  (void)error;
  (void)snprintf(seen->text + strlen(seen->text), sizeof seen->text - strlen(seen->text), "%.*s\n", STR_ARG(record));
  seen->count++;
  return 0;
}

static char *path_of(const char *name) {
  return mem_printf("%s/%s", folder, name);
}

static struct str contents(struct arena *arena, const char *name) {
  struct error error = {0};
  struct str bytes;
  char *path = path_of(name);
  assert_int_equal(file_read(arena, path, 1 << 20, &bytes, &error), 0);
  free(path);
  return bytes;
}

static void set_contents(const char *name, struct str bytes) {
  char *path = path_of(name);
  int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
  assert_true(fd >= 0);
  assert_int_equal(write(fd, bytes.p, bytes.n), (ssize_t)bytes.n);
  close(fd);
  free(path);
}

static void clean(void) {
  static const char *const names[] = {"journal", "undo.csv", "refused.csv", "lock", "mapping.json"};
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
    char *path = path_of(names[i]);
    (void)unlink(path);
    free(path);
  }
}

static int setup(void **state) {
  (void)state;
  return mkdtemp(folder) ? 0 : -1;
}

static int teardown(void **state) {
  (void)state;
  clean();
  return rmdir(folder);
}

static const char *const records[] = {"{\"a\":1}", "{\"b\":\"two words\"}", "{\"c\":[3]}", "{\"d\":\"é\"}"};

static void fill(void) {
  struct error error = {0};
  struct journal *journal = journal_open(folder, NULL, NULL, &error);
  assert_non_null(journal);
  for (size_t i = 0; i < 4; i++) assert_int_equal(journal_append(journal, str_of(records[i]), &error), 0);
  journal_close(journal);
}

/* Whatever byte a power cut leaves off at: what was acknowledged before is there, what was not is as if never begun, and the journal goes on. */
static void cut_at_every_byte(void **state) {
  struct arena *arena = arena_new();
  (void)state;
  clean();
  fill();
  struct str whole = contents(arena, "journal");
  for (size_t at = 0; at <= whole.n; at++) {
    struct error error = {0};
    struct seen seen = {0}, after = {0};
    unsigned lines = 0;
    for (size_t i = 0; i < at; i++) lines += whole.p[i] == '\n';
    set_contents("journal", str_slice(whole, 0, at));
    struct journal *journal = journal_open(folder, note, &seen, &error);
    assert_non_null(journal);
    assert_int_equal(seen.count, lines);
    assert_int_equal(journal_append(journal, STR("{\"more\":true}"), &error), 0);
    journal_close(journal);
    journal = journal_open(folder, note, &after, &error);
    assert_non_null(journal);
    journal_close(journal);
    assert_int_equal(after.count, lines + 1);
    assert_memory_equal(after.text, seen.text, strlen(seen.text));
    assert_string_equal(after.text + strlen(seen.text), "{\"more\":true}\n");
  }
  arena_free(arena);
}

/* A byte that is not what was written is found, and not passed over; without its end a last record is one that was cut. */
static void damage_at_every_byte(void **state) {
  struct arena *arena = arena_new();
  (void)state;
  clean();
  fill();
  struct str whole = contents(arena, "journal");
  for (size_t at = 0; at < whole.n; at++) {
    struct error error = {0};
    struct seen seen = {0};
    char *bytes = mem_alloc(whole.n);
    memcpy(bytes, whole.p, whole.n);
    bytes[at] ^= 1;
    set_contents("journal", (struct str){bytes, whole.n});
    struct journal *journal = journal_open(folder, note, &seen, &error);
    if (at + 1 < whole.n) {
      assert_null(journal);
      assert_int_equal(error.code, ERROR_input);
    } else {
      assert_non_null(journal);
      assert_int_equal(seen.count, 3);
    }
    journal_close(journal);
    free(bytes);
  }
  arena_free(arena);
}

/* What is not waited for stands in the file at once, in its place, and is found like any other by whoever comes behind one that was killed. */
static void notes_outlive_the_process(void **state) {
  struct error error = {0};
  struct seen seen = {0};
  struct arena *arena = arena_new();
  (void)state;
  clean();
  struct journal *journal = journal_open(folder, NULL, NULL, &error);
  assert_int_equal(journal_append(journal, STR("{\"planned\":1}"), &error), 0);
  assert_int_equal(journal_note(journal, STR("{\"sending\":1}"), &error), 0);
  assert_int_equal(str_find(contents(arena, "journal"), STR("sending")) != SIZE_MAX, 1);
  assert_int_equal(journal_append(journal, STR("{\"planned\":2}"), &error), 0);
  assert_int_equal(journal_note(journal, STR("{\"done\":2}"), &error), 0);
  journal_close(journal);
  journal = journal_open(folder, note, &seen, &error);
  assert_non_null(journal);
  journal_close(journal);
  assert_string_equal(seen.text, "{\"planned\":1}\n{\"sending\":1}\n{\"planned\":2}\n{\"done\":2}\n");
  arena_free(arena);
}

static void one_at_a_time(void **state) {
  struct error error = {0};
  (void)state;
  clean();
  struct journal *first = journal_open(folder, NULL, NULL, &error);
  assert_non_null(first);
  assert_null(journal_open(folder, NULL, NULL, &error));
  assert_int_equal(error.code, ERROR_busy);
  journal_close(first);
  first = journal_open(folder, NULL, NULL, &error);
  assert_non_null(first);
  journal_close(first);
}

static void rows(void **state) {
  struct arena *arena = arena_new();
  struct error error = {0};
  struct journal_rows first, second, third;
  struct str text;
  (void)state;
  clean();
  struct journal *journal = journal_open(folder, NULL, NULL, &error);
  assert_int_equal(journal_put_rows(journal, 0, STR("a,b\n"), &first, &error), 0);
  assert_int_equal(journal_put_rows(journal, first.at + first.n, STR("never recorded\n"), &second, &error), 0);
  assert_int_equal(journal_put_rows(journal, first.at + first.n, STR("c,d\n"), &third, &error),
                   0); /* as after a kill between rows and record */
  assert_int_equal(journal_get_rows(journal, &first, arena, &text, &error), 0);
  assert_true(str_eq(text, STR("a,b\n")));
  assert_int_equal(journal_get_rows(journal, &third, arena, &text, &error), 0);
  assert_true(str_eq(text, STR("c,d\n")));
  assert_int_equal(journal_get_rows(journal, &second, arena, &text, &error), -1);
  assert_int_equal(error.code, ERROR_input);
  assert_true(str_eq(contents(arena, "undo.csv"), STR("a,b\nc,d\n")));
  journal_close(journal);
  arena_free(arena);
}

/* What no record names is dropped, also where nothing takes its place. */
static void refused_rows(void **state) {
  struct arena *arena = arena_new();
  struct error error = {0};
  struct journal_rows first, second;
  struct str text;
  (void)state;
  clean();
  struct journal *journal = journal_open(folder, NULL, NULL, &error);
  char *path = path_of("refused.csv");
  assert_int_equal(journal_cut_refused(journal, 0, &error), 0);
  assert_int_equal(access(path, F_OK), -1);
  assert_int_equal(journal_put_refused(journal, 0, STR("a,b\n"), &first, &error), 0);
  assert_int_equal(journal_put_refused(journal, first.n, STR("never recorded\n"), &second, &error), 0);
  journal_close(journal);
  journal = journal_open(folder, NULL, NULL, &error);
  assert_int_equal(journal_cut_refused(journal, first.n, &error), 0);
  assert_true(str_eq(contents(arena, "refused.csv"), STR("a,b\n")));
  assert_int_equal(journal_get_refused(journal, &first, arena, &text, &error), 0);
  assert_true(str_eq(text, STR("a,b\n")));
  assert_int_equal(journal_get_refused(journal, &second, arena, &text, &error), -1);
  assert_int_equal(error.code, ERROR_input);
  journal_close(journal);
  assert_int_equal(unlink(path), 0);
  free(path);
  arena_free(arena);
}

/* A record of a chunk that names these rows of refused.csv. Where they end. */
static uint64_t tell_refused(struct journal *journal, const char *what, int chunk, uint64_t end, struct str rows) {
  struct error error = {0};
  struct journal_rows put;
  char record[300];
  assert_int_equal(journal_put_refused(journal, end, rows, &put, &error), 0);
  (void)snprintf(record, sizeof record, "{\"record\":\"%s\",\"chunk\":%d,\"report\":{},\"refused\":{\"at\":%d,\"n\":%d,\"hash\":\"%s\"}}",
                 what, chunk, (int)put.at, (int)put.n, put.hash);
  assert_int_equal(journal_append(journal, str_of(record), &error), 0);
  return put.at + put.n;
}

/* The second chunk was planned before the first had ended: what it was refused was filed first, and the header with it. */
static void all_that_was_refused(void **state) {
  struct error error = {0};
  struct buf list = BUF_INIT(1000), wanted = BUF_INIT(1000);
  (void)state;
  clean();
  struct journal *journal = journal_open(folder, NULL, NULL, &error);
  assert_int_equal(journal_append(journal, STR("{\"record\":\"begin\",\"order\":{}}"), &error), 0);
  refused_header(&wanted);
  size_t header = wanted.n;
  (void)buf_add(&wanted, STR("second\r\n"));
  uint64_t end = tell_refused(journal, "planned", 1, 0, buf_str(&wanted));
  (void)tell_refused(journal, "done", 0, end, STR("first\r\n"));
  journal_close(journal);
  wanted.n = header;
  (void)buf_add(&wanted, STR("first\r\nsecond\r\n"));
  assert_int_equal(run_refused(folder, &list, &error), 0);
  assert_true(str_eq(buf_str(&list), buf_str(&wanted)));
  buf_free(&list);
  buf_free(&wanted);
}

/* The record is not even written before the rows that it names are on the disk; and what is only noted is not waited for. */
static void what_the_disk_is_waited_for(void **state) {
  struct error error = {0};
  struct journal_rows put;
  (void)state;
  clean();
  struct journal *journal = journal_open(folder, NULL, NULL, &error);
  disk_has = 0;
  assert_int_equal(journal_put_rows(journal, 0, STR("a,b\n"), &put, &error), 0);
  assert_int_equal(disk_has, 1);
  assert_int_equal(journal_append(journal, STR("{\"planned\":1}"), &error), 0);
  assert_int_equal(disk_has, 2);
  assert_int_equal(journal_note(journal, STR("{\"sending\":1}"), &error), 0);
  assert_int_equal(disk_has, 2);
  journal_close(journal);
}

/* Whoever asks next is told, and nothing is written any more. */
static void a_disk_that_fails(void **state) {
  struct arena *arena = arena_new();
  (void)state;
  for (unsigned how = 0; how < 3; how++) {
    struct error error = {0}, again = {0};
    struct journal_rows put;
    clean();
    struct journal *journal = journal_open(folder, NULL, NULL, &error);
    disk_fails = true;
    assert_int_equal(journal_put_rows(journal, 0, STR("a,b\n"), &put, &error), -1);
    assert_int_equal(error.code, ERROR_inside);
    disk_fails = false;
    assert_int_equal(how == 0   ? journal_put_rows(journal, 0, STR("c,d\n"), &put, &again)
                     : how == 1 ? journal_append(journal, STR("{}"), &again)
                                : journal_note(journal, STR("{}"), &again),
                     -1);
    assert_non_null(strstr(again.message, "could not be written before"));
    assert_int_equal(contents(arena, "journal").n, 0);
    journal_close(journal);
  }
  arena_free(arena);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(cut_at_every_byte),
                                     cmocka_unit_test(damage_at_every_byte),
                                     cmocka_unit_test(notes_outlive_the_process),
                                     cmocka_unit_test(one_at_a_time),
                                     cmocka_unit_test(rows),
                                     cmocka_unit_test(refused_rows),
                                     cmocka_unit_test(all_that_was_refused),
                                     cmocka_unit_test(what_the_disk_is_waited_for),
                                     cmocka_unit_test(a_disk_that_fails)};
  return cmocka_run_group_tests(tests, setup, teardown);
}

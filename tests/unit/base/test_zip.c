/* Archives of others: what is in them, and that nothing comes out of one that lies. Made with minizip itself. */
#include "base/zip.h"
#include <minizip/zip.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <unistd.h>
#include <zlib.h>

#include <cmocka.h>

static const struct zip_limits limits = {8, 4096};

struct entry {
  const char *name, *content;
};

static struct str pack(struct arena *arena, const struct entry *entries, size_t n, int level) {
  char path[] = "/tmp/drawbridge-zip-XXXXXX";
  int fd = mkstemp(path);
  zipFile zip = zipOpen(path, APPEND_STATUS_CREATE);
  assert_non_null(zip);
  for (size_t i = 0; i < n; i++) {
    assert_int_equal(zipOpenNewFileInZip(zip, entries[i].name, NULL, NULL, 0, NULL, 0, NULL, level ? Z_DEFLATED : 0, level), ZIP_OK);
    assert_int_equal(zipWriteInFileInZip(zip, entries[i].content, (unsigned)strlen(entries[i].content)), ZIP_OK);
    assert_int_equal(zipCloseFileInZip(zip), ZIP_OK);
  }
  assert_int_equal(zipClose(zip, NULL), ZIP_OK);
  char *bytes = arena_alloc(arena, 1 << 16);
  ssize_t got = pread(fd, bytes, 1 << 16, 0);
  assert_true(got > 0);
  (void)close(fd);
  (void)unlink(path);
  return (struct str){bytes, (size_t)got};
}

static const char *refusal(struct arena *arena, struct str bytes) {
  struct zip_file *files;
  size_t n;
  struct error error = {0};
  if (!zip_unpack(arena, bytes, limits, &files, &n, &error)) return "";
  assert_int_equal(error.code, ERROR_input);
  return arena_str(arena, str_of(error.message)).p;
}

static void what_is_in_it(void **state) {
  (void)state;
  struct arena *arena = arena_new();
  char text[1001];
  memset(text, 'x', 1000);
  text[1000] = 0;
  const struct entry entries[] = {{"a/", ""}, {"a/b.txt", "one"}, {"c.txt", text}, {"empty", ""}};
  for (int level = 0; level <= 9; level += 3) {
    struct zip_file *files;
    size_t n;
    struct error error = {0};
    assert_int_equal(zip_unpack(arena, pack(arena, entries, 4, level), limits, &files, &n, &error), 0);
    assert_int_equal(n, 3);
    assert_true(str_eq(files[0].name, STR("a/b.txt")) && str_eq(files[0].bytes, STR("one")));
    assert_true(str_eq(files[1].bytes, str_of(text)) && files[2].bytes.n == 0);
    assert_int_equal(files[0].gzip.n, 0); /* no shorter */
    if (!level) continue;
    char into[1100];
    z_stream stream = {.next_in = (Bytef *)(uintptr_t)files[1].gzip.p,
                       .avail_in = (uInt)files[1].gzip.n,
                       .next_out = (Bytef *)into,
                       .avail_out = sizeof into};
    assert_int_equal(inflateInit2(&stream, 16 + MAX_WBITS), Z_OK);
    assert_int_equal(inflate(&stream, Z_FINISH), Z_STREAM_END);
    assert_true(str_eq((struct str){into, stream.total_out}, str_of(text)));
    (void)inflateEnd(&stream);
  }
  arena_free(arena);
}

static void names_and_limits(void **state) {
  (void)state;
  struct arena *arena = arena_new();
  static const char *const bad[] = {"../a", "a/../../b", "/a", "a//b", "./a", "a\\b", "c:a", "a\n", "a/.", "\xff"};
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
    struct str bytes = pack(arena, &(struct entry){bad[i], "x"}, 1, 6);
    if (!strstr(refusal(arena, bytes), "no path within it")) fail_msg("%s was taken", bad[i]);
  }
  assert_string_equal(refusal(arena, pack(arena, &(struct entry){"..a/b..", "x"}, 1, 6)), "");
  const struct entry twice[] = {{"a", "1"}, {"a", "2"}};
  assert_non_null(strstr(refusal(arena, pack(arena, twice, 2, 6)), "twice"));
  struct entry many[9];
  char names[9][2] = {{0}};
  for (int i = 0; i < 9; i++) names[i][0] = (char)('a' + i), many[i] = (struct entry){names[i], ""};
  assert_string_equal(refusal(arena, pack(arena, many, 8, 6)), "");
  assert_non_null(strstr(refusal(arena, pack(arena, many, 9, 6)), "more than 8 files"));
  char large[4098];
  memset(large, 'x', 4097);
  large[4097] = 0;
  assert_non_null(strstr(refusal(arena, pack(arena, &(struct entry){"a", large}, 1, 9)), "more than 4096 bytes"));
  large[4096] = 0;
  assert_string_equal(refusal(arena, pack(arena, &(struct entry){"a", large}, 1, 9)), "");
  arena_free(arena);
}

/* Whatever byte is turned over, and wherever it is cut: refused, or the very files. */
static void broken(void **state) {
  (void)state;
  struct arena *arena = arena_new();
  const struct entry entries[] = {{"a.txt", "what is in it, what is in it, what is in it"}, {"b.txt", "and the other"}};
  struct str whole = pack(arena, entries, 2, 6);
  for (size_t i = 0; i < whole.n; i++) {
    struct arena *one = arena_new();
    char *bytes = arena_alloc(one, whole.n);
    memcpy(bytes, whole.p, whole.n);
    bytes[i] = (char)(bytes[i] ^ 0x15);
    struct zip_file *files;
    size_t n;
    struct error error = {0};
    if (!zip_unpack(one, (struct str){bytes, whole.n}, limits, &files, &n, &error))
      for (size_t k = 0; k < n; k++)
        assert_true(str_eq(files[k].bytes, str_of(entries[0].content)) || str_eq(files[k].bytes, str_of(entries[1].content)));
    (void)refusal(one, str_slice(whole, 0, i));
    arena_free(one);
  }
  arena_free(arena);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(what_is_in_it), cmocka_unit_test(names_and_limits), cmocka_unit_test(broken)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}

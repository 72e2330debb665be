#include "http/url.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static struct arena *arena;

static int start(void **state) {
  arena = arena_new();
  return 0;
}

static int stop(void **state) {
  arena_free(arena);
  return 0;
}

static void assert_text(struct str got, const char *want) {
  if (!str_eq(got, str_of(want))) fail_msg("got \"%.*s\", want \"%s\"", STR_ARG(got), want);
}

static void parses(void **state) {
  struct error error = {0};
  struct url url;
  assert_int_equal(url_parse(arena, STR("HTTPS://Dhis2.Example.org:8443/central/?a=b#c"), &url, &error), 0);
  assert_text(url.scheme, "https");
  assert_text(url.host, "dhis2.example.org");
  assert_int_equal(url.port, 8443);
  assert_text(url.path, "/central/");
  assert_text(url.query, "a=b");
  assert_text(url.fragment, "c");
  assert_text(url_text(arena, &url), "https://dhis2.example.org:8443/central/?a=b#c");
  assert_int_equal(url_parse(arena, STR("http://[::1]:80"), &url, &error), 0);
  assert_text(url_origin(arena, &url), "http://[::1]");
  assert_text(url.path, "/");
  assert_null(url.query.p);
}

static void refuses_odd_addresses(void **state) {
  static const char *const refused[] = {"ftp://a/",
                                        "//a/",
                                        "https://",
                                        "https:///x",
                                        "https://u:p@a/",
                                        "https://a:0/",
                                        "https://a:65536/",
                                        "https://a:x/",
                                        "https://a b/",
                                        "https://a\\b/",
                                        "https://127.1/",
                                        "http://2130706433/",
                                        "http://0x7f.0.0.1/",
                                        "https://-a/",
                                        "https://a..b/",
                                        "https://[::1/",
                                        "https://[1.2.3.4]/",
                                        "https://[::1]x/",
                                        "https://\xc3\xa9.org/",
                                        "javascript:alert(1)",
                                        "https://a%2eb/"};
  for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
    struct error error = {0};
    struct url url;
    if (url_parse(arena, str_of(refused[i]), &url, &error) == 0) fail_msg("taken: %s", refused[i]);
    assert_int_equal(error.code, ERROR_input);
    assert_null(strstr(error.message, "u:p"));
  }
}

/* RFC 3986 section 5.4, as far as http goes. */
static void resolves(void **state) {
  static const char *const cases[][2] = {
      {"g", "http://a/b/c/g"},     {"./g", "http://a/b/c/g"},     {"g/", "http://a/b/c/g/"},       {"/g", "http://a/g"},
      {"//g", "http://g/"},        {"?y", "http://a/b/c/d;p?y"},  {"g?y", "http://a/b/c/g?y"},     {"#s", "http://a/b/c/d;p?q#s"},
      {"", "http://a/b/c/d;p?q"},  {".", "http://a/b/c/"},        {"..", "http://a/b/"},           {"../g", "http://a/b/g"},
      {"../..", "http://a/"},      {"../../g", "http://a/g"},     {"../../../../g", "http://a/g"}, {"/./g", "http://a/g"},
      {"/../g", "http://a/g"},     {"g/./h", "http://a/b/c/g/h"}, {"g/../h", "http://a/b/c/h"},    {"g.", "http://a/b/c/g."},
      {"..g", "http://a/b/c/..g"}, {"https://x/y", "https://x/y"}};
  struct error error = {0};
  struct url base, url;
  assert_int_equal(url_parse(arena, STR("http://a/b/c/d;p?q"), &base, &error), 0);
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    assert_int_equal(url_resolve(arena, &base, str_of(cases[i][0]), &url, &error), 0);
    assert_text(url_text(arena, &url), cases[i][1]);
  }
  assert_int_equal(url_resolve(arena, &base, STR("mailto:x"), &url, &error), -1);
}

static void encodes(void **state) {
  struct str text;
  assert_text(url_encode(arena, STR("a b/\xc3\xa9~")), "a%20b%2F%C3%A9~");
  assert_true(url_decode(arena, STR("a%20b%2f%C3%A9+"), &text));
  assert_text(text, "a b/\xc3\xa9+");
  assert_false(url_decode(arena, STR("a%2"), &text));
  assert_false(url_decode(arena, STR("a%zz"), &text));
}

static void takes_canonical_targets(void **state) {
  static const char *const taken[][2] = {{"/api/me?fields=a[b,c],:owner", "/api/me"},
                                         {"/", "/"},
                                         {"/s/central/api/dataStore/ns/key%20one", "/s/central/api/dataStore/ns/key one"},
                                         {"/api/dataStore/ns/%C3%A9t%C3%A9", "/api/dataStore/ns/\xc3\xa9t\xc3\xa9"},
                                         {"/api/29/a.json/", "/api/29/a.json/"},
                                         {"/api/analytics?dimension=dx:a;b&x=100%&y=\\", "/api/analytics"},
                                         {"/a/...", "/a/..."}};
  for (size_t i = 0; i < sizeof taken / sizeof *taken; i++) {
    struct error error = {0};
    struct url_target target;
    if (url_target_parse(arena, str_of(taken[i][0]), &target, &error) < 0) fail_msg("%s: %s", taken[i][0], error.message);
    assert_text(target.decoded, taken[i][1]);
  }
}

/* [R-G4, A06] */
static void refuses_ambiguous_targets(void **state) {
  static const char *const refused[] = {"",
                                        "api",
                                        "*",
                                        "http://x/api",
                                        "/api//me",
                                        "//x",
                                        "/api/./me",
                                        "/api/../me",
                                        "/api/..",
                                        "/api/.",
                                        "/api/%2e%2e/me",
                                        "/api/%2E/me",
                                        "/api%2fme",
                                        "/api%2Fme",
                                        "/api%5cme",
                                        "/api\\me",
                                        "/api/me;x=1",
                                        "/api/me%3bx",
                                        "/api/%6de",
                                        "/api/%252e",
                                        "/api/%",
                                        "/api/%2",
                                        "/api/%zz",
                                        "/api/%00",
                                        "/api/%0d%0a",
                                        "/api/%7f",
                                        "/api/%ff",
                                        "/api/%c0%ae",
                                        "/api/%ed%a0%80",
                                        "/api/\xc3\xa9",
                                        "/api/a b",
                                        "/api/a\tb",
                                        "/api/a[b]",
                                        "/api/a|b",
                                        "/api/a?x y",
                                        "/api/a?\xc3\xa9",
                                        "/api/a?x#y",
                                        "/api/a?\x01",
                                        "/api/a#y",
                                        "/api/%E2%80%A8",
                                        "/api/\x7f"};
  for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
    struct error error = {0};
    struct url_target target;
    if (url_target_parse(arena, str_of(refused[i]), &target, &error) == 0) fail_msg("taken: %s", refused[i]);
    assert_int_equal(error.code, ERROR_bad_target);
  }
  struct error error = {0};
  struct url_target target;
  assert_int_equal(url_target_parse(arena, (struct str){"/a\0b", 4}, &target, &error), -1);
}

static void matches_patterns(void **state) {
  struct str words[2] = {STR_NONE, STR_NONE};
  assert_true(url_path_matches("/a/{}/b/{}", STR("/a/one/b/two"), words, 2));
  assert_text(words[0], "one");
  assert_text(words[1], "two");
  assert_true(url_path_matches("/a", STR("/a"), NULL, 0));
  assert_false(url_path_matches("/a", STR("/a/"), NULL, 0));
  assert_false(url_path_matches("/a/{}", STR("/a"), words, 2));
  assert_false(url_path_matches("/a/{}", STR("/a/"), words, 2));
  assert_false(url_path_matches("/a/{}", STR("/a/one/b"), words, 2));
  assert_false(url_path_matches("/a/{}", STR("/b/one"), words, 2));
  assert_false(url_path_matches("/a/{}/b/{}", STR("/a/one/b/two"), words, 1));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(parses),          cmocka_unit_test(refuses_odd_addresses),   cmocka_unit_test(resolves),
      cmocka_unit_test(encodes),         cmocka_unit_test(takes_canonical_targets), cmocka_unit_test(refuses_ambiguous_targets),
      cmocka_unit_test(matches_patterns)};
  return cmocka_run_group_tests(tests, start, stop);
}

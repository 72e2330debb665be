/* Each key of the table with values that it must refuse, made from what the table says of it: a new key comes under these tests by itself. */
#include "base/file.h"
#include "gateway/config_check.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

static char directory[] = "/tmp/drawbridge-table-XXXXXX", path[64], missing[64];

/* Files are named that are not there: in a folder of this test, or whatever lies at that name would be judged. */
static int make_directory(void **state) {
  (void)state;
  if (!mkdtemp(directory)) return -1;
  snprintf(path, sizeof path, "%s/config.yaml", directory);
  snprintf(missing, sizeof missing, "%s/missing", directory);
  return setenv("CONFIG_TABLE_SECRET", "a long enough secret", 1);
}

static int remove_directory(void **state) {
  (void)state;
  return unlink(path) || rmdir(directory);
}

static const char *good(const struct directive *directive) {
  static const char *const items[] = {[ITEM_TEXT] = "[x]",
                                      [ITEM_ORIGIN] = "[https://a.example.org]",
                                      [ITEM_URL] = "[https://a.example.org/x]",
                                      [ITEM_LISTEN] = "[127.0.0.1:8080]",
                                      [ITEM_RANGE] = "[10.0.0.0/8]",
                                      [ITEM_METHOD] = "[GET]",
                                      [ITEM_PATTERN] = "[\"/api/**\"]"};
  switch (directive->kind) {
  case DIRECTIVE_ID: return "central";
  case DIRECTIVE_URL: return "https://x.example.org";
  case DIRECTIVE_HEADER: return "X-API-Key";
  case DIRECTIVE_LISTEN: return "127.0.0.1:8082";
  case DIRECTIVE_STORE: return "sqlite:/nowhere/x.db";
  case DIRECTIVE_TEXTS: return items[directive->item];
  case DIRECTIVE_SECRET: return "{env: CONFIG_TABLE_SECRET}";
  default: return missing;
  }
}

/* Ends with NULL. */
static const char *const *bad(const struct directive *directive) {
  static const char *const
      text[] = {"[a]", "{a: b}", "\"\"", NULL},
      *const file[] = {"[a]", "{a: b}", NULL}, *const id[] = {"A", "a_b", "\"\"", "[a]", "abcdefghijklmnopqrstuvwxyz-0123456789", NULL},
      *const url[] =
          {"x", "ftp://x.example.org", "https://u@x.example.org", "https://x.example.org/?q", "[a]", "\"${URL}\"", "javascript:x", NULL},
      *const call[] = {"x", "//x", "\"/a b\"", "/a/../b", "[a]", "\"\"", NULL}, *const header[] = {"Cookie", "host", "\"a b\"", "\"X:\"",
                                                                                                   "[a]",    "\"\"", NULL},
      *const listen[] = {"x", "127.0.0.1", "127.0.0.1:99999", "[a]", "\"${PORT}\"", NULL},
      *const store[] = {"x", "mysql://x", "sqlite:relative", "[a]", NULL}, *const number[] = {"-1",          "x",
                                                                                              "1.5",         "99999999999999999999",
                                                                                              "0x10",        "\"${N}\"",
                                                                                              "\"{{7*7}}\"", "{a: b}",
                                                                                              "\"\"",        NULL},
      *const size[] = {"-1", "x", "1X", "99999999999999999999", "\"#{1+1}\"", "[a]", NULL},
      *const duration[] = {"5", "-1s", "1y", "0s", "99999999999999999999h", "\"$(id)\"", "[a]", NULL},
      *const boolean[] = {"yes", "1", "\"\"", "[true]", NULL}, *const choice[] = {"nonsense", "\"\"", "[a]", NULL},
      *const kinds[] = {"[magic]", "[]", "{a: b}", "pat", NULL},
      *const secret[] = {"hunter2hunter2", "{env: NO_SUCH_NAME_HERE}", "{file: /nonexistent}", "{exec: id}", "[a]", NULL},
      *const section[] = {"x", "[a]", "{no_such_key: 1}", NULL}, *const sections[] = {"x", "{a: b}", "[x]", NULL};
  static const char *const item_text[] = {"{a: b}", "[[a]]", "[\"\"]", NULL}, *const item_origin[] = {"[\"*\"]",
                                                                                                      "[\"null\"]",
                                                                                                      "[https://a.example.org/x]",
                                                                                                      "[\"https://*.example.org\"]",
                                                                                                      "[a.example.org]",
                                                                                                      NULL},
                           *const item_url[] = {"[x]", "[\"//evil.example\"]", "[\"javascript:x\"]", NULL},
                           *const item_listen[] = {"[x]", "[\"127.0.0.1:-1\"]", NULL},
                           *const item_range[] = {"[x]", "[10.0.0.0/33]", "[10.0.0.1/8]", "[\"::/129\"]", NULL},
                           *const item_method[] = {"[TRACE]", "[get]", "[\"*\"]", NULL},
                           *const item_pattern[] = {"[x]", "[\"/a/**/b\"]", "[\"/a/../b\"]", "[\"\"]", NULL};
  static const char *const *const items[] = {
      [ITEM_TEXT] = item_text,   [ITEM_ORIGIN] = item_origin, [ITEM_URL] = item_url,        [ITEM_LISTEN] = item_listen,
      [ITEM_RANGE] = item_range, [ITEM_METHOD] = item_method, [ITEM_PATTERN] = item_pattern};
  static const char *const *const by_kind[] = {
      [DIRECTIVE_TEXT] = text,         [DIRECTIVE_ID] = id,           [DIRECTIVE_URL] = url,
      [DIRECTIVE_FILE] = file,         [DIRECTIVE_LISTEN] = listen,   [DIRECTIVE_STORE] = store,
      [DIRECTIVE_NUMBER] = number,     [DIRECTIVE_SIZE] = size,       [DIRECTIVE_BOOL] = boolean,
      [DIRECTIVE_DURATION] = duration, [DIRECTIVE_CHOICE] = choice,   [DIRECTIVE_KINDS] = kinds,
      [DIRECTIVE_ISSUER] = url,        [DIRECTIVE_PATH] = call,       [DIRECTIVE_HEADER] = header,
      [DIRECTIVE_SECRET] = secret,     [DIRECTIVE_SECTION] = section, [DIRECTIVE_SECTIONS] = sections,
  };
  return directive->kind == DIRECTIVE_TEXTS ? items[directive->item] : by_kind[directive->kind];
}

/* What else has to stand in a section. */
static struct str others(struct arena *arena, const struct section *section, const struct directive *but, const char *between) {
  struct str all = STR_NONE;
  for (size_t i = 0; i < section->count; i++) {
    const struct directive *one = &section->directives[i];
    bool wanted = one->required || strcmp(one->name, "listen") == 0 || strcmp(one->name, "keys") == 0;
    if (wanted && one != but && one->kind < DIRECTIVE_SECTION)
      all = arena_printf(arena, "%.*s%s%s: %s", STR_ARG(all), all.n ? between : "", one->name, good(one));
  }
  return all;
}

struct place { /* a section within its parents, in one line of flow style */
  const struct section *section;
  const struct place *up;
  bool listed;
};

static struct str within(struct arena *arena, const struct place *place, struct str inside) {
  if (!place->up) return inside;
  struct str text =
      arena_printf(arena, "%s: %s{%.*s}%s", place->section->name, place->listed ? "[" : "", STR_ARG(inside), place->listed ? "]" : "");
  struct str rest = place->up->up ? others(arena, place->up->section, NULL, ", ") : STR_NONE;
  return within(arena, place->up, rest.n ? arena_printf(arena, "%.*s, %.*s", STR_ARG(rest), STR_ARG(text)) : text);
}

static bool is_refused(struct arena *arena, const struct place *place, const struct directive *directive, const char *value) {
  const struct section *root = config_table();
  struct str rest = place->up ? others(arena, place->section, directive, ", ") : STR_NONE;
  struct str line = arena_printf(arena, "%.*s%s%s: %s", STR_ARG(rest), rest.n ? ", " : "", directive->name, value);
  struct str text = arena_printf(arena, "%.*s\n%.*s\n", STR_ARG(others(arena, root, place->up ? NULL : directive, "\n")),
                                 STR_ARG(within(arena, place, line)));
  struct config_problems problems = {.arena = arena};
  struct config *config = NULL;
  struct error error = {0};
  assert_int_equal(file_write(path, text, &error), 0);
  if (config_load(path, &config, &problems, &error) == 0) {
    config_unref(config);
    return false;
  }
  for (size_t i = 0; i < problems.n; i++)
    if (!str_has(problems.lines[i], STR(":"))) fail_msg("'%.*s' names no place", STR_ARG(problems.lines[i]));
  return problems.n > 0;
}

static size_t each_key(struct arena *arena, const struct place *place) {
  size_t count = 0;
  for (size_t i = 0; i < place->section->count; i++) {
    const struct directive *directive = &place->section->directives[i];
    for (const char *const *value = bad(directive); *value; value++, count++)
      if (!is_refused(arena, place, directive, *value)) fail_msg("%s.%s: %s is taken", place->section->name, directive->name, *value);
    struct place below = {directive->section, place, directive->kind == DIRECTIVE_SECTIONS};
    if (directive->section) count += each_key(arena, &below);
  }
  return count;
}

/* [A26, A25, R-H3] Expressions of every kind among them: a number is a number, and nothing is worked out. */
static void no_key_takes_what_it_should_not(void **state) {
  struct arena *arena = arena_new();
  struct place root = {config_table(), NULL, false};
  (void)state;
  assert_true(each_key(arena, &root) > 200);
  arena_free(arena);
}

/* [A26] The same documents with a good value are taken: it is the value that is refused above. */
static void the_documents_are_good(void **state) {
  struct arena *arena = arena_new();
  struct place root = {config_table(), NULL, false};
  size_t count = 0;
  (void)state;
  for (size_t i = 0; i < root.section->count; i++) {
    const struct directive *list = &root.section->directives[i];
    struct place place = {list->section, &root, true};
    for (size_t k = 0; list->kind == DIRECTIVE_SECTIONS && k < list->section->count; k++) {
      if (list->section->directives[k].kind != DIRECTIVE_BOOL) continue;
      assert_false(is_refused(arena, &place, &list->section->directives[k], "false"));
      count++;
    }
  }
  assert_true(count >= 3); /* of servers and webhooks */
  arena_free(arena);
}

/* [A25] A text is taken as it is written. */
static void nothing_is_an_expression(void **state) {
  struct arena *arena = arena_new();
  struct config_problems problems = {.arena = arena};
  struct config *config = NULL;
  struct error error = {0};
  (void)state;
  struct str name = STR("${HOME} {{7*7}} #{T(java.lang.Runtime)} $(id) `id` %s%n <%= 1 %> ${jndi:ldap://x}");
  struct str text = arena_printf(arena, "%.*s\nservers: [{id: a, url: 'https://x.example.org', name: '%.*s'}]\n",
                                 STR_ARG(others(arena, config_table(), NULL, "\n")), STR_ARG(name));
  assert_int_equal(file_write(path, text, &error), 0);
  if (config_load(path, &config, &problems, &error)) fail_msg("%s", error.message);
  assert_true(str_eq(config->servers[0].name, name));
  config_unref(config);
  arena_free(arena);
}

/* The texts of an example: a list in brackets, or one; without the quotes of YAML. */
static size_t each_example(struct arena *arena, const struct section *section) {
  size_t count = 0;
  for (size_t i = 0; i < section->count; i++) {
    const struct directive *directive = &section->directives[i];
    const char *example = directive->example ? directive->example : directive->fallback;
    if (directive->section) {
      count += each_example(arena, directive->section);
      continue;
    }
    if (!example) fail_msg("%s.%s has no example", section->name, directive->name);
    if (directive->kind > DIRECTIVE_STORE && directive->kind != DIRECTIVE_TEXTS) continue; /* of the others the kind is what is read */
    struct str text = str_of(example), kept;
    if (directive->kind == DIRECTIVE_TEXTS) {
      assert_true(str_starts(text, STR("[")) && str_ends(text, STR("]")));
      text = str_slice(text, 1, str_find_char(text, ',') < text.n ? str_find_char(text, ',') : text.n - 1);
      if (str_starts(text, STR("\""))) text = str_slice(text, 1, text.n - 1);
    }
    const char *wrong = config_check_text(arena, directive, directive->item, text, &kept);
    if (wrong) fail_msg("%s.%s: the example: %s", section->name, directive->name, wrong);
    count++;
  }
  return count;
}

static void every_key_has_an_example_that_is_taken(void **state) {
  struct arena *arena = arena_new();
  (void)state;
  assert_true(each_example(arena, config_table()) > 30);
  arena_free(arena);
}

static struct config *loaded(struct arena *arena, const char *more) {
  struct config_problems problems = {.arena = arena};
  struct config *config = NULL;
  struct error error = {0};
  struct str text = arena_printf(arena, "%.*s\n%s\n", STR_ARG(others(arena, config_table(), NULL, "\n")), more);
  assert_int_equal(file_write(path, text, &error), 0);
  if (config_load(path, &config, &problems, &error)) fail_msg("%s", error.message);
  return config;
}

static void what_a_reload_leaves_is_named(void **state) {
  static const struct {
    const char *more, *names;
  } cases[] = {
      {"", ""},
      {"session: {idle: 1h}\nlog: {level: debug}\nlimits: {sign_ins: 2}", ""},
      {"workers: 2", "workers"},
      {"sandbox: off", "sandbox"},
      {"admin_listen: 127.0.0.1:9191", "admin_listen"},
      {"limits: {head: 32K, head_timeout: 5s}\nworkers: 3", "limits.head_timeout, limits.head, workers"},
  };
  struct arena *arena = arena_new();
  struct config *before = loaded(arena, "");
  (void)state;
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    struct config *after = loaded(arena, cases[i].more);
    assert_true(str_eq(config_restart(before, after, arena), str_of(cases[i].names)));
    assert_true(str_eq(config_restart(after, before, arena), str_of(cases[i].names)));
    config_unref(after);
  }
  config_unref(before);
  arena_free(arena);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(no_key_takes_what_it_should_not), cmocka_unit_test(the_documents_are_good),
      cmocka_unit_test(nothing_is_an_expression),        cmocka_unit_test(every_key_has_an_example_that_is_taken),
      cmocka_unit_test(what_a_reload_leaves_is_named),
  };
  return cmocka_run_group_tests(tests, make_directory, remove_directory);
}

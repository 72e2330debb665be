/* The configuration file: what is read, and that every mistake is told with its place. */
#include "base/file.h"
#include "gateway/config.h"
#include <setjmp.h>
#include <stdarg.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#define HEAD "public_url: https://gw.example.org/\nlisten: [127.0.0.1:8080]\nstore: sqlite:/nowhere/x.db\nkeys: /nowhere/keys\n"
#define SERVER "servers:\n  - id: central\n    url: https://dhis2.example.org/central/\n"

static char directory[] = "/tmp/drawbridge-config-XXXXXX";

static int make_directory(void **state) {
  (void)state;
  return mkdtemp(directory) ? 0 : -1;
}

static int remove_directory(void **state) {
  char command[64];
  (void)state;
  (void)snprintf(command, sizeof command, "rm -r %s", directory);
  return system(command);
}

static const char *put(struct arena *arena, const char *name, const char *text, mode_t mode) {
  const char *path = arena_printf(arena, "%s/%s", directory, name).p;
  struct error error = {0};
  assert_int_equal(file_write(path, str_of(text), &error), 0);
  assert_int_equal(chmod(path, mode), 0);
  return path;
}

static struct config *load(struct arena *arena, const char *text, struct config_problems *problems) {
  struct config *config = NULL;
  struct error error = {0};
  *problems = (struct config_problems){.arena = arena};
  if (config_load(put(arena, "c.yaml", text, 0600), &config, problems, &error)) assert_int_equal(error.code, ERROR_configuration);
  return config;
}

static void a_whole_file(void **state) {
  struct arena *arena = arena_new();
  struct config_problems problems;
  const char *secret = put(arena, "secret", "0123456789abcdef\n", 0600);
  struct config *config =
      load(arena,
           arena_printf(arena,
                        HEAD "admin_listen: 127.0.0.1:8081\ntrusted_proxies: [10.1.0.0/16]\nsession: {idle: 90m, absolute: 10h}\n"
                             "apps:\n  - id: align\n    origins: [https://align.example.org]\n    return_to: "
                             "[https://align.example.org/after]\n    mode: same-site\n" SERVER
                             "    name: Central HMIS\n    sign_in: [oauth, pat]\n    oauth: {client_id: drawbridge, client_secret: {file: "
                             "%s}}\n    addresses: [10.0.0.0/8]\n"
                             "    policy: {methods: [GET], allow: [\"/api/**\"], deny: [\"/api/users/**\"]}\n    home: true\n    limits: "
                             "{concurrency: 4, body: 10M, response_header_timeout: 90s}\n"
                             "log: {level: debug, format: text}\n",
                        secret)
               .p,
           &problems);
  (void)state;
  if (!config) fail_msg("%.*s", STR_ARG(problems.lines[0]));
  assert_true(str_eq(config->public_url, STR("https://gw.example.org")));
  assert_true(config->https);
  assert_int_equal(config->session_idle_ms, 90 * 60000);
  assert_int_equal(config->log_level, LOG_DEBUG);
  assert_int_equal(config->log_json, 0);
  const struct config_server *server = config_server(config, STR("central"));
  assert_non_null(server);
  assert_true(str_eq(server->url, STR("https://dhis2.example.org/central")));
  assert_int_equal(server->sign_in, CONFIG_OAUTH | CONFIG_PAT);
  assert_true(secret_eq(server->oauth.client_secret, STR("0123456789abcdef")));
  assert_int_equal(server->limits.body, 10 << 20);
  assert_int_equal(server->limits.response_header_timeout_ms, 90000);
  assert_true(server->home);
  assert_non_null(config_app_of_origin(config, STR("https://align.example.org")));
  assert_null(config_app_of_origin(config, STR("https://align.example.org:443")));
  assert_null(config_server(config, STR("other")));
  config_unref(config_ref(config));
  config_unref(config);
  arena_free(arena);
}

static void defaults(void **state) {
  struct arena *arena = arena_new();
  struct config_problems problems;
  struct config *config = load(arena, HEAD SERVER, &problems);
  (void)state;
  if (!config) fail_msg("%.*s", STR_ARG(problems.lines[0]));
  assert_int_equal(config->session_idle_ms, 2 * 3600000);
  assert_int_equal(config->session_absolute_ms, 12 * 3600000);
  assert_int_equal(config->servers[0].sign_in, CONFIG_ALL_BUT_BASIC);
  assert_int_equal(config->servers[0].limits.concurrency, 16);
  assert_int_equal(config->servers[0].limits.body, 256 << 20);
  assert_int_equal(config->limit_head_bytes, 65536);
  assert_int_equal(config->limit_sign_ins, 6);
  assert_true(str_eq(config->servers[0].name, STR("central")));
  assert_true(config->log_json);
  config_unref(config);
  arena_free(arena);
}

/* What lies in the socket's folder, or below it, may be removed by the process: keys, store and configuration lie elsewhere. */
static void a_socket_has_a_folder_of_its_own(void **state) {
  struct arena *arena = arena_new();
  const char *link = arena_printf(arena, "%s/link", directory).p;
  const struct {
    const char *socket, *what; /* NULL: good */
  } rows[] = {{"/run/drawbridge/admin.sock", NULL},
              {"/nowhere-else/admin.sock", NULL},
              {"/admin.sock", "lies in no folder"},
              {"run/admin.sock", "begins with '/'"},
              {"/nowhere/admin.sock", "the key ring lies in"},
              {arena_printf(arena, "%s/admin.sock", directory).p, "this file lies in"},
              {arena_printf(arena, "%s/admin.sock", link).p, "this file lies in"},
              {"/var/lib/admin.sock", "the store lies in"}};
  (void)state;
  assert_int_equal(symlink(directory, link), 0);
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    struct config_problems problems;
    const char *store = i == 7 ? "/var/lib/drawbridge/store" : "/nowhere";
    struct config *config = load(arena,
                                 arena_printf(arena,
                                              "public_url: https://gw.example.org/\nlisten: [127.0.0.1:8080]\nkeys: /nowhere/keys\n"
                                              "store: sqlite:%s/x.db\nadmin_socket: %s\n" SERVER,
                                              store, rows[i].socket)
                                     .p,
                                 &problems);
    if (!config != !!rows[i].what) fail_msg("%s", rows[i].socket);
    if (!config && !strstr(arena_cstr(arena, problems.lines[0]), rows[i].what)) fail_msg("%.*s", STR_ARG(problems.lines[0]));
    config_unref(config);
  }
  arena_free(arena);
}

/* [R-H3, A26] */
static void mistakes_are_told_with_their_place(void **state) {
  static const struct {
    const char *text, *place, *what;
  } rows[] = {
      {HEAD SERVER "sesion: {idle: 1h}\n", ":8:1:", "the nearest is 'session'"},
      {HEAD SERVER "session: {idel: 1h}\n", ":8:11:", "the nearest is 'idle'"},
      {HEAD SERVER "session: {idle: 1}\n", ":8:", "'idle' is a duration"},
      {HEAD SERVER "session: {idle: }\n", ":8:11:", "'idle' is a duration"},
      {HEAD SERVER "session:\n  idle:\nlog: {level: info}\n", ":9:3:", "'idle' is a duration"},
      {HEAD SERVER "admin_listen: 127.0.0.1:8080\n", ":8:15:", "the public one listens there"},
      {HEAD SERVER "session: {idle: 0s}\n", ":8:", "'idle' is from 1s to"},
      {HEAD SERVER "session: {idle: 20h}\n", ":8:10:", "longer than session.absolute"},
      {HEAD SERVER "    limits: {concurrency: 0}\n", ":8:", "from 1 to 1024"},
      {HEAD SERVER "    limits: {body: 1T}\n", ":8:", "a size like"},
      {HEAD SERVER "    home: yes\n", ":8:", "true or false"},
      {HEAD SERVER "    type: fhir\n", ":8:", "one of: dhis2, http"},
      {HEAD SERVER "    sign_in: [pat, magic]\n", ":8:", "lists of: oauth"},
      {HEAD SERVER "    sign_in: []\n", ":8:", "nobody could sign in"},
      {HEAD SERVER "    sign_in: [oauth]\n", ":8:14:", "no 'oauth:' with the client"},
      {HEAD SERVER "    oauth: {client_id: x, client_secret: hunter2hunter2}\n", ":8:", "never written here"},
      {HEAD SERVER "    oauth: {client_id: x, client_secret: {env: NO_SUCH_NAME}}\n", ":8:", "the environment has no"},
      {HEAD SERVER "    addresses: [10.0.0.1/8]\n", ":8:", "is no range"},
      {HEAD SERVER "    policy: {allow: [\"/a/**/b\"]}\n", ":8:", "is no pattern"},
      {HEAD SERVER "    policy: {methods: [TRACE]}\n", ":8:", "no method"},
      {HEAD "servers:\n  - id: Central\n    url: https://x.example.org\n", ":6:", "is no id"},
      {HEAD "servers:\n  - id: a\n    url: http://x.example.org\n", ":7:10:", "in clear"},
      {HEAD "servers:\n  - id: a\n    url: http://127.0.0.1:8041\n", ":7:10:", "is private"},
      {HEAD "servers:\n  - id: a\n    url: https://10.0.0.1\n", ":7:10:", "is private"},
      {HEAD "servers:\n  - id: a\n    url: https://u@x.example.org\n", ":7:", "'url'"},
      {HEAD "servers:\n  - id: a\n    url: https://x.example.org\n  - id: a\n    url: https://y.example.org\n",
       ":8:", "two servers have this id"},
      {HEAD "servers:\n  - url: https://x.example.org\n", ":6:", "'id' is missing"},
      {HEAD "apps:\n  - id: a\n    origins: [https://a.example.org/]\n", ":7:", "write 'https://a.example.org'"},
      {HEAD "apps:\n  - id: a\n    origins: [\"*\"]\n", ":7:", "'origins'"},
      {HEAD "apps:\n  - id: a\n    origins: [https://a.example.org]\n    return_to: [https://b.example.org/x]\n",
       ":8:16:", "none of the app's origins"},
      {"listen: [127.0.0.1:8080]\nstore: sqlite:/nowhere/x\nkeys: /nowhere/k\n", ":1:", "'public_url' is missing"},
      {"public_url: https://a.example.org\nstore: sqlite:/nowhere/x\nkeys: /nowhere/k\n", ":1:", "nothing to listen on"},
      {HEAD "listen: [127.0.0.1:8081]\n", ":5:1:", "twice"},
      {HEAD "servers: &a\n  - id: x\n", ":6:", "anchors"},
      {HEAD "servers: *a\n", ":5:", "anchors"},
      {HEAD "%,\n", ":5:", "directives"}, /* libfyaml never comes back from this one */
      {"\xef\xbb\xbf%,\n" HEAD, ":1:1:", "directives"},
      {"%YAML 1.2\n%TAG ! tag:x,2000:\n---\n" HEAD, ":2:1:", "directives"},
      {"%YAML 1.2,\n---\n" HEAD, ":1:1:", "directives"},
      {HEAD "\r%,\n", ":5:1:", "control character"},
      {HEAD "log: !x {level: info}\n", ":5:", "tags"},
      {HEAD "log: [\n", ":", ""},
      {HEAD SERVER "    name: \"a\a\"\n", ":8:1:", "control character"},
      {"", ":1:1:", "empty"},
      {"- a\n", ":1:", "needs keys"},
      {HEAD "store: sqlite:relative\n", ":5:1:", "twice"},
  };
  (void)state;
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    struct arena *arena = arena_new();
    struct config_problems problems;
    struct config *config = load(arena, rows[i].text, &problems);
    if (config) fail_msg("accepted: %s", rows[i].text);
    bool found = false;
    for (size_t k = 0; k < problems.n; k++)
      found = found || (str_has(problems.lines[k], str_of(rows[i].place)) && str_has(problems.lines[k], str_of(rows[i].what)));
    if (!found) fail_msg("row %zu: '%.*s' has not '%s' and '%s'", i, STR_ARG(problems.lines[0]), rows[i].place, rows[i].what);
    arena_free(arena);
  }
}

/* [A26] libfyaml takes a NUL for the end: the `deny` behind it must not be lost without a word. */
static void nothing_is_left_out(void **state) {
  static const char text[] = HEAD SERVER "    policy: {allow: [\"/api/**\"]\0, deny: [\"/api/users/**\"]}\n";
  struct arena *arena = arena_new();
  struct config_problems problems = {.arena = arena};
  struct config *config = NULL;
  struct error error = {0};
  (void)state;
  const char *path = arena_printf(arena, "%s/nul.yaml", directory).p;
  assert_int_equal(file_write(path, (struct str){text, sizeof text - 1}, &error), 0);
  assert_int_equal(config_load(path, &config, &problems, &error), -1);
  assert_true(str_has(problems.lines[0], STR(":8:1: a control character")));
  arena_free(arena);
}

/* [R-H1] */
static void secrets_of_others_are_refused(void **state) {
  static const char *const placeholders[] = {"changeme", "CHANGE-ME", "short", "aaaaaaaaaaaa", "<your secret>"};
  struct arena *arena = arena_new();
  struct config_problems problems;
  (void)state;
  for (size_t i = 0; i < sizeof placeholders / sizeof *placeholders; i++) {
    const char *file = put(arena, "s", placeholders[i], 0600);
    assert_null(load(arena, arena_printf(arena, HEAD SERVER "    oauth: {client_id: x, client_secret: {file: %s}}\n", file).p, &problems));
    assert_false(str_has(problems.lines[0], str_of(placeholders[i])));
  }
  const char *file = put(arena, "s", "0123456789abcdef", 0644);
  assert_null(load(arena, arena_printf(arena, HEAD SERVER "    oauth: {client_id: x, client_secret: {file: %s}}\n", file).p, &problems));
  assert_true(str_has(problems.lines[0], STR("chmod 600")));
  arena_free(arena);
}

/* [R-F8, A01, A02] */
static void where_a_sign_in_may_return_to(void **state) {
  static const struct {
    const char *text, *result; /* NULL: refused */
  } rows[] = {
      {"/", "https://gw.example.org/"},
      {"/#/review", "https://gw.example.org/#/review"},
      {"https://align.example.org/after", "https://align.example.org/after"},
      {"https://align.example.org/after?x=1#y", "https://align.example.org/after?x=1#y"},
      {"https://ALIGN.example.org/after", "https://align.example.org/after"},
      {"https://gw.example.org", "https://gw.example.org/"},
      {"https://gw.example.org/a/?b=//c/../d#/review", "https://gw.example.org/a/?b=//c/../d#/review"},
      {"https://gw.example.org//evil.org", NULL},
      {"https://gw.example.org@evil.org/", NULL},
      {"https://gw.example.org.evil.org/", NULL},
      {"https://gw.example.org:8443/", NULL},
      {"http://gw.example.org/", NULL},
      {"/..//evil.org", NULL},
      {"/a//evil.org", NULL},
      {"/a/%2fevil.org", NULL},
      {"/a/../b", NULL},
      {"/a/%2e", NULL},
      {"//evil.org", NULL},
      {"/\\evil.org", NULL},
      {"/\t/evil.org", NULL},
      {"https://align.example.org.evil.org/after", NULL},
      {"https://align.example.org@evil.org/after", NULL},
      {"https://align.example.org:8443/after", NULL},
      {"http://align.example.org/after", NULL},
      {"https://align.example.org/after/", NULL},
      {"https://align.example.org/", NULL},
      {"javascript:alert(1)", NULL},
      {"", NULL},
      {"after", NULL},
      {"/a b", NULL},
      {"/\\/x", NULL},
      {"https:/align.example.org/after", NULL},
      {"https://align.example.org/%61fter", NULL},
  };
  struct arena *arena = arena_new();
  struct config_problems problems;
  struct config *config =
      load(arena, HEAD "apps:\n  - id: align\n    origins: [https://align.example.org]\n    return_to: [https://align.example.org/after]\n",
           &problems);
  (void)state;
  assert_non_null(config);
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    struct str url;
    const struct config_app *app;
    struct error error = {0};
    int result = config_return_to(config, arena, str_of(rows[i].text), &url, &app, &error);
    if ((result == 0) != (rows[i].result != NULL)) fail_msg("%s: %d", rows[i].text, result);
    if (result == 0 && !str_eq(url, str_of(rows[i].result))) fail_msg("%s: %.*s", rows[i].text, STR_ARG(url));
    if (result) assert_int_equal(error.code, ERROR_return_to_refused);
  }
  config_unref(config);
  arena_free(arena);
}

static void what_is_good_too(void **state) {
  static const char *const texts[] = {
      "%YAML 1.2\n---\n" HEAD SERVER "...\n",
      "\xef\xbb\xbf%YAML 1.2\r\n---\n" HEAD SERVER,
      HEAD "servers:\n  - id: a\n    url: http://localhost:8041/dhis\n    addresses: [127.0.0.0/8, \"::1/128\"]\n",
      HEAD "admin_listen: 127.0.0.1:8081\n",
  };
  struct arena *arena = arena_new();
  (void)state;
  for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
    struct config_problems problems;
    struct config *config = load(arena, texts[i], &problems);
    if (!config) fail_msg("%zu: %.*s", i, STR_ARG(problems.lines[0]));
    config_unref(config);
  }
  arena_free(arena);
}

static void count_line(void *payload, struct str text) {
  assert_true(str_starts(text, STR("|")));
  ++*(size_t *)payload;
}

static void every_key_is_described(void **state) {
  size_t lines = 0;
  (void)state;
  config_describe(count_line, &lines);
  assert_true(lines > 50);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_whole_file),
      cmocka_unit_test(defaults),
      cmocka_unit_test(a_socket_has_a_folder_of_its_own),
      cmocka_unit_test(mistakes_are_told_with_their_place),
      cmocka_unit_test(nothing_is_left_out),
      cmocka_unit_test(secrets_of_others_are_refused),
      cmocka_unit_test(where_a_sign_in_may_return_to),
      cmocka_unit_test(what_is_good_too),
      cmocka_unit_test(every_key_is_described),
  };
  return cmocka_run_group_tests(tests, make_directory, remove_directory);
}

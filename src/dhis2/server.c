#include "dhis2/server.h"

#include "base/clock.h"
#include "base/json_doc.h"
#include "base/mem.h"
#include "crypt/random.h"
#include "dhis2/judge.h"
#include "http/cookie.h"
#include "http/trace.h"
#include <jansson.h>

struct dhis2_server {
  char *id, *base_url, *base_path; /* base_path: "" or "/dhis": what a cookie's Path is held against begins with it */
  struct http_client *client;
  struct source_credential credential;
  struct cookie_jar *cookies;
  struct dhis2_renewal renewal;
  struct dhis2_version version;
  int timeout_ms;
  struct dhis2_asked asked;
  struct trace trace; /* without an id: none */
};

static char *path_of(struct str base_url) {
  size_t authority = str_find(base_url, STR("://"));
  struct str rest = str_from(base_url, authority == SIZE_MAX ? 0 : authority + 3);
  size_t slash = str_find_char(rest, '/');
  struct str path = slash == SIZE_MAX ? STR_NONE : str_from(rest, slash);
  return mem_printf("%.*s", STR_ARG(str_ends(path, STR("/")) ? str_slice(path, 0, path.n - 1) : path));
}

/* The jar rules what is sent: else the first cookie that the server sets would stand in for the session that was given. */
static void seed_cookies(struct dhis2_server *server) {
  if (server->credential.kind != CREDENTIAL_COOKIE) return;
  struct str rest = secret_reveal(server->credential.value);
  while (rest.n) {
    struct str pair = str_trim(str_take(&rest, ';'));
    char *line = mem_printf("%.*s; Path=%s", STR_ARG(pair), *server->base_path ? server->base_path : "/");
    (void)cookie_jar_keep(server->cookies, str_of(line), STR("/"), 0);
    secret_wipe(line, strlen(line));
    free(line);
  }
}

struct dhis2_server *dhis2_server_new(struct str id, struct str base_url, struct http_client_options options,
                                      struct source_credential credential) {
  struct dhis2_server *server = mem_alloc(sizeof *server);
  server->id = mem_printf("%.*s", STR_ARG(id));
  server->base_url = mem_printf("%.*s", STR_ARG(base_url));
  server->base_path = path_of(base_url);
  server->client = http_client_new(options);
  server->credential = (struct source_credential){.kind = credential.kind, .value = secret_ref(credential.value)};
  server->cookies = cookie_jar_new();
  seed_cookies(server);
  return server;
}

void dhis2_server_free(struct dhis2_server *server) {
  if (!server) return;
  if (server->renewal.release) server->renewal.release(server->renewal.payload);
  http_client_free(server->client);
  secret_free(server->credential.value);
  cookie_jar_free(server->cookies);
  free(server->base_path);
  free(server->base_url);
  free(server->id);
  free(server);
}

struct str dhis2_server_id(const struct dhis2_server *server) {
  return str_of(server->id);
}

struct str dhis2_server_url(const struct dhis2_server *server) {
  return str_of(server->base_url);
}

void dhis2_server_trace(struct dhis2_server *server, struct str trace_id) {
  server->trace = (struct trace){.flags = TRACE_SAMPLED};
  if (trace_id.n == TRACE_ID_LETTERS) memcpy(server->trace.id, trace_id.p, trace_id.n);
}

struct cookie_jar *dhis2_server_cookies(struct dhis2_server *server) {
  return server->cookies;
}

void dhis2_server_load_cookies(struct dhis2_server *server, const struct secret *saved) {
  struct cookie_jar *jar;
  if (!saved || !cookie_jar_load(secret_reveal(saved), &jar)) return;
  cookie_jar_free(server->cookies);
  server->cookies = jar;
}

void dhis2_server_on_refused(struct dhis2_server *server, struct dhis2_renewal renewal) {
  server->renewal = renewal;
}

void dhis2_server_sign_in_over(struct dhis2_server *server) {
  if (server->renewal.over) server->renewal.over(server->renewal.payload);
}

void dhis2_server_patience(struct dhis2_server *server, int timeout_ms) {
  server->timeout_ms = timeout_ms;
}

struct dhis2_asked dhis2_server_asked(const struct dhis2_server *server) {
  return server->asked;
}

void dhis2_server_abort_when(struct dhis2_server *server, const atomic_bool *flag) {
  http_client_abort_when(server->client, flag);
}

void dhis2_server_abort_also(struct dhis2_server *server, const atomic_bool *flag) {
  http_client_abort_also(server->client, flag);
}

void dhis2_server_meanwhile(struct dhis2_server *server, void (*work)(void *payload), void *payload) {
  http_client_meanwhile(server->client, work, payload);
}

bool dhis2_version_parse(struct str text, struct dhis2_version *ret) {
  struct str rest = text;
  uint64_t minor, patch = 0;
  if (!str_eq(str_take(&rest, '.'), STR("2"))) return false;
  struct str third = rest, second = str_take(&third, '.');
  second = str_take(&second, '-'); /* "2.44-SNAPSHOT" */
  third = str_take(&third, '.');
  third = str_take(&third, '-');
  if (!str_to_u64(second, &minor) || minor > 999) return false;
  if (third.n && (!str_to_u64(third, &patch) || patch > 9999)) patch = 0;
  *ret = (struct dhis2_version){.minor = (int)minor, .patch = (int)patch};
  return true;
}

enum dhis2_standing dhis2_standing(struct str version_text) {
  struct dhis2_version oldest, newest, version;
  if (!dhis2_version_parse(version_text, &version)) return DHIS2_TRIED;
  if (!dhis2_version_parse(STR(DHIS2_OLDEST), &oldest) || !dhis2_version_parse(STR(DHIS2_NEWEST), &newest)) abort();
  return version.minor < oldest.minor ? DHIS2_OLDER : version.minor > newest.minor ? DHIS2_NEWER : DHIS2_TRIED;
}

bool dhis2_can(struct dhis2_version version, enum dhis2_ability ability) {
  int minor = version.minor;
  if (minor == 0) return false;
  switch (ability) {
  case DHIS2_JSON_LOGIN: return minor >= 41;
  case DHIS2_FORM_LOGIN:
  case DHIS2_LEGACY_OAUTH: return minor <= 41;
  case DHIS2_OAUTH: return minor >= 42;
  case DHIS2_OAUTH_AT_API: return minor > 42 || (minor == 42 && version.patch >= 5);
  case DHIS2_MINT: return minor >= 38;
  case DHIS2_TOKEN_HEAD: return minor >= 41;
  case DHIS2_TOKEN_REASONS: return minor != 40;
  case DHIS2_NO_LIST_IS_NONE: return minor <= 37;
  case DHIS2_NEW_VALUE_ENGINE: return minor >= 43;
  case DHIS2_EXPIRY_IN_HOURS: return minor == 42;
  case DHIS2_WANTS_COMMENTS: return minor >= 43;
  case DHIS2_TAKES_ANY_SHAPE: return minor <= 38;
  case DHIS2_READS_URIS: return minor >= 40;
  case DHIS2_TRIMS_VALUES: return minor <= 42;
  case DHIS2_TURNS_INPUT_PERIODS_ROUND: return minor == 43 && version.patch <= 1;
  }
  return false;
}

/* --- calls --- */

static bool is_write(struct str method) {
  return !str_eq(method, STR("GET")) && !str_eq(method, STR("HEAD"));
}

struct secret *dhis2_cookie_header(struct cookie_jar *jar, struct str method, struct str path, int64_t now_ms, struct arena *arena,
                                   struct str *ret_csrf) {
  struct secret *kept = cookie_jar_header(jar, path, now_ms);
  struct str token;
  *ret_csrf = STR_NONE;
  if (!is_write(method)) return kept;
  if (cookie_jar_get(jar, STR("XSRF-TOKEN"), &token)) {
    *ret_csrf = arena_str(arena, token);
    return kept;
  }
  enum { LETTERS = 22 };
  *ret_csrf = random_id(arena, LETTERS);
  struct str cookies = secret_reveal(kept);
  char *text = mem_printf("%.*s%sXSRF-TOKEN=%.*s", STR_ARG(cookies), cookies.n ? "; " : "", STR_ARG(*ret_csrf));
  struct secret *both = secret_new(str_of(text));
  secret_wipe(text, strlen(text));
  free(text);
  secret_free(kept);
  return both;
}

struct sink {
  int (*sink)(void *payload, struct str piece, struct error *error);
  void *payload;
};

static void add_trace(struct dhis2_server *server, struct arena *arena, struct http_headers *headers) {
  char text[TRACE_PARENT_LETTERS + 1];
  uint64_t span = 0;
  if (!server->trace.id[0]) return;
  while (!span) random_bytes(&span, sizeof span);
  trace_set_span(&server->trace, span);
  http_headers_add(headers, arena, STR("traceparent"),
                   arena_str(arena, (struct str){trace_parent(&server->trace, text), TRACE_PARENT_LETTERS}));
}

static int call_once(struct dhis2_server *server, const char *method, struct str path, struct str content_type, struct str body,
                     struct sink sink, struct arena *arena, struct http_answer *ret, struct error *error) {
  struct http_headers headers = {0};
  http_headers_add(&headers, arena, STR("X-Requested-With"), STR("XMLHttpRequest"));
  http_headers_add(&headers, arena, STR("Accept"), STR("application/json"));
  if (content_type.n) http_headers_add(&headers, arena, STR("Content-Type"), content_type);
  enum source_credential_kind kind = server->credential.kind;
  struct str full_path = arena_printf(arena, "%s%.*s", server->base_path, STR_ARG(str_slice(path, 0, str_find_char(path, '?')))), csrf;
  struct secret *kept = dhis2_cookie_header(server->cookies, str_of(method), full_path, clock_now_ms(), arena, &csrf);
  if (csrf.n) http_headers_add(&headers, arena, STR("X-XSRF-TOKEN"), csrf);
  add_trace(server, arena, &headers);
  struct http_call call = {
      .method = str_of(method),
      .url = arena_printf(arena, "%s%.*s", server->base_url, STR_ARG(path)),
      .headers = &headers,
      .cookie = kept,
      .body = body,
      .timeout_ms = server->timeout_ms,
      .sink = sink.sink,
      .payload = sink.payload,
  };
  if (source_authorization(kind, &call.secret_header_name, &call.secret_header_prefix)) call.secret_header = server->credential.value;
  server->asked.requests++;
  server->asked.bytes += body.n;
  int result = http_client_call(server->client, &call, arena, ret, error);
  secret_free(kept);
  if (result == 0) cookie_jar_keep_all(server->cookies, &ret->headers, full_path, clock_now_ms());
  if (result < 0) (void)error_name_server(error, dhis2_server_id(server));
  return result;
}

static bool refused(const struct http_answer *answer) {
  return answer->status == 401 || dhis2_login_redirect(answer->status, &answer->headers);
}

static int call_with(struct dhis2_server *server, const char *method, struct str path, struct str content_type, struct str body,
                     struct sink sink, struct arena *arena, struct http_answer *ret, struct error *error) {
  if (call_once(server, method, path, content_type, body, sink, arena, ret, error) < 0) return -1;
  struct source_credential fresh = {0};
  if (!refused(ret) || !server->renewal.renew || !server->renewal.renew(server->renewal.payload, &fresh)) return 0;
  secret_free(server->credential.value);
  server->credential = fresh;
  seed_cookies(server);
  return call_once(server, method, path, content_type, body, sink, arena, ret, error);
}

int dhis2_call(struct dhis2_server *server, const char *method, struct str path, struct str content_type, struct str body,
               struct arena *arena, struct http_answer *ret, struct error *error) {
  return call_with(server, method, path, content_type, body, (struct sink){0}, arena, ret, error);
}

static int judge(struct dhis2_server *server, struct arena *arena, const struct http_answer *answer, bool wants_body, struct error *error) {
  if (dhis2_judge(arena, answer->status, &answer->headers, answer->body, wants_body, error) == 0) return 0;
  (void)error_name_server(error, dhis2_server_id(server));
  return -1;
}

int dhis2_get(struct dhis2_server *server, struct str path, struct arena *arena, struct str *ret_json, struct error *error) {
  struct http_answer answer;
  if (dhis2_call(server, "GET", path, STR_NONE, STR_NONE, arena, &answer, error) < 0 || judge(server, arena, &answer, true, error) < 0)
    return -1;
  *ret_json = answer.body;
  return 0;
}

/* The head is not seen before the body comes: a page instead of data shows by its first byte. */
struct watched {
  struct sink to;
  bool started, is_page;
};

static int watch(void *payload, struct str piece, struct error *error) {
  struct watched *watched = payload;
  struct str text = watched->started ? piece : str_trim(piece);
  if (!watched->started && text.n) {
    watched->started = true;
    watched->is_page = text.p[0] == '<';
  }
  return watched->is_page ? 0 : watched->to.sink(watched->to.payload, piece, error);
}

int dhis2_get_stream(struct dhis2_server *server, struct str path, int (*sink)(void *payload, struct str piece, struct error *error),
                     void *payload, struct error *error) {
  struct arena *arena = arena_new();
  struct watched watched = {.to = {sink, payload}};
  struct http_answer answer;
  int result = call_with(server, "GET", path, STR_NONE, STR_NONE, (struct sink){watch, &watched}, arena, &answer, error);
  if (result == 0) result = judge(server, arena, &answer, false, error);
  bool good = result == 0;
  if (good && watched.is_page)
    result = error_set(error, ERROR_reauth_required, "the server answered with a page instead of data: the sign-in has ended");
  if (good && !watched.started) result = error_set(error, ERROR_empty_answer, "the server answered without a body");
  if (result < 0) (void)error_name_server(error, dhis2_server_id(server));
  arena_free(arena);
  return result;
}

/* One member of an answer; empty: it is not there. */
static int get_text(struct dhis2_server *server, struct str path, const char *key, struct arena *arena, struct str *ret,
                    struct error *error) {
  struct str body;
  if (dhis2_get(server, path, arena, &body, error) < 0) return -1;
  json_t *root = json_doc_read(body);
  *ret = json_text_copy(arena, root, key);
  json_decref(root);
  return 0;
}

int dhis2_server_calendar(struct dhis2_server *server, struct arena *arena, struct str *ret, struct error *error) {
  return get_text(server, STR("/api/system/info?fields=calendar"), "calendar", arena, ret, error);
}

int dhis2_server_today(struct dhis2_server *server, struct arena *arena, struct str *ret, struct error *error) {
  enum { DAY_LETTERS = 10 };
  int result = get_text(server, STR("/api/system/info?fields=serverDate"), "serverDate", arena, ret, error);
  if (result == 0) *ret = str_slice(*ret, 0, DAY_LETTERS);
  return result;
}

enum { LOCALE_MAX = 20 };

struct str dhis2_server_locale(struct dhis2_server *server, struct arena *arena) {
  struct error unused = {0};
  struct str locale = STR_NONE;
  (void)get_text(server, STR("/api/userSettings.json"), "keyDbLocale", arena, &locale, &unused);
  return locale.n <= LOCALE_MAX ? locale : STR_NONE;
}

int dhis2_server_version(struct dhis2_server *server, struct dhis2_version *ret, struct error *error) {
  if (server->version.minor == 0) {
    struct arena *arena = arena_new();
    struct str text;
    int result = get_text(server, STR("/api/system/info?fields=version"), "version", arena, &text, error);
    if (result == 0 && !dhis2_version_parse(text, &server->version))
      result = error_set(error, ERROR_not_dhis2, "the server does not tell its version");
    arena_free(arena);
    if (result < 0) return -1;
  }
  *ret = server->version;
  return 0;
}

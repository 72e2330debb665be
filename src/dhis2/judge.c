#include "dhis2/judge.h"

#include <jansson.h>

/* .../login, .../dhis-web-login/index.html, .../dhis-web-commons/security/login.action, .../dhis-web-commons-security/logout.action; but not .../api/loginConfig. */
static bool is_login_path(struct str path) {
  while (path.n > 1 && path.p[path.n - 1] == '/') path.n--;
  return str_ends(path, STR("/login")) || str_ends(path, STR("-login")) || str_ends(path, STR("login.action")) ||
         str_ends(path, STR("logout.action")) || str_has(path, STR("/login/")) || str_has(path, STR("-login/"));
}

bool dhis2_login_redirect(int status, const struct http_headers *headers) {
  struct str location;
  if (status < 300 || status > 399 || !http_field_get(headers, FIELD_LOCATION, &location)) return false;
  struct str path = str_take(&location, '?');
  path = str_take(&path, '#');
  return is_login_path(path) && !str_has(path, STR("/api/"));
}

bool dhis2_is_html(const struct http_headers *headers) {
  struct str type = http_field_value(headers, FIELD_CONTENT_TYPE);
  return str_has(str_take(&type, ';'), STR("html"));
}

/* "/me.json" of "/api/41/me.json"; p == NULL: not below /api. */
static struct str below_api(struct str path) {
  if (!dhis2_is_api(path)) return STR_NONE;
  struct str rest = str_from(path, 4), version = str_from(rest, 1);
  size_t digits = 0;
  while (digits < version.n && version.p[digits] >= '0' && version.p[digits] <= '9') digits++;
  if (digits && digits <= 3 && (digits == version.n || version.p[digits] == '/')) rest = str_from(version, digits);
  return rest.n ? rest : STR("/");
}

bool dhis2_is_api(struct str path) {
  return str_eq(path, STR("/api")) || str_starts(path, STR("/api/"));
}

bool dhis2_gives_pages(struct str path) {
  static const struct {
    struct str start, end;
  } places[] = {
      {{"/apps/", 6}, {"", 0}},
      {{"/dataSetReport", 14}, {"", 0}},
      {{"/reports/", 9}, {"", 0}},
      {{"/externalFileResources/", 23}, {"", 0}},
      {{"/staticContent/", 15}, {"", 0}},
      {{"/documents/", 11}, {"/data", 5}},
      {{"/fileResources/", 15}, {"/data", 5}},
      {{"/dataValues/files", 17}, {"", 0}},
      {{"/events/files", 13}, {"", 0}},
      {{"/tracker/", 9}, {"/file", 5}},
      {{"/messageConversations/", 22}, {"", 0}},
      {{"/dataSets/", 10}, {"/form", 5}},
      {{"/dataSets/", 10}, {"/customDataEntryForm", 20}},
      {{"/", 1}, {".html", 5}},
  };
  struct str rest = below_api(path);
  for (size_t i = 0; rest.n && i < sizeof places / sizeof *places; i++)
    if (str_starts(rest, places[i].start) && str_ends(rest, places[i].end)) return true;
  return false;
}

bool dhis2_may_be_empty(struct str path) {
  struct str rest = below_api(path);
  return str_eq(rest, STR("/ping")) || str_eq(rest, STR("/system/ping"));
}

bool dhis2_is_me(struct str path) {
  struct str rest = below_api(path);
  return str_eq(rest, STR("/me")) || str_eq(rest, STR("/me.json"));
}

bool dhis2_refuses_sign_in(struct str path, int status, const struct http_headers *headers) {
  struct str login;
  if (status == 401) return !str_starts(below_api(path), STR("/2fa/"));
  if (dhis2_login_redirect(status, headers)) return true;
  if (status == 400)
    return http_headers_get(headers, STR("WWW-Authenticate"), &login) &&
           str_eq(login, STR("ApiToken")); /* 2.41+: its form is not one that this release issues */
  if (status < 200 || status > 299 || !dhis2_is_html(headers)) return false;
  return http_field_get(headers, FIELD_LOGIN_PAGE, &login) || (dhis2_is_api(path) && !dhis2_gives_pages(path));
}

static struct str text_of(const json_t *object, const char *key) {
  return str_of(json_string_value(json_object_get(object, key)));
}

static struct str first_detail(const json_t *root) {
  const json_t *response = json_object_get(root, "response");
  if (!response) response = root;
  const json_t *conflict = json_array_get(json_object_get(response, "conflicts"), 0);
  if (conflict) return text_of(conflict, "value");
  return text_of(json_array_get(json_object_get(response, "errorReports"), 0), "message");
}

struct str dhis2_message(struct arena *arena, struct str body) {
  enum { LONGEST = 300 };
  json_t *root = body.n ? json_loadb(body.p, body.n, 0, NULL) : NULL;
  struct str message = text_of(root, "message"), detail = first_detail(root);
  if (!message.n) message = text_of(root, "error_description").n ? text_of(root, "error_description") : text_of(root, "error");
  struct str out = STR_NONE;
  if (message.n && detail.n && !str_eq(message, detail))
    out = arena_printf(arena, "%.*s: %.*s", STR_ARG(str_slice(message, 0, LONGEST)), STR_ARG(str_slice(detail, 0, LONGEST)));
  else if (message.n || detail.n)
    out = arena_str(arena, str_slice(message.n ? message : detail, 0, LONGEST));
  json_decref(root);
  return out;
}

static int fail(struct error *error, enum error_code code, int status, struct str message, const char *otherwise) {
  if (message.n)
    (void)error_set(error, code, "%.*s", STR_ARG(message));
  else
    (void)error_set(error, code, "%s (status %d)", otherwise, status);
  error->upstream_status = status;
  return -1;
}

int dhis2_judge(struct arena *arena, int status, const struct http_headers *headers, struct str body, bool wants_body,
                struct error *error) {
  bool good = status >= 200 && status < 300;
  if (good && dhis2_is_html(headers))
    return fail(error, ERROR_reauth_required, status, STR_NONE, "the server answered with a page instead of data: the sign-in has ended");
  if (dhis2_login_redirect(status, headers))
    return fail(error, ERROR_reauth_required, status, STR_NONE, "the server sends to its login page: the sign-in has ended");
  if (good && wants_body && body.n == 0) return fail(error, ERROR_empty_answer, status, STR_NONE, "the server answered without a body");
  if (good || status == 304) return 0;
  struct str message = dhis2_is_html(headers) ? STR_NONE : dhis2_message(arena, body);
  switch (status) {
  case 401: return fail(error, ERROR_reauth_required, status, STR_NONE, "the server does not accept the sign-in any more");
  case 403: return fail(error, ERROR_forbidden, status, message, "the server does not let this user do that");
  case 404: return fail(error, ERROR_not_found, status, message, "the server has nothing there");
  default:
    (void)fail(error, ERROR_upstream_error, status, message, status < 400 ? "the server sends elsewhere" : "the server could not do it");
    error->retry_after = http_retry_after(headers, 0, INT64_MAX); /* seconds; a date is passed over: there is no clock here */
    return -1;
  }
}

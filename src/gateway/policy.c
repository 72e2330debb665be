#include "gateway/policy.h"

/* What a person may do at his own account, and what runs another server's rights, is not for apps (contracts, "Default policy"). */
#define TEXT(literal) \
  { literal, sizeof(literal) - 1 }
static const struct str default_allow[] = {TEXT("/api/**"), TEXT("/dhis-web-commons/**")};
static const struct str default_deny[] = {
    TEXT("/api/apiToken*"),       TEXT("/api/apiTokens*"), TEXT("/api/oAuth2Clients*"), TEXT("/api/account*"), TEXT("/api/auth/**"),
    TEXT("/api/routes/*/run/**"), TEXT("/uaa/**"),         TEXT("/oauth2/**"),
};
static const struct str default_methods[] = {TEXT("GET"), TEXT("HEAD"), TEXT("POST"), TEXT("PUT"), TEXT("PATCH"), TEXT("DELETE")};
#undef TEXT

static bool glob(struct str pattern, struct str text, bool nocase) {
  size_t p = 0, t = 0, star = SIZE_MAX, mark = 0;
  while (t < text.n) {
    struct str one = str_slice(text, t, t + 1), want = str_slice(pattern, p, p + 1);
    if (p < pattern.n && pattern.p[p] == '*') {
      star = p++;
      mark = t;
    } else if (p < pattern.n && (nocase ? str_eq_nocase(want, one) : str_eq(want, one))) {
      p++, t++;
    } else if (star != SIZE_MAX) {
      p = star + 1;
      t = ++mark;
    } else {
      return false;
    }
  }
  while (p < pattern.n && pattern.p[p] == '*') p++;
  return p == pattern.n;
}

static bool same(char a, char b, bool nocase) {
  return a == b || (nocase && (a ^ b) == 0x20 && (a | 0x20) >= 'a' && (a | 0x20) <= 'z');
}

/* Does the path begin with what stands before the pattern's first '*'? Cheap, and mostly enough. */
static bool may_match(struct str pattern, struct str path, bool nocase) {
  size_t i = 0;
  while (i < pattern.n && pattern.p[i] != '*' && i < path.n && same(pattern.p[i], path.p[i], nocase)) i++;
  if (i == pattern.n || pattern.p[i] == '*') return true;
  return i == path.n && str_eq(str_from(pattern, i), STR("/**")); /* the thing itself, too, without the slash */
}

/* Segment by segment. `below`: what lies below a match is matched too. */
static bool matches(struct str pattern, struct str path, bool nocase, bool below) {
  if (!may_match(pattern, path, nocase)) return false;
  struct str patterns = str_from(pattern, 1), segments = str_from(path, 1);
  if (segments.n && segments.p[segments.n - 1] == '/') segments.n--;
  if (!segments.n) segments = STR_NONE;
  while (patterns.p) {
    struct str want = str_take(&patterns, '/');
    if (str_eq(want, STR("**"))) return true;
    if (!segments.p || !glob(want, str_take(&segments, '/'), nocase)) return false;
  }
  return below || !segments.p;
}

/* Of "/api/41/…"; 0: it has no version in it. */
static size_t version_digits(struct str path) {
  struct str rest = str_from(path, 5); /* behind "/api/" */
  size_t digits = 0;
  if (!str_starts(path, STR("/api/"))) return 0;
  while (digits < rest.n && rest.p[digits] >= '0' && rest.p[digits] <= '9') digits++;
  return digits > 3 || (digits < rest.n && rest.p[digits] != '/') ? 0 : digits;
}

static struct str without_version(struct arena *arena, struct str path) {
  size_t digits = version_digits(path);
  return digits ? arena_concat(arena, STR("/api"), str_from(path, 5 + digits)) : path;
}

static struct str without_suffix(struct str path) {
  static const struct str suffixes[] = {{".json", 5}, {".xml", 4}, {".csv", 4}, {".gz", 3}};
  for (size_t i = 0; i < sizeof suffixes / sizeof *suffixes; i++)
    if (str_ends(path, suffixes[i])) {
      path.n -= suffixes[i].n;
      i = (size_t)-1; /* once more from the start: ".json.gz" */
    }
  return path;
}

static bool lists(const struct str *names, size_t n, struct str text) {
  for (size_t i = 0; i < n; i++)
    if (str_eq(names[i], text)) return true;
  return false;
}

static bool method_listed(const struct config_policy *policy, struct str method) {
  if (!policy->methods.n) return lists(default_methods, sizeof default_methods / sizeof *default_methods, method);
  for (size_t i = 0; i < policy->methods.n; i++)
    if (str_eq(policy->methods.p[i], method) || (str_eq(method, STR("HEAD")) && str_eq(policy->methods.p[i], STR("GET")))) return true;
  return false;
}

static bool allowed(const struct config_server *server, struct str path) {
  const struct config_texts *allow = &server->policy.allow;
  for (size_t i = 0; i < allow->n; i++)
    if (matches(allow->p[i], path, false, false)) return true;
  if (allow->n) return false;
  if (server->type == CONFIG_HTTP) return true;
  for (size_t i = 0; i < sizeof default_allow / sizeof *default_allow; i++)
    if (matches(default_allow[i], path, false, false)) return true;
  return false;
}

/* Does an allow entry that matches the path name the denied thing: is the entry, read as a path, within the denied pattern? */
static bool opened(const struct config_policy *policy, struct str denied, struct str path) {
  for (size_t i = 0; i < policy->allow.n; i++)
    if (matches(denied, policy->allow.p[i], false, true) && matches(policy->allow.p[i], path, false, false)) return true;
  return false;
}

/* Denied patterns are read without case and cover what lies below: who writes "/api/apiToken*" means the tokens too. */
static bool denied(const struct config_server *server, struct str path) {
  const struct config_policy *policy = &server->policy;
  for (size_t i = 0; i < policy->deny.n; i++)
    if (matches(policy->deny.p[i], path, true, true)) return true;
  if (server->type == CONFIG_HTTP) return false;
  for (size_t i = 0; i < sizeof default_deny / sizeof *default_deny; i++) {
    struct str pattern = default_deny[i];
    if (matches(pattern, path, true, true) && !opened(policy, pattern, path)) return true;
  }
  return false;
}

int policy_check(const struct config_server *server, struct arena *arena, struct str method, struct str decoded_path, struct error *error) {
  struct str path = without_suffix(without_version(arena, decoded_path));
  if (!method_listed(&server->policy, method))
    return error_set(error, ERROR_method_refused, "%.*s is not allowed for the server %.*s", STR_ARG(method), STR_ARG(server->id));
  if (denied(server, path) || !allowed(server, path))
    return error_set(error, ERROR_policy, "%.*s is not open for apps at the server %.*s; its policy can open it",
                     STR_ARG(str_slice(path, 0, 200)), STR_ARG(server->id));
  return 0;
}

bool policy_pattern_valid(struct str pattern) {
  if (pattern.n < 1 || pattern.n > 255 || pattern.p[0] != '/') return false;
  for (size_t i = 0; i < pattern.n; i++)
    if (pattern.p[i] <= ' ' || pattern.p[i] >= 127 || strchr("?#\\%;", pattern.p[i])) return false;
  for (struct str rest = str_from(pattern, 1); rest.p;) {
    struct str segment = str_take(&rest, '/');
    if (str_has(segment, STR("**")) && (segment.n != 2 || rest.p)) return false;
    if (!segment.n && rest.p) return false;
    if (str_eq(segment, STR(".")) || str_eq(segment, STR(".."))) return false; /* no target that is let in has one: it would never match */
  }
  return !version_digits(pattern) && without_suffix(pattern).n == pattern.n;
}

#include "gateway/proxy_answer.h"

#include "base/buf.h"
#include "base/clock.h"
#include "dhis2/judge.h"
#include "gateway/rewrite.h"
#include "http/url.h"

/* --- kinds of bodies --- */

/* "text/html" of "text/HTML; charset=utf-8"; empty: none was told. */
static struct str type_of(const struct http_headers *headers, struct arena *arena) {
  struct str type;
  return http_field_get(headers, FIELD_CONTENT_TYPE, &type) ? arena_lower(arena, str_trim(str_take(&type, ';'))) : STR_NONE;
}

static bool is_plain_json(const struct http_headers *headers) {
  struct str value;
  if (!http_field_get(headers, FIELD_CONTENT_TYPE, &value)) return false;
  struct str type = str_trim(str_take(&value, ';'));
  struct str end = type.n > 5 ? str_from(type, type.n - 5) : STR_NONE;
  return str_eq_nocase(type, STR("application/json")) || str_eq_nocase(type, STR("text/json")) || str_eq_nocase(end, STR("+json"));
}

static bool is_coded(const struct http_headers *headers) {
  struct str coding;
  return http_field_get(headers, FIELD_CONTENT_ENCODING, &coding) && !str_eq_nocase(str_trim(coding), STR("identity"));
}

static bool is_page(struct str type) {
  return str_has(type, STR("html")) || str_has(type, STR("svg"));
}

/* What a browser shows or keeps without running anything in it. All else is put into a sandbox. */
static bool is_harmless(struct str type) {
  static const struct str starts[] = {{"image/", 6},
                                      {"font/", 5},
                                      {"audio/", 6},
                                      {"video/", 6},
                                      {"text/plain", 10},
                                      {"text/csv", 8},
                                      {"text/css", 8},
                                      {"text/javascript", 15},
                                      {"application/json", 16},
                                      {"application/javascript", 22},
                                      {"application/csv", 15},
                                      {"application/pdf", 15},
                                      {"application/octet-stream", 24},
                                      {"application/zip", 15},
                                      {"application/gzip", 16},
                                      {"application/vnd.", 16},
                                      {"application/font", 16}};
  if (str_has(type, STR("xml"))) return str_starts(type, STR("application/vnd.")) && !str_ends(type, STR("xml"));
  for (size_t i = 0; i < sizeof starts / sizeof *starts; i++)
    if (str_starts(type, starts[i])) return !is_page(type);
  return str_ends(type, STR("+json"));
}

/* --- meaning --- */

enum proxy_meaning proxy_meaning_of(const struct proxy_question *question, const struct upstream_answer *answer) {
  bool dhis2 = question->server->type == CONFIG_DHIS2;
  if (dhis2 ? dhis2_refuses_sign_in(question->target.path, answer->status, &answer->headers) : answer->status == 401)
    return PROXY_NOT_SIGNED;
  return question->target.api && answer->status >= 400 && dhis2_is_html(&answer->headers) ? PROXY_NO_DATA : PROXY_PASSES;
}

bool proxy_must_have_body(const struct proxy_question *question, const struct upstream_answer *answer) {
  struct str type = STR_NONE;
  if (!question->target.api || answer->status != 200 || !str_eq(question->method, STR("GET")) || dhis2_may_be_empty(question->target.path))
    return false;
  return !http_field_get(&answer->headers, FIELD_CONTENT_TYPE, &type) || str_has(type, STR("json")) || str_has(type, STR("xml")) ||
         str_has(type, STR("csv"));
}

bool proxy_has_links(const struct upstream_answer *answer) {
  return answer->status != 206 && answer->status != 304 && is_plain_json(&answer->headers) && !is_coded(&answer->headers);
}

/* --- addresses --- */

/* Servlet containers write the session's id into addresses where they see no cookie. */
static struct str without_session_id(struct str address, struct arena *arena) {
  static const struct str mark = {";jsessionid=", 12};
  for (size_t i = 0; i + mark.n <= address.n; i++) {
    if (!str_starts_nocase(str_from(address, i), mark)) continue;
    size_t end = i + mark.n;
    while (end < address.n && !strchr("/;?#", address.p[end])) end++;
    return without_session_id(arena_printf(arena, "%.*s%.*s", STR_ARG(str_slice(address, 0, i)), STR_ARG(str_from(address, end))), arena);
  }
  return address;
}

struct str proxy_location(const struct proxy_question *question, struct str location, struct arena *arena) {
  struct url base, url;
  struct error error = {0};
  struct str rest;
  if (url_parse(arena, question->server->url, &base, &error) < 0) return STR_NONE;
  struct str asked = arena_printf(arena, "%.*s%.*s", STR_ARG(url_origin(arena, &base)), STR_ARG(question->target.sent));
  if (url_parse(arena, asked, &base, &error) < 0 || url_resolve(arena, &base, location, &url, &error) < 0) return STR_NONE;
  struct str whole = without_session_id(url_text(arena, &url), arena);
  if (rewrite_location(question->server->url, whole, &rest) == REWRITE_OUTSIDE) return whole;
  return arena_printf(arena, "%.*s/s/%.*s%.*s", STR_ARG(question->config->public_url), STR_ARG(question->server->id), STR_ARG(rest));
}

/* --- headers --- */

static const bool passed[FIELD_COUNT] = {
    [FIELD_ACCEPT] = true,
    [FIELD_ACCEPT_RANGES] = true,
    [FIELD_AGE] = true,
    [FIELD_ALLOW] = true,
    [FIELD_CONTENT_DISPOSITION] = true,
    [FIELD_CONTENT_ENCODING] = true,
    [FIELD_CONTENT_LANGUAGE] = true,
    [FIELD_CONTENT_RANGE] = true,
    [FIELD_CONTENT_TYPE] = true,
    [FIELD_DEPRECATION] = true,
    [FIELD_ETAG] = true,
    [FIELD_EXPIRES] = true,
    [FIELD_LAST_MODIFIED] = true,
    [FIELD_PREFERENCE_APPLIED] = true,
    [FIELD_RETRY_AFTER] = true,
    [FIELD_SUNSET] = true,
    [FIELD_WARNING] = true,
};

static bool is_for_shared_caches(struct str directive) {
  struct str name = str_trim(str_take(&directive, '='));
  return str_eq_nocase(name, STR("public")) || str_eq_nocase(name, STR("s-maxage")) || str_eq_nocase(name, STR("proxy-revalidate"));
}

/* `private` in place of `public`; what the server said nothing about has to be asked for again each time. */
static struct str cache_control(const struct http_headers *from, struct arena *arena) {
  struct buf buf = BUF_INIT(4096);
  bool quoted = false, shut = false;
  for (size_t i = 0; i < from->n; i++) {
    struct str rest = from->p[i].value;
    if (from->p[i].field != FIELD_CACHE_CONTROL) continue;
    quoted = quoted || str_find_char(rest, '"') != SIZE_MAX; /* lists of fields: not read further */
    while (rest.p) {
      struct str directive = str_trim(str_take(&rest, ','));
      if (!directive.n || is_for_shared_caches(directive)) continue;
      shut = shut || str_eq_nocase(directive, STR("private")) || str_eq_nocase(directive, STR("no-store"));
      (void)buf_printf(&buf, "%s%.*s", buf.n ? ", " : "", STR_ARG(directive));
    }
  }
  struct str value = STR("private, no-cache");
  if (!quoted && !buf.full && buf.n) value = arena_concat(arena, shut ? STR_NONE : STR("private, "), buf_str(&buf));
  buf_free(&buf);
  return value;
}

/* Other sessions of the same browser get their own. What the server varies by Origin is the gateway's matter. */
static void add_vary(const struct http_headers *from, struct arena *arena, struct http_headers *to) {
  struct str vary = STR("Cookie");
  for (size_t i = 0; i < from->n; i++) {
    struct str rest = from->p[i].value;
    if (from->p[i].field != FIELD_VARY) continue;
    while (rest.p) {
      struct str name = str_trim(str_take(&rest, ','));
      bool gateways =
          str_eq_nocase(name, STR("origin")) || str_eq_nocase(name, STR("cookie")) || str_starts_nocase(name, STR("access-control-"));
      if (name.n && !gateways) vary = arena_concat(arena, vary, STR(", "), name);
    }
  }
  http_field_add(to, arena, FIELD_VARY, vary);
}

static void put_into_sandbox(const struct upstream_answer *answer, struct arena *arena, struct http_headers *to) {
  struct str type = type_of(&answer->headers, arena), disposition;
  if (is_harmless(type) || (!type.n && answer->body_length == 0)) return;
  http_field_add(to, arena, FIELD_CONTENT_SECURITY_POLICY, STR("sandbox"));
  if (!is_page(type)) return;
  struct str parameters = STR_NONE;
  if (http_field_get(to, FIELD_CONTENT_DISPOSITION, &disposition)) {
    parameters = disposition;
    (void)str_take(&parameters, ';');
  }
  http_field_set(to, arena, FIELD_CONTENT_DISPOSITION,
                 arena_printf(arena, "attachment%s%.*s", parameters.p ? ";" : "", STR_ARG(parameters)));
}

void proxy_answer_headers(const struct proxy_question *question, const struct upstream_answer *answer, struct arena *arena,
                          struct http_headers *to) {
  const struct http_headers *from = &answer->headers;
  for (size_t i = 0; i < from->n; i++) {
    enum http_field field = from->p[i].field;
    struct str value = from->p[i].value;
    if (passed[field]) http_field_add(to, arena, field, arena_str(arena, value)); /* the answer's own text goes before the headers do */
    if (field != FIELD_LOCATION && field != FIELD_CONTENT_LOCATION) continue;
    struct str place = proxy_location(question, value, arena);
    if (place.p) http_field_add(to, arena, field, arena_str(arena, place));
  }
  http_field_add(to, arena, FIELD_CACHE_CONTROL, cache_control(from, arena));
  add_vary(from, arena, to);
  put_into_sandbox(answer, arena, to);
}

void proxy_mark_rewritten(struct http_headers *headers, struct arena *arena) {
  struct str tag;
  if (http_field_get(headers, FIELD_ETAG, &tag) && !str_starts(tag, STR("W/")))
    http_field_set(headers, arena, FIELD_ETAG, arena_printf(arena, "W/%.*s", STR_ARG(tag)));
  http_headers_remove(headers, STR("Accept-Ranges"));
}

void proxy_mark_known(const struct http_headers *request, struct http_headers *headers, struct arena *arena) {
  struct str tag, known;
  if (!http_field_get(headers, FIELD_ETAG, &tag) || !http_field_get(request, FIELD_IF_NONE_MATCH, &known)) return;
  if (str_has(known, arena_concat(arena, STR("W/"), tag))) proxy_mark_rewritten(headers, arena);
}

int proxy_retry_after(const struct http_headers *headers, int64_t now_ms) {
  enum { DAY = 24 * 3600 };
  struct str value;
  uint64_t seconds;
  int64_t date_ms;
  if (!http_field_get(headers, FIELD_RETRY_AFTER, &value)) return 0;
  if (!str_to_u64(str_trim(value), &seconds)) {
    if (!clock_parse_http(str_trim(value), &date_ms) || date_ms <= now_ms) return 0;
    seconds = (uint64_t)(date_ms - now_ms + 999) / 1000;
  }
  return seconds > DAY ? DAY : (int)seconds;
}

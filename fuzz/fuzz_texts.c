/* Any text as an address, a form, the languages that a reader likes, a sentence in parts, a cookie header, a Set-Cookie, base64, an address of the network, a range of them, a time, and a trace: refused or understood, and what is understood reads back the same. */
#include "base/clock.h"
#include "http/accept_language.h"
#include "http/base64.h"
#include "http/cookie.h"
#include "http/form.h"
#include "http/trace.h"
#include "http/url.h"
#include "net/address.h"

static void as_url(struct arena *arena, struct str text) {
  struct url url, again, resolved;
  struct error error = {0};
  const struct url base = {.scheme = STR("https"), .host = STR("a.example"), .port = 443, .path = STR("/b/c")};
  if (url_parse(arena, text, &url, &error) == 0) {
    if (url_parse(arena, url_text(arena, &url), &again, &error) < 0 || !str_eq(url_text(arena, &url), url_text(arena, &again)) ||
        !url_same_origin(&url, &again))
      abort();
  }
  if (url_resolve(arena, &base, text, &resolved, &error) == 0 && (!resolved.path.n || resolved.path.p[0] != '/')) abort();
}

static void as_form(struct arena *arena, struct str text) {
  struct form form, again;
  struct error error = {0};
  struct buf out = BUF_INIT(1 << 22);
  if (form_parse(arena, text, &form, &error) == 0) {
    for (size_t i = 0; i < form.n; i++) (void)form_add(&out, form.p[i].name, form.p[i].value);
    if (form_parse(arena, buf_str(&out), &again, &error) < 0) abort();
    for (size_t i = 0, k = 0; i < form.n && k < again.n; i++, k++)
      if (!str_eq(form.p[i].name, again.p[k].name) || !str_eq(form.p[i].value, again.p[k].value)) abort();
  }
  buf_free(&out);
}

static void as_cookies(struct arena *arena, struct str text) {
  struct http_headers headers = {0};
  struct cookies cookies;
  struct error error = {0};
  struct str value;
  http_headers_add(&headers, arena, STR("Cookie"), text);
  if (cookies_parse(arena, &headers, &cookies, &error) == 0) (void)cookies_find(&cookies, STR("drawbridge"), &value, &error);
  struct cookie_jar *jar = cookie_jar_new(), *loaded = NULL;
  for (struct str line, rest = text; rest.p;) {
    line = str_take(&rest, '\n');
    (void)cookie_jar_keep(jar, line, STR("/central/api/me"), 1700000000000);
  }
  struct secret *header = cookie_jar_header(jar, STR("/central/api/x"), 1700000000000), *saved = cookie_jar_save(jar);
  if (!cookie_jar_load(secret_reveal(saved), &loaded)) abort();
  struct secret *same = cookie_jar_header(loaded, STR("/central/api/x"), 1700000000000);
  if (!!header != !!same || (header && !secret_eq(header, secret_reveal(same)))) abort();
  secret_free(header);
  secret_free(saved);
  secret_free(same);
  cookie_jar_free(jar);
  cookie_jar_free(loaded);
  if (cookie_jar_load(text, &loaded)) cookie_jar_free(loaded);
}

static void as_base64(struct arena *arena, struct str text) {
  struct str bytes;
  if (base64_decode(arena, text, &bytes) && !str_eq(base64_encode(arena, bytes), text)) abort();
  if (base64url_decode(arena, text, &bytes) && !str_eq(base64url_encode(arena, bytes), text)) abort();
  if (!base64_decode(arena, base64_encode(arena, text), &bytes) || !str_eq(bytes, text)) abort();
}

/* An address that is in no listed range and not public is never allowed. */
static void as_addresses(struct str text) {
  struct sockaddr_storage address;
  struct cidr range;
  const struct str listed[] = {STR("192.0.2.0/24")};
  if (address_parse(text, &address)) {
    bool allowed = address_allowed((struct sockaddr *)&address, listed, 1);
    if (allowed && !address_public((struct sockaddr *)&address) && !str_starts(text, STR("192.0.2.")) && !str_has(text, STR(":"))) abort();
    if (allowed && address_loopback((struct sockaddr *)&address)) abort();
  }
  if (cidr_parse(text, &range) && address_parse(STR("127.0.0.1"), &address)) (void)cidr_has(&range, (struct sockaddr *)&address);
}

/* The first line as a traceparent, all others as tracestates. */
static void as_trace(struct arena *arena, struct str text) {
  struct http_headers headers = {0};
  struct trace trace, again;
  char parent[TRACE_PARENT_LETTERS + 1];
  struct str rest = text, first = str_take(&rest, '\n');
  http_headers_add(&headers, arena, STR("traceparent"), first);
  for (int i = 0; i < 100 && rest.p; i++) http_headers_add(&headers, arena, STR("tracestate"), str_take(&rest, '\n'));
  if (!trace_continue(&headers, arena, &trace)) return;
  memcpy(trace.span, trace.parent, sizeof trace.span);
  struct http_headers written = {0};
  http_headers_add(&written, arena, STR("traceparent"), str_of(trace_parent(&trace, parent)));
  if (trace.state.p) http_headers_add(&written, arena, STR("tracestate"), trace.state);
  if (!trace_continue(&written, arena, &again) || !str_eq(str_of(trace.id), str_of(again.id)) ||
      !str_eq(str_of(trace.parent), str_of(again.parent)) || trace.flags != again.flags || !str_eq(trace.state, again.state) ||
      trace.state.n > TRACE_STATE_MAX)
    abort();
}

static void as_times(struct str text) {
  int64_t ms, again;
  char out[CLOCK_TEXT_SIZE];
  if (clock_parse(text, &ms) && (!clock_parse(str_of(clock_format(ms, out)), &again) || again != ms)) abort();
  (void)clock_parse_http(text, &ms);
}

static void as_languages(struct arena *arena, struct str text) {
  struct str words;
  if (accept_language(text) >= LANGUAGES) abort();
  (void)text_said(LANGUAGE_ARABIC, arena, text, &words);
  (void)text_with(LANGUAGE_FRENCH, arena, text, &text, 1);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  struct arena *arena = arena_new();
  struct str text = {(const char *)data, size};
  as_url(arena, text);
  as_form(arena, text);
  as_cookies(arena, text);
  as_base64(arena, text);
  as_addresses(text);
  as_times(text);
  as_trace(arena, text);
  as_languages(arena, text);
  arena_free(arena);
  return 0;
}

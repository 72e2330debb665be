/* Any headers of a server's answer, and of a browser's request, through the proxied path's lists: what comes out is on the list, on one line, and carries no session id. */
#include "gateway/proxy_alias.h"
#include "gateway/proxy_answer.h"

static struct http_headers headers_of(struct arena *arena, struct str text) {
  struct http_headers headers = {0};
  while (text.p && headers.n < 64) {
    struct str value = str_take(&text, '\n'), name = str_take(&value, ':');
    bool plain = name.n > 0;
    for (size_t i = 0; i < value.n; i++) plain = plain && value.p[i] != '\r' && value.p[i] != '\0';
    if (plain) http_headers_add(&headers, arena, name, str_trim(value));
  }
  return headers;
}

static void check_location(struct str value) {
  if (!str_starts(value, STR("http://")) && !str_starts(value, STR("https://"))) abort();
  for (size_t i = 0; i < value.n; i++)
    if (str_starts_nocase(str_from(value, i), STR(";jsessionid="))) abort();
}

static void check(const struct http_headers *out) {
  static const struct str never[] = {
      {"Set-Cookie", 10}, {"WWW-Authenticate", 16}, {"Access-Control-Allow-Origin", 27}, {"Server", 6},
      {"Link", 4},        {"Refresh", 7},           {"Strict-Transport-Security", 25},   {"Clear-Site-Data", 15}};
  for (size_t i = 0; i < out->n; i++) {
    for (size_t k = 0; k < sizeof never / sizeof *never; k++)
      if (str_eq_nocase(out->p[i].name, never[k])) abort();
    if (str_find_char(out->p[i].value, '\n') != SIZE_MAX) abort();
    if (str_eq_nocase(out->p[i].name, STR("Location"))) check_location(out->p[i].value);
  }
}

/* What a server says its short name is must not lead the next call anywhere else. */
static void alias(const struct config_server *server, struct arena *arena, struct str body) {
  struct str target;
  if (!proxy_alias_read(server, body, arena, &target)) return;
  if (!str_starts(target, STR("/dhis/api/")) || str_has(target, STR("..")) || !http_one_line(target) ||
      str_find_char(target, ' ') != SIZE_MAX)
    abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  if (size < 4) return 0;
  struct arena *arena = arena_new();
  struct config config = {.public_url = STR("https://gw.example.org")};
  struct config_server server = {
      .id = STR("a"), .url = STR("https://dhis2.example.org/dhis"), .type = data[0] & 1 ? CONFIG_HTTP : CONFIG_DHIS2};
  struct proxy_question question = {.config = &config, .server = &server, .method = data[0] & 2 ? STR("GET") : STR("POST")};
  question.target = (struct proxy_target){
      .path = STR("/api/me"), .sent = STR("/dhis/api/me?x"), .cookie_path = STR("/dhis/api/me"), .api = server.type == CONFIG_DHIS2};
  struct upstream_answer answer = {.status = 200 + (data[1] << 1) % 400,
                                   .headers = headers_of(arena, (struct str){(const char *)data + 2, size - 2}),
                                   .body_length = data[0] & 4 ? -1 : 9};
  struct http_headers out = {0}, sent = {0};
  struct http_request request = {.method = question.method, .headers = answer.headers};
  struct error error = {0};
  (void)proxy_meaning_of(&question, &answer);
  (void)proxy_must_have_body(&question, &answer);
  (void)proxy_has_links(&answer);
  (void)proxy_retry_after(&answer.headers, 1000);
  proxy_answer_headers(&question, &answer, arena, &out);
  proxy_mark_rewritten(&out, arena);
  check(&out);
  alias(&server, arena, (struct str){(const char *)data + 2, size - 2});
  (void)proxy_via_lists(&request.headers, proxy_via_name(config.public_url, arena));
  (void)proxy_request_headers(STR("drawbridge-0"), &server, &request, &question.target, STR("id"), NULL, arena, &sent, &error);
  for (size_t i = 0; i < sent.n; i++)
    if (str_eq_nocase(sent.p[i].name, STR("Cookie")) || str_eq_nocase(sent.p[i].name, STR("Authorization")) ||
        str_starts_nocase(sent.p[i].name, STR("X-Forwarded")))
      abort();
  arena_free(arena);
  return 0;
}

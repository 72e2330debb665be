#include "gateway/reply.h"

#include "base/json_out.h"
#include "base/markup.h"
#include "crypt/random.h"
#include "http/url.h"
#include "store/trouble.h"

enum { BODY_MAX = 16 * 1024, STORE_RETRY_S = 2 /* it comes back, or is failed over, within seconds or not at all */ };

struct str reply_login_url(struct str public_url, struct str server, struct arena *arena) {
  if (!server.n) return arena_printf(arena, "%.*s/servers", STR_ARG(public_url));
  return arena_printf(arena, "%.*s/sign-in/%.*s", STR_ARG(public_url), STR_ARG(server));
}

/* Who failed? */
static bool is_upstreams(enum error_code code) {
  switch (code) {
  case ERROR_wrong_credentials:
  case ERROR_second_factor_required:
  case ERROR_second_factor_wrong:
  case ERROR_enrolment_required:
  case ERROR_account_locked:
  case ERROR_account_disabled:
  case ERROR_account_expired:
  case ERROR_password_expired:
  case ERROR_token_refused:
  case ERROR_forbidden:
  case ERROR_not_dhis2:
  case ERROR_certificate_refused:
  case ERROR_upstream_broken:
  case ERROR_upstream_error:
  case ERROR_empty_answer:
  case ERROR_server_unreachable:
  case ERROR_upstream_timeout: return true;
  default: return false;
  }
}

static bool wants_login(enum error_code code) {
  return code == ERROR_no_session || code == ERROR_not_connected || code == ERROR_reauth_required || code == ERROR_session_expired;
}

/* /s/<id>/api and what lies below it. */
static bool has_dhis2_shape(struct str path) {
  if (!str_starts(path, STR("/s/"))) return false;
  struct str rest = str_from(path, 3);
  (void)str_take(&rest, '/');
  return str_eq(rest, STR("api")) || str_starts(rest, STR("api/"));
}

static void add_members(const struct reply *reply, struct json_out *out, int status, bool dhis2, struct arena *arena) {
  const struct error *error = reply->error;
  struct str detail = str_of(error->message), server = str_of(error->server);
  json_out_member_str(out, "type", STR("about:blank"));
  json_out_member_str(out, "title", str_of(error_title(error->code)));
  if (dhis2)
    json_out_member_str(out, "status", STR("ERROR"));
  else
    json_out_member_int(out, "status", status);
  json_out_member_str(out, "code", str_of(error_name(error->code)));
  json_out_member_str(out, "detail", detail.n ? detail : str_of(error_title(error->code)));
  error_said_write(error, out);
  if (server.n) json_out_member_str(out, "server", server);
  json_out_member_str(out, "origin", reply->by_upstream || is_upstreams(error->code) ? STR("upstream") : STR("gateway"));
  if (error->reason[0]) json_out_member_str(out, "reason", str_of(error->reason));
  if (wants_login(error->code)) json_out_member_str(out, "login_url", reply_login_url(reply->public_url, server, arena));
  json_out_member_str(out, "request_id", reply->request_id);
  if (reply->trace_id.n) json_out_member_str(out, "trace_id", reply->trace_id);
  if (!dhis2) return;
  json_out_member_str(out, "httpStatus", str_of(http_reason(status)));
  json_out_member_int(out, "httpStatusCode", status);
  json_out_member_str(out, "message", detail.n ? detail : str_of(error_title(error->code)));
}

static struct str as_json(const struct reply *reply, int status, bool dhis2, struct arena *arena) {
  struct buf buf = BUF_INIT(BODY_MAX);
  struct json_out out = JSON_OUT_INIT(&buf);
  json_out_object(&out);
  add_members(reply, &out, status, dhis2, arena);
  json_out_end(&out);
  struct str body = arena_str(arena, buf_str(&buf));
  buf_free(&buf);
  return body;
}

static void add_escaped(struct buf *buf, struct str text) {
  for (size_t i = 0; i < text.n; i++) {
    struct str stands_for = text.p[i] == '\'' ? STR("&#39;") : markup_of(text.p[i]);
    (void)buf_add(buf, stands_for.n ? stands_for : str_slice(text, i, i + 1));
  }
}

static void add_between(struct buf *buf, struct str before, struct str text, struct str after) {
  (void)buf_add(buf, before);
  add_escaped(buf, text);
  (void)buf_add(buf, after);
}

/* Where drawbridge's page says the same in the language of its reader. */
static struct str said_address(const struct reply *reply, struct arena *arena) {
  struct str list = reply_login_url(reply->public_url, STR_NONE, arena), server = str_of(reply->error->server);
  struct str reason = str_of(reply->error->reason);
  return arena_printf(arena, "%.*s?problem=%s%s%.*s%s%.*s", STR_ARG(list), error_name(reply->error->code), reason.n ? "&reason=" : "",
                      STR_ARG(url_encode(arena, reason)), server.n ? "&server=" : "", STR_ARG(url_encode(arena, server)));
}

/* What is told of this one case beside the code. */
static void add_detail(struct buf *buf, const struct reply *reply, struct arena *arena) {
  struct buf said = BUF_INIT(BODY_MAX);
  struct json_out out = JSON_OUT_INIT(&said);
  struct str words = str_of(reply->error->message);
  json_out_object(&out);
  error_said_write(reply->error, &out);
  json_out_end(&out);
  bool known = reply->language == LANGUAGE_ENGLISH || text_said(reply->language, arena, buf_str(&said), &words);
  buf_free(&said);
  if (words.n) add_between(buf, known ? STR("<p>") : STR("<p lang=\"en\" dir=\"ltr\">"), words, STR("</p>\n"));
}

static void add_link(struct buf *buf, const struct reply *reply, struct str address, const char *english) {
  add_between(buf, STR("<p><a href=\""), address, STR("\">"));
  add_between(buf, STR(""), text_in(reply->language, str_of(english)), STR("</a></p>\n"));
}

static struct str as_page(const struct reply *reply, struct str nonce, struct arena *arena) {
  const struct error *error = reply->error;
  struct buf buf = BUF_INIT(BODY_MAX);
  struct str title = text_in(reply->language, str_of(error_title(error->code)));
  (void)buf_printf(&buf,
                   "<!doctype html>\n<html lang=\"%s\" dir=\"%s\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" "
                   "content=\"width=device-width\">\n",
                   language_tag(reply->language), language_direction(reply->language));
  add_between(&buf, STR("<title>"), title, STR(" - drawbridge</title>\n"));
  add_between(&buf, STR("<style nonce=\""), nonce,
              STR("\">body{font:16px/1.5 system-ui,sans-serif;max-width:40rem;margin:4rem auto;padding:0 "
                  "1rem;color:#212934}h1{font-size:1.4rem}small{color:#4a5768}a{color:#1565c0}</style></head>\n"));
  add_between(&buf, STR("<body><main><h1>"), title, STR("</h1>\n"));
  add_detail(&buf, reply, arena);
  if (wants_login(error->code))
    add_link(&buf, reply, reply_login_url(reply->public_url, str_of(error->server), arena), N_("Sign in"));
  else
    add_link(&buf, reply, said_address(reply, arena), N_("Go to the servers"));
  struct str values[] = {str_of(error_name(error->code)), reply->request_id};
  add_between(&buf, STR("<p><small>"), text_with(reply->language, arena, STR(N_("code {1}, request {2}")), values, 2),
              STR("</small></p></main></body></html>\n"));
  struct str body = arena_str(arena, buf_str(&buf));
  buf_free(&buf);
  return body;
}

struct str reply_allow(struct str list, struct str method, bool with_head, struct arena *arena) {
  return arena_printf(arena, "%.*s%s%.*s%s", STR_ARG(list), list.n ? ", " : "", STR_ARG(method), with_head ? ", HEAD" : "");
}

void reply_stay_with_https(bool https, struct http_headers *headers, struct arena *arena) {
  if (https) http_field_set(headers, arena, FIELD_STRICT_TRANSPORT_SECURITY, STR("max-age=31536000"));
}

int reply_error(const struct reply *reply, struct arena *arena, struct http_headers *headers, struct str *ret_body) {
  const struct error *error = reply->error;
  int status = reply->status ? reply->status : error_http_status(error->code);
  bool dhis2 = has_dhis2_shape(reply->path);
  http_headers_set(headers, arena, STR("X-Drawbridge-Error"), str_of(error_name(error->code)));
  int retry_after = error->retry_after == 0 && error->code == ERROR_store_unavailable ? STORE_RETRY_S : error->retry_after;
  if (retry_after > 0) http_headers_set(headers, arena, STR("Retry-After"), arena_printf(arena, "%d", retry_after));
  if (status == 405)
    http_headers_set(headers, arena, STR("Allow"), reply->allow.n ? reply->allow : STR("GET, HEAD, POST, PUT, PATCH, DELETE"));
  if (reply->navigation) {
    struct str nonce = random_id(arena, 22);
    http_headers_set(headers, arena, STR("Content-Type"), STR("text/html; charset=utf-8"));
    http_headers_set(headers, arena, STR("Content-Security-Policy"),
                     arena_printf(arena,
                                  "default-src 'none'; style-src 'nonce-%.*s'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
                                  STR_ARG(nonce)));
    http_headers_set(headers, arena, STR("Cross-Origin-Opener-Policy"), STR("same-origin"));
    http_field_set(headers, arena, FIELD_VARY, STR("Accept-Language"));
    http_field_set(headers, arena, FIELD_CONTENT_LANGUAGE, str_of(language_tag(reply->language)));
    *ret_body = as_page(reply, nonce, arena);
  } else {
    http_headers_set(headers, arena, STR("Content-Type"), dhis2 ? STR("application/json") : STR("application/problem+json"));
    *ret_body = as_json(reply, status, dhis2, arena);
  }
  return status;
}

struct str reply_to_keep(const struct error *error, struct str path, struct str public_url, struct arena *arena) {
  struct http_headers headers = {0};
  struct str body;
  struct reply reply = {.error = error, .path = path, .public_url = public_url, .request_id = STR("")};
  (void)reply_error(&reply, arena, &headers, &body);
  return str_trim(body);
}

bool reply_is_for_operator(enum error_code code) {
  return code == ERROR_store_unavailable || code == ERROR_inside || code == ERROR_configuration;
}

struct error reply_brief(const struct error *error) {
  struct error brief = *error;
  if (!reply_is_for_operator(error->code)) return brief;
  const char *words = store_trouble_words(error->reason);
  brief.hole_count = brief.cut_count = 0;
  (void)snprintf(brief.message, sizeof brief.message, "%s", words ? words : "");
  return brief;
}

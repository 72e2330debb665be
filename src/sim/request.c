#include "sim/request.h"

#include "base/buf.h"
#include "base/mem.h"

struct str sim_url_decode(struct arena *arena, struct str text, bool plus_is_blank) {
  char *out = arena_alloc(arena, text.n + 1);
  size_t n = 0;
  for (size_t i = 0; i < text.n; i++) {
    char c = text.p[i];
    int high = c == '%' && i + 2 < text.n ? str_hex_digit(text.p[i + 1]) : -1;
    int low = high >= 0 ? str_hex_digit(text.p[i + 2]) : -1;
    if (low >= 0) {
      out[n++] = (char)(high * 16 + low);
      i += 2;
    } else {
      out[n++] = plus_is_blank && c == '+' ? ' ' : c;
    }
  }
  return (struct str){out, n};
}

static bool unreserved(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_' || c == '~';
}

struct str sim_url_encode(struct arena *arena, struct str text) {
  static const char digits[] = "0123456789ABCDEF";
  char *out = arena_alloc(arena, text.n * 3 + 1);
  size_t n = 0;
  for (size_t i = 0; i < text.n; i++) {
    unsigned char c = (unsigned char)text.p[i];
    if (unreserved((char)c)) {
      out[n++] = (char)c;
    } else {
      out[n++] = '%';
      out[n++] = digits[c >> 4];
      out[n++] = digits[c & 15];
    }
  }
  return (struct str){out, n};
}

struct str sim_html_escape(struct arena *arena, struct str text) {
  struct buf out = BUF_INIT(text.n * 6 + 1);
  for (size_t i = 0; i < text.n; i++) {
    char c = text.p[i];
    if (c == '&')
      buf_add(&out, STR("&amp;"));
    else if (c == '<')
      buf_add(&out, STR("&lt;"));
    else if (c == '>')
      buf_add(&out, STR("&gt;"));
    else if (c == '"')
      buf_add(&out, STR("&quot;"));
    else if (c == '\'')
      buf_add(&out, STR("&#39;"));
    else
      buf_add_char(&out, c);
  }
  struct str escaped = arena_str(arena, buf_str(&out));
  buf_free(&out);
  return escaped;
}

struct str sim_form_value(struct arena *arena, struct str form, const char *name, size_t nth) {
  struct str rest = form;
  while (rest.p) {
    struct str pair = str_take(&rest, '&');
    if (pair.n == 0) continue;
    struct str value = pair;
    struct str key = str_take(&value, '=');
    if (!str_eq(sim_url_decode(arena, key, true), str_of(name)) || nth-- > 0) continue;
    return value.p ? sim_url_decode(arena, value, true) : STR("");
  }
  return STR_NONE;
}

struct str sim_param(const struct sim_request *request, const char *name, size_t nth) {
  return sim_form_value(request->arena, request->query, name, nth);
}

struct str sim_header(const struct sim_request *request, const char *name) {
  return http_headers_value(&request->headers, str_of(name));
}

struct str sim_cookie(const struct sim_request *request, const char *name) {
  struct str found = STR_NONE;
  for (size_t i = 0; i < request->headers.n; i++) {
    if (!str_eq_nocase(request->headers.p[i].name, STR("Cookie"))) continue;
    struct str rest = request->headers.p[i].value;
    while (rest.p) {
      struct str value = str_trim(str_take(&rest, ';'));
      struct str key = str_take(&value, '=');
      if (value.p && str_eq(key, str_of(name))) found = value;
    }
  }
  return found;
}

bool sim_is(const struct sim_request *request, const char *method) {
  return str_eq(request->method, str_of(method));
}

bool sim_wants(const struct sim_request *request, const char *media_type) {
  return str_has(sim_header(request, "Accept"), str_of(media_type));
}

void sim_reply_header(struct sim_reply *reply, const char *name, struct str value) {
  http_headers_add(&reply->headers, reply->arena, str_of(name), arena_str(reply->arena, value));
}

void sim_reply_text(struct sim_reply *reply, int status, const char *content_type, struct str body) {
  reply->status = status;
  http_headers_set(&reply->headers, reply->arena, STR("Content-Type"), arena_str(reply->arena, str_of(content_type)));
  reply->body = arena_str(reply->arena, body);
}

void sim_reply_empty(struct sim_reply *reply, int status) {
  reply->status = status;
  reply->body = STR("");
}

void sim_reply_json(struct sim_reply *reply, int status, json_t *body) {
  char *text = json_dumps(body, JSON_COMPACT | JSON_ENCODE_ANY | JSON_REAL_PRECISION(15));
  if (!text) mem_exhausted(0);
  reply->status = status;
  if (http_headers_count(&reply->headers, STR("Content-Type")) == 0)
    sim_reply_header(reply, "Content-Type", STR("application/json;charset=UTF-8"));
  reply->body = arena_str(reply->arena, str_of(text));
  free(text);
  json_decref(body);
}

const char *sim_reason(int status) {
  switch (status) {
  case 200: return "OK";
  case 201: return "Created";
  case 202: return "Accepted";
  case 204: return "No Content";
  case 400: return "Bad Request";
  case 401: return "Unauthorized";
  case 403: return "Forbidden";
  case 404: return "Not Found";
  case 405: return "Method Not Allowed";
  case 406: return "Not Acceptable";
  case 409: return "Conflict";
  case 410: return "Gone";
  case 412: return "Precondition Failed";
  case 413: return "Payload Too Large";
  case 415: return "Unsupported Media Type";
  case 500: return "Internal Server Error";
  case 502: return "Bad Gateway";
  case 503: return "Service Unavailable";
  case 504: return "Gateway Timeout";
  default: return "";
  }
}

void sim_reply_message(struct sim_reply *reply, int status, const char *level, const char *error_code, const char *message) {
  json_t *body = json_pack("{s:s, s:i, s:s}", "httpStatus", sim_reason(status), "httpStatusCode", status, "status", level);
  if (message) json_object_set_new(body, "message", json_string(message));
  if (error_code) json_object_set_new(body, "errorCode", json_string(error_code));
  sim_reply_json(reply, status, body);
}

void sim_reply_tomcat(struct sim_reply *reply, int status, const char *message) {
  struct str reason = str_of(sim_reason(status));
  struct str note = sim_html_escape(reply->arena, message ? str_of(message) : reason);
  sim_reply_text(reply, status, "text/html;charset=utf-8",
                 arena_printf(reply->arena,
                              "<!doctype html><html lang=\"en\"><head><title>HTTP Status %d – %.*s</title></head><body><h1>HTTP Status %d "
                              "– %.*s</h1><hr class=\"line\" />"
                              "<p><b>Type</b> Status Report</p><p><b>Message</b> %.*s</p></body></html>",
                              status, STR_ARG(reason), status, STR_ARG(reason), STR_ARG(note)));
}

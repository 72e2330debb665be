#include "http/static_file.h"

/* RFC 9110 12.4.2: a weight of 0, in any of its spellings, is a refusal. */
static bool is_zero_weight(struct str parameters) {
  while (parameters.p) {
    struct str parameter = str_trim(str_take(&parameters, ';'));
    if (!str_starts_nocase(parameter, STR("q="))) continue;
    struct str weight = str_from(parameter, 2);
    for (size_t i = 0; i < weight.n; i++)
      if (weight.p[i] != '0' && weight.p[i] != '.') return false;
    return true;
  }
  return false;
}

bool static_file_accepts(const struct http_headers *headers, struct str coding) {
  struct str field = http_field_value(headers, FIELD_ACCEPT_ENCODING);
  bool star = false;
  while (field.p) {
    struct str rest = str_take(&field, ',');
    struct str name = str_trim(str_take(&rest, ';'));
    bool good = !is_zero_weight(rest);
    if (str_eq_nocase(name, coding)) return good;
    if (str_eq(name, STR("*"))) star = good;
  }
  return star;
}

static bool none_match(const struct http_request *request, struct str tag) {
  struct str field;
  if (!http_headers_get(&request->headers, STR("If-None-Match"), &field)) return true;
  while (field.p) {
    struct str one = str_trim(str_take(&field, ','));
    if (str_eq(one, STR("*"))) return false;
    if (str_starts(one, STR("W/"))) one = str_from(one, 2);
    if (str_eq(one, tag)) return false;
  }
  return true;
}

static void add(struct static_reply *reply, struct arena *arena, enum http_field field, struct str value) {
  http_field_set(&reply->headers, arena, field, value);
}

/* Sets the body, and the headers that hang on its coding. */
static void choose_coding(const struct static_file *file, const struct http_request *request, struct arena *arena,
                          struct static_reply *reply) {
  struct str coding = STR_NONE;
  reply->body = file->plain;
  if (file->brotli.n && static_file_accepts(&request->headers, STR("br"))) {
    coding = STR("br");
    reply->body = file->brotli;
  } else if (file->gzip.n && static_file_accepts(&request->headers, STR("gzip"))) {
    coding = STR("gzip");
    reply->body = file->gzip;
  }
  struct str tag = arena_printf(arena, "\"%.*s%s%.*s\"", STR_ARG(file->tag), coding.n ? "-" : "", STR_ARG(coding));
  add(reply, arena, FIELD_ETAG, tag);
  if (none_match(request, tag)) {
    reply->status = 200;
    add(reply, arena, FIELD_CONTENT_TYPE, file->type);
    if (coding.n) add(reply, arena, FIELD_CONTENT_ENCODING, coding);
  } else {
    reply->status = 304;
    reply->body = STR_NONE;
  }
}

void static_file_reply(const struct static_file *file, const struct http_request *request, struct arena *arena, struct static_reply *ret) {
  ret->body = STR_NONE;
  if (!str_eq(request->method, STR("GET")) && !str_eq(request->method, STR("HEAD"))) {
    ret->status = 405;
    add(ret, arena, FIELD_ALLOW, STR("GET, HEAD"));
    return;
  }
  if (!file) {
    ret->status = 404;
    ret->body = STR("There is nothing at this address\n");
    add(ret, arena, FIELD_CONTENT_TYPE, STR("text/plain; charset=utf-8"));
    add(ret, arena, FIELD_CACHE_CONTROL, STR("no-store"));
    return;
  }
  add(ret, arena, FIELD_VARY, STR("Accept-Encoding"));
  add(ret, arena, FIELD_CACHE_CONTROL, file->cache);
  choose_coding(file, request, arena, ret);
}

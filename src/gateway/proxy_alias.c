#include "gateway/proxy_alias.h"

#include "base/json_doc.h"
#include "base/json_out.h"
#include "dhis2/judge.h"
#include <jansson.h>

enum { LONG = 4096, ID_MAX = 64, REQUEST_MAX = 512 * 1024 };

bool proxy_alias_helps(const struct proxy_question *question, const struct upstream_answer *answer) {
  if (!question->target.api || !str_eq(question->method, STR("GET")) || question->target.sent.n < LONG) return false;
  return answer->status == 414 || ((answer->status == 400 || answer->status == 431) && dhis2_is_html(&answer->headers));
}

struct str proxy_alias_path(const struct config_server *server, struct arena *arena) {
  return arena_concat(arena, config_server_folder(server), STR("/api/query/alias"));
}

/* The target from /api on, without the base's own path. */
struct str proxy_alias_request(const struct proxy_target *target, struct arena *arena) {
  struct buf buf = BUF_INIT(REQUEST_MAX);
  struct json_out out = JSON_OUT_INIT(&buf);
  json_out_object(&out);
  json_out_member_str(&out, "target", str_from(target->sent, str_find(target->sent, STR("/api"))));
  json_out_end(&out);
  struct str text = arena_str(arena, buf_str(&buf));
  buf_free(&buf);
  return text;
}

void proxy_alias_headers(struct str via, struct str id, struct arena *arena, struct http_headers *ret) {
  http_headers_add(ret, arena, STR("Accept"), STR("application/json"));
  http_headers_add(ret, arena, STR("Content-Type"), STR("application/json"));
  http_headers_add(ret, arena, STR("Via"), arena_concat(arena, STR("1.1 "), via));
  http_headers_add(ret, arena, STR("X-Requested-With"), STR("XMLHttpRequest"));
  http_headers_add(ret, arena, STR("User-Agent"), STR("drawbridge"));
  http_headers_add(ret, arena, STR("X-Request-ID"), id);
}

bool proxy_alias_read(const struct config_server *server, struct str body, struct arena *arena, struct str *ret) {
  json_t *root = json_doc_read(body);
  struct str id = str_of(json_string_value(json_object_get(root, "id")));
  bool good = id.n > 0 && id.n <= ID_MAX;
  for (size_t i = 0; good && i < id.n; i++)
    good = id.p[i] == '-' || id.p[i] == '_' || (id.p[i] >= '0' && id.p[i] <= '9') || (id.p[i] >= 'A' && id.p[i] <= 'Z') ||
           (id.p[i] >= 'a' && id.p[i] <= 'z');
  if (good) *ret = arena_printf(arena, "%.*s/%.*s", STR_ARG(proxy_alias_path(server, arena)), STR_ARG(id));
  json_decref(root);
  return good;
}

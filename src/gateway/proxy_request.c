#include "gateway/proxy_request.h"

#include "crypt/random.h"
#include "dhis2/judge.h"
#include "gateway/policy.h"
#include "http/url.h"

int proxy_target_of(const struct config_server *server, struct arena *arena, struct str method, struct str target, struct proxy_target *ret,
                    struct error *error) {
  struct url_target canonical;
  if (!target.n)
    target = STR("/");
  else if (target.p[0] == '?')
    target = arena_concat(arena, STR("/"), target);
  if (url_target_parse(arena, target, &canonical, error) < 0 || policy_check(server, arena, method, canonical.decoded, error) < 0)
    return -1;
  ret->path = canonical.decoded;
  ret->sent = arena_concat(arena, config_server_folder(server), canonical.path, canonical.query.p ? STR("?") : STR_NONE, canonical.query);
  ret->cookie_path = str_slice(ret->sent, 0, ret->sent.n - (canonical.query.p ? canonical.query.n + 1 : 0));
  ret->api = server->type == CONFIG_DHIS2 && dhis2_is_api(canonical.decoded);
  return 0;
}

/* --- Via --- */

struct str proxy_via_name(struct str public_url, struct arena *arena) {
  unsigned char hash[HASH_SIZE];
  hash_sha256(public_url, hash);
  return arena_printf(arena, "drawbridge-%02x%02x%02x%02x%02x", hash[0], hash[1], hash[2], hash[3], hash[4]);
}

/* "1.1 name (comment), 1.0 name" */
bool proxy_via_lists(const struct http_headers *headers, struct str name) {
  for (size_t i = 0; i < headers->n; i++) {
    struct str rest = headers->p[i].value;
    if (headers->p[i].field != FIELD_VIA) continue;
    while (rest.p) {
      struct str hop = str_trim(str_take(&rest, ','));
      (void)str_take(&hop, ' ');
      struct str by = str_trim(hop);
      by = str_trim(str_take(&by, ' '));
      if (str_eq_nocase(by, name)) return true;
    }
  }
  return false;
}

static void add_via(struct str name, const struct http_headers *from, struct arena *arena, struct http_headers *to) {
  for (size_t i = 0; i < from->n; i++)
    if (from->p[i].field == FIELD_VIA) http_field_add(to, arena, FIELD_VIA, from->p[i].value);
  http_field_add(to, arena, FIELD_VIA, arena_concat(arena, STR("1.1 "), name));
}

/* --- headers --- */

enum { MANY = 1, ONCE = 2 /* two of them would be read in two ways */ };

static const unsigned char allowed[FIELD_COUNT] = {
    [FIELD_ACCEPT] = MANY,
    [FIELD_ACCEPT_LANGUAGE] = MANY,
    [FIELD_CACHE_CONTROL] = MANY,
    [FIELD_CONTENT_DISPOSITION] = ONCE,
    [FIELD_CONTENT_ENCODING] = ONCE, /* DHIS2 reads gzip */
    [FIELD_CONTENT_LANGUAGE] = MANY,
    [FIELD_CONTENT_TYPE] = ONCE,
    [FIELD_IF_MATCH] = MANY,
    [FIELD_IF_MODIFIED_SINCE] = ONCE,
    [FIELD_IF_NONE_MATCH] = MANY,
    [FIELD_IF_RANGE] = ONCE,
    [FIELD_IF_UNMODIFIED_SINCE] = ONCE,
    [FIELD_PRAGMA] = MANY,
    [FIELD_PREFER] = MANY,
    [FIELD_RANGE] = ONCE,
};

/* What Connection names is for this hop alone (RFC 9110 section 7.6.1). */
static bool is_for_this_hop(const struct http_headers *headers, struct str name) {
  for (size_t i = 0; i < headers->n; i++) {
    struct str rest = headers->p[i].value;
    if (headers->p[i].field != FIELD_CONNECTION) continue;
    while (rest.p)
      if (str_eq_nocase(str_trim(str_take(&rest, ',')), name)) return true;
  }
  return false;
}

static int add_allowed(const struct http_headers *from, struct arena *arena, struct http_headers *to, struct error *error) {
  for (size_t i = 0; i < from->n; i++) {
    enum http_field field = from->p[i].field;
    struct str name = http_field_name(field);
    if (!allowed[field] || is_for_this_hop(from, name)) continue;
    if (allowed[field] == ONCE && http_field_count(to, field))
      return error_set(error, ERROR_bad_request, "the header %.*s is there twice", STR_ARG(name));
    http_field_add(to, arena, field, from->p[i].value);
  }
  return 0;
}

static void add_coding(const struct http_headers *from, const struct config_server *server, const struct proxy_target *target,
                       struct arena *arena, struct http_headers *to) {
  struct str coding;
  bool links = target->api || server->type != CONFIG_DHIS2;
  if (links || !http_field_get(from, FIELD_ACCEPT_ENCODING, &coding)) coding = STR("identity");
  http_field_add(to, arena, FIELD_ACCEPT_ENCODING, coding);
}

int proxy_request_headers(struct str via, const struct config_server *server, const struct http_request *request,
                          const struct proxy_target *target, struct str id, const struct trace *trace, struct arena *arena,
                          struct http_headers *ret, struct error *error) {
  if (add_allowed(&request->headers, arena, ret, error) < 0) return -1;
  add_coding(&request->headers, server, target, arena, ret);
  add_via(via, &request->headers, arena, ret);
  http_field_add(ret, arena, FIELD_X_REQUESTED_WITH, STR("XMLHttpRequest"));
  http_field_add(ret, arena, FIELD_USER_AGENT, STR("drawbridge"));
  http_headers_add(ret, arena, STR("X-Request-ID"), id);
  if (trace && trace->span[0]) {
    char text[TRACE_PARENT_LETTERS + 1];
    http_field_add(ret, arena, FIELD_TRACEPARENT, arena_str(arena, (struct str){trace_parent(trace, text), TRACE_PARENT_LETTERS}));
    if (trace->state.n) http_field_add(ret, arena, FIELD_TRACESTATE, trace->state);
  }
  return 0;
}

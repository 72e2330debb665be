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
    if (!str_eq_nocase(headers->p[i].name, STR("via"))) continue;
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
    if (str_eq_nocase(from->p[i].name, STR("via"))) http_headers_add(to, arena, STR("Via"), from->p[i].value);
  http_headers_add(to, arena, STR("Via"), arena_concat(arena, STR("1.1 "), name));
}

/* --- headers --- */

struct allowed {
  struct str name;
  bool once; /* two of them would be read in two ways */
};

static const struct allowed allowed[] = {
    {{"Accept", 6}, false},
    {{"Accept-Language", 15}, false},
    {{"Cache-Control", 13}, false},
    {{"Content-Disposition", 19}, true},
    {{"Content-Encoding", 16}, true}, /* DHIS2 reads gzip */
    {{"Content-Language", 16}, false},
    {{"Content-Type", 12}, true},
    {{"If-Match", 8}, false},
    {{"If-Modified-Since", 17}, true},
    {{"If-None-Match", 13}, false},
    {{"If-Range", 8}, true},
    {{"If-Unmodified-Since", 19}, true},
    {{"Pragma", 6}, false},
    {{"Prefer", 6}, false},
    {{"Range", 5}, true},
};

static const struct allowed *allowed_of(struct str name) {
  for (size_t i = 0; i < sizeof allowed / sizeof *allowed; i++)
    if (str_eq_nocase(allowed[i].name, name)) return &allowed[i];
  return NULL;
}

/* What Connection names is for this hop alone (RFC 9110 section 7.6.1). */
static bool is_for_this_hop(const struct http_headers *headers, struct str name) {
  for (size_t i = 0; i < headers->n; i++) {
    struct str rest = headers->p[i].value;
    if (!str_eq_nocase(headers->p[i].name, STR("connection"))) continue;
    while (rest.p)
      if (str_eq_nocase(str_trim(str_take(&rest, ',')), name)) return true;
  }
  return false;
}

static int add_allowed(const struct http_headers *from, struct arena *arena, struct http_headers *to, struct error *error) {
  for (size_t i = 0; i < from->n; i++) {
    const struct allowed *row = allowed_of(from->p[i].name);
    if (!row || is_for_this_hop(from, row->name)) continue;
    if (row->once && http_headers_count(to, row->name))
      return error_set(error, ERROR_bad_request, "the header %.*s is there twice", STR_ARG(row->name));
    http_headers_add(to, arena, row->name, from->p[i].value);
  }
  return 0;
}

static void add_coding(const struct http_headers *from, const struct config_server *server, const struct proxy_target *target,
                       struct arena *arena, struct http_headers *to) {
  struct str coding;
  bool links = target->api || server->type != CONFIG_DHIS2;
  if (links || !http_headers_get(from, STR("Accept-Encoding"), &coding)) coding = STR("identity");
  http_headers_add(to, arena, STR("Accept-Encoding"), coding);
}

int proxy_request_headers(struct str via, const struct config_server *server, const struct http_request *request,
                          const struct proxy_target *target, struct str id, struct arena *arena, struct http_headers *ret,
                          struct error *error) {
  if (add_allowed(&request->headers, arena, ret, error) < 0) return -1;
  add_coding(&request->headers, server, target, arena, ret);
  add_via(via, &request->headers, arena, ret);
  http_headers_add(ret, arena, STR("X-Requested-With"), STR("XMLHttpRequest"));
  http_headers_add(ret, arena, STR("User-Agent"), STR("drawbridge"));
  http_headers_add(ret, arena, STR("X-Request-ID"), id);
  return 0;
}

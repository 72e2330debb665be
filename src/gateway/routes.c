#include "gateway/routes.h"

#include "gateway/reply.h"
#include "gateway/visit.h"
#include "http/url.h"

static const struct route {
  const char *method, *pattern; /* url_path_matches */
  route_run *run;
} table[] = {
    {"GET", "/v1/session", session_get},
    {"DELETE", "/v1/session", session_delete},
    {"POST", "/v1/probe", session_probe},
    {"DELETE", "/v1/vault", vault_delete},
    {"DELETE", "/v1/vault/{}", vault_delete},
    {"GET", "/v1/servers", servers_list},
    {"POST", "/v1/servers/{}/connection", connection_create},
    {"DELETE", "/v1/servers/{}/connection", connection_delete},
    {"GET", "/v1/servers/{}/authorize", authorize},
    {"GET", "/v1/servers/{}/doctor", doctor},
    {"GET", "/v1/callback/{}", callback},
    {"POST", "/v1/handoff", handoff},
    {"POST", "/v1/backchannel-logout/{}", backchannel_logout},
};

static void answer_proxied(struct gateway *gateway, struct http_exchange *exchange) {
  const struct http_request *request = http_exchange_request(exchange);
  struct str rest = str_from(request->target, 2), id = STR_NONE;
  visit_of(exchange)->route = "/s/{}";
  if (rest.n && rest.p[0] == '/') {
    rest = str_from(rest, 1);
    size_t end = 0;
    while (end < rest.n && rest.p[end] != '/' && rest.p[end] != '?') end++;
    id = str_slice(rest, 0, end);
    rest = str_from(rest, end);
  }
  proxied(gateway, exchange, id, rest);
}

/* A HEAD is a GET without its body. */
static bool is_method(const char *wanted, struct str method) {
  return str_eq(method, str_of(wanted)) || (str_eq(method, STR("HEAD")) && strcmp(wanted, "GET") == 0);
}

bool routes_answer(struct gateway *gateway, struct http_exchange *exchange) {
  const struct http_request *request = http_exchange_request(exchange);
  struct visit *visit = visit_of(exchange);
  struct str allow = STR_NONE; /* what the address takes */
  if (visit->asking.place == ASKING_PROXIED) {
    answer_proxied(gateway, exchange);
    return true;
  }
  for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
    struct str id = STR_NONE;
    if (!url_path_matches(table[i].pattern, request->path, &id, 1)) continue;
    visit->route = table[i].pattern;
    bool sign_in = visit->asking.place == ASKING_SIGN_IN; /* HEAD would begin a sign-in that nobody sees */
    bool with_head = strcmp(table[i].method, "GET") == 0 && !sign_in;
    allow = reply_allow(allow, str_of(table[i].method), with_head, http_exchange_arena(exchange));
    if ((sign_in && str_eq(request->method, STR("HEAD"))) || !is_method(table[i].method, request->method)) continue;
    table[i].run(gateway, exchange, id);
    return true;
  }
  if (!allow.n) return false;
  gateway_refuse_method(gateway, exchange, allow);
  return true;
}

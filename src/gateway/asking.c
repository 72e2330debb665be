#include "gateway/asking.h"

#include "gateway/hosted.h"
#include "gateway/reply.h"
#include "gateway/site.h"
#include "http/url.h"
#include "net/address.h"

bool asking_by_proxy(const struct config *config, struct str peer) {
  struct sockaddr_storage address;
  struct cidr range;
  if (!address_parse(peer, &address)) return false;
  for (size_t i = 0; i < config->trusted_proxies.n; i++)
    if (cidr_parse(config->trusted_proxies.p[i], &range) && cidr_has(&range, (struct sockaddr *)&address)) return true;
  return false;
}

/* The last text behind a comma. */
static struct str last_of(struct str *list) {
  size_t comma = str_find_last_char(*list, ',');
  struct str last = comma == SIZE_MAX ? *list : str_from(*list, comma + 1);
  *list = comma == SIZE_MAX ? STR_NONE : str_slice(*list, 0, comma);
  return str_trim(last);
}

/* Each proxy appends whom it saw: the last address that is no proxy of ours is the browser's. */
static struct str believed_peer(const struct config *config, const struct http_request *request, struct str peer) {
  struct str list = http_field_value(&request->headers, FIELD_X_FORWARDED_FOR);
  struct sockaddr_storage address;
  while (list.p && asking_by_proxy(config, peer)) {
    struct str before = last_of(&list);
    if (!address_parse(before, &address)) break;
    peer = before;
  }
  return peer;
}

static bool is_our_host(const struct config *config, struct arena *arena, struct str host) {
  struct url url;
  struct error error;
  size_t colon = str_find_char(config->public_origin, ':');
  if (!host.n || colon == SIZE_MAX) return false;
  if (str_eq(host, str_from(config->public_origin, colon + 3))) return true; /* as nearly every browser writes it */
  error_clear(&error);
  struct str text = arena_concat(arena, str_slice(config->public_origin, 0, colon), STR("://"), host, STR("/"));
  return url_parse(arena, text, &url, &error) == 0 && str_eq(url.path, STR("/")) && str_eq(url_origin(arena, &url), config->public_origin);
}

/* *ret_hosted: the host is that of an app which is served here; NULL: it is drawbridge's own. */
static int check_host(const struct config *config, const struct http_request *request, struct str peer, struct arena *arena,
                      const struct config_app **ret_hosted, struct error *error) {
  *ret_hosted = NULL;
  if (is_our_host(config, arena, request->host)) return 0;
  struct str list = http_field_value(&request->headers, FIELD_X_FORWARDED_HOST), forwarded = STR_NONE;
  if (list.n && asking_by_proxy(config, peer)) forwarded = last_of(&list);
  if (forwarded.n && is_our_host(config, arena, forwarded)) return 0;
  *ret_hosted = hosted_at(config, request->host);
  if (!*ret_hosted && forwarded.n) *ret_hosted = hosted_at(config, forwarded);
  if (*ret_hosted) return 0;
  return error_set(error, ERROR_wrong_host, "this host is not served here: use %.*s", STR_ARG(config->public_url));
}

static enum asking_place place_of(struct str path) {
  if (str_eq(path, STR("/s")) || str_starts(path, STR("/s/"))) return ASKING_PROXIED;
  if (!str_starts(path, STR("/v1/")) && !str_eq(path, STR("/v1"))) return ASKING_PAGE;
  if (str_starts(path, STR("/v1/callback/"))) return ASKING_SIGN_IN;
  if (str_starts(path, STR("/v1/backchannel-logout/"))) return ASKING_PROVIDER;
  return str_starts(path, STR("/v1/servers/")) && str_ends(path, STR("/authorize")) ? ASKING_SIGN_IN : ASKING_API;
}

static bool is_read(const struct http_request *request) {
  return str_eq(request->method, STR("GET")) || str_eq(request->method, STR("HEAD"));
}

/* Browsers say so since 2020 (Safari since 2023). Where nothing is said, a reading without Origin that takes a page counts; for the two addresses that are nothing else, one that takes anything. */
static bool is_navigation(const struct http_request *request, enum asking_place place) {
  struct str mode = http_field_value(&request->headers, FIELD_SEC_FETCH_MODE), accept = http_field_value(&request->headers, FIELD_ACCEPT),
             destination = http_field_value(&request->headers, FIELD_SEC_FETCH_DEST);
  if (!is_read(request)) return false;
  if (mode.n) return str_eq(mode, STR("navigate")) && (!destination.n || str_eq(destination, STR("document")));
  if (http_field_value(&request->headers, FIELD_X_DRAWBRIDGE).p || http_field_value(&request->headers, FIELD_ORIGIN).p ||
      http_field_value(&request->headers, FIELD_X_REQUESTED_WITH).p)
    return false;
  return str_has(accept, STR("text/html")) || (place == ASKING_SIGN_IN && (!accept.n || str_has(accept, STR("*/*"))));
}

/* Without a cookie: what stands for it. */
static int read_handle(const struct http_request *request, const struct config_app *app, struct asking *ret, struct error *error) {
  static const struct str session = STR("X-Drawbridge-Session"), proof = STR("X-Drawbridge-Proof");
  if (http_headers_count(&request->headers, session) > 1 || http_headers_count(&request->headers, proof) > 1)
    return error_set(error, ERROR_bad_request, "there are two sessions or two proofs");
  struct str sent = http_headers_value(&request->headers, proof);
  if (app->mode == CONFIG_MODE_AUTO && sent.n && ret->mode != CONFIG_MODE_SAME_ORIGIN) ret->mode = CONFIG_MODE_HANDLE;
  if (ret->mode != CONFIG_MODE_HANDLE) return 0;
  ret->proof = sent;
  ret->handle = http_headers_value(&request->headers, session);
  return 0;
}

static int read_origin(const struct config *config, const struct http_request *request, struct arena *arena, struct asking *ret,
                       struct error *error) {
  struct str sent = http_field_value(&request->headers, FIELD_ORIGIN);
  ret->mode = CONFIG_MODE_SAME_ORIGIN;
  if (http_field_count(&request->headers, FIELD_ORIGIN) > 1) return error_set(error, ERROR_bad_request, "there are two Origin headers");
  if (!sent.p) return 0;
  if (str_eq(sent, config->public_origin)) {
    ret->origin = config->public_origin;
    return 0;
  }
  const struct config_app *app = config_app_of_origin(config, sent);
  if (!app)
    return error_set(error, ERROR_cross_site, "the origin %.*s is not listed: add it under 'apps' in the configuration",
                     STR_ARG(str_slice(sent, 0, 200)));
  ret->app = app;
  for (size_t i = 0; i < app->origins.n; i++)
    if (str_eq(app->origins.p[i], sent)) ret->origin = app->origins.p[i];
  ret->mode = site_mode(config, arena, app, ret->origin);
  return read_handle(request, app, ret, error);
}

/* An image, or a download that a person opened in an app that is hosted here: a page cannot send the Referer of another origin. */
static void read_referrer(const struct config *config, const struct http_request *request, struct arena *arena, struct asking *ret) {
  struct url url;
  struct error ignored = {0};
  struct str sent = http_field_value(&request->headers, FIELD_REFERER);
  if (ret->place != ASKING_PROXIED || ret->origin.n || !sent.n || !is_read(request) ||
      !str_eq(http_field_value(&request->headers, FIELD_SEC_FETCH_SITE), STR("same-site")) || url_parse(arena, sent, &url, &ignored))
    return;
  struct str origin = url_origin(arena, &url);
  const struct config_app *app = config_app_of_origin(config, origin);
  if (!app || !app->hosted) return;
  ret->app = app;
  ret->origin = app->origins.p[0];
  ret->mode = site_mode(config, arena, app, ret->origin);
}

static int check_navigation(const struct http_request *request, const struct asking *asking, struct error *error) {
  struct str site = http_field_value(&request->headers, FIELD_SEC_FETCH_SITE);
  if (asking->place == ASKING_SIGN_IN || (asking->app && asking->app->hosted) || !site.n || str_eq(site, STR("same-origin")) ||
      str_eq(site, STR("none")))
    return 0;
  return error_set(error, ERROR_cross_site, "this address was opened from another site: open it from an app that is listed");
}

/* Any of these a page of another site cannot send without a preflight, or cannot make up (R-F3, R-F4). */
static bool is_proven(const struct http_request *request, const struct asking *asking) {
  if (str_eq(http_field_value(&request->headers, FIELD_X_DRAWBRIDGE), STR("1"))) return true;
  if (asking->place != ASKING_PROXIED) return false;
  return str_eq_nocase(http_field_value(&request->headers, FIELD_X_REQUESTED_WITH), STR("XMLHttpRequest")) || asking->origin.n ||
         str_eq(http_field_value(&request->headers, FIELD_SEC_FETCH_SITE), STR("same-origin"));
}

static int check_header(const struct http_request *request, const struct asking *asking, struct error *error) {
  if (asking->navigation) return check_navigation(request, asking, error);
  if (!is_proven(request, asking)) {
    if (asking->place != ASKING_PROXIED) return error_set(error, ERROR_missing_header, "send the header X-Drawbridge: 1");
    return error_set(error, ERROR_missing_header, "send the header X-Drawbridge: 1 or X-Requested-With: XMLHttpRequest");
  }
  if (asking->place == ASKING_SIGN_IN && is_read(request))
    return error_set(error, ERROR_bad_request, "this address is for the browser to open, not for a call");
  return 0;
}

int asking_read(const struct config *config, const struct http_request *request, struct str peer, struct arena *arena, struct asking *ret,
                struct error *error) {
  *ret = (struct asking){.place = place_of(request->path), .mode = CONFIG_MODE_SAME_ORIGIN, .peer = believed_peer(config, request, peer)};
  ret->navigation = is_navigation(request, ret->place);
  if (check_host(config, request, peer, arena, &ret->app, error)) return -1;
  if (ret->app) ret->place = ASKING_HOSTED;
  if (ret->place == ASKING_PAGE || ret->place == ASKING_PROVIDER || ret->place == ASKING_HOSTED) return 0;
  if (read_origin(config, request, arena, ret, error)) return -1;
  read_referrer(config, request, arena, ret);
  ret->preflight = str_eq(request->method, STR("OPTIONS")) && ret->origin.n &&
                   http_headers_value(&request->headers, STR("Access-Control-Request-Method")).p;
  if (ret->preflight) return 0; /* what is refused is told to the call itself */
  if (ret->place != ASKING_SIGN_IN && hosted_check_reach(ret->app, request->path, error)) return -1;
  return check_header(request, ret, error);
}

static void allow_origin(const struct asking *asking, struct arena *arena, struct http_headers *headers) {
  http_headers_add(headers, arena, STR("Access-Control-Allow-Origin"), asking->origin);
  http_headers_add(headers, arena, STR("Access-Control-Allow-Credentials"), STR("true"));
}

static void add_vary(struct arena *arena, struct http_headers *headers) {
  struct str vary = STR_NONE;
  if (!http_field_get(headers, FIELD_VARY, &vary))
    http_field_add(headers, arena, FIELD_VARY, STR("Origin"));
  else if (!str_has(arena_lower(arena, vary), STR("origin")))
    http_field_set(headers, arena, FIELD_VARY, arena_concat(arena, vary, STR(", Origin")));
}

void asking_preflight(const struct asking *asking, struct arena *arena, struct http_headers *headers) {
  allow_origin(asking, arena, headers);
  http_headers_add(headers, arena, STR("Access-Control-Allow-Methods"), STR("GET, HEAD, POST, PUT, PATCH, DELETE"));
  http_headers_add(headers, arena, STR("Access-Control-Allow-Headers"),
                   STR("accept, accept-language, authorization, cache-control, content-disposition, content-type, idempotency-key, "
                       "if-match, if-modified-since, if-none-match, last-event-id, prefer, range, traceparent, tracestate, "
                       "x-drawbridge, x-drawbridge-proof, x-drawbridge-session, x-requested-with"));
  http_headers_add(headers, arena, STR("Access-Control-Max-Age"), STR("7200"));
  http_field_add(headers, arena, FIELD_VARY, STR("Origin, Access-Control-Request-Method, Access-Control-Request-Headers"));
}

void asking_headers(const struct config *config, const struct asking *asking, struct arena *arena, struct http_headers *headers) {
  struct str present;
  if (asking->origin.n) {
    allow_origin(asking, arena, headers);
    http_headers_add(headers, arena, STR("Access-Control-Expose-Headers"),
                     STR("Content-Disposition, Content-Range, Drawbridge-Warnings, ETag, Last-Modified, Link, Location, Retry-After, "
                         "X-Drawbridge-Error, "
                         "X-Drawbridge-Nonce, X-Drawbridge-Session, X-Request-Id"));
  }
  add_vary(arena, headers);
  if (!http_field_get(headers, FIELD_CACHE_CONTROL, &present)) http_field_add(headers, arena, FIELD_CACHE_CONTROL, STR("no-store"));
  http_field_set(headers, arena, FIELD_X_CONTENT_TYPE_OPTIONS, STR("nosniff"));
  http_field_set(headers, arena, FIELD_REFERRER_POLICY, STR("no-referrer"));
  struct str embed = site_is_apart(asking->mode)             ? STR("cross-origin")
                     : asking->mode == CONFIG_MODE_SAME_SITE ? STR("same-site")
                                                             : STR("same-origin");
  http_field_set(headers, arena, FIELD_CROSS_ORIGIN_RESOURCE_POLICY, embed);
  reply_stay_with_https(config->https, headers, arena);
}

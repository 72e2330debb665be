#include "gateway/config_check.h"

#include "gateway/policy.h"
#include "http/url.h"
#include "net/address.h"
#include "net/tls.h"
#include "oauth/jws.h"
#include "store/store.h"
#include <limits.h>
#include <sys/stat.h>

enum { TEXT_MAX = 1024, SECRET_MIN = 8 };

static const char *say(struct arena *arena, const char *format, ...) __attribute__((format(printf, 2, 3)));
static const char *say(struct arena *arena, const char *format, ...) {
  va_list args;
  va_start(args, format);
  struct str text = arena_vprintf(arena, format, args);
  va_end(args);
  return text.p;
}

static const char *check_id(struct arena *arena, struct str text) {
  bool good = text.n >= 1 && text.n <= 32;
  for (size_t i = 0; good && i < text.n; i++)
    good = (text.p[i] >= 'a' && text.p[i] <= 'z') || (text.p[i] >= '0' && text.p[i] <= '9') || text.p[i] == '-';
  return good ? NULL : say(arena, "'%.*s' is no id: 1 to 32 small letters, digits and hyphens", STR_ARG(str_slice(text, 0, 60)));
}

static const char *check_url(struct arena *arena, struct str text, bool may_query, struct str *ret) {
  struct url url;
  struct error error = {0};
  if (url_parse(arena, text, &url, &error)) return say(arena, "%s", error.message);
  if (url.fragment.p || (url.query.p && !may_query)) return "an address without '?' or '#' is wanted here";
  *ret = url_text(arena, &url);
  while (!may_query && ret->n && ret->p[ret->n - 1] == '/') ret->n--;
  return NULL;
}

static const char *check_issuer(struct arena *arena, struct str text) {
  struct str unused;
  return check_url(arena, text, false, &unused);
}

static const char *check_path(struct arena *arena, struct str text) {
  struct url_target unused;
  struct error error = {0};
  return url_target_parse(arena, text, &unused, &error) ? say(arena, "%s", error.message) : NULL;
}

/* What the proxied path sets itself, or what frames a message, is no place for a key. */
static const char *check_header(struct arena *arena, struct str text) {
  static const char *const taken[] = {"Host",       "Connection", "Content-Length",  "Transfer-Encoding", "Cookie",  "Via",
                                      "User-Agent", "Accept",     "Accept-Encoding", "Content-Type",      "Upgrade", "TE",
                                      "Expect",     "Origin",     "X-Request-ID",    "X-Requested-With"};
  for (size_t i = 0; i < sizeof taken / sizeof *taken; i++)
    if (str_eq_nocase(text, str_of(taken[i])))
      return say(arena, "'%.*s' is a header of its own meaning: a key cannot go there", STR_ARG(text));
  for (size_t i = 0; i < text.n; i++) {
    char c = text.p[i];
    if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-'))
      return "the name of a header is letters, digits and hyphens";
  }
  return NULL;
}

static const char *check_origin(struct arena *arena, struct str text, struct str *ret) {
  struct url url;
  struct error error = {0};
  if (url_parse(arena, text, &url, &error)) return say(arena, "%s", error.message);
  struct str origin = url_origin(arena, &url);
  if (!str_eq(origin, text)) return say(arena, "'%.*s' is no origin: write '%.*s'", STR_ARG(str_slice(text, 0, 200)), STR_ARG(origin));
  *ret = origin;
  return NULL;
}

static const char *check_listen(struct arena *arena, struct str text) {
  struct sockaddr_storage address;
  uint64_t port;
  size_t colon = str_find_last_char(text, ':');
  if (colon == SIZE_MAX || !str_to_u64(str_from(text, colon + 1), &port) || port > 65535 ||
      !address_parse(str_slice(text, 0, colon), &address))
    return say(arena, "'%.*s' is no address to listen on: write it like 127.0.0.1:8080 or [::1]:8080", STR_ARG(str_slice(text, 0, 100)));
  return NULL;
}

static const char *check_method(struct arena *arena, struct str text) {
  static const char *const known[] = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"};
  for (size_t i = 0; i < sizeof known / sizeof *known; i++)
    if (str_eq(text, str_of(known[i]))) return NULL;
  return say(arena, "'%.*s' is no method that can be passed on: GET, POST, PUT, PATCH, DELETE", STR_ARG(str_slice(text, 0, 40)));
}

/* A password belongs into a file that nobody else can read, not into the configuration. */
static bool has_password(struct str rest) {
  struct str authority = str_slice(rest, 0, str_find_char(rest, '/')), query = str_from(rest, str_find_char(rest, '?'));
  size_t at = str_find_last_char(authority, '@');
  return (at != SIZE_MAX && str_find_char(str_slice(authority, 0, at), ':') != SIZE_MAX) || str_find(query, STR("password=")) != SIZE_MAX;
}

static const char *check_store(struct str text, struct str *ret) {
  static const struct str postgresql = {"postgresql://", 13};
  *ret = text;
  if (str_starts(text, STR("sqlite:/"))) return NULL;
  if (!str_starts(text, postgresql))
    return "the store is written like sqlite:/var/lib/drawbridge/state.db, or like "
           "postgresql://user@host/database?passfile=/etc/drawbridge/pgpass";
  return has_password(str_from(text, postgresql.n)) ? "a password does not belong here: write it into a file that only drawbridge can "
                                                      "read, one line host:port:database:user:password, "
                                                      "and name that with ?passfile=/etc/drawbridge/pgpass"
                                                    : NULL;
}

const char *config_check_text(struct arena *arena, const struct directive *directive, enum directive_item item, struct str text,
                              struct str *ret) {
  size_t max = directive->max && directive->kind <= DIRECTIVE_STORE ? (size_t)directive->max : TEXT_MAX;
  struct cidr range;
  *ret = text;
  if (!text.n) return "it is empty";
  if (text.n > max) return say(arena, "it is longer than %zu bytes", max);
  for (size_t i = 0; i < text.n; i++)
    if ((unsigned char)text.p[i] < 0x20 || text.p[i] == 0x7f) return "it holds a control character";
  switch (directive->kind) {
  case DIRECTIVE_ID: return check_id(arena, text);
  case DIRECTIVE_URL: return check_url(arena, text, false, ret);
  case DIRECTIVE_ISSUER: return check_issuer(arena, text);
  case DIRECTIVE_PATH: return check_path(arena, text);
  case DIRECTIVE_HEADER: return check_header(arena, text);
  case DIRECTIVE_LISTEN: return check_listen(arena, text);
  case DIRECTIVE_STORE: return check_store(text, ret);
  case DIRECTIVE_TEXTS: break;
  default: return NULL;
  }
  switch (item) {
  case ITEM_ORIGIN: return check_origin(arena, text, ret);
  case ITEM_URL: return check_url(arena, text, true, ret);
  case ITEM_LISTEN: return check_listen(arena, text);
  case ITEM_METHOD: return check_method(arena, text);
  case ITEM_RANGE:
    return cidr_parse(text, &range)
               ? NULL
               : say(arena, "'%.*s' is no range: write it like 10.0.0.0/8 or fd00::/8", STR_ARG(str_slice(text, 0, 60)));
  case ITEM_PATTERN:
    return policy_pattern_valid(text) ? NULL
                                      : say(arena,
                                            "'%.*s' is no pattern: '/', segments with '*', '**' only as the last one; without a version "
                                            "and .json, which are read away before",
                                            STR_ARG(str_slice(text, 0, 100)));
  default: return NULL;
  }
}

const char *config_check_secret(struct str secret) {
  static const char *const placeholders[] = {"changeme", "change-me",   "change_me",  "secret", "password",   "placeholder",
                                             "example",  "your-secret", "yoursecret", "todo",   "drawbridge", "district"};
  if (secret.n < SECRET_MIN) return "the secret has fewer than 8 characters";
  bool same = true;
  for (size_t i = 1; i < secret.n; i++) same = same && secret.p[i] == secret.p[0];
  if (same || secret.p[0] == '<' || secret.p[0] == '$') return "the secret is a placeholder: put the real one there";
  for (size_t i = 0; i < sizeof placeholders / sizeof *placeholders; i++)
    if (str_eq_nocase(secret, str_of(placeholders[i]))) return "the secret is a placeholder: put the real one there";
  return NULL;
}

struct whole {
  struct arena *arena;
  const struct config *config;
  const char *file; /* that it was read from */
  config_report *report;
  void *payload;
};

/* The name that leads to this machine wherever it is resolved (RFC 6761), or an address that does. */
static bool is_this_machine(struct str host) {
  struct sockaddr_storage socket;
  return str_eq(host, STR("localhost")) || (address_parse(host, &socket) && address_loopback((struct sockaddr *)&socket));
}

/* What only one of the two types has. */
static void check_type(const struct whole *w, const struct config_server *server) {
  bool http = server->type == CONFIG_HTTP;
  struct url url;
  struct error error = {0};
  int64_t foreign = server->sign_in & ~(int64_t)(http ? CONFIG_HTTP_KINDS : CONFIG_ALL_BUT_BASIC | CONFIG_BASIC);
  if (foreign)
    w->report(w->payload, server->id, "sign_in",
              http ? "a server of type http has no sign-in but oauth, bearer, api-key, basic"
                   : "only a server of type http has the sign-ins bearer and api-key");
  if (http && (server->sign_in & CONFIG_API_KEY) && !server->api_key.header.n)
    w->report(w->payload, server->id, "sign_in", "sign_in lists api-key, and 'api_key' does not say which header it goes into");
  if (http && server->home) w->report(w->payload, server->id, "home", "only a DHIS2 server can be the home");
  if (!http && (server->api_key.header.n || server->check.n || server->oauth.issuer.n || server->oauth.origins.n ||
                server->oauth.resource.n || server->oauth.dpop))
    w->report(w->payload, server->id, "type",
              "'api_key', 'check', and 'issuer', 'origins', 'resource' and 'dpop' of 'oauth' are for servers of type http");
  if (server->oauth.issuer.n && url_parse(w->arena, server->oauth.issuer, &url, &error) == 0 && str_eq(url.scheme, STR("http")) &&
      !server->insecure && !is_this_machine(url.host))
    w->report(w->payload, server->id, "oauth",
              "the issuer is http: tokens would travel in clear: use https:, or 'insecure: true' if you accept that");
}

/* What would only fail at the first call: a file that is no certificate, a key that cannot sign. */
static void check_material(const struct whole *w, const struct config_server *server) {
  struct error error = {0};
  struct str ignored;
  struct tls_context *authority = server->ca.n ? tls_context_client(server->ca, &error) : NULL;
  if (server->ca.n && !authority) w->report(w->payload, server->id, "ca", say(w->arena, "'ca': %s", error.message));
  tls_context_free(authority);
  if (server->oauth.private_key && !jws_sign(server->oauth.private_key, STR("\"typ\":\"JWT\""), STR("{}"), w->arena, &ignored))
    w->report(w->payload, server->id, "oauth",
              "'private_key' cannot sign: PEM without a password is wanted, RSA of 2048 bits or more, or EC on P-256");
}

/* An address that reports or credentials go to. */
static void check_place(const struct whole *w, struct str id, struct str address, const struct config_texts *allowed, bool insecure) {
  struct url url;
  struct error error = {0};
  struct sockaddr_storage socket;
  if (url_parse(w->arena, address, &url, &error)) return;
  if (address_parse(url.host, &socket) && !address_allowed((struct sockaddr *)&socket, allowed->p, allowed->n))
    w->report(w->payload, id, "url",
              say(w->arena, "the address %.*s is private: list it under 'addresses' to allow it", STR_ARG(url.host)));
  if (str_eq(url.scheme, STR("http")) && !is_this_machine(url.host) && !insecure)
    w->report(w->payload, id, "url", "http: would send credentials in clear: use https:, or 'insecure: true' if you accept that");
}

static void check_server(const struct whole *w, const struct config_server *server) {
  check_place(w, server->id, server->url, &server->addresses, server->insecure);
  check_type(w, server);
  check_material(w, server);
  int64_t need_client = server->sign_in & (CONFIG_OAUTH | CONFIG_LEGACY_OAUTH);
  if (server->sign_in != CONFIG_ALL_BUT_BASIC && need_client && !server->oauth.client_id.n)
    w->report(w->payload, server->id, "sign_in", "sign_in lists oauth, and there is no 'oauth:' with the client");
  if (server->oauth.client_id.n && !server->oauth.client_secret && !server->oauth.private_key)
    w->report(w->payload, server->id, "oauth", "'oauth:' needs a client_secret or a private_key");
}

static void check_app(const struct whole *w, const struct config_app *app) {
  if (!app->origins.n) w->report(w->payload, app->id, "origins", "an app needs at least one origin");
  for (size_t i = 0; i < app->return_to.n; i++) {
    struct url url;
    struct error error = {0};
    bool own = false;
    if (url_parse(w->arena, app->return_to.p[i], &url, &error)) continue;
    for (size_t k = 0; k < app->origins.n; k++) own = own || str_eq(url_origin(w->arena, &url), app->origins.p[k]);
    if (!own)
      w->report(w->payload, app->id, "return_to",
                say(w->arena, "return_to '%.*s' is on none of the app's origins", STR_ARG(app->return_to.p[i])));
  }
}

/* Where it lies, links followed; as it is said where that folder is not there. */
static struct str folder_of(struct arena *arena, struct str path) {
  char real[PATH_MAX];
  size_t slash = str_find_last_char(path, '/');
  struct str said = slash == SIZE_MAX ? STR(".") : slash == 0 ? STR("/") : str_slice(path, 0, slash);
  return realpath(arena_cstr(arena, said), real) ? arena_str(arena, str_of(real)) : said;
}

static bool lies_in(struct arena *arena, struct str folder, struct str path) {
  struct str own = folder_of(arena, path);
  return path.n && str_starts(own, folder) && (own.n == folder.n || folder.n == 1 || own.p[folder.n] == '/');
}

/* The process may remove what lies in the socket's folder and below it for as long as it runs (cmd/confine.c). */
static void check_socket(const struct whole *w) {
  struct str path = w->config->admin_socket;
  bool file_store = str_starts(w->config->store, STR("sqlite:"));
  const struct {
    const char *what;
    struct str path;
  } others[] = {{"the key ring", w->config->keys},
                {"the store", file_store ? str_from(w->config->store, 7) : STR_NONE},
                {"this file", str_of(w->file)}};
  if (path.p[0] != '/') {
    w->report(w->payload, STR_NONE, "admin_socket", "the path of 'admin_socket' begins with '/'");
    return;
  }
  struct str folder = folder_of(w->arena, path);
  const char *why = folder.n == 1 ? "'admin_socket' lies in no folder" : NULL;
  for (size_t i = 0; !why && i < sizeof others / sizeof *others; i++)
    if (lies_in(w->arena, folder, others[i].path))
      why = say(w->arena, "%s lies in the folder of 'admin_socket', or below it", others[i].what);
  if (why) w->report(w->payload, STR_NONE, "admin_socket", say(w->arena, "%s: give the socket one of its own, like /run/drawbridge", why));
}

bool config_open_to_all(struct arena *arena, struct str file) {
  struct stat info;
  return file.n && stat(arena_cstr(arena, file), &info) == 0 && info.st_mode & (S_IROTH | S_IWOTH);
}

void config_check_whole(struct arena *arena, const struct config *config, const char *file, config_report *report, void *payload) {
  struct whole w = {arena, config, file, report, payload};
  if (!config->listen.n && !config->tls_listen.n) report(payload, STR_NONE, "listen", "nothing to listen on: add 'listen' or 'tls'");
  for (size_t i = 0; config->admin_listen.n && i < config->listen.n + config->tls_listen.n; i++)
    if (str_eq(config->admin_listen, i < config->listen.n ? config->listen.p[i] : config->tls_listen.p[i - config->listen.n]))
      report(payload, STR_NONE, "admin_listen", "the public one listens there: 'admin_listen' is another address or port");
  if (config->session_idle_ms > config->session_absolute_ms)
    report(payload, STR_NONE, "session", "session.idle is longer than session.absolute");
  struct error error = {0};
  if (store_check_address(config->store, &error) < 0) report(payload, STR_NONE, "store", say(arena, "%s", error.message));
  if (config->admin_socket.n) check_socket(&w);
  if (!config->keys.n) report(payload, STR_NONE, "keys", "'keys' is missing here, and systemd passes on no credential of that name");
  if (config_open_to_all(arena, config->keys))
    report(payload, STR_NONE, "keys", say(arena, "the key ring %.*s can be read by everybody: chmod 600 it", STR_ARG(config->keys)));
  for (size_t i = 0; i < config->server_count; i++) {
    check_server(&w, &config->servers[i]);
    for (size_t k = 0; k < i; k++)
      if (str_eq(config->servers[i].id, config->servers[k].id))
        report(payload, config->servers[i].id, "id", "two servers have this id");
      else if (config->servers[i].home && config->servers[k].home)
        report(payload, config->servers[i].id, "home", "a second server with 'home: true': there is one home");
  }
  for (size_t i = 0; i < config->webhook_count; i++) {
    const struct config_webhook *webhook = &config->webhooks[i];
    check_place(&w, webhook->id, webhook->url, &webhook->addresses, webhook->insecure);
    for (size_t k = 0; k < i; k++)
      if (str_eq(webhook->id, config->webhooks[k].id)) report(payload, webhook->id, "id", "two webhooks have this id");
  }
  for (size_t i = 0; i < config->app_count; i++) {
    check_app(&w, &config->apps[i]);
    for (size_t k = 0; k < i; k++)
      if (str_eq(config->apps[i].id, config->apps[k].id)) report(payload, config->apps[i].id, "id", "two apps have this id");
  }
}

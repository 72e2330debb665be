#include "gateway/config_table.h"

#include "net/local.h"

#define AT(type, field) .offset = offsetof(struct type, field)
#define KIBI (INT64_C(1) << 10)
#define MEBI (INT64_C(1) << 20)
#define GIBI (INT64_C(1) << 30)
#define SECOND INT64_C(1000)
#define HOUR (3600 * SECOND)
#define DAY (24 * HOUR)
#define SECTION(title, type, table) \
  { title, sizeof(struct type), table, sizeof table / sizeof *table }

static const char *const modes[] = {"auto", "same-origin", "same-site", "cross-site", "handle", NULL};
static const char *const types[] = {"dhis2", "http", NULL};
static const char *const mints[] = {"auto", "never", NULL};
static const char *const levels[] = {"error", "warning", "info", "debug", NULL}; /* order of enum log_level */
static const char *const sandboxes[] = {"auto", "off", "required", NULL};        /* order of enum config_sandbox */
static const char *const traces[] = {"proxies", "all", "off", NULL};             /* order of enum config_trace */
static const char *const formats[] = {"text", "json", NULL};

static const struct directive tls_table[] = {
    {"listen", DIRECTIVE_TEXTS, AT(config, tls_listen), .example = "[0.0.0.0:443]", .restart = true, .required = true, .item = ITEM_LISTEN,
     .doc = "addresses for HTTPS (HTTP/2 and HTTP/1.1), like 0.0.0.0:443"},
    {"certificate", DIRECTIVE_FILE, AT(config, tls_certificate), .example = "/etc/drawbridge/chain.pem", .required = true,
     .doc = "PEM file with the certificate and its chain; a reload takes a new one for new connections"},
    {"key", DIRECTIVE_FILE, AT(config, tls_key), .example = "/etc/drawbridge/key.pem", .required = true,
     .doc = "PEM file with the private key; only drawbridge's user may read it"},
};

static const struct directive session_table[] = {
    {"idle", DIRECTIVE_DURATION, AT(config, session_idle_ms), .min = SECOND, .max = 30 * DAY, .fallback = "2h",
     .doc = "a session ends when it was not used for this long"},
    {"absolute", DIRECTIVE_DURATION, AT(config, session_absolute_ms), .min = SECOND, .max = 90 * DAY, .fallback = "12h",
     .doc = "a session ends this long after the first sign-in at the latest"},
    {"remember", DIRECTIVE_DURATION, AT(config, session_remember_ms), .min = SECOND, .max = 400 * DAY, .fallback = "720h",
     .doc = "a sign-in that a browser remembers ends this long after it; kept for people who are signed in at a home server"},
    {"unattended", DIRECTIVE_DURATION, AT(config, session_unattended_ms), .min = SECOND, .max = 400 * DAY, .fallback = "8784h",
     .doc = "a run that a person lets go on without them, and a schedule, may be given this much time at most"},
};

static const struct directive log_table[] = {
    {"level", DIRECTIVE_CHOICE, AT(config, log_level), .choices = levels, .fallback = "info",
     .doc = "the least important events that are logged"},
    {"audit", DIRECTIVE_FILE, AT(config, log_audit), .example = "/var/log/drawbridge/audit.log",
     .doc = "file for the audit log, begun anew at SIGHUP where it was renamed; left out, or stderr: with the other lines"},
    {"format", DIRECTIVE_CHOICE, AT(config, log_json), .choices = formats, .fallback = "json", .doc = "one JSON object a line, or text"},
};

static const struct directive limits_table[] = {
    {"head_timeout", DIRECTIVE_DURATION, AT(config, limit_head_ms), .restart = true, .min = SECOND, .max = HOUR, .fallback = "15s",
     .doc = "time for the head of a request to arrive"},
    {"head", DIRECTIVE_SIZE, AT(config, limit_head_bytes), .restart = true, .min = 4 * KIBI, .max = MEBI, .fallback = "64K",
     .doc = "bytes of a request head"},
    {"head_fields", DIRECTIVE_NUMBER, AT(config, limit_head_fields), .restart = true, .min = 16, .max = 1000, .fallback = "128",
     .doc = "fields of a request head"},
    {"target", DIRECTIVE_SIZE, AT(config, limit_target_bytes), .restart = true, .min = KIBI, .max = MEBI, .fallback = "64K",
     .doc = "bytes of a request line"},
    {"idle", DIRECTIVE_DURATION, AT(config, limit_idle_ms), .restart = true, .min = SECOND, .max = HOUR, .fallback = "60s",
     .doc = "a body that does not move for this long is cut"},
    {"sign_ins", DIRECTIVE_NUMBER, AT(config, limit_sign_ins), .min = 1, .max = 100, .fallback = "6",
     .doc = "sign-ins under way per browser"},
    {"connections", DIRECTIVE_NUMBER, AT(config, limit_connections), .min = 1, .max = 1000, .fallback = "32",
     .doc = "connections per session"},
};

static const struct directive app_table[] = {
    {"id", DIRECTIVE_ID, AT(config_app, id), .example = "align", .required = true, .doc = "a short name: small letters, digits, hyphens"},
    {"origins", DIRECTIVE_TEXTS, AT(config_app, origins), .example = "[https://align.example.org]", .required = true, .item = ITEM_ORIGIN,
     .doc = "the app's exact origins, like https://align.example.org"},
    {"return_to", DIRECTIVE_TEXTS, AT(config_app, return_to), .example = "[https://align.example.org/after-login]", .item = ITEM_URL,
     .doc = "addresses that a sign-in may come back to; on these origins"},
    {"mode", DIRECTIVE_CHOICE, AT(config_app, mode), .choices = modes, .fallback = "auto",
     .doc = "how the session is held in the browser: by a cookie, or by a key (handle) where it keeps none; auto: found out"},
    {"zip", DIRECTIVE_FILE, AT(config_app, zip), .example = "/srv/apps/line-list-1.0.0.zip",
     .doc = "a built DHIS2 app, which drawbridge then serves itself on the app's one origin"},
    {"server", DIRECTIVE_ID, AT(config_app, server), .example = "central",
     .doc = "with zip: the id of the server that the app takes for its own"},
    {"reach", DIRECTIVE_TEXTS, AT(config_app, reach), .example = "[https://tile.openstreetmap.org]", .item = ITEM_ORIGIN,
     .doc = "with zip: further origins that the app may load images, fonts and data from, like those of map tiles"},
    {"inline_styles", DIRECTIVE_BOOL, AT(config_app, inline_styles), .fallback = "false",
     .doc = "with zip: the app may write styles into its pages; needed by some older ones"},
    {"trusted", DIRECTIVE_BOOL, AT(config_app, trusted), .fallback = "false",
     .doc = "with zip: the app may call every server and drawbridge's own API, like an app of your own"},
};

static const struct directive oauth_table[] = {
    {"client_id", DIRECTIVE_TEXT, AT(config_oauth, client_id), .example = "drawbridge", .required = true, .max = 255,
     .doc = "the client as it is registered at the server"},
    {"client_secret", DIRECTIVE_SECRET, AT(config_oauth, client_secret), .example = "{file: /etc/drawbridge/central-secret}",
     .doc = "its secret, in clear"},
    {"private_key", DIRECTIVE_SECRET, AT(config_oauth, private_key), .example = "{file: /etc/drawbridge/central-key.pem}",
     .doc = "PEM key for private_key_jwt instead of a secret; one per server"},
    {"scopes", DIRECTIVE_TEXTS, AT(config_oauth, scopes), .example = "[openid, profile]", .item = ITEM_TEXT,
     .doc = "what to ask for; left out: what this kind of server needs"},
    {"issuer", DIRECTIVE_ISSUER, AT(config_oauth, issuer), .example = "https://login.example.org/realms/health",
     .doc = "servers of type http: the authorization server's issuer, byte for byte; left out: the server's url"},
    {"origins", DIRECTIVE_TEXTS, AT(config_oauth, origins), .example = "[https://tokens.example.org]", .item = ITEM_ORIGIN,
     .doc = "servers of type http: further origins that the issuer's endpoints may be on"},
    {"resource", DIRECTIVE_ISSUER, AT(config_oauth, resource), .example = "https://fhir.example.org/r4",
     .doc = "servers of type http: the API that tokens are asked for (RFC 8707)"},
    {"dpop", DIRECTIVE_BOOL, AT(config_oauth, dpop), .fallback = "false",
     .doc = "servers of type http: only tokens that are bound to a key of drawbridge's (RFC 9449)"},
};

static const struct directive api_key_table[] = {
    {"header", DIRECTIVE_HEADER, AT(config_api_key, header), .example = "X-API-Key", .required = true, .max = 64,
     .doc = "servers of type http: the header that a key goes into, like X-API-Key"},
};

static const struct directive policy_table[] = {
    {"methods", DIRECTIVE_TEXTS, AT(config_policy, methods), .example = "[GET, POST]", .item = ITEM_METHOD,
     .doc = "left out: GET, POST, PUT, PATCH, DELETE"},
    {"allow", DIRECTIVE_TEXTS, AT(config_policy, allow), .example = "[\"/api/**\"]", .item = ITEM_PATTERN,
     .doc = "paths that apps may reach; left out: /api/** and /dhis-web-commons/**, of type http: everything"},
    {"deny", DIRECTIVE_TEXTS, AT(config_policy, deny), .example = "[\"/api/users/**\"]", .item = ITEM_PATTERN,
     .doc = "paths they may not reach, beside those that are denied by default"},
};

static const struct directive server_limits_table[] = {
    {"concurrency", DIRECTIVE_NUMBER, AT(config_limits, concurrency), .min = 1, .max = 1024, .fallback = "16",
     .doc = "calls to the server at the same time"},
    {"body", DIRECTIVE_SIZE, AT(config_limits, body), .min = KIBI, .max = 64 * GIBI, .fallback = "256M",
     .doc = "bytes of one request body"},
    {"response_header_timeout", DIRECTIVE_DURATION, AT(config_limits, response_header_timeout_ms), .min = SECOND, .max = DAY,
     .fallback = "60s", .doc = "time for the server to begin its answer"},
};

static const struct section oauth_section = SECTION("oauth", config_oauth, oauth_table);
static const struct section api_key_section = SECTION("api_key", config_api_key, api_key_table);
static const struct section policy_section = SECTION("policy", config_policy, policy_table);
static const struct section server_limits_section = SECTION("limits", config_limits, server_limits_table);

static const struct directive server_table[] = {
    {"id", DIRECTIVE_ID, AT(config_server, id), .example = "central", .required = true,
     .doc = "a short name: small letters, digits, hyphens; part of /s/<id>/"},
    {"name", DIRECTIVE_TEXT, AT(config_server, name), .example = "Central HMIS", .max = 200, .doc = "what people see; left out: the id"},
    {"url", DIRECTIVE_URL, AT(config_server, url), .example = "https://dhis2.example.org/central", .required = true,
     .doc = "base address, without /api"},
    {"type", DIRECTIVE_CHOICE, AT(config_server, type), .choices = types, .fallback = "dhis2", .doc = "dhis2, or http for any other API"},
    {"sign_in", DIRECTIVE_KINDS, AT(config_server, sign_in), .example = "[oauth, pat, password]",
     .doc =
         "oauth, legacy-oauth, pat, password, basic; of type http: oauth, bearer, api-key, basic; left out: all the server has, but basic"},
    {"mint", DIRECTIVE_CHOICE, AT(config_server, mint), .choices = mints, .fallback = "auto",
     .doc = "auto: a password is exchanged at once for a short-lived personal access token, where the server has them and sign_in allows "
            "pat; never: the server's session is kept"},
    {"oauth", DIRECTIVE_SECTION, AT(config_server, oauth), .section = &oauth_section, .doc = "the client for oauth and legacy-oauth"},
    {"api_key", DIRECTIVE_SECTION, AT(config_server, api_key), .section = &api_key_section,
     .doc = "servers of type http: how a key is sent"},
    {"check", DIRECTIVE_PATH, AT(config_server, check), .example = "/metadata", .max = 1024,
     .doc = "servers of type http: a path whose GET is 2xx where a pasted token, key or password is good, like /metadata; left out: it is "
            "taken as it is"},
    {"ca", DIRECTIVE_FILE, AT(config_server, ca), .example = "/etc/drawbridge/ministry-ca.pem",
     .doc = "PEM file of the authority that signed the server's certificate; left out: the system's"},
    {"addresses", DIRECTIVE_TEXTS, AT(config_server, addresses), .example = "[10.0.0.0/8]", .item = ITEM_RANGE,
     .doc = "private ranges the server's name may resolve to, like 10.0.0.0/8"},
    {"policy", DIRECTIVE_SECTION, AT(config_server, policy), .section = &policy_section, .doc = "what apps may reach"},
    {"home", DIRECTIVE_BOOL, AT(config_server, home), .fallback = "false", .doc = "people are known by their account at this server"},
    {"insecure", DIRECTIVE_BOOL, AT(config_server, insecure), .fallback = "false",
     .doc = "allow http: to another machine; credentials then travel in clear"},
    {"limits", DIRECTIVE_SECTION, AT(config_server, limits), .section = &server_limits_section, .doc = "limits of this server"},
};

static const struct directive webhook_table[] = {
    {"id", DIRECTIVE_ID, AT(config_webhook, id), .example = "office", .required = true,
     .doc = "a short name: small letters, digits, hyphens"},
    {"url", DIRECTIVE_URL, AT(config_webhook, url), .example = "https://office.example.org/reports", .required = true,
     .doc = "where the reports of runs are sent by POST"},
    {"secret", DIRECTIVE_SECRET, AT(config_webhook, secret), .example = "{file: /etc/drawbridge/office}", .required = true,
     .doc = "what they are signed with"},
    {"ca", DIRECTIVE_FILE, AT(config_webhook, ca), .example = "/etc/drawbridge/ministry-ca.pem",
     .doc = "PEM file of the authority that signed its certificate; left out: the system's"},
    {"addresses", DIRECTIVE_TEXTS, AT(config_webhook, addresses), .example = "[10.0.0.0/8]", .item = ITEM_RANGE,
     .doc = "private ranges its name may resolve to, like 10.0.0.0/8"},
    {"insecure", DIRECTIVE_BOOL, AT(config_webhook, insecure), .fallback = "false",
     .doc = "allow http: to another machine; reports then travel in clear"},
};

static const struct directive runs_table[] = {
    {"keep", DIRECTIVE_DURATION, AT(config, runs_keep_ms), .min = HOUR, .max = 3660 * DAY, .fallback = "8784h",
     .doc = "a run that has ended is kept this long, with its report and the journal that it can be undone from"},
    {"reports", DIRECTIVE_FILE, AT(config, runs_reports), .example = "/var/lib/drawbridge/reports",
     .doc = "folder for the reports of runs that have ended, each as JSON, CSV and HTML; made where it is missing; left out: none are "
            "written"},
};

static const struct section tls_section = SECTION("tls", config, tls_table);
static const struct section session_section = SECTION("session", config, session_table);
static const struct section log_section = SECTION("log", config, log_table);
static const struct section limits_section = SECTION("limits", config, limits_table);
static const struct section runs_section = SECTION("runs", config, runs_table);
static const struct section webhook_section = SECTION("webhooks", config_webhook, webhook_table);
static const struct section app_section = SECTION("apps", config_app, app_table);
static const struct section server_section = SECTION("servers", config_server, server_table);

/* Sections with .offset 0 fill fields of struct config itself. */
static const struct directive root_table[] = {
    {"public_url", DIRECTIVE_URL, AT(config, public_url), .example = "https://gate.example.org", .required = true,
     .doc = "what browsers see; decides cookie names and redirect addresses"},
    {"listen", DIRECTIVE_TEXTS, AT(config, listen), .example = "[127.0.0.1:8080]", .restart = true, .item = ITEM_LISTEN,
     .doc = "addresses for plain HTTP (HTTP/1.1, and HTTP/2 where the client knows), like 127.0.0.1:8080"},
    {"tls", DIRECTIVE_SECTION, .section = &tls_section, .doc = "HTTPS without a web server in front"},
    {"admin_listen", DIRECTIVE_LISTEN, AT(config, admin_listen), .example = "127.0.0.1:9090", .restart = true,
     .doc = "address for /healthz /readyz /metrics; never the public one"},
    {"admin_socket", DIRECTIVE_FILE, AT(config, admin_socket), .example = "/run/drawbridge/admin.sock", .restart = true,
     .max = LOCAL_PATH_MAX,
     .doc = "UNIX socket for `drawbridge admin`, for root and drawbridge's own user alone, in a folder of its own; left out: none"},
    {"trusted_proxies", DIRECTIVE_TEXTS, AT(config, trusted_proxies), .example = "[127.0.0.1/32]", .item = ITEM_RANGE,
     .doc = "whose X-Forwarded-* are believed"},
    {"store", DIRECTIVE_STORE, AT(config, store), .example = "sqlite:/var/lib/drawbridge/store/state.db", .restart = true, .required = true,
     .doc = "sqlite:/path/to/state.db, or postgresql://user@host/database?passfile=/path for several machines (docs/replicas.md)"},
    {"keys", DIRECTIVE_FILE, AT(config, keys), .example = "/var/lib/drawbridge/keys",
     .doc = "key ring, made at first start with mode 0600; left out: the credential 'keys' of systemd"},
    {"session", DIRECTIVE_SECTION, .section = &session_section, .doc = "how long a session lives"},
    {"limits", DIRECTIVE_SECTION, .section = &limits_section, .doc = "limits of what browsers send"},
    {"apps", DIRECTIVE_SECTIONS, AT(config, apps), .count_offset = offsetof(struct config, app_count), .section = &app_section, .max = 256,
     .doc = "browser apps on other origins"},
    {"servers", DIRECTIVE_SECTIONS, AT(config, servers), .count_offset = offsetof(struct config, server_count), .section = &server_section,
     .max = 256, .doc = "the servers behind"},
    {"runs", DIRECTIVE_SECTION, .section = &runs_section, .doc = "transfers between servers"},
    {"webhooks", DIRECTIVE_SECTIONS, AT(config, webhooks), .count_offset = offsetof(struct config, webhook_count),
     .section = &webhook_section, .max = 64, .doc = "where the reports of runs may be sent"},
    {"workers", DIRECTIVE_NUMBER, AT(config, workers), .restart = true, .min = 1, .max = 64, .fallback = "1",
     .doc = "threads that serve connections, each with an event loop of its own; more than there are cores is of no use"},
    {"sandbox", DIRECTIVE_CHOICE, AT(config, sandbox), .restart = true, .choices = sandboxes, .fallback = "auto",
     .doc = "what the kernel lets the running process do: auto takes what there is of landlock and seccomp, required refuses the start "
            "where one is missing"},
    {"trace", DIRECTIVE_CHOICE, AT(config, trace), .choices = traces, .fallback = "proxies", .example = "all",
     .doc = "whose traceparent (W3C Trace Context) is continued: that of trusted_proxies, or also that of browsers; off: none is sent on"},
    {"log", DIRECTIVE_SECTION, .section = &log_section, .doc = "what is logged, to standard error"},
};

static const struct section root_section = SECTION("", config, root_table);

const struct section *config_table(void) {
  return &root_section;
}

const char *directive_bound(struct arena *arena, const struct directive *d, int64_t value) {
  if (d->kind == DIRECTIVE_DURATION)
    return arena_printf(arena, value % 3600000 ? "%llds" : "%lldh", (long long)(value / (value % 3600000 ? 1000 : 3600000))).p;
  if (d->kind == DIRECTIVE_SIZE) return arena_printf(arena, "%lldK", (long long)(value >> 10)).p;
  return arena_printf(arena, "%lld", (long long)value).p;
}

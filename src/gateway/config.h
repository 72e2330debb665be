/* config: what the administrator wrote, checked whole before anything starts (contracts: the configuration file).
 *
 * What holds always: a struct config that config_load returned is valid in itself: ids are unique and well formed, every number is in its range, origins are exact, upstream addresses are
 * allowed, secrets are read and are none of the usual placeholders. It never changes; a reload makes a new one. Texts and lists live as long as the config.
 *
 * One table (config_table.c) says of each key its type, range, default, meaning and when it is taken over; parsing, the check for unknown keys, config_restart and config_describe come from it.
 *
 * Life cycle: config_load, config_ref for each further holder, config_unref by each (NULL is fine). */
#ifndef DRAWBRIDGE_GATEWAY_CONFIG_H
#define DRAWBRIDGE_GATEWAY_CONFIG_H

#include "base/arena.h"
#include "base/error.h"
#include "base/log.h"
#include "crypt/secret.h"
#include "source/sign_in.h"

struct tls_context;
struct hosted_app;

struct config_texts {
  struct str *p;
  size_t n;
};

enum config_mode { CONFIG_MODE_AUTO, CONFIG_MODE_SAME_ORIGIN, CONFIG_MODE_SAME_SITE, CONFIG_MODE_CROSS_SITE, CONFIG_MODE_HANDLE };

/* How people sign in to a server; bits of config_server.sign_in. */
enum config_kind {
  CONFIG_OAUTH = 1 << SIGN_IN_OAUTH,
  CONFIG_LEGACY_OAUTH = 1 << SIGN_IN_LEGACY_OAUTH,
  CONFIG_PAT = 1 << SIGN_IN_PAT,
  CONFIG_PASSWORD = 1 << SIGN_IN_PASSWORD,
  CONFIG_BASIC = 1 << SIGN_IN_BASIC,
  CONFIG_BEARER = 1 << SIGN_IN_BEARER,
  CONFIG_API_KEY = 1 << SIGN_IN_API_KEY,
  CONFIG_ALL_BUT_BASIC = CONFIG_OAUTH | CONFIG_LEGACY_OAUTH | CONFIG_PAT | CONFIG_PASSWORD, /* what a server has that lists none */
  CONFIG_HTTP_KINDS = CONFIG_OAUTH | CONFIG_BASIC | CONFIG_BEARER | CONFIG_API_KEY,         /* of servers of type http */
};

enum config_mint { CONFIG_MINT_AUTO, CONFIG_MINT_NEVER };

enum config_sandbox { CONFIG_SANDBOX_AUTO, CONFIG_SANDBOX_OFF, CONFIG_SANDBOX_REQUIRED };

enum config_type { CONFIG_DHIS2, CONFIG_HTTP };

struct config_app {
  struct str id;
  struct config_texts origins;   /* "https://align.example.org", exact */
  struct config_texts return_to; /* absolute addresses */
  int64_t mode;                  /* enum config_mode */
  /* An app that drawbridge serves itself (hosted.h), on its one origin: */
  struct str zip, server;    /* its archive; id of the server that it takes for its own. Empty: not hosted */
  struct config_texts reach; /* further origins that it may load images, fonts and data from */
  bool inline_styles;        /* it writes styles into its pages */
  bool trusted;              /* it may call all that a listed app may */
  struct hosted_app *hosted; /* NULL: not hosted */
};

struct config_oauth {
  struct str client_id;         /* n == 0: there is no oauth block */
  struct secret *client_secret; /* NULL: none */
  struct secret *private_key;   /* PEM; NULL: none */
  struct config_texts scopes;   /* empty: what the server's kind needs */
  /* Servers of type http: */
  struct str issuer;           /* where discovery starts, as the server writes it; empty: the server's own url */
  struct config_texts origins; /* further ones that its endpoints may be on */
  struct str resource;         /* RFC 8707; empty: none */
  bool dpop;                   /* RFC 9449 */
};

struct config_api_key {
  struct str header; /* empty: there are none */
};

struct config_policy {
  struct config_texts methods, allow, deny; /* empty methods: all five; empty allow: the default of the server's type */
};

struct config_limits {
  int64_t concurrency; /* calls under way to the server */
  int64_t body;        /* bytes of one request */
  int64_t response_header_timeout_ms;
};

struct config_server {
  struct str id, name, url; /* url without a final slash */
  int64_t type;             /* enum config_type */
  int64_t sign_in;          /* bits of enum config_kind */
  struct config_oauth oauth;
  struct config_api_key api_key;
  struct str check;              /* type http: path that a pasted credential is tried at; empty: none */
  struct str ca;                 /* file; empty: the system's */
  struct config_texts addresses; /* ranges that are allowed although private */
  struct config_policy policy;
  struct config_limits limits;
  int64_t mint; /* enum config_mint */
  bool home, insecure;
};

/* Where the reports of runs are sent; people choose among them by id, and cannot name an address themselves. */
struct config_webhook {
  struct str id, url;
  struct secret *secret; /* what each is signed with */
  struct str ca;
  struct config_texts addresses; /* as of a server */
  bool insecure;
};

enum config_trace { CONFIG_TRACE_PROXIES, CONFIG_TRACE_ALL, CONFIG_TRACE_OFF };

struct config {
  struct str public_url, public_origin; /* without a final slash; scheme and authority alone */
  bool https;                           /* public_url is https: decides cookie names and flags */
  struct str via;                       /* the name in Via (proxy_request.h) */
  struct config_texts listen;           /* "127.0.0.1:8080" */
  struct config_texts tls_listen;
  struct str tls_certificate, tls_key;
  struct tls_context *tls;             /* made of these (net/tls.h); NULL: there is no 'tls' */
  struct str admin_listen;             /* empty: none */
  int64_t trace;                       /* enum config_trace */
  struct str admin_socket;             /* path of a UNIX socket; empty: none */
  struct config_texts trusted_proxies; /* ranges */
  struct str store;                    /* "sqlite:/path" or "postgresql://…" */
  struct str keys;                     /* file */
  int64_t session_idle_ms, session_absolute_ms, session_remember_ms, session_unattended_ms;
  struct config_app *apps;
  size_t app_count;
  struct config_server *servers;
  size_t server_count;
  struct config_webhook *webhooks;
  size_t webhook_count;
  int64_t runs_keep_ms;
  struct str runs_reports;   /* a folder; empty: none */
  int64_t workers;           /* loops, each on a thread of its own */
  int64_t sandbox;           /* enum config_sandbox */
  int64_t log_level;         /* enum log_level */
  int64_t log_json;          /* 0 text, 1 JSON */
  struct str log_audit;      /* file; empty: none of its own */
  struct config_texts files; /* all that it names and that are read or written: secrets, certificates, keys, the audit log */
  int64_t limit_head_ms, limit_head_bytes, limit_head_fields, limit_target_bytes, limit_idle_ms, limit_sign_ins, limit_connections;
};

/* One line each: "drawbridge.yaml:12:5: there is no key 'sessoin' here; the nearest is 'session'". `warnings`: what is odd and nevertheless taken. */
struct config_problems {
  struct arena *arena;
  struct str *lines;
  size_t n;
  struct config_texts warnings;
};

/* Reads and checks. 0; or -1 with ERROR_configuration (the first problem in the message) and all of them in *problems, in the arena given there. Reads the files of secrets and of 'tls'. Blocks. */
int config_load(const char *path, struct config **ret, struct config_problems *problems, struct error *error);
struct config *config_ref(struct config *config);
void config_unref(struct config *config);

/* The path of the server's url, without a final slash ("/dhis"); empty: none. */
struct str config_server_folder(const struct config_server *server);

/* NULL: there is none. */
const struct config_server *config_server(const struct config *config, struct str id);
const struct config_webhook *config_webhook(const struct config *config, struct str id);
const struct config_app *config_app_of_origin(const struct config *config, struct str origin);

/* Is it an address to go back to: a path on public_url ("/#/review", or with public_url's origin before it; one leading slash, no empty segment, no dots as one, no backslash, no control), or equal to a listed address of an app in scheme, host, port and path? *ret_app: NULL for
 * public_url's own. Always ERROR_return_to_refused otherwise. */
int config_return_to(const struct config *config, struct arena *arena, struct str text, struct str *ret_url,
                     const struct config_app **ret_app, struct error *error);

const char *config_kind_name(enum config_kind kind); /* sign_in_kind_name of its kind */
bool config_kind_of(struct str name, enum config_kind *ret);

/* The keys that a running process does not take over and that are other ones now, like "listen, tls.listen"; empty: none. */
struct str config_restart(const struct config *before, const struct config *after, struct arena *arena);

/* Every key with type, range, default, meaning, example and when it is taken over, as Markdown. */
void config_describe(void (*line)(void *payload, struct str text), void *payload);

#endif

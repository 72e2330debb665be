#include "gateway/hosted.h"

#include "base/map.h"
#include "base/markup.h"
#include "base/zip.h"
#include "crypt/random.h"
#include "gateway/reply.h"
#include "http/url.h"
#include <jansson.h>

enum { REWRITTEN_MAX = 4 << 20, MANIFEST_MAX = 1 << 20, POLICY_MAX = 64 << 10, TAG_BYTES = 8 };

struct hosted_app {
  struct map files; /* path without its leading slash: struct static_file */
  struct str policy;
  bool https;
};

struct making {
  const struct config *config;
  const struct config_app *app;
  struct arena *arena;
  struct str base_url, origin;
  struct hosted_app *made;
};

/* --- what a name tells --- */

static struct str type_of(struct str name) {
  static const struct {
    const char *ending, *type;
  } types[] = {{".html", "text/html; charset=utf-8"},
               {".htm", "text/html; charset=utf-8"},
               {".js", "text/javascript; charset=utf-8"},
               {".mjs", "text/javascript; charset=utf-8"},
               {".css", "text/css; charset=utf-8"},
               {".json", "application/json"},
               {".map", "application/json"},
               {".webapp", "application/json"},
               {".webmanifest", "application/manifest+json"},
               {".svg", "image/svg+xml"},
               {".png", "image/png"},
               {".jpg", "image/jpeg"},
               {".jpeg", "image/jpeg"},
               {".gif", "image/gif"},
               {".webp", "image/webp"},
               {".ico", "image/x-icon"},
               {".woff", "font/woff"},
               {".woff2", "font/woff2"},
               {".ttf", "font/ttf"},
               {".wasm", "application/wasm"},
               {".pdf", "application/pdf"},
               {".csv", "text/csv; charset=utf-8"},
               {".txt", "text/plain; charset=utf-8"},
               {".xml", "application/xml"}};
  size_t dot = str_find_last_char(name, '.');
  struct str ending = dot == SIZE_MAX ? STR("") : str_from(name, dot);
  for (size_t i = 0; i < sizeof types / sizeof *types; i++)
    if (str_eq_nocase(ending, str_of(types[i].ending))) return str_of(types[i].type);
  return STR("application/octet-stream");
}

static bool is_page(struct str name) {
  return str_starts(type_of(name), STR("text/html"));
}

/* Does it look like what build tools make of a file's content: eight letters with a figure, or with large and small ones (Vite), or eight figures and more to the base of 16 (webpack)? */
static bool is_mark(struct str text) {
  bool figure = false, large = false, small = false, hex = true;
  for (size_t i = 0; i < text.n; i++) {
    char c = text.p[i];
    bool digit = c >= '0' && c <= '9', upper = c >= 'A' && c <= 'Z', lower = c >= 'a' && c <= 'z';
    if (!digit && !upper && !lower && c != '_' && c != '-') return false;
    figure = figure || digit, large = large || upper, small = small || lower, hex = hex && str_hex_digit(c) >= 0;
  }
  return (text.n == 8 && (figure || (large && small))) || (text.n >= 8 && text.n <= 32 && hex && figure);
}

/* A name that changes with the content: "assets/index-BxYz12_a.js", "main.3f2a1b7c.chunk.js". */
static bool is_marked(struct str name) {
  size_t slash = str_find_last_char(name, '/');
  struct str rest = slash == SIZE_MAX ? name : str_from(name, slash + 1);
  for (bool first = true; rest.p; first = false) {
    struct str part = str_take(&rest, '.');
    if (!rest.p) return false; /* the ending */
    if (!first && is_mark(part)) return true;
    if (part.n > 9 && part.p[part.n - 9] == '-' && is_mark(str_from(part, part.n - 8))) return true;
  }
  return false;
}

/* --- pages and the manifest --- */

static void add_escaped(struct buf *buf, struct str text) {
  for (size_t i = 0; i < text.n; i++) {
    struct str stands_for = markup_of(text.p[i]);
    (void)buf_add(buf, stands_for.n ? stands_for : str_slice(text, i, i + 1));
  }
}

/* What a DHIS2 server writes into the pages of the apps it serves, and the way to the sign-in. */
static void add_head(struct buf *buf, const struct making *m) {
  (void)buf_add(buf, STR("<head><meta name=\"dhis2-base-url\" content=\""));
  add_escaped(buf, m->base_url);
  (void)buf_add(buf, STR("\" /><script src=\""));
  add_escaped(buf, m->config->public_url);
  (void)buf_add(buf, STR("/sdk/hosted.js\" data-gate=\""));
  add_escaped(buf, m->config->public_url);
  (void)buf_add(buf, STR("\" data-server=\""));
  add_escaped(buf, m->app->server);
  (void)buf_add(buf, STR("\"></script>"));
}

static bool rewrite_page(const struct making *m, struct str page, struct str *ret) {
  static const struct str base = {"__DHIS2_BASE_URL__", 18}, root = {"__DHIS2_APP_ROOT_URL__", 22}, head = {"<head>", 6};
  struct buf buf = BUF_INIT(REWRITTEN_MAX);
  bool headed = false;
  size_t from = 0;
  for (size_t i = 0; i < page.n; i++) {
    struct str here = str_from(page, i);
    bool is_base = str_starts(here, base), is_root = str_starts(here, root), is_head = !headed && str_starts_nocase(here, head);
    if (!is_base && !is_root && !is_head) continue;
    (void)buf_add(&buf, str_slice(page, from, i));
    if (is_head)
      add_head(&buf, m);
    else
      add_escaped(&buf, is_base ? m->base_url : m->origin);
    headed = headed || is_head;
    from = i + (is_base ? base.n : is_root ? root.n : head.n);
    i = from - 1;
  }
  (void)buf_add(&buf, str_from(page, from));
  bool fits = !buf.full;
  if (fits) *ret = arena_str(m->arena, buf_str(&buf));
  buf_free(&buf);
  return fits;
}

/* One that is no object, or too large for a manifest, stays as it is: nothing that runs here reads it. */
static void rewrite_manifest(const struct making *m, struct str manifest, struct str *ret) {
  json_t *root = manifest.n <= MANIFEST_MAX ? json_loadb(manifest.p, manifest.n, JSON_REJECT_DUPLICATES, NULL) : NULL;
  *ret = manifest;
  if (json_is_object(root)) {
    json_t *activities = json_object_get(root, "activities");
    if (!json_is_object(activities)) (void)json_object_set_new(root, "activities", activities = json_object());
    json_t *dhis = json_object_get(activities, "dhis");
    if (!json_is_object(dhis)) (void)json_object_set_new(activities, "dhis", dhis = json_object());
    (void)json_object_set_new(dhis, "href", json_stringn(m->base_url.p, m->base_url.n));
    char *text = json_dumps(root, JSON_INDENT(2));
    if (text) *ret = arena_str(m->arena, str_of(text));
    free(text);
  }
  json_decref(root);
}

/* --- the app --- */

static struct str tag_of(struct arena *arena, struct str bytes) {
  unsigned char hash[HASH_SIZE];
  char text[2 * TAG_BYTES + 1];
  hash_sha256(bytes, hash);
  return arena_str(arena, str_of(hash_hex(hash, TAG_BYTES, text)));
}

static int add_file(const struct making *m, struct str name, const struct zip_file *from, struct error *error) {
  struct static_file *file = ARENA_NEW(m->arena, struct static_file);
  bool page = is_page(name), manifest = str_eq(name, STR("manifest.webapp"));
  *file = (struct static_file){
      .type = type_of(name),
      .cache = is_marked(name) ? STR("public, max-age=31536000, immutable") : STR("no-cache"),
      .plain = from->bytes,
      .gzip = page || manifest ? STR_NONE : from->gzip,
  };
  if (page && !rewrite_page(m, from->bytes, &file->plain))
    return error_set(error, ERROR_input, "the page '%.*s' of the app is larger than %d bytes", STR_ARG(str_slice(name, 0, 100)),
                     REWRITTEN_MAX);
  if (manifest) rewrite_manifest(m, from->bytes, &file->plain);
  file->tag = tag_of(m->arena, file->plain);
  (void)map_put(&m->made->files, name, file);
  return 0;
}

/* The folder that all of it lies in, with its slash: where the manifest is, if not at the top. */
static struct str root_of(const struct zip_file *files, size_t n) {
  static const struct str manifest = {"manifest.webapp", 15};
  struct str root = STR("");
  for (size_t i = 0; i < n; i++) {
    if (str_eq(files[i].name, manifest) || str_eq(files[i].name, STR("index.html"))) return STR("");
    struct str rest = files[i].name, first = str_take(&rest, '/');
    if (rest.p && str_eq(rest, manifest)) root = str_slice(files[i].name, 0, first.n + 1);
  }
  return root;
}

/* Its own scripts; the styles of styled-jsx, which begins each with an empty element; drawbridge; what `reach` names. Pages of its own may be framed by it: that is how plugins are shown. */
static struct str policy_of(const struct making *m) {
  struct buf reach = BUF_INIT(POLICY_MAX);
  struct str gate = m->config->public_origin;
  for (size_t i = 0; i < m->app->reach.n; i++) (void)buf_printf(&reach, " %.*s", STR_ARG(m->app->reach.p[i]));
  struct str also = buf_str(&reach);
  struct str policy = arena_printf(
      m->arena,
      "default-src 'none'; script-src 'self' %.*s/sdk/; style-src 'self' %s; img-src 'self' data: blob: %.*s%.*s; connect-src 'self' "
      "%.*s%.*s; font-src 'self' data:%.*s; media-src 'self' blob: %.*s; worker-src 'self' blob:; manifest-src 'self'; frame-src 'self' "
      "blob:; "
      "form-action 'self'; base-uri 'self'; frame-ancestors 'self'",
      STR_ARG(m->config->public_url), m->app->inline_styles ? "'unsafe-inline'" : "'sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU='",
      STR_ARG(gate), STR_ARG(also), STR_ARG(gate), STR_ARG(also), STR_ARG(also), STR_ARG(gate));
  buf_free(&reach);
  return policy;
}

static void free_files(void *made) {
  map_free(&((struct hosted_app *)made)->files);
}

struct hosted_app *hosted_app_read(const struct config *config, const struct config_app *app, struct str bytes, struct arena *arena,
                                   struct error *error) {
  static const struct zip_limits limits = {HOSTED_FILES_MAX, HOSTED_UNPACKED_MAX};
  struct zip_file *files;
  size_t n;
  if (zip_unpack(arena, bytes, limits, &files, &n, error)) return NULL;
  struct making m = {.config = config,
                     .app = app,
                     .arena = arena,
                     .base_url = arena_concat(arena, config->public_url, STR("/s/"), app->server),
                     .origin = app->origins.p[0],
                     .made = ARENA_NEW(arena, struct hosted_app)};
  arena_on_free(arena, free_files, m.made);
  struct str root = root_of(files, n);
  for (size_t i = 0; i < n; i++)
    if (str_starts(files[i].name, root) && add_file(&m, str_from(files[i].name, root.n), &files[i], error)) return NULL;
  if (!map_get(&m.made->files, STR("index.html"))) {
    (void)error_set(error, ERROR_input, "the archive has no index.html: it is no built app");
    return NULL;
  }
  m.made->policy = policy_of(&m);
  m.made->https = config->https;
  return m.made;
}

/* --- what is asked of it --- */

const struct config_app *hosted_at(const struct config *config, struct str host) {
  for (size_t i = 0; i < config->app_count; i++) {
    const struct config_app *app = &config->apps[i];
    struct str at = app->hosted ? app->origins.p[0] : STR_NONE;
    if (at.n && str_eq_nocase(host, str_from(at, str_find(at, STR("://")) + 3))) return app;
  }
  return NULL;
}

static void add_safety(const struct hosted_app *app, struct arena *arena, struct static_reply *ret) {
  http_field_set(&ret->headers, arena, FIELD_CONTENT_SECURITY_POLICY, app->policy);
  http_field_set(&ret->headers, arena, FIELD_X_CONTENT_TYPE_OPTIONS, STR("nosniff"));
  http_field_set(&ret->headers, arena, FIELD_REFERRER_POLICY, STR("strict-origin"));
  http_field_set(&ret->headers, arena, FIELD_CROSS_ORIGIN_RESOURCE_POLICY, STR("same-origin"));
  http_headers_set(&ret->headers, arena, STR("Origin-Agent-Cluster"), STR("?1"));
  http_headers_set(&ret->headers, arena, STR("Permissions-Policy"), STR("camera=(), microphone=()"));
  reply_stay_with_https(app->https, &ret->headers, arena);
}

void hosted_reply(const struct hosted_app *app, const struct http_request *request, struct arena *arena, struct static_reply *ret) {
  struct str name;
  *ret = (struct static_reply){0};
  add_safety(app, arena, ret);
  const struct static_file *file = NULL;
  if (url_decode(arena, str_from(request->path, 1), &name)) file = map_get(&app->files, name.n ? name : STR("index.html"));
  static_file_reply(file, request, arena, ret);
}

int hosted_check_reach(const struct config_app *app, struct str path, struct error *error) {
  if (!app || !app->hosted || app->trusted) return 0;
  struct str rest = path, own = STR_NONE;
  if (str_eq(path, STR("/v1/session"))) return 0;
  if (str_starts(path, STR("/s/"))) rest = str_from(path, 3), own = str_take(&rest, '/');
  if (own.p && str_eq(own, app->server)) return 0;
  return error_set(error, ERROR_policy,
                   "the app '%.*s' may reach the server '%.*s' alone: 'trusted: true' in the configuration lets it do more",
                   STR_ARG(app->id), STR_ARG(app->server));
}

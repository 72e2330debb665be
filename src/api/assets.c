#include "api/assets.h"

#include "gateway/reply.h"

enum asset_kind {
  ASSET_PAGE,  /* index.html: asked for anew each time */
  ASSET_FIXED, /* under the version prefix: never changes */
  ASSET_SDK,   /* for all origins, asked for anew each time */
};

#define ASSET(symbol, path, type, tag, kind) \
  extern const char symbol[], symbol##_end[], symbol##_gz[], symbol##_gz_end[], symbol##_br[], symbol##_br_end[];
#include "assets_table.inc"
#undef ASSET

struct asset {
  struct str path, type, tag;
  enum asset_kind kind;
  const char *plain, *plain_end, *gz, *gz_end, *br, *br_end;
};

static const struct asset assets[] = {
#define ASSET(symbol, path, type, tag, kind) \
  {STR(path), STR(type), STR(tag), kind, symbol, symbol##_end, symbol##_gz, symbol##_gz_end, symbol##_br, symbol##_br_end},
#include "assets_table.inc"
#undef ASSET
};
enum { ASSET_COUNT = sizeof assets / sizeof *assets };

static struct str between(const char *from, const char *to) {
  return (struct str){from, (size_t)((uintptr_t)to - (uintptr_t)from)};
}

/* A screen's address: the page itself decides what to show there. */
static bool is_screen(struct str path) {
  static const struct str screens[] = {STR("/"), STR("/servers"), STR("/alignments"), STR("/runs")};
  static const struct str below[] = {STR("/sign-in/"), STR("/servers/"), STR("/alignments/"), STR("/runs/")};
  for (size_t i = 0; i < sizeof screens / sizeof *screens; i++)
    if (str_eq(path, screens[i])) return true;
  for (size_t i = 0; i < sizeof below / sizeof *below; i++)
    if (str_starts(path, below[i])) return true;
  return false;
}

static const struct asset *find(struct str path) {
  if (is_screen(path)) path = STR("/");
  for (size_t i = 0; i < ASSET_COUNT; i++)
    if (str_eq(assets[i].path, path)) return &assets[i];
  return NULL;
}

static void add(struct static_reply *reply, struct arena *arena, struct str name, struct str value) {
  http_headers_add(&reply->headers, arena, name, value);
}

static void add_safety(struct static_reply *reply, struct arena *arena, bool is_sdk) {
  add(reply, arena, STR("Content-Security-Policy"),
      STR("default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; font-src 'self'; form-action "
          "'self'; "
          "base-uri 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'"));
  add(reply, arena, STR("X-Content-Type-Options"), STR("nosniff"));
  add(reply, arena, STR("Referrer-Policy"), STR("no-referrer"));
  add(reply, arena, STR("Cross-Origin-Opener-Policy"), STR("same-origin"));
  add(reply, arena, STR("Cross-Origin-Resource-Policy"), is_sdk ? STR("cross-origin") : STR("same-origin"));
  add(reply, arena, STR("Permissions-Policy"), STR("camera=(), microphone=(), geolocation=()"));
  if (is_sdk) add(reply, arena, STR("Access-Control-Allow-Origin"), STR("*"));
}

bool assets_find(const struct http_request *request, struct arena *arena, struct static_reply *ret) {
  *ret = (struct static_reply){0};
  const struct asset *asset = find(request->path);
  bool ours = asset || str_starts(request->path, STR("/ui/")) || str_starts(request->path, STR("/sdk/"));
  if (!ours) return false;
  add_safety(ret, arena, asset && asset->kind == ASSET_SDK);
  if (!asset) { /* also a file of an earlier version: its page is reloaded, not patched up with files of this one */
    static_file_reply(NULL, request, arena, ret);
    return true;
  }
  struct static_file file = {.type = asset->type,
                             .cache = asset->kind == ASSET_FIXED ? STR("public, max-age=31536000, immutable") : STR("no-cache"),
                             .tag = asset->tag,
                             .plain = between(asset->plain, asset->plain_end),
                             .gzip = between(asset->gz, asset->gz_end),
                             .brotli = between(asset->br, asset->br_end)};
  static_file_reply(&file, request, arena, ret);
  return true;
}

bool assets_serve(struct http_exchange *exchange, bool https) {
  struct static_reply reply;
  struct arena *arena = http_exchange_arena(exchange);
  if (!assets_find(http_exchange_request(exchange), arena, &reply)) return false;
  reply_stay_with_https(https, &reply.headers, arena);
  http_exchange_reply(exchange, reply.status, &reply.headers, reply.body);
  return true;
}

#include "api/assets.h"

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

/* RFC 9110 12.4.2: a weight of 0, in any of its spellings, is a refusal. */
static bool is_zero_weight(struct str parameters) {
  while (parameters.p) {
    struct str parameter = str_trim(str_take(&parameters, ';'));
    if (!str_starts_nocase(parameter, STR("q="))) continue;
    struct str weight = str_from(parameter, 2);
    for (size_t i = 0; i < weight.n; i++)
      if (weight.p[i] != '0' && weight.p[i] != '.') return false;
    return true;
  }
  return false;
}

/* Does the browser take this coding? What is named outweighs the star, wherever it stands. */
static bool accepts(struct str field, struct str coding) {
  bool star = false;
  while (field.p) {
    struct str rest = str_take(&field, ',');
    struct str name = str_trim(str_take(&rest, ';'));
    bool good = !is_zero_weight(rest);
    if (str_eq_nocase(name, coding)) return good;
    if (str_eq(name, STR("*"))) star = good;
  }
  return star;
}

static bool none_match(const struct http_request *request, struct str tag) {
  struct str field;
  if (!http_headers_get(&request->headers, STR("If-None-Match"), &field)) return true;
  while (field.p) {
    struct str one = str_trim(str_take(&field, ','));
    if (str_eq(one, STR("*"))) return false;
    if (str_starts(one, STR("W/"))) one = str_from(one, 2);
    if (str_eq(one, tag)) return false;
  }
  return true;
}

static void add(struct assets_reply *reply, struct arena *arena, struct str name, struct str value) {
  http_headers_add(&reply->headers, arena, name, value);
}

static void add_safety(struct assets_reply *reply, struct arena *arena, bool is_sdk) {
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

/* Sets the body, and the headers that hang on its coding. */
static void choose_coding(const struct asset *asset, const struct http_request *request, struct arena *arena, struct assets_reply *reply) {
  struct str field = STR_NONE, br = between(asset->br, asset->br_end), gz = between(asset->gz, asset->gz_end);
  (void)http_headers_get(&request->headers, STR("Accept-Encoding"), &field);
  struct str coding = STR_NONE;
  reply->body = between(asset->plain, asset->plain_end);
  if (br.n > 0 && accepts(field, STR("br"))) {
    coding = STR("br");
    reply->body = br;
  } else if (gz.n > 0 && accepts(field, STR("gzip"))) {
    coding = STR("gzip");
    reply->body = gz;
  }
  struct str tag = arena_printf(arena, "\"%.*s%s%.*s\"", STR_ARG(asset->tag), coding.n ? "-" : "", STR_ARG(coding));
  add(reply, arena, STR("ETag"), tag);
  if (none_match(request, tag)) {
    reply->status = 200;
    add(reply, arena, STR("Content-Type"), asset->type);
    if (coding.n > 0) add(reply, arena, STR("Content-Encoding"), coding);
  } else {
    reply->status = 304;
    reply->body = STR_NONE;
  }
}

bool assets_find(const struct http_request *request, struct arena *arena, struct assets_reply *ret) {
  *ret = (struct assets_reply){0};
  const struct asset *asset = find(request->path);
  bool ours = asset || str_starts(request->path, STR("/ui/")) || str_starts(request->path, STR("/sdk/"));
  if (!ours) return false;
  bool is_sdk = asset && asset->kind == ASSET_SDK;
  add_safety(ret, arena, is_sdk);
  if (!str_eq(request->method, STR("GET")) && !str_eq(request->method, STR("HEAD"))) {
    ret->status = 405;
    add(ret, arena, STR("Allow"), STR("GET, HEAD"));
    return true;
  }
  if (!asset) { /* also a file of an earlier version: its page is reloaded, not patched up with files of this one */
    ret->status = 404;
    ret->body = STR("There is nothing at this address\n");
    add(ret, arena, STR("Content-Type"), STR("text/plain; charset=utf-8"));
    add(ret, arena, STR("Cache-Control"), STR("no-store"));
    return true;
  }
  add(ret, arena, STR("Vary"), STR("Accept-Encoding"));
  add(ret, arena, STR("Cache-Control"), asset->kind == ASSET_FIXED ? STR("public, max-age=31536000, immutable") : STR("no-cache"));
  choose_coding(asset, request, arena, ret);
  return true;
}

bool assets_serve(struct http_exchange *exchange) {
  struct assets_reply reply;
  if (!assets_find(http_exchange_request(exchange), http_exchange_arena(exchange), &reply)) return false;
  http_exchange_reply(exchange, reply.status, &reply.headers, reply.body);
  return true;
}

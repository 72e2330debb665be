/* Any bytes as the archive of an app, and as the page and the manifest in one (split at a line of dashes): refused with words, or files within the limits whose gzip form is the same, and a page that names the server and no placeholder. */
#include "base/zip.h"
#include "gateway/hosted.h"
#include "packing.h"

static struct str origins[] = {STR("https://app.example.org")};
static const struct config config = {.public_url = STR("https://gate.example.org"), .public_origin = STR("https://gate.example.org")};
static const struct config_app app = {.id = STR("list"), .origins = {origins, 1}, .server = STR("district")};

static void check_gzip(struct arena *arena, const struct zip_file *file) {
  unsigned char *into = arena_alloc(arena, file->bytes.n + 1);
  z_stream stream = {
      .next_in = (Bytef *)(uintptr_t)file->gzip.p, .avail_in = (uInt)file->gzip.n, .next_out = into, .avail_out = (uInt)file->bytes.n + 1};
  if (inflateInit2(&stream, 16 + MAX_WBITS) != Z_OK || inflate(&stream, Z_FINISH) != Z_STREAM_END || stream.avail_in) abort();
  if (stream.total_out != file->bytes.n || memcmp(into, file->bytes.p, file->bytes.n) != 0) abort();
  (void)inflateEnd(&stream);
}

static bool climbs(struct str path) {
  while (path.n)
    if (str_eq(str_take(&path, '/'), STR(".."))) return true;
  return false;
}

static void unpack(struct str bytes) {
  static const struct zip_limits limits = {100, 1 << 20};
  struct arena *arena = arena_new();
  struct zip_file *files;
  struct error error = {0};
  size_t n, total = 0;
  if (zip_unpack(arena, bytes, limits, &files, &n, &error)) {
    if (error.code != ERROR_input || !*error.message) abort();
    n = 0;
  }
  for (size_t i = 0; i < n; i++) {
    total += files[i].bytes.n;
    if (!files[i].name.n || files[i].name.p[0] == '/' || climbs(files[i].name) || str_has(files[i].name, STR("\\"))) abort();
    if (files[i].gzip.n) check_gzip(arena, &files[i]);
  }
  if (n > limits.files || total > limits.unpacked) abort();
  arena_free(arena);
}

static void ask(const struct hosted_app *made, struct arena *arena, const char *path) {
  struct http_request request = {.method = STR("GET"), .target = str_of(path), .path = str_of(path), .host = STR("app.example.org")};
  struct static_reply reply;
  hosted_reply(made, &request, arena, &reply);
  if (reply.status != 200 && reply.status != 404) abort();
  bool page = reply.status == 200 && str_starts(http_field_value(&reply.headers, FIELD_CONTENT_TYPE), STR("text/html"));
  if (page && (str_has(reply.body, STR("__DHIS2_BASE_URL__")) || str_has(reply.body, STR("__DHIS2_APP_ROOT_URL__")))) abort();
}

static void host(struct str bytes) {
  struct arena *arena = arena_new();
  struct error error = {0};
  struct hosted_app *made = hosted_app_read(&config, &app, bytes, arena, &error);
  if (!made && (error.code != ERROR_input || !*error.message)) abort();
  if (made) {
    ask(made, arena, "/");
    ask(made, arena, "/manifest.webapp");
    ask(made, arena, "/%2e%2e/x");
  }
  arena_free(arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static const char *const names[] = {"index.html", "manifest.webapp"};
  struct str bytes = {(const char *)data, size};
  struct buf package = BUF_INIT(1 << 20);
  unpack(bytes);
  host(bytes);
  if (packing_of(bytes, names, 2, &package)) host(buf_str(&package));
  buf_free(&package);
  return 0;
}

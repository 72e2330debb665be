/* Any text as the target of a proxied call: what passes has one spelling, says the same to whoever decodes it once or twice, and the policy judges it without tripping. */
#include "gateway/policy.h"
#include "http/url.h"

static struct str patterns[] = {{"/api/**", 7}, {"/dhis-web-commons/*", 19}};
static struct str denied[] = {{"/api/x*/run/**", 14}};

static void judge(struct arena *arena, struct str decoded) {
  static const struct config_server dhis2 = {.type = CONFIG_DHIS2}, other = {.type = CONFIG_HTTP};
  const struct config_server listed = {.type = CONFIG_DHIS2, .policy = {.allow = {patterns, 2}, .deny = {denied, 1}}};
  struct error error = {0};
  (void)policy_check(&dhis2, arena, STR("GET"), decoded, &error);
  (void)policy_check(&other, arena, STR("POST"), decoded, &error);
  bool passed = policy_check(&listed, arena, STR("GET"), decoded, &error) == 0;
  if (passed && !str_starts(decoded, STR("/api")) && !str_starts(decoded, STR("/dhis-web-commons"))) abort();
}

static size_t slashes(struct str s) {
  size_t n = 0;
  for (size_t i = 0; i < s.n; i++) n += s.p[i] == '/';
  return n;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  struct arena *arena = arena_new();
  struct url_target target;
  struct error error = {0};
  struct str twice;
  if (url_target_parse(arena, (struct str){(const char *)data, size}, &target, &error) == 0) {
    if (slashes(target.path) != slashes(target.decoded) || str_has(target.decoded, STR("//")) || str_has(target.decoded, STR("/../")) ||
        str_has(target.decoded, STR("/./")) || str_ends(target.decoded, STR("/..")) || str_find_char(target.decoded, '\\') != SIZE_MAX ||
        str_find_char(target.decoded, ';') != SIZE_MAX || str_find_char(target.decoded, '%') != SIZE_MAX)
      abort();
    if (!url_decode(arena, target.decoded, &twice) || !str_eq(twice, target.decoded)) abort();
    judge(arena, target.decoded);
  }
  arena_free(arena);
  return 0;
}

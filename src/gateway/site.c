#include "gateway/site.h"

#include "http/url.h"
#include "net/address.h"
#include <libpsl.h>

bool site_same(struct arena *arena, struct str origin, struct str other) {
  struct url a, b;
  struct error error = {0};
  struct sockaddr_storage address;
  if (url_parse(arena, origin, &a, &error) || url_parse(arena, other, &b, &error)) return false;
  if (!str_eq(a.scheme, b.scheme)) return false;
  if (str_eq(a.host, b.host)) return true;
  if (address_parse(a.host, &address) || address_parse(b.host, &address)) return false;
  const psl_ctx_t *list = psl_builtin();
  if (!list) return false;
  const char *one = psl_registrable_domain(list, arena_cstr(arena, a.host)), *two = psl_registrable_domain(list, arena_cstr(arena, b.host));
  return one && two && strcmp(one, two) == 0;
}

enum config_mode site_mode(const struct config *config, struct arena *arena, const struct config_app *app, struct str origin) {
  if (!app || str_eq(origin, config->public_origin)) return CONFIG_MODE_SAME_ORIGIN;
  if (app->mode != CONFIG_MODE_AUTO) return (enum config_mode)app->mode;
  return site_same(arena, origin, config->public_origin) ? CONFIG_MODE_SAME_SITE : CONFIG_MODE_CROSS_SITE;
}

bool site_is_apart(enum config_mode mode) {
  return mode == CONFIG_MODE_CROSS_SITE || mode == CONFIG_MODE_HANDLE;
}

const char *site_mode_name(enum config_mode mode) {
  switch (mode) {
  case CONFIG_MODE_SAME_SITE: return "same-site";
  case CONFIG_MODE_CROSS_SITE: return "cross-site";
  case CONFIG_MODE_HANDLE: return "handle";
  default: return "same-origin";
  }
}

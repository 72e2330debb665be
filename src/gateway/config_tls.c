#include "gateway/config_tls.h"

#include "base/clock.h"
#include "gateway/config_check.h"
#include "http/url.h"
#include "net/tls.h"

typedef void report_line(void *payload, const char *key, bool warning, const char *what);

static void check_certificate(struct arena *arena, const struct config *config, report_line *report, void *payload) {
  struct url url;
  struct error error = {0};
  int64_t now_s = clock_now_ms() / 1000;
  struct str file = config->tls_certificate;
  if (url_parse(arena, config->public_url, &url, &error)) return;
  struct tls_certificate facts = tls_context_certificate(config->tls, url.host);
  if (facts.to_s < now_s)
    report(payload, "certificate", false, arena_printf(arena, "the certificate %.*s has expired: put a new one there", STR_ARG(file)).p);
  if (facts.from_s > now_s)
    report(payload, "certificate", true,
           arena_printf(arena, "the certificate %.*s is not valid yet: look at it, and at this machine's clock", STR_ARG(file)).p);
  if (!facts.names_host)
    report(payload, "certificate", true,
           arena_printf(arena, "the certificate %.*s is not for %.*s, the host of public_url: browsers that come here directly refuse it",
                        STR_ARG(file), STR_ARG(url.host))
               .p);
  if (!config->https)
    report(payload, NULL, true, "public_url begins with http: although there is 'tls': cookies are not marked as for HTTPS alone");
}

void config_tls_load(struct arena *arena, struct config *config, report_line *report, void *payload) {
  struct error error = {0};
  if (config_open_to_all(arena, config->tls_key)) {
    report(payload, "key", false,
           arena_printf(arena, "the private key %.*s can be read by everybody: chmod 600 it", STR_ARG(config->tls_key)).p);
    return;
  }
  config->tls = tls_context_server(config->tls_certificate, config->tls_key, &error);
  if (config->tls)
    check_certificate(arena, config, report, payload);
  else
    report(payload, str_eq(str_of(error.reason), STR("key")) ? "key" : "certificate", false, arena_str(arena, str_of(error.message)).p);
}

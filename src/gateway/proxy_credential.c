#include "gateway/proxy_credential.h"

#include "base/clock.h"

static struct str origin_of(const struct config_server *server) {
  return str_slice(server->url, 0, server->url.n - config_server_folder(server).n);
}

static bool own_header(const struct proxy_call *call, struct upstream_secret *ret) {
  if (call->credential.kind == CREDENTIAL_API_KEY) ret->name = call->server->api_key.header;
  bool named =
      call->credential.kind == CREDENTIAL_API_KEY ? ret->name.n : source_authorization(call->credential.kind, &ret->name, &ret->prefix);
  ret->value = call->credential.value;
  return named;
}

size_t proxy_credential_secrets(const struct proxy_call *call, struct str method, const struct proxy_target *target, struct str sent,
                                struct arena *arena, struct http_headers *headers, struct upstream_secret secrets[PROXY_SECRETS_MAX],
                                struct secret **ret_cookie) {
  struct str csrf = STR_NONE;
  struct secret *cookie = NULL;
  size_t n = own_header(call, &secrets[0]) ? 1 : 0;
  if (call->jar) cookie_jar_lock(call->jar);
  if (call->jar && call->server->type == CONFIG_DHIS2)
    cookie = dhis2_cookie_header(call->jar, method, target->cookie_path, clock_now_ms(), arena, &csrf);
  else if (call->jar)
    cookie = cookie_jar_header(call->jar, target->cookie_path, clock_now_ms());
  if (call->jar) cookie_jar_unlock(call->jar);
  if (!cookie && call->credential.kind == CREDENTIAL_COOKIE) cookie = secret_ref(call->credential.value);
  if (csrf.n) http_headers_add(headers, arena, STR("X-XSRF-TOKEN"), csrf);
  if (cookie) secrets[n++] = (struct upstream_secret){.name = STR("Cookie"), .value = cookie};
  if (call->credential.kind == CREDENTIAL_DPOP && call->proof_key) {
    struct str url = arena_concat(arena, origin_of(call->server), sent);
    http_headers_add(headers, arena, STR("DPoP"), dpop_proof(call->nonces, call->proof_key, method, url, call->credential.value, arena));
  }
  *ret_cookie = cookie;
  return n;
}

bool proxy_credential_wants_nonce(const struct proxy_call *call, int status, const struct http_headers *answer) {
  if (call->credential.kind != CREDENTIAL_DPOP) return false;
  dpop_nonces_keep(call->nonces, call->server->url, answer);
  return dpop_wants_nonce(status, answer);
}

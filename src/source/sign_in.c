#include "source/sign_in.h"

const char *sign_in_kind_name(enum sign_in_kind kind) {
  static const char *const names[SIGN_IN_KINDS] = {"oauth", "legacy-oauth", "pat", "password", "basic", "bearer", "api-key"};
  return names[kind];
}

bool source_blame_clock(const struct source_probe *probe, struct error *error) {
  int64_t ahead = probe->clock_ahead_s;
  if (ahead <= SOURCE_CLOCK_S && ahead >= -SOURCE_CLOCK_S) return false;
  (void)error_context(error, "the server's clock is %lld seconds %s ours", (long long)(ahead < 0 ? -ahead : ahead),
                      ahead < 0 ? "behind" : "ahead of");
  return true;
}

bool source_authorization(enum source_credential_kind kind, struct str *ret_name, struct str *ret_prefix) {
  *ret_name = STR("Authorization");
  switch (kind) {
  case CREDENTIAL_PAT: *ret_prefix = STR("ApiToken "); return true;
  case CREDENTIAL_BEARER: *ret_prefix = STR("Bearer "); return true;
  case CREDENTIAL_BASIC: *ret_prefix = STR("Basic "); return true; /* the exact word: with "basic" DHIS2's refusal is a redirect */
  case CREDENTIAL_DPOP: *ret_prefix = STR("DPoP "); return true;
  default: *ret_name = STR_NONE; return false; /* an empty Authorization is one, too */
  }
}

void signed_in_clear(struct signed_in *signed_in) {
  secret_free(signed_in->credential.value);
  secret_free(signed_in->refresh_token);
  secret_free(signed_in->proof_key);
  secret_free(signed_in->cookies);
  *signed_in = (struct signed_in){0};
}

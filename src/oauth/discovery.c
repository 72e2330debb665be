#include "oauth/discovery.h"

#include "http/url.h"
#include <jansson.h>

enum { DOCUMENT_MAX = 65536, ADDRESS_MAX = 2000, CALL_MS = 15000 };

struct reading {
  const struct oauth_discovery *about;
  const json_t *root;
  struct arena *arena;
  struct url issuer;
  struct error *error;
};

static int refuse(struct error *error, const char *what) {
  (void)error_set(error, ERROR_upstream_error, "the authorization server's description was refused: %s", what);
  return error_because(error, "discovery");
}

static struct str text_of(const struct reading *r, const char *name) {
  struct str text = str_of(json_string_value(json_object_get(r->root, name)));
  return text.n <= ADDRESS_MAX ? arena_str(r->arena, text) : STR_NONE;
}

/* Not told: `otherwise`. */
static bool lists(const struct reading *r, const char *name, const char *word, bool otherwise) {
  const json_t *array = json_object_get(r->root, name);
  if (!json_is_array(array)) return otherwise;
  for (size_t i = 0; i < json_array_size(array); i++) {
    const char *one = json_string_value(json_array_get(array, i));
    if (one && strcmp(one, word) == 0) return true;
  }
  return false;
}

static bool may_be_there(const struct reading *r, struct str text) {
  struct url url;
  struct error unused = {0};
  if (url_parse(r->arena, text, &url, &unused) < 0 || url.fragment.p) return false;
  if (!str_eq(url.scheme, STR("https")) && !str_eq(r->issuer.scheme, STR("http"))) return false;
  if (url_same_origin(&url, &r->issuer)) return true;
  struct str origin = url_origin(r->arena, &url);
  for (size_t i = 0; i < r->about->origin_count; i++)
    if (str_eq(r->about->origins[i], origin)) return true;
  return false;
}

static int endpoint(const struct reading *r, const char *name, bool required, struct str *ret) {
  *ret = text_of(r, name);
  if (!ret->n) return required ? refuse(r->error, arena_printf(r->arena, "%s is missing", name).p) : 0;
  if (may_be_there(r, *ret)) return 0;
  return refuse(
      r->error,
      arena_printf(r->arena, "%s is not on the issuer's own origin: list that origin in oauth.origins if it belongs to it", name).p);
}

static bool issuer_is(const struct oauth_discovery *about, struct str issuer) {
  bool longer = about->slash_is_the_same && str_ends(issuer, STR("/"));
  return str_eq(issuer, about->issuer) || (longer && str_eq(str_slice(issuer, 0, issuer.n - 1), about->issuer));
}

static int read_issuer(const struct reading *r, bool smart, struct oauth_provider *ret) {
  if (smart) ret->audience = arena_str(r->arena, r->about->issuer);
  if (smart) return endpoint(r, "issuer", false, &ret->issuer);
  ret->issuer = text_of(r, "issuer");
  return issuer_is(r->about, ret->issuer) ? 0 : refuse(r->error, "it names another issuer than the configured one");
}

static int read_all(const struct reading *r, bool smart, struct oauth_provider *ret) {
  if (read_issuer(r, smart, ret) < 0) return -1;
  bool openid =
      ret->issuer.n && lists(r, "scopes_supported", "openid", json_object_get(r->root, "id_token_signing_alg_values_supported") != NULL);
  if (endpoint(r, "authorization_endpoint", true, &ret->authorization_endpoint) < 0 ||
      endpoint(r, "token_endpoint", true, &ret->token_endpoint) < 0 || endpoint(r, "jwks_uri", openid, &ret->jwks_uri) < 0 ||
      endpoint(r, "revocation_endpoint", false, &ret->revocation_endpoint) < 0 ||
      endpoint(r, "pushed_authorization_request_endpoint", false, &ret->par_endpoint) < 0 ||
      endpoint(r, "userinfo_endpoint", false, &ret->userinfo_endpoint) < 0)
    return -1;
  if (!lists(r, "response_types_supported", "code", true)) return refuse(r->error, "it does not offer codes");
  if (!lists(r, "code_challenge_methods_supported", "S256", !smart)) return refuse(r->error, "it does not offer PKCE with S256");
  ret->pkce = true;
  ret->scope = !openid ? STR_NONE : lists(r, "scopes_supported", "profile", false) ? STR("openid profile") : STR("openid");
  ret->iss_parameter = json_is_true(json_object_get(r->root, "authorization_response_iss_parameter_supported"));
  ret->secret_by_post = !lists(r, "token_endpoint_auth_methods_supported", "client_secret_basic", true) &&
                        lists(r, "token_endpoint_auth_methods_supported", "client_secret_post", false);
  return 0;
}

int oauth_discovery_read(const struct oauth_discovery *about, enum oauth_document form, struct str document, struct arena *arena,
                         struct oauth_provider *ret, struct error *error) {
  *ret = (struct oauth_provider){0};
  json_t *root = document.n <= DOCUMENT_MAX ? json_loadb(document.p, document.n, JSON_REJECT_DUPLICATES, NULL) : NULL;
  struct reading r = {.about = about, .root = root, .arena = arena, .error = error};
  int result = url_parse(arena, about->issuer, &r.issuer, error);
  if (result == 0) result = json_is_object(root) ? read_all(&r, form == OAUTH_DOCUMENT_SMART, ret) : refuse(error, "it cannot be read");
  json_decref(root);
  if (result < 0) *ret = (struct oauth_provider){0};
  return result;
}

/* --- asking --- */

static int ask(struct http_client *http, const struct oauth_discovery *about, enum oauth_document form, struct str url, struct arena *arena,
               struct oauth_provider *ret, struct error *error) {
  struct http_headers headers = {0};
  struct http_answer answer;
  http_headers_add(&headers, arena, STR("Accept"), STR("application/json"));
  struct http_call call = {.method = STR("GET"), .url = url, .headers = &headers};
  if (http_client_call(http, &call, arena, &answer, error) < 0) return -1;
  if (answer.status == 200) return oauth_discovery_read(about, form, answer.body, arena, ret, error);
  (void)refuse(error, "there is none at the issuer's address");
  error->upstream_status = answer.status;
  return -1;
}

int oauth_discover(const struct oauth_discovery *about, struct arena *arena, struct oauth_provider *ret, struct error *error) {
  struct url url;
  if (url_parse(arena, about->issuer, &url, error) < 0) return -1;
  struct str origin = url_origin(arena, &url), path = str_ends(url.path, STR("/")) ? str_slice(url.path, 0, url.path.n - 1) : url.path;
  struct http_client_options options = about->options;
  options.body_limit = DOCUMENT_MAX;
  if (options.timeout_ms == 0 || options.timeout_ms > CALL_MS) options.timeout_ms = CALL_MS;
  struct http_client *http = http_client_new(options);
  const struct {
    enum oauth_document form;
    struct str url;
  } places[] = {{OAUTH_DOCUMENT, arena_printf(arena, "%.*s%.*s/.well-known/openid-configuration", STR_ARG(origin), STR_ARG(path))},
                {OAUTH_DOCUMENT, arena_printf(arena, "%.*s/.well-known/oauth-authorization-server%.*s", STR_ARG(origin),
                                              STR_ARG(path))}, /* RFC 8414 section 3 */
                {OAUTH_DOCUMENT_SMART, arena_printf(arena, "%.*s%.*s/.well-known/smart-configuration", STR_ARG(origin), STR_ARG(path))}};
  int result = -1;
  for (size_t i = 0; result < 0 && i < (about->slash_is_the_same ? 3 : 2); i++) {
    if (i > 0 && !error->upstream_status) break; /* only one that is not there leads on to the next */
    *error = (struct error){0};
    result = ask(http, about, places[i].form, places[i].url, arena, ret, error);
  }
  http_client_free(http);
  return result;
}

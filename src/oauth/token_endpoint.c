#include "oauth/token_endpoint.h"

#include "base/clock.h"
#include "base/json_out.h"
#include "base/json_stream.h"
#include "crypt/random.h"
#include "http/base64.h"
#include "http/url.h"
#include "oauth/jws.h"

enum { CALL_MS = 30000, BODY_MAX = 65536, TEXT_MAX = 32768, SCOPE_MAX = 1000, WORD_MAX = 31, ASSERTION_S = 60 };

struct http_client *token_http_new(const struct oauth_party *party) {
  struct http_client_options options = party->options;
  if (options.timeout_ms == 0 || options.timeout_ms > CALL_MS) options.timeout_ms = CALL_MS;
  return http_client_new(options);
}

/* --- who we are --- */

enum authentication { BY_BASIC, BY_POST, BY_ASSERTION, BY_NOTHING };

static struct buf secret_buf(size_t size) {
  struct buf buf = BUF_INIT(size);
  (void)buf_reserve(&buf, size);
  return buf;
}

static struct secret *secret_of_buf(struct buf *buf, size_t from) {
  struct secret *secret = secret_new(str_from(buf_str(buf), from));
  secret_wipe(buf->p, buf->capacity);
  buf_free(buf);
  return secret;
}

/* RFC 6749 section 2.3.1: id and secret are form-encoded before they are joined (R-C3). */
static struct secret *basic_header(const struct oauth_party *party, struct arena *arena) {
  const struct oauth_client *client = party->client;
  if (party->provider->manners && party->provider->manners->plain_basic) return base64_basic(client->client_id, client->client_secret);
  struct buf encoded = secret_buf(3 * secret_reveal(client->client_secret).n + 2);
  (void)form_add(&encoded, STR_NONE, secret_reveal(client->client_secret));
  struct secret *word = secret_of_buf(&encoded, 1); /* behind the '=' */
  struct secret *header = base64_basic(url_encode(arena, client->client_id), word);
  secret_free(word);
  return header;
}

/* RFC 7523: for this server alone (one audience), once (jti), for a minute (R-C1). */
static int assertion(const struct token_call *call, struct arena *arena, struct str *ret, struct error *error) {
  const struct oauth_party *party = call->party;
  struct buf claims = BUF_INIT(4096);
  struct json_out out = JSON_OUT_INIT(&claims);
  int64_t now = clock_now_ms() / 1000;
  json_out_object(&out);
  json_out_member_str(&out, "iss", party->client->client_id);
  json_out_member_str(&out, "sub", party->client->client_id);
  json_out_member_str(&out, "aud", party->provider->issuer.n ? party->provider->issuer : party->provider->token_endpoint);
  json_out_member_str(&out, "jti", random_id(arena, 22));
  json_out_member_int(&out, "iat", now);
  json_out_member_int(&out, "exp", now + ASSERTION_S);
  json_out_end(&out);
  bool good = jws_sign(party->client->private_key, STR("\"typ\":\"JWT\""), buf_str(&claims), arena, ret);
  buf_free(&claims);
  if (good) return 0;
  return error_set(error, ERROR_configuration,
                   "the private key for server %.*s is no RSA key (of 2048 bits or more) or EC key (P-256) in PEM without a password",
                   STR_ARG(party->server));
}

/* --- the call --- */

static int add_client(struct buf *body, const struct token_call *call, enum authentication how, struct arena *arena, struct error *error) {
  struct str signed_text;
  if (how == BY_BASIC && !call->names_client) return 0;
  (void)form_add(body, STR("client_id"), call->party->client->client_id);
  if (how == BY_POST) (void)form_add(body, STR("client_secret"), secret_reveal(call->party->client->client_secret));
  if (how != BY_ASSERTION) return 0;
  if (assertion(call, arena, &signed_text, error) < 0) return -1;
  (void)form_add(body, STR("client_assertion_type"), STR("urn:ietf:params:oauth:client-assertion-type:jwt-bearer"));
  (void)form_add(body, STR("client_assertion"), signed_text);
  return 0;
}

static int send(const struct token_call *call, struct str endpoint, struct str body, const struct secret *basic, struct arena *arena,
                struct http_answer *ret, struct error *error) {
  struct http_headers headers = {0};
  http_headers_add(&headers, arena, STR("Content-Type"), STR("application/x-www-form-urlencoded"));
  http_headers_add(&headers, arena, STR("Accept"), STR("application/json")); /* else a missing client is a redirect to the login page */
  http_headers_add(&headers, arena, STR("X-Requested-With"), STR("XMLHttpRequest"));
  if (call->party->proof_key)
    http_headers_add(&headers, arena, STR("DPoP"),
                     dpop_proof(call->party->nonces, call->party->proof_key, STR("POST"), endpoint, NULL, arena));
  struct http_call http = {.method = STR("POST"), .url = endpoint, .headers = &headers, .body = body};
  if (basic) {
    http.secret_header_name = STR("Authorization");
    http.secret_header_prefix = STR("Basic ");
    http.secret_header = basic;
  }
  if (http_client_call(call->http, &http, arena, ret, error) < 0) return error_name_server(error, call->party->server);
  if (call->party->proof_key) dpop_nonces_keep(call->party->nonces, endpoint, &ret->headers);
  return 0;
}

static int call_as(const struct token_call *call, enum authentication how, struct str endpoint, const struct form_field *fields,
                   size_t count, struct arena *arena, struct http_answer *ret, struct error *error) {
  struct buf body = secret_buf(BODY_MAX);
  for (size_t i = 0; i < count; i++) (void)form_add(&body, fields[i].name, fields[i].value);
  int result = add_client(&body, call, how, arena, error);
  if (result == 0 && body.full) result = error_set(error, ERROR_too_large, "the call to the token endpoint is too large");
  if (result == 0) {
    struct secret *basic = how == BY_BASIC ? basic_header(call->party, arena) : NULL;
    result = send(call, endpoint, buf_str(&body), basic, arena, ret, error);
    secret_free(basic);
  }
  secret_wipe(body.p, body.capacity);
  buf_free(&body);
  return result;
}

static struct str refusal_of(const struct oauth_manners *manners, const struct http_answer *answer, struct arena *arena) {
  struct token_answer read;
  (void)token_answer_read(arena, manners, false, answer, &read);
  struct str refusal = read.refusal;
  token_answer_clear(&read);
  return refusal;
}

int token_call(const struct token_call *call, struct str endpoint, const struct form_field *fields, size_t count, struct arena *arena,
               struct http_answer *ret, struct error *error) {
  const struct oauth_provider *provider = call->party->provider;
  const struct oauth_client *client = call->party->client;
  enum authentication how = client->private_key        ? BY_ASSERTION
                            : !client->client_secret   ? BY_NOTHING
                            : provider->secret_by_post ? BY_POST
                                                       : BY_BASIC;
  bool other_way = how == BY_BASIC && !(provider->manners && provider->manners->plain_basic);
  for (bool other_nonce = call->party->proof_key && call->party->nonces;;) {
    if (call_as(call, how, endpoint, fields, count, arena, ret, error) < 0) return -1;
    struct str refusal = ret->status < 400 ? STR_NONE : refusal_of(provider->manners, ret, arena);
    if (other_nonce && str_eq(refusal, STR("use_dpop_nonce"))) {
      other_nonce = false;
    } else if (other_way && str_eq(refusal, STR("invalid_client"))) {
      other_way = false;
      how = BY_POST;
    } else {
      return 0;
    }
  }
}

/* --- the answer --- */

struct reading {
  struct arena *arena;
  struct token_answer *answer;
  unsigned depth;
  char key[32];
};

static int keep(struct secret **to, struct str text) {
  if (*to) return -1; /* twice: which one is meant */
  *to = secret_new(text);
  return 0;
}

static int take_text(struct reading *r, struct str text) {
  struct str key = str_of(r->key);
  if (str_eq(key, STR("access_token"))) return keep(&r->answer->access, text);
  if (str_eq(key, STR("refresh_token"))) return keep(&r->answer->refresh, text);
  if (str_eq(key, STR("id_token"))) return keep(&r->answer->id, text);
  if (str_eq(key, STR("token_type"))) /* without case: RFC 6749 section 5.1 */
    r->answer->type = str_eq_nocase(text, STR("bearer")) ? TOKEN_BEARER : str_eq_nocase(text, STR("dpop")) ? TOKEN_DPOP : TOKEN_OTHER;
  if (str_eq(key, STR("scope")) && text.n <= SCOPE_MAX) r->answer->scope = arena_str(r->arena, text);
  if (str_eq(key, STR("error")) && text.n <= WORD_MAX) r->answer->refusal = arena_str(r->arena, text);
  return 0;
}

static int take(void *payload, enum json_event event, struct str text, struct error *error) {
  struct reading *r = payload;
  uint64_t seconds;
  switch (event) {
  case JSON_EVENT_OBJECT:
  case JSON_EVENT_ARRAY: r->depth++; break;
  case JSON_EVENT_OBJECT_END:
  case JSON_EVENT_ARRAY_END: r->depth--; break;
  case JSON_EVENT_KEY:
    if (r->depth == 1) (void)snprintf(r->key, sizeof r->key, "%.*s", STR_ARG(text));
    break;
  case JSON_EVENT_STRING: return r->depth == 1 ? take_text(r, text) : 0;
  case JSON_EVENT_NUMBER:
    if (r->depth != 1 || !str_to_u64(text, &seconds) || seconds > INT32_MAX) break;
    if (strcmp(r->key, "expires_in") == 0) r->answer->expires_s = (int64_t)seconds;
    if (strcmp(r->key, "refresh_expires_in") == 0 ||
        strcmp(r->key, "refresh_token_expires_in") == 0) /* no RFC names one: both are in use */
      r->answer->refresh_s = (int64_t)seconds;
    break;
  default: break;
  }
  return 0;
}

void token_answer_clear(struct token_answer *answer) {
  secret_free(answer->access);
  secret_free(answer->refresh);
  secret_free(answer->id);
  *answer = (struct token_answer){0};
}

/* Letters and underscores, as RFC 6749 section 5.2 has them; whatever else a server writes there is not repeated. */
static bool is_word(struct str text) {
  for (size_t i = 0; i < text.n; i++)
    if (!((text.p[i] >= 'a' && text.p[i] <= 'z') || text.p[i] == '_')) return false;
  return true;
}

bool token_answer_read(struct arena *arena, const struct oauth_manners *manners, bool dpop, const struct http_answer *answer,
                       struct token_answer *ret) {
  struct reading reading = {.arena = arena, .answer = ret};
  struct error unused = {0};
  *ret = (struct token_answer){0};
  if (http_headers_are_json(&answer->headers)) {
    struct json_stream *stream = json_stream_new((struct json_limits){.depth = 8, .text = TEXT_MAX, .secrets = true}, take, &reading);
    bool whole = json_stream_feed(stream, answer->body, &unused) == 0 && json_stream_finish(stream, &unused) == 0;
    json_stream_free(stream);
    if (!whole) token_answer_clear(ret);
  }
  if (!is_word(ret->refusal)) ret->refusal = STR("not_told");
  bool wanted = ret->type == (dpop ? TOKEN_DPOP : TOKEN_BEARER);
  if (answer->status == 200 && !ret->refusal.n && ret->access && secret_reveal(ret->access).n && wanted) return true;
  struct str refusal = ret->refusal;
  if (!refusal.n && answer->status == 401) refusal = STR("invalid_client");
  if (!refusal.n && manners && manners->refusal) refusal = manners->refusal(answer);
  token_answer_clear(ret);
  ret->refusal = refusal;
  return false;
}

static const struct {
  const char *word, *advice;
} advices[] = {
    {"invalid_client",
     "the server does not take drawbridge's client id, its secret or key, or the way it is sent: compare with the client's "
     "registration at the server"},
    {"unauthorized_client",
     "the client's definition at the server does not allow this: its grants must be authorization_code and refresh_token"},
    {"invalid_scope", "the client's registration at the server lacks a scope that is asked for"},
    {"unsupported_grant_type",
     "the client's definition at the server does not allow this: its grants must be authorization_code and refresh_token"},
    {"invalid_request", "the server finds the call to its token endpoint malformed"},
    {"server_error", "the server failed while it made the token: its log says why"},
    {"temporarily_unavailable", "the server cannot make tokens at the moment: try again later"},
};

const char *token_refusal_advice(const struct oauth_manners *manners, struct str refusal) {
  const char *own = manners && manners->advice ? manners->advice(refusal) : NULL;
  for (size_t i = 0; i < sizeof advices / sizeof *advices && !own; i++)
    if (str_eq(refusal, str_of(advices[i].word))) own = advices[i].advice;
  return own;
}

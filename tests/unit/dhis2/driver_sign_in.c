/* driver_sign_in: the calls of dhis2/probe.h, sign_in.h and oauth.h by hand, for tests/blackbox/test_sign_in.py. Prints one line of JSON, secrets included: nothing but a tool for tests.
 *
 *   driver_sign_in URL probe | pat TOKEN | basic USER PASSWORD | password USER PASSWORD [CODE] | sign-out COOKIES | look TOKEN | call METHOD PATH COOKIES
 *   driver_sign_in URL start|redeem|refresh|revoke oauth|legacy-oauth CLIENT SECRET|-|key:FILE REDIRECT [CODE VERIFIER|- NONCE | REFRESH SUBJECT | REFRESH|- ACCESS|-] */
#include "base/file.h"
#include "base/json_out.h"
#include "dhis2/oauth.h"
#include "http/cookie.h"

enum { TEXT_MAX = 1 << 20 };

struct driver {
  struct arena *arena;
  struct source_place place;
  struct buf buf;
  struct json_out out;
  char **words;
  int count;
};

static const struct str loopback[] = {{"127.0.0.0/8", 11}, {"::1/128", 7}};

static const char *word(const struct driver *d, int i) {
  return i < d->count ? d->words[i] : "";
}

static struct secret *secret_word(const struct driver *d, int i) {
  return i >= d->count || strcmp(d->words[i], "-") == 0 ? NULL : secret_new(str_of(d->words[i]));
}

static void member(struct driver *d, const char *name, struct str text) {
  json_out_member_str(&d->out, name, text.p ? text : STR(""));
}

static void member_secret(struct driver *d, const char *name, const struct secret *secret) {
  member(d, name, secret_reveal(secret));
}

static void failure(struct driver *d, const struct error *error) {
  member(d, "code", str_of(error_name(error->code)));
  member(d, "reason", str_of(error->reason));
  member(d, "message", str_of(error->message));
  member(d, "server", str_of(error->server));
  json_out_member_int(&d->out, "upstream_status", error->upstream_status);
  json_out_member_int(&d->out, "retry_after", error->retry_after);
}

static void signed_in(struct driver *d, struct signed_in *s) {
  member(d, "kind", str_of(sign_in_kind_name(s->kind)));
  json_out_member_int(&d->out, "credential_kind", s->credential.kind);
  member_secret(d, "credential", s->credential.value);
  member_secret(d, "refresh_token", s->refresh_token);
  member_secret(d, "cookies", s->cookies);
  json_out_member_int(&d->out, "expires_ms", s->expires_ms);
  member(d, "id", s->user.id);
  member(d, "username", s->user.username);
  member(d, "name", s->user.name);
  member(d, "subject", s->subject);
  member(d, "version", s->version_text);
  signed_in_clear(s);
}

static void show_oauth(struct driver *d, const char *name, const struct oauth_provider *oauth) {
  json_out_member_object(&d->out, name);
  member(d, "issuer", oauth->issuer);
  member(d, "authorization", oauth->authorization_endpoint);
  member(d, "token", oauth->token_endpoint);
  member(d, "jwks", oauth->jwks_uri);
  member(d, "revocation", oauth->revocation_endpoint);
  json_out_end(&d->out);
}

static void show_probe(struct driver *d, const struct dhis2_probe *probe) {
  static const char *const states[] = {"off", "on", "unsure"};
  member(d, "version", probe->source.version_text);
  member(d, "title", probe->title);
  json_out_member_int(&d->out, "password_way", probe->password_way);
  json_out_member_object(&d->out, "kinds");
  for (int i = 0; i <= SIGN_IN_BASIC; i++) {
    json_out_member_object(&d->out, sign_in_kind_name((enum sign_in_kind)i));
    member(d, "state", str_of(states[probe->source.kinds[i].state]));
    member(d, "why", probe->source.kinds[i].why);
    member(d, "remedy", probe->source.kinds[i].remedy);
    json_out_end(&d->out);
  }
  json_out_end(&d->out);
  show_oauth(d, "oauth", &probe->source.oauth);
  show_oauth(d, "legacy_oauth", &probe->source.legacy_oauth);
}

static int run_probe(struct driver *d, struct error *error) {
  struct dhis2_probe probe;
  if (dhis2_probe(&d->place, d->arena, &probe, error) < 0) return -1;
  show_probe(d, &probe);
  return 0;
}

static int run_sign_in(struct driver *d, struct error *error) {
  struct signed_in s;
  struct secret *first = secret_word(d, 1), *second = secret_word(d, 2), *code = secret_word(d, 3);
  struct str name = str_of(word(d, 1));
  int result = strcmp(word(d, 0), "pat") == 0     ? dhis2_sign_in_pat(&d->place, NULL, first, d->arena, &s, error)
               : strcmp(word(d, 0), "basic") == 0 ? dhis2_sign_in_basic(&d->place, NULL, name, second, d->arena, &s, error)
                                                  : dhis2_sign_in_password(&d->place, NULL, name, second, code, d->arena, &s, error);
  secret_free(first);
  secret_free(second);
  secret_free(code);
  if (result == 0) signed_in(d, &s);
  return result;
}

static int run_sign_out(struct driver *d, struct error *error) {
  struct secret *cookies = secret_word(d, 1);
  int result = dhis2_sign_out(&d->place, cookies, error);
  secret_free(cookies);
  return result;
}

static int run_look(struct driver *d, struct error *error) {
  (void)error;
  json_out_member_int(&d->out, "look", dhis2_token_look(str_of(word(d, 1))));
  return 0;
}

static int run_call(struct driver *d, struct error *error) {
  struct secret *cookies = secret_word(d, 3);
  struct dhis2_server *server = dhis2_server_new(d->place.id, d->place.base_url, d->place.options, (struct source_credential){0});
  struct http_answer answer;
  dhis2_server_load_cookies(server, cookies);
  int result = dhis2_call(server, word(d, 1), str_of(word(d, 2)), STR("application/json"),
                          strcmp(word(d, 1), "GET") == 0 ? STR_NONE : STR("1"), d->arena, &answer, error);
  if (result == 0) json_out_member_int(&d->out, "status", answer.status);
  if (result == 0) member(d, "body", answer.body);
  dhis2_server_free(server);
  secret_free(cookies);
  return result;
}

/* --- authorization codes --- */

struct code_words {
  struct dhis2_probe probe;
  const struct oauth_provider *oauth;
  struct oauth_client client;
  struct oauth_party party;
  struct secret *secret, *key, *sixth, *seventh;
};

static int read_code_words(struct driver *d, struct code_words *w, struct error *error) {
  bool legacy = strcmp(word(d, 1), "legacy-oauth") == 0;
  if (dhis2_probe(&d->place, d->arena, &w->probe, error) < 0) return -1;
  w->oauth = legacy ? &w->probe.source.legacy_oauth : &w->probe.source.oauth;
  if (str_starts(str_of(word(d, 3)), STR("key:"))) {
    struct str pem;
    if (file_read(d->arena, word(d, 3) + 4, TEXT_MAX, &pem, error) < 0) return -1;
    w->key = secret_new(pem);
  } else
    w->secret = secret_word(d, 3);
  w->sixth = secret_word(d, 5);
  w->seventh = secret_word(d, 6);
  w->client = (struct oauth_client){
      .client_id = str_of(word(d, 2)), .client_secret = w->secret, .private_key = w->key, .redirect_uri = str_of(word(d, 4))};
  w->party = dhis2_party(&d->place, w->oauth, &w->client);
  return 0;
}

static int run_start(struct driver *d, struct code_words *w, struct error *error) {
  struct oauth_start start;
  if (oauth_start(&w->party, d->arena, &start, error) < 0) return -1;
  member(d, "url", start.url);
  member(d, "state", start.state);
  member(d, "nonce", start.nonce);
  member_secret(d, "verifier", start.verifier);
  secret_free(start.verifier);
  return 0;
}

static int run_redeem(struct driver *d, struct code_words *w, struct error *error) {
  struct signed_in s;
  if (dhis2_oauth_redeem(&d->place, &w->party, w->sixth, w->seventh, str_of(word(d, 7)), d->arena, &s, error) < 0) return -1;
  signed_in(d, &s);
  return 0;
}

static int run_refresh(struct driver *d, struct code_words *w, struct error *error) {
  struct oauth_tokens tokens;
  if (oauth_refresh(&w->party, w->sixth, str_of(word(d, 6)), d->arena, &tokens, error) < 0) return -1;
  member_secret(d, "access_token", tokens.access_token);
  member_secret(d, "refresh_token", tokens.refresh_token);
  json_out_member_int(&d->out, "expires_ms", tokens.expires_ms);
  secret_free(tokens.access_token);
  secret_free(tokens.refresh_token);
  return 0;
}

static int run_code(struct driver *d, struct error *error) {
  struct code_words w = {0};
  int result = read_code_words(d, &w, error);
  if (result == 0) {
    if (strcmp(word(d, 0), "start") == 0)
      result = run_start(d, &w, error);
    else if (strcmp(word(d, 0), "redeem") == 0)
      result = run_redeem(d, &w, error);
    else if (strcmp(word(d, 0), "refresh") == 0)
      result = run_refresh(d, &w, error);
    else
      result = oauth_revoke(&w.party, w.sixth, w.seventh, error);
  }
  secret_free(w.secret);
  secret_free(w.key);
  secret_free(w.sixth);
  secret_free(w.seventh);
  return result;
}

static const struct {
  const char *word;
  int (*run)(struct driver *d, struct error *error);
} runs[] = {{"probe", run_probe},       {"pat", run_sign_in},  {"basic", run_sign_in}, {"password", run_sign_in},
            {"sign-out", run_sign_out}, {"look", run_look},    {"call", run_call},     {"start", run_code},
            {"redeem", run_code},       {"refresh", run_code}, {"revoke", run_code}};

int main(int argc, char **argv) {
  if (argc < 3) return 2;
  struct error error = {0};
  struct driver d = {.arena = arena_new(), .words = argv + 2, .count = argc - 2, .buf = BUF_INIT(TEXT_MAX)};
  d.place = (struct source_place){.id = STR("try"), .base_url = str_of(argv[1]), .options = {.addresses = loopback, .address_count = 2}};
  uint64_t timeout;
  if (str_to_u64(str_of(getenv("DRIVER_TIMEOUT_MS")), &timeout)) d.place.options.timeout_ms = (int)timeout;
  d.place.options.ca_file = getenv("DRIVER_CA");
  d.out = JSON_OUT_INIT(&d.buf);
  json_out_object(&d.out);
  int result = -2;
  for (size_t i = 0; i < sizeof runs / sizeof *runs; i++)
    if (strcmp(word(&d, 0), runs[i].word) == 0) result = runs[i].run(&d, &error);
  if (result == -1) failure(&d, &error);
  json_out_end(&d.out);
  (void)puts(d.buf.p);
  buf_free(&d.buf);
  arena_free(d.arena);
  return result == -2 ? 2 : 0;
}

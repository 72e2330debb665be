#include "dhis2/mint.h"

#include "base/json_out.h"
#include "base/json_stream.h"
#include "dhis2/judge.h"
#include "dhis2/refusal.h"
#include "dhis2/uid.h"
#include "dhis2/who.h"
#include "http/cookie.h"

enum {
  BODY_MAX = 4096,
  TEXT_MAX = 4096,
  ALL_METHODS = 5,
  UID_LENGTH = 11,
  LONGER_MS = 60 * 1000 /* clocks differ a little: it is to end here first */
};

/* --- what is asked for --- */

static bool has(const struct dhis2_mint *mint, struct str method) {
  for (size_t i = 0; i < mint->method_count; i++)
    if (str_eq(mint->methods[i], method)) return true;
  return false;
}

/* A list of all methods forbids nothing but HEAD, which 2.40 cannot list. */
static void add_limits(struct json_out *out, const struct dhis2_mint *mint, struct dhis2_version version) {
  if (mint->method_count == 0 || mint->method_count >= ALL_METHODS) return;
  json_out_member_array(out, "attributes");
  json_out_object(out);
  json_out_member_str(out, "type", STR("MethodAllowedList"));
  json_out_member_array(out, "allowedMethods");
  for (size_t i = 0; i < mint->method_count; i++) json_out_str(out, mint->methods[i]);
  if (!has(mint, STR("DELETE"))) json_out_str(out, STR("DELETE"));
  if (has(mint, STR("GET")) && dhis2_can(version, DHIS2_TOKEN_HEAD)) json_out_str(out, STR("HEAD"));
  json_out_end(out);
  json_out_end(out);
  json_out_end(out);
}

/* --- what comes --- */

struct reading {
  unsigned depth;
  bool inside; /* "response" */
  char key[16];
  struct secret *token;
  char uid[UID_LENGTH + 1];
};

static int take(void *payload, enum json_event event, struct str text, struct error *error) {
  struct reading *r = payload;
  (void)error;
  switch (event) {
  case JSON_EVENT_OBJECT:
  case JSON_EVENT_ARRAY:
    if (r->depth++ == 1) r->inside = strcmp(r->key, "response") == 0;
    break;
  case JSON_EVENT_OBJECT_END:
  case JSON_EVENT_ARRAY_END: r->depth--; break;
  case JSON_EVENT_KEY: (void)snprintf(r->key, sizeof r->key, "%.*s", STR_ARG(text)); break;
  case JSON_EVENT_STRING:
    if (r->depth != 2 || !r->inside) break;
    if (strcmp(r->key, "key") == 0 && !r->token) r->token = secret_new(text);
    if (strcmp(r->key, "uid") == 0 && text.n == UID_LENGTH) memcpy(r->uid, text.p, text.n);
    break;
  default: break;
  }
  return 0;
}

static int refuse(struct error *error, const char *why) {
  return error_set(error, ERROR_upstream_error, "no token in exchange for the password: %s", why);
}

static int read_token(const struct http_answer *answer, struct reading *ret, struct error *error) {
  struct error unused = {0};
  if (answer->status != 201 || dhis2_is_html(&answer->headers)) {
    (void)refuse(error, "the server does not make one for this user");
    error->upstream_status = answer->status;
    return -1;
  }
  struct json_stream *stream = json_stream_new((struct json_limits){.depth = 8, .text = TEXT_MAX, .secrets = true}, take, ret);
  bool whole = json_stream_feed(stream, answer->body, &unused) == 0 && json_stream_finish(stream, &unused) == 0;
  json_stream_free(stream);
  if (!dhis2_is_uid(str_of(ret->uid))) ret->uid[0] = '\0'; /* it becomes part of an address */
  bool good = whole && ret->token && ret->uid[0];
  return good ? 0 : refuse(error, "what the server made of it cannot be read");
}

static int make(struct dhis2_server *session, const struct dhis2_mint *mint, struct dhis2_version version, struct arena *arena,
                struct reading *ret, struct error *error) {
  struct buf body = BUF_INIT(BODY_MAX);
  struct json_out out = JSON_OUT_INIT(&body);
  struct http_answer answer;
  json_out_object(&out);
  json_out_member_int(&out, "expire", mint->expires_ms + LONGER_MS);
  add_limits(&out, mint, version);
  json_out_end(&out);
  int failed = dhis2_call(session, "POST", STR("/api/apiToken"), STR("application/json"), buf_str(&body), arena, &answer, error);
  buf_free(&body);
  return failed ? -1 : read_token(&answer, ret, error);
}

static int delete_with(struct dhis2_server *server, struct str uid, struct arena *arena, struct error *error) {
  struct http_answer answer;
  struct str path = arena_printf(arena, "/api/apiToken/%.*s", STR_ARG(uid));
  if (dhis2_call(server, "DELETE", path, STR_NONE, STR_NONE, arena, &answer, error) < 0) return -1;
  if ((answer.status >= 200 && answer.status < 300 && !dhis2_is_html(&answer.headers)) || answer.status == 404) return 0;
  (void)error_set(error, ERROR_upstream_error, "the server did not delete the token that drawbridge made: it ends by itself at its time");
  error->upstream_status = answer.status;
  return -1;
}

/* The same person, by the token alone. */
static int use_once(const struct source_place *place, const struct secret *token, struct str user_id, struct str version_text,
                    struct arena *arena, struct signed_in *ret, struct error *error) {
  struct secret *own = secret_new(secret_reveal(token));
  struct dhis2_server *server = dhis2_who_server(place, (struct source_credential){CREDENTIAL_PAT, own});
  int failed = dhis2_who(server, dhis2_token_verdict, version_text, arena, ret, error);
  if (!failed && !str_eq(ret->user.id, user_id)) failed = refuse(error, "it is somebody else's");
  dhis2_server_free(server);
  secret_free(own);
  return failed;
}

int dhis2_mint_beside(const struct source_place *place, struct dhis2_server *by, const struct dhis2_mint *mint, struct str user_id,
                      struct str version_text, struct arena *arena, struct signed_in *ret, struct error *error) {
  struct dhis2_version version = {0};
  struct reading made = {0};
  struct error unused = {0};
  *ret = (struct signed_in){0};
  (void)dhis2_version_parse(version_text, &version);
  if (!dhis2_can(version, DHIS2_MINT)) return refuse(error, "this release makes none that it takes");
  int failed = make(by, mint, version, arena, &made, error);
  if (!failed) failed = use_once(place, made.token, user_id, version_text, arena, ret, error);
  if (failed) {
    if (made.uid[0]) (void)delete_with(by, str_of(made.uid), arena, &unused);
    signed_in_clear(ret);
  } else {
    ret->kind = SIGN_IN_PAT;
    ret->credential = (struct source_credential){CREDENTIAL_PAT, secret_ref(made.token)};
    ret->expires_ms = mint->expires_ms;
    ret->minted = arena_str(arena, str_of(made.uid));
  }
  secret_free(made.token);
  return failed;
}

bool dhis2_mint(const struct source_place *place, const struct dhis2_mint *mint, struct arena *arena, struct signed_in *session,
                struct error *error) {
  struct dhis2_version version = {0};
  (void)dhis2_version_parse(session->version_text, &version);
  if (!dhis2_can(version, DHIS2_MINT)) return false;
  struct signed_in fresh;
  struct error unused = {0};
  struct dhis2_server *server = dhis2_who_server(place, session->credential);
  if (session->cookies) dhis2_server_load_cookies(server, session->cookies);
  int failed = dhis2_mint_beside(place, server, mint, session->user.id, session->version_text, arena, &fresh, error);
  dhis2_server_free(server);
  if (failed) return false;
  (void)dhis2_sign_out(place, session->cookies, &unused); /* one that stays ends by itself within the hour */
  secret_free(session->credential.value);
  secret_free(session->cookies);
  session->credential = (struct source_credential){CREDENTIAL_PAT, secret_ref(fresh.credential.value)};
  session->cookies = secret_ref(fresh.cookies);
  session->expires_ms = fresh.expires_ms;
  session->minted = fresh.minted;
  signed_in_clear(&fresh);
  return true;
}

int dhis2_mint_revoke(const struct source_place *place, struct str minted, struct source_credential token, const struct secret *cookies,
                      struct error *error) {
  struct arena *arena = arena_new();
  struct dhis2_server *server = dhis2_who_server(place, token);
  if (cookies) dhis2_server_load_cookies(server, cookies);
  int failed = delete_with(server, minted, arena, error);
  struct secret *left = cookie_jar_save(dhis2_server_cookies(server)); /* also of a session that this very call has opened */
  dhis2_server_free(server);
  if (failed && error->upstream_status) { /* not by itself: it may be refused since, its session not */
    server = dhis2_who_server(place, (struct source_credential){0});
    dhis2_server_load_cookies(server, left);
    *error = (struct error){0};
    failed = delete_with(server, minted, arena, error);
    dhis2_server_free(server);
  }
  struct error unused = {0};
  if (dhis2_sign_out(place, left, failed ? &unused : error)) failed = -1;
  secret_free(left);
  arena_free(arena);
  return failed ? error_name_server(error, place->id) : 0;
}

#include "dhis2/who.h"

#include "dhis2/refusal.h"
#include "http/cookie.h"
#include <jansson.h>

enum { CALL_MS = 30000, TEXT_MAX = 255, UID_LENGTH = 11 };

struct dhis2_server *dhis2_who_server(const struct source_place *place, struct source_credential credential) {
  struct http_client_options options = place->options;
  if (options.timeout_ms == 0 || options.timeout_ms > CALL_MS) options.timeout_ms = CALL_MS;
  return dhis2_server_new(place->id, place->base_url, options, credential);
}

static struct str member(struct arena *arena, const json_t *object, const char *name) {
  struct str text = str_of(json_string_value(json_object_get(object, name)));
  return text.n <= TEXT_MAX ? arena_str(arena, text) : STR_NONE;
}

bool dhis2_user_read(struct arena *arena, struct str json, struct signed_in_user *ret) {
  json_t *root = json_loadb(json.p, json.n, 0, NULL);
  struct signed_in_user user = {
      .id = member(arena, root, "id"), .username = member(arena, root, "username"), .name = member(arena, root, "displayName")};
  if (!user.username.n) user.username = member(arena, json_object_get(root, "userCredentials"), "username");
  if (!user.name.n) user.name = member(arena, root, "name");
  if (!user.name.n) user.name = user.username;
  json_decref(root);
  if (user.id.n != UID_LENGTH || !user.username.n) return false;
  *ret = user;
  return true;
}

/* A server that keeps its version to itself is not refused for that. */
static struct str ask_version(struct dhis2_server *server, struct arena *arena) {
  struct error unused = {0};
  struct str body;
  if (dhis2_get(server, STR("/api/system/info?fields=version"), arena, &body, &unused) < 0) return STR_NONE;
  json_t *root = json_loadb(body.p, body.n, 0, NULL);
  struct str text = member(arena, root, "version");
  json_decref(root);
  return text;
}

int dhis2_who(struct dhis2_server *server, dhis2_verdict *verdict, struct str version_text, struct arena *arena, struct signed_in *ret,
              struct error *error) {
  struct http_answer answer;
  if (dhis2_call(server, "GET", STR("/api/me?fields=id,username,displayName,name,userCredentials%5Busername%5D"), STR_NONE, STR_NONE, arena,
                 &answer, error) < 0)
    return -1;
  if (verdict(arena, &answer, error) < 0) return -1;
  if (!dhis2_user_read(arena, answer.body, &ret->user)) {
    (void)error_set(error, ERROR_not_dhis2, "the server's answer to 'who am I' names no DHIS2 user");
    error->upstream_status = answer.status;
    return -1;
  }
  ret->version_text = version_text.n ? version_text : ask_version(server, arena);
  struct secret *saved = cookie_jar_save(dhis2_server_cookies(server));
  if (secret_reveal(saved).n)
    ret->cookies = saved;
  else
    secret_free(saved);
  return 0;
}

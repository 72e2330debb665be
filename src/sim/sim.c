#include "sim/sim.h"

#include "base/clock.h"
#include "base/mem.h"
#include "sim/auth.h"
#include "sim/data.h"
#include "sim/values.h"

#include <openssl/evp.h>

static const struct {
  enum sim_release release;
  const char *name, *version, *revision;
} releases[] = {
    {SIM_2_37_9, "2.37.9", "2.37.9", "c829b69"}, {SIM_2_37, "2.37", "2.37.10", "2d0f892"},  {SIM_2_40, "2.40", "2.40.12", "82b6022"},
    {SIM_2_41, "2.41", "2.41.9", "ce64046"},     {SIM_2_42, "2.42", "2.42.5.2", "91f1f41"}, {SIM_2_43, "2.43", "2.43.1", "9cbfbf3"},
};

bool sim_release_of(struct str text, enum sim_release *ret) {
  for (size_t i = 0; i < sizeof releases / sizeof *releases; i++) {
    if (!str_eq(text, str_of(releases[i].name))) continue;
    *ret = releases[i].release;
    return true;
  }
  return false;
}

static size_t row_of(const struct sim *sim) {
  size_t i = 0;
  while (i + 1 < sizeof releases / sizeof *releases && releases[i].release != sim->release) i++;
  return i;
}

const char *sim_version(const struct sim *sim) {
  return releases[row_of(sim)].version;
}

const char *sim_revision(const struct sim *sim) {
  return releases[row_of(sim)].revision;
}

struct sim *sim_new(enum sim_release release, struct str base_url, struct str context) {
  struct sim *sim = mem_alloc(sizeof *sim);
  sim->release = release;
  sim->base_url = base_url;
  sim->context = context;
  sim->conf = (struct sim_conf){.pat = release >= SIM_2_40,
                                .legacy_oauth = release <= SIM_2_41,
                                .oauth_server = release >= SIM_2_42,
                                .jwt = release >= SIM_2_42,
                                .totp = true,
                                .email_2fa = true,
                                .mail = true,
                                .saved_requests = true,
                                .login_app = true,
                                .session_timeout_s = 3600,
                                .max_sessions = 10};
  sim->objects = sim_objects_new();
  sim->data = sim_data_new(sim);
  sim->values = sim_values_new();
  sim->auth = sim_auth_new(sim);
  return sim;
}

void sim_free(struct sim *sim) {
  if (!sim) return;
  sim_auth_free(sim->auth);
  sim_data_free(sim->data);
  sim_values_free(sim->values);
  sim_objects_free(sim->objects);
  free(sim);
}

static bool set_calendar(struct sim_conf *conf, struct str value) {
  static const char *const calendars[] = {"iso8601", "gregorian", "ethiopian", "nepali", "coptic", "persian", "thai", "islamic", "julian"};
  for (size_t i = 0; i < sizeof calendars / sizeof *calendars; i++) {
    if (!str_eq(value, str_of(calendars[i]))) continue;
    conf->calendar = calendars[i];
    return true;
  }
  return false;
}

bool sim_set(struct sim *sim, struct str name, struct str value) {
  struct sim_conf *conf = &sim->conf;
  if (str_eq(name, STR("calendar"))) return set_calendar(conf, value);
  const struct {
    const char *name;
    bool *flag;
    int64_t *number;
  } keys[] = {{"pat", &conf->pat, NULL},
              {"uaa", &conf->legacy_oauth, NULL},
              {"oauth", &conf->oauth_server, NULL},
              {"jwt", &conf->jwt, NULL},
              {"csrf", &conf->csrf, NULL},
              {"totp", &conf->totp, NULL},
              {"email-2fa", &conf->email_2fa, NULL},
              {"mail", &conf->mail, NULL},
              {"saved-requests", &conf->saved_requests, NULL},
              {"login-app", &conf->login_app, NULL},
              {"rotate", &conf->rotate, NULL},
              {"control", &conf->control, NULL},
              {"timeout", NULL, &conf->session_timeout_s},
              {"max-sessions", NULL, &conf->max_sessions},
              {"import-ms", NULL, &conf->import_ms}};
  for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
    if (!str_eq(name, str_of(keys[i].name))) continue;
    if (keys[i].number) return str_to_i64(value, keys[i].number);
    *keys[i].flag = str_eq(value, STR("on"));
    return *keys[i].flag || str_eq(value, STR("off"));
  }
  return false;
}

int64_t sim_now_ms(const struct sim *sim) {
  return (sim->stopped_ms ? sim->stopped_ms : clock_now_ms()) + sim->clock_offset_ms;
}

struct str sim_link(const struct sim *sim, const struct sim_request *request, struct str path) {
  return arena_printf(request->arena, "http://%.*s%.*s%.*s", STR_ARG(request->host), STR_ARG(sim->context), STR_ARG(path));
}

enum { TARGET_MAX = 8000 }; /* Tomcat's 8 KiB for the whole head */

static bool tagged(const struct sim *sim, struct str path) {
  static const char *const without[] = {"/api/dataValue", "/api/system", "/api/metadata", "/api/dataEntry/metadata"};
  for (size_t i = 0; i < sizeof without / sizeof *without; i++)
    if (str_starts(path, str_of(without[i]))) return false;
  return sim->release <= SIM_2_41 && str_starts(path, STR("/api/"));
}

/* Up to 2.41 most answers carry their own hash, and nothing comes back where the caller has it already. */
static void tag(const struct sim *sim, const struct sim_request *request, struct sim_reply *reply) {
  unsigned char hash[EVP_MAX_MD_SIZE];
  unsigned length = 0;
  char text[2 * 16 + 5] = "\"0";
  if (!sim_is(request, "GET") || reply->status != 200 || !reply->body.n || !tagged(sim, request->path)) return;
  if (!EVP_Digest(reply->body.p, reply->body.n, hash, &length, EVP_md5(), NULL) || length != 16) return;
  for (size_t i = 0; i < length; i++) (void)snprintf(text + 2 + 2 * i, 3, "%02x", hash[i]);
  text[2 + 2 * length] = '"';
  text[3 + 2 * length] = 0;
  http_headers_set(&reply->headers, reply->arena, STR("ETag"), arena_str(reply->arena, str_of(text)));
  if (!str_eq(sim_header(request, "If-None-Match"), str_of(text))) return;
  reply->status = 304;
  reply->body = STR("");
  http_headers_remove(&reply->headers, STR("Content-Type"));
}

void sim_handle(struct sim *sim, const struct sim_request *request, struct sim_reply *reply) {
  json_t *user = NULL;
  if (request->target.n > TARGET_MAX) {
    sim_reply_tomcat(reply, 400, NULL);
    return;
  }
  if (!sim_auth_handle(sim, request, reply, &user)) sim_data_handle(sim, user, request, reply);
  tag(sim, request, reply);
  sim_auth_done(sim, request, reply);
}

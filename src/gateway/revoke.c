#include "gateway/revoke.h"

#include "base/mem.h"
#include "dhis2/mint.h"
#include "gateway/jar_saver.h"
#include "gateway/long_calls.h"

enum { CALL_TIMEOUT_MS = 10000 };

struct revoke {
  struct directory *directory;
  size_t pending; /* calls under way, and the timer */
  void (*done)(void *payload);
  void *payload;
  uv_timer_t timer;
};

struct one {
  struct revoke *revoke;
  struct directory *directory;
  struct connection *connection;
};

static void free_when_over(struct revoke *revoke) {
  if (--revoke->pending) return;
  directory_unref(revoke->directory);
  free(revoke);
}

static void on_closed(uv_handle_t *handle) {
  free_when_over(handle->data);
}

static void tell(struct revoke *revoke) {
  void (*done)(void *) = revoke->done;
  revoke->done = NULL;
  if (!uv_is_closing((uv_handle_t *)&revoke->timer)) uv_close((uv_handle_t *)&revoke->timer, on_closed);
  if (done) done(revoke->payload);
}

static void on_time(uv_timer_t *timer) {
  tell(timer->data);
}

static void log_failure(const struct connection *connection, const char *what, const struct error *error) {
  log_event(LOG_WARNING, "not_revoked", LOG_STR("server", connection_about(connection)->server), LOG_TEXT("what", what),
            LOG_FAILURE(error));
}

static void revoke_tokens(struct directory *directory, struct directory_server *server, struct connection *connection) {
  bool legacy = connection_about(connection)->kind == CONFIG_LEGACY_OAUTH;
  if (legacy || connection_about(connection)->kind != CONFIG_OAUTH) return;
  struct error error = {0};
  struct arena *arena = arena_new();
  const struct directory_answer *answer = directory_probe(server);
  struct connection_credential now = connection_credential(connection);
  struct secret *refresh_token = connection_refresh_token(connection);
  struct oauth_party party = directory_party(directory, server, &answer->source->oauth, arena);
  party.options.timeout_ms = CALL_TIMEOUT_MS;
  if (answer->error.code)
    log_failure(connection, "tokens", &answer->error);
  else if (oauth_revoke(&party, refresh_token, now.credential.value, &error))
    log_failure(connection, "tokens", &error);
  secret_free(refresh_token);
  secret_free(now.credential.value);
  directory_answer_unref(answer);
  arena_free(arena);
}

static void revoke_minted(const struct source_place *place, struct connection *connection, const struct secret *cookies) {
  struct error error = {0};
  struct connection_credential now = connection_credential(connection);
  if (dhis2_mint_revoke(place, connection_about(connection)->minted, now.credential, cookies, &error))
    log_failure(connection, "minted token", &error);
  secret_free(now.credential.value);
}

static void run(void *payload) {
  struct one *one = payload;
  struct error error = {0};
  struct directory_server *server = directory_find(one->directory, connection_about(one->connection)->server);
  if (!server || !connection_is_at(one->connection, directory_place(server)->base_url)) return; /* that address no longer exists here */
  struct source_place place = *directory_place(server);
  place.options.timeout_ms = CALL_TIMEOUT_MS;
  struct secret *cookies = connection_cookies(one->connection);
  if (connection_about(one->connection)->minted.n)
    revoke_minted(&place, one->connection, cookies);
  else if (cookies && directory_about(server)->type == CONFIG_DHIS2 && dhis2_sign_out(&place, cookies, &error))
    log_failure(one->connection, "session", &error);
  secret_free(cookies);
  revoke_tokens(one->directory, server, one->connection);
}

static void end(void *payload) {
  struct one *one = payload;
  struct revoke *revoke = one->revoke;
  connection_unref(one->connection);
  directory_unref(one->directory);
  free(one);
  if (revoke->pending == 2) tell(revoke); /* this was the last */
  free_when_over(revoke);
}

static void let_go(struct gateway *gateway, void *payload) {
  long_calls_check(gateway);
  jar_saver_drop_ended(gateway);
  sessions_forget(gateway->sessions, NULL);
}

void revoke_from_loops(struct gateway *gateway) {
  loops_everywhere(gateway, let_go, NULL, NULL);
}

void revoke_start(struct gateway *gateway, struct directory *directory, struct connection **connections, size_t count,
                  void (*done)(void *payload), void *payload) {
  struct revoke *revoke = mem_alloc(sizeof *revoke);
  *revoke = (struct revoke){.directory = directory_ref(directory), .pending = 1, .done = done, .payload = payload};
  if (uv_timer_init(gateway->loop, &revoke->timer)) abort();
  revoke->timer.data = revoke;
  for (size_t i = 0; i < count; i++) {
    struct one *one = mem_alloc(sizeof *one);
    *one = (struct one){revoke, directory_ref(directory), connections[i]};
    connection_end(connections[i]);
    connection_save_jar(connections[i]);
    if (work_submit(gateway->background, run, end, one)) {
      revoke->pending++;
    } else {
      struct error busy = {0};
      (void)error_set(&busy, ERROR_busy, "too much is under way");
      log_failure(connections[i], "anything", &busy);
      connection_unref(connections[i]);
      directory_unref(one->directory);
      free(one);
    }
  }
  if (count) revoke_from_loops(gateway);
  (void)uv_timer_start(&revoke->timer, on_time, revoke->pending > 1 ? REVOKE_PATIENCE_MS : 0, 0);
}

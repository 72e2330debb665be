#include "gateway/jar_saver.h"

#include "base/clock.h"
#include "base/mem.h"

struct gateway_jar {
  struct gateway_jar *next;
  struct gateway *gateway;
  struct gateway_session *session;
  struct connection *connection;
};

/* Does not raise what a renewal compares: the credential stays. A renewal that is under way saves the cookies along. */
static void run(void *payload, const struct rows *rows) {
  struct gateway_jar *jar = payload;
  struct error error = {0};
  struct gateway_session *newest = session_newest(jar->session);
  if (!newest || session_frozen(newest) || connection_ended(jar->connection)) {
    gateway_session_unref(newest);
    return;
  }
  if (rows_renew_connection(rows, newest, jar->connection, &error) && error.code != ERROR_changed_meanwhile)
    log_event(LOG_WARNING, "cookies_not_saved", LOG_FAILURE(&error));
  gateway_session_unref(newest);
}

static void done(void *payload) {
  struct gateway_jar *jar = payload;
  gateway_session_unref(jar->session);
  connection_unref(jar->connection);
  free(jar);
}

void jar_saver_drop_ended(struct gateway *gateway) {
  for (struct gateway_jar **at = &gateway->jars, *jar; (jar = *at);) {
    if (connection_ended(jar->connection)) {
      *at = jar->next;
      done(jar);
    } else {
      at = &jar->next;
    }
  }
}

static void save(struct gateway_jar *jar) {
  connection_save_jar(jar->connection);
  if (!sessions_submit(jar->gateway->sessions, run, done, jar)) done(jar);
}

void jar_saver_flush(struct gateway *gateway) {
  while (gateway->jars) {
    struct gateway_jar *jar = gateway->jars;
    gateway->jars = jar->next;
    save(jar);
  }
}

static void on_time(uv_timer_t *timer) {
  jar_saver_flush(timer->data);
}

void jar_saver_note(struct gateway *gateway, struct gateway_session *session, struct connection *connection) {
  for (struct gateway_jar *jar = gateway->jars; jar; jar = jar->next)
    if (jar->connection == connection) return;
  struct gateway_jar *jar = mem_alloc(sizeof *jar);
  *jar = (struct gateway_jar){gateway->jars, gateway, gateway_session_ref(session), connection_ref(connection)};
  if (!gateway->jars) {
    gateway->jar_timer->data = gateway;
    (void)uv_timer_start(gateway->jar_timer, on_time, JAR_SAVER_MS, 0);
    uv_unref((uv_handle_t *)gateway->jar_timer);
  }
  gateway->jars = jar;
}

/* gateway: the token handler as a whole: sessions, sign-in, the proxied path, and the place where the API above it is hung in.
 *
 * What holds always:
 * - There is one gateway on each loop of the process (configuration: workers). The first listens and serves the administrator; what the others share with it is seen by all at once (sessions, sign-outs, limits, nonces).
 * - Everything here is called on the thread of the gateway's loop unless a call says otherwise. The loop never blocks: calls to servers run on a pool of threads, the store on a thread of its own.
 * - A request reaches a route only after the checks that hold for all: Host, Origin, preflight, the header X-Drawbridge (contracts section 4).
 * - No secret of a server leaves towards the browser or the log.
 *
 * Life cycle: gateway_new, gateway_beside for each further loop, gateway_route for each (any number), gateway_listen for the first: all that before any loop runs, on one thread. Then the loops run, each on its own thread, and the calls
 * for `first` are made on that one's: gateway_reload, gateway_drain. gateway_free when no loop runs any more, for the first one last; each loop must run once more for its handles to close. */
#ifndef DRAWBRIDGE_GATEWAY_GATEWAY_H
#define DRAWBRIDGE_GATEWAY_GATEWAY_H

#include "dhis2/server.h"
#include "gateway/config.h"
#include "http/server.h"
#include "net/service.h"

struct gateway;
struct gateway_session;
struct metrics;

/* Takes over the reference of the config. NULL: ERROR_configuration (keys), ERROR_store_unavailable. */
struct gateway *gateway_new(uv_loop_t *loop, struct config *config, struct error *error);
struct gateway *gateway_beside(struct gateway *first, uv_loop_t *loop,
                               struct error *error); /* the same, on another loop, with the configuration and keys of the first */
int gateway_listen(
    struct gateway *first, struct service *service,
    struct error *error); /* at the addresses of the config; a socket of systemd's takes the place of all addresses of its use */
void gateway_reload_refused(struct gateway *first, const struct error *error); /* a configuration that is not taken over */
void gateway_reload(struct gateway *first, struct config *config, void (*done)(void *payload),
                    void *payload); /* servers, apps and limits of calls to come; takes over the reference. `done`: every loop has it */
void gateway_ask_loops(struct gateway *first, void (*done)(void *payload),
                       void *payload); /* `done` when every loop has answered, so never while one hangs */
void gateway_everywhere(struct gateway *first, void (*act)(struct gateway *gateway, void *payload),
                        void *payload);                                                   /* on each loop, here at once */
void gateway_drain(struct gateway *first, void (*drained)(void *payload), void *payload); /* `drained`: all of them are */
void gateway_free(struct gateway *gateway);

struct metrics *gateway_metrics(struct gateway *gateway); /* to be counted in (metrics.h); any thread */
uv_loop_t *gateway_loop(struct gateway *gateway);
struct config *gateway_config_now(struct gateway *gateway); /* own reference; any thread */
struct config *gateway_config(struct gateway *gateway);     /* borrowed until the next gateway_reload: config_ref what must live longer */

/* --- routes of the API above ---
 *
 * Asked in the order they were added, for every path that the gateway itself does not know. True: it has taken the exchange and answers it, now or later. Paths below /v1/ come with the header
 * X-Drawbridge checked; all others (the static page) without. */
typedef bool gateway_handler(void *payload, struct gateway *gateway, struct http_exchange *exchange);
void gateway_route(struct gateway *gateway, gateway_handler *handler, void *payload);

/* Answers; both add what every answer carries (CORS for the app that asked, security headers, no-store). To be used once per exchange; no effect if the browser has gone. */
void gateway_reply_json(struct gateway *gateway, struct http_exchange *exchange, int status, struct str json);
void gateway_reply_error(struct gateway *gateway, struct http_exchange *exchange, const struct error *error);
void gateway_refuse_method(struct gateway *gateway, struct http_exchange *exchange,
                           struct str allow); /* an address that takes only `allow`: "GET, HEAD" */
void gateway_common_headers(struct gateway *gateway, struct http_exchange *exchange,
                            struct http_headers *headers); /* for answers of one's own (streams, files) */

/* --- who is asking --- */

/* `done` gets the session of the exchange's cookie, to be kept with gateway_session_ref beyond the call. Where there is none, or the store is gone, the exchange is answered with the
 * error and `done` is not called. Counts as a use of the session. */
void gateway_with_session(struct gateway *gateway, struct http_exchange *exchange,
                          void (*done)(void *payload, struct http_exchange *exchange, struct gateway_session *session), void *payload);
struct gateway_session *gateway_session_ref(struct gateway_session *session); /* any thread */
void gateway_session_unref(struct gateway_session *session);                  /* any thread */

/* Stable over the life of the session and its rotations; for documents that belong to it. 22 letters. */
struct str gateway_session_owner(const struct gateway_session *session);

/* Who the session is at a server; false: not signed in there. Copied to the arena. */
struct gateway_person {
  struct str id, username, name, version;
};
bool gateway_session_person(struct gateway_session *session, struct str server_id, struct arena *arena, struct gateway_person *ret);

/* The server as the session's user sees it, to be called and used on one worker thread: renews an OAuth token by itself (saved before it is used), and stays good when the browser has gone. Where the sign-in turns out to be over, dhis2_server_sign_in_over tells it to the session. The caller frees it with
 * dhis2_server_free. NULL: ERROR_unknown_server, not_connected, reauth_required. Any thread. */
struct dhis2_server *gateway_connection_server(struct gateway *gateway, struct gateway_session *session, struct str server_id,
                                               struct error *error);

#endif

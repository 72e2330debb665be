#include "api/console.h"

#include "api/console_runs.h"
#include "api/mandates.h"
#include "base/mem.h"
#include "gateway/admin.h"
#include "gateway/oversight.h"
#include "gateway/reply.h"
#include "http/form.h"
#include "http/url.h"
#include "net/work.h"
#include <stdio.h>
#include <unistd.h>

enum { QUEUE = 16, ANSWER_MAX = 64 << 20 };

struct console {
  struct api *api;
  struct gateway *gateway;
  struct store *store; /* of the one thread */
  struct work_pool *thread;
  struct http_server *server;
  char own[24]; /* who runs this, as stream_peer writes it */
};

struct job {
  struct console *console;
  struct http_exchange *exchange;
  struct arena *arena;
  struct str words[2], query;
  const struct route *route;
  struct buf answer;
  size_t cut_after;          /* of a list; as in console_runs.h */
  struct oversight_end *end; /* of what is to be ended at the servers, too */
  struct error error;
};

/* --- sessions and connections --- */

static int read_asked(struct job *job, struct roster_asked *ret, struct error *error) {
  struct form query;
  *ret = (struct roster_asked){.mark = job->words[0]};
  if (form_parse(job->arena, job->query, &query, error)) return -1;
  (void)form_get(&query, STR("user"), &ret->user);
  (void)form_get(&query, STR("server"), &ret->server);
  return 0;
}

struct listing {
  struct job *job;
  struct json_out out;
  struct roster_asked asked;
  size_t count;
};

static void write_connection_id(struct json_out *out, const struct roster_row *row, size_t which, struct arena *arena) {
  json_out_member_str(out, "id", arena_printf(arena, "%s/%.*s", row->mark, STR_ARG(row->connections[which].server)));
  json_out_member_str(out, "session", str_of(row->mark));
}

static int list_session(void *payload, const struct roster_row *row, struct error *error) {
  struct listing *l = payload;
  json_out_object(&l->out);
  roster_session_members(&l->out, row, l->job->arena);
  json_out_end(&l->out);
  return 0;
}

static int list_connections(void *payload, const struct roster_row *row, struct error *error) {
  struct listing *l = payload;
  for (size_t i = 0; i < row->count; i++) {
    const struct store_connection *connection = &row->connections[i];
    if (!roster_matches(&l->asked, connection, l->job->arena)) continue;
    json_out_object(&l->out);
    write_connection_id(&l->out, row, i, l->job->arena);
    roster_connection_members(&l->out, connection, connection->state, l->job->arena);
    if (connection->expires_ms) json_out_member_time(&l->out, "credential_ends_at", connection->expires_ms);
    json_out_end(&l->out);
  }
  return 0;
}

static int list(struct job *job, roster_one *one, struct error *error) {
  struct listing l = {.job = job, .out = JSON_OUT_INIT(&job->answer)};
  if (read_asked(job, &l.asked, error)) return -1;
  json_out_array(&l.out);
  int failed = roster_each(job->console->store, &l.asked, job->arena, one, &l, error);
  json_out_end(&l.out);
  return failed;
}

/* The one that is named, and perhaps one of its connections. */
static int with_named(struct job *job, roster_one *one, struct error *error) {
  struct listing l = {.job = job, .out = JSON_OUT_INIT(&job->answer), .asked = {.mark = job->words[0], .server = job->words[1]}};
  if (job->words[0].n != ROSTER_MARK_LETTERS)
    return error_set(error, ERROR_bad_request, "a session is named by the %d letters that the log and the list have", ROSTER_MARK_LETTERS);
  if (roster_each(job->console->store, &l.asked, job->arena, one, &l, error)) return -1;
  return l.count ? 0
                 : error_set(error, ERROR_not_found, "there is no session %.*s%s%.*s (any more)", STR_ARG(job->words[0]),
                             job->words[1].n ? " with a connection to " : "", STR_ARG(job->words[1]));
}

static size_t named_connection(const struct job *job, const struct roster_row *row) {
  size_t i = 0;
  while (i + 1 < row->count && !str_eq(row->connections[i].server, job->words[1])) i++;
  return i;
}

static int explain_session(void *payload, const struct roster_row *row, struct error *error) {
  struct listing *l = payload;
  if (l->count++) return 0;
  json_out_object(&l->out);
  oversight_session(l->job->console->gateway, row, l->job->arena, &l->out);
  json_out_end(&l->out);
  return 0;
}

static int explain_connection(void *payload, const struct roster_row *row, struct error *error) {
  struct listing *l = payload;
  struct console *console = l->job->console;
  if (l->count++) return 0;
  size_t which = named_connection(l->job, row);
  json_out_object(&l->out);
  write_connection_id(&l->out, row, which, l->job->arena);
  oversight_connection(console->gateway, console->store, row, which, l->job->arena, &l->out);
  json_out_end(&l->out);
  return 0;
}

/* Who let something go on without them is not to find it going on all the same. */
static int end_one(struct listing *l, struct roster_row row, bool whole, size_t which, struct error *error) {
  struct job *job = l->job;
  struct console *console = job->console;
  struct roster_row of_it = row;
  struct mandates_view *views;
  size_t view_count, mandates = 0;
  if (l->count++) return 0;
  if (!whole) {
    of_it.connections = &row.connections[which];
    of_it.count = 1;
  }
  if (mandates_look(console->store, job->arena, &views, &view_count, error) ||
      mandates_withdraw(console->store, views, view_count, &of_it, job->arena, &mandates, error))
    return -1;
  int failed = whole ? oversight_end_session(console->gateway, console->store, &row, job->arena, &job->end, error)
                     : oversight_end_connection(console->gateway, console->store, &row, which, job->arena, &job->end, error);
  if (failed) return -1;
  json_out_object(&l->out);
  json_out_member_str(&l->out, "ended", whole ? str_of(row.mark) : arena_printf(job->arena, "%s/%.*s", row.mark, STR_ARG(job->words[1])));
  json_out_member_int(&l->out, "mandates", (int64_t)mandates);
  json_out_end(&l->out);
  return 0;
}

static int end_session(void *payload, const struct roster_row *row, struct error *error) {
  return end_one(payload, *row, true, 0, error);
}

static int end_connection(void *payload, const struct roster_row *row, struct error *error) {
  struct listing *l = payload;
  return end_one(l, *row, false, named_connection(l->job, row), error);
}

/* --- runs, and what lets them go on --- */

/* What is asked for and not looked at would be taken for an answer. */
static int check_whole(struct job *job, struct error *error) {
  struct roster_asked asked;
  if (read_asked(job, &asked, error)) return -1;
  return asked.user.n || asked.server.n ? error_set(error, ERROR_bad_request, "this list is not narrowed by user or server") : 0;
}

static int ask_runs(struct job *job, console_ask *ask, struct error *error) {
  struct console_asked asked = {.api = job->console->api,
                                .gateway = job->console->gateway,
                                .store = job->console->store,
                                .arena = job->arena,
                                .id = job->words[0],
                                .answer = &job->answer};
  if (!asked.id.n && check_whole(job, error)) return -1;
  int failed = ask(&asked, error);
  job->cut_after = asked.cut_after;
  return failed;
}

/* --- calls --- */

static const struct route {
  const char *method, *pattern; /* url_path_matches */
  int (*run)(struct job *job, roster_one *one, struct error *error);
  roster_one *one;
  console_ask *ask; /* where `run` is NULL */
} routes[] = {
    {"GET", "/sessions", list, list_session, NULL},
    {"GET", "/sessions/{}", with_named, explain_session, NULL},
    {"DELETE", "/sessions/{}", with_named, end_session, NULL},
    {"GET", "/connections", list, list_connections, NULL},
    {"GET", "/connections/{}/{}", with_named, explain_connection, NULL},
    {"DELETE", "/connections/{}/{}", with_named, end_connection, NULL},
    {"GET", "/runs", NULL, NULL, console_runs_list},
    {"GET", "/runs/{}", NULL, NULL, console_run_explain},
    {"DELETE", "/runs/{}", NULL, NULL, console_run_end},
    {"GET", "/mandates", NULL, NULL, console_mandates_list},
    {"GET", "/mandates/{}", NULL, NULL, console_mandate_explain},
    {"DELETE", "/mandates/{}", NULL, NULL, console_mandate_end},
};

static void reply(struct http_exchange *exchange, const struct error *error, struct str json, size_t cut_after) {
  struct arena *arena = http_exchange_arena(exchange);
  struct http_headers headers = {0};
  int status = 200;
  if (error->code) {
    struct reply refusal = {
        .error = error, .path = http_exchange_request(exchange)->path, .public_url = STR(""), .request_id = http_exchange_id(exchange)};
    status = reply_error(&refusal, arena, &headers, &json);
  } else {
    http_headers_add(&headers, arena, STR("Content-Type"), STR("application/json"));
  }
  if (cut_after) http_headers_add(&headers, arena, STR("Drawbridge-Cut-After"), arena_printf(arena, "%zu", cut_after));
  http_headers_add(&headers, arena, STR("Cache-Control"), STR("no-store"));
  http_exchange_reply(exchange, status, &headers, json);
}

static void run_job(void *payload) {
  struct job *job = payload;
  const struct route *route = job->route;
  int failed = route->run ? route->run(job, route->one, &job->error) : ask_runs(job, route->ask, &job->error);
  if (!failed && job->answer.full) (void)error_set(&job->error, ERROR_too_large, "the answer is larger than %d bytes", ANSWER_MAX);
}

static void answer_job(void *payload) {
  struct job *job = payload;
  reply(job->exchange, &job->error, buf_str(&job->answer), job->cut_after);
  http_exchange_release(job->exchange);
  buf_free(&job->answer);
  free(job);
}

static void end_job(void *payload) {
  struct job *job = payload;
  if (job->end)
    oversight_revoke(job->console->gateway, job->end, answer_job, job);
  else
    answer_job(job);
}

static const struct route *route_of(const struct http_request *request, struct str words[2], bool *ret_known) {
  for (size_t i = 0; i < sizeof routes / sizeof *routes; i++) {
    if (!url_path_matches(routes[i].pattern, request->path, words, 2)) continue;
    *ret_known = true;
    if (str_eq(request->method, str_of(routes[i].method))) return &routes[i];
  }
  return NULL;
}

static void start(struct console *console, struct http_exchange *exchange, const struct route *route, const struct str words[2]) {
  struct job *job = mem_alloc(sizeof *job);
  *job = (struct job){.console = console,
                      .exchange = exchange,
                      .arena = http_exchange_arena(exchange),
                      .words = {words[0], words[1]},
                      .query = http_exchange_request(exchange)->query,
                      .route = route,
                      .answer = BUF_INIT(ANSWER_MAX)};
  http_exchange_hold(exchange);
  if (work_submit(console->thread, run_job, end_job, job)) return;
  (void)error_set(&job->error, ERROR_busy, "too much is under way: try again soon");
  answer_job(job);
}

static void handle(void *payload, struct http_exchange *exchange) {
  struct console *console = payload;
  const struct http_request *request = http_exchange_request(exchange);
  struct str peer = http_exchange_peer(exchange), words[2] = {STR_NONE, STR_NONE};
  struct error error = {0};
  bool known = false;
  const struct route *route = route_of(request, words, &known);
  if (!str_eq(peer, STR("uid:0")) && !str_eq(peer, str_of(console->own)))
    (void)error_set(&error, ERROR_forbidden, "only root and the user that drawbridge runs as may do that");
  else if (!route && known)
    (void)error_set(&error, ERROR_method_refused, "%.*s is not offered for this address", STR_ARG(request->method));
  if (error.code) {
    log_event(LOG_WARNING, "operator_refused", LOG_STR("peer", peer), LOG_FAILURE(&error));
    reply(exchange, &error, STR(""), 0);
  } else if (route) {
    log_event(LOG_INFO, "operator", LOG_STR("request_id", http_exchange_id(exchange)), LOG_STR("peer", peer),
              LOG_STR("method", request->method), LOG_TEXT("route", route->pattern));
    start(console, exchange, route, words);
  } else {
    admin_handle(console->gateway, exchange);
  }
}

struct console *console_new(struct api *api, struct gateway *gateway, int fd, struct error *error) {
  struct store *store = store_open(gateway_config(gateway)->store, error);
  if (!store) {
    (void)close(fd);
    return NULL;
  }
  struct console *console = mem_alloc(sizeof *console);
  *console = (struct console){.api = api, .gateway = gateway, .store = store};
  (void)snprintf(console->own, sizeof console->own, "uid:%u", (unsigned)getuid());
  console->thread = work_new(gateway_loop(gateway), 1, QUEUE);
  console->server = http_server_new(gateway_loop(gateway), (struct http_server_limits){.connections = 16}, handle, console);
  if (http_server_listen_on(console->server, fd, HTTP_PLAIN, error) == 0) return console;
  console_free(console);
  return NULL;
}

void console_free(struct console *console) {
  if (!console) return;
  http_server_free(console->server);
  work_free(console->thread);
  store_close(console->store);
  free(console);
}

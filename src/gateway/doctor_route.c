/* GET /v1/servers/{id}/doctor. Needs no session: it is asked above all where signing in does not succeed. */
#include "base/mem.h"
#include "gateway/failure.h"
#include "gateway/routes.h"
#include "gateway/visit.h"

struct visiting {
  struct gateway *gateway;
  struct http_exchange *exchange;
  struct directory *directory;
  struct directory_server *server;
  struct arena *arena;
  struct str diagnosis;
  struct error error;
};

static void run(void *payload) {
  struct visiting *visiting = payload;
  (void)directory_diagnosis(visiting->directory, visiting->server, visiting->arena, &visiting->diagnosis, &visiting->error);
}

static void finish(struct visiting *visiting) {
  if (visiting->error.code)
    gateway_reply_error(visiting->gateway, visiting->exchange, &visiting->error);
  else
    gateway_reply_json(visiting->gateway, visiting->exchange, 200, visiting->diagnosis);
  http_exchange_release(visiting->exchange);
  directory_unref(visiting->directory);
  arena_free(visiting->arena);
  free(visiting);
}

static void done(void *payload) {
  finish(payload);
}

void doctor(struct gateway *gateway, struct http_exchange *exchange, struct str id) {
  struct directory *directory = visit_of(exchange)->directory;
  struct directory_server *server = directory_find(directory, id);
  struct error error = {0};
  if (!server) {
    (void)failure_unknown_server(&error, id);
    gateway_reply_error(gateway, exchange, &error);
    return;
  }
  struct visiting *visiting = mem_alloc(sizeof *visiting);
  *visiting = (struct visiting){
      .gateway = gateway, .exchange = exchange, .directory = directory_ref(directory), .server = server, .arena = arena_new()};
  http_exchange_hold(exchange);
  if (work_submit(gateway->background, run, done, visiting)) return;
  (void)failure_at(&visiting->error, ERROR_busy, directory_about(server)->id, "too much is under way: try again soon");
  visiting->error.retry_after = 5;
  finish(visiting);
}

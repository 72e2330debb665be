/* ask: a stand-in server without a socket, asked as its first user. */
#ifndef DRAWBRIDGE_TESTS_SIM_ASK_H
#define DRAWBRIDGE_TESTS_SIM_ASK_H

#include "base/arena.h"
#include "sim/sim.h"

/* Members of a metadata payload: a category of two options with codes, its combo and option combos. */
#define ASK_COMBO \
  "\"categoryOptions\":[{\"id\":\"TstCo000001\",\"name\":\"men\",\"shortName\":\"men\",\"code\":\"MEN\"},{\"id\":\"TstCo000002\"," \
  "\"name\":\"women\",\"shortName\":\"women\",\"code\":\"WOMEN\"}]," \
  "\"categories\":[{\"id\":\"TstCa000001\",\"name\":\"sex\",\"shortName\":\"sex\",\"code\":\"SEX\",\"dataDimensionType\":" \
  "\"DISAGGREGATION\",\"categoryOptions\":[{\"id\":\"TstCo000001\"},{\"id\":\"TstCo000002\"}]}]," \
  "\"categoryCombos\":[{\"id\":\"TstCc000001\",\"name\":\"by " \
  "sex\",\"dataDimensionType\":\"DISAGGREGATION\",\"categories\":[{\"id\":\"TstCa000001\"}]}]," \
  "\"categoryOptionCombos\":[{\"id\":\"TstCx000001\",\"name\":\"men\",\"categoryCombo\":{\"id\":\"TstCc000001\"},\"categoryOptions\":[{" \
  "\"id\":\"TstCo000001\"}]}," \
  "{\"id\":\"TstCx000002\",\"name\":\"women\",\"categoryCombo\":{\"id\":\"TstCc000001\"},\"categoryOptions\":[{\"id\":\"TstCo000002\"}]}]"

struct ask {
  struct arena *arena;
  struct sim *sim;
};

static const int64_t ask_now_ms = 1780000000000; /* 2026-05-28 */

static struct ask ask_new(enum sim_release release) {
  struct ask ask = {.arena = arena_new(), .sim = sim_new(release, STR("http://127.0.0.1:8080"), STR(""))};
  ask.sim->stopped_ms = ask_now_ms;
  return ask;
}

static void ask_free(struct ask *ask) {
  sim_free(ask->sim);
  arena_free(ask->arena);
}

static struct sim_reply ask_raw(struct ask *ask, const char *method, struct str target, const char *type, struct str body) {
  struct sim_request request = {.arena = ask->arena,
                                .method = str_of(method),
                                .target = target,
                                .query = target,
                                .host = STR("127.0.0.1:8080"),
                                .peer = STR("127.0.0.1"),
                                .body = body};
  request.path = str_take(&request.query, '?');
  http_headers_add(&request.headers, ask->arena, STR("Authorization"), STR("Basic YWRtaW46ZGlzdHJpY3Q="));
  http_headers_add(&request.headers, ask->arena, STR("X-Requested-With"), STR("XMLHttpRequest"));
  if (type) http_headers_add(&request.headers, ask->arena, STR("Content-Type"), str_of(type));
  struct sim_reply reply = {.arena = ask->arena};
  sim_handle(ask->sim, &request, &reply);
  return reply;
}

static struct sim_reply ask_get(struct ask *ask, const char *target) {
  return ask_raw(ask, "GET", str_of(target), NULL, STR(""));
}

static struct sim_reply ask_post(struct ask *ask, const char *target, const char *body) {
  return ask_raw(ask, "POST", str_of(target), "application/json", str_of(body));
}

#endif

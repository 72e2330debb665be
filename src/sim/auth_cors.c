/* auth_cors: who on other origins may read an answer, and what becomes of the others. */
#include "sim/auth_internal.h"

#include "sim/faults.h"

/* Scheme from X-Forwarded-Proto, host from Host; X-Forwarded-Host does not count. */
static bool is_same_origin(const struct sim_request *request, struct str origin) {
  struct str scheme = sim_header(request, "X-Forwarded-Proto");
  struct str own =
      arena_printf(request->arena, "%.*s://%.*s", scheme.p ? (int)scheme.n : 4, scheme.p ? scheme.p : "http", STR_ARG(request->host));
  return str_eq(origin, own);
}

static bool is_listed(const struct sim *sim, struct str origin) {
  size_t i;
  json_t *entry;
  json_array_foreach(sim->auth->cors, i, entry) if (sim_glob(str_of(json_string_value(entry)), origin)) return true;
  return false;
}

static void allow(struct sim_call *call, struct str origin) {
  sim_reply_header(call->reply, "Access-Control-Allow-Credentials", STR("true"));
  sim_reply_header(call->reply, "Access-Control-Allow-Origin", origin);
  sim_reply_header(call->reply, "Vary", STR("Origin"));
}

static bool is_preflight(const struct sim_request *request) {
  return sim_is(request, "OPTIONS") && sim_header(request, "Access-Control-Request-Method").p != NULL;
}

static void answer_preflight(struct sim_call *call) {
  const struct sim_request *request = call->request;
  sim_reply_empty(call->reply, 204);
  sim_reply_header(call->reply, "Access-Control-Allow-Methods", sim_header(request, "Access-Control-Request-Method"));
  struct str headers = sim_header(request, "Access-Control-Request-Headers");
  if (headers.p) sim_reply_header(call->reply, "Access-Control-Allow-Headers", headers);
  sim_reply_header(call->reply, "Access-Control-Max-Age", STR("3600"));
}

bool sim_cors_handle(struct sim_call *call) {
  struct sim *sim = call->sim;
  struct str origin = sim_header(call->request, "Origin");
  if (!origin.p) return false;
  bool preflight = is_preflight(call->request);
  /* The form login of 2.41 answers before its chain comes to CORS. */
  if (sim->release <= SIM_2_41 && str_starts(call->path, STR("/dhis-web-commons-security/")) && !preflight) return false;
  if (is_same_origin(call->request, origin) || is_listed(sim, origin)) {
    allow(call, origin);
    if (preflight) {
      if ((sim->release == SIM_2_40 || sim->release == SIM_2_41) && !call->is_api && !call->session)
        sim_session_cookie(sim, call->reply, sim_session_new(sim, NULL, false));
      answer_preflight(call);
      return true;
    }
    sim_reply_header(call->reply, "Access-Control-Expose-Headers", STR("ETag, Location"));
    return false;
  }
  if (sim->release <= SIM_2_41) return false; /* carried out all the same; only the browser refuses to show it */
  sim_reply_empty(call->reply, 200);          /* nothing is carried out, and the answer looks like a success */
  return true;
}

void sim_cors_config(struct sim *sim, json_t *user, const struct sim_request *request, struct sim_reply *reply) {
  if (sim_is(request, "GET")) {
    sim_reply_json(reply, 200, json_incref(sim->auth->cors));
    return;
  }
  if (!sim_auth_may(sim, user, "F_SYSTEM_SETTING")) {
    sim_reply_thrown(sim, reply, 403, NULL,
                     sim->release >= SIM_2_42 ? "Access is denied, requires one Authority from [F_SYSTEM_SETTING]" : "Access is denied");
    return;
  }
  json_t *list = sim_body_json(request);
  if (!json_is_array(list)) {
    json_decref(list);
    sim_reply_thrown(sim, reply, 400, NULL, "JSON parse error");
    return;
  }
  json_decref(sim->auth->cors);
  sim->auth->cors = list;
  sim_reply_empty(reply, 204);
}

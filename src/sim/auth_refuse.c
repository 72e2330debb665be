/* auth_refuse: what somebody gets who is not signed in: a redirect, or a 401 in one of several shapes, and the session in which the page he wanted is kept. */
#include "sim/auth_internal.h"

const char *sim_login_path(const struct sim *sim) {
  switch (sim->release) {
  case SIM_2_43: return "/login/";
  case SIM_2_42: return "/dhis-web-login/";
  case SIM_2_41: return "/dhis-web-login";
  default: return "/dhis-web-commons/security/login.action";
  }
}

struct str sim_login_link(const struct sim_call *call) {
  return sim_link(call->sim, call->request, str_of(sim_login_path(call->sim)));
}

/* Is this a page to come back to after a sign-in? */
static bool is_saved(const struct sim_call *call) {
  const struct sim *sim = call->sim;
  if (!sim->conf.saved_requests) return false;
  if (sim->release >= SIM_2_42) return str_starts(call->path, STR("/dhis-web-")) || str_eq(call->path, STR("/api/auth/enrollDevice"));
  bool get = sim_is(call->request, "GET");
  if (sim->release == SIM_2_41) return get && !call->is_api;
  return get && sim_wants(call->request, "text/html") && !sim_is_xhr(call->request); /* what a browser's address line asks for */
}

static bool gets_session(const struct sim_call *call, bool saved) {
  switch (call->sim->release) {
  case SIM_2_41: return true;
  case SIM_2_40: return saved || !call->is_api;
  case SIM_2_37: return saved || call->is_api;
  default: return saved;
  }
}

static void keep_request(struct sim_call *call) {
  const struct sim_request *request = call->request;
  bool saved = is_saved(call);
  if (!call->session && gets_session(call, saved)) {
    call->session = sim_session_new(call->sim, NULL, false);
    sim_session_cookie(call->sim, call->reply, call->session);
  }
  if (!saved || !call->session || !sim_is(request, "GET")) return;
  struct str query = request->query;
  sim_session_save(call->session, arena_printf(request->arena, "%.*s%s%.*s", STR_ARG(request->path), query.p ? "?" : "", STR_ARG(query)));
}

static void refuse_in_xml(struct sim_call *call, const char *message) {
  struct str xml = arena_printf(call->request->arena,
                                "<webMessage xmlns=\"http://dhis2.org/schema/dxf/2.0\" httpStatus=\"Unauthorized\" httpStatusCode=\"401\" "
                                "status=\"ERROR\"><message>%s</message></webMessage>",
                                message);
  sim_reply_text(call->reply, 401, "application/xml;charset=UTF-8", xml);
}

/* 2.37.10 knows no redirect and no JSON under /api. */
static void refuse_in_realm(struct sim_call *call) {
  if (sim_is_xhr(call->request)) {
    sim_reply_empty(call->reply, 401);
    return;
  }
  sim_reply_tomcat(call->reply, 401, NULL);
  sim_reply_header(call->reply, "WWW-Authenticate", STR("Basic realm=\"Realm\""));
}

void sim_refuse(struct sim_call *call, bool by_basic, const char *message) {
  const struct sim_request *request = call->request;
  bool is_new = call->sim->release >= SIM_2_42;
  bool word = str_has(sim_header(request, "Authorization"), STR("Basic")) && (is_new ? by_basic : call->is_api);
  if (call->sim->release == SIM_2_37 && call->is_api) {
    refuse_in_realm(call);
  } else if (!sim_is_xhr(request) && !word) {
    /* The entry point of Basic alone ("basic" in lower case gets here) leaves the slash away. */
    bool bare = by_basic && call->sim->release == SIM_2_42;
    sim_reply_redirect(call->reply, 302, bare ? sim_link(call->sim, request, STR("/dhis-web-login")) : sim_login_link(call));
  } else if (sim_wants(request, "application/xml") && (by_basic || (!is_new && call->is_api))) {
    refuse_in_xml(call, message);
  } else {
    sim_reply_message(call->reply, 401, "ERROR", NULL, message);
  }
}

void sim_anonymous(struct sim_call *call) {
  keep_request(call);
  sim_refuse(call, false, "Unauthorized");
}

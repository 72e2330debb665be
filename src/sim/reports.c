#include "sim/reports.h"

bool sim_answers_bare(const struct sim *sim, const struct sim_request *request) {
  uint64_t version;
  struct str rest = str_from(request->path, strlen("/api/")), first = str_take(&rest, '/');
  bool has_version = str_to_u64(first, &version);
  return sim->release <= SIM_2_41 && (has_version ? version < 38 : sim->release <= SIM_2_37);
}

void sim_reports_as_old(const struct sim *sim, json_t *errors) {
  size_t i;
  json_t *error;
  json_array_foreach(errors, i, error) {
    if (sim->release <= SIM_2_40) json_object_del(error, "args");
    const char *message = json_string_value(json_object_get(error, "message"));
    if (sim->release <= SIM_2_37 && message) json_object_set_new(error, "message", json_sprintf("%s.", message));
  }
}

void sim_reply_report(const struct sim *sim, struct sim_reply *reply, int status, const char *klass, const char *uid, json_t *errors) {
  json_t *report = json_pack("{s:s, s:s, s:s, s:o}", "responseType", "ObjectReport", "uid", uid, "klass", klass, "errorReports",
                             errors ? errors : json_array());
  sim_reports_as_old(sim, json_object_get(report, "errorReports"));
  bool good = status < 300;
  json_t *body = json_pack("{s:s, s:i, s:s}", "httpStatus", sim_reason(status), "httpStatusCode", status, "status", good ? "OK" : "ERROR");
  if (!good) json_object_set_new(body, "message", json_string("One or more errors occurred, please see full details in import report."));
  json_object_set_new(body, "response", report);
  sim_reply_json(reply, status, body);
}

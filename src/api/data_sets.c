/* What a server offers for alignments and runs: its data sets, and the org units they are assigned to. */
#include "api/api.h"

#include "base/json_doc.h"
#include "base/json_out.h"
#include <jansson.h>

enum { UNITS_MAX = 20000 };

/* The JSON of a path at the server of words[0]; the caller decrefs it. */
static json_t *ask(struct api_job *job, struct str path, struct error *error) {
  struct str body;
  struct dhis2_server *server = gateway_connection_server(job->gateway, job->session, job->words[0], error);
  if (!server) return NULL;
  int failed = dhis2_get(server, path, job->arena, &body, error);
  dhis2_server_free(server);
  if (failed) return NULL;
  json_error_t why;
  json_t *root = json_loadb(body.p, body.n, 0, &why);
  if (!json_is_object(root)) {
    json_decref(root);
    (void)error_set(error, ERROR_upstream_broken, "the server %.*s answered with something that is no JSON object", STR_ARG(job->words[0]));
    return NULL;
  }
  return root;
}

int api_data_sets(struct api_job *job, struct error *error) {
  json_t *root = ask(
      job,
      STR("/api/"
          "dataSets.json?paging=false&order=name:asc&fields=id,code,displayName,name,periodType,dataSetElements%5BdataElement%5Bid%5D%5D"),
      error);
  if (!root) return -1;
  const json_t *sets = json_object_get(root, "dataSets");
  struct json_out out = JSON_OUT_INIT(&job->answer);
  json_out_array(&out);
  for (size_t i = 0; i < json_array_size(sets); i++) {
    const json_t *set = json_array_get(sets, i);
    struct str name = json_text(set, "displayName");
    json_out_object(&out);
    json_out_member_str(&out, "id", json_text(set, "id"));
    json_out_member_str(&out, "name", name.n ? name : json_text(set, "name"));
    json_out_member_str(&out, "code", json_text(set, "code"));
    json_out_member_str(&out, "period_type", json_text(set, "periodType"));
    json_out_member_int(&out, "data_elements", (int64_t)json_array_size(json_object_get(set, "dataSetElements")));
    json_out_end(&out);
  }
  json_out_end(&out);
  json_decref(root);
  return 0;
}

static bool is_uid(struct str id) {
  bool good = id.n == 11;
  for (size_t i = 0; good && i < id.n; i++)
    good = (id.p[i] >= 'a' && id.p[i] <= 'z') || (id.p[i] >= 'A' && id.p[i] <= 'Z') || (i && id.p[i] >= '0' && id.p[i] <= '9');
  return good;
}

int api_org_units(struct api_job *job, struct error *error) {
  if (!is_uid(job->words[1]))
    return error_set(error, ERROR_bad_request, "'%.*s' is no id of a data set", STR_ARG(str_slice(job->words[1], 0, 40)));
  struct str path = arena_printf(job->arena, "/api/dataSets/%.*s.json?fields=organisationUnits%%5Bid,code,displayName,name,path,level%%5D",
                                 STR_ARG(job->words[1]));
  json_t *root = ask(job, path, error);
  if (!root) return -1;
  const json_t *units = json_object_get(root, "organisationUnits");
  size_t count = json_array_size(units);
  int result = 0;
  if (count > UNITS_MAX) {
    result =
        error_set(error, ERROR_too_large,
                  "the data set is assigned to %zu org units, more than %d: choose them by a parent on the command line", count, UNITS_MAX);
  } else {
    struct json_out out = JSON_OUT_INIT(&job->answer);
    json_out_array(&out);
    for (size_t i = 0; i < count; i++) {
      const json_t *unit = json_array_get(units, i);
      struct str name = json_text(unit, "displayName");
      json_out_object(&out);
      json_out_member_str(&out, "id", json_text(unit, "id"));
      json_out_member_str(&out, "name", name.n ? name : json_text(unit, "name"));
      json_out_member_str(&out, "code", json_text(unit, "code"));
      json_out_member_str(&out, "path", json_text(unit, "path"));
      json_out_member_int(&out, "level", (int64_t)json_integer_value(json_object_get(unit, "level")));
      json_out_end(&out);
    }
    json_out_end(&out);
  }
  json_decref(root);
  return result;
}

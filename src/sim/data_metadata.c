/* data_metadata: GET /api/metadata: many classes in one answer. */
#include "sim/auth.h"
#include "sim/data_import.h"
#include "sim/data_pack.h"

/* Is the class asked for: "dataSets=true" or any of its own parameters? */
static bool class_asked(const struct data_call *call, const struct sim_class *class) {
  struct str own = arena_printf(call->arena, "%s:", class->plural), rest = call->request->query;
  if (str_eq(data_param(call, class->plural), STR("true"))) return true;
  while (rest.p) {
    struct str name = str_take(&rest, '&');
    name = sim_url_decode(call->arena, str_take(&name, '='), true);
    if (str_starts(name, own) && !str_ends(name, STR(":rootJunction"))) return true;
  }
  return false;
}

static json_t *system_block(const struct data_call *call) {
  json_t *block = json_object(), *now = data_time(sim_now_ms(call->sim));
  bool has_id = call->sim->release >= SIM_2_42; /* a fresh older server has none */
  json_object_set_new(block, "id", has_id ? json_string(SIM_SYSTEM_ID) : json_null());
  json_object_set_new(block, "rev", json_string(sim_revision(call->sim)));
  json_object_set_new(block, "version", json_string(sim_version(call->sim)));
  json_object_set_new(block, "date", json_sprintf("%s+0000", json_string_value(now)));
  json_decref(now);
  return block;
}

static void refuse(struct data_call *call, const char *message) {
  data_error(call, 409, NULL, str_of(message));
}

/* False: answered. */
static bool allowed(struct data_call *call, size_t asked) {
  const struct sim_class *users = sim_class_of(call->sim->data->schema, STR("users"));
  bool exports = call->super || sim_auth_may(call->sim, call->user, "F_METADATA_EXPORT");
  if (!asked && !exports) {
    refuse(call, "Unfiltered access to metadata export requires super user or 'F_METADATA_EXPORT' authority.");
    return false;
  }
  if (asked && class_asked(call, users) && !call->super && !sim_auth_may(call->sim, call->user, "F_USER_VIEW")) {
    refuse(call, "Exporting user metadata requires the 'F_USER_VIEW' authority.");
    return false;
  }
  return true;
}

static void reply_export(struct data_call *call, json_t *body) {
  bool packed = str_eq(call->suffix, STR(".json.gz")), zip = str_eq(call->suffix, STR(".zip")) || str_eq(call->suffix, STR(".json.zip"));
  if (zip)
    sim_reply_header(call->reply, "Content-Disposition", STR("inline;filename=f.txt"));
  else if (packed || data_flag(call, "download", false))
    sim_reply_header(call->reply, "Content-Disposition",
                     packed ? STR("attachment; filename=metadata.json.gz") : STR("attachment; filename=metadata.json"));
  if (packed) {
    sim_reply_header(call->reply, "Content-Transfer-Encoding", STR("binary"));
    sim_reply_header(call->reply, "Content-Type", STR("application/json+gzip;charset=UTF-8"));
  }
  sim_reply_json(call->reply, 200, body);
  if (packed) call->reply->body = data_gzip(call->arena, call->reply->body);
}

static bool add_class(struct data_call *call, const struct sim_class *class, json_t *body) {
  struct data_rows *rows = ARENA_NEW(call->arena, struct data_rows);
  const char *prefix = arena_printf(call->arena, "%s:", class->plural).p;
  struct str fields = data_param(call, arena_printf(call->arena, "%sfields", prefix).p);
  if (!fields.n) fields = data_param(call, "fields");
  if (!data_select(call, class, prefix, 409, rows)) return false;
  const struct data_fields *parsed = data_fields_parse(call->arena, fields.n ? fields : STR(":owner"));
  struct str clash = data_fields_clash(call->arena, parsed);
  json_t *list = json_array();
  if (clash.p) {
    json_decref(list);
    data_reply_clash(call, json_incref(body), class, clash);
    return false;
  }
  for (size_t i = 0; i < rows->list.n; i++) json_array_append_new(list, data_show(call, class, rows->list.p[i], parsed));
  if (json_array_size(list))
    json_object_set_new(body, class->plural, list); /* a class without objects is left out */
  else
    json_decref(list);
  return true;
}

static void export(struct data_call *call) {
  const struct sim_class *class;
  size_t asked = 0;
  for (size_t i = 0; (class = sim_class_at(call->sim->data->schema, i)); i++) asked += class_asked(call, class);
  if (!allowed(call, asked)) return;
  json_t *body = json_object();
  json_object_set_new(body, "system", system_block(call));
  for (size_t i = 0; (class = sim_class_at(call->sim->data->schema, i)); i++) {
    if (asked && !class_asked(call, class)) continue;
    if (add_class(call, class, body)) continue;
    json_decref(body);
    return;
  }
  reply_export(call, body);
}

void data_metadata(struct data_call *call) {
  if (data_is(call, "GET") || data_is(call, "HEAD"))
    export(call);
  else if (data_is(call, "POST"))
    metadata_import(call);
  else
    data_error(call, 405, NULL, arena_printf(call->arena, "Request method '%.*s' is not supported", STR_ARG(call->request->method)));
}

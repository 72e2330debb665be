/* auth_settings: /api/systemSettings. Those that change what the stand-in does are read elsewhere; the others are kept and given back. */
#include "sim/auth_internal.h"

static const struct {
  const char *name, *value; /* JSON */
  enum sim_release since, until;
} known[] = {{"keyLockMultipleFailedLogins", "false", SIM_2_37_9, SIM_2_43},
             {"credentialsExpires", "0", SIM_2_37_9, SIM_2_43},
             {"keyCalendar", "\"iso8601\"", SIM_2_37_9, SIM_2_43},
             {"applicationTitle", "\"DHIS 2\"", SIM_2_37_9, SIM_2_43},
             {"keyDataImportStrictPeriods", "false", SIM_2_37_9, SIM_2_43},
             {"keyDataImportStrictOrganisationUnits", "false", SIM_2_37_9, SIM_2_43},
             {"keyDataImportStrictAttributeOptionCombos", "false", SIM_2_37_9, SIM_2_43},
             {"keyDataImportRequireAttributeOptionCombo", "false", SIM_2_37_9, SIM_2_43},
             {"keyDataImportStrictDataElements", "false", SIM_2_37_9, SIM_2_41},
             {"keyDataImportStrictCategoryOptionCombos", "false", SIM_2_37_9, SIM_2_41},
             {"keyDataImportRequireCategoryOptionCombo", "false", SIM_2_37_9, SIM_2_41},
             {"keyDataImportStrictDataSetApproval", "true", SIM_2_40, SIM_2_41},
             {"keyDataImportStrictDataSetLocking", "true", SIM_2_40, SIM_2_41},
             {"keyDataImportStrictDataSetInputPeriods", "true", SIM_2_40, SIM_2_41},
             {"dataEntryAutoGroup", "false", SIM_2_43, SIM_2_43},
             {"deviceEnrollmentIATTtlSeconds", "60", SIM_2_43, SIM_2_43},
             {"deviceEnrollmentRedirectAllowlist", "\"dhis2oauth://oauth\"", SIM_2_43, SIM_2_43},
             {"deviceEnrollmentAllowedUserGroups", "\"\"", SIM_2_43, SIM_2_43}};

static const char *given(const struct sim *sim, const char *name) {
  return json_string_value(json_object_get(sim->auth->settings, name));
}

int64_t sim_setting_int(const struct sim *sim, const char *name) {
  int64_t number;
  return str_to_i64(str_of(given(sim, name)), &number) ? number : 0;
}

bool sim_auth_setting_on(const struct sim *sim, const char *name) {
  return str_eq(str_of(given(sim, name)), STR("true"));
}

/* A value that was written as text, in the type of its default; from 2.42 on a name that nobody knows reads as empty. NULL: there is no such setting. */
static json_t *value_of(const struct sim *sim, const char *name) {
  const char *text = given(sim, name);
  for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
    if (!str_eq(str_of(known[i].name), str_of(name)) || sim->release < known[i].since || sim->release > known[i].until) continue;
    bool is_text = known[i].value[0] == '"';
    return text && is_text ? json_string(text) : json_loads(text ? text : known[i].value, JSON_DECODE_ANY, NULL);
  }
  if (sim->release <= SIM_2_41) return NULL;
  return json_string(text ? text : "");
}

static void reply_unknown(const struct sim *sim, struct sim_reply *reply) {
  sim_reply_thrown(sim, reply, 404, "E1005", "Setting does not exist or is marked as confidential");
}

static void show_some(const struct sim *sim, const struct sim_request *request, struct sim_reply *reply) {
  json_t *shown = json_object();
  struct str name;
  for (size_t i = 0; (name = sim_param(request, "key", i)).p; i++)
    json_object_set_new(shown, arena_cstr(request->arena, name), value_of(sim, arena_cstr(request->arena, name)));
  for (size_t i = 0; !sim_param(request, "key", 0).p && i < sizeof known / sizeof *known; i++)
    json_object_set_new(shown, known[i].name, value_of(sim, known[i].name));
  if (json_object_size(shown) == 0) {
    json_decref(shown);
    reply_unknown(sim, reply);
    return;
  }
  sim_reply_json(reply, 200, shown);
}

static void show(const struct sim *sim, const char *name, const struct sim_request *request, struct sim_reply *reply) {
  json_t *value = value_of(sim, name);
  if (!value) {
    reply_unknown(sim, reply);
  } else if (sim_wants(request, "application/json")) {
    sim_reply_json(reply, 200, json_pack("{s:O}", name, value));
  } else {
    char *text = json_dumps(value, JSON_ENCODE_ANY);
    struct str plain = json_is_string(value) ? str_of(json_string_value(value)) : str_of(text);
    sim_reply_text(reply, 200, "text/plain;charset=UTF-8", arena_str(reply->arena, plain));
    free(text);
  }
  json_decref(value);
}

static void set(struct sim *sim, const char *name, const struct sim_request *request, struct sim_reply *reply) {
  struct str value = sim_param(request, "value", 0);
  json_t *current = value_of(sim, name);
  if (!value.p) value = request->body;
  if (!current) {
    sim_reply_thrown(sim, reply, 409, NULL, arena_printf(reply->arena, "Key is not supported: %s", name).p);
  } else if (value.n == 0) {
    sim_reply_thrown(sim, reply, 409, NULL, "Value must be specified as query param or as payload");
  } else {
    json_object_set_new(sim->auth->settings, name, json_stringn(value.p, value.n));
    sim_reply_message(reply, 200, "OK", NULL,
                      arena_printf(reply->arena, "System setting '%s' set to value '%.*s'.", name, STR_ARG(value)).p);
  }
  json_decref(current);
}

static void set_all(struct sim *sim, const struct sim_request *request, struct sim_reply *reply) {
  json_t *body = sim_body_json(request), *value;
  const char *name;
  json_object_foreach(body, name, value) {
    char *text = json_dumps(value, JSON_ENCODE_ANY);
    json_object_set_new(sim->auth->settings, name, json_is_string(value) ? json_incref(value) : json_string(text ? text : ""));
    free(text);
  }
  json_decref(body);
  sim_reply_message(reply, 200, "OK", NULL, "System settings imported");
}

void sim_settings_handle(struct sim *sim, json_t *user, struct str path, const struct sim_request *request, struct sim_reply *reply) {
  struct str rest = str_from(path, strlen("/api/systemSettings"));
  const char *name = arena_cstr(request->arena, str_from(rest, rest.n > 0));
  bool reads = sim_is(request, "GET") || sim_is(request, "HEAD");
  if (!reads && !sim_auth_may(sim, user, "F_SYSTEM_SETTING")) {
    sim_reply_thrown(sim, reply, 403, NULL,
                     sim->release >= SIM_2_42 ? "Access is denied, requires one Authority from [F_SYSTEM_SETTING]" : "Access is denied");
  } else if (reads && name[0]) {
    show(sim, name, request, reply);
  } else if (reads) {
    show_some(sim, request, reply);
  } else if (!name[0]) {
    set_all(sim, request, reply);
  } else if (sim_is(request, "DELETE")) {
    json_t *current = value_of(sim, name);
    json_object_del(sim->auth->settings, name);
    if (current)
      sim_reply_empty(reply, 204);
    else
      sim_reply_thrown(sim, reply, 409, NULL, arena_printf(reply->arena, "Key is not supported: %s", name).p);
    json_decref(current);
  } else {
    set(sim, name, request, reply);
  }
}

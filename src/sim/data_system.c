/* data_system: /api/system/… and other things that are about the server and not about its objects. */
#include "sim/data_internal.h"

static json_t *system_info(const struct data_call *call) {
  struct sim *sim = call->sim;
  bool is_new = sim->release >= SIM_2_42;
  json_t *now = data_time(sim_now_ms(sim)), *info = json_object();
  struct str link = sim_link(sim, call->request, STR(""));
  json_t *base = json_stringn(link.p, link.n);
  json_object_update_new(info,
                         json_pack("{s:O, s:s, s:s, s:O, s:s, s:s, s:{s:b, s:O}, s:s, s:s, s:s, s:b, s:b, s:b, s:s, s:O, s:b}",
                                   "contextPath", base, "calendar", "iso8601", "dateFormat", "yyyy-mm-dd", "serverDate", now,
                                   "serverTimeZoneId", "UTC", "serverTimeZoneDisplayName", "Coordinated Universal Time", "databaseInfo",
                                   "spatialSupport", 1, "time", now, "version", sim_version(sim), "revision", sim_revision(sim),
                                   "buildTime", "2026-10-01T08:00:00.000", "encryption", call->super, "emailConfigured", 0, "redisEnabled",
                                   0, "systemName", "DHIS 2", "instanceBaseUrl", base, "isMetadataVersionEnabled", 0));
  if (is_new) json_object_set_new(info, "systemId", json_string(SIM_SYSTEM_ID));
  json_decref(base);
  json_decref(now);
  return info;
}

static void reply_info(struct data_call *call) {
  struct str fields = data_param(call, "fields");
  json_t *info = system_info(call), *shown = json_object();
  const struct data_fields *parsed = data_fields_parse(call->arena, fields);
  for (size_t i = 0; i < parsed->list.n; i++) {
    const char *name = arena_cstr(call->arena, parsed->list.p[i].name);
    if (json_object_get(info, name)) json_object_set(shown, name, json_object_get(info, name));
  }
  sim_reply_json(call->reply, 200, json_incref(fields.n ? shown : info));
  json_decref(info);
  json_decref(shown);
}

static void reply_ids(struct data_call *call) {
  uint64_t limit;
  json_t *codes = json_array();
  if (!str_to_u64(data_param(call, "limit"), &limit) || limit < 1) limit = 1;
  for (uint64_t i = 0; i < limit && i < 10000; i++) {
    char uid[12];
    sim_uid(uid);
    json_array_append_new(codes, json_string(uid));
  }
  sim_reply_json(call->reply, 200, json_pack("{s:o}", "codes", codes));
}

bool data_system(struct data_call *call) {
  static const struct {
    const char *path;
    void (*answer)(struct data_call *call);
  } rooms[] = {{"system/info", reply_info}, {"system/id", reply_ids}, {"system/uid", reply_ids}};
  for (size_t i = 0; i < sizeof rooms / sizeof *rooms; i++) {
    if (!str_eq(call->path, str_of(rooms[i].path)) || !data_is(call, "GET")) continue;
    rooms[i].answer(call);
    return true;
  }
  return false;
}

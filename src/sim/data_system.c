/* data_system: /api/system/… and other things that are about the server and not about its objects. */
#include "sim/data_internal.h"

/* The address by which the server thinks it was asked: DHIS2 believes X-Forwarded-Proto and -Port, not -Host. */
static struct str context_path(const struct data_call *call) {
  struct str proto = sim_header(call->request, "X-Forwarded-Proto"), host = call->request->host,
             port = sim_header(call->request, "X-Forwarded-Port");
  bool known = str_eq_nocase(proto, STR("http")) || str_eq_nocase(proto, STR("https"));
  size_t colon = str_find_last_char(host, ':');
  uint64_t number;
  if (!str_to_u64(port, &number)) port = colon == SIZE_MAX ? STR_NONE : str_from(host, colon + 1);
  if (str_eq(port, STR("80")) || str_eq(port, STR("443"))) port = STR_NONE;
  return arena_printf(call->arena, "%.*s://%.*s%s%.*s%.*s", STR_ARG(known ? proto : STR("http")), STR_ARG(str_slice(host, 0, colon)),
                      port.n ? ":" : "", STR_ARG(port), STR_ARG(call->sim->context));
}

/* What never happened on a server that keeps no analytics tables, as 2.42 and later say it. */
static void add_never(const struct data_call *call, json_t *info) {
  static const char never[] = "1970-01-01T00:00:00.000";
  long long s = sim_now_ms(call->sim) / 1000;
  struct str ago = arena_printf(call->arena, "%lld h, %lld m, %lld s", s / 3600, s / 60 % 60, s % 60);
  json_object_update_new(info, json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s}", "lastAnalyticsTableSuccess", never,
                                         "intervalSinceLastAnalyticsTableSuccess", ago.p, "lastAnalyticsTableRuntime", "",
                                         "lastSystemMonitoringSuccess", never, "lastAnalyticsTablePartitionSuccess", never,
                                         "intervalSinceLastAnalyticsTablePartitionSuccess", ago.p, "lastAnalyticsTablePartitionRuntime", "",
                                         "systemMetadataVersion", "", "lastMetadataVersionSyncAttempt", never));
}

/* For superusers: what the server runs on. */
static void add_machine(const struct data_call *call, json_t *info) {
  json_object_update_new(json_object_get(info, "databaseInfo"),
                         json_pack("{s:s, s:s, s:s, s:s}", "name", "dhis", "user", "dhis", "url", "jdbc:postgresql://127.0.0.1:5432/dhis",
                                   "databaseVersion", "PostgreSQL 15.20"));
  json_object_update_new(info, json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:i, s:s, s:i, s:b, s:s}",
                                         "jasperReportsVersion", call->sim->release <= SIM_2_37 ? "6.3.1" : "6.20.0", "environmentVariable",
                                         "DHIS2_HOME", "fileStoreProvider", "filesystem", "readOnlyMode", "off", "nodeId", "node",
                                         "javaVersion", "17.0.15", "javaVendor", "Debian", "osName", "Linux", "osArchitecture", "amd64",
                                         "osVersion", "6.1.0", "externalDirectory", "/opt/dhis2", "readReplicaCount", 0, "memoryInfo",
                                         "Mem Total in JVM: 512 Free in JVM: 256 Max Limit: 2048", "cpuCores", 2, "encryption", 1,
                                         "clusterHostname", ""));
}

static json_t *system_info(const struct data_call *call) {
  struct sim *sim = call->sim;
  json_t *now = data_time(sim_now_ms(sim)), *info = json_object();
  struct str context = context_path(call), link = sim_link(sim, call->request, STR(""));
  json_object_update_new(info,
                         json_pack("{s:s%, s:s, s:s, s:O, s:s, s:s, s:{s:b}, s:s, s:s, s:s, s:b, s:b, s:b, s:s, s:s%, s:b}", "contextPath",
                                   context.p, context.n, "calendar", "iso8601", "dateFormat", "yyyy-mm-dd", "serverDate", now,
                                   "serverTimeZoneId", "UTC", "serverTimeZoneDisplayName", "Coordinated Universal Time", "databaseInfo",
                                   "spatialSupport", 1, "version", sim_version(sim), "revision", sim_revision(sim), "buildTime",
                                   "2026-10-01T08:00:00.000", "encryption", 0, "emailConfigured", 0, "redisEnabled", 0, "systemName",
                                   "DHIS 2", "instanceBaseUrl", link.p, link.n, "isMetadataVersionEnabled", 0));
  if (sim->release >= SIM_2_41) json_object_set(json_object_get(info, "databaseInfo"), "time", now);
  if (sim->release <= SIM_2_37)
    json_object_update_new(info, json_pack("{s:b, s:s, s:s, s:s, s:b}", "metadataSyncEnabled", 0, "clusterHostname", "",
                                           "jasperReportsVersion", "6.3.1", "environmentVariable", "DHIS2_HOME", "encryption", 1));
  if (sim->release >= SIM_2_42) add_never(call, info);
  if (sim->release >= SIM_2_43)
    json_object_update_new(info, json_pack("{s:I, s:{s:b}, s:s}", "sessionTimeout", (json_int_t)sim->conf.session_timeout_s, "capability",
                                           "analyticsTotalCounts", 0, "systemId", SIM_SYSTEM_ID));
  if (call->super) add_machine(call, info);
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
  bool picks = fields.n > 0 && call->sim->release >= SIM_2_40;
  sim_reply_json(call->reply, 200, json_incref(picks ? shown : info));
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

/* Its type says JSON, and it is none. */
static void reply_pong(struct data_call *call) {
  sim_reply_text(call->reply, 200, "application/json;charset=UTF-8", STR("pong"));
}

bool data_system(struct data_call *call) {
  static const struct {
    const char *path;
    void (*answer)(struct data_call *call);
  } rooms[] = {{"system/info", reply_info}, {"system/id", reply_ids}, {"system/uid", reply_ids}, {"system/ping", reply_pong}};
  for (size_t i = 0; i < sizeof rooms / sizeof *rooms; i++) {
    if (!str_eq(call->path, str_of(rooms[i].path)) || !data_is(call, "GET")) continue;
    rooms[i].answer(call);
    return true;
  }
  return false;
}

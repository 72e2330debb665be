/* data_system: /api/system/… and other things that are about the server and not about its objects. */
#include "sim/data_internal.h"
#include "sim/values.h"

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
  struct str context = data_link(call, STR("")), link = sim_link(sim, call->request, STR(""));
  json_object_update_new(info, json_pack("{s:s%, s:s, s:s, s:O, s:s, s:s, s:{s:b}, s:s, s:s, s:s, s:b, s:b, s:b, s:s, s:s%, s:b}",
                                         "contextPath", context.p, context.n, "calendar",
                                         sim->conf.calendar ? sim->conf.calendar : "iso8601", "dateFormat", "yyyy-mm-dd", "serverDate", now,
                                         "serverTimeZoneId", "UTC", "serverTimeZoneDisplayName", "Coordinated Universal Time",
                                         "databaseInfo", "spatialSupport", 1, "version", sim_version(sim), "revision", sim_revision(sim),
                                         "buildTime", "2026-10-01T08:00:00.000", "encryption", 0, "emailConfigured", 0, "redisEnabled", 0,
                                         "systemName", "DHIS 2", "instanceBaseUrl", link.p, link.n, "isMetadataVersionEnabled", 0));
  if (sim->release >= SIM_2_41) json_object_set(json_object_get(info, "databaseInfo"), "time", now);
  if (sim->release <= SIM_2_37)
    json_object_update_new(info, json_pack("{s:b, s:s, s:s, s:s, s:b}", "metadataSyncEnabled", 0, "clusterHostname", "",
                                           "jasperReportsVersion", "6.3.1", "environmentVariable", "DHIS2_HOME", "encryption", 1));
  if (sim->release >= SIM_2_42) add_never(call, info);
  if (sim->analytics_ms) json_object_set_new(info, "lastAnalyticsTableSuccess", data_time(sim->analytics_ms));
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
  for (uint64_t i = 0; i < limit && i < 50000; i++) {
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

static const struct {
  const char *name, *display, *duration, *format;
  int days;
  int old_place; /* in the list of 2.42 and before; 0: it is not there */
} period_types[] = {{"BiMonthly", "Bi-monthly", "P2M", "yyyyMMB", 61, 9},
                    {"BiWeekly", "Bi-weekly", "P14D", "yyyyBiWn", 14, 7},
                    {"Daily", "Daily", "P1D", "yyyyMMdd", 1, 1},
                    {"FinancialApril", "Financial April", "P1Y", "yyyyApril", 365, 16},
                    {"FinancialAug", "Financial August", "P1Y", "yyyyAug", 365, 0},
                    {"FinancialFeb", "Financial February", "P1Y", "yyyyFeb", 365, 0},
                    {"FinancialJuly", "Financial July", "P1Y", "yyyyJuly", 365, 17},
                    {"FinancialNov", "Financial November", "P1Y", "yyyyNov", 365, 19},
                    {"FinancialOct", "Financial October", "P1Y", "yyyyOct", 365, 18},
                    {"FinancialSep", "FinancialSep", "P1Y", "yyyySep", 365, 0},
                    {"Monthly", "Monthly", "P1M", "yyyyMM", 30, 8},
                    {"Quarterly", "Quarterly", "P3M", "yyyyQn", 91, 10},
                    {"QuarterlyNov", "Quarterly November", "P3M", "yyyyNovQn", 91, 11},
                    {"SixMonthly", "Six-monthly", "P6M", "yyyySn", 182, 12},
                    {"SixMonthlyApril", "Six-monthly April", "P6M", "yyyyAprilSn", 182, 13},
                    {"SixMonthlyNov", "Six-monthly November", "P6M", "yyyyNovSn", 182, 14},
                    {"Weekly", "Weekly", "P7D", "yyyyWn", 7, 2},
                    {"WeeklyFriday", "WeeklyFriday", "P7D", "yyyyFriWn", 7, 0},
                    {"WeeklySaturday", "Weekly Saturday", "P7D", "yyyySatWn", 7, 5},
                    {"WeeklySunday", "Weekly Sunday", "P7D", "yyyySunWn", 7, 6},
                    {"WeeklyThursday", "Weekly Thursday", "P7D", "yyyyThuWn", 7, 4},
                    {"WeeklyWednesday", "Weekly Wednesday", "P7D", "yyyyWedWn", 7, 3},
                    {"Yearly", "Yearly", "P1Y", "yyyy", 365, 15}};

enum { PERIOD_TYPES = sizeof period_types / sizeof *period_types };

static json_t *period_type(const struct data_call *call, size_t i) {
  json_t *type = json_pack("{s:s, s:s, s:s, s:i}", "name", period_types[i].name, "isoDuration", period_types[i].duration, "isoFormat",
                           period_types[i].format, "frequencyOrder", period_types[i].days);
  if (call->sim->release >= SIM_2_43) json_object_set_new(type, "displayName", json_string(period_types[i].display));
  return type;
}

static void reply_period_types(struct data_call *call) {
  json_t *list = json_array();
  for (int place = 1; place <= PERIOD_TYPES && call->sim->release < SIM_2_43; place++)
    for (size_t i = 0; i < PERIOD_TYPES; i++)
      if (period_types[i].old_place == place) json_array_append_new(list, period_type(call, i));
  for (size_t i = 0; i < PERIOD_TYPES && call->sim->release >= SIM_2_43; i++) json_array_append_new(list, period_type(call, i));
  sim_reply_json(call->reply, 200, json_pack("{s:o}", "periodTypes", list));
}

/* Data value sets, counts and totals, and only where the tables were made; 2.37 counts without them too, and finds nothing. */
static void reply_analytics(struct data_call *call) {
  bool counts = str_eq(call->path, STR("analytics"));
  if (counts && (call->sim->analytics_ms || call->sim->release <= SIM_2_37))
    return sim_values_counts(call->sim, call->user, call->request, call->reply);
  if (!counts && call->sim->analytics_ms) return sim_values_analytics(call->sim, call->user, call->request, call->reply);
  data_error(call, 409, "E7144",
             STR("Query failed because a referenced table does not exist. Please ensure analytics job was run (SqlState: 42P01)"));
  json_t *body = json_loadb(call->reply->body.p, call->reply->body.n, 0, NULL);
  json_object_set_new(
      body, "devMessage",
      json_string(call->sim->release >= SIM_2_43 ? "ERROR: relation \"analytics\" does not exist\n  Position: 70" : "SqlState: 42P01"));
  sim_reply_json(call->reply, 409, body);
}

/* --- settings of a user --- */

/* All of them: what the person chose, and what stands where nothing was chosen. */
static void reply_user_settings(struct data_call *call, json_t *mine) {
  json_t *all = json_pack("{s:s, s:s, s:s, s:s}", "keyUiLocale", "en", "keyDbLocale", "en", "keyAnalysisDisplayProperty", "name",
                          "keyStyle", "light_blue/light_blue.css");
  if (mine) (void)json_object_update(all, mine);
  sim_reply_json(call->reply, 200, all);
}

static bool user_settings(struct data_call *call) {
  static const struct str prefix = {"userSettings/", sizeof "userSettings/" - 1};
  const char *uid = data_text(call->user, "id");
  json_t *mine = json_object_get(call->sim->data->user_settings, uid);
  if (str_eq(call->path, STR("userSettings")) && data_is(call, "GET")) {
    reply_user_settings(call, mine);
    return true;
  }
  if (!str_starts(call->path, prefix)) return false;
  const char *key = arena_cstr(call->arena, str_from(call->path, prefix.n));
  if (!mine) json_object_set_new(call->sim->data->user_settings, uid, mine = json_object());
  if (data_is(call, "DELETE")) {
    json_object_del(mine, key);
    sim_reply_empty(call->reply, 200);
  } else if (data_is(call, "POST") || data_is(call, "PUT")) {
    struct str value = data_param(call, "value");
    if (!value.p) value = call->request->body;
    json_object_set_new(mine, key, json_stringn(value.p, value.n));
    sim_reply_message(call->reply, 200, "OK", NULL, "User setting saved");
  } else {
    sim_reply_text(call->reply, 200, "text/plain;charset=UTF-8", arena_str(call->arena, str_of(data_text(mine, key))));
  }
  return true;
}

bool data_system(struct data_call *call) {
  static const struct {
    const char *path;
    void (*answer)(struct data_call *call);
  } rooms[] = {{"system/info", reply_info},
               {"system/id", reply_ids},
               {"system/uid", reply_ids},
               {"system/ping", reply_pong},
               {"periodTypes", reply_period_types},
               {"analytics", reply_analytics},
               {"analytics/dataValueSet", reply_analytics}};
  for (size_t i = 0; i < sizeof rooms / sizeof *rooms; i++) {
    if (!str_eq(call->path, str_of(rooms[i].path)) || !data_is(call, "GET")) continue;
    rooms[i].answer(call);
    return true;
  }
  return user_settings(call);
}

/* auth_me: /api/me: who the caller is. */
#include "sim/auth_internal.h"

static void add_authorities(const struct sim *sim, const json_t *user, json_t *out) {
  size_t i, k;
  json_t *reference, *held;
  json_array_foreach(json_object_get(user, "userRoles"), i, reference) {
    const char *id = json_string_value(json_object_get(reference, "id"));
    json_array_foreach(json_object_get(id ? sim_objects_get(sim->objects, "userRoles", id) : NULL, "authorities"), k, held) {
      bool there = false;
      for (size_t n = 0; n < json_array_size(out); n++) there = there || json_equal(json_array_get(out, n), held);
      if (!there) json_array_append(out, held);
    }
  }
}

/* {"id"} or what the object table knows of each reference. */
static json_t *references(const struct sim *sim, const json_t *user, const char *member, const char *class_name) {
  json_t *list = json_array(), *reference;
  size_t i;
  json_array_foreach(json_object_get(user, member), i, reference) {
    const char *id = json_string_value(json_object_get(reference, "id"));
    json_t *whole = id ? sim_objects_get(sim->objects, class_name, id) : NULL;
    json_t *shown = json_copy(whole ? whole : reference);
    if (whole && str_eq(str_of(class_name), STR("organisationUnits"))) {
      json_object_set_new(shown, "path", sim_unit_path(sim->objects, whole));
      json_object_set(shown, "displayName", json_object_get(whole, "name"));
    }
    json_array_append_new(list, shown);
  }
  return list;
}

static json_t *readable_data_sets(const struct sim *sim, const json_t *user) {
  json_t *list = json_array();
  bool all = sim_user_is_super(sim, user);
  for (size_t i = 0; i < sim_objects_count(sim->objects, "dataSets"); i++) {
    const json_t *set = sim_objects_at(sim->objects, "dataSets", i);
    struct str access = sim_text(json_object_get(set, "sharing"), "public");
    if (access.n == 0) access = sim_text(set, "publicAccess");
    /* The third letter: may the user write data of it? Without sharing: everybody may. */
    if (all || access.n < 4 || access.p[3] == 'w' || access.p[0] == 'r') json_array_append(list, json_object_get(set, "id"));
  }
  return list;
}

static json_t *settings(const struct sim *sim) {
  if (sim->release >= SIM_2_42)
    return json_pack("{s:s, s:b, s:s, s:s, s:s, s:s, s:b}", "keyDbLocale", "en", "keyMessageSmsNotification", 0,
                     "keyTrackerDashboardLayout", "", "keyStyle", "light_blue/light_blue.css", "keyUiLocale", "en",
                     "keyAnalysisDisplayProperty", "name", "keyMessageEmailNotification", 0);
  return json_pack("{s:b, s:s, s:s, s:s, s:b}", "keyMessageSmsNotification", 1, "keyStyle", "light_blue/light_blue.css", "keyUiLocale",
                   "en", "keyAnalysisDisplayProperty", "name", "keyMessageEmailNotification", 1);
}

static json_t *access(const struct sim *sim) {
  json_t *access =
      json_pack("{s:b, s:b, s:b, s:b, s:b}", "manage", 0, "write", 0, "read", sim->release >= SIM_2_41, "update", 0, "delete", 0);
  if (sim->release <= SIM_2_40) json_object_set_new(access, "externalize", json_false());
  return access;
}

/* Up to 2.37: an object among others, with all that an object shows. */
static json_t *whole_credentials(struct sim *sim, const json_t *user) {
  const struct sim_account *account = sim_account_of(sim, user);
  struct arena *arena = arena_new();
  struct str name = sim_user_full_name(arena, user);
  const json_t *author = sim_user_with(
      sim, sim_text(json_object_get(user, "createdBy"), "id").n ? sim_text(json_object_get(user, "createdBy"), "id").p : account->uid);
  json_t *person = sim_person(author ? author : user), *roles = json_object_get(user, "userRoles");
  char now[32];
  sim_now_text(sim, now);
  json_t *whole =
      json_pack("{s:s, s:s, s:s, s:s%, s:s, s:s%, s:b, s:b, s:b, s:s, s:b, s:b, s:b, s:O, s:{s:s}, s:{s:b, s:b, s:b, s:b, s:b}, s:O, s:O, "
                "s:[], s:[], s:[], s:[], s:[]}",
                "lastUpdated", now, "id", account->credentials, "created", now, "name", name.p, name.n, "lastLogin", now, "displayName",
                name.p, name.n, "externalAuth", json_is_true(json_object_get(user, "externalAuth")), "disabled",
                json_is_true(json_object_get(user, "disabled")), "twoFA", account->totp == SIM_TOTP_ENABLED, "passwordLastUpdated", now,
                "invitation", 0, "selfRegistered", 0, "favorite", 0, "username", json_object_get(user, "username"), "userInfo", "id",
                account->uid, "access", "manage", 1, "write", 1, "read", 1, "update", 1, "delete", 1, "createdBy", person, "user", person,
                "favorites", "cogsDimensionConstraints", "catDimensionConstraints", "translations", "attributeValues");
  json_object_set_new(whole, "userRoles", roles ? json_incref(roles) : json_array());
  json_decref(person);
  arena_free(arena);
  return sim_as_old(sim, whole, false);
}

json_t *sim_auth_credentials(struct sim *sim, const json_t *user) {
  const struct sim_account *account = sim_account_of(sim, user);
  if (sim->release > SIM_2_41 || !account) return NULL;
  if (sim->release <= SIM_2_37) return whole_credentials(sim, user);
  char now[32];
  sim_now_text(sim, now);
  json_t *shown =
      json_pack("{s:O, s:O, s:b, s:b, s:s, s:[], s:[], s:[], s:s, s:b, s:b, s:b, s:o, s:{s:{}, s:{}}, s:O*}", "id",
                json_object_get(user, "id"), "username", json_object_get(user, "username"), "externalAuth",
                json_is_true(json_object_get(user, "externalAuth")), "twoFA", account->totp == SIM_TOTP_ENABLED, "passwordLastUpdated", now,
                "cogsDimensionConstraints", "catDimensionConstraints", "previousPasswords", "lastLogin", now, "selfRegistered", 0,
                "invitation", 0, "disabled", json_is_true(json_object_get(user, "disabled")), "access", access(sim), "sharing", "users",
                "userGroups", "userRoles", json_object_get(user, "userRoles"));
  if (sim->release >= SIM_2_41)
    json_object_set_new(json_object_get(shown, "sharing"), "owner", json_string("system-process"));
  else
    json_object_set_new(json_object_get(shown, "sharing"), "external", json_false());
  return shown;
}

static void set_text(json_t *me, const json_t *user, const char *name) {
  if (json_is_string(json_object_get(user, name))) json_object_set(me, name, json_object_get(user, name));
}

static void as_old(const struct sim *sim, json_t *me) {
  (void)sim_as_old(sim, me, false);
  json_object_del(me, "patTokens");
  if (sim->release <= SIM_2_37) {
    json_object_del(me, "username"); /* it stands in the credentials alone */
    json_object_del(me, "userRoles");
    json_object_del(me, "code");
    json_object_set_new(me, "favorite", json_false());
  } else {
    json_object_del(me, "attributeValues");
  }
}

static json_t *whole_me(struct sim *sim, json_t *user, bool wide) {
  const struct sim_account *account = sim_account_of(sim, user);
  struct arena *arena = arena_new();
  struct str full = sim_user_full_name(arena, user);
  char now[32];
  sim_now_text(sim, now);
  json_t *authorities = json_array(), *me = json_object();
  add_authorities(sim, user, authorities);
  static const char *const texts[] = {"id", "username", "surname", "firstName", "email", "phoneNumber", "code", "created", "lastUpdated"};
  for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) set_text(me, user, texts[i]);
  if (!json_object_get(me, "created")) json_object_set_new(me, "created", json_string(now));
  if (!json_object_get(me, "lastUpdated")) json_object_set_new(me, "lastUpdated", json_string(now));
  json_object_update_new(
      me, json_pack("{s:o, s:[], s:o, s:[], s:o, s:o, s:s%, s:o, s:s%, s:o, s:o, s:[], s:o, s:o, s:o, s:[]}", "dataViewOrganisationUnits",
                    references(sim, user, "dataViewOrganisationUnits", "organisationUnits"), "favorites", "userGroups",
                    references(sim, user, "userGroups", "userGroups"), "translations", "teiSearchOrganisationUnits",
                    references(sim, user, "teiSearchOrganisationUnits", "organisationUnits"), "organisationUnits",
                    references(sim, user, "organisationUnits", "organisationUnits"), "displayName", full.p, full.n, "access", access(sim),
                    "name", full.p, full.n, "userRoles", references(sim, user, "userRoles", "userRoles"), "settings", settings(sim),
                    "programs", "authorities", authorities, "dataSets", readable_data_sets(sim, user), "patTokens",
                    sim_pat_list_of(sim, user), "attributeValues"));
  if (sim->release >= SIM_2_42) {
    static const char *const types[][2] = {[SIM_TOTP_NONE] = {"NOT_ENABLED", "NOT_ENABLED"},
                                           [SIM_TOTP_PENDING] = {"ENROLLING_TOTP", "ENROLLING_EMAIL"},
                                           [SIM_TOTP_ENABLED] = {"TOTP_ENABLED", "EMAIL_ENABLED"}};
    json_object_set_new(me, "emailVerified", json_boolean(account->email_verified));
    json_object_set_new(me, "twoFactorType", json_string(types[account->totp][account->by_mail]));
  } else {
    json_object_set_new(me, "userCredentials", sim_auth_credentials(sim, user));
  }
  if (sim->release <= SIM_2_40) as_old(sim, me);
  arena_free(arena);
  return me;
}

/* Without `fields`, what is referred to is shown by its id. */
static void shorten(json_t *me) {
  static const char *const lists[] = {"dataViewOrganisationUnits", "userGroups", "teiSearchOrganisationUnits", "organisationUnits",
                                      "userRoles"};
  for (size_t i = 0; i < sizeof lists / sizeof *lists; i++) {
    json_t *list = json_object_get(me, lists[i]), *shown, *entry;
    size_t k;
    if (!list) continue;
    shown = json_array();
    json_array_foreach(list, k, entry) json_array_append_new(shown, json_pack("{s:O*}", "id", json_object_get(entry, "id")));
    json_object_set_new(me, lists[i], shown);
  }
}

/* A list asked for by its plain name shows ids alone; with brackets, what stands in them. */
static json_t *pick(struct sim *sim, json_t *me, struct str fields) {
  json_t *ids = json_deep_copy(me);
  shorten(ids);
  json_t *out = json_object();
  struct str rest = fields;
  size_t depth = 0, from = 0;
  for (size_t i = 0; i <= rest.n; i++) {
    char c = i < rest.n ? rest.p[i] : ',';
    if (c == '[')
      depth++;
    else if (c == ']' && depth > 0)
      depth--;
    if (c != ',' || (depth > 0 && i < rest.n)) continue;
    struct str entry = str_slice(rest, from, i);
    from = i + 1;
    if (sim->release <= SIM_2_41 && str_starts(entry, STR("settings["))) entry.n = strlen("settings"); /* always all of them */
    json_t *part = sim_pick(str_find_char(entry, '[') == SIZE_MAX ? ids : me, entry);
    json_object_update(out, part);
    json_decref(part);
  }
  json_decref(ids);
  return out;
}

bool sim_me_handle(struct sim_call *call) {
  struct str path = call->path;
  if (!str_eq(path, STR("/api/me")) && !str_eq(path, STR("/api/me.json")) && !str_eq(path, STR("/api/me/")) &&
      !str_starts(path, STR("/api/me/auth")))
    return false;
  if (!sim_is(call->request, "GET") && !sim_is(call->request, "HEAD")) return false;
  json_t *me = whole_me(call->sim, call->user, false);
  struct str fields = sim_param(call->request, "fields", 0);
  if (str_starts(path, STR("/api/me/auth")))
    sim_reply_json(call->reply, 200, json_incref(json_object_get(me, "authorities")));
  else if (fields.n > 0)
    sim_reply_json(call->reply, 200, pick(call->sim, me, fields));
  else {
    shorten(me);
    sim_reply_json(call->reply, 200, json_incref(me));
  }
  json_decref(me);
  return true;
}

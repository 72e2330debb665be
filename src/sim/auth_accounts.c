#include "sim/auth_internal.h"

#include "base/clock.h"
#include "base/mem.h"

enum { LOCK_AFTER = 4, LOCK_MS = 15 * 60 * 1000 };

struct sim_account *sim_account_of(struct sim *sim, const json_t *user) {
  const char *uid = json_string_value(json_object_get(user, "id"));
  if (!uid) return NULL;
  for (size_t i = 0; i < sim->auth->accounts.n; i++)
    if (str_eq(str_of(sim->auth->accounts.p[i]->uid), str_of(uid))) return sim->auth->accounts.p[i];
  struct sim_account *account = mem_alloc(sizeof *account);
  (void)snprintf(account->uid, sizeof account->uid, "%s", uid);
  (void)snprintf(account->credentials, sizeof account->credentials, "%s", uid);
  if (sim->release <= SIM_2_37) sim_uid(account->credentials);
  VEC_PUSH(&sim->auth->accounts, account);
  return account;
}

json_t *sim_user_named(const struct sim *sim, struct arena *arena, struct str username) {
  return username.n > 0 ? sim_objects_find(sim->objects, "users", "username", arena_cstr(arena, username)) : NULL;
}

json_t *sim_user_with(const struct sim *sim, const char *uid) {
  return uid[0] ? sim_objects_get(sim->objects, "users", uid) : NULL;
}

const char *sim_user_name(const json_t *user) {
  const char *name = json_string_value(json_object_get(user, "username"));
  return name ? name : "";
}

struct str sim_user_full_name(struct arena *arena, const json_t *user) {
  struct str first = sim_text(user, "firstName"), last = sim_text(user, "surname");
  return arena_printf(arena, "%.*s %.*s", STR_ARG(first), STR_ARG(last));
}

static bool role_has(const struct sim *sim, const json_t *user, const char *list, const char *word, bool all_counts) {
  size_t i, k;
  json_t *reference, *held;
  json_array_foreach(json_object_get(user, "userRoles"), i, reference) {
    const char *id = json_string_value(json_object_get(reference, "id"));
    const json_t *role = id ? sim_objects_get(sim->objects, "userRoles", id) : NULL;
    json_array_foreach(json_object_get(role, list), k, held) {
      struct str name = str_of(json_string_value(held));
      if (str_eq(name, str_of(word)) || (all_counts && str_eq(name, STR("ALL")))) return true;
    }
  }
  return false;
}

bool sim_auth_may(const struct sim *sim, const json_t *user, const char *authority) {
  return role_has(sim, user, "authorities", authority, true);
}

bool sim_user_is_super(const struct sim *sim, const json_t *user) {
  return sim_auth_may(sim, user, "ALL");
}

void sim_accounts_free(struct sim_auth *auth) {
  for (size_t i = 0; i < auth->accounts.n; i++) {
    free(auth->accounts.p[i]->password);
    free(auth->accounts.p[i]);
  }
  VEC_FREE(&auth->accounts);
}

void sim_accounts_seed(struct sim *sim) {
  if (sim_objects_count(sim->objects, "users") > 0) return;
  char now[32];
  sim_now_text(sim, now);
  sim_objects_put(sim->objects, "userRoles",
                  json_pack("{s:s, s:s, s:s, s:s, s:s, s:[s], s:[]}", "id", "yrB6vc5Ip3r", "code", "Superuser", "name", "Superuser",
                            "displayName", "Superuser", "description", "Superuser", "authorities", "ALL", "restrictions"));
  sim_objects_put(sim->objects, "users",
                  json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:[{s:s}], s:[], s:[], s:b, s:s, s:s}", "id", "M5zQapPyTZI", "code",
                            "admin", "username", "admin", "firstName", "admin", "surname", "admin", "name", "admin admin", "password",
                            "district", "userRoles", "id", "yrB6vc5Ip3r", "organisationUnits", "userGroups", "disabled", 0, "created", now,
                            "lastUpdated", now));
  sim_accounts_absorb(sim);
  if (sim->release <= SIM_2_37)
    (void)snprintf(sim->auth->accounts.p[0]->credentials, sizeof sim->auth->accounts.p[0]->credentials, "KvMx6c1eoYo");
}

static void take_password(struct sim *sim, json_t *user, json_t *from) {
  const json_t *password = json_object_get(from, "password");
  struct sim_account *account = password ? sim_account_of(sim, user) : NULL;
  if (account && json_is_string(password)) {
    free(account->password);
    account->password = mem_printf("%s", json_string_value(password));
    account->password_set_ms = sim_now_ms(sim);
  }
  json_object_del(from, "password");
}

/* A secret in an import (only demo data has one) is a second factor that is already set up. */
static void take_secret(struct sim *sim, json_t *user) {
  struct str secret = sim_text(user, "secret");
  struct sim_account *account = secret.n > 0 ? sim_account_of(sim, user) : NULL;
  if (account && secret.n < sizeof account->secret) {
    (void)snprintf(account->secret, sizeof account->secret, "%.*s", STR_ARG(secret));
    account->totp = SIM_TOTP_ENABLED;
  }
  json_object_del(user, "secret");
}

void sim_auth_lift_credentials(const struct sim *sim, json_t *user) {
  static const char *const members[] = {"username",
                                        "password",
                                        "userRoles",
                                        "disabled",
                                        "externalAuth",
                                        "openId",
                                        "ldapId",
                                        "accountExpiry",
                                        "selfRegistered",
                                        "invitation",
                                        "catDimensionConstraints",
                                        "cogsDimensionConstraints"};
  const json_t *inner = json_object_get(user, "userCredentials");
  if (sim->release > SIM_2_41 || !json_is_object(inner)) return;
  for (size_t i = 0; i < sizeof members / sizeof *members; i++) {
    json_t *value = json_object_get(inner, members[i]);
    if (value && (sim->release <= SIM_2_37 || !json_object_get(user, members[i]))) json_object_set(user, members[i], value);
  }
}

/* Up to 2.37 the account was an object of its own. Its second factor is switched on by writing it. */
static void take_credentials(struct sim *sim, json_t *user) {
  json_t *inner = json_object_get(user, "userCredentials"), *on = json_object_get(inner, "twoFA");
  struct sim_account *account = inner ? sim_account_of(sim, user) : NULL;
  struct str uid = sim_text(inner, "id");
  if (account && sim->release <= SIM_2_37) {
    if (uid.n > 0 && uid.n < sizeof account->credentials)
      (void)snprintf(account->credentials, sizeof account->credentials, "%.*s", STR_ARG(uid));
    if (!account->secret[0]) sim_totp_secret(account->secret, 16);
    if (json_is_boolean(on)) account->totp = json_is_true(on) ? SIM_TOTP_ENABLED : SIM_TOTP_NONE;
  }
  json_object_del(user, "userCredentials");
}

void sim_accounts_absorb(struct sim *sim) {
  size_t n = sim_objects_count(sim->objects, "users");
  for (size_t i = 0; i < n; i++) {
    json_t *user = sim_objects_at(sim->objects, "users", i);
    sim_auth_lift_credentials(sim, user);
    take_password(sim, user, user);
    take_credentials(sim, user);
    take_secret(sim, user);
  }
}

bool sim_account_locked(const struct sim *sim, const struct sim_account *account) {
  return sim_auth_setting_on(sim, "keyLockMultipleFailedLogins") && account->failures >= LOCK_AFTER &&
         sim_now_ms(sim) - account->last_failure_ms < LOCK_MS;
}

static bool account_expired(const struct sim *sim, const json_t *user) {
  struct str expiry = sim_text(user, "accountExpiry");
  char padded[CLOCK_TEXT_SIZE];
  if (expiry.n == 0) return false;
  (void)snprintf(padded, sizeof padded, "%.*s%s", STR_ARG(str_slice(expiry, 0, 19)), expiry.n == 10 ? "T00:00:00" : "");
  int64_t at;
  return clock_parse(str_of(padded), &at) && at < sim_now_ms(sim);
}

static bool password_expired(const struct sim *sim, const json_t *user, const struct sim_account *account) {
  int64_t months = sim_setting_int(sim, "credentialsExpires"), set = account->password_set_ms;
  struct str told = sim_text(user, "passwordLastUpdated");
  if (told.n > 0) (void)clock_parse(told, &set);
  return months > 0 && sim_now_ms(sim) - set > months * 30 * 24 * 3600 * 1000;
}

static bool is_external(const json_t *user) {
  return json_is_true(json_object_get(user, "externalAuth")) || sim_text(user, "openId").n > 0;
}

static enum sim_login after_password(struct sim *sim, const json_t *user, struct sim_account *account, struct str code) {
  if (password_expired(sim, user, account)) return SIM_LOGIN_PASSWORD_EXPIRED;
  bool asked = account->by_mail ? sim->conf.email_2fa : sim->conf.totp;
  if (account->totp == SIM_TOTP_ENABLED && asked) {
    bool right = sim_code_check(sim, account, code);
    if (right) account->mail_code[0] = '\0';
    return right ? SIM_LOGIN_OK : SIM_LOGIN_CODE;
  }
  if (account->totp == SIM_TOTP_PENDING && sim->release <= SIM_2_41) return SIM_LOGIN_ENROL; /* a pending secret counts as "must enrol" */
  return role_has(sim, user, "restrictions", "R_ENABLE_2FA", false) && account->totp != SIM_TOTP_ENABLED ? SIM_LOGIN_ENROL : SIM_LOGIN_OK;
}

enum sim_login sim_login_check(struct sim *sim, struct arena *arena, struct str username, struct str password, struct str code,
                               json_t **ret_user) {
  json_t *user = sim_user_named(sim, arena, username);
  struct sim_account *account = user ? sim_account_of(sim, user) : NULL;
  *ret_user = user;
  if (!account) return SIM_LOGIN_BAD;
  if (sim_account_locked(sim, account)) return SIM_LOGIN_LOCKED;
  if (json_is_true(json_object_get(user, "disabled"))) return SIM_LOGIN_DISABLED;
  if (account_expired(sim, user)) return SIM_LOGIN_EXPIRED;
  if (is_external(user)) return SIM_LOGIN_BAD;
  if (!account->password || !str_eq(str_of(account->password), password)) {
    account->failures = sim_now_ms(sim) - account->last_failure_ms < LOCK_MS ? account->failures + 1 : 1;
    account->last_failure_ms = sim_now_ms(sim);
    if (!sim_auth_setting_on(sim, "keyLockMultipleFailedLogins")) account->failures = 0;
    return SIM_LOGIN_BAD;
  }
  enum sim_login outcome = after_password(sim, user, account, code);
  if (outcome == SIM_LOGIN_OK) account->failures = 0;
  return outcome;
}

bool sim_account_usable(struct sim *sim, json_t *user) {
  struct sim_account *account = sim_account_of(sim, user);
  return account && !sim_account_locked(sim, account) && !json_is_true(json_object_get(user, "disabled")) && !account_expired(sim, user) &&
         !password_expired(sim, user, account) && account->totp != SIM_TOTP_ENABLED;
}

static struct sim_account *account_named(struct sim *sim, struct str username) {
  struct arena *arena = arena_new();
  struct sim_account *account = sim_account_of(sim, sim_user_named(sim, arena, username));
  arena_free(arena);
  return account;
}

bool sim_auth_verify_email(struct sim *sim, struct str username) {
  struct sim_account *account = account_named(sim, username);
  if (account) account->email_verified = true;
  return account != NULL;
}

const char *sim_auth_mailed_code(struct sim *sim, struct str username) {
  struct sim_account *account = account_named(sim, username);
  return account && account->mail_code[0] ? account->mail_code : NULL;
}

bool sim_auth_age_password(struct sim *sim, struct str username, int64_t days) {
  struct sim_account *account = account_named(sim, username);
  if (account) account->password_set_ms = sim_now_ms(sim) - days * 24 * 3600 * 1000;
  return account != NULL;
}

const char *sim_auth_totp_secret(struct sim *sim, struct str username) {
  struct sim_account *account = account_named(sim, username);
  return account && account->totp != SIM_TOTP_NONE ? account->secret : NULL;
}

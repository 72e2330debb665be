#include "sim/auth_internal.h"

#include "base/mem.h"

static char *copy_text(const char *text) {
  return mem_printf("%s", text);
}

struct sim_account *sim_account_of(struct sim *sim, const json_t *user) {
  const char *uid = json_string_value(json_object_get(user, "id"));
  if (!uid) return NULL;
  for (size_t i = 0; i < sim->auth->accounts.n; i++)
    if (str_eq(str_of(sim->auth->accounts.p[i]->uid), str_of(uid))) return sim->auth->accounts.p[i];
  struct sim_account *account = mem_alloc(sizeof *account);
  (void)snprintf(account->uid, sizeof account->uid, "%s", uid);
  VEC_PUSH(&sim->auth->accounts, account);
  return account;
}

json_t *sim_user_named(const struct sim *sim, struct arena *arena, struct str username) {
  return sim_objects_find(sim->objects, "users", "username", arena_cstr(arena, username));
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
  sim_objects_put(sim->objects, "userRoles",
                  json_pack("{s:s, s:s, s:s, s:s, s:[s], s:[]}", "id", "yrB6vc5Ip3r", "code", "Superuser", "name", "Superuser", "displayName", "Superuser", "authorities", "ALL", "restrictions"));
  sim_objects_put(sim->objects, "users",
                  json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:[{s:s}], s:[], s:[], s:b}", "id", "M5zQapPyTZI", "code", "admin", "username", "admin", "firstName", "admin",
                            "surname", "admin", "name", "admin admin", "password", "district", "userRoles", "id", "yrB6vc5Ip3r", "organisationUnits", "userGroups", "disabled", 0));
  sim_accounts_absorb(sim);
}

void sim_accounts_absorb(struct sim *sim) {
  size_t n = sim_objects_count(sim->objects, "users");
  for (size_t i = 0; i < n; i++) {
    json_t *user = sim_objects_at(sim->objects, "users", i);
    json_t *credentials = json_object_get(user, "userCredentials");
    json_t *password = json_object_get(user, "password");
    if (!password) password = json_object_get(credentials, "password");
    if (!password) continue;
    struct sim_account *account = sim_account_of(sim, user);
    if (account && json_is_string(password)) {
      free(account->password);
      account->password = copy_text(json_string_value(password));
    }
    json_object_del(user, "password");
    json_object_del(credentials, "password");
  }
}

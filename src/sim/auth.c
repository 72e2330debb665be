#include "sim/auth.h"

#include "base/mem.h"
#include "sim/auth_internal.h"
#include <openssl/evp.h>

struct sim_auth *sim_auth_new(struct sim *sim) {
  struct sim_auth *auth = mem_alloc(sizeof *auth);
  sim->auth = auth;
  sim_accounts_seed(sim);
  return auth;
}

void sim_auth_free(struct sim_auth *auth) {
  if (!auth) return;
  sim_accounts_free(auth);
  free(auth);
}

bool sim_auth_may(const struct sim *sim, const json_t *user, const char *authority) {
  size_t i;
  json_t *reference;
  json_array_foreach(json_object_get(user, "userRoles"), i, reference) {
    const char *id = json_string_value(json_object_get(reference, "id"));
    json_t *role = id ? sim_objects_get(sim->objects, "userRoles", id) : NULL;
    size_t k;
    json_t *held;
    json_array_foreach(json_object_get(role, "authorities"), k, held) {
      struct str name = str_of(json_string_value(held));
      if (str_eq(name, STR("ALL")) || str_eq(name, str_of(authority))) return true;
    }
  }
  return false;
}

static json_t *basic_user(struct sim *sim, const struct sim_request *request, struct str encoded) {
  unsigned char *clear = arena_alloc(request->arena, encoded.n + 4);
  int n = EVP_DecodeBlock(clear, (const unsigned char *)encoded.p, (int)encoded.n);
  if (n < 0) return NULL;
  struct str password = {(char *)clear, strlen((char *)clear)};
  struct str username = str_take(&password, ':');
  json_t *user = password.p ? sim_user_named(sim, request->arena, username) : NULL;
  struct sim_account *account = user ? sim_account_of(sim, user) : NULL;
  return account && account->password && str_eq(str_of(account->password), password) ? user : NULL;
}

bool sim_auth_handle(struct sim *sim, const struct sim_request *request, struct sim_reply *reply, json_t **ret_user) {
  struct str authorization = sim_header(request, "Authorization");
  *ret_user = str_starts_nocase(authorization, STR("Basic ")) ? basic_user(sim, request, str_from(authorization, 6)) : NULL;
  if (*ret_user) return false;
  sim_reply_message(reply, 401, "ERROR", NULL, "Unauthorized");
  return true;
}

void sim_auth_done(struct sim *sim, const struct sim_request *request, struct sim_reply *reply) {
  if (!sim_is(request, "GET") && !sim_is(request, "HEAD")) sim_accounts_absorb(sim);
}

void sim_auth_expire_all(struct sim *sim) {
}

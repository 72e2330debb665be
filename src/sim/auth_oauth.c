#include "sim/auth_internal.h"
#include "base/mem.h"
struct sim_oauth { int x; };
struct sim_oauth *sim_oauth_new(void) { return mem_alloc(sizeof(struct sim_oauth)); }
void sim_oauth_free(struct sim_oauth *oauth) { free(oauth); }
void sim_oauth_new_key(struct sim *sim) {}
void sim_oauth_drop_all(struct sim *sim) {}
bool sim_oauth_chain(struct sim_call *call) { return false; }
json_t *sim_oauth_bearer(struct sim *sim, const struct sim_request *request, struct str token, struct sim_reply *reply) { sim_reply_empty(reply, 401); return NULL; }
void sim_oauth_clients(struct sim *sim, json_t *user, struct str path, const struct sim_request *request, struct sim_reply *reply) { sim_reply_empty(reply, 404); }
bool sim_oauth_enrol(struct sim_call *call) { return false; }

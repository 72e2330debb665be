#include "gateway/configured.h"

struct source_place configured_place(const struct config_server *server, struct arena *arena) {
  return (struct source_place){.id = server->id,
                               .base_url = server->url,
                               .options = {.ca_file = server->ca.n ? arena_cstr(arena, server->ca) : NULL,
                                           .addresses = server->addresses.p,
                                           .address_count = server->addresses.n}};
}

struct oauth_client *configured_client(const struct config *config, const struct config_server *server, struct arena *arena) {
  const struct config_oauth *oauth = &server->oauth;
  struct oauth_client *client = ARENA_NEW(arena, struct oauth_client);
  *client =
      (struct oauth_client){.client_id = oauth->client_id,
                            .client_secret = oauth->client_secret,
                            .private_key = oauth->private_key,
                            .redirect_uri = arena_printf(arena, "%.*s/v1/callback/%.*s", STR_ARG(config->public_url), STR_ARG(server->id)),
                            .scopes = oauth->scopes.n ? oauth->scopes.p : NULL,
                            .scope_count = oauth->scopes.n,
                            .resource = oauth->resource,
                            .dpop = oauth->dpop};
  return client;
}

struct dhis2_question configured_question(const struct config *config, const struct config_server *server, const struct source_place *place,
                                          struct arena *arena) {
  const struct oauth_client *client = configured_client(config, server, arena);
  bool named = server->sign_in != CONFIG_ALL_BUT_BASIC; /* all is what one gets who names none */
  struct dhis2_question question = {.place = place,
                                    .wanted = named ? (unsigned)server->sign_in : 0,
                                    .client = client->client_id.n ? client : NULL,
                                    .redirect_uri = client->redirect_uri};
  if (server->type == CONFIG_HTTP) question.plain_path = server->check.n ? server->check : STR("/");
  return question;
}

#include "gateway/oauth_sign_in.h"

int oauth_sign_in_begin(struct oauth_sign_in *sign_in, struct gateway *gateway, struct http_exchange *exchange, struct str app,
                        enum config_mode mode, struct gateway_session *base, struct error *error) {
  return arrival_begin(&sign_in->arrival, gateway, exchange, app, mode, base, error);
}

void oauth_sign_in_clear(struct oauth_sign_in *sign_in) {
  arrival_clear(&sign_in->arrival);
}

const struct oauth_provider *oauth_of_transaction(const struct directory_answer *answer, const struct transaction *transaction,
                                                  struct error *error) {
  if (answer->error.code) {
    *error = answer->error;
    return NULL;
  }
  const struct oauth_provider *oauth = transaction->legacy ? &answer->source->legacy_oauth : &answer->source->oauth;
  if (str_eq(oauth->issuer, transaction->issuer) && str_eq(oauth->token_endpoint, transaction->token_endpoint)) return oauth;
  (void)error_set(error, ERROR_bad_request, "the server's authorization server is another one than when the sign-in began: begin again");
  return NULL;
}

void oauth_sign_in_run(struct oauth_sign_in *sign_in, struct directory_server *server, const struct transaction *transaction,
                       const struct secret *code, struct error *error) {
  struct arena *arena = arena_new();
  struct signed_in signed_in = {0};
  const struct directory_answer *answer = directory_probe(server);
  const struct oauth_provider *oauth = oauth_of_transaction(answer, transaction, error);
  struct oauth_party party = directory_party(sign_in->arrival.directory, server, oauth, arena);
  int failed = -1;
  if (oauth && answer->dhis2)
    failed = dhis2_oauth_redeem(directory_place(server), &party, code, transaction->verifier, transaction->nonce, arena, &signed_in, error);
  else if (oauth)
    failed = http_source_redeem(&party, code, transaction->verifier, transaction->nonce, arena, &signed_in, error);
  if (!failed) (void)arrival_run(&sign_in->arrival, directory_about(server)->id, &signed_in, error);
  signed_in_clear(&signed_in);
  directory_answer_unref(answer);
  arena_free(arena);
}

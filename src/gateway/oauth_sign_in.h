/* oauth_sign_in: from a server's code to a connection; for the callback, and for a hand-off that comes later.
 *
 *   loop     oauth_sign_in_begin
 *   worker   oauth_sign_in_run    redeems the code at the very server that the transaction began at
 *   loop     arrival_settle, oauth_sign_in_clear */
#ifndef DRAWBRIDGE_GATEWAY_OAUTH_SIGN_IN_H
#define DRAWBRIDGE_GATEWAY_OAUTH_SIGN_IN_H

#include "gateway/arrival.h"
#include "gateway/transaction.h"

struct oauth_sign_in {
  struct arrival arrival;
};

/* As arrival_begin. */
int oauth_sign_in_begin(struct oauth_sign_in *sign_in, struct gateway *gateway, struct http_exchange *exchange, struct str app,
                        enum config_mode mode, struct gateway_session *base, struct error *error);
void oauth_sign_in_run(struct oauth_sign_in *sign_in, struct directory_server *server, const struct transaction *transaction,
                       const struct secret *code, struct error *error);
void oauth_sign_in_clear(struct oauth_sign_in *sign_in);

/* What the server's probe says of the authorization server that the transaction began at. NULL: ERROR_bad_request: it is another one now (R-A7); or why the server cannot be asked. */
const struct oauth_provider *oauth_of_transaction(const struct directory_answer *answer, const struct transaction *transaction,
                                                  struct error *error);

#endif

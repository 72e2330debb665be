/* password_sign_in: a sign-in with something a person typed (token, password, Basic), on a worker, and what becomes of it.
 *
 * Life cycle: password_sign_in_of_body makes one; its `fill` sets kind, secret, username, code and calls start, which takes it over: `reply` runs once on the loop and it is freed. Where `fill` fails it is freed at once. Loop thread. */
#ifndef DRAWBRIDGE_GATEWAY_PASSWORD_SIGN_IN_H
#define DRAWBRIDGE_GATEWAY_PASSWORD_SIGN_IN_H

#include "gateway/arrival.h"
#include "gateway/sign_in_limit.h"

struct password_sign_in;

/* Answers the exchange: with the error, or, NULL, with arrival_settle's headers. */
typedef void password_sign_in_reply(struct password_sign_in *sign_in, struct http_exchange *exchange, const struct error *error);

struct password_sign_in {
  struct gateway *gateway;
  struct directory_server *server;
  enum sign_in_kind kind;
  struct secret *secret, *code; /* owned */
  bool remember;                /* asked for */
  const char *not_remembered;   /* why it cannot be; NULL: it is, or was not asked for */
  struct str username;          /* of the exchange's arena */
  password_sign_in_reply *reply;
  /* its own */
  struct http_exchange *exchange;
  struct arrival arrival;
  struct sign_in_slot *slot;
  struct error error;
};

/* New, for the server that is visited; `fill` reads the body into it and starts it, or answers -1: then the exchange gets that error. */
typedef int password_sign_in_fill(struct password_sign_in *sign_in, struct http_exchange *exchange, struct str body,
                                  struct gateway_session *session, struct error *error);
void password_sign_in_of_body(struct gateway *gateway, struct http_exchange *exchange, struct gateway_session *session, struct str body,
                              password_sign_in_fill *fill, password_sign_in_reply *reply);

/* `session` NULL: none. -1: ERROR_kind_not_offered, too_many, busy, conflict: nothing was begun. */
int password_sign_in_start(struct password_sign_in *sign_in, struct http_exchange *exchange, struct gateway_session *session,
                           struct error *error);

#endif

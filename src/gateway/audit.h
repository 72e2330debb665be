/* audit: who did what at which server, with which outcome (R-H6): the lines that are kept for years, apart from the log.
 *
 * What holds always: each line has the time in UTC, the event, outcome and code, and what is known of request id, peer, app (its origin), server, kind of sign-in, user and session (the first letters of its id's hash). No
 * secret, no path, no query. Where the lines go: base/log.h, LOG_AUDIT. Any thread.
 *
 * Actions have fixed names; docs/operating.md lists them and a test looks for each. */
#ifndef DRAWBRIDGE_GATEWAY_AUDIT_H
#define DRAWBRIDGE_GATEWAY_AUDIT_H

#include "base/error.h"
#include "gateway/session.h"
#include "http/server.h"

/* clang-format off */
#define AUDIT_TABLE(X) \
  X(started, "the process serves") \
  X(stopping, "it was told to end") \
  X(configuration_reloaded, "a changed configuration was taken over") \
  X(configuration_refused, "a changed configuration was refused; the one before stays") \
  X(keys_rotated, "drawbridge keys rotate has added a key to the key ring") \
  X(key_changed, "a running process seals with another key of its key ring from now on") \
  X(signed_in, "somebody signed in at a server: the connection is added to the session") \
  X(sign_in_failed, "a sign-in at a server was refused") \
  X(handoff_failed, "a sign-in was not handed over to an app on another site") \
  X(signed_out, "a connection was removed from its session") \
  X(restored, "a remembered sign-in came back with the person's sign-in at the home server") \
  X(forgotten, "a person had one remembered sign-in, or all of them, forgotten") \
  X(mandate_given, "a person let a run or a schedule go on at a server without them, until a time") \
  X(mandate_ended, "that is over: done, cancelled or past its time; a token that was made for it is deleted") \
  X(session_ended, "somebody signed out of everything, or an administrator ended the session") \
  X(ended_by_operator, "an operator ended a run, or what lets one go on without its person (drawbridge admin)") \
  X(ended_elsewhere, "an authorization server told that somebody has signed out there; refused: somebody only claimed so") \
  X(renewal_failed, "a token could not be renewed") \
  X(credential_refused, "the server does not take the credential any more: the connection needs a new sign-in") \
  X(call_denied, "the policy forbids a path or method") \
  X(address_refused, "a server's name leads to a network address that is not allowed")
/* clang-format on */

enum audit_action {
#define X(name, meaning) AUDIT_##name,
  AUDIT_TABLE(X)
#undef X
};

/* `error` NULL: it went well. */
void audit_exchange(enum audit_action action, struct http_exchange *exchange, struct str server, const char *kind, struct str user,
                    const struct error *error);

/* Outside of any request: what happened to a connection (`session` NULL: it is of none); to a server; to the process. */
void audit_connection(enum audit_action action, const struct gateway_session *session, const struct connection_about *about,
                      const struct error *error);
void audit_server(enum audit_action action, struct str server, const struct error *error);
void audit_ended(enum audit_action action, const char *session, struct str server,
                 struct str user); /* by an administrator: session_ended, signed_out */
void audit_process(enum audit_action action, struct str what, const struct error *error);

#endif

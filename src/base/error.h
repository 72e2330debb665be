/* error: why something could not be done, as a value that is passed down and filled where it happened.
 *
 * What holds always: a function that takes `struct error *error` returns 0 (or a good value) and leaves it alone, or returns
 * -1 (or NULL) and has filled it. `error` is never NULL. The code is from the one table below: it is the `code` member of the HTTP API, decides the HTTP
 * status and the exit code of the programs, and is documented in docs/openapi.yaml. The message is for people: what is wrong and what
 * to do, one line, without secrets, without a full stop.
 *
 * A message remembers what in it is a value ("line 3"), so that others can say the same in the reader's language: error_said_write. A format that is one conversion and nothing else has no value: its text is the message.
 *
 * Life cycle: `struct error e = {0}` on the stack; no freeing. */
#ifndef DRAWBRIDGE_BASE_ERROR_H
#define DRAWBRIDGE_BASE_ERROR_H

#include "base/texts.h"
#include <stdarg.h>

/* X(name, HTTP status, exit code, title). Exit: 1 refused or differs, 2 usage or configuration, 3 server, 4 inside. */
/* clang-format off */
#define ERROR_TABLE(X) \
  X(bad_request, 400, 2, N_("The request is not well formed")) \
  X(bad_target, 400, 2, N_("The address is ambiguous or not well formed")) \
  X(return_to_refused, 400, 2, N_("The address to return to is not allowed")) \
  X(challenge_required, 400, 2, N_("This app must send a challenge to sign in")) \
  X(no_session, 401, 3, N_("There is no session")) \
  X(session_expired, 401, 3, N_("The session has ended")) \
  X(not_connected, 401, 3, N_("Not signed in to this server")) \
  X(reauth_required, 401, 3, N_("Sign in to this server again")) \
  X(wrong_credentials, 401, 3, N_("User name or password is wrong")) \
  X(second_factor_required, 401, 3, N_("A second factor is needed")) \
  X(second_factor_wrong, 401, 3, N_("The second factor is wrong")) \
  X(enrolment_required, 401, 3, N_("The second factor must be set up at the server first")) \
  X(account_locked, 401, 3, N_("The account is locked")) \
  X(account_disabled, 401, 3, N_("The account is disabled")) \
  X(account_expired, 401, 3, N_("The account has expired")) \
  X(password_expired, 401, 3, N_("The password has expired")) \
  X(proof_refused, 401, 3, N_("The proof of the key was refused")) \
  X(token_refused, 401, 3, N_("The server refused the token")) \
  X(policy, 403, 3, N_("This path or method is not allowed here")) \
  X(cross_site, 403, 3, N_("The request came from another site")) \
  X(missing_header, 403, 3, N_("The header X-Drawbridge: 1 is missing")) \
  X(kind_not_offered, 403, 3, N_("This kind of sign-in is not offered for this server")) \
  X(forbidden, 403, 3, N_("The server does not let this user do that")) \
  X(own_decision, 403, 1, N_("Another person has to approve that")) \
  X(unknown_server, 404, 2, N_("There is no such server")) \
  X(not_found, 404, 2, N_("There is nothing at this address")) \
  X(method_refused, 405, 2, N_("This method is not allowed here")) \
  X(request_timeout, 408, 2, N_("The request took too long to come")) \
  X(conflict, 409, 1, N_("Somebody else changed it meanwhile")) \
  X(changed_meanwhile, 412, 1, N_("It has another version by now")) \
  X(too_large, 413, 2, N_("The request is too large")) \
  X(target_too_long, 414, 2, N_("The address is too long")) \
  X(wrong_host, 421, 2, N_("This host is not served here")) \
  X(too_many, 429, 3, N_("Too many at once")) \
  X(head_too_large, 431, 2, N_("The request head is too large")) \
  X(inside, 500, 4, N_("Something inside failed")) \
  X(not_dhis2, 502, 3, N_("This is not a DHIS2 server")) \
  X(certificate_refused, 502, 3, N_("The server's certificate is not trusted")) \
  X(address_refused, 502, 3, N_("The server's network address is not allowed")) \
  X(upstream_broken, 502, 3, N_("The server's answer was cut or malformed")) \
  X(upstream_error, 502, 3, N_("The server failed")) \
  X(empty_answer, 502, 3, N_("The server answered without a body")) \
  X(clock_skew, 502, 3, N_("The clocks of the server and of drawbridge differ too much")) \
  X(server_unreachable, 503, 3, N_("The server cannot be reached")) \
  X(refresh_failed, 503, 3, N_("The sign-in could not be renewed for now")) \
  X(store_unavailable, 503, 4, N_("The store cannot be used for now")) \
  X(busy, 503, 3, N_("Too many calls to this server are under way")) \
  X(upstream_timeout, 504, 3, N_("The server took too long")) \
  X(loop, 508, 2, N_("The call came back to this gateway")) \
  X(usage, 400, 2, N_("The command was not understood")) \
  X(configuration, 500, 2, N_("The configuration is not valid")) \
  X(input, 400, 2, N_("The input is not valid")) \
  X(differs, 409, 1, N_("What was read back differs")) \
  X(cancelled, 409, 1, N_("It was cancelled"))
/* clang-format on */

enum error_code {
  ERROR_NONE,
#define X(name, status, exit_code, title) ERROR_##name,
  ERROR_TABLE(X)
#undef X
};

enum { ERROR_HOLES_MAX = 8, ERROR_PARTS_MAX = 4 };

struct error {
  enum error_code code;
  int upstream_status; /* the server's own status where there was one, else 0 */
  int retry_after;     /* seconds; 0: not told */
  char reason[32];     /* finer than the code, e.g. "expired" of token_refused; empty: none */
  char server[33];     /* id of the server concerned; empty: none */
  unsigned char hole_count, cut_count;
  struct {
    unsigned short at, n;
  } holes[ERROR_HOLES_MAX];                 /* where values stand in the message, in this order */
  unsigned short cuts[ERROR_PARTS_MAX - 1]; /* where what follows a context begins, behind its ": " */
  char message[512];
};

/* As `= {0}`, without writing over all of it: for what every request passes. */
static inline void error_clear(struct error *error) {
  error->code = ERROR_NONE;
  error->upstream_status = error->retry_after = 0;
  error->hole_count = error->cut_count = 0;
  error->reason[0] = error->server[0] = error->message[0] = '\0';
}

/* Fills *error and returns -1, so that `return error_set(…)` reads well. A longer message is cut at a character. */
int error_set(struct error *error, enum error_code code, const char *format, ...) __attribute__((format(printf, 3, 4)));

int error_vset(struct error *error, enum error_code code, const char *format, va_list args);

/* Puts "context: " before the message and keeps the code. Returns -1. */
int error_context(struct error *error, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The message as a member "said" of the object that is open: its parts, outermost context first, each {"text": "line {1}", "values": ["3"]}; joined by ": " they are the message. Nothing where the message is empty. */
struct json_out;
void error_said_write(const struct error *error, struct json_out *out);

int error_because(struct error *error, const char *reason); /* finer than the code. Returns -1 */

int error_name_server(struct error *error,
                      struct str id); /* whose failure it is; who is nearest to it names it first, and that stays. Returns -1 */

const char *error_name(enum error_code code); /* "bad_request"; "none" */
const char *error_title(enum error_code code);
int error_http_status(enum error_code code);
int error_exit_code(enum error_code code); /* ERROR_NONE: 0 */

#endif

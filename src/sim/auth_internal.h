/* auth_internal: what the auth_*.c files share. No other file includes it. */
#ifndef DRAWBRIDGE_SIM_AUTH_INTERNAL_H
#define DRAWBRIDGE_SIM_AUTH_INTERNAL_H

#include "base/vec.h"
#include "sim/auth.h"
#include "sim/reports.h"

/* Accounts: what the server knows of a user beside his object. */

enum sim_totp { SIM_TOTP_NONE, SIM_TOTP_PENDING, SIM_TOTP_ENABLED };

struct sim_account {
  char uid[12];
  char *password; /* clear text: this is a stand-in */
  int64_t password_set_ms;
  unsigned failures; /* in a row, while lockout is on */
  int64_t last_failure_ms;
  enum sim_totp totp;
  char secret[33]; /* base32 */
  bool by_mail;    /* the second factor is a code by e-mail (2.42+); `totp` is its state */
  bool email_verified;
  char mail_code[7]; /* the last one sent; empty: none, or used */
  int64_t mail_until_ms;
  char credentials[12]; /* up to 2.37 the account is an object of its own, with this id */
};

enum sim_login {
  SIM_LOGIN_OK,
  SIM_LOGIN_BAD,
  SIM_LOGIN_LOCKED,
  SIM_LOGIN_DISABLED,
  SIM_LOGIN_EXPIRED,
  SIM_LOGIN_PASSWORD_EXPIRED,
  SIM_LOGIN_ENROL,
  SIM_LOGIN_CODE
};

struct sim_account *sim_account_of(struct sim *sim, const json_t *user); /* made at first use; NULL without user */
json_t *sim_user_named(const struct sim *sim, struct arena *arena, struct str username);
json_t *sim_user_with(const struct sim *sim, const char *uid);
const char *sim_user_name(const json_t *user);
struct str sim_user_full_name(struct arena *arena, const json_t *user);
bool sim_user_is_super(const struct sim *sim, const json_t *user);
void sim_accounts_free(struct sim_auth *auth);
void sim_accounts_seed(struct sim *sim);   /* the first user of a fresh server: admin, with a role that holds ALL */
void sim_accounts_absorb(struct sim *sim); /* passwords and what else belongs to the account out of the users' objects */
/* In DHIS2's order: locked, disabled, expired, then the password, then what comes after it. code.p == NULL: none was sent. Counts failures. */
enum sim_login sim_login_check(struct sim *sim, struct arena *arena, struct str username, struct str password, struct str code,
                               json_t **ret_user);
bool sim_account_locked(const struct sim *sim, const struct sim_account *account);
bool sim_account_usable(struct sim *sim, json_t *user); /* not disabled, locked, expired; no second factor: what a token's owner must be */

/* Second factor (RFC 6238: SHA-1, 6 digits, 30 s; the current and the previous step are taken). */
void sim_totp_secret(char *out, size_t letters);
bool sim_totp_check(const struct sim *sim, const char *secret, struct str code); /* up to 2.37 blanks in the code do not count */
bool sim_code_check(const struct sim *sim, const struct sim_account *account, struct str code); /* of whichever factor it is */
bool sim_2fa_send(struct sim *sim,
                  struct sim_account *account); /* a new code, and the one before is void. False: the mail cannot be sent */
void sim_2fa_handle(struct sim *sim, json_t *user, struct str path, const struct sim_request *request, struct sim_reply *reply);
void sim_2fa_forget_pending(struct sim *sim, const json_t *user); /* up to 2.41 the JSON login that tells of it drops it */
void sim_2fa_reset(struct sim *sim, json_t *user);

/* Sessions. */

struct sim_session {
  char id[33];
  char uid[12]; /* empty: nobody is signed in */
  int64_t created_ms, used_ms;
  uint64_t order; /* by last use: the clock may stand still within a millisecond */
  bool counted;   /* against max.sessions.per_user */
  bool evicted;
  char *saved;   /* the page asked for before signing in; NULL: none */
  json_t *oauth; /* what the authorization pages keep here: requests that wait for consent, by state */
};

struct sim_session *sim_session_find(struct sim *sim,
                                     const struct sim_request *request); /* the live one of the cookie; its last use is now */
struct sim_session *sim_session_new(struct sim *sim, const json_t *user, bool counted); /* user NULL: nobody yet */
void sim_session_end(struct sim *sim, struct sim_session *session);
void sim_session_save(struct sim_session *session, struct str target);
void sim_session_cookie(struct sim *sim, struct sim_reply *reply, const struct sim_session *session);
void sim_csrf_clear(const struct sim *sim, struct sim_reply *reply); /* the cookie of the pair goes: at sign-in by token and at sign-out */
void sim_session_clear_cookies(struct sim *sim, struct sim_reply *reply);
void sim_sessions_drop_all(struct sim_auth *auth);
/* Signs in: a new session in place of *the one of the request*, its cookie set; returns what was saved in the old one (arena) or STR_NONE. */
struct str sim_session_sign_in(struct sim *sim, const struct sim_request *request, struct sim_reply *reply, const json_t *user);

/* Personal access tokens. */

struct sim_pat {
  char uid[12], owner[12];
  char *key;
  json_t *object; /* as it is shown */
  bool gone;      /* revoked, but up to 2.40 good as long as it is cached */
  bool cached;    /* used with success: the owner's state is not looked at again (for an hour) */
  int64_t cached_ms;
};

void sim_pats_free(struct sim_auth *auth);
/* The owner, or NULL after a refusal is in *reply. */
json_t *sim_pat_authenticate(struct sim *sim, const struct sim_request *request, struct str token, struct sim_reply *reply);
void sim_pat_handle(struct sim *sim, json_t *user, struct str path, const struct sim_request *request, struct sim_reply *reply);
json_t *sim_pat_list_of(struct sim *sim, const json_t *user); /* [{"id": …}] */

/* The whole. */

struct sim_auth {
  VEC(struct sim_account *) accounts;
  VEC(struct sim_session *) sessions;
  VEC(struct sim_pat *) pats;
  uint64_t uses;
  json_t *settings; /* system settings that were set, as text */
  json_t *cors;     /* list of globs */
  json_t *user_store;
  json_t *routes;
  struct sim_legacy *legacy;
  struct sim_oauth *oauth;
};

/* One request on its way. */
struct sim_call {
  struct sim *sim;
  const struct sim_request *request;
  struct sim_reply *reply;
  struct str path;             /* decoded; version prefix folded where it is valid */
  bool is_api;                 /* "/api" or below */
  bool bad_prefix;             /* "/api/<number>/…" with a number that is not served, or twice */
  struct sim_session *session; /* live or NULL */
  json_t *user;                /* who asks; NULL: nobody */
  bool tokened;                /* the caller is known by Authorization, not by a session */
};

int64_t sim_setting_int(const struct sim *sim, const char *name);
bool sim_is_xhr(const struct sim_request *request);
bool sim_is_token(struct str text);                         /* RFC 6750 section 2.1: b64token */
json_t *sim_body_json(const struct sim_request *request);   /* NULL: not JSON */
struct str sim_text(const json_t *object, const char *key); /* the text member; p NULL: not there */
/* An error that a controller threw: 2.43 writes it without a charset. */
void sim_reply_thrown(const struct sim *sim, struct sim_reply *reply, int status, const char *error_code, const char *message);
void sim_reply_list(const struct sim_request *request, struct sim_reply *reply, const char *name,
                    json_t *found); /* one page of objects; takes found */
void sim_reply_redirect(struct sim_reply *reply, int status, struct str location);
/* Up to 2.40 objects show more, up to 2.37 some things less: changes `object` (its own copy, deep) and returns it. externalize: of its "access". */
json_t *sim_as_old(const struct sim *sim, json_t *object, bool externalize);
json_t *sim_duplicate_report(const struct sim *sim, const char *klass, const char *property, const char *value, const char *this_one,
                             const char *holder, struct arena *arena); /* E5003 */
json_t *sim_person(const json_t *user);                                /* a user as other objects show him: "createdBy" */
const char *sim_login_path(const struct sim *sim);
struct str sim_login_link(const struct sim_call *call);    /* where a browser is sent that is not signed in */
json_t *sim_pick(const json_t *object, struct str fields); /* DHIS2's fields=a,b[c,d],:all,!e on one object; a new reference */
void sim_now_text(const struct sim *sim, char out[32]);    /* "2026-11-24T09:30:00.000" as DHIS2 writes times */
void sim_random_text(char *out, size_t n, const char *letters);
enum { SIM_UUID_LENGTH = 36 };
void sim_uuid(char out[SIM_UUID_LENGTH + 1]);

/* Rooms of sim_auth_handle; true: answered. */
bool sim_cors_handle(struct sim_call *call);
void sim_cors_config(struct sim *sim, json_t *user, const struct sim_request *request, struct sim_reply *reply);
bool sim_login_handle(struct sim_call *call); /* JSON and form login, logout, login page, loginConfig */
bool sim_me_handle(struct sim_call *call);
void sim_settings_handle(struct sim *sim, json_t *user, struct str path, const struct sim_request *request, struct sim_reply *reply);
void sim_store_handle(struct sim *sim, json_t *user, struct str path, const struct sim_request *request, struct sim_reply *reply);
void sim_route_handle(struct sim *sim, json_t *user, struct str path, const struct sim_request *request, struct sim_reply *reply);
bool sim_user_act(struct sim_call *call);  /* disable, enable, reset the second factor */
void sim_anonymous(struct sim_call *call); /* the refusal */
void sim_refuse(struct sim_call *call, bool by_basic,
                const char *message); /* the same without keeping what was asked for; by_basic: a password was sent and is wrong */

/* The OAuth server up to 2.41 … */
struct sim_legacy *sim_legacy_new(void);
void sim_legacy_free(struct sim_legacy *legacy);
void sim_legacy_drop_all(struct sim *sim);
void sim_legacy_tokens(const struct sim *sim, json_t *list);
bool sim_legacy_token_endpoint(struct sim_call *call);
void sim_legacy_authorize(struct sim_call *call);
json_t *sim_legacy_bearer(struct sim *sim, const struct sim_request *request, struct str token, struct sim_reply *reply);
void sim_legacy_clients(struct sim *sim, json_t *user, struct str path, const struct sim_request *request, struct sim_reply *reply);

/* … and from 2.42 on. */
struct sim_oauth *sim_oauth_new(void);
void sim_oauth_free(struct sim_oauth *oauth);
void sim_oauth_new_key(struct sim *sim);
void sim_oauth_drop_all(struct sim *sim);
void sim_oauth_tokens(const struct sim *sim, json_t *list);
bool sim_oauth_chain(struct sim_call *call); /* the authorization server's own filter chain */
json_t *sim_oauth_bearer(struct sim *sim, const struct sim_request *request, struct str token, struct sim_reply *reply);
void sim_oauth_clients(struct sim *sim, json_t *user, struct str path, const struct sim_request *request, struct sim_reply *reply);
bool sim_oauth_enrol(struct sim_call *call); /* /api/auth/enrollDevice */

#endif

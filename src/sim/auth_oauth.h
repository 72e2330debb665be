/* auth_oauth: what the auth_oauth*.c files share: the authorization server that DHIS2 has from 2.42 on (Spring Authorization Server 1.5), its refusals and its mistakes included.
 * No other file includes it.
 *
 * What holds always: clients are objects of class "oAuth2Clients" as an administrator wrote them; a grant is what one authorization request became (SAS: OAuth2Authorization) and has one
 * code, one access and one refresh token at a time; consents are kept by (client row, user). A restart makes a new signing key and leaves the rest. */
#ifndef DRAWBRIDGE_SIM_AUTH_OAUTH_H
#define DRAWBRIDGE_SIM_AUTH_OAUTH_H

#include "sim/auth_internal.h"

enum { SIM_CODE_LENGTH = 128, SIM_CONSENT_STATE_LENGTH = 44 };

struct sim_grant {
  char id[12], user[12], client[12];                      /* object ids */
  char *client_id, *redirect, *state, *nonce, *challenge; /* of the request; NULL: not sent */
  bool redirect_told;
  json_t *asked, *scopes;                           /* scopes: NULL until they are granted */
  char consent_state[SIM_CONSENT_STATE_LENGTH + 1]; /* while it waits for consent; else empty */
  char code[SIM_CODE_LENGTH + 1], refresh[SIM_CODE_LENGTH + 1];
  char *access;
  int64_t code_until_ms, access_until_ms, refresh_until_ms;
  bool code_used, access_dead, refresh_dead;
};

struct sim_oauth {
  VEC(struct sim_grant *) grants;
  json_t *consents;   /* [{"id", "client", "user", "scopes": […]}] */
  json_t *enrolments; /* initial access tokens not used yet: jti to user id */
  void *key;          /* cjose_jwk_t; NULL until first used */
  char key_id[SIM_UUID_LENGTH + 1];
};

/* Grants. */
struct sim_grant *sim_grant_new(struct sim *sim); /* the oldest goes where there are too many */
void sim_grant_drop(struct sim *sim, struct sim_grant *grant);
void sim_grant_give_code(struct sim *sim, struct sim_grant *grant, int64_t life_ms);
struct str sim_scopes_text(struct arena *arena,
                           const json_t *scopes); /* joined with blanks, in the order in which a Java set gives them out */
json_t *sim_scopes_of(struct arena *arena, struct str text, char separator);
bool sim_scopes_hold(const json_t *scopes, struct str scope);

/* Keys and tokens. */
void sim_oauth_forget_key(struct sim_oauth *oauth);                            /* the next use makes a new one */
void sim_url_random(char *out, size_t n);                                      /* n letters of the base64url alphabet */
struct str sim_jwt_sign(struct sim *sim, struct arena *arena, json_t *claims); /* takes claims */
json_t *sim_jwt_part(struct arena *arena, struct str token, size_t part);      /* 0 header, 1 claims, not checked; NULL: not readable */
enum sim_jwt { SIM_JWT_GOOD, SIM_JWT_BAD_SIGNATURE, SIM_JWT_UNKNOWN_KEY, SIM_JWT_MALFORMED };
enum sim_jwt sim_jwt_verify(struct sim *sim, struct arena *arena, struct str token);
bool sim_jwt_verify_with(struct arena *arena, struct str token, struct str key_set); /* against a key of a JWK set */
json_t *sim_jwt_key_set(struct sim *sim);
struct str sim_issuer(const struct sim *sim, struct arena *arena); /* server.base.url with a slash behind it */

/* Clients, as the authorization server reads them. Strings live as long as the row. */
struct sim_client {
  const json_t *row;
  bool needs_proof_key, needs_consent, reuses_refresh;
  int64_t code_ms, access_ms, refresh_ms;
  struct str key_set; /* of a client that signs assertions; p NULL: none */
};

/* False: no such client. *ret_broken (in the arena) is not NULL where the row cannot be used: what the server says in its 500. */
bool sim_client_read(const struct sim *sim, struct arena *arena, struct str client_id, struct sim_client *ret, const char **ret_broken);
bool sim_client_lists(const struct sim_client *client, const char *property, struct str word);
/* RFC 6749 section 2.3, in the method that is registered for the client and no other. False: a refusal is in the reply. */
bool sim_client_authenticate(struct sim_call *call, struct sim_client *ret);
json_t *sim_client_row(struct sim *sim, const json_t *user, const json_t *body, const char *uid,
                       const struct sim_request *request);          /* with the defaults of a creation */
struct str sim_client_hash(struct arena *arena, struct str secret); /* bcrypt */

/* Answers. */
void sim_oauth_error(struct sim_reply *reply, int status, const char *error);
void sim_oauth_error_on(struct sim_reply *reply, const char *error, const char *parameter);
void sim_oauth_page_error(struct sim_reply *reply, const char *error, const char *parameter);
void sim_oauth_nobody(struct sim_call *call, bool challenge); /* 302 to the login page, 401 where JSON is asked for */
void sim_bearer_refuse(const struct sim_request *request, struct sim_reply *reply, const char *why, bool with_body);
struct str sim_form(const struct sim_request *request, const char *name, size_t nth); /* of a form body alone */

/* Rooms. */
void sim_oauth_authorize(struct sim_call *call);
void sim_oauth_token(struct sim_call *call);
void sim_oauth_revoke(struct sim_call *call);
void sim_oauth_introspect(struct sim_call *call);
void sim_oauth_userinfo(struct sim_call *call);
void sim_oauth_register(struct sim_call *call);

#endif

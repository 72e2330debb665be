/* sign_in: what signing in to a data source comes down to, whatever the source is: the kinds there are, whether one is offered, the credential that comes of it, and who it is.
 *
 * Life cycle: values; a struct signed_in owns its secrets until signed_in_clear. Texts are in the arena of whoever fills them. */
#ifndef DRAWBRIDGE_SOURCE_SIGN_IN_H
#define DRAWBRIDGE_SOURCE_SIGN_IN_H

#include "http/client.h"
#include "oauth/oauth.h"

/* Where a source is and how it is reached; texts are copied by whoever keeps them. */
struct source_place {
  struct str id;       /* the configured id, for messages */
  struct str base_url; /* without a final slash */
  struct http_client_options options;
};

enum sign_in_kind {
  SIGN_IN_OAUTH,
  SIGN_IN_LEGACY_OAUTH,
  SIGN_IN_PAT,
  SIGN_IN_PASSWORD,
  SIGN_IN_BASIC,
  SIGN_IN_BEARER,
  SIGN_IN_API_KEY,
  SIGN_IN_KINDS
};
const char *sign_in_kind_name(enum sign_in_kind kind); /* "oauth", "legacy-oauth", "pat", "password", "basic", "bearer", "api-key" */

struct sign_in_offer {
  enum { SIGN_IN_OFF, SIGN_IN_ON, SIGN_IN_UNSURE } state;
  struct str why;         /* a sentence for people; empty where it is on */
  struct str remedy;      /* what an administrator of the server does about it; may be empty */
  enum error_code failed; /* off since it could not be asked just now: why; else ERROR_NONE */
};

enum { SOURCE_CLOCK_S = 60 }; /* more than this apart, what is signed for a time is refused: ID tokens by us, assertions by the source */

/* What a source says of itself without anybody signing in. */
struct source_probe {
  struct str version_text; /* "2.43.1"; empty: not told */
  int64_t clock_ahead_s;   /* of its clock against ours; 0 also where it tells no Date */
  struct sign_in_offer kinds[SIGN_IN_KINDS];
  struct oauth_provider oauth;        /* where kinds[SIGN_IN_OAUTH] is not off; else the issuer alone, where it was told */
  struct oauth_provider legacy_oauth; /* where kinds[SIGN_IN_LEGACY_OAUTH] is on */
};

/* Where its clock and ours are more than SOURCE_CLOCK_S apart: says so before what *error says. */
bool source_blame_clock(const struct source_probe *probe, struct error *error);

/* The numbers are stored: only to be added to. */
enum source_credential_kind {
  CREDENTIAL_NONE,
  CREDENTIAL_PAT,     /* value: the token; sent as Authorization: ApiToken … */
  CREDENTIAL_BEARER,  /* value: the access token; Authorization: Bearer … */
  CREDENTIAL_BASIC,   /* value: base64(user:password); Authorization: Basic … */
  CREDENTIAL_COOKIE,  /* value: what goes behind "Cookie: ", e.g. JSESSIONID=… */
  CREDENTIAL_API_KEY, /* value: what goes into the header that the configuration names */
  CREDENTIAL_DPOP,    /* value: the access token; Authorization: DPoP …, with a proof for each call (oauth/dpop.h) */
  CREDENTIAL_KINDS,
};

struct source_credential {
  enum source_credential_kind kind;
  struct secret *value; /* owned; NULL for none */
};

/* The header a kind goes into and what stands before the value there; false: the kind has none of its own (a cookie, a key, or nothing). */
bool source_authorization(enum source_credential_kind kind, struct str *ret_name, struct str *ret_prefix);

struct signed_in_user {
  struct str id; /* with the server it is the identity: names can be given to another person */
  struct str username, name;
};

struct signed_in {
  enum sign_in_kind kind;
  struct source_credential credential; /* owned */
  struct secret *refresh_token;        /* owned; NULL: none */
  struct secret *proof_key;            /* owned; of CREDENTIAL_DPOP, else NULL */
  struct secret *
      cookies; /* owned; cookie_jar_save of what the server set for this credential; NULL: none. To be sent back with it, and with nothing else */
  int64_t expires_ms;      /* when the credential ends by itself; 0: not told (tokens that were pasted, sessions: by idle time) */
  int64_t refresh_ends_ms; /* of the refresh token; 0: not told */
  struct signed_in_user user;
  struct str minted;  /* id of the token that drawbridge made in exchange for the password (dhis2/mint.h); empty: none */
  struct str subject; /* oauth: `sub` of the ID token, to be held against that of a refreshed one; else empty */
  struct str sid;     /* oauth: the session at the authorization server, where it told; else empty */
  struct str version_text;
};
void signed_in_clear(struct signed_in *signed_in); /* also on a half-filled one and on all-zero */

#endif

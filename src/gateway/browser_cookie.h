/* browser_cookie: what drawbridge keeps in a browser: the session's cookie, and one small cookie per sign-in under way.
 *
 * What holds always: the session's cookie is an id (32 bytes) and a secret (32 bytes) in 86 letters. The store is keyed by SHA-256(id); the secret seals the credentials and is stored nowhere. Cookies are HttpOnly, Path=/, without
 * Domain, below 200 bytes. Where public_url is https their names start with `__Host-Http-`: no other host, no plain connection and no script can set one (R-E3). SameSite is Strict in the same-origin and same-site modes, None
 * with Partitioned in the cross-site one; Lax for a sign-in under way, since the server leads back from another site.
 *
 * A sign-in's cookie is called by its state, so that parallel ones do not meet; its value is the second it began, a dot, and a secret (R-E5). */
#ifndef DRAWBRIDGE_GATEWAY_BROWSER_COOKIE_H
#define DRAWBRIDGE_GATEWAY_BROWSER_COOKIE_H

#include "crypt/random.h"
#include "gateway/config.h"
#include "http/cookie.h"

/* --- of the session --- */

struct browser_cookie {
  unsigned char id[HASH_SIZE]; /* SHA-256 of the id */
  struct secret *text;         /* owned: what the browser sends */
  struct secret *holder;       /* owned: its secret part, for crypt/seal.h */
};

struct browser_cookie browser_cookie_new(void);
bool browser_cookie_read(struct str value, struct browser_cookie *ret); /* false: not one of ours */

/* The same for a look at it alone, on the stack: a locked page per request would cost more than the rest of the request. The caller wipes it (secret_wipe). */
struct browser_cookie_look {
  unsigned char id[HASH_SIZE], holder[32];
};
bool browser_cookie_look(struct str value, struct browser_cookie_look *ret);
void browser_cookie_clear(struct browser_cookie *cookie); /* also all-zero */

/* The value sent; p == NULL: none. ERROR_bad_request: two of that name (R-E8); ERROR_head_too_large. */
int browser_cookie_find(const struct config *config, const struct http_headers *headers, struct arena *arena, struct str *ret,
                        struct error *error);

/* Adds a Set-Cookie. */
void browser_cookie_set(const struct config *config, enum config_mode mode, const struct secret *text, struct arena *arena,
                        struct http_headers *headers);
void browser_cookie_delete(const struct config *config, enum config_mode mode, struct arena *arena, struct http_headers *headers);

/* --- of a probe: does the browser keep our cookies for the one who asks? --- */

void browser_probe_set(const struct config *config, enum config_mode mode, struct arena *arena,
                       struct http_headers *headers); /* for a minute, with the attributes of a session's */
bool browser_probe_came(const struct config *config, const struct http_headers *headers, struct arena *arena);

/* --- of what this browser remembers (vault.h) --- */

/* The secret of its vault, in a cookie of its own: SameSite=Strict, and never in the modes for other sites. Own reference; NULL: none, or not one of ours. -1: as browser_cookie_find. */
int browser_vault_find(const struct config *config, const struct http_headers *headers, struct arena *arena, struct secret **ret,
                       struct error *error);
struct secret *browser_vault_new(void);
void browser_vault_set(const struct config *config, const struct secret *secret, struct arena *arena,
                       struct http_headers *headers); /* for as long as session.remember */
void browser_vault_delete(const struct config *config, struct arena *arena, struct http_headers *headers);

/* --- of a sign-in under way --- */

enum { BROWSER_SIGN_IN_S = 600 };

struct browser_sign_in {
  struct str name;
  int64_t since_s;
  struct secret *secret; /* owned */
};

/* All that the request carries, oldest first; the caller clears each with secret_free. At most COOKIES_MAX. Malformed ones are left out. */
int browser_sign_ins(const struct config *config, const struct http_headers *headers, struct arena *arena, struct browser_sign_in **ret,
                     size_t *ret_count, struct error *error);

struct str browser_sign_in_name(const struct config *config, struct str state, struct arena *arena);
void browser_sign_in_set(const struct config *config, struct str state, int64_t now_s, const struct secret *secret, struct arena *arena,
                         struct http_headers *headers);
void browser_sign_in_delete(const struct config *config, struct str name, struct arena *arena, struct http_headers *headers);

#endif

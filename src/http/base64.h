/* base64: RFC 4648, the plain alphabet (section 4, padded) and the one for addresses (section 5, without padding).
 *
 * Reading is strict: no white space, no padding in the url form, no bits left over, so that one value has one spelling. */
#ifndef DRAWBRIDGE_HTTP_BASE64_H
#define DRAWBRIDGE_HTTP_BASE64_H

#include "base/arena.h"
#include "crypt/secret.h"

struct str base64_encode(struct arena *arena, struct str bytes);
bool base64_decode(struct arena *arena, struct str text, struct str *ret);
struct str base64url_encode(struct arena *arena, struct str bytes);
bool base64url_decode(struct arena *arena, struct str text, struct str *ret);

/* What goes behind "Basic " (RFC 7617): base64(user ":" password), in secret memory throughout. The caller refuses a user name with a colon. */
struct secret *base64_basic(struct str user, const struct secret *password);

#endif

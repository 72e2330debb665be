/* secret_body: reads a small JSON object whose texts are secrets, without leaving copies behind. Pure.
 *
 * What holds always: one object, no depth; a wanted member is a string without NUL and comes once (R-A10); members that are not wanted are passed over. Limits: SECRET_BODY_MAX bytes, 16 KiB per text. */
#ifndef DRAWBRIDGE_GATEWAY_SECRET_BODY_H
#define DRAWBRIDGE_GATEWAY_SECRET_BODY_H

#include "base/error.h"
#include "crypt/secret.h"

enum { SECRET_BODY_MAX = 64 * 1024 };

struct secret_field {
  struct str name;
  struct secret *value; /* owned by the caller; NULL: is not there */
  bool *truth;          /* not NULL: no text but true or false, which goes here; untouched where it is not there */
};

/* -1: ERROR_bad_request; then all values are NULL. */
int secret_body_read(struct str json, struct secret_field *fields, size_t count, struct error *error);
void secret_body_clear(struct secret_field *fields, size_t count);

#endif

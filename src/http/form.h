/* form: application/x-www-form-urlencoded, both ways; a query string is read the same way (WHATWG URL, section 5).
 *
 * What holds always: '+' reads as a blank and a blank is written '+'. Reading is stricter than a browser's: a '%' without two digits, an encoded
 * NUL and what is not UTF-8 are refused. Names may repeat: form_count tells (protocol parameters must not, R-A10). */
#ifndef DRAWBRIDGE_HTTP_FORM_H
#define DRAWBRIDGE_HTTP_FORM_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/error.h"

struct form_field {
  struct str name, value;
};

struct form {
  struct form_field *p;
  size_t n;
};

enum { FORM_FIELDS_MAX = 256 };

/* The empty text has no fields. -1: ERROR_bad_request; more than FORM_FIELDS_MAX fields: ERROR_too_large. */
int form_parse(struct arena *arena, struct str text, struct form *ret, struct error *error);
bool form_get(const struct form *form, struct str name, struct str *ret); /* the first of that name */
size_t form_count(const struct form *form, struct str name);

/* Appends "name=value", with '&' before it unless buf is empty or ends in '?'. So a query is built behind an address that ends in '?'.
 * With a secret as value: buf_reserve first (a buffer that grows leaves a copy behind), and secret_wipe(buf.p, buf.capacity) before buf_free. */
bool form_add(struct buf *buf, struct str name, struct str value);

#endif

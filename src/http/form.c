#include "http/form.h"

#include "base/utf8.h"
#include "http/url.h"

static int decode(struct arena *arena, struct str text, struct str *ret, struct error *error) {
  char *copy = arena_alloc(arena, text.n + 1);
  for (size_t i = 0; i < text.n; i++) copy[i] = text.p[i] == '+' ? ' ' : text.p[i];
  struct str decoded;
  if (!url_decode(arena, (struct str){copy, text.n}, &decoded))
    return error_set(error, ERROR_bad_request, "a parameter has a %% without two hexadecimal digits");
  if (!utf8_valid(decoded) || str_find_char(decoded, 0) != SIZE_MAX)
    return error_set(error, ERROR_bad_request, "a parameter is not text in UTF-8");
  *ret = decoded;
  return 0;
}

int form_parse(struct arena *arena, struct str text, struct form *ret, struct error *error) {
  size_t count = 1;
  for (size_t i = 0; i < text.n; i++) count += text.p[i] == '&';
  if (count > FORM_FIELDS_MAX) return error_set(error, ERROR_too_large, "there are more than %d parameters", FORM_FIELDS_MAX);
  struct form form = {.p = ARENA_ARRAY(arena, count, struct form_field)};
  struct str rest = text;
  while (rest.n) {
    struct str value = str_take(&rest, '&');
    if (value.n == 0) continue;
    struct str name = str_take(&value, '=');
    struct form_field *field = &form.p[form.n++];
    if (decode(arena, name, &field->name, error) < 0 || decode(arena, value, &field->value, error) < 0) return -1;
  }
  *ret = form;
  return 0;
}

bool form_get(const struct form *form, struct str name, struct str *ret) {
  for (size_t i = 0; i < form->n; i++)
    if (str_eq(form->p[i].name, name)) {
      *ret = form->p[i].value;
      return true;
    }
  return false;
}

size_t form_count(const struct form *form, struct str name) {
  size_t count = 0;
  for (size_t i = 0; i < form->n; i++) count += str_eq(form->p[i].name, name);
  return count;
}

static bool add_encoded(struct buf *buf, struct str text) {
  static const char digits[] = "0123456789ABCDEF";
  bool fits = true;
  for (size_t i = 0; i < text.n && fits; i++) {
    unsigned char c = (unsigned char)text.p[i];
    bool plain = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' || c == '.' || c == '_' || c == '*';
    if (plain || c == ' ')
      fits = buf_add_char(buf, c == ' ' ? '+' : (char)c);
    else
      fits = buf_add(buf, (struct str){(char[]){'%', digits[c >> 4], digits[c & 15]}, 3});
  }
  return fits;
}

bool form_add(struct buf *buf, struct str name, struct str value) {
  if (buf->n && buf->p[buf->n - 1] != '?' && !buf_add_char(buf, '&')) return false;
  return add_encoded(buf, name) && buf_add_char(buf, '=') && add_encoded(buf, value);
}

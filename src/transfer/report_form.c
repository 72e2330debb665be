#include "transfer/report_form.h"

#include "transfer/report_sheets.h"

static const struct {
  const char *name, *type;
} forms[] = {[REPORT_JSON] = {"json", "application/json"},
             [REPORT_CSV] = {"csv", "text/csv; charset=utf-8"},
             [REPORT_HTML] = {"html", "text/html; charset=utf-8"}};

enum { FORMS = sizeof forms / sizeof *forms };

bool report_form_of(struct str name, enum report_form *ret) {
  for (unsigned i = 0; i < FORMS; i++) {
    if (!str_eq(name, str_of(forms[i].name))) continue;
    *ret = (enum report_form)i;
    return true;
  }
  return false;
}

bool report_form_of_file(struct str path, enum report_form *ret) {
  size_t dot = str_find_last_char(path, '.');
  return dot != SIZE_MAX && report_form_of(str_from(path, dot + 1), ret);
}

const char *report_form_name(enum report_form form) {
  return forms[form].name;
}

const char *report_form_type(enum report_form form) {
  return forms[form].type;
}

int report_form_write(enum report_form form, enum language language, struct str json, struct buf *ret, struct error *error) {
  struct arena *arena = arena_new();
  struct report_sheets sheets = {0};
  int result = form == REPORT_JSON ? 0 : report_sheets_of(arena, json, language, &sheets, error);
  if (result == 0) {
    bool fits = form == REPORT_JSON  ? buf_add(ret, json)
                : form == REPORT_CSV ? report_csv_write(&sheets, ret)
                                     : report_html_write(&sheets, ret);
    if (!fits) result = error_set(error, ERROR_too_large, "the report is too large for this form");
  }
  report_sheets_free(&sheets);
  arena_free(arena);
  return result;
}

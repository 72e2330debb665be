/* What an object of a side is called, for people. */
#include "api/alignment.h"

#include "base/json_doc.h"

enum { LOCALE_MAX = 20, NAMES_MAX = 50 };

/* "pt_BR" is the tag "pt-BR". */
static struct str tag_of(struct str locale, char *ret) {
  struct str tag = str_slice(locale, 0, LOCALE_MAX);
  for (size_t i = 0; i < tag.n; i++) ret[i] = tag.p[i] == '_' ? '-' : tag.p[i];
  return (struct str){ret, tag.n};
}

void alignment_write_called(struct json_out *out, const struct alignment_side *side, const struct dhis2_object *o) {
  const struct dhis2_translation *translation = dhis2_object_translation(o, side->locale);
  char tag[LOCALE_MAX];
  json_out_member_str(out, "name", translation ? translation->value : o->name.n ? o->name : o->id);
  if (translation) json_out_member_str(out, "lang", tag_of(translation->locale, tag));
}

void alignment_write_name(struct json_out *out, const struct alignment_side *side, const struct dhis2_object *o) {
  json_out_member_str(out, "id", o->id);
  alignment_write_called(out, side, o);
}

/* Of two into one locale the first counts, as in dhis2_object_translation. */
static bool is_first(const struct dhis2_object *o, const struct dhis2_translation *one) {
  for (const struct dhis2_translation *t = o->translations; t != one; t = t->next)
    if (str_eq(t->property, one->property) && str_eq(t->locale, one->locale)) return false;
  return true;
}

void alignment_write_names(struct json_out *out, const struct dhis2_object *o) {
  char tag[LOCALE_MAX];
  size_t n = 0;
  json_out_member_object(out, "names");
  json_out_member_str(out, "", o->name.n ? o->name : o->id);
  for (const struct dhis2_translation *t = o->translations; t && n < NAMES_MAX; t = t->next) {
    if (!str_eq(t->property, STR("NAME")) || !t->locale.n || !is_first(o, t)) continue;
    json_out_key(out, tag_of(t->locale, tag));
    json_out_str(out, t->value);
    n++;
  }
  json_out_end(out);
}

void alignment_pick_name(json_t *object, const json_t *names, struct str locale) {
  const char *tag, *found = NULL;
  json_t *name;
  json_object_foreach((json_t *)(uintptr_t)names, tag, name) {
    if (!*tag || !dhis2_locale_fits(str_of(tag), locale)) continue;
    found = tag;
    if (strlen(tag) == locale.n) break;
  }
  (void)json_object_set(object, "name", json_object_get(names, found ? found : ""));
  if (found)
    (void)json_object_set_new(object, "lang", json_string(found));
  else
    (void)json_object_del(object, "lang");
}

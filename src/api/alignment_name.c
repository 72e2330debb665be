/* What an object of a side is called, for people. */
#include "api/alignment.h"

enum { LOCALE_MAX = 20 };

/* "pt_BR" is the tag "pt-BR". */
static struct str tag_of(struct str locale, char *ret) {
  struct str tag = str_slice(locale, 0, LOCALE_MAX);
  for (size_t i = 0; i < tag.n; i++) ret[i] = tag.p[i] == '_' ? '-' : tag.p[i];
  return (struct str){ret, tag.n};
}

void alignment_write_name(struct json_out *out, const struct alignment_side *side, const struct dhis2_object *o) {
  const struct dhis2_translation *translation = dhis2_object_translation(o, side->locale);
  char tag[LOCALE_MAX];
  json_out_member_str(out, "id", o->id);
  json_out_member_str(out, "name", translation ? translation->value : o->name.n ? o->name : o->id);
  if (translation) json_out_member_str(out, "lang", tag_of(translation->locale, tag));
}

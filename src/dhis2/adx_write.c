#include "base/markup.h"
#include "base/mem.h"
#include "dhis2/adx.h"
#include "dhis2/adx_inner.h"
#include "dhis2/metadata.h"

enum { TAG_MAX = 8 << 20 };

struct dhis2_adx_writer {
  const struct dhis2_metadata *metadata;
  struct buf group; /* the tag of the group that is open; empty: none */
  struct buf tag;   /* that is being made */
};

static void add_escaped(struct buf *buf, struct str text) {
  for (size_t i = 0; i < text.n; i++) {
    unsigned char c = (unsigned char)text.p[i];
    struct str stands_for = markup_of((char)c);
    if (stands_for.n)
      (void)buf_add(buf, stands_for);
    else if (c == '\n' || c == '\t' || c == '\r')
      (void)buf_printf(buf, "&#%d;", c);
    else
      (void)buf_add_char(buf, (char)c);
  }
}

/* What XML has no way to write. */
static bool has_control(struct str text) {
  for (size_t i = 0; i < text.n; i++)
    if ((unsigned char)text.p[i] < ' ' && !memchr("\t\n\r", text.p[i], 3)) return true;
  return false;
}

static void add_attribute(struct buf *buf, struct str name, struct str value) {
  (void)buf_printf(buf, " %.*s=\"", STR_ARG(name));
  add_escaped(buf, value);
  (void)buf_add_char(buf, '"');
}

static int no_code(struct error *error, const char *what, struct str id) {
  return error_set(
      error, ERROR_input,
      "the %s %.*s has no code in the metadata of the target (--to): ADX calls everything by its code; give it one, or write JSON or CSV",
      what, STR_ARG(str_slice(id, 0, 40)));
}

static int add_coded(struct buf *buf, const char *name, const char *what, const struct dhis2_object *object, struct str id,
                     struct error *error) {
  if (!object || !object->code.n) return no_code(error, what, id);
  add_attribute(buf, str_of(name), object->code);
  return 0;
}

/* Can it be the name of an attribute beside ADX's own? */
static bool is_name(struct str code) {
  if (adx_is_own(code) || str_eq(code, STR("default"))) return false;
  for (size_t i = 0; i < code.n; i++) {
    char c = code.p[i];
    bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_', other = (c >= '0' && c <= '9') || c == '-' || c == '.';
    if (!letter && !(other && i)) return false;
  }
  return code.n > 0 && !str_starts_nocase(code, STR("xml"));
}

static int other_combo(struct error *error, struct str id) {
  return error_set(error, ERROR_input,
                   "the option combo '%.*s' is not of the category combo that the metadata of the target (--to) have here",
                   STR_ARG(str_slice(id, 0, 40)));
}

static int add_options(struct dhis2_adx_writer *w, const struct dhis2_option_combo *combo, struct error *error) {
  for (size_t i = 0; i < combo->option_count; i++) {
    const struct dhis2_object *category = &combo->combo->categories[i]->o, *option = &combo->options[i]->o;
    if (!is_name(category->code))
      return error_set(error, ERROR_input, "the code '%.*s' of the category %.*s cannot be the name of an XML attribute: write JSON or CSV",
                       STR_ARG(str_slice(category->code, 0, 60)), STR_ARG(str_slice(category->id, 0, 40)));
    if (!option->code.n) return no_code(error, "category option", option->id);
    add_attribute(&w->tag, category->code, option->code);
  }
  return 0;
}

/* `here`: the combo that counts; NULL: the metadata do not tell. What is of another one could not be read again. */
static int add_categories(struct dhis2_adx_writer *w, struct str id, const struct dhis2_category_combo *here, struct error *error) {
  const struct dhis2_option_combo *combo = id.n ? dhis2_metadata_option_combo(w->metadata, id) : NULL;
  if (!id.n || (combo && combo->o.is_default)) { /* from 2.43 on it is wanted in words; before it is passed over */
    if (here && !here->o.is_default)
      return error_set(error, ERROR_input,
                       "a value has the default option combo, and the metadata of the target (--to) have the category combo %.*s here: "
                       "where that is the default one, export the default objects too",
                       STR_ARG(str_slice(here->o.id, 0, 40)));
    add_attribute(&w->tag, STR("default"), STR("default"));
    return 0;
  }
  if (!combo || !combo->combo || combo->combo != here) return other_combo(error, id);
  if (combo->option_count != combo->combo->category_count)
    return error_set(error, ERROR_input, "the metadata of the target (--to) do not tell the categories of the option combo %.*s",
                     STR_ARG(str_slice(id, 0, 40)));
  return add_options(w, combo, error);
}

static const struct dhis2_object *object_of(const void *thing) {
  return thing; /* each begins with it */
}

static int make_group(struct dhis2_adx_writer *w, struct str data_set, const struct dhis2_value *v, struct error *error) {
  const struct dhis2_data_set *set = dhis2_metadata_data_set(w->metadata, data_set);
  struct dhis2_period again;
  char period[32];
  buf_clear(&w->tag);
  (void)buf_add(&w->tag, STR("<group"));
  if (add_coded(&w->tag, "dataSet", "data set", object_of(set), data_set, error)) return -1;
  if (!adx_period_write(v->period, period) || !adx_period_read(str_of(period), set->period_type, &again))
    return error_set(error, ERROR_input, "'%.*s' is no %.*s period, as the data set has them", STR_ARG(str_slice(v->period, 0, 40)),
                     STR_ARG(set->period_type));
  add_attribute(&w->tag, STR("period"), str_of(period));
  if (add_coded(&w->tag, "orgUnit", "org unit", object_of(dhis2_metadata_org_unit(w->metadata, v->org_unit)), v->org_unit, error))
    return -1;
  if (add_categories(w, v->attribute_option_combo, set->combo, error)) return -1;
  (void)buf_add(&w->tag, STR(">\n"));
  return 0;
}

static int make_value(struct dhis2_adx_writer *w, const struct dhis2_data_set *set, const struct dhis2_value *v, struct error *error) {
  const struct dhis2_data_element *element = dhis2_metadata_element(w->metadata, v->data_element);
  bool number = !element || !adx_is_text(element->value_type);
  if (has_control(v->value))
    return error_set(error, ERROR_input, "a value of the data element %.*s has a character that XML cannot hold: write JSON or CSV",
                     STR_ARG(str_slice(v->data_element, 0, 40)));
  buf_clear(&w->tag);
  (void)buf_add(&w->tag, STR("<dataValue"));
  if (add_coded(&w->tag, "dataElement", "data element", object_of(element), v->data_element, error) ||
      add_categories(w, v->category_option_combo, dhis2_element_combo(element, set), error))
    return -1;
  add_attribute(&w->tag, STR("value"), number ? v->value : STR("0"));
  if (number) {
    (void)buf_add(&w->tag, STR("/>\n"));
  } else {
    (void)buf_add(&w->tag, STR("><annotation>"));
    add_escaped(&w->tag, v->value);
    (void)buf_add(&w->tag, STR("</annotation></dataValue>\n"));
  }
  return 0;
}

struct dhis2_adx_writer *dhis2_adx_writer_new(const struct dhis2_metadata *metadata) {
  struct dhis2_adx_writer *w = mem_alloc(sizeof *w);
  *w = (struct dhis2_adx_writer){.metadata = metadata, .group = BUF_INIT(TAG_MAX), .tag = BUF_INIT(TAG_MAX)};
  return w;
}

void dhis2_adx_writer_free(struct dhis2_adx_writer *w) {
  if (!w) return;
  buf_free(&w->group);
  buf_free(&w->tag);
  free(w);
}

void dhis2_adx_begin(struct buf *buf) {
  (void)buf_add(buf, STR("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<adx xmlns=\"urn:ihe:qrph:adx:2015\">\n"));
}

int dhis2_adx_add(struct dhis2_adx_writer *w, struct str data_set, const struct dhis2_value *v, struct buf *buf, struct error *error) {
  if (make_group(w, data_set, v, error)) return -1;
  bool other = !str_eq(buf_str(&w->tag), buf_str(&w->group));
  struct buf group = w->tag;
  w->tag = BUF_INIT(TAG_MAX);
  int result = make_value(w, dhis2_metadata_data_set(w->metadata, data_set), v, error);
  if (result == 0 && other) {
    if (w->group.n) (void)buf_add(buf, STR("</group>\n"));
    (void)buf_add(buf, buf_str(&group));
    buf_free(&w->group);
    w->group = group;
    group = (struct buf){0};
  }
  if (result == 0) (void)buf_add(buf, buf_str(&w->tag));
  buf_free(&group);
  return result;
}

void dhis2_adx_end(struct dhis2_adx_writer *w, struct buf *buf) {
  if (w->group.n) (void)buf_add(buf, STR("</group>\n"));
  (void)buf_add(buf, STR("</adx>\n"));
}

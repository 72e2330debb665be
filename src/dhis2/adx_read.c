#include "base/map.h"
#include "base/mem.h"
#include "dhis2/adx.h"
#include "dhis2/adx_inner.h"
#include "dhis2/metadata.h"
#include "dhis2/uid.h"
#include <expat.h>

enum { DEPTH_MAX = 8, ATTRIBUTES_MAX = 64, TEXT_MAX = 1 << 20, TAG_MAX = 4 << 20, ID_MAX = 255, PAIRS_MAX = 32 };

static const struct str space = {"urn:ihe:qrph:adx:2015|", 22};

/* A category and an option of it, as an attribute. */
struct pair {
  struct str category, option;
};

struct dhis2_adx_reader {
  const struct dhis2_metadata *metadata;
  dhis2_value_handler *handler;
  void *payload;
  XML_Parser parser;
  struct error *error;              /* of the call under way */
  struct map sets, elements, units; /* by code */
  unsigned depth, below;            /* below: levels inside a tag that is not known */
  uint64_t quiet;                   /* bytes since something was told of them: a tag that has no end grows in the parser */
  bool stopped, in_group, in_value, in_annotation;
  /* the group */
  const struct dhis2_data_set *data_set;
  struct buf org_unit, attribute;
  struct dhis2_period period;
  /* the value */
  struct buf element, combo, value, comment, annotation;
  bool has_value, has_annotation;
};

static void stop(struct dhis2_adx_reader *r) {
  r->stopped = true;
  (void)XML_StopParser(r->parser, XML_FALSE);
}

#define REFUSE(r, ...) (void)(error_set((r)->error, ERROR_input, __VA_ARGS__), stop(r))

/* --- what codes stand for --- */

static void know(struct map *by_code, const struct dhis2_object *object, const void *what) {
  if (object->code.n && !map_get(by_code, object->code)) (void)map_put(by_code, object->code, (void *)(uintptr_t)what);
}

static void learn(struct dhis2_adx_reader *r) {
  const struct dhis2_metadata *m = r->metadata;
  for (size_t i = 0; i < m->data_set_count; i++) know(&r->sets, &m->data_sets[i]->o, m->data_sets[i]);
  for (size_t i = 0; i < m->element_count; i++) know(&r->elements, &m->elements[i]->o, m->elements[i]);
  for (size_t i = 0; i < m->org_unit_count; i++) know(&r->units, &m->org_units[i]->o, m->org_units[i]);
}

static bool is_called(const struct dhis2_object *object, struct str text) {
  return str_eq(object->code, text) || str_eq(object->id, text);
}

static const struct dhis2_category_option *option_of(const struct dhis2_category_combo *combo, struct pair pair) {
  for (size_t i = 0; i < combo->category_count; i++) {
    const struct dhis2_category *category = combo->categories[i];
    for (size_t k = 0; is_called(&category->o, pair.category) && k < category->option_count; k++)
      if (is_called(&category->options[k]->o, pair.option)) return category->options[k];
  }
  return NULL;
}

static bool has_option(const struct dhis2_option_combo *option_combo, const struct dhis2_category_option *option) {
  for (size_t i = 0; i < option_combo->option_count; i++)
    if (option_combo->options[i] == option) return true;
  return false;
}

/* Fills `ret` with the id of the option combo that the pairs make; without pairs with nothing, which is the default. */
static bool combo_of(struct dhis2_adx_reader *r, const struct dhis2_category_combo *combo, const struct pair *pairs, size_t count,
                     struct buf *ret) {
  const struct dhis2_category_option *options[PAIRS_MAX];
  if (count == 0 && (!combo || combo->o.is_default)) return true;
  if (!combo)
    return REFUSE(r, "line %lu: categories are told apart by the metadata of the data set: name them", XML_GetCurrentLineNumber(r->parser)),
           false;
  for (size_t i = 0; i < count; i++)
    if (!(options[i] = option_of(combo, pairs[i])))
      return REFUSE(r, "line %lu: '%.*s' is no option of a category '%.*s' here", XML_GetCurrentLineNumber(r->parser),
                    STR_ARG(str_slice(pairs[i].option, 0, 60)), STR_ARG(str_slice(pairs[i].category, 0, 60))),
             false;
  for (size_t i = 0; i < combo->option_combo_count; i++) {
    const struct dhis2_option_combo *one = combo->option_combos[i];
    size_t found = 0;
    while (found < count && has_option(one, options[found])) found++;
    if (one->option_count == count && found == count) return buf_add(ret, one->o.id);
  }
  return REFUSE(r, "line %lu: these categories make no option combo of '%.*s'", XML_GetCurrentLineNumber(r->parser),
                STR_ARG(str_slice(combo->o.name, 0, 60))),
         false;
}

/* --- tags --- */

static struct str attribute(const XML_Char **attributes, const char *name) {
  for (; *attributes; attributes += 2)
    if (str_eq(str_of(attributes[0]), str_of(name))) return str_of(attributes[1]);
  return STR_NONE;
}

/* Attributes that are none of ADX's own are categories; those of another namespace are somebody else's. */
static size_t pairs_of(const XML_Char **attributes, struct pair ret[PAIRS_MAX]) {
  size_t n = 0;
  for (; *attributes && n < PAIRS_MAX; attributes += 2) {
    struct str name = str_of(attributes[0]), value = str_of(attributes[1]);
    if (adx_is_own(name) || str_find_char(name, '|') != SIZE_MAX || (str_eq(name, STR("default")) && str_eq(value, STR("default"))))
      continue;
    ret[n++] = (struct pair){name, value};
  }
  return n;
}

static bool keep(struct buf *buf, struct str text) {
  buf_clear(buf);
  return buf_add(buf, text);
}

static void on_group(struct dhis2_adx_reader *r, const XML_Char **attributes) {
  struct str set = attribute(attributes, "dataSet"), unit = attribute(attributes, "orgUnit"), period = attribute(attributes, "period"),
             combo = attribute(attributes, "attributeOptionCombo");
  unsigned long line = XML_GetCurrentLineNumber(r->parser);
  struct pair pairs[PAIRS_MAX];
  size_t count = pairs_of(attributes, pairs);
  const struct dhis2_org_unit *known = map_get(&r->units, unit);
  r->in_group = true;
  r->data_set = map_get(&r->sets, set);
  if (!r->data_set && r->metadata && set.n) r->data_set = dhis2_metadata_data_set(r->metadata, set);
  if (!r->data_set && r->metadata && set.n)
    return REFUSE(r, "line %lu: the metadata hold no data set '%.*s'", line, STR_ARG(str_slice(set, 0, 60)));
  if (!known && !dhis2_is_uid(unit))
    return REFUSE(r, "line %lu: '%.*s' is no org unit of the metadata, by code or id", line, STR_ARG(str_slice(unit, 0, 60)));
  if (!adx_period_read(period, r->data_set ? r->data_set->period_type : STR_NONE, &r->period))
    return REFUSE(r, "line %lu: '%.*s' is no period%s%.*s (2024-01-01/P1M)", line, STR_ARG(str_slice(period, 0, 60)),
                  r->data_set ? " of the type " : "", STR_ARG(r->data_set ? r->data_set->period_type : STR_NONE));
  (void)keep(&r->org_unit, known ? known->o.id : unit);
  buf_clear(&r->attribute);
  if (combo.n && !keep(&r->attribute, combo)) return REFUSE(r, "line %lu: an id is too long", line);
  if (!combo.n) (void)combo_of(r, r->data_set ? r->data_set->combo : NULL, pairs, count, &r->attribute);
}

static void on_value_tag(struct dhis2_adx_reader *r, const XML_Char **attributes) {
  struct str element = attribute(attributes, "dataElement"), combo = attribute(attributes, "categoryOptionCombo"),
             value = attribute(attributes, "value");
  struct pair pairs[PAIRS_MAX];
  size_t count = pairs_of(attributes, pairs);
  const struct dhis2_data_element *known = map_get(&r->elements, element);
  if (!known && r->metadata) known = dhis2_metadata_element(r->metadata, element);
  r->in_value = true;
  r->has_value = value.p != NULL;
  r->has_annotation = false;
  buf_clear(&r->annotation);
  buf_clear(&r->combo);
  if (!element.n || !keep(&r->element, known ? known->o.id : element) || !keep(&r->value, value) ||
      !keep(&r->comment, attribute(attributes, "comment")))
    return REFUSE(r, "line %lu: a dataValue has no dataElement, or a text that is too long", XML_GetCurrentLineNumber(r->parser));
  if (combo.n && !keep(&r->combo, combo)) return REFUSE(r, "line %lu: an id is too long", XML_GetCurrentLineNumber(r->parser));
  if (combo.n || (r->metadata && !known)) return; /* no cell of this element is known: it goes nowhere, and is told under its name */
  (void)combo_of(r, known ? dhis2_element_combo(known, r->data_set) : NULL, pairs, count, &r->combo);
}

/* Numbers are in the attribute, texts in the annotation (with the value 0). */
static void hand_on(struct dhis2_adx_reader *r) {
  const struct dhis2_data_element *element = r->metadata ? dhis2_metadata_element(r->metadata, buf_str(&r->element)) : NULL;
  bool zero = !r->has_value || str_eq(buf_str(&r->value), STR("0"));
  bool is_value = r->has_annotation && zero && (!r->has_value || (element && adx_is_text(element->value_type)));
  if (r->has_annotation && zero && !is_value && !element)
    return REFUSE(r, "line %lu: whether the annotation is the value or a comment is known by the metadata of the data set: name them",
                  XML_GetCurrentLineNumber(r->parser));
  struct str value = is_value ? buf_str(&r->annotation) : buf_str(&r->value),
             comment = r->has_annotation && !is_value ? buf_str(&r->annotation) : buf_str(&r->comment);
  struct dhis2_value made = {.data_element = buf_str(&r->element),
                             .period = str_of(r->period.text),
                             .org_unit = buf_str(&r->org_unit),
                             .category_option_combo = buf_str(&r->combo),
                             .attribute_option_combo = buf_str(&r->attribute),
                             .value = value.n ? value : STR_NONE,
                             .comment = comment.n ? comment : STR_NONE};
  if (r->handler(r->payload, &made, r->error)) stop(r);
}

/* --- events --- */

static void on_start(void *payload, const XML_Char *name, const XML_Char **attributes) {
  struct dhis2_adx_reader *r = payload;
  struct str tag = str_of(name);
  size_t count = 0;
  r->quiet = 0;
  if (r->stopped) return;
  while (attributes[2 * count]) count++;
  if (++r->depth > DEPTH_MAX || count > ATTRIBUTES_MAX)
    return REFUSE(r, "line %lu: tags in tags, or attributes, beyond what ADX has", XML_GetCurrentLineNumber(r->parser));
  bool ours = str_starts(tag, space);
  tag = ours ? str_from(tag, space.n) : STR_NONE;
  if (r->depth == 1) {
    if (!str_eq(tag, STR("adx"))) REFUSE(r, "this XML is not ADX: its root is not 'adx' of urn:ihe:qrph:adx:2015");
  } else if (r->below) {
    r->below++;
  } else if (r->depth == 2 && str_eq(tag, STR("group"))) {
    on_group(r, attributes);
  } else if (r->depth == 3 && r->in_group && str_eq(tag, STR("dataValue"))) {
    on_value_tag(r, attributes);
  } else if (r->depth == 4 && r->in_value && str_eq(tag, STR("annotation"))) {
    r->in_annotation = r->has_annotation = true;
  } else {
    r->below = 1;
  }
}

static void on_end(void *payload, const XML_Char *name) {
  struct dhis2_adx_reader *r = payload;
  (void)name;
  r->quiet = 0;
  if (r->stopped) return;
  r->depth--;
  if (r->below) {
    r->below--;
  } else if (r->in_annotation) {
    r->in_annotation = false;
  } else if (r->in_value) {
    r->in_value = false;
    hand_on(r);
  } else if (r->in_group) {
    r->in_group = false;
  }
}

static void on_text(void *payload, const XML_Char *text, int n) {
  struct dhis2_adx_reader *r = payload;
  r->quiet = 0;
  if (r->stopped || !r->in_annotation || r->below) return;
  if (!buf_add(&r->annotation, (struct str){text, (size_t)n}))
    REFUSE(r, "line %lu: a text is larger than %d bytes", XML_GetCurrentLineNumber(r->parser), TEXT_MAX);
}

static void on_doctype(void *payload, const XML_Char *name, const XML_Char *system, const XML_Char *public, int subset) {
  struct dhis2_adx_reader *r = payload;
  (void)name, (void)system, (void)public, (void)subset;
  if (!r->stopped) REFUSE(r, "line %lu: ADX has no document type", XML_GetCurrentLineNumber(r->parser));
}

/* --- life --- */

struct dhis2_adx_reader *dhis2_adx_reader_new(const struct dhis2_metadata *metadata, dhis2_value_handler *handler, void *payload) {
  struct dhis2_adx_reader *r = mem_alloc(sizeof *r);
  struct buf id = BUF_INIT(ID_MAX), text = BUF_INIT(TEXT_MAX);
  *r = (struct dhis2_adx_reader){.metadata = metadata,
                                 .handler = handler,
                                 .payload = payload,
                                 .org_unit = id,
                                 .attribute = id,
                                 .element = id,
                                 .combo = id,
                                 .value = text,
                                 .comment = text,
                                 .annotation = text};
  if (!(r->parser = XML_ParserCreateNS(NULL, '|'))) abort();
  if (metadata) learn(r);
  XML_SetUserData(r->parser, r);
  XML_SetElementHandler(r->parser, on_start, on_end);
  XML_SetCharacterDataHandler(r->parser, on_text);
  XML_SetStartDoctypeDeclHandler(r->parser, on_doctype);
  return r;
}

void dhis2_adx_reader_free(struct dhis2_adx_reader *r) {
  if (!r) return;
  XML_ParserFree(r->parser);
  map_free(&r->sets);
  map_free(&r->elements);
  map_free(&r->units);
  buf_free(&r->org_unit);
  buf_free(&r->attribute);
  buf_free(&r->element);
  buf_free(&r->combo);
  buf_free(&r->value);
  buf_free(&r->comment);
  buf_free(&r->annotation);
  free(r);
}

static int parse(struct dhis2_adx_reader *r, struct str piece, bool last, struct error *error) {
  r->error = error;
  r->quiet += piece.n;
  enum XML_Status status = XML_Parse(r->parser, piece.n ? piece.p : "", (int)piece.n, last);
  if (r->stopped) return -1;
  if (status != XML_STATUS_OK)
    return error_set(error, ERROR_input, "line %lu: the XML is broken: %s", XML_GetCurrentLineNumber(r->parser),
                     XML_ErrorString(XML_GetErrorCode(r->parser)));
  if (r->quiet > TAG_MAX)
    return error_set(error, ERROR_input, "line %lu: a tag is larger than %d bytes", XML_GetCurrentLineNumber(r->parser), TAG_MAX);
  return 0;
}

int dhis2_adx_reader_feed(struct dhis2_adx_reader *r, struct str piece, struct error *error) {
  while (piece.n > TEXT_MAX) {
    if (parse(r, str_slice(piece, 0, TEXT_MAX), false, error)) return -1;
    piece = str_from(piece, TEXT_MAX);
  }
  return parse(r, piece, false, error);
}

int dhis2_adx_reader_finish(struct dhis2_adx_reader *r, struct error *error) {
  return parse(r, STR(""), true, error);
}

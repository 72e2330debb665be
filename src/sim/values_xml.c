/* Data values as XML, DHIS2's own and ADX. */
#include "sim/values_import.h"
#include "sim/xml.h"

static void free_json(void *json) {
  json_decref(json);
}

static bool refuse(struct import *im, const struct xml *xml) {
  if (!im->new_engine) return import_end(im, "ERROR", "The import process failed: Failed to move to start element");
  if (xml->no_xml) return import_throw(im, 400, "E8007", arena_printf(im->arena, "XML file error : %.*s", STR_ARG(xml->error)));
  return import_throw(im, 500, NULL, xml->error);
}

static enum flag flag_of(struct str text) {
  return !text.p ? FLAG_NONE : str_eq(text, STR("true")) ? FLAG_YES : FLAG_NO;
}

static struct row row_of(const struct xml_tag *tag) {
  return (struct row){.element = xml_attribute(tag, "dataElement"),
                      .period = xml_attribute(tag, "period"),
                      .unit = xml_attribute(tag, "orgUnit"),
                      .coc = xml_attribute(tag, "categoryOptionCombo"),
                      .aoc = xml_attribute(tag, "attributeOptionCombo"),
                      .value = xml_attribute(tag, "value"),
                      .comment = xml_attribute(tag, "comment"),
                      .stored_by = xml_attribute(tag, "storedBy"),
                      .followup = flag_of(xml_attribute(tag, "followUp")),
                      .deleted = flag_of(xml_attribute(tag, "deleted"))};
}

static void read_header(struct values_group *group, const struct xml_tag *tag) {
  group->data_set = xml_attribute(tag, "dataSet");
  group->period = xml_attribute(tag, "period");
  group->unit = xml_attribute(tag, "orgUnit");
  group->aoc = xml_attribute(tag, "attributeOptionCombo");
  group->complete_date = xml_attribute(tag, "completeDate");
}

bool values_parse_xml(struct import *im, struct str body) {
  struct xml xml = {.arena = im->arena, .text = body};
  struct xml_tag tag;
  struct values_group *group = import_group(im);
  while (xml_next(&xml, &tag)) {
    if (tag.end) continue;
    if (str_eq(tag.name, STR("dataValue"))) {
      VEC_PUSH(&group->rows, row_of(&tag));
      continue;
    }
    if (!str_eq(tag.name, STR("dataValueSet"))) continue;
    read_header(group, &tag);
    for (size_t i = 0; i < tag.count; i++)
      if (str_ends(tag.attributes[i].name, STR("dScheme")))
        import_scheme(im, arena_cstr(im->arena, tag.attributes[i].name), tag.attributes[i].value, im->new_engine);
  }
  return xml.error.p ? refuse(im, &xml) : true;
}

/* --- ADX --- */

/* "2026-02-01/P1M": the first day, and how long. */
static struct str adx_period(struct arena *arena, struct str text) {
  static const struct {
    const char *duration, *type;
  } types[] = {{"P1D", "Daily"},     {"P7D", "Weekly"},    {"P14D", "BiWeekly"},  {"P1M", "Monthly"},
               {"P2M", "BiMonthly"}, {"P3M", "Quarterly"}, {"P6M", "SixMonthly"}, {"P1Y", "Yearly"}};
  struct str rest = text, first = str_take(&rest, '/');
  struct sim_period period;
  int day;
  for (size_t i = 0; rest.p && sim_date_parse(first, &day) && i < sizeof types / sizeof *types; i++)
    if (str_eq(rest, str_of(types[i].duration)) && sim_period_of_day(types[i].type, day, &period))
      return arena_str(arena, str_of(period.text));
  return text;
}

static bool is_own(struct str name) {
  static const char *const own[] = {
      "dataElement",         "value", "dataSet", "period", "orgUnit", "comment", "completeDate", "attributeOptionCombo",
      "categoryOptionCombo", "xmlns", "exported"};
  for (size_t i = 0; i < sizeof own / sizeof *own; i++)
    if (str_eq(name, str_of(own[i]))) return true;
  return false;
}

/* Every other attribute is a category. */
static json_t *options_of(struct import *im, const struct xml_tag *tag) {
  json_t *options = json_object();
  arena_on_free(im->arena, free_json, options);
  for (size_t i = 0; i < tag->count; i++) {
    struct xml_attribute a = tag->attributes[i];
    if (!is_own(a.name)) json_object_setn_new(options, a.name.p, a.name.n, json_stringn(a.value.p, a.value.n));
  }
  return options;
}

bool values_parse_adx(struct import *im, struct str body) {
  struct xml xml = {.arena = im->arena, .text = body};
  struct xml_tag tag;
  struct values_group *group = NULL;
  while (xml_next(&xml, &tag)) {
    if (tag.end) continue;
    if (str_eq(tag.name, STR("group"))) {
      group = import_group(im);
      read_header(group, &tag);
      group->period = adx_period(im->arena, group->period);
      group->options = options_of(im, &tag);
    } else if (group && str_eq(tag.name, STR("dataValue"))) {
      struct row row = row_of(&tag);
      json_t *options = options_of(im, &tag);
      if (im->new_engine || json_object_size(options)) row.options = options;
      VEC_PUSH(&group->rows, row);
    } else if (group && group->rows.n && str_eq(tag.name, STR("annotation"))) {
      group->rows.p[group->rows.n - 1].comment = xml_attribute(&tag, "value");
    }
  }
  return xml.error.p ? refuse(im, &xml) : true;
}

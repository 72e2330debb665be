#include "dhis2/data_values.h"

#include "base/clock.h"
#include "base/csv.h"
#include "base/file.h"
#include "base/json_stream.h"
#include "base/mem.h"
#include "dhis2/adx.h"

enum { TEXT_MAX = 1 << 20, ITEM_MAX = 4 << 20, HEADER_TEXT_MAX = 255 };

enum field {
  ELEMENT,
  PERIOD,
  UNIT,
  OPTION_COMBO,
  ATTRIBUTE,
  VALUE,
  COMMENT,
  TEXT_FIELDS,
  FOLLOW_UP = TEXT_FIELDS,
  DELETED,
  UPDATED,
  OTHER_FIELD,
};

static const struct {
  struct str json, csv;
} field_names[] = {
    [ELEMENT] = {{"dataElement", 11}, {"dataelement", 11}},
    [PERIOD] = {{"period", 6}, {"period", 6}},
    [UNIT] = {{"orgUnit", 7}, {"orgunit", 7}},
    [OPTION_COMBO] = {{"categoryOptionCombo", 19}, {"categoryoptioncombo", 19}},
    [ATTRIBUTE] = {{"attributeOptionCombo", 20}, {"attributeoptioncombo", 20}},
    [VALUE] = {{"value", 5}, {"value", 5}},
    [COMMENT] = {{"comment", 7}, {"comment", 7}},
    [FOLLOW_UP] = {{"followup", 8}, {"followup", 8}},
    [DELETED] = {{"deleted", 7}, {"deleted", 7}},
    [UPDATED] = {{"lastUpdated", 11}, {"lastupdated", 11}},
};

/* Where a text of the value being read stands in `item`. */
struct span {
  size_t at, n;
  bool given;
};

enum place { AT_START, IN_ROOT, IN_LIST, IN_ITEM, AT_END };

struct dhis2_values_reader {
  dhis2_value_handler *handler;
  void *payload;
  struct json_stream *json;
  struct csv_reader *csv;
  struct dhis2_adx_reader *adx;
  size_t mark; /* bytes of a byte order mark that were passed over */
  bool takes_adx;
  const struct dhis2_metadata *metadata;     /* of ADX's codes */
  size_t columns[OTHER_FIELD], column_count; /* of CSV */
  bool has_columns, has_list, at_last_line;
  /* JSON */
  enum place place;
  unsigned skip; /* levels inside something that is not looked at */
  enum field member;
  bool is_list_member, is_scheme;
  struct buf header[TEXT_FIELDS];
  bool header_given[TEXT_FIELDS], needed[TEXT_FIELDS]; /* needed: a value had none of its own, and there was none in the header yet */
  struct {
    enum field field;
    uint64_t number;      /* of the name it was found for */
  } places[JSON_MEMBERS]; /* of members in values that come in one piece */
  struct buf item;
  struct span spans[TEXT_FIELDS];
  bool follow_up, deleted, with_times;
  int64_t updated_ms;
  uint64_t count;
};

static struct str text_of(const struct dhis2_values_reader *r, enum field field) {
  const struct span *span = &r->spans[field];
  if (!span->given) return STR_NONE;
  return span->n ? (struct str){r->item.p + span->at, span->n} : STR("");
}

/* `texts`: p == NULL where the value has none. */
static int hand_on(struct dhis2_values_reader *r, struct str texts[TEXT_FIELDS], struct error *error) {
  r->count++;
  for (enum field f = 0; f < TEXT_FIELDS; f++) {
    if (texts[f].n || f == VALUE || f == COMMENT) continue;
    if (r->header_given[f])
      texts[f] = buf_str(&r->header[f]);
    else
      r->needed[f] = true;
  }
  if (!texts[ELEMENT].n || !texts[PERIOD].n || !texts[UNIT].n)
    return error_set(error, ERROR_input, "value %llu has no %s (members that hold for all values must stand before dataValues)",
                     (unsigned long long)r->count,
                     !texts[ELEMENT].n  ? "dataElement"
                     : !texts[PERIOD].n ? "period"
                                        : "orgUnit");
  struct dhis2_value value = {.data_element = texts[ELEMENT],
                              .period = texts[PERIOD],
                              .org_unit = texts[UNIT],
                              .category_option_combo = texts[OPTION_COMBO],
                              .attribute_option_combo = texts[ATTRIBUTE],
                              .value = texts[VALUE],
                              .comment = texts[COMMENT],
                              .follow_up = r->follow_up,
                              .deleted = r->deleted,
                              .updated_ms = r->updated_ms};
  return r->handler(r->payload, &value, error);
}

static int hand_on_item(struct dhis2_values_reader *r, struct error *error) {
  struct str texts[TEXT_FIELDS];
  for (enum field f = 0; f < TEXT_FIELDS; f++) texts[f] = text_of(r, f);
  return hand_on(r, texts, error);
}

static void begin_item(struct dhis2_values_reader *r) {
  buf_clear(&r->item);
  memset(r->spans, 0, sizeof r->spans);
  r->follow_up = r->deleted = false;
  r->updated_ms = 0;
}

static int add_text(struct dhis2_values_reader *r, enum field field, struct str text, struct error *error) {
  if (r->spans[field].given)
    return error_set(error, ERROR_input, "value %llu has the member \"%.*s\" twice", (unsigned long long)r->count + 1,
                     STR_ARG(field_names[field].json));
  r->spans[field] = (struct span){r->item.n, text.n, true};
  if (buf_add(&r->item, text)) return 0;
  return error_set(error, ERROR_input, "value %llu is larger than %d bytes", (unsigned long long)r->count + 1, ITEM_MAX);
}

/* --- JSON --- */

#define IS(text, field) memcmp(name.p, text, sizeof(text) - 1) == 0 ? field

/* Asked a dozen times for each value: of a known length and against a constant, a comparison is two or three instructions. */
static enum field field_of(struct str name) {
  switch (name.n) {
  case 5: return IS("value", VALUE) : OTHER_FIELD;
  case 6: return IS("period", PERIOD) : OTHER_FIELD;
  case 7: return IS("orgUnit", UNIT) : IS("comment", COMMENT) : IS("deleted", DELETED) : OTHER_FIELD;
  case 8: return IS("followup", FOLLOW_UP) : IS("followUp", FOLLOW_UP) : OTHER_FIELD;
  case 11: return IS("dataElement", ELEMENT) : IS("lastUpdated", UPDATED) : OTHER_FIELD;
  case 19: return IS("categoryOptionCombo", OPTION_COMBO) : OTHER_FIELD;
  case 20: return IS("attributeOptionCombo", ATTRIBUTE) : OTHER_FIELD;
  default: return OTHER_FIELD;
  }
}

static int take_header(struct dhis2_values_reader *r, struct str text, struct error *error) {
  if (r->is_scheme && !str_eq_nocase(text, STR("UID")))
    return error_set(error, ERROR_input, "the values are written with other ids than uids (%.*s)", STR_ARG(str_slice(text, 0, 40)));
  if (r->member != PERIOD && r->member != UNIT && r->member != ATTRIBUTE) return 0;
  if (r->needed[r->member])
    return error_set(error, ERROR_input, "\"%.*s\" holds for all values and must stand before dataValues",
                     STR_ARG(field_names[r->member].json));
  buf_clear(&r->header[r->member]);
  if (!buf_add(&r->header[r->member], text))
    return error_set(error, ERROR_input, "\"%.*s\" is no id", STR_ARG(field_names[r->member].json));
  r->header_given[r->member] = text.n > 0;
  return 0;
}

/* A mark that is neither is not taken for "no": a value that was deleted would count, as DHIS2 itself has it (Boolean.valueOf), for whom "1" and "yes" say no.
 * "null" is what the CSV of DHIS2 2.40 and 2.41 says of every value that stands. */
static bool read_mark(struct str text, bool *ret) {
  *ret = str_eq_nocase(text, STR("true"));
  return *ret || !text.n || str_eq(text, STR("null")) || str_eq_nocase(text, STR("false"));
}

static int refuse_mark(const struct dhis2_values_reader *r, enum field field, struct str text, struct error *error) {
  return error_set(error, ERROR_input, "value %llu: \"%.*s\" is true or false, and here it is '%.*s'", (unsigned long long)r->count + 1,
                   STR_ARG(field_names[field].json), STR_ARG(str_slice(text, 0, 20)));
}

/* 1: it was one. 0: the field is a text, or none. -1: it is neither true nor false. */
static int take_mark(struct dhis2_values_reader *r, enum field field, struct str text, struct error *error) {
  if (field == FOLLOW_UP) return read_mark(text, &r->follow_up) ? 1 : refuse_mark(r, field, text, error);
  if (field == DELETED) return read_mark(text, &r->deleted) ? 1 : refuse_mark(r, field, text, error);
  if (field == UPDATED && r->with_times) (void)clock_parse(text, &r->updated_ms);
  return field == UPDATED;
}

static int take_scalar(struct dhis2_values_reader *r, enum json_event event, struct str text, struct error *error) {
  if (event == JSON_EVENT_NULL) return 0;
  if (event == JSON_EVENT_TRUE || event == JSON_EVENT_FALSE) text = event == JSON_EVENT_TRUE ? STR("true") : STR("false");
  if (r->place == IN_ROOT)
    return r->is_list_member ? error_set(error, ERROR_input, "dataValues is not a list") : take_header(r, text, error);
  if (r->place == IN_LIST) return error_set(error, ERROR_input, "value %llu is not an object", (unsigned long long)r->count + 1);
  int mark = take_mark(r, r->member, text, error);
  if (mark || r->member == OTHER_FIELD) return mark < 0 ? -1 : 0;
  return add_text(r, r->member, text, error);
}

static int take_opened(struct dhis2_values_reader *r, bool list, struct error *error) {
  if (r->place == AT_START && !list) {
    r->place = IN_ROOT;
  } else if (r->place == IN_ROOT && list && r->is_list_member) {
    r->place = IN_LIST;
    r->has_list = true;
  } else if (r->place == IN_LIST && !list) {
    begin_item(r);
    r->place = IN_ITEM;
  } else if (r->place == IN_ITEM && r->member < OTHER_FIELD) {
    return error_set(error, ERROR_input, "value %llu: \"%.*s\" is not a text (category options in place of an id cannot be read)",
                     (unsigned long long)r->count + 1, STR_ARG(field_names[r->member].json));
  } else if (r->place == AT_START || r->place == IN_LIST || r->is_list_member) {
    return error_set(error, ERROR_input, "these are not data values: an object with a list dataValues is expected");
  } else {
    r->skip = 1;
  }
  return 0;
}

static int take_closed(struct dhis2_values_reader *r, struct error *error) {
  if (r->place == IN_ITEM) {
    r->place = IN_LIST;
    return hand_on_item(r, error);
  }
  r->place = r->place == IN_LIST ? IN_ROOT : AT_END;
  return 0;
}

static void take_key(struct dhis2_values_reader *r, struct str name) {
  r->member = field_of(name);
  r->is_list_member = r->place == IN_ROOT && str_eq(name, STR("dataValues"));
  r->is_scheme = r->place == IN_ROOT && (str_ends(name, STR("IdScheme")) || str_eq(name, STR("idScheme")));
}

static int on_json(void *payload, enum json_event event, struct str text, struct error *error) {
  struct dhis2_values_reader *r = payload;
  bool skip = r->skip;
  switch (event) {
  case JSON_EVENT_OBJECT:
  case JSON_EVENT_ARRAY: r->skip += skip; return skip ? 0 : take_opened(r, event == JSON_EVENT_ARRAY, error);
  case JSON_EVENT_OBJECT_END:
  case JSON_EVENT_ARRAY_END: r->skip -= skip; return skip ? 0 : take_closed(r, error);
  case JSON_EVENT_KEY:
    if (!skip) take_key(r, text);
    return 0;
  default: return skip ? 0 : take_scalar(r, event, text, error);
  }
}

static enum field field_at(struct dhis2_values_reader *r, size_t place, const struct json_member *member) {
  if (r->places[place].number != member->name_number) {
    r->places[place].field = field_of(member->name);
    r->places[place].number = member->name_number;
  }
  return r->places[place].field;
}

/* A value in one piece, as nearly all of them come: the same as by its events, without a copy. What is wrong with one is told there. */
static int on_object(void *payload, const struct json_member *members, size_t count, struct error *error) {
  struct dhis2_values_reader *r = payload;
  struct str texts[TEXT_FIELDS] = {0};
  if (r->skip || r->place != IN_LIST) return 0;
  begin_item(r);
  for (size_t i = 0; i < count; i++) {
    enum field field = field_at(r, i, &members[i]);
    struct str text = members[i].text;
    if (members[i].event == JSON_EVENT_NULL) continue;
    if (!text.p) text = members[i].event == JSON_EVENT_TRUE ? STR("true") : STR("false");
    int mark = take_mark(r, field, text, error);
    if (mark < 0) return -1;
    if (mark || field == OTHER_FIELD) continue;
    if (texts[field].p) return 0;
    texts[field] = text;
  }
  return hand_on(r, texts, error) ? -1 : 1;
}

/* --- CSV --- */

static int take_columns(struct dhis2_values_reader *r, const struct str *fields, size_t count, struct error *error) {
  struct str wanted[OTHER_FIELD];
  for (enum field f = 0; f < OTHER_FIELD; f++) wanted[f] = field_names[f].csv;
  csv_columns(fields, count, wanted, OTHER_FIELD, r->columns);
  for (enum field f = 0; f < OTHER_FIELD; f++)
    if ((f <= UNIT || f == VALUE) && r->columns[f] == SIZE_MAX)
      return error_set(error, ERROR_input,
                       "the first line has no column \"%.*s\" (DHIS2 writes "
                       "dataelement,period,orgunit,categoryoptioncombo,attributeoptioncombo,value,…)",
                       STR_ARG(wanted[f]));
  r->column_count = count;
  r->has_columns = r->has_list = true;
  return 0;
}

/* A number with a comma in it would lose what stands behind that, and the end of a file that was cut a part of its value. Only what is left out at the end of a line is as good as empty: 2.37 leaves out `deleted`. */
static int check_width(const struct dhis2_values_reader *r, size_t count, struct error *error) {
  const char *why = count > r->column_count      ? "what has a comma in it stands in quotes, and decimals are written with a point"
                    : count <= r->columns[VALUE] ? "it ends before its value"
                                                 : "it has no end: the file was cut off";
  if (count == r->column_count || (count > r->columns[VALUE] && count < r->column_count && !r->at_last_line)) return 0;
  return error_set(error, ERROR_input, "the line has %zu columns, and the first one of the file %zu: %s", count, r->column_count, why);
}

static int on_row(void *payload, const struct str *fields, size_t count, uint64_t line, struct error *error) {
  struct dhis2_values_reader *r = payload;
  if (!r->has_columns) return take_columns(r, fields, count, error);
  if (check_width(r, count, error)) return error_context(error, "line %llu", (unsigned long long)line);
  begin_item(r);
  for (enum field f = 0; f < OTHER_FIELD; f++) {
    if (r->columns[f] >= count || !fields[r->columns[f]].n) continue;
    int mark = take_mark(r, f, fields[r->columns[f]], error);
    if (mark < 0) return error_context(error, "line %llu", (unsigned long long)line);
    if (!mark && add_text(r, f, fields[r->columns[f]], error)) return -1;
  }
  if (hand_on_item(r, error) == 0) return 0;
  return error->code == ERROR_input ? error_context(error, "line %llu", (unsigned long long)line) : -1;
}

/* --- life --- */

struct dhis2_values_reader *dhis2_values_reader_new(dhis2_value_handler *handler, void *payload) {
  struct dhis2_values_reader *r = mem_alloc(sizeof *r);
  r->handler = handler;
  r->payload = payload;
  r->item = BUF_INIT(ITEM_MAX);
  for (enum field f = 0; f < TEXT_FIELDS; f++) r->header[f] = BUF_INIT(HEADER_TEXT_MAX);
  return r;
}

void dhis2_values_reader_free(struct dhis2_values_reader *r) {
  if (!r) return;
  json_stream_free(r->json);
  csv_reader_free(r->csv);
  dhis2_adx_reader_free(r->adx);
  for (enum field f = 0; f < TEXT_FIELDS; f++) buf_free(&r->header[f]);
  buf_free(&r->item);
  free(r);
}

void dhis2_values_reader_adx(struct dhis2_values_reader *r, const struct dhis2_metadata *metadata) {
  r->takes_adx = true;
  r->metadata = metadata;
}

static struct json_stream *new_json(struct dhis2_values_reader *r) {
  struct json_stream *json = json_stream_new((struct json_limits){.depth = 32, .text = TEXT_MAX}, on_json, r);
  json_stream_objects(json, on_object);
  return json;
}

/* A byte order mark at the start says nothing (Excel writes one): passed over, however it is cut into pieces. */
static struct str without_mark(struct dhis2_values_reader *r, struct str piece) {
  static const char mark[] = "\xEF\xBB\xBF";
  while (piece.n && r->mark < sizeof mark - 1 && piece.p[0] == mark[r->mark]) {
    r->mark++;
    piece = str_from(piece, 1);
  }
  if (piece.n) r->mark = sizeof mark;
  return piece;
}

int dhis2_values_reader_feed(struct dhis2_values_reader *r, struct str piece, struct error *error) {
  if (!r->json && !r->csv && !r->adx) {
    piece = without_mark(r, piece);
    struct str start = str_trim(piece);
    if (!start.n) return 0;
    piece = str_from(piece, (size_t)(start.p - piece.p)); /* the same whether the white space came with it or before it */
    if (start.p[0] == '{' || start.p[0] == '[')
      r->json = new_json(r);
    else if (start.p[0] == '<' && r->takes_adx)
      r->adx = dhis2_adx_reader_new(r->metadata, r->handler, r->payload);
    else
      r->csv = csv_reader_new(ITEM_MAX, on_row, r);
  }
  if (r->adx) return dhis2_adx_reader_feed(r->adx, piece, error);
  return r->json ? json_stream_feed(r->json, piece, error) : csv_reader_feed(r->csv, piece, error);
}

int dhis2_values_reader_finish(struct dhis2_values_reader *r, struct error *error) {
  if (r->json) return json_stream_finish(r->json, error);
  r->at_last_line = true;
  if (r->csv) return csv_reader_finish(r->csv, error);
  if (r->adx) return dhis2_adx_reader_finish(r->adx, error);
  return error_set(error, ERROR_input, "there is nothing in it: data values are JSON, CSV or ADX");
}

void dhis2_values_reader_times(struct dhis2_values_reader *r) {
  r->with_times = true;
}

bool dhis2_values_reader_has_list(const struct dhis2_values_reader *r) {
  return r->has_list;
}

struct str dhis2_cell_key(struct buf *buf, struct str data_element, struct str period, struct str org_unit,
                          struct str category_option_combo, struct str attribute_option_combo) {
  const struct str ids[] = {data_element, period, org_unit, category_option_combo, attribute_option_combo};
  buf_clear(buf);
  for (size_t i = 0; i < sizeof ids / sizeof *ids; i++) {
    if (i) (void)buf_add_char(buf, ' ');
    (void)buf_add(buf, ids[i]);
  }
  return buf_str(buf);
}

static int feed_piece(void *payload, struct str piece, struct error *error) {
  return dhis2_values_reader_feed(payload, piece, error);
}

int dhis2_values_of_file(const char *path, const struct dhis2_metadata *metadata, dhis2_value_handler *handler, void *payload,
                         struct error *error) {
  struct dhis2_values_reader *r = dhis2_values_reader_new(handler, payload);
  dhis2_values_reader_adx(r, metadata);
  int result = file_read_pieces(path, feed_piece, r, error);
  if (result == 0) result = dhis2_values_reader_finish(r, error);
  dhis2_values_reader_free(r);
  if (result < 0 && error->code == ERROR_input && !str_starts(str_of(error->message), str_of(path))) (void)error_context(error, "%s", path);
  return result;
}

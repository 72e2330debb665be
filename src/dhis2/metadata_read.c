/* The export as a stream of JSON events: one table says which members of which kind of object are kept; all else is skipped. */
#include "base/json_stream.h"
#include "dhis2/metadata_record.h"

#include <errno.h>

enum member_type { MEMBER_TEXT, MEMBER_FLAG, MEMBER_ONE, MEMBER_LIST, MEMBER_TRANSLATIONS, MEMBER_NUMBERS };

enum { ANY_KIND = RECORD_KINDS, ROOT_KIND };

#define IN_OBJECT(field) offsetof(struct record, o.field)
#define IN_TEXT(slot) (offsetof(struct record, text) + (slot) * sizeof(struct str))

struct member {
  int kind;
  const char *name;
  enum member_type type;
  size_t at;               /* texts and flags: offset in the record; numbers: that of the first, of two texts; else the slot */
  enum record_kind target; /* of references */
};

static const struct member members[] = {
    {ROOT_KIND, "dataSets", MEMBER_LIST, 0, RECORD_DATA_SET},
    {ROOT_KIND, "dataElements", MEMBER_LIST, 0, RECORD_ELEMENT},
    {ROOT_KIND, "categoryCombos", MEMBER_LIST, 0, RECORD_COMBO},
    {ROOT_KIND, "categories", MEMBER_LIST, 0, RECORD_CATEGORY},
    {ROOT_KIND, "categoryOptions", MEMBER_LIST, 0, RECORD_OPTION},
    {ROOT_KIND, "categoryOptionCombos", MEMBER_LIST, 0, RECORD_OPTION_COMBO},
    {ROOT_KIND, "sections", MEMBER_LIST, 0, RECORD_SECTION},
    {ROOT_KIND, "organisationUnits", MEMBER_LIST, 0, RECORD_ORG_UNIT},
    {ROOT_KIND, "pager", MEMBER_ONE, 0, RECORD_PAGER},
    {ANY_KIND, "id", MEMBER_TEXT, IN_OBJECT(id), 0},
    {ANY_KIND, "code", MEMBER_TEXT, IN_OBJECT(code), 0},
    {ANY_KIND, "name", MEMBER_TEXT, IN_OBJECT(name), 0},
    {ANY_KIND, "shortName", MEMBER_TEXT, IN_OBJECT(short_name), 0},
    {ANY_KIND, "formName", MEMBER_TEXT, IN_OBJECT(form_name), 0},
    {ANY_KIND, "description", MEMBER_TEXT, IN_OBJECT(description), 0},
    {ANY_KIND, "translations", MEMBER_TRANSLATIONS, 0, RECORD_TRANSLATION},
    {RECORD_DATA_SET, "periodType", MEMBER_TEXT, IN_TEXT(TEXT_PERIOD_TYPE), 0},
    {RECORD_DATA_SET, "categoryCombo", MEMBER_ONE, ONE_COMBO, RECORD_COMBO},
    {RECORD_DATA_SET, "dataSetElements", MEMBER_LIST, LIST_ENTRIES, RECORD_ENTRY},
    {RECORD_DATA_SET, "dataElements", MEMBER_LIST, LIST_ELEMENTS, RECORD_ELEMENT},
    {RECORD_DATA_SET, "sections", MEMBER_LIST, LIST_SECTIONS, RECORD_SECTION},
    {RECORD_DATA_SET, "organisationUnits", MEMBER_LIST, LIST_ORG_UNITS, RECORD_ORG_UNIT},
    {RECORD_ORG_UNIT, "parent", MEMBER_ONE, ONE_PARENT, RECORD_ORG_UNIT},
    {RECORD_ORG_UNIT, "level", MEMBER_TEXT, IN_TEXT(TEXT_LEVEL), 0},
    {RECORD_ORG_UNIT, "path", MEMBER_TEXT, IN_TEXT(TEXT_PATH), 0},
    {RECORD_ORG_UNIT, "coordinates", MEMBER_TEXT, IN_TEXT(TEXT_POINT), 0},
    {RECORD_ORG_UNIT, "geometry", MEMBER_ONE, ONE_GEOMETRY, RECORD_GEOMETRY},
    {RECORD_PAGER, "total", MEMBER_TEXT, IN_TEXT(TEXT_TOTAL), 0},
    {RECORD_GEOMETRY, "type", MEMBER_TEXT, IN_TEXT(TEXT_SHAPE), 0},
    {RECORD_GEOMETRY, "coordinates", MEMBER_NUMBERS, IN_TEXT(TEXT_LONGITUDE), 0},
    {RECORD_ELEMENT, "valueType", MEMBER_TEXT, IN_TEXT(TEXT_VALUE_TYPE), 0},
    {RECORD_ELEMENT, "aggregationType", MEMBER_TEXT, IN_TEXT(TEXT_AGGREGATION_TYPE), 0},
    {RECORD_ELEMENT, "domainType", MEMBER_TEXT, IN_TEXT(TEXT_DOMAIN_TYPE), 0},
    {RECORD_ELEMENT, "zeroIsSignificant", MEMBER_FLAG, offsetof(struct record, zero_is_significant), 0},
    {RECORD_ELEMENT, "categoryCombo", MEMBER_ONE, ONE_COMBO, RECORD_COMBO},
    {RECORD_COMBO, "isDefault", MEMBER_FLAG, IN_OBJECT(is_default), 0},
    {RECORD_COMBO, "categories", MEMBER_LIST, LIST_CATEGORIES, RECORD_CATEGORY},
    {RECORD_COMBO, "categoryOptionCombos", MEMBER_LIST, LIST_OPTION_COMBOS, RECORD_OPTION_COMBO},
    {RECORD_CATEGORY, "categoryOptions", MEMBER_LIST, LIST_OPTIONS, RECORD_OPTION},
    {RECORD_OPTION, "isDefault", MEMBER_FLAG, IN_OBJECT(is_default), 0},
    {RECORD_OPTION_COMBO, "categoryCombo", MEMBER_ONE, ONE_COMBO, RECORD_COMBO},
    {RECORD_OPTION_COMBO, "categoryOptions", MEMBER_LIST, LIST_OPTIONS, RECORD_OPTION},
    {RECORD_SECTION, "dataSet", MEMBER_ONE, ONE_DATA_SET, RECORD_DATA_SET},
    {RECORD_SECTION, "dataElements", MEMBER_LIST, LIST_ELEMENTS, RECORD_ELEMENT},
    {RECORD_ENTRY, "dataElement", MEMBER_ONE, ONE_ELEMENT, RECORD_ELEMENT},
    {RECORD_ENTRY, "categoryCombo", MEMBER_ONE, ONE_COMBO, RECORD_COMBO},
    {RECORD_TRANSLATION, "locale", MEMBER_TEXT, IN_TEXT(TEXT_LOCALE), 0},
    {RECORD_TRANSLATION, "property", MEMBER_TEXT, IN_TEXT(TEXT_PROPERTY), 0},
    {RECORD_TRANSLATION, "value", MEMBER_TEXT, IN_TEXT(TEXT_VALUE), 0},
};

/* An object that is being read, or the list that it stands in. */
struct frame {
  struct record *record;       /* NULL: the root, or a list */
  const struct member *member; /* of an object: the last name; of a list: the one it is the value of */
  bool list;
};

enum { DEPTH_MAX = 64 };

struct dhis2_metadata_reader {
  struct builder builder;
  struct json_stream *stream;
  struct frame frames[DEPTH_MAX];
  unsigned depth;
  unsigned skip; /* levels inside something that is not kept */
  bool any_object;
  struct dhis2_metadata_page page; /* of the document under way */
  uint64_t elements, units;        /* of all documents */
};

static const struct member *member_of(int kind, struct str name) {
  for (size_t i = 0; i < sizeof members / sizeof *members; i++)
    if ((members[i].kind == kind || (members[i].kind == ANY_KIND && kind != ROOT_KIND)) && str_eq(str_of(members[i].name), name))
      return &members[i];
  return NULL;
}

static int too_many(struct error *error) {
  return error_set(error, ERROR_input, "the metadata has more than 4 million objects or 16 million references");
}

static void add_translation(struct builder *builder, struct record *to, const struct record *said) {
  if (!said->text[TEXT_VALUE].n || !said->text[TEXT_LOCALE].n) return;
  struct dhis2_translation *translation = ARENA_NEW(builder->arena, struct dhis2_translation);
  *translation = (struct dhis2_translation){said->text[TEXT_LOCALE], said->text[TEXT_PROPERTY], said->text[TEXT_VALUE], to->o.translations};
  to->o.translations = translation; /* the last said stands first: of two for one locale and property it counts */
}

/* An object is complete: it is hung where it stood. */
static int hang(struct dhis2_metadata_reader *reader, const struct frame *holder, struct record *record, struct error *error) {
  struct builder *builder = &reader->builder;
  const struct member *member = holder->member;
  struct record *parent = holder->list ? reader->frames[reader->depth - 2].record : holder->record;
  if (record->kind == RECORD_PAGER) {
    reader->page.told = str_to_u64(record->text[TEXT_TOTAL], &reader->page.total);
    return 0;
  }
  reader->page.objects += !parent;
  reader->elements += !parent && record->kind == RECORD_ELEMENT;
  reader->units += !parent && record->kind == RECORD_ORG_UNIT;
  if (member->type == MEMBER_TRANSLATIONS) {
    if (parent) add_translation(builder, parent, record);
    return 0;
  }
  record->o.given |= member->kind == ROOT_KIND || record->o.name.n > 0 || record->list[0].n > 0;
  size_t nameless = builder->nameless;
  struct str path = record->kind == RECORD_ORG_UNIT ? record->text[TEXT_PATH] : STR_NONE;
  struct record *known = builder_keep(builder, record);
  if (known && path.n && !builder_place_unit(builder, known, path)) return too_many(error);
  if (!known) return builder->nameless > nameless ? 0 : too_many(error);
  if (!parent) return 0;
  if (member->type == MEMBER_ONE) {
    parent->one[member->at] = known;
    return 0;
  }
  return builder_link(builder, &parent->list[member->at], known) ? 0 : too_many(error);
}

static int opened(struct dhis2_metadata_reader *reader, bool list, struct error *error) {
  struct frame *top = reader->depth ? &reader->frames[reader->depth - 1] : NULL;
  if (!top) {
    if (list) return error_set(error, ERROR_input, "a metadata export is a JSON object, this is a list");
    reader->any_object = true;
    reader->frames[reader->depth++] = (struct frame){0};
    return 0;
  }
  const struct member *member = top->member;
  bool wanted = member && (list ? !top->list && member->type >= MEMBER_LIST
                                : (top->list && member->type != MEMBER_NUMBERS) || member->type == MEMBER_ONE);
  if (!wanted || reader->depth == DEPTH_MAX) {
    reader->skip = 1;
    return 0;
  }
  struct frame frame = {.list = list, .member = list ? member : NULL};
  if (!list && !(frame.record = builder_record(&reader->builder, member->target))) return too_many(error);
  reader->frames[reader->depth++] = frame;
  return 0;
}

static int closed(struct dhis2_metadata_reader *reader, struct error *error) {
  struct frame frame = reader->frames[--reader->depth];
  if (frame.list || !frame.record) return 0;
  return hang(reader, &reader->frames[reader->depth - 1], frame.record, error);
}

/* The first two of a list of numbers: a third, the height of a point, is passed over. */
static void number(struct dhis2_metadata_reader *reader, const struct frame *list, struct str text) {
  struct str *at = (struct str *)(void *)((char *)reader->frames[reader->depth - 2].record + list->member->at);
  for (size_t i = 0; i < 2; i++) {
    if (at[i].n) continue;
    at[i] = arena_str(reader->builder.arena, text);
    return;
  }
}

static void scalar(struct dhis2_metadata_reader *reader, enum json_event event, struct str text) {
  struct frame *top = reader->depth ? &reader->frames[reader->depth - 1] : NULL;
  if (top && top->list && top->member->type == MEMBER_NUMBERS && event == JSON_EVENT_NUMBER) number(reader, top, text);
  if (!top || top->list || !top->record || !top->member) return;
  char *at = (char *)top->record + top->member->at;
  if (top->member->type == MEMBER_TEXT && (event == JSON_EVENT_STRING || event == JSON_EVENT_NUMBER))
    *(struct str *)(void *)at = arena_str(reader->builder.arena, str_trim(text));
  if (top->member->type == MEMBER_FLAG) *(bool *)at = event == JSON_EVENT_TRUE;
}

static int on_event(void *payload, enum json_event event, struct str text, struct error *error) {
  struct dhis2_metadata_reader *reader = payload;
  bool opens = event == JSON_EVENT_OBJECT || event == JSON_EVENT_ARRAY,
       closes = event == JSON_EVENT_OBJECT_END || event == JSON_EVENT_ARRAY_END;
  if (reader->skip) {
    reader->skip += (unsigned)opens - (unsigned)closes;
    return 0;
  }
  if (opens) return opened(reader, event == JSON_EVENT_ARRAY, error);
  if (closes) return closed(reader, error);
  if (event == JSON_EVENT_KEY) {
    struct frame *top = &reader->frames[reader->depth - 1];
    top->member = member_of(top->record ? (int)top->record->kind : ROOT_KIND, text);
    return 0;
  }
  scalar(reader, event, text);
  return 0;
}

struct dhis2_metadata_reader *dhis2_metadata_reader_new(struct arena *arena) {
  struct dhis2_metadata_reader *reader = mem_alloc(sizeof *reader);
  builder_init(&reader->builder, arena);
  reader->stream = json_stream_new((struct json_limits){.depth = DEPTH_MAX}, on_event, reader);
  return reader;
}

void dhis2_metadata_reader_free(struct dhis2_metadata_reader *reader) {
  if (!reader) return;
  json_stream_free(reader->stream);
  builder_free(&reader->builder);
  free(reader);
}

int dhis2_metadata_reader_feed(struct dhis2_metadata_reader *reader, struct str piece, struct error *error) {
  return json_stream_feed(reader->stream, piece, error);
}

int dhis2_metadata_reader_next(struct dhis2_metadata_reader *reader, struct error *error) {
  if (json_stream_finish(reader->stream, error)) return -1;
  json_stream_free(reader->stream);
  reader->stream = json_stream_new((struct json_limits){.depth = DEPTH_MAX}, on_event, reader);
  reader->depth = reader->skip = 0;
  reader->page = (struct dhis2_metadata_page){0};
  return 0;
}

int dhis2_metadata_reader_check(struct dhis2_metadata_reader *reader, struct error *error) {
  return json_stream_finish(reader->stream, error);
}

struct dhis2_metadata_page dhis2_metadata_reader_page(const struct dhis2_metadata_reader *reader) {
  return reader->page;
}

uint64_t dhis2_metadata_reader_elements(const struct dhis2_metadata_reader *reader) {
  return reader->elements;
}

uint64_t dhis2_metadata_reader_units(const struct dhis2_metadata_reader *reader) {
  return reader->units;
}

struct str *dhis2_metadata_reader_unsaid_units(const struct dhis2_metadata_reader *reader, struct arena *arena, size_t *ret_count) {
  size_t all = reader->builder.records[RECORD_ORG_UNIT].n, n = 0;
  struct str *ids = ARENA_ARRAY(arena, all + 1, struct str);
  for (size_t i = 0; i < all; i++) {
    const struct record *record = reader->builder.records[RECORD_ORG_UNIT].p[i];
    if (!record->o.given) ids[n++] = record->o.id;
  }
  *ret_count = n;
  return ids;
}

bool dhis2_metadata_reader_says_unit(const struct dhis2_metadata_reader *reader, struct str id) {
  const struct record *record = map_get(&reader->builder.by_id[RECORD_ORG_UNIT], id);
  return record && record->o.given;
}

void dhis2_metadata_reader_calendar(struct dhis2_metadata_reader *reader, struct str calendar) {
  reader->builder.calendar = arena_str(reader->builder.arena, calendar);
}

const struct dhis2_metadata *dhis2_metadata_reader_finish(struct dhis2_metadata_reader *reader, struct error *error) {
  if (json_stream_finish(reader->stream, error)) return NULL;
  if (!reader->any_object) {
    error_set(error, ERROR_input, "a metadata export is a JSON object");
    return NULL;
  }
  const struct dhis2_metadata *metadata = builder_build(&reader->builder, error);
  if (metadata) dhis2_metadata_reader_free(reader);
  return metadata;
}

/* metadata_record: the inside of reading metadata: one uniform record per object, put together from all places that speak of it, from which the model of metadata.h is built.
 *
 * What holds always: records live in the builder and go with it; texts live in the arena of the model. A record is found again by (kind, id). */
#ifndef DRAWBRIDGE_DHIS2_METADATA_RECORD_H
#define DRAWBRIDGE_DHIS2_METADATA_RECORD_H

#include "base/map.h"
#include "base/vec.h"
#include "dhis2/metadata.h"

enum record_kind {
  RECORD_DATA_SET,
  RECORD_ELEMENT,
  RECORD_COMBO,
  RECORD_CATEGORY,
  RECORD_OPTION,
  RECORD_OPTION_COMBO,
  RECORD_SECTION,
  RECORD_ORG_UNIT,
  RECORD_WITH_ID,                /* kinds before this one have ids */
  RECORD_ENTRY = RECORD_WITH_ID, /* a member of a data set: element, and combo where it is overridden */
  RECORD_TRANSLATION,
  RECORD_GEOMETRY,
  RECORD_PAGER,
  RECORD_KINDS,
};

enum { RECORD_TEXTS = 3, RECORD_ONES = 2, RECORD_LISTS = 4 };

/* Which slot means what, per kind. */
enum {
  TEXT_VALUE_TYPE = 0,
  TEXT_AGGREGATION_TYPE = 1,
  TEXT_DOMAIN_TYPE = 2, /* element */
  TEXT_PERIOD_TYPE = 0, /* data set */
  TEXT_LOCALE = 0,
  TEXT_PROPERTY = 1,
  TEXT_VALUE = 2, /* translation */
  TEXT_LEVEL = 0,
  TEXT_PATH = 1,
  TEXT_POINT = 2, /* org unit; TEXT_POINT: "[longitude,latitude]", as old exports have it */
  TEXT_SHAPE = 0,
  TEXT_LONGITUDE = 1,
  TEXT_LATITUDE = 2, /* geometry */
  TEXT_TOTAL = 0,    /* pager */
  ONE_COMBO = 0,     /* data set, element, COC, entry */
  ONE_ELEMENT = 1,   /* entry */
  ONE_DATA_SET = 1,  /* section */
  ONE_PARENT = 0,
  ONE_GEOMETRY = 1, /* org unit */
  LIST_ENTRIES = 0,
  LIST_ELEMENTS = 1,
  LIST_SECTIONS = 2,  /* data set; section: elements */
  LIST_ORG_UNITS = 3, /* data set */
  LIST_CATEGORIES = 0,
  LIST_OPTION_COMBOS = 1, /* combo */
  LIST_OPTIONS = 0,       /* category, COC */
};

struct record_list {
  struct record_link *first, *last;
  size_t n;
};

struct record {
  struct dhis2_object o;
  enum record_kind kind;
  bool zero_is_significant;
  struct str text[RECORD_TEXTS];
  struct record *one[RECORD_ONES];
  struct record_list list[RECORD_LISTS];
  uint64_t said; /* the how many-th object that the input said more of than its id; 0: the list's own order */
  /* while the model is built */
  void *built;                /* its object there */
  uint32_t stamp;             /* the last list that took it, so that none takes it twice */
  uint32_t shown_stamp;       /* the last data set in whose sections it was found, */
  uint32_t position;          /* at which place, */
  const struct record *shown; /* and in which section */
};

struct record_link {
  struct record *to;
  struct record_link *next;
};

struct builder {
  struct arena *arena;   /* of the model */
  struct arena *scratch; /* of the records */
  VEC(struct record *) records[RECORD_WITH_ID];
  struct map by_id[RECORD_WITH_ID];
  size_t objects, links;
  uint64_t said;
  size_t nameless; /* objects that had no id */
  struct str calendar;
};

void builder_init(struct builder *builder, struct arena *arena);
void builder_free(struct builder *builder);

struct record *builder_record(struct builder *builder, enum record_kind kind); /* a blank one, not yet known by an id. NULL: too many */
struct record *builder_known(struct builder *builder, enum record_kind kind,
                             struct str id); /* made at first need (id copied). NULL: too many */
struct record *
builder_keep(struct builder *builder,
             struct record *blank); /* puts what a blank one says to the one of its id; that one. NULL: it has no id, or too many */
bool builder_link(struct builder *builder, struct record_list *list, struct record *to); /* false: too many */

bool builder_place_unit(
    struct builder *builder, struct record *unit,
    struct str path); /* its parents as the path ("/top/district/unit") has them, where none was said. False: too many */

const struct dhis2_metadata *builder_build(struct builder *builder, struct error *error);

#endif

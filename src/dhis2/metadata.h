/* metadata: what one side of an alignment or a transfer says about itself: data sets, data elements, category combos, categories, options, category option combos (COC).
 *
 * What holds always: everything lives in the arena given to the reader and is never changed afterwards, so it may be read from any thread. Lists are in the order of the input,
 * each object once. A text that was not given is empty. An object that others refer to but that the input does not hold has `given == false` and only an id; such
 * objects are in no list of struct dhis2_metadata but may be reached by pointers (an element of a data set that the user may not see). Pointers in the model are never NULL, save where said.
 *
 * Org units are those of the input, each below its parent; a tree: a circle of parents is cut where it closes, and told.
 *
 * The `default` objects are known by their role (name or code `default`, `isDefault`, or the only COC of a combo whose name ends so), since their ids differ between servers.
 *
 * Shapes read: `GET /api/metadata` and the data set or package exports of 2.37 to 2.43, flat or nested in any depth (`dataSets[dataSetElements[dataElement[…]]]`), list answers
 * (`{"pager": …, "dataElements": […]}`); members that are not needed are skipped without being kept. Memory: about 200 bytes an object and its texts; while reading, 500 more. */
#ifndef DRAWBRIDGE_DHIS2_METADATA_H
#define DRAWBRIDGE_DHIS2_METADATA_H

#include "base/arena.h"
#include "base/error.h"

struct dhis2_translation {
  struct str locale;   /* as the server writes it: "fr", "pt_BR" */
  struct str property; /* NAME, SHORT_NAME, FORM_NAME, DESCRIPTION */
  struct str value;
  const struct dhis2_translation *next; /* NULL: the last */
};

/* What every object has. */
struct dhis2_object {
  struct str id, code, name, short_name, form_name, description;
  const struct dhis2_translation *translations; /* NULL: none */
  uint32_t index;                               /* place in its list of struct dhis2_metadata; UINT32_MAX where not given */
  bool given;
  bool is_default; /* by role; options, categories, combos and COCs only */
};

struct dhis2_category_option {
  struct dhis2_object o;
};

struct dhis2_category {
  struct dhis2_object o;
  const struct dhis2_category_option **options; /* ordered */
  size_t option_count;
};

struct dhis2_option_combo {
  struct dhis2_object o;
  const struct dhis2_category_combo *combo; /* NULL: the input does not tell */
  const struct dhis2_category_option *
      *options; /* ordered by the categories of the combo, so far as known; else as given. May be fewer than categories, or none */
  size_t option_count;
};

struct dhis2_category_combo {
  struct dhis2_object o;
  const struct dhis2_category **categories; /* ordered */
  size_t category_count;
  const struct dhis2_option_combo **option_combos; /* in the order of the input */
  size_t option_combo_count;
};

struct dhis2_data_element {
  struct dhis2_object o;
  struct str value_type, aggregation_type, domain_type;
  bool zero_is_significant;
  const struct dhis2_category_combo *combo;    /* its own. NULL: the input does not tell; see dhis2_element_combo */
  const struct dhis2_membership **memberships; /* in the data sets of the input that hold it */
  size_t membership_count;
  const struct dhis2_category_combo **
      combos; /* all combos it can hold values in: those its data sets give it (override first), each once; its own where no data set lists it */
  size_t combo_count;
};

/* A data element in a data set, with the combo that counts there: the data set's override, else the element's own. */
struct dhis2_membership {
  const struct dhis2_data_set *data_set;
  const struct dhis2_data_element *element;
  const struct dhis2_category_combo *combo; /* NULL: the input does not tell */
  bool overridden;
  struct str section; /* name of the section that shows it; empty: none */
  uint32_t position;  /* place in its section or data set, from 0 */
};

struct dhis2_org_unit {
  struct dhis2_object o;
  const struct dhis2_org_unit *parent; /* NULL: the top, or the input does not tell, as of a unit that it does not hold */
  uint32_t level;                      /* 1: the top; as the input says, else counted; 0: of a unit that the input does not hold */
  bool has_point;                      /* geometry that is a point; areas are passed over */
  double longitude, latitude;
};

struct dhis2_data_set {
  struct dhis2_object o;
  struct str period_type;
  const struct dhis2_category_combo *combo; /* of attribute option combos. NULL: the input does not tell */
  const struct dhis2_membership **members;
  size_t member_count;
  const struct dhis2_org_unit **org_units; /* that it is assigned to, so far as the input says; also such as the input does not hold */
  size_t org_unit_count;
};

struct dhis2_metadata {
  const struct dhis2_data_set **data_sets;
  const struct dhis2_data_element **elements;
  const struct dhis2_category_combo **combos;
  const struct dhis2_category **categories;
  const struct dhis2_category_option **options;
  const struct dhis2_option_combo **option_combos;
  const struct dhis2_org_unit **org_units;
  size_t data_set_count, element_count, combo_count, category_count, option_count, option_combo_count, org_unit_count;
  struct str calendar;  /* that the server counts its days in ("iso8601", "ethiopian"); empty: not told, as in files */
  struct str *warnings; /* what a person should know: members of data sets that are not in the input, COCs without a combo, … */
  size_t warning_count;
  const struct dhis2_metadata_index *by_id;
};

/* A side that holds nothing, e.g. a server that shows none of the data sets asked for. */
const struct dhis2_metadata *dhis2_metadata_none(void);

/* NULL: there is none of this id that the input holds. */
const struct dhis2_data_set *dhis2_metadata_data_set(const struct dhis2_metadata *metadata, struct str id);
const struct dhis2_data_element *dhis2_metadata_element(const struct dhis2_metadata *metadata, struct str id);
const struct dhis2_option_combo *dhis2_metadata_option_combo(const struct dhis2_metadata *metadata, struct str id);
const struct dhis2_org_unit *dhis2_metadata_org_unit(const struct dhis2_metadata *metadata, struct str id);

/* The combo of an element in a data set (NULL: in whichever comes first, else its own). NULL: the element is not in that data set, or the input does not tell. */
const struct dhis2_category_combo *dhis2_element_combo(const struct dhis2_data_element *element, const struct dhis2_data_set *data_set);

/* Can this element hold values of this COC, in any of its data sets? */
bool dhis2_element_holds(const struct dhis2_data_element *element, const struct dhis2_option_combo *option_combo);

/* The COC of the side's `default` combo. NULL: it has none. */
const struct dhis2_option_combo *dhis2_metadata_default(const struct dhis2_metadata *metadata);

/* What gives the name in a locale: the translation into just that one, else "fr" also finds "fr_CA". NULL: it has none, and the plain name stands. */
const struct dhis2_translation *dhis2_object_translation(const struct dhis2_object *object, struct str locale);
struct str dhis2_object_name(const struct dhis2_object *object, struct str locale);
bool dhis2_locale_fits(struct str locale, struct str wanted); /* is it that one, or one of its regions and scripts? */

/* Reading, in pieces of any size. At most 4 million objects and 16 million references; texts up to 1 MiB; depth 64. Life cycle: new, feed any number of times (several documents: one after the
 * other with a dhis2_metadata_reader_next between, e.g. pages; what they say about one id is put together), finish or free. After a failure only free. `arena` outlives the model. */
struct dhis2_metadata_reader;

struct dhis2_metadata_reader *dhis2_metadata_reader_new(struct arena *arena);
void dhis2_metadata_reader_free(struct dhis2_metadata_reader *reader);
int dhis2_metadata_reader_feed(struct dhis2_metadata_reader *reader, struct str piece,
                               struct error *error);                                       /* ERROR_input with line and byte */
int dhis2_metadata_reader_next(struct dhis2_metadata_reader *reader, struct error *error); /* the document is complete; another follows */
int dhis2_metadata_reader_check(struct dhis2_metadata_reader *reader,
                                struct error *error); /* ERROR_input: the document under way is not complete */
/* What the document under way has said so far: objects of its own lists, and how many there are in all by its pager. */
struct dhis2_metadata_page {
  uint64_t objects, total;
  bool told; /* it has a pager; else `total` says nothing */
};
struct dhis2_metadata_page dhis2_metadata_reader_page(const struct dhis2_metadata_reader *reader);
/* How many objects all documents together have said so far, as far as they stand in lists of their own. */
uint64_t dhis2_metadata_reader_elements(const struct dhis2_metadata_reader *reader);
uint64_t dhis2_metadata_reader_units(const struct dhis2_metadata_reader *reader);
/* Ids of org units that the input names (as parents, in paths, as those of a data set) and says nothing more of so far; borrowed from the reader's arena, the list in `arena`. */
struct str *dhis2_metadata_reader_unsaid_units(const struct dhis2_metadata_reader *reader, struct arena *arena, size_t *ret_count);
bool dhis2_metadata_reader_says_unit(const struct dhis2_metadata_reader *reader, struct str id); /* more than its id */
void dhis2_metadata_reader_calendar(struct dhis2_metadata_reader *reader, struct str calendar);  /* what no document says; copied */
/* The model, in the arena; frees the reader. NULL: ERROR_input (no JSON object, or no data element at all). */
const struct dhis2_metadata *dhis2_metadata_reader_finish(struct dhis2_metadata_reader *reader, struct error *error);

/* A list as CSV (RFC 4180, UTF-8, header): `data_element` (id) is needed; `data_element_name`, `data_element_code`, `description`, `value_type`, `category_option_combo` (id), `category_option_combo_name`,
 * `data_set` (id), `data_set_name` may be there, in any order; for the first three `id` or `uid`, `name` and `code` stand as well; further columns are left alone. One line a cell, or one an element (then it holds one COC with the id `default`, the default by role). */
const struct dhis2_metadata *dhis2_metadata_of_csv(struct arena *arena, struct str text, struct error *error);

/* A file: `.csv` is a list, everything else an export; "-" is standard input. ERROR_input names the file. */
const struct dhis2_metadata *dhis2_metadata_of_file(struct arena *arena, const char *path, struct error *error);

/* The same side with only these data sets, their elements and what those need, and all its org units. NULL: ERROR_input names the data set it does not hold. */
const struct dhis2_metadata *dhis2_metadata_only(struct arena *arena, const struct dhis2_metadata *metadata, const struct str *data_sets,
                                                 size_t count, struct error *error);

#endif

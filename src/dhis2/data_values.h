/* data_values: data values as they come: out of a file or out of GET /api/dataValueSets, one after the other, in constant memory.
 *
 * What holds always: a value handed on has its element, period and org unit; where an answer names them once for all values (header members), they are filled in, and header members that come behind values which needed them
 * are refused. Texts are borrowed and good only during the call. No order is promised. A byte order mark at the start is passed over. JSON numbers and yes/no as values are taken as written. Answers in other id schemes than uids are refused: nothing here guesses.
 *
 * What servers do wrong (measured on 2.41.9 and 2.43.1) and what is made of it:
 *   - an empty 200 is "you may not read that" (to 2.42), never "there is none": asked again, then ERROR_forbidden;
 *   - an answer that was cut, has two JSON texts in it, or is a page: ERROR_upstream_broken, ERROR_reauth_required, after a few tries;
 *   - an answer that is whole JSON and yet lacks rows (an error in the middle, to 2.42) cannot be seen by itself: dhis2_values_read takes only what two readings said alike, of which
 *     one asks for the org units in two halves (what breaks off at the same place each time does not do so in parts), but for who looks whether something is there;
 *   - filters that a server does not know are dropped by it and it sends more than was asked for: what was not asked for is left out here and counted.
 *
 * Calls on a server block; waits between tries are short, follow Retry-After, and end at once when `cancel` is set. */
#ifndef DRAWBRIDGE_DHIS2_DATA_VALUES_H
#define DRAWBRIDGE_DHIS2_DATA_VALUES_H

#include "base/buf.h"
#include "base/map.h"
#include "dhis2/metadata.h"
#include "dhis2/server.h"
#include <stdatomic.h>

struct dhis2_value {
  struct str data_element, period, org_unit;
  struct str category_option_combo, attribute_option_combo; /* empty: not written, which means the default */
  struct str value;                                         /* p == NULL: none (null, or a comment alone) */
  struct str comment;                                       /* p == NULL: none */
  bool follow_up, deleted;
  int64_t updated_ms; /* 0: not known, or not asked for */
};

/* 0: go on; anything else stops, the handler has filled *error. */
typedef int dhis2_value_handler(void *payload, const struct dhis2_value *value, struct error *error);

/* --- texts of any length, in pieces --- */

struct dhis2_values_reader;

/* JSON (DHIS2's dataValueSets), or CSV with DHIS2's column names in any order: known by the first character. A line of CSV that is wider than the first, ends before its value or is cut off is refused. Life cycle: new, feed, finish, free. */
struct dhis2_values_reader *dhis2_values_reader_new(dhis2_value_handler *handler, void *payload);
void dhis2_values_reader_adx(
    struct dhis2_values_reader *reader,
    const struct dhis2_metadata *metadata); /* before feeding: takes ADX too (adx.h), known by its `<`; metadata: NULL: with uids alone */
int dhis2_values_reader_feed(struct dhis2_values_reader *reader, struct str piece, struct error *error); /* ERROR_input with the place */
int dhis2_values_reader_finish(struct dhis2_values_reader *reader, struct error *error);
void dhis2_values_reader_times(struct dhis2_values_reader *reader); /* before feeding: also when values were written, of JSON */
bool dhis2_values_reader_has_list(
    const struct dhis2_values_reader *reader); /* was there a dataValues member (or CSV header)? {} is how 2.37 says "none" */
void dhis2_values_reader_free(struct dhis2_values_reader *reader); /* NULL is fine */

/* JSON, CSV or ADX. "-": standard input. */
int dhis2_values_of_file(const char *path, const struct dhis2_metadata *metadata, dhis2_value_handler *handler, void *payload,
                         struct error *error);

/* --- a server --- */

enum {
  DHIS2_READ_UNITS_MAX = 100
}; /* org units of one call: with them and one period the address stays below 2 KiB, that of analytics below 3 KiB */

struct dhis2_values_query {
  const struct str *data_sets, *periods, *org_units;
  size_t data_set_count, period_count, org_unit_count; /* each at least 1; org units up to DHIS2_READ_UNITS_MAX */
  struct str
      changed_since; /* a day (dhis2_day_read): also what was written on the day before, since servers compare whole days, in a time zone of their own; empty: all */
  bool with_deleted; /* also those that were deleted (value.deleted) */
  bool with_times;   /* also when they were written */
  bool with_below;   /* also of all org units below those */
  const struct str *
      items; /* "element.option combo"; NULL: the values themselves, else what analytics makes of these (analytics.h): then only periods and org units count besides */
  size_t item_count;
};

struct dhis2_values_sink {
  int (*begin)(void *payload, struct error *error); /* a reading starts: forget what an earlier one said */
  dhis2_value_handler *value;
  bool (*enough)(
      void *
          payload); /* asked behind the first reading: does it show all that is looked for? What a reading has is there, only what it lacks wants another word. NULL: no */
  void *payload;
};

struct dhis2_values_seen {
  uint64_t values;    /* handed on in the reading that counts */
  uint64_t not_asked; /* left out: other periods or units than asked for */
  unsigned readings;  /* of all that was asked for; 2 where all went well, 1 where that was enough */
};

/* "2024-01-31"; false: it is no day. *ret_before is the day before. */
bool dhis2_day_read(struct str text, char ret_before[11]);

/* All values of the query, by what two readings said alike, or one that was enough. -1: as dhis2_get_stream; ERROR_forbidden: see above; ERROR_upstream_broken: six readings and no two alike; ERROR_cancelled; ERROR_too_large: the address would be longer than 64 KiB. */
int dhis2_values_read(struct dhis2_server *server, const struct dhis2_values_query *query, struct dhis2_values_sink sink,
                      const atomic_bool *cancel, struct dhis2_values_seen *ret, struct error *error);

/* Of a query that ended with ERROR_forbidden: the number of an org unit for which alone the answer is empty too (releases to 2.42 do not name it); org_unit_count: there is none. Halves are asked for, once each. */
size_t dhis2_values_unread_unit(struct dhis2_server *server, const struct dhis2_values_query *query, const atomic_bool *cancel);

/* The units and all below them, each once, by id. ERROR_not_found: the server has none of them. */
int dhis2_org_units_below(struct dhis2_server *server, const struct str *org_units, size_t count, struct arena *arena, struct str **ret,
                          size_t *ret_count, struct error *error);

/* The org units that any of these data sets is assigned to, as keys in the arena. -1: as dhis2_get; ERROR_upstream_broken: a data set is not in the answer. */
int dhis2_assigned_units(struct dhis2_server *server, const struct str *data_sets, size_t count, struct arena *arena, struct map *ret,
                         struct error *error);

/* --- both directions --- */

/* Is it worth to ask again: unreachable, cut, too late (408), too busy, 5xx? Not: refused sign-in, no right, bad request. */
bool dhis2_may_pass(const struct error *error);

/* Waits before try `number` (1, 2, …): 0.2 s doubling up to 10 s, or Retry-After up to 60 s. False: cancelled. */
bool dhis2_wait_before(unsigned number, const struct error *error, const atomic_bool *cancel);

/* After try `number` (1, 2, …) of something failed: true: it is worth another one, the wait before it is over, *error is empty. False: *error is why; ERROR_cancelled. */
bool dhis2_try_again(unsigned number, struct error *error, const atomic_bool *cancel);

enum { DHIS2_CELL_KEY_MAX = 2048 };

/* Names a cell: the five ids in `buf` (BUF_INIT(DHIS2_CELL_KEY_MAX)), which holds nothing else afterwards; borrowed from it. Ids that are longer altogether make a key that no cell of shorter ones has. */
struct str dhis2_cell_key(struct buf *buf, struct str data_element, struct str period, struct str org_unit,
                          struct str category_option_combo, struct str attribute_option_combo);

/* "&name=a,b,c", appended to `buf`. */
void dhis2_add_list(struct buf *buf, const char *name, const struct str *ids, size_t count);

#endif

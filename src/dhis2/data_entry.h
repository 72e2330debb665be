/* data_entry: when, where and by whom a DHIS2 server lets a value be entered, release by release. Pure: structs and times in, verdicts out.
 *
 * Sources: DataSet.isLocked, DataInputPeriod, CategoryOption.getAdjustedEndDate, DataValueSetImportValidator (2.37.10 to 2.42.5.2), DefaultDataEntryService and HibernateDataEntryStore (2.43.1 and the branch after it); measured on 2.41.9 and
 * 2.43.1 where it says so. What differs:
 *   - expiry days: whole days to 2.41; fractions, from the midnight after the period's last day, in 2.42; from 2.43 on whole days again, what is behind the point is cut off (0.5 never expires);
 *   - F_EDIT_EXPIRED frees from expiry; from 2.43 on also from the latest open future period;
 *   - data input periods: days to 2.42, moments from 2.43 on, where they also take the place of expiry and future periods. 2.43.0 and 2.43.1 (measured) judge them the wrong way round: see DHIS2_TURNS_INPUT_PERIODS_ROUND;
 *   - org units of attribute options: to 2.42 one unit above (or the same) must stand in the lists of all options of the combo; from 2.43 on one in the list of each;
 *   - dates of attribute options: some day of the period to 2.42; the whole period from 2.43 on;
 *   - opening and closing dates of org units count from 2.43 on only; superusers need units of their own to 2.42 only (measured);
 *   - approval: 2.43 looks only at the very unit that was approved (measured), so what the approval service says decides here.
 *
 * Times are those of the server's own clock and zone, as milliseconds of a wall clock since 1970-01-01: what it writes without a zone. On a server with another calendar than ISO nothing can be said by dates: such questions are answered with "open". */
#ifndef DRAWBRIDGE_DHIS2_DATA_ENTRY_H
#define DRAWBRIDGE_DHIS2_DATA_ENTRY_H

#include "base/map.h"
#include "dhis2/periods.h"
#include "dhis2/server.h"

enum { DHIS2_DAY_MS = 86400000 };

struct dhis2_entry_user {
  bool may_write;               /* F_DATAVALUE_ADD */
  bool edits_expired, is_super; /* is_super: has all rights */
  const struct str *units;      /* capture units */
  size_t unit_count;
};

/* A period with the time in which it may be filled. */
struct dhis2_input_period {
  struct str period;
  int64_t opens_ms, closes_ms; /* INT64_MIN, INT64_MAX: not said */
};

struct dhis2_entry_set {
  struct str id, name;
  struct str combo;                   /* its category combo */
  struct str workflow, workflow_name; /* empty: its data are not approved */
  bool has_type;
  enum dhis2_period_type type, workflow_type; /* workflow_type: that of the data set where the server does not tell */
  double expiry_days;                         /* 0: never */
  int open_future_periods, open_periods_after_end;
  bool writable; /* data write */
  const struct dhis2_input_period *inputs;
  size_t input_count;
  struct map units; /* those it is assigned to */
};

struct dhis2_entry_option {
  struct str id, name;
  bool writable;
  int32_t first_day, last_day; /* INT32_MIN, INT32_MAX: not said */
  const struct str *units;     /* it counts in these and below; none: everywhere */
  size_t unit_count;
};

struct dhis2_entry_option_set {
  struct str id, name;
  struct map codes; /* of its options; case counts */
};

struct dhis2_entry_element {
  struct str id, name;
  struct str option_set, comment_set; /* what values, and comments, must be options of; empty: anything goes */
  bool many;                          /* values are several options with commas between them */
};

struct dhis2_entry_unit {
  struct str id, name, path;
  int32_t first_day, last_day; /* INT32_MIN, INT32_MAX: not said */
};

/* What is the same for a whole run. */
struct dhis2_entry {
  struct dhis2_version version;
  struct str version_text;
  bool other_calendar;
  int64_t server_ms, asked_ms; /* the server's wall clock at that time of clock_monotonic_ms */
  struct dhis2_entry_user user;
  struct map sets;        /* id -> struct dhis2_entry_set */
  struct map options;     /* id -> struct dhis2_entry_option, of all combos that were asked for */
  struct map combos;      /* ids of the category combos whose options are known */
  struct map elements;    /* id -> struct dhis2_entry_element, of those that have an option set or one for comments */
  struct map option_sets; /* id -> struct dhis2_entry_option_set */
  struct map exceptions;  /* "data set, period, unit" of lock exceptions */
  bool exceptions_unknown;
};

/* What was asked for some units and one period. */
struct dhis2_entry_place {
  struct map units;            /* id -> struct dhis2_entry_unit */
  struct map approved;         /* "workflow, unit, attribute option combo" of what is approved there */
  struct map approvals_told;   /* the same of all of which the server said whether it is */
  struct str approval_unknown; /* why it did not say it of the others */
  struct map limits;           /* "element, option combo, unit" -> struct dhis2_entry_limit */
};

struct dhis2_entry_limit {
  int64_t least, most;
};

/* How long a comment may be there, in UTF-16 units: 50,000 (E7620), from 2.43 on 5,000 (E8125). */
size_t dhis2_entry_comment_max(const struct dhis2_entry *entry);

/* Is its type one of options, without a set of them? To 2.42 no value is taken then (ValidationUtils: data_element_lacks_option_set). */
bool dhis2_entry_lacks_options(const struct dhis2_entry *entry, const struct dhis2_entry_element *element);

/* Is this a value of the element, as far as options go? An option set that is not known: true. */
bool dhis2_entry_is_option(const struct dhis2_entry *entry, const struct dhis2_entry_element *element, struct str value);

/* Keys of those maps, in the arena. */
struct str dhis2_entry_key(struct arena *arena, struct str a, struct str b, struct str c);

int64_t dhis2_entry_now(const struct dhis2_entry *entry, int64_t monotonic_ms); /* the server's wall clock */

/* --- time --- */

/* The latest period that open future periods leave open today; with 0 the one before the running one. False: cannot be said. */
bool dhis2_entry_latest(const struct dhis2_entry_set *set, int64_t now_ms, struct dhis2_period *ret);
bool dhis2_entry_is_future(const struct dhis2_entry *entry, const struct dhis2_entry_set *set, const struct dhis2_period *period,
                           int64_t now_ms);

bool dhis2_entry_is_expired(const struct dhis2_entry *entry, const struct dhis2_entry_set *set, const struct dhis2_period *period,
                            bool excepted, int64_t now_ms);
bool dhis2_entry_is_excepted(const struct dhis2_entry *entry, const struct dhis2_entry_set *set, const struct dhis2_period *period,
                             struct str unit); /* a lock exception */

enum dhis2_input {
  DHIS2_INPUT_FREE,
  DHIS2_INPUT_OPEN,
  DHIS2_INPUT_BEFORE,
  DHIS2_INPUT_OVER,
  DHIS2_INPUT_NOT_LISTED
}; /* FREE: the data set has no data input periods */
enum dhis2_input dhis2_entry_input(const struct dhis2_entry *entry, const struct dhis2_entry_set *set, const struct dhis2_period *period,
                                   int64_t now_ms);

/* --- places --- */

bool dhis2_entry_unit_below(struct str path, const struct str *units, size_t count); /* or one of them */
bool dhis2_entry_user_at(const struct dhis2_entry *entry, const struct dhis2_entry_unit *unit);
bool dhis2_entry_unit_in_time(const struct dhis2_entry *entry, const struct dhis2_entry_unit *unit, const struct dhis2_period *period);

/* --- options of an attribute option combo --- */

const struct dhis2_entry_option *dhis2_entry_not_in_time(const struct dhis2_entry *entry, const struct dhis2_entry_set *set,
                                                         const struct dhis2_entry_option *const *options, size_t count,
                                                         const struct dhis2_period *period); /* NULL: all are */
const struct dhis2_entry_option *dhis2_entry_not_at(const struct dhis2_entry *entry, const struct dhis2_entry_option *const *options,
                                                    size_t count, const struct dhis2_entry_unit *unit); /* NULL: all may be used there */

/* --- approval --- */

bool dhis2_entry_workflow_period(const struct dhis2_entry_set *set, const struct dhis2_period *period,
                                 struct dhis2_period *ret); /* the one of the workflow that it is approved with; false: it has none */

#endif

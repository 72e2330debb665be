/* values_internal: what the files of values_*.c share: the table of values, what the metadata say about a value, one row of an import, the summary. */
#ifndef DRAWBRIDGE_SIM_VALUES_INTERNAL_H
#define DRAWBRIDGE_SIM_VALUES_INTERNAL_H

#include "base/buf.h"
#include "base/map.h"
#include "sim/periods.h"
#include "sim/values.h"

/* --- the table --- */

enum flag { FLAG_NONE, FLAG_NO, FLAG_YES };

struct sim_value {
  char *key;                                  /* "element period unit coc aoc": owned */
  struct str element, period, unit, coc, aoc; /* borrowed from the key */
  char *value, *comment, *stored_by;          /* NULL: null */
  enum flag followup;                         /* the old engine knows no FLAG_NONE */
  bool deleted;
  int64_t created_ms, updated_ms;
  int start;                     /* first day of the period */
  size_t serial;                 /* the n-th that was written */
  struct sim_value *next, *last; /* of its org unit, in the order they were first written; last: of the first one */
};

struct sim_value *values_get(const struct sim_values *values, struct str element, struct str period, struct str unit, struct str coc,
                             struct str aoc);
struct sim_value *values_put(struct sim_values *values, struct str element, struct str period, struct str unit, struct str coc,
                             struct str aoc, int64_t now_ms); /* the row, made where there is none */
size_t values_count(const struct sim_values *values);
struct sim_value *values_at(const struct sim_values *values, size_t index); /* in the order they were first written */
const struct map *values_by_unit(const struct sim_values *values);          /* org unit to its first row */
void values_text(char **field, struct str text);                            /* p == NULL: null */

/* --- the metadata, as a value sees it --- */

struct model {
  struct sim *sim;
  json_t *user;
  bool superuser;
  const char *default_coc;
};

struct model model_of(struct sim *sim, json_t *user);
json_t *model_get(const struct model *m, const char *class_name, struct str uid);
const char *model_text(const json_t *object, const char *key);           /* "" where there is none */
const char *model_ref(const json_t *object, const char *key);            /* the id of a reference; "" */
bool model_lists(const json_t *object, const char *key, const char *id); /* is {"id": id} in that list? */
bool model_access(const struct model *m, const json_t *object, int place,
                  char letter); /* of the sharing text: place 0 metadata read … 3 data write */
const char *model_combo(const struct model *m, const char *data_set,
                        const char *element); /* the override, else its own, else default; NULL: the element is not in that set */
const char *model_element_combo(const struct model *m, const json_t *element);
json_t *model_coc(const struct model *m, struct str uid);
bool model_coc_in(const struct model *m, const json_t *coc, const char *combo);
bool model_assigned(const struct model *m, const json_t *data_set, const char *unit); /* may that unit fill this set? */
bool model_below(const struct model *m, const char *unit, const char *ancestor);      /* or the same */
bool model_user_unit(const struct model *m, const char *unit,
                     bool for_reading); /* capture units; for reading on the old engine the view units where there are some */
bool model_coc_access(const struct model *m, const json_t *coc, char letter,
                      const char **ret_option); /* data read or write on all its options */
bool model_sets_of(const struct model *m, const char *element, json_t **ret_sets, size_t most,
                   size_t *ret_count); /* the data sets that hold it */
bool model_is_option(const struct model *m, const char *option_set, struct str code);
/* The option combo of `combo` (NULL: of none) that has exactly these options (values of `options`, uids); NULL: none. */
json_t *model_coc_of(const struct model *m, const char *combo, const json_t *options);
bool model_may_write(const struct model *m); /* F_DATAVALUE_ADD */

/* --- value types (values_types.c) --- */

const char *values_type_problem(const struct sim *sim, const char *value_type, struct str value); /* NULL: it fits; else DHIS2's key */
struct str values_trimmed(struct str value);                                                      /* as Java trims */
const char *values_type_text(const char *key);   /* that key in words, where DHIS2 has words; else the key */
void values_java_double(double d, char out[64]); /* as Java writes a double */

/* When may this data set be filled for this period? */
bool model_future(const struct model *m, const json_t *data_set, const struct sim_period *period,
                  struct sim_period *ret_latest); /* after the latest open period */
bool model_expired(const struct model *m, const json_t *data_set, const struct sim_period *period,
                   const char *unit);    /* for this user, without a lock exception */
bool model_frees(const struct model *m); /* F_EDIT_EXPIRED */
enum input_window { INPUT_NO_WINDOWS, INPUT_OPEN, INPUT_CLOSED, INPUT_NOT_LISTED };
enum input_window model_input(const struct model *m, const json_t *data_set, const struct sim_period *period);

/* --- rooms --- */

void values_read(struct sim *sim, json_t *user, const struct sim_request *request, struct str suffix, struct sim_reply *reply);

void values_write(struct sim *sim, json_t *user, const struct sim_request *request, struct sim_reply *reply); /* values_import.c */
void values_single(struct sim *sim, json_t *user, const struct sim_request *request, struct str path, struct sim_reply *reply);
/* As a controller throws it. */
void values_error(const struct sim *sim, struct sim_reply *reply, int status, const char *code, struct str message);

/* --- lock exceptions, least and largest values (values_gates.c) --- */

bool values_gates(struct sim *sim, json_t *user, const struct sim_request *request, struct str path,
                  struct sim_reply *reply); /* true: answered */
bool values_excepted(const struct model *m, const json_t *data_set, const char *period, const char *unit);

/* When and where may an attribute option be used (values_attribute.c)? */
bool model_option_here(const struct model *m, const json_t *aoc, const char *unit);
bool model_option_now(const struct model *m, const json_t *data_set, const json_t *aoc, const struct sim_period *period);

/* --- what was approved, what was called complete (values_marks.c) --- */

bool values_marks(struct sim *sim, json_t *user, const struct sim_request *request, struct str path,
                  struct sim_reply *reply); /* true: answered */
bool values_approved(const struct model *m, const json_t *data_set, const char *period, const char *unit, const char *aoc,
                     bool below); /* below: also where a unit above it is */
struct completion {
  struct str period, set, unit, aoc, date, stored_by;
};
void values_complete(struct sim_values *values, const struct completion *completion);
struct values_marks *values_marks_of(struct sim_values *values);
struct values_marks *values_marks_new(void);
void values_marks_free(struct values_marks *marks);
void values_marks_forget_unit(struct values_marks *marks, struct str unit);

static inline bool values_new_engine(const struct sim *sim) {
  return sim->release >= SIM_2_43;
}

#endif

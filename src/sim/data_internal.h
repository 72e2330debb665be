/* data_internal: what the data_*.c files share. No other file includes it. */
#ifndef DRAWBRIDGE_SIM_DATA_INTERNAL_H
#define DRAWBRIDGE_SIM_DATA_INTERNAL_H

#include "base/vec.h"
#include "sim/data.h"
#include "sim/schema.h"
#include "sim/tasks.h"

#define SIM_SYSTEM_ID "5f3c1d52-8a6e-4d0b-9d6b-7e1c2f40a9b3" /* of servers that have one from the start */

struct sim_data {
  struct sim_schema *schema;
  struct sim_tasks *tasks;
  json_t *user_settings; /* uid: key: text */
  json_t *store;         /* namespace: key: {"value", "created", …} */
};

/* One question on its way. */
struct data_call {
  struct sim *sim;
  json_t *user;
  const struct sim_request *request;
  struct sim_reply *reply;
  struct arena *arena;
  struct str path;   /* behind "/api/", decoded, without suffix: "dataElements/LvdDe000001" */
  bool slash;        /* an encoded one stood in the path */
  struct str suffix; /* ".json", ".csv", ".json.gz"; p NULL: none */
  struct str locale; /* of what is shown under display names; empty: that of the objects */
  bool super;
  bool without_defaults; /* defaults=EXCLUDE */
};

bool data_is(const struct data_call *call, const char *method);
struct str data_param(const struct data_call *call, const char *name); /* p NULL: not there */
bool data_flag(const struct data_call *call, const char *name, bool without);
void data_error(struct data_call *call, int status, const char *code, struct str message); /* as a controller throws it */
struct str data_body(const struct data_call *call);                                        /* of the request, unpacked */
json_t *data_time(int64_t ms);                                                             /* "2026-11-24T09:30:00.000" */
struct str data_link(const struct data_call *call, struct str path);                       /* as DHIS2 writes links into answers */
void data_not_found(struct data_call *call, const struct sim_class *class, struct str uid);

/* --- objects as they are shown (data_property.c) --- */

const char *data_text(const json_t *object, const char *key); /* "" where there is none */
const char *data_uid(const json_t *reference);                /* of {"id": …}; "" */
bool data_may_read(const struct data_call *call, const struct sim_class *class, const json_t *object);
bool data_may_write(const struct data_call *call, const struct sim_class *class, const json_t *object);
bool data_has_default_name(const json_t *object);
/* The value of a property, references as they are stored; a new reference, or NULL where there is nothing to show. */
json_t *data_property(const struct data_call *call, const struct sim_class *class, const json_t *object,
                      const struct sim_property *property);
struct sim_list data_list_of(const struct data_call *call, const json_t *object,
                             const struct sim_property *property); /* the objects at the other end of an inverse property */

/* --- fields=… (data_fields.c) --- */

struct data_transformer {
  struct str name, argument; /* "rename", "x"; argument p NULL: none */
};

struct data_field {
  struct str name; /* "name", ":owner", "*" */
  bool exclude;
  VEC(struct data_transformer) transformers;
  struct data_fields *inner; /* NULL: no brackets */
};

struct data_fields {
  VEC(struct data_field) list;
};

/* Unbalanced brackets are closed at the end, as DHIS2 does. The arena frees it. At most 32 levels deep: what lies deeper is left out. */
struct data_fields *data_fields_parse(struct arena *arena, struct str text);
/* The same property twice, with transformers: DHIS2 trips over it in the middle of its answer; this is what it says then. p NULL: no such thing. */
struct str data_fields_clash(struct arena *arena, const struct data_fields *fields);
json_t *data_show(const struct data_call *call, const struct sim_class *class, const json_t *object, const struct data_fields *fields);

/* --- filter=… (data_filter.c) --- */

struct data_filters;
/* NULL: refused, and answered: with `status` (400 from lists, 409 from /api/metadata). `prefix`: "" or "dataElements:" before the parameter names. */
struct data_filters *data_filters_read(struct data_call *call, const struct sim_class *class, const char *prefix, int status);
bool data_filters_pass(const struct data_call *call, const struct data_filters *filters, const struct sim_class *class,
                       const json_t *object);
/* The ids that the filters let through at most, where they say so ("id:in", "id:eq"); false: they do not. */
bool data_filters_ids(const struct data_filters *filters, struct str **ret_ids, size_t *ret_count);

/* --- lists (data_list.c) --- */

struct data_rows {
  VEC(json_t *) list; /* borrowed */
};

/* What the caller may read and the filters pass, in the order asked for. False: answered. */
bool data_select(struct data_call *call, const struct sim_class *class, const char *prefix, int status, struct data_rows *ret);
/* Takes the body as far as it was written. */
void data_reply_clash(struct data_call *call, json_t *body, const struct sim_class *class, struct str clash);
void data_list(struct data_call *call, const struct sim_class *class);
void data_list_rows(struct data_call *call, const struct sim_class *class, const struct data_rows *rows); /* pages and writes them */

/* --- rooms --- */

void data_object(struct data_call *call, const struct sim_class *class, struct str uid, struct str rest);
void data_create(struct data_call *call, const struct sim_class *class);
void data_metadata(struct data_call *call);
bool data_system(struct data_call *call); /* true: answered */
void data_store(struct data_call *call, struct str rest);
void data_sharing(struct data_call *call);
bool data_maintenance(struct data_call *call); /* true: answered */

#endif

/* data_property: what an object shows: what is stored with it, and what DHIS2 works out. */
#include "sim/auth.h"
#include "sim/data_internal.h"
#include "sim/relations.h"

const char *data_text(const json_t *object, const char *key) {
  const char *text = json_string_value(json_object_get(object, key));
  return text ? text : "";
}

const char *data_uid(const json_t *reference) {
  return data_text(reference, "id");
}

bool data_has_default_name(const json_t *object) {
  return strcmp(data_text(object, "name"), "default") == 0;
}

/* --- access --- */

static bool letter_at(const char *access, int place, char letter) {
  return strlen(access) > (size_t)place && access[place] == letter;
}

/* Sharing alone; place 0: metadata read, 1: write, 2: data read, 3: data write. */
static bool shared(const struct data_call *call, const json_t *object, int place) {
  const json_t *sharing = json_object_get(object, "sharing");
  const char *user = data_uid(call->user), *group;
  char letter = "rwrw"[place];
  json_t *entry;
  if (call->super || !sharing || letter_at(data_text(sharing, "public"), place, letter)) return true;
  if (place < 2 && *user && strcmp(data_text(sharing, "owner"), user) == 0) return true;
  if (letter_at(data_text(json_object_get(json_object_get(sharing, "users"), user), "access"), place, letter)) return true;
  json_object_foreach(json_object_get(sharing, "userGroups"), group, entry) {
    if (!letter_at(data_text(entry, "access"), place, letter)) continue;
    struct sim_list groups = sim_related(call->sim->objects, "userGroups", "users", user);
    for (size_t i = 0; i < groups.n; i++)
      if (strcmp(data_uid(groups.p[i]), group) == 0) return true;
  }
  return false;
}

bool data_may_read(const struct data_call *call, const struct sim_class *class, const json_t *object) {
  return !class->shareable || shared(call, object, 0);
}

static bool has_authority(const struct data_call *call, const struct sim_class *class) {
  if (call->super || !class->authority) return call->super;
  static const char *const ends[] = {"_PUBLIC_ADD", "_PRIVATE_ADD", "_ADD"};
  for (size_t i = 0; i < 3; i++)
    if (sim_auth_may(call->sim, call->user, arena_printf(call->arena, "%s%s", class->authority, ends[i]).p)) return true;
  return false;
}

bool data_may_write(const struct data_call *call, const struct sim_class *class, const json_t *object) {
  return has_authority(call, class) && (!object || !class->shareable || shared(call, object, 1));
}

static json_t *access_of(const struct data_call *call, const struct sim_class *class, const json_t *object) {
  bool write = data_may_write(call, class, object), read = data_may_read(call, class, object);
  json_t *access = json_pack("{s:b, s:b, s:b, s:b, s:b}", "manage", write, "write", write, "read", read, "update", write, "delete", write);
  if (class->data_shareable)
    json_object_set_new(access, "data", json_pack("{s:b, s:b}", "write", shared(call, object, 3), "read", shared(call, object, 2)));
  return access;
}

/* --- names --- */

static json_t *user_name(const json_t *object) {
  return json_sprintf("%s %s", data_text(object, "firstName"), data_text(object, "surname"));
}

static json_t *translated(const struct data_call *call, const json_t *object, const char *property) {
  json_t *translation, *found = NULL;
  size_t i;
  if (!call->locale.n) return NULL;
  json_array_foreach(json_object_get(object, "translations"), i, translation) {
    if (strcmp(data_text(translation, "property"), property) == 0 && str_eq(call->locale, str_of(data_text(translation, "locale"))))
      found = json_object_get(translation, "value");
  }
  return json_incref(found);
}

static json_t *display(const struct data_call *call, const struct sim_class *class, const json_t *object, const char *name) {
  static const struct {
    const char *name, *property, *stored, *otherwise;
  } kinds[] = {{"displayName", "NAME", "name", NULL},
               {"displayShortName", "SHORT_NAME", "shortName", NULL},
               {"displayDescription", "DESCRIPTION", "description", NULL},
               {"displayFormName", "FORM_NAME", "formName", "name"}};
  for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
    if (strcmp(kinds[i].name, name) != 0) continue;
    json_t *value = translated(call, object, kinds[i].property);
    if (!value && i == 0 && strcmp(class->plural, "users") == 0) return user_name(object);
    if (!value) value = json_incref(json_object_get(object, kinds[i].stored));
    if (!value && kinds[i].otherwise) {
      value = translated(call, object, "NAME");
      if (!value) value = json_incref(json_object_get(object, kinds[i].otherwise));
    }
    return value;
  }
  return NULL;
}

/* --- org units --- */

enum { LEVELS_MAX = 32 };

/* The unit and what is above it, from below; returns how many. */
static size_t line_of(const struct data_call *call, const json_t *unit, const json_t **line) {
  size_t n = 0;
  for (const json_t *at = unit; at && n < LEVELS_MAX;
       at = sim_objects_get(call->sim->objects, "organisationUnits",
                            json_string_value(json_object_get(json_object_get(at, "parent"), "id"))))
    line[n++] = at;
  return n;
}

static json_t *ancestors_of(const struct data_call *call, const json_t *unit) {
  const json_t *line[LEVELS_MAX];
  json_t *list = json_array();
  for (size_t n = line_of(call, unit, line); n-- > 1;) json_array_append_new(list, json_pack("{s:s}", "id", data_uid(line[n])));
  return list;
}

/* --- what is worked out --- */

/* The parts of data sets that hold this element. */
static json_t *element_parts(const struct data_call *call, const json_t *element) {
  json_t *list = json_array();
  struct sim_list sets = sim_related(call->sim->objects, "dataSets", "dataSetElements.dataElement", data_uid(element));
  for (size_t i = 0; i < sets.n; i++) {
    json_t *shown = json_pack("{s:{s:s}, s:{s:s}}", "dataSet", "id", data_uid(sets.p[i]), "dataElement", "id", data_uid(element));
    json_t *combo = json_object_get(sets.parts[i], "categoryCombo");
    if (combo) json_object_set(shown, "categoryCombo", combo);
    json_array_append_new(list, shown);
  }
  return list;
}

/* The parts of a data set name it. */
static json_t *set_parts(const json_t *set) {
  json_t *list = json_array(), *part;
  size_t i;
  json_array_foreach(json_object_get(set, "dataSetElements"), i, part) {
    json_t *shown = json_copy(part);
    json_object_set_new(shown, "dataSet", json_pack("{s:s}", "id", data_uid(set)));
    json_array_append_new(list, shown);
  }
  return list;
}

static void set_moment(json_t *object, const char *key) {
  const char *day = data_text(object, key);
  if (strlen(day) == strlen("2025-01-01")) json_object_set_new(object, key, json_sprintf("%sT00:00:00.000", day));
}

static json_t *input_periods(const struct data_call *call, const json_t *set) {
  json_t *list = json_array(), *entry;
  size_t i;
  json_array_foreach(json_object_get(set, "dataInputPeriods"), i, entry) {
    json_t *shown = json_copy(entry);
    const char *period = data_uid(json_object_get(entry, "period"));
    set_moment(shown, "openingDate");
    set_moment(shown, "closingDate");
    if (call->sim->release <= SIM_2_41) json_object_set_new(shown, "period", json_pack("{s:s, s:s}", "id", period, "name", period));
    json_array_append_new(list, shown);
  }
  return list;
}

/* Who owns what came with the server has a name of its own up to 2.41. */
static json_t *sharing_of(const struct data_call *call, const json_t *object) {
  json_t *sharing = json_object_get(object, "sharing");
  if (call->sim->release >= SIM_2_42 || strcmp(data_text(sharing, "owner"), "XXXXXSystem") != 0) return json_incref(sharing);
  sharing = json_copy(sharing);
  json_object_set_new(sharing, "owner", json_string("system-process"));
  return sharing;
}

static json_t *dimension_type(const struct sim_class *class) {
  static const char *const types[][2] = {{"dataElements", "DATA_ELEMENT"},
                                         {"dataSets", "REPORTING_RATE"},
                                         {"categoryOptions", "CATEGORY_OPTION"},
                                         {"categoryOptionCombos", "CATEGORY_OPTION_COMBO"},
                                         {"organisationUnits", "ORGANISATION_UNIT"}};
  for (size_t i = 0; i < sizeof types / sizeof *types; i++)
    if (strcmp(class->plural, types[i][0]) == 0) return json_string(types[i][1]);
  return NULL;
}

static json_t *href_of(const struct data_call *call, const struct sim_class *class, const json_t *object) {
  struct str link = data_link(call, arena_printf(call->arena, "/api/%s/%s", class->plural, data_uid(object)));
  return json_stringn(link.p, link.n);
}

/* True: it is one of those, and *ret is its value. */
static bool worked_out(const struct data_call *call, const struct sim_class *class, const json_t *object, const char *name, json_t **ret) {
  bool is_unit = strcmp(class->plural, "organisationUnits") == 0;
  const json_t *line[LEVELS_MAX];
  if (strncmp(name, "display", 7) == 0)
    *ret = display(call, class, object, name);
  else if (strcmp(name, "access") == 0)
    *ret = access_of(call, class, object);
  else if (strcmp(name, "href") == 0)
    *ret = href_of(call, class, object);
  else if (strcmp(name, "userCredentials") == 0)
    *ret = sim_auth_credentials(call->sim, object);
  else if (strcmp(name, "favorite") == 0)
    *ret = json_false();
  else if (strcmp(name, "favorites") == 0)
    *ret = json_array();
  else if (strcmp(name, "user") == 0)
    *ret = json_incref(json_object_get(object, "createdBy"));
  else if (strcmp(name, "isDefault") == 0)
    *ret = json_boolean(data_has_default_name(object));
  else if (strcmp(name, "dimensionItem") == 0)
    *ret = json_incref(json_object_get(object, "id"));
  else if (strcmp(name, "dimension") == 0)
    *ret = json_incref(json_object_get(object, "id"));
  else if (strcmp(name, "dimensionType") == 0)
    *ret = json_string("CATEGORY");
  else if (strcmp(name, "dimensionItemType") == 0)
    *ret = dimension_type(class);
  else if (strcmp(name, "optionSetValue") == 0)
    *ret = json_boolean(json_object_get(object, "optionSet") != NULL);
  else if (strcmp(name, "name") == 0 && strcmp(class->plural, "users") == 0)
    *ret = user_name(object);
  else if (strcmp(name, "dataSetElements") == 0 && strcmp(class->plural, "dataElements") == 0)
    *ret = element_parts(call, object);
  else if (strcmp(name, "dataSetElements") == 0 && strcmp(class->plural, "dataSets") == 0)
    *ret = set_parts(object);
  else if (strcmp(name, "dataInputPeriods") == 0)
    *ret = input_periods(call, object);
  else if (strcmp(name, "sharing") == 0)
    *ret = sharing_of(call, object);
  else if (is_unit && strcmp(name, "path") == 0)
    *ret = sim_unit_path(call->sim->objects, object);
  else if (is_unit && strcmp(name, "level") == 0)
    *ret = json_integer((json_int_t)line_of(call, object, line));
  else if (is_unit && strcmp(name, "ancestors") == 0)
    *ret = ancestors_of(call, object);
  else if (is_unit && strcmp(name, "leaf") == 0)
    *ret = json_boolean(sim_related(call->sim->objects, "organisationUnits", "parent", data_uid(object)).n == 0);
  else
    return false;
  return true;
}

struct sim_list data_list_of(const struct data_call *call, const json_t *object, const struct sim_property *property) {
  return sim_related(call->sim->objects, property->class_name, property->inverse, data_uid(object));
}

static json_t *stored(const json_t *object, const struct sim_property *property) {
  json_t *value = json_object_get(object, property->name);
  if (!value || json_is_null(value)) return json_incref(property->missing);
  if (property->is_date && json_string_length(value) == 10) return json_sprintf("%sT00:00:00.000", json_string_value(value));
  return json_incref(value);
}

json_t *data_property(const struct data_call *call, const struct sim_class *class, const json_t *object,
                      const struct sim_property *property) {
  json_t *value = NULL;
  if (property->inverse) {
    struct sim_list others = data_list_of(call, object, property);
    value = json_array();
    for (size_t i = 0; i < others.n; i++) json_array_append_new(value, json_pack("{s:s}", "id", data_uid(others.p[i])));
    return value;
  }
  if (worked_out(call, class, object, property->name, &value)) return value;
  value = stored(object, property);
  /* Days are whole numbers up to 2.41 in `expiryDays`, and fractions everywhere else. */
  if (property->is_real && json_is_number(value) && (call->sim->release >= SIM_2_42 || strcmp(property->name, "expiryDays") != 0)) {
    double number = json_number_value(value);
    json_decref(value);
    value = json_real(number);
  }
  return value;
}

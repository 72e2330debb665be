/* data_filter: which objects are meant: DHIS2's filter=path:operator:value, rootJunction and query. */
#include "base/map.h"
#include "base/utf8.h"
#include "sim/data_internal.h"
#include "sim/relations.h"

enum { PATH_MAX_PARTS = 8, FILTERS_MAX = 200 };

enum op {
  OP_EQ,
  OP_IEQ,
  OP_GT,
  OP_GE,
  OP_LT,
  OP_LE,
  OP_LIKE,
  OP_ILIKE,
  OP_STARTS,
  OP_ISTARTS,
  OP_ENDS,
  OP_IENDS,
  OP_IN,
  OP_NULL,
  OP_EMPTY,
  OP_TOKEN
};

/* "!" before any of them turns it around. */
static const struct {
  const char *text;
  enum op op;
  bool negated;
} ops[] = {
    {"eq", OP_EQ, false},        {"ieq", OP_IEQ, false},        {"ne", OP_EQ, true},
    {"neq", OP_EQ, true},        {"!eq", OP_EQ, true},          {"!ieq", OP_IEQ, true},
    {"gt", OP_GT, false},        {"ge", OP_GE, false},          {"gte", OP_GE, false},
    {"lt", OP_LT, false},        {"le", OP_LE, false},          {"lte", OP_LE, false},
    {"like", OP_LIKE, false},    {"!like", OP_LIKE, true},      {"ilike", OP_ILIKE, false},
    {"!ilike", OP_ILIKE, true},  {"$like", OP_STARTS, false},   {"startsWith", OP_STARTS, false},
    {"!$like", OP_STARTS, true}, {"$ilike", OP_ISTARTS, false}, {"!$ilike", OP_ISTARTS, true},
    {"like$", OP_ENDS, false},   {"endsWith", OP_ENDS, false},  {"!like$", OP_ENDS, true},
    {"ilike$", OP_IENDS, false}, {"!ilike$", OP_IENDS, true},   {"in", OP_IN, false},
    {"!in", OP_IN, true},        {"null", OP_NULL, false},      {"!null", OP_NULL, true},
    {"empty", OP_EMPTY, false},  {"!empty", OP_EMPTY, true},    {"token", OP_TOKEN, false},
    {"!token", OP_TOKEN, true},
};

struct filter {
  struct str path[PATH_MAX_PARTS];
  size_t parts;
  enum op op;
  bool negated;
  struct str value;
  struct str *values; /* of "in" */
  size_t value_count;
  struct map known; /* the same, for look-up */
};

struct data_filters {
  VEC(struct filter) list;
  bool any; /* rootJunction=OR */
  struct str query;
};

/* --- reading --- */

static void free_filters(void *payload) {
  struct data_filters *filters = payload;
  for (size_t i = 0; i < filters->list.n; i++) map_free(&filters->list.p[i].known);
  VEC_FREE(&filters->list);
}

static bool refuse(struct data_call *call, int status, struct str message) {
  data_error(call, status, status == 400 ? "E1003" : NULL, message);
  return false;
}

static bool read_op(struct str text, struct filter *filter) {
  for (size_t i = 0; i < sizeof ops / sizeof *ops; i++) {
    if (!str_eq(text, str_of(ops[i].text))) continue;
    filter->op = ops[i].op;
    filter->negated = ops[i].negated;
    return true;
  }
  return false;
}

/* Does the class know the path? Parts (an element of a data set) are not looked into. */
static bool path_known(const struct data_call *call, const struct sim_class *class, const struct filter *filter) {
  for (size_t i = 0; class && i < filter->parts; i++) {
    const struct sim_property *property = sim_property_of(class, filter->path[i]);
    if (!property && i == 0 && str_eq(filter->path[0], STR("identifiable"))) return true;
    if (!property) return false;
    class = property->class_name ? sim_class_of(call->sim->data->schema, str_of(property->class_name)) : NULL;
  }
  return true;
}

static void read_values(struct data_call *call, struct filter *filter) {
  struct str rest = filter->value;
  if (str_starts(rest, STR("["))) rest = str_slice(rest, 1, str_ends(rest, STR("]")) ? rest.n - 1 : rest.n);
  size_t most = 1;
  for (size_t i = 0; i < rest.n; i++) most += rest.p[i] == ',';
  filter->values = ARENA_ARRAY(call->arena, most, struct str);
  while (rest.p) {
    struct str one = str_trim(str_take(&rest, ','));
    filter->values[filter->value_count++] = one;
    (void)map_put(&filter->known, one, filter->values);
  }
}

static bool read_filter(struct data_call *call, const struct sim_class *class, struct str text, int status, struct data_filters *filters) {
  struct filter filter = {0};
  struct str rest = text, path = str_take(&rest, ':');
  if (!rest.p) return refuse(call, status, arena_printf(call->arena, "Invalid filter => %.*s", STR_ARG(text)));
  struct str op = str_take(&rest, ':'), dotted = path;
  filter.value = rest.p ? rest : STR("");
  while (dotted.p && filter.parts < PATH_MAX_PARTS) filter.path[filter.parts++] = str_take(&dotted, '.');
  if (!path_known(call, class, &filter))
    return refuse(call, status, arena_printf(call->arena, "Unknown path property: %.*s", STR_ARG(path)));
  if (!read_op(op, &filter)) return refuse(call, status, arena_printf(call->arena, "`%.*s` is not a valid operator.", STR_ARG(op)));
  if (filter.op == OP_IN) read_values(call, &filter);
  VEC_PUSH(&filters->list, filter);
  return true;
}

struct data_filters *data_filters_read(struct data_call *call, const struct sim_class *class, const char *prefix, int status) {
  struct data_filters *filters = ARENA_NEW(call->arena, struct data_filters);
  const char *name = arena_printf(call->arena, "%sfilter", prefix).p;
  struct str text;
  arena_on_free(call->arena, free_filters, filters);
  for (size_t n = 0; n < FILTERS_MAX && (text = sim_param(call->request, name, n)).p; n++)
    if (!read_filter(call, class, text, status, filters)) return NULL;
  if (!*prefix) {
    filters->any = str_eq(data_param(call, "rootJunction"), STR("OR"));
    filters->query = data_param(call, "query");
  }
  return filters;
}

bool data_filters_ids(const struct data_filters *filters, struct str **ret_ids, size_t *ret_count) {
  for (size_t i = 0; i < filters->list.n && !filters->any; i++) {
    struct filter *filter = &filters->list.p[i];
    if (filter->parts != 1 || filter->negated || !str_eq(filter->path[0], STR("id")) || (filter->op != OP_IN && filter->op != OP_EQ))
      continue;
    *ret_ids = filter->op == OP_IN ? filter->values : &filter->value;
    *ret_count = filter->op == OP_IN ? filter->value_count : 1;
    return true;
  }
  return false;
}

/* --- comparing --- */

static struct str text_of(struct arena *arena, const json_t *value) {
  if (json_is_string(value)) return (struct str){json_string_value(value), json_string_length(value)};
  if (json_is_boolean(value)) return json_is_true(value) ? STR("true") : STR("false");
  if (json_is_integer(value)) return arena_printf(arena, "%lld", (long long)json_integer_value(value));
  if (json_is_real(value)) return arena_printf(arena, "%g", json_real_value(value));
  if (json_is_object(value)) return str_of(data_uid(value));
  return STR_NONE;
}

static bool both_numbers(struct str a, struct str b, int *ret_order) {
  char one[64], two[64], *end_one, *end_two;
  if (!a.n || !b.n || a.n >= sizeof one || b.n >= sizeof two) return false;
  (void)snprintf(one, sizeof one, "%.*s", STR_ARG(a));
  (void)snprintf(two, sizeof two, "%.*s", STR_ARG(b));
  double x = strtod(one, &end_one), y = strtod(two, &end_two);
  if (*end_one || *end_two) return false;
  *ret_order = x < y ? -1 : x > y;
  return true;
}

static int order_of(struct str a, struct str b) {
  int order;
  return both_numbers(a, b, &order) ? order : str_cmp(a, b);
}

static bool word_starts(struct str text, struct str word) {
  for (size_t i = 0; i + word.n <= text.n; i++) {
    unsigned char before = i ? (unsigned char)text.p[i - 1] : ' ';
    bool boundary =
        !((before >= '0' && before <= '9') || (before >= 'a' && before <= 'z') || (before >= 'A' && before <= 'Z') || before >= 0x80);
    if (boundary && str_eq(str_slice(text, i, i + word.n), word)) return true;
  }
  return false;
}

/* Every word must begin a word of the text. */
static bool matches_token(struct arena *arena, struct str text, struct str words) {
  struct str low = arena_lower(arena, text), rest = arena_lower(arena, words);
  while (rest.p) {
    struct str word = str_trim(str_take(&rest, ' '));
    if (word.n && !word_starts(low, word)) return false;
  }
  return text.p != NULL;
}

static bool compare(struct arena *arena, const struct filter *filter, struct str found) {
  struct str value = filter->value;
  bool folded = filter->op == OP_IEQ || filter->op == OP_ILIKE || filter->op == OP_ISTARTS || filter->op == OP_IENDS;
  if (folded) {
    found = arena_lower(arena, found);
    value = arena_lower(arena, value);
  }
  switch (filter->op) {
  case OP_EQ:
  case OP_IEQ: return order_of(found, value) == 0;
  case OP_GT: return order_of(found, value) > 0;
  case OP_GE: return order_of(found, value) >= 0;
  case OP_LT: return order_of(found, value) < 0;
  case OP_LE: return order_of(found, value) <= 0;
  case OP_LIKE:
  case OP_ILIKE: return str_has(found, value);
  case OP_STARTS:
  case OP_ISTARTS: return str_starts(found, value);
  case OP_ENDS:
  case OP_IENDS: return str_ends(found, value);
  case OP_IN: return map_get(&filter->known, found) != NULL;
  case OP_TOKEN: return matches_token(arena, found, value);
  case OP_NULL:
  case OP_EMPTY: break;
  }
  return false;
}

/* One value at the end of a path; lists by any of their entries, or by their size. */
static bool value_matches(const struct data_call *call, const struct filter *filter, const json_t *value) {
  bool is_list = json_is_array(value);
  if (filter->op == OP_NULL) return !value || json_is_null(value);
  if (filter->op == OP_EMPTY) return !value || (is_list && json_array_size(value) == 0);
  if (is_list && (filter->op == OP_GT || filter->op == OP_GE || filter->op == OP_LT || filter->op == OP_LE || filter->op == OP_EQ))
    return compare(call->arena, filter, arena_printf(call->arena, "%zu", json_array_size(value)));
  for (size_t i = 0; i < json_array_size(value); i++)
    if (value_matches(call, filter, json_array_get(value, i))) return true;
  struct str text = is_list ? STR_NONE : text_of(call->arena, value);
  return text.p && compare(call->arena, filter, text);
}

static bool object_matches(const struct data_call *call, const struct filter *filter, size_t at, const struct sim_class *class,
                           const json_t *object);

/* Goes on into what a step of the path led to. */
static bool step_matches(const struct data_call *call, const struct filter *filter, size_t at, const struct sim_class *class,
                         const json_t *value) {
  for (size_t i = 0; i < json_array_size(value); i++)
    if (step_matches(call, filter, at, class, json_array_get(value, i))) return true;
  if (json_is_array(value)) return false;
  if (at == filter->parts) return value_matches(call, filter, value);
  if (!json_is_object(value)) return false;
  if (class) {
    const json_t *whole = sim_objects_get(call->sim->objects, class->plural, data_uid(value));
    return object_matches(call, filter, at, class, whole ? whole : value);
  }
  const json_t *member = json_object_get(value, arena_cstr(call->arena, filter->path[at]));
  return step_matches(call, filter, at + 1, sim_class_of_member(call->sim->data->schema, filter->path[at]), member);
}

static bool object_matches(const struct data_call *call, const struct filter *filter, size_t at, const struct sim_class *class,
                           const json_t *object) {
  if (str_eq(filter->path[at], STR("id")) && at + 1 == filter->parts) return value_matches(call, filter, json_object_get(object, "id"));
  const struct sim_property *property = sim_property_of(class, filter->path[at]);
  json_t *value = property ? data_property(call, class, object, property) : NULL;
  const struct sim_class *next =
      property && property->class_name ? sim_class_of(call->sim->data->schema, str_of(property->class_name)) : NULL;
  bool found = at + 1 == filter->parts ? value_matches(call, filter, value) : step_matches(call, filter, at + 1, next, value);
  json_decref(value);
  return found;
}

static bool names_match(const struct data_call *call, const json_t *object, struct str words) {
  return str_eq(words, str_of(data_uid(object))) || str_eq(words, str_of(data_text(object, "code"))) ||
         matches_token(call->arena, str_of(data_text(object, "name")), words);
}

static bool filter_passes(const struct data_call *call, const struct filter *filter, const struct sim_class *class, const json_t *object) {
  if (str_eq(filter->path[0], STR("identifiable"))) return names_match(call, object, filter->value) != filter->negated;
  return object_matches(call, filter, 0, class, object) != filter->negated;
}

bool data_filters_pass(const struct data_call *call, const struct data_filters *filters, const struct sim_class *class,
                       const json_t *object) {
  if (filters->query.n && !names_match(call, object, filters->query)) return false;
  bool passed = !filters->any || !filters->list.n;
  for (size_t i = 0; i < filters->list.n; i++) {
    bool one = filter_passes(call, &filters->list.p[i], class, object);
    if (filters->any && one) return true;
    if (!filters->any && !one) return false;
  }
  return passed;
}

#include "sim/values.h"

#include "base/mem.h"
#include "base/vec.h"
#include "sim/values_internal.h"

struct sim_values {
  struct map by_key, by_unit;
  VEC(struct sim_value *) list;
  size_t written; /* rows ever made */
  struct values_marks *marks;
};

struct sim_values *sim_values_new(void) {
  struct sim_values *values = mem_alloc(sizeof *values);
  values->marks = values_marks_new();
  return values;
}

static void free_row(struct sim_value *v) {
  free(v->key);
  free(v->value);
  free(v->comment);
  free(v->stored_by);
  free(v);
}

void sim_values_free(struct sim_values *values) {
  if (!values) return;
  for (size_t i = 0; i < values->list.n; i++) free_row(values->list.p[i]);
  VEC_FREE(&values->list);
  map_free(&values->by_key);
  map_free(&values->by_unit);
  values_marks_free(values->marks);
  free(values);
}

static void add_to_unit(struct sim_values *values, struct sim_value *v) {
  struct sim_value *first = map_get(&values->by_unit, v->unit);
  v->next = NULL;
  if (!first)
    (void)map_put(&values->by_unit, v->unit, v);
  else
    first->last->next = v;
  (first ? first : v)->last = v;
}

const struct map *values_by_unit(const struct sim_values *values) {
  return &values->by_unit;
}

enum { KEY_MAX = 256 };

static struct str key_of(char *buffer, struct str element, struct str period, struct str unit, struct str coc, struct str aoc) {
  int n =
      snprintf(buffer, KEY_MAX, "%.*s %.*s %.*s %.*s %.*s", STR_ARG(element), STR_ARG(period), STR_ARG(unit), STR_ARG(coc), STR_ARG(aoc));
  return (struct str){buffer, n < 0 || n >= KEY_MAX ? KEY_MAX - 1 : (size_t)n};
}

struct sim_value *values_get(const struct sim_values *values, struct str element, struct str period, struct str unit, struct str coc,
                             struct str aoc) {
  char buffer[KEY_MAX];
  return map_get(&values->by_key, key_of(buffer, element, period, unit, coc, aoc));
}

struct sim_value *values_put(struct sim_values *values, struct str element, struct str period, struct str unit, struct str coc,
                             struct str aoc, int64_t now_ms) {
  char buffer[KEY_MAX];
  struct str key = key_of(buffer, element, period, unit, coc, aoc);
  struct sim_value *v = map_get(&values->by_key, key);
  if (v) return v;
  v = mem_alloc(sizeof *v);
  v->key = mem_printf("%.*s", STR_ARG(key));
  struct str rest = {v->key, key.n};
  v->element = str_take(&rest, ' ');
  v->period = str_take(&rest, ' ');
  v->unit = str_take(&rest, ' ');
  v->coc = str_take(&rest, ' ');
  v->aoc = rest;
  struct sim_period parsed;
  if (sim_period_parse(v->period, &parsed)) v->start = parsed.start;
  v->created_ms = now_ms;
  v->serial = values->written++;
  (void)map_put(&values->by_key, (struct str){v->key, key.n}, v);
  VEC_PUSH(&values->list, v);
  add_to_unit(values, v);
  return v;
}

size_t values_count(const struct sim_values *values) {
  return values->list.n;
}

struct sim_value *values_at(const struct sim_values *values, size_t index) {
  return values->list.p[index];
}

bool sim_values_mention(const struct sim_values *values, const char *uid) {
  struct str id = str_of(uid);
  for (size_t i = 0; i < values->list.n; i++) {
    const struct sim_value *v = values->list.p[i];
    if (str_eq(v->element, id) || str_eq(v->unit, id) || str_eq(v->coc, id) || str_eq(v->aoc, id)) return true;
  }
  return false;
}

/* Takes rows out of the table, as no import can. */
static void forget(struct sim_values *values, struct str element, struct str unit, bool deleted_ones) {
  size_t kept = 0;
  map_free(&values->by_unit);
  for (size_t i = 0; i < values->list.n; i++) {
    struct sim_value *v = values->list.p[i];
    bool goes = deleted_ones ? v->deleted : element.n ? str_eq(v->element, element) : str_eq(v->unit, unit);
    if (!goes) {
      values->list.p[kept++] = v;
      add_to_unit(values, v);
      continue;
    }
    (void)map_delete(&values->by_key, str_of(v->key));
    free_row(v);
  }
  values->list.n = kept;
}

void sim_values_forget_element(struct sim_values *values, const char *uid) {
  forget(values, str_of(uid), STR_NONE, false);
}

void sim_values_forget_unit(struct sim_values *values, const char *uid) {
  forget(values, STR_NONE, str_of(uid), false);
  values_marks_forget_unit(values->marks, str_of(uid));
}

void sim_values_forget_deleted(struct sim_values *values) {
  forget(values, STR_NONE, STR_NONE, true);
}

void values_text(char **field, struct str text) {
  char *kept = text.p ? mem_printf("%.*s", STR_ARG(text)) : NULL; /* `text` may be what stands there */
  free(*field);
  *field = kept;
}

struct values_marks *values_marks_of(struct sim_values *values) {
  return values->marks;
}

void values_error(const struct sim *sim, struct sim_reply *reply, int status, const char *code, struct str message) {
  if (sim->release >= SIM_2_42) http_headers_set(&reply->headers, reply->arena, STR("Content-Type"), STR("application/json"));
  sim_reply_message(reply, status, "ERROR", code, arena_cstr(reply->arena, message));
}

static void no_method(struct sim *sim, const struct sim_request *request, struct sim_reply *reply) {
  const char *is = sim->release >= SIM_2_42 ? "is " : "";
  values_error(sim, reply, 405, NULL, arena_printf(request->arena, "Request method '%.*s' %snot supported", STR_ARG(request->method), is));
}

static bool is_single(struct str name) {
  return str_eq(name, STR("/api/dataValues")) || str_starts(name, STR("/api/dataValues/")) ||
         str_eq(name, STR("/api/dataEntry/dataValues"));
}

bool sim_values_handle(struct sim *sim, json_t *user, const struct sim_request *request, const char *path, struct sim_reply *reply) {
  struct str name = str_of(path), suffix = STR("");
  size_t dot = str_find_last_char(name, '.');
  if (dot != SIZE_MAX && dot > str_find_last_char(name, '/')) {
    suffix = str_from(name, dot);
    name.n = dot;
  }
  bool reads = sim_is(request, "GET") || sim_is(request, "HEAD");
  if (str_eq(name, STR("/api/dataEntry/dataValues")) && !reads)
    no_method(sim, request, reply);
  else if (is_single(name))
    values_single(sim, user, request, name, reply);
  else if (!str_eq(name, STR("/api/dataValueSets")))
    return values_marks(sim, user, request, name, reply) || values_gates(sim, user, request, name, reply);
  else if (reads)
    values_read(sim, user, request, suffix, reply);
  else if (sim_is(request, "POST"))
    values_write(sim, user, request, reply);
  else
    no_method(sim, request, reply);
  return true;
}

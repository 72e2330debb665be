#include "sim/faults.h"

#include "base/mem.h"

static const char *const kind_names[] = {"none",  "slow",   "hang", "cut",   "truncate", "shorten",
                                         "empty", "status", "html", "strip", "expire"};

struct rule {
  struct str path, method;
  json_int_t nth, times, seen;
  struct sim_fault fault;
};

struct sim_faults {
  json_t *file; /* holds the texts */
  struct rule *rules;
  size_t n;
};

bool sim_glob(struct str pattern, struct str text) {
  size_t p = 0, t = 0, star = SIZE_MAX, mark = 0;
  while (t < text.n) {
    if (p < pattern.n && (pattern.p[p] == '?' || (pattern.p[p] == text.p[t] && pattern.p[p] != '*'))) {
      p++;
      t++;
    } else if (p < pattern.n && pattern.p[p] == '*') {
      star = p++;
      mark = t;
    } else if (star != SIZE_MAX) {
      p = star + 1;
      t = ++mark;
    } else {
      return false;
    }
  }
  while (p < pattern.n && pattern.p[p] == '*') p++;
  return p == pattern.n;
}

static json_int_t number(const json_t *rule, const char *key, json_int_t left_out) {
  const json_t *value = json_object_get(rule, key);
  return json_is_integer(value) ? json_integer_value(value) : left_out;
}

static int read_rule(const json_t *from, size_t index, struct rule *rule, struct error *error) {
  static const char *const known[] = {"path",   "method",      "nth",    "times",   "kind", "ms",
                                      "status", "retry_after", "header", "execute", "about"};
  const char *key;
  json_t *value;
  json_object_foreach((json_t *)(uintptr_t)from, key, value) {
    bool found = false;
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) found = found || str_eq(str_of(key), str_of(known[i]));
    if (!found) return error_set(error, ERROR_input, "rule %zu: unknown member \"%s\"", index + 1, key);
  }
  struct str kind = str_of(json_string_value(json_object_get(from, "kind")));
  for (size_t i = 1; i < sizeof kind_names / sizeof *kind_names; i++)
    if (str_eq(kind, str_of(kind_names[i]))) rule->fault.kind = (enum sim_fault_kind)i;
  if (rule->fault.kind == SIM_FAULT_NONE)
    return error_set(error, ERROR_input,
                     "rule %zu: \"kind\" is one of slow, hang, cut, truncate, shorten, empty, status, html, strip, expire", index + 1);
  rule->path = str_of(json_string_value(json_object_get(from, "path")));
  rule->method = str_of(json_string_value(json_object_get(from, "method")));
  rule->nth = number(from, "nth", 1);
  rule->times = number(from, "times", 0);
  rule->fault.ms = (uint64_t)number(from, "ms", 1000);
  bool replaces = rule->fault.kind == SIM_FAULT_STATUS || rule->fault.kind == SIM_FAULT_HTML;
  rule->fault.status = (int)number(from, "status", rule->fault.kind == SIM_FAULT_HTML ? 200 : 503);
  rule->fault.retry_after_s = number(from, "retry_after", 0);
  rule->fault.header = str_of(json_string_value(json_object_get(from, "header")));
  if (rule->fault.kind == SIM_FAULT_STRIP && rule->fault.header.n == 0)
    return error_set(error, ERROR_input, "rule %zu: strip wants \"header\"", index + 1);
  const json_t *execute = json_object_get(from, "execute");
  rule->fault.execute = execute ? json_is_true(execute) : !replaces;
  if (rule->fault.status < 200 || rule->fault.status > 599)
    return error_set(error, ERROR_input, "rule %zu: \"status\" is from 200 to 599", index + 1);
  return 0;
}

struct sim_faults *sim_faults_load(const char *file, struct error *error) {
  json_error_t where;
  json_t *list = json_load_file(file, JSON_REJECT_DUPLICATES, &where);
  if (!json_is_array(list)) {
    (void)error_set(error, ERROR_input, "%s: %s", file, list ? "a list of rules is wanted" : where.text);
    json_decref(list);
    return NULL;
  }
  struct sim_faults *faults = mem_alloc(sizeof *faults);
  faults->file = list;
  faults->n = json_array_size(list);
  faults->rules = mem_alloc_array(faults->n + 1, sizeof *faults->rules);
  for (size_t i = 0; i < faults->n; i++) {
    if (read_rule(json_array_get(list, i), i, &faults->rules[i], error) == 0) continue;
    (void)error_context(error, "%s", file);
    sim_faults_free(faults);
    return NULL;
  }
  return faults;
}

void sim_faults_free(struct sim_faults *faults) {
  if (!faults) return;
  json_decref(faults->file);
  free(faults->rules);
  free(faults);
}

static void shorten(json_t *value, unsigned depth) {
  json_t *inner;
  const char *key;
  if (depth == 0) return;
  for (size_t n = json_array_size(value), most = (n + 1) / 2; n > most; n--) json_array_remove(value, n - 1);
  json_object_foreach(value, key, inner) shorten(inner, depth - 1);
}

struct str sim_fault_shorten(struct arena *arena, struct str body) {
  json_t *value = body.n > 0 ? json_loadb(body.p, body.n, JSON_DECODE_ANY, NULL) : NULL;
  char *text = value ? json_dumps((shorten(value, 8), value), JSON_COMPACT | JSON_ENCODE_ANY) : NULL;
  struct str shorter = text ? arena_str(arena, str_of(text)) : body;
  free(text);
  json_decref(value);
  return shorter;
}

struct sim_fault sim_faults_next(struct sim_faults *faults, struct str method, struct str path) {
  for (size_t i = 0; faults && i < faults->n; i++) {
    struct rule *rule = &faults->rules[i];
    if ((rule->path.n > 0 && !sim_glob(rule->path, path)) || (rule->method.n > 0 && !str_eq(rule->method, method))) continue;
    rule->seen++;
    if (rule->seen >= rule->nth && (rule->times == 0 || rule->seen < rule->nth + rule->times)) return rule->fault;
  }
  return (struct sim_fault){.kind = SIM_FAULT_NONE};
}

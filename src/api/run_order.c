/* What a person asked a run to do, read strictly: a misspelt "dry_run" must not send anything. */
#include "api/run_document.h"
#include "base/json_out.h"
#include "base/mem.h"
#include <errno.h>
#include <jansson.h>
#include <sys/stat.h>

enum { ABOUT_MAX = 4 << 20, MAPPING_MAX = 64 << 20 };

static struct str text_of(struct arena *arena, const json_t *object, const char *key) {
  const json_t *value = json_object_get(object, key);
  return json_is_string(value) ? arena_str(arena, (struct str){json_string_value(value), json_string_length(value)}) : STR_NONE;
}

static int check_members(const json_t *root, struct error *error) {
  static const char *const known[] = {"alignment",     "mapping",     "from",          "to",      "periods",
                                      "org_units",     "descendants", "dry_run",       "wait",    "accept",
                                      "changed_since", "deletions",   "check_min_max", "approval"};
  const char *key;
  json_t *value;
  json_object_foreach((json_t *)(uintptr_t)root, key, value) {
    bool found = false;
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) found = found || str_eq(str_of(key), str_of(known[i]));
    if (!found) return error_set(error, ERROR_bad_request, "'%.60s' means nothing here", key);
  }
  return 0;
}

static int read_list(struct arena *arena, const json_t *root, const char *key, const struct str **ret, size_t *ret_count,
                     struct error *error) {
  const json_t *list = json_object_get(root, key);
  size_t n = json_array_size(list);
  if (!json_is_array(list) || n == 0) return error_set(error, ERROR_bad_request, "'%s' is a list of texts and not empty", key);
  struct str *texts = ARENA_ARRAY(arena, n, struct str);
  for (size_t i = 0; i < n; i++) {
    const json_t *item = json_array_get(list, i);
    if (!json_is_string(item)) return error_set(error, ERROR_bad_request, "'%s' is a list of texts", key);
    texts[i] = arena_str(arena, (struct str){json_string_value(item), json_string_length(item)});
  }
  *ret = texts;
  *ret_count = n;
  return 0;
}

static int read_flag(const json_t *root, const char *key, bool *ret, struct error *error) {
  const json_t *value = json_object_get(root, key);
  *ret = json_is_true(value);
  return !value || json_is_boolean(value) ? 0 : error_set(error, ERROR_bad_request, "'%s' is true or false", key);
}

static int read_accept(const json_t *root, bool accept[3], struct error *error) {
  const json_t *list = json_object_get(root, "accept");
  if (!list)
    accept[MAPPING_ACCEPTED] = accept[MAPPING_AUTO] = true;
  else if (!json_array_size(list))
    return error_set(error, ERROR_bad_request, "'accept' is a list of accepted, auto, proposed");
  for (size_t i = 0; i < json_array_size(list); i++) {
    enum mapping_decision decision;
    struct str name = str_of(json_string_value(json_array_get(list, i)));
    if (!mapping_decision_of(name, &decision) || decision > MAPPING_PROPOSED)
      return error_set(error, ERROR_bad_request, "'accept' is a list of accepted, auto, proposed");
    accept[decision] = true;
  }
  return 0;
}

static int read_changes(struct arena *arena, const json_t *root, struct run_order *order, struct error *error) {
  const json_t *since = json_object_get(root, "changed_since"), *deletions = json_object_get(root, "deletions");
  struct str what = text_of(arena, root, "deletions");
  order->changed_since = text_of(arena, root, "changed_since");
  order->deletions = str_eq(what, STR("delete"));
  if (since && !order->changed_since.n) return error_set(error, ERROR_bad_request, "'changed_since' is a day: 2024-01-31");
  return !deletions || order->deletions || str_eq(what, STR("ignore"))
             ? 0
             : error_set(error, ERROR_bad_request, "'deletions' is ignore or delete");
}

static int take_alignment(struct api_job *job, bool approval, struct run_asked *ret, struct error *error) {
  struct buf mapping = BUF_INIT(MAPPING_MAX);
  int result =
      api_alignment_take(job, ret->alignment, approval, &mapping, &ret->order.from, &ret->order.to, &ret->alignment_version, error);
  if (result == 0) ret->mapping_text = arena_str(job->arena, buf_str(&mapping));
  buf_free(&mapping);
  return result;
}

static int take_mapping(struct api_job *job, const json_t *root, bool approval, struct run_asked *ret, struct error *error) {
  json_t *mapping = json_object_get(root, "mapping");
  if (!json_is_object(mapping) || !ret->order.from.n || !ret->order.to.n)
    return error_set(error, ERROR_bad_request, "give either 'alignment', or 'mapping' with 'from' and 'to'");
  if (approval) (void)json_object_set_new(mapping, "approval", json_string("second-person"));
  char *text = json_dumps(mapping, JSON_COMPACT);
  ret->mapping_text = arena_str(job->arena, str_of(text));
  free(text);
  return 0;
}

static int read_order(struct api_job *job, const json_t *root, struct run_asked *ret, struct error *error) {
  struct run_order *order = &ret->order;
  bool approval;
  order->from = text_of(job->arena, root, "from");
  order->to = text_of(job->arena, root, "to");
  ret->alignment = text_of(job->arena, root, "alignment");
  if (read_list(job->arena, root, "periods", &order->periods, &order->period_count, error) ||
      read_list(job->arena, root, "org_units", &order->org_units, &order->org_unit_count, error) ||
      read_flag(root, "descendants", &order->descendants, error) || read_flag(root, "dry_run", &order->dry_run, error) ||
      read_flag(root, "check_min_max", &order->check_min_max, error) || read_flag(root, "wait", &ret->wait, error) ||
      read_flag(root, "approval", &approval, error) || read_accept(root, order->accept, error) ||
      read_changes(job->arena, root, order, error))
    return -1;
  if (run_order_settle(order, job->arena, error)) {
    error->code = ERROR_bad_request;
    return -1;
  }
  if (!ret->alignment.n) return take_mapping(job, root, approval, ret, error);
  if (order->from.n || order->to.n || json_object_get(root, "mapping"))
    return error_set(error, ERROR_bad_request, "an alignment has its own servers and mapping");
  return take_alignment(job, approval, ret, error);
}

int run_asked_read(struct api_job *job, struct run_asked *ret, struct error *error) {
  *ret = (struct run_asked){0};
  json_t *root = json_loadb(job->body.n ? job->body.p : "", job->body.n, JSON_REJECT_DUPLICATES, NULL);
  int result = json_is_object(root) ? check_members(root, error)
                                    : error_set(error, ERROR_bad_request, "a JSON object with 'periods' and 'org_units' is wanted");
  if (result == 0) result = read_order(job, root, ret, error);
  json_decref(root);
  if (result < 0) return -1;
  if (mapping_read(job->arena, ret->mapping_text, error)) return 0;
  error->code = ERROR_bad_request;
  return error_context(error, "the mapping");
}

/* --- as it is kept --- */

void run_about_members(struct json_out *out, const struct run_about *about, struct str state) {
  json_out_member_str(out, "state", state);
  json_out_member_bool(out, "dry_run", about->dry_run);
  if (about->alignment.n) json_out_member_str(out, "alignment", about->alignment);
  json_out_member_str(out, "from", about->from);
  json_out_member_str(out, "to", about->to);
  json_out_member_array(out, "periods");
  for (size_t i = 0; i < about->period_count; i++) json_out_str(out, about->periods[i]);
  json_out_end(out);
  json_out_member_str(out, "by", about->by.p ? about->by : STR(""));
}

struct str run_about_write(struct arena *arena, const struct run_about *about) {
  struct buf text = BUF_INIT(ABOUT_MAX);
  struct json_out out = JSON_OUT_INIT(&text);
  json_out_object(&out);
  run_about_members(&out, about, about->state);
  json_out_member_str(&out, "by_target", about->by_target.p ? about->by_target : STR(""));
  json_out_member_int(&out, "org_units", about->org_units);
  json_out_member_int(&out, "alignment_version", about->alignment_version);
  json_out_member_bool(&out, "wait", about->wait);
  if (about->problem.n) {
    json_out_key(&out, STR("problem"));
    json_out_raw(&out, about->problem);
  }
  json_out_end(&out);
  struct str kept = arena_str(arena, buf_str(&text));
  buf_free(&text);
  return kept;
}

struct run_about run_about_read(struct arena *arena, struct str json) {
  json_t *root = json_loadb(json.n ? json.p : "", json.n, 0, NULL);
  const json_t *periods = json_object_get(root, "periods"), *problem = json_object_get(root, "problem");
  struct str *list = ARENA_ARRAY(arena, json_array_size(periods) + 1, struct str);
  struct run_about about = {.state = text_of(arena, root, "state"),
                            .alignment = text_of(arena, root, "alignment"),
                            .from = text_of(arena, root, "from"),
                            .to = text_of(arena, root, "to"),
                            .by = text_of(arena, root, "by"),
                            .by_target = text_of(arena, root, "by_target"),
                            .dry_run = json_is_true(json_object_get(root, "dry_run")),
                            .wait = json_is_true(json_object_get(root, "wait")),
                            .periods = list,
                            .period_count = json_array_size(periods),
                            .org_units = json_integer_value(json_object_get(root, "org_units")),
                            .alignment_version = json_integer_value(json_object_get(root, "alignment_version"))};
  for (size_t i = 0; i < about.period_count; i++) list[i] = arena_str(arena, str_of(json_string_value(json_array_get(periods, i))));
  if (problem) {
    char *text = json_dumps(problem, JSON_COMPACT);
    about.problem = arena_str(arena, str_of(text));
    free(text);
  }
  json_decref(root);
  return about;
}

struct run_body run_body_split(struct str body) {
  struct run_body parts;
  parts.order = str_take(&body, '\n');
  parts.report = str_take(&body, '\n');
  parts.mapping = body;
  return parts;
}

int run_folder(struct arena *arena, struct str store, struct str id, const char **ret, struct error *error) {
  struct str prefix = STR("sqlite:");
  if (!str_starts(store, prefix))
    return error_set(error, ERROR_configuration, "runs keep their journals beside a store of the kind sqlite:FILE");
  const char *folder = arena_cstr(arena, arena_printf(arena, "%.*s.runs", STR_ARG(str_from(store, prefix.n))));
  if (mkdir(folder, 0700) < 0 && errno != EEXIST)
    return error_set(error, ERROR_inside, "the folder %s cannot be made: %s", folder, strerror(errno));
  *ret = arena_cstr(arena, arena_printf(arena, "%s/%.*s", folder, STR_ARG(id)));
  return 0;
}

int run_claims_folder(struct arena *arena, struct str store, const char **ret, struct error *error) {
  struct str prefix = STR("sqlite:");
  if (!str_starts(store, prefix))
    return error_set(error, ERROR_configuration, "runs tell each other what they write to beside a store of the kind sqlite:FILE");
  *ret = arena_cstr(arena, arena_printf(arena, "%.*s.claims", STR_ARG(str_from(store, prefix.n))));
  return 0;
}

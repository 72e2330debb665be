/* What a person asked a run to do, read strictly: a misspelt "dry_run" must not send anything. */
#include "api/run_document.h"
#include "base/clock.h"
#include "base/json_doc.h"
#include "base/mem.h"

enum { MAPPING_MAX = 64 << 20 };

static int check_members(const json_t *root, struct error *error) {
  static const char *const known[] = {"alignment",     "mapping",          "from",    "to",       "periods",       "org_units",
                                      "descendants",   "dry_run",          "wait",    "accept",   "changed_since", "deletions",
                                      "check_min_max", "unattended_until", "webhook", "approval", "comments",      "read",
                                      "language",      "unknown_units"};
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

static int read_choice(const json_t *root, const char *key, const char *usual, const char *other, bool *ret_other, struct error *error) {
  struct str word = json_text(root, key);
  *ret_other = str_eq(word, str_of(other));
  return !json_object_get(root, key) || *ret_other || str_eq(word, str_of(usual))
             ? 0
             : error_set(error, ERROR_bad_request, "'%s' is %s or %s", key, usual, other);
}

static int read_changed_since(struct arena *arena, const json_t *root, struct run_order *order, struct error *error) {
  order->changed_since = json_text_copy(arena, root, "changed_since");
  return !json_object_get(root, "changed_since") || order->changed_since.n
             ? 0
             : error_set(error, ERROR_bad_request, "'changed_since' is a day: 2024-01-31");
}

/* How it goes on, and who is told. */
static int read_beside(struct api_job *job, const json_t *root, struct run_asked *ret, struct error *error) {
  const json_t *until = json_object_get(root, "unattended_until"), *webhook = json_object_get(root, "webhook");
  if (until && !clock_parse(json_text_copy(job->arena, root, "unattended_until"), &ret->unattended_until_ms))
    return error_set(error, ERROR_bad_request, "'unattended_until' is a time: 2026-12-31T18:00:00Z");
  if (until && ret->order.dry_run) return error_set(error, ERROR_bad_request, "a dry run ends with the session");
  ret->webhook = json_text_copy(job->arena, root, "webhook");
  if (webhook && !config_webhook(job->config, ret->webhook))
    return error_set(error, ERROR_bad_request, "'webhook' is the id of one that the administrator has configured");
  return 0;
}

/* Where nothing is said, what the one who asks likes best to read. */
static int read_language(struct api_job *job, const json_t *root, struct run_asked *ret, struct error *error) {
  enum language language = job->language;
  bool said = json_object_get(root, "language"), known = language_of(json_text(root, "language"), &language);
  ret->language = str_of(language_tag(language));
  return !said || known ? 0 : error_set(error, ERROR_bad_request, "'language' is en, fr, pt, es or ar");
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
  order->from = json_text_copy(job->arena, root, "from");
  order->to = json_text_copy(job->arena, root, "to");
  ret->alignment = json_text_copy(job->arena, root, "alignment");
  if (read_list(job->arena, root, "periods", &order->periods, &order->period_count, error) ||
      read_list(job->arena, root, "org_units", &order->org_units, &order->org_unit_count, error) ||
      read_flag(root, "descendants", &order->descendants, error) || read_flag(root, "dry_run", &order->dry_run, error) ||
      read_flag(root, "check_min_max", &order->check_min_max, error) || read_flag(root, "wait", &ret->wait, error) ||
      read_flag(root, "approval", &approval, error) || read_accept(root, order->accept, error) ||
      read_changed_since(job->arena, root, order, error) || read_choice(root, "deletions", "ignore", "delete", &order->deletions, error) ||
      read_choice(root, "comments", "none", "carry", &order->comments, error) ||
      read_choice(root, "read", "values", "analytics", &order->analytics, error) ||
      read_choice(root, "unknown_units", "refuse", "skip", &order->skip_units, error) || read_beside(job, root, ret, error) ||
      read_language(job, root, ret, error))
    return -1;
  if (run_order_settle(order, job->arena, error)) {
    if (error->code == ERROR_usage) error->code = ERROR_bad_request;
    return -1;
  }
  if (!ret->alignment.n) return take_mapping(job, root, approval, ret, error);
  if (order->from.n || order->to.n || json_object_get(root, "mapping"))
    return error_set(error, ERROR_bad_request, "an alignment has its own servers and mapping");
  return take_alignment(job, approval, ret, error);
}

int run_asked_read(struct api_job *job, struct run_asked *ret, struct error *error) {
  *ret = (struct run_asked){0};
  json_t *root = json_doc_read_strictly(job->body);
  int result = json_is_object(root) ? check_members(root, error)
                                    : error_set(error, ERROR_bad_request, "a JSON object with 'periods' and 'org_units' is wanted");
  if (result == 0) result = read_order(job, root, ret, error);
  json_decref(root);
  if (result < 0) return -1;
  if (mapping_read(job->arena, ret->mapping_text, error)) return 0;
  error->code = ERROR_bad_request;
  return error_context(error, "the mapping");
}

/* --- told again --- */

static void write_if(struct json_out *out, const char *key, bool is_so) {
  if (is_so) json_out_member_bool(out, key, true);
}

static void write_choice(struct json_out *out, const char *key, bool is_so, const char *word) {
  if (is_so) json_out_member_str(out, key, str_of(word));
}

static void write_sides(struct json_out *out, const struct run_about *about, struct str mapping_text) {
  if (about->alignment.n) {
    json_out_member_str(out, "alignment", about->alignment);
    return;
  }
  json_out_member_raw(out, "mapping", mapping_text);
  json_out_member_str(out, "from", about->from);
  json_out_member_str(out, "to", about->to);
}

static void write_accept(struct json_out *out, const bool accept[3]) {
  json_out_member_array(out, "accept");
  for (unsigned i = 0; i < 3; i++)
    if (accept[i]) json_out_str(out, str_of(mapping_decision_name((enum mapping_decision)i)));
  json_out_end(out);
}

int run_asked_write(struct arena *arena, const struct run_about *about, const struct run_body *body, struct json_out *out,
                    struct error *error) {
  struct run_order order;
  const struct mapping *mapping = mapping_read(arena, body->mapping, error);
  if (!mapping || run_order_read(arena, body->order, &order, error)) {
    error->code = ERROR_inside;
    return error_context(error, "the run's order");
  }
  write_sides(out, about, body->mapping);
  json_out_member_strs(out, "periods", order.periods, order.period_count);
  json_out_member_strs(out, "org_units", order.org_units, order.org_unit_count);
  write_accept(out, order.accept);
  write_if(out, "descendants", order.descendants);
  write_if(out, "check_min_max", order.check_min_max);
  write_if(out, "approval", mapping->approval);
  write_if(out, "wait", about->wait);
  write_if(out, "dry_run", about->dry_run);
  write_choice(out, "deletions", order.deletions, "delete");
  write_choice(out, "comments", order.comments, "carry");
  write_choice(out, "read", order.analytics, "analytics");
  write_choice(out, "unknown_units", order.skip_units, "skip");
  if (order.changed_since.n) json_out_member_str(out, "changed_since", order.changed_since);
  if (about->beside.webhook.n) json_out_member_str(out, "webhook", about->beside.webhook);
  if (about->beside.language.n) json_out_member_str(out, "language", about->beside.language);
  return 0;
}

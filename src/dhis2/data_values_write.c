#include "dhis2/data_values_write.h"

#include "base/json_out.h"
#include "base/map.h"
#include "dhis2/data_values.h"
#include "dhis2/judge.h"

enum {
  BATCH_FIRST = 250,
  BATCH_LEAST = 10,
  BATCH_MOST_OLD = DHIS2_WRITE_MAX,
  BATCH_MOST_NEW = 1000,
  QUICK_MS = 1000,
  SLOW_MS = 4000,
  STATUS_TOO_LARGE = 413,
};

static int cmp_in_unit(const struct dhis2_write *a, const struct dhis2_write *b) {
  int order = str_cmp(a->data_element, b->data_element);
  if (!order) order = str_cmp(a->category_option_combo, b->category_option_combo);
  return order ? order : str_cmp(a->attribute_option_combo, b->attribute_option_combo);
}

/* As a run sends them: of one period, org unit after org unit, and of each in order. Then none comes twice; of others that is not said. */
static bool are_in_order(const struct dhis2_write *values, size_t count) {
  struct map units = {0};
  bool good = true;
  for (size_t i = 0; good && i < count; i++) {
    const struct dhis2_write *v = &values[i], *before = &values[i ? i - 1 : 0];
    bool same_unit = i && str_eq(v->org_unit, before->org_unit);
    good = str_eq(v->period, before->period) && (same_unit ? cmp_in_unit(before, v) < 0 : !map_put(&units, v->org_unit, &units));
  }
  map_free(&units);
  return good;
}

static int check_each_once(const struct dhis2_write *values, size_t count, struct error *error) {
  if (are_in_order(values, count)) return 0;
  struct arena *arena = arena_new();
  struct map seen = {0};
  struct buf key = BUF_INIT(DHIS2_CELL_KEY_MAX);
  int result = 0;
  for (size_t i = 0; result == 0 && i < count; i++) {
    const struct dhis2_write *v = &values[i];
    struct str name = dhis2_cell_key(&key, v->data_element, v->period, v->org_unit, v->category_option_combo, v->attribute_option_combo);
    if (map_put(&seen, arena_str(arena, name), &seen))
      result = error_set(error, ERROR_inside, "a cell would be sent twice in one POST: %.*s", STR_ARG(name));
  }
  buf_free(&key);
  map_free(&seen);
  arena_free(arena);
  return result;
}

static int check(struct str data_set, const struct dhis2_write *values, size_t count, struct error *error) {
  if (!data_set.n || !count || count > DHIS2_WRITE_MAX)
    return error_set(error, ERROR_inside, "a POST of values has a data set and 1 to %d values", DHIS2_WRITE_MAX);
  for (size_t i = 0; i < count; i++) {
    const struct dhis2_write *v = &values[i];
    if (!v->data_element.n || !v->period.n || !v->org_unit.n || !v->category_option_combo.n || !v->attribute_option_combo.n)
      return error_set(error, ERROR_inside, "value %zu of a POST lacks a part of its key", i);
  }
  return check_each_once(values, count, error);
}

static void write_value(struct json_out *out, const struct dhis2_write *v, bool new_engine) {
  json_out_object(out);
  json_out_member_str(out, "dataElement", v->data_element);
  json_out_member_str(out, "period", v->period);
  json_out_member_str(out, "orgUnit", v->org_unit);
  json_out_member_str(out, "categoryOptionCombo", v->category_option_combo);
  json_out_member_str(out, "attributeOptionCombo", v->attribute_option_combo);
  json_out_member_str(out, "value", v->value.p ? v->value : STR(""));
  if (v->comment.p) json_out_member_str(out, "comment", v->comment);
  if (v->follow_up) json_out_member_bool(out, new_engine ? "followUp" : "followup", true);
  if (v->remove) json_out_member_bool(out, "deleted", true);
  json_out_end(out);
}

static bool write_body(struct buf *buf, struct str data_set, const struct dhis2_write *values, size_t count, bool new_engine) {
  struct json_out out = JSON_OUT_INIT(buf);
  json_out_object(&out);
  json_out_member_str(&out, "dataSet", data_set);
  json_out_member_array(&out, "dataValues");
  for (size_t i = 0; i < count; i++) write_value(&out, &values[i], new_engine);
  json_out_end(&out);
  json_out_end(&out);
  return !buf->full;
}

static struct str path_of(struct arena *arena, bool new_engine, bool dry_run) {
  static const char strict[] = "&strictPeriods=true&strictDataElements=true&strictCategoryOptionCombos=true&strictAttributeOptionCombos="
                               "true&strictOrganisationUnits=true";
  return arena_printf(arena, "/api/dataValueSets?importStrategy=CREATE_AND_UPDATE&async=false&dryRun=%s%s", dry_run ? "true" : "false",
                      new_engine ? "" : strict);
}

static int read_answer(struct dhis2_server *server, const struct http_answer *answer, size_t count, const atomic_bool *cancel,
                       struct arena *arena, struct dhis2_import *ret, struct error *error) {
  if (dhis2_import_parse(arena, answer->body, count, ret))
    return ret->job.n ? dhis2_import_of_job(server, ret->job, count, cancel, arena, ret, error) : 0;
  if (answer->status == STATUS_TOO_LARGE)
    return error_set(error, ERROR_too_large, "%zu values are too much for one POST to this server", count);
  if (dhis2_judge(arena, answer->status, &answer->headers, answer->body, true, error)) return -1;
  return error_set(error, ERROR_upstream_broken, "the answer to a POST of values is not a summary of an import");
}

static int has_new_engine(struct dhis2_server *server, bool *ret, struct error *error) {
  struct dhis2_version version;
  if (dhis2_server_version(server, &version, error)) return -1;
  *ret = dhis2_can(version, DHIS2_NEW_VALUE_ENGINE);
  return 0;
}

int dhis2_values_write(struct dhis2_server *server, const struct dhis2_post *post, struct buf *body, struct error *error) {
  bool new_engine;
  if (check(post->data_set, post->values, post->count, error) || has_new_engine(server, &new_engine, error)) return -1;
  return write_body(body, post->data_set, post->values, post->count, new_engine)
             ? 0
             : error_set(error, ERROR_too_large, "%zu values are too much for one POST", post->count);
}

int dhis2_values_post(struct dhis2_server *server, const struct dhis2_post *post, struct arena *arena, struct dhis2_import *ret,
                      struct error *error) {
  bool new_engine, asked = false;
  struct buf body = BUF_INIT(DHIS2_BODY_MAX);
  struct http_answer answer;
  int result = post->body.n ? 0 : dhis2_values_write(server, post, &body, error);
  if (result == 0) result = has_new_engine(server, &new_engine, error);
  if (result == 0 && post->before) result = post->before(post->payload, error);
  asked = result == 0;
  if (asked)
    result = dhis2_call(server, "POST", path_of(arena, new_engine, post->dry_run), STR("application/json"),
                        post->body.n ? post->body : buf_str(&body), arena, &answer, error);
  buf_free(&body);
  if (result == 0) result = read_answer(server, &answer, post->count, post->cancel, arena, ret, error);
  if (asked && result < 0) (void)error_name_server(error, dhis2_server_id(server));
  return result;
}

struct dhis2_batch dhis2_batch_start(struct dhis2_version version) {
  return (struct dhis2_batch){.size = BATCH_FIRST, .most = dhis2_can(version, DHIS2_NEW_VALUE_ENGINE) ? BATCH_MOST_NEW : BATCH_MOST_OLD};
}

void dhis2_batch_learn(struct dhis2_batch *batch, size_t sent, int64_t took_ms) {
  if (took_ms > SLOW_MS && sent / 2 < batch->size)
    batch->size = sent / 2 > BATCH_LEAST ? sent / 2 : BATCH_LEAST;
  else if (took_ms < QUICK_MS && sent >= batch->size)
    batch->size = batch->size * 2 < batch->most ? batch->size * 2 : batch->most;
}

bool dhis2_batch_too_large(struct dhis2_batch *batch, size_t sent) {
  if (sent <= 1) return false;
  batch->most = batch->size = sent / 2;
  return true;
}

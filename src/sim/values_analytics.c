/* values_analytics: /api/analytics/dataValueSet, as AnalyticsUtils makes it (2.37 to 2.43): an element's option combo in a period, of an org unit and all below it, all attribute option combos together. The tables hold what stood there when they were made;
 * the stand-in keeps no copy, so what was written since is missing in them. */
#include <stdlib.h>

#include "base/json_out.h"
#include "sim/relations.h"
#include "sim/values_internal.h"

enum { LIST_MAX = 2000, BODY_MAX = 16 << 20 };

struct dimension {
  struct str items[LIST_MAX];
  size_t n;
};

struct question {
  struct model model;
  struct dimension dx, pe, ou;
  bool exact; /* skipRounding */
};

/* "dx:a;b": dimensions come in any order. */
static void read_dimension(struct dimension *d, const struct sim_request *request, const char *name) {
  struct str prefix = arena_printf(request->arena, "%s:", name);
  for (size_t i = 0;; i++) {
    struct str text = sim_param(request, "dimension", i);
    if (!text.p) return;
    if (!str_starts(text, prefix)) continue;
    for (struct str rest = str_from(text, prefix.n); rest.p && d->n < LIST_MAX;) d->items[d->n++] = str_take(&rest, ';');
    return;
  }
}

static bool is_zero_kept(const json_t *element) {
  return json_is_true(json_object_get(element, "zeroIsSignificant"));
}

/* Does this row count for the cell? */
static bool is_in(const struct question *q, const struct sim_value *v, struct str element, struct str coc, struct str period,
                  struct str unit, const json_t *about) {
  if (v->deleted || !v->value || v->updated_ms > q->model.sim->analytics_ms) return false;
  if (!str_eq(v->element, element) || (coc.n && !str_eq(v->coc, coc)) || !str_eq(v->period, period)) return false;
  if (strtod(v->value, NULL) == 0 && !is_zero_kept(about)) return false;
  struct arena *a = arena_new();
  bool below = model_below(&q->model, arena_cstr(a, v->unit), arena_cstr(a, unit));
  arena_free(a);
  return below;
}

void values_java_double(double d, char out[64]) {
  int digits = 1;
  for (; digits < 17; digits++) {
    (void)snprintf(out, 64, "%.*e", digits - 1, d);
    if (strtod(out, NULL) == d) break;
  }
  (void)snprintf(out, 64, "%.*e", digits - 1, d);
  int exponent = (int)strtol(strchr(out, 'e') + 1, NULL, 10);
  if (d != 0 && (exponent >= 7 || exponent < -3)) {
    char mantissa[40];
    (void)snprintf(mantissa, sizeof mantissa, "%.*s%s", (int)(strchr(out, 'e') - out), out, digits == 1 ? ".0" : "");
    (void)snprintf(out, 64, "%sE%d", mantissa, exponent);
  } else {
    int behind = digits - 1 - exponent;
    (void)snprintf(out, 64, "%.*f", behind > 1 ? behind : 1, d);
  }
}

static void add_cell(struct json_out *out, const struct question *q, struct str item, struct str period, struct str unit) {
  struct str rest = item, element = str_take(&rest, '.'), coc = rest;
  const json_t *about = model_get(&q->model, "dataElements", element);
  const char *type = model_text(about, "valueType");
  struct sim_values *values = q->model.sim->values;
  double sum = 0;
  size_t n = 0;
  char text[64];
  for (size_t i = 0; about && i < values_count(values); i++) {
    const struct sim_value *v = values_at(values, i);
    if (!is_in(q, v, element, coc, period, unit, about)) continue;
    sum += strtod(v->value, NULL);
    n++;
  }
  if (!n) return;
  if (!q->exact) sum = (double)(int64_t)(sum * 10 + (sum < 0 ? -0.5 : 0.5)) / 10;
  if (strncmp(type, "INTEGER", 7) == 0)
    (void)snprintf(text, sizeof text, "%.0f", sum);
  else
    values_java_double(sum, text);
  json_out_object(out);
  json_out_member_str(out, "dataElement", element);
  json_out_member_str(out, "period", period);
  json_out_member_str(out, "orgUnit", unit);
  if (coc.n) json_out_member_str(out, "categoryOptionCombo", coc);
  json_out_member_str(out, "value", str_of(text));
  json_out_member_str(out, "storedBy", STR("[aggregated]"));
  json_out_member_str(out, "created", STR("2026-11-24"));
  json_out_member_str(out, "lastUpdated", STR("2026-11-24"));
  json_out_member_str(out, "comment", STR("[aggregated]"));
  json_out_member_bool(out, "followup", false);
  json_out_end(out);
}

/* View units in all releases, capture units where there are none. */
static bool may_view(const struct question *q, const char *unit) {
  const json_t *units = json_object_get(q->model.user, "dataViewOrganisationUnits");
  if (!json_array_size(units)) units = json_object_get(q->model.user, "organisationUnits");
  for (size_t i = 0; i < json_array_size(units); i++)
    if (model_below(&q->model, unit, model_text(json_array_get(units, i), "id"))) return true;
  return q->model.superuser;
}

void sim_values_analytics(struct sim *sim, json_t *user, const struct sim_request *request, struct sim_reply *reply) {
  struct question *q = ARENA_NEW(request->arena, struct question);
  q->model = model_of(sim, user);
  q->exact = str_eq(sim_param(request, "skipRounding", 0), STR("true"));
  read_dimension(&q->dx, request, "dx");
  read_dimension(&q->pe, request, "pe");
  read_dimension(&q->ou, request, "ou");
  if (!q->dx.n || !q->pe.n || !q->ou.n) return values_error(sim, reply, 409, "E7117", STR("Query must contain dimensions dx, pe and ou"));
  for (size_t i = 0; i < q->ou.n; i++)
    if (!may_view(q, arena_cstr(request->arena, q->ou.items[i])))
      return values_error(sim, reply, 409, "E7120",
                          arena_printf(request->arena, "User: `%s` is not allowed to view org unit: `%.*s`", model_text(user, "username"),
                                       STR_ARG(q->ou.items[i])));
  struct buf body = BUF_INIT(BODY_MAX);
  struct json_out out = JSON_OUT_INIT(&body);
  json_out_object(&out);
  json_out_member_array(&out, "dataValues");
  for (size_t d = 0; d < q->dx.n; d++)
    for (size_t p = 0; p < q->pe.n; p++)
      for (size_t u = 0; u < q->ou.n; u++) add_cell(&out, q, q->dx.items[d], q->pe.items[p], q->ou.items[u]);
  json_out_end(&out);
  json_out_end(&out);
  sim_reply_text(reply, 200, "application/json;charset=UTF-8", arena_str(reply->arena, buf_str(&body)));
  buf_free(&body);
}

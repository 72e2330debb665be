/* What lists and objects show and which they pick: fields, filters, order and pages. */
#include "sim/data_internal.h"
#include <setjmp.h>
#include <stdarg.h>

#include "ask.h"
#include "base/buf.h"
#include <cmocka.h>

/* --- the text of fields, read --- */

static void describe(struct buf *out, const struct data_fields *fields) {
  for (size_t i = 0; i < fields->list.n; i++) {
    const struct data_field *field = &fields->list.p[i];
    (void)buf_printf(out, "%s%s%.*s", i ? " " : "", field->exclude ? "!" : "", STR_ARG(field->name));
    for (size_t k = 0; k < field->transformers.n; k++) {
      struct data_transformer t = field->transformers.p[k];
      (void)buf_printf(out, "~%.*s", STR_ARG(t.name));
      if (t.argument.p) (void)buf_printf(out, "(%.*s)", STR_ARG(t.argument));
    }
    if (!field->inner) continue;
    (void)buf_add_char(out, '<');
    describe(out, field->inner);
    (void)buf_add_char(out, '>');
  }
}

static void reading(void **state) {
  (void)state;
  static const struct {
    const char *text, *want;
  } cases[] = {
      {"id,name", "id name"},
      {"id, name", "id name"},
      {":owner,!sharing", ":owner !sharing"},
      {"*,!href", "* !href"},
      {"a[b,c[d]],e", "a<b c<d>> e"},
      {"a~rename(x)[b]", "a~rename(x)<b>"},
      {"a~pluck", "a~pluck"},
      {"a::size", "a~size"},
      {"a[b", "a<b>"},
      {"a[b,c[d", "a<b c<d>>"},
      {"a[]", "a<>"},
      {"", ""},
      {",,a,,", "a"},
  };
  struct arena *arena = arena_new();
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    struct buf out = BUF_INIT(4096);
    describe(&out, data_fields_parse(arena, str_of(cases[i].text)));
    if (!str_eq(buf_str(&out), str_of(cases[i].want))) fail_msg("%s: %.*s, not %s", cases[i].text, STR_ARG(buf_str(&out)), cases[i].want);
    buf_free(&out);
  }
  arena_free(arena);
}

/* Any text is read without end, crash or depth without limit. */
static void any_text(void **state) {
  (void)state;
  static const char letters[] = "ab[](),~:!*. ";
  unsigned seed = 7;
  for (int round = 0; round < 3000; round++) {
    struct arena *arena = arena_new();
    char text[64];
    size_t n = 0;
    for (; n < sizeof text; n++) {
      seed = seed * 1103515245 + 12345;
      text[n] = letters[(seed >> 16) % (sizeof letters - 1)];
    }
    struct buf out = BUF_INIT(1 << 16);
    describe(&out, data_fields_parse(arena, (struct str){text, n}));
    buf_free(&out);
    arena_free(arena);
  }
  struct arena *arena = arena_new();
  char deep[20000];
  for (size_t i = 0; i + 1 < sizeof deep; i += 2) {
    deep[i] = 'a';
    deep[i + 1] = '[';
  }
  assert_non_null(data_fields_parse(arena, (struct str){deep, sizeof deep}));
  arena_free(arena);
}

/* --- a small server --- */

static const char *const model =
    "{" ASK_COMBO ",\"dataElements\":["
    "{\"id\":\"TstDe000001\",\"name\":\"cases\",\"shortName\":\"cases\",\"code\":\"T_1\",\"valueType\":\"INTEGER\",\"domainType\":"
    "\"AGGREGATE\",\"aggregationType\":\"SUM\",\"categoryCombo\":{\"id\":\"TstCc000001\"},"
    "\"translations\":[{\"locale\":\"fr\",\"property\":\"NAME\",\"value\":\"cas\"}]},"
    "{\"id\":\"TstDe000002\",\"name\":\"Deaths\",\"shortName\":\"deaths\",\"code\":\"T_2\",\"valueType\":\"NUMBER\",\"domainType\":"
    "\"AGGREGATE\",\"aggregationType\":\"SUM\",\"categoryCombo\":{\"id\":\"bjDvmb4bfuf\"}},"
    "{\"id\":\"TstDe000003\",\"name\":\"beds\",\"shortName\":\"beds\",\"valueType\":\"NUMBER\",\"domainType\":\"AGGREGATE\","
    "\"aggregationType\":\"AVERAGE\",\"categoryCombo\":{\"id\":\"bjDvmb4bfuf\"}}],"
    "\"dataSets\":[{\"id\":\"TstDs000001\",\"name\":\"monthly\",\"shortName\":\"monthly\",\"periodType\":\"Monthly\",\"dataSetElements\":[{"
    "\"dataElement\":{\"id\":\"TstDe000001\"}},{\"dataElement\":{\"id\":\"TstDe000003\"}}]}]}";

static struct ask server(enum sim_release release) {
  struct ask ask = ask_new(release);
  assert_int_equal(ask_post(&ask, "/api/metadata", model).status, 200);
  return ask;
}

/* The answer, compared as JSON; what is a quote is written ' here. */
static void answers(struct ask *ask, const char *target, const char *want) {
  struct sim_reply reply = ask_get(ask, target);
  struct str text = arena_str(ask->arena, str_of(want));
  char *quoted = arena_alloc(ask->arena, text.n + 1);
  for (size_t i = 0; i < text.n; i++) quoted[i] = text.p[i] == '\'' ? '"' : text.p[i];
  json_t *expected = json_loads(quoted, JSON_DECODE_ANY, NULL), *got = json_loadb(reply.body.p, reply.body.n, JSON_DECODE_ANY, NULL);
  assert_non_null(expected);
  if (!json_equal(expected, got)) fail_msg("%s: %.*s, not %s", target, STR_ARG(reply.body), want);
  json_decref(expected);
  json_decref(got);
}

static void showing(void **state) {
  (void)state;
  struct ask ask = server(SIM_2_41);
  answers(&ask, "/api/dataElements/TstDe000001?fields=id,code", "{'id':'TstDe000001','code':'T_1'}");
  answers(&ask, "/api/dataElements/TstDe000001?fields=id,nonsense", "{'id':'TstDe000001'}");
  answers(&ask, "/api/dataElements/TstDe000003?fields=id,code", "{'id':'TstDe000003'}");
  answers(&ask, "/api/dataElements/TstDe000001?fields=categoryCombo", "{'categoryCombo':{'id':'TstCc000001'}}");
  answers(&ask, "/api/dataElements/TstDe000001?fields=categoryCombo[name,categories[name,categoryOptions[name]]]",
          "{'categoryCombo':{'name':'by sex','categories':[{'name':'sex','categoryOptions':[{'name':'men'},{'name':'women'}]}]}}");
  answers(&ask, "/api/dataElements/TstDe000001?fields=dataSetElements[dataSet[name]]",
          "{'dataSetElements':[{'dataSet':{'name':'monthly'}}]}");
  answers(&ask, "/api/categoryCombos/TstCc000001?fields=categoryOptionCombos~size", "{'categoryOptionCombos':2}");
  answers(&ask, "/api/categoryCombos/TstCc000001?fields=categoryOptionCombos~pluck(name)~rename(names)", "{'names':['men','women']}");
  answers(&ask, "/api/categoryCombos/TstCc000001?fields=categoryOptionCombos~isEmpty", "{'categoryOptionCombos':false}");
  answers(&ask, "/api/dataElements/TstDe000001?fields=displayName", "{'displayName':'cases'}");
  answers(&ask, "/api/dataElements/TstDe000001?fields=displayName&locale=fr", "{'displayName':'cas'}");
  answers(&ask, "/api/dataSets/TstDs000001?fields=dataSetElements[dataElement[id]]",
          "{'dataSetElements':[{'dataElement':{'id':'TstDe000001'}},{'dataElement':{'id':'TstDe000003'}}]}");
  ask_free(&ask);
}

/* Names of what a filter lets through, in the order of names. */
static void picks(struct ask *ask, const char *filter, const char *want) {
  struct str target = arena_printf(ask->arena, "/api/dataElements?paging=false&fields=name&order=name:iasc&%s", filter);
  struct sim_reply reply = ask_raw(ask, "GET", target, NULL, STR(""));
  json_t *body = json_loadb(reply.body.p, reply.body.n, 0, NULL), *element;
  struct buf names = BUF_INIT(4096);
  size_t i;
  json_array_foreach(json_object_get(body, "dataElements"), i, element)(void)
      buf_printf(&names, "%s%s", i ? " " : "", json_string_value(json_object_get(element, "name")));
  if (!str_eq(buf_str(&names), str_of(want)))
    fail_msg("%s: \"%.*s\", not \"%s\" (%d)", filter, STR_ARG(buf_str(&names)), want, reply.status);
  buf_free(&names);
  json_decref(body);
}

static void filtering(void **state) {
  (void)state;
  struct ask ask = server(SIM_2_41);
  static const struct {
    const char *filter, *want;
  } cases[] = {
      {"filter=name:eq:cases", "cases"},
      {"filter=name:ieq:DEATHS", "Deaths"},
      {"filter=name:ne:cases", "beds Deaths"},
      {"filter=name:like:ea", "Deaths"},
      {"filter=name:ilike:DEA", "Deaths"},
      {"filter=name:$like:ca", "cases"},
      {"filter=name:like$:s", "beds cases Deaths"},
      {"filter=name:!like:e", ""},
      {"filter=code:null", "beds"},
      {"filter=code:!null", "cases Deaths"},
      {"filter=id:in:[TstDe000001,TstDe000003,TstDe999999]", "beds cases"},
      {"filter=id:!in:[TstDe000001]", "beds Deaths"},
      {"filter=valueType:eq:NUMBER&filter=aggregationType:eq:SUM", "Deaths"},
      {"filter=valueType:eq:INTEGER&filter=aggregationType:eq:AVERAGE&rootJunction=OR", "beds cases"},
      {"filter=categoryCombo.id:eq:TstCc000001", "cases"},
      {"filter=categoryCombo.name:eq:by%20sex", "cases"},
      {"filter=dataSetElements.dataSet.id:eq:TstDs000001", "beds cases"},
      {"filter=name:eq:nothing", ""},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) picks(&ask, cases[i].filter, cases[i].want);
  ask_free(&ask);
}

static void pages(void **state) {
  (void)state;
  struct ask ask = server(SIM_2_41);
  answers(&ask, "/api/dataElements?fields=name&order=name:iasc&pageSize=2",
          "{'pager':{'page':1,'total':3,'pageSize':2,'pageCount':2,'nextPage':'http://127.0.0.1:8080/api/"
          "dataElements?page=2&pageSize=2&fields=name&order=name%3Aiasc'},'dataElements':[{'name':'beds'},{'name':'cases'}]}");
  answers(&ask, "/api/dataElements?fields=name&order=name:iasc&pageSize=2&page=2",
          "{'pager':{'page':2,'total':3,'pageSize':2,'pageCount':2,'prevPage':'http://127.0.0.1:8080/api/"
          "dataElements?pageSize=2&fields=name&order=name%3Aiasc'},'dataElements':[{'name':'Deaths'}]}");
  answers(&ask, "/api/dataElements?fields=name&paging=false&order=name:desc&filter=name:in:[beds,cases]",
          "{'dataElements':[{'name':'cases'},{'name':'beds'}]}");
  ask_free(&ask);
}

/* A broken escape in the query: up to 2.41 the parameter is not there, later it is an error. */
static void broken_escapes(void **state) {
  (void)state;
  struct ask old = server(SIM_2_41), new = server(SIM_2_43);
  answers(&old, "/api/dataElements?paging=false&fields=name&filter=name:eq:100%&filter=name:eq:beds", "{'dataElements':[{'name':'beds'}]}");
  assert_int_equal(ask_get(&new, "/api/dataElements?filter=name:eq:100%").status, 409);
  ask_free(&old);
  ask_free(&new);
}

static void tags(void **state) {
  (void)state;
  struct ask old = server(SIM_2_41), new = server(SIM_2_43);
  struct str tag;
  struct sim_reply first = ask_get(&old, "/api/dataElements/TstDe000001?fields=id");
  assert_true(http_headers_get(&first.headers, STR("ETag"), &tag));
  first = ask_get(&new, "/api/dataElements/TstDe000001?fields=id");
  assert_false(http_headers_get(&first.headers, STR("ETag"), &tag));
  ask_free(&old);
  ask_free(&new);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(reading),   cmocka_unit_test(any_text), cmocka_unit_test(showing),
                                     cmocka_unit_test(filtering), cmocka_unit_test(pages),    cmocka_unit_test(broken_escapes),
                                     cmocka_unit_test(tags)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}

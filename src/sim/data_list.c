/* data_list: GET /api/<class>: filtered, sorted, in pages. */
#include "base/buf.h"
#include "base/map.h"
#include "sim/data_internal.h"
#include "sim/values_internal.h"

enum { PAGE_SIZE = 50, ORDERS_MAX = 8, LIST_MAX = 1 << 30 };

/* --- order --- */

struct order {
  const struct sim_property *property;
  bool descending, folded;
};

struct sorted {
  const json_t *object;
  json_t *keys[ORDERS_MAX];
};

struct sorting {
  const struct data_call *call;
  const struct sim_class *class;
  struct order orders[ORDERS_MAX];
  size_t count;
};

/* Texts as the database sorts them: the recorded 2.41 one by bytes, the 2.43 one by letters first. */
static int letter(unsigned char c) {
  if (c >= 'A' && c <= 'Z') return c - 'A' + 'a';
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c >= 0x80 ? c : 0;
}

static int text_order(const char *a, const char *b, bool by_letters) {
  if (!by_letters) return strcmp(a, b);
  const char *x = a, *y = b;
  for (;;) {
    while (*x && !letter((unsigned char)*x)) x++;
    while (*y && !letter((unsigned char)*y)) y++;
    int difference = letter((unsigned char)*x) - letter((unsigned char)*y);
    if (difference) return difference;
    if (!*x) return strcmp(a, b);
    x++;
    y++;
  }
}

static int value_order(const json_t *a, const json_t *b, bool by_letters) {
  if (!a || !b) return (a == NULL) - (b == NULL); /* what is missing comes last */
  if (json_is_number(a) && json_is_number(b))
    return json_number_value(a) < json_number_value(b) ? -1 : json_number_value(a) > json_number_value(b);
  const char *x = json_string_value(a), *y = json_string_value(b);
  return x && y ? text_order(x, y, by_letters) : 0;
}

static int compare_rows(const void *x, const void *y, void *payload) {
  const struct sorting *sorting = payload;
  const struct sorted *a = x, *b = y;
  for (size_t i = 0; i < sorting->count; i++) {
    int order = value_order(a->keys[i], b->keys[i], sorting->orders[i].folded || sorting->call->sim->release >= SIM_2_42);
    if (order) return sorting->orders[i].descending ? -order : order;
  }
  return strcmp(data_uid(a->object), data_uid(b->object));
}

static void sort_rows(struct sorting *sorting, struct data_rows *rows) {
  struct sorted *sorted = mem_alloc_array(rows->list.n + 1, sizeof *sorted);
  for (size_t i = 0; i < rows->list.n; i++) {
    sorted[i].object = rows->list.p[i];
    for (size_t k = 0; k < sorting->count; k++)
      sorted[i].keys[k] = data_property(sorting->call, sorting->class, rows->list.p[i], sorting->orders[k].property);
  }
  qsort_r(sorted, rows->list.n, sizeof *sorted, compare_rows, sorting);
  for (size_t i = 0; i < rows->list.n; i++) {
    rows->list.p[i] = (json_t *)(uintptr_t)sorted[i].object;
    for (size_t k = 0; k < sorting->count; k++) json_decref(sorted[i].keys[k]);
  }
  free(sorted);
}

static void add_order(struct sorting *sorting, struct str text) {
  struct str rest = text, name = str_take(&rest, ':');
  const struct sim_property *property = sim_property_of(sorting->class, name);
  if (!property || !property->simple || sorting->count == ORDERS_MAX) return;
  bool descending = str_ends(rest, STR("desc")), folded = str_starts(rest, STR("i"));
  sorting->orders[sorting->count++] = (struct order){property, descending, folded};
}

static void read_orders(struct sorting *sorting, const char *prefix) {
  const char *name = arena_printf(sorting->call->arena, "%sorder", prefix).p;
  struct str text;
  for (size_t n = 0; (text = sim_param(sorting->call->request, name, n)).p; n++)
    while (text.p) add_order(sorting, str_take(&text, ','));
  if (!sorting->count) add_order(sorting, STR("name"));
}

/* --- choosing --- */

static void consider(struct data_call *call, const struct sim_class *class, const struct data_filters *filters, json_t *object,
                     struct data_rows *rows) {
  if (!object || !data_may_read(call, class, object) || (call->without_defaults && data_has_default_name(object))) return;
  if (data_filters_pass(call, filters, class, object)) VEC_PUSH(&rows->list, object);
}

static void free_rows(void *payload) {
  struct data_rows *rows = payload;
  VEC_FREE(&rows->list);
}

bool data_select(struct data_call *call, const struct sim_class *class, const char *prefix, int status, struct data_rows *ret) {
  const struct sim_objects *objects = call->sim->objects;
  struct sorting sorting = {.call = call, .class = class};
  struct str *ids;
  size_t count;
  const struct data_filters *filters = data_filters_read(call, class, prefix, status);
  if (!filters) return false;
  arena_on_free(call->arena, free_rows, ret);
  if (data_filters_ids(filters, &ids, &count)) {
    struct map seen = {0};
    for (size_t i = 0; i < count; i++)
      if (!map_put(&seen, ids[i], call))
        consider(call, class, filters, sim_objects_get(objects, class->plural, arena_cstr(call->arena, ids[i])), ret);
    map_free(&seen);
  } else
    for (size_t i = 0; i < sim_objects_count(objects, class->plural); i++)
      consider(call, class, filters, sim_objects_at(objects, class->plural, i), ret);
  read_orders(&sorting, prefix);
  sort_rows(&sorting, ret);
  return true;
}

/* --- pages --- */

struct page {
  bool on;
  size_t number, size, asked_size, total, pages;
};

static size_t number_of(struct data_call *call, const char *name, size_t otherwise) {
  uint64_t number;
  return str_to_u64(data_param(call, name), &number) && number < 1000000000 ? (size_t)number : otherwise;
}

static struct page page_of(struct data_call *call, size_t total) {
  struct page page = {.on = data_flag(call, "paging", true),
                      .number = number_of(call, "page", 1),
                      .asked_size = number_of(call, "pageSize", PAGE_SIZE),
                      .total = total};
  page.size = page.asked_size ? page.asked_size : 1; /* a page of nothing counts as pages of one */
  page.pages = (total + page.size - 1) / page.size;
  if (page.number < 1) page.number = 1;
  return page;
}

static void link_param(struct data_call *call, struct buf *link, const char *name) {
  struct str value;
  for (size_t n = 0; (value = sim_param(call->request, name, n)).p; n++) {
    struct str encoded = sim_url_encode(call->arena, value);
    (void)buf_printf(link, "%s%s=%.*s", link->n ? "&" : "", name, STR_ARG(encoded));
  }
}

/* Absolute, from the request's Host; in the order in which DHIS2 happens to write them. */
static json_t *page_link(struct data_call *call, const struct page *page, size_t number) {
  static const char *const kept[] = {
      "filter",           "totalPages",         "fields",          "order", "query", "rootJunction", "locale", "defaults", "userOnly",
      "userDataViewOnly", "includeDescendants", "includeChildren", "level"};
  struct buf query = BUF_INIT(1 << 20);
  if (number > 1) (void)buf_printf(&query, "page=%zu", number);
  if (page->size != PAGE_SIZE) (void)buf_printf(&query, "%spageSize=%zu", query.n ? "&" : "", page->size);
  for (size_t i = 0; i < sizeof kept / sizeof *kept; i++) link_param(call, &query, kept[i]);
  struct str link =
      data_link(call, arena_printf(call->arena, "/api/%.*s%s%.*s", STR_ARG(call->path), query.n ? "?" : "", STR_ARG(buf_str(&query))));
  buf_free(&query);
  return json_stringn(link.p, link.n);
}

static json_t *pager_of(struct data_call *call, const struct page *page) {
  size_t number = page->number > page->pages && page->pages
                      ? page->pages
                      : page->number; /* beyond the last page its number is told, with an empty list */
  json_t *pager =
      json_pack("{s:I, s:I, s:I}", "page", (json_int_t)number, "total", (json_int_t)page->total, "pageSize", (json_int_t)page->size);
  if (number < page->pages) json_object_set_new(pager, "nextPage", page_link(call, page, number + 1));
  if (number > 1) json_object_set_new(pager, "prevPage", page_link(call, page, number - 1));
  json_object_set_new(pager, "pageCount", json_integer((json_int_t)page->pages));
  return pager;
}

/* --- answers --- */

static void reply_csv(struct data_call *call, const json_t *rows, const struct data_fields *fields) {
  struct buf out = BUF_INIT(LIST_MAX);
  for (size_t i = 0; i < fields->list.n; i++) (void)buf_printf(&out, "%s%.*s", i ? "," : "", STR_ARG(fields->list.p[i].name));
  (void)buf_add(&out, STR("\n"));
  for (size_t r = 0; r < json_array_size(rows); r++) {
    for (size_t i = 0; i < fields->list.n; i++) {
      const char *text = json_string_value(json_object_get(json_array_get(rows, r), arena_cstr(call->arena, fields->list.p[i].name)));
      bool quoted = text && strpbrk(text, " ,\"\n");
      (void)buf_printf(&out, "%s%s%s%s", i ? "," : "", quoted ? "\"" : "", text ? text : "", quoted ? "\"" : "");
    }
    (void)buf_add(&out, STR("\n"));
  }
  sim_reply_text(call->reply, 200, "text/csv;charset=UTF-8", buf_str(&out));
  buf_free(&out);
}

/* An error while the answer is being written: 2.41 adds its error as a second JSON text, 2.43 says nothing. */
void data_reply_clash(struct data_call *call, json_t *body, const struct sim_class *class, struct str clash) {
  json_object_set_new(body, class->plural, json_array());
  sim_reply_json(call->reply, call->sim->release >= SIM_2_42 ? 200 : 409, body);
  if (call->sim->release >= SIM_2_42) return;
  struct sim_reply second = {.arena = call->arena};
  sim_reply_message(&second, 409, "ERROR", NULL, arena_cstr(call->arena, clash));
  call->reply->body = arena_printf(call->arena, "%.*s%.*s", STR_ARG(call->reply->body), STR_ARG(second.body));
}

void data_list_rows(struct data_call *call, const struct sim_class *class, const struct data_rows *rows) {
  struct str text = data_param(call, "fields");
  bool csv = str_starts(call->suffix, STR(".csv"));
  const struct data_fields *fields = data_fields_parse(call->arena, text.n ? text : csv ? STR("id,displayName") : STR("displayName,id"));
  struct page page = page_of(call, rows->list.n);
  json_t *body = json_object(), *list = json_array();
  size_t from = page.on ? (page.number - 1) * page.size : 0, to = page.on ? from + page.asked_size : rows->list.n;
  if (page.on) json_object_set_new(body, "pager", pager_of(call, &page));
  struct str clash = data_fields_clash(call->arena, fields);
  if (clash.p && rows->list.n) {
    json_decref(list);
    data_reply_clash(call, body, class, clash);
    return;
  }
  for (size_t i = from; i < to && i < rows->list.n; i++) json_array_append_new(list, data_show(call, class, rows->list.p[i], fields));
  if (csv) reply_csv(call, list, fields);
  json_object_set_new(body, class->plural, list);
  if (csv)
    json_decref(body);
  else
    sim_reply_json(call->reply, 200, body);
}

/* Lists of org units can be limited to those of the user, or to what lies below one. */
static bool unit_wanted(struct data_call *call, const json_t *unit) {
  const char *key = data_flag(call, "userOnly", false)           ? "organisationUnits"
                    : data_flag(call, "userDataViewOnly", false) ? "dataViewOrganisationUnits"
                                                                 : NULL;
  return !key || model_lists(call->user, key, data_uid(unit));
}

void data_list(struct data_call *call, const struct sim_class *class) {
  struct data_rows *rows = ARENA_NEW(call->arena, struct data_rows);
  if (!data_select(call, class, "", 400, rows)) return;
  if (strcmp(class->plural, "organisationUnits") == 0) {
    size_t kept = 0;
    for (size_t i = 0; i < rows->list.n; i++)
      if (unit_wanted(call, rows->list.p[i])) rows->list.p[kept++] = rows->list.p[i];
    rows->list.n = kept;
  }
  data_list_rows(call, class, rows);
}

/* Data values as JSON. The old engine reads them with Jackson: strictly, and with numbers as good as texts; the new one with a lenient reader of its own that wants texts. */
#include "base/json_stream.h"
#include "base/utf8.h"
#include "sim/values_import.h"

enum { CAPTURE_MAX = 8, SHOWN = 40 };

struct reader {
  struct import *im;
  struct values_group *group;
  unsigned depth, base; /* base: 1 where groups stand in an array */
  struct str key, row_key;
  bool in_values, in_row;
  struct row row;
  json_t *capture[CAPTURE_MAX]; /* what is kept as a tree: option combos by options, deletion */
  struct str capture_key;
  size_t captured;
  unsigned passed_over; /* depth of what is of no interest; 0: none */
  struct str trouble;   /* the first member that is no text (new engine) */
};

static void free_json(void *json) {
  json_decref(json);
}

/* --- members --- */

static bool is_text_kind(enum json_event event) {
  return event == JSON_EVENT_STRING || event == JSON_EVENT_NULL;
}

/* What a scalar says as text; p NULL: null. */
static struct str text_of(struct reader *r, enum json_event event, struct str text) {
  if (event == JSON_EVENT_TRUE) return STR("true");
  if (event == JSON_EVENT_FALSE) return STR("false");
  return event == JSON_EVENT_NULL ? STR_NONE : arena_str(r->im->arena, text);
}

static void set_text(struct reader *r, struct str *field, struct str key, enum json_event event, struct str text) {
  *field = text_of(r, event, text);
  if (!r->im->new_engine || is_text_kind(event) || r->trouble.p) return;
  const char *kind = event == JSON_EVENT_NUMBER ? "NUMBER" : "BOOLEAN";
  r->trouble =
      arena_printf(r->im->arena, "Path `$.%.*s` does not contain an STRING but a(n) %s: %.*s", STR_ARG(key), kind, STR_ARG(*field));
}

static enum flag flag_of(enum json_event event, struct str text) {
  if (event == JSON_EVENT_TRUE || (event == JSON_EVENT_STRING && str_eq(text, STR("true")))) return FLAG_YES;
  return event == JSON_EVENT_NULL ? FLAG_NONE : FLAG_NO;
}

static void row_member(struct reader *r, enum json_event event, struct str text) {
  const struct {
    const char *name;
    struct str *field;
  } texts[] = {
      {"dataElement", &r->row.element},      {"period", &r->row.period}, {"orgUnit", &r->row.unit},    {"categoryOptionCombo", &r->row.coc},
      {"attributeOptionCombo", &r->row.aoc}, {"value", &r->row.value},   {"comment", &r->row.comment}, {"storedBy", &r->row.stored_by}};
  for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
    if (str_eq(r->row_key, str_of(texts[i].name))) set_text(r, texts[i].field, r->row_key, event, text);
  if (str_eq(r->row_key, r->im->new_engine ? STR("followUp") : STR("followup"))) r->row.followup = flag_of(event, text);
  if (str_eq(r->row_key, STR("deleted"))) r->row.deleted = flag_of(event, text);
}

static void group_member(struct reader *r, enum json_event event, struct str text) {
  struct values_group *g = r->group;
  const struct {
    const char *name;
    struct str *field;
  } texts[] = {{"dataSet", &g->data_set},
               {"period", &g->period},
               {"orgUnit", &g->unit},
               {"attributeOptionCombo", &g->aoc},
               {"completeDate", &g->complete_date}};
  for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
    if (str_eq(r->key, str_of(texts[i].name))) set_text(r, texts[i].field, r->key, event, text);
  if (event == JSON_EVENT_TRUE && str_eq(r->key, STR("dryRun"))) {
    r->im->dry_run = true;
    r->im->shown_dry_run |= r->im->new_engine;
  }
  if (event == JSON_EVENT_NULL && str_eq(r->key, STR("dataValues")) && r->im->new_engine)
    r->trouble = STR("NULL node has no elements property.");
  if (event != JSON_EVENT_STRING) return;
  if (str_ends(r->key, STR("dScheme")))
    import_scheme(r->im, arena_cstr(r->im->arena, r->key), arena_str(r->im->arena, text), r->im->new_engine);
  if (r->im->new_engine) return;
  if (str_eq(r->key, STR("strategy"))) r->im->strategy = arena_str(r->im->arena, text);
}

/* --- what is kept as a tree --- */

static void capture_add(struct reader *r, json_t *value) {
  json_t *top = r->capture[r->captured - 1];
  if (json_is_array(top))
    json_array_append_new(top, value);
  else
    json_object_setn_new(top, r->capture_key.p, r->capture_key.n, value);
}

static void capture_open(struct reader *r, json_t *container) {
  if (r->captured) capture_add(r, container);
  r->capture[r->captured++] = container;
}

static void capture_begin(struct reader *r, json_t **owner) {
  *owner = json_object();
  arena_on_free(r->im->arena, free_json, *owner);
  capture_open(r, *owner);
}

static int capture_event(struct reader *r, enum json_event event, struct str text) {
  bool opens = event == JSON_EVENT_OBJECT || event == JSON_EVENT_ARRAY;
  if (opens && r->captured == CAPTURE_MAX) return -1;
  if (opens)
    capture_open(r, event == JSON_EVENT_OBJECT ? json_object() : json_array());
  else if (event == JSON_EVENT_OBJECT_END || event == JSON_EVENT_ARRAY_END)
    r->captured--;
  else if (event == JSON_EVENT_KEY)
    r->capture_key = arena_str(r->im->arena, text);
  else {
    struct str value = text_of(r, event, text);
    capture_add(r, value.p ? json_stringn(value.p, value.n) : json_null());
  }
  return 0;
}

/* --- events --- */

static void push_row(struct reader *r) {
  VEC_PUSH(&r->group->rows, r->row);
  r->row = (struct row){.element = STR_NONE};
}

static void opened(struct reader *r, enum json_event event) {
  bool object = event == JSON_EVENT_OBJECT;
  unsigned level = r->depth - r->base;
  if (r->depth == 1 && !object && r->im->new_engine)
    r->base = 1;
  else if (level == 1 && object)
    r->group = import_group(r->im);
  else if (level == 2 && !object && str_eq(r->key, STR("dataValues")))
    r->in_values = true;
  else if (level == 2 && object && str_eq(r->key, STR("deletion")) && r->im->new_engine)
    capture_begin(r, &r->group->deletion);
  else if (level == 3 && object && r->in_values)
    r->in_row = true;
  else if (level == 4 && object && r->in_row && str_eq(r->row_key, STR("categoryOptionCombo"))) {
    if (r->im->new_engine) capture_begin(r, &r->row.options);
  } else
    r->passed_over = r->depth;
}

/* The old engine takes the end of an option combo that is an object for the end of the value: what follows is a value of its own. */
static void closed(struct reader *r, enum json_event event) {
  unsigned level = r->depth - r->base;
  if (event == JSON_EVENT_OBJECT_END && r->in_row && level >= 3) push_row(r);
  if (level == 3) r->in_row = false;
  if (level == 2) r->in_values = false;
}

static int on_event(void *payload, enum json_event event, struct str text, struct error *error) {
  struct reader *r = payload;
  (void)error;
  bool opens = event == JSON_EVENT_OBJECT || event == JSON_EVENT_ARRAY,
       closes = event == JSON_EVENT_OBJECT_END || event == JSON_EVENT_ARRAY_END;
  if (opens) r->depth++;
  if (r->passed_over) {
    if (closes && r->depth == r->passed_over) r->passed_over = 0;
  } else if (r->captured) {
    if (capture_event(r, event, text) < 0) return -1;
  } else if (opens) {
    opened(r, event);
  } else if (closes) {
    closed(r, event);
  } else if (event == JSON_EVENT_KEY) {
    if (r->in_row)
      r->row_key = arena_str(r->im->arena, text);
    else
      r->key = arena_str(r->im->arena, text);
  } else if (r->in_row && r->depth - r->base == 3) {
    row_member(r, event, text);
  } else if (r->group && r->depth - r->base == 1) {
    group_member(r, event, text);
  }
  if (closes) r->depth--;
  return 0;
}

/* --- texts that are no JSON --- */

static size_t first_of(struct str body) {
  size_t at = 0;
  while (at < body.n && strchr(" \t\r\n", body.p[at])) at++;
  return at;
}

/* The new engine's reader: what it says about a text that it cannot read, as far as that is simple. */
static struct str complaint(struct arena *a, struct str body) {
  size_t at = first_of(body), end = utf8_boundary(body, at + SHOWN < body.n ? at + SHOWN : body.n), next = at;
  if (at == body.n)
    return arena_printf(a, "Unexpected character at position %zu,\n%.*s\n%*s^ expected a JSON value but found EOI", at, STR_ARG(body),
                        (int)at, "");
  (void)utf8_next(body, &next);
  if (!strchr("{[\"-0123456789tfn", body.p[at]))
    return arena_printf(a, "Unexpected character at position %zu,\n%.*s\n%*s^ expected start of a JSON value but found: `%.*s`", at,
                        (int)end, body.p, (int)at, "", (int)(next - at), body.p + at);
  size_t quote = SIZE_MAX;
  for (size_t i = 0; i < body.n; i++) {
    if (body.p[i] == '"') quote = quote == SIZE_MAX ? i : SIZE_MAX;
    if (body.p[i] == '\\' && quote != SIZE_MAX) i++;
  }
  if (quote != SIZE_MAX) return arena_printf(a, "Expected \" but reach EOI: %.*s", STR_ARG(str_from(body, quote)));
  return arena_printf(a, "Unexpected character at position %zu,\n%.*s\n%*s^ expected a JSON value but found EOI", body.n, STR_ARG(body),
                      (int)body.n, "");
}

/* Broken bytes become U+FFFD, commas before a closing bracket go. */
static struct str lenient(struct arena *arena, struct str body) {
  char *out = arena_alloc(arena, body.n * 3 + 1);
  size_t n = 0, at = 0, comma = SIZE_MAX;
  bool quoted = false, escaped = false;
  while (at < body.n) {
    char c = body.p[at];
    if (quoted) {
      if (!escaped && c == '"') quoted = false;
      escaped = !escaped && c == '\\';
    } else {
      if ((c == '}' || c == ']') && comma != SIZE_MAX) out[comma] = ' ';
      if (c == ',')
        comma = n;
      else if (!strchr(" \t\r\n", c))
        comma = SIZE_MAX;
      quoted = c == '"';
    }
    n += utf8_encode(utf8_next(body, &at), out + n);
  }
  return (struct str){out, n};
}

static bool refuse(struct import *im, struct str body) {
  if (im->new_engine) return import_throw(im, 400, NULL, complaint(im->arena, body));
  const char *kind = "databind.exc.MismatchedInputException: No content to map due to end-of-input";
  if (first_of(body) < body.n)
    kind = body.p[first_of(body)] == '[' ? "databind.exc.MismatchedInputException: Cannot deserialize value from Array value"
                                         : "core.JsonParseException: Unexpected character";
  return import_end(im, "ERROR", arena_printf(im->arena, "The import process failed: com.fasterxml.jackson.%s", kind).p);
}

bool values_parse_json(struct import *im, struct str body) {
  static const struct str bom = {"\xef\xbb\xbf", 3};
  struct error error = {0};
  struct reader reader = {.im = im};
  if (!im->new_engine && str_starts(body, bom)) body = str_from(body, bom.n);
  struct json_stream *stream = json_stream_new((struct json_limits){0}, on_event, &reader);
  struct str text = im->new_engine ? lenient(im->arena, body) : body;
  bool good = json_stream_feed(stream, text, &error) == 0 && json_stream_finish(stream, &error) == 0;
  json_stream_free(stream);
  if (!good || (!im->new_engine && !im->groups.n)) return refuse(im, body);
  return reader.trouble.p ? import_throw(im, 500, NULL, reader.trouble) : true;
}

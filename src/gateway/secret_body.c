#include "gateway/secret_body.h"

#include "base/json_stream.h"

enum { TEXT_MAX = 16 * 1024 };

struct reading {
  struct secret_field *fields, *wanted; /* wanted: whose value comes next */
  size_t count;
  int depth;
};

static int refuse(struct error *error, const char *what) {
  return error_set(error, ERROR_bad_request, "the body is to be a JSON object of texts: %s", what);
}

static struct secret_field *find(struct reading *reading, struct str name) {
  for (size_t i = 0; i < reading->count; i++)
    if (str_eq(reading->fields[i].name, name)) return &reading->fields[i];
  return NULL;
}

static int take(struct reading *reading, enum json_event event, struct str text, struct error *error) {
  struct secret_field *field = reading->wanted;
  reading->wanted = NULL;
  if (!field) return 0;
  if (field->value) return error_set(error, ERROR_bad_request, "'%.*s' is there twice", STR_ARG(field->name));
  if (event == JSON_EVENT_NULL) return 0;
  if (field->truth) {
    if (event != JSON_EVENT_TRUE && event != JSON_EVENT_FALSE)
      return error_set(error, ERROR_bad_request, "'%.*s' is to be true or false", STR_ARG(field->name));
    *field->truth = event == JSON_EVENT_TRUE;
    return 0;
  }
  if (event != JSON_EVENT_STRING || str_find_char(text, '\0') != SIZE_MAX)
    return error_set(error, ERROR_bad_request, "'%.*s' is to be a text", STR_ARG(field->name));
  field->value = secret_new(text);
  return 0;
}

static int on_event(void *payload, enum json_event event, struct str text, struct error *error) {
  struct reading *reading = payload;
  switch (event) {
  case JSON_EVENT_OBJECT: return reading->depth++ == 0 ? 0 : refuse(error, "nothing may be nested in it");
  case JSON_EVENT_ARRAY: return refuse(error, "it holds a list");
  case JSON_EVENT_OBJECT_END:
  case JSON_EVENT_ARRAY_END: return 0;
  case JSON_EVENT_KEY: reading->wanted = find(reading, text); return 0;
  default: return reading->depth ? take(reading, event, text, error) : refuse(error, "it is none");
  }
}

void secret_body_clear(struct secret_field *fields, size_t count) {
  for (size_t i = 0; i < count; i++) {
    secret_free(fields[i].value);
    fields[i].value = NULL;
  }
}

int secret_body_read(struct str json, struct secret_field *fields, size_t count, struct error *error) {
  struct reading reading = {.fields = fields, .count = count};
  struct error why = {0};
  for (size_t i = 0; i < count; i++) fields[i].value = NULL;
  struct json_stream *stream = json_stream_new((struct json_limits){.depth = 2, .text = TEXT_MAX, .secrets = true}, on_event, &reading);
  int failed = json_stream_feed(stream, json, &why) || json_stream_finish(stream, &why) ? -1 : 0;
  json_stream_free(stream);
  if (!failed) return 0;
  secret_body_clear(fields, count);
  if (why.code == ERROR_bad_request)
    *error = why;
  else
    (void)error_set(error, ERROR_bad_request, "the body is no JSON object: %s", why.message);
  return -1;
}

/* Any bytes, cut anywhere: the push parser and jansson agree on what is JSON, and objects that come in one piece are those that their events would tell. */
#include "base/json_stream.h"
#include <jansson.h>

static int ignore(void *payload, enum json_event event, struct str text, struct error *error) {
  *(size_t *)payload += text.n + (size_t)event;
  (void)error;
  return 0;
}

struct told {
  uint64_t hash; /* of all events */
};

static void hash(struct told *told, enum json_event event, struct str text) {
  told->hash = (told->hash ^ (uint64_t)event) * 1099511628211u;
  for (size_t i = 0; i < text.n; i++) told->hash = (told->hash ^ (unsigned char)text.p[i]) * 1099511628211u;
}

static int note(void *payload, enum json_event event, struct str text, struct error *error) {
  (void)error;
  hash(payload, event, text);
  return 0;
}

static int note_object(void *payload, const struct json_member *members, size_t count, struct error *error) {
  (void)error;
  if (count == 3) return 0;
  hash(payload, JSON_EVENT_OBJECT, STR_NONE);
  for (size_t i = 0; i < count; i++) {
    hash(payload, JSON_EVENT_KEY, members[i].name);
    hash(payload, members[i].event, members[i].text);
  }
  hash(payload, JSON_EVENT_OBJECT_END, STR_NONE);
  return 1;
}

/* Whole where objects may come in one piece, byte by byte where none can. */
static void both_ways(struct str text) {
  struct told told[2] = {{1}, {1}};
  struct error error = {0};
  int result[2] = {0};
  for (unsigned way = 0; way < 2; way++) {
    struct json_stream *stream = json_stream_new((struct json_limits){.depth = 200}, note, &told[way]);
    if (way == 0) json_stream_objects(stream, note_object);
    for (size_t at = 0, n = way ? 1 : text.n; at < text.n && result[way] == 0; at += n)
      result[way] = json_stream_feed(stream, str_slice(text, at, at + n), &error);
    if (result[way] == 0) result[way] = json_stream_finish(stream, &error);
    json_stream_free(stream);
  }
  if (result[0] != result[1] || (result[0] == 0 && told[0].hash != told[1].hash)) abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  if (size < 1) return 0;
  struct str text = {(const char *)data + 1, size - 1};
  both_ways(text);
  size_t sum = 0, chunk = (size_t)data[0] + 1;
  struct error error = {0};
  struct json_stream *stream = json_stream_new((struct json_limits){.depth = 200}, ignore, &sum);
  int ours = 0;
  for (size_t at = 0; at < text.n && ours == 0; at += chunk) ours = json_stream_feed(stream, str_slice(text, at, at + chunk), &error);
  if (ours == 0) ours = json_stream_finish(stream, &error);
  json_stream_free(stream);
  if (memchr(text.p, '\0', text.n)) return 0; /* jansson takes a NUL behind a number for the end */
  json_error_t why;
  json_t *other = json_loadb(text.p, text.n, JSON_DECODE_ANY | JSON_ALLOW_NUL, &why);
  /* jansson refuses numbers that overflow and nests deeper; what it takes, we take, unless it is too deep for us. */
  if (other && ours != 0 && !strstr(error.message, "deeply")) abort();
  if (!other && ours == 0 && json_error_code(&why) != json_error_numeric_overflow) abort();
  json_decref(other);
  return 0;
}

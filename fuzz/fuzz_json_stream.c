/* Any bytes, cut anywhere: the push parser and jansson agree on what is JSON. */
#include "base/json_stream.h"
#include <jansson.h>

static int ignore(void *payload, enum json_event event, struct str text, struct error *error) {
  *(size_t *)payload += text.n + (size_t)event;
  (void)error;
  return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  if (size < 1) return 0;
  struct str text = {(const char *)data + 1, size - 1};
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

/* json_stream: reads JSON of any length as it comes, in constant memory (RFC 8259, strict).
 *
 * For values, metadata exports and everything else that may be large; small documents (below 1 MiB) are jansson's.
 *
 * What holds always: chunks may be cut anywhere, also inside a character or an escape; the events are the same. Input
 * must be UTF-8 without a byte order mark; one value, then only white space. Strings come decoded; numbers come as written (so that
 * exact decimals stay exact). Text is borrowed and good only during the call. A lone surrogate escape, an overlong or broken
 * byte sequence, a control character in a string, a leading zero, a trailing comma: refused. Members that repeat are passed on
 * as they come; whoever cares refuses them.
 *
 * Life cycle: json_stream_new, feed any number of times, finish, free. After a failure or a stop only free is allowed. */
#ifndef DRAWBRIDGE_BASE_JSON_STREAM_H
#define DRAWBRIDGE_BASE_JSON_STREAM_H

#include "base/error.h"

enum json_event {
  JSON_EVENT_OBJECT,
  JSON_EVENT_OBJECT_END,
  JSON_EVENT_ARRAY,
  JSON_EVENT_ARRAY_END,
  JSON_EVENT_KEY,    /* text: the name */
  JSON_EVENT_STRING, /* text: decoded */
  JSON_EVENT_NUMBER, /* text: as written */
  JSON_EVENT_TRUE,
  JSON_EVENT_FALSE,
  JSON_EVENT_NULL,
};

/* 0: go on. Anything else stops: feed returns -1; the handler has filled its own struct error or knows why. */
typedef int json_handler(void *payload, enum json_event event, struct str text, struct error *error);

struct json_limits {
  size_t depth; /* 0: 64 */
  size_t text;  /* longest string, key or number in bytes; 0: 1 MiB */
  bool secrets; /* no copy of a text is left in memory behind json_stream_free; `text` is then taken at once: keep it small */
};

struct json_stream;

struct json_stream *json_stream_new(struct json_limits limits, json_handler *handler, void *payload);

/* A shorter way for long lists of small objects. One that lies in the chunk whole, inside something else, without white space and with texts (no escapes), true, false and null alone in it, up to JSON_MEMBERS of them, is given to `handler` in one piece in
 * place of its events: 1, it is taken; 0, it comes by its events; -1, as json_handler. All others come by their events, so that whoever uses this can do both. */
enum { JSON_MEMBERS = 16 };
struct json_member {
  struct str name, text; /* text.p == NULL: `event` is no string */
  enum json_event event;
  uint64_t name_number; /* of the same name in the same place of one object after the other: the same, and of no other name in that place */
};
typedef int json_object_handler(void *payload, const struct json_member *members, size_t count, struct error *error);
void json_stream_objects(struct json_stream *stream, json_object_handler *handler);

void json_stream_free(struct json_stream *stream);

/* 0, or -1 with ERROR_input and the place ("line 3, byte 210: …"), or what the handler set. */
int json_stream_feed(struct json_stream *stream, struct str chunk, struct error *error);

/* The end of input: -1 with ERROR_input where the value was not complete. */
int json_stream_finish(struct json_stream *stream, struct error *error);

#endif

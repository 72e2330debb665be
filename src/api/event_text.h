/* event_text: one event of a stream (text/event-stream, as the HTML standard has it). Pure. */
#ifndef DRAWBRIDGE_API_EVENT_TEXT_H
#define DRAWBRIDGE_API_EVENT_TEXT_H

#include "base/buf.h"

enum { EVENT_ID_SIZE = 17 };

/* The same for the same data, whoever makes it: what a client has seen of one process it has seen of all. Returns `ret`. */
const char *event_id(struct str data, char ret[EVENT_ID_SIZE]);

/* Data of several lines stays one event. */
void event_text(struct buf *out, struct str id, struct str data);

#endif

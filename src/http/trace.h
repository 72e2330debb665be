/* trace: where a request stands among others, as W3C Trace Context (level 2) writes it: `traceparent` and `tracestate`.
 *
 * What holds always: what is not exactly of the grammar is as if it were not there, and a tracestate is nothing without its traceparent. A later version is read as far as version 00 goes. We write version 00, with the flags `sampled` and
 * `random` alone. Ids are small hexadecimal letters and never all zeros. Nothing here is a secret, or proves anything: whoever sends a traceparent chooses it.
 *
 * Pure. Texts borrow from the headers and the arena. */
#ifndef DRAWBRIDGE_HTTP_TRACE_H
#define DRAWBRIDGE_HTTP_TRACE_H

#include "http/message.h"

enum { TRACE_ID_LETTERS = 32, TRACE_SPAN_LETTERS = 16, TRACE_PARENT_LETTERS = 55, TRACE_STATE_MAX = 512 };

struct trace {
  char id[TRACE_ID_LETTERS + 1];
  char span[TRACE_SPAN_LETTERS + 1];   /* our own: what is called in this request is a child of it */
  char parent[TRACE_SPAN_LETTERS + 1]; /* who called; empty: the trace begins here */
  unsigned char flags;                 /* 1: sampled, 2: the id is random */
  struct str state;                    /* tracestate, to be sent on as it is; p == NULL: none */
};

enum { TRACE_SAMPLED = 1, TRACE_RANDOM = 2 };

/* Fills all but the span. False: no traceparent, two of them, or a malformed one; *ret is not touched. */
bool trace_continue(const struct http_headers *headers, struct arena *arena, struct trace *ret);

/* Two numbers as the id of a new trace, which is sampled; not both 0. */
void trace_begin(struct trace *ret, uint64_t high, uint64_t low);
void trace_set_span(struct trace *trace, uint64_t number); /* not 0 */

/* "00-<id>-<span>-01", TRACE_PARENT_LETTERS and a NUL. Returns `ret`. */
const char *trace_parent(const struct trace *trace, char ret[TRACE_PARENT_LETTERS + 1]);

#endif

/* h1: the body of one HTTP/1.x message, taken out of the bytes of its connection.
 *
 * What holds always: two readers look at every request, and at every answer whose end lies in its bytes (chunks) or at the connection's: the guard (http/guard.h) and llhttp behind it. They must agree on the
 * head's framing, on each run of data and on the end; else the message is broken and the connection must not be used further. An answer that says its length, or has no body, is counted: the guard has judged
 * that number, and a second reader would cost each call more than the rest of the reading does (fuzz_message holds llhttp against it). Only runs of data come out; chunk sizes, extensions and trailers stay inside. No callbacks: who calls h1_next takes one piece at a time, and may stop in between.
 *
 * Life cycle: h1_start with the head that the guard let pass, h1_next until END or BROKEN; nothing to free. A struct h1 does not move between these. */
#ifndef DRAWBRIDGE_HTTP_H1_H
#define DRAWBRIDGE_HTTP_H1_H

#include "http/guard.h"
#include <llhttp.h>

enum h1_kind { H1_REQUEST, H1_ANSWER };
enum h1_found { H1_MORE, H1_DATA, H1_END, H1_BROKEN };

struct h1 {
  llhttp_t parser; /* of what is not counted */
  enum h1_kind kind;
  struct guard_framing framing;
  struct guard_chunks chunks;
  int64_t left;     /* of GUARD_LENGTH */
  struct str piece; /* what llhttp called data in the bytes it was given last */
  bool head_seen, complete;
};

/* -1: ERROR_bad_request (H1_REQUEST) or ERROR_upstream_broken: llhttp does not agree. */
int h1_start(struct h1 *h1, enum h1_kind kind, struct str head, const struct guard_framing *framing, struct error *error);

/* Takes the next bytes of the body off *bytes. DATA: one run, borrowed, in *ret_piece. END: the body is whole; what is left in *bytes belongs to the next message. */
enum h1_found h1_next(struct h1 *h1, struct str *bytes, struct str *ret_piece, struct error *error);

/* The connection's end was reached: END if that is how this body ends, else BROKEN with ERROR_upstream_broken. */
enum h1_found h1_eof(struct h1 *h1, struct error *error);

#endif

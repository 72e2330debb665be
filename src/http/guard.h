/* guard: judges the head of an HTTP/1.x message before anything else reads it, and the framing lines of a chunked body as they come.
 *
 * What holds always: functions over bytes, without clock, socket or state of their own. What another reader could read in two ways is refused, never mended (R-G8, R-G9, R-G11; RFC 9112
 * sections 2.2, 3.2, 5.1, 5.2, 6.1 to 6.3, 7.1, 11.2). Refused in requests and answers alike:
 *   - a line that does not end with CR LF, a CR elsewhere, NUL and other controls, DEL
 *   - a folded header line, a blank before the colon, an empty name, a name that is not a token, a line without colon
 *   - Content-Length with Transfer-Encoding; either of them twice; a length that is not plain digits (18 at most, no leading zero); an encoding other than exactly `chunked`; Transfer-Encoding in HTTP/1.0
 *   - a version other than HTTP/1.0 and HTTP/1.1, or none
 *   - a chunk size that is not 1 to 16 hexadecimal digits at once followed by CR LF or `;`, chunk data not followed by CR LF, controls in chunk extensions and trailers
 * in requests also:
 *   - no Host in HTTP/1.1, two of them, one that is not `name[:port]`
 *   - methods but GET, HEAD, POST, PUT, PATCH, DELETE and OPTIONS (ERROR_method_refused; CONNECT and TRACE above all, R-G13)
 *   - a target with controls, blanks, `#`, `\` or bytes above 0x7e, or neither `/…` nor `http[s]://…` (ERROR_bad_target)
 * Dropped: header fields with `_` in the name: readers that fold `_` to `-` would see a field that the policy here did not (X_Forwarded_User); nginx drops them as well. The rest stays good.
 *
 * Results borrow from the bytes given. */
#ifndef DRAWBRIDGE_HTTP_GUARD_H
#define DRAWBRIDGE_HTTP_GUARD_H

#include "base/error.h"
#include "http/message.h"

struct guard_limits {
  size_t head_bytes;   /* ERROR_head_too_large */
  size_t head_fields;  /* ERROR_head_too_large */
  size_t target_bytes; /* ERROR_target_too_long */
};

enum guard_body { GUARD_NO_BODY, GUARD_LENGTH, GUARD_CHUNKED, GUARD_UNTIL_CLOSE };

struct guard_framing {
  enum guard_body body;
  int64_t length;      /* of GUARD_LENGTH, above 0; else 0 */
  int64_t told_length; /* what Content-Length says, also where no body follows (answers to HEAD, 304); -1: not there */
  bool http_1_0;
  bool keep_alive;       /* as version and Connection have it */
  bool expects_continue; /* requests */
};

struct guard_answer {
  int status; /* 100 … 599 */
  struct http_headers headers;
};

/* Has a head ended in `bytes`? 1: yes, its length with the empty line in *ret_length. 0: not yet; *scanned (0 at first) is what need not be looked at again. -1: ERROR_bad_request
 * (a bare LF), ERROR_target_too_long or ERROR_head_too_large: no end within the limit. */
int guard_head_end(struct str bytes, const struct guard_limits *limits, size_t *scanned, size_t *ret_length, struct error *error);

/* A whole head. -1 with the codes above, or ERROR_bad_request. An absolute target gives its path and query as the target and its authority as `host` (RFC 9112 section 3.2.2: the Host field does not count then):
 * whether that host is served here is the handler's to judge (421). */
int guard_request(struct arena *arena, struct str head, const struct guard_limits *limits, struct http_request *ret,
                  struct guard_framing *ret_framing, struct error *error);

/* `to_head`: it answers a HEAD request. -1: ERROR_upstream_broken. */
int guard_answer(struct arena *arena, struct str head, const struct guard_limits *limits, bool to_head, struct guard_answer *ret,
                 struct guard_framing *ret_framing, struct error *error);

/* The framing of a chunked body. All-zero is the start. */
struct guard_chunks {
  int state;
  unsigned digits;
  uint64_t left; /* of the chunk */
  size_t line;   /* bytes of the extension or of all trailers so far: 8 KiB at most */
  bool has_name; /* in a trailer line */
};

enum guard_chunks_found { GUARD_CHUNKS_MORE, GUARD_CHUNKS_DATA, GUARD_CHUNKS_END, GUARD_CHUNKS_BROKEN };

/* Looks at the next bytes and says how many of them (*ret_used) it has judged: MORE: all of them, no data among them; DATA: up to the end of a run of data, *ret_data of its last bytes; END: up to the end of the
 * body, nothing behind it is touched; BROKEN: with ERROR_bad_request. */
enum guard_chunks_found guard_chunks_next(struct guard_chunks *chunks, struct str bytes, size_t *ret_used, size_t *ret_data,
                                          struct error *error);

#endif

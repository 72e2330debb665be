/* static_file: an answer with bytes that are there already: the page, the SDK, the files of an app that drawbridge hosts.
 *
 * What holds always: GET and HEAD alone, else 405. Brotli before gzip before plain, as Accept-Encoding has it (RFC 9110 12.5.3), with an ETag per coding; If-None-Match answers 304. Pure: no call to the network. */
#ifndef DRAWBRIDGE_HTTP_STATIC_FILE_H
#define DRAWBRIDGE_HTTP_STATIC_FILE_H

#include "http/message.h"

struct static_file {
  struct str type, cache;         /* Content-Type, Cache-Control */
  struct str tag;                 /* of the bytes; without quotes */
  struct str plain, gzip, brotli; /* the last two may be empty */
};

struct static_reply {
  int status; /* 200, 304, 404, 405 */
  struct http_headers headers;
  struct str body; /* borrowed from the file */
};

/* Adds to what ret->headers has already; headers lie in `arena`. `file` NULL: 404. */
void static_file_reply(const struct static_file *file, const struct http_request *request, struct arena *arena, struct static_reply *ret);

/* Does the browser take this coding? What is named in Accept-Encoding outweighs the star, wherever it stands; a weight of 0 is a refusal (RFC 9110 12.4.2). */
bool static_file_accepts(const struct http_headers *headers, struct str coding);

#endif

/* assets: the page and the browser SDK, embedded in the program.
 *
 * What holds always: the bytes are read-only parts of the program, made by tools/mkassets.py. Every file of the page is at /ui/<version>/<file>, where the version is a hash
 * over all of them, and may be kept for ever; "/" and the addresses of the page's screens answer index.html, which is asked for anew each time and mostly
 * answered 304. The SDK at /sdk/drawbridge.js may be loaded by other origins.
 * The page runs under a content policy without inline script, inline style or a script sink that takes text (Trusted Types).
 *
 * Addresses of the page that other parts lead to:
 *   /servers                                            servers and sign-in
 *   /sign-in/{server}?return_to=ADDRESS&problem=CODE    sign-in to one server (`login_url` of the API); both parameters may be missing. With start=1 who is signed in
 *                                                       already goes on, and where the server signs people in itself that begins at once (the launcher)
 *   /alignments, /alignments/new, /alignments/{id}, /alignments/{id}/send, /runs, /runs/{id} */
#ifndef DRAWBRIDGE_API_ASSETS_H
#define DRAWBRIDGE_API_ASSETS_H

#include "http/server.h"
#include "http/static_file.h"

/* False: not an address of the page or SDK. Else *ret is the answer, its headers in `arena`. No call to the network: for tests and for assets_serve. */
bool assets_find(const struct http_request *request, struct arena *arena, struct static_reply *ret);

/* Answers the exchange if its path is an address of the page or SDK; false: untouched. `https`: browsers are told to stay with it. */
bool assets_serve(struct http_exchange *exchange, bool https);

#endif

/* rewrite: addresses of the upstream in what it answers become addresses of the gateway, so that an app that follows a link stays inside (pager links, href, Location). Pure.
 *
 * What holds always: only a JSON string value (not a member's name) that begins with the upstream's base, followed by the end of the string, '/', '?' or '#', is changed, and of it
 * only that beginning; `\/` counts as `/`. All other bytes go out as they came, whatever they are: a body that is not JSON, or breaks off, comes out as it went in. Chunks may be cut anywhere;
 * what is held back between two chunks is shorter than the base with every slash escaped. DHIS2 builds links from the Host header and X-Forwarded-Proto (2.41, 2.43), so the base is what was sent there.
 *
 * Life cycle: rewrite_new, rewrite_feed for each piece, rewrite_finish for what is held back, rewrite_free. */
#ifndef DRAWBRIDGE_GATEWAY_REWRITE_H
#define DRAWBRIDGE_GATEWAY_REWRITE_H

#include "base/str.h"

struct rewrite;

/* `from`: "https://dhis2.example.org/central"; `to`: "https://gw.example.org/s/central"; neither with a final slash, both copied. */
struct rewrite *rewrite_new(struct str from, struct str to);
void rewrite_free(struct rewrite *rewrite);

/* Hands on what is known so far, in up to a few pieces per input piece; they are borrowed from `piece` or from the rewriter. */
void rewrite_feed(struct rewrite *rewrite, struct str piece, void (*out)(void *payload, struct str piece), void *payload);
void rewrite_finish(struct rewrite *rewrite, void (*out)(void *payload, struct str piece), void *payload);

/* Could anything be changed in this whole body? False is certain: the rewriter may be left out. */
bool rewrite_may_change(struct str from, struct str body);

size_t rewrite_count(const struct rewrite *rewrite); /* addresses changed so far; 0: the bytes are the same */

/* Where does an address that the upstream named lie? */
enum rewrite_place {
  REWRITE_INSIDE,  /* under the base: *ret_rest is what follows it ("/api/x?y#z", or empty) */
  REWRITE_OUTSIDE, /* another server: never handed on with a credential */
};

/* `location` as the upstream wrote it: absolute, //host/path or /path (anything else is taken as outside). Scheme and host without case; a default port is no port. */
enum rewrite_place rewrite_location(struct str from, struct str location, struct str *ret_rest);

#endif

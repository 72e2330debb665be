/* asking: who sends a request, and may it be looked at at all: Host, Origin, the header X-Drawbridge, navigations, preflights (contracts, section 4). Pure.
 *
 * What holds always:
 * - A request for another host than that of public_url is ERROR_wrong_host. X-Forwarded-Host and X-Forwarded-For count only where the other end is a listed proxy (R-G7), and decide nothing but this
 *   and what the log names.
 * - An app in mode `handle`, or in `auto` where it sends a proof, has no cookie: its session comes in X-Drawbridge-Session, with a proof in X-Drawbridge-Proof.
 * - An Origin that is neither public_url's nor an app's is ERROR_cross_site, on calls and on preflights.
 * - A call to /v1 without `X-Drawbridge: 1`, and one to /s without any of the proofs, is ERROR_missing_header before anything else is done. A navigation (an address that a person opened) needs no header; it may
 *   only read, and one that another site started is ERROR_cross_site, but for `authorize` and `callback`, which are navigations alone.
 * - The page, the SDK and the files of hosted apps are for everybody: nothing but the host is checked.
 * - A hosted app (hosted.h) calls under its origin like a listed one; what browsers load for it without an Origin (an image, a download that a person opened) is proven by a Referer that is its origin, since no page can send
 *   another's. One that is not `trusted` and calls what is not its own is ERROR_policy.
 *
 * Texts borrow from the config, the request and the arena. */
#ifndef DRAWBRIDGE_GATEWAY_ASKING_H
#define DRAWBRIDGE_GATEWAY_ASKING_H

#include "gateway/config.h"
#include "http/message.h"

enum asking_place {
  ASKING_PAGE,     /* anything that is not below /v1 or /s */
  ASKING_API,      /* /v1/… */
  ASKING_SIGN_IN,  /* /v1/servers/{id}/authorize, /v1/callback/{id}: navigations alone */
  ASKING_PROXIED,  /* /s/{id}/… */
  ASKING_HOSTED,   /* the origin of an app that drawbridge serves itself: nothing else is there */
  ASKING_PROVIDER, /* /v1/backchannel-logout/{id}: an authorization server, which proves itself by what it signs */
};

struct asking {
  enum asking_place place;
  struct str origin;            /* as configured; empty: none was sent (a program, or our own page reading) */
  const struct config_app *app; /* NULL: our own page, or a program. ASKING_HOSTED: the app whose files are asked for */
  enum config_mode mode;        /* how the session of the one who asks is held */
  struct str handle, proof;     /* of an app in mode `handle`: its session and what it signed (proof.h), unread; empty: not sent */
  bool preflight;               /* to be answered by asking_preflight, whatever the address */
  bool navigation;
  struct str peer; /* address of the browser, as far as it is believed */
};

/* 0; or -1 with one of the codes above or ERROR_bad_request (two Origin headers). *ret is filled as far as it is known in any case, so that the answer can be read by an app that is listed. `peer`: the other end of the
 * connection. */
int asking_read(const struct config *config, const struct http_request *request, struct str peer, struct arena *arena, struct asking *ret,
                struct error *error);

/* Is the other end of the connection one of trusted_proxies? */
bool asking_by_proxy(const struct config *config, struct str peer);

/* Headers of an answer to a preflight (204). */
void asking_preflight(const struct asking *asking, struct arena *arena, struct http_headers *headers);

/* What every answer below /v1 and /s carries: CORS for the one who asked, Vary, no-store where nothing else is said yet, nosniff, who may embed it (R-F1, R-F2, R-F11). */
void asking_headers(const struct config *config, const struct asking *asking, struct arena *arena, struct http_headers *headers);

#endif

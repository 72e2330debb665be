/* site: how a browser sees two origins: the same, two of one site (scheme and registrable domain), or of two sites. Pure.
 *
 * What holds always: the registrable domain comes from the Public Suffix List, as in browsers: `a.github.io` and `b.github.io` are two sites, `a.example.org` and `b.example.org` are one. An IP address,
 * and a name that is itself a public suffix, is of one site with nothing but itself. Ports do not matter to a site. In doubt it is another site. */
#ifndef DRAWBRIDGE_GATEWAY_SITE_H
#define DRAWBRIDGE_GATEWAY_SITE_H

#include "gateway/config.h"

bool site_same(struct arena *arena, struct str origin, struct str other);

/* How the session is held for an app on `origin`: what its configuration says, or, for `auto`, what follows from the two addresses. `app` NULL: drawbridge's own page. Never CONFIG_MODE_AUTO. */
enum config_mode site_mode(const struct config *config, struct arena *arena, const struct config_app *app, struct str origin);

/* Modes in which the session belongs to the app's origin alone, and a sign-in at a server ends in a hand-off. */
bool site_is_apart(enum config_mode mode);

const char *site_mode_name(enum config_mode mode); /* "same-origin", "same-site", "cross-site", "handle" */

#endif

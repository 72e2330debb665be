/* hosted: built DHIS2 apps (.zip) that drawbridge serves itself, each on an origin of its own (configuration: `zip` of an app).
 *
 * What holds always:
 * - The archive is read once, when the configuration is, with limits (base/zip.h); what is served are its files by their exact names, from memory. "/" is index.html. Where all of it lies in one folder with manifest.webapp, that folder is the root.
 * - Pages (.html) get what a DHIS2 server gives them: `__DHIS2_BASE_URL__` and `__DHIS2_APP_ROOT_URL__` are replaced, and `<meta name="dhis2-base-url">` stands after `<head>`; behind it a script of drawbridge's that leads people who are not
 *   signed in to the sign-in and back (sdk/hosted.js). In manifest.webapp `activities.dhis.href` is the base URL. All other files go out as they are.
 * - The base URL is `<public_url>/s/<server>`: the app's calls take the proxied path like those of any listed app on the same site.
 * - Nothing else is on that origin, neither the page nor the API. The content policy lets the app run its own scripts and call drawbridge, and what `reach` names.
 *
 * Life cycle: as long as the configuration; never changes. */
#ifndef DRAWBRIDGE_GATEWAY_HOSTED_H
#define DRAWBRIDGE_GATEWAY_HOSTED_H

#include "gateway/config.h"
#include "http/static_file.h"

enum { HOSTED_ZIP_MAX = 64 << 20, HOSTED_UNPACKED_MAX = 192 << 20, HOSTED_FILES_MAX = 10000 };

struct hosted_app;

/* `app` with its zip, server and origin; `bytes`: the archive, good as long as `arena`. NULL: ERROR_input: no archive, a broken or too large one, none with an index.html. */
struct hosted_app *hosted_app_read(const struct config *config, const struct config_app *app, struct str bytes, struct arena *arena,
                                   struct error *error);

/* The app whose origin this Host is of; NULL: none. */
const struct config_app *hosted_at(const struct config *config, struct str host);

/* The answer to a request on the app's origin. */
void hosted_reply(const struct hosted_app *app, const struct http_request *request, struct arena *arena, struct static_reply *ret);

/* May an app (NULL: our own page, or a program) call this path? A hosted one that is not `trusted` reaches the proxied path of its server, and of the API what tells who is signed in. ERROR_policy. */
int hosted_check_reach(const struct config_app *app, struct str path, struct error *error);

#endif

#include "gateway/config_hosted.h"

#include "base/file.h"
#include "gateway/hosted.h"
#include "gateway/site.h"

static const char *check_place(const struct config *config, struct arena *arena, const struct config_app *app) {
  struct str origin = app->origins.n ? app->origins.p[0] : STR_NONE;
  if (app->origins.n != 1) return "an app with 'zip' has one origin: the one it is served on";
  if (str_eq(origin, config->public_origin))
    return "an app with 'zip' cannot be served on public_url itself: give it a host name of its own";
  if (!site_same(arena, origin, config->public_origin))
    return "an app with 'zip' needs a host name of public_url's site: browsers bring no cookie along from another one";
  for (size_t i = 0; i < config->app_count; i++)
    for (size_t k = 0; k < config->apps[i].origins.n; k++)
      if (&config->apps[i] != app && str_eq(config->apps[i].origins.p[k], origin))
        return "an app with 'zip' has its origin for itself: another app lists it, too";
  return NULL;
}

/* A sign-in comes back to the app's page. */
static void add_return(struct arena *arena, struct config_app *app) {
  struct config_texts all = {ARENA_ARRAY(arena, app->return_to.n + 1, struct str), app->return_to.n + 1};
  for (size_t i = 0; i < app->return_to.n; i++) all.p[i] = app->return_to.p[i];
  all.p[all.n - 1] = arena_concat(arena, app->origins.p[0], STR("/"));
  app->return_to = all;
}

static void load(struct arena *arena, struct config *config, struct config_app *app, config_report *report, void *payload) {
  struct str bytes;
  struct error error = {0};
  const char *wrong = check_place(config, arena, app);
  if (wrong) {
    report(payload, app->id, "origins", wrong);
  } else if (!config_server(config, app->server)) {
    report(payload, app->id, "server", "an app with 'zip' names the server that it takes for its own: the id of one under 'servers'");
  } else if (file_read(arena, arena_cstr(arena, app->zip), HOSTED_ZIP_MAX, &bytes, &error)) {
    report(payload, app->id, "zip", arena_printf(arena, "the archive cannot be read: %s", error.message).p);
  } else if (!(app->hosted = hosted_app_read(config, app, bytes, arena, &error))) {
    report(payload, app->id, "zip", arena_printf(arena, "%.*s: %s", STR_ARG(app->zip), error.message).p);
  } else {
    add_return(arena, app);
  }
}

void config_hosted_load(struct arena *arena, struct config *config, config_report *report, void *payload) {
  for (size_t i = 0; i < config->app_count; i++) {
    struct config_app *app = &config->apps[i];
    if (app->zip.n)
      load(arena, config, app, report, payload);
    else if (app->server.n || app->reach.n || app->inline_styles || app->trusted)
      report(payload, app->id, "zip", "'server', 'reach', 'inline_styles' and 'trusted' are for an app with 'zip'");
  }
}

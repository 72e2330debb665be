#include "api/sides.h"

static void free_arena(void *payload) {
  arena_free(payload);
}

/* Two threads do not take from one arena. */
static struct arena *arena_beside(struct arena *arena) {
  struct arena *beside = arena_new();
  arena_on_free(arena, free_arena, beside);
  return beside;
}

static int read_servers(struct api_job *job, const struct sides_asked *asked, struct dhis2_server *const servers[2],
                        struct side_found ret[2], struct error *error) {
  const struct dhis2_metadata *found[2];
  struct dhis2_reading readings[2];
  for (int i = 0; i < 2; i++) {
    const struct side_asked *side = &asked->sides[i];
    readings[i] = (struct dhis2_reading){arena_beside(job->arena), servers[i], side->data_sets, side->count, asked->extent, side->watch};
    dhis2_server_abort_when(servers[i], asked->cancel);
  }
  if (dhis2_metadata_read_both(readings, found, NULL, error)) return -1;
  if (asked->extent == DHIS2_EXTENT_PLACES && !(found[1] = dhis2_metadata_with_units_of(&readings[1], found[1], found[0], error)))
    return -1;
  for (int i = 0; i < 2; i++)
    ret[i] = (struct side_found){found[i], asked->locales ? dhis2_server_locale(servers[i], job->arena) : STR_NONE};
  return 0;
}

int sides_read(struct api_job *job, const struct sides_asked *asked, struct side_found ret[2], struct error *error) {
  struct dhis2_server *servers[2] = {0};
  int result = 0;
  for (int i = 0; result == 0 && i < 2; i++) {
    servers[i] = gateway_connection_server(job->gateway, job->session, asked->sides[i].server, error);
    if (!servers[i]) result = -1;
  }
  if (result == 0) result = read_servers(job, asked, servers, ret, error);
  for (int i = 0; i < 2; i++) dhis2_server_free(servers[i]);
  return result;
}

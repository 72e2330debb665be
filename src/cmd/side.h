/* side: a SIDE of `align` and `transfer` as named on the command line: a metadata export (`.json`), a CSV list, "-" for standard input, or `server:<id>` from the configuration.
 *
 * How far the reading of a server is, is shown (shown.h). A server is signed in to with the personal access token in DRAWBRIDGE_<ID>_TOKEN (the id in capitals, "-" as "_"); else with DRAWBRIDGE_<ID>_USER and DRAWBRIDGE_<ID>_PASSWORD; else with a token typed on the terminal, where there is one. Blocks. */
#ifndef DRAWBRIDGE_CMD_SIDE_H
#define DRAWBRIDGE_CMD_SIDE_H

#include "dhis2/metadata.h"
#include "dhis2/server.h"

enum { SIDE_DATA_SETS_MAX = 100 };

struct side_data_sets {
  struct str ids[SIDE_DATA_SETS_MAX];
  size_t n;
  const struct side_data_sets *shared; /* named for two sides without saying which: those count that this one holds. NULL: none */
};

/* Names one more: `take` of a struct line_option (line.h). */
const char *side_take_data_set(void *sets, const char *id);

/* Is it `server:<id>`? Then *ret_id is the id. */
bool side_is_server(const char *side, struct str *ret_id);

/* Signed in; to be freed with dhis2_server_free. NULL: ERROR_configuration, ERROR_unknown_server, ERROR_usage (no token to be had). */
struct dhis2_server *side_server(struct arena *arena, const char *config_path, struct str id, struct error *error);

/* Where the configuration keeps its store ("sqlite:FILE"). -1: as side_server. */
int side_store(struct arena *arena, const char *config_path, struct str *ret, struct error *error);

/* What the side holds, org units and calendar too; with data sets named, only those. A file that none of them is in, and none is named for alone: all elements in it. `from`: where the values of this side, a server, come from (dhis2_metadata_with_units_of); may be NULL. NULL: as dhis2_metadata_of_file, dhis2_metadata_read. */
const struct dhis2_metadata *side_metadata(struct arena *arena, const char *side, const struct side_data_sets *data_sets,
                                           const char *config_path, const struct dhis2_metadata *from, struct error *error);

/* ERROR_input: one of the data sets named for both is in neither. */
int side_shared_found(const struct side_data_sets *shared, const struct dhis2_metadata *source, const struct dhis2_metadata *target,
                      struct error *error);

/* The same for who can do with less: of a server, those of the data sets that it shows, and dhis2_metadata_none() where it shows none; of a file, all that is in it. */
const struct dhis2_metadata *side_shown(struct arena *arena, const char *side, const struct side_data_sets *data_sets,
                                        const char *config_path, struct error *error);

/* What is in DRAWBRIDGE_<ID>_TOKEN, to be freed by the caller; NULL: nothing. */
struct secret *side_token(struct arena *arena, struct str id);

#endif

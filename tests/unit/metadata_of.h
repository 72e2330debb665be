/* metadata_of: one side as its JSON says. What is not taken ends the program: it is a mistake in the test. */
#ifndef DRAWBRIDGE_TESTS_METADATA_OF_H
#define DRAWBRIDGE_TESTS_METADATA_OF_H

#include "dhis2/metadata.h"
#include <stdio.h>
#include <stdlib.h>

static inline const struct dhis2_metadata *metadata_of(struct arena *arena, struct str json) {
  struct error error = {0};
  struct dhis2_metadata_reader *reader = dhis2_metadata_reader_new(arena);
  const struct dhis2_metadata *metadata = NULL;
  if (dhis2_metadata_reader_feed(reader, json, &error) == 0) metadata = dhis2_metadata_reader_finish(reader, &error);
  if (!metadata) {
    (void)fprintf(stderr, "%s in %.*s\n", error.message, STR_ARG(json));
    abort();
  }
  return metadata;
}

#endif

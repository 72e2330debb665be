/* alignment_engine: the engine's answer around what is decided, for those that write it down. */
#ifndef DRAWBRIDGE_API_ALIGNMENT_ENGINE_H
#define DRAWBRIDGE_API_ALIGNMENT_ENGINE_H

#include "api/alignment.h"

/* The result lives in the arena. -1: as align_run. */
int alignment_run_engine(const struct alignment *alignment, const struct align_watch *watch, struct arena *arena,
                         const struct align_result **ret, struct error *error);

#endif

/* alignment_entry: one decision out of a request, applied to the list of them. For alignment_decide alone. */
#ifndef DRAWBRIDGE_API_ALIGNMENT_ENTRY_H
#define DRAWBRIDGE_API_ALIGNMENT_ENTRY_H

#include "api/alignment.h"
#include "base/json_doc.h"
#include "base/vec.h"

struct alignment_decisions {
  struct alignment_decision *p;
  size_t n, capacity;
};

/* As alignment_decide says of a decision. *ret_source: what it was about; its target says nothing. In the arena. */
int alignment_entry_apply(const struct alignment *alignment, const json_t *entry, const struct alignment_actor *actor, struct arena *arena,
                          struct alignment_decisions *list, struct decision *ret_source, struct error *error);

#endif

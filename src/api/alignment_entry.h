/* alignment_entry: one decision out of a request, applied to the list of them. For alignment_decide alone. */
#ifndef DRAWBRIDGE_API_ALIGNMENT_ENTRY_H
#define DRAWBRIDGE_API_ALIGNMENT_ENTRY_H

#include "api/decision_list.h"
#include "base/json_doc.h"

/* As alignment_decide says of a decision. *ret_source: what it was about; its target says nothing. In the arena. */
int alignment_entry_apply(const struct alignment *alignment, const json_t *entry, const struct alignment_actor *actor, struct arena *arena,
                          struct decision_list *list, struct decision *ret_source, struct error *error);

#endif

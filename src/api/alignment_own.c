/* What is the reader's own word, and so another person's to approve. A state is kept for all readers: this is put into it while it is answered. */
#include "api/alignment.h"

#include "base/map.h"

/* The element whose line it is, as alignment_state writes it; none: it is no element's. */
static struct str element_of(struct str line) {
  const struct str begins = STR("{\"source\":{\"id\":\"");
  if (str_starts(line, STR(","))) line = str_from(line, 1);
  if (!str_starts(line, begins) || !str_ends(line, STR("}"))) return STR_NONE;
  line = str_from(line, begins.n);
  return str_take(&line, '"');
}

bool alignment_with_own(const struct alignment *alignment, const struct alignment_actor *reader, struct str state, struct buf *out) {
  struct map own = {0};
  for (size_t i = 0; i < alignment->decision_count; i++) {
    const struct alignment_decision *d = &alignment->decisions[i];
    if (!d->what.of && alignment_same_person(d->person, d->by, reader->person, reader->name))
      (void)map_put(&own, d->what.source_data_element, out);
  }
  while (state.p) {
    struct str line = str_take(&state, '\n'), element = element_of(line);
    if (element.n && map_get(&own, element)) {
      (void)buf_add(out, str_slice(line, 0, line.n - 1));
      (void)buf_add(out, STR(",\"own\":true}"));
    } else {
      (void)buf_add(out, line);
    }
    if (state.p) (void)buf_add_char(out, '\n');
  }
  map_free(&own);
  return !out->full;
}

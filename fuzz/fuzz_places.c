/* Two metadata exports, cut at the first NUL (without one: the same on both sides): aligned without harm, the same each time; confidence in range, one answer for each source, nothing that the target does not hold. */
#include "align/places.h"
#include "align/to_mapping.h"

static const struct dhis2_metadata *read_export(struct arena *arena, struct str text) {
  struct error error = {0};
  struct dhis2_metadata_reader *reader = dhis2_metadata_reader_new(arena);
  const struct dhis2_metadata *metadata = NULL;
  if (dhis2_metadata_reader_feed(reader, text, &error) == 0) metadata = dhis2_metadata_reader_finish(reader, &error);
  if (!metadata) dhis2_metadata_reader_free(reader);
  return metadata;
}

static void check_pairs(const struct align_pairs *pairs) {
  for (size_t i = 0; i < pairs->count; i++) {
    const struct align_pair *row = &pairs->rows[i];
    bool first = !i || row[-1].source != row->source;
    if (!(row->confidence >= 0 && row->confidence <= 1) || !row->why.n || (row->answer == ALIGN_NONE) != !row->target) abort();
    if (first ? row->rank != 1 || row->answer == ALIGN_CANDIDATE : row->rank != row[-1].rank + 1 || row->answer != ALIGN_CANDIDATE) abort();
  }
}

static void same_pairs(const struct align_pairs *a, const struct align_pairs *b) {
  if (a->count != b->count) abort();
  for (size_t i = 0; i < a->count; i++)
    if (a->rows[i].source != b->rows[i].source || a->rows[i].target != b->rows[i].target || a->rows[i].answer != b->rows[i].answer) abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  struct arena *arena = arena_new();
  struct str target = {(const char *)data, size}, source = str_take(&target, '\0');
  const struct dhis2_metadata *from = read_export(arena, source), *to = target.n ? read_export(arena, target) : from;
  struct align_options options = {0};
  const struct align_places *once, *twice;
  struct error error = {0};
  if (from && to) {
    if (align_places(from, to, &options, NULL, 0, arena, &once, &error) || align_places(from, to, &options, NULL, 0, arena, &twice, &error))
      abort();
    check_pairs(&once->org_units);
    check_pairs(&once->attributes);
    same_pairs(&once->org_units, &twice->org_units);
    same_pairs(&once->attributes, &twice->attributes);
    const struct mapping *mapping =
        align_to_mapping(arena, from, to, &(struct align_result){0}, (struct align_mapping_options){.places = once});
    const struct mapping_periods *periods = &mapping->periods;
    if (periods->conversion == MAPPING_ROLL_UP && !periods->sound_count) abort();
  }
  arena_free(arena);
  return 0;
}

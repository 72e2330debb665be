/* Any bytes as decisions that the page sends, and as a mapping that is taken in: refused with words, or a list in which every id is one of its side's, and which reads back as it was written. */
#include "api/alignment.h"
#include "dhis2/metadata.h"
#include "mapping/formats.h"
#include <stdlib.h>

static const char export[] =
    "{\"dataElements\":[{\"id\":\"deOne000001\",\"name\":\"Malaria "
    "cases\",\"valueType\":\"NUMBER\",\"aggregationType\":\"SUM\",\"domainType\":\"AGGREGATE\",\"categoryCombo\":{\"id\":\"ccDef000001\"}},"
    "{\"id\":\"deTwo000002\",\"name\":\"Deaths\",\"valueType\":\"NUMBER\",\"aggregationType\":\"SUM\",\"domainType\":\"AGGREGATE\","
    "\"categoryCombo\":{\"id\":\"ccDef000001\"}}],"
    "\"categoryCombos\":[{\"id\":\"ccDef000001\",\"name\":\"default\"}],"
    "\"categoryOptionCombos\":[{\"id\":\"cocDef00001\",\"name\":\"default\",\"categoryCombo\":{\"id\":\"ccDef000001\"}}]}";

static const struct alignment_actor ada = {STR("ada"), STR("one:u1"), STR("2026-01-01T00:00:00Z")};

static const struct dhis2_metadata *metadata(struct arena *arena) {
  struct error error = {0};
  struct dhis2_metadata_reader *reader = dhis2_metadata_reader_new(arena);
  if (dhis2_metadata_reader_feed(reader, str_of(export), &error) < 0) abort();
  const struct dhis2_metadata *read = dhis2_metadata_reader_finish(reader, &error);
  if (!read) abort();
  return read;
}

static void written_and_read(struct arena *arena, const struct alignment *alignment) {
  struct buf out = BUF_INIT(ALIGNMENT_STATE_MAX);
  struct error error = {0};
  struct alignment again = {0};
  if (!alignment_keep(alignment, &out) || alignment_read(arena, buf_str(&out), &again, &error) < 0 ||
      again.decision_count != alignment->decision_count || again.remark_count != alignment->remark_count ||
      again.step_count != alignment->step_count)
    abort();
  for (size_t i = 0; i < again.decision_count; i++)
    if (!str_eq(again.decisions[i].note, alignment->decisions[i].note) || again.decisions[i].note.n > ALIGNMENT_NOTE_MAX) abort();
  buf_free(&out);
}

/* What was decided is taken back, and done again, as often as there are steps: then it is as it was. */
static void back_and_forth(struct arena *arena, const struct alignment *before, const struct alignment *after,
                           struct alignment_actor actor) {
  struct alignment now = *after;
  struct error error = {0};
  size_t steps = 0;
  while (alignment_decide(&now, STR("{\"undo\":true}"), actor, STR_NONE, arena, &now, &error) == 0) steps++;
  if (steps && now.decision_count > before->decision_count && after->step_count < ALIGNMENT_STEPS_MAX) abort();
  while (steps-- > 0) {
    error = (struct error){0};
    if (alignment_decide(&now, STR("{\"redo\":true}"), actor, STR_NONE, arena, &now, &error) < 0 &&
        after->step_count < ALIGNMENT_STEPS_MAX / 3)
      abort();
  }
}

/* What a mapping says, in any form, is a request that nothing can be said against. */
static void as_mapping(struct arena *arena, const struct alignment *alignment, struct str bytes) {
  size_t count, unknown;
  const struct format *all = formats_all(&count);
  for (size_t i = 0; i < count; i++) {
    struct format_job job = {.arena = arena, .source = alignment->source.metadata, .target = alignment->target.metadata};
    struct error error = {0};
    struct str json;
    struct alignment made;
    const struct mapping *mapping = format_read(&all[i], &job, bytes, &error);
    if (!mapping || alignment_entries(alignment, mapping, arena, &json, &unknown, &error)) continue;
    if (alignment_decide(alignment, json, ada, STR_NONE, arena, &made, &error)) abort();
  }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static const struct dhis2_metadata *side;
  static struct arena *kept;
  if (!side) side = metadata(kept = arena_new());
  struct arena *arena = arena_new();
  struct alignment alignment = {.id = STR("a"), .version = 1, .source = {STR("one"), side}, .target = {STR("two"), side}};
  struct error error = {0};
  struct alignment now;
  if (alignment_decide(&alignment, (struct str){(const char *)data, size}, ada, STR_NONE, arena, &now, &error) == 0) {
    written_and_read(arena, &now);
    back_and_forth(arena, &alignment, &now, ada);
  } else if (!error.code || !*error.message) {
    abort();
  }
  as_mapping(arena, &alignment, (struct str){(const char *)data, size});
  arena_free(arena);
  return 0;
}

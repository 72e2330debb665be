/* Any bytes as a name, as an option and as a glossary: read without harm, the same each time; ages are intervals. */
#include "align/glossary.h"
#include "align/reading.h"

static void as_text(struct lexicon *lexicon, struct arena *arena, struct str text) {
  static const enum reading_kind kinds[] = {READING_NAME, READING_OPTION, READING_CODE, READING_PROSE};
  for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++) {
    struct reading once = reading_of(arena, lexicon, text, kinds[k]), twice = reading_of(arena, lexicon, text, kinds[k]);
    if (once.term_count != twice.term_count || !str_eq(once.plain, twice.plain) ||
        memcmp(once.facets.value, twice.facets.value, sizeof once.facets.value) != 0)
      abort();
    if (once.facets.age.state == AGE_INTERVAL && once.facets.age.from >= once.facets.age.to) abort();
    for (size_t i = 1; i < once.term_count; i++)
      if (once.terms[i - 1].term >= once.terms[i].term) abort();
  }
}

static void with_glossary(struct str text) {
  struct arena *arena = arena_new();
  struct glossary glossary;
  struct error error = {0};
  if (glossary_read(arena, text, &glossary, &error) == 0 && glossary.count) {
    struct lexicon *lexicon = lexicon_new(arena);
    for (size_t i = 0; i < glossary.count; i++)
      lexicon_explain(lexicon, glossary.entries[i].term, glossary.entries[i].means, glossary.entries[i].facet);
    as_text(lexicon, arena, text);
    lexicon_free(lexicon);
  }
  arena_free(arena);
}

/* Reading the tables takes longer than a text: one lexicon serves a thousand of them, then a fresh one, since it grows with the words it sees. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static struct arena *kept;
  static struct lexicon *lexicon;
  static unsigned runs;
  struct str text = {(const char *)data, size};
  if (runs++ % 1000 == 0) {
    lexicon_free(lexicon);
    arena_free(kept);
    kept = arena_new();
    lexicon = lexicon_new(kept);
  }
  struct arena *arena = arena_new();
  as_text(lexicon, arena, text);
  arena_free(arena);
  with_glossary(text);
  return 0;
}

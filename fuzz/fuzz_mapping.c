/* Any bytes as a mapping, as each other form of one, and as a list of decisions: refused or understood; and what is understood is written so that it reads back and is written the same. */
#include "mapping/decisions.h"
#include "mapping/formats.h"
#include "mapping/mapping.h"

static void as_mapping(struct str text) {
  struct arena *arena = arena_new();
  struct error error = {0};
  const struct mapping *mapping = mapping_read(arena, text, &error);
  if (mapping) {
    struct buf once = BUF_INIT(MAPPING_BYTES_MAX), twice = BUF_INIT(MAPPING_BYTES_MAX);
    if (!mapping_write(mapping, &once)) abort();
    const struct mapping *again = mapping_read(arena, buf_str(&once), &error);
    if (!again || !mapping_write(again, &twice) || !str_eq(buf_str(&once), buf_str(&twice))) abort();
    buf_free(&once);
    buf_free(&twice);
  }
  arena_free(arena);
}

static void as_decisions(struct str text) {
  struct arena *arena = arena_new();
  struct error error = {0};
  const struct decision *list, *again;
  size_t count, again_count;
  if (decisions_read(arena, text, &list, &count, &error) == 0) {
    struct buf out = BUF_INIT(16 << 20);
    if (!decisions_write(list, count, &out) || decisions_read(arena, buf_str(&out), &again, &again_count, &error) < 0 ||
        count != again_count)
      abort();
    buf_free(&out);
  }
  arena_free(arena);
}

/* What a form was read as can be written as every form, and read back from it. */
static void written_and_read(const struct format *form, struct format_job *job, const struct mapping *mapping) {
  struct error error = {0};
  struct buf out = BUF_INIT(MAPPING_BYTES_MAX);
  if (format_write(form, job, mapping, &out, &error) == 0) {
    if (form->read && !format_read(form, job, buf_str(&out), &error)) abort();
  } else if (error.code != ERROR_too_large && error.code != ERROR_input) {
    abort();
  }
  buf_free(&out);
}

static void as_forms(struct str text) {
  size_t count;
  const struct format *forms = formats_all(&count);
  for (size_t i = 0; i < count; i++) {
    struct arena *arena = arena_new();
    struct format_job job = {.arena = arena};
    struct error error = {0};
    const struct mapping *mapping = format_read(&forms[i], &job, text, &error);
    for (size_t k = 0; mapping && k < count; k++) written_and_read(&forms[k], &job, mapping);
    if (!mapping && (!error.code || !*error.message)) abort();
    arena_free(arena);
  }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  struct str text = {(const char *)data, size};
  as_mapping(text);
  as_decisions(text);
  as_forms(text);
  return 0;
}

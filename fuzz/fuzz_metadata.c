/* Any bytes as a metadata export and as a list: refused or understood; what is understood is written so that it reads back and is written the same. */
#include "dhis2/metadata_write.h"

static const struct dhis2_metadata *read_export(struct arena *arena, struct str text, size_t step) {
  struct error error = {0};
  struct dhis2_metadata_reader *reader = dhis2_metadata_reader_new(arena);
  const struct dhis2_metadata *metadata = NULL;
  int result = 0;
  for (size_t at = 0; at < text.n && result == 0; at += step)
    result = dhis2_metadata_reader_feed(reader, str_slice(text, at, at + step), &error);
  if (result == 0) metadata = dhis2_metadata_reader_finish(reader, &error);
  if (!metadata) dhis2_metadata_reader_free(reader);
  return metadata;
}

static void written_again(struct arena *arena, const struct dhis2_metadata *metadata,
                          bool (*write)(const struct dhis2_metadata *, struct buf *)) {
  struct buf once = BUF_INIT(64 << 20), twice = BUF_INIT(64 << 20);
  if (!write(metadata, &once)) abort();
  const struct dhis2_metadata *again = read_export(arena, buf_str(&once), 4096);
  if (!again || !write(again, &twice) || !str_eq(buf_str(&once), buf_str(&twice))) abort();
  buf_free(&once);
  buf_free(&twice);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  if (size < 1) return 0;
  struct arena *arena = arena_new();
  struct error error = {0};
  struct str text = {(const char *)data + 1, size - 1};
  const struct dhis2_metadata *metadata = read_export(arena, text, (size_t)data[0] + 1);
  if (metadata) {
    written_again(arena, metadata, dhis2_metadata_write);
    written_again(arena, metadata, dhis2_metadata_write_brief);
  }
  (void)dhis2_metadata_of_csv(arena, text, &error);
  arena_free(arena);
  return 0;
}

#include "base/file.h"
#include "dhis2/metadata.h"

enum { EXPORT_MAX = 1 << 30, LIST_MAX = 256 << 20 };

struct export {
  struct dhis2_metadata_reader *reader;
  size_t n;
};

static int on_piece(void *payload, struct str piece, struct error *error) {
  struct export *export = payload;
  if (!export->n && str_starts(piece, STR("\xEF\xBB\xBF"))) piece = str_from(piece, 3);
  if ((export->n += piece.n) > EXPORT_MAX) return error_set(error, ERROR_input, "it is larger than 1 GiB");
  return dhis2_metadata_reader_feed(export->reader, piece, error);
}

static const struct dhis2_metadata *read_export(struct arena *arena, const char *path, struct error *error) {
  struct export export = {.reader = dhis2_metadata_reader_new(arena)};
  const struct dhis2_metadata *metadata = NULL;
  if (!file_read_pieces(path, on_piece, &export, error)) metadata = dhis2_metadata_reader_finish(export.reader, error);
  if (!metadata) dhis2_metadata_reader_free(export.reader);
  return metadata;
}

static const struct dhis2_metadata *read_list(struct arena *arena, const char *path, struct error *error) {
  struct str text;
  return file_read(arena, path, LIST_MAX, &text, error) ? NULL : dhis2_metadata_of_csv(arena, text, error);
}

const struct dhis2_metadata *dhis2_metadata_of_file(struct arena *arena, const char *path, struct error *error) {
  const struct dhis2_metadata *metadata =
      str_ends(str_of(path), STR(".csv")) ? read_list(arena, path, error) : read_export(arena, path, error);
  if (!metadata) error_context(error, "%s", strcmp(path, "-") ? path : "standard input");
  return metadata;
}

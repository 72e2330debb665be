/* Any bytes as a workbook, and as the parts of one (split at lines of dashes: list of sheets, relations, shared texts, a sheet), packed here so that what is inside is reached: refused, or rows whose cells are texts within the limits. */
#include "base/buf.h"
#include "base/utf8.h"
#include "mapping/sheets_read.h"
#include <stdlib.h>
#include <zlib.h>

static int on_row(void *payload, struct str sheet, const struct str *cells, size_t count, uint64_t row, struct error *error) {
  size_t *given = payload;
  (void)row;
  (void)error;
  if (!count || count > SHEETS_COLUMNS_MAX || !utf8_valid(sheet)) abort();
  for (size_t i = 0; i < count; i++) {
    if (!utf8_valid(cells[i]) || cells[i].n > SHEETS_CELL_MAX) abort();
    *given += cells[i].n;
  }
  if (*given > SHEETS_TEXTS_MAX) abort();
  return 0;
}

static void read_all(struct str bytes) {
  struct error error = {0};
  size_t given = 0;
  if (sheets_read(bytes, on_row, &given, &error) < 0 && (error.code != ERROR_input || !*error.message)) abort();
}

static void add_number(struct buf *buf, uint32_t number, unsigned bytes) {
  for (; bytes; bytes--, number >>= 8) (void)buf_add_char(buf, (char)(number & 0xff));
}

/* What the local head of a part and its entry in the list at the end have in common. */
static void add_head(struct buf *buf, struct str name, struct str content) {
  add_number(buf, 20, 2);
  add_number(buf, 0, 4); /* flags; stored as it is */
  add_number(buf, 0, 4); /* time */
  add_number(buf, (uint32_t)crc32(0, (const unsigned char *)content.p, (unsigned)content.n), 4);
  add_number(buf, (uint32_t)content.n, 4);
  add_number(buf, (uint32_t)content.n, 4);
  add_number(buf, (uint32_t)name.n, 2);
  add_number(buf, 0, 2);
}

static void as_parts(struct str data) {
  static const char *const names[] = {"xl/workbook.xml", "xl/_rels/workbook.xml.rels", "xl/sharedStrings.xml", "xl/worksheets/sheet1.xml"};
  struct buf package = BUF_INIT(1 << 20), list = BUF_INIT(4096);
  for (size_t i = 0; i < 4; i++) {
    size_t cut = str_find(data, STR("\n---\n"));
    struct str content = i == 3 || cut == SIZE_MAX ? data : str_slice(data, 0, cut), name = str_of(names[i]);
    data = cut == SIZE_MAX ? STR("") : str_from(data, cut + 5);
    if (!content.p) content = STR("");
    uint32_t at = (uint32_t)package.n;
    add_number(&package, 0x04034b50, 4);
    add_head(&package, name, content);
    (void)buf_add(&package, name);
    (void)buf_add(&package, content);
    add_number(&list, 0x02014b50, 4);
    add_number(&list, 20, 2);
    add_head(&list, name, content);
    add_number(&list, 0, 2);
    add_number(&list, 0, 4);
    add_number(&list, 0, 4);
    add_number(&list, at, 4);
    (void)buf_add(&list, name);
  }
  uint32_t at = (uint32_t)package.n;
  (void)buf_add(&package, buf_str(&list));
  add_number(&package, 0x06054b50, 4);
  add_number(&package, 0, 4);
  add_number(&package, 4, 2);
  add_number(&package, 4, 2);
  add_number(&package, (uint32_t)list.n, 4);
  add_number(&package, at, 4);
  add_number(&package, 0, 2);
  if (!package.full) read_all(buf_str(&package));
  buf_free(&package);
  buf_free(&list);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  struct str text = {(const char *)data, size};
  read_all(text);
  as_parts(text);
  return 0;
}

#include "mapping/sheets_write.h"

#include "base/markup.h"
#include "base/mem.h"
#include "base/utf8.h"
#include <minizip/zip.h>

enum { PIECE = 256 << 10, PIECE_MAX = 4 << 20 };

#define HEAD "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\n"
#define MAIN "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
#define PACKAGE "http://schemas.openxmlformats.org/package/2006/"
#define OFFICE "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
#define TYPE "application/vnd.openxmlformats-officedocument.spreadsheetml."

enum style { STYLE_PLAIN, STYLE_HEADER, STYLE_TEXT };

struct sheets_writer {
  struct buf *out, xml;
  zipFile zip;
  size_t place; /* where the next byte of the package goes */
  const struct sheets_sheet *sheets;
  size_t count, sheet; /* `sheet`: the one being written, from 1; 0: none */
  uint64_t row;
  bool failed;
};

/* --- the package, in memory --- */

static void *package_open(void *writer, const void *name, int mode) {
  (void)name;
  (void)mode;
  return writer;
}

static uLong package_read(void *opaque, void *stream, void *into, uLong n) {
  (void)opaque;
  (void)stream;
  (void)into;
  (void)n;
  return 0;
}

static uLong package_write(void *opaque, void *stream, const void *from, uLong n) {
  struct sheets_writer *w = stream;
  (void)opaque;
  size_t over = w->out->n > w->place ? w->out->n - w->place : 0; /* what is written again: sizes and sums in front of a part */
  if (over > n) over = n;
  if (over) memcpy(w->out->p + w->place, from, over);
  if (!buf_add(w->out, (struct str){(const char *)from + over, n - over})) return 0;
  w->place += n;
  return n;
}

static ZPOS64_T package_tell(void *opaque, void *stream) {
  (void)opaque;
  return ((struct sheets_writer *)stream)->place;
}

static long package_seek(void *opaque, void *stream, ZPOS64_T offset, int origin) {
  struct sheets_writer *w = stream;
  (void)opaque;
  size_t from = origin == ZLIB_FILEFUNC_SEEK_SET ? 0 : origin == ZLIB_FILEFUNC_SEEK_END ? w->out->n : w->place;
  if (offset > w->out->n - from) return -1;
  w->place = from + (size_t)offset;
  return 0;
}

static int package_close(void *opaque, void *stream) {
  (void)opaque;
  (void)stream;
  return 0;
}

static void begin_part(struct sheets_writer *w, const char *name) {
  static const zip_fileinfo info = {.tmz_date = {.tm_mday = 1, .tm_year = 1980}}; /* no clock: the same bytes */
  if (!w->zip || zipOpenNewFileInZip64(w->zip, name, &info, NULL, 0, NULL, 0, NULL, Z_DEFLATED, Z_DEFAULT_COMPRESSION, 0) != ZIP_OK)
    w->failed = true;
}

static void flush(struct sheets_writer *w) {
  if (w->xml.full || (!w->failed && w->xml.n && zipWriteInFileInZip(w->zip, w->xml.p, (unsigned)w->xml.n) != ZIP_OK)) w->failed = true;
  buf_clear(&w->xml);
}

static void end_part(struct sheets_writer *w) {
  flush(w);
  if (!w->failed && zipCloseFileInZip(w->zip) != ZIP_OK) w->failed = true;
}

static void add(struct sheets_writer *w, const char *xml) {
  (void)buf_add(&w->xml, str_of(xml));
}

static bool is_escape(struct str text, size_t at) {
  if (text.n - at < 7 || text.p[at] != '_' || text.p[at + 1] != 'x' || text.p[at + 6] != '_') return false;
  for (size_t i = 2; i < 6; i++)
    if (str_hex_digit(text.p[at + i]) < 0) return false;
  return true;
}

/* U+FFFE and U+FFFF. */
static bool is_no_character(struct str text, size_t at) {
  return str_starts(str_from(text, at), STR("\xef\xbf\xbe")) || str_starts(str_from(text, at), STR("\xef\xbf\xbf"));
}

/* What XML cannot hold or would change is written _xHHHH_, as the format has it; a text that looks so already has its first character written so. */
static void add_text(struct sheets_writer *w, struct str text) {
  for (size_t i = 0; i < text.n; i++) {
    unsigned char c = (unsigned char)text.p[i];
    struct str stands_for = markup_of((char)c);
    if (stands_for.n)
      (void)buf_add(&w->xml, stands_for);
    else if ((c < 0x20 && c != '\t' && c != '\n') || is_escape(text, i))
      (void)buf_printf(&w->xml, "_x%04X_", c);
    else if (is_no_character(text, i))
      (void)buf_printf(&w->xml, "_xFFF%c_", text.p[i += 2] == '\xbe' ? 'E' : 'F');
    else
      (void)buf_add_char(&w->xml, (char)c);
  }
}

/* --- what stands around the sheets --- */

static void write_types(struct sheets_writer *w) {
  begin_part(w, "[Content_Types].xml");
  add(w, HEAD "<Types xmlns=\"" PACKAGE
              "content-types\"><Default Extension=\"rels\" ContentType=\"application/vnd.openxmlformats-package.relationships+xml\"/>"
              "<Default Extension=\"xml\" ContentType=\"application/xml\"/><Override PartName=\"/xl/workbook.xml\" ContentType=\"" TYPE
              "sheet.main+xml\"/>"
              "<Override PartName=\"/xl/styles.xml\" ContentType=\"" TYPE "styles+xml\"/>");
  for (size_t i = 1; i <= w->count; i++)
    (void)buf_printf(&w->xml, "<Override PartName=\"/xl/worksheets/sheet%zu.xml\" ContentType=\"" TYPE "worksheet+xml\"/>", i);
  add(w, "</Types>");
  end_part(w);
}

static void write_relations(struct sheets_writer *w) {
  begin_part(w, "_rels/.rels");
  add(w, HEAD "<Relationships xmlns=\"" PACKAGE "relationships\"><Relationship Id=\"rId1\" Type=\"" OFFICE
              "/officeDocument\" Target=\"xl/workbook.xml\"/></Relationships>");
  end_part(w);
  begin_part(w, "xl/_rels/workbook.xml.rels");
  add(w, HEAD "<Relationships xmlns=\"" PACKAGE "relationships\">");
  for (size_t i = 1; i <= w->count; i++)
    (void)buf_printf(&w->xml, "<Relationship Id=\"rId%zu\" Type=\"" OFFICE "/worksheet\" Target=\"worksheets/sheet%zu.xml\"/>", i, i);
  (void)buf_printf(&w->xml, "<Relationship Id=\"rId%zu\" Type=\"" OFFICE "/styles\" Target=\"styles.xml\"/></Relationships>", w->count + 1);
  end_part(w);
}

static void write_workbook(struct sheets_writer *w) {
  begin_part(w, "xl/workbook.xml");
  add(w, HEAD "<workbook xmlns=\"" MAIN "\" xmlns:r=\"" OFFICE "\"><sheets>");
  for (size_t i = 1; i <= w->count; i++) {
    add(w, "<sheet name=\"");
    add_text(w, str_of(w->sheets[i - 1].name));
    (void)buf_printf(&w->xml, "\" sheetId=\"%zu\" r:id=\"rId%zu\"/>", i, i);
  }
  add(w, "</sheets></workbook>");
  end_part(w);
}

/* Number format 49 is "text": what a person types into such a cell stays as typed, also a sign of equality. */
static void write_styles(struct sheets_writer *w) {
  begin_part(w, "xl/styles.xml");
  add(w, HEAD
      "<styleSheet xmlns=\"" MAIN "\"><fonts count=\"2\"><font><sz val=\"11\"/><name val=\"Calibri\"/></font><font><b/><sz "
      "val=\"11\"/><name val=\"Calibri\"/></font></fonts>"
      "<fills count=\"3\"><fill><patternFill patternType=\"none\"/></fill><fill><patternFill patternType=\"gray125\"/></fill>"
      "<fill><patternFill patternType=\"solid\"><fgColor rgb=\"FFE3ECF7\"/><bgColor indexed=\"64\"/></patternFill></fill></fills>"
      "<borders count=\"1\"><border><left/><right/><top/><bottom/><diagonal/></border></borders>"
      "<cellStyleXfs count=\"1\"><xf numFmtId=\"0\" fontId=\"0\" fillId=\"0\" borderId=\"0\"/></cellStyleXfs>"
      "<cellXfs count=\"3\"><xf numFmtId=\"0\" fontId=\"0\" fillId=\"0\" borderId=\"0\" xfId=\"0\"/>"
      "<xf numFmtId=\"49\" fontId=\"1\" fillId=\"2\" borderId=\"0\" xfId=\"0\" applyNumberFormat=\"1\" applyFont=\"1\" applyFill=\"1\"/>"
      "<xf numFmtId=\"49\" fontId=\"0\" fillId=\"0\" borderId=\"0\" xfId=\"0\" applyNumberFormat=\"1\"/></cellXfs>"
      "<cellStyles count=\"1\"><cellStyle name=\"Normal\" xfId=\"0\" builtinId=\"0\"/></cellStyles></styleSheet>");
  end_part(w);
}

struct sheets_writer *sheets_writer_new(struct buf *out, const struct sheets_sheet *sheets, size_t count) {
  struct sheets_writer *w = mem_alloc(sizeof *w);
  *w = (struct sheets_writer){.out = out, .xml = BUF_INIT(PIECE_MAX), .sheets = sheets, .count = count, .place = out->n};
  zlib_filefunc64_def functions = {package_open, package_read, package_write, package_tell, package_seek, package_close, package_close, w};
  w->zip = zipOpen2_64("", APPEND_STATUS_CREATE, NULL, &functions);
  write_types(w);
  write_relations(w);
  write_workbook(w);
  write_styles(w);
  return w;
}

/* --- sheets --- */

static const struct sheets_sheet *current(const struct sheets_writer *w) {
  return &w->sheets[w->sheet - 1];
}

static void end_sheet(struct sheets_writer *w) {
  const struct sheets_sheet *sheet = current(w);
  size_t lists = 0;
  (void)buf_printf(&w->xml, "</sheetData><autoFilter ref=\"A1:%c%llu\"/>", (char)('A' + sheet->column_count - 1),
                   (unsigned long long)w->row);
  for (size_t i = 0; i < sheet->column_count; i++) lists += sheet->columns[i].choices != NULL;
  if (lists) (void)buf_printf(&w->xml, "<dataValidations count=\"%zu\">", lists);
  for (size_t i = 0; i < sheet->column_count; i++) {
    if (!sheet->columns[i].choices) continue;
    char letter = (char)('A' + i);
    (void)buf_printf(&w->xml,
                     "<dataValidation type=\"list\" allowBlank=\"1\" showErrorMessage=\"1\" "
                     "sqref=\"%c2:%c%d\"><formula1>\"%s\"</formula1></dataValidation>",
                     letter, letter, SHEETS_ROWS_MAX, sheet->columns[i].choices);
  }
  if (lists) add(w, "</dataValidations>");
  add(w, "</worksheet>");
  end_part(w);
}

static void write_cells(struct sheets_writer *w, const struct str *cells, enum style style) {
  const struct sheets_sheet *sheet = current(w);
  (void)buf_printf(&w->xml, "<row r=\"%llu\">", (unsigned long long)++w->row);
  for (size_t i = 0; i < sheet->column_count; i++) {
    if (!cells[i].n) continue;
    bool number = style == STYLE_TEXT && sheet->columns[i].number;
    (void)buf_printf(&w->xml, "<c r=\"%c%llu\"", (char)('A' + i), (unsigned long long)w->row);
    if (number)
      add(w, "><v>");
    else
      (void)buf_printf(&w->xml, " s=\"%d\" t=\"inlineStr\"><is><t xml:space=\"preserve\">", (int)style);
    add_text(w, cells[i]);
    add(w, number ? "</v></c>" : "</t></is></c>");
  }
  add(w, "</row>\n");
  if (w->xml.n > PIECE || w->xml.full) flush(w);
}

static int whole(const struct sheets_writer *w, struct error *error) {
  return w->failed ? error_set(error, ERROR_too_large, "the workbook is larger than %zu bytes", w->out->max) : 0;
}

int sheets_writer_begin(struct sheets_writer *w, struct error *error) {
  char name[64];
  struct str header[26];
  if (w->sheet) end_sheet(w);
  w->sheet++;
  w->row = 0;
  (void)snprintf(name, sizeof name, "xl/worksheets/sheet%zu.xml", w->sheet);
  begin_part(w, name);
  (void)buf_printf(&w->xml,
                   HEAD "<worksheet xmlns=\"" MAIN "\"><sheetViews><sheetView%s workbookViewId=\"0\"><pane ySplit=\"1\" topLeftCell=\"A2\" "
                        "activePane=\"bottomLeft\" state=\"frozen\"/></sheetView></sheetViews><cols>",
                   w->sheet == 1 ? " tabSelected=\"1\"" : "");
  const struct sheets_sheet *sheet = current(w);
  for (size_t i = 0; i < sheet->column_count; i++) {
    header[i] = str_of(sheet->columns[i].header);
    (void)buf_printf(&w->xml, "<col min=\"%zu\" max=\"%zu\" width=\"%u\" style=\"%d\" customWidth=\"1\"/>", i + 1, i + 1,
                     sheet->columns[i].width, sheet->columns[i].number ? STYLE_PLAIN : STYLE_TEXT);
  }
  add(w, "</cols><sheetData>");
  write_cells(w, header, STYLE_HEADER);
  return whole(w, error);
}

static bool fits(struct str text) {
  if (text.n <= SHEETS_TEXT_MAX) return true;
  size_t units = 0;
  for (size_t at = 0; at < text.n;) units += utf8_next(text, &at) > 0xffff ? 2 : 1;
  return units <= SHEETS_TEXT_MAX;
}

int sheets_writer_row(struct sheets_writer *w, const struct str *cells, struct error *error) {
  const struct sheets_sheet *sheet = current(w);
  if (w->row >= SHEETS_ROWS_MAX) return error_set(error, ERROR_too_large, "a sheet holds %d rows: write another form", SHEETS_ROWS_MAX);
  for (size_t i = 0; i < sheet->column_count; i++)
    if (!fits(cells[i]))
      return error_set(error, ERROR_too_large, "row %llu: the %s is longer than a cell holds (%d characters)",
                       (unsigned long long)w->row + 1, sheet->columns[i].header, SHEETS_TEXT_MAX);
  write_cells(w, cells, STYLE_TEXT);
  return whole(w, error);
}

int sheets_writer_finish(struct sheets_writer *w, struct error *error) {
  if (w->sheet) end_sheet(w);
  if (w->zip && zipClose(w->zip, NULL) != ZIP_OK) w->failed = true;
  int result = whole(w, error);
  buf_free(&w->xml);
  free(w);
  return result;
}

#include "mapping/sheets_read.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/utf8.h"
#include "base/vec.h"
#include "base/zip.h"
#include <expat.h>
#include <minizip/unzip.h>

enum { DEPTH_MAX = 64, PIECE = 64 << 10, RELATIONS_MAX = 1024 };

struct relation {
  struct str id, type, target;
};

struct sheet {
  struct str name, relation;
};

struct span {
  size_t from, n;
};

struct reading {
  struct arena *arena;
  unzFile zip;
  sheets_row *on_row;
  void *payload;
  struct error *error;
  size_t unpacked, given;
  struct relation relations[RELATIONS_MAX];
  size_t relation_count;
  struct sheet sheets[SHEETS_SHEETS_MAX];
  size_t sheet_count;
  struct buf strings; /* the shared ones, one behind the other */
  VEC(struct span) spans;
  struct buf text; /* of the element being read */
  bool taking;     /* characters belong to `text` */
  unsigned depth, phonetic;
  XML_Parser parser;
  bool stopped;
  /* the sheet */
  struct str sheet;
  struct buf row;
  struct span cells[SHEETS_COLUMNS_MAX];
  size_t cell_count, column;
  uint64_t row_number;
  enum { CELL_VALUE, CELL_SHARED, CELL_INLINE } cell;
};

/* --- parts --- */

static void stop(struct reading *r) {
  r->stopped = true;
  (void)XML_StopParser(r->parser, XML_FALSE);
}

static void refuse(struct reading *r, const char *what) {
  if (!r->stopped) (void)error_set(r->error, ERROR_input, "%s", what);
  stop(r);
}

static void on_doctype(void *payload, const XML_Char *name, const XML_Char *system, const XML_Char *public, int subset) {
  (void)name;
  (void)system;
  (void)public;
  (void)subset;
  refuse(payload, "the workbook declares a document type: no spreadsheet program writes one");
}

static void on_text(void *payload, const XML_Char *text, int n) {
  struct reading *r = payload;
  if (r->taking && r->phonetic == 0 && !buf_add(&r->text, (struct str){text, (size_t)n})) refuse(r, "a cell's text is too long");
}

/* The name without its namespace. */
static struct str local(const XML_Char *name) {
  struct str text = str_of(name);
  size_t bar = str_find_last_char(text, '|');
  return bar == SIZE_MAX ? text : str_from(text, bar + 1);
}

/* `spaced`: the attribute is one of a namespace, as r:id. */
static struct str attribute(const XML_Char **attributes, const char *name, bool spaced) {
  for (; *attributes; attributes += 2)
    if (str_eq(local(attributes[0]), str_of(name)) && (strchr(attributes[0], '|') != NULL) == spaced) return str_of(attributes[1]);
  return STR_NONE;
}

static int unpack(struct reading *r) {
  char *piece = arena_alloc(r->arena, PIECE);
  for (;;) {
    int n = unzReadCurrentFile(r->zip, piece, PIECE);
    if (n < 0) return error_set(r->error, ERROR_input, "the workbook is broken: it cannot be unpacked");
    r->unpacked += (size_t)n;
    if (r->unpacked > SHEETS_UNPACKED_MAX)
      return error_set(r->error, ERROR_input, "the workbook unpacks to more than %d bytes", SHEETS_UNPACKED_MAX);
    if (XML_Parse(r->parser, piece, n, n == 0) != XML_STATUS_OK) {
      if (r->stopped) return -1;
      return error_set(r->error, ERROR_input, "the workbook is broken: line %lu: %s", XML_GetCurrentLineNumber(r->parser),
                       XML_ErrorString(XML_GetErrorCode(r->parser)));
    }
    if (n == 0) return 0;
  }
}

/* Runs a part through the handlers. 1: it is not there. */
static int read_part(struct reading *r, struct str name, XML_StartElementHandler start, XML_EndElementHandler end) {
  if (unzLocateFile(r->zip, arena_cstr(r->arena, name), 2 /* upper and lower case are one */) != UNZ_OK) return 1;
  if (unzOpenCurrentFile(r->zip) != UNZ_OK)
    return error_set(r->error, ERROR_input, "the workbook is broken or has a password: %.*s cannot be unpacked", STR_ARG(name));
  r->parser = XML_ParserCreateNS(NULL, '|');
  if (!r->parser) abort();
  r->depth = r->phonetic = 0;
  r->taking = r->stopped = false;
  XML_SetUserData(r->parser, r);
  XML_SetElementHandler(r->parser, start, end);
  XML_SetCharacterDataHandler(r->parser, on_text);
  XML_SetStartDoctypeDeclHandler(r->parser, on_doctype);
  int result = unpack(r);
  XML_ParserFree(r->parser);
  bool whole = unzCloseCurrentFile(r->zip) == UNZ_OK; /* its sum is right */
  return result == 0 && !whole
             ? error_set(r->error, ERROR_input, "the workbook is broken: %.*s has another sum than it says", STR_ARG(name))
             : result;
}

static void on_end(void *payload, const XML_Char *name) {
  (void)name;
  ((struct reading *)payload)->depth--;
}

static bool deeper(struct reading *r) {
  if (++r->depth > DEPTH_MAX) refuse(r, "the workbook is nested too deep");
  return !r->stopped;
}

static void on_relation(void *payload, const XML_Char *name, const XML_Char **attributes) {
  struct reading *r = payload;
  if (!deeper(r) || !str_eq(local(name), STR("Relationship"))) return;
  if (r->relation_count == RELATIONS_MAX) {
    refuse(r, "the workbook has too many relations");
    return;
  }
  r->relations[r->relation_count++] =
      (struct relation){arena_str(r->arena, attribute(attributes, "Id", false)), arena_str(r->arena, attribute(attributes, "Type", false)),
                        arena_str(r->arena, attribute(attributes, "Target", false))};
}

static void on_sheet(void *payload, const XML_Char *name, const XML_Char **attributes) {
  struct reading *r = payload;
  if (!deeper(r) || !str_eq(local(name), STR("sheet"))) return;
  if (r->sheet_count == SHEETS_SHEETS_MAX) {
    refuse(r, "the workbook has too many sheets");
    return;
  }
  r->sheets[r->sheet_count++] =
      (struct sheet){arena_str(r->arena, attribute(attributes, "name", false)), arena_str(r->arena, attribute(attributes, "id", true))};
}

/* --- texts --- */

/* _xHHHH_ stands for a character; also in what follows, once. */
static void add_decoded(struct buf *buf, struct str text) {
  for (size_t i = 0; i < text.n; i++) {
    int32_t code = 0;
    bool is = text.n - i >= 7 && text.p[i] == '_' && text.p[i + 1] == 'x' && text.p[i + 6] == '_';
    for (size_t k = 2; is && k < 6; k++) {
      int digit = str_hex_digit(text.p[i + k]);
      is = digit >= 0;
      code = code * 16 + digit;
    }
    if (!is || !code) {
      (void)buf_add_char(buf, text.p[i]);
      continue;
    }
    char character[4];
    (void)buf_add(buf, (struct str){character, utf8_encode(code, character)});
    i += 6;
  }
}

static void on_string(void *payload, const XML_Char *name, const XML_Char **attributes) {
  struct reading *r = payload;
  (void)attributes;
  if (!deeper(r)) return;
  struct str tag = local(name);
  if (str_eq(tag, STR("si"))) buf_clear(&r->text);
  if (str_eq(tag, STR("rPh"))) r->phonetic++;
  r->taking = str_eq(tag, STR("t"));
}

static void on_string_end(void *payload, const XML_Char *name) {
  struct reading *r = payload;
  struct str tag = local(name);
  r->depth--;
  r->taking = false;
  if (str_eq(tag, STR("rPh"))) r->phonetic--;
  if (!str_eq(tag, STR("si"))) return;
  struct span span = {r->strings.n, 0};
  add_decoded(&r->strings, buf_str(&r->text));
  span.n = r->strings.n - span.from;
  if (r->spans.n == SHEETS_STRINGS_MAX || r->strings.full)
    refuse(r, "the workbook has too many texts");
  else
    VEC_PUSH(&r->spans, span);
}

/* --- rows --- */

/* "AB12": its column, from 0; SIZE_MAX: none. */
static size_t column_of(struct str reference) {
  size_t column = 0, i = 0;
  for (; i < reference.n && i < 4 && reference.p[i] >= 'A' && reference.p[i] <= 'Z'; i++)
    column = column * 26 + (size_t)(reference.p[i] - 'A') + 1;
  return column - 1;
}

static void begin_cell(struct reading *r, const XML_Char **attributes) {
  struct str type = attribute(attributes, "t", false), reference = attribute(attributes, "r", false);
  r->cell = str_eq(type, STR("s")) ? CELL_SHARED : str_eq(type, STR("inlineStr")) ? CELL_INLINE : CELL_VALUE;
  if (reference.p) r->column = column_of(reference);
  buf_clear(&r->text);
}

static struct str shared_of(struct reading *r, struct str index) {
  uint64_t at;
  if (!str_to_u64(str_trim(index), &at) || at >= r->spans.n) return STR_NONE;
  return str_slice(buf_str(&r->strings), r->spans.p[at].from, r->spans.p[at].from + r->spans.p[at].n);
}

static void end_cell(struct reading *r) {
  size_t column = r->column++;
  struct str text = buf_str(&r->text);
  if (column >= SHEETS_COLUMNS_MAX) return;
  if (column >= r->cell_count) {
    for (size_t i = r->cell_count; i <= column; i++) r->cells[i] = (struct span){0};
    r->cell_count = column + 1;
  }
  struct span span = {r->row.n, 0};
  if (r->cell == CELL_SHARED && text.n) {
    text = shared_of(r, text);
    if (!text.p) {
      refuse(r, "a cell names a text that the workbook does not have");
      return;
    }
    (void)buf_add(&r->row, text);
  } else if (r->cell == CELL_INLINE) {
    add_decoded(&r->row, text);
  } else {
    (void)buf_add(&r->row, text);
  }
  span.n = r->row.n - span.from;
  r->given += span.n;
  r->cells[column] = span;
  if (r->row.full || r->given > SHEETS_TEXTS_MAX) refuse(r, "the workbook's texts are too long");
}

static void end_row(struct reading *r) {
  struct str cells[SHEETS_COLUMNS_MAX], text = buf_str(&r->row);
  for (size_t i = 0; i < r->cell_count; i++) cells[i] = str_slice(text, r->cells[i].from, r->cells[i].from + r->cells[i].n);
  if (r->cell_count && !r->stopped && r->on_row(r->payload, r->sheet, cells, r->cell_count, r->row_number, r->error)) stop(r);
}

static void on_cell(void *payload, const XML_Char *name, const XML_Char **attributes) {
  struct reading *r = payload;
  struct str tag = local(name), number;
  uint64_t row;
  if (!deeper(r)) return;
  if (str_eq(tag, STR("row"))) {
    number = attribute(attributes, "r", false);
    r->row_number = number.p && str_to_u64(number, &row) ? row : r->row_number + 1;
    r->cell_count = r->column = 0;
    buf_clear(&r->row);
  } else if (str_eq(tag, STR("c"))) {
    begin_cell(r, attributes);
  } else if (str_eq(tag, STR("rPh"))) {
    r->phonetic++;
  }
  r->taking = r->cell == CELL_INLINE ? str_eq(tag, STR("t")) : str_eq(tag, STR("v"));
}

static void on_cell_end(void *payload, const XML_Char *name) {
  struct reading *r = payload;
  struct str tag = local(name);
  r->depth--;
  r->taking = false;
  if (r->stopped) return;
  if (str_eq(tag, STR("rPh"))) r->phonetic--;
  if (str_eq(tag, STR("c"))) end_cell(r);
  if (str_eq(tag, STR("row"))) end_row(r);
}

/* --- the workbook --- */

static const struct relation *relation(const struct reading *r, struct str id, struct str type_ending) {
  for (size_t i = 0; i < r->relation_count; i++)
    if ((id.p && str_eq(r->relations[i].id, id)) || (type_ending.p && str_ends(r->relations[i].type, type_ending))) return &r->relations[i];
  return NULL;
}

static struct str folder_of(struct str path) {
  size_t slash = str_find_last_char(path, '/');
  return slash == SIZE_MAX ? STR("") : str_slice(path, 0, slash + 1);
}

static struct str resolve(struct reading *r, struct str folder, struct str target) {
  return str_starts(target, STR("/")) ? str_from(target, 1) : arena_concat(r->arena, folder, target);
}

static int read_workbook(struct reading *r, struct str *ret_folder) {
  int missing = read_part(r, STR("_rels/.rels"), on_relation, on_end);
  if (missing < 0) return -1;
  const struct relation *main = relation(r, STR_NONE, STR("/officeDocument"));
  struct str path = main ? resolve(r, STR(""), main->target) : STR("xl/workbook.xml");
  missing = read_part(r, path, on_sheet, on_end);
  if (missing > 0) return error_set(r->error, ERROR_input, "this is no workbook (.xlsx): it has no list of sheets");
  if (missing < 0) return -1;
  struct str folder = *ret_folder = folder_of(path);
  r->relation_count = 0;
  missing = read_part(r, arena_concat(r->arena, folder, STR("_rels/"), str_from(path, folder.n), STR(".rels")), on_relation, on_end);
  return missing > 0 ? error_set(r->error, ERROR_input, "the workbook is broken: its sheets cannot be found") : missing;
}

static int read_sheets(struct reading *r, struct str folder) {
  const struct relation *strings = relation(r, STR_NONE, STR("/sharedStrings"));
  if (strings && read_part(r, resolve(r, folder, strings->target), on_string, on_string_end) < 0) return -1;
  for (size_t i = 0; i < r->sheet_count; i++) {
    const struct relation *part = relation(r, r->sheets[i].relation, STR_NONE);
    r->sheet = r->sheets[i].name;
    r->row_number = 0;
    r->cell = CELL_VALUE;
    int missing = part ? read_part(r, resolve(r, folder, part->target), on_cell, on_cell_end) : 1;
    if (missing > 0)
      return error_set(r->error, ERROR_input, "the workbook is broken: the sheet '%.*s' is missing", STR_ARG(str_slice(r->sheet, 0, 40)));
    if (missing < 0) return error_context(r->error, "sheet '%.*s'", STR_ARG(str_slice(r->sheet, 0, 40)));
  }
  return 0;
}

int sheets_read(struct str bytes, sheets_row *on_row, void *payload, struct error *error) {
  struct zip_bytes package = {.bytes = bytes};
  unzFile zip = zip_open(&package);
  unz_global_info64 info;
  if (!zip || unzGetGlobalInfo64(zip, &info) != UNZ_OK || info.number_entry > SHEETS_PARTS_MAX) {
    if (zip) (void)unzClose(zip);
    return error_set(error, ERROR_input, "this is no workbook (.xlsx)");
  }
  struct arena *arena = arena_new();
  struct reading *r = ARENA_NEW(arena, struct reading);
  struct str folder;
  r->arena = arena;
  r->zip = zip;
  r->on_row = on_row;
  r->payload = payload;
  r->error = error;
  r->strings = BUF_INIT(SHEETS_TEXTS_MAX);
  r->text = BUF_INIT(SHEETS_CELL_MAX);
  r->row = BUF_INIT((size_t)SHEETS_COLUMNS_MAX * SHEETS_CELL_MAX);
  int result = read_workbook(r, &folder) == 0 ? read_sheets(r, folder) : -1;
  buf_free(&r->strings);
  buf_free(&r->text);
  buf_free(&r->row);
  VEC_FREE(&r->spans);
  arena_free(arena);
  (void)unzClose(zip);
  return result;
}

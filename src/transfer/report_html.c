/* The report as a page that stands alone. */
#include "base/markup.h"
#include "transfer/decimal.h"
#include "transfer/report_sheets.h"

enum { SHORT_MAX = 16, MANY_COLUMNS = 10 /* which some languages are too wide for on paper */ };

/* Up to the title, which follows the languages; then the styles. */
static const char head[] =
    "\">\n<head>\n<meta charset=\"utf-8\">\n"
    "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action "
    "'none'\">\n"
    "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<meta name=\"referrer\" "
    "content=\"no-referrer\">\n<title>";

static const char style[] =
    "</title>\n<style>\n"
    "@page { size: A4; margin: 15mm 12mm }\n"
    "body { font: 11pt/1.4 \"Noto Sans\", \"DejaVu Sans\", sans-serif; color: #1a1a1a; background: #fff; max-width: 60rem; margin: 2rem "
    "auto; padding: 0 1rem }\n"
    "h1 { font-size: 1.6em; margin: 0 0 .3em }\nh2 { font-size: 1.15em; margin: 1.6em 0 .4em; break-after: avoid }\n"
    ".outcome { border: 2px solid #8a1c1c; padding: .6em .8em; font-weight: bold }\n.outcome.good { border-color: #14632f }\n"
    ".wide { overflow-x: auto }\ntable { border-collapse: collapse; width: 100%; font-size: .85em }\ncaption { text-align: start; "
    "font-weight: bold; padding: .2em 0 }\n"
    "th, td { border: 1px solid #999; padding: .25em .4em; text-align: start; vertical-align: top; overflow-wrap: anywhere; white-space: "
    "pre-wrap }\n"
    "thead th { background: #eee; overflow-wrap: normal; hyphens: auto }\n.s { white-space: nowrap }\n.l { min-width: 4.5em }\nthead { "
    "display: table-header-group }\ntr { "
    "break-inside: avoid }\n.n { text-align: end; "
    "font-variant-numeric: tabular-nums }\n"
    ".sign { display: grid; grid-template-columns: repeat(3, 1fr); gap: 2em; margin-top: 3em; break-inside: avoid }\n.sign div { "
    "border-top: 1px solid #1a1a1a; padding-top: .3em }\n"
    "@media print { body { font-size: 9pt; margin: 0; padding: 0; max-width: none } .wide { overflow: visible } thead th { background: "
    "none } .many { font-size: .72em } .many thead th { overflow-wrap: anywhere } }\n"
    "</style>\n</head>\n<body>\n<main>\n<h1>";

static void add_escaped(struct buf *buf, struct str text) {
  for (size_t i = 0; i < text.n; i++) {
    unsigned char c = (unsigned char)text.p[i];
    struct str stands_for = markup_of((char)c);
    if (stands_for.n)
      (void)buf_add(buf, stands_for);
    else if (c == '\'')
      (void)buf_add(buf, STR("&#39;"));
    else if ((c < ' ' && c != '\n' && c != '\t') || c == 0x7f)
      (void)buf_add(buf, STR("\xEF\xBF\xBD"));
    else
      (void)buf_add_char(buf, (char)c);
  }
}

static bool is_number(struct str text) {
  struct decimal number;
  return decimal_parse(text, &number);
}

/* Ids, periods and numbers are not broken over lines; what is longer may be, else it would not fit the paper. */
static bool is_short(struct str text) {
  return text.n > 0 && text.n <= SHORT_MAX && str_find_char(text, ' ') == SIZE_MAX;
}

/* The first column names its row. */
static void add_cell(struct buf *buf, const struct sheet_column *column, struct str text, bool first) {
  const char *tag = first ? "th" : "td";
  bool number = column->is_number && (!text.n || is_number(text));
  (void)buf_printf(buf, "<%s%s class=\"%s %s\">", tag, first ? " scope=\"row\"" : "", number ? "n" : "t", is_short(text) ? "s" : "l");
  if (text.n) (void)buf_add(buf, STR("<bdi>"));
  add_escaped(buf, text);
  if (text.n) (void)buf_add(buf, STR("</bdi>"));
  (void)buf_printf(buf, "</%s>", tag);
}

static void say(struct buf *buf, const struct report_sheets *sheets, const char *english) {
  add_escaped(buf, text_in(sheets->language, str_of(english)));
}

static void add_table(struct buf *buf, const struct report_sheets *sheets, const struct sheet *sheet) {
  (void)buf_printf(
      buf, "<div class=\"wide\" role=\"region\" aria-labelledby=\"%s\" tabindex=\"0\">\n<table aria-labelledby=\"%s\"%s>\n<thead><tr>",
      sheet->key, sheet->key, sheet->column_count >= MANY_COLUMNS ? " class=\"many\"" : "");
  for (size_t c = 0; c < sheet->column_count; c++) {
    (void)buf_printf(buf, "<th scope=\"col\"%s>", sheet->columns[c].is_number ? " class=\"n\"" : "");
    say(buf, sheets, sheet->columns[c].title);
    (void)buf_add(buf, STR("</th>"));
  }
  (void)buf_add(buf, STR("</tr></thead>\n<tbody>\n"));
  for (size_t i = 0; i < sheet->rows.n; i++) {
    (void)buf_add(buf, STR("<tr>"));
    for (size_t c = 0; c < sheet->column_count; c++) add_cell(buf, &sheet->columns[c], sheet->rows.p[i].cells[c], c == 0);
    (void)buf_add(buf, STR("</tr>\n"));
  }
  (void)buf_add(buf, STR("</tbody>\n</table>\n</div>\n"));
}

static void add_sheet(struct buf *buf, const struct report_sheets *sheets, const struct sheet *sheet) {
  if (!sheet->rows.n && !sheet->none) return;
  (void)buf_printf(buf, "<section>\n<h2 id=\"%s\">", sheet->key);
  say(buf, sheets, sheet->title);
  (void)buf_add(buf, STR("</h2>\n"));
  if (sheet->rows.n) {
    add_table(buf, sheets, sheet);
  } else {
    (void)buf_add(buf, STR("<p>"));
    say(buf, sheets, sheet->none);
    (void)buf_add(buf, STR("</p>\n"));
  }
  (void)buf_add(buf, STR("</section>\n"));
}

static void add_head(struct buf *buf, const struct report_sheets *sheets) {
  (void)buf_printf(buf, "<!DOCTYPE html>\n<html lang=\"%s\" dir=\"%s", language_tag(sheets->language),
                   language_direction(sheets->language));
  (void)buf_add(buf, str_of(head));
  say(buf, sheets, N_("Transfer report"));
  (void)buf_add(buf, str_of(style));
  say(buf, sheets, N_("Transfer report"));
  (void)buf_printf(buf, "</h1>\n<p class=\"outcome%s\">", sheets->good ? " good" : "");
  add_escaped(buf, sheets->outcome);
  (void)buf_add(buf, STR("</p>\n"));
}

static void add_foot(struct buf *buf, const struct report_sheets *sheets) {
  static const char *const fields[] = {N_("Name"), N_("Signature"), N_("Date")};
  (void)buf_add(buf, STR("<section aria-label=\""));
  say(buf, sheets, N_("Signature"));
  (void)buf_add(buf, STR("\" class=\"sign\">\n"));
  for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) {
    (void)buf_add(buf, STR("<div>"));
    say(buf, sheets, fields[i]);
    (void)buf_add(buf, STR("</div>\n"));
  }
  (void)buf_add(buf, STR("</section>\n</main>\n</body>\n</html>\n"));
}

bool report_html_write(const struct report_sheets *sheets, struct buf *buf) {
  add_head(buf, sheets);
  for (size_t i = 0; i < SHEETS; i++) add_sheet(buf, sheets, &sheets->list[i]);
  add_foot(buf, sheets);
  return !buf->full;
}

/* csv: reads comma-separated text of any length as it comes (RFC 4180), and writes it.
 *
 * What holds always: chunks may be cut anywhere; lines end in LF or CRLF; a byte order mark at the very start is passed over, an empty line too. Text must be UTF-8 without NUL. A quote inside a field that does not
 * begin with one, and text behind a closing quote, are refused: the file would be read differently by others. The fields of a row are borrowed and good only during the call.
 *
 * Life cycle: csv_reader_new, feed any number of times, finish, free. After a failure only free is allowed. */
#ifndef DRAWBRIDGE_BASE_CSV_H
#define DRAWBRIDGE_BASE_CSV_H

#include "base/buf.h"
#include "base/error.h"

enum { CSV_FIELDS_MAX = 64 };

/* `line` is that of the row's first character, from 1. 0: go on; anything else stops: the handler has filled *error. */
typedef int csv_handler(void *payload, const struct str *fields, size_t count, uint64_t line, struct error *error);

struct csv_reader;

struct csv_reader *csv_reader_new(size_t row_limit, csv_handler *handler, void *payload); /* row_limit: bytes of one row; 0: 1 MiB */
void csv_reader_free(struct csv_reader *reader);
int csv_reader_feed(struct csv_reader *reader, struct str chunk,
                    struct error *error);                              /* -1: ERROR_input with the line, or the handler's own */
int csv_reader_finish(struct csv_reader *reader, struct error *error); /* the last line may lack its end */

/* One row with CRLF; a field is quoted where it must be. Whether it fitted: buf->full. */
void csv_add_row(struct buf *buf, const struct str *fields, size_t count);

/* Would a spreadsheet take the text for a formula? By its first character: = + - @ (the wide forms of these too, which some take for the same), a tab or the end of a line. */
bool csv_is_formula(struct str text);

/* Where each wanted column stands in a header row (any case of ASCII letters, blanks around are passed over): ret[i] is the index, or SIZE_MAX. */
void csv_columns(const struct str *header, size_t header_count, const struct str *wanted, size_t wanted_count, size_t *ret);

#endif

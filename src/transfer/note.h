/* note: what a data value says beside its value, its comment and its follow-up mark, on the way through a run: packed with the value for sorting, then put together for a target cell.
 *
 * What holds always: pure. A cell's comment is the different comments of its sources in their order, "; " between them, each once and without the blanks around it; a cell is marked where any of its sources is. What is longer than NOTE_MAX bytes grows
 * no more: it is more than any server takes.
 *
 * Life cycle of the joined ones: zero, note_begin for each cell, note_free. */
#ifndef DRAWBRIDGE_TRANSFER_NOTE_H
#define DRAWBRIDGE_TRANSFER_NOTE_H

#include "base/buf.h"
#include "dhis2/data_values.h"

enum { NOTE_MAX = 256 << 10, PACKED_MAX = 2 << 20 };

/* Value, comment and mark as one text in `buf`, which holds nothing else afterwards; borrowed from it. p == NULL: larger than the buf may be. */
struct str note_pack(const struct dhis2_value *value, struct buf *buf);

struct noted {
  struct str value, comment; /* borrowed; comment.n == 0: none */
  bool follow_up;
};
struct noted note_unpack(struct str packed);

struct note {
  struct buf text;
  bool follow_up;
};

#define NOTE_INIT \
  { .text = BUF_INIT(3 * NOTE_MAX) }

void note_begin(struct note *note);
void note_add(struct note *note, const struct noted *noted);
void note_free(struct note *note);

#endif
